// The sandbox's Stripe.js: the part of Stripe's own that a card page uses, under the same names, so that the page's code is
// the same with either (https://docs.stripe.com/js). The card fields are frames of the processor's origin; the page sees
// ids and states, never a card. No eval, no style attributes: it lives under the page's content security policy as
// Stripe's does (script-src, frame-src and connect-src of the processor's origin).

import { showChallenge } from './stripe/challenge.ts';
import { CardElement, type ElementOptions } from './stripe/element.ts';
import { appendNested } from './stripe/form.ts';
import { errorText, languageOf, texts } from './stripe/messages.ts';
import { fieldTypes, type CardError, type FieldOptions, type FieldType } from './stripe/protocol.ts';

interface PaymentIntent extends Record<string, unknown> {
  id: string;
  status: string;
  client_secret: string;
  last_payment_error: CardError | null;
  next_action: {
    type: string;
    use_stripe_sdk?: { stripe_js?: string };
    redirect_to_url?: { url: string };
  } | null;
}
type IntentResult =
  { paymentIntent: PaymentIntent; error?: undefined } | { error: CardError; paymentIntent?: undefined };

interface StripeOptions {
  stripeAccount?: string;
  locale?: string;
}
interface ElementsOptions {
  locale?: string;
  fonts?: FieldOptions['fonts'];
  appearance?: { variables?: Record<string, string> };
}
interface CardPayment {
  payment_method?: string | { card: CardElement; billing_details?: Record<string, unknown> };
  receipt_email?: string;
  return_url?: string;
}

// Only while the script itself runs is it known where it came from.
const script = document.currentScript;
const base =
  script instanceof HTMLScriptElement ? script.src.replace(/\/stripe\.js(\?.*)?$/, '') : location.origin;

class Elements {
  readonly #options: ElementsOptions;
  readonly #locale: string | undefined;
  readonly #elements = new Map<FieldType, CardElement>();
  readonly #group = crypto.getRandomValues(new Uint32Array(4)).join('-');

  constructor(options: ElementsOptions, locale: string | undefined) {
    this.#options = options;
    this.#locale = options.locale ?? locale;
  }

  create(type: FieldType, options: ElementOptions = {}): CardElement {
    if (!fieldTypes.includes(type)) {
      throw new Error(
        `A valid Element name must be provided. Valid Elements are: ${fieldTypes.join(', ')}; you passed: ${type}.`,
      );
    }
    if (this.#elements.has(type))
      throw new Error(`Can only create one Element of type ${type} through this instance.`);
    const { fonts = [], appearance } = this.#options;
    const element = new CardElement(type, options, {
      base,
      group: this.#group,
      locale: this.#locale,
      fonts,
      ...(appearance === undefined ? {} : { appearance }),
      forget: () => this.#elements.delete(type),
    });
    this.#elements.set(type, element);
    return element;
  }

  getElement(type: FieldType): CardElement | null {
    return this.#elements.get(type) ?? null;
  }

  update(options: ElementsOptions): void {
    Object.assign(this.#options, options);
  }
}

class SandboxStripe {
  readonly #key: string;
  readonly #account: string | undefined;
  readonly #locale: string | undefined;

  constructor(key: string, options: StripeOptions) {
    this.#key = key;
    this.#account = options.stripeAccount;
    this.#locale = options.locale;
  }

  elements(options: ElementsOptions = {}): Elements {
    return new Elements({ ...options }, this.#locale);
  }

  async confirmCardPayment(
    clientSecret: string,
    payment: CardPayment = {},
    { handleActions = true }: { handleActions?: boolean } = {},
  ): Promise<IntentResult> {
    let paymentMethod: string | undefined;
    if (typeof payment.payment_method === 'object') {
      const { card, billing_details } = payment.payment_method;
      const made = await card.makePaymentMethod(this.#key, this.#account, billing_details);
      if (made.error !== undefined) return { error: made.error };
      paymentMethod = made.paymentMethod?.['id'] as string | undefined;
    } else {
      paymentMethod = payment.payment_method;
    }
    const confirmed = await this.#ask('POST', `/v1/payment_intents/${idIn(clientSecret)}/confirm`, {
      payment_method: paymentMethod,
      client_secret: clientSecret,
      receipt_email: payment.receipt_email,
      return_url: payment.return_url,
      expected_payment_method_type: 'card',
      use_stripe_sdk: true,
    });
    if (confirmed.error !== undefined || !handleActions) return confirmed;
    return await this.#acted(confirmed.paymentIntent);
  }

  async handleNextAction({ clientSecret }: { clientSecret: string }): Promise<IntentResult> {
    const found = await this.retrievePaymentIntent(clientSecret);
    return found.error === undefined ? await this.#acted(found.paymentIntent) : found;
  }

  /** Its older name. */
  async handleCardAction(clientSecret: string): Promise<IntentResult> {
    return await this.handleNextAction({ clientSecret });
  }

  async retrievePaymentIntent(clientSecret: string): Promise<IntentResult> {
    return await this.#ask('GET', `/v1/payment_intents/${idIn(clientSecret)}`, {
      client_secret: clientSecret,
    });
  }

