// What access codes are made of, and what may be set of what they open.

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type AccessResourceSettings,
  addressWithToken,
  claimsOf,
  codeAlphabets,
  codeLengthMax,
  codeLengthMin,
  codeOf,
  keysGone,
  type KeyTimes,
  lifeOf,
  nextKeyDue,
  readCode,
  refusalOf,
  showCode,
  signingNow,
  tokenSeconds,
  usualAccessResource,
  wrongOfAccessResource,
} from '../../src/core/access-code.ts';

const chance = fc.uint8Array({ minLength: 32, maxLength: 32 });
const alphabet = fc.constantFrom(...codeAlphabets);
const now = new Date('2026-11-22T12:00:00Z');
const daysLater = (days: number): Date => new Date(now.getTime() + days * 86_400_000);

describe('a code', () => {
  test.each([
    ['digits', 10, 16, /^\d+$/],
    ['letters', 11, 11, /^[FHKMRTWXY]+$/],
    ['digits_and_letters', 9, 10, /^[2345679FHKMRTWXY]+$/],
  ] as const)(
    'of %s has at least %i signs, and none that is taken for another',
    (of, least, length, known) => {
      expect(codeLengthMin(of)).toBe(least);
      fc.assert(
        fc.property(chance, (bytes) => {
          const code = codeOf(bytes, of, length);
          expect(code).toHaveLength(length);
          expect(code).toMatch(known);
        }),
      );
    },
  );

  it('has every sign as often as any other, as far as chance goes', () => {
    const seen = new Map<string, number>();
    let seed = 1;
    for (let one = 0; one < 2_000; one += 1) {
      const bytes = Uint8Array.from({ length: 32 }, () => (seed = (seed * 48_271) % 2_147_483_647) & 255);
      for (const sign of codeOf(bytes, 'letters', 11)) seen.set(sign, (seen.get(sign) ?? 0) + 1);
    }
    const mean = (2_000 * 11) / 9;
    for (const times of seen.values()) expect(Math.abs(times - mean) / mean).toBeLessThan(0.1);
    expect(seen.size).toBe(9);
  });

  it('is read as it is shown, in whatever way it is typed', () => {
    fc.assert(
      fc.property(chance, alphabet, fc.integer({ min: 0, max: codeLengthMax }), (bytes, of, more) => {
        const code = codeOf(bytes, of, Math.min(codeLengthMax, codeLengthMin(of) + more));
        const shown = showCode(code);
        expect(readCode(shown)).toBe(code);
        expect(readCode(` ${shown.toLowerCase().replaceAll('-', ' . ')}#`)).toBe(code);
        expect(Math.max(...shown.split('-').map((part) => part.length))).toBeLessThanOrEqual(4);
      }),
    );
  });

  test.each([
    ['4821907553', '4821-907-553'],
    ['482190755', '482-190-755'],
    ['48219075', '4821-9075'],
    ['482190755312', '4821-9075-5312'],
  ])('%s is shown as %s', (code, shown) => {
    expect(showCode(code)).toBe(shown);
  });

  test.each([
    ['4B2I9O7553', '4B21907553'],
    ['4821–907–553', '4821907553'],
    ['４８２１９０７５５３', '4821907553'],
    ['z5s', '255'],
    ['', undefined],
    ['4821/907', undefined],
    ['é', undefined],
    ['\u0000', undefined],
    ['1'.repeat(41), undefined],
    ['1'.repeat(100_000), undefined],
  ])('typed as %j is read as %j', (typed, code) => {
    expect(readCode(typed)).toBe(code);
  });
});

