// How every connection of ours comes about, whoever uses it: as which role, and how long it is waited for.

import type pg from 'pg';

/** Who waits this long for a connection is better told so: he can come again, and we catch up. */
export const connectionPatienceMs = 5_000;

/** The connection's role and other settings are set by the server at start-up: no statement runs before it. */
export function connectionAs(
  role: string,
  url: string,
  settings: readonly string[] = [],
): { connectionString: string; options: string; application_name: string } {
  const options = [`role=${role}`, ...settings].map((one) => `-c ${one}`).join(' ');
  return { connectionString: url, options, application_name: 'ringmeter' };
}

/** A connection lost while nobody uses it is no error of anybody's: the next query finds out and says so. */
export function watchPool(pool: pg.Pool, onTrouble: (message: string) => void = () => undefined): void {
  pool.on('error', (error) => onTrouble(error.message));
  pool.on('connect', (client) => client.on('error', (error) => onTrouble(error.message)));
}
