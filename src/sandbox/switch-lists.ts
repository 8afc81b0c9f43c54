// What the sandbox switch answers when it is asked what lives: rows as in FreeSWITCH's core tables, one leg described
// whole, and the status lines.

import type { Channel } from './switch-channel.ts';
import type { SwitchChannels } from './switch-channels.ts';
import { dateTexts, wholeSecond, type SwitchClock, type SwitchTask } from './switch-clock.ts';
import { writtenContent, type EventFormat } from './switch-events.ts';

type Row = Record<string, string>;

/** `{"row_count":N,"rows":[...]}`, and no `rows` at all when nothing is found. */
export function table(rows: Row[], json: boolean, countOnly: boolean): string {
  if (countOnly) return json ? `{"row_count":${rows.length}}` : `\n${rows.length} total.\n`;
  if (json)
    return rows.length === 0 ? '{"row_count": 0}\n' : JSON.stringify({ row_count: rows.length, rows });
  if (rows.length === 0) return '\n0 total.\n';
  const names = Object.keys(rows[0] ?? {}).join(',');
  const lines = rows.map((row) => Object.values(row).join(','));
  return `${names}\n${lines.join('\n')}\n\n${rows.length} total.\n`;
}

export function channelRows(channels: Iterable<Channel>): Row[] {
  return [...channels].map((channel) => {
    const first = channel.profiles.at(-1) ?? channel.profile;
    const codec = channel.codec;
    return {
      uuid: channel.uuid,
      direction: channel.direction,
      created: dateTexts(channel.createdUs).local,
      created_epoch: String(wholeSecond(channel.createdUs)),
      name: channel.name,
      state: channel.running,
      cid_name: channel.profile.callerIdName,
      cid_num: channel.profile.callerIdNumber,
      ip_addr: channel.direction === 'inbound' ? '127.0.0.1' : '',
      dest: channel.profile.destination,
      application: channel.applicationLog.at(-1)?.app_name ?? '',
      application_data: channel.applicationLog.at(-1)?.app_data ?? '',
      dialplan: channel.profile.dialplan,
      context: channel.profile.context,
      read_codec: codec ? 'PCMA' : '',
      read_rate: codec ? '8000' : '',
      read_bit_rate: codec ? '64000' : '',
      write_codec: codec ? 'PCMA' : '',
      write_rate: codec ? '8000' : '',
      write_bit_rate: codec ? '64000' : '',
      secure: '',
      hostname: 'sandbox',
      presence_id: '',
      presence_data: '',
      accountcode: '',
      callstate: channel.callState,
      callee_name: channel.profile.calleeName,
      callee_num: channel.profile.calleeNumber,
      callee_direction: channel.bridgedTo === undefined ? '' : 'RECV',
      call_uuid: channel.callUuid,
      sent_callee_name: '',
      sent_callee_num: '',
      initial_cid_name: first.originalName,
      initial_cid_num: first.originalNumber,
      initial_ip_addr: channel.direction === 'inbound' ? '127.0.0.1' : '',
      initial_dest: first.destination,
      initial_dialplan: first.dialplan,
      initial_context: first.context,
    };
  });
}

const callColumns = [
  ...[
    'uuid',
    'direction',
    'created',
    'created_epoch',
    'name',
    'state',
    'cid_name',
    'cid_num',
    'ip_addr',
    'dest',
  ],
  ...[
    'presence_id',
    'presence_data',
    'accountcode',
    'callstate',
    'callee_name',
    'callee_num',
    'callee_direction',
  ],
  ...['call_uuid', 'hostname', 'sent_callee_name', 'sent_callee_num'],
];

/** One row a bridge: the first leg's columns, then the second's with `b_`. */
export function bridgedCallRows(channels: Iterable<Channel>): Row[] {
  const rows: Row[] = [];
  for (const a of channels) {
    const b = a.bridgedTo;
    if (b === undefined || a.other?.type !== 'originatee') continue;
    const [left = {}, right = {}] = channelRows([a, b]);
    const row: Row = {};
    for (const column of callColumns) row[column] = left[column] ?? '';
    for (const column of callColumns) if (column !== 'hostname') row[`b_${column}`] = right[column] ?? '';
    row['call_created_epoch'] = String(wholeSecond(a.profile.bridgedUs));
    rows.push(row);
  }
  return rows;
}

export function taskRows(tasks: SwitchTask[]): Row[] {
  return tasks.map((task) => ({
    task_id: String(task.id),
    task_desc: task.description,
    task_group: task.group,
    task_runtime: String(task.runtime),
    task_sql_manager: '0',
    hostname: 'sandbox',
  }));
}

/** `uuid_dump`: every header and variable of a leg, the times it has passed so far included. */
export function describe(
  channel: Channel,
  coreUuid: string,
  clock: SwitchClock,
  format: EventFormat,
): string {
  const nowUs = clock.nowUs();
  const date = dateTexts(nowUs);
  const lead = ['Event-Name', 'CHANNEL_DATA', 'Core-UUID', coreUuid, 'FreeSWITCH-Hostname', 'sandbox'];
  lead.push(
    'Event-Date-Local',
    date.local,
    'Event-Date-GMT',
    date.gmt,
    'Event-Date-Timestamp',
    String(nowUs),
  );
  const tail: string[] = [];
  const moments: [string, number][] = [
    ['start', channel.createdUs],
    ['answer', channel.answeredUs],
    ['bridge', channel.profile.bridgedUs],
    ['progress', channel.progressUs],
  ];
  for (const [name, us] of moments) {
    if (us !== 0)
      tail.push(`variable_${name}_epoch`, String(wholeSecond(us)), `variable_${name}_uepoch`, String(us));
  }
  return writtenContent(lead, channel.content({ tail }), format);
}

export function statusText(clock: SwitchClock, channels: SwitchChannels): string {
  const up = Math.floor(clock.upMs());
  const seconds = Math.floor(up / 1000);
  const parts = [
    '0 years',
    `${Math.floor(seconds / 86_400)} days`,
    `${Math.floor(seconds / 3600) % 24} hours`,
    `${Math.floor(seconds / 60) % 60} minutes`,
    `${seconds % 60} seconds`,
    `${up % 1000} milliseconds`,
    '0 microseconds',
  ];
  return [
    `UP ${parts.join(', ')}`,
    'FreeSWITCH (Version 1.10.12-release sandbox switch) is ready',
    `${channels.sessions} session(s) since startup`,
    `${channels.living.size} session(s) - peak ${channels.living.size}, last 5min ${channels.living.size} `,
    '0 session(s) per Sec out of max 500, peak 0, last 5min 0 ',
    '5000 session(s) max',
    'min idle cpu 0.00/90.00',
    '',
  ].join('\n');
}
