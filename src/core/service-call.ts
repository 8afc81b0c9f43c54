// A consultant calls the service: who is he, and what does he want of his own state? His number is looked up, his PIN proves that
// it is he; then he hears his state and keys what is to be. Here: the rule. It is its own small machine beside the call session's:
// nobody is rung, nothing is paid, no two legs are ever joined.
//
//   state          waits for                 he hears                     goes on to
//   ringing        who has his number        ringing                      toggling · short_number · pin
//   toggling       his missed call to count  (he has hung up)             over
//   short_number   digits                    what to key                  pin
//   pin            digits, kept nowhere      what to key                  checking
//   checking       whether they fit          nothing, for a moment        menu · short_number · pin · leaving
//   menu           his state read, a key     his state, what he may key   setting · hour · recording · messages · telling · leaving
//   hour           a time                    what to key                  setting · menu
//   setting        it to be set              nothing, for a moment        menu
//   telling        it read, a key            his day, or his hours        as menu
//   messages       a key                     which message                recording · menu
//   recording      whether there is one, key listen, anew, delete         speaking · recording · deleting · menu
//   deleting       it to be gone             nothing, for a moment        menu
//   speaking       his voice                 what to do, a tone           taken · menu
//   taken          a key                     listen, keep, redo           keeping · speaking · menu
//   keeping        it to be kept             nothing, for a moment        menu
//   leaving        the last words            goodbye                      over
//
// What he keys is written down before anything is done about it. Whoever takes over begins the current state anew (`resume`): each
// can be begun any number of times, because what is to be is said in full (`away until 14:30`, never "the other one"). A PIN is in no
// state, so that of a PIN being checked nothing is left but to ask for it again. A recording is his voice in a file of the switch's
// until he keeps it; of a call that ends before, it is thrown away.

import type { Language, LegUuid } from './ids.ts';
import type { Cli } from './known-caller.ts';
import type { MenuNews, RecordingKind, Sentence, SentenceFacts, SpokenState } from './sentence.ts';
import { nextTimeKeyed } from './spoken-clock.ts';

/** As it is written down: said in full, so that setting it twice is setting it once. `backAt`: ISO 8601, UTC. */
export interface AvailabilityWish {
  availability: 'available' | 'break' | 'away';
  reason?: string;
  backAt?: string;
}

export interface ServicePlan {
  merchantName: string;
  timeZone: string;
  cli: Cli;
}

export type ServiceState =
  | { is: 'ringing' }
  | { is: 'toggling'; consultantId: string; wish: AvailabilityWish }
  | { is: 'short_number' }
  | { is: 'pin' }
  | { is: 'checking' }
  | { is: 'menu'; news?: MenuNews }
  | { is: 'hour'; again?: boolean }
  | { is: 'setting'; wish: AvailabilityWish }
  | { is: 'telling'; what: 'today' | 'schedule' }
  | { is: 'messages' }
  | { is: 'recording'; kind: RecordingKind; listen?: true }
  | { is: 'deleting'; kind: RecordingKind }
  | { is: 'speaking'; kind: RecordingKind; again?: boolean }
  | { is: 'taken'; kind: RecordingKind; seconds: number }
  | { is: 'keeping'; kind: RecordingKind; seconds: number }
  | { is: 'leaving'; words: 'refused' | 'silence' | 'apology' }
  | { is: 'over' };

export interface ServiceCall {
  id: string;
  leg: LegUuid;
  plan: ServicePlan;
  state: ServiceState;
  /** The merchant's own country's, until it is known who he is. */
  language: Language;
  /** Those whose number he calls from; a PIN says which of them he is. */
  byNumber: readonly string[];
  /** Keyed by him, instead of his number. */
  shortNumber?: string;
  /** Whom a missed call of this number sets, and to what. */
  toggle?: { consultantId: string; wish: AvailabilityWish };
  consultant?: { id: string; name: string };
  /** As he had set it when he heard it last. */
  setting?: AvailabilityWish;
  greeted: boolean;
  /** He has hung up; what he keyed before is still carried out. */
  gone?: true;
  /** Wrong PINs. */
  misses: number;
  /** Nothing was keyed, so often in a row. */
  silences: number;
  /** Grows with everything he is asked: an answer to an older question means nothing. */
  turn: number;
}

