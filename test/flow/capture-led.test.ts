// A talk in a scenario whose price is taken as soon as both are joined: of a call the scenario leads from the caller's key 1 on, and of
// one he pays for in it by a card he keyed before. It is taken at the first talk, once, and what he does afterwards costs nothing more.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, claire, eventually, hugo } from '../world.ts';
import { type KeypadStage, startKeypadStage, words } from './keypad-stage.ts';

let stage: KeypadStage;
beforeAll(async () => {
  stage = await startKeypadStage();
  await stage.world.sql.query(
    `insert into tariffs (id, merchant_id, line_id, version, plan)
     select 'tar_one_price', merchant_id, line_id, version + 1,
       jsonb_set(jsonb_set(plan, '{standard,fixedPrice}', '"20.00"'), '{standard,bands}', '[]')
     from tariffs where line_id = 'lin_demo'`,
  );
  await stage.world.sql.query(`update lines set capture = 'at_connection' where slug = 'demo'`);
});
afterEach(() => stage.cleared());
afterAll(() => stage.close());

const ring = (consultant: string, next: string): object => ({
  kind: 'ring',
  to: { consultants: [consultant] },
  next: { talked: next, limit_reached: next, unavailable: 'nobody' },
});
const talksTwice = {
  claire: ring('con_demo_claire', 'again'),
  again: {
    kind: 'menu',
    say: words('Encore Hugo, tapez 2.'),
    keys: ['2'],
    waitSeconds: 30,
    next: { key_2: 'hugo' },
  },
  hugo: ring('con_demo_hugo', 'bye'),
  bye: { kind: 'hang_up', say: words('Adieu.') },
  nobody: { kind: 'hang_up', say: words('Personne.') },
};

async function money(orderId: string): Promise<object> {
  const { rows } = await stage.world.sql.query<object>(
    `select p.state, trim_scale(p.captured)::text as captured, trim_scale(p.released)::text as released,
       (select count(*)::int from processor_operations op join authorizations a on a.id = op.authorization_id
         where a.payment_id = p.id and op.kind <> 'authorize') as settled
     from payments p where p.order_id = $1`,
    [orderId],
  );
  return rows[0] ?? {};
}

const taken = (orderId: string): Promise<void> =>
  eventually(async () =>
    expect(await money(orderId)).toEqual({ state: 'capturing', captured: '20', released: '0', settled: 1 }),
  );
const settledOnce = (orderId: string): Promise<void> =>
  eventually(async () =>
    expect(await money(orderId)).toEqual({ state: 'captured', captured: '20', released: '0', settled: 1 }),
  );
const bridged = (): Promise<void> =>
  eventually(async () => expect((await stage.world.phone(caller))?.bridged).toBe(true));

/** His second talk is on no card: he talks, and nothing more is taken. */
async function talksOn(): Promise<void> {
  const { world } = stage;
  await stage.said(caller, 'Encore Hugo');
  await stage.keys(caller, '2');
  await world.accept(hugo);
  await bridged();
  await world.does(hugo, 'hangup');
  await stage.said(caller, 'Adieu.');
}

const heard = (rings: number): string[] => [
  'payment.authorized',
  ...Array.from({ length: rings }, () => 'call.ringing'),
  'call.connected',
  'payment.captured',
  'call.ended',
  'receipt.issued',
];

it('a call its scenario leads: nothing while he is in it, all of it with the first who takes it', async () => {
  const { world } = stage;
  await stage.leadsTo({ start: 'claire', blocks: talksTwice });
  await world.sql.query(
    `update lines set payment_scenario_id = (select id from scenarios order by created_at desc, id desc limit 1) where slug = 'demo'`,
  );
  const { id, orderId } = await world.order({});
  await world.accept(caller);
  await world.phoneIs(claire, 'ringing');
  expect(await money(orderId)).toMatchObject({ state: 'authorized', captured: '0', settled: 0 });
  await world.accept(claire);
  await bridged();
  await taken(orderId);
  // Whoever takes the switch over meanwhile takes nothing more.
  await world.restartGateway();
  await world.does(claire, 'hangup');
  await settledOnce(orderId);
  await talksOn();
  await settledOnce(orderId);
  expect(await world.session(id)).toMatchObject({ outcome: 'talked', captured: { amount: '20.00' } });
  await world.heard(orderId, heard(2));
  await world.sql.query(`update lines set payment_scenario_id = null where slug = 'demo'`);
});

it('a talk he keys a card for, and another by the card that was kept: each taken when he is joined', async () => {
  const { world, room } = stage;
  const ddi = await stage.leadsTo({
    start: 'who',
    blocks: {
      who: { kind: 'recognize', by: 'number', next: { known: 'card', unknown: 'card' } },
      card: {
        kind: 'card_payment',
        line: 'demo',
        offerToKeep: true,
        next: { paid: 'claire', refused: 'nobody', not_taken: 'nobody' },
      },
      ...talksTwice,
    },
  });
  for (const by of ['keyed', 'kept'] as const) {
    await world.dials(caller, ddi, { assertedBy: 'network' });
    if (by === 'keyed') {
      await room.keys('pm_card_visa');
      await stage.said(caller, 'garder cette carte');
      await stage.keys(caller, '1');
    } else {
      await stage.said(caller, 'déjà utilisée');
      await stage.keys(caller, '4242#');
    }
    await world.phoneIs(claire, 'ringing');
    const { id = '' } = (await stage.orders()).at(-1) ?? {};
    expect(await money(id)).toMatchObject({ state: 'authorized', captured: '0' });
    await world.accept(claire);
    await bridged();
    await taken(id);
    await world.does(claire, 'hangup');
    await settledOnce(id);
    await talksOn();
    await settledOnce(id);
    await world.heard(id, heard(1));
    await world.phoneIs(caller, 'ended');
  }
});

it('nobody takes it: nothing is taken, and he hears so', async () => {
  const { world, room } = stage;
  const ddi = await stage.leadsTo({
    start: 'card',
    blocks: {
      card: {
        kind: 'card_payment',
        line: 'demo',
        next: { paid: 'claire', refused: 'nobody', not_taken: 'nobody' },
      },
      ...talksTwice,
    },
  });
  await world.dials(caller, ddi);
  await room.keys('pm_card_visa');
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'reject');
  await stage.said(caller, 'Personne.');
  const { id = '' } = (await stage.orders()).at(-1) ?? {};
  await eventually(async () =>
    expect(await money(id)).toMatchObject({ state: 'voided', captured: '0', settled: 1 }),
  );
});
