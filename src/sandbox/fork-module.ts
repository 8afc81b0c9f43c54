// Starts one of our own modules as a child process: compiled (`.js`) as it is, and from source (`.ts`, under the tests)
// through tsx. Nothing else in the sandbox knows the difference.

import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface ForkOptions {
  /** Shown by `ps`, and what a test looks for. Never a secret. */
  args?: readonly string[];
  /**
   * A session of its own: ctrl-C in the terminal then reaches the parent only, which stops the child in order.
   * A database that got the signal together with its clients would refuse their last words.
   */
  ownSession?: boolean;
  /** Flags for its Node. */
  nodeFlags?: readonly string[];
}

/**
 * Forks `./name` beside the module with this `import.meta.url`. The child has an IPC channel; when the parent dies in
 * whatever way the channel closes, and the child must end itself on `disconnect`.
 */
export function forkModule(moduleUrl: string, name: string, options: ForkOptions = {}): ChildProcess {
  const fromSource = moduleUrl.endsWith('.ts');
  const path = fileURLToPath(new URL(`./${name}${fromSource ? '.ts' : '.js'}`, moduleUrl));
  const tsx = fromSource ? pathToFileURL(createRequire(moduleUrl).resolve('tsx')).href : undefined;
  return fork(path, [...(options.args ?? [])], {
    // Not the parent's flags: `--inspect` or a test runner's loader would follow into every child.
    execArgv: [
      ...(tsx === undefined ? ['--enable-source-maps'] : ['--import', tsx]),
      ...(options.nodeFlags ?? []),
    ],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: options.ownSession ?? false,
  });
}
