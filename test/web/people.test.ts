// Who works for a merchant, who runs the house, and the trail of what they did.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inviteOperator } from '../../src/flow/members.ts';
import { mailInvitation } from '../../src/flow/mail-sign-in.ts';
import type { Mail } from '../../src/flow/ports.ts';
import { apiStage, ask, otherKey, type Stage } from './api-stage.ts';
import { Browser, goodPassword, somebody, tokenOfLink, waitingForLocks } from './signed-in.ts';

let stage: Stage;
let owner: Awaited<ReturnType<typeof somebody>>;
let other: Awaited<ReturnType<typeof somebody>>;
beforeAll(async () => {
  stage = await apiStage();
  owner = await somebody(stage, { email: 'owner@shop.example', role: 'owner' });
  other = await somebody(stage, { email: 'owner@other.example', role: 'owner', merchantId: 'mer_other' });
  await owner.browser.stepUp();
  await other.browser.stepUp();
});
afterAll(() => stage.close());

const invite = (by: Browser, body: object) => by.ask('POST', '/v1/users', body);
const accept = (link: string, password = goodPassword, name = 'Ana') =>
  new Browser(stage).ask('POST', `/v1/invitations/${tokenOfLink(link)}`, { name, password });
const listed = async (by: Browser, email: string) =>
  ((await by.ask('GET', '/v1/users')).body.data as Record<string, unknown>[]).find(
    (one) => one['email'] === email,
  );

