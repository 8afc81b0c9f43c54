// Callers the merchant knows, on a house whose gateway is a process of its own: it may be killed, and all it says is kept
// and read. The merchant's server is the sandbox's, asked over HTTP in both of its languages; its books are written here.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import type { KeptReport, SeenRequest } from '../../src/sandbox/merchant-server.ts';
import { type BundledGateway, bundleGateway } from '../crash/bundled-gateway.ts';
import { sendJson } from '../telephones.ts';
import { caller, claire, eventually } from '../world.ts';
import { type GatewayChild, startGatewayChild } from './gateway-child.ts';
import { type LiveStage, liveStage } from './live-stage.ts';

/** The demo merchant's numbers for callers he knows. */
export const restDdi = '+33199000201';
export const soapDdi = '+33199000202';
export const words = {
  code: /Composez votre code client/,
  codeAgain: /pas reconnu ce code/,
  pin: /Composez votre code personnel/,
  greeting: /Bienvenue chez .* au maximum/,
  offer: /Appel pour/,
};

export interface KnownCall {
  id: string;
  leg: string;
  state: string;
  outcome: string | null;
  talkUs: number;
}

export interface KnownStage extends LiveStage {
  /** The gateway is gone as by kill -9. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  /** The merchant knows these people and nobody else. */
  knows(...clients: object[]): Promise<void>;
  /** Notices, questions or reports are answered so: see the sandbox's merchant. */
  merchantDoes(behaviour: object): Promise<void>;
  /** The questions about this call, oldest first. */
  questions(id: string): Promise<SeenRequest[]>;
  /** The report of this call, once its delivery is written down. */
  reported(id: string): Promise<KeptReport>;
  lastCall(): Promise<KnownCall>;
  callIs(id: string, state: string, withinMs?: number): Promise<KnownCall>;
  /** Dials, and answers with the call that is made of it. */
  dials(ddi: string, options?: object): Promise<KnownCall>;
  /** The switch says something to the caller and collects digits: what he keys now, he keys over the words. */
  isAskedForDigits(call: KnownCall): Promise<void>;
  /** Claire is rung, hears who calls, accepts, and they talk. */
  isTaken(call: KnownCall): Promise<void>;
  /** The report is what the switch's own records say, to the millisecond. `limitSeconds`: they were cut there. */
  reportAgreesWithTheRecords(id: string, limitSeconds?: number): Promise<KeptReport>;
  /** All the gateways of this file have said, at debug. */
  said(): string;
}

