// A card keyed on the telephone pays for what a block of a scenario sells: the order that waits for it, and the card room that hears it.
// What is done with the card is pay-by-card's. Whoever takes the call over does the same again: the order is found by its key, the card
// is asked for anew.

import { cardSentences, type SoldByCard } from '../core/card-sentences.ts';
import { type CardSound, cardSounds } from '../core/keyed-card.ts';
import { amountText } from '../core/money.ts';
import { priceTerms } from '../core/order.ts';
import type { RunCommand, RunEvent, ScenarioRun } from '../core/scenario/run.ts';
import { readSoldInCall } from '../store/keypad.ts';
import { readPaymentOfOrder } from '../store/payments.ts';
import { giveUpOrder } from './follow-payment.ts';
import type { House } from './house.ts';
import { mayNameKeptCard } from './kept-cards.ts';
import { orderInCall } from './order-callback.ts';
import { waitsForKeys } from './hold-money.ts';
import type { Hands } from './leg-machine.ts';
import { keepConsultant, payByCard } from './pay-by-card.ts';
import type { CardTaken, Switch } from './ports.ts';
import { guardWhileRecognizedSeconds } from './recognize-caller.ts';
import type { KeptRun } from './scenario-row.ts';

export type CardCommand = RunCommand & {
  do: 'orderByCard' | 'takeCard' | 'payByCard' | 'giveUpCardOrder';
};

const failedOurs: RunEvent = { type: 'failed', because: 'ours' };

/** Nobody else guards his leg while the card room has it: moved on once a minute, it outlives a gateway by two. */
const guardEveryMs = 60_000;
const guardSeconds = 180;
/** A card room that died is back within seconds; he hears nothing meanwhile, and is asked no more often than he would stay for. */
const awayTriesMax = 4;
const awayPauseMs = 1_500;

export async function actOnCard(
  house: House,
  aSwitch: Switch,
  hands: Hands<KeptRun, RunEvent>,
  command: CardCommand,
): Promise<RunEvent | undefined> {
  const { leg } = hands.kept.run;
  switch (command.do) {
    case 'orderByCard':
      await aSwitch.guard(leg, guardWhileRecognizedSeconds);
      hands.meanwhile(() => order(house, hands, command), failedOurs);
      return undefined;
    case 'takeCard':
      hands.meanwhile(() => takeCard(house, aSwitch, hands, command.orderId), failedOurs);
      return undefined;
    case 'payByCard':
      hands.meanwhile(() => payByCard(house, aSwitch, hands, command), failedOurs);
      return undefined;
    case 'giveUpCardOrder':
      await giveUpOrder(house, hands.kept.merchantId, command.orderId, 'cancelled');
      return undefined;
  }
}

async function order(
  house: House,
  { kept }: Hands<KeptRun, RunEvent>,
  { line, seconds, consultant }: RunCommand & { do: 'orderByCard' },
): Promise<RunEvent> {
  const { run, merchantId, switchId } = kept;
  if (!house.cardRoom) return { type: 'failed', because: 'card_room_off' };
  const { cli } = run.plan;
  const consultantId = consultant ?? run.chosen;
  const ordered = await orderInCall(house, merchantId, {
    line,
    source: 'phone',
    language: run.language,
    reference: run.id,
    requestKey: `card ${run.id}-${String(run.turn)}`,
    inCall: { runId: run.id, leg: run.leg, switchId },
    // What a carrier does not vouch for would make a receipt of a stranger's number.
    ...(cli.trust === 'network' && { callerNumber: cli.number }),
    ...(consultantId !== undefined && { consultantId }),
    ...(seconds !== undefined && { chosenSeconds: seconds }),
  });
  if (ordered.outcome === 'refused') {
    const because = ordered.because === 'consultant_busy' ? 'nobody_free' : ordered.because;
    return { type: 'failed', because };
  }
  const { orderId, callSessionId } = ordered;
  const mayUseKept = await house.db.asMerchant(merchantId, async (tx) => {
    const payment = await readPaymentOfOrder(tx, orderId);
    return payment !== undefined && (await mayNameKeptCard(house, tx, kept, payment));
  });
  return {
    type: 'cardOrdered',
    orderId,
    ...(callSessionId !== undefined && { callSessionId }),
    ...(mayUseKept && { mayUseKept }),
  };
}

/** He leaves the card room with what is told, whether or not it lived to let him go: what comes next would be heard by nobody. */
async function takeCard(
  house: House,
  aSwitch: Switch,
  hands: Hands<KeptRun, RunEvent>,
  orderId: string,
): Promise<RunEvent | undefined> {
  let heard = false;
  try {
    const told = await entryOf(house, aSwitch, hands, orderId);
    heard = told === undefined || (told.type !== 'failed' && !isAway(told));
    return told;
  } finally {
    if (!heard && hands.isAsked() && hands.mayBegin()) await aSwitch.leaveCardRoom(hands.kept.run.leg);
  }
}

