// The Switch port of one gateway process to one simulated switch: the same commands in the same order as telephony/freeswitch
// gives them, each an act of its own, so that a process may die between any two of them. Guards and limits are the real
// telephony/leg-tasks, taking calls from outside the real telephony/inbound-calls. What of it all arrives is sim-switch-wire's; what is true is sim-switch's.

import type { LegUuid } from '../../src/core/ids.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import type {
  Commanded,
  DigitsQuestion,
  HangUpWhy,
  LegToRing,
  LegTruth,
  ParkedLeg,
  Question,
  RecordingOrder,
  Switch,
  SwitchEvent,
  Timer,
} from '../../src/flow/ports.ts';
import type { EslLink, Reply as EslReply } from '../../src/telephony/esl-link.ts';
import { hangupCause } from '../../src/telephony/hangup-cause.ts';
import { InboundCalls } from '../../src/telephony/inbound-calls.ts';
import { KnownLegs, type LegMemory, LegTurns } from '../../src/telephony/leg-memory.ts';
import { LegTasks } from '../../src/telephony/leg-tasks.ts';
import type { GatewayProcess } from './kernel.ts';
import type { SimSwitch } from './sim-switch.ts';
import { answerApi } from './sim-switch-api.ts';
import { type Reply, SimSwitchWire, type Word } from './sim-switch-wire.ts';

