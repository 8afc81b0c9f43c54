// The card room as a process, on the sandbox's switch and processor: each way through it, and what it leaves where.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync as readlink, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import { AskedCardRoom, KeptRoom } from '../../src/card-room/asking.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';
import { CardStage, Recorded } from './card-stage.ts';

let stage: CardStage;
const open = async (options?: Parameters<typeof CardStage.open>[0]): Promise<void> => {
  stage = await CardStage.open(options);
};
afterEach(() => stage.close());

const visa = '4242424242424242';
const taken = (brand: string, last4: string, expiry = '12/30'): object => ({
  outcome: 'taken',
  card: { paymentMethod: expect.stringMatching(/^pm_/) as string, brand, last4, expiry },
});
/** Nothing of the room is left on the leg. */
async function isLeft(leg: LegUuid): Promise<void> {
  for (const name of [
    ...['ringmeter_card', 'process_cdr', 'sensitive_dtmf', 'ringmeter_card_room'],
    'ringmeter_card_entry',
  ])
    expect(await stage.variable(leg, name), name).toBe('_undef_');
}

test('typed faster than any human, in one go over the first sentence: the card is taken, the leg is as it was', async () => {
  await open();
  const caller = await stage.caller();
  const came = stage.takeCard(caller.leg);
  await caller.hears('amount');
  await caller.keys(`${visa}#1230#123#1`);
  expect(await came).toEqual(taken('visa', '4242'));
  await isLeft(caller.leg);
});

test('keys too many are thrown away at once, and his record, which counts them, shows none', async () => {
  await open();
  const caller = await stage.caller();
  const came = stage.takeCard(caller.leg);
  await caller.hears('amount');
  await caller.keys(`${visa}#1230#123#1737391`);
  expect(await came).toEqual(taken('visa', '4242'));
  await isLeft(caller.leg);
  // Nobody waited for a pause: nothing but questions was asked.
  const asked = stage.bare.events.filter(
    ({ name, headers }) =>
      name === 'CHANNEL_EXECUTE_COMPLETE' &&
      headers['Unique-ID'] === caller.leg &&
      headers['Application'] === 'play_and_get_digits',
  );
  expect(
    asked.map(({ headers }) => headers['Application-Data']).filter((one) => one?.startsWith('0 ')),
  ).toEqual([]);
  // He types on in the menu that follows.
  await stage.bare.execute(caller.leg, 'playback', stage.sounds.amount, 'play:next');
  await caller.hears('amount');
  await caller.keys('826');
  await stage.until((name, headers) => name === 'DTMF' && headers['DTMF-Digit'] === '6', 0);
  await caller.hangUp();
  const record = await stage.record(caller.leg);
  expect(record).toMatch(/"digits_dialed":"X+"/);
  expect(record).not.toMatch(/"[^"]{0,8}(737391|826)[^"]{0,8}"/);
});

test('typed over each sentence as it comes; each thing wrong once, and begun anew once', async () => {
  await open();
  const caller = await stage.caller();
  const came = stage.takeCard(caller.leg);
  for (const [sound, keys] of [
    ['amount', '4242424242424241#1230#123#1'],
    ['number_wrong', '3782*'],
    ['number', '378282246310005#'],
    ['expiry', '1020#'],
    ['expiry_wrong', '1230#'],
    ['code', '123#'],
    ['code_wrong', '1234#'],
    ['ends_in', '7'],
    ['ends_in', '*'],
    ['number', `${visa}#`],
    ['expiry', '0131#'],
    ['code', '737#'],
    ['ends_in', '1'],
  ] as const) {
    await caller.hears(sound);
    await caller.keys(keys);
  }
  expect(await came).toEqual(taken('visa', '4242', '01/31'));
  await isLeft(caller.leg);
});

