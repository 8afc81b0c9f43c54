// A merchant's script, asked what a call does next. Whatever it does, the caller gets an outcome within the block's deadline, and
// the developer a sentence; what follows from either is the scenario's.

import { isUtf8 } from 'node:buffer';
import { scriptBounds } from '../core/scenario/script-program.ts';
import { readScriptAnswer } from '../core/scenario/script-answer.ts';
import {
  scriptMessage,
  scriptTimeoutMs,
  type ScriptMessage,
  type ScriptQuestion,
} from '../core/scenario/script-request.ts';
import type {
  AudioConverter,
  Clock,
  Exchange,
  ScriptAsked,
  ScriptRequest,
  ScriptServer,
  ScriptSound,
} from '../flow/ports.ts';
import { askWithin } from './ask-again.ts';
import type { MerchantHttp, Transfer } from './outbound.ts';
import { failureOf, notUnderstood } from './script-failure.ts';
import { ScriptSounds } from './script-sounds.ts';
import { signatureOf, twilioSignatureOf } from './signature.ts';

export class HttpScriptServer implements ScriptServer {
  readonly #http: MerchantHttp;
  readonly #clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly #sounds: ScriptSounds;

  /** `audio`: takes two minutes. */
  constructor(given: {
    http: MerchantHttp;
    clock: Pick<Clock, 'now' | 'monotonicMs'>;
    audio: AudioConverter;
  }) {
    this.#http = given.http;
    this.#clock = given.clock;
    this.#sounds = new ScriptSounds(given);
  }

  refusalOf(url: string): Promise<string | undefined> {
    return this.#http.refusalOf(url);
  }

  fetchSound(url: string): Promise<ScriptSound> {
    return this.#sounds.fetch(url);
  }

  async ask(request: ScriptRequest): Promise<ScriptAsked> {
    const timeoutMs = Math.min(scriptTimeoutMs.most, Math.max(scriptTimeoutMs.least, request.timeoutMs));
    const message = scriptMessage(request.question);
    const begunMs = this.#clock.monotonicMs();
    let headers: Record<string, string> = {};
    const answer = await askWithin(this.#clock, timeoutMs, (leftMs) => {
      // Each try has an instant of its own: a receiver refuses what was signed too long ago.
      headers = this.#headers(request, message);
      return this.#http.transfer({
        method: message.method,
        url: message.url,
        headers,
        ...(message.method === 'POST' && { body: message.body }),
        timeoutMs: leftMs,
        bytesMax: scriptBounds.bytes,
      });
    });
    const tookMs = this.#clock.monotonicMs() - begunMs;
    const exchange = exchangeOf(request, headers, answer, tookMs);
    const failed = failureOf(answer, timeoutMs);
    if (failed !== undefined || answer.outcome !== 'answered') {
      return { exchange, outcome: 'failed', ...(failed ?? notUnderstood('It could not be read.')) };
    }
    if (answer.packed) {
      return {
        exchange,
        outcome: 'failed',
        ...notUnderstood('The answer is packed (Content-Encoding), which was not asked for.'),
      };
    }
    if (!isUtf8(answer.bytes)) {
      return { exchange, outcome: 'failed', ...notUnderstood('The answer holds bytes that are not UTF-8.') };
    }
    const read = readScriptAnswer({
      contentType: answer.contentType,
      body: answer.bytes.toString('utf8'),
      url: request.question.address.url,
    });
    if (read.outcome === 'refused') return { exchange, outcome: 'failed', ...notUnderstood(read.because) };
    return { exchange, outcome: 'answer', program: read.program, tookMs };
  }

  #headers(request: ScriptRequest, message: ScriptMessage): Record<string, string> {
    const { requestId } = request.question.facts;
    return {
      ...(message.contentType !== undefined && { 'content-type': message.contentType }),
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'Ringmeter-Calls/1',
      'ringmeter-request-id': requestId,
      ...(message.signed.by === 'standard-webhooks'
        ? signatureOf({
            id: requestId,
            body: message.body,
            at: this.#clock.now(),
            secret: request.secret,
            ...(request.oldSecret !== undefined && { oldSecret: request.oldSecret }),
          })
        : {
            // By this name Twilio's scripts know a question that is asked again.
            'i-twilio-idempotency-token': requestId,
            ...(request.authToken !== undefined && {
              'x-twilio-signature': twilioSignatureOf({
                token: request.authToken,
                url: message.url,
                form: message.signed.form,
              }),
            }),
          }),
    };
  }
}

/** What went over the wire, as a developer may read it: a PIN by its place, since its digits may be part of a number. */
function exchangeOf(
  { question }: ScriptRequest,
  headers: Record<string, string>,
  answer: Transfer,
  tookMs: number,
): Exchange {
  const shown = scriptMessage(withoutSecrets(question));
  return {
    url: shown.url,
    requestHeaders: headers,
    requestBody: shown.body,
    ...(answer.outcome === 'answered' && {
      status: answer.status,
      answerBody: answer.packed ? '' : answer.bytes.toString('utf8'),
    }),
    tookMs: Math.round(tookMs),
  };
}

function withoutSecrets(question: ScriptQuestion): ScriptQuestion {
  const { facts } = question;
  if (facts.secretDigits !== true || facts.digits === undefined) return question;
  return { ...question, facts: { ...facts, digits: '***' } };
}
