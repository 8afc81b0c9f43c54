// A card as it is keyed: which brand its number is of, whether number, expiry and security code can be what they are meant to be.
// Read as bytes (ASCII digits), because whoever holds them wipes them afterwards, and text cannot be wiped: nothing here makes text
// of digits, and nothing is kept.

export type CardBrand = 'visa' | 'mastercard' | 'amex' | 'discover' | 'diners' | 'jcb' | 'unionpay';

/** ISO/IEC 7812-1 Annex B, over the values of the digits from the left. */
export function luhnHolds(length: number, digitAt: (index: number) => number): boolean {
  let sum = 0;
  for (let index = 0; index < length; index += 1) {
    const digit = digitAt(length - 1 - index);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return length > 0 && sum % 10 === 0;
}

const valueAt = (digits: Uint8Array, index: number): number => (digits[index] ?? 0) - 0x30;

/** The first digits as a number; shorter ones count as if zeros followed. At most six: what anybody may know of a card. */
function leading(digits: Uint8Array, count: number): number {
  let value = 0;
  for (let index = 0; index < count; index += 1)
    value = value * 10 + (index < digits.length ? valueAt(digits, index) : 0);
  return value;
}

interface Range {
  brand: CardBrand;
  /** Of this many leading digits, both ends included. */
  of: number;
  from: number;
  to: number;
}

/**
 * Issuer ranges (ISO/IEC 7812-2, as the schemes publish them); the first that fits. Cards of Cartes Bancaires bear the number of the
 * Visa or Mastercard they are as well, and are read as that.
 */
const ranges: readonly Range[] = [
  { brand: 'visa', of: 1, from: 4, to: 4 },
  { brand: 'mastercard', of: 2, from: 51, to: 55 },
  { brand: 'mastercard', of: 4, from: 2221, to: 2720 },
  { brand: 'amex', of: 2, from: 34, to: 34 },
  { brand: 'amex', of: 2, from: 37, to: 37 },
  { brand: 'discover', of: 4, from: 6011, to: 6011 },
  { brand: 'discover', of: 3, from: 644, to: 649 },
  { brand: 'discover', of: 2, from: 65, to: 65 },
  // UnionPay's that Discover takes as well (622126 to 622925) go as UnionPay, whose own network they are of.
  { brand: 'unionpay', of: 2, from: 62, to: 62 },
  { brand: 'unionpay', of: 2, from: 81, to: 81 },
  { brand: 'diners', of: 3, from: 300, to: 305 },
  { brand: 'diners', of: 4, from: 3095, to: 3095 },
  { brand: 'diners', of: 2, from: 36, to: 36 },
  { brand: 'diners', of: 2, from: 38, to: 39 },
  { brand: 'jcb', of: 4, from: 3528, to: 3589 },
];

const lengths: Readonly<Record<CardBrand, (length: number) => boolean>> = {
  visa: (length) => length === 13 || length === 16 || length === 19,
  mastercard: (length) => length === 16,
  amex: (length) => length === 15,
  discover: (length) => length >= 16 && length <= 19,
  // 14 in use; those that begin with 38 or 39 may be longer.
  diners: (length) => length >= 14 && length <= 19,
  jcb: (length) => length >= 16 && length <= 19,
  unionpay: (length) => length >= 16 && length <= 19,
};

/** The longest a number may be (ISO/IEC 7812-1). */
export const cardNumberLengthMax = 19;

/** `undefined`: of no brand we know. */
export function cardBrand(digits: Uint8Array): CardBrand | undefined {
  if (digits.length === 0) return undefined;
  return ranges.find(({ of, from, to }) => {
    const begins = leading(digits, of);
    return begins >= from && begins <= to;
  })?.brand;
}

/** The brand of a number that can be one: of a length its brand has, its last digit right. `undefined`: it is none. */
export function readCardNumber(digits: Uint8Array): CardBrand | undefined {
  if (!allDigits(digits)) return undefined;
  const brand = cardBrand(digits);
  if (brand === undefined || !lengths[brand](digits.length)) return undefined;
  return luhnHolds(digits.length, (index) => valueAt(digits, index)) ? brand : undefined;
}

export interface CardExpiry {
  /** 1 to 12. */
  month: number;
  /** With its century. */
  year: number;
}

/** No card is made to last longer; what is beyond is a slip of the finger. */
const yearsAheadMax = 20;

/** `MMYY`. A card is good to the end of its month (UTC). `undefined`: no month, past, or too far away. */
export function readCardExpiry(digits: Uint8Array, now: Date): CardExpiry | undefined {
  if (digits.length !== 4 || !allDigits(digits)) return undefined;
  const month = valueAt(digits, 0) * 10 + valueAt(digits, 1);
  if (month < 1 || month > 12) return undefined;
  const thisYear = now.getUTCFullYear();
  const century = thisYear - (thisYear % 100);
  const short = valueAt(digits, 2) * 10 + valueAt(digits, 3);
  // Near the end of a century the next one is meant.
  const year = century + short + (century + short < thisYear - 50 ? 100 : 0);
  const ahead = (year - thisYear) * 12 + month - (now.getUTCMonth() + 1);
  return ahead < 0 || ahead > yearsAheadMax * 12 ? undefined : { month, year };
}

export const securityCodeLength = (brand: CardBrand): 3 | 4 => (brand === 'amex' ? 4 : 3);

export function isSecurityCode(digits: Uint8Array, brand: CardBrand): boolean {
  return digits.length === securityCodeLength(brand) && allDigits(digits);
}

export const allDigits = (digits: Uint8Array): boolean => digits.every((one) => one >= 0x30 && one <= 0x39);
