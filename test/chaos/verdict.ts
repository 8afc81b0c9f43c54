// After each round, when the house has come to rest: what the database says by its own invariants, and whether it agrees
// with the switch, the processor and the merchant, who were never touched.

import { setTimeout as delay } from 'node:timers/promises';
import type { Placed } from './callers.ts';
import type { ChaosHouse } from './chaos-house.ts';

/** Everything has healed by then: leases, guards of forgotten legs, records that come late, jobs of dead workers. */
const restPatienceMs = 240_000;
/** A person's finger and a loop that is late are not the house's doing. */
const droppedMs = 250;

interface Order {
  reference: string;
  order: string;
  state: string;
  outcome: string | null;
  captured: string | null;
  payment: string;
  legs: string[];
}

export interface Verdict {
  violations: string[];
  talks: number;
  /** Until nothing was left to do, after the last order was answered. */
  restMs: number;
}

export async function judgeRound(house: ChaosHouse, placed: readonly Placed[]): Promise<Verdict> {
  const began = performance.now();
  const violations: string[] = [];
  const unfinished = await atRest(house, began);
  const restMs = performance.now() - began;
  for (const what of unfinished)
    violations.push(`not at rest after ${String(restPatienceMs / 1000)} s: ${what}`);

  const invariants = await house.rows<{ name: string; id: string }>(
    "select name, id from violated_invariants('-infinity', now())",
  );
  for (const { name, id } of invariants) violations.push(`invariant ${name}: ${id}`);

  const orders = await house.rows<Order>(
    `select o.reference, o.id as order, s.state, s.outcome, p.captured::text as captured, p.state as payment,
       array(select l.id::text from legs l where l.call_session_id = s.id) as legs
     from orders o join call_sessions s on s.order_id = o.id join payments p on p.order_id = o.id
     where o.reference = any($1)`,
    [placed.map(({ reference }) => reference)],
  );
  const taken = await intentsByOrder(house);
  let talks = 0;
  for (const one of placed) {
    const found = orders.filter(({ reference }) => reference === one.reference);
    if (one.outcome === 'taken' && found.length !== 1)
      violations.push(`${one.reference}: taken, and there are ${String(found.length)} orders of it`);
    for (const order of found) {
      const talkMs = talkOf(house, order.legs);
      if (talkMs !== undefined) talks += 1;
      violations.push(...judgeOrder(one, order, talkMs, taken.get(order.order) ?? []));
    }
  }
  violations.push(...(await judgePhones(house)), ...(await judgeNotices(house)));
  return { violations, talks, restMs };
}

function judgeOrder(
  { reference, talkMs: wanted }: Placed,
  order: Order,
  talkMs: number | undefined,
  intents: readonly Intent[],
): string[] {
  const wrong: string[] = [];
  const captured = Number(order.captured ?? '0').toFixed(2);
  // 1.00, and two cents for each second begun.
  const due = talkMs === undefined ? '0.00' : (1 + Math.ceil(talkMs / 1000) * 0.02).toFixed(2);
  if (captured !== due)
    wrong.push(
      `${reference}: ${captured} captured where the switch's ${talkMs === undefined ? 'no talk' : `${talkMs.toFixed(3)} ms`} cost ${due} (${String(order.outcome)})`,
    );
  const received = (intents.reduce((sum, one) => sum + one.amount_received, 0) / 100).toFixed(2);
  if (received !== captured) wrong.push(`${reference}: the processor took ${received}, we say ${captured}`);
  if (intents.length > 1) wrong.push(`${reference}: ${String(intents.length)} holds`);
  for (const { id, status } of intents)
    if (status !== 'succeeded' && status !== 'canceled') wrong.push(`${reference}: ${id} is ${status}`);
  if (talkMs !== undefined && talkMs < wanted - droppedMs)
    wrong.push(
      `${reference}: dropped after ${talkMs.toFixed(0)} ms, he wanted ${String(wanted)} (${String(order.outcome)})`,
    );
  return wrong;
}

/** By the switch's own records: from the joining to the first end. */
function talkOf(house: ChaosHouse, legs: readonly string[]): number | undefined {
  const joined = legs
    .map((leg) => house.records.get(leg))
    .filter((record) => record !== undefined)
    .filter(({ bridgedUs }) => bridgedUs > 0);
  if (joined.length === 0) return undefined;
  const from = Math.min(...joined.map(({ bridgedUs }) => bridgedUs));
  return (Math.min(...joined.map(({ endedUs }) => endedUs)) - from) / 1000;
}

/** Answers what is still not finished when patience is at its end. */
async function atRest(house: ChaosHouse, began: number): Promise<string[]> {
  for (;;) {
    const left = await house.rows<{ what: string }>(
      `select 'session ' || id || ' is ' || state as what from call_sessions where state <> 'settled'
       union all select 'payment ' || id || ' is ' || state from payments where state not in ('captured', 'voided', 'failed')
       union all select 'notice ' || id || ' is ' || state from notices where state <> 'delivered'
       union all select 'consultant ' || id || ' is claimed' from consultants where claimed_by is not null
       union all select 'work ' || kind || ' of ' || call_session_id from switch_work
       order by 1 limit 20`,
    );
    const phones = await judgePhones(house);
    if (left.length === 0 && phones.length === 0) return [];
    if (performance.now() - began > restPatienceMs) return [...left.map(({ what }) => what), ...phones];
    await delay(500);
  }
}

async function judgePhones(house: ChaosHouse): Promise<string[]> {
  const phones = (await (await fetch(`${house.switchUrl}/api/phones`)).json()) as {
    number: string;
    state: string;
  }[];
  return phones
    .filter(({ state }) => state !== 'ended')
    .map(({ number, state }) => `${number} is ${state}, and nobody knows`);
}

interface Intent {
  id: string;
  status: string;
  amount_received: number;
  metadata: Record<string, string>;
}

async function intentsByOrder(house: ChaosHouse): Promise<Map<string, Intent[]>> {
  const byOrder = new Map<string, Intent[]>();
  for (let after = ''; ;) {
    const answer = await fetch(`${house.processorUrl}/v1/payment_intents?limit=100${after}`, {
      headers: { authorization: `Bearer ${house.processorKey}` },
    });
    const page = (await answer.json()) as { data: Intent[]; has_more: boolean };
    for (const intent of page.data) {
      const order = intent.metadata['order'] ?? '';
      byOrder.set(order, [...(byOrder.get(order) ?? []), intent]);
    }
    const last = page.data.at(-1);
    if (!page.has_more || last === undefined) return byOrder;
    after = `&starting_after=${last.id}`;
  }
}

/** He keeps the last thousand: of those, each is true to what was written, and each order's are without a gap. */
async function judgeNotices(house: ChaosHouse): Promise<string[]> {
  const heard = (await (await fetch(`${house.merchantUrl}/api/merchant/notices`)).json()) as {
    id: string;
    body: unknown;
  }[];
  const written = await house.rows<{ id: string; body: string }>(
    'select id, body::text as body from notices where id = any($1)',
    [heard.map(({ id }) => id)],
  );
  const bodies = new Map(written.map(({ id, body }) => [id, body]));
  return heard
    .filter(({ id, body }) => canonical(JSON.parse(bodies.get(id) ?? 'null')) !== canonical(body))
    .map(({ id }) => `notice ${id}: he was told something else than is written`);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
