// Routes of `/topup/{line}`: credit for the account of a client, who names himself by his code. Nothing of any account is
// shown, and every code that cannot be topped up is refused with one sentence (flow/order-top-up).

import type { Request, Router } from 'express';
import { z } from 'zod';
import type { Language } from '../core/ids.ts';
import { amountText, money, showMoney } from '../core/money.ts';
import type { LinePage } from '../store/order-view.ts';
import { PageFrame, languageOf } from './page-frame.ts';
import { sendProblem, sendRefusal } from './page-problem.ts';
import type { FoundLine, PageSteps } from './page-steps.ts';
import { showRate, text } from './texts.ts';

const codePattern = /^\d{2,20}$/;
const wishShape = z.object({
  /** As people write it: with spaces, points or a sharp at the end. */
  code: z.string().max(60).default(''),
  amount: z.string().regex(/^\d{1,9}(\.\d{1,4})?$/),
});
const slugPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

interface ShownAmount {
  /** What the form sends: `20.00`. */
  value: string;
  shown: string;
  selected: boolean;
}

export function toppingUp(router: Router, steps: PageSteps, frame: PageFrame): void {
  const open = async (
    request: Request<{ line: string }>,
    language: Language,
  ): Promise<{ found: FoundLine; page: LinePage } | undefined> => {
    const slug = request.params.line;
    const found = slugPattern.test(slug) ? await steps.findLine(slug) : undefined;
    const page = found && (await steps.readLine(found, language));
    return found && page && page.line.topUpChoices.length > 0 ? { found, page } : undefined;
  };

  router.get('/topup/:line', async (request, response, next) => {
    const language = languageOf(request);
    const opened = await open(request, language);
    if (!opened) {
      next();
      return;
    }
    const { merchant, line, tariff } = opened.page;
    if (!merchant.active || !line.active) {
      frame.sendClosed(request, response, language, merchant);
      return;
    }
    const amounts = shownAmounts(opened.page, language);
    const code = request.query['code'];
    frame.send(
      request,
      response,
      'topup',
      {
        language,
        merchant,
        title: text(language, 'topUp.documentTitle', { merchant: merchant.name }),
        shape: 'columns',
        scripts: ['topup'],
      },
      {
        topup: {
          line: line.name,
          explain: text(language, 'topUp.explain', { line: line.name }),
          code: typeof code === 'string' && codePattern.test(code) ? code : '',
          amounts,
          chosen: amounts.find((one) => one.selected)?.shown ?? '',
          taxes: text(language, 'price.taxes', { rate: showRate(tariff.vatRate, language) }),
          action: `/topup/${line.slug}/orders?lang=${language}`,
        },
      },
    );
  });

  router.post('/topup/:line/orders', async (request, response) => {
    const language = languageOf(request);
    const opened = await open(request, language);
    if (!opened) {
      sendRefusal(response, { because: 'line_unknown' }, language, steps.publicUrl);
      return;
    }
    const wish = wishShape.safeParse(request.body);
    if (!wish.success) {
      sendProblem(response, 422, text(language, 'refused.badRequest'));
      return;
    }
    const clientCode = wish.data.code.replaceAll(/[\s.#-]/g, '');
    if (!codePattern.test(clientCode)) {
      sendProblem(response, 422, text(language, 'topUp.codeWrong'), { field: 'code' });
      return;
    }
    const { found, page } = opened;
    const answer = await steps.orderTopUp(found.merchantId, {
      line: page.line.slug,
      language,
      clientCode,
      amount: money(wish.data.amount, page.line.currency),
      callerIp: request.ip ?? '',
      userAgent: (request.get('user-agent') ?? '').slice(0, 400),
    });
    if (answer.outcome === 'refused') {
      sendRefusal(response, answer.refusal, language, steps.publicUrl);
      return;
    }
    const orderUrl = `${steps.publicUrl}/orders/${answer.accessToken}`;
    response.status(201).set('Location', orderUrl).json({ orderUrl });
  });
}

/** The merchant's own order; the one in the middle is chosen until somebody chooses. */
function shownAmounts({ line }: LinePage, language: Language): ShownAmount[] {
  const usual = Math.floor((line.topUpChoices.length - 1) / 2);
  return line.topUpChoices.map((choice, place) => {
    const amount = money(choice, line.currency);
    return { value: amountText(amount), shown: showMoney(amount, language), selected: place === usual };
  });
}
