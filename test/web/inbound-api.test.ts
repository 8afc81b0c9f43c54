// The numbers people dial, and the trial of who would be recognized behind them: the demo merchant's own server is asked for
// real, in both languages, and says what the test told it to.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpMerchantServer } from '../../src/merchants/merchant-server.ts';
import { type MerchantHttp, merchantHttp } from '../../src/merchants/outbound.ts';
import { realClock } from '../../src/clock-and-ids.ts';
import { startMerchant } from '../../src/sandbox/merchant.ts';
import type { SeenRequest } from '../../src/sandbox/merchant-server.ts';
import type { RunningPart } from '../../src/sandbox/part-contract.ts';
import { seedDemoMerchant } from '../../src/store/demo-merchant.ts';
import { sha256 } from '../../src/store/seal.ts';
import { apiStage, ask, demoKey, otherKey, type Stage } from './api-stage.ts';

const rest = '+33199000201';
const soap = '+33199000202';
const accounts = '+33199000203';
const alice = '+33612345678';
const secret = `whsec_${randomBytes(24).toString('base64')}`;

interface Tested {
  id: string;
  ask: string | null;
  notAsked: string | null;
  request: { url: string; headers: Record<string, string>; body: string } | null;
  answer: { status: number; body: string } | null;
  tookMs: number | null;
  outcome: string;
  recognition: Record<string, unknown> | null;
  because: string | null;
  detail: string | null;
  experience: { en: string[]; fr: string[] };
}

let stage: Stage;
let merchant: RunningPart;
let merchantUrl: string;
let http: MerchantHttp;
let dataDir: string;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringmeter-inbound-'));
  merchant = await startMerchant({
    dataDir,
    publicUrl: 'http://localhost:3001',
    gatewayUrl: 'http://localhost:3000',
    noticeSecret: secret,
  });
  merchantUrl = `http://127.0.0.1:${String(merchant.ports['http'])}`;
  stage = await apiStage();
  http = merchantHttp({ httpsOnly: false, allowPrivate: new Set([new URL(merchantUrl).host]) });
  stage.house.merchantServer = new HttpMerchantServer({ http, clock: realClock });
  await seedDemoMerchant(stage.db, stage.house.seal, {
    apiKeyHash: sha256(demoKey),
    linkSecret: 'link-secret',
    pageOrigins: [],
    server: {
      restUrl: `${merchantUrl}/server`,
      soapUrl: `${merchantUrl}/server/soap`,
      secret,
      user: 'ringmeter',
    },
  });
});
afterEach(async () => {
  await fetch(`${merchantUrl}/api/merchant/clients`, { method: 'DELETE' });
  await fetch(`${merchantUrl}/api/merchant/requests`, { method: 'DELETE' });
});
afterAll(async () => {
  await stage.close();
  await http.close();
  await merchant.close();
  rmSync(dataDir, { recursive: true });
});

const answerOf = (body: object, key = demoKey) =>
  ask(stage, 'POST', '/v1/recognition-tests', { body, key }) as Promise<{ status: number; body: unknown }>;

