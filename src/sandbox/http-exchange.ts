// The little HTTP the merchant and the front need: a bounded body, a JSON answer, a stream of events. No framework: they
// answer a handful of routes on loopback.

import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A refusal with the status and the sentence the caller is to see. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Nothing sent to the sandbox is larger than a notice; a megabyte is a mistake or a mischief. */
const bodyMaxBytes = 1_048_576;
/** After this long a proxy in between would take a silent stream for dead. */
const heartbeatMs = 15_000;

/** The body's bytes as they came: signatures are over bytes. Throws 413 above 1 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyMaxBytes) throw new Refusal(413, 'The body is larger than 1 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A JSON object from the body; an empty body is an empty object. Throws 400 for anything else. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await readBody(request)).toString('utf8');
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // Said below: a body that is no JSON and a JSON that is no object have the same cure.
  }
  throw new Refusal(400, 'The body must be a JSON object.');
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify(body));
}

/** Server-sent events to whoever watches: everybody gets what is current on connecting, and every change after. */
export class EventStream {
  readonly #name: string;
  readonly #current: () => unknown;
  readonly #watchers = new Set<ServerResponse>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(name: string, current: () => unknown) {
    this.#name = name;
    this.#current = current;
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), heartbeatMs);
    this.#heartbeat.unref();
  }

  open(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'keep-alive',
      // Asks a buffering proxy in front not to.
      'x-accel-buffering': 'no',
    });
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
    response.write(this.#frame());
  }

  changed(): void {
    if (this.#watchers.size > 0) this.#write(this.#frame());
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const watcher of this.#watchers) watcher.end();
  }

  #frame(): string {
    return `event: ${this.#name}\ndata: ${JSON.stringify(this.#current())}\n\n`;
  }

  #write(text: string): void {
    for (const watcher of this.#watchers) watcher.write(text);
  }
}

/** Listens on loopback; a port that is still held by a process just killed is tried again for two seconds. */
export async function listenOnLoopback(server: Server, port: number, tries = 20): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      server.listen(port, '127.0.0.1');
      // Takes its listeners away whichever comes: one left behind a try would be ten, and a warning, in a second.
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt >= tries) throw error;
      await delay(100);
    }
  }
}

/** Ends open connections too: an event stream would otherwise keep the server for ever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
