// Spoken English. Prices with their taxes, and "charged" only where it is certain.

import type { CardSound } from './keyed-card.ts';
import { money } from './money.ts';
import type { OpenHours } from './schedule.ts';
import type {
  MenuNews,
  MoreTimeTerms,
  OneSentence,
  PriceTerms,
  RecordingKind,
  SentenceFacts,
  SpokenState,
} from './sentence.ts';
import type { SpokenInstant } from './spoken-clock.ts';
import {
  amountAloud,
  countAloud,
  durationAloud,
  listAloud,
  minutesAloud,
  nameAloud,
  signsAloud,
  textAloud,
  termsDue,
  type SpokenWords,
  withWhom,
} from './spoken-values.ts';

export function english(sentence: OneSentence): string {
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
        `Hello, this is ${nameAloud(sentence.merchant)}, for your conversation${withWhom('with', sentence.consultant)}. ` +
        `${offeredPrice(sentence)} ` +
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
    case 'service_short_number':
      return sentence.again
        ? 'We did not recognize you. Please key your short number again, then press hash.'
        : `Welcome to the consultants' service of ${nameAloud(sentence.merchant)}. Please key your short number, then press hash.`;
    case 'service_pin':
      return (
        (sentence.again
          ? 'We did not recognize you. Please key your PIN again, then press hash.'
          : 'Please key your PIN, then press hash.') +
        (sentence.byNumber ? ' To key your short number instead, press star.' : '')
      );
    case 'service_refused':
      return 'We could not recognize you. Please check your short number and your PIN. Goodbye.';
    case 'service_menu': {
      const hello = sentence.name === undefined ? '' : `Hello ${nameAloud(sentence.name)}. `;
      const happened = sentence.news === undefined ? '' : `${news[sentence.news]} `;
      return (
        `${hello}${happened}${stateAloud(sentence.state)} To be available, press 1. For a break, press 2. To be away, press 3. ` +
        'To say when you are back, press 4. For your introduction, press 5. For your messages, press 6. ' +
        "For today's calls, press 7. For your schedule, press 9."
      );
    }
    case 'service_hour':
      return (
        (sentence.again ? 'There is no such time. ' : '') +
        'At what time will you be back? Please key hours and minutes in four digits, then press hash. To go back, press star.'
      );
    case 'service_today': {
      const { calls, seconds, missed, earned } = sentence;
      const talked = calls === 0 ? '' : `, and talked for ${durationAloud(seconds, words)}`;
      const sums = (earned ?? []).map((one) => amountAloud(money(one.amount, one.currency), words));
      return (
        `Today you have taken ${countAloud(calls, ['call', 'calls'], 'en', 'no')}${talked}. ` +
        (earned === undefined
          ? ''
          : `You have earned ${sums.length === 0 ? 'nothing yet' : listAloud(sums, words)}. `) +
        (missed === 0 ? 'You missed none.' : `You missed ${countAloud(missed, ['call', 'calls'], 'en')}.`)
      );
    }
    case 'service_schedule': {
      const { hours } = sentence;
      if (hours === undefined)
        return 'You keep no hours. You are at work whenever you say that you are available.';
      if (hours.length === 0) return 'Your schedule has no hours.';
      return `Your hours are: ${hours.map(hoursAloud).join('; ')}.`;
    }
    case 'service_messages':
      return (
        'For the message said while you are available, press 1. While you are on a call, press 2. While you are away, press 3. ' +
        'To go back, press star.'
      );
    case 'service_recording':
      return `${which[sentence.kind]} is recorded. To hear it, press 1. To record it anew, press 2. To delete it, press 3. To go back, press star.`;
    case 'service_speak':
      return (
        (sentence.again ? 'We heard nothing. ' : '') +
        `${which[sentence.kind]}: please speak after the tone, for one minute at most. When you have finished, press hash.`
      );
    case 'service_take':
      return `You have recorded ${durationAloud(sentence.seconds, words)}. To hear it, press 1. To keep it, press 2. To record it anew, press 3. To throw it away, press star.`;
    case 'service_goodbye':
      return 'We have heard nothing from you. Your state stays as it is. Goodbye.';
    case 'recording':
      return textAloud(sentence.words);
    case 'caller_farewell':
      return sentence.because === 'limit'
        ? 'Your time is up and the conversation has ended. Thank you for calling, goodbye.'
        : 'Your consultant has hung up and the conversation has ended. Thank you for calling, goodbye.';
    case 'consultant_farewell':
      return 'The conversation has ended. Thank you, goodbye.';
    case 'goodbye':
      return 'Thank you for your call. Goodbye.';
    case 'access_code':
      return `Your code is: ${signsAloud(sentence.code)}.`;
    case 'card_amount': {
      const amount = amountAloud(money(sentence.amount, sentence.currency), words);
      const { merchant, line, talk } = sentence;
      const what =
        talk === undefined
          ? `${nameAloud(merchant)}, ${nameAloud(line)}. The price is ${amount}, taxes included.`
          : `${nameAloud(merchant)}, ${nameAloud(line)}. ${priceSentence(talk.price)} ` +
            `You can talk for up to ${minutesAloud(talk.minutes, words)}. ` +
            (talk.capture
              ? `${amount} will be held on your card, and charged in full as soon as you are put through, however short the conversation. If nobody answers, you will not be charged.`
              : `Up to ${amount} will be held on your card, and only the price of your conversation will be taken.`);
      return `${what} You can now pay by card, on the keys of your telephone. To give up, press 0, then hash.`;
    }
    case 'card_said':
      return cardWords[sentence.sound];
    case 'more_consultants':
      return 'To hear the others, press any key.';
    case 'card_declined':
      return 'This card was not accepted. You may try again, or key another card.';
    case 'card_wait':
      return 'Please wait, we are asking your bank.';
    case 'card_kept_question':
      return (
        (sentence.again ? 'These were fewer than four digits. ' : '') +
        'To pay by the card you have used before, key its last four digits. To use another card, press star.'
      );
    case 'card_not_kept':
      return 'We have kept no card that ends so. You can key a card now.';
    case 'card_keep_question':
      return 'To keep this card for your next calls, press 1. If you do not want that, press any other key.';
    case 'card_not_charged':
      return 'No payment was made, and nothing was charged to your card.';
    case 'card_not_taken':
      return 'We are sorry, we cannot take your card on the telephone at the moment.';
    case 'apology':
      return 'We are sorry, a technical problem keeps us from continuing this call. Please call again a little later. Goodbye.';
  }
}

