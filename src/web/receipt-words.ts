// A receipt as it is read: every figure the settlement stored, in the reader's language and the merchant's time zone.
// Nothing is reckoned here: what a receipt says was fixed when it was made.

import type { Language } from '../core/ids.ts';
import { isZero, money, showMoney } from '../core/money.ts';
import type { OrderView, Receipt } from '../store/order-view.ts';
import {
  showBrand,
  showClock,
  showDuration,
  showInstant,
  showPhone,
  showRate,
  text,
  type TextKey,
} from './texts.ts';

export interface Row {
  term: string;
  value: string;
}

export interface ReceiptWords {
  number: string;
  issued: string;
  seller: { legalName: string; address: string; contact: string };
  facts: Row[];
  lines: { what: string; amount: string }[];
  total: string;
  vatLabel: string;
  vat: string;
  net: string;
  money: (Row & { name: 'held' | 'more' | 'captured' | 'released' })[];
  releasedHelp?: string;
}

export function receiptWords(
  receipt: Receipt,
  order: Pick<OrderView, 'merchant' | 'reference' | 'kind'>,
  language: Language,
): ReceiptWords {
  const say = (key: TextKey, names?: Record<string, string>): string => text(language, key, names);
  const show = (amount: string): string => showMoney(money(amount, receipt.currency), language);
  const instant = (at: string): string => showInstant(new Date(at), order.merchant.timeZone, language);

  const facts: Row[] = [{ term: say('receipt.line'), value: receipt.line }];
  if (receipt.consultant !== undefined) {
    facts.push({ term: say('receipt.with'), value: receipt.consultant });
  }
  if (receipt.clientCode !== undefined) {
    facts.push({ term: say('topUp.account'), value: receipt.clientCode });
  }
  if (order.reference !== undefined) facts.push({ term: say('receipt.reference'), value: order.reference });
  if (receipt.startedAt !== undefined) {
    facts.push({ term: say('receipt.start'), value: instant(receipt.startedAt) });
  }
  if (order.kind === 'conversation') {
    facts.push(
      { term: say('receipt.talkTime'), value: showClock(receipt.talkSeconds) },
      { term: say('receipt.billed'), value: showDuration(receipt.billableSeconds, language) },
    );
  }

  const captured =
    receipt.cardBrand !== undefined && receipt.cardLast4 !== undefined
      ? say('receipt.captured.card', { brand: showBrand(receipt.cardBrand), last4: receipt.cardLast4 })
      : say('receipt.captured');
  const released = money(receipt.released, receipt.currency);
  const { legalName, address, contactEmail, contactPhone } = receipt.merchant;
  return {
    number: say('receipt.number', { number: receipt.number }),
    issued: say('receipt.issued', { date: instant(receipt.issuedAt) }),
    seller: { legalName, address, contact: `${contactEmail} · ${showPhone(contactPhone)}` },
    facts,
    lines: receipt.lines.map((line) => ({
      what: lineWords(line, receipt, language),
      amount: show(line.amount),
    })),
    total: show(receipt.total),
    vatLabel: say('receipt.vat', { rate: showRate(receipt.vatRate, language) }),
    vat: show(receipt.vat),
    net: show(receipt.net),
    money: [
      ...heldRows(receipt, say, show),
      { name: 'captured', term: captured, value: show(receipt.captured) },
      { name: 'released', term: say('receipt.released'), value: show(receipt.released) },
    ],
    ...(!isZero(released) && { releasedHelp: say('receipt.releasedHelp') }),
  };
}

/** One hold is one row; with more time each is, as the card's own statement shows them. */
function heldRows(
  { holds, authorized }: Receipt,
  say: (key: TextKey, names?: Record<string, string>) => string,
  show: (amount: string) => string,
): ReceiptWords['money'] {
  const [first, ...further] = holds ?? [];
  if (!first || further.length === 0)
    return [{ name: 'held', term: say('receipt.held'), value: show(authorized) }];
  return [
    { name: 'held', term: say('receipt.heldAtStart'), value: show(first.authorized) },
    ...further.map((one) => ({
      name: 'more' as const,
      term: say('receipt.heldForMore'),
      value: show(one.authorized),
    })),
  ];
}

function lineWords(
  line: Receipt['lines'][number],
  { currency, clientCode }: Receipt,
  language: Language,
): string {
  const duration = showDuration(line.seconds ?? 0, language);
  switch (line.what) {
    case 'fixed':
      if (clientCode !== undefined) return text(language, 'receipt.rated.topUp');
      return (line.seconds ?? 0) > 0
        ? text(language, 'receipt.rated.fixedIncluded', { duration })
        : text(language, 'receipt.rated.fixed');
    case 'talk':
      return text(language, 'receipt.rated.talk', {
        duration,
        price: showMoney(money(line.pricePerMinute ?? '0', currency), language),
      });
    case 'minimum':
      return text(language, 'receipt.rated.minimum');
    case 'maximum':
      return text(language, 'receipt.rated.maximum');
    case 'free':
      return text(language, 'receipt.rated.free');
    default:
      throw new Error(`A receipt line of an unknown kind: ${line.what}`);
  }
}
