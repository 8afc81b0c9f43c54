import { TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { realProofs } from '../../src/proofs.ts';

describe('a password', () => {
  it('is kept as argon2id with the cost OWASP asks for, and never twice alike', async () => {
    const [one, other] = await Promise.all([
      realProofs.hashPassword('quatre mots sans rapport'),
      realProofs.hashPassword('quatre mots sans rapport'),
    ]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(other).not.toBe(one);
    expect(await realProofs.passwordHolds(one, 'quatre mots sans rapport')).toBe(true);
    expect(await realProofs.passwordHolds(one, 'quatre mots sans rapport ')).toBe(false);
    expect(await realProofs.passwordHolds(undefined, 'nobody has this password')).toBe(false);
    expect(await realProofs.passwordHolds('not a hash', 'x')).toBe(false);
  });

  it('is the same however a keyboard writes its accents', async () => {
    const hash = await realProofs.hashPassword('de\u0301ja\u0300 vu quatre fois');
    expect(await realProofs.passwordHolds(hash, 'd\u00e9j\u00e0 vu quatre fois')).toBe(true);
  });
});

describe('a code', () => {
  const secret = realProofs.newTotpSecret();
  const at = new Date('2026-11-22T10:00:15.000Z');
  const step = at.getTime() / 30_000 - 0.5;
  const codeAt = (steps: number): string =>
    new TOTP({ secret }).generate({ timestamp: at.getTime() + steps * 30_000 });

  it.each([
    [-2, undefined],
    [-1, step - 1],
    [0, step],
    [1, step + 1],
    [2, undefined],
  ])('%i steps off is of the step %j', (steps, expected) => {
    expect(realProofs.totpStep(secret, codeAt(steps), at)).toBe(expected);
  });

  it.each(['', '12345', '1234567', 'abcdef', '١٢٣٤٥٦'])('%j is none', (code) => {
    expect(realProofs.totpStep(secret, code, at)).toBeUndefined();
  });

  it('is that of RFC 6238, appendix B', () => {
    const known = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    expect(realProofs.totpStep(known, '287082', new Date(59_000))).toBe(1);
    expect(realProofs.totpStep(known, '005924', new Date(1_234_567_890_000))).toBe(41_152_263);
  });

  it('for paper is of ten letters nobody misreads, and none like the other', () => {
    const codes = Array.from({ length: 200 }, () => realProofs.recoveryCode());
    for (const code of codes)
      expect(code).toMatch(/^[2-9a-hjkmnp-z]{4}-[2-9a-hjkmnp-z]{4}-[2-9a-hjkmnp-z]{2}$/);
    expect(new Set(codes).size).toBe(200);
  });
});
