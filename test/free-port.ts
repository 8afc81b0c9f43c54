// A port of this machine nobody listens on now: for what has to be told its address before it is there.

import { createServer } from 'node:net';

/**
 * Below what systems give to outgoing connections and to `listen(0)` (from 32768 on Linux, from 49152 elsewhere): a gateway that is
 * killed and started again finds its port as it left it, whatever else the machine began meanwhile. Each test process has a hundred
 * ports of its own, so that two of them never ask for the same one.
 */
const first = 12_000 + (process.pid % 200) * 100;
let given = 0;

export async function freePort(): Promise<number> {
  for (let tried = 0; tried < 100; tried += 1) {
    const port = first + (given % 100);
    given += 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port from ${String(first)} to ${String(first + 99)}.`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
