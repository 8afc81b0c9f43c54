// The phones over HTTP, for people (the demo page), tests and scripts.
//
//   GET  /api/phones                      every phone that has been in a call
//   GET  /api/phones/events               server-sent: `event: phones`, the same list at once and after every change
//   GET  /api/phones/{number}             one
//   POST /api/phones/{number}/answer | hangup | reject | busy
//   POST /api/phones/{number}/keys        {"digits": "1"}     0-9 * # A-D; counts over every prompt
//   POST /api/phones/{number}/dial        {"to": "+33899000001", "withheld"?: true, "assertedBy"?: "network"}
//        withheld: the number is told to nobody; assertedBy: the network vouches for it (else it is what the phone says)
//   PUT  /api/phones/{number}[/behaviour] {"behaviour": "manual" | "answers" | "busy" | "refuses" | "unreachable" |
//        "silent" | "voicemail", "answerAfterMs"?, "keys"?, "hangUpAfterMs"?, "hangUpAfterTalkMs"?}
//
// 200 with the phone; 400, 404, 405, 409 or 413 with {"error": "one sentence"}. A number may come with `+` or `%2B`; a
// phone at a SIP address is called by it: marie@sandbox.test.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dialling } from './switch-channel-facts.ts';
import { behaviours, type Handled, type Script, type SwitchPhones } from './switch-phones.ts';

const bodyBytesMax = 16_384;
/** Changes come in bursts (a bridge is six); a page is told once for all of them. */
const eventsEveryMs = 40;
const aliveEveryMs = 15_000;

class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class PhonesHttp {
  readonly #phones: SwitchPhones;
  readonly #origins: ReadonlySet<string>;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #unwatch: () => void;
  readonly #alive: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;

  /** `origins`: pages elsewhere that may call this from a browser. */
  constructor(phones: SwitchPhones, origins: Iterable<string>) {
    this.#phones = phones;
    this.#origins = new Set(origins);
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#unwatch = phones.watch(() => this.#tellSoon());
    this.#alive = setInterval(() => {
      for (const stream of this.#streams) stream.write(': alive\n\n');
    }, aliveEveryMs);
    this.#alive.unref();
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

