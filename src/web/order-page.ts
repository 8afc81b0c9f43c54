// What the order page shows in each phase: sentences and figures, ready to be laid out by the templates, and the state
// that pages follow live. Here: from an OrderView to words. Not here: routes, markup, and where an order stands
// (order-phase.ts).

import { createHash } from 'node:crypto';
import type { Language } from '../core/ids.ts';
import { lifeOf, showCode } from '../core/access-code.ts';
import { isZero, money, showMoney } from '../core/money.ts';
import { isSale } from '../core/order.ts';
import { rate } from '../core/rating.ts';
import type { Tariff } from '../core/tariff.ts';
import type { MoreTimeView, OrderView } from '../store/order-view.ts';
import { type Charging, chargingOf, holdWords, moreTimeWords, priceWords, type PriceWords } from './offer.ts';
import type { PageOrder } from './page-steps.ts';
import { isFinal, phaseOf, type Phase } from './order-phase.ts';
import { receiptWords, type ReceiptWords, type Row } from './receipt-words.ts';
import {
  isTextKey,
  showClock,
  showDuration,
  showInstant,
  showPhone,
  showTime,
  text,
  type TextKey,
} from './texts.ts';

export interface Summary {
  rows: Row[];
  price: PriceWords;
  /** While money is or will be held; afterwards the receipt or the failure says what became of it. */
  hold?: { label: string; amount: string; help?: string; more?: string };
  promises: string[];
}

/** The right-hand column: what is bought, at what price, and what is held as long as it is. */
export function orderSummary(order: OrderView, phase: Phase['name'], language: Language): Summary {
  const isOver = phase === 'receipt' || phase === 'failed';
  const say = (key: TextKey, names?: Record<string, string>): string => text(language, key, names);
  const price = priceWords(order.tariff, order.kind, language);
  const rows: Row[] = [{ term: say('hold.line'), value: order.line.name }];
  if (isSale(order.kind)) {
    if (order.clientCode !== undefined) rows.push({ term: say('topUp.account'), value: order.clientCode });
    const hold = { label: say('hold.amountFixed'), amount: showMoney(order.hold, language) };
    return { rows, price, promises: [], ...(!isOver && { hold }) };
  }
  rows.push({ term: say('hold.with'), value: order.consultant?.name ?? say('choose.anybody') });
  const { moreTime } = order.call ?? {};
  const granted = (moreTime?.granted ?? 0) > 0;
  const longest = granted
    ? order.call?.talkLimitSeconds
    : (order.chosenSeconds ?? order.call?.talkLimitSeconds);
  if (longest !== undefined) {
    rows.push({ term: say('hold.longest'), value: showDuration(longest, language) });
  }
  if (order.callerNumber !== undefined) {
    rows.push({ term: say('hold.callerNumber'), value: showPhone(order.callerNumber) });
  }
  if (isOver) return { rows, price, promises: [] };
  const { label, help } = holdWords(
    chargingOfOrder(order),
    showDuration(longest ?? 0, language),
    isTaken(order),
    language,
  );
  return {
    rows,
    price,
    hold: {
      label,
      amount: showMoney(order.payment.held ?? order.hold, language),
      ...(moreTime && !granted && { more: moreTimeWords(moreTime, language) }),
      ...(longest !== undefined && { help }),
    },
    promises: phase === 'connected' || phase === 'ended' ? [] : [say('hold.nobody'), say('hold.consent')],
  };
}

function chargingOfOrder({ tariff, call }: OrderView): Charging {
  return chargingOf(tariff, call?.capture ?? 'at_end');
}

/** Its whole price is charged, whatever still comes of the call. */
function isTaken({ call, payment }: OrderView): boolean {
  return call?.capture !== undefined && !isZero(payment.captured);
}

/**
 * What is shown and agreed before the card, word for word and in reading order: kept with the order, and what a dispute is
 * answered with. `mark` travels with the form, so that nobody agrees to a page that has changed under him.
 */
export function agreedTexts(order: OrderView, language: Language): { texts: string[]; mark: string } {
  const { rows, price, hold, promises } = orderSummary(order, 'card', language);
  const { merchant } = order;
  const texts = [
    `${text(language, 'page.seller')}: ${merchant.legalName}, ${merchant.address}, ${merchant.contactEmail}, ${merchant.contactPhone}`,
    ...rows.map(({ term, value }) => `${term}: ${value}`),
    `${price.amount} ${price.what}`,
    ...price.more,
    price.taxes,
    ...(hold ? [`${hold.label}: ${hold.amount}`] : []),
    ...(hold?.help === undefined ? [] : [hold.help]),
    ...(hold?.more === undefined ? [] : [hold.more]),
    ...promises,
    ...Object.values(consents(order, language)),
    text(language, 'pay.button'),
  ];
  return { texts, mark: createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 24) };
}

