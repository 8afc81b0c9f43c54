// A caller who dials: each answer of the merchant's server, each thing he may key, each instant he may hang up.

import { describe, expect, it } from 'vitest';
import { advance, resume } from '../../src/core/advance-call.ts';
import {
  type CallCommand,
  type CallEvent,
  type CallSession,
  type InboundPlan,
  unrecognized,
} from '../../src/core/call-session.ts';
import type { E164 } from '../../src/core/ids.ts';
import { usualInboundSettings } from '../../src/core/inbound-settings.ts';
import type { Recognition } from '../../src/core/known-caller.ts';
import { callerLeg, consultant, legOf, order } from './call-table.ts';

const cli = { trust: 'network', number: '+33612345678' as E164 } as const;
const { refused: _refused, ...usualSettings } = usualInboundSettings;
const hidden = { cli: { trust: 'withheld' } } as const;
const known = { outcome: 'recognized', clientCode: '4711', talkLimitSeconds: 300 } as const;

/** Plays events; clients and consultants are claimed as the database would. */
class Line {
  session: CallSession;
  commands: CallCommand[] = [];
  facts: string[] = [];
  claimed: string | undefined;
  #busy: Set<string>;
  #broke: Set<string>;

  constructor(plan: Partial<InboundPlan> = {}, busy: string[] = [], broke: string[] = []) {
    const { caller: _none, ...base } = order();
    this.session = {
      ...base,
      state: 'recognizing',
      plan: {
        ...base.plan,
        talkLimitSeconds: usualInboundSettings.talkLimitMaxSeconds,
        inbound: {
          ...usualSettings,
          recognizedBy: 'server',
          ddi: '+33199000200' as E164,
          cli,
          ...plan,
        },
      },
      caller: { leg: callerLeg, state: 'offered', tries: 0 },
      recognizing: unrecognized,
    };
    this.#busy = new Set(busy);
    this.#broke = new Set(broke);
    this.on({ type: 'callArrived' });
  }

  on(event: CallEvent): this {
    let step = advance(this.session, event);
    for (;;) {
      this.commands.push(...step.commands);
      this.facts.push(...step.facts.map((one) => one.name));
      this.session = step.session;
      if (step.claimClient !== undefined) {
        this.claimed = step.claimClient;
        step = advance(this.session, {
          type: 'clientClaimed',
          claimed: !this.#busy.has(step.claimClient),
          ...(this.#broke.has(step.claimClient) && { claimed: false, because: 'no_credit' as const }),
        });
      } else if (step.claim !== undefined) {
        const [first] = this.session.candidates;
        step = advance(this.session, {
          type: 'consultantsClaimed',
          consultants:
            first === undefined ? [] : [{ ...consultant(Number(first.slice(4))), consultantId: first }],
          skipped: [],
        });
      } else return this;
    }
  }

  answers(recognition: Recognition): this {
    return this.on({
      type: 'callerRecognized',
      question: this.session.recognizing?.questions ?? 0,
      recognition,
    });
  }

  keys(digits: string, ended: 'terminator' | 'restart' | 'full' | 'pause' = 'terminator'): this {
    return this.on({ type: 'digitsGiven', leg: callerLeg, digits, ended });
  }

  /** What was commanded since the last look. */
  done(): string[] {
    const words = this.commands
      .filter((one) => one.do !== 'stopTimers' && one.do !== 'startTimer')
      .map((one) => {
        if (one.do === 'recognize')
          return `recognize ${one.ask}${one.clientCode ? ` ${one.clientCode}` : ''}${one.pin ? ' pin' : ''}`;
        return 'sentence' in one ? `${one.do} ${one.sentence.key}` : one.do;
      });
    this.commands = [];
    return words;
  }
}

describe('his number is known', () => {
  it('is answered, greeted and rung for, under the limit the merchant gave', () => {
    const line = new Line();
    expect(line.done()).toEqual(['recognize caller']);
    line.answers(known);
    expect(line.done()).toEqual(['answer', 'play known_greeting', 'ring']);
    expect(line.session).toMatchObject({ state: 'ringing_consultant', clientCode: '4711' });
    expect(line.session.plan.talkLimitSeconds).toBe(300);
    line.on({ type: 'legAnswered', leg: legOf(1) });
    expect(line.done()).toEqual(['ask consultant_known_offer']);
    line.on({ type: 'keyGiven', leg: legOf(1), key: '1' });
    expect(line.done()).toContain('bridge');
    line.on({ type: 'legsBridged', atUs: 1_000_000n });
    expect(line.session.state).toBe('connected');
  });

  it('without a limit he may talk as long as the line lets anybody, and never longer than that', () => {
    const { talkLimitSeconds: _none, ...unlimited } = known;
    expect(new Line().answers(unlimited).session.plan.talkLimitSeconds).toBe(14_400);
    const short = new Line({ talkLimitMaxSeconds: 600 }).answers({ ...known, talkLimitSeconds: 9_000 });
    expect(short.session.plan.talkLimitSeconds).toBe(600);
  });

  it('is spoken to in the language and the words the merchant sent', () => {
    const line = new Line().answers({ ...known, language: 'en', text: 'Hello Ann.' });
    expect(line.commands.find((one) => one.do === 'play')).toMatchObject({
      sentence: { key: 'merchant_text', language: 'en', text: 'Hello Ann.' },
    });
  });

  it('a limit of nothing is a refusal that says what to do', () => {
    const line = new Line().answers({ ...known, talkLimitSeconds: 0 });
    expect(line.done()).toEqual(['recognize caller', 'answer', 'play known_refused']);
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'merchant_refused' });
  });

