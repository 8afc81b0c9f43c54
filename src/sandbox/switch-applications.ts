// What runs on a leg: the queue of executes a client sent, the applications of a dialplan, and each application with
// FreeSWITCH's results. One application at a time; `switch-questions.ts` holds the one that asks for digits.

import { audioOf, type Audio } from './switch-audio.ts';
import { causeNamed } from './switch-causes.ts';
import { separate } from './switch-command-text.ts';
import type { Channel, ChannelState, Execute, Running } from './switch-channel.ts';
import type { HeaderList, Origin } from './switch-events.ts';

export const origins = {
  execute: { file: 'switch_core_session.c', function: 'switch_core_session_exec', line: 2944 },
  complete: { file: 'switch_core_session.c', function: 'switch_core_session_exec', line: 2967 },
  playStart: { file: 'switch_ivr_play_say.c', function: 'switch_ivr_play_file', line: 1646 },
  playStop: { file: 'switch_ivr_play_say.c', function: 'switch_ivr_play_file', line: 2020 },
  recordStart: { file: 'switch_ivr_play_say.c', function: 'switch_ivr_record_file_event', line: 767 },
  recordStop: { file: 'switch_ivr_play_say.c', function: 'switch_ivr_record_file_event', line: 1030 },
  dtmf: { file: 'switch_channel.c', function: 'switch_channel_dequeue_dtmf', line: 677 },
} as const satisfies Record<string, Origin>;

export interface FireOptions {
  lead?: HeaderList;
  tail?: HeaderList;
  variables?: boolean;
  atUs?: number;
}

/** What applications need of the switch they run in. */
export interface ApplicationHost {
  /** Sounds last `1 / speech` of their length, waits for digits `1 / silence`. */
  readonly speed: { speech: number; silence: number };
  nowUs(): number;
  newUuid(): string;
  fire(channel: Channel, name: string, origin: Origin, options?: FireOptions): void;
  enter(channel: Channel, state: ChannelState): void;
  answer(channel: Channel): void;
  preAnswer(channel: Channel): void;
  ringReady(channel: Channel): void;
  /** Begins standing in `park`; reads and consumes `park_timeout`. */
  park(channel: Channel): void;
  hangUp(channel: Channel, cause: string): void;
  scheduleHangup(channel: Channel, when: string, cause: string): void;
  scheduleTransfer(channel: Channel, when: string, extension: string, dialplan: string): void;
  /** What the phone hears from now on; `undefined`: silence. */
  speech(channel: Channel, speech: { audio: Audio; durationMs: number } | undefined): void;
  /** A question waits for digits. */
  asked(channel: Channel): void;
}

type Start = (
  host: ApplicationHost,
  channel: Channel,
  execute: Execute,
  done: () => void,
) => Running | undefined;

/** A client's `sendmsg execute`. Without `event-lock` a quick application does not wait for an unlocked one that plays. */
export function enqueue(host: ApplicationHost, channel: Channel, execute: Execute): void {
  if (!channel.living) return;
  const { current } = channel;
  if (current === undefined && channel.answerState() === 'ringing' && channel.direction === 'outbound') {
    channel.queue.push(execute);
  } else if (current === undefined && channel.extension.length === 0) {
    runMessage(host, channel, execute);
  } else if (
    current !== undefined &&
    !execute.lock &&
    !current.running.lock &&
    quick.has(execute.application)
  ) {
    runNested(host, channel, execute);
  } else {
    channel.queue.push(execute);
  }
}

/** Goes on with what waits on an idle leg. */
export function proceed(host: ApplicationHost, channel: Channel): void {
  if (!channel.living || channel.leaving || channel.current !== undefined) return;
  const waiting = channel.afterPlayback;
  if (waiting !== undefined) {
    channel.afterPlayback = undefined;
    waiting();
    return;
  }
  const queued = channel.queue.shift();
  if (queued !== undefined) {
    runMessage(host, channel, queued);
    return;
  }
  const step = channel.extension.shift();
  if (step !== undefined) {
    runStep(host, channel, step);
  } else if (!channel.parked && channel.bridgedTo === undefined && channel.running === 'CS_EXECUTE') {
    host.hangUp(channel, 'NORMAL_CLEARING');
  } else {
    while (channel.typed.length > 0) takeDigit(host, channel);
  }
}

