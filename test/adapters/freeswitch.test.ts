import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import type { Sentence } from '../../src/core/prompt.ts';
import type { SwitchEvent } from '../../src/flow/ports.ts';
import { music } from '../../src/telephony/dial-string.ts';
import { ringBackOf } from '../../src/telephony/ring-back.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';
import { HandClock } from './hand-clock.ts';
import {
  apiResponse,
  commandReply,
  coreUuid,
  eventsOf,
  healthy,
  jsonEvent,
  ScriptedSwitch,
} from './scripted-switch.ts';

const aLeg = '1b368e39-2ae1-4ce9-90a9-0e29b449cf41' as LegUuid;
const bLeg = '190bd7bb-37d7-4881-a473-3217367c857c' as LegUuid;
const reminder: Sentence = { language: 'en', key: 'caller_reminder' };

let peer: ScriptedSwitch;
let clock: HandClock;
let dir: string;
let freeSwitch: FreeSwitch;
let told: SwitchEvent[];
let warnings: string[];

/** Ticks of input and output until it holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
/** Everything sent before has been heard: a question and its answer behind it. */
async function settled(): Promise<void> {
  await freeSwitch.look('00000000-0000-4000-8000-000000000000' as LegUuid);
}
const commandsSince = (count: number): string[] => peer.commands.slice(count);
const ringing = (leg: LegUuid) => ({
  leg,
  to: '+33612345678' as E164,
  callerId: '+33155000001' as E164,
  ringSeconds: 25,
  guardSeconds: 60,
});
const event = (name: string, leg: LegUuid, more: Record<string, string> = {}): string =>
  jsonEvent({ 'Event-Name': name, 'Unique-ID': leg, 'Event-Date-Timestamp': '1795292222712330', ...more });

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ringmeter prompts '));
  peer = await ScriptedSwitch.start();
  clock = new HandClock();
  [told, warnings] = [[], []];
  freeSwitch = new FreeSwitch({
    id: 'sw1',
    host: '127.0.0.1',
    port: peer.port,
    password: 'secret',
    destination: { kind: 'gateway', name: 'carrier' },
    country: 'FR',
    // No voice: these tests are about commands and events.
    prompts: { dir, dirAtSwitch: '/srv/prompts', engine: 'no-such-engine-here' },
    clock,
    log: {
      info: () => undefined,
      warn: (_, message) => void warnings.push(message),
      error: (_, message) => void warnings.push(message),
    },
    chance: () => 0,
  });
  freeSwitch.onEvent((one) => void told.push(one));
  freeSwitch.start();
  await until(() => told.length === 1);
});
afterEach(async () => {
  await freeSwitch.stop();
  await peer.close();
  await rm(dir, { recursive: true, force: true });
});

