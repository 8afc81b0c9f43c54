// A merchant keeps his consultants over the API: who they are, whether they are rung, their hours, what they did on a day.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { consultantPinMark } from '../../src/flow/consultants.ts';
import { isShortNumberTaken } from '../../src/store/consultant-records.ts';
import { demoKey, otherKey } from './api-stage.ts';
import { Browser } from './signed-in.ts';
import { type CallRow, type ConsultantStage, consultantStage, type Said } from './consultant-stage.ts';

const claire = 'con_demo_claire';
const hugo = 'con_demo_hugo';

let stage: ConsultantStage;
beforeAll(async () => {
  stage = await consultantStage();
  await stage.admin.query(`
    insert into lines (id, merchant_id, slug, sells, name, currency)
      values ('lin_o', 'mer_other', 'others', 'conversation', '{"fr":"o","en":"o"}', 'EUR');
    insert into consultants (id, merchant_id, name, number) values ('con_other', 'mer_other', 'Otto', '+4930123456')`);
});
afterAll(() => stage.close());

/** One grey dot. */
const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

const nadia = { name: 'Nadia', numbers: ['+33612345678'], language: 'fr' };
const make = (more: object = {}, headers: Record<string, string> = {}) =>
  stage.ask('POST', '/v1/consultants', { body: { ...nadia, ...more }, headers });
const read = async (id: string) => (await stage.ask('GET', `/v1/consultants/${id}`)).body;
const change = (id: string, body: object, headers: Record<string, string> = {}) =>
  stage.ask('PATCH', `/v1/consultants/${id}`, { body, headers });
const set = (id: string, body: object) => stage.ask('POST', `/v1/consultants/${id}/availability`, { body });
const written = async () => (await stage.ask('GET', '/v1/settings-changes?limit=500')).body.data;
const kindOf = ({ body }: Said) => body.type.split('/').at(-1);

