// What a script says in our own words, as JSON and as lines: the same words mean the same, whatever is not understood is refused
// with its place, and nothing that a server can send makes reading it throw, or take long.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScriptAnswer } from '../../src/core/scenario/script-answer.ts';
import {
  textFor,
  type ScriptProgram,
  type ScriptPrompt,
  type ScriptStep,
} from '../../src/core/scenario/script-program.ts';

const url = 'https://merchant.example/voice/start.php?shop=1';
const read = (body: string, contentType?: string) => readScriptAnswer({ contentType, body, url });
const json = (value: unknown) => read(JSON.stringify(value), 'application/json');
const lines = (...all: string[]) => read(all.join('\n'), 'text/plain; charset=utf-8');
const answer = (program: Partial<ScriptProgram>) => ({
  outcome: 'answer',
  program: { set: {}, steps: [], ...program },
});
const because = (answered: ReturnType<typeof read>) =>
  answered.outcome === 'refused' ? answered.because : answered;
const say = (text: string) => ({ do: 'say', texts: { any: text }, times: 1 }) as const;
const dial = { do: 'dial', to: { number: '+33612345678' as never }, ringSeconds: 30 } as const;
const collect = (
  rest: Partial<ScriptStep & { do: 'collect' }> & { maxDigits: number; onEmpty: 'then' | 'goOn' },
): ScriptStep => ({ do: 'collect', prompts: [], terminator: '#', waitMs: 5_000, ...rest });

