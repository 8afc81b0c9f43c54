// What the bench asks the database: how many transactions it has seen, how many bare ones it could do, and, when all is
// over, what happened when.

import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/**
 * A session tells its counts at most once a second and, once idle, after ten (PGSTAT_IDLE_INTERVAL): only then does
 * pg_stat_database know of all of it.
 */
const countsAreToldAfterMs = 10_500;
/** As many as the gateway keeps at most. */
const manySessions = 20;

export interface CallInstants {
  reference: string;
  state: string;
  outcome: string | null;
  talkUs: number;
  talkLimitSeconds: number;
  /** Milliseconds since 1970; null where it never came to that. */
  orderedAtMs: number;
  authorizedAtMs: number | null;
  originatedAtMs: number | null;
  hungUpAtMs: number | null;
  capturedAtMs: number | null;
  endToldAtMs: number | null;
  settledAtMs: number | null;
  capturedCents: number;
  notices: number;
  noticesDelivered: number;
}

export class MeasuredDatabase {
  readonly #sql: pg.Client;
  /** In another database of the cluster, so that asking for the counts does not count. */
  readonly #beside: pg.Client;
  /** Each statement of ours is a transaction too, and none of the gateway's. */
  #ownTransactions = 0;

  private constructor(sql: pg.Client, beside: pg.Client) {
    this.#sql = sql;
    this.#beside = beside;
  }

  static async connect(urls: { adminUrl: string; clusterUrl: string }): Promise<MeasuredDatabase> {
    const [sql, beside] = await Promise.all([session(urls.adminUrl), session(urls.clusterUrl)]);
    const self = new MeasuredDatabase(sql, beside);
    await self.#prepare();
    return self;
  }

  async close(): Promise<void> {
    await Promise.all([this.#sql.end(), this.#beside.end()]);
  }

  async rows<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    this.#ownTransactions += 1;
    return (await this.#sql.query<T>(text, [...values])).rows;
  }

  /** Transactions of everybody but us so far, committed and rolled back. Takes ten seconds. */
  async transactions(): Promise<number> {
    await delay(countsAreToldAfterMs);
    const { rows } = await this.#beside.query<{ n: string }>(
      'select (xact_commit + xact_rollback)::text as n from pg_stat_database where datname = $1',
      [this.#sql.database],
    );
    return Number(rows[0]?.n) - this.#ownTransactions;
  }

  /** What is still on its way: calls not settled, records, notices and reports not yet there. */
  async unfinished(): Promise<number> {
    const [row] = await this.rows<{ n: number }>(
      `select ((select count(*) from call_sessions where state <> 'settled')
         + (select count(*) from notices where state = 'pending')
         + (select count(*) from usage_reports where state = 'pending')
         + (select count(*) from legs where cdr is null))::int as n`,
    );
    return row?.n ?? 0;
  }

  /** Every call whose reference begins so, with its instants from the database's rows and the switch's records. */
  async calls(referencePrefix: string): Promise<CallInstants[]> {
    return this.rows<CallInstants>(
      `select o.reference, s.state, s.outcome, coalesce(s.talk_us, 0)::float8 as "talkUs",
         (s.progress -> 'plan' ->> 'talkLimitSeconds')::int as "talkLimitSeconds",
         pg_temp.ms(o.created_at) as "orderedAtMs",
         (select pg_temp.ms(e.at) from call_events e where e.call_session_id = s.id and e.name = 'authorized') as "authorizedAtMs",
         (select min(pg_temp.cdr_us(l.cdr, 'start')) / 1000 from legs l where l.call_session_id = s.id and l.role = 'B')
           as "originatedAtMs",
         (select min(pg_temp.cdr_us(l.cdr, 'end')) / 1000 from legs l where l.call_session_id = s.id
           and pg_temp.cdr_us(l.cdr, 'bridge') > 0) as "hungUpAtMs",
         (select pg_temp.ms(t.created_at) from ledger_transactions t where t.order_id = o.id and t.kind = 'capture')
           as "capturedAtMs",
         (select min(pg_temp.ms(d.at) + d.took_ms) from notices n join deliveries d on d.notice_id = n.id
           where n.order_id = o.id and n.type = 'call.ended' and d.status between 200 and 299) as "endToldAtMs",
         (select pg_temp.ms(e.at) from call_events e where e.call_session_id = s.id and e.name = 'settled') as "settledAtMs",
         (select round(p.captured * 100)::int from payments p where p.order_id = o.id) as "capturedCents",
         (select count(*)::int from notices n where n.order_id = o.id) as notices,
         (select count(*)::int from notices n where n.order_id = o.id and n.state = 'delivered') as "noticesDelivered"
       from orders o join call_sessions s on s.order_id = o.id
       where o.reference like $1 || '%'`,
      [referencePrefix],
    );
  }

  /** What `calls` reads with. In the session's own temporary schema: the gateway's database stays as it is. */
  async #prepare(): Promise<void> {
    await this.rows(
      `create function pg_temp.ms(at timestamptz) returns float8 language sql immutable
         as 'select extract(epoch from at)::float8 * 1000'`,
    );
    await this.rows(
      `create function pg_temp.cdr_us(cdr jsonb, what text) returns float8 language sql immutable
         as $$ select (cdr -> 'variables' ->> (what || '_uepoch'))::float8 $$`,
    );
  }

  async ledgerDifference(): Promise<{ entries: number; differing: number }> {
    const [row] = await this.rows<{ entries: number; differing: number }>(
      `select (select count(*)::int from ledger_entries) as entries,
         (select count(*)::int from (select from ledger_entries group by transaction_id, currency
           having sum(amount) <> 0) differing) as differing`,
    );
    return row ?? { entries: 0, differing: 0 };
  }

  async about(): Promise<string> {
    const [row] = await this.rows<Record<string, string>>(
      `select current_setting('server_version') as version, current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as sync`,
    );
    return `Postgres ${row?.['version'] ?? '?'}, fsync ${row?.['fsync'] ?? '?'}, synchronous_commit ${row?.['sync'] ?? '?'}`;
  }
}

/** Rows a second, one a transaction, from one session and from as many as the gateway has. */
export async function bareCommits(clusterUrl: string): Promise<{ one: number; many: number }> {
  const sessions = await Promise.all(Array.from({ length: manySessions }, () => session(clusterUrl)));
  try {
    const [first] = sessions;
    if (!first) throw new Error('No session.');
    await first.query(
      'create table bench_commits (id bigint generated always as identity primary key, text text)',
    );
    const one = await commitsPerSecond([first], 1_500);
    const many = await commitsPerSecond(sessions, 1_500);
    await first.query('drop table bench_commits');
    return { one, many };
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

/** A session whose server goes while it waits fails with its next statement; until then nobody need be told. */
async function session(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function commitsPerSecond(sessions: readonly pg.Client[], forMs: number): Promise<number> {
  const beganMs = performance.now();
  let commits = 0;
  await Promise.all(
    sessions.map(async (session) => {
      while (performance.now() - beganMs < forMs) {
        await session.query(
          `insert into bench_commits (text) values ('a row of some forty bytes, as most are')`,
        );
        commits += 1;
      }
    }),
  );
  return (commits * 1000) / (performance.now() - beganMs);
}