describe('POST /v1/consultants', () => {
  it('makes one with what is usual, free at once and on the page of his lines', async () => {
    const made = await make({ lines: ['demo'] });
    expect(made.status, made.text).toBe(201);
    expect(made.headers.get('etag')).toBe('"1"');
    expect(made.body).toEqual({
      id: expect.stringMatching(/^con_/) as string,
      version: 1,
      name: 'Nadia',
      shortNumber: null,
      hasPin: false,
      sip: null,
      numbers: ['+33612345678'],
      language: 'fr',
      languages: ['fr'],
      lines: ['demo'],
      introduction: {},
      photoUrl: null,
      ringSeconds: null,
      fallback: null,
      wrapUpSeconds: 0,
      missLimits: { unanswered: 3, refused: 5 },
      share: null,
      missedCallToggles: false,
      schedule: null,
      timeZone: 'Europe/Paris',
      availability: 'available',
      backAt: null,
      state: { reachable: true, because: null, until: null, reason: null },
      call: null,
      archivedAt: null,
    });
    const { body: line } = await stage.ask('GET', '/v1/lines/demo');
    expect(line['consultants']).toContainEqual(expect.objectContaining({ id: made.body.id, free: true }));
    await stage.ask('DELETE', `/v1/consultants/${made.body.id}`);
  });

  it('keeps all that is said of him, and a PIN only as a mark', async () => {
    const all = {
      name: 'Ada',
      shortNumber: '42',
      numbers: ['+33612345678', '+33140000000'],
      language: 'en',
      languages: ['en', 'fr'],
      lines: ['demo', 'demo-short'],
      introduction: { fr: 'Bonjour.', en: 'Hello.' },
      ringSeconds: 30,
      fallback: { number: '+33612345679', afterSeconds: 15 },
      wrapUpSeconds: 60,
      missLimits: { unanswered: 2, refused: 0 },
      share: '0.40',
      missedCallToggles: true,
    };
    const made = await make({ ...all, pin: '4711' });
    expect(made.body, made.text).toMatchObject({ ...all, hasPin: true });
    expect(made.text).not.toContain('4711');
    const { rows } = await stage.admin.query<{ pin_mark: Buffer }>(
      'select pin_mark from consultants where id = $1',
      [made.body.id],
    );
    expect(rows[0]?.pin_mark).toEqual(consultantPinMark(stage.house, made.body.id, '4711'));
    const last = (await written()).at(-1);
    expect(last).toMatchObject({ setting: 'consultant', of: made.body.id, changes: { pin: { to: 'set' } } });
    expect(JSON.stringify(last)).not.toContain('4711');
    await stage.ask('DELETE', `/v1/consultants/${made.body.id}`);
  });

  it('repeated with its key makes nobody else; the same after the answer was lost', async () => {
    const headers = { 'idempotency-key': 'nadia-1' };
    const first = await make({}, headers);
    const again = await make({}, headers);
    expect(again.body.id).toBe(first.body.id);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    await stage.admin.query(`delete from idempotency_keys where key = 'nadia-1'`);
    expect((await make({}, headers)).body.id).toBe(first.body.id);
    await stage.ask('DELETE', `/v1/consultants/${first.body.id}`);
  });

  it.each([
    ['nowhere to ring', { numbers: [] }, '#/numbers', 'nowhere to ring'],
    ['nowhere at all', { numbers: [], sip: null }, '#/numbers', 'nowhere to ring'],
    ['a SIP address with parameters', { sip: 'marie@sandbox.test;x=y' }, '#/sip', 'nothing else'],
    ['a SIP address of another scheme', { sip: 'sips:marie@sandbox.test' }, '#/sip', 'nothing else'],
    ['six numbers', { numbers: [1, 2, 3, 4, 5, 6].map((n) => `+3361234567${n}`) }, '#/numbers', '5 numbers'],
    ['a number twice', { numbers: ['+33612345678', '+33612345678'] }, '#/numbers', 'twice'],
    ['a number without country', { numbers: ['0612345678'] }, '#/numbers/0', 'E.164'],
    ['a name of nothing', { name: ' ' }, '#/name', 'say something'],
    ['a name of two lines', { name: 'a\nb' }, '#/name', 'one line'],
    ['a short number of letters', { shortNumber: 'ab' }, '#/shortNumber', '2 to 8 digits'],
    ['one digit', { shortNumber: '1' }, '#/shortNumber', '2 to 8 digits'],
    ['a short PIN', { pin: '123' }, '#/pin', '4 to 8 digits'],
    ['no language', { language: 'de' }, '#/language', ''],
    ['a share above all', { share: '1.01' }, '#/share', '0 to 1'],
    ['a share as a number', { share: 0.4 }, '#/share', ''],
    ['ringing for ever', { ringSeconds: 121 }, '#/ringSeconds', '5 to 120'],
    [
      'a fallback at once',
      { fallback: { number: '+33612345679', afterSeconds: 2 } },
      '#/fallback/afterSeconds',
      '3 to 60',
    ],
    ['a wrap-up of a day', { wrapUpSeconds: 86_400 }, '#/wrapUpSeconds', '0 to 3600'],
    [
      'less than no misses',
      { missLimits: { unanswered: -1, refused: 0 } },
      '#/missLimits/unanswered',
      '0 to 100',
    ],
    ['text in no language of ours', { introduction: { de: 'Hallo' } }, '#/introduction/de', 'no such field'],
    ['an unknown field', { photo: 'x' }, '#/photo', 'no such field'],
  ])('refuses %s with its field', async (_what, more, pointer, words) => {
    const answer = await make(more);
    expect(answer.status, answer.text).toBe(422);
    expect(kindOf(answer)).toBe('invalid-request');
    expect(answer.body.errors[0]?.pointer).toBe(pointer);
    expect(answer.body.errors[0]?.detail).toContain(words);
  });

  it.each([
    ['a surcharged number', { numbers: ['+33612345678', '+33890123456'] }, 'number-not-rung', '#/numbers/1'],
    ['a satellite', { numbers: ['+881612345678'] }, 'number-not-rung', '#/numbers/0'],
    [
      'where nobody rings',
      { fallback: { number: '+5511987654321', afterSeconds: 9 } },
      'number-not-rung',
      '#/fallback/number',
    ],
    ['a digit forgotten', { numbers: ['+3361234567'] }, 'number-not-rung', '#/numbers/0'],
    ['a line nobody has', { lines: ['demo', 'nowhere'] }, 'line-not-yours', '#/lines/1'],
    ['another merchant’s line', { lines: ['others'] }, 'line-not-yours', '#/lines/0'],
    ['a line without calls', { lines: ['demo-ticket'] }, 'line-not-yours', '#/lines/0'],
  ])('refuses %s by a name of its own, in both languages', async (_what, more, kind, pointer) => {
    const answer = await make(more);
    expect([answer.status, kindOf(answer)], answer.text).toEqual([422, kind]);
    expect(answer.body.errors).toMatchObject([{ pointer }]);
    const french = await make(more, { 'accept-language': 'fr' });
    expect(french.body['detail']).not.toBe(answer.body['detail']);
  });

  it('a short number is one consultant’s, of many who ask at once too, and free again when he is gone', async () => {
    const asked = await Promise.all(Array.from({ length: 12 }, () => make({ shortNumber: '77' })));
    const made = asked.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    expect(new Set(asked.filter((one) => one.status !== 201).map(kindOf))).toEqual(
      new Set(['short-number-taken']),
    );
    const [{ body: his } = { body: { id: '' } }] = made;
    const other = (await make()).body.id;
    expect(kindOf(await change(other, { shortNumber: '77' }))).toBe('short-number-taken');
    expect((await change(his.id, { shortNumber: '77' })).status).toBe(200);
    await stage.ask('DELETE', `/v1/consultants/${his.id}`);
    expect((await change(other, { shortNumber: '77' })).body['shortNumber']).toBe('77');
    await stage.ask('DELETE', `/v1/consultants/${other}`);
  });
});