  async close(): Promise<void> {
    this.#unwatch();
    clearInterval(this.#alive);
    clearTimeout(this.#soon);
    for (const stream of this.#streams) stream.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers;
    if (origin !== undefined && this.#origins.has(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('vary', 'origin');
      response.setHeader('access-control-allow-methods', 'GET, POST, PUT');
      response.setHeader('access-control-allow-headers', 'content-type');
    }
    try {
      if (request.method === 'OPTIONS') response.writeHead(204).end();
      else await this.#route(request, response);
    } catch (error) {
      const status = error instanceof BadRequest ? error.status : 500;
      const sentence =
        error instanceof BadRequest ? error.message : 'The sandbox switch failed; see its log.';
      if (status === 500) process.stderr.write(`sandbox switch: ${String(error)}\n`);
      if (!response.headersSent) answer(response, status, { error: sentence });
      else response.destroy();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    const [, rest = ''] = /^\/api\/phones(\/.*)?$/.exec(path) ?? [undefined, undefined];
    if (!path.startsWith('/api/phones') || (path.length > 11 && rest === '')) {
      throw new BadRequest(404, 'There is nothing here: the phones are at /api/phones.');
    }
    const parts = rest.split('/').filter((part) => part !== '');
    const [numberPart, action] = parts;
    if (numberPart === undefined) {
      this.#only(request, 'GET');
      answer(response, 200, this.#phones.list());
    } else if (numberPart === 'events' && action === undefined) {
      this.#only(request, 'GET');
      this.#stream(response);
    } else {
      const number = phoneNumber(numberPart);
      if (parts.length > 2) throw new BadRequest(404, `A phone has no ${parts.slice(1).join('/')}.`);
      await this.#phone(request, response, number, action);
    }
  }

  async #phone(
    request: IncomingMessage,
    response: ServerResponse,
    number: string,
    action: string | undefined,
  ): Promise<void> {
    if (action === undefined && request.method === 'GET') {
      const phone = this.#phones.list().find((one) => one.number === number);
      if (phone === undefined) throw unknownPhone(number);
      answer(response, 200, phone);
    } else if ((action === undefined || action === 'behaviour') && request.method === 'PUT') {
      answer(response, 200, this.#phones.script(number, scriptOf(await bodyOf(request))));
    } else {
      const act = action === undefined ? undefined : this.#actions.get(action);
      if (act === undefined) {
        if (action === undefined)
          throw new BadRequest(405, 'A phone is read with GET and scripted with PUT.');
        throw new BadRequest(
          404,
          `A phone cannot ${action}: it can answer, hangup, reject, busy, keys, say and dial.`,
        );
      }
      this.#only(request, 'POST');
      const handled = act(number, await bodyOf(request));
      if (handled.outcome === 'unknown') throw unknownPhone(number);
      if (handled.outcome === 'conflict') throw new BadRequest(409, handled.reason);
      answer(response, 200, handled.phone);
    }
  }

  readonly #actions = new Map<string, (number: string, body: Record<string, unknown>) => Handled>([
    ['answer', (number) => this.#phones.answer(number)],
    ['hangup', (number) => this.#phones.hangUp(number)],
    ['reject', (number) => this.#phones.turnAway(number, 'CALL_REJECTED')],
    ['busy', (number) => this.#phones.turnAway(number, 'USER_BUSY')],
    ['say', (number, body) => this.#phones.say(number, wordsOf(body['text']))],
    ['keys', (number, body) => this.#phones.press(number, digitsOf(body['digits'], 'digits'))],
    [
      'dial',
      (number, body) => {
        const { to } = body;
        if (typeof to !== 'string')
          throw new BadRequest(400, 'Say which number to dial: {"to": "+33899000001"}.');
        return this.#phones.dial(number, phoneNumber(encodeURIComponent(to)), diallingOf(body));
      },
    ],
  ]);

  #only(request: IncomingMessage, method: string): void {
    if (request.method !== method) throw new BadRequest(405, `This is asked with ${method}.`);
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(this.#event());
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  #event(): string {
    return `event: phones\ndata: ${JSON.stringify(this.#phones.list())}\n\n`;
  }

  #tellSoon(): void {
    if (this.#streams.size === 0 || this.#soon !== undefined) return;
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      const event = this.#event();
      for (const stream of this.#streams) stream.write(event);
    }, eventsEveryMs);
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

function unknownPhone(number: string): BadRequest {
  return new BadRequest(404, `No call has ever reached or left ${number}.`);
}

function phoneNumber(part: string): string {
  let number = '';
  try {
    number = decodeURIComponent(part);
  } catch {
    // Left empty: refused below.
  }
  const isNumber = /^\+?[0-9*#]{2,20}$/.test(number);
  const isSip = /^[A-Za-z0-9+][A-Za-z0-9+._-]{0,63}@[a-z0-9][a-z0-9.-]{0,252}(:[0-9]{1,5})?$/.test(number);
  if (!isNumber && !isSip) {
    throw new BadRequest(
      400,
      'That is not a telephone number: write it like +33612345678, or a SIP address like marie@sandbox.test.',
    );
  }
  return number;
}

function diallingOf({ withheld, assertedBy }: Record<string, unknown>): Dialling {
  if (withheld !== undefined && typeof withheld !== 'boolean')
    throw new BadRequest(400, '"withheld" is true or false.');
  if (assertedBy !== undefined && assertedBy !== 'network')
    throw new BadRequest(400, '"assertedBy" is "network", or left out.');
  return { ...(withheld !== undefined && { withheld }), ...(assertedBy !== undefined && { assertedBy }) };
}

function digitsOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || !/^[0-9*#A-Da-d]{1,64}$/.test(value)) {
    throw new BadRequest(400, `"${name}" is one to 64 keys: 0-9, *, # (and A-D).`);
  }
  return value.toUpperCase();
}

function wordsOf(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 1000) {
    throw new BadRequest(400, '"text" is what is said, at most 1000 characters.');
  }
  return value.trim();
}

function scriptOf(body: Record<string, unknown>): Script {
  const behaviour = behaviours.find((known) => known === body['behaviour']);
  if (behaviour === undefined) throw new BadRequest(400, `"behaviour" is one of ${behaviours.join(', ')}.`);
  const script: Script = { behaviour };
  for (const name of ['answerAfterMs', 'hangUpAfterMs', 'hangUpAfterTalkMs'] as const) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !(value >= 0 && value <= 86_400_000)) {
      throw new BadRequest(400, `"${name}" is a number of milliseconds, a day at most.`);
    }
    script[name] = value;
  }
  if (body['keys'] !== undefined && body['keys'] !== null) script.keys = digitsOf(body['keys'], 'keys');
  return script;
}

/** A JSON object; nothing at all is an empty one. */
async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyBytesMax) throw new BadRequest(413, 'The body is too long for a phone.');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BadRequest(400, 'The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new BadRequest(400, 'The body is a JSON object.');
  }
  return parsed as Record<string, unknown>;
}