/** What may be read of him, for what he hears next. */
export type ServiceReading = 'state' | 'today' | 'schedule' | { recording: RecordingKind };

export type ServiceRead =
  | { what: 'state'; state: SpokenState; setting: AvailabilityWish }
  | { what: 'today'; facts: SentenceFacts & { key: 'service_today' } }
  | { what: 'schedule'; facts: SentenceFacts & { key: 'service_schedule' } }
  | { what: 'recording'; recording?: SentenceFacts & { key: 'recording' } };

export type ServiceEvent =
  | { type: 'callArrived' }
  /** Who has this number: nobody, one, or several who share it. */
  | { type: 'numberLookedUp'; byNumber: readonly string[]; toggle?: ServiceCall['toggle'] }
  /** It has rung so long that it is no missed call. */
  | { type: 'rungLongEnough' }
  | { type: 'digitsGiven'; digits: string; ended: 'terminator' | 'full' | 'pause' | 'restart'; at: Date }
  | { type: 'noKeyGiven' }
  | { type: 'checked'; consultant?: { id: string; name: string; language: Language } }
  | { type: 'read'; read: ServiceRead }
  /** What was to be set, kept or deleted. */
  | { type: 'done' }
  | { type: 'failed' }
  /** `back`: he pressed `*`. */
  | { type: 'recorded'; seconds: number; back: boolean }
  | { type: 'played' }
  /** `missed`: by him, and nobody had answered. */
  | { type: 'legEnded'; missed: boolean };

export interface ServiceEntry {
  maxDigits: number;
  waitMs: number;
  betweenMs: number;
  secret?: true;
}

export type ServiceCommand =
  | { do: 'lookUpNumber' }
  | { do: 'waitForMissedCall' }
  | { do: 'answer' }
  | { do: 'ask'; sentence: Sentence; entry: ServiceEntry; typedAhead?: true }
  | { do: 'check'; pin: string }
  | { do: 'read'; reading: ServiceReading }
  | { do: 'set'; consultantId: string; wish: AvailabilityWish }
  | { do: 'record'; sentence: Sentence }
  | { do: 'playTake' }
  | { do: 'keepTake'; kind: RecordingKind; seconds: number }
  | { do: 'dropTake' }
  | { do: 'deleteRecording'; kind: RecordingKind }
  /** Said before what is asked next. */
  | { do: 'say'; sentence: Sentence }
  | { do: 'lastWords'; sentence: Sentence }
  | { do: 'hangUp' };

export interface ServiceStep {
  call: ServiceCall;
  commands: readonly ServiceCommand[];
}

const missesMax = 3;
/** The second silence in a row is a telephone nobody holds. */
const silencesMax = 2;
/** Nobody asks for so much in one call: it is a machine that presses keys. */
const turnsMax = 150;
/** Shorter is a finger that slipped, or a cough. */
const takeSecondsMin = 1;

const key: ServiceEntry = { maxDigits: 1, waitMs: 8_000, betweenMs: 3_000 };
const shortNumberEntry: ServiceEntry = { maxDigits: 8, waitMs: 8_000, betweenMs: 5_000 };
const pinEntry: ServiceEntry = { maxDigits: 12, waitMs: 8_000, betweenMs: 5_000, secret: true };
const hourEntry: ServiceEntry = { maxDigits: 4, waitMs: 10_000, betweenMs: 5_000 };

export function newServiceCall(call: Pick<ServiceCall, 'id' | 'leg' | 'plan' | 'language'>): ServiceCall {
  return {
    ...call,
    state: { is: 'ringing' },
    byNumber: [],
    greeted: false,
    misses: 0,
    silences: 0,
    turn: 0,
  };
}

