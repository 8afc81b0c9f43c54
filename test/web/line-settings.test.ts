// A merchant changes his lines over the API: what cannot work is refused with its field, what is written holds for the next
// call.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { otherKey } from './api-stage.ts';
import { settingsStage, type SettingsStage } from './settings-stage.ts';

const path = '/v1/lines/demo-known';
const ddi = '+33199000201';
const claire = 'con_demo_claire';
const hugo = 'con_demo_hugo';
const ines = 'con_demo_ines';

let stage: SettingsStage;
beforeAll(async () => {
  stage = await settingsStage();
  await stage.admin.query(`
    insert into lines (id, merchant_id, slug, sells, name, currency)
      values ('lin_o', 'mer_other', 'others', 'conversation', '{"fr":"o","en":"o"}', 'EUR');
    insert into consultants (id, merchant_id, name, number) values ('con_o', 'mer_other', 'Otto', '+4930123456')`);
  await stage.ask('PUT', '/v1/merchant-server', { body: { protocol: 'rest', url: stage.server.url } });
});
afterAll(() => stage.close());

const asItWas = {
  active: true,
  names: { fr: 'Ligne des clients', en: 'Client line' },
  ringing: { pattern: 'in_turn', ringSeconds: 25, stepSeconds: 10 },
  consultants: [claire, hugo, ines],
  hours: { weekly: [], daysOff: [] },
  outsideLine: null,
  overflowLine: null,
  topUpAmounts: ['10.00', '20.00', '50.00'],
};
beforeEach(async () => {
  const { status, text } = await patch(asItWas);
  expect(status, text).toBe(200);
});

const patch = (body: object, at = path) => stage.ask('PATCH', at, { body });
const changes = async () => (await stage.ask('GET', '/v1/settings-changes?limit=500')).body.data;

describe('GET /v1/lines/{line}', () => {
  it('shows the line with all that can be set, and its tariff', async () => {
    const { status, body } = await stage.ask('GET', path);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...asItWas,
      slug: 'demo-known',
      name: 'Client line',
      consultants: [{ id: claire, name: 'Claire', free: true }, { id: hugo }, { id: ines }],
      timeZone: 'Europe/Paris',
      openNow: true,
      tariff: { bands: [{ fromSecond: 0, pricePerMinute: '2.40' }] },
      topUpUrl: 'https://ring.example/topup/demo-known',
    });
    const { body: list } = await stage.ask('GET', '/v1/lines');
    expect(list.data.find(({ slug }) => slug === 'demo-known')).toEqual(body);
  });

  it('of another merchant is no line at all, to read or to change', async () => {
    for (const method of ['GET', 'PATCH']) {
      const given = { key: otherKey, ...(method === 'PATCH' && { body: { active: false } }) };
      const answer = await stage.ask(method, path, given);
      expect([answer.status, answer.body.type]).toEqual([404, 'https://ring.example/problems/line-unknown']);
    }
    expect((await stage.ask('GET', path)).body['active']).toBe(true);
    expect((await stage.ask('GET', '/v1/settings-changes', { key: otherKey })).body.data).toEqual([]);
  });
});

