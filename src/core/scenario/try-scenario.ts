// Trying a scenario out without a telephone: a caller who is made of answers goes through it, by the very rules real calls go by, and
// what he passes and hears is written down. Whatever he was given no answer for goes as it goes for a caller who does nothing: he keys
// nothing, nobody answers, the merchant's server is away.

import type { Cli, Recognition } from '../known-caller.ts';
import type { E164, Language, LegUuid } from '../ids.ts';
import { spokenText } from '../prompt.ts';
import { advanceRun, newRun } from './advance-run.ts';
import type { Scenario } from './blocks.ts';
import type {
  AfterTalk,
  FoundConsultant,
  RingEnd,
  RunCommand,
  RunEvent,
  RunOutcome,
  Said,
  ScenarioRun,
} from './run.ts';
import type { ScriptProgram } from './script-program.ts';
import type { BlockId } from './shape.ts';

/** What a tried caller brings. Lists are used up from the front, one for each time it is asked. */
export interface TriedCaller {
  cli: Cli;
  ddi: E164;
  at: Date;
  language: Language;
  merchantName: string;
  timeZone: string;
  country: string;
  /** Digits for each question; an empty text is silence. */
  keys: readonly string[];
  recognitions: readonly (Recognition | 'away')[];
  rings: readonly RingEnd[];
  consultants: readonly FoundConsultant[];
  /** Seconds he speaks, for each recording. */
  speaks: readonly number[];
  blacklisted: boolean;
  /** Whether codes he keys are right; whether he pays. */
  codes: readonly boolean[];
  pays: boolean;
  /** Whether he keys his card; what his bank says of it, each time it is asked. */
  keysCard: boolean;
  cardWorks: readonly CardWorks[];
  /** Slugs of the lines that sell conversations; absent: that is not known, and a card pays for sales alone. */
  talkLines?: readonly string[];
  /** He has not dialled: a paid talk of his has just ended so. */
  after?: AfterTalk['end'];
  /** Nor here: it is the call he has paid for. */
  paid?: boolean;
}

export const cardWorks = ['paid', 'declined', 'needs_page'] as const;
export type CardWorks = (typeof cardWorks)[number];

/** What a trial cannot know by itself. */
export type Wanted =
  /** What the merchant's script answers. `run`: the call as it is then. */
  | { want: 'script'; command: RunCommand & { do: 'askScript' }; run: ScenarioRun }
  /** The live version of another scenario, by its slug. */
  | { want: 'scenario'; slug: string };

export interface Given {
  /** Absent: the script gave none, and `because` says why. */
  program?: ScriptProgram;
  because?: string;
  /** What went over the wire, where anything did. */
  exchange?: TriedExchange;
  /** How long the caller waited for it. */
  seconds?: number;
  /** Absent: there is none. */
  scenario?: Scenario;
}

export interface TriedExchange {
  url: string;
  requestBody: string;
  status?: number;
  answerBody?: string;
  tookMs: number;
}

export interface TriedStep {
  /** Another scenario he has come into, by its slug. */
  scenario?: string;
  block: BlockId;
  kind: string;
  /** What he heard in it, as text. */
  heard: string[];
  /** What was asked of him, of the merchant's systems or of the telephone network, and what came of it. */
  did: TriedAct[];
  /** The way out it took; absent: the call ended in it. */
  exit?: string;
}

export interface TriedAct {
  what: RunCommand['do'];
  /** What he heard while it was done. */
  heard?: string[];
  came?: string;
  exchange?: TriedExchange;
}

export interface Trial {
  steps: TriedStep[];
  /** `still_waiting`: longer than anybody would try. */
  outcome: RunOutcome | 'still_waiting';
  endedIn: BlockId;
  variables: Readonly<Record<string, string>>;
}

/** Of a trial; each is one thing that happens to the call. */
const stepsMax = 5_000;

/** `scripts`: what the merchant's script answers, each time it is asked. `found`: the live version of another scenario, by its slug. */
export function tryScenario(
  scenario: Scenario,
  caller: TriedCaller & { scripts: readonly (ScriptProgram | 'away')[] },
  found: (slug: string) => Scenario | undefined = () => undefined,
): Trial {
  const scripts = [...caller.scripts];
  const trial = trialOf(scenario, caller);
  let next = trial.next();
  while (!next.done) {
    const wanted = next.value;
    if (wanted.want === 'scenario') {
      const graph = found(wanted.slug);
      next = trial.next(graph ? { scenario: graph } : {});
    } else {
      const program = scripts.shift() ?? 'away';
      next = trial.next(program === 'away' ? {} : { program });
    }
  }
  return next.value;
}

