// One step of a call session, written down: the rule's answer, the claims it needs, its trace, what the merchant hears
// and the job that settles it, in the caller's transaction. What is to be done in the world is returned for after the
// commit. Both sides of the meeting of call and payment (authorize-payment, run-call) go through here.

import { advance } from '../core/advance-call.ts';
import {
  type CallCommand,
  type CallEvent,
  type CallFact,
  type CallSession,
  type CallStep,
  type ClaimedConsultant,
  type FurtherPhone,
  secondsOf,
  isDestination,
  talkUs,
} from '../core/call-session.ts';
import type { LegUuid } from '../core/ids.ts';
import type { NoticeDraft } from '../core/merchant-notice.ts';
import {
  type ClaimedRow,
  claimConsultants,
  freeConsultants,
  letLinger,
  occupyConsultant,
} from '../store/consultants.ts';
import { insertLegs, saveSession, type StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import { enqueueJob } from '../store/jobs.ts';
import { claimClient } from '../store/known-calls.ts';
import { inIdleOrder } from '../store/line-members.ts';
import { askForMore } from './ask-for-more.ts';
import { followTalk } from './follow-talk.ts';
import { countRings } from './consultant-state.ts';
import { reserveForCall } from './client-accounts.ts';
import type { House } from './house.ts';
import { tellMerchant } from './notify-merchant.ts';
import { neverCall, unlessRingingIsBarred } from './never-call.ts';
import { ownSettler } from './own-hands.ts';
import { ownMessages } from './own-messages.ts';
import { writeUsage } from './report-usage.ts';
import type { KeptRun } from './scenario-row.ts';

/** A consultant who rings is claimed for as long as his phone may ring and the offer may take, then some. */
const claimSlackSeconds = 60;
/** The longest last words take some eight seconds; his leg's end frees him before. */
const lingerMs = 15_000;

/** `gone`: he had hung up before we could take him. */
export interface Arrived {
  written: WrittenStep;
  gone?: true;
}

export interface WrittenStep {
  stored: StoredSession;
  commands: readonly CallCommand[];
  facts: readonly CallFact[];
  /** The caller's leg is this scenario's from here on. */
  handedOver?: KeptRun;
}

/** He accepted, and by now another call has him. The step is not written; for this call he is busy. */
export class ConsultantTaken extends Error {
  readonly leg: LegUuid;
  constructor(leg: LegUuid) {
    super('The consultant who accepted is held by another call.');
    this.leg = leg;
  }
}

/** True when a step must be written down before anything is done about it. */
export function isDurable(step: CallStep): boolean {
  return step.facts.length > 0 || step.claim !== undefined || step.settle || step.notices.length > 0;
}

/**
 * Writes a step and the claims that follow from it. `undefined`: the session or the lease has moved on and nothing may be
 * done (the transaction is to be given up); read it again and decide anew.
 */
export async function writeStep(
  house: House,
  tx: Tx,
  stored: StoredSession,
  first: CallStep,
  lease?: bigint,
  earlierNotices: readonly NoticeDraft[] = [],
): Promise<WrittenStep | undefined> {
  const at = house.clock.now();
  const commands: CallCommand[] = [];
  const facts: CallFact[] = [];
  const notices: NoticeDraft[] = [...earlierNotices];
  let occupy: string | undefined;
  let linger: string | undefined;
  let settle = false;
  let asksForMore = false;
  let handsOver = false;
  const free: string[] = [];

  let step = await unlessRingingIsBarred(house, tx, stored, first);
  const { neverAgain } = step;
  for (;;) {
    commands.push(...step.commands);
    facts.push(...step.facts);
    notices.push(...step.notices);
    free.push(...step.free);
    occupy = step.occupy ?? occupy;
    linger = step.linger ?? linger;
    settle ||= step.settle;
    asksForMore ||= step.askForMore === true;
    handsOver ||= step.handOver === true;
    if (step.claimClient !== undefined) {
      const before = { ...stored, session: step.session };
      const claimed = await letIn(tx, before, step.claimClient, at);
      step = await unlessRingingIsBarred(house, tx, before, advance(step.session, claimed));
      continue;
    }
    if (step.claim === undefined) break;
    step = advance(step.session, await claim(house, tx, step, step.claim, at));
  }

  const next = step.session;
  const saved = saveSession(tx, stored, next, facts, at, lease);
  const told = tellMerchant(
    house,
    tx,
    { merchantId: stored.merchantId, orderId: stored.orderId, callSessionId: next.id },
    notices,
    at,
  );
  const accepted = next.attempts.find((one) => one.consultantId === occupy && one.state === 'accepted');
  const isOurs = accepted !== undefined && !isDestination(accepted.consultantId);
  const occupied = settle || !isOurs ? undefined : occupyConsultant(tx, next.id, accepted.consultantId, at);
  // Asked at once and answered together. Where the session has moved on nothing of it is kept.
  const answers = await Promise.all([saved, told, occupied]);
  if (!answers[0]) return undefined;
  if (accepted && answers[2] === false) throw new ConsultantTaken(accepted.leg);
  await countRings(house, tx, stored.merchantId, facts);
  tellOfTalk(tx, stored, next);
  const before = new Set<LegUuid>(stored.session.attempts.map((one) => one.leg));
  await insertLegs(tx, stored, [
    ...next.attempts
      .filter((one) => !before.has(one.leg))
      .map((one) => ({
        leg: one.leg,
        role: 'B' as const,
        ...(!isDestination(one.consultantId) && { consultantId: one.consultantId }),
      })),
    ...(next.caller && !stored.session.caller ? [{ leg: next.caller.leg, role: 'A' as const }] : []),
  ]);
  if (settle) {
    const talkedAt = talkUs(next) > 0n ? at : undefined;
    await freeConsultants(tx, next.id, linger === undefined ? {} : { but: linger }, talkedAt);
    if (linger !== undefined) await letLinger(tx, next.id, linger, new Date(at.getTime() + lingerMs));
    const { merchantId, orderId } = stored;
    const settler = ownSettler(house);
    if (next.plan.inbound) await writeUsage(house, tx, stored, next, at);
    else if (settler) tx.committed(() => settler.settle({ merchantId, orderId }));
    else await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
  } else if (isJoinedNow(stored.session, next) && next.plan.capture === 'at_connection') {
    // Through the queue: should we die now, whoever takes over the call has no eye on its money.
    const { merchantId, orderId } = stored;
    await enqueueJob(tx, 'settle_order', { merchantId, orderId }, orderId);
  }
  if (!settle && free.length > 0) await freeConsultants(tx, next.id, { only: free }, undefined);
  if (asksForMore) await askForMore(house, tx, { ...stored, session: next });
  if (neverAgain !== undefined)
    await neverCall(house, tx, { number: neverAgain, wishedBy: 'key', orderId: stored.orderId });
  // Only who commands the switch hears of the end of a talk, or the caller's yes.
  const handedOver =
    handsOver && lease !== undefined ? await followTalk(house, tx, stored, next, at, lease) : undefined;
  // Nobody is led by nothing: then the switch is another's by now, and so is the step.
  if (next.state === 'led' && handsOver && !handedOver) return undefined;
  return {
    stored: { ...stored, session: next, version: stored.version + 1 },
    commands,
    facts,
    ...(handedOver && { handedOver }),
  };
}

function isJoinedNow(before: CallSession, next: CallSession): boolean {
  return before.state !== 'connected' && next.state === 'connected';
}

/** Whoever keeps an eye on the consultant sees his call go on: that he took it, that both are joined. */
function tellOfTalk(tx: Tx, { merchantId, session }: StoredSession, next: CallSession): void {
  if (session.state === next.state) return;
  const accepted = next.attempts.find((one) => one.state === 'accepted');
  if (accepted) tx.hint('ringmeter_consultants', `${merchantId} ${accepted.consultantId}`);
}

/** One call of a client at a time, or as many as the line allows; of an account kept here, as many as it pays for. */
async function letIn(tx: Tx, stored: StoredSession, clientCode: string, at: Date): Promise<CallEvent> {
  const { session } = stored;
  const { inbound } = session.plan;
  const claimed = await claimClient(tx, session.id, clientCode, inbound?.callsAtOnce ?? 1);
  const nobodys = session.recognizing?.passedOn !== undefined;
  if (!claimed || nobodys) return { type: 'clientClaimed', claimed };
  const event =
    inbound?.recognizedBy === 'accounts'
      ? await reserveForCall(tx, stored, session, clientCode, at)
      : ({ type: 'clientClaimed', claimed } as const);
  if (!event.claimed) return event;
  const own = await ownMessages(tx, stored.merchantId, stored.lineId, session, at);
  return { ...event, ...(own && { own }) };
}

/** A call from outside, written down with its first step. Throws where the lease is another's by now: then it is his to take. */
export async function writeArrival(
  house: House,
  tx: Tx,
  stored: StoredSession,
  first: CallStep,
  lease: bigint,
): Promise<Arrived> {
  const written = await writeStep(house, tx, stored, first, lease);
  if (!written) throw new Error('The switch of a call that came in is commanded by another.');
  return { written };
}

async function claim(
  house: House,
  tx: Tx,
  step: CallStep,
  wanted: number | 'all',
  now: Date,
): Promise<CallEvent> {
  const { session } = step;
  const { plan } = session;
  const [destination] = session.candidates;
  if (destination !== undefined && isDestination(destination)) {
    const { callerLanguage: language } = plan;
    const rung = { consultantId: destination, name: destination, number: destination, language };
    return { type: 'consultantsClaimed', consultants: [{ ...rung, leg: house.ids.legUuid() }], skipped: [] };
  }
  const candidates =
    plan.idleGroup === undefined || wanted === 'all'
      ? session.candidates
      : await inIdleOrder(tx, plan.idleGroup, session.candidates, session.id);
  const claimed = await claimConsultants(tx, {
    session: session.id,
    candidates,
    ...(plan.callerNumber !== undefined && { notNumber: plan.callerNumber }),
    atMost: wanted === 'all' ? candidates.length : wanted,
    now,
    until: new Date(now.getTime() + claimSlackSeconds * 1000),
    ringing: { seconds: plan.ringSeconds },
  });
  // Whoever stood before the last one claimed was taken or away; with none claimed, all were.
  const last = claimed.at(-1)?.consultantId;
  const passed =
    last === undefined || wanted === 'all' ? candidates : candidates.slice(0, candidates.indexOf(last));
  return {
    type: 'consultantsClaimed',
    consultants: claimed.map((one) => withLegs(house, one)),
    skipped: passed,
  };
}

/** Each phone he may be rung on has its leg by name before any of them rings. A number is rung once. */
function withLegs(house: House, claimed: ClaimedRow): ClaimedConsultant {
  const { ringSeconds, fallback, phones, ...consultant } = claimed;
  const [first, ...others] = phones;
  if (first === undefined) throw new Error('A consultant who is reached nowhere was claimed.');
  const further: Omit<FurtherPhone, 'leg'>[] = [
    ...(fallback ? [fallback] : []),
    ...others.map((number) => ({ number })),
  ];
  const more = further
    .filter(({ number }, place) => {
      const isFirst = further.findIndex((one) => one.number === number) === place;
      return isFirst && number !== first;
    })
    .map((phone) => ({ ...phone, leg: house.ids.legUuid() }));
  return {
    ...consultant,
    number: first,
    leg: house.ids.legUuid(),
    ...(ringSeconds !== null && { ringSeconds }),
    ...(more.length > 0 && { more }),
  };
}

/** What happened, for whoever watches: one line a fact, ids and never numbers, after it was committed. */
export function narrate(house: House, { stored, facts }: Pick<WrittenStep, 'stored' | 'facts'>): void {
  const { session } = stored;
  for (const { name, facts: more } of facts) {
    house.log.info({ callSessionId: session.id, ...more }, sentenceOf(name, more, session));
  }
}

function sentenceOf(
  name: string,
  facts: Record<string, unknown>,
  { plan, attempts, ...session }: CallSession,
): string {
  const consultant =
    attempts.find((one) => one.consultantId === facts['consultantId'])?.name ?? 'the consultant';
  const sentences: Record<string, string> = {
    call_arrived: 'A call has come in',
    merchant_asked: "The merchant's server is asked who calls",
    merchant_failed: `The merchant's server did not say (${String(facts['because'])})`,
    digits_wanted: `The caller is asked for his ${facts['wanted'] === 'pin' ? 'PIN' : 'client code'}`,
    not_known: 'The merchant does not know him',
    recognized: `The merchant knows him: he may talk for ${String(facts['talkLimitSeconds'])} s`,
    let_in_on_trial: 'Nobody knows him, and he may talk a little on trust',
    caller_let_in: 'The caller is let in',
    passed_on: `He is put through to others, for ${String(facts['talkLimitSeconds'])} s at most`,
    overflow: 'Nobody took it: the others are rung',
    refused: `The caller is sent away (${String(facts['because'])})`,
    authorized: 'The card is held',
    ringing_consultant: `${consultant} is being rung`,
    ringing_next_phone: `${consultant} is being rung on the next phone`,
    phone_missed: `${consultant} was not reached on one phone (${String(facts['because'])})`,
    consultant_missed: `${consultant} did not take it (${String(facts['because'])})`,
    consultant_withdrew: `${consultant} is not to be rung any longer, and the next one is tried`,
    consultant_accepted: `${consultant} pressed 1`,
    consultant_left: `${consultant} left before the caller was there`,
    ringing_caller: 'The caller is being rung',
    caller_missed: `The caller was lost (${String(facts['because'])})`,
    caller_paid: 'The caller has paid where he is, and goes on there',
    caller_consented: 'The caller heard the price and pressed 1',
    connected: `They talk, for ${String(plan.talkLimitSeconds)} s at most`,
    limit_near: `The caller is warned: ${String(facts['secondsLeft'])} s left`,
    scenario_rings: 'The scenario rings for the caller',
    scenario_goes_on: `Nobody is joined to him (${String(facts['because'])}): the scenario goes on`,
    more_time_asked: 'The caller asks for more time',
    more_time: `The caller has more time: they talk for ${String(plan.talkLimitSeconds)} s at most`,
    more_time_refused: 'There is no more time for the caller: they talk to the old limit',
    handed_over: 'The caller is still there, and goes on in a scenario',
    never_again: 'Whoever was rung as the caller asked never to be called again',
    ended: `Ended: ${String(session.outcome)}, ${secondsOf(talkUs({ ...session, plan, attempts })).toFixed(3)} s talked`,
  };
  return sentences[name] ?? name;
}
