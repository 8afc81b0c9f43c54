// Scenarios as the demo merchant has them, over one whole house: what follows a paid talk, and each of the templates.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TemplateName } from '../../src/core/scenario/templates.ts';
import { demoScenarios } from '../../src/store/demo-scenarios.ts';
import { caller, claire, eventually, hugo, ines, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld({ speechSpeed: 100 });
  await world.sql.query(`update lines set duration_choices = '{3}' where slug = 'demo-short'`);
});
afterEach(async () => {
  for (const number of [caller, claire, hugo, ines]) {
    const phone = await world.phone(number);
    if (phone && phone.state !== 'ended') await world.does(number, 'hangup').catch(() => undefined);
  }
  await eventually(async () => {
    const { rows } = await world.sql.query(
      `select id, progress ->> 'at' as at from scenario_runs where ended_at is null
       union all select id, state from call_sessions where state <> 'settled'`,
    );
    expect(rows).toEqual([]);
  });
  await world.balanced();
});
afterAll(() => world.close());

const heard = async (number: string): Promise<string[]> =>
  (await world.phone(number))?.heard.map(({ text }) => text) ?? [];
const said = (number: string, words: string, times = 1): Promise<void> =>
  eventually(async () => {
    const texts = await heard(number);
    expect(texts.filter((text) => text.includes(words)).length, texts.join('\n')).toBeGreaterThanOrEqual(
      times,
    );
  });
const keys = (number: string, digits: string): Promise<void> => world.does(number, 'keys', { digits });
const bridged = (): Promise<void> =>
  eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));

interface Run {
  id: string;
  outcome: string | null;
  at: string;
  after: string | null;
}
const runsAfter = async (callSessionId: string): Promise<Run[]> =>
  (
    await world.sql.query<Run>(
      `select id, outcome, progress ->> 'at' as at, after_session_id as after from scenario_runs where after_session_id = $1`,
      [callSessionId],
    )
  ).rows;

