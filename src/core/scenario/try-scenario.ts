// Trying a scenario out without a telephone: a caller who is made of answers goes through it, by the very rules real calls go by, and
// what he passes and hears is written down. Whatever he was given no answer for goes as it goes for a caller who does nothing: he keys
// nothing, nobody answers, the merchant's server is away.

import type { Cli, Recognition } from '../known-caller.ts';
import type { E164, Language, LegUuid } from '../ids.ts';
import { spokenText } from '../prompt.ts';
import { advanceRun, newRun } from './advance-run.ts';
import type { Scenario } from './blocks.ts';
import type { FoundConsultant, RingEnd, RunCommand, RunEvent, RunOutcome, Said, ScenarioRun } from './run.ts';
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
  /** What the merchant's script answers, each time it is asked. */
  scripts: readonly (ScriptProgram | 'away')[];
  consultants: readonly FoundConsultant[];
  /** Seconds he speaks, for each recording. */
  speaks: readonly number[];
  blacklisted: boolean;
  /** Whether codes he keys are right; whether he pays. */
  codes: readonly boolean[];
  pays: boolean;
}

export interface TriedStep {
  block: BlockId;
  kind: string;
  /** What he heard in it, as text. */
  heard: string[];
  /** What was asked of him, of the merchant's systems or of the telephone network, and what came of it. */
  did: { what: RunCommand['do']; came?: string }[];
  /** The way out it took; absent: the call ended in it. */
  exit?: string;
}

export interface Trial {
  steps: TriedStep[];
  /** `still_waiting`: longer than anybody would try. */
  outcome: RunOutcome | 'still_waiting';
  endedIn: BlockId;
  variables: Readonly<Record<string, string>>;
}

const stepsMax = 5_000;

/** `found`: the live version of another scenario, by its slug. */
export function tryScenario(
  scenario: Scenario,
  caller: TriedCaller,
  found: (slug: string) => Scenario | undefined = () => undefined,
): Trial {
  const bag = {
    keys: [...caller.keys],
    recognitions: [...caller.recognitions],
    rings: [...caller.rings],
    scripts: [...caller.scripts],
    speaks: [...caller.speaks],
    codes: [...caller.codes],
  };
  const { merchantName, timeZone, country, cli, ddi, language } = caller;
  let graph = scenario;
  let run: ScenarioRun = newRun(
    {
      id: 'scr_tried',
      leg: '00000000-0000-4000-8000-000000000000' as LegUuid,
      plan: { merchantName, timeZone, country, cli, ddi },
      scenario: { scenarioId: 'tried', version: 0 },
      language,
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
      if (fact.name === 'entered')
        steps.push({ block: fact.at, kind: String(fact.facts['kind']), heard: [], did: [] });
      const last = steps.at(-1);
      if (fact.name === 'left' && last) last.exit = String(fact.facts['exit']);
    }
    const last = steps.at(-1);
    event = undefined;
    for (const command of step.commands) {
      const came = answered(command);
      if (last && 'said' in command) last.heard.push(...command.said.map((one) => textOf(one, run.language)));
      if (came) {
        event = came.event;
        atMs += came.seconds * 1_000;
      }
      const outcome = came && cameOf(came.event);
      last?.did.push({ what: command.do, ...(outcome !== undefined && { came: outcome }) });
    }
  }
  return {
    steps,
    outcome: run.state === 'over' ? (run.outcome ?? 'completed') : 'still_waiting',
    endedIn: run.at,
    variables: run.variables,
  };

  function answered(command: RunCommand): { event: RunEvent; seconds: number } | undefined {
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
        const program = bag.scripts.shift() ?? 'away';
        const event: RunEvent =
          program === 'away' ? { type: 'failed', because: 'away' } : { type: 'scriptAnswered', program };
        return { event, seconds: 1 };
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
      case 'findScenario': {
        next = found(command.scenario);
        const event: RunEvent = next
          ? { type: 'scenarioFound', scenario: { scenarioId: command.scenario, version: 0 } }
          : { type: 'failed', because: 'no such scenario' };
        return { event, seconds: 0 };
      }
    }
  }
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
      return event.because;
    default:
      return event.type;
  }
}
