// `npm run cli -- <command>`: the house from a terminal, for the operator at night. What it answers is cli-answer's.

import { answer } from './cli-answer.ts';

const { code, out, err } = await answer(process.argv.slice(2), process.env, process.cwd());
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = code;
