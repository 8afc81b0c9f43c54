// "Never call me again": by key and by page, for all merchants, before the order and before a phone rings.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { E164 } from '../../src/core/ids.ts';
import { allowAgain, neverCall, neverCallState, undoNeverCall } from '../../src/flow/never-call.ts';
import { caller, claire, eventually, hugo, ines, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
const number = caller as E164;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.sql.query('delete from never_call_numbers');
});
afterEach(async () => {
  for (const one of [caller, claire, hugo, ines]) await world.behaves(one, { behaviour: 'manual' });
  await world.balanced();
});

const card = { line: 'demo', callerNumber: caller, paymentMethod: 'pm_card_visa' };

const inMerchant = <T>(act: Parameters<typeof world.house.db.asMerchant<T>>[1]): Promise<T> =>
  world.house.db.asMerchant('mer_demo', act);
const wishOnPage = (orderId: string): Promise<void> =>
  inMerchant((tx) => neverCall(world.house, tx, { number, wishedBy: 'page', orderId }));

async function rungCaller(): Promise<{ id: string; orderId: string }> {
  // Whoever lost a caller just now still hears why, and the next one would be rung instead.
  await eventually(async () => {
    const { rowCount } = await world.sql.query('select from consultants where claimed_by is not null');
    expect(rowCount).toBe(0);
  }, 20_000);
  const made = await world.api('POST', '/v1/callbacks', card);
  expect(made, JSON.stringify(made.json)).toMatchObject({ status: 201 });
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  await world.does(claire, 'keys', { digits: '1' });
  await world.phoneIs(caller, 'ringing');
  await world.does(caller, 'answer');
  return made.json;
}

describe('key 9 while the price is read', () => {
  it('ends the call without a charge, and no merchant’s order rings this number again', async () => {
    const { id } = await rungCaller();
    await world.does(caller, 'keys', { digits: '9' });
    const over = await world.sessionIs(id, 'settled');
    expect(over.captured.amount).toBe('0.00');
    expect(over.outcome).toBe('caller_refused');

    const again = await world.api('POST', '/v1/callbacks', card);
    expect(again).toMatchObject({ status: 422 });
    expect(again.json.type).toContain('/problems/number-never-again');
    expect(again.json.detail).toMatch(/another number|never/i);
    // However it is written.
    const national = await world.api('POST', '/v1/callbacks', { ...card, callerNumber: '06 12 34 56 78' });
    expect(national.status).toBe(422);
  });

  it('is not undone from the page of whoever ordered, only by an operator', async () => {
    const { id, orderId } = await rungCaller();
    await world.does(caller, 'keys', { digits: '9' });
    await world.sessionIs(id, 'settled');
    const order = { id: orderId, callerNumber: number };
    expect(await inMerchant((tx) => neverCallState(world.house, tx, order))).toEqual({ state: 'never' });
    expect(await inMerchant((tx) => undoNeverCall(world.house, tx, order))).toBe('too_late');

    const asked = { number: '+33 6 12 34 56 78', because: 'asked by letter' };
    expect(await allowAgain(world.house, asked)).toBe('allowed');
    expect(await allowAgain(world.house, asked)).toBe('was_allowed');
    expect(await allowAgain(world.house, { number: '12', because: 'slip' })).toBe('number_invalid');
    const made = await rungCaller();
    await world.does(caller, 'hangup');
    await world.sessionIs(made.id, 'settled');
  });
});

describe('the wish on the page', () => {
  it('can be taken back there for an hour, nowhere else and not later', async () => {
    await wishOnPage('ord_his');
    const his = { id: 'ord_his', callerNumber: number };
    const other = { id: 'ord_other', callerNumber: number };
    expect(await inMerchant((tx) => neverCallState(world.house, tx, other))).toEqual({ state: 'never' });
    expect(await inMerchant((tx) => undoNeverCall(world.house, tx, other))).toBe('too_late');
    expect(await inMerchant((tx) => neverCallState(world.house, tx, his))).toMatchObject({
      state: 'never',
      undoUntil: expect.any(Date),
    });
    expect(await inMerchant((tx) => undoNeverCall(world.house, tx, his))).toBe('undone');
    expect(await inMerchant((tx) => neverCallState(world.house, tx, his))).toEqual({ state: 'open' });

    await wishOnPage('ord_his');
    await world.sql.query(`update never_call_numbers set since = since - interval '61 minutes'`);
    expect(await inMerchant((tx) => neverCallState(world.house, tx, his))).toEqual({ state: 'never' });
    expect(await inMerchant((tx) => undoNeverCall(world.house, tx, his))).toBe('too_late');
  });

  it('said again on the phone itself it is nobody’s to undo', async () => {
    await wishOnPage('ord_his');
    await inMerchant((tx) => neverCall(world.house, tx, { number, wishedBy: 'key', orderId: 'ord_his' }));
    const his = { id: 'ord_his', callerNumber: number };
    expect(await inMerchant((tx) => undoNeverCall(world.house, tx, his))).toBe('too_late');
  });

  it('keeps no number and no order in the table', async () => {
    await wishOnPage('ord_his');
    const { rows } = await world.sql.query<{ row: string }>(
      'select row_to_json(n)::text as row from never_call_numbers n',
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain('612345678');
    expect(rows[0]?.row).not.toContain('ord_his');
  });
});

describe('a wish that comes after the order', () => {
  it('before the money is held: nobody is rung, what was held is let go', async () => {
    await world.faults({ next: 'delay_ms', on: 'create', times: 1, delayMs: 3_000 });
    const ordering = world.api('POST', '/v1/callbacks', card);
    await eventually(async () => {
      const { rows } = await world.sql.query(`select from call_sessions where state = 'awaiting_payment'`);
      expect(rows).toHaveLength(1);
    });
    // An earlier call's last words may still be heard on it.
    const before = (await world.phone(claire))?.leg;
    await wishOnPage('ord_other');
    const made = await ordering;
    expect(made.status).toBe(201);
    const over = await world.sessionIs(made.json.id, 'settled');
    expect(over).toMatchObject({
      outcome: 'cancelled',
      captured: { amount: '0.00' },
      released: { amount: '25.00' },
    });
    expect(over.events.map((event) => event.name)).not.toContain('ringing_consultant');
    expect((await world.phone(claire))?.leg).toEqual(before);
  });

  it('while the consultant is rung: the caller’s phone never rings, and the consultant hears why', async () => {
    const made = await world.api('POST', '/v1/callbacks', card);
    await world.phoneIs(claire, 'ringing');
    await wishOnPage('ord_other');
    await world.does(claire, 'answer');
    await world.does(claire, 'keys', { digits: '1' });
    const over = await world.sessionIs(made.json.id, 'settled');
    expect(over).toMatchObject({ outcome: 'cancelled', captured: { amount: '0.00' } });
    expect(over.events.map((event) => event.name)).not.toContain('ringing_caller');
    await world.phoneIs(claire, 'ended');
  });
});