describe('what follows a paid talk', () => {
  const say = (fr: string): object[] => [{ text: { fr } }];
  beforeAll(async () => {
    const made = await world.api('POST', '/v1/scenarios', {
      slug: 'after',
      name: 'After a talk',
      draft: {
        start: 'how',
        blocks: {
          how: {
            kind: 'condition',
            test: { value: '{call.after}', equals: 'limit_reached' },
            next: { yes: 'limit', no: 'menu' },
          },
          limit: { kind: 'say', say: say('Votre temps est écoulé.'), next: { then: 'menu' } },
          menu: {
            kind: 'menu',
            say: say('Avis, tapez 1. Quelqu’un, tapez 2.'),
            keys: ['1', '2'],
            waitSeconds: 30,
            next: { key_1: 'box', key_2: 'ring', otherwise: 'bye' },
          },
          box: {
            kind: 'voicemail',
            box: 'opinions',
            say: say('Parlez.'),
            kept: say('C’est noté.'),
            next: { then: 'bye' },
          },
          ring: { kind: 'ring', to: { consultants: ['con_demo_hugo'] }, next: { talked: 'menu' } },
          bye: { kind: 'hang_up', say: say('Adieu.') },
        },
      },
    });
    expect(made.status, JSON.stringify(made.json)).toBe(201);
    const early = await world.api('PATCH', '/v1/lines/demo', { afterTalk: 'after' });
    expect(JSON.stringify(early.json)).toContain('No version of this scenario was published yet');
    expect((await world.api('POST', '/v1/scenarios/after/versions', {})).status).toBe(201);
    for (const line of ['demo', 'demo-short']) {
      const set = await world.api('PATCH', `/v1/lines/${line}`, { afterTalk: 'after' });
      expect([set.status, set.json]).toMatchObject([200, { afterTalk: 'after' }]);
    }
    const wrong = await world.api('PATCH', '/v1/lines/demo-ticket', { afterTalk: 'after' });
    expect([wrong.status, JSON.stringify(wrong.json)]).toEqual([
      422,
      expect.stringContaining('without a call'),
    ]);
    const used = await world.api('DELETE', '/v1/scenarios/after');
    expect([used.status, used.json]).toMatchObject([409, { lines: ['demo', 'demo-short'] }]);
  });
  afterAll(async () => {
    for (const line of ['demo', 'demo-short']) {
      expect((await world.api('PATCH', `/v1/lines/${line}`, { afterTalk: null })).status).toBe(200);
    }
  });

  it('the consultant hangs up: a message, a second talk for nothing; one settlement, as if nothing had followed', async () => {
    const { id, orderId } = await world.connect();
    await world.does(claire, 'hangup');
    await said(caller, 'Avis, tapez 1.');
    expect((await heard(caller)).join()).not.toContain('entretien est terminé');
    // Paid for and receipted while he is there still.
    expect(await world.sessionIs(id, 'settled')).toMatchObject({
      outcome: 'talked',
      captured: { amount: '15.00' },
      released: { amount: '10.00' },
    });
    await keys(caller, '1');
    await said(caller, 'Parlez.');
    await eventually(async () => expect((await world.phone(caller))?.recording).toBe(true));
    await world.does(caller, 'say', { text: 'Claire est formidable.' });
    await keys(caller, '#');
    await said(caller, 'Adieu.');
    await world.phoneIs(caller, 'ended');
    const [run, ...more] = await eventually(async () => {
      const runs = await runsAfter(id);
      expect(runs[0]?.outcome).toBe('completed');
      return runs;
    });
    expect(more).toEqual([]);
    const view = (await world.api('GET', `/v1/scenario-runs/${run!.id}`)).json;
    expect(view).toMatchObject({
      afterCallSession: id,
      callerNumber: caller,
      ddi: '+33199000100',
      talks: [],
    });
    await world.heard(orderId, [
      'payment.authorized',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.ended',
      'payment.captured',
      'payment.released',
    ]);
    const { rows } = await world.sql.query(`select box, caller_number from voicemails`);
    expect(rows).toEqual([{ box: 'opinions', caller_number: caller }]);
  });

  it('the limit: he is told, and put through to somebody else; that talk is reported, and on no card', async () => {
    const { id, orderId } = await world.connect({ line: 'demo-short' });
    await said(caller, 'Votre temps est écoulé.');
    await said(caller, 'Avis, tapez 1.');
    await keys(caller, '2');
    await world.accept(hugo);
    await bridged();
    await world.does(hugo, 'hangup');
    await said(caller, 'Avis, tapez 1.', 2);
    await world.does(caller, 'hangup');
    const settled = await world.sessionIs(id, 'settled');
    expect(settled).toMatchObject({
      outcome: 'limit_reached',
      billableSeconds: 3,
      captured: { amount: '1.06' },
    });
    const { rows } = await eventually(async () => {
      const found = await world.sql.query(
        `select s.outcome, k.line_id, o.kind, (select count(*)::int from payments p where p.order_id = o.id) as payments,
           u.state is not null as reported
         from known_calls k join call_sessions s on s.id = k.call_session_id join orders o on o.id = k.order_id
         join scenario_runs r on r.id = k.run_id left join usage_reports u using (call_session_id)
         where r.after_session_id = $1`,
        [id],
      );
      expect(found.rows[0]).toMatchObject({ reported: true });
      return found;
    });
    expect(rows).toEqual([
      { outcome: 'talked', line_id: 'lin_demo_short', kind: 'known_call', payments: 0, reported: true },
    ]);
    expect((await world.payments()).find((one) => one.metadata['order'] === orderId)).toMatchObject({
      status: 'succeeded',
      amount_received: 106,
    });
    await eventually(async () => expect(await runsAfter(id)).toMatchObject([{ outcome: 'caller_left' }]));
  });

  it('who hangs up himself, or wished the end, is led nowhere', async () => {
    const one = await world.connect();
    await world.does(caller, 'hangup');
    await world.sessionIs(one.id, 'settled');
    const two = await world.connect();
    expect((await world.api('POST', `/v1/call-sessions/${two.id}/hangup`)).status).toBe(202);
    await world.sessionIs(two.id, 'settled');
    await said(caller, 'entretien est terminé');
    await world.phoneIs(caller, 'ended');
    expect([...(await runsAfter(one.id)), ...(await runsAfter(two.id))]).toEqual([]);
  });

  it('a gateway that dies in the talk, and one in the menu: he is where he was, and the money is settled once', async () => {
    const { id } = await world.connect();
    await world.restartGateway();
    await world.does(claire, 'hangup');
    await said(caller, 'Avis, tapez 1.');
    await world.restartGateway();
    await said(caller, 'Avis, tapez 1.', 2);
    await keys(caller, '2');
    await world.accept(hugo);
    await bridged();
    await world.restartGateway();
    expect((await world.phone(caller))?.bridged).toBe(true);
    await world.does(hugo, 'hangup');
    await said(caller, 'Avis, tapez 1.', 3);
    await world.does(caller, 'hangup');
    expect(await world.sessionIs(id, 'settled')).toMatchObject({ captured: { amount: '15.00' } });
    await eventually(async () => expect(await runsAfter(id)).toMatchObject([{ outcome: 'caller_left' }]));
  });

  it('the consultant hangs up while no gateway is there: he is led on by the next', async () => {
    const { id } = await world.connect();
    await world.gateway.close();
    await world.does(claire, 'hangup');
    await world.restartGateway();
    await said(caller, 'Avis, tapez 1.');
    await world.does(caller, 'hangup');
    await world.sessionIs(id, 'settled');
  });
});

