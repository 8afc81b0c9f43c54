// Who speaks our sentences, wherever he is: what he answers lies in the folder, or nothing does.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it, test } from 'vitest';
import type { Sentence } from '../../src/core/prompt.ts';
import { PromptAudio } from '../../src/telephony/prompt-audio.ts';
import { toneWav } from './tone.ts';

const hold: Sentence = { language: 'en', key: 'caller_hold' };
const words = 'Thank you. We are ringing your consultant, please hold.';
const wav = toneWav({ hz: 440, seconds: 0.2 });

let dir: string;
let server: Server;
let url: string;
let asked: { headers: Record<string, unknown>; body: string }[] = [];
let answer: { status: number; body: Buffer; location?: string };

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ringmeter-speech-'));
  server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ headers: request.headers, body });
      if (answer.location !== undefined) response.setHeader('location', answer.location);
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/speak`;
});
afterAll(async () => {
  await new Promise((closed) => server.close(closed));
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
  answer = { status: 200, body: wav };
});

let folders = 0;
const promptsBy = (speech: { command: string } | { url: string }): PromptAudio =>
  new PromptAudio({ dir: path.join(dir, String((folders += 1))), dirAtSwitch: '/srv/prompts', speech });
const spokenBy = async (prompts: PromptAudio): Promise<Buffer | undefined> => {
  const { outcome } = await prompts.render(hold);
  const file = path.join(dir, String(folders), 'en', path.basename(prompts.file(hold)));
  return outcome === 'rendered' ? readFile(file) : undefined;
};

it('a command line reads the words and writes a WAV', async () => {
  const said = path.join(dir, 'said');
  const sound = path.join(dir, 'sound.wav');
  await writeFile(sound, wav);
  const command = `{ echo "$TTS_LANGUAGE $TTS_VOICE"; cat; } > '${said}'; cat '${sound}'`;
  expect(await spokenBy(promptsBy({ command }))).toEqual(wav);
  expect(await readFile(said, 'utf8')).toBe(`en en-gb\n${words}`);
});

test.each(['exit 3', 'echo no sound', 'true', 'kill -9 $$'])('%s: nothing is kept', async (command) => {
  expect(await spokenBy(promptsBy({ command }))).toBeUndefined();
});

it('an address takes the words and answers a WAV, asked once for the same', async () => {
  const prompts = promptsBy({ url });
  expect(await spokenBy(prompts)).toEqual(wav);
  expect(await spokenBy(prompts)).toEqual(wav);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    body: words,
    headers: { 'content-language': 'en', 'x-voice': 'en-gb', 'content-type': 'text/plain; charset=utf-8' },
  });
  expect(prompts.file(hold)).not.toBe(promptsBy({ command: 'x' }).file(hold));
});

test.each<[string, typeof answer]>([
  ['an error', { status: 500, body: wav }],
  ['another place', { status: 302, body: wav, location: 'http://127.0.0.1:1/' }],
  ['no sound', { status: 200, body: Buffer.from('{"error":"busy"}'.padEnd(100)) }],
  ['too much', { status: 200, body: Buffer.concat([wav, Buffer.alloc(5 * 1024 * 1024)]) }],
])('an address that answers %s: nothing is kept', async (_what, given) => {
  answer = given;
  expect(await spokenBy(promptsBy({ url }))).toBeUndefined();
});

it('a WAV whose head does not know its length yet is given one', async () => {
  const streamed = Buffer.from(wav);
  streamed.writeUInt32LE(0xffffffff, 40);
  answer = { status: 200, body: streamed };
  expect(await spokenBy(promptsBy({ url }))).toEqual(wav);
});
