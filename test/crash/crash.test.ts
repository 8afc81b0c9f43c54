// Killed at every point of a paid callback, before and after each commit and each outside act, and started again: exactly
// one right settlement, nobody left on the line, and ledger, processor, switch and merchant tell the same story. The kill is
// SIGKILL of a real process at the exact message (taps.ts); nothing in it knows of tests.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundleGateway, type BundledGateway } from './bundled-gateway.ts';
import { caller, openCrashHouse, type CrashHouse, type Death } from './crash-house.ts';
import { judge } from './judge.ts';

/** What a case waits for is mostly a lease that lapses. */
const houses = 8;
vi.setConfig({ maxConcurrency: houses, testTimeout: 150_000 });

const talkMs = 1_200;

type Point = readonly [name: string, death: Death, expected: 'talked' | 'nothing' | 'either'];
const before = (act: RegExp, nth = 1): Death => ({ act, nth, moment: 'before' });
const after = (act: RegExp, nth = 1): Death => ({ act, nth, moment: 'after' });

const keyNoted = /^commit idempotency_keys$/;
const orderWritten =
  /^commit (?=.*call_sessions)(?=.*orders)(?=.*payments)(?=.*processor_operations)(?!.*ledger)/;
const authorize = /^processor POST \/v1\/payment_intents$/;
const authorized = /^commit (?=.*authorizations)(?=.*ledger_entries)(?=.*switch_work)/;
const ring = /^esl originate/;
const ask = /^esl play_and_get_digits/;
/** Of the call's own steps after the first: the consultant accepted. */
const accepted = /^commit (?=.*call_events)(?=.*legs)(?!.*ledger)(?!.*jobs)/;
const consented = /^commit (?=.*call_events)(?=.*call_sessions)(?!.*(notices|legs|jobs|ledger))/;
const bridge = /^esl uuid_bridge/;
const bridged = /^event CHANNEL_BRIDGE/;
const connected =
  /^commit (?=.*call_events)(?=.*call_sessions)(?=.*notices)(?=.*orders)(?!.*(legs|ledger|jobs))/;
const hungUp = /^event CHANNEL_HANGUP_COMPLETE/;
const ended = /^commit (?=.*call_events)(?=.*call_sessions)(?=.*jobs)/;
const decided = /^commit (?=.*payments)(?=.*processor_operations)(?!.*(ledger|orders))/;
const capture = /^processor POST \/v1\/payment_intents\/:id\/capture/;
const voided = /^processor POST \/v1\/payment_intents\/:id\/cancel/;
const recorded = /^commit (?=.*ledger_entries)(?=.*call_sessions)(?!.*switch_work)/;
const told = (type: string): RegExp => new RegExp(`^notice ${type.replaceAll('.', String.raw`\.`)}$`);
const toldKept = /^commit deliveries notices$/;

const paidCall: readonly Point[] = [
  ['the merchant’s key noted', after(keyNoted), 'talked'],
  ['the order about to be written', before(orderWritten), 'talked'],
  ['the order written', after(orderWritten), 'talked'],
  ['the authorization not sent', before(authorize), 'talked'],
  ['the authorization made, its answer lost', after(authorize), 'talked'],
  ['the authorization answered, not recorded', before(authorized), 'talked'],
  ['the authorization recorded', after(authorized), 'talked'],
  ['the order’s answer not kept', before(keyNoted, 2), 'talked'],
  ['the order’s answer kept, not sent', after(keyNoted, 2), 'talked'],
  ['the consultant about to be rung', before(ring), 'talked'],
  ['the consultant rung', after(ring), 'talked'],
  ['the consultant asked', after(ask), 'talked'],
  ['the consultant accepted, not written', before(accepted), 'talked'],
  ['the consultant’s yes written', after(accepted), 'talked'],
  ['the caller about to be rung', before(ring, 2), 'talked'],
  ['the caller rung', after(ring, 2), 'talked'],
  ['the caller asked', after(ask, 2), 'talked'],
  ['the caller consented, not written', before(consented), 'talked'],
  ['the consent written', after(consented), 'talked'],
  ['the bridge not ordered', before(bridge), 'talked'],
  ['the bridge ordered', after(bridge), 'talked'],
  ['bridged, not heard', before(bridged), 'talked'],
  ['bridged, not written', before(connected), 'talked'],
  ['connected written', after(connected), 'talked'],
  ['talking, the merchant told', after(told('call.connected')), 'talked'],
  ['hung up, not heard', before(hungUp), 'talked'],
  ['ended, not written', before(ended), 'talked'],
  ['the end written', after(ended), 'talked'],
  ['the settlement not decided', before(decided), 'talked'],
  ['the settlement decided', after(decided), 'talked'],
  ['the capture not sent', before(capture), 'talked'],
  ['captured, the answer lost', after(capture), 'talked'],
  ['captured, not recorded', before(recorded), 'talked'],
  ['the capture recorded', after(recorded), 'talked'],
  ['the notice not sent', before(told('payment.captured')), 'talked'],
  ['the notice taken, its answer lost', after(told('payment.captured')), 'talked'],
  ['the delivery not recorded', before(toldKept, 4), 'talked'],
];

const nobodyThere: readonly Point[] = [
  ['the first consultant unreachable, not written', before(accepted), 'nothing'],
  ['nobody took it, not written', before(ended), 'nothing'],
  ['nobody took it, written', after(ended), 'nothing'],
  ['the void decided', after(decided), 'nothing'],
  ['voided, the answer lost', after(voided), 'nothing'],
  ['voided, not recorded', before(recorded), 'nothing'],
  ['the void recorded', after(recorded), 'nothing'],
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
  await Promise.all(idle.map((house) => house.close()));
  await gateway.remove();
  rmSync(promptsDir, { recursive: true, force: true });
});

let cases = 0;
async function die([name, death, expected]: Point, people: 'answering' | 'absent'): Promise<void> {
  const house = idle.pop() ?? (await openCrashHouse({ gateway: gateway.path, promptsDir, talkMs }));
  const deathsBefore = house.deaths;
  const sinceUs = Date.now() * 1000;
  const key = `case-${String((cases += 1))}`;
  try {
    await house.people(people);
    house.arm(death);
    const order = { line: 'demo-short', callerNumber: caller, paymentMethod: 'pm_card_visa', reference: key };
    const answer = await house.api('POST', '/v1/callbacks', order, key);
    expect(answer.status, JSON.stringify(answer.json)).toBe(201);
    const again = await house.api('POST', '/v1/callbacks', order, key);
    expect(again.json['orderId'], 'one key, one order').toBe(answer.json['orderId']);
    const verdict = await judge(house, String(answer.json['id']), String(answer.json['orderId']), sinceUs);
    expect(house.deaths - deathsBefore, `it never came to: ${name}`).toBe(1);
    const made = await house.sql.query('select id from orders where reference = $1', [key]);
    expect(made.rows).toHaveLength(1);
    if (expected !== 'either') expect(verdict.talkSeconds !== undefined).toBe(expected === 'talked');
  } catch (error) {
    const acts = house.passed.map(({ act, moment }) => `  ${moment} ${act}`).join('\n');
    await house.close();
    throw new Error(`Killed with ${name}. What passed:\n${acts}`, { cause: error });
  }
  idle.push(house);
}

describe.concurrent('a paid call, killed with', () => {
  test.each(paidCall)('%s', async (...point) => die(point, 'answering'));
});

describe.concurrent('nobody can be had, killed with', () => {
  test.each(nobodyThere)('%s', async (...point) => die(point, 'absent'));
});
