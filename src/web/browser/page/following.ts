// Following the server's state: server-sent events, and where these do not come through, asking every few seconds. After
// a phone slept or a connection was lost the first thing is to ask how it is now.

import { get } from './asking.ts';

export interface Followed<T> {
  events: string;
  state: string;
  onState: (state: T) => void;
  /** `false` once nothing has come for a while, `true` when it does again. */
  onLink: (up: boolean) => void;
}

export interface Following {
  /** Asks now; what comes goes to `onState`. */
  look(): Promise<void>;
  stop(): void;
}

/** A server that restarts is back within this; saying "connection lost" sooner would only alarm. */
const patienceMs = 5_000;
const pollMs = 3_000;

export function follow<T>({ events, state, onState, onLink }: Followed<T>): Following {
  let source: EventSource | undefined;
  let poll: ReturnType<typeof setInterval> | undefined;
  let lost: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const arrived = (next: T): void => {
    if (stopped) return;
    clearTimeout(lost);
    lost = undefined;
    onLink(true);
    onState(next);
  };
  const look = async (): Promise<void> => {
    const answer = await get<T>(state);
    if (answer.outcome === 'done') arrived(answer.body);
    else missed();
  };
  const missed = (): void => {
    lost ??= setTimeout(() => {
      onLink(false);
    }, patienceMs);
  };
  const startPolling = (): void => {
    poll ??= setInterval(() => {
      void look();
      // The stream is better as soon as it works again.
      if (source?.readyState === EventSource.CLOSED) connect();
    }, pollMs);
  };
  const connect = (): void => {
    source?.close();
    source = new EventSource(events);
    source.addEventListener('state', (event: MessageEvent<string>) => {
      clearInterval(poll);
      poll = undefined;
      arrived(JSON.parse(event.data) as T);
    });
    source.addEventListener('error', () => {
      if (stopped) return;
      missed();
      startPolling();
    });
  };

  const seen = (): void => {
    if (document.visibilityState === 'visible' && !stopped) void look();
  };
  document.addEventListener('visibilitychange', seen);
  window.addEventListener('online', seen);
  connect();
  // Some proxies hold a stream back without an error: if nothing came by then, it is asked for.
  const firstLook = setTimeout(() => {
    if (source?.readyState !== EventSource.OPEN) startPolling();
  }, pollMs);

  return {
    look,
    stop: () => {
      stopped = true;
      source?.close();
      clearInterval(poll);
      clearTimeout(lost);
      clearTimeout(firstLook);
      document.removeEventListener('visibilitychange', seen);
      window.removeEventListener('online', seen);
    },
  };
}
