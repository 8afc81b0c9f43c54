// Money on accounts kept here, against a real database: never spent twice, never more taken than was kept back, free again
// only when the call is over, and there once for each payment.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallSession } from '../../src/core/call-session.ts';
import { money } from '../../src/core/money.ts';
import type { Tariff } from '../../src/core/tariff.ts';
import { reserveForCall, settleAccount, topUp } from '../../src/flow/client-accounts.ts';
import { createClient } from '../../src/flow/clients.ts';
import { orderTopUp } from '../../src/flow/order-top-up.ts';
import { refundPayment } from '../../src/flow/refund-payment.ts';
import { followHint } from '../../src/flow/follow-payment.ts';
import { orderCallback } from '../../src/flow/order-callback.ts';
import { cancelOrder } from '../../src/flow/pay-on-page.ts';
import { settleOrder } from '../../src/flow/settle-order.ts';
import type { StoredSession } from '../../src/store/call-sessions.ts';
import { readClient, readStatement } from '../../src/store/client-records.ts';
import type { OrderView, Receipt } from '../../src/store/order-view.ts';
import { readOrderTariff } from '../../src/store/known-calls.ts';
import { findViolations } from '../../src/store/invariants.ts';
import { priceWords } from '../../src/web/offer.ts';
import { receiptWords } from '../../src/web/receipt-words.ts';
import { euros, merchantId, moneyStage, type MoneyStage } from './money-stage.ts';

let stage: MoneyStage;
beforeAll(async () => {
  stage = await moneyStage();
});
afterAll(async () => {
  const found = await stage.house.db.asNobody((db) => findViolations(db, '-infinity', stage.clock.now()));
  expect(found.map(({ name, id }) => `${name} ${id}`)).toEqual([]);
  await stage.close();
});

let codes = 4000;
async function account(balance: string): Promise<string> {
  const code = String((codes += 1));
  const made = await createClient(stage.house, merchantId, {
    code,
    kind: 'balance',
    currency: 'EUR',
    numbers: [],
  });
  expect(made.outcome).toBe('kept');
  if (balance !== '0')
    await topUp(stage.house, merchantId, { clientCode: code, amount: money(balance, 'EUR') });
  return code;
}
async function standing(code: string): Promise<{ balance: string; reserved: string }> {
  const [row] = await stage.sql<{ balance: string; reserved: string }>(
    'select balance::numeric(9,2)::text as balance, reserved::numeric(9,2)::text as reserved from clients where code = $1',
    [code],
  );
  return row!;
}

/** A call of its own order, of which only what an account asks about is true. */
async function call(): Promise<{ stored: StoredSession; session: CallSession }> {
  const orderId = await stage.order({ line: 'demo-known', chosenSeconds: 600, callerNumber: nextNumber() });
  const session = await stage.session(orderId);
  await stage.sql(
    `insert into known_calls (call_session_id, merchant_id, order_id, line_id, ddi, cli_trust, started_at)
     values ($1, $2, $3, 'lin_demo_known', '+33199000203', 'withheld', $4)`,
    [session.id, merchantId, orderId, stage.clock.now()],
  );
  const stored = { merchantId, orderId, session } as unknown as StoredSession;
  await stage.sql('update consultants set claimed_by = null, claim = null, claimed_until = null');
  return { stored, session };
}
let numbers = 12_340_000;
const nextNumber = (): string => `+336${String((numbers += 1))}`;
const bridgedFor = (session: CallSession, seconds: number): CallSession => ({
  ...session,
  state: 'ended',
  bridgedUs: 1_000_000n,
  unbridgedUs: 1_000_000n + BigInt(seconds) * 1_000_000n,
});
const reserve = ({ stored, session }: Awaited<ReturnType<typeof call>>, code: string) =>
  stage.house.db.asMerchant(merchantId, (tx) => reserveForCall(tx, stored, session, code, stage.clock.now()));
