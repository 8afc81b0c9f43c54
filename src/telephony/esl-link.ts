// ONE connection to the event socket of one FreeSWITCH, kept up. modesl speaks the protocol; it has no reconnect, no
// deadline and dies of bad bytes, so it is wrapped here and nowhere else known. Meaning of commands and events: freeswitch.ts.
//
//            start                 greeted, subscribed, core uuid known
//   stopped ------> opening ------------------------------------------> up
//      ^              |  ^                                               |
//      |              |  | backoff over                                  | closed, silent, late, malformed
//      | stop         v  |                                               v
//      +----------- waiting <--------------------------------------------+
//
// opening  nobody may command; 5 s, then it counts as failed. waiting  nobody may command; 0.2 to 5 s.
// up       commands go out in the order given and are answered in that order. Leaving `up` settles every command still
//          waiting as unanswered: it may have been carried out.
//
// A command without an answer after its deadline makes the order of all later answers doubtful (replies carry no number,
// modesl pairs them by counting), and billing by the wrong answer is worse than a second of reconnecting: the link is
// dropped.

import type { Socket } from 'node:net';
import modesl, { type Connection, type EslEvent } from 'modesl';
import type { Clock, Log, Timer } from '../flow/ports.ts';
import * as say from './dial-string.ts';
import type { ApiCommand, Message } from './dial-string.ts';

/** One event of the switch: headers by name, the body apart. */
export interface SwitchHeaders {
  /** `undefined` when absent, empty or not text. */
  header(name: string): string | undefined;
  body(): string;
}

export type Reply = { answered: true; text: string } | { answered: false };
const unanswered: Reply = { answered: false };

export interface EslLinkOptions {
  /** For the log: which switch. */
  id: string;
  host: string;
  port: number;
  password: string;
  /** Names of the events to subscribe to. */
  events: readonly string[];
  clock: Clock;
  log: Log;
  /** What is keyed in secret is wanted, when a connection opens: else it is kept out from before it subscribes. */
  hearsSecrets?: () => boolean;
  /** 0 <= x < 1, for jitter, so that gateways do not come back in step after an outage. */
  chance?: () => number;
}

export interface EslLinkListener {
  up(coreUuid: string): void;
  down(): void;
  event(event: SwitchHeaders): void;
}

const retryMinMs = 200;
const retryMaxMs = 5_000;
/** A healthy switch answers in under a millisecond, a loaded one in tens; 5 s is a switch nobody can run calls on. */
export const commandDeadlineMs = 5_000;
const openingDeadlineMs = 5_000;
/** A silent link is asked for a sign of life; with the command's deadline a half-open link is noticed within 10 s. */
const silenceMs = 5_000;
/** The largest true frames (a `show` of 2 000 rows) stay under 1 MB; a longer one is a broken length header. */
const frameBytesMax = 8 * 1024 * 1024;
/** Header lines of the event socket are some hundred bytes; a peer that sends no end of them is no switch. */
const headerBytesMax = 64 * 1024;

export class EslLink {
  readonly #options: EslLinkOptions;
  readonly #listener: EslLinkListener;
  readonly #waiting = new Set<(reply: Reply) => void>();
  #running = false;
  #connection: Connection | undefined;
  /** Kept beside the connection: modesl forgets it as soon as the other side closes. */
  #socket: Socket | null = null;
  #up = false;
  #attempts = 0;
  #lastSeenMs: number | undefined;
  #lastComplaint = '';
  #timer: Timer | undefined;

  constructor(options: EslLinkOptions, listener: EslLinkListener) {
    // The password is a line of the protocol: a line end in it would begin another command.
    if (/[\r\n]/.test(options.password) || options.password === '') {
      throw new Error(`The event socket password of switch ${options.id} must be one line and not empty.`);
    }
    this.#options = options;
    this.#listener = listener;
  }

  get up(): boolean {
    return this.#up;
  }

  /** `Clock.monotonicMs()` of the last byte that came. */
  get lastSeenMs(): number | undefined {
    return this.#lastSeenMs;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#open();
  }