  it('who has a call under way is told so', () => {
    const line = new Line({}, ['4711']).answers(known);
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'merchant_refused' });
    expect(line.commands.at(-1)).toMatchObject({ sentence: { because: 'busy' } });
  });

  it('an answer to an older question changes nothing', () => {
    const line = new Line().answers({ outcome: 'refused', reason: 'unknown' }).keys('4711');
    const before = line.session;
    line.on({ type: 'callerRecognized', question: 1, recognition: known });
    expect(line.session).toBe(before);
  });
});

describe('the line', () => {
  it('is closed: he is told so, and nobody is asked anything', () => {
    const line = new Line({ closed: true });
    expect(line.done()).toEqual(['answer', 'play known_refused']);
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'merchant_refused' });
  });

  it('rings the others, once, when nobody takes it', () => {
    const line = new Line({ overflow: ['con_3', 'con_2', 'con_1'] }).answers({
      ...known,
      consultants: ['con_1'],
    });
    line.done();
    const misses = (n: number): Line =>
      line.on({ type: 'legEnded', leg: legOf(n), because: 'no_answer', endedAtUs: 5n });
    misses(1);
    expect(line.session.attempts.map((one) => one.consultantId)).toEqual(['con_1', 'con_3']);
    misses(3);
    expect(line.session.attempts.map((one) => one.consultantId)).toEqual(['con_1', 'con_3', 'con_2']);
    misses(2);
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'nobody_took_it' });
    expect(line.done()).toEqual(['ring', 'ring', 'play known_nobody']);
  });
});

describe('his number is not known', () => {
  it('he keys his code, the phone is answered once', () => {
    const line = new Line().answers({ outcome: 'refused', reason: 'unknown' });
    expect(line.done()).toEqual(['recognize caller', 'answer', 'askDigits code_wanted']);
    line.keys('4711');
    expect(line.done()).toEqual(['recognize client_code 4711']);
    line.answers(known);
    expect(line.done()).toEqual(['play known_greeting', 'ring']);
  });

  it('hidden, he is asked for his code at once, or sent away where the line says so', () => {
    expect(new Line(hidden).done()).toEqual(['answer', 'askDigits code_wanted']);
    expect(new Line({ ...hidden, withheld: 'refuse' }).session).toMatchObject({ outcome: 'not_recognized' });
  });

  it('star begins anew and counts for nothing; three that lead to nothing end it, in the same words as an unknown one', () => {
    const line = new Line(hidden);
    for (let n = 0; n < 5; n += 1) line.keys('12', 'restart');
    expect(line.session.recognizing?.misses).toBe(0);
    line.keys('1111').answers({ outcome: 'refused', reason: 'unknown' });
    line.on({ type: 'noKeyGiven', leg: callerLeg });
    line.keys('1', 'pause');
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'not_recognized' });
    expect(line.commands.at(-1)).toMatchObject({ sentence: { key: 'known_refused', because: 'unknown' } });
  });

  it('star for ever does not hold the line for ever', () => {
    const line = new Line(hidden);
    for (let n = 0; n < 9; n += 1) line.keys('', 'restart');
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'not_recognized' });
  });
});

