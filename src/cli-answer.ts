// What the operator's terminal answers to a command: finds the database, carries the command out, and says every trouble a
// person can mend in a sentence. It asks the database and writes to it, nothing else, and so works when no gateway does.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { realClock, realIds } from './clock-and-ids.ts';
import { ConfigError, type Environment, readTerminalConfig, type TerminalConfig } from './config.ts';
import { realProofs } from './proofs.ts';
import { findRunningPostgres } from './sandbox/running-postgres.ts';
import { isDatabaseAway } from './store/database-away.ts';
import { PostgresDatabase } from './store/database.ts';
import { Seal } from './store/seal.ts';
import { type Command, type Options, WrongUse } from './terminal/command.ts';
import { commands } from './terminal/commands.ts';
import { terminalHouse } from './terminal/terminal-house.ts';

/** A sentence for the person at the terminal. */
class CannotRun extends Error {}

const options = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  by: { type: 'string' },
  why: { type: 'string' },
  merchant: { type: 'string' },
  kind: { type: 'string' },
  hours: { type: 'string' },
  all: { type: 'boolean' },
  talks: { type: 'boolean' },
  limit: { type: 'string' },
  line: { type: 'string' },
  operator: { type: 'boolean' },
  role: { type: 'string' },
  language: { type: 'string' },
} as const;

export interface Answer {
  /** 0: done. 1: not done, or something is wrong. 2: called wrongly. */
  code: 0 | 1 | 2;
  /** What is printed, and what is complained of; each with its line end, or empty. */
  out: string;
  err: string;
}

/** Never throws. `env`, `workingDir`: where the database is looked for. */
export async function answer(argv: readonly string[], env: Environment, workingDir: string): Promise<Answer> {
  try {
    return await carryOut(argv, env, workingDir);
  } catch (error) {
    if (error instanceof WrongUse) {
      return { code: 2, out: '', err: `${error.message}\nAll commands: npm run cli -- help\n` };
    }
    const told =
      error instanceof ConfigError
        ? error.problems.join('\n')
        : error instanceof CannotRun
          ? error.message
          : error instanceof Error
            ? (error.stack ?? error.message)
            : String(error);
    return { code: 1, out: '', err: `${told}\n` };
  }
}

async function carryOut(argv: readonly string[], env: Environment, workingDir: string): Promise<Answer> {
  const { values, positionals } = parsed(argv);
  const { json = false, help = false, by, why = 'not said', ...rest } = values;
  if (help || positionals.length === 0 || positionals[0] === 'help') {
    return { code: help || positionals.length > 0 ? 0 : 2, out: helpText(), err: '' };
  }
  const { command, args } = commandOf(positionals);
  const config = readTerminalConfig(env, workingDir);
  const url = databaseUrl(config, workingDir);
  const seal = sealOf(config, command);
  const after = (ms: number, act: () => void): unknown => realClock.after(ms, act);
  // A check of all there ever was takes its time, and a person waits for it.
  const db = new PostgresDatabase({ url, poolMax: 2, after, answerMs: 600_000 });
  try {
    const said = await command.run({
      house: terminalHouse({
        db,
        clock: realClock,
        ids: realIds,
        seal,
        proofs: realProofs,
        publicUrl: config.publicUrl,
      }),
      operator: { by: by ?? userInfo().username, why },
      args,
      options: rest satisfies Options,
    });
    return { code: said.code, out: `${json ? JSON.stringify(said.data, null, 2) : said.text}\n`, err: '' };
  } catch (error) {
    throw sentenceFor(error, url) ?? error;
  } finally {
    await db.close();
  }
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new WrongUse(error instanceof Error ? error.message : String(error));
  }
}

/** The longest name that fits: `jobs dead` before `jobs`. */
function commandOf(words: readonly string[]): { command: Command; args: readonly string[] } {
  const fitting = commands
    .map((command) => ({ command, name: nameOf(command) }))
    .filter(({ name }) => name.every((word, place) => words[place] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (!fitting) throw new WrongUse(`There is no command ${words.slice(0, 2).join(' ')}.`);
  return { command: fitting.command, args: words.slice(fitting.name.length) };
}

function nameOf({ usage }: Command): string[] {
  return (usage.split(/[<[]| --/, 1)[0] ?? '').trim().split(' ');
}

function databaseUrl({ databaseUrl: given, dataDir }: TerminalConfig, workingDir: string): string {
  const url = given ?? findRunningPostgres(join(dataDir, 'postgres'));
  if (url !== undefined) return url;
  const near = relative(workingDir, dataDir);
  throw new CannotRun(
    `There is no database to ask: DATABASE_URL is not set, and no npm start runs with its data in ${near.startsWith('..') ? dataDir : `./${near}`}.`,
  );
}

/** The same key as the gateway's, for what is found by a mark: only a number that is to be allowed again. */
function sealOf({ secretsKey, dataDir }: TerminalConfig, command: Command): Seal {
  if (secretsKey) return new Seal(secretsKey);
  try {
    return new Seal(Buffer.from(readFileSync(join(dataDir, 'secrets-key'), 'utf8').trim(), 'base64'));
  } catch {
    if (nameOf(command)[0] !== 'numbers') return new Seal(randomBytes(32));
    throw new CannotRun('Numbers are kept as marks under SECRETS_KEY: set it to what the gateway has.');
  }
}

/** Of the driver's errors, those a person can do something about. */
function sentenceFor(error: unknown, url: string): Error | undefined {
  const { host } = new URL(url);
  if (isDatabaseAway(error))
    return new CannotRun(`The database at ${host} does not answer: start it, then ask again.`);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(28|3D)/.test(code)) {
    return new CannotRun(`The database at ${host} does not let us in: check DATABASE_URL.`);
  }
  // undefined_table, undefined_function, undefined_column, and a role that is missing
  if (['42P01', '42883', '42703', '22023'].includes(code)) {
    return new CannotRun(
      `The database at ${host} is not that of this release: start its gateway once, which migrates it.`,
    );
  }
  return undefined;
}

function helpText(): string {
  const width = Math.max(...commands.map(({ usage }) => usage.length));
  return [
    'npm run cli -- <command>',
    '',
    ...commands.map(({ usage, help }) => `  ${usage.padEnd(width)}  ${help}`),
    '',
    '  --json         for programs (npm run -s cli -- ... leaves out what npm says)',
    '  --by, --why    who repairs and why: both are kept (by default the user of this terminal)',
    '',
    'Works on the database of DATABASE_URL, or on that of the npm start that runs here (DATA_DIR); no gateway need live.',
    'Ends with 0: done; 1: not done, or something is wrong; 2: called wrongly.',
    '',
  ].join('\n');
}
