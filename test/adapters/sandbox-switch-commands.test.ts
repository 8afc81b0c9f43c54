// The sandbox switch's protocol away from the good path, and the commands no transcript holds: bad input, several clients,
// filters, whole-second tasks, the guards a gateway relies on.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSandboxSwitch, type SandboxSwitch } from '../../src/sandbox/switch.ts';
import { freePort } from '../free-port.ts';
import { RawEventSocket } from './raw-event-socket.ts';

const number = '+33612345678';
const a = 'aaaaaaaa-0000-4000-8000-000000000001';
const b = 'bbbbbbbb-0000-4000-8000-000000000002';
const nobody = 'ffffffff-0000-4000-8000-00000000000f';

let sandbox: SandboxSwitch;
let esl: RawEventSocket;

beforeEach(async () => {
  sandbox = await startSandboxSwitch({
    eslPort: await freePort(),
    httpPort: 0,
    password: 'ClueCon',
    speechSpeed: 50,
    silenceSpeed: 50,
  });
  esl = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
});

afterEach(async () => {
  esl.close();
  await sandbox.close();
});

async function script(phone: string, behaviour: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${sandbox.httpPort}/api/phones/${phone}`, {
    method: 'PUT',
    body: JSON.stringify(behaviour),
  });
  expect(response.status).toBe(200);
}

async function press(phone: string, digits: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${sandbox.httpPort}/api/phones/${phone}/keys`, {
    method: 'POST',
    body: JSON.stringify({ digits }),
  });
  expect(response.status).toBe(200);
}

async function parked(uuid: string, phone = number, more = ''): Promise<void> {
  await script(phone, { behaviour: 'answers', answerAfterMs: 0 });
  esl.send(`bgapi originate {origination_uuid=${uuid}${more}}sofia/gateway/carrier/${phone} &park()`);
  await esl.reply();
  await esl.event('CHANNEL_PARK', uuid);
}

describe('signing in', () => {
  it('asks first, refuses a wrong password and says goodbye', async () => {
    const client = await RawEventSocket.open(sandbox.eslPort);
    expect((await client.reply()).headers).toEqual({ 'Content-Type': 'auth/request' });
    client.send('auth wrong');
    expect((await client.reply()).headers['Reply-Text']).toBe('-ERR invalid');
    const goodbye = await client.reply();
    expect(goodbye.headers['Content-Type']).toBe('text/disconnect-notice');
    expect(goodbye.body).toMatch(/^Disconnected, goodbye\./);
    await client.end();
  });

  it.each(['api status', 'event json ALL', 'sendmsg x', 'auth', '   '])(
    'does nothing for "%s" before',
    async (command) => {
      const client = await RawEventSocket.open(sandbox.eslPort);
      await client.reply();
      client.send(`${command}\nauth: ClueCon`);
      expect((await client.reply()).headers['Reply-Text']).toMatch(/^-ERR (command not found|invalid)/);
      client.close();
    },
  );

  it('leaves politely', async () => {
    esl.send('exit');
    expect((await esl.reply()).headers['Reply-Text']).toBe('+OK bye');
    expect((await esl.reply()).headers['Content-Type']).toBe('text/disconnect-notice');
    await esl.end();
  });
});

