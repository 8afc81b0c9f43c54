// The only builder of what is sent to a FreeSWITCH. The event socket is a line protocol and a dial string a small
// language ({ } [ ] , ^^ : | and ${...} all mean something): a stray character in a number could place another call or run
// another command. Hence every part is a type of its own, is checked here once more against a list of what it may consist
// of (a cast proves nothing), and anything else throws: that is a bug of ours, never an outcome.
//
// Not here: sending (esl-link), what the answers mean (freeswitch).

import {
  languages,
  parseLegUuid,
  type Branded,
  type E164,
  type Language,
  type LegUuid,
} from '../core/ids.ts';
import { cardDigitsVariable, cardEntryVariable, cardRoomVariable, masksKeys } from '../core/keyed-card.ts';
import { isSipAddress, parseSipAddress, type PhoneAddress, type SipAddress } from '../core/sip-address.ts';
import { isRingBack } from './ring-back.ts';

/** One line for `api`, without line ends. */
export type ApiCommand = Branded<'ApiCommand'>;
/** `sendmsg` or `bgapi`: a line and the headers that follow it. */
export interface Message {
  readonly line: Branded<'MessageLine'>;
  readonly headers: Readonly<Record<string, string>>;
}
/** Path of a prompt as the switch sees it; made by `promptFile` only. */
export type PromptFile = Branded<'PromptFile'>;
/** What is played: a prompt, or several things in their order; made by `soundOf` only. */
export type Sound = PromptFile | Branded<'SoundsInTurn'>;
/** Path of a recording that is being made, as the switch sees it; made by `takeFile` only. */
export type TakeFile = Branded<'TakeFile'>;

/** Where our calls go: a carrier's gateway of the profile, or (tests on loopback) an address. */
export type CarrierRoute =
  { kind: 'gateway'; name: string } | { kind: 'address'; profile: string; host: string; port: number };

export class UnsafeCommandPart extends Error {
  constructor(what: string) {
    // The value itself is kept out: it may be a person's number.
    super(`${what} is not of the allowed form; nothing was sent`);
    this.name = 'UnsafeCommandPart';
  }
}

