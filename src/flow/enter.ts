// Somebody types an access code on our page, or on a form of the merchant's own site that posts to it: where the code opens, he
// is sent on to the resource's stored address, with a token the merchant checks. Whoever it does not open for hears one
// sentence, whatever the reason.

import { addressWithToken } from '../core/access-code.ts';
import { tokenSigner } from './access-tokens.ts';
import { type CodeTried, tryAccessCode } from './access-codes.ts';
import type { House } from './house.ts';

export type Entered =
  | { outcome: 'sent_on'; to: string }
  /** Unknown, used up, expired or revoked: a stranger never learns which. */
  | { outcome: 'refused' }
  | { outcome: 'too_often'; retryAfterSeconds: number }
  /** Switched off, or gone. */
  | { outcome: 'closed' };

export async function enter(
  house: House,
  merchantId: string,
  { ip, ...tried }: Pick<CodeTried, 'resource' | 'typed'> & { ip: string },
): Promise<Entered> {
  const sign = await tokenSigner(house);
  const came = await tryAccessCode(house, merchantId, { ...tried, from: { ip }, door: 'page' });
  switch (came.outcome) {
    case 'admitted':
      return { outcome: 'sent_on', to: addressWithToken(came.resource.address, sign(came.claims)) };
    case 'refused':
      return { outcome: 'refused' };
    case 'too_often':
      return came;
    case 'closed':
    case 'unknown_resource':
      return { outcome: 'closed' };
  }
}
