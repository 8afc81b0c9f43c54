// What follows a paid talk: the caller who is still there goes through the scenario his line names. And what leads a paid call from the
// caller's key 1 on. Either begins in the transaction that writes the end of the talk, or his yes, so that whoever takes the switch over
// finds either both or neither; the talk's own money is settled beside it as ever, and nothing here is part of that.

import type { CallSession } from '../core/call-session.ts';
import { newRun } from '../core/scenario/advance-run.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { insertRun, readPlaceOfLine } from '../store/scenario-runs.ts';
import { consultantOfOrder } from '../store/orders.ts';
import type { House } from './house.ts';
import { graphOf, type KeptRun } from './scenario-row.ts';

/**
 * In the version that was live when he ordered. Nothing: the switch is another's by now, and so is the step.
 */
export async function followTalk(
  house: House,
  tx: Tx,
  { merchantId, orderId, lineId, switchId }: StoredSession,
  session: CallSession,
  at: Date,
  lease: bigint,
): Promise<KeptRun | undefined> {
  const { plan, callerLegUuid: leg, outcome, id: callSessionId } = session;
  const { callerNumber, callerId, merchantName, callerLanguage: language } = plan;
  const leads = session.state === 'led';
  const scenario = leads ? plan.led : plan.afterTalk;
  if (!scenario || callerNumber === undefined) return undefined;
  const [graph, { slug: line, timeZone, country }, chosen] = await Promise.all([
    graphOf(house, tx, scenario),
    readPlaceOfLine(tx, lineId),
    leads ? consultantOfOrder(tx, orderId) : undefined,
  ]);
  const begun = newRun(
    {
      id: house.ids.id('scenarioRun'),
      leg,
      plan: {
        merchantName,
        timeZone,
        country,
        // We have rung it ourselves, and somebody agreed there.
        cli: { trust: 'network', number: callerNumber },
        ddi: callerId,
        ...(leads
          ? { paid: { callSessionId, line } }
          : {
              after: { callSessionId, line, end: outcome === 'limit_reached' ? 'limit_reached' : 'talked' },
            }),
      },
      scenario,
      language,
      answered: true,
      startedAt: at.toISOString(),
    },
    graph,
  );
  // Whom he ordered on the page he has chosen there.
  const run = chosen === undefined ? begun : { ...begun, chosen };
  const kept: KeptRun = { run, graph, merchantId, switchId, ddi: callerId, version: 0 };
  const { secrets: _none, ...open } = run;
  const written = await insertRun(tx, { ...kept, run: open, secretsSealed: null }, lease);
  return written ? kept : undefined;
}
