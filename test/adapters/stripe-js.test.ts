// The sandbox's Stripe.js in a real browser: a page of another origin, under a content security policy as strict as ours,
// takes a card without seeing it. (The scripts are those that the build has put into dist/.)

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import chromium from '@sparticuz/chromium';
import { chromium as playwright, type Browser, type FrameLocator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandboxProcessor, type SandboxProcessor } from '../../src/sandbox/processor.ts';

const secretKey = 'sk_test_sandbox_1';
const publishableKey = 'pk_test_sandbox_1';

/** What the page's own script sees: Stripe.js by the names of its documentation, and what the test keeps. */
type Result = Record<'paymentIntent' | 'error', Record<string, unknown> | undefined>;
interface CardField {
  on(event: string, listener: (event: unknown) => void): void;
  mount(where: string): void;
}
interface Elements {
  create(type: string, options: object): CardField;
  getElement(type: string): CardField;
}
interface StripeJs {
  elements(options: object): Elements;
  confirmCardPayment(clientSecret: string, payment: object): Promise<Result>;
  handleNextAction(asked: object): Promise<Result>;
}
interface Shop {
  Stripe(key: string, options: object): StripeJs;
  stripe: StripeJs;
  elements: Elements;
  changes: unknown[];
}

let processor: SandboxProcessor;
let shop: Server;
let shopUrl: string;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  processor = await startSandboxProcessor({ port: 0, secretKey, publishableKey });
  const policy =
    `default-src 'none'; script-src 'self' ${processor.url}; frame-src ${processor.url}; ` +
    `connect-src 'self' ${processor.url}; style-src 'self'`;
  shop = createServer((request, response) => {
    const script = request.url === '/page.js';
    response.setHeader('content-security-policy', policy);
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(
      script
        ? 'window.changes = [];'
        : `<!doctype html><title>Shop</title><form id="form">
           <label for="number">Number</label><div id="number"></div><div id="expiry"></div><div id="cvc"></div>
           <div id="card"></div></form>
           <script src="${processor.url}/stripe.js"></script><script src="/page.js"></script>`,
    );
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    // Not the package's own arguments: they put all in one process and switch off what keeps origins apart.
    args: ['--no-sandbox', '--disable-gpu'],
    headless: true,
  });
});
afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => shop.close(resolve));
  await processor.close();
});

