// A bare event-socket client for tests: bytes in, frames out, nothing of the gateway's own link. Reads recorded
// transcripts with the same eyes.

import { connect, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';

export interface Frame {
  headers: Record<string, string>;
  /** Names in the order they were written. */
  names: string[];
  body: string;
}

export interface EventFrame {
  name: string;
  format: 'json' | 'plain';
  headers: Record<string, string>;
  names: string[];
  body?: string;
}

/** Whole frames at the start of `bytes`, and what is left over. */
export function framesIn(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\n\n');
    if (end < 0) return { frames, rest };
    const headers: Record<string, string> = {};
    const names: string[] = [];
    for (const line of rest.toString('utf8', 0, end).split('\n')) {
      const colon = line.indexOf(': ');
      headers[line.slice(0, colon)] = line.slice(colon + 2);
      names.push(line.slice(0, colon));
    }
    const length = Number(headers['Content-Length'] ?? 0);
    if (rest.length < end + 2 + length) return { frames, rest };
    frames.push({ headers, names, body: rest.toString('utf8', end + 2, end + 2 + length) });
    rest = rest.subarray(end + 2 + length);
  }
}

export function eventOf(frame: Frame): EventFrame | undefined {
  const type = frame.headers['Content-Type'];
  if (type === 'text/event-json') {
    const { _body: body, ...headers } = JSON.parse(frame.body) as Record<string, string>;
    const names = Object.keys(headers);
    return {
      name: headers['Event-Name'] ?? '',
      format: 'json',
      headers,
      names,
      ...(body === undefined ? {} : { body }),
    };
  }
  if (type !== 'text/event-plain') return undefined;
  const headers: Record<string, string> = {};
  const [head = '', ...rest] = frame.body.split('\n\n');
  for (const line of head.split('\n')) {
    const colon = line.indexOf(': ');
    headers[line.slice(0, colon)] = decodeURIComponent(line.slice(colon + 2));
  }
  const body = rest.join('\n\n');
  return {
    name: headers['Event-Name'] ?? '',
    format: 'plain',
    headers,
    names: Object.keys(headers),
    ...(body === '' ? {} : { body }),
  };
}

/** A recorded conversation; a last frame that was cut off is left out. */
export function transcript(name: string): Frame[] {
  return framesIn(readFileSync(new URL(`../fixtures/freeswitch/${name}`, import.meta.url))).frames;
}

export function eventsOf(frames: Frame[], leg?: string): EventFrame[] {
  return frames
    .map(eventOf)
    .filter((event) => event !== undefined)
    .filter((event) => leg === undefined || event.headers['Unique-ID']?.startsWith(leg) === true);
}

export class RawEventSocket {
  readonly frames: Frame[] = [];
  readonly events: EventFrame[] = [];
  readonly replies: Frame[] = [];
  closed = false;
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();
  #rest: Buffer = Buffer.alloc(0);
  #read = 0;
  #replyRead = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      const { frames, rest } = framesIn(Buffer.concat([this.#rest, chunk]));
      this.#rest = rest;
      for (const frame of frames) {
        this.frames.push(frame);
        const event = eventOf(frame);
        if (event === undefined) this.replies.push(frame);
        else this.events.push(event);
      }
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawEventSocket> {
    const socket = connect(port, '127.0.0.1');
    const client = new RawEventSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Signed in and listening to what the transcripts listened to. */
  static async signedIn(
    port: number,
    password: string,
    format: 'json' | 'plain' = 'json',
  ): Promise<RawEventSocket> {
    const client = await RawEventSocket.open(port);
    await client.reply();
    client.send(`auth ${password}`);
    await client.reply();
    client.send(
      `event ${format} BACKGROUND_JOB CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK ` +
        'CHANNEL_EXECUTE_COMPLETE CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY ' +
        'DTMF PLAYBACK_START PLAYBACK_STOP RECORD_START RECORD_STOP',
    );
    await client.reply();
    return client;
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  send(command: string): void {
    this.#socket.write(`${command}\n\n`);
  }

  /** The next answer that is not an event. */
  async reply(): Promise<Frame> {
    await this.until(() => this.replies.length > this.#replyRead);
    return this.replies[this.#replyRead++]!;
  }

  async api(command: string): Promise<string> {
    this.send(`api ${command}`);
    return (await this.reply()).body;
  }

  async execute(leg: string, application: string, argument: string, uuid: string): Promise<string> {
    const lines = [`sendmsg ${leg}`, 'call-command: execute', `execute-app-name: ${application}`];
    if (argument !== '') lines.push(`execute-app-arg: ${argument}`);
    this.send([...lines, `event-uuid: ${uuid}`, 'event-lock: true'].join('\n'));
    return (await this.reply()).headers['Reply-Text'] ?? '';
  }

  /** The next event, after those already asked for, of this name (and leg, or whatever else is asked). */
  async event(
    name: string,
    wanted: string | ((event: EventFrame) => boolean) = () => true,
  ): Promise<EventFrame> {
    const fits =
      typeof wanted === 'string' ? (event: EventFrame) => event.headers['Unique-ID'] === wanted : wanted;
    let found: EventFrame | undefined;
    await this.until(() => {
      for (let index = this.#read; index < this.events.length; index += 1) {
        const event = this.events[index]!;
        if (event.name === name && fits(event)) {
          found = event;
          this.#read = index + 1;
          return true;
        }
      }
      return false;
    });
    return found!;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error('the event socket was closed before what was waited for');
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async end(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** One line an event with all that a gateway could decide by, uuids and times taken out: what two switches must agree on. */
export function story(events: EventFrame[], legNames: Record<string, string> = {}): string[] {
  const name = (text: string | undefined): string => {
    let said = text ?? '';
    for (const [uuid, leg] of Object.entries(legNames)) said = said.replaceAll(uuid, leg);
    return said;
  };
  const told = [
    ...[
      'Channel-State',
      'Channel-Call-State',
      'Answer-State',
      'Hangup-Cause',
      'Bridge-A-Unique-ID',
      'Bridge-B-Unique-ID',
    ],
    ...['Other-Type', 'Other-Leg-Unique-ID', 'Application', 'Application-Data', 'Application-Response'],
    ...['Playback-Status', 'DTMF-Digit', 'DTMF-Source'],
  ];
  return events.map((event) => {
    const values = told.map((header) => name(event.headers[header])).filter((value) => value !== '');
    return [event.name, name(event.headers['Unique-ID']), ...values].join(' ');
  });
}

/** The headers of an event without its variables: names in order. */
export function headerNames(event: EventFrame): string[] {
  return event.names.filter((name) => !name.startsWith('variable_'));
}

export function variablesOf(event: EventFrame): Record<string, string> {
  return Object.fromEntries(
    Object.entries(event.headers)
      .filter(([name]) => name.startsWith('variable_'))
      .map(([name, value]) => [name.slice(9), value]),
  );
}
