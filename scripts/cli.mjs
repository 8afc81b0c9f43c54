// `npm run cli`: the operator's terminal, built first where something changed. Nothing is printed but its answer, and a
// checkout that does not build still answers by what was built before: at night that is worth more.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('./build.mjs', import.meta.url));
const cli = new URL('../dist/cli.js', import.meta.url);
const built = spawnSync(process.execPath, [build], { encoding: 'utf8' });
if (built.status !== 0) {
  process.stderr.write(`${built.stdout}${built.stderr}`);
  if (existsSync(cli)) process.stderr.write('What was built before is used.\n');
}
if (existsSync(cli)) await import(cli.href);
else process.exitCode = 1;
