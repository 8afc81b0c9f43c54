// By what a merchant's scripts know that it is us who ask, sealed.

import { firstRow, type Tx } from './database.ts';

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

export const noSigning: StoredSigning = {
  secretSealed: null,
  oldSecretSealed: null,
  oldSecretUntil: null,
  tokenSealed: null,
  nextTokenSealed: null,
  nextTokenFrom: null,
};

/** `lock`: nobody else changes it until this transaction is over. */
export async function readSigning(tx: Tx, lock = false): Promise<StoredSigning> {
  if (lock) {
    // There may be no row yet.
    await tx.write(
      `select 1 from merchants where id = current_setting('ringmeter.merchant') for no key update`,
      [],
    );
  }
  const row = await firstRow<StoredSigning>(
    tx,
    `select secret_sealed as "secretSealed", old_secret_sealed as "oldSecretSealed", old_secret_until as "oldSecretUntil",
       token_sealed as "tokenSealed", next_token_sealed as "nextTokenSealed", next_token_from as "nextTokenFrom"
     from script_signing`,
  );
  return row ?? noSigning;
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
