// A caller the merchant knows, over the whole house: he dials, is recognized, talks under the limit, and what he used is
// reported. The merchant's server is scripted here; its protocols are test/adapters'.

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CallerQuestion, Recognition, UsageReport } from '../../src/core/known-caller.ts';
import type { Asked, Delivered, MerchantServer } from '../../src/flow/ports.ts';
import { topUp } from '../../src/flow/client-accounts.ts';
import { insertClient } from '../../src/store/client-accounts.ts';
import { money } from '../../src/core/money.ts';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

const ddi = '+33199000299';
const accountsDdi = '+33199000298';
const other = '+33612345679';
const hugo = '+33199000002';

class ScriptedServer implements MerchantServer {
  questions: CallerQuestion[] = [];
  reports: { id: string; usage: UsageReport }[] = [];
  answer: (question: CallerQuestion) => Promise<Recognition | 'silence'> = () => Promise.resolve(known);
  takes: () => Delivered = () => ({ outcome: 'delivered', status: 204 });

  refusalOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  async ask(_server: unknown, question: CallerQuestion): Promise<Asked> {
    this.questions.push(question);
    const exchange = { url: '', requestHeaders: {}, requestBody: '', tookMs: 0 };
    const recognition = await this.answer(question);
    return recognition === 'silence'
      ? { exchange, outcome: 'failed', because: 'no_answer', detail: 'silence' }
      : { exchange, outcome: 'answered', recognition };
  }
  report(_server: unknown, report: { id: string; body: string }): Promise<Delivered> {
    this.reports.push({ id: report.id, usage: JSON.parse(report.body) as UsageReport });
    return Promise.resolve(this.takes());
  }
}

const known: Recognition = { outcome: 'recognized', clientCode: '4711', talkLimitSeconds: 60 };
const server = new ScriptedServer();
let world: TestWorld;

beforeAll(async () => {
  world = await startWorld({ overrides: { merchantServer: server } });
  await world.sql.query(
    `update merchants set server_protocol = 'rest', server_url = 'https://merchant.example'`,
  );
  await world.sql.query(
    `insert into ddis (id, merchant_id, line_id, number, recognized_by) values
       ('ddi_1', 'mer_demo', 'lin_demo_short', $1, 'server'), ('ddi_2', 'mer_demo', 'lin_demo_short', $2, 'accounts')`,
    [ddi, accountsDdi],
  );
});
beforeEach(() => {
  server.questions = [];
  server.reports = [];
  server.answer = () => Promise.resolve(known);
  server.takes = () => ({ outcome: 'delivered', status: 204 });
});
afterEach(async () => {
  for (const number of [caller, other, claire, hugo]) {
    const phone = await world.phone(number);
    if (phone && phone.state !== 'ended') await world.does(number, 'hangup').catch(() => undefined);
    if (phone) await world.phoneIs(number, 'ended');
  }
  await eventually(async () => {
    const owed = await world.sql.query(
      `select id from usage_reports where state = 'pending'
       union all select id from call_sessions where state <> 'settled'`,
    );
    expect(owed.rows).toEqual([]);
  });
  await world.balanced();
});
afterAll(() => world.close());

const dials = (number = caller, to = ddi, options = {}): Promise<void> => world.dials(number, to, options);

async function lastCall(): Promise<{
  id: string;
  state: string;
  outcome: string | null;
  talkUs: string | null;
}> {
  const found = await world.sql.query<{
    id: string;
    state: string;
    outcome: string | null;
    talkUs: string | null;
  }>(
    `select id, state, outcome, talk_us::text as "talkUs" from call_sessions order by created_at desc limit 1`,
  );
  return found.rows[0]!;
}
const ended = (outcome: string): Promise<void> =>
  eventually(async () => expect(await lastCall()).toMatchObject({ state: 'settled', outcome }));
const heard = (number: string, words: string): Promise<void> =>
  eventually(async () => {
    const phone = await world.phone(number);
    expect(phone?.heard.map((one) => one.text).join(' ')).toContain(words);
  });
/** For his code, so many times in this call. */
const asked = (times: number): Promise<void> =>
  eventually(async () => {
    const phone = await world.phone(caller);
    expect(phone?.heard.filter(({ text }) => text.includes('code client'))).toHaveLength(times);
  });
