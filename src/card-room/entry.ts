// One caller in the card room, from the moment he is asked for to the moment the leg is given back: the leg's link and the processor
// on the outside, the rules of core/card-entry on the inside, and between them the digits, which are nowhere else.

import { randomBytes } from 'node:crypto';
import type { CardExpiry } from '../core/card-digits.ts';
import { readCardExpiry } from '../core/card-digits.ts';
import {
  cardEntryStep,
  newCardEntry,
  readCardEntry,
  type AskedCardQuestion,
  type CardEntry,
  type CardEntryCommand,
  type CardEntryEnd,
  type CardEntryEvent,
  type CardQuestion,
  type CardSaid,
} from '../core/card-entry.ts';
import type { LegUuid } from '../core/ids.ts';
import type { CardSound } from '../core/keyed-card.ts';
import * as say from './leg-commands.ts';
import { LegLink, type LegTold, type SwitchPlace } from './leg-link.ts';
import { makePaymentMethod, type MadeOfCard, type Processor } from './payment-method.ts';

export interface EntryOrder {
  place: SwitchPlace;
  leg: LegUuid;
  request: string;
  sounds: Readonly<Record<CardSound, string>>;
  merchantAccount?: string;
}

/** For the log: no word of what was keyed. */
export interface EntryRecord {
  leg: LegUuid;
  outcome: CardEntryEnd['outcome'] | 'stopped';
  step: CardEntry['step'];
  because?: string;
}

/** Before he is told that it takes a moment: most cards are made in less. */
const waitSaidAfterMs = 1_500;
/** A switch that does not say in so long that it has unset everything is no better asked again. */
const leavingMs = 5_000;
const noBytes = Buffer.alloc(0);

export class Entry {
  readonly #order: EntryOrder;
  readonly #processor: Processor;
  readonly #ended: (end: CardEntryEnd | undefined, record: EntryRecord) => void;
  readonly #link: LegLink;
  readonly #abort = new AbortController();
  /** Part of every idempotency key: entered again by the same request, another card may be keyed. */
  readonly #nonce = randomBytes(8).toString('hex');
  #entry: CardEntry = newCardEntry;
  /** What is asked and what lies ready behind it, in their order. `cut`: ended by ourselves, unless he was faster. */
  #asked: { turn: string; step: CardQuestion; cut: boolean }[] = [];
  #number: Buffer = noBytes;
  #code: Buffer = noBytes;
  #expiry: CardExpiry | undefined;
  #waiting: NodeJS.Timeout | undefined;
  #end: CardEntryEnd | 'stopped' | undefined;
  #endedAt: CardEntry['step'] = 'number';
  #because: string | undefined;
  #leaving: { turn: string; deadline: NodeJS.Timeout } | undefined;
  #begun = false;
  #over = false;