function consents(order: OrderView, language: Language): { immediate: string; withdrawal: string } {
  if (order.kind === 'top_up') {
    return {
      immediate: text(language, 'pay.immediateTopUp'),
      withdrawal: text(language, 'pay.withdrawalTopUp'),
    };
  }
  return order.kind === 'fixed_sale'
    ? { immediate: text(language, 'pay.immediateSale'), withdrawal: text(language, 'pay.withdrawalSale') }
    : { immediate: text(language, 'pay.immediate'), withdrawal: text(language, 'pay.withdrawal') };
}

export interface PanelSettings {
  /** `/orders/{token}` */
  base: string;
  language: Language;
  now: Date;
  mailConfigured: boolean;
}

/** More time as it stands; `button` while it may be asked for. */
export interface MorePanel {
  state: 'offered' | 'asked' | 'refused' | 'granted';
  sentence: string;
  button?: string;
}

/** "Never call me again": to be wished, or wished. */
export type NeverPanel =
  { state: 'open'; explain: string; button: string } | { state: 'never'; sentence: string; undo?: string };

/** The access code a sale ended in; `open` while it still opens what it was bought for. */
export interface AccessPanel {
  code: string;
  sentences: string[];
  open?: { action: string; text: string; hint: string };
}

interface Step {
  text: string;
  state: 'done' | 'now' | 'later';
}

interface Link {
  href: string;
  text: string;
}

export interface Panel {
  phase: Phase['name'];
  headline: string;
  sentence?: string;
  steps: Step[];
  // card, action
  mark?: string;
  reservedUntil?: string;
  declined?: string;
  mailConfigured?: boolean;
  email?: string;
  immediate?: string;
  withdrawal?: string;
  buttonHelp?: string;
  // starting, ringing
  mayCancel?: boolean;
  // connected
  clock?: string;
  cost?: string;
  costLabel?: string;
  left?: string;
  limit?: string;
  more?: MorePanel;
  // receipt, failed
  never?: NeverPanel;
  access?: AccessPanel;
  /** The merchant's words on what was bought. */
  message?: string;
  /** Where the page goes by itself, once it has seen the payment done. */
  goTo?: string;
  receipt?: ReceiptWords;
  printHref?: string;
  money?: string;
  again?: string;
  back?: Link;
}

/** The left-hand column in the order's present phase. */
export function orderPanel(order: PageOrder, phase: Phase, settings: PanelSettings): Panel {
  const { language } = settings;
  const say = (key: TextKey, names?: Record<string, string>): string => text(language, key, names);
  const amount = showMoney(order.hold, language);
  const name = order.consultant?.name ?? say('follow.somebody');
  const number = showPhone(order.callerNumber ?? '');
  const panel = (headline: string, more: Omit<Partial<Panel>, 'phase' | 'headline'> = {}): Panel => ({
    phase: phase.name,
    headline,
    steps: progress(order, phase, language),
    ...more,
  });

  switch (phase.name) {
    case 'card':
      return panel(say('pay.title'), cardPanel(order, settings));
    case 'action':
      return panel(say('action.title'), {
        sentence: say('action.text', { amount }),
        mark: agreedTexts(order, language).mark,
      });
    case 'starting':
      return panel(say('follow.starting.title'), {
        sentence: say('follow.starting.text'),
        mayCancel: true,
      });
    case 'ringing_consultant':
      return panel(say('follow.ringingConsultant.title', { name }), {
        sentence: say(
          order.call?.callerFirst === true
            ? 'follow.ringingConsultant.held'
            : 'follow.ringingConsultant.text',
        ),
        mayCancel: true,
      });
    case 'ringing_caller':
      return panel(say('follow.ringingCaller.title'), {
        sentence: say('follow.ringingCaller.text', { number }),
        mayCancel: true,
      });
    case 'led':
      return panel(say('follow.led.title'), { sentence: say('follow.led.text'), mayCancel: true });
    case 'connected':
      return panel(say('follow.connected.title', { name }), meters(order, settings));
    case 'ended':
      return panel(say('follow.ended.title'), { sentence: say('follow.ended.text') });
    case 'paying':
      return panel(say('follow.paying.title'), { sentence: say('follow.ended.text') });
    case 'receipt':
      return panel(receiptHeadline(order, language), receiptPanel(order, settings));
    case 'failed':
      return panel(failedHeadline(order, phase.outcome, language), failedPanel(order, phase, settings));
  }
}

