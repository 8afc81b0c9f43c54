// Who may do what, and for how long he may: roles and their rights, what a password must be, how long a session lives. Who
// somebody is, is found by flow/sign-in; nothing here knows a password or a person.

import type { Language } from './ids.ts';

/** What routes are about. `own`: one's own affairs, of whoever is signed in; never an API key's. */
export const areas = [
  'calls',
  'money',
  'consultants',
  'lines',
  'clients',
  'settings',
  'users',
  'own',
] as const;
export type Area = (typeof areas)[number];
export type Right = 'read' | 'write';
export type Rights = Partial<Record<Area, Right>>;

export const roles = ['owner', 'staff', 'accountant', 'consultant'] as const;
export type Role = (typeof roles)[number];

/**
 * What staff may be given, area by area. Who works here they may see and never change: whoever gives rights away could give
 * himself all of them.
 */
export const staffAreas = ['calls', 'money', 'consultants', 'lines', 'clients', 'settings', 'users'] as const;

const everything: Rights = {
  calls: 'write',
  money: 'write',
  consultants: 'write',
  lines: 'write',
  clients: 'write',
  settings: 'write',
  users: 'write',
};

/** `given`: what a member of staff was given, as his row has it; of any other role it counts for nothing. */
export function rightsOf(role: Role | 'operator' | undefined, given: unknown = {}): Rights {
  switch (role) {
    case 'operator':
    case 'owner':
      return everything;
    case 'accountant':
      return { calls: 'read', money: 'read', clients: 'read' };
    case 'staff':
      return staffRights(given);
    case 'consultant':
    case undefined:
      return {};
  }
}

function staffRights(given: unknown): Rights {
  const pairs: [string, unknown][] = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  const rights: Rights = {};
  for (const area of staffAreas) {
    const right = pairs.find(([name]) => name === area)?.[1];
    if (right === 'read' || (right === 'write' && area === 'users')) rights[area] = 'read';
    else if (right === 'write') rights[area] = 'write';
  }
  return rights;
}

export function mayDo(rights: Rights, area: Area, wanted: Right): boolean {
  const right = rights[area];
  return area === 'own' || right === 'write' || (right === 'read' && wanted === 'read');
}

/** Who can move money and give rights away is asked for a second factor. */
export function needsSecondFactor(role: Role | 'operator' | undefined): boolean {
  return role === 'operator' || role === 'owner';
}

// --- Passwords ---------------------------------------------------------------------------------------------------

/** NIST SP 800-63B, 3.1.1.2: length counts, not kinds of characters. Ten, since sign-in is limited as well. */
export const passwordCharacters = { min: 10, max: 200 } as const;

export type PasswordRefusal = 'too_short' | 'too_long' | 'too_simple';

/** Why this is no password for somebody with this address; `undefined`: it is one. */
export function passwordRefusal(password: string, email: string): PasswordRefusal | undefined {
  const characters = Array.from(password);
  if (characters.length < passwordCharacters.min) return 'too_short';
  if (characters.length > passwordCharacters.max) return 'too_long';
  const small = password.toLowerCase();
  const kinds = new Set(Array.from(small)).size;
  const known = ['password', 'motdepasse', 'azerty', 'qwerty', '12345', emailKey(email)];
  const [local = ''] = emailKey(email).split('@');
  // Of a known word nothing may be left but digits and a mark or two.
  const bare = [...known, ...(local.length >= 4 ? [local] : [])].reduce(
    (text, word) => text.replaceAll(word, ''),
    small,
  );
  const rest = bare === small ? bare : bare.replace(/[\d!?.*_-]/g, '');
  return kinds < 4 || rest.length < 4 ? 'too_simple' : undefined;
}

/** As two people would call the same address. */
export function emailKey(email: string): string {
  return email.trim().toLowerCase();
}

// --- Sessions ----------------------------------------------------------------------------------------------------

const hour = 3_600;

/**
 * A working day without a click ends a session of a merchant's people, a month any. Who runs the house comes anew for each
 * shift. Between password and second factor lie ten minutes: a telephone has to be found.
 */
export const sessionSeconds = {
  people: { idle: 12 * hour, longest: 30 * 24 * hour },
  operator: { idle: 8 * hour, longest: 8 * hour },
  half: { idle: 600, longest: 600 },
} as const;

/** Long enough to carry out what one came for, too short for a screen left alone over lunch. */
export const steppedUpSeconds = 600;

export interface SessionLife {
  lastSeenAt: Date;
  expiresAt: Date;
  idleSeconds: number;
}

export function isAlive({ lastSeenAt, expiresAt, idleSeconds }: SessionLife, now: Date): boolean {
  return now < expiresAt && now.getTime() < lastSeenAt.getTime() + idleSeconds * 1000;
}

// --- Words for a list of sessions --------------------------------------------------------------------------------

const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
];

/** "Firefox, Android": what a person recognizes as his own; a program by its name. */
export function deviceWords(userAgent: string): string {
  const named = (list: [RegExp, string][]): string | undefined =>
    list.find(([pattern]) => pattern.test(userAgent))?.[1];
  const words = [named(browsers), named(systems)].filter((word) => word !== undefined);
  if (words.length > 0) return words.join(', ');
  return /^[\w.-]{1,40}/.exec(userAgent)?.[0] ?? '?';
}

/** Which of our languages to write to somebody in. */
export function spokenBy(language: string | null | undefined): Language {
  return language === 'en' ? 'en' : 'fr';
}
