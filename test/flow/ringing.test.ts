// The ways a line rings: the caller first, all consultants at once, one more every few seconds.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, claire, hugo, ines, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => world.balanced());

async function order(line: string): Promise<string> {
  await world.sql.query(`update lines set ringing = 'in_turn', caller_first = false where slug = 'demo'`);
  await world.sql.query(`update lines set ${line} where slug = 'demo'`);
  const made = await world.api('POST', '/v1/callbacks', {
    line: 'demo',
    callerNumber: caller,
    paymentMethod: 'pm_card_visa',
  });
  expect(made.status, JSON.stringify(made.json)).toBe(201);
  return made.json.id;
}

async function accept(number: string): Promise<void> {
  await world.phoneIs(number, 'ringing');
  await world.does(number, 'answer');
  await world.does(number, 'keys', { digits: '1' });
}

async function endAndSettle(id: string): Promise<void> {
  await world.sessionIs(id, 'connected');
  await world.does(caller, 'hangup');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({
    outcome: 'talked',
    captured: { amount: '15.00' },
  });
  for (const number of [caller, claire, hugo, ines]) {
    if (await world.phone(number)) await world.phoneIs(number, 'ended');
  }
}

it('the caller first: nobody else is rung before he has pressed 1', async () => {
  const id = await order('caller_first = true');
  await world.phoneIs(caller, 'ringing');
  expect(await world.phone(claire)).toBeUndefined();
  await accept(caller);
  await accept(claire);
  await endAndSettle(id);
});

it('all at once: the first to press 1 talks, the others stop ringing and are free', async () => {
  const id = await order(`ringing = 'all_at_once'`);
  await world.phoneIs(claire, 'ringing');
  await world.phoneIs(ines, 'ringing');
  await accept(hugo);
  await world.phoneIs(claire, 'ended');
  await world.phoneIs(ines, 'ended');
  const busy = await world.sql.query(`select id from consultants where claimed_by is not null`);
  expect(busy.rows).toEqual([{ id: 'con_demo_hugo' }]);
  await accept(caller);
  await endAndSettle(id);
});

it('cumulative: the next one joins after the step, the first rings on', async () => {
  const id = await order(`ringing = 'cumulative', ring_step_seconds = 1`);
  await world.phoneIs(claire, 'ringing');
  await world.phoneIs(hugo, 'ringing');
  expect((await world.phone(claire))?.state).toBe('ringing');
  await accept(claire);
  await world.phoneIs(hugo, 'ended');
  await accept(caller);
  await endAndSettle(id);
});

it('the next phone of a consultant, where the first is busy: who he is, and his claim, stay the same', async () => {
  // As many numbers as this world may ring; nobody else is asked.
  await world.sql.query(
    `update consultants set more_numbers = array['${hugo}'] where id = 'con_demo_claire'`,
  );
  await world.sql.query(`update consultants set setting = 'away' where id <> 'con_demo_claire'`);
  const id = await order(`ring_seconds = 25`);
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'busy');
  await accept(hugo);
  await world.phoneIs(caller, 'ringing');
  const busy = await world.sql.query(`select id, claim from consultants where claimed_by is not null`);
  expect(busy.rows).toEqual([{ id: 'con_demo_claire', claim: 'hard' }]);
  await accept(caller);
  await endAndSettle(id);
  await world.sql.query(`update consultants set setting = 'available', more_numbers = '{}'`);
});

it('a consultant at a SIP address: rung there first, and on his number where that is busy', async () => {
  const sip = 'claire@sandbox.test';
  await world.sql.query(`update consultants set sip = 'sip:${sip}' where id = 'con_demo_claire'`);
  await world.sql.query(`update consultants set setting = 'away' where id <> 'con_demo_claire'`);
  const id = await order(`ring_seconds = 25`);
  await world.phoneIs(sip, 'ringing');
  expect((await world.phone(claire))?.state).not.toBe('ringing');
  await world.does(sip, 'busy');
  await accept(claire);
  await accept(caller);
  await endAndSettle(id);

  await world.sql.query(`update consultants set number = null where id = 'con_demo_claire'`);
  const alone = await order(`ring_seconds = 25`);
  await accept(sip);
  expect((await world.phone(sip))?.callerId).toMatch(/^\+33/);
  await accept(caller);
  await endAndSettle(alone);
  await world.phoneIs(sip, 'ended');

  // The operator has struck the domain off his list: who is reached nowhere else is not there, and nobody pays.
  await world.sql.query(
    `update consultants set sip = 'sip:claire@struck.example' where id = 'con_demo_claire'`,
  );
  const refused = await world.api('POST', '/v1/callbacks', { line: 'demo', callerNumber: caller });
  expect(refused.json.type).toMatch(/nobody-free$/);
  // With a number he is: what may not be called is passed over.
  await world.sql.query(`update consultants set number = '${claire}' where id = 'con_demo_claire'`);
  const over = await order(`ring_seconds = 25`);
  await accept(claire);
  await accept(caller);
  await endAndSettle(over);
  await world.sql.query(`update consultants set setting = 'available', sip = null`);
});

it('a consultant who refuses too often is paused, and his merchant hears it', async () => {
  await world.sql.query(`update consultants set setting = 'away' where id <> 'con_demo_claire'`);
  await world.sql.query(`update consultants set miss_limit_refused = 1 where id = 'con_demo_claire'`);
  const id = await order(`ring_seconds = 25`);
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'reject');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({ outcome: 'nobody_took_it' });
  const told = await world.sql.query<{ type: string; body: { data: object } }>(
    `select type, body::json from notices where consultant_id = 'con_demo_claire' order by sequence`,
  );
  expect(told.rows.map(({ type }) => type)).toEqual(['consultant.paused', 'consultant.availability_changed']);
  const back = await world.api('POST', '/v1/consultants/con_demo_claire/availability', {
    availability: 'available',
  });
  expect(back.json).toMatchObject({ state: { reachable: true } });
  await world.sql.query(`update consultants set setting = 'available'`);
});

it('a break set while his phone rings: it stops at once, the next one is rung, and nothing was missed', async () => {
  const id = await order(`ring_seconds = 25`);
  await world.phoneIs(claire, 'ringing');
  const set = await world.api('POST', '/v1/consultants/con_demo_claire/availability', {
    availability: 'break',
    reason: 'lunch',
  });
  expect(set.json).toMatchObject({ state: { reachable: false, because: 'break' } });
  await world.phoneIs(claire, 'ended');
  await accept(hugo);
  await accept(caller);
  await endAndSettle(id);
  const facts = await world.sql.query<{ name: string }>(
    `select name from call_events where call_session_id = $1 and facts ->> 'consultantId' = 'con_demo_claire'
     order by sequence`,
    [id],
  );
  expect(facts.rows.map(({ name }) => name)).toEqual(['ringing_consultant', 'consultant_withdrew']);
  const claireNow = await world.sql.query(
    `select claimed_by, misses_unanswered + misses_refused as misses from consultants where id = 'con_demo_claire'`,
  );
  expect(claireNow.rows).toEqual([{ claimed_by: null, misses: 0 }]);
  expect((await world.sql.query('select kind from switch_work')).rows).toEqual([]);
  await world.sql.query(`update consultants set setting = 'available', setting_reason = null`);
});
