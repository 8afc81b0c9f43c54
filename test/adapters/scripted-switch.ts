// The far side of an event socket, byte by byte under the test's hand: greets, takes commands apart, answers what it is
// told to answer, and can be late, silent or broken.
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export const coreUuid = '01171757-e3e7-4ed6-8b5a-312645729c4f';

export const apiResponse = (body: string): string =>
  `Content-Type: api/response\nContent-Length: ${String(Buffer.byteLength(body))}\n\n${body}`;
export const commandReply = (text: string): string => `Content-Type: command/reply\nReply-Text: ${text}\n\n`;
export const jsonEvent = (event: Record<string, unknown>): string => {
  const body = JSON.stringify(event);
  return `Content-Length: ${String(Buffer.byteLength(body))}\nContent-Type: text/event-json\n\n${body}`;
};

/** Text to send back, or `undefined` to leave the command unanswered. */
export type Answer = (command: string, peer: ScriptedSwitch) => string | undefined;

/** What every healthy switch says to opening a link; other commands get `+OK`. */
export const healthy: Answer = (command) => {
  if (command === 'api global_getvar core_uuid') return apiResponse(coreUuid);
  if (command.startsWith('api uuid_exists')) return apiResponse('false');
  if (command.startsWith('api sched_api')) return apiResponse('+OK Added: 7\n');
  if (command.startsWith('api ')) return apiResponse('+OK\n');
  return commandReply('+OK');
};

export class ScriptedSwitch {
  readonly commands: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: { matches: (command: string) => boolean; resolve: (command: string) => void }[] = [];
  readonly #arrivals: (() => void)[] = [];
  readonly #departures: (() => void)[] = [];
  connections = 0;
  answer: Answer = healthy;
  greets = true;
  #latest: Socket | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#talk(socket));
  }

  static async start(): Promise<ScriptedSwitch> {
    const server = createServer();
    const peer = new ScriptedSwitch(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #talk(socket: Socket): void {
    this.connections += 1;
    this.#latest = socket;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const left of this.#departures.splice(0)) left();
    });
    let unread = '';
    socket.on('data', (bytes) => {
      unread += bytes.toString('utf8');
      for (let end = unread.indexOf('\n\n'); end >= 0; end = unread.indexOf('\n\n')) {
        const command = unread.slice(0, end).trimStart();
        unread = unread.slice(end + 2);
        if (command !== '') this.#take(command, socket);
      }
    });
    if (this.greets) socket.write('Content-Type: auth/request\n\n');
    for (const arrived of this.#arrivals.splice(0)) arrived();
  }

  #take(command: string, socket: Socket): void {
    this.commands.push(command);
    const reply = command.startsWith('auth ')
      ? (this.answerAuth ?? commandReply('+OK accepted'))
      : this.answer(command, this);
    if (reply !== undefined) socket.write(reply);
    for (const waiter of [...this.#waiting]) {
      if (!waiter.matches(command)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve(command);
    }
  }

  answerAuth: string | undefined;

  /** The next command from now on that begins so. */
  command(beginning: string): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push({ matches: (command) => command.startsWith(beginning), resolve });
    });
  }

  /** The next connection from now on. */
  connection(): Promise<void> {
    return new Promise((resolve) => this.#arrivals.push(resolve));
  }

  /** The next end of a connection. */
  disconnection(): Promise<void> {
    return new Promise((resolve) => this.#departures.push(resolve));
  }

  send(bytes: string | Buffer): void {
    this.#latest?.write(bytes);
  }

  /** Each piece a packet of its own as far as a loopback can tell: the next leaves when this one is out. */
  async sendInPieces(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.#latest?.write(piece, () => setImmediate(resolve)));
    }
  }

  /** Hangs up on everybody; new ones are welcome. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface Frame {
  headers: Record<string, string>;
  body?: string;
}

/** A transcript taken apart by a reader of its own, to check ours against. */
export function transcript(name: string): Frame[] {
  const bytes = readFileSync(new URL(`../fixtures/freeswitch/${name}`, import.meta.url));
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\n\n', at);
    if (end < 0) break;
    const headers = Object.fromEntries(
      bytes
        .toString('utf8', at, end)
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
    );
    const length = Number(headers['Content-Length'] ?? 0);
    const body = bytes.toString('utf8', end + 2, end + 2 + length);
    frames.push(length > 0 ? { headers, body } : { headers });
    at = end + 2 + length;
  }
  return frames;
}

/** The events of a transcript as objects, whichever form they were written down in. */
export function eventsOf(name: string): Record<string, string>[] {
  return transcript(name).flatMap(({ headers, body }) => {
    if (headers['Content-Type'] === 'text/event-json')
      return [JSON.parse(body ?? '') as Record<string, string>];
    if (headers['Content-Type'] !== 'text/event-plain') return [];
    const [head = '', ...rest] = (body ?? '').split('\n\n');
    const lines = head.split('\n').map((line): [string, string] => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), decodeURIComponent(line.slice(at + 2))];
    });
    return [{ ...Object.fromEntries(lines), ...(rest.join('') === '' ? {} : { _body: rest.join('\n\n') }) }];
  });
}
