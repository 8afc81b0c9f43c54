// One telephone on the screen: shows what the sandbox says of it, sends what is pressed on it.

import { byId, clock, element } from './dom.ts';
import type { Feed, Phone, Sentence } from './feed.ts';
import { beep, hush, music, ring, ringBack, speak } from './sound.ts';
import { currentLanguage, type Language, text, type TextKey } from './texts.ts';

const padKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
/** Told apart by ear: the caller's voice and bell are higher. */
const sounds = { a: { ring: 820, voice: 1.1 }, b: { ring: 610, voice: 0.85 } };

export type Side = 'a' | 'b';

/** A number this phone may dial, and how its callers are recognized. */
export interface Ddi {
  number: string;
  way: 'rest' | 'soap' | 'accounts';
}

/** A number that leads to a scenario. */
export interface NamedNumber {
  number: string;
  name: Record<Language, string>;
}

export class PhoneOnScreen {
  readonly #side: Side;
  readonly #feed: Feed;
  readonly #ddis: readonly Ddi[];
  readonly #scenarios: readonly NamedNumber[];
  #numbers: readonly string[];
  #shown: string;
  /** What was drawn last, so that nothing moves that has not changed. */
  #drawn = '';
  #leg: string | null = null;
  #saidCount = 0;
  #voice: Promise<void> = Promise.resolve();
  readonly #parts: ReturnType<PhoneOnScreen['build']>;

  constructor(
    side: Side,
    numbers: readonly string[],
    feed: Feed,
    ddis: readonly Ddi[] = [],
    scenarios: readonly NamedNumber[] = [],
  ) {
    this.#side = side;
    this.#ddis = ddis;
    this.#scenarios = scenarios;
    this.#feed = feed;
    this.#numbers = numbers;
    this.#shown = numbers[0] ?? '';
    this.#parts = this.build();
    this.retext();
    feed.watch(() => this.draw());
  }

  get number(): string {
    return this.#shown;
  }

  get state(): Phone | undefined {
    return this.#feed.phone(this.#shown);
  }

  /** Resolves when the last sentence begun has been spoken (at once when nothing speaks). */
  get voice(): Promise<void> {
    return this.#voice;
  }

