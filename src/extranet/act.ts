// Something done on a press: busy meanwhile, and whatever came of it said in words.

import { useState } from 'react';
import { Problem } from './problem.ts';
import { tell } from './notices.tsx';
import { useWords } from './words.ts';

export interface Act<A extends unknown[]> {
  run: (...args: A) => Promise<boolean>;
  busy: boolean;
  /** What was wrong with the fields of the last try, by JSON Pointer: `/name`. */
  fields: Readonly<Record<string, string>>;
  /** Why the last try failed, in a sentence. */
  failed: string | undefined;
  /** The same by its name. */
  kind: string | undefined;
}

/** `quiet`: whoever calls shows the failure himself. Resolves whether it was done. */
export function useAct<A extends unknown[]>(
  does: (...args: A) => Promise<unknown>,
  { quiet = false } = {},
): Act<A> {
  const { say } = useWords();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const run = async (...args: A): Promise<boolean> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await does(...args);
      return true;
    } catch (error) {
      const known =
        error instanceof Problem ? error : new Problem('unexpected', 0, say('problem.unexpected'));
      setProblem(known);
      // Who is not signed in any more is shown that by the page that comes in this one's place.
      if (!quiet && known.kind !== 'not-signed-in') {
        const [first] = Object.values(known.fields);
        // The API's own sentence is for programs.
        const message = known.kind === 'changed-meanwhile' ? say('problem.changedMeanwhile') : known.message;
        tell(first === undefined ? message : `${message} ${first}`, 'bad');
      }
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { run, busy, fields: problem?.fields ?? {}, failed: problem?.message, kind: problem?.kind };
}
