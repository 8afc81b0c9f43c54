// The gateway's process as these tests start it, many times over: src/gateway-process.ts with all of ours in one file, made
// once a run, and what it uses of others with it. Read through a loader, or as the thousand files it is, it would take
// longer to start than the rest of a case lasts.

import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface BundledGateway {
  path: string;
  remove(): Promise<void>;
}

/** Looked for when they run, by names no bundler can know, or made for this machine. Within the project, so that they are found from there. */
const external = ['knex', 'graphile-worker', 'pino', 'pino-http', 'pg-native', '@node-rs/argon2'];

export async function bundleGateway(name: string): Promise<BundledGateway> {
  const folder = join(root, '.data', `bundle-${name}-${String(process.pid)}`);
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'gateway-process.mjs');
  await build({
    entryPoints: [join(root, 'src/gateway-process.ts')],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external,
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);`,
    },
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
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
