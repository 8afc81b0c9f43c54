// May this be ordered, on what terms? Decides over facts that were read; claims and money come after it.

import { type Destination, destinationOf, legsCost, parsePhone } from './dialling.ts';
import type { E164 } from './ids.ts';
import { amountText, compare, maximum, minus, money, type Money } from './money.ts';
import type { PriceTerms } from './prompt.ts';
import { isOnePrice, longestTalkSeconds, priceOfSeconds } from './rating.ts';
import { mayBeCalled, type SipAddress, type SipDomain } from './sip-address.ts';
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
  | 'declined'
  // Abuse, counted (core/abuse-limits)
  | 'number_too_often'
  | 'card_too_often'
  | 'cards_tried_too_often'
  | 'address_too_often'
  | 'address_unpaid'
  | 'merchant_too_often'
  | 'merchant_busy'
  // Wishes that stand above every order
  | 'number_never_again'
  | 'calls_stopped'
  // Of a top-up: no such account, a closed one, one in another currency, or too many codes tried; nobody learns which
  | 'client_unknown'
  | 'amount_not_offered';

/** What an order is for; only the calls among them have a session. */
export type OrderKind = 'conversation' | 'fixed_sale' | 'known_call' | 'top_up';

/** Bought without a call, and captured at once. */
export function isSale(kind: OrderKind): boolean {
  return kind === 'fixed_sale' || kind === 'top_up';
}

export interface OrderRefusal {
  because: OrderRefusalReason;
  /** Of a number: why; of a decline: the processor's reason. A word, never what the caller typed. */
  detail?: string;
  /** Of a limit: when the same may be asked again. */
  retryAfterSeconds?: number;
}

export interface OrderFacts {
  line: {
    sells: 'conversation' | 'fixed_sale';
    active: boolean;
    merchantActive: boolean;
    country: string;
    callerId: string | null;
    durationChoices: readonly number[];
    /** What its top-up page offers; none: it has no such page. */
    topUpChoices: readonly string[];
    plan: TariffPlan;
    tariffVersion: number;
    pageOrigins: readonly string[];
    /** What the line sells near the limit; `seconds` null: as long each time as was chosen. Absent or nought times: nothing. */
    moreTime?: LineMoreTime;
    /** Absent: at the end. */
    capture?: Capture;
    /** `atWork`: worth waiting for, though somebody may have him now (core/consultant). */
    consultants: readonly {
      id: string;
      sip?: SipAddress | null;
      numbers: readonly string[];
      atWork: boolean;
    }[];
  };
  destinations: readonly Destination[];
  minimumCharge: Money;
  /** Only these are rung when given: a sandbox with a real switch. */
  onlyNumbers?: ReadonlySet<E164>;
  /** SIP addresses are called in these alone. */
  sipDomains: ReadonlySet<SipDomain>;
  now: Date;
}

export interface OrderWish {
  callerNumber?: string;
  country?: string;
  consultantId?: string;
  chosenSeconds?: number;
  shownTariffVersion?: number;
  /** He is on the telephone with us: his leg is there, whatever number he calls from, and nobody rings it. */
  isCalling?: boolean;
  returnUrl?: string;
  /** He agrees that more time may be offered, and held for when he asks for it. */
  moreTime?: boolean;
  /** Credit of this amount for an account, whatever else the line sells. */
  topUp?: { amount: Money };
}

/** When the price of a talk is taken: when they have talked, or as soon as both are joined. */
export const captures = ['at_end', 'at_connection'] as const;
export type Capture = (typeof captures)[number];

/**
 * As the line says, where the tariff allows it: what grows with the talk can only be known at its end. An order is made by this, and
 * whoever shows a price before there is one asks the same.
 */
export function captureOf(line: { capture?: Capture }, tariff: Tariff): Capture {
  return line.capture === 'at_connection' && isOnePrice(tariff) ? 'at_connection' : 'at_end';
}

export interface LineMoreTime {
  times: number;
  seconds: number | null;
}

/** What is agreed to at the start: at most so many times so many seconds more, each of which holds `hold` at most. */
export interface MoreTimeTerms {
  seconds: number;
  times: number;
  hold: Money;
}

