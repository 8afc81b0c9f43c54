// `npm run bench`: what a paid call costs this house on this machine, from the order to the delivered notices, and how
// many it carries at once. Figures are printed beside what we aim at; nothing is asserted, since a machine shared with
// others proves nothing. Runs under three minutes, on 127.0.0.1 only, and leaves nothing behind.
//
//   npm run bench -- [--rates 10,20,30,40] [--seconds 12] [--merchants 8] [--profile]
//
// How it runs: bare commits; the idle house; each rate in turn, as long as the house holds it; then, at the highest rate
// held up to the one aimed at, calls that their limit ends. Orders come at a fixed rate whatever the house makes of them.
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
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { printProfile } from './cpu-profile.ts';
import { backlogGrew, between, cutDistance, expectedCents, isCorrect, spread } from './figures.ts';
import { bareCommits, type CallInstants, MeasuredDatabase } from './measured-database.ts';
import { type Order, type Placed, placeOrders } from './order-load.ts';
import { processKinds, type ProcessTimes, readProcessTimes } from './process-times.ts';
import { aims, type MeasuredRate, printCorrectness, printCosts, printRates } from './report.ts';
import { type RunningHouse, startHouse } from './running-house.ts';
import { callerNumber, makeScene, type PhoneScript, type Scene, scriptPhones } from './scene.ts';
import { processorTotals } from './processor-totals.ts';

/** What is not done by then is broken: the bench says so and ends. */
const longestMs = 175_000;
/** A call takes some four seconds; what has not come to its end after this does not come. */
const drainMs = 15_000;
const cutSeconds = 5;
const answerAfterMs = 300;
/** One hangs up after two seconds; where it is the other one's turn, he does after three. */
const callerHangsUpAfterMs = 2_000;
const consultantHangsUpAfterMs = 3_000;

const { values: asked } = parseArgs({
  options: {
    rates: { type: 'string', default: '10,20,30,40' },
    seconds: { type: 'string', default: '12' },
    merchants: { type: 'string', default: '8' },
    profile: { type: 'boolean', default: false },
  },
});
const rates = asked.rates.split(',').map(Number);
const seconds = Number(asked.seconds);
const merchants = Number(asked.merchants);
if (![...rates, seconds, merchants].every((one) => Number.isFinite(one) && one > 0)) {
  throw new Error('--rates, --seconds and --merchants are numbers above 0.');
}

interface Phase {
  placed: Placed[];
  calls: CallInstants[];
  times: ProcessTimes;
  seconds: number;
}

let callers = 0;

