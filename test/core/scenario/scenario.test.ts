// Scenarios: what each block does with a caller, that any graph ends, and what the check of a graph finds.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164, LegUuid } from '../../../src/core/ids.ts';
import { advanceRun, newRun, resumeRun, runBounds } from '../../../src/core/scenario/advance-run.ts';
import {
  type BlockKindName,
  blockKinds,
  kindOf,
  type Scenario,
  scenarioShape,
} from '../../../src/core/scenario/blocks.ts';
import { faultsOf, isWarning, type Surroundings } from '../../../src/core/scenario/check-scenario.ts';
import { ringEnds, type RunEvent, type ScenarioRun } from '../../../src/core/scenario/run.ts';
import { readScriptAnswer } from '../../../src/core/scenario/script-answer.ts';
import type { ScriptProgram } from '../../../src/core/scenario/script-program.ts';
import { cardWorks, type Trial, tryScenario } from '../../../src/core/scenario/try-scenario.ts';

const text = (said: string) => [{ text: { fr: said, en: said } }];
const scenario = (blocks: Record<string, unknown>, start = 'a'): Scenario =>
  scenarioShape.parse({ start, blocks });
const bye = { kind: 'hang_up' };

type Tried = Parameters<typeof tryScenario>[1];
const caller: Tried = {
  cli: { trust: 'network', number: '+33612345678' as E164 },
  ddi: '+33199000100' as E164,
  // A Monday, 10 in the morning in Paris.
  at: new Date('2026-11-23T09:00:00Z'),
  language: 'fr',
  merchantName: 'Voyance Clara',
  timeZone: 'Europe/Paris',
  country: 'FR',
  keys: [],
  recognitions: [],
  rings: [],
  scripts: [],
  consultants: [],
  speaks: [],
  blacklisted: false,
  codes: [],
  pays: false,
  keysCard: false,
  cardWorks: [],
};
const { merchantName, timeZone, country, cli, ddi } = caller;
const plan = { merchantName, timeZone, country, cli, ddi };
const tried = (graph: Scenario, own: Partial<Tried> = {}): Trial => tryScenario(graph, { ...caller, ...own });
/** `a:yes b c:then`: the blocks passed, each with the way out it took. */
const way = (trial: Trial): string =>
  trial.steps.map(({ block, exit }) => (exit === undefined ? block : `${block}:${exit}`)).join(' ');
const heard = (trial: Trial): string[] => trial.steps.flatMap((step) => step.heard);
const did = (trial: Trial): string[] => trial.steps.flatMap((step) => step.did.map(({ what }) => what));

const mailbox = scenario({
  a: {
    kind: 'voicemail',
    box: 'shop',
    say: text('Parlez.'),
    empty: text('Rien.'),
    kept: text('Merci.'),
    next: { then: 'b' },
  },
  b: bye,
});

