// A merchant composes scenarios over the API: drafts, versions, what is live; the sounds they play, the numbers they forward to; and
// tries them out.

import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { E164 } from '../../src/core/ids.ts';
import { templateNames } from '../../src/core/scenario/templates.ts';
import type { ScriptRequest } from '../../src/flow/ports.ts';
import { confirmForwardNumber } from '../../src/flow/repair.ts';
import { toneWav } from '../adapters/tone.ts';
import { demoKey, otherKey } from './api-stage.ts';
import { settingsStage, type SettingsAnswer, type SettingsStage } from './settings-stage.ts';

const wav = toneWav({ hz: 440, seconds: 1 });
const other = toneWav({ hz: 880, seconds: 1 });
const text = (fr: string, en = fr) => [{ text: { fr, en } }];
const hello = {
  start: 'hello',
  blocks: {
    hello: { kind: 'say', say: text('Bonjour.', 'Hello.'), next: { then: 'bye' } },
    bye: { kind: 'hang_up' },
  },
};

let stage: SettingsStage;
const ask: SettingsStage['ask'] = (...given) => stage.ask(...given);
beforeAll(async () => {
  stage = await settingsStage();
});
afterAll(() => stage.close());

const kindOf = ({ body }: SettingsAnswer): string => body.type.replace(/.*\//, '');
const put = (path: string, body: object, headers: object = {}) => ask('PUT', path, { body, headers });
const create = async (slug: string, draft: object = hello): Promise<SettingsAnswer> =>
  ask('POST', '/v1/scenarios', { body: { slug, name: slug, draft } });
const publish = (slug: string, body: object = {}) => ask('POST', `/v1/scenarios/${slug}/versions`, { body });
const live = async (slug: string, draft: object = hello): Promise<void> => {
  expect((await create(slug, draft)).status).toBe(201);
  const { status, text: said } = await publish(slug);
  expect(status, said).toBe(201);
};

describe('a scenario', () => {
  it('is made, changed as a whole, and not over what somebody else did meanwhile', async () => {
    const made = await create('shop');
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({ slug: 'shop', version: 1, live: null, changed: true, ddis: [] });
    expect((made.body['draft'] as typeof hello).blocks.hello.next).toEqual({ then: 'bye' });
    expect(kindOf(await create('shop'))).toBe('slug-in-use');

    const draft = { ...hello, places: { hello: { x: 1, y: 2 } } };
    const changed = await put('/v1/scenarios/shop/draft', { draft }, { 'if-match': '"1"' });
    expect([changed.status, changed.body['version']], changed.text).toEqual([200, 2]);
    // A repeat of it is harmless; anything else that is based on the first is not.
    const repeated = await put('/v1/scenarios/shop/draft', { draft }, { 'if-match': '"1"' });
    expect([repeated.status, repeated.body['version']]).toEqual([200, 2]);
    const stale = await put('/v1/scenarios/shop/draft', { draft: hello }, { 'if-match': '"1"' });
    expect([stale.status, kindOf(stale), stale.body['version']]).toEqual([412, 'changed-meanwhile', 2]);
    const named = await ask('PATCH', '/v1/scenarios/shop', { body: { name: 'Boutique' } });
    expect(named.body).toMatchObject({ name: 'Boutique', version: 3 });
    const { body } = await ask('GET', '/v1/scenarios');
    // By name: before those the demo merchant has.
    expect(body.data.slice(0, 2)).toMatchObject([{ slug: 'shop', name: 'Boutique' }, { slug: 'demo-shop' }]);
    expect(body.data[0]).not.toHaveProperty('draft');
  });

  it.each<[string, object, string]>([
    ['a block of no kind', { blocks: { a: { kind: 'sing' } }, start: 'a' }, '#/draft/blocks/a/kind'],
    [
      'a menu without keys',
      { blocks: { a: { kind: 'menu', say: text('?') } }, start: 'a' },
      '#/draft/blocks/a/keys',
    ],
    ['a field nobody knows', { ...hello, colour: 'red' }, '#/draft/colour'],
    ['nothing to begin in', { blocks: {} }, '#/draft/start'],
  ])('is refused with %s, and where', async (_what, draft, pointer) => {
    const refused = await create('wrong', draft);
    expect([refused.status, refused.body.errors.map((one) => one.pointer)]).toEqual([422, [pointer]]);
  });

  it('may be long', async () => {
    const words = text('x'.repeat(1_000));
    const blocks = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`b-${String(n)}`, { kind: 'say', say: words, next: {} }]),
    );
    expect((await create('long', { start: 'b-0', blocks })).status).toBe(201);
    const longer = { start: 'b-0', blocks: { 'b-0': { kind: 'say', say: Array(300).fill(words[0]) } } };
    expect((await create('longer', longer)).status).toBe(413);
    expect((await ask('DELETE', '/v1/scenarios/long')).status).toBe(200);
  });

  it('goes live only where no caller falls, says where he would, and is rolled back', async () => {
    await create('night', {
      start: 'menu',
      blocks: {
        menu: {
          kind: 'menu',
          say: [{ text: { fr: 'Tapez 1 ou 2.' } }],
          keys: ['1', '2'],
          next: { key_1: 'nobody' },
        },
        ring: { kind: 'ring', to: { line: 'nowhere' }, next: {} },
        out: { kind: 'forward', number: '+33140506070', next: {} },
      },
    });
    const headers = { 'accept-language': 'fr' };
    const refused = await ask('POST', '/v1/scenarios/night/versions', { body: {}, headers });
    expect([refused.status, kindOf(refused)]).toEqual([422, 'scenario-faulty']);
    const faults = refused.body['faults'] as {
      fault: string;
      severity: string;
      pointer: string;
      sentence: string;
    }[];
    expect(faults.map(({ fault, severity }) => `${fault} ${severity}`)).toEqual([
      'leads_nowhere error',
      'not_connected error',
      'not_in_language warning',
      'unreachable warning',
      'not_there error',
      'unreachable warning',
      'number_not_allowed error',
    ]);
    expect(faults[0]).toMatchObject({
      pointer: '#/blocks/menu/next/key_1',
      blocks: ['menu'],
      sentence: expect.stringContaining('« nobody », qui n’existe pas') as string,
    });
    const checked = await ask('POST', '/v1/scenarios/night/check', { body: {} });
    expect(checked.body).toMatchObject({ publishable: false });
    expect((checked.body['faults'] as typeof faults)[4]?.sentence).toContain('the line "nowhere"');
    expect((await ask('GET', '/v1/scenarios/night')).body['live']).toBeNull();
    const mended = await ask('POST', '/v1/scenarios/night/check', { body: { graph: hello } });
    expect(mended.body).toMatchObject({ publishable: true, faults: [] });

    await put('/v1/scenarios/night/draft', { draft: hello });
    const stale = await publish('night', { basedOn: 1 });
    expect([stale.status, kindOf(stale)]).toEqual([412, 'changed-meanwhile']);
    const first = await publish('night', { note: 'Le premier', basedOn: 2 });
    expect([first.status, first.body['version'], first.body['live']], first.text).toEqual([201, 1, true]);
    expect((await publish('night')).body).toMatchObject({ version: 1, note: 'Le premier' });

    const second = {
      ...hello,
      blocks: { ...hello.blocks, hello: { ...hello.blocks.hello, say: text('Bonsoir.') } },
    };
    const changed = await put('/v1/scenarios/night/draft', { draft: second });
    expect(changed.body).toMatchObject({ changed: true, live: 1 });
    expect((await publish('night')).body['version']).toBe(2);
    const back = await put('/v1/scenarios/night/live', { version: 1 });
    expect(back.body).toMatchObject({ live: 1, changed: true });
    const versions = await ask('GET', '/v1/scenarios/night/versions');
    expect(versions.body.data).toMatchObject([
      { version: 2, live: false, note: null },
      { version: 1, live: true, note: 'Le premier', publishedBy: { kind: 'api_key' } },
    ]);
    const kept = await ask('GET', '/v1/scenarios/night/versions/1');
    expect(kept.body).toMatchObject({ graph: { blocks: { hello: { say: text('Bonjour.', 'Hello.') } } } });
    expect((await put('/v1/scenarios/night/live', { version: 3 })).status).toBe(404);
    // The draft of the second is published already: it becomes live again, and no third.
    expect((await publish('night')).body).toMatchObject({ version: 2, live: true });

    const { body } = await ask('GET', '/v1/settings-changes?limit=500');
    const mine = body.data.filter((one) => one['of'] === 'night' && 'live' in (one['changes'] as object));
    expect(mine.map(({ changes }) => (changes as { live: object }).live)).toEqual([
      { from: null, to: 1 },
      { from: 1, to: 2 },
      { from: 2, to: 1 },
      { from: 1, to: 2 },
    ]);
    expect(mine[0]).toMatchObject({ setting: 'scenario', by: 'merchant', actor: { kind: 'api_key' } });
  });

  it('is archived when nothing leads to it, and its slug is free again', async () => {
    const number = '+33199000201';
    await create('unpublished');
    for (const [body, field] of [
      [{ kind: 'scenario' }, 'scenario'],
      [{ kind: 'scenario', scenario: 'nobody' }, 'scenario'],
      [{ kind: 'scenario', scenario: 'unpublished' }, 'scenario'],
      [{ kind: 'scenario', scenario: 'main', line: 'nobodys' }, 'line'],
      [{ kind: 'line', scenario: 'main', line: 'demo', recognizedBy: 'server' }, 'scenario'],
    ] as const) {
      const { status, body: said } = await put(`/v1/ddis/${number}`, body);
      expect([status, said.errors[0]?.pointer]).toEqual([422, `#/${field}`]);
    }
    await live('main');
    await live('entrance', { start: 'go', blocks: { go: { kind: 'go_to', scenario: 'main' } } });
    const before = (await ask('GET', `/v1/ddis/${number}`)).body;
    const led = await put(`/v1/ddis/${number}`, { kind: 'scenario', scenario: 'main' });
    expect(led.body, led.text).toMatchObject({ kind: 'scenario', scenario: 'main', line: null });
    const counted = await put(`/v1/ddis/${number}`, { kind: 'scenario', scenario: 'main', line: 'demo' });
    expect(counted.body, counted.text).toMatchObject({ kind: 'scenario', line: 'demo' });
    expect((await ask('GET', '/v1/scenarios/main')).body['ddis']).toEqual([number]);
    const kept = await ask('DELETE', '/v1/scenarios/main');
    expect([kept.status, kindOf(kept), kept.body['ddis'], kept.body['scenarios']]).toEqual([
      409,
      'scenario-in-use',
      [number],
      ['entrance'],
    ]);
    const line = { line: before['line'], recognizedBy: before['recognizedBy'] };
    expect((await put(`/v1/ddis/${number}`, line)).body).toMatchObject({ kind: 'line', scenario: null });
    expect((await ask('DELETE', '/v1/scenarios/entrance')).status).toBe(200);
    expect((await ask('DELETE', '/v1/scenarios/main')).body).toMatchObject({ archived: true });
    expect((await ask('GET', '/v1/scenarios/main')).status).toBe(404);
    expect((await create('main')).body['live']).toBeNull();
  });

  it('of another merchant is none', async () => {
    const draft = { draft: hello };
    for (const [method, path, body] of [
      ['GET', ''],
      ['PATCH', '', { name: 'X' }],
      ['DELETE', ''],
      ['PUT', '/draft', draft],
      ['PUT', '/live', { version: 1 }],
      ['POST', '/versions', {}],
      ['GET', '/versions'],
      ['GET', '/versions/1'],
      ['POST', '/check', {}],
      ['POST', '/simulate', {}],
    ] as const) {
      const answer = await ask(method, `/v1/scenarios/night${path}`, { body, key: otherKey });
      expect([answer.status, kindOf(answer)], path).toEqual([404, 'unknown-id']);
    }
    expect((await ask('GET', '/v1/scenarios', { key: otherKey })).body.data).toEqual([]);
  });

  it('of one request is one, however often that comes', async () => {
    const given = { body: { slug: 'once', name: 'Once' }, headers: { 'idempotency-key': 's-1' } };
    const { body } = await ask('POST', '/v1/scenarios', given);
    await stage.admin.query(`delete from idempotency_keys where key = 's-1'`);
    expect((await ask('POST', '/v1/scenarios', given)).body['id']).toBe(body['id']);
  });

  it('has its published shape at /schemas/scenario.json', async () => {
    const answer = await fetch(`${stage.url}/schemas/scenario.json`);
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    expect(answer.headers.get('content-type')).toContain('application/schema+json');
    expect(await answer.json()).toMatchObject({ $id: 'https://ring.example/schemas/scenario.json' });
  });
});

