// The API stage with calls as they would stand after being rung and talked: written as rows, since only what is read of them
// is looked at here.

import { randomUUID } from 'node:crypto';
import { apiStage, demoKey, type Stage } from './api-stage.ts';

/** What these tests look at, of whichever answer it is. */
export interface Said {
  status: number;
  headers: Headers;
  text: string;
  body: {
    id: string;
    version: number;
    type: string;
    errors: { pointer: string; detail: string }[];
    data: Record<string, unknown>[];
    state: { reachable: boolean; because: string | null; until: string | null; reason: string | null };
    photoUrl: string | null;
    [more: string]: unknown;
  };
}

export interface CallRow {
  id: string;
  consultant: string;
  line?: string;
  /** When his telephone rang. */
  at: string;
  kind?: 'conversation' | 'known_call';
  state?: string;
  outcome?: string;
  taken?: boolean;
  missedBecause?: string;
  talkSeconds?: number;
  connectedAt?: string;
  captured?: string;
  paymentState?: string;
  currency?: string;
  tariff?: object;
  clientCode?: string;
  talkLimitSeconds?: number;
  moved?: string;
  claimed?: boolean;
}

/** Two a minute and twenty per cent. */
export const plainTariff = {
  currency: 'EUR',
  fixedPrice: '0',
  includedSeconds: 0,
  bands: [{ fromSecond: 0, pricePerMinute: '2.40' }],
  increment: { first: 1, next: 1 },
  freeSeconds: 0,
  vatRate: '0.20',
};

export interface ConsultantStage extends Stage {
  ask(
    method: string,
    path: string,
    given?: { body?: unknown; key?: string; headers?: Record<string, string> },
  ): Promise<Said>;
  call(row: CallRow): Promise<void>;
}

export async function consultantStage(): Promise<ConsultantStage> {
  const stage = await apiStage();
  const ask: ConsultantStage['ask'] = async (method, path, { body, key = demoKey, headers = {} } = {}) => {
    const isBytes = Buffer.isBuffer(body);
    const response = await fetch(path.startsWith('http') ? path : stage.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && !isBytes && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : {}) as Said['body'],
    };
  };
  return Object.assign({}, stage, { ask, call: (row: CallRow) => writeCall(stage, row) });
}

async function writeCall({ admin, merchantId }: Stage, row: CallRow): Promise<void> {
  const { id, consultant, at, kind = 'conversation', state = 'settled', taken = true } = row;
  const currency = row.currency ?? 'EUR';
  const us = row.talkSeconds === undefined ? null : Math.round(row.talkSeconds * 1e6);
  await admin.query(
    `insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, access_hash)
     values ($1, $2, $3, $4, 'api', 'fr', 'tar_demo', $5, 0, $6, $7)`,
    [
      `ord_${id}`,
      merchantId,
      row.line ?? 'lin_demo',
      kind,
      { ...plainTariff, currency, ...row.tariff },
      currency,
      id,
    ],
  );
  await admin.query(
    `insert into payments (id, merchant_id, order_id, state, currency, captured, application_fee_rate)
     values ($1, $2, $3, $4, $5, $6, 0)`,
    [`pay_${id}`, merchantId, `ord_${id}`, row.paymentState ?? 'captured', currency, row.captured ?? '0'],
  );
  await admin.query(
    `insert into call_sessions (id, merchant_id, order_id, line_id, switch_id, state, outcome, consultant_id, progress,
       connected_at, talk_us, billable_us, created_at)
     values ($1, $2, $3, $4, 'fs1', $5, $6, $7, $8, $9, $10, $10, $11)`,
    [
      id,
      merchantId,
      `ord_${id}`,
      row.line ?? 'lin_demo',
      state,
      row.outcome ?? 'talked',
      taken ? consultant : null,
      { plan: { talkLimitSeconds: row.talkLimitSeconds ?? 900 } },
      row.connectedAt ?? null,
      us,
      at,
    ],
  );
  await admin.query(
    `insert into legs (id, merchant_id, call_session_id, role, consultant_id, created_at) values ($1, $2, $3, 'B', $4, $5)`,
    [randomUUID(), merchantId, id, consultant, at],
  );
  if (kind === 'known_call') {
    await admin.query(
      `insert into known_calls (call_session_id, merchant_id, order_id, line_id, ddi, cli_trust, client_code, started_at)
       values ($1, $2, $3, $4, '+33199000201', 'network', $5, $6)`,
      [id, merchantId, `ord_${id}`, row.line ?? 'lin_demo', row.clientCode ?? null, at],
    );
  }
  if (row.moved !== undefined) {
    await admin.query(
      `insert into client_movements (id, merchant_id, client_id, kind, amount, balance_after, call_session_id, at)
       values ($1, $2, 'cli_demo', 'call', $3, 0, $4, $5)`,
      [`mov_${id}`, merchantId, row.moved, id, at],
    );
  }
  if (row.missedBecause !== undefined) {
    await admin.query(
      `insert into call_events (merchant_id, call_session_id, sequence, name, at, facts)
       values ($1, $2, 1, 'consultant_missed', $3, $4)`,
      [merchantId, id, at, { consultantId: consultant, because: row.missedBecause }],
    );
  }
  if (row.claimed === true) {
    await admin.query(
      `update consultants set claimed_by = $1, claim = 'hard', claimed_until = null where id = $2`,
      [id, consultant],
    );
  }
}
