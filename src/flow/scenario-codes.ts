// Access codes on the telephone: one that is given to a caller, and one he keys. Neither is in his run, its trace or a log.

import { readCode } from '../core/access-code.ts';
import type { RunEvent, ScenarioRun } from '../core/scenario/run.ts';
import { issueAccessCode, tryAccessCode } from './access-codes.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import type { KeptRun } from './scenario-row.ts';

/** One call at one of its blocks: whatever is done there again, by whoever takes the call over, is the same. */
function placeIn({ id, scenario, at }: ScenarioRun): string {
  return `${id} ${scenario.scenarioId} ${at}`;
}

/** The same call is given the same code at the same block, however often it hears it. */
export async function giveCode(
  house: House,
  { run, merchantId }: KeptRun,
  resource: string,
): Promise<RunEvent> {
  return house.db.asMerchant(merchantId, async (tx): Promise<RunEvent> => {
    const requestKey = `scenario ${placeIn(run)} ${resource}`;
    const issued = await issueAccessCode(house, tx, {
      merchantId,
      resource,
      madeBy: 'scenario',
      reference: run.id,
      requestKey,
    });
    if (issued.outcome !== 'issued') return { type: 'failed', because: issued.outcome };
    if (issued.fresh) {
      await tellMerchant(house, tx, { merchantId, runId: run.id }, [issued.notice], house.clock.now());
    }
    return { type: 'accessCodeIssued', code: issued.text };
  });
}

/**
 * Tries what he has keyed. Unknown, used up, expired, revoked and tried too often are the same to him. A code that was taken just
 * before a gateway died is keyed anew: at the same entry into the same block it is the same use.
 */
export async function tryKeyedCode(
  house: House,
  { run, merchantId }: KeptRun,
  { resource, code }: { resource: string; code: string },
): Promise<RunEvent> {
  const entry = `${placeIn(run)} ${String(run.entered)}\n${readCode(code) ?? ''}`;
  const tried = await tryAccessCode(house, merchantId, {
    resource,
    typed: code,
    from: { cli: run.plan.cli },
    door: 'phone',
    requestKey: `scenario ${house.seal.mark(entry, 'access code keyed').toString('base64url')}`,
  });
  switch (tried.outcome) {
    case 'admitted':
      return { type: 'accessCodeChecked', fits: true };
    case 'refused':
      house.log.info(
        { runId: run.id, because: tried.because },
        'A caller keyed an access code that opens nothing',
      );
      return { type: 'accessCodeChecked', fits: false };
    case 'too_often':
      house.log.warn({ runId: run.id }, 'A caller has tried too many access codes: his is not looked at');
      return { type: 'accessCodeChecked', fits: false };
    case 'closed':
    case 'unknown_resource':
      return { type: 'failed', because: tried.outcome };
  }
}