describe('what blocks do', () => {
  test('saying: values in their own manner, in the caller’s language', () => {
    const graph = scenario({
      a: { kind: 'set', variable: 'name', value: 'Ana {call.from}', next: { then: 'b' } },
      b: {
        kind: 'say',
        say: [
          ...text('Bonjour {name}.'),
          { sound: 'jingle' },
          { amount: '12.50', currency: 'EUR' },
          { date: '2026-12-01' },
          { time: '2026-11-23T13:30:00Z' },
          { digits: '0147' },
          { duration: '90' },
        ],
        next: { then: 'c' },
      },
      c: bye,
    });
    expect(heard(tried(graph))).toEqual([
      'Bonjour Ana +33612345678.',
      '[jingle]',
      '12 euros 50 premier décembre 2026 14 heures 30 0 1 4 7 1 minute et 30 secondes',
    ]);
  });

  test('braces in a value are said, not filled again', () => {
    const graph = scenario({
      a: { kind: 'set', variable: 'x', value: '{call.keyed}{y}', next: { then: 'b' } },
      b: { kind: 'set', variable: 'y', value: 'deep', next: { then: 'c' } },
      c: { kind: 'set', variable: 'z', value: '{x}', next: { then: 'd' } },
      d: { kind: 'say', say: text('<{z}> {{y}}'), next: {} },
    });
    expect(heard(tried(graph))[0]).toBe('{deep}');
  });

  const menu = scenario({
    a: {
      kind: 'menu',
      say: text('1 ou 2.'),
      keys: ['1', '*', '#'],
      tries: 2,
      wrong: text('Non.'),
      none: text('Rien.'),
      next: { key_1: 'one', key_star: 'star', key_hash: 'hash', otherwise: 'other', none: 'nothing' },
    },
    one: bye,
    star: bye,
    hash: bye,
    other: bye,
    nothing: bye,
  });
  test.each([
    ['a key', ['1'], 'a:key_1 one', ['1 ou 2.']],
    ['star', ['*'], 'a:key_star star', ['1 ou 2.']],
    ['hash', ['#'], 'a:key_hash hash', ['1 ou 2.']],
    ['a wrong key, then a right one', ['7', '1'], 'a:key_1 one', ['1 ou 2.', 'Non.', '1 ou 2.']],
    ['two wrong keys', ['7', '8'], 'a:otherwise other', ['1 ou 2.', 'Non.', '1 ou 2.']],
    ['silence', [], 'a:none nothing', ['1 ou 2.', 'Rien.', '1 ou 2.']],
  ])('a menu: %s', (_, keys, expected, sounds) => {
    const trial = tried(menu, { keys });
    expect(way(trial)).toBe(expected);
    expect(heard(trial)).toEqual(sounds);
  });

  test('a number is collected; too short or begun anew counts as a miss; in secret it is in nothing that is kept', () => {
    const collect = (more: object) =>
      scenario({
        a: {
          kind: 'collect',
          say: text('Code ?'),
          variable: 'pin',
          minDigits: 4,
          next: { then: 'b', none: 'c' },
          ...more,
        },
        b: { kind: 'say', say: text('{pin}.'), next: { then: 'c' } },
        c: bye,
      });
    expect(tried(collect({}), { keys: ['12#', '*', '1234#'] }).variables).toEqual({ pin: '1234' });
    expect(way(tried(collect({}), { keys: ['1#', '*', '2#'] }))).toBe('a:none c');
    const secret = tried(collect({ secret: true }), { keys: ['1234#'] });
    expect(secret.variables).toEqual({});
    expect(heard(secret)).toEqual(['Code ?', '.']);
  });

  test.each([
    [{ value: '{call.from}', startsWith: '+336' }, 'yes'],
    [{ value: '{call.to}', oneOf: ['+33199000101', '+33199000100'] }, 'yes'],
    [{ value: ' Oui', equals: 'oui' }, 'yes'],
    [{ value: '{nothing}', isEmpty: true }, 'yes'],
    [{ value: '10.5', moreThan: '9' }, 'yes'],
    [{ value: 'ten', moreThan: '9' }, 'no'],
    [{ value: '8', lessThan: '9' }, 'yes'],
    [{ value: 'abc', contains: 'b' }, 'yes'],
    [{ weekday: [1] }, 'yes'],
    [{ weekday: [2, 3] }, 'no'],
    [{ from: '09:00', to: '12:00' }, 'yes'],
    [{ from: '22:00', to: '06:00' }, 'no'],
    [{ date: ['11-23'] }, 'yes'],
    [{ date: ['2026-12-25'] }, 'no'],
  ])('a condition: %j is %s', (asked, expected) => {
    const graph = scenario({ a: { kind: 'condition', test: asked, next: { yes: 'b', no: 'b' } }, b: bye });
    expect(way(tried(graph))).toBe(`a:${expected} b`);
  });

  test('hours by the merchant’s clock', () => {
    const graph = scenario({
      a: {
        kind: 'schedule',
        weekly: [{ days: [1], from: '09:00', to: '18:00' }],
        daysOff: ['12-25'],
        next: { open: 'b', closed: 'c' },
      },
      b: bye,
      c: bye,
    });
    expect(way(tried(graph))).toBe('a:open b');
    expect(way(tried(graph, { at: new Date('2026-11-23T17:00:00Z') }))).toBe('a:closed c');
  });

  test('a language is offered in its own, and what follows is said in it', () => {
    const graph = scenario({
      a: { kind: 'language', next: { then: 'b' } },
      b: { kind: 'say', say: [{ text: { fr: 'Bonjour', en: 'Hello' } }], next: { then: 'c' } },
      c: bye,
    });
    expect(heard(tried(graph, { keys: ['2'] })).at(-1)).toBe('Hello');
    expect(heard(tried(graph, { keys: ['7'] })).at(-1)).toBe('Bonjour');
    expect(heard(tried(graph))[1]).toBe('For English, press 2.');
  });

  const free = ['con_a', 'con_b', 'con_c'].map((id) => ({ id, name: id, reachable: true }));
  const choosing = scenario({
    a: {
      kind: 'choose_consultant',
      of: { group: 'grp_1' },
      atOnce: 2,
      next: { chosen: 'b', nobody: 'c', none: 'c' },
    },
    b: { kind: 'ring', to: 'chosen', next: { talked: 'c', unavailable: 'c' } },
    c: bye,
  });
  test.each([
    ['during the first', ['1'], ['[con_a]'], 'a:chosen b:no_answer c'],
    [
      'during the second, the first passed over',
      ['*', '5'],
      ['[con_a]', '[con_b]'],
      'a:chosen b:no_answer c',
    ],
    [
      'more by key, then the third',
      ['', '', '1', '1'],
      ['[con_a]', '[con_b]', 'Pour écouter les autres, appuyez sur une touche.', '[con_c]'],
      'a:chosen b:no_answer c',
    ],
    ['nobody', [], ['[con_a]', '[con_b]', 'Pour écouter les autres, appuyez sur une touche.'], 'a:none c'],
  ])('choosing a consultant: %s', (_, keys, sounds, expected) => {
    const trial = tried(choosing, { keys, consultants: free });
    expect(trial.steps[0]?.heard).toEqual(sounds);
    expect(way(trial)).toBe(expected);
  });
  test('choosing a consultant: only those who are free speak; with none, its own way', () => {
    const away = free.map((one) => ({ ...one, reachable: false }));
    expect(way(tried(choosing, { consultants: away }))).toBe('a:nobody c');
    const trial = tried(choosing, { consultants: [away[0]!, free[1]!], keys: ['1'], rings: ['talked'] });
    expect(trial.steps[0]?.heard).toEqual(['[con_b]']);
    expect(way(trial)).toBe('a:chosen b:talked c');
  });

  const rung = scenario({
    a: {
      kind: 'ring',
      to: { line: 'tarot' },
      busy: text('Occupé.'),
      unavailable: text('Personne.'),
      next: { talked: 'b', busy: 'c', unavailable: 'd' },
    },
    b: bye,
    c: bye,
    d: bye,
  });
  test.each([
    ['talked', 'a:talked b', []],
    ['limit_reached', 'a:limit_reached b', []],
    ['busy', 'a:busy c', ['Occupé.']],
    ['no_answer', 'a:no_answer d', ['Personne.']],
    ['refused', 'a:refused d', ['Personne.']],
    ['unavailable', 'a:unavailable d', ['Personne.']],
  ] as const)('ringing that ends %s has its way and its words', (end, expected, sounds) => {
    const trial = tried(rung, { rings: [end] });
    expect(way(trial)).toBe(expected);
    expect(heard(trial)).toEqual(sounds);
  });

  test('an extension: unknown is said and asked again, known is rung', () => {
    const graph = scenario({
      a: {
        kind: 'extension',
        say: text('Poste ?'),
        unknown: text('Inconnu.'),
        tries: 2,
        next: { talked: 'b', unknown: 'c', unavailable: 'c' },
      },
      b: bye,
      c: bye,
    });
    expect(heard(tried(graph, { keys: ['12#', '13#'] }))).toEqual(['Poste ?', 'Inconnu.', 'Poste ?']);
    expect(way(tried(graph, { keys: ['12#'], consultants: free, rings: ['talked'] }))).toBe('a:talked b');
  });

  test('forwarding reads a number as people write it, and rings nothing that is none', () => {
    const graph = (number: string) =>
      scenario({ a: { kind: 'forward', number, next: { talked: 'b', unavailable: 'b' } }, b: bye });
    expect(did(tried(graph('06 12 34 56 78')))).toContain('ring');
    expect(did(tried(graph('{nothing} 12')))).not.toContain('ring');
  });

  test('a message: silence is asked again once, what was said is kept and confirmed', () => {
    expect(heard(tried(mailbox, { speaks: [0, 12] }))).toEqual(['Parlez.', 'Rien.', 'Parlez.', 'Merci.']);
    expect(way(tried(mailbox))).toBe('a:empty b');
  });

  test('recognizing: by number, else by code, with a PIN where the server wants it', () => {
    const graph = scenario({
      a: { kind: 'recognize', next: { known: 'b', unknown: 'c', refused: 'c', away: 'c' } },
      b: { kind: 'ring', to: 'chosen', next: { talked: 'c', unavailable: 'c' } },
      c: bye,
    });
    const known = { outcome: 'recognized', clientCode: '4711', consultants: ['con_a'] } as const;
    const no = { outcome: 'refused', reason: 'unknown' } as const;
    const pin = { outcome: 'proof_wanted', proof: 'pin', clientCode: '4711' } as const;
    expect(way(tried(graph, { recognitions: [known] }))).toBe('a:known b:no_answer c');
    expect(way(tried(graph, { recognitions: [no, known], keys: ['4711#'] }))).toBe('a:known b:no_answer c');
    expect(way(tried(graph, { recognitions: [pin, known], keys: ['99#'] }))).toBe('a:known b:no_answer c');
    expect(way(tried(graph, { recognitions: [no, no, no, no], keys: ['12#', '13#', '14#'] }))).toBe(
      'a:unknown c',
    );
    expect(way(tried(graph, { recognitions: [{ outcome: 'refused', reason: 'blocked' }] }))).toBe(
      'a:refused c',
    );
    expect(way(tried(graph))).toBe('a:away c');
    const withheld = tried(graph, { cli: { trust: 'withheld' }, recognitions: [known], keys: ['4711#'] });
    expect(withheld.steps[0]?.did.map(({ what }) => what)).toEqual(['answer', 'ask', 'recognize']);
  });

  test('codes, payment links and the blacklist have their ways', () => {
    const graph = scenario({
      a: { kind: 'blacklist', next: { listed: 'z', then: 'b' } },
      b: { kind: 'payment_link', line: 'tarot', next: { paid: 'c', not_paid: 'z' } },
      c: { kind: 'give_access_code', resource: 'club', next: { then: 'd' } },
      d: { kind: 'ask_access_code', resource: 'club', say: text('Code ?'), next: { right: 'e', wrong: 'z' } },
      e: bye,
      z: { kind: 'hang_up', cause: 'busy' },
    });
    expect(way(tried(graph, { blacklisted: true }))).toBe('a:listed z');
    // Refused before it was answered: it costs nobody.
    expect(did(tried(graph, { blacklisted: true }))).toEqual(['readBlacklist', 'hangUp']);
    expect(way(tried(graph))).toBe('a:then b:not_paid z');
    const paid = tried(graph, { pays: true, keys: ['', '1#', '123456#'], codes: [false, true] });
    expect(way(paid)).toBe('a:then b:paid c:then d:right e');
    expect(heard(paid)).toContain('Votre code est : 1 2 3 4 5 6.');
  });

  test('who is not wanted hears the standard words, the merchant’s own, or goes a way of his', () => {
    const graph = (own: object, next: object = {}): Scenario =>
      scenario({ a: { kind: 'blacklist', ...own, next: { then: 'b', ...next } }, b: bye, z: bye });
    const listed = (of: Scenario): Trial => tried(of, { blacklisted: true });
    expect(listed(graph({})).outcome).toBe('refused');
    expect(heard(listed(graph({}))).join()).toContain('Votre appel ne peut pas être pris');
    expect(heard(listed(graph({ say: text('Non.') })))).toEqual(['Non.']);
    const led = listed(graph({ say: text('Non.') }, { listed: 'z' }));
    expect([way(led), heard(led)[0]]).toEqual(['a:listed z', 'Non.']);
  });

  test('into another scenario, and on by its graph', () => {
    const other = scenario({ x: { kind: 'say', say: text('Ailleurs.'), next: { then: 'y' } }, y: bye }, 'x');
    const graph = scenario({ a: { kind: 'go_to', scenario: 'other', next: {} } });
    expect(way(tryScenario(graph, caller, () => other))).toBe('a x:then y');
    expect(heard(tried(graph)).at(-1)).toContain('un problème technique');
  });
});

