// The event socket: one TCP connection a client, commands in, replies in their order and events out (mod_event_socket of
// FreeSWITCH 1.10). What commands do is in switch-commands.ts; here is only how they are said.

import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { enqueue } from './switch-applications.ts';
import { causeNamed } from './switch-causes.ts';
import type { SwitchChannels } from './switch-channels.ts';
import type { SwitchCommands } from './switch-commands.ts';
import { firstWord } from './switch-command-text.ts';
import {
  isTrue,
  type EventBus,
  type EventFormat,
  type EventReader,
  type SwitchEvent,
} from './switch-events.ts';

/** mod_event_socket reads at most this much before it takes what it has for a command. */
const commandBytesMax = 10_485_760;
/** A client that does not sign in is shown the door: `read_packet(listener, &event, 25)`. */
const signInMs = 25_000;
/** A client that reads nothing must not eat the switch's memory: FreeSWITCH kills it too, at its queue's end. */
const unsentBytesMax = 256 * 1024 * 1024;
const replyBytesMax = 511;
const goodbye =
  'Content-Type: text/disconnect-notice\nContent-Length: 67\n\n' +
  'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';

const jobOrigin = { file: 'mod_event_socket.c', function: 'api_exec', line: 1572 };
const heartbeatOrigin = { file: 'switch_core.c', function: 'send_heartbeat', line: 95 };
/** FreeSWITCH's `event-heartbeat-interval`. */
const heartbeatMs = 20_000;

/** The kinds of event FreeSWITCH knows; other words in a subscription are passed over. */
const eventName =
  /^(ALL|CUSTOM|CHANNEL_[A-Z_]+|PLAYBACK_(START|STOP)|RECORD_(START|STOP)|DTMF|HEARTBEAT|BACKGROUND_JOB|API|CODEC|CALL_UPDATE|SESSION_HEARTBEAT|MEDIA_BUG_(START|STOP)|(DE|ADD|DEL|EXE|RE)_SCHEDULE|SHUTDOWN|LOG|NOTALK|TALK)$/;

export interface EventSocketParts {
  bus: EventBus;
  channels: SwitchChannels;
  commands: SwitchCommands;
  password: string;
}

export class SwitchEventSocket {
  readonly #parts: EventSocketParts;
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  readonly #heartbeat: NodeJS.Timeout;
  /** Until then whoever connects is cut at once. */
  #awayUntilMs = 0;

  constructor(parts: EventSocketParts) {
    this.#parts = parts;
    this.#server = createServer((socket) => {
      if (performance.now() < this.#awayUntilMs) {
        socket.destroy();
        return;
      }
      const client = new Client(socket, parts, () => this.#clients.delete(client));
      this.#clients.add(client);
    });
    this.#heartbeat = setInterval(() => this.beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  beat(): void {
    const { bus, channels } = this.#parts;
    bus.fire('HEARTBEAT', heartbeatOrigin, () => ({
      headers: [
        ...['Event-Info', 'System Ready', 'FreeSWITCH-Version', '1.10.12-release-sandbox'],
        ...['Session-Count', String(channels.living.size), 'Max-Sessions', '5000', 'Session-Per-Sec', '500'],
        ...['Session-Since-Startup', String(channels.sessions), 'Idle-CPU', '90.000000'],
      ],
    }));
  }

  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Cuts every connection without a word, as a network does. New ones are accepted after `awayMs`. */
  cut(awayMs = 0): void {
    this.#awayUntilMs = performance.now() + awayMs;
    for (const client of this.#clients) client.cut();
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }
}

class Client implements EventReader {
  readonly #socket: Socket;
  readonly #parts: EventSocketParts;
  readonly #gone: () => void;
  readonly #signIn: NodeJS.Timeout;
  #pending: Buffer = Buffer.alloc(0);
  #searched = 0;
  #signedIn = false;
  #closing = false;
  /** An `api` command has not answered yet: what follows waits, as the client's thread does in FreeSWITCH. */
  #busy = false;
  /** Events that happen while a command is carried out follow its reply. */
  #held: Buffer[] | undefined;
  #listening = false;
  #all = false;
  readonly #names = new Set<string>();
  #format: EventFormat = 'plain';
  #filters: { name: string; value: string; positive: boolean }[] = [];

  constructor(socket: Socket, parts: EventSocketParts, gone: () => void) {
    this.#socket = socket;
    this.#parts = parts;
    this.#gone = gone;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
    this.#signIn = setTimeout(() => this.#close(), signInMs);
    this.#send('Content-Type: auth/request\n\n');
    parts.bus.add(this);
  }

  cut(): void {
    this.#socket.destroy();
  }

  wants(name: string): boolean {
    return this.#listening && !this.#closing && (this.#all || this.#names.has(name));
  }

