// A trial as a conversation: what the caller, the merchant's server and the telephones have answered so far, and what the call waits
// for next. The API plays a call to its end, with silence for whatever it was given no answer for; what follows that silence is not
// shown, but asked.

import type { Trial, TrialAct, TrialStep } from './contract.ts';

/** One list for each thing that is asked of the world, used up from the front. */
export interface Answers {
  keys: string[];
  recognitions: unknown[];
  rings: string[];
  scripts: unknown[];
  speaks: number[];
  codes: boolean[];
  cardWorks: string[];
}

export const noAnswers: Answers = {
  keys: [],
  recognitions: [],
  rings: [],
  scripts: [],
  speaks: [],
  codes: [],
  cardWorks: [],
};

const listOf: Readonly<Record<string, keyof Answers>> = {
  ask: 'keys',
  recognize: 'recognitions',
  ring: 'rings',
  askScript: 'scripts',
  record: 'speaks',
  checkAccessCode: 'codes',
  payByCard: 'cardWorks',
};

export interface Played {
  /** Up to what is waited for; the last of them is where the call stands. */
  steps: TrialStep[];
  /** What is wanted, and at which block; absent: the call is over. */
  wants?: { list: keyof Answers; block: string };
}

/** `toTheEnd`: the rest is played as for a caller who does nothing. */
export function played(trial: Trial, answers: Answers, toTheEnd = false): Played {
  const used = { keys: 0, recognitions: 0, rings: 0, scripts: 0, speaks: 0, codes: 0, cardWorks: 0 };
  const steps: TrialStep[] = [];
  for (const step of trial.steps) {
    const did: TrialAct[] = [];
    for (const act of step.did) {
      const list = listOf[act.what];
      if (list !== undefined) {
        used[list] += 1;
        if (!toTheEnd && used[list] > answers[list].length) {
          const { exit: _notYet, ...here } = step;
          const { came: _norThis, exchange: _norThat, ...waiting } = act;
          return {
            steps: [...steps, { ...here, did: [...did, waiting] }],
            wants: { list, block: step.block },
          };
        }
      }
      did.push(act);
    }
    steps.push(step);
  }
  return { steps };
}

/** The ways taken, as the drawing names them: `menu key_1`. The blocks passed, and where the call stands. */
export function litBy(steps: readonly TrialStep[]): { blocks: Set<string>; ways: Set<string>; at?: string } {
  const own = steps.filter(({ scenario }) => scenario === undefined);
  const at = own.at(-1)?.block;
  return {
    blocks: new Set(own.map(({ block }) => block)),
    ways: new Set(own.flatMap(({ block, exit }) => (exit === undefined ? [] : [`${block} ${exit}`]))),
    ...(at !== undefined && { at }),
  };
}