/** Goes on with whatever it is given for what it wanted; `{}`: nothing came. */
export function* trialOf(scenario: Scenario, caller: TriedCaller): Generator<Wanted, Trial, Given> {
  const bag = {
    keys: [...caller.keys],
    recognitions: [...caller.recognitions],
    rings: [...caller.rings],
    speaks: [...caller.speaks],
    codes: [...caller.codes],
    cardWorks: [...caller.cardWorks],
  };
  let cardOrders = 0;
  const { merchantName, timeZone, country, cli, ddi, language, after, paid } = caller;
  let graph = scenario;
  const here = { scenarioId: 'tried', version: 0 };
  let run: ScenarioRun = newRun(
    {
      id: 'scr_tried',
      leg: '00000000-0000-4000-8000-000000000000' as LegUuid,
      plan: {
        ...{ merchantName, timeZone, country, cli, ddi },
        ...(after && { after: { callSessionId: 'tried', line: '', end: after } }),
        ...(paid && { paid: { callSessionId: 'tried', line: '' } }),
      },
      scenario: here,
      language,
      answered: paid === true || after !== undefined,
      startedAt: caller.at.toISOString(),
    },
    scenario,
  );
  const steps: TriedStep[] = [];
  let atMs = caller.at.getTime();
  let event: RunEvent | undefined = { type: 'callArrived' };
  let next: Scenario | undefined;
  for (let count = 0; event && count < stepsMax; count += 1) {
    const step = advanceRun(graph, run, event, new Date(atMs), next);
    if (step.run.scenario !== run.scenario) graph = next ?? graph;
    next = undefined;
    run = step.run;
    for (const fact of step.facts) {
      if (fact.name === 'entered') {
        const elsewhere = fact.scenario === here ? {} : { scenario: fact.scenario.scenarioId };
        steps.push({
          ...elsewhere,
          block: fact.at,
          kind: String(fact.facts['kind']),
          heard: [],
          did: [],
        });
      }
      const last = steps.at(-1);
      if (fact.name === 'left' && last) last.exit = String(fact.facts['exit']);
    }
    const last = steps.at(-1);
    event = undefined;
    for (const command of step.commands) {
      const came = yield* answered(command);
      const heard =
        'said' in command
          ? command.said.map((one) => textOf(one, run.language))
          : command.do === 'takeCard'
            ? saidInCardRoom.map((sound) => spokenText({ language: run.language, key: 'card_said', sound }))
            : [];
      last?.heard.push(...heard);
      if (came) {
        event = came.event;
        atMs += came.seconds * 1_000;
      }
      const outcome = came && cameOf(came.event);
      last?.did.push({
        what: command.do,
        ...(heard.length > 0 && { heard }),
        ...(outcome !== undefined && { came: outcome }),
        ...(came?.exchange && { exchange: came.exchange }),
      });
    }
  }
  return {
    steps,
    outcome: run.state === 'over' ? (run.outcome ?? 'completed') : 'still_waiting',
    endedIn: run.at,
    variables: run.variables,
  };

  function* answered(command: RunCommand): Generator<Wanted, Came | undefined, Given> {
    switch (command.do) {
      case 'answer':
      case 'hangUp':
        return undefined;
      case 'play':
        return { event: { type: 'played' }, seconds: 3 };
      case 'ask': {
        const keys = bag.keys.shift() ?? '';
        if (keys === '')
          return { event: { type: 'nothingKeyed' }, seconds: 3 + command.entry.waitMs / 1_000 };
        if (keys === '*') return { event: { type: 'keyed', digits: '', ended: 'restart' }, seconds: 2 };
        const digits = keys.replace(/#$/, '').slice(0, command.entry.maxDigits);
        return {
          event: { type: 'keyed', digits, ended: keys.endsWith('#') ? 'terminator' : 'full' },
          seconds: 3,
        };
      }
      case 'recognize': {
        const recognition = bag.recognitions.shift() ?? 'away';
        const event: RunEvent =
          recognition === 'away' ? { type: 'failed', because: 'away' } : { type: 'recognized', recognition };
        return { event, seconds: 1 };
      }
      case 'askScript': {
        const { program, because = 'away', exchange, seconds = 1 } = yield { want: 'script', command, run };
        const event: RunEvent = program ? { type: 'scriptAnswered', program } : { type: 'failed', because };
        return { event, seconds, ...(exchange && { exchange }) };
      }
      case 'ring':
        return {
          event: { type: 'rang', end: bag.rings.shift() ?? 'no_answer', talkedSeconds: 60 },
          seconds: command.order.ringSeconds,
        };
      case 'findConsultants':
        return { event: { type: 'consultantsFound', consultants: caller.consultants }, seconds: 0 };
      case 'findExtension': {
        const [consultant] = caller.consultants;
        return { event: { type: 'extensionFound', ...(consultant && { consultant }) }, seconds: 0 };
      }
      case 'readBlacklist':
        return { event: { type: 'blacklistRead', listed: caller.blacklisted }, seconds: 0 };
      case 'record': {
        const seconds = Math.min(bag.speaks.shift() ?? 0, command.maxSeconds);
        return { event: { type: 'recorded', seconds }, seconds };
      }
      case 'keepMessage':
        return { event: { type: 'kept' }, seconds: 0 };
      case 'checkAccessCode':
        return { event: { type: 'accessCodeChecked', fits: bag.codes.shift() ?? false }, seconds: 0 };
      case 'issueAccessCode':
        return { event: { type: 'accessCodeIssued', code: '123456' }, seconds: 0 };
      case 'sendPaymentLink':
        return { event: { type: 'linkSent', orderId: 'ord_tried' }, seconds: 1 };
      case 'awaitPayment':
        return { event: { type: 'paid', paid: caller.pays }, seconds: caller.pays ? 60 : command.seconds };
      case 'orderByCard': {
        cardOrders += 1;
        const order = `tried_${String(cardOrders)}`;
        const talk = caller.talkLines?.includes(command.line) && { callSessionId: `cs_${order}` };
        return { event: { type: 'cardOrdered', orderId: `ord_${order}`, ...talk }, seconds: 1 };
      }
      case 'takeCard':
        return caller.keysCard
          ? { event: { type: 'cardTaken', card: triedCard }, seconds: 60 }
          : { event: { type: 'cardNotTaken', because: 'timed_out' }, seconds: 30 };
      case 'payByCard': {
        const works = bag.cardWorks.shift() ?? 'declined';
        const event: RunEvent =
          works === 'paid' ? { type: 'cardPaid' } : { type: 'cardDeclined', because: works };
        return { event, seconds: 3 };
      }
      case 'giveUpCardOrder':
        return undefined;
      case 'findScenario': {
        next = (yield { want: 'scenario', slug: command.scenario }).scenario;
        const event: RunEvent = next
          ? { type: 'scenarioFound', scenario: { scenarioId: command.scenario, version: 0 } }
          : { type: 'failed', because: 'no such scenario' };
        return { event, seconds: 0 };
      }
    }
  }
}

/** To a caller who keys it right at once; before that he hears the amount, which no trial knows. */
const saidInCardRoom = ['number', 'expiry', 'code'] as const;
const triedCard = { paymentMethod: 'pm_tried', brand: 'visa', last4: '4242', expiry: '12/30' };

interface Came {
  event: RunEvent;
  seconds: number;
  exchange?: TriedExchange;
}

function textOf(said: Said, language: Language): string {
  if ('text' in said) return said.text;
  if ('sound' in said) return `[${said.sound}]`;
  if ('url' in said) return `[${said.url}]`;
  if ('pause' in said) return `[${String(said.pause)} s]`;
  if ('introduction' in said) return `[${said.name}]`;
  return spokenText({ language, ...said.house });
}

function cameOf(event: RunEvent): string {
  switch (event.type) {
    case 'keyed':
      return event.ended === 'restart' ? '*' : event.digits;
    case 'rang':
      return event.end;
    case 'recognized':
      return event.recognition.outcome;
    case 'failed':
    case 'cardNotTaken':
    case 'cardDeclined':
      return event.because;
    case 'cardPaid':
      return 'paid';
    default:
      return event.type;
  }
}