it('who asks for a short number waits for whoever is about to have it', async () => {
  const asked = deferred();
  const written = deferred();
  const first = stage.db.asMerchant(stage.merchantId, async (tx) => {
    expect(await isShortNumberTaken(tx, '78', hugo)).toBe(false);
    asked.resolve();
    await written.promise;
    await tx.write(`update consultants set short_number = '78' where id = ?`, [hugo]);
  });
  await asked.promise;
  const second = make({ shortNumber: '78' });
  const waiting = `select 1 from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`;
  await expect.poll(async () => (await stage.admin.query(waiting)).rowCount).toBe(1);
  written.resolve();
  await first;
  expect(kindOf(await second)).toBe('short-number-taken');
  await change(hugo, { shortNumber: null });
});

describe('PATCH and DELETE /v1/consultants/{id}', () => {
  let id: string;
  beforeEach(async () => {
    if (id) await stage.ask('DELETE', `/v1/consultants/${id}`);
    id = (await make()).body.id;
  });

  it('changes what is said, writes it down once, and repeats harmlessly', async () => {
    const before = (await written()).length;
    const changed = await change(id, { name: 'Nora', lines: ['demo-short', 'demo'] });
    expect(changed.body, changed.text).toMatchObject({
      name: 'Nora',
      lines: ['demo', 'demo-short'],
      version: 2,
    });
    expect(changed.body['numbers']).toEqual(['+33612345678']);
    expect((await change(id, { lines: ['demo', 'demo-short'] })).body.version).toBe(2);
    await change(id, { pin: '1234' });
    await change(id, { pin: '1234' });
    expect((await change(id, { pin: null })).body).toMatchObject({ hasPin: false, version: 4 });
    expect((await written()).slice(before)).toMatchObject([
      { changes: { name: { from: 'Nadia', to: 'Nora' }, lines: { from: [], to: ['demo', 'demo-short'] } } },
      { changes: { pin: { from: null, to: 'set' } } },
      { changes: { pin: { from: 'set', to: null } } },
    ]);
  });

  it('of two tabs the second is told; what it wants already is no change', async () => {
    const first = await change(id, { name: 'One' }, { 'if-match': '"1"' });
    expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"']);
    const second = await change(id, { name: 'Two' }, { 'if-match': '"1"' });
    expect([second.status, kindOf(second), second.body.version]).toEqual([412, 'changed-meanwhile', 2]);
    expect((await change(id, { name: 'One' }, { 'if-match': '"1"' })).status).toBe(200);
    expect((await change(id, { name: 'Two' }, { 'if-match': '"nonsense"' })).status).toBe(412);
    const gone = await stage.ask('DELETE', `/v1/consultants/${id}`, { headers: { 'if-match': '"1"' } });
    expect(gone.status).toBe(412);
    expect((await change(id, { name: 'Two' }, { 'if-match': 'W/"2"' })).body).toMatchObject({ name: 'Two' });
    expect((await change(id, { name: 'Three' }, { 'if-match': '*' })).status).toBe(200);
    const asked = await stage.ask('GET', `/v1/consultants/${id}`, { headers: { 'if-none-match': '"4"' } });
    expect([asked.status, asked.headers.get('etag')]).toEqual([200, '"4"']);
  });

  it('a SIP address, in a domain the operator lists; then no number is needed, and one of both always', async () => {
    const sip = 'sip:Marie@sandbox.test';
    expect((await change(id, { sip: 'Marie@SANDBOX.test', numbers: [] })).body).toMatchObject({
      sip,
      numbers: [],
    });
    expect((await change(id, { sip: null })).body.errors[0]?.pointer).toBe('#/numbers');
    expect((await change(id, { numbers: ['+33612345678'] })).body).toMatchObject({ sip });
    expect((await written()).at(-1)).toMatchObject({
      changes: { numbers: { from: [], to: ['+33612345678'] } },
    });
    const refused: [string, RegExp][] = [
      ['marie@sandbox.test:5060', /operator lists each/],
      ['marie@evil.example', /operator lists each/],
      ['marie@169.254.169.254', /operator lists each/],
      ['0899700700@sandbox.test', /among the numbers/],
    ];
    for (const [wrong, sentence] of refused) {
      const said = await change(id, { sip: wrong });
      expect([said.status, kindOf(said)], wrong).toEqual([422, 'number-not-rung']);
      expect(said.body.errors).toEqual([
        { in: 'body', pointer: '#/sip', detail: expect.stringMatching(sentence) as string },
      ]);
    }
    expect((await change(id, { sip: null })).body).toMatchObject({ sip: null, numbers: ['+33612345678'] });
    const nobody = await make({ sip: 'marie@elsewhere.example', numbers: [] });
    expect(kindOf(nobody)).toBe('number-not-rung');
  });

  it('his last number is not taken from him', async () => {
    expect((await change(id, { numbers: [] })).body.errors[0]?.pointer).toBe('#/numbers');
  });

  it('are listed in pages, by name, each once; or those named alone', async () => {
    const list = async (query: string) => (await stage.ask('GET', `/v1/consultants?${query}`)).body;
    const all = (await list('limit=500')).data.map((one) => one['id']);
    expect(all.length).toBeGreaterThan(3);
    const paged: unknown[] = [];
    let after = '';
    for (let pages = 1; ; pages += 1) {
      const { data, next, hasMore } = await list(`limit=2${after}`);
      expect(data.length).toBeLessThanOrEqual(2);
      paged.push(...data.map((one) => one['id']));
      if (hasMore !== true) {
        expect(pages).toBe(Math.ceil(all.length / 2));
        break;
      }
      expect(next).toBe(paged.at(-1));
      after = `&after=${String(next)}`;
    }
    expect(paged).toEqual(all);
    const named = await list(`ids=${hugo},con_nobody,${claire}`);
    expect(named.data.map((one) => one['id']).sort()).toEqual([claire, hugo].sort());
    expect([named['hasMore'], (await list('after=con_nobody')).data]).toEqual([false, []]);
    for (const wrong of ['limit=0', 'limit=501', `ids=${'con_x,'.repeat(101)}con_y`, 'ids=']) {
      expect((await stage.ask('GET', `/v1/consultants?${wrong}`)).status, wrong).toBe(422);
    }
  });

  it('who is removed is nowhere but by his id, and cannot be changed any more', async () => {
    await change(id, { lines: ['demo'], pin: '4711' });
    const { body: gone } = await stage.ask('DELETE', `/v1/consultants/${id}`);
    expect(gone['archivedAt']).toEqual(expect.any(String));
    expect((await stage.ask('DELETE', `/v1/consultants/${id}`)).body).toEqual(gone);
    const list = (await stage.ask('GET', '/v1/consultants')).body.data;
    expect(list.map((one) => one['id'])).not.toContain(id);
    expect(JSON.stringify((await stage.ask('GET', '/v1/lines/demo')).body)).not.toContain(id);
    expect(await read(id)).toMatchObject({ archivedAt: gone['archivedAt'], hasPin: false, lines: [] });
    for (const answer of [
      await change(id, { name: 'X' }),
      await set(id, { availability: 'available' }),
      await stage.ask('PUT', `/v1/consultants/${id}/schedule`, { body: { schedule: null } }),
    ]) {
      expect([answer.status, kindOf(answer)]).toEqual([410, 'consultant-archived']);
    }
  });

  it('who is removed in the middle of a call talks on', async () => {
    await stage.call({
      id: 'call_gone',
      consultant: id,
      at: new Date().toISOString(),
      state: 'connected',
      claimed: true,
    });
    await stage.ask('DELETE', `/v1/consultants/${id}`);
    const { rows } = await stage.admin.query<{ claim: string; state: string }>(
      `select c.claim, s.state from consultants c join call_sessions s on s.id = c.claimed_by where c.id = $1`,
      [id],
    );
    expect(rows).toEqual([{ claim: 'hard', state: 'connected' }]);
  });

  it('another merchant’s is nobody', async () => {
    for (const [method, at, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { name: 'X' }],
      ['DELETE', '', undefined],
      ['GET', '/calls', undefined],
      ['PUT', '/schedule', { schedule: null }],
      ['POST', '/availability', { availability: 'away' }],
    ] as const) {
      const answer = await stage.ask(method, `/v1/consultants/${id}${at}`, { body, key: otherKey });
      expect([method, answer.status, kindOf(answer)]).toEqual([method, 404, 'unknown-id']);
    }
    expect((await stage.ask('GET', '/v1/consultants', { key: otherKey })).body.data).toMatchObject([
      { id: 'con_other', name: 'Otto', timeZone: 'Europe/London' },
    ]);
    expect(await read(id)).toMatchObject({ name: 'Nadia', version: 1 });
  });
});

