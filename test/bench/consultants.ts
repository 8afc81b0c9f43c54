// What it costs that consultants come and go: whoever may be rung of a line of thousands, one of them claimed, and how many a
// second may say that they are on a break. Asked as the gateway asks, over a connection of its role; said over the API.

import { performance } from 'node:perf_hooks';
import pg from 'pg';
import type { Pool } from 'undici';
import { claimConsultants, freeConsultants } from '../../src/store/consultants.ts';
import { PostgresDatabase } from '../../src/store/database.ts';
import { reachableOfLine } from '../../src/store/line-members.ts';
import { realClock } from '../../src/clock-and-ids.ts';
import { type Spread, spread } from './figures.ts';
import { atRate } from './order-load.ts';
import { readProcessTimes } from './process-times.ts';
import type { RunningHouse } from './running-house.ts';
import type { Scene } from './scene.ts';

const manyOfOneLine = 5_000;
const times = 200;
/** Callers that come to one line at once. */
const atOnce = 100;
const changes = { rate: 200, seconds: 10 };

export interface ConsultantFigures {
  consultants: number;
  reachable: number;
  reachableSet: Spread;
  /** Of Postgres, each time it is asked for. */
  reachableCpuMs: number;
  claim: Spread;
  /** All of so many that came at once for one consultant; how many had him. */
  race: { callers: number; won: number; ms: number };
  /** `cpuMs`: of each kind of process, a change; its notices included. */
  changes: {
    rate: number;
    asked: number;
    done: number;
    tookMs: Spread;
    lateMs: Spread;
    cpuMs: { gateway: number; postgres: number };
  };
}

export async function benchConsultants(
  house: RunningHouse,
  scene: Scene,
  pool: Pool,
): Promise<ConsultantFigures> {
  const merchantId = 'mer_bench0';
  const lineId = await widenLine(house, merchantId);
  const db = new PostgresDatabase({
    url: house.adminUrl,
    poolMax: 20,
    after: (ms, act) => realClock.after(ms, act),
  });
  try {
    const timed = async (act: (turn: number) => Promise<unknown>, turns = times): Promise<Spread> => {
      const took: number[] = [];
      for (let turn = 0; turn < turns; turn += 1) {
        const fromMs = performance.now();
        await act(turn);
        took.push(performance.now() - fromMs);
      }
      return spread(took);
    };
    const reach = () => db.asMerchant(merchantId, (tx) => reachableOfLine(tx, lineId, new Date()));
    const reachable = await reach();
    const idle = readProcessTimes(house);
    const reachableSet = await timed(reach);
    const reachableCpuMs = (readProcessTimes(house).postgres - idle.postgres) / times;
    const claimOf = (session: string, candidates: readonly string[]) =>
      db.asMerchant(merchantId, (tx) => {
        const now = new Date();
        const until = new Date(now.getTime() + 600_000);
        return claimConsultants(tx, { session, candidates, atMost: 1, now, until });
      });
    const claim = await timed((turn) => claimOf(`bench_${String(turn)}`, reachable));
    const [wanted] = reachable;
    await db.asMerchant(merchantId, (tx) => freeConsultants(tx, 'bench_0', {}, undefined));
    const fromMs = performance.now();
    const won = await Promise.all(
      Array.from({ length: atOnce }, (_, n) => claimOf(`race_${String(n)}`, [wanted ?? ''])),
    );
    const race = {
      callers: atOnce,
      won: won.filter((claimed) => claimed.length > 0).length,
      ms: performance.now() - fromMs,
    };
    return {
      consultants: manyOfOneLine,
      reachable: reachable.length,
      reachableSet,
      reachableCpuMs,
      claim,
      race,
      changes: await say(house, scene, pool, reachable),
    };
  } finally {
    await db.close();
  }
}

/** Thousands on one line, of whom every fifth is on a break, out of his hours, paused or taken. */
async function widenLine({ adminUrl }: RunningHouse, merchantId: string): Promise<string> {
  const sql = new pg.Client({ connectionString: adminUrl });
  await sql.connect();
  try {
    const { rows } = await sql.query<{ id: string }>(
      `select id from lines where merchant_id = $1 order by id limit 1`,
      [merchantId],
    );
    const lineId = rows[0]?.id ?? '';
    await sql.query(
      `insert into consultants (id, merchant_id, name, number, setting, paused_at, schedule, hours_from, hours_to)
       select 'con_wide' || n, $1, 'Consultant ' || n, '+3377' || lpad(n::text, 7, '0'),
         case when n % 20 = 0 then 'break' else 'available' end, case when n % 20 = 1 then now() end,
         case when n % 4 = 2 then '{"weekly":[],"daysOff":[]}'::jsonb end,
         case when n % 4 = 2 then now() + case when n % 20 = 2 then interval '1 day' else interval '-1 hour' end end,
         case when n % 4 = 2 then now() + interval '2 days' end
       from generate_series(1, $2) n`,
      [merchantId, manyOfOneLine],
    );
    await sql.query(`delete from line_consultants where line_id = $1`, [lineId]);
    await sql.query(
      `insert into line_consultants (merchant_id, line_id, consultant_id, position)
       select $1, $2, 'con_wide' || n, n from generate_series(1, $3) n`,
      [merchantId, lineId, manyOfOneLine],
    );
    await sql.query('analyze consultants, line_consultants');
    return lineId;
  } finally {
    await sql.end();
  }
}

/** Each another consultant's, a break and then back, as many a second as is aimed at. */
async function say(
  house: RunningHouse,
  scene: Scene,
  pool: Pool,
  consultants: readonly string[],
): Promise<ConsultantFigures['changes']> {
  const { rate, seconds } = changes;
  const apiKey = scene.sellers[0]?.apiKey ?? '';
  const asked = Array.from({ length: rate * seconds }, (_, n) => n);
  const before = readProcessTimes(house);
  const done = await atRate(rate, asked, async (n) => {
    const fromMs = performance.now();
    const id = consultants[n % consultants.length] ?? '';
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: `/v1/consultants/${id}/availability`,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ availability: n < consultants.length ? 'break' : 'available' }),
    });
    await body.text();
    return { statusCode, tookMs: performance.now() - fromMs };
  });
  const after = readProcessTimes(house);
  const cpuOf = (kind: 'gateway' | 'postgres') => (after[kind] - before[kind]) / asked.length;
  return {
    rate,
    asked: asked.length,
    done: done.filter(({ statusCode }) => statusCode === 200).length,
    tookMs: spread(done.map(({ tookMs }) => tookMs)),
    lateMs: spread(done.map(({ lateMs }) => lateMs)),
    cpuMs: { gateway: cpuOf('gateway'), postgres: cpuOf('postgres') },
  };
}
