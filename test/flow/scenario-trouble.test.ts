// What befalls calls in the middle of a scenario: the database goes away, their switch is emptied, calls are stopped, the gateway is
// killed. Each time three are under way at once: one in a menu, one whose script is being asked, one for whom somebody rings.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import { drainSwitch } from '../../src/flow/command-switch.ts';
import { resumeCalls, stopCalls } from '../../src/flow/kill-switch.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { HttpScriptServer } from '../../src/merchants/script-server.ts';
import { type BundledGateway, bundleGateway } from '../crash/bundled-gateway.ts';
import { type GatewayChild, startGatewayChild } from '../live/gateway-child.ts';
import { caller, claire, eventually, hugo, startWorld, type TestWorld } from '../world.ts';

/** Each goes his own way through the same scenario. */
const inMenu = caller;
const asking = '+33612345679';
const ringing = '+33612345680';
const everybody = [inMenu, asking, ringing];
const ddi = '+33199001999';

let world: TestWorld;
let scripts: Server;
let bundle: BundledGateway;
let child: GatewayChild | undefined;
/** Request ids, in the order the script was asked. */
let asked: string[] = [];
/** The script answers when it is let. */
let open: (() => void)[] = [];
const letAnswer = (): void => {
  for (const answer of open) answer();
  open = [];
};
const troubles: string[] = [];

beforeAll(async () => {
  scripts = createServer((request, response) => {
    if (!request.url?.startsWith('/script')) return void response.writeHead(200).end();
    asked.push(String(request.headers['ringmeter-request-id']));
    open.push(() => response.writeHead(200, { 'content-type': 'text/plain' }).end('say=Me voilà.\n'));
    request.resume();
  });
  await new Promise<void>((resolve) => scripts.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${String((scripts.address() as AddressInfo).port)}`;
  const http = merchantHttp({ httpsOnly: false, allowPrivate: new Set([host]) });
  const audio = { convert: () => Promise.resolve({ outcome: 'refused', because: 'not_audio' } as const) };
  const trouble = (_facts: object, sentence: string): void => void troubles.push(sentence);
  [world, bundle] = await Promise.all([
    startWorld({
      overrides: {
        log: { info: () => undefined, warn: trouble, error: trouble },
        scriptServer: new HttpScriptServer({ http, clock: realClock, audio }),
      },
    }),
    bundleGateway('trouble'),
  ]);
  const words = (text: string): object[] => [{ text: { fr: text } }];
  const graph = {
    start: 'menu',
    blocks: {
      menu: {
        kind: 'menu',
        say: words('Tapez 1 ou 2.'),
        keys: ['1', '2'],
        waitSeconds: 60,
        next: { key_1: 'ask', key_2: 'ring' },
      },
      ask: {
        kind: 'get_url',
        url: `http://${host}/script`,
        timeoutSeconds: 15,
        next: { then: 'menu', failed: 'failed' },
      },
      failed: { kind: 'say', say: words('Le script se tait.'), next: {} },
      ring: {
        kind: 'ring',
        to: { consultants: ['con_demo_claire'] },
        next: { talked: 'bye', unavailable: 'nobody' },
      },
      nobody: { kind: 'say', say: words('Personne.'), next: { then: 'menu' } },
      bye: { kind: 'say', say: words('À bientôt.'), next: {} },
    },
  };
  await world.sql.query(
    `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at)
     values ('scn_trouble', 'mer_demo', 'scn-trouble', 'x', '{}', now(), now())`,
  );
  await world.sql.query(
    `insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at)
     values ('mer_demo', 'scn_trouble', 1, $1, now())`,
    [JSON.stringify(graph)],
  );
  await world.sql.query(`update scenarios set live = 1 where id = 'scn_trouble'`);
  await world.sql.query(
    `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number)
     values ('ddi_trouble', 'mer_demo', 'scenario', 'lin_demo_known', 'scn_trouble', $1)`,
    [ddi],
  );
});
afterEach(async () => {
  letAnswer();
  for (const number of [...everybody, claire, hugo]) {
    const phone = await world.phone(number);
    if (phone && phone.state !== 'ended') await world.does(number, 'hangup').catch(() => undefined);
  }
  await eventually(async () => expect(await underWay()).toEqual([]), 20_000);
  await world.balanced();
  asked = [];
});
afterAll(async () => {
  await child?.kill();
  scripts.closeAllConnections();
  scripts.close();
  await world.close();
  await bundle.remove();
});

