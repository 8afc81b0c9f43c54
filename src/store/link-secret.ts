// The secret a merchant signs his links to our page with. Read here, opened by web/ with the house's seal.

import { firstRow, type Tx } from './database.ts';

/** The sealed secret (sealed about the merchant's id), `undefined` when this merchant has none. */
export async function readLinkSecret(tx: Tx): Promise<Buffer | undefined> {
  const row = await firstRow<{ sealed: Buffer | null }>(
    tx,
    `select link_secret_sealed as sealed from merchants where id = current_setting('ringmeter.merchant')`,
  );
  return row?.sealed ?? undefined;
}
