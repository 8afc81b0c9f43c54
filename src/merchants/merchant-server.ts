// A merchant's own server, asked who a caller is and told what a call used, in the language he chose. Whatever it does, the
// caller on the line gets an outcome within the deadline; what follows from it is flow's.

import type { CallerQuestion } from '../core/known-caller.ts';
import type { Asked, Clock, Delivered, MerchantServer, MerchantServerAddress } from '../flow/ports.ts';
import { askWithin } from './ask-again.ts';
import { exchangeOf, maskingOf } from './exchange.ts';
import type { MerchantAnswer, MerchantHttp } from './outbound.ts';
import { restServer } from './rest-server.ts';
import type { ServerLanguage, ServerRequest } from './server-language.ts';
import { soapServer } from './soap-server.ts';

export class HttpMerchantServer implements MerchantServer {
  readonly #http: MerchantHttp;
  readonly #clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly #languages: Record<MerchantServerAddress['protocol'], ServerLanguage>;

  constructor(given: {
    http: MerchantHttp;
    clock: Pick<Clock, 'now' | 'monotonicMs'>;
    chance?: (bytes: number) => Buffer;
  }) {
    this.#http = given.http;
    this.#clock = given.clock;
    this.#languages = { rest: restServer, soap: soapServer(given.chance) };
  }

  refusalOf(url: string): Promise<string | undefined> {
    return this.#http.refusalOf(url);
  }

  async ask(server: MerchantServerAddress, question: CallerQuestion): Promise<Asked> {
    const language = this.#languages[server.protocol];
    const begunMs = this.#clock.monotonicMs();
    const { request, answer } = await this.#postWithin(server.timeoutMs, () =>
      language.question(server, question, this.#clock.now()),
    );
    const masked = maskingOf(server, question);
    const tookMs = Math.round(this.#clock.monotonicMs() - begunMs);
    const exchange = exchangeOf(request, answer, tookMs, masked);
    if (answer.outcome !== 'answered') {
      return {
        exchange,
        outcome: 'failed',
        because: answer.outcome,
        detail: answer.outcome === 'forbidden' ? forbidden(answer.reason) : silent(answer.reason, server),
      };
    }
    const understood = language.understand(question, answer);
    if (understood.outcome === 'answered') return { exchange, ...understood };
    return { exchange, ...understood, detail: masked(`Your server ${understood.detail}.`) };
  }

  async report(
    server: MerchantServerAddress,
    report: { id: string; body: string; at: Date },
  ): Promise<Delivered> {
    const language = this.#languages[server.protocol];
    return language.delivered(await this.#http.post(language.report(server, report)), report.at);
  }

  /**
   * A question may be asked twice, since it has its id; both within the one deadline. Written anew: a server that remembers
   * the nonces of its UsernameTokens takes the same bytes again for somebody who overheard them.
   */
  async #postWithin(
    timeoutMs: number,
    written: () => ServerRequest,
  ): Promise<{ request: ServerRequest; answer: MerchantAnswer }> {
    let request = written();
    let tries = 0;
    const answer = await askWithin(this.#clock, timeoutMs, (leftMs) => {
      tries += 1;
      if (tries > 1) request = written();
      return this.#http.post({ ...request, timeoutMs: leftMs });
    });
    return { request, answer };
  }
}

function silent(reason: string, { timeoutMs }: MerchantServerAddress): string {
  switch (reason) {
    case 'deadline':
    case 'silence':
      return `Your server did not give a whole answer within ${timeoutMs / 1000} s.`;
    case 'connect timeout':
      return 'No connection to your server could be made in time.';
    default:
      return `No answer of your server could be had (${reason}).`;
  }
}

function forbidden(reason: string): string {
  return `Your server is not spoken to: ${reason}.`;
}
