// Killed at every point of a paid callback, and of a call somebody the merchant knows has dialled, before and after each commit and each outside act, and started again (a killed
// process leaves what is committed and what was done outside, so that "after" one of them is "before" the next: each such
// point is there once): exactly one right settlement, nobody left on the line, and ledger, processor, switch and merchant tell the same story. The kill is
// SIGKILL of a real process at the exact message (taps.ts); nothing in it knows of tests.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundleGateway, type BundledGateway } from './bundled-gateway.ts';
import { caller, eventually, openCrashHouse, type CrashHouse, type Death } from './crash-house.ts';
import { judge, judgeKnown, judgeRefund } from './judge.ts';

/** What a case waits for is mostly a lease that lapses. */
const houses = 6;
vi.setConfig({ maxConcurrency: houses, testTimeout: 150_000 });

const talkMs = 1_200;

type Point = readonly [name: string, death: Death];
const before = (act: RegExp, nth = 1): Death => ({ act, nth, moment: 'before' });
const after = (act: RegExp, nth = 1): Death => ({ act, nth, moment: 'after' });

const keyNoted = /^commit idempotency_keys$/;
const authorize = /^processor POST \/v1\/payment_intents$/;
/** With the first leg: the call begins in the same commit. */
const authorized = /^commit (?=.*authorizations)(?=.*ledger_entries)(?=.*legs)/;
const moreHeld = /^commit (?=.*authorizations)(?=.*ledger_entries)(?!.*(legs|receipts))/;
const ring = /^esl originate/;
const ask = /^esl play_and_get_digits/;
/** Of the call's own steps after the first: the consultant accepted. */
const accepted = /^commit (?=.*call_events)(?=.*legs)(?!.*ledger)(?!.*jobs)/;
const consented = /^commit (?=.*call_events)(?=.*call_sessions)(?!.*(notices|legs|jobs|ledger))/;
const bridge = /^esl uuid_bridge/;
const connected =
  /^commit (?=.*call_events)(?=.*call_sessions)(?=.*notices)(?=.*orders)(?!.*(legs|ledger|jobs))/;
const hungUp = /^event CHANNEL_HANGUP_COMPLETE/;
const ended = /^commit (?=.*call_events)(?=.*consultants)(?=.*notices)(?!.*(legs|ledger))/;
const decided = /^commit (?=.*payments)(?=.*processor_operations)(?!.*(ledger|orders))/;
const capture = /^processor POST \/v1\/payment_intents\/:id\/capture/;
const voided = /^processor POST \/v1\/payment_intents\/:id\/cancel/;
const recorded = /^commit (?=.*ledger_entries)(?=.*call_sessions)(?!.*legs)/;
const told = (type: string): RegExp => new RegExp(`^notice ${type.replaceAll('.', String.raw`\.`)}$`);
const arrived = /^commit (?=.*known_calls)(?=.*legs)(?!.*(notices|usage_reports))/;
const askedWho = /^merchant \/server\/recognize-caller$/;
const letIn = /^commit (?=.*known_calls)(?=.*notices)(?!.*usage_reports)/;
const keptBack = /^commit (?=.*client_reservations)(?!.*usage_reports)/;
const overAndReported = /^commit (?=.*usage_reports)(?=.*call_sessions)/;
const reported = /^merchant \/server\/report-usage$/;
const refundWritten = /^commit (?=.*jobs)(?=.*refunds)(?!.*ledger)/;
const refund = /^processor POST \/v1\/refunds/;
const refundRecorded = /^commit (?=.*ledger_entries)(?=.*refunds)/;

const paidCall: readonly Point[] = [
  ['the merchant’s key noted, the order not written', after(keyNoted)],
  ['the order written, the authorization not sent', before(authorize)],
  ['the authorization made, its answer lost', after(authorize)],
  ['the authorization recorded', after(authorized)],
  ['the order’s answer not kept', before(keyNoted, 2)],
  ['the order’s answer kept, not sent', after(keyNoted, 2)],
  ['the consultant about to be rung', before(ring)],
  ['the consultant rung', after(ring)],
  ['the consultant asked', after(ask)],
  ['the consultant accepted, not written', before(accepted)],
  ['the consultant’s yes written, the caller not rung', before(ring, 2)],
  ['the caller rung', after(ring, 2)],
  ['the caller asked', after(ask, 2)],
  ['the caller consented, not written', before(consented)],
  ['the consent written', after(consented)],
  ['the limit armed, the bridge not ordered', before(bridge)],
  ['bridged, not written', before(connected)],
  ['connected written', after(connected)],
  ['talking, the merchant told', after(told('call.connected'))],
  ['one hung up, not heard', before(hungUp)],
  ['both ended, not written', before(ended)],
  ['the end written', after(ended)],
  ['the settlement not decided', before(decided)],
  ['the settlement decided, the capture not sent', before(capture)],
  ['captured, the answer lost', after(capture)],
  ['the capture recorded', after(recorded)],
  ['the notice not sent', before(told('payment.captured'))],
  ['the notice taken, its answer lost', after(told('payment.captured'))],
];

