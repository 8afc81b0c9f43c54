// A PIN over the whole house: keyed, right, wrong, and hung up in the middle of it. Afterwards its digits are nowhere: in no
// row of any table, in no line of the log, in no record the switch left.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { money } from '../../src/core/money.ts';
import { topUp } from '../../src/flow/client-accounts.ts';
import { createClient } from '../../src/flow/clients.ts';
import type { Log } from '../../src/flow/ports.ts';
import { caller, claire, eventually, startWorld, type TestWorld } from '../world.ts';

const ddi = '+33199000297';
// Long, and unlike any number a row could hold by chance.
const pin = '73918462';
const wrongPin = '84629173';
const cutPin = '629173';
const lines: string[] = [];
const log: Log = {
  info: (facts, message) => void lines.push(JSON.stringify([facts, message])),
  warn: (facts, message) => void lines.push(JSON.stringify([facts, message])),
  error: (facts, message) => void lines.push(JSON.stringify([facts, message])),
};
let world: TestWorld;

beforeAll(async () => {
  world = await startWorld({ overrides: { log } });
  await world.sql.query(
    `insert into ddis (id, merchant_id, line_id, number, recognized_by)
     values ('ddi_pin', 'mer_demo', 'lin_demo_short', $1, 'accounts')`,
    [ddi],
  );
  const { house } = world;
  const made = await createClient(house, 'mer_demo', {
    code: '270127',
    pin,
    kind: 'balance',
    currency: 'EUR',
    numbers: [],
  });
  expect(made.outcome).toBe('kept');
  await topUp(house, 'mer_demo', { clientCode: '270127', amount: money('20.00', 'EUR') });
});
afterAll(() => world.close());

const said = (words: string, times = 1): Promise<void> =>
  eventually(async () => {
    const phone = await world.phone(caller);
    expect(phone?.heard.filter(({ text }) => text.includes(words)).length).toBeGreaterThanOrEqual(times);
  });
const over = (): Promise<void> =>
  eventually(async () => {
    const { rows } = await world.sql.query(`select state from call_sessions where state <> 'settled'`);
    expect(rows).toEqual([]);
  });

it('its digits are kept nowhere', async () => {
  await world.dials(caller, ddi, {});
  await said('code client');
  await world.does(caller, 'keys', { digits: '270127#' });
  await said('code personnel');
  await world.does(caller, 'keys', { digits: `${wrongPin}#` });
  await said('code client', 2);
  await world.does(caller, 'keys', { digits: '270127#' });
  await said('code personnel', 2);
  await world.does(caller, 'keys', { digits: `${pin}#` });
  await world.accept(claire);
  await eventually(async () => {
    const { rows } = await world.sql.query(`select state from call_sessions`);
    expect(rows).toEqual([{ state: 'connected' }]);
  });
  await world.does(caller, 'hangup');
  await over();
  await world.phoneIs(caller, 'ended');

  await world.dials(caller, ddi, {});
  await said('code client');
  await world.does(caller, 'keys', { digits: '270127#' });
  await said('code personnel');
  await world.does(caller, 'keys', { digits: cutPin });
  await world.does(caller, 'hangup');
  await over();

  const { rows: tables } = await world.sql.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema in ('public', 'graphile_worker')`,
  );
  expect(tables.length).toBeGreaterThan(30);
  const holding = async (digits: string): Promise<string[]> => {
    const found: string[] = [];
    for (const { name } of tables) {
      const { rowCount } = await world.sql.query(`select from ${name} t where t::text like $1`, [
        `%${digits}%`,
      ]);
      if ((rowCount ?? 0) > 0) found.push(name);
    }
    return found;
  };
  // The code is no secret, and is found: so would be what ought not to be there.
  expect(await holding('270127')).toEqual(expect.arrayContaining(['public.clients', 'public.known_calls']));
  for (const digits of [pin, wrongPin, cutPin]) expect(await holding(digits)).toEqual([]);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => [pin, wrongPin, cutPin].some((digits) => line.includes(digits)))).toEqual([]);
});
