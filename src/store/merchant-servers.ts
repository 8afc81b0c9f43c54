// Where a merchant's own server is reached, as he sets it: one for all his numbers, and one of its own for a number that has
// another. Which of them is asked about a call is known-calls'.

import type { E164 } from '../core/ids.ts';
import { firstRow, type Tx } from './database.ts';
import type { StoredServer } from './known-calls.ts';

/** All his numbers', or one DDI's. */
export type ServerPlace = 'merchant' | { ddi: E164 };

const columns = `server_protocol as protocol, server_url as url, server_timeout_ms as "timeoutMs",
  server_secret_sealed as "secretSealed", server_credentials_sealed as "credentialsSealed",
  server_old_secret_sealed as "oldSecretSealed", server_old_secret_until as "oldSecretUntil"`;
const assignments = `server_protocol = ?, server_url = ?, server_timeout_ms = coalesce(?::int, server_timeout_ms),
  server_secret_sealed = ?, server_credentials_sealed = ?, server_old_secret_sealed = ?, server_old_secret_until = ?`;
const his = `id = current_setting('ringmeter.merchant')`;

/** `undefined`: there is none. `lock`: nobody else changes it until this transaction is over. */
export async function readServer(
  tx: Tx,
  place: ServerPlace,
  lock = false,
): Promise<StoredServer | undefined> {
  // Not `for update`: orders and calls that name the merchant go on meanwhile.
  const locked = lock ? ' for no key update' : '';
  const row =
    place === 'merchant'
      ? await firstRow<StoredServer>(tx, `select ${columns} from merchants where ${his}${locked}`)
      : await firstRow<StoredServer>(tx, `select ${columns} from ddis where number = ?${locked}`, [
          place.ddi,
        ]);
  return (row?.url ?? null) === null || (row?.protocol ?? null) === null ? undefined : row;
}

/** `undefined` takes it away with all its secrets. */
export async function writeServer(
  tx: Tx,
  place: ServerPlace,
  server: StoredServer | undefined,
): Promise<void> {
  const values = [
    server?.protocol ?? null,
    server?.url ?? null,
    server?.timeoutMs ?? null,
    server?.secretSealed ?? null,
    server?.credentialsSealed ?? null,
    server?.oldSecretSealed ?? null,
    server?.oldSecretUntil ?? null,
  ];
  if (place === 'merchant') await tx.write(`update merchants set ${assignments} where ${his}`, values);
  else await tx.write(`update ddis set ${assignments} where number = ?`, [...values, place.ddi]);
}