function cardPanel(order: OrderView, { language, mailConfigured }: PanelSettings): Partial<Panel> {
  const amount = showMoney(order.hold, language);
  const reason = declineWords(order.payment.declineReason, language);
  return {
    mark: agreedTexts(order, language).mark,
    ...(order.claimedUntil && { reservedUntil: order.claimedUntil.toISOString() }),
    ...(reason !== undefined && { declined: `${reason} ${text(language, 'pay.tryAgain')}` }),
    mailConfigured,
    email: order.callerEmail ?? '',
    ...consents(order, language),
    buttonHelp: text(language, buttonHelpOf(order), { amount }),
  };
}

function buttonHelpOf(order: OrderView): TextKey {
  if (isSale(order.kind)) return 'pay.buttonHelpSale';
  return order.call?.capture ? 'pay.buttonHelp.atConnection' : 'pay.buttonHelp';
}

/** The first figures only: the browser runs them on from the same instant and the same tariff. */
function meters(order: OrderView, { language, now }: PanelSettings): Partial<Panel> {
  const { call } = order;
  const limitSeconds = call?.talkLimitSeconds ?? 0;
  const ran = call?.connectedAt ? Math.max(0, now.getTime() - call.connectedAt.getTime()) : 0;
  const talkedMs = Math.min(ran, limitSeconds * 1000);
  const seconds = Math.floor(talkedMs / 1000);
  const amount = showMoney(order.payment.captured, language);
  return {
    ...(isTaken(order) && { sentence: text(language, 'follow.connected.taken', { amount }) }),
    costLabel: text(
      language,
      chargingOfOrder(order) === 'by_talk' ? 'follow.connected.cost' : 'follow.connected.cost.onePrice',
    ),
    clock: showClock(seconds),
    cost: showMoney(rate(order.tariff, BigInt(Math.floor(talkedMs)) * 1000n).total, language),
    left: text(language, 'follow.connected.left', { time: showClock(limitSeconds - seconds) }),
    limit: text(language, 'follow.connected.limit', { time: showClock(limitSeconds) }),
    ...(call?.moreTime && morePanel(call.moreTime, limitSeconds, language)),
  };
}

function morePanel(more: MoreTimeView, limitSeconds: number, language: Language): { more?: MorePanel } {
  const { state } = more;
  if (state === undefined) return {};
  const names = {
    duration: showDuration(more.seconds, language),
    amount: showMoney(more.hold, language),
    time: showClock(limitSeconds),
  };
  return {
    more: {
      state,
      sentence: text(language, `more.${state}`, names),
      ...(state === 'offered' && { button: text(language, 'more.button', names) }),
    },
  };
}

function neverPanel(order: PageOrder, language: Language): { never?: NeverPanel } {
  const { neverCall, callerNumber, merchant } = order;
  if (!neverCall || callerNumber === undefined) return {};
  const number = showPhone(callerNumber);
  if (neverCall.state === 'open') {
    const explain = text(language, 'never.explain', { number });
    return { never: { state: 'open', explain, button: text(language, 'never.button') } };
  }
  const { undoUntil } = neverCall;
  const time = undoUntil && showTime(undoUntil, merchant.timeZone, language);
  return {
    never: {
      state: 'never',
      sentence: text(language, 'never.done', { number }),
      ...(time !== undefined && { undo: text(language, 'never.undo', { time }) }),
    },
  };
}

function receiptHeadline({ kind, receipt }: OrderView, language: Language): string {
  if (kind === 'top_up') return text(language, 'receipt.title.toppedUp');
  if (kind === 'fixed_sale') return text(language, 'receipt.title.sold');
  const key = `receipt.title.${receipt?.outcome ?? 'talked'}`;
  return text(language, isTextKey(key) ? key : 'receipt.title.failed');
}

function receiptPanel(order: PageOrder, { base, language, now }: PanelSettings): Partial<Panel> {
  const { receipt } = order;
  if (!receipt) throw new Error(`Order ${order.id} is in the receipt phase without a receipt`);
  const nothingTaken = isZero(money(receipt.captured, receipt.currency));
  const forgiven = !isZero(money(receipt.writtenOff, receipt.currency));
  return {
    ...(nothingTaken && {
      sentence: text(language, forgiven ? 'receipt.writtenOff' : 'receipt.free'),
    }),
    ...saleEnd(order, { language, now }),
    receipt: receiptWords(receipt, order, language),
    printHref: `${base}/receipt?lang=${language}`,
    ...neverPanel(order, language),
    ...backLink(order, language),
  };
}

