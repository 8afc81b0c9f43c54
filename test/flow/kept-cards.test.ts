// A card a caller agreed to be kept pays in his next calls by its last four digits: his alone, by the number his carrier vouches for and
// his client code, and as long as it is good. And a payment nobody knows the fate of when he hangs up.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { removeWhatNobodyNeeds } from '../../src/flow/remove-customers.ts';
import { permitKeypad } from '../../src/flow/repair.ts';
import { caller, eventually } from '../world.ts';
import { type KeypadStage, secondCaller, startKeypadStage, words } from './keypad-stage.ts';

let stage: KeypadStage;
let ddi: string;
beforeAll(async () => {
  stage = await startKeypadStage();
  ddi = await stage.leadsTo(sells('number'));
});
afterEach(async () => {
  await stage.cleared();
  await stage.world.sql.query('delete from kept_cards');
});
afterAll(() => stage.close());

const sells = (by: 'number' | 'code'): object => ({
  start: 'who',
  blocks: {
    who: {
      kind: 'recognize',
      by,
      ...(by === 'code' && { say: words('Votre code ?') }),
      next: { known: 'card', unknown: 'card' },
    },
    card: {
      kind: 'card_payment',
      line: 'demo-ticket',
      offerToKeep: true,
      next: { paid: 'paid', refused: 'no', not_taken: 'no' },
    },
    paid: { kind: 'hang_up', say: words('Payé, merci.') },
    no: { kind: 'hang_up', say: words('Pas de carte.') },
  },
});

const offer = 'déjà utilisée';
const keepQuestion = 'garder cette carte';

async function kept(): Promise<{ id: string; last4: string; expiry: string; customer: string }[]> {
  const { rows } = await stage.world.sql.query<{
    id: string;
    last4: string;
    expiry: string;
    customer: string;
  }>('select id, last4, expiry, customer from kept_cards');
  return rows;
}

/** He calls, keys a card, says whether it is to be kept, and has paid. */
async function pays(keep: '1' | '2'): Promise<void> {
  const { world, room } = stage;
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.keys('pm_card_visa');
  await stage.said(caller, keepQuestion);
  await stage.keys(caller, keep);
  await stage.said(caller, 'Payé, merci.');
  await world.phoneIs(caller, 'ended');
}

it('kept with his yes: his next call offers it, and it pays by its last four digits without the card room', async () => {
  const { world, room } = stage;
  await pays('1');
  expect(await kept()).toMatchObject([
    { last4: '4242', expiry: '12/40', customer: expect.stringMatching(/^cus_/) as string },
  ]);
  const entries = room.entries.length;
  const before = (await stage.orders()).length;
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await stage.said(caller, offer);
  await stage.keys(caller, '4242#');
  await stage.said(caller, 'Payé, merci.');
  expect(room.entries).toHaveLength(entries);
  expect((await stage.orders()).slice(before)).toMatchObject([{ state: 'captured', captured: '9' }]);
  // Nor is he asked again whether it is to be kept.
  expect((await stage.heard(caller)).join()).not.toContain(keepQuestion);
});

it('not kept without his yes', async () => {
  await pays('2');
  expect(await kept()).toEqual([]);
  await stage.world.dials(caller, ddi, { assertedBy: 'network' });
  await stage.room.entry();
  expect((await stage.heard(caller)).join()).not.toContain(offer);
});

it('a card that is declined is not kept', async () => {
  const { world, room } = stage;
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.keys('pm_card_visa_chargeDeclined', '0002');
  await stage.said(caller, keepQuestion);
  await stage.keys(caller, '1');
  await room.entry();
  expect(await kept()).toEqual([]);
});

it('other digits than its last four: he hears so, and keys a card on the same order', async () => {
  const { world, room } = stage;
  await pays('1');
  const before = (await stage.orders()).length;
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await stage.said(caller, offer);
  await stage.keys(caller, '1111#');
  await stage.said(caller, 'aucune carte qui se termine ainsi');
  await room.entry();
  expect((await stage.orders()).slice(before)).toMatchObject([{ state: 'awaiting_card', intent: null }]);
});

it('`*` for another card, which is kept beside the first', async () => {
  const { world, room } = stage;
  await pays('1');
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await stage.said(caller, offer);
  await stage.keys(caller, '*');
  await room.keys('pm_card_mastercard', '4444');
  await stage.said(caller, keepQuestion);
  await stage.keys(caller, '1');
  await stage.said(caller, 'Payé, merci.');
  expect((await kept()).map(({ last4 }) => last4).sort()).toEqual(['4242', '4444']);
});

