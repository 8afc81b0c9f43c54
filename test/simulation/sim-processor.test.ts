// The simulated processor keeps Stripe's rules, and is as unhelpful as it is asked to be.
import { beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../src/core/money.ts';
import type { AuthorizationRequest, CardProcessor, ProcessorHint } from '../../src/flow/ports.ts';
import { type FaultPlan, GatewayProcess, Kernel, noFaults } from './kernel.ts';
import { SimProcessor } from './sim-processor.ts';

let kernel: Kernel;
let world: SimProcessor;
let port: CardProcessor;
let hints: ProcessorHint[];
let made = 0;

function stage(plan: Partial<FaultPlan> = {}, takes: () => boolean = () => true): void {
  kernel = new Kernel(1, { ...noFaults, ...plan });
  hints = [];
  world = new SimProcessor(kernel, {
    onHint: (hint) => {
      hints.push(hint);
      return takes();
    },
    offSessionDeclines: 0,
  });
  port = world.portOf(new GatewayProcess(kernel, 'gw1', 1));
}
beforeEach(() => stage());

async function answered<T>(answer: Promise<T>): Promise<T> {
  let settled: { value: T } | undefined;
  void answer.then((value) => (settled = { value }));
  await kernel.run(() => settled !== undefined, 60_000);
  if (!settled) throw new Error('no answer');
  return settled.value;
}

const eur = (amount: string) => money(amount, 'EUR');
const passes = (ms: number): Promise<boolean> => kernel.run(() => false, ms);

function request(more: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  made += 1;
  return {
    key: `op_${String(made)}`,
    amount: eur('25.00'),
    returnUrl: 'https://pay.example/orders/return',
    description: 'a call',
    metadata: { authorization: `aut_${String(made)}` },
    ...more,
  };
}

const byCard = (more: Partial<AuthorizationRequest> = {}) =>
  request({ paymentMethod: world.paymentMethod('good'), ...more });

async function held(asked = byCard()): Promise<string> {
  const answer = await answered(port.authorize(asked));
  if (answer.outcome !== 'intent') throw new Error(JSON.stringify(answer));
  return answer.intentId;
}

describe('one answer a key', () => {
  test('the same request is answered as it was then, and holds once', async () => {
    const asked = byCard();
    const first = await answered(port.authorize(asked));
    expect(await answered(port.authorize(asked))).toEqual(first);
    expect(world.intents()).toHaveLength(1);
    expect(world.writes().map(({ became }) => became)).toEqual(['done', 'again']);
  });

  test('another body under it is refused, and both are seen', async () => {
    const asked = byCard();
    await answered(port.authorize(asked));
    expect(await answered(port.authorize({ ...asked, amount: eur('26.00') }))).toEqual({
      outcome: 'refused',
      reason: 'idempotency_error',
    });
    expect(new Set(world.writes().map(({ bodyHash }) => bodyHash)).size).toBe(2);
  });

  test('the stored answer is old: what has happened since is not in it', async () => {
    const asked = request();
    const first = await answered(port.authorize(asked));
    if (first.outcome !== 'intent' || first.intent.state !== 'needs_card') throw new Error('no card wanted');
    expect(await answered(world.confirm(first.intent.clientSecret, 'good'))).toBe('authorized');
    expect(await answered(port.authorize(asked))).toEqual(first);
    expect(await answered(port.look({ intentId: first.intentId }))).toMatchObject({
      intent: { state: 'authorized' },
    });
  });

  test.each([
    [
      'pruned',
      () => {
        world.pruneKeys();
        return Promise.resolve(true);
      },
    ],
    ['after 24 hours', () => passes(24 * 3_600_000 + 1)],
  ])('%s the same key holds again', async (_when, forget) => {
    const asked = request();
    await answered(port.authorize(asked));
    await forget();
    await answered(port.authorize(asked));
    expect(world.intents()).toHaveLength(2);
  });
});

describe('a 500 that is kept', () => {
  test('although it was carried out: unknown, then found by its key', async () => {
    world.saved500('authorize', { done: true });
    const asked = byCard();
    expect(await answered(port.authorize(asked))).toEqual({ outcome: 'unknown' });
    await passes(60_000);
    expect(await answered(port.authorize(asked))).toMatchObject({
      outcome: 'intent',
      intent: { state: 'authorized' },
    });
    expect(world.intents()).toHaveLength(1);
  });

  test('nothing was done: the key never gives anything else', async () => {
    world.saved500('any');
    const asked = byCard();
    for (let tries = 0; tries < 3; tries += 1) {
      expect(await answered(port.authorize(asked))).toMatchObject({ outcome: 'unknown' });
      await passes(60_000);
    }
    expect(world.intents()).toEqual([]);
    expect(
      await answered(port.find({ authorizationId: 'aut_none', createdAt: new Date(kernel.nowMs) })),
    ).toEqual({ outcome: 'none' });
  });

  test('a capture that was carried out is learned by looking', async () => {
    const intentId = await held();
    world.saved500('capture', { done: true });
    const capture = { intentId, key: 'op_capture', amount: eur('10.00') };
    expect(await answered(port.capture(capture))).toEqual({ outcome: 'unknown' });
    expect(await answered(port.capture(capture))).toMatchObject({ outcome: 'captured' });
  });
});

describe('holds', () => {
  test('a capture is final: the rest is released, a second one takes nothing', async () => {
    const intentId = await held();
    const first = await answered(port.capture({ intentId, key: 'op_c1', amount: eur('12.34') }));
    expect(first.outcome === 'captured' && first.amount.amount.toFixed()).toBe('12.34');
    expect(await answered(port.capture({ intentId, key: 'op_c2', amount: eur('20.00') }))).toEqual(first);
    const [intent] = world.intents();
    expect(intent?.released.amount.toFixed()).toBe('12.66');
    expect(world.held()).toEqual([]);
  });

  test('more than is held, and less than the minimum, is refused', async () => {
    const intentId = await held();
    expect(await answered(port.capture({ intentId, key: 'op_c1', amount: eur('25.01') }))).toMatchObject({
      outcome: 'refused',
    });
    expect(await answered(port.capture({ intentId, key: 'op_c2', amount: eur('0.49') }))).toMatchObject({
      outcome: 'refused',
    });
    expect(world.held()).toEqual([intentId]);
  });

  test('void is void, twice too; and what was captured says so', async () => {
    const intentId = await held();
    expect(await answered(port.void({ intentId, key: 'op_v1' }))).toEqual({ outcome: 'voided' });
    expect(await answered(port.void({ intentId, key: 'op_v2' }))).toEqual({ outcome: 'voided' });
    expect(await answered(port.capture({ intentId, key: 'op_c', amount: eur('5.00') }))).toEqual({
      outcome: 'nothing_held',
    });
  });

  test('a hold expires by itself, and is told', async () => {
    world.holdsLast(60_000);
    const intentId = await held();
    await passes(90_000);
    expect(world.intents()[0]?.expired.amount.toFixed()).toBe('25');
    expect(hints.map(({ type }) => type)).toContain('payment_intent.canceled');
    expect(await answered(port.capture({ intentId, key: 'op_c', amount: eur('5.00') }))).toEqual({
      outcome: 'nothing_held',
    });
  });

  test('what was captured is refunded once a key, and never past it', async () => {
    const intentId = await held();
    await answered(port.capture({ intentId, key: 'op_c', amount: eur('10.00') }));
    const refund = { intentId, key: 'op_r', amount: eur('4.00') };
    const first = await answered(port.refund(refund));
    expect(first).toMatchObject({ outcome: 'refunded' });
    expect(await answered(port.refund(refund))).toEqual(first);
    expect(await answered(port.refund({ ...refund, key: 'op_r2', amount: eur('6.01') }))).toMatchObject({
      outcome: 'refused',
    });
  });
});

describe('cards', () => {
  test.each([
    ['declined', 'declined'],
    ['authentication_abandoned', 'asked_by_bank'],
  ] as const)('%s on the page', async (card, seen) => {
    const answer = await answered(port.authorize(request()));
    if (answer.outcome !== 'intent' || answer.intent.state !== 'needs_card')
      throw new Error('no card wanted');
    expect(await answered(world.confirm(answer.intent.clientSecret, card))).toBe(seen);
    await passes(600_000);
    expect(world.held()).toEqual([]);
  });

  test('declined at once', async () => {
    world.declineNext('expired_card');
    expect(await answered(port.authorize(byCard()))).toMatchObject({
      outcome: 'declined',
      reason: 'expired_card',
    });
  });

  test('a bare payment method pays once, a kept one pays for more', async () => {
    const paymentMethod = world.paymentMethod('good');
    await held(request({ paymentMethod }));
    expect(await answered(port.authorize(request({ paymentMethod })))).toMatchObject({ outcome: 'refused' });
    const kept = world.paymentMethod('good');
    const first = await answered(port.authorize(request({ paymentMethod: kept, keepForMore: true })));
    const card =
      first.outcome === 'intent' && first.intent.state === 'authorized' ? first.intent.card : undefined;
    expect(card?.customer).toMatch(/^cus_/);
    const offSession = { customer: card?.customer ?? '' };
    expect(await answered(port.authorize(request({ paymentMethod: kept, offSession })))).toMatchObject({
      outcome: 'intent',
      intent: { state: 'authorized' },
    });
  });
});

describe('silence and hints', () => {
  test('silent, it answers nothing within the deadline; some of it is carried out all the same', async () => {
    world.fallSilent(600_000);
    for (let tries = 0; tries < 12; tries += 1) {
      expect(await answered(port.authorize(byCard()))).toEqual({ outcome: 'unknown' });
    }
    const became = world.writes().map((write) => write.became);
    expect(new Set(became)).toEqual(new Set(['silence', 'done']));
    expect(world.intents()).toHaveLength(became.filter((one) => one === 'done').length);
  });

  test('an answer lost on its way: the hold is there, and the key brings it', async () => {
    stage({ acts: [{ act: 'processor', nth: 1, fault: 'lose_answer' }] });
    const asked = byCard();
    expect(await answered(port.authorize(asked))).toEqual({ outcome: 'unknown' });
    expect(world.held()).toHaveLength(1);
    expect(await answered(port.authorize(asked))).toMatchObject({ outcome: 'intent' });
    expect(world.held()).toHaveLength(1);
  });

  test('hints are lost', async () => {
    stage({ chances: { hint_lost: 1 } });
    await held();
    await passes(60_000);
    expect(hints).toEqual([]);
  });

  test('hints are doubled, and sent again while nobody takes them', async () => {
    stage({ chances: { hint_doubled: 1 } });
    await held();
    await passes(100_000);
    const authorized = hints.filter(({ type }) => type.endsWith('amount_capturable_updated'));
    expect(authorized).toHaveLength(2);
    stage({}, () => false);
    await held();
    await passes(30_000);
    expect(hints.length).toBeGreaterThan(3);
  });

  test('a write the run does not allow ends the run', async () => {
    const other = new SimProcessor(kernel, {
      onHint: () => true,
      onWrite: () => {
        throw new Error('under a key nobody stored');
      },
    });
    port = other.portOf(new GatewayProcess(kernel, 'gw1', 1));
    await expect(answered(port.authorize(request()))).rejects.toThrow('nobody stored');
  });
});
