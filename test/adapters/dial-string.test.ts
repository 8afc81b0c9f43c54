import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164, LegUuid } from '../../src/core/ids.ts';
import type { SipAddress } from '../../src/core/sip-address.ts';
import * as say from '../../src/telephony/dial-string.ts';
import type { CarrierRoute, PromptFile } from '../../src/telephony/dial-string.ts';

const a = '190bd7bb-37d7-4881-a473-3217367c857c' as LegUuid;
const b = '1b368e39-2ae1-4ce9-90a9-0e29b449cf41' as LegUuid;
const job = '03cf0b9b-fb6e-414f-91a2-376e44d3c26a' as LegUuid;
const id = '0123456789abcdef0123456789abcdef';
const prompt = say.promptFile('/srv/prompts', 'fr', id);
const carrier: CarrierRoute = { kind: 'gateway', name: 'carrier' };
const order = {
  leg: a,
  job,
  to: '+33612345678' as E164,
  callerId: '+33155000001' as E164,
  ringSeconds: 25,
  by: carrier,
};
const sipProfile = { kind: 'profile', name: 'carrier' } as const;

describe('the exact commands', () => {
  test('ring through a gateway, and at an address', () => {
    const variables =
      `origination_uuid=${a},origination_caller_id_number=+33155000001,origination_caller_id_name=+33155000001,` +
      'ignore_early_media=true,originate_timeout=25,hangup_after_bridge=true,digits_dialed_filter=.+,media_timeout=30000';
    expect(say.originate(order)).toEqual({
      line: `bgapi originate {${variables}}sofia/gateway/carrier/+33612345678 &park()`,
      headers: { 'Job-UUID': job },
    });
    const by: CarrierRoute = { kind: 'address', profile: 'carrier', host: '127.0.0.1', port: 5090 };
    expect(say.originate({ ...order, by }).line).toBe(
      `bgapi originate {${variables}}sofia/carrier/+33612345678@127.0.0.1:5090 &park()`,
    );
  });

  test('ring at a SIP address, out of a profile of ours', () => {
    const to = 'sip:marie.d@pbx.example.org:5070' as SipAddress;
    expect(say.originate({ ...order, to, by: sipProfile }).line).toMatch(
      /^bgapi originate \{[^{}]*\}sofia\/carrier\/sip:marie\.d@pbx\.example\.org:5070 &park\(\)$/,
    );
  });

  test('ask and play, one after the other on the leg', () => {
    expect(say.ask(a, 'op_1', prompt, 8_000)).toEqual({
      line: `sendmsg ${a}`,
      headers: {
        'call-command': 'execute',
        'execute-app-name': 'play_and_get_digits',
        'execute-app-arg': `1 1 1 8000 # /srv/prompts/fr/${id}.wav silence_stream://10 ringmeter_key`,
        'event-uuid': 'ask:op_1',
        'event-lock': 'true',
      },
    });
    expect(say.play(a, 'op_2', prompt).headers).toMatchObject({
      'execute-app-name': 'playback',
      'execute-app-arg': `/srv/prompts/fr/${id}.wav`,
      'event-uuid': 'play:op_2',
    });
    expect(say.forgetKeys(a).headers).toEqual({
      'call-command': 'execute',
      'execute-app-name': 'flush_dtmf',
      'event-lock': 'true',
    });
  });

  const wanted = {
    request: 'op_3',
    turn: '0a1b',
    prompt,
    maxDigits: 8,
    terminator: '#',
    waitMs: 6_000,
    betweenMs: 3_000,
    secret: false,
  } as const;
  const executes = (question: Partial<Parameters<typeof say.askDigits>[1]>): (string | undefined)[] =>
    say
      .askDigits(a, { ...wanted, ...question })
      .map(({ headers }) =>
        [headers['execute-app-name'], headers['execute-app-arg'], headers['event-uuid']].join('|'),
      );
  const forgotten = 'multiunset|ringmeter_digits read_terminator_used sensitive_dtmf process_cdr|';

  test('what is keyed in secret is kept out of a run of the switch, and let in again', () => {
    const core = '01171757-e3e7-4ed6-8b5a-312645729c4f';
    expect([say.hearRun(core), say.hearNoSecrets, say.hearSecrets].map(({ line }) => line)).toEqual([
      `filter Core-UUID ${core}`,
      'filter variable_sensitive_dtmf -true',
      'filter delete variable_sensitive_dtmf -true',
    ]);
    expect(() => say.hearRun('x\n\nevent json ALL')).toThrow(say.UnsafeCommandPart);
  });

  test('a number: what an earlier one left goes, then the question, then what it leaves', () => {
    expect(executes({})).toEqual([
      forgotten,
      'flush_dtmf||',
      `play_and_get_digits|1 8 1 6000 #* /srv/prompts/fr/${id}.wav silence_stream://10 ringmeter_digits '' 3000|digits:op_3:0a1b`,
      `${forgotten}forgot:0a1b`,
    ]);
    expect(executes({ terminator: 'none' })[2]).toContain(' 6000 * /srv');
  });

  test('a PIN: no key is told, counted or recorded from before the question until after it', () => {
    expect(executes({ secret: true }).slice(0, 3)).toEqual([
      forgotten,
      'multiset|sensitive_dtmf=true process_cdr=false|',
      'flush_dtmf||',
    ]);
  });

  test.each<[string, Partial<Parameters<typeof say.askDigits>[1]>]>([
    ['too many digits', { maxDigits: 41 }],
    ['no digits', { maxDigits: 0 }],
    ['half a digit', { maxDigits: 1.5 }],
    ['no wait', { waitMs: 0 }],
    ['an endless pause', { betweenMs: 1_000_000 }],
    ['a request with a line end', { request: 'a\nb' }],
    ['a turn of words', { turn: 'x y' }],
  ])('a number with %s is never asked for', (_, question) => {
    expect(() => executes(question)).toThrow(say.UnsafeCommandPart);
  });

  test.each([
    [
      say.scheduleKill('guard', a, 60, 'MANAGER_REQUEST'),
      `sched_api +60 guard-${a} uuid_kill ${a} MANAGER_REQUEST`,
    ],
    [
      say.scheduleKill('limit', a, 902, 'ALLOTTED_TIMEOUT'),
      `sched_api +902 limit-${a} uuid_kill ${a} ALLOTTED_TIMEOUT`,
    ],
    [
      say.scheduleKill('limit', a, 902, 'ALLOTTED_TIMEOUT', b),
      `sched_api +902 limit-${b} uuid_kill ${a} ALLOTTED_TIMEOUT`,
    ],
    [say.unschedule('12'), 'unsched_api 12'],
    [say.unscheduleGroup('limit', a), `sched_del limit-${a}`],
    [
      say.parkAfterBridge(a),
      `uuid_setvar_multi ${a} park_after_bridge=true;hangup_after_bridge=false;park_timeout=20:NORMAL_CLEARING;process_cdr=;sensitive_dtmf=;ringmeter_digits=;last_bridge_hangup_cause=`,
    ],
    [say.forgetParkTimeout(a), `uuid_setvar ${a} park_timeout`],
    [say.parkAnew(a), `uuid_transfer ${a} park inline`],
    [say.kill(a, 'USER_BUSY'), `uuid_kill ${a} USER_BUSY`],
    [say.takenSoFar(a), `uuid_getvar ${a} ringmeter_taken`],
    [say.markTaken(a, 'begun'), `uuid_setvar_multi ${a} ringmeter_taken=begun;digits_dialed_filter=.+`],
    [say.unscheduleLeg(a), `sched_del ${a}`],
    [say.answer(a), `uuid_answer ${a}`],
    [say.endEntry(a), `uuid_recv_dtmf ${a} *`],
    [say.endAfterBridge(b), `uuid_setvar_multi ${b} park_after_bridge=false;hangup_after_bridge=true`],
    [say.bridge(a, b), `uuid_bridge ${a} ${b}`],
    [say.announce(a, prompt), `uuid_broadcast ${a} /srv/prompts/fr/${id}.wav aleg`],
    [say.breakPlaying(a, 'all'), `uuid_break ${a} all`],
    [say.kill(a, 'ORIGINATOR_CANCEL'), `uuid_kill ${a} ORIGINATOR_CANCEL`],
    [say.exists(a), `uuid_exists ${a}`],
    [say.inCardRoom(a), `uuid_getvar ${a} ringmeter_card_room`],
    [say.dump(a), `uuid_dump ${a} json`],
  ])('%s', (command, text) => expect(command).toBe(text));

  test('a folder with blanks becomes one word where words are counted, and only there', () => {
    const spaced = say.promptFile('/home/Zoé M/ring meter/.data/prompts/', 'en', id);
    expect(say.announce(a, spaced)).toBe(
      `uuid_broadcast ${a} '/home/Zoé M/ring meter/.data/prompts/en/${id}.wav' aleg`,
    );
    expect(say.play(a, 'r', spaced).headers['execute-app-arg']).toBe(spaced);
    expect(say.ask(a, 'r', spaced, 500).headers['execute-app-arg']).toContain(` '${spaced}' `);
  });
});

