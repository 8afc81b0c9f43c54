// The process one part of the sandbox runs in: starts it as told by the first IPC message, reports its ports, ends it
// with its front. The parts themselves know nothing of processes.

import type { PartNews, PartOrder, PartReport, PartStart, RunningPart } from './part-contract.ts';

/** A part that cannot close its sockets in this time is ended with them. */
const closeMs = 2_000;

let running: RunningPart | undefined;

async function start(order: PartStart): Promise<RunningPart> {
  switch (order.part) {
    case 'switch':
      return (await import('./switch.ts')).startSwitch(order.settings, (record) => report({ record }));
    case 'processor':
      return (await import('./processor.ts')).startProcessor(order.settings);
    case 'merchant':
      return (await import('./merchant.ts')).startMerchant(order.settings);
  }
}

function report(message: PartReport | PartNews): void {
  if (process.connected) process.send?.(message);
}

function end(code: number): void {
  setTimeout(() => process.exit(code), closeMs).unref();
  void (running?.close() ?? Promise.resolve()).catch(() => undefined).then(() => process.exit(code));
}

process.once('message', (order: PartStart) => {
  start(order).then(
    (part) => {
      running = part;
      report({ ready: true, ports: part.ports });
      process.on('message', ({ cutForMs }: PartOrder) => part.cut?.(cutForMs));
    },
    (error: unknown) => {
      report({ ready: false, reason: error instanceof Error ? error.message : String(error) });
      process.exit(1);
    },
  );
});
process.on('disconnect', () => end(0));
process.on('SIGTERM', () => end(0));
// Ctrl-C reaches the whole terminal group; the front decides when its parts go.
process.on('SIGINT', () => undefined);
process.on('uncaughtException', (error) => {
  console.error(`sandbox ${process.argv[2] ?? 'part'}: ${error.stack ?? error.message}`);
  end(1);
});
