// Keeping card numbers out of what is written down. Callers paste them into the wrong field and libraries put them into
// error messages; the log stream passes through here as the last line of defence (DESIGN 8), never as the only one.

/** ISO/IEC 7812-1 Annex B. `false` for anything but digits. */
export function luhn(digits: string): boolean {
  if (!/^\d+$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO/IEC 7812-1: a primary account number has at most 19 digits; none in use is shorter than 13. */
const digitsMin = 13;
const digitsMax = 19;
const blank = '[card number]';

/**
 * Replaces what may be a card number by `[card number]`: 13 to 19 digits, also in groups with spaces or dashes between,
 * that pass Luhn. A run of groups that is longer is searched group by group, since people write the expiry and the
 * security code right behind the number.
 *
 * Left alone, because one in ten would pass Luhn by chance and the trace would lose its keys: uuids, and the bare
 * milliseconds (13 digits) and microseconds (16) since 1970, which begin with 1 until 2033; no card of these lengths does.
 */
export function withoutCardNumbers(text: string): string {
  return text.replace(uuidOrDigits, (found) => (uuid.test(found) ? found : withoutCardsInRun(found)));
}

const uuidPattern = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const uuid = new RegExp(`^${uuidPattern}$`, 'i');
// Three separators at most between digits: "4242 - 4242" is written by people, a table's columns are further apart.
const uuidOrDigits = new RegExp(`\\b${uuidPattern}\\b|\\d(?:[ \\u00a0-]{0,3}\\d){12,}`, 'gi');

function withoutCardsInRun(run: string): string {
  const groups = [...run.matchAll(/\d+/g)].map((match) => ({ digits: match[0], at: match.index }));
  let result = '';
  let keptUpTo = 0;
  for (const [first, begin] of groups.entries()) {
    if (begin.at < keptUpTo) continue;
    let digits = '';
    let end: number | undefined;
    for (const group of groups.slice(first)) {
      digits += group.digits;
      if (digits.length > digitsMax) break;
      // The longest that passes: a shorter one may pass by chance and would leave the last digits standing.
      if (mayBeCard(digits)) end = group.at + group.digits.length;
    }
    if (end === undefined) continue;
    result += run.slice(keptUpTo, begin.at) + blank;
    keptUpTo = end;
  }
  return result + run.slice(keptUpTo);
}

function mayBeCard(digits: string): boolean {
  if (digits.length < digitsMin || !luhn(digits)) return false;
  return !(digits.startsWith('1') && (digits.length === 13 || digits.length === 16));
}
