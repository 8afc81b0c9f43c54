// Numbers that lead to scenarios, in some runs, and what follows a paid talk: which graphs, who dials, what he keys and says, when he
// hangs up, and how well the merchant's script answers. Drawn by itself: what every other seed means does not hang on it.

import { type BlockKindName, blockKinds, kindOf, scenarioShape } from '../../src/core/scenario/blocks.ts';
import { scenarioOfTemplate } from '../../src/core/scenario/templates.ts';
import type { E164 } from '../../src/core/ids.ts';
import type { Cli } from '../../src/core/known-caller.ts';
import { consultantIds, fixedLineSlug, lineSlug } from './house-names.ts';
import { drawRegulars, type Forgotten, keptGraphs } from './kept-cards.ts';
import { cardGraphs, drawCardCalls } from './keyed-cards.ts';
import { dialling, type DialledCall } from './known-calls.ts';
import type { Kernel } from './kernel.ts';
import type { Random } from './random.ts';
import type { Behaviour, NumberAnswer, Speech } from './sim-people.ts';
import type { SimSwitch } from './sim-switch.ts';

export interface ComposedGraph {
  id: string;
  slug: string;
  number: string;
  /** core/scenario Scenario. */
  graph: object;
}

/** How often the merchant's script does not answer as it should. */
export interface ScriptMoods {
  slow: number;
  silent: number;
  fails: number;
  nonsense: number;
}

export interface ComposedHouse {
  graphs: readonly ComposedGraph[];
  calls: readonly DialledCall[];
  script: ScriptMoods;
  /** The first of them follows what is talked on the line. */
  followsTalks: boolean;
  /** The one of these that is the line's paid call; absent: consultants are rung. */
  leads?: number;
  /** Some of these sell by a card that is keyed, and callers may key theirs. */
  sells?: true;
  /** Some come again, and may have their cards kept: who has them forgotten, and when. */
  forgets?: readonly Forgotten[];
}

export const scriptUrl = 'https://merchant.example/ivr';

export function composedNumber(index: number): string {
  return `+3319900041${String(index)}`;
}

export class SimCallers {
  readonly #kernel: Kernel;
  readonly #switches: readonly SimSwitch[];
  readonly #calls: readonly DialledCall[];
  #toCome: number;

  constructor(kernel: Kernel, switches: readonly SimSwitch[], composed: ComposedHouse | undefined) {
    this.#kernel = kernel;
    this.#switches = switches;
    this.#calls = composed?.calls ?? [];
    this.#toCome = this.#calls.length;
  }

  /** Nobody is still to dial. */
  get done(): boolean {
    return this.#toCome === 0;
  }

  begin(): void {
    for (const call of this.#calls) {
      this.#kernel.at(call.atMs, 'somebody dials', () => {
        this.#toCome -= 1;
        this.#dial(call);
      });
    }
  }

  #dial({ number, trust, ddi, over, behaviour }: DialledCall): void {
    const cli: Cli = trust === 'withheld' ? { trust } : { trust, number: number as E164 };
    const aSwitch = this.#switches[Math.min(over, this.#switches.length - 1)];
    if (aSwitch?.dial(number, cli, ddi as E164, behaviour) === undefined)
      this.#kernel.trace(`        ${number} cannot dial`);
  }
}

// --- What a seed makes of it -----------------------------------------------------------------------------------------

const said = (text: string): object[] => [{ text: { fr: text, en: text } }];

