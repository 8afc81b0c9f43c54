// An SMS of a merchant, handed to his provider by the request he describes. Taken by any status of success.

import { isUtf8 } from 'node:buffer';
import type { SmsRequest } from '../core/sms-sender.ts';
import type { Clock, SmsSender, SmsSent } from '../flow/ports.ts';
import { askWithin } from './ask-again.ts';
import type { MerchantHttp } from './outbound.ts';

/** A caller waits on the line; providers take it within a second, and tell of its delivery later. */
const timeoutMs = 8_000;

export class HttpSmsSender implements SmsSender {
  readonly #http: MerchantHttp;
  readonly #clock: Pick<Clock, 'monotonicMs'>;

  constructor(given: { http: MerchantHttp; clock: Pick<Clock, 'monotonicMs'> }) {
    this.#http = given.http;
    this.#clock = given.clock;
  }

  refusalOf(url: string): Promise<string | undefined> {
    return this.#http.refusalOf(url);
  }

  async send({ method, url, headers, body }: SmsRequest, id: string): Promise<SmsSent> {
    const begunMs = this.#clock.monotonicMs();
    const answer = await askWithin(this.#clock, timeoutMs, (leftMs) =>
      this.#http.transfer({
        method,
        url,
        headers: {
          ...headers,
          'accept-encoding': 'identity',
          'user-agent': 'Ringmeter-SMS/1',
          // Where his provider heeds it (draft-ietf-httpapi-idempotency-key-header), the same message is sent once.
          'idempotency-key': id,
        },
        ...(body !== undefined && { body }),
        timeoutMs: leftMs,
      }),
    );
    const tookMs = Math.round(this.#clock.monotonicMs() - begunMs);
    switch (answer.outcome) {
      case 'answered': {
        const { status, packed, bytes } = answer;
        const answerBody = packed || !isUtf8(bytes) ? '' : bytes.toString('utf8');
        return status >= 200 && status < 300
          ? { outcome: 'sent', status, answerBody, tookMs }
          : { outcome: 'failed', status, answerBody, because: `HTTP ${String(status)}`, tookMs };
      }
      case 'forbidden':
        return { outcome: 'failed', because: answer.reason, tookMs };
      // It was read, whatever it said at such length; or nobody knows.
      case 'too_large':
      case 'no_answer':
        return { outcome: 'unknown', because: answer.reason, tookMs };
    }
  }
}
