// The folder a switch leaves its call records in (mod_json_cdr: log-dir, and `unposted` within it for those whose post
// failed), as far as this machine can read it. What a record says is not looked at here.

import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCallRecord } from '../core/call-record.ts';
import type { CdrSpool, Clock, Log } from '../flow/ports.ts';

export interface SpoolFolderOptions {
  dir: string;
  clock: Clock;
  log: Log;
}

/** The switch writes a record in one go of milliseconds; what is no record by then never becomes one. */
const writtenWithinMs = 60_000;
/** As large as a posted one may be. */
const bytesMax = 1_000_000;
const folders = ['', 'unposted'] as const;
/** Where what is no record is put, beside the records. */
const unreadable = 'unreadable';

export class SpoolFolder implements CdrSpool {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Taken in, and not ours to remove: never read again. */
  readonly #taken = new Set<string>();
  #missing = false;

  constructor({ dir, clock, log }: SpoolFolderOptions) {
    this.#dir = dir;
    this.#clock = clock;
    this.#log = log;
  }

  async list(atMost: number): Promise<string[]> {
    const found: { name: string; ms: number }[] = [];
    for (const folder of folders) {
      for (const file of await this.#filesIn(folder)) {
        const name = join(folder, file);
        if (this.#taken.has(name)) continue;
        const facts = await stat(join(this.#dir, name)).catch(() => undefined);
        if (facts?.isFile()) found.push({ name, ms: facts.mtimeMs });
      }
    }
    found.sort((a, b) => a.ms - b.ms || (a.name < b.name ? -1 : 1));
    return found.slice(0, atMost).map((one) => one.name);
  }

  async read(name: string): Promise<string | undefined> {
    const path = join(this.#dir, name);
    const facts = await stat(path).catch(() => undefined);
    if (!facts) return undefined;
    const text = facts.size > bytesMax ? undefined : await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined && parseCallRecord(text)) return text;
    if (this.#clock.now().getTime() - facts.mtimeMs > writtenWithinMs) await this.#setAside(name);
    return undefined;
  }

  async remove(name: string): Promise<void> {
    try {
      await unlink(join(this.#dir, name));
    } catch (err) {
      if (isMissing(err)) return;
      if (this.#taken.size === 0) {
        this.#log.warn(
          { dir: this.#dir, err },
          'A call record was taken in and cannot be removed from its folder',
        );
      }
      this.#taken.add(name);
    }
  }

  async #filesIn(folder: string): Promise<string[]> {
    try {
      const files = await readdir(join(this.#dir, folder));
      if (folder === '') this.#missing = false;
      return files.filter((file) => file.endsWith('.cdr.json'));
    } catch (err) {
      // The switch makes it with its first record; a folder we may not read is worth a word, once.
      if (!isMissing(err) && !this.#missing) {
        this.#missing = true;
        this.#log.warn({ dir: this.#dir, err }, 'The folder of call records cannot be read');
      }
      return [];
    }
  }

  async #setAside(name: string): Promise<void> {
    const beside = join(this.#dir, unreadable);
    this.#log.warn(
      { file: name, dir: beside },
      'A file in the folder of call records is none, and is put aside',
    );
    try {
      await mkdir(beside, { recursive: true });
      await rename(join(this.#dir, name), join(beside, name.replaceAll('/', '-')));
    } catch (err) {
      if (!isMissing(err)) this.#taken.add(name);
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
