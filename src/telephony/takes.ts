// Takes: what somebody says on the telephone, as a file the switch writes and any gateway reads that shares the prompts folder, until
// he keeps it (it goes to the database then) or it is thrown away.
//
//   <dir>/takes/<uuid>.wav   written by the switch: the one folder of ours it writes to
//   <dir>/takes/<uuid>.txt   what was said, where the switch wrote that down too

import { chmod, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type LegUuid, parseLegUuid } from '../core/ids.ts';
import { silenceThreshold, type TakeFile, takeFile } from './dial-string.ts';
import { readWav, withoutSilence, writeWav } from './telephone-wav.ts';

/** A minute at 48 kHz and 16 bit, with room: what is longer is no take of ours. */
const takeBytesMax = 8 * 1024 * 1024;
/** As `record` may be told, and a little more. */
const takeSecondsMax = 310;
const wordsBytesMax = 2_000;
const wordsMax = 300;
/** Longer than any call of a consultant lasts: whoever made it is gone. */
const oldAfterMs = 6 * 60 * 60 * 1000;

export class Takes {
  readonly #dir: string;
  readonly #dirAtSwitch: string;

  constructor({ dir, dirAtSwitch }: { dir: string; dirAtSwitch: string }) {
    this.#dir = path.join(dir, 'takes');
    this.#dirAtSwitch = dirAtSwitch;
  }

  file(take: LegUuid): TakeFile {
    return takeFile(this.#dirAtSwitch, take);
  }

  /** The switch runs as somebody else: it must be able to write here, and we to remove what it wrote. */
  async prepare(): Promise<void> {
    const made = await mkdir(this.#dir, { recursive: true });
    if (made !== undefined) await chmod(this.#dir, 0o777);
  }

  /** From his first word to his last: whoever ends by saying no more has that silence in the switch's file too. */
  async read(take: LegUuid): Promise<{ outcome: 'read'; wav: Buffer; words?: string } | { outcome: 'gone' }> {
    const wav = await readUpTo(this.#path(take, 'wav'), takeBytesMax);
    if (wav === undefined) return { outcome: 'gone' };
    const text = (await readUpTo(this.#path(take, 'txt'), wordsBytesMax))?.toString('utf8').trim();
    const words =
      text === undefined || text === '' ? undefined : Array.from(text).slice(0, wordsMax).join('');
    return { outcome: 'read', wav: spoken(wav), ...(words !== undefined && { words }) };
  }

  async drop(take: LegUuid): Promise<void> {
    for (const kind of ['wav', 'txt'] as const) await rm(this.#path(take, kind), { force: true });
  }

  /** What was left by calls nobody finished. */
  async dropOld(): Promise<void> {
    for (const name of await readdir(this.#dir)) {
      const take = parseLegUuid(name.replace(/\.(wav|txt)$/, ''));
      const { mtimeMs } = (await stat(path.join(this.#dir, name)).catch(() => undefined)) ?? {};
      if (take !== undefined && mtimeMs !== undefined && mtimeMs < Date.now() - oldAfterMs)
        await this.drop(take);
    }
  }

  #path(take: LegUuid, kind: 'wav' | 'txt'): string {
    return path.join(this.#dir, `${take}.${kind}`);
  }
}

/** What is no WAV is left as it is: whoever keeps it says so. */
function spoken(wav: Buffer): Buffer {
  const read = readWav(wav, takeSecondsMax);
  return read.outcome === 'sound' ? writeWav(withoutSilence(read.sound, silenceThreshold / 32_768)) : wav;
}

async function readUpTo(file: string, bytesMax: number): Promise<Buffer | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    return size > bytesMax ? undefined : await handle.readFile();
  } finally {
    await handle.close();
  }
}
