// Signing in, proving it again, and getting out, over the API.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mailAccountNotice, mailReset } from '../../src/flow/mail-sign-in.ts';
import type { Mail } from '../../src/flow/ports.ts';
import type { AccountNotice } from '../../src/store/jobs.ts';
import { consultantPinMark } from '../../src/flow/consultants.ts';
import { resetPassword } from '../../src/flow/passwords.ts';
import { newResetLink } from '../../src/flow/sign-in-links.ts';
import { isOurs } from '../../src/web/security.ts';
import { apiStage, ask, type Stage } from './api-stage.ts';
import {
  Browser,
  codeOf,
  goodPassword,
  setUpTotp,
  somebody,
  tokenOfLink,
  waitingForLocks,
} from './signed-in.ts';

let stage: Stage;
let owner: Awaited<ReturnType<typeof somebody>>;
beforeAll(async () => {
  stage = await apiStage();
  owner = await somebody(stage, { email: 'owner@shop.example', role: 'owner' });
});
afterAll(() => stage.close());

const one = async (sql: string): Promise<Record<string, unknown>> =>
  (await stage.admin.query<Record<string, unknown>>(sql)).rows[0] ?? {};
/** Codes are taken once: the next step's. */
const nextCode = (): string => {
  stage.advance(60_000);
  return codeOf(stage, owner.secret);
};
const freshOwner = async (): Promise<Browser> => {
  const browser = new Browser(stage);
  await browser.signIn('owner@shop.example');
  await browser.ask('POST', '/v1/session/second-factor', { code: nextCode() });
  return browser;
};