describe('the same words as JSON and as lines', () => {
  it.each<[string, unknown, string[], Partial<ScriptProgram>]>([
    ['goes on by an exit', { next: 'menu' }, ['next=menu'], { next: 'menu' }],
    [
      'sets variables',
      { set: { balance: '12.50', name: 'Zoë = "Z"' }, next: 'menu' },
      ['set.balance=12.50', 'set.name=Zoë = "Z"', 'next=menu'],
      { set: { balance: '12.50', name: 'Zoë = "Z"' }, next: 'menu' },
    ],
    ['says a text', { say: ' Hello\n there ' }, ['say= Hello  there '], { steps: [say('Hello there')] }],
    [
      'says it by language',
      { say: { fr: 'Bonjour', en: 'Hello' } },
      ['say.fr=Bonjour', 'say.en=Hello'],
      { steps: [{ do: 'say', texts: { fr: 'Bonjour', en: 'Hello' }, times: 1 }] },
    ],
    ['has nothing to say', { say: '' }, ['say='], {}],
    [
      'plays, and then says',
      { say: 'Hello', play: '/jingle.wav' },
      ['say=Hello', 'play=/jingle.wav'],
      { steps: [{ do: 'play', url: 'https://merchant.example/jingle.wav', times: 1 }, say('Hello')] },
    ],
    [
      'wants digits, and is asked again with them',
      { say: 'Your code', collect: 4 },
      ['say=Your code', 'collect=4'],
      {
        steps: [
          collect({
            prompts: [say('Your code')],
            maxDigits: 4,
            then: { url },
            onEmpty: 'then',
          }),
        ],
      },
    ],
    [
      'wants digits and goes on with them',
      { collect: 4, next: 'check' },
      ['collect=4', 'next=check'],
      { steps: [collect({ maxDigits: 4, onEmpty: 'goOn' })], next: 'check' },
    ],
    [
      'dials under a limit',
      { dial: '+33 6 12 34 56 78', limitSeconds: 600 },
      ['dial=+33 6 12 34 56 78', 'limitSeconds=600'],
      { steps: [{ ...dial, limitSeconds: 600 }] },
    ],
    [
      'dials, and goes on when that is over',
      { dial: 'sip:anna@sip.example.com', next: 'after' },
      ['dial=sip:anna@sip.example.com', 'next=after'],
      { steps: [{ ...dial, to: { sip: 'sip:anna@sip.example.com' as never } }], next: 'after' },
    ],
    [
      'limits what is rung later',
      { limitSeconds: 600, next: 'ring' },
      ['limitSeconds=600', 'next=ring'],
      { limitSeconds: 600, next: 'ring' },
    ],
    [
      'hangs up',
      { say: 'Bye', hangup: 'busy' },
      ['say=Bye', 'hangup=busy'],
      { steps: [say('Bye'), { do: 'hangUp', cause: 'busy' }] },
    ],
    [
      'dials and then hangs up',
      { dial: '+33612345678', hangup: 'normal' },
      ['dial=+33612345678', 'hangup=normal'],
      { steps: [dial, { do: 'hangUp', cause: 'normal' }] },
    ],
    ['says nothing where no voice could', { say: '\u200B\u202E<>' }, ['say=\u200B\u202E<>'], { steps: [] }],
    [
      'sets what our own language has a name for',
      { set: { constructor: 'a', toString: 'b' } },
      ['set.constructor=a', 'set.toString=b'],
      { set: { constructor: 'a', toString: 'b' } },
    ],
    ['keeps braces as they are', { say: '{balance}' }, ['say={balance}'], { steps: [say('{balance}')] }],
  ])('%s', (_name, value, text, program) => {
    expect(json(value)).toEqual(answer(program));
    expect(lines(...text)).toEqual(answer(program));
    expect(read(text.join('\r\n') + '\r\n', 'text/html; charset=UTF-8')).toEqual(answer(program));
    expect(read(`\uFEFF${text.join('\n\n')}`)).toEqual(answer(program));
    expect(read(`  ${JSON.stringify(value)}`)).toEqual(answer(program));
  });

  it.each<[string, unknown, string[], string]>([
    ['no exit', { next: 'Menu 1' }, ['next=Menu 1'], 'it must be the name of an exit'],
    ['a number nobody has', { dial: '+33012' }, ['dial=+33012'], 'it must be a telephone number'],
    ['a number at home', { dial: '0612345678' }, ['dial=0612345678'], 'with its country code'],
    ['an emergency number', { dial: '112' }, ['dial=112'], 'with its country code'],
    ['a SIP address with headers', { dial: 'sip:a@b?c=d' }, ['dial=sip:a@b?c=d'], 'a SIP address'],
    ['no digits', { collect: 0 }, ['collect=0'], 'collect: it must be a whole number from 1 to 40'],
    ['too many digits', { collect: 41 }, ['collect=41'], 'from 1 to 40'],
    ['half a second', { limitSeconds: 0.5 }, ['limitSeconds=0.5'], 'it must be a whole number from 1'],
    ['no limit', { limitSeconds: 0 }, ['limitSeconds=0'], 'from 1 to'],
    ['more than a day', { limitSeconds: 86_401 }, ['limitSeconds=86401'], 'from 1 to 86400'],
    ['an unknown cause', { hangup: 'now' }, ['hangup=now'], 'it must be one of normal, busy, rejected'],
    ['an unknown language', { say: { de: 'Hallo' } }, ['say.de=Hallo'], 'de is no language'],
    ['an unknown word', { goto: 'menu' }, ['goto=menu'], 'goto'],
    ['a file', { play: 'file:///etc/passwd' }, ['play=file:///etc/passwd'], 'an http(s) address'],
    ['a name', { play: 'https://a@c.example' }, ['play=https://a@c.example'], 'no name and password'],
    ['a password', { play: 'https://a:b@c.example' }, ['play=https://a:b@c.example'], 'no name and password'],
    ['a variable of no name', { set: { 'a b': '1' } }, ['set.a b=1'], 'the name of a variable must be'],
    ['a variable in capitals', { set: { Balance: '1' } }, ['set.Balance=1'], 'a small letter'],
    ['a long value', { set: { a: 'x'.repeat(257) } }, [`set.a=${'x'.repeat(257)}`], 'at most 256 characters'],
    ['controls', { say: 'a\u0000b' }, ['say=a\u0000b'], 'no control characters'],
    ['half a character', { say: '\uD800' }, ['say=\uD800'], 'no control characters'],
    [
      'too much to say',
      { say: 'a'.repeat(4_097) },
      [`say=${'a'.repeat(4_097)}`],
      'more than 4096 characters',
    ],
    [
      'both ways on',
      { next: 'a', hangup: 'busy' },
      ['next=a', 'hangup=busy'],
      'hangup cannot stand beside next',
    ],
    [
      'digits of a talk',
      { dial: '+33612345678', collect: 1 },
      ['dial=+33612345678', 'collect=1'],
      'collect cannot stand beside dial',
    ],
    [
      'digits for nobody',
      { collect: 1, hangup: 'busy' },
      ['collect=1', 'hangup=busy'],
      'hangup cannot stand beside collect',
    ],
  ])('%s is refused', (_name, value, text, sentence) => {
    expect(because(json(value))).toContain(sentence);
    const said = because(lines(...text));
    if (!text[0]?.startsWith('goto')) expect(said).toContain(sentence);
    expect(said).toMatch(/line \d|^The answer/i);
  });
});

