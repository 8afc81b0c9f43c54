// Callers who go through scenarios, over the whole house: the real gateway, the sandbox's switch, its telephones operated as people
// operate them, and a merchant's script that is a real HTTP server. What happens to whom is the graph's; here it is done for real.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import type { Log, Mail } from '../../src/flow/ports.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { HttpScriptServer } from '../../src/merchants/script-server.ts';
import { HttpSmsSender } from '../../src/merchants/sms-sender.ts';
import { caller, claire, eventually, hugo, startWorld, type TestWorld } from '../world.ts';

const secondCaller = '+33612345679';
const shop = '+33199000009';
// Long, and unlike any number a row could hold by chance.
const pin = '73918462';

interface Asked {
  path: string;
  authorization?: string | undefined;
  body: string;
  requestId: string;
}
let world: TestWorld;
let scripts: Server;
let scriptUrl = '';
const asked: Asked[] = [];
const mails: Mail[] = [];
/** By its path: what the script answers, after so long. */
const answers = new Map<string, { type: string; body: string; afterMs?: number }>();
const lines: string[] = [];
const write = (facts: Record<string, unknown>, message: string): void =>
  void lines.push(
    JSON.stringify([facts, message], (_, value: unknown) => (value instanceof Error ? value.stack : value)),
  );
const log: Log = { info: write, warn: write, error: write };

