// A paid callback whose scenario is the call, on a real FreeSWITCH: his telephone rings first, his key 1 leads into the scenario, and what
// he talks to first there is what he has paid for.

import { beforeAll, describe, expect, it } from 'vitest';
import { caller, claire, eventually, hugo } from '../world.ts';
import { isGiven } from './given-switch.ts';
import { liveStage } from './live-stage.ts';

const say = (fr: string): object[] => [{ text: { fr } }];
const draft = {
  start: 'menu',
  blocks: {
    menu: {
      kind: 'menu',
      say: say('Bienvenue. Pour parler à Claire, tapez 1.'),
      keys: ['1'],
      waitSeconds: 60,
      next: { key_1: 'claire' },
    },
    claire: {
      kind: 'ring',
      to: { consultants: ['con_demo_claire'] },
      ringSeconds: 60,
      next: { talked: 'after', limit_reached: 'after', unavailable: 'bye' },
    },
    after: {
      kind: 'menu',
      say: say('Votre entretien payé est terminé. Pour parler à Hugo, tapez 2.'),
      keys: ['2'],
      waitSeconds: 60,
      next: { key_2: 'hugo', otherwise: 'bye' },
    },
    hugo: {
      kind: 'ring',
      to: { consultants: ['con_demo_hugo'] },
      ringSeconds: 60,
      next: { talked: 'bye', limit_reached: 'bye', unavailable: 'bye' },
    },
    bye: { kind: 'hang_up', say: say('Merci et au revoir.') },
  },
};

describe.skipIf(!isGiven)('a paid call that a scenario leads, on a real switch', () => {
  const stage = liveStage();
  beforeAll(async () => {
    const made = await stage.world.api('POST', '/v1/scenarios', { slug: 'the-call', name: 'x', draft });
    expect(made.status, JSON.stringify(made.json)).toBe(201);
    const published = await stage.world.api('POST', '/v1/scenarios/the-call/versions', {});
    expect(published.status, JSON.stringify(published.json)).toBe(201);
    const set = await stage.world.api('PATCH', '/v1/lines/demo', { afterPayment: 'the-call' });
    expect(set.status, JSON.stringify(set.json)).toBe(200);
  });

  const at = async (id: string): Promise<string | undefined> => {
    const { rows } = await stage.world.sql.query<{ at: string }>(
      `select progress ->> 'at' as at from scenario_runs where after_session_id = $1`,
      [id],
    );
    return rows[0]?.at;
  };

  it('his telephone rings first; the first talk is the paid one, the second is on no card, and there is one capture', async () => {
    const { world, live } = stage;
    const { id, orderId } = await stage.ordered();
    await world.phoneIs(caller, 'ringing');
    expect((await world.phone(claire))?.state ?? 'idle').not.toBe('ringing');
    await world.does(caller, 'answer');
    await stage.presses(caller, '1', async () => expect((await world.session(id)).state).toBe('led'));
    expect((await world.phone(claire))?.state ?? 'idle').not.toBe('ringing');
    await stage.presses(caller, '1', () => world.phoneIs(claire, 'ringing').then(() => undefined));
    await world.does(claire, 'answer');
    await stage.presses(claire, '1', async () => expect((await world.session(id)).state).toBe('connected'));
    await live.says(claire, 'fr/apology.wav');
    await stage.hears(caller, /un problème technique/);
    await world.does(claire, 'hangup');
    const settled = await world.sessionIs(id, 'settled', 60_000);
    expect(settled).toMatchObject({
      outcome: 'talked',
      authorized: { amount: '25.00', currency: 'EUR' },
      captured: { amount: '15.00', currency: 'EUR' },
      released: { amount: '10.00', currency: 'EUR' },
    });
    // He is in the scenario still.
    await eventually(async () => expect(await at(id)).toBe('after'));
    await stage.presses(caller, '2', () => world.phoneIs(hugo, 'ringing').then(() => undefined));
    await world.does(hugo, 'answer');
    const talking = async (): Promise<void> => {
      const { rows } = await world.sql.query(
        `select 1 from call_sessions s join known_calls k on k.call_session_id = s.id join scenario_runs r on r.id = k.run_id
         where r.after_session_id = $1 and s.id <> $1 and s.state = 'connected'`,
        [id],
      );
      expect(rows).toHaveLength(1);
    };
    await stage.presses(hugo, '1', talking);
    await world.does(hugo, 'hangup');
    await world.phoneIs(caller, 'ended');
    await eventually(async () => {
      const { rows } = await world.sql.query(
        'select outcome from scenario_runs where after_session_id = $1',
        [id],
      );
      expect(rows).toEqual([{ outcome: 'completed' }]);
    });
    await stage.agreesWithTheRecords(id, settled, 'scenario');
    const intents = (await world.payments()).filter((one) => one.metadata['order'] === orderId);
    expect(intents).toMatchObject([{ status: 'succeeded', amount: 2_500, amount_received: 1_500 }]);
    const { rows } = await world.sql.query(
      `select count(*)::int as captures from processor_operations o join authorizations a on a.id = o.authorization_id
       join payments p on p.id = a.payment_id where p.order_id = $1 and o.kind = 'capture'`,
      [orderId],
    );
    expect(rows).toEqual([{ captures: 1 }]);
  }, 180_000);
});
