// Trying a scenario of a merchant's out: a caller made of answers goes through it by the rules real calls go by (core/scenario/
// try-scenario). His scripts answer as he says they would, or are really asked. Nobody is rung, nothing is written down.

import type { E164, Language } from '../core/ids.ts';
import type { Cli, Recognition } from '../core/known-caller.ts';
import type { Scenario } from '../core/scenario/blocks.ts';
import type { FoundConsultant, RingEnd, ScenarioRun } from '../core/scenario/run.ts';
import { readScriptAnswer } from '../core/scenario/script-answer.ts';
import {
  type CardWorks,
  type Given,
  type Trial,
  trialOf,
  type Wanted,
} from '../core/scenario/try-scenario.ts';
import { readScenario, readLiveScenario, readScenarioVersion } from '../store/scenarios.ts';
import { readSurroundings } from '../store/scenario-surroundings.ts';
import { readSigners } from '../store/script-signing.ts';
import type { House } from './house.ts';
import type { ScriptAsked } from './ports.ts';
import { signingOf, type ScriptSigning } from './script-signing.ts';

/** What his script answers to one question: raw as it would send it; nothing at all; or whatever it really does. */
export type TriedScript = { body: string; contentType?: string } | 'away' | 'call';

export interface TrialWish {
  /** Which graph: one that is not kept anywhere, a published version, or (neither) the draft. */
  graph?: Scenario;
  version?: number;
  cli: Cli;
  /** Absent: the first number that leads to it, else any. */
  ddi?: E164;
  at?: Date;
  language?: Language;
  keys: readonly string[];
  recognitions: readonly (Recognition | 'away')[];
  rings: readonly RingEnd[];
  /** `call`: each time it is asked it is really asked. */
  scripts: readonly TriedScript[] | 'call';
  /** Absent: all the merchant has, free. */
  consultants?: readonly FoundConsultant[];
  speaks: readonly number[];
  blacklisted: boolean;
  codes: readonly boolean[];
  pays: boolean;
  keysCard: boolean;
  cardWorks: readonly CardWorks[];
  /** He has not dialled: a paid talk of his has just ended so. */
  after?: 'talked' | 'limit_reached';
  /** Nor here: it is the call he has paid for. */
  paid?: boolean;
}

export type SimulatedScenario =
  { outcome: 'unknown' | 'unknown_version' } | { outcome: 'tried'; trial: Trial };

/** Of one trial: a script that asks for itself again and again is left alone then. */
const realCallsMax = 20;
/** Whoever waits for a trial waits no longer for scripts, however many they are. */
const realCallsMs = 30_000;
/** Of the range kept for drama and documentation (ARCEP): where no number of the merchant's leads to it. */
const nobodysNumber = '+33199000000' as E164;

export async function simulateScenario(
  house: House,
  merchantId: string,
  slug: string,
  wish: TrialWish,
): Promise<SimulatedScenario> {
  const found = await house.db.asMerchant(merchantId, async (tx) => {
    const scenario = await readScenario(tx, slug);
    if (!scenario) return undefined;
    const version =
      wish.version === undefined ? undefined : await readScenarioVersion(tx, scenario.id, wish.version);
    return {
      graph: wish.graph ?? (wish.version === undefined ? scenario.draft : version?.graph),
      ddis: scenario.ddis,
      around: await readSurroundings(tx),
      signing: signingOf(house, merchantId, await readSigners(tx)),
    };
  });
  if (!found) return { outcome: 'unknown' };
  const { graph, ddis, around, signing } = found;
  if (!graph) return { outcome: 'unknown_version' };
  const { graph: _graph, version: _version, scripts, ddi, at, language, consultants, ...rest } = wish;
  const { merchantName, timeZone, country } = around;
  const trial = trialOf(graph, {
    ...rest,
    ddi: ddi ?? (ddis[0] as E164 | undefined) ?? nobodysNumber,
    at: at ?? house.clock.now(),
    language: language ?? (around.languages.length === 1 ? (around.languages[0] ?? 'fr') : 'fr'),
    consultants: consultants ?? around.consultants.map((one) => ({ ...one, reachable: true })),
    merchantName,
    timeZone,
    country,
    talkLines: around.talkLines,
  });
  const outside = new Outside(house, merchantId, { scripts, signing });
  let next = trial.next();
  while (!next.done) next = trial.next(await outside.given(next.value));
  return { outcome: 'tried', trial: next.value };
}

