// Call detail records as mod_json_cdr makes them: the facts a leg carries at its end, the JSON around them, the post to the
// gateway and, when that fails, the file in the spool that the gateway reads later.

import { mkdir, rename, writeFile } from 'node:fs/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import { join } from 'node:path';
import { q850 } from './switch-causes.ts';
import type { CallerProfile, Channel } from './switch-channel.ts';
import { dateTexts, wholeSecond } from './switch-clock.ts';
import { patternOf } from './switch-command-text.ts';

/** mod_json_cdr waits this long for the gateway before it gives the record to the disk (`timeout` in its configuration). */
const postTimeoutMs = 5000;

/** The variables FreeSWITCH sets on a leg that is being reported; also in its CHANNEL_HANGUP_COMPLETE. Times in UTC. */
export function endFacts(channel: Channel): [string, string][] {
  const { profile, createdUs: startUs, answeredUs, progressUs, progressMediaUs, hangupUs: endUs } = channel;
  const cause = channel.cause ?? 'NONE';
  const bridgeUs = profile.bridgedUs;
  const facts: [string, string][] = [
    ['hangup_cause', cause],
    ['hangup_cause_q850', q850(cause)],
    ['digits_dialed', digitsDialed(channel)],
    ['start_stamp', dateTexts(startUs).local],
    ['profile_start_stamp', dateTexts(profile.createdUs).local],
  ];
  const stamp = (name: string, us: number): void => {
    if (us !== 0) facts.push([`${name}_stamp`, dateTexts(us).local]);
  };
  stamp('answer', answeredUs);
  stamp('bridge', bridgeUs);
  stamp('progress', progressUs);
  stamp('end', endUs);
  const moment = (name: string, us: number): void => {
    facts.push([`${name}_epoch`, String(wholeSecond(us))], [`${name}_uepoch`, String(us)]);
  };
  moment('start', startUs);
  moment('profile_start', profile.createdUs);
  moment('answer', answeredUs);
  moment('bridge', bridgeUs);
  moment('last_hold', 0);
  for (const unit of ['seconds', 'usec', 'ms']) facts.push([`hold_accum_${unit}`, '0']);
  moment('resurrect', 0);
  moment('progress', progressUs);
  moment('progress_media', progressMediaUs);
  moment('end', endUs);
  const last = channel.applicationLog.at(-1);
  if (last !== undefined) {
    facts.push(['last_app', last.app_name]);
    if (last.app_data !== '') facts.push(['last_arg', last.app_data]);
  }
  const number = profile.callerIdNumber;
  facts.push(['caller_id', profile.callerIdName === '' ? number : `"${profile.callerIdName}" <${number}>`]);
  const spans: [string, number, number][] = [
    ['duration', startUs, endUs],
    ['bill', answeredUs, endUs],
    ['progress', startUs, progressUs],
    ['answer', startUs, answeredUs],
    ['wait', startUs, bridgeUs],
    ['progress_media', startUs, progressMediaUs],
    ['flow_bill', answeredUs === 0 ? 0 : startUs, endUs],
  ];
  // Whole seconds are the difference of whole seconds, not a rounded span: 6.68 s can be 7.
  for (const [name, from, until] of spans) {
    const seconds = from === 0 || until === 0 ? 0 : wholeSecond(until) - wholeSecond(from);
    facts.push([name === 'duration' ? 'duration' : `${name}sec`, String(seconds)]);
  }
  for (const [unit, divisor] of [
    ['m', 1000],
    ['u', 1],
  ] as const) {
    for (const [name, from, until] of spans) {
      const span = from === 0 || until === 0 ? 0 : Math.floor((until - from) / divisor);
      facts.push([name === 'duration' ? `${unit}duration` : `${name}${unit}sec`, String(span)]);
    }
  }
  if (answeredUs !== 0)
    facts.push(['sip_hangup_disposition', cause === 'NORMAL_CLEARING' ? 'recv_bye' : 'send_bye']);
  return facts;
}

/** X for what the filter of its leg matches, the whole and its groups (switch_channel_set_timestamps). */
function digitsDialed({ digitsDialed: dialed, variables }: Channel): string {
  if (dialed === '') return 'none';
  const hidden = patternOf(variables.get('digits_dialed_filter'))?.exec(dialed) ?? [];
  return [...hidden]
    .filter((part) => part !== '')
    .reduce((rest, part) => rest.replaceAll(part, 'X'.repeat(part.length)), dialed);
}

