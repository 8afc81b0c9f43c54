// How the figures are printed: a column a rate, what we aim at beside them.

import type { CardFigures } from './cards.ts';
import type { ConsultantFigures } from './consultants.ts';
import type { Spread } from './figures.ts';
import { processKinds, type ProcessTimes } from './process-times.ts';
import type { AdoptionFigures, LiveFigures } from './live-calls.ts';
import type { ProcessorTotals } from './processor-totals.ts';
import { nameOf, type RecognitionFigures } from './recognitions.ts';
import type { ScenarioFigures } from './scenarios.ts';

/** On two cores, with everything the house talks to on the same two. */
export const aims = {
  /** What we add to a merchant's script. */
  scriptOverheadMs: 20,
  reachableSetMs: 5,
  callsPerSecond: 30,
  cpuMs: 12,
  transactions: 12,
  toOriginateMs: 50,
  toCaptureMs: 1_000,
  toNoticeMs: 2_000,
  cutMs: 50,
  toRequestMs: 20,
  toRingMs: 50,
  recognitionsPerSecond: 50,
};

export interface MeasuredRate {
  rate: number;
  held: boolean;
  /** Why it was not held. */
  because?: string;
  ordered: number;
  correct: number;
  /** Of each kind of process, a call. */
  cpuMs: ProcessTimes;
  /** How much of the machine all of them took together. */
  busyCores: number;
  /** A call, less what the idle house does. */
  transactions: number;
  /** From sending an order to its 201. */
  answered: Spread;
  /** How late the bench itself sent its orders. */
  late: Spread;
  toOriginate: Spread;
  toCapture: Spread;
  toNotice: Spread;
}

export function printRates(measured: readonly MeasuredRate[], cut: { rate: number; distance: Spread }): void {
  const row = (name: string, figure: (one: MeasuredRate) => string, aim = ''): string[] => [
    name,
    ...measured.map(figure),
    aim,
  ];
  printTable([
    row('paid calls a second', (one) => String(one.rate), 'aim'),
    row('held', (one) => (one.held ? 'yes' : 'no'), `${String(aims.callsPerSecond)} a second`),
    row('ordered / as they should be', (one) => `${String(one.ordered)} / ${String(one.correct)}`, 'all'),
    row('gateway CPU a call, ms', (one) => one.cpuMs.gateway.toFixed(1), `under ${String(aims.cpuMs)}`),
    row('transactions a call', (one) => one.transactions.toFixed(1), `under ${String(aims.transactions)}`),
    row(
      'authorized to originate, ms',
      (one) => shown(one.toOriginate),
      `p99 under ${String(aims.toOriginateMs)}`,
    ),
    row('hang-up to capture, ms', (one) => shown(one.toCapture), `p99 under ${String(aims.toCaptureMs)}`),
    row('hang-up to notice, ms', (one) => shown(one.toNotice), `p99 under ${String(aims.toNoticeMs)}`),
    row(
      'cut from limit, ms',
      (one) => (one.rate === cut.rate ? shown(cut.distance) : '-'),
      `p99 under ${String(aims.cutMs)}`,
    ),
    row('order to its 201, ms', (one) => shown(one.answered)),
    row('orders sent late by, ms', (one) => shown(one.late)),
    row('cores busy, all processes', (one) => one.busyCores.toFixed(2)),
  ]);
  say('p50 / p99; the cut was measured on calls of their own');
}

export function printCosts(
  one: MeasuredRate,
  database: { one: number; many: number; idlePerSecond: number },
): void {
  say('');
  const cpu = processKinds.map((kind) => `${kind} ${one.cpuMs[kind].toFixed(1)}`);
  say(`CPU a call at ${String(one.rate)} a second, ms: ${cpu.join(', ')}`);
  const commits = one.transactions * one.rate + database.idlePerSecond;
  say(
    `transactions: ${commits.toFixed(0)} a second at ${String(one.rate)} calls a second; ` +
      `the idle house ${database.idlePerSecond.toFixed(1)}; bare commits of this Postgres ` +
      `${database.many.toFixed(0)} a second from 20 sessions, ${database.one.toFixed(0)} from one`,
  );
}

