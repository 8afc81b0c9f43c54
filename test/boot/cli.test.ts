// The operator's terminal as he meets it at night: what it prints, how it ends, with a database of one's own, with that of
// a running npm start, and with none.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, answer } from '../../src/cli-answer.ts';
import { startEmbeddedPostgres } from '../../src/sandbox/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { facts, page, table, wrapped } from '../../src/terminal/print.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const tsx = createRequire(import.meta.url).resolve('tsx');
let scratch: string;
let database: FreshDatabase;
let admin: pg.Client;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'ringmeter-cli-'));
  database = await freshDatabase();
  admin = new pg.Client(database.adminUrl);
  await admin.connect();
  await admin.query(`
    insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone, notice_url)
      values ('mer_1', 'a', 'a', 'a', 'a', 'a', 'FR', 'Europe/Paris', 'https://a.example');
    insert into lines (id, merchant_id, slug, sells, name, currency) values ('lin_1', 'mer_1', 'l', 'conversation', '{}', 'EUR');
    insert into tariffs (id, merchant_id, line_id, version, plan) values ('tar_1', 'mer_1', 'lin_1', 1, '{}');
    insert into switches (id, lease_number, lease_holder, lease_expires_at) values ('fs1', 3, 'gateway-a', now() + interval '1 hour');
    insert into orders (id, merchant_id, line_id, kind, source, language, tariff_id, tariff, hold, currency, access_hash, caller_number, notices)
      values ('ord_1', 'mer_1', 'lin_1', 'conversation', 'api', 'fr', 'tar_1', '{}', 25, 'EUR', 'x', '+33612345678', 1);
    insert into payments (id, merchant_id, order_id, state, currency, application_fee_rate, parked_at, parked_reason)
      values ('pay_1', 'mer_1', 'ord_1', 'capturing', 'EUR', 0, now(), 'charge_disputed');
    insert into authorizations (id, merchant_id, payment_id, sequence, state, amount, intent_id)
      values ('aut_1', 'mer_1', 'pay_1', 1, 'authorized', 25, 'pi_1');
    insert into processor_operations (id, merchant_id, authorization_id, kind, amount, state)
      values ('op_1', 'mer_1', 'aut_1', 'authorize', 25, 'done'), ('op_2', 'mer_1', 'aut_1', 'capture', 2.1, 'refused');
    insert into call_sessions (id, merchant_id, order_id, line_id, switch_id, state, progress, ended_at)
      values ('call_1', 'mer_1', 'ord_1', 'lin_1', 'fs1', 'ended', '{"plan":{"talkLimitSeconds":600}}', now());
    insert into notices (id, merchant_id, order_id, type, sequence, body, state, tries, last_status, last_problem)
      values ('ntc_1', 'mer_1', 'ord_1', 'call.ended', 1, '{}', 'parked', 10, 500, 'refused')`);
});
afterAll(async () => {
  await admin.end();
  await database.drop();
  rmSync(scratch, { recursive: true, force: true });
});

const run = (
  args: string[],
  env: Record<string, string> = { DATABASE_URL: database.ownerUrl },
): Promise<Answer> => answer(args, env, scratch);