const nobodyThere: readonly Point[] = [
  ['the first consultant unreachable, not written', before(accepted)],
  ['nobody took it, not written', before(ended)],
  ['nobody took it, written', after(ended)],
  ['the void decided', after(decided)],
  ['voided, the answer lost', after(voided)],
  ['the void recorded', after(recorded)],
];

const givingBack: readonly Point[] = [
  ['the refund about to be written', before(refundWritten)],
  ['the refund written', after(refundWritten)],
  ['refunded, the answer lost', after(refund)],
  ['the refund recorded', after(refundRecorded)],
  ['the refund’s notice taken, its answer lost', after(told('payment.refunded'))],
];

/** The caller wants more time; the talk goes on meanwhile. */
const talkingLonger: readonly Point[] = [
  ['more time written, the second hold not sent', before(authorize, 2)],
  ['the second hold made, its answer lost', after(authorize, 2)],
  ['the second hold recorded, the limit not moved', after(moreHeld)],
];

/** He is known by his number, to the merchant's own server. */
const knownCall: readonly Point[] = [
  ['the call taken, not written', before(arrived)],
  ['the call written, nobody asked who he is', before(askedWho)],
  ['the merchant asked, his answer lost', after(askedWho)],
  ['the caller let in, nobody rung', after(letIn)],
  ['talking', after(told('call.connected'))],
  ['the talk over, not written', before(overAndReported)],
  ['the end and its report written, not sent', after(overAndReported)],
  ['the report taken, its answer lost', after(reported)],
];

/** By the code of an account kept here. */
const accountCall: readonly Point[] = [
  ['money kept back, nobody rung', after(keptBack)],
  ['the talk over, the money not taken', before(overAndReported)],
];

// --- Houses, each for one case at a time ---------------------------------------------------------------------------

let gateway: BundledGateway;
let promptsDir: string;
const idle: CrashHouse[] = [];

beforeAll(async () => {
  gateway = await bundleGateway('crash');
  promptsDir = mkdtempSync(join(tmpdir(), 'ringmeter-crash-prompts-'));
});
afterAll(async () => {
  vi.resetConfig();
  await Promise.all(idle.map((house) => house.close()));
  await gateway.remove();
  rmSync(promptsDir, { recursive: true, force: true });
});

let cases = 0;
async function inHouse(name: string, act: (house: CrashHouse, key: string) => Promise<void>): Promise<void> {
  const house = idle.pop() ?? (await openCrashHouse({ gateway: gateway.path, promptsDir, talkMs }));
  try {
    await act(house, `case-${String((cases += 1))}`);
  } catch (error) {
    const acts = house.passed.map(({ act: passed, moment }) => `  ${moment} ${passed}`).join('\n');
    await house.close();
    throw new Error(`Killed with ${name}. What passed:\n${acts}`, { cause: error });
  }
  idle.push(house);
}

interface Ordered {
  sessionId: string;
  orderId: string;
  sinceUs: number;
}

/** One order, asked for twice with one key. */
async function order(house: CrashHouse, key: string, more: object = {}): Promise<Ordered> {
  const sinceUs = Date.now() * 1000;
  const who = { callerNumber: caller, paymentMethod: 'pm_card_visa', reference: key };
  const body = { line: 'demo-short', ...who, ...more };
  const answer = await house.api('POST', '/v1/callbacks', body, key);
  expect(answer.status, JSON.stringify(answer.json)).toBe(201);
  const again = await house.api('POST', '/v1/callbacks', body, key);
  expect(again.json['orderId'], 'one key, one order').toBe(answer.json['orderId']);
  const made = await house.sql.query('select id from orders where reference = $1', [key]);
  expect(made.rows).toHaveLength(1);
  return { sessionId: String(answer.json['id']), orderId: String(answer.json['orderId']), sinceUs };
}

