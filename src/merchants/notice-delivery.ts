// One try of one notice: signed, posted, and the answer in our words. When to try again is core/merchant-notice.

import type { Delivered, MerchantNotifier } from '../flow/ports.ts';
import type { MerchantAnswer, MerchantHttp } from './outbound.ts';
import { signatureOf } from './signature.ts';

export class NoticeDelivery implements MerchantNotifier {
  constructor(private readonly http: MerchantHttp) {}

  async deliver(notice: {
    url: string;
    secret: string;
    id: string;
    body: string;
    at: Date;
  }): Promise<Delivered> {
    const answer = await this.http.post({
      url: notice.url,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Ringmeter-Notices/1',
        ...signatureOf(notice),
      },
      body: notice.body,
    });
    return deliveredBy(answer, notice.at);
  }
}

/** An answer to something told, in our words: acknowledged by any 2xx. */
export function deliveredBy(answer: MerchantAnswer, at: Date): Delivered {
  if (answer.outcome !== 'answered') return answer;
  const { status } = answer;
  if (status >= 200 && status < 300) return { outcome: 'delivered', status };
  // Standard Webhooks: 410 means the receiver wants nothing more on this address.
  if (status === 410) return { outcome: 'gone', status };
  const retryAfterSeconds = retryAfter(answer.retryAfter, at);
  return { outcome: 'refused', status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

/** RFC 9110, 10.2.3: whole seconds or an HTTP date; anything else says nothing. Never negative. */
function retryAfter(text: string | undefined, at: Date): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text);
  // Date.parse takes "-5" for a month; an HTTP date always ends in GMT.
  const until = text.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  return Math.max(0, Math.ceil((until - at.getTime()) / 1000));
}