beforeEach(async () => {
  complaints.length = 0;
  page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('402')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(shopUrl);
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

/** On the page, in its own words: what a merchant's script would write. */
async function mount(locale: string, types: Record<string, string>, account?: string): Promise<void> {
  await page.evaluate(
    async ({ key, locale, types, account }) => {
      const world = window as unknown as Shop;
      world.stripe = world.Stripe(key, { locale, stripeAccount: account });
      const elements = world.stripe.elements({ locale });
      world.elements = elements;
      await Promise.all(
        Object.entries(types).map(async ([type, where]) => {
          const style = {
            base: { fontSize: '18px', color: 'rgb(1, 2, 3)', '::placeholder': { color: 'gray' } },
          };
          const element = elements.create(type, { style });
          element.on('change', (event) => world.changes.push(event));
          const ready = new Promise((resolve) => {
            element.on('ready', resolve);
          });
          element.mount(where);
          await ready;
        }),
      );
    },
    { key: publishableKey, locale, types, account },
  );
}
const split = { cardNumber: '#number', cardExpiry: '#expiry', cardCvc: '#cvc' };
const field = (where: string): FrameLocator => page.frameLocator(`${where} iframe`);
/** The frames are processes of their own: what they say arrives a moment later. */
const lastChange = () => expect.poll(() => page.evaluate(() => (window as unknown as Shop).changes.at(-1)));

async function typeCard(number: string, expiry = '12/40', cvc = '123'): Promise<void> {
  await field('#number').getByRole('textbox').pressSequentially(number);
  await field('#expiry').getByRole('textbox').pressSequentially(expiry);
  await field('#cvc').getByRole('textbox').pressSequentially(cvc);
}

async function newIntent(account?: string): Promise<{ id: string; client_secret: string }> {
  const answer = await fetch(`${processor.url}/v1/payment_intents`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secretKey}`,
      ...(account === undefined ? {} : { 'stripe-account': account }),
    },
    body: new URLSearchParams({
      amount: '2500',
      currency: 'eur',
      capture_method: 'manual',
      'allowed_payment_method_types[0]': 'card',
    }),
  });
  return (await answer.json()) as never;
}

const pay = (clientSecret: string, type = 'cardNumber') =>
  page.evaluate(
    ({ clientSecret, type }) => {
      const world = window as unknown as Shop;
      return world.stripe.confirmCardPayment(clientSecret, {
        payment_method: { card: world.elements.getElement(type), billing_details: { name: 'A. Caller' } },
      });
    },
    { clientSecret, type },
  );

describe('Card fields', () => {
  it('write a card as cards are written, and tell the page brand and completeness only', async () => {
    await mount('en', split);
    await typeCard('4242424242424242', '1240', '123');
    const number = field('#number').getByRole('textbox', { name: 'Card number' });
    expect(await number.inputValue()).toBe('4242 4242 4242 4242');
    expect(await field('#expiry').getByRole('textbox').inputValue()).toBe('12 / 40');
    expect(await number.getAttribute('autocomplete')).toBe('cc-number');
    expect(await number.getAttribute('inputmode')).toBe('numeric');
    expect(await number.evaluate((input) => getComputedStyle(input).color)).toBe('rgb(1, 2, 3)');
    expect(await field('#number').locator('.ribbon').textContent()).toBe('sandbox');
    await lastChange().toMatchObject({ elementType: 'cardCvc', complete: true, empty: false });
    const changes = await page.evaluate(() => (window as unknown as Shop).changes);
    expect(changes).toContainEqual(
      expect.objectContaining({ elementType: 'cardNumber', complete: true, brand: 'visa' }),
    );
    expect(JSON.stringify(changes)).not.toMatch(/4242|123/);
  });

  it.each([
    ['en', '4242424242424241', 'invalid_number', 'Your card number is invalid.'],
    ['fr', '4242424242424241', 'invalid_number', 'Votre numéro de carte n’est pas valide.'],
  ])('say in %s what is wrong at once', async (locale, number, code, message) => {
    await mount(locale, split);
    await field('#number').getByRole('textbox').pressSequentially(number);
    await lastChange().toMatchObject({ error: { type: 'validation_error', code, message } });
    expect(await page.locator('#number').getAttribute('class')).toContain('StripeElement--invalid');
  });

  it('say what is incomplete when the field is left', async () => {
    await mount('en', split);
    const expiry = field('#expiry').getByRole('textbox');
    await expiry.pressSequentially('1');
    await lastChange().toMatchObject({ elementType: 'cardExpiry', complete: false, error: undefined });
    await expiry.blur();
    await lastChange().toMatchObject({ error: { code: 'incomplete_expiry' } });
  });

  it('refuse a year that is over', async () => {
    await mount('en', split);
    await field('#expiry').getByRole('textbox').pressSequentially('0120');
    await lastChange().toMatchObject({ error: { code: 'invalid_expiry_year_past' } });
  });

  it('want four digits of an American Express security code', async () => {
    await mount('en', split);
    await typeCard('378282246310005', '1240', '123');
    await lastChange().toMatchObject({ elementType: 'cardCvc', complete: false });
    await field('#cvc').getByRole('textbox').press('4');
    await lastChange().toMatchObject({ complete: true });
  });

  it('correct a digit in the middle without losing the place', async () => {
    await mount('en', split);
    const number = field('#number').getByRole('textbox');
    await number.pressSequentially('42424242');
    for (let step = 0; step < 4; step += 1) await number.press('ArrowLeft');
    await number.press('Backspace');
    await number.press('5');
    expect(await number.inputValue()).toBe('4245 4242');
    await number.press('6');
    expect(await number.inputValue()).toBe('4245 6424 2');
  });

  it('take the focus when their label is clicked', async () => {
    await mount('en', split);
    await page.getByText('Number').click();
    const focused = field('#number').locator('input:focus');
    await focused.waitFor();
    await page.waitForFunction(() => document.querySelector('#number')?.className.includes('--focus'));
  });

  it('hold the whole card in one field too, leading from part to part', async () => {
    await mount('en', { card: '#card' });
    await field('#card').getByRole('textbox', { name: 'Card number' }).click();
    await page.keyboard.type('5555555555554444');
    await page.keyboard.type('1240');
    await page.keyboard.type('123');
    await lastChange().toMatchObject({ elementType: 'card', complete: true, brand: 'mastercard' });
    const paid = await pay((await newIntent()).client_secret, 'card');
    expect(paid).toMatchObject({ paymentIntent: { status: 'requires_capture' } });
  });
});

describe('Paying', () => {
  it('holds the amount, on the account of the merchant', async () => {
    const intent = await newIntent('acct_merchant');
    await mount('en', split, 'acct_merchant');
    await typeCard('4242424242424242');
    const paid = await pay(intent.client_secret);
    expect(paid).toMatchObject({ paymentIntent: { id: intent.id, status: 'requires_capture' } });
    expect(paid.paymentIntent).not.toHaveProperty('metadata');
  });

  it.each([
    ['en', '4000000000000002', 'generic_decline', 'Your card was declined.'],
    ['fr', '4000000000009995', 'insufficient_funds', 'Votre carte ne dispose pas de fonds suffisants.'],
    ['fr', '5555555555555557', 'test_mode_live_card', expect.stringContaining('Aucune vraie carte')],
  ])('tells a refusal in %s, and another card may follow', async (locale, number, decline_code, message) => {
    const intent = await newIntent();
    await mount(locale, split);
    await typeCard(number);
    expect(await pay(intent.client_secret)).toMatchObject({
      error: {
        type: 'card_error',
        decline_code,
        message,
        payment_intent: { status: 'requires_payment_method' },
      },
    });
    await field('#number').getByRole('textbox').fill('4242424242424242');
    expect(await pay(intent.client_secret)).toMatchObject({ paymentIntent: { status: 'requires_capture' } });
  });

  it('does not send an incomplete card', async () => {
    await mount('fr', split);
    await typeCard('4242424242424242', '12');
    expect(await pay((await newIntent()).client_secret)).toMatchObject({
      error: { type: 'validation_error', code: 'incomplete_expiry' },
    });
  });

  it.each([
    ['Complete', '4000002760003184', { paymentIntent: { status: 'requires_capture' } }],
    ['Fail', '4000002760003184', { error: { code: 'payment_intent_authentication_failure' } }],
    ['Complete', '4000008400001629', { error: { code: 'card_declined' } }],
  ])('lets the bank ask: %s with %s', async (answer, number, outcome) => {
    const intent = await newIntent();
    await mount('en', split);
    await typeCard(number);
    const paid = pay(intent.client_secret);
    const bank = page.getByRole('dialog').frameLocator('iframe');
    expect(await bank.getByRole('definition').first().textContent()).toBe('€25.00');
    await bank.getByRole('button', { name: answer }).click();
    expect(await paid).toMatchObject(outcome);
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('counts a closed bank page as not authenticated', async () => {
    const intent = await newIntent();
    await mount('en', split);
    await typeCard('4000002760003184');
    const paid = pay(intent.client_secret);
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await paid).toMatchObject({ error: { code: 'payment_intent_authentication_failure' } });
  });

  it('takes up an authentication the server began', async () => {
    const answer = await fetch(`${processor.url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secretKey}` },
      body: new URLSearchParams({
        amount: '2500',
        currency: 'eur',
        confirm: 'true',
        capture_method: 'manual',
        payment_method: 'pm_card_authenticationRequired',
        return_url: `${shopUrl}/back`,
        use_stripe_sdk: 'true',
      }),
    });
    const intent = (await answer.json()) as { client_secret: string };
    await mount('en', split);
    const acted = page.evaluate(
      (clientSecret) => (window as unknown as Shop).stripe.handleNextAction({ clientSecret }),
      intent.client_secret,
    );
    await page.getByRole('dialog').frameLocator('iframe').getByRole('button', { name: 'Complete' }).click();
    expect(await acted).toMatchObject({ paymentIntent: { status: 'requires_capture' } });
  });

  it('answers that the processor cannot be reached, in the language of the page', async () => {
    await mount('fr', split);
    await typeCard('4242424242424242');
    await page.context().route(`${processor.url}/v1/**`, (route) => route.abort());
    const paid = await pay('pi_1_secret_2');
    expect(paid).toMatchObject({
      error: { type: 'api_connection_error', message: expect.stringContaining('ne répond pas') },
    });
    complaints.length = 0;
  });
});
