// The one address of the sandbox: hands each request to the part it is for, byte by byte, and serves the demo itself.
// One port to remember, and the pages of all parts share an origin.

import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Refusal, sendJson } from './http-exchange.ts';
import type { PartName } from './part-contract.ts';

/** First match wins. `*` as the last character stands for anything after. */
const routes: readonly [path: string, part: PartName][] = [
  ['/api/phones*', 'switch'],
  ['/api/switch*', 'switch'],
  ['/v1/*', 'processor'],
  ['/api/payments*', 'processor'],
  ['/api/faults*', 'processor'],
  ['/stripe.js', 'processor'],
  ['/stripe/*', 'processor'],
  ['/notices', 'merchant'],
  ['/api/merchant/*', 'merchant'],
  ['/merchant*', 'merchant'],
  ['/server/*', 'merchant'],
];

/** Headers of one hop only (RFC 9110, 7.6.1): never passed on. */
const hopHeaders = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

export interface FrontOptions {
  /** The part's HTTP port; `undefined` while it is down, `absent` when this sandbox runs without it. */
  portOf(part: PartName): number | undefined | 'absent';
  /** Everything that is no part's: answers, or returns false for "no such page". */
  own(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
}

/** Not listening yet. */
export function createFront(options: FrontOptions): Server {
  const server = createServer((request, response) => {
    const path = pathOf(request.url ?? '/');
    const part = partFor(path);
    if (part === undefined) {
      options.own(request, response, path).then(
        (answered) => {
          if (!answered) sendJson(response, 404, { error: `The sandbox has nothing at ${path}.` });
        },
        (error: unknown) => {
          if (response.headersSent) return void response.destroy();
          const refusal = error instanceof Refusal ? error : new Refusal(500, 'The sandbox failed.');
          sendJson(response, refusal.status, { error: refusal.message });
        },
      );
      return;
    }
    const port = options.portOf(part);
    if (port === 'absent') {
      sendJson(response, 404, { error: `This sandbox runs without its ${part}.` });
      return;
    }
    if (port === undefined) {
      response.setHeader('retry-after', '1');
      sendJson(response, 503, {
        error: `The sandbox's ${part} is being started again: try in a second.`,
      });
      return;
    }
    pass(request, response, port, part);
  });
  // An event stream is open for as long as somebody watches.
  server.requestTimeout = 0;
  server.timeout = 0;
  return server;
}

/** The path as it stands, undecoded: what part it is for is never a matter of escapes. */
function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '/';
}

export function partFor(path: string): PartName | undefined {
  return routes.find(([pattern]) =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
  )?.[1];
}

function pass(request: IncomingMessage, response: ServerResponse, port: number, part: PartName): void {
  const headers: NodeJS.Dict<string | string[]> = { ...request.headers };
  for (const name of hopHeaders) Reflect.deleteProperty(headers, name);
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-host'] = request.headers.host ?? '';
  const onward = forward({ host: '127.0.0.1', port, method: request.method, path: request.url, headers });
  onward.on('response', (answer) => {
    const back = { ...answer.headers };
    for (const name of hopHeaders) Reflect.deleteProperty(back, name);
    response.writeHead(answer.statusCode ?? 502, back);
    // The headers of an event stream before its first event: the browser waits for them to call it open.
    response.flushHeaders();
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => {
    if (response.headersSent) return void response.destroy();
    sendJson(response, 502, { error: `The sandbox's ${part} did not answer.` });
  });
  // Whoever watches an event stream and goes must not be kept alive in the part.
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}
