// Links to our payment page that were sent to callers who wait on the line. Where they went is kept as a mark.

import type { PaymentState } from '../core/payment.ts';
import { firstRow, type Tx } from './database.ts';

export interface PaymentLink {
  /** Also what the provider is sent, each time it is tried. */
  id: string;
  by: 'sms' | 'email';
  orderId: string | null;
  /** The link whose order this one leads to again: its own, where it is the first. */
  firstLink: string;
  state: 'intended' | 'sent' | 'failed' | 'unknown';
  because: string | null;
  endedAt: Date | null;
}

const columns = `l.id, l.by, l.order_id as "orderId", l.first_link as "firstLink", l.state, l.because, l.ended_at as "endedAt"`;

export async function linkOfTurn(
  tx: Tx,
  run: { id: string; turn: number },
): Promise<PaymentLink | undefined> {
  return firstRow<PaymentLink>(
    tx,
    `select ${columns} from payment_links l where l.run_id = ? and l.run_turn = ?`,
    [run.id, run.turn],
  );
}

/** Of this call, to an order of this line that can still be paid. */
export async function openLinkOfRun(tx: Tx, runId: string, line: string): Promise<PaymentLink | undefined> {
  return firstRow<PaymentLink>(
    tx,
    `select ${columns} from payment_links l join orders o on o.id = l.order_id join lines s on s.id = o.line_id
       join payments p on p.order_id = o.id
     where l.run_id = ? and s.slug = ? and p.state = 'awaiting_card' and p.outcome_reason is null
     order by l.run_turn desc limit 1`,
    [runId, line],
  );
}

/** How many went out: in this call, and since then to the same place. */
export async function countLinks(
  tx: Tx,
  of: { runId: string; toMark: Buffer; since: Date },
): Promise<{ inCall: number; toHim: number }> {
  const row = await firstRow<{ inCall: number; toHim: number }>(
    tx,
    `select (select count(*) from payment_links where run_id = ?)::int as "inCall",
       (select count(*) from payment_links where to_mark = ? and created_at > ?)::int as "toHim"`,
    [of.runId, of.toMark, of.since],
  );
  return row ?? { inCall: 0, toHim: 0 };
}

export async function insertLink(
  tx: Tx,
  link: {
    id: string;
    merchantId: string;
    run: { id: string; turn: number };
    by: 'sms' | 'email';
    toMark: Buffer;
    firstLink: string;
    at: Date;
  },
): Promise<void> {
  await tx.write(
    `insert into payment_links (id, merchant_id, run_id, run_turn, by, to_mark, first_link, state, created_at)
     values (?, ?, ?, ?, ?, ?, ?, 'intended', ?)`,
    [link.id, link.merchantId, link.run.id, link.run.turn, link.by, link.toMark, link.firstLink, link.at],
  );
}

export async function endLink(
  tx: Tx,
  id: string,
  end: { state: 'sent' | 'failed' | 'unknown'; because: string | null; orderId: string | null; at: Date },
): Promise<void> {
  await tx.write(
    `update payment_links set state = ?, because = ?, order_id = ?, ended_at = ? where id = ? and state = 'intended'`,
    [end.state, end.because?.slice(0, 200) ?? null, end.orderId, end.at, id],
  );
}

/** How it stands with what this call was sent a link to, and since when it waits; `undefined`: it was sent none. */
export async function waitForPayment(
  tx: Tx,
  runId: string,
  orderId: string,
): Promise<{ state: PaymentState; sentAt: Date } | undefined> {
  return firstRow<{ state: PaymentState; sentAt: Date }>(
    tx,
    `select p.state, l.ended_at as "sentAt" from payment_links l join payments p on p.order_id = l.order_id
     where l.run_id = ? and l.order_id = ? and l.state = 'sent' order by l.run_turn desc limit 1`,
    [runId, orderId],
  );
}
