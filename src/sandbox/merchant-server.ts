// The demo merchant's own server as the gateway asks it who calls and tells it what a call used: the same books behind both
// languages. Every request is kept as it came, with what was thought of its signature and what was answered; a PIN is not.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { readBody, Refusal } from './http-exchange.ts';
import type { Answer, Client, ClientBook, Misbehaviour, Question } from './merchant-clients.ts';
import { faultXml, readSoap, recognitionXml, responseXml, TokenCheck } from './merchant-soap.ts';

export type Operation = 'recognizeCaller' | 'recognizeClientCode' | 'reportUsage' | 'memberScript' | 'sms';

/** One request as it came and as it was answered. */
export interface SeenRequest {
  /** Of the question, or of the report. */
  id: string;
  operation: Operation | 'unknown';
  protocol: 'rest' | 'soap';
  /** What it proved to be the gateway by, and whether that held. */
  provenBy: 'signature' | 'username_token' | 'basic' | 'bearer' | 'nothing';
  verified: boolean;
  /** The client it was about, as far as he is known. */
  client: string | null;
  /** The fields of the question or report. */
  fields: Record<string, unknown>;
  headers: Record<string, string>;
  body: string;
  /** How often this id was there before. */
  repeats: number;
  receivedAt: string;
  /** null: not answered yet; status 0: the connection was dropped. */
  answer: { status: number; body: string } | null;
  tookMs: number | null;
}

export interface KeptReport {
  id: string;
  report: Record<string, unknown>;
  receivedAt: string;
  /** How often it came, and what was answered each time (0: the connection was dropped). */
  deliveries: number;
  answers: number[];
}

/** What the whole server does now, whoever is asked about: `undefined`, nothing out of the ordinary. */
export type Acting = { delayMs: number; answer: number | 'drop'; retryAfter?: number };

export interface ServerSettings {
  /** Signs what comes in JSON, and is the password of what comes in XML. */
  secret: string;
  clients: ClientBook;
  acting(what: 'questions' | 'reports'): Acting;
  changed(): void;
}

/** The user of HTTP Basic and of the UsernameToken. */
export const serverUser = 'ringmeter';

const keptMax = 500;
const restOperations: Record<string, Operation> = {
  'recognize-caller': 'recognizeCaller',
  'recognize-client-code': 'recognizeClientCode',
  'report-usage': 'reportUsage',
  member: 'memberScript',
  sms: 'sms',
};
const shownHeaders = /^(content-type|soapaction|webhook-|user-agent|accept$)/;
/** Slow by the byte: whole after minutes, so that only a deadline of everything together ends it. */
const dripEveryMs = 400;

export class MerchantServer {
  readonly #settings: ServerSettings;
  readonly #webhook: Webhook;
  readonly #tokens: TokenCheck;
  readonly #basic: string;
  readonly #bearer: string;
  #requests: SeenRequest[] = [];
  readonly #reports = new Map<string, KeptReport>();

  constructor(settings: ServerSettings) {
    this.#settings = settings;
    this.#webhook = new Webhook(settings.secret);
    this.#tokens = new TokenCheck({ user: serverUser, password: settings.secret });
    this.#bearer = `Bearer ${settings.secret}`;
    this.#basic = `Basic ${Buffer.from(`${serverUser}:${settings.secret}`).toString('base64')}`;
  }

  /** Newest first. */
  requests(): readonly SeenRequest[] {
    return this.#requests;
  }