describe('signing in', () => {
  it('asks an owner for a code after the password, and tells who he is then', async () => {
    const browser = new Browser(stage);
    const first = await browser.signIn(' Owner@Shop.example ');
    expect(first.body).toEqual({ outcome: 'second_factor', methods: ['totp', 'recovery'] });
    expect(first.headers.get('set-cookie')).toMatch(/HttpOnly.*Secure.*SameSite=Lax/);
    expect((await browser.ask('GET', '/v1/session')).kind).toBe('second-factor-needed');
    expect((await browser.ask('GET', '/v1/lines')).kind).toBe('second-factor-needed');
    const half = browser.cookie;
    const second = await browser.ask('POST', '/v1/session/second-factor', { code: nextCode() });
    expect(second.body).toMatchObject({ outcome: 'signed_in', user: { email: 'owner@shop.example' } });
    expect(browser.cookie).not.toBe(half);
    const session = await browser.ask('GET', '/v1/session');
    expect(session.body).toMatchObject({
      user: { id: owner.id, name: 'owner', language: 'en' },
      as: {
        kind: 'user',
        role: 'owner',
        merchant: { id: stage.merchantId, slug: 'demo', timeZone: 'Europe/Paris' },
        rights: { money: 'write', users: 'write' },
        consultantId: null,
      },
      merchants: [{ id: stage.merchantId, role: 'owner' }],
      steppedUpUntil: null,
      mustSetUpTotp: false,
    });
    expect((await browser.ask('GET', '/v1/lines')).status).toBe(200);
    browser.cookie = half;
    expect((await browser.ask('GET', '/v1/lines')).kind).toBe('not-signed-in');
  });

  it('keeps of a token, a password and a code nothing they could be read from', async () => {
    const dump = JSON.stringify([
      (await stage.admin.query('select * from sessions')).rows,
      (await stage.admin.query('select * from user_secrets')).rows,
      (await stage.admin.query('select * from recovery_codes')).rows,
      (await stage.admin.query('select * from audit_entries')).rows,
      (await stage.admin.query('select * from sign_in_links')).rows,
    ]);
    expect(dump).toContain('$argon2id$v=19$');
    for (const secret of [goodPassword, owner.secret, owner.browser.cookie ?? 'no']) {
      expect(dump).not.toContain(secret);
    }
  });

  it('says the same of an unknown address and a wrong password, after the same work', async () => {
    let hashed = 0;
    const { proofs } = stage.house;
    stage.house.proofs = {
      ...proofs,
      passwordHolds: (hash, password) => {
        hashed += 1;
        return proofs.passwordHolds(hash, password);
      },
    };
    const answers = [];
    for (const email of ['owner@shop.example', 'nobody@shop.example', `${'x'.repeat(60)}@y.example`]) {
      const { status, body } = await new Browser(stage).signIn(email, 'wrong wrong wrong');
      answers.push({ status, detail: (body as { detail: string }).detail });
    }
    expect(answers[0]?.status).toBe(403);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(hashed).toBe(3);
  });

  it('takes a code once, from whoever sends it first', async () => {
    const [a, b] = [new Browser(stage), new Browser(stage)];
    await a.signIn('owner@shop.example');
    await b.signIn('owner@shop.example');
    const code = nextCode();
    const both = await Promise.all(
      [a, b].map((one) => one.ask('POST', '/v1/session/second-factor', { code })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 403]);
    const late = new Browser(stage);
    await late.signIn('owner@shop.example');
    expect((await late.ask('POST', '/v1/session/second-factor', { code })).kind).toBe('sign-in-refused');
  });

  it('gives five tries at the code, then asks for the password again', async () => {
    const browser = new Browser(stage);
    await browser.signIn('owner@shop.example');
    for (let tried = 0; tried < 5; tried += 1) {
      expect((await browser.ask('POST', '/v1/session/second-factor', { code: '000000' })).status).toBe(403);
    }
    await browser.ask('POST', '/v1/session/second-factor', { code: nextCode() });
    expect((await browser.ask('GET', '/v1/session')).kind).toBe('not-signed-in');
  });

  it('by a consultant with short number and PIN, about himself alone', async () => {
    await stage.admin.query(
      `update consultants set short_number = '11', pin_mark = $1 where id = 'con_demo_claire'`,
      [consultantPinMark(stage.house, 'con_demo_claire', '4711')],
    );
    const browser = new Browser(stage);
    const wish = { merchant: 'demo', shortNumber: '11', pin: '4711' };
    for (const wrong of [
      { pin: '4712' },
      { shortNumber: '12' },
      { merchant: 'other' },
      { merchant: 'nowhere' },
    ]) {
      const refused = await browser.ask('POST', '/v1/session/short-number', { ...wish, ...wrong });
      expect(refused.kind).toBe('sign-in-refused');
    }
    expect((await browser.ask('POST', '/v1/session/short-number', wish)).body).toMatchObject({
      outcome: 'signed_in',
    });
    expect((await browser.ask('GET', '/v1/session')).body).toMatchObject({
      user: { id: 'con_demo_claire', name: 'Claire', email: null },
      as: { kind: 'consultant', role: 'consultant', rights: {}, consultantId: 'con_demo_claire' },
    });
    expect((await browser.ask('GET', '/v1/lines')).kind).toBe('no-right');
    expect((await browser.ask('GET', '/v1/sessions')).body.data).toHaveLength(1);
    // Another PIN signs him out.
    await stage.admin.query(`update consultants set pin_mark = $1 where id = 'con_demo_claire'`, [
      consultantPinMark(stage.house, 'con_demo_claire', '4712'),
    ]);
    expect((await browser.ask('GET', '/v1/session')).kind).toBe('not-signed-in');
  });
});

describe('too many tries', () => {
  const from = (address: string): Browser => new Browser(stage, { address });

  it('close a door to who tries, and to nobody else', async () => {
    const attacker = from('198.51.100.1');
    const kinds = [];
    for (let tried = 0; tried < 12; tried += 1) {
      kinds.push((await attacker.signIn('owner@shop.example', `guess number ${String(tried)}`)).kind);
    }
    expect(kinds.slice(0, 10)).toEqual(Array(10).fill('sign-in-refused'));
    expect(kinds.slice(10)).toEqual(['too-many-tries', 'too-many-tries']);
    expect((await from('198.51.100.2').signIn('owner@shop.example')).status).toBe(200);
  });

  it('are counted before they are looked at: thirty at once are thirty', async () => {
    const guesses = Array.from({ length: 30 }, (_, place) =>
      from('198.51.100.3').signIn('owner@shop.example', `guess number ${String(place)}`),
    );
    const kinds = (await Promise.all(guesses)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'sign-in-refused')).toHaveLength(10);
  });

  it('from everywhere at one account leave its owner his first try', async () => {
    await Promise.all(
      Array.from({ length: 70 }, (_, place) =>
        from(`203.0.113.${String(place)}`).signIn('owner@shop.example', 'wrong wrong wrong'),
      ),
    );
    expect((await from('203.0.113.200').signIn('owner@shop.example')).status).toBe(200);
    const mistyping = from('203.0.113.201');
    expect((await mistyping.signIn('owner@shop.example', 'mistyped it once')).kind).toBe('sign-in-refused');
    expect((await mistyping.signIn('owner@shop.example', 'and then twice')).kind).toBe('too-many-tries');
    stage.advance(2 * 3_600_000);
  });
});

