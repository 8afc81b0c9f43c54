// Limits against abuse, in the transaction of the order and of the hold, on a whole house.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AbuseLimits, usualLimits } from '../../src/core/abuse-limits.ts';
import { type CallbackRequest, orderCallback, type Ordered } from '../../src/flow/order-callback.ts';
import { cardMayPay, countCardTry, forgetOldCounts } from '../../src/flow/limit-abuse.ts';
import { cancelOrder } from '../../src/flow/pay-on-page.ts';
import { readPayment } from '../../src/store/payments.ts';
import { startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
  await secondMerchant();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  await world.sql.query('delete from abuse_counts');
  await limits({});
  await world.sql.query(
    `update consultants set claimed_by = null, claim = null, claimed_until = null where merchant_id in ('mer_demo', 'mer_two')`,
  );
});

async function limits(own: Partial<AbuseLimits>): Promise<void> {
  const roomy = Object.fromEntries(Object.keys(usualLimits).map((name) => [name, 1_000]));
  await world.sql.query(`update merchants set abuse_limits = $1`, [JSON.stringify({ ...roomy, ...own })]);
}

/** The demo's lines, sold once more by somebody else, with a consultant of his own. */
async function secondMerchant(): Promise<void> {
  await world.sql.query(`
    insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone)
      values ('mer_two', 'Two', 'Two', 'two@example.org', '+33199000200', 'Lyon', 'FR', 'Europe/Paris');
    insert into caller_ids (id, merchant_id, number, verified_at) values ('cid_two', 'mer_two', '+33199000200', now());
    insert into lines (id, merchant_id, slug, sells, name, currency, duration_choices, caller_id_id)
      values ('lin_two', 'mer_two', 'two', 'conversation', '{"fr":"Deux","en":"Two"}', 'EUR', '{600}', 'cid_two');
    insert into tariffs (id, merchant_id, line_id, version, plan)
      select 'tar_two', 'mer_two', 'lin_two', 1, plan from tariffs where id = 'tar_demo';
    insert into consultants (id, merchant_id, name, number) values ('con_two', 'mer_two', 'Zoé', '+33199000009');
    insert into line_consultants (merchant_id, line_id, consultant_id, position) values ('mer_two', 'lin_two', 'con_two', 1)`);
}

let place = 0;
/** A number nobody else in this file has. */
function freshNumber(): string {
  place += 1;
  return `+336123${String(place).padStart(5, '0')}`;
}

function order(change: Partial<CallbackRequest> = {}, merchantId = 'mer_demo'): Promise<Ordered> {
  return orderCallback(world.house, merchantId, {
    line: merchantId === 'mer_demo' ? 'demo' : 'two',
    source: 'page',
    language: 'fr',
    callerNumber: freshNumber(),
    ...change,
  });
}

const said = (answer: Ordered): string => (answer.outcome === 'ordered' ? 'ordered' : answer.refusal.because);
const retryAfter = (answer: Ordered): number | undefined =>
  answer.outcome === 'refused' ? answer.refusal.retryAfterSeconds : undefined;

async function paymentState(answer: Ordered): Promise<string> {
  if (answer.outcome !== 'ordered') throw new Error(said(answer));
  const found = await world.sql.query<{ state: string; given: boolean }>(
    'select state, outcome_reason is not null as given from payments where order_id = $1',
    [answer.orderId],
  );
  const [row] = found.rows;
  return row?.given === true ? 'given_up' : (row?.state ?? 'none');
}

async function give(answer: Ordered): Promise<void> {
  if (answer.outcome === 'ordered') await cancelOrder(world.house, answer.accessToken);
}

