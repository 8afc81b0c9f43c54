// Routes about lines: what each sells, who is free there now, how and when it rings; and what the merchant changes of it.

import type { Language } from '../core/ids.ts';
import type { LineChange } from '../core/line-settings.ts';
import { captureOf } from '../core/order.ts';
import { isOpen } from '../core/schedule.ts';
import type { House } from '../flow/house.ts';
import { changeLine } from '../flow/line-settings.ts';
import { readLine, readLines, type StoredLine } from '../store/lines.ts';
import { type LinePage, readLinePage, readLinePages } from '../store/order-view.ts';
import { lineChange, lineList, lineParams, lineShape } from './line-shapes.ts';
import type { ApiAnswer, ApiRoutes } from './routes.ts';
import { wrongFields } from './wrong-fields.ts';

const unknown: ApiAnswer = { problem: { kind: 'line-unknown' }, began: false };

export function lineRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/lines',
    area: 'lines',
    name: 'listLines',
    summary: 'Your lines: price, durations, hours, and who is free now.',
    answer: { status: 200, description: 'All lines.', shape: lineList },
    problems: [],
    act: async ({ merchantId, language }) => {
      const now = house.clock.now();
      const [lines, pages] = await house.db.asMerchant(merchantId, (tx) =>
        Promise.all([readLines(tx), readLinePages(tx, language, now)]),
      );
      const data = lines.flatMap((line) => {
        const page = pages.find((one) => one.line.id === line.id);
        return page ? [lineEntry(house, line, page)] : [];
      });
      return { status: 200, body: { data } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/lines/{line}',
    area: 'lines',
    name: 'readLine',
    summary: 'One line: price, durations, hours, how it rings, and who is free now.',
    params: lineParams,
    answer: { status: 200, description: 'As it is.', shape: lineShape },
    problems: ['line-unknown'],
    act: ({ merchantId, language, params }) => answerWith(house, merchantId, params.line, language),
  });

  routes.add({
    method: 'patch',
    path: '/v1/lines/{line}',
    area: 'lines',
    name: 'changeLine',
    summary:
      'Changes a line: names, how it rings and whom, hours, top-ups, what follows a talk or a sale, when a talk is charged. What is left out stays.',
    description:
      'Holds for the next call; calls under way go on as they began. A list or the hours are replaced as a whole; of two ' +
      'changes of one field the last wins. Prices are not changed here.',
    params: lineParams,
    body: lineChange,
    answer: { status: 200, description: 'As it is now.', shape: lineShape },
    problems: ['line-unknown'],
    act: async ({ merchantId, by: actor, language, params, body }): Promise<ApiAnswer> => {
      const { ringing, ...rest } = body;
      const change = defined({ ...rest, ...(ringing && { ringing: defined(ringing) }) }) as LineChange;
      const changed = await changeLine(house, { merchantId, actor }, params.line, change);
      if (changed.outcome === 'unknown_line') return unknown;
      if (changed.outcome === 'wrong') return wrongFields(changed.wrong);
      return answerWith(house, merchantId, params.line, language);
    },
  });
}

/** What was not given is not there, rather than there and undefined. */
function defined(given: object): object {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]: [string, unknown]) => value !== undefined),
  );
}

async function answerWith(
  house: House,
  merchantId: string,
  slug: string,
  language: Language,
): Promise<ApiAnswer> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const line = await readLine(tx, slug);
    const page = line && (await readLinePage(tx, line.id, language, house.clock.now()));
    return page ? { status: 200, body: lineEntry(house, line, page) } : unknown;
  });
}

function lineEntry({ publicUrl }: House, settings: StoredLine, page: LinePage): object {
  const { slug } = settings;
  const { line, tariff, tariffVersion, consultants } = page;
  const { names, ringing, group, introduces, hours, timeZone, outsideLine, overflowLine } = settings;
  const { topUpAmounts, afterSale, afterTalk, afterPayment, capture } = settings;
  return {
    slug,
    name: line.name,
    names,
    sells: line.sells,
    active: line.active,
    currency: line.currency,
    durationMinutes: line.durationChoices.map((seconds) => seconds / 60),
    tariff,
    tariffVersion,
    pageUrl: `${publicUrl}/pay/${slug}`,
    topUpUrl: topUpAmounts.length > 0 ? `${publicUrl}/topup/${slug}` : null,
    topUpAmounts,
    introduces,
    consultants: consultants.map(({ id, name, state }) => ({
      id,
      name,
      free: state.reachable,
      because: state.reachable ? null : state.because,
      until: state.reachable ? null : (state.until?.toISOString() ?? null),
    })),
    group,
    ringing,
    timeZone,
    hours,
    openNow: isOpen(hours, timeZone, page.now),
    outsideLine,
    overflowLine,
    afterSale,
    afterTalk,
    afterPayment,
    capture,
    captureNow: captureOf(settings, tariff),
  };
}
