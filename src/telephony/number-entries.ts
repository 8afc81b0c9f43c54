// Numbers that callers key: asked for, asked for again, and which of the answers that come back are answers. What a question
// leaves on its leg, and takes away again, is dial-string's `askDigits`; reading an answer is switch-events'.

import { randomBytes } from 'node:crypto';
import type { LegUuid } from '../core/ids.ts';
import type { Commanded } from '../flow/ports.ts';
import * as say from './dial-string.ts';
import type { EslLink, SwitchHeaders } from './esl-link.ts';
import type { EntryQuestion, KnownLegs, LegMemory } from './leg-memory.ts';
import type { SecretEntries } from './secret-entries.ts';
import { commanded } from './switch-answers.ts';
import { enteredNumber } from './switch-events.ts';

const done = { outcome: 'done' } as const;

/** No sentence of ours is as long. */
const sentenceMs = 60_000;
const longestMs = ({ waitMs, betweenMs, maxDigits }: EntryQuestion): number =>
  sentenceMs + waitMs + betweenMs * maxDigits;

export class NumberEntries {
  readonly #link: EslLink;
  readonly #legs: KnownLegs;
  readonly #secrets: SecretEntries;

  constructor(link: EslLink, legs: KnownLegs, secrets: SecretEntries) {
    this.#link = link;
    this.#legs = legs;
    this.#secrets = secrets;
  }

  /** Ends the entry that is under way, whoever asked for it, and asks. */
  async ask(leg: LegUuid, question: EntryQuestion): Promise<Commanded> {
    const turn = await this.#endEntry(leg, question);
    if (question.secret) this.#secrets.begin(leg, longestMs(question));
    const sent = say.askDigits(leg, { ...question, turn }).map((one) => this.#link.send(one));
    const outcomes = (await Promise.all(sent)).map(commanded);
    const hindrance = outcomes.find((outcome) => outcome.outcome !== 'done') ?? done;
    if (hindrance.outcome === 'gone') {
      this.#legs.forget(leg);
      this.#secrets.over(leg);
    }
    return hindrance;
  }

  /**
   * Whether the steps are told nothing of this event: the number was asked for again meanwhile (that entry is nobody's answer,
   * though it may bear the same request), or all that came is the terminator of the number before.
   */
  keepsToItself(event: SwitchHeaders, leg: LegUuid, memory: LegMemory | undefined): boolean {
    const [kind, request = '', turn] = (event.header('Application-UUID') ?? '').split(':', 3);
    if (kind !== 'digits' || memory?.entry === undefined) return false;
    const { entry } = memory;
    if (entry.turn !== turn) return true;
    const told = enteredNumber(event, leg, request);
    const { question } = entry;
    delete entry.question;
    entry.over = true;
    entry.endedFull = told.type === 'digitsGiven' && told.ended === 'full';
    const isStray = told.type === 'noKeyGiven' && event.header('variable_read_terminator_used') === '#';
    if (!isStray || question === undefined) return false;
    void this.ask(leg, question);
    return true;
  }

  /** What a question left on its leg is unset again: the switch told so. */
  forgotten(event: SwitchHeaders, leg: LegUuid, memory: LegMemory | undefined): void {
    const [kind, turn] = (event.header('Application-UUID') ?? '').split(':', 2);
    if (kind === say.forgottenEvent && turn === memory?.entry?.turn) this.#secrets.over(leg);
  }

  /** The name of the next entry. What the one before it comes to will find that it is no answer any more. */
  async #endEntry(leg: LegUuid, question: EntryQuestion): Promise<string> {
    const memory = this.#legs.recall(leg);
    const before = memory.entry;
    const turn = randomBytes(8).toString('hex');
    memory.entry = { turn, over: false, endedFull: false, ...(before?.endedFull === true && { question }) };
    if (before === undefined && memory.ours !== true) {
      // A leg of the gateway before us: it may be asking still.
      const last = await this.#link.api(say.lastApplication(leg));
      if (!last.answered || last.text !== say.keyingApplication) return turn;
    } else if (before === undefined || before.over) {
      return turn;
    }
    await Promise.all([this.#link.api(say.breakPlaying(leg, 'all')), this.#link.api(say.endEntry(leg))]);
    return turn;
  }
}