function asked(body: string): ScriptProgram {
  const read = readScriptAnswer({ body, url: 'https://example.com/ivr' });
  if (read.outcome !== 'answer') throw new Error(read.because);
  return read.program;
}

describe('a script on the merchant’s server', () => {
  const graph = scenario({
    a: {
      kind: 'get_url',
      url: 'https://example.com/ivr',
      exits: ['member'],
      next: { member: 'b', then: 'c', failed: 'd' },
    },
    b: { kind: 'say', say: text('{balance} points.'), next: { then: 'c' } },
    c: bye,
    d: bye,
  });
  const answers = (...bodies: string[]): Partial<Tried> => ({ scripts: bodies.map(asked) });

  test.each([
    ['names an exit and sets a variable', answers('set.balance=12\nnext=member'), 'a:member b:then c'],
    ['names an exit the block has not', answers('next=nowhere'), 'a:then c'],
    ['answers without more', answers('say=Bonjour'), 'a:then c'],
    ['is away', {}, 'a:failed d'],
    [
      'goes round in circles',
      answers(...Array.from({ length: 101 }, () => '<Response><Redirect>/x</Redirect></Response>')),
      'a:failed d',
    ],
    ['hangs up', answers('hangup=busy'), 'a'],
  ])('that %s', (_, own, expected) => {
    expect(way(tried(graph, own))).toBe(expected);
  });

  test('an existing voice script: says, gathers, is asked with the digits, dials, is asked how that ended', () => {
    const trial = tried(graph, {
      ...answers(
        '<Response><Say>Bonjour</Say><Pause/><Play>https://example.com/a.mp3</Play><Gather numDigits="4" action="/code"><Say>Code</Say></Gather></Response>',
        '<Response><Dial action="/done" timeout="20">+33612345678</Dial></Response>',
        '<Response><Say>Merci</Say><Hangup/></Response>',
      ),
      keys: ['1234'],
      rings: ['talked'],
    });
    expect(trial.steps[0]?.did).toEqual([
      { what: 'askScript', came: 'scriptAnswered' },
      { what: 'answer' },
      { what: 'play', heard: ['Bonjour', '[1 s]', '[https://example.com/a.mp3]'], came: 'played' },
      { what: 'ask', heard: ['Code'], came: '1234' },
      { what: 'askScript', came: 'scriptAnswered' },
      { what: 'ring', came: 'talked' },
      { what: 'askScript', came: 'scriptAnswered' },
      { what: 'play', heard: ['Merci'], came: 'played' },
      { what: 'hangUp' },
    ]);
    expect(heard(trial)).toEqual(['Bonjour', '[1 s]', '[https://example.com/a.mp3]', 'Code', 'Merci']);
  });

  test('nothing keyed goes on behind the question, as TwiML has it', () => {
    const trial = tried(graph, answers('<Response><Gather action="/code"/><Say>Rien</Say></Response>'));
    expect(heard(trial)).toEqual(['Rien']);
  });
});