it.each([
  ['somebody else with the same client code', secondCaller, { assertedBy: 'network' as const }, 'code'],
  ['his number, but nobody vouches for it', caller, {}, 'number'],
  ['a number that is withheld', caller, { withheld: true }, 'code'],
] as const)('not offered to %s, nor is another card of his kept', async (_, number, dialling, by) => {
  const { world, room } = stage;
  await pays('1');
  await world.dials(number, by === 'number' ? ddi : await stage.leadsTo(sells('code')), dialling);
  if (by === 'code') {
    await stage.said(number, 'Votre code ?');
    await stage.keys(number, '4711#');
  }
  await room.keys('pm_card_visa');
  await stage.said(number, number === secondCaller ? keepQuestion : 'Payé, merci.');
  const heard = (await stage.heard(number)).join();
  expect(heard).not.toContain(offer);
  if (number === caller) expect(heard).not.toContain(keepQuestion);
});

it('not offered to the same number under another client code', async () => {
  const { world, room } = stage;
  await pays('1');
  await world.sql.query(`update kept_cards set mark = sha256(mark)`);
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.entry();
  expect((await stage.heard(caller)).join()).not.toContain(offer);
});

it('not offered when it has expired', async () => {
  const { world, room } = stage;
  await pays('1');
  await world.sql.query(`update kept_cards set expiry = '01/24'`);
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.entry();
  expect((await stage.heard(caller)).join()).not.toContain(offer);
});

it('forgotten at his merchant’s wish: for this number and code, and not offered any more', async () => {
  const { world, room } = stage;
  await pays('1');
  const forget = (number: string, code: string): ReturnType<typeof world.api> =>
    world.api('DELETE', `/v1/keypad/kept-cards/${number}/${code}`);
  expect(await forget(caller, '4712')).toMatchObject({ status: 404 });
  expect(await forget(secondCaller, '4711')).toMatchObject({ status: 404 });
  expect(await kept()).toHaveLength(1);
  expect(await forget(caller, '4711')).toMatchObject({ status: 200, json: { forgotten: 1 } });
  expect(await forget(caller, '4711')).toMatchObject({ status: 404 });
  expect(await kept()).toEqual([]);
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.entry();
  expect((await stage.heard(caller)).join()).not.toContain(offer);
});

/** Customers the processor keeps a card of a caller with. */
async function customers(): Promise<string[]> {
  const { processorUrl = '', secretKey = '' } = stage.world.asProcess.order.world.sandbox ?? {};
  const answer = await fetch(`${processorUrl}/v1/customers?limit=100`, {
    headers: { authorization: `Bearer ${secretKey}` },
  });
  return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
}

/** Whatever other tests have left. */
async function swept(): Promise<void> {
  await stage.world.sql.query(
    `update processor_operations set customer = null where customer = 'kept'
     and not exists (select from kept_cards)`,
  );
  await removeWhatNobodyNeeds(stage.world.house);
  await eventually(async () => expect(await customers()).toEqual([]));
}

it('forgotten at the processor too, which is asked until it has said so', async () => {
  const { world } = stage;
  await swept();
  await pays('1');
  const [card] = await kept();
  expect(await customers()).toEqual([card?.customer]);
  await removeWhatNobodyNeeds(world.house);
  await world.faults({ next: 'error_500', on: 'customer' });
  await world.api('DELETE', `/v1/keypad/kept-cards/${caller}/4711`);
  await eventually(async () => expect(await customers()).toEqual([]));
  const { rows } = await world.sql.query(
    `select customer from processor_operations where request ->> 'keepForMore' = 'true' order by created_at desc limit 1`,
  );
  expect(rows).toEqual([{ customer: 'gone' }]);
});

it('kept anew it is one card, and what it was kept with before goes', async () => {
  const { room } = stage;
  await swept();
  await pays('1');
  const [first] = await kept();
  await stage.world.dials(caller, ddi, { assertedBy: 'network' });
  await stage.said(caller, offer);
  await stage.keys(caller, '*');
  await room.keys('pm_card_visa');
  await stage.said(caller, keepQuestion);
  await stage.keys(caller, '1');
  await stage.said(caller, 'Payé, merci.');
  const [second, ...others] = await kept();
  expect(others).toEqual([]);
  expect(second?.customer).not.toBe(first?.customer);
  await eventually(async () => expect(await customers()).toEqual([second?.customer]));
});

