// What may be set, and the sentence for everything that may not.

import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, type Environment } from '../src/config.ts';

const here = '/srv/ringmeter';
const key = Buffer.alloc(32, 7).toString('base64');
const real: Environment = {
  FREESWITCH_URL: 'esl://:ClueCon@10.0.0.5:8021',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_1',
};
const production: Environment = {
  ...real,
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://ringmeter@db/ringmeter',
  SECRETS_KEY: key,
  PUBLIC_URL: 'https://pay.example.com',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
  PROMPTS_DIR: '/var/lib/ringmeter/prompts',
};

function problemsOf(env: Environment): readonly string[] {
  try {
    readConfig(env, here);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('SIP domains', () => {
  test('none unless listed, and only as they stand in addresses', () => {
    expect(readConfig(production, here).sip).toBeUndefined();
    const listed = { ...production, SIP_DOMAINS: 'SIP.Example.com, pbx.example.org:5070,192.0.2.7' };
    expect(readConfig(listed, here).sip).toEqual({
      domains: ['sip.example.com', 'pbx.example.org:5070', '192.0.2.7'],
      profile: 'carrier',
    });
    expect(readConfig({ ...listed, FREESWITCH_GATEWAY: 'inside@10.0.0.9:5060' }, here).sip?.profile).toBe(
      'inside',
    );
    expect(readConfig({ ...listed, SIP_PROFILE: 'phones' }, here).sip?.profile).toBe('phones');
    expect(readConfig({ SIP_DOMAINS: 'sip.example.com' }, here).sip?.domains).toEqual([
      'sip.example.com',
      'sandbox.test',
    ]);
  });

  test.each([
    '*.example.com',
    'marie@sip.example.com',
    'sip.example.com;x',
    '[::1]',
    'sip.example.com:0',
    ',',
  ])('never %s', (SIP_DOMAINS) => {
    expect(problemsOf({ ...production, SIP_DOMAINS })).toEqual([
      expect.stringMatching(/^SIP_DOMAINS must be a list of SIP domains such as sip\.example\.com/),
    ]);
  });

  test('an edge in front: all three or none, and its domain is called', () => {
    const edge = {
      DRACHTIO_URL: 'drachtio://:secret@10.0.0.6:9022',
      SIP_EDGE: 'sip.example.com',
      SIP_EDGE_SWITCHES: '10.0.0.5:5080,10.0.0.7',
    };
    const config = readConfig({ ...production, ...edge }, here);
    expect(config.sipEdge).toEqual({
      host: '10.0.0.6',
      port: 9022,
      secret: 'secret',
      domain: 'sip.example.com',
      switches: ['10.0.0.5:5080', '10.0.0.7'],
    });
    expect(config.sip?.domains).toEqual(['sip.example.com']);
    expect(problemsOf({ ...production, DRACHTIO_URL: edge.DRACHTIO_URL })).toEqual([
      expect.stringMatching(/^SIP_EDGE must be set when DRACHTIO_URL is/),
      expect.stringMatching(/^SIP_EDGE_SWITCHES must be set when DRACHTIO_URL is/),
    ]);
    const wrong = {
      DRACHTIO_URL: 'drachtio://10.0.0.6:9022',
      SIP_EDGE: 'a b',
      SIP_EDGE_SWITCHES: 'fs1:5080',
    };
    expect(problemsOf({ ...production, ...wrong })).toHaveLength(3);
  });

  test('a profile alone calls nobody', () => {
    expect(problemsOf({ ...production, SIP_PROFILE: 'phones' })).toEqual([
      'SIP_DOMAINS must be set when SIP_PROFILE is: it calls nobody else.',
    ]);
  });
});

describe('nothing set', () => {
  test('everything outside is the sandbox, on this machine only', () => {
    expect(readConfig({}, here)).toEqual({
      production: false,
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://localhost:3000',
      dataDir: '/srv/ringmeter/.data',
      carrier: { kind: 'gateway', name: 'carrier' },
      sip: { domains: ['sandbox.test'], profile: 'carrier' },
      trunkCountry: 'FR',
      sandbox: { port: 3001, parts: ['switch', 'processor', 'merchant'] },
      demo: true,
      prompts: {
        dir: expect.stringMatching(/\/ringmeter-prompts-[0-9a-f]{12}$/),
        dirAtSwitch: expect.stringMatching(/\/ringmeter-prompts-[0-9a-f]{12}$/),
      },
      drainSeconds: 0,
      trustedProxies: 0,
      followParent: false,
      logLevel: 'info',
    });
  });

  test('an empty variable is one that is not set', () => {
    const empty = Object.fromEntries(
      ['PORT', 'FREESWITCH_URL', 'STRIPE_SECRET_KEY', 'DATABASE_URL', 'SANDBOX', 'NODE_ENV'].map((name) => [
        name,
        ' ',
      ]),
    );
    expect(readConfig(empty, here)).toEqual(readConfig({}, here));
  });

  test('ports and folder change, the address follows the port', () => {
    const config = readConfig({ PORT: '4000', SANDBOX_PORT: '4001', DATA_DIR: 'elsewhere' }, here);
    expect(config).toMatchObject({
      port: 4000,
      publicUrl: 'http://localhost:4000',
      dataDir: '/srv/ringmeter/elsewhere',
      sandbox: { port: 4001 },
      prompts: { dir: '/srv/ringmeter/elsewhere/prompts', dirAtSwitch: '/srv/ringmeter/elsewhere/prompts' },
    });
  });

  test.each(['/home/me/My Projects/ringmeter', '/home/été/ringmeter', '/home/me/.hidden'])(
    'prompts lie outside a folder the event socket cannot name: %s',
    (folder) => {
      const { prompts, dataDir } = readConfig({ DATA_DIR: 'data' }, folder);
      expect(dataDir).toBe(`${folder}/data`);
      expect(prompts.dirAtSwitch).toMatch(/^\/[A-Za-z0-9._/-]+$/);
      expect(prompts.dir).toBe(prompts.dirAtSwitch);
    },
  );
});

describe('how long it serves on when it is told to end', () => {
  test.each([
    ['nobody shares out requests to a checkout', {}, 0],
    ['a balancer sees it in production', production, 5],
    ['as long as is said', { DRAIN_SECONDS: '20' }, 20],
    ['not at all where that is said', { ...production, DRAIN_SECONDS: '0' }, 0],
  ])('%s', (_, env, seconds) => {
    expect(readConfig(env, here).drainSeconds).toBe(seconds);
  });

  test.each(['-1', '61', '1.5', 'soon', '100'])('not %s', (text) => {
    expect(problemsOf({ DRAIN_SECONDS: text })).toEqual([
      'DRAIN_SECONDS must be a whole number of seconds from 0 to 60.',
    ]);
  });
});

describe('the card room', () => {
  test('is the gateway’s own unless another is named', () => {
    expect(readConfig({}, here)).not.toHaveProperty('cardRoomSocket');
    const CARD_ROOM_SOCKET = '/run/ringmeter/card-room.sock';
    expect(readConfig({ CARD_ROOM_SOCKET }, here).cardRoomSocket).toBe(CARD_ROOM_SOCKET);
  });

  test.each(['card-room.sock', `/${'a'.repeat(120)}`])('is not at %s', (CARD_ROOM_SOCKET) => {
    expect(problemsOf({ CARD_ROOM_SOCKET })).toEqual([
      'CARD_ROOM_SOCKET must be the absolute path of the socket a card room that runs by itself is asked at.',
    ]);
  });
});

describe('proxies in front', () => {
  test('are believed as many as are said', () => {
    expect(readConfig({ TRUSTED_PROXIES: '1' }, here).trustedProxies).toBe(1);
  });

  test.each(['-1', '6', 'all', 'loopback'])('not %s', (text) => {
    expect(problemsOf({ TRUSTED_PROXIES: text })).toEqual([
      'TRUSTED_PROXIES must be how many proxies stand in front, from 0 to 5.',
    ]);
  });
});

describe('one choice for all parts', () => {
  test('a real switch and the real processor: no sandbox, reachable from outside, demo merchant still there to try', () => {
    const config = readConfig(real, here);
    expect(config).toMatchObject({
      host: '0.0.0.0',
      switches: [{ id: 'fs1', host: '10.0.0.5', port: 8021, password: 'ClueCon' }],
      stripe: { secretKey: 'sk_test_1', publishableKey: 'pk_test_1' },
      demo: true,
    });
    expect(config.sandbox).toBeUndefined();
    expect(config.onlyNumbers).toBeUndefined();
  });

  test.each([
    ['FREESWITCH_URL', { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_PUBLISHABLE_KEY: 'pk_test_1' }],
    ['STRIPE_SECRET_KEY', { FREESWITCH_URL: 'esl://:p@h' }],
  ])('%s alone is missing', (missing, env) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(new RegExp(`^${missing} must be set when`))]);
  });

  test('a real switch with sandbox cards rings the listed numbers and nobody else', () => {
    const env = { FREESWITCH_URL: 'esl://:p@h', SANDBOX: 'processor, merchant' };
    expect(problemsOf(env)).toEqual([expect.stringMatching(/^SANDBOX_NUMBERS must be set/)]);
    const config = readConfig({ ...env, SANDBOX_NUMBERS: '+33612345678, +33199000001' }, here);
    expect(config.onlyNumbers).toEqual(['+33612345678', '+33199000001']);
    expect(config.sandbox?.parts).toEqual(['processor', 'merchant']);
  });

  test("real cards in test mode with the sandbox's phones", () => {
    const { STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY } = real;
    const config = readConfig({ STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY, SANDBOX: 'switch' }, here);
    expect(config.sandbox?.parts).toEqual(['switch']);
    expect(config.switches).toBeUndefined();
    expect(config.onlyNumbers).toBeUndefined();
  });

  test('live keys never pay for sandbox calls', () => {
    const env = { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_PUBLISHABLE_KEY: 'pk_live_1', SANDBOX: 'switch' };
    expect(problemsOf(env)).toEqual([expect.stringMatching(/^STRIPE_SECRET_KEY must be a test key/)]);
  });

  test('a part that is both real and listed', () => {
    expect(problemsOf({ ...real, SANDBOX: 'switch,processor' })).toEqual([
      expect.stringMatching(/^SANDBOX lists the switch/),
      expect.stringMatching(/^SANDBOX lists the processor/),
    ]);
  });

  test('a part nobody knows', () => {
    expect(problemsOf({ SANDBOX: 'phones' })).toEqual([
      'SANDBOX must be a list of switch, processor, merchant.',
    ]);
  });
});

