// A caller keys his card in a scenario and is sold what a line sells, over the whole house but the card room itself: the order, the
// hold by telephone, the capture or the talk it leads, and every way it comes to nothing.

import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { RawEventSocket } from '../adapters/raw-event-socket.ts';
import { caller, claire, eventually } from '../world.ts';
import { type KeypadStage, type KeyedRow, secondCaller, startKeypadStage, words } from './keypad-stage.ts';

let stage: KeypadStage;
beforeAll(async () => {
  stage = await startKeypadStage();
});
afterEach(() => stage.cleared());
afterAll(() => stage.close());

const goodbyes = {
  paid: { kind: 'hang_up', say: words('Payé, merci.') },
  refused: { kind: 'hang_up', say: words('Votre carte est refusée.') },
  page: { kind: 'hang_up', say: words('Payez sur la page.') },
  given: { kind: 'hang_up', say: words('Une autre fois.') },
  not: { kind: 'hang_up', say: words('Pas de carte.') },
};
const outs = { paid: 'paid', refused: 'refused', needs_page: 'page', given_up: 'given', not_taken: 'not' };

const sells = (line: string, more: object = {}, blocks: object = {}): object => ({
  start: 'card',
  blocks: { card: { kind: 'card_payment', line, next: outs, ...more }, ...goodbyes, ...blocks },
});

/** Sold in this very test. */
async function sold(before: number): Promise<KeyedRow[]> {
  return (await stage.orders()).slice(before);
}

it('a sale: nothing is asked of the processor before the card is keyed, then it is captured at once', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const ddi = await stage.leadsTo(sells('demo-ticket'));
  const asked = (await world.payments()).length;
  await world.dials(caller, ddi);
  const entry = await room.entry();
  expect(await sold(before)).toMatchObject([
    { kind: 'fixed_sale', source: 'phone', state: 'awaiting_card', reason: null, intent: null },
  ]);
  expect(await world.payments()).toHaveLength(asked);
  expect(entry.request).toContain((await stage.world.sql.query('select id from scenario_runs')).rows[0].id);
  await room.keys('pm_card_visa');
  await stage.said(caller, 'Payé, merci.');
  const [order] = await sold(before);
  expect(order).toMatchObject({ state: 'captured', captured: order?.hold });
  expect(await world.payments()).toHaveLength(asked + 1);
  await world.heard(order?.id ?? '', ['payment.authorized', 'payment.captured', 'access_code.issued']);
  expect(await stage.ended(ddi)).toMatchObject({ outcome: 'completed', at: 'paid' });
});

const talks = {
  start: 'card',
  blocks: {
    card: { kind: 'card_payment', line: 'demo', next: { ...outs, paid: 'ring' } },
    ring: {
      kind: 'ring',
      to: { consultants: ['con_demo_claire'] },
      next: { talked: 'after', limit_reached: 'after', unavailable: 'nobody' },
    },
    after: { kind: 'hang_up', say: words('Au revoir.') },
    nobody: { kind: 'hang_up', say: words('Personne.') },
    ...goodbyes,
  },
};

it('a conversation: held on the leg he has, led by the scenario he is in, and settled once by its talk', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const ddi = await stage.leadsTo(talks);
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await room.entry();
  const [waiting] = await sold(before);
  expect(waiting).toMatchObject({
    kind: 'conversation',
    callerNumber: caller,
    state: 'awaiting_card',
    sessionState: 'awaiting_payment',
  });
  await room.keys('pm_card_visa');
  await world.accept(claire);
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await eventually(async () =>
    expect(await sold(before)).toMatchObject([{ state: 'authorized', sessionState: 'connected' }]),
  );
  await world.does(claire, 'hangup');
  await stage.said(caller, 'Au revoir.');
  const session = await world.sessionIs(waiting?.session ?? '', 'settled');
  expect(session).toMatchObject({
    outcome: 'talked',
    captured: { amount: '15.00' },
    released: { amount: '10.00' },
  });
  await world.heard(waiting?.id ?? '', [
    'payment.authorized',
    'call.ringing',
    'call.connected',
    'call.ended',
    'payment.captured',
    'payment.released',
  ]);
  expect(await sold(before)).toHaveLength(1);
});

it('a conversation whose price is taken at connection: he hears so before he keys', async () => {
  const { world, room } = stage;
  await world.sql.query(
    `insert into tariffs (id, merchant_id, line_id, version, plan)
     select 'tar_one_price', merchant_id, line_id, version + 1,
       jsonb_set(plan, '{standard}', plan -> 'standard' || '{"fixedPrice": "20.00", "bands": []}')
     from tariffs where line_id = 'lin_demo_short'`,
  );
  const line = (capture: string) => world.api('PATCH', '/v1/lines/demo-short', { capture });
  expect((await line('at_connection')).status).toBe(200);
  const ddi = await stage.leadsTo({
    ...talks,
    blocks: { ...talks.blocks, card: { ...talks.blocks.card, line: 'demo-short' } },
  });
  await world.dials(caller, ddi);
  const { sounds } = await room.entry();
  // What the switch would say lies beside it in words.
  const said = await readFile(sounds.amount.replace(/wav$/, 'txt'), 'utf8');
  expect(said).toContain(
    '20 euros seront réservés sur votre carte, et débités en entier dès la mise en relation',
  );
  expect(said).toContain('Si personne ne répond, rien ne sera débité.');
  await world.does(caller, 'hangup');
  expect((await line('at_end')).status).toBe(200);
});