describe('the merchant wants a PIN', () => {
  it('is asked for after the code, sent once, and stands nowhere in the session', () => {
    const line = new Line().answers({ outcome: 'proof_wanted', proof: 'pin', clientCode: '4711' });
    expect(line.done()).toEqual(['recognize caller', 'answer', 'askDigits pin_wanted']);
    line.keys('9753');
    expect(line.done()).toEqual(['recognize client_code 4711 pin']);
    expect(JSON.stringify(line.session)).not.toContain('9753');
    line.answers({ outcome: 'refused', reason: 'wrong_pin' });
    expect(line.done()).toEqual(['askDigits pin_wanted']);
  });

  it('of nobody in particular: his code comes first', () => {
    const line = new Line().answers({ outcome: 'proof_wanted', proof: 'pin' });
    expect(line.done()).toEqual(['recognize caller', 'answer', 'askDigits code_wanted']);
  });
});

describe('the line has something for a refused caller', () => {
  const own = { text: { fr: 'Voyez notre site.' } };
  const ring = { consultants: ['con_3'], talkLimitSeconds: 90 };
  const refusedFor = (
    reason: 'no_credit' | 'blocked' | 'busy' | 'closed' | 'other',
    text?: string,
  ): Recognition => ({
    outcome: 'refused',
    reason,
    ...(text !== undefined && { text }),
  });
  const unknown: Recognition = { outcome: 'refused', reason: 'unknown' };
  const last = (line: Line) => line.commands.filter((one) => one.do === 'play').at(-1)?.sentence;

  it('its own words, where the merchant’s server sent none', () => {
    const line = new Line({ refused: own }).answers(refusedFor('no_credit'));
    expect(last(line)).toEqual({ key: 'merchant_text', language: 'fr', text: 'Voyez notre site.' });
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'merchant_refused' });
    const said = new Line({ refused: own }).answers(refusedFor('no_credit', 'Rechargez.'));
    expect(last(said)).toMatchObject({ text: 'Rechargez.' });
    const english = new Line({ refused: own }).answers({ ...refusedFor('no_credit'), language: 'en' });
    expect(last(english)).toMatchObject({ key: 'known_refused', language: 'en', because: 'no_credit' });
  });

  it('but what is not about him is said as it is: he can do something about it', () => {
    const away = new Line({ refused: own }).on({ type: 'merchantFailed', question: 1, because: 'no_answer' });
    expect(last(away)).toMatchObject({ key: 'known_refused', because: 'merchant_away' });
    expect(last(new Line({ refused: own }).answers(refusedFor('closed')))).toMatchObject({
      because: 'closed',
    });
    expect(last(new Line({ refused: own }, ['4711']).answers(known))).toMatchObject({ because: 'busy' });
    const withheld = new Line({ refused: own, ...hidden, withheld: 'refuse' });
    expect(last(withheld)).toMatchObject({ because: 'withheld' });
  });

  const refused = { text: {}, ring };
  it.each<[string, () => Line]>([
    ['no credit', () => new Line({ refused }).answers(refusedFor('no_credit'))],
    ['a limit of nothing', () => new Line({ refused }).answers({ ...known, talkLimitSeconds: 0 })],
    ['another reason', () => new Line({ refused }).answers(refusedFor('other'))],
    [
      'a server that is away',
      () => new Line({ refused }).on({ type: 'merchantFailed', question: 1, because: 'no_answer' }),
    ],
    [
      'unknown, and without a code',
      () => {
        const line = new Line({ refused }).answers(unknown);
        for (let n = 0; n < 3; n += 1) line.on({ type: 'noKeyGiven', leg: callerLeg });
        return line;
      },
    ],
    ['an empty account', () => new Line({ refused, recognizedBy: 'accounts' }, [], ['4711']).answers(known)],
  ])('%s: another line rings, under its own limit, and he is nobody’s client there', (_name, play) => {
    const line = play();
    expect(line.facts.slice(-4)).toEqual(['refused', 'passed_on', 'caller_let_in', 'ringing_consultant']);
    expect(line.session.attempts.map((one) => one.consultantId)).toEqual(['con_3']);
    expect(line.session.state).toBe('ringing_consultant');
    expect(line.session.plan.talkLimitSeconds).toBe(90);
    expect(line.session).not.toHaveProperty('clientCode');
    expect(line.session.recognizing).not.toHaveProperty('clientCode');
    expect(line.claimed).toBe('+33612345678');
    expect(last(line)).toMatchObject({ key: 'known_refused', seconds: 90 });
    line.on({ type: 'legAnswered', leg: legOf(3) });
    const offer = line.commands.findLast((one) => one.do === 'ask');
    expect(offer?.sentence).toMatchObject({ key: 'consultant_known_offer', seconds: 90 });
    expect(offer?.sentence).not.toHaveProperty('client');
    line.on({ type: 'legEnded', leg: legOf(3), because: 'no_answer', endedAtUs: 5n });
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'nobody_took_it' });
  });

  it('never longer than anybody may talk on the line', () => {
    const line = new Line({ refused, talkLimitMaxSeconds: 60 }).answers(refusedFor('other'));
    expect(line.session.plan.talkLimitSeconds).toBe(60);
  });

  it('its own words before it rings; those for when nobody takes a call do not ring for him', () => {
    const line = new Line({ refused: { ...own, ring }, overflow: ['con_2'] }).answers(refusedFor('other'));
    expect(last(line)).toMatchObject({ key: 'merchant_text', text: 'Voyez notre site.' });
    line.on({ type: 'legEnded', leg: legOf(3), because: 'busy', endedAtUs: 5n });
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'nobody_took_it' });
  });

  it('one such call of a number at a time', () => {
    const line = new Line({ refused }, ['+33612345678']).answers(refusedFor('other'));
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'merchant_refused' });
    expect(last(line)).toMatchObject({ key: 'known_refused', because: 'busy' });
  });

  it('refused once more, he is not put through once more', () => {
    const line = new Line({ refused }, [], ['+33612345678']).answers(refusedFor('other'));
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'merchant_refused' });
  });

  it.each<[string, () => Line]>([
    ['blocked', () => new Line({ refused }).answers(refusedFor('blocked'))],
    ['busy', () => new Line({ refused }, ['4711']).answers(known)],
    ['busy by the server’s word', () => new Line({ refused }).answers(refusedFor('busy'))],
    ['closed', () => new Line({ refused, closed: true })],
    ['hidden', () => new Line({ refused, ...hidden, withheld: 'refuse' })],
    [
      'hidden, without a code',
      () => {
        const line = new Line({ refused, ...hidden });
        for (let n = 0; n < 3; n += 1) line.on({ type: 'noKeyGiven', leg: callerLeg });
        return line;
      },
    ],
    [
      'a code nobody has, then silence',
      () => {
        const line = new Line({ refused }).answers(unknown).keys('1111').answers(unknown);
        for (let n = 0; n < 2; n += 1) line.on({ type: 'noKeyGiven', leg: callerLeg });
        return line;
      },
    ],
    [
      'a wrong PIN, then silence',
      () => {
        const line = new Line({ refused }).answers({
          outcome: 'proof_wanted',
          proof: 'pin',
          clientCode: '4711',
        });
        line.keys('9999').answers({ outcome: 'refused', reason: 'wrong_pin' });
        for (let n = 0; n < 2; n += 1) line.on({ type: 'noKeyGiven', leg: callerLeg });
        return line;
      },
    ],
  ])('%s: it ends as ever', (_name, play) => {
    const line = play();
    expect(line.session.state).toBe('settled');
    expect(line.session.attempts).toEqual([]);
  });

  it('he hangs up while the other line rings, or somebody takes over: as of any call', () => {
    const line = new Line({ refused }).answers(refusedFor('other'));
    expect(resume(line.session)).toEqual([{ do: 'ring', leg: legOf(3), to: '+33199000003' }]);
    line.on({ type: 'legEnded', leg: callerLeg, because: 'normal', endedAtUs: 5n });
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'caller_left' });
  });
});