describe('an invitation', () => {
  it('is shown once where no mail is sent, and lets somebody in with a password of his choice', async () => {
    const invited = await invite(owner.browser, {
      email: 'Ana@Shop.example',
      role: 'staff',
      rights: { consultants: 'write', users: 'write' },
    });
    expect(invited.status).toBe(201);
    expect(invited.body).toMatchObject({
      email: 'Ana@Shop.example',
      name: null,
      status: 'invited',
      rights: { consultants: 'write', users: 'read' },
      link: expect.stringMatching(/^https:\/\/ring\.example\/extranet\/invitation\/[\w-]{22}$/),
    });
    const { link } = invited.body as { link: string };
    const open = await new Browser(stage).ask('GET', `/v1/invitations/${tokenOfLink(link)}`);
    expect(open.body).toEqual({
      email: 'Ana@Shop.example',
      merchant: 'Les Conseils de Claire',
      role: 'staff',
      hasPassword: false,
    });
    const weak = await accept(link, '1234567890');
    expect(weak.body).toMatchObject({ status: 422, errors: [{ pointer: '#/password' }] });
    const both = await Promise.all([accept(link), accept(link)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect((await accept(link)).kind).toBe('link-unknown');
    expect(await listed(owner.browser, 'Ana@Shop.example')).toMatchObject({ name: 'Ana', status: 'active' });
    expect((await new Browser(stage).signIn('ana@shop.example')).body).toMatchObject({
      outcome: 'signed_in',
    });
    expect((await invite(owner.browser, { email: 'ana@shop.example', role: 'owner' })).kind).toBe(
      'already-member',
    );
  });

  it('given again replaces the one before', async () => {
    const first = await invite(owner.browser, { email: 'twice@shop.example', role: 'accountant' });
    const second = await invite(owner.browser, { email: 'twice@shop.example', role: 'staff' });
    expect((await accept(first.body.link)).kind).toBe('link-unknown');
    expect((await accept(second.body.link)).status).toBe(200);
    expect(await listed(owner.browser, 'twice@shop.example')).toMatchObject({ role: 'staff' });
  });

  it('opens no account that is somebody’s already: he accepts with his own password', async () => {
    const invited = await invite(other.browser, { email: 'ana@shop.example', role: 'staff' });
    expect(await listed(other.browser, 'Ana@Shop.example')).toMatchObject({ name: null, status: 'invited' });
    const { link } = invited.body as { link: string };
    expect((await accept(link, 'a password of the thief', 'Thief')).kind).toBe('sign-in-refused');
    expect((await new Browser(stage).signIn('ana@shop.example')).status).toBe(200);
    expect((await accept(link, goodPassword, 'Thief')).body).toMatchObject({ user: { name: 'Ana' } });
    const ana = new Browser(stage);
    await ana.signIn('ana@shop.example');
    const { merchants } = (await ana.ask('GET', '/v1/session')).body as { merchants: { id: string }[] };
    expect(merchants.map(({ id }) => id).sort()).toEqual(['mer_demo', 'mer_other']);
    await ana.ask('POST', '/v1/session/merchant', { merchantId: 'mer_demo' });
    expect((await ana.ask('GET', '/v1/session')).body.as).toMatchObject({
      merchant: { id: 'mer_demo' },
      rights: { consultants: 'write', users: 'read' },
    });
    const chosen = await ana.ask('POST', '/v1/session/merchant', { merchantId: 'mer_other' });
    expect(chosen.body.as).toMatchObject({ merchant: { id: 'mer_other' }, rights: {} });
    expect((await ana.ask('GET', '/v1/users')).kind).toBe('no-right');
  });

  it('is mailed where mail is sent, in the language of who is invited, and shown to nobody', async () => {
    const { mailer } = stage.house;
    const mails: Mail[] = [];
    stage.house.mailer = {
      configured: true,
      send: (mail) => Promise.resolve((mails.push(mail), 'sent' as const)),
    };
    const wish = { email: 'mailed@shop.example', role: 'accountant', language: 'fr' };
    const invited = await invite(owner.browser, wish);
    expect(invited.body).toMatchObject({ link: null });
    const { rows } = await stage.admin.query<{ payload: Parameters<typeof mailInvitation>[1] }>(
      `select payload from graphile_worker._private_jobs where payload ->> 'linkId' is not null`,
    );
    for (const { payload } of rows) await mailInvitation(stage.house, payload);
    stage.house.mailer = mailer;
    expect(mails).toMatchObject([
      { to: 'mailed@shop.example', subject: 'Votre accès à Les Conseils de Claire' },
    ]);
    expect(mails[0]?.text).toContain(
      'owner@shop.example vous invite chez Les Conseils de Claire : comptabilité.',
    );
    expect((await accept(/https:\S+/.exec(mails[0]?.text ?? '')?.[0] ?? '')).status).toBe(200);
  });

  it.each([
    [{ email: 'nobody', role: 'staff' }, '#/email'],
    [{ email: 'x@y.example', role: 'operator' }, '#/role'],
    [{ email: 'x@y.example', role: 'staff', rights: { own: 'write' } }, '#/rights/own'],
    [{ email: 'x@y.example', role: 'consultant' }, '#/consultantId'],
    [{ email: 'x@y.example', role: 'consultant', consultantId: 'con_o' }, '#/consultantId'],
  ])('%j is none', async (body, pointer) => {
    await stage.admin.query(
      `insert into consultants (id, merchant_id, name, number) values ('con_o', 'mer_other', 'O', '+33199000009')
       on conflict do nothing`,
    );
    const answer = await invite(owner.browser, body);
    expect(answer.body).toMatchObject({ status: 422, errors: [{ pointer }] });
  });
});

describe('who works here', () => {
  it('may do what he was given, from the next request on', async () => {
    const { browser, id } = await somebody(stage, { email: 'staff@shop.example', role: 'staff' });
    const path = '/v1/consultants/con_demo_hugo/availability';
    const away = () => browser.ask('POST', path, { availability: 'break' });
    expect((await away()).kind).toBe('no-right');
    const given = await owner.browser.ask('PATCH', `/v1/users/${id}`, { rights: { consultants: 'write' } });
    expect(given.body).toMatchObject({ role: 'staff', rights: { consultants: 'write' } });
    expect((await away()).status).toBe(200);
    await owner.browser.ask('PATCH', `/v1/users/${id}`, { role: 'accountant' });
    expect((await away()).kind).toBe('no-right');
    expect((await browser.ask('GET', '/v1/ledger-entries')).status).toBe(200);
    expect((await owner.browser.ask('DELETE', `/v1/users/${id}`)).status).toBe(200);
    expect((await browser.ask('GET', '/v1/ledger-entries')).kind).toBe('no-right');
    expect((await browser.ask('GET', '/v1/session')).body.as).toMatchObject({ merchant: null, role: null });
    expect((await owner.browser.ask('DELETE', `/v1/users/${id}`)).kind).toBe('unknown-id');
  });

  it('as a consultant is himself, with an address', async () => {
    const { browser } = await somebody(stage, {
      email: 'hugo@shop.example',
      role: 'consultant',
      consultantId: 'con_demo_hugo',
    });
    expect((await browser.ask('GET', '/v1/session')).body.as).toMatchObject({
      kind: 'user',
      role: 'consultant',
      consultantId: 'con_demo_hugo',
    });
    await stage.admin.query(`update consultants set archived_at = now() where id = 'con_demo_hugo'`);
    expect((await browser.ask('GET', '/v1/session')).body.as).toMatchObject({ consultantId: null });
    await stage.admin.query(`update consultants set archived_at = null where id = 'con_demo_hugo'`);
  });

  it('has an owner: two who remove each other at once are not both gone', async () => {
    const second = await somebody(stage, {
      email: 'second@other.example',
      role: 'owner',
      merchantId: 'mer_other',
    });
    await second.browser.stepUp();
    // Both are let go only once both have begun, so that neither could have been first.
    await stage.admin.query(`begin; select from memberships where merchant_id = 'mer_other' for update`);
    const removed = Promise.all([
      other.browser.ask('DELETE', `/v1/users/${second.id}`),
      second.browser.ask('DELETE', `/v1/users/${other.id}`),
    ]);
    await expect.poll(() => waitingForLocks(stage)).toBe(2);
    await stage.admin.query('commit');
    const answers = await removed;
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    const { rows } = await stage.admin.query<{ id: string }>(
      `select user_id as id from memberships where merchant_id = 'mer_other' and role = 'owner'`,
    );
    expect(rows).toHaveLength(1);
    if (rows[0]?.id !== other.id) other = second;
    const left = await other.browser.ask('PATCH', `/v1/users/${other.id}`, { role: 'staff' });
    expect(left.kind).toBe('last-owner');
    expect((await other.browser.ask('DELETE', `/v1/users/${other.id}`)).kind).toBe('last-owner');
  });
});

describe('another merchant’s people', () => {
  it('are unknown ids, and seen nowhere', async () => {
    const list = (await owner.browser.ask('GET', '/v1/users')).body.data as { email: string }[];
    expect(list.some(({ email }) => email.endsWith('@other.example'))).toBe(false);
    expect((await owner.browser.ask('PATCH', `/v1/users/${other.id}`, { role: 'staff' })).kind).toBe(
      'unknown-id',
    );
    expect((await owner.browser.ask('DELETE', `/v1/users/${other.id}`)).kind).toBe('unknown-id');
    const chosen = await owner.browser.ask('POST', '/v1/session/merchant', { merchantId: 'mer_other' });
    expect(chosen.kind).toBe('unknown-id');
    const theirs = (await other.browser.ask('GET', '/v1/sessions')).body.data as { id: string }[];
    expect((await owner.browser.ask('DELETE', `/v1/sessions/${theirs[0]?.id ?? ''}`)).kind).toBe(
      'unknown-id',
    );
    expect((await other.browser.ask('GET', '/v1/session')).status).toBe(200);
    const trail = (await other.browser.ask('GET', '/v1/audit?limit=200')).body.data as object[];
    expect(JSON.stringify(trail)).not.toContain('@shop.example');
    expect((await ask(stage, 'GET', '/v1/users', { key: otherKey })).body.data.length).toBeGreaterThan(0);
  });

  it('nor does the database show them, whoever asks', async () => {
    const seen = await stage.db.asMerchant('mer_demo', async (tx) => [
      (await tx.raw<{ rows: object[] }>('select * from user_secrets')).rows,
      (await tx.raw<{ rows: object[] }>('select * from recovery_codes')).rows,
      (await tx.raw<{ rows: object[] }>('select * from sign_in_links')).rows,
      (await tx.raw<{ rows: object[] }>('select * from sessions where user_id is not null')).rows,
      (await tx.raw<{ rows: object[] }>(`select * from users where email like '%other.example'`)).rows,
    ]);
    expect(seen).toEqual([[], [], [], [], []]);
  });
});

describe('the trail', () => {
  it('says who did what, over a session or a key, and none of the secrets', async () => {
    const before = (await owner.browser.ask('GET', '/v1/audit?limit=200')).body as { next: number };
    const { id } = await somebody(stage, { email: 'trail@shop.example', role: 'staff' });
    await owner.browser.ask('PATCH', `/v1/users/${id}`, { rights: { calls: 'read' } });
    await owner.browser.ask('POST', '/v1/soap-password');
    await ask(stage, 'PATCH', '/v1/lines/demo', { body: { active: true } });
    await ask(stage, 'PATCH', '/v1/lines/nowhere', { body: { active: true } });
    await ask(stage, 'POST', '/v1/recognition-tests', { body: { ddi: '+33199000201', cli: '+33612345678' } });
    const { data, hasMore } = (await owner.browser.ask('GET', `/v1/audit?after=${String(before.next)}`))
      .body as {
      data: Record<string, unknown>[];
      hasMore: boolean;
    };
    const by = { kind: 'user', id: owner.id, name: 'owner@shop.example' };
    expect(hasMore).toBe(false);
    expect(data.map(({ id: _id, position: _position, at: _at, ...entry }) => entry)).toEqual([
      {
        by: { kind: 'user', id, name: 'trail@shop.example' },
        area: 'own',
        action: 'acceptInvitation',
        subject: id,
        details: [],
      },
      {
        by,
        area: 'users',
        action: 'changeUser',
        subject: id,
        details: {
          from: { role: 'staff', rights: {}, consultantId: null },
          to: { role: 'staff', rights: { calls: 'read' }, consultantId: null },
        },
      },
      { by, area: 'settings', action: 'makeSoapPassword', subject: null, details: [] },
      {
        by: { kind: 'api_key', id: 'key_demo', name: null },
        area: 'lines',
        action: 'changeLine',
        subject: 'demo',
        details: ['active'],
      },
    ]);
    const page = await owner.browser.ask('GET', '/v1/audit?limit=1');
    expect(page.body).toMatchObject({ hasMore: true, data: [{ id: expect.any(String) }] });
  });

  it('is read from its end as well as from its beginning', async () => {
    const positions = async (query: string): Promise<number[]> => {
      const found: number[] = [];
      for (let after: number | null | undefined; after !== null;) {
        const more = after === undefined ? '' : `&after=${String(after)}`;
        const { data, next, hasMore } = (await owner.browser.ask('GET', `/v1/audit?limit=3&${query}${more}`))
          .body as { data: { position: number }[]; next: number; hasMore: boolean };
        found.push(...data.map(({ position }) => position));
        after = hasMore ? next : null;
      }
      return found;
    };
    const oldest = await positions('order=oldest');
    expect(oldest.length).toBeGreaterThan(3);
    expect(await positions('order=newest')).toEqual(oldest.toReversed());
  });
});

describe('who runs the house', () => {
  it('is named at the terminal, and acts for a merchant he chose, by name', async () => {
    const { browser, id, secret } = await somebody(stage, { email: 'ops@ring.example', role: 'operator' });
    expect(await inviteOperator(stage.house, { email: 'ops@ring.example', language: 'en' })).toEqual({
      outcome: 'operator',
    });
    const session = (await browser.ask('GET', '/v1/session')).body;
    expect(session).toMatchObject({
      as: { kind: 'operator', role: 'operator', merchant: null, rights: {} },
      merchants: [
        { id: 'mer_demo', name: 'Les Conseils de Claire', role: 'operator' },
        { id: 'mer_other', name: 'Other', role: 'operator' },
      ],
    });
    expect((await browser.ask('GET', '/v1/lines')).kind).toBe('no-right');
    expect((await browser.ask('POST', '/v1/session/merchant', { merchantId: 'mer_none' })).kind).toBe(
      'unknown-id',
    );
    await browser.ask('POST', '/v1/session/merchant', { merchantId: 'mer_other' });
    expect((await browser.ask('GET', '/v1/lines')).status).toBe(200);
    expect((await browser.ask('GET', '/v1/users')).status).toBe(200);
    const trail = (await other.browser.ask('GET', '/v1/audit?limit=200')).body.data as { action: string }[];
    expect(trail.at(-1)).toMatchObject({
      action: 'chooseMerchant',
      by: { kind: 'operator', id, name: 'ops@ring.example' },
    });
    // What he changes there is not put down to the merchant.
    expect(
      (await browser.ask('POST', '/v1/groups', { name: 'Ours', strategy: 'all', members: [] })).status,
    ).toBe(201);
    const changed = (await other.browser.ask('GET', '/v1/settings-changes?limit=500')).body.data as object[];
    expect(changed.at(-1)).toMatchObject({
      setting: 'group',
      by: 'operator',
      actor: { kind: 'operator', id, name: 'ops@ring.example' },
    });
    // Eight hours, whether he was here or not.
    for (let hours = 0; hours < 8; hours += 2) {
      expect((await browser.ask('GET', '/v1/session')).status).toBe(200);
      stage.advance(2 * 3_600_000);
    }
    expect((await browser.ask('GET', '/v1/session')).status).toBe(401);
    expect(secret).not.toBe('');
  });

  it('opens the operator’s API by his session, under his own name, and nobody else does', async () => {
    const ops = new Browser(stage);
    await ops.signIn('ops@ring.example');
    stage.advance(60_000);
    expect((await ops.ask('GET', '/ops/v1/switches')).kind).toBe('second-factor-needed');
    const { browser } = await somebody(stage, { email: 'ops2@ring.example', role: 'operator' });
    expect((await browser.ask('GET', '/ops/v1/switches')).body.data).toHaveLength(1);
    const drain = (headers: Record<string, string> = {}) =>
      browser.ask('POST', '/ops/v1/switches/fs1/drain', { by: 'somebody else', why: 'a test' }, headers);
    expect((await drain({ origin: 'https://evil.example' })).kind).toBe('wrong-origin');
    expect((await drain()).body).toMatchObject({ outcome: 'done' });
    const acts = (await browser.ask('GET', '/ops/v1/acts')).body.data as object[];
    expect(acts[0]).toMatchObject({ by: 'ops2@ring.example', why: 'a test' });
    expect((await browser.ask('POST', '/ops/v1/refunds/ref_none/again', { why: 'x' })).kind).toBe(
      'step-up-needed',
    );
    expect((await browser.ask('POST', '/ops/v1/check', {})).status).toBe(200);
    await browser.ask('POST', '/ops/v1/switches/fs1/undrain', { why: 'a test' });
    const { browser: staff } = await somebody(stage, { email: 'noops@shop.example', role: 'staff' });
    expect((await staff.ask('GET', '/ops/v1/switches')).kind).toBe('no-right');
    expect((await new Browser(stage).ask('GET', '/ops/v1/switches')).kind).toBe('operator-api-off');
  });
});