/** What a trial wants of the world. */
class Outside {
  readonly #house: House;
  readonly #merchantId: string;
  readonly #scripts: TriedScript[];
  readonly #always: boolean;
  readonly #signing: ScriptSigning;
  readonly #callId: string;
  readonly #untilMs: number;
  #calls = 0;

  constructor(
    house: House,
    merchantId: string,
    { scripts, signing }: { scripts: TrialWish['scripts']; signing: ScriptSigning },
  ) {
    this.#house = house;
    this.#merchantId = merchantId;
    this.#scripts = scripts === 'call' ? [] : [...scripts];
    this.#always = scripts === 'call';
    this.#signing = signing;
    this.#callId = house.ids.id('recognitionTest');
    this.#untilMs = house.clock.monotonicMs() + realCallsMs;
  }

  async given(wanted: Wanted): Promise<Given> {
    if (wanted.want === 'scenario') {
      const live = await this.#house.db.asMerchant(this.#merchantId, (tx) =>
        readLiveScenario(tx, wanted.slug),
      );
      return live ? { scenario: live.graph } : {};
    }
    const answer = this.#always ? 'call' : (this.#scripts.shift() ?? 'away');
    if (answer === 'away') return {};
    if (answer === 'call') return this.#ask(wanted);
    const read = readScriptAnswer({ ...answer, url: wanted.command.address.url });
    return read.outcome === 'answer' ? { program: read.program } : { because: read.because };
  }

  async #ask({ command, run }: Wanted & { want: 'script' }): Promise<Given> {
    this.#calls += 1;
    const leftMs = this.#untilMs - this.#house.clock.monotonicMs();
    if (this.#calls > realCallsMax || leftMs < 500) {
      return { because: 'Your script was asked often enough for a trial.' };
    }
    const { dialect, address, attempt, timeoutMs, digits, dial, send } = command;
    const asked = await this.#house.scriptServer.ask({
      ...this.#signing,
      timeoutMs: Math.min(timeoutMs, leftMs),
      question: {
        dialect,
        address,
        facts: {
          requestId: this.#house.ids.id('recognitionTest'),
          callId: this.#callId,
          merchantId: this.#merchantId,
          block: run.at,
          attempt,
          status: run.answered ? 'answered' : 'ringing',
          cli: run.plan.cli,
          ddi: run.plan.ddi,
          language: run.language,
          ...(digits !== undefined && { digits }),
          ...(dial && { dial }),
          variables: sentVariables(run, send),
        },
      },
    });
    return givenOf(asked);
  }
}

/** Those the block names, as far as they are set; what was keyed in secret too. */
function sentVariables({ variables, secrets }: ScenarioRun, send: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    send.flatMap((name): [string, string][] => {
      const from = Object.hasOwn(secrets, name) ? secrets : variables;
      const value = Object.hasOwn(from, name) ? from[name] : undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function givenOf(asked: ScriptAsked): Given {
  const { url, requestBody, status, answerBody, tookMs } = asked.exchange;
  const exchange = {
    url,
    requestBody,
    ...(status !== undefined && { status }),
    ...(answerBody !== undefined && { answerBody }),
    tookMs,
  };
  const seconds = tookMs / 1_000;
  return asked.outcome === 'answer'
    ? { program: asked.program, exchange, seconds }
    : { because: asked.sentence, exchange, seconds };
}
