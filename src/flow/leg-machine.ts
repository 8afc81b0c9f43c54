// One leg of somebody who dialled us, going through a machine of ours: what the switch tells of it goes to a rule, the rule's answer
// is written down under the lease, then done. Every state is a row before anything follows from it, so that whoever takes the switch
// over goes on from there. Which machine it is comes in from outside: a scenario (run-scenario), the consultants' service
// (serve-consultant). Which legs there are is leg-desk's.

import type { Language, LegUuid } from '../core/ids.ts';
import type { Sentence } from '../core/prompt.ts';
import type { Tx } from '../store/database.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import type { House } from './house.ts';
import type { Commanded, Switch, SwitchEvent, Timer } from './ports.ts';

/** Whoever commands the switch. */
export interface LegSide {
  readonly house: House;
  readonly switch: Switch;
  /** The number every write is made under; `undefined` while the switch is not ours. */
  lease(): bigint | undefined;
  mayBegin(): boolean;
}

export interface KeptLeg {
  merchantId: string;
  version: number;
}

/** What a machine does with its leg. `Kept`: its state as it is written down. */
export interface Machine<Kept extends KeptLeg, Event, Command> {
  /** For the log: `a scenario`. */
  name: string;
  legOf(kept: Kept): LegUuid;
  idOf(kept: Kept): string;
  languageOf(kept: Kept): Language;
  isOver(kept: Kept): boolean;
  /**
   * What its leg needs before anything is done, by us or by whoever takes it over. Repeating it is harmless. `gone`: it is to be
   * taken for one that has ended.
   */
  ready?: (kept: Kept) => Promise<Commanded>;
  /** The same `kept`: the event means nothing now. */
  step(kept: Kept, event: Event): Stepped<Kept, Command>;
  resume(kept: Kept): Stepped<Kept, Command>;
  /**
   * What is to be done now that it is written, with what was read for it on the same journey: everything is asked at once, and the
   * commit travels with it. `false`: the call, or the lease, has moved on, and nothing was written.
   */
  save(
    tx: Tx,
    before: Kept,
    stepped: Stepped<Kept, Command>,
    at: Date,
    lease: bigint,
  ): Promise<readonly Command[] | false>;
  /** Of the question that is open, whoever asks it: what answers an older one is nothing. */
  requestOf(kept: Kept): string;
  /** What is written with this step hangs on what is read in its transaction: it is not sent in one go with its commit. */
  readsToSave?: (stepped: Stepped<Kept, Command>) => boolean;
  /** `asked`: by what the switch was asked last, this time. */
  translate(event: SwitchEvent, kept: Kept, asked: string): Event | undefined;
  /** The leg does not live any more, and how it ended nobody heard. */
  gone: Event;
  isEnd(event: Event): boolean;
  /**
   * It is gone, and how it ended nobody heard: what there is to be told of it, where more than `gone` can be found out.
   * `undefined`: not yet; `looks`: how often it was looked for before.
   */
  unheard?: (kept: Kept, looks: number) => Promise<readonly Event[] | undefined>;
  /** What is to be known of an end before it is taken: what he was saying may have to be kept. */
  endOf?: (event: Event, kept: Kept) => Promise<Event>;
  /** What a gateway that may have been replaced must leave to the next one. Ending is always allowed. */
  begins(command: Command, kept: Kept): boolean;
  /** What it came to is told at once, or by `hands.tell` when it is known. */
  act(command: Command, hands: Hands<Kept, Event>): Promise<Event | undefined>;
}

export interface Stepped<Kept, Command> {
  kept: Kept;
  commands: readonly Command[];
  /** For whoever follows the call: one line each. */
  facts?: readonly unknown[];
}

/** What a command has at hand. */
export interface Hands<Kept, Event> {
  kept: Kept;
  /** Of what the switch is asked by this command, this time: another gateway asks the same by another. */
  request: string;
  /** Done once more: what the switch is still at from before is broken off. */
  anew: boolean;
  /** Taken behind what is under way, unless by then something else is asked. */
  tell(event: Event): void;
  /** Not waited for: he may hang up meanwhile. What it comes to is told; `failed` where it throws. */
  meanwhile(work: () => Promise<Event | undefined>, failed: Event): void;
  /** Done so much later, unless by then something else is asked. */
  later(afterMs: number, act: () => Promise<void> | void): void;
  /** Called once, when something else is asked, the leg is gone or another cares for it. */
  whenStopped(act: () => void): void;
  /** Whether this is asked still. */
  isAsked(): boolean;
  /** Whoever may have been replaced begins nothing more of it: it is done again when the lease is renewed. */
  mayBegin(): boolean;
  /** The switch was asked for something that is waited for: where it would not, nobody waits. */
  ordered(done: Commanded): Promise<undefined>;
}

