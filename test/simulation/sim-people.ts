// The people of the simulation: what each of them does when his phone rings. How a call is taken is decided when the phone
// begins to ring and never looks at the gateways: people do not wait for software. Not here: legs and keys as the switch
// knows them (sim-switch).

import type { Kernel, Random } from './kernel.ts';
import type { SimCard } from './sim-intent.ts';

/** `fallsSilent`: the phone is gone without a word (a tunnel, a flat battery); the switch notices 30 s later. */
export type Moment =
  | 'rung'
  | 'answered'
  | 'asked'
  | 'spoken'
  | 'joined'
  | 'announced'
  | 'parted'
  /** He is in the card room; he has left it. */
  | 'asked_for_card'
  | 'card_keyed';

export interface KeyAnswer {
  /** Absent: nothing is pressed to this question. */
  key?: string;
  /** From the first word of the question. */
  afterMs: number;
}

/** What he keys when a number is wanted: digits, `#` where he ends it, `*` where he begins anew. */
export interface NumberAnswer {
  /** Absent: nothing is keyed. */
  keys?: string;
  /** From the first word of the question to the first key. */
  afterMs: number;
  /** From key to key. Default 200. */
  betweenMs?: number;
}

/** What he says into a take: for so long, then he ends it (`*`: he wants it thrown away) or says no more. */
export interface Speech {
  ms: number;
  by: '#' | '*' | 'silence';
}

/** What he does in the card room, so long after he was asked for a card. */
export interface CardKeyed {
  becomes: 'taken' | 'gave_up' | 'timed_out' | 'refused' | 'unknown';
  afterMs: number;
  /** What it does when it is to pay; default `good`. */
  card?: SimCard;
  /** Its last four digits; default 4242. */
  last4?: string;
  /** The processor answers nothing for so long from then on. */
  silentMs?: number;
}

/** How one call is taken. */
export interface Behaviour {
  rung: 'answers' | 'voicemail' | 'busy' | 'rejects' | 'unreachable' | 'never';
  /** From the first ring to the answer or the refusal. */
  afterMs: number;
  /** To each question in turn; the last one is given again. */
  answers: readonly KeyAnswer[];
  /** To each question for a number in turn; the last one is given again. Absent: he keys none. */
  numbers?: readonly NumberAnswer[];
  /** What he keys to a sentence (its key), each in turn, by what he hears: of a sentence that is used up he keys nothing. */
  keysTo?: Readonly<Record<string, readonly NumberAnswer[]>>;
  /** When he is told to speak, in turn; the last one again. */
  speaks?: readonly Speech[];
  /** Each time he is asked for a card, in turn; then he gives up. */
  keysCards?: readonly CardKeyed[];
  /** From the first time of this moment in the call; with nothing given the other side ends it. */
  hangsUp?: { at: Moment; afterMs: number };
  /** In the talk, from its beginning. */
  talkKeys: readonly { key: string; afterMs: number }[];
  /** Presses 5 so long after each sentence that is said into the talk. */
  wantsMoreAfterMs?: number;
  /** In the talk, from its beginning: not one packet comes any more. */
  fallsSilentAfterMs?: number;
}

export type Role = 'caller' | 'consultant';

export interface PeopleSettings {
  /** What the talks of this run are limited to: some people hang up at that very instant. */
  talkLimitSeconds: number;
  /** How long phones of this run ring at most. */
  ringSeconds: number;
}

/** Somebody who takes the call, presses 1 and talks for so long (absent: until the other side or the limit ends it). */
export function willing(talkMs?: number, more: Partial<Behaviour> = {}): Behaviour {
  return {
    rung: 'answers',
    afterMs: 2_000,
    answers: [{ key: '1', afterMs: 1_500 }],
    talkKeys: [],
    ...(talkMs !== undefined && { hangsUp: { at: 'joined', afterMs: talkMs } }),
    ...more,
  };
}

interface Person {
  role: Role;
  random: Random;
  /** What was decided for him, one call after the other; the last one is done again. */
  given: readonly Behaviour[];
  rungTimes: number;
}

export class SimPeople {
  readonly #kernel: Kernel;
  readonly #settings: PeopleSettings;
  readonly #people = new Map<string, Person>();

