// The card rooms of a run, one beside each gateway: a caller who is asked for his card keys it well, badly, slowly or not at all,
// hangs up, or gives up, as he would; a room dies in the midst of it, or loses the switch. While a leg bears the room's mark nobody
// else hears of it, whether or not a room lives that would care for it: that is sim-switch's. Digits are nowhere here.

import type { LegUuid } from '../../src/core/ids.ts';
import type { CardEntryOrder, CardRoom, CardTaken } from '../../src/flow/ports.ts';
import type { GatewayProcess, Kernel, Random } from './kernel.ts';
import type { SimLeg } from './sim-leg.ts';
import type { CardKeyed } from './sim-people.ts';
import type { SimProcessor } from './sim-processor.ts';
import type { SimSwitch } from './sim-switch.ts';

/** The gateway's own: a room that does not answer is none. */
const deadlineMs = 5_000;
const away = { outcome: 'away' } as const;
/** Who is asked more often than he has cards gives up. */
const noMoreCards: CardKeyed = { becomes: 'gave_up', afterMs: 3_000 };

/** He has keyed one, and left the room with it. */
export interface TakenCard {
  leg: LegUuid;
  paymentMethod: string;
  last4: string;
}

/** He has been asked for a card. */
export interface AskedForCard {
  leg: LegUuid;
  atMs: number;
  by: string;
}

interface Entry {
  process: GatewayProcess;
  leg: SimLeg;
  atSwitch: SimSwitch;
  tell: (taken: CardTaken) => void;
  over: boolean;
  cancel: () => void;
}

export class SimCardRooms {
  readonly #kernel: Kernel;
  readonly #switches: readonly SimSwitch[];
  readonly #processor: SimProcessor;
  readonly #random: Random;
  /** The entry that stands on a leg. */
  readonly #entries = new Map<SimLeg, Entry>();
  /** By gateway, until when its room is dead. */
  readonly #deadUntilMs = new Map<string, number>();
  readonly #asked: AskedForCard[] = [];
  readonly #taken = new Map<string, TakenCard>();

  constructor(kernel: Kernel, switches: readonly SimSwitch[], processor: SimProcessor) {
    this.#kernel = kernel;
    this.#switches = switches;
    this.#processor = processor;
    this.#random = kernel.random.fork('card rooms');
    for (const one of switches) {
      one.onRoomLegEnded = (leg, atUs) => this.#legEnded(leg, atUs);
      one.onTakenFromRoom = (leg) => this.#legEnded(leg, undefined);
    }
  }

