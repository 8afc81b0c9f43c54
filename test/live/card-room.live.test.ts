// The card room on a real FreeSWITCH, with real telephone events: each way through it, and a canary that is looked for everywhere
// afterwards. What is asked when is told by test/core, and each way through by test/adapters/card-room; here it is the switch that is
// asked whether it does what the room takes for granted.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AskedCardRoom, KeptRoom } from '../../src/card-room/asking.ts';
import { realClock } from '../../src/clock-and-ids.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import type { Log } from '../../src/flow/ports.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';
import { Recorded } from '../adapters/card-stage.ts';
import { canary, canaryCode, filesSince, found, Search, sevens } from './canary.ts';
import { LiveCardStage, type LiveCaller } from './live-card-stage.ts';
import type { GatewayAsked } from './listening-gateway.ts';
import { eslAddress } from './telephone-network.ts';

const { FREESWITCH_URL: url, PHONES_URL: phones, PHONES_SIP: sip, CDR_URL, CDR_SPOOL } = process.env;
const { FREESWITCH_LOG, FREESWITCH_FOLDERS } = process.env;
const given = url !== undefined && phones !== undefined && sip !== undefined;

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const visa = '4242424242424242';
const amex = '378282246310005';
const taken = (brand: string, last4: string, expiry = '12/30'): object => ({
  outcome: 'taken',
  card: { paymentMethod: expect.stringMatching(/^pm_/) as string, brand, last4, expiry },
});