/**
 * Ends what runs and forgets what waits: the leg was hung up, bridged or transferred. What sets and unsets variables is still
 * done, in its turn, on a leg that is gone too (`SAF_ZOMBIE_EXEC`; seen behind a question in which the caller hung up).
 */
export function abandonAll(host: ApplicationHost, channel: Channel): void {
  const waiting = channel.queue.splice(0);
  channel.extension.length = 0;
  channel.afterPlayback = undefined;
  channel.typed.length = 0;
  channel.leaving = true;
  channel.current?.running.abandon();
  for (const execute of waiting)
    if (setters.has(execute.application)) run(host, channel, execute, () => undefined);
  endPark(host, channel);
  channel.leaving = false;
}

/** `uuid_break`: ends what plays; with `all` also what waits behind it. */
export function interrupt(channel: Channel, all: boolean): void {
  if (all) channel.queue.length = 0;
  channel.current?.running.interrupt();
}

/** Keys from the phone. They wait in the leg until something reads it, as RTP events do. */
export function type(host: ApplicationHost, channel: Channel, digits: string): void {
  for (const digit of digits) channel.typed.push(digit);
  if (channel.current !== undefined) channel.current.running.digits();
  if (channel.current === undefined && channel.living && channel.answeredUs !== 0) proceed(host, channel);
}

/** Reads one key: tells it, counts it, unless it is a card's. */
export function takeDigit(host: ApplicationHost, channel: Channel): string | undefined {
  const digit = channel.typed.shift();
  if (digit === undefined || channel.variables.isTrue('sensitive_dtmf')) return digit;
  channel.digitsDialed += digit;
  const tail = ['DTMF-Digit', digit, 'DTMF-Duration', '960', 'DTMF-Source', 'RTP'];
  host.fire(channel, 'DTMF', origins.dtmf, { variables: false, tail });
  return digit;
}

function endPark(host: ApplicationHost, channel: Channel): void {
  channel.parked = false;
  const uuid = channel.parkUuid;
  if (uuid === undefined) return;
  channel.parkUuid = undefined;
  complete(host, channel, { application: 'park', argument: '', uuid });
}

function complete(
  host: ApplicationHost,
  channel: Channel,
  execute: { application: string; argument: string; uuid: string },
): void {
  const tail = applicationHeaders(execute);
  const response = channel.variables.get('current_application_response') ?? '_none_';
  tail.splice(tail.length - 2, 0, 'Application-Response', response);
  host.fire(channel, 'CHANNEL_EXECUTE_COMPLETE', origins.complete, { tail });
}

function applicationHeaders(execute: { application: string; argument: string; uuid: string }): HeaderList {
  const data = execute.argument === '' ? [] : ['Application-Data', execute.argument];
  return ['Application', execute.application, ...data, 'Application-UUID', execute.uuid];
}

function runMessage(host: ApplicationHost, channel: Channel, execute: Execute): void {
  const begunUs = host.nowUs();
  channel.variables.set('current_loop', '1');
  channel.variables.set('total_loops', String(execute.loops));
  run(host, channel, execute, (abandoned) => {
    channel.variables.set('current_loop', undefined);
    channel.variables.set('total_loops', undefined);
    // A loop that takes no time would never end: FreeSWITCH stops it below half a second, and so does this.
    const again = execute.loops < 0 && !abandoned && host.nowUs() - begunUs > 500_000;
    if (again) channel.queue.unshift(execute);
    proceed(host, channel);
  });
}

function runNested(host: ApplicationHost, channel: Channel, execute: Execute): void {
  const outer = channel.current;
  run(host, channel, execute, () => undefined, outer?.running);
  if (channel.living && channel.current === undefined) channel.current = outer;
}