describe('production', () => {
  test('is whole', () => {
    const config = readConfig(production, here);
    expect(config).toMatchObject({ production: true, demo: false, publicUrl: 'https://pay.example.com' });
    expect(config.sandbox).toBeUndefined();
    expect(config.secretsKey).toEqual(Buffer.alloc(32, 7));
  });

  test('never has a sandbox', () => {
    expect(problemsOf({ NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/^FREESWITCH_URL must be set/),
      expect.stringMatching(/^STRIPE_SECRET_KEY must be set/),
      expect.stringMatching(/^DATABASE_URL must be set/),
      expect.stringMatching(/^PUBLIC_URL must be set/),
      expect.stringMatching(/^STRIPE_WEBHOOK_SECRET must be set/),
      expect.stringMatching(/^SECRETS_KEY must be set/),
      expect.stringMatching(/^PROMPTS_DIR must be set/),
    ]);
    expect(problemsOf({ ...production, SANDBOX: 'merchant' })).toEqual([
      'SANDBOX must not be set when NODE_ENV is production.',
    ]);
  });

  test('is reached by https', () => {
    expect(problemsOf({ ...production, PUBLIC_URL: 'http://pay.example.com' })).toEqual([
      expect.stringMatching(/^PUBLIC_URL must begin with https:/),
    ]);
    expect(problemsOf({ ...production, PUBLIC_URL: 'http://localhost:3000' })).toEqual([]);
  });
});

