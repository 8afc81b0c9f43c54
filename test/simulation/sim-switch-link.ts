// The event socket of one gateway process to one simulated switch, and on it the Switch port: the same commands in the same
// order as telephony/freeswitch gives them, each an act of its own, so that a process may die between any two of them. What
// is told is told in order and may be lost, late or doubled as the plan has it. What is true is sim-switch's.

import type { LegUuid } from '../../src/core/ids.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import type { Commanded, LegToRing, LegTruth, Question, Switch, SwitchEvent } from '../../src/flow/ports.ts';
import { hangupCause } from '../../src/telephony/hangup-cause.ts';
import { KnownLegs, type LegMemory, LegTurns } from '../../src/telephony/leg-memory.ts';
import type { GatewayProcess, Random } from './kernel.ts';
import type { SimSwitch } from './sim-switch.ts';

// The numbers of telephony/freeswitch and esl-link.
const commandDeadlineMs = 5_000;
const limitSlackSeconds = 2;
const armedAnewAfterMs = 900;
const guardBehindLimitSeconds = 60;
const guardAfterFailedBridgeSeconds = 60;
const killWords = {
  normal: 'NORMAL_CLEARING',
  limit_reached: 'ALLOTTED_TIMEOUT',
  stopped: 'ORIGINATOR_CANCEL',
} as const;
const unknown = { outcome: 'unknown' } as const;
const done = { outcome: 'done' } as const;

/** How an event socket is lost. */
export interface LinkLoss {
  /** What was told meanwhile. `late`: it comes once the link is up again. `doubled`: what was told last comes once more. Else lost. */
  events?: 'lost' | 'late' | 'doubled';
  /**
   * Nobody says that it is cut: the gateway notices after 5 to 10 s, or when a command has no answer. `silent`: nothing arrives
   * anywhere. `one_way`: commands arrive and are carried out, but no word comes back.
   */
  halfOpen?: 'silent' | 'one_way';
}

/** What comes over the wire: events in our words, and what only the link itself makes use of. */
type Word =
  SwitchEvent | { type: 'created'; leg: LegUuid } | { type: 'jobFailed'; leg: LegUuid; switchCause: string };

type Reply<T> = { answered: true; value: T } | { answered: false };
const unanswered = { answered: false } as const;
const noAnswer = Symbol('no answer');

export class SimSwitchLink implements Switch {
  readonly id: string;
  readonly #process: GatewayProcess;
  readonly #world: SimSwitch;
  readonly #random: Random;
  readonly #listeners: ((event: SwitchEvent) => void)[] = [];
  readonly #legs: KnownLegs;
  readonly #turns = new LegTurns();
  /** Commands without an answer yet: settled when the link is lost. */
  readonly #waiting = new Set<() => void>();
  #state: 'stopped' | 'down' | 'up' = 'stopped';
  /** As it is, whatever the gateway believes. */
  #wire: 'whole' | 'silent' | 'one_way' | 'cut' = 'cut';
  #epoch = 0;
  #connecting = false;
  #coreUuid: string | undefined;
  #lastSeenMs: number | undefined;
  #lastDueMs = 0;
  #loss: LinkLoss = {};
  #late: Word[] = [];
  #lastWords: Word[] = [];

  constructor(process: GatewayProcess, world: SimSwitch) {
    this.id = world.id;
    this.#process = process;
    this.#world = world;
    this.#random = world.kernel.random.fork(`${world.id}/${process.name}`);
    this.#legs = new KnownLegs(process.clock);
  }

