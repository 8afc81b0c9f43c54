// One order in each state a caller can see, and the line it was made on: what the stage shows and the tests read.

import type { CallOutcome } from '../../src/core/call-session.ts';
import type { Reachable } from '../../src/core/consultant.ts';
import { defaultDestinations } from '../../src/core/dialling.ts';
import type { Language } from '../../src/core/ids.ts';
import { amountText, minus, money, zero } from '../../src/core/money.ts';
import { rate } from '../../src/core/rating.ts';
import type { Tariff } from '../../src/core/tariff.ts';
import type { AccessCode } from '../../src/store/access-codes.ts';
import type { Door } from '../../src/store/access-resources.ts';
import type { LinePage, MerchantView, OrderView, Receipt } from '../../src/store/order-view.ts';
import type { PageOrder } from '../../src/web/page-steps.ts';

export const destinations = [...defaultDestinations];

export const merchant: MerchantView = {
  id: 'mer_stage',
  name: 'Cabinet Lumière',
  legalName: 'Cabinet Lumière SARL',
  contactEmail: 'bonjour@cabinet-lumiere.example',
  contactPhone: '+33123456789',
  address: '12 rue des Lilas, 75011 Paris, France',
  country: 'FR',
  timeZone: 'Europe/Paris',
  active: true,
  brand: { accent: '#7a2e6b' },
  pageOrigins: ['https://www.cabinet-lumiere.example'],
};

export const tariff: Tariff = {
  currency: 'EUR',
  fixedPrice: '15.00',
  includedSeconds: 600,
  bands: [{ fromSecond: 0, pricePerMinute: '2.50' }],
  increment: { first: 60, next: 60 },
  freeSeconds: 0,
  vatRate: '0.2',
};

/** What every talk costs, whatever its length. */
export const onePrice: Tariff = { ...tariff, fixedPrice: '20.00', includedSeconds: 1200, bands: [] };

/** A line whose whole price is taken as soon as both are joined. */
export function atConnectionLine(language: Language): LinePage {
  const page = linePage(language);
  return { ...page, line: { ...page.line, capture: 'at_connection' }, tariff: onePrice };
}

/** What access codes open on the stage: a club, one for telephones, one that is closed. */
export function doorOf(slug: string): Door | undefined {
  const door: Door = {
    slug,
    name: { fr: 'Espace membres', en: 'Members’ area' },
    address: 'http://127.0.0.1:9/club',
    alphabet: 'digits_and_letters',
    active: true,
    merchant,
  };
  if (slug === 'club') return door;
  if (slug === 'keypad') return { ...door, alphabet: 'digits' };
  return slug === 'shut' ? { ...door, active: false } : undefined;
}

const names = {
  fr: {
    line: 'Conseil juridique par téléphone',
    description:
      'Parlez tout de suite avec un avocat : bail, travail, famille, consommation. Réponse claire, sans rendez-vous.',
    people: [
      'Droit de la famille et du logement',
      'Droit du travail, français et anglais',
      'Consommation, assurances',
    ],
    sale: 'Relecture d’un contrat',
  },
  en: {
    line: 'Legal advice by phone',
    description:
      'Talk to a lawyer at once: lease, work, family, consumer rights. A clear answer, no appointment.',
    people: ['Family and housing law', 'Labour law, French and English', 'Consumer rights, insurance'],
    sale: 'Review of a contract',
  },
} as const;

export function linePage(language: Language, change: Partial<LinePage> = {}): LinePage {
  const said = names[language];
  return {
    merchant,
    line: {
      id: 'lin_stage',
      slug: 'demo',
      sells: 'conversation',
      name: said.line,
      description: said.description,
      active: true,
      // The usual one first, as the merchant wrote them.
      durationChoices: [600, 1800, 1200],
      topUpChoices: ['10.0000', '20.0000', '50.0000'],
      moreTime: { times: 2, seconds: 600 },
      capture: 'at_end',
      currency: 'EUR',
    },
    tariff,
    tariffVersion: 3,
    now: stageNow,
    consultants: [
      { id: 'con_claire', name: 'Claire Martin', introduction: said.people[0], state: { reachable: true } },
      {
        id: 'con_hugo',
        name: 'Hugo Bernard',
        introduction: said.people[1],
        state: { reachable: false, because: 'busy' },
      },
      {
        id: 'con_ines',
        name: 'Inès Moreau',
        introduction: said.people[2],
        state: { reachable: false, because: 'break' },
      },
    ],
    ...change,
  };
}

