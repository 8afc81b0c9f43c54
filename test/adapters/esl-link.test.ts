import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { areYouThere, kill } from '../../src/telephony/dial-string.ts';
import { EslLink, type SwitchHeaders } from '../../src/telephony/esl-link.ts';
import type { LegUuid } from '../../src/core/ids.ts';
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

const leg = '190bd7bb-37d7-4881-a473-3217367c857c' as LegUuid;
const events = ['CHANNEL_PARK', 'BACKGROUND_JOB'] as const;

let peer: ScriptedSwitch;
let clock: HandClock;
let link: EslLink;
let heard: SwitchHeaders[];
let complaints: string[];
let ups: string[];
let downs: number;
let changes: (() => void)[];

/** Resolves when `holds` does, looked at whenever the link tells something and whenever there was input or output. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      changes.push(resolve);
      setImmediate(resolve);
    });
  }
}
const changed = (): void => {
  for (const tell of changes.splice(0)) tell();
};

/** `password` and `throwing` are what some tests vary. */
function make(more: { password?: string; throwing?: boolean } = {}): EslLink {
  const note = (facts: Record<string, unknown>, message: string): void => {
    complaints.push(`${message} ${typeof facts['why'] === 'string' ? facts['why'] : ''}`.trim());
    changed();
  };
  return new EslLink(
    {
      id: 'sw1',
      host: '127.0.0.1',
      port: peer.port,
      password: more.password ?? 'a password',
      events,
      clock,
      log: { info: () => undefined, warn: note, error: note },
      chance: () => 0.5,
    },
    {
      up: (core) => {
        ups.push(core);
        changed();
      },
      down: () => {
        downs += 1;
        changed();
      },
      event: (event) => {
        heard.push(event);
        changed();
        if (more.throwing === true) throw new Error('a bug in a listener');
      },
    },
  );
}

async function startedUp(): Promise<void> {
  link.start();
  await until(() => ups.length === 1);
}
/** The link is down and waits: time passes until it has tried again. */
async function comesBack(): Promise<void> {
  const before = ups.length;
  await until(() => !link.up);
  const arrives = peer.connection();
  clock.turn(5_000);
  await arrives;
  await until(() => ups.length === before + 1);
}

beforeEach(async () => {
  peer = await ScriptedSwitch.start();
  clock = new HandClock();
  [heard, complaints, ups, downs, changes] = [[], [], [], 0, []];
  link = make();
});
afterEach(async () => {
  await link.stop();
  await peer.close();
});

describe('opening', () => {
  test('authenticates, learns the core uuid, keeps out what is keyed in secret, only then subscribes', async () => {
    await startedUp();
    expect(ups).toEqual([coreUuid]);
    expect(link.up).toBe(true);
    expect(link.lastSeenMs).toBe(clock.monotonicMs());
    expect(peer.commands).toEqual([
      'auth a password',
      'api global_getvar core_uuid',
      `filter Core-UUID ${coreUuid}`,
      'filter variable_ringmeter_card_room -true',
      'filter variable_sensitive_dtmf -true',
      'event json CHANNEL_PARK BACKGROUND_JOB',
    ]);
  });

  test('a refused password is said once, and tried again later', async () => {
    peer.answerAuth = commandReply('-ERR invalid');
    link.start();
    await until(() => complaints.length === 1);
    expect(complaints[0]).toContain('refuses our password');
    for (let attempt = 2; attempt <= 4; attempt += 1) {
      const refused = peer.disconnection();
      clock.turn(clock.nextInMs() ?? 0);
      await refused;
      await until(() => (clock.nextInMs() ?? 5_000) < 5_000);
    }
    expect(peer.commands).toEqual([
      'auth a password',
      'auth a password',
      'auth a password',
      'auth a password',
    ]);
    expect(complaints).toHaveLength(1);
    peer.answerAuth = undefined;
    clock.turn(clock.nextInMs() ?? 0);
    await until(() => ups.length === 1);
  });

  test('an address that is not admitted is said as such', async () => {
    peer.greets = false;
    const arrives = peer.connection();
    link.start();
    await arrives;
    peer.send('Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n');
    await until(() => complaints.length === 1);
    expect(complaints[0]).toContain('ACL');
  });

  test('a peer that never greets is given up', async () => {
    peer.greets = false;
    const arrives = peer.connection();
    link.start();
    await arrives;
    clock.turn(5_000);
    await until(() => complaints.length === 1);
    expect(complaints[0]).toContain('no greeting');
  });

  test('a refused subscription is no link', async () => {
    peer.answer = (command, at) =>
      command.startsWith('event json CHANNEL')
        ? commandReply('-ERR no keywords supplied')
        : healthy(command, at);
    link.start();
    await until(() => complaints.length === 1);
    expect(complaints[0]).toContain('subscription');
    expect(link.up).toBe(false);
  });

  test('nobody listening is tried again with growing pauses between 0.2 and 5 s', async () => {
    await peer.close();
    link.start();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await until(() => complaints.length > 0);
      // The pause is the only timer left once the attempt has failed.
      await until(() => (clock.nextInMs() ?? 5_000) < 5_000);
      const pause = clock.nextInMs() ?? 0;
      pauses.push(pause);
      clock.turn(pause);
    }
    peer = await ScriptedSwitch.start();
    expect(pauses).toEqual([200, 300, 600, 1_200, 2_400, 3_750, 3_750, 3_750]);
    expect(complaints).toHaveLength(1);
  });

  test.each(['', 'two\nlines', 'two\rlines'])(
    'the password %j is refused before anything is sent',
    (password) => {
      expect(() => make({ password })).toThrow('one line');
    },
  );
});