/** All there is in one: a menu, a script, a talk and another one, a message. */
const everything = {
  start: 'menu',
  blocks: {
    menu: {
      kind: 'menu',
      say: said('Un, deux, trois.'),
      keys: ['1', '2', '3'],
      tries: 2,
      waitSeconds: 4,
      next: { key_1: 'ask', key_2: 'ring', key_3: 'box', otherwise: 'ring' },
    },
    ask: {
      kind: 'get_url',
      url: scriptUrl,
      exits: ['on'],
      timeoutSeconds: 4,
      next: { on: 'menu', then: 'ring', failed: 'box' },
    },
    ring: {
      kind: 'ring',
      to: { line: lineSlug },
      ringSeconds: 6,
      talkSeconds: 20,
      next: { talked: 'again', limit_reached: 'again', unavailable: 'box' },
    },
    again: {
      kind: 'menu',
      say: said('Encore ?'),
      keys: ['1'],
      tries: 1,
      waitSeconds: 4,
      next: { key_1: 'ring', otherwise: 'bye' },
    },
    box: { kind: 'voicemail', box: 'box', say: said('Parlez.'), maxSeconds: 10, next: { then: 'bye' } },
    bye: { kind: 'hang_up', say: said('Adieu.') },
  },
};

export function drawComposed(random: Random, switches: number): ComposedHouse {
  const graphs = [
    everything,
    scenarioOfTemplate('information_menu', { line: lineSlug }),
    drawGraph(random.fork('graph')),
    drawGraph(random.fork('another graph')),
  ].map((graph, index) => ({
    id: `scn_${String(index + 1)}`,
    slug: `composed-${String(index + 1)}`,
    number: composedNumber(index),
    graph,
  }));
  const calls = Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, (_, index): DialledCall => {
    const place = random.pick([0, 0, 1, 2, 3]);
    return {
      atMs: index === 0 ? random.int(3_000, 6_000) : random.int(3_000, 40_000),
      over: random.int(0, switches - 1),
      number: `+3361234580${String(index)}`,
      trust: random.pick(['network', 'unverified', 'withheld'] as const),
      ddi: graphs[place]?.number ?? '',
      behaviour: drawCaller(random, place >= 2),
    };
  });
  const sour = random.chance(0.5);
  const odds = (): number => (sour && random.chance(0.5) ? random.pick([0.1, 0.3, 1]) : 0);
  const drawn = {
    graphs,
    calls,
    script: { slow: odds(), silent: odds(), fails: odds(), nonsense: odds() },
    followsTalks: calls.length === 0 || random.chance(0.5),
    ...drawLeads(random.fork('leads')),
  };
  return drawSelling(random.fork('sells'), drawn, switches);
}

function drawSelling(random: Random, drawn: ComposedHouse, switches: number): ComposedHouse {
  if (!random.chance(0.35)) return drawn;
  const { leads: _none, ...others } = drawn;
  const selling: ComposedHouse = {
    ...others,
    sells: true,
    followsTalks: false,
    graphs: [...drawn.graphs, ...cardGraphs],
    calls: [...drawn.calls.slice(0, random.pick([0, 0, 1])), ...drawCardCalls(random, switches, inScenarios)],
  };
  const again = random.fork('kept cards');
  if (!again.chance(0.5)) return selling;
  const { calls, forgets } = drawRegulars(again, switches);
  return { ...selling, graphs: [...selling.graphs, ...keptGraphs], calls, forgets };
}

function drawLeads(random: Random): Pick<ComposedHouse, 'leads'> {
  return random.chance(0.5) ? { leads: random.pick([0, 0, 0, 1, 2, 3]) } : {};
}

/** He is led from his key 1 on, and may leave anywhere. */
export function inLedCall(random: Random, graph: number): Partial<Behaviour> {
  return { ...inScenarios(random), ...leaving(random, graph >= 2) };
}

/** What he keys and says in a scenario, in turn. */
export function inScenarios(random: Random): Pick<Behaviour, 'keysTo' | 'speaks'> {
  const keys = (): NumberAnswer => ({
    keys: random.pick(['1', '1', '1', '2', '2', '3', '*', '#', '9', '4711#', '12#', '']),
    afterMs: random.chance(0.2) ? random.int(0, 200) : random.int(300, 5_000),
  });
  const speech = (): Speech => ({
    ms: random.int(0, 6_000),
    by: random.pick(['#', '#', 'silence'] as const),
  });
  return {
    keysTo: { in_turn: Array.from({ length: 25 }, keys) },
    speaks: Array.from({ length: 3 }, speech),
  };
}

