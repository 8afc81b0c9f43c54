// Whom a scenario may ring, by the ways its blocks name them: consultants by themselves, those of a group or of a line, somebody's short
// number; and how each is now.

import type { ConsultantState } from '../core/consultant.ts';
import { stateObject, stateOf, type StateRow } from './consultants.ts';
import { firstRow, rows, type Tx } from './database.ts';

export interface Rungable {
  id: string;
  name: string;
  state: ConsultantState;
}

type Row = Omit<Rungable, 'state'> & { state: StateRow };
const person = `c.id, c.name, ${stateObject} as state`;
const rungable = ({ state, ...row }: Row): Rungable => ({ ...row, state: stateOf(state) });

/** In the order they are named in. */
export async function rungByIds(tx: Tx, ids: readonly string[]): Promise<Rungable[]> {
  const found = await rows<Row>(
    tx,
    `select ${person} from unnest(?::text[]) with ordinality as asked(id, place) join consultants c on c.id = asked.id
     where c.archived_at is null order by asked.place`,
    [ids],
  );
  return found.map(rungable);
}

export async function rungByGroup(tx: Tx, group: string): Promise<Rungable[]> {
  const found = await rows<Row>(
    tx,
    `select ${person} from group_members m join consultants c on c.id = m.consultant_id
     where m.group_id = ? and c.archived_at is null order by m.qualification desc, m.position`,
    [group],
  );
  return found.map(rungable);
}

/** `line`: its slug. */
export async function rungByLine(tx: Tx, line: string): Promise<Rungable[]> {
  const found = await rows<Row>(
    tx,
    `select ${person} from lines l join line_members lm on lm.line_id = l.id join consultants c on c.id = lm.consultant_id
     where l.slug = ? and c.archived_at is null order by lm.position`,
    [line],
  );
  return found.map(rungable);
}

export async function rungByShortNumber(tx: Tx, shortNumber: string): Promise<Rungable | undefined> {
  const row = await firstRow<Row>(
    tx,
    `select ${person} from consultants c where c.short_number = ? and c.archived_at is null`,
    [shortNumber],
  );
  return row && rungable(row);
}

/** How a group's telephones ring, in the words of a call's plan. */
export async function ringingOfGroup(
  tx: Tx,
  group: string,
): Promise<
  { ringing: 'in_turn' | 'all_at_once' | 'cumulative'; stepSeconds: number; idle: boolean } | undefined
> {
  return firstRow(
    tx,
    `select case strategy when 'all' then 'all_at_once' when 'longest_idle' then 'in_turn' else strategy end as ringing,
       step_seconds as "stepSeconds", strategy = 'longest_idle' as idle
     from consultant_groups where id = ?`,
    [group],
  );
}
