// What the first page shows: who is free, what it costs, how long, which phone, what would be held. Here: from a LinePage
// and a link's parameters to words and form values. Not here: routes and markup.

import { createHash } from 'node:crypto';
import examples from 'libphonenumber-js/mobile/examples';
import { getCountries, getCountryCallingCode, getExampleNumber } from 'libphonenumber-js/max';
import type { Reachable, UnreachableBecause } from '../core/consultant.ts';
import { destinationOf, parsePhone, type Destination } from '../core/dialling.ts';
import type { Language } from '../core/ids.ts';
import { showMoney, zero } from '../core/money.ts';
import { captureOf, moreTimeTerms } from '../core/order.ts';
import type { LinePage } from '../store/order-view.ts';
import type { LinkParameters } from './embed.ts';
import { chargingOf, durations, holdWords, moreTimeWords, priceWords, type PriceWords } from './offer.ts';
import { showDay, showDuration, showPhone, showTime, showWeekday, text, typeset } from './texts.ts';

export interface ChoosePage {
  name: string;
  description: string;
  sells: 'conversation' | 'fixed_sale';
  price: PriceWords;
  /** Changes whenever the price does, windows of the day included: an order is made at the price that was seen. */
  priceMark: string;
  anybodyFree: boolean;
  consultants: ShownConsultant[];
  /** Consultant id, or '' for whoever is free first. */
  selected: string;
  chosenName: string;
  howLongHelp: string;
  /** Above the amount: held, and when it is charged. */
  holdLabel: string;
  durations: ShownDuration[];
  /** Absent where no talk is sold. */
  chosen?: ShownDuration;
  countries: ShownCountry[];
  phone: string;
  /** What a signed link has decided for the visitor. */
  fixed: { consultant: boolean; minutes: boolean; phone: boolean };
  freeTitle: string;
  /** Why nothing can be ordered now; empty when it can. */
  noCalls: string;
}

export interface ShownConsultant {
  id: string;
  name: string;
  initial: string;
  /** Its address on this host. */
  photo?: string;
  introduction?: string;
  reachable: boolean;
  state: 'free' | 'busy' | 'break' | 'away';
  status: string;
}

interface ShownDuration {
  seconds: number;
  duration: string;
  hold: string;
  atMost: string;
  help: string;
  /** What may be asked for beyond it; empty where the line sells none. */
  more: string;
  selected: boolean;
}

interface ShownCountry {
  code: string;
  name: string;
  callingCode: string;
  selected: boolean;
}

export interface ChooseSettings {
  language: Language;
  parameters: LinkParameters;
  signed: boolean;
  destinations: readonly Destination[];
}

export function choosePage(page: LinePage, settings: ChooseSettings): ChoosePage {
  const { language, parameters, signed, destinations } = settings;
  const { line, tariff } = page;
  const consultants = shownConsultants(page, language, signed ? parameters.consultant : undefined);
  const preferred = consultants.find((one) => one.id === parameters.consultant && one.reachable);
  const free = consultants.filter((one) => one.reachable);
  const isFixed = signed && parameters.consultant !== undefined;
  // With one consultant "whoever is free" would be the same person under another name.
  const selected = isFixed || consultants.length === 1 ? (consultants[0]?.id ?? '') : (preferred?.id ?? '');
  const lengths = shownDurations(page, language, minutesOf(parameters.minutes));
  const phone = shownPhone(parameters.phone, page.merchant.country);
  return {
    name: line.name,
    description: typeset(language, line.description),
    sells: line.sells,
    price: priceWords(tariff, line.sells, language),
    priceMark: priceMark(page),
    anybodyFree: line.sells === 'fixed_sale' || free.length > 0,
    consultants,
    selected,
    chosenName: consultants.find((one) => one.id === selected)?.name ?? text(language, 'choose.anybody'),
    ...talkWords(page, language),
    durations: lengths,
    ...chosenOf(lengths),
    countries: callableCountries(destinations, language, phone.country),
    phone: phone.typed,
    fixed: {
      consultant: isFixed,
      minutes: signed && parameters.minutes !== undefined,
      phone: signed && parameters.phone !== undefined,
    },
    freeTitle: text(language, 'nobody.freeNowTitle', { line: line.name }),
    noCalls: noCallsWords(page, language),
  };
}