export const free: Reachable = { reachable: true };
export const busy: Reachable = { reachable: false, because: 'busy' };

export function nobodyFree(language: Language): LinePage {
  const page = linePage(language);
  return {
    ...page,
    consultants: page.consultants.map((one, index) => ({
      ...one,
      state: { reachable: false as const, because: (['busy', 'break', 'away'] as const)[index] ?? 'away' },
    })),
  };
}

export function fixedSaleLine(language: Language): LinePage {
  const page = linePage(language);
  return {
    ...page,
    line: {
      ...page.line,
      id: 'lin_sale',
      slug: 'review',
      sells: 'fixed_sale',
      name: names[language].sale,
      durationChoices: [],
      topUpChoices: [],
    },
    tariff: { ...tariff, fixedPrice: '49.00', includedSeconds: 0, bands: [] },
    consultants: [],
  };
}

/** Somewhere in the middle of an afternoon in Paris. */
export const stageNow = new Date('2026-03-12T14:05:30.000Z');
const ago = (seconds: number): Date => new Date(stageNow.getTime() - seconds * 1000);

export function baseOrder(language: Language): OrderView {
  return {
    id: 'ord_stage',
    kind: 'conversation',
    createdAt: ago(60),
    language,
    reference: 'client 42',
    callerNumber: '+33612345678',
    merchant,
    line: { id: 'lin_stage', slug: 'demo', name: names[language].line },
    consultant: { id: 'con_claire', name: 'Claire Martin' },
    tariff,
    chosenSeconds: 1200,
    hold: money('40', 'EUR'),
    paymentId: 'pay_stage',
    payment: {
      state: 'awaiting_card',
      needsAction: false,
      captured: zero('EUR'),
      released: zero('EUR'),
    },
    claimedUntil: new Date(stageNow.getTime() + 172_000),
    call: {
      id: 'call_stage',
      state: 'awaiting_payment',
      talkLimitSeconds: 1200,
      callerFirst: false,
      moreTime: { seconds: 600, times: 2, hold: money('25', 'EUR'), granted: 0 },
    },
  };
}

type More = NonNullable<NonNullable<OrderView['call']>['moreTime']>;

/** Half a minute before the end, with more time as it stands. */
function withMore(order: OrderView, state: NonNullable<More['state']>): PageOrder {
  const isGranted = state === 'granted';
  const more: More = { ...agreedMore, state, granted: isGranted ? 1 : 0 };
  const talkLimitSeconds = isGranted ? 1800 : 1200;
  const held = { held: money(isGranted ? '65' : '40', 'EUR') };
  return withCall(
    order,
    { ...authorized, ...held },
    { state: 'connected', connectedAt: ago(1170), talkLimitSeconds, moreTime: more },
  );
}

const agreedMore: More = { seconds: 600, times: 2, hold: money('25', 'EUR'), granted: 0 };

function withCall(
  order: OrderView,
  payment: Partial<OrderView['payment']>,
  call: Partial<NonNullable<OrderView['call']>>,
): OrderView {
  const { claimedUntil: _claim, ...rest } = order;
  return {
    ...rest,
    payment: { ...order.payment, ...payment },
    call: {
      id: 'call_stage',
      state: 'awaiting_payment',
      talkLimitSeconds: 1200,
      callerFirst: false,
      ...call,
    },
  };
}

export function receiptOf(order: OrderView, talkSeconds: number, change: Partial<Receipt> = {}): Receipt {
  const rated = rate(order.tariff, BigInt(Math.round(talkSeconds * 1000)) * 1000n);
  return {
    number: 'R-2026-000123',
    issuedAt: stageNow.toISOString(),
    merchant,
    line: order.line.name,
    consultant: 'Claire Martin',
    startedAt: ago(800).toISOString(),
    talkSeconds,
    billableSeconds: rated.billableSeconds,
    lines: rated.lines.map(({ amount, ...line }) => ({ ...line, amount: amountText(amount) })),
    currency: 'EUR',
    total: amountText(rated.total),
    vatRate: order.tariff.vatRate,
    vat: amountText(rated.vat),
    net: amountText(rated.net),
    authorized: amountText(order.hold),
    captured: amountText(rated.total),
    released: amountText(minus(order.hold, rated.total)),
    writtenOff: '0.00',
    cardBrand: 'visa',
    cardLast4: '4242',
    outcome: 'talked',
    ...change,
  };
}

