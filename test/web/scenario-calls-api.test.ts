// What a merchant reads of calls that went through his scenarios: messages, marked and heard in parts, and the way of each call; and
// which live scenario plays which sound, in whose voice.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toneWav } from '../adapters/tone.ts';
import { apiStage, ask as askApi, demoKey, otherKey, type Stage } from './api-stage.ts';
import { leaveMessage, passBlocks, publishScenario } from './scenario-calls.ts';

let stage: Stage;
let run: string;
const wav = toneWav({ hz: 440, seconds: 1 });
interface Said {
  status: number;
  body: Record<string, unknown> & { data: Record<string, unknown>[]; next: string | null };
}
const ask = (method: string, path: string, given: Parameters<typeof askApi>[3] = {}): Promise<Said> =>
  askApi(stage, method, path, given) as unknown as Promise<Said>;

beforeAll(async () => {
  stage = await apiStage();
  await publishScenario(stage, 'shop', {
    start: 'menu',
    blocks: {
      menu: { kind: 'menu', say: [{ text: { fr: 'Tapez 1.' } }], keys: ['1'], next: { key_1: 'box' } },
      box: { kind: 'voicemail', say: [{ text: { fr: 'Parlez.' } }], box: 'shop', next: {} },
    },
  });
  run = await passBlocks(stage, 'shop', {
    outcome: 'completed',
    variables: { order: '4711' },
    events: [
      ['menu', 'entered', { kind: 'menu' }],
      ['menu', 'left', { exit: 'key_1' }],
      ['box', 'message_kept', { box: 'shop' }],
    ],
  });
});
afterAll(() => stage.close());

describe('messages', () => {
  it('are counted until somebody listens, and marked either way by who has', async () => {
    const first = await leaveMessage(stage, run, wav);
    const second = await leaveMessage(stage, run, wav);
    const { body } = await ask('GET', '/v1/voicemails?limit=1');
    expect(body).toMatchObject({ unheard: 2, next: second });
    expect(body.data).toMatchObject([{ id: second, scenario: 'shop', scenarioRunId: run, listenedAt: null }]);
    const marked = await ask('PATCH', `/v1/voicemails/${second}`, { body: { listened: true } });
    expect(marked.body['listenedAt']).toEqual(expect.any(String));
    stage.advance(60_000);
    const again = await ask('PATCH', `/v1/voicemails/${second}`, { body: { listened: true } });
    expect(again.body['listenedAt']).toBe(marked.body['listenedAt']);
    const unheard = (await ask('GET', '/v1/voicemails?listened=false')).body;
    expect([unheard.data.map(({ id }) => id), unheard['unheard']]).toEqual([[first], 1]);
    const heard = (await ask('GET', '/v1/voicemails?listened=true')).body;
    expect(heard.data.map(({ id }) => id)).toEqual([second]);
    const back = await ask('PATCH', `/v1/voicemails/${second}`, { body: { listened: false } });
    expect(back.body['listenedAt']).toBeNull();
    expect((await ask('PATCH', `/v1/voicemails/${second}`, { body: { listened: 'yes' } })).status).toBe(422);
    const other = { body: { listened: true }, key: otherKey };
    expect((await ask('PATCH', `/v1/voicemails/${second}`, other)).status).toBe(404);
    expect((await ask('GET', '/v1/voicemails', { key: otherKey })).body).toMatchObject({
      data: [],
      unheard: 0,
    });
  });

  it.each<[string, string | undefined, number, string | null, number]>([
    ['the whole', undefined, 200, null, 0],
    ['what follows', 'bytes=100-', 206, 'bytes 100-$last/$all', 100],
    ['a part', 'bytes=0-43', 206, 'bytes 0-43/$all', 0],
    ['more than there is', 'bytes=99999999-', 200, null, 0],
    ['two parts at once', 'bytes=0-1,5-9', 200, null, 0],
    ['no range of bytes', 'lines=1-2', 200, null, 0],
  ])('are heard from where a player asks: %s', async (_what, range, status, part, from) => {
    const id = await leaveMessage(stage, run, wav);
    const answer = await fetch(`${stage.url}/v1/voicemails/${id}/recording`, {
      headers: { authorization: `Bearer ${demoKey}`, ...(range !== undefined && { range }) },
    });
    const expected =
      part?.replace('$last', String(wav.length - 1)).replace('$all', String(wav.length)) ?? null;
    expect([answer.status, answer.headers.get('content-range')]).toEqual([status, expected]);
    expect([answer.headers.get('accept-ranges'), answer.headers.get('content-type')]).toEqual([
      'bytes',
      'audio/wav',
    ]);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.equals(wav.subarray(from, from + bytes.length))).toBe(true);
    expect(bytes.length).toBe(part === null ? wav.length : range === 'bytes=0-43' ? 44 : wav.length - 100);
  });
});

