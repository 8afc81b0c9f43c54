// A text onto the clipboard, and a word about whether it got there.

import { tell } from './notices.tsx';
import type { Say } from './words.ts';

/** Browsers give the clipboard to secure pages only: elsewhere the text is to be selected by hand. */
export function copy(text: string, say: Say): void {
  if (!('clipboard' in navigator)) {
    tell(say('copy.failed'), 'bad');
    return;
  }
  navigator.clipboard.writeText(text).then(
    () => tell(say('copied')),
    () => tell(say('copy.failed'), 'bad'),
  );
}
