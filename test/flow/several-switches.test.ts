// Two switches, two gateways: calls are spread, one switch can be emptied, and a release rolls over the house without one
// order refused or lost.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { drainSwitch } from '../../src/flow/command-switch.ts';
import type { Gateway } from '../../src/gateway.ts';
import { caller, claire, eventually, hugo, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld({ switches: 2 });
  // As many consultants as this test sells calls at once, and no limit to what one card may buy.
  await world.sql.query(`
    insert into consultants (id, merchant_id, name, number)
      select 'con_more_' || n, 'mer_demo', 'More ' || n, '+3319900' || (1000 + n) from generate_series(1, 60) n;
    insert into line_consultants (merchant_id, line_id, consultant_id, position)
      select 'mer_demo', l.id, 'con_more_' || n, 10 + n from lines l, generate_series(1, 60) n where l.slug = 'demo'`);
});
afterAll(() => world.close());
afterEach(() => world.balanced());

async function switchOf(id: string): Promise<string> {
  const rows = await world.sql.query<{ id: string }>(
    'select switch_id as id from call_sessions where id = $1',
    [id],
  );
  return rows.rows[0]!.id;
}

async function hangUp(id: string): Promise<void> {
  await world.api('POST', `/v1/call-sessions/${id}/hangup`);
  await world.sessionIs(id, 'settled');
}

it('a second call goes to the switch that has none', async () => {
  const first = await world.connect();
  const second = await world.order({ callerNumber: '+33612345679' });
  expect(new Set([await switchOf(first.id), await switchOf(second.id)])).toEqual(new Set(['fs1', 'fs2']));
  await world.phoneIs(hugo, 'ringing');
  await hangUp(second.id);
  await world.does(claire, 'hangup');
  await world.sessionIs(first.id, 'settled');
});

it('a switch that is emptied gets no new call, its talk goes on; with both emptied an order is refused in words', async () => {
  const { id } = await world.connect();
  const its = await switchOf(id);
  expect(await drainSwitch(world.house, its, true)).toBe('draining');
  const next = await world.order({ callerNumber: '+33612345679' });
  const other = await switchOf(next.id);
  expect(other).not.toBe(its);
  await hangUp(next.id);
  await drainSwitch(world.house, other, true);
  const refused = await world.api('POST', '/v1/callbacks', { line: 'demo', callerNumber: '+33612345680' });
  expect(refused).toMatchObject({ status: 503, json: { type: expect.stringMatching(/switch-away$/) } });
  for (const one of [its, other]) expect(await drainSwitch(world.house, one, false)).toBe('serving');
  expect(await drainSwitch(world.house, 'fs9', true)).toBe('unknown_switch');
  expect((await world.session(id)).state).toBe('connected');
  await world.does(claire, 'hangup');
  await world.sessionIs(id, 'settled');
  await world.phoneIs(caller, 'ended');
});

it('the switch it was ordered for is gone when it is paid: it rings on the other', async () => {
  await world.sql.query(`insert into switches (id) values ('fs_gone') on conflict do nothing`);
  await world.faults({ next: 'answer_lost', on: 'create' });
  await world.api('POST', '/v1/callbacks', {
    line: 'demo',
    callerNumber: caller,
    paymentMethod: 'pm_card_visa',
  });
  const made = await world.sql.query<{ id: string; orderId: string }>(
    `update call_sessions set switch_id = 'fs_gone' where state = 'awaiting_payment' returning id, order_id as "orderId"`,
  );
  const { id, orderId } = made.rows[0]!;
  await world.sql.query('update payments set look_again_at = now() where order_id = $1', [orderId]);
  await world.phoneIs(claire, 'ringing');
  expect(['fs1', 'fs2']).toContain(await switchOf(id));
  await hangUp(id);
});

interface Served {
  made: string[];
  refused: unknown[];
}

/** At whichever gateway takes the connection, as a balancer does. */
async function post(urls: readonly string[], path: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${world.apiKey}`, 'content-type': 'application/json' };
  for (const url of urls) {
    // One that takes no connections any more was sent nothing.
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    }).catch(() => undefined);
    if (answer) return answer;
  }
  throw new Error(`Nobody listens at ${urls.join(', ')}`);
}

/** Orders, waits until a consultant's phone rings for it, gives it up, and orders again. */
async function keepCalling(
  callerNumber: string,
  urls: () => readonly string[],
  until: () => boolean,
): Promise<Served> {
  const served: Served = { made: [], refused: [] };
  while (!until()) {
    const answer = await post(urls(), '/v1/callbacks', {
      line: 'demo',
      callerNumber,
      paymentMethod: 'pm_card_visa',
    });
    const json = (await answer.json()) as { id: string };
    if (answer.status !== 201) {
      served.refused.push(json);
      continue;
    }
    served.made.push(json.id);
    await eventually(async () => {
      const rung = await world.sql.query<{ number: string | null }>(
        `select progress #>> '{attempts,0,number}' as number from call_sessions where id = $1`,
        [json.id],
      );
      expect((await world.phone(rung.rows[0]?.number ?? ''))?.state).toBe('ringing');
    });
    await post(urls(), `/v1/call-sessions/${json.id}/hangup`, {});
  }
  return served;
}

it('gateways replaced one after the other: no order refused, every one of them rings and is settled', async () => {
  const talk = await world.connect();
  const extra: Gateway[] = [await world.anotherGateway()];
  let done = false;
  const callers = ['+33612350001', '+33612350002', '+33612350003'].map((number) =>
    keepCalling(
      number,
      () => [...extra.map((one) => one.url), world.url],
      () => done,
    ),
  );
  const roll = async (): Promise<void> => {
    const before = extra[0]!;
    extra.unshift(await world.anotherGateway());
    extra.splice(extra.indexOf(before), 1);
    await before.close();
    await world.restartGateway();
  };
  await roll();
  done = true;
  const served = await Promise.all(callers);
  expect(served.flatMap((one) => one.refused)).toEqual([]);
  const made = served.flatMap((one) => one.made);
  expect(made.length).toBeGreaterThan(callers.length);
  for (const id of made) await world.sessionIs(id, 'settled');
  expect((await world.session(talk.id)).state).toBe('connected');
  await world.does(claire, 'hangup');
  await world.sessionIs(talk.id, 'settled');
  for (const one of extra) await one.close();
}, 60_000);