  /** Resolves when the socket is closed; commands still waiting settle as unanswered. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    const socket = this.#socket;
    const closed =
      socket === null || socket.closed
        ? Promise.resolve()
        : new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.#drop('stopped');
    await closed;
  }

  /** The text of the answer without its line end. Unanswered at once when the link is not up. */
  api(command: ApiCommand): Promise<Reply> {
    return this.#ask((connection, reply) => connection.api(command, (event) => reply(text(event.getBody()))));
  }

  /** `sendmsg`, `bgapi`: the Reply-Text. */
  send(message: Message): Promise<Reply> {
    return this.#ask((connection, reply) =>
      connection.sendRecv(message.line, { ...message.headers }, (event) =>
        reply(text(event.getHeader('Reply-Text'))),
      ),
    );
  }

  #ask(write: (connection: Connection, reply: (text: string) => void) => void): Promise<Reply> {
    const connection = this.#connection;
    if (connection === undefined || !this.#up) return Promise.resolve(unanswered);
    return this.#exchange(connection, write);
  }

  #exchange(
    connection: Connection,
    write: (connection: Connection, reply: (text: string) => void) => void,
  ): Promise<Reply> {
    return new Promise((resolve) => {
      const settle = (reply: Reply): void => {
        if (!this.#waiting.delete(settle)) return;
        deadline.cancel();
        resolve(reply);
      };
      const deadline = this.#options.clock.after(commandDeadlineMs, () =>
        this.#drop('a command was not answered'),
      );
      this.#waiting.add(settle);
      // modesl writes a command in pieces; corked they leave as one packet, and Nagle never holds back the second.
      const socket = this.#socket;
      socket?.cork();
      write(connection, (answer) => {
        if (this.#connection === connection) settle({ answered: true, text: answer });
      });
      process.nextTick(() => socket?.uncork());
    });
  }

  #open(): void {
    const { host, port, password, clock } = this.#options;
    const connection = new modesl.Connection(host, port, password);
    const socket = connection.socket;
    this.#connection = connection;
    this.#socket = socket;
    // It would subscribe at once, and what is keyed in secret must be kept out before anything is let in.
    connection.subscribe = () => undefined;
    this.#timer = clock.after(openingDeadlineMs, () => this.#drop('no greeting'));
    const drop = (why: string): void => {
      if (this.#connection === connection) this.#drop(why);
    };
    socket?.setNoDelay(true);
    socket?.on('close', () => drop('closed by the switch'));
    // Covers refused connections, resets, and JSON that does not parse.
    connection.on('error', (fault) => drop(fault.message));
    connection.on('esl::connect', () => this.#guardParser(connection, drop));
    connection.on('esl::event::auth::fail', () => drop('the switch refuses our password'));
    connection.on('esl::ready', () => void this.#greet(connection));
    connection.on('esl::event::**', (event, headers) => {
      if (this.#connection !== connection) return;
      // modesl's own events (`auth::success`) come without headers.
      const type = headers?.['Content-Type'];
      if (type === 'text/event-json') this.#hear(event);
      else if (type === 'text/rude-rejection') drop('the switch does not admit our address (ACL)');
    });
  }

  // Two things modesl cannot do safely from outside: its parser throws out of the socket's own event (and with it ends the
  // process) on a `%` that is no escape, and it waits for any Content-Length however large. So the socket's bytes are
  // handed to the parser through here, and its reading of header lines is replaced by one that does not throw on `%`.
  #guardParser(connection: Connection, drop: (why: string) => void): void {
    const { parser, socket } = connection;
    parser._parseHeaderText = readHeaderLines;
    socket?.removeAllListeners('data');
    socket?.on('data', (bytes: Buffer) => {
      this.#lastSeenMs = this.#options.clock.monotonicMs();
      try {
        parser._onData(bytes);
      } catch (fault) {
        drop(`malformed frame: ${fault instanceof Error ? fault.message : 'unreadable'}`);
      }
      const bytesMax = parser.bodyLen > 0 ? frameBytesMax : headerBytesMax;
      if (parser.buffer.length > bytesMax) drop('malformed frame: endless');
    });
  }

  async #greet(connection: Connection): Promise<void> {
    const refused = 'the switch did not accept our subscription';
    const core = await this.#exchange(connection, (at, reply) =>
      at.api(say.coreUuid, (event) => reply(text(event.getBody()))),
    );
    if (this.#connection !== connection || !core.answered) return;
    if (!/^[0-9a-f-]{36}$/.test(core.text)) {
      this.#drop(refused);
      return;
    }
    const filters = this.#options.hearsSecrets?.() === true ? [] : [say.hearNoSecrets];
    const said = await Promise.all(
      [say.hearRun(core.text), say.hearNoCardRoom, ...filters, say.subscribe(this.#options.events)].map(
        (message) =>
          this.#exchange(connection, (at, reply) =>
            at.sendRecv(message.line, null, (event) => reply(text(event.getHeader('Reply-Text')))),
          ),
      ),
    );
    // Dropped meanwhile by another fault: nothing is left to be said.
    if (this.#connection !== connection || !said.every((one) => one.answered)) return;
    if (!said.every((one) => one.text.startsWith('+OK'))) {
      this.#drop(refused);
      return;
    }
    this.#timer?.cancel();
    this.#up = true;
    this.#attempts = 0;
    this.#lastComplaint = '';
    this.#watch(connection);
    this.#options.log.info({ switch: this.#options.id, coreUuid: core.text }, 'Event socket is up.');
    this.#tell('up', () => this.#listener.up(core.text));
  }

  /** Notices a peer that is gone without a word: nothing closes a half-open connection but asking. */
  #watch(connection: Connection): void {
    const { clock } = this.#options;
    const quietFor = clock.monotonicMs() - (this.#lastSeenMs ?? 0);
    if (quietFor >= silenceMs && this.#waiting.size === 0) void this.api(say.areYouThere);
    this.#timer = clock.after(Math.max(silenceMs - quietFor, silenceMs / 5), () => {
      if (this.#connection === connection) this.#watch(connection);
    });
  }

  #hear(event: EslEvent): void {
    this.#tell('event', () =>
      this.#listener.event({
        header: (name) => {
          const value = event.getHeader(name);
          return typeof value === 'string' && value !== '' ? value : undefined;
        },
        body: () => text(event.getBody()),
      }),
    );
  }

  /** A listener that throws is a bug of ours, not of the bytes: it must neither drop the link nor end the process. */
  #tell(what: string, tell: () => void): void {
    try {
      tell();
    } catch (bug) {
      this.#options.log.error(
        { switch: this.#options.id, what, err: bug },
        'A listener of the event socket failed.',
      );
    }
  }

  #drop(why: string): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const socket = this.#socket;
    const wasUp = this.#up;
    this.#connection = undefined;
    this.#up = false;
    this.#timer?.cancel();
    connection.removeAllListeners();
    // A fault that is still on its way must find a listener, or it ends the process.
    connection.on('error', () => undefined);
    socket?.destroy();
    for (const settle of [...this.#waiting]) settle(unanswered);
    // Said once per reason: an unreachable switch is tried every few seconds for hours.
    if (this.#running && why !== this.#lastComplaint) {
      this.#lastComplaint = why;
      this.#options.log.warn({ switch: this.#options.id, why }, 'Event socket is down; trying again.');
    }
    if (wasUp) this.#tell('down', () => this.#listener.down());
    if (!this.#running) return;
    const ceiling = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.#attempts, 10));
    this.#attempts += 1;
    const chance = (this.#options.chance ?? Math.random)();
    this.#timer = this.#options.clock.after(Math.max(retryMinMs, ceiling * (0.5 + chance / 2)), () => {
      if (this.#running) this.#open();
    });
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trimEnd() : '');

/** modesl's own reading of header lines, but a `%` that is no escape stays as it is, and lengths must be lengths. */
function readHeaderLines(lines: string): Record<string, string | number> {
  const headers: Record<string, string | number> = {};
  for (const line of lines.split('\n')) {
    const at = line.indexOf(': ');
    if (at < 0) continue;
    const name = line.slice(0, at);
    const value = line.slice(at + 2);
    if (name === 'Content-Length') {
      const length = Number(value);
      if (!Number.isSafeInteger(length) || length < 0 || length > frameBytesMax)
        throw new Error('bad length');
      headers[name] = length;
    } else {
      headers[name] = unescaped(value);
    }
  }
  return headers;
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
