// What would happen if this number called that one? The merchant's server is asked as a call would ask it, or the accounts kept
// here are looked at as a call would, and the rule that takes calls (core/call-answering) says what the caller would hear.
// Nothing is written down, kept back or counted, and nobody is rung. A PIN is wanted, never tried: whoever tests knows the code.

import { advance } from '../core/advance-call.ts';
import {
  type CallEvent,
  type CallSession,
  type CallStep,
  type DigitEntry,
  isDestination,
} from '../core/call-session.ts';
import type { E164 } from '../core/ids.ts';
import type { PhoneAddress } from '../core/sip-address.ts';
import type { CallerQuestion, Cli, Recognition } from '../core/known-caller.ts';
import type { Sentence } from '../core/sentence.ts';
import { type Tariff, tariffAt } from '../core/tariff.ts';
import { clientOfCode } from '../store/client-accounts.ts';
import { ddiOfNumber, namesOfConsultants } from '../store/ddis.ts';
import { type DialledLine, readDialledLine, readMerchantServer } from '../store/known-calls.ts';
import { sessionOf } from './answer-inbound.ts';
import { foreseeClaim, recognizeByAccount } from './client-accounts.ts';
import type { House } from './house.ts';
import type { Asked } from './ports.ts';
import { addressOf, mayBeRung, questionOf } from './recognize-caller.ts';

/** What the caller goes through, in order. */
export type Experience =
  | { is: 'not_taken' }
  | { is: 'ringing' }
  | { is: 'hears'; sentence: Sentence }
  | { is: 'keys'; wanted: 'code' | 'pin'; entry: DigitEntry }
  | { is: 'limit'; seconds: number }
  /** As long as the line lets anybody. */
  | { is: 'no_limit'; seconds: number }
  | { is: 'rings'; names: readonly string[]; pattern: DialledLine['ringing'] }
  | { is: 'rings_number'; number: PhoneAddress }
  | { is: 'rings_nobody' }
  | { is: 'hung_up' };

export interface RecognitionTest {
  id: string;
  /** The line's slug. */
  line: string;
  recognizedBy: DialledLine['recognizedBy'];
  ask?: CallerQuestion['ask'];
  /** Absent: nobody was asked, `notAsked` says why. */
  asked?: Asked;
  /** What the accounts kept here say of him. */
  byAccount?: Recognition;
  /** No account has the code, whatever the caller is told: nobody learns from us on the telephone which codes there are. */
  codeUnknown?: boolean;
  notAsked?: 'line_off' | 'withheld' | 'accounts' | 'no_server';
  /** The server named a number the destinations do not allow: what it said does not count. */
  destinationRefused: boolean;
  experience: readonly Experience[];
}

export type TestedRecognition = { outcome: 'ddi_unknown' } | { outcome: 'tested'; test: RecognitionTest };

/** One question, as a call would put it; by the code where one is given. Throws for a database that is away. */
export async function testRecognition(
  house: House,
  merchantId: string,
  call: { ddi: E164; cli: Cli; clientCode?: string },
): Promise<TestedRecognition> {
  const at = house.clock.now();
  const id = house.ids.id('recognitionTest');
  const found = await house.db.asMerchant(merchantId, async (tx) => {
    const ddiId = await ddiOfNumber(tx, call.ddi);
    const line = ddiId === undefined ? undefined : await readDialledLine(tx, ddiId);
    return line && { line, server: await readMerchantServer(tx, call.ddi) };
  });
  if (!found) return { outcome: 'ddi_unknown' };
  const { line, server } = found;
  const test = { id, line: line.slug, recognizedBy: line.recognizedBy, destinationRefused: false };
  const nothing = (notAsked: NonNullable<RecognitionTest['notAsked']>, experience: Experience[]) =>
    ({ outcome: 'tested', test: { ...test, notAsked, experience } }) as const;
  if (!line.merchantActive || !line.lineActive || line.callerId === null) {
    return nothing('line_off', [{ is: 'not_taken' }]);
  }

  const leg = house.ids.legUuid();
  const tariff = tariffAt(line.plan, at);
  const arriving: CallSession = {
    ...sessionOf(house, line, { leg, ...call, at, callerId: line.callerId, tariff }),
    id,
  };
  const begun = advance(arriving, { type: 'callArrived' });
  const question = begun.commands.find((one) => one.do === 'recognize');
  if (!question && (call.clientCode === undefined || begun.session.state !== 'recognizing')) {
    return nothing('withheld', await experienceOf(house, merchantId, line, begun));
  }
  const command = {
    do: 'recognize' as const,
    question: 1,
    ask: call.clientCode === undefined ? ('caller' as const) : ('client_code' as const),
    ...(call.clientCode !== undefined && { clientCode: call.clientCode }),
  };
  const waiting = waitingFor(begun.session, command);
  // He hears ringing until something is said to him; who keyed a code has been answered before.
  const before: Experience[] = call.clientCode === undefined ? [{ is: 'ringing' }] : [];
  const activity = { callsInProgress: 0, secondsNotYetReported: 0 };
  const asking = questionOf({ session: waiting }, command, line.slug, activity, at);
  const goOn = async (step: CallStep): Promise<Experience[]> => [
    ...before,
    ...(await experienceOf(house, merchantId, line, step)),
  ];
  if (line.recognizedBy === 'accounts') {
    const { step, ...found } = await lookAtAccounts(house, merchantId, waiting, asking, tariff);
    const experience = await goOn(step);
    return { outcome: 'tested', test: { ...test, notAsked: 'accounts', ...found, experience } };
  }
  if (!server) {
    const failed = advance(waiting, { type: 'merchantFailed', question: 1, because: 'no_server' });
    return nothing('no_server', await goOn(await claimed(failed)));
  }

  const asked = await house.merchantServer.ask(addressOf(house, merchantId, server), asking);
  const destinationRefused =
    asked.outcome === 'answered' && !(await mayBeRung(house, merchantId, asked.recognition));
  const step =
    asked.outcome === 'answered' && !destinationRefused
      ? advance(waiting, { type: 'callerRecognized', question: 1, recognition: asked.recognition })
      : advance(waiting, {
          type: 'merchantFailed',
          question: 1,
          because: asked.outcome === 'failed' ? asked.because : 'destination',
        });
  const experience = await goOn(await claimed(step));
  return { outcome: 'tested', test: { ...test, ask: command.ask, asked, destinationRefused, experience } };
}