  constructor(
    order: EntryOrder,
    processor: Processor,
    ended: (end: CardEntryEnd | undefined, record: EntryRecord) => void,
  ) {
    this.#order = order;
    this.#processor = processor;
    this.#ended = ended;
    this.#link = new LegLink(
      order.place,
      order.leg,
      () => this.#begin(),
      (told) => this.#told(told),
    );
  }

  get leg(): LegUuid {
    return this.#order.leg;
  }

  /** Nobody waits for the outcome any more: the leg is given back as it was. */
  stop(): void {
    if (this.#end === undefined) this.#leave('stopped');
  }

  /** Somebody asks for the same leg anew, and its questions are his from here on: nothing is given back. */
  displace(): void {
    if (this.#end === undefined) this.#endedAt = this.#entry.step;
    this.#end ??= 'stopped';
    this.#close();
  }

  #begin(): void {
    const { leg } = this.#order;
    this.#begun = true;
    if (this.#leaving !== undefined) {
      this.#link.send(say.leave(leg, this.#leaving.turn, this.#mayTypeOn()));
      return;
    }
    // A room that died in the middle of an entry left its question and what lies ready behind it.
    this.#link.send(say.breakAll(leg), say.endQuestion(leg), say.forgetDigits(leg));
    this.#step({ type: 'begun' });
  }

  #told(told: LegTold): void {
    switch (told.type) {
      case 'asked':
        this.#answered(told);
        told.keys.fill(0);
        return;
      case 'left':
        if (told.turn === this.#leaving?.turn) this.#close();
        return;
      case 'hungUp':
      case 'lost':
        // It has told that it is over already, or that nobody listens: nothing is left to give back.
        if (this.#end !== undefined) {
          this.#close();
          return;
        }
        this.#step(
          told.type === 'lost'
            ? { type: 'lost' }
            : {
                type: 'hungUp',
                ...(told.endedAtUs !== undefined && { endedAtUs: told.endedAtUs }),
              },
        );
    }
  }

  #answered(told: Extract<LegTold, { type: 'asked' }>): void {
    const at = this.#asked.findIndex(({ turn }) => turn === told.turn);
    const question = this.#asked[at];
    if (question === undefined || this.#end !== undefined) return;
    this.#asked.splice(0, at + 1);
    if (question.cut && told.ended === 'cut') return;
    // Left over from a question that was over already, or keyed on a telephone of sixteen keys: nothing, and asked again.
    const ended = told.ended === 'cut' ? 'pause' : told.ended;
    const reading = readCardEntry(question.step, told.keys, this.#entry.brand, new Date());
    this.#keep(reading.is, told.keys);
    this.#step({ type: 'keyed', at: question.step, ended, reading });
  }

  #keep(what: string, keys: Buffer): void {
    if (what === 'number') this.#number = replaced(this.#number, keys);
    if (what === 'code') this.#code = replaced(this.#code, keys);
    if (what === 'expiry') this.#expiry = readCardExpiry(keys, new Date());
  }

  #step(event: CardEntryEvent): void {
    if (this.#entry.step !== 'over') this.#endedAt = this.#entry.step;
    const step = cardEntryStep(this.#entry, event);
    this.#entry = step.entry;
    for (const command of step.commands) this.#do(command);
  }

  #do(command: CardEntryCommand): void {
    switch (command.do) {
      case 'ask':
        // What continues lies ready in the switch, and is being asked already.
        if (!command.continues) this.#ask(command.question, command.ahead);
        return;
      case 'make':
        void this.#make(command.attempt);
        return;
      case 'end':
        this.#leave(command.end);
    }
  }

  /** Whatever is asked or lies ready is ended, and what he typed for it is thrown away. */
  #ask(question: AskedCardQuestion, ahead: readonly AskedCardQuestion[]): void {
    const { leg } = this.#order;
    const first = question.step === 'confirm' ? this.#cutButHear('confirm') : this.#cut();
    const asked = [question, ...ahead].map(({ step, said }) => {
      const turn = randomBytes(8).toString('hex');
      return { turn, step, cut: false, spelt: say.ask(leg, step, turn, this.#soundsOf(said)) };
    });
    this.#asked = [...first, ...asked.map(({ turn, step, cut }) => ({ turn, step, cut }))];
    // A confirmation keyed this very moment counts as well.
    const forgotten = question.step === 'confirm' ? [] : [say.forgetKeys(leg)];
    this.#link.send(say.forgetDigits(leg), ...forgotten, ...asked.map(({ spelt }) => spelt));
  }

  #cut(): { turn: string; step: CardQuestion; cut: boolean }[] {
    const { leg } = this.#order;
    if (this.#asked.length > 0) this.#link.send(say.breakAll(leg), say.endQuestion(leg));
    this.#asked = [];
    return [];
  }

  /** Who types ahead has perhaps confirmed already: that answer is on its way, and counts. */
  #cutButHear(step: CardQuestion): { turn: string; step: CardQuestion; cut: boolean }[] {
    const kept = this.#asked.filter((one) => one.step === step).map((one) => ({ ...one, cut: true }));
    this.#cut();
    return kept;
  }

  #soundsOf(said: readonly CardSaid[]): string[] {
    const { sounds } = this.#order;
    return said.flatMap((one) => (one === 'last_four' ? this.#lastFour() : sounds[one]));
  }

  #lastFour(): string[] {
    return [...this.#number.subarray(-4)].map(
      (byte) => this.#order.sounds[`digit_${String(byte - 0x30)}` as CardSound],
    );
  }

  async #make(attempt: number): Promise<void> {
    const { leg, sounds, request, merchantAccount } = this.#order;
    const expiry = this.#expiry;
    if (expiry === undefined) throw new Error('A card is made without its expiry.');
    this.#cut();
    this.#waiting = setTimeout(() => this.#link.send(say.play(leg, [sounds.wait])), waitSaidAfterMs);
    const made = await makePaymentMethod(
      this.#processor,
      {
        number: this.#number,
        code: this.#code,
        expiry,
        idempotencyKey: `card_${request}_${this.#nonce}_${String(attempt)}`,
        ...(merchantAccount !== undefined && { account: merchantAccount }),
      },
      this.#abort.signal,
    );
    clearTimeout(this.#waiting);
    if (this.#end === undefined) this.#processed(made);
  }

  #processed(made: MadeOfCard): void {
    this.#code = replaced(this.#code, noBytes);
    if (made.outcome === 'unanswered') this.#because = made.because;
    if (made.outcome === 'not_permitted') this.#because = 'raw card numbers are not permitted';
    this.#step(
      made.outcome === 'made'
        ? { type: 'made', card: made.card }
        : made.outcome === 'refused'
          ? { type: 'refused', wrong: made.wrong }
          : made.outcome === 'not_permitted'
            ? { type: 'notPermitted' }
            : { type: 'unanswered' },
    );
  }

  /** What he keyed is wiped at once; who asked is told when the leg is as it was before, for then his link hears it again. */
  #leave(end: CardEntryEnd | 'stopped'): void {
    if (this.#entry.step !== 'over') this.#endedAt = this.#entry.step;
    this.#end = end;
    this.#wipe();
    const { leg } = this.#order;
    if (end !== 'stopped' && (end.outcome === 'away' || end.outcome === 'hung_up')) {
      this.#close();
      return;
    }
    const turn = randomBytes(8).toString('hex');
    this.#leaving = { turn, deadline: setTimeout(() => this.#close(), leavingMs) };
    if (!this.#begun) return;
    const ending = this.#asked.length > 0 ? [say.endQuestion(leg)] : [];
    this.#link.send(say.breakAll(leg), ...ending, say.leave(leg, turn, this.#mayTypeOn()));
    this.#asked = [];
  }

  /** Nobody has told him yet that it is over, or he was just told: the rest of his number may still come. */
  #mayTypeOn(): boolean {
    const end = this.#end;
    return end === 'stopped' || end?.outcome === 'gave_up' || end?.outcome === 'timed_out';
  }

  #wipe(): void {
    this.#number = replaced(this.#number, noBytes);
    this.#code = replaced(this.#code, noBytes);
    this.#expiry = undefined;
    clearTimeout(this.#waiting);
    this.#abort.abort();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#leaving?.deadline);
    this.#wipe();
    this.#link.close();
    const end = this.#end;
    this.#ended(end === 'stopped' ? undefined : end, {
      leg: this.#order.leg,
      outcome: end === undefined || end === 'stopped' ? 'stopped' : end.outcome,
      step: this.#endedAt,
      ...(this.#because !== undefined && { because: this.#because }),
    });
  }
}

/** A copy of its own, none of the pool that other Buffers share; what stood there is overwritten. */
function replaced(before: Buffer, keys: Buffer): Buffer {
  const copy = Buffer.alloc(keys.length);
  keys.copy(copy);
  before.fill(0);
  return copy;
}
