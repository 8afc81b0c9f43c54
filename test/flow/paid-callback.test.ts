// A paid call from the API to the receipt, and each way it may not come about: leg states, payment and notices each time.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Mailer } from '../../src/flow/ports.ts';
import { followHint } from '../../src/flow/follow-payment.ts';
import { caller, claire, eventually, hugo, ines, startWorld, type TestWorld } from '../world.ts';

/** What was mailed, newest last. */
const letters: Parameters<Mailer['send']>[0][] = [];
const mailer: Mailer = {
  configured: true,
  send: (letter) => {
    letters.push(letter);
    return Promise.resolve('sent');
  },
};

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld({ overrides: { mailer } });
  await world.sql.query(`update lines set duration_choices = '{5}' where slug = 'demo-short'`);
});
afterAll(() => world.close());
afterEach(async () => {
  for (const number of [caller, claire, hugo, ines]) await world.behaves(number, { behaviour: 'manual' });
  await world.balanced();
});

const order = { line: 'demo', callerNumber: caller, paymentMethod: 'pm_card_visa', reference: 'ref-1' };

const codesOf = async (orderId: string): Promise<{ id: string }[]> =>
  (await world.api('GET', `/v1/access-codes?orderId=${orderId}`)).json.data as unknown as { id: string }[];