const which: Record<RecordingKind, string> = {
  introduction: 'Your introduction',
  available: 'Your message while you are available',
  busy: 'Your message while you are on a call',
  away: 'Your message while you are away',
};

const news: Record<MenuNews, string> = {
  set: 'Done.',
  kept: 'Your recording is kept.',
  thrown_away: 'Your recording was thrown away.',
  deleted: 'Your recording is deleted.',
  failed: 'That did not work, please try again.',
  wrong_key: 'That key means nothing here.',
};

function stateAloud({ is, reason, until }: SpokenState): string {
  const ends = until === undefined ? '' : ` until ${instantAloud(until)}`;
  const why = reason === undefined ? '' : `, ${nameAloud(reason)}`;
  switch (is) {
    case 'available':
      return `You are available${ends}.`;
    case 'break':
      return `You are on a break${why}${ends}.`;
    case 'away':
      return `You are away${ends}.`;
    case 'paused':
      return 'You are paused, because you missed too many calls.';
    case 'off_hours':
      return until === undefined
        ? 'You are outside your hours.'
        : `You are outside your hours. They begin ${instantAloud(until)}.`;
    case 'busy':
      return 'You are on a call.';
    case 'wrap_up':
      return 'You have just finished a call.';
  }
}

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

function instantAloud({ day, hour, minute }: SpokenInstant): string {
  const time = timeAloud(hour, minute);
  if (day === 'today') return time;
  if (day === 'tomorrow') return `tomorrow at ${time}`;
  if (typeof day === 'number') return `${weekdays[day - 1] ?? ''} at ${time}`;
  const [month, date] = day.split('-').map(Number);
  return `${String(date)} ${months[(month ?? 1) - 1] ?? ''} at ${time}`;
}

/** `24 December`, with its year where that is said. */
export function dateAloud(day: { day: number; month: number; year?: number }): string {
  const year = day.year === undefined ? '' : ` ${String(day.year)}`;
  return `${String(day.day)} ${months[day.month - 1] ?? ''}${year}`;
}

export function timeAloud(hour: number, minute: number): string {
  if (minute === 0 && hour % 24 === 0) return 'midnight';
  if (minute === 0 && hour === 12) return 'noon';
  const half = hour % 24 < 12 ? 'AM' : 'PM';
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  if (minute === 0) return `${String(twelve)} ${half}`;
  // "2 5 PM" would be heard as 2:50 or as two numbers.
  return `${String(twelve)} ${minute < 10 ? 'oh ' : ''}${String(minute)} ${half}`;
}

function hoursAloud({ days, from, to }: OpenHours): string {
  const [fromHour = 0, fromMinute = 0] = from.split(':').map(Number);
  const [toHour = 0, toMinute = 0] = to.split(':').map(Number);
  const named = listAloud(
    days.map((day) => weekdays[day - 1] ?? ''),
    words,
  );
  return `${named}, from ${timeAloud(fromHour, fromMinute)} to ${timeAloud(toHour, toMinute)}`;
}

export function moreTime(more: MoreTimeTerms): string {
  const hold = money(more.hold, more.currency);
  const amount = hold.amount.isZero()
    ? 'Nothing more is held on your card'
    : `At most ${amountAloud(hold, words)} more will be held on your card`;
  return `For ${durationAloud(more.seconds, words)} more, press 5. ${amount}.`;
}

export function priceSentence(terms: PriceTerms): string {
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

/** What he says yes to: the price, and where it is, that it is taken before he has talked. */
export function offeredPrice({ price, capture }: SentenceFacts & { key: 'caller_offer' }): string {
  return capture
    ? `${priceSentence(price)} It is charged in full as soon as you are put through, however short the conversation.`
    : priceSentence(price);
}

export const refusal: Record<
  (SentenceFacts & { key: 'known_refused' })['because'],
  (merchant: string) => string
> = {
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

export const words: SpokenWords = {
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

const cardWords: Readonly<Record<Exclude<CardSound, 'amount'>, string>> = {
  number: 'Please key the number of your card, then press hash. To start over, press star.',
  number_wrong: 'This is not the number of a card we can take.',
  expiry: 'Now the expiry date: the month and the year, in four digits, then hash.',
  expiry_wrong: 'This date is not right, or it has passed.',
  code: 'Now the security code: the last three digits on the back of the card, or the four on the front of an American Express, then hash.',
  code_four: 'Please key the security code: the four digits on the front of your card, then hash.',
  code_wrong: 'This code does not have the right number of digits.',
  ends_in: 'Your card ends in',
  confirm: 'To confirm, press 1. To key the number again, press star. To give up, press 0.',
  not_accepted: 'Your bank did not recognize this card. Please check what you have keyed.',
  wait: 'One moment please, your card is being checked.',
  digit_0: '0.',
  digit_1: '1.',
  digit_2: '2.',
  digit_3: '3.',
  digit_4: '4.',
  digit_5: '5.',
  digit_6: '6.',
  digit_7: '7.',
  digit_8: '8.',
  digit_9: '9.',
};
