// Spoken French. "Vous" throughout, prices with their taxes, and "débité" for what is taken from a card: it is said only
// where it is certain.

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

export function french(sentence: OneSentence): string {
  switch (sentence.key) {
    case 'consultant_offer':
      return (
        `Bonjour. Appel payant pour ${nameAloud(sentence.merchant)}, ${nameAloud(sentence.line)}. ` +
        `Durée payée : ${minutesAloud(sentence.minutes, words)} au maximum. ` +
        "Pour accepter l'appel, appuyez sur 1. Pour le refuser, appuyez sur 3."
      );
    case 'consultant_known_offer': {
      const who = sentence.client === undefined ? '' : ` Client ${signsAloud(sentence.client)}.`;
      return (
        `Bonjour. Appel pour ${nameAloud(sentence.merchant)}, ${nameAloud(sentence.line)}.${who} ` +
        `Durée : ${durationAloud(sentence.seconds, words)} au maximum. ` +
        "Pour accepter l'appel, appuyez sur 1. Pour le refuser, appuyez sur 3."
      );
    }
    case 'consultant_wait':
      return 'Merci. Nous appelons votre correspondant, ne quittez pas.';
    case 'consultant_caller_lost':
      return "Votre correspondant n'a pas pris l'appel. Vous êtes de nouveau disponible. Merci, au revoir.";
    case 'caller_offer':
      return (
        `Bonjour, ici ${nameAloud(sentence.merchant)}, pour votre entretien${withWhom('avec', sentence.consultant)}. ` +
        `${offeredPrice(sentence)} ` +
        `L'entretien dure ${minutesAloud(sentence.minutes, words)} au maximum. ` +
        'Pour accepter et commencer, appuyez sur 1. Pour refuser, sur 3. Pour ne plus jamais être appelé, sur 9.'
      );
    case 'caller_reminder':
      return "Pour commencer l'entretien, appuyez sur 1. Pour renoncer, raccrochez : rien ne vous sera débité.";
    case 'caller_never_again':
      return 'Ce numéro ne sera plus appelé, et rien ne vous est débité. Au revoir.';
    case 'caller_hold':
      return 'Merci. Nous appelons votre correspondant, ne quittez pas.';
    case 'caller_nobody':
      return "Nous sommes désolés, personne n'est disponible en ce moment. Rien ne vous est débité. Au revoir.";
    case 'caller_consultant_lost':
      return (
        "Nous sommes désolés, votre correspondant n'est plus en ligne. " +
        "L'entretien n'a pas commencé et rien ne vous est débité. Au revoir."
      );
    case 'limit_near':
      return `Il vous reste ${durationAloud(sentence.secondsLeft, words)}.${sentence.more ? ` ${moreTime(sentence.more)}` : ''}`;
    case 'more_time_asked':
      return 'Un instant, nous interrogeons votre banque. Vous pouvez continuer à parler.';
    case 'more_time_granted':
      return `Merci. Vous pouvez parler ${durationAloud(sentence.seconds, words)} de plus.`;
    case 'more_time_refused':
      return "Nous sommes désolés, votre banque n'a pas accepté de prolonger. L'entretien se terminera à l'heure prévue.";
    case 'consultant_limit_near':
      return `L'entretien se termine dans ${durationAloud(sentence.secondsLeft, words)}.`;
    case 'code_wanted':
      return sentence.again
        ? "Nous n'avons pas reconnu ce code. Composez de nouveau votre code client, puis appuyez sur dièse. Pour recommencer, appuyez sur étoile."
        : `Bienvenue chez ${nameAloud(sentence.merchant)}. Composez votre code client, puis appuyez sur dièse. Pour recommencer, appuyez sur étoile.`;
    case 'pin_wanted':
      return sentence.again
        ? "Ce n'est pas le bon code. Composez de nouveau votre code personnel, puis appuyez sur dièse."
        : 'Composez votre code personnel, puis appuyez sur dièse.';
    case 'known_greeting': {
      const { merchant, balance, seconds } = sentence;
      const has = balance
        ? ` Votre solde est de ${amountAloud(money(balance.amount, balance.currency), words)}.`
        : '';
      const may =
        seconds === undefined ? '' : ` Vous pouvez parler ${durationAloud(seconds, words)} au maximum.`;
      return `Bienvenue chez ${nameAloud(merchant)}.${has}${may} Nous appelons votre correspondant, ne quittez pas.`;
    }
    case 'known_refused':
      return `${refusal[sentence.because](nameAloud(sentence.merchant))} ${sentence.seconds === undefined ? 'Au revoir.' : `Nous vous mettons en relation avec quelqu'un, pour ${durationAloud(sentence.seconds, words)} au maximum. Ne quittez pas.`}`;
    case 'known_nobody':
      return "Nous sommes désolés, personne n'est disponible en ce moment. Rien ne vous est compté. Rappelez un peu plus tard. Au revoir.";
    case 'known_consultant_lost':
      return "Nous sommes désolés, votre correspondant n'est plus en ligne. Rien ne vous est compté. Rappelez, s'il vous plaît. Au revoir.";
    case 'merchant_text':
      return textAloud(sentence.text);
    case 'service_short_number':
      return sentence.again
        ? 'Nous ne vous avons pas reconnu. Composez de nouveau votre numéro court, puis appuyez sur dièse.'
        : `Bienvenue au service des consultants de ${nameAloud(sentence.merchant)}. Composez votre numéro court, puis appuyez sur dièse.`;
    case 'service_pin':
      return (
        (sentence.again
          ? 'Nous ne vous avons pas reconnu. Composez de nouveau votre code secret, puis appuyez sur dièse.'
          : 'Composez votre code secret, puis appuyez sur dièse.') +
        (sentence.byNumber ? ' Pour composer votre numéro court, appuyez sur étoile.' : '')
      );
    case 'service_refused':
      return 'Nous ne vous avons pas reconnu. Vérifiez votre numéro court et votre code secret. Au revoir.';
    case 'service_menu': {
      const hello = sentence.name === undefined ? '' : `Bonjour ${nameAloud(sentence.name)}. `;
      const happened = sentence.news === undefined ? '' : `${news[sentence.news]} `;
      return (
        `${hello}${happened}${stateAloud(sentence.state)} Pour être disponible, appuyez sur 1. Pour une pause, sur 2. ` +
        'Pour vous absenter, sur 3. Pour dire quand vous revenez, sur 4. Pour votre présentation, sur 5. ' +
        'Pour vos messages, sur 6. Pour vos appels du jour, sur 7. Pour vos horaires, sur 9.'
      );
    }
    case 'service_hour':
      return (
        (sentence.again ? "Cette heure n'existe pas. " : '') +
        'À quelle heure revenez-vous ? Composez les heures et les minutes en quatre chiffres, puis appuyez sur dièse. Pour revenir en arrière, appuyez sur étoile.'
      );
    case 'service_today': {
      const { calls, seconds, missed, earned } = sentence;
      const talked = calls === 0 ? '' : `, et parlé ${durationAloud(seconds, words)}`;
      const sums = (earned ?? []).map((one) => amountAloud(money(one.amount, one.currency), words));
      return (
        `Aujourd'hui, vous avez pris ${countAloud(calls, ['appel', 'appels'], 'fr')}${talked}. ` +
        (earned === undefined
          ? ''
          : `Vous avez gagné ${sums.length === 0 ? 'zéro pour le moment' : listAloud(sums, words)}. `) +
        (missed === 0 ? "Vous n'en avez manqué aucun." : `Vous en avez manqué ${String(missed)}.`)
      );
    }
    case 'service_schedule': {
      const { hours } = sentence;
      if (hours === undefined)
        return "Vous n'avez pas d'horaires. Vous travaillez quand vous vous dites disponible.";
      if (hours.length === 0) return 'Vos horaires sont vides.';
      return `Vos horaires : ${hours.map(hoursAloud).join(' ; ')}.`;
    }
    case 'service_messages':
      return (
        'Pour le message quand vous êtes disponible, appuyez sur 1. Quand vous êtes en ligne, sur 2. Quand vous êtes absent, sur 3. ' +
        'Pour revenir en arrière, appuyez sur étoile.'
      );
    case 'service_recording':
      return `${which[sentence.kind]} est enregistré. Pour écouter, appuyez sur 1. Pour enregistrer de nouveau, sur 2. Pour supprimer, sur 3. Pour revenir en arrière, appuyez sur étoile.`;
    case 'service_speak':
      return (
        (sentence.again ? "Nous n'avons rien entendu. " : '') +
        `${which[sentence.kind]} : parlez après le bip, pendant une minute au plus. Quand vous avez terminé, appuyez sur dièse.`
      );
    case 'service_take':
      return `Vous avez enregistré ${durationAloud(sentence.seconds, words)}. Pour écouter, appuyez sur 1. Pour garder, sur 2. Pour recommencer, sur 3. Pour abandonner, appuyez sur étoile.`;
    case 'service_goodbye':
      return "Nous n'avons rien entendu de vous. Votre état reste comme il est. Au revoir.";
    case 'recording':
      return textAloud(sentence.words);
    case 'caller_farewell':
      return sentence.because === 'limit'
        ? "La durée prévue est écoulée, l'entretien est terminé. Merci de votre appel, au revoir."
        : "Votre correspondant a raccroché, l'entretien est terminé. Merci de votre appel, au revoir.";
    case 'consultant_farewell':
      return "L'entretien est terminé. Merci, au revoir.";
    case 'goodbye':
      return 'Merci de votre appel. Au revoir.';
    case 'access_code':
      return `Votre code est : ${signsAloud(sentence.code)}.`;
    case 'card_amount': {
      const amount = amountAloud(money(sentence.amount, sentence.currency), words);
      const { merchant, line, talk } = sentence;
      const what =
        talk === undefined
          ? `${nameAloud(merchant)}, ${nameAloud(line)}. Le prix est de ${amount}, toutes taxes comprises.`
          : `${nameAloud(merchant)}, ${nameAloud(line)}. ${priceSentence(talk.price)} ` +
            `Vous pourrez parler jusqu'à ${minutesAloud(talk.minutes, words)}. ` +
            (talk.capture
              ? `${amount} seront réservés sur votre carte, et débités en entier dès la mise en relation, même si l'entretien est court. Si personne ne répond, rien ne sera débité.`
              : `Au plus ${amount} seront réservés sur votre carte, et seul le prix de votre entretien sera prélevé.`);
      return (
        `${what} Vous pouvez maintenant payer par carte, sur les touches de votre téléphone. ` +
        'Pour renoncer, appuyez sur 0, puis sur dièse.'
      );
    }
    case 'card_said':
      return cardWords[sentence.sound];
    case 'more_consultants':
      return 'Pour écouter les autres, appuyez sur une touche.';
    case 'card_declined':
      return "Cette carte n'a pas été acceptée. Vous pouvez essayer de nouveau, ou taper une autre carte.";
    case 'card_wait':
      return 'Merci de patienter, nous interrogeons votre banque.';
    case 'card_kept_question':
      return (
        (sentence.again ? "Il n'y avait pas quatre chiffres. " : '') +
        'Pour payer avec la carte que vous avez déjà utilisée, tapez ses quatre derniers chiffres. Pour une autre carte, appuyez sur étoile.'
      );
    case 'card_not_kept':
      return "Nous n'avons gardé aucune carte qui se termine ainsi. Vous pouvez taper une carte maintenant.";
    case 'card_keep_question':
      return 'Pour garder cette carte pour vos prochains appels, appuyez sur 1. Sinon, appuyez sur une autre touche.';
    case 'card_not_charged':
      return "Aucun paiement n'a été fait, et rien n'a été débité de votre carte.";
    case 'card_not_taken':
      return 'Nous sommes désolés, nous ne pouvons pas prendre votre carte par téléphone pour le moment.';
    case 'apology':
      return (
        'Nous sommes désolés, un problème technique nous empêche de poursuivre cet appel. ' +
        'Veuillez rappeler un peu plus tard. Au revoir.'
      );
  }
}

