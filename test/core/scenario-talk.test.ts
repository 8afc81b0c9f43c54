// A talk inside a scenario: begun past its recognition, and over without a word to the caller, who is his scenario's again.

import { describe, expect, it } from 'vitest';
import { advance } from '../../src/core/advance-call.ts';
import {
  type CallCommand,
  type CallEvent,
  type CallSession,
  type RunPlanOfTalk,
  unrecognized,
} from '../../src/core/call-session.ts';
import type { E164 } from '../../src/core/ids.ts';
import { usualInboundSettings } from '../../src/core/inbound-settings.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import { ringEndOf } from '../../src/flow/scenario-talk.ts';
import { callerLeg, consultant, legOf, order } from './call-table.ts';

const { refused: _refused, ...settings } = usualInboundSettings;
const whisper: Sentence = { key: 'merchant_text', language: 'fr', text: 'Un transfert.' };
const shop = '+33199000009' as E164;

class Talk {
  session: CallSession;
  commands: CallCommand[] = [];
  claimed: string | undefined;

  constructor(run: Partial<RunPlanOfTalk> = {}, more: Partial<CallSession> = {}, claims = true) {
    const base = order();
    this.session = {
      ...base,
      state: 'recognizing',
      plan: {
        ...base.plan,
        inbound: {
          ...settings,
          recognizedBy: 'server',
          ddi: '+33199000200' as E164,
          cli: { trust: 'network', number: '+33612345678' as E164 },
          run: { id: 'run_1', turn: 3, acceptKey: true, ...run },
        },
      },
      candidates: ['con_1'],
      caller: { leg: callerLeg, state: 'offered', tries: 0 },
      recognizing: { ...unrecognized, answered: true },
      ...more,
    };
    this.#claims = claims;
    this.on({ type: 'callArrived' });
  }
  readonly #claims: boolean;

