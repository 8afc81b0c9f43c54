// "Break something": the buttons with their countdowns, the story of what came of it, and the last talk measured twice.

import type { Breakable, Broken, Proof } from '../../demo-contract.ts';
import { byId, element } from './dom.ts';
import type { Feed } from './feed.ts';
import { showMoney } from './panels.ts';
import { currentLanguage, hasText, text, type TextKey } from './texts.ts';

const drawEveryMs = 200;
const reopenMs = 1_000;
/** The gateway writes the receipt a moment after the processor has captured. */
const proofAgainMs = 700;
const proofTries = 8;

export class BreakPanel {
  #offered: Breakable[] = [];
  #broken: Broken[] = [];
  #proof: Proof | undefined;
  #refusal: string | undefined;
  #proofFor = '';
  #storyIs = '';

  start(): void {
    this.#listen();
    setInterval(() => this.#drawButtons(), drawEveryMs);
    this.#drawStory();
    void this.#readProof('', 1);
  }

  retext(): void {
    byId('breakers', HTMLElement).replaceChildren();
    this.#storyIs = '';
    this.#drawButtons();
    this.#drawStory();
    this.#drawProof();
  }

  /** After money was captured the last talk is another one; where that was while they talked, once it has its receipt. */
  lookAtProof(feed: Feed): void {
    const ends = ['payment.captured', 'receipt.issued'];
    const captured = feed.notices.find(({ type }) => ends.includes(type))?.id ?? '';
    if (captured === this.#proofFor) return;
    this.#proofFor = captured;
    void this.#readProof(this.#proof?.callSessionId ?? '', proofTries);
  }

  #listen(): void {
    const source = new EventSource('/api/demo/breaks/events');
    source.addEventListener('breaks', (event: MessageEvent<string>) => {
      const told = JSON.parse(event.data) as { offered: Breakable[]; broken: Broken[] };
      this.#offered = told.offered;
      this.#broken = told.broken;
      byId('break', HTMLElement).hidden = told.offered.length === 0;
      this.#drawButtons();
      this.#drawStory();
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#listen(), reopenMs);
    });
  }

  async #break(what: Breakable): Promise<void> {
    const answer = await fetch('/api/demo/breaks', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ what }),
    }).catch(() => undefined);
    const body = (await answer?.json().catch(() => undefined)) as { error?: string } | undefined;
    this.#refusal = answer?.ok === true ? undefined : (body?.error ?? '?');
    this.#drawStory();
  }

  #drawButtons(): void {
    const list = byId('breakers', HTMLElement);
    for (const what of this.#offered) {
      const button =
        list.querySelector<HTMLButtonElement>(`[data-what=${what}]`) ?? this.#addButton(list, what);
      const now = this.#broken.find((one) => one.what === what && !one.over);
      button.dataset['broken'] = String(now !== undefined);
      button.disabled = now !== undefined;
      const sub = button.querySelector('small');
      const words = now === undefined ? text(`break_${what}_sub`) : countdown(now);
      if (sub !== null && sub.textContent !== words) sub.textContent = words;
    }
  }

  #addButton(list: HTMLElement, what: Breakable): HTMLButtonElement {
    const button = element('button', '', element('b', '', text(`break_${what}`)), element('small', ''));
    button.type = 'button';
    button.dataset['what'] = what;
    button.addEventListener('click', () => void this.#break(what));
    list.append(button);
    return button;
  }

  /** The newest sentence first. */
  #drawStory(): void {
    const sentences = this.#broken
      .flatMap((one) => one.told.map((told) => ({ ...told, what: one.what })))
      .filter((told) => hasText(told.key))
      .sort((a, b) => (a.at < b.at ? 1 : -1));
    const is = JSON.stringify([currentLanguage(), this.#refusal, sentences]);
    if (is === this.#storyIs) return;
    this.#storyIs = is;
    const rows = sentences.map(({ key, values, at, what }) => {
      const row = element(
        'li',
        '',
        element('time', '', new Date(at).toLocaleTimeString(currentLanguage())),
        element('span', '', text(key as TextKey, shown(values))),
      );
      row.dataset['what'] = what;
      return row;
    });
    if (this.#refusal !== undefined)
      rows.unshift(element('li', 'trouble', text('break_refused', { reason: this.#refusal })));
    if (rows.length === 0) rows.push(element('li', 'none', text('story_none')));
    byId('story', HTMLElement).replaceChildren(...rows);
  }

  async #readProof(known: string, tries: number): Promise<void> {
    const answer = await fetch('/api/demo/proof').catch(() => undefined);
    if (answer?.ok === true) {
      const { proof } = (await answer.json()) as { proof: Proof | null };
      this.#proof = proof ?? undefined;
      this.#drawProof();
      if (proof !== null && proof.callSessionId !== known) return;
    }
    if (tries > 1) setTimeout(() => void this.#readProof(known, tries - 1), proofAgainMs);
  }

  #drawProof(): void {
    const list = byId('proof', HTMLElement);
    const proof = this.#proof;
    if (proof === undefined) {
      list.replaceChildren(element('div', 'none', element('dt', ''), element('dd', '', text('proof_none'))));
      return;
    }
    const money = (amount: string): string => showMoney(Number(amount), proof.currency);
    const { fixedPrice, includedMinutes, pricePerMinute } = proof.tariff;
    const tariff = text(includedMinutes > 0 ? 'proof_tariff_included' : 'proof_tariff', {
      fixed: money(fixedPrice),
      minutes: String(includedMinutes),
      minute: money(pricePerMinute),
    });
    const measured = proof.switchSeconds.toLocaleString(currentLanguage(), { minimumFractionDigits: 3 });
    list.replaceChildren(
      row(text('proof_switch'), text('proof_switch_value', { seconds: measured })),
      row(text('proof_price'), money(proof.price), tariff),
      row(text('proof_captured'), money(proof.captured)),
      row(text('proof_receipt'), money(proof.receipt)),
    );
    const verdict = element('p', 'verdict', text(proof.agrees ? 'proof_agrees' : 'proof_differs'));
    verdict.dataset['agrees'] = String(proof.agrees);
    const last = element(
      'div',
      'last',
      element('dt', 'hidden', text('proof_title')),
      element('dd', '', verdict),
    );
    list.append(last);
  }
}

function row(term: string, value: string, detail?: string): HTMLElement {
  const shownTerm = element('dt', '', term);
  if (detail !== undefined) shownTerm.append(element('small', '', detail));
  return element('div', '', shownTerm, element('dd', '', value));
}

function countdown(one: Broken): string {
  if (one.healsAt === null) return text('break_back');
  const seconds = Math.ceil((Date.parse(one.healsAt) - Date.now()) / 1000);
  return seconds > 0 ? text('break_wait', { seconds: String(seconds) }) : text('break_back');
}

function shown(values: Record<string, number>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      // A process's number is a name, not a quantity.
      name === 'pid' ? String(value) : value.toLocaleString(currentLanguage()),
    ]),
  );
}