describe('a template', () => {
  test.each(templateNames)('%s becomes a scenario that goes live as it is', async (template) => {
    const slug = template.replaceAll('_', '-');
    const body = { slug, name: template, template };
    const page = {
      slug: 'the-club',
      name: { fr: 'Le club', en: 'The club' },
      address: 'https://club.example/',
    };
    if (template === 'paid_access') await ask('POST', '/v1/access-resources', { body: page });
    const made = await ask('POST', '/v1/scenarios', { body });
    expect(made.status, made.text).toBe(201);
    const published = await publish(slug);
    expect(published.status, published.text).toBe(201);
    expect(published.body['faults']).toEqual([]);
  });

  it('is listed with what it is made with, which is checked', async () => {
    const { body } = await ask('GET', '/v1/scenario-templates');
    expect(body.data.map(({ name }) => name)).toEqual(templateNames);
    const wish = { slug: 'elsewhere', name: 'X', template: 'shop_hours', with: { line: 'nowhere' } };
    expect((await ask('POST', '/v1/scenarios', { body: wish })).status).toBe(201);
    expect(kindOf(await publish('elsewhere'))).toBe('scenario-faulty');
    const both = { slug: 'both', name: 'X', template: 'shop_hours', draft: hello };
    expect((await ask('POST', '/v1/scenarios', { body: both })).body.errors[0]?.pointer).toBe('#/template');
  });
});

