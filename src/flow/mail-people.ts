// What is mailed: the receipt of a settled order, and "somebody is free now" to who asked for it. Plain sentences, the
// same facts in text and HTML. Nothing here is sent unless an SMTP server is configured.

import { showCode } from '../core/access-code.ts';
import { htmlText } from '../core/html-text.ts';
import type { Language } from '../core/ids.ts';
import { money, showMoney } from '../core/money.ts';
import { markMailed, readReceiptToMail, takeAvailabilityRequests } from '../store/receipts.ts';
import type { AccessCode } from '../store/access-codes.ts';
import type { Receipt } from '../store/order-view.ts';
import { codeOfSale } from './access-codes.ts';
import type { House } from './house.ts';

/** The mail server did not take it: the job comes again. */
export class MailDelayed extends Error {
  readonly system = 'mail';
  readonly retry = 'safe';
}

export async function mailReceipt(house: House, job: { merchantId: string; orderId: string }): Promise<void> {
  const receipt = await house.db.asMerchant(job.merchantId, async (tx) => {
    const found = await readReceiptToMail(tx, job.orderId);
    const isCode = found?.body.after?.end === 'code';
    return found && { ...found, access: isCode ? await codeOfSale(house, tx, job.orderId) : undefined };
  });
  if (!receipt) return;
  const { body, email, language, id, access } = receipt;
  const lines = [...endLines(house, body, access, language), ...receiptLines(body, language)];
  const sent = await house.mailer.send({
    to: email,
    subject: `${words[language].receipt} ${body.number} – ${body.merchant.legalName}`,
    text: lines.map(([label, value]) => `${label}: ${value}`).join('\n'),
    html: `<table>${lines.map(([label, value]) => `<tr><td>${htmlText(label)}</td><td>${htmlText(value)}</td></tr>`).join('')}</table>`,
    language,
    key: id,
  });
  if (sent === 'failed') throw new MailDelayed(`Receipt ${id} was not taken by the mail server.`);
  await house.db.asMerchant(job.merchantId, (tx) => markMailed(tx, id, house.clock.now()));
}

/** Marked before it is sent: a promise of "free now" that is late or doubled is worse than one that is lost. */
export async function tellAvailability(
  house: House,
  job: { merchantId: string; lineId: string },
): Promise<void> {
  const asked = await house.db.asMerchant(job.merchantId, (tx) =>
    takeAvailabilityRequests(tx, job.lineId, house.clock.now()),
  );
  for (const { id, email, language, slug, line, merchant } of asked) {
    const { free, open } = words[language];
    const url = `${house.publicUrl}/pay/${slug}?lang=${language}`;
    await house.mailer.send({
      to: email,
      subject: `${merchant}: ${free}`,
      text: `${line}: ${free}.\n${open} ${url}`,
      html: `<p>${htmlText(line)}: ${free}.</p><p><a href="${htmlText(url)}">${htmlText(open)}</a></p>`,
      language,
      key: id,
    });
  }
}

const words = {
  fr: {
    code: 'Code d’accès',
    opens: 'Il ouvre',
    until: 'Valable jusqu’au',
    message: 'Message du vendeur',
    receipt: 'Reçu',
    seller: 'Vendeur',
    line: 'Service',
    account: 'Crédit pour le code client',
    consultant: 'Avec',
    started: 'Début',
    talk: 'Durée de conversation',
    total: 'Total TTC',
    vat: 'Dont TVA',
    captured: 'Débité',
    released: 'Libéré (jamais débité)',
    contact: 'Contact',
    free: 'quelqu’un est disponible maintenant',
    open: 'Ouvrir la page :',
  },
  en: {
    code: 'Access code',
    opens: 'It opens',
    until: 'Valid until',
    message: 'From the seller',
    receipt: 'Receipt',
    seller: 'Seller',
    line: 'Service',
    account: 'Credit for client code',
    consultant: 'With',
    started: 'Start',
    talk: 'Talk time',
    total: 'Total incl. VAT',
    vat: 'VAT included',
    captured: 'Charged',
    released: 'Released (never charged)',
    contact: 'Contact',
    free: 'somebody is free now',
    open: 'Open the page:',
  },
} satisfies Record<Language, Record<string, string>>;

/** What was bought, before what was paid for it: the code is drawn for this letter, and is in no row. */
function endLines(
  { publicUrl }: Pick<House, 'publicUrl'>,
  { after }: Receipt,
  access: { code: AccessCode; text: string } | undefined,
  language: Language,
): [string, string][] {
  const word = words[language];
  if (after?.end === 'message') return [[word.message, after.message]];
  if (!access) return [];
  const { code, text } = access;
  const page = `${publicUrl}/access/${code.resource}?lang=${language}`;
  return [
    [word.code, showCode(text)],
    [word.opens, `${code.resourceName[language] ?? code.resource}, ${page}`],
    [word.until, code.validUntil.toISOString()],
  ];
}

function receiptLines(body: Receipt, language: Language): [string, string][] {
  const word = words[language];
  const amount = (text: string): string => showMoney(money(text, body.currency), language);
  const lines: [string, string | undefined][] = [
    [word.receipt, body.number],
    [word.seller, `${body.merchant.legalName}, ${body.merchant.address}`],
    [word.line, body.line],
    [word.account, body.clientCode],
    [word.consultant, body.consultant],
    [word.started, body.startedAt],
    [word.talk, body.startedAt === undefined ? undefined : `${body.talkSeconds.toFixed(3)} s`],
    [word.total, amount(body.total)],
    [word.vat, amount(body.vat)],
    [word.captured, amount(body.captured)],
    [word.released, amount(body.released)],
    [word.contact, `${body.merchant.contactEmail}, ${body.merchant.contactPhone}`],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined);
}