test('asked for again by who takes over while the entry before stands: that one leaves the leg alone, and what keeps it secret', async () => {
  await open();
  const caller = await stage.caller();
  const before = stage.room.takeCard(stage.order(caller.leg, 'op_before'));
  await caller.hears('amount');
  const { came } = stage.room.takeCard(stage.order(caller.leg, 'op_now'));
  expect(await before.came).toEqual({ outcome: 'away' });
  before.stop();
  await caller.hears('amount');
  for (const name of ['sensitive_dtmf', 'ringmeter_card_room'])
    expect(await stage.variable(caller.leg, name), name).toBe('true');
  await caller.keys(`${visa}#1230#123#1`);
  expect(await came).toEqual(taken('visa', '4242'));
  await isLeft(caller.leg);
});

test('taken back by a gateway that takes it for dead: it lets go of the leg', async () => {
  await open();
  const caller = await stage.caller();
  const { came } = stage.room.takeCard(stage.order(caller.leg));
  await caller.hears('amount');
  await stage.bare.api(`uuid_setvar ${caller.leg} ringmeter_card_entry none`);
  await stage.bare.api(`uuid_break ${caller.leg} all`);
  await stage.bare.api(`uuid_recv_dtmf ${caller.leg} *`);
  expect(await came).toEqual({ outcome: 'away' });
});

test('silence: asked three times, then it is over; a pause ends what was keyed without `#`', async () => {
  await open({ silenceSpeed: 100, speechSpeed: 20 });
  const silent = await stage.caller();
  expect(await stage.takeCard(silent.leg)).toEqual({ outcome: 'timed_out' });
  await isLeft(silent.leg);
  const pausing = await stage.caller();
  const came = stage.takeCard(pausing.leg);
  for (const [sound, keys] of [
    ['amount', visa],
    ['expiry', '1230'],
    ['code', '123'],
    ['ends_in', '1'],
  ] as const) {
    await pausing.hears(sound);
    await pausing.keys(keys);
  }
  expect(await came).toEqual(taken('visa', '4242'));
});

test('three numbers that are none, and 0 instead of one: he gives up, and nobody was asked about a card', async () => {
  await open();
  const wrong = await stage.caller();
  const came = stage.takeCard(wrong.leg);
  for (const sound of ['amount', 'number_wrong', 'number_wrong'] as const) {
    await wrong.hears(sound);
    await wrong.keys('4242424242424241#');
  }
  expect(await came).toEqual({ outcome: 'gave_up' });
  const willing = await stage.caller();
  const second = stage.takeCard(willing.leg);
  await willing.hears('amount');
  await willing.keys('0#');
  expect(await second).toEqual({ outcome: 'gave_up' });
  await isLeft(willing.leg);
});

test('a leg that is not there has hung up; a switch nobody named is away', async () => {
  await open();
  const nobody = '00000000-0000-4000-8000-000000000000' as LegUuid;
  expect(await stage.takeCard(nobody)).toEqual({ outcome: 'hung_up' });
  const caller = await stage.caller();
  const order = { ...stage.order(caller.leg), switchId: 'fs9' };
  expect(await stage.room.takeCard(order).came).toEqual({ outcome: 'away' });
  const unsafe = stage.order(caller.leg);
  const sounds = { ...unsafe.sounds, wait: '/etc/passwd\n\napi hupall' };
  expect(await stage.room.takeCard({ ...unsafe, sounds }).came).toEqual({ outcome: 'away' });
  await isLeft(caller.leg);
});

test('the processor cannot be reached: asked twice, nobody knows', async () => {
  let visits = 0;
  const deaf = createServer((socket) => {
    visits += 1;
    socket.on('error', () => undefined);
    socket.destroy();
  });
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  await open({ processorUrl: `http://127.0.0.1:${String((deaf.address() as AddressInfo).port)}` });
  const caller = await stage.caller();
  const came = stage.takeCard(caller.leg);
  await caller.hears('amount');
  await caller.keys(`${visa}#1230#123#1`);
  expect(await came).toEqual({ outcome: 'unknown' });
  expect(visits).toBe(2);
  await isLeft(caller.leg);
  deaf.close();
});