const which: Record<RecordingKind, string> = {
  introduction: 'Votre texte de présentation',
  available: 'Votre message de disponibilité',
  busy: "Votre message d'occupation",
  away: "Votre message d'absence",
};

const news: Record<MenuNews, string> = {
  set: "C'est fait.",
  kept: 'Votre enregistrement est gardé.',
  thrown_away: 'Votre enregistrement est abandonné.',
  deleted: 'Votre enregistrement est supprimé.',
  failed: "Cela n'a pas fonctionné, essayez de nouveau.",
  wrong_key: 'Cette touche ne fait rien ici.',
};

function stateAloud({ is, reason, until }: SpokenState): string {
  const ends = until === undefined ? '' : ` ${untilAloud(until)}`;
  const why = reason === undefined ? '' : `, ${nameAloud(reason)}`;
  switch (is) {
    case 'available':
      return `Vous êtes disponible${ends}.`;
    case 'break':
      return `Vous êtes en pause${why}${ends}.`;
    case 'away':
      return `Vous êtes absent${ends}.`;
    case 'paused':
      return "Vous êtes suspendu, parce que vous avez manqué trop d'appels.";
    case 'off_hours':
      return until === undefined
        ? 'Vous êtes en dehors de vos horaires.'
        : `Vous êtes en dehors de vos horaires. Ils reprennent ${beginsAloud(until)}.`;
    case 'busy':
      return 'Vous êtes en ligne.';
    case 'wrap_up':
      return 'Vous venez de terminer un appel.';
  }
}

