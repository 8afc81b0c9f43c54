// What it costs to know a caller: he dials, the merchant's own server is asked, the consultant's phone rings. How soon he is
// asked, what we add to his own answer, how many a second of them there may be while he thinks, and how exactly the limit he
// gave is kept. Each call is one a person makes: answered, rung for, given up or talked, and reported.
//
//   park to request     the A leg's `start` in the switch's record -> the question is at the merchant's server
//   answer to ring      the merchant's answer is written -> the B leg's `start` in the switch's record
//   cut from limit      |talk time - limit|, by the switch's clock, of calls the limit ended

import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Pool } from 'undici';
import { Seal } from '../../src/store/seal.ts';
import { backlogGrew, type Spread, spread } from './figures.ts';
import { clients, type KnownMerchant } from './known-merchant.ts';
import { phoneScript, takeCallers } from './load.ts';
import type { MeasuredDatabase } from './measured-database.ts';
import { atRate } from './order-load.ts';
import { processKinds, type ProcessTimes, readProcessTimes } from './process-times.ts';
import type { RunningHouse } from './running-house.ts';
import { callerNumber, type PhoneScript, type Scene, scriptPhones } from './scene.ts';

const drainMs = 20_000;
const talkMs = 1_500;
/** He hears the greeting and gives up: by then the consultant's phone rings. */
const patienceMs = 1_000;
const cutLimitSeconds = 3;
const talkLimitSeconds = 600;
const warmRate = 8;

export interface RecognitionStep {
  rate: number;
  seconds: number;
  merchantTakesMs: number;
  /** `talks`: taken and talked; `left`: the caller gives up while it rings; `cut`: the limit ends it. */
  calls: 'talks' | 'left' | 'cut';
}

/** At five a second nobody waits for anybody; the last is the rate aimed at. */
export const usualSteps: readonly RecognitionStep[] = [
  { rate: 5, seconds: 12, merchantTakesMs: 0, calls: 'talks' },
  { rate: 5, seconds: 6, merchantTakesMs: 0, calls: 'cut' },
  { rate: 25, seconds: 8, merchantTakesMs: 300, calls: 'left' },
  { rate: 50, seconds: 8, merchantTakesMs: 300, calls: 'left' },
];

export interface RecognitionFigures {
  step: RecognitionStep;
  held: boolean;
  /** Why it was not held. */
  because?: string;
  dialled: number;
  correct: number;
  toRequest: Spread;
  toRing: Spread;
  cut: Spread;
  /** How late the bench itself dialled. */
  late: Spread;
  /** Of each kind of process, a call. */
  cpuMs: ProcessTimes;
  busyCores: number;
}

export interface RecognitionBench {
  house: RunningHouse;
  scene: Scene;
  pool: Pool;
  database: MeasuredDatabase;
  merchant: KnownMerchant;
}

interface KnownCallRow {
  id: string;
  cli: string;
  state: string;
  outcome: string | null;
  talkUs: number;
  parkedAtMs: number | null;
  rungAtMs: number | null;
  settledAtMs: number | null;
  reportState: string | null;
}

export async function benchRecognitions(
  bench: RecognitionBench,
  steps: readonly RecognitionStep[],
  tell: (line: string) => void,
): Promise<RecognitionFigures[]> {
  const ddis = await giveNumbers(bench);
  // Everybody has called before: sentences are rendered, statements prepared, code compiled.
  await play(bench, ddis, {
    rate: warmRate,
    seconds: clients / warmRate,
    merchantTakesMs: 0,
    calls: 'talks',
  });
  await play(bench, ddis, { rate: warmRate, seconds: 1, merchantTakesMs: 0, calls: 'cut' });
  const measured: RecognitionFigures[] = [];
  for (const step of steps) {
    const one = await play(bench, ddis, step);
    measured.push(one);
    const how = one.held ? 'held' : `not held (${one.because ?? ''})`;
    tell(`            ${String(step.rate)} recognitions a second, ${nameOf(step)}: ${how}`);
    // What it could not carry would still be there in the next.
    if (!one.held) break;
  }
  return measured;
}