/** What a leg that is cared for here can be told, whatever machine it goes through. */
export interface CaredLeg {
  readonly leg: LegUuid;
  readonly id: string;
  readonly merchantId: string;
  hear(event: SwitchEvent): void;
  adopt(resumes: boolean): Promise<void>;
  recordCame(): void;
  goOn(): void;
  idle(): Promise<void>;
  stop(): void;
}

/** The end that was heard is told first; a record that could not be posted is found in the spool within seconds. */
const lookAgainMs = 1_000;

/** Two of the same leg are told apart, and that is all. */
function turnOf({ ids }: House): string {
  return ids.legUuid().slice(0, 8);
}

export class MachineLeg<Kept extends KeptLeg, Event, Command> implements CaredLeg {
  readonly #machine: Machine<Kept, Event, Command>;
  readonly #side: LegSide;
  readonly #forgotten: () => void;
  readonly #timers = new Set<Timer>();
  /** It is gone, and its record is waited for. */
  #looking: Timer | undefined;
  /** By what was asked: to be called when that is asked no more. */
  #watches: { request: string; stop: () => void }[] = [];
  #looks = 0;
  #stopped = false;
  /** Tells what we have asked the switch from what was asked before us, or before the link was lost. */
  #turn: string;
  #kept: Kept;
  /** One thing at a time happens to a call: each waits for the one before. */
  #queue: Promise<void> = Promise.resolve();
  /** Outside the switch: what these come to is told whatever happens to the link. */
  #underWay = 0;
  /** Something was to be begun and might not be: it is begun when the lease is renewed. */
  #stalled = false;
  /** What happens cannot be written: he hears an apology, and nothing else is done. */
  #lost = false;

  constructor(machine: Machine<Kept, Event, Command>, side: LegSide, kept: Kept, forgotten: () => void) {
    this.#machine = machine;
    this.#side = side;
    this.#kept = kept;
    this.#forgotten = forgotten;
    this.#turn = turnOf(side.house);
  }

  get leg(): LegUuid {
    return this.#machine.legOf(this.#kept);
  }

  get id(): string {
    return this.#machine.idOf(this.#kept);
  }

  get merchantId(): string {
    return this.#kept.merchantId;
  }

  // Nothing below throws for what the world does.

  /** Its row was just written. */
  begin(arrived: Event): void {
    void this.#enqueue(async () => this.#take((await this.#ready()) ? arrived : this.#machine.gone));
  }

  tell(event: Event): void {
    void this.#enqueue(() => this.#take(event));
  }

