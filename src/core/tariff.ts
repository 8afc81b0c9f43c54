// What a conversation costs, as the merchant set it, and which price holds at an instant. Here: the shape, the reading
// of a tariff that comes from outside, and the choice of a price window. Not here: the price of a talk (rating.ts).

import { DateTime, IANAZone } from 'luxon';
import { currencyDecimals, exact, isCurrency } from './money.ts';

/** From this second of the talk on, counted from the bridge, a minute costs this much. */
export interface Band {
  fromSecond: number;
  pricePerMinute: string;
}

/** All prices with VAT inside, as decimal text in `currency`. */
export interface Tariff {
  currency: string;
  /** Due as soon as there is anything to pay. On the currency's grid. */
  fixedPrice: string;
  /** The first seconds of the talk, which the fixed price covers. */
  includedSeconds: number;
  /** Ascending, the first from second 0; none: the fixed price is the whole price. Prices may be finer than a cent. */
  bands: readonly Band[];
  /** 60/60, 60/1, 1/1: the first seconds counted at once, then the steps, in seconds. */
  increment: { first: number; next: number };
  /** A talk this short or shorter costs nothing at all, fixed price included. 0: no such grace. */
  freeSeconds: number;
  minimumPrice?: string;
  maximumPrice?: string;
  /** No talk under this tariff is longer. */
  maximumSeconds?: number;
  /** 0.2 for 20 %. */
  vatRate: string;
}

/** Another price by weekday and hour, in the plan's zone. */
export interface PriceWindow {
  /** 1 = Monday to 7 = Sunday: the day the window opens. */
  weekdays: readonly number[];
  /** `22:00`, wall clock, first minute inside. */
  from: string;
  /** `06:00`, first minute outside; not later than `from` means on the next day. `24:00` is the end of the day. */
  until: string;
  tariff: Tariff;
}

export interface TariffPlan {
  /** IANA name: `Europe/Paris`. */
  timeZone: string;
  standard: Tariff;
  windows: readonly PriceWindow[];
}

/**
 * The tariff that holds at `instant`: the first window that is open, else the standard one. Chosen once, when the order
 * is made, for the whole call. Throws (a bug) on an unknown zone.
 *
 * Windows are wall clock: where the clocks go back, 02:30 is in the window both times it comes; where they go forward, a
 * window inside the missing hour does not open that day.
 */
export function tariffAt(plan: TariffPlan, instant: Date): Tariff {
  const local = DateTime.fromJSDate(instant, { zone: plan.timeZone });
  if (!local.isValid) throw new Error(`No local time in ${plan.timeZone}: ${local.invalidReason}`);
  const today = local.weekday;
  const yesterday = today === 1 ? 7 : today - 1;
  const time = local.toFormat('HH:mm');

  const open = plan.windows.find((window) => {
    const opensOn = (day: number): boolean => window.weekdays.includes(day);
    if (window.from < window.until) return opensOn(today) && window.from <= time && time < window.until;
    return (opensOn(today) && window.from <= time) || (opensOn(yesterday) && time < window.until);
  });
  return open ? open.tariff : plan.standard;
}

export type ParsedTariff = { outcome: 'tariff'; tariff: Tariff } | { outcome: 'invalid'; problems: string[] };

/**
 * Reads a tariff as it comes from outside. Prices are decimal text (`"2.50"`), since a JSON number may have lost digits
 * before we saw it. `invalid` lists every problem at once, each beginning with the field it is about; a field we do not
 * know is a problem too, because a mistyped ceiling must not be a missing one.
 */
