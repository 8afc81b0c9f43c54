// A simulated FreeSWITCH: the truth about its legs, talks, tasks and records, whatever the gateways believe. It does what a
// real one was seen to do (docs of the fixtures; sandbox/switch-*): originate and park, tasks by the whole second, a bridge
// that A outlives, records on a 20 ms grid. Each command is carried out wholly at one instant. How a gateway reaches it, and
// what of its words is lost on the way, is sim-switch-link's; the people at its legs are sim-leg's.

import type { E164, LegUuid } from '../../src/core/ids.ts';
import type { Cli } from '../../src/core/known-caller.ts';
import type { Commanded, LegToRing, LegTruth, SwitchEvent } from '../../src/flow/ports.ts';
import { hangupCause } from '../../src/telephony/hangup-cause.ts';
import { type GatewayProcess, type Kernel, type Random, Violation } from './kernel.ts';
import { type PostCdr, SimCallRecords } from './sim-call-records.ts';
import { type Doing, type KeyPress, type LegHost, SimLeg, type Told } from './sim-leg.ts';
import type { Behaviour, Role, SimPeople } from './sim-people.ts';
import { SimSwitchLink } from './sim-switch-link.ts';
import { type CallRecord, onGrid, recordBody } from './sim-switch-record.ts';
import { SwitchTasks } from './sim-switch-tasks.ts';
import type { LinkLoss, SimSwitchWire } from './sim-switch-wire.ts';
import { type Talk, Talks } from './sim-talks.ts';

export type { Talk } from './sim-talks.ts';

/** `park_timeout` set on A before the bridge: after the talk nobody stays in silence longer. */
const parkTimeoutMs = 20_000;
/** A call from outside that nobody took: the apology begins by the whole second, and lasts. */
const apologyAfterSeconds = 8n;
const apologyMs = 4_000;
/** From CHANNEL_ANSWER to CHANNEL_PARK. */
const parksAfterMs = 20;

export interface LivingLeg {
  leg: LegUuid;
  number: string;
  /** Guessed from the number, which belongs to one of the people. */
  role: Role | undefined;
  sinceMs: number;
  state: 'trying' | 'ringing' | 'answered';
  /** Somebody dialled it. */
  inbound: boolean;
  bridgedTo?: LegUuid;
}

/** What somebody said into a file. `cut`: it was ended before he ended it. */
export interface Take {
  nth: number;
  state: 'speaking' | 'whole' | 'cut';
  endedAtMs?: number;
}

export interface SimSwitchSettings {
  /** `fs1`. */
  id: string;
  people: SimPeople;
  postCdr: PostCdr;
  /** Two have been joined. */
  onTalk?: () => void;
  /** Its clock is ahead of the gateways' by this much, always. */
  skewMs?: number;
}

export class SimSwitch implements LegHost {
  readonly id: string;
  readonly kernel: Kernel;
  readonly records: SimCallRecords;
  coreUuid = '';
  up = true;
  readonly #random: Random;
  readonly #losses: Random;
  readonly #people: SimPeople;
  readonly #onTalk: (() => void) | undefined;
  readonly #skewUs: bigint;
  #gridPhaseUs = 0n;
  #cores = 0;
  readonly #living = new Map<LegUuid, SimLeg>();
  /** Every leg there ever was, dead ones too; one uuid may have lived twice. */
  readonly #legs: SimLeg[] = [];
  readonly #talks: Talks;
  /** Armed in the switch, whoever commands it. */
  readonly tasks: SwitchTasks;
  /** What lies in the folder of takes, and all that was ever said. */
  readonly #files = new Map<LegUuid, Take>();
  readonly #takes = new Map<LegUuid, Take[]>();
  readonly #links = new Set<SimSwitchWire>();
  /** Gateways that cannot reach it, and until when. */
  readonly #cutUntilMs = new Map<string, number>();
  #refusals: ('command' | 'job')[] = [];
  /** The end of a leg that bears the card room's mark, told to the rooms alone; `atUs` absent: nobody says so. */
  onRoomLegEnded: ((leg: SimLeg, atUs: bigint | undefined) => void) | undefined;

