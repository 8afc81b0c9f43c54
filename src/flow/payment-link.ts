// Our payment page, sent to a caller who waits on the line. What he is sent leads to an order like any other: the page, the payment and
// the ledger are its own, and it can be paid after he has hung up, too. The link's row is written before anything is ordered or sent:
// whoever takes the call over orders the same and sends the same by the same id. How it is paid is follow-payment's.

import { htmlText } from '../core/html-text.ts';
import type { E164, Language } from '../core/ids.ts';
import type { RunCommand, RunEvent } from '../core/scenario/run.ts';
import type { Tx } from '../store/database.ts';
import { readLineForOrder } from '../store/orders.ts';
import {
  countLinks,
  endLink,
  insertLink,
  linkOfTurn,
  openLinkOfRun,
  type PaymentLink,
  waitForPayment,
} from '../store/payment-links.ts';
import { readSmsSender, type StoredSmsSender } from '../store/sms-senders.ts';
import type { House } from './house.ts';
import { orderCallback } from './order-callback.ts';
import { later } from './payment-deadlines.ts';
import type { Hands } from './leg-machine.ts';
import type { KeptRun } from './scenario-row.ts';
import { sendSms, smsNumber } from './sms-sender-settings.ts';

/** Whoever loses the first message asks for a second; a sixth is a circle. */
const linksInCallMax = 5;
/** Of one merchant, to one telephone or mailbox in an hour: a caller who keys strangers' numbers annoys nobody for long. */
const linksToOneMax = 5;
const hourSeconds = 3_600;

type SendLink = RunCommand & { do: 'sendPaymentLink' };

interface Ready {
  link: Pick<PaymentLink, 'id' | 'firstLink'>;
  to: { sms: E164; sender: StoredSmsSender } | { email: string };
  merchant: string;
}

/** Orders what the line sells and sends the way to it; `linkSent` once it is on its way. */
export async function sendPaymentLink(house: House, kept: KeptRun, command: SendLink): Promise<RunEvent> {
  const { merchantId, run } = kept;
  const ready = await house.db.asMerchant(merchantId, (tx) => prepare(house, tx, kept, command));
  if ('told' in ready) return ready.told;
  const { link, merchant, to } = ready;
  const accessToken = tokenOf(house, link.firstLink);
  const ordered = await orderCallback(house, merchantId, {
    line: command.line,
    source: 'page',
    language: run.language,
    reference: run.id,
    requestKey: link.firstLink,
    accessToken,
    ...('email' in to && { callerEmail: to.email }),
  });
  if (ordered.outcome === 'refused') {
    const { because } = ordered.refusal;
    return end(house, kept, link.id, { state: 'failed', because: `not_ordered: ${because}`, orderId: null });
  }
  const { orderId } = ordered;
  const sent = await send(house, merchantId, ready, {
    id: link.id,
    link: `${house.publicUrl}/orders/${accessToken}`,
    merchant,
    language: run.language,
  });
  return end(house, kept, link.id, { ...sent, orderId });
}

/** 256 bits nobody can guess who has not the house's key, and the same whoever asks again. */
function tokenOf({ seal }: Pick<House, 'seal'>, firstLink: string): string {
  return seal.mark(firstLink, 'payment link').toString('base64url');
}

async function prepare(
  house: House,
  tx: Tx,
  { run, merchantId }: KeptRun,
  { line: slug, by, to: typed }: SendLink,
): Promise<Ready | { told: RunEvent }> {
  const failed = (because: string): { told: RunEvent } => ({ told: { type: 'failed', because } });
  const before = await linkOfTurn(tx, run);
  if (before && before.state !== 'intended') return { told: toldOf(before) };
  const line = await readLineForOrder(tx, slug);
  if (line?.sells !== 'fixed_sale') return failed('not_a_sale');
  const to = await placeOf(house, tx, by, typed, run.plan.country);
  if (typeof to === 'string') return failed(to);
  const merchant = run.plan.merchantName;
  if (before) return { link: before, to, merchant };
  const at = house.clock.now();
  const toMark = house.seal.mark(`${merchantId}\n${'sms' in to ? to.sms : to.email}`, 'payment link to');
  const since = later(at, -hourSeconds);
  const { inCall, toHim } = await countLinks(tx, { runId: run.id, toMark, since });
  if (inCall >= linksInCallMax || toHim >= linksToOneMax) return failed('too_many_links');
  const id = house.ids.id('paymentLink');
  // He lost it, or asks for it elsewhere: it is the same order, or he might pay for it twice.
  const firstLink = (await openLinkOfRun(tx, run.id, slug))?.firstLink ?? id;
  await insertLink(tx, { id, merchantId, run, by, toMark, firstLink, at });
  return { link: { id, firstLink }, to, merchant };
}