  take(event: SwitchEvent): void {
    if (!this.#passes(event)) return;
    const frame = event.frame(this.#format);
    if (this.#held === undefined) this.#send(frame);
    else this.#held.push(frame);
  }

  /** With filters nothing passes but what one of them names; a negative one has the last word. */
  #passes(event: SwitchEvent): boolean {
    if (this.#filters.length === 0) return true;
    let passes = false;
    for (const { name, value, positive } of this.#filters) {
      if (passes && positive) continue;
      if (event.header(name)?.toLowerCase() !== value.toLowerCase()) continue;
      if (!positive) return false;
      passes = true;
    }
    return passes;
  }

  #closed(): void {
    this.#closing = true;
    clearTimeout(this.#signIn);
    this.#parts.bus.remove(this);
    this.#pending = Buffer.alloc(0);
    this.#gone();
  }

  #close(): void {
    this.#closing = true;
    this.#socket.end(goodbye);
    // A client that does not hang up its end is not waited for.
    setTimeout(() => this.#socket.destroy(), 2000).unref();
  }

  #send(data: Buffer | string): void {
    if (!this.#socket.writable) return;
    if (this.#socket.writableLength > unsentBytesMax) {
      this.#socket.destroy();
      return;
    }
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(data);
  }

  #reply(text: string): void {
    const line = Buffer.from(text).subarray(0, replyBytesMax).toString();
    this.#send(`Content-Type: command/reply\nReply-Text: ${line}\n\n`);
  }

  #receive(chunk: Buffer): void {
    if (this.#closing) return;
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#work();
  }

  #work(): void {
    while (!this.#busy && !this.#closing) {
      const command = this.#next();
      if (command === undefined) return;
      this.#held = [];
      this.#obey(command.lines, command.body);
      const held: Buffer[] = this.#held;
      this.#held = undefined;
      for (const frame of held) this.#send(frame);
    }
  }

  /** The next whole command: lines to an empty one, and a body where Content-Length says so. */
  #next(): { lines: string[]; body: string } | undefined {
    let start = 0;
    while (this.#pending[start] === 10 || this.#pending[start] === 13) start += 1;
    if (start > 0) {
      this.#pending = this.#pending.subarray(start);
      this.#searched = 0;
    }
    const end = this.#headEnd();
    if (end === undefined) return undefined;
    const lines = this.#pending.toString('utf8', 0, end.head).split(/[\r\n]+/);
    const length = Number.parseInt(header(lines, 'content-length') ?? '0', 10);
    const bodyLength = Number.isNaN(length) || length < 0 ? 0 : length;
    if (bodyLength > commandBytesMax) {
      this.#close();
      return undefined;
    }
    if (this.#pending.length < end.after + bodyLength) return undefined;
    const body = this.#pending.toString('utf8', end.after, end.after + bodyLength);
    this.#pending = this.#pending.subarray(end.after + bodyLength);
    this.#searched = 0;
    return { lines, body };
  }

  #headEnd(): { head: number; after: number } | undefined {
    for (
      let at = this.#pending.indexOf(10, this.#searched);
      at >= 0;
      at = this.#pending.indexOf(10, at + 1)
    ) {
      let next = at + 1;
      while (this.#pending[next] === 13) next += 1;
      if (this.#pending[next] === 10) return { head: at, after: next + 1 };
    }
    if (this.#pending.length >= commandBytesMax) {
      return { head: this.#pending.length, after: this.#pending.length };
    }
    this.#searched = Math.max(0, this.#pending.length - 3);
    return undefined;
  }

  #obey(lines: string[], body: string): void {
    const [verbWord, rest] = firstWord((lines[0] ?? '').trimEnd());
    const verb = verbWord.toLowerCase();
    if (verb.startsWith('exit') || verb.startsWith('...')) {
      this.#reply('+OK bye');
      this.#close();
    } else if (!this.#signedIn) {
      this.#authenticate(verb, rest);
    } else if (verb === 'api') {
      this.#api(rest);
    } else if (verb === 'bgapi') {
      this.#background(rest, header(lines, 'job-uuid'));
    } else if (verb === 'sendmsg') {
      this.#reply(this.#message(rest, lines, body));
    } else {
      this.#reply(this.#subscription(verb, rest) ?? '-ERR command not found');
    }
  }

  #authenticate(verb: string, given: string): void {
    if (verb !== 'auth') {
      this.#reply('-ERR command not found');
      return;
    }
    const [wanted, got] = [Buffer.from(this.#parts.password), Buffer.from(given)];
    if (wanted.length === got.length && timingSafeEqual(wanted, got)) {
      this.#signedIn = true;
      clearTimeout(this.#signIn);
      this.#reply('+OK accepted');
    } else {
      this.#reply('-ERR invalid');
      this.#close();
    }
  }

  #api(command: string): void {
    this.#busy = true;
    const [name, argument] = firstWord(command);
    let late = false;
    this.#parts.commands.run(name, argument, (text) => {
      const reply = text === '' ? '-ERR no reply\n' : text;
      this.#send(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(reply)}\n\n${reply}`);
      this.#busy = false;
      // A late answer (originate) comes in the middle of a leg's change: what the client sent meanwhile waits for its end.
      if (late) setImmediate(() => this.#work());
    });
    late = true;
  }

  #background(command: string, wantedUuid: string | undefined): void {
    const uuid = wantedUuid ?? randomUUID();
    this.#send(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${uuid}\nJob-UUID: ${uuid}\n\n`);
    const [name, argument] = firstWord(command);
    this.#parts.commands.run(name, argument, (body) => {
      const headers = ['Job-UUID', uuid, 'Job-Command', name];
      if (argument !== '') headers.push('Job-Command-Arg', argument);
      this.#parts.bus.fire('BACKGROUND_JOB', jobOrigin, () => ({ headers, body }));
    });
  }

