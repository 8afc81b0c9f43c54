// How SMS of a merchant are sent, as he set it, its secret sealed.

import type { SmsSenderSettings } from '../core/sms-sender.ts';
import { firstRow, type Tx } from './database.ts';

export interface StoredSmsSender extends SmsSenderSettings {
  secretSealed: Buffer | null;
  version: number;
}

/** `undefined`: he has set none. `lock`: nobody else changes it until this transaction is over. */
export async function readSmsSender(tx: Tx, lock = false): Promise<StoredSmsSender | undefined> {
  return firstRow<StoredSmsSender>(
    tx,
    `select url, method, content_type as "contentType", headers, body, secret_sealed as "secretSealed", version
     from sms_senders${lock ? ' for update' : ''}`,
  );
}

export async function writeSmsSender(
  tx: Tx,
  merchantId: string,
  sender: Omit<StoredSmsSender, 'version'>,
): Promise<void> {
  await tx.write(
    `insert into sms_senders (merchant_id, url, method, content_type, headers, body, secret_sealed)
     values (?, ?, ?, ?, ?::jsonb, ?, ?)
     on conflict (merchant_id) do update set url = excluded.url, method = excluded.method,
       content_type = excluded.content_type, headers = excluded.headers, body = excluded.body,
       secret_sealed = excluded.secret_sealed, version = sms_senders.version + 1`,
    [
      merchantId,
      sender.url,
      sender.method,
      sender.contentType,
      JSON.stringify(sender.headers),
      sender.body,
      sender.secretSealed,
    ],
  );
}

export async function deleteSmsSender(tx: Tx): Promise<void> {
  await tx.write('delete from sms_senders', []);
}
