// The money of a house without its telephones: the real flow over a real database, with the sandbox's processor on the far
// side of Stripe's API and one clock, turned by hand, for both. A call is talked by handing its rule the events a switch would
// have told; jobs run when the test says so.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect } from 'vitest';
import { realClock, realIds } from '../../src/clock-and-ids.ts';
import { realProofs } from '../../src/proofs.ts';
import { advance } from '../../src/core/advance-call.ts';
import type { CallEvent, CallSession } from '../../src/core/call-session.ts';
import { writeStep } from '../../src/flow/call-step.ts';
import { duePayments } from '../../src/store/finders.ts';
import { lookAtPayment } from '../../src/flow/follow-payment.ts';
import { HeldSounds } from '../../src/flow/held-sounds.ts';
import type { House } from '../../src/flow/house.ts';
import { jobTasks } from '../../src/flow/house-work.ts';
import { type CallbackRequest, orderCallback } from '../../src/flow/order-callback.ts';
import { StripeCardProcessor } from '../../src/payments/card-processor.ts';
import { startSandboxProcessor } from '../../src/sandbox/processor.ts';
import { lockSessionOfOrder } from '../../src/store/call-sessions.ts';
import { PostgresDatabase } from '../../src/store/database.ts';
import { demoMerchantId, seedDemoMerchant } from '../../src/store/demo-merchant.ts';
import type { JobName } from '../../src/store/jobs.ts';
import { Seal, sha256 } from '../../src/store/seal.ts';
import { registerSwitch, takeLease } from '../../src/store/switches.ts';
import { HandClock } from '../adapters/hand-clock.ts';
import { freshDatabase } from '../database.ts';
import { noMerchantServer, noScripts, noSms, noSpeech } from '../no-merchant-server.ts';

export const merchantId = demoMerchantId;

/** A payment intent at the processor, in cents. */
export interface Intent {
  id: string;
  status: string;
  amount: number;
  amount_received: number;
  metadata: Record<string, string>;
}

export type MoneyStage = Awaited<ReturnType<typeof moneyStage>>;

