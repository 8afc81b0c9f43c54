// The card fields. They are frames of Stripe's (or of the sandbox's stand-in, which speaks the same few words): what is
// typed there never reaches this page. Reference: docs.stripe.com/js, Elements and confirmCardPayment.

import { element } from './elements.ts';

interface StripeError {
  type?: string;
  code?: string;
  message?: string;
}

interface FieldChange {
  complete: boolean;
  error?: { message: string };
}

interface StripeField {
  mount(place: HTMLElement): void;
  focus(): void;
  destroy(): void;
  on(event: 'ready' | 'focus' | 'blur', listener: () => void): unknown;
  on(event: 'change', listener: (change: FieldChange) => void): unknown;
}

interface StripeElements {
  create(kind: 'cardNumber' | 'cardExpiry' | 'cardCvc', options: object): StripeField;
}

interface PaymentResult {
  error?: StripeError;
  paymentIntent?: { status: string };
}

export interface Stripe {
  elements(options: object): StripeElements;
  confirmCardPayment(clientSecret: string, confirmation: object): Promise<PaymentResult>;
  handleNextAction(request: { clientSecret: string }): Promise<PaymentResult>;
}

type StripeFactory = (key: string, options: { stripeAccount?: string; locale: string }) => Stripe;

declare global {
  interface Window {
    Stripe?: StripeFactory;
  }
}

export interface StripeSettings {
  js: string;
  key: string;
  account: string;
  language: string;
}

let loading: Promise<StripeFactory | undefined> | undefined;

/** `undefined`: Stripe.js did not come (network, blocker). The next call tries again. */
export async function loadStripe(settings: StripeSettings): Promise<Stripe | undefined> {
  loading ??= loadScript(settings.js);
  const factory = await loading;
  if (!factory) {
    loading = undefined;
    return undefined;
  }
  return factory(settings.key, {
    locale: settings.language,
    ...(settings.account !== '' && { stripeAccount: settings.account }),
  });
}

async function loadScript(address: string): Promise<StripeFactory | undefined> {
  if (window.Stripe) return window.Stripe;
  return new Promise((resolve) => {
    const script = document.createElement('script');
    script.src = address;
    script.addEventListener('load', () => {
      resolve(window.Stripe);
    });
    script.addEventListener('error', () => {
      resolve(undefined);
    });
    document.head.append(script);
  });
}

export interface CardFields {
  /** The field that stands for the card in `confirmCardPayment`. */
  card: StripeField;
  /** Places the first field that is not complete, and says so beside it; `false` when all are. */
  showIncomplete(sentence: string): boolean;
  destroy(): void;
}

const kinds = [
  { id: 'card-number', kind: 'cardNumber' },
  { id: 'card-expiry', kind: 'cardExpiry' },
  { id: 'card-code', kind: 'cardCvc' },
] as const;

/** Mounts number, expiry and code where the template left room for them. */
export function mountCardFields(stripe: Stripe, language: string): CardFields {
  const elements = stripe.elements({ locale: language });
  const holder = element('card', HTMLElement);
  const { color, fontFamily } = getComputedStyle(holder);
  const style = {
    // 16 px at least: below it an iPhone zooms into the field and does not come back.
    base: { color, fontFamily, fontSize: '17px', '::placeholder': { color: mutedOf(holder) } },
    invalid: { color },
  };
  let waiting = kinds.length;
  const fields = kinds.map(({ id, kind }) => {
    const place = element(id, HTMLElement);
    const said = element(`${id}-said`, HTMLElement);
    const field = elements.create(kind, { style, ...(kind === 'cardNumber' && { showIcon: true }) });
    const state = { field, place, said, complete: false };
    field.on('ready', () => {
      waiting -= 1;
      if (waiting > 0) return;
      holder.removeAttribute('aria-busy');
      element('card-loading', HTMLElement).hidden = true;
    });
    field.on('focus', () => place.classList.add('focused'));
    field.on('blur', () => place.classList.remove('focused'));
    field.on('change', (change) => {
      state.complete = change.complete;
      place.classList.toggle('invalid', change.error !== undefined);
      said.textContent = change.error?.message ?? '';
    });
    field.mount(place);
    return state;
  });
  const [number] = fields;
  if (!number) throw new Error('No card field was made');
  return {
    card: number.field,
    showIncomplete: (sentence) => {
      const missing = fields.find((field) => !field.complete);
      if (!missing) return false;
      if (missing.said.textContent === '') missing.said.textContent = sentence;
      missing.place.classList.add('invalid');
      missing.field.focus();
      return true;
    },
    destroy: () => {
      for (const { field } of fields) field.destroy();
    },
  };
}

function mutedOf(holder: HTMLElement): string {
  return getComputedStyle(holder).getPropertyValue('--muted').trim() || '#5b626b';
}
