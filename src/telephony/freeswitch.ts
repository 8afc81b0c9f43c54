// A FreeSWITCH as the steps need it (flow/ports: Switch): their commands become commands of the event socket, its answers
// become outcomes, its events become SwitchEvents. The calls live in the switch, parked and commanded by uuid; what is
// remembered here about a leg is convenience (its guard's task number, whether music plays) and may be lost at any time:
// a gateway that takes over finds it out again. The spelling of commands is dial-string, the reading of events switch-events.
//
// Who ends a leg when no gateway is left is leg-tasks'; after the talk it is `park_timeout` on A.

import { randomBytes, randomUUID } from 'node:crypto';
import type { RingBack } from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import type { Sentence } from '../core/prompt.ts';
import { isSipAddress, mayBeCalled, type PhoneAddress, type SipDomain } from '../core/sip-address.ts';
import type {
  Clock,
  Commanded,
  DigitsQuestion,
  HangUpWhy,
  LegToRing,
  LegTruth,
  Log,
  ParkedLeg,
  Question,
  RecordingOrder,
  Switch,
  SwitchEvent,
  Timer,
} from '../flow/ports.ts';
import * as say from './dial-string.ts';
import type { CarrierRoute, SipRoute, Sound } from './dial-string.ts';
import { EslLink, type SwitchHeaders } from './esl-link.ts';
import { hangupCause } from './hangup-cause.ts';
import { InboundCalls } from './inbound-calls.ts';
import { LegTasks } from './leg-tasks.ts';
import { KnownLegs, LegTurns, type LegMemory } from './leg-memory.ts';
import { NumberEntries } from './number-entries.ts';
import { PromptAudio, type PromptAudioOptions } from './prompt-audio.ts';
import { ringBackOf } from './ring-back.ts';
import { SecretEntries } from './secret-entries.ts';
import { Takes } from './takes.ts';
import { clockOf, commanded, isKeyedInSecret, readChannels, readDump } from './switch-answers.ts';
import { eventsWeNeed, instantUs, keyPressed, legOf, switchEvent } from './switch-events.ts';

export interface FreeSwitchOptions {
  id: string;
  host: string;
  port: number;
  password: string;
  /** Where its calls go out. */
  destination: CarrierRoute;
  /** SIP addresses are called in these domains alone, out of this profile. Absent: none is called. */
  sip?: { profile: string; domains: ReadonlySet<SipDomain> };
  /**
   * Where its trunk is (ISO 3166-1 alpha-2): numbers it hands over without a country code are understood there, and what rings
   * sounds as it does there.
   */
  country: string;
  prompts: PromptAudioOptions;
  clock: Clock;
  log: Log;
  /** Jitter of reconnecting; 0 <= x < 1. */
  chance?: () => number;
}

/** Once taking over is through: what stands in the switch's list for talks that ended unheard is no hurry. */
const tidyAfterLinkUpMs = 5_000;
const guardAfterFailedBridgeSeconds = 60;
/**
 * A sentence nobody prepared takes 30 ms to render, on a machine that has much else to do a second; longer than this a person
 * on the line should not wait, and what follows the words follows without them.
 */
const renderWaitMs = 2_500;
/** When music that was told to stop still plays, it missed the break (it was just starting). One frame is 20 ms. */
const musicStoppedWithinMs = 300;

const killWords = {
  normal: 'NORMAL_CLEARING',
  limit_reached: 'ALLOTTED_TIMEOUT',
  stopped: 'ORIGINATOR_CANCEL',
  busy: 'USER_BUSY',
  rejected: 'CALL_REJECTED',
} as const satisfies Record<HangUpWhy, string>;
const unknown = { outcome: 'unknown' } as const;
const done = { outcome: 'done' } as const;

export class FreeSwitch implements Switch {
  readonly id: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #oddChannels = 0;
  readonly #destination: CarrierRoute;
  readonly #sip: FreeSwitchOptions['sip'];
  readonly #country: string;
  readonly #sounds: Readonly<Record<RingBack, string>>;
  readonly #link: EslLink;
  readonly #prompts: PromptAudio;
  readonly #takes: Takes;
  readonly #listeners: ((event: SwitchEvent) => void)[] = [];
  readonly #legs: KnownLegs;
  readonly #tasks: LegTasks;
  readonly #inbound: InboundCalls;
  readonly #secrets: SecretEntries;
  readonly #entries: NumberEntries;
  readonly #turns = new LegTurns();
  #coreUuid: string | undefined;
  #musicTurn = 0;
  #startOfPrompts: Promise<void> | undefined;
  #tidying: Timer | undefined;

