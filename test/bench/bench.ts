// `npm run bench`: what a paid call costs this house on this machine, from the order to the delivered notices, and how
// many it carries at once. Figures are printed beside what we aim at; nothing is asserted, since a machine shared with
// others proves nothing. On 127.0.0.1 only; leaves nothing behind.
//
//   npm run bench -- [--rates 10,20,30,40] [--seconds 12] [--merchants 8] [--gateways 1] [--profile]
//   npm run bench -- --live 20,200,2000
//   npm run bench -- --recognitions
//   npm run bench -- --consultants
//   npm run bench -- --scenarios
//   npm run bench -- --cards
//
// How it runs: bare commits; the idle house; each rate in turn, as long as the house holds it; then, at the highest rate
// held up to the one aimed at, calls that their limit ends. Orders come at a fixed rate whatever the house makes of them.
// Then, in a house of its own, callers the merchant knows (recognitions.ts): with `--recognitions` these alone, one minute.
// Under four minutes. With `--live`: what a call costs beside so many that go on, and how soon another gateway has adopted
// 200 of them after kill -9 (live-calls.ts); some eight minutes for 2 000.
//
//   authorized to originate   trace event `authorized` -> the B leg's `start` in the switch's record
//   hang-up to capture        first end of the two legs in the switch's records -> capture on the ledger
//   hang-up to notice         the same -> the merchant has answered call.ended with 2xx
//   cut from limit            |talk time - limit|, by the switch's clock, of calls the limit ended
//   CPU of a call             user and system time of the process from the first order until all is settled, idle included
//   transactions of a call    pg_stat_database over the same time, less what the idle house does

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { printProfile } from './cpu-profile.ts';
import { cutDistance, expectedCents, isCorrect } from './figures.ts';
import { benchLiveCalls, sceneFor } from './live-calls.ts';
import { openKnownMerchant } from './known-merchant.ts';
import { figuresOf, load } from './load.ts';
import { bareCommits, type CallInstants, MeasuredDatabase } from './measured-database.ts';
import type { Placed } from './order-load.ts';
import { benchCards } from './cards.ts';
import { benchConsultants } from './consultants.ts';
import { benchRecognitions, usualSteps } from './recognitions.ts';
import {
  aims,
  type MeasuredRate,
  printCards,
  printConsultants,
  printCorrectness,
  printCosts,
  printLive,
  printRates,
  printRecognitions,
  printScenarios,
} from './report.ts';
import { benchScenarios, openScript } from './scenarios.ts';
import { type HouseOptions, type RunningHouse, startHouse } from './running-house.ts';
import { makeScene } from './scene.ts';
import { processorTotals } from './processor-totals.ts';

/** What is not done by then is broken: the bench says so and ends. */
const longestMs = 300_000;
const longestLiveMs = 900_000;
const killAtTalks = 200;
const cutSeconds = 5;

