// What a talk costs, line by line, and the inverse: how long a talk an amount pays for. Here: the one order in which a
// tariff's rules apply. Not here: which seconds are billable (the talk limit cuts what runs past it before it comes here).
//
// The order, and it never changes:
//   1. a talk within the free seconds costs nothing at all;
//   2. the whole talk is rounded up to the increments, first then next;
//   3. the included seconds are taken off its beginning, the rest is priced by the bands it lies in;
//   4. fixed price and bands are added, then raised to the minimum, then cut to the maximum;
//   5. the sum is rounded half up to the currency, once.
// Every one of these steps keeps the price from falling as time grows; `affordableSeconds` rests on that.

import type { Decimal } from 'decimal.js';
import { exact, includedVat, minus, money, roundToCurrency, zero, type Money } from './money.ts';
import type { Tariff } from './tariff.ts';

export interface RatedLine {
  /** `free`: the talk was within the free seconds. `minimum` raises to the minimum, `maximum` (negative) cuts to it. */
  what: 'fixed' | 'talk' | 'minimum' | 'maximum' | 'free';
  /** Talk: seconds charged, increments included. Fixed: seconds the price includes. Free: seconds talked. */
  seconds?: number;
  /** Talk: where in the talk these seconds begin, counted from the bridge. */
  fromSecond?: number;
  pricePerMinute?: string;
  amount: Money;
}

export interface Rated {
  /** The billable time in whole seconds, a begun second counted; before increments, which the talk lines show. */
  billableSeconds: number;
  /**
   * On the currency's grid, in the order they add up; their sum is exactly the total. The rounding of the total is spread
   * so that each line differs from its own exact price by less than the smallest coin.
   */
  lines: readonly RatedLine[];
  total: Money;
  vat: Money;
  net: Money;
}

/** The longest talk there is: a whole day. A call that lasts longer is a fault of a line, not a conversation. */
export const longestTalkSeconds = 86_400;

/**
 * What is due for a talk. `billableUs`: the billable time, min(talk time, talk limit), in the switch's microseconds.
 * A talk of 0 (bridged and gone at once) owes the fixed price and the minimum unless there are free seconds.
 * Throws (a bug) on a negative time.
 */
export function rate(tariff: Tariff, billableUs: bigint): Rated {
  if (billableUs < 0n) throw new Error(`Billable time is negative: ${billableUs.toString()} us`);
  // Up, in whole numbers: a begun second is a second, and no float ever holds microseconds since 1970.
  const billableSeconds = Number((billableUs + 999_999n) / 1_000_000n);
  const lines = onGrid(exactLines(tariff, billableSeconds), tariff.currency);
  const total = priceOfSeconds(tariff, billableSeconds);
  const vat = includedVat(total, tariff.vatRate);
  return { billableSeconds, lines, total, vat, net: minus(total, vat) };
}

/**
 * The seconds a talk counts for where somebody else bills it: 0 within the free seconds, else a begun second whole, rounded up
 * to the increments.
 */
export function countedSeconds(tariff: Tariff, billableUs: bigint): number {
  const { billableSeconds } = rate(tariff, billableUs);
  if (tariff.freeSeconds > 0 && billableSeconds <= tariff.freeSeconds) return 0;
  return roundedUpToIncrements(tariff, billableSeconds);
}

/** The price, rounded, of a talk of that many whole seconds. Throws (a bug) on a fraction or a negative number. */
export function priceOfSeconds(tariff: Tariff, seconds: number): Money {
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new Error(`Whole seconds of talk expected, not ${seconds}`);
  }
  return rounded(sumOf(exactLines(tariff, seconds)), tariff.currency);
}

/**
 * Whether something is due and every talk this tariff allows costs the same, so that it may be taken before anybody knows how long
 * they talk. A price never falls as time grows: the shortest and the longest talk say it of all between. Said of the tariff alone,
 * whatever is chosen of it: a line can say before anybody orders when it takes its money.
 */
export function isOnePrice(tariff: Tariff): boolean {
  const least = priceOfSeconds(tariff, 0);
  return !least.amount.isZero() && least.amount.equals(priceOfSeconds(tariff, longestOf(tariff)).amount);
}

/** No talk under this tariff is longer, whatever is chosen and paid. */
function longestOf({ maximumSeconds }: Tariff): number {
  return Math.min(maximumSeconds ?? longestTalkSeconds, longestTalkSeconds);
}

/**
 * The longest talk, in whole seconds, that costs no more than `amount`: at most the tariff's `maximumSeconds` and a day.
 * `undefined`: not even the shortest talk is covered. 0: only a talk of no time is. Throws (a bug) on another currency.
 */