describe('PATCH /v1/lines/{line}', () => {
  it('changes what is said and leaves the rest', async () => {
    const { status, text, body } = await patch({
      names: { fr: ' Voyance ', en: 'Clairvoyance' },
      ringing: { pattern: 'cumulative' },
      consultants: [ines, claire],
      topUpAmounts: ['5', '15.5'],
    });
    expect(status, text).toBe(200);
    expect(body).toMatchObject({
      names: { fr: 'Voyance', en: 'Clairvoyance' },
      active: true,
      ringing: { pattern: 'cumulative', ringSeconds: 25, stepSeconds: 10 },
      consultants: [{ id: ines }, { id: claire }],
      topUpAmounts: ['5.00', '15.50'],
      hours: { weekly: [], daysOff: [] },
    });
    expect((await stage.ask('GET', path)).body).toEqual(body);
    const page = await patch({ topUpAmounts: [] });
    expect(page.body).toMatchObject({ topUpAmounts: [], topUpUrl: null });
  });

  it('holds for the next call', async () => {
    expect((await stage.experience(ddi)).at(-1)).toBe('Rung one after the other: Claire, Hugo, Inès.');
    await patch({ consultants: [hugo, ines], ringing: { pattern: 'all_at_once' } });
    expect((await stage.experience(ddi)).at(-1)).toBe('All rung at once: Hugo, Inès.');
    await patch({ consultants: [] });
    expect((await stage.experience(ddi)).at(-1)).toMatch(/^Nobody is rung/);
    await patch({ active: false });
    expect((await stage.experience(ddi)).at(-1)).toMatch(/^The call is not taken/);
  });

  it('outside its hours another line rings, or the caller hears that it is closed', async () => {
    const always = Array.from({ length: 366 }, (_, day) =>
      new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(5, 10),
    );
    await patch({ consultants: [ines], hours: { weekly: [], daysOff: always } });
    expect((await stage.ask('GET', path)).body['openNow']).toBe(false);
    expect((await stage.experience(ddi)).at(-1)).toBe('The call is ended.');
    await patch({ outsideLine: 'demo-short' });
    expect((await stage.experience(ddi)).at(-1)).toBe('Rung one after the other: Claire, Hugo, Inès.');
  });

  it('takes hours that overlap or last past midnight', async () => {
    const hours = {
      weekly: [
        { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' },
        { days: [5], from: '12:00', to: '02:00' },
        { days: [6, 7], from: '00:00', to: '24:00' },
      ],
      daysOff: ['2026-12-25', '02-29'],
    };
    const { status, text, body } = await patch({ hours });
    expect(status, text).toBe(200);
    expect(body['hours']).toEqual(hours);
  });

  it('two lines may be each other’s overflow: a call goes on once', async () => {
    expect((await patch({ overflowLine: 'demo-short' })).status).toBe(200);
    expect((await patch({ overflowLine: 'demo-known' }, '/v1/lines/demo-short')).status).toBe(200);
    await patch({ overflowLine: null }, '/v1/lines/demo-short');
  });

  const day = { days: [1], from: '09:00', to: '18:00' };
  const weekly = (more: object) => ({ hours: { weekly: [{ ...day, ...more }], daysOff: [] } });
  it.each([
    ['itself outside the hours', { outsideLine: 'demo-known' }, '#/outsideLine', 'to itself'],
    ['itself as overflow', { overflowLine: 'demo-known' }, '#/overflowLine', 'to itself'],
    ['a line nobody has', { overflowLine: 'nowhere' }, '#/overflowLine', 'no line of this name'],
    ['another merchant’s line', { outsideLine: 'others' }, '#/outsideLine', 'no line of this name'],
    ['a line that rings nobody', { overflowLine: 'demo-ticket' }, '#/overflowLine', 'without a call'],
    ['a consultant nobody has', { consultants: [claire, 'con_x'] }, '#/consultants/1', 'None of your'],
    ['another merchant’s consultant', { consultants: ['con_o'] }, '#/consultants/0', 'None of your'],
    ['one consultant twice', { consultants: [claire, claire] }, '#/consultants/1', 'twice'],
    ['a name in one language', { names: { fr: 'Ligne' } }, '#/names/en', ''],
    ['a name of nothing', { names: { fr: ' ', en: 'x' } }, '#/names/fr', 'say something'],
    ['a name of two lines', { names: { fr: 'a\nb', en: 'x' } }, '#/names/fr', 'one line'],
    ['an unknown pattern', { ringing: { pattern: 'random' } }, '#/ringing/pattern', ''],
    ['ringing too short', { ringing: { ringSeconds: 4 } }, '#/ringing/ringSeconds', '5 to 120'],
    ['ringing too long', { ringing: { ringSeconds: 121 } }, '#/ringing/ringSeconds', '5 to 120'],
    ['half a second', { ringing: { stepSeconds: 0.5 } }, '#/ringing/stepSeconds', '1 to 60'],
    ['a zone of its own', { timeZone: 'Europe/London' }, '#/timeZone', 'no such field'],
    ['an eighth weekday', weekly({ days: [8] }), '#/hours/weekly/0/days/0', '1 (Monday)'],
    ['hours of no day', weekly({ days: [] }), '#/hours/weekly/0/days', 'weekday'],
    ['an hour there is not', weekly({ from: '25:00' }), '#/hours/weekly/0/from', '09:00'],
    ['an hour without its nought', weekly({ to: '9:00' }), '#/hours/weekly/0/to', '18:00'],
    ['beginning at the end', weekly({ from: '24:00' }), '#/hours/weekly/0/from', '09:00'],
    [
      'a day there is not',
      { hours: { weekly: [], daysOff: ['2026-02-29'] } },
      '#/hours/daysOff/0',
      'a day there is',
    ],
    [
      'a month there is not',
      { hours: { weekly: [], daysOff: ['13-01'] } },
      '#/hours/daysOff/0',
      'a day there is',
    ],
    ['hours without days off', { hours: { weekly: [] } }, '#/hours/daysOff', ''],
    ['a third of a cent', { topUpAmounts: ['5.001'] }, '#/topUpAmounts/0', '2 decimals'],
    ['less than a card is charged', { topUpAmounts: ['20', '0.49'] }, '#/topUpAmounts/1', '€0.50'],
    ['more than a card is charged', { topUpAmounts: ['1000000'] }, '#/topUpAmounts/0', '€999,999.99'],
    ['an amount twice', { topUpAmounts: ['5', '5.00'] }, '#/topUpAmounts/1', 'twice'],
    ['an amount below nothing', { topUpAmounts: ['-5'] }, '#/topUpAmounts/0', 'as text'],
    ['an amount as a number', { topUpAmounts: [5] }, '#/topUpAmounts/0', ''],
    ['another tariff', { tariff: {} }, '#/tariff', 'no such field'],
    ['another slug', { slug: 'mine' }, '#/slug', 'no such field'],
  ])('refuses %s, and changes nothing', async (_what, body, pointer, words) => {
    const before = (await stage.ask('GET', path)).body;
    const answer = await patch({ active: false, ...body });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.errors[0]).toMatchObject({
      pointer,
      detail: expect.stringContaining(words) as string,
    });
    expect((await stage.ask('GET', path)).body).toEqual(before);
  });

  it('of a line without calls leaves what would ring', async () => {
    const ticket = '/v1/lines/demo-ticket';
    const answer = await patch({ consultants: [claire], outsideLine: 'demo' }, ticket);
    expect(answer.body.errors.map(({ pointer }) => pointer)).toEqual(['#/consultants', '#/outsideLine']);
    expect((await patch({ names: { fr: 'Billet', en: 'Ticket' } }, ticket)).status).toBe(200);
  });

  describe('what a sale without a call ends in', () => {
    const ticket = '/v1/lines/demo-ticket';
    const message = { fr: 'Merci.\nÀ bientôt.', en: 'Thank you.' };
    beforeAll(async () => {
      const body = { slug: 'door', name: { fr: 'Porte', en: 'Door' }, address: 'https://shop.example/in' };
      await stage.ask('POST', '/v1/access-resources', { body });
    });

    it.each([
      [{ end: 'code', resource: 'door' }],
      [{ end: 'message', message }],
      [{ end: 'return', address: 'https://shop.example/thanks' }],
      [{ end: 'return', address: null }],
      [{ end: 'receipt' }],
    ])('%j', async (afterSale) => {
      const { status, text } = await patch({ afterSale }, ticket);
      expect(status, text).toBe(200);
      expect((await stage.ask('GET', ticket)).body['afterSale']).toEqual(afterSale);
      const written = (await changes()).at(-1);
      expect(written).toMatchObject({ of: 'demo-ticket', changes: { afterSale: { to: afterSale } } });
    });

    it.each([
      ['a resource nobody has', { end: 'code', resource: 'nowhere' }, '#/afterSale/resource'],
      ['words in one language', { end: 'message', message: { fr: 'Merci' } }, '#/afterSale/message/en'],
      ['an address elsewhere', { end: 'return', address: 'https://evil.example/' }, '#/afterSale/address'],
      ['an unknown end', { end: 'song' }, '#/afterSale/end'],
    ])('not %s', async (_what, afterSale, pointer) => {
      const answer = await patch({ afterSale }, ticket);
      expect([answer.status, answer.body.errors[0]?.pointer], answer.text).toEqual([422, pointer]);
    });

    it('is a receipt of every call, and keeps what it ends in from being removed', async () => {
      const answer = await patch({ afterSale: { end: 'code', resource: 'door' } });
      expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, '#/afterSale']);
      expect((await stage.ask('GET', path)).body['afterSale']).toEqual({ end: 'receipt' });
      await patch({ afterSale: { end: 'code', resource: 'door' } }, ticket);
      const gone = await stage.ask('DELETE', '/v1/access-resources/door');
      expect([gone.status, gone.body['lines']]).toEqual([409, ['demo-ticket']]);
      await patch({ afterSale: { end: 'receipt' } }, ticket);
      expect((await stage.ask('DELETE', '/v1/access-resources/door')).status).toBe(200);
    });
  });

  describe('when the price of a talk is taken', () => {
    const short = '/v1/lines/demo-short';
    const demoPlan = async (change: object): Promise<void> => {
      await stage.admin.query(
        `insert into tariffs (id, merchant_id, line_id, version, plan)
         select 'tar_short_' || version, merchant_id, line_id, version + 1, plan || $1::jsonb
         from tariffs where line_id = 'lin_demo_short' order by version desc limit 1`,
        [JSON.stringify(change)],
      );
    };
    const standard = async (): Promise<Record<string, unknown>> =>
      (await stage.ask('GET', short)).body['tariff'] as Record<string, unknown>;

    beforeAll(async () => {
      await demoPlan({ standard: { ...(await standard()), fixedPrice: '20.00', bands: [] } });
    });

    it('is at the end until the merchant says otherwise, and noted as any other change', async () => {
      expect((await stage.ask('GET', short)).body).toMatchObject({ capture: 'at_end', captureNow: 'at_end' });
      const { status, text, body } = await patch({ capture: 'at_connection' }, short);
      expect(status, text).toBe(200);
      expect(body).toMatchObject({ capture: 'at_connection', captureNow: 'at_connection' });
      expect((await stage.ask('GET', short)).body).toEqual(body);
      expect((await changes()).at(-1)).toMatchObject({
        by: 'merchant',
        setting: 'line',
        of: 'demo-short',
        changes: { capture: { from: 'at_end', to: 'at_connection' } },
      });
      // Another setting leaves it.
      const renamed = await patch({ names: { fr: 'Courte', en: 'Short' } }, short);
      expect(renamed.body).toMatchObject({ capture: 'at_connection' });
    });

    it('is at the end under a tariff of later that grows with the talk, and anything else may be changed still', async () => {
      const before = await standard();
      const bands = [{ fromSecond: 0, pricePerMinute: '2.00' }];
      await demoPlan({ standard: { ...before, bands } });
      expect((await stage.ask('GET', short)).body).toMatchObject({
        capture: 'at_connection',
        captureNow: 'at_end',
      });
      const { status, text } = await patch({ ringing: { ringSeconds: 30 } }, short);
      expect(status, text).toBe(200);
      const again = await patch({ capture: 'at_connection' }, short);
      expect([again.status, again.body.errors[0]?.pointer]).toEqual([422, '#/capture']);
      await demoPlan({ standard: before });
      expect((await stage.ask('GET', short)).body['captureNow']).toBe('at_connection');
    });

    it('is not at connection where the price grows in one window of time', async () => {
      await patch({ capture: 'at_end' }, short);
      const tariff = { ...(await standard()), bands: [{ fromSecond: 0, pricePerMinute: '2.00' }] };
      await demoPlan({ windows: [{ weekdays: [7], from: '22:00', until: '23:00', tariff }] });
      const refused = await patch({ capture: 'at_connection' }, short);
      expect(refused.status).toBe(422);
      expect(refused.body.errors).toEqual([
        {
          in: 'body',
          pointer: '#/capture',
          detail: expect.stringContaining('window of time from 22:00 to 23:00') as string,
        },
      ]);
      await demoPlan({ windows: [] });
    });

    it.each([
      ['a price by the minute', path, 'at_connection', 'depends on its length'],
      ['a sale without a call', '/v1/lines/demo-ticket', 'at_connection', 'without a call'],
      ['a moment there is not', short, 'at_start', ''],
    ])('is refused for %s', async (_what, at, capture, words) => {
      const answer = await patch({ capture }, at);
      expect(answer.status, answer.text).toBe(422);
      expect(answer.body.errors[0]).toMatchObject({
        pointer: '#/capture',
        detail: expect.stringContaining(words) as string,
      });
    });
  });

  it('is written down with its instant, once however often it is repeated', async () => {
    const before = (await changes()).length;
    const change = { names: { en: 'New', fr: 'Neuve' }, ringing: { ringSeconds: 30 } };
    const first = await patch(change);
    const again = await patch(change);
    expect(again.body).toEqual(first.body);
    const [written, ...more] = (await changes()).slice(before);
    expect(more).toEqual([]);
    expect(written).toMatchObject({
      by: 'merchant',
      setting: 'line',
      of: 'demo-known',
      changes: {
        names: { from: asItWas.names, to: change.names },
        ringing: { from: asItWas.ringing, to: { ...asItWas.ringing, ringSeconds: 30 } },
      },
    });
    const at = Date.parse(String(written?.['at']));
    expect(Number.isNaN(at)).toBe(false);
    expect(Object.keys(written?.['changes'] as object)).toEqual(['names', 'ringing']);
  });

  it('two at once both hold where they say different things', async () => {
    const both = await Promise.all([
      patch({ ringing: { ringSeconds: 40 } }),
      patch({ consultants: [hugo] }),
      patch({ ringing: { stepSeconds: 20 } }),
    ]);
    expect(both.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await stage.ask('GET', path)).body).toMatchObject({
      ringing: { ringSeconds: 40, stepSeconds: 20 },
      consultants: [{ id: hugo }],
    });
  });

  it('cannot be written as a circle even past all of this', async () => {
    for (const column of ['outside_line_id', 'overflow_line_id']) {
      await expect(
        stage.admin.query(`update lines set ${column} = id where slug = 'demo-known'`),
      ).rejects.toThrow(/check/);
    }
  });
});
