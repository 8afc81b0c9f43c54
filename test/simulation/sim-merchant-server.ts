// The merchant's own server in the simulation: says who calls, well, slowly, wrongly or not at all, and hears what each call
// used. It remembers every answer it gave and every report with id and body: what a caller may talk and what is reported
// is held against that.

import type { CallerQuestion, Recognition } from '../../src/core/known-caller.ts';
import type { E164 } from '../../src/core/ids.ts';
import type { Asked, Delivered, Exchange, MerchantServer } from '../../src/flow/ports.ts';
import { type GatewayProcess, type Kernel, type Random, Violation } from './kernel.ts';
import type { KnownHouse, ServedClient, ServerMoods } from './known-calls.ts';

/** The outbound client's, for a report. */
const reportDeadlineMs = 10_000;

const nobodyThere: ServerMoods = {
  ...{ there: false, asksForCode: false },
  ...{ slow: 0, silent: 0, fails: 0, nonsense: 0 },
};

export interface HeardReport {
  id: string;
  /** As it first came. */
  body: string;
  otherBodies: string[];
  acknowledged: boolean;
}

/** What was asked and answered under one id; absent: it never said anything. */
interface Said {
  question: CallerQuestion;
  recognition?: Recognition;
}

export class SimMerchantServer {
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #clients: readonly ServedClient[];
  readonly #moods: ServerMoods;
  readonly #said = new Map<string, Said>();
  readonly #heard = new Map<string, HeardReport>();
  #downUntilMs = 0;

  constructor(kernel: Kernel, known: KnownHouse | undefined) {
    this.#kernel = kernel;
    this.#random = kernel.random.fork('merchant server');
    this.#clients = known?.served ?? [];
    this.#moods = known?.server ?? nobodyThere;
  }

