// What is not counted as it happens but looked at when somebody asks: how many calls live, what waits, what wants a person.
// One look serves every scrape of the next seconds; a database that does not answer leaves its figures out rather than
// giving old ones, and says so by `ringmeter_database_up`.

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';
import type { House } from '../flow/house.ts';
import type { Timer } from '../flow/ports.ts';
import { countByKind, listAttention } from '../store/attention.ts';
import { countViolations } from '../store/invariants.ts';
import { readFigures, readJobFigures, readSwitchViews } from '../store/operator-views.ts';

/** A database that does not answer within this is as good as away to whoever waits for a page. */
export const patienceMs = 2_000;
/** Prometheus asks every 15 s or so; several of them, or a person who reloads, shall not cost more. */
const lookEveryMs = 5_000;

export type Watched = Pick<House, 'switches' | 'processor' | 'clock' | 'db'>;

export interface HouseGauges {
  /** Before every scrape. Never fails. */
  look(house: Watched): Promise<void>;
}

export function houseGauges(registry: Registry): HouseGauges {
  const gauge = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge<Label>({ name: `ringmeter_${name}`, help, labelNames, registers: [registry] });
  const linkUp = gauge('switch_link_up', '1 while the event socket of this switch is connected.', 'switch');
  const switchSeen = gauge('switch_last_seen_seconds', 'Age of the last byte from this switch.', 'switch');
  const processorSeen = gauge('processor_last_seen_seconds', 'Age of the last answer of the card processor.');
  const lag = gauge(
    'event_loop_lag_seconds',
    'How late this process was for its timers since the last look.',
    'quantile',
  );
  const databaseUp = gauge('database_up', '1 when the database answered just now.');
  const databaseWaiting = gauge('database_waiting', 'Transactions that wait for a connection.');

  const commanded = gauge(
    'switch_commanded',
    '1 while some gateway holds the lease of this switch.',
    'switch',
  );
  const leaseLeft = gauge(
    'switch_lease_seconds_left',
    'Until the lease of this switch lapses; negative since it has.',
    'switch',
  );
  const draining = gauge('switch_draining', '1 while this switch takes no new calls.', 'switch');
  const live = gauge('live_calls', 'Calls that ring or talk.', 'state', 'switch');
  const jobs = gauge('jobs', 'Jobs of the queue: waiting (due), later, running, dead.', 'task', 'state');
  const jobsAge = gauge('jobs_oldest_due_seconds', 'How long the oldest due job has waited.', 'task');
  const notices = gauge(
    'notices_waiting',
    'Notices to merchants that are not delivered: pending, parked.',
    'state',
  );
  const noticesAge = gauge(
    'notices_oldest_seconds',
    'Age of the oldest notice that is not delivered.',
    'state',
  );
  const reports = gauge(
    'usage_reports_waiting',
    'Reports of what known callers used that merchants have not acknowledged: pending, parked.',
    'state',
  );
  const reportsAge = gauge(
    'usage_reports_oldest_seconds',
    'Age of the oldest report that is not acknowledged.',
    'state',
  );
  const unknown = gauge('unknown_operations', 'Operations asked of the processor whose answer is not known.');
  const attention = gauge('attention', 'What wants a person and nobody has seen yet.', 'kind');
  const violations = gauge(
    'invariant_violations',
    'What must always hold and did not when last looked at.',
    'name',
  );
  const ofDatabase = [
    commanded,
    leaseLeft,
    draining,
    live,
    jobs,
    jobsAge,
    notices,
    noticesAge,
    reports,
    reportsAge,
    unknown,
    attention,
    violations,
  ];

  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  loop.enable();
  let looking: Promise<void> | undefined;
  let lookedAtMs = -Infinity;

  function lookAround(house: Watched): void {
    const nowMs = house.clock.monotonicMs();
    for (const one of house.switches.values()) {
      const { up, lastSeenMs } = one.link();
      linkUp.set({ switch: one.id }, up ? 1 : 0);
      if (lastSeenMs !== undefined) switchSeen.set({ switch: one.id }, (nowMs - lastSeenMs) / 1000);
    }
    const { lastSeenMs } = house.processor.health();
    if (lastSeenMs !== undefined) processorSeen.set((nowMs - lastSeenMs) / 1000);
    databaseWaiting.set(house.db.waiting);
    for (const [quantile, percentile] of [
      ['0.5', 50],
      ['0.99', 99],
      ['1', 100],
    ] as const) {
      lag.set({ quantile }, lagOf(loop, percentile));
    }
    loop.reset();
  }

  async function lookIntoDatabase({ db, clock }: Watched): Promise<void> {
    const at = clock.now();
    const { switches, figures, queue, items, wrong } = await db.asNobody(async (nobody) => ({
      // One after the other: whoever watches the house shall not take its connections from it.
      switches: await readSwitchViews(nobody, at),
      figures: await readFigures(nobody, at),
      queue: await readJobFigures(nobody, at),
      items: await listAttention(nobody, at),
      wrong: await countViolations(nobody),
    }));
    // What is not there any more (a state without calls, a job that ran) is gone from the page too.
    for (const one of ofDatabase) one.reset();
    for (const one of switches) {
      commanded.set({ switch: one.id }, one.commander === undefined ? 0 : 1);
      draining.set({ switch: one.id }, one.draining ? 1 : 0);
      if (one.leaseSecondsLeft !== undefined) leaseLeft.set({ switch: one.id }, one.leaseSecondsLeft);
    }
    for (const { name, kind, id, value } of figures) {
      if (name === 'live_calls') live.set({ state: kind, switch: id }, value);
      else if (name === 'notices') notices.set({ state: kind }, value);
      else if (name === 'notices_oldest_seconds') noticesAge.set({ state: kind }, value);
      else if (name === 'usage_reports') reports.set({ state: kind }, value);
      else if (name === 'usage_reports_oldest_seconds') reportsAge.set({ state: kind }, value);
      else unknown.set(value);
    }
    for (const { name, kind, many, since } of queue) {
      jobs.set({ task: name, state: kind }, many);
      if (kind === 'waiting')
        jobsAge.set({ task: name }, Math.max(0, (at.getTime() - since.getTime()) / 1000));
    }
    for (const [kind, many] of countByKind(items)) attention.set({ kind }, many);
    for (const [name, many] of wrong) violations.set({ name }, many);
  }

  async function lookOnce(house: Watched): Promise<void> {
    const answered = (await within(house, lookIntoDatabase(house))) === 'ok';
    databaseUp.set(answered ? 1 : 0);
    if (answered) lookedAtMs = house.clock.monotonicMs();
    else for (const one of ofDatabase) one.reset();
  }

  return {
    async look(house) {
      lookAround(house);
      if (house.clock.monotonicMs() - lookedAtMs < lookEveryMs) return;
      looking ??= lookOnce(house).finally(() => (looking = undefined));
      await looking;
    },
  };
}

const loopResolutionMs = 20;

/** The histogram measures from one turn of its timer to the next: what is beyond the timer's own interval is lag. */
function lagOf(loop: IntervalHistogram, percentile: number): number {
  const ns = loop.percentile(percentile);
  return Number.isFinite(ns) ? Math.max(0, ns / 1e9 - loopResolutionMs / 1000) : 0;
}

/** `late` is as bad as `failed`; why it failed is said by whoever asks the database next. */
export async function within(
  { clock }: Pick<House, 'clock'>,
  asked: Promise<void>,
): Promise<'ok' | 'failed' | 'late'> {
  let timer: Timer | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = clock.after(patienceMs, () => resolve('late'));
  });
  const answered = asked.then(
    () => 'ok' as const,
    () => 'failed' as const,
  );
  try {
    return await Promise.race([answered, late]);
  } finally {
    timer?.cancel();
  }
}
