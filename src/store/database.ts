// The one way to Postgres. Every statement runs in a transaction that names its merchant (`asMerchant`) or names none
// (`asNobody`: row-level security then shows no row, only the finder functions answer). Statements are prepared once a
// connection: parsing and planning them anew was a quarter of what a call cost the database. knex runs the migrations
// (migrate.ts).
//
// What a transaction writes and needs no answer of is sent with the next statement that is waited for, or with the commit:
// each wait is a turn of two processes, and those turns were most of what a call cost.

import type { Writable } from 'node:stream';
import pg from 'pg';
import { connectionAs, connectionPatienceMs, watchPool } from './connection.ts';
import { type Delay, type Hint, HintExchange } from './hints.ts';

/** A row as Postgres gives it: numerics and bigints as text, timestamps as Date. */
export type Row = Record<string, unknown>;

export interface Db {
  /**
   * `?` stands for a binding. Sql is written in store/, with nothing from outside in its text. What is asked at once within a
   * transaction is carried out in the order it was asked, each seeing what the one before has waited for.
   */
  raw<Answer = { rows: Row[] }>(sql: string, bindings?: readonly unknown[]): Promise<Answer>;
}

declare const inTransaction: unique symbol;
/** Within one transaction, of one merchant. */
export interface Tx extends Db {
  readonly [inTransaction]: true;
  /**
   * A statement whose answer nobody needs: it is carried out in its place before the next one that is waited for, or before
   * the commit, and what it fails with is thrown there. With `channel`, each row it returns is a hint for that channel, or for
   * the one its column `channel` names: its column `hint`.
   */
  write(sql: string, bindings: readonly unknown[], channel?: string): Promise<void>;
  /** Tells whoever listens, once this is committed. A hint that is lost must cost nothing but time. */
  hint(channel: string, payload: string): void;
  /** Done by this process once this is committed, and never if it dies before: what must be done is written down too. */
  committed(act: () => void): void;
}

/**
 * A gateway that freezes in the middle of a transaction must not hold a payment's lock until TCP gives up on it. Nothing is
 * awaited in a transaction but the database itself.
 */
const idleInTransaction = 'idle_in_transaction_session_timeout=10s';

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
  /**
   * The same in one journey: all its statements are asked before the first is waited for, and travel with the commit. So what they
   * answer cannot keep it from being committed, and nothing can be asked because of it.
   */
  atOnce<T>(merchantId: string, act: (tx: Tx) => Promise<T>): Promise<T>;
  /** Single statements outside any merchant: finders, and tables that belong to nobody. */
  asNobody<T>(act: (db: Db) => Promise<T>): Promise<T>;
  /** The same on a connection of its own, for what must not wait: the lease of a switch. */
  ahead<T>(act: (db: Db) => Promise<T>): Promise<T>;
  /** Transactions that wait for a connection: many of them mean that we promise more than we can keep. */
  readonly waiting: number;
  ping(): Promise<void>;
  /**
   * Hears hints, from this gateway and others, and `pg_notify(channel, payload)`; `onPayload(undefined)` after a reconnect,
   * when some may have been missed.
   */
  listen(channel: string, onPayload: (payload: string | undefined) => void): () => void;
  close(): Promise<void>;
}