describe('what goes together', () => {
  test("a database of one's own needs the key that seals its secrets", () => {
    const env = { DATABASE_URL: 'postgres://a:b@c/d' };
    expect(problemsOf(env)).toEqual([expect.stringMatching(/^SECRETS_KEY must be set/)]);
    expect(readConfig({ ...env, SECRETS_KEY: key }, here).databaseUrl).toBe('postgres://a:b@c/d');
  });

  test('Stripe keys come in pairs of one mode', () => {
    expect(problemsOf({ ...real, STRIPE_PUBLISHABLE_KEY: '' })).toEqual([
      expect.stringMatching(/^STRIPE_PUBLISHABLE_KEY must be set/),
    ]);
    expect(problemsOf({ ...real, STRIPE_PUBLISHABLE_KEY: 'pk_live_1' })).toEqual([
      expect.stringMatching(/must both be test keys or both be live keys/),
    ]);
  });

  test('mail has a sender', () => {
    expect(problemsOf({ SMTP_URL: 'smtp://mail:587' })).toEqual(['MAIL_FROM must be set when SMTP_URL is.']);
    const config = readConfig(
      { SMTP_URL: 'smtps://u:p@mail', MAIL_FROM: 'Ringmeter <no-reply@example.com>' },
      here,
    );
    expect(config.mail).toEqual({ smtpUrl: 'smtps://u:p@mail', from: 'Ringmeter <no-reply@example.com>' });
  });

  test('two ports', () => {
    expect(problemsOf({ PORT: '3001' })).toEqual(['SANDBOX_PORT must be another port than PORT.']);
    expect(problemsOf({ ...real, PORT: '3001' })).toEqual([]);
  });

  test('prompts are named as the switch can read them', () => {
    expect(problemsOf({ PROMPTS_DIR: '/my prompts' })).toEqual([
      expect.stringMatching(/^PROMPTS_DIR_AT_SWITCH must be set/),
    ]);
    const config = readConfig({ PROMPTS_DIR: '/my prompts', PROMPTS_DIR_AT_SWITCH: '/prompts' }, here);
    expect(config.prompts).toEqual({ dir: '/my prompts', dirAtSwitch: '/prompts' });
  });

  test('everything wrong is said at once', () => {
    expect(
      problemsOf({ PORT: 'x', LOG_LEVEL: 'loud', FREESWITCH_URL: 'esl://h', DATABASE_URL: 'mysql://x' }),
    ).toEqual([
      expect.stringMatching(/^PORT must/),
      expect.stringMatching(/^DATABASE_URL must/),
      expect.stringMatching(/^FREESWITCH_URL must/),
      expect.stringMatching(/^LOG_LEVEL must/),
      expect.stringMatching(/^STRIPE_SECRET_KEY must/),
      expect.stringMatching(/^SECRETS_KEY must/),
    ]);
  });
});