/** The record of one ended leg, shaped as mod_json_cdr posts it. */
export function cdrOf(channel: Channel, coreUuid: string): object {
  return {
    'core-uuid': coreUuid,
    switchname: 'sandbox',
    channel_data: {
      state: 'CS_REPORTING',
      direction: channel.direction,
      state_number: '11',
      flags: '0=1;1=1;39=1;40=1;42=1;45=1;55=1;113=1;114=1;123=1;160=1;165=1;166=1',
      caps: '1=1;2=1;3=1;4=1;5=1;6=1;8=1;9=1;10=1',
    },
    callStats: {},
    variables: Object.fromEntries(channel.variables.entries()),
    ...(channel.applicationLog.length === 0 ? {} : { app_log: { applications: channel.applicationLog } }),
    callflow: channel.profiles.map((profile, index) => page(channel, profile, index === 0)),
  };
}

function page(channel: Channel, profile: CallerProfile, newest: boolean): object {
  const { other } = channel;
  const joined =
    newest && other !== undefined
      ? {
          [other.type]: {
            [`${other.type}_caller_profiles`]: [callerProfile(other.channel, other.profile)],
          },
        }
      : {};
  return {
    ...(profile.dialplan === '' ? {} : { dialplan: profile.dialplan }),
    profile_index: String(profile.index),
    caller_profile: { ...callerProfile(channel, profile), ...joined },
    times: {
      created_time: String(channel.createdUs),
      profile_created_time: String(profile.createdUs),
      progress_time: String(channel.progressUs),
      progress_media_time: String(channel.progressMediaUs),
      answered_time: String(channel.answeredUs),
      bridged_time: String(profile.bridgedUs),
      last_hold_time: '0',
      hold_accum_time: '0',
      hangup_time: String(newest ? channel.hangupUs : 0),
      resurrect_time: '0',
      transfer_time: String(profile.transferUs),
    },
  };
}

function callerProfile(channel: Channel, profile: CallerProfile): object {
  return {
    username: profile.username,
    dialplan: profile.dialplan,
    caller_id_name: profile.callerIdName,
    ani: profile.ani,
    aniii: '',
    caller_id_number: profile.callerIdNumber,
    network_addr: profile.networkAddress,
    rdnis: '',
    destination_number: profile.destination,
    uuid: channel.uuid,
    source: profile.source,
    context: profile.context,
    chan_name: channel.name,
  };
}

export interface CdrSettings {
  coreUuid: string;
  url: string | undefined;
  /** `user:password`. */
  credentials: string | undefined;
  spoolDir: string | undefined;
}

export class CdrPost {
  readonly #settings: CdrSettings;
  readonly #agent: http.Agent;
  readonly #underWay = new Set<Promise<void>>();

  constructor(settings: CdrSettings) {
    this.#settings = settings;
    const secure = settings.url?.startsWith('https:') === true;
    this.#agent = new (secure ? https : http).Agent({ keepAlive: true, maxSockets: 16 });
  }

  /** Resolves when the gateway has the record, or the disk; never rejects. `undefined`: nowhere to bring it. */
  report(channel: Channel): Promise<void> | undefined {
    if (this.#settings.url === undefined && this.#settings.spoolDir === undefined) return undefined;
    const body = JSON.stringify(cdrOf(channel, this.#settings.coreUuid));
    const done = this.#bring(channel.uuid, body).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return done;
  }

  async close(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#agent.destroy();
  }

  /** The process died: nobody waits for an answer. */
  abandon(): void {
    this.#agent.destroy();
  }

  async #bring(uuid: string, body: string): Promise<void> {
    if (this.#settings.url !== undefined && (await this.#post(this.#settings.url, uuid, body))) return;
    const dir = this.#settings.spoolDir;
    if (dir === undefined) return;
    try {
      await mkdir(dir, { recursive: true });
      const path = join(dir, `${uuid}.cdr.json`);
      await writeFile(`${path}.part`, body);
      await rename(`${path}.part`, path);
    } catch (error) {
      process.stderr.write(`sandbox switch: the CDR of ${uuid} could not be spooled: ${String(error)}\n`);
    }
  }

  #post(url: string, uuid: string, body: string): Promise<boolean> {
    const { credentials } = this.#settings;
    return new Promise((resolve) => {
      const request = (url.startsWith('https:') ? https : http).request(`${url}?uuid=${uuid}`, {
        method: 'POST',
        agent: this.#agent,
        timeout: postTimeoutMs,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'freeswitch-json/1.0',
          ...(credentials === undefined
            ? {}
            : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
        },
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(false));
      request.on('response', (response) => {
        const status = response.statusCode ?? 0;
        response.resume();
        response.on('error', () => resolve(false));
        response.on('end', () => resolve(status >= 200 && status < 300));
        response.on('close', () => resolve(false));
      });
      request.end(body);
    });
  }
}