async function run(house: RunningHouse): Promise<void> {
  // 480 consultants: at 40 calls a second of five seconds each, half of them are busy.
  const size = { merchants, linesPerMerchant: Math.ceil(40 / merchants), consultantsPerLine: 12 };
  const scene = await makeScene(house, size);
  const database = await MeasuredDatabase.connect(house);
  const pool = new Pool(house.gatewayUrl, { connections: 64 });
  try {
    const [cpu] = cpus();
    say(`machine     ${String(cpus().length)} × ${cpu?.model ?? 'unknown'}, Node ${process.version}`);
    say(`database    ${await database.about()}`);
    say(
      `others      load average ${String(loadavg()[0]?.toFixed(2))} before we began: above 0.5 the figures are not only ours`,
    );
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

/** Calls at this rate until all of them are over, or `drainMs` have passed. `cut-`: on lines whose limit ends them. */
async function load(
  house: RunningHouse,
  scene: Scene,
  pool: Pool,
  database: MeasuredDatabase,
  wanted: { rate: number; seconds: number; name: string },
): Promise<Phase> {
  const { rate, name } = wanted;
  const cut = name.startsWith('cut-');
  const count = Math.round(rate * wanted.seconds);
  const first = callers;
  callers += count;
  const script = (hangUpAfterTalkMs?: number): PhoneScript => ({
    behaviour: 'answers',
    answerAfterMs,
    keys: '1',
    ...(hangUpAfterTalkMs !== undefined && { hangUpAfterTalkMs }),
  });
  await scriptPhones(house, [
    ...scene.consultantNumbers.map(
      (number) => [number, script(cut ? undefined : consultantHangsUpAfterMs)] as const,
    ),
    ...Array.from(
      { length: count },
      (_, place) =>
        [
          callerNumber(first + place),
          script(cut || place % 2 === 1 ? undefined : callerHangsUpAfterMs),
        ] as const,
    ),
  ]);
  const orders = Array.from({ length: count }, (_, place): Order => {
    const seller = scene.sellers[place % scene.sellers.length];
    const lines = (cut ? seller?.cutLines : seller?.talkLines) ?? [];
    return {
      apiKey: seller?.apiKey ?? '',
      line: lines[Math.floor(place / scene.sellers.length) % lines.length] ?? '',
      callerNumber: callerNumber(first + place),
      reference: `${name}${String(place)}`,
    };
  });

  const timesBefore = readProcessTimes(house);
  const beganMs = performance.now();
  const placed = await placeOrders(pool, orders, rate);
  const deadline = performance.now() + drainMs;
  // The last of them still rings and talks; looking earlier would only take CPU from it.
  await delay(1_000);
  while ((await database.unfinished()) > 0 && performance.now() < deadline) await delay(250);
  const took = (performance.now() - beganMs) / 1000;
  const timesAfter = readProcessTimes(house);
  return {
    placed,
    calls: await database.calls(name),
    times: Object.fromEntries(
      processKinds.map((kind) => [kind, timesAfter[kind] - timesBefore[kind]]),
    ) as ProcessTimes,
    seconds: took,
  };
}

function figuresOf(rate: number, phase: Phase, transactions: number): MeasuredRate {
  const { placed, calls, times } = phase;
  const correct = calls.filter((call) => isCorrect(call, 'talked')).length;
  const refused = placed.filter((one) => one.status !== 201);
  const late = spread(placed.map((one) => one.lateMs));
  const because =
    refused.length > 0
      ? `${String(refused.length)} orders failed, the first with ${String(refused[0]?.status)} ${refused[0]?.problem ?? ''}`
      : correct < placed.length
        ? `${String(placed.length - correct)} calls did not end as they should`
        : backlogGrew(placed, calls)
          ? 'more calls in progress at the end than in the middle'
          : undefined;
  return {
    rate,
    held: because === undefined,
    ...(because !== undefined && { because }),
    ordered: placed.length,
    correct,
    cpuMs: Object.fromEntries(
      processKinds.map((kind) => [kind, times[kind] / placed.length]),
    ) as ProcessTimes,
    busyCores: processKinds.reduce((sum, kind) => sum + times[kind], 0) / 1000 / phase.seconds,
    transactions: transactions / placed.length,
    answered: spread(placed.map((one) => one.answeredMs)),
    late,
    toOriginate: between(calls, 'authorizedAtMs', 'originatedAtMs'),
    toCapture: between(calls, 'hungUpAtMs', 'capturedAtMs'),
    toNotice: between(calls, 'hungUpAtMs', 'endToldAtMs'),
  };
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
    complaints: house
      .log()
      .split('\n')
      .filter((line) => /"level":"(warn|error)"/.test(line)),
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const profileDir = asked.profile ? mkdtempSync(join(tmpdir(), 'ringmeter-profile-')) : undefined;
const house = await startHouse({ speechSpeed: 200, ...(profileDir !== undefined && { profileDir }) });
let ending: Promise<void> | undefined;
function end(code: number, sentence?: string): void {
  if (sentence !== undefined) process.stderr.write(`${sentence}\n`);
  ending ??= house.stop();
  void ending.finally(() => process.exit(code));
}
process.on('SIGINT', () => end(130));
process.on('SIGTERM', () => end(143));
const tooLong = setTimeout(() => end(1, 'The bench did not come to its end in time.'), longestMs);

try {
  await run(house);
} catch (error) {
  // Interrupted: what fails then fails because everything is being ended.
  if (ending === undefined) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.stderr.write(house.log().split('\n').slice(-20).join('\n'));
    process.exitCode = 1;
  }
} finally {
  clearTimeout(tooLong);
  ending ??= house.stop();
  await ending;
  if (profileDir !== undefined) {
    printProfile(profileDir);
    rmSync(profileDir, { recursive: true, force: true });
  }
}