describe('what is so', () => {
  it('attention, as sentences and for programs', async () => {
    const { code, out } = await run(['attention']);
    expect(code).toBe(0);
    expect(out).toMatch(/\d {2}payment_parked {2}pay_1\n {2}The processor refuses to settle order ord_1\./);
    expect(out).toContain('notices replay --merchant mer_1.');
    const programs = await run(['attention', '--json', '--kind', 'payment_parked']);
    expect(JSON.parse(programs.out)).toMatchObject([
      { kind: 'payment_parked', id: 'pay_1', orderId: 'ord_1' },
    ]);
  });

  it('an order’s story, by any id of it', async () => {
    const { code, out } = await run(['order', 'call_1']);
    expect(code).toBe(0);
    for (const line of [
      /^Order\n {2}id +ord_1\n {2}merchant id +mer_1$/m,
      /^ {2}parked reason +charge_disputed$/m,
      /^Asked of the processor\n {2}authorization +id +kind +number +state +amount +created at$/m,
      /^ {2}aut_1 +op_2 +capture +1 +refused +2\.10 /m,
      /^Notices\n/m,
    ]) {
      expect(out).toMatch(line);
    }
    expect(out).not.toMatch(/612345678|undefined|\[object/);
    expect(await run(['order', 'ord_nobody'])).toEqual({
      code: 1,
      out: 'Nothing here has this id. Check that it is complete.\n',
      err: '',
    });
  });

  it('switches, aligned', async () => {
    const { out } = await run(['switches']);
    expect(out).toMatch(
      /^id +commander +lease seconds left +lease number +calls\nfs1 +gateway-a +3\d{3}(\.\d)? +3 +0\n$/,
    );
  });
});

describe('repairs', () => {
  it('say what came of them, by exit code too, and keep who and why', async () => {
    expect(await run(['settle', 'ord_1', '--by', 'ana', '--why', 'dispute won'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^It is settled by whichever gateway/),
    });
    const { rows } = await admin.query('select state, parked_at from payments');
    expect(rows).toEqual([{ state: 'capturing', parked_at: null }]);
    expect((await run(['notices', 'replay', '--merchant', 'mer_1'])).out).toBe(
      '1 notice will be sent again.\n',
    );
    expect((await run(['notices', 'replay', 'ntc_x'])).code).toBe(1);
    expect((await run(['reports', 'parked'])).out).toBe('No report is parked.\n');
    expect(await run(['reports', 'replay', '--merchant', 'mer_1'])).toMatchObject({
      code: 0,
      out: 'None was parked that somebody could be told of.\n',
    });
    expect((await run(['reports', 'replay', 'use_x'])).code).toBe(1);
    expect((await run(['reports', 'replay', 'use_x', '--merchant', 'mer_1'])).err).toContain('not both');
    const { out } = await run(['acts']);
    expect(out).toMatch(/ana +settle +ord_1 +done +dispute won/);
    expect(out).toMatch(/replay_notice +ntc_x +unknown +not said/);
  });

  it('stop and resume', async () => {
    expect((await run(['stop', '--why', 'test'])).out).toBe('All calls are stopped; 0 calls told to end.\n');
    expect((await run(['resume', '--merchant', 'mer_1'])).out).toContain('still stopped: resume');
    expect((await run(['resume'])).out).toBe('Calls may be made again.\n');
  });

  it('cards on the keypad: allowed and withdrawn, as README says it; who, when and why stay readable', async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const told = readme.match(/(?<=^npm run cli -- )keypad .*$/gm) ?? [];
    expect(told).toHaveLength(2);
    const words = (line: string): string[] =>
      [...line.replace('mer_...', 'mer_1').matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, one, other]) => one ?? other ?? '',
      );
    const history = (): Promise<Answer> => run(['keypad', '--merchant', 'mer_1']);
    expect((await history()).out).toBe('Nobody has said anything of it: they may not.\n');
    expect(await run(words(told[0] ?? ''))).toEqual({
      code: 0,
      out: 'His callers may key their cards.\n',
      err: '',
    });
    expect((await run(words(told[0] ?? ''))).out).toBe('It was so already.\n');
    expect(await run(words(told[1] ?? ''))).toMatchObject({
      code: 0,
      out: 'His callers may key no card any more.\n',
    });
    expect((await history()).out).toMatch(
      /^\S+Z {2}withdrawn {2}ana: moves to the payment link\n\S+Z {2}allowed {2}ana: SAQ D of 2026-10, .*\n$/,
    );
    expect(await run(['keypad', 'allow', '--merchant', 'mer_9'])).toMatchObject({ code: 1 });
    for (const act of [[], ['allow'], ['withdraw']])
      expect(await run(['keypad', ...act])).toMatchObject({
        code: 2,
        err: expect.stringContaining('--merchant'),
      });
  });

  it('a number is given once, to a line that rings somebody', async () => {
    await admin.query(`
      insert into lines (id, merchant_id, slug, sells, name, currency)
        values ('lin_t', 'mer_1', 'ticket', 'fixed_sale', '{}', 'EUR');
      insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone)
        values ('mer_2', 'b', 'b', 'b', 'b', 'b', 'FR', 'Europe/Paris');
      insert into lines (id, merchant_id, slug, sells, name, currency)
        values ('lin_2', 'mer_2', 'l2', 'conversation', '{}', 'EUR')`);
    const add = (number: string, merchant: string, line: string) =>
      run(['ddis', 'add', number, '--merchant', merchant, '--line', line, '--by', 'ana', '--why', 'order 7']);
    expect(await add('+33 1 99 00 02 50', 'mer_1', 'l')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^It is his, and leads to l\. /),
    });
    expect(await add('+33199000250', 'mer_1', 'l')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^He has it already/),
    });
    for (const [number, merchant, line, told] of [
      ['+33199000250', 'mer_2', 'l2', 'Merchant mer_1 has this number already: nobody else can be given it.'],
      ['+33199000251', 'mer_1', 'l2', 'This merchant has no line of this name'],
      ['+33199000251', 'mer_1', 'ticket', 'This line sells something without a call'],
      ['0199000251', 'mer_1', 'l', 'This is no telephone number'],
      ['+33199000251', 'mer_9', 'l', 'Nothing here has this id.'],
    ] as const) {
      const refused = await add(number, merchant, line);
      expect([refused.code, refused.out]).toEqual([1, expect.stringContaining(told)]);
    }
    const { rows } = await admin.query(
      `select number, merchant_id, line_id, recognized_by, active, settings from ddis`,
    );
    expect(rows).toEqual([
      {
        number: '+33199000250',
        merchant_id: 'mer_1',
        line_id: 'lin_1',
        recognized_by: 'server',
        active: true,
        settings: {},
      },
    ]);
    expect((await run(['ddis', '--merchant', 'mer_1'])).out).toMatch(
      /^number +line +recognized by +active\n\+33199000250 +l +server +yes\n$/,
    );
    expect((await run(['ddis', '--merchant', 'mer_2'])).out).toBe('He has no number.\n');
    expect((await run(['ddis', '--merchant', 'ord_1'])).out).toMatch(/^Nothing here has this id/);
    expect((await run(['acts'])).out).toMatch(
      /ana +supply_ddi +mer_2 \+33199000250 +refused: number_taken +order 7/,
    );
    const noted = await admin.query('select merchant_id, by, of from settings_changes');
    expect(noted.rows).toEqual([{ merchant_id: 'mer_1', by: 'operator', of: '+33199000250' }]);
  });

  it('a number to forward to is confirmed once', async () => {
    const confirm = () => run(['forward-numbers', 'confirm', '+33 1 40 50 60 70', '--merchant', 'mer_1']);
    expect((await confirm()).code).toBe(1);
    await admin.query(`insert into forward_numbers (merchant_id, number, label, created_at)
      values ('mer_1', '+33140506070', 'Shop', now())`);
    expect((await confirm()).out).toBe('Calls may be put through to it.\n');
    expect((await confirm()).out).toBe('It was confirmed before.\n');
    expect((await run(['forward-numbers', 'confirm', '+33140506070'])).err).toContain('--merchant <id>');
  });

  it('a number needs the key numbers are kept under', async () => {
    const without = await run(['numbers', 'allow', '+33612345678']);
    expect([without.code, without.err]).toEqual([1, expect.stringContaining('SECRETS_KEY')]);
    const env = { DATABASE_URL: database.ownerUrl, SECRETS_KEY: Buffer.alloc(32, 1).toString('base64') };
    expect((await run(['numbers', 'allow', '+33612345678'], env)).out).toMatch(/^It may be called/);
  });

  it('check ends with 1 when something does not hold', async () => {
    expect(await run(['check'])).toMatchObject({ code: 0, out: 'Everything that must hold does.\n' });
    await admin.query(`update orders set notices = 5`);
    const { code, out } = await run(['check', '--all']);
    expect([code, out]).toEqual([1, expect.stringMatching(/notices_with_a_gap +ord_1 +mer_1/)]);
    await admin.query(`update orders set notices = 1`);
    expect((await run(['check', '--hours', '1'])).code).toBe(0);
  });
});