describe('one number', () => {
  it('many orders at once: exactly as many as are allowed', async () => {
    await limits({ numberHour: 3 });
    const callerNumber = freshNumber();
    const answers = await Promise.all(Array.from({ length: 40 }, () => order({ callerNumber })));
    const words = answers.map(said);
    expect(words.filter((word) => word === 'ordered')).toHaveLength(3);
    expect(words.filter((word) => word === 'number_too_often')).toHaveLength(37);
    expect(Math.max(...answers.map((one) => retryAfter(one) ?? 0))).toBeGreaterThan(3_000);
  });

  it('is counted over all merchants: a stranger is not rung by one after the other', async () => {
    await limits({ numberEverywhereHour: 2 });
    const callerNumber = freshNumber();
    expect(said(await order({ callerNumber }))).toBe('ordered');
    expect(said(await order({ callerNumber }, 'mer_two'))).toBe('ordered');
    expect(said(await order({ callerNumber }, 'mer_two'))).toBe('number_too_often');
    expect(said(await order({ callerNumber }))).toBe('number_too_often');
    expect(said(await order())).toBe('ordered');
  });

  it('however it is written', async () => {
    await limits({ numberHour: 1 });
    expect(said(await order({ callerNumber: '06 77 00 00 01' }))).toBe('ordered');
    expect(said(await order({ callerNumber: '+33 6 77 00 00 01' }))).toBe('number_too_often');
  });

  it('counts orders whose card was declined', async () => {
    await limits({ numberHour: 2 });
    const declined = {
      callerNumber: freshNumber(),
      source: 'api',
      paymentMethod: 'pm_card_chargeDeclined',
    } as const;
    expect(said(await order(declined))).toBe('declined');
    expect(said(await order(declined))).toBe('declined');
    expect(said(await order({ ...declined, paymentMethod: 'pm_card_visa' }))).toBe('number_too_often');
  });

  it('does not count what was refused for another reason', async () => {
    await limits({ numberHour: 1 });
    const callerNumber = freshNumber();
    await world.sql.query(`update consultants set setting = 'away' where id = 'con_demo_claire'`);
    const refused = await order({ callerNumber, consultantId: 'con_demo_claire' });
    await world.sql.query(`update consultants set setting = 'available' where id = 'con_demo_claire'`);
    expect(said(refused)).toBe('consultant_busy');
    expect(said(await order({ callerNumber }))).toBe('ordered');
  });
});

describe('an order nobody pays keeps one consultant a visitor', () => {
  it('a newer one of the same number takes its place and its consultant', async () => {
    const callerNumber = freshNumber();
    const first = await order({ callerNumber, consultantId: 'con_demo_claire' });
    const second = await order({ callerNumber, consultantId: 'con_demo_claire' });
    expect([said(first), said(second)]).toEqual(['ordered', 'ordered']);
    expect([await paymentState(first), await paymentState(second)]).toEqual([
      expect.stringMatching(/^(given_up|voiding|voided|failed)$/),
      'awaiting_card',
    ]);
  });

  it('keeps what it had when the newer one is refused', async () => {
    const callerNumber = freshNumber();
    const first = await order({ callerNumber, consultantId: 'con_demo_claire' });
    const other = await order({ consultantId: 'con_demo_hugo' });
    expect(said(await order({ callerNumber, consultantId: 'con_demo_hugo' }))).toBe('consultant_busy');
    expect(await paymentState(first)).toBe('awaiting_card');
    await give(first);
    await give(other);
  });

  it('the same visitor who corrects his number keeps one, another at his address waits', async () => {
    await limits({ addressUnpaid: 1 });
    const visitor = { callerIp: '2001:db8:1:2::1', userAgent: 'Safari' };
    const first = await order({ ...visitor });
    const corrected = await order({ ...visitor });
    expect([said(first), said(corrected)]).toEqual(['ordered', 'ordered']);
    expect(await paymentState(first)).not.toBe('awaiting_card');
    // The same network, another browser and another number.
    const other = await order({ callerIp: '2001:db8:1:2:ffff::9', userAgent: 'Firefox' });
    expect(said(other)).toBe('address_unpaid');
    expect(retryAfter(other)).toBeGreaterThan(170);
    expect(retryAfter(other)).toBeLessThanOrEqual(180);
    expect(said(await order({ callerIp: '2001:db8:1:3::1', userAgent: 'Firefox' }))).toBe('ordered');
    await give(corrected);
    expect(said(await order({ callerIp: '2001:db8:1:2:ffff::9', userAgent: 'Firefox' }))).toBe('ordered');
  });

  it('an order that came with its card is not given up for another', async () => {
    const callerNumber = freshNumber();
    const paid = await order({ callerNumber, source: 'api', paymentMethod: 'pm_card_visa' });
    expect(said(paid)).toBe('ordered');
    await order({ callerNumber });
    expect(await paymentState(paid)).not.toBe('given_up');
  });
});

describe('an address', () => {
  it('is counted over all merchants, an IPv6 network as one', async () => {
    await limits({ addressHour: 2 });
    const from = (callerIp: string, merchant?: string) =>
      order({ callerIp, userAgent: 'one', source: 'api', callerNumber: freshNumber() }, merchant);
    expect(said(await from('2001:db8:9:9::1'))).toBe('ordered');
    expect(said(await from('2001:db8:9:9::2', 'mer_two'))).toBe('ordered');
    expect(said(await from('2001:db8:9:9::3'))).toBe('address_too_often');
    expect(said(await order())).toBe('ordered');
  });
});

