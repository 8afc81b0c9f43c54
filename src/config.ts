// The only reader of the environment: what may be set, what it means, what goes with what. Says everything that is wrong
// at once, naming the variable. Opens no file and no connection.

import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { isCountry } from './core/dialling.ts';
import type { E164, Language } from './core/ids.ts';
import { parseSipDomain, sandboxSipDomain, type SipDomain } from './core/sip-address.ts';

export type SandboxPart = 'switch' | 'processor' | 'merchant';
const sandboxParts: readonly SandboxPart[] = ['switch', 'processor', 'merchant'];

/** Where our calls go at the switch: a carrier's gateway of its profile, or an address (a loopback of two switches). */
export type CarrierRoute =
  { kind: 'gateway'; name: string } | { kind: 'address'; profile: string; host: string; port: number };

/** One FreeSWITCH's event socket. `id`: what it is called in the database, for good. */
export interface SwitchAddress {
  id: string;
  host: string;
  port: number;
  password: string;
}

export interface Config {
  production: boolean;
  /** Address and port the gateway listens on. */
  host: string;
  port: number;
  /** Where people reach the gateway, without a slash at the end. */
  publicUrl: string;
  /** Absolute. */
  dataDir: string;
  /** Absent: the embedded Postgres in `dataDir`. */
  databaseUrl?: string;
  /** 32 bytes that seal secrets at rest. Absent: kept in `dataDir`, made when missing. */
  secretsKey?: Buffer;
  /** Absent: the sandbox's switch. */
  switches?: readonly SwitchAddress[];
  carrier: CarrierRoute;
  /** Consultants may be reached at SIP addresses in these domains, called out of this sofia profile. Absent: at none. */
  sip?: { domains: readonly SipDomain[]; profile: string };
  /** A drachtio server in front, where telephones register and are called. Absent: there are no SIP logins. */
  sipEdge?: {
    host: string;
    port: number;
    secret: string;
    domain: SipDomain;
    /** `address` or `address:port` the switches send SIP from. */
    switches: readonly string[];
  };
  /** Where the carrier's trunk is (ISO 3166-1 alpha-2): numbers it hands over without a country code are understood there. */
  trunkCountry: string;
  /** Absolute: where the switches leave their call records, as this machine sees it. Absent: they come by HTTP alone. */
  cdrSpoolDir?: string;
  /** `user:password` that CDR posts must carry. Absent: a sandbox makes its own, else no CDR is taken by HTTP. */
  cdrCredentials?: { user: string; password: string };
  /** Absent: the sandbox's processor. */
  stripe?: { secretKey: string; publishableKey: string; webhookSecret?: string };
  /** Absent: everything outside is real. */
  sandbox?: { port: number; parts: readonly SandboxPart[] };
  /** When given, nobody else is rung: sandbox cards must not ring strangers' phones. */
  onlyNumbers?: readonly E164[];
  /** The demo merchant with its key exists. Never in production. */
  demo: boolean;
  /** Absent: no mail is sent or promised. */
  mail?: { smtpUrl: string; from: string };
  prompts: {
    dir: string;
    dirAtSwitch: string;
    engine?: string;
    /** Who speaks instead of espeak-ng. */
    speech?: { command: string } | { url: string };
    voices?: Partial<Record<Language, string>>;
  };
  /**
   * Told to end, it says on /readyz for so long that it is about to, and still takes orders: until whoever shares out the
   * requests has seen it, they would be refused. 0: nobody does.
   */
  drainSeconds: number;
  /**
   * How many proxies stand in front and add to X-Forwarded-For. Without them said, everybody behind one has its address, and what
   * one tries too often is tried too often by all.
   */
  trustedProxies: number;
  /** Started by npm, which may die without a word to us: then nobody is left who would end this process. */
  followParent: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Opens the operator's API. Absent: it is off. */
  operatorKey?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with the environment, one sentence each, naming the variable. Values are never repeated: some are secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

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

/** Each variable alone: how it must look, in the words of the sentence `NAME must be ...`. */
const variables = {
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

type Variables = typeof variables;
type Values = { [Name in keyof Variables]?: z.output<Variables[Name][0]> };

/**
 * Reads and checks everything. Empty means not set. Throws `ConfigError` with every problem found; paths are taken from
 * `workingDir` (default: the process's).
 */
export function readConfig(env: Environment = process.env, workingDir = process.cwd()): Config {
  const problems: string[] = [];
  const values: Values = {};
  for (const [variable, [schema, form]] of Object.entries(variables)) {
    const text = env[variable]?.trim() ?? '';
    if (text === '') continue;
    const read = schema.safeParse(text);
    if (read.success) Object.assign(values, { [variable]: read.data });
    else problems.push(`${variable} must be ${form}.`);
  }
  // What goes with what is judged even where single values are wrong: the reader mends everything in one go.
  const set = (variable: keyof Variables): boolean => (env[variable]?.trim() ?? '') !== '';
  const parts = chooseSandbox(values, set, problems);
  checkTogether(values, set, parts, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...assemble(values, parts, workingDir), followParent: env['npm_lifecycle_event'] !== undefined };
}

/** What the operator's terminal needs to find the database: the gateway's own variables, and nothing it does without. */
export interface TerminalConfig {
  dataDir: string;
  databaseUrl?: string;
  secretsKey?: Buffer;
  /** For links that are printed. */
  publicUrl: string;
}

const usualPort = 3000;

/** Throws `ConfigError`. Variables of the gateway that are wrong are the gateway's affair. */
export function readTerminalConfig(env: Environment, workingDir: string): TerminalConfig {
  const problems: string[] = [];
  const read = <Name extends 'DATABASE_URL' | 'SECRETS_KEY' | 'PUBLIC_URL' | 'PORT'>(
    variable: Name,
  ): Values[Name] | undefined => {
    const text = env[variable]?.trim() ?? '';
    if (text === '') return undefined;
    const [schema, form] = variables[variable];
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data as Values[Name];
    problems.push(`${variable} must be ${form}.`);
    return undefined;
  };
  const databaseUrl = read('DATABASE_URL');
  const secretsKey = read('SECRETS_KEY');
  const publicUrl = read('PUBLIC_URL') ?? `http://localhost:${read('PORT') ?? usualPort}`;
  if (problems.length > 0) throw new ConfigError(problems);
  const dataDir = env['DATA_DIR']?.trim() ?? '';
  return {
    dataDir: resolve(workingDir, dataDir === '' ? '.data' : dataDir),
    ...given('databaseUrl', databaseUrl),
    ...given('secretsKey', secretsKey),
    publicUrl,
  };
}

/**
 * One choice for all parts (DESIGN 2.6): nothing real is set, and everything is the sandbox's; one is, and the other must
 * be too, unless SANDBOX says in so many words that it is to stay a stand-in.
 */
function chooseSandbox(
  values: Values,
  set: (variable: keyof Variables) => boolean,
  problems: string[],
): readonly SandboxPart[] {
  const real = { switch: set('FREESWITCH_URL'), processor: set('STRIPE_SECRET_KEY') };
  const listed = values.SANDBOX ?? [];
  if (values.NODE_ENV === 'production') {
    if (set('SANDBOX')) problems.push('SANDBOX must not be set when NODE_ENV is production.');
    for (const variable of ['FREESWITCH_URL', 'STRIPE_SECRET_KEY'] as const) {
      if (!set(variable)) problems.push(`${variable} must be set when NODE_ENV is production.`);
    }
    return [];
  }
  if (real.switch && listed.includes('switch')) {
    problems.push('SANDBOX lists the switch and FREESWITCH_URL names a real one: remove one of the two.');
  }
  if (real.processor && listed.includes('processor')) {
    problems.push(
      'SANDBOX lists the processor and STRIPE_SECRET_KEY belongs to the real one: remove one of the two.',
    );
  }
  if (!real.switch && !real.processor) return sandboxParts;
  if (!real.switch && !listed.includes('switch')) {
    problems.push(
      "FREESWITCH_URL must be set when STRIPE_SECRET_KEY is (or SANDBOX=switch to keep the sandbox's switch).",
    );
  }
  if (!real.processor && !listed.includes('processor')) {
    problems.push(
      "STRIPE_SECRET_KEY must be set when FREESWITCH_URL is (or SANDBOX=processor, and SANDBOX_NUMBERS, to keep the sandbox's cards).",
    );
  }
  return sandboxParts.filter((part) => listed.includes(part));
}

function checkTogether(
  values: Values,
  set: (variable: keyof Variables) => boolean,
  parts: readonly SandboxPart[],
  problems: string[],
): void {
  const production = values.NODE_ENV === 'production';
  const needs = (variable: keyof Variables, because: string): void => {
    if (!set(variable)) problems.push(`${variable} must be set ${because}.`);
  };
  if (production) {
    needs('DATABASE_URL', 'when NODE_ENV is production');
    needs('PUBLIC_URL', 'when NODE_ENV is production');
    needs('STRIPE_WEBHOOK_SECRET', 'when NODE_ENV is production');
  }
  if (set('DATABASE_URL') || production) {
    needs(
      'SECRETS_KEY',
      'with a database of your own: it seals the secrets in it, and no copy is kept anywhere else',
    );
  }
  if (set('STRIPE_SECRET_KEY'))
    needs('STRIPE_PUBLISHABLE_KEY', 'when STRIPE_SECRET_KEY is: the card fields of the page need it');
  if (set('SMTP_URL')) needs('MAIL_FROM', 'when SMTP_URL is');
  if (set('DRACHTIO_URL')) {
    needs('SIP_EDGE', 'when DRACHTIO_URL is: the domain telephones register at');
    needs('SIP_EDGE_SWITCHES', 'when DRACHTIO_URL is: nobody else may call the telephones');
  }
  if (set('SIP_PROFILE')) needs('SIP_DOMAINS', 'when SIP_PROFILE is: it calls nobody else');
  if (set('FREESWITCH_URL') && !set('STRIPE_SECRET_KEY') && parts.includes('processor')) {
    needs('SANDBOX_NUMBERS', "when a real switch works with the sandbox's cards: nobody else is rung");
  }
  const { STRIPE_SECRET_KEY: secret, STRIPE_PUBLISHABLE_KEY: publishable, PUBLIC_URL: publicUrl } = values;
  if (secret !== undefined && publishable !== undefined && isLive(secret) !== isLive(publishable)) {
    problems.push(
      'STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY must both be test keys or both be live keys.',
    );
  }
  if (secret !== undefined && isLive(secret) && parts.length > 0) {
    problems.push(
      "STRIPE_SECRET_KEY must be a test key while parts are the sandbox's: no real money for calls nobody had.",
    );
  }
  if (production && publicUrl?.startsWith('http:') === true && !isLocal(publicUrl)) {
    problems.push('PUBLIC_URL must begin with https: when NODE_ENV is production.');
  }
  if (parts.length > 0 && (values.PORT ?? 3000) === (values.SANDBOX_PORT ?? 3001)) {
    problems.push('SANDBOX_PORT must be another port than PORT.');
  }
  if ([values.TTS_ENGINE, values.TTS_COMMAND, values.TTS_URL].filter(isGiven).length > 1) {
    problems.push('TTS_ENGINE, TTS_COMMAND and TTS_URL are three ways to speak: give one of them.');
  }
  if (production) needs('PROMPTS_DIR', 'when NODE_ENV is production: a folder the switch reads too');
  if (
    set('PROMPTS_DIR') &&
    !set('PROMPTS_DIR_AT_SWITCH') &&
    !fitsTheSwitch(resolve(values.PROMPTS_DIR ?? ''))
  ) {
    needs(
      'PROMPTS_DIR_AT_SWITCH',
      'when PROMPTS_DIR has blanks or other signs the event socket does not take',
    );
  }
}

function assemble(
  values: Values,
  parts: readonly SandboxPart[],
  workingDir: string,
): Omit<Config, 'followParent'> {
  const production = values.NODE_ENV === 'production';
  const listenPort = values.PORT ?? usualPort;
  const dataDir = resolve(workingDir, values.DATA_DIR ?? '.data');
  const real = parts.length === 0;
  const { DATABASE_URL, SECRETS_KEY, FREESWITCH_URL, CDR_CREDENTIALS, SANDBOX_NUMBERS, SMTP_URL, MAIL_FROM } =
    values;
  const { STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY, STRIPE_WEBHOOK_SECRET } = values;
  const stripe =
    STRIPE_SECRET_KEY === undefined || STRIPE_PUBLISHABLE_KEY === undefined
      ? undefined
      : {
          secretKey: STRIPE_SECRET_KEY,
          publishableKey: STRIPE_PUBLISHABLE_KEY,
          ...given('webhookSecret', STRIPE_WEBHOOK_SECRET),
        };
  const carrier: CarrierRoute = values.FREESWITCH_GATEWAY ?? { kind: 'gateway', name: 'carrier' };
  return {
    production,
    // A sandbox is this machine's own affair; a real switch posts its CDRs from elsewhere.
    host: values.HOST ?? (real ? '0.0.0.0' : '127.0.0.1'),
    port: listenPort,
    publicUrl: values.PUBLIC_URL ?? `http://localhost:${listenPort}`,
    dataDir,
    ...given('databaseUrl', DATABASE_URL),
    ...given('secretsKey', SECRETS_KEY),
    ...given('switches', FREESWITCH_URL),
    carrier,
    ...given('sip', sipOf(values, carrier)),
    ...given('sipEdge', sipEdgeOf(values)),
    trunkCountry: values.TRUNK_COUNTRY ?? 'FR',
    ...given(
      'cdrSpoolDir',
      values.CDR_SPOOL_DIR === undefined ? undefined : resolve(workingDir, values.CDR_SPOOL_DIR),
    ),
    ...given('cdrCredentials', CDR_CREDENTIALS),
    ...given('stripe', stripe),
    ...(real ? {} : { sandbox: { port: values.SANDBOX_PORT ?? 3001, parts } }),
    ...given('onlyNumbers', FREESWITCH_URL !== undefined && !real ? SANDBOX_NUMBERS : undefined),
    demo: !production,
    ...given(
      'mail',
      SMTP_URL === undefined || MAIL_FROM === undefined ? undefined : { smtpUrl: SMTP_URL, from: MAIL_FROM },
    ),
    prompts: prompts(values, dataDir, workingDir),
    // Five: a balancer that asks every two seconds and believes the second no.
    drainSeconds: values.DRAIN_SECONDS ?? (production ? 5 : 0),
    trustedProxies: values.TRUSTED_PROXIES ?? 0,
    logLevel: values.LOG_LEVEL ?? 'info',
    ...given('operatorKey', values.OPERATOR_KEY),
  };
}

function sipOf(values: Values, carrier: CarrierRoute): Config['sip'] {
  const standsIn = values.FREESWITCH_URL === undefined ? [sandboxSipDomain] : [];
  const edge = values.DRACHTIO_URL && values.SIP_EDGE ? [values.SIP_EDGE] : [];
  const domains = [...new Set([...(values.SIP_DOMAINS ?? []), ...edge, ...standsIn])];
  // The shipped profile is called so (telephony/freeswitch-conf).
  const usual = carrier.kind === 'address' ? carrier.profile : 'carrier';
  return domains.length === 0 ? undefined : { domains, profile: values.SIP_PROFILE ?? usual };
}

function sipEdgeOf({ DRACHTIO_URL, SIP_EDGE, SIP_EDGE_SWITCHES }: Values): Config['sipEdge'] {
  if (DRACHTIO_URL === undefined || SIP_EDGE === undefined || SIP_EDGE_SWITCHES === undefined)
    return undefined;
  return { ...DRACHTIO_URL, domain: SIP_EDGE, switches: SIP_EDGE_SWITCHES };
}

function prompts(values: Values, dataDir: string, workingDir: string): Config['prompts'] {
  const beside = join(dataDir, 'prompts');
  // A checkout in "My Projects" must start all the same: what is spoken can be made again and may lie elsewhere.
  const elsewhere = join(
    tmpdir(),
    `ringmeter-prompts-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`,
  );
  const dir =
    values.PROMPTS_DIR === undefined
      ? fitsTheSwitch(values.PROMPTS_DIR_AT_SWITCH ?? beside)
        ? beside
        : elsewhere
      : resolve(workingDir, values.PROMPTS_DIR);
  const voices = { ...given('fr', values.TTS_VOICE_FR), ...given('en', values.TTS_VOICE_EN) };
  return {
    dir,
    dirAtSwitch: values.PROMPTS_DIR_AT_SWITCH ?? dir,
    ...given('engine', values.TTS_ENGINE),
    ...given('speech', speechOf(values)),
    ...(Object.keys(voices).length > 0 ? { voices } : {}),
  };
}

function speechOf({ TTS_COMMAND, TTS_URL }: Values): Config['prompts']['speech'] {
  if (TTS_URL !== undefined) return { url: TTS_URL };
  return TTS_COMMAND === undefined ? undefined : { command: TTS_COMMAND };
}

// --- One value at a time -----------------------------------------------------------------------------------------

function given<Name extends string, Value>(key: Name, value: Value | undefined): { [Key in Name]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [Key in Name]?: Value };
}

function isGiven<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}