const weekdays = ['lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi', 'dimanche'];
const months = [
  'janvier',
  'février',
  'mars',
  'avril',
  'mai',
  'juin',
  'juillet',
  'août',
  'septembre',
  'octobre',
  'novembre',
  'décembre',
];

function dayAloud(day: SpokenInstant['day']): string {
  if (day === 'today') return '';
  if (day === 'tomorrow') return 'demain';
  if (typeof day === 'number') return weekdays[day - 1] ?? '';
  const [month, date] = day.split('-').map(Number);
  return `le ${date === 1 ? 'premier' : String(date)} ${months[(month ?? 1) - 1] ?? ''}`;
}

/** « jusqu'à 14 heures 30 », « jusqu'à demain, 9 heures », « jusqu'au premier mai, 9 heures ». */
function untilAloud({ day, hour, minute }: SpokenInstant): string {
  const named = dayAloud(day);
  const time = timeAloud(hour, minute);
  if (named === '') return `jusqu'à ${time}`;
  return `${`jusqu'à ${named}`.replace("jusqu'à le ", "jusqu'au ")}, ${time}`;
}

function beginsAloud({ day, hour, minute }: SpokenInstant): string {
  return `${dayAloud(day)} à ${timeAloud(hour, minute)}`.trim();
}

/** `24 décembre`, `premier mai`, with its year where that is said. */
export function dateAloud(day: { day: number; month: number; year?: number }): string {
  const year = day.year === undefined ? '' : ` ${String(day.year)}`;
  return `${day.day === 1 ? 'premier' : String(day.day)} ${months[day.month - 1] ?? ''}${year}`;
}

