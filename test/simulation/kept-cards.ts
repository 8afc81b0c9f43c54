// Callers who come again, in some of the houses that sell by a keyed card: they are known by their number or by the code they key, agree
// that their card is kept or do not, and name it in their next call by four digits, right or wrong; meanwhile their merchant has it
// forgotten. Drawn by itself: what other seeds mean does not hang on it.

import { forgetKeptCards } from '../../src/flow/kept-cards.ts';
import type { E164 } from '../../src/core/ids.ts';
import type { ComposedGraph } from './composed.ts';
import { type Client, request } from './from-outside.ts';
import { fixedLineSlug, lineSlug } from './house-names.ts';
import { saleGraph, talkGraph } from './keyed-cards.ts';
import type { KeyedSafety } from './keyed-safety.ts';
import {
  dialling,
  type DialledCall,
  type KnownHouse,
  type ServedClient,
  wellMannered,
} from './known-calls.ts';
import type { Random } from './random.ts';
import type { CardKeyed, NumberAnswer } from './sim-people.ts';

/** His merchant has the cards of somebody forgotten. */
export interface Forgotten {
  atMs: number;
  number: string;
  clientCode: string;
}

const number = (index: number): string => `+3361234595${String(index)}`;
const codes = ['900', '901'] as const;
/** Two clients with a telephone each, who know each other's codes. */
const clients: readonly ServedClient[] = codes.map((code, index) => ({ code, numbers: [number(index)] }));
const lastFours = ['4242', '4242', '1881'] as const;

const asks = (by: 'number' | 'code', graph: { blocks: object }, line: string): object => ({
  start: 'who',
  blocks: {
    ...graph.blocks,
    who: {
      kind: 'recognize',
      by,
      say: [{ text: { fr: 'Votre code ?', en: 'Your code?' } }],
      next: { known: 'pay', unknown: 'pay', away: 'pay' },
    },
    pay: {
      kind: 'card_payment',
      line,
      offerToKeep: true,
      next: { paid: 'yes', refused: 'no', needs_page: 'page', given_up: 'no', not_taken: 'no' },
    },
  },
});

export const keptGraphs: readonly (ComposedGraph & { by: 'number' | 'code' })[] = [
  { by: 'number' as const, graph: asks('number', saleGraph, fixedLineSlug) },
  { by: 'code' as const, graph: asks('code', talkGraph, lineSlug) },
].map(({ by, graph }, index) => ({
  id: `scn_kept_${String(index + 1)}`,
  slug: `kept-${String(index + 1)}`,
  number: `+3319900043${String(index)}`,
  graph,
  by,
}));

/** The merchant's server knows them too, and says so: of cards that nobody may keep others tell. */
export function knowsRegulars(known: KnownHouse): KnownHouse {
  return { ...known, served: [...known.served, ...clients], server: wellMannered };
}

export function drawRegulars(
  random: Random,
  switches: number,
): { calls: DialledCall[]; forgets: Forgotten[] } {
  let atMs = random.int(3_000, 6_000);
  const [usual, other] = random.chance(0.5) ? keptGraphs : [...keptGraphs].reverse();
  const calls = Array.from({ length: random.pick([3, 4, 5, 6]) }, (_, index): DialledCall => {
    if (index > 0) atMs += random.chance(0.1) ? random.int(0, 2_000) : random.int(20_000, 50_000);
    // Most come again as they came: the first of them, from his own telephone.
    const who = random.chance(0.8) ? 0 : 1;
    return {
      atMs,
      over: random.int(0, switches - 1),
      number: number(who),
      trust: random.chance(0.85) ? 'network' : random.pick(['unverified', 'withheld'] as const),
      ddi: (random.chance(0.75) ? usual : other)?.number ?? '',
      behaviour: dialling([], undefined, {
        keysTo: {
          in_turn: [code(random, who), ...Array.from({ length: 6 }, () => menuKey(random))],
          card_kept_question: Array.from({ length: 3 }, () => names(random)),
          card_keep_question: Array.from({ length: 4 }, () => agrees(random)),
        },
        keysCards: Array.from({ length: 4 }, () => keysCard(random)),
        ...(random.chance(0.15)
          ? { hangsUp: { at: 'card_keyed', afterMs: random.int(0, 15_000) } as const }
          : { hangsUp: { at: 'joined', afterMs: random.int(500, 15_000) } as const }),
      }),
    };
  });
  const forgets = Array.from({ length: random.pick([0, 1, 1, 2]) }, () => ({
    atMs: random.int(20_000, atMs + 20_000),
    number: number(random.pick([0, 0, 0, 1])),
    clientCode: random.pick(['900', '900', '900', '901'] as const),
  }));
  return { calls, forgets };
}

function code(random: Random, who: number): NumberAnswer {
  const own = codes[who] ?? codes[0];
  const keyed = random.chance(0.75) ? own : random.pick(codes);
  return { keys: `${keyed}#`, afterMs: random.int(300, 3_000) };
}

function menuKey(random: Random): NumberAnswer {
  return { keys: random.pick(['1', '1', '2', '']), afterMs: random.int(300, 3_000) };
}

function names(random: Random): NumberAnswer {
  const keys = random.chance(0.8)
    ? `${random.pick(lastFours)}#`
    : random.pick(['0000#', '42#', '*', '', '42*', '4242']);
  return { keys, afterMs: random.int(300, 8_000) };
}

function agrees(random: Random): NumberAnswer {
  return { keys: random.chance(0.8) ? '1' : random.pick(['2', '', '*']), afterMs: random.int(300, 4_000) };
}

function keysCard(random: Random): CardKeyed {
  const card = random.pick([
    ...(['good', 'good', 'good', 'good', 'good_once', 'good_once', 'declined', 'authentication'] as const),
  ]);
  return {
    becomes: 'taken',
    afterMs: random.int(3_000, 15_000),
    card,
    last4: random.pick(lastFours),
    ...(random.chance(0.1) && { silentMs: random.pick([9_000, 12_000, 30_000]) }),
  };
}

/** The merchant's system: asks again until it is answered. */
export class SimForgetting {
  readonly #client: Client;
  readonly #merchantId: string;
  readonly #safety: () => KeyedSafety | undefined;
  #toCome = 0;

  constructor(client: Client, merchantId: string, safety: () => KeyedSafety | undefined) {
    this.#client = client;
    this.#merchantId = merchantId;
    this.#safety = safety;
  }

  get done(): boolean {
    return this.#toCome === 0;
  }

  begin(forgets: readonly Forgotten[]): void {
    for (const wish of forgets) {
      this.#toCome += 1;
      this.#client.kernel.at(wish.atMs, 'a card is forgotten', () => {
        void this.#forget(wish).finally(() => (this.#toCome -= 1));
      });
    }
  }

  async #forget({ number: from, clientCode }: Forgotten): Promise<void> {
    const { kernel } = this.#client;
    const keeper = { number: from as E164, clientCode };
    for (;;) {
      const kept = await kernel.working(this.#safety()?.keptFor(keeper) ?? Promise.resolve([]));
      const answer = await request(this.#client, 'has cards forgotten', (house) =>
        forgetKeptCards(house, this.#merchantId, keeper),
      );
      if (answer !== undefined) {
        await kernel.working(this.#safety()?.forgotten(kept) ?? Promise.resolve());
        return;
      }
      await new Promise<void>((resolve) => kernel.at(3_000, 'the merchant waits', resolve));
    }
  }
}
