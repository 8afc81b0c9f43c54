// The sandbox switch beside the recorded FreeSWITCH: the same commands, the same events in the same order with the same
// headers. What a transcript does not hold is in sandbox-switch-commands.test.ts.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandboxSwitch, type SandboxSwitch } from '../../src/sandbox/switch.ts';
import {
  type EventFrame,
  eventsOf,
  headerNames,
  RawEventSocket,
  story,
  transcript,
  variablesOf,
} from './raw-event-socket.ts';

const caller = '+33600000002';
const consultant = '+33100000009';
const a = 'aaaaaaaa-0000-4000-8000-000000000001';
const b = 'bbbbbbbb-0000-4000-8000-000000000002';
const legs = { [a]: 'A', [b]: 'B' };

let folder: string;
let price: string;
let sandbox: SandboxSwitch;
let esl: RawEventSocket;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switch-'));
  mkdirSync(join(folder, 'fr'));
  price = join(folder, 'fr', 'price.wav');
  writeFileSync(join(folder, 'fr', 'price.txt'), 'Cet appel coûte deux euros par minute.');
  sandbox = await startSandboxSwitch({
    eslPort: 0,
    httpPort: 0,
    password: 'ClueCon',
    speechSpeed: 20,
    silenceSpeed: 20,
  });
  esl = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon', 'plain');
});

