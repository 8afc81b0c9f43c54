// What a command of the terminal is: how it is called, what it is given, and what it says.

import type { House } from '../flow/house.ts';
import type { Operator } from '../flow/repair.ts';

export interface Options {
  merchant?: string;
  kind?: string;
  hours?: string;
  all?: boolean;
  talks?: boolean;
  limit?: string;
  line?: string;
  operator?: boolean;
  role?: string;
  language?: string;
}

export interface Called {
  house: House;
  operator: Operator;
  args: readonly string[];
  options: Options;
}

export interface Said {
  /** For a person. */
  text: string;
  /** For a program: `--json`. */
  data: unknown;
  /** 0: done, or nothing wrong. 1: not done, or something is wrong. */
  code: 0 | 1;
}

/** The command was called wrongly: the sentence says how. */
export class WrongUse extends Error {}

export interface Command {
  /** As it is called: `jobs retry <id>`; words before the first `<`, `[` or `--` are its name. */
  usage: string;
  help: string;
  run(called: Called): Promise<Said>;
}

export const said = (text: string, data: unknown, code: 0 | 1 = 0): Said => ({ text, data, code });

export function oneId({ args }: Called, what: string): string {
  const [id, ...more] = args;
  if (id === undefined || more.length > 0) throw new WrongUse(`Say which ${what}: one id.`);
  return id;
}