describe('who may come in', () => {
  it('begins here: links for an operator and an owner, each kept as an act', async () => {
    const env = { DATABASE_URL: database.ownerUrl, PUBLIC_URL: 'https://pay.example' };
    const operator = await run(['users', 'invite', '--operator', 'ops@house.example', '--by', 'ana'], env);
    expect(operator.code).toBe(0);
    expect(operator.out).toMatch(/https:\/\/pay\.example\/extranet\/invitation\/[\w-]{22}\n/);
    const owner = await run(
      ['users', 'invite', '--merchant', 'mer_1', '--role', 'owner', 'o@shop.example'],
      env,
    );
    expect(owner.out).toMatch(/Invited as owner of mer_1/);
    expect((await run(['users', '--merchant', 'mer_1'])).out).toMatch(/o@shop\.example +owner +invited/);
    expect((await run(['users', 'reset', 'o@shop.example'])).code).toBe(1);
    expect((await run(['users', 'forget-second-factor', 'nobody@shop.example'])).out).toContain(
      'Nobody who signs in',
    );
    expect((await run(['users', 'invite', '--merchant', 'mer_none', 'o@shop.example'])).code).toBe(1);
    expect((await run(['acts'])).out).toMatch(/ana +invite_operator +usr_/);
    for (const wrong of [
      ['users', 'invite', 'o@shop.example'],
      ['users', 'invite', '--operator', '--merchant', 'mer_1', 'o@shop.example'],
      ['users', 'invite', '--operator', 'nobody'],
      ['users', 'invite', '--merchant', 'mer_1', '--role', 'king', 'o@shop.example'],
    ]) {
      expect((await run(wrong)).code).toBe(2);
    }
  });
});

