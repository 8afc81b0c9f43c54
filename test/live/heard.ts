// Which prompts are in what a telephone recorded. The voice comes back changed (A-law, 8 kHz, other loudness), but its rise
// and fall does not: the loudness of a prompt, in steps of 10 ms, is looked for in the loudness of the recording. A busy
// machine drops a packet here and there and what follows comes early, so the prompt is then looked for piece by piece:
// every piece must be there.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const stepsPerSecond = 100;
const pieceSteps = 200;
const slipSteps = 30;
/** The likeness (Pearson's) of the worst piece: 0.88 and more in a prompt's own recording, 0.43 at most in another's. */
const likeEnough = 0.7;

export interface HeardPrompt {
  text: string;
  /** Seconds into the recording. */
  beganAt: number;
  endedAt: number;
}

/** What is in the recording of the prompts in this folder (telephony/prompt-audio) whose words match, from first to last. */
export async function promptsHeard(
  recording: string,
  promptsDir: string,
  words = /(?:)/,
): Promise<HeardPrompt[]> {
  const heard: HeardPrompt[] = [];
  const sound = loudness(await readFile(recording));
  for (const { text, wav } of await promptsOf(promptsDir)) {
    if (!words.test(text)) continue;
    const prompt = loudness(await readFile(wav));
    const at = placeOf(prompt, sound);
    if (at === undefined) continue;
    heard.push({ text, beganAt: at / stepsPerSecond, endedAt: (at + prompt.length) / stepsPerSecond });
  }
  return heard.sort((a, b) => a.beganAt - b.beganAt);
}

async function promptsOf(dir: string): Promise<{ text: string; wav: string }[]> {
  const names = await readdir(dir, { recursive: true });
  // Not what people are saying, nor the same at another rate.
  const prompts = names.filter((name) => !/^takes\/|\/8000\//.test(name));
  const whole = prompts.filter((name) => name.endsWith('.wav') && !path.basename(name).startsWith('.'));
  return Promise.all(
    whole.map(async (name) => {
      const wav = path.join(dir, name);
      return { text: (await readFile(wav.replace(/wav$/, 'txt'), 'utf8')).trim(), wav };
    }),
  );
}

/** Where it is most alike, if every piece of it is there. */
function placeOf(prompt: number[], sound: number[]): number | undefined {
  const [begin] = mostAlike(prompt, sound, 0, sound.length);
  for (let from = 0; from < prompt.length; from += pieceSteps) {
    // A rest too short to be told from another is taken together with its piece.
    const piece = prompt.slice(from, from + pieceSteps * (prompt.length - from < pieceSteps * 1.5 ? 2 : 1));
    const expected = begin + from;
    const [, likeness] = mostAlike(piece, sound, expected - slipSteps, expected + slipSteps);
    if (likeness < likeEnough) return undefined;
    if (piece.length > pieceSteps) break;
  }
  return begin;
}

/** Among these places of the sound the one where it is most alike, and how much. */
function mostAlike(
  part: number[],
  sound: number[],
  from: number,
  to: number,
): [at: number, likeness: number] {
  let best: [number, number] = [0, -1];
  for (let at = Math.max(0, from); at <= Math.min(to, sound.length - part.length); at += 1) {
    const likeness = correlation(part, sound, at);
    if (likeness > best[1]) best = [at, likeness];
  }
  return best;
}

/** Pearson's. */
function correlation(prompt: number[], sound: number[], at: number): number {
  const n = prompt.length;
  let [sumX, sumY, sumXX, sumYY, sumXY] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const x = prompt[i] ?? 0;
    const y = sound[at + i] ?? 0;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumYY += y * y;
    sumXY += x * y;
  }
  const spread = Math.sqrt((n * sumXX - sumX * sumX) * (n * sumYY - sumY * sumY));
  return spread === 0 ? 0 : (n * sumXY - sumX * sumY) / spread;
}

/** Root mean square of each 10 ms of a mono 16-bit WAV; one still being written may be read too, and is as long as it is. */
function loudness(wav: Buffer): number[] {
  const rate = wav.readUInt32LE(24);
  const begin = wav.indexOf('data', 36, 'latin1') + 8;
  const samples = Math.floor((wav.length - begin) / 2);
  const perStep = rate / stepsPerSecond;
  return Array.from({ length: Math.floor(samples / perStep) }, (_, step) => {
    let sum = 0;
    const [from, to] = [Math.round(step * perStep), Math.round((step + 1) * perStep)];
    for (let i = from; i < to; i += 1) sum += wav.readInt16LE(begin + i * 2) ** 2;
    return Math.sqrt(sum / (to - from));
  });
}
