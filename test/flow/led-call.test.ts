// A paid callback whose scenario is the call: the card is held, the caller's telephone rings, and from his key 1 on he is in the
// merchant's scenario. What he talks to first there he has paid for; nothing before it, and nothing after.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, claire, eventually, hugo, ines, startWorld, type TestWorld } from '../world.ts';

let world: TestWorld;
const say = (fr: string): object[] => [{ text: { fr } }];

beforeAll(async () => {
  world = await startWorld({ speechSpeed: 100 });
  const made = await world.api('POST', '/v1/scenarios', {
    slug: 'the-call',
    name: 'The call itself',
    draft: {
      start: 'menu',
      blocks: {
        menu: {
          kind: 'menu',
          say: say(
            'Bonjour. Claire, tapez 1. Hugo, tapez 2. Choisir, tapez 3. Déjà choisi, tapez 4. Raccrocher, tapez 9.',
          ),
          keys: ['1', '2', '3', '4', '9'],
          waitSeconds: 60,
          next: { key_1: 'claire', key_2: 'hugo', key_3: 'choose', key_4: 'chosen', key_9: 'bye' },
        },
        claire: {
          kind: 'ring',
          to: { consultants: ['con_demo_claire'] },
          whisper: say('De la part du menu.'),
          refused: say('Elle ne peut pas.'),
          next: { talked: 'after', limit_reached: 'limit', unavailable: 'menu' },
        },
        hugo: {
          kind: 'ring',
          to: { consultants: ['con_demo_hugo'] },
          talkSeconds: 10,
          next: { talked: 'after', limit_reached: 'limit', unavailable: 'menu' },
        },
        choose: {
          kind: 'choose_consultant',
          of: { line: 'demo' },
          next: { chosen: 'chosen', nobody: 'nobody' },
        },
        chosen: { kind: 'ring', to: 'chosen', next: { talked: 'after', unavailable: 'menu' } },
        nobody: { kind: 'hang_up', say: say('Personne n’est libre.') },
        limit: { kind: 'say', say: say('Votre temps est écoulé.'), next: { then: 'after' } },
        after: {
          kind: 'menu',
          say: say('Encore Hugo, tapez 2.'),
          keys: ['2'],
          waitSeconds: 30,
          next: { key_2: 'hugo', otherwise: 'bye' },
        },
        bye: { kind: 'hang_up', say: say('Adieu.') },
      },
    },
  });
  expect(made.status, JSON.stringify(made.json)).toBe(201);
  const early = await world.api('PATCH', '/v1/lines/demo', { afterPayment: 'the-call' });
  expect(JSON.stringify(early.json)).toContain('No version of this scenario was published yet');
  expect((await world.api('POST', '/v1/scenarios/the-call/versions', {})).status).toBe(201);
  const set = await world.api('PATCH', '/v1/lines/demo', { afterPayment: 'the-call', afterTalk: null });
  expect([set.status, set.json]).toMatchObject([200, { afterPayment: 'the-call' }]);
  const wrong = await world.api('PATCH', '/v1/lines/demo-ticket', { afterPayment: 'the-call' });
  expect(JSON.stringify(wrong.json)).toContain('without a call');
  const used = await world.api('DELETE', '/v1/scenarios/the-call');
  expect([used.status, used.json]).toMatchObject([409, { lines: ['demo'] }]);
});
afterEach(async () => {
  for (const number of [caller, claire, hugo, ines]) {
    const phone = await world.phone(number);
    if (phone && phone.state !== 'ended') await world.does(number, 'hangup').catch(() => undefined);
  }
  await eventually(async () => {
    const { rows } = await world.sql.query(
      `select id, progress ->> 'at' as at from scenario_runs where ended_at is null
       union all select id, state from call_sessions where state <> 'settled'
       union all select id, claim from consultants where claimed_by is not null`,
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

/** Ordered, picked up and agreed to: he is in the scenario. */
async function led(body: object = {}): Promise<{ id: string; orderId: string }> {
  const made = await world.order(body);
  await world.accept(caller);
  await world.sessionIs(made.id, 'led');
  await said(caller, 'Bonjour.');
  return made;
}

async function runOf(id: string): Promise<{ outcome: string; passed: string; talks: string[] }> {
  return eventually(async () => {
    const { rows } = await world.sql.query<{ id: string; outcome: string | null }>(
      'select id, outcome from scenario_runs where after_session_id = $1',
      [id],
    );
    expect(rows.map(({ outcome }) => outcome)).toEqual([expect.any(String)]);
    const run = rows[0]!;
    const { rows: events } = await world.sql.query<{ at: string; exit: string | null }>(
      `select block as at, facts ->> 'exit' as exit from scenario_run_events where run_id = $1 and name in ('left') order by sequence`,
      [run.id],
    );
    const { rows: talks } = await world.sql.query<{ id: string }>(
      'select call_session_id as id from known_calls where run_id = $1',
      [run.id],
    );
    return {
      outcome: run.outcome ?? '',
      passed: events.map(({ at, exit }) => `${at}:${String(exit)}`).join(' '),
      talks: talks.map((one) => one.id),
    };
  });
}

const untouched = { captured: { amount: '0.00' }, released: { amount: '25.00' } };

it('his first talk is what he has paid for; the scenario goes on behind it, and what it rings then is on no card', async () => {
  const { id, orderId } = await led();
  const [price = '', ...more] = await heard(caller);
  expect(price).toMatch(/pour votre entretien\. Le prix est de 15 euros.*appuyez sur 1/);
  expect(more).toEqual([expect.stringContaining('Bonjour. Claire')]);
  await keys(caller, '1');
  await world.phoneIs(claire, 'ringing');
  expect(await world.session(id)).toMatchObject({ state: 'ringing_consultant' });
  await world.does(claire, 'answer');
  await said(claire, 'De la part du menu.');
  await keys(claire, '1');
  await bridged();
  await world.does(claire, 'hangup');
  await said(caller, 'Encore Hugo');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({
    outcome: 'talked',
    captured: { amount: '15.00' },
    released: { amount: '10.00' },
  });
  await keys(caller, '2');
  await world.accept(hugo);
  await bridged();
  await world.does(hugo, 'hangup');
  await said(caller, 'Encore Hugo', 2);
  await world.does(caller, 'hangup');
  const run = await runOf(id);
  expect(run).toMatchObject({
    outcome: 'caller_left',
    passed: 'menu:key_1 claire:talked after:key_2 hugo:talked',
  });
  expect(run.talks).toHaveLength(1);
  await world.heard(orderId, [
    'payment.authorized',
    'call.ringing',
    'call.ringing',
    'call.connected',
    'call.ended',
    'payment.captured',
    'payment.released',
  ]);
});

it('nobody takes it, twice; then it is somebody else, for as long as the block says: the limit ends it, and nothing but that is billed', async () => {
  const { id } = await led();
  await keys(caller, '1');
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'reject');
  await said(caller, 'Elle ne peut pas.');
  await world.sessionIs(id, 'led');
  await said(caller, 'Bonjour. Claire', 2);
  await keys(caller, '1');
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  await said(claire, 'De la part du menu.');
  await keys(claire, '3');
  await said(caller, 'Bonjour. Claire', 3);
  await keys(caller, '2');
  await world.accept(hugo);
  await bridged();
  // Another gateway cuts where the first one would have.
  await world.restartGateway();
  expect(await world.sessionIs(id, 'settled')).toMatchObject({
    outcome: 'limit_reached',
    captured: { amount: '15.00' },
  });
  await said(caller, 'Votre temps est écoulé.');
  await said(caller, 'Encore Hugo');
  const { rows } = await world.sql.query(
    'select consultant_id as who, billable_us / 1000000 as seconds from call_sessions where id = $1',
    [id],
  );
  expect(rows).toEqual([{ who: 'con_demo_hugo', seconds: '10' }]);
  await world.does(caller, 'hangup');
  expect((await runOf(id)).passed).toBe(
    'menu:key_1 claire:refused menu:key_1 claire:refused menu:key_2 hugo:limit_reached limit:then',
  );
});

it.each<[string, string, (made: { id: string }) => Promise<unknown>, string]>([
  ['the scenario hangs up', 'nobody_took_it', () => keys(caller, '9'), 'completed'],
  ['he hangs up in the menu', 'caller_left', () => world.does(caller, 'hangup'), 'caller_left'],
  [
    'he hangs up while somebody is rung',
    'caller_left',
    async () => {
      await keys(caller, '1');
      await world.phoneIs(claire, 'ringing');
      await world.does(caller, 'hangup');
      await world.phoneIs(claire, 'ended');
    },
    'caller_left',
  ],
  [
    'nobody is free to be chosen',
    'nobody_took_it',
    async () => {
      await world.sql.query(`update consultants set setting = 'away' where id like 'con_demo_%'`);
      await keys(caller, '3');
      await said(caller, 'Personne n’est libre.');
      await world.phoneIs(caller, 'ended');
      await world.sql.query(`update consultants set setting = 'available' where id like 'con_demo_%'`);
    },
    'completed',
  ],
  [
    'his merchant ends it in the menu',
    'cancelled',
    ({ id }) => world.api('POST', `/v1/call-sessions/${id}/hangup`, {}),
    'caller_left',
  ],
  [
    'his merchant ends it while somebody is rung, and another gateway has the switch by then',
    'cancelled',
    async ({ id }) => {
      await keys(caller, '1');
      await world.phoneIs(claire, 'ringing');
      await world.restartGateway();
      await world.api('POST', `/v1/call-sessions/${id}/hangup`, {});
    },
    'caller_left',
  ],
])('%s: %s, nothing is billed, and his page says so', async (_, outcome, act, ran) => {
  const made = await led();
  await act(made);
  await world.phoneIs(caller, 'ended');
  expect(await world.sessionIs(made.id, 'settled')).toMatchObject({ outcome, ...untouched });
  expect((await runOf(made.id)).outcome).toBe(ran);
});

it('taken over in the menu, and while it rings, it goes on; whom he chose on the page is rung as chosen', async () => {
  const { id } = await led({ consultant: 'con_demo_ines' });
  await world.restartGateway();
  await said(caller, 'Bonjour. Claire', 2);
  await keys(caller, '4');
  await world.phoneIs(ines, 'ringing');
  await world.restartGateway();
  await world.does(ines, 'reject');
  await said(caller, 'Bonjour. Claire', 3);
  await keys(caller, '3');
  // They introduce themselves; he takes the first.
  await eventually(async () => expect((await heard(caller)).at(-1)).toContain('Claire'));
  await keys(caller, '1');
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  await keys(claire, '1');
  await bridged();
  await world.restartGateway();
  await world.does(caller, 'hangup');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({
    outcome: 'talked',
    captured: { amount: '15.00' },
  });
  expect(await runOf(id)).toMatchObject({ outcome: 'caller_left', talks: [] });
});

it('whoever wished the end of his talk wished nothing to follow; a gateway that dies before he is hung up leaves that to the next', async () => {
  const { id } = await led();
  await keys(caller, '2');
  await world.accept(hugo);
  await bridged();
  await world.api('POST', `/v1/call-sessions/${id}/hangup`, {});
  await world.phoneIs(caller, 'ended');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({ outcome: 'talked' });
  expect((await heard(caller)).join()).not.toContain('Encore Hugo');

  const second = await led();
  // As it would have been written, and not done.
  await world.sql.query(
    `update call_sessions set state = 'ended', outcome = 'cancelled', ended_at = now(), version = version + 1 where id = $1`,
    [second.id],
  );
  await world.sql.query('update payments set look_again_at = now() where order_id = $1', [second.orderId]);
  await world.restartGateway();
  await world.phoneIs(caller, 'ended');
  expect((await runOf(second.id)).outcome).toBe('caller_left');
  await world.sessionIs(second.id, 'settled');
});

it('a gateway that dies before the scenario hears what came of its ringing leaves that to the next; nobody is rung again', async () => {
  const { id } = await led();
  await keys(caller, '1');
  await world.phoneIs(claire, 'ringing');
  // As it would have been written, and not told.
  await world.sql.query(
    `update call_sessions set state = 'led', version = version + 1, progress = jsonb_set(jsonb_set(progress::jsonb,
       '{attempts,-1,state}', '"failed"'), '{attempts,-1,lostBecause}', '"busy"') where id = $1`,
    [id],
  );
  await world.sql.query(
    'update consultants set claimed_by = null, claim = null, claimed_until = null where claimed_by = $1',
    [id],
  );
  await world.restartGateway();
  await said(caller, 'Bonjour. Claire', 2);
  await world.does(claire, 'hangup');
  await keys(caller, '9');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({ outcome: 'nobody_took_it', ...untouched });
  expect((await runOf(id)).passed).toContain('claire:busy');
});

it('whom nobody can ring after all is nobody: he hears what the scenario says, and no music over it', async () => {
  const { id } = await led();
  await world.sql.query(`update consultants set number = $1 where id = 'con_demo_hugo'`, [caller]);
  await keys(caller, '2');
  await said(caller, 'Bonjour. Claire', 2);
  await keys(caller, '4');
  await said(caller, 'Bonjour. Claire', 3);
  await world.sql.query(`update consultants set number = $1 where id = 'con_demo_hugo'`, [hugo]);
  const [, ...since] = await heard(caller);
  expect([since.length, since.filter((text) => text.startsWith('Bonjour.')).length]).toEqual([3, 3]);
  await keys(caller, '9');
  expect(await world.sessionIs(id, 'settled')).toMatchObject({ outcome: 'nobody_took_it', ...untouched });
});

it('every list of the states a call lives in has this one', async () => {
  const { rows } = await world.sql.query(
    `select proname from pg_proc where prosrc like '%''ringing_caller''%' and prosrc not like '%''led''%'`,
  );
  expect(rows).toEqual([]);
});

it('his page leads him to his telephone', async () => {
  const made = await world.api('POST', '/v1/callbacks', {
    line: 'demo',
    callerNumber: caller,
    paymentMethod: 'pm_card_visa',
  });
  await world.accept(caller);
  await said(caller, 'Bonjour.');
  const page = await fetch(made.json.orderUrl, { headers: { 'accept-language': 'fr' } });
  const shown = await page.text();
  expect(shown).toContain('Suivez la voix au téléphone');
  expect(shown).toContain('Rien n’est débité avant que vous soyez mis en relation.');
  await keys(caller, '9');
  await world.sessionIs(made.json.id, 'settled');
  expect(await (await fetch(made.json.orderUrl, { headers: { 'accept-language': 'fr' } })).text()).toContain(
    'débité',
  );
});
