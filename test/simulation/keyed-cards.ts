// Numbers whose scenario sells by a card that is keyed, in some of the houses that compose theirs: a sale, and a talk that a later block
// rings for; who dials them, and what he does when he is asked for his card. Drawn by itself: what other seeds mean does not hang on it.

import type { ComposedGraph } from './composed.ts';
import { fixedLineSlug, lineSlug } from './house-names.ts';
import { dialling, type DialledCall } from './known-calls.ts';
import type { Random } from './random.ts';
import type { SimCard } from './sim-intent.ts';
import type { Behaviour, CardKeyed } from './sim-people.ts';

const said = (text: string): object[] => [{ text: { fr: text, en: text } }];

/** What he hears when it is paid, and at no other time. */
export const paidWords = 'C’est payé.';

const ends = { refused: 'no', needs_page: 'page', given_up: 'no', not_taken: 'no' };
const otherwise = {
  no: {
    kind: 'menu',
    say: said('Encore une fois ?'),
    keys: ['1'],
    tries: 1,
    waitSeconds: 4,
    next: { key_1: 'pay', otherwise: 'bye' },
  },
  page: { kind: 'say', say: said('Sur la page.'), next: { then: 'bye' } },
  bye: { kind: 'hang_up', say: said('Adieu.') },
};

/** Something at a fixed price. */
export const saleGraph = {
  start: 'pay',
  blocks: {
    pay: {
      kind: 'card_payment',
      line: fixedLineSlug,
      say: said('Une vente.'),
      next: { paid: 'yes', ...ends },
    },
    yes: { kind: 'say', say: said(paidWords), next: { then: 'bye' } },
    ...otherwise,
  },
};

/** A talk; then another one, on no card, or another that is paid. */
export const talkGraph = {
  start: 'pay',
  blocks: {
    pay: { kind: 'card_payment', line: lineSlug, next: { paid: 'yes', ...ends } },
    yes: { kind: 'say', say: said(paidWords), next: { then: 'ring' } },
    ring: {
      kind: 'ring',
      to: { line: lineSlug },
      ringSeconds: 6,
      talkSeconds: 20,
      next: { talked: 'again', limit_reached: 'again', unavailable: 'no' },
    },
    again: {
      kind: 'menu',
      say: said('Encore ?'),
      keys: ['1', '2'],
      tries: 1,
      waitSeconds: 4,
      next: { key_1: 'ring', key_2: 'pay', otherwise: 'bye' },
    },
    ...otherwise,
  },
};

/** One and the other in one call. */
const bothGraph = {
  start: 'choose',
  blocks: {
    ...talkGraph.blocks,
    choose: {
      kind: 'menu',
      say: said('Un ou deux.'),
      keys: ['1', '2'],
      tries: 2,
      waitSeconds: 3,
      next: { key_1: 'pay', key_2: 'sale', otherwise: 'sale' },
    },
    sale: {
      kind: 'card_payment',
      line: fixedLineSlug,
      tries: 2,
      next: { paid: 'sold', refused: 'choose', needs_page: 'choose', given_up: 'bye', not_taken: 'choose' },
    },
    sold: { kind: 'say', say: said(paidWords), next: { then: 'choose' } },
  },
};

export const cardGraphs: readonly ComposedGraph[] = [saleGraph, talkGraph, bothGraph].map((graph, index) => ({
  id: `scn_card_${String(index + 1)}`,
  slug: `card-${String(index + 1)}`,
  number: `+3319900042${String(index)}`,
  graph,
}));

/** Who dials them; `waits`: what a caller keys and says in scenarios, by his seed. */
export function drawCardCalls(
  random: Random,
  switches: number,
  inScenarios: (random: Random) => Partial<Behaviour>,
): DialledCall[] {
  return Array.from({ length: random.pick([1, 1, 1, 2]) }, (_, index): DialledCall => {
    const leaves = drawLeaving(random);
    return {
      atMs: random.int(3_000, index === 0 ? 6_000 : 20_000),
      over: random.int(0, switches - 1),
      number: `+3361234590${String(index)}`,
      trust: random.pick(['network', 'network', 'unverified', 'withheld'] as const),
      ddi: random.pick([0, 0, 1, 1, 1, 2].map((place) => cardGraphs[place]?.number ?? '')),
      behaviour: dialling([], undefined, {
        ...inScenarios(random),
        keysCards: Array.from({ length: 4 }, () => drawCard(random)),
        ...(leaves && { hangsUp: leaves }),
      }),
    };
  });
}

function drawCard(random: Random): CardKeyed {
  const afterMs = random.chance(0.1)
    ? random.int(60_000, 200_000)
    : random.int(random.chance(0.2) ? 0 : 4_000, 25_000);
  if (random.chance(0.25))
    return { becomes: random.pick(['gave_up', 'timed_out', 'refused', 'unknown'] as const), afterMs };
  const card: SimCard = random.chance(0.65)
    ? 'good'
    : random.pick([
        'declined',
        'declined',
        'declined',
        'authentication',
        'authentication_abandoned',
        'not_by_telephone',
      ] as const);
  return {
    becomes: 'taken',
    afterMs,
    card,
    ...(random.chance(0.15) && { silentMs: random.pick([2_000, 9_000, 12_000, 30_000, 70_000]) }),
  };
}

/** Wherever he may; most see it through. */
function drawLeaving(random: Random): Behaviour['hangsUp'] {
  if (random.chance(0.45))
    return { at: 'joined', afterMs: random.chance(0.2) ? random.int(0, 50) : random.int(500, 25_000) };
  const at = random.pick([
    'rung',
    'asked_for_card',
    'asked_for_card',
    'card_keyed',
    'card_keyed',
    'parted',
  ] as const);
  if (at === 'rung') return { at, afterMs: random.int(2_000, 90_000) };
  return { at, afterMs: random.chance(0.3) ? random.pick([0, 1, 20, 21]) : random.int(0, 20_000) };
}
