// The API commands of the event socket (`api`, `bgapi`, `sched_api`), with FreeSWITCH's replies to the letter: what is
// missing, misspelled or dead is answered as mod_commands answers it.

import { interrupt, enqueue, type ApplicationHost } from './switch-applications.ts';
import { bridge } from './switch-bridge.ts';
import { causeNamed } from './switch-causes.ts';
import type { Channel } from './switch-channel.ts';
import type { SwitchChannels } from './switch-channels.ts';
import { wholeSecond, type SwitchClock, type SwitchTasks } from './switch-clock.ts';
import { firstWord, parseOriginate, separate } from './switch-command-text.ts';
import { bridgedCallRows, channelRows, describe, statusText, table, taskRows } from './switch-lists.ts';

export type Reply = (text: string) => void;
type Command = (argument: string, reply: Reply) => void;

const noChannel = '-ERR No such channel!\n';

/** A command that names one leg and is answered at once. */
type OnLeg = (channel: Channel, words: string[], rest: string) => string;

export class SwitchCommands {
  readonly #channels: SwitchChannels;
  readonly #tasks: SwitchTasks;
  readonly #clock: SwitchClock;
  readonly #coreUuid: string;
  readonly #commands: ReadonlyMap<string, Command>;

  constructor(parts: { channels: SwitchChannels; tasks: SwitchTasks; clock: SwitchClock; coreUuid: string }) {
    this.#channels = parts.channels;
    this.#tasks = parts.tasks;
    this.#clock = parts.clock;
    this.#coreUuid = parts.coreUuid;
    this.#commands = new Map([...this.#general(), ...this.#scheduling(), ...this.#legs()]);
  }

  /** Runs `name argument`; `reply` comes once, for `originate` only when the call is answered or has failed. */
  run(name: string, argument: string, reply: Reply): void {
    const command = this.#commands.get(name.toLowerCase());
    if (command === undefined) reply(`-ERR ${name} Command not found!\n`);
    else command(argument, reply);
  }

