// The gateway's process as these tests start it, many times over: src/gateway-process.ts with all of ours in one file, made
// once a run, and what it uses of others with it. Read through a loader, or as the thousand files it is, it would take
// longer to start than the rest of a case lasts.

import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface BundledGateway {
  path: string;
  remove(): Promise<void>;
}

/** Looked for when they run, by names no bundler can know, or made for this machine. Within the project, so that they are found from there. */
const external = ['knex', 'graphile-worker', 'pino', 'pino-http', 'pg-native', '@node-rs/argon2'];

/**
 * Runs the bundle with what was kept of its compilation: half of what a start costs is reading those megabytes of source.
 * Called with `keep` it loads everything, keeps that, and ends.
 */
const starter = `
const { readFileSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');
const bundle = __dirname + '/bundle.cjs';
const kept = __dirname + '/bundle.compiled';
const keeps = process.argv[2] === 'keep';
const source = '(function (exports, require, module, __filename, __dirname) {' + readFileSync(bundle, 'utf8') + '\\n})';
const script = new Script(source, { filename: bundle, ...(!keeps && { cachedData: readFileSync(kept) }) });
script.runInThisContext()(exports, require, module, bundle, __dirname);
if (keeps) setImmediate(() => { writeFileSync(kept, script.createCachedData()); process.exit(0); });
`;

export async function bundleGateway(name: string): Promise<BundledGateway> {
  const folder = join(root, '.data', `bundle-${name}-${String(process.pid)}`);
  await mkdir(folder, { recursive: true });
  // By its name it is known among processes.
  const path = join(folder, 'gateway-process.cjs');
  await build({
    entryPoints: [join(root, 'src/gateway-process.ts')],
    outfile: join(folder, 'bundle.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external,
    logLevel: 'error',
    plugins: [
      {
        // Files beside a module are found from where the module is written, not from where it ended up.
        name: 'own-address',
        setup(bundler) {
          bundler.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path: source }) => ({
            loader: 'ts',
            contents: readFileSync(source, 'utf8').replaceAll(
              'import.meta.url',
              JSON.stringify(pathToFileURL(source).href),
            ),
          }));
        },
      },
    ],
  });
  await writeFile(path, starter);
  await promisify(execFile)(process.execPath, ['--disable-warning=DEP0005', path, 'keep'], {
    env: { PATH: process.env['PATH'] },
  });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
