// Every place where a process can die on the paths that matter: each scenario is run once as it should be, which counts its
// acts; then once for every act with a crash before it, and once with a crash after it. On the money path two in a row: one
// around a request to the processor, and one around whatever follows.

import { keptGraphs, knowsRegulars } from './kept-cards.ts';
import { cardGraphs } from './keyed-cards.ts';
import { type ComposedHouse, composedNumber, scriptUrl } from './composed.ts';
import type { ActKind, FaultPlan } from './fault-plan.ts';
import { lineSlug } from './house-names.ts';
import {
  ddiNumbers,
  type DialledCall,
  dialling,
  diallerNumber,
  type KnownHouse,
  nobodyKnown,
  usualDdi,
  wellMannered,
} from './known-calls.ts';
import type { RunInput } from './run.ts';
import { happyScenario, type Scenario } from './scenario.ts';
import { type Behaviour, willing } from './sim-people.ts';
import type { Order, Report } from './worker.ts';

/** Of the polls and leases nothing depends that would not come a second later. */
const kinds: readonly ActKind[] = ['transaction', 'switch', 'processor', 'notice', 'server', 'room'];

/** Where money is held, talked away and taken. */
const moneyPath = 'talks';
const takenPath = 'talks, taken at connection';

const none: FaultPlan = { acts: [], world: [], chances: {} };

function paths(): [string, Scenario][] {
  const talks = willing(12_000);
  const waits = willing();
  const [order] = happyScenario().orders;
  if (!order) throw new Error('A happy path without an order.');
  const with_ = (
    caller: Scenario['consultants'][number],
    consultant: Scenario['consultants'][number],
  ): Scenario =>
    happyScenario({
      consultants: [consultant, consultant, consultant],
      orders: [{ ...order, ...(caller && { caller }) }],
    });
  return [
    [moneyPath, with_([talks], [waits])],
    ['limit', with_([waits], [waits])],
    ['caller refuses', with_([willing(undefined, { answers: [{ key: '3', afterMs: 1_000 }] })], [waits])],
    ['caller does not answer', with_([willing(undefined, { rung: 'never' })], [waits])],
    ['consultants refuse', with_([talks], [willing(undefined, { answers: [{ key: '3', afterMs: 1_000 }] })])],
    [
      'consultant leaves',
      with_([talks], [willing(undefined, { hangsUp: { at: 'answered', afterMs: 4_000 } })]),
    ],
    ['card declined', happyScenario({ orders: [{ ...order, card: 'declined' }] })],
    [
      'page',
      happyScenario({
        consultants: [[waits], [waits], [waits]],
        orders: [{ ...order, source: 'page', caller: [talks] }],
      }),
    ],
    ...knownPaths(),
    ...composedPaths(),
    ...cardPaths(),
    ...connectionPaths(),
  ];
}

/** One price, taken as soon as both are joined: of a call that is rung, of one a scenario leads, and by a keyed card. */
function connectionPaths(): [string, Scenario][] {
  const { tariff, orders } = happyScenario();
  const [order] = orders;
  if (!order) throw new Error('A happy path without an order.');
  const taken = (scenario: Scenario): Scenario => ({
    ...scenario,
    atConnection: true,
    tariff: { ...tariff, fixedPrice: '15.00', bands: [] },
  });
  const waits = willing();
  const talks = happyScenario({
    consultants: [[waits], [waits], [waits]],
    orders: [{ ...order, caller: [willing(12_000)] }],
  });
  const ofPath = (paths: [string, Scenario][], wanted: string): [string, Scenario][] =>
    paths
      .filter(([name]) => name === wanted)
      .map(([name, scenario]) => [`${name}, taken at connection`, taken(scenario)]);
  return [
    [takenPath, taken(talks)],
    ...ofPath(composedPaths(), 'a scenario that is the call'),
    ...ofPath(cardPaths(), 'a talk by a keyed card'),
  ];
}

