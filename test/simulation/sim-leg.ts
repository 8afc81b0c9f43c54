// One leg of a simulated switch with the person at its far end: what is said on it, one thing after the other, which keys
// come back, when he hangs up. How legs come and go, are joined and parted is sim-switch's.

import type { LegUuid } from '../../src/core/ids.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import type { DigitsEnd, DigitsQuestion, ParkedLeg, SwitchEvent, Timer } from '../../src/flow/ports.ts';
import type { Kernel } from './kernel.ts';
import type { Behaviour, CardKeyed, Moment, NumberAnswer, Role } from './sim-people.ts';

/** What a leg is made to do; the next begins when the one before is over. Music is over only when it is stopped. */
export type Doing =
  | { kind: 'ask'; request: string; sentenceMs: number; waitMs: number }
  | ({ kind: 'digits'; sentenceMs: number } & DigitsQuestion)
  | { kind: 'play'; request: string; sentenceMs: number; said?: string }
  | { kind: 'music' }
  | { kind: 'record'; request: string; take: LegUuid; maxMs: number; silenceMs: number };

export interface KeyPress {
  key: string;
  atMs: number;
  /** The question it answered; absent for keys in the talk. */
  request?: string;
  /** Which question of the leg, from 1. */
  question?: number;
}

/** What he was asked, and what he keyed to it by then; absent: nothing. */
export interface Told {
  sentence: Sentence;
  atMs: number;
  keyed?: { digits: string; atMs: number };
}

/** What a leg needs of its switch. */
export interface LegHost {
  readonly kernel: Kernel;
  tell(event: SwitchEvent): void;
  /** He hangs up, or nothing is heard of his phone any more. */
  personLeaves(leg: SimLeg, cause: 'NORMAL_CLEARING' | 'MEDIA_TIMEOUT'): void;
  /** He begins to speak into this take, and ends; `whole`: by himself. */
  speaks(take: LegUuid): void;
  hasSpoken(take: LegUuid, whole: boolean): void;
}

/** After this much silence the switch takes the phone for gone (`media_timeout` of the shipped profile). */
export const mediaTimeoutMs = 30_000;
/** The key that asks for more time. */
const moreTimeKey = '5';

export class SimLeg {
  state: 'trying' | 'ringing' | 'answered' | 'ended' = 'trying';
  readonly createdAtMs: number;
  answeredUs: bigint | undefined;
  /** Of its last bridge; stays when the bridge is over. */
  bridgedUs: bigint | undefined;
  lastBridgedTo: LegUuid | undefined;
  endedUs: bigint | undefined;
  endedAtMs: number | undefined;
  cause: string | undefined;
  /** Why the leg it talked with had ended before it. */
  otherCause: string | undefined;
  /** The leg it talks with now. */
  bridgedTo: SimLeg | undefined;
  side: 'a' | 'b' | undefined;
  parkAfterBridge = false;
  /** A gateway keeps it when it parks: the time for a farewell counts no more. Until it is joined anew. */
  kept = false;
  parkTimeout: Timer | undefined;
  /** Of a call from outside; `taken`: how far a gateway has come in taking it. `apology`: the task that would end it. */
  inbound: (ParkedLeg & { taken?: string; apology?: Timer; apologizing: boolean }) | undefined;
  /** A sentence broadcast into the talk runs until then: A notices B's end only after it. */
  announcingUntilMs = 0;
  /** The last packet of his phone, where he fell silent. */
  silentFromMs: number | undefined;
  readonly keys: KeyPress[] = [];
  /** Numbers he keyed, in their order. */
  readonly entered: string[] = [];
  readonly told: Told[] = [];
  /** What was begun to be said to him, outside of questions. */
  readonly heard: { said: string; atMs: number }[] = [];
  /** He has hung up himself, or his phone is gone. */
  left = false;
  /** It bears the card room's mark: no gateway hears of it. */
  inCardRoom = false;
  /** A room says there what is said. */
  cardEntry = false;
  readonly #keyedTo = new Map<string, number>();
  #speeches = 0;
  #cards = 0;
  #questions = 0;
  #numbers = 0;
  #doing: { what: Doing; timers: Timer[] } | undefined;
  readonly #queue: Doing[] = [];
  readonly #timers = new Set<Timer>();
  #leaving: Timer | undefined;