  constructor(options: FreeSwitchOptions) {
    this.id = options.id;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#destination = options.destination;
    this.#sip = options.sip;
    this.#country = options.country;
    this.#sounds = { music: say.music, tone: ringBackOf(options.country) };
    this.#legs = new KnownLegs(options.clock);
    this.#prompts = new PromptAudio(options.prompts);
    this.#takes = new Takes(options.prompts);
    this.#link = new EslLink(
      { ...options, events: eventsWeNeed, hearsSecrets: () => this.#secrets.any() },
      {
        up: (coreUuid) => this.#linkUp(coreUuid),
        down: () => this.#linkDown(),
        event: (event) => this.#hear(event),
      },
    );
    this.#tasks = new LegTasks(this.#link, this.#legs, options.clock);
    this.#inbound = new InboundCalls(this.#link, this.#legs, this.#tasks, options.country);
    this.#secrets = new SecretEntries(this.#link, options.clock);
    this.#entries = new NumberEntries(this.#link, this.#legs, this.#secrets);
  }

  link(): { up: boolean; coreUuid?: string; lastSeenMs?: number } {
    const lastSeenMs = this.#link.lastSeenMs;
    return {
      up: this.#link.up,
      ...(this.#coreUuid === undefined ? {} : { coreUuid: this.#coreUuid }),
      ...(lastSeenMs === undefined ? {} : { lastSeenMs }),
    };
  }

  onEvent(listener: (event: SwitchEvent) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#link.start();
    this.#startOfPrompts = this.#startPrompts();
  }

  /** Resolves when nothing of ours runs any more: no socket, no child, no file being written. */
  async stop(): Promise<void> {
    this.#tidying?.cancel();
    this.#secrets.forgetAll();
    await Promise.all([this.#link.stop(), this.#startOfPrompts]);
    await this.#prompts.idle();
  }

  prepare(sentences: readonly Sentence[]): void {
    for (const sentence of sentences) void this.#render(sentence);
  }

  ring(order: LegToRing): Promise<Commanded> {
    const { leg, to } = order;
    const by = this.#routeOf(to);
    if (by === undefined)
      return Promise.resolve({ outcome: 'refused', reason: 'its SIP domain is not listed' });
    const job = randomUUID() as LegUuid;
    // Noted at once, not when its turn comes: a hangUp in between must find that a leg is on its way.
    const known = this.#legs.get(leg);
    if (known === undefined) this.#legs.expect(leg, job);
    return this.#turns.take([leg], async () => {
      // Ordering again what lives already is success, and must not put a guard on a talk under way.
      const alive = await this.#link.api(say.exists(leg));
      if (!alive.answered || alive.text === 'true') {
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
      const reply = await this.#link.send(say.originate({ ...order, job, by }));
      const outcome = commanded(reply);
      if (outcome.outcome === 'refused') {
        this.#legs.endJob(job);
        this.#legs.forget(leg);
      }
      return outcome;
    });
  }

  /** He was written down when the operator listed his domain; whether it is called is decided by the list as it stands. */
  #routeOf(to: PhoneAddress): CarrierRoute | SipRoute | undefined {
    if (!isSipAddress(to)) return this.#destination;
    const sip = this.#sip;
    return sip && mayBeCalled(to, sip.domains) ? { kind: 'profile', name: sip.profile } : undefined;
  }

  take(leg: LegUuid, guardSeconds: number): Promise<Commanded> {
    return this.#turns.take([leg], () => this.#inbound.take(leg, guardSeconds));
  }

  async answer(leg: LegUuid): Promise<Commanded> {
    const reply = await this.#link.api(say.answer(leg));
    if (!reply.answered || reply.text.startsWith('+OK')) return commanded(reply);
    // It has one word for everything that hinders it.
    const truth = await this.look(leg);
    return truth.state === 'gone' ? { outcome: 'gone' } : { outcome: 'refused', reason: reply.text };
  }

  parked(): Promise<{ outcome: 'listed'; parked: ParkedLeg[] } | { outcome: 'unknown' }> {
    return this.#inbound.parked();
  }

  soundsOf(sentences: readonly Sentence[]): Promise<readonly string[]> {
    return Promise.all(sentences.map((one) => this.#render(one)));
  }

  leaveCardRoom(leg: LegUuid): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const sent = [
        this.#link.api(say.takeFromCardRoom(leg)),
        this.#link.api(say.breakPlaying(leg, 'all')),
        this.#link.api(say.endCardEntry(leg)),
        ...say.leaveCardRoom(leg).map((one) => this.#link.send(one)),
      ];
      const outcomes = (await Promise.all(sent)).slice(3).map(commanded);
      return outcomes.find((outcome) => outcome.outcome !== 'done') ?? done;
    });
  }

  askDigits(leg: LegUuid, question: DigitsQuestion): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const prompt = await this.#render(question.sentence);
      await this.#stopMusic(leg);
      return this.#entries.ask(leg, { ...question, prompt });
    });
  }

  ask(leg: LegUuid, question: Question): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const prompt = await this.#render(question.sentence);
      await this.#stopMusic(leg);
      const [, asked] = await Promise.all([
        this.#link.send(say.forgetKeys(leg)),
        this.#link.send(say.ask(leg, question.request, prompt, question.waitMs)),
      ]);
      return commanded(asked);
    });
  }

  play(leg: LegUuid, request: string, sentence: Sentence, anew = false): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const prompt = await this.#render(sentence);
      await this.#stopMusic(leg);
      if (anew) await this.#link.api(say.breakPlaying(leg, 'all'));
      return commanded(await this.#link.send(say.play(leg, request, prompt)));
    });
  }

  record(leg: LegUuid, order: RecordingOrder): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const prompt = await this.#render(order.sentence);
      await this.#takes.prepare();
      await this.#stopMusic(leg);
      const turn = await this.#endSpeech(leg, order.anew === true);
      const sent = [
        say.play(leg, `${order.request}-said`, prompt),
        ...say.record(leg, { ...order, turn, take: this.#takes.file(order.take) }),
      ].map((one) => this.#link.send(one));
      const outcomes = (await Promise.all(sent)).map(commanded);
      return outcomes.find((outcome) => outcome.outcome !== 'done') ?? done;
    });
  }

  playTake(leg: LegUuid, request: string, take: LegUuid): Promise<Commanded> {
    return this.#turns.take([leg], async () =>
      commanded(await this.#link.send(say.playTake(leg, request, this.#takes.file(take)))),
    );
  }

  readTake(take: LegUuid): ReturnType<Switch['readTake']> {
    return this.#takes.read(take);
  }

  dropTake(take: LegUuid): Promise<void> {
    return this.#takes.drop(take);
  }

  playMusic(leg: LegUuid, sound: RingBack = 'music'): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      await this.#stopMusic(leg);
      this.#musicTurn += 1;
      const turn = this.#musicTurn;
      // Noted before it is sent: music that is noted but does not play is broken in vain, the other way round it would
      // play for ever over the next question.
      const memory = this.#legs.recall(leg);
      memory.music = { turn, broken: false };
      const outcome = commanded(await this.#link.send(say.playMusic(leg, turn, this.#sounds[sound])));
      if (outcome.outcome === 'gone') this.#legs.forget(leg);
      return outcome;
    });
  }

  announce(leg: LegUuid, sentence: Sentence): Promise<Commanded> {
    return this.#turns.take([leg], async () =>
      commanded(await this.#link.api(say.announce(leg, await this.#render(sentence)))),
    );
  }

  guard(leg: LegUuid, seconds: number): Promise<Commanded> {
    return this.#turns.take([leg], () => this.#tasks.moveGuard(leg, seconds));
  }

  bridge(aLeg: LegUuid, bLeg: LegUuid, talkLimitSeconds: number): Promise<Commanded> {
    return this.#turns.take([aLeg, bLeg], async () => {
      const [limit, ...prepared] = await Promise.all([
        this.#tasks.armLimit(aLeg, bLeg, talkLimitSeconds),
        this.#link.api(say.parkAfterBridge(aLeg)),
        this.#link.api(say.endAfterBridge(bLeg)),
      ]);
      const hindrance = prepared.map(commanded).find((outcome) => outcome.outcome !== 'done');
      if (hindrance !== undefined || limit.outcome !== 'armed') {
        await this.#withoutBridge(aLeg, bLeg);
        return limit.outcome === 'armed' ? (hindrance ?? unknown) : limit;
      }
      // Both are in the limit's hands from here: a guard would cut the talk if we were replaced right after the bridge.
      const [, , bridged] = await Promise.all([
        this.#tasks.liftGuard(aLeg),
        this.#tasks.liftGuard(bLeg),
        this.#link.api(say.bridge(aLeg, bLeg)),
      ]);
      const outcome = commanded(bridged);
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

  keep(leg: LegUuid, guardSeconds: number): Promise<Commanded> {
    return this.#turns.take([leg], async () => {
      const guarded = await this.#tasks.moveGuard(leg, guardSeconds);
      if (guarded.outcome !== 'done') {
        // The list of guards knows no dead legs: only its own commands find that out.
        return guarded;
      }
      // Whether its park has begun or is about to: the time it would read, or has read, counts no more.
      const replies = await Promise.all([
        this.#link.api(say.forgetParkTimeout(leg)),
        this.#link.api(say.parkAnew(leg)),
      ]);
      const outcome = replies.map(commanded).find((one) => one.outcome !== 'done') ?? done;
      if (outcome.outcome === 'gone') {
        await this.#tasks.liftGuard(leg);
        this.#legs.forget(leg);
      }
      return outcome;
    });
  }

  async legs(): Promise<{ outcome: 'listed'; legs: LegUuid[]; atUs?: bigint } | { outcome: 'unknown' }> {
    const [clock, shown] = await Promise.all([
      this.#link.api(say.microEpoch),
      this.#link.api(say.showChannels),
    ]);
    const list = shown.answered ? readChannels(shown.text) : undefined;
    if (list === undefined) return unknown;
    const { legs, odd } = list;
    // Asked every half minute: said when it changes.
    if (odd !== this.#oddChannels)
      this.#log.info({ switch: this.id, odd }, 'Channels that are not of our making');
    this.#oddChannels = odd;
    const atUs = clockOf(clock);
    return { outcome: 'listed', legs, ...(atUs === undefined ? {} : { atUs }) };
  }

  /** Overtakes everything else ordered for this leg: the cut is exact, and a leg that ends needs no prompt. */
  async hangUp(leg: LegUuid, why: HangUpWhy): Promise<Commanded> {
    const outcome = commanded(await this.#link.api(say.kill(leg, killWords[why])));
    const memory = this.#legs.get(leg);
    if (outcome.outcome === 'gone' && memory?.job !== undefined && !memory.created) {
      // The switch has taken the order to ring but not made the leg yet; told `gone`, it would ring all the same.
      memory.killOnCreation = killWords[why];
      return done;
    }
    return outcome;
  }

  async look(leg: LegUuid): Promise<LegTruth> {
    const exists = await this.#link.api(say.exists(leg));
    if (!exists.answered) return { state: 'unknown' };
    if (exists.text === 'true') {
      const inRoom = await this.#link.api(say.inCardRoom(leg));
      if (!inRoom.answered) return { state: 'unknown' };
      // It lives, and is in no talk; what it keys is in its dump, and its end is told by the room.
      if (inRoom.text === 'true') return { state: 'living', answered: true };
      const dump = await this.#link.api(say.dump(leg));
      if (!dump.answered) return { state: 'unknown' };
      const living = readDump(dump.text);
      if (living !== undefined && (await this.#willTellOfItsEnd(leg, dump.text))) return living;
    }
    const memory = this.#legs.get(leg);
    if (memory?.job !== undefined && !memory.created) return { state: 'unknown' };
    const again = await this.#link.api(say.exists(leg));
    return { state: again.answered && again.text === 'false' ? 'gone' : 'unknown' };
  }

  /**
   * Its events are kept out while somebody keys in secret, its end among them: whoever commands it hears it from here on, if it
   * has not ended before.
   */
  async #willTellOfItsEnd(leg: LegUuid, dump: string): Promise<boolean> {
    if (!isKeyedInSecret(dump) || this.#secrets.has(leg)) return true;
    this.#secrets.begin(leg);
    const exists = await this.#link.api(say.exists(leg));
    if (exists.answered && exists.text === 'true') return true;
    this.#secrets.over(leg);
    return false;
  }

  // --- What the switch tells ------------------------------------------------------------------------------------

  #hear(event: SwitchHeaders): void {
    const leg = legOf(event, 'Unique-ID');
    const name = event.header('Event-Name');
    if (name === 'BACKGROUND_JOB') void this.#jobEnded(event);
    if (leg === undefined) return;
    const memory = this.#legs.get(leg);
    if (name === 'CHANNEL_CREATE' && memory !== undefined) {
      memory.created = true;
      if (memory.killOnCreation !== undefined) void this.#link.api(say.kill(leg, memory.killOnCreation));
    }
    if (name === 'CHANNEL_EXECUTE_COMPLETE') {
      this.#executed(event, memory);
      this.#entries.forgotten(event, leg, memory);
      if (this.#entries.keepsToItself(event, leg, memory) || isOldSpeech(event, memory)) return;
    }
    if (name === 'CHANNEL_HANGUP_COMPLETE') this.#tidy(leg, memory, event);
    const atMusic = name === 'DTMF' && memory?.music?.broken === false;
    const told = switchEvent(event, this.#country) ?? (atMusic ? keyPressed(event, leg) : undefined);
    if (told !== undefined) this.#tell(told);
  }

  #executed(event: SwitchHeaders, memory: LegMemory | undefined): void {
    const by = event.header('Application-UUID') ?? '';
    if (memory?.music !== undefined && by === `music:${String(memory.music.turn)}`) delete memory.music;
    if (event.header('Application-Response') === 'FILE NOT FOUND') {
      this.#log.warn(
        { switch: this.id, file: event.header('Application-Data') },
        'The switch does not find a prompt.',
      );
    }
  }

  // An originate that fails before there is a channel (no such gateway, limits of the switch) is told by its job alone. One
  // whose uuid is already in use fails too, and there the leg lives: telling its end would free a consultant who is talking.
  async #jobEnded(event: SwitchHeaders): Promise<void> {
    const job = event.header('Job-UUID') ?? '';
    const leg = this.#legs.endJob(job);
    if (leg === undefined || this.#legs.get(leg)?.created !== false || event.body().startsWith('+OK')) return;
    const exists = await this.#link.api(say.exists(leg));
    const memory = this.#legs.get(leg);
    if (!exists.answered || exists.text !== 'false' || memory?.created !== false) return;
    const switchCause =
      event
        .body()
        .replace(/^-ERR\s*/, '')
        .trim() || 'NONE';
    this.#tidy(leg, memory, event);
    const endedAtUs = instantUs(event, 'Event-Date-Timestamp') ?? 0n;
    // With this word the switch refuses by itself (too many sessions, too many a second): nobody's number is out of order.
    const cause = switchCause === 'DESTINATION_OUT_OF_ORDER' ? 'congestion' : hangupCause(switchCause);
    this.#tell({ type: 'legEnded', leg, cause, switchCause, endedAtUs });
  }

  /** Nothing of an ended leg stays: not here, and not in the switch's list of tasks. */
  #tidy(leg: LegUuid, memory: LegMemory | undefined, event: SwitchHeaders): void {
    this.#legs.forget(leg);
    this.#secrets.over(leg);
    const answeredUs = instantUs(event, 'variable_answer_uepoch', 'Caller-Channel-Answered-Time');
    this.#tasks.ended(leg, memory, answeredUs !== undefined);
  }

  #tell(event: SwitchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #linkUp(coreUuid: string): void {
    if (this.#coreUuid !== coreUuid) {
      this.#legs.forgetAll();
      this.#secrets.forgetAll();
    }
    this.#coreUuid = coreUuid;
    this.#legs.prune();
    this.#tidying?.cancel();
    this.#tidying = this.#clock.after(tidyAfterLinkUpMs, () => void this.#tasks.tidyLimits());
    this.#tell({ type: 'linkUp', coreUuid });
  }

  #linkDown(): void {
    this.#tidying?.cancel();
    this.#legs.endAllJobs();
    this.#tell({ type: 'linkDown' });
  }

  // --- Parts of commands ------------------------------------------------------------------------------------------

  async #startPrompts(): Promise<void> {
    if (!(await this.#prompts.findEngine())) {
      this.#log.warn(
        { switch: this.id },
        'espeak-ng is not installed: prompts are written as text only, and on a real switch callers hear silence.',
      );
    }
    try {
      await this.#takes.prepare();
      await this.#takes.dropOld();
      await this.#prompts.layOutApology();
    } catch (err) {
      this.#log.warn({ switch: this.id, err }, 'The prompts folder cannot be written.');
    }
  }

  async #render(sentence: Sentence): Promise<Sound> {
    let tooLate = (): void => undefined;
    const late = new Promise<'late'>((resolve) => {
      tooLate = () => resolve('late');
    });
    const timer = this.#clock.after(renderWaitMs, () => tooLate());
    const rendered = await Promise.race([this.#prompts.render(sentence), late]);
    timer.cancel();
    if (rendered !== 'late' && rendered.outcome === 'failed' && !rendered.reason.includes('ENOENT')) {
      this.#log.warn(
        { switch: this.id, key: sentence.key, reason: rendered.reason },
        'A prompt could not be rendered.',
      );
    }
    return this.#prompts.sound(sentence);
  }

  /**
   * Whoever is speaking, for us or for the gateway before us, begins anew. The name of what he says from now on: what he said
   * until here ends too, and must not pass for it.
   */
  async #endSpeech(leg: LegUuid, anew: boolean): Promise<string> {
    const memory = this.#legs.recall(leg);
    const { speech, ours } = memory;
    const turn = randomBytes(8).toString('hex');
    memory.speech = { turn, over: false };
    const mayBeSpeaking = speech === undefined ? ours !== true : !speech.over;
    if (anew || mayBeSpeaking) await this.#link.api(say.breakPlaying(leg, 'all'));
    return turn;
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
    if (memory?.ours !== true && memory?.music === undefined && memory?.lookedForMusic !== true) {
      // A leg of the gateway before us: with music on, our next execute would wait for its end, which never comes.
      if (memory !== undefined) memory.lookedForMusic = true;
      const last = await this.#link.api(say.lastArgument(leg));
      if (last.answered && say.isWaitingSound(last.text)) await this.#link.api(say.breakPlaying(leg, 'all'));
      // What it ordered with its last breath may not have begun, and is found by nobody who looks too soon.
      this.#clock.after(musicStoppedWithinMs, () => {
        if (this.#legs.get(leg)?.music === undefined) void this.#stopMusicThatIsLeft(leg);
      });
    }
    if (memory === undefined) return;
    const { music } = memory;
    if (music === undefined || music.broken) return;
    music.broken = true;
    await this.#link.api(say.breakPlaying(leg, 'all'));
    // The switch forgets a break at the start of an application: music that was just being started plays on, and the next
    // execute waits behind it. So look again, and break only what is music: by now it should be the next execute.
    this.#clock.after(musicStoppedWithinMs, () => {
      if (this.#legs.get(leg)?.music === music) void this.#stopMusicThatIsLeft(leg);
    });
  }

  async #stopMusicThatIsLeft(leg: LegUuid): Promise<void> {
    const last = await this.#link.api(say.lastArgument(leg));
    if (!last.answered || !say.isWaitingSound(last.text)) return;
    await this.#link.api(say.breakPlaying(leg, 'current'));
  }
}

/** What somebody said who was told to begin anew since, by us or by the gateway before us, is no take. */
function isOldSpeech(event: SwitchHeaders, memory: LegMemory | undefined): boolean {
  const [kind, , turn] = (event.header('Application-UUID') ?? '').split(':', 3);
  if (kind !== 'record') return false;
  if (turn === undefined || turn !== memory?.speech?.turn) return true;
  memory.speech.over = true;
  return false;
}
