// What the page knows: the phones, the payments and the notices as the sandbox streams them, the ledger as the gateway
// gives it. One place to wait for a change.

export interface Sentence {
  text: string;
  language: string | null;
  at: string;
  durationMs?: number;
}

export interface Phone {
  number: string;
  state: 'ringing' | 'answered' | 'ended';
  direction: 'inbound' | 'outbound';
  leg: string | null;
  /** The other side's number. */
  from: string;
  heard: Sentence[];
  playing?: Sentence | null;
  keys: string;
  bridged: boolean;
  music: boolean;
  answeredAt: string | null;
  endedAt: string | null;
  cause: string | null;
}

export interface Intent {
  id: string;
  amount: number;
  amount_received: number;
  currency: string;
  status: string;
  created: number;
  last_payment_error: { decline_code?: string; code?: string } | null;
}

export interface Notice {
  id: string;
  type: string;
  verified: boolean;
  body: unknown;
  receivedAt: string;
  answers: number[];
}

/** What the merchant's server was asked or told by the gateway. */
export interface ServerRequest {
  id: string;
  operation: string;
  protocol: 'rest' | 'soap';
  provenBy: string;
  verified: boolean;
  client: string | null;
  fields: Record<string, unknown>;
  body: string;
  receivedAt: string;
  answer: { status: number; body: string } | null;
  tookMs: number | null;
}

export interface LedgerEntry {
  position: number;
  transactionId: string;
  kind: string;
  account: string;
  amount: { amount: string; currency: string };
  at: string;
}

/** Asked again when the money may have moved, and this often besides. */
const ledgerMs = 4_000;
/** A stream the server refused (its part is being started again) is not tried again by the browser itself. */
const reopenMs = 1_000;

export class Feed {
  phones: Phone[] = [];
  payments: Intent[] = [];
  notices: Notice[] = [];
  requests: ServerRequest[] = [];
  ledger: LedgerEntry[] = [];
  readonly #watchers = new Set<() => void>();
  #cursor = 0;
  #asking = false;
  #askAgain = false;

  start(): void {
    this.#open('/api/phones/events', 'phones', (told) => (this.phones = told as Phone[]));
    this.#open('/api/payments/events', 'payments', (told) => {
      this.payments = (told as { data: Intent[] }).data;
      this.lookAtLedger();
    });
    this.#open('/api/merchant/events', 'notices', (told) => {
      this.notices = told as Notice[];
      this.lookAtLedger();
    });
    this.#open(
      '/api/merchant/requests/events',
      'requests',
      (told) => (this.requests = told as ServerRequest[]),
    );
    setInterval(() => this.lookAtLedger(), ledgerMs);
  }

  /** Called after every change until the answer's function is. */
  watch(act: () => void): () => void {
    this.#watchers.add(act);
    return () => this.#watchers.delete(act);
  }

  /** The first value that is not `undefined`, now or after a change; rejects when `signal` aborts. */
  until<Value>(look: () => Value | undefined, signal: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        unwatch();
        reject(new DOMException('stopped', 'AbortError'));
      };
      const check = (): void => {
        const value = look();
        if (value === undefined) return;
        unwatch();
        signal.removeEventListener('abort', stop);
        resolve(value);
      };
      const unwatch = this.watch(check);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
      check();
    });
  }

  phone(number: string): Phone | undefined {
    return this.phones.find((phone) => phone.number === number);
  }

  lookAtLedger(): void {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    void this.#readLedger().finally(() => {
      this.#asking = false;
      if (this.#askAgain) {
        this.#askAgain = false;
        this.lookAtLedger();
      }
    });
  }

  async #readLedger(): Promise<void> {
    for (;;) {
      const answer = await fetch(`/api/demo/ledger?after=${this.#cursor}`).catch(() => undefined);
      if (answer?.ok !== true) return;
      const page = (await answer.json()) as { data: LedgerEntry[]; next: number | null; hasMore: boolean };
      if (page.data.length > 0) {
        // A page that is open all day keeps what it can show.
        this.ledger = [...this.ledger, ...page.data].slice(-400);
        this.#changed();
      }
      this.#cursor = page.next ?? this.#cursor;
      if (!page.hasMore) return;
    }
  }

  #open(url: string, name: string, take: (told: unknown) => void): void {
    const source = new EventSource(url);
    source.addEventListener(name, (event: MessageEvent<string>) => {
      take(JSON.parse(event.data));
      this.#changed();
    });
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => this.#open(url, name, take), reopenMs);
    });
  }

  #changed(): void {
    for (const act of [...this.#watchers]) act();
  }
}
