// The worst day on a real FreeSWITCH: the gateway killed and replaced, the event socket cut, a limit nobody watches, a phone
// that falls silent, the switch itself killed. Each bill is what the switch's own records say, to the millisecond; where it
// left none, no more than is proven.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BundledGateway, bundleGateway } from '../crash/bundled-gateway.ts';
import { caller, claire, eventually } from '../world.ts';
import { type GatewayChild, startGatewayChild } from './gateway-child.ts';
import { isGiven, isSpoolGiven, mayBeKilled } from './given-switch.ts';
import { liveStage } from './live-stage.ts';

describe.skipIf(!isGiven)('the worst day of a paid callback, on a real switch', () => {
  const stage = liveStage();
  const endedBy = async (id: string): Promise<string | undefined> => {
    const { rows } = await stage.world.sql.query<{ by: string }>(
      `select progress ->> 'endedBy' as by from call_sessions where id = $1`,
      [id],
    );
    return rows[0]?.by;
  };

  it('goes on when the gateway is replaced in mid-call, and is settled by the next one', async () => {
    const { id } = await stage.joins();
    const before = stage.world.gateway;
    await stage.world.restartGateway();
    expect(stage.world.gateway).not.toBe(before);
    expect((await stage.world.session(id)).state).toBe('connected');
    await stage.world.does(claire, 'hangup');
    const settled = await stage.world.sessionIs(id, 'settled', 60_000);
    expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
    await stage.agreesWithTheRecords(id, settled);
    await stage.world.phoneIs(caller, 'ended');
  }, 120_000);

  it('is billed by the switch’s records when it ended while the link was broken', async () => {
    const { id } = await stage.joins();
    stage.world.cutLink();
    await stage.world.does(caller, 'hangup');
    const settled = await stage.world.sessionIs(id, 'settled', 90_000);
    expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
    await stage.agreesWithTheRecords(id, settled);
  }, 180_000);

  it('moves its limit by key 5, talks on past the old one, and both holds are settled once', async () => {
    const limitOf = (seconds: number): Promise<unknown> =>
      stage.world.sql.query(`update lines set duration_choices = $1 where slug = 'demo-short'`, [[seconds]]);
    await limitOf(30);
    try {
      const { id, orderId } = await stage.joins({ line: 'demo-short', moreTime: true });
      const told = async (type: string): Promise<number> =>
        (await stage.world.notices(orderId)).filter((one) => one.type === type).length;
      await eventually(async () => expect(await told('call.limit_near')).toBe(1), 40_000);
      const offeredMs = performance.now();
      await stage.presses(caller, '5', async () => expect(await told('call.limit_moved')).toBe(1));
      stage.noteMs('from the offer of more time until it was had by key 5', stage.since(offeredMs));
      // The next warning comes when the old limit is over.
      await eventually(async () => expect(await told('call.limit_near')).toBe(2), 60_000);
      expect((await stage.world.session(id)).state).toBe('connected');
      await stage.world.does(caller, 'hangup');
      const settled = await stage.world.sessionIs(id, 'settled', 60_000);
      expect(settled.outcome).toBe('talked');
      expect(settled.talkTimeSeconds).toBeGreaterThan(30);
      await stage.agreesWithTheRecords(id, settled);
      const holds = (await stage.world.payments()).filter((one) => one.metadata['order'] === orderId);
      expect(holds).toHaveLength(2);
      expect(holds.reduce((sum, one) => sum + one.amount_received, 0)).toBe(
        Math.round(Number(settled.captured.amount) * 100),
      );
    } finally {
      await limitOf(5);
    }
  }, 180_000);

  it('is not billed for the silence of a phone that is gone', async () => {
    const { id } = await stage.joins();
    await stage.live.fallsSilent(caller);
    const startMs = performance.now();
    const settled = await stage.world.sessionIs(id, 'settled', 60_000);
    stage.noteMs('from the last packet of a silent phone until it was settled', stage.since(startMs));
    expect(settled.outcome).toBe('talked');
    expect(await endedBy(id)).toBe('caller');
    const recordedUs = await stage.recordedTalkUs(id);
    expect(settled.talkTimeSeconds).toBe(Math.max(0, Math.floor((recordedUs - 30_000_000) / 1000) / 1000));
  }, 120_000);

  describe.skipIf(!isSpoolGiven)('with a gateway that can be killed', () => {
    let bundle: BundledGateway;
    let child: GatewayChild | undefined;
    beforeAll(async () => {
      bundle = await bundleGateway('live');
    });
    afterAll(() => bundle.remove());

    /** In the world's place, until the world's own takes it again. */
    const startChild = async (): Promise<GatewayChild> => {
      await stage.world.gateway.close();
      child = await startGatewayChild(bundle.path, stage.world.asProcess);
      return child;
    };
    const withChildren = async (act: () => Promise<void>): Promise<void> => {
      try {
        await act();
      } finally {
        await child?.kill();
        await stage.world.restartGateway();
      }
    };

    it(
      'goes on when the gateway is killed in mid-call, and is settled by the next one',
      () =>
        withChildren(async () => {
          const first = await startChild();
          const { id } = await stage.joins();
          await first.kill();
          const startMs = performance.now();
          await startChild();
          stage.noteMs('from the start of the next gateway until it serves', stage.since(startMs));
          expect((await stage.world.session(id)).state).toBe('connected');
          await stage.world.phoneIs(claire, 'answered');
          await stage.world.does(claire, 'hangup');
          const settled = await stage.world.sessionIs(id, 'settled', 90_000);
          expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
          await stage.agreesWithTheRecords(id, settled);
        }),
      180_000,
    );

    it(
      'is cut by the switch at its limit with the gateway dead, and billed exactly the limit later',
      () =>
        withChildren(async () => {
          const first = await startChild();
          const { id } = await stage.joins({ line: 'demo-short' });
          await first.kill();
          await stage.world.phoneIs(claire, 'ended');
          await stage.world.phoneIs(caller, 'ended');
          await startChild();
          const settled = await stage.world.sessionIs(id, 'settled', 120_000);
          stage.noteMs('the switch’s own cut, after the limit', settled.talkTimeSeconds - 5);
          expect(settled).toMatchObject({
            outcome: 'limit_reached',
            billableSeconds: 5,
            captured: { amount: '1.10' },
            released: { amount: '0.00' },
          });
          expect(settled.talkTimeSeconds).toBeGreaterThanOrEqual(5);
          await stage.agreesWithTheRecords(id, settled);
        }),
      240_000,
    );
  });

  it.skipIf(!mayBeKilled)(
    'is billed no further than is proven when the switch itself dies in mid-call',
    async () => {
      const { id } = await stage.joins();
      const connectedMs = performance.now();
      await stage.live.crash();
      const talkedAtMost = stage.since(connectedMs) + 1;
      const settled = await stage.world.sessionIs(id, 'settled', 150_000);
      stage.note('billed of a talk whose switch died', `${settled.talkTimeSeconds.toFixed(3)} s`);
      expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
      expect(await endedBy(id)).toBe('switch');
      expect(settled.talkTimeSeconds).toBeLessThanOrEqual(talkedAtMost);
      // It serves again, on the switch as it came back.
      await stage.live.hangUpAll();
      const again = await stage.joins();
      await stage.world.does(caller, 'hangup');
      await stage.agreesWithTheRecords(again.id, await stage.world.sessionIs(again.id, 'settled', 60_000));
    },
    300_000,
  );
});
