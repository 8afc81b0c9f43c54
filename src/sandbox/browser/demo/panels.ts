// The three panels: what the card processor holds, what the ledger says, what the merchant was told.

import { byId, element } from './dom.ts';
import type { Feed, Intent, LedgerEntry, Notice, ServerRequest } from './feed.ts';
import { currentLanguage, hasText, text, textOr } from './texts.ts';

const shownMax = 30;

export function drawPanels(feed: Feed): void {
  fill('payments', 'none_payments', feed.payments.slice(0, shownMax).map(paymentRow));
  fill('ledger', 'none_ledger', transactions(feed.ledger).slice(0, shownMax).map(ledgerRow));
  const told = [
    ...feed.notices.map((one) => ({ at: one.receivedAt, draw: () => noticeRow(one) })),
    ...feed.requests.map((one) => ({ at: one.receivedAt, draw: () => requestRow(one) })),
  ].sort((one, other) => (one.at < other.at ? 1 : -1));
  fill(
    'notices',
    'none_notices',
    told.slice(0, shownMax).map(({ draw }) => draw()),
  );
}

/** Rows are replaced one by one and only when they differ: what is open stays open, what is new is seen to be. */
function fill(id: string, none: 'none_payments' | 'none_ledger' | 'none_notices', rows: HTMLElement[]): void {
  const list = byId(id, HTMLElement);
  const before = new Map<string, HTMLElement>();
  for (const row of list.querySelectorAll<HTMLElement>('.row')) before.set(row.dataset['id'] ?? '', row);
  const next = rows.map((row) => {
    const old = before.get(row.dataset['id'] ?? '');
    if (old !== undefined && old.dataset['is'] === row.dataset['is']) return old;
    if (before.size > 0 || list.dataset['filled'] === 'yes') row.classList.add('new');
    if (old?.querySelector('details')?.open === true) row.querySelector('details')?.setAttribute('open', '');
    return row;
  });
  list.dataset['filled'] = 'yes';
  if (next.length > 0) list.replaceChildren(...next);
  else list.replaceChildren(element('p', 'none', text(none)));
}

function row(id: string, is: unknown, ...content: Node[]): HTMLElement {
  const made = element('div', 'row', ...content);
  made.dataset['id'] = id;
  made.dataset['is'] = `${currentLanguage()} ${JSON.stringify(is)}`;
  return made;
}

export function showMoney(amount: number, currency: string): string {
  return new Intl.NumberFormat(currentLanguage(), { style: 'currency', currency }).format(amount);
}

/** Stripe's smallest units: cents where the currency has them. */
export function fromMinor(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return showMoney(amount / 10 ** digits, currency);
}

function timeOf(instant: string | number): string {
  return new Date(instant).toLocaleTimeString(currentLanguage());
}

function paymentRow(intent: Intent): HTMLElement {
  const currency = intent.currency.toUpperCase();
  const held = fromMinor(intent.amount, currency);
  const [kind, label] = paymentState(intent, currency);
  const side =
    intent.status === 'succeeded' ? text('of_held', { amount: held }) : timeOf(intent.created * 1000);
  return row(
    intent.id,
    [intent.status, intent.amount_received, intent.last_payment_error],
    element('b', '', intent.status === 'succeeded' ? fromMinor(intent.amount_received, currency) : held),
    element('span', 'side', element('span', `chip ${kind}`, label)),
    element('span', 'dim', intent.id),
    element('span', 'side dim', side),
  );
}

function paymentState(intent: Intent, currency: string): [kind: string, label: string] {
  switch (intent.status) {
    case 'requires_capture':
      return ['held', text('held')];
    case 'succeeded':
      return ['done', text('captured', { amount: fromMinor(intent.amount_received, currency) })];
    case 'canceled':
      return ['', text('released')];
    case 'requires_action':
      return ['held', text('needs_action')];
    case 'processing':
      return ['', text('processing')];
    default: {
      const error = intent.last_payment_error;
      if (error === null) return ['', text('needs_card')];
      return ['bad', `${text('declined')}: ${error.decline_code ?? error.code ?? '?'}`];
    }
  }
}

