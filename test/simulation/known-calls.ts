// People who dial, in the seeds that have some: the numbers they reach, who of them is known to the merchant's own server or to
// accounts kept here, what they key and when they hang up, and how well that server answers. Drawn by itself: what every
// other seed means does not hang on it.

import { amountText, money, plus } from '../../src/core/money.ts';
import { priceOfSeconds } from '../../src/core/rating.ts';
import type { Tariff } from '../../src/core/tariff.ts';
import type { Random } from './random.ts';
import type { Behaviour, NumberAnswer } from './sim-people.ts';

export interface KnownDdi {
  number: string;
  recognizedBy: 'server' | 'accounts';
  /** core/inbound-settings. */
  settings: {
    withheld: 'code' | 'refuse';
    fallback: { do: 'refuse' } | { do: 'trial'; talkLimitSeconds: number };
    talkLimitMaxSeconds: number;
    callsAtOnce: number;
  };
}

/** A client in the books of the merchant's own server. */
export interface ServedClient {
  code: string;
  numbers: readonly string[];
  /** What he is asked for though his number is known. */
  wants?: 'client_code' | 'pin';
  pin?: string;
  /** Absent: billed at the end of the month. */
  talkLimitSeconds?: number;
  refused?: 'no_credit' | 'blocked' | 'other';
  /** Ids of the merchant's consultants. */
  consultants?: readonly string[];
  destination?: string;
  text?: string;
}

/** A client with an account kept here. */
export interface AccountClient {
  code: string;
  numbers: readonly string[];
  pin?: string;
  kind: 'balance' | 'monthly';
  /** Of a balance: what was paid in. Of a monthly account: its ceiling; absent: none. */
  amount?: string;
}

/** How often the merchant's server does not answer as it should; and until when it takes no report. */
export interface ServerMoods {
  /** `false`: he has none. */
  there: boolean;
  slow: number;
  silent: number;
  fails: number;
  nonsense: number;
  /** Of somebody whose number it does not know it says so, or wants his code. */
  asksForCode: boolean;
  reportsRefusedUntilMs?: number;
}

export interface DialledCall {
  atMs: number;
  /** By which switch it comes, from 0. */
  over: number;
  number: string;
  trust: 'network' | 'unverified' | 'withheld';
  ddi: string;
  behaviour: Behaviour;
  /** The merchant's system ends the call so long after it came. */
  hungUpAfterMs?: number;
}

/** Paid in by the merchant's system, which repeats what was not answered under the same key. */
export interface PaidInto {
  atMs: number;
  clientCode: string;
  amount: string;
  /** Once more, though it was answered. */
  twice: boolean;
}

export interface KnownHouse {
  ddis: readonly KnownDdi[];
  served: readonly ServedClient[];
  accounts: readonly AccountClient[];
  server: ServerMoods;
  calls: readonly DialledCall[];
  paidInto: readonly PaidInto[];
  /** How whoever answers at a number the merchant's server names takes it. */
  destination?: Behaviour;
}

export const ddiNumbers = {
  server: '+33199000301',
  trial: '+33199000302',
  accounts: '+33199000303',
} as const;
/** Rung where the merchant's server names it. */
export const destinationNumber = '+33199000091';

export function diallerNumber(index: number): string {
  return `+3361234570${String(index)}`;
}

/** A caller who keys these numbers, one to each question, and talks for so long (absent: until he is parted). */
export function dialling(
  numbers: readonly NumberAnswer[],
  talkMs?: number,
  more: Partial<Behaviour> = {},
): Behaviour {
  return {
    rung: 'answers',
    afterMs: 0,
    answers: [],
    numbers,
    talkKeys: [],
    ...(talkMs !== undefined && { hangsUp: { at: 'joined', afterMs: talkMs } }),
    ...more,
  };
}

export function usualDdi(
  recognizedBy: KnownDdi['recognizedBy'],
  more: Partial<KnownDdi['settings']> = {},
): KnownDdi {
  return {
    number: ddiNumbers[recognizedBy],
    recognizedBy,
    settings: {
      withheld: 'code',
      fallback: { do: 'refuse' },
      talkLimitMaxSeconds: 30,
      callsAtOnce: 1,
      ...more,
    },
  };
}

export const wellMannered: ServerMoods = {
  ...{ there: true, asksForCode: false },
  ...{ slow: 0, silent: 0, fails: 0, nonsense: 0 },
};

/** Talks are reported all the same: of callers in scenarios. */
export const nobodyKnown: KnownHouse = {
  ...{ ddis: [], served: [], accounts: [], calls: [], paidInto: [] },
  server: { ...wellMannered, there: false },
};

