// The job queue's library gives up by itself after a long outage of the database. We do not.

import { beforeEach, expect, it, vi } from 'vitest';
import { startJobs } from '../../src/store/jobs.ts';

const runners = vi.hoisted(() => [] as { end: (error?: Error) => void; stopped: boolean }[]);

vi.mock('graphile-worker', async (original) => ({
  ...(await original<object>()),
  run: () => {
    let end: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => {
      end = resolve;
    });
    const runner = { end, stopped: false };
    runners.push(runner);
    return Promise.resolve({
      promise,
      stop: () => {
        runner.stopped = true;
        end();
        return Promise.resolve();
      },
    });
  },
}));

const pause = (): Promise<void> => Promise.resolve();
const nothing = {
  settle_order: async () => {},
  authorize_more: async () => {},
  refund_payment: async () => {},
  record_dispute: async () => {},
  remove_customer: async () => {},
  report_usage: async () => {},
  mail_receipt: async () => {},
  tell_availability: async () => {},
  mail_invitation: async () => {},
  mail_reset: async () => {},
  mail_account_notice: async () => {},
  mail_sip_set_up: async () => {},
  mail_paused: async () => {},
};

beforeEach(() => {
  runners.length = 0;
});

it('a worker that ended by itself is started again, and somebody hears of it', async () => {
  const troubles: string[] = [];
  const jobs = await startJobs(
    'postgres://nobody@127.0.0.1:1/none',
    nothing,
    (trouble) => troubles.push(trouble),
    pause,
  );
  runners[0]!.end();
  await vi.waitFor(() => expect(runners).toHaveLength(2));
  expect(troubles).toHaveLength(1);
  await jobs.stop();
  expect(runners[1]!.stopped).toBe(true);
  expect(runners).toHaveLength(2);
});

it('one that was stopped stays so', async () => {
  const jobs = await startJobs('postgres://nobody@127.0.0.1:1/none', nothing, () => undefined, pause);
  await jobs.stop();
  expect(runners).toHaveLength(1);
});