describe('trying one out', () => {
  const simulate = (slug: string, body: object) => ask('POST', `/v1/scenarios/${slug}/simulate`, { body });
  interface Tried {
    steps: {
      block: string;
      scenario?: string;
      heard: string[];
      exit?: string;
      did: { came?: string; exchange?: object }[];
    }[];
    outcome: string;
    endedIn: string;
    variables: Record<string, string>;
  }
  const way = ({ body }: SettingsAnswer): string =>
    (body as unknown as Tried).steps.map(({ block, exit }) => `${block}:${exit ?? ''}`).join(' ');
  const asks = {
    start: 'code',
    blocks: {
      code: { kind: 'collect', say: text('Code ?'), variable: 'code', next: { then: 'script' } },
      script: {
        kind: 'get_url',
        url: 'https://shop.example/member',
        send: ['code'],
        exits: ['member'],
        next: { member: 'member', failed: 'failed' },
      },
      member: { kind: 'hang_up', say: text('Solde {balance}.') },
      failed: { kind: 'hang_up', say: text('Pardon.') },
    },
  };

  it('goes the way a call would, by the clock and keys it is given; the draft, a version or a graph', async () => {
    const hours = { at: '2026-11-23T10:00:00+01:00', language: 'fr', cli: '+33612345678' };
    const open = await simulate('shop-hours', { ...hours, rings: ['talked'] });
    expect([open.status, way(open)], open.text).toEqual([
      200,
      'hours:open welcome:then shop:talked goodbye:',
    ]);
    expect(open.body).toMatchObject({ outcome: 'completed', endedIn: 'goodbye' });
    const closed = await simulate('shop-hours', {
      ...hours,
      at: '2026-11-23T21:00:00+01:00',
      version: 1,
      speaks: [8],
    });
    expect(way(closed)).toBe('hours:closed closed:then message:then goodbye:');
    expect(way(await simulate('shop-hours', { graph: hello }))).toBe('hello:then bye:');
    expect((await simulate('shop-hours', { version: 9 })).status).toBe(404);
    expect((await simulate('shop-hours', { version: 1, graph: hello })).status).toBe(422);
  });

  it('takes what a script would send in any of its languages, and says why it cannot be carried out', async () => {
    await create('member', asks);
    const key = { keys: ['4711#'] };
    const lines = await simulate('member', { ...key, scripts: [{ body: 'next=member\nset.balance=12' }] });
    expect(way(lines), lines.text).toBe('code:then script:member member:');
    expect(lines.body).toMatchObject({ variables: { code: '4711', balance: '12' } });
    const twiml = '<Response><Say>Hi</Say><Gather numDigits="1"/></Response>';
    const spoken = await simulate('member', { keys: ['4711#', '5'], scripts: [{ body: twiml }] });
    const { steps } = spoken.body as unknown as Tried;
    expect(steps[1]?.heard).toContain('Hi');
    const wrong = await simulate('member', { ...key, scripts: [{ body: '<Response><Record/></Response>' }] });
    expect(way(wrong)).toBe('code:then script:failed failed:');
    expect((wrong.body as unknown as Tried).steps[1]?.did[0]?.came).toContain('Record');
    for (const scripts of [['away'], []]) {
      expect(way(await simulate('member', { ...key, scripts }))).toBe('code:then script:failed failed:');
    }
  });

  it('really asks a script that is to be called, and shows what went over the wire', async () => {
    const asked: ScriptRequest[] = [];
    stage.house.scriptServer = {
      ...stage.house.scriptServer,
      ask(request) {
        asked.push(request);
        const exchange = {
          url: 'https://shop.example/member',
          requestHeaders: {},
          requestBody: '{}',
          status: 200,
          answerBody: 'next=member',
          tookMs: 12,
        };
        const program = { set: { balance: '7' }, steps: [], next: 'member' };
        return Promise.resolve({ outcome: 'answer', program, tookMs: 12, exchange });
      },
    };
    const cli = '+33612345678' as E164;
    const tried = await simulate('member', { cli, keys: ['4711#'], scripts: 'call', language: 'en' });
    expect(way(tried)).toBe('code:then script:member member:');
    expect((tried.body as unknown as Tried).steps[1]?.did[0]?.exchange).toEqual({
      url: 'https://shop.example/member',
      requestBody: '{}',
      status: 200,
      answerBody: 'next=member',
      tookMs: 12,
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.question).toMatchObject({
      dialect: 'json',
      address: { url: 'https://shop.example/member' },
      facts: {
        block: 'script',
        attempt: 1,
        status: 'answered',
        cli: { number: cli },
        language: 'en',
        variables: { code: '4711' },
      },
    });
    expect(asked[0]?.secret).toMatch(/^whsec_/);
  });

  it('goes on into another scenario, as it is live', async () => {
    await create('door', { start: 'go', blocks: { go: { kind: 'go_to', scenario: 'night' } } });
    const tried = await simulate('door', { language: 'fr' });
    expect((tried.body as unknown as Tried).steps).toMatchObject([
      { block: 'go' },
      { block: 'hello', scenario: 'night', heard: ['Bonsoir.'] },
      { block: 'bye', scenario: 'night' },
    ]);
    expect((await stage.admin.query('select 1 from call_sessions')).rowCount).toBe(0);
  });

  test.each([
    [{ keys: ['12a'] }, '#/keys/0'],
    [{ rings: ['sung'] }, '#/rings/0'],
    [{ cli: '0612345678' }, '#/cli'],
    [{ at: 'tomorrow' }, '#/at'],
    [{ scripts: [{ text: 'x' }] }, '#/scripts'],
  ])('refuses %j with its field', async (body, pointer) => {
    const { status, body: said } = await simulate('night', body);
    expect([status, said.errors[0]?.pointer]).toEqual([422, pointer]);
  });
});

describe('a sound', () => {
  const send = (path: string, bytes: Buffer, type = 'audio/wav', headers: object = {}) =>
    fetch(`${stage.url}${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${demoKey}`, 'content-type': type, ...headers },
      body: new Uint8Array(bytes),
    });
  const digests = async (): Promise<number> =>
    (await stage.admin.query('select digest from recordings')).rowCount ?? 0;

  it('is recorded in each language, heard, replaced, and kept while callers hear it', async () => {
    const made = await ask('POST', '/v1/sounds', { body: { slug: 'hours', name: 'Horaires' } });
    expect([made.status, made.body['recordings']], made.text).toEqual([201, []]);
    const plays = { start: 'a', blocks: { a: { kind: 'say', say: [{ sound: 'hours' }], next: {} } } };
    await create('player', plays);
    expect(kindOf(await publish('player'))).toBe('scenario-faulty');

    expect((await send('/v1/sounds/hours/fr', wav)).status).toBe(200);
    const published = await publish('player');
    expect(published.status, published.text).toBe(201);
    expect((published.body['faults'] as { fault: string }[]).map(({ fault }) => fault)).toEqual([
      'not_in_language',
    ]);
    expect((await send('/v1/sounds/hours/en', wav)).status).toBe(200);
    expect((await ask('POST', '/v1/scenarios/player/check', { body: {} })).body['faults']).toEqual([]);
    expect(await digests()).toBe(1);
    const replaced = await send('/v1/sounds/hours/en', other, 'audio/wav', { 'if-match': '"1"' });
    expect(replaced.status).toBe(412);
    expect((await send('/v1/sounds/hours/en', other)).status).toBe(200);
    expect(await digests()).toBe(2);

    const heard = await fetch(`${stage.url}/v1/sounds/hours/en`, {
      headers: { authorization: `Bearer ${demoKey}` },
    });
    expect([heard.status, heard.headers.get('content-type')]).toEqual([200, 'audio/wav']);
    expect(Buffer.from(await heard.arrayBuffer()).readUInt32LE(24)).toBe(16_000);
    expect((await ask('GET', '/v1/sounds/hours', { key: otherKey })).status).toBe(404);

    expect((await ask('DELETE', '/v1/sounds/hours/en')).body['recordings']).toMatchObject([
      { language: 'fr', madeFrom: 'file', words: null },
    ]);
    for (const path of ['/v1/sounds/hours/fr', '/v1/sounds/hours']) {
      const kept = await ask('DELETE', path);
      expect([kept.status, kindOf(kept), kept.body['scenarios']]).toEqual([409, 'sound-in-use', ['player']]);
    }
    await put('/v1/scenarios/player/draft', { draft: hello });
    await publish('player');
    expect((await put('/v1/scenarios/player/live', { version: 1 })).status).toBe(200);
    await publish('player');
    expect((await ask('DELETE', '/v1/sounds/hours')).body).toEqual({ slug: 'hours', removed: true });
    expect(await digests()).toBe(0);
    // What it led to is gone: it is not rolled back to.
    expect(kindOf(await put('/v1/scenarios/player/live', { version: 1 }))).toBe('scenario-faulty');
  });

  it('is spoken from a text, which is listened to before', async () => {
    await ask('POST', '/v1/sounds', { body: { slug: 'sorry', name: 'Sorry' } });
    const speak = () => put('/v1/sounds/sorry/en/text', { text: ' We are closed. ' });
    expect([(await speak()).status, kindOf(await speak())]).toEqual([503, 'no-voice']);
    const said: string[] = [];
    stage.house.speech = {
      speak(words, language) {
        said.push(`${language} ${words}`);
        return Promise.resolve({ outcome: 'spoken', wav });
      },
    };
    const preview = await fetch(`${stage.url}/v1/speech?language=en&text=We%20are%20closed.`, {
      headers: { authorization: `Bearer ${demoKey}` },
    });
    expect([preview.status, preview.headers.get('content-type')]).toEqual([200, 'audio/wav']);
    expect((await stage.admin.query('select 1 from sound_recordings')).rowCount).toBe(0);
    expect((await speak()).body['recordings']).toMatchObject([
      { language: 'en', words: 'We are closed.', madeFrom: 'text' },
    ]);
    expect(said).toEqual(['en We are closed.', 'en We are closed.']);
    expect((await put('/v1/sounds/sorry/en/text', { text: ' ' })).status).toBe(422);
    expect((await put('/v1/sounds/sorry/de/text', { text: 'Hallo' })).status).toBe(404);
    const { body } = await ask('GET', '/v1/settings-changes?limit=500');
    expect(body.data.filter((one) => one['of'] === 'sorry')).toMatchObject([
      { setting: 'sound', changes: { name: { to: 'Sorry' } }, actor: { kind: 'api_key' } },
      { setting: 'sound', changes: { 'recordings.en': { from: null } } },
    ]);
  });

  test.each<[string, string, Buffer, string, number]>([
    ['what is no sound', '/v1/sounds/sorry/fr', Buffer.from('hello'), 'audio/wav', 422],
    ['a type nobody takes', '/v1/sounds/sorry/fr', wav, 'audio/flac', 415],
    ['a sound nobody made', '/v1/sounds/nobody/fr', wav, 'audio/wav', 404],
  ])('refuses %s', async (_what, path, bytes, type, status) => {
    expect((await send(path, bytes, type)).status).toBe(status);
  });
});

