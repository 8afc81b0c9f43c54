// Calls stopped: of one merchant and of the house, at once, whatever was under way.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resumeCalls, stopCalls, stopsNow, UnknownMerchant } from '../../src/flow/kill-switch.ts';
import { caller, claire, eventually, hugo, ines, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  await resumeCalls(world.house);
  await resumeCalls(world.house, { merchantId: 'mer_demo' });
  for (const one of [caller, claire, hugo, ines]) await world.behaves(one, { behaviour: 'manual' });
  await world.balanced();
});

const card = { line: 'demo', callerNumber: caller, paymentMethod: 'pm_card_visa' };
const merchantId = 'mer_demo';
const reason = 'complaints';

describe('stopping a merchant’s calls', () => {
  it('refuses the next order in words, with when to come again; resuming takes orders again', async () => {
    expect(await stopCalls(world.house, { merchantId, reason })).toEqual({ ended: 0 });
    const refused = await fetch(`${world.url}/v1/callbacks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(card),
    });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(30);
    expect(((await refused.json()) as { type: string }).type).toContain('/problems/calls-stopped');
    expect(await stopsNow(world.house, merchantId)).toMatchObject({ merchant: { because: reason } });

    await resumeCalls(world.house, { merchantId });
    expect(await stopsNow(world.house, merchantId)).toEqual({});
    const made = await world.order();
    await world.api('POST', `/v1/call-sessions/${made.id}/hangup`);
    await world.sessionIs(made.id, 'settled');
  });

  it('ends what rings, without a charge and with the consultant free', async () => {
    const made = await world.order();
    await world.phoneIs(claire, 'ringing');
    expect(await stopCalls(world.house, { merchantId, reason })).toEqual({ ended: 1 });
    await eventually(async () => expect((await world.phone(claire))?.state).toBe('ended'), 2_000);
    expect(await world.sessionIs(made.id, 'settled')).toMatchObject({
      outcome: 'cancelled',
      captured: { amount: '0.00' },
      released: { amount: '25.00' },
    });
    const claims = await world.sql.query('select from consultants where claimed_by is not null');
    expect(claims.rowCount).toBe(0);
  });

  it('a caller who has picked up hears an apology', async () => {
    const made = await world.order();
    await world.phoneIs(claire, 'ringing');
    await world.does(claire, 'answer');
    await world.does(claire, 'keys', { digits: '1' });
    await world.phoneIs(caller, 'ringing');
    await world.does(caller, 'answer');
    await eventually(async () => expect((await world.phone(caller))?.heard.length).toBeGreaterThan(0));
    await stopCalls(world.house, { merchantId, reason });
    await world.phoneIs(caller, 'ended');
    const phone = await world.phone(caller);
    expect(phone?.heard.map((one) => one.text).join(' ')).toMatch(/désolés|excus|incident|problème/i);
    await world.sessionIs(made.id, 'settled');
  });

  it('leaves talks to their limit, and ends them where it says so: what was talked is paid', async () => {
    const { id } = await world.connect();
    expect(await stopCalls(world.house, { merchantId, reason })).toEqual({ ended: 0 });
    expect((await world.session(id)).state).toBe('connected');
    expect(await stopCalls(world.house, { merchantId, reason, alsoTalks: true })).toEqual({ ended: 1 });
    expect(await world.sessionIs(id, 'settled')).toMatchObject({
      outcome: 'talked',
      captured: { amount: '15.00' },
    });
  });

  it('an order made before it and held after it rings nobody', async () => {
    await world.faults({ next: 'delay_ms', on: 'create', times: 1, delayMs: 3_000 });
    const ordering = world.api('POST', '/v1/callbacks', card);
    await eventually(async () => {
      const { rows } = await world.sql.query(`select from call_sessions where state = 'awaiting_payment'`);
      expect(rows).toHaveLength(1);
    });
    await stopCalls(world.house, { merchantId, reason });
    const made = await ordering;
    const over = await world.sessionIs(made.json.id, 'settled');
    expect(over).toMatchObject({
      outcome: 'cancelled',
      captured: { amount: '0.00' },
      released: { amount: '25.00' },
    });
    expect(over.events.map((event) => event.name)).not.toContain('ringing_consultant');
  });

  it('orders at the very moment: when it has answered, nothing rings and nothing will', async () => {
    for (let round = 0; round < 4; round += 1) {
      const orders = Promise.all(
        [1, 2, 3].map((n) =>
          world.api('POST', '/v1/callbacks', { ...card, callerNumber: `+3361234567${String(n)}` }),
        ),
      );
      await new Promise((resolve) => setImmediate(resolve));
      await stopCalls(world.house, { merchantId, reason });
      await orders;
      await eventually(async () => {
        const { rows } = await world.sql.query(
          `select from call_sessions where state in ('ringing_consultant', 'ringing_caller', 'awaiting_payment')`,
        );
        expect(rows).toHaveLength(0);
      });
      await resumeCalls(world.house, { merchantId });
    }
  });

  it('of nobody known is said so, not swallowed', async () => {
    await expect(stopCalls(world.house, { merchantId: 'mer_nobody', reason })).rejects.toBeInstanceOf(
      UnknownMerchant,
    );
    await expect(resumeCalls(world.house, { merchantId: 'mer_nobody' })).rejects.toBeInstanceOf(
      UnknownMerchant,
    );
  });
});

describe('stopping every call', () => {
  it('holds for every merchant, and resuming it leaves a merchant’s own stop', async () => {
    const made = await world.order();
    await world.phoneIs(claire, 'ringing');
    expect(await stopCalls(world.house, { reason: 'network trouble' })).toEqual({ ended: 1 });
    await world.sessionIs(made.id, 'settled');
    await stopCalls(world.house, { merchantId, reason });
    expect((await world.api('POST', '/v1/callbacks', card)).status).toBe(503);
    await resumeCalls(world.house);
    expect(await stopsNow(world.house, merchantId)).toMatchObject({ merchant: { because: reason } });
    expect((await world.api('POST', '/v1/callbacks', card)).status).toBe(503);
  });

  it('a ticket without a call is still sold', async () => {
    await stopCalls(world.house, { reason });
    const sold = await world.api('POST', '/v1/callbacks', {
      line: 'demo-ticket',
      paymentMethod: 'pm_card_visa',
    });
    expect(sold.status).toBe(201);
  });
});