function allowed<T extends string>(what: string, value: T, pattern: RegExp): T {
  if (typeof value !== 'string' || !pattern.test(value)) throw new UnsafeCommandPart(what);
  return value;
}
const uuid = (leg: LegUuid): LegUuid => {
  if (parseLegUuid(leg) === undefined) throw new UnsafeCommandPart('leg uuid');
  return leg;
};
// ITU-T E.164: country code does not begin with 0, 15 digits at most.
const number = (value: E164): E164 => allowed('number', value, /^\+[1-9][0-9]{4,14}$/);
// Once more what may stand in it, in full: `user%domain` looks among registrations, `;` and `?` lead elsewhere.
const sip = (value: SipAddress): SipAddress => {
  if (parseSipAddress(value) !== value) throw new UnsafeCommandPart('SIP address');
  return value;
};
const name = (what: string, value: string): string =>
  allowed(what, value, /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
const request = (value: string): string => allowed('request id', value, /^[A-Za-z0-9_-]{1,64}$/);
const taskId = (value: string): string => allowed('task id', value, /^[1-9][0-9]{0,9}$/);
// A folder may be called as people call folders, blanks and accents included; what an argument list, a dial string or a
// file name of FreeSWITCH gives a meaning to is out: quotes, backslash, $ { } [ ] , ; ! @ and control characters.
const folders = String.raw`^\/(?:(?!\.{1,2}\/)[\p{L}\p{N}._()+=~-](?:[\p{L}\p{N} ._()+=~-]*[\p{L}\p{N}._()+=~-])?\/)*`;
const promptPattern = new RegExp(String.raw`${folders}(?:fr|en)\/(?:[0-9a-f]{32}|apology)\.wav$`, 'u');
const takePattern = new RegExp(
  String.raw`${folders}takes\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.wav$`,
  'u',
);
const file = (value: PromptFile): PromptFile => allowed('prompt file', value, promptPattern);
const silencePattern = /^silence_stream:\/\/[1-9][0-9]{0,5}$/;
const inTurn = 'file_string://';
/** The switch takes this many in one (`file_string_context`, 128), with room. */
export const soundsInTurnMax = 100;
const oneSound = (value: string): string => {
  if (silencePattern.test(value)) return value;
  return file(value as PromptFile);
};
/** Parts are checked one by one: what stands between them, `!`, is in no name that is allowed. */
const soundIn = (value: Sound): string => {
  if (typeof value !== 'string' || !value.startsWith(inTurn)) return file(value as PromptFile);
  const parts = value.slice(inTurn.length).split('!');
  whole('sounds in turn', parts.length, 1, soundsInTurnMax);
  return `${inTurn}${parts.map(oneSound).join('!')}`;
};
const takeOf = (value: TakeFile): TakeFile => allowed('take', value, takePattern);
const asWord = (path: string): string => (path.includes(' ') ? `'${path}'` : path);
/** As one word of an argument list. */
const quoted = (value: Sound): string => asWord(soundIn(value));
const cause = (value: string): string => allowed('cause', value, /^[A-Z_]{3,40}$/);

/** A day and an hour: no call lives longer, and a slip of units (milliseconds) is caught. */
const secondsMax = 90_000;
const whole = (what: string, value: number, min: number, max: number): number => {
  if (!Number.isSafeInteger(value) || value < min || value > max) throw new UnsafeCommandPart(what);
  return value;
};
const seconds = (value: number): number => whole('seconds', value, 1, secondsMax);

const api = (text: string): ApiCommand => text as ApiCommand;
const message = (line: string, headers: Record<string, string>): Message => ({
  line: line as Message['line'],
  headers,
});

/**
 * `<dirAtSwitch>/<language>/<id>.wav`; id 32 hexadecimal digits, or `apology`. Throws UnsafeCommandPart when the folder is not
 * absolute or its name holds what the switch would take for syntax.
 */
export function promptFile(dirAtSwitch: string, language: Language, id: string): PromptFile {
  if (!languages.includes(language)) throw new UnsafeCommandPart('language');
  if (!dirAtSwitch.startsWith('/')) throw new UnsafeCommandPart('prompts folder');
  return file(`${dirAtSwitch.replace(/\/+$/, '')}/${language}/${id}.wav` as PromptFile);
}

/** One behind the other (mod_dptools' file_string); one that is missing is passed over by the switch. */
export function soundOf(parts: readonly (PromptFile | { silenceMs: number })[]): Sound {
  const [first] = parts;
  if (parts.length === 1 && typeof first === 'string') return file(first);
  const sounds = parts.map((part) =>
    typeof part === 'string'
      ? part
      : `silence_stream://${String(whole('milliseconds of silence', part.silenceMs, 1, 600_000))}`,
  );
  return soundIn(`${inTurn}${sounds.join('!')}` as Sound) as Sound;
}

/** `<dirAtSwitch>/takes/<uuid>.wav`: where the switch writes what somebody says. */
export function takeFile(dirAtSwitch: string, take: LegUuid): TakeFile {
  if (!dirAtSwitch.startsWith('/')) throw new UnsafeCommandPart('prompts folder');
  return takeOf(`${dirAtSwitch.replace(/\/+$/, '')}/takes/${uuid(take)}.wav` as TakeFile);
}

/** A SIP address says itself where it is: it leaves by a profile of the switch. */
export interface SipRoute {
  kind: 'profile';
  name: string;
}

function route(to: PhoneAddress, by: CarrierRoute | SipRoute): string {
  if (isSipAddress(to)) {
    if (by.kind !== 'profile') throw new UnsafeCommandPart('route of a SIP address');
    return `sofia/${name('profile', by.name)}/${sip(to)}`;
  }
  if (by.kind === 'profile') throw new UnsafeCommandPart('route of a number');
  if (by.kind === 'gateway') return `sofia/gateway/${name('gateway', by.name)}/${number(to)}`;
  const host = allowed('host', by.host, /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/);
  return `sofia/${name('profile', by.profile)}/${number(to)}@${host}:${String(whole('port', by.port, 1, 65_535))}`;
}

// Thirty seconds without a single packet is a phone that is gone (DESIGN 6): the talk ended with the last packet, so the
// shorter this is, the smaller the doubt; below it tunnels and handovers of mobiles would end living calls. The profile
// of freeswitch-conf says the same; said per leg so that a foreign profile cannot change what we bill by.
export const mediaTimeoutMs = 30_000;

/** `bgapi originate`: rings, and parks the leg when it answers. `job` returns as Job-UUID of the BACKGROUND_JOB. */
export function originate(leg: {
  leg: LegUuid;
  job: LegUuid;
  to: PhoneAddress;
  callerId: E164;
  ringSeconds: number;
  by: CarrierRoute | SipRoute;
}): Message {
  const shown = number(leg.callerId);
  const variables = [
    `origination_uuid=${uuid(leg.leg)}`,
    `origination_caller_id_number=${shown}`,
    `origination_caller_id_name=${shown}`,
    // Early media is the carrier's announcements; without this it would count as an answer to `&park()`.
    'ignore_early_media=true',
    `originate_timeout=${String(whole('ring seconds', leg.ringSeconds, 1, 300))}`,
    'hangup_after_bridge=true',
    masksKeys,
    `media_timeout=${String(mediaTimeoutMs)}`,
  ].join(',');
  return message(`bgapi originate {${variables}}${route(leg.to, leg.by)} &park()`, {
    'Job-UUID': uuid(leg.job),
  });
}

function execute(
  leg: LegUuid,
  application: string,
  argument: string | undefined,
  eventUuid?: string,
): Message {
  return message(`sendmsg ${uuid(leg)}`, {
    'call-command': 'execute',
    'execute-app-name': application,
    ...(argument === undefined ? {} : { 'execute-app-arg': argument }),
    ...(eventUuid === undefined ? {} : { 'event-uuid': eventUuid }),
    // Without it an execute that arrives during a prompt runs inside the prompt, which goes on afterwards.
    'event-lock': 'true',
  });
}

/** The variable an answer stands in, read from the event of the same execute. */
export const keyVariable = 'ringmeter_key';

/** Forgets keys typed before: a key pressed at the music is no answer to a question not yet heard. */
export const forgetKeys = (leg: LegUuid): Message => execute(leg, 'flush_dtmf', undefined);

/** One key, one try. `#` ends the wait: min max tries timeout terminators file invalid-file variable. */
export const ask = (leg: LegUuid, id: string, prompt: Sound, waitMs: number): Message =>
  execute(
    leg,
    'play_and_get_digits',
    `1 1 1 ${String(whole('wait', waitMs, 100, 120_000))} # ${quoted(prompt)} silence_stream://10 ${keyVariable}`,
    `ask:${request(id)}`,
  );

/** Where a number keyed by the caller stands until the question is over, read from the event of the same execute. */
export const digitsVariable = 'ringmeter_digits';
/** `true` on a leg from before a secret question until its digits are unset. */
export const secretVariable = 'sensitive_dtmf';
/** Begins the entry anew: always a terminator, and what ends a question that is to be asked again (`endEntry`). */
export const restartKey = '*';
/** No letter of it is on a keypad. */
const noTerminator = 'none';
export const forgottenEvent = 'forgot';
export const keyingApplication = 'play_and_get_digits';

/**
 * A number is keyed: executes in their order, to be sent together. What the question leaves on the leg is unset by the switch
 * itself right behind it, whether or not a gateway lives then. `turn` tells one asking of the same request from another.
 *
 * Secret: with `sensitive_dtmf` no key becomes an event, none is counted and none is logged; with `process_cdr=false` a caller
 * who hangs up in mid-entry leaves no record his digits could stand in. An expression (the empty argument) would be matched
 * against the digits in the log, and keep what does not match in a variable of its own.
 *
 * That all of it is unset again is told by the event of the last execute: `forgot:<turn>`.
 */
export function askDigits(
  leg: LegUuid,
  question: {
    request: string;
    turn: string;
    prompt: Sound;
    maxDigits: number;
    terminator: '#' | 'none';
    waitMs: number;
    betweenMs: number;
    typedAhead?: boolean;
    secret: boolean;
  },
): Message[] {
  const most = whole('greatest number of digits', question.maxDigits, 1, 40);
  const wait = whole('wait', question.waitMs, 100, 120_000);
  const between = whole('pause', question.betweenMs, 100, 120_000);
  // A terminator that is the one key asked for, and pressed over the prompt, counts as nothing (switch_play_and_get_digits):
  // of one key there is none, and what it is decides enteredNumber.
  const one = question.maxDigits === 1 && question.terminator === 'none';
  const terminators = one ? noTerminator : question.terminator === '#' ? `#${restartKey}` : restartKey;
  const turn = allowed('turn', question.turn, /^[0-9a-f]{1,32}$/);
  const argument =
    `1 ${String(most)} 1 ${String(wait)} ${terminators} ${quoted(question.prompt)} silence_stream://10 ` +
    `${digitsVariable} '' ${String(between)}`;
  const forgotten = `${digitsVariable} read_terminator_used ${secretVariable} process_cdr`;
  return [
    execute(leg, 'multiunset', forgotten),
    ...(question.secret ? [execute(leg, 'multiset', `${secretVariable}=true process_cdr=false`)] : []),
    ...(question.typedAhead === true ? [] : [forgetKeys(leg)]),
    execute(leg, keyingApplication, argument, `digits:${request(question.request)}:${turn}`),
    execute(leg, 'multiunset', forgotten, `${forgottenEvent}:${turn}`),
  ];
}

/** As if he had begun anew: nothing else ends a question once its sentence is over (a break is not heeded there, tried). */
export const endEntry = (leg: LegUuid): ApiCommand => api(`uuid_recv_dtmf ${uuid(leg)} ${restartKey}`);

/**
 * At once, before its question is broken off: a room that lives after all reads by that that it has the leg no more. All the marks of
 * a room, since he may have begun to type though none came.
 */
export const takeFromCardRoom = (leg: LegUuid): ApiCommand =>
  api(
    `uuid_setvar_multi ${uuid(leg)} ${cardRoomVariable}=true;${cardEntryVariable}=none;` +
      `${masksKeys};${secretVariable}=true;process_cdr=false`,
  );

/**
 * What a card room that died left on a leg, behind what it was asking: in the order in which a room that lives leaves (card-room/
 * leg-commands), so that with the mark no digit is left to be heard of. He may be typing on, and what he types is read until he is
 * quiet: afterwards each key is an event again.
 */
export const leaveCardRoom = (leg: LegUuid): Message[] => [
  ...forgetCardKeys(leg, 1_500, 2_000),
  execute(leg, 'multiunset', `process_cdr ${secretVariable} ${cardEntryVariable}`),
  execute(leg, 'unset', cardRoomVariable),
];
/** A key that no keypad has, and at which every question of a card room ends. */
const cardEndKey = 'D';
export const endCardEntry = (leg: LegUuid): ApiCommand => api(`uuid_recv_dtmf ${uuid(leg)} ${cardEndKey}`);
function forgetCardKeys(leg: LegUuid, firstMs: number, betweenMs: number): Message[] {
  const argument =
    `0 127 1 ${String(firstMs)} ${cardEndKey} silence silence_stream://10 ` +
    `${cardDigitsVariable} '' ${String(betweenMs)}`;
  const left = `${cardDigitsVariable} read_terminator_used read_result`;
  return [
    execute(leg, 'multiunset', left),
    execute(leg, keyingApplication, argument),
    execute(leg, 'multiunset', left),
  ];
}

export const play = (leg: LegUuid, id: string, prompt: Sound): Message =>
  execute(leg, 'playback', soundIn(prompt), `play:${request(id)}`);

export const playTake = (leg: LegUuid, id: string, take: TakeFile): Message =>
  execute(leg, 'playback', takeOf(take), `play:${request(id)}`);

/** What everybody knows from answering machines: a fifth of a second at 1 kHz, not loud. */
const beep = 'tone_stream://v=-16;%(200,50,1000)';
/** Mean amplitude of a frame (of 32 767) below which it is silence: above the hiss of a line, below a voice that is soft. */
export const silenceThreshold = 200;
const terminatorsVariable = 'playback_terminators';
export const endedByVariable = 'playback_terminator_used';
export const recordedMsVariable = 'record_ms';

/**
 * A tone, then what he says, until a key, silence or the greatest length: executes in their order, to be sent together behind the
 * sentence that says what to do. The switch hangs up by itself where it cannot write the file.
 */
export function record(
  leg: LegUuid,
  order: { request: string; turn: string; take: TakeFile; maxSeconds: number; silenceSeconds: number },
): Message[] {
  const most = whole('seconds', order.maxSeconds, 1, 300);
  const silence = whole('silence', order.silenceSeconds, 1, 60);
  const argument = `${asWord(takeOf(order.take))} ${String(most)} ${String(silenceThreshold)} ${String(silence)}`;
  return [
    execute(leg, 'playback', beep),
    forgetKeys(leg),
    execute(leg, 'set', `${terminatorsVariable}=#${restartKey}`),
    execute(leg, 'record', argument, `record:${request(order.request)}:${order.turn}`),
    execute(leg, 'unset', terminatorsVariable),
  ];
}

/** A slow broken chord, quiet (-26 dB), with a rest; endless until broken. Needs no sound files on the switch. */
export const music =
  'tone_stream://v=-26;%(900,80,262,330);%(900,80,330,392);%(900,80,392,523);%(900,80,330,392);' +
  '%(900,80,294,349);%(900,80,349,440);%(900,80,330,392);%(1400,1200,262,330);loops=-1';

/** `sound`: music, or a ring-back tone. */
export const playMusic = (leg: LegUuid, turn: number, sound: string = music): Message =>
  execute(
    leg,
    'playback',
    waiting(sound),
    `music:${String(whole('turn', turn, 0, Number.MAX_SAFE_INTEGER))}`,
  );

const waiting = (sound: string): string => {
  if (!isWaitingSound(sound)) throw new UnsafeCommandPart('waiting sound');
  return sound;
};
/** Plays until it is broken: whatever is to follow it waits for ever. */
export const isWaitingSound = (sound: string): boolean => sound === music || isRingBack(sound);

/** Set by the shipped dialplan on every call from outside (freeswitch-conf/dialplan). */
export const inboundVariable = 'ringmeter_inbound';
/** How far a gateway has come in taking such a call, on the leg itself: whoever comes later sees it. Its keys are masked with it. */
export const takenVariable = 'ringmeter_taken';
export const takenSoFar = (leg: LegUuid): ApiCommand => api(`uuid_getvar ${uuid(leg)} ${takenVariable}`);
export const markTaken = (leg: LegUuid, soFar: 'begun' | 'true'): ApiCommand =>
  api(`uuid_setvar_multi ${uuid(leg)} ${takenVariable}=${soFar};${masksKeys}`);
/** Every task of the leg itself, the apology of a call from outside; not those of our groups. Answers `+OK Deleted: <n>`. */
export const unscheduleLeg = (leg: LegUuid): ApiCommand => api(`sched_del ${uuid(leg)}`);
/** Answers when the answer is on its way to the caller, `+OK` also for a leg that was answered before; `-ERROR` else. */
export const answer = (leg: LegUuid): ApiCommand => api(`uuid_answer ${uuid(leg)}`);

/** Ends what is playing; `all` also throws away the executes still waiting. */
export const breakPlaying = (leg: LegUuid, which: 'all' | 'current'): ApiCommand =>
  api(which === 'all' ? `uuid_break ${uuid(leg)} all` : `uuid_break ${uuid(leg)}`);

/** To one party of a bridge; the bridge stays. */
export const announce = (leg: LegUuid, prompt: Sound): ApiCommand =>
  api(`uuid_broadcast ${uuid(leg)} ${quoted(prompt)} aleg`);

/** What ends a leg by itself (leg-tasks): before the talk, at the talk's limit (A), behind it (B). */
export type TaskGroup = 'guard' | 'limit' | 'behind';

/**
 * Answers `+OK Added: <task id>`. Fires between N-1 and N seconds from now: the switch counts whole seconds. `of`: whose group it
 * is in, where that is not the leg it ends.
 */
export const scheduleKill = (
  group: TaskGroup,
  leg: LegUuid,
  inSeconds: number,
  why: 'MANAGER_REQUEST' | 'ALLOTTED_TIMEOUT',
  of: LegUuid = leg,
): ApiCommand =>
  api(
    `sched_api +${String(seconds(inSeconds))} ${taskGroup(group, of)} uuid_kill ${uuid(leg)} ${cause(why)}`,
  );

/**
 * The same, at a second of the switch's own clock: fires up to half a second after that second begins. One that has passed
 * already would be added to the present by the switch and never fire (tried: `sched_api <now - 10>` stood in the list for the
 * year 2083): only for what lies well ahead.
 */
export const scheduleKillAt = (
  group: TaskGroup,
  leg: LegUuid,
  epochSecond: number,
  why: 'MANAGER_REQUEST' | 'ALLOTTED_TIMEOUT',
  of: LegUuid = leg,
): ApiCommand => {
  const at = String(whole('epoch second', epochSecond, 1_000_000_000, 9_999_999_999));
  return api(`sched_api ${at} ${taskGroup(group, of)} uuid_kill ${uuid(leg)} ${cause(why)}`);
};

export const taskGroup = (group: TaskGroup, leg: LegUuid): string => `${group}-${uuid(leg)}`;
export const unschedule = (id: string): ApiCommand => api(`unsched_api ${taskId(id)}`);
/** Removes every task of the group. */
export const unscheduleGroup = (group: TaskGroup, leg: LegUuid): ApiCommand =>
  api(`sched_del ${taskGroup(group, leg)}`);
export const showTasks = api('show tasks as json');
/** One line a leg, its uuid first: a third of what the same costs as JSON, and this is asked of a switch full of calls. */
export const showChannels = api('show channels');
/** Dearer, but every column can be told from its neighbour: for the few times somebody must know what state they are in. */
export const showChannelsInFull = api('show channels as json');
/** The switch's clock, in microseconds. */
export const microEpoch = api('strmicroepoch');

/**
 * What makes A park again after the talk, for a farewell, instead of ending with B. `park_timeout` is read when that park
 * begins and covers the farewell (the longest is under 10 s): nobody stays in silence when no gateway listens. Whatever was asked
 * of A before, its talk has a record.
 */
export const parkAfterBridge = (aLeg: LegUuid): ApiCommand =>
  api(
    `uuid_setvar_multi ${uuid(aLeg)} park_after_bridge=true;hangup_after_bridge=false;park_timeout=20:NORMAL_CLEARING;` +
      // Of a talk before, in the same call: who left that one first says nothing of this.
      `process_cdr=;sensitive_dtmf=;${digitsVariable}=;last_bridge_hangup_cause=`,
  );
/** Read by a park that is about to begin. */
export const forgetParkTimeout = (leg: LegUuid): ApiCommand => api(`uuid_setvar ${uuid(leg)} park_timeout`);
/** Out of a park that has read its timeout, into one that has none. */
export const parkAnew = (leg: LegUuid): ApiCommand => api(`uuid_transfer ${uuid(leg)} park inline`);
export const endAfterBridge = (bLeg: LegUuid): ApiCommand =>
  api(`uuid_setvar_multi ${uuid(bLeg)} park_after_bridge=false;hangup_after_bridge=true`);
export const bridge = (aLeg: LegUuid, bLeg: LegUuid): ApiCommand =>
  api(`uuid_bridge ${uuid(aLeg)} ${uuid(bLeg)}`);

export const kill = (
  leg: LegUuid,
  why: 'NORMAL_CLEARING' | 'ALLOTTED_TIMEOUT' | 'ORIGINATOR_CANCEL' | 'USER_BUSY' | 'CALL_REJECTED',
): ApiCommand => api(`uuid_kill ${uuid(leg)} ${cause(why)}`);
export const exists = (leg: LegUuid): ApiCommand => api(`uuid_exists ${uuid(leg)}`);
/** `true`: he keys his card, and a dump would show it. */
export const inCardRoom = (leg: LegUuid): ApiCommand => api(`uuid_getvar ${uuid(leg)} ${cardRoomVariable}`);
export const dump = (leg: LegUuid): ApiCommand => api(`uuid_dump ${uuid(leg)} json`);
/** What the leg executes or executed last, and with what; `_undef_` when nothing yet. */
export const lastApplication = (leg: LegUuid): ApiCommand =>
  api(`uuid_getvar ${uuid(leg)} current_application`);
export const lastArgument = (leg: LegUuid): ApiCommand =>
  api(`uuid_getvar ${uuid(leg)} current_application_data`);

/** Asks nothing of the switch but an answer, from memory: no leg has this uuid. */
export const areYouThere = api('uuid_exists 00000000-0000-0000-0000-000000000000');
/** A new one means the switch was restarted: its calls are gone. */
export const coreUuid = api('global_getvar core_uuid');
/**
 * What is keyed in secret stands in the headers of its leg's events, which go to whoever listens. A filter that keeps it out
 * has the last word, and must stand beside one that lets in: all that this run of the switch tells.
 */
export const hearRun = (core: string): Message =>
  message(`filter Core-UUID ${allowed('core uuid', core, /^[0-9a-f-]{36}$/)}`, {});
const secrets = `variable_${secretVariable} -true`;
export const hearNoSecrets: Message = message(`filter ${secrets}`, {});
export const hearSecrets: Message = message(`filter delete ${secrets}`, {});
/** Who keys a card is heard by the card room alone, from before a link subscribes until it closes. */
export const hearNoCardRoom: Message = message(`filter variable_${cardRoomVariable} -true`, {});
export const subscribe = (events: readonly string[]): Message =>
  message(
    `event json ${events.map((event) => allowed('event name', event, /^[A-Z_]{3,40}$/)).join(' ')}`,
    {},
  );
