// What it takes until a card that was keyed on the telephone holds: one caller after the other, and fifty at once. All of them press
// everything in one go, so that nothing of it is a person's time.
//
//   last key to authorized   the request by which the telephone presses its keys is answered -> the answer to the hold is written down.
//                            Two questions to the processor are in it (the card, the hold): what they take alone is measured beside
//                            it, asked by nobody but us

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Pool } from 'undici';
import { type Spread, spread } from './figures.ts';
import { takeCallers } from './load.ts';
import type { RunningHouse } from './running-house.ts';
import { callerNumber, scriptPhones } from './scene.ts';

const merchantId = 'mer_bench0';
const ddi = '+33199360001';
const keys = '4242424242424242#1239#123#1';
const oneByOne = 20;
const atOnce = 50;
const longestMs = 60_000;

export interface CardFigures {
  /** A card and a hold, asked of the processor by nobody else, ms. */
  processor: Spread;
  alone: Spread;
  together: Spread;
  /** Of those who keyed together, who has paid. */
  paid: number;
  atOnce: number;
}

export async function benchCards(house: RunningHouse, pool: Pool): Promise<CardFigures> {
  const sql = new pg.Client({ connectionString: house.adminUrl });
  await sql.connect();
  try {
    await compose(sql);
    // The first of all starts the card room.
    await keyedBy(house, pool, sql, 1);
    const processor: number[] = [];
    for (let nth = 0; nth < oneByOne; nth += 1) processor.push(await askProcessor(house));
    const alone: number[] = [];
    for (let nth = 0; nth < oneByOne; nth += 1) alone.push(...(await keyedBy(house, pool, sql, 1)));
    const together = await keyedBy(house, pool, sql, atOnce);
    return {
      processor: spread(processor),
      alone: spread(alone),
      together: spread(together),
      paid: together.length,
      atOnce,
    };
  } finally {
    await sql.end();
  }
}

async function compose(sql: pg.Client): Promise<void> {
  const plan = {
    timeZone: 'Europe/Paris',
    standard: {
      currency: 'EUR',
      fixedPrice: '9.00',
      includedSeconds: 0,
      bands: [],
      increment: { first: 1, next: 1 },
      freeSeconds: 0,
      vatRate: '0.20',
    },
    windows: [],
  };
  const bye = { kind: 'hang_up' };
  const graph = {
    start: 'pay',
    blocks: { pay: { kind: 'card_payment', line: 'bench-sale', next: { paid: 'bye', refused: 'bye' } }, bye },
  };
  await sql.query(
    `insert into keypad_permissions (merchant_id, number, allowed, by, why, at) values ($1, 1, true, 'bench', 'bench', now())`,
    [merchantId],
  );
  await sql.query(
    `insert into lines (id, merchant_id, slug, sells, name, currency, duration_choices)
     values ('lin_bench_sale', $1, 'bench-sale', 'fixed_sale', $2, 'EUR', '{}')`,
    [merchantId, JSON.stringify({ fr: 'Vente', en: 'Sale' })],
  );
  await sql.query(
    `insert into tariffs (id, merchant_id, line_id, version, plan) values ('tar_bench_sale', $1, 'lin_bench_sale', 1, $2)`,
    [merchantId, JSON.stringify(plan)],
  );
  await sql.query(
    `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at)
     values ('scn_bench_card', $1, 'card', 'card', '{}', now(), now())`,
    [merchantId],
  );
  await sql.query(
    `insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at)
     values ($1, 'scn_bench_card', 1, $2, now())`,
    [merchantId, JSON.stringify(graph)],
  );
  await sql.query(`update scenarios set live = 1 where id = 'scn_bench_card'`);
  await sql.query(
    `insert into ddis (id, merchant_id, kind, scenario_id, number)
     values ('ddi_bench_card', $1, 'scenario', 'scn_bench_card', $2)`,
    [merchantId, ddi],
  );
}

/** So many dial, wait until all are asked for their card, key it, and pay: from the last key to the hold, of each who has paid. */
async function keyedBy(house: RunningHouse, pool: Pool, sql: pg.Client, count: number): Promise<number[]> {
  const first = takeCallers(count);
  const who = Array.from({ length: count }, (_, place) => callerNumber(first + place));
  await scriptPhones(
    house,
    who.map((number) => [number, { behaviour: 'answers' }] as const),
  );
  await Promise.all(who.map((number) => operate(pool, number, 'dial', { to: ddi })));
  await Promise.all(who.map((number) => untilAsked(pool, number)));
  const keyedAt = new Map<string, number>();
  await Promise.all(
    who.map(async (number) => {
      await operate(pool, number, 'keys', { digits: keys });
      keyedAt.set(number, Date.now());
    }),
  );
  const untilMs = performance.now() + longestMs;
  while (performance.now() < untilMs && (await ordersOf(sql, who, 'captured')).length < count)
    await delay(50);
  return (await ordersOf(sql, who, 'captured')).map(
    ({ caller, heldAt }) => heldAt.getTime() - (keyedAt.get(caller) ?? 0),
  );
}

async function ordersOf(
  sql: pg.Client,
  callers: readonly string[],
  state: string,
): Promise<{ caller: string; heldAt: Date }[]> {
  const { rows } = await sql.query<{ caller: string; heldAt: Date }>(
    `select r.cli as caller, o.answered_at as "heldAt" from (
       select id, merchant_id, progress -> 'plan' -> 'cli' ->> 'number' as cli from scenario_runs) r
     join orders s on s.run_id = r.id join payments p on p.order_id = s.id
     join authorizations a on a.payment_id = p.id
     join processor_operations o on o.authorization_id = a.id and o.kind = 'authorize'
     where r.cli = any($1) and p.state = $2`,
    [callers, state],
  );
  return rows;
}

/** The card room has asked for the number: from then on what is typed counts. */
async function untilAsked(pool: Pool, number: string): Promise<void> {
  const untilMs = performance.now() + longestMs;
  while (performance.now() < untilMs) {
    const { body } = await pool.request({ method: 'GET', path: `/api/phones/${encodeURIComponent(number)}` });
    const phone = (await body.json()) as { heard: unknown[] };
    if (phone.heard.length > 0) return;
    await delay(20);
  }
  throw new Error(`${number} was never asked for a card.`);
}

async function askProcessor({ sandboxUrl, sandboxSecrets }: RunningHouse): Promise<number> {
  const ask = async (path: string, form: Record<string, string>): Promise<{ id: string }> => {
    const answer = await fetch(`${sandboxUrl}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${sandboxSecrets.secretKey}`,
        'content-type': 'application/x-www-form-urlencoded',
        'idempotency-key': randomUUID(),
      },
      body: new URLSearchParams(form),
    });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as { id: string };
  };
  const fromMs = performance.now();
  const { id } = await ask('/v1/payment_methods', {
    type: 'card',
    'card[number]': '4242424242424242',
    'card[exp_month]': '12',
    'card[exp_year]': '2039',
    'card[cvc]': '123',
  });
  await ask('/v1/payment_intents', {
    amount: '900',
    currency: 'eur',
    capture_method: 'manual',
    confirm: 'true',
    payment_method: id,
    'allowed_payment_method_types[0]': 'card',
    'payment_method_options[card][moto]': 'true',
  });
  return performance.now() - fromMs;
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