describe('several sounds in one go', () => {
  const other = say.promptFile('/srv/prompts', 'en', 'f'.repeat(32));
  const three = say.soundOf([prompt, { silenceMs: 1_500 }, other]);

  test('are one word, one behind the other', () => {
    expect(three).toBe(`file_string://${prompt}!silence_stream://1500!${other}`);
    expect(say.play(a, 'op_1', three).headers['execute-app-arg']).toBe(three);
    expect(say.ask(a, 'op_1', three, 8_000).headers['execute-app-arg']).toBe(
      `1 1 1 8000 # ${three} silence_stream://10 ringmeter_key`,
    );
    expect(say.soundOf([prompt])).toBe(prompt);
    expect(say.soundOf([{ silenceMs: 10 }])).toBe('file_string://silence_stream://10');
  });

  test('are one word with blanks in it where words are counted', () => {
    const spaced = say.soundOf([say.promptFile('/srv/my prompts', 'fr', id), prompt]);
    expect(say.ask(a, 'r', spaced, 500).headers['execute-app-arg']).toContain(
      ` 'file_string:///srv/my prompts/fr/${id}.wav!${prompt}' `,
    );
  });

  test.each<[string, string]>([
    ['none', 'file_string://'],
    ['another stream', `file_string://${prompt}!tone_stream://%(200,50,1000)`],
    ['one within another', `file_string://${prompt}!file_string://${prompt}`],
    ['endless silence', `file_string://silence_stream://-1!${prompt}`],
    ['a file of somebody else', `file_string://${prompt}!/etc/passwd`],
    ['an empty part', `file_string://${prompt}!!${prompt}`],
    ['a line end', `file_string://${prompt}!${prompt}\n`],
    ['a take', `file_string:///srv/takes/${a}.wav`],
    ['more than the switch takes', `file_string://${Array.from({ length: 101 }, () => prompt).join('!')}`],
    ['silence alone, unframed', 'silence_stream://10'],
  ])('%s: nothing is sent', (_, sound) => {
    for (const build of [
      () => say.play(a, 'r', sound as say.Sound),
      () => say.announce(a, sound as say.Sound),
      () => say.ask(a, 'r', sound as say.Sound, 500),
    ])
      expect(build).toThrow(say.UnsafeCommandPart);
  });

  test.each([0, -1, 1.5, Number.NaN, 600_001])('%d ms of silence are refused', (silenceMs) => {
    expect(() => say.soundOf([prompt, { silenceMs }])).toThrow(say.UnsafeCommandPart);
  });
});

