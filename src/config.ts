// The only reader of the environment: what may be set, what it means, what goes with what. Says everything that is wrong
// at once, naming the variable. Opens no file and no connection.

import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type CarrierRoute,
  fitsTheSwitch,
  isGiven,
  type SandboxPart,
  sandboxParts,
  type Values,
  variables,
  type Variables,
} from './config-variables.ts';
import type { E164, Language } from './core/ids.ts';
import { sandboxSipDomain, type SipDomain } from './core/sip-address.ts';
import type { SwitchAddress } from './core/switch-address.ts';

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
  /** Where a card room that runs by itself is asked. Absent: the gateway keeps one of its own. */
  cardRoomSocket?: string;
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
    ...given('cardRoomSocket', values.CARD_ROOM_SOCKET),
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

function given<Name extends string, Value>(key: Name, value: Value | undefined): { [Key in Name]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [Key in Name]?: Value };
}

function isLive(key: string): boolean {
  return key.includes('_live_');
}

function isLocal(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
}
