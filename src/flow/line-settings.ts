// A merchant changes a line: what stands is locked, the rule says what cannot work, and what is written holds for the next
// call. Calls under way go on as they began.

import { type LineChange, type LineSettings, type WrongField, wrongOfLine } from '../core/line-settings.ts';
import { amountText, money } from '../core/money.ts';
import { accessResourceIds } from '../store/access-resources.ts';
import { groupIds } from '../store/groups.ts';
import {
  consultantIds,
  linesBySlug,
  listedPageOrigins,
  readLine,
  readTariffPlan,
  type StoredLine,
  writeLine,
} from '../store/lines.ts';
import type { House } from './house.ts';
import { scenariosToLeadTo } from './scenarios.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

export type LineChanged =
  | { outcome: 'changed'; line: StoredLine }
  | { outcome: 'unknown_line' }
  /** Nothing was changed. */
  | { outcome: 'wrong'; wrong: readonly WrongField[] };

/** What is left out stays. Of two changes at once the second waits, and counts where both say something. */
export async function changeLine(
  house: House,
  { merchantId, actor }: Doer,
  slug: string,
  change: LineChange,
): Promise<LineChanged> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const line = await readLine(tx, slug, true);
    if (!line) return { outcome: 'unknown_line' };
    const { currency } = line;
    const plan = change.capture === 'at_connection' ? await readTariffPlan(tx, line.id) : undefined;
    const wrong = wrongOfLine(change, {
      slug,
      sells: line.sells,
      currency,
      ...(plan && { plan }),
      consultants: await consultantIds(tx),
      groups: await groupIds(tx, change.group),
      lines: await linesBySlug(tx),
      resources: await accessResourceIds(
        tx,
        change.afterSale?.end === 'code' ? change.afterSale.resource : undefined,
      ),
      scenarios: new Map([
        ...(await scenariosToLeadTo(tx, change.afterTalk)),
        ...(await scenariosToLeadTo(tx, change.afterPayment)),
      ]),
      pageOrigins: await listedPageOrigins(tx),
      minimumCharge: house.processor.minimumCharge(currency),
    });
    if (wrong.length > 0) return { outcome: 'wrong', wrong };
    const { topUpAmounts, ringing, ...rest } = change;
    const after: LineSettings = {
      ...settingsOf(line),
      ...rest,
      // Who says whom it rings by name wants those, and no group.
      ...(rest.consultants && rest.group === undefined && { group: null }),
      ringing: { ...line.ringing, ...ringing },
      ...(topUpAmounts && {
        topUpAmounts: topUpAmounts.map((amount) => amountText(money(amount, currency))),
      }),
    };
    const changes = changesBetween(settingsOf(line), after);
    const at = house.clock.now();
    if (await noteChange(tx, { merchantId, actor, at, setting: 'line', of: slug, changes })) {
      await writeLine(tx, { id: line.id, merchantId }, after);
    }
    return { outcome: 'changed', line: { ...line, ...after } };
  });
}

function settingsOf(line: StoredLine): LineSettings {
  const { active, names, ringing, consultants, group, introduces, hours } = line;
  const { outsideLine, overflowLine, topUpAmounts, afterSale, afterTalk, afterPayment, capture } = line;
  return {
    active,
    names,
    ringing,
    consultants,
    group,
    introduces,
    hours,
    outsideLine,
    overflowLine,
    topUpAmounts,
    afterSale,
    afterTalk,
    afterPayment,
    capture,
  };
}
