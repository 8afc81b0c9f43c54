// A dispute's evidence as one page a person at a bank can read: no script, no link, nothing that must be loaded. What is in it
// is read by store/disputes; here are its words and its order, from what was agreed to what was paid.

import { htmlText } from '../core/html-text.ts';
import type { Language } from '../core/ids.ts';
import { showMoney } from '../core/money.ts';
import type { OrderEvidence, StoredDispute } from '../store/disputes.ts';

type Both = Record<Language, string>;

const words = {
  title: { en: 'Evidence for dispute', fr: 'Justificatifs pour le litige' },
  dispute: { en: 'The dispute', fr: 'Le litige' },
  order: { en: 'The order', fr: 'La commande' },
  agreed: { en: 'What was shown and agreed to', fr: 'Ce qui a été affiché et accepté' },
  nothingAgreed: {
    en: 'Ordered through the merchant’s own system; nothing was shown by us.',
    fr: 'Commandé par le système du marchand ; rien n’a été affiché par nous.',
  },
  call: { en: 'The call', fr: 'L’appel' },
  legs: { en: 'The telephone switch’s records', fr: 'Les relevés du commutateur téléphonique' },
  money: { en: 'The money', fr: 'Le paiement' },
  receipt: { en: 'The receipt', fr: 'Le reçu' },
  refunds: { en: 'Refunds', fr: 'Remboursements' },
  notices: { en: 'What the merchant was told', fr: 'Ce qui a été annoncé au marchand' },
} satisfies Record<string, Both>;

/** A whole document. Every value is escaped: callers and merchants choose some of them. */
export function evidencePage(dispute: StoredDispute, pack: OrderEvidence, language: Language): string {
  const say = (word: keyof typeof words): string => htmlText(words[word][language]);
  const section = (word: keyof typeof words, body: string): string =>
    body === '' ? '' : `<section><h2>${say(word)}</h2>${body}</section>`;
  const { order, agreed, call, events, legs, holds, receipt, refunds, notices } = pack;
  const title = `${say('title')} ${htmlText(dispute.processorId)}`;
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>${title}</title></head>
<body><main><h1>${title}</h1>
${section(
  'dispute',
  facts({
    id: dispute.id,
    amount: showMoney(dispute.amount, language),
    reason: dispute.reason,
    state: dispute.state,
    since: dispute.createdAt.toISOString(),
    evidenceDueBy: dispute.evidenceDueBy?.toISOString(),
  }),
)}
${section('order', facts({ ...order, tariff: undefined }))}
${section('agreed', agreed.length === 0 ? `<p>${say('nothingAgreed')}</p>` : agreed.map(facts).join(''))}
${section(
  'call',
  call === null
    ? ''
    : facts(call) + table(events.map(({ at, name, facts: more }) => ({ at, name, ...more }))),
)}
${section('legs', table(legs.map(({ record: _, ...leg }) => leg)))}
${section('money', table(holds))}
${section('receipt', receipt === null ? '' : facts({ ...receipt, ...receipt.merchant, merchant: undefined }))}
${section('refunds', table(refunds))}
${section('notices', table(notices.map(({ body: _, ...notice }) => notice)))}
</main></body></html>
`;
}

/** Names and values, what is not there left out. */
function facts(of: object): string {
  const lines = Object.entries(of)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `<tr><th scope="row">${htmlText(name)}</th><td>${shown(value)}</td></tr>`);
  return lines.length === 0 ? '' : `<table>${lines.join('')}</table>`;
}

function table(of: readonly object[]): string {
  const names = [...new Set(of.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return '';
  const head = names.map((name) => `<th scope="col">${htmlText(name)}</th>`).join('');
  const body = of
    .map((row) => {
      const cells = row as Record<string, unknown>;
      return `<tr>${names.map((name) => `<td>${shown(cells[name])}</td>`).join('')}</tr>`;
    })
    .join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((one) => `<p>${shown(one)}</p>`).join('');
  return htmlText(typeof value === 'string' ? value : JSON.stringify(value));
}
