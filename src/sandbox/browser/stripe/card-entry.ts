// What a person types into a card field: digits, brand, how it is written and whether it is whole and possible. Pure. Not
// here: the inputs (card-field.ts), whether a bank accepts it.

export interface Brand {
  name: string;
  /** How many digits the number has. */
  lengths: readonly number[];
  /** After which digits a space is written. */
  gaps: readonly number[];
  cvcLength: number;
}

const fours = [4, 8, 12];
const brands: readonly [RegExp, Brand][] = [
  [/^4/, { name: 'visa', lengths: [16], gaps: fours, cvcLength: 3 }],
  [
    /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/,
    { name: 'mastercard', lengths: [16], gaps: fours, cvcLength: 3 },
  ],
  [/^3[47]/, { name: 'amex', lengths: [15], gaps: [4, 10], cvcLength: 4 }],
  [/^(36|38|30[0-5]|3095|39)/, { name: 'diners', lengths: [14, 16], gaps: fours, cvcLength: 3 }],
  [/^(6011|64[4-9]|65)/, { name: 'discover', lengths: [16], gaps: fours, cvcLength: 3 }],
  [/^35/, { name: 'jcb', lengths: [16], gaps: fours, cvcLength: 3 }],
  [/^62/, { name: 'unionpay', lengths: [16, 17, 18, 19], gaps: fours, cvcLength: 3 }],
];
const unknownBrand: Brand = { name: 'unknown', lengths: [16], gaps: fours, cvcLength: 3 };

export function brandOf(digits: string): Brand {
  return brands.find(([prefix]) => prefix.test(digits))?.[1] ?? unknownBrand;
}

export function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

export type FieldProblem =
  | 'incomplete_number'
  | 'invalid_number'
  | 'incomplete_expiry'
  | 'invalid_expiry_month_past'
  | 'invalid_expiry_year_past'
  | 'invalid_expiry_year'
  | 'incomplete_cvc';

export interface FieldState {
  empty: boolean;
  complete: boolean;
  /** What is wrong with what stands there. `incomplete_...` is told only when the field is left. */
  problem?: FieldProblem;
}

export function writeNumber(digits: string): string {
  const { gaps, lengths } = brandOf(digits);
  const kept = digits.slice(0, Math.max(...lengths));
  let written = '';
  for (let index = 0; index < kept.length; index += 1) {
    written += (gaps.includes(index) ? ' ' : '') + kept.charAt(index);
  }
  return written;
}

export function numberState(text: string): FieldState {
  const digits = digitsOf(text);
  if (digits === '') return { empty: true, complete: false };
  const { lengths } = brandOf(digits);
  if (!lengths.includes(digits.length)) {
    return { empty: false, complete: false, problem: 'incomplete_number' };
  }
  if (passesLuhn(digits)) return { empty: false, complete: true };
  // A longer number of the same brand may still be typed.
  const longest = digits.length === Math.max(...lengths);
  return { empty: false, complete: false, problem: longest ? 'invalid_number' : 'incomplete_number' };
}

/** `12 / 30`. A month that can have no second digit is completed: 5 becomes `05 / `. */
export function writeExpiry(text: string, deleting: boolean): string {
  let digits = digitsOf(text);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`;
  // Autofill writes four digits of the year.
  if (digits.length === 6 && digits.slice(2, 4) === '20') digits = digits.slice(0, 2) + digits.slice(4);
  digits = digits.slice(0, 4);
  if (/^1[3-9]/.test(digits)) digits = `01${digits.slice(1)}`.slice(0, 4);
  if (/^00/.test(digits)) digits = '0';
  if (digits.length < 2) return digits;
  if (digits.length === 2 && deleting) return digits;
  return `${digits.slice(0, 2)} / ${digits.slice(2)}`;
}

export function expiryOf(text: string): { month: number; year: number } | undefined {
  const digits = digitsOf(text);
  if (digits.length !== 4) return undefined;
  return { month: Number(digits.slice(0, 2)), year: 2000 + Number(digits.slice(2)) };
}

export function expiryState(text: string, today: Date): FieldState {
  if (digitsOf(text) === '') return { empty: true, complete: false };
  const expiry = expiryOf(text);
  if (expiry === undefined) return { empty: false, complete: false, problem: 'incomplete_expiry' };
  const year = today.getFullYear();
  const wrong = (problem: FieldProblem): FieldState => ({ empty: false, complete: false, problem });
  if (expiry.year < year) return wrong('invalid_expiry_year_past');
  if (expiry.year > year + 50) return wrong('invalid_expiry_year');
  if (expiry.year === year && expiry.month < today.getMonth() + 1) return wrong('invalid_expiry_month_past');
  return { empty: false, complete: true };
}

export function cvcState(text: string, brand: Brand): FieldState {
  const digits = digitsOf(text);
  if (digits === '') return { empty: true, complete: false };
  // Before the number is known either length will do.
  const whole =
    brand.name === 'unknown' ? digits.length === 3 || digits.length === 4 : digits.length === brand.cvcLength;
  return whole
    ? { empty: false, complete: true }
    : { empty: false, complete: false, problem: 'incomplete_cvc' };
}

/** ISO/IEC 7812-1 annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const weighed = Number(digits.charAt(digits.length - 1 - index)) * (index % 2 === 0 ? 1 : 2);
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}
