// May this be ordered, on what terms? Decides over facts that were read; claims and money come after it.

import { type Destination, destinationOf, legsCost, parsePhone } from './dialling.ts';
import type { E164 } from './ids.ts';
import { compare, maximum, type Money } from './money.ts';
import type { PriceTerms } from './prompt.ts';
import { priceOfSeconds } from './rating.ts';
import { holdFor, talkLimit } from './talk-limit.ts';
import { type Tariff, tariffAt, type TariffPlan } from './tariff.ts';

export type OrderRefusalReason =
  | 'line_unknown'
  | 'merchant_off'
  | 'line_off'
  | 'nobody_free'
  | 'consultant_busy'
  | 'consultant_unknown'
  | 'number_invalid'
  | 'number_refused'
  | 'number_is_consultant'
  | 'duration_not_offered'
  | 'legs_cost_more'
  | 'price_changed'
  | 'return_not_listed'
  | 'switch_away'
  | 'processor_away'
  | 'processor_refused'
  | 'declined';

export interface OrderRefusal {
  because: OrderRefusalReason;
  /** Of a number: why; of a decline: the processor's reason. A word, never what the caller typed. */
  detail?: string;
}

export interface OrderFacts {
  line: {
    sells: 'conversation' | 'fixed_sale';
    active: boolean;
    merchantActive: boolean;
    country: string;
    callerId: string | null;
    durationChoices: readonly number[];
    plan: TariffPlan;
    tariffVersion: number;
    pageOrigins: readonly string[];
    consultants: readonly { id: string; number: string; setting: 'available' | 'break' | 'away' }[];
  };
  destinations: readonly Destination[];
  minimumCharge: Money;
  /** Only these are rung when given: a sandbox with a real switch. */
  onlyNumbers?: ReadonlySet<E164>;
  now: Date;
}

export interface OrderWish {
  callerNumber?: string;
  country?: string;
  consultantId?: string;
  chosenSeconds?: number;
  shownTariffVersion?: number;
  returnUrl?: string;
}

export type OrderTerms =
  | { sells: 'fixed_sale'; tariff: Tariff; hold: Money }
  | {
      sells: 'conversation';
      tariff: Tariff;
      hold: Money;
      chosenSeconds: number;
      talkLimitSeconds: number;
      callerNumber: E164;
      callerId: E164;
      /** Who may be rung, in order. */
      candidates: readonly string[];
      price: PriceTerms;
    };

export type OrderDecision =
  { outcome: 'terms'; terms: OrderTerms } | { outcome: 'refused'; refusal: OrderRefusal };

export function decideOrder(facts: OrderFacts, wish: OrderWish): OrderDecision {
  const { line, now } = facts;
  if (!line.merchantActive) return refused('merchant_off');
  if (!line.active) return refused('line_off');
  if (wish.shownTariffVersion !== undefined && wish.shownTariffVersion !== line.tariffVersion) {
    return refused('price_changed');
  }
  if (wish.returnUrl !== undefined && !returnIsListed(wish.returnUrl, line.pageOrigins)) {
    return refused('return_not_listed');
  }
  const tariff = tariffAt(line.plan, now);
  if (line.sells === 'fixed_sale') {
    const hold = priceOfSeconds(tariff, 0);
    if (compare(hold, facts.minimumCharge) < 0) return refused('line_off', 'price_below_minimum');
    return { outcome: 'terms', terms: { sells: 'fixed_sale', tariff, hold } };
  }
  return decideConversation(facts, wish, tariff);
}

function decideConversation(facts: OrderFacts, wish: OrderWish, tariff: Tariff): OrderDecision {
  const { line, destinations } = facts;
  if (line.callerId === null) return refused('line_off', 'no_verified_number');

  const phone = parsePhone(wish.callerNumber ?? '', wish.country ?? line.country);
  if (phone.outcome === 'invalid') return refused('number_invalid', phone.reason);
  const caller = destinationOf(phone.number, destinations);
  if (caller.outcome === 'refused') return refused('number_refused', caller.reason);
  if (facts.onlyNumbers && !facts.onlyNumbers.has(phone.number))
    return refused('number_refused', 'not_listed');
  if (line.consultants.some((one) => one.number === phone.number)) return refused('number_is_consultant');

  const chosenSeconds = wish.chosenSeconds ?? line.durationChoices[0];
  if (chosenSeconds === undefined || !line.durationChoices.includes(chosenSeconds)) {
    return refused('duration_not_offered');
  }

  const chosen = line.consultants.find((one) => one.id === wish.consultantId);
  if (wish.consultantId !== undefined && !chosen) return refused('consultant_unknown');
  if (chosen && chosen.setting !== 'available') return refused('consultant_busy');
  const candidates = (chosen ? [chosen] : line.consultants).filter((one) => one.setting === 'available');
  if (candidates.length === 0) return refused('nobody_free');

  // What is held covers the time chosen; a hold below the processor's smallest charge could never be taken.
  const hold = maximum(holdFor(tariff, chosenSeconds), facts.minimumCharge);
  const limit = talkLimit({ tariff, chosenSeconds, authorized: hold });
  if (limit.outcome === 'not_affordable') return refused('line_off', 'not_affordable');

  const price = priceOfSeconds(tariff, limit.seconds);
  for (const { number } of candidates) {
    const consultant = destinationOf(number as E164, destinations);
    if (consultant.outcome === 'refused') return refused('line_off', 'consultant_number');
    const cost = legsCost({
      caller: caller.destination,
      consultant: consultant.destination,
      seconds: limit.seconds,
      currency: tariff.currency,
    });
    if (cost && compare(cost, price) > 0) return refused('legs_cost_more');
  }

  return {
    outcome: 'terms',
    terms: {
      sells: 'conversation',
      tariff,
      hold,
      chosenSeconds,
      talkLimitSeconds: limit.seconds,
      callerNumber: phone.number,
      callerId: line.callerId as E164,
      candidates: candidates.map((one) => one.id),
      price: priceTerms(tariff),
    },
  };
}

/** The price as it is said on the phone: fixed part with its minutes, then the first price per minute that follows. */
export function priceTerms(tariff: Tariff): PriceTerms {
  const after =
    tariff.bands.filter((band) => band.fromSecond <= tariff.includedSeconds).at(-1) ?? tariff.bands[0];
  return {
    currency: tariff.currency,
    fixedPrice: tariff.fixedPrice,
    includedMinutes: Math.floor(tariff.includedSeconds / 60),
    ...(after && { pricePerMinute: after.pricePerMinute }),
  };
}

/** May a caller be sent there afterwards? Only to a site the merchant listed, by its whole origin. */
export function returnIsListed(address: string, pageOrigins: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, origin, username, password } = new URL(address);
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  // `https://shop.example@evil.example/` shows one name and leads to another.
  if (username !== '' || password !== '') return false;
  return pageOrigins.includes(origin);
}

function refused(because: OrderRefusalReason, detail?: string): OrderDecision {
  return { outcome: 'refused', refusal: { because, ...(detail !== undefined && { detail }) } };
}
