// "Play the call for me": places the order, or dials for a caller whom the merchant knows, then does with the two phones what
// two people would, and says why. It looks at the phones rather than assume: who takes over in the middle is simply followed.

import { wait } from './dom.ts';
import type { Feed, Intent } from './feed.ts';
import { fromMinor } from './panels.ts';
import type { PhoneOnScreen } from './phone.ts';
import { currentLanguage, text, type TextKey } from './texts.ts';

/** People need this long to reach a phone, and who watches to see which one rings. */
const reachMs = 2_600;
const talkMs = 14_000;
/** After the last word, before the key. */
const thinkMs = 500;

export interface PlayerView {
  caption(key: TextKey, values?: Record<string, string>): void;
  trouble(sentence: string): void;
  /** Shows the order's page. */
  open(url: string): void;
  /** On a small screen: what there is to look at now. */
  look(view: 'a' | 'page' | 'b'): void;
}

interface Parts {
  feed: Feed;
  caller: PhoneOnScreen;
  consultant: PhoneOnScreen;
  view: PlayerView;
}

/** Orders on this line by a good card, and shows the order's page; `false`: it was refused, and that was said. */
async function order(line: string, view: PlayerView): Promise<boolean> {
  const answer = await fetch('/api/demo/play', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ line, language: currentLanguage() }),
  }).catch(() => undefined);
  const made = (await answer?.json().catch(() => undefined)) as Record<string, unknown> | undefined;
  if (answer?.ok !== true || made === undefined) {
    view.trouble(answer === undefined ? text('away') : text('caption_failed', { reason: reasonOf(made) }));
    return false;
  }
  if (typeof made['orderUrl'] === 'string') view.open(made['orderUrl']);
  return true;
}

/** Plays the sale of a ticket: paid at once, and a code on its receipt's page. Nobody's phone rings. */
export async function playTicket({ feed, view }: Parts, signal: AbortSignal): Promise<void> {
  view.caption('caption_ticket_order');
  view.look('page');
  const known = new Set(feed.payments.map((intent) => intent.id));
  if (!(await order('demo-ticket', view))) return;
  try {
    await feed.until(() => settledOf(feed.payments, known), signal);
    await pause(1_500, signal);
    view.caption('caption_ticket_done');
  } catch (error) {
    stopped(error, view);
  }
}

/** Plays one call to its end. Resolves when it is over, refused, or `signal` aborts. */
export async function playCall(line: string, parts: Parts, signal: AbortSignal): Promise<void> {
  const { feed, view } = parts;
  view.caption('caption_order');
  view.look('page');
  const known = new Set(feed.payments.map((intent) => intent.id));
  if (!(await order(line, view))) return;

  try {
    const talked = await throughTheCall(line, parts, signal);
    if (!talked) {
      view.caption('caption_nothing');
      return;
    }
    const settled = await feed.until(() => settledOf(feed.payments, known), signal);
    await pause(3_500, signal);
    const currency = settled.currency.toUpperCase();
    view.caption('caption_done', {
      captured: fromMinor(settled.amount_received, currency),
      held: fromMinor(settled.amount, currency),
    });
  } catch (error) {
    stopped(error, view);
  }
}

/**
 * The caller dials `ddi`, and the merchant's server says who he is. What happens is told by who looks at the call
 * (known-call); here is only what is done with the phones. Resolves when the call is over, or `signal` aborts.
 */
export async function playKnownCall(ddi: string, parts: Parts, signal: AbortSignal): Promise<void> {
  const { feed, caller, consultant, view } = parts;
  view.look('a');
  const before = caller.state?.leg ?? null;
  await caller.dial(ddi);
  try {
    const came = await feed.until(() => {
      const phone = caller.state;
      if (phone === undefined || phone.leg === null || phone.leg === before) return undefined;
      if (phone.state === 'ended') return 'over';
      return consultant.state !== undefined && !isOver(consultant) ? 'rings' : undefined;
    }, signal);
    if (came === 'over') return;
    if (!(await pickUp(consultant, 'known_rings', 'known_consultant_hears', 'b', parts, signal))) return;
    const joined = await feed.until(() => {
      if (caller.state?.bridged === true) return 'yes';
      return isOver(caller) || isOver(consultant) ? 'no' : undefined;
    }, signal);
    if (joined === 'no') return;
    view.look('a');
    const parted = feed.until(() => (caller.state?.bridged === true ? undefined : true), signal);
    await Promise.race([pause(talkMs, signal), parted]);
    if (caller.state?.bridged === true) await caller.hangUp();
    await parted;
  } catch (error) {
    stopped(error, view);
  }
}

