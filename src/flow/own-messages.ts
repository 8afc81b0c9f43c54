// A caller who wants one consultant, and nobody else: what that consultant has said himself for him to hear. While he is free his
// introduction, where the line wants it, and what he says then; while he is not, what stands for our own "nobody is available".

import { reachable } from '../core/consultant.ts';
import { type CallEvent, type CallSession, isDestination } from '../core/call-session.ts';
import type { Recorded, RecordingKind } from '../core/sentence.ts';
import type { Tx } from '../store/database.ts';
import { readOwnMessages } from '../store/recordings.ts';

type Own = NonNullable<(CallEvent & { type: 'clientClaimed' })['own']>;

/** Nothing where there are several, or none has said anything. */
export async function ownMessages(
  tx: Tx,
  merchantId: string,
  lineId: string,
  { candidates }: Pick<CallSession, 'candidates'>,
  at: Date,
): Promise<Own | undefined> {
  const [only, another] = candidates;
  if (only === undefined || another !== undefined || isDestination(only)) return undefined;
  const found = await readOwnMessages(tx, lineId, only);
  if (!found || found.recordings.length === 0) return undefined;
  const said = (kind: RecordingKind): Recorded[] =>
    found.recordings
      .filter((one) => one.kind === kind)
      .map(({ digest, words }) => ({ key: 'recording', merchantId, digest, words: words ?? '' }));
  const is = reachable(found.state, at);
  if (is.reachable) {
    return { before: [...(found.introduces ? said('introduction') : []), ...said('available')] };
  }
  const [nobody] = said(is.because === 'busy' || is.because === 'wrap_up' ? 'busy' : 'away');
  return { before: [], ...(nobody && { nobody }) };
}
