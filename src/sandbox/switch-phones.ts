// The telephones of the sandbox: one a number, in nobody's hand until somebody picks it up by the page or the API
// (switch-phones-http.ts), or following a script (`behaviour`). A phone is made when it is first rung, dials or is scripted.
//
// Keys pressed while nothing is said to a phone are held for its next prompt, two seconds at most: a person presses when
// he hears the question, a script or a test a moment before. The switch itself keeps no such key (FreeSWITCH's park reads
// and drops it).

import type { Audio } from './switch-audio.ts';
import type { Channel } from './switch-channel.ts';
import type { Dialling } from './switch-channel-facts.ts';
import type { Handsets } from './switch-channels.ts';

export type Behaviour = 'manual' | 'answers' | 'busy' | 'refuses' | 'unreachable' | 'silent' | 'voicemail';
export const behaviours: readonly Behaviour[] = [
  'manual',
  'answers',
  'busy',
  'refuses',
  'unreachable',
  'silent',
  'voicemail',
];

export interface Script {
  behaviour: Behaviour;
  /** From the first ring. Default 1 s; voicemail 4 s. */
  answerAfterMs?: number;
  /** Pressed at every question. */
  keys?: string;
  /** From the answer, whatever happens on the call. Voicemail: 30 s, the length of its tape. */
  hangUpAfterMs?: number;
  /** From the moment the two are joined. */
  hangUpAfterTalkMs?: number;
}

interface Heard {
  text: string;
  language: 'fr' | 'en' | null;
  at: string;
  /** How long it lasts here; absent for what has no end. */
  durationMs?: number;
}

/** What the API shows of a phone: its latest call. */
export interface PhoneView {
  number: string;
  state: 'ringing' | 'answered' | 'ended';
  /** As seen from the phone: `inbound` is being rung. */
  direction: 'inbound' | 'outbound';
  /** The other side's number: the caller ID when rung, the number dialled when it dials. */
  callerId: string;
  from: string;
  heard: Heard[];
  playing: Heard | null;
  music: boolean;
  /** What is said into it now is recorded. */
  recording: boolean;
  /** All keys pressed in this call. */
  keys: string;
  bridged: boolean;
  leg: string | null;
  /** When the state began. */
  since: string | null;
  ringingAt: string | null;
  answeredAt: string | null;
  endedAt: string | null;
  endedBecause: string | null;
  cause: string | null;
  behaviour: Behaviour;
}

const heardMax = 100;
/** Ended phones without a script beyond this many are forgotten, oldest first: a bench rings thousands. */
const endedMax = 300;
const heldKeysMs = 2000;

class Phone {
  readonly number: string;
  script: Script = { behaviour: 'manual' };
  channel: Channel | undefined;
  direction: 'inbound' | 'outbound' = 'inbound';
  callerId = '';
  heard: Heard[] = [];
  playing: Heard | undefined;
  music = false;
  keys = '';
  held: { digits: string; timer: NodeJS.Timeout } | undefined;
  endedAtMs = 0;
  seen: 'ringing' | 'answered' | 'ended' = 'ended';
  talking = false;
  readonly timers = new Set<NodeJS.Timeout>();

  constructor(number: string) {
    this.number = number;
  }
}

/** What phones can do to the legs of the switch. */
export interface PhoneLines {
  answer(channel: Channel): void;
  hangUp(channel: Channel, cause: string): boolean;
  keys(channel: Channel, digits: string): void;
  said(channel: Channel, text: string): void;
  inbound(number: string, ddi: string, dialling: Dialling): Channel;
}

export type Handled =
  { outcome: 'done'; phone: PhoneView } | { outcome: 'unknown' } | { outcome: 'conflict'; reason: string };

export class SwitchPhones implements Handsets {
  readonly #phones = new Map<string, Phone>();
  readonly #watchers = new Set<() => void>();
  #lines: PhoneLines | undefined;
  #closed = false;

  /** The switch is built around its phones: it makes itself known when it stands. */
  connect(lines: PhoneLines): void {
    this.#lines = lines;
  }

  /** `changed` is called at every change; the answer stops that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Every phone that has been in a call, the latest call last. */
  list(): PhoneView[] {
    return [...this.#phones.values()].filter((phone) => phone.channel !== undefined).map(view);
  }

  close(): void {
    this.#closed = true;
    for (const phone of this.#phones.values()) this.#stopTimers(phone);
    this.#watchers.clear();
  }

  // --- What people do -------------------------------------------------------------------------------------------

  answer(number: string): Handled {
    return this.#inState(number, (phone, channel, lines) => {
      if (phone.direction !== 'inbound' || channel.answeredUs !== 0) return `${number} is not ringing.`;
      lines.answer(channel);
      return undefined;
    });
  }

