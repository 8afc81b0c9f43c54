// Where the digits of a PIN are on their way through the switch, seen by other clients of its event socket: one that listens
// to everything sees them where FreeSWITCH puts them (freeswitch/NOTES "Card digits"); one with our link's filters, or the
// records, never.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LegUuid } from '../../src/core/ids.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import { startSandboxSwitch, type SandboxSwitch } from '../../src/sandbox/switch.ts';
import * as say from '../../src/telephony/dial-string.ts';
import { PromptAudio } from '../../src/telephony/prompt-audio.ts';
import { type Frame, RawEventSocket } from './raw-event-socket.ts';

const pin = '73918462';
const number = '+33612345670';
const question: Sentence = { language: 'en', key: 'caller_reminder' };
let dir: string;
let spoolDir: string;
let sandbox: SandboxSwitch;
let bare: RawEventSocket;
let filtered: RawEventSocket;
let leg: LegUuid;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ringmeter-pin-'));
  spoolDir = join(dir, 'spool');
  const engine = fileURLToPath(new URL('mute-engine.sh', import.meta.url));
  const audio = new PromptAudio({ dir, dirAtSwitch: dir, engine });
  await audio.render(question);
  sandbox = await startSandboxSwitch({ eslPort: 0, httpPort: 0, password: 'ClueCon', spoolDir });
  bare = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
  filtered = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
  for (const { line } of [say.hearRun(sandbox.coreUuid), say.hearNoSecrets]) {
    filtered.send(line);
    expect((await filtered.reply()).headers['Reply-Text']).toMatch(/^\+OK/);
  }
  leg = randomUUID() as LegUuid;
  await phone('PUT', 'behaviour', { behaviour: 'answers', answerAfterMs: 0 });
  bare.send(`bgapi originate {origination_uuid=${leg}}sofia/gateway/carrier/${number} &park()`);
  await bare.event('CHANNEL_PARK', leg);
  await filtered.event('CHANNEL_PARK', leg);
  for (const { line, headers } of say.askDigits(leg, {
    request: 'op_1',
    turn: '0a1b',
    prompt: audio.file(question),
    maxDigits: 12,
    terminator: '#',
    waitMs: 60_000,
    betweenMs: 60_000,
    secret: true,
  })) {
    bare.send([line, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\n'));
    await bare.reply();
  }
});
afterEach(async () => {
  bare.close();
  filtered.close();
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

async function phone(method: string, what: string, body: object): Promise<void> {
  const base = `http://127.0.0.1:${String(sandbox.httpPort)}/api/phones/${encodeURIComponent(number)}`;
  const response = await fetch(`${base}/${what}`, { method, body: JSON.stringify(body) });
  expect(response.status, await response.text()).toBeLessThan(300);
}
/** Names of the events that carry it, in order. */
const carrying = (frames: readonly Frame[], digits: string): string[] =>
  frames
    .filter(({ body }) => body.includes(digits))
    .map(({ body }) => (JSON.parse(body) as Record<string, string>)['Event-Name'] ?? 'reply');
const records = (): string =>
  readdirSync(spoolDir)
    .map((file) => readFileSync(join(spoolDir, file), 'utf8'))
    .join('\n');

test('keyed to its end: in one event, told to whoever keeps it not out; then nowhere', async () => {
  await phone('POST', 'keys', { digits: `${pin}#` });
  await bare.event('CHANNEL_EXECUTE_COMPLETE', (one) => one.headers['Application-UUID'] === 'forgot:0a1b');
  await bare.api(`uuid_kill ${leg}`);
  await bare.event('CHANNEL_DESTROY', leg);
  await filtered.event('CHANNEL_DESTROY', leg);
  expect(carrying(bare.frames, pin)).toEqual(['CHANNEL_EXECUTE_COMPLETE']);
  expect(bare.events.filter((one) => one.name === 'DTMF')).toEqual([]);
  expect(carrying(filtered.frames, pin)).toEqual([]);
  expect(filtered.frames.some(({ body }) => body.includes('"variable_sensitive_dtmf":"true"'))).toBe(false);
  const record = records();
  expect(record).toContain(leg);
  expect(record).not.toMatch(/73918462|ringmeter_digits":/);
});

test('hung up in the middle: the same, and no record of it', async () => {
  await phone('POST', 'keys', { digits: pin.slice(0, 5) });
  await phone('POST', 'hangup', {});
  await bare.event('CHANNEL_DESTROY', leg);
  // What comes behind it on this stream shows that it would have come before.
  await filtered.api('status');
  expect(carrying(bare.frames, pin.slice(0, 5))).toContain('CHANNEL_EXECUTE_COMPLETE');
  expect(carrying(filtered.frames, pin.slice(0, 5))).toEqual([]);
  expect(records()).not.toContain(pin.slice(0, 5));
});