/** The report of the last call. */
const reported = (): Promise<{ id: string; usage: UsageReport }> =>
  eventually(async () => {
    const { id } = await lastCall();
    const found = server.reports.find((one) => one.usage.callSessionId === id);
    expect(found).toBeDefined();
    return found!;
  });

it('a known number: greeted, rung for, talks, and the seconds are reported', async () => {
  await dials(caller, ddi, { assertedBy: 'network' });
  await world.accept(claire);
  await eventually(async () => expect((await lastCall()).state).toBe('connected'));
  await heard(caller, 'Bienvenue');
  expect(server.questions).toHaveLength(1);
  expect(server.questions[0]).toMatchObject({
    ask: 'caller',
    cli: { trust: 'network', number: caller },
    ddi,
    line: 'demo-short',
    callsInProgress: 0,
    secondsNotYetReported: 0,
  });
  await world.does(caller, 'hangup');
  await ended('talked');
  const { talkUs, id } = await lastCall();
  const { usage } = await reported();
  const ms = Number(BigInt(talkUs ?? '0') / 1000n);
  expect(usage).toMatchObject({
    callSessionId: id,
    clientCode: '4711',
    sequence: 1,
    cli: caller,
    ddi,
    talkMilliseconds: ms,
    billableSeconds: Math.ceil(ms / 1000),
    outcome: 'talked',
  });
  await eventually(async () => {
    const rows = await world.sql.query(`select state from usage_reports`);
    expect(rows.rows).toEqual([{ state: 'delivered' }]);
  });
});

it('an unknown number keys his code, star begins anew, and is let in', async () => {
  server.answer = (question) =>
    Promise.resolve(question.clientCode === '4711' ? known : { outcome: 'refused', reason: 'unknown' });
  await dials();
  await asked(1);
  await world.does(caller, 'keys', { digits: '99*' });
  await asked(2);
  await world.does(caller, 'keys', { digits: '4711#' });
  await world.phoneIs(claire, 'ringing');
  expect(server.questions.map((one) => one.clientCode)).toEqual([undefined, '4711']);
  await world.does(caller, 'hangup');
  await ended('caller_left');
  const { usage } = await reported();
  expect(usage).toMatchObject({
    clientCode: '4711',
    billableSeconds: 0,
    talkMilliseconds: 0,
    outcome: 'caller_left',
  });
});

it('the limit the merchant gave ends the talk, and no second more is reported', async () => {
  server.answer = () => Promise.resolve({ ...known, talkLimitSeconds: 2 });
  await dials();
  await world.accept(claire);
  await ended('limit_reached');
  expect((await reported()).usage).toMatchObject({ billableSeconds: 2, talkMilliseconds: 2_000 });
});

it('waits with music for the consultant, or with the tone of a telephone that rings', async () => {
  const waits = (tune: string): Promise<void> =>
    eventually(async () => expect((await world.phone(caller))?.heard.at(-1)?.text).toBe(tune), 15_000);
  for (const [ringBack, tune] of [
    ['music', '♪ music'],
    ['tone', '♪ ringing tone'],
  ] as const) {
    await world.sql.query(`update ddis set settings = $1 where id = 'ddi_1'`, [JSON.stringify({ ringBack })]);
    await dials();
    await waits(tune);
    await world.accept(claire);
    await eventually(async () => expect((await lastCall()).state).toBe('connected'));
    await world.does(caller, 'hangup');
    await ended('talked');
    await world.phoneIs(caller, 'ended');
  }
});

it('a server that is silent: he is told so; on trial he may talk a little', async () => {
  server.answer = () => Promise.resolve('silence');
  await dials();
  await heard(caller, 'quelques minutes');
  await ended('merchant_away');
  await world.sql.query(
    `update ddis set settings = '{"fallback":{"do":"trial","talkLimitSeconds":30}}' where id = 'ddi_1'`,
  );
  await dials();
  await world.phoneIs(claire, 'ringing');
  await world.does(caller, 'hangup');
  await ended('caller_left');
  await world.sql.query(`update ddis set settings = '{}' where id = 'ddi_1'`);
});