describe('what a merchant sets', () => {
  const resource: AccessResourceSettings = {
    ...usualAccessResource,
    name: { fr: 'Club', en: 'Club' },
    address: 'https://club.example/in?from=ringmeter',
  };
  const wrong = (change: Partial<AccessResourceSettings>, plain = false): string[] =>
    wrongOfAccessResource({ ...resource, ...change }, plain).map(({ field }) => field);

  test.each([
    ['as usual', {}, []],
    ['nine digits', { alphabet: 'digits', codeLength: 9 }, ['codeLength']],
    ['ten digits', { alphabet: 'digits', codeLength: 10 }, []],
    ['no address', { address: 'club.example' }, ['address']],
    ['a script', { address: 'javascript:alert(1)' }, ['address']],
    ['no https', { address: 'http://club.example/' }, ['address']],
    ['a user', { address: 'https://club.example@evil.example/' }, ['address']],
    ['a fragment', { address: 'https://club.example/#in' }, ['address']],
  ] as const)('%s', (_what, change, fields) => {
    expect(wrong(change)).toEqual(fields);
  });

  it('may be served plainly where the house is', () => {
    expect(wrong({ address: 'http://localhost:3001/club' }, true)).toEqual([]);
    expect(wrong({ address: 'ftp://localhost/club' }, true)).toEqual(['address']);
  });

  it('is sent on to with its own query and our token alone', () => {
    expect(addressWithToken(resource.address, 'a.b.c')).toBe(
      'https://club.example/in?from=ringmeter&access_token=a.b.c',
    );
    expect(addressWithToken('https://club.example/in?access_token=old', 'new')).toBe(
      'https://club.example/in?access_token=new',
    );
  });
});

describe('a code that is tried', () => {
  const fresh = { validUntil: daysLater(1), usesMax: 2, uses: 1, revokedAt: null };
  test.each([
    ['opens', fresh, undefined],
    ['opens as often as it is valid', { ...fresh, usesMax: null, uses: 900 }, undefined],
    ['is used up', { ...fresh, uses: 2 }, 'used_up'],
    ['is expired', { ...fresh, validUntil: now }, 'expired'],
    ['was revoked', { ...fresh, revokedAt: now }, 'revoked'],
  ] as const)('%s', (_what, code, refusal) => {
    expect(refusalOf(code, now)).toBe(refusal);
    expect(lifeOf(code, now)).toBe(refusal ?? 'valid');
  });
});

describe('what a visitor is sent on with', () => {
  it('says which resource, code and use, for a minute, and nothing of him', () => {
    const use = { issuer: 'https://ring.example', resource: 'club', codeId: 'acc_1', useId: 'acu_1' };
    const claims = claimsOf(use, now);
    expect(claims).toEqual({
      iss: 'https://ring.example',
      aud: 'club',
      sub: 'acc_1',
      jti: 'acu_1',
      iat: now.getTime() / 1000,
      exp: now.getTime() / 1000 + tokenSeconds,
    });
    expect(tokenSeconds).toBeLessThanOrEqual(60);
  });
});

describe('the keys that sign', () => {
  it('follow each other without a moment in which nobody knows them', () => {
    const keys: KeyTimes[] = [];
    const made: Date[] = [];
    for (let days = 0; days < 100; days += 0.25) {
      const at = daysLater(days);
      const due = nextKeyDue(keys, at);
      if (due) {
        keys.push(due);
        made.push(at);
      }
      const signing = signingNow(keys, at);
      expect(signing).toBeDefined();
      // Whoever signs has been published for a day, but for the very first.
      if (signing && signing.number > 1) {
        expect(at.getTime() - signing.createdAt.getTime()).toBeGreaterThanOrEqual(86_400_000);
      }
      for (const gone of keysGone(keys, at)) {
        expect(gone).not.toBe(signing?.number);
        keys.splice(
          keys.findIndex(({ number }) => number === gone),
          1,
        );
      }
      expect(keys.length).toBeLessThanOrEqual(2);
      expect(nextKeyDue(keys, at)).toBeUndefined();
    }
    expect(made.map((at) => (at.getTime() - now.getTime()) / 86_400_000)).toEqual([0, 29, 59, 89]);
  });
});
