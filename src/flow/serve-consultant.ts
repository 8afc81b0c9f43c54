// One consultant on the telephone: what the switch tells of his leg goes to the rule (core/service-call), the rule's answer is
// written down under the lease, then done. Every state is a row before anything follows from it, so that whoever takes the switch
// over begins that state anew. Which calls there are is service-desk's.

import {
  advanceService,
  resumeService,
  type ServiceCall,
  type ServiceCommand,
  type ServiceEvent,
} from '../core/service-call.ts';
import type { LegUuid } from '../core/ids.ts';
import { readMissed, saveServiceCall, type StoredServiceCall } from '../store/service-calls.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import type { House } from './house.ts';
import type { Commanded, Switch, SwitchEvent, Timer } from './ports.ts';
import { guardWhileRecognizedSeconds } from './recognize-caller.ts';
import { deleteRecording, keepRecording } from './recordings.ts';
import { checkPin, lookUpNumber, readOfConsultant, setByPhone } from './service-acts.ts';

/** Long enough to hear it ring and hang up; whoever stays is answered. */
const missedCallWaitMs = 6_000;
/** A minute is what people bear to hear of somebody they pay by the minute. */
const takeSecondsMax = 60;
/** He has said what he had to say, or has laid the telephone aside. */
const silenceSeconds = 5;

/** The end that was heard is told first; a record that could not be posted is found in the spool within seconds. */
const lookAgainMs = 1_000;
/** Then it is not coming, or comes too late to be what he means now. */
const looksMax = 60;

/** Whoever commands the switch. */
export interface ServiceDeskSide {
  readonly house: House;
  readonly switch: Switch;
  /** The number every write is made under; `undefined` while the switch is not ours. */
  lease(): bigint | undefined;
  mayBegin(): boolean;
  forget(call: ServedCall): void;
}

export class ServedCall {
  readonly #desk: ServiceDeskSide;
  #stored: StoredServiceCall;
  /** One thing at a time happens to a call: each waits for the one before. */
  #queue: Promise<void> = Promise.resolve();
  #waiting: Timer | undefined;
  /** His leg is gone, and its record is waited for. */
  #looking: Timer | undefined;
  #looks = 0;
  /** Something was to be begun and might not be: its state is begun anew when the lease is renewed. */
  #stalled = false;
  /** What he keys cannot be written: he hears an apology, and nothing he keyed is done. */
  #lost = false;

  constructor(desk: ServiceDeskSide, stored: StoredServiceCall) {
    this.#desk = desk;
    this.#stored = stored;
  }

  get leg(): LegUuid {
    return this.#stored.call.leg;
  }

  get id(): string {
    return this.#stored.call.id;
  }

  get merchantId(): string {
    return this.#stored.merchantId;
  }

  // Nothing below throws for what the world does.

  /** A call that has just come. */
  begin(): void {
    this.#tell({ type: 'callArrived' });
  }