describe('proving it again', () => {
  it('opens what moves money or secrets for ten minutes, under another token', async () => {
    const browser = await freshOwner();
    expect((await browser.ask('POST', '/v1/soap-password')).kind).toBe('step-up-needed');
    expect((await browser.stepUp('not my password')).kind).toBe('sign-in-refused');
    const before = browser.cookie;
    const stepped = await browser.stepUp();
    expect(stepped.status).toBe(200);
    expect(browser.cookie).not.toBe(before);
    expect((await browser.ask('POST', '/v1/soap-password')).status).toBe(201);
    // A request that was on its way shows who asks, and no more; a minute later it is nobody's.
    const old = new Browser(stage);
    old.cookie = before;
    expect((await old.ask('GET', '/v1/lines')).status).toBe(200);
    expect((await old.ask('POST', '/v1/soap-password')).kind).toBe('step-up-needed');
    stage.advance(60_000);
    old.cookie = before;
    expect((await old.ask('GET', '/v1/lines')).kind).toBe('not-signed-in');
    stage.advance(600_000);
    expect((await browser.ask('POST', '/v1/soap-password')).kind).toBe('step-up-needed');
    expect((await browser.ask('POST', '/v1/session/step-up', { code: nextCode() })).status).toBe(200);
    expect((await browser.ask('DELETE', '/v1/soap-password')).status).toBe(200);
  });

  it('is asked of a consultant’s PIN and share alone, whatever else is changed with them', async () => {
    const browser = await freshOwner();
    const change = (body: object) => browser.ask('PATCH', '/v1/consultants/con_demo_claire', body);
    expect((await change({ name: 'Claire' })).status).toBe(200);
    for (const body of [
      { pin: '84613975' },
      { pin: null },
      { share: '0.5000' },
      { share: null, name: 'C' },
    ]) {
      expect((await change(body)).kind, JSON.stringify(body)).toBe('step-up-needed');
    }
    // What it cannot be is said before anybody is asked who he is.
    expect((await change({ share: '7' })).status).toBe(422);
    await browser.stepUp();
    expect((await change({ pin: '84613975', share: '0.5000' })).status).toBe(200);
    expect((await change({ pin: null, share: null })).status).toBe(200);
  });

  it('is asked for nothing but the one or the other', async () => {
    const browser = await freshOwner();
    for (const body of [{}, { password: goodPassword, code: '123456' }]) {
      expect((await browser.ask('POST', '/v1/session/step-up', body)).status).toBe(422);
    }
  });
});

describe('a write with a cookie', () => {
  it.each([
    ['from another site', { origin: 'https://evil.example' }],
    ['from a page without an origin', { origin: 'null' }],
    ['from nowhere', { origin: '' }],
  ])('%s is refused, whoever is signed in', async (_name, headers) => {
    const browser = await freshOwner();
    const path = '/v1/consultants/con_demo_hugo/availability';
    expect((await browser.ask('POST', path, { availability: 'away' }, headers)).kind).toBe('wrong-origin');
    expect((await one(`select setting from consultants where id = 'con_demo_hugo'`))['setting']).toBe(
      'available',
    );
    expect((await browser.ask('GET', '/v1/lines', undefined, headers)).status).toBe(200);
  });

  it('nor may another site sign a browser in', async () => {
    const browser = new Browser(stage);
    const body = { email: 'owner@shop.example', password: goodPassword };
    const answer = await browser.ask('POST', '/v1/session', body, { origin: 'https://evil.example' });
    expect(answer.kind).toBe('wrong-origin');
    expect(browser.cookie).toBeUndefined();
  });
});

