// One consultant on the telephone: what the switch tells of his leg goes to the rule (core/service-call), and what the rule wants is
// done. How a step is written, and gone on with by whoever takes the switch over, is leg-machine's.

import {
  advanceService,
  resumeService,
  type ServiceCommand,
  type ServiceEvent,
} from '../core/service-call.ts';
import {
  liveServiceCallsOfSwitch,
  readMissed,
  readServiceCall,
  saveServiceCall,
  type StoredServiceCall,
} from '../store/service-calls.ts';
import type { KeptLegs } from './leg-desk.ts';
import type { Hands, LegSide, Machine } from './leg-machine.ts';
import type { Switch, SwitchEvent } from './ports.ts';
import type { House } from './house.ts';
import { guardWhileRecognizedSeconds } from './recognize-caller.ts';
import { deleteRecording, keepRecording } from './recordings.ts';
import { checkPin, lookUpNumber, readOfConsultant, setByPhone } from './service-acts.ts';

/** Long enough to hear it ring and hang up; whoever stays is answered. */
const missedCallWaitMs = 6_000;
/** A minute is what people bear to hear of somebody they pay by the minute. */
const takeSecondsMax = 60;
/** He has said what he had to say, or has laid the telephone aside. */
const silenceSeconds = 5;
/** A record that is looked for so often, a second apart, is not coming, or comes too late to be what he means now. */
const looksMax = 60;

export type ServiceMachine = Machine<StoredServiceCall, ServiceEvent, ServiceCommand>;
type ServiceHands = Hands<StoredServiceCall, ServiceEvent>;

/** Consultants who call the service on this switch. */
export function servedCalls({
  house,
  switch: aSwitch,
}: LegSide): KeptLegs<StoredServiceCall, ServiceEvent, ServiceCommand> {
  return {
    machine: serviceMachine(house, aSwitch),
    live: async () =>
      (await house.db.asNobody((db) => liveServiceCallsOfSwitch(db, aSwitch.id))).map(
        ({ merchantId, serviceCallId }) => ({ merchantId, id: serviceCallId }),
      ),
    read: ({ merchantId, id }) => house.db.asMerchant(merchantId, (tx) => readServiceCall(tx, id)),
    arrived: { type: 'callArrived' },
  };
}

/** Of the question he is asked now; what answers an older one means nothing. */
function requestOf({ call }: StoredServiceCall): string {
  return `${call.id}-${String(call.turn)}`;
}

function serviceMachine(house: House, aSwitch: Switch): ServiceMachine {
  return {
    name: 'a consultant’s call to the service',
    legOf: ({ call }) => call.leg,
    idOf: ({ call }) => call.id,
    languageOf: ({ call }) => call.language,
    isOver: ({ call }) => call.state.is === 'over',
    step(kept, event) {
      const { call, commands } = advanceService(kept.call, event);
      return { kept: call === kept.call ? kept : { ...kept, call }, commands };
    },
    resume: (kept) => ({ kept, commands: resumeService(kept.call) }),
    save: async (tx, before, { kept, commands }, at, lease) =>
      (await saveServiceCall(tx, before, kept.call, at, lease)) && commands,
    requestOf,
    translate: (event, _kept, asked) => translate(event, asked, house.clock.now()),
    gone: { type: 'legEnded', missed: false },
    isEnd: ({ type }) => type === 'legEnded',
    unheard: (kept, looks) => unheard(house, kept, looks),
    begins: (command) => ['answer', 'ask', 'record', 'say', 'playTake'].includes(command.do),
    act: (command, hands) => act(house, aSwitch, command, hands),
  };
}

/**
 * He has hung up and nobody heard how. While it rang that may have been his missed call: the switch's record says so, and is
 * waited for.
 *
 * A call that came and went while no gateway commanded the switch at all is no missed call: nobody looked up whose number it
 * was, and its record may come when he has long said something else.
 */
async function unheard(
  house: House,
  kept: StoredServiceCall,
  looks: number,
): Promise<readonly ServiceEvent[] | undefined> {
  const { call, merchantId } = kept;
  if (call.gone === true) return [];
  const missed =
    call.state.is === 'ringing'
      ? await house.db.asMerchant(merchantId, (tx) => readMissed(tx, call.id))
      : false;
  if (missed === undefined && looks < looksMax) return undefined;
  const ended: ServiceEvent = { type: 'legEnded', missed: missed === true };
  // Whoever took the call may have died before he had looked up who calls.
  return missed === true && !call.toggle ? [await lookUpNumber(house, kept), ended] : [ended];
}