/** A word: why it goes nowhere. */
async function placeOf(
  house: House,
  tx: Tx,
  by: SendLink['by'],
  typed: string,
  country: string,
): Promise<Ready['to'] | string> {
  if (by === 'email') {
    if (!house.mailer.configured) return 'no_mail';
    return /^[^\s@<>"',;]{1,64}@[^\s@<>"',;]{1,190}$/.test(typed) ? { email: typed } : 'no_address';
  }
  const sender = await readSmsSender(tx);
  if (!sender) return 'no_sms_sender';
  const read = await smsNumber(house, tx, typed, country);
  return read.outcome === 'number' ? { sms: read.number, sender } : 'no_number';
}

async function send(
  house: House,
  merchantId: string,
  { to }: Ready,
  { id, link, merchant, language }: { id: string; link: string; merchant: string; language: Language },
): Promise<{ state: 'sent' | 'failed' | 'unknown'; because: string | null }> {
  const { subject, text } = words[language](merchant);
  if ('email' in to) {
    const done = await house.mailer.send({
      to: to.email,
      subject,
      text: `${text} ${link}`,
      html: `<p>${htmlText(text)}</p><p><a href="${htmlText(link)}">${htmlText(link)}</a></p>`,
      language,
      key: id,
    });
    return done === 'sent'
      ? { state: 'sent', because: null }
      : { state: 'failed', because: 'mail_not_taken' };
  }
  const message = { to: to.sms, text: `${text} ${link}`, link, id, merchant };
  const { sent } = await sendSms(house, merchantId, to.sender, message);
  return { state: sent.outcome, because: sent.outcome === 'sent' ? null : sent.because };
}

const words: Record<Language, (merchant: string) => { subject: string; text: string }> = {
  fr: (merchant) => ({
    subject: `${merchant} : votre page de paiement`,
    text: `${merchant} : votre page de paiement, votre appel attend.`,
  }),
  en: (merchant) => ({
    subject: `${merchant}: your payment page`,
    text: `${merchant}: your payment page, your call is waiting.`,
  }),
};

async function end(
  house: House,
  { merchantId, run }: KeptRun,
  id: string,
  as: { state: 'sent' | 'failed' | 'unknown'; because: string | null; orderId: string | null },
): Promise<RunEvent> {
  const at = house.clock.now();
  await house.db.asMerchant(merchantId, (tx) => endLink(tx, id, { ...as, at }));
  house.log.info(
    { runId: run.id, link: id, outcome: as.state, because: as.because },
    'A link to pay was sent',
  );
  return toldOf(as);
}

/** What may have been sent is not said to have been: he would wait for what does not come. */
function toldOf({ state, because, orderId }: Pick<PaymentLink, 'state' | 'because' | 'orderId'>): RunEvent {
  return state === 'sent' && orderId !== null
    ? { type: 'linkSent', orderId }
    : { type: 'failed', because: because ?? state };
}

/** Payments that are heard of late, though their hint was lost. */
const lookAgainMs = 15_000;
const guardSlackSeconds = 60;

/**
 * Waits, with music, until it is paid, cannot be any more, or the time is over: counted from when the link was sent, whoever commands
 * the switch by then. His `*` gives it up; that is run-scenario's to hear.
 */
export async function awaitPayment(
  house: House,
  { kept, ...hands }: Hands<KeptRun, RunEvent>,
  leg: { guard(seconds: number): Promise<unknown>; playMusic(): Promise<unknown> },
  { orderId, seconds }: RunCommand & { do: 'awaitPayment' },
): Promise<RunEvent | undefined> {
  const { merchantId, run } = kept;
  const look = async (): Promise<'paid' | 'not_paid' | { leftMs: number }> => {
    const found = await house.db.asMerchant(merchantId, (tx) => waitForPayment(tx, run.id, orderId));
    if (found?.state === 'captured') return 'paid';
    if (!found || ['failed', 'voiding', 'voided'].includes(found.state)) return 'not_paid';
    const leftMs = later(found.sentAt, seconds).getTime() - house.clock.now().getTime();
    return leftMs > 0 ? { leftMs } : 'not_paid';
  };
  const first = await look();
  if (typeof first === 'string') return { type: 'paid', paid: first === 'paid' };
  const tell = (came: Awaited<ReturnType<typeof look>>): void => {
    if (typeof came === 'string') hands.tell({ type: 'paid', paid: came === 'paid' });
  };
  const failed = (error: unknown): void =>
    house.log.warn({ runId: run.id, err: error }, 'Whether a caller has paid could not be read');
  hands.whenStopped(
    house.db.listen('ringmeter_order', (id) => {
      if (id === undefined || id === orderId) look().then(tell, failed);
    }),
  );
  const lookIn = (leftMs: number): void =>
    hands.later(Math.min(leftMs, lookAgainMs), async () => {
      const came = await look().catch(failed);
      if (came !== undefined) tell(came);
      if (typeof came !== 'string') lookIn(came?.leftMs ?? lookAgainMs);
    });
  lookIn(first.leftMs);
  await leg.guard(Math.ceil(first.leftMs / 1_000) + guardSlackSeconds);
  await leg.playMusic();
  // It may have been paid before anybody listened.
  tell(await look());
  return undefined;
}