  on(event: CallEvent): this {
    this.commands = [];
    let step = advance(this.session, event);
    for (;;) {
      this.commands.push(...step.commands);
      this.session = step.session;
      if (step.claimClient !== undefined) {
        this.claimed = step.claimClient;
        step = advance(this.session, { type: 'clientClaimed', claimed: this.#claims });
      } else if (step.claim !== undefined) {
        const [first] = this.session.candidates;
        const consultants =
          first === undefined
            ? []
            : [
                first.startsWith('+')
                  ? { consultantId: first, name: first, number: shop, language: 'fr' as const, leg: legOf(1) }
                  : { ...consultant(1), consultantId: first },
              ];
        step = advance(this.session, { type: 'consultantsClaimed', consultants, skipped: [] });
      } else return this;
    }
  }
  get did(): string[] {
    return this.commands.map((one) => ('leg' in one && one.leg === callerLeg ? `caller ${one.do}` : one.do));
  }
}
const bridged = (talk: Talk): Talk =>
  talk
    .on({ type: 'legAnswered', leg: legOf(1) })
    .on({ type: 'keyGiven', leg: legOf(1), key: '1' })
    .on({ type: 'legsBridged', atUs: 1_000_000n });

describe('begins', () => {
  it('with music and the first telephone, without asking who calls', () => {
    const talk = new Talk();
    expect(talk.did).toEqual(['caller playMusic', 'ring']);
    expect(talk.claimed).toBeUndefined();
    expect(talk.session).toMatchObject({ state: 'ringing_consultant', caller: { state: 'consented' } });
  });

  it('answers a call that only rang', () => {
    expect(new Talk({}, { recognizing: unrecognized }).did).toEqual([
      'caller answer',
      'caller playMusic',
      'ring',
    ]);
  });

  it('lets a known client in as any call of his; one too many is refused, and he is told nothing here', () => {
    expect(new Talk({}, { clientCode: '4711' }).claimed).toBe('4711');
    const refused = new Talk({}, { clientCode: '4711' }, false);
    expect(refused.session).toMatchObject({ state: 'settled', outcome: 'merchant_refused' });
    expect(refused.did).toEqual(['stopTimers']);
    expect(ringEndOf(refused.session)).toBe('refused');
  });
});

describe('whoever answers', () => {
  it('hears the whisper, then what every consultant hears', () => {
    const talk = new Talk({ whisper }).on({ type: 'legAnswered', leg: legOf(1) });
    expect(talk.commands).toMatchObject([
      { do: 'ask', sentence: { key: 'in_turn', parts: [whisper, { key: 'consultant_known_offer' }] } },
    ]);
  });

  it('at a number takes the call by answering it, behind the whisper where there is one', () => {
    const numbers = { candidates: [shop] };
    const bare = new Talk({ acceptKey: false }, numbers).on({ type: 'legAnswered', leg: legOf(1) });
    expect(bare.did).toContain('bridge');
    const told = new Talk({ acceptKey: false, whisper }, numbers).on({ type: 'legAnswered', leg: legOf(1) });
    expect(told.commands).toMatchObject([{ do: 'play', request: 'whisper', sentence: whisper }]);
    expect(told.on({ type: 'played', leg: legOf(1), request: 'whisper' }).did).toContain('bridge');
    const asked = new Talk({ acceptKey: true }, numbers).on({ type: 'legAnswered', leg: legOf(1) });
    expect(asked.did).toEqual(['ask']);
  });
});

describe('is over', () => {
  const silent = (talk: Talk): void => {
    expect(talk.did.filter((one) => one.startsWith('caller'))).toEqual([]);
    // Nor whatever is said to him later, by his scenario.
    expect(talk.on({ type: 'played', leg: callerLeg, request: 'last_words' }).did).toEqual([]);
    expect(talk.on({ type: 'legAnswered', leg: callerLeg }).did).toEqual([]);
  };

  it('when the consultant hangs up: the caller is neither told nor hung up', () => {
    const talk = bridged(new Talk()).on({
      type: 'legEnded',
      leg: legOf(1),
      because: 'normal',
      endedAtUs: 61_000_000n,
    });
    expect([talk.session.outcome, ringEndOf(talk.session)]).toEqual(['talked', 'talked']);
    silent(talk);
  });

  it('at its limit', () => {
    const talk = bridged(new Talk()).on({ type: 'timerDue', timer: 'limit' });
    expect(talk.did).toEqual(['hangUp']);
    talk.on({ type: 'legEnded', leg: legOf(1), because: 'limit_reached', endedAtUs: 901_000_000n });
    expect(ringEndOf(talk.session)).toBe('limit_reached');
    silent(talk);
  });

  it.each([
    ['busy', 'busy'],
    ['no_answer', 'no_answer'],
    ['rejected', 'refused'],
    ['unreachable', 'unavailable'],
    ['congestion', 'unavailable'],
  ] as const)('when nobody took it: %s is %s', (because, end) => {
    const talk = new Talk().on({ type: 'legEnded', leg: legOf(1), because, endedAtUs: 1n });
    expect(talk.session.outcome).toBe('nobody_took_it');
    expect(ringEndOf(talk.session)).toBe(end);
    silent(talk);
  });

  it('when the merchant ends it, or calls are stopped', () => {
    const talk = new Talk().on({ type: 'hangUpRequested', by: 'merchant' });
    expect(ringEndOf(talk.session)).toBe('unavailable');
    silent(talk);
  });
});

describe('an earlier talk on his leg', () => {
  const before = { joinedBeforeUs: '5000000' };
  const agreed = (): Talk =>
    new Talk(before)
      .on({ type: 'legAnswered', leg: legOf(1) })
      .on({ type: 'keyGiven', leg: legOf(1), key: '1' });

  it('is none of this one’s: he hangs up before they are joined, and nothing was talked', () => {
    const talk = agreed().on({
      type: 'legEnded',
      leg: callerLeg,
      because: 'normal',
      endedAtUs: 60_000_000n,
      bridgedAtUs: 5_000_000n,
    });
    expect(talk.session).toMatchObject({ state: 'settled', outcome: 'caller_left' });
    expect(talk.session.bridgedUs).toBeUndefined();
  });

  it('takes nothing from this one: joined later, and nobody told in time, they have talked since then', () => {
    const talk = agreed().on({
      type: 'legEnded',
      leg: callerLeg,
      because: 'normal',
      endedAtUs: 60_000_000n,
      bridgedAtUs: 50_000_000n,
    });
    expect(talk.session).toMatchObject({
      outcome: 'talked',
      bridgedUs: 50_000_000n,
      unbridgedUs: 60_000_000n,
    });
  });
});