function noCallsWords({ noCalls }: LinePage, language: Language): string {
  if (noCalls === undefined) return '';
  return text(language, noCalls === 'stopped' ? 'refused.calls_stopped' : 'choose.switchAway');
}

/** When it is taken is part of a price. */
export function priceMark({ line, tariff }: Pick<LinePage, 'line' | 'tariff'>): string {
  const seen = [tariff, captureOf(line, tariff)];
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 24);
}

/** What is said of how long one talks and of what is held, whatever one chooses. */
function talkWords(
  { line, tariff }: LinePage,
  language: Language,
): Pick<ChoosePage, 'howLongHelp' | 'holdLabel'> {
  const charging = chargingOf(tariff, captureOf(line, tariff));
  return {
    howLongHelp: text(
      language,
      charging === 'by_talk' ? 'choose.howLongHelp' : 'choose.howLongHelp.onePrice',
    ),
    holdLabel: holdWords(charging, '', false, language).label,
  };
}

/** Whole minutes from a link; anything else is as if nothing had been asked for. */
export function minutesOf(minutes: string | undefined): number | undefined {
  return minutes !== undefined && /^[1-9]\d{0,3}$/.test(minutes) ? Number(minutes) : undefined;
}

/** A caller need not know why somebody is not there, only whether waiting helps. */
const shownAs = {
  away: 'away',
  break: 'break',
  paused: 'away',
  off_hours: 'away',
  busy: 'busy',
  wrap_up: 'busy',
} as const satisfies Record<UnreachableBecause, ShownConsultant['state']>;

function shownConsultants(page: LinePage, language: Language, only: string | undefined): ShownConsultant[] {
  return page.consultants
    .filter((one) => only === undefined || one.id === only)
    .map((one) => {
      const state = one.state.reachable ? 'free' : shownAs[one.state.because];
      return {
        id: one.id,
        name: one.name,
        initial: initialOf(one.name),
        ...(one.photoToken !== undefined && { photo: `/photos/${one.photoToken}` }),
        ...(one.introduction !== undefined && { introduction: typeset(language, one.introduction) }),
        reachable: one.state.reachable,
        state,
        status: backAgain(page, one.state, language) ?? text(language, `choose.status.${state}`),
      };
    });
}

/** When he is back, where he has said so or his hours do: worth more to a caller than where he is. */
function backAgain({ merchant, now }: LinePage, state: Reachable, language: Language): string | undefined {
  if (state.reachable || state.until === undefined || !comesBack.has(state.because)) return undefined;
  const { until } = state;
  const time = showTime(until, merchant.timeZone, language);
  const days = daysBetween(now, until, merchant.timeZone);
  if (days === 0) return text(language, 'choose.backAt', { time });
  return days < 7
    ? text(language, 'choose.backOn', { time, day: showWeekday(until, merchant.timeZone, language) })
    : text(language, 'choose.backLater', { day: showDay(until, merchant.timeZone, language) });
}

/** A call ends when it ends, and a claim lapses only where nobody pays. */
const comesBack: ReadonlySet<UnreachableBecause> = new Set(['away', 'break', 'off_hours']);

/** By the calendar: tomorrow is one, however few hours it is away. */
function daysBetween(from: Date, to: Date, timeZone: string): number {
  const dayOf = (at: Date): number => Date.parse(at.toLocaleDateString('sv', { timeZone }));
  return Math.round((dayOf(to) - dayOf(from)) / 86_400_000);
}

/** The first letter as people count letters, accents and all. */
function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first?.segment.toUpperCase() ?? '';
}

