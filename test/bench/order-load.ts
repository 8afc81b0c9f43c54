// Orders at a fixed rate, whatever the house makes of them (open loop): a slow answer does not slow the next order down,
// as it would not in life.

import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'undici';

export interface Order {
  apiKey: string;
  line: string;
  callerNumber: string;
  reference: string;
}

export interface Begun {
  /** Wall clock, ms. */
  sentAtMs: number;
  /** How late it was sent: our own slowness, to be known before the house is blamed. */
  lateMs: number;
}

export interface Placed extends Begun {
  reference: string;
  answeredMs: number;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  problem?: string;
}

/** Resolves when every order is answered. Never throws for an order that failed: that is a figure. */
export async function placeOrders(
  pool: Pool,
  orders: readonly Order[],
  perSecond: number,
): Promise<Placed[]> {
  return atRate(perSecond, orders, (order) => placeOrder(pool, order));
}

/** Begins one after the other at this rate, and resolves when all are through. What they throw is thrown. */
export async function atRate<Given, Done extends object>(
  perSecond: number,
  given: readonly Given[],
  act: (one: Given, place: number) => Promise<Done>,
): Promise<(Done & Begun)[]> {
  const beganMs = performance.now();
  const begun: Promise<Done & Begun>[] = [];
  for (const [place, one] of given.entries()) {
    const dueMs = beganMs + (place * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0.5) await delay(waitMs);
    const facts = { sentAtMs: Date.now(), lateMs: Math.max(0, performance.now() - dueMs) };
    begun.push(act(one, place).then((done) => ({ ...done, ...facts })));
  }
  return Promise.all(begun);
}

async function placeOrder(pool: Pool, order: Order): Promise<Omit<Placed, keyof Begun>> {
  const { apiKey, reference, ...body } = order;
  const beganMs = performance.now();
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/v1/callbacks',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        // A merchant who may have to repeat an order sends one.
        'idempotency-key': reference,
      },
      body: JSON.stringify({ ...body, reference, paymentMethod: 'pm_card_visa' }),
    });
    const text = await answer.body.text();
    const answeredMs = performance.now() - beganMs;
    const status = answer.statusCode;
    return { reference, answeredMs, status, ...(status !== 201 && { problem: text.slice(0, 300) }) };
  } catch (error) {
    return { reference, answeredMs: performance.now() - beganMs, status: 0, problem: String(error) };
  }
}