describe('while consultants are rung', () => {
  const waits = (plan: Partial<InboundPlan>): CallCommand[] => {
    const line = new Line(plan).answers(known);
    line.commands = [];
    return line.on({ type: 'played', leg: callerLeg, request: 'hold' }).commands;
  };
  it('he hears music, or ringing where the settings say that', () => {
    expect(waits({ ringBack: 'music' })).toEqual([{ do: 'playMusic', leg: callerLeg, sound: 'music' }]);
    expect(waits({ ringBack: 'tone' })).toEqual([{ do: 'playMusic', leg: callerLeg, sound: 'tone' }]);
  });
});

describe("the merchant's server fails", () => {
  const failed = { type: 'merchantFailed', question: 1, because: 'no_answer' } as const;

  it('he is told so', () => {
    const line = new Line().on(failed);
    expect(line.done()).toEqual(['recognize caller', 'answer', 'play known_refused']);
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'merchant_away' });
  });

  it('or may talk a little on trust where the line says that, but never hidden', () => {
    const trial = { fallback: { do: 'trial', talkLimitSeconds: 120 } } as const;
    const line = new Line(trial).on(failed);
    expect(line.session.state).toBe('ringing_consultant');
    expect(line.session.plan.talkLimitSeconds).toBe(120);
    const nobody = new Line({ ...trial, ...hidden }).keys('4711').on(failed);
    expect(nobody.session.outcome).toBe('merchant_away');
  });
});