describe('availability and hours', () => {
  beforeEach(async () => {
    await set(hugo, { availability: 'available' });
    await stage.ask('PUT', `/v1/consultants/${hugo}/schedule`, { body: { schedule: null } });
  });

  it('a break has a reason and an end', async () => {
    const backAt = new Date(Date.now() + 600_000).toISOString();
    const answer = await set(hugo, { availability: 'break', reason: 'Lunch', backAt });
    expect(answer.body).toEqual({
      id: hugo,
      availability: 'break',
      reason: 'Lunch',
      backAt,
      state: { reachable: false, because: 'break', until: backAt, reason: 'Lunch' },
    });
    expect(await read(hugo)).toMatchObject({ availability: 'break', backAt, state: { because: 'break' } });
    expect((await read(hugo)).version).toBe((await read(hugo)).version);
    await set(hugo, { availability: 'available' });
    expect((await read(hugo)).state).toEqual({ reachable: true, because: null, until: null, reason: null });
  });

  it.each([
    ['an end that was', { availability: 'away', backAt: '2020-01-01T00:00:00Z' }, '#/backAt'],
    ['an end in a lifetime', { availability: 'away', backAt: '2099-01-01T00:00:00Z' }, '#/backAt'],
    ['an end of no zone', { availability: 'away', backAt: '2099-01-01T00:00:00' }, '#/backAt'],
    ['a reason to work', { availability: 'available', reason: 'Why not' }, '#/reason'],
    ['a story', { availability: 'break', reason: 'x'.repeat(81) }, '#/reason'],
    ['another word', { availability: 'asleep' }, '#/availability'],
  ])('refuses %s', async (_what, body, pointer) => {
    const answer = await set(hugo, body);
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, pointer]);
  });

  it('hours are on the clock of the zone, on the day the clocks change too', async () => {
    const { house } = stage;
    const { clock } = house;
    const at = (instant: string) => {
      house.clock = { ...clock, now: () => new Date(instant) };
    };
    try {
      // Paris goes from +1 to +2 in the night to Sunday 2026-03-29.
      at('2026-03-28T17:30:00Z');
      const schedule = { weekly: [{ days: [6, 7], from: '09:00', to: '18:00' }], daysOff: [] };
      const answer = await stage.ask('PUT', `/v1/consultants/${hugo}/schedule`, { body: { schedule } });
      expect(answer.body).toMatchObject({
        schedule,
        state: { reachable: false, because: 'off_hours', until: '2026-03-29T07:00:00.000Z' },
      });
      at('2026-03-29T07:00:00Z');
      await stage.ask('PUT', `/v1/consultants/${hugo}/schedule`, { body: { schedule: null } });
      const { body } = await stage.ask('PUT', `/v1/consultants/${hugo}/schedule`, { body: { schedule } });
      expect(body.state.reachable).toBe(true);
      at('2026-03-29T16:00:00Z');
      expect((await read(hugo)).state).toMatchObject({ because: 'off_hours' });
    } finally {
      house.clock = clock;
    }
  });

  it('a schedule is one of the settings: versioned and written down, refused when somebody was faster', async () => {
    const put = (schedule: object | null, tag?: string) =>
      stage.ask('PUT', `/v1/consultants/${hugo}/schedule`, {
        body: { schedule },
        headers: tag === undefined ? {} : { 'if-match': tag },
      });
    const { version } = await read(hugo);
    const daily = {
      weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
      daysOff: ['12-25'],
    };
    expect((await put(daily, `"${version}"`)).body.version).toBe(version + 1);
    expect((await put(daily, `"${version}"`)).status).toBe(200);
    expect((await put(null, `"${version}"`)).status).toBe(412);
    expect((await written()).at(-1)).toMatchObject({
      of: hugo,
      by: 'merchant',
      changes: { schedule: { from: null } },
    });
    for (const wrong of [
      { weekly: [{ days: [8], from: '09:00', to: '18:00' }], daysOff: [] },
      { weekly: [{ days: [1], from: '25:00', to: '18:00' }], daysOff: [] },
      { weekly: [], daysOff: ['2026-02-30'] },
    ]) {
      expect((await put(wrong)).status).toBe(422);
    }
  });
});