test('killed in mid-entry: away; asked again, another room takes the card, and nothing of the first is left', async () => {
  await open();
  const caller = await stage.caller();
  const first = stage.takeCard(caller.leg);
  await caller.hears('amount');
  await caller.keys('42424242');
  const before = stage.kept.pid;
  process.kill(before!, 'SIGKILL');
  expect(await first).toEqual({ outcome: 'away' });
  // Nobody has unset what keeps his keys to the room: what he goes on typing is still told to nobody.
  expect(await stage.variable(caller.leg, 'sensitive_dtmf')).toBe('true');
  await caller.keys('4242');
  await vi.waitFor(() => expect(stage.kept.pid).not.toBe(before));
  const second = stage.takeCard(caller.leg);
  await caller.hears('amount');
  await caller.keys(`${visa}#1230#123#1`);
  expect(await second).toEqual(taken('visa', '4242'));
  await isLeft(caller.leg);
  expect(stage.bare.events.filter((one) => one.name === 'DTMF')).toEqual([]);
});

test.each([
  ['the asker goes in mid-entry', (stop: () => void) => stop()],
  ['the room is told to end in mid-entry', () => void process.kill(stage.kept.pid!, 'SIGTERM')],
])('%s: the leg is given back', async (_what, go) => {
  await open();
  const caller = await stage.caller();
  const asked = stage.room.takeCard(stage.order(caller.leg));
  await caller.hears('amount');
  await caller.keys(`${visa}#12`);
  go(() => asked.stop());
  await stage.until(
    (name, headers) =>
      name === 'CHANNEL_EXECUTE_COMPLETE' &&
      headers['Unique-ID'] === caller.leg &&
      headers['Application-UUID']?.startsWith('left:') === true,
    0,
  );
  await isLeft(caller.leg);
});

test('the switch closes the connection in mid-entry: away', async () => {
  await open();
  const caller = await stage.caller();
  const came = stage.takeCard(caller.leg);
  await caller.hears('amount');
  stage.sandbox.cutConnections();
  expect(await came).toEqual({ outcome: 'away' });
});

test('asked for the same leg by another gateway in mid-entry: that one takes the card, the first is away', async () => {
  await open();
  const caller = await stage.caller();
  const first = stage.takeCard(caller.leg);
  await caller.hears('amount');
  await caller.keys('42424242');
  const second = stage.takeCard(caller.leg);
  expect(await first).toEqual({ outcome: 'away' });
  await caller.hears('amount');
  await caller.keys(`${visa}#1230#123#1`);
  expect(await second).toEqual(taken('visa', '4242'));
  await isLeft(caller.leg);
});

test('fifty at once', async () => {
  await open();
  const callers = await Promise.all(Array.from({ length: 50 }, () => stage.caller()));
  const began = performance.now();
  const outcomes = await Promise.all(
    callers.map(async (caller) => {
      const came = stage.takeCard(caller.leg);
      await caller.hears('amount');
      await caller.keys(`${visa}#1230#123#1`);
      return came;
    }),
  );
  for (const outcome of outcomes) expect(outcome).toEqual(taken('visa', '4242'));
  expect(performance.now() - began).toBeLessThan(20_000);
});

test('only its own user may ask it, a second room says so and ends, a socket left behind is removed', async () => {
  await open();
  expect(await stage.kept.open()).toBe(true);
  const { CARD_ROOM_SOCKET: path = '' } = stage.environment;
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  const said: string[] = [];
  const note = (facts: object, message: string): void => void said.push(message, JSON.stringify(facts));
  const second = new KeptRoom(stage.environment, { info: note, warn: note, error: note });
  expect(await second.open()).toBe(false);
  expect(said.join()).toContain('Another card room is at');
  process.kill(stage.kept.pid!, 'SIGKILL');
  await vi.waitFor(() => expect(stage.kept.pid).toBeUndefined());
  expect(existsSync(path)).toBe(true);
  expect(await stage.kept.open()).toBe(true);
});