export type OrderTerms =
  | { sells: 'fixed_sale' | 'top_up'; tariff: Tariff; hold: Money }
  | {
      sells: 'conversation';
      tariff: Tariff;
      hold: Money;
      chosenSeconds: number;
      talkLimitSeconds: number;
      /** Absent: he calls us, and withholds it. */
      callerNumber?: E164;
      callerId: E164;
      /** Who may be rung, in order. */
      candidates: readonly string[];
      price: PriceTerms;
      /** Never at connection where more time is offered: what is taken is taken once, of one hold. */
      capture: Capture;
      moreTime?: MoreTimeTerms;
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
  if (wish.topUp) return decideTopUp(facts, wish.topUp.amount, tariff);
  if (line.sells === 'fixed_sale') {
    const hold = priceOfSeconds(tariff, 0);
    if (compare(hold, facts.minimumCharge) < 0) return refused('line_off', 'price_below_minimum');
    return { outcome: 'terms', terms: { sells: 'fixed_sale', tariff, hold } };
  }
  return decideConversation(facts, wish, tariff);
}

type Caller =
  | { outcome: 'caller'; number?: E164; leg: Destination | 'free' }
  | { outcome: 'refused'; refusal: OrderRefusal };

function whoIsRung({ line, destinations, onlyNumbers }: OrderFacts, wish: OrderWish): Caller {
  const phone = parsePhone(wish.callerNumber ?? '', wish.country ?? line.country);
  if (phone.outcome === 'invalid') return refused('number_invalid', phone.reason);
  const found = destinationOf(phone.number, destinations);
  if (found.outcome === 'refused') return refused('number_refused', found.reason);
  if (onlyNumbers && !onlyNumbers.has(phone.number)) return refused('number_refused', 'not_listed');
  return { outcome: 'caller', number: phone.number, leg: found.destination };
}

/** His carrier pays for his leg, and says its number, or does not. */
function whoCalls({ callerNumber }: OrderWish): Caller {
  return {
    outcome: 'caller',
    leg: 'free',
    ...(callerNumber !== undefined && { number: callerNumber as E164 }),
  };
}

/** Credit for calls is taxed as the calls it is for, when it is bought: what it buys, and its rate, are known by then. */
function decideTopUp({ line, minimumCharge }: OrderFacts, amount: Money, talk: Tariff): OrderDecision {
  const { currency, vatRate } = talk;
  const offered = amount.currency === currency && line.topUpChoices.some((one) => amount.amount.eq(one));
  if (!offered) return refused('amount_not_offered');
  const tariff: Tariff = {
    currency,
    fixedPrice: amountText(amount),
    includedSeconds: 0,
    bands: [],
    increment: { first: 1, next: 1 },
    freeSeconds: 0,
    vatRate,
  };
  const hold = money(tariff.fixedPrice, currency);
  if (compare(hold, minimumCharge) < 0) return refused('line_off', 'price_below_minimum');
  return { outcome: 'terms', terms: { sells: 'top_up', tariff, hold } };
}

