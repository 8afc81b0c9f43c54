// How FreeSWITCH takes a command apart: words at spaces, quotes keep them together, a backslash keeps the next character.

/** Words of a command line; `'two words'` is one. */
export function separate(text: string, delimiter = ' ', most = Number.POSITIVE_INFINITY): string[] {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\\' && /[\\',"]/.test(text.charAt(index + 1))) {
      index += 1;
      word += text.charAt(index);
      begun = true;
    } else if (character === "'") {
      quoted = !quoted;
      begun = true;
    } else if (!quoted && character === delimiter && words.length + 1 < most) {
      if (begun || delimiter !== ' ') words.push(word);
      word = '';
      begun = false;
    } else {
      word += character;
      begun = true;
    }
  }
  if (begun || (delimiter !== ' ' && words.length > 0)) words.push(word);
  return words;
}

/** The first word and all that follows it, untouched. */
export function firstWord(text: string): [string, string] {
  const space = text.indexOf(' ');
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1).trimStart()];
}

/** An inline dialplan: `playback:file,hangup:CAUSE`, or `m:^:playback:a,b^hangup:CAUSE` with another separator. */
export function inlineSteps(extension: string): { application: string; argument: string }[] {
  const other = /^m:(.):([\s\S]*)$/.exec(extension);
  const steps = other === null ? extension.split(',') : (other[2] ?? '').split(other[1] ?? ',');
  return steps
    .filter((step) => step !== '')
    .map((step) => {
      const colon = step.indexOf(':');
      return colon < 0
        ? { application: step, argument: '' }
        : { application: step.slice(0, colon), argument: step.slice(colon + 1) };
    });
}

export interface OriginateRequest {
  variables: [string, string][];
  /** The number dialled, as given; of a SIP address its user. */
  number: string;
  /** The SIP address dialled; absent: a number was. */
  sip?: string;
  /** The rest of the address: a sofia profile with the host asked for, or a gateway. */
  via: { profile: string; host: string } | { gateway: string };
  steps: { application: string; argument: string }[];
}

export type ParsedOriginate =
  | { outcome: 'originate'; request: OriginateRequest }
  | { outcome: 'usage' }
  | { outcome: 'failed'; cause: string };

/**
 * `{vars}[leg vars]sofia/gateway/<name>/<number> &app(args)`, `sofia/<profile>/<number>@<host>`, or
 * `sofia/<profile>/sip:<user>@<host>`. One destination: lists
 * are not for this product, and are refused as an address nobody understands.
 */
export function parseOriginate(text: string): ParsedOriginate {
  const variables: [string, string][] = [];
  let rest = text.trim();
  for (const [open, close] of [
    ['{', '}'],
    ['[', ']'],
  ] as const) {
    while (rest.startsWith(open)) {
      const end = closingBracket(rest, close);
      if (end < 0) return { outcome: 'failed', cause: 'DESTINATION_OUT_OF_ORDER' };
      variables.push(...assignments(rest.slice(1, end)));
      rest = rest.slice(end + 1).trimStart();
    }
  }
  const [url, after] = firstWord(rest);
  if (url === '' || after === '') return { outcome: 'usage' };
  const [extension = '', dialplan = 'XML', , callerName, callerNumber, timeout] = separate(after);
  if (callerName !== undefined && callerName !== 'undef')
    variables.push(['origination_caller_id_name', callerName]);
  if (callerNumber !== undefined && callerNumber !== 'undef') {
    variables.push(['origination_caller_id_number', callerNumber]);
  }
  if (timeout !== undefined) variables.push(['originate_timeout', timeout]);
  const application = /^&(\w+)(?:\(([\s\S]*)\))?$/.exec(extension);
  const steps =
    application !== null
      ? [{ application: application[1] ?? '', argument: application[2] ?? '' }]
      : dialplan === 'inline'
        ? inlineSteps(extension)
        : [{ application: 'hangup', argument: 'NO_ROUTE_DESTINATION' }];
  if (!url.startsWith('sofia/')) return { outcome: 'failed', cause: 'CHAN_NOT_IMPLEMENTED' };
  const gateway = /^sofia\/gateway\/([^/]+)\/([^/@,|]+)$/.exec(url);
  if (gateway !== null) {
    const via = { gateway: gateway[1] ?? '' };
    return { outcome: 'originate', request: { variables, number: gateway[2] ?? '', via, steps } };
  }
  const sip = /^sofia\/([^/]+)\/sip:(([^/@,|:]+)@([^/,|]+))$/.exec(url);
  if (sip !== null) {
    const [, profile = '', address = '', user = '', host = ''] = sip;
    return {
      outcome: 'originate',
      request: { variables, number: user, sip: address, via: { profile, host }, steps },
    };
  }
  const address = /^sofia\/([^/]+)\/([^/@,|]+)@([^/,|]+)$/.exec(url);
  if (address === null) return { outcome: 'failed', cause: 'INVALID_URL' };
  const via = { profile: address[1] ?? '', host: address[3] ?? '' };
  return { outcome: 'originate', request: { variables, number: address[2] ?? '', via, steps } };
}

function closingBracket(text: string, close: string): number {
  let quoted = false;
  for (let index = 1; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\\') index += 1;
    else if (character === "'") quoted = !quoted;
    else if (!quoted && character === close) return index;
  }
  return -1;
}

function assignments(text: string): [string, string][] {
  const own = /^\^\^(.)([\s\S]*)$/.exec(text);
  const parts = own === null ? separate(text, ',') : (own[2] ?? '').split(own[1] ?? ',');
  const all = parts.length === 0 && text !== '' ? [text] : parts;
  return all.flatMap((part): [string, string][] => {
    const equals = part.indexOf('=');
    return equals <= 0 ? [] : [[part.slice(0, equals).trim(), part.slice(equals + 1)]];
  });
}

/** A pattern nobody can read matches nothing, as in FreeSWITCH. */
export function patternOf(text: string | undefined): RegExp | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return new RegExp(text);
  } catch {
    return /(?!)/;
  }
}
