// Just enough of Stripe.js for a page to be filled in and confirmed without leaving the test. Cards ending in 4242 are
// accepted, others declined; what was asked of it stands in `window.stripeAsked`.

interface Field {
  kind: string;
  input: HTMLInputElement;
  hear: Record<string, (event?: unknown) => void>;
}

const page = window as unknown as Record<string, unknown>;
const asked: unknown[] = [];
page['stripeAsked'] = asked;
page['Stripe'] = (key: string, options: unknown) => {
  asked.push({ key, options });
  const fields: Field[] = [];
  return {
    elements: () => ({
      create: (kind: string) => {
        const field = { kind, input: makeInput(kind), hear: {} };
        fields.push(field);
        return asElement(field);
      },
    }),
    confirmCardPayment: (clientSecret: string) => {
      asked.push({ confirm: clientSecret });
      const number = fields.find((field) => field.kind === 'cardNumber')?.input.value ?? '';
      return Promise.resolve(
        number.endsWith('4242')
          ? { paymentIntent: { status: 'requires_capture' } }
          : { error: { type: 'card_error', message: 'Votre carte a été refusée.' } },
      );
    },
    handleNextAction: ({ clientSecret }: { clientSecret: string }) => {
      asked.push({ handle: clientSecret });
      return Promise.resolve({ paymentIntent: { status: 'requires_capture' } });
    },
  };
};

const labels: Record<string, { label: string; placeholder: string }> = {
  cardNumber: { label: 'Numéro de carte', placeholder: '1234 1234 1234 1234' },
  cardExpiry: { label: 'Date d’expiration', placeholder: 'MM / AA' },
  cardCvc: { label: 'Code de sécurité', placeholder: 'CVC' },
};

function makeInput(kind: string): HTMLInputElement {
  const input = document.createElement('input');
  const { label = kind, placeholder = '' } = labels[kind] ?? {};
  input.setAttribute('aria-label', label);
  input.placeholder = placeholder;
  input.style.cssText = 'width:100%;border:0;outline:0;background:none;font-size:17px;padding:0';
  return input;
}

function asElement({ kind, input, hear }: Field): object {
  input.addEventListener('focus', () => hear['focus']?.());
  input.addEventListener('blur', () => hear['blur']?.());
  input.addEventListener('input', () => {
    hear['change']?.({ complete: input.value.length >= (kind === 'cardNumber' ? 16 : 3) });
  });
  return {
    mount: (place: HTMLElement) => {
      place.append(input);
      queueMicrotask(() => hear['ready']?.());
    },
    focus: () => {
      input.focus();
    },
    destroy: () => {
      input.remove();
    },
    on: (event: string, listener: (event?: unknown) => void) => {
      hear[event] = listener;
    },
  };
}