function decideConversation(facts: OrderFacts, wish: OrderWish, tariff: Tariff): OrderDecision {
  const { line, destinations } = facts;
  if (line.callerId === null) return refused('line_off', 'no_verified_number');

  const caller = wish.isCalling === true ? whoCalls(wish) : whoIsRung(facts, wish);
  if (caller.outcome === 'refused') return caller;
  const { number: callerNumber } = caller;
  if (callerNumber !== undefined && line.consultants.some((one) => one.numbers.includes(callerNumber)))
    return refused('number_is_consultant');

  const chosenSeconds = wish.chosenSeconds ?? line.durationChoices[0];
  if (chosenSeconds === undefined || !line.durationChoices.includes(chosenSeconds)) {
    return refused('duration_not_offered');
  }

  const chosen = line.consultants.find((one) => one.id === wish.consultantId);
  if (wish.consultantId !== undefined && !chosen) return refused('consultant_unknown');
  if (chosen && !chosen.atWork) return refused('consultant_busy');
  const sipOf = ({ sip }: { sip?: SipAddress | null }) =>
    sip && mayBeCalled(sip, facts.sipDomains) ? sip : undefined;
  const candidates = (chosen ? [chosen] : line.consultants).filter(
    // The operator may have taken a domain off his list since: whoever is reached nowhere else is not there.
    (one) => one.atWork && (one.numbers.length > 0 || sipOf(one) !== undefined),
  );
  if (candidates.length === 0) return refused('nobody_free');

  // What is held covers the time chosen; a hold below the processor's smallest charge could never be taken.
  const hold = maximum(holdFor(tariff, chosenSeconds), facts.minimumCharge);
  const limit = talkLimit({ tariff, chosenSeconds, authorized: hold });
  if (limit.outcome === 'not_affordable') return refused('line_off', 'not_affordable');

  const consultants: (Destination | 'free')[] = candidates.some(sipOf) ? ['free'] : [];
  for (const number of candidates.flatMap((one) => one.numbers)) {
    const consultant = destinationOf(number as E164, destinations);
    if (consultant.outcome === 'refused') return refused('line_off', 'consultant_number');
    consultants.push(consultant.destination);
  }
  const coversLegs = (seconds: number): boolean =>
    consultants.every((consultant) => {
      const legs = { caller: caller.leg, consultant, seconds, currency: tariff.currency };
      const cost = legsCost(legs);
      return !cost || compare(cost, priceOfSeconds(tariff, seconds)) <= 0;
    });
  if (!coversLegs(limit.seconds)) return refused('legs_cost_more');
  const capture = captureOf(line, tariff);
  const more =
    wish.moreTime === true && line.moreTime && capture === 'at_end' && limit.seconds === chosenSeconds
      ? moreTimeTerms(tariff, chosenSeconds, line.moreTime, facts.minimumCharge, coversLegs)
      : undefined;

  return {
    outcome: 'terms',
    terms: {
      sells: 'conversation',
      tariff,
      hold,
      chosenSeconds,
      talkLimitSeconds: limit.seconds,
      ...(callerNumber !== undefined && { callerNumber }),
      callerId: line.callerId as E164,
      candidates: candidates.map((one) => one.id),
      price: priceTerms(tariff),
      capture,
      ...(more && { moreTime: more }),
    },
  };
}

/**
 * What may be agreed to beyond the time chosen: as many times as the line sells, the tariff's ceiling allows and the price
 * covers the legs for; nothing where that is not once. The hold is that of the dearest of them: later minutes may be in
 * another band.
 */
export function moreTimeTerms(
  tariff: Tariff,
  chosenSeconds: number,
  line: LineMoreTime,
  minimumCharge: Money,
  coversLegs: (seconds: number) => boolean = () => true,
): MoreTimeTerms | undefined {
  const seconds = line.seconds ?? chosenSeconds;
  const longest = Math.min(tariff.maximumSeconds ?? Infinity, longestTalkSeconds);
  let hold: Money | undefined;
  let times = 0;
  for (let until = chosenSeconds + seconds; times < line.times && until <= longest; until += seconds) {
    if (!coversLegs(until)) break;
    const adds = minus(holdFor(tariff, until), holdFor(tariff, until - seconds));
    hold = maximum(hold ?? adds, adds);
    times += 1;
  }
  // Nothing smaller than this can be taken, so nothing smaller is held.
  return hold && { seconds, times, hold: maximum(hold, minimumCharge) };
}

/**
 * The price as it is said on the phone: fixed part with its minutes, then the first price per minute that follows. What costs the
 * same however long it is has no price per minute, whatever it is made up of.
 */
export function priceTerms(tariff: Tariff): PriceTerms {
  const { currency } = tariff;
  const includedMinutes = Math.floor(tariff.includedSeconds / 60);
  if (isOnePrice(tariff)) {
    return { currency, fixedPrice: amountText(priceOfSeconds(tariff, 0)), includedMinutes };
  }
  const after =
    tariff.bands.filter((band) => band.fromSecond <= tariff.includedSeconds).at(-1) ?? tariff.bands[0];
  return {
    currency,
    fixedPrice: tariff.fixedPrice,
    includedMinutes,
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

function refused(
  because: OrderRefusalReason,
  detail?: string,
): { outcome: 'refused'; refusal: OrderRefusal } {
  return { outcome: 'refused', refusal: { because, ...(detail !== undefined && { detail }) } };
}