const underWay = async (): Promise<object[]> =>
  (
    await world.sql.query<object>(
      `select id, progress ->> 'at' as at from scenario_runs where ended_at is null
       union all select id, state from call_sessions where state <> 'settled'`,
    )
  ).rows;
const heard = async (number: string): Promise<string[]> =>
  (await world.phone(number))?.heard.map(({ text }) => text) ?? [];
/** Waits until these words were said so often in this call. */
const said = (number: string, words: string, times = 1): Promise<void> =>
  eventually(async () => {
    const texts = await heard(number);
    expect(texts.filter((text) => text.includes(words)).length, texts.join('\n')).toBeGreaterThanOrEqual(
      times,
    );
  }, 20_000);
const keys = (number: string, digits: string): Promise<void> => world.does(number, 'keys', { digits });
const bridged = (number: string): Promise<void> =>
  eventually(async () => expect((await world.phone(number))?.bridged).toBe(true), 20_000);
/** Of whom somebody was rung for, since this instant: what they talked, and what of it the merchant is told. */
const billed = async (
  since: Date,
): Promise<{ outcome: string | null; talked: boolean; reported: number | null }[]> =>
  (
    await world.sql.query<{ outcome: string | null; talked: boolean; reported: number | null }>(
      `select s.outcome, coalesce(s.talk_us, 0) > 0 as talked,
         (select u.billable_seconds from usage_reports u where u.call_session_id = s.id) as reported
       from call_sessions s join orders o on o.id = s.order_id where o.created_at >= $1`,
      [since],
    )
  ).rows;

/** Rung for in vain: the merchant is told of no second. */
const nothing = { outcome: 'cancelled', talked: false, reported: 0 };
const aTalk = { outcome: 'talked', talked: true };

/** One waits in his menu, one for his script, one while Claire's telephone rings. */
async function threeUnderWay(): Promise<Date> {
  const { rows } = await world.sql.query<{ now: Date }>('select now() as now');
  for (const number of everybody) await world.dials(number, ddi);
  for (const number of everybody) await said(number, 'Tapez 1 ou 2.');
  await keys(asking, '1');
  await eventually(() => expect(asked).toHaveLength(1));
  await keys(ringing, '2');
  await world.phoneIs(claire, 'ringing');
  return rows[0]!.now;
}

async function talksToTheEnd(): Promise<void> {
  await world.accept(claire);
  await bridged(ringing);
  await world.does(claire, 'hangup');
  await said(ringing, 'À bientôt.');
}

