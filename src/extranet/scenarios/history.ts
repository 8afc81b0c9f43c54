// What was done, to be taken back and done again.

export interface History<T> {
  past: readonly T[];
  now: T;
  future: readonly T[];
  /** What the last change was about: a word typed letter by letter is one step. */
  about?: string | undefined;
}

/** Older ones nobody goes back to. */
const stepsMax = 200;

export const begun = <T>(now: T): History<T> => ({ past: [], now, future: [] });

/** `about`: changes about the same thing, one after the other, are one step. A change that changes nothing is none. */
export function changedTo<T>(history: History<T>, now: T, about?: string): History<T> {
  if (now === history.now) return history;
  const isSame = about !== undefined && about === history.about && history.past.length > 0;
  return {
    past: isSame ? history.past : [...history.past, history.now].slice(-stepsMax),
    now,
    future: [],
    about,
  };
}

export function undone<T>(history: History<T>): History<T> {
  const now = history.past.at(-1);
  if (now === undefined) return history;
  return { past: history.past.slice(0, -1), now, future: [history.now, ...history.future] };
}

export function redone<T>(history: History<T>): History<T> {
  const [now, ...future] = history.future;
  if (now === undefined) return history;
  return { past: [...history.past, history.now], now, future };
}