  #message(rest: string, lines: string[], body: string): string {
    const uuid = rest.trim() === '' ? (header(lines, 'session-id') ?? '') : rest.trim();
    const channel = this.#parts.channels.find(uuid);
    if (channel === undefined) return `-ERR invalid session id [${uuid}]`;
    const call = header(lines, 'call-command')?.toLowerCase();
    const application = header(lines, 'execute-app-name');
    if (call === 'hangup') {
      this.#parts.channels.hangUp(channel, causeNamed(header(lines, 'hangup-cause')));
    } else if (call === 'execute' && application !== undefined) {
      enqueue(this.#parts.channels, channel, {
        application,
        argument:
          header(lines, 'execute-app-arg') ?? (header(lines, 'content-type') === 'text/plain' ? body : ''),
        uuid: header(lines, 'event-uuid') ?? randomUUID(),
        lock: isTrue(header(lines, 'event-lock')),
        loops: Number.parseInt(header(lines, 'loops') ?? '1', 10) || 1,
      });
    }
    return '+OK';
  }

  #subscription(verb: string, rest: string): string | undefined {
    const words = rest.split(' ').filter((word) => word !== '');
    switch (verb) {
      case 'event':
        return this.#subscribe(words);
      case 'nixevent':
        if (words.length === 0) return '-ERR no keywords supplied';
        for (const word of words) this.#names.delete(word.toUpperCase());
        if (words.some((word) => word.toUpperCase() === 'ALL')) {
          this.#all = false;
          this.#names.clear();
        }
        return '+OK events nixed';
      case 'noevents': {
        const listened = this.#listening;
        this.#listening = false;
        this.#all = false;
        this.#names.clear();
        return listened ? '+OK no longer listening for events' : '-ERR not listening for events';
      }
      case 'filter':
        return this.#filter(rest.trim());
      case 'linger':
      case 'nolinger':
        return '-ERR not controlling a session';
      case 'divert_events':
        return '-ERR not controlling a session.';
      case 'log':
        return `+OK log level ${rest} [7]`;
      case 'nolog':
        return '-ERR not loging';
      case 'sendevent':
        return `+OK ${randomUUID()}`;
      default:
        return undefined;
    }
  }

  #subscribe(words: string[]): string {
    const format = words[0]?.toLowerCase();
    if (format === 'xml') return '-ERR no keywords supplied';
    if (format === 'json' || format === 'plain') {
      this.#format = format;
      words.shift();
    }
    const names = words.map((word) => word.toUpperCase()).filter((name) => eventName.test(name));
    if (names.length === 0) return '-ERR no keywords supplied';
    for (const name of names) {
      if (name === 'ALL') this.#all = true;
      else this.#names.add(name);
    }
    this.#listening = true;
    return `+OK event listener enabled ${this.#format}`;
  }

  #filter(rest: string): string {
    let [name, value] = firstWord(rest);
    if (name.toLowerCase() === 'delete' && value !== '') {
      [name, value] = firstWord(value);
      if (name.toLowerCase() === 'all') this.#filters = [];
      const filter = filterOf(name, value);
      this.#filters = this.#filters.filter(
        (kept) =>
          kept.name !== filter.name ||
          (value !== '' && (kept.value !== filter.value || kept.positive !== filter.positive)),
      );
      return `+OK filter deleted. [${name}][${value}]`;
    }
    if (name.toLowerCase() === 'add' && value.includes(' ')) [name, value] = firstWord(value);
    if (value === '') return '-ERR invalid syntax';
    this.#filters.push(filterOf(name, value));
    return `+OK filter added. [${name}]=[${value}]`;
  }
}

/** `-<uuid>` keeps out what it names. */
function filterOf(name: string, value: string): { name: string; value: string; positive: boolean } {
  const [, signs = '', rest = ''] = /^([+\- ]*)(.*)$/s.exec(value) ?? [];
  return { name: name.toLowerCase(), value: rest, positive: !signs.trimEnd().endsWith('-') };
}

function header(lines: string[], name: string): string | undefined {
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).toLowerCase() === name)
      return line.slice(colon + 1).replace(/^ +/, '');
  }
  return undefined;
}