  /** Hangs up, or declines a ringing call. */
  hangUp(number: string): Handled {
    return this.#inState(number, (phone, channel, lines) => {
      const declined = phone.direction === 'inbound' && channel.answeredUs === 0;
      const given = phone.direction === 'outbound' && channel.answeredUs === 0;
      lines.hangUp(channel, declined ? 'CALL_REJECTED' : given ? 'ORIGINATOR_CANCEL' : 'NORMAL_CLEARING');
      return undefined;
    });
  }

  /** Turns a ringing call away: declined (603) or busy (486). */
  turnAway(number: string, cause: 'CALL_REJECTED' | 'USER_BUSY'): Handled {
    return this.#inState(number, (phone, channel, lines) => {
      if (phone.direction !== 'inbound' || channel.answeredUs !== 0) return `${number} is not ringing.`;
      lines.hangUp(channel, cause);
      return undefined;
    });
  }

  press(number: string, digits: string): Handled {
    return this.#inState(number, (phone, channel, lines) => {
      if (channel.answeredUs === 0) return `${number} has not been answered: no keys can be pressed yet.`;
      phone.keys += digits;
      const quiet = channel.current === undefined && channel.bridgedTo === undefined;
      if (quiet) this.#hold(phone, digits);
      else lines.keys(channel, digits);
      this.#changed();
      return undefined;
    });
  }

  /** Speaks into the telephone: heard where somebody records. */
  say(number: string, text: string): Handled {
    return this.#inState(number, (_phone, channel, lines) => {
      if (channel.answeredUs === 0) return `${number} has not been answered: nobody hears it yet.`;
      lines.said(channel, text);
      return undefined;
    });
  }

  dial(number: string, to: string, dialling: Dialling = {}): Handled {
    const lines = this.#lines;
    if (lines === undefined) return { outcome: 'conflict', reason: 'The switch is not up yet.' };
    const phone = this.#phone(number);
    if (phone.channel?.living === true)
      return { outcome: 'conflict', reason: `${number} is in a call already.` };
    lines.inbound(number, to, dialling);
    return { outcome: 'done', phone: view(phone) };
  }

  /** How the phone behaves from now on; a call that is ringing on it takes it up at once. */
  script(number: string, script: Script): PhoneView {
    const phone = this.#phone(number);
    phone.script = script;
    const { channel } = phone;
    if (channel?.living === true && channel.answeredUs === 0 && phone.direction === 'inbound') {
      this.#stopTimers(phone);
      const answer = this.#begin(phone);
      const cause = { busy: 'USER_BUSY', refuses: 'CALL_REJECTED', unreachable: 'UNALLOCATED_NUMBER' };
      if (answer !== 'rings' && answer !== 'silent') this.#lines?.hangUp(channel, cause[answer]);
    }
    this.#changed();
    return view(phone);
  }

  // --- What the switch does -------------------------------------------------------------------------------------

  ring(channel: Channel): ReturnType<Handsets['ring']> {
    const phone = this.#phone(channel.phone);
    if (phone.channel?.living === true) return 'busy';
    this.#take(phone, channel, 'inbound', channel.profile.callerIdNumber);
    return this.#begin(phone);
  }

  dialled(channel: Channel, to: string): void {
    this.#take(this.#phone(channel.phone), channel, 'outbound', to);
  }

  changed(channel: Channel): void {
    const phone = this.#of(channel);
    if (phone === undefined) return;
    const now = stateOf(channel);
    if (now !== phone.seen) {
      phone.seen = now;
      if (now === 'answered') this.#answered(phone, channel);
      if (now === 'ended') this.#ended(phone);
    }
    const talking = channel.bridgedTo !== undefined;
    if (talking && !phone.talking) {
      this.#after(phone, phone.script.hangUpAfterTalkMs, () =>
        this.#lines?.hangUp(channel, 'NORMAL_CLEARING'),
      );
    }
    phone.talking = talking;
    this.#changed();
  }

  speech(channel: Channel, speech: { audio: Audio; durationMs: number } | undefined): void {
    const phone = this.#of(channel);
    if (phone === undefined) return;
    phone.playing = undefined;
    phone.music = false;
    if (speech !== undefined && speech.audio.text !== '') {
      const { audio, durationMs } = speech;
      const heard: Heard = { text: audio.text, language: audio.language, at: new Date().toISOString() };
      if (Number.isFinite(durationMs)) heard.durationMs = Math.round(durationMs);
      phone.playing = heard;
      phone.music = audio.music;
      phone.heard.push(heard);
      if (phone.heard.length > heardMax) phone.heard.shift();
    }
    this.#changed();
  }

  asked(channel: Channel): void {
    const phone = this.#of(channel);
    if (phone === undefined) return;
    const { script, held } = phone;
    const keys = script.behaviour === 'answers' ? script.keys : undefined;
    if (held === undefined && (keys === undefined || keys === '')) return;
    // After the question has begun: the switch is still saying so.
    setImmediate(() => {
      if (this.#closed || !channel.living) return;
      if (held !== undefined) this.#release(phone);
      else if (keys !== undefined) {
        phone.keys += keys;
        this.#lines?.keys(channel, keys);
      }
    });
  }

  // --- Inside ---------------------------------------------------------------------------------------------------

  #phone(number: string): Phone {
    let phone = this.#phones.get(number);
    if (phone === undefined) this.#phones.set(number, (phone = new Phone(number)));
    return phone;
  }

  #of(channel: Channel): Phone | undefined {
    const phone = this.#phones.get(channel.phone);
    return phone?.channel === channel ? phone : undefined;
  }

  #inState(
    number: string,
    act: (phone: Phone, channel: Channel, lines: PhoneLines) => string | undefined,
  ): Handled {
    const phone = this.#phones.get(number);
    const lines = this.#lines;
    if (phone?.channel === undefined || lines === undefined) return { outcome: 'unknown' };
    if (!phone.channel.living) return { outcome: 'conflict', reason: `${number} is not in a call.` };
    const reason = act(phone, phone.channel, lines);
    return reason === undefined ? { outcome: 'done', phone: view(phone) } : { outcome: 'conflict', reason };
  }

  /** A new call takes the phone over; it goes to the end of the list. */
  #take(phone: Phone, channel: Channel, direction: 'inbound' | 'outbound', callerId: string): void {
    this.#stopTimers(phone);
    this.#phones.delete(phone.number);
    this.#phones.set(phone.number, phone);
    Object.assign(phone, {
      channel,
      direction,
      callerId,
      playing: undefined,
      music: false,
      keys: '',
      talking: false,
    });
    phone.heard = [];
    phone.seen = 'ringing';
    this.#changed();
  }

  #begin(phone: Phone): ReturnType<Handsets['ring']> {
    const { script, channel } = phone;
    switch (script.behaviour) {
      case 'busy':
      case 'refuses':
      case 'unreachable':
      case 'silent':
        return script.behaviour;
      case 'answers':
      case 'voicemail':
        this.#after(phone, script.answerAfterMs ?? (script.behaviour === 'answers' ? 1000 : 4000), () => {
          if (channel !== undefined) this.#lines?.answer(channel);
        });
        return 'rings';
      case 'manual':
        return 'rings';
    }
  }

  #answered(phone: Phone, channel: Channel): void {
    const tape = phone.script.behaviour === 'voicemail' ? 30_000 : undefined;
    this.#after(phone, phone.script.hangUpAfterMs ?? tape, () =>
      this.#lines?.hangUp(channel, 'NORMAL_CLEARING'),
    );
  }

  #ended(phone: Phone): void {
    phone.endedAtMs = Date.now();
    phone.playing = undefined;
    phone.music = false;
    this.#stopTimers(phone);
    if (this.#phones.size <= endedMax) return;
    for (const [number, old] of this.#phones) {
      if (this.#phones.size <= endedMax) return;
      const idle = old.channel?.living !== true && old.script.behaviour === 'manual' && old !== phone;
      if (idle) this.#phones.delete(number);
    }
  }

  #hold(phone: Phone, digits: string): void {
    const before = phone.held;
    clearTimeout(before?.timer);
    const timer = setTimeout(() => this.#release(phone), heldKeysMs);
    phone.held = { digits: (before?.digits ?? '') + digits, timer };
  }

  #release(phone: Phone): void {
    const { held, channel } = phone;
    if (held === undefined) return;
    clearTimeout(held.timer);
    phone.held = undefined;
    if (channel?.living === true) this.#lines?.keys(channel, held.digits);
  }

  #after(phone: Phone, ms: number | undefined, act: () => void): void {
    if (ms === undefined) return;
    const timer = setTimeout(() => {
      phone.timers.delete(timer);
      act();
    }, ms);
    phone.timers.add(timer);
  }

  #stopTimers(phone: Phone): void {
    for (const timer of phone.timers) clearTimeout(timer);
    phone.timers.clear();
    clearTimeout(phone.held?.timer);
    phone.held = undefined;
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