describe.skipIf(!given)('the card room on a real switch', () => {
  let stage: LiveCardStage;
  beforeAll(async () => {
    stage = await LiveCardStage.open();
  });
  afterAll(() => stage.close());

  /** Nothing of the room is left on the leg. */
  async function isLeft(leg: LegUuid): Promise<void> {
    for (const name of ['ringmeter_card', 'process_cdr', 'sensitive_dtmf', 'ringmeter_card_room'])
      expect(await stage.variable(leg, name), name).toBe('_undef_');
  }
  const told = (leg: LegUuid, name: string): number =>
    stage.witness.events.filter((one) => one.name === name && one.headers['Unique-ID'] === leg).length;

  it('hears each sentence to its end, keys after it, and hears whatever follows: a leg that has dialled', async () => {
    const caller = await stage.callerWhoDials();
    const came = stage.takeCard(caller.leg);
    for (const [sound, keys, ms] of [
      ['amount', `${visa}#`, 1_900],
      ['expiry', '1230#', 400],
      ['code', '123#', 400],
      // "Ends in", four digits, and what to press.
      ['ends_in', '1', 2_400],
    ] as const) {
      await caller.hears(sound);
      expect(await caller.heardOut(sound), sound).toBeGreaterThan(ms * 0.9);
      await caller.keys(keys);
    }
    expect(await came).toEqual(taken('visa', '4242'));
    await isLeft(caller.leg);
    await stage.witness.execute(caller.leg, 'playback', stage.sounds.amount, 'play:next');
    await caller.hears('amount');
    expect(await caller.heardOut('amount')).toBeGreaterThan(1_350);
    expect(told(caller.leg, 'DTMF')).toBe(0);
    await caller.hangUp();
  });

  it.each([
    [40, 20],
    [40, 40],
    [60, 60],
  ])('keys of %i ms, %i ms apart, in one go over the first sentence', async (toneMs, gapMs) => {
    const caller = await stage.rawCaller();
    const came = stage.takeCard(caller.leg);
    await caller.hears('amount');
    await caller.phone.keys(`${visa}#1230#123#1`, { toneMs, gapMs });
    expect(await came).toEqual(taken('visa', '4242'));
    await isLeft(caller.leg);
    await caller.hangUp();
  });

  it('each thing wrong once over its sentence, `*`, `#`, a length that ends it and a pause', async () => {
    const caller = await stage.rawCaller();
    const came = stage.takeCard(caller.leg);
    for (const [sound, keys] of [
      ['amount', '4242424242424241#'],
      ['number_wrong', '3782*'],
      ['number', `${amex}#`],
      ['expiry', '1020#'],
      ['expiry_wrong', '12345'],
      ['expiry_wrong', '1230#'],
      ['code', '123#'],
      ['code_wrong', '1234'],
      ['ends_in', '7'],
      ['ends_in', '#'],
      ['ends_in', '*'],
      ['number', '#'],
      ['number', '*'],
      ['number', '00000000000000000000'],
      ['number_wrong', `${visa}#`],
      ['expiry', '0131#'],
      ['code', '737#'],
      ['ends_in', '1'],
    ] as const) {
      await caller.hears(sound);
      await caller.keys(keys);
    }
    expect(await came).toEqual(taken('visa', '4242', '01/31'));
    await isLeft(caller.leg);
    await caller.hangUp();
  });

  it('he waits for the processor, and is told so', async () => {
    const caller = await stage.rawCaller();
    await stage.nextCardTakes(2_500);
    const came = stage.takeCard(caller.leg);
    await caller.hears('amount');
    await caller.keys(`${visa}#1230#123#1`);
    await caller.hears('wait');
    await caller.keys('99');
    expect(await came).toEqual(taken('visa', '4242'));
    await isLeft(caller.leg);
    expect(told(caller.leg, 'DTMF')).toBe(0);
    await caller.hangUp();
  });

  it.each([
    ['over the sentence', '', false],
    ['when it is over', '', true],
    ['with digits of the number keyed', '42424242', true],
    ['in a question that lay ready', `${visa}#12`, true],
  ])('its room is killed %s: another takes the card', async (_when, keys, over) => {
    const caller = await stage.rawCaller();
    const first = stage.takeCard(caller.leg);
    await caller.hears('amount');
    if (over) await caller.heardOut('amount');
    if (keys !== '') await caller.keys(keys);
    const before = stage.kept.pid;
    process.kill(before!, 'SIGKILL');
    expect(await first).toEqual({ outcome: 'away' });
    expect(await stage.variable(caller.leg, 'sensitive_dtmf')).toBe('true');
    await caller.keys('4242');
    await vi.waitFor(() => expect(stage.kept.pid).not.toBe(before));
    const second = stage.takeCard(caller.leg);
    await caller.hears('amount');
    expect(await caller.heardOut('amount')).toBeGreaterThan(1_700);
    await caller.keys(`${visa}#1230#123#1`);
    expect(await second).toEqual(taken('visa', '4242'));
    await isLeft(caller.leg);
    expect(told(caller.leg, 'DTMF')).toBe(0);
    await caller.hangUp();
  });

  it('answers at once behind the last key; keys too many, and those he types on, show in no record', async () => {
    const took: number[] = [];
    const legs: LegUuid[] = [];
    for (let nth = 0; nth < 6; nth += 1) {
      const caller = await stage.rawCaller();
      legs.push(caller.leg);
      const came = stage.takeCard(caller.leg);
      await caller.hears('amount');
      const more = nth % 2 === 0 ? '' : '737391';
      await caller.keys(`${visa}#1230#123#`);
      await caller.heardOut('ends_in');
      await caller.keys(`1${more}`);
      const keyedMs = performance.now();
      expect(await came).toEqual(taken('visa', '4242'));
      if (more === '') took.push(Math.round(performance.now() - keyedMs));
      await isLeft(caller.leg);
      if (more !== '') {
        await caller.keys('826');
        await stage.until(
          (name, headers) =>
            name === 'DTMF' && headers['Unique-ID'] === caller.leg && headers['DTMF-Digit'] === '6',
          0,
        );
      }
      await caller.hangUp();
    }
    console.log(`From the end of the last key to the room's answer: ${took.join(', ')} ms.`);
    // Nobody waited for a pause: nothing but questions was asked.
    const asked = stage.witness.events.filter(
      ({ name, headers }) =>
        name === 'CHANNEL_EXECUTE' &&
        legs.includes(headers['Unique-ID'] as LegUuid) &&
        headers['Application'] === 'play_and_get_digits',
    );
    expect(asked.filter(({ headers }) => headers['Application-Data']?.startsWith('0 '))).toEqual([]);
    for (const leg of legs) {
      const at = await stage.until(
        (name, headers) => name === 'CHANNEL_HANGUP_COMPLETE' && headers['Unique-ID'] === leg,
        0,
      );
      expect(stage.witness.events[at]?.headers['variable_digits_dialed']).toMatch(/^(none|X+)$/);
    }
    if (CDR_SPOOL === undefined) return;
    const record = await vi.waitFor(() => recordOf(legs[1]!), { timeout: 10_000 });
    expect(record).toMatch(/"digits_dialed":\s*"X+"/);
    expect(record).not.toMatch(/"[^"]{0,8}(737|373|739|391|826)[^"]{0,8}"/);
  });

  it('of two rooms at one leg the later has it: the first lets go, and unsets nothing', async () => {
    const other = join(stage.dir, 'other.sock');
    const kept = new KeptRoom({ ...stage.environment, CARD_ROOM_SOCKET: other }, quiet);
    const second = new AskedCardRoom(other, kept);
    try {
      const caller = await stage.rawCaller();
      const before = stage.takeCard(caller.leg);
      await caller.hears('amount');
      await caller.keys('4242');
      const { came } = second.takeCard(stage.order(caller.leg, 'op_later'));
      await caller.hears('amount');
      expect(await before).toEqual({ outcome: 'away' });
      for (const name of ['sensitive_dtmf', 'ringmeter_card_room'])
        expect(await stage.variable(caller.leg, name), name).toBe('true');
      await caller.keys(`${visa}#1230#123#1`);
      expect(await came).toEqual(taken('visa', '4242'));
      await isLeft(caller.leg);
      expect(told(caller.leg, 'DTMF')).toBe(0);
      await caller.hangUp();
    } finally {
      await second.close();
    }
  });

  it.each([
    ['died', true],
    ['lives after all', false],
  ])(
    'taken back by a gateway from a room that %s, while he types on: none of it is told',
    async (_what, dies) => {
      const at = eslAddress(url ?? '');
      const gateway = new FreeSwitch({
        id: 'fs1',
        host: at.host,
        port: at.port,
        password: at.password,
        destination: { kind: 'gateway', name: 'carrier' },
        country: 'FR',
        prompts: { dir: stage.dir, dirAtSwitch: stage.dir },
        clock: realClock,
        log: quiet,
      });
      let up = (): void => undefined;
      const isUp = new Promise<void>((resolve) => (up = resolve));
      gateway.onEvent((event) => event.type === 'linkUp' && up());
      gateway.start();
      await isUp;
      try {
        const caller = await stage.rawCaller();
        const came = stage.takeCard(caller.leg);
        await caller.hears('amount');
        await caller.keys('73918');
        if (dies) process.kill(stage.kept.pid!, 'SIGKILL');
        const typedOn = caller.keys('26482');
        expect(await gateway.leaveCardRoom(caller.leg)).toEqual({ outcome: 'done' });
        expect(await came).toEqual({ outcome: 'away' });
        await typedOn;
        // Only when he is quiet is he let out.
        await stage.until(
          (name, headers) =>
            name === 'CHANNEL_EXECUTE_COMPLETE' &&
            headers['Unique-ID'] === caller.leg &&
            headers['Application'] === 'unset' &&
            headers['Application-Data'] === 'ringmeter_card_room',
          0,
        );
        await isLeft(caller.leg);
        expect(told(caller.leg, 'DTMF')).toBe(0);
        await stage.witness.execute(caller.leg, 'playback', stage.sounds.amount, 'play:next');
        await caller.hears('amount');
        expect(await caller.heardOut('amount')).toBeGreaterThan(1_350);
        await caller.hangUp();
        const ended = await stage.until(
          (name, headers) => name === 'CHANNEL_HANGUP_COMPLETE' && headers['Unique-ID'] === caller.leg,
          0,
        );
        expect(JSON.stringify(stage.witness.events[ended])).not.toMatch(
          /"[^"]{0,5}(7391|3918|2648|6482)[^"]{0,5}"/,
        );
        expect(stage.witness.events[ended]?.headers['variable_digits_dialed']).toMatch(/^(none|X+)$/);
      } finally {
        await gateway.stop();
      }
    },
  );

  it('two at once', async () => {
    const callers = [await stage.rawCaller(), await stage.caller()] as const;
    const came = callers.map((one) => stage.takeCard(one.leg));
    await Promise.all(callers.map((one) => one.hears('amount')));
    await Promise.all([callers[0].keys(`${visa}#1230#123#1`), callers[1].keys(`${amex}#1131#1234#1`)]);
    expect(await Promise.all(came)).toEqual([taken('visa', '4242'), taken('amex', '0005', '11/31')]);
    await Promise.all(callers.map((one) => one.hangUp()));
  });

  it('keys in the signalling are not taken, and not written down; other warnings are', async () => {
    const from = FREESWITCH_LOG === undefined ? 0 : statSync(FREESWITCH_LOG).size;
    const caller = await stage.rawCaller();
    const came = stage.takeCard(caller.leg);
    await caller.hears('amount');
    for (const digit of canary) expect(await caller.phone.info(digit)).toBe(200);
    expect(await caller.heardOut('amount')).toBeGreaterThan(1_700);
    await stage.api(`log warning ${caller.leg}`);
    await caller.hangUp();
    expect(await came).toMatchObject({ outcome: 'hung_up' });
    await stage.api(`log warning ${caller.leg} is gone`);
    if (FREESWITCH_LOG === undefined) return;
    const written = (): string => readFileSync(FREESWITCH_LOG).subarray(from).toString('latin1');
    await vi.waitFor(() => expect(written()).toContain(`${caller.leg} is gone`));
    expect(written()).toContain('[WARNING] mod_commands.c');
    expect(found(written()).keys).toEqual([]);
  });

  it('the canary: whoever hangs up after each digit and in each later step, and who keys it to the end, leaves it nowhere', async () => {
    const hunt = await Hunt.begin(stage);
    const legs = await keyedByAll(stage, hunt);
    await hunt.end();
    hunt.search.report();
    // It was there to be seen: by a client that hears everything.
    expect(found(stage.witness.frames.map((one) => one.body).join('\n')).sevens).toEqual(sevens);
    expect(hunt.search.found).toEqual([]);
    expect(hunt.search.text('the gateway’s link')).toContain(legs.complete);
    // Whoever hung up in the room has no record; one that was over before has.
    for (const leg of legs.hungUp) expect(hunt.search.mentions('records', leg), leg).toBe(false);
    if (CDR_SPOOL !== undefined) expect(hunt.search.mentions('records', legs.complete)).toBe(true);
  }, 300_000);
});