export class PostgresDatabase implements Database {
  readonly #pool: pg.Pool;
  /** The lease of a switch must not wait behind orders: without it no call may go on. */
  readonly #ahead: pg.Pool;
  readonly #hints: HintExchange;

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
        pipeline: true,
      });
      watchPool(made);
      return made;
    };
    this.#pool = pool(settings.poolMax);
    this.#ahead = pool(1);
    this.#hints = new HintExchange(settings.url, settings.after);
  }

  async asMerchant<T>(merchantId: string, act: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#within(merchantId, async (transaction) => {
      const result = await act(transaction.tx);
      await transaction.commit();
      return result;
    });
  }

  async atOnce<T>(merchantId: string, act: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#within(merchantId, async (transaction) => {
      const [answered, committed] = await Promise.allSettled([act(transaction.tx), transaction.commit()]);
      // A commit behind a statement that failed says only that there was one.
      if (answered.status === 'rejected') throw answered.reason;
      if (committed.status === 'rejected') throw committed.reason;
      return answered.value;
    });
  }

  async #within<T>(merchantId: string, through: (transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await connect(this.#pool);
    const transaction = new Transaction(client, merchantId);
    let broken: Error | undefined;
    let committed = false;
    try {
      const result = await through(transaction);
      committed = true;
      return result;
    } catch (error) {
      // A connection that has fallen silent, or cannot even roll back, is not given back to others.
      if (error instanceof Error && error.message === silence) broken = error;
      else {
        await transaction.rollback().catch((failure: unknown) => {
          broken = failure instanceof Error ? failure : new Error(String(failure));
        });
      }
      throw error;
    } finally {
      client.release(broken);
      this.#hints.tell(transaction.hints);
      if (committed) for (const next of transaction.next) next();
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
    return this.#hints.listen(channel, onPayload);
  }

  async close(): Promise<void> {
    await this.#hints.close();
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

function queryOf(sql: string, values: readonly unknown[]): { name: string; text: string; values: unknown[] } {
  const { name, text, bindings } = prepare(sql);
  if (bindings !== values.length) {
    throw new Error(`${String(values.length)} values for ${String(bindings)} places: ${sql.slice(0, 80)}`);
  }
  return { name, text, values: values as unknown[] };
}

function statements(on: pg.Pool): Db {
  return {
    async raw<Answer>(sql: string, values: readonly unknown[] = []): Promise<Answer> {
      return (await on.query(queryOf(sql, values))) as Answer;
    },
  };
}

/** One transaction on one connection: what is not waited for is kept and sent together with what is. */
class Transaction {
  readonly #client: pg.PoolClient;
  readonly #merchantId: string;
  /** Not sent yet, in their order. The transaction itself begins with the first statement. */
  #unsent: { sql: string; values: readonly unknown[]; channel: string | undefined }[] = [];
  #begun = false;
  #committing = false;
  /** What is asked from here on would be outside of it. */
  #closed = false;
  readonly #hints: Hint[] = [];
  /** To be done once it is committed. */
  readonly next: (() => void)[] = [];

  constructor(client: pg.PoolClient, merchantId: string) {
    this.#client = client;
    this.#merchantId = merchantId;
  }

  get tx(): Tx {
    return {
      raw: (sql: string, values: readonly unknown[] = []) => {
        this.#mustBeOpen();
        return this.#send(() => queryOf(sql, values));
      },
      write: (sql: string, values: readonly unknown[], channel?: string) => {
        this.#mustBeOpen();
        this.#unsent.push({ sql, values, channel });
        return Promise.resolve();
      },
      hint: (channel: string, payload: string) => {
        this.#hints.push({ channel, payload });
      },
      committed: (act: () => void) => {
        this.next.push(act);
      },
    } as unknown as Tx;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new Error('A statement was asked for behind the commit of its transaction.');
  }

  /** To be told when it is over; also where nobody knows whether it was committed, since a hint may be wrong. */
  get hints(): readonly Hint[] {
    return this.#committing ? this.#hints : [];
  }

  async commit(): Promise<void> {
    this.#closed = true;
    if (!this.#begun && this.#unsent.length === 0) return;
    this.#committing = true;
    const { command } = await this.#send<pg.QueryResult>(() => 'commit');
    // Postgres ends a transaction in which something failed by this word, and without an error.
    if (command !== 'COMMIT') throw new Error(`The transaction was not committed: ${command}.`);
  }

  async rollback(): Promise<void> {
    this.#unsent = [];
    if (this.#begun) await this.#client.query('rollback');
  }

  /**
   * All that is unsent and this one, in one packet with whatever else is asked in this turn. Throws what the first of them
   * fails with.
   */
  async #send<Answer>(
    last: () => string | { name: string; text: string; values: unknown[] },
  ): Promise<Answer> {
    const unsent = this.#unsent;
    this.#unsent = [];
    const queries = [...unsent.map(({ sql, values }) => queryOf(sql, values)), last()];
    const { stream } = (this.#client as unknown as { connection: { stream: Writable } }).connection;
    stream.cork();
    let answers: Promise<unknown>[];
    try {
      answers = this.#begun ? [] : [this.#client.query(this.#begin())];
      this.#begun = true;
      answers.push(...queries.map((query) => this.#client.query(query as pg.QueryConfig)));
    } finally {
      queueMicrotask(() => stream.uncork());
    }
    const answered = (await Promise.all(answers)).slice(-queries.length) as pg.QueryResult[];
    for (const [place, { channel }] of unsent.entries()) {
      if (channel === undefined) continue;
      const hints = answered[place]?.rows as { hint: string; channel?: string }[] | undefined;
      for (const row of hints ?? []) this.#hints.push({ channel: row.channel ?? channel, payload: row.hint });
    }
    return answered.at(-1) as Answer;
  }

  #begin(): string {
    return `begin; select set_config('ringmeter.merchant', ${pg.escapeLiteral(this.#merchantId)}, true)`;
  }
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
