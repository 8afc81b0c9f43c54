// Consultants who call the service of their merchant, in some runs: they say what they are from now on, record what is said for
// them, or only let it ring. What they key is decided before they dial; what they hear is held against what is so (service-safety).

import type { E164 } from '../../src/core/ids.ts';
import type { Cli } from '../../src/core/known-caller.ts';
import type { Kernel, Random } from './kernel.ts';
import type { Behaviour, NumberAnswer, Speech } from './sim-people.ts';
import type { SimSwitch } from './sim-switch.ts';

export const serviceNumber = '+33199000390';
/** Of somebody else's telephone. */
const elsewhere = '+33612999901';

export function pinOf(index: number): string {
  return `73${String(index)}918`;
}

export function shortNumber(index: number): string {
  return `1${String(index + 1)}`;
}

export interface ServiceDialled {
  atMs: number;
  /** By which switch it comes, from 0. */
  over: number;
  consultant: number;
  /** From his own telephone; else he says by his short number who he is. */
  own: boolean;
  trust: 'network' | 'unverified';
  behaviour: Behaviour;
}

export interface ServiceHouse {
  /** By consultant: a missed call of his sets him. */
  toggles: readonly boolean[];
  calls: readonly ServiceDialled[];
}

export class SimService {
  readonly #kernel: Kernel;
  readonly #switches: readonly SimSwitch[];
  readonly #calls: readonly ServiceDialled[];
  readonly #numberOf: (consultant: number) => string;
  #toCome: number;

  constructor(
    kernel: Kernel,
    switches: readonly SimSwitch[],
    service: ServiceHouse | undefined,
    numberOf: (consultant: number) => string,
  ) {
    this.#kernel = kernel;
    this.#switches = switches;
    this.#calls = service?.calls ?? [];
    this.#numberOf = numberOf;
    this.#toCome = this.#calls.length;
  }

  /** Nobody is still to dial. */
  get done(): boolean {
    return this.#toCome === 0;
  }

  begin(): void {
    for (const call of this.#calls) {
      this.#kernel.at(call.atMs, 'a consultant dials', () => {
        this.#toCome -= 1;
        this.#dial(call);
      });
    }
  }

  #dial({ consultant, own, trust, over, behaviour }: ServiceDialled): void {
    const number = own ? this.#numberOf(consultant) : elsewhere;
    const cli: Cli = { trust, number: number as E164 };
    const aSwitch = this.#switches[Math.min(over, this.#switches.length - 1)];
    if (aSwitch?.dial(number, cli, serviceNumber as E164, behaviour) === undefined)
      this.#kernel.trace(`        ${number} cannot dial`);
  }
}

// --- What a seed makes of it -----------------------------------------------------------------------------------------

export function drawService(random: Random, consultants: number, switches: number): ServiceHouse {
  const toggles = Array.from({ length: consultants }, () => random.chance(0.5));
  const calls = Array.from({ length: random.pick([1, 2, 2, 3]) }, (): ServiceDialled => {
    const consultant = random.int(0, consultants - 1);
    const misses = toggles[consultant] === true && random.chance(0.6);
    const own = misses || random.chance(0.7);
    return {
      atMs: random.int(2_000, 45_000),
      over: random.int(0, switches - 1),
      consultant,
      own,
      trust: random.pick(['network', 'unverified'] as const),
      behaviour: misses ? lettingItRing(random) : drawCall(random, consultant, own),
    };
  });
  return { toggles, calls };
}

const dials = { rung: 'answers', afterMs: 0, answers: [], talkKeys: [] } as const;

/** He hangs up before anybody answers, or as somebody does. */
function lettingItRing(random: Random): Behaviour {
  const afterMs = random.chance(0.1) ? random.pick([0, 5_990, 6_010]) : random.int(200, 5_500);
  return { ...dials, hangsUp: { at: 'rung', afterMs } };
}

function drawCall(random: Random, consultant: number, own: boolean): Behaviour {
  const soon = (keys: string): NumberAnswer => ({ keys, afterMs: random.int(300, 4_000) });
  // Asked again by whoever takes the call over, he keys it again.
  const often = (keys: string): NumberAnswer[] => [soon(keys), soon(keys), soon(keys)];
  const some = (from: readonly string[], most: number): NumberAnswer[] =>
    Array.from({ length: random.int(1, most) }, () => soon(random.pick(from)));
  const drawn = random.next();
  return {
    ...dials,
    keysTo: {
      service_short_number: often(`${shortNumber(consultant)}#`),
      service_pin: [...(random.chance(0.1) ? [soon('0000#')] : []), ...often(`${pinOf(consultant)}#`)],
      ...(!own && { service_pin: often(`${pinOf(consultant)}#`) }),
      service_menu: some(['1', '2', '2', '3', '3', '4', '5', '5', '6', '7', '9', '8'], 5),
      service_today: some(['3', '9', '1'], 1),
      service_schedule: some(['2', '7', '1'], 1),
      service_hour: some(['1001#', '1002#', '1130#', '2575#', '*'], 3),
      service_messages: some(['1', '2', '3', '*'], 2),
      service_recording: some(['1', '2', '2', '3', '*'], 3),
      service_take: some(['1', '2', '2', '2', '3', '*'], 4),
    },
    speaks: Array.from({ length: 3 }, () => drawSpeech(random)),
    ...(drawn < 0.25 && { hangsUp: { at: 'spoken' as const, afterMs: random.int(0, 4_000) } }),
    ...(drawn > 0.6 && { hangsUp: { at: 'asked' as const, afterMs: random.int(0, 40_000) } }),
  };
}

function drawSpeech(random: Random): Speech {
  return { ms: random.int(0, 6_000), by: random.pick(['#', '#', '#', 'silence', '*'] as const) };
}