describe('whoever takes a call over', () => {
  const run = (graph: Scenario): ScenarioRun =>
    newRun(
      {
        id: 'scr_1',
        leg: '1b368e39-2ae1-4ce4-8fd5-000000000001' as LegUuid,
        plan,
        scenario: { scenarioId: 'scn_1', version: 1 },
        language: 'fr',
        startedAt: caller.at.toISOString(),
      },
      graph,
    );
  const after = (graph: Scenario, ...events: RunEvent[]): ScenarioRun =>
    events.reduce((so, event) => advanceRun(graph, so, event, caller.at).run, run(graph));

  test('does again what was to be done, by the same turn', () => {
    const graph = scenario({ a: { kind: 'ring', to: { line: 'tarot' }, next: {} } });
    const rings = after(graph, { type: 'callArrived' });
    const resumed = resumeRun(graph, rings, caller.at);
    expect(resumed.run).toBe(rings);
    expect(resumed.commands).toEqual(rings.pending);
  });

  test('a PIN and a code are in nothing that is kept, and are asked for again', () => {
    const graph = scenario({ a: { kind: 'recognize', next: { known: 'b', unknown: 'b' } }, b: bye });
    const asks = after(
      graph,
      { type: 'callArrived' },
      { type: 'recognized', recognition: { outcome: 'proof_wanted', proof: 'pin', clientCode: '4711' } },
      { type: 'keyed', digits: '8642', ended: 'terminator' },
    );
    expect(JSON.stringify(asks)).not.toContain('8642');
    expect(resumeRun(graph, asks, caller.at).commands).toMatchObject([{ do: 'ask', secret: true }]);
    const gives = scenario({ a: { kind: 'give_access_code', resource: 'club', next: {} } });
    const told = after(gives, { type: 'callArrived' }, { type: 'accessCodeIssued', code: '483920' });
    expect(JSON.stringify(told)).not.toContain('483920');
    expect(resumeRun(gives, told, caller.at).commands).toEqual([{ do: 'issueAccessCode', resource: 'club' }]);
  });

  test('silence, however long, is no message: he is asked again, and then it is empty', () => {
    let run = after(mailbox, { type: 'callArrived' });
    for (const asked of [['Rien.', 'Parlez.'], undefined]) {
      run = advanceRun(mailbox, run, { type: 'recorded', seconds: 4 }, caller.at).run;
      const step = advanceRun(mailbox, run, { type: 'failed', because: 'too_short' }, caller.at);
      run = step.run;
      if (asked)
        expect(step.commands).toMatchObject([
          { do: 'record', said: asked.map((words) => ({ text: words })) },
        ]);
    }
    expect(run).toMatchObject({ state: 'over', outcome: 'completed' });
  });

  test('who hangs up having spoken has left his message; it is kept before the call is over', () => {
    const graph = scenario({ a: { kind: 'voicemail', box: 'shop', say: text('Parlez.'), next: {} } });
    const left = advanceRun(
      graph,
      after(graph, { type: 'callArrived' }),
      { type: 'legEnded', recordedSeconds: 9 },
      caller.at,
    );
    expect(left.run.state).toBe('leaving');
    expect(left.commands).toEqual([{ do: 'keepMessage', box: 'shop' }]);
    expect(resumeRun(graph, left.run, caller.at).commands).toEqual(left.commands);
    const over = advanceRun(graph, left.run, { type: 'kept' }, caller.at);
    expect(over.run).toMatchObject({ state: 'over', outcome: 'caller_left' });
    expect(over.commands).toEqual([]);
  });
});