  portOf(process: GatewayProcess): MerchantServer {
    const { clock } = process;
    /** He who got no answer has waited until his deadline, whatever became of the question. */
    const until = async (atMs: number): Promise<void> => {
      const leftMs = atMs - clock.monotonicMs();
      if (leftMs > 0) await new Promise<void>((resolve) => clock.after(leftMs, resolve));
    };
    return {
      refusalOf: () => Promise.resolve(undefined),
      ask: async (server, question) => {
        const askedAtMs = clock.monotonicMs();
        const exchange = (): Exchange => ({
          ...{ url: server.url, requestHeaders: {}, requestBody: '' },
          tookMs: clock.monotonicMs() - askedAtMs,
        });
        const failed = (because: (Asked & { outcome: 'failed' })['because']): Asked => ({
          ...{ outcome: 'failed', because, detail: 'simulated', exchange: exchange() },
        });
        const said = await process.act(
          'server',
          `ask ${question.requestId.slice(-6)}`,
          (fault) => (fault?.fault === 'refused' ? 'status' : this.#answer(question)),
          () => 'no_answer' as const,
          server.timeoutMs,
        );
        if (said === 'no_answer') await until(askedAtMs + server.timeoutMs);
        if (typeof said === 'string') return failed(said);
        await until(Math.min(askedAtMs + said.afterMs, askedAtMs + server.timeoutMs));
        if (said.afterMs >= server.timeoutMs) return failed('no_answer');
        return { outcome: 'answered', recognition: said.recognition, exchange: exchange() };
      },
      report: async (_, { id, body }) => {
        const askedAtMs = clock.monotonicMs();
        const answer = await process.act<Delivered>(
          'server',
          `report ${id.slice(-6)}`,
          (fault) =>
            fault?.fault === 'refused' ? { outcome: 'refused', status: 500 } : this.#hear(id, body),
          () => ({ outcome: 'no_answer', reason: 'timeout' }),
          reportDeadlineMs,
        );
        if (answer.outcome === 'no_answer') await until(askedAtMs + reportDeadlineMs);
        return answer;
      },
    };
  }

  // --- For the scenario ----------------------------------------------------------------------------------------------

  /** Nothing arrives for so long. */
  goDown(ms: number): void {
    this.#downUntilMs = Math.max(this.#downUntilMs, this.#kernel.nowMs + ms);
  }

  // --- For the invariants --------------------------------------------------------------------------------------------

  /** In the order they first came. */
  heard(): readonly HeardReport[] {
    return [...this.#heard.values()];
  }

  /** All that it ever said of this call's caller. */
  saidOf(callSessionId: string): Recognition[] {
    return [...this.#said.values()].flatMap(({ question, recognition }) =>
      question.callSessionId === callSessionId && recognition ? [recognition] : [],
    );
  }

  // --- Who calls -----------------------------------------------------------------------------------------------------

  #answer(
    question: CallerQuestion,
  ): { recognition: Recognition; afterMs: number } | 'no_answer' | 'status' | 'fault' | 'nonsense' {
    const { slow, silent, fails, nonsense } = this.#moods;
    if (this.#kernel.nowMs < this.#downUntilMs) return 'no_answer';
    const known = this.#said.get(question.requestId);
    if (known) this.#mustBeTheSame(known.question, question);
    const said: Said = known ?? { question };
    this.#said.set(question.requestId, said);
    if (this.#random.chance(silent)) return 'no_answer';
    if (this.#random.chance(fails)) return this.#random.pick(['status', 'fault']);
    if (this.#random.chance(nonsense)) return 'nonsense';
    // Asked once more by the same id it says the same.
    said.recognition ??= this.#recognize(question);
    const afterMs = this.#random.chance(slow) ? this.#random.int(1_000, 7_000) : 0;
    this.#kernel.trace(
      `        the merchant's server says ${JSON.stringify(said.recognition)} after ${String(afterMs)} ms`,
    );
    return { recognition: said.recognition, afterMs };
  }

  #recognize({ ask, cli, clientCode, pin }: CallerQuestion): Recognition {
    const unknown = { outcome: 'refused', reason: 'unknown' } as const;
    const byNumber = ask === 'caller';
    const client = this.#clients.find(({ code, numbers }) =>
      byNumber ? cli.trust !== 'withheld' && numbers.includes(cli.number) : code === clientCode,
    );
    if (!client) {
      return byNumber && this.#moods.asksForCode
        ? { outcome: 'proof_wanted', proof: 'client_code' }
        : unknown;
    }
    if (client.refused) return { outcome: 'refused', reason: client.refused };
    if (byNumber && client.wants === 'client_code') return { outcome: 'proof_wanted', proof: 'client_code' };
    if (client.pin !== undefined) {
      if (pin === undefined) return { outcome: 'proof_wanted', proof: 'pin', clientCode: client.code };
      if (pin !== client.pin) return { outcome: 'refused', reason: 'wrong_pin' };
    }
    const { code, talkLimitSeconds, consultants, destination, text } = client;
    return {
      outcome: 'recognized',
      clientCode: code,
      ...(talkLimitSeconds !== undefined && { talkLimitSeconds }),
      ...(consultants && { consultants }),
      ...(destination !== undefined && { destination: destination as E164 }),
      ...(text !== undefined && { text }),
    };
  }

  /** "Asked again it is the same": what the merchant decides by. What is under way meanwhile may have changed. */
  #mustBeTheSame(before: CallerQuestion, now: CallerQuestion): void {
    const facts = ({ ask, callSessionId, cli, ddi, line, clientCode, pin }: CallerQuestion): string =>
      JSON.stringify({ ask, callSessionId, cli, ddi, line, clientCode, pin });
    if (facts(before) === facts(now)) return;
    this.#kernel.fail(new Violation(`one question with two meanings: ${facts(before)} ${facts(now)}`));
  }

  // --- What it used --------------------------------------------------------------------------------------------------

  #hear(id: string, body: string): Delivered {
    const { nowMs, elapsedMs } = this.#kernel;
    if (nowMs < this.#downUntilMs) return { outcome: 'no_answer', reason: 'connection refused' };
    const known = this.#heard.get(id);
    const report = known ?? { id, body, otherBodies: [], acknowledged: false };
    this.#heard.set(id, report);
    if (body !== report.body) report.otherBodies.push(body);
    this.#kernel.changed();
    if (elapsedMs < (this.#moods.reportsRefusedUntilMs ?? 0)) return { outcome: 'refused', status: 503 };
    if (this.#kernel.happens('merchant_refuses')) {
      return this.#random.chance(0.3)
        ? { outcome: 'no_answer', reason: 'silence' }
        : { outcome: 'refused', status: 500 };
    }
    report.acknowledged = true;
    return { outcome: 'delivered', status: 200 };
  }
}
