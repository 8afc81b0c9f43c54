// The commands of one call, carried out: the switch's, and the timers. What nobody may do without the lease, and what the
// switch did not answer for, is owed and done when the lease is next renewed. Which commands there are to be is the rule's;
// run-call hands them here and hears through `Told` what came of them.

import { advance } from '../core/advance-call.ts';
import {
  type CallCommand,
  type CallEvent,
  type CallSession,
  keyWaitMs,
  mayOfferMoreTime,
  ringSecondsMax,
  ringSecondsOf,
  talkTimers,
  type TimerName,
} from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import { inOwnWords, type LinePrompts } from '../core/own-words.ts';
import type { Sentence } from '../core/prompt.ts';
import type { House } from './house.ts';
import { linePromptsOf } from './line-prompts.ts';
import type { Commanded, Switch, Timer } from './ports.ts';
import { guardWhileRecognizedSeconds } from './recognize-caller.ts';
import type { SwitchClock } from './switch-clock.ts';
import { livingLegs } from './take-over.ts';

/** From dialling to the end of both offers with nobody at the gateway: then the switch ends the leg itself. */
const guardAfterRingingSeconds = 60;
/** He hears music while the caller is rung, hears the price twice at most, and decides. */
const guardOnHoldSeconds = 150;

/** The longest anybody waits for one phone: what it may ring, and both offers. Re-armed with the next phone. */
export function holdSeconds(session: CallSession): number {
  return Math.max(guardOnHoldSeconds, ringSecondsMax(session) + guardAfterRingingSeconds);
}

/** A warning that fell due while nobody commanded is still said this much later: a takeover takes half of it. */
const lateWarningMs = 12_000;

/** The switch, and by what right we command it. */
export interface AtSwitch {
  readonly house: House;
  readonly switch: Switch;
  readonly clock: SwitchClock;
  /** Whether something may be begun (a leg rung, two joined): only well within the lease. */
  mayBegin(): boolean;
}

/** Whoever gave the commands. */
export interface Told {
  session(): CallSession;
  /** Whose call it is: its own words are said. */
  line(): { merchantId: string; lineId: string };
  hasEnded(leg: LegUuid): boolean;
  tell(event: CallEvent): void;
  /** A timer fell due. `isDue` is to be asked when its turn comes: what came before it may have moved the limit. */
  due(timer: TimerName, isDue: () => boolean): void;
  /** A leg was never even dialled. */
  neverBegan(leg: LegUuid): void;
  /** Nobody knows whether it was done: the legs are to be looked at. */
  lookAgain(): void;
  /** Something is owed. */
  owes(): void;
  /** The merchant's server is to be asked who calls; the answer is told as an event. */
  recognize(command: CallCommand & { do: 'recognize' }): void;
}

/** A row of a database that answers; nobody on the line waits longer for how something is put. */
const ownWordsWaitMs = 1_000;

type Words = 'wait' | 'hold' | 'whisper' | 'last_words';

export class CallCommands {
  readonly #at: AtSwitch;
  readonly #told: Told;
  readonly #timers = new Map<TimerName, Timer>();
  /** The question or sentence each leg was given last: an answer to an older one is late and means nothing. */
  readonly #requests = new Map<LegUuid, { request: string; words?: Words }>();
  /** Legs the switch took our order to ring. */
  readonly #ordered = new Set<LegUuid>();
  /** We have ordered the two to be joined: what came of it the switch's events or a look tell. */
  #joined = false;
  /** The line's own words, as they were when this gateway had the call first; `undefined`: not read yet. */
  #ownWords: LinePrompts | undefined;
  #reading: Promise<void> | undefined;
  #owed: CallCommand[] = [];

  constructor(at: AtSwitch, told: Told) {
    this.#at = at;
    this.#told = told;
  }

  get joined(): boolean {
    return this.#joined;
  }

  wasOrdered(leg: LegUuid): boolean {
    return this.#ordered.has(leg);
  }

  /** We gave this leg a question or a sentence ourselves. */
  hasSpoken(leg: LegUuid): boolean {
    return this.#requests.has(leg);
  }