function isAway(told: RunEvent): boolean {
  return told.type === 'cardNotTaken' && told.because === 'away';
}

async function entryOf(
  house: House,
  aSwitch: Switch,
  hands: Hands<KeptRun, RunEvent>,
  orderId: string,
): Promise<RunEvent | undefined> {
  const { cardRoom } = house;
  if (!cardRoom) return { type: 'cardNotTaken', because: 'away' };
  const { kept } = hands;
  const { run } = kept;
  const ready = await prepareEntry(house, hands, orderId);
  if ('told' in ready) return ready.told;
  const sentences = cardSentences(run.language, ready.sold);
  const rendered = await aSwitch.soundsOf(cardSounds.map((name) => sentences[name]));
  const sounds = Object.fromEntries(cardSounds.map((name, place) => [name, rendered[place] ?? ''])) as Record<
    CardSound,
    string
  >;
  if (!hands.isAsked()) return undefined;
  await guardOn(aSwitch, run, hands);
  // Whatever becomes of the call, whoever waits here does not wait for ever.
  const stopped = new Promise<'stopped'>((resolve) => hands.whenStopped(() => resolve('stopped')));
  for (let tries = 1; ; tries += 1) {
    // Of two rooms at one leg neither would hear all that is keyed.
    if (!hands.mayBegin()) return undefined;
    const entry = cardRoom.takeCard({
      switchId: kept.switchId,
      leg: run.leg,
      // Of its own: another card may be keyed the next time.
      request: `${hands.request}-${String(tries)}`,
      sounds,
      ...(ready.merchantAccount !== undefined && { merchantAccount: ready.merchantAccount }),
    });
    hands.whenStopped(() => entry.stop());
    const taken = await Promise.race([entry.came, stopped]);
    if (taken === 'stopped') return undefined;
    if (taken.outcome === 'not_permitted')
      house.log.error(
        { merchantId: kept.merchantId, merchantAccount: ready.merchantAccount },
        'Stripe does not permit raw card numbers for this account: ask Stripe to, or callers are sent to the payment page',
      );
    if (taken.outcome !== 'away' || tries >= awayTriesMax) return toldOf(taken);
    const pause = new Promise<'go on'>((resolve) => hands.later(awayPauseMs, () => resolve('go on')));
    if ((await Promise.race([pause, stopped])) === 'stopped') return undefined;
  }
}

function toldOf(taken: CardTaken): RunEvent {
  switch (taken.outcome) {
    case 'taken':
      return { type: 'cardTaken', card: taken.card };
    case 'hung_up':
      return { type: 'legEnded' };
    default:
      return { type: 'cardNotTaken', because: taken.outcome };
  }
}

async function guardOn(aSwitch: Switch, run: ScenarioRun, hands: Hands<KeptRun, RunEvent>): Promise<void> {
  await aSwitch.guard(run.leg, guardSeconds);
  hands.later(guardEveryMs, () => guardOn(aSwitch, run, hands));
}

/** The order waits for its card still, and its consultant is kept for as long as that takes. */
async function prepareEntry(
  house: House,
  { kept }: Hands<KeptRun, RunEvent>,
  orderId: string,
): Promise<{ sold: SoldByCard; merchantAccount?: string } | { told: RunEvent }> {
  const { run, merchantId } = kept;
  const over: { told: RunEvent } = { told: { type: 'failed', because: 'order_over' } };
  return house.db.asMerchant(merchantId, async (tx) => {
    const [payment, sold] = await Promise.all([
      readPaymentOfOrder(tx, orderId),
      readSoldInCall(tx, run.id, orderId),
    ]);
    if (!payment || !sold || payment.state !== 'awaiting_card' || payment.givenUp) return over;
    if (!waitsForKeys(payment)) return over;
    if (!(await keepConsultant(house, tx, orderId)))
      return { told: { type: 'failed', because: 'nobody_free' } };
    const [first] = payment.authorizations;
    if (!first) return over;
    const { tariff, line, talkLimitSeconds, capture } = sold;
    const talk =
      talkLimitSeconds === null
        ? undefined
        : {
            price: priceTerms(tariff),
            minutes: Math.floor(talkLimitSeconds / 60),
            ...(capture && { capture }),
          };
    return {
      sold: {
        merchant: run.plan.merchantName,
        line: line[run.language],
        amount: amountText(first.amount),
        currency: first.amount.currency,
        ...(talk && { talk }),
      },
      ...(payment.merchantAccount !== undefined && { merchantAccount: payment.merchantAccount }),
    };
  });
}
