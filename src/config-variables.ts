// The variables of the environment, each alone: how it must look, and what it is read as. What goes with what is config's.

import { z } from 'zod';
import { isCountry } from './core/dialling.ts';
import type { E164 } from './core/ids.ts';
import { parseSipDomain, type SipDomain } from './core/sip-address.ts';
import { parseSwitches, unescaped } from './core/switch-address.ts';

export type SandboxPart = 'switch' | 'processor' | 'merchant';
export const sandboxParts: readonly SandboxPart[] = ['switch', 'processor', 'merchant'];

/** Where our calls go at the switch: a carrier's gateway of its profile, or an address (a loopback of two switches). */
export type CarrierRoute =
  { kind: 'gateway'; name: string } | { kind: 'address'; profile: string; host: string; port: number };

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value >= 1 && value <= 65_535);
const urlOf = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol));
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const name = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const profileName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const voice = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9+_-]{0,31}$/);

/** How each must look, in the words of the sentence `NAME must be ...`. */
export const variables = {
  NODE_ENV: [z.enum(['production', 'development', 'test']), 'production, development or test'],
  HOST: [z.string().regex(/^[0-9A-Za-z.:-]+$/), 'an address to listen on, such as 127.0.0.1 or 0.0.0.0'],
  PORT: [port, 'a port from 1 to 65535'],
  SANDBOX_PORT: [port, 'a port from 1 to 65535'],
  PUBLIC_URL: [
    z.string().transform(parseOrigin).refine(isGiven),
    'an http or https address without a path, such as https://pay.example.com',
  ],
  DATA_DIR: [z.string().refine((text) => !text.includes('\0')), 'a folder'],
  DATABASE_URL: [
    urlOf('postgres:', 'postgresql:'),
    'of the form postgres://user:password@host:5432/database',
  ],
  SECRETS_KEY: [
    z.string().transform(parseKey).refine(isGiven),
    '32 bytes in base64 (openssl rand -base64 32 makes them)',
  ],
  FREESWITCH_URL: [
    z.string().transform(parseSwitches).refine(isGiven),
    'of the form esl://:password@host:8021, several with commas and each with a name of its own: esl://:password@host:8021#paris1',
  ],
  FREESWITCH_GATEWAY: [
    z.string().transform(parseRoute).refine(isGiven),
    'the name of a gateway in the sofia profile, or profile@host:port',
  ],
  SIP_DOMAINS: [
    z.string().transform(parseSipDomains).refine(isGiven),
    'a list of SIP domains such as sip.example.com,pbx.example.org:5070, each a host name or IPv4 address as it stands in the addresses',
  ],
  SIP_PROFILE: [z.string().regex(profileName), 'the name of a sofia profile, such as carrier'],
  DRACHTIO_URL: [
    z.string().transform(parseDrachtio).refine(isGiven),
    'of the form drachtio://:secret@host:9022',
  ],
  SIP_EDGE: [
    z.string().transform(parseSipDomain).refine(isGiven),
    'the SIP domain telephones register at, such as sip.example.com or sip.example.com:5070',
  ],
  SIP_EDGE_SWITCHES: [
    z.string().transform(parseSipSources).refine(isGiven),
    'a list of IPv4 addresses the switches send SIP from, with a port or without, such as 10.0.0.5:5080',
  ],
  TRUNK_COUNTRY: [
    z.string().refine((text) => isCountry(text)),
    'the two capital letters of a country, such as FR',
  ],
  CDR_SPOOL_DIR: [z.string().refine((text) => !text.includes('\0')), 'a folder'],
  CDR_CREDENTIALS: [z.string().transform(parseCredentials).refine(isGiven), 'of the form user:password'],
  STRIPE_SECRET_KEY: [
    z.string().regex(/^(sk|rk)_(test|live)_[A-Za-z0-9_]+$/),
    'a secret key of Stripe, sk_test_... or sk_live_...',
  ],
  STRIPE_PUBLISHABLE_KEY: [
    z.string().regex(/^pk_(test|live)_[A-Za-z0-9_]+$/),
    'a publishable key of Stripe, pk_test_... or pk_live_...',
  ],
  STRIPE_WEBHOOK_SECRET: [
    z.string().regex(/^whsec_\S+$/),
    'the signing secret of the webhook endpoint at Stripe, whsec_...',
  ],
  CARD_ROOM_SOCKET: [
    z.string().regex(/^\/[^\0]{1,99}$/),
    'the absolute path of the socket a card room that runs by itself is asked at',
  ],
  SANDBOX: [z.string().transform(parseParts).refine(isGiven), `a list of ${sandboxParts.join(', ')}`],
  SANDBOX_NUMBERS: [
    z.string().transform(parseNumbers).refine(isGiven),
    'a list of numbers such as +33612345678,+33199000001',
  ],
  SMTP_URL: [urlOf('smtp:', 'smtps:'), 'of the form smtp://user:password@host:587'],
  MAIL_FROM: [
    z.string().regex(/^(?:[^\r\n<>]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/),
    'a sender such as receipts@example.com',
  ],
  PROMPTS_DIR: [z.string(), 'a folder'],
  PROMPTS_DIR_AT_SWITCH: [
    z.string().refine(fitsTheSwitch),
    'an absolute path of letters, digits and ._-, no part of it beginning with a dot (the event socket ends an argument at a blank)',
  ],
  TTS_ENGINE: [z.string().regex(/^[A-Za-z0-9_./-]+$/), 'the name or path of an espeak-ng'],
  TTS_COMMAND: [z.string().min(1), 'a command line that reads text and writes a WAV'],
  TTS_URL: [urlOf('http:', 'https:'), 'an address that takes text by POST and answers a WAV'],
  TTS_VOICE_FR: [voice, 'the name of a voice, such as fr-fr'],
  TTS_VOICE_EN: [voice, 'the name of a voice, such as en-gb'],
  OPERATOR_KEY: [
    z.string().regex(/^[\x21-\x7e]{24,256}$/),
    'at least 24 characters without blanks (openssl rand -hex 24 makes them)',
  ],
  DRAIN_SECONDS: [
    z
      .string()
      .regex(/^\d{1,2}$/)
      .transform(Number)
      .refine((value) => value <= 60),
    'a whole number of seconds from 0 to 60',
  ],
  TRUSTED_PROXIES: [
    z
      .string()
      .regex(/^[0-5]$/)
      .transform(Number),
    'how many proxies stand in front, from 0 to 5',
  ],
  LOG_LEVEL: [z.enum(['debug', 'info', 'warn', 'error']), 'debug, info, warn or error'],
} as const;

export type Variables = typeof variables;
export type Values = { [Name in keyof Variables]?: z.output<Variables[Name][0]> };

export function isGiven<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}

function parseOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  return bare ? url.origin : undefined;
}

function parseKey(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Node ignores what is not base64; a key typed wrong must not become another key.
  return bytes.length === 32 && /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? bytes : undefined;
}

function parseRoute(text: string): CarrierRoute | undefined {
  if (name.test(text)) return { kind: 'gateway', name: text };
  const [, profile = '', host = '', portText = ''] = /^([^@]+)@([^@:]+):(\d{1,5})$/.exec(text) ?? [];
  const chosen = port.safeParse(portText);
  if (!name.test(profile) || !hostName.test(host) || !chosen.success) return undefined;
  return { kind: 'address', profile, host, port: chosen.data };
}

function parseCredentials(text: string): { user: string; password: string } | undefined {
  const colon = text.indexOf(':');
  const user = text.slice(0, colon);
  const password = text.slice(colon + 1);
  return colon > 0 && password !== '' ? { user, password } : undefined;
}

function listOf(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function parseParts(text: string): readonly SandboxPart[] | undefined {
  const listed = listOf(text);
  const known = sandboxParts.filter((part) => listed.includes(part));
  return listed.length > 0 && listed.every((entry) => (sandboxParts as readonly string[]).includes(entry))
    ? known
    : undefined;
}

function parseNumbers(text: string): readonly E164[] | undefined {
  const listed = listOf(text);
  // The operator writes these by hand and in full (ITU-T E.164: at most 15 digits); nothing is guessed.
  return listed.length > 0 && listed.every((entry) => /^\+[1-9]\d{6,14}$/.test(entry))
    ? (listed as E164[])
    : undefined;
}

function parseDrachtio(text: string): { host: string; port: number; secret: string } | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const secret = unescaped(url.password);
  const bare = (url.pathname === '' || url.pathname === '/') && url.username === '' && url.hash === '';
  if (url.protocol !== 'drachtio:' || !bare || url.hostname === '' || !secret || /[\r\n|]/.test(secret)) {
    return undefined;
  }
  return { host: url.hostname, port: url.port === '' ? 9022 : Number(url.port), secret };
}

function parseSipSources(text: string): readonly string[] | undefined {
  const listed = listOf(text);
  const known = listed.filter(
    (one) => /^[0-9.]+(?::[0-9]+)?$/.test(one) && parseSipDomain(one) !== undefined,
  );
  return known.length > 0 && known.length === listed.length ? known : undefined;
}

function parseSipDomains(text: string): readonly SipDomain[] | undefined {
  const listed = listOf(text).map(parseSipDomain);
  const domains = listed.filter(isGiven);
  return domains.length > 0 && domains.length === listed.length ? domains : undefined;
}

/** The form telephony/dial-string.ts takes: no part of the path is hidden or climbs. */
export function fitsTheSwitch(path: string): boolean {
  return /^\/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(path);
}
