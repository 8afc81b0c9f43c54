// What changes by itself, as it changes: the house sends the ids of consultants whose state is another one, and we read
// again. Without that stream (a proxy that holds it back, a gateway that restarts) we look every fifteen seconds.

import { useEffect, useState } from 'react';
import { queries } from './session.ts';

/** As long as the stream stands, a look a minute covers a hint that was lost. */
const lookMs = { live: 60_000, looking: 15_000 } as const;
export type Following = keyof typeof lookMs;

/**
 * Reads `keys` again at each event of the stream at `path`; says how it follows, and how often to look besides. `readThese`
 * (always the same one): reads instead of all of them those an event names.
 */
export function useLive(
  path: string,
  keys: readonly string[],
  readThese?: (ids: readonly string[]) => void,
): { following: Following; lookEveryMs: number } {
  const [following, setFollowing] = useState<Following>('looking');
  const joined = keys.join(' ');
  useEffect(() => {
    let stream: EventSource | undefined;
    let again: number | undefined;
    const readAgain = (): void => {
      for (const key of joined.split(' ')) void queries.invalidateQueries({ queryKey: [key] });
    };
    const open = (): void => {
      stream = new EventSource(path);
      stream.addEventListener('open', () => {
        setFollowing('live');
        // What happened while nobody listened.
        readAgain();
      });
      stream.addEventListener('consultants', (event: MessageEvent<string>) => {
        const { ids } = JSON.parse(event.data) as { ids: string[] | null };
        // More than that at once is quicker read as a whole.
        if (readThese && ids && ids.length <= 300) readThese(ids);
        else readAgain();
      });
      stream.addEventListener('error', () => {
        setFollowing('looking');
        // A browser gives up for good on an answer that is no stream; the house may have one later.
        if (stream?.readyState === EventSource.CLOSED) again = window.setTimeout(open, 15_000);
      });
    };
    open();
    return () => {
      stream?.close();
      window.clearTimeout(again);
    };
  }, [path, joined, readThese]);
  return { following, lookEveryMs: lookMs[following] };
}

/** Whether this device has a network at all. */
export function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = (): void => setOnline(navigator.onLine);
    window.addEventListener('online', look);
    window.addEventListener('offline', look);
    return () => {
      window.removeEventListener('online', look);
      window.removeEventListener('offline', look);
    };
  }, []);
  return online;
}
