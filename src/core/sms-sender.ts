// How an SMS of a merchant is sent: the request to his provider, as he describes it, with the few placeholders there are filled as
// the place they stand in is written. Nothing of it is code. Sending it is merchants/sms-sender's.

import type { WrongField } from './line-settings.ts';

export const smsMethods = ['GET', 'POST'] as const;
export const smsContentTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
] as const;

export interface SmsSenderSettings {
  url: string;
  method: (typeof smsMethods)[number];
  /** Of the body, and how what stands for a placeholder is written there. A GET has none. */
  contentType: (typeof smsContentTypes)[number];
  headers: readonly { name: string; value: string }[];
  body: string;
}

/**
 * `to`: the number in E.164; `digits`: the same without its plus; `text`: the whole message; `link`: the address in it alone; `id`:
 * the same whenever the message is tried again; `merchant`: his name; `secret`: what he gave us to be kept.
 */
export const smsPlaceholders = ['to', 'digits', 'text', 'link', 'id', 'merchant', 'secret'] as const;
export type SmsValues = Readonly<Record<(typeof smsPlaceholders)[number], string>>;
/** A header takes what needs no writing of its own. */
const headerPlaceholders: readonly string[] = ['to', 'digits', 'id', 'secret'];

export interface SmsRequest {
  method: SmsSenderSettings['method'];
  url: string;
  headers: Record<string, string>;
  body?: string;
}

const placeholder = /\{([a-z]+)\}/g;

/** Filled once: braces in a value are sent, not filled again. */
export function smsRequest(settings: SmsSenderSettings, values: SmsValues): SmsRequest {
  const { method, contentType } = settings;
  const filled = (template: string, written: (value: string) => string): string =>
    template.replace(placeholder, (whole, name: string) => (isKnown(name) ? written(values[name]) : whole));
  const headers = Object.fromEntries(
    settings.headers.map(({ name, value }) => [
      name.toLowerCase(),
      filled(value, (one) => one.replace(/[^\x20-\x7e]/g, '')),
    ]),
  );
  const url = filled(settings.url, encodeURIComponent);
  if (method === 'GET') return { method, url, headers };
  return {
    method,
    url,
    headers: { ...headers, 'content-type': `${contentType}; charset=utf-8` },
    body: filled(settings.body, writings[contentType]),
  };
}

const writings: Record<SmsSenderSettings['contentType'], (value: string) => string> = {
  'application/json': (value) => JSON.stringify(value).slice(1, -1),
  'application/x-www-form-urlencoded': encodeURIComponent,
  'text/plain': (value) => value,
};

function isKnown(name: string): name is keyof SmsValues {
  return (smsPlaceholders as readonly string[]).includes(name);
}

const headersMax = 10;
/** Of the connection, or ours: not to be set by anybody. */
const ownHeaders = new Set([
  ...[
    'host',
    'connection',
    'content-length',
    'content-type',
    'transfer-encoding',
    'te',
    'trailer',
    'upgrade',
    'expect',
  ],
  ...[
    'keep-alive',
    'user-agent',
    'accept-encoding',
    'idempotency-key',
    'proxy-authorization',
    'proxy-connection',
  ],
]);

/** Everything of it that cannot work, each with its field. `hasSecret`: there is one to stand for `{secret}`. */
export function wrongOfSmsSender(settings: SmsSenderSettings, hasSecret: boolean): WrongField[] {
  const { url, method, body, headers, contentType } = settings;
  const wrong = (field: string, sentence: string): WrongField => ({ field, sentence });
  const values = headers.map(({ value }) => value);
  const sent = method === 'GET' ? [url] : [url, body];
  const named = namesIn([...sent, ...values].join('\n'));
  const faults: WrongField[] = [];
  const unknown = [
    ...namesIn(url).map((name) => ({ field: 'url', name })),
    ...namesIn(body).map((name) => ({ field: 'body', name })),
    ...namesIn(values.join('\n')).map((name) => ({ field: 'headers', name })),
  ].filter(({ field, name }) => !(field === 'headers' ? headerPlaceholders.includes(name) : isKnown(name)));
  for (const { field, name } of unknown) {
    const list = (field === 'headers' ? headerPlaceholders : smsPlaceholders).map((one) => `{${one}}`);
    faults.push(wrong(field, `{${name}} stands for nothing here: there are ${list.join(', ')}.`));
  }
  if (
    !URL.canParse(smsUrlTried(url)) ||
    new URL(smsUrlTried(url)).origin !== new URL(originTried(url)).origin
  ) {
    faults.push(wrong('url', 'Must be a whole address whose host holds no placeholder.'));
  }
  const says = namesIn(sent.join('\n'));
  if (!says.includes('to') && !says.includes('digits')) {
    faults.push(
      wrong(method === 'GET' ? 'url' : 'body', 'Must say {to} or {digits}: whom the message is for.'),
    );
  }
  if (!says.includes('text') && !says.includes('link')) {
    faults.push(wrong(method === 'GET' ? 'url' : 'body', 'Must say {text} or {link}: what is to be sent.'));
  }
  if (method === 'GET' && body !== '') faults.push(wrong('body', 'A GET has no body.'));
  if (method === 'POST' && contentType === 'application/json' && !isJson(body)) {
    faults.push(wrong('body', 'Must be JSON, its placeholders within strings.'));
  }
  if (headers.length > headersMax) faults.push(wrong('headers', `At most ${String(headersMax)}.`));
  for (const { name } of headers) {
    if (ownHeaders.has(name.toLowerCase())) faults.push(wrong('headers', `${name} is ours to set.`));
  }
  if (new Set(headers.map(({ name }) => name.toLowerCase())).size < headers.length) {
    faults.push(wrong('headers', 'Each once.'));
  }
  if (named.includes('secret') !== hasSecret) {
    faults.push(
      hasSecret
        ? wrong('secret', 'Is said nowhere: put {secret} where it belongs, or leave it out.')
        : wrong('secret', 'Must be given: {secret} stands for it.'),
    );
  }
  return faults;
}

const namesIn = (template: string): string[] =>
  [...template.matchAll(placeholder)].map(([, name]) => name ?? '');

/** With something at every placeholder: what it is before it is filled must be an address too. */
export function smsUrlTried(url: string): string {
  return url.replace(placeholder, 'x');
}
/** With something else: a host that changes with it holds one. */
function originTried(url: string): string {
  const other = url.replace(placeholder, 'y');
  return URL.canParse(other) ? other : 'http://none.invalid';
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body.replace(placeholder, 'x'));
    return true;
  } catch {
    return false;
  }
}
