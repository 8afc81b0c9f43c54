import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import express from 'express';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Switch } from '../../src/flow/ports.ts';
import { enqueueJob } from '../../src/store/jobs.ts';
import { houseMetrics, operations } from '../../src/web/operations.ts';
import { listen, webServer, type Listening } from '../../src/web/server.ts';
import { apiStage, ask, type Stage } from './api-stage.ts';

let stage: Stage;
let current = true;
beforeAll(async () => {
  stage = await apiStage({ isCurrent: () => Promise.resolve(current) });
});
afterAll(() => stage.close());

const look = (path: string) => fetch(stage.url + path);
const switchThat = (link: ReturnType<Switch['link']>) =>
  ({ id: 'fs1', link: () => link }) as unknown as Switch;

describe('/healthz', () => {
  it('says that the process lives', async () => {
    const answer = await look('/healthz');
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'alive' }]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('/readyz', () => {
  it('is 503 until the migrations are current, and asks no more once they were', async () => {
    current = false;
    expect((await look('/readyz')).status).toBe(503);
    current = true;
    expect((await look('/readyz')).status).toBe(200);
    current = false;
    expect((await look('/readyz')).status).toBe(200);
  });

  it('names each switch and the processor, with the age of their last sign of life', async () => {
    const now = stage.house.clock.monotonicMs();
    (stage.house.switches as Map<string, Switch>).set(
      'fs1',
      switchThat({ up: true, coreUuid: 'core-1', lastSeenMs: now - 3_000 }),
    );
    stage.processor.lastSeenMs = now - 7_000;
    const body = (await (await look('/readyz')).json()) as {
      switches: { lastSeenSecondsAgo: number }[];
      processor: { lastSeenSecondsAgo: number };
    };
    expect(body).toMatchObject({
      status: 'ready',
      database: { reachable: true, migrationsCurrent: true },
      switches: [{ id: 'fs1', up: true, coreUuid: 'core-1' }],
    });
    expect(body.switches[0]?.lastSeenSecondsAgo).toBeGreaterThanOrEqual(3);
    expect(body.processor.lastSeenSecondsAgo).toBeGreaterThanOrEqual(7);
  });

  it('is 200 with everything else away: pages and receipts are served all the same', async () => {
    (stage.house.switches as Map<string, Switch>).set('fs1', switchThat({ up: false }));
    stage.processor.lastSeenMs = undefined;
    const answer = await look('/readyz');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      switches: [{ id: 'fs1', up: false, coreUuid: null, lastSeenSecondsAgo: null }],
      processor: { lastSeenSecondsAgo: null },
    });
  });

  it.each([
    ['refuses', () => Promise.reject(new Error('ECONNREFUSED'))],
    ['never answers', () => new Promise<void>(() => undefined)],
  ])('is 503 when the database %s', async (_name, ping) => {
    const real = stage.db.ping.bind(stage.db);
    stage.db.ping = ping;
    stage.timersDueAtOnce = true;
    const answer = await look('/readyz');
    stage.timersDueAtOnce = false;
    stage.db.ping = real;
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: 'not_ready', database: { reachable: false } });
  });
});

