// The Switch port of one gateway process to one simulated switch: the same commands in the same order as telephony/freeswitch
// gives them, each an act of its own, so that a process may die between any two of them. What of it arrives is
// sim-switch-wire's; what is true is sim-switch's.

import type { LegUuid } from '../../src/core/ids.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import type { Commanded, LegToRing, LegTruth, Question, Switch, SwitchEvent } from '../../src/flow/ports.ts';
import { hangupCause } from '../../src/telephony/hangup-cause.ts';
import { KnownLegs, type LegMemory, LegTurns } from '../../src/telephony/leg-memory.ts';
import type { GatewayProcess } from './kernel.ts';
import type { SimSwitch } from './sim-switch.ts';
import { type Reply, SimSwitchWire, type Word } from './sim-switch-wire.ts';

// The numbers of telephony/freeswitch and esl-link.
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

export class SimSwitchLink implements Switch {
  readonly id: string;
  readonly wire: SimSwitchWire;
  readonly #process: GatewayProcess;
  readonly #world: SimSwitch;
  readonly #listeners: ((event: SwitchEvent) => void)[] = [];
  readonly #legs: KnownLegs;
  readonly #turns = new LegTurns();
  #coreUuid: string | undefined;

  constructor(process: GatewayProcess, world: SimSwitch) {
    this.id = world.id;
    this.#process = process;
    this.#world = world;
    this.#legs = new KnownLegs(process.clock);
    this.wire = new SimSwitchWire(process, world, {
      up: (coreUuid) => this.#linkUp(coreUuid),
      down: () => this.#linkDown(),
      hear: (word) => this.#hear(word),
    });
  }

  link(): { up: boolean; coreUuid?: string; lastSeenMs?: number } {
    const { up, lastSeenMs } = this.wire;
    return {
      up,
      ...(this.#coreUuid !== undefined && { coreUuid: this.#coreUuid }),
      ...(lastSeenMs !== undefined && { lastSeenMs }),
    };
  }

  onEvent(listener: (event: SwitchEvent) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.wire.start();
  }

  stop(): Promise<void> {
    this.wire.stop();
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
      const { epoch } = this.wire;
      const outcome = await this.wire.command(`originate ${short(leg)} ${order.to}`, () =>
        this.#world.originate(order, (switchCause) =>
          this.wire.sayTo(epoch, { type: 'jobFailed', leg, switchCause }),
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
      return this.wire.command(`ask ${short(leg)} ${sentence.key}`, () =>
        this.#world.execute(leg, { kind: 'ask', request, sentenceMs, waitMs }),
      );
    });
  }

  play(leg: LegUuid, request: string, sentence: Sentence): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      const sentenceMs = sentenceLasts(sentence);
      return this.wire.command(`play ${short(leg)} ${sentence.key}`, () =>
        this.#world.execute(leg, { kind: 'play', request, sentenceMs }),
      );
    });
  }

  playMusic(leg: LegUuid): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      this.#legs.recall(leg).music = { turn: 0, broken: false };
      const outcome = await this.wire.command(`music ${short(leg)}`, () =>
        this.#world.execute(leg, { kind: 'music' }),
      );
      if (outcome.outcome === 'gone') this.#legs.forget(leg);
      return outcome;
    });
  }

  announce(leg: LegUuid, sentence: Sentence): Promise<Commanded> {
    return this.#turns.take([leg], () =>
      this.wire.command(`announce ${short(leg)} ${sentence.key}`, () =>
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
        this.wire.command(`prepare bridge ${short(aLeg)}`, () => this.#world.prepareBridge(aLeg, bLeg)),
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
        this.wire.command(`bridge ${short(aLeg)} ${short(bLeg)}`, () => this.#world.bridge(aLeg, bLeg)),
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
      const earlier = await this.wire.send(`show tasks limit ${short(aLeg)}`, () =>
        this.#world.tasks.idsOf('limit', aLeg),
      );
      if (!earlier.answered) return unknown;
      if (earlier.value.length === 0) return this.#noLimit(aLeg);
      // Between one and two seconds behind, as where it was armed first.
      const second = (untilUs + 999_999n) / 1_000_000n + BigInt(limitSlackSeconds - 1);
      const added = await this.wire.send(`arm limit ${short(aLeg)} anew`, () =>
        this.#world.tasks.atSecond('limit', aLeg, second, 'ALLOTTED_TIMEOUT'),
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
    const outcome = await this.wire.command(`kill ${short(leg)} ${killWords[why]}`, () =>
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
      const dump = await this.wire.send(`dump ${short(leg)}`, () => this.#world.dump(leg));
      if (!dump.answered) return { state: 'unknown' };
      if (dump.value !== undefined) return dump.value;
    }
    const memory = this.#legs.get(leg);
    if (memory?.job !== undefined && !memory.created) return { state: 'unknown' };
    const again = await this.#exists(leg);
    return { state: again.answered && !again.value ? 'gone' : 'unknown' };
  }

  async legs(): Promise<{ outcome: 'listed'; legs: LegUuid[] } | { outcome: 'unknown' }> {
    const listed = await this.wire.send('show channels', () => this.#world.list());
    return listed.answered ? { outcome: 'listed', legs: listed.value } : unknown;
  }

  // --- Parts of commands ---------------------------------------------------------------------------------------------

  #exists(leg: LegUuid): Promise<Reply<boolean>> {
    return this.wire.send(`exists ${short(leg)}`, () => this.#world.exists(leg));
  }

  async #schedule(
    group: 'guard' | 'limit',
    leg: LegUuid,
    seconds: number,
    cause: string,
  ): Promise<Reply<string>> {
    return this.wire.send(`arm ${group} ${short(leg)} +${String(seconds)}`, () =>
      String(this.#world.tasks.inSeconds(group, leg, seconds, cause)),
    );
  }

  #unschedule(tasks: readonly string[]): Promise<Commanded> {
    if (tasks.length === 0) return Promise.resolve(done);
    return this.wire.command(`unschedule ${tasks.join(' ')}`, () => {
      this.#world.tasks.remove(...tasks.map(Number));
      return done;
    });
  }

  #unscheduleGroup(group: 'guard' | 'limit', leg: LegUuid): Promise<Commanded> {
    return this.wire.command(`unschedule ${group} ${short(leg)}`, () => {
      this.#world.tasks.remove(...this.#world.tasks.idsOf(group, leg));
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
    const shown = await this.wire.send('show tasks', () => this.#world.tasks.idsOf('guard', leg).map(String));
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
    await this.wire.send(`stop music ${short(leg)}`, () => this.#world.stopMusic(leg));
  }

  // --- What the switch tells -------------------------------------------------------------------------------------------

  #linkUp(coreUuid: string): void {
    if (this.#coreUuid !== coreUuid) this.#legs.forgetAll();
    this.#coreUuid = coreUuid;
    this.#legs.prune();
    this.#tell({ type: 'linkUp', coreUuid });
  }

  #linkDown(): void {
    this.#legs.endAllJobs();
    this.#tell({ type: 'linkDown' });
  }

  #hear(word: Word): void {
    switch (word.type) {
      case 'created': {
        const memory = this.#legs.get(word.leg);
        this.#legs.endJob(`job-${word.leg}`);
        if (!memory) return;
        memory.created = true;
        const { killOnCreation } = memory;
        if (killOnCreation)
          void this.wire.command(`kill ${short(word.leg)}`, () => this.#world.kill(word.leg, killOnCreation));
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
