// What was changed of a merchant's settings, when and by whom: written in the transaction that changes it, never changed
// itself. Of secrets and passwords only whether there is one.

import type { Actor } from './audit.ts';
import { rows, type Tx } from './database.ts';

export const settingKinds = [
  'line',
  'ddi',
  'merchant_server',
  'consultant',
  'group',
  'scenario',
  'sound',
  'forward_number',
  'access_resource',
  'script_signing',
  'sms_sender',
  'blocked_caller',
] as const;

export interface SettingsChange {
  at: Date;
  by: 'merchant' | 'operator' | 'consultant';
  /** Who it truly was: a person, a key. Null: written before anybody asked, or by the house itself. */
  actor: Actor | null;
  setting: (typeof settingKinds)[number];
  /** The line's, scenario's, sound's or resource's slug, the number, the consultant's or group's id; null: of what he has one of. */
  of: string | null;
  changes: Readonly<Record<string, { from: unknown; to: unknown }>>;
}

export async function writeSettingsChange(
  tx: Tx,
  change: SettingsChange & { merchantId: string },
): Promise<void> {
  await tx.write(
    `insert into settings_changes (merchant_id, at, by, by_kind, by_id, by_name, setting, of, changes)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      change.merchantId,
      change.at,
      change.by,
      change.actor?.kind ?? null,
      change.actor?.id ?? null,
      change.actor?.name ?? null,
      change.setting,
      change.of,
      JSON.stringify(change.changes),
    ],
  );
}

/** Oldest first, after the position named. */
export async function listSettingsChanges(
  tx: Tx,
  { after, limit }: { after?: number; limit: number },
): Promise<(SettingsChange & { position: number })[]> {
  const found = await rows<SettingsChange & { position: string }>(
    tx,
    `select position, at, by, case when by_kind is not null
       then json_build_object('kind', by_kind, 'id', by_id, 'name', by_name) end as actor, setting, of, changes
     from settings_changes where position > ? order by position limit ?`,
    [after ?? 0, limit],
  );
  return found.map(({ position, ...change }) => ({ ...change, position: Number(position) }));
}
