// More time: near the limit the caller may ask for it, a second amount is held on his card, and the limit moves. What he may
// be offered stands in the plan, because he agreed to it before the call; this only plays it through. How it is paid for is
// the payment's; where the limit stands in the switch is telephony's.
//
//                  warning, times left            key 5, or his page               held
//   (nothing yet) ────────────────────▶ offered ──────────────────▶ asked ─────────────────────▶ granted
//                                          ▲                          │                             │
//                                          │                          └──▶ refused                  │ next warning,
//                                          └────────────────────────────────────────────────────────┘ times left
//
//   state      caller                                    money
//   offered    has heard what key 5 adds and holds       what was held at the start
//   asked      hears that his bank is being asked        a second authorization is written down and under way
//   granted    talks on, under the moved limit           held twice
//   refused    talks on to the old limit                 as before; nothing more is offered
//
// Whatever is not answered when the limit comes ends there: nobody talks on money that is only hoped for.

import type { CallDraft } from './call-draft.ts';
import {
  type CallEvent,
  type CallerLeg,
  mayOfferMoreTime,
  nextWarningSecondsBefore,
} from './call-session.ts';

/** The warning before the limit, with the offer of more time where there is one to make. */
export function warn(draft: CallDraft, caller: CallerLeg): void {
  const { plan, moreTime } = draft.session;
  const secondsLeft = nextWarningSecondsBefore(draft.session);
  if (secondsLeft === undefined) return;
  const offered = mayOfferMoreTime(draft.session) ? plan.moreTime : undefined;
  if (offered) draft.become({ moreTime: { state: 'offered', granted: moreTime?.granted ?? 0 } });
  draft.fact('limit_near', { secondsLeft, moreTimeOffered: offered !== undefined });
  draft.notice('call.limit_near', { secondsLeft, moreTimeOffered: offered !== undefined });
  draft.commands.push({
    do: 'announce',
    leg: caller.leg,
    sentence: {
      key: 'limit_near',
      language: plan.callerLanguage,
      secondsLeft,
      ...(offered && {
        more: { seconds: offered.seconds, hold: offered.hold, currency: plan.price.currency },
      }),
    },
  });
}

/** He asks. Nothing where nothing was offered, where it was asked for already, or where the talk is being ended. */
export function ask(draft: CallDraft, caller: CallerLeg, by: 'key' | 'page'): void {
  const { moreTime, plan, endedBy } = draft.session;
  if (moreTime?.state !== 'offered' || endedBy !== undefined) return;
  draft.become({ moreTime: { ...moreTime, state: 'asked' } });
  draft.askForMore = true;
  draft.fact('more_time_asked', { by });
  draft.commands.push({
    do: 'announce',
    leg: caller.leg,
    sentence: { key: 'more_time_asked', language: plan.callerLanguage },
  });
}

/** The processor has decided. An answer to a talk that is over or being cut changes nothing: its money is settled as it is. */
export function answer(
  draft: CallDraft,
  caller: CallerLeg,
  event: CallEvent & { type: 'moreTimeAnswered' },
): void {
  const { moreTime, plan, endedBy } = draft.session;
  if (moreTime?.state !== 'asked' || plan.moreTime === undefined || endedBy !== undefined) return;
  const language = plan.callerLanguage;
  const before = plan.talkLimitSeconds;
  const after = event.talkLimitSeconds ?? before + plan.moreTime.seconds;
  if (!event.granted || after <= before) {
    draft.become({ moreTime: { ...moreTime, state: 'refused' } });
    draft.fact('more_time_refused');
    draft.commands.push({
      do: 'announce',
      leg: caller.leg,
      sentence: { key: 'more_time_refused', language },
    });
    return;
  }
  const granted = moreTime.granted + 1;
  draft.become({
    plan: { ...plan, talkLimitSeconds: after },
    moreTime: { state: 'granted', granted },
  });
  draft.fact('more_time', { talkLimitSeconds: after, granted });
  draft.notice('call.limit_moved', { talkLimitSeconds: after });
  draft.commands.push(
    { do: 'moveLimit', aLeg: caller.leg, talkLimitSeconds: after },
    {
      do: 'announce',
      leg: caller.leg,
      sentence: { key: 'more_time_granted', language, seconds: after - before },
    },
  );
}
