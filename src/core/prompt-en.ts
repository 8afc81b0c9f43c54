// Spoken English. Prices with their taxes, and "charged" only where it is certain.

import { money } from './money.ts';
import type { MoreTimeTerms, PriceTerms, SentenceFacts } from './sentence.ts';
import {
  amountAloud,
  durationAloud,
  minutesAloud,
  nameAloud,
  signsAloud,
  textAloud,
  termsDue,
  type SpokenWords,
} from './spoken-values.ts';

export function english(sentence: SentenceFacts): string {
  switch (sentence.key) {
    case 'consultant_offer':
      return (
        `Hello. Paid call for ${nameAloud(sentence.merchant)}, ${nameAloud(sentence.line)}. ` +
        `Paid for: up to ${minutesAloud(sentence.minutes, words)}. ` +
        'To accept the call, press 1. To refuse it, press 3.'
      );
    case 'consultant_known_offer': {
      const who = sentence.client === undefined ? '' : ` Client ${signsAloud(sentence.client)}.`;
      return (
        `Hello. Call for ${nameAloud(sentence.merchant)}, ${nameAloud(sentence.line)}.${who} ` +
        `Up to ${durationAloud(sentence.seconds, words)}. ` +
        'To accept the call, press 1. To refuse it, press 3.'
      );
    }
    case 'consultant_wait':
      return 'Thank you. We are ringing the caller, please hold.';
    case 'consultant_caller_lost':
      return 'The caller did not take the call. You are available again. Thank you, goodbye.';
    case 'caller_offer':
      return (
        `Hello, this is ${nameAloud(sentence.merchant)}, for your conversation with ${nameAloud(sentence.consultant)}. ` +
        `${priceSentence(sentence.price)} ` +
        `You can talk for up to ${minutesAloud(sentence.minutes, words)}. ` +
        'To accept and start, press 1. To refuse, press 3. Never to be called again, press 9.'
      );
    case 'caller_reminder':
      return 'To start the conversation, press 1. To cancel, hang up: you will not be charged.';
    case 'caller_never_again':
      return 'This number will not be called again, and you have not been charged. Goodbye.';
    case 'caller_hold':
      return 'Thank you. We are ringing your consultant, please hold.';
    case 'caller_nobody':
      return 'We are sorry, nobody is available at the moment. You have not been charged. Goodbye.';
    case 'caller_consultant_lost':
      return (
        'We are sorry, your consultant is no longer on the line. ' +
        'The conversation did not start and you have not been charged. Goodbye.'
      );
    case 'limit_near':
      return `You have ${durationAloud(sentence.secondsLeft, words)} left.${sentence.more ? ` ${moreTime(sentence.more)}` : ''}`;
    case 'more_time_asked':
      return 'One moment please, your bank is being asked. Please go on talking.';
    case 'more_time_granted':
      return `Thank you. You can talk for ${durationAloud(sentence.seconds, words)} more.`;
    case 'more_time_refused':
      return 'We are sorry, your bank did not agree to more time. The conversation ends when your time is up.';
    case 'consultant_limit_near':
      return `The conversation ends in ${durationAloud(sentence.secondsLeft, words)}.`;
    case 'code_wanted':
      return sentence.again
        ? 'We did not recognize that code. Please key your client code again, then press hash. To start over, press star.'
        : `Welcome to ${nameAloud(sentence.merchant)}. Please key your client code, then press hash. To start over, press star.`;
    case 'pin_wanted':
      return sentence.again
        ? 'That is not right. Please key your personal code again, then press hash.'
        : 'Please key your personal code, then press hash.';
    case 'known_greeting': {
      const { merchant, balance, seconds } = sentence;
      const has = balance
        ? ` Your balance is ${amountAloud(money(balance.amount, balance.currency), words)}.`
        : '';
      const may = seconds === undefined ? '' : ` You can talk for up to ${durationAloud(seconds, words)}.`;
      return `Welcome to ${nameAloud(merchant)}.${has}${may} We are ringing your consultant, please hold.`;
    }
    case 'known_refused':
      return `${refusal[sentence.because](nameAloud(sentence.merchant))} ${sentence.seconds === undefined ? 'Goodbye.' : `We are putting you through to somebody, for up to ${durationAloud(sentence.seconds, words)}. Please hold.`}`;
    case 'known_nobody':
      return 'We are sorry, nobody is available at the moment. Nothing was counted. Please call again a little later. Goodbye.';
    case 'known_consultant_lost':
      return 'We are sorry, your consultant is no longer on the line. Nothing was counted. Please call again. Goodbye.';
    case 'merchant_text':
      return textAloud(sentence.text);
    case 'caller_farewell':
      return sentence.because === 'limit'
        ? 'Your time is up and the conversation has ended. Thank you for calling, goodbye.'
        : 'Your consultant has hung up and the conversation has ended. Thank you for calling, goodbye.';
    case 'consultant_farewell':
      return 'The conversation has ended. Thank you, goodbye.';
    case 'apology':
      return 'We are sorry, a technical problem keeps us from continuing this call. Please call again a little later. Goodbye.';
  }
}