/** The next state, and what is to be done once that is written. The same call and no commands: it means nothing now. */
export function advanceService(call: ServiceCall, event: ServiceEvent): ServiceStep {
  const { state } = call;
  if (state.is === 'over') return { call, commands: [] };
  if (event.type === 'legEnded') return hungUp(call, event.missed);
  if (event.type === 'failed') return failed(call);
  switch (state.is) {
    case 'ringing':
      return ringing(call, event);
    case 'toggling':
      return event.type === 'done' ? become(call, { is: 'over' }) : stay(call);
    case 'short_number':
      return shortNumber(call, event);
    case 'pin':
      return pin(call, event);
    case 'checking':
      return event.type === 'checked' ? checked(call, event.consultant) : stay(call);
    case 'menu':
    case 'telling':
      return menu(call, event);
    case 'hour':
      return hour(call, event);
    case 'setting':
      return event.type === 'done' ? become(call, { is: 'menu', news: 'set' }) : stay(call);
    case 'messages':
      return messages(call, event);
    case 'recording':
      return recording(call, state.kind, event);
    case 'deleting':
      return event.type === 'done' ? become(call, { is: 'menu', news: 'deleted' }) : stay(call);
    case 'speaking':
      return speaking(call, state.kind, event);
    case 'taken':
      return taken(call, state, event);
    case 'keeping':
      return event.type === 'done' ? become(call, { is: 'menu', news: 'kept' }) : stay(call);
    case 'leaving':
      return event.type === 'played' ? become(call, { is: 'over' }, [{ do: 'hangUp' }]) : stay(call);
  }
}

/** Whoever takes the call over begins its state anew; also what every new state begins with. */
export function resumeService(call: ServiceCall): readonly ServiceCommand[] {
  const { state } = call;
  switch (state.is) {
    case 'ringing':
      return [{ do: 'lookUpNumber' }];
    case 'toggling':
      return [{ do: 'set', consultantId: state.consultantId, wish: state.wish }];
    case 'short_number':
      return [
        {
          do: 'ask',
          entry: shortNumberEntry,
          sentence: said(call, {
            key: 'service_short_number',
            merchant: call.plan.merchantName,
            ...(call.misses > 0 && { again: true }),
          }),
        },
      ];
    case 'pin':
    case 'checking':
      return [
        {
          do: 'ask',
          entry: pinEntry,
          sentence: said(call, {
            key: 'service_pin',
            ...(call.shortNumber === undefined && { byNumber: true }),
            ...(call.misses > 0 && call.shortNumber === undefined && { again: true }),
          }),
        },
      ];
    case 'menu':
      return [{ do: 'read', reading: 'state' }];
    case 'hour':
      return [
        {
          do: 'ask',
          entry: hourEntry,
          sentence: said(call, { key: 'service_hour', ...(state.again && { again: true }) }),
        },
      ];
    case 'setting':
      return call.consultant ? [{ do: 'set', consultantId: call.consultant.id, wish: state.wish }] : [];
    case 'telling':
      return [{ do: 'read', reading: state.what }];
    case 'messages':
      return [{ do: 'ask', entry: key, sentence: said(call, { key: 'service_messages' }) }];
    case 'recording':
      return [{ do: 'read', reading: { recording: state.kind } }];
    case 'deleting':
      return [{ do: 'deleteRecording', kind: state.kind }];
    case 'speaking':
      return [
        {
          do: 'record',
          sentence: said(call, {
            key: 'service_speak',
            kind: state.kind,
            ...(state.again && { again: true }),
          }),
        },
      ];
    case 'taken':
      return [
        {
          do: 'ask',
          entry: key,
          sentence: said(call, { key: 'service_take', seconds: state.seconds }),
        },
      ];
    case 'keeping':
      return [{ do: 'keepTake', kind: state.kind, seconds: state.seconds }];
    case 'leaving':
      return [{ do: 'lastWords', sentence: lastWords(call, state.words) }];
    case 'over':
      return [];
  }
}

