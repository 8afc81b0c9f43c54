// What the switch tells, in our words: one event of the event socket becomes at most one SwitchEvent. Pure: all a leg's
// past that is needed stands in the event's own headers, so that a gateway that has just taken over reads them as well as
// one that was there from the start. What needs memory (failed originates, exactly-once) is in freeswitch.ts.

import { parseLegUuid, type LegUuid } from '../core/ids.ts';
import type { HangupCause, SwitchEvent } from '../flow/ports.ts';
import { keyVariable } from './dial-string.ts';
import type { SwitchHeaders } from './esl-link.ts';
import { hangupCause } from './hangup-cause.ts';

/** Each costs about 0.1 ms here and as much in the switch: only what is read below and in freeswitch.ts. */
export const eventsWeNeed = [
  'CHANNEL_CREATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_ANSWER',
  'CHANNEL_PARK',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_EXECUTE_COMPLETE',
  'DTMF',
  'HEARTBEAT',
  'BACKGROUND_JOB',
] as const;

/** `undefined`: an event about nothing the steps want to know. */
export function switchEvent(event: SwitchHeaders): SwitchEvent | undefined {
  const leg = legOf(event, 'Unique-ID');
  if (leg === undefined) return undefined;
  switch (event.header('Event-Name')) {
    case 'CHANNEL_PROGRESS':
    case 'CHANNEL_PROGRESS_MEDIA':
      // The progress of an inbound call is our own ringing.
      return event.header('Call-Direction') === 'outbound' ? { type: 'legRinging', leg } : undefined;
    case 'CHANNEL_ANSWER':
      return event.header('Call-Direction') === 'inbound' ? answered(event, leg) : undefined;
    case 'CHANNEL_PARK':
      return parked(event, leg);
    case 'CHANNEL_BRIDGE':
    case 'CHANNEL_UNBRIDGE':
      return joined(event);
    case 'CHANNEL_EXECUTE_COMPLETE':
      return executed(event, leg);
    case 'DTMF':
      return keyed(event, leg);
    case 'CHANNEL_HANGUP_COMPLETE':
      return ended(event, leg);
    default:
      return undefined;
  }
}

export function legOf(event: SwitchHeaders, header: string): LegUuid | undefined {
  return parseLegUuid(event.header(header) ?? '');
}

/** Microseconds since 1970; `undefined` for absent and for 0, which is how the switch writes "never". */
export function instantUs(event: SwitchHeaders, ...headers: string[]): bigint | undefined {
  for (const header of headers) {
    const digits = event.header(header);
    if (digits !== undefined && /^[1-9][0-9]{0,18}$/.test(digits)) return BigInt(digits);
  }
  return undefined;
}

const eventAt = (event: SwitchHeaders): bigint => instantUs(event, 'Event-Date-Timestamp') ?? 0n;

function answered(event: SwitchHeaders, leg: LegUuid): SwitchEvent {
  return {
    type: 'legAnswered',
    leg,
    atUs: instantUs(event, 'Caller-Channel-Answered-Time') ?? eventAt(event),
  };
}

// An outbound leg counts as answered when it parks, about 20 ms after CHANNEL_ANSWER: only then does it obey, and a
// question sent earlier would be asked of a leg still in the hands of `originate`. An inbound leg parks before it is
// answered. A leg that has been bridged parks a second time after the talk; CHANNEL_UNBRIDGE has told that already.
function parked(event: SwitchHeaders, leg: LegUuid): SwitchEvent | undefined {
  if (instantUs(event, 'Caller-Channel-Bridged-Time') !== undefined) return undefined;
  if (event.header('Call-Direction') === 'outbound') {
    return event.header('Answer-State') === 'answered' ? answered(event, leg) : undefined;
  }
  if (event.header('Answer-State') === 'answered') return undefined;
  return {
    type: 'legParked',
    leg,
    cli: unescaped(event.header('Caller-Caller-ID-Number') ?? ''),
    ddi: unescaped(event.header('Caller-Destination-Number') ?? ''),
  };
}

