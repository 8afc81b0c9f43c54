import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cardSentences } from '../../src/core/card-sentences.ts';
import { languages, type Language } from '../../src/core/ids.ts';
import { cardSounds } from '../../src/core/keyed-card.ts';
import { spokenText, type PriceTerms, type Sentence, type SentenceFacts } from '../../src/core/prompt.ts';
import type { OneSentence, SpokenState } from '../../src/core/sentence.ts';

const price = (
  fixedPrice: string,
  includedMinutes: number,
  pricePerMinute?: string,
  currency = 'EUR',
): PriceTerms => ({
  currency,
  fixedPrice,
  includedMinutes,
  ...(pricePerMinute === undefined ? {} : { pricePerMinute }),
});
const offer = (terms: PriceTerms): SentenceFacts => ({
  key: 'caller_offer',
  merchant: 'Voyance Clara',
  consultant: 'Maria',
  price: terms,
  minutes: 30,
});
const consultation = price('25.00', 10, '2.50');

/** One of each kind. A new kind without a line here does not compile. */
const oneOfEach: { [Key in OneSentence['key']]: SentenceFacts & { key: Key } } = {
  consultant_offer: { key: 'consultant_offer', merchant: 'Voyance Clara', line: 'Tarot', minutes: 10 },
  consultant_known_offer: {
    key: 'consultant_known_offer',
    merchant: 'Voyance Clara',
    line: 'Tarot',
    client: '4711',
    seconds: 1_200,
  },
  consultant_wait: { key: 'consultant_wait' },
  consultant_caller_lost: { key: 'consultant_caller_lost' },
  caller_offer: {
    key: 'caller_offer',
    merchant: 'Voyance Clara',
    consultant: 'Maria',
    price: consultation,
    minutes: 30,
  },
  caller_reminder: { key: 'caller_reminder' },
  caller_never_again: { key: 'caller_never_again' },
  caller_hold: { key: 'caller_hold' },
  caller_nobody: { key: 'caller_nobody' },
  caller_consultant_lost: { key: 'caller_consultant_lost' },
  limit_near: { key: 'limit_near', secondsLeft: 60 },
  more_time_asked: { key: 'more_time_asked' },
  more_time_granted: { key: 'more_time_granted', seconds: 300 },
  more_time_refused: { key: 'more_time_refused' },
  consultant_limit_near: { key: 'consultant_limit_near', secondsLeft: 60 },
  code_wanted: { key: 'code_wanted', merchant: 'Voyance Clara' },
  pin_wanted: { key: 'pin_wanted' },
  known_greeting: {
    key: 'known_greeting',
    merchant: 'Voyance Clara',
    seconds: 1_200,
    balance: { amount: '12.50', currency: 'EUR' },
  },
  known_refused: { key: 'known_refused', merchant: 'Voyance Clara', because: 'no_credit' },
  known_nobody: { key: 'known_nobody' },
  known_consultant_lost: { key: 'known_consultant_lost' },
  merchant_text: { key: 'merchant_text', text: 'Our offices are closed.' },
  service_short_number: { key: 'service_short_number', merchant: 'Voyance Clara' },
  service_pin: { key: 'service_pin', byNumber: true },
  service_refused: { key: 'service_refused' },
  service_menu: { key: 'service_menu', name: 'Maria', state: { is: 'break', reason: 'lunch' } },
  service_hour: { key: 'service_hour' },
  service_today: {
    key: 'service_today',
    calls: 3,
    seconds: 1_830,
    missed: 1,
    earned: [{ amount: '12.50', currency: 'EUR' }],
  },
  service_schedule: { key: 'service_schedule', hours: [{ days: [1, 2], from: '09:00', to: '18:30' }] },
  service_messages: { key: 'service_messages' },
  service_recording: { key: 'service_recording', kind: 'introduction' },
  service_speak: { key: 'service_speak', kind: 'introduction' },
  service_take: { key: 'service_take', seconds: 12 },
  service_goodbye: { key: 'service_goodbye' },
  recording: {
    key: 'recording',
    merchantId: 'mer_x',
    digest: '0'.repeat(32),
    words: 'It is Maria speaking.',
  },
  caller_farewell: { key: 'caller_farewell', because: 'limit' },
  consultant_farewell: { key: 'consultant_farewell' },
  goodbye: { key: 'goodbye' },
  card_amount: {
    key: 'card_amount',
    merchant: 'Voyance Clara',
    line: 'Tarot',
    amount: '75.00',
    currency: 'EUR',
    talk: { price: consultation, minutes: 30 },
  },
  card_said: { key: 'card_said', sound: 'number' },
  access_code: { key: 'access_code', code: '483920' },
  more_consultants: { key: 'more_consultants' },
  card_declined: { key: 'card_declined' },
  card_wait: { key: 'card_wait' },
  card_kept_question: { key: 'card_kept_question', again: true },
  card_not_kept: { key: 'card_not_kept' },
  card_keep_question: { key: 'card_keep_question' },
  card_not_charged: { key: 'card_not_charged' },
  card_not_taken: { key: 'card_not_taken' },
  apology: { key: 'apology' },
};
const all = Object.values(oneOfEach);
const every = languages.flatMap((language) => all.map((facts) => [language, facts.key, facts] as const));