// --- Who he is -------------------------------------------------------------------------------------------------

function ringing(call: ServiceCall, event: ServiceEvent): ServiceStep {
  switch (event.type) {
    case 'callArrived':
      return { call, commands: resumeService(call) };
    case 'numberLookedUp': {
      const known = { ...call, byNumber: event.byNumber };
      // He may mean to hang up: it rings a little longer for that.
      if (event.toggle)
        return { call: { ...known, toggle: event.toggle }, commands: [{ do: 'waitForMissedCall' }] };
      return answerCall(known);
    }
    case 'rungLongEnough':
      return answerCall(call);
    default:
      return stay(call);
  }
}

function answerCall(call: ServiceCall): ServiceStep {
  return become(call, { is: call.byNumber.length > 0 ? 'pin' : 'short_number' }, [{ do: 'answer' }]);
}

function shortNumber(call: ServiceCall, event: ServiceEvent): ServiceStep {
  if (event.type === 'noKeyGiven') return silent(call);
  if (event.type !== 'digitsGiven') return stay(call);
  if (event.ended === 'restart') return anew(call);
  // Whoever he says he is, he is asked for a PIN: what is unknown is not to be told from what is wrong.
  return become({ ...call, shortNumber: event.digits, silences: 0 }, { is: 'pin' });
}

function pin(call: ServiceCall, event: ServiceEvent): ServiceStep {
  if (event.type === 'noKeyGiven') return silent(call);
  if (event.type !== 'digitsGiven') return stay(call);
  if (event.ended === 'restart') {
    return call.shortNumber === undefined ? become(call, { is: 'short_number' }) : anew(call);
  }
  const checking = become({ ...call, silences: 0 }, { is: 'checking' });
  // Not asked for again, as whoever takes over would.
  return { ...checking, commands: [{ do: 'check', pin: event.digits }] };
}

function checked(
  call: ServiceCall,
  consultant: (ServiceEvent & { type: 'checked' })['consultant'],
): ServiceStep {
  if (consultant) {
    const { id, name, language } = consultant;
    const { shortNumber: _keyed, ...rest } = call;
    return become({ ...rest, consultant: { id, name }, language, misses: 0 }, { is: 'menu' });
  }
  const { shortNumber: keyed, ...rest } = { ...call, misses: call.misses + 1 };
  if (rest.misses >= missesMax) return become(rest, { is: 'leaving', words: 'refused' });
  return become(rest, { is: keyed === undefined ? 'pin' : 'short_number' });
}

// --- What he wants ---------------------------------------------------------------------------------------------

function menu(call: ServiceCall, event: ServiceEvent): ServiceStep {
  const { state, consultant } = call;
  if (!consultant) return stay(call);
  switch (event.type) {
    case 'read': {
      const { read } = event;
      if (read.what === 'today' || read.what === 'schedule') {
        return state.is === 'telling' && state.what === read.what ? ask(call, read.facts) : stay(call);
      }
      if (read.what !== 'state' || state.is !== 'menu') return stay(call);
      const facts: SentenceFacts = {
        key: 'service_menu',
        ...(!call.greeted && { name: consultant.name }),
        ...(state.news && { news: state.news }),
        state: read.state,
      };
      return ask({ ...call, greeted: true, setting: read.setting }, facts);
    }
    case 'noKeyGiven':
      // Of what was only told, silence is no answer that is missing.
      return state.is === 'telling' ? become(call, { is: 'menu' }) : silent(call);
    case 'digitsGiven':
      if (event.ended === 'restart') return become({ ...call, silences: 0 }, { is: 'menu' });
      return chosen({ ...call, silences: 0 }, event.digits);
    default:
      return stay(call);
  }
}