// The numbers of telephony/freeswitch.
const tidyAfterLinkUpMs = 5_000;
const guardAfterFailedBridgeSeconds = 60;
const killWords = {
  normal: 'NORMAL_CLEARING',
  limit_reached: 'ALLOTTED_TIMEOUT',
  stopped: 'ORIGINATOR_CANCEL',
  busy: 'USER_BUSY',
  rejected: 'CALL_REJECTED',
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
  readonly #tasks: LegTasks;
  readonly #inbound: InboundCalls;
  readonly #turns = new LegTurns();
  #speeches = 0;
  #tidying: Timer | undefined;
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
    const api = (text: string): Promise<EslReply> => this.#api(text);
    // Of the link they make use of nothing else.
    const link = { api } as unknown as EslLink;
    this.#tasks = new LegTasks(link, this.#legs, process.clock);
    this.#inbound = new InboundCalls(link, this.#legs, this.#tasks, 'FR');
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
    this.#tidying?.cancel();
    this.wire.stop();
    return Promise.resolve();
  }

  soundsOf(sentences: readonly Sentence[]): Promise<readonly string[]> {
    return Promise.resolve(sentences.map(({ key }) => key));
  }

  leaveCardRoom(leg: LegUuid): Promise<Commanded> {
    return this.#turns.take([leg], () =>
      this.wire.command(`leave card room ${short(leg)}`, () => this.#world.takeFromCardRoom(leg)),
    );
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
      const guarded = await this.#tasks.moveGuard(leg, order.guardSeconds);
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

  take(leg: LegUuid, guardSeconds: number): Promise<Commanded> {
    return this.#turns.take([leg], () => this.#inbound.take(leg, guardSeconds));
  }

  parked(): Promise<{ outcome: 'listed'; parked: ParkedLeg[] } | { outcome: 'unknown' }> {
    return this.#inbound.parked();
  }

  answer(leg: LegUuid): Promise<Commanded> {
    return this.wire.command(`answer ${short(leg)}`, () => this.#world.answerInbound(leg));
  }

  askDigits(leg: LegUuid, question: DigitsQuestion): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      await this.wire.send(`end entry ${short(leg)}`, () => this.#world.endEntry(leg));
      const { sentence } = question;
      const sentenceMs = sentenceLasts(sentence);
      return this.wire.command(`ask digits ${short(leg)} ${sentence.key}`, () =>
        this.#world.execute(leg, { kind: 'digits', sentenceMs, ...question }),
      );
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

  play(leg: LegUuid, request: string, sentence: Sentence, anew = false): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      if (anew) await this.wire.send(`break ${short(leg)}`, () => this.#world.breakAll(leg));
      const sentenceMs = sentenceLasts(sentence);
      return this.wire.command(`play ${short(leg)} ${sentence.key}`, () =>
        this.#world.execute(leg, { kind: 'play', request, sentenceMs, said: JSON.stringify(sentence) }),
      );
    });
  }

  record(leg: LegUuid, order: RecordingOrder): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const { request, sentence, take } = order;
      await this.#stopMusic(leg);
      const turn = await this.#endSpeech(leg);
      const [said, recorded] = await Promise.all([
        this.wire.command(`play ${short(leg)} ${sentence.key}`, () =>
          this.#world.execute(leg, {
            kind: 'play',
            request: `${request}-said`,
            sentenceMs: sentenceLasts(sentence),
          }),
        ),
        this.wire.command(`record ${short(leg)}`, () =>
          this.#world.execute(leg, {
            kind: 'record',
            request: `${request}:${turn}`,
            take,
            maxMs: order.maxSeconds * 1_000,
            silenceMs: order.silenceSeconds * 1_000,
          }),
        ),
      ]);
      return said.outcome === 'done' ? recorded : said;
    });
  }

  async #endSpeech(leg: LegUuid): Promise<string> {
    const memory = this.#legs.recall(leg);
    const { speech, ours } = memory;
    const turn = String((this.#speeches += 1)) + this.#process.name;
    memory.speech = { turn, over: false };
    const mayBeSpeaking = speech === undefined ? ours !== true : !speech.over;
    if (mayBeSpeaking) await this.wire.send(`break ${short(leg)}`, () => this.#world.breakAll(leg));
    return turn;
  }

  playTake(leg: LegUuid, request: string, take: LegUuid): Promise<Commanded> {
    return this.#turns.take([leg], () =>
      this.wire.command(`play take ${short(leg)}`, () => this.#world.playTake(leg, request, take)),
    );
  }

  readTake(take: LegUuid): ReturnType<Switch['readTake']> {
    const wav = this.#world.readTake(take);
    return Promise.resolve(wav === undefined ? { outcome: 'gone' } : { outcome: 'read', wav });
  }

  dropTake(take: LegUuid): Promise<void> {
    this.#world.dropTake(take);
    return Promise.resolve();
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
    return this.#turns.take([leg], () => this.#tasks.moveGuard(leg, seconds));
  }

  bridge(aLeg: LegUuid, bLeg: LegUuid, talkLimitSeconds: number): Promise<Commanded> {
    return this.#turns.take([aLeg, bLeg], async () => {
      const [limit, prepared] = await Promise.all([
        this.#tasks.armLimit(aLeg, bLeg, talkLimitSeconds),
        this.wire.command(`prepare bridge ${short(aLeg)}`, () => this.#world.prepareBridge(aLeg, bLeg)),
      ]);
      if (prepared.outcome !== 'done' || limit.outcome !== 'armed') {
        await this.#withoutBridge(aLeg, bLeg);
        return limit.outcome === 'armed' ? prepared : limit;
      }
      const [, , outcome] = await Promise.all([
        this.#tasks.liftGuard(aLeg),
        this.#tasks.liftGuard(bLeg),
        this.wire.command(`bridge ${short(aLeg)} ${short(bLeg)}`, () => this.#world.bridge(aLeg, bLeg)),
      ]);
      if (outcome.outcome === 'done') {
        delete this.#legs.recall(aLeg).music;
        delete this.#legs.recall(bLeg).music;
        await limit.bridged();
      } else if (outcome.outcome !== 'unknown') {
        await this.#withoutBridge(aLeg, bLeg);
      }
      return outcome;
    });
  }

  moveLimit(aLeg: LegUuid, untilUs: bigint): Promise<Commanded> {
    return this.#turns.take([aLeg], async () => {
      const truth = await this.look(aLeg);
      if (truth.state !== 'living') return { outcome: truth.state };
      if (truth.bridgedTo === undefined) return { outcome: 'refused', reason: 'the leg is in no talk' };
      return this.#tasks.moveLimit(aLeg, truth.bridgedTo, untilUs);
    });
  }

  async hangUp(leg: LegUuid, why: HangUpWhy): Promise<Commanded> {
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

  async legs(): Promise<{ outcome: 'listed'; legs: LegUuid[]; atUs?: bigint } | { outcome: 'unknown' }> {
    const [clock, listed] = await Promise.all([
      this.wire.send('strmicroepoch', () => this.#world.nowUs),
      this.wire.send('show channels', () => this.#world.list()),
    ]);
    if (!listed.answered) return unknown;
    return { outcome: 'listed', legs: listed.value, ...(clock.answered && { atUs: clock.value }) };
  }

  async #api(text: string): Promise<EslReply> {
    const refusal = text.startsWith('sched_api') ? '-ERR as planned' : undefined;
    const reply = await this.wire.send(text, () => answerApi(this.#world, text), refusal);
    return reply.answered ? { answered: true, text: reply.value } : reply;
  }

  // --- Parts of commands ---------------------------------------------------------------------------------------------

  keep(leg: LegUuid, guardSeconds: number): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const guarded = await this.#tasks.moveGuard(leg, guardSeconds);
      if (guarded.outcome !== 'done') return guarded;
      const kept = await this.wire.command(`keep ${short(leg)}`, () => this.#world.keep(leg));
      if (kept.outcome === 'gone') {
        await this.#tasks.liftGuard(leg);
        this.#legs.forget(leg);
      }
      return kept;
    });
  }

  #exists(leg: LegUuid): Promise<Reply<boolean>> {
    return this.wire.send(`exists ${short(leg)}`, () => this.#world.exists(leg));
  }

  async #withoutBridge(aLeg: LegUuid, bLeg: LegUuid): Promise<void> {
    await Promise.all([
      this.#tasks.moveGuard(aLeg, guardAfterFailedBridgeSeconds),
      this.#tasks.moveGuard(bLeg, guardAfterFailedBridgeSeconds),
    ]);
    await this.#tasks.disarmLimit(bLeg);
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
    this.#tidying?.cancel();
    this.#tidying = this.#process.clock.after(tidyAfterLinkUpMs, () => void this.#tasks.tidyLimits());
    this.#tell({ type: 'linkUp', coreUuid });
  }

  #linkDown(): void {
    this.#tidying?.cancel();
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
        this.#tidy(word.leg, this.#legs.get(word.leg), word.answeredAtUs !== undefined);
        break;
      case 'recorded': {
        const [request = '', turn] = word.request.split(':');
        const memory = this.#legs.get(word.leg);
        if (turn === undefined || memory?.speech?.turn !== turn) return;
        memory.speech.over = true;
        this.#tell({ ...word, request });
        return;
      }
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

  #tidy(leg: LegUuid, memory: LegMemory | undefined, wasAnswered: boolean): void {
    this.#legs.forget(leg);
    this.#tasks.ended(leg, memory, wasAnswered);
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
