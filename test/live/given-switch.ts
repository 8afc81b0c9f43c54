// The real FreeSWITCH of the environment, as a world (test/world.ts) takes a switch: with the telephones of the telephone
// network, and a line to its event socket that can be cut. What has to be set is said in vitest.live.config.ts.

import { exec } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { realClock } from '../../src/clock-and-ids.ts';
import type { ApiCommand } from '../../src/telephony/dial-string.ts';
import { EslLink } from '../../src/telephony/esl-link.ts';
import { CuttableLink } from '../adapters/cuttable-link.ts';
import type { Phone, Telephones } from '../telephones.ts';
import type { GivenSwitch } from '../world.ts';
import { promptsHeard, type HeardPrompt } from './heard.ts';
import {
  askOnce,
  type Behaviour,
  type EslAddress,
  eslAddress,
  sipAddressOf,
  TelephoneNetwork,
} from './telephone-network.ts';

const { FREESWITCH_URL, PHONES_URL, PHONES_SIP, CDR_URL, CDR_CREDENTIALS, PROMPTS_DIR } = process.env;
const { CDR_SPOOL, FREESWITCH_START, FREESWITCH_LOG } = process.env;
const needed = { FREESWITCH_URL, PHONES_URL, PHONES_SIP, CDR_URL, CDR_CREDENTIALS };

/** Whether all is there that a house on a real switch needs. */
export const isGiven = Object.values(needed).every((value) => value !== undefined);

/** What of the worst day can be had here: the records of the switch's own spool, and a switch that may be killed. */
export const isSpoolGiven = CDR_SPOOL !== undefined;
export const mayBeKilled = FREESWITCH_START !== undefined;
/** Whether the switch finds the prompts where it looks for its own apology: it was told the folder when it was started. */
export const hasApology = PROMPTS_DIR !== undefined;

export interface LiveSwitch extends GivenSwitch {
  /** The switch dies with all its calls, as of a bug of its own, and is started again. */
  crash(): Promise<void>;
  /** Telephones whose call died with the switch know nothing of it: their owners hang up. */
  hangUpAll(): Promise<void>;
  /** This telephone sends nothing any more, as in a tunnel; nobody has hung up. */
  fallsSilent(number: string): Promise<void>;
  /** What the switch does on this leg now: `play_and_get_digits`, `playback`, `park`. */
  runs(leg: string): Promise<string>;
  /** What it was given with that: the files, the tone. */
  runsWith(leg: string): Promise<string>;
  /** Whether the switch knows a call by this uuid. */
  lives(leg: string): Promise<boolean>;
  /** The prompts, as both we and the switch have them; what is being said into telephones is below it in `takes`. */
  readonly promptsDir: string;
  /** Whether this prompt is being played to anybody. */
  isPlaying(file: string): Promise<boolean>;
  /** Whether a sentence with these words is being played to anybody: heard or not, where a busy machine drops packets. */
  isSaying(words: RegExp): Promise<boolean>;
  /** What the switch has written since this world stands: its records, and its log where we were told of it. */
  written(): Promise<string>;
  /** What this telephone has heard so far in its latest call, of the sentences that match. */
  heard(number: string, words?: RegExp): Promise<HeardPrompt[]>;
  /** Plays this prompt, one already rendered, into the telephone, as if its owner said it. */
  says(number: string, words: string): Promise<void>;
}

