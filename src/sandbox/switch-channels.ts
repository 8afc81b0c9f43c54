// The legs that live at the sandbox switch and how they come, are answered, park and go. Commands reach it from
// switch-commands.ts, people from switch-phones.ts.

import { randomUUID } from 'node:crypto';
import { abandonAll, proceed, type, type ApplicationHost, type FireOptions } from './switch-applications.ts';
import type { Audio } from './switch-audio.ts';
import { part, type BridgeHost } from './switch-bridge.ts';
import { causeNamed } from './switch-causes.ts';
import { inlineSteps, type OriginateRequest } from './switch-command-text.ts';
import { endFacts } from './switch-cdr.ts';
import { Channel, type ChannelState, type NewLeg } from './switch-channel.ts';
import {
  inboundAnswerFacts,
  inboundLeg,
  inboundVariables,
  outboundAnswerFacts,
  outboundLeg,
  outboundVariables,
  refusalFacts,
  type Dialling,
} from './switch-channel-facts.ts';
import { wholeSecond, type SwitchClock, type SwitchTasks } from './switch-clock.ts';
import type { EventBus, Origin } from './switch-events.ts';
import './switch-questions.ts';
import './switch-recordings.ts';

const origins = {
  create: { file: 'switch_core_state_machine.c', function: 'switch_core_session_run', line: 626 },
  progress: {
    file: 'switch_channel.c',
    function: 'switch_channel_perform_mark_ring_ready_value',
    line: 3505,
  },
  preAnswer: { file: 'switch_channel.c', function: 'switch_channel_perform_mark_pre_answered', line: 3598 },
  answer: { file: 'switch_channel.c', function: 'switch_channel_perform_mark_answered', line: 3846 },
  park: { file: 'switch_ivr.c', function: 'switch_ivr_park', line: 1002 },
  state: { file: 'switch_channel.c', function: 'switch_channel_perform_set_running_state', line: 2408 },
  hangup: { file: 'switch_channel.c', function: 'switch_channel_perform_hangup', line: 3445 },
  complete: {
    file: 'switch_core_state_machine.c',
    function: 'switch_core_session_reporting_state',
    line: 943,
  },
  destroy: { file: 'switch_core_session.c', function: 'switch_core_session_perform_destroy', line: 1584 },
} as const satisfies Record<string, Origin>;

/** The telephones. What they answer to a call decides what becomes of it. */
export interface Handsets {
  ring(channel: Channel): 'rings' | 'silent' | 'busy' | 'refuses' | 'unreachable';
  dialled(channel: Channel, to: string): void;
  changed(channel: Channel): void;
  speech(channel: Channel, speech: { audio: Audio; durationMs: number } | undefined): void;
  asked(channel: Channel): void;
}

/** Posts or spools the call detail record; a promise while the post is under way. */
export type ReportCdr = (channel: Channel) => Promise<void> | undefined;

/** A leg that has ended stands in `show channels` a little longer: FreeSWITCH's table lags behind its memory. */
const listedAfterDeathMs = 100;

export class SwitchChannels implements BridgeHost {
  readonly speed: ApplicationHost['speed'];
  readonly living = new Map<string, Channel>();
  /** As `show channels` sees it. */
  readonly listed = new Set<Channel>();
  sessions = 0;
  readonly #clock: SwitchClock;
  readonly #bus: EventBus;
  readonly #tasks: SwitchTasks;
  readonly #handsets: Handsets;
  readonly #reportCdr: ReportCdr;
  readonly #apologyFile: string;
  readonly #originating = new Map<
    Channel,
    { steps: OriginateRequest['steps']; reply: (text: string) => void }
  >();
  #closed = false;

  constructor(parts: {
    clock: SwitchClock;
    bus: EventBus;
    tasks: SwitchTasks;
    handsets: Handsets;
    reportCdr: ReportCdr;
    speed: ApplicationHost['speed'];
    apologyFile: string;
  }) {
    this.#clock = parts.clock;
    this.#bus = parts.bus;
    this.#tasks = parts.tasks;
    this.#handsets = parts.handsets;
    this.#reportCdr = parts.reportCdr;
    this.speed = parts.speed;
    this.#apologyFile = parts.apologyFile;
  }

  nowUs(): number {
    return this.#clock.nowUs();
  }

  newUuid(): string {
    return randomUUID();
  }

