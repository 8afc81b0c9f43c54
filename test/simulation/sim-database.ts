// The database as a run sees it: one connection to a real Postgres, every transaction one act, wholly done while virtual time
// stands still. Who dies in the middle of a transaction has written nothing, as it is with the real one.

import pg from 'pg';
import type { Database, Db, Tx } from '../../src/store/database.ts';
import type { ActFault } from './fault-plan.ts';
import type { GatewayProcess, Kernel } from './kernel.ts';

/** What the real one answers: a connection that breaks is noticed at once, a server that is gone refuses. */
const noticedMs = 200;
/** A network that swallows everything is noticed by TCP, or by whoever waits for a connection, much later. */
const patienceMs = 5_000;
/** A gateway gathers what it has to hint to others for so long. */
const hintsTogetherMs = 100;

interface Subscriber {
  process: GatewayProcess;
  channel: string;
  tell: (payload: string | undefined) => void;
}

/** The server: what is true, whoever asks. One per run. */
export class SimDatabase {
  /** As the application's role. */
  readonly #app: pg.Client;
  /** As a user who may do anything: the queue of jobs, what must always hold. */
  readonly #all: pg.Client;
  readonly #kernel: Kernel;
  readonly #subscribers = new Set<Subscriber>();
  readonly #sayingNow = new Map<pg.Client, number>();
  #away = false;
  /** Gateways whose renewals of leases do not arrive, until when. */
  readonly #leasesCutUntilMs = new Map<string, number>();
  /** Transactions that may have written something: where it has not grown, the rows are as they were. */
  writes = 0;
  /** Told of every notification, whether or not a gateway hears it. */
  onNotification: ((channel: string) => void) | undefined;
  readonly #onNotification = (message: pg.Notification): void => this.#notified(message);

  private constructor(kernel: Kernel, connections: SimulationConnections) {
    this.#kernel = kernel;
    this.#app = connections.app;
    this.#all = connections.all;
    this.#app.on('notification', this.#onNotification);
  }

  /** Takes over the connections of this process, over an emptied database. */
  static async begin(kernel: Kernel, connections: SimulationConnections): Promise<SimDatabase> {
    await connections.empty();
    return new SimDatabase(kernel, connections);
  }

  end(): void {
    this.#app.off('notification', this.#onNotification);
  }

  get away(): boolean {
    return this.#away;
  }

  /** The server is gone: whoever asks is refused, whoever listens hears nothing. */
  goAway(): void {
    this.#away = true;
  }

  /** Back: listeners connect again and are told that they may have missed something. */
  comeBack(): void {
    if (!this.#away) return;
    this.#away = false;
    for (const { process, channel, tell } of this.#subscribers) {
      process.at(500, `listen ${channel} again`, () => tell(undefined));
    }
  }

  /** The connection this gateway renews its leases over is dead for so long; every other one of it works. */
  cutLeases(gateway: string, forMs: number): void {
    this.#leasesCutUntilMs.set(gateway, this.#kernel.nowMs + forMs);
  }

  /** For the run itself: reads and writes behind row-level security, at this instant. */
  async look<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const { name, text, saysNow } = prepare(sql);
    if (saysNow) this.#sayNow(this.#all);
    return (await this.#all.query<Row>({ name, text, values })).rows;
  }

  /** What one gateway process has of it. */
  of(process: GatewayProcess): Database {
    const single = (kind: 'query' | 'lease'): Db => ({
      raw: <Answer>(sql: string, values: readonly unknown[] = []): Promise<Answer> =>
        process.act(
          kind,
          sql.replaceAll(/\s+/g, ' ').slice(0, 60),
          (fault) => {
            if (kind === 'lease') this.#mustReachLeases(process.gateway);
            return this.#single<Answer>(sql, values, fault);
          },
          lost,
          noticedMs,
        ),
    });
    const alone = single('query');
    const ahead = single('lease');
    const transaction: Database['asMerchant'] = (merchantId, act) =>
      process.act(
        'transaction',
        `transaction`,
        (fault) => this.#transaction(process, merchantId, act, fault),
        lost,
        patienceMs,
      );
    return {
      asMerchant: transaction,
      // One act is one journey here whatever is asked in it.
      atOnce: transaction,
      asNobody: (act) => act(alone),
      ahead: (act) => act(ahead),
      waiting: 0,
      ping: async () => {
        await alone.raw('select 1');
      },
      listen: (channel, tell) => {
        const subscriber = { process, channel, tell };
        this.#subscribers.add(subscriber);
        return () => this.#subscribers.delete(subscriber);
      },
      close: () => Promise.resolve(),
    };
  }

  async #transaction<T>(
    process: GatewayProcess,
    merchantId: string,
    act: (tx: Tx) => Promise<T>,
    fault: ActFault | undefined,
  ): Promise<T> {
    this.#mustBeThere();
    const client = this.#app;
    const begun = client.query(
      `begin; set local simulation.now = '${this.#nowText()}'; set local simulation.process = '${process.name}'; ` +
        `select set_config('ringmeter.merchant', ${pg.escapeLiteral(merchantId)}, true)`,
    );
    this.#sayingNow.delete(client);
    unheard(begun);
    try {
      const statements = new Statements(client);
      const result = await act(statements.tx);
      const flushed = statements.flush();
      // What fails before it makes a commit a rollback.
      const committed = fault?.fault === 'conflict' ? begun : client.query('commit');
      unheard(committed);
      await begun;
      await flushed;
      if (fault?.fault === 'conflict') {
        throw Object.assign(new Error('could not serialize access due to concurrent update'), {
          code: fault.nth % 2 === 0 ? '40001' : '40P01',
        });
      }
      await committed;
      if (statements.wrote) {
        this.writes += 1;
        this.#kernel.changed();
      }
      this.#hint(process, statements.hints);
      for (const act of statements.next) process.at(0, `${process.name} goes on`, act);
      return result;
    } catch (error) {
      await client.query('rollback');
      // A rule of the simulation's own.
      if ((error as { code?: unknown }).code === 'SIM01') this.#kernel.fail(error);
      throw error;
    }
  }