describe('a number to forward to', () => {
  const path = '/v1/forward-numbers/+33140506070';
  const forwards = { start: 'a', blocks: { a: { kind: 'forward', number: '01 40 50 60 70', next: {} } } };

  it('is rung once an operator has confirmed it, and no longer when it is taken away', async () => {
    await create('forwarder', forwards);
    const named = await put(path, { label: 'Boutique' });
    expect(named.body, named.text).toMatchObject({
      number: '+33140506070',
      label: 'Boutique',
      confirmed: false,
    });
    expect(kindOf(await publish('forwarder'))).toBe('scenario-faulty');
    const operator = { by: 'ana', why: 'seen on his bill' };
    const wish = { merchantId: stage.merchantId, number: '+33 1 40 50 60 70' };
    expect((await confirmForwardNumber(stage.house, operator, wish)).outcome).toBe('done');
    expect((await confirmForwardNumber(stage.house, operator, wish)).outcome).toBe('not_needed');
    expect(
      (await confirmForwardNumber(stage.house, operator, { ...wish, number: '+33140506071' })).outcome,
    ).toBe('unknown');
    expect((await put(path, { label: 'Magasin' })).body).toMatchObject({ label: 'Magasin', confirmed: true });
    const published = await publish('forwarder');
    expect(published.status, published.text).toBe(201);
    expect((await ask('GET', '/v1/forward-numbers')).body.data).toHaveLength(1);
    expect((await ask('GET', '/v1/forward-numbers', { key: otherKey })).body.data).toEqual([]);
    expect((await ask('DELETE', path, { key: otherKey })).status).toBe(404);
    expect((await ask('DELETE', path)).status).toBe(200);
    expect((await ask('POST', '/v1/scenarios/forwarder/check', { body: {} })).body['publishable']).toBe(
      false,
    );
  });

  test.each([
    ['+33899123456', 'number-refused'],
    ['+3314050607', 'number-invalid'],
    ['+882123456789', 'number-invalid'],
  ])('%s is refused', async (number, kind) => {
    const refused = await put(`/v1/forward-numbers/${number}`, { label: 'X' });
    expect([refused.status, kindOf(refused)], refused.text).toEqual([422, kind]);
  });
});
