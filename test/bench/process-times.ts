// CPU of the processes of the house, each kind by itself, as the kernel counts it (proc(5), /proc/<pid>/stat).

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export const processKinds = [
  'gateway',
  'postgres',
  'sandbox switch',
  'sandbox processor',
  'sandbox merchant',
  'sandbox front',
  'bench',
] as const;
export type ProcessKind = (typeof processKinds)[number];
/** User and system time so far, ms. */
export type ProcessTimes = Record<ProcessKind, number>;

/** Ticks of the kernel's clock in a second: a tick, 10 ms on Linux, is as fine as it counts. */
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Seen {
  pid: number;
  parent: number;
  ownMs: number;
  /** Of children that ended and were waited for. */
  endedChildrenMs: number;
}

export function readProcessTimes(roots: {
  gatewayPids(): number[];
  sandboxPid: number;
  postgresPid: number;
}): ProcessTimes {
  const seen = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readProcess(Number(pid)));
  const times = Object.fromEntries(processKinds.map((kind) => [kind, 0])) as ProcessTimes;
  const walk = (pid: number, kind: ProcessKind): void => {
    const found = seen.find((one) => one.pid === pid);
    if (found) {
      // Backends come and go with the gateway's connections: what they used is their postmaster's memory.
      times[kind] += found.ownMs + (kind === 'postgres' ? found.endedChildrenMs : 0);
    }
    for (const child of seen) {
      const childKind = child.parent === pid ? kindOf(child.pid, kind) : undefined;
      if (childKind) walk(child.pid, childKind);
    }
  };
  for (const pid of roots.gatewayPids()) walk(pid, 'gateway');
  walk(roots.sandboxPid, 'sandbox front');
  walk(roots.postgresPid, 'postgres');
  const { user, system } = process.cpuUsage();
  times.bench = (user + system) / 1000;
  return times;
}

/** The sandbox's parts are children of its front and name themselves; others (the speech engine) are nobody's. */
function kindOf(pid: number, parents: ProcessKind): ProcessKind | undefined {
  if (parents === 'postgres') return 'postgres';
  const command = readText(`/proc/${String(pid)}/cmdline`).split('\0');
  const script = command.find((one) => /\.[jt]s$/.test(one)) ?? '';
  const part = `sandbox ${command[command.indexOf(script) + 1] ?? ''}`;
  return processKinds.find((kind) => kind === part);
}

function readProcess(pid: number): Seen[] {
  const stat = readText(`/proc/${String(pid)}/stat`);
  if (stat === '') return [];
  // The name in brackets may hold anything, blanks and brackets too: what counts begins behind the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ms = (place: number): number => (Number(fields[place]) * 1000) / ticksPerSecond;
  return [{ pid, parent: Number(fields[1]), ownMs: ms(11) + ms(12), endedChildrenMs: ms(13) + ms(14) }];
}

/** Empty when the process ended meanwhile. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