afterEach(async () => {
  esl.close();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

async function phone(number: string, action: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(
    `http://127.0.0.1:${sandbox.httpPort}/api/phones/${encodeURIComponent(number)}/${action}`,
    {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  );
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function script(number: string, behaviour: object): Promise<void> {
  const response = await fetch(
    `http://127.0.0.1:${sandbox.httpPort}/api/phones/${encodeURIComponent(number)}`,
    {
      method: 'PUT',
      body: JSON.stringify(behaviour),
    },
  );
  expect(response.status).toBe(200);
}

function originate(uuid: string, number: string, more = ''): string {
  return `originate {origination_uuid=${uuid},ignore_early_media=true,originate_timeout=4${more}}sofia/carrier/${number}@127.0.0.1:6001 &park()`;
}

/** Rings and answers a phone; its leg parks. */
async function parked(uuid: string, number: string, more = ''): Promise<void> {
  esl.send(`bgapi ${originate(uuid, number, more)}`);
  await esl.reply();
  await esl.event('CHANNEL_PROGRESS', uuid);
  await phone(number, 'answer');
  await esl.event('CHANNEL_PARK', uuid);
}

/** As recorded, with the recorded legs by our names and without events that only time decides. */
function recorded(file: string, names: Record<string, string>, legPrefix?: string): string[] {
  const events = eventsOf(transcript(file), legPrefix).filter((event) => {
    const leg = event.headers['Unique-ID'];
    return leg === undefined ? legPrefix === undefined : leg in names;
  });
  return (
    story(events, names)
      .filter((line) => !line.startsWith('BACKGROUND_JOB'))
      // Whether the 180 finds the leg still routing is a race in FreeSWITCH; both were recorded.
      .map((line) => line.replace(/^(CHANNEL_PROGRESS \w+) CS_ROUTING/, '$1 CS_CONSUME_MEDIA'))
      .map((line) => line.replaceAll('/srv/prompts/audio/price.wav', price))
  );
}

describe('an outbound leg', () => {
  const leg = '609f949b-b42a-4cd4-b733-5d848fa69fd2';

  it('is called, answers, parks, is killed: events, order and replies as recorded', async () => {
    const frames = transcript('commands-on-dead-and-duplicate.esl');
    await parked(a, consultant);
    const answers = [
      await esl.api(originate(a, consultant)),
      await esl.api(`uuid_exists ${a}`),
      await esl.api(`uuid_bridge ${a} ffffffff-0000-4000-8000-00000000000f`),
      await esl.api('sched_hangup +5 ffffffff-0000-4000-8000-00000000000f allotted_timeout'),
      await esl.api(`uuid_getvar ${a} uuid`),
      await esl.api(`uuid_setvar ${a} foo bar`),
      await esl.api(`uuid_getvar ${a} foo`),
      await esl.api(`uuid_getvar ${a} nosuch`),
      await esl.api(`uuid_kill ${a} USER_BUSY`),
      await esl.api(`uuid_kill ${a}`),
    ];
    const recordedAnswers = frames.filter((frame) => frame.headers['Content-Type'] === 'api/response');
    expect(answers.map((text) => text.replaceAll(a, leg))).toEqual(
      recordedAnswers.slice(0, answers.length).map((frame) => frame.body),
    );
    await esl.event('CHANNEL_DESTROY', a);
    const mine = esl.events.filter((event) => event.name !== 'BACKGROUND_JOB');
    expect(story(mine, { [a]: 'A' })).toEqual(
      recorded('commands-on-dead-and-duplicate.esl', { [leg]: 'A' }, leg),
    );
  });

  it('writes the headers of every event as recorded', async () => {
    await parked(a, consultant);
    await esl.api(`uuid_kill ${a} USER_BUSY`);
    await esl.event('CHANNEL_DESTROY', a);
    const theirs = eventsOf(transcript('commands-on-dead-and-duplicate.esl'), leg);
    const mine = esl.events.filter((event) => event.name !== 'BACKGROUND_JOB');
    expect(mine.map((event) => event.name)).toEqual(theirs.map((event) => event.name));
    mine.forEach((event, index) => {
      expect([event.name, ...headerNames(event)]).toEqual([event.name, ...headerNames(theirs[index]!)]);
      for (const header of ['Event-Calling-File', 'Event-Calling-Function', 'Channel-Name']) {
        expect([header, event.headers[header]]).toEqual([header, theirs[index]!.headers[header]]);
      }
    });
  });

  it('carries every variable of its end that was recorded', async () => {
    await parked(a, consultant);
    await esl.api(`uuid_kill ${a} USER_BUSY`);
    const end = variablesOf(await esl.event('CHANNEL_HANGUP_COMPLETE', a));
    const recordedEnd = eventsOf(transcript('commands-on-dead-and-duplicate.esl'), leg).find(
      (event) => event.name === 'CHANNEL_HANGUP_COMPLETE',
    )!;
    const missing = Object.keys(variablesOf(recordedEnd)).filter((name) => !(name in end) && name !== 'foo');
    // What the sandbox has no network for.
    expect(missing.filter((name) => !/^(rtp_audio|sip_)/.test(name))).toEqual([]);
    expect(end).toMatchObject({ hangup_cause: 'USER_BUSY', hangup_cause_q850: '17', digits_dialed: 'none' });
    const spans = ['answer_uepoch', 'end_uepoch', 'billusec'].map((name) => Number(end[name]));
    expect(spans[1]! - spans[0]!).toBe(spans[2]);
  });

  it('plain and json frames hold the same event', async () => {
    const json = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon', 'json');
    await parked(a, consultant);
    await json.event('CHANNEL_PARK', a);
    const [plainEvents, jsonEvents] = [esl.events, json.events];
    expect(jsonEvents.length).toBe(plainEvents.length);
    jsonEvents.forEach((event, index) => {
      const plain = plainEvents[index]!;
      expect(event.body).toBe(plain.body);
      const { 'Content-Length': _jsonLength, ...headers } = event.headers;
      // A `%2B` in a name is not escaped again (FreeSWITCH does not): plain readers see `+`.
      for (const [name, value] of Object.entries(headers)) {
        expect([name, plain.headers[name]]).toEqual([name, decodeURIComponent(value)]);
      }
    });
    json.close();
  });
});

describe('a call nobody takes', () => {
  it.each([
    ['originate-busy.esl', 'busy', 'USER_BUSY', '6efb9b2f-9810-463e-a20f-018d972167e7'],
    ['originate-not-found.esl', 'unreachable', 'UNALLOCATED_NUMBER', '7b11c455-b256-47b7-bc5a-ca7444a04ba9'],
    ['originate-no-answer.esl', 'silent', 'NO_ANSWER', '3329a430-3143-4e43-9eb5-e01dd0f8d955'],
  ])('%s', async (file, behaviour, cause, leg) => {
    await script(consultant, { behaviour });
    esl.send(`bgapi ${originate(a, consultant).replace('originate_timeout=4', 'originate_timeout=1')}`);
    await esl.reply();
    const job = await esl.event('BACKGROUND_JOB');
    expect(job.body).toBe(`-ERR ${cause}\n`);
    await esl.until(() => esl.events.some((event) => event.name === 'CHANNEL_DESTROY'));
    const mine = esl.events.filter((event) => event.name !== 'BACKGROUND_JOB');
    expect(story(mine, { [a]: 'A' })).toEqual(recorded(file, { [leg]: 'A' }, leg));
    const end = mine.find((event) => event.name === 'CHANNEL_HANGUP_COMPLETE')!;
    expect(variablesOf(end)).toMatchObject({ hangup_cause: cause, answer_uepoch: '0', billsec: '0' });
  });

  it('a phone that declines ends CALL_REJECTED, one in a call USER_BUSY', async () => {
    await script(consultant, { behaviour: 'refuses' });
    expect(await esl.api(originate(a, consultant))).toBe('-ERR CALL_REJECTED\n');
    await parked(b, caller);
    expect(await esl.api(originate(a, caller))).toBe('-ERR USER_BUSY\n');
  });
});

describe('two legs joined', () => {
  it('bridge, a key on each side, B hangs up: as recorded', async () => {
    const names = {
      'cb5c5449-a4dd-4e39-983f-569b82bd166e': 'A',
      'b8f41bf0-d45c-4fde-b701-f9046f1d24ec': 'B',
    };
    await parked(b, consultant);
    await parked(a, caller);
    expect(await esl.api(`uuid_bridge ${a} ${b}`)).toBe(`+OK ${b}\n`);
    const bridged = await esl.event('CHANNEL_BRIDGE', a);
    await phone(consultant, 'keys', { digits: '1' });
    await phone(caller, 'keys', { digits: '1' });
    await phone(consultant, 'hangup');
    await esl.event('CHANNEL_DESTROY', a);
    const order = (lines: string[]): string[] => lines.filter((line) => !line.startsWith('BACKGROUND_JOB'));
    expect(order(story(esl.events, legs))).toEqual(order(recorded('bridge-consultant-hangs-up.esl', names)));
    const ends = esl.events.filter((event) => event.name === 'CHANNEL_HANGUP_COMPLETE');
    expect(ends.map((end) => end.headers['variable_bridge_uepoch'])).toEqual([
      bridged.headers['Event-Date-Timestamp'],
      bridged.headers['Event-Date-Timestamp'],
    ]);
    const recordedBridge = eventsOf(transcript('bridge-consultant-hangs-up.esl')).find(
      (event) => event.name === 'CHANNEL_BRIDGE',
    )!;
    expect(headerNames(bridged)).toEqual(headerNames(recordedBridge));
  });

  it('a warning to A, B leaves, A parks again for the farewell, is killed: as recorded', async () => {
    const names = {
      '1a4063a3-89c7-4a20-8af8-780b22e3f778': 'A',
      'cd307199-5ba7-44c4-af4f-6c72590df4a7': 'B',
    };
    await parked(b, consultant, ',hangup_after_bridge=true');
    await parked(a, caller, ',park_after_bridge=true,hangup_after_bridge=false');
    await esl.api(`uuid_bridge ${a} ${b}`);
    await esl.event('CHANNEL_BRIDGE', a);
    await phone(consultant, 'keys', { digits: '1' });
    expect(await esl.api(`uuid_broadcast ${a} ${price} aleg`)).toBe('+OK Message sent\n');
    await esl.event('CHANNEL_EXECUTE_COMPLETE', a);
    await phone(consultant, 'hangup');
    await esl.event('CHANNEL_PARK', a);
    await esl.event('CHANNEL_DESTROY', b);
    expect(await esl.execute(a, 'playback', price, 'farewell')).toBe('+OK');
    await esl.event('CHANNEL_EXECUTE_COMPLETE', a);
    await esl.api(`uuid_kill ${a}`);
    await esl.event('CHANNEL_DESTROY', a);
    // Which of two parked legs is told first to leave its park, FreeSWITCH's threads decide.
    const order = (lines: string[]): string[] => {
      const kept = lines.filter((line) => !/^(BACKGROUND_JOB|CHANNEL_PROGRESS)/.test(line));
      const leaves = (line: string): boolean => line.includes(' park _none_');
      return [...kept.filter((line) => !leaves(line)), ...kept.filter(leaves).sort()];
    };
    const theirs = order(recorded('bridge-warn-extend-record-survey.esl', names));
    // The recorded phones rang without a 180.
    const mine = order(story(esl.events, legs)).map((line) =>
      line.replace(/^(CHANNEL_ANSWER .*) RINGING/, '$1 DOWN'),
    );
    expect(mine).toEqual(theirs);
  });

  it('B is cut while a prompt plays to A: A notices when it is over', async () => {
    const names = {
      '1b368e39-2ae1-4ce9-90a9-0e29b449cf41': 'A',
      '190bd7bb-37d7-4881-a473-3217367c857c': 'B',
    };
    await parked(b, consultant, ',hangup_after_bridge=true');
    await parked(a, caller);
    await esl.api(
      `uuid_setvar_multi ${a} park_after_bridge=true;hangup_after_bridge=false;park_timeout=20:NORMAL_CLEARING`,
    );
    await esl.execute(a, 'playback', 'tone_stream://%(1000,0,400);loops=-1', 'music');
    await esl.event('PLAYBACK_START', a);
    await esl.api(`uuid_bridge ${a} ${b}`);
    const bridged = await esl.event('CHANNEL_BRIDGE', a);
    const from = esl.events.indexOf(bridged);
    await esl.api(`uuid_broadcast ${a} ${price} aleg`);
    await esl.event('PLAYBACK_START', a);
    expect(await esl.api(`uuid_kill ${b} ALLOTTED_TIMEOUT`)).toBe('+OK\n');
    await esl.event('CHANNEL_PARK', a);
    await esl.execute(a, 'playback', 'silence_stream://800', 'pause');
    await esl.execute(a, 'hangup', 'NORMAL_CLEARING', 'bye');
    await esl.event('CHANNEL_DESTROY', a);
    const theirs = recorded('json-events-of-a-paid-callback.esl', names);
    const theirsFrom = theirs.findIndex((line) => line.startsWith('CHANNEL_BRIDGE'));
    // When B's session is taken down is its own thread's business.
    const order = (lines: string[]): string[] =>
      lines.filter((line) => !line.startsWith('CHANNEL_DESTROY B'));
    expect(order(story(esl.events.slice(from), legs))).toEqual(order(theirs.slice(theirsFrom)));
    const before = story(esl.events.slice(0, from), legs);
    expect(before.filter((line) => line.includes('PLAYBACK ERROR'))).toHaveLength(2);
    const park = esl.events.find(
      (event) => event.name === 'CHANNEL_PARK' && event.headers['Channel-State'] === 'CS_PARK',
    )!;
    expect(variablesOf(park)).not.toHaveProperty('park_timeout');
    expect(variablesOf(park)).not.toHaveProperty('park_after_bridge');
  });

  it('A leaves: B, told to park, parks before the unbridge', async () => {
    await parked(b, consultant, ',park_after_bridge=true');
    await parked(a, caller);
    await esl.api(`uuid_bridge ${a} ${b}`);
    await esl.event('CHANNEL_BRIDGE', a);
    const from = esl.events.length;
    await phone(caller, 'hangup');
    await esl.event('CHANNEL_DESTROY', a);
    expect(story(esl.events.slice(from), legs).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'CHANNEL_HANGUP A CS_SOFT_EXECUTE',
      'CHANNEL_PARK B CS_PARK',
      'CHANNEL_UNBRIDGE A CS_SOFT_EXECUTE',
      'CHANNEL_HANGUP_COMPLETE A CS_REPORTING',
      'CHANNEL_DESTROY A CS_REPORTING',
    ]);
  });
});

describe('an inbound call', () => {
  const cli = '+33612345678';
  const ddi = '+33899000001';

  async function arrives(): Promise<string> {
    await phone(cli, 'dial', { to: ddi });
    const parkedEvent = await esl.event('CHANNEL_PARK');
    expect(parkedEvent.headers).toMatchObject({
      'Call-Direction': 'inbound',
      'Answer-State': 'ringing',
      'Caller-Caller-ID-Number': cli,
      'Caller-Destination-Number': ddi,
      variable_ringmeter_inbound: 'true',
    });
    return parkedEvent.headers['Unique-ID'] ?? '';
  }

  /** From the park on; before it the recorded dialplan differs. */
  function afterPark(lines: string[]): string[] {
    return lines.slice(lines.findIndex((line) => line.startsWith('CHANNEL_PARK')) + 1);
  }

  it('comes as recorded: created, marked, rung, guarded, parked', async () => {
    const leg = await arrives();
    const dialplan = story(esl.events, { [leg]: 'C' }).map((line) =>
      line.replace(/'playback:\S+,(hangup:\w+)'/, 'playback,$1'),
    );
    expect(dialplan).toEqual([
      'CHANNEL_CREATE C CS_INIT DOWN ringing',
      'CHANNEL_EXECUTE_COMPLETE C CS_EXECUTE RINGING ringing set ringmeter_inbound=true _none_',
      'CHANNEL_EXECUTE_COMPLETE C CS_EXECUTE RINGING ringing set digits_dialed_filter=.+ _none_',
      'CHANNEL_EXECUTE_COMPLETE C CS_EXECUTE RINGING ringing set media_timeout=30000 _none_',
      'CHANNEL_PROGRESS C CS_EXECUTE RINGING ringing',
      'CHANNEL_EXECUTE_COMPLETE C CS_EXECUTE RINGING ringing ring_ready _none_',
      'CHANNEL_EXECUTE_COMPLETE C CS_EXECUTE RINGING ringing sched_transfer +8 playback,hangup:NORMAL_TEMPORARY_FAILURE inline _none_',
      'CHANNEL_PARK C CS_EXECUTE RINGING ringing',
    ]);
    const recordedCreate = eventsOf(transcript('inbound-client-code.esl'))[0]!;
    expect(headerNames(esl.events[0]!)).toEqual(headerNames(recordedCreate));
    expect(await esl.api(`sched_del ${leg}`)).toBe('+OK Deleted: 1\n');
    expect(await esl.api('show tasks as json')).toBe('{"row_count": 0}\n');
  });

  it('a client code typed over the prompt, a missing file, a hang-up: as recorded', async () => {
    const recordedLeg = '1e1396d5-3201-4357-934e-cca12fa856a6';
    const leg = await arrives();
    await esl.execute(leg, 'answer', '', 'answer');
    const ask = `4 6 3 5000 # ${price} silence_stream://250 pin_entry \\d+ 3000`;
    await esl.execute(leg, 'play_and_get_digits', ask, 'code');
    await esl.event('PLAYBACK_START', leg);
    await phone(cli, 'keys', { digits: '4821#' });
    const done = await esl.event('CHANNEL_EXECUTE_COMPLETE', leg);
    expect(done.headers).toMatchObject({
      'Application-UUID': 'code',
      variable_pin_entry: '4821',
      variable_read_result: 'success',
      variable_read_terminator_used: '#',
    });
    await esl.execute(leg, 'playback', '/srv/prompts/audio/nosuch.wav', 'missing');
    await esl.execute(leg, 'hangup', 'NORMAL_CLEARING', 'bye');
    const end = await esl.event('CHANNEL_HANGUP_COMPLETE', leg);
    // What the dialplan hides.
    expect(end.headers['variable_digits_dialed']).toBe('XXXXX');
    await esl.event('CHANNEL_DESTROY', leg);
    expect(afterPark(story(esl.events, { [leg]: 'C' }))).toEqual(
      afterPark(recorded('inbound-client-code.esl', { [recordedLeg]: 'C' }, recordedLeg)),
    );
  });

  it('silence, then the caller hangs up in the prompt: as recorded', async () => {
    const recordedLeg = 'd1f04c8f-c84d-4240-b238-44d8a360aba9';
    const leg = await arrives();
    await esl.execute(leg, 'answer', '', 'answer');
    const ask = '4 6 1 2000 # silence_stream://250 silence_stream://250 pin_entry \\d+ 1500';
    await esl.execute(leg, 'play_and_get_digits', ask, 'code');
    const done = await esl.event(
      'CHANNEL_EXECUTE_COMPLETE',
      (event) => event.headers['Application-UUID'] === 'code',
    );
    expect(done.headers['variable_read_result']).toBe('failure');
    expect(variablesOf(done)).not.toHaveProperty('pin_entry');
    await esl.execute(leg, 'playback', price, 'price');
    await esl.event('PLAYBACK_START', leg);
    await phone(cli, 'hangup');
    await esl.event('CHANNEL_DESTROY', leg);
    expect(afterPark(story(esl.events, { [leg]: 'C' }))).toEqual(
      afterPark(recorded('inbound-silence-then-caller-hangs-up.esl', { [recordedLeg]: 'C' }, recordedLeg)),
    );
  });

  it('he speaks until silence, a key, a break, his hanging up: as recorded', async () => {
    const theirs = eventsOf(transcript('inbound-record.esl'));
    const recordedLeg = theirs[0]!.headers['Unique-ID']!;
    const leg = await arrives();
    await esl.execute(leg, 'answer', '', 'answer');
    await esl.execute(leg, 'set', 'playback_terminators=#*', 'terminators');
    const file = join(folder, `${leg}.wav`);
    const records = async (how: string, silence: number, act: () => Promise<unknown>): Promise<void> => {
      await esl.execute(leg, 'record', `${file} 20 200 ${String(silence)}`, `record-${how}`);
      await esl.event('RECORD_START', leg);
      await act();
      await esl.event(
        'CHANNEL_EXECUTE_COMPLETE',
        (one) => one.headers['Application-UUID'] === `record-${how}`,
      );
    };
    await records('silence', 1, () => Promise.resolve());
    await records('terminator', 10, () => phone(cli, 'keys', { digits: '5#' }));
    await records('broken', 10, () => esl.api(`uuid_break ${leg} all`));
    await records('hangup', 10, async () => {
      await esl.execute(leg, 'unset', 'playback_terminators', 'terminators-off');
      await esl.execute(leg, 'playback', 'silence_stream://100', 'never');
      await phone(cli, 'hangup');
    });
    await esl.event('CHANNEL_DESTROY', leg);
    const placed = (lines: string[]): string[] => lines.map((line) => line.replace(/\S+C\.wav/, 'C.wav'));
    expect(placed(afterPark(story(esl.events, { [leg]: 'C' })))).toEqual(
      placed(afterPark(recorded('inbound-record.esl', { [recordedLeg]: 'C' }, recordedLeg))),
    );
    // How each of them ended is in the variables, and their names are the same.
    const taken = (events: EventFrame[]): Record<string, string>[] =>
      events
        .filter((one) => one.name === 'CHANNEL_EXECUTE_COMPLETE' && one.headers['Application'] === 'record')
        .map((one) =>
          Object.fromEntries(
            Object.entries(variablesOf(one))
              .filter(([name]) => /^record_|^silence_hits|^playback_term/.test(name))
              .map(([name, value]) => [name, /^\d+$/.test(value) ? 'a number' : value]),
          ),
        );
    expect(taken(esl.events)).toEqual(taken(theirs));
  });

  it('a key over an announcement, which is then broken off: as recorded', async () => {
    const recordedLeg = eventsOf(transcript('inbound-key-during-announcement.esl'))[0]!.headers['Unique-ID']!;
    const leg = await arrives();
    await esl.execute(leg, 'answer', '', 'answer');
    await esl.execute(leg, 'playback', 'local_stream://moh', 'moh');
    await esl.event('PLAYBACK_START', leg);
    await phone(cli, 'keys', { digits: '2' });
    await esl.event('DTMF', leg);
    expect(await esl.api(`uuid_break ${leg} all`)).toBe('+OK\n');
    const done = await esl.event('CHANNEL_EXECUTE_COMPLETE', leg);
    expect(done.headers['Application-Response']).toBe('FILE PLAYED');
    await esl.execute(leg, 'hangup', '', 'bye');
    await esl.event('CHANNEL_DESTROY', leg);
    const tune = (lines: string[]): string[] =>
      lines.map((line) => line.replace('/srv/prompts/audio/moh/moh.wav', 'local_stream://moh'));
    expect(afterPark(story(esl.events, { [leg]: 'C' }))).toEqual(
      tune(afterPark(recorded('inbound-key-during-announcement.esl', { [recordedLeg]: 'C' }, recordedLeg))),
    );
  });
});