/** A script, a menu, two talks and a message: of somebody who dials, and of somebody who has paid for another talk before. */
function composedPaths(): [string, Scenario][] {
  const said = (text: string): object[] => [{ text: { fr: text, en: text } }];
  const key = (keys: string) => ({ keys, afterMs: 1_000 });
  const graph = {
    start: 'ask',
    blocks: {
      ask: { kind: 'get_url', url: `${scriptUrl}/on`, exits: ['on'], next: { on: 'menu', failed: 'menu' } },
      menu: {
        kind: 'menu',
        say: said('Un.'),
        keys: ['1'],
        tries: 3,
        next: { key_1: 'ring', otherwise: 'box' },
      },
      ring: { kind: 'ring', to: { line: lineSlug }, next: { talked: 'menu', unavailable: 'box' } },
      box: { kind: 'voicemail', box: 'box', say: said('Parlez.'), next: { then: 'bye' } },
      bye: { kind: 'hang_up', say: said('Adieu.') },
    },
  };
  const twice = {
    keysTo: { in_turn: [key('1'), key('1')] },
    speaks: [{ ms: 2_000, by: '#' as const }],
  };
  const consultant = willing(5_000);
  const refuses: Behaviour = { rung: 'rejects', afterMs: 1_000, answers: [], talkKeys: [] };
  const [order] = happyScenario().orders;
  if (!order) throw new Error('A happy path without an order.');
  const house = (
    composed: Pick<ComposedHouse, 'calls' | 'followsTalks' | 'leads'>,
    orders: Scenario['orders'],
  ): Scenario =>
    happyScenario({
      consultants: [[consultant], [consultant], [consultant]],
      orders,
      composed: {
        graphs: [{ id: 'scn_1', slug: 'composed-1', number: composedNumber(0), graph }],
        script: { slow: 0, silent: 0, fails: 0, nonsense: 0 },
        ...composed,
      },
    });
  const call: DialledCall = {
    ...{ atMs: 3_000, over: 0, number: diallerNumber(0), trust: 'network', ddi: composedNumber(0) },
    behaviour: dialling([], undefined, twice),
  };
  return [
    ['two talks in a scenario', house({ calls: [call], followsTalks: false }, [])],
    [
      'a scenario behind a talk',
      house({ calls: [], followsTalks: true }, [{ ...order, caller: [willing(undefined, twice)] }]),
    ],
    [
      'a scenario that is the call',
      house({ calls: [], followsTalks: false, leads: 0 }, [
        { ...order, caller: [willing(undefined, twice)] },
      ]),
    ],
    [
      'a scenario that is the call, and comes to nothing',
      {
        ...house({ calls: [], followsTalks: false, leads: 0 }, [
          { ...order, caller: [willing(undefined, twice)] },
        ]),
        consultants: [[refuses], [refuses], [refuses]],
      },
    ],
  ];
}

/** A card is keyed, and pays: for a sale, and for a talk that is rung for then. */
function cardPaths(): [string, Scenario][] {
  const waits = willing(5_000);
  const call = (place: number): DialledCall => ({
    ...{ atMs: 3_000, over: 0, number: diallerNumber(0), trust: 'network' },
    ddi: cardGraphs[place]?.number ?? '',
    behaviour: dialling([], undefined, {
      keysCards: [keysGoodCard, keysGoodCard, keysGoodCard, keysGoodCard],
    }),
  });
  const house = (place: number): Scenario =>
    happyScenario({
      consultants: [[waits], [waits], [waits]],
      orders: [],
      composed: {
        graphs: cardGraphs,
        calls: [call(place)],
        script: { slow: 0, silent: 0, fails: 0, nonsense: 0 },
        followsTalks: false,
        sells: true,
      },
    });
  return [
    ['a sale by a keyed card', house(0)],
    ['a talk by a keyed card', house(1)],
    ['a card that is kept, named and forgotten', comesAgain()],
  ];
}

/** He has his card kept, and pays by it in his next call; then it is forgotten, and he calls once more. */
function comesAgain(): Scenario {
  const [sale] = keptGraphs;
  const number = '+33612345950';
  const key = (keys: string) => [{ keys, afterMs: 1_000 }];
  const call = (atMs: number): DialledCall => ({
    ...{ atMs, over: 0, number, trust: 'network', ddi: sale?.number ?? '' },
    behaviour: dialling([], undefined, {
      keysTo: { card_keep_question: key('1'), card_kept_question: key('4242#') },
      keysCards: [keysGoodCard],
    }),
  });
  return happyScenario({
    orders: [],
    known: knowsRegulars(nobodyKnown),
    composed: {
      graphs: keptGraphs,
      calls: [call(3_000), call(50_000), call(90_000)],
      script: { slow: 0, silent: 0, fails: 0, nonsense: 0 },
      followsTalks: false,
      sells: true,
      forgets: [{ atMs: 80_000, number, clientCode: '900' }],
    },
    healAtMs: 150_000,
  });
}

