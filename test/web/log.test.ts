import { describe, expect, it } from 'vitest';
import { realIds } from '../../src/clock-and-ids.ts';
import { houseLog } from '../../src/log.ts';

function listening(terminal = false, level: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  const { log, requests } = houseLog({ terminal, level, write: (line) => void lines.push(line) });
  const facts = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, requests, lines, facts };
}

describe('the log, as JSON', () => {
  it('is one object a line with level, time, facts and message', () => {
    const { log, lines, facts } = listening();
    log.info({ callSession: 'call_1' }, 'The consultant rings');
    log.warn({}, 'The switch is away');
    expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
    expect(facts()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        callSession: 'call_1',
        msg: 'The consultant rings',
      },
      { level: 'warn', time: expect.any(String), msg: 'The switch is away' },
    ]);
  });

  it.each([
    ['in the message', {}, 'paid with 4242 4242 4242 4242 today'],
    ['with dashes', { note: '4242-4242-4242-4242' }, 'x'],
    ['deep in the facts', { a: { b: { c: { d: { e: ['5555555555554444'] } } } } }, 'x'],
    ['as a bare number', { entered: 4242424242424242 }, 'x'],
    ['as the name of a fact', { '4000056655665556': true }, 'x'],
    ['in an error', { err: new Error('no such card: 378282246310005') }, 'x'],
    ['in the cause of an error', { err: new Error('x', { cause: new Error('4242.4242.4242.4242') }) }, 'x'],
    ['with line ends', { note: '4242\n4242\n4242\n4242' }, 'x'],
    ['in an address', {}, 'GET /pay?card=4242%204242%204242%204242 failed'],
    ['as a list of groups', { typed: ['4242', '4242', '4242', '4242'] }, 'x'],
    ['as a list of numbers', { typed: [4242, 4242, 4242, 4242] }, 'x'],
    ['as a list of keys', { a: [{ keys: [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4] }] }, 'x'],
    ['as a big number in text', {}, `keys ${4242424242424242n.toString()}0726123#`],
    ['in full-width digits', {}, '４２４２４２４２４２４２４２４２'],
    ['beside a measured time', { b: [5555555555554444, 61.25099999999912] }, 'x'],
    ['as text within text', { body2: JSON.stringify({ pan: '4242-4242-4242-4242' }) }, 'x'],
  ])('holds no card number %s, and stays JSON', (_name, given, message) => {
    const { log, lines, facts } = listening();
    log.error(given, message);
    expect(lines.join('')).not.toMatch(/4242|4444|5556|0005|5,5,5,5|４２４２/);
    expect(lines.join('')).toContain('[card number]');
    expect(facts()).toHaveLength(1);
  });

  it.each([
    { authorization: 'Bearer rk_live_abc' },
    { request: { headers: { authorization: 'Bearer rk_live_abc' } } },
    { password: 'rk_live_abc' },
    { merchant: { secret: 'rk_live_abc' } },
    { intent: { client_secret: 'rk_live_abc' } },
    { callerNumber: 'rk_live_abc' },
    { switch: { cdr: { variables: 'rk_live_abc' } } },
    { asked: { headers: { 'x-key': 'rk_live_abc' } } },
    { merchant: { email: 'rk_live_abc' } },
    { leg: { digits: 'rk_live_abc' } },
    { clientCode: 'rk_live_abc' },
  ])('holds no secret by name: %j', (given) => {
    const { log, lines } = listening();
    log.info(given, 'x');
    expect(lines.join('')).not.toContain('rk_live_abc');
    expect(lines.join('')).toContain('[redacted]');
  });

  it('of an error keeps name, message, code, stack and cause, and nothing else a library hung on it', () => {
    const { log, facts } = listening();
    const cause = Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' });
    const error = Object.assign(new Error('insert failed', { cause }), {
      code: '23505',
      detail: 'Key (email)=(jane@example.org) already exists.',
      bindings: ['jane@example.org'],
    });
    log.error({ err: error }, 'A step failed');
    expect(JSON.stringify(facts())).not.toContain('jane@example.org');
    expect(facts()[0]?.['err']).toMatchObject({
      name: 'Error',
      message: 'insert failed',
      code: '23505',
      stack: expect.stringContaining('insert failed'),
      cause: { message: 'timeout', code: 'ETIMEDOUT' },
    });
  });

  it('keeps ids, phone-length numbers and times as they are', () => {
    const { log, facts } = listening();
    const given = { leg: '6efb9b2f-9810-463e-a20f-018d972167e7', atUs: 1763726400123456, seconds: 61.25 };
    log.info(given, 'Bridged');
    expect(facts()[0]).toMatchObject(given);
  });

  it('keeps a thousand of its own ids, instants and counts as they are', () => {
    const { log, facts } = listening();
    // Instants of every kind, a second apart, so that each tenth would pass for a card by chance.
    const given = Array.from({ length: 1_000 }, (_, n) => ({
      leg: `4234${String(1_000 + n)}-1234-4234-8234-0000${String(10_000_000 + n)}`,
      callSessionId: realIds.id('callSession'),
      atUs: 1_795_292_217_000_000 + n * 1_000_001,
      atMs: 1_795_292_217_000 + n * 1_001,
      at: new Date(1_795_292_217_000 + n * 1_001),
      leaseNumber: String(n),
      ages: [n, n + 1, 4242],
      intentId: `pi_3Q${String(n)}KJ2eZvKYlo2C1vq8Yh7G`,
    }));
    for (const one of given)
      log.info(one, `Leg ${one.leg} ended at ${String(one.atUs)} (${String(one.atMs)})`);
    expect(facts().map(({ level: _level, time: _time, ...rest }) => rest)).toEqual(
      given.map((one) => ({
        ...one,
        at: one.at.toISOString(),
        msg: `Leg ${one.leg} ended at ${String(one.atUs)} (${String(one.atMs)})`,
      })),
    );
  });
});

describe('the log, in a terminal', () => {
  it('is plain sentences', () => {
    const { log, lines } = listening(true);
    log.info({ call: 'call_1', seconds: 61.25 }, 'The call is over');
    log.warn({}, 'The switch is away');
    expect(lines.map((line) => line.slice(9))).toEqual([
      'The call is over (call call_1, seconds 61.25)\n',
      '! The switch is away\n',
    ]);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d The call/);
  });

  it('shows where an error came from', () => {
    const { log, lines } = listening(true);
    log.error({ err: new Error('boom') }, 'A step failed');
    expect(lines[0]).toMatch(/!! A step failed\n\s+Error: boom\n\s+at /);
  });

  it('does not tell of requests that went well, and holds no card number either', () => {
    const { log, requests, lines } = listening(true);
    requests.info({}, 'request completed');
    log.info({}, '4242424242424242');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('[card number]');
  });
});
