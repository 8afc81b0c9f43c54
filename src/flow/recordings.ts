// What consultants have spoken themselves, by telephone or as a file: made fit for telephones, then kept where every gateway finds
// it. Nothing is kept that is not sound of a sane length.

import { createHash } from 'node:crypto';
import type { RecordingKind } from '../core/sentence.ts';
import { deleteConsultantRecording, insertRecording, writeConsultantRecording } from '../store/recordings.ts';
import type { Tx } from '../store/database.ts';
import type { House } from './house.ts';
import type { AudioMade, TelephoneAudio } from './ports.ts';

type Refused = Extract<AudioMade, { outcome: 'refused' }>;

export type RecordingKept = { outcome: 'kept'; digest: string } | { outcome: 'unknown_consultant' } | Refused;

/** `words`: what it says, where anybody knows. */
export async function keepRecording(
  house: House,
  merchantId: string,
  of: { consultantId: string; kind: RecordingKind },
  sound: { bytes: Buffer; mediaType: string; words?: string },
): Promise<RecordingKept> {
  const made = await house.audio.convert(sound.bytes, sound.mediaType);
  if (made.outcome === 'refused') return made;
  return house.db.asMerchant(merchantId, async (tx) => {
    const digest = await keepAudio(house, tx, merchantId, made.audio);
    const words = sound.words ?? null;
    const at = house.clock.now();
    return (await writeConsultantRecording(tx, merchantId, { ...of, digest, words }, at))
      ? { outcome: 'kept', digest }
      : { outcome: 'unknown_consultant' };
  });
}

/** The digest it is kept under: the same sound is kept once. */
export async function keepAudio(
  house: House,
  tx: Tx,
  merchantId: string,
  audio: TelephoneAudio,
): Promise<string> {
  const digest = createHash('sha256').update(audio.wav16).digest('hex').slice(0, 32);
  await insertRecording(tx, merchantId, { digest, ...audio }, house.clock.now());
  return digest;
}

/** `false`: there was none. */
export function deleteRecording(
  house: House,
  merchantId: string,
  of: { consultantId: string; kind: RecordingKind },
): Promise<boolean> {
  return house.db.asMerchant(merchantId, (tx) => deleteConsultantRecording(tx, of.consultantId, of.kind));
}
