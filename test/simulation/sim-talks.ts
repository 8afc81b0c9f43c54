// The talks of a simulated switch, as they truly were: from its bridge to the first of both hang-ups, and when the switch itself
// would have cut them.

import type { LegUuid } from '../../src/core/ids.ts';
import { mediaTimeoutMs } from './sim-leg.ts';
import type { SwitchTasks } from './sim-switch-tasks.ts';

export interface Talk {
  aLeg: LegUuid;
  bLeg: LegUuid;
  bridgedUs: bigint;
  /** The first of both hang-ups and the unbridge; absent while they talk. */
  endedUs?: bigint;
  /** The last packet of a phone that was then taken for gone; absent where no media timeout ended it. */
  silentFromUs?: bigint;
  /** When the switch itself cuts: the earliest armed task of its own group `limit`; as it last stood once the talk is over. Absent: none. */
  limitUntilUs?: bigint;
  /** Every limit that was ever armed for it, in that order. */
  limitsUs: bigint[];
  /** The switch's own word: `ALLOTTED_TIMEOUT`, `CRASH`. */
  cause?: string;
  /** Both talked, and a gateway commanded one of them away: not a hang-up, not the switch's own clock. */
  byGateway: boolean;
  /** The switch died over it: nothing of it can be proven but what was told before. */
  byCrash: boolean;
}

export class Talks {
  readonly #tasks: SwitchTasks;
  readonly #talks: Talk[] = [];

  constructor(tasks: SwitchTasks) {
    this.#tasks = tasks;
  }

  /** With their limits as they stand now. */
  all(): readonly Talk[] {
    for (const talk of this.#talks) if (talk.endedUs === undefined) this.#noteLimit(talk);
    return this.#talks;
  }

  /** The last one of this leg. */
  of(leg: LegUuid): Talk | undefined {
    return this.#talks.findLast((one) => one.aLeg === leg || one.bLeg === leg);
  }

  begin(aLeg: LegUuid, bLeg: LegUuid, bridgedUs: bigint): void {
    const talk: Talk = { aLeg, bLeg, bridgedUs, limitsUs: [], byGateway: false, byCrash: false };
    this.#talks.push(talk);
    this.#noteLimit(talk);
  }

  /** A gateway ends a leg, or joins it anew: where it talks, that is what parts it. */
  commandedAway(leg: LegUuid): void {
    const talk = this.of(leg);
    if (talk && talk.endedUs === undefined) talk.byGateway = true;
  }

  end(aLeg: LegUuid, cause: string, endedUs: bigint): void {
    const talk = this.#talks.findLast((one) => one.aLeg === aLeg && one.endedUs === undefined);
    if (!talk) return;
    this.#noteLimit(talk);
    talk.endedUs = endedUs;
    talk.cause = cause;
    talk.byCrash = cause === 'CRASH';
    if (cause === 'MEDIA_TIMEOUT') talk.silentFromUs = endedUs - BigInt(mediaTimeoutMs) * 1_000n;
  }

  #noteLimit(talk: Talk): void {
    const due = this.#tasks.dueOf('limit', talk.bLeg);
    for (const one of due) if (!talk.limitsUs.includes(one)) talk.limitsUs.push(one);
    const first = due.reduce<bigint | undefined>((x, y) => (x === undefined || y < x ? y : x), undefined);
    if (first === undefined) delete talk.limitUntilUs;
    else talk.limitUntilUs = first;
  }
}