export function knownStage(): KnownStage {
  const stage = liveStage();
  let bundle: BundledGateway;
  let child: GatewayChild | undefined;
  let merchant = '';
  let dir = '';
  const startAgain = async (): Promise<void> => {
    child = await startGatewayChild(bundle.path, stage.world.asProcess, path.join(dir, 'gateway.log'));
  };

  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'ringmeter-said-'));
    bundle = await bundleGateway('known');
    const { rows } = await stage.world.sql.query<{ url: string }>(
      `select server_url as url from merchants where id = 'mer_demo'`,
    );
    merchant = new URL(rows[0]?.url ?? '').origin;
    await stage.world.gateway.close();
    await startAgain();
  }, 60_000);
  afterAll(async () => {
    await child?.kill();
    await bundle.remove();
    rmSync(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    await stage.world.merchantAnswers({});
    await stage.live.hangUpAll();
    await eventually(async () => {
      const owed = await stage.world.sql.query(
        `select id, state from usage_reports where state = 'pending'
         union all select id, state from call_sessions where state <> 'settled'`,
      );
      expect(owed.rows).toEqual([]);
    }, 60_000);
  });

  const fromMerchant = async <Answer>(what: string): Promise<Answer> =>
    (await (await fetch(`${merchant}/api/merchant/${what}`)).json()) as Answer;

  async function latest(): Promise<KnownCall | undefined> {
    const { rows } = await stage.world.sql.query<KnownCall>(
      `select s.id, l.id::text as leg, s.state, s.outcome, coalesce(s.talk_us, 0)::float8 as "talkUs"
       from call_sessions s join legs l on l.call_session_id = s.id and l.role = 'A'
       order by s.created_at desc limit 1`,
    );
    return rows[0];
  }

  async function lastCall(): Promise<KnownCall> {
    const call = await latest();
    if (!call) throw new Error('Nobody has called yet.');
    return call;
  }

  async function dials(ddi: string, options: object = {}): Promise<KnownCall> {
    const { rows } = await stage.world.sql.query<{ id: string }>('select id from call_sessions');
    const before = new Set(rows.map((one) => one.id));
    const startMs = performance.now();
    await stage.world.dials(caller, ddi, options);
    return eventually(async () => {
      const call = await lastCall();
      expect(before).not.toContain(call.id);
      stage.noteMs('from dialling until the call is written down, at most', stage.since(startMs));
      return call;
    });
  }

  const callIs = (id: string, state: string, withinMs = 20_000): Promise<KnownCall> =>
    eventually(async () => {
      const call = await lastCall();
      expect(call).toMatchObject({ id, state });
      return call;
    }, withinMs);

  async function isTaken(call: KnownCall): Promise<void> {
    await stage.accepts(claire, words.offer);
    await callIs(call.id, 'connected');
  }

  const reported = (id: string): Promise<KeptReport> =>
    eventually(async () => {
      const { rows } = await stage.world.sql.query<{ id: string; state: string }>(
        'select id, state from usage_reports where call_session_id = $1',
        [id],
      );
      expect(rows).toEqual([{ id: expect.any(String) as string, state: 'delivered' }]);
      const found = (await fromMerchant<KeptReport[]>('reports')).filter(
        ({ report }) => report['callSessionId'] === id,
      );
      expect(found).toHaveLength(1);
      return found[0]!;
    }, 60_000);

  async function reportAgreesWithTheRecords(id: string, limitSeconds?: number): Promise<KeptReport> {
    const told = await reported(id);
    const recordedUs = await stage.recordedTalkUs(id);
    const limitUs = (limitSeconds ?? Infinity) * 1_000_000;
    const ms = Math.floor(Math.min(recordedUs, limitUs) / 1000);
    stage.note('reported, and the switch’s own records', `${String(ms)} ms, ${String(recordedUs)} µs`);
    expect(told.report).toMatchObject({ talkMilliseconds: ms, billableSeconds: Math.ceil(ms / 1000) });
    const { rows } = await stage.world.sql.query<{ us: string }>(
      'select talk_us::text as us from call_sessions where id = $1',
      [id],
    );
    // Who is killed at the limit may have been parted a frame of sound before his end, by the switch's stamps.
    const partedBeforeMs = (recordedUs - Number(rows[0]?.us)) / 1000;
    stage.note('parted before the first end in the records', `${partedBeforeMs.toFixed(0)} ms`);
    expect(partedBeforeMs).toBeGreaterThanOrEqual(0);
    return told;
  }

  return {
    ...stage,
    // A copy would be of now, when there is no world yet.
    get world() {
      return stage.world;
    },
    get live() {
      return stage.live;
    },
    kill: async () => child?.kill(),
    startAgain,
    async knows(...clients) {
      await sendJson(`${merchant}/api/merchant/clients`, 'PUT', {
        clients,
        strangers: { answer: 'refused' },
      });
    },
    merchantDoes: (behaviour) => stage.world.merchantAnswers(behaviour),
    questions: async (id) =>
      (await fromMerchant<SeenRequest[]>('requests'))
        .filter(({ operation, fields }) => operation !== 'reportUsage' && fields['callSessionId'] === id)
        .reverse(),
    reported,
    lastCall,
    callIs,
    dials,
    isAskedForDigits: (call) =>
      vi.waitFor(async () => expect(await stage.live.runs(call.leg)).toBe('play_and_get_digits'), {
        timeout: 15_000,
        interval: 50,
      }),
    isTaken,
    reportAgreesWithTheRecords,
    said: () => readFileSync(path.join(dir, 'gateway.log'), 'utf8'),
  };
}
