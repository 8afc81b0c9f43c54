import { describe, expect, test } from 'vitest';
import { languages } from '../../src/core/ids.ts';
import {
  catalogue,
  isTextKey,
  showClock,
  showDuration,
  showInstant,
  showPhone,
  showRate,
  text,
} from '../../src/web/texts.ts';

const placeholders = (sentence: string): string[] =>
  [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

describe('the catalogue', () => {
  test('says the same things in both languages, with the same names to fill in', () => {
    expect(Object.keys(catalogue.en).sort()).toEqual(Object.keys(catalogue.fr).sort());
    for (const key of Object.keys(catalogue.fr).filter(isTextKey)) {
      expect(placeholders(catalogue.en[key]), key).toEqual(placeholders(catalogue.fr[key]));
    }
  });

  test.each(languages)('has no empty, untidy or typewriter sentence in %s', (language) => {
    for (const [key, sentence] of Object.entries(catalogue[language])) {
      expect(sentence.trim(), key).toBe(sentence);
      expect(sentence, key).not.toBe('');
      expect(sentence, key).not.toMatch(/ {2}|'|"|\.\.\./);
    }
  });

  test('no sentence is left in the other language', () => {
    const same = Object.keys(catalogue.fr)
      .filter(isTextKey)
      .filter((key) => catalogue.fr[key] === catalogue.en[key]);
    // Words that are the same, and titles made of names only.
    expect(same.sort()).toEqual(
      [
        'access.documentTitle',
        'choose.documentTitle',
        'follow.documentTitle',
        'hold.line',
        'receipt.line',
      ].sort(),
    );
  });

  test('every sentence that can be shown after a failure says that nothing was charged, or what to do', () => {
    for (const language of languages) {
      for (const [key, sentence] of Object.entries(catalogue[language])) {
        if (!key.startsWith('refused.') || key === 'refused.showNewPrice') continue;
        expect(sentence, key).toMatch(
          /débité|Donnez|Choisissez|Vérifiez|Rechargez|Demandez|charged|Give|Choose|Check|Reload|Ask/,
        );
      }
    }
  });
});

describe('a sentence', () => {
  test('is filled in, and refuses to be shown half filled', () => {
    expect(text('en', 'pay.buttonHelp', { amount: '€40.00' })).toBe(
      '€40.00 held on your card, not charged. Then the phones ring.',
    );
    expect(() => text('en', 'pay.buttonHelp')).toThrow('{amount}');
  });

  test('keeps French punctuation on its line', () => {
    expect(text('fr', 'page.question')).toBe('Une question\u202f?');
    expect(text('fr', 'price.fromMinute', { duration: '20 minutes', price: '2 €' })).toContain('\u00a0: ');
  });

  test('takes what is filled in as it is: no name inside a name', () => {
    expect(text('en', 'follow.ringingConsultant.title', { name: '{name} $& $1' })).toBe(
      'We are calling {name} $& $1',
    );
  });
});

describe('figures', () => {
  test.each([
    [0, '0\u00a0secondes', '0\u00a0seconds'],
    [1, '1\u00a0seconde', '1\u00a0second'],
    [60, '1\u00a0minute', '1\u00a0minute'],
    [90, '1\u00a0minute 30\u00a0secondes', '1\u00a0minute 30\u00a0seconds'],
    [600, '10\u00a0minutes', '10\u00a0minutes'],
    [3600, '1\u00a0heure', '1\u00a0hour'],
    [7260, '2\u00a0heures 1\u00a0minute', '2\u00a0hours 1\u00a0minute'],
  ])('%i seconds', (seconds, fr, en) => {
    // French counts nought as one: "0 seconde".
    expect(showDuration(seconds, 'fr')).toBe(seconds === 0 ? '0\u00a0seconde' : fr);
    expect(showDuration(seconds, 'en')).toBe(en);
  });

  test('clock, rate, phone and date', () => {
    expect([0, 59.9, 60, 3599, 3661].map(showClock)).toEqual(['0:00', '0:59', '1:00', '59:59', '1:01:01']);
    expect(showRate('0.055', 'en')).toBe('5.5%');
    expect(showRate('0.2', 'fr')).toMatch(/^20\s%$/u);
    expect(showPhone('+33612345678')).toBe('+33\u00a06\u00a012\u00a034\u00a056\u00a078');
    // A receipt is in the merchant's time, summer time included.
    expect(showInstant(new Date('2026-07-01T22:30:00Z'), 'Europe/Paris', 'fr')).toContain('2 juillet 2026');
  });
});