async function dieCalling([name, death]: Point, people: 'answering' | 'absent'): Promise<void> {
  await inHouse(name, async (house, key) => {
    const deathsBefore = house.deaths;
    await house.people(people);
    house.arm(death);
    const { sessionId, orderId, sinceUs } = await order(house, key);
    const verdict = await judge(house, sessionId, orderId, sinceUs);
    expect(house.deaths - deathsBefore, `it never came to: ${name}`).toBe(1);
    expect(verdict.talkSeconds !== undefined, verdict.outcome).toBe(people === 'answering');
  });
}

/** The warning offers more time, and key 5 asks for it; who commands the talk dies while it is being held. */
async function dieTalkingLonger([name, death]: Point): Promise<void> {
  await inHouse(name, async (house, key) => {
    const deathsBefore = house.deaths;
    await house.sql.query(`update lines set duration_choices = '{30}' where slug = 'demo-short'`);
    await house.people('talkative');
    house.arm(death);
    const { sessionId, orderId, sinceUs } = await order(house, key, { moreTime: true });
    await eventually(async () => {
      const offered = `select from call_sessions where id = $1 and progress #>> '{moreTime,state}' = 'offered'`;
      expect((await house.sql.query(offered, [sessionId])).rowCount).toBe(1);
    }, 60_000);
    await house.press(caller, '5');
    await judge(house, sessionId, orderId, sinceUs, { holds: 2 });
    expect(house.deaths - deathsBefore, `it never came to: ${name}`).toBe(1);
  });
}

/** Fifty cents of a paid talk are given back, by a request that is repeated with its key. */
async function dieRefunding([name, death]: Point): Promise<void> {
  await inHouse(name, async (house, key) => {
    await house.people('answering');
    house.arm();
    const { sessionId, orderId, sinceUs } = await order(house, key);
    await judge(house, sessionId, orderId, sinceUs);
    const deathsBefore = house.deaths;
    house.arm(death);
    const wish = { amount: { amount: '0.50', currency: 'EUR' }, reason: 'Bad line' };
    const answer = await house.api('POST', `/v1/orders/${orderId}/refunds`, wish, `${key}-refund`);
    expect(answer.status, JSON.stringify(answer.json)).toBe(201);
    await judgeRefund(house, orderId, '0.50');
    expect(house.deaths - deathsBefore, `it never came to: ${name}`).toBe(1);
  });
}

describe.concurrent('a paid call, killed with', () => {
  test.each(paidCall)('%s', async (...point) => dieCalling(point, 'answering'));
});

describe.concurrent('a talk that is to last longer, killed with', () => {
  test.each(talkingLonger)('%s', async (...point) => dieTalkingLonger(point));
});

describe.concurrent('nobody can be had, killed with', () => {
  test.each(nobodyThere)('%s', async (...point) => dieCalling(point, 'absent'));
});

/** Who rings while nobody is there may hear the switch's own apology: then there is no call to judge, and nobody is owed one. */
const mayGoUntaken = new Set(['the call taken, not written']);

async function dieAnswering([name, death]: Point, ddi: string, code?: string): Promise<void> {
  await inHouse(name, async (house) => {
    const deathsBefore = house.deaths;
    await house.people('answering', code);
    const sinceUs = Date.now() * 1000;
    // Who rings before anybody commands the switch hears its apology.
    await eventually(async () => {
      const commanded = 'select from switches where lease_expires_at > now()';
      expect((await house.sql.query(commanded)).rowCount).toBe(1);
    }, 60_000);
    house.arm(death);
    await house.dials(caller, ddi);
    const verdict = await judgeKnown(house, sinceUs);
    expect(house.deaths - deathsBefore, `it never came to: ${name}`).toBe(1);
    if (verdict || !mayGoUntaken.has(name)) expect(verdict?.talkSeconds, verdict?.outcome).toBeDefined();
  });
}

describe.concurrent('a call the merchant knows, killed with', () => {
  test.each(knownCall)('%s', async (...point) => dieAnswering(point, '+33199000201'));
});

describe.concurrent('a call on an account, killed with', () => {
  test.each(accountCall)('%s', async (...point) => dieAnswering(point, '+33199000203', '6006#'));
});

describe.concurrent('giving back, killed with', () => {
  test.each(givingBack)('%s', async (...point) => dieRefunding(point));
});