  portOf(process: GatewayProcess): CardRoom {
    return { takeCard: (order) => this.#takeCard(process, order) };
  }

  // --- What goes wrong ---------------------------------------------------------------------------------------------

  /** The room beside this gateway dies and leaves its legs as they are; another is there after so long. */
  die(gateway: string, forMs: number): void {
    this.#kernel.trace(`${gateway}  its card room dies`);
    this.#deadUntilMs.set(gateway, this.#kernel.nowMs + forMs);
    for (const entry of this.#of(gateway)) this.#end(entry, away);
  }

  /** Its room notices, and gives the legs back: or the machine is gone, and the room with it. */
  gatewayDied(process: GatewayProcess): void {
    const withIt = this.#random.chance(0.3);
    for (const entry of [...this.#entries.values()].filter((one) => one.process === process)) {
      if (withIt) this.#end(entry, undefined);
      else this.#kernel.at(this.#random.int(1, 50), 'card room breaks off', () => this.#stop(entry));
    }
  }

  /** The room is beside the gateway: the same network. */
  linkLost(switchId: string, gateway: string | undefined): void {
    for (const entry of [...this.#entries.values()]) {
      if (entry.atSwitch.id !== switchId || (gateway ?? entry.process.gateway) !== entry.process.gateway)
        continue;
      if (this.#random.chance(0.5)) this.#end(entry, away);
    }
  }

  // --- For the invariants --------------------------------------------------------------------------------------------

  asked(): readonly AskedForCard[] {
    return this.#asked;
  }

  /** By its payment method; `undefined`: keyed by nobody. */
  taken(paymentMethod: string): TakenCard | undefined {
    return this.#taken.get(paymentMethod);
  }

  /** Bear the room's mark, and no room cares for them. */
  forsaken(): LegUuid[] {
    return this.#switches.flatMap((one) =>
      one.legsInCardRoom().flatMap((leg) => (this.#entries.has(leg) ? [] : [leg.uuid])),
    );
  }

  // --- One entry -----------------------------------------------------------------------------------------------------

  #takeCard(process: GatewayProcess, order: CardEntryOrder): ReturnType<CardRoom['takeCard']> {
    let stopped = false;
    let entry: Entry | undefined;
    const came = new Promise<CardTaken>((resolve) => {
      const tell = (taken: CardTaken): void => {
        process.at(this.#random.int(1, 5), `${process.name} is told of a card`, () => {
          if (!stopped) resolve(taken);
        });
      };
      void process
        .act<'begun' | 'away'>(
          'room',
          `card room ${order.leg.slice(0, 4)}`,
          () => {
            if (stopped) return 'begun';
            const begun = this.#begin(process, order, tell);
            if (begun === 'away') return 'away';
            entry = begun;
            return 'begun';
          },
          () => 'away',
          deadlineMs,
        )
        .then((answer) => {
          if (answer !== 'away') return;
          if (entry) this.#stop(entry);
          if (!stopped) resolve(away);
        });
    });
    return {
      came,
      stop: () => {
        stopped = true;
        if (entry) this.#stop(entry);
      },
    };
  }

  #begin(
    process: GatewayProcess,
    { leg: uuid, switchId }: CardEntryOrder,
    tell: (taken: CardTaken) => void,
  ): Entry | 'away' | undefined {
    const { nowMs } = this.#kernel;
    const atSwitch = this.#switches.find((one) => one.id === switchId);
    const dead = (this.#deadUntilMs.get(process.gateway) ?? 0) > nowMs;
    if (dead || atSwitch?.reaches(process.gateway) !== true) return 'away';
    // Of two rooms at one leg the one that came last has it: the other reads so, and lets go.
    const before = [...this.#entries.values()].find((one) => one.leg.uuid === uuid);
    if (before) this.#end(before, away);
    const leg = atSwitch.enterCardRoom(uuid);
    this.#kernel.trace(`${process.name}  asks for a card on ${uuid.slice(0, 4)}${leg ? '' : ': gone'}`);
    if (!leg) {
      tell({ outcome: 'hung_up' });
      return undefined;
    }
    this.#asked.push({ leg: uuid, atMs: nowMs, by: process.name });
    const entry: Entry = { process, leg, atSwitch, tell, over: false, cancel: () => undefined };
    this.#entries.set(leg, entry);
    const keyed = leg.nextCard() ?? noMoreCards;
    const timer = leg.after(keyed.afterMs, 'card of', () => this.#keyed(entry, keyed));
    entry.cancel = () => timer.cancel();
    if (this.#kernel.happens('card_room_dies')) {
      this.#kernel.at(this.#random.int(0, keyed.afterMs), 'card room dies', () => {
        if (!entry.over)
          this.die(process.gateway, this.#random.pick([300, 1_000, 2_000, 4_000, 8_000, 30_000]));
      });
    }
    leg.moment('asked_for_card');
    return entry;
  }

  #keyed(entry: Entry, { becomes, card = 'good', last4 = '4242', silentMs }: CardKeyed): void {
    if (becomes === 'unknown' || (becomes === 'taken' && this.#processor.silent)) {
      this.#give(entry, { outcome: 'unknown' });
      return;
    }
    if (becomes !== 'taken') {
      this.#give(entry, { outcome: becomes });
      return;
    }
    const paymentMethod = this.#processor.paymentMethod(card, last4);
    this.#taken.set(paymentMethod, { leg: entry.leg.uuid, paymentMethod, last4 });
    if (silentMs !== undefined && !this.#kernel.healed) {
      this.#kernel.disturb(silentMs);
      this.#processor.fallSilent(silentMs);
    }
    this.#give(entry, {
      outcome: 'taken',
      card: { paymentMethod, brand: 'visa', last4, expiry: '12/30' },
    });
  }

  /** The leg is given back before anybody is told. */
  #give(entry: Entry, taken: CardTaken): void {
    this.#stop(entry);
    entry.tell(taken);
  }

  #stop(entry: Entry): void {
    if (entry.over) return;
    this.#end(entry, undefined);
    entry.atSwitch.leaveCardRoom(entry.leg);
  }

  /** The leg stays as it is, marked, and hears what it is told. */
  #end(entry: Entry, taken: CardTaken | undefined): void {
    if (entry.over) return;
    entry.over = true;
    entry.cancel();
    entry.leg.cardEntry = false;
    this.#entries.delete(entry.leg);
    entry.leg.next();
    if (taken) entry.tell(taken);
  }

  /** `atUs` absent: nobody says so. */
  #legEnded(leg: SimLeg, atUs: bigint | undefined): void {
    const entry = this.#entries.get(leg);
    if (entry) this.#end(entry, atUs === undefined ? away : { outcome: 'hung_up', endedAtUs: atUs });
  }

  #of(gateway: string): Entry[] {
    return [...this.#entries.values()].filter(({ process }) => process.gateway === gateway);
  }
}
