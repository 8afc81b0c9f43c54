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
  'refundId',
  'disputeId',
];

export function statementCsv({ opening, closing, currency, movements }: Statement): string {
  const edge = (kind: string, balance: string): string[] => [
    '',
    kind,
    '',
    balance,
    currency,
    ...Array<string>(6).fill(''),
  ];
  const lines = movements.map((one) => [
    one.at.toISOString(),
    one.kind,
    one.amount,
    amountText(one.balance),
    currency,
    one.seconds === null ? '' : String(one.seconds),
    harmless(one.reference ?? ''),
    one.orderId ?? '',
    one.callSessionId ?? '',
    one.refundId ?? '',
    one.disputeId ?? '',
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