describe('he hangs up, or is ended', () => {
  const ways: [string, (line: Line) => Line][] = [
    ['before anybody answered', (line) => line],
    ['at his code', (line) => line.answers({ outcome: 'refused', reason: 'unknown' })],
    [
      'while his code is looked up',
      (line) => line.answers({ outcome: 'refused', reason: 'unknown' }).keys('4711'),
    ],
    ['while it rings', (line) => line.answers(known)],
  ];
  it.each(ways)('%s', (_when, play) => {
    const line = play(new Line());
    line.on({ type: 'legEnded', leg: callerLeg, because: 'normal', endedAtUs: 5n });
    expect(line.session).toMatchObject({ state: 'settled', outcome: 'caller_left' });
    const late = line.session;
    line.answers(known);
    expect(line.session).toBe(late);
  });

  it('whoever takes over asks again: the merchant by the same question, the caller for his digits, a PIN anew', () => {
    expect(resume(new Line().session)).toEqual([{ do: 'recognize', question: 1, ask: 'caller' }]);
    const keyed = new Line(hidden).keys('4711');
    expect(resume(keyed.session)).toEqual([
      { do: 'recognize', question: 1, ask: 'client_code', clientCode: '4711' },
    ]);
    expect(resume(new Line(hidden).session)[0]).toMatchObject({ do: 'askDigits', secret: false });
    const pin = new Line().answers({ outcome: 'proof_wanted', proof: 'pin', clientCode: '4711' });
    expect(resume(pin.session)[0]).toMatchObject({ do: 'askDigits', secret: true });
    pin.keys('9753');
    expect(resume(pin.session)[0]).toMatchObject({ do: 'askDigits', secret: true });
  });
});