describe('bad input', () => {
  it.each([
    ['fly me to the moon', '-ERR command not found'],
    ['sendmsg', '-ERR invalid session id []'],
    [
      `sendmsg ${nobody}\ncall-command: execute\nexecute-app-name: answer`,
      `-ERR invalid session id [${nobody}]`,
    ],
    ['event json', '-ERR no keywords supplied'],
    ['event json NOT_AN_EVENT', '-ERR no keywords supplied'],
    ['filter Unique-ID', '-ERR invalid syntax'],
    ['linger', '-ERR not controlling a session'],
    ['divert_events on', '-ERR not controlling a session.'],
  ])('%s', async (command, reply) => {
    esl.send(command);
    expect((await esl.reply()).headers).toEqual({ 'Content-Type': 'command/reply', 'Reply-Text': reply });
  });

  it.each([
    ['nosuchcommand with words', '-ERR nosuchcommand Command not found!\n'],
    ['uuid_exists not-a-uuid', 'false'],
    [`uuid_exists ${nobody}`, 'false'],
    [`uuid_kill ${nobody}`, '-ERR No such channel!\n'],
    ['uuid_kill', '-USAGE: <uuid> [cause]\n'],
    [`uuid_bridge ${nobody} ${nobody}`, '-ERR Invalid uuid\n'],
    ['uuid_bridge one', '-USAGE: <uuid> <other_uuid>\n'],
    [`uuid_broadcast ${nobody} x.wav aleg`, '-ERR invalid uuid\n'],
    [`uuid_setvar_multi ${nobody} a=1;b=2`, '-ERR No such channel!\n'],
    [`uuid_dump ${nobody} json`, '-ERR No such channel!\n'],
    [`uuid_getvar ${nobody}`, '-USAGE: <uuid> <var>\n'],
    [`uuid_break ${nobody} all`, '-ERR No such channel!\n'],
    ['unsched_api 4711', '-ERR No such id\n'],
    ['sched_del no-such-group', '+OK Deleted: 0\n'],
    ['sched_api +5', '-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n'],
    [
      'originate',
      '-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n',
    ],
    ['originate {origination_uuid=x sofia/gateway/g/1 &park()', '-ERR DESTINATION_OUT_OF_ORDER\n'],
    ['originate user/1000 &park()', '-ERR CHAN_NOT_IMPLEMENTED\n'],
    ['originate sofia/external/+331 &park()', '-ERR INVALID_URL\n'],
    ['global_getvar nosuchvar', '-ERR no reply\n'],
  ])('api %s', async (command, reply) => {
    expect(await esl.api(command)).toBe(reply);
  });

  it('takes frames in pieces, in one piece, and with CR', async () => {
    for (const byte of Buffer.from('api echo slow\n\n')) esl.write(Buffer.from([byte]));
    expect((await esl.reply()).body).toBe('slow');
    esl.write(
      '\n\r\napi echo one\r\n\r\napi echo two\n\nbgapi status\nJob-UUID: my-job\n\napi echo three\n\n',
    );
    expect((await esl.reply()).body).toBe('one');
    expect((await esl.reply()).body).toBe('two');
    expect((await esl.reply()).headers['Job-UUID']).toBe('my-job');
    expect((await esl.reply()).body).toBe('three');
  });

  it('takes a line of two megabytes, bytes that are no text, and a body that is announced', async () => {
    esl.send('x'.repeat(2 * 1024 * 1024));
    expect((await esl.reply()).headers['Reply-Text']).toBe('-ERR command not found');
    esl.write(
      Buffer.concat([Buffer.from('api echo '), Buffer.from([0xff, 0xfe, 0x00, 0x25]), Buffer.from('\n\n')]),
    );
    expect((await esl.reply()).body).toContain('%');
    await parked(a);
    const body = 'key=value\n\nwith an empty line in it';
    esl.send(
      `sendmsg ${a}\ncall-command: execute\nexecute-app-name: set\ncontent-type: text/plain\ncontent-length: ${body.length}`,
    );
    esl.write(body);
    expect((await esl.reply()).headers['Reply-Text']).toBe('+OK');
    expect(await esl.api(`uuid_getvar ${a} key`)).toBe('value\n\nwith an empty line in it');
  });

  it('an application nobody knows ends the leg, as in FreeSWITCH', async () => {
    await parked(a);
    await esl.execute(a, 'make_coffee', 'black', 'c');
    expect((await esl.event('CHANNEL_HANGUP', a)).headers['Hangup-Cause']).toBe('DESTINATION_OUT_OF_ORDER');
  });

  it('a misspelt cause silently becomes NORMAL_CLEARING, a right one may have any case', async () => {
    await parked(a);
    await esl.api(`uuid_kill ${a} alloted_timeout`);
    expect((await esl.event('CHANNEL_HANGUP', a)).headers['Hangup-Cause']).toBe('NORMAL_CLEARING');
    await parked(b);
    await esl.api(`uuid_kill ${b} allotted_timeout`);
    expect((await esl.event('CHANNEL_HANGUP', b)).headers['Hangup-Cause']).toBe('ALLOTTED_TIMEOUT');
  });
});

