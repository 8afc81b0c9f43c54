// What the card room says to Stripe, byte for byte, and what it makes of each answer.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePaymentMethod, type CardToSend, type MadeOfCard } from '../../src/card-room/payment-method.ts';

interface Seen {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}
let server: Server;
let seen: Seen[];
let answer: (response: ServerResponse, nth: number) => void;

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      seen.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() });
      answer(response, seen.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

const json = (status: number, body: object) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const made = json(200, {
  id: 'pm_1ABC',
  card: { brand: 'visa', last4: '4242', exp_month: 2, exp_year: 2031, fingerprint: 'x' },
});
const card = { paymentMethod: 'pm_1ABC', brand: 'visa', last4: '4242', expiry: '02/31' };

function make(more: Partial<CardToSend> = {}, timeoutMs = 5_000): Promise<MadeOfCard> {
  const apiBase = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return makePaymentMethod(
    { secretKey: 'sk_test_1', apiBase, timeoutMs },
    {
      number: Buffer.from('4242424242424242'),
      code: Buffer.from('123'),
      expiry: { month: 2, year: 2031 },
      idempotencyKey: 'card_op_1_0a_1',
      ...more,
    },
    new AbortController().signal,
  );
}

test('one form, by the key of the entry, for the merchant’s account', async () => {
  answer = made;
  expect(await make({ account: 'acct_1' })).toEqual({ outcome: 'made', card });
  expect(seen).toMatchObject([
    {
      path: '/v1/payment_methods',
      body: 'type=card&card[number]=4242424242424242&card[exp_month]=2&card[exp_year]=2031&card[cvc]=123',
      headers: {
        authorization: 'Bearer sk_test_1',
        'idempotency-key': 'card_op_1_0a_1',
        'stripe-account': 'acct_1',
        'content-type': 'application/x-www-form-urlencoded',
      },
    },
  ]);
});

test('our own account is not named', async () => {
  answer = made;
  await make();
  expect(seen[0]?.headers).not.toHaveProperty('stripe-account');
});

const cardError = (code: string) =>
  json(402, { error: { type: 'card_error', code, message: 'of 4242424242424242' } });
test.each([
  ['incorrect_number', 'number'],
  ['invalid_number', 'number'],
  ['invalid_expiry_month', 'expiry'],
  ['invalid_expiry_year', 'expiry'],
  ['invalid_cvc', 'code'],
  ['incorrect_cvc', 'code'],
  ['card_declined', 'card'],
  ['constructor', 'card'],
])('%s: the %s is wrong', async (code, wrong) => {
  answer = cardError(code);
  expect(await make()).toEqual({ outcome: 'refused', wrong });
  expect(seen).toHaveLength(1);
});

test.each<[string, (response: ServerResponse, nth: number) => void, number]>([
  ['silence', () => undefined, 500],
  ['a fault of theirs', json(500, {}), 5_000],
  ['too many at once', json(429, {}), 5_000],
  ['the same key under way', json(409, {}), 5_000],
  ['a line that is cut', (response) => response.destroy(), 5_000],
])('%s, then an answer: asked twice by the same key', async (_what, first, timeoutMs) => {
  answer = (response, nth) => (nth === 1 ? first(response, nth) : made(response));
  // The second is answered at once, and must be given the time for it on a busy machine.
  expect(await make({}, timeoutMs)).toEqual({ outcome: 'made', card });
  expect(seen.map(({ headers, body }) => [headers['idempotency-key'], body])).toEqual([
    [seen[0]?.headers['idempotency-key'], seen[0]?.body],
    [seen[0]?.headers['idempotency-key'], seen[0]?.body],
  ]);
});

test('silence twice: nobody knows', async () => {
  answer = () => undefined;
  expect(await make({}, 50)).toEqual({ outcome: 'unanswered', because: 'silence' });
  expect(seen).toHaveLength(2);
});

test.each([400, 402])(
  '%d, the account may not send numbers as they are keyed: of no card, asked once',
  async (status) => {
    answer = json(status, {
      error: {
        type: 'invalid_request_error',
        message:
          'Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens',
      },
    });
    expect(await make()).toEqual({ outcome: 'not_permitted' });
    expect(seen).toHaveLength(1);
  },
);

test.each([
  ['our key is wrong', json(401, { error: { type: 'invalid_request_error' } }), 'status 401'],
  [
    'the request is not as it should be',
    json(400, {
      error: {
        type: 'invalid_request_error',
        code: 'parameter_invalid',
        message: 'Sending 4242424242424242',
      },
    }),
    'status 400 parameter_invalid',
  ],
  ['what is no word is not repeated', json(400, { error: { code: '4242424242424242' } }), 'status 400'],
  ['no card is in it', json(200, { id: 'pm_1' }), 'not understood'],
  [
    'the whole number is in it',
    json(200, {
      id: 'pm_1',
      card: { brand: 'visa', last4: '4242424242424242', exp_month: 1, exp_year: 2031 },
    }),
    'not understood',
  ],
])('%s: asked once, and the log learns no more than why', async (_what, says, because) => {
  answer = says;
  expect(await make()).toEqual({ outcome: 'unanswered', because });
  expect(seen).toHaveLength(1);
});
