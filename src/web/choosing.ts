// Routes of `/pay/{line}`: the page that shows who is free and what it costs, and the order it makes.

import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import { destinationOf, parsePhone } from '../core/dialling.ts';
import type { Language } from '../core/ids.ts';
import type { OrderRefusal } from '../core/order.ts';
import type { CallbackRequest } from '../flow/order-callback.ts';
import type { LinePage } from '../store/order-view.ts';
import { choosePage, lineState, minutesOf, priceMark } from './choose-page.ts';
import { returnIsListed } from '../core/order.ts';
import { readLink, type LinkParameters } from './embed.ts';
import { PageFrame, languageOf } from './page-frame.ts';
import { refusalWords, sendProblem, sendRefusal } from './page-problem.ts';
import type { FoundLine, PageSteps } from './page-steps.ts';
import { showPhone, text } from './texts.ts';

const orderShape = z.object({
  /** Empty: whoever is free first. */
  consultant: z.string().max(64).optional(),
  seconds: z.int().positive().optional(),
  phone: z.string().max(60).default(''),
  country: z.string().max(3).default(''),
  priceMark: z.string().max(64),
});
const phoneShape = z.object({ phone: z.string().max(60), country: z.string().max(3) });
const tellShape = z.object({ email: z.email().max(200) });
const slugPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

interface OpenLine {
  found: FoundLine;
  page: LinePage;
  language: Language;
  parameters: LinkParameters;
  signed: boolean;
}

type Opened =
  | ({ outcome: 'line' } & OpenLine)
  | { outcome: 'unknown' }
  | { outcome: 'bad_link'; page: LinePage; because: 'link' | 'return' };

export function choosing(router: Router, steps: PageSteps, frame: PageFrame): void {
  router.get('/pay/:line', async (request, response, next) => {
    const language = languageOf(request);
    const opened = await open(request, steps, language);
    if (opened.outcome === 'unknown') {
      next();
      return;
    }
    const { merchant, line } = opened.page;
    if (opened.outcome === 'bad_link') {
      const key = opened.because === 'link' ? 'badLink.text' : 'badReturn.text';
      frame.sendMessage(
        request,
        response,
        { language, merchant, status: 400 },
        {
          title: text(language, 'badLink.title'),
          sentences: [text(language, key, { merchant: merchant.name })],
        },
      );
      return;
    }
    if (!merchant.active || !line.active) {
      frame.sendClosed(request, response, language, merchant);
      return;
    }
    await show(request, response, steps, frame, opened);
  });

  router.get('/pay/:line/events', async (request, response, next) => {
    const language = languageOf(request);
    const opened = await open(request, steps, language);
    if (opened.outcome !== 'line') {
      next();
      return;
    }
    const { found, parameters, signed } = opened;
    const only = signed ? parameters.consultant : undefined;
    steps.follow(response, {
      channel: 'ringmeter_line',
      id: found.lineId,
      variant: `${language} ${only ?? ''}`,
      read: async () => {
        const page = await steps.readLine(found, language);
        if (!page) return undefined;
        const state = lineState(page, language, only);
        return { json: JSON.stringify(state), mark: state.version, final: false };
      },
    });
  });

  router.get('/pay/:line/state', async (request, response, next) => {
    const language = languageOf(request);
    const opened = await open(request, steps, language);
    if (opened.outcome !== 'line') {
      next();
      return;
    }
    const { page, parameters, signed } = opened;
    response.json(lineState(page, language, signed ? parameters.consultant : undefined));
  });

  router.post('/pay/:line/phone', async (request, response, next) => {
    const language = languageOf(request);
    const opened = await open(request, steps, language);
    const asked = phoneShape.safeParse(request.body);
    if (opened.outcome !== 'line') {
      next();
      return;
    }
    if (!asked.success) {
      sendProblem(response, 422, text(language, 'refused.badRequest'));
      return;
    }
    response.json(await checkPhone(steps, opened, asked.data));
  });

  router.post('/pay/:line/tell-me', async (request, response, next) => {
    const language = languageOf(request);
    const opened = await open(request, steps, language);
    if (opened.outcome !== 'line' || !steps.mailConfigured) {
      next();
      return;
    }
    const asked = tellShape.safeParse(request.body);
    if (!asked.success) {
      sendProblem(response, 422, text(language, 'nobody.mailWrong'), { field: 'email' });
      return;
    }
    const { email } = asked.data;
    await steps.tellWhenFree(opened.found, email, language);
    response.status(201).json({ sentence: text(language, 'nobody.mailDone', { email }) });
  });

  router.post('/pay/:line/orders', async (request, response) => {
    const language = languageOf(request);
    const opened = await open(request, steps, language);
    if (opened.outcome === 'unknown') {
      sendRefusal(response, { because: 'line_unknown' }, language, steps.publicUrl);
      return;
    }
    if (opened.outcome === 'bad_link') {
      const { merchant } = opened.page;
      sendProblem(response, 400, text(language, 'badLink.text', { merchant: merchant.name }));
      return;
    }
    const wish = orderShape.safeParse(request.body);
    if (!wish.success) {
      sendProblem(response, 422, text(language, 'refused.badRequest'));
      return;
    }
    if (wish.data.priceMark !== priceMark(opened.page)) {
      sendRefusal(response, { because: 'price_changed' }, language, steps.publicUrl);
      return;
    }
    const answer = await steps.order(opened.found.merchantId, {
      ...callbackRequest(opened, wish.data),
      callerIp: request.ip ?? '',
      userAgent: (request.get('user-agent') ?? '').slice(0, 400),
    });
    // He did not wait for it: nobody is kept for him.
    if (answer.outcome === 'ordered' && response.destroyed) {
      await steps.cancel(answer.accessToken);
      return;
    }
    if (answer.outcome === 'refused') {
      sendRefusal(response, answer.refusal, language, steps.publicUrl);
      return;
    }
    const orderUrl = `${steps.publicUrl}/orders/${answer.accessToken}`;
    response.status(201).set('Location', orderUrl).json({ orderUrl });
  });
}

