// Legs on one switch that go through machines of ours: in memory beside their rows, taken over with the switch. One leg is
// leg-machine's; how a call from outside comes here, answer-inbound's.

import type { LegUuid } from '../core/ids.ts';
import { type CaredLeg, type KeptLeg, type LegSide, type Machine, MachineLeg } from './leg-machine.ts';
import type { SwitchEvent } from './ports.ts';

export interface KeptRef {
  merchantId: string;
  id: string;
}

/** Those of one kind that live, as they are written down. */
export interface KeptLegs<Kept extends KeptLeg, Event, Command> {
  machine: Machine<Kept, Event, Command>;
  live(): Promise<KeptRef[]>;
  read(ref: KeptRef): Promise<Kept | undefined>;
  /** It has just come. */
  arrived: Event;
}

/** `missed`: ends may not have reached us. `cut`: nor what was said and keyed, as the link was lost. */
export interface Swept {
  missed: boolean;
  cut: boolean;
}

/** What whoever commands the switch needs of a desk, whatever its legs go through. */
export interface Desk {
  has(leg: LegUuid): boolean;
  merchantOfLeg(leg: LegUuid): string | undefined;
  hear(leg: LegUuid, event: SwitchEvent): void;
  recordCame(leg: LegUuid): void;
  /**
   * Whoever is cared for now may have missed something; who comes until what this returns is called has not. `listed`: what the switch
   * has living, asked for meanwhile.
   */
  toSweep(how: Swept): (listed?: ReadonlySet<LegUuid>) => Promise<void>;
  goOn(): void;
  forgetAll(): void;
  stop(): Promise<void>;
}

export class LegDesk<Kept extends KeptLeg, Event, Command> implements Desk {
  readonly #side: LegSide;
  readonly #kind: KeptLegs<Kept, Event, Command>;
  readonly #legs = new Map<LegUuid, CaredLeg & MachineLeg<Kept, Event, Command>>();

  constructor(side: LegSide, kind: KeptLegs<Kept, Event, Command>) {
    this.#side = side;
    this.#kind = kind;
  }

  has(leg: LegUuid): boolean {
    return this.#legs.has(leg);
  }

  merchantOfLeg(leg: LegUuid): string | undefined {
    return this.#legs.get(leg)?.merchantId;
  }

  /** Its row was just written. `gone`: he hung up before we could take him. */
  begin(kept: Kept, gone: boolean): void {
    // A sweep may have found its row before us.
    if (this.has(this.#kind.machine.legOf(kept))) return;
    const leg = this.#take(kept);
    if (gone) void leg.adopt(false);
    else leg.begin(this.#kind.arrived);
  }

  hear(leg: LegUuid, event: SwitchEvent): void {
    this.#legs.get(leg)?.hear(event);
  }

  recordCame(leg: LegUuid): void {
    this.#legs.get(leg)?.recordCame();
  }

  /** What a question of its machine's has come to elsewhere. */
  answer(leg: LegUuid, request: string, event: Event): void {
    this.#legs.get(leg)?.answer(request, event);
  }

  toSweep({ missed, cut }: Swept): (listed?: ReadonlySet<LegUuid>) => Promise<void> {
    const here = [...this.#legs.values()];
    return async (listed) => {
      // The end of a leg in a card room is told to the room alone, which may be the one that does not live.
      const doubted = here.filter(({ leg }) => missed || listed?.has(leg) === false);
      await this.#sweep(doubted, missed && cut);
    };
  }

  /** Rows beside memory: what lives and is not here is taken. Throws when the database does. */
  async #sweep(doubted: readonly MachineLeg<Kept, Event, Command>[], cut: boolean): Promise<void> {
    const refs = await this.#kind.live();
    const known = new Set([...this.#legs.values()].map((leg) => leg.id));
    // Not waited for: one of them may be keeping a recording, and callers wait to be answered behind this.
    for (const leg of doubted) void leg.adopt(cut);
    for (const ref of refs) {
      if (known.has(ref.id)) continue;
      const kept = await this.#kind.read(ref);
      if (kept && !this.has(this.#kind.machine.legOf(kept))) void this.#take(kept).adopt(true);
    }
  }

  /** The lease is renewed. */
  goOn(): void {
    for (const leg of this.#legs.values()) leg.goOn();
  }

  /** Another commands the switch now. */
  forgetAll(): void {
    for (const leg of this.#legs.values()) leg.stop();
    this.#legs.clear();
  }

  async stop(): Promise<void> {
    const legs = [...this.#legs.values()];
    await Promise.all(legs.map((leg) => leg.idle()));
    for (const leg of legs) leg.stop();
  }

  #take(kept: Kept): MachineLeg<Kept, Event, Command> {
    const uuid = this.#kind.machine.legOf(kept);
    const leg: MachineLeg<Kept, Event, Command> = new MachineLeg(this.#kind.machine, this.#side, kept, () => {
      if (this.#legs.get(uuid) === leg) this.#legs.delete(uuid);
    });
    this.#legs.set(uuid, leg);
    return leg;
  }
}
