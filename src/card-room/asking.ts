// The gateway's side of the card room: asks it over its socket, and starts it where nobody else does. What it hears is an outcome; no
// digit comes here.

import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CardEntryOrder, CardRoom, CardTaken, Log } from '../flow/ports.ts';
import { askedLine, lineBytesMax, readEnd } from './wire.ts';

export class AskedCardRoom implements CardRoom {
  readonly #socketPath: string;
  readonly #kept: KeptRoom | undefined;

  /** `kept`: the room is ours, started when it is asked first. Absent: it runs by itself. */
  constructor(socketPath: string, kept?: KeptRoom) {
    this.#socketPath = socketPath;
    this.#kept = kept;
  }

  takeCard(order: CardEntryOrder): { came: Promise<CardTaken>; stop(): void } {
    const asker = { stopped: false };
    let hangUp = (): void => undefined;
    const came = (async (): Promise<CardTaken> => {
      if (this.#kept !== undefined && !(await this.#kept.open())) return away;
      // Nothing is told any more: the promise is nobody's.
      if (asker.stopped) return new Promise<never>(() => undefined);
      return new Promise<CardTaken>((resolve) => {
        const socket = connect(this.#socketPath);
        let line = '';
        hangUp = () => socket.destroy();
        socket.setEncoding('utf8');
        socket.on('connect', () => socket.write(askedLine(order)));
        socket.on('data', (text: string) => {
          line += text;
          if (line.length > lineBytesMax) socket.destroy();
        });
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          const end = line.indexOf('\n');
          if (!asker.stopped) resolve(end < 0 ? away : readEnd(line.slice(0, end)));
        });
      });
    })();
    return {
      came,
      stop: () => {
        asker.stopped = true;
        hangUp();
      },
    };
  }

  /** Ends the room, where it is ours. */
  async close(): Promise<void> {
    await this.#kept?.close();
  }
}

const away = { outcome: 'away' } as const;

/** A room of ours, a child: started when somebody keys his first card, started again when the next does and it has died. */
export class KeptRoom {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #open: Promise<boolean> | undefined;
  #closed = false;

  /** `environment`: all that it sees. */
  constructor(environment: Readonly<Record<string, string>>, log: Log) {
    this.#environment = environment;
    this.#log = log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** `false`: it does not open. */
  open(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return (this.#open ??= this.#start());
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), closingMs);
    await gone;
    clearTimeout(late);
  }

  #start(): Promise<boolean> {
    const child = spawn(process.execPath, [...flags(), modulePath()], {
      env: { ...this.#environment },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.stdout?.setEncoding('utf8');
    let rest = '';
    child.stdout?.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#tell(line);
    });
    return new Promise<boolean>((resolve) => {
      const late = setTimeout(() => child.kill('SIGKILL'), openingMs);
      const come = (isOpen: boolean): void => {
        clearTimeout(late);
        resolve(isOpen);
      };
      child.once('message', () => come(true));
      child.once('error', () => come(false));
      child.once('exit', (code, signal) => {
        come(false);
        this.#child = undefined;
        this.#open = undefined;
        if (!this.#closed)
          this.#log.warn({ code, signal }, 'The card room ended; it is started again when it is needed.');
      });
    });
  }

  #tell(line: string): void {
    try {
      const { time: _time, message, ...facts } = JSON.parse(line) as Record<string, unknown>;
      this.#log.info({ cardRoom: facts }, typeof message === 'string' ? message : 'A card entry ended.');
    } catch {
      // Not one of its lines.
    }
  }
}

/** A loaded machine starts a process in a second or two; what takes longer does not open. */
const openingMs = 10_000;
/** Longer than the room itself takes to give its legs back. */
const closingMs = 5_000;

const fromSource = import.meta.url.endsWith('.ts');
const modulePath = (): string =>
  fileURLToPath(new URL(fromSource ? './main.ts' : './main.js', import.meta.url));
/** Not ours: an inspector would follow into it. */
const flags = (): string[] =>
  fromSource ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