describe('what the switch tells', () => {
  test('a paid callback from first ring to last hang-up', async () => {
    for (const one of eventsOf('json-events-of-a-paid-callback.esl')) peer.send(jsonEvent(one));
    const phoneB = '78ca13f6-7406-4dc8-b23f-244e79f7231e';
    const phoneA = 'c9870fcb-413a-49b2-82f5-fe42f50c7086';
    const expected: SwitchEvent[] = [
      { type: 'linkUp', coreUuid },
      // The two telephones of this recording stood at the same switch: their legs come in, not through our dialplan.
      { type: 'legAnswered', leg: bLeg, atUs: 1795292217892181n },
      { type: 'legAnswered', leg: phoneB as LegUuid, atUs: 1795292218152336n },
      { type: 'legAnswered', leg: aLeg, atUs: 1795292220573860n },
      { type: 'legsBridged', aLeg, bLeg, atUs: 1795292222712330n },
      {
        type: 'legEnded',
        leg: phoneB as LegUuid,
        cause: 'normal',
        switchCause: 'NORMAL_CLEARING',
        answeredAtUs: 1795292218152336n,
        endedAtUs: 1795292225232454n,
      },
      { type: 'legAnswered', leg: phoneA as LegUuid, atUs: 1795292225792157n },
      {
        type: 'legEnded',
        leg: bLeg,
        cause: 'limit_reached',
        switchCause: 'ALLOTTED_TIMEOUT',
        answeredAtUs: 1795292217892181n,
        bridgedAtUs: 1795292222712330n,
        endedAtUs: 1795292227754319n,
      },
      {
        type: 'legsUnbridged',
        aLeg,
        bLeg,
        atUs: 1795292229432159n,
        left: { leg: bLeg, cause: 'limit_reached' },
      },
      {
        type: 'legEnded',
        leg: aLeg,
        cause: 'normal',
        switchCause: 'NORMAL_CLEARING',
        answeredAtUs: 1795292220573860n,
        bridgedAtUs: 1795292222712330n,
        endedAtUs: 1795292230252493n,
        otherCause: 'limit_reached',
      },
    ];
    await until(() => told.length >= expected.length);
    await settled();
    expect(told).toEqual(expected);
  });

  test.each([
    ['originate-busy.esl', 'busy', 'USER_BUSY', 1795289590192137n],
    ['originate-not-found.esl', 'unreachable', 'UNALLOCATED_NUMBER', 1795289596412136n],
    ['originate-no-answer.esl', 'no_answer', 'NO_ANSWER', 1795289601012166n],
  ])('%s: the leg ends exactly once, as %s', async (name, cause, switchCause, endedAtUs) => {
    const [first] = eventsOf(name);
    const recorded = first?.['Unique-ID'] ?? '';
    const recordedJob =
      eventsOf(name).find((one) => one['Event-Name'] === 'BACKGROUND_JOB')?.['Job-UUID'] ?? '';
    peer.answer = (command, at) => {
      if (!command.startsWith('bgapi originate')) return healthy(command, at);
      const job = /^Job-UUID: (.*)$/m.exec(command)?.[1] ?? '';
      // The recording goes on with the next call; only this leg's part is ours.
      const frames = eventsOf(name)
        .filter((one) => one['Unique-ID'] === recorded || one['Job-UUID'] === recordedJob)
        .map((one) => jsonEvent(one).replaceAll(recorded, aLeg).replaceAll(recordedJob, job));
      return commandReply(`+OK Job-UUID: ${job}`) + frames.join('');
    };
    expect(await freeSwitch.ring(ringing(aLeg))).toEqual({ outcome: 'done' });
    await until(() => told.length >= 2);
    await settled();
    expect(told.slice(1)).toEqual([{ type: 'legEnded', leg: aLeg, cause, switchCause, endedAtUs }]);
  });

  const failing = (body: string, exists: () => string): void => {
    peer.answer = (command, at) => {
      if (command === `api uuid_exists ${aLeg}`) return apiResponse(exists());
      if (!command.startsWith('bgapi originate')) return healthy(command, at);
      const job = /^Job-UUID: (.*)$/m.exec(command)?.[1] ?? '';
      return (
        commandReply(`+OK Job-UUID: ${job}`) +
        jsonEvent({
          'Event-Name': 'BACKGROUND_JOB',
          'Event-Date-Timestamp': '17',
          'Job-UUID': job,
          _body: body,
        })
      );
    };
  };

  test.each([
    ['INVALID_GATEWAY', 'failed'],
    // The switch's own refusal: max-sessions, sessions-per-second.
    ['DESTINATION_OUT_OF_ORDER', 'congestion'],
  ])(
    'an originate that fails without a channel (%s) ends its leg by the job alone',
    async (switchCause, cause) => {
      failing(`-ERR ${switchCause}\n`, () => 'false');
      expect(await freeSwitch.ring(ringing(aLeg))).toEqual({ outcome: 'done' });
      await until(() => told.length >= 2);
      await settled();
      expect(told.slice(1)).toEqual([{ type: 'legEnded', leg: aLeg, cause, switchCause, endedAtUs: 17n }]);
      expect(peer.commands.at(-3)).toBe('api unsched_api 7');
    },
  );

  test('an originate refused because its uuid lives ends nothing', async () => {
    let asked = 0;
    failing('-ERR DESTINATION_OUT_OF_ORDER\n', () => (asked++ === 0 ? 'false' : 'true'));
    await freeSwitch.ring(ringing(aLeg));
    await until(() => asked === 2);
    await settled();
    expect(told).toHaveLength(1);
  });

  test('results of questions: read_result decides, late and foreign ones keep their names', async () => {
    const asked = { Application: 'play_and_get_digits', 'Answer-State': 'answered' };
    const executed = (more: Record<string, string>): void =>
      peer.send(event('CHANNEL_EXECUTE_COMPLETE', aLeg, { ...asked, ...more }));
    executed({
      'Application-UUID': 'ask:op_1',
      variable_read_result: 'success',
      variable_ringmeter_key: '1',
    });
    executed({
      'Application-UUID': 'ask:op_2',
      variable_read_result: 'failure',
      variable_ringmeter_key: '3',
    });
    executed({ 'Application-UUID': 'ask:op_3', variable_read_result: 'success' });
    executed({ 'Application-UUID': 'ask:op_4', variable_read_result: 'timeout', 'Answer-State': 'hangup' });
    executed({ 'Application-UUID': '2d492e36-7638-4b00-9afb-d3350bf2cc08', variable_read_result: 'success' });
    executed({
      'Application-UUID': 'play:op_5',
      Application: 'playback',
      'Application-Response': 'FILE PLAYED',
    });
    executed({
      'Application-UUID': 'play:op_6',
      Application: 'playback',
      'Application-Response': 'FILE NOT FOUND',
    });
    executed({
      'Application-UUID': 'music:1',
      Application: 'playback',
      'Application-Response': 'FILE PLAYED',
    });
    await settled();
    expect(told.slice(1)).toEqual([
      { type: 'keyGiven', leg: aLeg, request: 'op_1', key: '1' },
      { type: 'noKeyGiven', leg: aLeg, request: 'op_2' },
      { type: 'noKeyGiven', leg: aLeg, request: 'op_3' },
      { type: 'played', leg: aLeg, request: 'op_5' },
      { type: 'played', leg: aLeg, request: 'op_6' },
    ]);
    expect(warnings).toContain('The switch does not find a prompt.');
  });

  // As heard from a FreeSWITCH whose telephones stopped sending, one after the other and both at once.
  test('who fell silent first is told by either leg, and by their parting', async () => {
    const bridged = { 'Caller-Channel-Bridged-Time': '1795292222712330' };
    const ended = (leg: LegUuid, cause: string, other?: string): void =>
      peer.send(
        event('CHANNEL_HANGUP_COMPLETE', leg, {
          ...bridged,
          variable_hangup_cause: cause,
          ...(other && { variable_last_bridge_hangup_cause: other }),
        }),
      );
    const parted = (more: Record<string, string>): void =>
      peer.send(
        event('CHANNEL_UNBRIDGE', aLeg, {
          'Bridge-A-Unique-ID': aLeg,
          'Bridge-B-Unique-ID': bLeg,
          ...more,
        }),
      );
    parted({ 'Hangup-Cause': 'MEDIA_TIMEOUT', variable_bridge_hangup_cause: 'NORMAL_CLEARING' });
    ended(bLeg, 'NORMAL_CLEARING', 'MEDIA_TIMEOUT');
    ended(aLeg, 'MEDIA_TIMEOUT');
    parted({ 'Hangup-Cause': 'MEDIA_TIMEOUT', variable_last_bridge_hangup_cause: 'NORMAL_CLEARING' });
    parted({});
    await settled();
    expect(told.slice(1)).toMatchObject([
      { type: 'legsUnbridged', left: { leg: aLeg, cause: 'media_timeout' } },
      { type: 'legEnded', leg: bLeg, cause: 'normal', otherCause: 'media_timeout' },
      { type: 'legEnded', leg: aLeg, cause: 'media_timeout' },
      { type: 'legsUnbridged', left: { leg: bLeg, cause: 'normal' } },
      { type: 'legsUnbridged' },
    ]);
    expect(told[3]).not.toHaveProperty('otherCause');
    expect(told.at(-1)).not.toHaveProperty('left');
  });

  test('keys are told in a talk only, and never while card digits are typed', async () => {
    const talking = { 'DTMF-Digit': '5', 'Caller-Channel-Bridged-Time': '1795292222712330' };
    peer.send(event('DTMF', aLeg, { ...talking, 'Channel-State': 'CS_SOFT_EXECUTE' }));
    peer.send(event('DTMF', bLeg, { ...talking, 'Channel-State': 'CS_EXCHANGE_MEDIA', 'DTMF-Digit': '#' }));
    peer.send(
      event('DTMF', aLeg, {
        'DTMF-Digit': '1',
        'Caller-Channel-Bridged-Time': '0',
        'Channel-State': 'CS_EXECUTE',
      }),
    );
    peer.send(event('DTMF', aLeg, { ...talking, 'Channel-State': 'CS_PARK' }));
    peer.send(
      event('DTMF', aLeg, {
        ...talking,
        'Channel-State': 'CS_SOFT_EXECUTE',
        variable_sensitive_dtmf: 'true',
      }),
    );
    peer.send(event('DTMF', aLeg, { ...talking, 'Channel-State': 'CS_SOFT_EXECUTE', 'DTMF-Digit': '4111' }));
    peer.send(
      event('CHANNEL_EXECUTE_COMPLETE', aLeg, {
        'Application-UUID': 'ask:op_1',
        'Answer-State': 'answered',
        variable_read_result: 'success',
        variable_ringmeter_key: '4',
        variable_sensitive_dtmf: 'true',
      }),
    );
    await settled();
    expect(told.slice(1)).toEqual([
      { type: 'keyPressed', leg: aLeg, key: '5' },
      { type: 'keyPressed', leg: bLeg, key: '#' },
    ]);
  });

  test('events without a leg, of other kinds, with times that are none, tell nothing', async () => {
    for (const odd of [
      jsonEvent({ 'Event-Name': 'CHANNEL_PARK' }),
      event('CHANNEL_PARK', 'not-a-uuid' as LegUuid),
      event('CHANNEL_BRIDGE', aLeg, { 'Bridge-A-Unique-ID': aLeg }),
      event('CHANNEL_PARK', aLeg, { 'Call-Direction': 'outbound', 'Answer-State': 'ringing' }),
      event('CHANNEL_SOMETHING', aLeg),
      jsonEvent({ 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': 'whose', _body: '-ERR USER_BUSY' }),
    ]) {
      peer.send(odd);
    }
    await settled();
    expect(told).toHaveLength(1);
  });
});

describe('commands', () => {
  test('ringing arms the guard before it dials', async () => {
    const before = peer.commands.length;
    expect(await freeSwitch.ring(ringing(aLeg))).toEqual({ outcome: 'done' });
    const [exists, guard, originate, ...rest] = commandsSince(before);
    expect(exists).toBe(`api uuid_exists ${aLeg}`);
    expect(guard).toBe(`api sched_api +60 guard-${aLeg} uuid_kill ${aLeg} MANAGER_REQUEST`);
    expect(originate).toMatch(
      /^bgapi originate \{origination_uuid=1b368e39.*\}sofia\/gateway\/carrier\/\+33612345678 &park\(\)\nJob-UUID: /,
    );
    expect(rest).toEqual([]);
  });

  test('nothing is dialled when the guard cannot be armed, or when the leg lives already', async () => {
    peer.answer = (command, at) =>
      command.startsWith('api sched_api') ? apiResponse('-ERR Invalid syntax\n') : healthy(command, at);
    expect(await freeSwitch.ring(ringing(aLeg))).toMatchObject({ outcome: 'refused' });
    peer.answer = (command, at) =>
      command.startsWith('api uuid_exists') ? apiResponse('true') : healthy(command, at);
    expect(await freeSwitch.ring(ringing(bLeg))).toEqual({ outcome: 'done' });
    expect(peer.commands.some((command) => command.startsWith('bgapi'))).toBe(false);
  });

  test('a leg hung up before the switch has made it is ended when it appears', async () => {
    peer.answer = (command, at) =>
      command.startsWith('api uuid_kill') ? apiResponse('-ERR No such channel!\n') : healthy(command, at);
    await freeSwitch.ring(ringing(aLeg));
    expect(await freeSwitch.hangUp(aLeg, 'stopped')).toEqual({ outcome: 'done' });
    expect(await freeSwitch.look(aLeg)).toEqual({ state: 'unknown' });
    const killed = peer.command(`api uuid_kill ${aLeg} ORIGINATOR_CANCEL`);
    peer.send(event('CHANNEL_CREATE', aLeg, { 'Call-Direction': 'outbound' }));
    await killed;
    expect(await freeSwitch.hangUp(bLeg, 'normal')).toEqual({ outcome: 'gone' });
  });

  test('a hang-up ordered together with the ring does not let the phone ring on', async () => {
    peer.answer = (command, at) =>
      command.startsWith('api uuid_kill') ? apiResponse('-ERR No such channel!\n') : healthy(command, at);
    const [rung, ended] = await Promise.all([
      freeSwitch.ring(ringing(aLeg)),
      freeSwitch.hangUp(aLeg, 'stopped'),
    ]);
    expect([rung, ended]).toEqual([{ outcome: 'done' }, { outcome: 'done' }]);
    const killed = peer.command(`api uuid_kill ${aLeg}`);
    peer.send(event('CHANNEL_CREATE', aLeg));
    await killed;
  });

  test('commands of one leg keep their order, of two legs do not wait for each other, and a hang-up waits for nobody', async () => {
    const answers: (() => void)[] = [];
    peer.answer = (command, at) => {
      if (!command.startsWith(`sendmsg ${aLeg}`)) return healthy(command, at);
      answers.push(() => at.send(commandReply('+OK')));
      return undefined;
    };
    const before = peer.commands.length;
    const first = freeSwitch.play(aLeg, 'op_1', reminder);
    const second = freeSwitch.play(aLeg, 'op_2', reminder);
    await until(() => answers.length === 1);
    void freeSwitch.hangUp(aLeg, 'limit_reached');
    await until(() => peer.commands.some((command) => command.startsWith('api uuid_kill')));
    expect(commandsSince(before).filter((command) => command.includes('play:op_2'))).toEqual([]);
    answers[0]?.();
    await until(() => answers.length === 2);
    answers[1]?.();
    expect(await Promise.all([first, second])).toEqual([{ outcome: 'done' }, { outcome: 'done' }]);
  });

  test('music is broken before the next command, once, and looked after when it missed the break', async () => {
    await freeSwitch.playMusic(aLeg);
    const before = peer.commands.length;
    await freeSwitch.play(aLeg, 'op_1', reminder);
    await freeSwitch.play(aLeg, 'op_2', reminder);
    expect(commandsSince(before).filter((command) => command.startsWith('api'))).toEqual([
      `api uuid_break ${aLeg} all`,
    ]);
    peer.answer = (command, at) =>
      command.startsWith('api uuid_getvar') ? apiResponse(music) : healthy(command, at);
    const again = peer.command(`api uuid_break ${aLeg}`);
    clock.turn(300);
    expect(await again).toBe(`api uuid_break ${aLeg}`);
  });

  test('the tone of a telephone that rings, as the country of the trunk makes it, is broken like music', async () => {
    await freeSwitch.playMusic(aLeg, 'tone');
    expect(peer.commands.at(-1)).toContain(ringBackOf('FR'));
    const before = peer.commands.length;
    await freeSwitch.play(aLeg, 'op_1', reminder);
    expect(commandsSince(before).filter((command) => command.startsWith('api'))).toEqual([
      `api uuid_break ${aLeg} all`,
    ]);
  });

  test('a ringing tone of the gateway before us, from whichever country, is found and broken', async () => {
    peer.answer = (command, at) =>
      command.startsWith('api uuid_getvar') ? apiResponse(ringBackOf('US')) : healthy(command, at);
    await freeSwitch.play(aLeg, 'op_1', reminder);
    expect(peer.commands.filter((command) => command.includes('uuid_break'))).toEqual([
      `api uuid_break ${aLeg} all`,
    ]);
  });

  test('music of the gateway before us is found and broken; a leg without is left alone', async () => {
    peer.answer = (command, at) =>
      command.startsWith('api uuid_getvar')
        ? apiResponse(command.includes(aLeg) ? music : '_undef_')
        : healthy(command, at);
    await freeSwitch.play(aLeg, 'op_1', reminder);
    await freeSwitch.play(bLeg, 'op_2', reminder);
    expect(peer.commands.filter((command) => command.includes('uuid_break'))).toEqual([
      `api uuid_break ${aLeg} all`,
    ]);
    // It may have been just starting, and have missed that.
    const again = peer.command(`api uuid_break ${aLeg}`);
    clock.turn(300);
    expect(await again).toBe(`api uuid_break ${aLeg}`);
  });

  test('music the gateway before us had only just ordered, which has not begun when we look, is found a moment later', async () => {
    let begun = false;
    peer.answer = (command, at) =>
      command.startsWith('api uuid_getvar') ? apiResponse(begun ? music : '_undef_') : healthy(command, at);
    await freeSwitch.play(aLeg, 'op_1', reminder);
    expect(peer.commands.filter((command) => command.includes('uuid_break'))).toEqual([]);
    begun = true;
    const broken = peer.command(`api uuid_break ${aLeg}`);
    clock.turn(300);
    expect(await broken).toBe(`api uuid_break ${aLeg}`);
  });

  test('a guard is moved without a moment uncovered: the new one first', async () => {
    let task = 40;
    peer.answer = (command, at) => {
      if (command === 'api show tasks as json') {
        return apiResponse(
          JSON.stringify({
            row_count: 2,
            rows: [
              { task_id: '31', task_group: `guard-${aLeg}` },
              { task_id: '32', task_group: `guard-${bLeg}` },
            ],
          }),
        );
      }
      return command.startsWith('api sched_api')
        ? apiResponse(`+OK Added: ${String((task += 1))}\n`)
        : healthy(command, at);
    };
    const before = peer.commands.length;
    await freeSwitch.guard(aLeg, 60);
    await freeSwitch.guard(aLeg, 30);
    await settled();
    expect(commandsSince(before).filter((command) => !command.includes('uuid_exists'))).toEqual([
      'api show tasks as json',
      `api sched_api +60 guard-${aLeg} uuid_kill ${aLeg} MANAGER_REQUEST`,
      'api unsched_api 31',
      `api sched_api +30 guard-${aLeg} uuid_kill ${aLeg} MANAGER_REQUEST`,
      'api unsched_api 41',
    ]);
  });

  test('a bridge: limit armed and what stands behind it, A parks afterwards, B ends, guards lifted, then joined', async () => {
    await freeSwitch.ring(ringing(aLeg));
    await freeSwitch.ring(ringing(bLeg));
    const before = peer.commands.length;
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'done' });
    await settled();
    const sent = commandsSince(before).filter((command) => !command.includes('uuid_exists'));
    expect(sent[0]).toBe('api strmicroepoch');
    expect(sent[1]).toBe(`api sched_api +962 behind-${bLeg} uuid_kill ${bLeg} MANAGER_REQUEST`);
    expect(sent[2]).toContain(`uuid_setvar_multi ${aLeg} park_after_bridge=true`);
    expect(sent[3]).toContain(`uuid_setvar_multi ${bLeg} park_after_bridge=false`);
    expect(sent[4]).toBe(`api sched_api +902 limit-${bLeg} uuid_kill ${aLeg} ALLOTTED_TIMEOUT`);
    expect(sent.slice(5)).toEqual([
      'api unsched_api 7',
      'api unsched_api 7',
      `api uuid_bridge ${aLeg} ${bLeg}`,
    ]);
  });

  test.each([
    ['the limit cannot be armed', `api sched_api +902 limit-`, '-ERR Invalid syntax\n', 'refused'],
    ['A is gone', `api uuid_setvar_multi ${aLeg}`, '-ERR No such channel!\n', 'gone'],
    ['B is gone', `api uuid_setvar_multi ${bLeg}`, '-ERR No such channel!\n', 'gone'],
  ])('no bridge when %s', async (_, beginning, answer, outcome) => {
    peer.answer = (command, at) =>
      command.startsWith(beginning) ? apiResponse(answer) : healthy(command, at);
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toMatchObject({ outcome });
    await settled();
    expect(peer.commands.some((command) => command.startsWith('api uuid_bridge'))).toBe(false);
    expect(peer.commands).toContain(`api sched_del limit-${bLeg}`);
  });

  test('a guard whose lifting was never answered is lifted with all the others before the next bridge', async () => {
    await freeSwitch.ring(ringing(aLeg));
    await freeSwitch.ring(ringing(bLeg));
    peer.answer = (command, at) => {
      if (!command.startsWith('api unsched_api')) return healthy(command, at);
      peer.cut();
      return undefined;
    };
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'unknown' });
    await until(() => told.at(-1)?.type === 'linkDown');
    peer.answer = healthy;
    clock.turn(5_000);
    await until(() => told.at(-1)?.type === 'linkUp');
    await freeSwitch.guard(aLeg, 30);
    const before = peer.commands.length;
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'done' });
    expect(commandsSince(before)).toContain(`api sched_del guard-${aLeg}`);
  });

  test('a refused bridge disarms the limit and guards both legs again', async () => {
    peer.answer = (command, at) =>
      command.startsWith('api uuid_bridge') ? apiResponse('-ERR Invalid uuid\n') : healthy(command, at);
    await freeSwitch.ring(ringing(aLeg));
    await freeSwitch.ring(ringing(bLeg));
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'gone' });
    for (const leg of [aLeg, bLeg]) {
      expect(peer.commands).toContain(`api sched_api +60 guard-${leg} uuid_kill ${leg} MANAGER_REQUEST`);
    }
    expect(peer.commands).toContain(`api sched_del limit-${bLeg}`);
  });

  test.each([
    ['first', '1795292222012330', 901],
    ['second', '1795292222512330', 902],
  ])('armed in the %s half of a second the limit stands at most 2 s behind', async (_, nowUs, seconds) => {
    peer.answer = (command, at) =>
      command === 'api strmicroepoch' ? apiResponse(nowUs) : healthy(command, at);
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'done' });
    expect(peer.commands).toContain(
      `api sched_api +${String(seconds)} limit-${bLeg} uuid_kill ${aLeg} ALLOTTED_TIMEOUT`,
    );
  });

  test('just before a second begins the limit waits for it', async () => {
    peer.answer = (command, at) =>
      command === 'api strmicroepoch' ? apiResponse('1795292222990000') : healthy(command, at);
    const bridged = freeSwitch.bridge(aLeg, bLeg, 900);
    await peer.command('api strmicroepoch');
    await settled();
    expect(peer.commands.some((command) => /sched_api .* limit-/.test(command))).toBe(false);
    clock.turn(30);
    expect(await bridged).toEqual({ outcome: 'done' });
    expect(peer.commands).toContain(`api sched_api +901 limit-${bLeg} uuid_kill ${aLeg} ALLOTTED_TIMEOUT`);
  });

  test('a slow bridge arms its limit anew, from the bridge on', async () => {
    peer.answer = (command, at) => {
      if (command.startsWith('api uuid_bridge')) clock.turn(1_500);
      return healthy(command, at);
    };
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'done' });
    const armed = peer.commands.filter((command) => command.startsWith('api sched_api +902 limit-'));
    expect(armed).toHaveLength(2);
  });

  describe('moving the limit', () => {
    const bridgedUs = 1795292222712330n;
    /** The switch's clock says so many whole seconds after the bridge's second. */
    const inTalk = (elapsedSeconds: number, tasks: { group: string; id: string }[] = []): void => {
      let id = 100;
      const dumped = {
        'Unique-ID': aLeg,
        'Answer-State': 'answered',
        'Channel-State': 'CS_SOFT_EXECUTE',
        variable_bridge_uepoch: String(bridgedUs),
        variable_signal_bond: bLeg,
      };
      const rows = tasks.map((one) => ({ task_id: one.id, task_group: one.group }));
      peer.answer = (command, at) => {
        if (command.startsWith('api uuid_exists')) return apiResponse('true');
        if (command.startsWith('api uuid_dump')) return apiResponse(JSON.stringify(dumped));
        if (command === 'api strmicroepoch') {
          return apiResponse(String(1795292222000000n + BigInt(elapsedSeconds) * 1_000_000n));
        }
        if (command === 'api show tasks as json') {
          return apiResponse(JSON.stringify(rows.length === 0 ? { row_count: 0 } : { rows }));
        }
        if (command.startsWith('api sched_api')) return apiResponse(`+OK Added: ${String((id += 1))}\n`);
        return healthy(command, at);
      };
    };
    const scheduling = (before: number): string[] =>
      commandsSince(before).filter((command) => /sched_api|sched_del|show tasks/.test(command));

    test('the new tasks stand before the old ones go, to the second of the switch’s clock', async () => {
      expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'done' });
      inTalk(840);
      const before = peer.commands.length;
      expect(await freeSwitch.moveLimit(aLeg, bridgedUs + 1_200_000_000n)).toEqual({ outcome: 'done' });
      // Bridged at .712 of its second: the limit is 1.288 s before the second the task is set to.
      expect(scheduling(before)).toEqual([
        `api sched_api 1795293424 limit-${bLeg} uuid_kill ${aLeg} ALLOTTED_TIMEOUT`,
        `api sched_api 1795293484 behind-${bLeg} uuid_kill ${bLeg} MANAGER_REQUEST`,
        'api unsched_api 7',
        'api unsched_api 7',
      ]);
    });

    test('a limit near at hand is set from now on, one that has passed cuts at once', async () => {
      await freeSwitch.bridge(aLeg, bLeg, 900);
      inTalk(895);
      let before = peer.commands.length;
      await freeSwitch.moveLimit(aLeg, bridgedUs + 900_000_000n);
      expect(scheduling(before)[0]).toBe(`api sched_api +7 limit-${bLeg} uuid_kill ${aLeg} ALLOTTED_TIMEOUT`);
      before = peer.commands.length;
      await freeSwitch.moveLimit(aLeg, bridgedUs + 60_000_000n);
      expect(scheduling(before)[0]).toBe(`api sched_api +1 limit-${bLeg} uuid_kill ${aLeg} ALLOTTED_TIMEOUT`);
    });

    test('after a takeover the old tasks are read from the list, which lags: looked at once more', async () => {
      inTalk(840, [
        { group: `limit-${bLeg}`, id: '31' },
        { group: `behind-${bLeg}`, id: '32' },
        { group: `limit-${aLeg}`, id: '33' },
      ]);
      const before = peer.commands.length;
      expect(await freeSwitch.moveLimit(aLeg, bridgedUs + 1_200_000_000n)).toEqual({ outcome: 'done' });
      const sent = scheduling(before);
      for (const id of ['31', '32']) {
        const removed = sent.indexOf(`api unsched_api ${id}`);
        expect(removed).toBeGreaterThan(sent.findIndex((one) => one.startsWith('api sched_api 1795293424')));
      }
      expect(sent).not.toContain('api unsched_api 33');
      // What stood in no list yet, and what is ours.
      inTalk(842, [
        { group: `limit-${bLeg}`, id: '41' },
        { group: `limit-${bLeg}`, id: '101' },
        { group: `behind-${bLeg}`, id: '102' },
      ]);
      const late = peer.command('api unsched_api 41');
      clock.turn(2_000);
      await late;
      await settled();
      expect(peer.commands).not.toContain('api unsched_api 101');
      expect(peer.commands).not.toContain('api unsched_api 102');
    });

    test('what was armed for the talk before on the same leg is not taken for this one’s', async () => {
      await freeSwitch.bridge(aLeg, 'cccccccc-0000-4000-8000-000000000003' as LegUuid, 900);
      inTalk(840, [{ group: `limit-${bLeg}`, id: '31' }]);
      const before = peer.commands.length;
      expect(await freeSwitch.moveLimit(aLeg, bridgedUs + 1_200_000_000n)).toEqual({ outcome: 'done' });
      expect(scheduling(before)).toContain('api unsched_api 31');
    });

    test('who stood still meanwhile finds the one another gateway has moved it to', async () => {
      await freeSwitch.bridge(aLeg, bLeg, 900);
      inTalk(840, [
        { group: `limit-${bLeg}`, id: '55' },
        { group: `limit-${bLeg}`, id: '101' },
      ]);
      const inTalkAnswer = peer.answer;
      peer.answer = (command, at) =>
        command === 'api unsched_api 7' ? apiResponse('-ERR No such id\n') : inTalkAnswer(command, at);
      const removed = peer.command('api unsched_api 55');
      expect(await freeSwitch.moveLimit(aLeg, bridgedUs + 1_200_000_000n)).toEqual({ outcome: 'done' });
      await removed;
      await settled();
      expect(peer.commands).not.toContain('api unsched_api 101');
    });

    test.each([
      ['the switch does not take the new task', 'api sched_api', '-ERR Invalid syntax\n', 'refused'],
      ['the leg is gone', 'api uuid_exists', 'false', 'gone'],
      ['its clock is not told', 'api strmicroepoch', '-ERR no reply\n', 'unknown'],
    ])('%s: the old limit stands', async (_, beginning, reply, outcome) => {
      await freeSwitch.bridge(aLeg, bLeg, 900);
      inTalk(840);
      const inTalkAnswer = peer.answer;
      peer.answer = (command, at) =>
        command.startsWith(beginning) ? apiResponse(reply) : inTalkAnswer(command, at);
      const before = peer.commands.length;
      expect(await freeSwitch.moveLimit(aLeg, bridgedUs + 1_200_000_000n)).toMatchObject({ outcome });
      expect(commandsSince(before).some((command) => command.includes('unsched_api'))).toBe(false);
    });

    test('a leg in no talk has none', async () => {
      peer.answer = (command, at) => {
        if (command.startsWith('api uuid_exists')) return apiResponse('true');
        if (command.startsWith('api uuid_dump')) {
          return apiResponse(JSON.stringify({ 'Unique-ID': aLeg, 'Answer-State': 'answered' }));
        }
        return healthy(command, at);
      };
      expect(await freeSwitch.moveLimit(aLeg, bridgedUs)).toMatchObject({ outcome: 'refused' });
    });
  });

  test.each([
    ['two', `uuid,direction,created\n${aLeg},outbound,x\n${bLeg},inbound,y\n\n2 total.\n`, [aLeg, bLeg]],
    ['none', '\n0 total.\n', []],
    ['a list that is not whole', `uuid,direction\n${aLeg},outbound,x\n\n2 total.\n`, undefined],
    ['no list', '-ERR SQL error\n', undefined],
  ])('the legs that live: %s', async (_, answer, legs) => {
    peer.answer = (command, at) => {
      if (command === 'api show channels') return apiResponse(answer);
      if (command === 'api strmicroepoch') return apiResponse('1795292222712330');
      return healthy(command, at);
    };
    expect(await freeSwitch.legs()).toEqual(
      legs === undefined ? { outcome: 'unknown' } : { outcome: 'listed', legs, atUs: 1795292222712330n },
    );
  });

  test('limits of talks that ended unheard are removed a while after the link is up', async () => {
    const rows = [
      { task_id: '1', task_group: `limit-${aLeg}` },
      { task_id: '2', task_group: `behind-${bLeg}` },
      { task_id: '3', task_group: `guard-${aLeg}` },
      { task_id: '4', task_group: 'limit-of-somebody-else' },
    ];
    peer.answer = (command, at) => {
      if (command === 'api show tasks as json') return apiResponse(JSON.stringify({ row_count: 4, rows }));
      if (command === `api uuid_exists ${bLeg}`) return apiResponse('true');
      return healthy(command, at);
    };
    const removed = peer.command(`api sched_del limit-${aLeg}`);
    clock.turn(5_000);
    await removed;
    await settled();
    expect(peer.commands.filter((command) => command.startsWith('api sched_del'))).toEqual([
      `api sched_del limit-${aLeg}`,
    ]);
  });

  const answeredAt = { 'Caller-Channel-Answered-Time': '1795292218712330' };
  const joinedTo = (other: LegUuid): Record<string, string> => ({
    ...answeredAt,
    'Caller-Channel-Bridged-Time': '1795292222712330',
    'Other-Leg-Unique-ID': other,
  });
  /** What is taken from the switch's list when this leg ends. */
  const takenAway = async (leg: LegUuid, more: Record<string, string>): Promise<string[]> => {
    const before = peer.commands.length;
    const ends = told.filter((one) => one.type === 'legEnded').length;
    peer.send(event('CHANNEL_HANGUP_COMPLETE', leg, { variable_hangup_cause: 'NORMAL_CLEARING', ...more }));
    await until(() => told.filter((one) => one.type === 'legEnded').length > ends);
    await settled();
    return commandsSince(before).filter((command) => /sched_del|unsched/.test(command));
  };

  test('with B ends what was armed for its talk: it must not cut the farewell', async () => {
    expect(await takenAway(bLeg, joinedTo(aLeg))).toEqual([
      `api sched_del guard-${bLeg}`,
      `api sched_del limit-${bLeg}`,
      `api sched_del behind-${bLeg}`,
    ]);
  });

  test('with B ends the limit of a bridge that never came, whoever armed it: it must not cut what A does next', async () => {
    await freeSwitch.ring(ringing(bLeg));
    expect(await takenAway(bLeg, answeredAt)).toContain(`api sched_del limit-${bLeg}`);
  });

  test('a leg that was never answered had no talk to be limited', async () => {
    expect(await takenAway(bLeg, {})).toEqual([`api sched_del guard-${bLeg}`]);
  });

  test.each(['armed both', 'has taken the call over'])(
    'a gateway that %s and hears of an old talk late leaves the limit of the next one on the same leg',
    async (how) => {
      const next = 'cccccccc-0000-4000-8000-000000000003' as LegUuid;
      if (how === 'armed both') {
        for (const leg of [aLeg, bLeg, next]) await freeSwitch.ring(ringing(leg));
        await freeSwitch.bridge(aLeg, bLeg, 900);
        await freeSwitch.bridge(aLeg, next, 600);
      }
      expect((await takenAway(bLeg, joinedTo(aLeg))).filter((command) => !command.includes(bLeg))).toEqual(
        [],
      );
    },
  );

  test('B that ended while its limit was armed anew leaves none', async () => {
    peer.answer = (command, at) => {
      if (command.startsWith('api uuid_bridge')) clock.turn(1_500);
      return healthy(command, at);
    };
    const before = peer.commands.length;
    expect(await freeSwitch.bridge(aLeg, bLeg, 900)).toEqual({ outcome: 'done' });
    await settled();
    const sent = commandsSince(before);
    const anew = sent.findLastIndex((command) => command.startsWith('api sched_api'));
    expect(sent.lastIndexOf(`api sched_del limit-${bLeg}`)).toBeGreaterThan(anew);
  });

  test.each([
    ['sendmsg', 'gone', '-ERR invalid session id [x]'],
    ['sendmsg', 'refused', '-ERR something else'],
  ])('%s on a leg that is not there is %s', async (_, outcome, reply) => {
    peer.answer = (command, at) =>
      command.startsWith('sendmsg') ? commandReply(reply) : healthy(command, at);
    expect(await freeSwitch.ask(aLeg, { request: 'r', sentence: reminder, waitMs: 1_000 })).toMatchObject({
      outcome,
    });
    expect(await freeSwitch.play(aLeg, 'r', reminder)).toMatchObject({ outcome });
    expect(await freeSwitch.playMusic(aLeg)).toMatchObject({ outcome });
  });

  test('without a link every command is unknown at once, and so is every look', async () => {
    peer.cut();
    await until(() => told.at(-1)?.type === 'linkDown');
    expect(await freeSwitch.ring(ringing(aLeg))).toEqual({ outcome: 'unknown' });
    expect(await freeSwitch.hangUp(aLeg, 'normal')).toEqual({ outcome: 'unknown' });
    expect(await freeSwitch.guard(aLeg, 5)).toEqual({ outcome: 'unknown' });
    expect(await freeSwitch.bridge(aLeg, bLeg, 60)).toEqual({ outcome: 'unknown' });
    expect(await freeSwitch.look(aLeg)).toEqual({ state: 'unknown' });
    expect(freeSwitch.link()).toMatchObject({ up: false, coreUuid });
    clock.turn(5_000);
    await until(() => told.at(-1)?.type === 'linkUp');
    expect(freeSwitch.link().up).toBe(true);
  });
});