  get gateway(): string {
    return this.#process.gateway;
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  link(): { up: boolean; coreUuid?: string; lastSeenMs?: number } {
    const whole = this.#state === 'up' && this.#wire === 'whole';
    const lastSeenMs = whole ? this.#process.clock.monotonicMs() : this.#lastSeenMs;
    return {
      up: this.#state === 'up',
      ...(this.#coreUuid !== undefined && { coreUuid: this.#coreUuid }),
      ...(lastSeenMs !== undefined && { lastSeenMs }),
    };
  }

  onEvent(listener: (event: SwitchEvent) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#state = 'down';
    this.#connect(this.#random.int(3, 20));
  }

  stop(): Promise<void> {
    this.#drop('stopped');
    return Promise.resolve();
  }

  prepare(): void {
    // Prompts are rendered on the gateway's own disk.
  }

  // --- Commands ----------------------------------------------------------------------------------------------------

  ring(order: LegToRing): Promise<Commanded> {
    const { leg } = order;
    const job = `job-${leg}`;
    const known = this.#legs.get(leg);
    if (known === undefined) this.#legs.expect(leg, job);
    return this.#turns.take([leg], async () => {
      const alive = await this.#exists(leg);
      if (!alive.answered || alive.value) {
        if (known === undefined) this.#legs.forget(leg);
        return alive.answered ? done : unknown;
      }
      this.#legs.expect(leg, job);
      const guarded = await this.#moveGuard(leg, order.guardSeconds);
      if (guarded.outcome !== 'done') {
        this.#legs.forget(leg);
        return guarded;
      }
      this.#legs.beginJob(job, leg);
      const outcome = await this.#command(`originate ${short(leg)} ${order.to}`, () =>
        this.#world.originate(order, (failed) =>
          this.#say(
            failed === undefined ? { type: 'created', leg } : { type: 'jobFailed', leg, switchCause: failed },
          ),
        ),
      );
      if (outcome.outcome === 'refused') {
        this.#legs.endJob(job);
        this.#legs.forget(leg);
      }
      return outcome;
    });
  }

  ask(leg: LegUuid, { request, sentence, waitMs }: Question): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      const sentenceMs = sentenceLasts(sentence);
      return this.#command(`ask ${short(leg)} ${sentence.key}`, () =>
        this.#world.execute(leg, { kind: 'ask', request, sentenceMs, waitMs }),
      );
    });
  }

  play(leg: LegUuid, request: string, sentence: Sentence): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      const sentenceMs = sentenceLasts(sentence);
      return this.#command(`play ${short(leg)} ${sentence.key}`, () =>
        this.#world.execute(leg, { kind: 'play', request, sentenceMs }),
      );
    });
  }

  playMusic(leg: LegUuid): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      this.#legs.recall(leg).music = { turn: 0, broken: false };
      const outcome = await this.#command(`music ${short(leg)}`, () =>
        this.#world.execute(leg, { kind: 'music' }),
      );
      if (outcome.outcome === 'gone') this.#legs.forget(leg);
      return outcome;
    });
  }

  announce(leg: LegUuid, sentence: Sentence): Promise<Commanded> {
    return this.#turns.take([leg], () =>
      this.#command(`announce ${short(leg)} ${sentence.key}`, () =>
        this.#world.announce(leg, sentenceLasts(sentence)),
      ),
    );
  }

  guard(leg: LegUuid, seconds: number): Promise<Commanded> {
    return this.#turns.take([leg], () => this.#moveGuard(leg, seconds));
  }

  bridge(aLeg: LegUuid, bLeg: LegUuid, talkLimitSeconds: number): Promise<Commanded> {
    return this.#turns.take([aLeg, bLeg], async () => {
      const { clock } = this.#process;
      const armedAtMs = clock.monotonicMs();
      const limit = Math.ceil(talkLimitSeconds) + limitSlackSeconds;
      const arm = (): Promise<Reply<string>> => this.#schedule('limit', aLeg, limit, 'ALLOTTED_TIMEOUT');
      const [armed, prepared, guarded] = await Promise.all([
        arm(),
        this.#command(`prepare bridge ${short(aLeg)}`, () => this.#world.prepareBridge(aLeg, bLeg)),
        this.#moveGuard(bLeg, limit + guardBehindLimitSeconds),
      ]);
      const hindrance = [armed.answered ? done : unknown, prepared, guarded].find(
        (one) => one.outcome !== 'done',
      );
      if (hindrance !== undefined || !armed.answered) {
        await this.#withoutBridge(aLeg, bLeg);
        return hindrance ?? unknown;
      }
      const [, outcome] = await Promise.all([
        this.#liftGuard(aLeg),
        this.#command(`bridge ${short(aLeg)} ${short(bLeg)}`, () => this.#world.bridge(aLeg, bLeg)),
      ]);
      if (outcome.outcome === 'done') {
        delete this.#legs.recall(aLeg).music;
        delete this.#legs.recall(bLeg).music;
        if (clock.monotonicMs() - armedAtMs > armedAnewAfterMs && (await arm()).answered) {
          void this.#unschedule([armed.value]);
        }
      } else if (outcome.outcome !== 'unknown') {
        await this.#withoutBridge(aLeg, bLeg);
      }
      return outcome;
    });
  }

  moveLimit(aLeg: LegUuid, untilUs: bigint): Promise<Commanded> {
    return this.#turns.take([aLeg], async () => {
      const earlier = await this.#send(`show tasks limit ${short(aLeg)}`, () =>
        this.#world.tasksOf('limit', aLeg),
      );
      if (!earlier.answered) return unknown;
      if (earlier.value.length === 0) return this.#noLimit(aLeg);
      // Between one and two seconds behind, as where it was armed first.
      const second = (untilUs + 999_999n) / 1_000_000n + BigInt(limitSlackSeconds - 1);
      const added = await this.#send(`arm limit ${short(aLeg)} anew`, () =>
        this.#world.scheduleAt('limit', aLeg, second, 'ALLOTTED_TIMEOUT'),
      );
      if (!added.answered) return unknown;
      return this.#unschedule(earlier.value.map(String));
    });
  }

  /** Nothing is armed: there is no talk, or no leg, whose limit could be moved. */
  async #noLimit(aLeg: LegUuid): Promise<Commanded> {
    const alive = await this.#exists(aLeg);
    if (!alive.answered) return unknown;
    return alive.value ? { outcome: 'refused', reason: 'no limit is armed' } : { outcome: 'gone' };
  }

  async hangUp(leg: LegUuid, why: 'normal' | 'limit_reached' | 'stopped'): Promise<Commanded> {
    const outcome = await this.#command(`kill ${short(leg)} ${killWords[why]}`, () =>
      this.#world.kill(leg, killWords[why]),
    );
    const memory = this.#legs.get(leg);
    if (outcome.outcome === 'gone' && memory?.job !== undefined && !memory.created) {
      memory.killOnCreation = killWords[why];
      return done;
    }
    return outcome;
  }

  async look(leg: LegUuid): Promise<LegTruth> {
    const exists = await this.#exists(leg);
    if (!exists.answered) return { state: 'unknown' };
    if (exists.value) {
      const dump = await this.#send(`dump ${short(leg)}`, () => this.#world.dump(leg));
      if (!dump.answered) return { state: 'unknown' };
      if (dump.value !== undefined) return dump.value;
    }
    const memory = this.#legs.get(leg);
    if (memory?.job !== undefined && !memory.created) return { state: 'unknown' };
    const again = await this.#exists(leg);
    return { state: again.answered && !again.value ? 'gone' : 'unknown' };
  }

  async legs(): Promise<{ outcome: 'listed'; legs: LegUuid[] } | { outcome: 'unknown' }> {
    const listed = await this.#send('show channels', () => this.#world.list());
    return listed.answered ? { outcome: 'listed', legs: listed.value } : unknown;
  }

  // --- Parts of commands ---------------------------------------------------------------------------------------------

  #exists(leg: LegUuid): Promise<Reply<boolean>> {
    return this.#send(`exists ${short(leg)}`, () => this.#world.exists(leg));
  }

  async #schedule(
    group: 'guard' | 'limit',
    leg: LegUuid,
    seconds: number,
    cause: string,
  ): Promise<Reply<string>> {
    return this.#send(`arm ${group} ${short(leg)} +${String(seconds)}`, () =>
      String(this.#world.schedule(group, leg, seconds, cause)),
    );
  }

  #unschedule(tasks: readonly string[]): Promise<Commanded> {
    if (tasks.length === 0) return Promise.resolve(done);
    return this.#command(`unschedule ${tasks.join(' ')}`, () => {
      this.#world.unschedule(...tasks.map(Number));
      return done;
    });
  }

  #unscheduleGroup(group: 'guard' | 'limit', leg: LegUuid): Promise<Commanded> {
    return this.#command(`unschedule ${group} ${short(leg)}`, () => {
      this.#world.unschedule(...this.#world.tasksOf(group, leg));
      return done;
    });
  }

  async #moveGuard(leg: LegUuid, seconds: number): Promise<Commanded> {
    const earlier = await this.#guardTasks(leg);
    const added = await this.#schedule('guard', leg, Math.ceil(seconds), 'MANAGER_REQUEST');
    if (!added.answered) return unknown;
    this.#legs.recall(leg).guard = {
      task: added.value,
      dueMs: this.#process.clock.monotonicMs() + seconds * 1_000,
    };
    void this.#unschedule(earlier);
    return done;
  }

  async #guardTasks(leg: LegUuid): Promise<string[]> {
    const memory = this.#legs.get(leg);
    if (memory !== undefined) return memory.guard === undefined ? [] : [memory.guard.task];
    const shown = await this.#send('show tasks', () => this.#world.tasksOf('guard', leg).map(String));
    return shown.answered ? shown.value : [];
  }

  async #liftGuard(leg: LegUuid): Promise<void> {
    const { guard } = this.#legs.recall(leg);
    delete this.#legs.recall(leg).guard;
    await (guard === undefined ? this.#unscheduleGroup('guard', leg) : this.#unschedule([guard.task]));
  }

  async #withoutBridge(aLeg: LegUuid, bLeg: LegUuid): Promise<void> {
    await Promise.all([
      this.#moveGuard(aLeg, guardAfterFailedBridgeSeconds),
      this.#moveGuard(bLeg, guardAfterFailedBridgeSeconds),
      this.#unscheduleGroup('limit', aLeg),
    ]);
  }

  async #stopMusic(leg: LegUuid): Promise<void> {
    const memory = this.#legs.get(leg);
    if (memory !== undefined && (memory.music === undefined || memory.music.broken)) return;
    if (memory?.music) memory.music.broken = true;
    await this.#send(`stop music ${short(leg)}`, () => this.#world.stopMusic(leg));
  }

  // --- The wire, from the gateway ------------------------------------------------------------------------------------

  async #command(label: string, perform: () => Commanded): Promise<Commanded> {
    const reply = await this.#send(label, perform, true);
    return reply.answered ? reply.value : unknown;
  }

  /** One command, one act. Without an answer within its time the link is dropped, as nobody knows then which answer is whose. */
  async #send<T>(label: string, perform: () => T, refusable = false): Promise<Reply<T>> {
    if (this.#state !== 'up') return unanswered;
    const epoch = this.#epoch;
    return new Promise((resolve) => {
      const settle = (): void => resolve(unanswered);
      this.#waiting.add(settle);
      const lost = (): typeof noAnswer => {
        if (epoch === this.#epoch) this.#drop('down');
        return noAnswer;
      };
      this.#process
        .act<T | typeof noAnswer>(
          'switch',
          `${this.id}.${label}`,
          (fault) => {
            const arrives = this.#arrives(epoch);
            this.#world.kernel.trace(
              `${this.#process.name}  ${this.id}.${label}${arrives ? '' : ' (never arrives)'}`,
            );
            if (!arrives) return noAnswer;
            if (fault?.fault === 'refused' && refusable) {
              return { outcome: 'refused', reason: 'as planned' } as T;
            }
            const value = perform();
            return this.#wire === 'whole' ? value : noAnswer;
          },
          lost,
          commandDeadlineMs,
          `${this.id}/${String(epoch)}`,
        )
        .then(
          (value) => {
            // On a half-open link nothing comes back: the command waits until the link is given up.
            if (value === noAnswer) return;
            this.#waiting.delete(settle);
            this.#lastSeenMs = this.#process.clock.monotonicMs();
            resolve(epoch === this.#epoch && this.#state === 'up' ? { answered: true, value } : unanswered);
          },
          (error: unknown) => this.#world.kernel.fail(error),
        );
      this.#process.at(commandDeadlineMs, `${this.#process.name} ${this.id} deadline`, () => {
        if (this.#waiting.has(settle)) lost();
      });
    });
  }

  #arrives(epoch: number): boolean {
    if (!this.#world.up || epoch !== this.#epoch || this.#state !== 'up') return false;
    return this.#wire === 'whole' || this.#wire === 'one_way';
  }

  #drop(into: 'down' | 'stopped'): void {
    const wasUp = this.#state === 'up';
    this.#state = into;
    this.#wire = 'cut';
    this.#epoch += 1;
    this.#legs.endAllJobs();
    for (const settle of [...this.#waiting]) settle();
    this.#waiting.clear();
    if (wasUp && into === 'down') this.#tell({ type: 'linkDown' });
    if (into === 'down') this.#connect(this.#random.int(200, 1_500));
  }

  #connect(inMs: number): void {
    if (this.#connecting) return;
    this.#connecting = true;
    this.#process.at(inMs, `${this.#process.name} connects ${this.id}`, () => {
      this.#connecting = false;
      if (this.#state !== 'down' || !this.#world.reaches(this.gateway)) return;
      this.#epoch += 1;
      this.#state = 'up';
      this.#wire = 'whole';
      const { coreUuid } = this.#world;
      if (this.#coreUuid !== coreUuid) this.#legs.forgetAll();
      this.#coreUuid = coreUuid;
      this.#lastSeenMs = this.#process.clock.monotonicMs();
      this.#legs.prune();
      this.#tell({ type: 'linkUp', coreUuid });
      this.#afterLoss();
    });
  }

  #afterLoss(): void {
    const { events } = this.#loss;
    const words = events === 'late' ? this.#late : events === 'doubled' ? this.#lastWords : [];
    this.#loss = {};
    this.#late = [];
    for (const word of words) this.#bring(word, this.#random.int(5, 3_000));
  }

  // --- The wire, from the switch -------------------------------------------------------------------------------------

  /** The network breaks, or the switch is gone. */
  cut(how: LinkLoss): void {
    if (this.#state !== 'up' || this.#wire === 'cut') return;
    this.#loss = how;
    this.#wire = how.halfOpen ?? 'cut';
    const epoch = this.#epoch;
    const noticedInMs = how.halfOpen ? this.#random.int(5_000, 10_000) : this.#random.int(0, 5);
    this.#process.at(noticedInMs, `${this.#process.name} notices`, () => {
      if (epoch === this.#epoch) this.#drop('down');
    });
  }

  /** It can be reached again: whoever waits tries again within its backoff. */
  mayConnect(): void {
    if (this.#state === 'down') this.#connect(this.#random.int(50, 3_000));
  }

  /** Every gateway that is subscribed hears of every leg. */
  hear(event: SwitchEvent): void {
    if (!this.alive || this.#state === 'stopped') return;
    if (this.#state === 'up' && this.#wire === 'whole') this.#say(event);
    else if (this.#loss.events === 'late') this.#late.push(event);
  }

  #say(word: Word): void {
    const { kernel } = this.#world;
    if (this.#state !== 'up' || this.#wire !== 'whole') return;
    if (kernel.happens('event_dropped')) {
      // TCP loses nothing in the middle: what is not told is not told because the link broke over it.
      this.#world.loseLink(this.gateway, this.#random.int(50, 3_000), {});
      return;
    }
    const late = kernel.happens('event_late') ? this.#random.int(500, 10_000) : 0;
    const atMs = Math.max(this.#lastDueMs, kernel.nowMs + this.#random.int(1, 4)) + late;
    // Nothing overtakes: behind what is late all waits.
    this.#lastDueMs = atMs;
    this.#bring(word, atMs - kernel.nowMs);
    if (kernel.happens('event_doubled')) this.#bring(word, atMs - kernel.nowMs + this.#random.int(0, 2_000));
  }

  #bring(word: Word, inMs: number): void {
    const epoch = this.#epoch;
    this.#process.at(inMs, `${this.#process.name} hears ${word.type}`, () => {
      if (epoch !== this.#epoch || this.#state !== 'up') return;
      this.#lastSeenMs = this.#process.clock.monotonicMs();
      this.#take(word);
    });
  }

  #take(word: Word): void {
    switch (word.type) {
      case 'created': {
        const memory = this.#legs.get(word.leg);
        this.#legs.endJob(`job-${word.leg}`);
        if (!memory) return;
        memory.created = true;
        const { killOnCreation } = memory;
        if (killOnCreation)
          void this.#command(`kill ${short(word.leg)}`, () => this.#world.kill(word.leg, killOnCreation));
        return;
      }
      case 'jobFailed':
        void this.#jobFailed(word.leg, word.switchCause);
        return;
      case 'legEnded':
        this.#tidy(word.leg, this.#legs.get(word.leg), word.bridgedAtUs !== undefined);
        break;
      default:
        break;
    }
    this.#lastWords = [...this.#lastWords.slice(-4), word];
    this.#tell(word);
  }

  async #jobFailed(leg: LegUuid, switchCause: string): Promise<void> {
    this.#legs.endJob(`job-${leg}`);
    if (this.#legs.get(leg)?.created !== false) return;
    const exists = await this.#exists(leg);
    const memory = this.#legs.get(leg);
    if (!exists.answered || exists.value || memory?.created !== false) return;
    this.#tidy(leg, memory, false);
    const cause = switchCause === 'DESTINATION_OUT_OF_ORDER' ? 'congestion' : hangupCause(switchCause);
    this.#tell({ type: 'legEnded', leg, cause, switchCause, endedAtUs: this.#world.nowUs });
  }

  /** Tasks of an ended leg go, and with the first leg of a talk its limit: it must not cut A's farewell. */
  #tidy(leg: LegUuid, memory: LegMemory | undefined, wasBridged: boolean): void {
    this.#legs.forget(leg);
    if (memory?.guard !== undefined) void this.#unschedule([memory.guard.task]);
    if (!wasBridged) return;
    const talk = this.#world.talkOf(leg);
    for (const a of talk ? [talk.aLeg, talk.bLeg] : [leg]) void this.#unscheduleGroup('limit', a);
  }

  #tell(event: SwitchEvent): void {
    this.#world.kernel.trace(`${this.#process.name}  hears ${said(event)}`);
    for (const listener of this.#listeners) listener(event);
  }
}

/** How long a sentence is said, in milliseconds: about as long as its text takes. */
export function sentenceLasts(sentence: Sentence): number {
  switch (sentence.key) {
    case 'caller_offer':
      return 6_000;
    case 'consultant_offer':
      return 5_000;
    case 'caller_farewell':
      return 3_000;
    default:
      return 2_000;
  }
}

const short = (leg: LegUuid): string => leg.slice(0, 4);

function said(event: SwitchEvent): string {
  const legs =
    'leg' in event ? short(event.leg) : 'aLeg' in event ? `${short(event.aLeg)} ${short(event.bLeg)}` : '';
  const more = 'key' in event ? ` ${event.key}` : 'cause' in event ? ` ${event.switchCause}` : '';
  return `${event.type} ${legs}${more}`.trimEnd();
}
