// Who serves a line and how their phones ring: by the line's own list and settings, or those of the group it names. The view
// `line_members` says who; here is the rest. Groups as their merchant sets them are not here.

import { firstRow, rows, type Tx } from './database.ts';

/** How the phones of line `l` ring, in the words of a call's plan. */
export const lineRinging = `coalesce((select case g.strategy when 'all' then 'all_at_once' when 'longest_idle' then 'in_turn'
    else g.strategy end from consultant_groups g where g.id = l.group_id), l.ringing)`;

export const lineStepSeconds = `coalesce((select g.step_seconds from consultant_groups g where g.id = l.group_id),
    l.ring_step_seconds)`;

/** The group whose members ring in the order they have waited, where line `l` is served by one. */
export const lineIdleGroup = `(select g.id from consultant_groups g where g.id = l.group_id and g.strategy = 'longest_idle')`;

/**
 * These candidates as they are to be rung now: who was held for this call before all, then the better qualified, then who has
 * waited longest since his last talk. Others than the group's members come last, in their order.
 */
export async function inIdleOrder(
  tx: Tx,
  group: string,
  candidates: readonly string[],
  session: string,
): Promise<string[]> {
  const sorted = await rows<{ id: string }>(
    tx,
    `select c.id from consultants c left join group_members m on m.consultant_id = c.id and m.group_id = ?
     where c.id = any(?::text[])
     order by c.claimed_by is distinct from ?, m.qualification desc nulls last,
       case when m.group_id is not null then c.last_talked_at end nulls first, array_position(?::text[], c.id)`,
    [group, candidates, session, candidates],
  );
  return sorted.map(({ id }) => id);
}

/** Who of a line may be rung at this instant, in the order they are rung. */
export async function reachableOfLine(tx: Tx, lineId: string, at: Date): Promise<string[]> {
  // As one text: rows by the thousand cost more than what they say.
  const found = await firstRow<{ ids: string[] }>(
    tx,
    `select coalesce(json_agg(c.id order by lm.position), '[]') as ids
     from line_members lm join consultants c on c.id = lm.consultant_id
     where lm.line_id = ? and consultant_is_reachable(c, ?::timestamptz, null)`,
    [lineId, at],
  );
  return found?.ids ?? [];
}