export function timeAloud(hour: number, minute: number): string {
  const hours = hour % 24;
  if (minute === 0 && hours === 0) return 'minuit';
  if (minute === 0 && hours === 12) return 'midi';
  const whole = countAloud(hours, words.hour, 'fr');
  return minute === 0 ? whole : `${whole} ${String(minute)}`;
}

function hoursAloud({ days, from, to }: OpenHours): string {
  const [fromHour = 0, fromMinute = 0] = from.split(':').map(Number);
  const [toHour = 0, toMinute = 0] = to.split(':').map(Number);
  const named = listAloud(
    days.map((day) => weekdays[day - 1] ?? ''),
    words,
  );
  return `${named}, de ${timeAloud(fromHour, fromMinute)} à ${timeAloud(toHour, toMinute)}`;
}

export function moreTime(more: MoreTimeTerms): string {
  const hold = money(more.hold, more.currency);
  const amount = hold.amount.isZero()
    ? "Rien de plus n'est réservé sur votre carte"
    : `Au plus ${amountAloud(hold, words)} de plus seront réservés sur votre carte`;
  return `Pour parler ${durationAloud(more.seconds, words)} de plus, appuyez sur 5. ${amount}.`;
}

export function priceSentence(terms: PriceTerms): string {
  const { fixed, perMinute } = termsDue(terms);
  const taxes = 'toutes taxes comprises';
  if (perMinute === undefined) {
    return fixed === undefined
      ? "L'entretien est gratuit."
      : `Le prix est de ${amountAloud(fixed, words)}, sans supplément à la minute, ${taxes}.`;
  }
  const minute = `${amountAloud(perMinute, words)} par minute`;
  if (terms.includedMinutes === 0) {
    const start = fixed === undefined ? '' : `${amountAloud(fixed, words)}, plus `;
    return `Le prix est de ${start}${minute}, ${taxes}.`;
  }
  const included = minutesAloud(terms.includedMinutes, words);
  return fixed === undefined
    ? `L'entretien est gratuit pendant ${included}, puis coûte ${minute}, ${taxes}.`
    : `Le prix est de ${amountAloud(fixed, words)}, comprenant ${included} d'entretien, puis ${minute}, ${taxes}.`;
}