function runStep(
  host: ApplicationHost,
  channel: Channel,
  step: { application: string; argument: string },
): void {
  const execute = { ...step, uuid: host.newUuid(), lock: false, loops: 1 };
  if (step.application === 'park') {
    announce(host, channel, execute);
    channel.parkUuid = execute.uuid;
    host.park(channel);
    proceed(host, channel);
    return;
  }
  run(host, channel, execute, () => proceed(host, channel));
}

function announce(host: ApplicationHost, channel: Channel, execute: Execute): void {
  const { variables } = channel;
  variables.set('current_application_response', undefined);
  variables.set('current_application_data', execute.argument);
  variables.set('current_application', execute.application);
  channel.applicationLog.push({
    app_name: execute.application,
    app_data: execute.argument,
    app_stamp: String(host.nowUs()),
  });
  host.fire(channel, 'CHANNEL_EXECUTE', origins.execute, { tail: applicationHeaders(execute) });
}

function run(
  host: ApplicationHost,
  channel: Channel,
  execute: Execute,
  after: (abandoned: boolean) => void,
  outer?: Running,
): void {
  announce(host, channel, execute);
  let ended = false;
  let abandoned = false;
  const done = (): void => {
    if (ended) return;
    ended = true;
    channel.current = undefined;
    complete(host, channel, execute);
    after(abandoned);
  };
  const over = (): boolean => ended;
  const abandon = (): void => {
    done();
    outer?.abandon();
  };
  const idle: Running = { lock: execute.lock, digits: () => undefined, interrupt: () => undefined, abandon };
  channel.current = { execute, running: idle };
  const start = applications.get(execute.application);
  if (start === undefined) {
    host.hangUp(channel, 'DESTINATION_OUT_OF_ORDER');
    done();
    return;
  }
  const running = start(host, channel, execute, done);
  // An application may have ended, or hung the leg up, while it was being started: `done` has come then.
  if (running === undefined) done();
  if (running === undefined || over()) return;
  const stop = (act: () => void) => (): void => {
    abandoned = true;
    act();
  };
  const held: Running = {
    lock: running.lock,
    digits: () => running.digits(),
    interrupt: stop(() => running.interrupt()),
    abandon: stop(() => running.abandon()),
  };
  channel.current = { execute, running: held };
  if (channel.typed.length > 0) held.digits();
}

export interface Playing {
  stop(status: 'done' | 'break'): void;
}

/** Plays one sound; `undefined` where there is no such file (and then no event either). */
export function play(
  host: ApplicationHost,
  channel: Channel,
  path: string,
  ended: () => void,
): Playing | undefined {
  const audio = audioOf(path);
  if (audio === undefined) return undefined;
  if (channel.answeredUs === 0) host.preAnswer(channel);
  const begunUs = host.nowUs();
  const durationMs = audio.durationMs / host.speed.speech;
  host.fire(channel, 'PLAYBACK_START', origins.playStart, { tail: ['Playback-File-Path', path] });
  host.speech(channel, { audio, durationMs });
  const stop = (status: 'done' | 'break'): void => {
    clearTimeout(timer);
    const ms = Math.round((host.nowUs() - begunUs) / 1000);
    channel.variables.setAll([
      ['playback_last_offset_pos', String(ms * 8)],
      ['playback_seconds', String(Math.floor(ms / 1000))],
      ['playback_ms', String(ms)],
      ['playback_samples', String(ms * 8)],
    ]);
    host.speech(channel, undefined);
    const tail = ['Playback-File-Path', path, 'Playback-Status', status];
    host.fire(channel, 'PLAYBACK_STOP', origins.playStop, { tail });
  };
  const timer = Number.isFinite(durationMs)
    ? setTimeout(() => {
        stop('done');
        ended();
      }, durationMs)
    : undefined;
  return { stop };
}