describe('GET /v1/consultants/{id}/calls', () => {
  const day = async (query = '') => (await stage.ask('GET', `/v1/consultants/${claire}/calls${query}`)).body;

  it('a day by the merchant’s clock: what he took, missed and earned, exactly', async () => {
    await change(claire, { share: '0.40' });
    const on = (time: string) => `2031-11-22T${time}Z`;
    const calls: Omit<CallRow, 'consultant'>[] = [
      {
        id: 'call_a',
        at: on('09:00:00'),
        connectedAt: on('09:00:20'),
        talkSeconds: 600.5,
        captured: '24.00',
      },
      // By the switch's clock he talked, and nothing could be taken.
      { id: 'call_b', at: on('10:00:00'), talkSeconds: 60, captured: '0', paymentState: 'voided' },
      { id: 'call_c', at: on('11:00:00'), talkSeconds: 0, captured: '15.00' },
      // Not settled yet.
      { id: 'call_d', at: on('11:30:00'), talkSeconds: 60, paymentState: 'capturing', state: 'ended' },
      {
        id: 'call_e',
        at: on('12:00:00'),
        talkSeconds: 60,
        kind: 'known_call',
        clientCode: '6006',
        moved: '-2.40',
      },
      // The merchant bills it himself: a minute at 2.40, VAT inside.
      { id: 'call_f', at: on('13:00:00'), talkSeconds: 60, kind: 'known_call', clientCode: 'C-1' },
      // Put through though nobody knew him: nobody pays for him.
      { id: 'call_m', at: on('13:30:00'), talkSeconds: 60, kind: 'known_call' },
      { id: 'call_g', at: on('14:00:00'), talkSeconds: 60, currency: 'JPY', captured: '1200' },
      {
        id: 'call_h',
        at: on('15:00:00'),
        taken: false,
        missedBecause: 'no_answer',
        outcome: 'nobody_took_it',
      },
      { id: 'call_i', at: on('16:00:00'), taken: false, missedBecause: 'refused' },
      { id: 'call_j', at: on('17:00:00'), taken: false, missedBecause: 'busy' },
      { id: 'call_k', at: on('18:00:00'), taken: false },
      // Half past midnight in Paris: the next day there.
      { id: 'call_l', at: on('23:30:00'), talkSeconds: 60, captured: '2.40' },
    ];
    for (const one of calls) await stage.call({ consultant: claire, ...one });

    const answer = await day('?day=2031-11-22');
    expect(answer).toMatchObject({
      day: '2031-11-22',
      talkedSeconds: 960,
      // 24.00 and two of 2.40 without VAT are 24.00; 40 % of it. 1200 without VAT are 1000.
      earned: [
        { amount: '9.60', currency: 'EUR' },
        { amount: '400', currency: 'JPY' },
      ],
      missed: 1,
    });
    const shown = answer.data.map((one) => [
      one['callSessionId'],
      one['outcome'],
      one['caller'],
      one['earned'],
    ]);
    const eur = (amount: string) => ({ amount, currency: 'EUR' });
    expect(shown).toEqual([
      ['call_i', 'refused', 'card', null],
      ['call_h', 'missed', 'card', null],
      ['call_g', 'talked', 'card', { amount: '400', currency: 'JPY' }],
      ['call_m', 'talked', 'unknown', eur('0.00')],
      ['call_f', 'talked', 'C-1', eur('0.80')],
      ['call_e', 'talked', '6006', eur('0.80')],
      ['call_d', 'talked', 'card', null],
      ['call_c', 'talked', 'card', eur('0.00')],
      ['call_b', 'talked', 'card', eur('0.00')],
      ['call_a', 'talked', 'card', eur('8.00')],
    ]);
    expect(answer.data.at(-1)).toMatchObject({ at: on('09:00:20').replace('Z', '.000Z'), line: 'demo' });
    expect((await day('?day=2031-11-23')).data).toMatchObject([{ callSessionId: 'call_l' }]);
  });

  it('of a share that was changed, by what held when he was rung', async () => {
    // At noon: the same day wherever it is read.
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const at = `${yesterday}T12:00:00.000Z`;
    await stage.call({ id: 'call_y', consultant: claire, at, talkSeconds: 60, captured: '12.00' });
    await stage.admin.query(`alter table settings_changes disable trigger append_only`);
    await stage.admin.query(`delete from settings_changes where of = $1`, [claire]);
    await stage.admin.query(`alter table settings_changes enable trigger append_only`);
    await change(claire, { share: '0.50' });
    const earned = async () => (await day(`?day=${yesterday}`)).data[0]?.['earned'];
    expect(await earned()).toEqual({ amount: '4.00', currency: 'EUR' });
    await change(claire, { share: null });
    expect(await earned()).toEqual({ amount: '4.00', currency: 'EUR' });
    expect((await day('?day=2031-01-01'))['earned']).toBeNull();
  });

  it('refuses what is no day; today is the usual one', async () => {
    for (const wrong of ['2026-02-30', 'today', '2026-1-1']) {
      expect((await stage.ask('GET', `/v1/consultants/${claire}/calls?day=${wrong}`)).status).toBe(422);
    }
    const paris = new Date().toLocaleDateString('sv', { timeZone: 'Europe/Paris' });
    expect((await day())['day']).toBe(paris);
  });
});

