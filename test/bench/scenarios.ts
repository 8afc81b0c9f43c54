// What a call in a scenario costs: the interpreter alone; what we add to a merchant's script beyond its own time; and two hundred
// callers in menus at once, each of whom presses a key every few seconds.
//
//   from his answer to the next question   the script's answer is written -> its next question of the same call is there: the step is
//                                          decided, written down, signed and sent in between. At a steady twenty questions a second,
//                                          and by twenty callers whose script answers at once, so that they ask as fast as the house can

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Pool } from 'undici';
import { advanceRun, newRun } from '../../src/core/scenario/advance-run.ts';
import { scenarioOfTemplate } from '../../src/core/scenario/templates.ts';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import type { RunEvent } from '../../src/core/scenario/run.ts';
import { type Spread, spread } from './figures.ts';
import { takeCallers } from './load.ts';
import { atRate } from './order-load.ts';
import { processKinds, type ProcessTimes, readProcessTimes } from './process-times.ts';
import type { RunningHouse } from './running-house.ts';
import { callerNumber, scriptPhones } from './scene.ts';

const interpretMs = 2_000;
const merchantId = 'mer_bench0';
const numbers = { steady: '+33199350001', menus: '+33199350002', flat: '+33199350003' };
/** Each call asks one after the other; what it may ask without anything heard is a hundred. */
const paces = {
  /** Ten callers at once, each asking twice a second for half a minute. */
  steady: { callers: 10, takesMs: 500, questions: 60 },
  flat: { callers: 20, takesMs: 30, questions: 20 },
} as const;
type Pace = keyof typeof paces;
const callersInMenus = 200;
const keyEveryMs = 5_000;
const inMenusMs = 30_000;
const settleMs = 5_000;
const idleMs = 5_000;

export interface ScenarioFigures {
  stepsPerSecond: number;
  script: {
    steady: Spread;
    /** Of the steady ones: how many a second there were, and what each cost beyond the idle house, ms. */
    perSecond: number;
    cpuMs: ProcessTimes;
    flat: Spread;
  };
  menus: {
    callers: number;
    /** Of those who dialled, how many were in their menu at the end. */
    there: number;
    keys: number;
    keyEveryMs: number;
    /** Of each kind of process, a caller and minute. */
    cpuMs: ProcessTimes;
    busyCores: number;
  };
}

export interface ScenarioScript {
  url: string;
  /** Between an answer and the next question, of each call; emptied by reading. */
  take(): number[];
  close(): Promise<void>;
}

