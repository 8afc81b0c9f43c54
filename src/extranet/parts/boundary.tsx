// What of a page cannot be shown, because a piece of it did not come (a connection that broke, a house that was renewed since the page
// was opened) or is at fault, is said in its place. The frame around it stays, and so does the way to other pages.

import { Component } from 'react';
import { Trouble } from './page.tsx';

/** `place`: on another one it is tried anew. */
export class Boundary extends Component<{ place: string; children: React.ReactNode }> {
  override state: { error?: Error | undefined } = {};

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate({ place }: { place: string }): void {
    if (this.state.error && place !== this.props.place) this.setState({ error: undefined });
  }

  override render(): React.ReactNode {
    const { error } = this.state;
    // Pieces that did not come are not asked for again but by the whole page.
    return error ? <Trouble error={error} again={() => location.reload()} /> : this.props.children;
  }
}
