// Keeping card numbers out of what is written down. Callers paste them into the wrong field and libraries put them into
// error messages; the log stream passes through here as the last line of defence (DESIGN 8), never as the only one.

import { luhnHolds } from './card-digits.ts';

/** ISO/IEC 7812-1 Annex B. `false` for anything but digits. */
export function luhn(digits: string): boolean {
  if (!/^\d+$/.test(digits)) return false;
  return luhnHolds(digits.length, (index) => digits.charCodeAt(index) - 0x30);
}

/** ISO/IEC 7812-1: a primary account number has at most 19 digits; none in use is shorter than 13. */
const digitsMin = 13;
const digitsMax = 19;
const blank = '[card number]';

/**
 * Replaces what may be a card number by `[card number]`: 13 to 19 digits that pass Luhn, also in groups. With spaces or
 * dashes between them groups may be of any length; with anything else (dots, line ends, the quotes and commas of a list)
 * they must be grouped as cards are, or key by key. A run of groups that is longer is searched group by group, since people
 * write the expiry and the security code right behind the number. What an address or JSON escapes is read as what it means.
 *
 * Left alone, because one in ten would pass Luhn by chance and the trace would lose its keys: uuids, and the bare
 * milliseconds (13 digits), microseconds (16) and nanoseconds (19) since 1970, which begin with 1 until 2033; no card of
 * these lengths does.
 */
export function withoutCardNumbers(text: string): string {
  const cleaned = betweenUuids(text);
  if (!disguised.test(cleaned)) return cleaned;
  const meant = plainly(cleaned);
  const again = betweenUuids(meant);
  return again === meant ? cleaned : again;
}

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
// Three separators at most between digits: "4242 - 4242" is written by people, a table's columns are further apart.
const run = /\d(?:[^0-9A-Za-z]{0,3}\d){12,}/g;

function betweenUuids(text: string): string {
  let result = '';
  let from = 0;
  for (const match of text.matchAll(uuid)) {
    result += text.slice(from, match.index).replace(run, withoutCardsInRun) + match[0];
    from = match.index + match[0].length;
  }
  return result + text.slice(from).replace(run, withoutCardsInRun);
}

const disguised = /%[0-9C]|\\[nrtu]|&nbsp;|[\uff10-\uff19]/i;

/** Blanks as addresses (RFC 3986) and JSON (RFC 8259) write them, and digits of other widths. */
function plainly(text: string): string {
  return text
    .replace(/%(?:20|2B|2D|0A|0D|09)|%C2%A0|\\[nrt]|\\u00a0|&nbsp;/gi, ' ')
    .replace(/[\uff10-\uff19]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xff10 + 0x30));
}

function withoutCardsInRun(found: string): string {
  const groups = [...found.matchAll(/\d+/g)].map((match) => ({ digits: match[0], at: match.index }));
  let result = '';
  let keptUpTo = 0;
  for (const [first, begin] of groups.entries()) {
    if (begin.at < keptUpTo) continue;
    const end = endOfCard(found, groups, first);
    if (end === undefined) continue;
    result += found.slice(keptUpTo, begin.at) + blank;
    keptUpTo = end;
  }
  return result + found.slice(keptUpTo);
}

/** Where a card number ends that begins with this group. */
function endOfCard(
  found: string,
  groups: readonly { digits: string; at: number }[],
  first: number,
): number | undefined {
  let digits = '';
  let lengths = '';
  let asPeopleWrite = true;
  let endsAt: number | undefined;
  let end: number | undefined;
  // No card has more groups than digits.
  for (const group of groups.slice(first, first + digitsMax)) {
    if (endsAt !== undefined) asPeopleWrite &&= /^[ \u00a0-]*$/.test(found.slice(endsAt, group.at));
    digits += group.digits;
    lengths += `${String(group.digits.length)} `;
    endsAt = group.at + group.digits.length;
    // Number, expiry and code without anything between them.
    if (digits === group.digits && digits.length > digitsMax && beginsLikeACard(digits)) return endsAt;
    if (digits.length > digitsMax) break;
    // The longest that passes: a shorter one may pass by chance and would leave the last digits standing.
    if ((asPeopleWrite || asOnCards.test(lengths)) && mayBeCard(digits)) end = endsAt;
  }
  return end;
}

const asOnCards = /^(?:4 4 4 (?:4 )?[1-4] |4 6 [45] |6 13 |8 8 |(?:1 ){13,19})$/;

function beginsLikeACard(digits: string): boolean {
  for (let length = digitsMin; length <= digitsMax; length += 1) {
    if (mayBeCard(digits.slice(0, length))) return true;
  }
  return false;
}

function mayBeCard(digits: string): boolean {
  if (digits.length < digitsMin || !luhn(digits)) return false;
  return !(digits.startsWith('1') && [13, 16, 19].includes(digits.length));
}
