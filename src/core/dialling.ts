// Which numbers may be rung. Here: reading what a person typed, finding the destination it lies in, refusing what must not
// be rung, and what two legs cost us. Not here: dial strings (telephony) and the rows themselves (destination.ts).

import {
  ParseError,
  isSupportedCountry,
  isValidPhoneNumber,
  parsePhoneNumberWithError,
  validatePhoneNumberLength,
} from 'libphonenumber-js/max';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/max';
import type { Destination } from './destination.ts';
import type { E164 } from './ids.ts';
import { exact, money, roundToCurrency, type Money } from './money.ts';

export { defaultDestinations, type Destination } from './destination.ts';

export type ParsedPhone =
  | {
      outcome: 'number';
      number: E164;
      /** ISO 3166-1 alpha-2; `001` for numbers of no country (satellite, international networks). */
      country: string;
    }
  | { outcome: 'invalid'; reason: InvalidPhone };
export type InvalidPhone = 'empty' | 'too_short' | 'too_long' | 'not_a_number' | 'short_number';

/**
 * Reads a telephone number as people write it: `06 12 34 56 78`, `+33 (0)6...`, `0033...`. `defaultCountry` (ISO 3166-1
 * alpha-2) is where a number without country code is understood; with an unknown one only `+...` can be read.
 *
 * The number must exist in its country's numbering plan: a typing error is told before anybody pays. `short_number`:
 * emergency, directory and surcharged codes (112, 3250, 118 712), which are no person's telephone.
 */
export function parsePhone(text: string, defaultCountry: string): ParsedPhone {
  const typed = text.trim();
  if (typed === '') return invalid('empty');
  // No number in any writing is longer; what is longer is not worth a parser's time.
  if (typed.length > 40) return invalid('too_long');
  const country = defaultCountry.toUpperCase();
  const read = readNumber(typed, isSupportedCountry(country) ? country : undefined);
  if ('outcome' in read) return read;

  if (read.ext !== undefined) return invalid('not_a_number');
  if (isShort(read)) return invalid('short_number');
  if (read.isValid()) return valid(read);
  return overseasOf(typed, country) ?? invalid(lengthReason(read));
}

/** Whether numbers without a country code can be understood in this country (ISO 3166-1 alpha-2, capitals). */
export const isCountry = (code: string): boolean => isSupportedCountry(code);

/**
 * A number as a carrier hands it over: with `+`, or as dialled in `country` (ISO 3166-1 alpha-2) where the trunk is. With `+` it
 * is believed, whatever numbering plan this library knows; anything else must be a number of a plan. `undefined`: withheld,
 * a short code, or no number at all.
 */
export function numberFromTrunk(text: string, country: string): E164 | undefined {
  if (/^\+[1-9][0-9]{6,14}$/.test(text)) return text as E164;
  if (!/^[0-9]{4,20}$/.test(text)) return undefined;
  const read = parsePhone(text, country);
  return read.outcome === 'number' ? read.number : undefined;
}

export type FoundDestination =
  { outcome: 'allowed'; destination: Destination } | { outcome: 'refused'; reason: RefusedDestination };
export type RefusedDestination = 'not_listed' | 'not_allowed' | 'premium' | 'satellite' | 'short';

/**
 * The row with the longest prefix that fits decides. Premium, satellite and short numbers are refused whatever their row
 * allows: a slip in an imported price list must not open them.
 */
export function destinationOf(number: E164, table: readonly Destination[]): FoundDestination {
  let found: Destination | undefined;
  for (const row of table) {
    if (number.startsWith(row.prefix) && row.prefix.length > (found?.prefix.length ?? 0)) found = row;
  }
  if (found === undefined) return { outcome: 'refused', reason: 'not_listed' };
  if (found.kind === 'premium' || found.kind === 'satellite' || found.kind === 'short') {
    return { outcome: 'refused', reason: found.kind };
  }
  return found.allowed
    ? { outcome: 'allowed', destination: found }
    : { outcome: 'refused', reason: 'not_allowed' };
}

export interface Legs {
  /** `free`: he has called us. */
  caller: Destination | 'free';
  /** `free`: he is reached at a SIP address, which our carrier does not carry. */
  consultant: Destination | 'free';
  /** Talk, both legs. Throws (a bug) when negative. */
  seconds: number;
  currency: string;
}

/**
 * What both legs cost us for a talk, rounded up. `undefined` when a leg is priced in another currency than asked for: no
 * rate of exchange is known here, and the caller of this function must decide, not guess.
 */
