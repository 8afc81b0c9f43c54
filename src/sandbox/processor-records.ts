// What the sandbox's processor remembers: its records, kept in memory and in one append-only file, so that holds survive
// a restart as they do at Stripe. Not here: what the records mean (processor-intents.ts), how Stripe writes them
// (processor-shapes.ts).

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Card } from './processor-cards.ts';
import type { StripeErrorBody } from './processor-errors.ts';

/** Every object belongs to an account: our own, or the connected one of the `Stripe-Account` header. */
export interface AccountOwned {
  id: string;
  account: string;
  /** Seconds since 1970, as Stripe writes instants. */
  created: number;
}

export interface Billing {
  name: string | null;
  email: string | null;
  phone: string | null;
  address: Record<'city' | 'country' | 'line1' | 'line2' | 'postal_code' | 'state', string | null>;
}

export interface PaymentMethodRecord extends AccountOwned {
  card: Card;
  billing: Billing;
  metadata: Record<string, string>;
  /** The intent it paid for. Without a customer a payment method pays once. */
  usedBy?: string;
  /** Whose it is, once a payment set it up for later; then it pays for him only. */
  customer?: string;
}

export interface CustomerRecord extends AccountOwned {
  deleted?: true;
  email: string | null;
  metadata: Record<string, string>;
}

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';

export interface IntentRecord extends AccountOwned {
  clientSecret: string;
  amount: number;
  /** Lower case, as Stripe writes it. */
  currency: string;
  status: IntentStatus;
  captureMethod: 'automatic' | 'automatic_async' | 'manual';
  confirmationMethod: 'automatic' | 'manual';
  amountCapturable: number;
  amountReceived: number;
  applicationFee: number | null;
  allowedTypes: string[] | null;
  description: string | null;
  metadata: Record<string, string>;
  receiptEmail: string | null;
  statementDescriptorSuffix: string | null;
  paymentMethod: string | null;
  customer: string | null;
  setupFutureUsage: 'off_session' | 'on_session' | null;
  latestCharge: string | null;
  lastError: StripeErrorBody | null;
  /** While `requires_action`: `source` names the page of the bank. */
  action: { source: string; inPage: boolean; returnUrl: string | null } | null;
  canceledAt: number | null;
  cancellationReason: string | null;
}

export interface ChargeRecord extends AccountOwned {
  intent: string;
  paymentMethod: string;
  card: Card;
  billing: Billing;
  amount: number;
  currency: string;
  description: string | null;
  receiptEmail: string | null;
  metadata: Record<string, string>;
  status: 'succeeded' | 'failed';
  failure: { code: string; declineCode?: string; message: string } | null;
  captured: boolean;
  amountCaptured: number;
  amountRefunded: number;
  applicationFee: { id: string; amount: number } | null;
  /** When an uncaptured hold is given back. */
  captureBefore: number | null;
  authenticated: boolean;
  balanceTransaction: string | null;
  customer?: string | null;
  disputed?: boolean;
}

export interface RefundRecord extends AccountOwned {
  charge: string;
  intent: string;
  amount: number;
  currency: string;
  reason: string | null;
  metadata: Record<string, string>;
  status: 'succeeded' | 'pending' | 'failed';
  failureReason: string | null;
}

/** The caller's bank takes a charge back while it decides. */
export interface DisputeRecord extends AccountOwned {
  charge: string;
  intent: string;
  amount: number;
  currency: string;
  reason: string;
  status: 'warning_needs_response' | 'needs_response' | 'under_review' | 'won' | 'lost';
  evidenceDueBy: number;
}

/** What was answered under an idempotency key. */
export interface KeptAnswer extends AccountOwned {
  request: string;
  requestId: string;
  status: number;
  body: string;
}

interface Kinds {
  intent: IntentRecord;
  charge: ChargeRecord;
  method: PaymentMethodRecord;
  refund: RefundRecord;
  customer: CustomerRecord;
  dispute: DisputeRecord;
  account: AccountOwned;
  answer: KeptAnswer;
}
export type Kind = keyof Kinds;

