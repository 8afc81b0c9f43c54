// Sound as somebody sends it becomes sound as telephones take it. Nothing of it is decoded in this process: a child of bounded memory
// and time reads it (audio-child), and what is no WAV goes through ffmpeg first, where that is installed. Neither of them is told
// anything but the bytes, neither opens a file or an address, and both are ended when they take too long.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { AudioConverter, AudioMade, Log } from '../flow/ports.ts';

/** As one minute, the longest of a person's that is kept. */
export const audioSecondsMax = 60;
/** A minute takes either of them a second or so; one of ten hangs, or was meant to. */
const childTimeoutMsOfMinute = 10_000;
/** 8 and 16 kHz of two minutes, and a WAV at 16 kHz out of ffmpeg, are under 6 MB. */
const outputBytesMax = 8 * 1024 * 1024;
/** More at once only take each other's processor. */
const atOnce = 2;

/** By what name ffmpeg knows them; named so that it never guesses, and never takes a playlist for sound. */
const demuxers: Readonly<Record<string, string>> = {
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/webm': 'matroska',
};
export const audioTypes: readonly string[] = ['audio/wav', ...Object.keys(demuxers)];

export class ChildAudioConverter implements AudioConverter {
  readonly #log: Log;
  readonly #ffmpeg: string;
  readonly #secondsMax: number;
  readonly #childTimeoutMs: number;
  #running = 0;
  readonly #queue: (() => void)[] = [];

  /** `ffmpeg`: its name or path. `secondsMax`: what is longer is refused; two minutes are the most its bounds are made for. */
  constructor({
    log,
    ffmpeg = 'ffmpeg',
    secondsMax = audioSecondsMax,
  }: {
    log: Log;
    ffmpeg?: string;
    secondsMax?: number;
  }) {
    this.#log = log;
    this.#ffmpeg = ffmpeg;
    this.#secondsMax = secondsMax;
    this.#childTimeoutMs = Math.ceil(Math.max(1, secondsMax / 60) * childTimeoutMsOfMinute);
  }

  async convert(bytes: Buffer, mediaType: string): Promise<AudioMade> {
    if (this.#running >= atOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running += 1;
    try {
      return await this.#convert(bytes, mediaType);
    } finally {
      this.#running -= 1;
      this.#queue.shift()?.();
    }
  }

  async #convert(bytes: Buffer, mediaType: string): Promise<AudioMade> {
    let wav = bytes;
    // Some call anything `audio/wav`, and some what is a WAV by another name.
    if (bytes.toString('latin1', 0, 4) !== 'RIFF') {
      const demuxer = demuxers[mediaType];
      if (demuxer === undefined) return refused('not_audio');
      const decoded = await run(
        this.#ffmpeg,
        decodeBy(demuxer, this.#secondsMax),
        bytes,
        this.#childTimeoutMs,
      );
      if (decoded.outcome === 'missing') return refused('no_converter');
      if (decoded.outcome === 'failed' || decoded.output.length === 0) return refused('not_audio');
      wav = decoded.output;
    }
    const made = await run(
      process.execPath,
      [...childArguments, String(this.#secondsMax)],
      wav,
      this.#childTimeoutMs,
    );
    if (made.outcome !== 'ended') {
      this.#log.warn({ bytes: bytes.length, outcome: made.outcome }, 'Sound could not be converted');
      return refused('failed');
    }
    return readAnswer(made.output);
  }
}

function refused(because: Extract<AudioMade, { outcome: 'refused' }>['because']): AudioMade {
  return { outcome: 'refused', because };
}

/** One second more than is kept: what is too long is refused, not cut. */
const decodeBy = (demuxer: string, secondsMax: number): string[] => [
  ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1', '-protocol_whitelist', 'pipe'],
  ...['-f', demuxer, '-i', 'pipe:0', '-map', '0:a:0', '-vn', '-t', String(secondsMax + 2)],
  ...['-ac', '1', '-ar', '16000', '-c:a', 'pcm_s16le', '-f', 'wav', 'pipe:1'],
];

const fromSource = import.meta.url.endsWith('.ts');
const childArguments: string[] = [
  '--max-old-space-size=192',
  ...(fromSource
    ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
    : ['--enable-source-maps']),
  fileURLToPath(new URL(`./audio-child${fromSource ? '.ts' : '.js'}`, import.meta.url)),
];

function readAnswer(output: Buffer): AudioMade {
  if (output.length > 13 && output.toString('latin1', 0, 1) === 'S') {
    const length8 = output.readUInt32LE(9);
    return {
      outcome: 'made',
      audio: {
        seconds: output.readDoubleLE(1),
        wav8: output.subarray(13, 13 + length8),
        wav16: output.subarray(13 + length8),
      },
    };
  }
  const word = output.toString('latin1');
  return refused(word === 'too_short' || word === 'too_long' || word === 'not_audio' ? word : 'failed');
}

type Ran = { outcome: 'ended'; output: Buffer } | { outcome: 'failed' } | { outcome: 'missing' };

/** One run, without a shell and without our environment. */
function run(program: string, args: readonly string[], input: Buffer, timeoutMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const chunks: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > outputBytesMax) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ outcome: error.code === 'ENOENT' ? 'missing' : 'failed' }),
    );
    child.once('close', (code) =>
      resolve(code === 0 ? { outcome: 'ended', output: Buffer.concat(chunks) } : { outcome: 'failed' }),
    );
    // One that ends before it has read everything must not end us (EPIPE); its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