  isArmed(timer: TimerName): boolean {
    return this.#timers.has(timer);
  }

  /** The answer to what this leg was asked last; where we asked nothing, the gateway before us did. */
  isAnswer({ leg, request }: { leg: LegUuid; request: string }): boolean {
    const asked = this.#requests.get(leg);
    return asked === undefined || asked.request === request;
  }

  /** What this leg was told last, by us or the gateway before us. */
  wordsOn(leg: LegUuid): Words | undefined {
    const asked = this.#requests.get(leg);
    if (asked) return asked.words;
    const session = this.#told.session();
    if (session.state === 'ended' || session.state === 'settled') return 'last_words';
    const state = legState(session, leg)?.state;
    return state === 'accepted' ? 'wait' : state === 'consented' ? 'hold' : undefined;
  }

  /** All at once: they are of different legs, or the switch keeps the order of one leg's. */
  async doAll(commands: readonly CallCommand[]): Promise<void> {
    // What ends a call, joins or cuts it waits for no words.
    const waits = commands.some(saysSomething) && !commands.some(cannotWait);
    if (this.#ownWords === undefined && waits) await this.#readOwnWords();
    await Promise.all(commands.map((command) => this.#do(command)));
  }

  /** Once a call; read in time or not at all. */
  #readOwnWords(): Promise<void> {
    this.#reading ??= new Promise((resolve) => {
      const { merchantId, lineId } = this.#told.line();
      const late = this.#at.house.clock.after(ownWordsWaitMs, resolve);
      void linePromptsOf(this.#at.house, merchantId, lineId).then((prompts) => {
        this.#ownWords = prompts;
        late.cancel();
        resolve();
      });
    });
    return this.#reading;
  }

  /** As this line says it. */
  #said(sentence: Sentence): Sentence {
    return this.#ownWords === undefined
      ? sentence
      : inOwnWords(sentence, this.#ownWords, this.#told.line().merchantId);
  }

  /** What is owed, where it is still meant after whatever happened meanwhile. */
  async payOff(): Promise<void> {
    const owed = this.#owed;
    this.#owed = [];
    await this.doAll(owed.filter((command) => stillMeant(this.#told.session(), command, this.#told)));
  }

  /** The timers of a talk, by the switch's own clock: what is left of them. */
  rearm(): void {
    const session = this.#told.session();
    if (session.bridgedUs === undefined) return;
    const elapsedMs = Number((this.#at.clock.nowUs() - session.bridgedUs) / 1000n);
    for (const { timer, afterBridgeMs } of talkTimers(session)) {
      const leftMs = afterBridgeMs - elapsedMs;
      const missed = timer === 'warning' && leftMs > -lateWarningMs && offersMoreTimeNext(session);
      if (leftMs > 0 || timer === 'limit' || missed) this.#startTimer(timer, Math.max(leftMs, 0));
    }
  }

  stopTimers(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  // --- One command -----------------------------------------------------------------------------------------------

  async #do(command: CallCommand): Promise<void> {
    const { house, switch: aSwitch } = this.#at;
    if (begins(command) && !this.#at.mayBegin()) {
      this.#owe(command);
      return;
    }
    switch (command.do) {
      case 'ring':
        await this.#ring(command);
        return;
      case 'ask': {
        const request = house.ids.legUuid();
        this.#requests.set(command.leg, { request });
        const sentence = this.#said(command.sentence);
        await aSwitch.ask(command.leg, { request, sentence, waitMs: keyWaitMs });
        return;
      }
      case 'answer':
        await aSwitch.answer(command.leg);
        return;
      case 'askDigits': {
        const request = house.ids.legUuid();
        this.#requests.set(command.leg, { request });
        const { maxDigits, terminator, waitMs, betweenMs } = command.entry;
        await aSwitch.guard(command.leg, guardWhileRecognizedSeconds);
        await aSwitch.askDigits(command.leg, {
          request,
          sentence: this.#said(command.sentence),
          maxDigits,
          terminator,
          waitMs,
          betweenMs,
          secret: command.secret,
          ...(command.anew === true && { typedAhead: true }),
        });
        return;
      }
      case 'recognize':
        this.#told.recognize(command);
        return;
      case 'play': {
        const request = house.ids.legUuid();
        this.#requests.set(command.leg, { request, words: command.request });
        const done = await aSwitch.play(command.leg, request, this.#said(command.sentence));
        // The switch would not say it: what was to follow the words follows without them.
        if (done.outcome === 'refused') this.#goOnUnheard(command.leg);
        return;
      }
      case 'playMusic':
        // Nobody could even be rung: what he hears is the scenario's by now.
        if (this.#told.session().state === 'led') return;
        this.#requests.delete(command.leg);
        await aSwitch.guard(command.leg, holdSeconds(this.#told.session()));
        await aSwitch.playMusic(command.leg, command.sound);
        return;
      case 'announce':
        await aSwitch.announce(command.leg, this.#said(command.sentence));
        return;
      case 'bridge':
        await this.#bridge(command);
        return;
      case 'moveLimit':
        await this.#moveLimit(command);
        return;
      case 'hangUp':
        if ((await aSwitch.hangUp(command.leg, command.cause)).outcome === 'unknown') this.#owe(command);
        return;
      case 'startTimer':
        this.#startTimer(command.timer, command.afterMs);
        return;
      case 'stopTimers':
        this.stopTimers();
        return;
    }
  }

  #owe(command: CallCommand): void {
    this.#owed.push(command);
    this.#told.owes();
  }

  async #ring({ leg, to }: CallCommand & { do: 'ring' }): Promise<void> {
    const session = this.#told.session();
    this.#at.switch.prepare(sentencesFor(session, leg).map((sentence) => this.#said(sentence)));
    const { callerId } = session.plan;
    const ringSeconds = ringSecondsOf(session, leg);
    const guardSeconds = ringSeconds + guardAfterRingingSeconds;
    const kept = this.#keepWaiting(session);
    const done = await this.#at.switch.ring({ leg, to, callerId, ringSeconds, guardSeconds });
    await kept;
    if (done.outcome === 'done') this.#ordered.add(leg);
    if (done.outcome === 'unknown') this.#told.lookAgain();
    // The switch would not even dial: for the rule that is a leg that failed.
    if (done.outcome === 'refused') this.#told.neverBegan(leg);
  }

  /** Whoever waits while one phone after the other rings would else be ended by the guard of the first. */
  async #keepWaiting(session: CallSession): Promise<void> {
    const { caller, attempts } = session;
    if (caller?.state !== 'consented' || attempts.length < 2) return;
    await this.#at.switch.guard(caller.leg, holdSeconds(session));
  }

  async #bridge({ aLeg, bLeg }: CallCommand & { do: 'bridge' }): Promise<void> {
    this.#joined = true;
    const { talkLimitSeconds } = this.#told.session().plan;
    const done: Commanded = await this.#at.switch.bridge(aLeg, bLeg, talkLimitSeconds);
    if (done.outcome === 'refused' || done.outcome === 'gone') this.#told.tell({ type: 'bridgeFailed' });
    if (done.outcome !== 'unknown') return;
    // They may have been joined: a look tells, and joins them if not. A second order would move the limit of a talk.
    this.#joined = false;
    this.#told.lookAgain();
  }

  async #moveLimit(command: CallCommand & { do: 'moveLimit' }): Promise<void> {
    const { bridgedUs } = this.#told.session();
    if (bridgedUs === undefined) return;
    const untilUs = bridgedUs + BigInt(command.talkLimitSeconds) * 1_000_000n;
    const done = await this.#at.switch.moveLimit(command.aLeg, untilUs);
    // He has paid for it: until the switch says that it stands, it is asked to.
    if (done.outcome === 'unknown' || done.outcome === 'refused') this.#owe(command);
    this.rearm();
  }

  #goOnUnheard(leg: LegUuid): void {
    const words = this.#requests.get(leg)?.words;
    if (words !== undefined) this.#told.tell({ type: 'played', leg, request: words });
  }

  #startTimer(timer: TimerName, afterMs: number): void {
    this.#timers.get(timer)?.cancel();
    const limit = this.#told.session().plan.talkLimitSeconds;
    const isDue = (): boolean => timer !== 'limit' || this.#told.session().plan.talkLimitSeconds === limit;
    this.#timers.set(
      timer,
      this.#at.house.clock.after(afterMs, () => {
        this.#timers.delete(timer);
        if (timer === 'limit' && this.#limitMayHaveMoved()) return;
        this.#told.due(timer, isDue);
      }),
    );
  }

  /** The switch may be another's by now, and the limit moved by him: then the cut is his, or the switch's own. */
  #limitMayHaveMoved(): boolean {
    return this.#told.session().plan.moreTime !== undefined && !this.#at.mayBegin();
  }
}

