// A statement as a table (RFC 4180): one line a movement, the balance carried along, the opening and the closing among them.

import { amountText } from '../core/money.ts';
import type { Statement } from '../store/client-records.ts';

const header = [
  'at',
  'kind',
  'amount',
  'balance',
  'currency',
  'seconds',
  'reference',
  'orderId',
  'callSessionId',
];

export function statementCsv({ opening, closing, currency, movements }: Statement): string {
  const edge = (kind: string, balance: string): string[] => ['', kind, '', balance, currency, '', '', '', ''];
  const lines = movements.map(({ at, kind, amount, balance, seconds, reference, orderId, callSessionId }) => [
    at.toISOString(),
    kind,
    amount,
    amountText(balance),
    currency,
    seconds === null ? '' : String(seconds),
    harmless(reference ?? ''),
    orderId ?? '',
    callSessionId ?? '',
  ]);
  return [header, edge('opening', amountText(opening)), ...lines, edge('closing', amountText(closing))]
    .map((line) => `${line.map(cell).join(',')}\r\n`)
    .join('');
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Whoever opens the file in a spreadsheet must not run what somebody wrote into a reference: a text that would be read as a
 * formula begins with an apostrophe (OWASP, CSV injection). Amounts are ours, and stay numbers.
 */
function harmless(text: string): string {
  return /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) ? `'${text}` : text;
}
