// What live calls cost: so many people talk, idle as far as we are concerned, and beside them others call, talk and pay. A
// call must cost the same beside two thousand talks as beside twenty (DESIGN 11). Then the gateway that commands them all is
// killed, and the time is taken until another has adopted every one of them.

import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { load, type Phase, phoneScript, takeCallers } from './load.ts';
import type { MeasuredDatabase } from './measured-database.ts';
import { placeOrders } from './order-load.ts';
import { readProcessTimes } from './process-times.ts';
import type { RunningHouse } from './running-house.ts';
import { callerNumber, type Scene, scriptPhones } from './scene.ts';

/** Slow enough for any house, so that none of them is refused. */
const talkersPerSecond = 12;
const callsPerSecond = 5;
const callsSeconds = 16;
/** One sweep of the switch's calls and a half. */
const idleSeconds = 45;
const patienceMs = 60_000;
/** A talk has a session and two legs without a record: none of the three is waited for. */
const unfinishedPerTalk = 3;

export interface LiveFigures {
  talks: number;
  /** Of a whole call beside them, less what the talks cost meanwhile. */
  gatewayMsPerCall: number;
  postgresMsPerCall: number;
  /** Of one talk in a minute, less what the idle house costs. */
  gatewayMsPerTalkMinute: number;
  correct: string;
}

export interface AdoptionFigures {
  talks: number;
  /** From the kill until another holds the lease, and until it commands every talk again. */
  leasedMs: number;
  adoptedMs: number;
  adopted: number;
}

export interface LiveBench {
  house: RunningHouse;
  scene: Scene;
  pool: Pool;
  database: MeasuredDatabase;
}

/** Consultants for `talks` people at once, and each merchant's last line for those who call beside them. */
export function sceneFor(talks: number): {
  merchants: number;
  linesPerMerchant: number;
  consultantsPerLine: number;
} {
  return { merchants: 8, linesPerMerchant: Math.ceil(talks / 8 / 12) + 1, consultantsPerLine: 12 };
}

/** Steps are rising numbers of talks; a kill comes at `killAt` of them, when there are two gateways. */
export async function benchLiveCalls(
  bench: LiveBench,
  steps: readonly number[],
  killAt: number,
  tell: (line: string) => void,
): Promise<{ live: LiveFigures[]; adoption?: AdoptionFigures }> {
  // A house that has just begun is slower than the same house an hour later, whoever talks.
  await loadBeside(bench, 'warm-', 0);
  const idle = await cpuPerSecond(bench.house);
  const live: LiveFigures[] = [];
  let adoption: AdoptionFigures | undefined;
  let talks = 0;
  for (const wanted of steps) {
    await letTalk(bench, talks, wanted - talks);
    talks = wanted;
    const during = await cpuPerSecond(bench.house);
    const calls = await loadBeside(bench, `beside${String(talks)}-`, talks);
    const right = calls.calls.filter((call) => call.state === 'settled').length;
    live.push({
      talks,
      gatewayMsPerCall: (calls.times.gateway - during.gateway * calls.seconds) / calls.placed.length,
      postgresMsPerCall: (calls.times.postgres - during.postgres * calls.seconds) / calls.placed.length,
      gatewayMsPerTalkMinute: ((during.gateway - idle.gateway) * 60) / talks,
      correct: `${String(right)} of ${String(calls.placed.length)}`,
    });
    tell(`            ${String(talks)} talks: measured`);
    if (talks === killAt && bench.house.gatewayPids().length > 1) adoption = await killAndWait(bench, talks);
  }
  return { live, ...(adoption && { adoption }) };
}

function loadBeside(
  { house, scene, pool, database }: LiveBench,
  name: string,
  talks: number,
): Promise<Phase> {
  return load(house, scene, pool, database, {
    rate: callsPerSecond,
    seconds: callsSeconds,
    name,
    besides: talks * unfinishedPerTalk,
    linesFrom: 'last',
  });
}

/** Milliseconds of CPU a second, while nobody calls. */
async function cpuPerSecond(house: RunningHouse): Promise<{ gateway: number; postgres: number }> {
  const before = readProcessTimes(house);
  const beganMs = performance.now();
  await delay(idleSeconds * 1000);
  const seconds = (performance.now() - beganMs) / 1000;
  const after = readProcessTimes(house);
  return {
    gateway: (after.gateway - before.gateway) / seconds,
    postgres: (after.postgres - before.postgres) / seconds,
  };
}

/** So many more people than `already` talk, and go on talking; on no merchant's last line. */
async function letTalk(
  { house, scene, pool, database }: LiveBench,
  already: number,
  count: number,
): Promise<void> {
  const first = takeCallers(count);
  const talkers = Array.from({ length: count }, (_, place) => callerNumber(first + place));
  await scriptPhones(house, [
    ...scene.consultantNumbers.map((number) => [number, phoneScript()] as const),
    ...talkers.map((number) => [number, phoneScript()] as const),
  ]);
  const lines = scene.sellers.flatMap(({ apiKey, talkLines }) =>
    talkLines.slice(0, -1).map((line) => ({ apiKey, line })),
  );
  await placeOrders(
    pool,
    talkers.map((number, place) => {
      // Twelve consultants a line: the n-th caller goes where the n-th consultant is.
      const { apiKey, line } = lines[Math.floor((already + place) / 12) % lines.length] ?? {
        apiKey: '',
        line: '',
      };
      return { apiKey, line, callerNumber: number, reference: `talker-${String(first + place)}` };
    }),
    talkersPerSecond,
  );
  const talking = async (): Promise<number> => {
    const [row] = await database.rows<{ n: number }>(
      `select count(*)::int as n from call_sessions s join orders o on o.id = s.order_id
       where s.state = 'connected' and o.reference like 'talker-%'`,
    );
    return row?.n ?? 0;
  };
  const deadline = performance.now() + patienceMs;
  const [before] = await database.rows<{ n: number }>(
    `select count(*)::int as n from orders where reference like 'talker-%'`,
  );
  while ((await talking()) < (before?.n ?? 0)) {
    if (performance.now() > deadline) {
      throw new Error(`${String(await talking())} people talk instead of ${String(before?.n)}.`);
    }
    await delay(250);
  }
}

/** kill -9 of whoever commands the switch; the holder's name begins with its process id. */
async function killAndWait({ house, database }: LiveBench, talks: number): Promise<AdoptionFigures> {
  const holder = async (): Promise<string> => {
    const [row] = await database.rows<{ holder: string }>(`select lease_holder as holder from switches`);
    return row?.holder ?? '';
  };
  const killed = await holder();
  const beganMs = performance.now();
  await house.killCommander(Number(killed.split('-')[0]));
  while ((await holder()) === killed) await delay(10);
  const leasedMs = performance.now() - beganMs;
  let adopted = await commandedCalls(house);
  while (adopted < talks && performance.now() - beganMs < patienceMs) {
    await delay(10);
    adopted = await commandedCalls(house);
  }
  return { talks, leasedMs, adoptedMs: performance.now() - beganMs, adopted };
}

/** What the gateways say they command, by their metrics. */
async function commandedCalls(house: RunningHouse): Promise<number> {
  const answer = await fetch(`${house.gatewayUrl}/metrics`).catch(() => undefined);
  const text = (await answer?.text().catch(() => '')) ?? '';
  const counts = [...text.matchAll(/^ringmeter_commanded_calls(?:\{[^}]*\})? (\d+)/gm)].map((found) =>
    Number(found[1]),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
