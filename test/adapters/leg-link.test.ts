// The card room's reading of the event socket, from a switch that says exactly this: frames in pieces of any size, keys escaped as
// FreeSWITCH escapes them, and what is no switch.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { LegLink, type LegTold } from '../../src/card-room/leg-link.ts';
import type { LegUuid } from '../../src/core/ids.ts';

const leg = '6f623d6f-9b8e-45e7-ba1d-89d2f9707467' as LegUuid;
const reply = (text: string): string => `Content-Type: command/reply\nReply-Text: ${text}\n\n`;
const api = (text: string): string =>
  `Content-Type: api/response\nContent-Length: ${String(text.length)}\n\n${text}`;
const event = (name: string, headers: Record<string, string>): string => {
  const lines = Object.entries({
    'Event-Name': name,
    'Unique-ID': leg,
    'Answer-State': 'answered',
    ...headers,
  });
  const body = `${lines.map(([key, value]) => `${key}: ${value}`).join('\n')}\n\n`;
  return `Content-Length: ${String(body.length)}\nContent-Type: text/event-plain\n\n${body}`;
};
const answered = (headers: Record<string, string>): string =>
  event('CHANNEL_EXECUTE_COMPLETE', {
    Application: 'play_and_get_digits',
    'Application-UUID': 'card%3A0a',
    ...headers,
  });

let server: Server | undefined;
let link: LegLink | undefined;
afterEach(async () => {
  link?.close();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
});

/** What is told when the switch, greeted and subscribed to, says this. */
async function told(says: string, pieces = 1, wanted = 1): Promise<unknown[]> {
  const heard: unknown[] = [];
  server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    const whole = [
      'Content-Type: auth/request\n\n',
      reply('+OK accepted'),
      reply('+OK'),
      reply('+OK'),
      api('+OK\n'),
      says,
    ].join('');
    for (let at = 0; at < whole.length; at += pieces) socket.write(whole.slice(at, at + pieces));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  link = new LegLink(
    { host: '127.0.0.1', port, password: 'x' },
    leg,
    () => heard.push('ready'),
    (one: LegTold) => heard.push(one.type === 'asked' ? { ...one, keys: one.keys.toString() } : one),
  );
  await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(wanted + 1));
  link.close();
  return heard.slice(1);
}
const asked = (keys: string, ended: string): object => ({ type: 'asked', turn: '0a', keys, ended });
const number = { variable_ringmeter_card: '4242424242424242' };

test.each([
  [
    'ended by #',
    { ...number, variable_read_result: 'success', variable_read_terminator_used: '%23' },
    asked('4242424242424242', 'hash'),
  ],
  [
    'ended by *',
    { variable_ringmeter_card: '42', variable_read_result: 'success', variable_read_terminator_used: '*' },
    asked('42', 'star'),
  ],
  [
    'ended by * escaped',
    { variable_ringmeter_card: '42', variable_read_result: 'success', variable_read_terminator_used: '%2A' },
    asked('42', 'star'),
  ],
  [
    'ended by a pause',
    { variable_ringmeter_card: '42', variable_read_result: 'timeout' },
    asked('42', 'pause'),
  ],
  [
    'ended by its length',
    { variable_ringmeter_card: '12345', variable_read_result: 'success' },
    asked('12345', 'full'),
  ],
  ['nothing', { variable_read_result: 'failure' }, asked('', 'pause')],
  [
    'too little: what stands there is of before',
    { ...number, variable_read_result: 'failure' },
    asked('', 'pause'),
  ],
  ['# alone', { variable_read_result: 'failure', variable_read_terminator_used: '%23' }, asked('', 'hash')],
  ['the one key 1', { variable_ringmeter_card: '1', variable_read_result: 'success' }, asked('1', 'full')],
  ['the one key #', { variable_ringmeter_card: '%23', variable_read_result: 'success' }, asked('', 'hash')],
  ['the one key *', { variable_ringmeter_card: '*', variable_read_result: 'success' }, asked('', 'star')],
  [
    'a name that ends alike is another',
    {
      variable_x_variable_ringmeter_card: '1',
      'x-variable_ringmeter_card': '2',
      ...number,
      variable_read_result: 'success',
    },
    asked('4242424242424242', 'full'),
  ],
])('an entry %s, whole and byte by byte', async (_what, headers, wanted) => {
  expect(await told(answered(headers), 10_000)).toEqual([wanted]);
  await new Promise<void>((resolve) => server?.close(() => resolve()));
  expect(await told(answered(headers), 1)).toEqual([wanted]);
});

test('several in one piece, and of other executes nothing', async () => {
  const other = event('CHANNEL_EXECUTE_COMPLETE', { 'Application-UUID': 'play%3Aop_1' });
  const left = event('CHANNEL_EXECUTE_COMPLETE', { 'Application-UUID': 'left%3A0b' });
  const end = event('CHANNEL_HANGUP_COMPLETE', {
    'Answer-State': 'hangup',
    variable_end_uepoch: '1795289777852138',
  });
  const cut = answered({ ...number, variable_read_result: 'failure', 'Answer-State': 'hangup' });
  expect(
    await told(
      other + answered({ ...number, variable_read_result: 'success' }) + left + cut + end,
      10_000,
      3,
    ),
  ).toEqual([
    asked('4242424242424242', 'full'),
    { type: 'left', turn: '0b' },
    { type: 'hungUp', endedAtUs: 1795289777852138n },
  ]);
});

test.each([
  ['a length that is none', 'Content-Length: -5\nContent-Type: text/event-plain\n\n'],
  ['a length beyond all measure', 'Content-Length: 99999999999\nContent-Type: text/event-plain\n\n'],
  ['a farewell', 'Content-Type: text/disconnect-notice\nContent-Length: 4\n\nbye\n'],
  ['no end of a head', 'x'.repeat(1_100_000)],
])('%s: lost', async (_what, says) => {
  expect(await told(says, 65_536)).toEqual([{ type: 'lost' }]);
});
