// What a call does in a scenario: it enters a block, the block says, asks or decides, and the call goes on to the next. Pure and total:
// any graph ends, because every block entered counts, those without anything heard in between count twice over, and a call that lasts
// too long is told so. An event that does not fit the block it stands at changes nothing.

import type { At } from './block.ts';
import { type Block, kindOf, type Scenario } from './blocks.ts';
import type {
  RunCommand,
  RunEvent,
  RunFact,
  RunOutcome,
  RunPlan,
  RunStep,
  Said,
  ScenarioRun,
} from './run.ts';
import { type BlockId, scenarioBounds } from './shape.ts';
import { filled, saidOf } from './words.ts';

export const runBounds = {
  /** Blocks entered in one call. */
  entered: 2_000,
  /** Blocks entered one after the other without anything heard, keyed or answered: a loop that never ends. */
  enteredUnheard: 100,
  /** From the first block on; talks do not count, as they have limits of their own. */
  seconds: 7_200,
} as const;

/** What is answered at once does not keep a loop from being one. */
const takesTime: ReadonlySet<RunEvent['type']> = new Set([
  'played',
  'keyed',
  'nothingKeyed',
  'recorded',
  'rang',
  'paid',
  'cardTaken',
  'cardNotTaken',
  'cardPaid',
  'cardDeclined',
]);

export function newRun(
  run: Pick<ScenarioRun, 'id' | 'leg' | 'plan' | 'scenario' | 'language' | 'startedAt'> & {
    plan: RunPlan;
    answered?: boolean;
  },
  { start }: Scenario,
): ScenarioRun {
  return {
    answered: false,
    ...run,
    state: 'running',
    at: start,
    variables: {},
    secrets: {},
    entered: 0,
    enteredUnheard: 0,
    turn: 0,
  };
}

/**
 * The next state, and what is to be done once that is written. The same run and no commands: it means nothing now. `found`: the
 * graph of a `scenarioFound`.
 */
export function advanceRun(
  scenario: Scenario,
  run: ScenarioRun,
  event: RunEvent,
  now: Date,
  found?: Scenario,
): RunStep {
  const draft = new RunDraft(scenario, run, now, found);
  if (run.state === 'over') return draft.done();
  if (event.type === 'legEnded') draft.left(event);
  else if (run.state === 'leaving') draft.leaving(event);
  else if (run.entered === 0) draft.enter(run.at);
  else draft.hear(event);
  return draft.done();
}

/** Whoever takes the call over does again what was to be done; of what held a secret, the block begins anew. */
export function resumeRun(scenario: Scenario, run: ScenarioRun, now: Date): RunStep {
  if (run.state === 'over') return { run, commands: [], facts: [] };
  if (run.pending) return { run, commands: run.pending, facts: [] };
  const draft = new RunDraft(scenario, run, now);
  if (run.entered === 0) draft.enter(run.at);
  else draft.begin();
  return draft.done();
}

class RunDraft {
  readonly #now: Date;
  #scenario: Scenario;
  readonly #found: Scenario | undefined;
  #run: ScenarioRun;
  #commands: RunCommand[] = [];
  readonly #facts: RunFact[] = [];

  constructor(scenario: Scenario, run: ScenarioRun, now: Date, found?: Scenario) {
    this.#scenario = scenario;
    this.#found = found;
    this.#run = run;
    this.#now = now;
  }