/** What the accounts kept here say, and what follows from it, in one transaction that changes nothing. */
async function lookAtAccounts(
  house: House,
  merchantId: string,
  waiting: CallSession,
  asking: CallerQuestion,
  ofLine: Tariff,
): Promise<Required<Pick<RecognitionTest, 'byAccount' | 'codeUnknown'>> & { step: CallStep }> {
  const { at, clientCode } = asking;
  return house.db.asMerchant(merchantId, async (tx) => {
    const longest = waiting.plan.talkLimitSeconds;
    const price = (): Promise<Tariff> => Promise.resolve(ofLine);
    const recognition = await recognizeByAccount(house, tx, asking, longest, price);
    const step = await claimed(
      advance(waiting, { type: 'callerRecognized', question: 1, recognition }),
      (session, code) => foreseeClaim(tx, session, code, { ofLine, at }),
    );
    const codeUnknown = clientCode !== undefined && !(await clientOfCode(tx, clientCode, at));
    return { byAccount: recognition, codeUnknown, step };
  });
}

/** The session as it is while its first question is out. */
function waitingFor(
  session: CallSession,
  { ask, clientCode }: { ask: CallerQuestion['ask']; clientCode?: string },
): CallSession {
  if (!session.recognizing) throw new Error('Nobody dialled in this session.');
  const keyed = clientCode === undefined ? {} : { clientCode, codeKeyed: true, answered: true };
  return {
    ...session,
    recognizing: { ...session.recognizing, questions: 1, waitsFor: 'merchant', asked: ask, ...keyed },
  };
}

type Claim = CallEvent & { type: 'clientClaimed' };

/** No other call of his is under way in a test. `byAccount`: what his account says to it; of nobody's client it is not asked. */
async function claimed(
  step: CallStep,
  byAccount?: (session: CallSession, clientCode: string) => Promise<Claim>,
): Promise<CallStep> {
  const { session, claimClient } = step;
  if (claimClient === undefined) return step;
  const nobodys = session.recognizing?.passedOn !== undefined;
  const claim: Claim =
    byAccount && !nobodys ? await byAccount(session, claimClient) : { type: 'clientClaimed', claimed: true };
  const next = advance(session, claim);
  return claimed({ ...next, commands: [...step.commands, ...next.commands] }, byAccount);
}

async function experienceOf(
  house: House,
  merchantId: string,
  line: DialledLine,
  step: CallStep,
): Promise<Experience[]> {
  const { session } = step;
  const { plan } = session;
  const experience: Experience[] = [];
  for (const command of step.commands) {
    if (command.do === 'play' || command.do === 'askDigits') {
      experience.push({ is: 'hears', sentence: command.sentence });
    }
    if (command.do === 'askDigits') {
      experience.push({ is: 'keys', wanted: command.secret ? 'pin' : 'code', entry: command.entry });
    }
  }
  if (session.state === 'recognizing') return experience;
  if (session.state !== 'ringing_consultant') return [...experience, { is: 'hung_up' }];
  const seconds = plan.talkLimitSeconds;
  const limited = seconds < (plan.inbound?.talkLimitMaxSeconds ?? seconds + 1);
  experience.push(limited ? { is: 'limit', seconds } : { is: 'no_limit', seconds });
  const [first] = session.candidates;
  if (first !== undefined && isDestination(first)) {
    return [...experience, { is: 'rings_number', number: first }];
  }
  const names = await house.db.asMerchant(merchantId, (tx) => namesOfConsultants(tx, session.candidates));
  const pattern = line.ringing;
  return [...experience, names.length === 0 ? { is: 'rings_nobody' } : { is: 'rings', names, pattern }];
}