it('a second call of the same client is told that one is under way', async () => {
  await dials();
  await world.accept(claire);
  await eventually(async () => expect((await lastCall()).state).toBe('connected'));
  await dials(other);
  await heard(other, 'déjà en cours');
  expect(server.questions.at(-1)).toMatchObject({ callsInProgress: 0, cli: { number: other } });
  await world.does(caller, 'hangup');
});

it('a report nobody takes is told again with the same id and body, and counts as not yet reported', async () => {
  server.takes = () => ({ outcome: 'refused', status: 500 });
  await dials();
  await world.accept(claire);
  await eventually(async () => expect((await lastCall()).state).toBe('connected'));
  await world.does(caller, 'hangup');
  const first = await reported();
  await dials();
  await eventually(() => expect(server.questions).toHaveLength(2));
  expect(server.questions[1]?.secondsNotYetReported).toBe(first.usage.billableSeconds);
  await world.does(caller, 'hangup');
  server.takes = () => ({ outcome: 'delivered', status: 204 });
  await eventually(() => {
    const same = server.reports.filter((one) => one.id === first.id);
    expect(same.length).toBeGreaterThan(1);
    expect(same.at(-1)?.usage).toEqual(first.usage);
  }, 15_000);
});

it('outside its hours he is told so, and nobody is asked who he is; with another line for it, that one rings', async () => {
  const set = async (line: string, change: object): Promise<void> => {
    const { status, json } = await world.api('PATCH', `/v1/lines/${line}`, change);
    expect(status, JSON.stringify(json)).toBe(200);
  };
  const days = await world.sql.query<{ day: string }>(
    `select to_char(now() at time zone 'Europe/Paris' - make_interval(days => n), 'MM-DD') as day
     from generate_series(0, 1) n`,
  );
  const weekly = [{ days: [1], from: '00:00', to: '00:01' }];
  await set('demo-short', { hours: { weekly, daysOff: days.rows.map(({ day }) => day) } });
  await dials();
  await heard(caller, 'fermé');
  await ended('merchant_refused');
  expect(server.questions).toEqual([]);
  await world.phoneIs(caller, 'ended');
  await set('demo', { consultants: ['con_demo_hugo'] });
  await set('demo-short', { outsideLine: 'demo' });
  await dials();
  await world.phoneIs(hugo, 'ringing');
  await world.does(caller, 'hangup');
  await ended('caller_left');
  await world.phoneIs(caller, 'ended');
  // A line that is switched off rings nobody, for another one neither.
  await set('demo', { active: false });
  await dials();
  await heard(caller, 'fermé');
  await ended('merchant_refused');
  await set('demo', { active: true });
  await set('demo-short', {
    hours: { weekly: [], daysOff: [] },
    overflowLine: 'demo',
    consultants: ['con_demo_claire'],
  });
  await world.phoneIs(caller, 'ended');
  await dials();
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'reject');
  await world.phoneIs(hugo, 'ringing');
  await world.does(caller, 'hangup');
  await ended('caller_left');
});

it('hidden, unknown, given up: each hears what to do, and the leg goes', async () => {
  server.answer = () => Promise.resolve({ outcome: 'refused', reason: 'unknown' });
  await dials(caller, ddi, { withheld: true });
  for (let n = 1; n <= 3; n += 1) {
    await asked(n);
    await world.does(caller, 'keys', { digits: '1234#' });
  }
  await heard(caller, 'pas reconnu. Vérifiez');
  await ended('not_recognized');
  await world.phoneIs(caller, 'ended');
});

