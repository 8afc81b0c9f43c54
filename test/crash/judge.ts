// What must be true when an order is over, however often a gateway died on the way: of the money, of the people, of what
// the merchant was told; all of it compared with what the switch and the processor say themselves.

import { expect } from 'vitest';
import { eventually, type CrashHouse } from './crash-house.ts';

/** A lease lapses within five seconds, a guard ends a forgotten leg within a minute; then every sweep has its turn. */
const settledWithinMs = 90_000;
const talked = new Set(['talked', 'limit_reached', 'caller_left', 'consultant_left']);

export interface Verdict {
  state: string;
  outcome: string;
  /** By the switch's own records, in whole seconds begun; undefined: the two were never joined. */
  talkSeconds: number | undefined;
  captured: string;
}

/** The line's tariff: 1.00, and two cents for each second begun. */
function priceOf(seconds: number): string {
  return (1 + seconds * 0.02).toFixed(2);
}

/** Waits until the order is over, then judges it. `sinceUs`: records of the switch before this are of other calls. */
export async function judge(
  house: CrashHouse,
  sessionId: string,
  orderId: string,
  sinceUs: number,
  { holds = 1 }: { holds?: number } = {},
): Promise<Verdict> {
  const session = await eventually(async () => {
    const { json } = await house.api('GET', `/v1/call-sessions/${sessionId}`);
    expect(json).toMatchObject({ state: 'settled' });
    return json as {
      state: string;
      outcome: string;
      connectedAt: string | null;
      captured: { amount: string };
    };
  }, settledWithinMs);

  const legs = house.records().filter((record) => record.bridgedUs > sinceUs);
  const talkUs =
    legs.length === 0
      ? undefined
      : Math.min(...legs.map((leg) => leg.endedUs)) - Math.min(...legs.map((leg) => leg.bridgedUs));
  const talkSeconds = talkUs === undefined ? undefined : Math.ceil(talkUs / 1_000_000);
  const due = talkSeconds === undefined ? '0.00' : priceOf(talkSeconds);
  expect(session.captured.amount, 'what was talked by the switch is what was captured').toBe(due);
  expect(talked.has(session.outcome)).toBe(talkSeconds !== undefined);

  await nobodyOnTheLine(house);
  await oneSettlement(house, orderId, due, holds);
  await merchantKnows(house, orderId, talkSeconds !== undefined, holds);
  await booksAgree(house, orderId);
  return { state: session.state, outcome: session.outcome, talkSeconds, captured: session.captured.amount };
}

export interface KnownVerdict {
  outcome: string;
  talkSeconds: number | undefined;
}

/**
 * Waits until the call somebody dialled is over, then judges it: told to the merchant once, no second more or less than the
 * switch says, and nothing kept back. `undefined`: nobody came to take it, and the switch's own apology ended it.
 */
export async function judgeKnown(house: CrashHouse, sinceUs: number): Promise<KnownVerdict | undefined> {
  const calls = async (): Promise<{ id: string; orderId: string; state: string; outcome: string }[]> =>
    (
      await house.sql.query(
        `select s.id, s.order_id as "orderId", s.state, s.outcome from known_calls k
         join call_sessions s on s.id = k.call_session_id where k.started_at >= to_timestamp($1)`,
        [sinceUs / 1_000_000],
      )
    ).rows as never;
  await nobodyOnTheLine(house);
  await eventually(async () => {
    for (const call of await calls()) expect(call).toMatchObject({ state: 'settled' });
  }, settledWithinMs);
  const [call, ...others] = await calls();
  expect(others, 'one call, one session').toEqual([]);
  if (!call) return undefined;
  const legs = house.records().filter((record) => record.bridgedUs > sinceUs);
  const talkUs =
    legs.length === 0
      ? 0
      : Math.min(...legs.map((leg) => leg.endedUs)) - Math.min(...legs.map((leg) => leg.bridgedUs));
  const talkSeconds = Math.ceil(talkUs / 1_000_000);
  await eventually(async () => {
    const told = (await house.reports()).filter(({ report }) => report['callSessionId'] === call.id);
    expect(
      told.map(({ report }) => [report['billableSeconds'], report['outcome']]),
      'told once, what the switch says',
    ).toEqual([[talkSeconds, call.outcome]]);
    const open = await house.sql.query(
      `select 'report' as what, id from usage_reports where state <> 'delivered'
       union all select 'kept back', call_session_id from client_reservations where released_at is null
       union all select 'kept back', id from clients where reserved <> 0
       union all select name, id from violated_call_reports('-infinity', now())`,
    );
    expect(open.rows).toEqual([]);
  }, settledWithinMs);
  await booksAgree(house, call.orderId);
  return { outcome: call.outcome, talkSeconds: legs.length === 0 ? undefined : talkSeconds };
}

