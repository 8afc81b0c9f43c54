// One card field inside its frame: a real input (three of them for `card`) that writes as a card is written, and the only
// place where a card number is. It goes from here to the processor, and an id of a payment method to the page.

import {
  brandOf,
  cvcState,
  digitsOf,
  expiryOf,
  expiryState,
  numberState,
  writeExpiry,
  writeNumber,
  type FieldProblem,
  type FieldState,
} from './stripe/card-entry.ts';
import { appendNested } from './stripe/form.ts';
import { errorText, texts } from './stripe/messages.ts';
import {
  opened,
  sealed,
  type CardError,
  type FieldOptions,
  type FieldType,
  type FromField,
  type ToField,
} from './stripe/protocol.ts';
import { styleSheetOf } from './stripe/style.ts';

type Part = 'number' | 'expiry' | 'cvc';
const partsOf: Record<FieldType, readonly Part[]> = {
  card: ['number', 'expiry', 'cvc'],
  cardNumber: ['number'],
  cardExpiry: ['expiry'],
  cardCvc: ['cvc'],
};

/** What the frames of one card read of each other: they share an origin, the page around them does not. */
interface SandboxField {
  group: string;
  value(part: Part): string | undefined;
  brandChanged(): void;
}
declare global {
  interface Window {
    sandboxField?: SandboxField;
  }
}

let options: FieldOptions | undefined;
let pageOrigin: string | undefined;
const inputs = new Map<Part, HTMLInputElement>();
/** Parts that were left: only then is an incomplete entry a mistake. */
const left = new Set<Part>();
/** The digits that stood in each part before what is typed now. */
const written = new Map<Part, string>();
let lastTold = '';

window.addEventListener('message', (event) => {
  if (event.source !== window.parent) return;
  const message = opened(event.data) as ToField | undefined;
  if (message === undefined) return;
  pageOrigin = event.origin;
  switch (message.act) {
    case 'options':
      if (options === undefined) start(message.options);
      else change(message.options);
      break;
    case 'focus':
      firstInput()?.focus();
      break;
    case 'blur':
      for (const input of inputs.values()) input.blur();
      break;
    case 'clear':
      for (const input of inputs.values()) input.value = '';
      left.clear();
      changed();
      break;
    case 'makePaymentMethod':
      void makePaymentMethod(message);
      break;
  }
});

// Whoever frames us does not know us yet; nothing secret is in a greeting.
window.parent.postMessage(sealed({ act: 'hello' } satisfies FromField), '*');

function tell(message: FromField): void {
  if (pageOrigin !== undefined) window.parent.postMessage(sealed(message), pageOrigin);
}

function start(given: FieldOptions): void {
  options = given;
  const form = document.getElementById('field');
  if (form === null) return;
  document.documentElement.lang = given.language;
  const brand = document.createElement('span');
  brand.className = 'brand';
  brand.id = 'brand';
  brand.hidden = true;
  for (const part of partsOf[given.type]) {
    const input = makeInput(part, given);
    inputs.set(part, input);
    form.append(input);
  }
  if (inputs.has('number')) form.append(brand, ribbon(given));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    tell({ act: 'enter' });
  });
  window.sandboxField = {
    group: given.group,
    value: (part) => inputs.get(part)?.value,
    brandChanged: () => changed(),
  };
  change(given);
  tell({ act: 'ready' });
}

function change(given: FieldOptions): void {
  options = given;
  document.adoptedStyleSheets = [styleSheetOf(given.style)];
  for (const font of given.fonts) addFont(font);
  for (const [part, input] of inputs) {
    input.disabled = given.disabled;
    if (given.placeholder !== undefined && partsOf[given.type].length === 1)
      input.placeholder = given.placeholder;
    else input.placeholder = placeholderOf(part, given);
  }
  changed();
}

