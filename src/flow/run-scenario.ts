// One call going through a scenario: what the switch tells of its leg goes to the rule (core/scenario), and what the rule wants is done,
// at the switch and in the house. How a step is written, and gone on with by whoever takes the switch over, is leg-machine's; whom a
// block rings is scenario-talk's.
//
// What takes its time (a server asked, somebody rung) is not waited for: the caller may hang up meanwhile, and what comes behind that is
// nothing. Each question bears the run's id and turn, written down before it is asked: asked again it is the same.

import { advanceRun, resumeRun } from '../core/scenario/advance-run.ts';
import type { Scenario } from '../core/scenario/blocks.ts';
import type { FoundConsultant, RunCommand, RunEvent, RunFact, ScenarioRun } from '../core/scenario/run.ts';
import { valueOf } from '../core/scenario/words.ts';
import { reachable } from '../core/consultant.ts';
import { inboundSettings } from '../core/inbound-settings.ts';
import { tariffAt } from '../core/tariff.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { readCountedLine, readDdiOfRun } from '../store/known-calls.ts';
import { readNeverCall } from '../store/never-call.ts';
import type { Rungable } from '../store/scenario-people.ts';
import { rungByGroup, rungByIds, rungByLine, rungByShortNumber } from '../store/scenario-people.ts';
import { liveRunsOfSwitch } from '../store/scenario-runs.ts';
import { readLiveScenario } from '../store/scenarios.ts';
import { readSigners, type StoredSigners } from '../store/script-signing.ts';
import { isUnwanted } from './blocked-callers.ts';
import type { House } from './house.ts';
import { keepMessage, secondsOfWav } from './keep-message.ts';
import { endWhatWasBought, type Moved, ready } from './led-call.ts';
import type { KeptLegs } from './leg-desk.ts';
import type { Hands, LegSide, Machine } from './leg-machine.ts';
import { numberMark } from './never-call.ts';
import type { Switch, SwitchEvent } from './ports.ts';
import { askWhoCalls, guardWhileRecognizedSeconds } from './recognize-caller.ts';
import { awaitPayment, sendPaymentLink } from './payment-link.ts';
import { actOnCard } from './card-payment.ts';
import { giveCode, tryKeyedCode } from './scenario-codes.ts';
import { graphOf, type KeptRun, readKeptRun, saveKeptRun } from './scenario-row.ts';
import { guardSecondsOf, isFetched, sayable } from './scenario-words.ts';
import { signingOf } from './script-signing.ts';

/** The graph of a `scenarioFound` comes with it. */
export type RunTold = RunEvent & { graph?: Scenario };
type AskScript = RunCommand & { do: 'askScript' };
/** `signers`: read as the question was written down; without them they are read now. */
export type RunOrder = Exclude<RunCommand, AskScript> | (AskScript & { signers?: StoredSigners });
export type ScenarioMachine = Machine<KeptRun, RunTold, RunOrder>;
export type RunHands = Hands<KeptRun, RunTold>;

/** Rings whom a block wants rung, and tells how that ended: at once, or by the desk. */
export type RingsFor = (
  kept: KeptRun,
  order: (RunCommand & { do: 'ring' })['order'],
) => Promise<RunTold | undefined>;

/** Whoever waits longer than this hears music. */
const musicAfterMs = 1_000;
/** He has said what he had to say, or has laid the telephone aside. */
const silenceSeconds = 5;

/** Calls that go through scenarios on this switch. */
export function scenarioCalls(
  { house, switch: aSwitch }: LegSide,
  rings: RingsFor,
  moved: Moved,
): KeptLegs<KeptRun, RunTold, RunOrder> {
  return {
    machine: scenarioMachine(house, aSwitch, rings, moved),
    live: () => house.db.asNobody((db) => liveRunsOfSwitch(db, aSwitch.id)),
    read: (ref) => readKeptRun(house, ref),
    arrived: { type: 'callArrived' },
  };
}

/** Of what is asked now; what answers an older question means nothing. */
export function requestOfRun({ id, turn }: Pick<ScenarioRun, 'id' | 'turn'>): string {
  return `${id}-${String(turn)}`;
}