  async createPaymentMethod({
    card,
    billing_details,
  }: {
    type: 'card';
    card: CardElement;
    billing_details?: Record<string, unknown>;
  }): Promise<{ paymentMethod?: Record<string, unknown>; error?: CardError }> {
    const { paymentMethod, error } = await card.makePaymentMethod(this.#key, this.#account, billing_details);
    return error === undefined ? { ...(paymentMethod === undefined ? {} : { paymentMethod }) } : { error };
  }

  /** Lets the bank ask what it has to ask, then answers what became of the intent. */
  async #acted(intent: PaymentIntent): Promise<IntentResult> {
    if (intent.status !== 'requires_action') return outcomeOf(intent, this.#locale);
    const inPage = intent.next_action?.use_stripe_sdk?.stripe_js;
    const elsewhere = intent.next_action?.redirect_to_url?.url;
    if (inPage === undefined && elsewhere !== undefined) {
      location.assign(elsewhere);
      // The page is left; nothing may be decided on it any more.
      return await new Promise<never>(() => undefined);
    }
    if (inPage === undefined) return { paymentIntent: intent };
    await showChallenge(inPage, languageOf(this.#locale));
    const after = await this.retrievePaymentIntent(intent.client_secret);
    return after.error === undefined ? outcomeOf(after.paymentIntent, this.#locale) : after;
  }

  async #ask(method: 'GET' | 'POST', path: string, values: Record<string, unknown>): Promise<IntentResult> {
    const language = languageOf(this.#locale);
    const form = new URLSearchParams();
    // In the form, not in headers: so the request needs no leave asked beforehand (CORS).
    appendNested(form, { ...values, key: this.#key, _stripe_account: this.#account });
    try {
      const answer =
        method === 'GET'
          ? await fetch(`${base}${path}?${form.toString()}`)
          : await fetch(`${base}${path}`, { method, body: form });
      const body = (await answer.json()) as PaymentIntent & { error?: CardError };
      if (body.error === undefined) return { paymentIntent: body };
      return { error: { ...body.error, message: errorText(language, body.error) } };
    } catch {
      return { error: { type: 'api_connection_error', message: texts[language].connection } };
    }
  }
}

function outcomeOf(intent: PaymentIntent, locale: string | undefined): IntentResult {
  const failed = intent.last_payment_error;
  if (intent.status !== 'requires_payment_method' || failed === null) return { paymentIntent: intent };
  return { error: { ...failed, message: errorText(languageOf(locale), failed), payment_intent: intent } };
}

/** `pi_1_secret_2` is the intent `pi_1`. Throws as Stripe.js does: a page without a client secret is a bug. */
function idIn(clientSecret: string): string {
  const id = /^(pi_\w+?)_secret_\w+$/.exec(clientSecret)?.[1];
  if (id === undefined) {
    throw new Error(
      `Invalid value for the client secret: it should be of the form \${id}_secret_\${secret}.`,
    );
  }
  return id;
}

function start(key: string, options: StripeOptions = {}): SandboxStripe {
  if (!key.startsWith('pk_'))
    throw new Error('Please call Stripe() with your publishable key. It starts with pk_.');
  return new SandboxStripe(key, options);
}

Object.assign(window, { Stripe: Object.assign(start, { version: 'sandbox' }) });
