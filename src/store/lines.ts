// Lines as their merchant sets them. What a call or an order takes of a line is known-calls' and orders'; what a page shows
// of it order-view's.

import type { AfterSale, LineSettings } from '../core/line-settings.ts';
import { amountText, money } from '../core/money.ts';
import { scheduleOf } from '../core/schedule.ts';
import type { TariffPlan } from '../core/tariff.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface StoredLine extends LineSettings {
  id: string;
  slug: string;
  sells: 'conversation' | 'fixed_sale';
  currency: string;
  /** The merchant's: his hours are by its clock. */
  timeZone: string;
}

interface LineRow extends Omit<StoredLine, 'ringing' | 'hours' | 'afterSale'> {
  pattern: LineSettings['ringing']['pattern'];
  ringSeconds: number;
  stepSeconds: number;
  schedule: unknown;
  saleEndsIn: AfterSale['end'];
  saleResource: string | null;
  saleMessage: Record<'fr' | 'en', string> | null;
  saleReturn: string | null;
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readLine(tx: Tx, slug: string, lock = false): Promise<StoredLine | undefined> {
  if (lock) await tx.raw('select 1 from lines where slug = ? for no key update', [slug]);
  const row = await firstRow<LineRow>(tx, `${lineSelect} where l.slug = ?`, [slug]);
  return row && lineOf(row);
}

/** All of the merchant's, by name in links. */
export async function readLines(tx: Tx): Promise<StoredLine[]> {
  return (await rows<LineRow>(tx, `${lineSelect} order by l.slug`)).map(lineOf);
}

const lineSelect = `select l.id, l.slug, l.sells, l.currency, m.time_zone as "timeZone", l.active, l.name as names,
       l.ringing as pattern, l.ring_seconds as "ringSeconds", l.ring_step_seconds as "stepSeconds", l.schedule,
       coalesce((select json_agg(lc.consultant_id order by lc.position, lc.consultant_id) from line_consultants lc
         where lc.line_id = l.id), '[]') as consultants, l.group_id as "group",
       (select o.slug from lines o where o.id = l.outside_line_id) as "outsideLine",
       (select o.slug from lines o where o.id = l.overflow_line_id) as "overflowLine",
       (select s.slug from scenarios s where s.id = l.after_scenario_id) as "afterTalk",
       (select s.slug from scenarios s where s.id = l.payment_scenario_id) as "afterPayment",
       l.capture, l.introduces, l.top_up_choices::text[] as "topUpAmounts", l.sale_ends_in as "saleEndsIn",
       (select r.slug from access_resources r where r.id = l.sale_resource_id) as "saleResource",
       l.sale_message as "saleMessage", l.sale_return as "saleReturn"
     from lines l join merchants m on m.id = l.merchant_id`;

function lineOf(row: LineRow): StoredLine {
  const { pattern, ringSeconds, stepSeconds, schedule, topUpAmounts, ...rest } = row;
  const { saleEndsIn, saleResource, saleMessage, saleReturn, ...line } = rest;
  return {
    ...line,
    ringing: { pattern, ringSeconds, stepSeconds },
    hours: scheduleOf(schedule),
    // Rows keep four decimals; people read as many as the currency has.
    topUpAmounts: topUpAmounts.map((amount) => amountText(money(amount, line.currency))),
    afterSale: afterSaleOf({ saleEndsIn, saleResource, saleMessage, saleReturn }),
  };
}

function afterSaleOf(
  row: Pick<LineRow, 'saleEndsIn' | 'saleResource' | 'saleMessage' | 'saleReturn'>,
): AfterSale {
  const { saleEndsIn: end, saleResource: resource, saleMessage: message, saleReturn: address } = row;
  if (end === 'code' && resource !== null) return { end, resource };
  if (end === 'message' && message !== null) return { end, message };
  return end === 'return' ? { end, address } : { end: 'receipt' };
}

/** The sites this merchant listed, by their origins. */
export async function listedPageOrigins(tx: Tx): Promise<string[]> {
  const row = await firstRow<{ origins: string[] }>(
    tx,
    `select page_origins as origins from merchants where id = current_setting('ringmeter.merchant')`,
  );
  return row?.origins ?? [];
}

export async function linesBySlug(tx: Tx): Promise<Map<string, StoredLine['sells']>> {
  const found = await rows<{ slug: string; sells: StoredLine['sells'] }>(
    tx,
    'select slug, sells from lines order by slug',
  );
  return new Map(found.map(({ slug, sells }) => [slug, sells]));
}

/** What a line costs from its newest tariff on; `undefined`: it has none. */
export async function readTariffPlan(tx: Tx, lineId: string): Promise<TariffPlan | undefined> {
  const row = await firstRow<{ plan: TariffPlan }>(
    tx,
    'select plan from tariffs where line_id = ? order by version desc limit 1',
    [lineId],
  );
  return row?.plan;
}

/** Of those who are there. */
export async function consultantIds(tx: Tx): Promise<Set<string>> {
  return new Set(
    (await rows<{ id: string }>(tx, 'select id from consultants where archived_at is null')).map(
      ({ id }) => id,
    ),
  );
}

/** All its settings, its consultants in their order. Pages that show it are told. The line is locked by the caller of this. */
export async function writeLine(
  tx: Tx,
  { id, merchantId }: { id: string; merchantId: string },
  settings: LineSettings,
): Promise<void> {
  const { names, active, ringing, hours, outsideLine, overflowLine, topUpAmounts, consultants } = settings;
  const { group, introduces, afterSale, afterTalk, afterPayment, capture } = settings;
  await tx.write(
    `update lines set name = ?, active = ?, ringing = ?, ring_seconds = ?, ring_step_seconds = ?, schedule = ?,
       outside_line_id = (select o.id from lines o where o.slug = ?),
       overflow_line_id = (select o.id from lines o where o.slug = ?), top_up_choices = ?::numeric[],
       after_scenario_id = (select s.id from scenarios s where s.slug = ? and s.archived_at is null),
       payment_scenario_id = (select s.id from scenarios s where s.slug = ? and s.archived_at is null),
       group_id = ?, introduces = ?, capture = ?, sale_ends_in = ?,
       sale_resource_id = (select r.id from access_resources r where r.slug = ?), sale_message = ?, sale_return = ?
     where id = ?`,
    [
      JSON.stringify(names),
      active,
      ringing.pattern,
      ringing.ringSeconds,
      ringing.stepSeconds,
      JSON.stringify(hours),
      outsideLine,
      overflowLine,
      topUpAmounts,
      afterTalk,
      afterPayment,
      group,
      introduces,
      capture,
      afterSale.end,
      afterSale.end === 'code' ? afterSale.resource : null,
      afterSale.end === 'message' ? JSON.stringify(afterSale.message) : null,
      afterSale.end === 'return' ? afterSale.address : null,
      id,
    ],
  );
  await tx.write('delete from line_consultants where line_id = ? and consultant_id <> all(?::text[])', [
    id,
    consultants,
  ]);
  await tx.write(
    `insert into line_consultants (merchant_id, line_id, consultant_id, position)
     select ?, ?, wanted.id, wanted.position from unnest(?::text[]) with ordinality wanted (id, position)
     on conflict (line_id, consultant_id) do update set position = excluded.position`,
    [merchantId, id, consultants],
  );
  tx.hint('ringmeter_line', id);
}
