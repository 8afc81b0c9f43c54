// Hints between gateways: which order changed, which switch has work. Told after the commit of what they are about: to
// subscribers here at once, to other gateways by `pg_notify` together with whatever else happened meanwhile. A transaction
// that notifies by itself holds a lock over its commit that all others of the database wait for. A hint is lost with the
// gateway that was to give it: whoever listens looks by himself too.

import pg from 'pg';
import { connectionAs, connectionPatienceMs } from './connection.ts';

/** So long hints to other gateways are gathered: many calls' together cost one transaction, and a page is not a telephone. */
const hintsTogetherMs = 100;
/** Somebody is to be rung: told without a wait. */
const atOnce: ReadonlySet<string> = new Set(['ringmeter_switch']);
/** Nobody could be told for long: what is beyond is found by looking. */
const hintsMax = 10_000;

export interface Hint {
  channel: string;
  payload: string;
}

export type Delay = (ms: number, act: () => void) => unknown;

export class HintExchange {
  readonly #url: string;
  readonly #after: Delay;
  readonly #subscribers = new Map<string, Set<(payload: string | undefined) => void>>();
  #client: pg.Client | undefined;
  #connecting = false;
  #attempt: Promise<void> | undefined;
  #closed = false;
  #tries = 0;
  /** For other gateways, each once. */
  readonly #untold = new Map<string, Hint>();
  #telling = false;

  constructor(url: string, after: Delay) {
    this.#url = url;
    this.#after = after;
  }

  /** Hears what is told here and elsewhere; `undefined` when something may have been missed. */
  listen(channel: string, onPayload: (payload: string | undefined) => void): () => void {
    const subscribers = this.#subscribers.get(channel) ?? new Set();
    const isNew = subscribers.size === 0;
    subscribers.add(onPayload);
    this.#subscribers.set(channel, subscribers);
    if (!this.#client) this.#connectOnce();
    else if (isNew) void this.#client.query(`listen ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    return () => subscribers.delete(onPayload);
  }

  /** Subscribers here hear of it now, other gateways in a moment. */
  tell(hints: readonly Hint[]): void {
    const fresh = new Map(hints.map((one) => [`${one.channel} ${one.payload}`, one]));
    for (const [key, one] of fresh) {
      for (const hear of this.#subscribers.get(one.channel) ?? []) hear(one.payload);
      if (this.#untold.size < hintsMax) this.#untold.set(key, one);
    }
    if (fresh.size === 0) return;
    if (!this.#client) this.#connectOnce();
    if (hints.some(({ channel }) => atOnce.has(channel))) void this.#tellOthers();
    else this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#telling || this.#closed) return;
    this.#telling = true;
    this.#after(hintsTogetherMs, () => {
      this.#telling = false;
      void this.#tellOthers();
    });
  }

  /** On the connection that listens, so that what comes back to us from here is known to be ours. */
  async #tellOthers(): Promise<void> {
    const client = this.#client;
    const told = [...this.#untold.values()];
    try {
      // Without a connection they wait for it; others are not told twice what a broken one may have told.
      if (!client || told.length === 0) return;
      this.#untold.clear();
      await client.query('select pg_notify(c, p) from unnest($1::text[], $2::text[]) as hint(c, p)', [
        told.map((one) => one.channel),
        told.map((one) => one.payload),
      ]);
    } catch {
      // The connection is lost: whoever listens elsewhere finds what we would have told by looking.
    } finally {
      if (this.#untold.size > 0 && this.#client) this.#tellSoon();
    }
  }

  async close(): Promise<void> {
    // Who did one thing and ends (the terminal) has told nobody yet.
    await this.#attempt;
    await this.#tellOthers();
    this.#closed = true;
    await this.#client?.end().catch(() => undefined);
  }

  #connectOnce(): void {
    if (this.#connecting || this.#closed) return;
    this.#attempt = this.#connect();
  }

  async #connect(): Promise<void> {
    this.#connecting = true;
    // What is told here is a hint: it need not outlive a crash of the database, and waits for no disk.
    const client = new pg.Client({
      ...connectionAs('ringmeter_app', this.#url, ['synchronous_commit=off']),
      connectionTimeoutMillis: connectionPatienceMs,
      // Several may come to listen, and be told, at once.
      pipeline: true,
    });
    // Notifications are lost while we are away: the subscribers look for themselves after the reconnect.
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ channel, payload, processId }) => {
      if (processId === (client as unknown as { processID: number }).processID) return;
      for (const tell of this.#subscribers.get(channel) ?? []) tell(payload);
    });
    try {
      await client.connect();
      if (this.#closed) {
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
      if (this.#untold.size > 0) this.#tellSoon();
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
      this.#connectOnce();
    });
  }
}
