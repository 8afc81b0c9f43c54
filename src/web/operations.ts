// For those who run the house: is the process alive, can it serve, what does it count. What is looked at when asked is
// house-gauges; what wants a person and can be mended is operator-api.

import express, { type Router } from 'express';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { House } from '../flow/house.ts';
import type { CountName, LevelName, MetricName, Metrics } from '../flow/ports.ts';
import { houseGauges, type Watched, within } from './house-gauges.ts';
import { operatorApi } from './operator-api.ts';

/**
 * `/healthz`, `/readyz`, `/metrics`. To be mounted at the root. `isCurrent`: whether every migration we ship has run, asked
 * until it was true once, since a database does not go back under a running process. `isDraining`: whether this process is
 * about to end; what it began it finishes, and new requests are better sent to another. `operatorKey`: turns on `/ops/v1`.
 */
export function operations(
  house: House,
  settings: {
    metrics: HouseMetrics;
    isCurrent: () => Promise<boolean>;
    isDraining?: () => boolean;
    operatorKey?: string;
  },
): Router {
  const router = express.Router({ strict: true });
  let knownCurrent = false;

  router.use(['/healthz', '/readyz', '/metrics'], (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });

  router.get('/healthz', (_request, response) => {
    response.json({ status: 'alive' });
  });

  router.get('/readyz', async (_request, response) => {
    const database = await within(house, house.db.ping());
    if (database === 'ok' && !knownCurrent) knownCurrent = (await within(house, current())) === 'ok';
    const able = database === 'ok' && knownCurrent;
    const draining = settings.isDraining?.() ?? false;
    response.status(able && !draining ? 200 : 503).json({
      status: draining ? 'draining' : able ? 'ready' : 'not_ready',
      database: { reachable: database === 'ok', migrationsCurrent: knownCurrent },
      switches: switchesOf(house),
      processor: { lastSeenSecondsAgo: age(house, house.processor.health().lastSeenMs) },
    });
  });

  router.get('/metrics', async (_request, response) => {
    await settings.metrics.look(house);
    const text = await settings.metrics.registry.metrics();
    response.type(settings.metrics.registry.contentType).send(text);
  });

  router.use(operatorApi(house, settings.operatorKey));

  async function current(): Promise<void> {
    if (!(await settings.isCurrent())) throw new Error('Migrations are missing.');
  }
  return router;
}

function switchesOf(house: House): object[] {
  return [...house.switches.values()].map((one) => {
    const { up, coreUuid, lastSeenMs } = one.link();
    return { id: one.id, up, coreUuid: coreUuid ?? null, lastSeenSecondsAgo: age(house, lastSeenMs) };
  });
}

/** Seconds with one decimal; null when there never was a sign of life. */
function age(house: House, lastSeenMs: number | undefined): number | null {
  if (lastSeenMs === undefined) return null;
  return Math.max(0, Math.round((house.clock.monotonicMs() - lastSeenMs) / 100) / 10);
}

// --- What is counted ---------------------------------------------------------------------------------------------

export interface HouseMetrics extends Metrics {
  readonly registry: Registry;
  /** Reads what is not counted but looked at. Before every scrape; never fails. */
  look(house: Watched): Promise<void>;
}

/** Around the aims: a call is settled within 1 s of its end, and cut within 50 ms of its limit. */
const delayBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
const cutBuckets = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5];

const histograms: Record<MetricName, { help: string; labels: string[]; buckets: number[] }> = {
  hangup_to_capture_seconds: {
    help: 'From the end of the talk to the capture, where it was not taken while they talked.',
    labels: [],
    buckets: delayBuckets,
  },
  connection_to_capture_seconds: {
    help: 'From the joining of both to the capture, where it is taken while they talk.',
    labels: [],
    buckets: delayBuckets,
  },
  hangup_to_notice_seconds: {
    help: 'From the end of the talk to the delivered notice of it.',
    labels: [],
    buckets: delayBuckets,
  },
  cut_distance_seconds: {
    help: 'How far from the talk limit the cut fell.',
    labels: [],
    buckets: cutBuckets,
  },
  sweep_seconds: {
    help: 'How long a sweep over the whole house took.',
    labels: ['sweep'],
    buckets: delayBuckets,
  },
};

const levels: Record<LevelName, { help: string; labels: string[] }> = {
  commanded_calls: { help: 'Calls this gateway commands at its switches.', labels: ['switch'] },
};

const counters: Record<CountName, { help: string; labels: string[] }> = {
  calls: {
    help: 'States entered by call sessions, with their outcome once they ended.',
    labels: ['state', 'outcome'],
  },
  orders_refused: { help: 'Orders refused, by reason.', labels: ['because'] },
  notices: { help: 'Tries to deliver a notice, by result.', labels: ['result'] },
};

/** In a registry of its own: two houses in one process (tests) do not count into each other. */
export function houseMetrics(): HouseMetrics {
  const registry = new Registry();
  const registers = [registry];
  const observed = mapValues(
    histograms,
    ({ help, labels, buckets }, name) =>
      new Histogram({ name: `ringmeter_${name}`, help, labelNames: labels, buckets, registers }),
  );
  const counted = mapValues(
    counters,
    ({ help, labels }, name) =>
      new Counter({ name: `ringmeter_${name}_total`, help, labelNames: labels, registers }),
  );
  const levelled = mapValues(
    levels,
    ({ help, labels }, name) =>
      new Gauge({ name: `ringmeter_${name}`, help, labelNames: labels, registers: [registry] }),
  );
  const gauges = houseGauges(registry);

  return {
    registry,
    observe: (name, value, labels) => observed[name].observe(known(histograms[name].labels, labels), value),
    count: (name, labels) => counted[name].inc(known(counters[name].labels, labels)),
    level: (name, value, labels) => levelled[name].set(known(levels[name].labels, labels), value),
    look: (house) => gauges.look(house),
  };
}

/** prom-client throws on a label it does not know; counting never fails a call. */
function known(
  names: readonly string[],
  labels: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}

function mapValues<Name extends string, From, To>(
  record: Record<Name, From>,
  make: (value: From, name: Name) => To,
): Record<Name, To> {
  const entries = (Object.entries(record) as [Name, From][]).map(([name, value]) => [
    name,
    make(value, name),
  ]);
  return Object.fromEntries(entries) as Record<Name, To>;
}