/** Asked, it takes its time by the pace its address names, and sends the call on to itself; after so many questions it lets it go. */
export async function openScript(): Promise<ScenarioScript> {
  const answered = new Map<string, { times: number; atMs: number }>();
  let between: number[] = [];
  const server = createServer((request, response) => {
    const cameAtMs = performance.now();
    const { takesMs, questions } = paces[request.url === '/flat' ? 'flat' : 'steady'];
    void bodyOf(request).then((text) => {
      const { callId } = JSON.parse(text) as { callId: string };
      const before = answered.get(callId);
      if (before) between.push(cameAtMs - before.atMs);
      const times = (before?.times ?? 0) + 1;
      const body = times < questions ? '{"next":"on"}' : '{}';
      setTimeout(() => {
        answered.set(callId, { times, atMs: performance.now() });
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      }, takesMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    take: () => {
      const taken = between;
      between = [];
      return taken;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function benchScenarios(
  house: RunningHouse,
  pool: Pool,
  merchant: ScenarioScript,
): Promise<ScenarioFigures> {
  await compose(house, merchant.url);
  const stepsPerSecond = interpret();
  // Everything has happened once before it is measured.
  await askScripts(house, pool, 'flat', 4);
  merchant.take();
  const idle = await spentIn(house, () => delay(idleMs));
  const asking = await spentIn(house, () => askScripts(house, pool, 'steady'));
  const steady = spread(merchant.take());
  await askScripts(house, pool, 'flat');
  const flat = spread(merchant.take());
  return {
    stepsPerSecond,
    script: {
      steady,
      perSecond: (steady.of * 1_000) / asking.ms,
      cpuMs: Object.fromEntries(
        processKinds.map((kind) => [
          kind,
          (asking.cpuMs[kind] - (idle.cpuMs[kind] * asking.ms) / idle.ms) / steady.of,
        ]),
      ) as ProcessTimes,
      flat,
    },
    menus: await inMenus(house, pool),
  };
}

/** What everything of the house took meanwhile. */
async function spentIn(
  house: RunningHouse,
  act: () => Promise<unknown>,
): Promise<{ ms: number; cpuMs: ProcessTimes }> {
  const before = readProcessTimes(house);
  const fromMs = performance.now();
  await act();
  const ms = performance.now() - fromMs;
  const after = readProcessTimes(house);
  const spent = processKinds.map((kind) => [kind, after[kind] - before[kind]] as const);
  return { ms, cpuMs: Object.fromEntries(spent) as ProcessTimes };
}

/** A caller goes down an information menu and back, again and again: events taken by the rule, a second of one core. */
function interpret(): number {
  const graph = scenarioOfTemplate('information_menu', { line: 'bench' });
  const plan = {
    merchantName: 'Bench',
    timeZone: 'Europe/Paris',
    country: 'FR',
    cli: { trust: 'network', number: '+33612345678' as E164 },
    ddi: '+33199350001' as E164,
  } as const;
  const now = new Date('2026-01-05T10:00:00Z');
  const key = (digits: string): RunEvent =>
    digits === '*'
      ? { type: 'keyed', digits: '', ended: 'restart' }
      : { type: 'keyed', digits, ended: 'full' };
  const round: RunEvent[] = [
    key('2'),
    key('1'),
    key('1'),
    { type: 'played' },
    key('*'),
    { type: 'nothingKeyed' },
  ];
  const untilMs = performance.now() + interpretMs;
  const fromMs = performance.now();
  let steps = 0;
  while (performance.now() < untilMs) {
    let run = newRun(
      {
        id: 'scr_bench',
        leg: '1b368e39-2ae1-4ce4-8fd5-000000000001' as LegUuid,
        plan,
        scenario: { scenarioId: 'scn_bench', version: 1 },
        language: 'fr',
        startedAt: now.toISOString(),
      },
      graph,
    );
    for (const event of [
      { type: 'callArrived' } as const,
      key('1'),
      ...Array.from({ length: 50 }, () => round).flat(),
    ]) {
      run = advanceRun(graph, run, event, now).run;
      steps += 1;
    }
  }
  return (steps * 1_000) / (performance.now() - fromMs);
}

async function compose(house: RunningHouse, url: string): Promise<void> {
  const said = (text: string): object[] => [{ text: { fr: text, en: text } }];
  const bye = { kind: 'hang_up' };
  const asks = (pace: Pace): object => ({
    start: 'ask',
    blocks: {
      ask: {
        kind: 'get_url',
        url: `${url}/${pace}`,
        exits: ['on'],
        next: { on: 'ask', then: 'bye', failed: 'bye' },
      },
      bye,
    },
  });
  const graphs = {
    steady: asks('steady'),
    flat: asks('flat'),
    menus: {
      start: 'menu',
      blocks: {
        menu: {
          kind: 'menu',
          say: said('Horaires, tapez 1. Tarifs, tapez 2.'),
          keys: ['1', '2'],
          waitSeconds: 60,
          next: { key_1: 'menu', key_2: 'menu', otherwise: 'bye' },
        },
        bye,
      },
    },
  };
  const sql = new pg.Client({ connectionString: house.adminUrl });
  await sql.connect();
  try {
    for (const [name, graph] of Object.entries(graphs)) {
      const id = `scn_bench_${name}`;
      await sql.query(
        `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at) values ($1, $2, $3, $3, '{}', now(), now())`,
        [id, merchantId, name],
      );
      await sql.query(
        `insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at) values ($1, $2, 1, $3, now())`,
        [merchantId, id, JSON.stringify(graph)],
      );
      await sql.query('update scenarios set live = 1 where id = $1', [id]);
      await sql.query(
        `insert into ddis (id, merchant_id, kind, scenario_id, number) values ($1, $2, 'scenario', $3, $4)`,
        [`ddi_bench_${name}`, merchantId, id, numbers[name as keyof typeof numbers]],
      );
    }
  } finally {
    await sql.end();
  }
}

/** So many at once, each until its script lets it go. */
async function askScripts(
  house: RunningHouse,
  pool: Pool,
  pace: Pace,
  callers: number = paces[pace].callers,
): Promise<void> {
  const { takesMs, questions } = paces[pace];
  const first = takeCallers(callers);
  const who = Array.from({ length: callers }, (_, place) => callerNumber(first + place));
  await scriptPhones(
    house,
    who.map((number) => [number, { behaviour: 'answers' }] as const),
  );
  // Spread over the time an answer takes, so that they do not ask all at once for ever.
  await atRate((callers * 1_000) / takesMs, who, (number) =>
    operate(pool, number, 'dial', { to: numbers[pace] }).then(() => ({ reference: number })),
  );
  await delay(takesMs * questions);
  while ((await liveRuns(house)) > 0) await delay(100);
}

async function inMenus(house: RunningHouse, pool: Pool): Promise<ScenarioFigures['menus']> {
  const first = takeCallers(callersInMenus);
  const who = Array.from({ length: callersInMenus }, (_, place) => callerNumber(first + place));
  await scriptPhones(
    house,
    who.map((number) => [number, { behaviour: 'answers' }] as const),
  );
  await atRate(20, who, (number) =>
    operate(pool, number, 'dial', { to: numbers.menus }).then(() => ({ reference: number })),
  );
  await delay(settleMs);
  const rate = (callersInMenus * 1_000) / keyEveryMs;
  const keys = Array.from(
    { length: Math.round((rate * inMenusMs) / 1_000) },
    (_, at) => who[at % who.length] ?? '',
  );
  const { ms, cpuMs } = await spentIn(house, () =>
    atRate(rate, keys, (number) =>
      operate(pool, number, 'keys', { digits: '1' }).then(() => ({ reference: number })),
    ),
  );
  const there = await liveRuns(house);
  await Promise.all(who.map((number) => operate(pool, number, 'hangup', {})));
  const minutes = ms / 60_000;
  return {
    callers: callersInMenus,
    there,
    keys: keys.length,
    keyEveryMs,
    cpuMs: Object.fromEntries(
      processKinds.map((kind) => [kind, cpuMs[kind] / callersInMenus / minutes]),
    ) as ProcessTimes,
    busyCores: processKinds.reduce((sum, kind) => sum + cpuMs[kind], 0) / ms,
  };
}

async function liveRuns({ adminUrl }: RunningHouse): Promise<number> {
  const sql = new pg.Client({ connectionString: adminUrl });
  await sql.connect();
  try {
    const { rows } = await sql.query<{ live: number }>(
      'select count(*)::int as live from scenario_runs where ended_at is null',
    );
    return rows[0]?.live ?? 0;
  } finally {
    await sql.end();
  }
}

async function operate(pool: Pool, number: string, act: string, body: object): Promise<void> {
  const { statusCode, body: answer } = await pool.request({
    method: 'POST',
    path: `/api/phones/${encodeURIComponent(number)}/${act}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (statusCode >= 300) throw new Error(`${act} ${number}: ${String(statusCode)} ${text}`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