  constructor(kernel: Kernel, settings: PeopleSettings) {
    this.#kernel = kernel;
    this.#settings = settings;
  }

  /** `behaviours`: one a call, the last one for all that follow; absent: whatever the seed makes of him, call by call. */
  add(number: string, role: Role, behaviours: readonly Behaviour[] = []): void {
    const random = this.#kernel.random.fork(`people/${number}`);
    this.#people.set(number, { role, random, given: behaviours, rungTimes: 0 });
  }

  roleOf(number: string): Role | undefined {
    return this.#people.get(number)?.role;
  }

  numbers(role: Role): string[] {
    return [...this.#people].filter(([, person]) => person.role === role).map(([number]) => number);
  }

  /** How often this phone was rung. */
  rungTimes(number: string): number {
    return this.#people.get(number)?.rungTimes ?? 0;
  }

  /** His phone begins to ring. A number nobody has is not reachable. */
  takes(number: string): Behaviour {
    const person = this.#people.get(number);
    if (!person) return { rung: 'unreachable', afterMs: 200, answers: [], talkKeys: [] };
    const { given } = person;
    const behaviour = given[Math.min(person.rungTimes, given.length - 1)];
    person.rungTimes += 1;
    return behaviour ?? this.#drawn(person);
  }

  /** Most people do what the house hopes for: without them no call would reach its talk. */
  #drawn({ random, role }: Person): Behaviour {
    const { ringSeconds, talkLimitSeconds } = this.#settings;
    const limitMs = talkLimitSeconds * 1_000;
    const rung = random.chance(0.75)
      ? 'answers'
      : random.pick(['voicemail', 'busy', 'rejects', 'unreachable', 'never'] as const);
    // Sometimes in the last instant of the ringing, and a little past it.
    const afterMs = random.chance(0.1)
      ? ringSeconds * 1_000 + random.pick([-20, -1, 0, 1])
      : random.int(300, Math.min(ringSeconds * 900, 6_000));
    const answers = rung === 'voicemail' ? [] : [this.#key(random), this.#key(random)];
    const hangsUp = this.#hangsUp(random, rung === 'voicemail', limitMs);
    return {
      rung,
      afterMs,
      answers,
      ...(hangsUp && { hangsUp }),
      talkKeys: random.chance(0.15)
        ? [{ key: random.pick(['5', '1', '3', '0', '#', '9']), afterMs: random.int(0, limitMs) }]
        : [],
      ...(role === 'caller' && random.chance(0.5) && { wantsMoreAfterMs: random.int(0, 5_000) }),
      ...(random.chance(0.03) && { fallsSilentAfterMs: random.int(0, limitMs) }),
    };
  }

  #key(random: Random): KeyAnswer {
    const drawn = random.next();
    const afterMs = random.chance(0.05) ? random.pick([0, 1, 20]) : random.int(200, 7_000);
    if (drawn < 0.82) return { key: '1', afterMs };
    if (drawn < 0.88) return { key: '3', afterMs };
    if (drawn < 0.91) return { key: random.pick(['2', '5', '0', '*']), afterMs };
    if (drawn < 0.93) return { key: '9', afterMs };
    return { afterMs };
  }

  /** At every instant there is: also the one in which something else happens (at once, or as the limit falls due). */
  #hangsUp(random: Random, voicemail: boolean, limitMs: number): Behaviour['hangsUp'] {
    if (voicemail) return { at: 'answered', afterMs: random.int(20_000, 90_000) };
    const drawn = random.next();
    if (drawn < 0.15) return undefined;
    const soon = (): number => (random.chance(0.3) ? random.pick([0, 1, 20, 21]) : random.int(0, 8_000));
    if (drawn < 0.7) {
      const talk = random.next();
      if (talk < 0.15) return { at: 'joined', afterMs: soon() };
      if (talk < 0.35) return { at: 'joined', afterMs: limitMs + random.pick([-20, -1, 0, 1, 20, 1_000]) };
      return { at: 'joined', afterMs: random.int(1_000, limitMs * 2) };
    }
    return {
      at: random.pick(['rung', 'answered', 'asked', 'asked', 'announced', 'parted'] as const),
      afterMs: soon(),
    };
  }
}
