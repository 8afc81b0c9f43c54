// A list of which some rows were read again.

interface Row {
  id: string;
}

/** Rows keep their places; one that was asked for and not found is gone, one that was not known is the last. */
export function withChanged<T extends Row>(
  known: readonly T[],
  asked: readonly string[],
  found: readonly T[],
): T[] {
  const isAsked = new Set(asked);
  const fresh = new Map(found.filter(({ id }) => isAsked.has(id)).map((row) => [row.id, row]));
  const kept = known
    .filter(({ id }) => !isAsked.has(id) || fresh.has(id))
    .map((row) => fresh.get(row.id) ?? row);
  const places = new Set(known.map(({ id }) => id));
  return [...kept, ...[...fresh.values()].filter(({ id }) => !places.has(id))];
}