function makeInput(part: Part, { language }: FieldOptions): HTMLInputElement {
  const input = document.createElement('input');
  input.className = part;
  input.type = 'text';
  input.inputMode = 'numeric';
  input.spellcheck = false;
  input.setAttribute('autocorrect', 'off');
  input.setAttribute('autocapitalize', 'none');
  input.setAttribute('aria-label', texts[language][part]);
  input.autocomplete = ({ number: 'cc-number', expiry: 'cc-exp', cvc: 'cc-csc' } as const)[part];
  input.name = { number: 'cardnumber', expiry: 'exp-date', cvc: 'cvc' }[part];
  input.addEventListener('input', (event) => {
    // Autofill sends a plain event.
    const deleting = event instanceof InputEvent && event.inputType.startsWith('delete');
    rewrite(part, input, deleting);
    changed();
    if (part === 'number') tellSiblings();
    advance(part);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') tell({ act: 'escape' });
    if (event.key === 'Backspace' && input.value === '') previousInput(part)?.focus();
  });
  input.addEventListener('focus', () => tell({ act: 'focus' }));
  input.addEventListener('blur', () => {
    if (input.value !== '') left.add(part);
    changed();
    tell({ act: 'blur' });
  });
  return input;
}

function ribbon({ language }: FieldOptions): HTMLElement {
  const mark = document.createElement('span');
  mark.className = 'ribbon';
  mark.textContent = texts[language].ribbon;
  return mark;
}

function placeholderOf(part: Part, { language }: FieldOptions): string {
  if (part === 'number') return '1234 1234 1234 1234';
  return part === 'expiry' ? texts[language].expiryPlaceholder : texts[language].cvcPlaceholder;
}

/** Writes the entry as cards are written and leaves the cursor behind the digit it was behind. */
function rewrite(part: Part, input: HTMLInputElement, deleting: boolean): void {
  const caret = input.selectionStart ?? input.value.length;
  const atEnd = caret === input.value.length;
  let digits = digitsOf(input.value);
  let before = digitsOf(input.value.slice(0, caret)).length;
  if (deleting && digits === written.get(part) && before > 0) {
    // Only a space or a slash of ours was deleted: the digit before it was meant.
    digits = digits.slice(0, before - 1) + digits.slice(before);
    before -= 1;
  }
  if (part === 'number') input.value = writeNumber(digits);
  if (part === 'expiry') input.value = writeExpiry(digits, deleting);
  if (part === 'cvc') input.value = digits.slice(0, cvcLengthMax());
  written.set(part, digitsOf(input.value));
  if (atEnd) return;
  let position = 0;
  for (let seen = 0; position < input.value.length && seen < before; position += 1) {
    if (/\d/.test(input.value.charAt(position))) seen += 1;
  }
  input.setSelectionRange(position, position);
}

function cvcLengthMax(): number {
  const brand = brandOf(digitsOf(valueOf('number') ?? ''));
  return brand.name === 'unknown' ? 4 : brand.cvcLength;
}

/** Within one field that holds the whole card, a finished part leads to the next. */
function advance(part: Part): void {
  if (inputs.size === 1 || !stateOf(part).complete) return;
  const parts = [...inputs.keys()];
  const next = parts[parts.indexOf(part) + 1];
  const input = inputs.get(part);
  if (next !== undefined && input?.selectionStart === input?.value.length) inputs.get(next)?.focus();
}

function previousInput(part: Part): HTMLInputElement | undefined {
  const parts = [...inputs.keys()];
  const before = parts[parts.indexOf(part) - 1];
  return before === undefined ? undefined : inputs.get(before);
}

function firstInput(): HTMLInputElement | undefined {
  const [first] = [...inputs].find(([part]) => !stateOf(part).complete) ?? [...inputs][0] ?? [];
  return first === undefined ? undefined : inputs.get(first);
}

function stateOf(part: Part): FieldState {
  const value = valueOf(part) ?? '';
  if (part === 'number') return numberState(value);
  if (part === 'expiry') return expiryState(value, new Date());
  return cvcState(value, brandOf(digitsOf(valueOf('number') ?? '')));
}

/** A mistake is told at once when it can only be one, an incomplete entry when the field is left. */
function problemOf(part: Part): FieldProblem | undefined {
  const { problem } = stateOf(part);
  return problem?.startsWith('incomplete') === true && !left.has(part) ? undefined : problem;
}

