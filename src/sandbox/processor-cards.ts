// Stripe's published test cards and what each does (https://docs.stripe.com/testing). A card number lives in this file's
// arguments and nowhere else: what leaves is brand, last four, a fingerprint and the name of a behaviour.

import { createHash, randomBytes } from 'node:crypto';
import { StripeRefusal } from './processor-errors.ts';

export interface Decline {
  code: string;
  declineCode?: string;
  message: string;
}

export interface Behaviour {
  decline?: Decline;
  /**
   * `required`: 3-D Secure before every payment, so none without its holder. `required_unless_set_up`: the same until it was
   * set up for payments without him. `required_on_session`: set up long ago. `supported`: the card could, nobody asks.
   */
  authentication:
    'required' | 'required_unless_set_up' | 'required_on_session' | 'supported' | 'not_supported';
  risk: 'normal' | 'elevated' | 'highest';
}

export interface Card {
  brand: string;
  last4: string;
  expMonth: number;
  expYear: number;
  country: string;
  funding: 'credit' | 'debit';
  fingerprint: string;
  cvcCheck: 'pass' | 'unchecked' | 'fail' | null;
  behaviour: BehaviourName;
}

const declined = (declineCode: string, message = 'Your card was declined.'): Decline => ({
  code: 'card_declined',
  declineCode,
  message,
});

