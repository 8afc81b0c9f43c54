// One event socket between a gateway process and a simulated switch, kept up as telephony/esl-link keeps its own: commands
// arrive and are answered in their order, events come in theirs, and either way some of it is lost, late or doubled as the
// plan has it. What is said on it is sim-switch-link's.

import type { LegUuid } from '../../src/core/ids.ts';
import type { Commanded, SwitchEvent } from '../../src/flow/ports.ts';
import type { GatewayProcess, Random } from './kernel.ts';
import type { SimSwitch } from './sim-switch.ts';

/** How an event socket is lost. */
export interface LinkLoss {
  /** What was told meanwhile. `late`: it comes once the link is up again. `doubled`: what was told last comes once more. Else lost. */
  events?: 'lost' | 'late' | 'doubled';
  /**
   * Nobody says that it is cut: the gateway notices after 5 to 10 s, or when a command has no answer. `silent`: nothing arrives
   * anywhere. `one_way`: commands arrive and are carried out, but no word comes back.
   */
  halfOpen?: 'silent' | 'one_way';
  /** It breaks once more so long after it came back, and nobody says so. */
  againAfterMs?: number;
}

/** What comes over the wire: events in our words, and what only the link itself makes use of. */
export type Word =
  SwitchEvent | { type: 'created'; leg: LegUuid } | { type: 'jobFailed'; leg: LegUuid; switchCause: string };

export type Reply<T> = { answered: true; value: T } | { answered: false };

export interface WireListener {
  up(coreUuid: string): void;
  down(): void;
  hear(word: Word): void;
}

/** esl-link's. */
export const commandDeadlineMs = 5_000;
/** A half-open link is noticed when a sign of life is asked for after 5 s of silence and 5 s bring none. */
const noticedWithinMs = [5_000, 10_000] as const;
/** Once it has heard of an end, or has come back to what it did not hear: behind telephony/freeswitch's tidying, and a lost answer. */
const hasTidiedAfterMs = 8_000;
const unanswered = { answered: false } as const;
const noAnswer = Symbol('no answer');

export class SimSwitchWire {
  readonly #process: GatewayProcess;
  readonly #world: SimSwitch;
  readonly #listener: WireListener;
  readonly #random: Random;
  /** Commands without an answer yet: settled when the link is lost. */
  readonly #waiting = new Set<() => void>();
  #state: 'stopped' | 'down' | 'up' = 'stopped';
  /** As it is, whatever the gateway believes. */
  #truth: 'whole' | 'silent' | 'one_way' | 'cut' = 'cut';
  /** One connection. */
  #epoch = 0;
  #connecting = false;
  #lastSeenMs: number | undefined;
  #lastDueMs = 0;
  #loss: LinkLoss = {};
  #late: Word[] = [];
  #lastWords: Word[] = [];

  constructor(process: GatewayProcess, world: SimSwitch, listener: WireListener) {
    this.#process = process;
    this.#world = world;
    this.#listener = listener;
    this.#random = world.kernel.random.fork(`${world.id}/${process.name}`);
  }