describe('the scripts of the README', () => {
  it('say what it says they do', () => {
    expect(
      read('say.fr=Bonjour\nsay.en=Hello\nlimitSeconds=600\nnext=ring\n', 'text/html; charset=UTF-8'),
    ).toEqual(
      answer({
        steps: [{ do: 'say', texts: { fr: 'Bonjour', en: 'Hello' }, times: 1 }],
        limitSeconds: 600,
        next: 'ring',
      }),
    );
    expect(read('say=You have no credit left.\nhangup=normal\n', 'text/html; charset=UTF-8')).toEqual(
      answer({ steps: [say('You have no credit left.'), { do: 'hangUp', cause: 'normal' }] }),
    );
    expect(json({ set: { shop: 'Lyon' }, next: 'found' })).toEqual(
      answer({ set: { shop: 'Lyon' }, next: 'found' }),
    );
    expect(
      json({ say: { fr: 'Votre code, puis dièse.', en: 'Your code, then hash.' }, collect: 8 }),
    ).toMatchObject({
      program: { steps: [{ do: 'collect', maxDigits: 8, then: { url }, onEmpty: 'then' }] },
    });
    const twiml = '<Response><Dial timeout="20" timeLimit="600">+33123456789</Dial></Response>';
    expect(read(twiml, 'text/xml; charset=utf-8')).toMatchObject({
      program: { steps: [{ do: 'dial', ringSeconds: 20, limitSeconds: 600 }, { do: 'hangUp' }] },
    });
  });
});

