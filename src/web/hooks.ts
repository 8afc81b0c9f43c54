// What the outside tells us without being asked: the card processor's events and the switch's call records. Neither is
// believed: an event says where to look, a record is kept beside what the switch's events said.

import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { type CallRecord, parseCallRecord } from '../core/call-record.ts';
import { recordCdr } from '../flow/call-records.ts';
import { followHint } from '../flow/follow-payment.ts';
import type { House } from '../flow/house.ts';
import type { Log, ProcessorHint, ProcessorHints } from '../flow/ports.ts';

export interface HookSettings {
  hints: ProcessorHints;
  cdrCredentials: { user: string; password: string };
  log: Log;
}

/**
 * Stripe gives up on an answer after some 10 s and sends the event again. What a hint leads to goes on behind the answer, and
 * without any hint the look every few seconds finds the same.
 */
const hintMs = 4_000;

/** A record with every variable of a long call is some 30 kB; one with traces of many transfers has been seen at 200. */
const cdrBytes = '1mb';

/** To be mounted at the root, before anything that reads bodies: a signature holds for the raw bytes. */
export function hooks(house: House, settings: HookSettings): Router {
  const router = express.Router({ strict: true });

  router.post(
    '/hooks/stripe',
    express.raw({ type: () => true, limit: '512kb' }),
    async (request, response) => {
      const body: unknown = request.body;
      const signature = request.get('stripe-signature');
      const hint =
        Buffer.isBuffer(body) && signature !== undefined ? settings.hints.read(body, signature) : undefined;
      if (hint === undefined) {
        settings.log.warn(
          { ip: request.ip },
          'An event of the card processor came with a signature that does not hold',
        );
        say(response, 400, 'The signature does not hold.');
        return;
      }
      if (hint !== 'ignored') await followAtMost(house, settings.log, hint);
      say(response, 200, 'Received.');
    },
  );

  router.post(
    '/hooks/freeswitch/cdr',
    onlyWith(settings.cdrCredentials),
    express.text({ type: () => true, limit: cdrBytes, defaultCharset: 'utf-8' }),
    async (request, response) => {
      const cdr = parseCdr(request);
      if (cdr === undefined) {
        say(response, 400, 'Not a call record: JSON with variables.uuid was expected.');
        return;
      }
      // 200 also for a leg nobody knows, whose record waits apart: anything else makes the switch send it again for ever.
      await recordCdr(house, cdr.leg, cdr.body);
      say(response, 200, 'Received.');
    },
  );
  return router;
}

/** Duplicates are harmless: every hint only asks the processor what is true. A failure lets the processor repeat. */
async function followAtMost(house: House, log: Log, hint: ProcessorHint): Promise<void> {
  let answered = false;
  const following = followHint(house, hint).catch((error: unknown) => {
    // Behind the answer nobody would hear of it.
    if (answered)
      log.error({ err: error, event: hint.eventId }, 'An event of the card processor was not followed');
    else throw error;
  });
  let timer: { cancel(): void } | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = house.clock.after(hintMs, resolve);
  });
  try {
    await Promise.race([following, patience]);
  } finally {
    answered = true;
    timer?.cancel();
  }
}

/** Compared as digests, in the same time whatever is wrong and however long it is. */
function onlyWith(credentials: { user: string; password: string }): RequestHandler {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`${credentials.user}:${credentials.password}`);
  return (request, response, next) => {
    const given = /^Basic +([0-9A-Za-z+/=]+) *$/i.exec(request.get('authorization') ?? '')?.[1] ?? '';
    if (timingSafeEqual(digest(Buffer.from(given, 'base64').toString('utf8')), expected)) {
      next();
      return;
    }
    response.setHeader('WWW-Authenticate', 'Basic realm="cdr", charset="UTF-8"');
    say(response, 401, 'User and password are those of mod_json_cdr’s "cred".');
  };
}

/**
 * mod_json_cdr posts the record itself, or as the form field `cdr` (`encode=true`: URL-encoded, `encode=base64`: base64).
 */
function parseCdr(request: Request): CallRecord | undefined {
  const text: unknown = request.body;
  if (typeof text !== 'string') return undefined;
  return parseCallRecord(jsonTextOf(request.get('content-type') ?? '', text));
}

function jsonTextOf(contentType: string, text: string): string {
  if (!text.startsWith('cdr=')) return text;
  if (contentType.startsWith('application/x-www-form-base64-encoded')) {
    return Buffer.from(text.slice('cdr='.length), 'base64').toString('utf8');
  }
  return new URLSearchParams(text).get('cdr') ?? '';
}

function say(response: Response, status: number, sentence: string): void {
  response.status(status).type('text/plain').send(`${sentence}\n`);
}