// --- What a seed makes of it -----------------------------------------------------------------------------------------

/** Who dials in this seed is one of them, or nobody's client. */
interface Somebody {
  ddi: string;
  number: string;
  code: string;
  pin?: string;
  /** His number is enough, or his PIN is wanted at once. */
  knownByNumber: boolean;
}

export function drawKnown(random: Random, tariff: Tariff, switches: number): KnownHouse {
  const settings = (): KnownDdi['settings'] => ({
    withheld: random.chance(0.8) ? 'code' : 'refuse',
    fallback: { do: 'refuse' },
    talkLimitMaxSeconds: random.int(10, 35),
    callsAtOnce: random.chance(0.75) ? 1 : random.int(2, 3),
  });
  const trial = random.int(3, 15);
  const ddis: KnownDdi[] = [
    { number: ddiNumbers.server, recognizedBy: 'server', settings: settings() },
    {
      number: ddiNumbers.trial,
      recognizedBy: 'server',
      settings: { ...settings(), fallback: { do: 'trial', talkLimitSeconds: trial } },
    },
    {
      number: ddiNumbers.accounts,
      recognizedBy: 'accounts',
      // Several at once on the money for one: who gets it is the account's business.
      settings: { ...settings(), callsAtOnce: random.pick([1, 3, 3]) },
    },
  ];
  const served = drawServed(random);
  const accounts = drawAccounts(random, tariff);
  const people = [
    ...served.flatMap(({ code, numbers, pin, wants }) =>
      [ddiNumbers.server, ddiNumbers.trial].map((ddi) =>
        somebody(ddi, { code, numbers, pin }, wants === undefined || wants === 'pin'),
      ),
    ),
    ...accounts.flatMap(({ code, numbers, pin }) => [
      somebody(ddiNumbers.accounts, { code, numbers, pin }, numbers.length > 0),
      somebody(ddiNumbers.accounts, { code, numbers, pin }, numbers.length > 0),
    ]),
  ];
  const calls: DialledCall[] = [];
  const firstMs = random.int(3_000, 8_000);
  // Sometimes several at the same moment for the same money, from phones of one household.
  const together = random.chance(0.4) ? random.pick(people) : undefined;
  const count = random.pick([1, 1, 2, 2, 3]) + (together ? 1 : 0);
  for (let index = 0; index < count; index += 1) {
    const who = together ?? random.pick(people);
    const own = together === undefined || index === 0;
    const number = own ? who.number : diallerNumber(6 + (index % 3));
    const known = who.knownByNumber && own;
    calls.push({
      atMs:
        together && index > 0
          ? firstMs + random.pick([0, 1, 300, 3_000, 12_000])
          : index === 0
            ? firstMs
            : random.int(3_000, 45_000),
      over: random.int(0, switches - 1),
      number,
      trust: random.pick([
        'network',
        'network',
        'unverified',
        'unverified',
        'unverified',
        'withheld',
      ] as const),
      ddi: who.ddi,
      behaviour: drawBehaviour(random, { ...who, knownByNumber: known }),
      ...(random.chance(0.08) && { hungUpAfterMs: random.int(200, 40_000) }),
    });
  }
  const sour = random.chance(0.5);
  const odds = (): number => (sour && random.chance(0.5) ? random.pick([0.1, 0.3, 1]) : 0);
  return {
    ddis,
    served,
    accounts,
    server: {
      there: random.chance(0.92),
      ...{ slow: odds(), silent: odds(), fails: odds(), nonsense: odds() },
      asksForCode: random.chance(0.5),
      ...(random.chance(0.3) && { reportsRefusedUntilMs: random.pick([20_000, 60_000, 150_000, 400_000]) }),
    },
    calls,
    paidInto: random.chance(0.4) ? [drawPaidInto(random, accounts, tariff)] : [],
    ...(random.chance(0.5) && { destination: answersAt(random) }),
  };
}

function somebody(
  ddi: string,
  { code, numbers, pin }: { code: string; numbers: readonly string[]; pin?: string | undefined },
  knownByNumber: boolean,
): Somebody {
  const [number = diallerNumber(5)] = numbers;
  return {
    ddi,
    number,
    code,
    knownByNumber: knownByNumber && numbers.length > 0,
    ...(pin !== undefined && { pin }),
  };
}