function scenarioMachine(house: House, aSwitch: Switch, rings: RingsFor, moved: Moved): ScenarioMachine {
  const now = (): Date => house.clock.now();
  return {
    name: 'a call in a scenario',
    legOf: ({ run }) => run.leg,
    idOf: ({ run }) => run.id,
    languageOf: ({ run }) => run.language,
    isOver: ({ run }) => run.state === 'over',
    ready: (kept) => ready(house, aSwitch, kept),
    step(kept, event) {
      // Gone he is already: what he has said is being kept.
      if (event.type === 'legEnded' && isKeeping(kept.run)) return { kept, commands: [] };
      const { graph: found, ...told } = event;
      const { run, commands, facts } = advanceRun(kept.graph, kept.run, told, now(), found);
      if (run === kept.run) return { kept, commands, facts };
      const graph = found && run.scenario !== kept.run.scenario ? found : kept.graph;
      return { kept: { ...kept, run, graph }, commands, facts };
    },
    resume(kept) {
      const { run, commands, facts } = resumeRun(kept.graph, kept.run, now());
      return { kept: run === kept.run ? kept : { ...kept, run }, commands, facts };
    },
    save: async (tx, before, { kept, commands, facts }, at, lease) => {
      const next = { run: kept.run, facts: (facts ?? []) as readonly RunFact[] };
      const [written, signers] = await Promise.all([
        saveKeptRun(house, tx, before, next, at, lease),
        commands.some(isAskScript) ? readSigners(tx) : undefined,
      ]);
      if (written && isBought(house, kept.run)) await endWhatWasBought(house, tx, kept, lease, moved);
      return written && commands.map((one) => (signers && isAskScript(one) ? { ...one, signers } : one));
    },
    readsToSave: ({ kept: { run } }) => isBought(house, run),
    requestOf: ({ run }) => requestOfRun(run),
    translate: (event, { run }, asked) => translate(event, run, asked),
    gone: { type: 'legEnded' },
    isEnd: ({ type }) => type === 'legEnded',
    endOf: (event, kept) => endOf(aSwitch, event, kept),
    begins: (command, { run }) =>
      run.state === 'leaving' ? false : !['hangUp', 'keepMessage'].includes(command.do),
    act: (command, hands) =>
      new RunAct(house, aSwitch, rings, hands).do(command).catch((error: unknown) => {
        // A fault of ours is the block's own way on, as far as it has one; without the database nothing goes on.
        if (isDatabaseAway(error)) throw error;
        house.log.error({ runId: hands.kept.run.id, err: error }, 'A step of a call in a scenario failed');
        return failedOurs;
      }),
  };
}

/** It is over, and something may have been sold in it. */
function isBought(house: House, { state, plan }: ScenarioRun): boolean {
  return state === 'over' && (plan.paid !== undefined || house.cardRoom !== undefined);
}

function isAskScript(command: RunOrder): command is RunOrder & AskScript {
  return command.do === 'askScript';
}

function isKeeping({ state, outcome, pending }: ScenarioRun): boolean {
  return (
    state === 'leaving' &&
    outcome === 'caller_left' &&
    pending?.some((command) => command.do === 'keepMessage') === true
  );
}

function translate(event: SwitchEvent, { pending }: ScenarioRun, asked: string): RunTold | undefined {
  switch (event.type) {
    case 'keyPressed': {
      // He will not pay, or cannot.
      const waits = pending?.some((command) => command.do === 'awaitPayment') === true;
      return waits && event.key === '*' ? { type: 'paid', paid: false } : undefined;
    }
    case 'legEnded':
      return { type: 'legEnded' };
    case 'digitsGiven':
      return event.request === asked
        ? { type: 'keyed', digits: event.digits, ended: event.ended }
        : undefined;
    case 'noKeyGiven':
      return event.request === asked ? { type: 'nothingKeyed' } : undefined;
    case 'played':
      return event.request === asked ? { type: 'played' } : undefined;
    case 'recorded':
      return event.request === asked ? { type: 'recorded', seconds: event.seconds } : undefined;
    default:
      return undefined;
  }
}

/** Hung up in mid-speech he has said something all the same: the switch tells no more of it than the file it wrote. */
async function endOf(aSwitch: Switch, event: RunTold, { run }: KeptRun): Promise<RunTold> {
  const speaks = run.pending?.some((command) => command.do === 'record') === true;
  if (!speaks || run.state !== 'running') return event;
  const taken = await aSwitch.readTake(run.leg);
  return taken.outcome === 'read' ? { type: 'legEnded', recordedSeconds: secondsOfWav(taken.wav) } : event;
}

/** One command of a run's. */
class RunAct {
  readonly #house: House;
  readonly #switch: Switch;
  readonly #rings: RingsFor;
  readonly #hands: RunHands;

  constructor(house: House, aSwitch: Switch, rings: RingsFor, hands: RunHands) {
    this.#house = house;
    this.#switch = aSwitch;
    this.#rings = rings;
    this.#hands = hands;
  }

