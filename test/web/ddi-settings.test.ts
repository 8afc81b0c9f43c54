// A merchant says what his numbers lead to and how their callers are recognized; bounds are refused, never quietly left out.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { usualInboundSettings } from '../../src/core/inbound-settings.ts';
import { otherKey } from './api-stage.ts';
import { settingsStage, type SettingsStage } from './settings-stage.ts';

const number = '+33199000201';
const accounts = '+33199000203';
const path = `/v1/ddis/${number}`;
const { code, ...usual } = usualInboundSettings;

let stage: SettingsStage;
beforeAll(async () => {
  stage = await settingsStage();
  await stage.admin.query(`
    insert into lines (id, merchant_id, slug, sells, name, currency)
      values ('lin_o', 'mer_other', 'others', 'conversation', '{"fr":"o","en":"o"}', 'EUR');
    insert into ddis (id, merchant_id, line_id, number) values ('ddi_o', 'mer_other', 'lin_o', '+33199000299')`);
});
afterAll(() => stage.close());

const asItWas = { line: 'demo-known', recognizedBy: 'server' };
const put = (body: object, at = path) => stage.ask('PUT', at, { body });
const server = <More extends object>(more: More) => ({ protocol: 'rest', url: stage.server.url, ...more });
beforeEach(async () => {
  expect((await put(asItWas)).status).toBe(200);
  await stage.ask('DELETE', '/v1/merchant-server');
  stage.server.asked.length = 0;
});