describe('several clients', () => {
  it('each hears what it asked for; one that is cut leaves the calls alone', async () => {
    const other = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
    other.send('noevents');
    expect((await other.reply()).headers['Reply-Text']).toBe('+OK no longer listening for events');
    other.send('event plain CHANNEL_PARK');
    await other.reply();
    await parked(a);
    await other.event('CHANNEL_PARK', a);
    expect(other.events.map((event) => [event.name, event.format])).toEqual([['CHANNEL_PARK', 'plain']]);
    sandbox.cutConnections();
    await Promise.all([other.end(), esl.end()]);
    esl = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
    expect(await esl.api(`uuid_exists ${a}`)).toBe('true');
  });

  it('a negative filter keeps one leg out of one stream', async () => {
    const core = await esl.api('global_getvar core_uuid');
    expect(core).toBe(sandbox.coreUuid);
    esl.send(`filter Core-UUID ${core}`);
    expect((await esl.reply()).headers['Reply-Text']).toBe(`+OK filter added. [Core-UUID]=[${core}]`);
    esl.send(`filter Unique-ID -${a}`);
    expect((await esl.reply()).headers['Reply-Text']).toBe(`+OK filter added. [Unique-ID]=[-${a}]`);
    const other = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
    await script(number, { behaviour: 'answers', answerAfterMs: 0 });
    other.send(`bgapi originate {origination_uuid=${a}}sofia/gateway/carrier/${number} &park()`);
    await other.event('CHANNEL_PARK', a);
    await parked(b, '+33100000009');
    expect(esl.events.filter((event) => event.headers['Unique-ID'] === a)).toEqual([]);
    esl.send(`filter delete Unique-ID -${a}`);
    expect((await esl.reply()).headers['Reply-Text']).toBe(`+OK filter deleted. [Unique-ID][-${a}]`);
    await esl.api(`uuid_kill ${a}`);
    await esl.event('CHANNEL_HANGUP', a);
    other.close();
  });
});