  private build() {
    const label = element('span', '');
    const time = element('span', 'clock');
    const number = element('p', 'number');
    const state = element('p', 'state');
    state.setAttribute('role', 'status');
    const choices = element('div', 'choices');
    const who = element('div', 'who', element('h2', '', label, time), number, state);
    if (this.#numbers.length > 1) who.append(choices);
    const heard = element('div', 'heard');
    heard.setAttribute('role', 'log');
    heard.tabIndex = 0;
    const pad = element('div', 'pad');
    pad.setAttribute('role', 'group');
    for (const key of padKeys) {
      const button = element('button', '', key);
      button.type = 'button';
      button.addEventListener('click', () => void this.press(key));
      pad.append(button);
    }
    const answer = element('button', 'answer');
    const hangup = element('button', 'hangup');
    answer.type = hangup.type = 'button';
    answer.addEventListener('click', () => void this.answer());
    hangup.addEventListener('click', () => void this.hangUp());
    const acts = element('div', 'acts', answer, hangup);
    const { dial, dialTitle, ways, list, call, hide } = this.buildDial();
    const phone = element(
      'section',
      'phone',
      element('div', 'glass', who, heard, ...(this.#ddis.length > 0 ? [dial] : []), pad, acts),
    );
    byId(`phone-${this.#side}`, HTMLElement).replaceChildren(phone);
    return {
      phone,
      label,
      time,
      number,
      state,
      choices,
      heard,
      pad,
      answer,
      hangup,
      dial,
      dialTitle,
      ways,
      list,
      call,
      hide,
    };
  }

  /** What may be dialled, shown while the phone is on the hook. */
  private buildDial() {
    const dialTitle = element('p', '');
    const hide = element('button', 'hide');
    hide.type = 'button';
    hide.setAttribute('aria-pressed', 'false');
    hide.addEventListener('click', () =>
      hide.setAttribute('aria-pressed', String(hide.getAttribute('aria-pressed') !== 'true')),
    );
    const ways = this.#ddis.map(({ number, way }) => {
      const button = element('button', '');
      button.type = 'button';
      button.dataset['way'] = way;
      button.addEventListener('click', () => void this.dial(number));
      return { button, number, way };
    });
    const choices = element('div', 'choices', ...ways.map(({ button }) => button));
    const list = element('select', 'scenarios');
    const call = element('button', '');
    call.type = 'button';
    call.addEventListener('click', () => void this.dial(list.value));
    const listed = this.#scenarios.length > 0 ? [element('div', 'listed', list, call)] : [];
    const dial = element('div', 'dial', dialTitle, choices, ...listed, hide);
    dial.setAttribute('role', 'group');
    return { dial, dialTitle, ways, list, call, hide };
  }

  /** After a change of language. */
  retext(): void {
    const name = text(this.#side === 'a' ? 'caller' : 'consultant');
    const { phone, label, heard, pad, answer, choices } = this.#parts;
    phone.setAttribute('aria-label', name);
    label.textContent = name;
    heard.setAttribute('aria-label', `${name}: ${text('heard')}`);
    pad.setAttribute('aria-label', `${name}: ${text('keypad')}`);
    choices.setAttribute('role', 'group');
    choices.setAttribute('aria-label', text('choose'));
    answer.textContent = text('answer');
    const { dial, dialTitle, ways, list, call, hide } = this.#parts;
    dial.setAttribute('aria-label', text('dial'));
    dialTitle.textContent = text('dial');
    hide.textContent = text('dial_hidden');
    for (const { button, number, way } of ways) {
      button.textContent = text(`dial_${way}`);
      button.setAttribute('aria-label', `${text(`dial_${way}`)}: ${spaced(number)}`);
      button.title = spaced(number);
    }
    list.setAttribute('aria-label', text('dial_scenario'));
    call.textContent = text('dial_this');
    const chosen = list.selectedIndex;
    list.replaceChildren(
      ...this.#scenarios.map(
        ({ number, name }) => new Option(`…${number.slice(-3)} ${name[currentLanguage()]}`, number),
      ),
    );
    list.selectedIndex = Math.max(chosen, 0);
    this.#drawn = '';
    this.draw();
  }

  // --- What a hand does ------------------------------------------------------------------------------------------

  async answer(): Promise<void> {
    await this.#post('answer');
  }

  async dial(number: string): Promise<void> {
    beep('1');
    await this.#post('dial', {
      to: number,
      ...(this.#parts.hide.getAttribute('aria-pressed') === 'true'
        ? { withheld: true }
        : { assertedBy: 'network' }),
    });
  }

  async hangUp(): Promise<void> {
    hush(this.#side);
    await this.#post('hangup');
  }

  async press(key: string): Promise<void> {
    beep(key);
    const button = [...this.#parts.pad.children].find((candidate) => candidate.textContent === key);
    button?.classList.add('down');
    setTimeout(() => button?.classList.remove('down'), 160);
    if (this.state?.state !== 'answered') return;
    hush(this.#side);
    await this.#post('keys', { digits: key });
  }

  async #post(act: string, body?: unknown): Promise<void> {
    // A call that has just ended by itself answers 409: what the phone shows a moment later says it better.
    await fetch(`/api/phones/${encodeURIComponent(this.#shown)}/${act}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    }).catch(() => undefined);
  }

  // --- What it shows -----------------------------------------------------------------------------------------------

  draw(): void {
    this.#follow();
    const phone = this.state;
    const alive = phone !== undefined && phone.state !== 'ended';
    const label = stateKey(phone);
    const { phone: device, time, number, state, answer, hangup } = this.#parts;
    const rung = phone?.state === 'ringing' && phone.direction === 'inbound';
    ring(this.#side, rung, sounds[this.#side].ring);
    const tune = alive ? tuneOf(phone) : undefined;
    music(this.#side, tune === 'music');
    ringBack(this.#side, tune === 'tone');
    if (phone !== undefined && phone.leg !== this.#leg) {
      this.#leg = phone.leg;
      // A page opened in mid-call does not repeat what was said before it came.
      this.#saidCount = this.#drawn === '' && phone.state !== 'ringing' ? phone.heard.length : 0;
    }
    if (phone !== undefined) this.#say(phone);
    if (!alive) hush(this.#side);

    time.textContent = phone?.state === 'answered' ? clock(secondsSince(phone.answeredAt)) : '';
    const drawn = JSON.stringify([phone, this.#shown]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    device.dataset['state'] = phone?.state === 'ringing' && !rung ? 'calling' : (phone?.state ?? 'idle');
    number.textContent = spaced(this.#shown);
    state.textContent = text(label) + (phone?.state === 'ringing' ? `: ${spaced(phone.from)}` : '');
    answer.disabled = !rung;
    hangup.disabled = !alive;
    hangup.textContent = text(rung ? 'refuse' : 'hangup');
    this.#parts.dial.hidden = alive || this.#ddis.length === 0;
    this.#drawHeard(phone);
    this.#drawChoices();
  }

  /** Of several consultants the one who is rung or talks is the one to look at. */
  #follow(): void {
    const busy = (number: string): boolean => {
      const phone = this.#feed.phone(number);
      return phone !== undefined && phone.state !== 'ended';
    };
    if (busy(this.#shown)) return;
    const calling = this.#numbers.find(busy);
    if (calling !== undefined) this.#shown = calling;
  }

  #say(phone: Phone): void {
    const fresh = phone.heard.slice(this.#saidCount);
    this.#saidCount = phone.heard.length;
    for (const sentence of fresh) {
      if (isTune(sentence) || phone.state !== 'answered') continue;
      hush(this.#side);
      this.#voice = speak(this.#side, sentence, sounds[this.#side].voice);
    }
  }

  #drawHeard(phone: Phone | undefined): void {
    const lines: HTMLElement[] = [];
    for (const sentence of phone?.heard ?? []) {
      if (sentence.text === '' || isTune(sentence)) continue;
      const line = element('p', sentence.at === phone?.playing?.at ? 'speaking' : '', sentence.text);
      if (sentence.language !== null) line.lang = sentence.language;
      lines.push(line);
    }
    const tune = tuneOf(phone);
    if (tune !== undefined) lines.push(element('p', 'tune', text(tune)));
    if (phone !== undefined && phone.keys !== '') lines.push(element('p', 'key', phone.keys));
    const { heard } = this.#parts;
    heard.replaceChildren(...lines);
    heard.scrollTop = heard.scrollHeight;
  }

  #drawChoices(): void {
    const { choices } = this.#parts;
    if (this.#numbers.length < 2) return;
    const hadFocus = choices.contains(document.activeElement);
    choices.replaceChildren(
      ...this.#numbers.map((number) => {
        const button = element('button', '', `…${number.slice(-2)}`);
        button.type = 'button';
        button.setAttribute('aria-label', spaced(number));
        button.setAttribute('aria-pressed', String(number === this.#shown));
        button.addEventListener('click', () => {
          this.#shown = number;
          this.draw();
        });
        return button;
      }),
    );
    if (hadFocus) choices.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
  }
}

function stateKey(phone: Phone | undefined): TextKey {
  if (phone === undefined) return 'state_idle';
  if (phone.state === 'answered') {
    if (phone.bridged) return 'state_bridged';
    const tune = tuneOf(phone);
    return tune === undefined ? 'state_answered' : `state_${tune}`;
  }
  if (phone.state === 'ended') return 'state_ended';
  return phone.direction === 'outbound' ? 'state_calling' : 'state_ringing';
}

/** What is heard while one waits. */
function tuneOf(phone: Phone | undefined): 'music' | 'tone' | undefined {
  if (phone?.music !== true) return undefined;
  return phone.playing?.text === '♪ ringing tone' ? 'tone' : 'music';
}

function isTune(sentence: Sentence): boolean {
  return sentence.text.startsWith('♪');
}

export function secondsSince(instant: string | null): number {
  return instant === null ? 0 : (Date.now() - Date.parse(instant)) / 1000;
}

/** `+33612345678` as people read it: `+33 6 12 34 56 78`. */
export function spaced(number: string): string {
  const french = /^\+33(\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(number);
  return french === null ? number : `+33 ${french.slice(1).join(' ')}`;
}