  async #single<Answer>(
    sql: string,
    values: readonly unknown[],
    fault: ActFault | undefined,
  ): Promise<Answer> {
    this.#mustBeThere();
    if (prepare(sql).saysNow) this.#sayNow(this.#app);
    if (fault?.fault === 'conflict') throw refusedConnection();
    return ask(this.#app, sql, values);
  }

  #mustBeThere(): void {
    if (this.#away) throw refusedConnection();
  }

  #mustReachLeases(gateway: string): void {
    if (!this.#kernel.healed && this.#kernel.nowMs < (this.#leasesCutUntilMs.get(gateway) ?? 0)) lost();
  }

  /** Once an instant and connection. */
  #sayNow(client: pg.Client): void {
    if (this.#sayingNow.get(client) === this.#kernel.nowMs) return;
    unheard(client.query(`set simulation.now = '${this.#nowText()}'`));
    this.#sayingNow.set(client, this.#kernel.nowMs);
  }

  #nowText(): string {
    return new Date(this.#kernel.nowMs).toISOString();
  }

  #notified({ channel, payload }: pg.Notification): void {
    this.onNotification?.(channel);
    for (const subscriber of this.#subscribers) {
      if (subscriber.channel !== channel || !subscriber.process.alive) continue;
      if (this.#kernel.happens('notify_lost')) continue;
      this.#tell(subscriber, payload ?? '');
    }
  }

  #tell(subscriber: Subscriber, payload: string): void {
    subscriber.process.at(this.#kernel.random.int(1, 4), `notify ${subscriber.channel}`, () => {
      if (this.#subscribers.has(subscriber)) subscriber.tell(payload);
    });
  }

  /** As PostgresDatabase gives hints: here soon after the commit, to others gathered, if whoever is to tell them lives until then. */
  #hint(from: GatewayProcess, hints: readonly Hint[]): void {
    for (const { channel, payload } of hints) {
      const toldInMs = this.#kernel.random.int(1, hintsTogetherMs);
      for (const subscriber of this.#subscribers) {
        if (subscriber.channel !== channel || !subscriber.process.alive) continue;
        if (subscriber.process === from) this.#tell(subscriber, payload);
        else {
          from.at(toldInMs, `hint ${channel}`, () => {
            if (!this.#away && !this.#kernel.happens('notify_lost')) this.#tell(subscriber, payload);
          });
        }
      }
    }
  }
}

/** Of a statement whose failure fails the one behind it. */
function unheard(asked: Promise<unknown>): void {
  asked.catch(() => undefined);
}

interface Hint {
  channel: string;
  payload: string;
}

