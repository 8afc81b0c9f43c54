// Routes of `/access/{resource}`: the form where somebody types his access code, and where he is sent on from. It works without
// a script; so does the form a merchant puts on his own site (browser/access.ts), which posts here. And the keys that what he
// is sent on with is checked by.
//
//   GET  /access/{resource}        the form
//   POST /access/{resource}        code=...: 303 to the resource's address, or the form again with one sentence
//   GET  /.well-known/jwks.json    RFC 7517
//
// A POST is taken from our own pages and the sites its merchant listed: another site could not read what comes of it, but it
// could have its visitors guess.

import express, { type Request, type Response, type Router } from 'express';
import type { Language } from '../core/ids.ts';
import type { Door } from '../store/access-resources.ts';
import { PageFrame, languageOf } from './page-frame.ts';
import type { FoundResource, PageSteps } from './page-steps.ts';
import { cameFrom, listedOrigins, neverStored } from './security.ts';
import { showDuration, text } from './texts.ts';

/** A code is twenty signs; a form that holds more than this is none of ours. */
const bodyLimit = '2kb';
/** Whoever keeps our keys longer than this has the next one all the same: it is published a day before it signs. */
const keysKeptSeconds = 300;

interface Opened {
  found: FoundResource;
  door: Door;
  language: Language;
}

type DoorRequest = Request<{ resource: string }>;

export function entering(router: Router, steps: PageSteps, frame: PageFrame): void {
  router.get('/.well-known/jwks.json', async (_request, response) => {
    const keys = await steps.publishedKeys();
    response
      .set('Cache-Control', `public, max-age=${String(keysKeptSeconds)}`)
      .set('Access-Control-Allow-Origin', '*')
      .set('Cross-Origin-Resource-Policy', 'cross-origin')
      .json({ keys });
  });

  router.use('/access', neverStored);
  router.get('/access/:resource', async (request, response, next) => {
    const opened = await open(request, steps);
    if (!opened) next();
    else if (isClosed(opened.door)) showClosed(request, response, frame, opened);
    else show(request, response, frame, opened);
  });

  router.post('/access/:resource', readForm, async (request: DoorRequest, response, next) => {
    const opened = await open(request, steps);
    if (!opened) {
      next();
      return;
    }
    const { door, language } = opened;
    if (isClosed(door)) {
      showClosed(request, response, frame, opened);
      return;
    }
    if (!cameFrom(request, steps.publicUrl, listedOrigins(door.merchant.pageOrigins))) {
      show(request, response, frame, opened, { status: 403, sentence: text(language, 'access.foreign') });
      return;
    }
    await take(request, response, { steps, frame, opened });
  });
}

const readForm = express.urlencoded({ extended: false, limit: bodyLimit });

async function take(
  request: DoorRequest,
  response: Response,
  { steps, frame, opened }: { steps: PageSteps; frame: PageFrame; opened: Opened },
): Promise<void> {
  const { found, door, language } = opened;
  const typed = codeIn(request.body);
  if (typed === '') {
    show(request, response, frame, opened, { status: 422, sentence: text(language, 'access.empty') });
    return;
  }
  const came = await steps.enter(found, { resource: door.slug, typed, ip: request.ip ?? '' });
  switch (came.outcome) {
    case 'sent_on':
      // What leads there must not be told to anybody, nor come again by the back button.
      response.set('Referrer-Policy', 'no-referrer').redirect(303, came.to);
      return;
    case 'closed':
      showClosed(request, response, frame, opened);
      return;
    case 'too_often': {
      const time = showDuration(Math.ceil(came.retryAfterSeconds / 60) * 60, language);
      response.set('Retry-After', String(came.retryAfterSeconds));
      const sentence = text(language, 'access.tooOften', { time });
      show(request, response, frame, opened, { status: 429, sentence });
      return;
    }
    case 'refused':
      show(request, response, frame, opened, {
        status: 422,
        sentence: text(language, 'access.refused', { email: door.merchant.contactEmail }),
        typed,
      });
  }
}

function codeIn(body: unknown): string {
  const code: unknown = typeof body === 'object' && body !== null && 'code' in body ? body.code : '';
  return typeof code === 'string' ? code.trim().slice(0, 200) : '';
}

async function open(request: DoorRequest, steps: PageSteps): Promise<Opened | undefined> {
  const { resource } = request.params;
  const found = /^[a-z0-9][a-z0-9-]{0,62}$/.test(resource) ? await steps.findResource(resource) : undefined;
  const door = found && (await steps.readDoor(found, resource));
  return door && { found, door, language: languageOf(request) };
}

function isClosed({ active, merchant }: Door): boolean {
  return !active || !merchant.active;
}

function showClosed(
  request: Request,
  response: Response,
  frame: PageFrame,
  { door: { name, merchant }, language }: Opened,
): void {
  frame.sendMessage(
    request,
    response,
    { language, merchant, status: 403, noCard: true },
    {
      title: text(language, 'access.closed.title'),
      sentences: [
        text(language, 'access.closed.text', { name: name[language] }),
        text(language, 'closed.next', { email: merchant.contactEmail }),
      ],
    },
  );
}

function show(
  request: Request,
  response: Response,
  frame: PageFrame,
  { door, language }: Opened,
  said?: { status: number; sentence: string; typed?: string },
): void {
  const { merchant, slug } = door;
  const name = door.name[language];
  const title = text(language, 'access.documentTitle', { name, merchant: merchant.name });
  frame.send(
    request,
    response,
    'access',
    {
      language,
      merchant,
      // Heard first by whoever does not see it: that something is wrong, then where he is.
      title: said ? text(language, 'access.wrongTitle', { title }) : title,
      shape: 'single',
      sendsOnTo: door.address,
      noCard: true,
      ...(said && { status: said.status }),
    },
    {
      access: {
        name,
        action: `/access/${slug}?lang=${language}`,
        digits: door.alphabet === 'digits',
        typed: said?.typed ?? '',
        ...(said && { said: said.sentence }),
      },
    },
  );
}