it('an account kept here: balance spoken, price kept back, exactly that much taken, and a balance for one pays for one', async () => {
  const { house } = world;
  await house.db.asMerchant('mer_demo', (tx) =>
    insertClient(tx, {
      id: 'cli_1',
      merchantId: 'mer_demo',
      code: '2001',
      kind: 'balance',
      currency: 'EUR',
      numbers: [caller, other],
    }),
  );
  await world.sql.query(`update ddis set settings = '{"callsAtOnce":5}' where id = 'ddi_2'`);
  await dials(caller, accountsDdi);
  await heard(caller, 'épuisé');
  await ended('merchant_refused');
  // 1.00 fixed and 1.20 a minute: 2.00 buys fifty seconds.
  expect(await topUp(house, 'mer_demo', { clientCode: '2001', amount: money('2.00', 'EUR') })).toMatchObject({
    outcome: 'topped_up',
  });
  await world.phoneIs(caller, 'ended');
  await dials(caller, accountsDdi);
  await world.accept(claire);
  await heard(caller, '2 euros');
  await dials(other, accountsDdi);
  await heard(other, 'épuisé');
  await eventually(async () => {
    const rows = await world.sql.query(`select reserved::text from clients where id = 'cli_1'`);
    expect(rows.rows).toEqual([{ reserved: '2.0000' }]);
  });
  await world.does(caller, 'hangup');
  await eventually(async () => {
    const rows = await world.sql.query<{ reserved: string; balance: string; sum: string }>(
      `select reserved::text, balance::text,
         (select sum(amount) from client_movements where client_id = c.id)::text as sum from clients c where id = 'cli_1'`,
    );
    expect(rows.rows[0]?.reserved).toBe('0.0000');
    expect(rows.rows[0]?.sum).toBe(rows.rows[0]?.balance);
    expect(Number(rows.rows[0]?.balance)).toBeLessThan(1);
  });
});

const helpedBy = async (settings: object): Promise<void> => {
  await world.sql.query(`update ddis set settings = $1 where id in ('ddi_1', 'ddi_2')`, [
    JSON.stringify(settings),
  ]);
};

it('refused: the line’s own words, then another line under its own limit, and the talk is nobody’s', async () => {
  const text = { fr: 'Rendez-vous sur notre site.' };
  await world.sql.query(
    `delete from line_consultants where line_id = 'lin_demo' and consultant_id <> 'con_demo_hugo'`,
  );
  server.answer = () => Promise.resolve({ outcome: 'refused', reason: 'no_credit' });
  await helpedBy({ refused: { text } });
  await dials();
  await heard(caller, text.fr);
  await ended('merchant_refused');
  await world.phoneIs(caller, 'ended');
  await helpedBy({ refused: { text, ring: { line: 'demo', talkLimitSeconds: 2 } } });
  await dials();
  await heard(caller, text.fr);
  await world.accept(hugo);
  await ended('limit_reached');
  const { usage } = await reported();
  expect(usage).toMatchObject({ billableSeconds: 2, talkMilliseconds: 2_000, consultantId: 'con_demo_hugo' });
  expect(usage).not.toHaveProperty('clientCode');
  const phone = await world.phone(caller);
  expect(phone?.heard.map((one) => one.text).join(' ')).not.toContain('0 seconde');
});

// What the call before left of it does not pay for a start.
it('an account without credit: another line, and nothing of it on the account', async () => {
  await helpedBy({ refused: { ring: { line: 'demo', talkLimitSeconds: 30 } } });
  const account = async () =>
    (
      await world.sql.query(
        `select balance::text, reserved::text, (select count(*)::int from client_movements) as movements,
           (select count(*)::int from client_reservations where released_at is null) as kept,
           (select count(*)::int from known_calls where client_code = '2001' and ended_at is null) as calls
         from clients where id = 'cli_1'`,
      )
    ).rows[0] as object;
  const before = await account();
  await dials(caller, accountsDdi);
  await heard(caller, 'épuisé');
  await world.accept(hugo);
  await eventually(async () => expect((await lastCall()).state).toBe('connected'));
  expect(await account()).toEqual(before);
  await world.does(caller, 'hangup');
  await ended('talked');
  expect(await account()).toEqual(before);
});

it('who is blocked or tries codes is not put through', async () => {
  await helpedBy({ refused: { ring: { line: 'demo', talkLimitSeconds: 30 } } });
  server.answer = () => Promise.resolve({ outcome: 'refused', reason: 'blocked' });
  await dials();
  await heard(caller, 'pas ouvert');
  await ended('merchant_refused');
  await world.phoneIs(caller, 'ended');
  server.answer = () => Promise.resolve({ outcome: 'refused', reason: 'unknown' });
  await dials();
  for (let n = 1; n <= 3; n += 1) {
    await asked(n);
    await world.does(caller, 'keys', { digits: '1234#' });
  }
  await ended('not_recognized');
  await world.phoneIs(caller, 'ended');
  expect((await world.phone(hugo))?.state ?? 'ended').toBe('ended');
  await helpedBy({});
});