/** What he says yes to: the price, and where it is, that it is taken before he has talked. */
export function offeredPrice({ price, capture }: SentenceFacts & { key: 'caller_offer' }): string {
  return capture
    ? `${priceSentence(price)} Il est débité en entier dès la mise en relation, même si l'entretien est court.`
    : priceSentence(price);
}

export const refusal: Record<
  (SentenceFacts & { key: 'known_refused' })['because'],
  (merchant: string) => string
> = {
  unknown: (merchant) =>
    `Nous ne vous avons pas reconnu. Vérifiez votre code client ou contactez ${merchant}.`,
  wrong_pin: (merchant) =>
    `Nous ne vous avons pas reconnu. Vérifiez votre code client ou contactez ${merchant}.`,
  no_credit: (merchant) => `Votre compte est épuisé. Rechargez-le auprès de ${merchant}, puis rappelez.`,
  blocked: (merchant) => `Ce service n'est pas ouvert à votre compte. Contactez ${merchant}.`,
  busy: () => 'Un appel est déjà en cours sur votre compte. Raccrochez-le, puis rappelez.',
  closed: () => "Le service est fermé en ce moment. Rappelez pendant les heures d'ouverture.",
  other: (merchant) => `Votre appel ne peut pas être pris. Contactez ${merchant}.`,
  merchant_away: () =>
    'Nous ne pouvons pas vérifier votre compte en ce moment. Rappelez dans quelques minutes.',
  withheld: () => 'Nous ne prenons pas les appels masqués. Rappelez en montrant votre numéro.',
};

export const words: SpokenWords = {
  language: 'fr',
  and: 'et',
  hour: ['heure', 'heures'],
  minute: ['minute', 'minutes'],
  second: ['seconde', 'secondes'],
  currencies: {
    EUR: { unit: ['euro', 'euros'], cent: ['centime', 'centimes'] },
    CHF: { unit: ['franc suisse', 'francs suisses'], cent: ['centime', 'centimes'] },
    GBP: { unit: ['livre', 'livres'], cent: ['penny', 'pence'] },
    USD: { unit: ['dollar', 'dollars'], cent: ['cent', 'cents'] },
    CAD: { unit: ['dollar canadien', 'dollars canadiens'], cent: ['cent', 'cents'] },
  },
};

const cardWords: Readonly<Record<Exclude<CardSound, 'amount'>, string>> = {
  number: 'Tapez le numéro de votre carte, puis dièse. Pour recommencer, appuyez sur étoile.',
  number_wrong: "Ce n'est pas le numéro d'une carte que nous acceptons.",
  expiry: "Maintenant la date d'expiration : le mois et l'année, en quatre chiffres, puis dièse.",
  expiry_wrong: "Cette date n'est pas juste, ou elle est passée.",
  code: "Maintenant le code de sécurité : les trois derniers chiffres au dos de la carte, ou les quatre au recto d'une American Express, puis dièse.",
  code_four: 'Tapez le code de sécurité : les quatre chiffres au recto de votre carte, puis dièse.',
  code_wrong: "Ce code n'a pas le bon nombre de chiffres.",
  ends_in: 'Votre carte se termine par',
  confirm:
    'Pour confirmer, appuyez sur 1. Pour retaper le numéro, appuyez sur étoile. Pour renoncer, appuyez sur 0.',
  not_accepted: "Votre banque n'a pas reconnu cette carte. Vérifiez ce que vous avez tapé.",
  wait: 'Un instant, votre carte est en cours de vérification.',
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