describe('a session', () => {
  it('is listed, and ended from elsewhere at once', async () => {
    const [here, there] = [await freshOwner(), await freshOwner()];
    const list = (await here.ask('GET', '/v1/sessions')).body.data as { id: string; current: boolean }[];
    expect(list.filter(({ current }) => current)).toHaveLength(1);
    expect(list[0]).toMatchObject({ address: '192.0.2.1', userAgent: 'Firefox, Linux' });
    const other = list.find(({ current }) => !current)?.id ?? '';
    expect((await here.ask('DELETE', `/v1/sessions/${other}`)).status).toBe(200);
    expect((await there.ask('GET', '/v1/session')).kind).toBe('not-signed-in');
    expect((await here.ask('DELETE', `/v1/sessions/${other}`)).kind).toBe('unknown-id');
    expect((await here.ask('DELETE', '/v1/session')).status).toBe(200);
    expect(here.cookie).toBeUndefined();
  });

  it('ends when nobody used it for twelve hours, and after thirty days at the latest', async () => {
    const browser = await freshOwner();
    for (let hours = 0; hours < 720; hours += 10) {
      expect((await browser.ask('GET', '/v1/session')).status).toBe(200);
      stage.advance(10 * 3_600_000);
    }
    expect((await browser.ask('GET', '/v1/session')).status).toBe(401);
    const idle = await freshOwner();
    stage.advance(12 * 3_600_000 + 1);
    expect((await idle.ask('GET', '/v1/session')).status).toBe(401);
  });
});

describe('what stays open', () => {
  it('ends with the session that opened it', async () => {
    const [here, there] = [await freshOwner(), await freshOwner()];
    const stream = await fetch(`${stage.url}/v1/live`, {
      headers: { cookie: `ringmeter_session=${there.cookie ?? ''}` },
    });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const ended = stream.text();
    const list = (await here.ask('GET', '/v1/sessions')).body.data as { id: string; current: boolean }[];
    for (const { id } of list.filter(({ current }) => !current))
      await here.ask('DELETE', `/v1/sessions/${id}`);
    // Nothing else ends it: a test that waits here has seen a stream outlive its session.
    expect(await ended).toContain('retry:');
  });
});

describe('a code, once somebody tries from everywhere', () => {
  it('is looked at where its owner was before, and nowhere new until the hour is over', async () => {
    const at = async (address: string): Promise<Browser> => {
      const browser = new Browser(stage, { address });
      await browser.signIn('owner@shop.example');
      return browser;
    };
    await Promise.all(
      Array.from({ length: 16 }, async (_, place) => {
        const thief = await at(`198.18.0.${String(place)}`);
        for (let tried = 0; tried < 4; tried += 1) {
          await thief.ask('POST', '/v1/session/second-factor', { code: '000000' });
        }
      }),
    );
    const strange = await at('198.18.1.1');
    expect((await strange.ask('POST', '/v1/session/second-factor', { code: nextCode() })).kind).toBe(
      'too-many-tries',
    );
    const known = await at('192.0.2.1');
    expect((await known.ask('POST', '/v1/session/second-factor', { code: nextCode() })).status).toBe(200);
    stage.advance(2 * 3_600_000);
  });
});

