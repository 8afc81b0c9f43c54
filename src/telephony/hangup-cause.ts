// FreeSWITCH's words for why a leg ended, in ours. The numbers are those of ITU-T Q.850 (table 1) where it has the cause;
// from 142 on they are FreeSWITCH's own (switch_types.h, `switch_call_cause_t`). The table is the whole list of
// switch_channel.c of 1.10.12, so that a cause that is missing here is one FreeSWITCH does not have.

import type { HangupCause } from '../flow/ports.ts';

/** FreeSWITCH name -> [number, our word]. */
export const switchCauses = {
  NONE: [0, 'failed'],
  UNALLOCATED_NUMBER: [1, 'unreachable'], // SIP 404
  NO_ROUTE_TRANSIT_NET: [2, 'unreachable'],
  NO_ROUTE_DESTINATION: [3, 'unreachable'],
  CHANNEL_UNACCEPTABLE: [6, 'failed'],
  CALL_AWARDED_DELIVERED: [7, 'failed'],
  NORMAL_CLEARING: [16, 'normal'],
  USER_BUSY: [17, 'busy'], // SIP 486
  NO_USER_RESPONSE: [18, 'no_answer'], // SIP 408, 480: the phone itself said nothing
  NO_ANSWER: [19, 'no_answer'], // it rang for `originate_timeout`
  SUBSCRIBER_ABSENT: [20, 'unreachable'], // mobile switched off
  CALL_REJECTED: [21, 'rejected'], // SIP 603
  NUMBER_CHANGED: [22, 'unreachable'], // SIP 410
  REDIRECTION_TO_NEW_DESTINATION: [23, 'failed'],
  EXCHANGE_ROUTING_ERROR: [25, 'unreachable'],
  DESTINATION_OUT_OF_ORDER: [27, 'unreachable'],
  INVALID_NUMBER_FORMAT: [28, 'unreachable'], // SIP 484
  FACILITY_REJECTED: [29, 'failed'],
  RESPONSE_TO_STATUS_ENQUIRY: [30, 'failed'],
  NORMAL_UNSPECIFIED: [31, 'normal'], // class "normal event": carriers send it for an ordinary end
  NORMAL_CIRCUIT_CONGESTION: [34, 'congestion'],
  NETWORK_OUT_OF_ORDER: [38, 'congestion'],
  NORMAL_TEMPORARY_FAILURE: [41, 'congestion'], // SIP 503
  SWITCH_CONGESTION: [42, 'congestion'],
  ACCESS_INFO_DISCARDED: [43, 'failed'],
  REQUESTED_CHAN_UNAVAIL: [44, 'congestion'],
  PRE_EMPTED: [45, 'congestion'],
  FACILITY_NOT_SUBSCRIBED: [50, 'failed'],
  OUTGOING_CALL_BARRED: [52, 'unreachable'],
  INCOMING_CALL_BARRED: [54, 'rejected'],
  BEARERCAPABILITY_NOTAUTH: [57, 'failed'],
  BEARERCAPABILITY_NOTAVAIL: [58, 'failed'],
  SERVICE_UNAVAILABLE: [63, 'congestion'],
  BEARERCAPABILITY_NOTIMPL: [65, 'failed'],
  CHAN_NOT_IMPLEMENTED: [66, 'failed'],
  FACILITY_NOT_IMPLEMENTED: [69, 'failed'],
  SERVICE_NOT_IMPLEMENTED: [79, 'failed'],
  INVALID_CALL_REFERENCE: [81, 'failed'],
  INCOMPATIBLE_DESTINATION: [88, 'failed'], // SIP 488: no codec in common
  INVALID_MSG_UNSPECIFIED: [95, 'failed'],
  MANDATORY_IE_MISSING: [96, 'failed'],
  MESSAGE_TYPE_NONEXIST: [97, 'failed'],
  WRONG_MESSAGE: [98, 'failed'],
  IE_NONEXIST: [99, 'failed'],
  INVALID_IE_CONTENTS: [100, 'failed'],
  WRONG_CALL_STATE: [101, 'failed'],
  RECOVERY_ON_TIMER_EXPIRE: [102, 'unreachable'], // nobody answered our INVITE at all
  MANDATORY_IE_LENGTH_ERROR: [103, 'failed'],
  PROTOCOL_ERROR: [111, 'failed'],
  INTERWORKING: [127, 'failed'],
  SUCCESS: [142, 'normal'],
  ORIGINATOR_CANCEL: [487, 'stopped'],
  CRASH: [700, 'failed'],
  SYSTEM_SHUTDOWN: [701, 'failed'],
  LOSE_RACE: [702, 'stopped'],
  MANAGER_REQUEST: [703, 'stopped'], // our guards
  BLIND_TRANSFER: [800, 'failed'],
  ATTENDED_TRANSFER: [801, 'failed'],
  ALLOTTED_TIMEOUT: [802, 'limit_reached'],
  USER_CHALLENGE: [803, 'failed'],
  MEDIA_TIMEOUT: [804, 'media_timeout'],
  PICKED_OFF: [805, 'stopped'],
  USER_NOT_REGISTERED: [806, 'unreachable'],
  PROGRESS_TIMEOUT: [807, 'no_answer'],
  INVALID_GATEWAY: [808, 'failed'],
  GATEWAY_DOWN: [809, 'congestion'],
  INVALID_URL: [810, 'failed'],
  INVALID_PROFILE: [811, 'failed'],
  NO_PICKUP: [812, 'no_answer'],
  SRTP_READ_ERROR: [813, 'failed'],
  BOWOUT: [814, 'failed'],
  BUSY_EVERYWHERE: [815, 'busy'], // SIP 600
  DECLINE: [816, 'rejected'], // SIP 603
  DOES_NOT_EXIST_ANYWHERE: [817, 'unreachable'], // SIP 604
  NOT_ACCEPTABLE: [818, 'failed'], // SIP 606
  UNWANTED: [819, 'rejected'], // SIP 607
  NO_IDENTITY: [820, 'failed'],
  BAD_IDENTITY_INFO: [821, 'failed'],
  UNSUPPORTED_CERTIFICATE: [822, 'failed'],
  INVALID_IDENTITY: [823, 'failed'],
  STALE_DATE: [824, 'failed'],
  REJECT_ALL: [825, 'rejected'],
} as const satisfies Record<string, readonly [number, HangupCause]>;

const byName = new Map<string, HangupCause>(
  Object.entries(switchCauses).map(([name, [, cause]]) => [name, cause]),
);
const byNumber = new Map<number, HangupCause>(Object.values(switchCauses));

/** `USER_BUSY` -> `busy`. A word we have never heard is `failed`: nobody is charged for it and the trace keeps the word. */
export function hangupCause(switchCause: string): HangupCause {
  return byName.get(switchCause) ?? 'failed';
}

/** The same from a Q.850 number, as CDRs carry it (`hangup_cause_q850`). */
export function hangupCauseOfQ850(code: number): HangupCause {
  return byNumber.get(code) ?? 'failed';
}
