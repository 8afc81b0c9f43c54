// Groups of consultants as their merchant keeps them. How a group's members are rung is line-members'.

import { firstRow, rows, type Tx } from './database.ts';

export const groupStrategies = ['all', 'in_turn', 'cumulative', 'longest_idle'] as const;

export interface GroupMember {
  consultantId: string;
  /** 1 to 9: the better qualified are rung before all others. */
  qualification: number;
}

export interface GroupSettings {
  name: string;
  shortNumber: string | null;
  strategy: (typeof groupStrategies)[number];
  /** Cumulative: so long after the one before the next one rings too. */
  stepSeconds: number;
  /** Those of the same qualification in this order. */
  members: readonly GroupMember[];
}

export interface GroupRecord extends GroupSettings {
  id: string;
  version: number;
  /** Slugs of the lines it serves. */
  lines: string[];
}

const columns = `g.id, g.version, g.name, g.short_number as "shortNumber", g.strategy, g.step_seconds as "stepSeconds",
  coalesce((select json_agg(json_build_object('consultantId', m.consultant_id, 'qualification', m.qualification)
    order by m.position, m.consultant_id) from group_members m where m.group_id = g.id), '[]') as members,
  coalesce((select json_agg(l.slug order by l.slug) from lines l where l.group_id = g.id), '[]') as lines`;

/** By name. */
export async function listGroups(tx: Tx): Promise<GroupRecord[]> {
  return rows<GroupRecord>(tx, `select ${columns} from consultant_groups g order by g.name, g.id`);
}

/** `lock`: nobody else changes it until this transaction is over. */
export async function readGroup(tx: Tx, id: string, lock = false): Promise<GroupRecord | undefined> {
  if (lock) await tx.write('select 1 from consultant_groups where id = ? for update', [id]);
  return firstRow<GroupRecord>(tx, `select ${columns} from consultant_groups g where g.id = ?`, [id]);
}

/** What this request made, whenever that was. */
export async function groupOfRequest(tx: Tx, requestKey: string): Promise<string | undefined> {
  const row = await firstRow<{ id: string }>(tx, 'select id from consultant_groups where request_key = ?', [
    requestKey,
  ]);
  return row?.id;
}

/** The groups there are. The one named is not removed until this transaction is over. */
export async function groupIds(tx: Tx, named: string | null | undefined): Promise<Set<string>> {
  if (typeof named === 'string')
    await tx.write('select 1 from consultant_groups where id = ? for key share', [named]);
  return new Set((await rows<{ id: string }>(tx, 'select id from consultant_groups')).map(({ id }) => id));
}

type GroupRow = GroupSettings & { id: string; merchantId: string };

export async function insertGroup(tx: Tx, group: GroupRow, requestKey: string | null): Promise<void> {
  const { id, merchantId, name, shortNumber, strategy, stepSeconds } = group;
  await tx.write(
    `insert into consultant_groups (id, merchant_id, name, short_number, strategy, step_seconds, request_key)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [id, merchantId, name, shortNumber, strategy, stepSeconds, requestKey],
  );
  await setMembers(tx, group);
}

/** All its settings. Calls that are ringing go on as they began; pages of the lines it serves are told. */
export async function updateGroup(tx: Tx, group: GroupRow): Promise<void> {
  const { id, name, shortNumber, strategy, stepSeconds } = group;
  await tx.write(
    `update consultant_groups set name = ?, short_number = ?, strategy = ?, step_seconds = ?, version = version + 1
     where id = ?`,
    [name, shortNumber, strategy, stepSeconds, id],
  );
  await setMembers(tx, group);
  await tx.write('select id as hint from lines where group_id = ?', [id], 'ringmeter_line');
}

async function setMembers(tx: Tx, { id, merchantId, members }: GroupRow): Promise<void> {
  const ids = members.map(({ consultantId }) => consultantId);
  await tx.write('delete from group_members where group_id = ? and consultant_id <> all(?::text[])', [
    id,
    ids,
  ]);
  await tx.write(
    `insert into group_members (merchant_id, group_id, consultant_id, qualification, position)
     select ?, ?, wanted.id, wanted.qualification, wanted.position
     from unnest(?::text[], ?::int[]) with ordinality wanted (id, qualification, position)
     on conflict (group_id, consultant_id) do update set qualification = excluded.qualification,
       position = excluded.position`,
    [merchantId, id, ids, members.map(({ qualification }) => qualification)],
  );
}

/** Of a group that serves no line. */
export async function deleteGroup(tx: Tx, id: string): Promise<void> {
  await tx.write('delete from consultant_groups where id = ?', [id]);
}