export function printCorrectness(found: {
  ordered: number;
  settled: number;
  /** One a call that did not come out right. */
  wrong: readonly string[];
  expectedCents: number;
  capturedCents: number;
  processor: ProcessorTotals;
  ledger: { entries: number; differing: number };
  complaints: readonly string[];
}): void {
  const money = (cents: number): string => `${(cents / 100).toFixed(2)} EUR`;
  const { processor, ledger } = found;
  say('');
  say(
    `calls       ${String(found.ordered)} ordered, ${String(found.settled)} settled, ${String(found.wrong.length)} wrong`,
  );
  for (const one of found.wrong.slice(0, 5)) say(`            ${one}`);
  say(
    `money       ${money(found.expectedCents)} by the talk times, ${money(found.capturedCents)} captured by our books, ` +
      `${money(processor.receivedCents)} by the processor's (${String(processor.succeeded)} payments, ${String(processor.open)} left open)`,
  );
  say(
    `ledger      ${String(ledger.entries)} entries, ${String(ledger.differing)} transactions that do not sum to zero`,
  );
  say(`log         ${String(found.complaints.length)} warnings and errors`);
  for (const one of found.complaints.slice(0, 5)) say(`            ${one.slice(0, 300)}`);
}

export function printLive(found: { live: readonly LiveFigures[]; adoption?: AdoptionFigures }): void {
  const { live, adoption } = found;
  const row = (name: string, figure: (one: LiveFigures) => string, aim = ''): string[] => [
    name,
    ...live.map(figure),
    aim,
  ];
  printTable([
    row('talks that go on beside', (one) => String(one.talks), 'aim'),
    row('gateway CPU a call, ms', (one) => one.gatewayMsPerCall.toFixed(1), 'flat within 10 %'),
    row('Postgres CPU a call, ms', (one) => one.postgresMsPerCall.toFixed(1)),
    row('gateway CPU a talk and minute, ms', (one) => one.gatewayMsPerTalkMinute.toFixed(2)),
    row('calls settled', (one) => one.correct, 'all'),
  ]);
  if (!adoption) return;
  say(
    `kill -9 at ${String(adoption.talks)} talks: lease taken after ${adoption.leasedMs.toFixed(0)} ms, ` +
      `${String(adoption.adopted)} adopted after ${adoption.adoptedMs.toFixed(0)} ms (aim: 5 s)`,
  );
}

export function printRecognitions(measured: readonly RecognitionFigures[]): void {
  const row = (name: string, figure: (one: RecognitionFigures) => string, aim = ''): string[] => [
    name,
    ...measured.map(figure),
    aim,
  ];
  printTable([
    row('recognitions a second', ({ step }) => String(step.rate), 'aim'),
    row('what becomes of the calls', ({ step }) => nameOf(step)),
    row('the merchant takes, ms', ({ step }) => String(step.merchantTakesMs)),
    row(
      'held',
      (one) => (one.held ? 'yes' : 'no'),
      `${String(aims.recognitionsPerSecond)} a second at 300 ms`,
    ),
    row('dialled / as they should be', (one) => `${String(one.dialled)} / ${String(one.correct)}`, 'all'),
    row(
      'park to the merchant’s request, ms',
      (one) => shown(one.toRequest),
      `p99 under ${String(aims.toRequestMs)}`,
    ),
    row(
      'his answer to the consultant’s ring, ms',
      (one) => shown(one.toRing),
      `p99 under ${String(aims.toRingMs)}`,
    ),
    row('cut from limit, ms', (one) => shown(one.cut), `p99 under ${String(aims.cutMs)}`),
    row('gateway CPU a call, ms', (one) => one.cpuMs.gateway.toFixed(1)),
    row('Postgres CPU a call, ms', (one) => one.cpuMs.postgres.toFixed(1)),
    row('sandbox switch CPU a call, ms', (one) => one.cpuMs['sandbox switch'].toFixed(1)),
    row('cores busy, all processes', (one) => one.busyCores.toFixed(2)),
    row('dialled late by, ms', (one) => shown(one.late)),
  ]);
  say(
    'p50 / p99; as they should be: asked about once, rung for, reported once and as the switch measured it',
  );
}