  /** Taken over, or to be gone on with: its leg is looked at, and its state begun anew. `held`: only if it still lives. */
  adopt(resumes: boolean): Promise<void> {
    return this.#enqueue(async () => {
      const truth = await this.#desk.switch.look(this.leg);
      if (truth.state === 'unknown') return;
      if (truth.state === 'gone') {
        const missed = await this.#missedUnheard();
        if (missed === undefined) return;
        await this.#take({ type: 'legEnded', missed });
      }
      if (resumes && this.#stored.call.state.is !== 'over') await this.#doAll(resumeService(this.#call));
    });
  }

  /** The switch's record of his leg has come: where its end was not heard, it is told by that. */
  recordCame(): void {
    if (this.#call.gone !== true) this.#lookAgain();
  }

  /**
   * He has hung up and nobody heard how. While it rang that may have been his missed call: the switch's record says so, and is
   * waited for. `undefined`: it is still to come.
   *
   * A call that came and went while no gateway commanded the switch at all is no missed call: nobody looked up whose number it
   * was, and its record may come when he has long said something else.
   */
  async #missedUnheard(): Promise<boolean | undefined> {
    const { house } = this.#desk;
    if (this.#call.state.is !== 'ringing') return false;
    const missed = await house.db.asMerchant(this.merchantId, (tx) => readMissed(tx, this.id));
    if (missed === undefined && this.#looks < looksMax) {
      this.#looks += 1;
      this.#lookAgain();
      return undefined;
    }
    // Whoever took the call may have died before he had looked up who calls.
    if (missed === true && !this.#call.toggle) await this.#take(await lookUpNumber(house, this.#stored));
    return missed ?? false;
  }

  #lookAgain(): void {
    this.#looking?.cancel();
    this.#looking = this.#desk.house.clock.after(lookAgainMs, () => void this.adopt(false));
  }

  /** The lease is renewed. */
  goOn(): void {
    if (!this.#stalled) return;
    void this.#enqueue(async () => {
      if (!this.#stalled || !this.#desk.mayBegin()) return;
      this.#stalled = false;
      await this.#doAll(resumeService(this.#call));
    });
  }

  hear(event: SwitchEvent): void {
    const told = this.#translate(event);
    if (told) this.#tell(told);
  }

  async idle(): Promise<void> {
    await this.#queue;
  }

  stop(): void {
    this.#waiting?.cancel();
    this.#looking?.cancel();
  }

  get #call(): ServiceCall {
    return this.#stored.call;
  }

  /** Of the question he is asked now; what answers an older one means nothing. */
  get #request(): string {
    return `${this.#call.id}-${String(this.#call.turn)}`;
  }

  #translate(event: SwitchEvent): ServiceEvent | 'last_words_said' | undefined {
    switch (event.type) {
      case 'legEnded':
        return {
          type: 'legEnded',
          missed: event.answeredAtUs === undefined && event.switchCause === 'ORIGINATOR_CANCEL',
        };
      case 'digitsGiven': {
        const { digits, ended, request } = event;
        return request === this.#request
          ? { type: 'digitsGiven', digits, ended, at: this.#desk.house.clock.now() }
          : undefined;
      }
      case 'noKeyGiven':
        return event.request === this.#request ? { type: 'noKeyGiven' } : undefined;
      case 'recorded':
        return event.request === this.#request
          ? { type: 'recorded', seconds: event.seconds, back: event.back }
          : undefined;
      case 'played':
        if (this.#lost) return 'last_words_said';
        return event.request === this.#request ? { type: 'played' } : undefined;
      default:
        return undefined;
    }
  }

  #tell(event: ServiceEvent | 'last_words_said'): void {
    void this.#enqueue(async () => {
      if (event === 'last_words_said') await this.#desk.switch.hangUp(this.leg, 'normal');
      else await this.#take(event);
    });
  }

  #enqueue(act: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(act).catch((error: unknown) => this.#failed(error));
    return this.#queue;
  }

  async #take(event: ServiceEvent): Promise<void> {
    const { house } = this.#desk;
    if (event.type === 'legEnded') this.#waiting?.cancel();
    if (this.#lost) {
      // Its row is as it was last written: the next look of whoever commands the switch goes on from there.
      if (event.type === 'legEnded') this.#desk.forget(this);
      return;
    }
    const stored = this.#stored;
    const { call, commands } = advanceService(stored.call, event);
    if (call !== stored.call) {
      const lease = this.#desk.lease();
      const at = house.clock.now();
      const written =
        lease !== undefined &&
        (await house.db.asMerchant(stored.merchantId, (tx) => saveServiceCall(tx, stored, call, at, lease)));
      if (!written) {
        this.#desk.forget(this);
        return;
      }
      this.#stored = { ...stored, call, version: stored.version + 1 };
    }
    await this.#doAll(commands);
    if (this.#call.state.is === 'over') this.#desk.forget(this);
  }

  async #doAll(commands: readonly ServiceCommand[]): Promise<void> {
    for (const command of commands) await this.#do(command);
  }

  async #do(command: ServiceCommand): Promise<void> {
    const { house, switch: aSwitch } = this.#desk;
    const { leg, merchantId } = this;
    if (begins(command) && !this.#desk.mayBegin()) {
      this.#stalled = true;
      return;
    }
    switch (command.do) {
      case 'lookUpNumber':
        return this.#take(await lookUpNumber(house, this.#stored));
      case 'waitForMissedCall':
        this.#waiting = house.clock.after(missedCallWaitMs, () => this.#tell({ type: 'rungLongEnough' }));
        return;
      case 'answer':
        await aSwitch.answer(leg);
        return;
      case 'ask': {
        const { maxDigits, waitMs, betweenMs, secret = false } = command.entry;
        await aSwitch.guard(leg, guardWhileRecognizedSeconds);
        return this.#ordered(
          await aSwitch.askDigits(leg, {
            request: this.#request,
            sentence: command.sentence,
            maxDigits,
            terminator: '#',
            waitMs,
            betweenMs,
            secret,
            ...(command.typedAhead && { typedAhead: true }),
          }),
        );
      }
      case 'check':
        return this.#take(await checkPin(house, this.#stored, command.pin));
      case 'read':
        return this.#take(await readOfConsultant(house, this.#stored, command.reading));
      case 'set':
        return this.#take(await setByPhone(house, this.#stored, command));
      case 'say':
        await aSwitch.guard(leg, guardWhileRecognizedSeconds);
        await aSwitch.play(leg, `${this.#request}-said`, command.sentence);
        return;
      case 'record':
        await aSwitch.guard(leg, guardWhileRecognizedSeconds);
        return this.#ordered(
          await aSwitch.record(leg, {
            request: this.#request,
            sentence: command.sentence,
            take: leg,
            maxSeconds: takeSecondsMax,
            silenceSeconds,
          }),
        );
      case 'playTake':
        await aSwitch.guard(leg, guardWhileRecognizedSeconds);
        await aSwitch.playTake(leg, `${this.#request}-take`, leg);
        return;
      case 'keepTake':
        return this.#take(await this.#keepTake(command));
      case 'dropTake':
        return aSwitch.dropTake(leg);
      case 'deleteRecording': {
        const { consultant } = this.#call;
        if (consultant)
          await deleteRecording(house, merchantId, { consultantId: consultant.id, kind: command.kind });
        return this.#take({ type: 'done' });
      }
      case 'lastWords':
        return this.#ordered(await aSwitch.play(leg, this.#request, command.sentence));
      case 'hangUp':
        // Should it not be done, the guard does it.
        await aSwitch.hangUp(leg, 'normal');
        return;
    }
  }

  async #keepTake({ kind }: ServiceCommand & { do: 'keepTake' }): Promise<ServiceEvent> {
    const { house, switch: aSwitch } = this.#desk;
    const { consultant } = this.#call;
    const taken = await aSwitch.readTake(this.leg);
    if (taken.outcome === 'gone' || !consultant) return { type: 'failed' };
    const kept = await keepRecording(
      house,
      this.merchantId,
      { consultantId: consultant.id, kind },
      {
        bytes: taken.wav,
        mediaType: 'audio/wav',
        ...(taken.words !== undefined && { words: taken.words }),
      },
    );
    if (kept.outcome === 'kept') return { type: 'done' };
    house.log.warn({ serviceCallId: this.id, outcome: kept }, 'A recording by telephone could not be kept');
    return { type: 'failed' };
  }

  /** The switch would not: he must not wait for what never comes. `unknown` may have been done; else the guard ends it. */
  async #ordered(done: Commanded): Promise<void> {
    if (done.outcome === 'gone') this.#tell({ type: 'legEnded', missed: false });
    if (done.outcome !== 'refused') return;
    this.#desk.house.log.warn(
      { serviceCallId: this.id, reason: done.reason },
      'The switch refused a step of a consultant’s call',
    );
    await this.#desk.switch.hangUp(this.leg, 'stopped');
  }

  /** A step that failed: by the database, or by a bug. Nobody is left in silence, and nothing he keyed is done by halves. */
  async #failed(error: unknown): Promise<void> {
    const { house, switch: aSwitch } = this.#desk;
    const away = isDatabaseAway(error);
    house.log[away ? 'warn' : 'error'](
      { serviceCallId: this.id, err: error },
      'A step of a consultant’s call to the service failed',
    );
    if (this.#lost) return;
    this.#lost = true;
    const { language } = this.#call;
    const said = await aSwitch.play(this.leg, `${this.#request}-lost`, { language, key: 'apology' });
    if (said.outcome !== 'done') await aSwitch.hangUp(this.leg, 'stopped');
    if (said.outcome === 'gone') this.#desk.forget(this);
  }
}

/** What a gateway that may have been replaced must leave to the next one. Ending is always allowed, and so are last words. */
function begins(command: ServiceCommand): boolean {
  return ['answer', 'ask', 'record', 'say', 'playTake'].includes(command.do);
}
