// Calls from outside, while nobody has answered them. The shipped dialplan parks each, ringing, under a task of the switch that
// speaks an apology and ends it in 8 s; whoever takes the call deletes that task. How far he came stands on the leg:
//
//   nothing          --take-->  `begun`: our guard may stand, the apology may still come  --the apology is deleted-->  `true`
//
// so that a gateway that died in between leaves a call that waits, and not one that rings for ever.

import type { LegUuid } from '../core/ids.ts';
import type { Commanded, ParkedLeg } from '../flow/ports.ts';
import * as say from './dial-string.ts';
import type { EslLink } from './esl-link.ts';
import type { KnownLegs } from './leg-memory.ts';
import type { LegTasks } from './leg-tasks.ts';
import { commanded, deletedOf, readDump, readUnanswered, readWaiting } from './switch-answers.ts';

const unknown = { outcome: 'unknown' } as const;
const done = { outcome: 'done' } as const;

export class InboundCalls {
  readonly #link: EslLink;
  readonly #legs: KnownLegs;
  readonly #tasks: LegTasks;
  readonly #country: string;

  /** `country`: where numbers without a country code are understood. */
  constructor(link: EslLink, legs: KnownLegs, tasks: LegTasks, country: string) {
    this.#link = link;
    this.#legs = legs;
    this.#tasks = tasks;
    this.#country = country;
  }

  /** `refused` when the apology is being said already. Taking it again moves the guard. */
  async take(leg: LegUuid, guardSeconds: number): Promise<Commanded> {
    const before = await this.#link.api(say.takenSoFar(leg));
    if (!before.answered || !/^(begun|true|_undef_)$/.test(before.text)) return commanded(before);
    if (before.text === 'true') return this.#tasks.moveGuard(leg, guardSeconds);
    if (before.text === '_undef_') this.#legs.recall(leg).ours = true;
    const marked = commanded(await this.#link.api(say.markTaken(leg, 'begun')));
    const guarded = marked.outcome === 'done' ? await this.#tasks.moveGuard(leg, guardSeconds) : marked;
    if (guarded.outcome !== 'done') {
      if (guarded.outcome === 'gone') this.#legs.forget(leg);
      return guarded;
    }
    const deleted = deletedOf(await this.#link.api(say.unscheduleLeg(leg)));
    if (deleted === undefined) return unknown;
    const hindrance = deleted > 0 ? done : await this.#whetherItWaits(leg);
    if (hindrance.outcome !== 'done') return hindrance;
    return commanded(await this.#link.api(say.markTaken(leg, 'true')));
  }

  /** There was no apology left to delete: a gateway before us did it, or it is being said, or he has hung up. */
  async #whetherItWaits(leg: LegUuid): Promise<Commanded> {
    const inRoom = await this.#link.api(say.inCardRoom(leg));
    if (!inRoom.answered) return unknown;
    if (inRoom.text === 'true') return { outcome: 'refused', reason: 'he keys his card' };
    const dump = await this.#link.api(say.dump(leg));
    if (!dump.answered) return unknown;
    if (readDump(dump.text) === undefined) {
      await this.#tasks.liftGuard(leg);
      this.#legs.forget(leg);
      return { outcome: 'gone' };
    }
    const waits = readWaiting(dump.text, this.#country) !== undefined;
    return waits ? done : { outcome: 'refused', reason: 'the apology has begun' };
  }

  /** All that wait for somebody to take them. One dump for each leg that rings in. */
  async parked(): Promise<{ outcome: 'listed'; parked: ParkedLeg[] } | { outcome: 'unknown' }> {
    const shown = await this.#link.api(say.showChannelsInFull);
    const legs = shown.answered ? readUnanswered(shown.text) : undefined;
    if (legs === undefined) return unknown;
    const parked: ParkedLeg[] = [];
    for (const leg of legs) {
      const dump = await this.#link.api(say.dump(leg));
      if (!dump.answered) return unknown;
      const waiting = readWaiting(dump.text, this.#country);
      if (waiting !== undefined) parked.push(waiting);
    }
    return { outcome: 'listed', parked };
  }
}
