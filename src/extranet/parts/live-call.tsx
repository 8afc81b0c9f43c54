// A call that goes on: two phones, the wire between them, and the clock on the wire.

import type { LiveCall } from '../contract.ts';
import { useNow } from '../clock.ts';
import { showClock } from '../show.ts';
import { useWords } from '../words.ts';

export function secondsOf(call: LiveCall, now: number): number {
  return call.since === null ? 0 : Math.max(0, Math.floor((now - Date.parse(call.since)) / 1_000));
}

export function useCallerName(): (caller: string) => string {
  const { say } = useWords();
  return (caller) =>
    caller === 'card'
      ? say('call.card')
      : caller === 'unknown'
        ? say('call.unknown')
        : say('call.client', { code: caller });
}

export function Wire({ call }: { call: LiveCall }): React.ReactNode {
  const { say } = useWords();
  const now = useNow();
  const callerName = useCallerName();
  const isRinging = call.since === null;
  return (
    <span className="wire" data-ringing={isRinging}>
      <span className="wire-caller">{callerName(call.caller)}</span>
      <span className="wire-line" aria-hidden="true" />
      <span className="wire-clock">
        {isRinging ? say('call.ringing') : showClock(secondsOf(call, now))}
        {!isRinging && call.minutesPaid !== null && (
          <span className="wire-paid"> / {say('call.minutes', { minutes: call.minutesPaid })}</span>
        )}
      </span>
    </span>
  );
}