  done(): RunStep {
    return { run: this.#run, commands: this.#commands, facts: this.#facts };
  }

  enter(id: BlockId): void {
    for (let next: BlockId | undefined = id; next !== undefined;) next = this.#enterOne(next);
  }

  begin(): void {
    this.#let((kind, at) => kind.begin(at));
  }

  hear(event: RunEvent): void {
    const atOnce = event.type === 'rang' && event.atOnce === true;
    if (takesTime.has(event.type) && !atOnce) this.#change({ enteredUnheard: 0 });
    this.#let((kind, at) => kind.hear(at, event));
  }

  left(event: RunEvent & { type: 'legEnded' }): void {
    const block = this.#block();
    const wanted =
      this.#run.state === 'running' && block
        ? (kindOf(block).left?.({ fields: block, progress: this.#run.progress, run: this.#run }, event) ?? [])
        : [];
    const outcome = this.#run.outcome ?? 'caller_left';
    this.#fact('caller_left', {});
    if (wanted.length > 0) this.#do({ state: 'leaving', outcome }, wanted);
    else this.#over(outcome);
  }

  /** Last words are heard, or what was to be kept is kept. */
  leaving(event: RunEvent): void {
    if (!['played', 'kept', 'failed'].includes(event.type)) return;
    const hangsUp = event.type === 'played' || this.#run.outcome !== 'caller_left';
    this.#over(this.#run.outcome ?? 'completed', hangsUp ? [{ do: 'hangUp', cause: 'normal' }] : []);
  }

  // --- Blocks --------------------------------------------------------------------------------------------------

  #block(): Block | undefined {
    const { blocks } = this.#scenario;
    return Object.hasOwn(blocks, this.#run.at) ? blocks[this.#run.at] : undefined;
  }

  /** The next block to be entered, where this one has nothing to wait for. */
  #enterOne(id: BlockId): BlockId | undefined {
    const { progress: _left, pending: _done, ...rest } = this.#run;
    const entered = rest.entered + 1;
    const enteredUnheard = rest.enteredUnheard + 1;
    this.#run = { ...rest, at: id, entered, enteredUnheard };
    const tooLong = this.#tooLong();
    if (tooLong !== undefined) {
      this.#fact('too_long', { because: tooLong });
      this.#lastWords('too_long', 'normal', [{ house: { key: 'apology' } }]);
      return undefined;
    }
    const block = this.#block();
    if (!block) {
      this.#fail(`there is no block ${id}`);
      return undefined;
    }
    this.#fact('entered', { kind: block.kind });
    return this.#letOnce((kind, at) => kind.begin(at));
  }

  #tooLong(): string | undefined {
    const { entered, enteredUnheard, startedAt } = this.#run;
    if (entered > runBounds.entered) return 'blocks';
    if (enteredUnheard > runBounds.enteredUnheard) return 'loop';
    const seconds = (this.#now.getTime() - Date.parse(startedAt)) / 1_000;
    return seconds > runBounds.seconds ? 'time' : undefined;
  }

  #let(act: (kind: ReturnType<typeof kindOf>, at: At<unknown, unknown>) => void): void {
    const next = this.#letOnce(act);
    if (next !== undefined) this.enter(next);
  }

  #letOnce(act: (kind: ReturnType<typeof kindOf>, at: At<unknown, unknown>) => void): BlockId | undefined {
    const block = this.#block();
    if (!block) {
      this.#fail(`there is no block ${this.#run.at}`);
      return undefined;
    }
    let next: BlockId | undefined;
    act(
      kindOf(block),
      this.#at(block, (id) => (next = id)),
    );
    return next;
  }

  #at(block: Block, go: (next: BlockId) => void): At<unknown, unknown> {
    const run = () => this.#run;
    return {
      fields: block,
      progress: this.#run.progress,
      now: this.#now,
      get run() {
        return run();
      },
      stay: (progress, ...commands) => this.#do({ progress }, commands),
      leave: (exit) => {
        this.#fact('left', { exit });
        const next = this.#wayOut(block, exit);
        if (next === 'goodbye') this.#lastWords('completed', 'normal', [{ house: { key: 'goodbye' } }]);
        else if (next === 'apology') this.#fail(`nothing is connected to ${exit}`);
        else go(next.block);
      },
      enter: (version) => {
        if (!this.#found) throw new Error('A scenario that is found comes with its graph.');
        this.#scenario = this.#found;
        this.#change({ scenario: version });
        go(this.#found.start);
      },
      end: (outcome, cause, said = []) => this.#lastWords(outcome, cause, said),
      set: (variable, value) => this.#set(variable, value),
      setSecret: (variable, value) => {
        const { [variable]: _plain, ...variables } = this.#run.variables;
        this.#change({ variables, secrets: { ...this.#run.secrets, [variable]: value } });
      },
      change: (change) => this.#change(change),
      lead: (call) => {
        const { paid: _before, ...plan } = this.#run.plan;
        this.#change({ plan: { ...plan, ...(call && { paid: call }) } });
      },
      say: (words) => saidOf(this.#run, words),
      fill: (template) => filled(this.#run, template),
      fact: (name, facts = {}) => this.#fact(name, facts),
    };
  }

  /** Where an exit leads: the block connected to it, or what stands for it where none is. */
  #wayOut(block: Block, exit: string): { block: BlockId } | 'goodbye' | 'apology' {
    const exits = kindOf(block).exits(block);
    // Exits stand for one another in one direction; as many steps as there are exits come to an end of any.
    for (let name = exit, steps = 0; steps <= exits.length; steps += 1) {
      const connected = Object.hasOwn(block.next, name) ? block.next[name] : undefined;
      if (connected !== undefined) return { block: connected };
      const unset = exits.find((one) => one.name === name)?.unset ?? 'apology';
      if (typeof unset === 'string') return unset;
      name = unset.as;
    }
    return 'apology';
  }

  // --- What becomes of the run ---------------------------------------------------------------------------------

  #change(change: Partial<ScenarioRun>): void {
    this.#run = { ...this.#run, ...change };
  }

  #set(variable: string, value: string): void {
    const { [variable]: _secret, ...secrets } = this.#run.secrets;
    const { [variable]: _before, ...others } = this.#run.variables;
    if (Object.keys(others).length >= scenarioBounds.variables) {
      this.#fact('too_many_variables', { variable });
      return;
    }
    this.#change({ secrets, variables: { ...others, [variable]: value.slice(0, scenarioBounds.variable) } });
  }

  /** Commands, after the call is answered where they can be heard; kept for whoever takes over, but for what holds a secret. */
  #do(change: Partial<ScenarioRun>, commands: readonly RunCommand[]): void {
    const audible = commands.some((one) => isHeard(one));
    const answers = audible && !this.#run.answered;
    const all: RunCommand[] = answers ? [{ do: 'answer' }, ...commands] : [...commands];
    const { pending: _before, ...rest } = this.#run;
    const keeps = !all.some((one) => holdsSecret(one));
    this.#run = {
      ...rest,
      ...change,
      ...(answers && { answered: true }),
      turn: rest.turn + 1,
      ...(keeps && { pending: all }),
    };
    this.#commands.push(...all);
  }

  #lastWords(outcome: RunOutcome, cause: 'normal' | 'busy' | 'rejected', said: readonly Said[]): void {
    // A number that is busy or wants no such call says so by its signal, not by words.
    const silent = said.length === 0 || (!this.#run.answered && cause !== 'normal');
    if (silent) this.#over(outcome, [{ do: 'hangUp', cause }]);
    else this.#do({ state: 'leaving', outcome }, [{ do: 'play', said }]);
  }

  #fail(because: string): void {
    this.#fact('failed', { because });
    this.#lastWords('failed', 'normal', [{ house: { key: 'apology' } }]);
  }

  #over(outcome: RunOutcome, commands: readonly RunCommand[] = []): void {
    const { pending: _done, progress: _left, ...rest } = this.#run;
    this.#run = { ...rest, state: 'over', outcome, secrets: {} };
    this.#commands.push(...commands);
    this.#fact('ended', { outcome });
  }

  #fact(name: string, facts: Readonly<Record<string, unknown>>): void {
    const { scenario, at } = this.#run;
    this.#facts.push({ scenario, at, name, facts });
  }
}

function isHeard({ do: act }: RunCommand): boolean {
  return ['play', 'ask', 'record', 'awaitPayment', 'takeCard', 'payByCard'].includes(act);
}

/** What may not be written down: digits of a secret, or words that hold a code. */
function holdsSecret(command: RunCommand): boolean {
  switch (command.do) {
    case 'recognize':
      return command.pin !== undefined;
    case 'checkAccessCode':
      return true;
    case 'play':
      return command.secret === true;
    case 'payByCard':
      return 'keptLast4' in command;
    case 'ask':
      return command.said.some((one) => 'house' in one && one.house.key === 'access_code');
    default:
      return false;
  }
}