/** In the spool or where it goes when nobody takes it. */
function recordOf(leg: LegUuid): string {
  const file = filesSince(CDR_SPOOL ?? '', 0).find((one) => one.includes(leg));
  if (file === undefined) throw new Error(`No record of ${leg}.`);
  return readFileSync(file, 'utf8');
}

// --- The canary ------------------------------------------------------------------------------------------------------------------

/** All there is to be looked through afterwards. */
class Hunt {
  readonly search = new Search();
  readonly #gateway: ChildProcess;
  readonly #recorded: Recorded;
  readonly #posted: Server | undefined;
  readonly #beganMs = Date.now();
  readonly #logFrom = FREESWITCH_LOG === undefined ? 0 : statSync(FREESWITCH_LOG).size;
  readonly #dir = mkdtempSync(join(tmpdir(), 'rm-hunt-'));
  #said = '';
  #records = '';
  #asked = 0;

  private constructor(recorded: Recorded) {
    this.#recorded = recorded;
    const module = fileURLToPath(new URL('./listening-gateway.ts', import.meta.url));
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    this.#gateway = fork(module, [], {
      execArgv: ['--import', tsx],
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#gateway.stdout, this.#gateway.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    if (CDR_URL === undefined) return;
    this.#posted = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => (this.#records += chunk.toString()));
      request.on('end', () => response.end());
    }).listen(Number(new URL(CDR_URL).port), '127.0.0.1');
  }

  static async begin(stage: LiveCardStage): Promise<Hunt> {
    const at = eslAddress(url ?? '');
    const hunt = new Hunt(await Recorded.of(at.port));
    await stage.room.close();
    await hunt.asks({
      do: 'listen',
      port: hunt.#recorded.port,
      password: at.password,
      dir: stage.dir,
      room: stage.environment,
    });
    return hunt;
  }

  /** Of the gateway. */
  async asks(asked: GatewayAsked): Promise<unknown> {
    const id = (this.#asked += 1);
    this.#gateway.send({ id, asked });
    for (;;) {
      const [message] = (await once(this.#gateway, 'message')) as [{ id: number; answer: unknown }];
      if (message.id === id) return message.answer;
    }
  }

  async end(): Promise<void> {
    const snapshot = join(this.#dir, 'gateway.heapsnapshot');
    await this.asks({ do: 'snapshot', file: snapshot });
    await new Promise((resolve) => this.#posted?.close(resolve) ?? resolve(undefined));
    const heap = readFileSync(snapshot, 'utf8');
    // What is before are tables of numbers.
    this.search.look('the gateway’s memory', heap.slice(heap.indexOf('"strings":[')));
    this.search.look('the gateway’s link', this.#recorded.text());
    this.search.look('what gateway and room say', this.#said);
    const spooled = CDR_SPOOL === undefined ? [] : filesSince(CDR_SPOOL, this.#beganMs);
    const records = spooled.map((file) => readFileSync(file, 'latin1'));
    this.search.look('records', [this.#records, ...records].join('\n'), { files: spooled.length });
    if (FREESWITCH_LOG !== undefined)
      this.search.look(
        'the switch’s log',
        readFileSync(FREESWITCH_LOG).subarray(this.#logFrom).toString('latin1'),
      );
    for (const dir of FREESWITCH_FOLDERS?.split(',') ?? []) {
      const files = filesSince(dir, this.#beganMs).filter((file) => file !== FREESWITCH_LOG);
      this.search.look(dir, files.map((file) => readFileSync(file, 'latin1')).join('\n'), {
        files: files.length,
      });
    }
    await this.#recorded.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Typed to the end, and broken off after each key; some at a time, as they come. */
async function keyedByAll(
  stage: LiveCardStage,
  hunt: Hunt,
): Promise<{ hungUp: LegUuid[]; complete: LegUuid }> {
  const typed = `${canary}#1130#${canaryCode}#`;
  const hungUp: LegUuid[] = [];
  const take = (caller: LiveCaller): Promise<unknown> =>
    hunt.asks({ do: 'take', order: stage.order(caller.leg) });
  async function breaksOff(keys: string): Promise<void> {
    const caller = await stage.rawCaller();
    hungUp.push(caller.leg);
    const came = take(caller);
    await caller.hears('amount');
    await caller.keys(keys);
    expect(await hunt.asks({ do: 'look', leg: caller.leg })).toEqual({ state: 'living', answered: true });
    await caller.hangUp();
    expect(await came, keys).toMatchObject({ outcome: 'hung_up' });
  }
  const prefixes = Array.from(typed, (_, at) => typed.slice(0, at + 1));
  for (let from = 0; from < prefixes.length; from += 4)
    await Promise.all(prefixes.slice(from, from + 4).map(breaksOff));
  await stage.nextCardTakes(3_000);
  await breaksOff(`${typed}1`);
  // Told that it is over, he types on: his leg is given back when he is quiet, and has a record.
  const typing = await stage.rawCaller();
  const over = take(typing);
  await typing.hears('amount');
  await typing.keys(`0#${typed}`);
  expect(await over).toEqual({ outcome: 'gave_up' });
  await typing.hangUp();
  const caller = await stage.caller();
  const came = take(caller);
  await caller.hears('amount');
  await caller.keys(`${typed}1`);
  expect(await came).toEqual(taken('visa', '5556', '11/30'));
  await caller.hangUp();
  await stage.until((name, headers) => name === 'CHANNEL_DESTROY' && headers['Unique-ID'] === caller.leg, 0);
  expect(await hunt.asks({ do: 'look', leg: caller.leg })).toEqual({ state: 'gone' });
  return { hungUp, complete: caller.leg };
}