describe('commands', () => {
  it('a blocking originate answers when the call does; what follows waits its turn', async () => {
    await script(number, { behaviour: 'answers', answerAfterMs: 20 });
    esl.send(`api originate {origination_uuid=${a}}sofia/gateway/carrier/${number} &park()`);
    esl.send('api echo after');
    expect((await esl.reply()).body).toBe(`+OK ${a}\n`);
    expect((await esl.reply()).body).toBe('after');
  });

  it('variables of braces and brackets are on the leg, quoted commas kept; the caller ID is shown', async () => {
    await script(number, { behaviour: 'answers', answerAfterMs: 0 });
    const variables = "{origination_caller_id_number=+33155000001,note='a,b c'}";
    esl.send(
      `bgapi originate ${variables}[origination_uuid=${a},leg=1]sofia/gateway/carrier/${number} &park()`,
    );
    const created = await esl.event('CHANNEL_CREATE', a);
    expect(created.headers).toMatchObject({ variable_note: 'a,b c', variable_leg: '1' });
    expect(created.headers['Caller-Caller-ID-Number']).toBe('+33155000001');
    const response = await fetch(`http://127.0.0.1:${sandbox.httpPort}/api/phones/${number}`);
    expect(await response.json()).toMatchObject({ callerId: '+33155000001', leg: a });
  });

  it('tells what lives: channels, bridged calls, one leg whole, status', async () => {
    expect(await esl.api('show channels as json')).toBe('{"row_count": 0}\n');
    expect(await esl.api('show bridged_calls as json')).toBe('{"row_count": 0}\n');
    await parked(a);
    await parked(b, '+33100000009');
    await esl.api(`uuid_bridge ${a} ${b}`);
    const bridged = await esl.event('CHANNEL_BRIDGE', a);
    const channels = JSON.parse(await esl.api('show channels as json')) as {
      row_count: number;
      rows: object[];
    };
    expect(channels).toMatchObject({ row_count: 2, rows: [{ uuid: a, callstate: 'ACTIVE' }, { uuid: b }] });
    const calls = JSON.parse(await esl.api('show bridged_calls as json')) as object;
    expect(calls).toMatchObject({ row_count: 1, rows: [{ uuid: a, b_uuid: b }] });
    const dump = JSON.parse(await esl.api(`uuid_dump ${a} json`)) as Record<string, string>;
    expect(dump).toMatchObject({
      'Answer-State': 'answered',
      'Other-Leg-Unique-ID': b,
      variable_signal_bond: b,
      variable_bridge_uepoch: bridged.headers['Event-Date-Timestamp'],
      'Caller-Channel-Bridged-Time': bridged.headers['Event-Date-Timestamp'],
    });
    expect(await esl.api('status')).toMatch(
      /^UP 0 years, .*\nFreeSWITCH .* is ready\n2 session\(s\) since startup\n/,
    );
  });

  it('a leg that was just killed is unknown at once, and listed a little longer', async () => {
    await parked(a);
    await esl.api(`uuid_kill ${a}`);
    expect(await esl.api(`uuid_exists ${a}`)).toBe('false');
    expect(await esl.api('show channels as json')).toContain(a);
  });

  it('setvar_multi and an empty value that unsets', async () => {
    await parked(a);
    expect(await esl.api(`uuid_setvar_multi ${a} one=1;two=2:TWO;three=`)).toBe('+OK\n');
    expect(await esl.api(`uuid_getvar ${a} two`)).toBe('2:TWO');
    expect(await esl.api(`uuid_getvar ${a} three`)).toBe('_undef_');
    await esl.api(`uuid_setvar ${a} one`);
    expect(await esl.api(`uuid_getvar ${a} one`)).toBe('_undef_');
  });

  it('plays endless music until it is broken off; what waits behind goes with `all`', async () => {
    await parked(a);
    await esl.execute(a, 'playback', 'tone_stream://%(400,200,300);loops=-1', 'music:1');
    await esl.event('PLAYBACK_START', a);
    await esl.execute(a, 'playback', 'silence_stream://10', 'next:1');
    expect(await esl.api(`uuid_break ${a} all`)).toBe('+OK\n');
    const broken = await esl.event('CHANNEL_EXECUTE_COMPLETE', a);
    expect(broken.headers).toMatchObject({
      'Application-UUID': 'music:1',
      'Application-Response': 'FILE PLAYED',
    });
    await esl.execute(a, 'playback', 'silence_stream://10', 'last:1');
    await esl.event('CHANNEL_EXECUTE_COMPLETE', (event) => event.headers['Application-UUID'] === 'last:1');
    expect(esl.events.some((event) => event.headers['Application-UUID'] === 'next:1')).toBe(false);
  });

  it('executes of one leg run one after the other', async () => {
    await parked(a);
    for (const id of ['1', '2', '3']) await esl.execute(a, 'playback', 'silence_stream://200', id);
    await esl.event('CHANNEL_EXECUTE_COMPLETE', (event) => event.headers['Application-UUID'] === '3');
    const order = esl.events
      .filter((event) => /^PLAYBACK|COMPLETE/.test(event.name))
      .map((event) => event.headers['Application-UUID'] ?? event.name);
    expect(order).toEqual(['1', '2', '3'].flatMap((id) => ['PLAYBACK_START', 'PLAYBACK_STOP', id]));
  });
});

