// What one run is about: the house, the line, who orders what. And what a seed makes of it: mostly short calls, so that a run
// costs little, and every way of selling one now and then. What goes wrong meanwhile is the plan's (fault-plan, draw-plan).

import type { Tariff } from '../../src/core/tariff.ts';
import { type Availability, drawAvailability } from './availability.ts';
import { type ComposedHouse, drawComposed, inLedCall, inScenarios } from './composed.ts';
import { knowsRegulars } from './kept-cards.ts';
import { drawKnown, type KnownHouse } from './known-calls.ts';
import type { Random } from './kernel.ts';
import { drawService, type ServiceHouse } from './service-calls.ts';
import { type Behaviour, willing } from './sim-people.ts';

export interface SimOrder {
  atMs: number;
  callerNumber: string;
  source: 'page' | 'api';
  chosenSeconds: number;
  /** He agrees that more may be held for more time. */
  moreTime: boolean;
  /** What the card does when it is confirmed. */
  card: 'good' | 'declined' | 'authentication' | 'authentication_abandoned';
  /** By the number of the consultant: only this one will do. */
  consultant?: number;
  /** The caller on his page: gives up before paying, so long after ordering. */
  givesUpAfterMs?: number;
  /** Never comes back to say that he has paid: the phone's browser sleeps. */
  saysPaid: boolean;
  /** The merchant's system ends the call so long after the order. */
  hungUpAfterMs?: number;
  /** How he takes the call; absent: whatever the seed makes of him. */
  caller?: readonly Behaviour[];
  /** Not a conversation: something at a fixed price. */
  fixedSale?: true;
  /** He looks at his page while he talks, and asks there for more time as soon as it is offered. */
  asksOnPage?: true;
  /** What the merchant's system gives back of it. */
  givesBack?: readonly GivenBack[];
  /** The cardholder's bank takes back what was captured by then, or soon after. */
  disputedAfterMs?: number;
}

/** A refund, asked for so long after the order, and again until there is something to give back. */
export interface GivenBack {
  afterMs: number;
  /** Absent: all that is left. */
  amount?: string;
  /** Asked for once more under the same key though it was answered: by a system that has lost count. */
  twice: boolean;
}

/** Somebody pulls the kill switch, and lets calls go on so long after. */
export interface Stop {
  atMs: number;
  forMs: number;
  alsoTalks: boolean;
  wholeHouse: boolean;
}

export interface Scenario {
  gateways: 1 | 2;
  switches: 1 | 2;
  tariff: Tariff;
  ringing: 'in_turn' | 'all_at_once' | 'cumulative';
  ringSeconds: number;
  ringStepSeconds: number;
  callerFirst: boolean;
  durations: readonly number[];
  /** How often more time may be bought, and how much of it. */
  moreTime: { times: number; seconds: number };
  /** The line's money is taken as soon as both are joined, where its price does not grow with the talk. */
  atConnection?: true;
  /** By consultant, how he takes his calls; absent: whatever the seed makes of him. */
  consultants: readonly (readonly Behaviour[] | undefined)[];
  orders: readonly SimOrder[];
  stop?: Stop;
  /** Banks keep a hold for so long instead of a week. */
  holdsMs?: number;
  /** How often one number may order in an hour, where the usual limit is not meant. */
  ordersOfANumber?: number;
  /** Somebody dials; absent: nobody does, and there is no number to dial. */
  known?: KnownHouse;
  /** Consultants work: they have breaks, hours, limits, several phones; absent: they are always there, and rung on one. */
  availability?: Availability;
  /** They call the service; absent: it has no number. */
  service?: ServiceHouse;
  /** Numbers lead to scenarios, and one may follow a paid talk; absent: neither. */
  composed?: ComposedHouse;
  /** From here on nothing goes wrong any more. */
  healAtMs: number;
}

const increments = [
  { first: 1, next: 1 },
  { first: 60, next: 1 },
  { first: 60, next: 60 },
  { first: 10, next: 5 },
];

export function drawTariff(random: Random): Tariff {
  const includedSeconds = random.chance(0.3) ? random.int(5, 30) : 0;
  return {
    currency: 'EUR',
    fixedPrice: random.pick(['1.00', '3.00', '15.00', '0']),
    includedSeconds,
    bands: random.chance(0.3)
      ? [
          { fromSecond: 0, pricePerMinute: '3.00' },
          { fromSecond: 30, pricePerMinute: '1.2345' },
        ]
      : [{ fromSecond: 0, pricePerMinute: random.pick(['2.00', '1.20', '0.99']) }],
    increment: random.pick(increments),
    freeSeconds: random.chance(0.2) ? random.int(1, 10) : 0,
    vatRate: '0.20',
    ...(random.chance(0.2) && { minimumPrice: '2.50' }),
    ...(random.chance(0.1) && { maximumPrice: '30.00' }),
  };
}

export function callerNumber(index: number): string {
  return `+3361234560${String(index)}`;
}

export function consultantNumber(index: number): string {
  return `+3319900000${String(index + 1)}`;
}