describe('what is not of the allowed form is never sent', () => {
  test.each([
    '0612345678',
    '+0612345678',
    '+336',
    '+3361234567890123',
    '+33 6',
    '+33612345678\n',
    '+33612345678,x',
    '',
    '+33612345678@evil',
    "+33'",
    '+33${x}',
    '＋33612345678',
    '+٣٣٦١٢٣٤٥٦٧٨',
  ])('the number %j', (number) => {
    expect(() => say.originate({ ...order, to: number as E164 })).toThrow(say.UnsafeCommandPart);
    expect(() => say.originate({ ...order, callerId: number as E164 })).toThrow(say.UnsafeCommandPart);
  });

  test.each([
    'marie@sip.example.com',
    'sip:marie@SIP.example.com',
    'sip:marie@sip.example.com;transport=tcp',
    'sip:marie@sip.example.com;fs_path=sip:192.0.2.1',
    'sip:marie%sip.example.com',
    'sip:marie@sip.example.com,sofia/carrier/sip:paul@sip.example.com',
    'sip:marie@sip.example.com|sofia/carrier/+33899700700@192.0.2.1',
    'sip:marie@sip.example.com &hangup()',
    'sip:marie@sip.example.com\nauth x',
    'sip:${api}@sip.example.com',
    'sip:marie^x@sip.example.com',
    'sip:@sip.example.com',
  ])('the SIP address %j', (to) => {
    for (const by of [sipProfile, carrier]) {
      expect(() => say.originate({ ...order, to: to as SipAddress, by })).toThrow(say.UnsafeCommandPart);
    }
  });

  test('a SIP address at the carrier, a number out of a profile, an address as the number shown', () => {
    const to = 'sip:marie@sip.example.com' as SipAddress;
    expect(() => say.originate({ ...order, to })).toThrow(say.UnsafeCommandPart);
    expect(() => say.originate({ ...order, by: sipProfile })).toThrow(say.UnsafeCommandPart);
    expect(() => say.originate({ ...order, to, by: { kind: 'profile', name: 'a b' } })).toThrow(
      say.UnsafeCommandPart,
    );
    expect(() => say.originate({ ...order, callerId: to as string as E164 })).toThrow(say.UnsafeCommandPart);
  });

  test.each([
    ['', 'x'],
    [a.toUpperCase(), 'x'],
    [`${a}\nauth x`, 'x'],
    [`${a} `, 'x'],
    ['all', 'x'],
  ])('the uuid %j', (leg) => {
    for (const command of [say.exists, say.dump, say.forgetKeys, say.parkAfterBridge]) {
      expect(() => command(leg as LegUuid)).toThrow(say.UnsafeCommandPart);
    }
    expect(() => say.bridge(a, leg as LegUuid)).toThrow(say.UnsafeCommandPart);
  });

  test.each([
    { kind: 'gateway', name: 'car rier' },
    { kind: 'gateway', name: '../x' },
    { kind: 'gateway', name: 'x/+331' },
    { kind: 'gateway', name: '' },
    { kind: 'address', profile: 'a/b', host: '127.0.0.1', port: 5060 },
    { kind: 'address', profile: 'a', host: '127.0.0.1;x', port: 5060 },
    { kind: 'address', profile: 'a', host: 'h h', port: 5060 },
    { kind: 'address', profile: 'a', host: 'h', port: 0 },
    { kind: 'address', profile: 'a', host: 'h', port: 65_536 },
    { kind: 'address', profile: 'a', host: 'h', port: 50.5 },
  ] satisfies CarrierRoute[])('the destination %j', (by) => {
    expect(() => say.originate({ ...order, by })).toThrow(say.UnsafeCommandPart);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 90_001, 60_000_000])(
    '%d seconds',
    (seconds) => {
      expect(() => say.scheduleKill('limit', a, seconds, 'ALLOTTED_TIMEOUT')).toThrow(say.UnsafeCommandPart);
    },
  );

  test.each([
    'relative/prompts',
    '',
    '/srv/../etc',
    '/srv/./x',
    "/srv/o'brien",
    '/srv/$HOME',
    '/srv/a,b',
    '/srv/a\nb',
    '/srv/ a',
    '/srv/a ',
    '/srv/{x}',
    '/srv//x',
    '/a@@b',
    '/a;b',
    '/a!b',
    '/a"b',
    '/a\\b',
    'tone_stream://x',
    '/a:b',
  ])('the prompts folder %j', (dir) => {
    expect(() => say.promptFile(dir, 'fr', id)).toThrow(say.UnsafeCommandPart);
  });

  test.each(['', 'x', '../apology', 'APOLOGY', `${id}0`, id.toUpperCase()])('the prompt id %j', (wrong) => {
    expect(() => say.promptFile('/srv', 'fr', wrong)).toThrow(say.UnsafeCommandPart);
    expect(() => say.promptFile('/srv', wrong as 'fr', id)).toThrow(say.UnsafeCommandPart);
  });

  test('the reason holds no value', () => {
    expect(() => say.originate({ ...order, to: '+33612345678x' as E164 })).toThrow(/^number is not/);
  });
});

