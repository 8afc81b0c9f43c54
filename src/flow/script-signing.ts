// By what a merchant's script knows that it is us who ask: the secret of his own server (/v1/merchant-server), else that of his notices.
// Questions in Twilio's words are signed with the same text.

import type { Tx } from '../store/database.ts';
import { readServer } from '../store/merchant-servers.ts';
import { noticeSecret } from '../store/notices.ts';
import type { House } from './house.ts';
import type { ScriptRequest } from './ports.ts';
import { addressOf } from './recognize-caller.ts';

export type ScriptSigning = Pick<ScriptRequest, 'secret' | 'oldSecret' | 'authToken'>;

/** `undefined`: he has no secret yet, and his scripts cannot be asked. */
export async function scriptSigning(
  house: House,
  tx: Tx,
  merchantId: string,
): Promise<ScriptSigning | undefined> {
  const server = await readServer(tx, 'merchant');
  if (server?.secretSealed) {
    const { secret, oldSecret } = addressOf(house, merchantId, server);
    return { secret, ...(oldSecret !== undefined && { oldSecret }), authToken: secret };
  }
  const sealed = await noticeSecret(tx);
  if (!sealed) return undefined;
  const secret = house.seal.open(sealed, merchantId);
  return { secret, authToken: secret };
}
