// Known callers over the whole house, the demo merchant's own server included: he dials, is recognized in REST or in SOAP, and
// what he used is told in the language he was asked about in.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { KeptReport, SeenRequest } from '../../src/sandbox/merchant-server.ts';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

const rest = '+33199000201';
const soap = '+33199000202';

let world: TestWorld;
let merchant: string;
beforeAll(async () => {
  world = await startWorld();
  const found = await world.sql.query<{ url: string }>(
    `select server_url as url from merchants where id = 'mer_demo'`,
  );
  merchant = new URL(found.rows[0]?.url ?? '').origin;
});
afterEach(async () => {
  await world.merchantAnswers({});
  await fetch(`${merchant}/api/merchant/clients`, { method: 'DELETE' });
  await fetch(`${merchant}/api/merchant/requests`, { method: 'DELETE' });
  await world.phoneIs(caller, 'ended');
  await world.balanced();
});
afterAll(() => world.close());

const at = async <Answer>(path: string): Promise<Answer> =>
  (await (await fetch(`${merchant}/api/merchant/${path}`)).json()) as Answer;

const heard = (words: string): Promise<void> =>
  eventually(async () => {
    const phone = await world.phone(caller);
    expect(phone?.heard.map((one) => one.text).join(' ')).toContain(words);
  });

const talking = (): Promise<void> =>
  eventually(async () => {
    const latest = await world.sql.query('select state from call_sessions order by created_at desc limit 1');
    expect(latest.rows).toEqual([{ state: 'connected' }]);
  });

/** The report of the latest call, once it was taken. */
const reported = (outcome: string): Promise<KeptReport> =>
  eventually(async () => {
    const [last] = await at<KeptReport[]>('reports');
    const found = await world.sql.query<{ id: string; state: string }>(
      `select u.id, u.state from usage_reports u order by u.position desc limit 1`,
    );
    expect(found.rows[0]).toEqual({ id: last?.id, state: 'delivered' });
    expect(last?.report['outcome']).toBe(outcome);
    return last!;
  });

const asked = async (): Promise<SeenRequest[]> =>
  (await at<SeenRequest[]>('requests')).filter(({ operation }) => operation !== 'reportUsage').reverse();

it('by his number, in REST: greeted, joined, reported', async () => {
  await world.dials(caller, rest, { assertedBy: 'network' });
  await world.accept(claire);
  await talking();
  await world.does(caller, 'hangup');
  const { report, deliveries } = await reported('talked');
  expect(deliveries).toBe(1);
  expect(report).toMatchObject({
    clientCode: '4711',
    sequence: 1,
    cli: caller,
    ddi: rest,
    line: 'demo-known',
    consultantId: 'con_demo_claire',
  });
  expect(report['billableSeconds']).toBe(Math.ceil(Number(report['talkMilliseconds']) / 1000));
  expect(await asked()).toMatchObject([
    { operation: 'recognizeCaller', protocol: 'rest', provenBy: 'signature', verified: true, repeats: 0 },
  ]);
});

it('by code and PIN, in SOAP, his number hidden; the limit cuts, and the report comes twice when refused', async () => {
  const book = await at<{ clients: Record<string, unknown>[] }>('clients');
  const clients = book.clients.map((one) =>
    one['clientCode'] === '2024' ? { ...one, talkLimitSeconds: 2 } : one,
  );
  await fetch(`${merchant}/api/merchant/clients`, { method: 'PUT', body: JSON.stringify({ clients }) });
  await world.merchantAnswers({ answer: 503, to: 'reports', times: 1 });
  await world.dials(caller, soap, { withheld: true });
  await heard('code client');
  await world.does(caller, 'keys', { digits: '2024#' });
  await heard('personal code');
  await world.does(caller, 'keys', { digits: '1234#' });
  await world.accept(claire);
  const { report } = await eventually(async () => {
    const told = await reported('limit_reached');
    expect([told.deliveries, told.answers]).toEqual([2, [503, 200]]);
    return told;
  });
  expect(report).toMatchObject({ clientCode: '2024', ddi: soap, billableSeconds: 2, talkMilliseconds: 2000 });
  expect(report).not.toHaveProperty('cli');
  const questions = await asked();
  expect(questions).toMatchObject([
    { operation: 'recognizeClientCode', protocol: 'soap', provenBy: 'username_token', verified: true },
    { operation: 'recognizeClientCode', verified: true, fields: { clientCode: '2024', pin: '***' } },
  ]);
  expect(new Set(questions.map(({ id }) => id)).size).toBe(2);
  expect(JSON.stringify(await at('requests'))).not.toContain('>1234<');
});

it.each([
  [rest, 'nonsense'],
  [soap, 'html'],
  [rest, 500],
  [soap, 'drop'],
])('%s: a server that answers %s leaves nobody without a word', async (ddi, error) => {
  const { clients } = await at<{ clients: Record<string, unknown>[] }>('clients');
  clients[0] = { ...clients[0], error };
  await fetch(`${merchant}/api/merchant/clients`, { method: 'PUT', body: JSON.stringify({ clients }) });
  await world.dials(caller, ddi);
  await heard('ne pouvons pas vérifier');
  const { report } = await reported('merchant_away');
  expect(report).toMatchObject({ billableSeconds: 0, talkMilliseconds: 0, ddi });
  // A dropped connection is asked over once, by the same id.
  expect(new Set((await asked()).map(({ id }) => id)).size).toBe(1);
  expect((await asked()).every(({ verified }) => verified)).toBe(true);
});

it('blocked, and nothing left: told why, never rung for', async () => {
  const { clients } = await at<{ clients: Record<string, unknown>[] }>('clients');
  clients[0] = { ...clients[0], blocked: true };
  await fetch(`${merchant}/api/merchant/clients`, { method: 'PUT', body: JSON.stringify({ clients }) });
  await world.dials(caller, soap);
  await heard('pas ouvert');
  await reported('merchant_refused');
  await world.phoneIs(caller, 'ended');
  clients[0] = { ...clients[0], blocked: false, talkLimitSeconds: 0 };
  await fetch(`${merchant}/api/merchant/clients`, { method: 'PUT', body: JSON.stringify({ clients }) });
  await world.dials(caller, rest);
  await heard('épuisé');
  await eventually(async () => expect(await at<KeptReport[]>('reports')).toHaveLength(8));
});
