// What of the editor of scenarios needs no browser: its table of blocks held to the interpreter's rules, what is done to a graph and
// taken back, where blocks stand, a trial as a conversation.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164 } from '../../src/core/ids.ts';
import { type BlockKindName, blockKinds, kindOf, scenarioShape } from '../../src/core/scenario/blocks.ts';
import { scenarioSchema } from '../../src/core/scenario/schema.ts';
import { scenarioOfTemplate, templateNames } from '../../src/core/scenario/templates.ts';
import { callFacts as knownOfCalls } from '../../src/core/scenario/words.ts';
import { tryScenario, type TriedCaller } from '../../src/core/scenario/try-scenario.ts';
import type { Ddi, Trial } from '../../src/extranet/scenarios/contract.ts';
import { ddiBody } from '../../src/extranet/scenarios/ddi-change.ts';
import {
  arrival,
  type Block,
  connected,
  duplicated,
  freeId,
  type Graph,
  idOf,
  moved,
  renamed,
  waysTo,
  withBlock,
  withFields,
  without,
} from '../../src/extranet/scenarios/graph.ts';
import { begun, changedTo, redone, undone } from '../../src/extranet/scenarios/history.ts';
import {
  callFacts,
  fieldsOf,
  groupNames,
  groups,
  newBlock,
  waysOf,
} from '../../src/extranet/scenarios/kinds.ts';
import {
  card,
  firstView,
  heightOf,
  laidOut,
  placeBeside,
  placed,
} from '../../src/extranet/scenarios/layout.ts';
import { readNumber, readText } from '../../src/extranet/scenarios/read-text.ts';
import { plainly, sentenceOf, unsetName, wayName } from '../../src/extranet/scenarios/sentence.ts';
import { type Answers, litBy, noAnswers, played } from '../../src/extranet/scenarios/trial.ts';
import { words as english } from '../../src/extranet/scenarios/words-en.ts';
import { words as french } from '../../src/extranet/scenarios/words-fr.ts';
import { telling } from '../../src/extranet/scenarios/words.ts';
import { ddiBody as ddiShape } from '../../src/web/ddi-shapes.ts';

const kinds = Object.keys(blockKinds) as BlockKindName[];
const tell = telling(english);
const names = {
  lines: new Map<string, string>(),
  groups: new Map<string, string>(),
  consultants: new Map<string, string>(),
  sounds: new Map<string, string>(),
  scenarios: new Map<string, string>(),
  resources: new Map<string, string>(),
};
const speaking = { tell, language: 'en' as const, names };

