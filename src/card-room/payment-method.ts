// A card becomes a PaymentMethod of Stripe's (https://docs.stripe.com/api/payment_methods/create). The form is written and sent as
// bytes, by Node's own HTTP: Stripe's SDK makes text of it. What comes back holds no more of the card than its last four digits.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { CardExpiry } from '../core/card-digits.ts';
import type { KeyedCard } from '../core/keyed-card.ts';

export interface Processor {
  secretKey: string;
  /** `https://api.stripe.com`, or the sandbox's. */
  apiBase: string;
  /** How long one question may take. */
  timeoutMs: number;
}

/** Wiped when it was sent, number and code by their owner. */
export interface CardToSend {
  number: Buffer;
  code: Buffer;
  expiry: CardExpiry;
  /** The merchant's connected account; absent: our own. */
  account?: string;
  /** The same for the same card of the same entry: what was lost on the way is not made twice. */
  idempotencyKey: string;
}

/** `unanswered` too where the processor says no to us and not to the card; `because`: for the log, a code or a status alone. */
export type MadeOfCard =
  | { outcome: 'made'; card: KeyedCard }
  | { outcome: 'refused'; wrong: 'number' | 'expiry' | 'code' | 'card' }
  /** Of no card: this account may send none as it is keyed. */
  | { outcome: 'not_permitted' }
  | { outcome: 'unanswered'; because: string };

/** Stripe's answers are some kilobytes. */
const answerBytesMax = 256 * 1024;

/** Twice by the same key, where the first time nothing came back. Never rejects. */
export async function makePaymentMethod(
  processor: Processor,
  card: CardToSend,
  signal: AbortSignal,
): Promise<MadeOfCard> {
  const first = await attempt(processor, card, signal);
  const answer = first.outcome === 'none' && !signal.aborted ? await attempt(processor, card, signal) : first;
  return answer.outcome === 'none' ? { outcome: 'unanswered', because: answer.because } : answer;
}

type Attempt = MadeOfCard | { outcome: 'none'; because: string };

function attempt(processor: Processor, card: CardToSend, signal: AbortSignal): Promise<Attempt> {
  const url = new URL('/v1/payment_methods', processor.apiBase);
  const body = formOf(card);
  return new Promise<Attempt>((resolve) => {
    const end = (made: Attempt): void => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', gone);
      asked.destroy();
      body.fill(0);
      resolve(made);
    };
    const gone = (): void => end({ outcome: 'none', because: 'given up' });
    const deadline = setTimeout(() => end({ outcome: 'none', because: 'silence' }), processor.timeoutMs);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const asked = send(url, {
      method: 'POST',
      // None of these bytes waits in a connection that is kept.
      agent: false,
      headers: {
        authorization: `Bearer ${processor.secretKey}`,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': body.length,
        'idempotency-key': card.idempotencyKey,
        ...(card.account === undefined ? {} : { 'stripe-account': card.account }),
      },
    });
    signal.addEventListener('abort', gone);
    asked.on('error', (fault: NodeJS.ErrnoException) =>
      end({ outcome: 'none', because: fault.code ?? 'broken off' }),
    );
    asked.on('response', (answer) => {
      const parts: Buffer[] = [];
      let length = 0;
      answer.on('data', (part: Buffer) => {
        parts.push(part);
        length += part.length;
        if (length > answerBytesMax) end({ outcome: 'unanswered', because: 'endless answer' });
      });
      answer.on('end', () => {
        end(readAnswer(answer.statusCode ?? 0, Buffer.concat(parts)));
        for (const part of parts) part.fill(0);
      });
      answer.on('error', () => end({ outcome: 'none', because: 'broken off' }));
    });
    asked.end(body);
  });
}

/** Digits need no escaping; brackets in names are written as they are, as Stripe's own examples do. */
function formOf({ number, code, expiry }: CardToSend): Buffer {
  const before = 'type=card&card[number]=';
  const between = `&card[exp_month]=${String(expiry.month)}&card[exp_year]=${String(expiry.year)}&card[cvc]=`;
  const body = Buffer.alloc(before.length + number.length + between.length + code.length);
  let at = body.write(before, 'latin1');
  at += number.copy(body, at);
  at += body.write(between, at, 'latin1');
  code.copy(body, at);
  return body;
}

/** https://docs.stripe.com/error-codes */
const wrongBy: Readonly<Record<string, 'number' | 'expiry' | 'code'>> = {
  incorrect_number: 'number',
  invalid_number: 'number',
  invalid_expiry_month: 'expiry',
  invalid_expiry_year: 'expiry',
  expired_card: 'expiry',
  invalid_cvc: 'code',
  incorrect_cvc: 'code',
};

/** "... is generally unsafe. To continue processing use Stripe.js" (support.stripe.com/questions/enabling-access-to-raw-card-data-apis). */
const notPermitted = 'Sending credit card numbers directly to the Stripe API';

function readAnswer(status: number, body: Buffer): Attempt {
  const answer = fields(parsed(body));
  if (status === 200) {
    const card = cardOf(answer);
    return card ? { outcome: 'made', card } : { outcome: 'unanswered', because: 'not understood' };
  }
  // Too many at once, the same key still under way, and faults of theirs: another try may do.
  if (status === 409 || status === 429 || status >= 500)
    return { outcome: 'none', because: `status ${String(status)}` };
  const { type, code, message } = fields(answer['error']);
  if (type === 'card_error')
    return {
      outcome: 'refused',
      wrong: (typeof code === 'string' && Object.hasOwn(wrongBy, code) ? wrongBy[code] : undefined) ?? 'card',
    };
  // Told without a code: its first words are all there is to know it by.
  if (type === 'invalid_request_error' && typeof message === 'string' && message.startsWith(notPermitted))
    return { outcome: 'not_permitted' };
  const word = typeof code === 'string' && /^[a-z_]{1,60}$/.test(code) ? ` ${code}` : '';
  return { outcome: 'unanswered', because: `status ${String(status)}${word}` };
}

function cardOf(answer: Record<string, unknown>): KeyedCard | undefined {
  const { brand, last4, exp_month: month, exp_year: year } = fields(answer['card']);
  const { id } = answer;
  if (typeof id !== 'string' || !/^pm_[A-Za-z0-9_]{1,200}$/.test(id)) return undefined;
  if (typeof brand !== 'string' || !/^[a-z_]{1,40}$/.test(brand)) return undefined;
  if (typeof last4 !== 'string' || !/^[0-9]{4}$/.test(last4)) return undefined;
  if (typeof month !== 'number' || typeof year !== 'number') return undefined;
  const two = (value: number): string => String(value % 100).padStart(2, '0');
  return { paymentMethod: id, brand, last4, expiry: `${two(month)}/${two(year)}` };
}

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