const authorized = { state: 'authorized', cardBrand: 'visa', cardLast4: '4242' } as const;

/** Every state by name. The name is also what the stage's links end in. */
export function orderScenes(language: Language): Record<string, PageOrder> {
  const order = baseOrder(language);
  const ended = (
    outcome: CallOutcome,
    payment: Partial<OrderView['payment']> = { ...authorized, state: 'voided', released: order.hold },
  ): OrderView => withCall(order, payment, { state: 'settled', outcome, endedAt: ago(3) });
  const talked = withCall(
    order,
    { ...authorized, state: 'captured', captured: money('20', 'EUR'), released: money('20', 'EUR') },
    {
      state: 'settled',
      outcome: 'talked',
      connectedAt: ago(800),
      endedAt: ago(75),
      talkSeconds: 724.68,
    },
  );
  const { call: _call, callerNumber: _number, chosenSeconds: _chosen, consultant: _who, ...rest } = order;
  const sale: OrderView = {
    ...rest,
    kind: 'fixed_sale',
    line: { id: 'lin_sale', slug: 'review', name: names[language].sale },
    tariff: { ...tariff, fixedPrice: '49.00', includedSeconds: 0, bands: [] },
    hold: money('49', 'EUR'),
  };
  const saleReceipt: Receipt = {
    ...receiptOf({ ...sale, line: sale.line }, 0),
    outcome: 'sold',
  };
  const { startedAt: _start, consultant: _consultant, ...soldReceipt } = saleReceipt;
  const paidSale: OrderView = {
    ...sale,
    payment: { ...sale.payment, ...authorized, state: 'captured', captured: sale.hold },
  };
  const code: AccessCode = {
    id: 'acc_stage',
    resource: 'club',
    resourceName: { fr: 'Espace membres', en: 'Members’ area' },
    alphabet: 'digits_and_letters',
    codeLength: 10,
    draw: 0,
    validUntil: new Date(stageNow.getTime() + 86_400_000),
    usesMax: 3,
    uses: 1,
    revokedAt: null,
    madeBy: 'sale',
    orderId: sale.id,
    reference: null,
    lastUsedAt: null,
    createdAt: stageNow,
  };
  const withCode = (change: Partial<AccessCode> = {}): PageOrder => ({
    ...paidSale,
    sendsOnTo: 'http://127.0.0.1:9/club',
    receipt: { ...soldReceipt, after: { end: 'code', accessCodeId: code.id } },
    access: { code: { ...code, ...change }, text: '4T7KX3M9RW' },
  });
  const { moreTime: _more, ...callOfPrice } = order.call!;
  const priced: OrderView = {
    ...order,
    tariff: onePrice,
    hold: money('20', 'EUR'),
    call: { ...callOfPrice, capture: 'at_connection' },
  };
  const capture = 'at_connection' as const;
  const taken = { ...authorized, state: 'capturing', captured: priced.hold } as const;
  const { reference: _basket, claimedUntil: _nobodyKept, ...unnamed } = sale;
  const topUp: OrderView = {
    ...unnamed,
    kind: 'top_up',
    clientCode: '6006',
    line: { id: 'lin_stage', slug: 'demo', name: names[language].line },
    tariff: { ...sale.tariff, fixedPrice: '20.00' },
    hold: money('20', 'EUR'),
  };
  const {
    startedAt: _topUpStart,
    consultant: _topUpConsultant,
    ...topUpReceipt
  } = receiptOf(topUp, 0, { outcome: 'sold' });
  return {
    card: order,
    'card-declined': {
      ...order,
      payment: { ...order.payment, declineReason: 'insufficient_funds' },
    },
    action: { ...order, payment: { ...order.payment, needsAction: true } },
    starting: withCall(order, authorized, { state: 'awaiting_payment' }),
    'ringing-consultant': withCall(order, authorized, { state: 'ringing_consultant' }),
    'ringing-caller': withCall(order, authorized, { state: 'ringing_caller' }),
    connected: withCall(order, authorized, { state: 'connected', connectedAt: ago(725) }),
    'connected-near-limit': withCall(order, authorized, { state: 'connected', connectedAt: ago(1170) }),
    'more-offered': withMore(order, 'offered'),
    'more-asked': withMore(order, 'asked'),
    'more-granted': withMore(order, 'granted'),
    'more-refused': withMore(order, 'refused'),
    ended: withCall(
      order,
      { ...authorized, state: 'capturing' },
      { state: 'ended', outcome: 'talked', connectedAt: ago(800), endedAt: ago(75), talkSeconds: 724.68 },
    ),
    receipt: {
      ...talked,
      returnUrl: 'https://www.cabinet-lumiere.example/merci',
      receipt: receiptOf(order, 724.68),
      neverCall: { state: 'open' },
    },
    'receipt-more-time': {
      ...talked,
      call: { ...talked.call!, talkSeconds: 1500 },
      receipt: receiptOf(order, 1500, {
        authorized: '65.00',
        released: '12.50',
        holds: [
          { authorized: '40.00', captured: '40.00' },
          { authorized: '25.00', captured: '12.50' },
        ],
      }),
    },
    'receipt-never': {
      ...talked,
      receipt: receiptOf(order, 724.68),
      neverCall: { state: 'never', undoUntil: new Date(stageNow.getTime() + 3_300_000) },
    },
    'receipt-limit': {
      ...talked,
      call: { ...talked.call!, outcome: 'limit_reached', talkSeconds: 1200 },
      receipt: receiptOf(order, 1200, { outcome: 'limit_reached' }),
    },
    'receipt-free': {
      ...talked,
      payment: { ...talked.payment, state: 'voided', captured: zero('EUR'), released: order.hold },
      tariff: { ...tariff, freeSeconds: 30 },
      receipt: receiptOf({ ...order, tariff: { ...tariff, freeSeconds: 30 } }, 12.4),
    },
    'nobody-took-it': ended('nobody_took_it'),
    'nobody-took-it-releasing': {
      ...ended('nobody_took_it', { ...authorized, state: 'voiding' }),
      returnUrl: 'https://www.cabinet-lumiere.example/merci',
    },
    'caller-unreachable': ended('caller_unreachable'),
    'caller-refused': { ...ended('caller_refused'), neverCall: { state: 'open' } },
    'caller-refused-never': { ...ended('caller_refused'), neverCall: { state: 'never' } },
    'consultant-left': ended('consultant_left'),
    'caller-left': ended('caller_left'),
    'payment-failed': ended('payment_failed', { state: 'failed', declineReason: 'expired_card' }),
    'payment-card-limit': ended('payment_failed', { ...authorized, state: 'voiding', because: 'card_limit' }),
    'payment-abandoned': ended('payment_abandoned', { state: 'failed' }),
    cancelled: ended('cancelled', { state: 'failed' }),
    failed: ended('failed'),
    'one-price-card': { ...priced, call: callOfPrice },
    'at-connection-card': priced,
    'at-connection-ringing': withCall(priced, authorized, { state: 'ringing_caller', capture }),
    'at-connection-connected': withCall(priced, authorized, {
      state: 'connected',
      connectedAt: ago(1),
      capture,
    }),
    'at-connection-taken': withCall(priced, taken, { state: 'connected', connectedAt: ago(42), capture }),
    'at-connection-ended': withCall(priced, taken, {
      state: 'ended',
      outcome: 'failed',
      connectedAt: ago(42),
      capture,
    }),
    'at-connection-receipt': {
      ...withCall(
        priced,
        { ...taken, state: 'captured' },
        { state: 'settled', outcome: 'talked', connectedAt: ago(60), talkSeconds: 42, capture },
      ),
      receipt: receiptOf(priced, 42),
    },
    'topup-card': topUp,
    'topup-receipt': {
      ...topUp,
      payment: { ...topUp.payment, ...authorized, state: 'captured', captured: topUp.hold },
      receipt: { ...topUpReceipt, clientCode: '6006' },
    },
    'sale-card': sale,
    'sale-paying': { ...sale, payment: { ...sale.payment, ...authorized, state: 'capturing' } },
    'sale-receipt': {
      ...sale,
      payment: { ...sale.payment, ...authorized, state: 'captured', captured: sale.hold },
      receipt: soldReceipt,
    },
    'sale-code': withCode(),
    'sale-code-used': withCode({ uses: 3 }),
    'sale-message': {
      ...paidSale,
      receipt: {
        ...soldReceipt,
        after: {
          end: 'message',
          message:
            'Envoyez-nous votre contrat à relecture@cabinet-lumiere.example.\nNous répondons sous deux jours.',
        },
      },
    },
    'sale-return': {
      ...paidSale,
      returnUrl: 'https://www.cabinet-lumiere.example/merci',
      receipt: { ...soldReceipt, after: { end: 'return' } },
    },
  };
}
