import { describe, expect, it, test } from 'vitest';
import { languages } from '../../src/core/ids.ts';
import {
  exampleOf,
  inOwnWords,
  ownTextProblem,
  placeholdersOf,
  sayableKey,
  sayableKeys,
  sayables,
} from '../../src/core/own-words.ts';
import { spokenText, type Sentence } from '../../src/core/prompt.ts';

const offer: Sentence = { language: 'fr', ...sayables['caller_offer']!.sample };

describe('every sentence a line may say itself', () => {
  test.each(sayableKeys)(
    '%s is known by its key, and its placeholders are named in every language',
    (key) => {
      const { sample, required = [] } = sayables[key]!;
      expect(sayableKey(sample)).toBe(key);
      expect(placeholdersOf(key)).toEqual(expect.arrayContaining([...required]));
      for (const language of languages) {
        expect(exampleOf(key)[language]).toBe(spokenText({ language, ...sample }));
        // All of its placeholders in one text: nothing is left of the braces.
        const text = `X ${placeholdersOf(key)
          .map((name) => `{${name}}`)
          .join(' ')}`;
        expect(ownTextProblem(key, text)).toBeUndefined();
        const said = spokenText(
          inOwnWords({ language, ...sample }, { [key]: { [language]: { text } } }, 'mer_x'),
        );
        expect(said).toMatch(/^X/);
        expect(said).not.toMatch(/[{}]|undefined/);
      }
    },
  );

  it('not what is said of ourselves, nor what a consultant hears at the service', () => {
    expect(sayableKey({ key: 'apology' })).toBeUndefined();
    expect(sayableKey({ key: 'service_hour' })).toBeUndefined();
    expect(sayableKey({ key: 'merchant_text', text: 'x' })).toBeUndefined();
  });

  it('a wrong PIN sounds like an unknown code', () => {
    const key = sayableKey({ key: 'known_refused', merchant: 'm', because: 'wrong_pin' });
    expect(key).toBe('known_refused.unknown');
  });
});

describe('a text', () => {
  test.each<[string, string, unknown]>([
    ['caller_hold', ' ', { problem: 'empty' }],
    ['caller_hold', 'x'.repeat(1_001), { problem: 'too_long' }],
    ['caller_hold', 'a\u0007b', { problem: 'unspeakable' }],
    ['caller_hold', 'Hold, {merchant}.', { problem: 'unknown_placeholder', name: 'merchant' }],
    ['caller_hold', 'Hold {on', { problem: 'stray_brace' }],
    ['caller_hold', 'Hold on} {Please}', { problem: 'stray_brace' }],
    ['caller_offer', 'Press 1. {duration}', { problem: 'missing_placeholder', name: 'price' }],
    ['caller_offer', '{price}', { problem: 'missing_placeholder', name: 'duration' }],
    ['limit_near', 'Soon over.', { problem: 'missing_placeholder', name: 'left' }],
    ['limit_near', '{left}.', undefined],
  ])('for %s: %s', (key, text, problem) => {
    expect(ownTextProblem(key, text)).toEqual(problem);
  });

  it('holds the facts as they are said, in its own language only', () => {
    const text = 'Ici {merchant}. {price} {duration} au plus avec {consultant}. Tapez 1.';
    const prompts = { caller_offer: { fr: { text } } };
    expect(inOwnWords(offer, prompts, 'mer_x')).toEqual({
      key: 'merchant_text',
      language: 'fr',
      text:
        "Ici Voyance Clara. Le prix est de 25 euros, comprenant 10 minutes d'entretien, puis 2 euros 50 par minute, " +
        'toutes taxes comprises. 30 minutes au plus avec Maria. Tapez 1.',
    });
    const inEnglish: Sentence = { ...offer, language: 'en' };
    expect(inOwnWords(inEnglish, prompts, 'mer_x')).toBe(inEnglish);
  });

  it('holds, where the price is, that it is charged at connection', () => {
    const taken: Sentence = { ...offer, capture: 'at_connection' } as Sentence;
    const prompts = { caller_offer: { fr: { text: '{price} {duration}. Tapez 1.' } } };
    expect(spokenText(inOwnWords(taken, prompts, 'mer_x'))).toContain(
      "toutes taxes comprises. Il est débité en entier dès la mise en relation, même si l'entretien est court. 30 minutes.",
    );
  });

  it('that forgets what would be held on the card has it said behind it', () => {
    const near: Sentence = {
      language: 'en',
      key: 'limit_near',
      secondsLeft: 60,
      more: { seconds: 600, hold: '20', currency: 'EUR' },
    };
    const said = (text: string): string =>
      spokenText(inOwnWords(near, { limit_near: { en: { text } } }, 'mer_x'));
    expect(said('Only {left}!')).toBe(
      'Only 1 minute! For 10 minutes more, press 5. At most 20 euros more will be held on your card.',
    );
    expect(said('{more} Only {left}!')).toMatch(/^For 10 minutes more.*Only 1 minute!$/);
  });
});

it('a recording stands for the sentence', () => {
  const prompts = { caller_hold: { fr: { recording: 'd'.repeat(32), words: 'Patientez.' } } };
  expect(inOwnWords({ key: 'caller_hold', language: 'fr' }, prompts, 'mer_x')).toEqual({
    key: 'recording',
    language: 'fr',
    merchantId: 'mer_x',
    digest: 'd'.repeat(32),
    words: 'Patientez.',
  });
});