describe('JSON alone', () => {
  it('takes lists of texts and sounds, numbers and truths as values, and null as nothing', () => {
    expect(
      json({
        play: ['a.wav', '/b.wav'],
        say: ['One', { fr: 'Deux' }, ''],
        set: { n: 12.5, yes: true },
        dial: null,
      }),
    ).toEqual(
      answer({
        set: { n: '12.5', yes: 'true' },
        steps: [
          { do: 'play', url: 'https://merchant.example/voice/a.wav', times: 1 },
          { do: 'play', url: 'https://merchant.example/b.wav', times: 1 },
          say('One'),
          { do: 'say', texts: { fr: 'Deux' }, times: 1 },
        ],
      }),
    );
    expect(json({})).toEqual(answer({}));
  });

  it.each([
    ['[]', 'The answer must be one JSON object.'],
    ['null', 'The answer must be one JSON object.'],
    ['"next"', 'The answer must be one JSON object.'],
    ['{"next":"a"}{', 'The answer is not well-formed JSON.'],
    ['{"next":"a","Next":"b"}', 'The member Next is not understood here.'],
    ['{"__proto__":{"next":"a"}}', 'The member __proto__ is not understood here.'],
    ['{"say it <b>":1}', 'The member of a name that cannot be shown is not understood here.'],
    ['{"say":[["a"]]}', 'At say/1: it must be text.'],
    ['{"say":["a",7]}', 'At say/2: it must be text.'],
    ['{"say":{"fr":7}}', 'At say/fr: it must be text.'],
    ['{"collect":"4"}', 'At collect: it must be a whole number from 1 to 40.'],
    ['{"dial":33612345678}', 'At dial: it must be a telephone number'],
    ['{"set":{"a":null}}', 'At set/a: a value must be text, a number, true or false.'],
    ['{"set":{"a":{}}}', 'At set/a: a value must be text, a number, true or false.'],
    ['{"set":{"a":1e999}}', 'At set/a: a value must be text, a number, true or false.'],
    ['{"set":{"__proto__":"a"}}', 'the name of a variable must be'],
    ['{"set":["a"]}', 'At set: it must be an object'],
    ['{"play":[]}', ''],
    [`{"say":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'At say/1'],
    [JSON.stringify({ say: Array(51).fill('a') }), 'The answer has more than 50 steps.'],
    [
      JSON.stringify({ set: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`v${at}`, 1])) }),
      'At set: at most 50 variables can be set at once.',
    ],
  ])('%s', (text, sentence) => {
    const said = read(text, 'application/json; charset=utf-8');
    if (sentence === '') expect(said).toEqual(answer({}));
    else expect(because(said)).toContain(sentence);
  });
});

describe('lines alone', () => {
  it.each([
    ['Warning: Undefined variable $x in start.php on line 3\nnext=a', 'At line 1: it is none of set=, play='],
    ['next=a\nnext=b', 'At line 2: next is said a second time.'],
    ['say=a\nsay.fr=b', 'At line 2, say.fr: say is said both for every language and for one.'],
    ['next.a=b', 'At line 1: next.a is not understood here.'],
    ['set=b', 'At line 1: set is not understood here.'],
    ['\n\ncollect=four', 'At line 3, collect: it must be a whole number from 1 to 40.'],
    ['collect=1e1', 'At line 1, collect:'],
    ['=a', 'At line 1: it is none of'],
    ['next', 'At line 1: it is none of'],
    ['next=a\n'.repeat(201), 'The answer has more than 200 lines.'],
  ])('%j', (text, sentence) => {
    expect(because(lines(text))).toContain(sentence);
  });
});

describe('which language it is', () => {
  it.each([
    ['', undefined, 'The answer is empty.'],
    [' \n', 'text/xml', 'The answer is empty.'],
    ['<Response/>', 'application/json', 'not well-formed JSON'],
    ['{"next":"a"}', 'text/xml', 'cannot be read'],
    ['next=a', 'application/octet-stream', 'of type application/octet-stream; application/json, text/xml'],
    ['next=a', 'my password is 4711', 'of no type that can be read'],
    ['next=a', 'text/plain; charset=iso-8859-1', 'another charset than UTF-8'],
    ['a'.repeat(65_537), undefined, 'larger than 65536 bytes'],
  ])('%j as %s', (body, type, sentence) => {
    expect(because(read(body, type))).toContain(sentence);
  });
  it.each([
    ['{"next":"a"}', 'application/vnd.merchant+json'],
    ['{"next":"a"}', 'text/html'],
    ['{"next":"a"}', undefined],
    ['next=a', 'TEXT/PLAIN;charset="UTF-8"'],
  ])('%s as %s is understood', (body, type) => {
    expect(read(body, type)).toEqual(answer({ next: 'a' }));
  });
});

describe('what is said to whom', () => {
  it('in his language, in any, or in the one there is', () => {
    expect(textFor({ any: 'a' }, 'fr')).toEqual({ text: 'a', language: 'fr' });
    expect(textFor({ fr: 'b', en: 'c' }, 'en')).toEqual({ text: 'c', language: 'en' });
    expect(textFor({ fr: 'b' }, 'en')).toEqual({ text: 'b', language: 'fr' });
  });
});

// --- Whatever comes --------------------------------------------------------------------------------------------------

const types = fc.constantFrom(undefined, 'application/json', 'text/xml', 'text/plain', 'text/html', 'x');

/** Built of the words of all three, so that most of them get far. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['<Response>', '</Response>', '<Say>', '</Say>', '<Gather ', 'numDigits="1"', '>', '/>', '<Dial>'],
        ...[
          '{',
          '}',
          '"say"',
          ':',
          ',',
          '"set"',
          '[',
          ']',
          '1',
          'null',
          'next=',
          'say.fr=',
          'set.a=',
          '\n',
          '=',
        ],
        ...['<!--', '<![CDATA[', '&amp;', '&#0;', '__proto__', '\u0000', '\uD800', 'http://', '+33612345678'],
      ),
      fc.string(),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

function boundsHold(program: ScriptProgram): void {
  const all = program.steps.flatMap<ScriptStep>((step) =>
    step.do === 'collect' ? [step, ...step.prompts] : [step],
  );
  expect(all.length).toBeLessThanOrEqual(51);
  expect(Object.keys(program.set).length).toBeLessThanOrEqual(50);
  const said = all.flatMap((step) => (step.do === 'say' ? Object.values<string>(step.texts) : []));
  expect(said.join('').length).toBeLessThanOrEqual(2 * 4_096);
}

describe('for any answer at all', () => {
  it('there is an outcome, within its bounds, and a sentence that quotes nothing of it', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 300, unit: 'binary' }), nearly),
        types,
        (body, contentType) => {
          const said = readScriptAnswer({ contentType, body, url });
          if (said.outcome === 'answer') boundsHold(said.program);
          else expect(said.because).toMatch(/^[^<>{}"\n]{10,300}\.$/);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('any JSON of ours with anything in it has an outcome', () => {
    const words = fc.constantFrom('set', 'play', 'say', 'collect', 'dial', 'limitSeconds', 'next', 'hangup');
    fc.assert(
      fc.property(fc.dictionary(words, fc.jsonValue()), (value) => {
        const said = json(value);
        if (said.outcome === 'answer') boundsHold(said.program);
      }),
      { numRuns: 1_000 },
    );
  });
});

const text = fc
  .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
  .map((one) => one.replace(/[\p{C}\s]+/gu, ' ').trim())
  .filter((one) => one !== '');
const address = fc.webUrl({ withQueryParameters: true }).map((one) => new URL(one).href);
const texts = fc.oneof(fc.record({ any: text }), fc.record({ fr: text }), fc.record({ en: text }));
const prompt: fc.Arbitrary<ScriptPrompt> = fc.oneof(
  fc.record({ do: fc.constant('say' as const), texts, times: fc.integer({ min: 1, max: 1_000 }) }),
  fc.record({ do: fc.constant('play' as const), url: address, times: fc.integer({ min: 1, max: 1_000 }) }),
  fc.record({ do: fc.constant('pause' as const), seconds: fc.integer({ min: 1, max: 180 }) }),
);
const then = fc.record({ url: address, method: fc.constantFrom('GET' as const, 'POST' as const) });
const number = fc.constantFrom('+33612345678', '+14155550100', '+442079460000') as fc.Arbitrary<never>;
const step: fc.Arbitrary<ScriptStep> = fc.oneof(
  { weight: 3, arbitrary: prompt },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('collect' as const),
      prompts: fc.array(prompt, { maxLength: 3 }),
      maxDigits: fc.integer({ min: 1, max: 40 }),
      terminator: fc.constantFrom('#' as const, 'none' as const),
      waitMs: fc.integer({ min: 1, max: 120 }).map((seconds) => seconds * 1_000),
      then,
      onEmpty: fc.constant('goOn' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        do: fc.constant('dial' as const),
        to: fc.oneof(fc.record({ number }), fc.constant({ sip: 'sip:anna@sip.example.com' as never })),
        ringSeconds: fc.integer({ min: 1, max: 600 }),
        limitSeconds: fc.integer({ min: 1, max: 86_400 }),
        callerId: number,
        hangUpOnStar: fc.constant(true as const),
        answerOnBridge: fc.constant(true as const),
      },
      { requiredKeys: ['do', 'to', 'ringSeconds'] },
    ),
  },
);
const last: fc.Arbitrary<ScriptStep> = fc.oneof(
  then.map((given) => ({ do: 'redirect' as const, ...given })),
  fc.constantFrom('normal' as const, 'busy' as const, 'rejected' as const).map((cause) => ({
    do: 'hangUp' as const,
    cause,
  })),
);

const xml = (value: string) =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** What a program looks like in TwiML. */
function twiml(one: ScriptStep): string {
  switch (one.do) {
    case 'say': {
      const [[language, said] = ['any', '']] = Object.entries<string>(one.texts);
      const spoken = language === 'any' ? '' : ` language="${language}-XX"`;
      return `<Say loop="${one.times}"${spoken}>${xml(said)}</Say>`;
    }
    case 'play':
      return `<Play loop="${one.times}">${xml(one.url)}</Play>`;
    case 'pause':
      return `<Pause length="${one.seconds}"/>`;
    case 'collect':
      return (
        `<Gather numDigits="${one.maxDigits}" finishOnKey="${one.terminator === '#' ? '#' : ''}" ` +
        `timeout="${one.waitMs / 1_000}" action="${xml(one.then?.url ?? '')}" method="${one.then?.method ?? ''}">` +
        `${one.prompts.map(twiml).join('')}</Gather>`
      );
    case 'dial':
      return (
        `<Dial timeout="${one.ringSeconds}"` +
        (one.limitSeconds === undefined ? '' : ` timeLimit="${one.limitSeconds}"`) +
        (one.callerId === undefined ? '' : ` callerId="${one.callerId}"`) +
        (one.hangUpOnStar ? ' hangupOnStar="true"' : '') +
        (one.answerOnBridge ? ' answerOnBridge="true"' : '') +
        ('sip' in one.to ? `><Sip>${one.to.sip}</Sip></Dial>` : `>${one.to.number}</Dial>`)
      );
    case 'redirect':
      return `<Redirect method="${one.method ?? ''}">${xml(one.url)}</Redirect>`;
    case 'hangUp':
      return one.cause === 'normal' ? '<Hangup/>' : `<Reject reason="${one.cause}"/>`;
  }
}

describe('what is written is what is read', () => {
  it('in TwiML', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), last, (some, end) => {
        const program = { set: {}, steps: [...some, end] };
        const written = `<?xml version="1.0"?><Response>\n${program.steps.map(twiml).join('\n')}</Response>`;
        expect(read(written)).toEqual({ outcome: 'answer', program });
      }),
      { numRuns: 200 },
    );
  });

  it('in JSON and in lines', () => {
    const name = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,8}$/);
    fc.assert(
      fc.property(
        fc.dictionary(name, text),
        fc.option(text, { nil: undefined }),
        fc.option(address, { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        fc.constantFrom('menu', 'a_1', '*', '#'),
        (set, said, play, digits, next) => {
          const prompts: ScriptPrompt[] = [
            ...(play === undefined ? [] : [{ do: 'play' as const, url: play, times: 1 }]),
            ...(said === undefined ? [] : [say(said)]),
          ];
          const steps =
            digits === undefined ? prompts : [collect({ prompts, maxDigits: digits, onEmpty: 'goOn' })];
          const expected = { outcome: 'answer', program: { set: { ...set }, steps, next } };
          expect(json({ set, say: said, play, collect: digits, next })).toEqual(expected);
          const written = [
            ...Object.entries(set).map(([key, value]) => `set.${key}=${value}`),
            ...(said === undefined ? [] : [`say=${said}`]),
            ...(play === undefined ? [] : [`play=${play}`]),
            ...(digits === undefined ? [] : [`collect=${digits}`]),
            `next=${next}`,
          ];
          expect(lines(...written)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});