  find(uuid: string): Channel | undefined {
    return this.living.get(uuid);
  }

  fire(channel: Channel, name: string, origin: Origin, options: FireOptions = {}): void {
    this.#bus.fire(name, origin, () => channel.content(options), options.atUs);
  }

  enter(channel: Channel, state: ChannelState): void {
    channel.enter(state);
    this.fire(channel, 'CHANNEL_STATE', origins.state, { variables: false });
  }

  /** Dials. `reply` comes once: `+OK <uuid>` when answered, `-ERR <cause>` when it failed. */
  originate(request: OriginateRequest, reply: (text: string) => void): void {
    const variables = new Map(request.variables);
    const uuid = variables.get('origination_uuid') ?? this.newUuid();
    if (this.living.has(uuid)) {
      reply('-ERR DESTINATION_OUT_OF_ORDER\n');
      return;
    }
    const channel = this.#outbound(uuid, request, variables);
    this.#originating.set(channel, { steps: request.steps, reply });
    const answer = this.#handsets.ring(channel);
    if (answer === 'busy' || answer === 'refuses' || answer === 'unreachable') {
      const cause = { busy: 'USER_BUSY', refuses: 'CALL_REJECTED', unreachable: 'UNALLOCATED_NUMBER' }[
        answer
      ];
      channel.variables.setAll(refusalFacts(cause));
      this.hangUp(channel, cause);
      return;
    }
    if (answer === 'rings') this.ringReady(channel);
    const seconds = Number.parseInt(
      variables.get('leg_timeout') ?? variables.get('originate_timeout') ?? '60',
      10,
    );
    this.#timeOut(channel, Number.isNaN(seconds) ? 60 : seconds, 'NO_ANSWER');
  }