describe('PUT /v1/ddis/{number}', () => {
  it('sets all of it; what is left out is as usual', async () => {
    const wish = {
      line: 'demo-short',
      recognizedBy: 'accounts',
      active: false,
      clientCode: { maxDigits: 20, terminator: 'none', tries: 10, waitMs: 30_000, betweenMs: 10_000 },
      pin: { maxDigits: 2, tries: 1, waitMs: 1_000, betweenMs: 500 },
      withheld: 'refuse',
      fallback: { do: 'trial', talkLimitSeconds: 1_800 },
      talkLimitMaxSeconds: 86_400,
      callsAtOnce: 1_000,
      refused: {
        text: { fr: 'Désolé.', en: 'Sorry.' },
        ring: { line: 'demo', talkLimitSeconds: 1_800 },
      },
      ringBack: 'tone',
    };
    const { status, text, body } = await put(wish);
    expect(status, text).toBe(200);
    expect(body).toMatchObject({
      ...wish,
      number,
      pin: { ...wish.pin, terminator: '#' },
      server: null,
      ownServer: null,
      signingSecret: null,
    });
    const { signingSecret: _none, ...shown } = body;
    expect((await stage.ask('GET', path)).body).toEqual(shown);
    expect((await put(asItWas)).body).toMatchObject({ ...asItWas, ...usual, clientCode: code, active: true });
  });

  it('leads to the consultants’ service, which has no line, and back to one', async () => {
    const { status, body } = await put({ kind: 'service' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'service', line: null, server: null });
    expect((await stage.ask('GET', path)).body).toMatchObject({ kind: 'service', line: null });
    for (const wrong of [{ kind: 'service', line: 'demo' }, { kind: 'line' }, { recognizedBy: 'server' }])
      expect((await put(wrong)).status, JSON.stringify(wrong)).toBe(422);
    expect((await put(asItWas)).body).toMatchObject({ kind: 'line', line: 'demo-known' });
  });

  it('takes a number in a path as it is and escaped', async () => {
    const escaped = await stage.ask('GET', `/v1/ddis/${encodeURIComponent(number)}`);
    expect(escaped.body).toMatchObject({ number });
  });

  it('holds for the next call', async () => {
    const call = { ddi: number, cli: '+33612345678' };
    await stage.ask('PUT', '/v1/merchant-server', { body: server({}) });
    expect((await stage.experience(number)).at(-1)).toMatch(/^Rung one after the other/);
    await put({ ...asItWas, recognizedBy: 'accounts' });
    const { body } = await stage.ask('POST', '/v1/recognition-tests', { body: call });
    expect(body).toMatchObject({ recognizedBy: 'accounts', request: null });
    await put({ ...asItWas, talkLimitMaxSeconds: 300 });
    expect(await stage.experience(number)).toContain(
      'The merchant sets no limit: the talk may last as long as the line lets anybody, 5\u00a0minutes.',
    );
    await stage.ask('DELETE', '/v1/merchant-server');
    await put({ ...asItWas, fallback: { do: 'trial', talkLimitSeconds: 120 } });
    expect(await stage.experience(number)).toContain('The talk is cut after 2\u00a0minutes.');
    await put({ ...asItWas, active: false });
    expect((await stage.ask('POST', '/v1/recognition-tests', { body: call })).status).toBe(404);
    const { rows } = await stage.admin.query('select * from merchant_of_ddi($1)', [number]);
    expect(rows).toEqual([]);
  });

  it('the digits of a code are asked for as it says', async () => {
    await put({ ...asItWas, clientCode: { maxDigits: 5, terminator: 'none', tries: 2 } });
    const hidden = { ddi: number, cli: 'withheld' };
    const { body } = await stage.ask('POST', '/v1/recognition-tests', { body: hidden });
    expect(body.experience.en.at(-1)).toBe('The caller keys his client code: 5 digits at most; 2 tries.');
    await put({ ...asItWas, withheld: 'refuse' });
    const refused = await stage.ask('POST', '/v1/recognition-tests', { body: hidden });
    expect(refused.body.experience.en.at(-1)).toBe('The call is ended.');
  });

  it('a server of its own is asked for this number alone', async () => {
    const own = server({ url: `${stage.server.url}/own`, basic: { user: 'us', password: 'hush-hush' } });
    const { text, body } = await put({ ...asItWas, ownServer: own });
    expect(body).toMatchObject({
      server: { protocol: 'rest', url: own.url, timeoutMs: 4_000 },
      ownServer: { url: own.url, hasBasic: true, hasUsernameToken: false, hasSigningSecret: true },
      signingSecret: expect.stringMatching(/^whsec_/) as string,
    });
    expect(text).not.toContain('hush');
    await stage.experience(number);
    expect(stage.server.asked[0]).toMatchObject({
      url: '/own/recognize-caller',
      headers: { authorization: `Basic ${Buffer.from('us:hush-hush').toString('base64')}` },
    });
    // Again, without what he cannot read: the password stays, no second secret is made.
    const { basic: _same, ...again } = own;
    const kept = await put({ ...asItWas, ownServer: again });
    expect(kept.body).toMatchObject({ ownServer: { hasBasic: true }, signingSecret: null });
    const shown = await stage.ask('GET', '/v1/ddis');
    expect(shown.text).not.toMatch(/whsec|hush|sealed/i);
    expect((await put({ ...asItWas, ownServer: null })).body).toMatchObject({
      ownServer: null,
      server: null,
    });
    const { rows } = await stage.admin.query<Record<string, unknown>>(
      'select server_secret_sealed, server_credentials_sealed from ddis where number = $1',
      [number],
    );
    expect(rows).toEqual([{ server_secret_sealed: null, server_credentials_sealed: null }]);
  });

  const entry = (more: object) => ({ clientCode: more });
  it.each([
    ['no line', { line: undefined }, '#/line', ''],
    ['a line nobody has', { line: 'nowhere' }, '#/line', 'no line of this name'],
    ['another merchant’s line', { line: 'others' }, '#/line', 'no line of this name'],
    ['a line without calls', { line: 'demo-ticket' }, '#/line', 'without a call'],
    ['another way', { recognizedBy: 'magic' }, '#/recognizedBy', ''],
    ['one digit', entry({ maxDigits: 1 }), '#/clientCode/maxDigits', '2 to 20'],
    ['too many digits', { pin: { maxDigits: 21 } }, '#/pin/maxDigits', '2 to 20'],
    ['a star at the end', entry({ terminator: '*' }), '#/clientCode/terminator', '# or none'],
    ['no try', entry({ tries: 0 }), '#/clientCode/tries', '1 to 10'],
    ['eleven tries', { pin: { tries: 11 } }, '#/pin/tries', '1 to 10'],
    ['hardly a wait', entry({ waitMs: 999 }), '#/clientCode/waitMs', '1000 to 30000 milliseconds'],
    ['half a minute and more', { pin: { waitMs: 30_001 } }, '#/pin/waitMs', '1000 to 30000'],
    ['no pause', entry({ betweenMs: 499 }), '#/clientCode/betweenMs', '500 to 10000'],
    ['a long pause', { pin: { betweenMs: 10_001 } }, '#/pin/betweenMs', '500 to 10000'],
    ['a fraction', entry({ tries: 1.5 }), '#/clientCode/tries', 'whole number'],
    ['a text', entry({ tries: '3' }), '#/clientCode/tries', 'whole number'],
    ['an unknown field of digits', entry({ min: 2 }), '#/clientCode/min', 'no such field'],
    ['a guess', { withheld: 'guess' }, '#/withheld', ''],
    ['a trial without limit', { fallback: { do: 'trial' } }, '#/fallback/talkLimitSeconds', '1 to 1800'],
    [
      'a trial of no second',
      { fallback: { do: 'trial', talkLimitSeconds: 0 } },
      '#/fallback/talkLimitSeconds',
      '1 to 1800',
    ],
    [
      'a long trial',
      { fallback: { do: 'trial', talkLimitSeconds: 1_801 } },
      '#/fallback/talkLimitSeconds',
      '1 to 1800',
    ],
    [
      'refusing with a limit',
      { fallback: { do: 'refuse', talkLimitSeconds: 5 } },
      '#/fallback/talkLimitSeconds',
      'no such field',
    ],
    ['no talk at all', { talkLimitMaxSeconds: 0 }, '#/talkLimitMaxSeconds', '1 to 86400'],
    ['more than a day', { talkLimitMaxSeconds: 86_401 }, '#/talkLimitMaxSeconds', '1 to 86400'],
    ['no call at once', { callsAtOnce: 0 }, '#/callsAtOnce', '1 to 1000'],
    ['too many at once', { callsAtOnce: 1_001 }, '#/callsAtOnce', '1 to 1000'],
    ['words to nobody', { refused: { text: { de: 'Nein.' } } }, '#/refused/text/de', 'no such field'],
    ['words that are none', { refused: { text: { fr: ' ' } } }, '#/refused/text/fr', 'words to speak'],
    ['a speech', { refused: { text: { en: 'x'.repeat(301) } } }, '#/refused/text/en', '300 characters'],
    [
      'ringing for strangers without limit',
      { refused: { ring: { line: 'demo' } } },
      '#/refused/ring/talkLimitSeconds',
      '1 to 1800',
    ],
    [
      'ringing for strangers nowhere',
      { refused: { ring: { line: 'others', talkLimitSeconds: 60 } } },
      '#/refused/ring/line',
      'no line of this name',
    ],
    ['a song', { ringBack: 'song' }, '#/ringBack', ''],
    ['another number', { number: '+33199000999' }, '#/number', 'no such field'],
    [
      'a private server',
      { ownServer: { protocol: 'rest', url: 'https://10.0.0.1' } },
      '#/ownServer/url',
      'private',
    ],
    [
      'a server too fast',
      { ownServer: { protocol: 'rest', url: 'https://a.example', timeoutMs: 499 } },
      '#/ownServer/timeoutMs',
      '500 to 5000',
    ],
  ])('refuses %s with its field, and changes nothing', async (_what, more, pointer, words) => {
    const before = (await stage.ask('GET', path)).body;
    const answer = await put({ ...asItWas, callsAtOnce: 7, ...more });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.errors[0]).toMatchObject({
      pointer,
      detail: expect.stringContaining(words) as string,
    });
    expect((await stage.ask('GET', path)).body).toEqual(before);
  });

  it('of another merchant is no number at all, to read, to set or to sign', async () => {
    for (const at of [path, `/v1/ddis/${accounts}`]) {
      const body = { line: 'others', recognizedBy: 'server' };
      const foreign = { key: otherKey };
      expect((await stage.ask('GET', at, foreign)).status).toBe(404);
      expect((await stage.ask('PUT', at, { ...foreign, body })).status).toBe(404);
      expect((await stage.ask('POST', `${at}/signing-secret`, foreign)).status).toBe(404);
    }
    const { rows } = await stage.admin.query<{ owner: string; line: string }>(
      'select merchant_id as owner, line_id as line from ddis where number = $1',
      [number],
    );
    expect(rows).toEqual([{ owner: 'mer_demo', line: 'lin_demo_known' }]);
    expect((await put(asItWas, '/v1/ddis/+33199000299')).status).toBe(404);
    expect((await put(asItWas, '/v1/ddis/+33199000999')).status).toBe(404);
    expect((await put(asItWas, '/v1/ddis/0199000201')).status).toBe(404);
  });

  it('is written down once, with passwords named and not shown', async () => {
    const list = async () => (await stage.ask('GET', '/v1/settings-changes?limit=500')).body.data;
    const before = (await list()).length;
    const own = server({ basic: { user: 'us', password: 'hush-hush' } });
    const wish = { ...asItWas, callsAtOnce: 3, ownServer: own };
    await put(wish);
    await put(wish);
    await put({ ...wish, ownServer: { ...own, basic: { user: 'us', password: 'other' } } });
    const written = (await list()).slice(before);
    expect(written).toMatchObject([
      {
        setting: 'ddi',
        of: number,
        changes: {
          callsAtOnce: { from: 1, to: 3 },
          'ownServer.url': { from: null, to: stage.server.url },
          'ownServer.hasBasic': { from: false, to: true },
        },
      },
      { changes: { 'ownServer.credentials': { from: 'set', to: 'set anew' } } },
    ]);
    expect(JSON.stringify(written)).not.toMatch(/hush|other|whsec/);
  });

  it('keeps what else its settings hold', async () => {
    await stage.admin.query(`update ddis set settings = '{"later":true,"callsAtOnce":5}' where number = $1`, [
      number,
    ]);
    await put(asItWas);
    const { rows } = await stage.admin.query<{ settings: object }>(
      'select settings from ddis where number = $1',
      [number],
    );
    expect(rows[0]?.settings).toEqual({ ...usualInboundSettings, later: true });
  });
});
