// The phones as people, pages and scripts operate them, what they hear, and the call detail records their calls leave.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  startSandboxSwitch,
  type SandboxSwitch,
  type SandboxSwitchOptions,
} from '../../src/sandbox/switch.ts';
import { RawEventSocket } from './raw-event-socket.ts';

const caller = '+33612345678';
const consultant = '+33100000009';
const a = 'aaaaaaaa-0000-4000-8000-000000000001';
const b = 'bbbbbbbb-0000-4000-8000-000000000002';

interface Cdr {
  'core-uuid': string;
  variables: Record<string, string>;
  callflow: Record<string, unknown>[];
}

let folder: string;
let sandbox: SandboxSwitch;
let esl: RawEventSocket;

async function start(options: Partial<SandboxSwitchOptions> = {}): Promise<void> {
  sandbox = await startSandboxSwitch({
    eslPort: 0,
    httpPort: 0,
    password: 'ClueCon',
    speechSpeed: 50,
    spoolDir: join(folder, 'spool'),
    ...options,
  });
  esl = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'phones-'));
});

afterEach(async () => {
  esl.close();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${sandbox.httpPort}${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
const post = (number: string, action: string, body?: unknown): ReturnType<typeof call> =>
  call('POST', `/api/phones/${encodeURIComponent(number)}/${action}`, body);

async function ring(uuid: string, number: string): Promise<void> {
  esl.send(
    `bgapi originate {origination_uuid=${uuid},origination_caller_id_number=+33155000001,ignore_early_media=true,originate_timeout=20}sofia/gateway/carrier/${number} &park()`,
  );
  await esl.reply();
  await esl.event('CHANNEL_CREATE', uuid);
}

function prompt(language: string, id: string, text: string, wavMs?: number): string {
  mkdirSync(join(folder, language), { recursive: true });
  writeFileSync(join(folder, language, `${id}.txt`), `${text}\n`);
  const wav = join(folder, language, `${id}.wav`);
  if (wavMs !== undefined) {
    const head = Buffer.alloc(44);
    head.write('RIFF', 0).toString();
    head.write('WAVEfmt ', 8);
    head.writeUInt32LE(16, 16);
    head.writeUInt32LE(16_000, 28);
    head.write('data', 36);
    head.writeUInt32LE(wavMs * 16, 40);
    writeFileSync(wav, head);
  }
  return wav;
}

describe('a phone', () => {
  it('rings with the caller ID, is answered, hears, presses, is hung up', async () => {
    await start();
    expect(await call('GET', '/api/phones')).toEqual({ status: 200, json: [] });
    await ring(a, caller);
    expect((await call('GET', '/api/phones')).json).toMatchObject([
      { number: caller, state: 'ringing', direction: 'inbound', callerId: '+33155000001', leg: a, heard: [] },
    ]);
    expect(await post(caller, 'answer')).toMatchObject({
      status: 200,
      json: { number: caller, state: 'answered' },
    });
    await esl.event('CHANNEL_PARK', a);
    const offer = prompt('fr', 'offer', 'Appuyez sur 1.', 60_000);
    await esl.execute(a, 'play_and_get_digits', `1 1 1 8000 # ${offer} silence_stream://10 key`, 'ask');
    await esl.event('PLAYBACK_START', a);
    const hearing = (await call('GET', `/api/phones/${caller}`)).json;
    expect(hearing['playing']).toMatchObject({ text: 'Appuyez sur 1.', language: 'fr', durationMs: 1200 });
    expect(hearing['heard']).toEqual([hearing['playing']]);
    expect((await post(caller, 'keys', { digits: '1' })).json).toMatchObject({ keys: '1', playing: null });
    const done = await esl.event('CHANNEL_EXECUTE_COMPLETE', a);
    expect(done.headers['variable_key']).toBe('1');
    const inTurn = `file_string://${offer}!silence_stream://5000!${join(folder, 'fr', 'missing.wav')}!${offer}`;
    await esl.execute(
      a,
      'play_and_get_digits',
      `1 1 1 8000 # '${inTurn}' silence_stream://10 key`,
      'several',
    );
    await esl.event('PLAYBACK_START', a);
    expect((await call('GET', `/api/phones/${caller}`)).json).toMatchObject({
      playing: { text: 'Appuyez sur 1. Appuyez sur 1.', language: 'fr', durationMs: 2500 },
    });
    // A key ends all of them.
    await post(caller, 'keys', { digits: '2' });
    expect((await esl.event('CHANNEL_EXECUTE_COMPLETE', a)).headers['variable_key']).toBe('2');
    await esl.execute(a, 'playback', `file_string://${join(folder, 'fr', 'missing.wav')}`, 'none');
    expect((await esl.event('CHANNEL_EXECUTE_COMPLETE', a)).headers['Application-Response']).toBe(
      'FILE NOT FOUND',
    );
    await esl.execute(a, 'playback', 'tone_stream://%(400,200,300);loops=-1', 'music');
    await esl.event('PLAYBACK_START', a);
    expect((await call('GET', `/api/phones/${caller}`)).json).toMatchObject({
      music: true,
      playing: { text: '♪ music' },
    });
    expect((await post(caller, 'hangup')).json).toMatchObject({
      state: 'ended',
      endedBecause: 'NORMAL_CLEARING',
      playing: null,
      music: false,
    });
  });

  it('says clearly what cannot be done', async () => {
    await start();
    const errors = [
      [await post('+33700000000', 'answer'), 404, /^No call has ever reached/],
      [await post('nonsense', 'answer'), 400, /not a telephone number/],
      [await post('%', 'answer'), 400, /not a telephone number/],
      [await call('GET', '/api/phones/%ff'), 400, /not a telephone number/],
      [await call('GET', '/api/phones/+33700000000'), 404, /^No call/],
      [await post(caller, 'dance'), 404, /cannot dance/],
      [await call('DELETE', `/api/phones/${caller}`), 405, /read with GET/],
      [await call('GET', `/api/phones/${caller}/answer`), 405, /POST/],
      [await call('GET', '/api/phonesx'), 404, /nothing here/],
      [await call('PUT', `/api/phones/${caller}`, { behaviour: 'sings' }), 400, /"behaviour" is one of/],
      [
        await call('PUT', `/api/phones/${caller}`, { behaviour: 'answers', answerAfterMs: -1 }),
        400,
        /milliseconds/,
      ],
      [await call('PUT', `/api/phones/${caller}`, { behaviour: 'answers', keys: 'xyz' }), 400, /keys/],
      [await call('PUT', `/api/phones/${caller}`, '{"behaviour"'), 400, /not JSON/],
      [await call('PUT', `/api/phones/${caller}`, '[]'), 400, /JSON object/],
      [await call('PUT', `/api/phones/${caller}`, `{"keys":"${'1'.repeat(20_000)}"}`), 413, /too long/],
      [await post(caller, 'dial', { to: 'the moon' }), 400, /not a telephone number/],
      [await post(caller, 'dial', {}), 400, /which number/],
      [await post(caller, 'dial', { to: '+33899000001', withheld: 'yes' }), 400, /"withheld" is/],
      [await post(caller, 'dial', { to: '+33899000001', assertedBy: 'me' }), 400, /"assertedBy" is/],
    ] as const;
    for (const [answer, status, sentence] of errors) {
      expect(answer).toEqual({ status, json: { error: expect.stringMatching(sentence) as string } });
    }
    await ring(a, caller);
    expect(await post(caller, 'keys', { digits: '1' })).toMatchObject({ status: 409 });
    await post(caller, 'answer');
    expect(await post(caller, 'answer')).toEqual({
      status: 409,
      json: { error: `${caller} is not ringing.` },
    });
    expect(await post(caller, 'dial', { to: '+33899000001' })).toMatchObject({ status: 409 });
    expect(await post(caller, 'keys', { digits: '' })).toMatchObject({ status: 400 });
    await post(caller, 'hangup');
    expect(await post(caller, 'hangup')).toEqual({
      status: 409,
      json: { error: `${caller} is not in a call.` },
    });
  });

  it.each([
    ['hangup', 'CALL_REJECTED'],
    ['reject', 'CALL_REJECTED'],
    ['busy', 'USER_BUSY'],
  ])('%s while it rings', async (action, cause) => {
    await start();
    await ring(a, caller);
    await post(caller, action);
    expect((await esl.event('BACKGROUND_JOB')).body).toBe(`-ERR ${cause}\n`);
  });

  it('dials: rings out, and gives up', async () => {
    await start();
    expect(await post(caller, 'dial', { to: '+33899000001' })).toMatchObject({
      status: 200,
      json: { direction: 'outbound', state: 'ringing', callerId: '+33899000001' },
    });
    await post(caller, 'hangup');
    expect((await esl.event('CHANNEL_HANGUP')).headers['Hangup-Cause']).toBe('ORIGINATOR_CANCEL');
  });

  it('tells every change as it comes', async () => {
    await start();
    const aborted = new AbortController();
    const response = await fetch(`http://127.0.0.1:${sandbox.httpPort}/api/phones/events`, {
      signal: aborted.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    const until = async (text: string): Promise<void> => {
      while (!seen.includes(text)) seen += (await reader.read()).value ?? '';
    };
    await until('event: phones\ndata: []\n\n');
    await ring(a, caller);
    await until('"state":"ringing"');
    await post(caller, 'answer');
    await until('"state":"answered"');
    aborted.abort();
  });
});

describe('a scripted phone', () => {
  it('accepts by itself: answers, presses 1 at the question, hangs up after talking', async () => {
    await start();
    const manual = { behaviour: 'answers', answerAfterMs: 0, keys: '1', hangUpAfterTalkMs: 0 };
    expect((await call('PUT', `/api/phones/${caller}`, manual)).json).toMatchObject({ behaviour: 'answers' });
    await call('PUT', `/api/phones/${consultant}/behaviour`, { behaviour: 'answers', answerAfterMs: 0 });
    await ring(a, caller);
    await esl.event('CHANNEL_PARK', a);
    await esl.execute(
      a,
      'play_and_get_digits',
      '1 1 1 8000 # silence_stream://60000 silence_stream://10 key',
      'ask',
    );
    expect((await esl.event('CHANNEL_EXECUTE_COMPLETE', a)).headers['variable_key']).toBe('1');
    await ring(b, consultant);
    await esl.event('CHANNEL_PARK', b);
    await esl.api(`uuid_bridge ${a} ${b}`);
    expect((await esl.event('CHANNEL_HANGUP', a)).headers['Hangup-Cause']).toBe('NORMAL_CLEARING');
  });

  it('takes up a call that is ringing already; a voicemail presses nothing', async () => {
    await start({ silenceSpeed: 50 });
    await ring(a, caller);
    await call('PUT', `/api/phones/${caller}`, { behaviour: 'voicemail', answerAfterMs: 0, keys: '1' });
    await esl.event('CHANNEL_PARK', a);
    await esl.execute(
      a,
      'play_and_get_digits',
      '1 1 1 1000 # silence_stream://10 silence_stream://10 key',
      'ask',
    );
    expect((await esl.event('CHANNEL_EXECUTE_COMPLETE', a)).headers['variable_read_result']).toBe('failure');
    await ring(b, consultant);
    await call('PUT', `/api/phones/${consultant}`, { behaviour: 'refuses' });
    expect((await esl.event('CHANNEL_HANGUP', b)).headers['Hangup-Cause']).toBe('CALL_REJECTED');
  });
});

describe('call detail records', () => {
  let received: { url: string; authorization: string | undefined; type: string | undefined; cdr: Cdr }[];
  let gateway: Server;
  let status: number;
  let url: string;

  beforeEach(async () => {
    received = [];
    status = 200;
    gateway = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const { authorization, 'content-type': type } = request.headers;
        received.push({ url: request.url ?? '', authorization, type, cdr: JSON.parse(text) as Cdr });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/hooks/switch/cdr`;
  });

  afterEach(() => new Promise<void>((resolve) => gateway.close(() => resolve())));

  async function bridgedCall(): Promise<string> {
    for (const [uuid, number] of [
      [a, caller],
      [b, consultant],
    ] as const) {
      await call('PUT', `/api/phones/${number}`, { behaviour: 'answers', answerAfterMs: 0 });
      await ring(uuid, number);
      await esl.event('CHANNEL_PARK', uuid);
    }
    await esl.api(`uuid_bridge ${a} ${b}`);
    const bridged = await esl.event('CHANNEL_BRIDGE', a);
    await post(consultant, 'hangup');
    // Whichever post is answered first.
    const complete = (): number => esl.events.filter(({ name }) => name === 'CHANNEL_HANGUP_COMPLETE').length;
    await esl.until(() => complete() === 2);
    return bridged.headers['Event-Date-Timestamp'] ?? '';
  }

  it('one a leg is posted before its HANGUP_COMPLETE, with every recorded name, bridged at one instant', async () => {
    await start({ cdrUrl: url, cdrCredentials: 'switch:secret' });
    const bridgedAt = await bridgedCall();
    expect(received.map((post) => post.url).sort()).toEqual([
      `/hooks/switch/cdr?uuid=${a}`,
      `/hooks/switch/cdr?uuid=${b}`,
    ]);
    for (const { authorization, type, cdr } of received) {
      expect(authorization).toBe(`Basic ${Buffer.from('switch:secret').toString('base64')}`);
      expect(type).toBe('application/json');
      expect(cdr['core-uuid']).toBe(sandbox.coreUuid);
      expect(cdr.variables['bridge_uepoch']).toBe(bridgedAt);
      const name = cdr.variables['uuid'] === a ? 'a-leg' : 'b-leg';
      const recorded = JSON.parse(
        readFileSync(
          new URL(`../fixtures/freeswitch/bridged-consultant-hangs-up.${name}.json`, import.meta.url),
          'utf8',
        ),
      ) as Cdr;
      expect(Object.keys(cdr)).toEqual(Object.keys(recorded));
      const missing = Object.keys(recorded.variables).filter(
        (variable) => !(variable in cdr.variables) && !/^(rtp_audio|sip_|proto_)/.test(variable),
      );
      expect(missing.filter((variable) => !/^last_sent_callee|proto_specific/.test(variable))).toEqual([]);
      expect(cdr.callflow.map((page) => Object.keys(page['times'] as object))).toEqual(
        recorded.callflow.map((page) => Object.keys(page['times'] as object)),
      );
    }
    expect(readdirSync(folder)).not.toContain('spool');
  });

  it('of a leg that talked and was then transferred says that it was never bridged; its callflow still has when', async () => {
    await start({ cdrUrl: url });
    for (const [uuid, number] of [
      [a, caller],
      [b, consultant],
    ] as const) {
      await call('PUT', `/api/phones/${number}`, { behaviour: 'answers', answerAfterMs: 0 });
      await ring(uuid, number);
      await esl.event('CHANNEL_PARK', uuid);
    }
    await esl.api(`uuid_setvar_multi ${a} park_after_bridge=true;hangup_after_bridge=false`);
    await esl.api(`uuid_bridge ${a} ${b}`);
    const bridged = (await esl.event('CHANNEL_BRIDGE', a)).headers['Event-Date-Timestamp'];
    await post(consultant, 'hangup');
    await esl.event('CHANNEL_HANGUP_COMPLETE', b);
    expect(await esl.api(`uuid_transfer ${a} park inline`)).toBe('+OK\n');
    await post(caller, 'hangup');
    await esl.event('CHANNEL_HANGUP_COMPLETE', a);
    // As FreeSWITCH 1.10.12 wrote it of a caller who went on in a scenario behind the talk he had paid for.
    const recorded = JSON.parse(
      readFileSync(
        new URL('../fixtures/freeswitch/talked-then-transferred.a-leg.json', import.meta.url),
        'utf8',
      ),
    ) as Cdr;
    const talkOf = ({ variables, callflow }: Cdr): unknown => [
      variables['bridge_uepoch'],
      callflow.map((page) => (page['times'] as Record<string, string>)['bridged_time'] !== '0'),
    ];
    expect(talkOf(recorded)).toEqual(['0', [false, true, false]]);
    const cdrs = received.map(({ cdr }) => cdr);
    expect(talkOf(cdrs.find(({ variables }) => variables['uuid'] === a)!)).toEqual(talkOf(recorded));
    expect(cdrs.find(({ variables }) => variables['uuid'] === b)?.variables['bridge_uepoch']).toBe(bridged);
  });

  it('go to the spool when the gateway refuses or is away', async () => {
    status = 503;
    await start({ cdrUrl: url });
    await bridgedCall();
    expect(readdirSync(join(folder, 'spool')).sort()).toEqual([`${a}.cdr.json`, `${b}.cdr.json`]);
    const spooled = JSON.parse(readFileSync(join(folder, 'spool', `${a}.cdr.json`), 'utf8')) as Cdr;
    expect(spooled).toEqual(received.find((post) => post.cdr.variables['uuid'] === a)?.cdr);
  });

  it('go to the spool when nobody listens', async () => {
    await start({ cdrUrl: 'http://127.0.0.1:1/cdr' });
    await bridgedCall();
    expect(readdirSync(join(folder, 'spool'))).toHaveLength(2);
  });

  it('of a call nobody took says why; process_cdr=false leaves none', async () => {
    await start({ cdrUrl: url });
    await ring(a, caller);
    await post(caller, 'busy');
    await esl.event('CHANNEL_HANGUP_COMPLETE', a);
    const recorded = JSON.parse(
      readFileSync(new URL('../fixtures/freeswitch/busy.json', import.meta.url), 'utf8'),
    ) as Cdr;
    const { variables } = received[0]!.cdr;
    for (const name of ['hangup_cause', 'hangup_cause_q850', 'answer_uepoch', 'bridge_uepoch', 'billsec']) {
      expect([name, variables[name]]).toEqual([name, recorded.variables[name]]);
    }
    await call('PUT', `/api/phones/${consultant}`, { behaviour: 'answers', answerAfterMs: 0 });
    await ring(b, consultant);
    await esl.event('CHANNEL_PARK', b);
    await esl.api(`uuid_setvar ${b} process_cdr false`);
    await esl.api(`uuid_kill ${b}`);
    await esl.event('CHANNEL_HANGUP_COMPLETE', b);
    expect(received).toHaveLength(1);
  });
});