test.runIf(existsSync('/proc/self/coredump_filter'))(
  'nobody looks into it: no core, no inspector, none by signal, none of our environment',
  async () => {
    await open();
    await stage.kept.open();
    const pid = stage.kept.pid!;
    const proc = (file: string): string => readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
    expect(Number.parseInt(proc('coredump_filter'), 16)).toBe(0);
    const names = proc('environ')
      .split('\0')
      .map((one) => one.replace(/=.*$/s, ''));
    expect(
      names.filter(
        (one) => one !== '' && !/^(CARD_ROOM_|FREESWITCH_URL$|STRIPE_SECRET_KEY$|NODE_CHANNEL_)/.test(one),
      ),
    ).toEqual([]);
    const listening = (): number =>
      proc('net/tcp')
        .split('\n')
        .filter((line) => / 0A /.test(line) && ownSockets(pid).has(line.trim().split(/\s+/)[9] ?? '')).length;
    process.kill(pid, 'SIGUSR1');
    // What it answers now, it answers after it has heard the signal.
    expect(await stage.takeCard('00000000-0000-4000-8000-000000000000' as LegUuid)).toEqual({
      outcome: 'hung_up',
    });
    expect(listening()).toBe(0);
  },
);

const source = (): string[] => [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
  fileURLToPath(new URL('../../src/card-room/main.ts', import.meta.url)),
];
/** `close`: what it said has come too. */
const ended = (child: ChildProcess, how: 'exit' | 'close' = 'exit'): Promise<unknown> =>
  new Promise((resolve) => child.once(how, (code) => resolve(code)));

test('does not open with an inspector', async () => {
  await open();
  const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', ...source()], {
    env: stage.environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  expect([await ended(child, 'close'), said]).toEqual([
    1,
    expect.stringContaining('does not run with an inspector'),
  ]);
});

