// Calls at a fixed rate until all of them are over, and what they cost. Orders come whatever the house makes of them.

import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'undici';
import { backlogGrew, between, isCorrect, spread } from './figures.ts';
import type { CallInstants, MeasuredDatabase } from './measured-database.ts';
import { type Order, type Placed, placeOrders } from './order-load.ts';
import { processKinds, type ProcessTimes, readProcessTimes } from './process-times.ts';
import type { MeasuredRate } from './report.ts';
import type { RunningHouse } from './running-house.ts';
import { callerNumber, type PhoneScript, type Scene, scriptPhones } from './scene.ts';

/** A call takes some four seconds; what has not come to its end after this does not come. */
const drainMs = 15_000;
const answerAfterMs = 300;
/** One hangs up after two seconds; where it is the other one's turn, he does after three. */
const callerHangsUpAfterMs = 2_000;
const consultantHangsUpAfterMs = 3_000;

export interface Phase {
  placed: Placed[];
  calls: CallInstants[];
  times: ProcessTimes;
  seconds: number;
}

let callers = 0;

/** Callers nobody else in this run has; answers the place of the first. */
export function takeCallers(count: number): number {
  const first = callers;
  callers += count;
  return first;
}

/** How a phone of this bench answers; without `hangUpAfterTalkMs` it talks until the other end or the limit. */
export function phoneScript(hangUpAfterTalkMs?: number): PhoneScript {
  return {
    behaviour: 'answers',
    answerAfterMs,
    keys: '1',
    ...(hangUpAfterTalkMs !== undefined && { hangUpAfterTalkMs }),
  };
}

/** Calls at this rate until all of them are over, or `drainMs` have passed. `cut-`: on lines whose limit ends them. */
export async function load(
  house: RunningHouse,
  scene: Scene,
  pool: Pool,
  database: MeasuredDatabase,
  /** `besides`: calls that go on beside these and are not waited for. */
  wanted: { rate: number; seconds: number; name: string; besides?: number; linesFrom?: 'last' },
): Promise<Phase> {
  const { rate, name } = wanted;
  const cut = name.startsWith('cut-');
  const count = Math.round(rate * wanted.seconds);
  const first = takeCallers(count);
  await scriptPhones(house, [
    ...scene.consultantNumbers.map(
      (number) => [number, phoneScript(cut ? undefined : consultantHangsUpAfterMs)] as const,
    ),
    ...Array.from(
      { length: count },
      (_, place) =>
        [
          callerNumber(first + place),
          phoneScript(cut || place % 2 === 1 ? undefined : callerHangsUpAfterMs),
        ] as const,
    ),
  ]);
  const orders = Array.from({ length: count }, (_, place): Order => {
    const seller = scene.sellers[place % scene.sellers.length];
    const own = (cut ? seller?.cutLines : seller?.talkLines) ?? [];
    // Where others talk on the first lines, their consultants are not rung.
    const lines = wanted.linesFrom === 'last' ? own.slice(-1) : own;
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
  while ((await database.unfinished()) > (wanted.besides ?? 0) && performance.now() < deadline)
    await delay(250);
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

export function figuresOf(rate: number, phase: Phase, transactions: number): MeasuredRate {
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
