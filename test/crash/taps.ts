// What stands on the wires of a gateway that is to be killed at one exact point: between it and Postgres, the switch, the
// card processor and the merchant. Each recognizes what passes by the protocol alone, and asks before it hands an act on and
// again before it hands the answer back. The gateway knows nothing of any of it.

import { once } from 'node:events';
import * as http from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type Moment = 'before' | 'after';

/**
 * Told of every act as it passes. `true`: whoever acted has just been killed, and nothing more passes on this wire:
 * `before`, the act was never done; `after`, it was and nobody heard.
 */
export type Watch = (act: string, moment: Moment) => boolean;

export interface Tap {
  port: number;
  /** Cuts everything that stands, as a network does. */
  cut(): void;
  close(): Promise<void>;
}

type Wire = (client: Socket, server: Socket) => void;

async function openTap(target: () => number, wire: Wire): Promise<Tap> {
  const sockets = new Set<Socket>();
  const listener: Server = createServer((client) => {
    const server = connect(target(), '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    wire(client, server);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (listener.address() as AddressInfo).port,
    cut,
    close: async () => {
      const closed = once(listener, 'close');
      listener.close();
      cut();
      await closed;
    },
  };
}

// --- Postgres ----------------------------------------------------------------------------------------------------

/**
 * Frames of the frontend/backend protocol (PostgreSQL documentation, chapter 54): a type byte, a length that counts itself.
 * The first message of a client has no type byte.
 */
class Frames {
  #pending: Buffer = Buffer.alloc(0);
  #untyped: boolean;

  constructor(startsUntyped: boolean) {
    this.#untyped = startsUntyped;
  }

  *take(chunk: Buffer): Generator<{ type: string; body: Buffer; whole: Buffer }> {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const head = this.#untyped ? 0 : 1;
      if (this.#pending.length < head + 4) return;
      const length = head + this.#pending.readUInt32BE(head);
      if (this.#pending.length < length) return;
      const whole = this.#pending.subarray(0, length);
      this.#pending = this.#pending.subarray(length);
      const type = this.#untyped ? '' : String.fromCharCode(whole[0] ?? 0);
      this.#untyped = false;
      yield { type, body: whole.subarray(head + 4), whole };
    }
  }
}

const written = /\b(?:insert\s+into|update|delete\s+from)\s+([a-z_]+)/gi;

/**
 * Acts: each commit of a transaction that wrote, named by the tables it wrote: `commit orders payments`. Work put into the
 * job queue counts as `jobs`.
 */
export function tapPostgres(databaseUrl: string, watch: Watch): Promise<Tap> {
  return openTap(
    () => Number(new URL(databaseUrl).port),
    (client, server) => {
      const fromClient = new Frames(true);
      const fromServer = new Frames(false);
      const statements = new Map<string, string>();
      let transaction: string[] = [];
      /** Statements are sent one behind the other: its answer is the one as many answers on as were awaited with it. */
      let committing: { act: string; answersUntil: number } | undefined;
      /** Answers awaited; the first is that of the connection itself. */
      let awaited = 1;
      client.on('data', (chunk) => {
        for (const { type, body, whole } of fromClient.take(chunk)) {
          const texts = body.toString('utf8').split('\0');
          if (type === 'P') statements.set(texts[0] ?? '', texts[1] ?? '');
          if (type === 'B') transaction.push(statements.get(texts[1] ?? '') ?? '');
          if (type === 'S' || type === 'Q') awaited += 1;
          if (type === 'Q') {
            const text = texts[0] ?? '';
            if (/^\s*begin\b/i.test(text)) transaction = [];
            else if (/^\s*commit\b/i.test(text)) {
              const tables = tablesOf(transaction);
              transaction = [];
              if (tables.length > 0) {
                const act = `commit ${tables.join(' ')}`;
                committing = { act, answersUntil: awaited };
                if (watch(act, 'before')) {
                  server.destroy();
                  return;
                }
              }
            } else transaction.push(text);
          }
          server.write(whole);
        }
      });
      server.on('data', (chunk) => {
        for (const { type, whole } of fromServer.take(chunk)) {
          if (type === 'Z') awaited -= 1;
          if (type === 'Z' && committing !== undefined) committing.answersUntil -= 1;
          if (committing?.answersUntil === 0) {
            const { act } = committing;
            committing = undefined;
            if (watch(act, 'after')) {
              client.destroy();
              return;
            }
          }
          client.write(whole);
        }
      });
    },
  );
}

function tablesOf(statements: readonly string[]): string[] {
  const tables = new Set<string>();
  for (const text of statements) {
    for (const [, table = ''] of text.matchAll(written)) {
      // `for update of n`, `do update set`: no table's name.
      if (table !== 'of' && table !== 'set' && table !== 'skip') tables.add(table);
    }
    if (/\benqueue_job\(/.test(text)) tables.add('jobs');
    if (/\bgraphile_worker\b/.test(text)) return [];
  }
  return [...tables].sort();
}

// --- The event socket --------------------------------------------------------------------------------------------

/** Commands that only ask. */
const questions =
  /^(api|bgapi) (uuid_exists|uuid_dump|uuid_getvar|show|status|uuid_buglist|global_getvar|strftime|strmicroepoch|version)\b/;

/**
 * Acts: each command that changes something (`esl originate +331990001`, `esl uuid_bridge`), its answer the next thing the
 * switch says; and each event, `event CHANNEL_BRIDGE`, of which there is only the moment before the gateway hears it.
 */
export function tapEventSocket(port: number, watch: Watch): Promise<Tap> {
  return openTap(
    () => port,
    (client, server) => {
      let pending = '';
      let answering: string[] = [];
      client.on('data', (chunk) => {
        pending += chunk.toString('latin1');
        for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
          const command = pending.slice(0, end + 2);
          pending = pending.slice(end + 2);
          const act = eslAct(command);
          if (act !== undefined) {
            if (watch(act, 'before')) {
              server.destroy();
              return;
            }
            answering.push(act);
          }
          server.write(Buffer.from(command, 'latin1'));
        }
      });
      server.on('data', (chunk) => {
        const answered = answering;
        answering = [];
        const events = [...chunk.toString('latin1').matchAll(/"Event-Name":\s*"(CHANNEL_[A-Z_]+)"/g)];
        const acts: [string, Moment][] = [
          ...answered.map((act): [string, Moment] => [act, 'after']),
          ...events.map(([, name = '']): [string, Moment] => [`event ${name}`, 'before']),
        ];
        for (const [act, moment] of acts) {
          if (watch(act, moment)) {
            client.destroy();
            return;
          }
        }
        client.write(chunk);
      });
    },
  );
}

function eslAct(command: string): string | undefined {
  const line = command.trimStart().split('\n', 1)[0] ?? '';
  if (!/^(api|bgapi|sendmsg) /.test(line) || questions.test(line)) return undefined;
  if (line.startsWith('sendmsg')) {
    const application =
      /execute-app-name: (\S+)/.exec(command)?.[1] ?? /call-command: (\S+)/.exec(command)?.[1];
    return `esl ${application ?? 'sendmsg'}`;
  }
  const [, verb = '', rest = ''] = /^\S+ (\S+)(.*)$/.exec(line) ?? [];
  // The number that is dialled stands last: others are shown to whoever is rung.
  const number = verb === 'originate' ? /^.*(\+\d{9,15})/.exec(rest)?.[1] : undefined;
  return `esl ${verb}${number === undefined ? '' : ` ${number}`}`;
}

// --- The processor, the merchant ---------------------------------------------------------------------------------

/**
 * Acts: each POST and DELETE, `processor POST /v1/payment_intents/:id/capture`, ids left out; of a merchant `notice call.ended`,
 * and what his own server is asked and told, `merchant /server/report-usage`.
 */
export async function tapHttp(name: string, target: string, watch: Watch): Promise<Tap> {
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const act = httpAct(name, request, body);
      if (act !== undefined && watch(act, 'before')) {
        response.destroy();
        return;
      }
      const onward = http.request(
        new URL(request.url ?? '/', target),
        { agent, method: request.method, headers: { ...request.headers, host: new URL(target).host } },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('end', () => {
            if (act !== undefined && watch(act, 'after')) {
              response.destroy();
              return;
            }
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            response.end(Buffer.concat(parts));
          });
          answer.on('error', () => response.destroy());
        },
      );
      onward.on('error', () => response.destroy());
      onward.end(body);
    });
    request.on('error', () => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => server.closeAllConnections(),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function httpAct(name: string, request: http.IncomingMessage, body: Buffer): string | undefined {
  const method = request.method ?? '';
  if (method !== 'POST' && method !== 'DELETE') return undefined;
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const type = /"type":\s*"([a-z_.]+)"/.exec(body.subarray(0, 200).toString('utf8'))?.[1];
  if (name === 'merchant') return type === undefined ? `merchant ${path}` : `notice ${type}`;
  return `${name} ${method} ${path.replaceAll(/\/[a-z]{2}_[A-Za-z0-9_]+/g, '/:id')}`;
}