it('no customer is left of an order without a kept card: not asked for, declined, or refused by his No', async () => {
  const { world, room } = stage;
  await swept();
  await pays('2');
  expect(await customers()).toEqual([]);
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.keys('pm_card_visa_chargeDeclined', '0002');
  await stage.said(caller, keepQuestion);
  await stage.keys(caller, '1');
  await room.entry();
  // He agreed, so that one was made before his bank said no.
  expect(await customers()).toHaveLength(1);
  await removeWhatNobodyNeeds(world.house);
  await eventually(async () => expect(await customers()).toEqual([]));
});

it('his merchant’s callers may key no cards any more: what they had kept is forgotten, here and there', async () => {
  const { world } = stage;
  await swept();
  await pays('1');
  const operator = { by: 'ana', why: 'test' };
  const permit = (allowed: boolean): ReturnType<typeof permitKeypad> =>
    permitKeypad(world.house, operator, { merchantId: 'mer_demo', allowed });
  expect(await permit(false)).toMatchObject({ outcome: 'done' });
  expect(await kept()).toEqual([]);
  await removeWhatNobodyNeeds(world.house);
  await eventually(async () => expect(await customers()).toEqual([]));
  expect(await permit(true)).toMatchObject({ outcome: 'done' });
});

it('one that has expired is forgotten, here and there', async () => {
  const { world } = stage;
  await swept();
  await pays('1');
  await world.sql.query(`update kept_cards set expiry = '01/24'`);
  await removeWhatNobodyNeeds(world.house);
  await eventually(async () => expect(await customers()).toEqual([]));
  expect(await kept()).toEqual([]);
});

it('a fault of ours behind the hold of a sale that is taken all the same: he hears that he has paid', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const { db } = world.house;
  const listen = db.listen.bind(db);
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.entry();
  let faults = 0;
  db.listen = (channel, heard) => {
    if (channel !== 'ringmeter_order' || faults > 0) return listen(channel, heard);
    faults += 1;
    throw new Error('Nobody can listen.');
  };
  try {
    await room.keys('pm_card_visa');
    await stage.said(caller, keepQuestion);
    await stage.keys(caller, '2');
    await stage.said(caller, 'Payé, merci.');
  } finally {
    db.listen = listen;
  }
  expect(faults).toBe(1);
  expect((await stage.orders()).slice(before)).toMatchObject([{ state: 'captured' }]);
});

it('a fault of ours before anybody knows of the hold: he hears that no card was taken, and it is let go', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const { processor } = world.house;
  const authorize = processor.authorize.bind(processor);
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.entry();
  let faults = 0;
  processor.authorize = async (request) => {
    const answer = await authorize(request);
    if (faults > 0) return answer;
    faults += 1;
    throw new Error('Nobody understands the answer.');
  };
  try {
    await room.keys('pm_card_visa');
    await stage.said(caller, keepQuestion);
    await stage.keys(caller, '2');
    await stage.said(caller, 'Pas de carte.');
    await eventually(async () =>
      expect((await stage.orders()).slice(before)).toMatchObject([
        { captured: '0', state: expect.stringMatching(/^(voided|failed)$/) as string },
      ]),
    );
  } finally {
    processor.authorize = authorize;
  }
  const [order] = (await stage.orders()).slice(before);
  const held = (await world.payments()).filter(({ metadata }) => metadata['order'] === order?.id);
  expect(held.map(({ status }) => status)).toEqual(['canceled']);
});

it('he hangs up while nobody knows whether it is held: it is found out, and let go', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const plain = await stage.leadsTo({
    start: 'card',
    blocks: {
      card: { kind: 'card_payment', line: 'demo', next: { paid: 'paid', refused: 'paid' } },
      paid: { kind: 'hang_up', say: words('Payé, merci.') },
    },
  });
  await world.dials(caller, plain);
  await room.entry();
  await world.faults({ next: 'answer_lost', on: 'create' });
  await room.keys('pm_card_visa');
  await eventually(async () =>
    expect((await world.sql.query(`select 1 from authorizations where state = 'unknown'`)).rows).toHaveLength(
      1,
    ),
  );
  await world.does(caller, 'hangup');
  expect(await stage.ended(plain)).toMatchObject({ outcome: 'caller_left' });
  await eventually(async () =>
    expect((await stage.orders()).slice(before)).toMatchObject([
      { captured: '0', sessionState: 'settled', state: expect.stringMatching(/^(voided|failed)$/) as string },
    ]),
  );
  const [order] = (await stage.orders()).slice(before);
  const held = (await world.payments()).filter(({ metadata }) => metadata['order'] === order?.id);
  expect(held.map(({ status }) => status)).toEqual(['canceled']);
});