// --- Any graph ---------------------------------------------------------------------------------------------------

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Each kind as plainly as may be; those that take different ways by their fields also otherwise. */
const own: Record<BlockKindName, object> = {
  say: { say: text('x {v}') },
  menu: { say: text('x'), keys: ['1', '2'], tries: 2 },
  collect: { say: text('x'), variable: 'v', tries: 2 },
  recognize: {},
  get_url: { url: 'https://example.com/ivr', exits: ['on'] },
  set: { variable: 'v', value: '{v}x{call.keyed}' },
  condition: { test: { value: '{v}', equals: 'x' } },
  schedule: { weekly: [] },
  language: {},
  choose_consultant: { of: { line: 'tarot' }, atOnce: 1 },
  ring: { to: 'chosen', busy: text('x') },
  extension: { say: text('x') },
  forward: { number: '{v}' },
  voicemail: { box: 'shop', say: text('x') },
  give_access_code: { resource: 'club' },
  ask_access_code: { resource: 'club', say: text('x') },
  payment_link: { line: 'tarot' },
  card_payment: { line: 'tarot' },
  blacklist: {},
  go_to: { scenario: 'other' },
  hang_up: {},
};
const otherwise: Partial<Record<BlockKindName, object[]>> = {
  menu: [{ say: text('x'), keys: ['*', '#'], wrong: text('y'), none: text('z') }],
  collect: [{ say: text('x'), variable: 'v', secret: true, again: text('y') }],
  recognize: [{ by: 'number' }],
  get_url: [{ url: 'https://example.com/ivr', dialect: 'twiml', send: ['v'] }],
  choose_consultant: [
    { of: { consultants: ['con_a', 'con_b'] }, more: text('x') },
    { of: { group: 'grp_a' } },
  ],
  ring: [
    { to: { consultants: ['con_a'] }, whisper: text('x'), noAnswer: text('x'), refused: text('x') },
    { to: { group: 'grp_a' }, talkSeconds: 60, unavailable: text('x') },
    { to: { line: 'tarot' } },
    { to: { sip: 'sip:anna@here.example' }, acceptKey: true, unavailable: text('x') },
  ],
  extension: [{ say: text('x'), tries: 1 }],
  forward: [{ number: '+33612345678', acceptKey: true, busy: text('x') }],
  voicemail: [{ box: 'shop', say: text('x'), empty: text('y'), kept: text('z') }],
  give_access_code: [{ resource: 'club', say: text('x'), then: text('y'), times: 5 }],
  ask_access_code: [{ resource: 'club', say: text('x'), wrong: text('y'), tries: 1 }],
  payment_link: [
    { line: 'tarot', say: text('x') },
    { line: 'tarot', by: 'email', to: '{v}' },
  ],
  card_payment: [
    { line: 'tarot', say: text('x'), tries: 1, declined: text('y') },
    { line: 'tarot', seconds: 600, offerToKeep: true },
  ],
  blacklist: [{ say: text('x') }],
  hang_up: [{ cause: 'busy' }, { say: text('x'), cause: 'rejected' }],
};
const anyBlock = fc
  .tuple(
    fc
      .constantFrom(...(Object.keys(blockKinds) as BlockKindName[]))
      .chain((kind) =>
        fc.constantFrom(own[kind], ...(otherwise[kind] ?? [])).map((fields) => ({ kind, ...fields })),
      ),
    fc.array(fc.option(fc.constantFrom(...ids))),
  )
  .map(([fields, targets]) => {
    const block = scenarioShape.shape.blocks.parse({ x: fields })['x']!;
    const next: Record<string, string> = {};
    kindOf(block)
      .exits(block)
      .forEach(({ name }, place) => {
        const to = targets[place];
        if (to) next[name] = to;
      });
    return { ...block, next };
  });
