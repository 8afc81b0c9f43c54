// A question somebody waits for on the line is put a second time where the connection was lost under it: it has its id, so that
// a server that did read it knows it again.

import type { Clock } from '../flow/ports.ts';

/** A connection that was kept open and that his server closed in the same moment: nothing was read of what we sent. */
const lostConnection = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
/** Less than this is not enough for a second try to be answered. */
const worthTryingMs = 50;

/** Puts it once, or twice, both within the one deadline. */
export async function askWithin<Answer extends { outcome: string; reason?: string }>(
  clock: Pick<Clock, 'monotonicMs'>,
  timeoutMs: number,
  put: (timeoutMs: number) => Promise<Answer>,
): Promise<Answer> {
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  const answer = await put(timeoutMs);
  const leftMs = Math.floor(deadlineMs - clock.monotonicMs());
  const lost = answer.outcome === 'no_answer' && lostConnection.has(answer.reason ?? '');
  return lost && leftMs >= worthTryingMs ? put(leftMs) : answer;
}
