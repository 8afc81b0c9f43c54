import { describe, expect, it } from 'vitest';
import {
  deviceWords,
  emailKey,
  isAlive,
  mayDo,
  needsSecondFactor,
  passwordRefusal,
  rightsOf,
} from '../../src/core/sign-in.ts';

describe('rights', () => {
  it.each([
    ['owner', {}, { users: 'write', money: 'write' }],
    ['operator', {}, { users: 'write', settings: 'write' }],
    ['accountant', { users: 'write' }, { calls: 'read', money: 'read', clients: 'read' }],
    ['consultant', { money: 'write' }, {}],
    ['staff', { calls: 'read', lines: 'write' }, { calls: 'read', lines: 'write' }],
    // Whoever gives rights away could give himself all of them.
    ['staff', { users: 'write' }, { users: 'read' }],
    ['staff', { own: 'write', everything: 'write', calls: 'all' }, {}],
    ['staff', null, {}],
    [undefined, { calls: 'write' }, {}],
  ] as const)('of %s who was given %j', (role, given, rights) => {
    expect(rightsOf(role, given)).toMatchObject(rights);
    if (role !== 'owner' && role !== 'operator') expect(rightsOf(role, given)).toEqual(rights);
  });

  it('to write is to read, and never the other way round', () => {
    expect(mayDo({ calls: 'write' }, 'calls', 'read')).toBe(true);
    expect(mayDo({ calls: 'read' }, 'calls', 'write')).toBe(false);
    expect(mayDo({ calls: 'write' }, 'money', 'read')).toBe(false);
    expect(mayDo({}, 'own', 'write')).toBe(true);
  });

  it('of owners and operators need a second factor', () => {
    expect(
      (['owner', 'operator', 'staff', 'accountant', 'consultant', undefined] as const).map(needsSecondFactor),
    ).toEqual([true, true, false, false, false, false]);
  });
});

describe('a password', () => {
  it.each([
    ['quatre mots sans rapport', undefined],
    ['d8Kq!27xPz', undefined],
    ['日本語のパスワード四つ', undefined],
    ['short pw', 'too_short'],
    ['', 'too_short'],
    ['x'.repeat(201), 'too_long'],
    ['aaaaaaaaaaaa', 'too_simple'],
    ['abababababab', 'too_simple'],
    ['password1234', 'too_simple'],
    ['MotDePasse2026!', 'too_simple'],
    ['1234512345', 'too_simple'],
    ['ana.martin@shop.example', 'too_simple'],
    ['Ana.Martin1', 'too_simple'],
  ])('%j: %s', (password, refusal) => {
    expect(passwordRefusal(password, 'Ana.Martin@shop.example')).toBe(refusal);
  });
});

describe('an address', () => {
  it('is one, however it is written', () => {
    expect(emailKey('  Ana@Shop.Example ')).toBe('ana@shop.example');
  });
});

describe('a session', () => {
  const life = { lastSeenAt: new Date(0), expiresAt: new Date(10_000_000), idleSeconds: 100 };
  it.each([
    [0, true],
    [99_999, true],
    [100_000, false],
  ])('not used for %i ms lives: %s', (ms, alive) => {
    expect(isAlive(life, new Date(ms))).toBe(alive);
  });
  it('lives no longer than it may, however much it is used', () => {
    expect(isAlive({ ...life, lastSeenAt: new Date(9_999_999) }, new Date(9_999_999))).toBe(true);
    expect(isAlive({ ...life, lastSeenAt: new Date(10_000_000) }, new Date(10_000_000))).toBe(false);
  });
});

describe('a device', () => {
  it.each([
    [
      'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36',
      'Chrome, Android',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1',
      'Safari, iPhone',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0',
      'Edge, Windows',
    ],
    ['curl/8.5.0', 'curl'],
    ['', '?'],
    ['<script>alert(1)</script>', '?'],
  ])('%s is %s', (agent, words) => {
    expect(deviceWords(agent)).toBe(words);
  });
});
