// What the switch answers to our commands, in our words. Pure; the commands themselves are in dial-string and freeswitch.

import { parseLegUuid, type LegUuid } from '../core/ids.ts';
import type { Commanded, LegTruth, ParkedLeg } from '../flow/ports.ts';
import { secretVariable } from './dial-string.ts';
import type { Reply } from './esl-link.ts';
import { type Headers, instantUs, isWaiting, legOf, parkedLeg } from './switch-events.ts';

/** `+OK...` is done; that a leg is not there is told in four spellings. */
export function commanded(reply: Reply): Commanded {
  if (!reply.answered) return { outcome: 'unknown' };
  if (reply.text.startsWith('+OK')) return { outcome: 'done' };
  if (/no such channel|invalid uuid|invalid session id/i.test(reply.text)) return { outcome: 'gone' };
  return { outcome: 'refused', reason: reply.text.replace(/^-ERR\s*/, '') };
}

/** The number of a task just scheduled. */
export const taskOf = (reply: Reply): string | undefined =>
  reply.answered ? /^\+OK Added: ([1-9][0-9]*)$/.exec(reply.text)?.[1] : undefined;

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export interface ArmedTask {
  task: string;
  group: string;
}

/** `{"row_count":N,"rows":[...]}`, without `rows` when there is none. */
export function readTasks(json: string): ArmedTask[] {
  const { rows } = fields(parsed(json));
  return (Array.isArray(rows) ? rows.map(fields) : []).flatMap(({ task_id: task, task_group: group }) =>
    typeof task === 'string' && typeof group === 'string' ? [{ task, group }] : [],
  );
}

/**
 * The first column of `show channels`. `undefined` when the answer is no list, or not the whole of it (the switch says at its
 * end how many there are): a leg that is missing in it would be taken for dead. `odd`: channels whose uuid is none of the form
 * we choose. They are other people's, and no reason to know nothing of our own. A value is escaped by nobody: what stands
 * behind a line break in one is no channel.
 */
export function readChannels(text: string): { legs: LegUuid[]; odd: number } | undefined {
  const total = /(?:^|\n)([0-9]+) total\.\s*$/.exec(text)?.[1];
  const channels = [...text.matchAll(/^([^,\n]*),(?:inbound|outbound),/gm)];
  if (total === undefined || channels.length < Number(total)) return undefined;
  const legs = channels.flatMap(([, uuid = '']) => parseLegUuid(uuid) ?? []);
  return { legs, odd: channels.length - legs.length };
}

/**
 * Inbound legs of `show channels as json` that may be unanswered. `undefined`: no list. The list lags: `answered` in it is
 * true, `ringing` may have passed.
 */
export function readUnanswered(json: string): LegUuid[] | undefined {
  const all = fields(parsed(json));
  if (typeof all['row_count'] !== 'number') return undefined;
  const rows = Array.isArray(all['rows']) ? all['rows'].map(fields) : [];
  return rows.flatMap(({ uuid, direction, callstate }) => {
    if (direction !== 'inbound' || callstate === 'ACTIVE' || callstate === 'HANGUP') return [];
    return typeof uuid === 'string' ? (parseLegUuid(uuid) ?? []) : [];
  });
}

/** How many tasks `sched_del` removed; `undefined` when it did not say. */
export const deletedOf = (reply: Reply): number | undefined => {
  const count = reply.answered ? /^\+OK Deleted: ([0-9]+)$/.exec(reply.text)?.[1] : undefined;
  return count === undefined ? undefined : Number(count);
};

/** `strmicroepoch`. */
export const clockOf = (reply: Reply): bigint | undefined =>
  reply.answered && /^[1-9][0-9]{14,18}$/.test(reply.text) ? BigInt(reply.text) : undefined;

/** Somebody keys on this leg what nobody else shall hear of. */
export const isKeyedInSecret = (json: string): boolean =>
  dumped(json).header(`variable_${secretVariable}`) === 'true';

/** A leg as `uuid_dump <leg> json` shows it; `undefined` when the answer is no living leg. */
export function readDump(json: string): LegTruth | undefined {
  const dump = dumped(json);
  if (legOf(dump, 'Unique-ID') === undefined || dump.header('Answer-State') === 'hangup') return undefined;
  const bridgedAtUs = instantUs(dump, 'variable_bridge_uepoch', 'Caller-Channel-Bridged-Time');
  // The names of a partner stay on a leg after the bridge; its state tells whether they still hold: A talks in
  // CS_SOFT_EXECUTE, B in CS_EXCHANGE_MEDIA, and A is in CS_PARK afterwards.
  const talking = /^CS_(SOFT_EXECUTE|EXCHANGE_MEDIA)$/.test(dump.header('Channel-State') ?? '');
  const partner = legOf(dump, 'variable_signal_bond') ?? legOf(dump, 'Other-Leg-Unique-ID');
  const bridgedTo = talking && bridgedAtUs !== undefined ? partner : undefined;
  return {
    state: 'living',
    answered: dump.header('Answer-State') === 'answered',
    ...(bridgedAtUs === undefined ? {} : { bridgedAtUs }),
    ...(bridgedTo === undefined ? {} : { bridgedTo }),
  };
}

/**
 * A call from outside that rings unanswered, from its dump; `undefined`: none. One that a gateway took waits too: it may
 * have died, or its database been away, before the call was written down. One that is spoken to hears the apology and ends
 * with it.
 */
export function readWaiting(json: string, country: string): ParkedLeg | undefined {
  const dump = dumped(json);
  const leg = legOf(dump, 'Unique-ID');
  return leg !== undefined && isWaiting(dump) ? parkedLeg(dump, leg, country) : undefined;
}

function dumped(json: string): Headers {
  const all = fields(parsed(json));
  return { header: (name) => (typeof all[name] === 'string' && all[name] !== '' ? all[name] : undefined) };
}