  /** Newest first. */
  reports(): KeptReport[] {
    return [...this.#reports.values()].reverse();
  }

  forgetRequests(): void {
    this.#requests = [];
    this.#settings.changed();
  }

  /** What his calls used, by the reports. */
  usedBy(clientCode: string): { calls: number; seconds: number } {
    const his = [...this.#reports.values()].filter(({ report }) => report['clientCode'] === clientCode);
    return {
      calls: his.length,
      seconds: his.reduce((sum, { report }) => sum + Number(report['billableSeconds'] ?? 0), 0),
    };
  }

  /** POST below `/server/`. Throws 404 for what is none of the contract's. */
  async serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const name = path.replace('/server/', '');
    const operation = restOperations[name];
    if (operation === undefined && name !== 'soap') {
      throw new Refusal(404, 'The demo merchant implements nothing here.');
    }
    const began = performance.now();
    const text = (await readBody(request)).toString('utf8');
    const asked =
      operation === undefined ? this.#readXml(request, text) : this.#readRest(request, text, operation);
    const { seen, question } = asked;
    seen.repeats = this.#requests.filter((one) => one.id !== '' && one.id === seen.id).length;
    this.#requests = [seen, ...this.#requests].slice(0, keptMax);
    this.#settings.changed();
    const say = await this.#decide(seen, question, asked.refused);
    seen.answer = { status: say.status, body: say.body };
    seen.tookMs = Math.round((performance.now() - began) * 10) / 10;
    if (seen.operation === 'reportUsage' && seen.verified) this.#keep(seen);
    this.#settings.changed();
    await send(request, response, say);
  }

  #readRest(request: IncomingMessage, text: string, operation: Operation): Asked {
    const header = (name: string): string => String(request.headers[name] ?? '');
    const signed = {
      'webhook-id': header('webhook-id'),
      'webhook-timestamp': header('webhook-timestamp'),
      'webhook-signature': header('webhook-signature'),
    };
    let verified = true;
    try {
      this.#webhook.verify(text, signed);
    } catch {
      verified = false;
    }
    const fields = objectOf(text);
    const { requestId } = fields;
    const asked = typeof requestId === 'string' ? requestId : '';
    if (operation === 'sms') {
      // As a provider of SMS takes them, whom he has chosen to be himself.
      const proven = header('authorization') === this.#bearer;
      const proof = { id: String(fields['id']), provenBy: 'bearer', verified: proven } as const;
      return this.#seen(request, text, 'rest', operation, fields, proof);
    }
    const id = operation === 'reportUsage' ? signed['webhook-id'] : asked;
    return this.#seen(request, text, 'rest', operation, fields, {
      id,
      provenBy: signed['webhook-signature'] === '' ? 'nothing' : 'signature',
      verified,
    });
  }

  #readXml(request: IncomingMessage, text: string): Asked {
    const call = readSoap(text);
    const authorization = request.headers.authorization;
    if ('refused' in call) {
      const seen = this.#seen(
        request,
        text,
        'soap',
        'unknown',
        {},
        { id: '', provenBy: 'nothing', verified: false },
      );
      return {
        ...seen,
        refused: { status: 500, body: faultXml('Client', 'not_read', call.refused), xml: true },
      };
    }
    const { token } = call;
    const provenBy = token ? 'username_token' : authorization === undefined ? 'nothing' : 'basic';
    // Whatever is given must hold, and something must be given.
    const verified =
      provenBy !== 'nothing' &&
      (token === undefined || this.#tokens.holds(token)) &&
      (authorization === undefined || authorization === this.#basic);
    const { id, ...fields } = call.fields;
    const operation = Object.values(restOperations).find((one) => one === call.operation);
    const proof = { id: id ?? fields['requestId'] ?? '', provenBy, verified } as const;
    const asked = this.#seen(request, text, 'soap', operation ?? 'unknown', typed(fields), proof);
    if (operation !== undefined) return asked;
    const sentence = 'There is no such operation.';
    return {
      ...asked,
      refused: { status: 500, body: faultXml('Client', 'unknown_operation', sentence), xml: true },
    };
  }

  #seen(
    request: IncomingMessage,
    text: string,
    protocol: 'rest' | 'soap',
    operation: SeenRequest['operation'],
    fields: Record<string, unknown>,
    proof: Pick<SeenRequest, 'id' | 'provenBy' | 'verified'>,
  ): Asked {
    const field = (name: string): string | undefined =>
      typeof fields[name] === 'string' ? fields[name] : undefined;
    // A scenario sends what was keyed in it as variables.
    const keyed = operation === 'memberScript' ? textsOf(fields['variables']) : undefined;
    const question: Question = {
      ask: keyed || operation === 'recognizeClientCode' ? 'recognizeClientCode' : 'recognizeCaller',
      cliTrust: field('cliTrust') ?? 'withheld',
      cli: field('cli'),
      clientCode: keyed ? keyed['member'] : field('clientCode'),
      pin: keyed ? keyed['pin'] : field('pin'),
    };
    const seen: SeenRequest = {
      ...proof,
      operation,
      protocol,
      client: this.#about(operation, question)?.name ?? null,
      fields: {
        ...fields,
        ...(fields['pin'] !== undefined && { pin: '***' }),
        ...(keyed && { variables: { ...keyed, ...(keyed['pin'] !== undefined && { pin: '***' }) } }),
      },
      headers: Object.fromEntries(
        Object.entries(request.headers)
          .filter(([name]) => shownHeaders.test(name))
          .map(([name, value]) => [name, String(value)]),
      ),
      body: masked(text),
      repeats: 0,
      receivedAt: new Date().toISOString(),
      answer: null,
      tookMs: null,
    };
    return { seen, question };
  }

  #about(operation: SeenRequest['operation'], question: Question): Client | undefined {
    const { clients } = this.#settings;
    if (operation !== 'reportUsage') return clients.find(question);
    return clients.clients.find((one) => one.clientCode === question.clientCode);
  }

  /** Who cannot prove to be the gateway is refused however badly the merchant behaves. */
  async #decide(seen: SeenRequest, question: Question, refused: Said | undefined): Promise<Said> {
    const xml = seen.protocol === 'soap';
    if (refused) return refused;
    if (!seen.verified) {
      const sentence = 'This merchant does not know you.';
      return xml
        ? { status: 500, body: faultXml('Client', 'not_authorized', sentence), xml }
        : { status: 401, body: JSON.stringify({ error: sentence }), xml };
    }
    if (seen.operation === 'sms') return { status: 200, body: '{}', xml };
    const acting = this.#settings.acting(seen.operation === 'reportUsage' ? 'reports' : 'questions');
    const client = this.#about(seen.operation, question);
    const his = client ?? this.#settings.clients.strangers;
    const isReport = seen.operation === 'reportUsage';
    const delayMs = acting.delayMs + (isReport ? 0 : his.delayMs);
    if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
    const error = acting.answer === 204 ? (isReport ? null : his.error) : acting.answer;
    if (error !== null) return misbehave(error, seen.operation, xml, acting.retryAfter);
    if (isReport)
      return xml ? { status: 200, body: responseXml('reportUsage'), xml } : { status: 204, body: '', xml };
    const answer = this.#settings.clients.answer(question, client);
    if (seen.operation === 'memberScript') return { status: 200, body: memberSays(answer), xml };
    return { status: 200, body: written(seen.operation, answer, xml), xml };
  }

  #keep(seen: SeenRequest): void {
    const known = this.#reports.get(seen.id);
    const answers = [...(known?.answers ?? []), seen.answer?.status ?? 0];
    const { receivedAt, fields } = known ? { ...seen, ...known, fields: known.report } : seen;
    this.#reports.set(seen.id, {
      id: seen.id,
      report: fields,
      receivedAt,
      deliveries: answers.length,
      answers,
    });
    for (const oldest of this.#reports.keys()) {
      if (this.#reports.size <= keptMax) break;
      this.#reports.delete(oldest);
    }
  }
}