async function open(
  request: Request<{ line: string }>,
  steps: PageSteps,
  language: Language,
): Promise<Opened> {
  const slug = request.params.line;
  const found = slugPattern.test(slug) ? await steps.findLine(slug) : undefined;
  const page = found && (await steps.readLine(found, language));
  if (!page) return { outcome: 'unknown' };
  const query = new URL(request.originalUrl, 'http://page').searchParams;
  // Most links carry no signature: their merchant's secret stays closed.
  const secret = query.has('signature') ? await steps.readLinkSecret(found.merchantId) : undefined;
  const link = readLink(slug, query, secret);
  if (link.outcome === 'not_valid') return { outcome: 'bad_link', page, because: 'link' };
  const { parameters, signed } = link;
  if (parameters.return !== undefined && !returnIsListed(parameters.return, page.merchant.pageOrigins)) {
    return { outcome: 'bad_link', page, because: 'return' };
  }
  return { outcome: 'line', found, page, language, parameters, signed };
}

async function show(
  request: Request<{ line: string }>,
  response: Response,
  steps: PageSteps,
  frame: PageFrame,
  opened: OpenLine,
): Promise<void> {
  const { page, language, parameters, signed, found } = opened;
  const destinations = await steps.readDestinations(found.merchantId);
  const shown = choosePage(page, { language, parameters, signed, destinations });
  // The link's parameters go along with every request, signature included: the server believes nothing it did not sign.
  const query = new URL(request.originalUrl, 'http://page').searchParams;
  query.set('lang', language);
  const address = (step: string): string => `/pay/${page.line.slug}/${step}?${query.toString()}`;
  frame.send(
    request,
    response,
    'choose',
    {
      language,
      merchant: page.merchant,
      title: text(language, 'choose.documentTitle', { line: page.line.name, merchant: page.merchant.name }),
      shape: 'columns',
      scripts: ['choose'],
    },
    {
      choose: {
        ...shown,
        action: address('orders'),
        events: address('events'),
        phoneCheck: address('phone'),
        mailAction: address('tell-me'),
        mailConfigured: steps.mailConfigured,
      },
    },
  );
}

/** What a signed link decided cannot be changed by the form; what it did not say is the visitor's to choose. */
function callbackRequest(opened: OpenLine, wish: z.infer<typeof orderShape>): CallbackRequest {
  const { page, language, parameters, signed } = opened;
  const base = {
    line: page.line.slug,
    source: 'page' as const,
    language,
    shownTariffVersion: page.tariffVersion,
    ...(parameters.reference !== undefined && { reference: parameters.reference }),
    ...(parameters.return !== undefined && { returnUrl: parameters.return }),
  };
  if (page.line.sells === 'fixed_sale') return base;
  const fixed = signed ? parameters : {};
  const consultant = fixed.consultant ?? wish.consultant ?? '';
  const minutes = minutesOf(fixed.minutes);
  const seconds = minutes === undefined ? wish.seconds : minutes * 60;
  return {
    ...base,
    callerNumber: fixed.phone ?? wish.phone,
    // The page says what more time is and what it holds, and he agrees to it with the rest before his card is asked for.
    moreTime: true,
    ...(wish.country !== '' && { country: wish.country }),
    ...(consultant !== '' && { consultantId: consultant }),
    ...(seconds !== undefined && { chosenSeconds: seconds }),
  };
}

interface CheckedPhone {
  good: boolean;
  sentence: string;
  country?: string;
  /** Not wrong, only not finished. */
  unfinished?: boolean;
}

/** The same rules the order will be held to, told while the number is typed. */
async function checkPhone(
  steps: PageSteps,
  { found, page, language }: OpenLine,
  { phone, country }: z.infer<typeof phoneShape>,
): Promise<CheckedPhone> {
  const parsed = parsePhone(phone, country === '' ? page.merchant.country : country);
  const refused = (refusal: OrderRefusal): CheckedPhone => ({
    good: false,
    sentence: refusalWords(refusal, language),
  });
  if (parsed.outcome === 'invalid') {
    return {
      ...refused({ because: 'number_invalid', detail: parsed.reason }),
      unfinished: parsed.reason === 'too_short' || parsed.reason === 'empty',
    };
  }
  const destination = destinationOf(parsed.number, await steps.readDestinations(found.merchantId));
  if (destination.outcome === 'refused') {
    return refused({ because: 'number_refused', detail: destination.reason });
  }
  return {
    good: true,
    sentence: text(language, 'choose.phoneGood', { number: showPhone(parsed.number) }),
    country: parsed.country,
  };
}
