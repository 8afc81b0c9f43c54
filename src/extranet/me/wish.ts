// What a consultant pressed and the house has not heard yet. Kept on this device, shown in every tab, sent as soon as the
// house is reached: a press in a tunnel is not lost. One that is older than half an hour is not sent by itself: meanwhile
// he may have thought otherwise, or his merchant.

import { useEffect, useState } from 'react';
import { ask } from '../ask.ts';
import type { AvailabilityWish } from '../contract.ts';
import { isProblem } from '../problem.ts';
import { tell } from '../notices.tsx';
import { changed } from '../session.ts';
import { useWords } from '../words.ts';

interface Pressed {
  wish: AvailabilityWish;
  at: number;
}

const askAgainAfterMs = 30 * 60_000;
const tryEveryMs = 5_000;

const keyOf = (consultantId: string): string => `ringmeter.wish.${consultantId}`;

function readPressed(consultantId: string): Pressed | undefined {
  try {
    const kept = localStorage.getItem(keyOf(consultantId));
    return kept === null ? undefined : (JSON.parse(kept) as Pressed);
  } catch {
    return undefined;
  }
}

export interface Wish {
  /** What was pressed and is on its way. */
  pressed: AvailabilityWish | undefined;
  /** `sending`: the first try runs. `unsent`: it failed, another comes. `old`: it waits for a word. */
  standing: 'none' | 'sending' | 'unsent' | 'old';
  press: (wish: AvailabilityWish) => void;
  send: () => void;
  forget: () => void;
}

export function useWish(consultantId: string): Wish {
  const { say } = useWords();
  const [pressed, setPressed] = useState(() => readPressed(consultantId));
  const [failed, setFailed] = useState(pressed !== undefined);

  const put = (next: Pressed | undefined): void => {
    if (next) localStorage.setItem(keyOf(consultantId), JSON.stringify(next));
    else localStorage.removeItem(keyOf(consultantId));
    setPressed(next);
  };
  const send = async (given: Pressed): Promise<void> => {
    try {
      await ask('POST', '/v1/me/availability', given.wish);
      setFailed(false);
      await changed('me');
    } catch (error) {
      const unreached = isProblem(error) && (error.status === 0 || error.status >= 500);
      setFailed(unreached);
      if (unreached) return;
      tell(error instanceof Error ? error.message : say('problem.unexpected'), 'bad');
    }
    // Another press meanwhile stands; this one is done with.
    if (readPressed(consultantId)?.at === given.at) put(undefined);
    else setPressed(readPressed(consultantId));
  };
  const isOld = pressed !== undefined && failed && Date.now() - pressed.at > askAgainAfterMs;

  useEffect(() => {
    const look = (event: StorageEvent): void => {
      if (event.key === keyOf(consultantId)) setPressed(readPressed(consultantId));
    };
    window.addEventListener('storage', look);
    return () => window.removeEventListener('storage', look);
  }, [consultantId]);

  useEffect(() => {
    if (!pressed || !failed || isOld) return;
    const retry = (): void => {
      if (navigator.onLine) void send(pressed);
    };
    const timer = window.setInterval(retry, tryEveryMs);
    window.addEventListener('online', retry);
    // Of a page that was closed with it unsent.
    if (Date.now() - pressed.at > tryEveryMs) retry();
    return () => {
      window.clearInterval(timer);
      window.removeEventListener('online', retry);
    };
  }, [pressed, failed, isOld]);

  return {
    pressed: pressed?.wish,
    standing: !pressed ? 'none' : isOld ? 'old' : failed ? 'unsent' : 'sending',
    press: (wish) => {
      const next = { wish, at: Date.now() };
      put(next);
      void send(next);
    },
    send: () => {
      if (pressed) void send(pressed);
    },
    forget: () => put(undefined),
  };
}
