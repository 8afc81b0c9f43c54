// The switch's own record of a leg (mod_json_cdr), read: which leg, when it was bridged, when and why it ended. Nothing is
// believed of it but that; who asks what it means for a call is flow's take-over. What a caller keyed (his client code, the
// keys of every question) stands in it too and goes no further than here: nobody needs it, and a record is kept for years.

import type { LegEnd } from './call-session.ts';
import { parseLegUuid, type LegUuid } from './ids.ts';

export interface CallRecord {
  leg: LegUuid;
  /** As it came but for the digits keyed on the leg, to be kept beside it. */
  body: object;
}

/** `undefined`: not JSON, or not a record: `variables.uuid` says which leg it is of. */
export function parseCallRecord(text: string): CallRecord | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text, text.includes('\\u') ? storable : undefined);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || !('variables' in body)) return undefined;
  const { variables } = body;
  if (typeof variables !== 'object' || variables === null || !('uuid' in variables)) return undefined;
  const leg = typeof variables.uuid === 'string' ? parseLegUuid(variables.uuid) : undefined;
  return leg === undefined ? undefined : { leg, body: { ...body, variables: withoutDigits(variables) } };
}

/** No database keeps a NUL or half a surrogate pair: a record with one, in a name a caller sent, would be posted for ever. */
function storable(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return keepable(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]: [string, unknown]) => [keepable(name), one]),
  );
}

function keepable(text: string): string {
  return text.replace(unkept, '');
}
// With `u` a whole pair is one character, and half of one is none.
const unkept = /[\0\p{Surrogate}]/gu;

/** The switch's own count of keys, what our questions collect into, and what `play_and_get_digits` rejects beside it. */
const keyed = /^(digits_dialed|(ringmeter_(key|digits)|read_terminator_used)(_invalid)?)$/;

function withoutDigits(variables: object): object {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !keyed.test(name)));
}

/** Whoever called had hung up before anybody answered him. */
export function wasMissed({ body }: CallRecord): boolean {
  const { hangup_cause: cause, answer_uepoch: answered } = (body as { variables: Record<string, unknown> })
    .variables;
  return cause === 'ORIGINATOR_CANCEL' && (answered === undefined || answered === '0');
}

/** The causes of a leg's end that decide what becomes of a call (ITU-T Q.850, and FreeSWITCH's own). */
const ends: Readonly<Record<string, LegEnd>> = {
  NORMAL_CLEARING: 'normal',
  USER_BUSY: 'busy',
  NO_USER_RESPONSE: 'no_answer',
  NO_ANSWER: 'no_answer',
  CALL_REJECTED: 'rejected',
  UNALLOCATED_NUMBER: 'unreachable',
  NO_ROUTE_DESTINATION: 'unreachable',
  SUBSCRIBER_ABSENT: 'unreachable',
  ALLOTTED_TIMEOUT: 'limit_reached',
  MEDIA_TIMEOUT: 'media_timeout',
  ORIGINATOR_CANCEL: 'stopped',
};

/** Why a leg ended, by the word in its record. Every other word is a failure. */
export function legEndOf(cause: string): LegEnd {
  return ends[cause] ?? 'failed';
}
