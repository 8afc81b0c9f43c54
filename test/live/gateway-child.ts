// The gateway of a world as a process of its own, so that it can be killed as the kernel or an operator kills.

import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { GatewayReport } from '../../src/gateway-process.ts';
import type { TestWorld } from '../world.ts';

export interface GatewayChild {
  readonly pid: number;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `path`: of bundled-gateway; `logFile`: all it has to say goes there; `flags`: of node. Resolves when it serves. */
export async function startGatewayChild(
  path: string,
  { environment, order }: TestWorld['asProcess'],
  logFile?: string,
  flags: readonly string[] = [],
): Promise<GatewayChild> {
  const log = logFile === undefined ? 'inherit' : openSync(logFile, 'a');
  const child: ChildProcess = fork(path, [], {
    execArgv: [...flags],
    env: {
      PATH: process.env['PATH'],
      ...environment,
      ...(logFile !== undefined && { LOG_LEVEL: 'debug' }),
    },
    stdio: ['ignore', log, log, 'ipc'],
  });
  if (log !== 'inherit') closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('message', (report: GatewayReport) =>
      report.state === 'ready' ? resolve() : reject(new Error(report.reason)),
    );
    child.once('exit', () => reject(new Error('The gateway ended before it was ready.')));
    child.send(order);
  });
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