  #outbound(uuid: string, request: OriginateRequest, variables: Map<string, string>): Channel {
    const leg = outboundLeg(uuid, request, variables, this.nowUs());
    const channel = this.#begin(leg);
    channel.variables.setAll(outboundVariables(channel, request, variables));
    this.fire(channel, 'CHANNEL_CREATE', origins.create);
    this.enter(channel, 'CS_ROUTING');
    this.enter(channel, 'CS_CONSUME_MEDIA');
    return channel;
  }

  #begin(facts: NewLeg): Channel {
    this.sessions += 1;
    const channel = new Channel({ ...facts, sessionId: this.sessions });
    this.living.set(channel.uuid, channel);
    this.listed.add(channel);
    channel.stateNumber = 1;
    this.fire(channel, 'CHANNEL_STATE', origins.state, { variables: false });
    channel.stateNumber = 2;
    return channel;
  }

  /** A phone dials a DDI: the shipped dialplan marks the call, lets it ring, arms the apology and parks it. */
  inbound(number: string, ddi: string, dialling: Dialling): Channel {
    const channel = this.#begin(inboundLeg(this.newUuid(), number, ddi, this.nowUs(), dialling));
    channel.variables.setAll(inboundVariables(channel, ddi, dialling));
    this.#handsets.dialled(channel, ddi);
    this.fire(channel, 'CHANNEL_CREATE', origins.create);
    this.enter(channel, 'CS_ROUTING');
    channel.callState = 'RINGING';
    this.enter(channel, 'CS_EXECUTE');
    channel.variables.set('DP_MATCH', `ARRAY::${ddi}|:${ddi}`);
    const apology = `+8 'playback:${this.#apologyFile},hangup:NORMAL_TEMPORARY_FAILURE' inline`;
    // As in telephony/freeswitch-conf/dialplan/public.xml.
    channel.extension = [
      { application: 'set', argument: 'ringmeter_inbound=true' },
      { application: 'set', argument: 'digits_dialed_filter=.+' },
      { application: 'set', argument: 'media_timeout=30000' },
      { application: 'ring_ready', argument: '' },
      { application: 'sched_transfer', argument: apology },
      { application: 'park', argument: '' },
    ];
    proceed(this, channel);
    return channel;
  }

  ringReady(channel: Channel): void {
    if (channel.progressUs !== 0 || channel.answeredUs !== 0) return;
    channel.progressUs = this.nowUs();
    if (channel.direction === 'outbound') channel.profile.networkAddress = '127.0.0.1';
    this.fire(channel, 'CHANNEL_PROGRESS', origins.progress);
    channel.callState = 'RINGING';
  }

  preAnswer(channel: Channel): void {
    if (channel.progressMediaUs !== 0 || channel.answeredUs !== 0) return;
    channel.progressMediaUs = this.nowUs();
    this.fire(channel, 'CHANNEL_PROGRESS_MEDIA', origins.preAnswer);
    channel.callState = 'EARLY';
  }

  /** The phone is picked up, or a client answers an inbound leg. Answering twice changes nothing. */
  answer(channel: Channel): void {
    if (!channel.living || channel.answeredUs !== 0) return;
    channel.answeredUs = this.nowUs();
    channel.codec = true;
    channel.profile.networkAddress = '127.0.0.1';
    if (channel.direction === 'outbound') channel.variables.setAll(outboundAnswerFacts(channel));
    else channel.variables.setAll(inboundAnswerFacts(channel));
    this.fire(channel, 'CHANNEL_ANSWER', origins.answer, { atUs: channel.answeredUs });
    channel.callState = 'ACTIVE';
    channel.variables.set('endpoint_disposition', 'ANSWER');
    this.#handsets.changed(channel);
    const originating = this.#originating.get(channel);
    if (originating === undefined) return;
    this.#originating.delete(channel);
    this.#cancelTimeout(channel);
    const { profile } = channel;
    channel.variables.set('pre_transfer_caller_id_number', profile.callerIdNumber);
    channel.variables.set('channel_cid_flipped', 'yes');
    [profile.callerIdName, profile.calleeName] = [profile.calleeName, profile.callerIdName];
    [profile.callerIdNumber, profile.calleeNumber] = [profile.calleeNumber, profile.callerIdNumber];
    channel.hitDialplan = true;
    originating.reply(`+OK ${channel.uuid}\n`);
    this.enter(channel, 'CS_EXECUTE');
    channel.extension = [...originating.steps];
    proceed(this, channel);
  }

  park(channel: Channel): void {
    channel.parked = true;
    this.#cancelTimeout(channel);
    const timeout = /^(\d+)(?::(\w+))?/.exec(channel.variables.get('park_timeout') ?? '');
    if (timeout !== null) {
      channel.variables.set('park_timeout', undefined);
      channel.variables.set('park_after_bridge', undefined);
      this.#timeOut(channel, Number(timeout[1]), causeNamed(timeout[2]));
    }
    this.fire(channel, 'CHANNEL_PARK', origins.park);
  }

  parkAgain(channel: Channel): void {
    this.enter(channel, 'CS_PARK');
    this.park(channel);
    proceed(this, channel);
  }

  /** `undefined` dialplan word: only `inline` means something here; anything else is an extension nobody has. */
  transfer(channel: Channel, extension: string, dialplan: string): void {
    if (!channel.living) return;
    abandonAll(this, channel);
    const peer = channel.bridgedTo;
    if (peer !== undefined) part(this, peer, channel);
    this.#cancelTimeout(channel);
    const nowUs = this.nowUs();
    const source = `${wholeSecond(nowUs)}:${this.newUuid()}:bl_xfer:${extension}/default/${dialplan}`;
    channel.profile.transferUs = nowUs;
    channel.profiles.unshift({
      ...channel.profile,
      index: channel.profile.index + 1,
      createdUs: nowUs,
      bridgedUs: 0,
      transferUs: 0,
      dialplan,
      destination: extension,
      transferSource: source,
    });
    channel.variables.set('transfer_history', source);
    channel.variables.set('transfer_source', source);
    this.enter(channel, 'CS_ROUTING');
    this.enter(channel, 'CS_EXECUTE');
    channel.extension =
      dialplan === 'inline'
        ? inlineSteps(extension)
        : [{ application: 'hangup', argument: 'NO_ROUTE_DESTINATION' }];
    proceed(this, channel);
  }

  keys(channel: Channel, digits: string): void {
    type(this, channel, digits);
  }

  said(channel: Channel, text: string): void {
    if (channel.recorder) channel.recorder(text);
    else channel.spoken = { text, atMs: Date.now() };
  }

  bridgeChanged(channel: Channel): void {
    this.#handsets.changed(channel);
  }

  speech(channel: Channel, speech: { audio: Audio; durationMs: number } | undefined): void {
    this.#handsets.speech(channel, speech);
  }

  asked(channel: Channel): void {
    this.#handsets.asked(channel);
  }

  scheduleHangup(channel: Channel, when: string, cause: string): void {
    this.#tasks.add({
      group: channel.uuid,
      description: 'switch_ivr_schedule_hangup',
      runtime: this.runtime(when),
      act: () => void this.hangUp(channel, cause),
    });
  }

  scheduleTransfer(channel: Channel, when: string, extension: string, dialplan: string): void {
    this.#tasks.add({
      group: channel.uuid,
      description: 'switch_ivr_schedule_transfer',
      runtime: this.runtime(when),
      act: () => this.transfer(channel, extension, dialplan),
    });
  }

  /** `+N` from now, or seconds since 1970; of those one that has passed is added to now, as FreeSWITCH does (tried). */
  runtime(when: string): number {
    const seconds = Number.parseInt(when.replace(/^[+@]/, ''), 10) || 0;
    const now = this.#tasks.inSeconds(0);
    return /^[+@]/.test(when) || seconds < now ? now + seconds : seconds;
  }

  /** Ends a leg. `false`: it was over already. From here on no command finds it. */
  hangUp(channel: Channel, cause: string): boolean {
    if (!channel.living) return false;
    channel.cause = cause;
    channel.stateNumber = 10;
    this.living.delete(channel.uuid);
    this.#cancelTimeout(channel);
    this.fire(channel, 'CHANNEL_HANGUP', origins.hangup);
    channel.hangupUs = this.nowUs();
    const originating = this.#originating.get(channel);
    this.#originating.delete(channel);
    // Before the other leg of a bridge is hung up below: who went first is reported first.
    setImmediate(() => {
      if (!this.#closed) this.#finish(channel);
      originating?.reply(`-ERR ${cause}\n`);
    });
    abandonAll(this, channel);
    const peer = channel.bridgedTo;
    if (peer !== undefined) part(this, peer, channel);
    this.#handsets.changed(channel);
    return true;
  }

  #finish(channel: Channel): void {
    this.enter(channel, 'CS_HANGUP');
    channel.callState = 'HANGUP';
    channel.variables.setAll(endFacts(channel));
    this.enter(channel, 'CS_REPORTING');
    const reported = channel.variables.get('process_cdr') === 'false' ? undefined : this.#reportCdr(channel);
    const complete = (): void => {
      if (this.#closed) return;
      const lead = ['Hangup-Cause', channel.cause ?? 'NONE'];
      this.fire(channel, 'CHANNEL_HANGUP_COMPLETE', origins.complete, { lead });
      queueMicrotask(() => this.#destroy(channel));
    };
    // The session's own thread posts the CDR: HANGUP_COMPLETE waits for it, as in FreeSWITCH.
    if (reported === undefined) complete();
    else void reported.then(complete);
  }

  #destroy(channel: Channel): void {
    if (this.#closed) return;
    this.#tasks.deleteGroup(channel.uuid);
    channel.stateNumber = 12;
    channel.callUuid = channel.uuid;
    channel.variables.set('call_uuid', channel.uuid);
    this.fire(channel, 'CHANNEL_DESTROY', origins.destroy);
    channel.other = undefined;
    setTimeout(() => this.listed.delete(channel), listedAfterDeathMs).unref();
  }

  #timeOut(channel: Channel, seconds: number, cause: string): void {
    this.#cancelTimeout(channel);
    channel.timeoutTask = this.#tasks.add({
      group: channel.uuid,
      description: 'timeout',
      runtime: this.#tasks.inSeconds(seconds),
      hidden: true,
      act: () => {
        channel.timeoutTask = undefined;
        // Read when parking began; a leg that has left the park since is no longer under it.
        if (channel.answeredUs === 0 || channel.parked) this.hangUp(channel, cause);
      },
    });
  }

  #cancelTimeout(channel: Channel): void {
    if (channel.timeoutTask !== undefined) this.#tasks.deleteId(channel.timeoutTask);
    channel.timeoutTask = undefined;
  }

  /** The process ends: nothing more is told, no timer of a leg stays. */
  close(): void {
    this.#closed = true;
    for (const channel of this.living.values()) {
      channel.queue.length = 0;
      channel.extension.length = 0;
      channel.cause = 'SYSTEM_SHUTDOWN';
      channel.current?.running.abandon();
    }
    this.living.clear();
    this.listed.clear();
  }
}
