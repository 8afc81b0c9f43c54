// A paid call and the scenario that leads it, where they hold each other: neither outlives the other unseen. That they begin together is
// follow-talk's, whom the scenario rings for the call scenario-talk's.

import { advance } from '../core/advance-call.ts';
import { type CallEvent, isOver } from '../core/call-session.ts';
import { lockSession, readSession, type StoredSession } from '../store/call-sessions.ts';
import type { ScenarioRun } from '../core/scenario/run.ts';
import type { Tx } from '../store/database.ts';
import { ledSessionsOfRun, unpaidOrdersOfRun } from '../store/keypad.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { narrate, writeStep } from './call-step.ts';
import { giveUpOrderWithin } from './follow-payment.ts';
import type { House } from './house.ts';
import type { Commanded, Switch } from './ports.ts';
import { guardWhileRecognizedSeconds } from './recognize-caller.ts';
import type { KeptRun } from './scenario-row.ts';

/** The session of the paid call that a run led was written by us. */
export type Moved = (stored: StoredSession) => void;

/** What its leg needs: from a talk it comes parked for a farewell, and would end with the time for that. */
export async function ready(house: House, aSwitch: Switch, kept: KeptRun): Promise<Commanded> {
  const { run, version } = kept;
  const { paid, after } = run.plan;
  if (paid && (await wasEnded(house, kept.merchantId, paid.callSessionId))) {
    await aSwitch.hangUp(run.leg, 'stopped');
    return { outcome: 'gone' };
  }
  return (paid ?? after) && version === 0
    ? aSwitch.keep(run.leg, guardWhileRecognizedSeconds)
    : { outcome: 'done' };
}

/** Whoever wished the end of the paid call wished nothing to follow; so far the gateway before us came, and no further. */
async function wasEnded(house: House, merchantId: string, callSessionId: string): Promise<boolean> {
  try {
    const call = await house.db.asMerchant(merchantId, (tx) => readSession(tx, callSessionId));
    // One that was never paid for has led nothing.
    return call?.session.led !== undefined && isOver(call.session) && call.session.handedOver !== true;
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    // Nothing is rung for him before it is back, and asked.
    return false;
  }
}

/**
 * The last word of a scenario: what was ordered in it by a card he would key is given up, and of a paid call in which nobody was joined
 * to him, and nobody will be, what is held on his card is let go.
 */
export async function endWhatWasBought(
  house: House,
  tx: Tx,
  kept: KeptRun,
  lease: bigint,
  moved: Moved,
): Promise<void> {
  const { run, merchantId } = kept;
  for (const orderId of await unpaidOrdersOfRun(tx, run.id))
    await giveUpOrderWithin(house, tx, merchantId, orderId, 'cancelled');
  const { paid } = run.plan;
  const led = new Set([...(paid ? [paid.callSessionId] : []), ...(await ledSessionsOfRun(tx, run.id))]);
  for (const callSessionId of led) await endPaidCall(house, tx, run, callSessionId, lease, moved);
}

async function endPaidCall(
  house: House,
  tx: Tx,
  run: ScenarioRun,
  callSessionId: string,
  lease: bigint,
  moved: Moved,
): Promise<void> {
  const { outcome } = run;
  const call = await lockSession(tx, callSessionId);
  // While it rings or talks, his leg's end is told to it too, and says when that was.
  if (call?.session.state !== 'led') return;
  const failed = outcome === 'failed' || outcome === 'too_long';
  const event: CallEvent =
    outcome === 'caller_left'
      ? {
          type: 'legEnded',
          leg: run.leg,
          because: 'normal',
          endedAtUs: BigInt(house.clock.now().getTime()) * 1000n,
        }
      : { type: 'scenarioEnded', failed };
  const written = await writeStep(house, tx, call, advance(call.session, event), lease);
  if (!written) throw new Error(`Session ${call.session.id} moved while it was locked.`);
  tx.committed(() => {
    narrate(house, written);
    moved(written.stored);
  });
}