function joined(event: SwitchHeaders): SwitchEvent | undefined {
  const aLeg = legOf(event, 'Bridge-A-Unique-ID');
  const bLeg = legOf(event, 'Bridge-B-Unique-ID');
  if (aLeg === undefined || bLeg === undefined) return undefined;
  const atUs = eventAt(event);
  if (event.header('Event-Name') === 'CHANNEL_BRIDGE') return { type: 'legsBridged', aLeg, bLeg, atUs };
  const left = leftFirst(event, aLeg, bLeg);
  return { type: 'legsUnbridged', aLeg, bLeg, atUs, ...(left === undefined ? {} : { left }) };
}

// A leg is told why the other ended, if the other ended first (tried: of two that both fell silent the later one has both
// causes). The event is A's.
function leftFirst(
  event: SwitchHeaders,
  aLeg: LegUuid,
  bLeg: LegUuid,
): { leg: LegUuid; cause: HangupCause } | undefined {
  const other = event.header(otherCauseVariable);
  if (other !== undefined) return { leg: bLeg, cause: hangupCause(other) };
  const own = event.header('Hangup-Cause');
  return own === undefined ? undefined : { leg: aLeg, cause: hangupCause(own) };
}

const otherCauseVariable = 'variable_last_bridge_hangup_cause';

// `event-uuid` of what we sent comes back as Application-UUID: `ask:<request>`, `play:<request>`. Everything else that
// executes on the leg (the dialplan's own, announcements, music) has another and tells the steps nothing.
function executed(event: SwitchHeaders, leg: LegUuid): SwitchEvent | undefined {
  const [kind, request] = (event.header('Application-UUID') ?? '').split(':', 2);
  // What hanging up cut short is told by legEnded.
  if (request === undefined || event.header('Answer-State') === 'hangup') return undefined;
  if (kind === 'play') return { type: 'played', leg, request };
  if (kind !== 'ask') return undefined;
  const key = event.header(`variable_${keyVariable}`);
  // read_result first: with `failure` the variable can still hold what was typed.
  if (event.header('variable_read_result') === 'success' && key !== undefined && /^[0-9*#A-D]$/.test(key)) {
    return sensitive(event) ? undefined : { type: 'keyGiven', leg, request, key };
  }
  return { type: 'noKeyGiven', leg, request };
}

/** Keys in the talk. Outside it a key belongs to the question that is being asked and is told by its result. */
function keyed(event: SwitchHeaders, leg: LegUuid): SwitchEvent | undefined {
  const key = event.header('DTMF-Digit');
  const state = event.header('Channel-State') ?? '';
  const talking =
    instantUs(event, 'Caller-Channel-Bridged-Time') !== undefined &&
    (state === 'CS_EXCHANGE_MEDIA' || state === 'CS_SOFT_EXECUTE');
  if (key === undefined || !/^[0-9*#A-D]$/.test(key) || !talking || sensitive(event)) return undefined;
  return { type: 'keyPressed', leg, key };
}

/** Card digits are for the card room alone (DESIGN 8): while it listens, no key of the leg leaves this file. */
const sensitive = (event: SwitchHeaders): boolean => event.header('variable_sensitive_dtmf') === 'true';

function ended(event: SwitchHeaders, leg: LegUuid): SwitchEvent {
  const switchCause = event.header('variable_hangup_cause') ?? event.header('Hangup-Cause') ?? 'NONE';
  const answeredAtUs = instantUs(event, 'variable_answer_uepoch', 'Caller-Channel-Answered-Time');
  const bridgedAtUs = instantUs(event, 'variable_bridge_uepoch', 'Caller-Channel-Bridged-Time');
  const other = event.header(otherCauseVariable);
  return {
    type: 'legEnded',
    leg,
    cause: hangupCause(switchCause),
    switchCause,
    ...(answeredAtUs === undefined ? {} : { answeredAtUs }),
    ...(bridgedAtUs === undefined ? {} : { bridgedAtUs }),
    endedAtUs: instantUs(event, 'variable_end_uepoch', 'Caller-Channel-Hangup-Time') ?? eventAt(event),
    ...(bridgedAtUs === undefined || other === undefined ? {} : { otherCause: hangupCause(other) }),
  };
}

// Sofia leaves the user part of an address escaped (`%2B33...`) where a phone sent it so.
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
