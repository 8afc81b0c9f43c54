// The paid callback on a real FreeSWITCH: real SIP legs, real voices, real keys, and the switch's own records to compare
// with. What people hear is looked for in what their telephones recorded.

import { describe, expect, it } from 'vitest';
import { caller, claire, hugo } from '../world.ts';
import { isGiven } from './given-switch.ts';
import { farewell, liveStage, offer } from './live-stage.ts';

describe.skipIf(!isGiven)('the paid callback on a real switch', () => {
  const stage = liveStage();

  it('rings both, they talk, and what was talked is captured', async () => {
    const { id, orderId } = await stage.connect();
    // Each hears the other: a sentence of the house is the other's voice.
    await stage.live.says(claire, 'fr/apology.wav');
    await stage.hears(caller, /un problème technique/);
    await stage.live.says(caller, 'en/apology.wav');
    await stage.hears(claire, /a technical problem/);
    await stage.world.does(caller, 'hangup');
    const startMs = performance.now();
    const settled = await stage.world.sessionIs(id, 'settled');
    stage.noteMs('from the caller’s hang-up to the capture', stage.since(startMs));
    expect(settled).toMatchObject({
      outcome: 'talked',
      authorized: { amount: '25.00', currency: 'EUR' },
      captured: { amount: '15.00', currency: 'EUR' },
      released: { amount: '10.00', currency: 'EUR' },
    });
    await stage.agreesWithTheRecords(id, settled);
    const notices = await stage.world.heard(orderId, [
      'payment.authorized',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.ended',
      'payment.captured',
      'payment.released',
    ]);
    expect(notices.every((one) => one.verified)).toBe(true);
    const intent = (await stage.world.payments()).find((one) => one.metadata['order'] === orderId);
    expect(intent).toMatchObject({ status: 'succeeded', amount: 2500, amount_received: 1500 });
    await stage.world.phoneIs(claire, 'ended');
  }, 120_000);

  it('is cut at its limit, billed exactly the limit, and the caller hears why', async () => {
    const { id, orderId } = await stage.connect({ line: 'demo-short' });
    await stage.world.phoneIs(claire, 'ended');
    const settled = await stage.world.sessionIs(id, 'settled');
    stage.noteMs('the cut, after the limit', settled.talkTimeSeconds - 5);
    expect(settled).toMatchObject({
      outcome: 'limit_reached',
      billableSeconds: 5,
      captured: { amount: '1.10' },
      released: { amount: '0.00' },
    });
    expect(settled.talkTimeSeconds).toBeGreaterThanOrEqual(5);
    await stage.world.phoneIs(caller, 'ended');
    const [said] = await stage.live.heard(caller, farewell.limit);
    expect(said, 'the farewell').toBeDefined();
    const [warning] = await stage.live.heard(caller, /Il vous reste/);
    expect(warning, 'the warning').toBeDefined();
    await stage.agreesWithTheRecords(id, settled);
    await stage.world.heard(orderId, [
      'payment.authorized',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.limit_near',
      'call.ended',
      'payment.captured',
    ]);
  }, 120_000);

  it('rings the next consultant when one is busy, and ends for both when she hangs up', async () => {
    await stage.world.behaves(claire, { behaviour: 'busy' });
    const { id } = await stage.connect({}, hugo);
    await stage.world.does(hugo, 'hangup');
    const settled = await stage.world.sessionIs(id, 'settled');
    expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
    expect(settled.events.map((event) => event.name)).toContain('consultant_missed');
    await stage.agreesWithTheRecords(id, settled);
    await stage.world.phoneIs(caller, 'ended');
    expect(await stage.live.heard(caller, farewell.left)).toHaveLength(1);
  }, 120_000);

  it('releases everything when the caller presses nothing', async () => {
    const { id, orderId } = await stage.ordered();
    await stage.accepts(claire, offer.consultant);
    await stage.world.phoneIs(caller, 'ringing');
    await stage.world.does(caller, 'answer');
    await stage.hears(caller, offer.caller);
    await stage.hears(caller, /Pour commencer l'entretien, appuyez sur 1/);
    const settled = await stage.world.sessionIs(id, 'settled', 30_000);
    expect(settled).toMatchObject({
      // As a voicemail would: nobody refused, nobody was there.
      outcome: 'caller_unreachable',
      captured: { amount: '0.00' },
      released: { amount: '25.00' },
      talkTimeSeconds: 0,
    });
    await stage.world.phoneIs(claire, 'ended');
    await stage.world.phoneIs(caller, 'ended');
    expect(await stage.live.heard(claire, /n'a pas pris l'appel/)).toHaveLength(1);
    const intent = (await stage.world.payments()).find((one) => one.metadata['order'] === orderId);
    expect(intent).toMatchObject({ status: 'canceled' });
  }, 120_000);
});