function translate(event: SwitchEvent, asked: string, at: Date): ServiceEvent | undefined {
  switch (event.type) {
    case 'legEnded':
      return {
        type: 'legEnded',
        missed: event.answeredAtUs === undefined && event.switchCause === 'ORIGINATOR_CANCEL',
      };
    case 'digitsGiven': {
      const { digits, ended, request } = event;
      return request === asked ? { type: 'digitsGiven', digits, ended, at } : undefined;
    }
    case 'noKeyGiven':
      return event.request === asked ? { type: 'noKeyGiven' } : undefined;
    case 'recorded':
      return event.request === asked
        ? { type: 'recorded', seconds: event.seconds, back: event.back }
        : undefined;
    case 'played':
      return event.request === asked ? { type: 'played' } : undefined;
    default:
      return undefined;
  }
}

async function act(
  house: House,
  aSwitch: Switch,
  command: ServiceCommand,
  hands: ServiceHands,
): Promise<ServiceEvent | undefined> {
  const { kept, request } = hands;
  const { call, merchantId } = kept;
  const { leg } = call;
  switch (command.do) {
    case 'lookUpNumber':
      return lookUpNumber(house, kept);
    case 'waitForMissedCall':
      hands.later(missedCallWaitMs, () => hands.tell({ type: 'rungLongEnough' }));
      return undefined;
    case 'answer':
      await aSwitch.answer(leg);
      return undefined;
    case 'ask': {
      const { maxDigits, waitMs, betweenMs, secret = false } = command.entry;
      await aSwitch.guard(leg, guardWhileRecognizedSeconds);
      return hands.ordered(
        await aSwitch.askDigits(leg, {
          request,
          sentence: command.sentence,
          maxDigits,
          terminator: '#',
          waitMs,
          betweenMs,
          secret,
          ...(command.typedAhead && { typedAhead: true }),
        }),
      );
    }
    case 'check':
      return checkPin(house, kept, command.pin);
    case 'read':
      return readOfConsultant(house, kept, command.reading);
    case 'set':
      return setByPhone(house, kept, command);
    case 'say':
      await aSwitch.guard(leg, guardWhileRecognizedSeconds);
      await aSwitch.play(leg, `${request}-said`, command.sentence);
      return undefined;
    case 'record':
      await aSwitch.guard(leg, guardWhileRecognizedSeconds);
      return hands.ordered(
        await aSwitch.record(leg, {
          request,
          sentence: command.sentence,
          take: leg,
          maxSeconds: takeSecondsMax,
          silenceSeconds,
        }),
      );
    case 'playTake':
      await aSwitch.guard(leg, guardWhileRecognizedSeconds);
      await aSwitch.playTake(leg, `${request}-take`, leg);
      return undefined;
    case 'keepTake':
      return keepTake(house, aSwitch, kept, command);
    case 'dropTake':
      await aSwitch.dropTake(leg);
      return undefined;
    case 'deleteRecording': {
      const { consultant } = call;
      if (consultant)
        await deleteRecording(house, merchantId, { consultantId: consultant.id, kind: command.kind });
      return { type: 'done' };
    }
    case 'lastWords':
      return hands.ordered(await aSwitch.play(leg, request, command.sentence));
    case 'hangUp':
      // Should it not be done, the guard does it.
      await aSwitch.hangUp(leg, 'normal');
      return undefined;
  }
}

async function keepTake(
  house: House,
  aSwitch: Switch,
  { call, merchantId }: StoredServiceCall,
  { kind }: ServiceCommand & { do: 'keepTake' },
): Promise<ServiceEvent> {
  const { consultant } = call;
  const taken = await aSwitch.readTake(call.leg);
  if (taken.outcome === 'gone' || !consultant) return { type: 'failed' };
  const kept = await keepRecording(
    house,
    merchantId,
    { consultantId: consultant.id, kind },
    {
      bytes: taken.wav,
      mediaType: 'audio/wav',
      ...(taken.words !== undefined && { words: taken.words }),
    },
  );
  if (kept.outcome === 'kept') return { type: 'done' };
  house.log.warn({ serviceCallId: call.id, outcome: kept }, 'A recording by telephone could not be kept');
  return { type: 'failed' };
}