describe('who is calling now', () => {
  it('a card or a client, the minutes paid, what is earned until now; never a telephone number', async () => {
    await change(claire, { share: '0.50' });
    const since = new Date(Date.now() - 60_000).toISOString();
    const common = { consultant: claire, claimed: true, at: since, talkLimitSeconds: 950 };
    await stage.call({ ...common, id: 'call_now', state: 'connected', connectedAt: since });
    const { call, state } = await read(claire);
    expect(state).toMatchObject({ reachable: false, because: 'busy' });
    expect(call).toMatchObject({
      callSessionId: 'call_now',
      since,
      caller: 'card',
      line: 'demo',
      minutesPaid: 15,
      earned: { currency: 'EUR' },
    });
    const { amount } = (call as { earned: { amount: string } }).earned;
    expect(Number(amount)).toBeGreaterThanOrEqual(1);
    expect(Number(amount)).toBeLessThan(1.5);
    await stage.freeAll();
    await stage.call({
      ...common,
      id: 'call_ring',
      state: 'ringing_consultant',
      kind: 'known_call',
      clientCode: 'C-9',
    });
    expect((await read(claire))['call']).toMatchObject({ since: null, caller: 'C-9', earned: null });
    await stage.freeAll();
    await stage.call({
      ...common,
      id: 'call_trial',
      state: 'connected',
      connectedAt: since,
      kind: 'known_call',
    });
    expect((await read(claire))['call']).toMatchObject({
      caller: 'unknown',
      minutesPaid: null,
      earned: { amount: '0.00', currency: 'EUR' },
    });
    await stage.admin.query(`update call_sessions set state = 'ended' where id = 'call_trial'`);
    await stage.freeAll();
    await stage.admin.query(`update consultants set claimed_by = 'call_ring', claim = 'hard' where id = $1`, [
      claire,
    ]);
    // Over, and its claim not yet released: nobody is calling.
    await stage.admin.query(`update call_sessions set state = 'ended' where id = 'call_ring'`);
    expect((await read(claire))['call']).toBeNull();
    await stage.freeAll();
  });
});

