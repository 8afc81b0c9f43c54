// A house on the real switch for one test file, and what its people do there. Figures are printed at the end, none asserted.

import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { House } from '../../src/flow/house.ts';
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
import { givenSwitch, type LiveSwitch } from './given-switch.ts';

export const offer = { consultant: /Appel payant pour/, caller: /Pour accepter et commencer/ };
export const farewell = { limit: /La durée prévue est écoulée/, left: /Votre correspondant a raccroché/ };

type Made = { id: string; orderId: string };

export interface LiveStage {
  readonly world: TestWorld;
  readonly live: LiveSwitch;
  note(what: string, figure: string): void;
  noteMs(what: string, seconds: number): void;
  since(startMs: number): number;
  /** A whole sentence, from its first word to its last. */
  hears(number: string, words: RegExp): Promise<{ text: string; beganAt: number }>;
  ordered(body?: object): Promise<Made>;
  /** Rings, is answered, hears the offer to its end and accepts it. */
  accepts(number: string, words: RegExp): Promise<void>;
  connect(body?: object, consultant?: string): Promise<Made>;
  /** The same without listening: each presses 1 until it has been taken. For what a busy machine may garble. */
  joins(body?: object): Promise<Made>;
  /** Presses the key until this holds. */
  presses(number: string, key: string, taken: () => Promise<void>): Promise<void>;
  /**
   * What the switch's own records say of the talk, in microseconds; waits for both. `after`: the caller went on behind it, in an
   * application of ours, and of a leg that was transferred into one its record says that it was never bridged (its `callflow` still
   * has when); the consultant's record says it.
   */
  recordedTalkUs(id: string, after?: 'farewell' | 'scenario'): Promise<number>;
  /** The bill is what the switch's own records say, to the millisecond. */
  agreesWithTheRecords(id: string, settled: SessionView, after?: 'farewell' | 'scenario'): Promise<void>;
}

/** Registers the hooks of the file; what it answers may be used from the first test on. `own`: what this house does otherwise. */
export function liveStage(own: () => Promise<Partial<House>> = () => Promise.resolve({})): LiveStage {
  let world: TestWorld;
  let live: LiveSwitch;
  const ordersMade: { id: string }[] = [];
  const figures = new Map<string, string[]>();

  beforeAll(async () => {
    live = await givenSwitch();
    world = await startWorld({ switchAt: live, overrides: await own() });
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

  /** As people do who are not sure that it was heard. */
  async function presses(number: string, key: string, taken: () => Promise<void>): Promise<void> {
    await vi.waitFor(
      async () => {
        await world.does(number, 'keys', { digits: key });
        await vi.waitFor(taken, { timeout: 1_500, interval: 50 });
      },
      { timeout: 40_000, interval: 50 },
    );
  }

  async function joins(body: object = {}): Promise<{ id: string; orderId: string }> {
    const made = await ordered(body);
    await world.phoneIs(claire, 'ringing');
    await world.does(claire, 'answer');
    await presses(claire, '1', async () => {
      expect((await world.session(made.id)).events.map((one) => one.name)).toContain('consultant_accepted');
    });
    await world.phoneIs(caller, 'ringing');
    await world.does(caller, 'answer');
    await presses(caller, '1', async () => {
      expect((await world.session(made.id)).events.map((one) => one.name)).toContain('caller_consented');
    });
    await world.sessionIs(made.id, 'connected');
    return made;
  }

  const recordedTalkUs = (id: string, after: 'farewell' | 'scenario' = 'farewell'): Promise<number> =>
    eventually(async () => {
      const { rows } = await world.sql.query<{ n: number; us: string }>(
        `select count(cdr)::int as n, (min((cdr #>> '{variables,end_uepoch}')::bigint)
           - max((cdr #>> '{variables,bridge_uepoch}')::bigint))::text as us
         from legs where call_session_id = $1 and cdr #>> '{variables,bridge_uepoch}' <> '0'`,
        [id],
      );
      expect(rows[0]?.n, 'records with a bridge').toBe(after === 'scenario' ? 1 : 2);
      return Number(rows[0]!.us);
    });

  async function agreesWithTheRecords(
    id: string,
    settled: SessionView,
    after: 'farewell' | 'scenario' = 'farewell',
  ): Promise<void> {
    const recordedUs = await recordedTalkUs(id, after);
    note('talk time', `${settled.talkTimeSeconds.toFixed(3)} s`);
    note('the same by the switch’s records', `${(recordedUs / 1e6).toFixed(6)} s`);
    expect(settled.talkTimeSeconds).toBe(Math.floor(recordedUs / 1000) / 1000);
  }

  return {
    get world() {
      return world;
    },
    get live() {
      return live;
    },
    note,
    noteMs,
    since,
    hears,
    ordered,
    accepts,
    connect,
    joins,
    presses,
    recordedTalkUs,
    agreesWithTheRecords,
  };
}
