// The simulated merchant hears every word, whatever it answers; people do what was decided for them, or for their seed.
import { describe, expect, test } from 'vitest';
import type { Delivered } from '../../src/flow/ports.ts';
import { type FaultPlan, GatewayProcess, Kernel, noFaults } from './kernel.ts';
import { SimMerchant } from './sim-merchant.ts';
import { SimPeople, willing } from './sim-people.ts';

function stage(plan: Partial<FaultPlan> = {}) {
  const kernel = new Kernel(1, { ...noFaults, ...plan });
  const merchant = new SimMerchant(kernel);
  const port = merchant.portOf(new GatewayProcess(kernel, 'gw1', 1));
  const deliver = async (id: string, body: string): Promise<Delivered> => {
    let answer: Delivered | undefined;
    const at = new Date(kernel.nowMs);
    void port.deliver({ url: 'https://m.example', secret: 's', id, body, at }).then((one) => (answer = one));
    await kernel.run(() => answer !== undefined, 60_000);
    if (!answer) throw new Error('no answer');
    return answer;
  };
  return { kernel, merchant, deliver };
}

describe('the merchant', () => {
  test('remembers what it heard and when', async () => {
    const { merchant, deliver } = stage();
    expect(await deliver('ntc_1', '{}')).toEqual({ outcome: 'delivered', status: 200 });
    await deliver('ntc_1', '{}');
    expect(merchant.heard()).toMatchObject([
      { id: 'ntc_1', body: '{}', otherBodies: [], acknowledged: true },
    ]);
    expect(merchant.heard()[0]?.times).toHaveLength(2);
  });

  test('a body that changed under its id is seen', async () => {
    const { merchant, deliver } = stage();
    await deliver('ntc_1', '{"a":1}');
    await deliver('ntc_1', '{"a":2}');
    expect(merchant.heard()[0]?.otherBodies).toEqual(['{"a":2}']);
  });

  test('down, nothing arrives; it comes back', async () => {
    const { merchant, deliver, kernel } = stage();
    merchant.goDown(5_000);
    expect(await deliver('ntc_1', '{}')).toMatchObject({ outcome: 'no_answer' });
    expect(merchant.heard()).toEqual([]);
    await kernel.run(() => false, 6_000);
    expect(await deliver('ntc_1', '{}')).toMatchObject({ outcome: 'delivered' });
  });

  test('heard, but its answer was lost', async () => {
    const { merchant, deliver } = stage({ acts: [{ act: 'notice', nth: 1, fault: 'lose_answer' }] });
    expect(await deliver('ntc_1', '{}')).toMatchObject({ outcome: 'no_answer' });
    expect(merchant.heard()).toHaveLength(1);
  });

  test('gone, and bad answers', async () => {
    const { merchant, deliver } = stage();
    merchant.gone(60_000);
    expect(await deliver('ntc_1', '{}')).toEqual({ outcome: 'gone', status: 410 });
    const bad = stage({ chances: { merchant_refuses: 1 } });
    const answers = [];
    for (let tries = 0; tries < 20; tries += 1) answers.push((await bad.deliver('ntc_1', '{}')).outcome);
    expect(new Set(answers)).toEqual(new Set(['no_answer', 'refused']));
  });
});

describe('people', () => {
  const settings = { talkLimitSeconds: 30, ringSeconds: 8 };

  test('do what was decided, call by call, the last again', () => {
    const people = new SimPeople(new Kernel(1, noFaults), settings);
    people.add('+331', 'caller', [willing(undefined, { rung: 'busy' }), willing(1_000)]);
    expect(
      [people.takes('+331'), people.takes('+331'), people.takes('+331')].map(({ rung }) => rung),
    ).toEqual(['busy', 'answers', 'answers']);
    expect(people.rungTimes('+331')).toBe(3);
    expect(people.takes('+339').rung).toBe('unreachable');
  });

  test('each has a chance of his own: another one beside him changes nothing', () => {
    const alone = new SimPeople(new Kernel(5, noFaults), settings);
    alone.add('+331', 'caller');
    const beside = new SimPeople(new Kernel(5, noFaults), settings);
    beside.add('+332', 'consultant');
    beside.add('+331', 'caller');
    beside.takes('+332');
    expect(beside.takes('+331')).toEqual(alone.takes('+331'));
  });

  test('every way of taking a call comes up', () => {
    const people = new SimPeople(new Kernel(1, noFaults), settings);
    people.add('+331', 'caller');
    const taken = Array.from({ length: 400 }, () => people.takes('+331'));
    expect(new Set(taken.map(({ rung }) => rung)).size).toBe(6);
    expect(new Set(taken.map(({ hangsUp }) => hangsUp?.at)).size).toBe(7);
    expect(new Set(taken.flatMap(({ answers }) => answers.map(({ key }) => key))).size).toBeGreaterThan(5);
    // At the very instant the limit falls due.
    expect(taken.some(({ hangsUp }) => hangsUp?.at === 'joined' && hangsUp.afterMs === 30_000)).toBe(true);
  });
});
