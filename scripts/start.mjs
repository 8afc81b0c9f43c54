// `npm start`: builds what changed, then becomes the gateway. One process rather than `build && main`: npm passes a signal
// to the one child it has, and a shell in between would die of it and leave the gateway behind.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('./build.mjs', import.meta.url));
const built = spawnSync(process.execPath, [build], { stdio: 'inherit' });
if (built.status === 0) await import('../dist/main.js');
else process.exitCode = built.status ?? 1;