const numberOf = (template: TemplateName): string =>
  demoScenarios.find((one) => one.template === template)!.number;
const merchantUrl = (): string => new URL(world.asProcess.order.world.sandbox?.noticesUrl ?? '').origin;

/** As the page does it: he agrees, Stripe.js confirms the card with the processor, and the page says so. */
async function pays(link: string): Promise<void> {
  const mark = /data-mark="([^"]+)"/.exec(await (await fetch(link)).text())?.[1];
  const post = (path: string, body: object): Promise<Response> =>
    fetch(link + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: world.url },
      body: JSON.stringify(body),
    });
  const agreed = await post('/agree', { mark, immediate: true, withdrawal: true });
  const { clientSecret } = (await agreed.json()) as { clientSecret: string };
  const { processorUrl, secretKey } = world.asProcess.order.world.sandbox ?? {};
  const intent = clientSecret.replace(/_secret_.*$/, '');
  const confirmed = await fetch(`${processorUrl ?? ''}/v1/payment_intents/${intent}/confirm`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secretKey ?? ''}` },
    body: new URLSearchParams({ payment_method: 'pm_card_visa', return_url: link }),
  });
  expect(confirmed.status, await confirmed.text()).toBe(200);
  await post('/paid', {});
}

describe('the six templates, as the demo merchant has them', () => {
  /** The blocks the newest call to this number passed, each with its way out. */
  const passed = (template: TemplateName, outcome: string): Promise<string> =>
    eventually(async () => {
      const { rows } = await world.sql.query<{ outcome: string | null; way: string | null }>(
        `select r.outcome, (select string_agg(e.block || coalesce(':' || (e.facts ->> 'exit'), ''), ' ' order by e.sequence)
           from scenario_run_events e where e.run_id = r.id and (e.name = 'left' or (e.name = 'ended' and r.outcome = 'completed'))) as way
         from scenario_runs r where r.ddi = $1 order by r.id desc limit 1`,
        [numberOf(template)],
      );
      expect(rows[0]?.outcome).toBe(outcome);
      return rows[0]?.way ?? '';
    });
  const dials = async (template: TemplateName): Promise<void> => {
    await world.dials(caller, numberOf(template), { assertedBy: 'network' });
  };
  /** Whoever is rung takes it, they talk, and he hangs up. */
  const talksTo = async (consultant: string): Promise<void> => {
    await world.accept(consultant);
    await bridged();
    await world.does(consultant, 'hangup');
  };
  const leavesMessage = async (text: string): Promise<void> => {
    await eventually(async () => expect((await world.phone(caller))?.recording).toBe(true));
    await world.does(caller, 'say', { text });
    await keys(caller, '#');
  };

  it('every one is published at a number of its own, and makes sense where it stands', async () => {
    const { data } = (await world.api('GET', '/v1/scenarios')).json as unknown as {
      data: { slug: string; live: number; changed: boolean; ddis: string[] }[];
    };
    for (const { slug, number } of demoScenarios) {
      expect(data.find((one) => one.slug === slug)).toMatchObject({
        live: 1,
        changed: false,
        ddis: [number],
      });
      const checked = (await world.api('POST', `/v1/scenarios/${slug}/check`, {})).json;
      expect(checked, slug).toMatchObject({ faults: [] });
    }
  });

  it('consultants introduce themselves; the second is chosen while he speaks', async () => {
    await dials('consultant_line');
    await said(caller, 'tapez 1');
    await keys(caller, '1');
    await said(caller, 'Bienvenue chez Les Conseils de Claire.');
    await said(caller, 'Claire');
    await keys(caller, '*');
    await said(caller, 'Hugo');
    await keys(caller, '5');
    await talksTo(hugo);
    await said(caller, 'Merci et à bientôt.');
    expect(await passed('consultant_line', 'completed')).toBe(
      'wanted:then language:then welcome:then choose:chosen ring:talked goodbye',
    );
  });

  it('three levels down, back to the beginning, and to a person', async () => {
    await dials('information_menu');
    await said(caller, 'tapez 1');
    await keys(caller, '1');
    await said(caller, 'Horaires et adresse, tapez 1.');
    await keys(caller, '2');
    await said(caller, 'Nos tarifs, tapez 1.');
    await keys(caller, '1');
    await said(caller, 'La séance d’une demi-heure, tapez 1.');
    await keys(caller, '2');
    await said(caller, 'coûte 60 euros');
    await said(caller, 'Revenir au début, tapez étoile. Parler');
    await keys(caller, '*');
    await said(caller, 'Horaires et adresse, tapez 1.', 2);
    await keys(caller, '3');
    await talksTo(claire);
    await said(caller, 'Merci de votre appel.');
    expect(await passed('information_menu', 'completed')).toBe(
      'language:then top:key_2 services:key_1 prices:key_2 price-long:then again:key_star top:key_3 person:talked goodbye',
    );
  });

  it('the shop: its hours and a message, whichever hour it is', async () => {
    await dials('shop_hours');
    const open = await eventually(async () => {
      const texts = (await heard(caller)).join(' ');
      expect(texts).toMatch(/bienvenue|Nous sommes ouverts/);
      return texts.includes('bienvenue');
    });
    if (open) {
      for (const one of [claire, hugo, ines]) {
        await world.phoneIs(one, 'ringing');
        await world.does(one, 'reject');
      }
    }
    await said(caller, 'Laissez votre message après le bip');
    await leavesMessage('Avez-vous des bougies ?');
    await said(caller, 'nous vous rappelons');
    const way = open ? 'hours:open welcome:then shop:refused nobody:then' : 'hours:closed closed:then';
    expect(await passed('shop_hours', 'completed')).toBe(`${way} message:then goodbye`);
    const { rows } = await world.sql.query(`select words from voicemails where box = 'shop'`);
    expect(rows).toEqual([{ words: 'Avez-vous des bougies ?' }]);
  });

  it('a member: a wrong PIN, then the right one, checked by the merchant’s script over a signed request', async () => {
    await dials('member_self_service');
    await said(caller, 'Tapez votre numéro de membre');
    await keys(caller, '2024#');
    await said(caller, 'Tapez votre code secret');
    await keys(caller, '9999#');
    await said(caller, 'Numéro ou code incorrect.');
    await keys(caller, '1');
    await said(caller, 'Tapez votre numéro de membre', 2);
    await keys(caller, '2024#');
    await said(caller, 'Tapez votre code secret', 2);
    await keys(caller, '1234#');
    await said(caller, 'Votre solde, tapez 1.');
    await keys(caller, '1');
    await said(caller, 'Votre solde est de 24 euros');
    await said(caller, 'Votre solde, tapez 1.', 2);
    await keys(caller, '2');
    await said(caller, 'se renouvelle le premier janvier');
    await said(caller, 'Votre solde, tapez 1.', 3);
    await world.does(caller, 'hangup');
    expect(await passed('member_self_service', 'caller_left')).toBe(
      'number:then pin:then check:refused refused:key_1 number:then pin:then check:member menu:key_1 balance:then menu:key_2 renewal:then',
    );
  });

  it('prepaid: known by his number, told how long he has, put through; what he talked is reported', async () => {
    await dials('prepaid');
    await said(caller, 'Il vous reste 15 minutes');
    await talksTo(claire);
    await said(caller, 'Merci et à bientôt.');
    expect(await passed('prepaid', 'completed')).toBe('who:known limited:no credit:then ring:talked goodbye');
    const { rows } = await world.sql.query(
      `select k.client_code, k.line_id, u.body::jsonb ->> 'outcome' as outcome from known_calls k join usage_reports u using (call_session_id) where k.ddi = $1`,
      [numberOf('prepaid')],
    );
    expect(rows).toEqual([{ client_code: '4711', line_id: 'lin_demo_known', outcome: 'talked' }]);
  });

  it('who calls again chooses, pays on our page by the link he was sent, and is put through', async () => {
    await dials('card_callback_follow_up');
    await said(caller, 'Merci de rappeler');
    await keys(caller, '1');
    await said(caller, 'Claire');
    await keys(caller, '1');
    await said(caller, 'Nous vous envoyons un lien de paiement');
    const { text } = await eventually(async () => {
      const seen = (await (await fetch(`${merchantUrl()}/api/merchant/requests`)).json()) as {
        operation: string;
        verified: boolean;
        fields: { to: string; text: string };
      }[];
      const sms = seen.find(({ operation }) => operation === 'sms');
      expect(sms).toMatchObject({ verified: true, fields: { to: caller } });
      return sms!.fields;
    });
    await pays(/https?:\S+$/.exec(text)?.[0] ?? '');
    await talksTo(claire);
    await said(caller, 'Merci et à bientôt.');
    expect(await passed('card_callback_follow_up', 'completed')).toBe(
      'paid:yes again:yes menu:key_1 choose:chosen pay:paid ring:talked goodbye',
    );
  });

  it('who stays behind his paid talk is in the same scenario; he asks to be called back', async () => {
    const line = (slug: string | null) => world.api('PATCH', '/v1/lines/demo', { afterTalk: slug });
    expect((await line('demo-follow-up')).status).toBe(200);
    const { id } = await world.connect();
    await world.does(claire, 'hangup');
    await said(caller, 'Votre consultation est terminée.');
    await keys(caller, '2');
    await said(caller, 'Dites votre nom');
    await leavesMessage('Rappelez-moi ce soir.');
    await said(caller, 'Merci et à bientôt.');
    await world.sessionIs(id, 'settled');
    await eventually(async () => expect(await runsAfter(id)).toMatchObject([{ outcome: 'completed' }]));
    expect((await line(null)).status).toBe(200);
  });

  it('it is the paid call itself: he chooses, talks for what he has paid, and is asked what else', async () => {
    const line = (slug: string | null) => world.api('PATCH', '/v1/lines/demo', { afterPayment: slug });
    expect((await line('demo-follow-up')).status).toBe(200);
    const { id } = await world.order();
    await world.accept(caller);
    await said(caller, 'Rien n’est débité avant');
    await said(caller, 'Claire');
    await keys(caller, '1');
    await talksTo(claire);
    await said(caller, 'Votre consultation est terminée.');
    expect(await world.sessionIs(id, 'settled')).toMatchObject({
      outcome: 'talked',
      captured: { amount: '15.00' },
    });
    await world.does(caller, 'hangup');
    await eventually(async () => expect(await runsAfter(id)).toMatchObject([{ outcome: 'caller_left' }]));
    expect((await line(null)).status).toBe(200);
  });
});

describe('the built-in path of known callers, and the template that does the same', () => {
  const builtIn = { server: '+33199000201', accounts: '+33199000203' };
  const composed = numberOf('prepaid');
  beforeAll(async () => {
    await world.sql.query(`update ddis set settings = '{"talkLimitMaxSeconds":2}' where number = any($1)`, [
      [builtIn.server, builtIn.accounts, composed],
    ]);
  });

  const talks = async (): Promise<void> => {
    await world.accept(claire);
    await bridged();
    await world.phoneIs(claire, 'ended');
  };
  const refuses = async (): Promise<void> => {
    for (const one of [claire, hugo, ines]) {
      await world.phoneIs(one, 'ringing');
      await world.does(one, 'reject');
    }
  };
  const keysCode = async (): Promise<void> => {
    await said(caller, 'code client');
    await keys(caller, '6006#');
  };
  it.each<[string, 'server' | 'accounts', () => Promise<void>, object]>([
    [
      'talks to the limit',
      'server',
      talks,
      { outcome: 'limit_reached', billableSeconds: 2, clientCode: '4711' },
    ],
    [
      'finds nobody',
      'server',
      refuses,
      { outcome: 'nobody_took_it', billableSeconds: 0, clientCode: '4711' },
    ],
    [
      'keys his code, and talks his account down',
      'accounts',
      async () => {
        await keysCode();
        await talks();
      },
      { outcome: 'limit_reached', billableSeconds: 2, clientCode: '6006' },
    ],
  ])('who is known and %s: the same is billed, reported and told', async (_, by, act, reported) => {
    await world.sql.query('update ddis set recognized_by = $1 where number = $2', [by, composed]);
    const outcomes: object[] = [];
    for (const ddi of [builtIn[by], composed]) {
      await world.dials(caller, ddi, { assertedBy: 'network' });
      await act();
      await world.phoneIs(caller, 'ended');
      outcomes.push(await outcomeOf(ddi));
    }
    const [before, after] = outcomes;
    expect(after).toEqual(before);
    expect(before).toMatchObject({ report: reported, state: 'settled' });
    expect((before as { notices: object[] }).notices.at(-1)).toMatchObject({ type: 'call.ended' });
  });

  /** What came of the newest call to this number, without what names it or says when it was. */
  async function outcomeOf(ddi: string): Promise<object> {
    const { rows } = await eventually(async () => {
      const found = await world.sql.query<{
        order: string;
        state: string;
        body: object;
        moved: string | null;
      }>(
        `select s.order_id as order, s.state, u.body::jsonb - '{callSessionId,sequence,ddi,startedAt,connectedAt,endedAt}'::text[]
             as body, (select sum(m.amount)::text from client_movements m where m.call_session_id = s.id) as moved,
           s.billable_us
         from known_calls k join call_sessions s on s.id = k.call_session_id join usage_reports u using (call_session_id)
         where k.ddi = $1 order by k.started_at desc limit 1`,
        [ddi],
      );
      expect(found.rows).toHaveLength(1);
      return found;
    });
    const { order, body: report, ...more } = rows[0]!;
    const { rows: notices } = await world.sql.query<{ type: string; data: object }>(
      `select type, (body::jsonb -> 'data') - '{orderId,callSessionId,sequence,talkTimeSeconds,at}'::text[] as data
       from notices where order_id = $1 order by sequence`,
      [order],
    );
    return { ...more, report, notices };
  }
});