export function drawScenario(random: Random): Scenario {
  const durations = [random.int(12, 40)];
  const orders: SimOrder[] = [];
  const count = random.pick([1, 1, 1, 2, 3]);
  for (let index = 0; index < count; index += 1) {
    const source = random.pick(['page', 'api'] as const);
    const card = random.chance(0.85)
      ? 'good'
      : random.pick(['declined', 'authentication', 'authentication_abandoned'] as const);
    orders.push({
      atMs: index === 0 ? random.int(3_000, 6_000) : random.int(3_000, 40_000),
      callerNumber: callerNumber(index),
      source,
      chosenSeconds: durations[0] as number,
      moreTime: random.chance(0.6),
      card,
      ...(random.chance(0.2) && { consultant: random.int(0, 2) }),
      ...(source === 'page' && random.chance(0.08) && { givesUpAfterMs: random.int(0, 15_000) }),
      saysPaid: random.chance(0.6),
      // Most of what can go wrong goes wrong in a talk: half of the people do all that leads to one.
      ...(random.chance(0.6) && { caller: [willing(talkMs(random, durations[0] as number), wish(random))] }),
      ...(random.chance(0.08) && { hungUpAfterMs: random.int(500, 60_000) }),
    });
  }
  const scenario: Scenario = {
    gateways: random.pick([1, 2, 2]),
    switches: random.pick([1, 1, 2]),
    tariff: drawTariff(random),
    ringing: random.pick(['in_turn', 'all_at_once', 'cumulative'] as const),
    ringSeconds: random.int(5, 10),
    ringStepSeconds: random.int(1, 5),
    callerFirst: random.chance(0.3),
    durations,
    moreTime: { times: random.pick([0, 1, 2]), seconds: 60 },
    consultants: [0, 1, 2].map(() => (random.chance(0.6) ? [willing(undefined)] : undefined)),
    orders,
    healAtMs: random.int(50_000, 110_000),
  };
  const drawn = drawCallers(
    random.fork('composed'),
    drawDiallers(
      random.fork('known'),
      drawSeldom(random.fork('seldom'), drawAtConnection(random.fork('capture'), scenario)),
    ),
  );
  const working = random.fork('availability');
  if (!working.chance(0.3)) return drawn;
  const { consultants } = drawn;
  const calling = random.fork('service');
  return {
    ...drawn,
    ...(calling.chance(0.5) && { service: drawService(calling, consultants.length, drawn.switches) }),
    availability: drawAvailability(working, consultants.length),
    // Misses are what pauses are made of: some take no call at first.
    consultants: consultants.map((given) =>
      working.chance(0.4) ? [missing(working), ...(given ?? [])] : given,
    ),
  };
}

/** Mostly at a price that does not grow, now and then below what may be charged at all; and few agree to more time, which is another price. */
function drawAtConnection(random: Random, scenario: Scenario): Scenario {
  if (!random.chance(0.25)) return scenario;
  const { tariff, orders } = scenario;
  const { minimumPrice: _least, maximumPrice: _most, ...plain } = tariff;
  const flat: Tariff = {
    ...plain,
    fixedPrice: random.pick(['15.00', '15.00', '3.00', '0.30']),
    bands: [],
    freeSeconds: 0,
    ...(random.chance(0.2) && { bands: tariff.bands, maximumPrice: '3.00', minimumPrice: '3.00' }),
  };
  return {
    ...scenario,
    atConnection: true,
    tariff: random.chance(0.85) ? flat : tariff,
    orders: orders.map((order) => (random.chance(0.8) ? { ...order, moreTime: false } : order)),
  };
}

/** What few houses see in the hour of a call. Drawn by itself: what else a seed means does not hang on it. */
function drawSeldom(random: Random, scenario: Scenario): Scenario {
  const oneNumber = random.chance(0.15);
  const orders = scenario.orders.map((order): SimOrder => ({
    ...order,
    ...(oneNumber && { callerNumber: callerNumber(0) }),
    ...(random.chance(0.08) && { fixedSale: true }),
    ...(random.chance(0.5) && order.source === 'page' && order.moreTime && { asksOnPage: true }),
    ...(random.chance(0.25) && { givesBack: drawGivenBack(random) }),
    ...(random.chance(0.08) && { disputedAfterMs: random.int(10_000, 80_000) }),
  }));
  return {
    ...scenario,
    orders,
    ...(oneNumber && { ordersOfANumber: random.int(1, 2) }),
    ...(random.chance(0.06) && { holdsMs: random.int(15_000, 90_000) }),
    ...(random.chance(0.08) && {
      stop: {
        atMs: random.int(5_000, 60_000),
        forMs: random.int(5_000, 40_000),
        alsoTalks: random.chance(0.5),
        wholeHouse: random.chance(0.5),
      },
    }),
  };
}

/** Some houses sell to people they know: they dial, and few of the others order beside them. */
function drawDiallers(random: Random, scenario: Scenario): Scenario {
  if (!random.chance(0.3)) return scenario;
  return {
    ...scenario,
    orders: random.chance(0.4) ? scenario.orders.slice(0, 1) : [],
    known: drawKnown(random, scenario.tariff, scenario.switches),
  };
}