async function tested(body: object): Promise<Tested> {
  const answer = await answerOf(body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as Tested;
}

async function withClient(change: object): Promise<void> {
  const book = (await (await fetch(`${merchantUrl}/api/merchant/clients`)).json()) as {
    clients: Record<string, unknown>[];
  };
  book.clients[0] = { ...book.clients[0], ...change };
  const put = await fetch(`${merchantUrl}/api/merchant/clients`, {
    method: 'PUT',
    body: JSON.stringify(book),
  });
  expect(put.status).toBe(200);
}

async function seen(): Promise<SeenRequest[]> {
  return (await (await fetch(`${merchantUrl}/api/merchant/requests`)).json()) as SeenRequest[];
}

describe('/v1/ddis', () => {
  it('has one number for each way of knowing a caller', async () => {
    const { body } = (await ask(stage, 'GET', '/v1/ddis')) as unknown as { body: { data: object[] } };
    // Behind them are those that lead to scenarios.
    expect(body.data.slice(0, 3)).toMatchObject([
      {
        number: rest,
        line: 'demo-known',
        recognizedBy: 'server',
        server: { protocol: 'rest', url: `${merchantUrl}/server`, timeoutMs: 4000 },
        clientCode: { maxDigits: 12, terminator: '#', tries: 3 },
        withheld: 'code',
        fallback: { do: 'refuse' },
        callsAtOnce: 1,
        refused: { text: {} },
        ringBack: 'music',
      },
      {
        number: soap,
        recognizedBy: 'server',
        server: { protocol: 'soap', url: `${merchantUrl}/server/soap` },
      },
      { number: accounts, recognizedBy: 'accounts', server: null },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/whsec|sealed|password/i);
  });

  it('shows another merchant nothing, and is his alone to test', async () => {
    const { body } = (await ask(stage, 'GET', '/v1/ddis', { key: otherKey })) as unknown as { body: object };
    expect(body).toEqual({ data: [] });
    expect((await answerOf({ ddi: rest, cli: alice }, otherKey)).status).toBe(404);
    expect(await seen()).toEqual([]);
  });
});

describe('/v1/recognition-tests', () => {
  it.each([
    [rest, 'signature', '/server/recognize-caller'],
    [soap, 'username_token', '/server/soap'],
  ])('asks the server for real: %s', async (ddi, provenBy, path) => {
    const result = await tested({ ddi, cli: alice });
    expect(result).toMatchObject({
      id: expect.stringMatching(/^test_/),
      ask: 'recognizeCaller',
      notAsked: null,
      request: { url: `${merchantUrl}${path}` },
      answer: { status: 200, body: expect.stringContaining('recognized') },
      tookMs: expect.any(Number),
      outcome: 'recognized',
      recognition: { outcome: 'recognized', clientCode: '4711', talkLimitSeconds: 900 },
      because: null,
      detail: null,
    });
    expect(result.experience.en).toEqual([
      'The caller hears ringing.',
      expect.stringMatching(/^The caller hears: “Bienvenue .*15 minutes/),
      'The talk is cut after 15\u00a0minutes.',
      'Rung one after the other: Claire, Hugo, Inès.',
    ]);
    expect(result.experience.fr[0]).toBe('L’appelant entend la sonnerie.');
    expect(result.experience.fr).toHaveLength(4);
    const [asked] = await seen();
    expect(asked).toMatchObject({
      verified: true,
      provenBy,
      protocol: ddi === rest ? 'rest' : 'soap',
      client: 'Alice Martin',
      fields: {
        ddi,
        cli: alice,
        cliTrust: 'network',
        line: 'demo-known',
        callsInProgress: 0,
        secondsNotYetReported: 0,
      },
    });
    expect(asked?.fields['requestId']).toMatch(new RegExp(`^${result.id}`));
  });

  it('shows the signature that a developer can check, and no secret', async () => {
    const { request } = await tested({ ddi: rest, cli: alice });
    expect(() => new Webhook(secret).verify(request?.body ?? '', request?.headers ?? {})).not.toThrow();
    for (const ddi of [rest, soap]) {
      const text = JSON.stringify(await tested({ ddi, cli: alice }));
      expect(text).not.toContain(secret);
      expect(text).not.toContain(secret.slice('whsec_'.length));
    }
    const xml = (await tested({ ddi: soap, cli: alice })).request?.body ?? '';
    expect(xml).toMatch(/<wsse:Password [^>]*>\*\*\*</);
  });

  it('a stranger, and one who hides his number, are asked for a code', async () => {
    const stranger = await tested({ ddi: rest, cli: '+33699999999' });
    expect(stranger).toMatchObject({ outcome: 'refused', recognition: { reason: 'unknown' } });
    expect(stranger.experience.en.at(-1)).toBe(
      'The caller keys his client code: 12 digits at most, ended by #; 3 tries.',
    );
    const hidden = await tested({ ddi: rest, cli: 'withheld' });
    expect(hidden).toMatchObject({ outcome: 'not_asked', notAsked: 'withheld', ask: null, request: null });
    expect(hidden.experience.fr.at(-1)).toContain('code client');
    const keyed = await tested({ ddi: rest, cli: 'withheld', clientCode: '4711' });
    expect(keyed).toMatchObject({ outcome: 'recognized', ask: 'recognizeClientCode' });
    expect(await seen()).toMatchObject([
      { operation: 'recognizeClientCode', fields: { cliTrust: 'withheld', clientCode: '4711' } },
      { operation: 'recognizeCaller' },
    ]);
  });

  it.each([rest, soap])('a code with a PIN: the PIN is wanted, and never sent: %s', async (ddi) => {
    const result = await tested({ ddi, cli: alice, clientCode: '2024' });
    expect(result).toMatchObject({
      ask: 'recognizeClientCode',
      outcome: 'proof_wanted',
      recognition: { proof: 'pin', clientCode: '2024', language: 'en' },
    });
    expect(result.experience.en.at(-1)).toMatch(/^The caller keys his PIN: 8 digits/);
    expect(result.request?.body).not.toContain('pin');
    expect((await answerOf({ ddi, cli: alice, clientCode: '2024', pin: '1234' })).status).toBe(422);
  });

  it('nothing left, blocked: he hears why, and it ends', async () => {
    const nothingLeft = await tested({ ddi: soap, cli: alice, clientCode: '4004' });
    expect(nothingLeft.experience.en).toEqual([expect.stringContaining('épuisé'), 'The call is ended.']);
    const blocked = await tested({ ddi: rest, cli: '+33612345680' });
    expect(blocked).toMatchObject({ outcome: 'refused', recognition: { reason: 'blocked' } });
    expect(blocked.experience.fr.at(-1)).toBe('L’appel prend fin.');
  });

  it('no limit, his own language, his own consultants, the merchant’s own words', async () => {
    await withClient({
      talkLimitSeconds: null,
      language: 'en',
      consultants: ['con_demo_ines', 'con_nobody', 'con_demo_claire'],
      text: 'Hello Alice.',
    });
    expect((await tested({ ddi: rest, cli: alice })).experience.en).toEqual([
      'The caller hears ringing.',
      'The caller hears: “Hello Alice.”',
      'The merchant sets no limit: the talk may last as long as the line lets anybody, 4\u00a0hours.',
      'Rung one after the other: Inès, Claire.',
    ]);
    await withClient({ consultants: ['con_nobody'] });
    expect((await tested({ ddi: rest, cli: alice })).experience.en.at(-1)).toMatch(/^Nobody is rung/);
  });

  it('a destination: rung where the table allows it, else no answer at all', async () => {
    await withClient({ destination: '+33123456789' });
    const allowed = await tested({ ddi: rest, cli: alice });
    expect(allowed.experience.en.at(-1)).toBe('This number is rung: +33123456789.');
    await withClient({ destination: '+882161234567' });
    const refused = await tested({ ddi: rest, cli: alice });
    expect(refused).toMatchObject({
      outcome: 'failed',
      because: expect.stringMatching(/destination|nonsense/),
    });
    expect(refused.experience.en.at(-1)).toBe('The call is ended.');
  });

  it.each([
    [rest, 503, 'status', '503'],
    [rest, 302, 'status', 'redirect'],
    [rest, 'html', 'nonsense', 'text/html'],
    [rest, 'nonsense', 'nonsense', 'outcome'],
    [rest, 'drop', 'no_answer', 'No answer'],
    [soap, 500, 'fault', 'told_to'],
    [soap, 'html', 'nonsense', 'text/html'],
    [soap, 'nonsense', 'nonsense', 'talkLimitSeconds'],
    [soap, 'drop', 'no_answer', 'No answer'],
  ])('%s answers %s: said in one sentence, with the line’s fallback', async (ddi, error, because, words) => {
    await withClient({ error });
    const result = await tested({ ddi, cli: alice });
    expect(result).toMatchObject({ outcome: 'failed', because, recognition: null });
    expect(result.detail).toContain(words);
    expect(result.experience.en.at(-1)).toBe('The call is ended.');
    await stage.admin.query(
      `update ddis set settings = '{"fallback":{"do":"trial","talkLimitSeconds":120}}'`,
    );
    const onTrial = await tested({ ddi, cli: alice });
    await stage.admin.query(`update ddis set settings = '{}'`);
    expect(onTrial.experience.en).toContain('The talk is cut after 2\u00a0minutes.');
  });

  it('too slow is no answer, after the time of the settings', async () => {
    await withClient({ delayMs: 60_000 });
    await stage.admin.query(`update merchants set server_timeout_ms = 500`);
    const result = await tested({ ddi: rest, cli: alice });
    await stage.admin.query(`update merchants set server_timeout_ms = 4000`);
    expect(result).toMatchObject({ outcome: 'failed', because: 'no_answer', answer: null });
    expect(result.detail).toContain('within 0.5 s');
  });

  it('no server, a line that is off: nobody is asked, and it says so', async () => {
    await stage.admin.query(`update merchants set server_url = null`);
    const without = await tested({ ddi: rest, cli: alice });
    await stage.admin.query(`update merchants set server_url = $1`, [`${merchantUrl}/server`]);
    expect(without).toMatchObject({ outcome: 'not_asked', notAsked: 'no_server' });
    expect(without.experience.en.at(-1)).toBe('The call is ended.');
    await stage.admin.query(`update lines set active = false where slug = 'demo-known'`);
    const off = await tested({ ddi: rest, cli: alice });
    await stage.admin.query(`update lines set active = true where slug = 'demo-known'`);
    expect(off).toMatchObject({ outcome: 'not_asked', notAsked: 'line_off' });
    expect(await seen()).toEqual([]);
  });

  it('a refused caller: the line’s own words and its other line, as they are set', async () => {
    await stage.admin.query(`update ddis set settings = $1`, [
      JSON.stringify({
        refused: { text: { fr: 'Voyez notre site.' }, ring: { line: 'demo', talkLimitSeconds: 60 } },
      }),
    ]);
    const broke = await tested({ ddi: rest, cli: alice, clientCode: '4004' });
    const blocked = await tested({ ddi: rest, cli: '+33612345680' });
    await stage.admin.query(`update ddis set settings = '{}'`);
    expect(broke.experience.en).toEqual([
      'The caller hears: “Voyez notre site.”',
      'The talk is cut after 1\u00a0minute.',
      'Rung one after the other: Claire, Hugo, Inès.',
    ]);
    expect(blocked.experience.en.slice(-2)).toEqual([
      'The caller hears: “Voyez notre site.”',
      'The call is ended.',
    ]);
  });

  it('writes nothing down', async () => {
    const counts = () =>
      stage.admin.query(
        `select (select count(*) from orders) as orders, (select count(*) from call_sessions) as sessions,
           (select count(*) from known_calls) as known, (select count(*) from usage_reports) as reports`,
      );
    const before = (await counts()).rows;
    await tested({ ddi: rest, cli: alice });
    await tested({ ddi: soap, cli: alice, clientCode: '1' });
    expect((await counts()).rows).toEqual(before);
  });

  describe('of accounts kept here', () => {
    const mine = '+33677000001';
    beforeAll(async () => {
      const opens = async (body: object): Promise<void> => {
        const opened = await ask(stage, 'POST', '/v1/clients', {
          body: { kind: 'balance', currency: 'EUR', ...body },
        });
        expect(opened.status, JSON.stringify(opened.body)).toBe(201);
      };
      await opens({ code: '7001', numbers: [mine] });
      await opens({ code: '7002', numbers: ['+33677000002'], pin: '1357' });
      await opens({ code: '7003', numbers: ['+33677000003'] });
      await opens({ code: '7004', kind: 'monthly', language: 'en' });
      const paid = await ask(stage, 'POST', '/v1/clients/7001/top-ups', {
        body: { amount: '10.00', currency: 'EUR' },
      });
      expect(paid.status, JSON.stringify(paid.body)).toBe(201);
    });
    const counted = async (): Promise<unknown> =>
      (
        await stage.admin.query(
          `select (select count(*)::int from client_reservations) as kept, (select sum(reserved) from clients) as reserved,
             (select count(*)::int from client_movements) as movements, (select count(*)::int from abuse_counts) as guesses,
             (select count(*)::int from call_sessions) as sessions`,
        )
      ).rows as unknown;

    it('by his number: his balance and the minutes it buys, spoken, and who is rung', async () => {
      const before = await counted();
      const result = await tested({ ddi: accounts, cli: mine });
      expect(result).toMatchObject({
        outcome: 'recognized',
        notAsked: 'accounts',
        ask: null,
        request: null,
        recognition: { outcome: 'recognized', clientCode: '7001', talkLimitSeconds: expect.any(Number) },
      });
      expect(result.experience.en).toEqual([
        'The caller hears ringing.',
        expect.stringMatching(/Votre solde est de 10 euros\. Vous pouvez parler /),
        expect.stringMatching(/^The talk is cut after/),
        expect.stringMatching(/^Rung one after the other/),
      ]);
      expect(await counted()).toEqual(before);
    });

    it('what calls under way keep back is not to be talked', async () => {
      const before = await tested({ ddi: accounts, cli: mine });
      await stage.admin.query(`update clients set reserved = 5 where code = '7001'`);
      const half = await tested({ ddi: accounts, cli: mine });
      await stage.admin.query(`update clients set reserved = 10 where code = '7001'`);
      const none = await tested({ ddi: accounts, cli: mine });
      await stage.admin.query(`update clients set reserved = 0 where code = '7001'`);
      expect(Number(half.recognition?.['talkLimitSeconds'])).toBeLessThan(
        Number(before.recognition?.['talkLimitSeconds']),
      );
      expect(none).toMatchObject({ outcome: 'refused', recognition: { reason: 'no_credit' } });
      expect(none.experience.en.at(-1)).toBe('The call is ended.');
    });

    it('by code; monthly without a ceiling he talks as long as anybody may', async () => {
      const result = await tested({ ddi: accounts, cli: 'withheld', clientCode: '7004' });
      expect(result).toMatchObject({
        outcome: 'recognized',
        recognition: { clientCode: '7004' },
        detail: null,
      });
      expect(result.experience.en[0]).toMatch(/^The caller hears: “Welcome/);
      expect(result.experience.en[1]).toMatch(/as long as the line lets anybody, 4\u00a0hours/);
    });

    it('a PIN is wanted and never tried', async () => {
      for (const by of [{ cli: '+33677000002' }, { cli: 'withheld', clientCode: '7002' }]) {
        const result = await tested({ ddi: accounts, ...by });
        expect(result).toMatchObject({
          outcome: 'proof_wanted',
          recognition: { proof: 'pin', clientCode: '7002' },
        });
        expect(result.experience.en.at(-1)).toMatch(/^The caller keys his PIN/);
      }
    });

    it('nothing on it, blocked, unknown: why, and no guess is counted however often', async () => {
      const before = await counted();
      expect(await tested({ ddi: accounts, cli: '+33677000003' })).toMatchObject({
        outcome: 'refused',
        recognition: { reason: 'no_credit' },
      });
      await stage.admin.query(`update clients set active = false where code = '7003'`);
      expect(await tested({ ddi: accounts, cli: '+33677000003' })).toMatchObject({
        recognition: { reason: 'blocked' },
      });
      const stranger = await tested({ ddi: accounts, cli: '+33677000009' });
      expect(stranger).toMatchObject({ outcome: 'refused', recognition: { reason: 'unknown' } });
      expect(stranger.experience.en.at(-1)).toMatch(/^The caller keys his client code/);
      for (let n = 0; n < 12; n += 1) {
        // Where clients have PINs a caller hears the same of a code nobody has; the merchant is told.
        expect(await tested({ ddi: accounts, cli: mine, clientCode: '9999' })).toMatchObject({
          outcome: 'proof_wanted',
          detail: expect.stringContaining('None of your clients'),
        });
      }
      expect(await counted()).toEqual(before);
    });
  });

  it.each([
    [{}, 422],
    [{ ddi: rest }, 422],
    [{ cli: alice }, 422],
    [{ ddi: '0199000201', cli: alice }, 422],
    [{ ddi: rest, cli: '0612345678' }, 422],
    [{ ddi: rest, cli: '' }, 422],
    [{ ddi: rest, cli: alice, clientCode: 'a b' }, 422],
    [{ ddi: rest, cli: alice, clientCode: '' }, 422],
    [{ ddi: rest, cli: alice, clientCode: '1'.repeat(41) }, 422],
    [{ ddi: rest, cli: alice, clientCode: 4711 }, 422],
    [{ ddi: rest, cli: alice, cliTrust: 'withheld' }, 422],
    [{ ddi: rest, cli: alice, pin: '1' }, 422],
    [{ ddi: '+33199000999', cli: alice }, 404],
    [{ ddi: '+33199', cli: alice }, 404],
  ])('%j: %i, and nobody is asked', async (body, status) => {
    expect((await answerOf(body)).status).toBe(status);
    expect(await seen()).toEqual([]);
  });
});
