// By what a merchant's scripts know that it is us who ask, sealed.

import { firstRow, type Tx } from './database.ts';
import type { StoredServer } from './known-calls.ts';

export interface StoredSigning {
  /** Of our JSON; null: the secret of his server, or of his notices, signs it. */
  secretSealed: Buffer | null;
  /** The one before signs beside it until then. */
  oldSecretSealed: Buffer | null;
  oldSecretUntil: Date | null;
  /** Of what is asked in Twilio's words; the next one takes its place from then on. */
  tokenSealed: Buffer | null;
  nextTokenSealed: Buffer | null;
  nextTokenFrom: Date | null;
}

const noSigning: StoredSigning = {
  secretSealed: null,
  oldSecretSealed: null,
  oldSecretUntil: null,
  tokenSealed: null,
  nextTokenSealed: null,
  nextTokenFrom: null,
};

/** His own, and what signs in its place while he has had none made. */
export interface StoredSigners {
  own: StoredSigning;
  /** Of his server (/v1/merchant-server); null: he has none, or it has no secret. */
  server: Pick<StoredServer, 'secretSealed' | 'oldSecretSealed' | 'oldSecretUntil'> | null;
  noticesSealed: Buffer | null;
}

/** In one statement, since a caller waits. `lock`: nobody else changes them until this transaction is over. */
export async function readSigners(tx: Tx, lock = false): Promise<StoredSigners> {
  if (lock) {
    // There may be no row of his own yet.
    await tx.write(
      `select 1 from merchants where id = current_setting('ringmeter.merchant') for no key update`,
      [],
    );
  }
  const row = await firstRow<
    Partial<StoredSigning> & {
      serverSecretSealed: Buffer | null;
      serverOldSecretSealed: Buffer | null;
      serverOldSecretUntil: Date | null;
      noticesSealed: Buffer | null;
    }
  >(
    tx,
    `select own.secret_sealed as "secretSealed", own.old_secret_sealed as "oldSecretSealed",
       own.old_secret_until as "oldSecretUntil", own.token_sealed as "tokenSealed",
       own.next_token_sealed as "nextTokenSealed", own.next_token_from as "nextTokenFrom",
       case when m.server_url is not null and m.server_protocol is not null then m.server_secret_sealed end as "serverSecretSealed",
       m.server_old_secret_sealed as "serverOldSecretSealed", m.server_old_secret_until as "serverOldSecretUntil",
       m.notice_secret_sealed as "noticesSealed"
     from merchants m left join script_signing own on own.merchant_id = m.id
     where m.id = current_setting('ringmeter.merchant')`,
  );
  if (!row) return { own: noSigning, server: null, noticesSealed: null };
  const { serverSecretSealed, serverOldSecretSealed, serverOldSecretUntil, noticesSealed, ...own } = row;
  return {
    own: own as StoredSigning,
    server: serverSecretSealed && {
      secretSealed: serverSecretSealed,
      oldSecretSealed: serverOldSecretSealed,
      oldSecretUntil: serverOldSecretUntil,
    },
    noticesSealed,
  };
}

export async function writeSigning(tx: Tx, merchantId: string, signing: StoredSigning): Promise<void> {
  await tx.write(
    `insert into script_signing (merchant_id, secret_sealed, old_secret_sealed, old_secret_until, token_sealed,
       next_token_sealed, next_token_from)
     values (?, ?, ?, ?, ?, ?, ?)
     on conflict (merchant_id) do update set secret_sealed = excluded.secret_sealed,
       old_secret_sealed = excluded.old_secret_sealed, old_secret_until = excluded.old_secret_until,
       token_sealed = excluded.token_sealed, next_token_sealed = excluded.next_token_sealed,
       next_token_from = excluded.next_token_from`,
    [
      merchantId,
      signing.secretSealed,
      signing.oldSecretSealed,
      signing.oldSecretUntil,
      signing.tokenSealed,
      signing.nextTokenSealed,
      signing.nextTokenFrom,
    ],
  );
}