describe('the way of a call', () => {
  it('names the scenario of each step, what it came to know and the messages left in it', async () => {
    const message = await leaveMessage(stage, run, wav);
    const { body } = await ask('GET', `/v1/scenario-runs/${run}`);
    expect(body).toMatchObject({
      scenario: 'shop',
      outcome: 'completed',
      variables: { order: '4711' },
      events: [
        { scenario: 'shop', block: 'menu', name: 'entered', facts: { kind: 'menu' } },
        { scenario: 'shop', block: 'menu', name: 'left', facts: { exit: 'key_1' } },
        { scenario: 'shop', block: 'box', name: 'message_kept', facts: { box: 'shop' } },
      ],
    });
    expect(body['voicemails']).toContain(message);
    expect((await ask('GET', '/v1/scenario-runs?scenario=shop')).body.data).toHaveLength(1);
    expect((await ask('GET', '/v1/scenario-runs?scenario=other')).body.data).toEqual([]);
    for (const [id, key] of [
      [run, otherKey],
      ['run_nobodys', demoKey],
    ] as const)
      expect((await ask('GET', `/v1/scenario-runs/${id}`, { key })).status).toBe(404);
  });

  it('of a call that has just come is empty', async () => {
    const fresh = await passBlocks(stage, 'shop', { outcome: null, variables: {}, events: [] });
    expect((await ask('GET', `/v1/scenario-runs/${fresh}`)).body).toMatchObject({
      outcome: null,
      events: [],
      voicemails: [],
      talks: [],
    });
  });
});

describe('a sound', () => {
  it('says which live scenarios play it', async () => {
    for (const slug of ['hours', 'unused'])
      await ask('POST', '/v1/sounds', { body: { slug, name: slug.toUpperCase() } });
    const put = await fetch(`${stage.url}/v1/sounds/hours/fr`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${demoKey}`, 'content-type': 'audio/wav' },
      body: new Uint8Array(wav),
    });
    expect(await put.json()).toMatchObject({ playedBy: [] });
    const play = { kind: 'say', say: [{ sound: 'hours' }, { sound: 'hours' }], next: {} };
    await publishScenario(stage, 'player', { start: 'a', blocks: { a: play } });
    expect((await ask('GET', '/v1/sounds')).body.data).toMatchObject([
      { slug: 'hours', playedBy: ['player'] },
      { slug: 'unused', playedBy: [] },
    ]);
    expect((await ask('GET', '/v1/sounds/hours')).body['playedBy']).toEqual(['player']);
  });

  it('is spoken in the voice that was chosen', async () => {
    const voices: unknown[] = [];
    stage.house.speech = {
      speak(_text, _language, voice) {
        voices.push(voice);
        return Promise.resolve({ outcome: 'spoken', wav });
      },
    };
    const listen = (query: string): Promise<Response> =>
      fetch(`${stage.url}/v1/speech?language=fr&text=Oui${query}`, {
        headers: { authorization: `Bearer ${demoKey}` },
      });
    expect((await listen('')).status).toBe(200);
    expect((await listen('&voice=male')).status).toBe(200);
    expect((await listen('&voice=robot')).status).toBe(422);
    const spoken = await ask('PUT', '/v1/sounds/unused/fr/text', { body: { text: 'Oui', voice: 'female' } });
    expect([spoken.status, spoken.body['recordings']]).toMatchObject([200, [{ words: 'Oui' }]]);
    expect(voices).toEqual([undefined, 'male', 'female']);
  });
});

describe('access codes', () => {
  it('are listed from either end, page by page', async () => {
    await ask('POST', '/v1/access-resources', {
      body: { slug: 'club', name: { fr: 'Club', en: 'Club' }, address: 'https://club.example/in' },
    });
    const made: unknown[] = [];
    for (const reference of ['1', '2', '3'])
      made.push(
        (await ask('POST', '/v1/access-codes', { body: { resource: 'club', reference } })).body['id'],
      );
    const page = (await ask('GET', '/v1/access-codes?order=newest&limit=2')).body;
    const rest = (await ask('GET', `/v1/access-codes?order=newest&limit=2&after=${String(page.next)}`)).body;
    expect([...page.data, ...rest.data].map(({ id }) => id)).toEqual([...made].reverse());
    expect(rest.next).toBeNull();
    const oldest = (await ask('GET', `/v1/access-codes?limit=2&after=${String(made[0])}`)).body;
    expect(oldest.data.map(({ id }) => id)).toEqual(made.slice(1));
  });
});
