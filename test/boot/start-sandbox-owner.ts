// The owner that test/boot/sandbox.test.ts kills: starts a sandbox and tells its processes over IPC.

import { startSandbox } from '../../src/sandbox/start-sandbox.ts';

startSandbox({ port: 0, dataDir: process.argv[2] ?? '', gatewayUrl: 'http://localhost:1' }).then(
  (sandbox) => process.send?.({ pids: [sandbox.pid, ...Object.values(sandbox.partPids())] }),
  (error: unknown) => process.send?.({ failed: String(error) }),
);
