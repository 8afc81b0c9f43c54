// The process that hears card digits (DESIGN 8): a room, and what keeps its memory its own. Without a core dump, an inspector or
// anything else that could show what it holds; it writes to stdout how entries ended, one JSON object a line, and nothing else.

import { writeFileSync } from 'node:fs';
import inspector from 'node:inspector';
import { Room, RoomTaken } from './room.ts';
import { CannotOpen, readSurroundings } from './surroundings.ts';

const shows = /inspect|debug|prof|heap|snapshot|report|diagnostic|trace/i;

function assertUnobserved(): void {
  if ((process.env['NODE_OPTIONS'] ?? '').trim() !== '')
    throw new CannotOpen('NODE_OPTIONS must not be set for the card room.');
  const flag = process.execArgv.find((one) => shows.test(one));
  if (flag !== undefined || inspector.url() !== undefined)
    throw new CannotOpen(
      'The card room does not run with an inspector, or with what writes down its memory.',
    );
}

/** core(5): no mapping of this process is ever part of a core. Where there is no /proc, `ulimit -c 0` is whoever starts it's affair. */
function withoutCoreDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    say({ message: 'There is no /proc here that core dumps could be forbidden by.' });
  }
}

function say(record: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...record })}\n`);
}

async function open(): Promise<void> {
  // Node opens its inspector on this signal unless somebody hears it.
  process.on('SIGUSR1', () => undefined);
  assertUnobserved();
  withoutCoreDumps();
  const room = await Room.open({ ...readSurroundings(process.env), log: say });
  let closing: Promise<void> | undefined;
  const end = (): void => {
    closing ??= room.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  // Started by a gateway that is gone now.
  process.on('disconnect', end);
  if (process.send !== undefined && !process.connected) end();
  say({ message: 'The card room is open.' });
  process.send?.('open');
}

// What a fault holds may be a digit: its class alone is told.
process.on('uncaughtException', (fault) => {
  say({ message: 'The card room failed and ends.', fault: fault.name });
  process.exit(1);
});

open().catch((fault: unknown) => {
  const known = fault instanceof CannotOpen || fault instanceof RoomTaken;
  say({ message: known ? fault.message : `The card room cannot open: ${codeOf(fault)}` });
  process.exit(1);
});

function codeOf(fault: unknown): string {
  const { code } = (fault ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'for no reason known';
}
