// A call session played event by event, for the tests of its rule: an order with three consultants, claims granted as the
// database would grant them, and what was commanded read as short words.

import { advance } from '../../src/core/advance-call.ts';
import type { CallEvent, CallSession, CallStep, ClaimedConsultant } from '../../src/core/call-session.ts';
import type { E164, LegUuid } from '../../src/core/ids.ts';

export const callerLeg = 'aaaaaaaa-0000-4000-8000-000000000000' as LegUuid;
export const consultant = (n: number): ClaimedConsultant => ({
  consultantId: `con_${String(n)}`,
  name: ['Claire', 'Hugo', 'Inès'][n - 1] ?? 'Somebody',
  number: `+3319900000${String(n)}` as E164,
  language: 'fr',
  leg: `bbbbbbbb-0000-4000-8000-00000000000${String(n)}` as LegUuid,
});
/** The phone that rings next for consultant n, where he has one. */
export const nextLegOf = (n: number): LegUuid => `bbbbbbbb-0000-4000-8000-00000000001${String(n)}` as LegUuid;
export const legOf = (n: number): LegUuid => consultant(n).leg;

export function order(plan: Partial<CallSession['plan']> = {}): CallSession {
  return {
    id: 'call_1',
    state: 'awaiting_payment',
    plan: {
      callerNumber: '+33612345678' as E164,
      callerId: '+33199000100' as E164,
      callerLanguage: 'fr',
      merchantName: 'Les Conseils',
      lineName: 'Consultation',
      price: { currency: 'EUR', fixedPrice: '15.00', includedMinutes: 10, pricePerMinute: '2.00' },
      talkLimitSeconds: 900,
      ringing: 'in_turn',
      ringSeconds: 25,
      ringStepSeconds: 10,
      callerFirst: false,
      ...plan,
    },
    candidates: ['con_1', 'con_2', 'con_3'],
    attempts: [],
    callerLegUuid: callerLeg,
  };
}

/** Plays events on a session; claims are granted to whoever is next, as the database would. */
export class Table {
  session: CallSession;
  said: CallStep[] = [];
  taken = new Set<string>();
  readonly #more: ReadonlyMap<number, Partial<ClaimedConsultant>>;
  /** `more`: what is known of a consultant beside his first phone. */
  constructor(
    plan: Partial<CallSession['plan']> = {},
    taken: string[] = [],
    more: ReadonlyMap<number, Partial<ClaimedConsultant>> = new Map(),
  ) {
    this.session = order(plan);
    this.taken = new Set(taken);
    this.#more = more;
  }
  on(event: CallEvent): this {
    let step = advance(this.session, event);
    this.said.push(step);
    this.session = step.session;
    while (step.claim !== undefined) {
      const { candidates } = this.session;
      const free = candidates.filter((id) => !this.taken.has(id));
      const claimed = free.slice(0, step.claim === 'all' ? undefined : step.claim);
      const last = claimed.at(-1);
      step = advance(this.session, {
        type: 'consultantsClaimed',
        consultants: claimed.map((id) => {
          const n = Number(id.slice(4));
          return { ...consultant(n), ...this.#more.get(n) };
        }),
        skipped:
          last === undefined || step.claim === 'all'
            ? candidates
            : candidates.slice(0, candidates.indexOf(last)),
      });
      this.said.push(step);
      this.session = step.session;
    }
    return this;
  }
  /** What was commanded since the last look, as short words. */
  done(): string[] {
    const words = this.said.flatMap((step) =>
      step.commands
        .filter((command) => command.do !== 'startTimer' && command.do !== 'stopTimers')
        .map((command) => {
          const leg =
            'leg' in command
              ? command.leg === callerLeg
                ? 'A'
                : `B${command.leg.slice(-2).replace(/^0/, '')}`
              : '';
          const what =
            'sentence' in command
              ? ` ${command.sentence.key}`
              : command.do === 'hangUp'
                ? ` ${command.cause}`
                : '';
          return `${command.do} ${leg}${what}`.trim();
        }),
    );
    this.said = [];
    return words;
  }
}

export const answered = (leg: LegUuid): CallEvent => ({ type: 'legAnswered', leg });
export const key = (leg: LegUuid, pressed: string): CallEvent => ({ type: 'keyGiven', leg, key: pressed });
export const silence = (leg: LegUuid): CallEvent => ({ type: 'noKeyGiven', leg });
export const ended = (
  leg: LegUuid,
  because: CallEvent & { type: 'legEnded' } extends { because: infer B } ? B : never,
  at = 0n,
): CallEvent => ({
  type: 'legEnded',
  leg,
  because,
  endedAtUs: at,
});
export const paid: CallEvent = { type: 'paymentAuthorized' };
export const second = 1_000_000n;

export function talking(plan: Partial<CallSession['plan']> = {}): Table {
  const table = new Table(plan)
    .on(paid)
    .on(answered(legOf(1)))
    .on(key(legOf(1), '1'))
    .on(answered(callerLeg))
    .on(key(callerLeg, '1'))
    .on({ type: 'legsBridged', atUs: 100n * second });
  table.done();
  return table;
}
