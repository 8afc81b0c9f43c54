// One leg at the sandbox switch: what is known of it, and how events write it. What happens to it is in
// switch-channels.ts (life), switch-bridge.ts and switch-applications.ts (what runs on it).

import { ChannelVariables, type EventContent, type HeaderList } from './switch-events.ts';

const stateNumbers = {
  CS_NEW: 0,
  CS_INIT: 1,
  CS_ROUTING: 2,
  CS_SOFT_EXECUTE: 3,
  CS_EXECUTE: 4,
  CS_EXCHANGE_MEDIA: 5,
  CS_PARK: 6,
  CS_CONSUME_MEDIA: 7,
  CS_HIBERNATE: 8,
  CS_RESET: 9,
  CS_HANGUP: 10,
  CS_REPORTING: 11,
  CS_DESTROY: 12,
} as const;
export type ChannelState = keyof typeof stateNumbers;

/** One page of the call's history: FreeSWITCH begins a new one at each transfer and bridge. */
export interface CallerProfile {
  index: number;
  username: string;
  dialplan: string;
  callerIdName: string;
  callerIdNumber: string;
  originalName: string;
  originalNumber: string;
  calleeName: string;
  calleeNumber: string;
  networkAddress: string;
  ani: string;
  destination: string;
  source: string;
  context: string;
  transferSource: string;
  /** The caller wants his name and number told to nobody. */
  hidden: boolean;
  createdUs: number;
  bridgedUs: number;
  /** When the next page was begun. */
  transferUs: number;
}

/** An application that has begun and not ended: what can be done to it from outside. */
export interface Running {
  readonly lock: boolean;
  /** Takes keys typed so far off the leg's queue. */
  digits(): void;
  /** `uuid_break`. */
  interrupt(): void;
  /** The leg hangs up, is bridged or transferred: ends at once and says so. */
  abandon(): void;
}

export interface Execute {
  application: string;
  argument: string;
  uuid: string;
  lock: boolean;
  /** How often; negative: until broken. */
  loops: number;
}

/** What a leg is born with. */
export interface NewLeg {
  uuid: string;
  direction: 'inbound' | 'outbound';
  phone: string;
  name: string;
  createdUs: number;
  profile: CallerProfile;
}

export class Channel {
  readonly uuid: string;
  readonly sessionId: number;
  readonly direction: 'inbound' | 'outbound';
  /** The telephone at the far end of this leg. */
  readonly phone: string;
  readonly name: string;
  readonly createdUs: number;
  readonly variables = new ChannelVariables();
  /** Newest first. */
  readonly profiles: [CallerProfile, ...CallerProfile[]];

  running: ChannelState = 'CS_INIT';
  stateNumber: number = stateNumbers.CS_ROUTING;
  callState: 'DOWN' | 'RINGING' | 'EARLY' | 'ACTIVE' | 'HANGUP' = 'DOWN';
  hitDialplan: boolean;
  logicalDirection: 'inbound' | 'outbound';
  callUuid: string;
  codec: boolean;
  cause: string | undefined;
  answeredUs = 0;
  progressUs = 0;
  progressMediaUs = 0;
  hangupUs = 0;
  /** Written as `Other-*`: the other leg as it stood when they were joined. */
  other:
    | { type: 'originator' | 'originatee'; channel: Channel; profile: CallerProfile; fresh: boolean }
    | undefined;
  bridgedTo: Channel | undefined;
  /** The `park` application the leg stands in, by its uuid; `undefined` in CS_PARK, a bridge or a dialplan. */
  parkUuid: string | undefined;
  parked = false;
  /** What runs is being taken off the leg: nothing new begins. */
  leaving = false;
  readonly queue: Execute[] = [];
  current: { execute: Execute; running: Running } | undefined;
  /** Applications a dialplan still has to do, one after the other. */
  extension: { application: string; argument: string }[] = [];
  /** Keys that have arrived and that nothing has read yet. */
  readonly typed: string[] = [];
  /** Takes what is said into the telephone, while that is recorded. */
  recorder: ((text: string) => void) | undefined;
  /** Said a moment before it was: as keys, a test speaks too early. */
  spoken: { text: string; atMs: number } | undefined;
  digitsDialed = '';
  /** Waits for a playback in the bridge to end, as FreeSWITCH's bridge does. */
  afterPlayback: (() => void) | undefined;
  readonly applicationLog: { app_name: string; app_data: string; app_stamp: string }[] = [];
  /** The timeout the leg itself set: ringing, then parking. */
  timeoutTask: number | undefined;