const anyScenario: fc.Arbitrary<Scenario> = fc
  .tuple(fc.constantFrom(...ids), fc.array(anyBlock, { minLength: 6, maxLength: 6 }))
  .map(([start, blocks]) => ({
    start,
    blocks: Object.fromEntries(blocks.map((one, place) => [ids[place]!, one])),
  }));
const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.constantFrom<RunEvent>(
    { type: 'callArrived' },
    { type: 'played' },
    { type: 'nothingKeyed' },
    { type: 'keyed', digits: '', ended: 'restart' },
    { type: 'recognized', recognition: { outcome: 'refused', reason: 'unknown' } },
    { type: 'recognized', recognition: { outcome: 'proof_wanted', proof: 'pin', clientCode: '1' } },
    { type: 'recognized', recognition: { outcome: 'recognized', clientCode: '1', consultants: ['con_a'] } },
    { type: 'rang', end: 'talked', talkedSeconds: 9 },
    { type: 'rang', end: 'busy', talkedSeconds: 0 },
    { type: 'consultantsFound', consultants: [{ id: 'con_a', name: 'A', reachable: true }] },
    { type: 'extensionFound' },
    { type: 'blacklistRead', listed: false },
    { type: 'blacklistRead', listed: true },
    {
      type: 'scriptAnswered',
      program: asked(
        '<Response><Gather><Say>Code</Say></Gather><Dial>+33612345678</Dial><Redirect>b</Redirect></Response>',
      ),
    },
    { type: 'scriptAnswered', program: asked('{"say":"x","next":"on"}') },
    { type: 'recorded', seconds: 3 },
    { type: 'kept' },
    { type: 'accessCodeChecked', fits: false },
    { type: 'accessCodeIssued', code: '1234' },
    { type: 'linkSent', orderId: 'ord_1' },
    { type: 'paid', paid: true },
    { type: 'cardOrdered', orderId: 'ord_1', callSessionId: 'cs_1', mayUseKept: true },
    { type: 'cardOrdered', orderId: 'ord_2', callSessionId: 'cs_2' },
    {
      type: 'cardTaken',
      card: { paymentMethod: 'pm_1', brand: 'visa', last4: '4242', expiry: '12/30' },
    },
    { type: 'cardNotTaken', because: 'away' },
    { type: 'cardNotTaken', because: 'gave_up' },
    { type: 'cardPaid' },
    { type: 'cardDeclined', because: 'declined' },
    { type: 'cardDeclined', because: 'not_kept' },
    { type: 'failed', because: 'x' },
    { type: 'legEnded', recordedSeconds: 2 },
  ),
  fc.string({ maxLength: 8 }).map((digits): RunEvent => ({ type: 'keyed', digits, ended: 'full' })),
);

