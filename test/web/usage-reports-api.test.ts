// What known callers used, as a merchant's server reads it and has it told again.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookAfterReports } from '../../src/flow/report-usage.ts';
import { ask, apiStage, otherKey, type Stage } from './api-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await apiStage();
  for (let place = 1; place <= 5; place += 1) await wrote(place);
});
afterAll(() => stage.close());

const ddi = '+33199000201';
/** A call that is over, and its report: 1 delivered, 2 and 3 parked, 4 on its way, 5 with nobody to tell. */
async function wrote(place: number): Promise<void> {
  const [state, problem] = [
    ['delivered', null],
    ['parked', 'refused'],
    ['parked', 'timeout'],
    ['pending', 'refused'],
    ['parked', 'no_address'],
  ][place - 1] as [string, string | null];
  const n = String(place);
  await stage.admin.query(
    `insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, access_hash)
       select 'ord_u${n}', m.id, l.id, 'known_call', 'phone', 'fr', t.id, '{}', 0, 'EUR', 'u${n}'
       from merchants m join lines l on l.merchant_id = m.id and l.slug = 'demo'
       join tariffs t on t.line_id = l.id where m.id = '${stage.merchantId}' limit 1;
     insert into call_sessions (id, merchant_id, order_id, line_id, switch_id, state, progress)
       select 'call_u${n}', merchant_id, id, line_id, (select id from switches limit 1), 'settled', '{}'
       from orders where id = 'ord_u${n}';
     insert into usage_reports (id, merchant_id, order_id, call_session_id, client_code, sequence, billable_seconds, body,
         ddi, state, tries, next_try_at, tried_at, last_status, last_problem, created_at)
       values ('use_u${n}', '${stage.merchantId}', 'ord_u${n}', 'call_u${n}', '${place < 3 ? '4711' : '4712'}', ${n}, 6${n},
         '{"callSessionId":"call_u${n}","sequence":${n},"billableSeconds":6${n}}', '${ddi}', '${state}', 4,
         ${state === 'pending' ? 'now()' : 'null'}, ${problem === 'no_address' ? 'null' : 'now()'},
         ${problem === 'refused' ? '500' : 'null'}, ${problem === null ? 'null' : `'${problem}'`}, now())`,
  );
}
const serverIs = (url: string | null) =>
  stage.admin.query(`update merchants set server_url = $1, server_protocol = $2 where id = $3`, [
    url,
    url === null ? null : 'rest',
    stage.merchantId,
  ]);
const ids = (body: unknown): string[] => (body as { data: { id: string }[] }).data.map((one) => one.id);
const jobs = async (): Promise<string[]> =>
  (
    await stage.admin.query<{ id: string }>(
      `select payload ->> 'reportId' as id from graphile_worker._private_jobs where payload ->> 'reportId' is not null order by 1`,
    )
  ).rows.map((one) => one.id);