/** Newest first; the entries of one transaction stand together. */
function transactions(entries: readonly LedgerEntry[]): LedgerEntry[][] {
  const grouped = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const together = grouped.get(entry.transactionId);
    if (together === undefined) grouped.set(entry.transactionId, [entry]);
    else together.push(entry);
  }
  return [...grouped.values()].reverse();
}

function ledgerRow(entries: LedgerEntry[]): HTMLElement {
  const [first] = entries;
  const kind = first?.kind ?? '';
  return row(
    first?.transactionId ?? '',
    entries.length,
    element('b', '', textOr(`kind_${kind}`, kind)),
    element('span', 'side dim', timeOf(first?.at ?? 0)),
    ...entries.map((entry) =>
      element(
        'span',
        'entry',
        element('span', '', textOr(`account_${entry.account}`, entry.account)),
        element('span', '', signed(entry)),
      ),
    ),
  );
}

function signed({ amount }: LedgerEntry): string {
  return new Intl.NumberFormat(currentLanguage(), {
    style: 'currency',
    currency: amount.currency,
    signDisplay: 'exceptZero',
  }).format(Number(amount.amount));
}

function noticeRow(notice: Notice): HTMLElement {
  const codes = notice.answers.map((code) => (code === 0 ? text('dropped') : String(code))).join(', ');
  const good = notice.verified && notice.answers.some((code) => code >= 200 && code < 300);
  const body = element('pre', '', JSON.stringify(notice.body, null, 2));
  body.tabIndex = 0;
  return row(
    notice.id,
    notice.answers,
    element('b', '', notice.type),
    element(
      'span',
      'side',
      element('span', `chip ${good ? 'done' : 'bad'}`, text(notice.verified ? 'verified' : 'forged')),
    ),
    element('span', 'dim', text('answered_with', { codes })),
    element('span', 'side dim', timeOf(notice.receivedAt)),
    element('details', '', element('summary', '', text('show')), body),
  );
}

/** Who calls, or what a call used: what was asked, and in a word what he said. */
function requestRow(request: ServerRequest): HTMLElement {
  const { operation, answer, fields, verified, protocol } = request;
  const name = `ask_${operation}`;
  const outcome = outcomeOf(request);
  const word = `said_${outcome ?? ''}`;
  const good = verified && answer !== null && answer.status >= 200 && answer.status < 300;
  const said =
    answer === null
      ? '…'
      : hasText(word)
        ? text(word)
        : answer.status === 0
          ? text('dropped')
          : text('answered_with', { codes: String(answer.status) });
  const who = [request.client, fields['clientCode'], fields['cli']].find((one) => typeof one === 'string');
  const used = fields['billableSeconds'];
  const body = element('pre', '', `${request.body}\n\n${answer?.body ?? ''}`);
  body.tabIndex = 0;
  return row(
    `${request.id} ${request.receivedAt}`,
    answer,
    element('b', '', hasText(name) ? text(name) : operation),
    element('span', 'side', element('span', `chip ${good ? 'done' : 'bad'}`, said)),
    element(
      'span',
      'dim',
      [protocol.toUpperCase(), who, typeof used === 'number' ? `${String(used)} s` : undefined]
        .filter((one) => one !== undefined)
        .join(' · '),
    ),
    element('span', 'side dim', timeOf(request.receivedAt)),
    element('details', '', element('summary', '', text('show')), body),
  );
}

/** `recognized`, `proof_wanted`, `refused`, in whichever language he speaks. */
export function outcomeOf({ answer }: ServerRequest): string | undefined {
  const found = /"outcome":"(\w+)"|<m:outcome>(\w+)/.exec(answer?.body ?? '');
  return found?.[1] ?? found?.[2];
}