/** What a sale without a call ended in, beside its receipt. */
export function saleEnd(order: PageOrder, given: Pick<PanelSettings, 'language' | 'now'>): Partial<Panel> {
  const { receipt, returnUrl, merchant } = order;
  switch (receipt?.after?.end) {
    case 'code':
      return order.access ? { access: accessPanel(order, order.access, given) } : {};
    case 'message':
      return { message: receipt.after.message };
    case 'return':
      if (returnUrl === undefined) return {};
      return {
        sentence: text(given.language, 'receipt.goesBack', { merchant: merchant.name }),
        goTo: returnUrl,
      };
    case undefined:
      return {};
  }
}

function accessPanel(
  { merchant }: PageOrder,
  { code, text: drawn }: NonNullable<PageOrder['access']>,
  { language, now }: Pick<PanelSettings, 'language' | 'now'>,
): AccessPanel {
  const say = (key: TextKey, names?: Record<string, string>): string => text(language, key, names);
  const name = code.resourceName[language] ?? code.resource;
  const shown = showCode(drawn);
  const life = lifeOf(code, now);
  if (life !== 'valid') return { code: shown, sentences: [say(`receipt.access.${life}`)] };
  const left = code.usesMax === null ? undefined : code.usesMax - code.uses;
  const until = showInstant(code.validUntil, merchant.timeZone, language);
  return {
    code: shown,
    sentences: [
      say('receipt.access.opens', { name, until }),
      ...(left === 1 ? [say('receipt.access.once')] : []),
      ...(left !== undefined && left > 1 ? [say('receipt.access.left', { many: String(left) })] : []),
    ],
    open: {
      action: `/access/${code.resource}?lang=${language}`,
      text: say('receipt.access.open', { name }),
      hint: say('receipt.access.newWindow'),
    },
  };
}

function failedHeadline(order: OrderView, outcome: string, language: Language): string {
  if (outcome === 'nobody_took_it' && order.consultant) {
    return text(language, 'failed.nobody_took_it.one', { name: order.consultant.name });
  }
  return text(language, `failed.${outcome}.title` as TextKey);
}

function failedPanel(
  order: PageOrder,
  phase: Extract<Phase, { name: 'failed' }>,
  { language }: PanelSettings,
): Partial<Panel> {
  const { outcome, money: held } = phase;
  const amount = showMoney(order.hold, language);
  const saleKey = `failed.${outcome}Sale.text`;
  const key = isSale(order.kind) && isTextKey(saleKey) ? saleKey : (`failed.${outcome}.text` as const);
  const number = showPhone(order.callerNumber ?? '');
  const said =
    outcome === 'nobody_took_it' && order.consultant ? ('failed.nobody_took_it.oneText' as const) : key;
  const reason = outcome === 'payment_failed' ? paymentFailure(order, language) : undefined;
  return {
    sentence: reason ?? text(language, said, { number }),
    money:
      held === 'never_held'
        ? text(language, 'failed.nothingCharged')
        : text(
            language,
            held === 'released' ? 'failed.nothingChargedHeld' : 'failed.nothingChargedReleasing',
            { amount },
          ),
    again: placeToOrder(order, language),
    ...neverPanel(order, language),
    ...backLink(order, language),
  };
}

/** Where an order like this one is made. */
export function placeToOrder({ kind, line }: Pick<OrderView, 'kind' | 'line'>, language: Language): string {
  return `/${kind === 'top_up' ? 'topup' : 'pay'}/${line.slug}?lang=${language}`;
}

/** Whose no it was: the bank's with its reason, or ours because of a limit. */
function paymentFailure({ payment }: PageOrder, language: Language): string | undefined {
  if (payment.because === 'card_limit') return text(language, 'failed.cardLimit');
  return declineWords(payment.declineReason, language);
}

function backLink(order: OrderView, language: Language): { back?: Link } {
  if (order.returnUrl === undefined) return {};
  return {
    back: {
      href: order.returnUrl,
      text: text(language, 'failed.back', { merchant: order.merchant.name }),
    },
  };
}

/** A decline the catalogue does not know yet is still a decline: the general sentence is true of every one. */
export function declineWords(reason: string | undefined, language: Language): string | undefined {
  if (reason === undefined) return undefined;
  const key = `declined.${reason}`;
  return text(language, isTextKey(key) ? key : 'declined.declined');
}

