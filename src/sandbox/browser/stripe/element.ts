// One card element on the merchant's page: a place of the page's, with the processor's frame in it. Not here: the field
// inside (card-field.ts), paying (stripe-js.ts).

import { languageOf, texts, type FieldLanguage } from './messages.ts';
import {
  opened,
  sealed,
  type CardError,
  type FieldChange,
  type FieldOptions,
  type FieldType,
  type FromField,
  type StyleRules,
  type ToField,
} from './protocol.ts';

export interface ElementOptions {
  style?: FieldOptions['style'];
  classes?: Partial<Record<'base' | 'complete' | 'empty' | 'focus' | 'invalid', string>>;
  placeholder?: string;
  disabled?: boolean;
  hideIcon?: boolean;
  showIcon?: boolean;
}

export type ElementEvent = 'ready' | 'change' | 'focus' | 'blur' | 'escape' | 'loaderror';
type Listener = (event: unknown) => void;

const defaultClasses = {
  base: 'StripeElement',
  complete: 'StripeElement--complete',
  empty: 'StripeElement--empty',
  focus: 'StripeElement--focus',
  invalid: 'StripeElement--invalid',
};

/** A frame that has not greeted by then will not: the processor is down, or the page's policy stops it. */
const greetingMs = 15_000;

export interface ElementPlace {
  base: string;
  group: string;
  locale: string | undefined;
  fonts: FieldOptions['fonts'];
  appearance?: { variables?: Record<string, string> };
  forget: () => void;
}

export class CardElement {
  readonly type: FieldType;
  readonly #place: ElementPlace;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #awaited = new Map<number, (answer: Extract<FromField, { act: 'paymentMethod' }>) => void>();
  readonly #language: FieldLanguage;
  #options: ElementOptions;
  #frame: HTMLIFrameElement | undefined;
  #holder: HTMLElement | undefined;
  #labels: HTMLLabelElement[] = [];
  #ready = false;
  #requests = 0;
  #change: FieldChange;

  constructor(type: FieldType, options: ElementOptions, place: ElementPlace) {
    this.type = type;
    this.#options = options;
    this.#place = place;
    this.#language = languageOf(place.locale);
    this.#change = { elementType: type, empty: true, complete: false };
  }