export const nameOf = ({ calls }: RecognitionStep): string =>
  ({ talks: 'talked', left: 'given up', cut: 'cut' })[calls];

/** A number for each talk line, and the merchant's server behind all of them; nobody is told anything besides. */
async function giveNumbers({ house, scene, merchant }: RecognitionBench): Promise<string[]> {
  const seal = new Seal(house.secretsKey);
  const sql = new pg.Client({ connectionString: house.adminUrl });
  await sql.connect();
  try {
    for (const [place] of scene.sellers.entries()) {
      const id = `mer_bench${String(place)}`;
      await sql.query(
        `update merchants set notice_url = null, server_protocol = 'rest', server_url = $2,
           server_secret_sealed = $3 where id = $1`,
        [id, merchant.url, seal.close(house.sandboxSecrets.noticeSecret, id)],
      );
    }
    const { rows } = await sql.query<{ number: string }>(
      `insert into ddis (id, merchant_id, line_id, number, settings)
       select 'ddi_' || id, merchant_id, id, '+331993' || lpad((row_number() over (order by id))::text, 5, '0'), $1
       from lines where slug like 'bench-talk-%' returning number`,
      [JSON.stringify({ callsAtOnce: 1_000 })],
    );
    return rows.map((one) => one.number);
  } finally {
    await sql.end();
  }
}

async function play(
  { house, scene, pool, database, merchant }: RecognitionBench,
  ddis: readonly string[],
  step: RecognitionStep,
): Promise<RecognitionFigures> {
  const count = Math.round(step.rate * step.seconds);
  const first = takeCallers(count);
  const callers = Array.from({ length: count }, (_, place) => callerNumber(first + place));
  merchant.answers({
    afterMs: step.merchantTakesMs,
    talkLimitSeconds: step.calls === 'cut' ? cutLimitSeconds : talkLimitSeconds,
  });
  const consultant: PhoneScript = step.calls === 'left' ? { behaviour: 'manual' } : phoneScript();
  await scriptPhones(house, [
    ...scene.consultantNumbers.map((number) => [number, consultant] as const),
    ...callers.map((number) => [number, callerScript(step.calls)] as const),
  ]);

  const before = readProcessTimes(house);
  const beganMs = performance.now();
  const dialled = await atRate(step.rate, callers, (number, place) =>
    dial(pool, number, ddis[place % ddis.length] ?? ''),
  );
  const deadline = performance.now() + drainMs;
  await delay(1_000);
  while ((await database.unfinished()) > 0 && performance.now() < deadline) await delay(250);
  const seconds = (performance.now() - beganMs) / 1000;
  const times = difference(before, readProcessTimes(house));

  const calls = await knownCalls(database, callers);
  const correct = calls.filter((call) => isRight(call, merchant, step.calls)).length;
  const failed = dialled.filter((one) => one.problem !== undefined);
  const because =
    failed.length > 0
      ? `${String(failed.length)} could not be dialled: ${failed[0]?.problem ?? ''}`
      : correct < count
        ? `${String(count - correct)} calls did not end as they should${exampleOf(calls, merchant, step.calls)}`
        : backlogGrew(
              dialled,
              calls.map((call) => ({ reference: call.cli, settledAtMs: call.settledAtMs })),
            )
          ? 'more calls in progress at the end than in the middle'
          : undefined;
  const heardOf = (call: KnownCallRow) => merchant.heard.get(call.id);
  return {
    step,
    held: because === undefined,
    ...(because !== undefined && { because }),
    dialled: count,
    correct,
    toRequest: spread(
      calls.flatMap((call) => {
        const heard = heardOf(call);
        return heard && call.parkedAtMs !== null ? [heard.askedAtMs - call.parkedAtMs] : [];
      }),
    ),
    toRing: spread(
      calls.flatMap((call) => {
        const heard = heardOf(call);
        return heard && call.rungAtMs !== null ? [call.rungAtMs - heard.answeredAtMs] : [];
      }),
    ),
    cut: spread(
      calls
        .filter((call) => call.outcome === 'limit_reached')
        .map((call) => Math.abs(call.talkUs / 1000 - cutLimitSeconds * 1000)),
    ),
    late: spread(dialled.map((one) => one.lateMs)),
    cpuMs: Object.fromEntries(processKinds.map((kind) => [kind, times[kind] / count])) as ProcessTimes,
    busyCores: processKinds.reduce((sum, kind) => sum + times[kind], 0) / 1000 / seconds,
  };
}

