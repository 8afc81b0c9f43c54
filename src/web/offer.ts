// A tariff in words: what a person reads before he pays. Here: sentences from prices. Not here: what a talk costs
// (core/rating) and where the sentences stand on the page.

import { isZero, money, showMoney, type Money } from '../core/money.ts';
import type { Language } from '../core/ids.ts';
import { type Capture, isSale, type MoreTimeTerms, type OrderKind } from '../core/order.ts';
import { isOnePrice } from '../core/rating.ts';
import { holdFor } from '../core/talk-limit.ts';
import type { Tariff } from '../core/tariff.ts';
import { showDuration, showRate, text, type TextKey } from './texts.ts';

export interface PriceWords {
  /** `25,00 €`: the first thing there is to pay. */
  amount: string;
  /** `pour 10 minutes de conversation`: what that amount is for. */
  what: string;
  /** All else that can change the price, one sentence each. */
  more: string[];
  taxes: string;
}

/** `sells` decides only what a fixed price alone is called. */
export function priceWords(tariff: Tariff, sells: OrderKind, language: Language): PriceWords {
  const show = (amount: string): string => showMoney(money(amount, tariff.currency), language);
  const duration = (seconds: number): string => showDuration(seconds, language);
  const taxes = isZero(money(tariff.vatRate, tariff.currency))
    ? text(language, 'price.noTax')
    : text(language, 'price.taxes', { rate: showRate(tariff.vatRate, language) });

  const hasFixed = !isZero(money(tariff.fixedPrice, tariff.currency));
  if (isSale(sells)) {
    const what = text(language, sells === 'top_up' ? 'price.credit' : 'price.product');
    return { amount: show(tariff.fixedPrice), what, more: [], taxes };
  }

  const bands = bandsToPay(tariff);
  const costs = bands.some((band) => !isZero(money(band.pricePerMinute, tariff.currency)));
  const more: string[] = [];
  let amount: string;
  let what: string;
  if (hasFixed || tariff.includedSeconds > 0) {
    amount = hasFixed ? show(tariff.fixedPrice) : text(language, 'price.free');
    what =
      tariff.includedSeconds > 0
        ? text(language, 'price.fixedIncluded', { duration: duration(tariff.includedSeconds) })
        : text(language, 'price.fixedOnly');
    const first = bands.shift();
    const price = first?.pricePerMinute ?? '0';
    more.push(
      isZero(money(price, tariff.currency))
        ? text(language, 'price.thenNothing')
        : text(language, 'price.then', { price: show(price) }),
    );
  } else if (costs) {
    amount = show(bands.shift()?.pricePerMinute ?? '0');
    what = text(language, 'price.perMinute');
  } else {
    return { amount: text(language, 'price.free'), what: text(language, 'price.freeWhat'), more, taxes };
  }

  for (const { fromSecond, pricePerMinute } of bands) {
    more.push(
      isZero(money(pricePerMinute, tariff.currency))
        ? text(language, 'price.fromMinuteNothing', { duration: duration(fromSecond) })
        : text(language, 'price.fromMinute', { duration: duration(fromSecond), price: show(pricePerMinute) }),
    );
  }
  if (costs) more.push(incrementWords(tariff.increment, language));
  if (tariff.freeSeconds > 0) {
    more.push(text(language, 'price.freeSeconds', { duration: duration(tariff.freeSeconds) }));
  }
  if (tariff.minimumPrice !== undefined) {
    more.push(text(language, 'price.minimum', { price: show(tariff.minimumPrice) }));
  }
  if (tariff.maximumPrice !== undefined) {
    more.push(text(language, 'price.maximum', { price: show(tariff.maximumPrice) }));
  }
  return { amount, what, more, taxes };
}

/** The bands that lie beyond the included seconds, each with the second from which it is really paid. */
function bandsToPay(tariff: Tariff): { fromSecond: number; pricePerMinute: string }[] {
  return tariff.bands.flatMap((band, index) => {
    const end = tariff.bands[index + 1]?.fromSecond ?? Infinity;
    if (end <= tariff.includedSeconds) return [];
    return [
      {
        fromSecond: Math.max(band.fromSecond, tariff.includedSeconds),
        pricePerMinute: band.pricePerMinute,
      },
    ];
  });
}

function incrementWords({ first, next }: Tariff['increment'], language: Language): string {
  if (first === 60 && next === 60) return text(language, 'price.byMinute');
  if (first === 1 && next === 1) return text(language, 'price.bySecond');
  if (first === next) return text(language, 'price.bySteps', { next: showDuration(next, language) });
  if (next === 1) {
    return text(language, 'price.byFirstThenSecond', { first: showDuration(first, language) });
  }
  return text(language, 'price.byFirstThenSteps', {
    first: showDuration(first, language),
    next: showDuration(next, language),
  });
}

/** How what is held comes to be charged: by how long they talk, or all of it, at the end or as soon as both are joined. */
export type Charging = 'by_talk' | 'one_price' | 'at_connection';

export function chargingOf(tariff: Tariff, capture: Capture): Charging {
  if (capture === 'at_connection') return capture;
  return isOnePrice(tariff) ? 'one_price' : 'by_talk';
}

export interface HoldWords {
  label: string;
  help: string;
}

/** Beside the amount that is held for a talk of `duration`, until it `isTaken`. */
export function holdWords(
  charging: Charging,
  duration: string,
  isTaken: boolean,
  language: Language,
): HoldWords {
  const say = (key: TextKey): string => text(language, key, { duration });
  if (isTaken) return { label: say('hold.amount.taken'), help: say('hold.amountHelp.taken') };
  switch (charging) {
    case 'by_talk':
      return { label: say('hold.amount'), help: say('hold.amountHelp') };
    case 'one_price':
      return { label: say('hold.amount'), help: say('hold.amountHelp.onePrice') };
    case 'at_connection':
      return { label: say('hold.amount.atConnection'), help: say('hold.amountHelp.atConnection') };
  }
}

/** What may be asked for near the end, what it holds, and that nothing of it happens by itself. */
export function moreTimeWords({ seconds, times, hold }: MoreTimeTerms, language: Language): string {
  const names = { duration: showDuration(seconds, language), amount: showMoney(hold, language) };
  return times === 1
    ? text(language, 'more.agreedOnce', names)
    : text(language, 'more.agreed', { ...names, times: String(times) });
}

export interface Duration {
  seconds: number;
  hold: Money;
  /** What is offered unless the caller or a link chooses: the merchant's first, wherever it stands in the order of length. */
  usual: boolean;
}

/**
 * How long one may choose to talk, shortest first, and what is held for each. Choices beyond the tariff's own ceiling are left out: they
 * would hold the same money under another name.
 */
export function durations(choices: readonly number[], tariff: Tariff): Duration[] {
  const allowed = choices.filter((seconds) => seconds <= (tariff.maximumSeconds ?? Infinity));
  const offered = allowed.length > 0 ? allowed : choices.slice(0, 1);
  return offered
    .map((seconds, index) => ({ seconds, hold: holdFor(tariff, seconds), usual: index === 0 }))
    .sort((one, other) => one.seconds - other.seconds);
}
