// The one way to Postgres. Every statement runs in a transaction that names its merchant (`asMerchant`) or names none
// (`asNobody`: row-level security then shows no row, only the finder functions answer). Statements are prepared once a
// connection: parsing and planning them anew was a quarter of what a call cost the database. knex runs the migrations
// (migrate.ts).

import pg from 'pg';

/** A row as Postgres gives it: numerics and bigints as text, timestamps as Date. */
export type Row = Record<string, unknown>;

export interface Db {
  /** `?` stands for a binding. Sql is written in store/, with nothing from outside in its text. */
  raw<Answer = { rows: Row[] }>(sql: string, bindings?: readonly unknown[]): Promise<Answer>;
}

declare const inTransaction: unique symbol;
/** Within one transaction, of one merchant. */
export interface Tx extends Db {
  readonly [inTransaction]: true;
}

/**
 * A gateway that freezes in the middle of a transaction must not hold a payment's lock until TCP gives up on it. Nothing is
 * awaited in a transaction but the database itself.
 */
const idleInTransaction = 'idle_in_transaction_session_timeout=10s';

type Delay = (ms: number, act: () => void) => unknown;

export interface DatabaseSettings {
  /** Of the owner role, or of a login that may become `ringmeter_app`. */
  url: string;
  poolMax: number;
  after: Delay;
  /** A statement without an answer for this long has lost its connection; `answerMs` when absent. */
  answerMs?: number;
}

/** The database cannot be reached or has no connection to spare; nothing was written. */
export class DatabaseAway extends Error {
  readonly system = 'postgres';
  readonly retry = 'safe';
}

/** Who waits this long for a connection is better told so: he can come again, and we catch up. */
const connectionPatienceMs = 5_000;

/**
 * A network that swallows everything would keep a call's queue, and the lease, waiting for a quarter of an hour until TCP gives
 * up. Nothing of ours takes a tenth of this.
 */
const answerMs = 15_000;
/** The driver's words for it. */
export const silence = 'Query read timeout';

/** What steps ask of the database. One transaction is one outside act: nothing but statements is awaited within it. */
export interface Database {
  /** One transaction that sees and writes this merchant's rows and nobody else's. */
  asMerchant<T>(merchantId: string, act: (tx: Tx) => Promise<T>): Promise<T>;
  /** Single statements outside any merchant: finders, and tables that belong to nobody. */
  asNobody<T>(act: (db: Db) => Promise<T>): Promise<T>;
  /** The same on a connection of its own, for what must not wait: the lease of a switch. */
  ahead<T>(act: (db: Db) => Promise<T>): Promise<T>;
  /** Transactions that wait for a connection: many of them mean that we promise more than we can keep. */
  readonly waiting: number;
  ping(): Promise<void>;
  /** Hears `pg_notify(channel, payload)`; `onPayload(undefined)` after a reconnect, when some may have been missed. */
  listen(channel: string, onPayload: (payload: string | undefined) => void): () => void;
  close(): Promise<void>;
}

export class PostgresDatabase implements Database {
  readonly #pool: pg.Pool;
  /** The lease of a switch must not wait behind orders: without it no call may go on. */
  readonly #ahead: pg.Pool;
  readonly #listener: Listener;

  constructor(settings: DatabaseSettings) {
    const pool = (max: number): pg.Pool => {
      const as = connectionAs('ringmeter_app', settings.url);
      const made = new pg.Pool({
        ...as,
        options: `${as.options} -c ${idleInTransaction}`,
        max,
        connectionTimeoutMillis: connectionPatienceMs,
        query_timeout: settings.answerMs ?? answerMs,
        keepAlive: true,
      });
      watchPool(made);
      return made;
    };
    this.#pool = pool(settings.poolMax);
    this.#ahead = pool(1);
    this.#listener = new Listener(settings.url, settings.after);
  }

  async asMerchant<T>(merchantId: string, act: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await connect(this.#pool);
    let broken: Error | undefined;
    try {
      await client.query(
        `begin; select set_config('ringmeter.merchant', ${pg.escapeLiteral(merchantId)}, true)`,
      );
      const result = await act(statements(client) as Tx);
      await client.query('commit');
      return result;
    } catch (error) {
      // A connection that has fallen silent, or cannot even roll back, is not given back to others.
      if (error instanceof Error && error.message === silence) broken = error;
      else {
        await client.query('rollback').catch((failure: unknown) => {
          broken = failure instanceof Error ? failure : new Error(String(failure));
        });
      }
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async asNobody<T>(act: (db: Db) => Promise<T>): Promise<T> {
    return act(statements(this.#pool));
  }

  async ahead<T>(act: (db: Db) => Promise<T>): Promise<T> {
    return act(statements(this.#ahead));
  }

  get waiting(): number {
    return this.#pool.waitingCount;
  }

  async ping(): Promise<void> {
    await this.asNobody((db) => db.raw('select 1'));
  }

  listen(channel: string, onPayload: (payload: string | undefined) => void): () => void {
    return this.#listener.add(channel, onPayload);
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await Promise.all([this.#pool.end(), this.#ahead.end()]);
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new DatabaseAway('No connection to the database.', { cause });
  }
}

interface Prepared {
  name: string;
  text: string;
  bindings: number;
}
const prepared = new Map<string, Prepared>();

/** A statement's name is its text's: the same on every connection, and there are as many as store/ has statements. */
function prepare(sql: string): Prepared {
  const known = prepared.get(sql);
  if (known) return known;
  let bindings = 0;
  const text = sql.replaceAll('?', () => `$${String((bindings += 1))}`);
  const made = { name: `s${String(prepared.size)}`, text, bindings };
  prepared.set(sql, made);
  return made;
}

function statements(on: pg.Pool | pg.PoolClient): Db {
  return {
    async raw<Answer>(sql: string, values: readonly unknown[] = []): Promise<Answer> {
      const { name, text, bindings } = prepare(sql);
      if (bindings !== values.length) {
        throw new Error(
          `${String(values.length)} values for ${String(bindings)} places: ${sql.slice(0, 80)}`,
        );
      }
      return (await on.query({ name, text, values: values as unknown[] })) as Answer;
    },
  };
}

/** Statements answer with their rows; this names their shape where they are read. */
export async function rows<T extends object = Row>(
  tx: Db,
  sql: string,
  bindings: readonly unknown[] = [],
): Promise<T[]> {
  return (await tx.raw<{ rows: T[] }>(sql, bindings)).rows;
}

export async function firstRow<T extends object = Row>(
  tx: Db,
  sql: string,
  bindings: readonly unknown[] = [],
): Promise<T | undefined> {
  return (await rows<T>(tx, sql, bindings))[0];
}

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
      if (this.#closed as boolean) {
        await client.end();
        return;
      }
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