it('he withholds his number, and talks all the same: his leg is there, and his merchant reads that nobody was rung', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  await world.dials(caller, await stage.leadsTo(talks), { withheld: true });
  await room.keys('pm_card_visa');
  await world.accept(claire);
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  const [order] = await sold(before);
  expect(order).toMatchObject({ callerNumber: null });
  await world.sessionIs(order?.session ?? '', 'connected');
  const read = await world.session(order?.session ?? '');
  expect(read).toMatchObject({ callerNumber: null, source: 'phone' });
  await world.does(claire, 'hangup');
  await world.sessionIs(order?.session ?? '', 'settled');
});

it('a card that is declined ends its order; the next one pays, and nothing else is held', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  await world.dials(caller, await stage.leadsTo(talks));
  await room.keys('pm_card_visa_chargeDeclined', '0002');
  await eventually(async () => expect(await sold(before)).toHaveLength(2));
  await room.keys('pm_card_visa');
  await world.phoneIs(claire, 'ringing');
  const [first, second] = await sold(before);
  expect(first).toMatchObject({ state: 'failed', reason: 'declined', sessionState: 'settled' });
  expect(first?.outcome).toBe('payment_failed');
  expect(second).toMatchObject({ state: 'authorized', sessionState: 'ringing_consultant' });
  await world.does(claire, 'reject');
  await stage.said(caller, 'Personne.');
  expect(await world.sessionIs(second?.session ?? '', 'settled')).toMatchObject({
    outcome: 'nobody_took_it',
    captured: { amount: '0.00' },
  });
  await world.heard(first?.id ?? '', ['payment.failed', 'call.ended']);
});

it('three cards are declined: that is all, and three orders are over', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  await world.dials(caller, await stage.leadsTo(sells('demo-ticket')));
  for (const _ of [1, 2, 3]) await room.keys('pm_card_visa_chargeDeclinedInsufficientFunds', '9995');
  await stage.said(caller, 'Votre carte est refusée.');
  expect((await sold(before)).map(({ state, reason }) => [state, reason])).toEqual(
    Array.from({ length: 3 }, () => ['failed', 'insufficient_funds']),
  );
});

it.each([
  ['wants to see its holder agree', 'pm_card_authenticationRequired', true],
  ['may not be taken by telephone at this account', 'pm_card_visa', false],
])('a card that %s pays on the page only, and its order is over', async (_, card, allowed) => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  await stage.moto(allowed);
  await world.dials(caller, await stage.leadsTo(talks));
  await room.keys(card, '3184');
  await stage.said(caller, 'Payez sur la page.');
  expect(await sold(before)).toMatchObject([{ state: 'failed', sessionState: 'settled' }]);
  await stage.moto(true);
});

it.each(['gave_up', 'timed_out', 'away', 'unknown', 'refused', 'not_permitted'] as const)(
  'no card comes of it (%s): the order is given up',
  async (outcome) => {
    const { world, room } = stage;
    const before = (await stage.orders()).length;
    const ddi = await stage.leadsTo(talks);
    await world.dials(caller, ddi);
    // A room that is away is asked again, a few times.
    for (let asked = outcome === 'away' ? 4 : 1; asked > 0; asked -= 1) (await room.entry()).end({ outcome });
    await stage.ended(ddi);
    await eventually(async () =>
      expect(await sold(before)).toMatchObject([
        { state: 'failed', reason: 'cancelled', sessionState: 'settled', outcome: 'cancelled' },
      ]),
    );
  },
);

it('a card room that died left him where nobody hears of him: he is taken from it, and the call goes on', async () => {
  const { world, room } = stage;
  const ddi = await stage.leadsTo(talks);
  await world.dials(caller, ddi);
  const { leg } = await room.entry();
  const raw = await RawEventSocket.signedIn(world.switches[0]?.eslPort ?? 0, world.switchPassword);
  await raw.api(`uuid_setvar_multi ${leg} ringmeter_card_room=true;sensitive_dtmf=true;process_cdr=false`);
  for (let asked = 4; asked > 0; asked -= 1) (await room.entry()).end({ outcome: 'away' });
  expect(await stage.ended(ddi)).toMatchObject({ outcome: 'completed', at: 'not' });
  raw.close();
});