  constructor(kernel: Kernel, { id, people, postCdr, onTalk, skewMs = 0 }: SimSwitchSettings) {
    this.id = id;
    this.kernel = kernel;
    this.#people = people;
    this.#onTalk = onTalk;
    this.#skewUs = BigInt(Math.round(skewMs * 1_000));
    this.#random = kernel.random.fork(id);
    this.#losses = kernel.random.fork(`${id}/losses`);
    this.records = new SimCallRecords(kernel, id, postCdr);
    this.tasks = new SwitchTasks(this, ({ leg, cause }) => this.#killed(leg, cause));
    this.#talks = new Talks(this.tasks);
    this.#newCore();
  }

  // --- For the house: one port for each process --------------------------------------------------------------------

  /** This process's event socket to this switch, not started. */
  linkOf(process: GatewayProcess): SimSwitchLink {
    const link = new SimSwitchLink(process, this);
    this.#links.add(link.wire);
    return link;
  }

  // --- For the scenario: what goes wrong ---------------------------------------------------------------------------

  /** The event socket of this gateway (absent: of every one) is cut for so long. `how` absent: as chance has it. */
  loseLink(gateway: string | undefined, forMs: number, how: LinkLoss = this.#drawnLoss()): void {
    const untilMs = this.kernel.nowMs + forMs;
    const cut = [...this.#links].filter((link) => link.alive && (gateway ?? link.gateway) === link.gateway);
    for (const name of gateway === undefined ? cut.map((link) => link.gateway) : [gateway]) {
      this.#cutUntilMs.set(name, Math.max(untilMs, this.#cutUntilMs.get(name) ?? 0));
    }
    this.kernel.trace(
      `${this.id}  link of ${gateway ?? 'all'} cut for ${String(forMs)} ms ${JSON.stringify(how)}`,
    );
    for (const link of cut) link.cut(how);
    this.kernel.at(forMs, `${this.id} reachable`, () => this.#welcome());
  }

  #drawnLoss(): LinkLoss {
    const halfOpen = this.#losses.chance(0.4) ? this.#losses.pick(['silent', 'one_way'] as const) : undefined;
    return {
      events: this.#losses.pick(['lost', 'lost', 'late', 'doubled']),
      ...(halfOpen !== undefined && { halfOpen }),
    };
  }

  /** It dies: no leg, no task, no record of what lived, nobody told. Another core begins after so long. */
  crash(downMs: number): void {
    if (!this.up) return;
    this.kernel.trace(`${this.id}  crashes`);
    for (const leg of [...this.#living.values()]) this.#end(leg, 'CRASH', 'unheard');
    this.#goDown(downMs);
  }

  /** A clean stop: legs are hung up, which may be told; records nobody posts any more are lost with those under way. */
  stopCleanlyLosingCdrs(downMs: number, { tellEnds = this.#random.chance(0.5) } = {}): void {
    if (!this.up) return;
    this.kernel.trace(`${this.id}  stops`);
    for (const leg of [...this.#living.values()])
      this.#end(leg, 'SYSTEM_SHUTDOWN', tellEnds ? 'unrecorded' : 'unheard');
    this.#goDown(downMs);
  }

  /** The next so many originates come to nothing: `-ERR` at once, or a job that fails before there is a channel. */
  refuseOriginates(count: number, how: 'command' | 'job' = 'job'): void {
    this.#refusals.push(...Array.from({ length: count }, () => how));
  }

  /**
   * Somebody calls a number of ours: rings, parked and under the apology's task, from now on. What he does then (keys, when he
   * hangs up) is his behaviour's. `undefined`: the switch is down, or he is in a call.
   */
  dial(number: string, cli: Cli, ddi: E164, given?: Behaviour): LegUuid | undefined {
    const engaged = [...this.#living.values()].some(
      (one) => one.number === number && one.state === 'answered',
    );
    if (!this.up || engaged) return undefined;
    const uuid = this.#newUuid(`call/${String(this.#legs.length)}`) as LegUuid;
    const atUs = this.#stamp();
    const behaviour = given ?? this.#people.takes(number);
    const leg = new SimLeg(this, uuid, number, this.#people.roleOf(number), this.coreUuid, atUs, behaviour);
    const dueUs = (this.nowUs / 1_000_000n + apologyAfterSeconds) * 1_000_000n;
    const inMs = Number(dueUs - this.nowUs) / 1_000 + this.#random.int(0, 100);
    const apology = leg.after(inMs, 'apology to', () => this.#apologize(leg));
    const parked = { leg: uuid, cli, ddi, atUs };
    leg.inbound = { ...parked, apology, apologizing: false };
    leg.state = 'ringing';
    this.#legs.push(leg);
    this.#living.set(uuid, leg);
    this.kernel.trace(`${this.id}  ${leg.name} calls ${ddi}`);
    this.tell({ type: 'legParked', ...parked });
    leg.moment('rung');
    return uuid;
  }

  #apologize(leg: SimLeg): void {
    this.kernel.trace(`${this.id}  ${leg.name} hears the apology`);
    leg.breakAll();
    if (leg.inbound) {
      leg.inbound.apologizing = true;
      delete leg.inbound.apology;
    }
    leg.after(apologyMs, 'apology over for', () => this.#end(leg, 'NORMAL_TEMPORARY_FAILURE'));
  }

  // --- For the invariants: the truth -------------------------------------------------------------------------------

  talks(): readonly Talk[] {
    return this.#talks.all();
  }

  livingLegs(): LivingLeg[] {
    return [...this.#living.values()].map((leg) => ({
      leg: leg.uuid,
      number: leg.number,
      role: leg.role,
      sinceMs: leg.createdAtMs,
      inbound: leg.inbound !== undefined,
      state: leg.state === 'ended' ? 'trying' : leg.state,
      ...(leg.bridgedTo && { bridgedTo: leg.bridgedTo.uuid }),
    }));
  }

  /** All that ever rang, in order: a uuid that stands here twice was rung twice. */
  legsEver(): {
    leg: LegUuid;
    number: string;
    role: Role | undefined;
    sinceMs: number;
    /** Somebody dialled it. */
    inbound: boolean;
    endedMs?: number;
    cause?: string;
  }[] {
    return this.#legs.map((leg) => ({
      leg: leg.uuid,
      number: leg.number,
      role: leg.role,
      sinceMs: leg.createdAtMs,
      inbound: leg.inbound !== undefined,
      ...(leg.endedAtMs !== undefined && { endedMs: leg.endedAtMs }),
      ...(leg.cause !== undefined && { cause: leg.cause }),
    }));
  }

  /** In the order they were pressed, on every leg that had this uuid. */
  keysPressed(leg: LegUuid): readonly KeyPress[] {
    return this.#legs.filter((one) => one.uuid === leg).flatMap((one) => one.keys);
  }

  /** Numbers keyed on this leg, in their order. */
  numbersEntered(leg: LegUuid): readonly string[] {
    return this.#legs.filter((one) => one.uuid === leg).flatMap((one) => one.entered);
  }

  /** What was asked on this leg, and keyed to it. */
  toldOn(leg: LegUuid): readonly Told[] {
    return this.#legs.filter((one) => one.uuid === leg).flatMap((one) => one.told);
  }

  /** All that was ever said under this name, in its order. */
  takesOf(take: LegUuid): readonly Take[] {
    return this.#takes.get(take) ?? [];
  }

  /** The last talk of this leg. */
  talkOf(leg: LegUuid): Talk | undefined {
    return this.#talks.of(leg);
  }

  /** Whoever could have taken away by now what was armed for the talks of these has not: it would cut what A does by then. */
  nothingIsLeftOf(isOver: (leg: { uuid: LegUuid; endedAtMs: number }) => boolean): void {
    for (const { group, of } of this.tasks.all()) {
      const leg = group === 'guard' ? undefined : this.#legs.findLast((one) => one.uuid === of);
      if (leg?.endedAtMs !== undefined && isOver({ uuid: leg.uuid, endedAtMs: leg.endedAtMs }))
        this.kernel.fail(new Violation(`armed for a talk that is over: ${group} of ${of}`));
    }
  }

  cdrs(): readonly CallRecord[] {
    return this.records.all();
  }

  /** Its own clock, microseconds since 1970. */
  get nowUs(): bigint {
    return this.kernel.nowUs + this.#skewUs;
  }

  // --- Commands, each carried out at one instant -------------------------------------------------------------------

  reaches(gateway: string): boolean {
    return this.up && (this.#cutUntilMs.get(gateway) ?? 0) <= this.kernel.nowMs;
  }

  exists(leg: LegUuid): boolean {
    return this.#living.has(leg);
  }

  /** `failed`: the job has come to nothing, with this word of the switch, before there was a channel. */
  originate(order: LegToRing, failed: (cause: string) => void): Commanded {
    const refusal = this.#refusals.shift();
    if (refusal === 'command') return { outcome: 'refused', reason: 'USER_NOT_REGISTERED' };
    const core = this.coreUuid;
    this.kernel.at(this.#random.int(2, 40), `${this.id} creates`, () => {
      if (core !== this.coreUuid || !this.up) return;
      if (refusal === 'job') {
        failed('NORMAL_CIRCUIT_CONGESTION');
        return;
      }
      if (this.#living.has(order.leg)) {
        failed('DESTINATION_OUT_OF_ORDER');
        return;
      }
      this.#create(order);
    });
    return { outcome: 'done' };
  }

  /** A leg of a call from outside. */
  inboundLeg(leg: LegUuid): SimLeg | undefined {
    const found = this.#living.get(leg);
    return found?.inbound && found;
  }

  inboundLegs(): SimLeg[] {
    return [...this.#living.values()].filter((leg) => leg.inbound);
  }

  answerInbound(leg: LegUuid): Commanded {
    const found = this.#living.get(leg);
    if (!found) return { outcome: 'gone' };
    if (found.state === 'answered') return { outcome: 'done' };
    found.state = 'answered';
    found.answeredUs = this.#stamp();
    this.kernel.trace(`${this.id}  ${found.name} is answered`);
    this.tell({ type: 'legAnswered', leg, atUs: found.answeredUs });
    found.moment('answered');
    return { outcome: 'done' };
  }

  // --- The card room: its mark, and what comes of it -------------------------------------------------------------

  /** `undefined`: it does not live any more. */
  enterCardRoom(leg: LegUuid): SimLeg | undefined {
    const found = this.#living.get(leg);
    if (found?.bridgedTo) this.kernel.fail(new Violation(`a card is asked for in mid-talk: ${leg}`));
    found?.enterCardRoom();
    return found;
  }

  leaveCardRoom(leg: SimLeg): void {
    if (leg.living) leg.leaveCardRoom();
    this.kernel.changed();
  }

  /** By a gateway, where no room is at it. */
  takeFromCardRoom(leg: LegUuid): Commanded {
    const found = this.#living.get(leg);
    if (!found) return { outcome: 'gone' };
    if (found.cardEntry)
      this.kernel.fail(new Violation(`a leg is taken from a card room that is at it: ${leg}`));
    if (found.inCardRoom) this.leaveCardRoom(found);
    return { outcome: 'done' };
  }

  legsInCardRoom(): SimLeg[] {
    return [...this.#living.values()].filter(({ inCardRoom }) => inCardRoom);
  }

  /** Every leg somebody dialled, dead ones too. */
  dialledLegs(): readonly SimLeg[] {
    return this.#legs.filter(({ inbound }) => inbound !== undefined);
  }

  endEntry(leg: LegUuid): void {
    this.#living.get(leg)?.endEntry();
  }

  execute(leg: LegUuid, what: Doing): Commanded {
    const found = this.#living.get(leg);
    if (!found) return { outcome: 'gone' };
    found.execute(what);
    return { outcome: 'done' };
  }

  stopMusic(leg: LegUuid): void {
    this.#living.get(leg)?.stopMusic();
  }

  breakAll(leg: LegUuid): void {
    this.#living.get(leg)?.breakAll();
  }

  // --- Takes: files in a folder the gateways share -------------------------------------------------------------------

  speaks(take: LegUuid): void {
    const ever = this.#takes.get(take) ?? [];
    const one: Take = { nth: ever.length + 1, state: 'speaking' };
    this.#takes.set(take, [...ever, one]);
    this.#files.set(take, one);
  }

  hasSpoken(take: LegUuid, whole: boolean): void {
    const one = this.#takes.get(take)?.at(-1);
    if (one?.state !== 'speaking') return;
    one.state = whole ? 'whole' : 'cut';
    one.endedAtMs = this.kernel.nowMs;
  }

  playTake(leg: LegUuid, request: string, take: LegUuid): Commanded {
    const file = this.#files.get(take);
    // Asked of a leg behind what it does now: a take may be ready by then, but who orders it believes that it is.
    if (file && file.state !== 'whole')
      this.kernel.fail(new Violation(`a take that is not whole is played: ${take} ${file.state}`));
    return this.execute(leg, { kind: 'play', request, sentenceMs: 3_000 });
  }

  readTake(take: LegUuid): Buffer | undefined {
    const file = this.#files.get(take);
    return file && Buffer.from(`${this.id} ${take} ${String(file.nth)}`);
  }

  dropTake(take: LegUuid): void {
    this.#files.delete(take);
  }

  announce(leg: LegUuid, sentenceMs: number): Commanded {
    const found = this.#living.get(leg);
    if (!found) return { outcome: 'gone' };
    found.hearAnnouncement(sentenceMs);
    return { outcome: 'done' };
  }

  /** A parks after the bridge, B ends with it. */
  prepareBridge(aLeg: LegUuid, bLeg: LegUuid): Commanded {
    const a = this.#living.get(aLeg);
    const b = this.#living.get(bLeg);
    if (a) {
      a.parkAfterBridge = true;
      a.kept = false;
    }
    if (b) b.parkAfterBridge = false;
    return a && b ? { outcome: 'done' } : { outcome: 'gone' };
  }

  /** It parks anew: that ends a talk it is in. */
  keep(leg: LegUuid): Commanded {
    const found = this.#living.get(leg);
    if (!found) return { outcome: 'gone' };
    if (found.bridgedTo) this.kernel.fail(new Violation(`a leg is parked in mid-talk: ${leg}`));
    found.kept = true;
    found.parkTimeout?.cancel();
    found.breakAll();
    return { outcome: 'done' };
  }

  bridge(aLeg: LegUuid, bLeg: LegUuid): Commanded {
    const a = this.#living.get(aLeg);
    const b = this.#living.get(bLeg);
    if (!a || !b || a === b || a.state !== 'answered' || b.state !== 'answered') return { outcome: 'gone' };
    // A second bridge of two who talk parts them first, as uuid_bridge does.
    for (const one of [a, b]) {
      if (!one.bridgedTo) continue;
      this.#talks.commandedAway(one.uuid);
      this.#part(one.bridgedTo, one, 'NORMAL_CLEARING', this.#stamp());
    }
    const atUs = this.#stamp();
    a.joined(b, 'a', atUs);
    b.joined(a, 'b', atUs);
    this.#talks.begin(aLeg, bLeg, atUs);
    this.kernel.trace(`${this.id}  ${a.name} and ${b.name} talk`);
    this.tell({ type: 'legsBridged', aLeg, bLeg, atUs });
    this.#onTalk?.();
    return { outcome: 'done' };
  }

  kill(leg: LegUuid, cause: string): Commanded {
    this.#talks.commandedAway(leg);
    return this.#killed(leg, cause);
  }

  #killed(leg: LegUuid, cause: string): Commanded {
    const found = this.#living.get(leg);
    if (!found) return { outcome: 'gone' };
    this.#end(found, cause);
    return { outcome: 'done' };
  }

  dump(leg: LegUuid): LegTruth | undefined {
    const found = this.#living.get(leg);
    if (!found) return undefined;
    const { bridgedUs, bridgedTo, state } = found;
    // A dump would show what is keyed: it is not made (telephony/freeswitch).
    if (found.inCardRoom) return { state: 'living', answered: true };
    return {
      state: 'living',
      answered: state === 'answered',
      ...(bridgedUs !== undefined && { bridgedAtUs: bridgedUs }),
      ...(bridgedTo && { bridgedTo: bridgedTo.uuid }),
    };
  }

  /** `show channels`: as it was a moment ago, and when the list lags, seconds ago. */
  list(): LegUuid[] {
    const lagMs = this.kernel.happens('list_lags') ? this.#random.int(200, 5_000) : 0;
    const atMs = this.kernel.nowMs - lagMs;
    const listed = this.#legs.filter(
      (leg) =>
        leg.coreUuid === this.coreUuid &&
        leg.createdAtMs <= atMs &&
        (leg.endedAtMs === undefined || leg.endedAtMs > atMs),
    );
    return [...new Set(listed.map((leg) => leg.uuid))];
  }

  // --- What happens by itself --------------------------------------------------------------------------------------

  tell(event: SwitchEvent): void {
    // Every link has a filter against the card room's mark.
    const leg = 'leg' in event ? this.#legs.findLast(({ uuid }) => uuid === event.leg) : undefined;
    if (leg?.inCardRoom === true) {
      this.kernel.changed();
      return;
    }
    for (const link of this.#links) link.say(event);
    this.kernel.changed();
  }

  personLeaves(leg: SimLeg, cause: 'NORMAL_CLEARING' | 'MEDIA_TIMEOUT'): void {
    leg.left = true;
    const unanswered = leg.inbound ? 'ORIGINATOR_CANCEL' : 'CALL_REJECTED';
    this.#end(leg, leg.state === 'answered' || cause === 'MEDIA_TIMEOUT' ? cause : unanswered);
  }

  #create({ leg: uuid, to, ringSeconds }: LegToRing): void {
    // Whoever talks already is engaged; a second call may ring beside a first that rings.
    const engaged = [...this.#living.values()].some((one) => one.number === to && one.state === 'answered');
    const behaviour = this.#people.takes(to);
    const leg = new SimLeg(this, uuid, to, this.#people.roleOf(to), this.coreUuid, this.#stamp(), behaviour);
    this.#legs.push(leg);
    this.#living.set(uuid, leg);
    this.kernel.trace(`${this.id}  rings ${leg.name}`);
    for (const link of this.#links) link.say({ type: 'created', leg: uuid });
    this.kernel.changed();
    if (engaged || behaviour.rung === 'busy') {
      leg.after(this.#random.int(50, 600), 'busy', () => this.#end(leg, 'USER_BUSY'));
      return;
    }
    if (behaviour.rung === 'unreachable') {
      leg.after(behaviour.afterMs, 'unreachable', () => this.#end(leg, 'UNALLOCATED_NUMBER'));
      return;
    }
    leg.after(this.#random.int(30, 200), 'rings', () => {
      leg.state = 'ringing';
      this.tell({ type: 'legRinging', leg: uuid });
      leg.moment('rung');
      const { rung, afterMs } = behaviour;
      if (rung === 'rejects') leg.after(afterMs, 'rejects', () => this.#end(leg, 'CALL_REJECTED'));
      if (rung === 'answers' || rung === 'voicemail') leg.after(afterMs, 'answers', () => this.#answer(leg));
    });
    leg.after(ringSeconds * 1_000, 'rings no longer', () => {
      if (leg.state !== 'answered') this.#end(leg, 'NO_ANSWER');
    });
  }

  #answer(leg: SimLeg): void {
    const atUs = this.#stamp();
    leg.state = 'answered';
    leg.answeredUs = atUs;
    this.kernel.trace(`${this.id}  ${leg.name} answers`);
    leg.moment('answered');
    leg.after(parksAfterMs, 'parks', () => {
      this.tell({ type: 'legAnswered', leg: leg.uuid, atUs });
      leg.next();
    });
  }

  /** `unrecorded`: told, but its record is lost. `unheard`: neither. */
  #end(leg: SimLeg, cause: string, how: 'ordinary' | 'unrecorded' | 'unheard' = 'ordinary'): void {
    if (!leg.living) return;
    const atUs = this.#stamp();
    const other = leg.bridgedTo;
    leg.end(cause, atUs);
    if (this.#living.get(leg.uuid) === leg) this.#living.delete(leg.uuid);
    this.kernel.trace(`${this.id}  ${leg.name} ends: ${cause}`);
    const { answeredUs, bridgedUs } = leg;
    if (how === 'unheard') this.#part(other, leg, cause, atUs, 'unheard');
    else if (leg.side === 'a') this.#part(other, leg, cause, atUs);
    if (how !== 'unheard') {
      this.tell({
        type: 'legEnded',
        leg: leg.uuid,
        cause: hangupCause(cause),
        switchCause: cause,
        ...(answeredUs !== undefined && { answeredAtUs: answeredUs }),
        ...(bridgedUs !== undefined && { bridgedAtUs: bridgedUs }),
        endedAtUs: atUs,
        ...(leg.otherCause !== undefined && { otherCause: hangupCause(leg.otherCause) }),
      });
    }
    if (how !== 'unheard' && leg.side !== 'a') this.#part(other, leg, cause, atUs);
    const body = recordBody({
      ...(leg.inbound && { inbound: true }),
      ...{ leg: leg.uuid, number: leg.number, coreUuid: leg.coreUuid, createdUs: leg.createdUs, cause },
      ...{ answeredUs, bridgedUs, bridgedTo: leg.lastBridgedTo, endedUs: atUs },
    });
    if (leg.inCardRoom) this.onRoomLegEnded?.(leg, how === 'unheard' ? undefined : atUs);
    // In the card room it has none (process_cdr).
    if (how === 'ordinary' && !leg.inCardRoom) this.records.write(leg.uuid, body, atUs);
    else this.records.lose(leg.uuid, body, atUs);
    this.kernel.changed();
  }

  /** `gone` left the talk. The truth ends here; A notices when the sentence it hears is over, B a moment later. */
  #part(stays: SimLeg | undefined, gone: SimLeg, cause: string, atUs: bigint, how?: 'unheard'): void {
    gone.bridgedTo = undefined;
    if (!stays) return;
    stays.bridgedTo = undefined;
    stays.otherCause = cause;
    const [a, b] = gone.side === 'a' ? [gone, stays] : [stays, gone];
    this.#talks.end(a.uuid, cause, atUs);
    if (how === 'unheard') return;
    const unbridged = (): void =>
      this.tell({
        type: 'legsUnbridged',
        aLeg: a.uuid,
        bLeg: b.uuid,
        atUs: this.#stamp(),
        left: { leg: gone.uuid, cause: hangupCause(cause) },
      });
    if (gone === a) {
      unbridged();
      stays.after(this.#random.pick([0, 0, 20]), 'ends with A:', () => this.#end(stays, 'NORMAL_CLEARING'));
      return;
    }
    const noticesInMs = Math.max(0, Math.min(stays.announcingUntilMs - this.kernel.nowMs, 1_700));
    stays.after(noticesInMs, 'is alone:', () => {
      unbridged();
      if (!stays.parkAfterBridge) {
        this.#end(stays, 'NORMAL_CLEARING');
        return;
      }
      stays.moment('parted');
      if (!stays.kept)
        stays.parkTimeout = stays.after(parkTimeoutMs, 'park timeout of', () =>
          this.#end(stays, 'NORMAL_CLEARING'),
        );
      stays.next();
    });
  }

  #goDown(downMs: number): void {
    this.up = false;
    this.records.forgetPosts();
    this.tasks.clear();
    for (const link of this.#links) link.cut({});
    this.kernel.at(downMs, `${this.id} starts`, () => {
      this.up = true;
      this.#newCore();
      this.kernel.trace(`${this.id}  has started anew`);
      this.#welcome();
    });
  }

  #welcome(): void {
    for (const link of this.#links) {
      if (!link.alive) this.#links.delete(link);
      else link.mayConnect();
    }
  }

  #newCore(): void {
    this.#cores += 1;
    this.coreUuid = this.#newUuid(`core/${String(this.#cores)}`);
    this.#gridPhaseUs = BigInt(this.#random.int(0, 19_999));
  }

  #newUuid(what: string): string {
    const hex = this.kernel.random.fork(`${this.id}/${what}`).hex(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #stamp(): bigint {
    return onGrid(this.nowUs, this.#gridPhaseUs);
  }
}
