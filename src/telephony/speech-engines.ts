// Who speaks our sentences: espeak-ng where it is installed, any command line, any HTTP engine. Each gets the words and gives back a
// WAV; none is believed to be quick, quiet or there at all. What was spoken once lies in the prompts folder (prompt-audio) under a name
// of engine, voice, language and words, and is never asked for again.

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Language } from '../core/ids.ts';
import type { SpeechVoice } from '../flow/ports.ts';

export interface SpeechOrder {
  words: string;
  language: Language;
  voice: string;
  /** Whose voice it is to be, where that was chosen; an engine that has one voice speaks with that. */
  as?: SpeechVoice;
  /** Where the WAV is to lie. */
  file: string;
}

export interface SpeechEngine {
  /** What is spoken by another is another file. */
  readonly name: string;
  /** Throws where nothing was spoken, with why. */
  speak(order: SpeechOrder): Promise<void>;
  /** Whether it is there, as far as that can be known without speaking. */
  isThere(): Promise<boolean>;
}

/** A sentence takes a local engine about 30 ms, one behind the network a second; one that takes longer is no use to a call. */
const speechTimeoutMs = 8_000;
/** Half a minute at 48 kHz and 16 bit: no sentence of ours is as long. */
const speechBytesMax = 4 * 1024 * 1024;

/** espeak-ng's names for them. It takes them behind a plain language alone: behind `fr-fr` they change nothing. */
const variants: Record<SpeechVoice, string> = { female: 'f2', male: 'm3' };

/** `engine`: its name or path. */
export function espeak(engine: string): SpeechEngine {
  return {
    name: engine,
    // The words go in by standard input: as an argument, a sentence beginning with `-` would be an option.
    speak: async ({ words, language, voice, as, file }) => {
      const speaker = as ? `${language}+${variants[as]}` : voice;
      await run(engine, ['-v', speaker, '-s', '150', '-w', file, '--stdin'], words);
    },
    isThere: () =>
      run(engine, ['--version'], '').then(
        () => true,
        () => false,
      ),
  };
}

/**
 * A command line of the operator's, by the shell: words on standard input, WAV on standard output; TTS_LANGUAGE, TTS_VOICE and,
 * where one was chosen, TTS_GENDER are in its environment. Nothing that a merchant or caller wrote is ever part of it.
 */
export function commandLine(command: string): SpeechEngine {
  return {
    name: `command ${command}`,
    async speak({ words, language, voice, as, file }) {
      const own = { TTS_LANGUAGE: language, TTS_VOICE: voice, ...(as && { TTS_GENDER: as }) };
      await writeFile(file, wavOf(await run('/bin/sh', ['-c', command], words, own)));
    },
    isThere: () => Promise.resolve(true),
  };
}

/** An address of the operator's: words posted as text, in Content-Language, in `X-Voice` and `X-Voice-Gender`; a WAV is the answer. */
export function httpEngine(url: string): SpeechEngine {
  return {
    name: `url ${url}`,
    async speak({ words, language, voice, as, file }) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          'content-language': language,
          'x-voice': voice,
          ...(as && { 'x-voice-gender': as }),
          accept: 'audio/wav',
        },
        body: words,
        redirect: 'error',
        signal: AbortSignal.timeout(speechTimeoutMs),
      });
      if (!answer.ok) {
        await answer.body?.cancel();
        throw new Error(`the speech engine answered ${String(answer.status)}`);
      }
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of answer.body ?? []) {
        length += chunk.length;
        if (length > speechBytesMax) throw new Error('the speech engine’s answer is too long');
        chunks.push(chunk);
      }
      await writeFile(file, wavOf(Buffer.concat(chunks)));
    },
    isThere: () => Promise.resolve(true),
  };
}

/** A player that finds no head of a WAV plays noise. */
function wavOf(bytes: Buffer): Buffer {
  const isWav = bytes.length > 44 && bytes.toString('latin1', 0, 4) === 'RIFF';
  if (!isWav) throw new Error('the speech engine’s answer is no WAV');
  // An engine that writes as it speaks does not know the length when it begins: FreeSWITCH would read on behind the end.
  const data = bytes.indexOf('data', 12, 'latin1');
  if (data > 0 && data + 8 <= bytes.length && bytes.readUInt32LE(data + 4) > bytes.length - data - 8) {
    bytes.writeUInt32LE(bytes.length - data - 8, data + 4);
    bytes.writeUInt32LE(bytes.length - 8, 4);
  }
  return bytes;
}

function run(
  program: string,
  args: readonly string[],
  words: string,
  more: Record<string, string> = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: speechTimeoutMs,
      killSignal: 'SIGKILL',
      env: { ...process.env, ...more },
    });
    const chunks: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > speechBytesMax) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`${program} ended with ${String(signal ?? code)}`));
    });
    // An engine that ends before it has read everything must not end us (EPIPE); its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(words);
  });
}