describe('the second factor', () => {
  it('must be set up by an owner before anything else', async () => {
    const invited = await owner.browser.signIn('owner@shop.example');
    expect(invited.status).toBe(200);
    const { browser } = await somebody(stage, { email: 'second@shop.example', role: 'staff' });
    await stage.admin.query(`update memberships set role = 'owner' where user_id =
      (select id from users where email_key = 'second@shop.example')`);
    expect((await browser.ask('GET', '/v1/session')).body).toMatchObject({
      mustSetUpTotp: true,
      hasTotp: false,
    });
    expect((await browser.ask('GET', '/v1/lines')).kind).toBe('second-factor-needed');
    expect((await browser.ask('GET', '/v1/sessions')).kind).toBe('second-factor-needed');
    const offered = await browser.ask('POST', '/v1/me/totp');
    expect(offered.body).toMatchObject({
      uri: expect.stringContaining('otpauth://totp/Ringmeter:second%40shop.example'),
      qrSvg: expect.stringContaining('<svg'),
    });
    expect((await browser.ask('POST', '/v1/me/totp/confirm', { code: '000000' })).kind).toBe(
      'sign-in-refused',
    );
    await setUpTotp(stage, browser);
    expect((await browser.ask('GET', '/v1/lines')).status).toBe(200);
  });

  it('gives ten codes for paper, each good once, whoever comes first', async () => {
    const { browser } = await somebody(stage, {
      email: 'paper@shop.example',
      role: 'staff',
      rights: { lines: 'read' },
    });
    const { secret } = (await browser.ask('POST', '/v1/me/totp')).body as { secret: string };
    const code = codeOf(stage, secret);
    const codes = (await browser.ask('POST', '/v1/me/totp/confirm', { code })).body.recoveryCodes;
    expect(codes).toHaveLength(10);
    const half = async (): Promise<Browser> => {
      const fresh = new Browser(stage);
      await fresh.signIn('paper@shop.example');
      return fresh;
    };
    const pair = [await half(), await half()];
    const given = { code: codes[0]?.toUpperCase().replaceAll('-', ' ') };
    const both = await Promise.all(pair.map((one) => one.ask('POST', '/v1/session/second-factor', given)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 403]);
    expect((await (await half()).ask('POST', '/v1/session/second-factor', { code: codes[1] })).status).toBe(
      200,
    );
  });

  it('is taken away by who proves who he is, and he is told', async () => {
    const { browser, id } = await somebody(stage, { email: 'off@shop.example', role: 'staff' });
    await setUpTotp(stage, browser);
    expect((await browser.ask('POST', '/v1/me/totp')).kind).toBe('step-up-needed');
    expect((await browser.ask('DELETE', '/v1/me/totp')).kind).toBe('step-up-needed');
    await browser.stepUp();
    expect((await browser.ask('DELETE', '/v1/me/totp')).status).toBe(200);
    expect((await new Browser(stage).signIn('off@shop.example')).body.outcome).toBe('signed_in');
    const jobs = await stage.admin.query<{ payload: object }>(
      `select payload from graphile_worker._private_jobs where payload ->> 'userId' = $1`,
      [id],
    );
    expect(jobs.rows.map(({ payload }) => payload)).toEqual([
      { userId: id, what: 'totp_set', letterId: expect.any(String) },
      { userId: id, what: 'totp_removed', letterId: expect.any(String) },
    ]);
  });
});

describe('a sign-in from somewhere new', () => {
  it('is told its owner by mail, and none from where he was before', async () => {
    const { id } = await somebody(stage, { email: 'told@shop.example', role: 'staff' });
    await new Browser(stage).signIn('told@shop.example');
    const phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1';
    await new Browser(stage, { address: '198.51.100.77', agent: phone }).signIn('told@shop.example');
    const { rows } = await stage.admin.query<{ payload: AccountNotice }>(
      `select payload from graphile_worker._private_jobs where payload ->> 'userId' = $1`,
      [id],
    );
    expect(rows.map(({ payload }) => payload)).toEqual([
      {
        userId: id,
        what: 'signed_in',
        place: 'Safari, iPhone, 198.51.100.77',
        letterId: expect.any(String),
      },
    ]);
    const { mailer } = stage.house;
    const mails: Mail[] = [];
    stage.house.mailer = {
      configured: true,
      send: (mail) => Promise.resolve((mails.push(mail), 'sent' as const)),
    };
    // The second time as when the mail server did not answer the first.
    for (const { payload } of [...rows, ...rows]) await mailAccountNotice(stage.house, payload);
    stage.house.mailer = mailer;
    const letter = { to: 'told@shop.example', subject: 'A new sign-in to your account' };
    expect(mails).toMatchObject([letter, { ...letter, key: mails[0]?.key }]);
    expect(mails[0]?.text).toContain('(Safari, iPhone, 198.51.100.77)');
  });
});

