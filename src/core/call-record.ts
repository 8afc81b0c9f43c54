// The switch's own record of a leg (mod_json_cdr), read: which leg, when it was bridged, when and why it ended. Nothing is
// believed of it but that; who asks what it means for a call is flow's take-over.

import type { LegEnd } from './call-session.ts';
import { parseLegUuid, type LegUuid } from './ids.ts';

export interface CallRecord {
  leg: LegUuid;
  /** As it came, to be kept beside the leg. */
  body: object;
}

/** `undefined`: not JSON, or not a record: `variables.uuid` says which leg it is of. */
export function parseCallRecord(text: string): CallRecord | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || !('variables' in body)) return undefined;
  const { variables } = body;
  if (typeof variables !== 'object' || variables === null || !('uuid' in variables)) return undefined;
  const leg = typeof variables.uuid === 'string' ? parseLegUuid(variables.uuid) : undefined;
  return leg === undefined ? undefined : { leg, body };
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