describe('the sentences', () => {
  const keys = Object.keys(french) as (keyof typeof french)[];
  const placeholders = (sentence: string): string[] =>
    [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

  test('are the same in both languages, whole and tidy', () => {
    expect(Object.keys(english).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(placeholders(english[key]), key).toEqual(placeholders(french[key]));
      for (const sentence of [french[key], english[key]]) {
        expect(sentence.trim(), key).toBe(sentence);
        expect(sentence, key).not.toBe('');
        expect(sentence, key).not.toMatch(/ {2}|'|"|\.\.\./);
      }
    }
  });

  test('none is left in the other language', () => {
    const same = keys.filter(
      (key) => english[key] === french[key] && /\p{L}{3}/u.test(french[key].replace(/\{\w+\}/g, '')),
    );
    expect(same.sort()).toEqual(['editor.tab.versions', 'kind.condition', 'kind.menu', 'versions.one']);
  });
});

describe('the table of blocks', () => {
  test('has every kind, once', () => {
    expect(groupNames.flatMap((name) => [...groups[name]]).sort()).toEqual([...kinds].sort());
  });

  test.each(kinds)('%s: begins as the API takes it, and says what it does', (kind) => {
    const block = newBlock(kind, {});
    const graph = { start: 'one', blocks: { one: block } };
    const read = scenarioShape.safeParse(graph);
    expect(read.error?.issues).toBeUndefined();
    expect(sentenceOf(block, speaking)).toMatch(/\S/);
    // A field the block begins without is one that may be absent; the others are as the shape has them by itself.
    const filled = read.data?.blocks['one'] as Record<string, unknown>;
    expect(filled).toEqual({ ...block });
  });

  test.each(kinds)('%s: its ways out are the interpreter’s', (kind) => {
    const key = fc.constantFrom('1', '2', '9', '0', '*', '#');
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { minLength: 1 }),
        fc.uniqueArray(fc.constantFrom('a', 'b_2')),
        (keys, exits) => {
          const block = {
            ...newBlock(kind, {}),
            ...(kind === 'menu' && { keys }),
            ...(kind === 'get_url' && { exits }),
          };
          const real = scenarioShape.parse({ start: 'one', blocks: { one: block } }).blocks['one'];
          expect(waysOf(block as Block)).toEqual(real && kindOf(real).exits(real));
          for (const way of waysOf(block)) {
            expect(wayName(kind, way.name, tell)).toMatch(/\S/);
            expect(unsetName(kind, way, tell)).toMatch(/\S/);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  interface Property {
    minimum?: number;
    maximum?: number;
    type?: string;
    enum?: string[];
  }
  const schema = scenarioSchema('test') as {
    $defs: Record<string, { properties: Record<string, Property>; required: string[] }>;
  };

  test.each(kinds)('%s: its form has every field of the published schema, within its bounds', (kind) => {
    const { properties, required } = schema.$defs[kind] ?? { properties: {}, required: [] };
    const wanted = Object.keys(properties).filter((name) => name !== 'kind' && name !== 'next');
    expect(fieldsOf[kind].map(({ name }) => name).sort()).toEqual(wanted.sort());
    for (const field of fieldsOf[kind]) {
      const { minimum, maximum, type, enum: options } = properties[field.name] ?? {};
      if (field.type === 'number') {
        expect([field.min, field.max, field.whole === true], field.name).toEqual([
          minimum,
          maximum,
          type === 'integer',
        ]);
      }
      if (field.type === 'choice') expect([...field.options], field.name).toEqual(options);
      if (field.type === 'switch') expect(type, field.name).toBe('boolean');
      const mayBeAbsent = !required.includes(field.name) && !(field.name in newBlock(kind, {}));
      if (field.type === 'words' || field.type === 'number') {
        expect(field.optional === true, field.name).toBe(mayBeAbsent);
      }
      const label = [`field.${kind}.${field.name}`, `field.${field.name}`].find((key) => key in french);
      expect(label, field.name).toBeDefined();
      if (field.type === 'choice') {
        for (const option of field.options) {
          const key = [`field.${kind}.${field.name}.${option}`, `field.${field.name}.${option}`].find(
            (one) => one in french,
          );
          expect(key, option).toBeDefined();
        }
      }
    }
  });

  test('what is known of a call is the interpreter’s', () => {
    expect([...callFacts]).toEqual([...knownOfCalls]);
  });

  test('what is wrong is said with the names on the cards', () => {
    const graph: Graph = { start: 'menu', blocks: { menu: newBlock('menu', {}) } };
    const said = (sentence: string): string => plainly(graph, { blocks: ['menu'], sentence }, tell);
    expect(said('The way out "key_1" of "menu" leads nowhere yet.')).toBe(
      'The way out “Key 1” of “menu” leads nowhere yet.',
    );
    expect(said('La sortie « key_2 » de « menu » ne mène nulle part.')).toBe(
      'La sortie « Key 2 » de « menu » ne mène nulle part.',
    );
    expect(said('"menu" says something (say) that is not there in French.')).toBe(
      '“menu” says something (What the menu says) that is not there in French.',
    );
  });
});

describe('what is typed', () => {
  test.each([
    ['https://you.example/x', 'url', 'https://you.example/x'],
    [' answer ', 'variable', 'answer'],
    ['after-hours', 'box', 'after-hours'],
    ['sip:shop@pbx.example:5060', 'sip', 'sip:shop@pbx.example:5060'],
    [' {call.from} ', 'template', ' {call.from} '],
  ] as const)('%j is a %s', (written, is, value) => {
    expect(readText(written, is)).toEqual({ value });
  });
  test.each([
    ['you.example', 'url'],
    ['ftp://you.example', 'url'],
    ['https:', 'url'],
    ['2answers', 'variable'],
    ['Après', 'box'],
    ['sip:shop', 'sip'],
    ['sip:shop@pbx.example;maddr=evil', 'sip'],
    ['+33140506070', 'sip'],
    ['x'.repeat(1_001), 'template'],
  ] as const)('%j is no %s', (written, is) => {
    expect(readText(written, is)).toEqual({ wrong: is });
  });
  test('nothing is nothing, a number is one within its bounds', () => {
    expect(readText('  ', 'template')).toEqual({ wrong: 'empty' });
    const read = (text: string, whole = true) => readNumber(text, { min: 1, max: 60, whole });
    expect([read('5'), read('0'), read('61'), read('2,5'), read('2,5', false), read('x')]).toEqual([
      5,
      undefined,
      undefined,
      undefined,
      2.5,
      undefined,
    ]);
  });
  test('a name of a block is made of what people write', () => {
    expect(idOf('Menu du soir, été')).toBe('menu-du-soir-ete');
    expect(idOf('2e menu')).toBe('e-menu');
    expect(idOf('!')).toBe('');
  });
});

const say = (next: Block['next'] = {}): Block => ({ ...newBlock('say', {}), next });
const small: Graph = {
  start: 'a',
  blocks: {
    a: { ...newBlock('menu', {}), next: { key_1: 'b', key_2: 'c', otherwise: 'a' } },
    b: say({ then: 'c' }),
    c: newBlock('hang_up', {}),
  },
};

describe('a graph', () => {
  test('is added to, connected and cut, and the old one stays as it was', () => {
    const before = structuredClone(small);
    const more = connected(withBlock(small, 'd', say(), { x: 1.4, y: 2.6 }), 'b', 'then', 'd');
    expect(more.blocks['b']?.next).toEqual({ then: 'd' });
    expect(more.places).toEqual({ d: { x: 1, y: 3 } });
    expect(connected(more, 'b', 'then', undefined).blocks['b']?.next).toEqual({});
    expect(connected(more, arrival, 'then', 'b').start).toBe('b');
    expect(connected(more, arrival, 'then', undefined)).toBe(more);
    expect(withFields(more, 'd', { say: undefined }).blocks['d']).not.toHaveProperty('say');
    expect(waysTo(more, 'c')).toEqual([{ from: 'a', way: 'key_2' }]);
    expect(small).toEqual(before);
  });

  test('without a block nothing leads to it, and calls begin where it led', () => {
    const less = without(small, ['a']);
    expect([less.start, Object.keys(less.blocks)]).toEqual(['b', ['b', 'c']]);
    expect(without(small, ['c']).blocks['a']?.next).toEqual({ key_1: 'b', otherwise: 'a' });
    expect(withBlock(without(small, ['a', 'b', 'c']), 'new', say(), { x: 0, y: 0 }).start).toBe('new');
  });

  test('a block has another name wherever it is named, if that is one and free', () => {
    const next = renamed({ ...small, places: { a: { x: 0, y: 0 } } }, 'a', 'top');
    expect([next.start, next.blocks['top']?.next, next.places]).toEqual([
      'top',
      { key_1: 'b', key_2: 'c', otherwise: 'top' },
      { top: { x: 0, y: 0 } },
    ]);
    for (const wanted of ['b', 'B', '', '1a']) expect(renamed(small, 'a', wanted)).toBe(small);
    expect(freeId(small, 'a')).toBe('a-2');
  });

  test('what is doubled leads among itself', () => {
    const { graph, made } = duplicated(small, ['a', 'b']);
    expect(made).toEqual(['a-2', 'b-2']);
    expect(graph.blocks['a-2']?.next).toEqual({ key_1: 'b-2', otherwise: 'a-2' });
    expect(graph.blocks['b-2']?.next).toEqual({});
  });

  test('whatever is done to it, the API still takes it', () => {
    const kind = fc.constantFrom(...kinds);
    const act = fc.oneof(
      fc.record({ do: fc.constant('add' as const), kind }),
      fc.record({
        do: fc.constantFrom('remove' as const, 'double' as const, 'rename' as const),
        at: fc.nat(),
      }),
      fc.record({ do: fc.constant('connect' as const), at: fc.nat(), way: fc.nat(), to: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        let graph: Graph = small;
        for (const one of acts) {
          const ids = Object.keys(graph.blocks);
          const pick = (place: number): string => ids[place % Math.max(1, ids.length)] ?? 'a';
          if (one.do === 'add') {
            const id = freeId(graph, one.kind.replaceAll('_', '-'));
            graph = withBlock(graph, id, newBlock(one.kind, {}), placeBeside(graph, graph.start));
          } else if (one.do === 'connect') {
            const ways = waysOf(graph.blocks[pick(one.at)] ?? say());
            const way = ways[one.way % Math.max(1, ways.length)];
            if (way) graph = connected(graph, pick(one.at), way.name, pick(one.to));
          } else if (one.do === 'remove') graph = without(graph, [pick(one.at)]);
          else if (one.do === 'rename') graph = renamed(graph, pick(one.at), 'renamed');
          else ({ graph } = duplicated(graph, [pick(one.at)]));
        }
        expect(scenarioShape.safeParse(graph).error?.issues).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

describe('what was done', () => {
  test('is taken back and done again; a word typed letter by letter is one step', () => {
    let history = begun('');
    for (const text of ['B', 'Bo', 'Bon']) history = changedTo(history, text, 'a.say');
    history = changedTo(history, 'Bon!', 'b.say');
    expect(undone(history).now).toBe('Bon');
    expect(undone(undone(history)).now).toBe('');
    expect(undone(undone(undone(history))).now).toBe('');
    expect(redone(redone(undone(undone(history)))).now).toBe('Bon!');
    // What comes after a step back ends what could be done again.
    const other = changedTo(undone(history), 'other', 'a.say');
    expect([redone(other).now, undone(other).now]).toEqual(['other', 'Bon']);
    expect(changedTo(history, 'Bon!')).toBe(history);
  });
});

describe('where blocks stand', () => {
  const overlapping = (graph: Graph): string[] => {
    const boxes = Object.entries(graph.places ?? {});
    return boxes.flatMap(([id, at]) =>
      boxes.flatMap(([other, there]) =>
        id < other &&
        Math.abs(at.x - there.x) < card.width &&
        at.y < there.y + heightOf(graph, other) &&
        there.y < at.y + heightOf(graph, id)
          ? [`${id} ${other}`]
          : [],
      ),
    );
  };

  test.each(templateNames)('%s is laid out from left to right, and no card lies on another', (name) => {
    const graph = placed(scenarioOfTemplate(name, {}) as unknown as Graph);
    expect(overlapping(graph)).toEqual([]);
    expect(Object.keys(graph.places ?? {}).sort()).toEqual(Object.keys(graph.blocks).sort());
    const least = Math.min(...Object.values(graph.places ?? {}).map(({ x }) => x));
    expect(graph.places?.[graph.start]?.x).toBe(least);
    expect(firstView(graph, 900, 700).zoom).toBeGreaterThanOrEqual(0.6);
  });

  test('key 1 leads above key 2', () => {
    const two: Graph = {
      start: 'm',
      blocks: { z: say(), y: say(), m: { ...newBlock('menu', {}), next: { key_1: 'z', key_2: 'y' } } },
    };
    const places = laidOut(two);
    expect((places['z']?.y ?? 0) < (places['y']?.y ?? 0)).toBe(true);
  });

  test('a way back pushes nothing on, and what nothing leads to stands below what a call comes to', () => {
    const graph: Graph = {
      start: 'a',
      blocks: {
        alone: { ...say(), next: { then: 'other' } },
        other: say(),
        c: { ...say(), next: { then: 'a' } },
        b: { ...say(), next: { then: 'c' } },
        a: { ...newBlock('menu', {}), next: { key_1: 'c', key_2: 'b' } },
      },
    };
    const places = laidOut(graph);
    const column = (id: string): number => (places[id]?.x ?? 0) / ((places['b']?.x ?? 0) || 1);
    expect(['a', 'b', 'c', 'alone', 'other'].map(column)).toEqual([0, 1, 2, 0, 1]);
    const low = (id: string): number => (places[id]?.y ?? 0) + heightOf(graph, id);
    const lowest = Math.max(...['a', 'b', 'c'].map(low));
    for (const id of ['alone', 'other']) expect(places[id]?.y).toBeGreaterThan(lowest);
    expect(overlapping({ ...graph, places })).toEqual([]);
  });

  test('what has a place keeps it; what lacks one stands clear of the others', () => {
    const graph = placed(moved(withBlock(small, 'd', say(), { x: 500, y: 40 }), { a: { x: 10, y: 20 } }));
    expect([graph.places?.['a'], graph.places?.['d']]).toEqual([
      { x: 10, y: 20 },
      { x: 500, y: 40 },
    ]);
    expect(overlapping(graph)).toEqual([]);
    const beside = withBlock(graph, 'e', say(), placeBeside(graph, 'a'));
    expect(overlapping(beside)).toEqual([]);
    expect(placed(beside)).toBe(beside);
  });
});

describe('a trial', () => {
  const scenario = scenarioOfTemplate('information_menu', {});
  const caller: TriedCaller = {
    cli: { trust: 'network', number: '+33612345678' as E164 },
    ddi: '+33199000201' as E164,
    at: new Date('2026-11-22T10:00:00Z'),
    language: 'en',
    merchantName: 'Shop',
    timeZone: 'Europe/Paris',
    country: 'FR',
    keys: [],
    recognitions: [],
    rings: [],
    consultants: [],
    speaks: [],
    blacklisted: false,
    codes: [],
    pays: false,
    keysCard: false,
    cardWorks: [],
  };
  const tried = (answers: Answers): Trial =>
    tryScenario(scenario, {
      ...caller,
      keys: answers.keys,
      rings: answers.rings as never,
      speaks: answers.speaks,
      scripts: [],
    });

  test('goes as far as it was answered, and asks for what comes next', () => {
    const silent = played(tried(noAnswers), noAnswers);
    expect(silent.wants).toEqual({ list: 'keys', block: 'language' });
    expect(silent.steps.map(({ block, exit }) => `${block} ${String(exit)}`)).toEqual(['language undefined']);

    const answers: Answers = { ...noAnswers, keys: ['2', '9'] };
    const asked = played(tried(answers), answers);
    expect(asked.wants).toEqual({ list: 'keys', block: 'top' });
    // Asked twice, he has heard it twice, and once that there is no such choice.
    const [first, second] = asked.steps.at(-1)?.did.filter(({ what }) => what === 'ask') ?? [];
    expect(first?.heard?.join(' ')).toMatch(/^Shop\. For our hours/);
    expect(second?.heard?.join(' ')).toMatch(/^There is no such choice\. Shop\. For our hours/);
    expect(second).not.toHaveProperty('came');
    expect(litBy(asked.steps)).toEqual({
      blocks: new Set(['language', 'top']),
      ways: new Set(['language then']),
      at: 'top',
    });
  });

  test('is over when everything was answered, or when the rest is played in silence', () => {
    const answers: Answers = { ...noAnswers, keys: ['2', '3'], rings: ['talked'] };
    const over = played(tried(answers), answers);
    expect([over.wants, over.steps.map(({ block }) => block)]).toEqual([
      undefined,
      ['language', 'top', 'person', 'goodbye'],
    ]);
    expect(played(tried(noAnswers), noAnswers, true).wants).toBeUndefined();
    const rings = { ...answers, rings: [] };
    expect(played(tried(rings), rings).wants).toEqual({ list: 'rings', block: 'person' });
  });
});

test('a number that is to lead elsewhere keeps everything else', () => {
  const read: Ddi = {
    id: 'ddi_1',
    number: '+33199000201',
    kind: 'line',
    line: 'demo',
    scenario: null,
    active: true,
    recognizedBy: 'server',
    server: null,
    ownServer: { protocol: 'soap', url: 'https://shop.example/soap', timeoutMs: 3_000 },
    clientCode: { maxDigits: 6, terminator: 'none', tries: 2, waitMs: 5_000, betweenMs: 3_000 },
    pin: { maxDigits: 4, terminator: '#', tries: 1, waitMs: 5_000, betweenMs: 3_000 },
    withheld: 'refuse',
    fallback: { do: 'trial', talkLimitSeconds: 60 },
    talkLimitMaxSeconds: 1_200,
    callsAtOnce: 2,
    refused: { text: { fr: 'Non.' }, ring: { line: 'demo', talkLimitSeconds: 30 } },
    ringBack: 'tone',
  };
  const { kind: _kind, ...settings } = ddiShape.parse(
    ddiBody(read, { kind: 'scenario', line: 'demo', scenario: 'shop', active: true, recognizedBy: 'server' }),
  );
  const { id: _id, number: _number, kind: _line, server: _asked, scenario: _none, ...kept } = read;
  expect(settings).toEqual({ ...kept, scenario: 'shop' });
  const service = ddiBody(read, {
    kind: 'service',
    line: 'demo',
    scenario: null,
    active: true,
    recognizedBy: 'server',
  });
  expect(ddiShape.parse(service)).not.toHaveProperty('line');
});