/** The statements of one transaction: what is only written is carried out before the next one that is waited for. */
class Statements {
  readonly #client: pg.Client;
  #unsent: { sql: string; values: readonly unknown[]; channel: string | undefined }[] = [];
  #last: Promise<unknown> = Promise.resolve();
  readonly hints: Hint[] = [];
  /** What the process goes on with after the commit. */
  readonly next: (() => void)[] = [];
  wrote = false;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  get tx(): Tx {
    return {
      raw: <Answer>(sql: string, values?: readonly unknown[]): Promise<Answer> => {
        // Several may be asked at once: they are carried out in their order all the same.
        const asked = this.#last.then(async () => {
          const flushed = this.flush();
          const answered = this.#ask<Answer>(sql, values);
          unheard(answered);
          await flushed;
          return answered;
        });
        this.#last = asked.catch(() => undefined);
        return asked;
      },
      write: (sql: string, values: readonly unknown[], channel?: string): Promise<void> => {
        this.#unsent.push({ sql, values, channel });
        return Promise.resolve();
      },
      hint: (channel: string, payload: string): void => {
        this.hints.push({ channel, payload });
      },
      committed: (act: () => void): void => {
        this.next.push(act);
      },
    } as unknown as Tx;
  }

  async flush(): Promise<void> {
    const unsent = this.#unsent;
    this.#unsent = [];
    const answers = await Promise.all(
      unsent.map(({ sql, values }) =>
        this.#ask<pg.QueryResult<{ hint: string; channel?: string }>>(sql, values),
      ),
    );
    for (const [index, { channel }] of unsent.entries()) {
      const { rows } = answers[index] ?? { rows: [] };
      if (channel === undefined) continue;
      this.hints.push(...rows.map((row) => ({ channel: row.channel ?? channel, payload: row.hint })));
    }
  }

  #ask<Answer>(sql: string, values?: readonly unknown[]): Promise<Answer> {
    this.wrote ||= prepare(sql).writes;
    return ask(this.#client, sql, values);
  }
}

/** The two connections a process keeps from run to run, and the demo's rows that every run begins with. */
export class SimulationConnections {
  readonly app: pg.Client;
  readonly all: pg.Client;

  private constructor(app: pg.Client, all: pg.Client) {
    this.app = app;
    this.all = all;
  }

  /** `url`: of a user who may do anything, in a database of this process alone. */
  static async open(url: string): Promise<SimulationConnections> {
    const connect = async (options: string): Promise<pg.Client> => {
      // What need not be heard of is sent with what follows it: half of a run is waiting for answers.
      const client = new pg.Client({ connectionString: url, options, pipeline: true });
      await client.connect();
      return client;
    };
    const app = await connect('-c role=ringmeter_app -c jit=off');
    const all = await connect('-c jit=off');
    for (const channel of [
      'ringmeter_switch',
      'ringmeter_lease',
      'ringmeter_record',
      'ringmeter_notices',
      'jobs:insert',
    ]) {
      await app.query(`listen ${pg.escapeIdentifier(channel)}`);
    }
    return new SimulationConnections(app, all);
  }

  /** Every row that a run may have left. Triggers and foreign keys are asleep meanwhile: the ledger is append only. */
  async empty(): Promise<void> {
    const tables = await this.#tables();
    await this.all.query(
      `begin; set local session_replication_role = replica; ${tables
        .map((table) => `delete from ${table};`)
        .join(' ')} commit`,
    );
  }

  #names: string[] | undefined;
  async #tables(): Promise<string[]> {
    this.#names ??= (
      await this.all.query<{ name: string }>(
        `select format('%I.%I', n.nspname, c.relname) as name
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and (n.nspname = 'public' or (n.nspname = 'graphile_worker' and c.relname = '_private_jobs'))
           and c.relname not in ('destinations', 'knex_migrations', 'knex_migrations_lock')`,
      )
    ).rows.map(({ name }) => name);
    return this.#names;
  }

  async close(): Promise<void> {
    await Promise.all([this.app.end(), this.all.end()]);
  }
}

function lost(): never {
  throw new Error('Connection terminated unexpectedly');
}

function refusedConnection(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
}

interface Prepared {
  name: string;
  text: string;
  places: number;
  writes: boolean;
  /** What only reads and does not name the time need not be told it: half of all statements. */
  saysNow: boolean;
}

const prepared = new Map<string, Prepared>();

function prepare(sql: string): Prepared {
  let made = prepared.get(sql);
  if (!made) {
    let places = 0;
    const text = sql.replaceAll('?', () => `$${String((places += 1))}`);
    prepared.set(
      sql,
      (made = {
        name: `s${String(prepared.size)}`,
        text,
        places,
        saysNow: !/^\s*select/i.test(text) || /now\(\)/i.test(text),
        writes: /\b(insert into|delete from|update \w+( \w+)? set)\b/i.test(text),
      }),
    );
  }
  return made;
}

async function ask<Answer>(client: pg.Client, sql: string, values: readonly unknown[] = []): Promise<Answer> {
  const { name, text, places } = prepare(sql);
  if (places !== values.length) {
    throw new Error(`${String(values.length)} values for ${String(places)} places: ${sql.slice(0, 80)}`);
  }
  return (await client.query({ name, text, values: values as unknown[] })) as Answer;
}