test('runs by itself, and is asked there; told to end, it takes its socket with it', async () => {
  await open();
  const child = spawn(process.execPath, source(), {
    env: stage.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const { CARD_ROOM_SOCKET: path = '' } = stage.environment;
  const caller = await stage.caller();
  const came = new AskedCardRoom(path).takeCard(stage.order(caller.leg)).came;
  await caller.hears('amount');
  await caller.keys(`${visa}#1230#123#1`);
  expect(await came).toEqual(taken('visa', '4242'));
  child.kill('SIGTERM');
  expect(await ended(child)).toBe(0);
  expect(existsSync(path)).toBe(false);
  expect(await new AskedCardRoom(path).takeCard(stage.order(caller.leg)).came).toEqual({ outcome: 'away' });
});

test('ends with the gateway that started it, however that went', async () => {
  await open();
  const child = spawn(process.execPath, source(), {
    env: stage.environment,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise((resolve) => child.once('message', resolve));
  child.disconnect();
  expect(await ended(child)).toBe(0);
});

function ownSockets(pid: number): Set<string> {
  const dir = `/proc/${String(pid)}/fd`;
  return new Set(
    readdirSync(dir).flatMap((fd) => {
      try {
        return /socket:\[(\d+)\]/.exec(readlink(join(dir, fd)))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
}

test.each([
  [{ NODE_OPTIONS: '--max-old-space-size=200' }, 'NODE_OPTIONS must not be set'],
  [{ CARD_ROOM_SOCKET: 'room.sock' }, 'CARD_ROOM_SOCKET must be an absolute path'],
  [{ FREESWITCH_URL: 'http://x' }, 'FREESWITCH_URL must be of the form'],
  [{ STRIPE_SECRET_KEY: '' }, 'STRIPE_SECRET_KEY must be'],
  [
    { CARD_ROOM_SANDBOX_PROCESSOR: 'http://example.com' },
    'CARD_ROOM_SANDBOX_PROCESSOR must be http on this machine',
  ],
])('does not open with %j', async (given, sentence) => {
  await open();
  const said: string[] = [];
  const note = (_facts: object, message: string): void => void said.push(message);
  const room = new KeptRoom({ ...stage.environment, ...given }, { info: note, warn: note, error: note });
  const asked = new AskedCardRoom('/nowhere', room);
  expect(await asked.takeCard(stage.order('00000000-0000-4000-8000-000000000000' as LegUuid)).came).toEqual({
    outcome: 'away',
  });
  expect(said.join('\n')).toContain(sentence);
});

// --- The canary ------------------------------------------------------------------------------------------------

/** No published number, and Luhn right: a card of somebody. */
const canary = '4917382605941737';
const sevens = Array.from({ length: canary.length - 6 }, (_, at) => canary.slice(at, at + 7));
/** Names of legs, and instants in milli- and microseconds: by chance any seven digits stand in one. */
const names = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<![0-9])1[789][0-9]{11}(?:[0-9]{3})?(?![0-9])/gi;
function leaksIn(text: string): string[] {
  const rest = text.replaceAll(names, '');
  return sevens.filter((one) => rest.includes(one));
}

test('the canary: whoever hangs up after each digit and in each later step, and who keys it to the end, leaves it nowhere', async () => {
  await open();
  const recorded = await Recorded.of(stage.sandbox.eslPort);
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const gateway = new FreeSwitch({
    id: 'fs1',
    host: '127.0.0.1',
    port: recorded.port,
    password: 'ClueCon',
    destination: { kind: 'gateway', name: 'carrier' },
    country: 'FR',
    prompts: { dir: stage.dir, dirAtSwitch: stage.dir },
    clock: realClock,
    log: silent,
  });
  const ups: string[] = [];
  const told: string[] = [];
  gateway.onEvent((event) => {
    if (event.type === 'linkUp') ups.push(event.coreUuid);
    told.push(
      JSON.stringify(event, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    );
  });
  gateway.start();
  await vi.waitFor(() => expect(ups).toHaveLength(1));

  // Its link hears secrets meanwhile, for it has asked somebody for a PIN.
  const other = await stage.caller();
  const pin = { request: 'op_pin', sentence: { language: 'en' as const, key: 'pin_wanted' as const } };
  const entry = { maxDigits: 8, terminator: '#' as const, waitMs: 60_000, betweenMs: 60_000, secret: true };
  expect(await gateway.askDigits(other.leg, { ...pin, ...entry })).toEqual({ outcome: 'done' });

  const whole = [`${canary}#`, '1130#', '739#'];
  const typed = whole.join('');
  const hangsUpAfter = async (keys: number): Promise<void> => {
    const caller = await stage.caller();
    const came = stage.takeCard(caller.leg);
    await caller.hears('amount');
    await caller.keys(typed.slice(0, keys));
    expect(await gateway.look(caller.leg)).toEqual({ state: 'living', answered: true });
    await caller.hangUp();
    expect(await came).toEqual({ outcome: 'hung_up', endedAtUs: expect.any(BigInt) as bigint });
  };
  await Promise.all(Array.from(typed, (_, place) => hangsUpAfter(place + 1)));
  const complete = await stage.caller();
  const came = stage.takeCard(complete.leg);
  await complete.hears('amount');
  await complete.keys(`${typed}1`);
  expect(await came).toEqual(taken('visa', '1737', '11/30'));
  await complete.hangUp();
  await stage.until(
    (name, headers) => name === 'CHANNEL_DESTROY' && headers['Unique-ID'] === complete.leg,
    0,
  );
  expect(await gateway.look(complete.leg)).toEqual({ state: 'gone' });

  // It was there to be seen: in the stream of somebody without filters.
  expect(leaksIn(stage.bare.frames.map((one) => one.body).join('\n'))).toEqual(sevens);
  const seen = recorded.text();
  expect(seen).toContain(complete.leg);
  expect(leaksIn(seen)).toEqual([]);
  expect(seen).not.toMatch(/ringmeter_card(?!_room)/);
  expect(leaksIn(told.join('\n'))).toEqual([]);
  // The one that was over before he hung up has its record, the others none.
  expect(readdirSync(stage.spoolDir)).toEqual([`${complete.leg}.cdr.json`]);
  const record = readFileSync(join(stage.spoolDir, `${complete.leg}.cdr.json`), 'utf8');
  expect(leaksIn(record)).toEqual([]);
  expect(record).not.toContain('"ringmeter_card":');
  expect(leaksIn(stage.logged.join('\n'))).toEqual([]);
  const records = stage.logged.filter((one) => one.includes('A card entry ended.'));
  expect(records).toHaveLength(typed.length + 1);
  await gateway.stop();
  await recorded.close();
});