describe('a merchant', () => {
  it('has so many orders an hour, and so many calls at once, however many come at once', async () => {
    await limits({ merchantHour: 2 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => order({ line: 'demo-ticket' })));
    expect(answers.map(said).filter((word) => word === 'ordered')).toHaveLength(2);
    expect(answers.map(said).filter((word) => word === 'merchant_too_often')).toHaveLength(18);
  });

  it('has so many calls at once', async () => {
    const busy = await world.sql.query<{ n: number }>(
      `select count(*)::int as n from call_sessions where merchant_id = 'mer_demo' and created_at > now() - interval '3 minutes'
         and state in ('awaiting_payment', 'ringing_consultant', 'ringing_caller', 'connected')`,
    );
    await limits({ merchantCallsAtOnce: (busy.rows[0]?.n ?? 0) + 1 });
    const answers = await Promise.all(Array.from({ length: 3 }, () => order()));
    expect(answers.map(said).sort()).toEqual(['merchant_busy', 'merchant_busy', 'ordered']);
    // Who is refused keeps nobody.
    const claims = await world.sql.query(
      `select id from consultants where claimed_by is not null and merchant_id = 'mer_demo'`,
    );
    expect(claims.rows).toHaveLength(1);
  });
});

describe('a card', () => {
  it('pays so often an hour, over all merchants, however many holds are written at once', async () => {
    await limits({ cardHour: 3 });
    const made = await order();
    if (made.outcome !== 'ordered') throw new Error(said(made));
    const { rows } = await world.sql.query<{ id: string }>('select id from payments where order_id = $1', [
      made.orderId,
    ]);
    const may = (merchantId: string, fingerprint: string): Promise<boolean> =>
      world.house.db.asMerchant(merchantId, async (tx) => {
        const payment = await readPayment(tx, rows[0]?.id ?? '');
        return cardMayPay(
          world.house,
          tx,
          payment ?? ({ id: 'pay_x', orderId: 'ord_x' } as never),
          fingerprint,
        );
      });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => may(n % 2 === 0 ? 'mer_demo' : 'mer_two', 'fp_one')),
    );
    expect(answers.filter(Boolean)).toHaveLength(3);
    expect(await may('mer_demo', 'fp_two')).toBe(true);
  });

  it('may be tried so often on one order, and from one address on all', async () => {
    await limits({ orderCardTries: 2, addressCardTriesHour: 3 });
    const press = (orderId: string, ip: string) =>
      countCardTry(world.house, { merchantId: 'mer_demo', orderId, ip });
    expect(await press('ord_1', '192.0.2.1')).toBeUndefined();
    expect(await press('ord_1', '192.0.2.1')).toBeUndefined();
    expect((await press('ord_1', '192.0.2.9'))?.because).toBe('cards_tried_too_often');
    expect(await press('ord_2', '192.0.2.1')).toBeUndefined();
    expect((await press('ord_3', '::ffff:192.0.2.1'))?.because).toBe('cards_tried_too_often');
  });
});

describe('what is kept', () => {
  it('is neither number nor address nor card, and is removed when it counts no more', async () => {
    const callerIp = '192.0.2.77';
    await order({ callerNumber: '+33677123456', callerIp, userAgent: 'Safari' });
    const kept = await world.sql.query<{ row: string }>(
      `select row_to_json(c)::text as row from abuse_counts c union all select row_to_json(n)::text from never_call_numbers n`,
    );
    const text = kept.rows.map((one) => one.row).join('\n');
    expect(text).not.toBe('');
    for (const bare of ['677123456', callerIp, 'Safari']) expect(text).not.toContain(bare);
    const marks = await world.sql.query<{ row: string }>(
      `select coalesce(visitor_mark::text, '') || coalesce(address_mark::text, '') as row from orders where visitor_mark is not null`,
    );
    expect(marks.rows.length).toBeGreaterThan(0);

    await world.sql.query(`update abuse_counts set stale_at = now() - interval '1 second'`);
    expect(await forgetOldCounts(world.house)).toBeGreaterThan(0);
    expect((await world.sql.query('select from abuse_counts')).rowCount).toBe(0);
  });
});