  constructor(
    readonly host: LegHost,
    readonly uuid: LegUuid,
    readonly number: string,
    readonly role: Role | undefined,
    readonly coreUuid: string,
    readonly createdUs: bigint,
    readonly behaviour: Behaviour,
  ) {
    this.createdAtMs = host.kernel.nowMs;
  }

  get living(): boolean {
    return this.state !== 'ended';
  }

  /** For the trace: `caller +33… 1f0a`. */
  get name(): string {
    return `${this.role ?? 'nobody'} ${this.number} ${this.uuid.slice(0, 4)}`;
  }

  /** Something of this leg, unless it has ended by then. */
  after(ms: number, label: string, act: () => void): Timer {
    const timer = this.host.kernel.at(ms, `${label} ${this.name}`, () => {
      this.#timers.delete(timer);
      if (this.living) act();
    });
    this.#timers.add(timer);
    return timer;
  }

  // --- The person ------------------------------------------------------------------------------------------------

  /** Something a person hears or notices: some hang up then, or a while later. */
  moment(moment: Moment): void {
    const { hangsUp } = this.behaviour;
    if (hangsUp?.at !== moment || this.#leaving) return;
    this.#leaving = this.after(hangsUp.afterMs, 'hangs up', () =>
      this.host.personLeaves(this, 'NORMAL_CLEARING'),
    );
  }