describe('the call as it should go', () => {
  it('rings both, joins them, captures what was talked, tells the merchant', async () => {
    const { id, orderId } = await world.connect();
    await world.does(caller, 'hangup');
    const settled = await world.sessionIs(id, 'settled');
    expect(settled).toMatchObject({
      outcome: 'talked',
      authorized: { amount: '25.00', currency: 'EUR' },
      captured: { amount: '15.00', currency: 'EUR' },
      released: { amount: '10.00', currency: 'EUR' },
    });
    expect(settled.talkTimeSeconds).toBeGreaterThan(0);
    expect(settled.events.find((event) => event.name === 'ended')).toMatchObject({ endedBy: 'caller' });
    await world.heard(orderId, [
      'payment.authorized',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.ended',
      'payment.captured',
      'payment.released',
    ]);
    const [intent] = await world.payments();
    expect(intent).toMatchObject({ status: 'succeeded', amount: 2500, amount_received: 1500 });
    await world.phoneIs(claire, 'ended');
  });

  it('is rated past the included minutes, line by line, and written in a ledger that closes', async () => {
    const { id, orderId } = await world.connect();
    // The talk is made 11 minutes and 1 second long where the switch's clock is written down.
    await world.sql.query(`update call_sessions set bridged_us = bridged_us - 661000000 where id = $1`, [id]);
    const other = await world.anotherGateway();
    await world.does(claire, 'hangup');
    const settled = await world.sessionIs(id, 'settled');
    await other.close();
    expect(settled.events.map((event) => event.name)).toEqual([
      'authorized',
      'ringing_consultant',
      'consultant_accepted',
      'ringing_caller',
      'caller_consented',
      'connected',
      'ended',
      'settled',
    ]);
    const { json } = await world.api('GET', `/v1/ledger-entries?order=${orderId}`);
    const sums = new Map<string, number>();
    for (const entry of json.data) {
      const cents = Math.round(Number(entry.amount.amount) * 100);
      sums.set(entry.account, (sums.get(entry.account) ?? 0) + cents);
    }
    expect(sums.get('held')).toBe(0);
    expect([...sums.values()].reduce((a, b) => a + b, 0)).toBe(0);
  });

  it('ends at the limit with a warning, and bills exactly the limit', async () => {
    const { id, orderId } = await world.connect({ line: 'demo-short' });
    const settled = await world.sessionIs(id, 'settled');
    expect(settled).toMatchObject({
      outcome: 'limit_reached',
      billableSeconds: 5,
      captured: { amount: '1.10' },
      released: { amount: '0.00' },
    });
    expect(settled.talkTimeSeconds).toBeGreaterThanOrEqual(5);
    expect((await world.phone(caller))!.heard.map((one) => one.text).join(' ')).toMatch(/seconde/);
    await world.heard(orderId, [
      'payment.authorized',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.limit_near',
      'call.ended',
      'payment.captured',
    ]);
  });

  it('sells a ticket without a call: captured at once, with a receipt and an access code', async () => {
    const wish = { ...order, line: 'demo-ticket', email: 'buyer@shop.example' };
    const answer = await world.api('POST', '/v1/callbacks', wish);
    expect(answer.status, JSON.stringify(answer.json)).toBe(201);
    const { orderId, orderUrl } = answer.json;
    const told = await world.heard(orderId, ['payment.authorized', 'payment.captured', 'access_code.issued']);
    const [code] = await codesOf(orderId);
    expect(code).toMatchObject({ resource: 'demo-club', state: 'valid', madeBy: 'sale', usesLeft: 3 });
    expect(told.map(({ body }) => body.data['accessCodeId'])).toEqual([undefined, code?.id, code?.id]);
    // Whoever has the order's link has the code, on its page and in his mail; nobody who is told of it has.
    const page = await (await fetch(`${orderUrl}?lang=en`)).text();
    const shown = /<p class="code">([^<]+)<\/p>/.exec(page)?.[1] ?? '';
    expect(shown).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{3}-[2-9A-Z]{3}$/);
    await eventually(() => expect(letters.map(({ to }) => to)).toEqual(['buyer@shop.example']));
    for (const text of [letters[0]?.text, letters[0]?.html]) {
      expect(text).toContain(shown);
      expect(text).toContain(`${world.url}/access/demo-club`);
    }
    expect(JSON.stringify(told)).not.toContain(shown.replaceAll('-', ''));
    expect(JSON.stringify(told)).not.toContain(shown);
    const receipt = await world.sql.query(`select body from receipts where order_id = $1`, [
      answer.json.orderId,
    ]);
    expect((receipt.rows[0] as { body: { number: string } }).body.number).toMatch(/^20\d\d-\d{6}$/);
    expect(receipt.rows[0].body).toMatchObject({
      total: '9.00',
      captured: '9.00',
      outcome: 'sold',
      after: { end: 'code', accessCodeId: code?.id },
    });
    // Half of it given back leaves what was bought; all of it does not.
    const refund = (amount: string): Promise<unknown> =>
      world.api('POST', `/v1/orders/${orderId}/refunds`, { amount: { amount, currency: 'EUR' } });
    await refund('4.50');
    expect(await codesOf(orderId)).toMatchObject([{ state: 'valid' }]);
    await refund('4.50');
    await eventually(async () => expect(await codesOf(orderId)).toMatchObject([{ state: 'revoked' }]));
  });

  it('sells what ends in words, or in the way back to the merchant', async () => {
    const sell = async (afterSale: object): Promise<{ body: object; returnUrl: string | null }> => {
      await world.api('PATCH', '/v1/lines/demo-ticket', { afterSale });
      const answer = await world.api('POST', '/v1/callbacks', { ...order, line: 'demo-ticket' });
      await world.heard(answer.json.orderId, ['payment.authorized', 'payment.captured']);
      const { rows } = await world.sql.query<{ body: object; returnUrl: string | null }>(
        `select r.body, o.return_url as "returnUrl" from receipts r join orders o on o.id = r.order_id where o.id = $1`,
        [answer.json.orderId],
      );
      if (!rows[0]) throw new Error('No receipt.');
      return rows[0];
    };
    const message = { fr: 'Merci !', en: 'Thank you!' };
    expect((await sell({ end: 'message', message })).body).toMatchObject({
      after: { end: 'message', message: 'Merci !' },
    });
    const address = `${world.url}/thanks`;
    expect(await sell({ end: 'return', address })).toMatchObject({
      returnUrl: address,
      body: { after: { end: 'return' } },
    });
    expect((await sell({ end: 'receipt' })).body).not.toHaveProperty('after');
  });
});