function moreTime(more: MoreTimeTerms): string {
  const hold = money(more.hold, more.currency);
  const amount = hold.amount.isZero()
    ? 'Nothing more is held on your card'
    : `At most ${amountAloud(hold, words)} more will be held on your card`;
  return `For ${durationAloud(more.seconds, words)} more, press 5. ${amount}.`;
}

function priceSentence(terms: PriceTerms): string {
  const { fixed, perMinute } = termsDue(terms);
  const taxes = 'taxes included';
  if (perMinute === undefined) {
    return fixed === undefined
      ? 'The conversation is free.'
      : `The price is ${amountAloud(fixed, words)}, with no charge per minute, ${taxes}.`;
  }
  const minute = `${amountAloud(perMinute, words)} per minute`;
  if (terms.includedMinutes === 0) {
    const start = fixed === undefined ? '' : `${amountAloud(fixed, words)}, plus `;
    return `The price is ${start}${minute}, ${taxes}.`;
  }
  const included = minutesAloud(terms.includedMinutes, words);
  return fixed === undefined
    ? `The conversation is free for ${included}, then costs ${minute}, ${taxes}.`
    : `The price is ${amountAloud(fixed, words)}, including ${included} of conversation, then ${minute}, ${taxes}.`;
}

const refusal: Record<(SentenceFacts & { key: 'known_refused' })['because'], (merchant: string) => string> = {
  unknown: (merchant) => `We could not recognize you. Please check your client code, or contact ${merchant}.`,
  wrong_pin: (merchant) =>
    `We could not recognize you. Please check your client code, or contact ${merchant}.`,
  no_credit: (merchant) =>
    `Your account has no time left. Please top it up with ${merchant}, then call again.`,
  blocked: (merchant) => `This service is not open to your account. Please contact ${merchant}.`,
  busy: () => 'A call of your account is under way already. Please hang up the other one, then call again.',
  closed: () => 'The service is closed at the moment. Please call again during its opening hours.',
  other: (merchant) => `Your call cannot be taken. Please contact ${merchant}.`,
  merchant_away: () => 'We cannot check your account at the moment. Please call again in a few minutes.',
  withheld: () => 'We cannot take calls from hidden numbers. Please call again and show your number.',
};

const words: SpokenWords = {
  language: 'en',
  and: 'and',
  hour: ['hour', 'hours'],
  minute: ['minute', 'minutes'],
  second: ['second', 'seconds'],
  currencies: {
    EUR: { unit: ['euro', 'euros'], cent: ['cent', 'cents'] },
    CHF: { unit: ['Swiss franc', 'Swiss francs'], cent: ['centime', 'centimes'] },
    GBP: { unit: ['pound', 'pounds'], cent: ['penny', 'pence'] },
    USD: { unit: ['dollar', 'dollars'], cent: ['cent', 'cents'] },
    CAD: { unit: ['Canadian dollar', 'Canadian dollars'], cent: ['cent', 'cents'] },
  },
};