const declines = {
  generic: declined('generic_decline'),
  insufficient: declined('insufficient_funds', 'Your card has insufficient funds.'),
  lost: declined('lost_card'),
  stolen: declined('stolen_card'),
  velocity: declined(
    'card_velocity_exceeded',
    'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
  ),
  fraudulent: declined('fraudulent'),
  notATestCard: declined(
    'test_mode_live_card',
    'Your card was declined. Your request was in test mode, but used a non test card.',
  ),
  expired: { code: 'expired_card', declineCode: 'expired_card', message: 'Your card has expired.' },
  cvc: {
    code: 'incorrect_cvc',
    declineCode: 'incorrect_cvc',
    message: "Your card's security code is incorrect.",
  },
  processing: {
    code: 'processing_error',
    declineCode: 'processing_error',
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
} satisfies Record<string, Decline>;

const plain = (decline?: Decline): Behaviour => ({
  authentication: 'supported',
  risk: 'normal',
  ...(decline === undefined ? {} : { decline }),
});
const authenticated = (decline?: Decline): Behaviour => ({ ...plain(decline), authentication: 'required' });

export const behaviours = {
  succeeds: plain(),
  noAuthentication: { authentication: 'not_supported', risk: 'normal' },
  elevatedRisk: { authentication: 'supported', risk: 'elevated' },
  blocked: { authentication: 'supported', risk: 'highest', decline: declines.fraudulent },
  genericDecline: plain(declines.generic),
  insufficientFunds: plain(declines.insufficient),
  lostCard: plain(declines.lost),
  stolenCard: plain(declines.stolen),
  expiredCard: plain(declines.expired),
  incorrectCvc: plain(declines.cvc),
  processingError: plain(declines.processing),
  velocityExceeded: plain(declines.velocity),
  notATestCard: plain(declines.notATestCard),
  authenticationRequired: authenticated(),
  authenticationUnlessSetUp: { ...plain(), authentication: 'required_unless_set_up' },
  authenticationAlreadySetUp: { ...plain(), authentication: 'required_on_session' },
  authenticationThenDecline: authenticated(declines.generic),
  authenticationThenInsufficientFunds: authenticated(declines.insufficient),
} satisfies Record<string, Behaviour>;
export type BehaviourName = keyof typeof behaviours;

export function behaviourOf(card: Card): Behaviour {
  return behaviours[card.behaviour];
}

interface TestCard {
  behaviour: BehaviourName;
  country?: string;
  funding?: 'credit' | 'debit';
}

/** Every published number this processor knows. One that is not here is refused as a card of the real world. */
const testCards: Readonly<Record<string, TestCard>> = {
  '4242424242424242': { behaviour: 'succeeds' },
  '4000056655665556': { behaviour: 'succeeds', funding: 'debit' },
  '5555555555554444': { behaviour: 'succeeds' },
  '2223003122003222': { behaviour: 'succeeds' },
  '5200828282828210': { behaviour: 'succeeds', funding: 'debit' },
  '5105105105105100': { behaviour: 'succeeds' },
  '378282246310005': { behaviour: 'noAuthentication' },
  '371449635398431': { behaviour: 'noAuthentication' },
  '6011111111111117': { behaviour: 'noAuthentication' },
  '3056930009020004': { behaviour: 'noAuthentication' },
  '3566002020360505': { behaviour: 'noAuthentication' },
  '6200000000000005': { behaviour: 'noAuthentication' },
  '4000002500000003': { behaviour: 'succeeds', country: 'FR' },
  '4000002760000016': { behaviour: 'succeeds', country: 'DE' },
  '4000000560000004': { behaviour: 'succeeds', country: 'BE' },
  '4000007560000009': { behaviour: 'succeeds', country: 'CH' },
  '4000008260000000': { behaviour: 'succeeds', country: 'GB' },
  '4000002500001001': { behaviour: 'succeeds', country: 'FR' },
  '5555552500001001': { behaviour: 'succeeds', country: 'FR' },
  '4000000000000002': { behaviour: 'genericDecline' },
  '4000000000009995': { behaviour: 'insufficientFunds' },
  '4000000000009987': { behaviour: 'lostCard' },
  '4000000000009979': { behaviour: 'stolenCard' },
  '4000000000000069': { behaviour: 'expiredCard' },
  '4000000000000127': { behaviour: 'incorrectCvc' },
  '4000000000000119': { behaviour: 'processingError' },
  '4000000000006975': { behaviour: 'velocityExceeded' },
  '4000000000000341': { behaviour: 'genericDecline' },
  '4100000000000019': { behaviour: 'blocked' },
  '4000000000004954': { behaviour: 'blocked' },
  '4000000000009235': { behaviour: 'elevatedRisk' },
  '4000002500003155': { behaviour: 'authenticationUnlessSetUp', country: 'FR' },
  '4000002760003184': { behaviour: 'authenticationRequired', country: 'DE' },
  '4000003800000446': { behaviour: 'authenticationAlreadySetUp', country: 'HR' },
  '4000000000003220': { behaviour: 'authenticationRequired' },
  '4000000000003063': { behaviour: 'authenticationRequired' },
  '4000000000003055': { behaviour: 'succeeds' },
  '4000008400001629': { behaviour: 'authenticationThenDecline' },
  '4000008260003178': { behaviour: 'authenticationThenInsufficientFunds', country: 'GB' },
};

/** `pm_card_...` and `tok_...`, without the prefix. */
const numberByToken: Readonly<Record<string, string>> = {
  visa: '4242424242424242',
  visa_debit: '4000056655665556',
  mastercard: '5555555555554444',
  mastercard_debit: '5200828282828210',
  mastercard_prepaid: '5105105105105100',
  amex: '378282246310005',
  discover: '6011111111111117',
  diners: '3056930009020004',
  jcb: '3566002020360505',
  unionpay: '6200000000000005',
  fr: '4000002500000003',
  de: '4000002760000016',
  be: '4000000560000004',
  ch: '4000007560000009',
  gb: '4000008260000000',
  visa_cartesBancaires: '4000002500001001',
  mastercard_cartesBancaires: '5555552500001001',
  chargeDeclined: '4000000000000002',
  visa_chargeDeclined: '4000000000000002',
  chargeDeclinedInsufficientFunds: '4000000000009995',
  visa_chargeDeclinedInsufficientFunds: '4000000000009995',
  visa_chargeDeclinedLostCard: '4000000000009987',
  visa_chargeDeclinedStolenCard: '4000000000009979',
  chargeDeclinedExpiredCard: '4000000000000069',
  chargeDeclinedIncorrectCvc: '4000000000000127',
  chargeDeclinedProcessingError: '4000000000000119',
  visa_chargeDeclinedVelocityLimitExceeded: '4000000000006975',
  chargeDeclinedFraudulent: '4100000000000019',
  chargeCustomerFail: '4000000000000341',
  radarBlock: '4000000000004954',
  riskLevelElevated: '4000000000009235',
  authenticationRequired: '4000002760003184',
  authenticationRequiredOnSetup: '4000002500003155',
  authenticationRequiredSetupForOffSession: '4000003800000446',
  authenticationRequiredChargeDeclinedInsufficientFunds: '4000008260003178',
  threeDSecureRequired: '4000000000003063',
  threeDSecure2Required: '4000000000003220',
  threeDSecureOptional: '4000000000003055',
  threeDSecureRequiredChargeDeclined: '4000008400001629',
};

export interface CardEntry {
  number: string;
  expMonth: number;
  expYear: number;
  cvc: string | undefined;
}

/**
 * The card somebody typed. Throws Stripe's card errors: `incorrect_number` (Luhn), `invalid_expiry_month`,
 * `invalid_expiry_year`, `invalid_cvc`. A number that is no test card makes a card that is always declined, and nothing
 * is kept from which it could be found again.
 */
export function cardFromEntry(entry: CardEntry, now: Date): Card {
  const number = entry.number.replace(/[\s-]/g, '');
  if (!/^\d{12,19}$/.test(number))
    throw cardError('invalid_number', 'The card number is not a valid credit card number.', 'number');
  if (!passesLuhn(number)) throw cardError('incorrect_number', 'Your card number is incorrect.', 'number');
  const expYear = entry.expYear < 100 ? 2000 + entry.expYear : entry.expYear;
  if (entry.expMonth < 1 || entry.expMonth > 12) {
    throw cardError('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  }
  const thisMonth = now.getUTCFullYear() * 12 + now.getUTCMonth() + 1;
  if (expYear * 12 + entry.expMonth < thisMonth || expYear > now.getUTCFullYear() + 50) {
    throw cardError('invalid_expiry_year', "Your card's expiration year is invalid.", 'exp_year');
  }
  const brand = brandOf(number);
  if (entry.cvc !== undefined && !new RegExp(brand === 'amex' ? '^\\d{3,4}$' : '^\\d{3}$').test(entry.cvc)) {
    throw cardError('invalid_cvc', "Your card's security code is invalid.", 'cvc');
  }
  return card(number, entry.expMonth, expYear, entry.cvc === undefined ? null : 'unchecked');
}

/** `pm_card_visa`, `tok_visa`; `undefined` for any other text. */
export function cardFromToken(token: string, now: Date): Card | undefined {
  const name = /^(?:pm_card|tok)_(\w+)$/.exec(token)?.[1];
  const number = name === undefined || !Object.hasOwn(numberByToken, name) ? undefined : numberByToken[name];
  return number === undefined ? undefined : card(number, 12, now.getUTCFullYear() + 4, null);
}

function card(number: string, expMonth: number, expYear: number, cvcCheck: Card['cvcCheck']): Card {
  const known = Object.hasOwn(testCards, number) ? testCards[number] : undefined;
  return {
    brand: brandOf(number),
    last4: number.slice(-4),
    expMonth,
    expYear,
    country: known?.country ?? 'US',
    funding: known?.funding ?? 'credit',
    // A hash of a real card number can be reversed by trying all numbers, so there is none of a real one.
    fingerprint:
      known === undefined
        ? randomBytes(8).toString('hex')
        : createHash('sha256').update(`test card ${number}`).digest('hex').slice(0, 16),
    cvcCheck,
    behaviour: known?.behaviour ?? 'notATestCard',
  };
}

const brandByPrefix: readonly [RegExp, string][] = [
  [/^4/, 'visa'],
  [/^(5[1-5]|2(22[1-9]|2[3-9]|[3-6]|7[01]|720))/, 'mastercard'],
  [/^3[47]/, 'amex'],
  [/^(36|38|30[0-5]|3095|39)/, 'diners'],
  [/^(6011|64[4-9]|65)/, 'discover'],
  [/^35/, 'jcb'],
  [/^62/, 'unionpay'],
];

function brandOf(number: string): string {
  return brandByPrefix.find(([prefix]) => prefix.test(number))?.[1] ?? 'unknown';
}

/** ISO/IEC 7812-1 annex B: from the right, every second digit counts double, its own digits added. */
function passesLuhn(number: string): boolean {
  let sum = 0;
  for (let index = 0; index < number.length; index += 1) {
    const weighed = Number(number.at(-1 - index)) * (index % 2 === 0 ? 1 : 2);
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

function cardError(code: string, message: string, param: string): StripeRefusal {
  return new StripeRefusal(402, { type: 'card_error', code, message, param });
}