describe('a password that is changed while somebody is let in by the old one', () => {
  const next = 'four other words of mine';
  /** What happens between the look at a password and what follows from it: somebody else is that much quicker. */
  const meanwhile = async <T>(happens: () => Promise<unknown>, act: () => Promise<T>): Promise<T> => {
    const { proofs } = stage.house;
    let once: (() => Promise<unknown>) | undefined = happens;
    stage.house.proofs = {
      ...proofs,
      async passwordHolds(hash, password) {
        const holds = await proofs.passwordHolds(hash, password);
        const first = once;
        once = undefined;
        await first?.();
        return holds;
      },
    };
    try {
      return await act();
    } finally {
      stage.house.proofs = proofs;
    }
  };
  const reset = async (email: string): Promise<void> => {
    const made = await newResetLink(stage.house, email);
    const token = tokenOfLink(made?.link);
    expect(await resetPassword(stage.house, token, next)).toEqual({ outcome: 'set' });
  };

  it('lets nobody in, and sets no other one in place of the new', async () => {
    const email = 'quick@shop.example';
    const { browser, id } = await somebody(stage, { email, role: 'staff' });
    const thief = new Browser(stage);
    const late = await meanwhile(
      () => reset(email),
      () => thief.signIn(email),
    );
    expect([late.kind, thief.cookie]).toEqual(['sign-in-refused', undefined]);
    expect((await browser.ask('GET', '/v1/session')).status).toBe(401);

    // The thief is in already, and would choose a password of his own.
    await browser.signIn(email, next);
    const change = { password: next, newPassword: 'a password of the thief' };
    const other = await meanwhile(
      () => reset(email),
      () => browser.ask('POST', '/v1/me/password', change),
    );
    expect(other.kind).toBe('sign-in-refused');
    expect((await new Browser(stage).signIn(email, change.newPassword)).kind).toBe('sign-in-refused');
    expect((await new Browser(stage).signIn(email, next)).status).toBe(200);
    expect(
      (await one(`select count(*)::int as n from sessions where user_id = '${id}' and ended_at is null`))[
        'n'
      ],
    ).toBe(1);
  });

  it('nor a consultant by a PIN that is being changed', async () => {
    const id = 'con_demo_ines';
    const markOf = (pin: string) => consultantPinMark(stage.house, id, pin);
    await stage.admin.query(`update consultants set short_number = '77', pin_mark = $1 where id = $2`, [
      markOf('73918462'),
      id,
    ]);
    await stage.admin.query('begin');
    await stage.admin.query('update consultants set pin_mark = $1 where id = $2', [markOf('84613975'), id]);
    const browser = new Browser(stage);
    const [{ slug }] = (
      await stage.admin.query<{ slug: string }>(`select slug from merchants where id = 'mer_demo'`)
    ).rows as [{ slug: string }];
    const asked = browser.ask('POST', '/v1/session/short-number', {
      merchant: slug,
      shortNumber: '77',
      pin: '73918462',
    });
    await expect.poll(() => waitingForLocks(stage)).toBe(1);
    await stage.admin.query('commit');
    expect((await asked).kind).toBe('sign-in-refused');
    await stage.admin.query('update consultants set short_number = null, pin_mark = null where id = $1', [
      id,
    ]);
  });

  it('asks for the second factor that was set up meanwhile', async () => {
    const email = 'factor@shop.example';
    const { browser } = await somebody(stage, { email, role: 'staff' });
    const thief = new Browser(stage);
    const late = await meanwhile(
      () => setUpTotp(stage, browser),
      () => thief.signIn(email),
    );
    expect(late.body).toMatchObject({ outcome: 'second_factor' });
  });
});

describe('the origin of our pages', () => {
  it.each([
    ['https://ring.example', 'ring.example', true],
    // A page that whoever stands in the way of an unprotected address has made up.
    ['http://ring.example', 'ring.example', false],
    ['https://evil.example', 'ring.example', false],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['http://127.0.0.1:9090', '127.0.0.1:8080', false],
    ['null', 'ring.example', false],
  ])('%s asking %s: %s', (origin, host, ours) => {
    const asked = { get: () => host };
    expect(isOurs(origin, 'https://ring.example', asked as never)).toBe(ours);
  });
});

