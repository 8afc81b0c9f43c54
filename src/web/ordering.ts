// Routes of `/orders/{token}`: one page from the card to the receipt, the state it follows, and what the caller can do.

import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { OrderView } from '../store/order-view.ts';
import {
  agreedTexts,
  orderPanel,
  orderState,
  orderSummary,
  type OrderState,
  placeToOrder,
  saleEnd,
} from './order-page.ts';
import { phaseOf } from './order-phase.ts';
import { PageFrame, languageOf, type FrameSettings } from './page-frame.ts';
import { sendProblem, sendRefusal } from './page-problem.ts';
import type { FoundOrder, PageOrder, PageSteps } from './page-steps.ts';
import { receiptWords } from './receipt-words.ts';
import type { Templates } from './templates.ts';
import { text } from './texts.ts';

const agreeShape = z.object({
  mark: z.string().max(64),
  immediate: z.boolean().default(false),
  withdrawal: z.boolean().default(false),
  email: z.union([z.literal(''), z.email().max(200)]).default(''),
});
const tokenPattern = /^[\w-]{16,128}$/;

interface OpenOrder {
  token: string;
  found: FoundOrder;
  order: PageOrder;
}

type OrderRequest = Request<{ token: string }>;

export function ordering(
  router: Router,
  steps: PageSteps,
  frame: PageFrame,
  settings: FrameSettings,
  templates: Templates,
): void {
  const open = async ({ params: { token } }: OrderRequest): Promise<OpenOrder | undefined> => {
    const found = tokenPattern.test(token) ? await steps.findOrder(token) : undefined;
    const order = found && (await steps.readOrder(found));
    return order && { token, found, order };
  };
  const panelSettings = (request: OrderRequest, { token, order }: OpenOrder) => ({
    base: `/orders/${token}`,
    language: languageOf(request, order.language),
    now: steps.now(),
    mailConfigured: steps.mailConfigured,
  });
  const stateOf = (request: OrderRequest, opened: OpenOrder): OrderState =>
    orderState(opened.order, { ...panelSettings(request, opened), render: templates.render });

  router.get('/orders/:token', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    const { order, token } = opened;
    const panel = panelSettings(request, opened);
    const { language } = panel;
    const phase = phaseOf(order);
    const state = stateOf(request, opened);
    const asksCard = phase.name === 'card' || phase.name === 'action';
    frame.send(
      request,
      response,
      'order',
      {
        language,
        merchant: order.merchant,
        title: state.documentTitle,
        shape: 'columns',
        scripts: ['order'],
        card: asksCard,
        ...(order.sendsOnTo !== undefined && { sendsOnTo: order.sendsOnTo }),
      },
      {
        order: {
          base: `/orders/${token}`,
          state: JSON.stringify(shownState(state)),
          again: placeToOrder(order, language),
          ...clockWords(order, language),
          stripe: {
            js: settings.stripeJsUrl,
            key: settings.publishableKey,
            account: order.merchant.processorAccount ?? '',
          },
        },
        panel: orderPanel(order, phase, panel),
        summary: orderSummary(order, phase.name, language),
      },
    );
  });

  router.get('/orders/:token/state', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    response.json(stateOf(request, opened));
  });

  router.get('/orders/:token/events', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    const { found, token, order } = opened;
    steps.follow(response, {
      channel: 'ringmeter_order',
      id: found.orderId,
      variant: `${languageOf(request, order.language)} ${token}`,
      read: async () => {
        const now = await steps.readOrder(found);
        if (!now) return undefined;
        const state = stateOf(request, { ...opened, order: now });
        return { json: JSON.stringify(state), mark: state.version, final: state.final };
      },
    });
  });

  router.get('/orders/:token/receipt', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    showReceipt(request, response, frame, opened, steps.now());
  });

  router.post('/orders/:token/agree', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    await agree(request, response, steps, opened);
  });

  router.post('/orders/:token/paid', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    await steps.lookAtPayment(opened.token);
    response.json(stateOf(request, (await open(request)) ?? opened));
  });

  router.post('/orders/:token/cancel', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    // Past the card there is a call to hang up; the money then goes back as after any call that did not come about.
    const cancelled = await steps.cancel(opened.token);
    const call = opened.order.call;
    if (cancelled === 'too_late' && call) await steps.hangUp(opened.found.merchantId, call.id);
    response.json(stateOf(request, (await open(request)) ?? opened));
  });

  router.post('/orders/:token/more-time', async (request, response, next) => {
    const opened = await open(request);
    if (!opened) {
      next();
      return;
    }
    const asked = await steps.askForMore(opened.token);
    const now = (await open(request)) ?? opened;
    // Somebody pressed twice, or on the phone too: what came of it is the answer, whoever asked.
    const stands = now.order.call?.moreTime?.state;
    if (asked === 'asked' || stands === 'asked' || stands === 'granted') {
      response.json(stateOf(request, now));
      return;
    }
    sendProblem(response, 409, text(languageOf(request, opened.order.language), 'more.notOffered'), {
      because: 'not_offered',
    });
  });

  router.post(
    ['/orders/:token/never-call', '/orders/:token/never-call/undo'],
    async (request: OrderRequest, response, next) => {
      const opened = await open(request);
      const number = opened?.order.callerNumber;
      // Not wished from a page that does not offer it: only where the number's owner had the call in his hand.
      if (number === undefined || !opened?.order.neverCall) {
        next();
        return;
      }
      const { found, order } = opened;
      if (!request.path.endsWith('/undo')) await steps.neverCall(found, number);
      else if ((await steps.undoNeverCall(found, number)) === 'too_late') {
        sendProblem(response, 409, text(languageOf(request, order.language), 'never.tooLate'));
        return;
      }
      response.json(stateOf(request, (await open(request)) ?? opened));
    },
  );

  router.post('/orders/:token/hangup', async (request, response, next) => {
    const opened = await open(request);
    if (!opened?.order.call) {
      next();
      return;
    }
    await steps.hangUp(opened.found.merchantId, opened.order.call.id);
    response.status(202).json(stateOf(request, (await open(request)) ?? opened));
  });
}

