// What a merchant sets of a line himself, and what of it can never work. The shape of each field is checked where it comes
// in (web/line-shapes); here is what only shows beside the rest of the house: whose consultants, which other line, which
// currency.

import type { Language } from './ids.ts';
import { compare, currencyDecimals, exact, type Money, money, showMoney } from './money.ts';
import { type Capture, returnIsListed } from './order.ts';
import { isOnePrice, priceOfSeconds } from './rating.ts';
import type { Schedule } from './schedule.ts';
import type { Tariff, TariffPlan } from './tariff.ts';

export const ringPatterns = ['in_turn', 'all_at_once', 'cumulative'] as const;

/** As the table checks them too: shorter nobody reaches his telephone, longer no caller waits. */
export const ringBounds = { ringSeconds: [5, 120], stepSeconds: [1, 60] } as const;

/**
 * What a sale without a call ends in, once it is paid: nothing but its receipt; an access code; words; or the way back to the
 * merchant, to the order's own `return` or else to this address. A line that sells calls has its receipts alone.
 */
export type AfterSale =
  | { end: 'receipt' }
  /** By its name in links. */
  | { end: 'code'; resource: string }
  | { end: 'message'; message: Record<Language, string> }
  | { end: 'return'; address: string | null };

export interface LineSettings {
  active: boolean;
  names: Record<Language, string>;
  ringing: {
    pattern: (typeof ringPatterns)[number];
    /** How long each telephone rings. */
    ringSeconds: number;
    /** Cumulative: after this long the next one rings beside those before. */
    stepSeconds: number;
  };
  /** Their ids, in the order they are rung. */
  consultants: readonly string[];
  /** Whose members are rung instead, in its own way; null: the consultants are. */
  group: string | null;
  /** A caller who is put through to one consultant hears first how he has introduced himself. */
  introduces: boolean;
  hours: Schedule;
  /** Slugs: whose consultants are rung outside the hours, and whose when nobody has taken the call. */
  outsideLine: string | null;
  overflowLine: string | null;
  /** What its top-up page offers, in the line's currency and the order they are shown. */
  topUpAmounts: readonly string[];
  afterSale: AfterSale;
  /** The slug of the scenario a caller goes on in who is still there when his paid talk is over; null: he hears goodbye. */
  afterTalk: string | null;
  /** The slug of the scenario that is its call from the caller's key 1 on; null: consultants are rung as `ringing` says. */
  afterPayment: string | null;
  /** When the price of a talk is taken (core/order: captureOf). */
  capture: Capture;
}

/** What is left out stays as it is. */
export type LineChange = Partial<Omit<LineSettings, 'ringing'>> & {
  ringing?: Partial<LineSettings['ringing']>;
};

/** `field`: as a JSON Pointer has it, without the slash before it: `consultants/1`. */
export interface WrongField {
  field: string;
  sentence: string;
}

export interface LineSurroundings {
  slug: string;
  sells: 'conversation' | 'fixed_sale';
  currency: string;
  /** Its prices; absent: it has none yet. */
  plan?: TariffPlan;
  /** Of the merchant: every consultant's and group's id, and every line by its slug. */
  consultants: ReadonlySet<string>;
  groups: ReadonlySet<string>;
  lines: ReadonlyMap<string, 'conversation' | 'fixed_sale'>;
  /** His scenarios by their slugs: whether a version is live. */
  scenarios: ReadonlyMap<string, { live: boolean }>;
  /** What his access codes open, by name in links. */
  resources: ReadonlyMap<string, unknown>;
  /** The sites he listed, by their origins. */
  pageOrigins: readonly string[];
  /** The processor's, in the line's currency. */
  minimumCharge: Money;
}

/** Of eight digits at most, in the currency's smallest coin (Stripe, `amount`): what is more can never be charged. */
const minorUnitsMax = 99_999_999;

/** Everything of a change that cannot work, each with its field; nothing: it may be written. */
export function wrongOfLine(change: LineChange, around: LineSurroundings): WrongField[] {
  return [
    ...wrongWithoutCalls(change, around),
    ...wrongConsultants(change.consultants ?? [], around),
    ...wrongGroup(change, around),
    ...wrongNeighbour('outsideLine', change.outsideLine, around),
    ...wrongNeighbour('overflowLine', change.overflowLine, around),
    ...wrongAmounts(change.topUpAmounts ?? [], around),
    ...wrongAfterSale(change.afterSale, around),
    ...scenarioProblem('afterTalk', change.afterTalk ?? null, around.scenarios),
    ...scenarioProblem('afterPayment', change.afterPayment ?? null, around.scenarios),
    ...wrongCapture(change.capture, around),
  ];
}

function wrongAfterSale(
  after: AfterSale | undefined,
  { sells, resources, pageOrigins }: LineSurroundings,
): WrongField[] {
  if (after === undefined || after.end === 'receipt') return [];
  if (sells === 'conversation') {
    return [{ field: 'afterSale', sentence: 'This line sells calls: each ends in its receipt.' }];
  }
  if (after.end === 'code' && !resources.has(after.resource)) {
    return [{ field: 'afterSale/resource', sentence: 'None of your access resources has this name.' }];
  }
  if (after.end === 'return' && after.address !== null && !returnIsListed(after.address, pageOrigins)) {
    return [{ field: 'afterSale/address', sentence: 'Must be on one of the sites listed for your account.' }];
  }
  return [];
}