export async function moneyStage() {
  const database = await freshDatabase();
  const db = new PostgresDatabase({
    url: database.ownerUrl,
    poolMax: 6,
    after: (ms, act) => realClock.after(ms, act),
  });
  const admin = new pg.Client(database.adminUrl);
  await admin.connect();
  const clock = new HandClock();
  // Ahead of the database's own clock, by which a job without a time of its own is due at once.
  clock.turn(400 * 86_400_000);
  const secretKey = 'sk_test_money';
  const sandbox = await startSandboxProcessor({
    port: 0,
    secretKey,
    publishableKey: 'pk_test_money',
    nowMs: () => clock.now().getTime(),
  });
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const house: House = {
    db,
    clock,
    ids: realIds,
    processor: new StripeCardProcessor({ secretKey, apiBase: sandbox.url, clock, log, timeoutMs: 2_000 }),
    switches: new Map(),
    sipDomains: new Set(),
    notifier: { deliver: () => Promise.resolve({ outcome: 'no_answer', reason: 'nobody there' }) },
    merchantServer: noMerchantServer,
    mailer: { configured: false, send: () => Promise.resolve('failed') },
    speech: noSpeech,
    scriptServer: noScripts,
    smsSender: noSms,
    audio: { convert: () => Promise.resolve({ outcome: 'refused', because: 'failed' }) },
    longAudio: { convert: () => Promise.resolve({ outcome: 'refused', because: 'failed' }) },
    heldSounds: new HeldSounds(),
    log,
    metrics: { observe: () => undefined, count: () => undefined, level: () => undefined },
    seal: new Seal(randomBytes(32)),
    proofs: realProofs,
    publicUrl: 'https://ring.example',
  };
  await seedDemoMerchant(db, house.seal, {
    apiKeyHash: sha256('rk_demo_0123456789abcdef0123456789abcdef'),
    linkSecret: 'link-secret',
    pageOrigins: [],
    notices: { url: 'https://shop.example/notices', secret: `whsec_${randomBytes(32).toString('base64')}` },
  });
  await db.asNobody(async (nobody) => {
    await registerSwitch(nobody, 'one');
    await takeLease(nobody, 'one', 'nobody', 86_400);
  });

  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${sandbox.url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(answer.status, `${method} ${path}`).toBeLessThan(300);
    const text = await answer.text();
    return text === '' ? undefined : JSON.parse(text);
  };

  const stage = {
    house,
    clock,
    admin,
    sandboxUrl: sandbox.url,
    control,
    fault: (fault: object) => control('POST', '/api/faults', fault),
    async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
      return (await admin.query<Row>(text, values)).rows;
    },
    async intents(orderId: string): Promise<Intent[]> {
      const { data } = (await control('GET', '/api/payments')) as { data: Intent[] };
      return data.filter((one) => one.metadata['order'] === orderId).reverse();
    },
    /** Ten minutes for 15 euros, 2 euros a minute after that. */
    async order(more: Partial<CallbackRequest> = {}): Promise<string> {
      const answer = await orderCallback(house, merchantId, {
        line: 'demo',
        source: 'api',
        language: 'fr',
        callerNumber: '+33612345678',
        chosenSeconds: 600,
        paymentMethod: 'pm_card_visa',
        moreTime: true,
        ...more,
      });
      if (answer.outcome !== 'ordered') throw new Error(JSON.stringify(answer));
      return answer.orderId;
    },
    async session(orderId: string): Promise<CallSession> {
      const call = await db.asMerchant(merchantId, (tx) => lockSessionOfOrder(tx, orderId));
      if (!call) throw new Error(`no session of ${orderId}`);
      return call.session;
    },
    /** What a switch would have told, written down as run-call does. */
    async on(orderId: string, ...events: ((session: CallSession) => CallEvent)[]): Promise<void> {
      for (const event of events) {
        await db.asMerchant(merchantId, async (tx) => {
          const call = await lockSessionOfOrder(tx, orderId);
          if (!call) throw new Error(`no session of ${orderId}`);
          expect(await writeStep(house, tx, call, advance(call.session, event(call.session)))).toBeDefined();
        });
      }
    },
    /** Both agreed and are joined. */
    async connect(orderId: string): Promise<void> {
      const consultant = (session: CallSession) => session.attempts[0]!.leg;
      await stage.on(
        orderId,
        (session) => ({ type: 'legAnswered', leg: consultant(session) }),
        (session) => ({ type: 'keyGiven', leg: consultant(session), key: '1' }),
        (session) => ({ type: 'legAnswered', leg: session.caller!.leg }),
        (session) => ({ type: 'keyGiven', leg: session.caller!.leg, key: '1' }),
        () => ({ type: 'legsBridged', atUs: stage.nowUs() }),
      );
      expect((await stage.session(orderId)).state).toBe('connected');
    },
    nowUs: (): bigint => BigInt(clock.now().getTime()) * 1000n,
    /** The caller hangs up so many seconds after the bridge. */
    async hangUp(orderId: string, afterSeconds: number): Promise<void> {
      const { bridgedUs = 0n } = await stage.session(orderId);
      const endedAtUs = bridgedUs + BigInt(afterSeconds) * 1_000_000n;
      const aheadMs = Number(endedAtUs / 1000n) - clock.now().getTime();
      if (aheadMs > 0) clock.turn(aheadMs);
      await stage.on(
        orderId,
        (session) => ({ type: 'legEnded', leg: session.caller!.leg, because: 'normal', endedAtUs }),
        (session) => ({ type: 'legEnded', leg: session.attempts[0]!.leg, because: 'normal', endedAtUs }),
      );
      expect((await stage.session(orderId)).state).toBe('ended');
    },
    /** The warning comes, and the caller presses the key that asks for more. */
    async askForMore(orderId: string): Promise<void> {
      await stage.on(
        orderId,
        () => ({ type: 'timerDue', timer: 'warning' }),
        (session) => ({ type: 'keyPressed', leg: session.caller!.leg, key: '5' }),
      );
      expect((await stage.session(orderId)).moreTime?.state).toBe('asked');
    },
    /** Carries out what waits in the queue and is due by the hand's clock; what fails waits on. Answers how many ran. */
    async work(name?: JobName): Promise<number> {
      const due = await stage.sql<{ id: string; name: JobName; payload: never }>(
        `select j.id::text, t.identifier as name, j.payload from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
         where ($1::text is null or t.identifier = $1) and j.run_at <= $2 order by j.id`,
        [name ?? null, clock.now()],
      );
      for (const job of due) {
        await stage.sql('delete from graphile_worker._private_jobs where id = $1', [job.id]);
        await (jobTasks(house)[job.name] as (payload: unknown) => Promise<void>)(job.payload).catch(
          (error: unknown) => {
            stage.failures.push(error instanceof Error ? error.message : 'unknown');
          },
        );
      }
      return due.length;
    },
    failures: [] as string[],
    /** Until nothing is due any more. */
    async workOff(): Promise<void> {
      for (let round = 0; round < 20; round += 1) if ((await stage.work()) === 0) return;
      throw new Error('the queue never ends');
    },
    /** The sweep that looks at payments whose time has come. */
    async look(): Promise<void> {
      for (const due of await db.asNobody((nobody) => duePayments(nobody, clock.now(), 50)))
        await lookAtPayment(house, due.merchantId, due.paymentId);
    },
    async settle(orderId: string): Promise<void> {
      await stage.work('settle_order');
      expect((await stage.session(orderId)).state).toBe('settled');
    },
    async payment(orderId: string) {
      const [row] = await stage.sql<Record<string, string | null>>(
        `select state, outcome_reason as reason, captured::numeric(9,2)::text as captured,
           released::numeric(9,2)::text as released, expired::numeric(9,2)::text as expired,
           written_off::numeric(9,2)::text as "writtenOff", parked_reason as parked
         from payments where order_id = $1`,
        [orderId],
      );
      return row;
    },
    async authorizations(orderId: string) {
      return stage.sql<Record<string, string>>(
        `select a.state, a.amount::numeric(9,2)::text as amount, a.captured::numeric(9,2)::text as captured
         from authorizations a join payments p on p.id = a.payment_id where p.order_id = $1 order by sequence`,
        [orderId],
      );
    },
    async operations(orderId: string): Promise<string[]> {
      const found = await stage.sql<{ what: string }>(
        `select a.sequence || ' ' || op.kind || ' ' || op.state || coalesce(' ' || op.amount::numeric(9,2)::text, '') as what
         from processor_operations op join authorizations a on a.id = op.authorization_id
         join payments p on p.id = a.payment_id where p.order_id = $1 order by op.created_at, a.sequence, op.number`,
        [orderId],
      );
      return found.map((one) => one.what);
    },
    /** What the merchant was told of money, each with its data. */
    async told(orderId: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
      const found = await stage.sql<{ body: string }>(
        `select body from notices where order_id = $1 and type like 'payment.%' order by sequence`,
        [orderId],
      );
      return found.map((one) => JSON.parse(one.body) as never);
    },
    /** Each account's sum over the order. */
    async ledger(orderId: string): Promise<Record<string, string>> {
      const found = await stage.sql<{ account: string; sum: string }>(
        `select e.account, sum(e.amount)::numeric(9,2)::text as sum from ledger_entries e
         join ledger_transactions t on t.id = e.transaction_id where t.order_id = $1 group by 1 order by 1`,
        [orderId],
      );
      return Object.fromEntries(found.map((one) => [one.account, one.sum]));
    },
    async close(): Promise<void> {
      await db.close();
      await admin.end();
      await sandbox.close();
      await database.drop();
    },
  };
  return stage;
}

export const euros = (amount: string) => ({ amount, currency: 'EUR' });
