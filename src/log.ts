// What the house says about itself: JSON lines, or plain sentences when a person watches.
//
// Three nets keep secrets out. Call sites log ids, never payloads. Redaction drops fields by name, to a listed depth.
// And every finished line passes a filter for card numbers, because redaction stops at its listed depth and a library may
// put anything into a message (DESIGN 8).

import pino from 'pino';
import { withoutCardNumbers } from './core/card.ts';
import type { Log } from './flow/ports.ts';

export interface LogSettings {
  /** A person watches: sentences instead of JSON, and no line for every request that went well. */
  terminal: boolean;
  level: 'debug' | 'info' | 'warn' | 'error';
  /** Takes one finished line with its line end. */
  write(line: string): void;
}

/** `requests` is for the web server only, which logs each request through it. */
export function houseLog(settings: LogSettings): { log: Log; requests: pino.Logger } {
  const sentence = settings.terminal ? sentenceOf : (line: string) => line;
  const logger = pino(
    {
      level: settings.level,
      base: null,
      // Not milliseconds since 1970: thirteen digits look like a card number to the filter, a date never does.
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths(), censor: '[redacted]' },
      serializers: { err: errorFacts, error: errorFacts },
    },
    { write: (line: string) => settings.write(sentence(cardsOut(line))) },
  );
  const log: Log = {
    info: (facts, message) => logger.info(facts, message),
    warn: (facts, message) => logger.warn(facts, message),
    error: (facts, message) => logger.error(facts, message),
  };
  const requests = logger.child({}, { level: settings.terminal ? 'warn' : settings.level });
  return { log, requests };
}

const secretNames = [
  'authorization',
  'cookie',
  'secret',
  'clientSecret',
  'client_secret',
  'password',
  'token',
  'accessToken',
  'apiKey',
  'signature',
  'body',
  'callerEmail',
  'callerNumber',
  'email',
  'phone',
  'headers',
  'payload',
  'cdr',
  'card',
  'cardNumber',
  'cvc',
  'pin',
  'digits',
  // What a client keys to be known: whoever reads a log could call in his name.
  'clientCode',
];
const secretDepth = 3;

/** pino redacts the paths it is given and nothing below: each name at each depth a fact of ours reaches. */
function secretPaths(): string[] {
  const depths = Array.from({ length: secretDepth }, (_, depth) => '*.'.repeat(depth));
  return depths.flatMap((prefix) => secretNames.map((name) => prefix + name));
}

/** Errors of libraries carry queries, bindings and requests as properties: only what says where and why is kept. */
function errorFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: errorFacts(error.cause) };
  return { name: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}

/**
 * The line without card numbers, still one JSON object: where a bare number looked like a card, cutting it out of the text
 * would leave no JSON, so the values are cleaned one by one. What even that does not clean is not said at all.
 */
function cardsOut(line: string): string {
  const cleaned = withoutCardNumbers(line);
  if (cleaned === line) return line;
  if (parsed(cleaned) !== undefined) return cleaned;
  const whole = parsed(line);
  if (typeof whole !== 'object' || whole === null) return cleaned;
  const rewritten = JSON.stringify(cleanedValue(whole));
  if (withoutCardNumbers(rewritten) === rewritten) return `${rewritten}\n`;
  const { level, time } = whole as { level?: unknown; time?: unknown };
  return `${JSON.stringify({ level, time, msg: 'A line with a card number in it was left out' })}\n`;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function cleanedValue(value: unknown): unknown {
  if (typeof value === 'string') return withoutCardNumbers(value);
  if (typeof value === 'number') {
    // Fifteen decimals of a measured time are nobody's card, and nobody reads them.
    if (!Number.isInteger(value)) return Number(value.toPrecision(9));
    const text = String(value);
    const cleaned = withoutCardNumbers(text);
    return cleaned === text ? value : cleaned;
  }
  if (Array.isArray(value)) {
    const list = value.map(cleanedValue);
    // Keys one by one, or groups as numbers: only together they are a card.
    const together = withoutCardNumbers(JSON.stringify(list));
    return together === JSON.stringify(list) ? list : (parsed(together) ?? '[card number]');
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [withoutCardNumbers(name), cleanedValue(inner)]),
    );
  }
  return value;
}

const marks: Record<string, string> = { warn: '! ', error: '!! ', fatal: '!! ' };

/** `12:03:04 The call is over: 61 s (call_01j…)`: the clock, the sentence, then what facts there are. */
function sentenceOf(line: string): string {
  const whole = parsed(line);
  if (typeof whole !== 'object' || whole === null) return line;
  const { level, time, msg, err, ...facts } = whole as Record<string, unknown>;
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  const told = Object.entries(facts).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const aside = told.length === 0 ? '' : ` (${told.join(', ')})`;
  const stack = stackOf(err);
  return `${clock} ${marks[String(level)] ?? ''}${typeof msg === 'string' ? msg : ''}${aside}\n${stack}`;
}

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : '';
  return text === '' ? '' : `${text.replace(/^/gm, '         ')}\n`;
}