describe('nothing is charged', () => {
  /** The order came to nothing: everything released, everybody free, and the merchant told. */
  async function released(made: { id: string; orderId: string }, outcome: string): Promise<void> {
    const settled = await world.sessionIs(made.id, 'settled');
    expect(settled).toMatchObject({
      outcome,
      captured: { amount: '0.00' },
      released: { amount: '25.00' },
      billableSeconds: 0,
      talkTimeSeconds: 0,
    });
    const payments = await world.payments();
    expect(payments.find((one) => one.metadata['order'] === made.orderId)?.status).toBe('canceled');
    await eventually(async () => {
      const claimed = await world.sql.query('select id from consultants where claimed_by is not null');
      expect(claimed.rows).toEqual([]);
    });
    const types = (
      await eventually(async () => {
        const heard = await world.notices(made.orderId);
        expect(heard.at(-1)?.type).toBe('payment.released');
        return heard;
      })
    ).map((one) => one.type);
    expect(types).toContain('call.ended');
    expect(types).not.toContain('payment.captured');
  }

  it('when every consultant is busy, refuses or does not answer: the next one is rung each time', async () => {
    await world.behaves(claire, { behaviour: 'busy' });
    await world.behaves(hugo, { behaviour: 'refuses' });
    const made = await world.order();
    await world.phoneIs(ines, 'ringing');
    await world.does(ines, 'answer');
    await world.does(ines, 'keys', { digits: '3' });
    await released(made, 'nobody_took_it');
  });

  it.each([
    ['is busy', { behaviour: 'busy' }, 'caller_unreachable'],
    ['rejects the call', { behaviour: 'refuses' }, 'caller_refused'],
    ['has a number out of service', { behaviour: 'unreachable' }, 'caller_unreachable'],
  ])('when the caller %s', async (_, behaviour, outcome) => {
    await world.behaves(caller, behaviour);
    await world.behaves(claire, { behaviour: 'answers', keys: '1' });
    const made = await world.order();
    await released(made, outcome);
    // She hears why, then her phone is free again.
    await eventually(async () =>
      expect((await world.phone(claire))!.heard.at(-1)?.text).toMatch(/pas pris l.appel/),
    );
    await world.phoneIs(claire, 'ended');
  });

  it('when the caller hangs up while he hears the price', async () => {
    await world.behaves(claire, { behaviour: 'answers', keys: '1' });
    const made = await world.order();
    await world.phoneIs(caller, 'ringing');
    await world.does(caller, 'answer');
    await world.does(caller, 'hangup');
    await released(made, 'caller_left');
  });

  it('when the consultant leaves before the caller answers', async () => {
    const made = await world.order();
    await world.phoneIs(claire, 'ringing');
    await world.does(claire, 'answer');
    await world.does(claire, 'keys', { digits: '1' });
    await world.phoneIs(caller, 'ringing');
    await world.does(claire, 'hangup');
    await released(made, 'consultant_left');
    await world.phoneIs(caller, 'ended');
  });

  it('when the merchant hangs up while it rings', async () => {
    const made = await world.order();
    await world.phoneIs(claire, 'ringing');
    expect((await world.api('POST', `/v1/call-sessions/${made.id}/hangup`)).status).toBe(202);
    await released(made, 'cancelled');
    await world.phoneIs(claire, 'ended');
    expect((await world.api('POST', `/v1/call-sessions/${made.id}/hangup`)).status).toBe(409);
  });

  it.each([
    ['pm_card_chargeDeclined', 'declined'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'wrong_security_code'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error'],
  ])('when the card is refused: %s', async (paymentMethod, reason) => {
    const answer = await world.api('POST', '/v1/callbacks', { ...order, paymentMethod });
    expect(answer.status).toBe(402);
    expect(JSON.stringify(answer.json)).toContain(reason);
    const session = await world.sql.query(
      `select s.state, s.outcome, p.state as payment from call_sessions s join payments p on p.order_id = s.order_id
       order by s.created_at desc limit 1`,
    );
    expect(session.rows[0]).toMatchObject({ outcome: 'payment_failed', payment: 'failed' });
    const claimed = await world.sql.query('select id from consultants where claimed_by is not null');
    expect(claimed.rows).toEqual([]);
  });
});

describe('an order is refused with a clear sentence', () => {
  it.each([
    ['a number that is none', { callerNumber: '12' }, 422],
    ['a premium number', { callerNumber: '+33899123456' }, 422],
    ['a short number', { callerNumber: '3250' }, 422],
    ['a satellite number', { callerNumber: '+881612345678' }, 422],
    ['the consultant’s own number', { callerNumber: claire }, 422],
    ['an unknown line', { line: 'nosuch' }, 404],
    ['a duration that is not offered', { minutes: 7 }, 422],
    ['an unknown consultant', { consultant: 'con_nobody' }, 404],
  ])('%s', async (_, wrong, status) => {
    const answer = await world.api('POST', '/v1/callbacks', { ...order, ...wrong });
    expect(answer.status, JSON.stringify(answer.json)).toBe(status);
    expect(answer.json.detail).toMatch(/\w+ .*\./);
    const made = await world.sql.query(
      `select count(*)::int as n from consultants where claimed_by is not null`,
    );
    expect(made.rows[0].n).toBe(0);
  });

  it('nobody free: all consultants are away', async () => {
    await world.sql.query(`update consultants set setting = 'away'`);
    const answer = await world.api('POST', '/v1/callbacks', order);
    await world.sql.query(`update consultants set setting = 'available'`);
    expect(answer.status).toBe(409);
  });

  it('a merchant or a line switched off, and legs that cost more than they bring', async () => {
    await world.sql.query(`update merchants set active = false`);
    const off = await world.api('POST', '/v1/callbacks', order);
    await world.sql.query(`update merchants set active = true; update lines set active = false`);
    const lineOff = await world.api('POST', '/v1/callbacks', order);
    await world.sql.query(`update lines set active = true; update destinations set cost_per_minute = 9`);
    const dear = await world.api('POST', '/v1/callbacks', order);
    await world.sql.query(`update destinations set cost_per_minute = 0.01`);
    expect([off.status, lineOff.status, dear.status].every((status) => status >= 400 && status < 500)).toBe(
      true,
    );
    expect(new Set([off.json.type, lineOff.json.type, dear.json.type]).size).toBe(3);
  });
});

describe('hints', () => {
  it('of the processor change nothing about a call that rings, however often they come', async () => {
    const { id, orderId } = await world.order();
    await world.phoneIs(claire, 'ringing');
    const held = await world.sql.query(
      `select a.intent_id from authorizations a join payments p on p.id = a.payment_id where p.order_id = $1`,
      [orderId],
    );
    const hint = { eventId: 'evt_1', type: 'payment_intent.succeeded', intentId: held.rows[0].intent_id };
    await Promise.all([1, 2, 3].map(() => followHint(world.house, hint)));
    await followHint(world.house, { ...hint, intentId: 'pi_of_somebody_else' });
    const work = await world.sql.query(`select kind from switch_work where kind = 'hang_up'`);
    expect(work.rows).toEqual([]);
    expect((await world.session(id)).state).toBe('ringing_consultant');
    await world.api('POST', `/v1/call-sessions/${id}/hangup`);
    await world.sessionIs(id, 'settled');
  });

  it('a settled payment cannot be made unsettled, whoever writes', async () => {
    await expect(
      world.sql.query(`update payments set state = 'authorized' where state = 'voided'`),
    ).rejects.toThrow(/stays so/);
  });
});

describe('two at once', () => {
  it('the same Idempotency-Key gives the same call', async () => {
    const headers = { 'idempotency-key': 'twice' };
    const [one, two] = await Promise.all([
      world.api('POST', '/v1/callbacks', order, headers),
      world.api('POST', '/v1/callbacks', order, headers),
    ]);
    const answers = [one, two].filter((answer) => answer.status === 201);
    expect(answers.length).toBeGreaterThan(0);
    const again = await world.api('POST', '/v1/callbacks', order, headers);
    expect(again.json.id).toBe(answers[0]!.json.id);
    const other = await world.api('POST', '/v1/callbacks', { ...order, reference: 'else' }, headers);
    expect(other.status).toBe(422);
    await world.api('POST', `/v1/call-sessions/${again.json.id}/hangup`);
    await world.sessionIs(again.json.id, 'settled');
  });

  it('a hundred callers, one consultant: exactly one gets her', async () => {
    await world.sql.query(`update consultants set setting = 'away' where id <> 'con_demo_claire'`);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        world.api('POST', '/v1/callbacks', {
          ...order,
          callerNumber: `+336123456${String(n).padStart(2, '0')}`,
        }),
      ),
    );
    await world.sql.query(`update consultants set setting = 'available'`);
    const got = answers.filter((answer) => answer.status === 201);
    expect(got).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(99);
    await world.api('POST', `/v1/call-sessions/${got[0]!.json.id}/hangup`);
    await world.sessionIs(got[0]!.json.id, 'settled');
  }, 60_000);
});