  hear(event: SwitchEvent): void {
    if (this.#lost && event.type === 'played') {
      void this.#enqueue(async () => {
        await this.#side.switch.hangUp(this.leg, 'normal');
      });
      return;
    }
    const told = this.#machine.translate(event, this.#kept, this.#asked);
    if (told !== undefined) this.tell(told);
  }

  /** Its leg is looked at; `resumes`: what was to be done is done again, where nothing of ours is under way. */
  adopt(resumes: boolean): Promise<void> {
    return this.#enqueue(async () => {
      const truth = await this.#side.switch.look(this.leg);
      if (truth.state === 'unknown') return;
      if (truth.state === 'gone') {
        const { unheard } = this.#machine;
        const told = unheard ? await unheard(this.#kept, this.#looks) : [this.#machine.gone];
        if (told === undefined) {
          this.#looks += 1;
          this.#lookAgain();
          return;
        }
        for (const event of told) await this.#take(event);
      }
      if (!resumes || this.#underWay > 0) return;
      if (await this.#ready()) await this.#resume();
      else await this.#take(this.#machine.gone);
    });
  }

  /** `false`: it does not live any more. */
  async #ready(): Promise<boolean> {
    const { ready } = this.#machine;
    if (!ready || this.#machine.isOver(this.#kept)) return true;
    return (await ready(this.#kept)).outcome !== 'gone';
  }

  /** The switch's record of its leg has come: an end nobody heard is found by that. */
  recordCame(): void {
    if (this.#machine.unheard) this.#lookAgain();
  }

  #lookAgain(): void {
    const { clock } = this.#side.house;
    this.#looking?.cancel();
    if (!this.#stopped) this.#looking = clock.after(lookAgainMs, () => void this.adopt(false));
  }

  /** The lease is renewed. */
  goOn(): void {
    if (!this.#stalled) return;
    void this.#enqueue(async () => {
      if (!this.#stalled || !this.#side.mayBegin()) return;
      this.#stalled = false;
      await this.#resume();
    });
  }

  async idle(): Promise<void> {
    await this.#queue;
  }

  /** Nothing of it is done from here on. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#looking?.cancel();
    this.#endWatches();
  }

  /** As the answer to this question of the machine's; to an older one it means nothing. */
  answer(request: string, event: Event): void {
    void this.#enqueue(async () => {
      if (this.#machine.requestOf(this.#kept) === request) await this.#take(event);
    });
  }

  /** `but`: what is asked now. */
  #endWatches(but?: string): void {
    const ended = this.#watches.filter(({ request }) => request !== but);
    this.#watches = this.#watches.filter(({ request }) => request === but);
    for (const { stop } of ended) stop();
  }

  #forget(): void {
    this.stop();
    this.#forgotten();
  }

  get #asked(): string {
    return `${this.#machine.requestOf(this.#kept)}-${this.#turn}`;
  }

  async #resume(): Promise<void> {
    if (this.#lost || this.#machine.isOver(this.#kept)) return;
    this.#turn = turnOf(this.#side.house);
    await this.#follow(this.#machine.resume(this.#kept), true);
  }

  #enqueue(act: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue
      .then(() => (this.#stopped ? undefined : act()))
      .catch((error: unknown) => this.#failed(error));
    return this.#queue;
  }

  async #take(event: Event): Promise<void> {
    if (this.#lost) {
      // Its row is as it was last written: the next look of whoever commands the switch goes on from there.
      if (this.#machine.isEnd(event)) this.#forget();
      return;
    }
    const { endOf } = this.#machine;
    const whole = endOf && this.#machine.isEnd(event) ? await endOf(event, this.#kept) : event;
    await this.#follow(this.#machine.step(this.#kept, whole));
  }

  async #follow(stepped: Stepped<Kept, Command>, anew = false): Promise<void> {
    const before = this.#kept;
    let { commands } = stepped;
    if (stepped.kept !== before) {
      const lease = this.#side.lease();
      const { db, clock } = this.#side.house;
      const at = clock.now();
      const written =
        lease !== undefined &&
        (await db[this.#machine.readsToSave?.(stepped) === true ? 'asMerchant' : 'atOnce'](
          before.merchantId,
          (tx) => this.#machine.save(tx, before, stepped, at, lease),
        ));
      if (written === false) {
        this.#forget();
        return;
      }
      commands = written;
      this.#kept = { ...stepped.kept, version: before.version + 1 };
      this.#endWatches(this.#machine.requestOf(this.#kept));
    }
    for (const command of commands) await this.#do(command, anew);
    if (this.#machine.isOver(this.#kept)) this.#forget();
  }

  async #do(command: Command, anew: boolean): Promise<void> {
    if (this.#machine.begins(command, this.#kept) && !this.#side.mayBegin()) {
      this.#stalled = true;
      return;
    }
    const request = this.#machine.requestOf(this.#kept);
    const came = await this.#machine.act(command, {
      kept: this.#kept,
      request: this.#asked,
      anew,
      tell: (event) => this.answer(request, event),
      whenStopped: (stop) => {
        if (this.#stopped) stop();
        else this.#watches.push({ request, stop });
      },
      isAsked: () => !this.#stopped && this.#machine.requestOf(this.#kept) === request,
      meanwhile: (work, failed) => {
        this.#underWay += 1;
        void work()
          .finally(() => (this.#underWay -= 1))
          .catch((error: unknown) => {
            this.#complain(error);
            return failed;
          })
          .then((event) => {
            if (event !== undefined) this.answer(request, event);
          });
      },
      later: (afterMs, act) => {
        const timer = this.#side.house.clock.after(afterMs, () => {
          this.#timers.delete(timer);
          void this.#enqueue(async () => {
            if (this.#machine.requestOf(this.#kept) === request) await act();
          });
        });
        this.#timers.add(timer);
      },
      mayBegin: () => {
        const may = this.#side.mayBegin();
        if (!may) this.#stalled = true;
        return may;
      },
      ordered: (done) => this.#ordered(done),
    });
    if (came !== undefined) await this.#take(came);
  }

  /** `unknown` may have been done; else the guard ends it. */
  async #ordered(done: Commanded): Promise<undefined> {
    if (done.outcome === 'gone') this.tell(this.#machine.gone);
    if (done.outcome !== 'refused') return;
    this.#side.house.log.warn(
      { id: this.id, reason: done.reason },
      `The switch refused a step of ${this.#machine.name}`,
    );
    await this.#side.switch.hangUp(this.leg, 'stopped');
  }

  /** A step that failed: by the database, or by a bug. Nobody is left in silence, and nothing is done by halves. */
  async #failed(error: unknown): Promise<void> {
    const { switch: aSwitch } = this.#side;
    this.#complain(error);
    if (this.#lost) return;
    this.#lost = true;
    const apology: Sentence = { language: this.#machine.languageOf(this.#kept), key: 'apology' };
    const request = `${this.#asked}-lost`;
    const said = await aSwitch.play(this.leg, request, apology);
    if (said.outcome !== 'done') await aSwitch.hangUp(this.leg, 'stopped');
    if (said.outcome === 'gone') this.#forget();
  }

  #complain(error: unknown): void {
    this.#side.house.log[isDatabaseAway(error) ? 'warn' : 'error'](
      { id: this.id, err: error },
      `A step of ${this.#machine.name} failed`,
    );
  }
}