/** Given back once, by whoever is asked: the processor, the ledger, the merchant, our own list. */
export async function judgeRefund(house: CrashHouse, orderId: string, amount: string): Promise<void> {
  await eventually(async () => {
    const { json } = await house.api('GET', `/v1/orders/${orderId}/refunds`);
    const listed = json['data'] as { state: string; refunded: { amount: string } }[];
    expect(listed.map(({ state, refunded }) => [state, refunded.amount])).toEqual([['refunded', amount]]);
    const told = (await house.notices()).filter(
      ({ type, body }) => type === 'payment.refunded' && body.data['orderId'] === orderId,
    );
    expect(told).toHaveLength(1);
  }, settledWithinMs);
  const intent = (await house.processorPayments()).find(({ metadata }) => metadata['order'] === orderId);
  expect((await house.refundedCents(intent?.id ?? '')) / 100).toBe(Number(amount));
  const posted = await house.sql.query(
    `select sum(e.amount) as amount from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
     where t.order_id = $1 and t.kind = 'refund' and e.account = 'card'`,
    [orderId],
  );
  expect(Math.abs(Number((posted.rows[0] as { amount: string }).amount))).toBe(Number(amount));
  await booksAgree(house, orderId);
}

async function nobodyOnTheLine(house: CrashHouse): Promise<void> {
  await eventually(async () => {
    const phones = await house.everyPhone();
    expect(phones.filter((phone) => phone.state !== 'ended')).toEqual([]);
  }, settledWithinMs);
}

/** The processor's own memory: no hold more than was asked for, the first taken once or given back, the rest given back. */
async function oneSettlement(house: CrashHouse, orderId: string, due: string, holds: number): Promise<void> {
  const made = (await house.processorPayments()).filter(({ metadata }) => metadata['order'] === orderId);
  expect(made.length, 'a hold too many').toBeLessThanOrEqual(holds);
  if (holds > 1) expect(made).toHaveLength(holds);
  const cents = made.reduce((sum, intent) => sum + intent.amount_received, 0);
  expect((cents / 100).toFixed(2), 'what the processor took').toBe(due);
  const taken = made.filter(({ status }) => status === 'succeeded');
  expect(taken).toHaveLength(cents > 0 ? 1 : 0);
  expect(made.filter(({ status }) => status === 'canceled')).toHaveLength(made.length - taken.length);
}

async function merchantKnows(
  house: CrashHouse,
  orderId: string,
  wasTalked: boolean,
  holds: number,
): Promise<void> {
  await eventually(async () => {
    const waiting = await house.sql.query(
      "select id, body from notices where order_id = $1 and state <> 'delivered'",
      [orderId],
    );
    expect(waiting.rows).toEqual([]);
  }, settledWithinMs);
  const told = (await house.notices())
    .filter(({ body }) => body.data['orderId'] === orderId)
    .sort((a, b) => Number(a.body.data['sequence']) - Number(b.body.data['sequence']));
  expect(told.every(({ verified }) => verified)).toBe(true);
  expect(
    told.map(({ body }) => body.data['sequence']),
    'each once, none missing',
  ).toEqual(told.map((_, place) => place + 1));
  const types = told.map(({ type }) => type);
  const once = wasTalked
    ? ['payment.authorized', 'call.connected', 'call.ended', 'payment.captured', 'payment.released']
    : ['call.ended'];
  for (const type of once)
    expect(
      types.filter((other) => other === type),
      type,
    ).toHaveLength(type === 'payment.authorized' ? holds : 1);
  if (!wasTalked) expect(types).not.toContain('payment.captured');
}

/** By SQL, behind everybody's back. */
async function booksAgree(house: CrashHouse, orderId: string): Promise<void> {
  await eventually(async () => {
    const wrong = await house.sql.query(
      `select 'ledger' as what, transaction_id as id from ledger_entries
         group by transaction_id, currency having sum(amount) <> 0
       union all
       select 'held', a.id from authorizations a join payments p on p.id = a.payment_id
         where p.order_id = $1 and (select coalesce(sum(e.amount), 0) from ledger_entries e
           join ledger_transactions t on t.id = e.transaction_id
           where t.authorization_id = a.id and e.account = 'held') <> 0
       union all
       select 'claim', id from consultants where claimed_by is not null
       union all
       select 'work', id::text from switch_work
       union all
       select 'receipts', order_id from receipts where order_id = $1 group by order_id having count(*) > 1
       union all
       select 'operations', authorization_id from processor_operations
         where kind in ('capture', 'void') group by authorization_id having count(*) > 1`,
      [orderId],
    );
    expect(wrong.rows).toEqual([]);
    const known = await house.sql.query("select to_regproc('violated_invariants') is not null as known");
    if ((known.rows[0] as { known: boolean }).known) {
      const violations = await house.sql.query("select * from violated_invariants('-infinity', now())");
      expect(violations.rows).toEqual([]);
    }
  }, settledWithinMs);
}