interface Asked {
  seen: SeenRequest;
  question: Question;
  refused?: Said;
}

interface Said {
  /** 0: nothing is said, the connection is dropped. */
  status: number;
  body: string;
  xml: boolean;
  type?: string;
  retryAfter?: number;
  drip?: true;
}

/** What the call does next, as the scenario of his members asks it: whoever he knows has a balance, and a day it is renewed. */
function memberSays({ outcome, talkLimitSeconds = 600 }: Answer): string {
  if (outcome !== 'recognized') return JSON.stringify({ next: 'refused' });
  const balance = ((talkLimitSeconds / 60) * 2.4).toFixed(2);
  const renewsOn = `${String(new Date().getUTCFullYear() + 1)}-01-01`;
  return JSON.stringify({ next: 'member', set: { balance, currency: 'EUR', renewsOn } });
}

/** The texts of an object, by their names. */
function textsOf(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(
    Object.entries(given).filter((one): one is [string, string] => typeof one[1] === 'string'),
  );
}

function written(operation: SeenRequest['operation'], answer: Answer, xml: boolean): string {
  return xml ? recognitionXml(operation, answer) : JSON.stringify(answer);
}

function misbehave(
  error: Misbehaviour,
  operation: SeenRequest['operation'],
  xml: boolean,
  retryAfter: number | undefined,
): Said {
  const retry = retryAfter === undefined ? {} : { retryAfter };
  switch (error) {
    case 'drop':
      return { status: 0, body: '', xml };
    case 'html':
      return {
        status: 200,
        body: '<!doctype html><title>Maintenance</title><h1>Back soon</h1>',
        xml,
        type: 'text/html',
      };
    case 'nonsense': {
      // What the books could hold if nobody had looked: the types are wrong, and a field is missing.
      const answer = { talkLimitSeconds: 'plenty', language: 'la' } as unknown as Answer;
      return { status: 200, body: written(operation, answer, xml), xml };
    }
    case 'drip': {
      const answer: Answer = { outcome: 'refused', reason: 'other' };
      return { status: 200, body: written(operation, answer, xml), xml, drip: true };
    }
    default: {
      const sentence = `The demo merchant was told to answer ${String(error)}.`;
      const body =
        xml && error === 500 ? faultXml('Server', 'told_to', sentence) : JSON.stringify({ error: sentence });
      return { status: error, body: error === 204 ? '' : body, xml: xml && error === 500, ...retry };
    }
  }
}