/** Some houses compose what their numbers do, and what comes behind a talk: then consultants hang up, and callers stay. */
function drawCallers(random: Random, scenario: Scenario): Scenario {
  if (!random.chance(0.25)) return scenario;
  const composed = drawComposed(random, scenario.switches);
  const { orders, known, consultants } = scenario;
  const [first] = orders;
  const { leads } = composed;
  const paysForCall = first !== undefined && !first.fixedSale;
  if (leads !== undefined && paysForCall)
    return drawLed(random.fork('led'), { ...scenario, composed }, leads);
  const follows = composed.followsTalks && paysForCall;
  const kept = follows ? orders.slice(0, 1) : random.chance(0.3) ? orders.slice(0, 1) : [];
  const inScenario = {
    ...(known ?? drawKnown(random, scenario.tariff, scenario.switches)),
    calls: [],
    paidInto: [],
  };
  return {
    ...scenario,
    composed,
    // Who is known to the merchant in a scenario is so by his server; nobody dials the line besides.
    known: composed.forgets ? knowsRegulars(inScenario) : inScenario,
    orders: !follows
      ? kept
      : kept.map((order) => ({
          ...order,
          card: 'good',
          caller: [
            willing(undefined, {
              ...inScenarios(random),
              hangsUp: {
                at: 'parted',
                afterMs: random.chance(0.3) ? random.int(0, 50) : random.int(500, 60_000),
              },
            }),
          ],
        })),
    consultants: follows
      ? consultants.map(() => [willing(random.chance(0.7) ? random.int(300, 12_000) : undefined)])
      : consultants,
  };
}

/** The line's paid calls are led: most callers agree to the price, and consultants are as the seed makes them, or willing. */
function drawLed(random: Random, scenario: Scenario, leads: number): Scenario {
  const { orders, known, consultants } = scenario;
  const willingly = random.chance(0.6);
  return {
    ...scenario,
    known: { ...(known ?? drawKnown(random, scenario.tariff, scenario.switches)), calls: [], paidInto: [] },
    orders: orders
      .slice(0, random.pick([1, 1, 2]))
      .map((order) =>
        order.fixedSale
          ? order
          : { ...order, card: 'good', caller: [willing(undefined, inLedCall(random, leads))] },
      ),
    consultants: willingly
      ? consultants.map(() => [willing(random.chance(0.7) ? random.int(300, 12_000) : undefined)])
      : consultants,
  };
}

function drawGivenBack(random: Random): GivenBack[] {
  return Array.from({ length: random.pick([1, 1, 2, 3]) }, () => ({
    afterMs: random.int(15_000, 80_000),
    ...(random.chance(0.5) && { amount: random.pick(['0.10', '0.50', '1.00', '2.37']) }),
    twice: random.chance(0.4),
  }));
}

/** A call he does not take: he lets it ring, refuses it, says no or nothing. */
function missing(random: Random): Behaviour {
  const no = random.pick(['never', 'rejects', 'key', 'hangs up', 'silent'] as const);
  if (no === 'never' || no === 'rejects') return willing(undefined, { rung: no });
  if (no === 'hangs up')
    return willing(undefined, { answers: [], hangsUp: { at: 'asked', afterMs: random.int(0, 3_000) } });
  return willing(undefined, { answers: no === 'key' ? [{ key: '3', afterMs: 1_000 }] : [] });
}

/** Half of them want to go on talking when the end is near. */
function wish(random: Random): Partial<Behaviour> {
  return random.chance(0.5) ? { wantsMoreAfterMs: random.int(0, 4_000) } : {};
}

/** Some talk until the limit ends it, or hang up as it falls due. */
function talkMs(random: Random, limitSeconds: number): number | undefined {
  if (random.chance(0.3)) return undefined;
  return random.chance(0.2)
    ? limitSeconds * 1_000 + random.pick([-20, 0, 20])
    : random.int(200, limitSeconds * 1_000);
}

/** One call as it should be: both answer, both press 1, they talk for 15 seconds. */
export function happyScenario(more: Partial<Scenario> = {}): Scenario {
  return {
    gateways: 2,
    switches: 1,
    tariff: {
      currency: 'EUR',
      fixedPrice: '1.00',
      includedSeconds: 0,
      bands: [{ fromSecond: 0, pricePerMinute: '1.20' }],
      increment: { first: 1, next: 1 },
      freeSeconds: 0,
      vatRate: '0.20',
    },
    ringing: 'in_turn',
    ringSeconds: 8,
    ringStepSeconds: 3,
    callerFirst: false,
    durations: [30],
    moreTime: { times: 0, seconds: 60 },
    consultants: [undefined, undefined, undefined],
    orders: [
      {
        atMs: 3_000,
        callerNumber: callerNumber(0),
        source: 'api',
        chosenSeconds: 30,
        moreTime: false,
        card: 'good',
        saysPaid: true,
      },
    ],
    healAtMs: 60_000,
    ...more,
  };
}