describe('recording', () => {
  it('counts the silence it was ended by, as FreeSWITCH does, and has it in the file', async () => {
    await parked(a);
    const dir = await mkdtemp(path.join(tmpdir(), 'ringmeter-record-'));
    try {
      const file = path.join(dir, 'take.wav');
      await esl.execute(a, 'record', `${file} 120 200 5`, 'r');
      const { headers } = await esl.event(
        'CHANNEL_EXECUTE_COMPLETE',
        (event) => event.headers['Application-UUID'] === 'r',
      );
      expect(headers).toMatchObject({
        variable_silence_hits_exhausted: 'true',
        variable_record_ms: '5000',
        variable_record_seconds: '5',
      });
      const wav = await readFile(file);
      expect(wav).toHaveLength(44 + 5 * 16_000);
      expect(wav.subarray(44).every((byte) => byte === 0)).toBe(true);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});

describe('questions', () => {
  async function ask(argument: string): Promise<void> {
    await esl.execute(a, 'play_and_get_digits', argument, 'q');
  }
  const answered = (): Promise<{ headers: Record<string, string> }> =>
    esl.event('CHANNEL_EXECUTE_COMPLETE', (event) => event.headers['Application-UUID'] === 'q');

  it('a key typed a moment before the question counts, once', async () => {
    await parked(a);
    await press(number, '1');
    await ask('1 1 1 8000 # silence_stream://5000 silence_stream://10 key');
    expect((await answered()).headers).toMatchObject({ variable_key: '1', variable_read_result: 'success' });
    expect(esl.events.filter((event) => event.name === 'DTMF')).toHaveLength(1);
  });

  it.each([
    [
      'too few keys fail, but leave what was typed',
      '4 6 1 2000 # silence_stream://10 silence_stream://10 key',
      '12',
      'failure',
      '12',
    ],
    [
      'enough keys and then silence',
      '2 6 1 2000 # silence_stream://5000 silence_stream://10 key',
      '123',
      'timeout',
      '123',
    ],
    [
      'the terminator alone is no key',
      '1 1 1 2000 # silence_stream://5000 silence_stream://10 key',
      '#',
      'success',
      undefined,
    ],
    [
      'a key that does not fit the pattern',
      '1 1 1 2000 # silence_stream://5000 silence_stream://10 key [12]',
      '7',
      'success',
      undefined,
    ],
    [
      'a prompt that does not exist',
      '1 1 1 2000 # /no/such.wav silence_stream://10 key',
      '',
      undefined,
      undefined,
    ],
  ])('%s', async (_what, argument, digits, result, key) => {
    await parked(a);
    await ask(argument);
    if (digits !== '') await press(number, digits);
    const { headers } = await answered();
    expect([headers['variable_read_result'], headers['variable_key']]).toEqual([result, key]);
  });

  it('asks again after a wrong entry, as often as it was told', async () => {
    await parked(a);
    await ask('4 6 3 1000 # silence_stream://10 silence_stream://10 key');
    await answered();
    expect(esl.events.filter((event) => event.name === 'PLAYBACK_START')).toHaveLength(6);
  });

  it('digits of a card leave no event and no trace at the end', async () => {
    await parked(a);
    await esl.api(`uuid_setvar ${a} sensitive_dtmf true`);
    await ask('13 19 1 6000 # silence_stream://5000 silence_stream://100 card');
    await press(number, '4242424242424242#');
    expect((await answered()).headers['variable_card']).toBe('4242424242424242');
    await esl.api(`uuid_setvar ${a} card`);
    await esl.api(`uuid_kill ${a}`);
    const end = await esl.event('CHANNEL_HANGUP_COMPLETE', a);
    expect(JSON.stringify(end.headers)).not.toContain('4242424242424242');
    expect(esl.events.filter((event) => event.name === 'DTMF')).toEqual([]);
  });
});

describe('guards', () => {
  const listedTasks = async (count: number): Promise<Record<string, string>[]> => {
    const { rows = [] } = JSON.parse(await esl.api('show tasks as json')) as {
      rows?: Record<string, string>[];
    };
    expect(rows).toHaveLength(count);
    return rows;
  };

  it('tasks stand in the list by whole seconds, can be moved and deleted', async () => {
    await parked(a);
    const before = Math.floor(Date.now() / 1000);
    expect(await esl.api(`sched_api +60 guard-${a} uuid_kill ${a} MANAGER_REQUEST`)).toMatch(
      /^\+OK Added: \d+\n$/,
    );
    await esl.api(`sched_hangup +90 ${a} allotted_timeout`);
    // The list lags behind what is armed, as a FreeSWITCH's does.
    const rows = await vi.waitFor(() => listedTasks(2));
    expect(rows.map((row) => [row['task_group'], row['task_desc']])).toEqual([
      [`guard-${a}`, 'sched_api_function'],
      [a, 'switch_ivr_schedule_hangup'],
    ]);
    const runtime = Number(rows[0]?.['task_runtime']);
    expect(runtime - before === 60 || runtime - before === 61).toBe(true);
    expect(await esl.api(`unsched_api ${rows[0]?.['task_id']}`)).toBe('+OK\n');
    expect(await esl.api(`sched_del ${a}`)).toBe('+OK Deleted: 1\n');
    await vi.waitFor(() => listedTasks(0));
  });

  it('a task may be set to a second of the switch’s clock; one that has passed is added to now', async () => {
    const now = Number(await esl.api('strepoch'));
    expect(Math.floor(Number(await esl.api('strmicroepoch')) / 1e6) - now).toBeLessThanOrEqual(1);
    await esl.api(`sched_api ${now + 500} limit-${a} uuid_kill ${a}`);
    await esl.api(`sched_api ${now - 10} limit-${a} uuid_kill ${a}`);
    const [ahead, past] = await vi.waitFor(() => listedTasks(2));
    expect(ahead?.['task_runtime']).toBe(String(now + 500));
    expect(Number(past?.['task_runtime'])).toBeGreaterThanOrEqual(2 * now - 10);
  });

  it('a task ends its leg; park_timeout ends one that parks again; a leg takes its own tasks along', async () => {
    await parked(a);
    await parked(b, '+33100000009');
    await esl.api(`sched_api +1 limit-${a} uuid_kill ${a} ALLOTTED_TIMEOUT`);
    expect((await esl.event('CHANNEL_HANGUP', a)).headers['Hangup-Cause']).toBe('ALLOTTED_TIMEOUT');
    await parked(a);
    await esl.api(`uuid_setvar_multi ${a} park_after_bridge=true;park_timeout=1:NORMAL_TEMPORARY_FAILURE`);
    await esl.api(`sched_hangup +600 ${a}`);
    await esl.api(`uuid_bridge ${a} ${b}`);
    await esl.api(`uuid_kill ${b}`);
    await esl.event('CHANNEL_PARK', a);
    expect((await esl.event('CHANNEL_HANGUP', a)).headers['Hangup-Cause']).toBe('NORMAL_TEMPORARY_FAILURE');
    await esl.event('CHANNEL_DESTROY', a);
    await vi.waitFor(() => listedTasks(0));
  });

  it('an inline transfer plays as early media and hangs up with its cause', async () => {
    const response = await fetch(`http://127.0.0.1:${sandbox.httpPort}/api/phones/${number}/dial`, {
      method: 'POST',
      body: JSON.stringify({ to: '+33899000001' }),
    });
    expect(response.status).toBe(200);
    const leg = (await esl.event('CHANNEL_PARK')).headers['Unique-ID'] ?? '';
    await esl.api(`sched_del ${leg}`);
    const to = "'playback:silence_stream://400,hangup:NORMAL_TEMPORARY_FAILURE'";
    expect(await esl.api(`sched_transfer +1 ${leg} ${to} inline`)).toBe('+OK\n');
    const end = await esl.event('CHANNEL_HANGUP_COMPLETE', leg);
    expect(end.headers['Hangup-Cause']).toBe('NORMAL_TEMPORARY_FAILURE');
    await esl.event('CHANNEL_DESTROY', leg);
    const told = esl.events.map((event) => event.name);
    expect(told.slice(told.indexOf('CHANNEL_PROGRESS_MEDIA'))).toEqual([
      'CHANNEL_PROGRESS_MEDIA',
      'PLAYBACK_START',
      'PLAYBACK_STOP',
      'CHANNEL_EXECUTE_COMPLETE',
      'CHANNEL_HANGUP',
      'CHANNEL_EXECUTE_COMPLETE',
      'CHANNEL_HANGUP_COMPLETE',
      'CHANNEL_DESTROY',
    ]);
  });

  it('a crash forgets everything and gives the port free; the next switch is another core', async () => {
    await parked(a);
    const { eslPort, coreUuid } = sandbox;
    await sandbox.crash();
    await esl.end();
    sandbox = await startSandboxSwitch({ eslPort, httpPort: 0, password: 'ClueCon' });
    esl = await RawEventSocket.signedIn(eslPort, 'ClueCon');
    expect(await esl.api(`uuid_exists ${a}`)).toBe('false');
    expect(await esl.api('global_getvar core_uuid')).not.toBe(coreUuid);
  });
});