describe('PUT /v1/consultants/{id}/photo', () => {
  const put = (body: Buffer, type = 'image/png', id = hugo) =>
    stage.ask('PUT', `/v1/consultants/${id}/photo`, { body, headers: { 'content-type': type } });
  /** As a page loads it: without a key, from our own address. */
  const show = (url: string | null) => fetch(stage.url + new URL(url ?? '').pathname);

  it('shows it to everybody under an address of its own, for ever', async () => {
    const { version } = await read(hugo);
    const first = await put(dot);
    expect([first.status, first.body.version], first.text).toEqual([200, version + 1]);
    const { photoUrl } = first.body;
    expect(photoUrl).toMatch(/^https:\/\/ring\.example\/photos\/[\w-]{20,}$/);
    const shown = await show(photoUrl);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(dot);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
    });
    // The same once more is no change; another photo has another address, and the old one is gone.
    expect((await put(dot)).body).toMatchObject({ photoUrl, version: version + 1 });
    const taken = readFileSync(new URL('../fixtures/photos/photo.png', import.meta.url));
    const other = await put(taken);
    expect(other.body.photoUrl).not.toBe(photoUrl);
    expect((await show(photoUrl)).status).toBe(404);
    expect((await stage.ask('GET', '/v1/consultants')).body.data).toContainEqual(
      expect.objectContaining({ id: hugo, photoUrl: other.body.photoUrl }),
    );
    // Nobody learns where it was taken, and with what.
    const bytes = Buffer.from(await (await show(other.body.photoUrl)).arrayBuffer());
    expect([taken.includes('Camera of Claire'), bytes.includes('Camera of Claire')]).toEqual([true, false]);
    const gone = await stage.ask('DELETE', `/v1/consultants/${hugo}/photo`);
    expect(gone.body.photoUrl).toBeNull();
    expect((await stage.ask('DELETE', `/v1/consultants/${hugo}/photo`)).body.version).toBe(gone.body.version);
    expect((await show(other.body.photoUrl)).status).toBe(404);
    expect((await written()).slice(-3)).toMatchObject([
      { changes: { photo: { from: null } } },
      { changes: { photo: {} } },
      { changes: { photo: { to: null } } },
    ]);
  });

  it.each([
    [
      'a page called a picture',
      Buffer.from('<script>alert(1)</script>'.padEnd(64)),
      'image/png',
      422,
      'photo-refused',
    ],
    ['a PNG called a JPEG', dot, 'image/jpeg', 422, 'photo-refused'],
    ['nothing', Buffer.alloc(0), 'image/png', 422, 'photo-refused'],
    ['a picture that ends in the middle', dot.subarray(0, -4), 'image/png', 422, 'photo-refused'],
    ['a drawing', Buffer.from('<svg/>'), 'image/svg+xml', 415, 'unsupported-media-type'],
    ['half a megabyte and a byte', Buffer.concat([dot], 524_289), 'image/png', 413, 'photo-too-large'],
  ])('refuses %s', async (_what, bytes, type, status, kind) => {
    const answer = await put(bytes, type);
    expect([answer.status, kindOf(answer)], answer.text).toEqual([status, kind]);
    expect((await read(hugo)).photoUrl).toBeNull();
  });

  it('repeats by its key, is refused with another file, and is nobody else’s to set', async () => {
    const headers = { 'content-type': 'image/png', 'idempotency-key': 'photo-1' };
    const send = (body: Buffer) => stage.ask('PUT', `/v1/consultants/${hugo}/photo`, { body, headers });
    const first = await send(dot);
    const again = await send(dot);
    expect([again.headers.get('idempotency-replayed'), again.text]).toEqual(['true', first.text]);
    expect(kindOf(await send(Buffer.concat([dot, dot])))).toBe('idempotency-key-reused');
    const foreign = await stage.ask('PUT', `/v1/consultants/${hugo}/photo`, {
      body: dot,
      headers: { 'content-type': 'image/png' },
      key: otherKey,
    });
    expect(foreign.status).toBe(404);
    await stage.ask('DELETE', `/v1/consultants/${hugo}/photo`);
  });

  it('leads nowhere by a name nobody gave out', async () => {
    for (const token of ['x', 'a'.repeat(22), '..%2f..%2fetc']) {
      expect((await fetch(`${stage.url}/photos/${token}`)).status).toBe(404);
    }
  });
});

