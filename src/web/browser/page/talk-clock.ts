// The running clock and price. Reckoned from the instant the server says the two were joined, by the server's clock, and
// with the very rules the bill is made by: what stands here is what would be charged if the call ended now.

import { showMoney } from '../../../core/money.ts';
import { rate } from '../../../core/rating.ts';
import type { Tariff } from '../../../core/tariff.ts';
import { maybeElement } from './elements.ts';

export interface Talk {
  connectedAt: string;
  limitSeconds: number;
  tariff: Tariff;
}

export interface TalkWords {
  language: string;
  /** `Il reste {time}` */
  left: string;
  nearLimit: string;
}

/** When the caller is warned on the phone too (DESIGN 4). */
const nearSeconds = 60;

/** Runs until the returned function is called. `serverNowMs`: the server's clock, as well as this browser knows it. */
export function runTalkClock(talk: Talk, words: TalkWords, serverNowMs: () => number): () => void {
  const connectedAtMs = Date.parse(talk.connectedAt);
  let shown = -1;
  const tick = (): void => {
    const talkedMs = Math.min(Math.max(0, serverNowMs() - connectedAtMs), talk.limitSeconds * 1000);
    const seconds = Math.floor(talkedMs / 1000);
    if (seconds === shown) return;
    shown = seconds;
    const left = talk.limitSeconds - seconds;
    const cost = rate(talk.tariff, BigInt(Math.floor(talkedMs)) * 1000n).total;
    set('clock', showClock(seconds));
    set('cost', showMoney(cost, words.language));
    set('left', words.left.replace('{time}', showClock(left)));
    const bar = maybeElement('bar', HTMLElement);
    if (bar) bar.style.transform = `scaleX(${Math.min(1, seconds / Math.max(1, talk.limitSeconds))})`;
    const near = maybeElement('near', HTMLElement);
    if (near?.textContent === '' && left <= nearSeconds) near.textContent = words.nearLimit;
  };
  tick();
  // Four looks a second: the second changes when it should, and a tab in the background costs nothing.
  const timer = setInterval(tick, 250);
  return () => {
    clearInterval(timer);
  };
}

/** `12:03`, `1:02:03`: as texts.ts writes it on the server. */
export function showClock(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function set(id: string, text: string): void {
  const place = maybeElement(id, HTMLElement);
  if (place) place.textContent = text;
}