  get gateway(): string {
    return this.#process.gateway;
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  get up(): boolean {
    return this.#state === 'up';
  }

  /** The process's own milliseconds. Over a whole link a sign of life comes at least every five seconds. */
  get lastSeenMs(): number | undefined {
    return this.up && this.#truth === 'whole' ? this.#process.clock.monotonicMs() : this.#lastSeenMs;
  }

  start(): void {
    this.#state = 'down';
    this.#connect(this.#random.int(3, 20));
  }

  stop(): void {
    this.#drop('stopped');
  }

  // --- From the gateway ----------------------------------------------------------------------------------------------

  async command(label: string, perform: () => Commanded): Promise<Commanded> {
    const reply = await this.send(label, perform, { outcome: 'refused', reason: 'as planned' });
    return reply.answered ? reply.value : { outcome: 'unknown' };
  }

  /**
   * One command, one act. Without an answer within its time the link is dropped, as nobody knows then which answer is whose.
   * `refusal`: what it answers where the plan has it refused; absent: it cannot be.
   */
  send<T>(label: string, perform: () => T, refusal?: T): Promise<Reply<T>> {
    if (!this.up) return Promise.resolve(unanswered);
    const epoch = this.#epoch;
    return new Promise((resolve) => {
      const lost = (): typeof noAnswer => {
        if (epoch === this.#epoch) this.#drop('down');
        return noAnswer;
      };
      const deadline = this.#process.at(commandDeadlineMs, `${this.#process.name} gives up on`, lost);
      const settle = (reply: Reply<T> = unanswered): void => {
        deadline.cancel();
        this.#waiting.delete(settle);
        resolve(reply);
      };
      this.#waiting.add(settle);
      void this.#process
        .act<T | typeof noAnswer>(
          'switch',
          `${this.#world.id}.${label}`,
          (fault) => {
            const arrives = this.#arrives(epoch);
            const { kernel, id } = this.#world;
            kernel.trace(`${this.#process.name}  ${id}.${label}${arrives ? '' : ' (never arrives)'}`);
            if (!arrives) return noAnswer;
            if (fault?.fault === 'refused' && refusal !== undefined) return refusal;
            const value = perform();
            return this.#truth === 'whole' ? value : noAnswer;
          },
          lost,
          commandDeadlineMs,
          `${this.#world.id}/${String(epoch)}`,
        )
        .then((value) => {
          // Nothing comes back on a broken link: the command waits until it is given up.
          if (value === noAnswer || epoch !== this.#epoch) return;
          this.#lastSeenMs = this.#process.clock.monotonicMs();
          settle({ answered: true, value });
        });
    });
  }

  #arrives(epoch: number): boolean {
    if (!this.#world.up || epoch !== this.#epoch || !this.up) return false;
    return this.#truth === 'whole' || this.#truth === 'one_way';
  }

  #drop(into: 'down' | 'stopped'): void {
    const wasUp = this.up;
    this.#state = into;
    this.#truth = 'cut';
    this.#epoch += 1;
    for (const settle of [...this.#waiting]) settle();
    if (wasUp && into === 'down') this.#listener.down();
    if (into === 'down') this.#connect(this.#random.int(200, 1_500));
  }

  #connect(inMs: number): void {
    if (this.#connecting) return;
    this.#connecting = true;
    this.#process.at(inMs, `${this.#process.name} connects ${this.#world.id}`, () => {
      this.#connecting = false;
      if (this.#state !== 'down' || !this.#world.reaches(this.gateway)) return;
      this.#epoch += 1;
      this.#state = 'up';
      this.#truth = 'whole';
      this.#lastDueMs = 0;
      this.#lastSeenMs = this.#process.clock.monotonicMs();
      this.#listener.up(this.#world.coreUuid);
      const upAtMs = this.#world.kernel.nowMs;
      this.#hasTidied(({ endedAtMs }) => endedAtMs < upAtMs);
      this.#afterLoss();
    });
  }

  #afterLoss(): void {
    const { events, againAfterMs } = this.#loss;
    const words = events === 'late' ? this.#late : events === 'doubled' ? this.#lastWords : [];
    this.#loss = {};
    this.#late = [];
    for (const word of words) this.#bring(word, this.#random.int(5, 3_000));
    if (againAfterMs === undefined) return;
    const epoch = this.#epoch;
    const { kernel, id } = this.#world;
    kernel.at(againAfterMs, `${id} lost again`, () => {
      if (epoch !== this.#epoch || kernel.healed) return;
      kernel.disturb(noticedWithinMs[1]);
      kernel.trace(`${id}  link of ${this.gateway} is silent again`);
      this.cut({ halfOpen: 'silent' });
    });
  }

  // --- From the switch -------------------------------------------------------------------------------------------------

  /** The network breaks, or the switch is gone. */
  cut(how: LinkLoss): void {
    if (!this.up || this.#truth === 'cut') return;
    this.#loss = how;
    this.#truth = how.halfOpen ?? 'cut';
    const epoch = this.#epoch;
    const [from, to] = how.halfOpen ? noticedWithinMs : [0, 5];
    this.#process.at(this.#random.int(from, to), `${this.#process.name} notices`, () => {
      if (epoch === this.#epoch) this.#drop('down');
    });
  }

  /** It can be reached again: whoever waits tries within its backoff. */
  mayConnect(): void {
    if (this.#state === 'down') this.#connect(this.#random.int(50, 3_000));
  }

  /** Every gateway that is subscribed hears of every leg. */
  say(word: Word): void {
    if (!this.alive || this.#state === 'stopped') return;
    if (!this.up || this.#truth !== 'whole') {
      if (this.#loss.events === 'late') this.#late.push(word);
      return;
    }
    const { kernel } = this.#world;
    if (kernel.happens('event_dropped')) {
      // TCP loses nothing in the middle: what is not told is not told because the link broke over it.
      this.#world.loseLink(this.gateway, this.#random.int(50, 3_000), {});
      return;
    }
    const late = kernel.happens('event_late') ? this.#random.int(500, 10_000) : 0;
    // Nothing overtakes: behind what is late all waits.
    const atMs = Math.max(this.#lastDueMs, kernel.nowMs + this.#random.int(1, 4)) + late;
    this.#lastDueMs = atMs;
    this.#bring(word, atMs - kernel.nowMs);
    if (kernel.happens('event_doubled')) this.#bring(word, atMs - kernel.nowMs + this.#random.int(0, 2_000));
  }

  /** What a command of this connection came to, told to nobody else. */
  sayTo(epoch: number, word: Word): void {
    if (epoch === this.#epoch) this.say(word);
  }

  get epoch(): number {
    return this.#epoch;
  }

  #bring(word: Word, inMs: number): void {
    const epoch = this.#epoch;
    this.#process.at(inMs, `${this.#process.name} hears ${word.type}`, () => {
      if (epoch !== this.#epoch || !this.up) return;
      this.#lastSeenMs = this.#process.clock.monotonicMs();
      this.#lastWords = [...this.#lastWords.slice(-4), word];
      this.#listener.hear(word);
      if (word.type === 'legEnded') this.#hasTidied(({ uuid }) => uuid === word.leg);
    });
  }

  /** In the process's own time, and only where no command of it can have been lost. */
  #hasTidied(isOver: Parameters<SimSwitch['nothingIsLeftOf']>[0]): void {
    const epoch = this.#epoch;
    this.#process.at(hasTidiedAfterMs, `${this.#process.name} has tidied`, () => {
      if (epoch === this.#epoch && this.up && this.#truth === 'whole') this.#world.nothingIsLeftOf(isOver);
    });
  }
}