describe('commands', () => {
  test('answers come to their own commands, whatever kind, events in between', async () => {
    await startedUp();
    peer.answer = (command) =>
      jsonEvent({ 'Event-Name': 'CHANNEL_PARK', 'Unique-ID': leg }) +
      (command.startsWith('api ')
        ? apiResponse(`+OK ${command.slice(4)}\n`)
        : commandReply(`+OK ${command.split(' ')[0] ?? ''}`));
    const answers = await Promise.all([
      link.api(kill(leg, 'NORMAL_CLEARING')),
      link.send({ line: 'sendmsg x' as never, headers: { 'call-command': 'execute' } }),
      link.api(areYouThere),
    ]);
    expect(answers).toEqual([
      { answered: true, text: `+OK uuid_kill ${leg} NORMAL_CLEARING` },
      { answered: true, text: '+OK sendmsg' },
      { answered: true, text: '+OK uuid_exists 00000000-0000-0000-0000-000000000000' },
    ]);
    expect(heard.length).toBe(3);
  });

  test('without a link nothing is sent and nothing is known', async () => {
    expect(await link.api(areYouThere)).toEqual({ answered: false });
    expect(peer.commands).toEqual([]);
  });

  test('one lost answer settles all that wait as unknown and drops the link, whose order of answers is in doubt', async () => {
    await startedUp();
    peer.answer = (command, at) => (command.includes('uuid_kill') ? undefined : healthy(command, at));
    const taken = peer.command('api uuid_kill');
    const lost = link.api(kill(leg, 'NORMAL_CLEARING'));
    await taken;
    clock.turn(4_999);
    expect(link.up).toBe(true);
    const alsoWaiting = link.api(kill(leg, 'ALLOTTED_TIMEOUT'));
    clock.turn(1);
    expect(await Promise.all([lost, alsoWaiting])).toEqual([{ answered: false }, { answered: false }]);
    expect([link.up, downs]).toEqual([false, 1]);
    peer.answer = healthy;
    await comesBack();
    expect(await link.api(areYouThere)).toEqual({ answered: true, text: 'false' });
  });

  test('a late answer of the old connection is nobody else’s answer', async () => {
    await startedUp();
    peer.answer = () => undefined;
    const lost = link.api(kill(leg, 'NORMAL_CLEARING'));
    clock.turn(5_000);
    peer.send(apiResponse('+OK late\n'));
    expect(await lost).toEqual({ answered: false });
    peer.answer = healthy;
    await comesBack();
    expect(await link.api(areYouThere)).toEqual({ answered: true, text: 'false' });
  });

  test('the other side closing settles what waits', async () => {
    await startedUp();
    peer.answer = (_, at) => {
      at.cut();
      return undefined;
    };
    expect(await link.api(areYouThere)).toEqual({ answered: false });
    peer.answer = healthy;
    await comesBack();
  });
});

describe('silence', () => {
  test('a half-open link is noticed: asked after 5 s of silence, given up 5 s later', async () => {
    await startedUp();
    peer.answer = () => undefined;
    const asked = peer.command('api uuid_exists 00000000');
    clock.turn(5_000);
    await asked;
    expect(link.up).toBe(true);
    clock.turn(5_000);
    expect([link.up, downs]).toEqual([false, 1]);
  });

  test('a link that answers stays, and one that talks by itself is not asked', async () => {
    await startedUp();
    for (let round = 0; round < 5; round += 1) {
      const seen = heard.length;
      peer.send(jsonEvent({ 'Event-Name': 'HEARTBEAT' }));
      await until(() => heard.length > seen);
      clock.turn(4_000);
    }
    const before = peer.commands.length;
    expect(peer.commands.filter((command) => command.includes('uuid_exists'))).toEqual([]);
    const asked = peer.command('api uuid_exists');
    clock.turn(5_000);
    await asked;
    expect(peer.commands.length).toBe(before + 1);
    expect(await link.api(areYouThere)).toEqual({ answered: true, text: 'false' });
    expect(link.up).toBe(true);
  });
});

