// A consultant's photo is set or taken away. The same photo sent again is no change, so that links to it stay.

import { photoOf, type PhotoType } from '../core/photo.ts';
import { withoutMetadata } from '../core/photo-metadata.ts';
import { type ConsultantRecord, countChange, readConsultant } from '../store/consultant-records.ts';
import type { Tx } from '../store/database.ts';
import { deletePhoto, readPhotoOf, type StoredPhoto, writePhoto } from '../store/photos.ts';
import type { BasedOn, ConsultantRefused } from './consultants.ts';
import type { House } from './house.ts';
import { noteChange } from './settings-change.ts';

export type PhotoKept =
  | { outcome: 'kept'; consultant: ConsultantRecord }
  | Extract<ConsultantRefused, { outcome: 'unknown' | 'archived' | 'short_number_taken' }>
  /** Not what it is called, damaged, or too large a picture. */
  | { outcome: 'no_photo' };

/** `sent`: absent: he has none any more. Kept without what stands beside the picture in it. */
export async function changePhoto(
  house: House,
  of: BasedOn,
  sent: { mediaType: string; bytes: Buffer } | undefined,
): Promise<PhotoKept> {
  const photo = sent && photoOf(sent.bytes);
  if (sent && photo?.type !== sent.mediaType) return { outcome: 'no_photo' };
  // Everybody may load it: where it was taken, and with what, is nobody's affair.
  const clean = photo && withoutMetadata(photo.type, sent.bytes);
  if (sent && !clean) return { outcome: 'no_photo' };
  const file = clean && { bytes: clean };
  const { merchantId, consultantId } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const consultant = await readConsultant(tx, consultantId, true);
    if (!consultant) return { outcome: 'unknown' };
    if (consultant.archivedAt) return { outcome: 'archived' };
    const before = await readPhotoOf(tx, consultantId);
    if (file ? before?.bytes.equals(file.bytes) : !before) return { outcome: 'kept', consultant };
    const token = file && (await write(house, tx, of, photo.type, file.bytes));
    if (!file) await deletePhoto(tx, consultantId);
    await countChange(tx, consultantId);
    await note(house, tx, of, before, token);
    const after = await readConsultant(tx, consultantId);
    return after ? { outcome: 'kept', consultant: after } : { outcome: 'unknown' };
  });
}

async function write(
  house: House,
  tx: Tx,
  of: BasedOn,
  mediaType: PhotoType,
  bytes: Buffer,
): Promise<string> {
  const token = house.ids.token();
  await writePhoto(tx, of, { token, mediaType, bytes }, house.clock.now());
  return token;
}

async function note(
  house: House,
  tx: Tx,
  { merchantId, actor, consultantId }: BasedOn,
  before: StoredPhoto | undefined,
  token: string | undefined,
): Promise<void> {
  const changes = { photo: { from: before?.token ?? null, to: token ?? null } };
  const at = house.clock.now();
  await noteChange(tx, { merchantId, actor, at, setting: 'consultant', of: consultantId, changes });
}