function drawServed(random: Random): ServedClient[] {
  const limit = (): { talkLimitSeconds?: number } => {
    const drawn = random.next();
    if (drawn < 0.25) return {};
    if (drawn < 0.33) return { talkLimitSeconds: 0 };
    if (drawn < 0.41) return { talkLimitSeconds: 1 };
    return { talkLimitSeconds: random.int(2, 30) };
  };
  return [
    {
      code: '4711',
      numbers: [diallerNumber(0)],
      ...limit(),
      ...(random.chance(0.2) && { consultants: ['con_3', 'con_1'] }),
      ...(random.chance(0.15) && { destination: destinationNumber }),
      ...(random.chance(0.3) && { text: 'Bonjour.' }),
    },
    {
      code: '2024',
      numbers: [diallerNumber(1)],
      pin: '1234',
      wants: random.pick(['pin', 'client_code'] as const),
      ...limit(),
    },
    {
      code: '5150',
      numbers: [],
      ...limit(),
      ...(random.chance(0.3) && { refused: random.pick(['no_credit', 'blocked', 'other'] as const) }),
    },
  ];
}

function drawAccounts(random: Random, tariff: Tariff): AccountClient[] {
  const worth = (seconds: number): string => amountText(priceOfSeconds(tariff, seconds));
  return [
    {
      code: '700',
      numbers: [diallerNumber(3)],
      kind: 'balance',
      amount: worth(random.int(4, 40)),
      ...(random.chance(0.3) && { pin: '4321' }),
    },
    {
      code: '701',
      numbers: random.chance(0.5) ? [diallerNumber(4)] : [],
      ...(random.chance(0.5) && { pin: '9876' }),
      kind: 'monthly',
      ...(random.chance(0.7) && { amount: worth(random.int(10, 60)) }),
    },
  ];
}

function drawPaidInto(random: Random, accounts: readonly AccountClient[], tariff: Tariff): PaidInto {
  const [first] = accounts;
  const worth = plus(priceOfSeconds(tariff, random.int(5, 30)), money('0.01', tariff.currency));
  return {
    atMs: random.int(3_000, 40_000),
    clientCode: first?.code ?? '700',
    amount: amountText(worth),
    twice: random.chance(0.5),
  };
}

function drawBehaviour(random: Random, who: Somebody): Behaviour {
  const numbers = random.chance(0.65) ? rightNumbers(random, who) : drawNumbers(random, who);
  const drawn = random.next();
  const soon = (): number => (random.chance(0.3) ? random.pick([0, 1, 20, 21]) : random.int(0, 6_000));
  const hangsUp: Behaviour['hangsUp'] =
    drawn < 0.2
      ? undefined
      : drawn < 0.7
        ? { at: 'joined', afterMs: random.chance(0.2) ? soon() : random.int(200, 25_000) }
        : {
            at: random.pick(['rung', 'rung', 'answered', 'asked', 'asked', 'announced', 'parted'] as const),
            afterMs: soon(),
          };
  return dialling(numbers, undefined, {
    ...(hangsUp && { hangsUp }),
    ...(random.chance(0.04) && { fallsSilentAfterMs: random.int(0, 20_000) }),
  });
}

/** What he is asked for, in the order he is: his code, where his number does not say it, then his PIN. */
function rightNumbers(random: Random, { code, pin, knownByNumber }: Somebody): NumberAnswer[] {
  const keyed = (digits: string): NumberAnswer => ({
    keys: random.chance(0.8) ? `${digits}#` : digits,
    // Also over the prompt.
    afterMs: random.chance(0.2) ? random.int(0, 400) : random.int(500, 5_000),
    ...(random.chance(0.2) && { betweenMs: random.int(50, 900) }),
  });
  return [...(knownByNumber ? [] : [keyed(code)]), ...(pin === undefined ? [] : [keyed(pin)]), keyed(code)];
}

function drawNumbers(random: Random, who: Somebody): NumberAnswer[] {
  const right = rightNumbers(random, who);
  const wrong = (): NumberAnswer => {
    const afterMs = random.int(0, 7_000);
    switch (random.int(1, 5)) {
      case 1:
        return { afterMs };
      case 2:
        return { keys: '7*', afterMs };
      case 3:
        return { keys: '0#', afterMs };
      case 4:
        return { keys: '#', afterMs };
      default:
        return { keys: random.pick(['0000#', '1111#', '4711#', '700#']), afterMs };
    }
  };
  const some = random.int(1, 4);
  return [...Array.from({ length: some }, wrong), ...(random.chance(0.6) ? right : [wrong()])];
}

function answersAt(random: Random): Behaviour {
  return {
    rung: random.chance(0.8) ? 'answers' : random.pick(['busy', 'never'] as const),
    afterMs: random.int(300, 4_000),
    answers: [{ key: '1', afterMs: random.int(300, 3_000) }],
    talkKeys: [],
  };
}