describe('called wrongly', () => {
  it.each([
    [[], /^npm run cli -- <command>/, ''],
    [['nonsense'], /^$/, 'There is no command nonsense.'],
    [['jobs', 'retry'], /^$/, 'Say which job: one id.'],
    [['order', 'a', 'b'], /^$/, 'Say which order: one id.'],
    [['attention', '--kind', 'x'], /^$/, '--kind must be one of step_failed'],
    [['check', '--hours', 'many'], /^$/, '--hours must be a whole number'],
    [['attention', '--nonsense'], /^$/, '--nonsense'],
    [['stop', 'mer_1'], /^$/, '--merchant <id>'],
    [['ddis'], /^$/, 'Say whose'],
    [['ddis', 'add'], /^$/, 'Say which number'],
    [['ddis', 'add', '+33199000250', '--merchant', 'mer_1'], /^$/, '--line <name>'],
  ])('%j ends with 2 and says how', async (args, out, err) => {
    const said = await run(args);
    expect(said.code).toBe(2);
    expect(said.out).toMatch(out);
    expect(said.err).toContain(err);
    expect(said.err).not.toMatch(/\n\s+at /);
  });

  it('help lists every command and asks no database', async () => {
    const { code, out } = await run(['help'], {});
    expect(code).toBe(0);
    for (const usage of ['jobs retry <id>', 'drain <switch>', 'stop [--merchant <id>] [--talks]']) {
      expect(out).toContain(usage);
    }
  });
});

describe('without a database it can ask', () => {
  it('says so in one sentence', async () => {
    const nothing = await run(['attention'], {});
    expect(nothing).toEqual({
      code: 1,
      out: '',
      err: 'There is no database to ask: DATABASE_URL is not set, and no npm start runs with its data in ./.data.\n',
    });
    const wrong = await run(['attention'], { DATABASE_URL: 'mysql://x' });
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/^DATABASE_URL must be of the form/)]);
  });

  it('never names the password', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const away = await run(['attention'], {
      DATABASE_URL: `postgres://ana:hush@127.0.0.1:${String(port)}/x`,
    });
    expect(away).toEqual({
      code: 1,
      out: '',
      err: `The database at 127.0.0.1:${String(port)} does not answer: start it, then ask again.\n`,
    });
    const refused = new URL(database.ownerUrl);
    refused.pathname = '/no_such_database';
    const closed = await run(['attention'], { DATABASE_URL: refused.href });
    expect([closed.code, closed.err]).toEqual([1, expect.stringContaining('does not let us in')]);
  });

  it('says when the database is of another release', async () => {
    await admin.query('alter function attention(timestamptz) rename to attention_of_tomorrow');
    const { code, err } = await run(['attention']);
    await admin.query('alter function attention_of_tomorrow(timestamptz) rename to attention');
    expect([code, err]).toEqual([1, expect.stringContaining('start its gateway once')]);
  });
});

describe('as a process', () => {
  it('prints and ends by what it was answered', async () => {
    const child = spawn(process.execPath, ['--import', tsx, cli, 'check'], {
      cwd: scratch,
      // Nothing of the shell that runs the tests: it may name a database.
      env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: database.ownerUrl },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    expect([await text(child.stdout), await text(child.stderr), await ended]).toEqual([
      'Everything that must hold does.\n',
      '',
      0,
    ]);
  });
});

describe('beside a running npm start', () => {
  it('finds its database, and no more when it has ended', async () => {
    const dataDir = join(scratch, '.data', 'postgres');
    const running = await startEmbeddedPostgres({ dataDir });
    await migrate(running.url);
    expect(await run(['attention'], {})).toEqual({ code: 0, out: 'Nothing wants a person.\n', err: '' });
    await running.stop();
    expect((await run(['attention'], {})).err).toContain('no npm start runs');
  });
});

describe('printing', () => {
  it('aligns columns, leaves out what nobody has, and keeps a row on its line', () => {
    const at = new Date('2026-11-20T12:00:00.250Z');
    expect(
      table([
        { id: 'a', orderId: null, many: 3, since: at, why: 'two\n  lines' },
        { id: 'long', orderId: undefined, many: 12, since: '2026-11-20T12:00:01+00:00', draining: true },
      ]),
    ).toBe(
      [
        'id    many  since                    why        draining',
        'a     3     2026-11-20 12:00:00.250  two lines',
        'long  12    2026-11-20 12:00:01                 yes',
      ].join('\n'),
    );
    expect(facts({ id: 'x', talkLimitSeconds: 60, nothing: null })).toBe(
      'id                  x\ntalk limit seconds  60',
    );
    expect(
      page([
        ['One', 'a\nb'],
        ['None', ''],
        ['Two', 'c'],
      ]),
    ).toBe('One\n  a\n  b\n\nTwo\n  c');
    expect(wrapped('one two three', '  ', 9)).toBe('  one two\n  three');
  });
});