const playback: Start = (host, channel, execute, done) => {
  const finish = (response: string): void => {
    channel.variables.set('current_application_response', response);
    done();
  };
  const playing = play(host, channel, execute.argument, () => finish('FILE PLAYED'));
  if (playing === undefined) {
    channel.variables.set('current_application_response', 'FILE NOT FOUND');
    return undefined;
  }
  const brokenOff = (): void => {
    playing.stop('break');
    finish('FILE PLAYED');
  };
  return {
    lock: execute.lock,
    digits: () => {
      const named = channel.variables.get('playback_terminators') ?? '*';
      const terminators = named === 'none' ? '' : named === 'any' ? '0123456789*#' : named;
      for (let digit = takeDigit(host, channel); digit !== undefined; digit = takeDigit(host, channel)) {
        if (!terminators.includes(digit)) continue;
        channel.variables.set('playback_terminator_used', digit);
        brokenOff();
        return;
      }
    },
    interrupt: brokenOff,
    abandon: () => {
      playing.stop('done');
      finish('PLAYBACK ERROR');
    },
  };
};

const sleep: Start = (host, _channel, execute, done) => {
  const timer = setTimeout(done, Number(execute.argument) / host.speed.silence);
  const end = (): void => {
    clearTimeout(timer);
    done();
  };
  return { lock: execute.lock, digits: () => undefined, interrupt: end, abandon: end };
};

/** An application that is over as soon as it has begun. */
function at(act: (host: ApplicationHost, channel: Channel, argument: string) => void): Start {
  return (host, channel, execute) => {
    act(host, channel, execute.argument);
    return undefined;
  };
}

function setVariable(channel: Channel, assignment: string): void {
  const [, name, value] = /^\s*([^=\s]+)\s*=?([\s\S]*)$/.exec(assignment) ?? [];
  if (name !== undefined) channel.variables.set(name, value === '_undef_' ? undefined : value);
}

const set = at((_host, channel, argument) => setVariable(channel, argument));
const nothing = at(() => undefined);

const setters = new Set(['set', 'unset', 'multiset', 'multiunset', 'export']);
const quick = new Set([...setters, 'hangup', 'answer', 'ring_ready', 'sched_hangup']);

export const applications = new Map<string, Start>([
  ['playback', playback],
  ['endless_playback', playback],
  ['sleep', sleep],
  ['set', set],
  ['export', set],
  [
    'multiset',
    at((_host, channel, argument) => {
      for (const assignment of separate(argument)) setVariable(channel, assignment);
    }),
  ],
  [
    'multiunset',
    at((_host, channel, argument) => {
      for (const name of separate(argument)) channel.variables.set(name, undefined);
    }),
  ],
  ['unset', at((_host, channel, argument) => channel.variables.set(argument.trim(), undefined))],
  ['answer', at((host, channel) => host.answer(channel))],
  ['pre_answer', at((host, channel) => host.preAnswer(channel))],
  ['ring_ready', at((host, channel) => host.ringReady(channel))],
  ['hangup', at((host, channel, argument) => host.hangUp(channel, causeNamed(argument)))],
  [
    'sched_hangup',
    at((host, channel, argument) => {
      const [when = '', cause] = separate(argument);
      host.scheduleHangup(channel, when, cause === undefined ? 'ALLOTTED_TIMEOUT' : causeNamed(cause));
    }),
  ],
  [
    'sched_transfer',
    at((host, channel, argument) => {
      const [when = '', extension = '', dialplan = 'XML'] = separate(argument);
      host.scheduleTransfer(channel, when, extension, dialplan);
    }),
  ],
  // What it throws away is counted as dialled, secret or not (switch_channel_flush_dtmf; seen in a record).
  ['flush_dtmf', at((_host, channel) => void (channel.digitsDialed += channel.typed.splice(0).join('')))],
  ['queue_dtmf', at((_host, channel, argument) => void channel.typed.push(...argument.split('')))],
  ['park', nothing],
  ['log', nothing],
  ['info', nothing],
  ['start_dtmf', nothing],
  ['record_session', nothing],
  ['stop_record_session', nothing],
]);