  mount(where: string | HTMLElement): void {
    const holder = typeof where === 'string' ? document.querySelector<HTMLElement>(where) : where;
    if (holder === null) {
      const selector = typeof where === 'string' ? where : '';
      throw new Error(
        `The selector you specified (${selector}) applies to no DOM elements that are on the page.`,
      );
    }
    this.unmount();
    this.#holder = holder;
    this.#frame = this.#makeFrame();
    holder.replaceChildren(this.#frame);
    window.addEventListener('message', this.#heard);
    // A label cannot be tied to an input in a frame; a click on it can be passed on.
    this.#labels =
      holder.id === ''
        ? []
        : [...document.querySelectorAll<HTMLLabelElement>(`label[for="${CSS.escape(holder.id)}"]`)];
    for (const label of this.#labels) label.addEventListener('click', this.#labelClicked);
    holder.addEventListener('click', this.#labelClicked);
    this.#showState(false);
    window.setTimeout(() => {
      if (!this.#ready && this.#frame !== undefined) {
        this.#emit('loaderror', {
          elementType: this.type,
          error: { type: 'api_connection_error', message: texts[this.#language].connection },
        });
      }
    }, greetingMs);
  }

  unmount(): void {
    window.removeEventListener('message', this.#heard);
    for (const label of this.#labels) label.removeEventListener('click', this.#labelClicked);
    this.#holder?.removeEventListener('click', this.#labelClicked);
    this.#frame?.remove();
    if (this.#holder !== undefined) {
      for (const name of Object.values(this.#classes())) this.#holder.classList.remove(...name.split(' '));
    }
    this.#frame = undefined;
    this.#holder = undefined;
    this.#labels = [];
    this.#ready = false;
  }

  destroy(): void {
    this.unmount();
    this.#listeners.clear();
    this.#place.forget();
  }

  update(options: ElementOptions): void {
    this.#options = { ...this.#options, ...options };
    if (this.#frame !== undefined) this.#frame.style.height = this.#height();
    if (this.#ready) this.#send({ act: 'options', options: this.#fieldOptions() });
  }

  focus(): void {
    this.#send({ act: 'focus' });
  }

  blur(): void {
    this.#send({ act: 'blur' });
  }

  clear(): void {
    this.#send({ act: 'clear' });
  }

  on(event: ElementEvent, listener: Listener): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(event, listeners);
    // Who comes late must not wait for ever.
    if (event === 'ready' && this.#ready) queueMicrotask(() => listener({ elementType: this.type }));
    return this;
  }

  once(event: ElementEvent, listener: Listener): this {
    const single: Listener = (given) => {
      this.off(event, single);
      listener(given);
    };
    return this.on(event, single);
  }

  off(event: ElementEvent, listener?: Listener): this {
    if (listener === undefined) this.#listeners.delete(event);
    else this.#listeners.get(event)?.delete(listener);
    return this;
  }

  /** Not of Stripe's surface: what `confirmCardPayment` and `createPaymentMethod` ask of the field. */
  async makePaymentMethod(
    key: string,
    account: string | undefined,
    billing: Record<string, unknown> | undefined,
  ): Promise<{ paymentMethod?: Record<string, unknown>; error?: CardError }> {
    if (!this.#ready) {
      return {
        error: {
          type: 'invalid_request_error',
          message:
            'We could not retrieve data from the specified Element. Please make sure the Element you are attempting to use is still mounted.',
        },
      };
    }
    const request = (this.#requests += 1);
    const answered = new Promise<Extract<FromField, { act: 'paymentMethod' }>>((resolve) => {
      this.#awaited.set(request, resolve);
    });
    this.#send({
      act: 'makePaymentMethod',
      request,
      key,
      ...(account === undefined ? {} : { account }),
      ...(billing === undefined ? {} : { billing }),
    });
    return await answered;
  }

  #makeFrame(): HTMLIFrameElement {
    const frame = document.createElement('iframe');
    frame.title = texts[this.#language].frames[this.type];
    frame.src = `${this.#place.base}/stripe/field`;
    // By property, since a page's policy may forbid style attributes; the height at once, so that nothing jumps.
    Object.assign(frame.style, {
      border: '0',
      display: 'block',
      width: '100%',
      minWidth: '100%',
      height: this.#height(),
      overflow: 'hidden',
      background: 'transparent',
      colorScheme: 'auto',
    });
    return frame;
  }

  #height(): string {
    const base = this.#base();
    const size = typeof base['fontSize'] === 'string' ? base['fontSize'] : '16px';
    const line = base['lineHeight'];
    if (typeof line === 'string' && /[a-z%]/.test(line))
      return line.endsWith('em') ? `calc(${size} * ${parseFloat(line)})` : line;
    const factor = typeof line === 'number' ? line : typeof line === 'string' ? parseFloat(line) : 1.2;
    return size.endsWith('px')
      ? `${Math.max(19.2, parseFloat(size) * factor)}px`
      : `calc(${size} * ${factor})`;
  }

  #base(): StyleRules {
    const { variables } = this.#place.appearance ?? {};
    return {
      fontSize: '16px',
      ...(variables?.['colorText'] === undefined ? {} : { color: variables['colorText'] }),
      ...(variables?.['fontFamily'] === undefined ? {} : { fontFamily: variables['fontFamily'] }),
      ...(variables?.['fontSizeBase'] === undefined ? {} : { fontSize: variables['fontSizeBase'] }),
      ...this.#options.style?.base,
    };
  }

  #fieldOptions(): FieldOptions {
    const { placeholder, disabled = false, hideIcon = false } = this.#options;
    return {
      type: this.type,
      group: this.#place.group,
      language: this.#language,
      style: { ...this.#options.style, base: this.#base() },
      fonts: this.#place.fonts,
      disabled,
      hideIcon,
      ...(placeholder === undefined ? {} : { placeholder }),
    };
  }

  readonly #heard = (event: MessageEvent): void => {
    if (event.source !== this.#frame?.contentWindow || event.origin !== new URL(this.#place.base).origin)
      return;
    const message = opened(event.data) as FromField | undefined;
    switch (message?.act) {
      case 'hello':
        this.#send({ act: 'options', options: this.#fieldOptions() });
        break;
      case 'ready':
        this.#ready = true;
        this.#emit('ready', { elementType: this.type });
        break;
      case 'change':
        this.#change = message.change;
        this.#showState();
        this.#emit('change', this.#changeEvent());
        break;
      case 'focus':
      case 'blur':
        this.#showState(message.act === 'focus');
        this.#emit(message.act, { elementType: this.type });
        break;
      case 'escape':
        this.#emit('escape', { elementType: this.type });
        break;
      case 'enter':
        this.#holder?.closest('form')?.requestSubmit();
        break;
      case 'paymentMethod':
        this.#awaited.get(message.request)?.(message);
        this.#awaited.delete(message.request);
        break;
      case undefined:
        break;
    }
  };

  readonly #labelClicked = (): void => this.focus();

  #changeEvent(): Record<string, unknown> {
    const { problem, ...change } = this.#change;
    const error =
      problem === undefined
        ? undefined
        : { type: 'validation_error', code: problem, message: texts[this.#language].problems[problem] };
    return { ...change, error, ...(this.type === 'card' ? { value: { postalCode: '' } } : {}) };
  }

  #classes(): typeof defaultClasses {
    return { ...defaultClasses, ...this.#options.classes };
  }

  #showState(focused?: boolean): void {
    const classes = this.#classes();
    const show = (name: string, on: boolean): void => {
      for (const each of name.split(' ')) this.#holder?.classList.toggle(each, on);
    };
    show(classes.base, true);
    show(classes.complete, this.#change.complete);
    show(classes.empty, this.#change.empty);
    show(classes.invalid, this.#change.problem !== undefined);
    if (focused !== undefined) show(classes.focus, focused);
  }

  #send(message: ToField): void {
    this.#frame?.contentWindow?.postMessage(sealed(message), new URL(this.#place.base).origin);
  }

  #emit(event: ElementEvent, given: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(given);
  }
}