/**
 * How many of each are kept: days of a developer's calls, and an hour of a load test, in some hundred megabytes at most.
 * Only what is over is forgotten; a living hold never is.
 */
const keptMax: Record<Kind, number> = {
  intent: 20_000,
  charge: 20_000,
  method: 20_000,
  refund: 10_000,
  customer: 20_000,
  dispute: 10_000,
  account: 1_000,
  answer: 20_000,
};

export class Records {
  readonly #kept: { [K in Kind]: Map<string, Kinds[K]> } = {
    intent: new Map(),
    charge: new Map(),
    method: new Map(),
    refund: new Map(),
    customer: new Map(),
    dispute: new Map(),
    account: new Map(),
    answer: new Map(),
  };
  readonly #file: number | undefined;

  /** `directory` absent: nothing outlives the process. */
  constructor(directory?: string) {
    if (directory === undefined) return;
    const path = join(directory, 'processor.jsonl');
    if (existsSync(path)) this.#load(readFileSync(path, 'utf8'));
    // Written anew once a start: last states only, so that the file does not grow for ever.
    writeFileSync(`${path}.new`, this.#lines());
    renameSync(`${path}.new`, path);
    this.#file = openSync(path, 'a');
  }

  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    return this.#kept[kind].get(id);
  }

  /** Written before it is answered: a process killed after its answer still knows what it said. */
  put<K extends Kind>(kind: K, record: Kinds[K]): void {
    const kept: Map<string, Kinds[K]> = this.#kept[kind];
    const fresh = !kept.has(record.id);
    kept.set(record.id, record);
    if (fresh) this.#forget(kind);
    if (this.#file !== undefined) writeSync(this.#file, line(kind, record));
  }

  forget(kind: Kind, id: string): void {
    this.#kept[kind].delete(id);
  }

  /** Oldest first. */
  all<K extends Kind>(kind: K): IterableIterator<Kinds[K]> {
    const kept: Map<string, Kinds[K]> = this.#kept[kind];
    return kept.values();
  }

  /** Newest first, of one account or of all. */
  newest<K extends Kind>(kind: K, account?: string): Kinds[K][] {
    const kept: Map<string, Kinds[K]> = this.#kept[kind];
    const records = [...kept.values()].reverse();
    return account === undefined ? records : records.filter((record) => record.account === account);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #forget(kind: Kind): void {
    const kept = this.#kept[kind] as Map<string, { id: string; status?: string }>;
    if (kept.size <= keptMax[kind]) return;
    for (const record of kept.values()) {
      if (record.status === 'requires_capture') continue;
      kept.delete(record.id);
      return;
    }
  }

  #load(text: string): void {
    for (const written of text.split('\n')) {
      if (written === '') continue;
      try {
        const { kind, record } = JSON.parse(written) as { kind: Kind; record: Kinds[Kind] };
        (this.#kept[kind] as Map<string, Kinds[Kind]>).set(record.id, record);
      } catch {
        // The last line of a process that was killed while it wrote.
        continue;
      }
    }
  }

  #lines(): string {
    const lines: string[] = [];
    for (const kind of Object.keys(this.#kept) as Kind[]) {
      for (const record of this.#kept[kind].values()) lines.push(line(kind, record));
    }
    return lines.join('');
  }
}

function line(kind: Kind, record: Kinds[Kind]): string {
  return `${JSON.stringify({ kind, record })}\n`;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** `pi_` and 24 letters or digits, as Stripe's ids look. */
export function newId(prefix: string, length = 24): string {
  // 248 is the largest multiple of 62 in a byte: above it the first letters would come more often.
  let id = '';
  while (id.length < length) {
    for (const byte of randomBytes(length * 2)) {
      if (byte < 248 && id.length < length) id += alphabet[byte % 62] ?? '';
    }
  }
  return `${prefix}_${id}`;
}
