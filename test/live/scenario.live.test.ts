// Callers who go through scenarios on a real FreeSWITCH: real SIP, real keys, several files said in one breath, a script that is a
// real HTTP server, messages the switch itself records. What each block does is told by test/core/scenario and test/flow; here it is
// the switch that is asked. Last: gateways killed, in a process of their own.

import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import { secondsOfWav } from '../../src/flow/keep-message.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { HttpScriptServer } from '../../src/merchants/script-server.ts';
import { type BundledGateway, bundleGateway } from '../crash/bundled-gateway.ts';
import { caller, claire, eventually } from '../world.ts';
import { type GatewayChild, startGatewayChild } from './gateway-child.ts';
import { isGiven } from './given-switch.ts';
import { promptsHeard } from './heard.ts';
import { liveStage } from './live-stage.ts';

/** Of what the switch records: 16 bit at a telephone's 8 kHz. */
const bytesPerSecond = 16_000;

interface Run {
  id: string;
  leg: string;
  outcome: string | null;
  at: string;
  misses: number | null;
  turn: number;
  language: string;
  variables: Record<string, string>;
}

describe.skipIf(!isGiven)('a caller in a scenario, on a real switch', () => {
  const answers = new Map<string, { body: string; afterMs: number }>();
  const asked: { path: string; body: Record<string, unknown> }[] = [];
  let scripts: Server;
  let scriptUrl = '';
  const stage = liveStage(async () => {
    scripts = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const at = request.url ?? '';
        asked.push({ path: at, body: JSON.parse(body) as Record<string, unknown> });
        const answer = answers.get(at) ?? { body: '{}', afterMs: 0 };
        setTimeout(() => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(answer.body);
        }, answer.afterMs);
      });
    });
    await new Promise<void>((resolve) => scripts.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${String((scripts.address() as AddressInfo).port)}`;
    scriptUrl = `http://${host}`;
    const http = merchantHttp({ httpsOnly: false, allowPrivate: new Set([host]) });
    const audio = { convert: () => Promise.resolve({ outcome: 'refused', because: 'not_audio' } as const) };
    return { scriptServer: new HttpScriptServer({ http, clock: realClock, audio }) };
  });
  beforeAll(async () => {
    await stage.world.sql.query(
      `insert into forward_numbers (merchant_id, number, label, confirmed_at, confirmed_by, created_at)
       values ('mer_demo', $1, 'Claire', now(), 'op', now())`,
      [claire],
    );
    await stage.world.sql.query(
      `insert into access_resources (id, merchant_id, slug, name, address, alphabet, code_length, valid_for_seconds, uses, created_at)
       values ('acr_live', 'mer_demo', 'live-club', '{"fr":"Club","en":"Club"}', 'https://club.example', 'digits', 10, 3600, 3, now())`,
    );
  });
  afterEach(async () => {
    await stage.live.hangUpAll();
    await eventually(async () => {
      const { rows } = await stage.world.sql.query(
        `select id, progress ->> 'at' as at from scenario_runs where ended_at is null
         union all select id, state from call_sessions where state <> 'settled'`,
      );
      expect(rows).toEqual([]);
    }, 60_000);
  });
  afterAll(() => {
    scripts.closeAllConnections();
    scripts.close();
  });

  const words = (fr: string, en?: string): object[] => [{ text: { fr, ...(en !== undefined && { en }) } }];
  let many = 0;
  /** A number that leads to this scenario, composed and published as a merchant does it. */
  async function leadsTo(graph: object): Promise<string> {
    many += 1;
    const slug = `live-${String(many)}`;
    const made = await stage.world.api('POST', '/v1/scenarios', { slug, name: slug, draft: graph });
    expect(made.status, JSON.stringify(made.json)).toBe(201);
    const published = await stage.world.api('POST', `/v1/scenarios/${slug}/versions`, {});
    expect(published.status, JSON.stringify(published.json)).toBe(201);
    const number = `+33199002${String(many).padStart(3, '0')}`;
    await stage.world.sql.query(
      `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number)
       select $1, 'mer_demo', 'scenario', 'lin_demo_known', id, $2 from scenarios where slug = $3`,
      [`ddi_live_${String(many)}`, number, slug],
    );
    return number;
  }

  async function latest(where: string, value: string): Promise<Run | undefined> {
    const { rows } = await stage.world.sql.query<Run>(
      `select id, progress ->> 'leg' as leg, outcome, progress ->> 'at' as at, (progress #>> '{progress,misses}')::int as misses,
         (progress ->> 'turn')::int as turn, progress ->> 'language' as language, progress -> 'variables' as variables
       from scenario_runs where ${where} = $1 order by started_at desc limit 1`,
      [value],
    );
    return rows[0];
  }
  const runOf = (ddi: string): Promise<Run> =>
    eventually(async () => {
      const run = await latest('ddi', ddi);
      expect(run, ddi).toBeDefined();
      return run!;
    });
  /** He stands at this block, and the switch is at this with him. */
  const isAt = (ddi: string, block: string, runs: string, misses?: number): Promise<Run> =>
    eventually(async () => {
      const run = await runOf(ddi);
      expect(run).toMatchObject({ at: block, outcome: null, ...(misses !== undefined && { misses }) });
      expect(await stage.live.runs(run.leg)).toBe(runs);
      return run;
    }, 40_000);
  const isAsked = (ddi: string, block: string, misses?: number): Promise<Run> =>
    isAt(ddi, block, 'play_and_get_digits', misses);
  const keys = (digits: string): Promise<void> => stage.world.does(caller, 'keys', { digits });
  const ends = (ddi: string, outcome: string): Promise<Run> =>
    eventually(async () => {
      const run = await runOf(ddi);
      expect(run).toMatchObject({ outcome });
      return run;
    }, 40_000);
  const trace = async (ddi: string): Promise<string[]> => {
    const { rows } = await stage.world.sql.query<{ text: string }>(
      `select e.block || ' ' || e.name || coalesce(' ' || (e.facts ->> 'exit'), ' ' || (e.facts ->> 'end'), '') as text
       from scenario_run_events e join scenario_runs r on r.id = e.run_id where r.ddi = $1 order by e.run_id, e.sequence`,
      [ddi],
    );
    return rows.map(({ text }) => text);
  };
  /** Of this run, in the order they were begun. */
  const talksOf = async (run: string) =>
    (
      await stage.world.sql.query<{ id: string; state: string; outcome: string | null }>(
        `select s.id, s.state, s.outcome from known_calls k join call_sessions s on s.id = k.call_session_id
         where k.run_id = $1 order by k.run_turn`,
        [run],
      )
    ).rows;
  const talks = (run: string): Promise<string> =>
    eventually(async () => {
      const last = (await talksOf(run)).at(-1);
      expect(last).toMatchObject({ state: 'connected' });
      return last!.id;
    }, 40_000);
  const gone = (leg: string): Promise<void> =>
    eventually(async () => expect(await stage.live.lives(leg)).toBe(false));

  it('in his language, through a menu and a number, to a script that is slow, dials, and has him back', async () => {
    answers.set('/decide', {
      body: JSON.stringify({
        say: { en: 'We are putting you through to Claire now.', fr: 'Nous vous mettons en relation.' },
        dial: claire,
      }),
      afterMs: 3_500,
    });
    const ddi = await leadsTo({
      start: 'which',
      blocks: {
        which: { kind: 'language', waitSeconds: 20, next: { then: 'menu' } },
        menu: {
          kind: 'menu',
          say: words('Pour votre compte, tapez un.', 'For your account, press one on your telephone.'),
          wrong: words('Pas celle-là.', 'That key is not on offer here, we are sorry.'),
          keys: ['1'],
          waitSeconds: 20,
          next: { key_1: 'facts' },
        },
        facts: {
          kind: 'say',
          say: [
            { text: { fr: 'Votre solde est de', en: 'On your account there are at this moment' } },
            { amount: '12.50', currency: 'EUR' },
            { text: { fr: 'depuis le', en: 'and they have been there ever since the' } },
            { date: '2026-03-02' },
          ],
          next: { then: 'number' },
        },
        number: {
          kind: 'collect',
          say: words('Votre numéro.', 'Please type your number and end it with the hash key.'),
          variable: 'member',
          waitSeconds: 20,
          next: { then: 'script' },
        },
        script: {
          kind: 'get_url',
          url: `${scriptUrl}/decide`,
          send: ['member'],
          timeoutSeconds: 15,
          next: { then: 'back', failed: 'lost' },
        },
        back: {
          kind: 'menu',
          say: words('Vous revoilà.', 'You are back with us, press one to end this call.'),
          keys: ['1'],
          waitSeconds: 30,
          next: { key_1: 'bye' },
        },
        lost: { kind: 'say', say: words('Perdu.', 'Something went wrong.'), next: {} },
        bye: { kind: 'hang_up', say: words('Adieu.', 'Thank you very much and goodbye.') },
      },
    });
    await stage.world.dials(caller, ddi, { assertedBy: 'network' });
    // Several files of one breath, in two voices.
    const { leg: first } = await isAsked(ddi, 'which');
    expect(await stage.live.runsWith(first)).toMatch(/ file_string:\/\/[^! ]+\.wav![^! ]+\.wav /);
    const french = await stage.hears(caller, /Pour le français/);
    const english = await stage.hears(caller, /For English, press 2/);
    expect(english.beganAt).toBeGreaterThan(french.beganAt);
    await keys('2');
    const { language, leg } = await isAsked(ddi, 'menu', 0);
    expect(language).toBe('en');
    await keys('5');
    await isAsked(ddi, 'menu', 1);
    await stage.hears(caller, /That key is not on offer/);
    await stage.hears(caller, /For your account/);
    await keys('1');
    await isAsked(ddi, 'number');
    await stage.hears(caller, /12 euros 50 and they have been there ever since the 2 March 2026/);
    await keys('73918#');
    await eventually(() => expect(asked.filter((one) => one.path === '/decide')).toHaveLength(1));
    expect(asked.find((one) => one.path === '/decide')?.body).toMatchObject({
      from: caller,
      to: ddi,
      block: 'script',
      variables: { member: '73918' },
    });
    await eventually(async () => {
      expect(await stage.live.runs(leg)).toBe('playback');
      expect(await stage.live.runsWith(leg)).toContain('tone_stream://');
    });
    await stage.world.phoneIs(claire, 'ringing');
    await stage.hears(caller, /putting you through to Claire/);
    await stage.world.does(claire, 'answer');
    const { id } = await runOf(ddi);
    const talk = await talks(id);
    await stage.live.says(claire, 'fr/apology.wav');
    await stage.hears(caller, /un problème technique/);
    await stage.world.does(claire, 'hangup');
    await isAsked(ddi, 'back');
    await stage.hears(caller, /You are back with us/);
    await keys('1');
    await stage.hears(caller, /Thank you very much and goodbye/);
    await ends(ddi, 'completed');
    await stage.world.phoneIs(caller, 'ended');
    await gone(leg);
    // What is reported is what the switch's own records say, to the second that was begun.
    const recordedUs = await stage.recordedTalkUs(talk, 'scenario');
    const { rows } = await eventually(async () => {
      const found = await stage.world.sql.query<{ body: string; state: string; seconds: number }>(
        `select body, state, billable_seconds as seconds from usage_reports where call_session_id = $1`,
        [talk],
      );
      expect(found.rows).toMatchObject([{ state: 'delivered' }]);
      return found;
    }, 60_000);
    const reported = JSON.parse(rows[0]!.body) as Record<string, unknown>;
    stage.note('talked in a scenario, by the switch’s records', `${String(recordedUs)} µs`);
    stage.note('reported', `${String(reported['talkMilliseconds'])} ms`);
    expect(reported).toMatchObject({
      outcome: 'talked',
      cli: caller,
      ddi,
      talkMilliseconds: Math.floor(recordedUs / 1_000),
      billableSeconds: Math.ceil(Math.floor(recordedUs / 1_000) / 1_000),
    });
    expect(rows[0]!.seconds).toBe(reported['billableSeconds']);
    expect(await talksOf(id)).toHaveLength(1);
  }, 180_000);

  it('busy, no answer, refused, not there: each in its own words, and the talk that never was is free', async () => {
    const ddi = await leadsTo({
      start: 'ring',
      blocks: {
        ring: {
          kind: 'ring',
          to: { consultants: ['con_demo_claire'] },
          ringSeconds: 5,
          busy: words('Votre correspondant est déjà en ligne avec quelqu’un.'),
          noAnswer: words('Votre correspondant ne décroche pas en ce moment.'),
          refused: words('Votre correspondant a préféré ne pas prendre cet appel.'),
          unavailable: words('Votre correspondant n’est pas joignable à ce numéro.'),
          next: { unavailable: 'menu' },
        },
        menu: {
          kind: 'menu',
          say: words('Tapez un pour finir.'),
          keys: ['1'],
          waitSeconds: 30,
          next: { key_1: 'bye' },
        },
        bye: { kind: 'hang_up', say: words('Merci et à bientôt.') },
      },
    });
    for (const [behaviour, end, told] of [
      ['busy', 'busy', /déjà en ligne/],
      ['manual', 'no_answer', /ne décroche pas/],
      ['refuses', 'refused', /préféré ne pas prendre/],
      ['unreachable', 'unavailable', /pas joignable/],
    ] as const) {
      await stage.world.behaves(claire, { behaviour });
      await stage.world.sql.query(
        `update consultants set setting = 'available' where id = 'con_demo_claire'`,
      );
      await stage.world.dials(caller, ddi);
      const { id, leg } = await isAsked(ddi, 'menu');
      expect((await trace(ddi)).filter((one) => one.startsWith('ring rang')).at(-1)).toBe(`ring rang ${end}`);
      await stage.hears(caller, told);
      expect(await talksOf(id)).toMatchObject([{ outcome: 'nobody_took_it' }]);
      await stage.world.does(caller, 'hangup');
      await ends(ddi, 'caller_left');
      await gone(leg);
    }
    const { rows } = await stage.world.sql.query(
      `select distinct u.billable_seconds as seconds from usage_reports u join known_calls k using (call_session_id) where k.ddi = $1`,
      [ddi],
    );
    expect(rows).toEqual([{ seconds: 0 }]);
  }, 180_000);

  const box = {
    kind: 'voicemail',
    box: 'live',
    say: words('Laissez votre message après le signal sonore.'),
    empty: words('Nous n’avons malheureusement rien entendu.'),
    kept: words('Votre message est bien enregistré, merci.'),
    next: {},
  };
  interface Message {
    id: string;
    seconds: number;
    callerNumber: string;
  }
  const messages = async (): Promise<Message[]> =>
    ((await stage.world.api('GET', '/v1/voicemails?box=live')).json as unknown as { data: Message[] }).data;
  const sounds = async (id: string): Promise<Buffer> => {
    const response = await fetch(`${stage.world.url}/v1/voicemails/${id}/recording`, {
      headers: { authorization: `Bearer ${stage.world.apiKey}` },
    });
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  };
  const takeOf = (leg: string): string => path.join(stage.live.promptsDir, 'takes', `${leg}.wav`);
  const bytesOfTake = async (leg: string): Promise<number> => (await stat(takeOf(leg))).size;
  /** Says it to the end, into what the switch records; how many seconds that are. */
  async function speaks(leg: string): Promise<number> {
    const length = secondsOfWav(await readFile(path.join(stage.live.promptsDir, 'fr', 'apology.wav')));
    const before = await eventually(() => bytesOfTake(leg));
    await stage.live.says(caller, 'fr/apology.wav');
    const until = before + (length + 0.5) * bytesPerSecond;
    await eventually(async () => expect(await bytesOfTake(leg)).toBeGreaterThan(until), 30_000);
    return length;
  }
  const heardIn = async (wav: Buffer): Promise<string[]> => {
    const dir = mkdtempSync(path.join(tmpdir(), 'ringmeter-message-'));
    try {
      // The quiet before and behind, which is taken off when it is kept: what is looked for has it too.
      const quiet = Buffer.alloc(bytesPerSecond);
      await writeFile(
        path.join(dir, 'message.wav'),
        Buffer.concat([wav.subarray(0, 44), quiet, wav.subarray(44), quiet]),
      );
      const heard = await promptsHeard(
        path.join(dir, 'message.wav'),
        stage.live.promptsDir,
        /problème technique/,
      );
      return heard.map(({ text }) => text);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };

  it('a message: nothing said, then spoken and ended by #; what is listened to is what he said, and the take is gone', async () => {
    const ddi = await leadsTo({ start: 'box', blocks: { box } });
    await stage.world.dials(caller, ddi);
    const { leg } = await isAt(ddi, 'box', 'record', 0);
    const silentMs = performance.now();
    await isAt(ddi, 'box', 'record', 1);
    stage.noteMs('from silence in a voicemail to the next tone', stage.since(silentMs));
    await stage.hears(caller, /malheureusement rien entendu/);
    const length = await speaks(leg);
    await keys('#');
    await stage.hears(caller, /bien enregistré/);
    await ends(ddi, 'completed');
    await gone(leg);
    const [kept, ...others] = await messages();
    expect(others).toEqual([]);
    expect(kept).toMatchObject({ callerNumber: caller, listenedAt: null });
    const wav = await sounds(kept!.id);
    stage.note('message, and what was said', `${secondsOfWav(wav).toFixed(1)} s of ${length.toFixed(1)} s`);
    expect(Math.abs(secondsOfWav(wav) - kept!.seconds)).toBeLessThan(0.1);
    expect(Math.abs(secondsOfWav(wav) - length)).toBeLessThan(1.5);
    expect(await heardIn(wav)).not.toEqual([]);
    expect((await stage.world.api('GET', `/v1/voicemails/${kept!.id}`)).json).toMatchObject({
      listenedAt: expect.any(String) as string,
    });
    await expect(stat(takeOf(leg))).rejects.toThrow('ENOENT');
  }, 180_000);

  it('a message of somebody who hangs up in mid-speech is kept too', async () => {
    const before = (await messages()).length;
    const ddi = await leadsTo({ start: 'box', blocks: { box } });
    await stage.world.dials(caller, ddi);
    const { leg } = await isAt(ddi, 'box', 'record');
    await stage.live.says(caller, 'fr/apology.wav');
    await eventually(async () => expect(await bytesOfTake(leg)).toBeGreaterThan(3 * bytesPerSecond), 20_000);
    await stage.world.does(caller, 'hangup');
    await ends(ddi, 'caller_left');
    const all = await messages();
    expect(all).toHaveLength(before + 1);
    stage.note('message of who hung up in mid-speech', `${all[0]!.seconds.toFixed(1)} s`);
    expect(all[0]!.seconds).toBeGreaterThan(1);
    await gone(leg);
    await expect(stat(takeOf(leg))).rejects.toThrow('ENOENT');
  }, 120_000);

  it('an access code is said sign by sign, again by *, and opens when it is keyed', async () => {
    const gives = await leadsTo({
      start: 'give',
      blocks: {
        give: {
          kind: 'give_access_code',
          resource: 'live-club',
          times: 1,
          then: words('Pour l’entendre encore une fois, tapez étoile.'),
          next: { then: 'bye' },
        },
        bye: { kind: 'hang_up', say: words('Merci et à bientôt.') },
      },
    });
    await stage.world.dials(caller, gives);
    const { turn } = await isAsked(gives, 'give');
    const { text } = await stage.hears(caller, /Votre code est : /);
    const code = text.replace(/\D/g, '');
    expect(code).toMatch(/^\d{10}$/);
    await stage.hears(caller, /encore une fois/);
    await keys('*');
    await eventually(async () => expect((await runOf(gives)).turn).toBeGreaterThan(turn));
    const again = await isAsked(gives, 'give');
    const said = /[0-9a-f]{32}\.wav/.exec(await stage.live.runsWith(again.leg))?.[0] ?? '';
    const file = path.join(stage.live.promptsDir, 'fr', said.replace(/wav$/, 'txt'));
    expect((await readFile(file, 'utf8')).trim()).toBe(text);
    await keys('1');
    await ends(gives, 'completed');
    await stage.world.phoneIs(caller, 'ended');
    const asks = await leadsTo({
      start: 'ask',
      blocks: {
        ask: {
          kind: 'ask_access_code',
          resource: 'live-club',
          say: words('Composez le code que vous avez reçu.'),
          wrong: words('Ce code n’ouvre rien chez nous.'),
          waitSeconds: 20,
          next: { right: 'right', wrong: 'bye' },
        },
        right: { kind: 'hang_up', say: words('Vous êtes le bienvenu dans notre club.') },
        bye: { kind: 'hang_up', say: words('Merci et à bientôt.') },
      },
    });
    await stage.world.dials(caller, asks);
    const { leg } = await isAsked(asks, 'ask', 0);
    await keys(code.replace(/.$/, (last) => String((Number(last) + 1) % 10)));
    await isAsked(asks, 'ask', 1);
    await stage.hears(caller, /n’ouvre rien/);
    await keys(code);
    await stage.hears(caller, /bienvenu dans notre club/);
    await ends(asks, 'completed');
    await gone(leg);
    expect(await stage.live.written()).not.toContain(code);
  }, 180_000);

  it('who hangs up, in whichever block, leaves no leg and no claim behind', async () => {
    answers.set('/slow', { body: '{}', afterMs: 8_000 });
    const long = words(
      'Ceci est une phrase assez longue pour que l’on raccroche au beau milieu, et même avant sa fin.',
    );
    const blocks: [block: object, runs: string][] = [
      [{ kind: 'say', say: long, next: {} }, 'playback'],
      [{ kind: 'menu', say: long, keys: ['1'], next: { key_1: 'bye' } }, 'play_and_get_digits'],
      [{ kind: 'language', next: { then: 'bye' } }, 'play_and_get_digits'],
      [{ kind: 'collect', say: long, variable: 'n', next: { then: 'bye' } }, 'play_and_get_digits'],
      [
        { kind: 'collect', say: long, variable: 'n', secret: true, next: { then: 'bye' } },
        'play_and_get_digits',
      ],
      [
        { kind: 'ask_access_code', resource: 'live-club', say: long, next: { right: 'bye', wrong: 'bye' } },
        'play_and_get_digits',
      ],
      [{ kind: 'give_access_code', resource: 'live-club', next: {} }, 'play_and_get_digits'],
      [
        {
          kind: 'choose_consultant',
          of: { consultants: ['con_demo_claire'] },
          say: long,
          next: { chosen: 'bye', nobody: 'bye' },
        },
        'play_and_get_digits',
      ],
      [box, 'record'],
      [{ kind: 'get_url', url: `${scriptUrl}/slow`, timeoutSeconds: 15, next: {} }, 'playback'],
      [{ kind: 'ring', to: { consultants: ['con_demo_claire'] }, ringSeconds: 60, next: {} }, 'playback'],
    ];
    for (const [block, runs] of blocks) {
      const { kind } = block as { kind: string };
      const ddi = await leadsTo({
        start: 'hello',
        blocks: {
          hello: { kind: 'say', say: words('Bonjour.'), next: { then: 'here' } },
          here: block,
          bye: { kind: 'hang_up' },
        },
      });
      await stage.world.behaves(claire, { behaviour: 'manual' });
      await stage.world.dials(caller, ddi);
      const { leg } = await isAt(ddi, 'here', runs);
      if (kind === 'ring') await stage.world.phoneIs(claire, 'ringing');
      await stage.world.does(caller, 'hangup');
      await ends(ddi, 'caller_left');
      await gone(leg);
      if (kind === 'ring') await stage.world.phoneIs(claire, 'ended');
    }
    // The switch's list lags behind the ends it has told.
    const [aSwitch] = stage.world.house.switches.values();
    await eventually(async () =>
      expect(await aSwitch?.legs()).toMatchObject({ outcome: 'listed', legs: [] }),
    );
  }, 240_000);

  it('behind a paid callback he goes on in what his line names; it is settled once, by the switch’s records', async () => {
    const { world } = stage;
    const draft = {
      start: 'menu',
      blocks: {
        menu: {
          kind: 'menu',
          say: words('Votre consultation est terminée, tapez un pour laisser un avis.'),
          keys: ['1'],
          waitSeconds: 30,
          next: { key_1: 'bye' },
        },
        bye: { kind: 'hang_up', say: words('Merci de votre avis et à bientôt.') },
      },
    };
    expect((await world.api('POST', '/v1/scenarios', { slug: 'after', name: 'after', draft })).status).toBe(
      201,
    );
    expect((await world.api('POST', '/v1/scenarios/after/versions', {})).status).toBe(201);
    expect((await world.api('PATCH', '/v1/lines/demo', { afterTalk: 'after' })).status).toBe(200);
    const { id, orderId } = await stage.connect();
    await stage.live.says(claire, 'fr/apology.wav');
    await stage.hears(caller, /un problème technique/);
    await stage.world.does(claire, 'hangup');
    const leftMs = performance.now();
    const run = await eventually(async () => {
      const found = await latest('after_session_id', id);
      expect(found).toMatchObject({ at: 'menu' });
      expect(await stage.live.runs(found!.leg)).toBe('play_and_get_digits');
      return found!;
    }, 20_000);
    stage.noteMs('from the consultant’s hang-up to the follow-up', stage.since(leftMs));
    await stage.hears(caller, /consultation est terminée/);
    await keys('1');
    await stage.hears(caller, /Merci de votre avis/);
    await stage.world.phoneIs(caller, 'ended');
    await gone(run.leg);
    await eventually(async () =>
      expect(await latest('after_session_id', id)).toMatchObject({ outcome: 'completed' }),
    );
    const settled = await stage.world.sessionIs(id, 'settled', 60_000);
    expect(settled).toMatchObject({ outcome: 'talked' });
    await stage.agreesWithTheRecords(id, settled, 'scenario');
    const paid = (await stage.world.payments()).filter((one) => one.metadata['order'] === orderId);
    expect(paid).toMatchObject([{ status: 'succeeded' }]);
    expect(paid[0]!.amount_received).toBe(Math.round(Number(settled.captured.amount) * 100));
    const { rows } = await stage.world.sql.query(
      `select count(*)::int as captures from authorizations a join payments p on p.id = a.payment_id where p.order_id = $1`,
      [orderId],
    );
    expect(rows).toEqual([{ captures: 1 }]);
    expect((await world.api('PATCH', '/v1/lines/demo', { afterTalk: null })).status).toBe(200);
  }, 180_000);

  describe('the gateway killed', () => {
    let bundle: BundledGateway;
    let child: GatewayChild | undefined;
    let dir = '';
    const startAgain = async (): Promise<void> => {
      child = await startGatewayChild(bundle.path, stage.world.asProcess, path.join(dir, 'gateway.log'));
    };
    const another = async (): Promise<void> => {
      await child?.kill();
      const killedMs = performance.now();
      await startAgain();
      stage.noteMs('from the kill until another gateway serves', stage.since(killedMs));
    };
    beforeAll(async () => {
      dir = mkdtempSync(path.join(tmpdir(), 'ringmeter-said-'));
      bundle = await bundleGateway('scenario');
      await stage.world.gateway.close();
      await startAgain();
    }, 60_000);
    afterAll(async () => {
      await child?.kill();
      await bundle.remove();
      rmSync(dir, { recursive: true, force: true });
    });

    it('while he is in a menu, while he speaks his message, and while somebody is rung for him', async () => {
      const ddi = await leadsTo({
        start: 'menu',
        blocks: {
          menu: {
            kind: 'menu',
            say: words('Pour laisser un message, tapez un sur votre téléphone.'),
            keys: ['1'],
            waitSeconds: 30,
            next: { key_1: 'box' },
          },
          box: { ...box, next: { then: 'ring' } },
          ring: {
            kind: 'ring',
            to: { consultants: ['con_demo_claire'] },
            ringSeconds: 60,
            next: { talked: 'back' },
          },
          back: {
            kind: 'menu',
            say: words('Vous êtes de nouveau chez nous, tapez un.'),
            keys: ['1'],
            waitSeconds: 30,
            next: { key_1: 'bye' },
          },
          bye: { kind: 'hang_up', say: words('Merci et à bientôt.') },
        },
      });
      const before = (await messages()).length;
      await stage.world.dials(caller, ddi);
      const { leg, id } = await isAsked(ddi, 'menu');
      await another();
      await stage.presses(caller, '1', async () => expect((await runOf(ddi)).at).toBe('box'));

      await isAt(ddi, 'box', 'record');
      await stage.live.says(caller, 'fr/apology.wav');
      const begun = 3 * bytesPerSecond;
      await eventually(async () => expect(await bytesOfTake(leg)).toBeGreaterThan(begun), 20_000);
      // What he has said so far is not taken for his message: he is told to speak again, and the take begins anew.
      const anew = async (): Promise<void> =>
        eventually(async () => expect(await bytesOfTake(leg)).toBeLessThan(begun), 40_000);
      await Promise.all([another(), anew()]);
      await isAt(ddi, 'box', 'record');
      expect(await messages()).toHaveLength(before);
      const length = await speaks(leg);
      await stage.presses(caller, '#', async () => expect(await messages()).toHaveLength(before + 1));

      await stage.world.phoneIs(claire, 'ringing');
      await another();
      await stage.world.does(claire, 'answer');
      await stage.presses(claire, '1', async () =>
        expect((await talksOf(id)).at(-1)).toMatchObject({ state: 'connected' }),
      );
      await another();
      await stage.live.says(claire, 'fr/apology.wav');
      await stage.hears(caller, /un problème technique/);
      await stage.world.does(claire, 'hangup');
      await isAsked(ddi, 'back');
      await keys('1');
      await ends(ddi, 'completed');
      await gone(leg);
      expect(await talksOf(id)).toHaveLength(1);
      const [message] = await messages();
      stage.note('message spoken twice, kept once', `${message!.seconds.toFixed(1)} s`);
      // What he was still saying as it began anew may be in front of it.
      expect(message!.seconds).toBeGreaterThan(length - 1.5);
      expect(await heardIn(await sounds(message!.id))).not.toEqual([]);
      await expect(stat(takeOf(leg))).rejects.toThrow('ENOENT');
    }, 240_000);
  });
});