describe('reports of what callers used', () => {
  it('are read page by page, oldest first, each whole', async () => {
    const { body } = await ask(stage, 'GET', '/v1/usage-reports?limit=3');
    expect(body).toMatchObject({ next: 'use_u3', hasMore: true });
    expect(body.data[1]).toEqual({
      id: 'use_u2',
      callSessionId: 'call_u2',
      orderId: 'ord_u2',
      clientCode: '4711',
      sequence: 2,
      billableSeconds: 62,
      state: 'parked',
      tries: 4,
      nextTryAt: null,
      triedAt: expect.any(String),
      lastStatus: 500,
      lastProblem: 'refused',
      createdAt: expect.any(String),
      deliveredAt: null,
      body: { callSessionId: 'call_u2', sequence: 2, billableSeconds: 62 },
    });
    const rest = await ask(stage, 'GET', '/v1/usage-reports?limit=3&after=use_u3');
    expect(ids(rest.body)).toEqual(['use_u4', 'use_u5']);
    expect(rest.body).toMatchObject({ next: 'use_u5', hasMore: false });
    expect((await ask(stage, 'GET', '/v1/usage-reports/use_u2')).body).toEqual(body.data[1]);
  });

  it('by state and by client', async () => {
    expect(ids((await ask(stage, 'GET', '/v1/usage-reports?state=parked')).body)).toEqual([
      'use_u2',
      'use_u3',
      'use_u5',
    ]);
    const both = await ask(stage, 'GET', '/v1/usage-reports?state=parked&clientCode=4711');
    expect(ids(both.body)).toEqual(['use_u2']);
    expect((await ask(stage, 'GET', '/v1/usage-reports?state=lost')).status).toBe(422);
    expect((await ask(stage, 'GET', '/v1/usage-reports?limit=0')).status).toBe(422);
  });

  it('are nobody else’s', async () => {
    const key = otherKey;
    expect(ids((await ask(stage, 'GET', '/v1/usage-reports', { key })).body)).toEqual([]);
    expect((await ask(stage, 'GET', '/v1/usage-reports/use_u2', { key })).status).toBe(404);
    expect((await ask(stage, 'POST', '/v1/usage-reports/use_u2/replay', { key })).status).toBe(404);
    expect((await ask(stage, 'POST', '/v1/usage-reports/replay', { key })).body).toEqual({ replayed: 0 });
    expect(await jobs()).toEqual([]);
  });

  it('wait while nobody is there to be told', async () => {
    await serverIs(null);
    const answer = await ask(stage, 'POST', '/v1/usage-reports/use_u2/replay');
    expect([answer.status, answer.body.type]).toEqual([409, expect.stringContaining('nobody-to-tell')]);
    expect((await ask(stage, 'POST', '/v1/usage-reports/replay')).body).toEqual({ replayed: 0 });
    await lookAfterReports(stage.house);
    expect(ids((await ask(stage, 'GET', '/v1/usage-reports?state=parked')).body)).toHaveLength(3);
  });

  it('are told again one by one, or all; what is not parked is left alone', async () => {
    await serverIs('https://merchant.example');
    const one = await ask(stage, 'POST', '/v1/usage-reports/use_u2/replay');
    expect([one.status, one.body]).toMatchObject([
      202,
      { id: 'use_u2', state: 'pending', tries: 0, lastProblem: null },
    ]);
    expect((await ask(stage, 'POST', '/v1/usage-reports/use_u1/replay')).body).toMatchObject({
      state: 'delivered',
      tries: 4,
    });
    expect((await ask(stage, 'POST', '/v1/usage-reports/use_u4/replay')).body).toMatchObject({
      state: 'pending',
      tries: 4,
    });
    expect(await jobs()).toEqual(['use_u2']);
    expect((await ask(stage, 'POST', '/v1/usage-reports/use_nobody/replay')).status).toBe(404);
    await stage.admin.query(
      `update usage_reports set state = 'pending', next_try_at = now() where id = 'use_u5'`,
    );
    expect((await ask(stage, 'POST', '/v1/usage-reports/replay')).body).toEqual({ replayed: 1 });
    expect(await jobs()).toEqual(['use_u2', 'use_u3']);
  });

  it.each([
    ['the merchant’s own', 'update merchants set server_url = $1, server_protocol = $2'],
    [
      'one of the number alone',
      `update ddis set server_url = $1, server_protocol = $2 where number = '${ddi}'`,
    ],
  ])('that had nobody to be told of follow by themselves when a server is set: %s', async (_whose, set) => {
    await serverIs(null);
    await stage.admin.query(
      `update usage_reports set state = 'parked', next_try_at = null, last_problem = 'no_address' where id = 'use_u5'`,
    );
    await stage.admin.query('delete from graphile_worker._private_jobs');
    await stage.admin.query(
      `insert into ddis (id, merchant_id, line_id, number) select 'ddi_u', merchant_id, line_id, '${ddi}' from orders
       where id = 'ord_u5' on conflict do nothing`,
    );
    await lookAfterReports(stage.house);
    expect(await jobs()).not.toContain('use_u5');
    await stage.admin.query(set, ['https://merchant.example', 'rest']);
    await lookAfterReports(stage.house);
    expect(await jobs()).toContain('use_u5');
    expect((await ask(stage, 'GET', '/v1/usage-reports/use_u5')).body).toMatchObject({ state: 'pending' });
    await stage.admin.query('update ddis set server_url = null, server_protocol = null');
  });
});
