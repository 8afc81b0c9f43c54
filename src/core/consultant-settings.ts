// What a merchant sets of a consultant, and what of it can never work beside the rest of the house: numbers nobody rings,
// lines he does not have. The form of each field is checked where it comes in (web/consultant-shapes).

import type { MissLimits } from './consultant.ts';
import { destinationOf, parsePhone, type Destination } from './dialling.ts';
import type { E164, Language } from './ids.ts';
import type { WrongField } from './line-settings.ts';
import { exact } from './money.ts';
import { isListed, looksLikeNumber, type SipAddress, type SipDomain } from './sip-address.ts';

export interface ConsultantSettings {
  name: string;
  shortNumber: string | null;
  /** Rung first; his numbers are what he is rung on when it does not reach him. null: he is rung on numbers alone. */
  sip: SipAddress | null;
  /** In the order of his preference. Without a SIP address one at least, and the first is where he is rung. */
  numbers: readonly E164[];
  /** What is spoken to him. */
  language: Language;
  /** What he speaks with callers. */
  languages: readonly Language[];
  /** Slugs of the lines that ring him by his own name. */
  lines: readonly string[];
  /** The text on the page. */
  introduction: Partial<Record<Language, string>>;
  /** null: as long as the line rings. */
  ringSeconds: number | null;
  /** Rung when he has not answered after so long. */
  fallback: { number: E164; afterSeconds: number } | null;
  wrapUpSeconds: number;
  missLimits: MissLimits;
  /** Decimal text, of the price without VAT; null: what he earns is not reckoned here. */
  share: string | null;
  missedCallToggles: boolean;
}

export const consultantBounds = {
  name: 60,
  numbers: 5,
  introduction: 500,
  reason: 80,
  ringSeconds: [5, 120],
  fallbackSeconds: [3, 60],
  wrapUpSeconds: [0, 3600],
  misses: [0, 100],
} as const;

export const rungNowhere = 'Needs a number or a SIP address: there is nowhere to ring him.';

/** What is wrong with where a change wants him rung; nothing: it may be written. `domains`: those the operator lists. */
export function wrongPhones(
  { sip, numbers = [], fallback }: Partial<Pick<ConsultantSettings, 'sip' | 'numbers' | 'fallback'>>,
  table: readonly Destination[],
  domains: ReadonlySet<SipDomain>,
): WrongField[] {
  const notCalled = sip ? whyNotCalled(sip, domains) : undefined;
  const named = [
    ...numbers.map((number, place) => ({ number, field: `numbers/${String(place)}` })),
    ...(fallback ? [{ number: fallback.number, field: 'fallback/number' }] : []),
  ];
  const wrong = named.flatMap(({ number, field }) => {
    const sentence = whyNotRung(number, table);
    return sentence === undefined ? [] : [{ field, sentence }];
  });
  return notCalled === undefined ? wrong : [{ field: 'sip', sentence: notCalled }, ...wrong];
}

function whyNotCalled(sip: SipAddress, domains: ReadonlySet<SipDomain>): string | undefined {
  if (domains.size === 0)
    return 'SIP addresses are not called here: give a telephone number, or ask the operator to list your domain.';
  if (!isListed(sip, domains))
    return 'We do not call this domain: the operator lists each, with its port where it has one. Ask him to, or give a telephone number.';
  if (looksLikeNumber(sip))
    return 'This is a telephone number: put it among the numbers, where it is checked as one. An extension has 6 digits at most.';
  return undefined;
}

function whyNotRung(number: E164, table: readonly Destination[]): string | undefined {
  // With its country code there is no country to understand it in.
  if (parsePhone(number, '').outcome !== 'number')
    return 'No such number exists in its country: check its digits.';
  const found = destinationOf(number, table);
  if (found.outcome === 'allowed') return undefined;
  return found.reason === 'not_listed'
    ? 'We do not ring this destination: nobody has verified it and said what it costs. Ask the operator to.'
    : 'Numbers of this kind (premium, satellite, short or switched off) are not rung.';
}

/** An address at our own edge that is not of a login of his: it would ring somebody else's telephone. */
export const notHisLogin =
  'Addresses here belong to logins: make him one (POST /v1/consultants/{id}/sip-login), and this is set with it.';

/** Lines of a change he does not have, or where nobody is rung. */
export function wrongLines(
  wanted: readonly string[],
  lines: ReadonlyMap<string, 'conversation' | 'fixed_sale'>,
): WrongField[] {
  return wanted.flatMap((slug, place) => {
    const field = `lines/${String(place)}`;
    const sells = lines.get(slug);
    if (sells === undefined) return [{ field, sentence: 'You have no line of this name.' }];
    if (sells === 'fixed_sale') {
      return [{ field, sentence: 'This line sells something without a call: nobody is rung there.' }];
    }
    return wanted.indexOf(slug) < place ? [{ field, sentence: 'Stands here twice.' }] : [];
  });
}

/** A share as it is kept and shown: with two decimals at least, `0.40`, and no more than it needs. */
export function shareText(share: string): string {
  const decimal = exact(share);
  return decimal.toFixed(Math.max(2, decimal.decimalPlaces()));
}