describe('single values', () => {
  test.each([
    ['esl://:ClueCon@switch.example:8022', { host: 'switch.example', port: 8022, password: 'ClueCon' }],
    ['esl://:p%40ss%3Aword@10.0.0.1', { host: '10.0.0.1', port: 8021, password: 'p@ss:word' }],
    ['esl://:p@[::1]:8021/', { host: '::1', port: 8021, password: 'p' }],
  ])('FREESWITCH_URL %s', (text, expected) => {
    expect(readConfig({ ...real, FREESWITCH_URL: text }, here).switches).toEqual([
      { id: 'fs1', ...expected },
    ]);
  });

  test('FREESWITCH_URL with several switches, named or not', () => {
    const FREESWITCH_URL = 'esl://:a@10.0.0.1:8021#paris1, esl://:b@10.0.0.2';
    expect(readConfig({ ...real, FREESWITCH_URL }, here).switches).toEqual([
      { id: 'paris1', host: '10.0.0.1', port: 8021, password: 'a' },
      { id: 'fs2', host: '10.0.0.2', port: 8021, password: 'b' },
    ]);
  });

  test.each([
    ['carrier-paris', { kind: 'gateway', name: 'carrier-paris' }],
    ['external@127.0.0.1:5090', { kind: 'address', profile: 'external', host: '127.0.0.1', port: 5090 }],
  ])('FREESWITCH_GATEWAY %s', (text, expected) => {
    expect(readConfig({ FREESWITCH_GATEWAY: text }, here).carrier).toEqual(expected);
  });

  test('CDR_CREDENTIALS may have a colon in the password', () => {
    const { cdrCredentials } = readConfig({ CDR_CREDENTIALS: 'fs:a:b' }, here);
    expect(cdrCredentials).toEqual({ user: 'fs', password: 'a:b' });
  });

  test('voices and engine', () => {
    const { prompts } = readConfig({ TTS_VOICE_FR: 'mb-fr1', TTS_ENGINE: '/usr/bin/espeak-ng' }, here);
    expect(prompts).toMatchObject({ voices: { fr: 'mb-fr1' }, engine: '/usr/bin/espeak-ng' });
    const command = 'piper --model fr.onnx --output-file -';
    expect(readConfig({ TTS_COMMAND: command }, here).prompts.speech).toEqual({ command });
    const url = 'http://127.0.0.1:5002/speak';
    expect(readConfig({ TTS_URL: url }, here).prompts.speech).toEqual({ url });
    expect(problemsOf({ TTS_URL: url, TTS_COMMAND: command }).join()).toContain('give one of them');
  });

  test.each([
    ['NODE_ENV', ['prod', 'Production']],
    ['HOST', ['local host', 'a/b']],
    ['PORT', ['0', '65536', '-1', '3000.5', '3e3', 'http']],
    ['SANDBOX_PORT', ['0', '70000', 'x']],
    [
      'PUBLIC_URL',
      [
        'pay.example.com',
        'ftp://a',
        'https://a/path',
        'https://a/?q',
        'https://u:p@a',
        'javascript:alert(1)',
      ],
    ],
    ['DATABASE_URL', ['localhost', 'mysql://a/b']],
    [
      'SECRETS_KEY',
      ['short', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64'), 'é'.repeat(43)],
    ],
    [
      'FREESWITCH_URL',
      [
        '10.0.0.5:8021',
        'esl://host',
        'esl://user:p@h',
        'http://:p@h',
        'esl://:p@h:0',
        'esl://:p@h/x',
        'esl://:a%0Ab@h',
        'esl://:p@',
      ],
    ],
    ['FREESWITCH_GATEWAY', ['a b', 'a/b', 'x@h', 'x@h:0', 'x@h:99999', "a'b", '{x}', 'external@a,b:5060']],
    ['TRUNK_COUNTRY', ['fr', 'France', 'XX', '33']],
    ['CDR_CREDENTIALS', ['user', ':p', 'user:']],
    ['STRIPE_SECRET_KEY', ['pk_test_1', 'sk_prod_1', 'secret']],
    ['STRIPE_PUBLISHABLE_KEY', ['sk_test_1', 'x']],
    ['STRIPE_WEBHOOK_SECRET', ['secret', 'whsec_']],
    ['SANDBOX', ['all', 'switch,stripe', ',']],
    ['SANDBOX_NUMBERS', ['0612345678', '+33 6 12', '+0612345678', '+3361234567890123', '33612345678']],
    ['SMTP_URL', ['mail:587', 'http://mail']],
    ['MAIL_FROM', ['nobody', 'a@b@c', 'Name <a b@c>']],
    ['PROMPTS_DIR_AT_SWITCH', ['prompts', '/a b', '/a;b', '/a/../b', '/a/.b']],
    ['TTS_ENGINE', ['espeak; rm', '$(x)']],
    ['TTS_VOICE_FR', ['-f', 'a b']],
    ['TTS_URL', ['speak', 'ftp://host/']],
    ['LOG_LEVEL', ['trace', 'INFO']],
  ])('%s refuses what it cannot be', (variable, texts) => {
    for (const text of texts) {
      const named = problemsOf({ [variable]: text }).filter((problem) =>
        problem.startsWith(`${variable} must be `),
      );
      expect([text, named.length]).toEqual([text, 1]);
    }
  });

  test('no sentence repeats a value: some are secrets', () => {
    const secret = 'hunter2hunter2';
    const variables = [
      'SECRETS_KEY',
      'FREESWITCH_URL',
      'STRIPE_SECRET_KEY',
      'STRIPE_WEBHOOK_SECRET',
      'CDR_CREDENTIALS',
      'SMTP_URL',
      'DATABASE_URL',
    ];
    const problems = problemsOf(Object.fromEntries(variables.map((variable) => [variable, secret])));
    expect(problems.length).toBeGreaterThanOrEqual(variables.length);
    expect(problems.join(' ')).not.toContain(secret);
  });
});