/** No connection but the test's stays, and nobody gets a new one. */
async function databaseIs(away: 'away' | 'back'): Promise<void> {
  const { rows } = await world.sql.query<{ name: string }>('select current_database() as name');
  const name = pg.escapeIdentifier(rows[0]?.name ?? '');
  await world.sql.query(`alter database ${name} connection limit ${away === 'away' ? '0' : '-1'}`);
  if (away === 'back') return;
  await world.sql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

it('the database is away for a moment in which nothing happens: nobody notices', async () => {
  await threeUnderWay();
  await databaseIs('away');
  await databaseIs('back');
  letAnswer();
  await said(asking, 'Me voilà.');
  await keys(inMenu, '1');
  await eventually(() => expect(asked).toHaveLength(2));
  letAnswer();
  await said(inMenu, 'Me voilà.');
  await talksToTheEnd();
});

it('what happens while it is away cannot be written: they hear an apology, and their calls end', async () => {
  const since = await threeUnderWay();
  await databaseIs('away');
  try {
    await keys(inMenu, '1');
    letAnswer();
    for (const number of [inMenu, asking]) {
      await said(number, 'problème technique');
      await world.phoneIs(number, 'ended');
    }
    // Nobody was asked for what was not written.
    expect(asked).toHaveLength(1);
    await world.accept(claire);
    await eventually(() => expect(troubles).toContain('a step of a call failed'));
    expect((await world.phone(ringing))?.bridged).toBe(false);
  } finally {
    await databaseIs('back');
  }
  // She agreed when nothing could be written, and is asked by nobody again.
  await bridged(ringing);
  await world.does(claire, 'hangup');
  await said(ringing, 'À bientôt.');
  await eventually(async () => expect(await billed(since)).toEqual([{ ...aTalk, reported: 1 }]));
  // The two that ended unwritten are found by whoever looks next.
  await world.restartGateway();
});

it('their switch is emptied: who is in a call goes on to its end', async () => {
  await threeUnderWay();
  const [switchId] = [...world.house.switches.keys()];
  expect(await drainSwitch(world.house, switchId ?? '', true)).toBe('draining');
  try {
    letAnswer();
    await said(asking, 'Me voilà.');
    await keys(inMenu, '1');
    await eventually(() => expect(asked).toHaveLength(2));
    letAnswer();
    await said(inMenu, 'Me voilà.');
    await talksToTheEnd();
    // Also whom he wants rung only now.
    await keys(inMenu, '2');
    await world.phoneIs(claire, 'ringing');
  } finally {
    await drainSwitch(world.house, switchId ?? '', false);
  }
});

it('calls are stopped: what rings ends, nobody is rung any more, and everything else goes on', async () => {
  const since = await threeUnderWay();
  expect(await stopCalls(world.house, { reason: 'complaints' })).toEqual({ ended: 1 });
  try {
    await world.phoneIs(claire, 'ended');
    await said(ringing, 'Personne.');
    await said(ringing, 'Tapez 1 ou 2.', 2);
    letAnswer();
    await said(asking, 'Me voilà.');
    await keys(inMenu, '2');
    await said(inMenu, 'Personne.');
    expect((await world.phone(claire))?.state).toBe('ended');
    await eventually(async () => expect(await billed(since)).toEqual([nothing, nothing]));
  } finally {
    await resumeCalls(world.house);
  }
  await keys(ringing, '2');
  await talksToTheEnd();
});

it('the gateway is killed: the next one goes on in the menu, asks the script again by the same id, and lets it ring', async () => {
  await world.gateway.close();
  const { environment, order } = world.asProcess;
  const { sandbox } = order.world;
  const at = `http://127.0.0.1:${String((scripts.address() as AddressInfo).port)}/notices`;
  const start = (): Promise<GatewayChild> =>
    startGatewayChild(bundle.path, {
      environment,
      order: {
        ...order,
        world: { ...order.world, ...(sandbox && { sandbox: { ...sandbox, noticesUrl: at } }) },
      },
    });
  child = await start();
  const since = await threeUnderWay();
  const { leg } = await world.phoneIs(claire, 'ringing');
  await child.kill();
  child = await start();
  await said(inMenu, 'Tapez 1 ou 2.', 2);
  await eventually(() => expect(asked).toHaveLength(2), 20_000);
  expect(new Set(asked).size).toBe(1);
  letAnswer();
  await said(asking, 'Me voilà.');
  expect((await heard(asking)).filter((text) => text.includes('Me voilà.'))).toHaveLength(1);
  expect(await billed(since)).toEqual([{ outcome: null, talked: false, reported: null }]);
  await talksToTheEnd();
  expect((await world.phone(claire))?.leg).toBe(leg);
  await eventually(async () => expect(await billed(since)).toEqual([{ ...aTalk, reported: 1 }]));
  await keys(inMenu, '1');
  await eventually(() => expect(asked).toHaveLength(3));
  expect(new Set(asked).size).toBe(2);
});