function changed(): void {
  if (options === undefined) return;
  const parts = [...inputs.keys()];
  const states = parts.map(stateOf);
  const problem = parts.map(problemOf).find((each) => each !== undefined);
  const complete = states.every((state) => state.complete);
  const empty = states.every((state) => state.empty);
  for (const [part, input] of inputs) {
    const wrong = problemOf(part) !== undefined;
    input.setAttribute('aria-invalid', String(wrong));
    input.dataset['state'] = wrong
      ? 'invalid'
      : stateOf(part).complete
        ? 'complete'
        : input.value === ''
          ? 'empty'
          : '';
  }
  const brand = brandOf(digitsOf(inputs.get('number')?.value ?? '')).name;
  showBrand(brand);
  const told = {
    elementType: options.type,
    empty,
    complete,
    ...(inputs.has('number') ? { brand } : {}),
    ...(problem === undefined ? {} : { problem }),
  };
  const text = JSON.stringify(told);
  // The first state is nobody's doing.
  if (text !== lastTold && lastTold !== '') tell({ act: 'change', change: told });
  lastTold = text;
}

function showBrand(brand: string): void {
  const shown = document.getElementById('brand');
  if (shown === null) return;
  shown.textContent = brand;
  shown.hidden = brand === 'unknown' || options?.hideIcon === true;
}

/** Ours, or that of the field beside us which belongs to the same card. */
function valueOf(part: Part): string | undefined {
  return (
    inputs.get(part)?.value ??
    siblings()
      .map((field) => field.value(part))
      .find((value) => value !== undefined)
  );
}

function siblings(): SandboxField[] {
  const found: SandboxField[] = [];
  for (let index = 0; index < window.parent.length; index += 1) {
    try {
      const field = window.parent[index]?.sandboxField;
      if (field !== undefined && field !== window.sandboxField && field.group === options?.group)
        found.push(field);
    } catch {
      // A frame of another origin: nothing of ours.
      continue;
    }
  }
  return found;
}

/** How many digits the security code has is the number's business. */
function tellSiblings(): void {
  for (const field of siblings()) field.brandChanged();
}

async function makePaymentMethod(asked: Extract<ToField, { act: 'makePaymentMethod' }>): Promise<void> {
  const language = options?.language ?? 'en';
  const problem = (['number', 'expiry', 'cvc'] as const)
    .map(
      (part) => stateOf(part).problem ?? (stateOf(part).empty ? (`incomplete_${part}` as const) : undefined),
    )
    .find((each) => each !== undefined);
  for (const part of inputs.keys()) left.add(part);
  changed();
  if (problem !== undefined) {
    const message = texts[language].problems[problem];
    tell({
      act: 'paymentMethod',
      request: asked.request,
      error: { type: 'validation_error', code: problem, message },
    });
    firstInput()?.focus();
    return;
  }
  tell({ act: 'paymentMethod', request: asked.request, ...(await sendCard(asked)) });
}

async function sendCard(
  asked: Extract<ToField, { act: 'makePaymentMethod' }>,
): Promise<{ paymentMethod?: Record<string, unknown>; error?: CardError }> {
  const language = options?.language ?? 'en';
  const expiry = expiryOf(valueOf('expiry') ?? '');
  const form = new URLSearchParams();
  appendNested(form, {
    type: 'card',
    card: {
      number: digitsOf(valueOf('number') ?? ''),
      exp_month: expiry?.month,
      exp_year: expiry?.year,
      cvc: digitsOf(valueOf('cvc') ?? ''),
    },
    billing_details: asked.billing,
    key: asked.key,
    _stripe_account: asked.account,
  });
  try {
    const answer = await fetch('/v1/payment_methods', { method: 'POST', body: form });
    const body = (await answer.json()) as Record<string, unknown> & { error?: CardError };
    if (body.error === undefined) return { paymentMethod: body };
    return { error: { ...body.error, message: errorText(language, body.error) } };
  } catch {
    return { error: { type: 'api_connection_error', message: texts[language].connection } };
  }
}

function addFont(font: FieldOptions['fonts'][number]): void {
  if (font.cssSrc !== undefined) {
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = font.cssSrc;
    const known = [...document.querySelectorAll('link')].some(({ href }) => href === sheet.href);
    if (!known) document.head.append(sheet);
    return;
  }
  if (font.family === undefined || font.src === undefined) return;
  const { weight = 'normal', style = 'normal' } = font;
  document.fonts.add(new FontFace(font.family, font.src, { weight, style }));
}
