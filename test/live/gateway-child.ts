// The gateway of a world as a process of its own, so that it can be killed as the kernel or an operator kills.

import { fork, type ChildProcess } from 'node:child_process';
import type { GatewayReport } from '../../src/gateway-process.ts';
import type { TestWorld } from '../world.ts';

export interface GatewayChild {
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `path`: of bundled-gateway. Resolves when it serves. */
export async function startGatewayChild(
  path: string,
  { environment, order }: TestWorld['asProcess'],
): Promise<GatewayChild> {
  const child: ChildProcess = fork(path, [], {
    execArgv: [],
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('message', (report: GatewayReport) =>
      report.state === 'ready' ? resolve() : reject(new Error(report.reason)),
    );
    child.once('exit', () => reject(new Error('The gateway ended before it was ready.')));
    child.send(order);
  });
  return {
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