function stopped(error: unknown, view: PlayerView): void {
  if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
  view.caption('caption_stopped');
}

/** False when the call ended before the two were joined. */
async function throughTheCall(line: string, parts: Parts, signal: AbortSignal): Promise<boolean> {
  const { feed, caller, consultant, view } = parts;
  if (!(await pickUp(consultant, 'caption_consultant_rings', 'caption_consultant_hears', 'b', parts, signal)))
    return false;
  if (!(await pickUp(caller, 'caption_caller_rings', 'caption_caller_hears', 'a', parts, signal)))
    return false;
  const joined = await feed.until(() => {
    if (caller.state?.bridged === true) return 'yes';
    return isOver(caller) || isOver(consultant) ? 'no' : undefined;
  }, signal);
  if (joined === 'no') return false;

  const short = line === 'demo-short';
  view.caption(short ? 'caption_talk_short' : 'caption_talk');
  view.look('page');
  const parted = feed.until(() => (caller.state?.bridged === true ? undefined : true), signal);
  if (short) {
    await parted;
    view.caption('caption_limit');
    view.look('a');
    await pause(2_500, signal);
  } else {
    // Who is watching may hang up before we do.
    await Promise.race([pause(talkMs, signal), parted]);
    if (caller.state?.bridged === true) {
      view.caption('caption_hangup');
      await caller.hangUp();
    }
    await parted;
    await pause(1_500, signal);
  }
  view.caption('caption_settle');
  view.look('page');
  return true;
}

/** Waits for the ring, answers, listens to the question, presses 1. False when the phone or the call went meanwhile. */
async function pickUp(
  phone: PhoneOnScreen,
  rings: TextKey,
  hears: TextKey,
  side: 'a' | 'b',
  { feed, view }: Parts,
  signal: AbortSignal,
): Promise<boolean> {
  const startedAt = Date.now();
  const endedSince = (): boolean => isOver(phone) && Date.parse(phone.state?.endedAt ?? '') >= startedAt;
  const came = await feed.until(() => {
    if (phone.state !== undefined && phone.state.state !== 'ended') return 'yes';
    return endedSince() ? 'no' : undefined;
  }, signal);
  if (came === 'no') return false;
  view.caption(rings);
  view.look(side);
  if (isRinging(phone)) {
    await pause(reachMs, signal);
    if (isRinging(phone)) await phone.answer();
  }
  const asked = await feed.until(() => {
    if ((phone.state?.heard.length ?? 0) > 0) return 'yes';
    return isOver(phone) ? 'no' : undefined;
  }, signal);
  if (asked === 'no') return false;
  view.caption(hears);
  const before = phone.state?.keys ?? '';
  // The switch and the voice each take their own time over a sentence; a person waits for the voice.
  await feed.until(
    () => ((phone.state?.playing ?? null) === null || isOver(phone) ? true : undefined),
    signal,
  );
  await Promise.race([phone.voice, pause(6_000, signal)]);
  await pause(thinkMs, signal);
  if (phone.state?.state !== 'answered') return false;
  if (phone.state.keys === before && !phone.state.bridged) await phone.press('1');
  return true;
}

function isRinging(phone: PhoneOnScreen): boolean {
  return phone.state?.state === 'ringing';
}

function isOver(phone: PhoneOnScreen): boolean {
  return phone.state?.state === 'ended';
}

function settledOf(payments: readonly Intent[], known: ReadonlySet<string>): Intent | undefined {
  return payments.find(
    (intent) => !known.has(intent.id) && ['succeeded', 'canceled'].includes(intent.status),
  );
}

/** The sentence of an RFC 9457 problem, or of the sandbox's own. */
function reasonOf(body: Record<string, unknown> | undefined): string {
  for (const key of ['detail', 'title', 'error']) {
    const sentence = body?.[key];
    if (typeof sentence === 'string') return sentence;
  }
  return '?';
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms);
  signal.throwIfAborted();
}