const anyCaller = fc.record({
  cli: fc.constantFrom(caller.cli, { trust: 'withheld' } as const),
  keys: fc.array(fc.constantFrom('', '1', '2', '*', '#', '12#')),
  rings: fc.array(fc.constantFrom(...ringEnds)),
  pays: fc.boolean(),
  keysCard: fc.boolean(),
  cardWorks: fc.array(fc.constantFrom(...cardWorks), { maxLength: 4 }),
  blacklisted: fc.boolean(),
  codes: fc.array(fc.boolean(), { maxLength: 4 }),
  speaks: fc.array(fc.constantFrom(0, 3, 200), { maxLength: 4 }),
  recognitions: fc.array(
    fc.constantFrom<Tried['recognitions'][number]>(
      'away',
      { outcome: 'refused', reason: 'unknown' },
      { outcome: 'proof_wanted', proof: 'pin', clientCode: '1' },
      { outcome: 'recognized', clientCode: '1', talkLimitSeconds: 60, consultants: ['con_a'] },
    ),
    { maxLength: 4 },
  ),
  scripts: fc.array(
    fc.constantFrom<Tried['scripts'][number]>(
      'away',
      asked('{"say":"x","collect":4}'),
      asked('{"set":{"v":"1"},"dial":"sip:anna@here.example","next":"on"}'),
      asked(
        '<Response><Gather><Say>Code</Say></Gather><Dial>+33612345678</Dial><Redirect>b</Redirect></Response>',
      ),
      asked('<Response><Reject/></Response>'),
    ),
    { maxLength: 6 },
  ),
});