  #general(): [string, Command][] {
    return [
      ['status', (_argument, reply) => reply(statusText(this.#clock, this.#channels))],
      ['version', (_argument, reply) => reply('FreeSWITCH Version 1.10.12-release (sandbox switch)\n')],
      ['create_uuid', (_argument, reply) => reply(this.#channels.newUuid())],
      ['echo', (argument, reply) => reply(argument)],
      ['global_getvar', (argument, reply) => reply(this.#globalVariable(argument.trim()))],
      ['strepoch', (_argument, reply) => reply(String(wholeSecond(this.#clock.nowUs())))],
      ['strmicroepoch', (_argument, reply) => reply(String(this.#clock.nowUs()))],
      ['uuid_exists', (argument, reply) => reply(String(this.#channels.find(argument.trim()) !== undefined))],
      ['show', (argument, reply) => reply(this.#show(argument))],
      ['hupall', (argument, reply) => reply(this.#hangUpAll(argument))],
      [
        'originate',
        (argument, reply) => {
          const parsed = parseOriginate(argument);
          if (parsed.outcome === 'originate') this.#channels.originate(parsed.request, reply);
          else if (parsed.outcome === 'failed') reply(`-ERR ${parsed.cause}\n`);
          else reply(`-USAGE: ${originateSyntax}\n`);
        },
      ],
    ];
  }

  #globalVariable(name: string): string {
    const values: Record<string, string> = {
      core_uuid: this.#coreUuid,
      hostname: 'sandbox',
      local_ip_v4: '127.0.0.1',
    };
    return values[name] ?? '';
  }

  #show(argument: string): string {
    const [what = '', ...words] = separate(argument);
    const json = words.includes('json') && words.includes('as');
    const lists: Record<string, () => Record<string, string>[]> = {
      channels: () => channelRows(this.#channels.listed),
      calls: () => bridgedCallRows(this.#channels.listed),
      bridged_calls: () => bridgedCallRows(this.#channels.listed),
      tasks: () => taskRows(this.#tasks.list()),
    };
    const rows = lists[what.toLowerCase()];
    if (rows === undefined) return `-USAGE: ${showSyntax}\n`;
    return table(rows(), json, words.includes('count'));
  }

  #hangUpAll(argument: string): string {
    const [causeText] = separate(argument);
    const cause = causeText === undefined ? 'MANAGER_REQUEST' : causeNamed(causeText);
    for (const channel of [...this.#channels.living.values()]) this.#channels.hangUp(channel, cause);
    return `+OK hangup all channels with cause ${cause}\n`;
  }

  #scheduling(): [string, Command][] {
    return [
      [
        'sched_api',
        (argument, reply) => {
          const [when, afterWhen] = firstWord(argument.trim());
          const [group, command] = firstWord(afterWhen);
          if (group === '' || command === '') {
            reply(`-ERR Invalid syntax. USAGE: ${schedApiSyntax}\n`);
            return;
          }
          reply(`+OK Added: ${this.#schedule(when, group, command.replace(/&$/, ''))}\n`);
        },
      ],
      [
        'unsched_api',
        (argument, reply) => {
          const id = Number.parseInt(argument, 10);
          if (Number.isNaN(id) || id === 0) reply('-ERR no reply\n');
          else reply(this.#tasks.deleteId(id) ? '+OK\n' : '-ERR No such id\n');
        },
      ],
      [
        'sched_del',
        (argument, reply) => {
          const what = argument.trim();
          const byId = /^\d+$/.test(what);
          const count = byId ? Number(this.#tasks.deleteId(Number(what))) : this.#tasks.deleteGroup(what);
          reply(what === '' ? '-ERR Invalid syntax\n' : `+OK Deleted: ${count}\n`);
        },
      ],
      ['sched_hangup', (argument, reply) => reply(this.#schedHangup(argument))],
      ['sched_transfer', (argument, reply) => reply(this.#schedTransfer(argument))],
    ];
  }

  #schedule(when: string, group: string, command: string): number {
    return this.#tasks.add({
      group,
      description: 'sched_api_function',
      runtime: this.#channels.runtime(when),
      act: () => {
        const [name, argument] = firstWord(command);
        this.run(name, argument, () => undefined);
        if (when.startsWith('@')) this.#schedule(when, group, command);
      },
    });
  }

  #schedHangup(argument: string): string {
    const [when = '', uuid, cause] = separate(argument);
    if (when === '') return `-USAGE: ${schedHangupSyntax}\n`;
    const channel = this.#channels.find(uuid ?? '');
    if (channel === undefined) return noChannel;
    const named = cause === undefined ? 'ALLOTTED_TIMEOUT' : causeNamed(cause);
    if (Number.parseInt(when.slice(1), 10) === 0) this.#channels.hangUp(channel, named);
    else this.#channels.scheduleHangup(channel, when, named);
    return '+OK\n';
  }

  #schedTransfer(argument: string): string {
    const [when = '', uuid, extension, dialplan = 'XML'] = separate(argument);
    if (uuid === undefined) return `-USAGE: ${schedTransferSyntax}\n`;
    const channel = this.#channels.find(uuid);
    if (channel === undefined) return noChannel;
    this.#channels.scheduleTransfer(channel, when, extension ?? '', dialplan);
    return '+OK\n';
  }

  #legs(): [string, Command][] {
    const host: ApplicationHost = this.#channels;
    const named = (name: string, syntax: string, least: number, act: OnLeg): [string, Command] => [
      name,
      (argument, reply) => {
        const words = separate(argument);
        if (words.length < least) {
          reply(`-USAGE: ${syntax}\n`);
          return;
        }
        const channel = this.#channels.find(words[0] ?? '');
        reply(
          channel === undefined ? noChannel : act(channel, words.slice(1), firstWord(argument.trim())[1]),
        );
      },
    ];
    return [
      named('uuid_kill', '<uuid> [cause]', 1, (channel, [cause]) => {
        this.#channels.hangUp(channel, causeNamed(cause));
        return '+OK\n';
      }),
      named(
        'uuid_getvar',
        '<uuid> <var>',
        2,
        (channel, [name = '']) => channel.variables.get(name) ?? '_undef_',
      ),
      named('uuid_setvar', '<uuid> <var> [value]', 2, (channel, [name = '', value]) => {
        channel.variables.set(name, value);
        return '+OK\n';
      }),
      named('uuid_setvar_multi', '<uuid> <var>=<value>;<var>=<value>...', 2, (channel, _words, rest) => {
        for (const assignment of separate(rest, ';')) {
          const equals = assignment.indexOf('=');
          if (equals < 0) channel.variables.set(assignment, undefined);
          else channel.variables.set(assignment.slice(0, equals), assignment.slice(equals + 1));
        }
        return '+OK\n';
      }),
      named('uuid_dump', '<uuid> [format]', 1, (channel, [format]) =>
        describe(channel, this.#coreUuid, this.#clock, format === 'json' ? 'json' : 'plain'),
      ),
      named('uuid_break', '<uuid> [all]', 1, (channel, [flag = '']) => {
        interrupt(channel, flag.includes('all'));
        if (flag.includes('both') && channel.bridgedTo !== undefined) interrupt(channel.bridgedTo, false);
        return '+OK\n';
      }),
      named('uuid_park', '<uuid>', 1, () => '+OK\n'),
      [
        'uuid_answer',
        (argument, reply) => {
          const channel = this.#channels.find(argument.trim());
          if (channel?.direction === 'inbound') this.#channels.answer(channel);
          reply(channel === undefined ? '-ERROR\n' : '+OK\n');
        },
      ],
      named(
        'uuid_transfer',
        '<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]',
        2,
        (channel, words) => {
          const [extension = '', dialplan = 'XML'] = words.filter((word) => !/^-(bleg|both)$/.test(word));
          this.#channels.transfer(channel, extension, dialplan);
          return '+OK\n';
        },
      ),
      named('uuid_recv_dtmf', '<uuid> <dtmf_data>', 2, (channel, [digits = '']) => {
        this.#channels.keys(channel, digits.replace(/@.*/, ''));
        return `+OK ${channel.uuid} received DTMF ${digits}.\n`;
      }),
      named('uuid_send_dtmf', '<uuid> <dtmf_data>', 2, () => '+OK\n'),
      named('uuid_record', '<uuid> [start|stop|mask|unmask] <path> [<limit>]', 2, () => '+OK Success\n'),
      named('uuid_displace', '<uuid> [start|stop] <path> [<limit>] [mux]', 2, () => '+OK Success\n'),
      ['uuid_bridge', (argument, reply) => reply(this.#bridge(separate(argument)))],
      ['uuid_broadcast', (argument, reply) => reply(this.#broadcast(host, separate(argument)))],
    ];
  }

  #bridge([first, second, instead]: string[]): string {
    if (first === undefined || second === undefined) return '-USAGE: <uuid> <other_uuid>\n';
    const a = this.#channels.find(first);
    for (const uuid of instead === undefined ? [second] : [second, instead]) {
      const b = this.#channels.find(uuid);
      if (a !== undefined && b !== undefined && bridge(this.#channels, a, b)) return `+OK ${uuid}\n`;
    }
    return '-ERR Invalid uuid\n';
  }

  #broadcast(host: ApplicationHost, [uuid, path, side = 'aleg']: string[]): string {
    if (uuid === undefined || path === undefined) return '-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n';
    const channel = this.#channels.find(uuid);
    if (channel === undefined) return '-ERR invalid uuid\n';
    const own = /^(\w+)(?:!(\w*))?::([\s\S]*)$/.exec(path);
    const application = own?.[1] ?? 'playback';
    const argument = own?.[3] ?? path;
    const legs: Channel[] = [];
    if (/bleg|both/.test(side) && channel.bridgedTo !== undefined) legs.push(channel.bridgedTo);
    if (/aleg|both|holdb/.test(side)) legs.push(channel);
    for (const leg of legs) {
      enqueue(host, leg, { application, argument, uuid: host.newUuid(), lock: true, loops: 1 });
    }
    return '+OK Message sent\n';
  }
}

const originateSyntax =
  '<call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]';
const showSyntax = 'calls [count]|channels [count]|bridged_calls|tasks [as json]';
const schedApiSyntax = '[+@]<time> <group_name> <command_string>[&]';
const schedHangupSyntax = '[+]<time> <uuid> [<cause>]';
const schedTransferSyntax = '[+]<time> <uuid> <extension> [<dialplan>] [<context>]';