describe('a password', () => {
  it('is changed by who knows it; every other session ends', async () => {
    const { browser } = await somebody(stage, { email: 'change@shop.example', role: 'staff' });
    const elsewhere = new Browser(stage);
    await elsewhere.signIn('change@shop.example');
    const change = (password: string, next: string) =>
      browser.ask('POST', '/v1/me/password', { password, newPassword: next });
    expect((await change('not mine at all', 'a new one of my own')).kind).toBe('sign-in-refused');
    const weak = await change(goodPassword, 'password12');
    expect(weak.body).toMatchObject({ status: 422, errors: [{ pointer: '#/newPassword' }] });
    expect((await change(goodPassword, 'a new one of my own')).status).toBe(200);
    expect((await elsewhere.ask('GET', '/v1/session')).status).toBe(401);
    expect((await browser.ask('GET', '/v1/session')).status).toBe(200);
    expect((await elsewhere.signIn('change@shop.example')).kind).toBe('sign-in-refused');
    expect((await elsewhere.signIn('change@shop.example', 'a new one of my own')).status).toBe(200);
  });

  it('is reset by the link of a letter, once; who has no account is answered the same', async () => {
    const mails: Mail[] = [];
    const { mailer } = stage.house;
    stage.house.mailer = {
      configured: true,
      send: (mail) => Promise.resolve((mails.push(mail), 'sent' as const)),
    };
    const { id } = await somebodyWithoutMail('reset@shop.example');
    const asked = new Browser(stage);
    const known = await asked.ask('POST', '/v1/password-resets', { email: 'reset@shop.example' });
    const unknown = await asked.ask('POST', '/v1/password-resets', { email: 'nobody@shop.example' });
    expect([known.status, unknown.status]).toEqual([202, 202]);
    expect(unknown.body).toEqual(known.body);
    const jobs = await stage.admin.query<{ payload: { email: string } }>(
      `select payload from graphile_worker._private_jobs where payload ->> 'email' is not null order by id`,
    );
    for (const { payload } of jobs.rows) await mailReset(stage.house, payload);
    expect(mails.map(({ to, language }) => [to, language])).toEqual([['reset@shop.example', 'en']]);
    const link = /https:\/\/\S+/.exec(mails[0]?.text ?? '')?.[0];
    expect(link).toMatch(/^https:\/\/ring\.example\/extranet\/reset\/[\w-]{22}$/);
    const path = `/v1/password-resets/${tokenOfLink(link)}`;
    expect((await asked.ask('POST', path, { password: 'short' })).status).toBe(422);
    await stage.admin.query('begin; select from sign_in_links for update');
    const sent = Promise.all(
      ['the first of two', 'the second of two'].map((password) =>
        new Browser(stage).ask('POST', path, { password }),
      ),
    );
    await expect.poll(() => waitingForLocks(stage)).toBe(2);
    await stage.admin.query('commit');
    const both = await sent;
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect((await asked.ask('POST', path, { password: 'the third of two' })).kind).toBe('link-unknown');
    expect((await asked.signIn('reset@shop.example')).kind).toBe('sign-in-refused');
    expect(
      (await one(`select count(*)::int as n from sessions where user_id = '${id}' and ended_at is null`))[
        'n'
      ],
    ).toBe(0);
    stage.house.mailer = mailer;
  });

  const somebodyWithoutMail = async (email: string): Promise<{ id: string }> => {
    const { mailer } = stage.house;
    stage.house.mailer = { configured: false, send: () => Promise.resolve('failed') };
    const { id } = await somebody(stage, { email, role: 'staff' });
    stage.house.mailer = mailer;
    return { id };
  };

  it('a letter that runs out opens nothing', async () => {
    const { id } = await somebody(stage, { email: 'late@shop.example', role: 'staff' });
    const { mailer } = stage.house;
    const mails: Mail[] = [];
    stage.house.mailer = {
      configured: true,
      send: (mail) => Promise.resolve((mails.push(mail), 'sent' as const)),
    };
    await mailReset(stage.house, { email: 'late@shop.example' });
    stage.house.mailer = mailer;
    stage.advance(3_600_001);
    const path = `/v1/password-resets/${tokenOfLink(/https:\S+/.exec(mails[0]?.text ?? '')?.[0])}`;
    expect((await new Browser(stage).ask('POST', path, { password: 'too late for this one' })).kind).toBe(
      'link-unknown',
    );
    expect(id).toMatch(/^usr_/);
  });
});

describe('an API key', () => {
  it('is nobody: one’s own affairs are not its', async () => {
    expect(await ask(stage, 'GET', '/v1/session')).toMatchObject({ status: 403 });
    expect(await ask(stage, 'GET', '/v1/session', { key: null })).toMatchObject({ status: 401 });
  });
});
