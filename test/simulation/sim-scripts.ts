// The merchant's script in the simulation: says what a call does next, well, slowly, wrongly or not at all. It remembers every question
// by its id: asked again it must be the same question, and is given the same answer.

import { readScriptAnswer } from '../../src/core/scenario/script-answer.ts';
import type { ScriptProgram } from '../../src/core/scenario/script-program.ts';
import type { ScriptFacts } from '../../src/core/scenario/script-request.ts';
import type { Exchange, ScriptAsked, ScriptFailure, ScriptServer } from '../../src/flow/ports.ts';
import type { ComposedHouse, ScriptMoods } from './composed.ts';
import { type GatewayProcess, type Kernel, type Random, Violation } from './kernel.ts';

const quiet: ScriptMoods = { slow: 0, silent: 0, fails: 0, nonsense: 0 };

/** What scripts say, in each of the languages they may say it in. */
const bodies = [
  '{"next":"on"}',
  '{"next":"on","set":{"v":"1"}}',
  '{"say":"Bonjour."}',
  'set.v=2\nsay=Merci.',
  '{}',
  '{"limitSeconds":4}',
  '<Response><Say>Un chiffre.</Say><Gather numDigits="1" action="/ivr"><Say>Lequel ?</Say></Gather></Response>',
  '<Response><Redirect>/ivr</Redirect></Response>',
  '<Response><Dial>+33199000099</Dial></Response>',
  '<Response><Say>Fini.</Say><Hangup/></Response>',
] as const;

export interface AskedOfScript {
  requestId: string;
  callId: string;
  nth: number;
}

export class SimScripts {
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #moods: ScriptMoods;
  readonly #facts = new Map<string, string>();
  readonly #asked: AskedOfScript[] = [];

  constructor(kernel: Kernel, composed: ComposedHouse | undefined) {
    this.#kernel = kernel;
    this.#random = kernel.random.fork('merchant script');
    this.#moods = composed?.script ?? quiet;
  }

  /** Every question as it came, repeats too. */
  asked(): readonly AskedOfScript[] {
    return this.#asked;
  }

  portOf(process: GatewayProcess): ScriptServer {
    const { clock } = process;
    return {
      refusalOf: () => Promise.resolve(undefined),
      fetchSound: () =>
        Promise.resolve({ outcome: 'failed', because: 'unreachable', sentence: 'Nobody plays here.' }),
      ask: async ({ question: { facts, address }, timeoutMs }): Promise<ScriptAsked> => {
        const askedAtMs = clock.monotonicMs();
        const answer = await process.act<Answer>(
          'server',
          `script ${facts.requestId.slice(-8)}`,
          (fault) => (fault?.fault === 'refused' ? 'http_status' : this.#answer(facts, address.url)),
          () => 'timeout',
          timeoutMs,
        );
        const late = typeof answer === 'string' ? answer === 'timeout' : answer.afterMs >= timeoutMs;
        const untilMs = late ? timeoutMs : typeof answer === 'string' ? 0 : answer.afterMs;
        const leftMs = askedAtMs + untilMs - clock.monotonicMs();
        if (leftMs > 0) await new Promise<void>((resolve) => clock.after(leftMs, resolve));
        const tookMs = clock.monotonicMs() - askedAtMs;
        const exchange: Exchange = { url: address.url, requestHeaders: {}, requestBody: '', tookMs };
        if (late) return { exchange, outcome: 'failed', because: 'timeout', sentence: 'It was silent.' };
        if (typeof answer === 'string')
          return { exchange, outcome: 'failed', because: answer, sentence: 'It failed.' };
        return { exchange, outcome: 'answer', program: answer.program, tookMs };
      },
    };
  }

  #answer(facts: ScriptFacts, url: string): Answer {
    const { requestId, callId } = facts;
    this.#mustBeTheSame(facts);
    this.#asked.push({ requestId, callId, nth: this.#asked.length });
    this.#kernel.changed();
    const { slow, silent, fails, nonsense } = this.#moods;
    if (this.#random.chance(silent)) return 'timeout';
    if (this.#random.chance(fails)) return this.#random.pick(['http_status', 'unreachable'] as const);
    if (this.#random.chance(nonsense)) return 'not_understood';
    const says = url.endsWith('/on') ? bodies.slice(0, 1) : bodies;
    const body = this.#kernel.random.fork(`script says ${requestId}`).pick(says);
    const read = readScriptAnswer({ body, url });
    if (read.outcome === 'refused') throw new Error(`The simulated script says nonsense: ${read.because}`);
    const afterMs = this.#random.chance(slow) ? this.#random.int(1_000, 7_000) : 0;
    this.#kernel.trace(`        the script says ${body} after ${String(afterMs)} ms`);
    return { program: read.program, afterMs };
  }

  /** "Its request id is stored first, and repeated after a takeover": one id is one question. */
  #mustBeTheSame(facts: ScriptFacts): void {
    const now = JSON.stringify(facts);
    const before = this.#facts.get(facts.requestId);
    this.#facts.set(facts.requestId, now);
    if (before !== undefined && before !== now)
      this.#kernel.fail(new Violation(`one question to a script with two meanings: ${before} ${now}`));
  }
}

type Answer = ScriptFailure | { program: ScriptProgram; afterMs: number };