describe('looking', () => {
  const dump = (facts: Record<string, string>): string =>
    apiResponse(JSON.stringify({ 'Unique-ID': aLeg, ...facts }));
  const looking = (exists: string[], answer: string): void => {
    peer.answer = (command, at) => {
      if (command === `api uuid_exists ${aLeg}`) return apiResponse(exists.shift() ?? 'false');
      return command.startsWith('api uuid_dump') ? answer : healthy(command, at);
    };
  };
  const bridged = {
    'Answer-State': 'answered',
    'Caller-Channel-Bridged-Time': '1795292222712330',
    variable_signal_bond: bLeg,
  };

  test('keys his card: he lives, and is not dumped, for his digits would be in it', async () => {
    peer.answer = (command, at) => {
      if (command.startsWith('api uuid_exists')) return apiResponse('true');
      return command === `api uuid_getvar ${aLeg} ringmeter_card_room`
        ? apiResponse('true')
        : healthy(command, at);
    };
    const before = peer.commands.length;
    expect(await freeSwitch.look(aLeg)).toEqual({ state: 'living', answered: true });
    expect(commandsSince(before).filter((command) => /dump|filter/.test(command))).toEqual([]);
  });

  test('is left in a card room that died: what was keyed is forgotten before anybody hears of him again', async () => {
    const before = peer.commands.length;
    expect(await freeSwitch.leaveCardRoom(aLeg)).toEqual({ outcome: 'done' });
    const applications = (command: string): string =>
      [/execute-app-name: (\S+)/, /execute-app-arg: (.+)/]
        .map((pattern) => pattern.exec(command)?.[1] ?? '')
        .join(' ')
        .trim();
    expect(commandsSince(before).map((command) => applications(command) || command)).toEqual([
      `api uuid_setvar_multi ${aLeg} ringmeter_card_room=true;ringmeter_card_entry=none;digits_dialed_filter=.+;sensitive_dtmf=true;process_cdr=false`,
      `api uuid_break ${aLeg} all`,
      `api uuid_recv_dtmf ${aLeg} D`,
      'multiunset ringmeter_card read_terminator_used read_result',
      // Until he is quiet: afterwards each key is an event.
      "play_and_get_digits 0 127 1 1500 D silence silence_stream://10 ringmeter_card '' 2000",
      'multiunset ringmeter_card read_terminator_used read_result',
      'multiunset process_cdr sensitive_dtmf ringmeter_card_entry',
      'unset ringmeter_card_room',
    ]);
  });

  test.each([
    ['rings', { 'Answer-State': 'ringing' }, { state: 'living', answered: false }],
    [
      'waits',
      { 'Answer-State': 'answered', 'Caller-Channel-Bridged-Time': '0' },
      { state: 'living', answered: true },
    ],
    [
      'talks',
      { ...bridged, 'Channel-State': 'CS_SOFT_EXECUTE' },
      { state: 'living', answered: true, bridgedAtUs: 1795292222712330n, bridgedTo: bLeg },
    ],
    [
      'has talked',
      { ...bridged, 'Channel-State': 'CS_PARK' },
      { state: 'living', answered: true, bridgedAtUs: 1795292222712330n },
    ],
  ])('a leg that %s', async (_, facts, truth) => {
    looking(['true'], dump(facts));
    expect(await freeSwitch.look(aLeg)).toEqual(truth);
  });

  test('gone needs two denials', async () => {
    looking(['false', 'false'], '');
    expect(await freeSwitch.look(aLeg)).toEqual({ state: 'gone' });
    looking(['false', 'true'], '');
    expect(await freeSwitch.look(aLeg)).toEqual({ state: 'unknown' });
    looking(['true', 'false'], apiResponse('-ERR No such channel!\n'));
    expect(await freeSwitch.look(aLeg)).toEqual({ state: 'gone' });
    looking(['true', 'true'], apiResponse('{"half":'));
    expect(await freeSwitch.look(aLeg)).toEqual({ state: 'unknown' });
  });
});

test('that there is no voice is said once, at the start', async () => {
  await until(() => warnings.length > 0);
  expect(warnings).toEqual([expect.stringContaining('espeak-ng is not installed')]);
});
