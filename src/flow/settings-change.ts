// A change of settings as it is written down: field by field, from what to what. A change that changes nothing is none, so
// that repeating one leaves no trace.

import type { Actor } from '../store/audit.ts';
import type { Tx } from '../store/database.ts';
import { type SettingsChange, writeSettingsChange } from '../store/settings-changes.ts';

/** Whose settings are changed, and who asks for it. */
export interface Doer {
  merchantId: string;
  actor?: Actor | undefined;
}

/** The fields that differ. Both are plain values; the order of a list counts. */
export function changesBetween(before: object, after: object): SettingsChange['changes'] {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.fromEntries(
    Object.entries(after)
      .filter(([field, to]: [string, unknown]) => textOf(old.get(field)) !== textOf(to))
      .map(([field, to]: [string, unknown]) => [field, { from: old.get(field) ?? null, to }]),
  );
}

/**
 * Writes it down, unless it is none; whether it is one. `by`: whose hand it was; absent, the merchant's, or the operator's who
 * acts for him.
 */
export async function noteChange(
  tx: Tx,
  { actor, ...change }: Doer & Omit<SettingsChange, 'by' | 'actor'> & { by?: SettingsChange['by'] },
): Promise<boolean> {
  const isOne = Object.keys(change.changes).length > 0;
  const by =
    change.by ?? (actor?.kind === 'operator' || actor?.kind === 'terminal' ? 'operator' : 'merchant');
  if (isOne) await writeSettingsChange(tx, { ...change, by, actor: actor ?? null });
  return isOne;
}

/** Rows give the fields of an object in another order than requests do. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