export async function givenSwitch(): Promise<LiveSwitch> {
  const {
    FREESWITCH_URL: url = '',
    PHONES_URL: phones = '',
    PHONES_SIP: sip = '',
    CDR_URL: cdr = '',
  } = needed;
  const at = eslAddress(url);
  const recordings = await mkdtemp(path.join(tmpdir(), 'ringmeter-heard-'));
  const promptsDir = PROMPTS_DIR ?? (await mkdtemp(path.join(tmpdir(), 'ringmeter-prompts-')));
  const network = new TelephoneNetwork(eslAddress(phones), recordings);
  await network.start();
  const link = await CuttableLink.to(at.host, at.port);
  const startedMs = Date.now();
  const logBegins = FREESWITCH_LOG === undefined ? 0 : (await stat(FREESWITCH_LOG)).size;
  const heard = async (number: string, words?: RegExp): Promise<HeardPrompt[]> => {
    const recording = network.call(number)?.recording;
    return recording === undefined ? [] : promptsHeard(recording, promptsDir, words);
  };
  return {
    environment: {
      FREESWITCH_URL: `esl://:${encodeURIComponent(at.password)}@127.0.0.1:${String(link.port)}`,
      FREESWITCH_GATEWAY: `carrier@${sip}`,
      ...(CDR_CREDENTIALS !== undefined && { CDR_CREDENTIALS }),
      ...(CDR_SPOOL !== undefined && { CDR_SPOOL_DIR: CDR_SPOOL }),
      PROMPTS_DIR: promptsDir,
      PROMPTS_DIR_AT_SWITCH: promptsDir,
    },
    gatewayPort: Number(new URL(cdr).port),
    telephones: telephonesOf(network, await sipAddressOf(at)),
    heard,
    runs: async (leg) => (await askOnce(at, `uuid_getvar ${leg} current_application`))[0] ?? '',
    runsWith: async (leg) => (await askOnce(at, `uuid_getvar ${leg} current_application_data`))[0] ?? '',
    lives: async (leg) => (await askOnce(at, `uuid_exists ${leg}`))[0] === 'true',
    promptsDir,
    isPlaying: async (file) =>
      ((await askOnce(at, 'show channels as json'))[0] ?? '').includes(path.join(promptsDir, file)),
    async isSaying(words) {
      const [playing] = await askOnce(at, 'show channels as json');
      const said = /[^"' ]+\.wav/.exec((playing ?? '').replaceAll(String.raw`\/`, '/'))?.[0];
      if (said?.startsWith(promptsDir) !== true) return false;
      return words.test(await readFile(said.replace(/wav$/, 'txt'), 'utf8').catch(() => ''));
    },
    async written() {
      const log =
        FREESWITCH_LOG === undefined ? '' : (await readFile(FREESWITCH_LOG)).subarray(logBegins).toString();
      return [log, ...(await recordsSince(startedMs))].join('\n');
    },
    says: (number, file) => network.says(number, path.join(promptsDir, file)),
    fallsSilent: (number) => network.fallsSilent(number),
    hangUpAll: () => network.hangUpAll(),
    crash: () => crash(at),
    cutLink: () => link.cut(),
    async close() {
      await network.close();
      await link.close();
      await rm(recordings, { recursive: true, force: true });
      if (PROMPTS_DIR === undefined) await rm(promptsDir, { recursive: true, force: true });
    },
  };
}

async function recordsSince(startedMs: number): Promise<string[]> {
  if (CDR_SPOOL === undefined) return [];
  const records: string[] = [];
  for (const name of await readdir(CDR_SPOOL, { recursive: true })) {
    const file = path.join(CDR_SPOOL, name);
    const { mtimeMs } = await stat(file);
    if (name.endsWith('.cdr.json') && mtimeMs >= startedMs) records.push(await readFile(file, 'utf8'));
  }
  return records;
}

async function crash(at: EslAddress): Promise<void> {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  let down = (): void => undefined;
  const dead = new Promise<void>((resolve) => (down = resolve));
  await new Promise<void>((resolve) => {
    const link = new EslLink(
      { ...at, id: 'killer', events: ['HEARTBEAT'], clock: realClock, log: quiet },
      {
        up: () => resolve(void link.api('fsctl crash' as ApiCommand)),
        down: () => void link.stop().then(down),
        event: () => undefined,
      },
    );
    link.start();
  });
  await dead;
  await promisify(exec)(FREESWITCH_START ?? 'false');
}

function telephonesOf(network: TelephoneNetwork, sipOfSwitch: string): Telephones {
  return {
    phone(number) {
      const call = network.call(number);
      const phone: Phone | undefined = call && {
        number,
        state: call.state,
        direction: call.direction,
        callerId: call.callerId,
        // Known by its recording: LiveSwitch.heard.
        heard: [],
      };
      return Promise.resolve(phone);
    },
    async does(number, act, body = {}) {
      const phone = network.phone(number);
      if (act === 'answer') await phone.answer();
      else if (act === 'hangup') await phone.hangUp();
      else if (act === 'keys') await phone.keys((body as { digits: string }).digits);
      else await network.refuses(number, act === 'busy' ? 'busy' : 'refuses');
    },
    dials: (number, ddi, options) => network.dials(number, ddi, sipOfSwitch, options),
    behaves(number, behaviour) {
      network.give(number, (behaviour as { behaviour: Behaviour }).behaviour);
      return Promise.resolve();
    },
  };
}