/** The state the page comes with: all but the markup, which it shows already. */
function shownState(state: OrderState): Partial<OrderState> {
  const { panel: _panel, aside: _aside, spoken: _spoken, documentTitle: _title, ...rest } = state;
  return rest;
}

/** Sentences the browser fills in as time passes; `{time}` stays for it. */
function clockWords(order: OrderView, language: 'fr' | 'en'): Record<string, string> {
  const name = order.consultant?.name;
  const time = '{time}';
  return {
    reserved:
      name === undefined
        ? text(language, 'pay.reservedAnybody', { time })
        : text(language, 'pay.reserved', { name, time }),
    reservedLapsed:
      name === undefined
        ? text(language, 'pay.reservedLapsedAnybody')
        : text(language, 'pay.reservedLapsed', { name }),
    left: text(language, 'follow.connected.left', { time }),
  };
}

async function agree(
  request: OrderRequest,
  response: Response,
  steps: PageSteps,
  { token, order }: OpenOrder,
): Promise<void> {
  const language = languageOf(request, order.language);
  const parsed = agreeShape.safeParse(request.body);
  if (!parsed.success) {
    const isEmail = parsed.error.issues.some((issue) => issue.path[0] === 'email');
    sendProblem(
      response,
      422,
      text(language, isEmail ? 'pay.emailWrong' : 'refused.badRequest'),
      isEmail ? { field: 'email' } : {},
    );
    return;
  }
  const { mark, immediate, withdrawal, email } = parsed.data;
  const shown = agreedTexts(order, language);
  // An order that needs the bank's approval only was agreed to where it was made; this page asks nothing again.
  const asked = phaseOf(order).name !== 'action';
  if (asked && !(immediate && withdrawal)) {
    const field = immediate ? 'withdrawal' : 'immediate';
    sendProblem(response, 422, text(language, 'pay.mustAgree'), { field });
    return;
  }
  if (mark !== shown.mark) {
    sendProblem(response, 409, text(language, 'pay.changed'), { because: 'changed' });
    return;
  }
  const agreed = await steps.agree(token, {
    texts: asked ? shown.texts : [text(language, 'action.button')],
    ip: request.ip ?? '',
    userAgent: (request.get('user-agent') ?? '').slice(0, 400),
    ...(email !== '' && { email }),
  });
  switch (agreed.outcome) {
    case 'refused':
      sendRefusal(response, agreed.refusal, language, steps.publicUrl);
      return;
    case 'card':
      response.json({
        clientSecret: agreed.clientSecret,
        ...(agreed.merchantAccount !== undefined && { merchantAccount: agreed.merchantAccount }),
      });
      return;
    case 'too_late':
      sendProblem(response, 409, text(language, 'pay.tooLate'), { because: 'too_late' });
      return;
    case 'processor_away':
      sendProblem(response, 503, text(language, 'refused.processor_away'), { because: 'processor_away' });
      return;
    case 'unknown_order':
      sendProblem(response, 404, text(language, 'unknownOrder.text'));
  }
}

function showReceipt(
  request: OrderRequest,
  response: Response,
  frame: PageFrame,
  { order, token }: OpenOrder,
  now: Date,
): void {
  const language = languageOf(request, order.language);
  const { merchant, receipt } = order;
  const orderHref = `/orders/${token}?lang=${language}`;
  if (!receipt) {
    frame.sendMessage(
      request,
      response,
      { language, merchant, status: 404 },
      {
        title: text(language, 'receipt.notYet.title'),
        sentences: [text(language, 'receipt.notYet.text')],
        link: { href: orderHref, text: text(language, 'receipt.back') },
      },
    );
    return;
  }
  const { access, message } = saleEnd(order, { language, now });
  frame.send(
    request,
    response,
    'receipt',
    {
      language,
      merchant,
      title: text(language, 'receipt.number', { number: receipt.number }),
      shape: 'single',
      scripts: ['order'],
      ...(order.sendsOnTo !== undefined && { sendsOnTo: order.sendsOnTo }),
    },
    { receipt: { ...receiptWords(receipt, order, language), orderHref, access, message } },
  );
}