export function printConsultants(one: ConsultantFigures): void {
  const { race, changes } = one;
  printTable([
    ['consultants of one line', String(one.consultants), 'aim'],
    [
      `who of them may be rung (${String(one.reachable)}), ms`,
      shown(one.reachableSet),
      `p99 under ${String(aims.reachableSetMs)}`,
    ],
    ['  Postgres CPU, ms', one.reachableCpuMs.toFixed(1), ''],
    ['one of them claimed, ms', shown(one.claim), ''],
    [
      `${String(race.callers)} callers for one: who has him, ms for all`,
      `${String(race.won)}, ${race.ms.toFixed(0)}`,
      'one',
    ],
    [
      `availability said, ${String(changes.rate)} a second: done`,
      `${String(changes.done)} of ${String(changes.asked)}`,
      'all',
    ],
    ['answered after, ms', shown(changes.tookMs), ''],
    ['said late by, ms', shown(changes.lateMs), ''],
    [
      'CPU a change, ms: gateway, Postgres',
      `${changes.cpuMs.gateway.toFixed(1)}, ${changes.cpuMs.postgres.toFixed(1)}`,
      '',
    ],
  ]);
  say('p50 / p99');
}

export function printScenarios({ stepsPerSecond, script, menus }: ScenarioFigures): void {
  const { callers, there, keys, cpuMs, busyCores, keyEveryMs } = menus;
  const seconds = String(keyEveryMs / 1_000);
  printTable([
    ['scenarios', '', 'aim'],
    ['interpreter, steps a second of one core', Math.round(stepsPerSecond).toString(), ''],
    [
      `a script’s answer to its next question, ms p50 / p95 / p99, at ${script.perSecond.toFixed(0)} questions a second`,
      inThree(script.steady),
      `p99 under ${String(aims.scriptOverheadMs)}`,
    ],
    [
      '  CPU a question beyond the idle house, ms: gateway, Postgres, sandbox switch',
      [script.cpuMs.gateway, script.cpuMs.postgres, script.cpuMs['sandbox switch']]
        .map((one) => one.toFixed(1))
        .join(', '),
      '',
    ],
    ['  twenty callers, each asking again at once', inThree(script.flat), ''],
    [
      `callers in menus, a key every ${seconds} s: there at the end`,
      `${String(there)} of ${String(callers)}`,
      'all',
    ],
    ['  keys pressed', String(keys), ''],
    [
      '  CPU a caller and minute, ms: gateway, Postgres, sandbox switch',
      [cpuMs.gateway, cpuMs.postgres, cpuMs['sandbox switch']].map((one) => one.toFixed(1)).join(', '),
      '',
    ],
    ['  cores busy, all processes', busyCores.toFixed(2), ''],
  ]);
}

export function printCards({ processor, alone, together, paid, atOnce }: CardFigures): void {
  printTable([
    ['cards keyed on the telephone', 'ms p50 / p95 / p99'],
    ['the processor alone: a card and a hold', inThree(processor)],
    ['last key to authorized, one caller after the other', inThree(alone)],
    [`last key to authorized, ${String(atOnce)} callers at once`, inThree(together)],
    ['  of them have paid', String(paid)],
  ]);
}

function inThree({ p50, p95, p99, of }: Spread): string {
  const one = (ms: number): string => ms.toFixed(ms < 10 ? 1 : 0);
  return of === 0 ? '-' : `${one(p50)} / ${one(p95)} / ${one(p99)}`;
}

function shown({ p50, p99, of }: Spread): string {
  return of === 0 ? '-' : `${p50.toFixed(p50 < 10 ? 1 : 0)} / ${p99.toFixed(p99 < 10 ? 1 : 0)}`;
}

function printTable(rows: readonly string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  say('');
  for (const row of rows) {
    say(
      row
        .map((cell, place) => (place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0)))
        .join('   '),
    );
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