export function parseTariff(json: unknown): ParsedTariff {
  if (!isRecord(json)) return { outcome: 'invalid', problems: ['tariff: must be an object'] };
  const problems: string[] = [];
  const problem = (field: string, what: string): void => void problems.push(`${field}: ${what}`);

  refuseUnknown(json, tariffFields, '', problem);
  const currency = typeof json['currency'] === 'string' ? json['currency'] : '';
  const known = isCurrency(currency);
  if (!known) problem('currency', 'must be an ISO 4217 code in upper case');
  const decimals = known ? currencyDecimals(currency) : Infinity;

  const price = (field: string, value: unknown, decimalsMax: number): string => {
    if (typeof value !== 'string' || !pricePattern.test(value)) {
      problem(field, 'must be a decimal text of 0 or more, such as "2.50"');
    } else if (exact(value).decimalPlaces() > decimalsMax) {
      problem(field, `must not have more than ${decimalsMax} decimals in ${currency}`);
    } else return value;
    return '0';
  };
  const seconds = (field: string, value: unknown, least: number): number => {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= daySeconds) {
      return value as number;
    }
    problem(field, `must be a whole number of seconds from ${least} to ${daySeconds}`);
    return least;
  };

  const tariff: Tariff = {
    currency,
    fixedPrice: price('fixedPrice', json['fixedPrice'], decimals),
    includedSeconds: seconds('includedSeconds', json['includedSeconds'], 0),
    bands: parseBands(json['bands'], price, seconds, problem),
    increment: parseIncrement(json['increment'], seconds, problem),
    freeSeconds: seconds('freeSeconds', json['freeSeconds'], 0),
    vatRate: parseVatRate(json['vatRate'], problem),
  };
  if (json['minimumPrice'] !== undefined) {
    tariff.minimumPrice = price('minimumPrice', json['minimumPrice'], decimals);
  }
  if (json['maximumPrice'] !== undefined) {
    tariff.maximumPrice = price('maximumPrice', json['maximumPrice'], decimals);
  }
  if (json['maximumSeconds'] !== undefined) {
    tariff.maximumSeconds = seconds('maximumSeconds', json['maximumSeconds'], 1);
  }
  if (problems.length === 0) contradictions(tariff, problem);
  return problems.length === 0 ? { outcome: 'tariff', tariff } : { outcome: 'invalid', problems };
}

type Problem = (field: string, what: string) => void;
type ReadPrice = (field: string, value: unknown, decimalsMax: number) => string;
type ReadSeconds = (field: string, value: unknown, least: number) => number;

/** The longest any talk may be set to: a call that lasts a day is a fault, not a conversation. */
const daySeconds = 86_400;
/** Finer prices per minute than a millionth of the currency unit change no bill of a day's talk. */
const pricePerMinuteDecimalsMax = 6;
/** Twelve digits before the point: beyond any price, and within what `numeric(18,6)` stores. */
const pricePattern = /^(0|[1-9]\d{0,11})(\.\d{1,6})?$/;
const tariffFields = [
  'currency',
  'fixedPrice',
  'includedSeconds',
  'bands',
  'increment',
  'freeSeconds',
  'minimumPrice',
  'maximumPrice',
  'maximumSeconds',
  'vatRate',
];

function parseBands(value: unknown, price: ReadPrice, seconds: ReadSeconds, problem: Problem): Band[] {
  if (!Array.isArray(value)) {
    problem('bands', 'must be a list, empty if only the fixed price is due');
    return [];
  }
  const bands: Band[] = [];
  for (const [index, item] of (value as unknown[]).entries()) {
    const field = `bands[${index}]`;
    if (!isRecord(item)) {
      problem(field, 'must be an object');
      continue;
    }
    refuseUnknown(item, ['fromSecond', 'pricePerMinute'], `${field}.`, problem);
    const fromSecond = seconds(`${field}.fromSecond`, item['fromSecond'], 0);
    const previous = bands.at(-1);
    if (previous === undefined && fromSecond !== 0) problem(`${field}.fromSecond`, 'the first must be 0');
    if (previous !== undefined && fromSecond <= previous.fromSecond) {
      problem(`${field}.fromSecond`, 'must be later than the band before');
    }
    bands.push({
      fromSecond,
      pricePerMinute: price(`${field}.pricePerMinute`, item['pricePerMinute'], pricePerMinuteDecimalsMax),
    });
  }
  return bands;
}

function parseIncrement(value: unknown, seconds: ReadSeconds, problem: Problem): Tariff['increment'] {
  if (!isRecord(value)) {
    problem('increment', 'must be an object with first and next');
    return { first: 1, next: 1 };
  }
  refuseUnknown(value, ['first', 'next'], 'increment.', problem);
  return {
    first: seconds('increment.first', value['first'], 1),
    next: seconds('increment.next', value['next'], 1),
  };
}