const keysGoodCard = { becomes: 'taken', afterMs: 15_000 } as const;

/** Somebody dials: his number is enough, or his code is wanted and his PIN, or the account kept here says who he is. */
function knownPaths(): [string, Scenario][] {
  const waits = willing();
  const number = diallerNumber(0);
  const keyed = (digits: string) => ({ keys: `${digits}#`, afterMs: 1_000 });
  const house = (by: 'server' | 'accounts', numbers: readonly string[]): Scenario =>
    happyScenario({
      consultants: [[waits], [waits], [waits]],
      orders: [],
      known: {
        ddis: [usualDdi(by)],
        served: [
          { code: '4711', numbers: [number], talkLimitSeconds: 20 },
          { code: '2024', numbers: [], pin: '1234', talkLimitSeconds: 20 },
        ],
        accounts: [{ code: '700', numbers: [number], kind: 'balance', amount: '1.30' }],
        server: { ...wellMannered, asksForCode: true },
        calls: [
          {
            ...{ atMs: 3_000, over: 0, trust: 'unverified', ddi: ddiNumbers[by] },
            number: numbers.length === 0 ? number : diallerNumber(1),
            behaviour: dialling(numbers.map(keyed), 12_000),
          },
        ],
        paidInto: [],
      } satisfies KnownHouse,
    });
  return [
    ['known by his number', house('server', [])],
    ['known by his code', house('server', ['2024', '1234'])],
    ['known by his account', house('accounts', [])],
  ];
}

export interface Carrier {
  carryOut(orders: readonly Order[], onReport: (report: Report) => boolean): Promise<void>;
}

/** `known`: only where somebody dials; `composed`: only where calls go through scenarios; `cards`: only where cards are keyed; `connection`: only what is taken at connection. */
export async function exhaustiveRuns(
  carrier: Carrier,
  { known = false, composed = false, cards = false, connection = false } = {},
): Promise<Order[]> {
  const wanted = known
    ? knownPaths()
    : cards
      ? cardPaths()
      : composed
        ? composedPaths()
        : connection
          ? connectionPaths()
          : paths();
  const first = wanted.map(([seed, scenario]): Order => replay({ seed, scenario, plan: none }));
  const orders: Order[] = [];
  await carrier.carryOut(first, ({ verdict, input }) => {
    orders.push(replay(input));
    for (const crash of kinds.flatMap((act) => crashes(act, 1, verdict.acts[act]))) {
      orders.push(
        replay({
          seed: `${input.seed} ${nameOf(crash)}`,
          scenario: input.scenario,
          plan: { ...none, acts: [crash] },
        }),
      );
    }
    if (input.seed === moneyPath || input.seed === takenPath) orders.push(...pairs(input, verdict.acts));
    return true;
  });
  return orders;
}

function pairs(input: RunInput, acts: Record<ActKind, number>): Order[] {
  const orders: Order[] = [];
  for (const first of crashes('processor', 1, acts.processor)) {
    // Whoever comes back asks again: that is one request more than on a good day.
    const second = [
      ...crashes('processor', first.nth + 1, acts.processor + 1),
      ...crashes('transaction', 1, acts.transaction),
    ];
    for (const then of second) {
      orders.push(
        replay({
          seed: `${input.seed} ${nameOf(first)}, ${nameOf(then)}`,
          scenario: input.scenario,
          plan: { ...none, acts: [first, then] },
        }),
      );
    }
  }
  return orders;
}

interface Crash {
  act: ActKind;
  nth: number;
  fault: 'crash_before' | 'crash_after';
}

function crashes(act: ActKind, from: number, until: number): Crash[] {
  return Array.from({ length: Math.max(until - from + 1, 0) }, (_, place) => from + place).flatMap((nth) =>
    (['crash_before', 'crash_after'] as const).map((fault) => ({ act, nth, fault })),
  );
}

const nameOf = ({ act, nth, fault }: Crash): string => `${fault} ${act} ${String(nth)}`;

function replay(input: RunInput): Order {
  return { what: 'replay', input, shrink: false, keepTrace: false };
}