function stateOf(channel: Channel): 'ringing' | 'answered' | 'ended' {
  if (!channel.living) return 'ended';
  return channel.answeredUs === 0 ? 'ringing' : 'answered';
}

function view(phone: Phone): PhoneView {
  const { channel } = phone;
  const state = channel === undefined ? 'ended' : stateOf(channel);
  const instant = (us: number | undefined): string | null =>
    us === undefined || us === 0 ? null : new Date(us / 1000).toISOString();
  const ringingAt = instant(channel?.createdUs);
  const answeredAt = instant(channel?.answeredUs);
  const endedAt = state === 'ended' ? instant(channel?.hangupUs) : null;
  const cause = channel?.cause ?? null;
  return {
    number: phone.number,
    state,
    direction: phone.direction,
    callerId: phone.callerId,
    from: phone.callerId,
    heard: phone.heard,
    playing: phone.playing ?? null,
    music: phone.music,
    recording: channel?.recorder !== undefined,
    keys: phone.keys,
    bridged: channel?.bridgedTo !== undefined,
    leg: channel?.uuid ?? null,
    since: { ringing: ringingAt, answered: answeredAt, ended: endedAt }[state],
    ringingAt,
    answeredAt,
    endedAt,
    endedBecause: cause,
    cause,
    behaviour: phone.script.behaviour,
  };
}