const settle = ({ stored, session }: Awaited<ReturnType<typeof call>>, seconds: number | undefined) =>
  stage.house.db.asMerchant(merchantId, async (tx) => {
    const tariff = await readOrderTariff(tx, session.id);
    const ended =
      seconds === undefined ? { ...session, state: 'ended' as const } : bridgedFor(session, seconds);
    await settleAccount(stage.house, tx, stored, ended, tariff, stage.clock.now());
  });

/** Holds the account until as many as there are connections wait for it: whoever read it before that, read it too early. */
async function allAtOnce<T>(code: string, begin: () => Promise<T>[]): Promise<T[]> {
  await stage.sql('begin');
  await stage.sql('select 1 from clients where code = $1 for update', [code]);
  const answers = Promise.all(begin());
  await expect
    .poll(async () => {
      await stage.sql('select pg_stat_clear_snapshot()');
      return stage.sql(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
    })
    .toHaveLength(6);
  await stage.sql('commit');
  return answers;
}

describe('a balance', () => {
  it('for one call lets exactly one of fifty in', async () => {
    const code = await account('24.00');
    const calls: Awaited<ReturnType<typeof call>>[] = [];
    for (let place = 0; place < 50; place += 1) calls.push(await call());
    const answers = await allAtOnce(code, () => calls.map((one) => reserve(one, code)));
    const let_in = answers.filter((one) => one.claimed);
    expect(let_in).toMatchObject([{ talkLimitSeconds: 600 }]);
    expect(answers.filter((one) => !one.claimed && one.because === 'no_credit')).toHaveLength(49);
    expect(await standing(code)).toEqual({ balance: '24.00', reserved: '24.00' });
    // Only the end of the one that talks makes room for another.
    const talking = calls[answers.findIndex((one) => one.claimed)]!;
    expect(
      await reserve(
        calls.find((one) => one !== talking)!,
        code,
      ),
    ).toMatchObject({ claimed: false });
    await settle(talking, 60);
    expect(await standing(code)).toEqual({ balance: '21.60', reserved: '0.00' });
    await settle(talking, 60);
    expect(await standing(code)).toEqual({ balance: '21.60', reserved: '0.00' });
    expect(
      await reserve(
        calls.find((one) => one !== talking)!,
        code,
      ),
    ).toMatchObject({
      claimed: true,
      talkLimitSeconds: 540,
    });
  });

  it('gives never more than was kept back, and nothing for a call that was never joined', async () => {
    const code = await account('2.40');
    const long = await call();
    await reserve(long, code);
    await settle(long, 10_000);
    expect(await standing(code)).toEqual({ balance: '0.00', reserved: '0.00' });
    const other = await account('2.40');
    const missed = await call();
    await reserve(missed, other);
    expect(await standing(other)).toEqual({ balance: '2.40', reserved: '2.40' });
    await settle(missed, undefined);
    expect(await standing(other)).toEqual({ balance: '2.40', reserved: '0.00' });
  });

  it('is not topped up twice by one key, even at once; the month sums up', async () => {
    const code = await account('0');
    const paid = { clientCode: code, amount: money('10.00', 'EUR'), requestKey: `bank-${code}` };
    const answers = await Promise.all(Array.from({ length: 10 }, () => topUp(stage.house, merchantId, paid)));
    expect(answers.map((one) => one.outcome).sort()).toEqual([
      ...Array<string>(9).fill('repeated'),
      'topped_up',
    ]);
    const talk = await call();
    await reserve(talk, code);
    await settle(talk, 61);
    expect(await standing(code)).toEqual({ balance: '7.56', reserved: '0.00' });
    const statement = await stage.house.db.asMerchant(merchantId, async (tx) => {
      const client = await readClient(tx, code, stage.clock.now());
      return readStatement(tx, client!, stage.clock.now());
    });
    expect(statement.closing).toEqual(money('7.56', 'EUR'));
    expect(statement.seconds).toBe(61);
    expect(statement.movements.map((one) => one.amount)).toEqual(['10.00', '-2.44']);
  });
});

describe('a top-up by card', () => {
  const movements = (code: string) =>
    stage.sql<{ kind: string; amount: string; order_id: string }>(
      `select m.kind, m.amount::numeric(9,2)::text as amount, m.order_id, m.reference, m.refund_id, m.dispute_id from client_movements m
       join clients c on c.id = m.client_id where c.code = $1 order by m.position`,
      [code],
    );
  const onPage = (code: string, more: Partial<Parameters<typeof orderTopUp>[2]> = {}) =>
    orderTopUp(stage.house, merchantId, {
      line: 'demo-known',
      language: 'en',
      clientCode: code,
      amount: money('20.00', 'EUR'),
      callerIp: '192.0.2.7',
      userAgent: 'test',
      ...more,
    });
  /** Paid with a card at once, captured and settled. */
  async function paid(code: string, paymentMethod = 'pm_card_visa'): Promise<string> {
    const [client] = await stage.sql<{ id: string }>('select id from clients where code = $1', [code]);
    const made = await orderCallback(stage.house, merchantId, {
      line: 'demo-known',
      source: 'page',
      language: 'en',
      topUp: { clientId: client!.id, amount: money('20.00', 'EUR') },
      paymentMethod,
    });
    if (made.outcome !== 'ordered') throw new Error(JSON.stringify(made));
    return made.orderId;
  }
  const refund = (orderId: string, amount?: string) =>
    refundPayment(stage.house, merchantId, {
      orderId,
      ...(amount !== undefined && { amount: money(amount, 'EUR') }),
    });

  it('is an order without a call, whose capture is the credit, once', async () => {
    const code = await account('0');
    const orderId = await paid(code);
    expect(await standing(code)).toEqual({ balance: '0.00', reserved: '0.00' });
    await stage.workOff();
    expect(await stage.payment(orderId)).toMatchObject({ state: 'captured', captured: '20.00' });
    expect(await stage.ledger(orderId)).toMatchObject({ held: '0.00', merchant: '20.00' });
    await settleOrder(stage.house, { merchantId, orderId });
    expect(await movements(code)).toMatchObject([{ kind: 'top_up', amount: '20.00', order_id: orderId }]);
    expect(await standing(code)).toEqual({ balance: '20.00', reserved: '0.00' });
    expect((await stage.told(orderId)).at(-1)).toMatchObject({
      type: 'payment.captured',
      data: { captured: euros('20.00'), clientCode: code },
    });
    const [receipt] = await stage.sql<{ body: object }>('select body from receipts where order_id = $1', [
      orderId,
    ]);
    expect(receipt!.body).toMatchObject({ clientCode: code, total: '20.00', vat: '3.33', outcome: 'sold' });
  });

  it.each([
    ['0.20', 'Taxes comprises (TVA 20 %)', 'dont TVA 20 %', '3,33 €', '16,67 €'],
    ['0.055', 'Taxes comprises (TVA 5,5 %)', 'dont TVA 5,5 %', '1,04 €', '18,96 €'],
    ['0', 'Sans TVA', 'dont TVA 0 %', '0,00 €', '20,00 €'],
  ])(
    'is sold at the line’s VAT of %s, on the order page as on the receipt',
    async (rate, taxes, label, vat, net) => {
      await stage.sql(
        `insert into tariffs (id, merchant_id, line_id, version, plan)
       select 'tar_vat_' || $1::text, merchant_id, line_id, version + 1, jsonb_set(plan, '{standard,vatRate}', to_jsonb($1::text))
       from tariffs where line_id = 'lin_demo_known' order by version desc limit 1`,
        [rate],
      );
      const code = await account('0');
      const orderId = await paid(code);
      await stage.workOff();
      const [sold] = await stage.sql<{ tariff: Tariff; body: Receipt }>(
        'select o.tariff, r.body from orders o join receipts r on r.order_id = o.id where o.id = $1',
        [orderId],
      );
      const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');
      expect(plain(priceWords(sold!.tariff, 'top_up', 'fr').taxes)).toBe(taxes);
      const merchant = { ...sold!.body.merchant, timeZone: 'Europe/Paris' } as OrderView['merchant'];
      const words = receiptWords(sold!.body, { merchant, kind: 'top_up' }, 'fr');
      expect([words.total, words.vatLabel, words.vat, words.net].map(plain)).toEqual([
        '20,00 €',
        label,
        vat,
        net,
      ]);
      // What was paid is the credit, gross: talk is taken of it gross too.
      expect(await standing(code)).toEqual({ balance: '20.00', reserved: '0.00' });
    },
  );

  it('is credited once though the processor’s answer to the capture was lost', async () => {
    const code = await account('0');
    const orderId = await paid(code);
    await stage.fault({ next: 'answer_lost', on: 'capture' });
    await stage.workOff();
    expect(await movements(code)).toEqual([]);
    await settleOrder(stage.house, { merchantId, orderId });
    await settleOrder(stage.house, { merchantId, orderId });
    expect(await movements(code)).toMatchObject([{ kind: 'top_up', amount: '20.00' }]);
  });

  it('that was given up before it was taken is no credit', async () => {
    const code = await account('0');
    const made = await onPage(code);
    if (made.outcome !== 'ordered') throw new Error(JSON.stringify(made));
    expect(await cancelOrder(stage.house, made.accessToken)).toBe('cancelled');
    await stage.workOff();
    expect(await movements(code)).toEqual([]);
  });

  it('is given back as far as there is any of it, never below what a call may cost', async () => {
    const code = await account('0');
    const orderId = await paid(code);
    await stage.workOff();
    const talk = await call();
    await reserve(talk, code);
    expect(await refund(orderId)).toMatchObject({ outcome: 'spent', left: money('0', 'EUR') });
    await settle(talk, 300);
    expect(await standing(code)).toEqual({ balance: '8.00', reserved: '0.00' });
    expect(await refund(orderId, '8.01')).toMatchObject({ outcome: 'spent', left: money('8', 'EUR') });
    expect(await refund(orderId, '20.01')).toMatchObject({ outcome: 'too_much' });
    expect(await refund(orderId, '3.00')).toMatchObject({ outcome: 'made', refund: { state: 'refunded' } });
    expect(await standing(code)).toEqual({ balance: '5.00', reserved: '0.00' });
    // Without an amount: all that is left of the balance.
    expect(await refund(orderId)).toMatchObject({ outcome: 'made', refund: { amount: money('5', 'EUR') } });
    expect(await standing(code)).toEqual({ balance: '0.00', reserved: '0.00' });
    expect(await refund(orderId)).toMatchObject({ outcome: 'spent' });
    expect(await stage.ledger(orderId)).toMatchObject({ merchant: '12.00' });
  });

  it('of which two refunds are asked at once gives back no more than there is', async () => {
    const code = await account('0');
    const orderId = await paid(code);
    await stage.workOff();
    const both = await Promise.all([refund(orderId, '12.00'), refund(orderId, '12.00')]);
    expect(both.map((one) => one.outcome).sort()).toEqual(['made', 'too_much']);
    expect(await standing(code)).toEqual({ balance: '8.00', reserved: '0.00' });
  });

  it('whose refund the processor refuses is credit again', async () => {
    const code = await account('0');
    const orderId = await paid(code);
    await stage.workOff();
    const [intent] = await stage.intents(orderId);
    await stage.control('POST', `/api/payments/${intent!.id}/dispute`, {});
    expect(await refund(orderId)).toMatchObject({ outcome: 'made', refund: { state: 'failed' } });
    expect((await movements(code)).map((one) => `${one.kind} ${one.amount}`)).toEqual([
      'top_up 20.00',
      'refund -20.00',
      'refund 20.00',
    ]);
    expect(await standing(code)).toEqual({ balance: '20.00', reserved: '0.00' });
  });

  it('whose refund the bank sends back days later is credit again, told once or twice', async () => {
    const code = await account('0');
    const orderId = await paid(code);
    await stage.workOff();
    await stage.control('PUT', '/api/payments/refunds', { pend: true });
    expect(await refund(orderId, '5.00')).toMatchObject({ refund: { state: 'refunded' } });
    expect(await standing(code)).toEqual({ balance: '15.00', reserved: '0.00' });
    const [made] = await stage.sql<{ made: string }>(
      `select op.made from processor_operations op join refunds r on r.id = op.refund_id where r.order_id = $1`,
      [orderId],
    );
    await stage.control('POST', `/api/payments/refunds/${made!.made}/failed`);
    const [intent] = await stage.intents(orderId);
    const hint = { eventId: 'evt_1', type: 'refund.failed', intentId: intent!.id, refundId: made!.made };
    await followHint(stage.house, hint);
    await followHint(stage.house, hint);
    expect(await standing(code)).toEqual({ balance: '20.00', reserved: '0.00' });
    await stage.control('PUT', '/api/payments/refunds', { pend: false });
  });

  describe('that a bank disputes', () => {
    async function disputed(orderId: string): Promise<{ hear: () => Promise<void>; id: string }> {
      const [intent] = await stage.intents(orderId);
      const { id } = (await stage.control('POST', `/api/payments/${intent!.id}/dispute`, {})) as {
        id: string;
      };
      const hear = async (): Promise<void> => {
        const hint = {
          eventId: 'evt_1',
          type: 'charge.dispute.updated',
          intentId: intent!.id,
          disputeId: id,
        };
        await followHint(stage.house, hint);
        await stage.work('record_dispute');
      };
      return { hear, id };
    }
    const decide = (id: string, how: 'won' | 'lost') =>
      stage.control('POST', `/api/payments/disputes/${id}/${how}`);

    it('is taken when the processor takes it, named, once however often it is heard, and told', async () => {
      const code = await account('0');
      const orderId = await paid(code);
      await stage.workOff();
      const { hear, id } = await disputed(orderId);
      await Promise.all([hear(), hear()]);
      await hear();
      expect(await standing(code)).toEqual({ balance: '0.00', reserved: '0.00' });
      const [stored] = await stage.sql<{ id: string }>('select id from disputes where processor_id = $1', [
        id,
      ]);
      const taken = { kind: 'dispute', amount: '-20.00', order_id: orderId, dispute_id: stored!.id };
      expect(await movements(code)).toMatchObject([{ kind: 'top_up' }, taken]);
      expect((await stage.told(orderId)).at(-1)).toMatchObject({
        type: 'payment.disputed',
        data: { state: 'needs_response', clientCode: code },
      });
      await decide(id, 'won');
      await hear();
      await hear();
      expect(await movements(code)).toMatchObject([
        { kind: 'top_up' },
        taken,
        { kind: 'dispute', amount: '20.00', dispute_id: stored!.id },
      ]);
      expect(await standing(code)).toEqual({ balance: '20.00', reserved: '0.00' });
    });

    it.each(['won', 'lost'] as const)('%s, and heard of only then, comes out the same', async (how) => {
      const code = await account('5.00');
      const orderId = await paid(code);
      await stage.workOff();
      const { hear, id } = await disputed(orderId);
      await decide(id, how);
      await hear();
      expect(await standing(code)).toEqual({ balance: how === 'won' ? '25.00' : '5.00', reserved: '0.00' });
      const both = [{ amount: '-20.00' }, { amount: '20.00' }];
      expect((await movements(code)).filter((one) => one.kind === 'dispute')).toMatchObject(
        how === 'won' ? both : both.slice(0, 1),
      );
    });

    it('is taken though it was talked: the account owes, and no further call is let in until it is made good', async () => {
      const code = await account('0');
      const orderId = await paid(code);
      await stage.workOff();
      const [talked, living, next] = [await call(), await call(), await call()];
      await reserve(talked, code);
      await settle(talked, 240);
      await reserve(living, code);
      expect(await standing(code)).toEqual({ balance: '10.40', reserved: '10.40' });
      const { hear, id } = await disputed(orderId);
      await hear();
      expect(await standing(code)).toEqual({ balance: '-9.60', reserved: '10.40' });
      expect(await reserve(next, code)).toMatchObject({ claimed: false, because: 'no_credit' });
      // The call that lives goes on under what was kept back for it.
      await settle(living, 60);
      expect(await standing(code)).toEqual({ balance: '-12.00', reserved: '0.00' });
      expect(await reserve(next, code)).toMatchObject({ claimed: false, because: 'no_credit' });
      expect(await refund(orderId)).toMatchObject({ outcome: 'spent', left: money('0', 'EUR') });
      await topUp(stage.house, merchantId, { clientCode: code, amount: money('15.00', 'EUR') });
      expect(await reserve(next, code)).toMatchObject({ claimed: true, talkLimitSeconds: 75 });
      await settle(next, 60);
      await decide(id, 'won');
      await hear();
      expect(await standing(code)).toEqual({ balance: '20.60', reserved: '0.00' });
    });

    it('lets nobody keep back what is not there, whatever the code believes', async () => {
      const code = await account('10.00');
      const keepBack = (): Promise<object[]> =>
        stage.sql('update clients set reserved = 11 where code = $1', [code]);
      const spend = (): Promise<object[]> =>
        stage.sql('update clients set balance = -1 where code = $1', [code]);
      await expect(keepBack()).rejects.toThrow(/more than he has/);
      await expect(spend()).rejects.toThrow(/check/);
      const orderId = await paid(code);
      await stage.workOff();
      const { hear } = await disputed(orderId);
      await hear();
      await expect(keepBack()).rejects.toThrow(/more than he has/);
    });

    it('an older look that comes later changes nothing', async () => {
      const code = await account('0');
      const orderId = await paid(code);
      await stage.workOff();
      const { hear } = await disputed(orderId);
      await hear();
      const { processor } = stage.house;
      stage.house.processor = new Proxy(processor, {
        get: (target, name) =>
          name === 'lookAtDispute'
            ? async (asked: Parameters<typeof processor.lookAtDispute>[0]) => {
                const looked = await target.lookAtDispute(asked);
                return looked.outcome === 'dispute'
                  ? { ...looked, dispute: { ...looked.dispute, state: 'warning' as const } }
                  : looked;
              }
            : (Reflect.get(target, name) as unknown),
      });
      await hear();
      stage.house.processor = processor;
      expect(await stage.sql('select state from disputes where order_id = $1', [orderId])).toEqual([
        { state: 'needs_response' },
      ]);
      expect(await standing(code)).toEqual({ balance: '0.00', reserved: '0.00' });
    });
  });

  it('tells nobody which codes there are', async () => {
    const closed = await account('5.00');
    await stage.sql('update clients set active = false where code = $1', [closed]);
    const monthly = String((codes += 1));
    await createClient(stage.house, merchantId, {
      code: monthly,
      kind: 'monthly',
      currency: 'EUR',
      numbers: [],
    });
    const refused = { outcome: 'refused', refusal: { because: 'client_unknown' } };
    for (const code of ['987654321', closed, monthly]) {
      expect(await onPage(code, { callerIp: '192.0.2.8' })).toEqual(refused);
    }
    const known = await account('0');
    for (let tries = 0; tries < 7; tries += 1) await onPage('987654322', { callerIp: '192.0.2.8' });
    // Ten misses: not even a right one helps now, from there; from elsewhere it does.
    expect(await onPage(known, { callerIp: '192.0.2.8' })).toEqual(refused);
    expect(await onPage(known, { callerIp: '192.0.2.9' })).toMatchObject({
      outcome: 'ordered',
      needsPage: true,
    });
    stage.clock.turn(4_000_000);
    expect(await onPage(known, { callerIp: '192.0.2.8' })).toMatchObject({
      outcome: 'ordered',
      needsPage: true,
    });
  });

  it('sells the amounts the line offers, and no others', async () => {
    const code = await account('0');
    for (const amount of ['19.99', '20.01', '1000.00']) {
      expect(await onPage(code, { amount: money(amount, 'EUR') })).toMatchObject({
        refusal: { because: 'amount_not_offered' },
      });
    }
    expect(await onPage(code, { line: 'demo' })).toMatchObject({
      refusal: { because: 'amount_not_offered' },
    });
  });
});
