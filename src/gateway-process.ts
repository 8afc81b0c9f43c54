// The gateway as a child process: what `npm start` keeps beside an embedded database or a sandbox (kept-gateway.ts). It
// may be killed at any instant and is started again; the database and the switch it works with live on. Where everything
// outside is real there is no such keeper, and the process main.ts starts is the gateway itself.

import { ConfigError, readConfig } from './config.ts';
import type { Gateway, World } from './gateway.ts';

/** The first message: what only exists once the keeper has started it. The configuration is read from the environment. */
export interface GatewayOrder {
  world: Omit<World, 'secretsKey'> & { secretsKeyBase64: string };
}

export type GatewayReport =
  | { state: 'ready'; facts: GatewayFacts }
  /** A sentence for the person at the terminal, or a stack where it is our own mistake. */
  | { state: 'failed'; reason: string };

export interface GatewayFacts {
  url: string;
  demo?: NonNullable<Gateway['demo']>;
}

let gateway: Promise<Gateway> | undefined;
let ending: Promise<void> | undefined;

function report(message: GatewayReport): void {
  if (process.connected) process.send?.(message);
}

async function serve({ world }: GatewayOrder): Promise<Gateway> {
  const { secretsKeyBase64, ...rest } = world;
  const { startGateway } = await loaded;
  return startGateway(readConfig(), { ...rest, secretsKey: Buffer.from(secretsKeyBase64, 'base64') });
}

function end(): void {
  ending ??= (async () => {
    await (await gateway?.catch(() => undefined))?.close();
  })();
  void ending.then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`The gateway did not end in order: ${String(error)}\n`);
      process.exit(1);
    },
  );
}

process.once('message', (order: GatewayOrder) => {
  gateway = serve(order);
  gateway.then(
    ({ url, demo }) => report({ state: 'ready', facts: { url, ...(demo && { demo }) } }),
    (error: unknown) => {
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
      report({ state: 'failed', reason: error instanceof ConfigError ? error.problems.join('\n') : told });
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
// The keeper is gone, and the database and the sandbox with it: there is nobody left to finish anything with.
process.on('disconnect', () => process.exit());
process.on('SIGTERM', end);
// Ctrl-C and a closed terminal reach the whole group; the keeper decides when the gateway goes.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);

/** While the keeper's database starts there is time to read half a thousand modules. */
const loaded = import('./gateway.ts');
loaded.catch(() => undefined);
