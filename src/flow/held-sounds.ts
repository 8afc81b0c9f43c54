// Sounds a switch is about to be told to play that lie in no table: what a script wants played was fetched from its merchant's server.
// Held in memory until they are laid out (telephony's recordings), and a while longer; whoever takes a call over fetches them anew.

import type { TelephoneAudio } from './ports.ts';

/** Eleven of the longest, hundreds of the usual. */
const bytesMax = 64 * 1024 * 1024;

export class HeldSounds {
  /** In the order they were asked for, the latest last. */
  readonly #held = new Map<string, TelephoneAudio>();
  #bytes = 0;

  hold(merchantId: string, digest: string, audio: TelephoneAudio): void {
    const name = `${merchantId} ${digest}`;
    this.#drop(name);
    this.#held.set(name, audio);
    this.#bytes += sizeOf(audio);
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= bytesMax || oldest === name) break;
      this.#drop(oldest);
    }
  }

  find(merchantId: string, digest: string): TelephoneAudio | undefined {
    return this.#held.get(`${merchantId} ${digest}`);
  }

  #drop(name: string): void {
    const audio = this.#held.get(name);
    if (!audio) return;
    this.#held.delete(name);
    this.#bytes -= sizeOf(audio);
  }
}

function sizeOf({ wav8, wav16 }: TelephoneAudio): number {
  return wav8.length + wav16.length;
}