  #press(key: string, question?: { request: string; question: number }): void {
    const { kernel } = this.host;
    if (this.silentFromMs !== undefined) return;
    this.keys.push({ key, atMs: kernel.nowMs, ...question });
    kernel.trace(`        ${this.name} presses ${key}${question ? '' : ' in the talk'}`);
    if (this.bridgedTo && !question) this.host.tell({ type: 'keyPressed', leg: this.uuid, key });
  }

  // --- The talk --------------------------------------------------------------------------------------------------

  joined(other: SimLeg, side: 'a' | 'b', atUs: bigint): void {
    this.breakAll();
    this.parkTimeout?.cancel();
    this.bridgedTo = other;
    this.side = side;
    this.bridgedUs = atUs;
    this.lastBridgedTo = other.uuid;
    this.moment('joined');
    for (const { key, afterMs } of this.behaviour.talkKeys) {
      this.after(afterMs, 'key of', () => {
        if (this.bridgedTo) this.#press(key);
      });
    }
    const { fallsSilentAfterMs } = this.behaviour;
    if (fallsSilentAfterMs !== undefined)
      this.after(fallsSilentAfterMs, 'falls silent', () => this.#fallSilent());
  }

  #fallSilent(): void {
    this.silentFromMs = this.host.kernel.nowMs;
    this.host.kernel.trace(`        ${this.name} falls silent`);
    this.#leaving?.cancel();
    this.after(mediaTimeoutMs, 'media timeout of', () => this.host.personLeaves(this, 'MEDIA_TIMEOUT'));
  }

  /** Into the talk, to him alone. */
  hearAnnouncement(sentenceMs: number): void {
    const { kernel } = this.host;
    this.announcingUntilMs = Math.max(this.announcingUntilMs, kernel.nowMs + sentenceMs);
    this.moment('announced');
    const { wantsMoreAfterMs } = this.behaviour;
    if (wantsMoreAfterMs === undefined) return;
    this.after(wantsMoreAfterMs, 'key of', () => {
      if (this.bridgedTo) this.#press(moreTimeKey);
    });
  }

  // --- What is said, in turn ---------------------------------------------------------------------------------------

  execute(what: Doing): void {
    this.#queue.push(what);
    // Until it is parked it is in the hands of the dialling. A call from outside hears what is said while it rings.
    const hears = this.state === 'answered' || this.inbound !== undefined;
    if (!this.#doing && hears && !this.bridgedTo) this.next();
  }

  // --- The card room -----------------------------------------------------------------------------------------------

  /** What plays is broken off, and what waits is thrown away: of that nobody is told any more. */
  enterCardRoom(): void {
    this.inCardRoom = true;
    this.cardEntry = true;
    this.breakAll();
  }

  leaveCardRoom(): void {
    this.breakAll();
    this.cardEntry = false;
    this.inCardRoom = false;
    this.moment('card_keyed');
    this.next();
  }

  /** He is there, and hears nothing, nor anybody. */
  get isInSilence(): boolean {
    return this.state === 'answered' && !this.bridgedTo && !this.cardEntry && !this.#doing;
  }

  /** What he does this time; nothing where he has no card left. */
  nextCard(): CardKeyed | undefined {
    this.#cards += 1;
    return this.behaviour.keysCards?.[this.#cards - 1];
  }

  /** Music in the way of the next thing to say is stopped, with all that waits behind it. */
  stopMusic(): void {
    if (this.#doing?.what.kind === 'music' || this.#queue.some((one) => one.kind === 'music'))
      this.breakAll();
  }

  /** A number still being keyed, and all that waits behind it, is asked for no longer; nothing is told of it. */
  endEntry(): void {
    if (this.#doing?.what.kind !== 'digits') return;
    this.#queue.length = 0;
    this.#stopDoing();
  }

  /** Ends what is done and throws away what waits; what was asked is answered with no key. */
  breakAll(): void {
    this.#queue.length = 0;
    const doing = this.#stopDoing();
    if (doing) this.#over(doing);
  }

  next(): void {
    if (this.#doing || !this.living || this.cardEntry) return;
    const what = this.#queue.shift();
    if (!what) return;
    const doing = { what, timers: [] as Timer[] };
    this.#doing = doing;
    switch (what.kind) {
      case 'ask':
        doing.timers.push(...this.#ask(what));
        return;
      case 'digits':
        doing.timers.push(...this.#enter(what));
        return;
      case 'play':
        if (what.said !== undefined) this.heard.push({ said: what.said, atMs: this.host.kernel.nowMs });
        doing.timers.push(this.after(what.sentenceMs, 'sentence over for', () => this.#done()));
        return;
      case 'music':
        return;
      case 'record':
        doing.timers.push(this.#speak(what));
        return;
    }
  }

  #speak(what: Doing & { kind: 'record' }): Timer {
    const { speaks = [] } = this.behaviour;
    this.#speeches += 1;
    const speech = speaks[Math.min(this.#speeches, speaks.length) - 1] ?? { ms: 0, by: 'silence' };
    const says = this.silentFromMs === undefined ? speech.ms : 0;
    const endMs = speech.by === 'silence' ? says + what.silenceMs : says;
    const ms = Math.min(endMs, what.maxMs);
    this.host.speaks(what.take);
    this.host.kernel.trace(`        ${this.name} speaks`);
    this.moment('spoken');
    return this.after(ms, 'spoken by', () => {
      this.#stopDoing();
      this.host.hasSpoken(what.take, true);
      const { request } = what;
      const back = speech.by === '*' && ms === says;
      this.host.kernel.trace(
        `        ${this.name} has spoken ${String(ms)} ms${back ? ', for nothing' : ''}`,
      );
      this.host.tell({ type: 'recorded', leg: this.uuid, request, seconds: ms / 1_000, back });
      this.next();
    });
  }

  #ask(what: Doing & { kind: 'ask' }): Timer[] {
    this.#questions += 1;
    const question = this.#questions;
    this.moment('asked');
    const { answers } = this.behaviour;
    const answer = answers[Math.min(question, answers.length) - 1];
    const timers = [this.after(what.sentenceMs + what.waitMs, 'no key of', () => this.#done())];
    const key = answer?.key;
    if (answer && key !== undefined) {
      timers.push(
        this.after(answer.afterMs, 'key of', () => {
          this.#press(key, { request: what.request, question });
          // One that ends the wait instead of answering (`#`) is no key.
          this.#done(/^[0-9*A-D]$/.test(key) && this.silentFromMs === undefined ? key : undefined);
        }),
      );
    }
    return timers;
  }

  /** Keys counted as play_and_get_digits counts them: until a terminator, the greatest length or a pause. */
  #enter(what: Doing & { kind: 'digits' }): Timer[] {
    this.#numbers += 1;
    this.moment('asked');
    const told: Told = { sentence: what.sentence, atMs: this.host.kernel.nowMs };
    this.told.push(told);
    const answer = this.#answerTo(what.sentence);
    const keys = this.silentFromMs === undefined ? (answer?.keys ?? '') : '';
    const { afterMs = 0, betweenMs = 200 } = answer ?? {};
    if (keys === '' || afterMs > what.sentenceMs + what.waitMs)
      return [
        this.after(what.sentenceMs + what.waitMs, 'no number of', () =>
          this.#entered(what, told, '', 'pause'),
        ),
      ];
    let digits = '';
    let atMs = afterMs;
    for (let i = 0; i < keys.length; i += 1) {
      const key = keys.charAt(i);
      if (i > 0 && betweenMs > what.betweenMs) break;
      atMs = afterMs + i * betweenMs;
      const ended: DigitsEnd | undefined =
        key === '*' ? 'restart' : key === '#' && what.terminator === '#' ? 'terminator' : undefined;
      if (ended === undefined && /[0-9]/.test(key)) digits += key;
      const end = ended ?? (digits.length >= what.maxDigits ? 'full' : undefined);
      if (end === undefined) continue;
      return [
        this.after(atMs, 'number of', () => this.#entered(what, told, end === 'restart' ? '' : digits, end)),
      ];
    }
    return [this.after(atMs + what.betweenMs, 'number of', () => this.#entered(what, told, digits, 'pause'))];
  }

  #answerTo(sentence: Sentence): NumberAnswer | undefined {
    const { numbers = [], keysTo } = this.behaviour;
    const [said] = sentence.key === 'in_turn' ? sentence.parts : [];
    const key = said && keysTo?.[said.key] ? said.key : sentence.key;
    if (!keysTo) return numbers[Math.min(this.#numbers, numbers.length) - 1];
    const times = this.#keyedTo.get(key) ?? 0;
    this.#keyedTo.set(key, times + 1);
    return keysTo[key]?.[times];
  }

  #entered(what: Doing & { kind: 'digits' }, told: Told, digits: string, ended: DigitsEnd): void {
    this.#stopDoing();
    if (digits !== '') told.keyed = { digits, atMs: this.host.kernel.nowMs };
    const { request } = what;
    const answered = { leg: this.uuid, request };
    if (digits !== '') this.entered.push(digits);
    this.host.kernel.trace(
      `        ${this.name} at ${what.sentence.key} keyed ${digits === '' ? 'nothing' : digits} (${ended})`,
    );
    this.host.tell(
      digits === '' && ended !== 'restart'
        ? { type: 'noKeyGiven', ...answered }
        : { type: 'digitsGiven', ...answered, digits, ended },
    );
    this.next();
  }

  #done(key?: string): void {
    const what = this.#stopDoing();
    if (what) this.#over(what, key);
    this.next();
  }

  #stopDoing(): Doing | undefined {
    const doing = this.#doing;
    this.#doing = undefined;
    for (const timer of doing?.timers ?? []) timer.cancel();
    return doing?.what;
  }

  #over(what: Doing, key?: string): void {
    if (what.kind === 'record') this.host.hasSpoken(what.take, false);
    if (!this.living || what.kind === 'music' || what.kind === 'digits') return;
    // A break ends it as a key does, and the switch says so.
    if (what.kind === 'record') {
      this.host.tell({ type: 'recorded', leg: this.uuid, request: what.request, seconds: 3, back: false });
      return;
    }
    const told = { leg: this.uuid, request: what.request };
    if (what.kind === 'play') this.host.tell({ type: 'played', ...told });
    else
      this.host.tell(
        key === undefined ? { type: 'noKeyGiven', ...told } : { type: 'keyGiven', ...told, key },
      );
  }

  /** Nothing more comes of it. */
  end(cause: string, atUs: bigint): void {
    this.state = 'ended';
    this.cause = cause;
    this.endedUs = atUs;
    this.endedAtMs = this.host.kernel.nowMs;
    this.#queue.length = 0;
    const doing = this.#stopDoing();
    if (doing?.kind === 'record') this.host.hasSpoken(doing.take, false);
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