/** Nothing where calls can be led into this scenario. */
export function scenarioProblem(
  field: string,
  wanted: string | null,
  scenarios: LineSurroundings['scenarios'],
): WrongField[] {
  const found = wanted === null ? undefined : scenarios.get(wanted);
  if (wanted === null || found?.live) return [];
  const sentence = found
    ? 'No version of this scenario was published yet: POST /v1/scenarios/{slug}/versions.'
    : 'None of your scenarios has this name.';
  return [{ field, sentence }];
}

/**
 * What is taken before anybody knows how long they talk must be certain at every hour. A tariff that comes later is not asked about
 * here: captureOf leaves what is not certain under it to the end.
 */
function wrongCapture(
  capture: LineSettings['capture'] | undefined,
  { sells, plan, minimumCharge }: LineSurroundings,
): WrongField[] {
  const wrong = (sentence: string): WrongField[] => [{ field: 'capture', sentence }];
  if (capture !== 'at_connection') return [];
  if (sells !== 'conversation') {
    return wrong(
      'This line sells something without a call: it is charged as soon as it is paid. Leave "at_end".',
    );
  }
  if (!plan) return wrong('This line has no price yet.');
  const prices: [string, Tariff][] = [
    ['Under the standard tariff of this line', plan.standard],
    ...plan.windows.map(({ from, until, tariff }): [string, Tariff] => [
      `In the line’s window of time from ${from} to ${until}`,
      tariff,
    ]),
  ];
  for (const [where, tariff] of prices) {
    if (!isOnePrice(tariff)) {
      return wrong(
        `${where} what a talk costs depends on its length, or is nothing: it is known when it is over. Leave "at_end", or have the line given one price for every talk first.`,
      );
    }
    if (compare(priceOfSeconds(tariff, 0), minimumCharge) < 0) {
      return wrong(
        `${where} a talk costs less than a card can be charged, ${showMoney(minimumCharge, 'en')}. Leave "at_end".`,
      );
    }
  }
  return [];
}

const ofCalls = [
  'ringing',
  'consultants',
  'group',
  'hours',
  'outsideLine',
  'overflowLine',
  'afterTalk',
  'afterPayment',
] as const;

function wrongWithoutCalls(change: LineChange, { sells }: LineSurroundings): WrongField[] {
  if (sells === 'conversation') return [];
  return ofCalls
    .filter((field) => change[field] !== undefined && !(field.startsWith('after') && change[field] === null))
    .map((field) => ({ field, sentence: 'This line sells something without a call: nobody is rung there.' }));
}

function wrongConsultants(wanted: readonly string[], { consultants }: LineSurroundings): WrongField[] {
  return wanted.flatMap((id, place) => {
    const field = `consultants/${String(place)}`;
    if (!consultants.has(id)) return [{ field, sentence: 'None of your consultants has this id.' }];
    return wanted.indexOf(id) < place ? [{ field, sentence: 'Stands here twice: he is rung once.' }] : [];
  });
}

function wrongGroup({ group, consultants }: LineChange, { groups }: LineSurroundings): WrongField[] {
  if (group === null || group === undefined) return [];
  if (!groups.has(group)) return [{ field: 'group', sentence: 'None of your groups has this id.' }];
  if (consultants === undefined) return [];
  return [
    { field: 'group', sentence: 'A line is served by its consultants or by a group: send one of them.' },
  ];
}

/**
 * A line that sends callers to itself sends them nowhere. Two lines that are each other's overflow are no circle: a call goes
 * on once, to the other's consultants, and then ends.
 */
function wrongNeighbour(
  field: 'outsideLine' | 'overflowLine',
  wanted: string | null | undefined,
  { slug, lines }: LineSurroundings,
): WrongField[] {
  if (wanted === null || wanted === undefined) return [];
  if (wanted === slug) {
    return [{ field, sentence: 'A line cannot send its callers to itself: name another, or null.' }];
  }
  return neighbourProblem(field, wanted, lines);
}

/** Nothing where callers can be led to this line. */
export function neighbourProblem(
  field: string,
  wanted: string,
  lines: LineSurroundings['lines'],
): WrongField[] {
  const sells = lines.get(wanted);
  if (sells === undefined) return [{ field, sentence: 'You have no line of this name.' }];
  if (sells === 'conversation') return [];
  return [{ field, sentence: 'That line sells something without a call: nobody is rung there.' }];
}

function wrongAmounts(
  wanted: readonly string[],
  { currency, minimumCharge }: LineSurroundings,
): WrongField[] {
  const decimals = currencyDecimals(currency);
  const most = money(exact(minorUnitsMax).dividedBy(exact(10).pow(decimals)), currency);
  return wanted.flatMap((text, place) => {
    const field = `topUpAmounts/${String(place)}`;
    const amount = money(text, currency);
    if (amount.amount.decimalPlaces() > decimals) {
      return [{ field, sentence: `Must not have more than ${String(decimals)} decimals in ${currency}.` }];
    }
    if (compare(amount, minimumCharge) < 0) {
      const least = showMoney(minimumCharge, 'en');
      return [{ field, sentence: `No card can be charged less than ${least}.` }];
    }
    if (compare(amount, most) > 0) {
      return [{ field, sentence: `No card can be charged more than ${showMoney(most, 'en')}.` }];
    }
    const isRepeated = wanted.slice(0, place).some((one) => exact(one).equals(amount.amount));
    return isRepeated ? [{ field, sentence: 'Stands here twice.' }] : [];
  });
}