function chosen(call: ServiceCall, digit: string): ServiceStep {
  switch (digit) {
    case '1':
      return become(call, { is: 'setting', wish: { availability: 'available' } });
    case '2':
      return become(call, { is: 'setting', wish: { availability: 'break' } });
    case '3':
      return become(call, { is: 'setting', wish: { availability: 'away' } });
    case '4':
      return become(call, { is: 'hour' });
    case '5':
      return become(call, { is: 'recording', kind: 'introduction' });
    case '6':
      return become(call, { is: 'messages' });
    case '7':
      return become(call, { is: 'telling', what: 'today' });
    case '9':
      return become(call, { is: 'telling', what: 'schedule' });
    default:
      return become(call, { is: 'menu', news: 'wrong_key' });
  }
}

function hour(call: ServiceCall, event: ServiceEvent): ServiceStep {
  if (event.type === 'noKeyGiven') return silent(call);
  if (event.type !== 'digitsGiven') return stay(call);
  const heard = { ...call, silences: 0 };
  if (event.ended === 'restart') return become(heard, { is: 'menu' });
  const at = nextTimeKeyed(event.digits, event.at, call.plan.timeZone);
  if (!at) return become(heard, { is: 'hour', again: true });
  // Who is at work and says when he is back is leaving now.
  const { availability = 'away', reason } = call.setting ?? {};
  const wish: AvailabilityWish = {
    availability: availability === 'break' ? 'break' : 'away',
    ...(availability === 'break' && reason !== undefined && { reason }),
    backAt: at.toISOString(),
  };
  return become(heard, { is: 'setting', wish });
}

// --- What he says ----------------------------------------------------------------------------------------------

function messages(call: ServiceCall, event: ServiceEvent): ServiceStep {
  if (event.type === 'noKeyGiven') return silent(call);
  if (event.type !== 'digitsGiven') return stay(call);
  const heard = { ...call, silences: 0 };
  if (event.ended === 'restart') return become(heard, { is: 'menu' });
  const kind = (['available', 'busy', 'away'] as const)[Number(event.digits) - 1];
  return kind ? become(heard, { is: 'recording', kind }) : become(heard, { is: 'messages' });
}

function recording(call: ServiceCall, kind: RecordingKind, event: ServiceEvent): ServiceStep {
  if (event.type === 'read' && event.read.what === 'recording') {
    const { recording: kept } = event.read;
    if (!kept) return become(call, { is: 'speaking', kind });
    const asked = ask(call, { key: 'service_recording', kind });
    const listens = call.state.is === 'recording' && call.state.listen === true;
    return listens
      ? { ...asked, commands: [{ do: 'say', sentence: said(call, kept) }, ...asked.commands] }
      : asked;
  }
  if (event.type === 'noKeyGiven') return silent(call);
  if (event.type !== 'digitsGiven') return stay(call);
  const heard = { ...call, silences: 0 };
  if (event.ended === 'restart') return become(heard, { is: 'menu' });
  switch (event.digits) {
    case '1':
      return become(heard, { is: 'recording', kind, listen: true });
    case '2':
      return become(heard, { is: 'speaking', kind });
    case '3':
      return become(heard, { is: 'deleting', kind });
    default:
      return become(heard, { is: 'recording', kind });
  }
}

function speaking(call: ServiceCall, kind: RecordingKind, event: ServiceEvent): ServiceStep {
  if (event.type !== 'recorded') return stay(call);
  if (event.back) return become(call, { is: 'menu', news: 'thrown_away' });
  if (event.seconds >= takeSecondsMin) {
    return become({ ...call, silences: 0 }, { is: 'taken', kind, seconds: Math.round(event.seconds) });
  }
  const silences = call.silences + 1;
  if (silences >= silencesMax) return become(call, { is: 'leaving', words: 'silence' });
  return become({ ...call, silences }, { is: 'speaking', kind, again: true });
}

