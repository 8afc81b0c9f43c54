// Recordings of consultants, and a line's own words, over the API.

import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { sayableKeys } from '../../src/core/own-words.ts';
import { toneWav } from '../adapters/tone.ts';
import { demoKey, otherKey } from './api-stage.ts';
import { settingsStage, type SettingsStage } from './settings-stage.ts';

const wav = toneWav({ hz: 440, seconds: 1, rate: 44_100, channels: 2 });
const introduction = '/v1/consultants/con_demo_claire/recordings/introduction';

let stage: SettingsStage;
beforeAll(async () => {
  stage = await settingsStage();
});
afterAll(() => stage.close());

const send = (path: string, bytes: Buffer, type = 'audio/wav', key = demoKey): Promise<Response> =>
  fetch(`${stage.url}${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
    body: new Uint8Array(bytes),
  });
const problemOf = async (answer: Response): Promise<unknown> =>
  ((await answer.json()) as { type: string }).type.replace(/.*\//, '');

describe('a recording of a consultant', () => {
  it('is sent, heard at the rate of telephones, and deleted with its sound', async () => {
    expect((await stage.ask('GET', introduction)).status).toBe(404);
    expect((await send(introduction, wav)).status).toBe(200);
    const heard = await fetch(`${stage.url}${introduction}`, {
      headers: { authorization: `Bearer ${demoKey}` },
    });
    expect([heard.status, heard.headers.get('content-type')]).toEqual([200, 'audio/wav']);
    const bytes = Buffer.from(await heard.arrayBuffer());
    expect([bytes.toString('latin1', 8, 12), bytes.readUInt16LE(22), bytes.readUInt32LE(24)]).toEqual([
      'WAVE',
      1,
      16_000,
    ]);
    const { body } = await stage.ask('GET', '/v1/consultants/con_demo_claire/recordings');
    expect(body).toMatchObject({
      data: [{ kind: 'introduction', recorded: true }, { recorded: false }, {}, {}],
    });
    for (let n = 0; n < 2; n++) expect((await stage.ask('DELETE', introduction)).status).toBe(200);
    expect((await stage.admin.query('select digest from recordings')).rows).toEqual([]);
  });

  test.each<[string, Buffer, string, string]>([
    ['what is no sound', Buffer.from('hello'), 'audio/wav', 'recording-refused'],
    ['a type nobody takes', wav, 'audio/flac', 'unsupported-media-type'],
    ['MP3 without ffmpeg', Buffer.from('ID3'), 'audio/mpeg', 'recording-refused'],
  ])('%s is refused', async (_what, bytes, type, kind) => {
    expect(await problemOf(await send(introduction, bytes, type))).toBe(kind);
  });

  it('more than 5 MB is refused, an unknown kind and another’s consultant are nobody’s', async () => {
    expect((await send(introduction, Buffer.alloc(5 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await send(introduction.replace('introduction', 'song'), wav)).status).toBe(404);
    expect((await send(introduction, wav, 'audio/wav', otherKey)).status).toBe(404);
  });
});

describe('a line’s own words', () => {
  const path = '/v1/lines/demo/prompts';
  const put = (key: string, body: object) => stage.ask('PUT', `${path}/${key}`, { body });

  it('every sentence is listed with its placeholders and how we say it', async () => {
    const { body } = await stage.ask('GET', path);
    const { data } = body as unknown as { data: { key: string; standard: { fr: string } }[] };
    expect(data.map(({ key }) => key)).toEqual(sayableKeys);
    expect(data.every(({ standard }) => standard.fr.length > 10)).toBe(true);
  });

  it('are set a language at a time, shown, written down, and taken back', async () => {
    const offer = { fr: 'Ici {merchant}, {price} {duration} au plus. Tapez 1 ou 3.' };
    expect((await put('caller_offer', offer)).body).toMatchObject({
      own: { fr: { text: offer.fr, recorded: false }, en: null },
      required: ['price', 'duration'],
    });
    expect((await put('caller_offer', { en: '{price} {duration}' })).body).toMatchObject({
      own: { fr: { text: offer.fr }, en: { text: '{price} {duration}' } },
    });
    const { rows } = await stage.admin.query<{ changes: object }>(
      `select changes from settings_changes where of = 'demo' order by position`,
    );
    expect(rows[0]?.changes).toEqual({ 'prompts.caller_offer.fr': { from: null, to: offer.fr } });
    expect((await stage.ask('DELETE', `${path}/caller_offer`)).body).toMatchObject({
      own: { fr: null, en: null },
    });
  });

  it('a recording stands for a sentence without facts, and goes with the text that replaces it', async () => {
    const recorded = await send(`${path}/caller_hold/recordings/fr`, wav);
    expect(await recorded.json()).toMatchObject({ own: { fr: { text: null, recorded: true } } });
    expect((await stage.admin.query('select digest from recordings')).rows).toHaveLength(1);
    await put('caller_hold', { fr: 'Patientez.' });
    expect((await stage.admin.query('select digest from recordings')).rows).toEqual([]);
    expect(await problemOf(await send(`${path}/caller_offer/recordings/fr`, wav))).toBe('recording-refused');
  });

  test.each<[string, object, number]>([
    ['caller_offer', { fr: 'Sans prix, {duration}.' }, 422],
    ['caller_hold', { fr: 'Bonjour {nobody}.' }, 422],
    ['caller_hold', { fr: ' ' }, 422],
    ['caller_hold', { de: 'Hallo' }, 422],
    ['service_menu', { fr: 'Bonjour.' }, 404],
    ['nothing_at_all', { fr: 'Bonjour.' }, 404],
  ])('%s by %j is refused', async (key, body, status) => {
    expect((await put(key, body)).status).toBe(status);
  });

  it('another’s line is nobody’s', async () => {
    const answer = await stage.ask('GET', path, { key: otherKey });
    expect(answer.status).toBe(404);
  });
});