async function send(request: IncomingMessage, response: ServerResponse, say: Said): Promise<void> {
  if (say.status === 0) {
    request.socket.destroy();
    return;
  }
  response.writeHead(say.status, {
    ...(say.body !== '' && {
      'content-type': say.type ?? (say.xml ? 'text/xml; charset=utf-8' : 'application/json'),
    }),
    ...(say.retryAfter !== undefined && { 'retry-after': String(say.retryAfter) }),
    // A redirect leads back here: who follows it goes round in circles.
    ...(say.status >= 300 && say.status < 400 && { location: request.url ?? '/' }),
  });
  if (!say.drip) {
    response.end(say.body);
    return;
  }
  response.flushHeaders();
  for (const letter of say.body) {
    if (response.destroyed) return;
    response.write(letter);
    await delay(dripEveryMs, undefined, { ref: false });
  }
  response.end();
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // Shown as it came.
  }
  return {};
}

const numbers = new Set([
  'callsInProgress',
  'secondsNotYetReported',
  'sequence',
  'billableSeconds',
  'talkMilliseconds',
]);

/** XML has text only; which of it are numbers the WSDL says. */
function typed(fields: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, numbers.has(name) ? Number(value) : value]),
  );
}

/** By place, not by value: four digits may be part of a telephone number, which is to be seen. */
function masked(text: string): string {
  return text
    .replace(/("pin"\s*:\s*)("[^"]*"?|[^,}\s]+)/g, '$1"***"')
    .replace(/(<(?:\w+:)?pin(?:\s[^>]*)?>)[^<]*/g, '$1***')
    .replace(/(<(?:\w+:)?(?:Password|Nonce)(?:\s[^>]*)?>)[^<]*/g, '$1***');
}