beforeAll(async () => {
  scripts = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const { authorization, 'ringmeter-request-id': requestId } = request.headers;
      asked.push({ path, authorization, body, requestId: String(requestId) });
      const answer = answers.get(path);
      setTimeout(() => {
        response.writeHead(answer ? 200 : 404, { 'content-type': answer?.type ?? 'text/plain' });
        response.end(answer?.body ?? '');
      }, answer?.afterMs ?? 0);
    });
  });
  await new Promise<void>((resolve) => scripts.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${String((scripts.address() as AddressInfo).port)}`;
  scriptUrl = `http://${host}`;
  const http = merchantHttp({ httpsOnly: false, allowPrivate: new Set([host]) });
  const audio = { convert: () => Promise.resolve({ outcome: 'refused', because: 'not_audio' } as const) };
  world = await startWorld({
    silenceSpeed: 1,
    overrides: {
      log,
      scriptServer: new HttpScriptServer({ http, clock: realClock, audio }),
      smsSender: new HttpSmsSender({ http, clock: realClock }),
      mailer: {
        configured: true,
        send: (mail) => {
          mails.push(mail);
          return Promise.resolve('sent');
        },
      },
    },
  });
});
afterEach(async () => {
  for (const number of [caller, secondCaller, claire, hugo, shop, 'desk@sandbox.test']) {
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
});
afterAll(async () => {
  scripts.closeAllConnections();
  scripts.close();
  await world.close();
});

let many = 0;
/** A scenario that is live, at a number of its own. `line`: its talks are counted under. */
async function leadsTo(graph: object | undefined, line: string | null = 'lin_demo_known'): Promise<string> {
  many += 1;
  const id = `scn_${String(many)}`;
  const number = `+3319900${String(1_000 + many)}`;
  await world.sql.query(
    `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at)
     values ($1, 'mer_demo', $2, 'x', '{}', now(), now())`,
    [id, `scn-${String(many)}`],
  );
  if (graph) {
    await world.sql.query(
      `insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at)
       values ('mer_demo', $1, 1, $2, now())`,
      [id, JSON.stringify(graph)],
    );
    await world.sql.query('update scenarios set live = 1 where id = $1', [id]);
  }
  await world.sql.query(
    `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number) values ($1, 'mer_demo', 'scenario', $2, $3, $4)`,
    [`ddi_scn_${String(many)}`, line, id, number],
  );
  return number;
}

const heard = async (number: string): Promise<string[]> =>
  (await world.phone(number))?.heard.map(({ text }) => text) ?? [];
/** Waits until these words were said so often in this call. */
const said = (number: string, words: string, times = 1): Promise<void> =>
  eventually(async () => {
    const texts = await heard(number);
    expect(texts.filter((text) => text.includes(words)).length, texts.join('\n')).toBeGreaterThanOrEqual(
      times,
    );
  });
const keys = (number: string, digits: string): Promise<void> => world.does(number, 'keys', { digits });
const words = (text: string): object[] => [{ text: { fr: text } }];
interface RunRow {
  id: string;
  outcome: string | null;
  progress: { at: string; variables: Record<string, string> };
}
const runOf = async (ddi: string): Promise<RunRow> =>
  (
    await world.sql.query<RunRow>(
      'select id, outcome, progress from scenario_runs where ddi = $1 order by id desc limit 1',
      [ddi],
    )
  ).rows[0]!;
const ends = (ddi: string, outcome: string): Promise<RunRow> =>
  eventually(async () => {
    const run = await runOf(ddi);
    expect(run.outcome).toBe(outcome);
    return run;
  });
const trace = async (ddi: string): Promise<string[]> => {
  const { rows } = await world.sql.query<{ text: string }>(
    `select e.block || ' ' || e.name || coalesce(' ' || (e.facts ->> 'exit'), ' ' || (e.facts ->> 'end'), '') as text
     from scenario_run_events e join scenario_runs r on r.id = e.run_id where r.ddi = $1 order by e.run_id, e.sequence`,
    [ddi],
  );
  return rows.map(({ text }) => text);
};

it('a menu, a wrong key, silence, and goodbye; what he passed is there to be read', async () => {
  const ddi = await leadsTo({
    start: 'hello',
    blocks: {
      hello: { kind: 'say', say: words('Bonjour.'), next: { then: 'menu' } },
      menu: {
        kind: 'menu',
        say: words('Tapez 1.'),
        keys: ['1'],
        wrong: words('Pas celle-là.'),
        next: { key_1: 'set' },
      },
      set: { kind: 'set', variable: 'chosen', value: 'yes {call.keyed}', next: { then: 'bye' } },
      bye: { kind: 'say', say: words('Merci, {chosen}.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  await said(caller, 'Tapez 1.');
  await keys(caller, '2');
  await said(caller, 'Pas celle-là. Tapez 1.');
  await keys(caller, '1');
  await said(caller, 'Merci, yes 1.');
  await said(caller, 'Au revoir');
  await world.phoneIs(caller, 'ended');
  const run = await ends(ddi, 'completed');
  expect(run.progress.variables).toEqual({ chosen: 'yes 1' });
  expect(await trace(ddi)).toEqual([
    'hello entered',
    'hello left then',
    'menu entered',
    'menu left key_1',
    'set entered',
    'set left then',
    'bye entered',
    'bye left then',
    'bye ended',
  ]);
});

it('star and hash are keys like any other, also over the sentence', async () => {
  const ddi = await leadsTo({
    start: 'menu',
    blocks: {
      menu: {
        kind: 'menu',
        say: words('Dièse ou étoile.'),
        keys: ['*', '#'],
        next: { key_star: 'star', key_hash: 'hash' },
      },
      star: { kind: 'say', say: words('Étoile choisie.'), next: { then: 'menu' } },
      hash: { kind: 'say', say: words('Dièse choisi.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  await said(caller, 'Dièse ou étoile.');
  await keys(caller, '*');
  await said(caller, 'Étoile choisie.');
  await said(caller, 'Dièse ou étoile.', 2);
  await keys(caller, '#');
  await said(caller, 'Dièse choisi.');
  await ends(ddi, 'completed');
});

it('no live version: he is told that something failed', async () => {
  const ddi = await leadsTo(undefined);
  await world.dials(caller, ddi);
  await said(caller, 'problème technique');
  await world.phoneIs(caller, 'ended');
  await ends(ddi, 'failed');
});

it('busy and rejected before anything is answered, as the network says it', async () => {
  for (const [cause, told] of [
    ['busy', 'USER_BUSY'],
    ['rejected', 'CALL_REJECTED'],
  ] as const) {
    const ddi = await leadsTo({ start: 'no', blocks: { no: { kind: 'hang_up', cause } } });
    await world.dials(caller, ddi);
    const phone = await world.phoneIs(caller, 'ended');
    expect(phone).toMatchObject({ endedBecause: told, answeredAt: null, heard: [] });
    await ends(ddi, 'refused');
  }
});

it('a PIN goes to the script and nowhere else; the script answers in JSON, in lines, in TwiML', async () => {
  answers.set('/json', {
    type: 'application/json',
    body: JSON.stringify({ set: { balance: '12.50' }, say: 'Votre solde.', next: 'more' }),
  });
  answers.set('/lines', { type: 'text/plain', body: 'set.level=gold\nsay=Vous êtes fidèle.\n' });
  answers.set('/twiml', {
    type: 'text/xml',
    body: `<Response><Gather numDigits="1" action="/gathered"><Say language="fr-FR">Tapez un chiffre.</Say></Gather></Response>`,
  });
  answers.set('/gathered', {
    type: 'text/xml',
    body: '<Response><Say language="fr-FR">Bien reçu.</Say></Response>',
  });
  const ddi = await leadsTo({
    start: 'pin',
    blocks: {
      pin: {
        kind: 'collect',
        say: words('Votre code secret.'),
        variable: 'pin',
        secret: true,
        next: { then: 'json' },
      },
      json: {
        kind: 'get_url',
        url: `${scriptUrl}/json`,
        send: ['pin'],
        exits: ['more'],
        next: { more: 'say', then: 'wrong' },
      },
      say: {
        kind: 'say',
        say: [{ amount: '{balance}', currency: 'EUR' }, { text: { fr: 'PIN {pin}.' } }],
        next: { then: 'lines' },
      },
      lines: { kind: 'get_url', url: `${scriptUrl}/lines`, dialect: 'query', next: { then: 'level' } },
      level: { kind: 'say', say: words('Niveau {level}.'), next: { then: 'twiml' } },
      twiml: { kind: 'get_url', url: `${scriptUrl}/twiml`, dialect: 'twiml', next: {} },
      wrong: { kind: 'say', say: words('Perdu.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  await said(caller, 'Votre code secret.');
  await keys(caller, `${pin}#`);
  await said(caller, 'Votre solde.');
  await said(caller, '12 euros 50 PIN .');
  await said(caller, 'Vous êtes fidèle.');
  await said(caller, 'Tapez un chiffre.');
  await keys(caller, '7');
  await said(caller, 'Bien reçu.');
  await said(caller, 'Niveau gold.');
  // An answer in Twilio's words that comes to its end has hung up.
  const run = await ends(ddi, 'completed');
  const to = (path: string): Asked => asked.find((one) => one.path === path)!;
  expect(JSON.parse(to('/json').body)).toMatchObject({
    requestId: to('/json').requestId,
    callId: run.id,
    block: 'json',
    attempt: 1,
    to: ddi,
    from: caller,
    variables: { pin },
  });
  expect(new URLSearchParams(to('/twiml').body).get('CallStatus')).toBe('in-progress');
  expect(new URLSearchParams(to('/gathered').body).get('Digits')).toBe('7');
  // Its digits are in no row of any table, in no line of the log.
  const { rows: tables } = await world.sql.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of tables) {
    const { rows } = await world.sql.query(`select 1 from "${name}" t where t::text like $1`, [`%${pin}%`]);
    expect(rows, name).toEqual([]);
  }
  expect(lines.join('\n')).not.toContain(pin);
});

it('a script that is silent for longer than he waits: music, and the way for that', async () => {
  answers.set('/silent', { type: 'text/plain', body: 'say=Trop tard.\n', afterMs: 20_000 });
  const ddi = await leadsTo({
    start: 'hello',
    blocks: {
      hello: { kind: 'say', say: words('Un instant.'), next: { then: 'ask' } },
      ask: {
        kind: 'get_url',
        url: `${scriptUrl}/silent`,
        dialect: 'query',
        timeoutSeconds: 2,
        next: { failed: 'sorry' },
      },
      sorry: { kind: 'say', say: words('Le serveur ne répond pas.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  await said(caller, 'Un instant.');
  await said(caller, '♪ music');
  await said(caller, 'Le serveur ne répond pas.');
  await ends(ddi, 'completed');
  expect(await trace(ddi)).toContain('ask left failed');
});

it('he chooses a consultant by a key during his introduction, talks, and is back in the scenario', async () => {
  const ddi = await leadsTo({
    start: 'choose',
    blocks: {
      choose: {
        kind: 'choose_consultant',
        of: { consultants: ['con_demo_claire', 'con_demo_hugo'] },
        say: words('Choisissez.'),
        next: { chosen: 'ring', nobody: 'nobody' },
      },
      ring: {
        kind: 'ring',
        to: 'chosen',
        whisper: words('Un appel du standard.'),
        next: { talked: 'again', unavailable: 'nobody' },
      },
      again: { kind: 'menu', say: words('Tapez 1 pour finir.'), keys: ['1'], next: { key_1: 'bye' } },
      bye: { kind: 'say', say: words('À bientôt.'), next: {} },
      nobody: { kind: 'say', say: words('Personne.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  await said(caller, 'Choisissez. Claire');
  await keys(caller, '*');
  await said(caller, 'Hugo');
  await keys(caller, '1');
  await world.phoneIs(hugo, 'ringing');
  await world.does(hugo, 'answer');
  await said(hugo, 'Un appel du standard.');
  await keys(hugo, '1');
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.does(hugo, 'hangup');
  await said(caller, 'Tapez 1 pour finir.');
  expect((await heard(caller)).join()).not.toContain('entretien est terminé');
  await keys(caller, '1');
  await said(caller, 'À bientôt.');
  await ends(ddi, 'completed');
  const { rows } = await world.sql.query(
    `select s.outcome, s.consultant_id, k.run_id is not null as of_run, u.state is not null as reported
     from known_calls k join call_sessions s on s.id = k.call_session_id left join usage_reports u using (call_session_id)
     where k.ddi = $1`,
    [ddi],
  );
  expect(rows).toEqual([{ outcome: 'talked', consultant_id: 'con_demo_hugo', of_run: true, reported: true }]);
  expect(await trace(ddi)).toContain('ring left talked');
});

it('the caller hangs up in the talk: both are over', async () => {
  const ddi = await leadsTo({
    start: 'ring',
    blocks: { ring: { kind: 'ring', to: { consultants: ['con_demo_claire'] }, next: {} } },
  });
  await world.dials(caller, ddi);
  await world.accept(claire);
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.does(caller, 'hangup');
  await world.phoneIs(claire, 'ended');
  await ends(ddi, 'caller_left');
});

it('how nobody was reached is what he hears: busy, refused, not there; a number answers, or may not be rung', async () => {
  const ring = (to: object, next: object = {}): object => ({
    ring: {
      kind: 'ring',
      to,
      ringSeconds: 5,
      busy: words('Occupé.'),
      noAnswer: words('Sans réponse.'),
      refused: words('Refusé.'),
      unavailable: words('Indisponible.'),
      next,
    },
  });
  const ddi = await leadsTo({ start: 'ring', blocks: ring({ consultants: ['con_demo_claire'] }) });
  await world.dials(caller, ddi);
  await world.phoneIs(claire, 'ringing');
  await world.does(claire, 'answer');
  await said(claire, 'appuyez sur 1');
  await keys(claire, '3');
  await said(caller, 'Refusé.');
  await ends(ddi, 'completed');
  await world.phoneIs(caller, 'ended');

  await world.sql.query(`update consultants set setting = 'away' where id = 'con_demo_claire'`);
  await world.dials(caller, ddi);
  await said(caller, 'Indisponible.');
  await world.phoneIs(caller, 'ended');
  await world.sql.query(`update consultants set setting = 'available' where id = 'con_demo_claire'`);

  const forward = {
    start: 'forward',
    blocks: {
      forward: {
        kind: 'forward',
        number: shop,
        whisper: words('Transfert.'),
        unavailable: words('Indisponible.'),
        next: { talked: 'bye' },
      },
      bye: { kind: 'say', say: words('Fin du transfert.'), next: {} },
    },
  };
  const forwarded = await leadsTo(forward);
  await world.dials(caller, forwarded);
  await said(caller, 'Indisponible.');
  await world.phoneIs(caller, 'ended');
  await world.sql.query(
    `insert into forward_numbers (merchant_id, number, label, confirmed_at, confirmed_by, created_at)
     values ('mer_demo', $1, 'Shop', now(), 'op', now())`,
    [shop],
  );
  await world.dials(caller, forwarded);
  await world.phoneIs(shop, 'ringing');
  await world.does(shop, 'answer');
  await said(shop, 'Transfert.');
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.does(shop, 'hangup');
  await said(caller, 'Fin du transfert.');
  await ends(forwarded, 'completed');
});

it('a SIP telephone is rung as a number is, in the operator’s domains alone; a group nobody of which answers', async () => {
  const sip = 'desk@sandbox.test';
  const ring = (address: string): object => ({
    start: 'ring',
    blocks: {
      ring: {
        kind: 'ring',
        to: { sip: address },
        whisper: words('Un appel.'),
        busy: words('Occupé.'),
        unavailable: words('Indisponible.'),
        next: { talked: 'bye' },
      },
      bye: { kind: 'say', say: words('Fin.'), next: {} },
    },
  });
  const ddi = await leadsTo(ring(`sip:${sip}`));
  await world.dials(caller, ddi);
  await world.phoneIs(sip, 'ringing');
  await world.does(sip, 'answer');
  await said(sip, 'Un appel.');
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.does(sip, 'hangup');
  await said(caller, 'Fin.');
  await ends(ddi, 'completed');
  await world.phoneIs(caller, 'ended');
  await world.dials(caller, ddi);
  await world.phoneIs(sip, 'ringing');
  await world.does(sip, 'busy');
  await said(caller, 'Occupé.');
  await world.phoneIs(caller, 'ended');
  for (const address of ['sip:desk@elsewhere.example', 'sip:0033612345678@sandbox.test']) {
    const elsewhere = await leadsTo(ring(address));
    await world.dials(caller, elsewhere);
    await said(caller, 'Indisponible.');
    await world.phoneIs(caller, 'ended');
    expect(await trace(elsewhere)).toContain('ring rang unavailable');
  }

  const { json } = await world.api('POST', '/v1/groups', {
    name: 'Accueil',
    strategy: 'all',
    members: [{ consultantId: 'con_demo_claire' }, { consultantId: 'con_demo_hugo' }],
  });
  const group = await leadsTo({
    start: 'ring',
    blocks: {
      ring: {
        kind: 'ring',
        to: { group: json.id },
        ringSeconds: 5,
        noAnswer: words('Personne ne répond.'),
        next: {},
      },
    },
  });
  await world.dials(caller, group);
  await Promise.all([world.phoneIs(claire, 'ringing'), world.phoneIs(hugo, 'ringing')]);
  await said(caller, 'Personne ne répond.');
  await ends(group, 'completed');
});

it('a caller the merchant does not want: told so in a scenario, refused by the network at a line, and taken again', async () => {
  const ddi = await leadsTo({
    start: 'wanted',
    blocks: {
      wanted: { kind: 'blacklist', next: { then: 'bye' } },
      bye: { kind: 'say', say: words('Bienvenue.'), next: {} },
    },
  });
  const blocked = `/v1/blocked-callers/${encodeURIComponent(secondCaller)}`;
  expect((await world.api('PUT', blocked, { label: 'Plaisantin' })).status).toBe(200);
  await world.dials(secondCaller, ddi);
  await said(secondCaller, 'ne peut pas être pris');
  await ends(ddi, 'refused');
  await world.phoneIs(secondCaller, 'ended');
  const line = world.gateway.demo?.ddis[0]?.number ?? '';
  await world.dials(secondCaller, line);
  const phone = await world.phoneIs(secondCaller, 'ended');
  expect(phone).toMatchObject({ endedBecause: 'CALL_REJECTED', answeredAt: null, heard: [] });
  expect((await world.api('DELETE', blocked)).status).toBe(200);
  await world.dials(secondCaller, ddi);
  await said(secondCaller, 'Bienvenue.');
  await ends(ddi, 'completed');
});

it('a message: empty, then spoken; and one cut by hanging up in mid-speech is kept too', async () => {
  const ddi = await leadsTo({
    start: 'box',
    blocks: {
      box: {
        kind: 'voicemail',
        box: 'shop',
        say: words('Laissez un message.'),
        empty: words('Nous n’avons rien entendu.'),
        kept: words('C’est noté.'),
        next: {},
      },
    },
  });
  const speaks = async (text: string): Promise<void> => {
    await eventually(async () => expect((await world.phone(caller))?.recording).toBe(true));
    await world.does(caller, 'say', { text });
  };
  await world.dials(caller, ddi);
  await said(caller, 'Laissez un message.');
  await eventually(async () => expect((await world.phone(caller))?.recording).toBe(true));
  await keys(caller, '#');
  await said(caller, 'Nous n’avons rien entendu. Laissez un message.');
  await speaks('Rappelez-moi demain matin, merci.');
  await keys(caller, '#');
  await said(caller, 'C’est noté.');
  await ends(ddi, 'completed');
  await world.phoneIs(caller, 'ended');
  await world.dials(caller, ddi);
  await speaks('Je voulais simplement vous dire que le');
  await world.does(caller, 'hangup');
  await ends(ddi, 'caller_left');
  const { rows } = await eventually(async () => {
    const found = await world.sql.query<{ seconds: string }>(
      `select box, caller_number, words, seconds::text, length(wav) > 16000 as sounds from voicemails order by id`,
    );
    expect(found.rows).toHaveLength(2);
    return found;
  });
  expect(rows).toMatchObject([
    { box: 'shop', caller_number: caller, words: 'Rappelez-moi demain matin, merci.', sounds: true },
    { box: 'shop', caller_number: caller, words: 'Je voulais simplement vous dire que le', sounds: true },
  ]);
  const api = async (path: string): Promise<{ data: Record<string, unknown>[] }> =>
    (await world.api('GET', path)).json;
  const { data } = await api('/v1/voicemails?box=shop');
  expect(data).toMatchObject([
    { callerNumber: caller, listenedAt: null, words: 'Je voulais simplement vous dire que le' },
    { callerNumber: caller, listenedAt: null },
  ]);
  const [{ id } = { id: '' }, another] = data as { id: string }[];
  const sound = await fetch(`${world.url}/v1/voicemails/${id}/recording`, {
    headers: { authorization: `Bearer ${world.apiKey}` },
  });
  expect([sound.status, sound.headers.get('content-type')]).toEqual([200, 'audio/wav']);
  expect(Buffer.from(await sound.arrayBuffer()).toString('latin1', 0, 4)).toBe('RIFF');
  expect((await world.api('GET', `/v1/voicemails/${id}`)).json).toMatchObject({
    listenedAt: expect.any(String) as string,
  });
  expect((await world.api('DELETE', `/v1/voicemails/${another?.id ?? ''}`)).status).toBe(200);
  expect((await api('/v1/voicemails')).data).toHaveLength(1);
  const { data: runs } = await api(`/v1/scenario-runs?ddi=${encodeURIComponent(ddi)}`);
  expect(runs).toMatchObject([{ outcome: 'caller_left' }, { outcome: 'completed' }]);
  expect((await world.api('GET', `/v1/scenario-runs/${String(runs[1]?.['id'])}`)).json).toMatchObject({
    callerNumber: caller,
    events: expect.arrayContaining([
      expect.objectContaining({ block: 'box', name: 'message_kept', facts: { box: 'shop' } }),
    ]) as unknown[],
    talks: [],
  });
  const { rows: told } = await world.sql.query(
    `select body::jsonb #>> '{data,box}' as box from notices where type = 'voicemail.received'`,
  );
  expect(told).toEqual([{ box: 'shop' }, { box: 'shop' }]);
});

it('a code is given and heard again, and keyed: once for a use, guessed no oftener than on a page, and in no row', async () => {
  await world.sql.query(
    `insert into access_resources (id, merchant_id, slug, name, address, alphabet, code_length, valid_for_seconds, uses, created_at)
     values ('acr_phone', 'mer_demo', 'phone-club', '{"fr":"Club","en":"Club"}', 'https://club.example', 'digits', 10, 3600, 1, now())`,
  );
  const gives = await leadsTo({
    start: 'give',
    blocks: {
      give: {
        kind: 'give_access_code',
        resource: 'phone-club',
        times: 1,
        then: words('Étoile.'),
        next: { then: 'bye' },
      },
      bye: { kind: 'say', say: words('Fin.'), next: {} },
    },
  });
  const asks = await leadsTo({
    start: 'ask',
    blocks: {
      ask: {
        kind: 'ask_access_code',
        resource: 'phone-club',
        say: words('Votre code.'),
        wrong: words('Faux.'),
        tries: 10,
        next: { right: 'right', wrong: 'bye' },
      },
      right: { kind: 'say', say: words('Bienvenue.'), next: {} },
      bye: { kind: 'say', say: words('Fin.'), next: {} },
    },
  });
  const codeHeard = async (times: number): Promise<string> => {
    await said(caller, 'Étoile.', times);
    const spoken = (await heard(caller)).filter((text) => text.includes('Étoile.')).at(-1) ?? '';
    return spoken.replace(/\D/g, '');
  };
  await world.dials(caller, gives);
  const code = await codeHeard(1);
  expect(code).toMatch(/^\d{10}$/);
  await keys(caller, '*');
  expect(await codeHeard(2)).toBe(code);
  await keys(caller, '1');
  await said(caller, 'Fin.');
  await ends(gives, 'completed');
  await world.phoneIs(caller, 'ended');
  const { rows: told } = await world.sql.query(
    `select body::jsonb #>> '{data,resource}' as resource from notices where type = 'access_code.issued'`,
  );
  expect(told).toEqual([{ resource: 'phone-club' }]);

  await world.dials(caller, asks);
  await said(caller, 'Votre code.');
  await keys(caller, '1111111111');
  await said(caller, 'Faux.');
  await keys(caller, code);
  await said(caller, 'Bienvenue.');
  await ends(asks, 'completed');
  await world.phoneIs(caller, 'ended');
  // Its one use is gone; and whoever goes on guessing is not looked at, though the next would fit.
  await world.sql.query('update access_codes set uses = 0');
  await world.dials(secondCaller, asks);
  for (let miss = 1; miss <= 9; miss += 1) {
    await said(secondCaller, 'Votre code.', miss);
    await keys(secondCaller, `222222222${String(miss)}`);
  }
  await said(secondCaller, 'Votre code.', 10);
  await world.does(secondCaller, 'hangup');
  await ends(asks, 'caller_left');
  await world.dials(secondCaller, asks);
  await said(secondCaller, 'Votre code.');
  await keys(secondCaller, '3333333333');
  await said(secondCaller, 'Faux.');
  await keys(secondCaller, code);
  await said(secondCaller, 'Faux.', 2);
  await world.does(secondCaller, 'hangup');
  await ends(asks, 'caller_left');
  const { rows: uses } = await world.sql.query('select door from access_uses');
  expect(uses).toEqual([{ door: 'phone' }]);
  for (const table of ['scenario_runs', 'scenario_run_events', 'access_codes', 'access_uses', 'notices']) {
    const { rows } = await world.sql.query(`select 1 from ${table} t where t::text like $1`, [`%${code}%`]);
    expect(rows, table).toEqual([]);
  }
  expect(lines.join('\n')).not.toContain(code);
});

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
const textsSent = (): { id: string; to: string; text: string }[] =>
  asked
    .filter(({ path }) => path === '/sms')
    .map(({ body }) => JSON.parse(body) as { id: string; to: string; text: string });
const linkIn = (text: string): string => /https?:\S+$/.exec(text)?.[0] ?? '';

it('a link to pay: sent by SMS while he waits, paid on its page, given up by star, out of time, by mail, and not to be sent', async () => {
  const sells = (more: object = {}): object => ({
    start: 'link',
    blocks: {
      link: {
        kind: 'payment_link',
        line: 'demo-ticket',
        say: words('Regardez vos messages.'),
        next: { paid: 'paid', not_paid: 'not', not_sent: 'unsent' },
        ...more,
      },
      paid: { kind: 'say', say: words('Payé.'), next: {} },
      not: { kind: 'say', say: words('Pas payé.'), next: {} },
      unsent: { kind: 'say', say: words('Rien envoyé.'), next: {} },
    },
  });
  const ddi = await leadsTo(sells());
  // He has not said by whom his SMS are sent.
  await world.api('DELETE', '/v1/sms-sender');
  await world.dials(caller, ddi);
  await said(caller, 'Rien envoyé.');
  await ends(ddi, 'completed');
  await world.phoneIs(caller, 'ended');
  const put = await world.api('PUT', '/v1/sms-sender', {
    url: `${scriptUrl}/sms`,
    headers: [{ name: 'authorization', value: 'Bearer {secret}' }],
    body: '{"id":"{id}","to":"{to}","text":"{text}"}',
    secret: 'sms-secret-81734',
  });
  expect(put.status, JSON.stringify(put.json)).toBe(200);
  answers.set('/sms', { type: 'application/json', body: '{}' });

  await world.dials(caller, ddi);
  await said(caller, 'Regardez vos messages.');
  await said(caller, '♪ music');
  const [first] = textsSent();
  expect(first).toMatchObject({ to: caller });
  expect(asked.find(({ path }) => path === '/sms')?.authorization).toBe('Bearer sms-secret-81734');
  // Another gateway goes on waiting, and sends nothing again.
  await world.restartGateway();
  await pays(linkIn(first?.text ?? ''));
  await said(caller, 'Payé.');
  await ends(ddi, 'completed');
  await world.phoneIs(caller, 'ended');
  expect(textsSent()).toHaveLength(1);
  const { rows: paid } = await world.sql.query(
    `select l.state, o.kind, p.state as payment, o.reference = l.run_id as of_call
     from payment_links l join orders o on o.id = l.order_id join payments p on p.order_id = o.id`,
  );
  expect(paid).toEqual([{ state: 'sent', kind: 'fixed_sale', payment: 'captured', of_call: true }]);

  await world.dials(caller, ddi);
  await eventually(() => expect(textsSent()).toHaveLength(2));
  await said(caller, '♪ music');
  await keys(caller, '*');
  await said(caller, 'Pas payé.');
  await world.phoneIs(caller, 'ended');
  await ends(ddi, 'completed');

  const soon = await leadsTo(sells({ waitSeconds: 30, by: 'email', to: 'claire@example.com' }));
  await world.dials(caller, soon);
  await said(caller, '♪ music');
  expect(mails).toMatchObject([{ to: 'claire@example.com', language: 'fr' }]);
  expect(mails[0]?.text).toContain(`${world.url}/orders/`);
  await world.sql.query(
    `update payment_links set ended_at = ended_at - interval '29.5 seconds' where by = 'email'`,
  );
  await world.restartGateway();
  await said(caller, 'Pas payé.');
  await ends(soon, 'completed');
  await world.phoneIs(caller, 'ended');

  answers.set('/sms', { type: 'text/plain', body: '' });
  const failing = asked.length;
  answers.delete('/sms');
  await world.dials(caller, ddi);
  await said(caller, 'Rien envoyé.');
  await ends(ddi, 'completed');
  expect(asked.length).toBe(failing + 1);
  await world.phoneIs(caller, 'ended');
  const abroad = await leadsTo(sells({ to: '+88213300000' }));
  await world.dials(caller, abroad);
  await said(caller, 'Rien envoyé.');
  await ends(abroad, 'completed');
  const { rows: kept } = await world.sql.query(
    `select by, state, because from payment_links order by created_at`,
  );
  expect(kept).toEqual([
    { by: 'sms', state: 'sent', because: null },
    { by: 'sms', state: 'sent', because: null },
    { by: 'email', state: 'sent', because: null },
    { by: 'sms', state: 'failed', because: 'HTTP 404' },
  ]);
  expect(lines.join('\n')).not.toContain('sms-secret-81734');
  expect(lines.join('\n')).not.toContain('/orders/');
});

it('a gateway goes while the SMS is being sent: the same message, by the same id, to the same order', async () => {
  answers.set('/sms', { type: 'application/json', body: '{}', afterMs: 1_500 });
  const before = textsSent().length;
  const ddi = await leadsTo({
    start: 'link',
    blocks: {
      link: { kind: 'payment_link', line: 'demo-ticket', next: { paid: 'paid', not_paid: 'not' } },
      paid: { kind: 'say', say: words('Payé.'), next: {} },
      not: { kind: 'say', say: words('Pas payé.'), next: {} },
    },
  });
  await world.dials(secondCaller, ddi);
  await eventually(() => expect(textsSent()).toHaveLength(before + 1));
  await world.restartGateway();
  await eventually(() => expect(textsSent().length).toBeGreaterThanOrEqual(before + 2));
  const [one, two] = textsSent().slice(before);
  expect(two).toEqual(one);
  await said(secondCaller, '♪ music');
  await pays(linkIn(one?.text ?? ''));
  await said(secondCaller, 'Payé.');
  await ends(ddi, 'completed');
  await world.balanced();
});

it('two callers at once do not meet', async () => {
  const ddi = await leadsTo({
    start: 'number',
    blocks: {
      number: { kind: 'collect', say: words('Votre numéro.'), variable: 'n', next: { then: 'bye' } },
      bye: { kind: 'say', say: words('Le {n}.'), next: {} },
    },
  });
  await Promise.all([world.dials(caller, ddi), world.dials(secondCaller, ddi)]);
  await Promise.all([said(caller, 'Votre numéro.'), said(secondCaller, 'Votre numéro.')]);
  await Promise.all([keys(caller, '11#'), keys(secondCaller, '22#')]);
  await Promise.all([said(caller, 'Le 11.'), said(secondCaller, 'Le 22.')]);
});

it('another gateway goes on where he was: in a menu, in a question to the script, in a talk', async () => {
  answers.set('/slow', { type: 'text/plain', body: 'say=Me voilà.\n', afterMs: 1_500 });
  const ddi = await leadsTo({
    start: 'menu',
    blocks: {
      menu: { kind: 'menu', say: words('Tapez 1.'), keys: ['1'], waitSeconds: 30, next: { key_1: 'ask' } },
      ask: {
        kind: 'get_url',
        url: `${scriptUrl}/slow`,
        dialect: 'query',
        timeoutSeconds: 15,
        next: { then: 'ring', failed: 'failed' },
      },
      failed: { kind: 'say', say: words('Perdu.'), next: {} },
      ring: { kind: 'ring', to: { consultants: ['con_demo_claire'] }, next: { talked: 'bye' } },
      bye: { kind: 'say', say: words('À bientôt.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  await said(caller, 'Tapez 1.');
  await world.restartGateway();
  await said(caller, 'Tapez 1.', 2);
  await keys(caller, '1');
  await eventually(() => expect(asked.filter((one) => one.path === '/slow')).toHaveLength(1));
  await world.restartGateway();
  await said(caller, 'Me voilà.');
  const requests = asked.filter((one) => one.path === '/slow').map((one) => one.requestId);
  expect(requests.length).toBeGreaterThanOrEqual(2);
  expect(new Set(requests).size).toBe(1);
  await world.accept(claire);
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.restartGateway();
  expect((await world.phone(caller))?.bridged).toBe(true);
  await world.does(claire, 'hangup');
  await said(caller, 'À bientôt.');
  await ends(ddi, 'completed');
  await world.balanced();
});

it('the link is lost in mid-sentence: what nobody heard the end of is said again', async () => {
  const ddi = await leadsTo({
    start: 'long',
    blocks: {
      long: { kind: 'say', say: words(`${'Bonjour '.repeat(80)}encore.`), next: { then: 'bye' } },
      bye: { kind: 'say', say: words('Au bout du compte.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  await said(caller, 'encore.');
  world.cutLink();
  await said(caller, 'Au bout du compte.');
  await ends(ddi, 'completed');
});

it('a client his merchant knows: by his number, joined as any call of his, what he talked is reported and counted', async () => {
  const ddi = await leadsTo({
    start: 'who',
    blocks: {
      who: { kind: 'recognize', by: 'number', next: { known: 'hello', unknown: 'sorry' } },
      sorry: { kind: 'say', say: words('Inconnu.'), next: {} },
      hello: { kind: 'say', say: words('Bonjour {call.code}.'), next: { then: 'ring' } },
      ring: {
        kind: 'ring',
        to: { line: 'demo-known' },
        refused: words('Une autre conversation est en cours.'),
        next: { talked: 'again', refused: 'bye' },
      },
      again: { kind: 'menu', say: words('Encore ?'), keys: ['1'], next: { key_1: 'ring' } },
      bye: { kind: 'say', say: words('À bientôt.'), next: {} },
    },
  });
  await world.dials(caller, ddi, { assertedBy: 'network' });
  await said(caller, 'Bonjour 4711.');
  await world.accept(claire);
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.does(claire, 'hangup');
  await said(caller, 'Encore ?');
  await world.phoneIs(claire, 'ended');
  await keys(caller, '1');
  await world.accept(claire);
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.does(caller, 'hangup');
  await ends(ddi, 'caller_left');
  const { rows } = await eventually(async () => {
    const found = await world.sql.query<{ limit: number; talked: number }>(
      `select k.client_code as code, (s.progress #>> '{plan,talkLimitSeconds}')::int as limit, u.billable_seconds as talked
       from known_calls k join call_sessions s on s.id = k.call_session_id join usage_reports u using (call_session_id)
       where k.ddi = $1 order by k.run_turn`,
      [ddi],
    );
    expect(found.rows).toHaveLength(2);
    return found;
  });
  const [first, second] = rows;
  expect(rows.map((one) => (one as unknown as { code: string }).code)).toEqual(['4711', '4711']);
  // What he has talked of his time is gone.
  expect(first!.limit - second!.limit).toBeGreaterThanOrEqual(1);
  await world.balanced();
});

it('somebody is being rung when the gateway goes: he is rung once, and the talk is the scenario’s', async () => {
  const ddi = await leadsTo({
    start: 'ring',
    blocks: {
      ring: { kind: 'ring', to: { consultants: ['con_demo_hugo'] }, next: { talked: 'bye' } },
      bye: { kind: 'say', say: words('Voilà.'), next: {} },
    },
  });
  await world.dials(caller, ddi);
  const { leg } = await world.phoneIs(hugo, 'ringing');
  await world.restartGateway();
  await world.accept(hugo);
  expect((await world.phone(hugo))?.leg).toBe(leg);
  await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
  await world.does(hugo, 'hangup');
  await said(caller, 'Voilà.');
  await ends(ddi, 'completed');
});