describe('what is said', () => {
  it('to the consultant, word for word', () => {
    expect(spokenText({ language: 'fr', ...oneOfEach.consultant_offer })).toBe(
      'Bonjour. Appel payant pour Voyance Clara, Tarot. Durée payée : 10 minutes au maximum. ' +
        "Pour accepter l'appel, appuyez sur 1. Pour le refuser, appuyez sur 3.",
    );
    expect(spokenText({ language: 'en', ...oneOfEach.consultant_offer })).toBe(
      'Hello. Paid call for Voyance Clara, Tarot. Paid for: up to 10 minutes. ' +
        'To accept the call, press 1. To refuse it, press 3.',
    );
  });

  it('to the caller before he says yes, word for word', () => {
    expect(spokenText({ language: 'fr', ...offer(consultation) })).toBe(
      'Bonjour, ici Voyance Clara, pour votre entretien avec Maria. ' +
        "Le prix est de 25 euros, comprenant 10 minutes d'entretien, puis 2 euros 50 par minute, toutes taxes comprises. " +
        "L'entretien dure 30 minutes au maximum. Pour accepter et commencer, appuyez sur 1. " +
        'Pour refuser, sur 3. Pour ne plus jamais être appelé, sur 9.',
    );
    expect(spokenText({ language: 'en', ...offer(consultation) })).toBe(
      'Hello, this is Voyance Clara, for your conversation with Maria. ' +
        'The price is 25 euros, including 10 minutes of conversation, then 2 euros 50 per minute, taxes included. ' +
        'You can talk for up to 30 minutes. To accept and start, press 1. To refuse, press 3. ' +
        'Never to be called again, press 9.',
    );
  });

  test.each(every)('in %s, %s, is something of its own', (language, _key, facts) => {
    const text = spokenText({ language, ...facts });
    expect(text).toMatch(/^\p{Lu}.*\.$/u);
    expect(text).not.toMatch(/undefined|NaN|\[object|[€$£\n\r\t]| {2}/);
    // Nothing is said twice in other circumstances or left in the other language.
    const others = all
      .filter((other) => other.key !== facts.key)
      .map((other) => spokenText({ language, ...other }));
    if (!['caller_hold', 'consultant_wait'].includes(facts.key)) expect(others).not.toContain(text);
    // A merchant's own words are spoken as he wrote them.
    if (facts.key === 'merchant_text') expect(text).toBe(facts.text);
    else if (facts.key === 'recording') expect(text).toBe(facts.words);
    else expect(spokenText({ language: language === 'fr' ? 'en' : 'fr', ...facts })).not.toBe(text);
  });

  test.each<[Language, RegExp]>([
    ['fr', /[Rr]ien ne vous (est|sera) débité|rien ne vous est débité/],
    ['en', /(have not been|will not be) charged/],
  ])('in %s promises that nothing is charged exactly where that is certain', (language, promise) => {
    const promised = all
      .filter((facts) => promise.test(spokenText({ language, ...facts })))
      .map((facts) => facts.key);
    expect(promised).toEqual([
      'caller_reminder',
      'caller_never_again',
      'caller_nobody',
      'caller_consultant_lost',
    ]);
  });

  test.each([
    ['10.00', 'At most 10 euros more will be held on your card.', 'Au plus 10 euros de plus seront réservés'],
    [
      '0.50',
      'At most 50 cents more will be held on your card.',
      'Au plus 50 centimes de plus seront réservés',
    ],
    ['0.00', 'Nothing more is held on your card.', "Rien de plus n'est réservé sur votre carte."],
  ])('more time that holds %s says so, with the key', (hold, english, french) => {
    const more = { seconds: 300, hold, currency: 'EUR' };
    const near = { key: 'limit_near' as const, secondsLeft: 60, more };
    expect(spokenText({ language: 'en', ...near })).toBe(
      `You have 1 minute left. For 5 minutes more, press 5. ${english}`,
    );
    expect(spokenText({ language: 'fr', ...near })).toContain(
      `Il vous reste 1 minute. Pour parler 5 minutes de plus, appuyez sur 5. ${french}`,
    );
  });

  it('says before a card is keyed what it costs, what is held, and how to give up', () => {
    expect(spokenText({ language: 'en', ...oneOfEach.card_amount })).toBe(
      'Voyance Clara, Tarot. The price is 25 euros, including 10 minutes of conversation, then 2 euros 50 per minute, ' +
        'taxes included. You can talk for up to 30 minutes. Up to 75 euros will be held on your card, and only the price ' +
        'of your conversation will be taken. You can now pay by card, on the keys of your telephone. To give up, press 0, then hash.',
    );
    const sale = { merchant: 'Voyance Clara', line: 'Thème astral', amount: '49.00', currency: 'EUR' };
    expect(spokenText(cardSentences('fr', sale).amount)).toBe(
      'Voyance Clara, Thème astral. Le prix est de 49 euros, toutes taxes comprises. Vous pouvez maintenant payer par carte, ' +
        'sur les touches de votre téléphone. Pour renoncer, appuyez sur 0, puis sur dièse.',
    );
  });

  it('says of a price that is taken at connection what is held, when it is charged and when nothing is', () => {
    const talk = { price: price('20', 15), minutes: 15, capture: 'at_connection' as const };
    const sold = { ...oneOfEach.card_amount, amount: '20.00', talk };
    expect(spokenText({ language: 'fr', ...sold })).toBe(
      'Voyance Clara, Tarot. Le prix est de 20 euros, sans supplément à la minute, toutes taxes comprises. ' +
        "Vous pourrez parler jusqu'à 15 minutes. 20 euros seront réservés sur votre carte, et débités en entier dès la mise " +
        "en relation, même si l'entretien est court. Si personne ne répond, rien ne sera débité. Vous pouvez maintenant payer " +
        'par carte, sur les touches de votre téléphone. Pour renoncer, appuyez sur 0, puis sur dièse.',
    );
    expect(spokenText({ language: 'en', ...sold })).toContain(
      '20 euros will be held on your card, and charged in full as soon as you are put through, however short the ' +
        'conversation. If nobody answers, you will not be charged.',
    );
    for (const language of languages) {
      expect(spokenText({ language, ...sold })).not.toMatch(/seul le prix|only the price|Au plus|Up to 20/);
    }
  });

  it('says to whom it calls, with the price and before key 1, that it is charged at connection', () => {
    const taken = { ...oneOfEach.caller_offer, price: price('20', 15), capture: 'at_connection' as const };
    expect(spokenText({ language: 'fr', ...taken })).toContain(
      "toutes taxes comprises. Il est débité en entier dès la mise en relation, même si l'entretien est court. " +
        "L'entretien dure 30 minutes au maximum. Pour accepter",
    );
    expect(spokenText({ language: 'en', ...taken })).toContain(
      'taxes included. It is charged in full as soon as you are put through, however short the conversation. You can',
    );
  });

  it.each(languages)('says everything of the card room in %s, each thing its own way', (language) => {
    const sold = { merchant: 'Voyance Clara', line: 'Tarot', amount: '25.00', currency: 'EUR' };
    const texts = cardSounds.map((sound) => spokenText(cardSentences(language, sold)[sound]));
    expect(new Set(texts).size).toBe(cardSounds.length);
    expect(texts.join(' ')).not.toMatch(/undefined|NaN|[#*€]/);
  });

  it('tells the two farewells apart', () => {
    for (const language of languages) {
      const farewell = (because: 'limit' | 'consultant_left'): string =>
        spokenText({ language, key: 'caller_farewell', because });
      expect(farewell('limit')).not.toBe(farewell('consultant_left'));
    }
  });
});

describe('the price, spoken', () => {
  test.each<[string, PriceTerms, string, string]>([
    [
      'no minutes included',
      price('25', 0, '2.50'),
      'Le prix est de 25 euros, plus 2 euros 50 par minute, toutes taxes comprises.',
      'The price is 25 euros, plus 2 euros 50 per minute, taxes included.',
    ],
    [
      'minutes only',
      price('0', 0, '2.50'),
      'Le prix est de 2 euros 50 par minute, toutes taxes comprises.',
      'The price is 2 euros 50 per minute, taxes included.',
    ],
    [
      'first minutes free',
      price('0.00', 10, '1.00'),
      "L'entretien est gratuit pendant 10 minutes, puis coûte 1 euro par minute, toutes taxes comprises.",
      'The conversation is free for 10 minutes, then costs 1 euro per minute, taxes included.',
    ],
    [
      'fixed only',
      price('25.00', 10),
      'Le prix est de 25 euros, sans supplément à la minute, toutes taxes comprises.',
      'The price is 25 euros, with no charge per minute, taxes included.',
    ],
    [
      'fixed, minutes at nothing',
      price('25.00', 10, '0.00'),
      'Le prix est de 25 euros, sans supplément à la minute, toutes taxes comprises.',
      'The price is 25 euros, with no charge per minute, taxes included.',
    ],
    ['free', price('0', 0), "L'entretien est gratuit.", 'The conversation is free.'],
  ])('%s', (_what, terms, french, english) => {
    expect(spokenText({ language: 'fr', ...offer(terms) })).toContain(`. ${french} `);
    expect(spokenText({ language: 'en', ...offer(terms) })).toContain(`. ${english} `);
  });

  test.each([
    ['1.00', 'EUR', '1 euro', '1 euro'],
    ['1.50', 'EUR', '1 euro 50', '1 euro 50'],
    ['2', 'EUR', '2 euros', '2 euros'],
    ['2.05', 'EUR', '2 euros et 5 centimes', '2 euros and 5 cents'],
    ['2.01', 'EUR', '2 euros et 1 centime', '2 euros and 1 cent'],
    ['0.50', 'EUR', '50 centimes', '50 cents'],
    ['0.01', 'EUR', '1 centime', '1 cent'],
    ['0.025', 'EUR', '2,5 centimes', '2.5 cents'],
    ['0.015', 'EUR', '1,5 centime', '1.5 cents'],
    ['1.255', 'EUR', '1,255 euro', '1.255 euros'],
    ['1500', 'EUR', '1500 euros', '1500 euros'],
    ['2.50', 'CHF', '2 francs suisses 50', '2 Swiss francs 50'],
    ['2.01', 'GBP', '2 livres et 1 penny', '2 pounds and 1 penny'],
    ['0.80', 'GBP', '80 pence', '80 pence'],
    ['1.90', 'USD', '1 dollar 90', '1 dollar 90'],
    ['1500', 'JPY', '1500 yens japonais', '1500 Japanese yen'],
    ['1.500', 'KWD', '1,5 dinar koweïtien', '1.5 Kuwaiti dinars'],
  ])('%s %s is "%s" and "%s"', (amount, currency, french, english) => {
    const terms = price(amount, 0, undefined, currency);
    expect(spokenText({ language: 'fr', ...offer(terms) })).toContain(`Le prix est de ${french}, sans`);
    expect(spokenText({ language: 'en', ...offer(terms) })).toContain(`The price is ${english}, with`);
  });
});

describe('time, spoken', () => {
  test.each([
    [60, '1 minute', '1 minute'],
    [1, '1 seconde', '1 second'],
    [0, '0 seconde', '0 seconds'],
    [-5, '0 seconde', '0 seconds'],
    [45, '45 secondes', '45 seconds'],
    [44.7, '45 secondes', '45 seconds'],
    [61, '1 minute et 1 seconde', '1 minute and 1 second'],
    [90, '1 minute et 30 secondes', '1 minute and 30 seconds'],
    [120, '2 minutes', '2 minutes'],
    [5400, '90 minutes', '90 minutes'],
    [7200, '2 heures', '2 hours'],
    [9005, '2 heures, 30 minutes et 5 secondes', '2 hours, 30 minutes and 5 seconds'],
  ])('%d seconds', (secondsLeft, french, english) => {
    expect(spokenText({ language: 'fr', key: 'limit_near', secondsLeft })).toBe(`Il vous reste ${french}.`);
    expect(spokenText({ language: 'en', key: 'limit_near', secondsLeft })).toBe(`You have ${english} left.`);
    expect(spokenText({ language: 'fr', key: 'consultant_limit_near', secondsLeft })).toBe(
      `L'entretien se termine dans ${french}.`,
    );
  });

  it('has a singular', () => {
    expect(spokenText({ language: 'fr', ...oneOfEach.consultant_offer, minutes: 1 })).toContain(
      'Durée payée : 1 minute au maximum',
    );
    expect(spokenText({ language: 'en', ...oneOfEach.consultant_offer, minutes: 1 })).toContain(
      'up to 1 minute.',
    );
    expect(spokenText({ language: 'fr', ...offer(price('5', 1, '1')) })).toContain(
      "comprenant 1 minute d'entretien",
    );
    expect(spokenText({ language: 'fr', ...oneOfEach.consultant_offer, minutes: 2.5 })).toContain(
      '2 minutes et 30 secondes',
    );
  });
});

describe('a refused caller', () => {
  const noCredit = { ...oneOfEach.known_refused, because: 'no_credit' as const };
  it('hears good-bye, or that he is put through and for how long', () => {
    const said = (language: 'fr' | 'en', seconds?: number) =>
      spokenText({ language, ...noCredit, ...(seconds !== undefined && { seconds }) });
    expect(said('fr')).toMatch(/puis rappelez\. Au revoir\.$/);
    expect(said('en')).toMatch(/then call again\. Goodbye\.$/);
    expect(said('fr', 90)).toMatch(
      /relation avec quelqu'un, pour 1 minute et 30 secondes au maximum\. Ne quittez pas\.$/,
    );
    expect(said('en', 90)).toMatch(/to somebody, for up to 1 minute and 30 seconds\. Please hold\.$/);
    for (const language of languages) expect(said(language, 90)).not.toMatch(/Au revoir|Goodbye/);
  });
});

describe('names, spoken', () => {
  test.each([
    ['Clara & Sons Ltd.', 'Clara & Sons Ltd'],
    ['  Dr  No ', 'Dr No'],
    ['Voyance\r\n\r\napi shutdown', 'Voyance api shutdown'],
    ['<break time="10s"/>Clara', 'break time="10s"/ Clara'],
    ['Qui ?', 'Qui'],
    ['Élodie', 'Élodie'],
  ])('%j', (merchant, spoken) => {
    expect(spokenText({ language: 'fr', ...oneOfEach.caller_offer, merchant })).toContain(
      `Bonjour, ici ${spoken}, pour`,
    );
  });

  it('never break the line, whatever a merchant typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...languages), (name, language) => {
        const text = spokenText({
          language,
          key: 'consultant_offer',
          merchant: name,
          line: name,
          minutes: 3,
        });
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}<>]/u);
      }),
    );
  });
});