function parseVatRate(value: unknown, problem: Problem): string {
  if (typeof value === 'string' && pricePattern.test(value) && exact(value).lessThanOrEqualTo(1))
    return value;
  problem('vatRate', 'must be a decimal text from 0 to 1, such as "0.2" for 20 %');
  return '0';
}

/** What each field allows and the whole does not. */
function contradictions(tariff: Tariff, problem: Problem): void {
  const { maximumPrice, minimumPrice, fixedPrice, maximumSeconds } = tariff;
  if (maximumPrice !== undefined && exact(maximumPrice).lessThan(minimumPrice ?? '0')) {
    problem('maximumPrice', 'must not be below minimumPrice');
  }
  if (maximumPrice !== undefined && exact(maximumPrice).lessThan(fixedPrice)) {
    problem('maximumPrice', 'must not be below fixedPrice');
  }
  if (maximumSeconds !== undefined && maximumSeconds < tariff.includedSeconds) {
    problem('maximumSeconds', 'must not be below includedSeconds: what is paid could not be talked');
  }
}

function refuseUnknown(
  record: Record<string, unknown>,
  known: readonly string[],
  path: string,
  problem: Problem,
): void {
  for (const field of Object.keys(record)) {
    if (!known.includes(field)) problem(path + field, 'is not a field of a tariff');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type ParsedTariffPlan =
  { outcome: 'plan'; plan: TariffPlan } | { outcome: 'invalid'; problems: string[] };

/** A plan as it comes from outside, by the rules of parseTariff; no windows where it names none. */
export function parseTariffPlan(json: unknown): ParsedTariffPlan {
  if (!isRecord(json)) return { outcome: 'invalid', problems: ['tariffPlan: must be an object'] };
  const problems: string[] = [];
  const problem = (field: string, what: string): void => void problems.push(`${field}: ${what}`);
  refuseUnknown(json, ['timeZone', 'standard', 'windows'], '', problem);
  const { timeZone, standard } = json;
  const zone = typeof timeZone === 'string' && IANAZone.isValidZone(timeZone) ? timeZone : undefined;
  if (zone === undefined) problem('timeZone', 'must be an IANA name such as "Europe/Paris"');
  const read = (field: string, given: unknown): Tariff | undefined => {
    const parsed = parseTariff(given);
    if (parsed.outcome === 'tariff') return parsed.tariff;
    for (const one of parsed.problems) problems.push(`${field}.${one}`);
    return undefined;
  };
  const usual = read('standard', standard);
  const given = json['windows'] ?? [];
  if (!Array.isArray(given) || given.length > windowsMost) {
    problem('windows', `must be a list of at most ${windowsMost}`);
    return { outcome: 'invalid', problems };
  }
  const windows = given.flatMap((one: unknown, place): PriceWindow[] => {
    const field = `windows[${place}]`;
    if (!isRecord(one)) {
      problem(field, 'must be an object');
      return [];
    }
    refuseUnknown(one, ['weekdays', 'from', 'until', 'tariff'], `${field}.`, problem);
    const { weekdays, from, until } = one;
    const days = Array.isArray(weekdays) && weekdays.length > 0 && weekdays.every(isWeekday);
    if (!days) problem(`${field}.weekdays`, 'must be a list of days from 1 (Monday) to 7');
    const hours = typeof from === 'string' && typeof until === 'string' && isHour(from) && isHour(until);
    if (!hours) problem(field, 'from and until must be hours such as "22:00"');
    const tariff = read(`${field}.tariff`, one['tariff']);
    if (tariff && usual && tariff.currency !== usual.currency) {
      problem(`${field}.tariff.currency`, 'must be that of the standard tariff');
    }
    return days && hours && tariff ? [{ weekdays: weekdays as number[], from, until, tariff }] : [];
  });
  if (problems.length > 0 || zone === undefined || !usual) return { outcome: 'invalid', problems };
  return { outcome: 'plan', plan: { timeZone: zone, standard: usual, windows } };
}

/** More bands of the day and week than this nobody could explain to a caller. */
const windowsMost = 50;
const isWeekday = (day: unknown): boolean =>
  Number.isInteger(day) && (day as number) >= 1 && (day as number) <= 7;
const isHour = (text: string): boolean => /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(text);