  get #run(): ScenarioRun {
    return this.#hands.kept.run;
  }

  get #merchantId(): string {
    return this.#hands.kept.merchantId;
  }

  async do(command: RunOrder): Promise<RunTold | undefined> {
    const { leg } = this.#run;
    switch (command.do) {
      case 'answer':
        await this.#switch.answer(leg);
        return undefined;
      case 'play':
        return this.#say(command.said, true, (sentence) =>
          this.#switch.play(leg, this.#hands.request, sentence, this.#hands.anew),
        );
      case 'ask': {
        const { maxDigits, terminator, waitMs, betweenMs } = command.entry;
        const { request } = this.#hands;
        const secret = command.secret === true;
        return this.#say(command.said, false, (sentence) =>
          this.#switch.askDigits(leg, {
            request,
            sentence,
            maxDigits,
            terminator,
            waitMs,
            betweenMs,
            secret,
          }),
        );
      }
      case 'record':
        return this.#say(command.said, false, (sentence) =>
          this.#switch.record(leg, {
            request: this.#hands.request,
            sentence,
            take: leg,
            maxSeconds: command.maxSeconds,
            silenceSeconds,
            ...(this.#hands.anew && { anew: true }),
          }),
        );
      case 'keepMessage':
        return keepMessage(this.#house, this.#switch, this.#hands.kept, command.box);
      case 'recognize':
        this.#hands.meanwhile(() => this.#recognize(command), failedOurs);
        return undefined;
      case 'askScript':
        await this.#askScript(command);
        return undefined;
      case 'ring':
        this.#hands.meanwhile(() => this.#rings(this.#hands.kept, command.order), failedOurs);
        return undefined;
      case 'findConsultants':
        return { type: 'consultantsFound', consultants: await this.#found(command.of) };
      case 'findExtension': {
        const found = await this.#read((tx) => rungByShortNumber(tx, command.shortNumber));
        return { type: 'extensionFound', ...(found && { consultant: this.#asFound(found) }) };
      }
      case 'readBlacklist':
        return { type: 'blacklistRead', listed: await this.#isListed() };
      case 'findScenario': {
        const found = await this.#read(async (tx) => {
          const live = await readLiveScenario(tx, command.scenario);
          const version = live && { scenarioId: live.id, version: live.version };
          return version && { version, graph: await graphOf(this.#house, tx, version) };
        });
        if (!found) return { type: 'failed', because: 'no_such_scenario' };
        return { type: 'scenarioFound', scenario: found.version, graph: found.graph };
      }
      case 'hangUp':
        // Should it not be done, the guard does it.
        await this.#switch.hangUp(leg, command.cause);
        return undefined;
      case 'checkAccessCode':
        return tryKeyedCode(this.#house, this.#hands.kept, command);
      case 'issueAccessCode':
        return giveCode(this.#house, this.#hands.kept, command.resource);
      case 'sendPaymentLink': {
        await this.#switch.guard(leg, guardWhileRecognizedSeconds);
        const waiting = this.#waits();
        const sent = (): Promise<RunTold> =>
          sendPaymentLink(this.#house, this.#hands.kept, command).finally(() => waiting.over());
        this.#hands.meanwhile(sent, failedOurs);
        return undefined;
      }
      case 'awaitPayment': {
        const at = {
          guard: (seconds: number) => this.#switch.guard(leg, seconds),
          playMusic: () => this.#switch.playMusic(leg),
        };
        return awaitPayment(this.#house, this.#hands, at, command);
      }
      case 'orderByCard':
      case 'takeCard':
      case 'payByCard':
      case 'giveUpCardOrder':
        return actOnCard(this.#house, this.#switch, this.#hands, command);
    }
  }

  #read<T>(act: (tx: Parameters<typeof rungByShortNumber>[0]) => Promise<T>): Promise<T> {
    return this.#house.db.asMerchant(this.#merchantId, act);
  }

  /** `needed`: what cannot be had fails it. */
  async #say(
    said: Parameters<typeof sayable>[2],
    needed: boolean,
    order: (sentence: Parameters<Switch['play']>[2]) => ReturnType<Switch['play']>,
  ): Promise<RunTold | undefined> {
    const { leg, language } = this.#run;
    const begin = async (): Promise<RunTold | undefined> => {
      const made = await sayable(this.#house, this.#merchantId, said, language, needed);
      heard.over();
      if (made.outcome === 'failed') return { type: 'failed', because: made.because };
      if (!this.#hands.isAsked()) return undefined;
      await this.#switch.guard(leg, guardSecondsOf(said));
      return this.#hands.ordered(await order(made.sentence));
    };
    const heard = isFetched(said) ? this.#waits() : { over: () => undefined };
    if (!isFetched(said)) return begin();
    this.#hands.meanwhile(begin, failedOurs);
    return undefined;
  }

  /** He hears music from a second on; nothing where his call only rings. */
  #waits(): { over(): void } {
    const { leg, answered } = this.#run;
    let isOver = false;
    if (answered) {
      this.#hands.later(musicAfterMs, async () => {
        if (!isOver) await this.#switch.playMusic(leg);
      });
    }
    return { over: () => (isOver = true) };
  }

  async #askScript(command: RunOrder & AskScript): Promise<void> {
    const { run, merchantId } = this.#hands.kept;
    const { dialect, address, attempt, timeoutMs, digits, dial } = command;
    // The guard from before stands until then: the script need not wait for the switch.
    const guarded = this.#switch.guard(run.leg, guardWhileRecognizedSeconds);
    const waiting = this.#waits();
    const ask = async (): Promise<RunTold> => {
      const signers = command.signers ?? (await this.#read(readSigners));
      const signing = signingOf(this.#house, merchantId, signers);
      const requestId = requestOfRun(run);
      const facts = {
        requestId,
        callId: run.id,
        merchantId,
        block: run.at,
        attempt,
        status: run.answered ? ('answered' as const) : ('ringing' as const),
        cli: run.plan.cli,
        ddi: run.plan.ddi,
        language: run.language,
        variables: Object.fromEntries(command.send.map((name) => [name, sentValue(run, name)])),
        ...(digits !== undefined && { digits }),
        ...(dial && { dial }),
      };
      const asked = await this.#house.scriptServer.ask({
        question: { dialect, address, facts },
        ...signing,
        timeoutMs,
      });
      const { outcome, exchange } = asked;
      this.#house.log.info(
        { runId: run.id, requestId, outcome, tookMs: exchange.tookMs },
        'A script was asked what the call does next',
      );
      waiting.over();
      return asked.outcome === 'answer'
        ? { type: 'scriptAnswered', program: asked.program }
        : { type: 'failed', because: `${asked.because}: ${asked.sentence}` };
    };
    this.#hands.meanwhile(ask, failedOurs);
    await guarded;
  }

  async #recognize(command: RunCommand & { do: 'recognize' }): Promise<RunTold> {
    const { run, merchantId, ddi } = this.#hands.kept;
    const { cli } = run.plan;
    await this.#switch.guard(run.leg, guardWhileRecognizedSeconds);
    const dialled = await this.#read((tx) => readDdiOfRun(tx, ddi));
    if (!dialled) return { type: 'failed', because: 'no_number' };
    const { clientCode, pin } = command;
    const asked = await askWhoCalls(this.#house, merchantId, {
      callId: run.id,
      recognizedBy: dialled.recognizedBy,
      ddi,
      cli: cli.trust === 'withheld' ? undefined : cli.number,
      talkLimitMaxSeconds: inboundSettings(dialled.settings).talkLimitMaxSeconds,
      ...(clientCode !== undefined && { clientCode }),
      put: (_tx, activity) =>
        Promise.resolve({
          ask: command.ask,
          requestId: `${run.id}_${String(run.turn)}`,
          callSessionId: run.id,
          cli,
          ddi,
          line: dialled.line ?? '',
          at: this.#house.clock.now(),
          ...(clientCode !== undefined && { clientCode }),
          ...(pin !== undefined && { pin }),
          ...activity,
        }),
      priceOfLine: async (tx) => {
        const line = await readCountedLine(tx, ddi, null);
        if (!line) throw new Error('A number without a line has no price.');
        return tariffAt(line.plan, this.#house.clock.now());
      },
    });
    return asked.outcome === 'said'
      ? { type: 'recognized', recognition: asked.recognition }
      : { type: 'failed', because: asked.because };
  }

  async #found(of: (RunCommand & { do: 'findConsultants' })['of']): Promise<FoundConsultant[]> {
    const found = await this.#read((tx) =>
      'consultants' in of
        ? rungByIds(tx, of.consultants)
        : 'group' in of
          ? rungByGroup(tx, of.group)
          : rungByLine(tx, of.line),
    );
    return found.map((one) => this.#asFound(one));
  }

  #asFound({ id, name, state }: Rungable): FoundConsultant {
    return { id, name, reachable: reachable(state, this.#house.clock.now()).reachable };
  }

  /** Whoever has this telephone has asked for no more calls of this house, or the merchant wants none of his. */
  async #isListed(): Promise<boolean> {
    const { cli } = this.#run.plan;
    if (cli.trust === 'withheld') return false;
    if (await this.#read((tx) => isUnwanted(tx, cli))) return true;
    const mark = numberMark(this.#house, cli.number);
    return (await this.#house.db.asNobody((db) => readNeverCall(db, mark))) !== undefined;
  }
}

const failedOurs: RunTold = { type: 'failed', because: 'ours' };

/** To his own script goes what was keyed in secret too. */
function sentValue(run: ScenarioRun, name: string): string {
  return Object.hasOwn(run.secrets, name) ? (run.secrets[name] ?? '') : valueOf(run, name);
}