describe('what consultants hear of numbers, hours and days', () => {
  const state = (until: SpokenState['until'], language: Language): string =>
    spokenText({ language, key: 'service_menu', state: { is: 'away', ...(until && { until }) } });

  test.each<[SpokenState['until'], string, string]>([
    [undefined, 'Vous êtes absent.', 'You are away.'],
    [{ day: 'today', hour: 14, minute: 30 }, "jusqu'à 14 heures 30.", 'until 2 30 PM.'],
    [{ day: 'today', hour: 1, minute: 5 }, "jusqu'à 1 heure 5.", 'until 1 oh 5 AM.'],
    [{ day: 'today', hour: 0, minute: 0 }, "jusqu'à minuit.", 'until midnight.'],
    [{ day: 'today', hour: 0, minute: 21 }, "jusqu'à 0 heure 21.", 'until 12 21 AM.'],
    [{ day: 'today', hour: 12, minute: 0 }, "jusqu'à midi.", 'until noon.'],
    [{ day: 'tomorrow', hour: 9, minute: 0 }, "jusqu'à demain, 9 heures.", 'until tomorrow at 9 AM.'],
    [{ day: 7, hour: 21, minute: 0 }, "jusqu'à dimanche, 21 heures.", 'until Sunday at 9 PM.'],
    [{ day: '05-01', hour: 8, minute: 15 }, "jusqu'au premier mai, 8 heures 15.", 'until 1 May at 8 15 AM.'],
  ])('%j', (until, french, english) => {
    expect(state(until, 'fr')).toContain(french);
    expect(state(until, 'en')).toContain(english);
  });

  test.each<[number, number, string, string]>([
    [0, 0, 'pris 0 appel.', 'taken no calls.'],
    [1, 1, 'pris 1 appel, et parlé 1 seconde.', 'taken 1 call, and talked for 1 second.'],
    [
      2,
      61,
      'pris 2 appels, et parlé 1 minute et 1 seconde.',
      'taken 2 calls, and talked for 1 minute and 1 second.',
    ],
    [21, 7_200, 'pris 21 appels, et parlé 2 heures.', 'taken 21 calls, and talked for 2 hours.'],
    [71, 4_860, 'pris 71 appels, et parlé 81 minutes.', 'taken 71 calls, and talked for 81 minutes.'],
    [91, 80, 'pris 91 appels, et parlé 1 minute et 20 secondes.', 'taken 91 calls'],
  ])('%i calls of %i seconds', (calls, seconds, french, english) => {
    const said = (language: Language): string =>
      spokenText({ language, key: 'service_today', calls, seconds, missed: 0 });
    expect(said('fr')).toContain(french);
    expect(said('en')).toContain(english);
  });

  test.each<[{ amount: string; currency: string }[] | undefined, string, string]>([
    [[], 'gagné zéro pour le moment', 'earned nothing yet'],
    [[{ amount: '0.80', currency: 'EUR' }], 'gagné 80 centimes', 'earned 80 cents'],
    [
      [
        { amount: '21.05', currency: 'EUR' },
        { amount: '1.00', currency: 'CHF' },
      ],
      'gagné 21 euros et 5 centimes et 1 franc suisse',
      'earned 21 euros and 5 cents and 1 Swiss franc',
    ],
  ])('earned %j', (earned, french, english) => {
    const said = (language: Language): string =>
      spokenText({
        language,
        key: 'service_today',
        calls: 1,
        seconds: 60,
        missed: 2,
        ...(earned && { earned }),
      });
    expect(said('fr')).toContain(french);
    expect(said('en')).toContain(english);
    expect(said('fr')).toContain('Vous en avez manqué 2.');
    expect(said('en')).toContain('You missed 2 calls.');
  });

  it('several in one go, each in its own language, and silence as nothing', () => {
    const parts: Sentence[] = [
      { language: 'fr', key: 'merchant_text', text: 'Bonjour.' },
      { language: 'fr', key: 'silence', seconds: 2 },
      {
        language: 'fr',
        key: 'in_turn',
        parts: [{ language: 'en', key: 'merchant_text', text: 'Hello.' }],
      },
    ];
    expect(spokenText({ language: 'fr', key: 'in_turn', parts })).toBe('Bonjour. Hello.');
  });

  it('the days and hours of a schedule', () => {
    const hours = [
      { days: [1, 2, 5], from: '09:00', to: '12:30' },
      { days: [6], from: '20:00', to: '24:00' },
    ];
    expect(spokenText({ language: 'fr', key: 'service_schedule', hours })).toBe(
      'Vos horaires : lundi, mardi et vendredi, de 9 heures à 12 heures 30 ; samedi, de 20 heures à minuit.',
    );
    expect(spokenText({ language: 'en', key: 'service_schedule', hours })).toBe(
      'Your hours are: Monday, Tuesday and Friday, from 9 AM to 12 30 PM; Saturday, from 8 PM to midnight.',
    );
  });
});