function isLive(key: string): boolean {
  return key.includes('_live_');
}

function isLocal(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
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

/**
 * `esl://:password@host:port#name`, several with commas. A switch without a name is called by its place, `fs1` the first: the
 * name is what its calls are found by, so that one who leaves a list of unnamed ones renames those behind it.
 */
export function parseSwitches(text: string): readonly SwitchAddress[] | undefined {
  const listed = text.split(',').map((entry, index) => parseEslUrl(entry.trim(), `fs${String(index + 1)}`));
  const switches = listed.filter(isGiven);
  const ids = new Set(switches.map((one) => one.id));
  return switches.length === listed.length && ids.size === listed.length ? switches : undefined;
}

function parseEslUrl(text: string, defaultId: string): SwitchAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const id = url.hash === '' ? defaultId : url.hash.slice(1);
  const bare = url.pathname === '' || url.pathname === '/';
  if (url.protocol !== 'esl:' || url.username !== '' || url.password === '' || !bare) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const chosen = url.port === '' ? 8021 : Number(url.port);
  const password = unescaped(url.password);
  // A line end in the password would end the command that carries it.
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(id)) return undefined;
  if (host === '' || chosen === 0 || password === undefined || /[\r\n]/.test(password)) return undefined;
  return { id, host, port: chosen, password };
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
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
function fitsTheSwitch(path: string): boolean {
  return /^\/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(path);
}
