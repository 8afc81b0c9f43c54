// The one way to Postgres. Every statement runs in a transaction that names its merchant (`asMerchant`) or names none
// (`asNobody`: row-level security then shows no row, only the finder functions answer). Nothing else knows knex.

import knexLibrary, { type Knex } from 'knex';
import pg from 'pg';

export type Tx = Knex.Transaction;
/** A row as Postgres gives it: numerics and bigints as text, timestamps as Date. */
export type Row = Record<string, unknown>;

type Delay = (ms: number, act: () => void) => unknown;

export interface DatabaseSettings {
  /** Of the owner role, or of a login that may become `ringmeter_app`. */
  url: string;
  poolMax: number;
  after: Delay;
}

/** The database cannot be reached or refused the work for now; nothing was written. */
export class DatabaseAway extends Error {
  readonly system = 'postgres';
  readonly retry = 'safe';
}

export class Database {
  readonly #knex: Knex;
  readonly #listener: Listener;

  constructor(settings: DatabaseSettings) {
    this.#knex = knexLibrary({
      client: 'pg',
      connection: connectionAs('ringmeter_app', settings.url),
      pool: { min: 0, max: settings.poolMax },
      acquireConnectionTimeout: 5_000,
    });
    this.#listener = new Listener(settings.url, settings.after);
  }

  /** One transaction that sees and writes this merchant's rows and nobody else's. */
  async asMerchant<T>(merchantId: string, act: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#knex.transaction(async (tx) => {
      await tx.raw(`select set_config('ringmeter.merchant', ?, true)`, [merchantId]);
      return act(tx);
    });
  }

  /** One statement outside any merchant: finders, leases, and tables that belong to nobody. */
  async asNobody<T>(act: (tx: Knex) => Promise<T>): Promise<T> {
    return act(this.#knex);
  }

  async ping(): Promise<void> {
    await this.#knex.raw('select 1');
  }

  /** Hears `pg_notify(channel, payload)`; `onPayload(undefined)` after a reconnect, when some may have been missed. */
  listen(channel: string, onPayload: (payload: string | undefined) => void): () => void {
    return this.#listener.add(channel, onPayload);
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await this.#knex.destroy();
  }
}

/** Raw statements answer with their rows; this names their shape where they are read. */
export async function rows<T extends object = Row>(
  tx: Knex,
  sql: string,
  bindings: readonly unknown[] = [],
): Promise<T[]> {
  const answer = await tx.raw<{ rows: T[] }>(sql, bindings as Knex.RawBinding[]);
  return answer.rows;
}

export async function firstRow<T extends object = Row>(
  tx: Knex,
  sql: string,
  bindings: readonly unknown[] = [],
): Promise<T | undefined> {
  return (await rows<T>(tx, sql, bindings))[0];
}

/** The connection's role is set by the server at start-up: no statement runs before it. */
export function connectionAs(
  role: string,
  url: string,
): { connectionString: string; options: string; application_name: string } {
  return { connectionString: url, options: `-c role=${role}`, application_name: 'ringmeter' };
}

/** A connection lost while nobody uses it is no error of anybody's: the next query finds out and says so. */
export function watchPool(pool: pg.Pool, onTrouble: (message: string) => void = () => undefined): void {
  pool.on('error', (error) => onTrouble(error.message));
  pool.on('connect', (client) => client.on('error', (error) => onTrouble(error.message)));
}

class Listener {
  readonly #url: string;
  readonly #after: Delay;
  readonly #subscribers = new Map<string, Set<(payload: string | undefined) => void>>();
  #client: pg.Client | undefined;
  #connecting = false;
  #closed = false;
  #tries = 0;

  constructor(url: string, after: Delay) {
    this.#url = url;
    this.#after = after;
  }

  add(channel: string, onPayload: (payload: string | undefined) => void): () => void {
    const subscribers = this.#subscribers.get(channel) ?? new Set();
    const isNew = subscribers.size === 0;
    subscribers.add(onPayload);
    this.#subscribers.set(channel, subscribers);
    if (!this.#client) void this.#connect();
    else if (isNew) void this.#client.query(`listen ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    return () => subscribers.delete(onPayload);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    const client = new pg.Client(connectionAs('ringmeter_app', this.#url));
    // Notifications are lost while we are away: the subscribers look for themselves after the reconnect.
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ channel, payload }) => {
      for (const tell of this.#subscribers.get(channel) ?? []) tell(payload);
    });
    try {
      await client.connect();
      for (const channel of this.#subscribers.keys()) {
        await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      }
      this.#client = client;
      this.#connecting = false;
      const reconnected = this.#tries > 0;
      this.#tries = 0;
      if (reconnected) for (const set of this.#subscribers.values()) for (const tell of set) tell(undefined);
    } catch {
      this.#connecting = false;
      this.#lost(client);
    }
  }

  #lost(client: pg.Client): void {
    if (this.#client !== undefined && this.#client !== client) return;
    this.#client = undefined;
    client.removeAllListeners('end');
    void client.end().catch(() => undefined);
    if (this.#closed || this.#connecting) return;
    this.#connecting = true;
    const delay = Math.min(100 * 2 ** this.#tries, 5_000);
    this.#tries += 1;
    this.#after(delay, () => {
      this.#connecting = false;
      void this.#connect();
    });
  }
}
