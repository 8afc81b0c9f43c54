// The simulated switch as the event socket's `api` is answered, as far as telephony/leg-tasks and telephony/inbound-calls
// ask: those files run here as they are, so their words must be answered in a real switch's (commands-on-dead-and-duplicate.esl). All else is commanded by method.

import { cardRoomVariable } from '../../src/core/keyed-card.ts';
import { parseLegUuid, type LegUuid } from '../../src/core/ids.ts';
import { inboundVariable, takenVariable } from '../../src/telephony/dial-string.ts';
import type { SimSwitch } from './sim-switch.ts';
import { isTaskGroup, type SwitchTasks, type Task } from './sim-switch-tasks.ts';

/** Throws on a command it does not know: that is a gap in the simulation, not an answer. */
export function answerApi(world: SimSwitch, text: string): string {
  const [command = '', ...words] = text.split(' ');
  const { tasks } = world;
  switch (command) {
    case 'sched_api':
      return scheduled(tasks, words);
    case 'unsched_api': {
      const [id = ''] = words;
      return tasks.remove(Number(id)) > 0 ? '+OK' : '-ERR no reply';
    }
    case 'sched_del': {
      const own = parseLegUuid(words[0] ?? '');
      if (own !== undefined) return apologyDeleted(world, own);
      const { group, of } = groupOf(words[0] ?? '');
      return `+OK Deleted: ${String(tasks.remove(...tasks.idsOf(group, of)))}`;
    }
    case 'uuid_exists':
      return String(world.exists(legOf(words[0] ?? '')));
    case 'strmicroepoch':
      return String(world.nowUs);
    case 'uuid_getvar':
    case 'uuid_setvar':
      return taken(world, command, words);
    case 'uuid_setvar_multi':
      // The first is the mark; keys, whose record the other hides, are not simulated.
      return taken(world, command, [words[0] ?? '', ...(words[1] ?? '').split(/[=;]/)]);
    case 'uuid_dump':
      return dumped(world, legOf(words[0] ?? ''));
    case 'show':
      if (text === 'show channels as json') return ringingIn(world);
      if (text === 'show tasks as json') return listed(tasks);
      break;
    default:
  }
  throw new Error(`The simulated switch does not know: ${text}`);
}

/** `sched_api [+]<seconds> <group> uuid_kill <leg> <cause>`: a limit is in B's group and ends A. */
function scheduled(
  tasks: SwitchTasks,
  [when = '', name = '', command = '', uuid = '', cause = '']: string[],
): string {
  const { group, of } = groupOf(name);
  const leg = legOf(uuid);
  if (command !== 'uuid_kill' || (group === 'limit') === (leg === of))
    throw new Error(`A task that does something else: ${command}`);
  const task = { group, of, leg, cause };
  const id = when.startsWith('+')
    ? tasks.inSeconds(task, Number(when.slice(1)))
    : tasks.atSecond(task, BigInt(when));
  return `+OK Added: ${String(id)}`;
}

function listed(tasks: SwitchTasks): string {
  const rows = tasks.listed().map(({ id, group, of }) => ({
    task_id: String(id),
    task_group: `${group}-${of}`,
  }));
  return JSON.stringify(rows.length === 0 ? { row_count: 0 } : { row_count: rows.length, rows });
}

const noChannel = '-ERR No such channel!';

/** How far a gateway has come in taking a call from outside (telephony/inbound-calls). */
function taken(world: SimSwitch, command: string, [uuid = '', name = '', value]: string[]): string {
  if (name === cardRoomVariable) {
    const found = world.inboundLeg(legOf(uuid));
    return found ? (found.inCardRoom ? 'true' : '_undef_') : noChannel;
  }
  if (name !== takenVariable) throw new Error(`A variable nobody simulates: ${name}`);
  const leg = legOf(uuid);
  if (!world.exists(leg)) return noChannel;
  const inbound = world.inboundLeg(leg)?.inbound;
  if (command === 'uuid_getvar') return inbound?.taken === undefined ? '_undef_' : inbound.taken;
  if (inbound && value !== undefined) inbound.taken = value;
  return '+OK';
}

function apologyDeleted(world: SimSwitch, leg: LegUuid): string {
  const inbound = world.inboundLeg(leg)?.inbound;
  const count = inbound?.apology === undefined ? 0 : 1;
  inbound?.apology?.cancel();
  if (inbound) delete inbound.apology;
  return `+OK Deleted: ${String(count)}`;
}

function ringingIn(world: SimSwitch): string {
  const rows = world.inboundLegs().map(({ uuid, state }) => ({
    uuid,
    direction: 'inbound',
    callstate: state === 'answered' ? 'ACTIVE' : 'RINGING',
  }));
  return JSON.stringify(rows.length === 0 ? { row_count: 0 } : { row_count: rows.length, rows });
}

function dumped(world: SimSwitch, leg: LegUuid): string {
  const found = world.inboundLeg(leg);
  const { inbound } = found ?? {};
  if (!found || !inbound) return noChannel;
  const { cli, ddi, atUs } = inbound;
  return JSON.stringify({
    'Unique-ID': leg,
    'Call-Direction': 'inbound',
    'Answer-State': found.state === 'answered' ? 'answered' : inbound.apologizing ? 'early' : 'ringing',
    'Caller-Caller-ID-Number': cli.trust === 'withheld' ? 'anonymous' : cli.number,
    'Caller-Destination-Number': ddi,
    'Caller-Channel-Created-Time': String(atUs),
    [`variable_${inboundVariable}`]: 'true',
    ...(cli.trust === 'network' && { 'variable_sip_P-Asserted-Identity': cli.number }),
    ...(inbound.taken !== undefined && { [`variable_${takenVariable}`]: inbound.taken }),
  });
}

function groupOf(name: string): Pick<Task, 'group' | 'of'> {
  const at = name.indexOf('-');
  const group = name.slice(0, at);
  if (!isTaskGroup(group)) throw new Error(`A task of no known group: ${name}`);
  return { group, of: legOf(name.slice(at + 1)) };
}

function legOf(text: string): LegUuid {
  const leg = parseLegUuid(text);
  if (leg === undefined) throw new Error(`No uuid of a leg: ${text}`);
  return leg;
}