function shownDurations(page: LinePage, language: Language, minutes: number | undefined): ShownDuration[] {
  const offered = durations(page.line.durationChoices, page.tariff);
  const wanted =
    offered.find((one) => one.seconds === (minutes ?? 0) * 60) ?? offered.find((one) => one.usual);
  const charging = chargingOf(page.tariff, captureOf(page.line, page.tariff));
  return offered.map(({ seconds, hold }) => {
    const duration = showDuration(seconds, language);
    const shown = showMoney(hold, language);
    return {
      seconds,
      duration,
      hold: shown,
      atMost: charging === 'by_talk' ? text(language, 'choose.atMost', { price: shown }) : shown,
      help: holdWords(charging, duration, false, language).help,
      more: moreOf(page, seconds, language),
      selected: seconds === wanted?.seconds,
    };
  });
}

/** The processor's smallest charge is not known here: the order's own page says what one more really holds. */
function moreOf({ line, tariff }: LinePage, seconds: number, language: Language): string {
  if (captureOf(line, tariff) === 'at_connection') return '';
  const terms = line.moreTime && moreTimeTerms(tariff, seconds, line.moreTime, zero(tariff.currency));
  return terms ? moreTimeWords(terms, language) : '';
}

function chosenOf(lengths: readonly ShownDuration[]): { chosen?: ShownDuration } {
  const chosen = lengths.find((one) => one.selected);
  return chosen ? { chosen } : {};
}

/** A number that came with the link stands in the form as its owner would write it, with its country chosen. */
function shownPhone(typed: string | undefined, country: string): { typed: string; country: string } {
  if (typed === undefined) return { typed: '', country };
  const parsed = parsePhone(typed, country);
  if (parsed.outcome !== 'number') return { typed, country };
  return { typed: showPhone(parsed.number).replaceAll('\u00a0', ' '), country: parsed.country };
}

/** The countries whose ordinary mobile numbers we ring, by name: nobody chooses a country only to be refused. */
function callableCountries(
  destinations: readonly Destination[],
  language: Language,
  selected: string,
): ShownCountry[] {
  const names = new Intl.DisplayNames(language, { type: 'region' });
  return mobileExamples()
    .filter(({ number }) => destinationOf(number, destinations).outcome === 'allowed')
    .map(({ code }) => ({
      code,
      name: names.of(code) ?? code,
      callingCode: `+${getCountryCallingCode(code)}`,
      selected: code === selected,
    }))
    .sort((one, other) => one.name.localeCompare(other.name, language));
}

type MobileExample = {
  code: ReturnType<typeof getCountries>[number];
  number: Parameters<typeof destinationOf>[0];
};
let examplesMade: MobileExample[] | undefined;

/** Made once: two hundred numbers take longer to parse than a page to render. */
function mobileExamples(): MobileExample[] {
  examplesMade ??= getCountries().flatMap((code) => {
    const example = getExampleNumber(code, examples);
    const parsed = example ? parsePhone(example.number, code) : undefined;
    return parsed?.outcome === 'number' ? [{ code, number: parsed.number }] : [];
  });
  return examplesMade;
}

/** What the open page is told when a consultant comes or goes. */
export interface LineState {
  version: string;
  consultants: { id: string; reachable: boolean; state: ShownConsultant['state']; status: string }[];
  anybodyFree: boolean;
  /** The sentence the page shows and says when the first one becomes free. */
  freeNow: string;
  priceMark: string;
  open: boolean;
  /** Why nothing can be ordered now; empty when it can. */
  noCalls: string;
}

export function lineState(page: LinePage, language: Language, only: string | undefined): LineState {
  const consultants = shownConsultants(page, language, only);
  const free = consultants.filter((one) => one.reachable);
  const state = {
    consultants: consultants.map(({ id, reachable, state, status }) => ({ id, reachable, state, status })),
    anybodyFree: free.length > 0,
    freeNow: free[0] ? text(language, 'nobody.freeNow', { name: free[0].name }) : '',
    priceMark: priceMark(page),
    open: page.merchant.active && page.line.active,
    noCalls: noCallsWords(page, language),
  };
  return {
    ...state,
    version: createHash('sha256').update(JSON.stringify(state)).digest('hex').slice(0, 16),
  };
}