const { values: asked } = parseArgs({
  options: {
    rates: { type: 'string', default: '10,20,30,40' },
    seconds: { type: 'string', default: '12' },
    merchants: { type: 'string', default: '8' },
    gateways: { type: 'string', default: '1' },
    live: { type: 'string' },
    recognitions: { type: 'boolean', default: false },
    consultants: { type: 'boolean', default: false },
    scenarios: { type: 'boolean', default: false },
    cards: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const rates = asked.rates.split(',').map(Number);
const seconds = Number(asked.seconds);
const merchants = Number(asked.merchants);
const gateways = Number(asked.gateways);
const liveSteps = asked.live?.split(',').map(Number);
if (
  ![...rates, seconds, merchants, gateways, ...(liveSteps ?? [])].every(
    (one) => Number.isFinite(one) && one > 0,
  )
) {
  throw new Error('--rates, --seconds, --merchants, --gateways and --live are numbers above 0.');
}

/** 480 consultants: at 40 calls a second of five seconds each, half of them are busy. */
const size = { merchants, linesPerMerchant: Math.ceil(40 / merchants), consultantsPerLine: 12 };

async function run(house: RunningHouse): Promise<void> {
  const scene = await makeScene(house, size);
  const database = await MeasuredDatabase.connect(house);
  const pool = new Pool(house.gatewayUrl, { connections: 64 });
  try {
    await sayWhere(database);
    const bare = await bareCommits(house.clusterUrl);
    // Each look at the counts takes ten seconds, so that between two of them the house was idle long enough.
    const idleFrom = { count: await database.transactions(), atMs: performance.now() };
    let before = { count: await database.transactions(), atMs: performance.now() };
    const idlePerSecond = ((before.count - idleFrom.count) * 1000) / (before.atMs - idleFrom.atMs);

    const measured: MeasuredRate[] = [];
    const all: { calls: CallInstants[]; placed: Placed[] }[] = [];
    for (const [turn, rate] of rates.entries()) {
      const phase = await load(house, scene, pool, database, {
        rate,
        seconds,
        name: `talk${String(turn)}-`,
      });
      const after = { count: await database.transactions(), atMs: performance.now() };
      const idle = (idlePerSecond * (after.atMs - before.atMs)) / 1000;
      const one = figuresOf(rate, phase, after.count - before.count - idle);
      before = after;
      measured.push(one);
      all.push(phase);
      say(`            ${String(rate)} a second: ${one.held ? 'held' : `not held (${one.because ?? ''})`}`);
      if (!one.held) break;
    }
    const held = measured.filter((one) => one.held).map((one) => one.rate);
    const cutRate = Math.max(...held.filter((rate) => rate <= aims.callsPerSecond), rates[0] ?? 1);
    const cut = await load(house, scene, pool, database, {
      rate: cutRate,
      seconds: cutSeconds,
      name: 'cut-',
    });

    printRates(measured, { rate: cutRate, distance: cutDistance(cut.calls) });
    const headline = measured.findLast((one) => one.rate === cutRate);
    if (headline) printCosts(headline, { ...bare, idlePerSecond });
    await printSums(house, database, all, cut);
  } finally {
    await pool.destroy();
    await database.close();
  }
}

async function sayWhere(database: MeasuredDatabase): Promise<void> {
  const [cpu] = cpus();
  say(`machine     ${String(cpus().length)} × ${cpu?.model ?? 'unknown'}, Node ${process.version}`);
  say(`database    ${await database.about()}`);
  say(
    `others      load average ${String(loadavg()[0]?.toFixed(2))} before we began: above 0.5 the figures are not only ours`,
  );
}

async function runRecognitions(): Promise<void> {
  const merchant = await openKnownMerchant();
  try {
    await inHouse({ merchantUrl: merchant.url }, async (house) => {
      const scene = await makeScene(house, size);
      const database = await MeasuredDatabase.connect(house);
      const pool = new Pool(house.sandboxUrl, { connections: 64 });
      try {
        await sayWhere(database);
        const bench = { house, scene, pool, database, merchant };
        printRecognitions(await benchRecognitions(bench, usualSteps, say));
        sayComplaints(house);
      } finally {
        await pool.destroy();
        await database.close();
      }
    });
  } finally {
    await merchant.close();
  }
}

async function runConsultants(house: RunningHouse): Promise<void> {
  const scene = await makeScene(house, { merchants: 1, linesPerMerchant: 1, consultantsPerLine: 1 });
  const database = await MeasuredDatabase.connect(house);
  const pool = new Pool(house.gatewayUrl, { connections: 64 });
  try {
    await sayWhere(database);
    printConsultants(await benchConsultants(house, scene, pool));
    sayComplaints(house);
  } finally {
    await pool.destroy();
    await database.close();
  }
}

async function runScenarios(): Promise<void> {
  const script = await openScript();
  try {
    await inHouse({ merchantUrl: script.url }, async (house) => {
      await makeScene(house, { merchants: 1, linesPerMerchant: 1, consultantsPerLine: 1 });
      const database = await MeasuredDatabase.connect(house);
      const pool = new Pool(house.sandboxUrl, { connections: 64 });
      try {
        await sayWhere(database);
        printScenarios(await benchScenarios(house, pool, script));
        sayComplaints(house);
      } finally {
        await pool.destroy();
        await database.close();
      }
    });
  } finally {
    await script.close();
  }
}

async function runCards(house: RunningHouse): Promise<void> {
  await makeScene(house, { merchants: 1, linesPerMerchant: 1, consultantsPerLine: 1 });
  const database = await MeasuredDatabase.connect(house);
  const pool = new Pool(house.sandboxUrl, { connections: 64 });
  try {
    await sayWhere(database);
    printCards(await benchCards(house, pool));
    sayComplaints(house);
  } finally {
    await pool.destroy();
    await database.close();
  }
}

async function runLive(house: RunningHouse, steps: readonly number[]): Promise<void> {
  const scene = await makeScene(house, sceneFor(Math.max(...steps)));
  const database = await MeasuredDatabase.connect(house);
  const pool = new Pool(house.gatewayUrl, { connections: 64 });
  try {
    const bench = { house, scene, pool, database };
    printLive(
      await benchLiveCalls(
        bench,
        [...steps].sort((a, b) => a - b),
        killAtTalks,
        say,
      ),
    );
  } finally {
    await pool.destroy();
    await database.close();
  }
}

async function printSums(
  house: RunningHouse,
  database: MeasuredDatabase,
  talked: readonly { calls: CallInstants[]; placed: Placed[] }[],
  cut: { calls: CallInstants[]; placed: Placed[] },
): Promise<void> {
  const calls = [...talked.flatMap((one) => one.calls), ...cut.calls];
  const wrong = [
    ...talked.flatMap((one) => one.calls.filter((call) => !isCorrect(call, 'talked'))),
    ...cut.calls.filter((call) => !isCorrect(call, 'limit_reached')),
  ];
  printCorrectness({
    ordered: [...talked, cut].reduce((sum, one) => sum + one.placed.length, 0),
    settled: calls.filter((call) => call.state === 'settled').length,
    wrong: wrong.map((call) => `${call.reference} ${call.state} ${call.outcome ?? ''}`),
    expectedCents: calls.reduce((sum, call) => sum + (call.talkUs > 0 ? expectedCents(call) : 0), 0),
    capturedCents: calls.reduce((sum, call) => sum + call.capturedCents, 0),
    processor: await processorTotals(house),
    ledger: await database.ledgerDifference(),
    complaints: complaintsOf(house),
  });
}

const complaintsOf = (house: RunningHouse): string[] =>
  house
    .log()
    .split('\n')
    .filter((line) => /"level":"(warn|error)"/.test(line));

function sayComplaints(house: RunningHouse): void {
  const complaints = complaintsOf(house);
  say(`log         ${String(complaints.length)} warnings and errors`);
  for (const one of complaints.slice(0, 5)) say(`            ${one.slice(0, 300)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const profileDir = asked.profile ? mkdtempSync(join(tmpdir(), 'ringmeter-profile-')) : undefined;
/** The one that stands now: an interrupted bench leaves none. */
let standing: RunningHouse | undefined;
let ending: Promise<void> | undefined;
const isEnding = (): boolean => ending !== undefined;
async function inHouse(
  options: Omit<HouseOptions, 'speechSpeed'>,
  act: (house: RunningHouse) => Promise<void>,
): Promise<void> {
  if (isEnding()) return;
  const house = await startHouse({
    speechSpeed: 200,
    ...(profileDir !== undefined && { profileDir }),
    ...options,
  });
  standing = house;
  try {
    await act(house);
  } catch (error) {
    // Interrupted: what fails then fails because everything is being ended.
    if (!isEnding()) {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.stderr.write(house.log().split('\n').slice(-20).join('\n'));
      process.exitCode = 1;
    }
  } finally {
    await house.stop();
  }
}

function end(code: number, sentence?: string): void {
  if (sentence !== undefined) process.stderr.write(`${sentence}\n`);
  ending ??= standing?.stop() ?? Promise.resolve();
  void ending.finally(() => process.exit(code));
}
process.on('SIGINT', () => end(130));
process.on('SIGTERM', () => end(143));
const tooLong = setTimeout(
  () => end(1, 'The bench did not come to its end in time.'),
  liveSteps ? longestLiveMs : longestMs,
);

try {
  if (asked.scenarios) await runScenarios();
  else if (asked.cards) await inHouse({}, runCards);
  else if (asked.consultants) await inHouse({}, runConsultants);
  else if (liveSteps) await inHouse({ gateways: 2 }, (house) => runLive(house, liveSteps));
  else {
    if (!asked.recognitions) await inHouse({ gateways }, run);
    await runRecognitions();
  }
} finally {
  clearTimeout(tooLong);
  await ending;
  if (profileDir !== undefined) {
    printProfile(profileDir);
    rmSync(profileDir, { recursive: true, force: true });
  }
}