describe('GET /v1/live', () => {
  it('says whose state has changed, to his merchant alone', async () => {
    const leaving = new AbortController();
    const follow = async (key: string) => {
      const response = await fetch(`${stage.url}/v1/live`, {
        headers: { authorization: `Bearer ${key}` },
        signal: leaving.signal,
      });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      const stream = (response.body ?? new ReadableStream()).getReader();
      const heard = { text: '' };
      const until = async (wanted: string) => {
        while (!heard.text.includes(wanted)) {
          const { value, done } = await stream.read();
          if (done) throw new Error(`ended without ${wanted}: ${heard.text}`);
          heard.text += Buffer.from(value as Uint8Array).toString();
        }
      };
      await until('retry');
      return { heard, until };
    };
    const [ours, theirs] = [await follow(demoKey), await follow(otherKey)];
    await set(hugo, { availability: 'away' });
    await ours.until(`{"ids":["${hugo}"]}`);
    await set(hugo, { availability: 'available' });
    await stage.ask('POST', '/v1/consultants/con_other/availability', {
      body: { availability: 'away' },
      key: otherKey,
    });
    await theirs.until('{"ids":["con_other"]}');
    expect(theirs.heard.text).not.toContain(hugo);
    leaving.abort();
    expect((await stage.ask('GET', '/v1/live', { key: 'rk_live_nobody' })).status).toBe(401);
  });
});

describe('/v1/me', () => {
  const signedIn = async () => {
    const browser = new Browser(stage);
    await stage.ask('PATCH', `/v1/consultants/${hugo}`, { body: { shortNumber: '31', pin: '4711' } });
    const wish = { merchant: 'demo', shortNumber: '31', pin: '4711' };
    expect((await browser.ask('POST', '/v1/session/short-number', wish)).status).toBe(200);
    return browser;
  };

  it('is the same for a consultant himself, and of nobody else', async () => {
    const browser = await signedIn();
    const his = await browser.ask('GET', '/v1/me/consultant');
    expect(his.headers.get('etag')).toBe(`"${String((await read(hugo)).version)}"`);
    expect(his.body).toEqual(await read(hugo));
    const set = await browser.ask('POST', '/v1/me/availability', { availability: 'break', reason: 'Tea' });
    expect(set.body).toMatchObject({
      id: hugo,
      availability: 'break',
      state: { because: 'break', reason: 'Tea' },
    });
    expect((await read(hugo)).state).toMatchObject({ because: 'break' });
    const told = (await stage.ask('GET', '/v1/notices?limit=200')).body.data.at(-1);
    expect(told).toMatchObject({ consultantId: hugo, body: { data: { by: 'consultant', reason: 'Tea' } } });
    await browser.ask('POST', '/v1/me/availability', { availability: 'available' });

    const daily = { weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }], daysOff: [] };
    const stale = await browser.ask('PUT', '/v1/me/schedule', { schedule: daily }, { 'if-match': '"1"' });
    expect([stale.status, stale.kind]).toEqual([412, 'changed-meanwhile']);
    const put = await browser.ask(
      'PUT',
      '/v1/me/schedule',
      { schedule: daily },
      { 'if-match': his.headers.get('etag') ?? '' },
    );
    expect(put.body).toMatchObject({ schedule: daily, state: { reachable: true } });
    expect((await written()).at(-1)).toMatchObject({ of: hugo, by: 'consultant' });
    await browser.ask('PUT', '/v1/me/schedule', { schedule: null });

    await stage.call({
      id: 'call_his',
      consultant: hugo,
      at: '2031-05-05T10:00:00Z',
      talkSeconds: 60,
      captured: '2.40',
    });
    const day = await browser.ask('GET', '/v1/me/calls?day=2031-05-05');
    expect(day.body).toEqual((await stage.ask('GET', `/v1/consultants/${hugo}/calls?day=2031-05-05`)).body);
    expect(day.body).toMatchObject({ talkedSeconds: 60 });

    for (const [method, path] of [
      ['GET', `/v1/consultants/${claire}`],
      ['GET', '/v1/consultants'],
      ['GET', '/v1/live'],
      ['DELETE', `/v1/consultants/${hugo}`],
    ] as const) {
      expect((await browser.ask(method, path)).kind, path).toBe('no-right');
    }
    expect(kindOf(await stage.ask('GET', '/v1/me/consultant'))).toBe('no-right');
    expect((await new Browser(stage).ask('GET', '/v1/me/consultant')).kind).toBe('not-signed-in');
  });

  it('says when his own state has changed, and no other’s', async () => {
    const browser = await signedIn();
    const leaving = new AbortController();
    const response = await fetch(`${stage.url}/v1/me/live`, {
      headers: { cookie: `ringmeter_session=${browser.cookie ?? ''}` },
      signal: leaving.signal,
    });
    const stream = (response.body ?? new ReadableStream()).getReader();
    let heard = '';
    const until = async (wanted: string) => {
      while (!heard.includes(wanted))
        heard += Buffer.from((await stream.read()).value as Uint8Array).toString();
    };
    await until('retry');
    await set(claire, { availability: 'away' });
    await set(claire, { availability: 'available' });
    await set(hugo, { availability: 'available' });
    await until(`{"ids":["${hugo}"]}`);
    expect(heard).not.toContain(claire);
    leaving.abort();
  });
});