function taken(
  call: ServiceCall,
  { kind, seconds }: ServiceState & { is: 'taken' },
  event: ServiceEvent,
): ServiceStep {
  if (event.type === 'noKeyGiven') return silent(call);
  if (event.type !== 'digitsGiven') return stay(call);
  const heard = { ...call, silences: 0 };
  if (event.ended === 'restart') return become(heard, { is: 'menu', news: 'thrown_away' });
  switch (event.digits) {
    case '1':
      return become(heard, { is: 'taken', kind, seconds }, [{ do: 'playTake' }]);
    case '2':
      return become(heard, { is: 'keeping', kind, seconds });
    case '3':
      return become(heard, { is: 'speaking', kind });
    default:
      return become(heard, { is: 'taken', kind, seconds });
  }
}

// --- How it goes on --------------------------------------------------------------------------------------------

/** Carried out without him: he keyed it. */
function isActing({ is }: ServiceState): boolean {
  return is === 'toggling' || is === 'setting' || is === 'keeping' || is === 'deleting';
}

function hungUp(call: ServiceCall, missed: boolean): ServiceStep {
  const gone: ServiceCall = { ...call, gone: true };
  if (missed && call.state.is === 'ringing' && call.toggle) {
    return become(gone, { is: 'toggling', ...call.toggle });
  }
  return isActing(call.state) ? { call: gone, commands: [] } : become(gone, { is: 'over' });
}

function failed(call: ServiceCall): ServiceStep {
  if (call.gone) return become(call, { is: 'over' });
  return isActing(call.state)
    ? become(call, { is: 'menu', news: 'failed' })
    : become(call, { is: 'leaving', words: 'apology' });
}

function silent(call: ServiceCall): ServiceStep {
  const silences = call.silences + 1;
  if (silences >= silencesMax) return become(call, { is: 'leaving', words: 'silence' });
  return become({ ...call, silences }, call.state);
}

/** He begins his number, or his short number, anew: what is typed behind the `*` counts already. */
function anew(call: ServiceCall): ServiceStep {
  const { shortNumber: _keyed, ...rest } = call;
  const step = become(rest, { is: 'short_number' });
  return {
    ...step,
    commands: step.commands.map((one) => (one.do === 'ask' ? { ...one, typedAhead: true } : one)),
  };
}

const hasTake = ({ is }: ServiceState): boolean => is === 'speaking' || is === 'taken' || is === 'keeping';

function become(
  from: ServiceCall,
  wanted: ServiceState,
  before: readonly ServiceCommand[] = [],
): ServiceStep {
  const tooLong = from.turn >= turnsMax && wanted.is !== 'leaving' && wanted.is !== 'over';
  // Nobody is left to hear anything.
  const onward: ServiceState = tooLong ? { is: 'leaving', words: 'silence' } : wanted;
  const state: ServiceState = from.gone && !isActing(onward) ? { is: 'over' } : onward;
  const call: ServiceCall = { ...from, state, turn: from.turn + 1 };
  const thrownAway: ServiceCommand[] = hasTake(from.state) && !hasTake(state) ? [{ do: 'dropTake' }] : [];
  return { call, commands: [...thrownAway, ...before, ...resumeService(call)] };
}

function stay(call: ServiceCall): ServiceStep {
  return { call, commands: [] };
}

function ask(call: ServiceCall, facts: SentenceFacts): ServiceStep {
  return { call, commands: [{ do: 'ask', entry: key, sentence: said(call, facts) }] };
}

function said({ language }: ServiceCall, facts: SentenceFacts): Sentence {
  return { language, ...facts };
}

function lastWords(call: ServiceCall, words: (ServiceState & { is: 'leaving' })['words']): Sentence {
  switch (words) {
    case 'refused':
      return said(call, { key: 'service_refused' });
    case 'silence':
      return said(call, { key: 'service_goodbye' });
    case 'apology':
      return said(call, { key: 'apology' });
  }
}