it.each(['the leg’s own event', 'the card room'])('he hangs up while he keys, told by %s', async (by) => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const ddi = await stage.leadsTo(talks);
  await world.dials(caller, ddi);
  const entry = await room.entry();
  if (by === 'the card room') entry.end({ outcome: 'hung_up' });
  else await world.does(caller, 'hangup');
  expect(await stage.ended(ddi)).toMatchObject({ outcome: 'caller_left' });
  expect(await sold(before)).toMatchObject([{ state: 'failed', reason: 'cancelled' }]);
  await eventually(() => expect(entry.over).toBe(true));
});

it('he hangs up once it is held and before anybody is rung: it is let go', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  await world.behaves(claire, { behaviour: 'manual' });
  const ddi = await stage.leadsTo({
    ...talks,
    blocks: {
      ...talks.blocks,
      card: { kind: 'card_payment', line: 'demo', next: { ...outs, paid: 'menu' } },
      menu: { kind: 'menu', say: words('Tapez 1.'), keys: ['1'], waitSeconds: 60, next: { key_1: 'ring' } },
    },
  });
  await world.dials(caller, ddi);
  await room.keys('pm_card_visa');
  await stage.said(caller, 'Tapez 1.');
  expect(await sold(before)).toMatchObject([{ state: 'authorized', sessionState: 'led' }]);
  await world.does(caller, 'hangup');
  await stage.ended(ddi);
  const [order] = await sold(before);
  expect(await world.sessionIs(order?.session ?? '', 'settled')).toMatchObject({ outcome: 'caller_left' });
  await world.heard(order?.id ?? '', ['payment.authorized', 'call.ended', 'payment.released']);
});

it('another gateway takes over in mid-entry: the same order, and the card is asked for anew', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  await world.dials(caller, await stage.leadsTo(sells('demo-ticket')));
  const first = await room.entry();
  await world.restartGateway();
  await eventually(async () => expect((await room.entry()).request).not.toBe(first.request));
  expect(first.over).toBe(true);
  await room.keys('pm_card_visa');
  await stage.said(caller, 'Payé, merci.');
  expect(await sold(before)).toMatchObject([{ state: 'captured' }]);
});

it('the processor is silent after the attempt: he keys nothing more, and hears that it is paid once that is known', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  await world.dials(caller, await stage.leadsTo(sells('demo-ticket')));
  await room.entry();
  const entries = room.entries.length;
  await world.faults({ next: 'answer_lost', on: 'create' });
  await room.keys('pm_card_visa');
  await eventually(async () =>
    expect(
      (await stage.world.sql.query(`select 1 from authorizations where state = 'unknown'`)).rows,
    ).toHaveLength(1),
  );
  // Another gateway looks for the same, and asks for nothing again.
  await world.restartGateway();
  await stage.said(caller, 'Payé, merci.');
  expect(room.entries).toHaveLength(entries);
  expect(await sold(before)).toMatchObject([{ state: 'captured' }]);
  const [order] = await sold(before);
  expect((await world.payments()).filter(({ metadata }) => metadata['order'] === order?.id)).toHaveLength(1);
});

it('whoever tries too many cards goes on hearing the same, and no bank is asked any more', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const ddi = await stage.leadsTo(sells('demo-ticket'));
  for (const call of [1, 2, 3]) {
    await world.dials(caller, ddi);
    for (const _ of [1, 2, 3]) await room.keys('pm_card_visa_chargeDeclined', '0002');
    await stage.said(caller, 'Votre carte est refusée.');
    await world.phoneIs(caller, 'ended');
    expect(call).toBeGreaterThan(0);
  }
  const reasons = (await sold(before)).map(({ reason }) => reason);
  expect(reasons).toEqual([
    ...Array.from({ length: 6 }, () => 'declined'),
    ...Array.from({ length: 3 }, () => 'cards_tried_too_often'),
  ]);
  expect((await sold(before)).map(({ intent }) => intent === null)).toEqual([
    ...Array.from({ length: 6 }, () => false),
    ...Array.from({ length: 3 }, () => true),
  ]);
  // Somebody else at the same number pays.
  await world.dials(secondCaller, ddi);
  await room.keys('pm_card_visa');
  await stage.said(secondCaller, 'Payé, merci.');
});

it('nobody may key a card where no operator has said so', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const entries = room.entries.length;
  await world.sql.query('update keypad_permissions set allowed = false');
  const ddi = await stage.leadsTo(sells('demo-ticket'));
  await world.dials(caller, ddi);
  await stage.said(caller, 'Pas de carte.');
  await stage.ended(ddi);
  expect(await sold(before)).toEqual([]);
  expect(room.entries).toHaveLength(entries);
  await world.sql.query('update keypad_permissions set allowed = true');
});

it('nobody is free: no card is asked for', async () => {
  const { world, room } = stage;
  const before = (await stage.orders()).length;
  const entries = room.entries.length;
  await world.sql.query(`update consultants set setting = 'away'`);
  const ddi = await stage.leadsTo(talks);
  await world.dials(caller, ddi);
  await stage.said(caller, 'Pas de carte.');
  await stage.ended(ddi);
  expect(await sold(before)).toEqual([]);
  expect(room.entries).toHaveLength(entries);
  await world.sql.query(`update consultants set setting = 'available'`);
});
