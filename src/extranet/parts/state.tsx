// A consultant's state as people read it: a colour, a word, until when. The colour never says it alone.

import type { Consultant, State } from '../contract.ts';
import { houseNow } from '../clock.ts';
import { showInstant } from '../show.ts';
import { useWords, type Key } from '../words.ts';

export type Tone = 'free' | 'call' | 'pause' | 'off';

/** Ringing is a call to who looks on: he cannot be had. */
export function toneOf({ reachable, because }: State): Tone {
  if (reachable) return 'free';
  if (because === 'busy') return 'call';
  return because === 'away' || because === 'off_hours' ? 'off' : 'pause';
}

export function stateKey({ state, call }: Pick<Consultant, 'state' | 'call'>): Key {
  if (state.reachable) return 'state.free';
  if (state.because === 'busy') return call?.since === null ? 'state.ringing' : 'state.busy';
  return `state.${state.because ?? 'away'}`;
}

export function StateText({
  consultant,
  timeZone,
}: {
  consultant: Pick<Consultant, 'state' | 'call'>;
  timeZone: string;
}): React.ReactNode {
  const { say, language } = useWords();
  const { state } = consultant;
  const until =
    state.until !== null && state.because !== 'busy'
      ? say('state.until', { at: showInstant(state.until, language, timeZone, houseNow()) })
      : undefined;
  return (
    <span className="state" data-tone={toneOf(state)}>
      <span className="state-dot" aria-hidden="true" />
      <span className="state-words">
        {say(stateKey(consultant))}
        {state.reason !== null && state.reason !== '' && ` · ${state.reason}`}
        {until !== undefined && <span className="soft"> {until}</span>}
      </span>
    </span>
  );
}