/** `anywhere`: a graph that may have no end, so that he must come to his. */
function drawCaller(random: Random, anywhere: boolean): Behaviour {
  const leaves = leaving(random, anywhere);
  return dialling([], undefined, { ...inScenarios(random), ...leaves });
}

function leaving(random: Random, anywhere: boolean): Pick<Behaviour, 'hangsUp'> {
  const soon = (): number => (random.chance(0.3) ? random.pick([0, 1, 20, 21]) : random.int(0, 20_000));
  const leaves: Behaviour['hangsUp'] = anywhere
    ? { at: 'rung', afterMs: random.int(5_000, 80_000) }
    : random.chance(0.4)
      ? undefined
      : {
          at: random.pick(['rung', 'answered', 'asked', 'spoken', 'joined', 'joined', 'parted'] as const),
          afterMs: soon(),
        };
  return leaves ? { hangsUp: leaves } : {};
}

// --- Any graph -------------------------------------------------------------------------------------------------------

const places = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const own: Partial<Record<BlockKindName, readonly object[]>> = {
  say: [{ say: said('x {v}') }],
  menu: [{ say: said('x'), keys: ['1', '2'], tries: 2, waitSeconds: 3 }],
  collect: [
    { say: said('x'), variable: 'v', tries: 2, waitSeconds: 3 },
    { say: said('x'), variable: 'w', tries: 1, secret: true },
  ],
  recognize: [{ by: 'number' }, { by: 'number_then_code', tries: 2 }],
  get_url: [{ url: scriptUrl, exits: ['on'], timeoutSeconds: 4, send: ['v', 'w'] }],
  set: [{ variable: 'v', value: '{v}x{call.keyed}' }],
  condition: [
    { test: { value: '{call.keyed}', equals: '1' } },
    { test: { value: '{call.after}', isEmpty: true } },
  ],
  schedule: [{ weekly: [] }],
  language: [{}],
  choose_consultant: [{ of: { line: lineSlug }, atOnce: 1 }],
  ring: [
    { to: { line: lineSlug }, ringSeconds: 6, busy: said('x') },
    { to: { consultants: consultantIds.slice(0, 2) }, ringSeconds: 5, talkSeconds: 10 },
    { to: 'chosen', ringSeconds: 6 },
    { to: { line: fixedLineSlug }, ringSeconds: 5 },
  ],
  extension: [{ say: said('x'), tries: 1 }],
  forward: [{ number: '{v}' }],
  voicemail: [{ box: 'box', say: said('x'), maxSeconds: 5 }],
  blacklist: [{}],
  go_to: [{ scenario: 'composed-1' }, { scenario: 'nowhere' }],
  hang_up: [{}, { say: said('x') }],
};

/** A blocks' every kind, connected by chance; most have no end, and some make no sense. */
export function drawGraph(random: Random): object {
  const kinds = (Object.keys(blockKinds) as BlockKindName[]).filter((kind) => own[kind] !== undefined);
  const blocks = places.map((id) => {
    const kind = random.pick(random.chance(0.3) ? (['ring', 'menu', 'get_url'] as const) : kinds);
    const fields = random.pick(own[kind] ?? [{}]);
    const block = scenarioShape.shape.blocks.parse({ x: { kind, ...fields } })['x'];
    if (!block) throw new Error('A block that was read is not there.');
    const next = Object.fromEntries(
      kindOf(block)
        .exits(block)
        .filter(() => random.chance(0.7))
        .map(({ name }) => [name, random.pick(places)]),
    );
    return [id, { ...block, next }] as const;
  });
  return { start: random.pick(places), blocks: Object.fromEntries(blocks) };
}