export function legState(
  { caller, attempts }: CallSession,
  leg: LegUuid,
): { state: string; tries: number } | undefined {
  return caller?.leg === leg ? caller : attempts.find((one) => one.leg === leg);
}

function saysSomething({ do: what }: CallCommand): boolean {
  return ['ask', 'askDigits', 'play', 'announce', 'ring'].includes(what);
}

function cannotWait({ do: what }: CallCommand): boolean {
  return what === 'hangUp' || what === 'bridge' || what === 'moveLimit';
}

/** What a gateway that may have been replaced must leave to the next one. Ending is always allowed, and so are last words. */
function begins(command: CallCommand): boolean {
  switch (command.do) {
    case 'ring':
    case 'answer':
    case 'ask':
    case 'askDigits':
    case 'recognize':
    case 'playMusic':
    case 'announce':
    case 'bridge':
    case 'moveLimit':
      return true;
    case 'play':
      return command.request !== 'last_words';
    default:
      return false;
  }
}

function stillMeant(session: CallSession, command: CallCommand, told: Told): boolean {
  const wanted = (leg: LegUuid): boolean => livingLegs(session).includes(leg);
  switch (command.do) {
    case 'ring':
      return legState(session, command.leg)?.state === 'ringing' && wanted(command.leg);
    case 'ask':
      return legState(session, command.leg)?.state === 'offered' && wanted(command.leg);
    case 'recognize':
      return session.state === 'recognizing' && session.recognizing?.questions === command.question;
    case 'answer':
    case 'askDigits':
      return wanted(command.leg);
    case 'bridge':
      return session.state !== 'connected' && wanted(command.aLeg) && wanted(command.bLeg);
    case 'moveLimit':
      return session.state === 'connected' && session.plan.talkLimitSeconds === command.talkLimitSeconds;
    case 'hangUp':
      return !told.hasEnded(command.leg);
    case 'playMusic':
      // Nobody is rung any more: what he hears is the scenario's.
      return session.state !== 'led' && wanted(command.leg);
    case 'play':
    case 'announce':
      return wanted(command.leg);
    default:
      return false;
  }
}

/** What this party will hear is made ready while his phone rings. */
function sentencesFor(session: CallSession, leg: LegUuid): Sentence[] {
  const answered = advance(session, { type: 'legAnswered', leg });
  const asked = answered.commands.flatMap((one) => (one.do === 'ask' ? [one.sentence] : []));
  const language = session.attempts.find((one) => one.leg === leg)?.language;
  if (language) {
    return [...asked, { key: 'consultant_wait', language }, { key: 'consultant_caller_lost', language }];
  }
  const { callerLanguage } = session.plan;
  return [
    ...asked,
    { key: 'caller_reminder', language: callerLanguage },
    { key: 'caller_farewell', language: callerLanguage, because: 'limit' },
    { key: 'caller_farewell', language: callerLanguage, because: 'consultant_left' },
  ];
}

/** The next warning carries an offer nobody has made yet. */
function offersMoreTimeNext(session: CallSession): boolean {
  return session.moreTime?.state !== 'offered' && mayOfferMoreTime(session);
}