  constructor(facts: NewLeg & { sessionId: number }) {
    this.uuid = facts.uuid;
    this.sessionId = facts.sessionId;
    this.direction = facts.direction;
    this.phone = facts.phone;
    this.name = facts.name;
    this.createdUs = facts.createdUs;
    this.profiles = [facts.profile];
    this.hitDialplan = facts.direction === 'inbound';
    this.codec = facts.direction === 'inbound';
    this.logicalDirection = facts.direction;
    this.callUuid = facts.uuid;
  }

  get profile(): CallerProfile {
    return this.profiles[0];
  }

  get living(): boolean {
    return this.cause === undefined;
  }

  enter(state: ChannelState): void {
    this.running = state;
    this.stateNumber = stateNumbers[state];
  }

  answerState(): 'hangup' | 'answered' | 'early' | 'ringing' {
    if (this.cause !== undefined) return 'hangup';
    if (this.answeredUs !== 0) return 'answered';
    return this.progressMediaUs === 0 ? 'ringing' : 'early';
  }

  content(options: { lead?: HeaderList; tail?: HeaderList; variables?: boolean } = {}): EventContent {
    return {
      headers: [...(options.lead ?? []), ...this.#channelHeaders(options.lead?.[0] !== 'Hangup-Cause')],
      ...(options.variables === false ? {} : { variables: this.variables }),
      ...(options.tail === undefined ? {} : { tail: options.tail }),
    };
  }

  #channelHeaders(withCause: boolean): HeaderList {
    const { profile } = this;
    const list: HeaderList = ['Channel-State', this.running, 'Channel-Call-State', this.callState];
    list.push('Channel-State-Number', String(this.stateNumber), 'Channel-Name', this.name);
    list.push('Unique-ID', this.uuid, 'Call-Direction', this.direction);
    list.push('Presence-Call-Direction', this.direction, 'Channel-HIT-Dialplan', String(this.hitDialplan));
    list.push('Channel-Call-UUID', this.callUuid, 'Answer-State', this.answerState());
    if (withCause && this.cause !== undefined) list.push('Hangup-Cause', this.cause);
    if (this.codec) {
      for (const way of ['Read', 'Write']) {
        list.push(`Channel-${way}-Codec-Name`, 'PCMA', `Channel-${way}-Codec-Rate`, '8000');
        list.push(`Channel-${way}-Codec-Bit-Rate`, '64000');
      }
    }
    writeProfile(list, 'Caller', this, profile, true);
    if (this.other !== undefined) {
      list.push('Other-Type', this.other.type);
      writeProfile(list, 'Other-Leg', this.other.channel, this.other.profile, false, this.other.fresh);
    }
    return list;
  }
}

function writeProfile(
  list: HeaderList,
  prefix: 'Caller' | 'Other-Leg',
  channel: Channel,
  profile: CallerProfile,
  own: boolean,
  fresh = false,
): void {
  const add = (name: string, value: string): void => {
    if (value !== '') list.push(`${prefix}-${name}`, value);
  };
  add('Direction', channel.direction);
  add('Logical-Direction', own ? channel.logicalDirection : 'inbound');
  add('Username', profile.username);
  add('Dialplan', profile.dialplan);
  add('Caller-ID-Name', profile.callerIdName);
  add('Caller-ID-Number', profile.callerIdNumber);
  add('Orig-Caller-ID-Name', profile.originalName);
  add('Orig-Caller-ID-Number', profile.originalNumber);
  add('Callee-ID-Name', profile.calleeName);
  add('Callee-ID-Number', profile.calleeNumber);
  add('Network-Addr', profile.networkAddress);
  add('ANI', profile.ani);
  add('Destination-Number', profile.destination);
  add('Unique-ID', channel.uuid);
  add('Source', profile.source);
  if (own) add('Transfer-Source', profile.transferSource);
  add('Context', profile.context);
  add('Channel-Name', channel.name);
  if (own) add('Profile-Index', String(profile.index));
  // The copy that a bridge makes of its first leg carries no times in FreeSWITCH.
  const time = (us: number): string => (fresh ? '0' : String(us));
  add('Profile-Created-Time', time(profile.createdUs));
  add('Channel-Created-Time', time(channel.createdUs));
  add('Channel-Answered-Time', time(channel.answeredUs));
  add('Channel-Progress-Time', time(channel.progressUs));
  add('Channel-Progress-Media-Time', time(channel.progressMediaUs));
  add('Channel-Hangup-Time', own ? String(channel.hangupUs) : '0');
  add('Channel-Transfer-Time', '0');
  add('Channel-Resurrect-Time', '0');
  add('Channel-Bridged-Time', own ? String(profile.bridgedUs) : '0');
  add('Channel-Last-Hold', '0');
  add('Channel-Hold-Accum', '0');
  add('Screen-Bit', 'true');
  add('Privacy-Hide-Name', String(profile.hidden));
  add('Privacy-Hide-Number', String(profile.hidden));
}