export function legsCost({ caller, consultant, seconds, currency }: Legs): Money | undefined {
  if (!(seconds >= 0)) throw new Error(`A talk does not last ${seconds} seconds`);
  const legs = [caller, consultant].filter((leg) => leg !== 'free');
  if (legs.some((leg) => leg.currency !== currency)) return undefined;
  const perMinute = legs.reduce((sum, leg) => sum.plus(leg.costPerMinute), exact('0'));
  return roundToCurrency(money(perMinute.times(seconds).dividedBy(60), currency), 'up');
}

function invalid(reason: InvalidPhone): { outcome: 'invalid'; reason: InvalidPhone } {
  return { outcome: 'invalid', reason };
}

function valid(phone: PhoneNumber): ParsedPhone {
  return { outcome: 'number', number: phone.number as E164, country: phone.country ?? '001' };
}

function readNumber(
  typed: string,
  country: CountryCode | undefined,
): PhoneNumber | ReturnType<typeof invalid> {
  try {
    // `extract: false`: a sentence with a number somewhere in it is not a number.
    return parsePhoneNumberWithError(typed, {
      extract: false,
      ...(country === undefined ? {} : { defaultCountry: country }),
    });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    if (error.message === 'TOO_SHORT') return invalid('too_short');
    if (error.message === 'TOO_LONG') return invalid('too_long');
    return invalid('not_a_number');
  }
}

function lengthReason(phone: PhoneNumber): InvalidPhone {
  const verdict = validatePhoneNumberLength(phone.number);
  if (verdict === 'TOO_SHORT') return 'too_short';
  if (verdict === 'TOO_LONG') return 'too_long';
  // A plan with several lengths calls none of them short: 06 12 34 56 7 has the length of some other French number. A digit
  // forgotten or doubled is the commonest slip, so it is looked for.
  if (isValidPhoneNumber(`${phone.number}1`) || isValidPhoneNumber(`${phone.number}11`)) return 'too_short';
  if (isValidPhoneNumber(phone.number.slice(0, -1)) || isValidPhoneNumber(phone.number.slice(0, -2))) {
    return 'too_long';
  }
  return 'not_a_number';
}

/**
 * Codes of two to six digits, by country calling code. The numbering plans libphonenumber knows leave them out, so that they
 * would only be "too short" to a person who dials them every day. Written with or without country code.
 */
const shortNumbers: Readonly<Record<string, RegExp>> = {
  '33': /^(1\d{1,3}|11[68]\d{3}|3\d{3}|[3-8]\d{4})$/,
  '32': /^(1\d{2,3}|11[68]\d{3}|[2-9]\d{3})$/,
  '49': /^(11[0-9]|116\d{3}|118\d{2,3}|[2-9]\d{4})$/,
  '41': /^(1\d{2}|1[48]\d{2}|116\d{3}|[2-9]\d{2,4})$/,
  '352': /^(11[2-9]|12\d{3}|116\d{3})$/,
  '39': /^(1\d{2,4}|11[68]\d{3}|4\d{4})$/,
  '34': /^(0\d{2}|1\d{2,4}|116\d{3}|[2379]\d{4})$/,
  '377': /^(1\d|11\d|1\d{3})$/,
  '376': /^(11\d|1\d{2})$/,
  '351': /^(11\d|1\d{3,4}|116\d{3})$/,
  '31': /^(11\d|116\d{3}|18\d{2}|[1-9]\d{3})$/,
  '353': /^(112|999|1\d{2}|116\d{3}|118\d{2}|5\d{4})$/,
  '44': /^(112|999|1\d{2,3}|116\d{3}|118\d{3}|[6-8]\d{4})$/,
  '1': /^([2-9]11|112|988|[2-9]\d{4,5})$/,
};
/** Emergency numbers of most of the world: refused as such even where the table above has no row. */
const emergency = /^(112|911|999|000|110|113|115|117|118|119|15|17|18)$/;

function isShort(phone: PhoneNumber): boolean {
  const { nationalNumber, countryCallingCode } = phone;
  if (emergency.test(nationalNumber)) return true;
  return shortNumbers[countryCallingCode]?.test(nationalNumber) ?? false;
}

/**
 * In France the overseas departments are dialled like the rest of the country (0692 reaches Réunion, +262), but they are
 * countries of their own to E.164 and to libphonenumber.
 */
const frenchOverseas: readonly CountryCode[] = ['RE', 'YT', 'GP', 'MQ', 'GF'];

function overseasOf(typed: string, country: string): ParsedPhone | undefined {
  if (country !== 'FR' || !typed.startsWith('0') || typed.startsWith('00')) return undefined;
  for (const department of frenchOverseas) {
    const read = readNumber(typed, department);
    if (!('outcome' in read) && read.isValid()) return valid(read);
  }
  return undefined;
}