test('no input of any part breaks out of its command: it is refused, or nothing but the allowed characters comes out', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...Array.from('+0123456789abcdef-/.\r\n ,;:{}[]()$\'"\\&|^@#%_')) }),
    fc.constantFrom<string>(
      prompt,
      `file_string://${prompt}!silence_stream://10`,
      '10',
      a,
      '+33612345678',
      'carrier',
      '127.0.0.1',
      'op_1',
      '/srv/prompts',
      '/a b',
      id,
      '12',
    ),
  );
  let sent = 0;
  let refused = 0;
  fc.assert(
    fc.property(nasty, nasty, nasty, fc.oneof(fc.integer(), fc.double()), (x, y, z, n) => {
      const build: (() => (string | say.Message)[])[] = [
        () => [
          say.originate({ ...order, leg: x as LegUuid, to: y as E164, callerId: z as E164, ringSeconds: n }),
        ],
        () => [say.originate({ ...order, to: `sip:${x}@${y}` as SipAddress, by: sipProfile })],
        () => [
          say.originate({ ...order, to: `sip:marie@${x}` as SipAddress, by: { kind: 'profile', name: z } }),
        ],
        () => [say.originate({ ...order, job: x as LegUuid, by: { kind: 'gateway', name: y } })],
        () => [say.originate({ ...order, by: { kind: 'address', profile: x, host: y, port: n } })],
        () => [say.ask(x as LegUuid, y, z as PromptFile, n), say.play(x as LegUuid, y, z as PromptFile)],
        () => [say.play(a, x, say.promptFile(y, 'fr', z)), say.announce(a, say.promptFile(y, 'en', id))],
        () => [say.scheduleKill('guard', x as LegUuid, n, y as 'ALLOTTED_TIMEOUT')],
        () => [say.unschedule(x)],
        () => [say.subscribe([x, y])],
        () => [say.bridge(x as LegUuid, y as LegUuid), say.announce(x as LegUuid, y as PromptFile)],
        () => [say.kill(x as LegUuid, y as 'NORMAL_CLEARING'), say.playMusic(x as LegUuid, n)],
        () => [say.playMusic(a, 1, x)],
        () => [
          say.play(a, 'r', say.soundOf([x as PromptFile, { silenceMs: n }, say.promptFile(y, 'fr', id)])),
        ],
        () => [say.ask(a, 'r', `file_string://${prompt}!${x}` as say.Sound, 500)],
        () => [say.play(a, 'r', `file_string://${x}!silence_stream://${y}` as say.Sound)],
        () => [say.play(a, 'r', `${x}${prompt}!${z}` as say.Sound)],
      ];
      for (const command of build) {
        let built: (string | say.Message)[];
        try {
          built = command();
        } catch (refusal) {
          expect(refusal).toBeInstanceOf(say.UnsafeCommandPart);
          refused += 1;
          continue;
        }
        sent += 1;
        for (const one of built) {
          const lines = typeof one === 'string' ? [one] : [one.line, ...Object.entries(one.headers).flat()];
          for (const line of lines) {
            expect(line).not.toMatch(/[\p{Cc}\u2028\u2029$\\"]/u);
            expect(line).toMatch(/^[\p{L}\p{N} ._()+=~\-/:;,#&{}@'%!]*$/u);
          }
          if (typeof one !== 'string' && one.line.startsWith('bgapi originate')) {
            expect(one.line).toMatch(
              /^bgapi originate \{origination_uuid=[0-9a-f-]{36},origination_caller_id_number=\+\d{5,15},origination_caller_id_name=\+\d{5,15},ignore_early_media=true,originate_timeout=\d{1,3},hangup_after_bridge=true,digits_dialed_filter=\.\+,media_timeout=30000\}sofia\/[A-Za-z0-9_/-]+\/(?:\+\d{5,15}(?:@[A-Za-z0-9.-]+:\d{1,5})?|sip:[A-Za-z0-9+._-]+@[a-z0-9.-]+(?::\d{1,5})?) &park\(\)$/,
            );
          }
        }
      }
    }),
    { numRuns: 3_000 },
  );
  expect(Math.min(sent, refused)).toBeGreaterThan(100);
});

describe('what somebody says becomes a take', () => {
  const take = '0b5e3f1e-7c1a-4d0e-9d55-6a1f0c2b7e91' as LegUuid;

  test('behind a tone, until a key, silence or its greatest length', () => {
    const order = {
      request: 'op_1',
      turn: '7f3a',
      take: say.takeFile('/srv/my prompts', take),
      maxSeconds: 60,
      silenceSeconds: 5,
    };
    const sent = say
      .record(take, order)
      .map(({ headers }) => [headers['execute-app-name'], headers['execute-app-arg']]);
    expect(sent).toEqual([
      ['playback', 'tone_stream://v=-16;%(200,50,1000)'],
      ['flush_dtmf', undefined],
      ['set', 'playback_terminators=#*'],
      ['record', `'/srv/my prompts/takes/${take}.wav' 60 200 5`],
      ['unset', 'playback_terminators'],
    ]);
  });

  test.each(['relative', '/srv/../x', "/srv/'x", '/srv/x y\n'])('never outside its folder: %j', (dir) => {
    expect(() => say.takeFile(dir, take)).toThrow('allowed form');
  });

  test.each(['../x', 'x', `${take} x`, `${take}\n`])('under no other name: %j', (name) => {
    expect(() => say.takeFile('/srv', name as LegUuid)).toThrow('allowed form');
  });
});
