// Finding the embedded Postgres of a running `npm start`, for the operator's terminal: where it listens, and as whom to
// come in. Nothing is started and nothing waited for.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseName, ownerRole } from './embedded-postgres.ts';
import { clusterFolder } from './postgres-place.ts';
import { isAlive } from './postgres-process.ts';

/** `dataDir`: the folder given to `startEmbeddedPostgres`. Answers the owner's URL, or nothing when none runs there. */
export function findRunningPostgres(dataDir: string): string | undefined {
  try {
    const { owner } = JSON.parse(readFileSync(join(dataDir, 'passwords.json'), 'utf8')) as { owner: string };
    // Its pid, its folder, when it was started, its port: one a line.
    const [pid, , , port] = readFileSync(join(clusterFolder(dataDir), 'postmaster.pid'), 'utf8').split('\n');
    if (!isAlive(Number(pid))) return undefined;
    return `postgres://${ownerRole}:${owner}@127.0.0.1:${String(Number(port))}/${databaseName}`;
  } catch {
    return undefined;
  }
}
