// The owner that test/boot/embedded-postgres.test.ts kills: starts a database and tells where over IPC.

import { startEmbeddedPostgres } from '../../src/sandbox/embedded-postgres.ts';

startEmbeddedPostgres({ dataDir: process.argv[2] ?? '' }).then(
  (running) => {
    process.send?.({ url: running.url, supervisor: running.supervisorPid });
    process.on('SIGTERM', () => void running.stop().then(() => process.exit(0)));
  },
  (error: unknown) => process.send?.({ failed: String(error) }),
);