describe('any graph', () => {
  test('with any caller ends, and the last thing is a leg that is hung up or has hung up', () => {
    fc.assert(
      fc.property(anyScenario, anyCaller, (graph, any) => {
        const trial = tryScenario(graph, {
          ...caller,
          ...any,
          consultants: [{ id: 'con_a', name: 'A', reachable: true }],
        });
        expect(trial.outcome).not.toBe('still_waiting');
        expect(did(trial).at(-1)).toBe('hangUp');
        expect(trial.steps.length).toBeLessThanOrEqual(runBounds.entered);
      }),
      { numRuns: 1_000 },
    );
  });

  test('takes any events in any order: never throws, never waits for nothing, and resumes to the same', () => {
    fc.assert(
      fc.property(anyScenario, fc.array(anyEvent, { maxLength: 30 }), (graph, events) => {
        let run = newRun(
          {
            id: 'scr_1',
            leg: '1b368e39-2ae1-4ce4-8fd5-000000000001' as LegUuid,
            plan,
            scenario: { scenarioId: 'scn_1', version: 1 },
            language: 'fr',
            startedAt: caller.at.toISOString(),
          },
          graph,
        );
        run = advanceRun(graph, run, { type: 'callArrived' }, caller.at, graph).run;
        for (const event of events) {
          const kept = JSON.parse(JSON.stringify(run)) as ScenarioRun;
          const step = advanceRun(graph, kept, event, caller.at, graph);
          expect(step).toEqual(advanceRun(graph, run, event, caller.at, graph));
          run = step.run;
          if (run.state !== 'over')
            expect(resumeRun(graph, run, caller.at).commands.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});

// --- The check -----------------------------------------------------------------------------------------------------

const around: Surroundings = {
  has: ({ name }) => name !== 'gone',
  keyedCode: (resource) => (resource === 'lettered' ? undefined : 12),
  mayForwardTo: (number) => number === '+33612345678',
  mayRingSip: (address) => address === 'sip:anna@here.example',
  country: 'FR',
  languages: ['fr', 'en'],
};
const faults = (graph: Scenario) => faultsOf(graph, around);

describe('the check of a graph', () => {
  test('finds nothing where nothing is wrong', () => {
    expect(
      faults(scenario({ a: { kind: 'forward', number: '0612345678', next: { talked: 'b' } }, b: bye })),
    ).toEqual([]);
  });
  test.each([
    ['a start that is not there', { b: bye }, { fault: 'no_start', start: 'a' }],
    [
      'a way that leads nowhere',
      { a: { kind: 'say', say: text('x'), next: { then: 'z' } } },
      { fault: 'leads_nowhere', block: 'a', exit: 'then', to: 'z' },
    ],
    [
      'a way out the block has not',
      { a: { kind: 'say', say: text('x'), next: { thn: 'a' } } },
      { fault: 'no_such_exit', block: 'a', exit: 'thn' },
    ],
    [
      'a key nothing is connected to',
      { a: { kind: 'menu', say: text('x'), keys: ['1'], next: {} } },
      { fault: 'not_connected', block: 'a', exit: 'key_1' },
    ],
    ['a block nobody reaches', { a: bye, b: bye }, { fault: 'unreachable', block: 'b' }],
    [
      'a sound that is not there',
      { a: { kind: 'hang_up', say: [{ sound: 'gone' }] } },
      { fault: 'not_there', block: 'a', what: 'sound', name: 'gone' },
    ],
    [
      'a line that is not there',
      { a: { kind: 'ring', to: { line: 'gone' } } },
      { fault: 'not_there', block: 'a', what: 'line', name: 'gone' },
    ],
    [
      'a code no keypad has the signs of',
      {
        a: {
          kind: 'ask_access_code',
          resource: 'lettered',
          say: text('x'),
          next: { right: 'b', wrong: 'b' },
        },
        b: bye,
      },
      { fault: 'not_keyed', block: 'a', resource: 'lettered' },
    ],
    [
      'a code longer than is asked for',
      {
        a: { kind: 'ask_access_code', resource: 'club', say: text('x'), next: { right: 'b', wrong: 'b' } },
        b: bye,
      },
      { fault: 'not_keyed', block: 'a', resource: 'club', digits: 12 },
    ],
    [
      'a SIP telephone nobody may ring',
      { a: { kind: 'ring', to: { sip: 'sip:anna@there.example' } } },
      { fault: 'number_not_allowed', block: 'a', number: 'sip:anna@there.example' },
    ],
    [
      'a number nobody may forward to',
      { a: { kind: 'forward', number: '0699999999' } },
      { fault: 'number_not_allowed', block: 'a', number: '0699999999' },
    ],
    [
      'a text in one language',
      { a: { kind: 'hang_up', say: [{ text: { fr: 'x' } }] } },
      { fault: 'not_in_language', block: 'a', where: 'say', language: 'en' },
    ],
    [
      'a variable nobody sets',
      { a: { kind: 'hang_up', say: text('{never}') } },
      { fault: 'never_set', block: 'a', variable: 'never' },
    ],
    [
      'a loop that never ends',
      {
        a: { kind: 'condition', test: { weekday: [1] }, next: { yes: 'b', no: 'c' } },
        b: { kind: 'set', variable: 'x', value: '1', next: { then: 'a' } },
        c: bye,
      },
      { fault: 'endless_loop', blocks: ['a', 'b'] },
    ],
  ])('finds %s', (_, blocks, expected) => {
    expect(faults(scenario(blocks))).toContainEqual(expected);
  });
  test('a menu that leads back to itself is no endless loop; what may be meant so keeps nothing from going live', () => {
    const graph = scenario({
      a: { kind: 'menu', say: text('x'), keys: ['1'], next: { key_1: 'a' } },
      b: bye,
    });
    expect(faults(graph).map(isWarning)).toEqual([true]);
  });
});

test('an unknown kind, a wrong field and too many blocks are no scenario', () => {
  expect(scenarioShape.safeParse({ start: 'a', blocks: { a: { kind: 'dance' } } }).success).toBe(false);
  expect(
    scenarioShape.safeParse({ start: 'a', blocks: { a: { kind: 'say', say: text('x'), loud: true } } })
      .success,
  ).toBe(false);
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, place) => [`b${String(place)}`, bye]));
  expect(scenarioShape.safeParse({ start: 'b0', blocks: many }).success).toBe(false);
});
