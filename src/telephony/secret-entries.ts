// What a caller keys in secret (a PIN) stands in the headers of his leg's events, which go to every client of the event socket.
// Our links keep such legs out (esl-link, before it subscribes); here: ours lets them in while it has asked itself, and no
// longer. A gateway that only stands by, and one that commands other calls, carries nobody's PIN.
//
//   kept out  --a secret question of ours begins, or one is found on a leg we look at-->  let in
//      ^                                                                                    |
//      +--- the last of them is over: unset again by the switch, the leg ended, or long due -+

import type { LegUuid } from '../core/ids.ts';
import type { Clock, Timer } from '../flow/ports.ts';
import * as say from './dial-string.ts';
import type { EslLink } from './esl-link.ts';

/** A question somebody else has asked: longer than any the settings allow in practice, and an end to listening. */
const unknownQuestionMs = 300_000;

export class SecretEntries {
  readonly #link: EslLink;
  readonly #clock: Clock;
  readonly #under = new Map<LegUuid, Timer>();

  constructor(link: EslLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  has(leg: LegUuid): boolean {
    return this.#under.has(leg);
  }

  /** To be called before the question is sent, over the same link: what is sent later is carried out later. */
  begin(leg: LegUuid, longestMs = unknownQuestionMs): void {
    const isFirst = this.#under.size === 0;
    this.#under.get(leg)?.cancel();
    // Where its end is never told (the link was down then) nobody would stop listening.
    this.#under.set(
      leg,
      this.#clock.after(longestMs, () => this.over(leg)),
    );
    if (isFirst) void this.#link.send(say.hearSecrets);
  }

  over(leg: LegUuid): void {
    const due = this.#under.get(leg);
    if (due === undefined) return;
    due.cancel();
    this.#under.delete(leg);
    if (this.#under.size === 0) void this.#link.send(say.hearNoSecrets);
  }

  /** A connection that opens in the middle of one misses nothing of it. */
  any(): boolean {
    return this.#under.size > 0;
  }

  forgetAll(): void {
    for (const leg of [...this.#under.keys()]) this.over(leg);
  }
}