describe('bytes', () => {
  const whole = readFileSync(
    new URL('../fixtures/freeswitch/json-events-of-a-paid-callback.esl', import.meta.url),
  );
  const bytes = whole.subarray(whole.indexOf('Content-Length: '));
  const expected = eventsOf('json-events-of-a-paid-callback.esl');
  const cutEvery = (size: number): Buffer[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
  /** Through the middle of every header name, every `\n\n`, every length and every body. */
  const cutAwkwardly = (): Buffer[] => {
    const cuts = new Set<number>();
    for (let at = bytes.indexOf('\n\n'); at >= 0; at = bytes.indexOf('\n\n', at + 1)) {
      for (const nearby of [-23, -3, -1, 0, 1, 2, 3, 700]) cuts.add(Math.max(1, at + nearby));
    }
    const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
    return places.slice(1).map((end, n) => bytes.subarray(places[n], end));
  };

  test.each([
    ['at once', () => [bytes]],
    ['in packets of 1 460', () => cutEvery(1_460)],
    ['in sevens', () => cutEvery(61)],
    ['cut at every awkward place', cutAwkwardly],
  ])('a whole call arrives the same %s', async (_, pieces) => {
    await startedUp();
    await peer.sendInPieces(pieces());
    await until(() => heard.length === expected.length);
    const facts = (name: string): (string | undefined)[] => heard.map((event) => event.header(name));
    for (const name of [
      'Event-Name',
      'Unique-ID',
      'Event-Date-Timestamp',
      'Event-Sequence',
      'variable_rtp_local_sdp_str',
    ]) {
      expect(facts(name)).toEqual(expected.map((event) => event[name]));
    }
    expect(heard.map((event) => event.body())).toEqual(
      expected.map((event) => (event['_body'] ?? '').trimEnd()),
    );
    expect(link.up).toBe(true);
  });

  test.each([
    [
      'a percent sign that is no escape',
      'Content-Type: command/reply\nReply-Text: +OK 100% of %zz done\n\n',
      '+OK 100% of %zz done',
    ],
    ['an escaped header', 'Content-Type: command/reply\nReply-Text: %2BOK\n\n', '+OK'],
    ['a reply without text', 'Content-Type: command/reply\n\n', ''],
  ])('%s is read', async (_, reply, text) => {
    await startedUp();
    peer.answer = () => reply;
    expect(await link.send({ line: 'sendmsg x' as never, headers: {} })).toEqual({ answered: true, text });
    expect(link.up).toBe(true);
  });

  test.each([
    ['JSON that does not parse', 'Content-Length: 9\nContent-Type: text/event-json\n\n{"a": tru'],
    ['JSON that is nothing', 'Content-Length: 4\nContent-Type: text/event-json\n\nnull'],
    ['an event without a body', 'Content-Type: text/event-json\n\n'],
    ['a length that is no number', 'Content-Length: many\nContent-Type: api/response\n\n'],
    ['a negative length', 'Content-Length: -5\nContent-Type: api/response\n\nhello'],
    ['an absurd length', 'Content-Length: 99999999999\nContent-Type: api/response\n\n'],
    ['XML nobody asked for', 'Content-Length: 3\nContent-Type: text/event-xml\n\n<x>'],
    ['headers without end', Buffer.alloc(9 * 1024 * 1024, 'x')],
  ])('%s drops the link, which comes back', async (_, broken) => {
    await startedUp();
    peer.send(broken);
    await comesBack();
    expect([ups.length, downs]).toEqual([2, 1]);
    expect(await link.api(areYouThere)).toEqual({ answered: true, text: 'false' });
  });

  test.each([
    ['noise in a header', `\x00\xff\xfe: \x07\n\n`],
    ['an unknown kind of frame', 'Content-Type: text/surprise\nContent-Length: 2\n\nhi'],
    ['a log line', 'Content-Type: log/data\nContent-Length: 5\nLog-Level: 7\n\nhello'],
    ['an answer nobody asked for', commandReply('+OK')],
    ['header values that are no text', jsonEvent({ 'Event-Name': ['x'], 'Unique-ID': { a: 1 }, _body: 7 })],
  ])('%s is passed over', async (_, odd) => {
    await startedUp();
    peer.send(odd);
    peer.send(jsonEvent({ 'Event-Name': 'HEARTBEAT', 'Core-UUID': coreUuid }));
    await until(() => heard.some((event) => event.header('Event-Name') === 'HEARTBEAT'));
    expect(await link.api(areYouThere)).toEqual({ answered: true, text: 'false' });
    expect(heard.every((event) => typeof event.body() === 'string')).toBe(true);
  });

  test('a listener that throws is reported and changes nothing', async () => {
    link = make({ throwing: true });
    await startedUp();
    peer.send(jsonEvent({ 'Event-Name': 'HEARTBEAT' }));
    await until(() => complaints.length === 1);
    expect(complaints[0]).toContain('listener');
    expect(link.up).toBe(true);
  });
});

describe('stopping', () => {
  test('settles what waits, closes the socket, does not come back', async () => {
    await startedUp();
    peer.answer = () => undefined;
    const waiting = link.api(areYouThere);
    await link.stop();
    expect(await waiting).toEqual({ answered: false });
    clock.turn(60_000);
    expect(peer.connections).toBe(1);
    expect(clock.nextInMs()).toBe(undefined);
  });

  test('in the pause between two attempts', async () => {
    await startedUp();
    peer.cut();
    await until(() => !link.up);
    await link.stop();
    clock.turn(60_000);
    expect(peer.connections).toBe(1);
  });
});
