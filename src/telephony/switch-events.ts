// What the switch tells, in our words: one event of the event socket becomes at most one SwitchEvent. Pure: all a leg's
// past that is needed stands in the event's own headers, so that a gateway that has just taken over reads them as well as
// one that was there from the start. What needs memory (failed originates, exactly-once) is in freeswitch.ts.

import { numberFromTrunk } from '../core/dialling.ts';
import { parseLegUuid, type LegUuid } from '../core/ids.ts';
import type { Cli } from '../core/known-caller.ts';
import type { DigitsEnd, HangupCause, ParkedLeg, SwitchEvent } from '../flow/ports.ts';
import {
  digitsVariable,
  endedByVariable,
  inboundVariable,
  keyVariable,
  recordedMsVariable,
  restartKey,
  secretVariable,
  takenVariable,
} from './dial-string.ts';
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

/**
 * `undefined`: an event about nothing the steps want to know. `country` (ISO 3166-1 alpha-2): where a number from the trunk
 * without a country code is understood.
 */
export function switchEvent(event: SwitchHeaders, country: string): SwitchEvent | undefined {
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
      return parked(event, leg, country);
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

/** An event, or a leg's dump, which has the same headers. */
export type Headers = Pick<SwitchHeaders, 'header'>;

export function legOf(event: Headers, header: string): LegUuid | undefined {
  return parseLegUuid(event.header(header) ?? '');
}

/** Microseconds since 1970; `undefined` for absent and for 0, which is how the switch writes "never". */
export function instantUs(event: Headers, ...headers: string[]): bigint | undefined {
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
function parked(event: SwitchHeaders, leg: LegUuid, country: string): SwitchEvent | undefined {
  if (instantUs(event, 'Caller-Channel-Bridged-Time') !== undefined) return undefined;
  if (event.header('Call-Direction') === 'outbound') {
    return event.header('Answer-State') === 'answered' ? answered(event, leg) : undefined;
  }
  const taken = event.header(`variable_${takenVariable}`) === 'true';
  return isWaiting(event) && !taken ? { type: 'legParked', ...parkedLeg(event, leg, country) } : undefined;
}

/** A call from outside, by the marker of the shipped dialplan, that rings and that nobody has taken. */
export function isWaiting(leg: Headers): boolean {
  return (
    leg.header('Call-Direction') === 'inbound' &&
    leg.header('Answer-State') === 'ringing' &&
    leg.header(`variable_${inboundVariable}`) === 'true'
  );
}

/** Who calls whom, of a call from outside: the same from its event and from its dump. */
export function parkedLeg(event: Headers, leg: LegUuid, country: string): ParkedLeg {
  const ddi = numberFromTrunk(unescaped(event.header('Caller-Destination-Number') ?? ''), country);
  return {
    leg,
    cli: cliOf(event, country),
    ...(ddi === undefined ? {} : { ddi }),
    atUs: instantUs(event, 'Caller-Channel-Created-Time', 'Event-Date-Timestamp') ?? 0n,
  };
}

// The network vouches for P-Asserted-Identity (RFC 3325) alone: from carriers we let in nobody else can write it. Sofia puts
// its user part into the variable. A P-Preferred-Identity, which the calling side writes, it puts over the number of the call
// just as well, over an asserted one too, and calls both `pid`; so only the variable tells. A wish for privacy goes before
// either; Sofia heeds `id` and Remote-Party-ID's own.
function cliOf(event: Headers, country: string): Cli {
  if (isHidden(event)) return { trust: 'withheld' };
  const asserted = event.header('variable_sip_P-Asserted-Identity');
  const text = asserted ?? event.header('Caller-Caller-ID-Number') ?? '';
  const number = numberFromTrunk(unescaped(text), country);
  if (number === undefined) return { trust: 'withheld' };
  return { trust: asserted === undefined ? 'unverified' : 'network', number };
}

/** RFC 3323: words of the Privacy header, or nobody's name in From. */
function isHidden(event: Headers): boolean {
  if (event.header('Caller-Privacy-Hide-Number') === 'true') return true;
  if (event.header('variable_sip_from_host') === 'anonymous.invalid') return true;
  const wishes = (event.header('variable_sip_Privacy') ?? '').toLowerCase().split(/[;,\s]+/);
  return wishes.some((wish) => wish === 'id' || wish === 'user' || wish === 'header');
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

// `event-uuid` of what we sent comes back as Application-UUID: `ask:<request>`, `play:<request>`, `digits:<request>:<turn>`,
// `record:<request>:<turn>`.
// Everything else that executes on the leg (the dialplan's own, announcements, music) has another and tells the steps nothing.
function executed(event: SwitchHeaders, leg: LegUuid): SwitchEvent | undefined {
  const [kind, request] = (event.header('Application-UUID') ?? '').split(':', 2);
  // What hanging up cut short is told by legEnded.
  if (request === undefined || event.header('Answer-State') === 'hangup') return undefined;
  if (kind === 'play') return { type: 'played', leg, request };
  if (kind === 'digits') return enteredNumber(event, leg, request);
  if (kind === 'record') return recorded(event, leg, request);
  if (kind !== 'ask') return undefined;
  const key = event.header(`variable_${keyVariable}`);
  // read_result first: with `failure` the variable can still hold what was typed.
  if (event.header('variable_read_result') === 'success' && key !== undefined && /^[0-9*#A-D]$/.test(key)) {
    return sensitive(event) ? undefined : { type: 'keyGiven', leg, request, key };
  }
  return { type: 'noKeyGiven', leg, request };
}

/**
 * What a question for a number came to. With too few keys (none, as one is enough) `read_result` is `failure`; with a pause at
 * the end it is `timeout`. What he typed before he began anew is nobody's business.
 */
export function enteredNumber(
  event: SwitchHeaders,
  leg: LegUuid,
  request: string,
): Extract<SwitchEvent, { type: 'digitsGiven' | 'noKeyGiven' }> {
  const result = event.header('variable_read_result');
  const terminator = event.header('variable_read_terminator_used');
  if (terminator === restartKey) return { type: 'digitsGiven', leg, request, digits: '', ended: 'restart' };
  const typed = result === 'failure' ? undefined : event.header(`variable_${digitsVariable}`);
  // The one key that was asked for.
  if (typed === restartKey) return { type: 'digitsGiven', leg, request, digits: '', ended: 'restart' };
  if (typed === '#') return { type: 'digitsGiven', leg, request, digits: '', ended: 'terminator' };
  const digits = (typed ?? '').replace(/[^0-9]/g, '');
  if (digits === '') return { type: 'noKeyGiven', leg, request };
  const ended: DigitsEnd = terminator !== undefined ? 'terminator' : result === 'timeout' ? 'pause' : 'full';
  return { type: 'digitsGiven', leg, request, digits, ended };
}

function recorded(event: SwitchHeaders, leg: LegUuid, request: string): SwitchEvent {
  const ms = event.header(`variable_${recordedMsVariable}`) ?? '';
  return {
    type: 'recorded',
    leg,
    request,
    seconds: /^[0-9]{1,9}$/.test(ms) ? Number(ms) / 1000 : 0,
    back: event.header(`variable_${endedByVariable}`) === restartKey,
  };
}

/** Keys in the talk. Outside it a key belongs to the question that is being asked and is told by its result. */
function keyed(event: SwitchHeaders, leg: LegUuid): SwitchEvent | undefined {
  const state = event.header('Channel-State') ?? '';
  const talking =
    instantUs(event, 'Caller-Channel-Bridged-Time') !== undefined &&
    (state === 'CS_EXCHANGE_MEDIA' || state === 'CS_SOFT_EXECUTE');
  return talking ? keyPressed(event, leg) : undefined;
}

/** A key of a leg that is asked nothing: it talks, or hears music. */
export function keyPressed(event: SwitchHeaders, leg: LegUuid): SwitchEvent | undefined {
  const key = event.header('DTMF-Digit');
  if (key === undefined || !/^[0-9*#A-D]$/.test(key) || sensitive(event)) return undefined;
  return { type: 'keyPressed', leg, key };
}

/** Card digits are for the card room alone (DESIGN 8): while it listens, no key of the leg leaves this file. */
const sensitive = (event: SwitchHeaders): boolean => event.header(`variable_${secretVariable}`) === 'true';

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