export function affordableSeconds(tariff: Tariff, amount: Money): number | undefined {
  if (amount.currency !== tariff.currency) {
    throw new Error(`${amount.currency} does not pay for a tariff in ${tariff.currency}`);
  }
  const covered = (seconds: number): boolean =>
    priceOfSeconds(tariff, seconds).amount.lessThanOrEqualTo(amount.amount);

  const longest = longestOf(tariff);
  if (covered(longest)) return longest;
  if (!covered(0)) return undefined;
  // Halving instead of algebra: with increments, bands, ceilings and rounding the inverse has no formula that stays right.
  let enough = 0;
  let tooLong = longest;
  while (tooLong - enough > 1) {
    const middle = Math.floor((enough + tooLong) / 2);
    if (covered(middle)) enough = middle;
    else tooLong = middle;
  }
  return enough;
}

/**
 * Sums are made in sixtieths of the price, a minute's price times seconds, and divided once: thirds of a cent have no end as
 * decimals, and two of them added would miss the half cent that must be rounded up.
 */
interface ExactLine extends Omit<RatedLine, 'amount'> {
  sixtieths: Decimal;
}

function exactLines(tariff: Tariff, seconds: number): ExactLine[] {
  // Without free seconds even a talk of 0 owes the fixed price, or "0 of 0 seconds" would make it free.
  if (tariff.freeSeconds > 0 && seconds <= tariff.freeSeconds) {
    return [{ what: 'free', seconds, sixtieths: exact(0) }];
  }
  const lines: ExactLine[] = [];
  const fixed = inSixtieths(tariff.fixedPrice);
  if (!fixed.isZero() || tariff.includedSeconds > 0) {
    lines.push({ what: 'fixed', seconds: tariff.includedSeconds, sixtieths: fixed });
  }
  lines.push(...talkLines(tariff, roundedUpToIncrements(tariff, seconds)));

  const sum = sumOf(lines);
  const raised = raisedTo(sum, tariff.minimumPrice);
  if (raised.greaterThan(sum)) lines.push({ what: 'minimum', sixtieths: raised.minus(sum) });
  const cut = cutTo(raised, tariff.maximumPrice);
  if (cut.lessThan(raised)) lines.push({ what: 'maximum', sixtieths: cut.minus(raised) });
  return lines;
}

function roundedUpToIncrements(tariff: Tariff, seconds: number): number {
  const { first, next } = tariff.increment;
  if (seconds === 0) return 0;
  if (seconds <= first) return first;
  return first + Math.ceil((seconds - first) / next) * next;
}

/** One line for each band in which seconds beyond the included ones lie. */
function talkLines(tariff: Tariff, seconds: number): ExactLine[] {
  return tariff.bands.flatMap((band, index) => {
    const begin = Math.max(band.fromSecond, tariff.includedSeconds);
    const end = Math.min(tariff.bands[index + 1]?.fromSecond ?? seconds, seconds);
    if (end <= begin) return [];
    return [
      {
        what: 'talk' as const,
        seconds: end - begin,
        fromSecond: begin,
        pricePerMinute: band.pricePerMinute,
        sixtieths: exact(band.pricePerMinute).times(end - begin),
      },
    ];
  });
}

/**
 * Each line is the step between two rounded running sums. Rounding the lines one by one and putting what is left into the
 * last would let many thin bands pile up cents there, or make a talk line negative.
 */
function onGrid(lines: readonly ExactLine[], currency: string): RatedLine[] {
  let sum = exact(0);
  let shown = zero(currency);
  return lines.map(({ sixtieths, ...line }) => {
    sum = sum.plus(sixtieths);
    const next = rounded(sum, currency);
    const amount = minus(next, shown);
    shown = next;
    return { ...line, amount };
  });
}

function sumOf(lines: readonly ExactLine[]): Decimal {
  return lines.reduce((total, line) => total.plus(line.sixtieths), exact(0));
}

function inSixtieths(price: string): Decimal {
  return exact(price).times(60);
}

/** The one rounding. */
function rounded(sixtieths: Decimal, currency: string): Money {
  return roundToCurrency(money(sixtieths.dividedBy(60), currency), 'half_up');
}

function raisedTo(sum: Decimal, minimumPrice: string | undefined): Decimal {
  if (minimumPrice === undefined) return sum;
  const least = inSixtieths(minimumPrice);
  return sum.lessThan(least) ? least : sum;
}

function cutTo(sum: Decimal, maximumPrice: string | undefined): Decimal {
  if (maximumPrice === undefined) return sum;
  const most = inSixtieths(maximumPrice);
  return sum.greaterThan(most) ? most : sum;
}