/** What has been reached, in the order the line rings: the consultant first, unless it says the caller. */
function progress(order: OrderView, phase: Phase, language: Language): Step[] {
  const callerFirst = order.call?.callerFirst === true;
  const rings = callerFirst
    ? ['ringing_caller', 'ringing_consultant']
    : ['ringing_consultant', 'ringing_caller'];
  // Where a scenario leads the call, whoever is to be rung is its next step.
  const reached = phase.name === 'led' ? 'ringing_consultant' : phase.name;
  const at = ['starting', ...rings, 'connected'].indexOf(reached);
  if (at < 0) return [];
  const name = order.consultant?.name;
  const consultant = (isOn: boolean): string => {
    if (!isOn)
      return text(language, 'follow.step.consultant', { name: name ?? text(language, 'follow.somebody') });
    return name === undefined
      ? text(language, 'follow.step.consultantDoneAnybody')
      : text(language, 'follow.step.consultantDone', { name });
  };
  const caller = (isOn: boolean): string =>
    isOn
      ? text(language, 'follow.step.callerDone')
      : text(language, 'follow.step.caller', { number: showPhone(order.callerNumber ?? '') });
  const [first, second] = callerFirst ? [caller, consultant] : [consultant, caller];
  const texts = [
    text(language, paidStepOf(order), { amount: showMoney(order.payment.held ?? order.hold, language) }),
    first(at >= 2),
    second(at >= 3),
    text(language, 'follow.step.talk'),
  ];
  const now = Math.max(1, at);
  return texts.map((sentence, index) => ({
    text: sentence,
    state: index < now ? 'done' : index === now ? 'now' : 'later',
  }));
}

function paidStepOf(order: OrderView): TextKey {
  if (isTaken(order)) return 'follow.step.paid.taken';
  return order.call?.capture ? 'follow.step.paid.atConnection' : 'follow.step.paid';
}

/** What pages follow: `GET /orders/{token}/state` and every event of the live stream. */
export interface OrderState {
  phase: Phase['name'];
  /** Changes with anything a person would see. */
  version: string;
  /** No further state will come. */
  final: boolean;
  documentTitle: string;
  /** For screen readers: the phase in one or two sentences. */
  spoken: string;
  panel: string;
  aside: string;
  /** The server's clock when this was made: a browser's own is not trusted to be right. */
  now: string;
  reservedUntil?: string;
  declined?: string;
  /** Where it goes by itself. */
  goTo?: string;
  /** While connected: what the running clock and price are reckoned from. */
  talk?: { connectedAt: string; limitSeconds: number; tariff: Tariff };
}

export interface OrderPageSettings extends PanelSettings {
  render: (template: string, language: Language, shown: object) => string;
}

export function orderState(order: PageOrder, settings: OrderPageSettings): OrderState {
  const { language, render, now } = settings;
  const phase = phaseOf(order);
  const panel = orderPanel(order, phase, settings);
  const summary = orderSummary(order, phase.name, language);
  const panelMarkup = render('order-panel', language, { panel });
  const aside = render('order-summary', language, { summary });
  // The running figures in the markup are only where the browser begins: they are no change of the order.
  const still =
    panel.phase === 'connected'
      ? JSON.stringify([panel.headline, panel.limit, panel.sentence, panel.more?.sentence])
      : panelMarkup;
  return {
    phase: phase.name,
    version: createHash('sha256')
      .update(`${phase.name}\n${still}\n${aside}\n${panel.reservedUntil ?? ''}`)
      .digest('hex')
      .slice(0, 16),
    final: isFinal(phase),
    documentTitle: text(language, 'follow.documentTitle', {
      headline: panel.headline,
      merchant: order.merchant.name,
    }),
    spoken: [
      panel.more ? undefined : panel.headline,
      panel.sentence,
      panel.more?.sentence,
      panel.money,
      panel.access && `${text(language, 'receipt.access.title')}: ${panel.access.code}`,
      panel.message,
    ]
      .filter((said) => said !== undefined)
      .join('. '),
    panel: panelMarkup,
    aside,
    now: now.toISOString(),
    ...(panel.reservedUntil !== undefined && { reservedUntil: panel.reservedUntil }),
    ...(panel.declined !== undefined && { declined: panel.declined }),
    ...(panel.goTo !== undefined && { goTo: panel.goTo }),
    ...(order.call?.connectedAt &&
      phase.name === 'connected' && {
        talk: {
          connectedAt: order.call.connectedAt.toISOString(),
          limitSeconds: order.call.talkLimitSeconds,
          tariff: order.tariff,
        },
      }),
  };
}