describe('/readyz of a process that is about to end', () => {
  it('is 503 and says why, while it finishes what it began', async () => {
    let draining = false;
    const none = express.Router();
    const app = webServer({
      house: stage.house,
      operations: operations(stage.house, {
        metrics: houseMetrics(),
        isCurrent: () => Promise.resolve(true),
        isDraining: () => draining,
      }),
      hooks: none,
      api: none,
      pages: [],
      requests: pino({ level: 'silent' }),
    });
    const server = await listen(app, { port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${String(server.port)}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    draining = true;
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { status: 'draining', database: { reachable: true } },
    ]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await server.close(50);
  });
});

describe('/metrics', () => {
  it('counts what was reported, by its labels', async () => {
    await ask(stage, 'POST', '/v1/callbacks', { body: { line: 'nowhere' } });
    stage.house.metrics.count('calls', { state: 'ended', outcome: 'talked' });
    stage.house.metrics.count('notices', { result: 'delivered' });
    stage.house.metrics.observe('hangup_to_notice_seconds', 0.2);
    stage.house.metrics.observe('cut_distance_seconds', 0.004);
    const answer = await look('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await answer.text();
    for (const line of [
      'ringmeter_orders_refused_total{because="line_unknown"} 1',
      'ringmeter_calls_total{state="ended",outcome="talked"} 1',
      'ringmeter_notices_total{result="delivered"} 1',
      'ringmeter_hangup_to_notice_seconds_count 1',
      'ringmeter_cut_distance_seconds_bucket{le="0.005"} 1',
      'ringmeter_switch_link_up{switch="fs1"} 0',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('shows the house as it is: switches, calls, the queue, notices, what wants a person', async () => {
    const made = await ask(stage, 'POST', '/v1/callbacks', {
      body: { line: 'demo', callerNumber: '+33612345678', paymentMethod: 'pm_card_visa' },
    });
    expect(made.status).toBe(201);
    await stage.admin.query(`update notices set state = 'parked', last_problem = 'refused', next_try_at = null
      where id = (select id from notices limit 1)`);
    await stage.admin.query(`insert into invariant_violations (name, id, first_seen_at, last_seen_at)
      values ('settled_twice', 'aut_1', now(), now())`);
    await stage.db.asMerchant(stage.merchantId, (tx) =>
      enqueueJob(tx, 'mail_receipt', { merchantId: stage.merchantId, orderId: 'ord_1' }, 'ord_1'),
    );
    const metrics = houseMetrics();
    await metrics.look(stage.house);
    const text = await metrics.registry.metrics();
    for (const line of [
      'ringmeter_database_up 1',
      'ringmeter_database_waiting 0',
      'ringmeter_switch_commanded{switch="fs1"} 1',
      'ringmeter_switch_draining{switch="fs1"} 0',
      'ringmeter_live_calls{state="ringing_consultant",switch="fs1"} 1',
      'ringmeter_jobs{task="mail_receipt",state="waiting"} 1',
      'ringmeter_notices_waiting{state="parked"} 1',
      'ringmeter_attention{kind="notices_parked"} 1',
      'ringmeter_attention{kind="payment_parked"} 0',
      'ringmeter_invariant_violations{name="settled_twice"} 1',
      'ringmeter_invariant_violations{name="ledger_unbalanced"} 0',
      'ringmeter_usage_reports_waiting{state="pending"} 0',
      'ringmeter_usage_reports_waiting{state="parked"} 0',
      'ringmeter_usage_reports_oldest_seconds{state="parked"} 0',
      'ringmeter_unknown_operations 0',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toMatch(/ringmeter_switch_lease_seconds_left\{switch="fs1"\} 3[56]\d\d/);
    expect(text).toMatch(/ringmeter_event_loop_lag_seconds\{quantile="0.99"\} \d/);
    expect(text).toMatch(/ringmeter_notices_oldest_seconds\{state="pending"\} \d/);
    expect(text).toMatch(/ringmeter_jobs_oldest_due_seconds\{task="mail_receipt"\} \d/);
  });

  it('several scrapes at once are one look at the database', async () => {
    const metrics = houseMetrics();
    let asked = 0;
    const counted: typeof stage.db.asNobody = (act) => {
      asked += 1;
      return stage.db.asNobody(act);
    };
    const house = { ...stage.house, db: { asNobody: counted, waiting: 0 } as typeof stage.house.db };
    await Promise.all([metrics.look(house), metrics.look(house), metrics.look(house)]);
    await metrics.look(house);
    expect(asked).toBe(1);
  });

  it('without the database says so, and gives no old figures', async () => {
    const metrics = houseMetrics();
    await metrics.look(stage.house);
    const later = { ...stage.house.clock, monotonicMs: () => stage.house.clock.monotonicMs() + 60_000 };
    const away = { asNobody: () => Promise.reject(new Error('away')), waiting: 3 };
    await metrics.look({ ...stage.house, clock: later, db: away as unknown as typeof stage.house.db });
    const text = await metrics.registry.metrics();
    expect(text).toContain('ringmeter_database_up 0\n');
    expect(text).toContain('ringmeter_database_waiting 3\n');
    expect(text).not.toMatch(/^ringmeter_(live_calls|attention|jobs|notices_waiting)\{/m);
  });

  it('a label nobody declared fails nothing', () => {
    const metrics = houseMetrics();
    expect(() => metrics.count('notices', { result: 'x', colour: 'blue' })).not.toThrow();
    expect(() => metrics.observe('cut_distance_seconds', 0.01, { colour: 'blue' })).not.toThrow();
  });
});

describe('the server', () => {
  const opened: Listening[] = [];
  afterEach(async () => {
    for (const server of opened.splice(0)) await server.close(50);
  });
  async function serving(page: express.Router): Promise<{ url: string; server: Listening }> {
    const none = express.Router();
    const app = webServer({
      house: stage.house,
      operations: none,
      hooks: none,
      api: none,
      pages: [page],
      requests: pino({ level: 'silent' }),
    });
    const server = await listen(app, { port: 0, host: '127.0.0.1' });
    opened.push(server);
    return { server, url: `http://127.0.0.1:${String(server.port)}` };
  }

  it('shows people a page where there is none, programs a problem', async () => {
    const { url } = await serving(express.Router());
    const page = await fetch(`${url}/nowhere`, { headers: { accept: 'text/html', 'accept-language': 'fr' } });
    expect(page.status).toBe(404);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('Cette page n’existe pas');
    const problem = await fetch(`${url}/nowhere`);
    expect(problem.headers.get('content-type')).toContain('application/problem+json');
  });

  it('a page that fails says so kindly, and nothing of what was inside', async () => {
    const page = express.Router().get('/boom', () => {
      throw new Error('select * from cards');
    });
    const { url } = await serving(page);
    const answer = await fetch(`${url}/boom`, { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).toContain('Something went wrong here');
    expect(text).toContain(answer.headers.get('x-request-id') ?? 'no id');
    expect(text).not.toContain('cards');
  });

  it('a path that cannot be decoded is the sender’s mistake', async () => {
    const { url } = await serving(express.Router().get('/x/:id', (_request, response) => response.end()));
    const answer = await new Promise<IncomingMessage>((resolve) => get(`${url}/x/%E0%A4%A`, resolve));
    const { type } = (await json(answer)) as { type: string };
    // Not "the body is not JSON": there is none.
    expect([answer.statusCode, type]).toEqual([404, expect.stringMatching(/not-found$/)]);
  });

  it('carries headers that let nothing in by default', async () => {
    const { url } = await serving(express.Router());
    const { headers } = await fetch(url);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toContain('max-age=31536000');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('ends by finishing what it began: a request in flight gets its answer, a stream its end, a newcomer nothing', async () => {
    let finish: () => void = () => undefined;
    let streaming: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (streaming = resolve));
    const inFlight = new Promise<void>((begins) => {
      finish = begins;
    });
    const page = express
      .Router()
      .get('/slow', async (_request, response) => {
        streaming();
        await inFlight;
        response.send('done');
      })
      .get('/live', (_request, response) => {
        response.type('text/event-stream');
        response.write('data: 1\n\n');
      });
    const { url, server } = await serving(page);
    const live = await fetch(`${url}/live`);
    const slow = fetch(`${url}/slow`);
    await begun;
    const closing = server.close();
    expect(await live.text()).toBe('data: 1\n\n');
    await expect(fetch(`${url}/slow`)).rejects.toThrow();
    finish();
    expect(await (await slow).text()).toBe('done');
    await closing;
  });

  it('ends what does not end, after its patience', async () => {
    const { url, server } = await serving(express.Router().get('/stuck', () => undefined));
    const stuck = fetch(`${url}/stuck`).catch((error: unknown) => error);
    const live = fetch(`${url}/nowhere`);
    await live;
    await server.close(10);
    expect(await stuck).toBeInstanceOf(Error);
  });

  it('says when the port is taken', async () => {
    const { server } = await serving(express.Router());
    await expect(listen(express(), { port: server.port, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});
