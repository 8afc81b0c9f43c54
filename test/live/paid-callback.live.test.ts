// The paid callback on a real FreeSWITCH: real SIP legs, real voices, real keys, and the switch's own records to compare
// with. What people hear is looked for in what their telephones recorded. Figures are printed at the end, none asserted.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  caller,
  claire,
  eventually,
  hugo,
  ines,
  type SessionView,
  startWorld,
  type TestWorld,
} from '../world.ts';
import { givenSwitch, isGiven, type LiveSwitch } from './given-switch.ts';

const offer = { consultant: /Appel payant pour/, caller: /Pour accepter et commencer/ };
const farewell = { limit: /La durée prévue est écoulée/, left: /Votre correspondant a raccroché/ };

describe.skipIf(!isGiven)('the paid callback on a real switch', () => {
  let world: TestWorld;
  let live: LiveSwitch;
  const ordersMade: { id: string }[] = [];
  const figures = new Map<string, string[]>();

  beforeAll(async () => {
    live = await givenSwitch();
    world = await startWorld({ switchAt: live });
    await world.sql.query(`update lines set duration_choices = '{5}' where slug = 'demo-short'`);
  });
  afterAll(async () => {
    await world.close();
    for (const [what, seen] of figures) console.log(`${what.padEnd(54)} ${seen.join(', ')}`);
  });
  beforeEach(async () => {
    for (const number of [caller, claire, hugo, ines]) await world.behaves(number, { behaviour: 'manual' });
  });
  afterEach(async () => {
    await world.balanced();
    // What a failed test left must not be in the way of the next.
    for (const { id } of ordersMade.splice(0)) await world.api('POST', `/v1/call-sessions/${id}/hangup`);
    await eventually(async () => {
      const claimed = await world.sql.query('select id from consultants where claimed_by is not null');
      expect(claimed.rows).toEqual([]);
    });
  });

  const note = (what: string, figure: string): void => {
    figures.set(what, [...(figures.get(what) ?? []), figure]);
  };
  const noteMs = (what: string, seconds: number): void => note(what, `${(seconds * 1000).toFixed(0)} ms`);
  const since = (startMs: number): number => (performance.now() - startMs) / 1000;

  /** A whole sentence, from its first word to its last. */
  const hears = (number: string, words: RegExp) =>
    vi.waitFor(
      async () => {
        const [heard] = await live.heard(number, words);
        expect(heard, `${number} is to hear ${String(words)}`).toBeDefined();
        return heard!;
      },
      // Looking takes some 20 ms of the processor the gateway runs on.
      { timeout: 30_000, interval: 250 },
    );

  async function ordered(body: object = {}): Promise<{ id: string; orderId: string }> {
    const answer = await world.api('POST', '/v1/callbacks', {
      line: 'demo',
      callerNumber: caller,
      paymentMethod: 'pm_card_visa',
      ...body,
    });
    expect(answer, JSON.stringify(answer.json)).toMatchObject({ status: 201 });
    ordersMade.push(answer.json);
    return answer.json;
  }

  /** Rings, is answered, hears the offer to its end and accepts it. */
  async function accepts(number: string, words: RegExp): Promise<void> {
    const phone = await world.phoneIs(number, 'ringing');
    expect(phone.callerId).toBe('+33199000100');
    await world.does(number, 'answer');
    const { beganAt } = await hears(number, words);
    noteMs('from a telephone’s answer to the first word it hears', beganAt);
    await world.does(number, 'keys', { digits: '1' });
  }

  async function connect(body: object = {}, consultant = claire): Promise<{ id: string; orderId: string }> {
    const startMs = performance.now();
    const made = await ordered(body);
    const orderedMs = performance.now();
    await world.phoneIs(consultant, 'ringing');
    noteMs('from the order to its answer', (orderedMs - startMs) / 1000);
    noteMs('from the answer to the order until a telephone rings', since(orderedMs));
    await accepts(consultant, offer.consultant);
    await accepts(caller, offer.caller);
    await world.sessionIs(made.id, 'connected');
    return made;
  }

  /** What the switch's own records say of the talk, in microseconds; waits for both. */
  const recordedTalkUs = (id: string): Promise<number> =>
    eventually(async () => {
      const { rows } = await world.sql.query<{ n: number; us: string }>(
        `select count(cdr)::int as n, (min((cdr #>> '{variables,end_uepoch}')::bigint)
           - max((cdr #>> '{variables,bridge_uepoch}')::bigint))::text as us
         from legs where call_session_id = $1 and cdr #>> '{variables,bridge_uepoch}' <> '0'`,
        [id],
      );
      expect(rows[0]?.n, 'records of the two legs').toBe(2);
      return Number(rows[0]!.us);
    });

  async function agreesWithTheRecords(id: string, settled: SessionView): Promise<void> {
    const recordedUs = await recordedTalkUs(id);
    note('talk time', `${settled.talkTimeSeconds.toFixed(3)} s`);
    note('the same by the switch’s records', `${(recordedUs / 1e6).toFixed(6)} s`);
    expect(settled.talkTimeSeconds).toBe(Math.floor(recordedUs / 1000) / 1000);
  }

  it('rings both, they talk, and what was talked is captured', async () => {
    const { id, orderId } = await connect();
    // Each hears the other: a sentence of the house is the other's voice.
    await live.says(claire, 'fr/apology.wav');
    await hears(caller, /un problème technique/);
    await live.says(caller, 'en/apology.wav');
    await hears(claire, /a technical problem/);
    await world.does(caller, 'hangup');
    const startMs = performance.now();
    const settled = await world.sessionIs(id, 'settled');
    noteMs('from the caller’s hang-up to the capture', since(startMs));
    expect(settled).toMatchObject({
      outcome: 'talked',
      authorized: { amount: '25.00', currency: 'EUR' },
      captured: { amount: '15.00', currency: 'EUR' },
      released: { amount: '10.00', currency: 'EUR' },
    });
    await agreesWithTheRecords(id, settled);
    const notices = await world.heard(orderId, [
      'payment.authorized',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.ended',
      'payment.captured',
      'payment.released',
    ]);
    expect(notices.every((one) => one.verified)).toBe(true);
    const intent = (await world.payments()).find((one) => one.metadata['order'] === orderId);
    expect(intent).toMatchObject({ status: 'succeeded', amount: 2500, amount_received: 1500 });
    await world.phoneIs(claire, 'ended');
  }, 120_000);

  it('is cut at its limit, billed exactly the limit, and the caller hears why', async () => {
    const { id, orderId } = await connect({ line: 'demo-short' });
    await world.phoneIs(claire, 'ended');
    const settled = await world.sessionIs(id, 'settled');
    noteMs('the cut, after the limit', settled.talkTimeSeconds - 5);
    expect(settled).toMatchObject({
      outcome: 'limit_reached',
      billableSeconds: 5,
      captured: { amount: '1.10' },
      released: { amount: '0.00' },
    });
    expect(settled.talkTimeSeconds).toBeGreaterThanOrEqual(5);
    await world.phoneIs(caller, 'ended');
    const [said] = await live.heard(caller, farewell.limit);
    expect(said, 'the farewell').toBeDefined();
    const [warning] = await live.heard(caller, /Il vous reste/);
    expect(warning, 'the warning').toBeDefined();
    await agreesWithTheRecords(id, settled);
    await world.heard(orderId, [
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
    await world.behaves(claire, { behaviour: 'busy' });
    const { id } = await connect({}, hugo);
    await world.does(hugo, 'hangup');
    const settled = await world.sessionIs(id, 'settled');
    expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
    expect(settled.events.map((event) => event.name)).toContain('consultant_missed');
    await agreesWithTheRecords(id, settled);
    await world.phoneIs(caller, 'ended');
    expect(await live.heard(caller, farewell.left)).toHaveLength(1);
  }, 120_000);

  it('releases everything when the caller presses nothing', async () => {
    const { id, orderId } = await ordered();
    await accepts(claire, offer.consultant);
    await world.phoneIs(caller, 'ringing');
    await world.does(caller, 'answer');
    await hears(caller, offer.caller);
    await hears(caller, /Pour commencer l'entretien, appuyez sur 1/);
    const settled = await world.sessionIs(id, 'settled', 30_000);
    expect(settled).toMatchObject({
      // As a voicemail would: nobody refused, nobody was there.
      outcome: 'caller_unreachable',
      captured: { amount: '0.00' },
      released: { amount: '25.00' },
      talkTimeSeconds: 0,
    });
    await world.phoneIs(claire, 'ended');
    await world.phoneIs(caller, 'ended');
    expect(await live.heard(claire, /n'a pas pris l'appel/)).toHaveLength(1);
    const intent = (await world.payments()).find((one) => one.metadata['order'] === orderId);
    expect(intent).toMatchObject({ status: 'canceled' });
  }, 120_000);

  it('goes on when the gateway is replaced in mid-call, and is settled by the next one', async () => {
    const { id } = await connect();
    const before = world.gateway;
    await world.restartGateway();
    expect(world.gateway).not.toBe(before);
    expect((await world.session(id)).state).toBe('connected');
    await live.says(claire, 'fr/apology.wav');
    await hears(caller, /un problème technique/);
    await world.does(claire, 'hangup');
    const settled = await world.sessionIs(id, 'settled');
    expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
    await agreesWithTheRecords(id, settled);
    await world.phoneIs(caller, 'ended');
    expect(await live.heard(caller, farewell.left)).toHaveLength(1);
  }, 120_000);

  it('is billed by the switch’s records when it ended while the link was broken', async () => {
    const { id } = await connect();
    world.cutLink();
    await world.does(caller, 'hangup');
    const settled = await world.sessionIs(id, 'settled', 90_000);
    expect(settled).toMatchObject({ outcome: 'talked', captured: { amount: '15.00' } });
    await agreesWithTheRecords(id, settled);
  }, 180_000);
});