function callerScript(calls: RecognitionStep['calls']): PhoneScript {
  const answers = { behaviour: 'answers', answerAfterMs: 300, keys: '1' } as const;
  if (calls === 'cut') return answers;
  return calls === 'talks'
    ? { ...answers, hangUpAfterTalkMs: talkMs }
    : { ...answers, hangUpAfterMs: patienceMs };
}

async function dial(
  pool: Pool,
  number: string,
  ddi: string,
): Promise<{ reference: string; problem?: string }> {
  try {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: `/api/phones/${encodeURIComponent(number)}/dial`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: ddi }),
    });
    const text = await body.text();
    return { reference: number, ...(statusCode !== 200 && { problem: `${String(statusCode)} ${text}` }) };
  } catch (error) {
    return { reference: number, problem: String(error) };
  }
}

async function knownCalls(database: MeasuredDatabase, callers: readonly string[]): Promise<KnownCallRow[]> {
  return database.rows<KnownCallRow>(
    `select s.id, k.cli, s.state, s.outcome, coalesce(s.talk_us, 0)::float8 as "talkUs",
       (select pg_temp.cdr_us(l.cdr, 'start') / 1000 from legs l where l.call_session_id = s.id and l.role = 'A')
         as "parkedAtMs",
       (select min(pg_temp.cdr_us(l.cdr, 'start')) / 1000 from legs l where l.call_session_id = s.id and l.role = 'B')
         as "rungAtMs",
       (select pg_temp.ms(e.at) from call_events e where e.call_session_id = s.id and e.name = 'ended') as "settledAtMs",
       (select u.state from usage_reports u where u.call_session_id = s.id) as "reportState"
     from known_calls k join call_sessions s on s.id = k.call_session_id where k.cli = any($1)`,
    [callers],
  );
}

/** Asked once, ended as it was meant to, told once, and what was told is what the switch measured. */
function isRight(call: KnownCallRow, merchant: KnownMerchant, calls: RecognitionStep['calls']): boolean {
  const heard = merchant.heard.get(call.id);
  const outcome = { talks: 'talked', left: 'caller_left', cut: 'limit_reached' }[calls];
  if (call.state !== 'settled' || call.outcome !== outcome || call.reportState !== 'delivered') return false;
  if (heard?.questions !== 1 || heard.reports !== 1 || call.rungAtMs === null) return false;
  const talkedMs = Math.floor(call.talkUs / 1000);
  const billableMs = calls === 'cut' ? Math.min(talkedMs, cutLimitSeconds * 1000) : talkedMs;
  return heard.talkMilliseconds === billableMs && heard.billableSeconds === Math.ceil(billableMs / 1000);
}

function exampleOf(
  calls: readonly KnownCallRow[],
  merchant: KnownMerchant,
  how: RecognitionStep['calls'],
): string {
  const wrong = calls.find((call) => !isRight(call, merchant, how));
  if (!wrong) return ', of which nothing was written';
  const heard = merchant.heard.get(wrong.id);
  return `: ${wrong.state} ${wrong.outcome ?? ''}, asked ${String(heard?.questions)}, told ${String(heard?.reports)}`;
}

function difference(before: ProcessTimes, after: ProcessTimes): ProcessTimes {
  return Object.fromEntries(processKinds.map((kind) => [kind, after[kind] - before[kind]])) as ProcessTimes;
}
