// Whole calls on a real FreeSWITCH in which a card is keyed and pays: what a line sells, a talk on two telephones, and a caller whose
// gateway is killed while he keys. The gateway is a process of its own, with the card room it starts. Afterwards the card is looked
// for in all the house.

import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BundledGateway, bundleGateway } from '../crash/bundled-gateway.ts';
import { caller, claire, eventually } from '../world.ts';
import { canary, canaryCode, filesSince, Search } from './canary.ts';
import { type GatewayChild, startGatewayChild } from './gateway-child.ts';
import { isGiven } from './given-switch.ts';
import { liveStage } from './live-stage.ts';

const { CDR_SPOOL, FREESWITCH_LOG, FREESWITCH_FOLDERS } = process.env;
const words = (fr: string): object[] => [{ text: { fr } }];
const card = `${canary}#1130#${canaryCode}#1`;

const goodbyes = {
  paid: { kind: 'hang_up', say: words('Votre paiement est accepté, merci et au revoir.') },
  not: { kind: 'hang_up', say: words('Aucune carte n’a été débitée, au revoir.') },
};
const outs = { paid: 'paid', refused: 'not', needs_page: 'not', given_up: 'not', not_taken: 'not' };
const sells = {
  start: 'card',
  blocks: { card: { kind: 'card_payment', line: 'demo-ticket', next: outs }, ...goodbyes },
};
const talks = {
  start: 'card',
  blocks: {
    card: { kind: 'card_payment', line: 'demo', next: { ...outs, paid: 'ring' } },
    ring: {
      kind: 'ring',
      to: { consultants: ['con_demo_claire'] },
      ringSeconds: 60,
      next: { talked: 'after', limit_reached: 'after', unavailable: 'not' },
    },
    after: { kind: 'hang_up', say: words('Votre entretien est terminé, merci et à bientôt.') },
    ...goodbyes,
  },
};

interface Sold {
  id: string;
  hold: string;
  state: string;
  captured: string;
  released: string;
  session: string | null;
  sessionState: string | null;
}

describe.skipIf(!isGiven)('a card keyed in a call, on a real switch', () => {
  const stage = liveStage();
  const search = new Search();
  const beganMs = Date.now();
  const logFrom = FREESWITCH_LOG === undefined ? 0 : statSync(FREESWITCH_LOG).size;
  let bundle: BundledGateway;
  let child: GatewayChild;
  let dir = '';
  const startAgain = async (): Promise<void> => {
    const flags = ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${dir}`];
    child = await startGatewayChild(bundle.path, stage.world.asProcess, path.join(dir, 'gateway.log'), flags);
  };
  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'ringmeter-said-'));
    bundle = await bundleGateway('card');
    await stage.world.gateway.close();
    await startAgain();
  }, 60_000);
  afterEach(async () => {
    await stage.live.hangUpAll();
    await eventually(async () => {
      const { rows } = await stage.world.sql.query(
        `select id, progress ->> 'at' as at from scenario_runs where ended_at is null
         union all select id, state from call_sessions where state <> 'settled'
         union all select id, state from payments where state not in ('captured', 'voided', 'failed')`,
      );
      expect(rows).toEqual([]);
    }, 60_000);
  });
  afterAll(async () => {
    await child.kill();
    await bundle.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  let many = 0;
  async function leadsTo(graph: object): Promise<string> {
    many += 1;
    const slug = `live-card-${String(many)}`;
    const made = await stage.world.api('POST', '/v1/scenarios', { slug, name: slug, draft: graph });
    expect(made.status, JSON.stringify(made.json)).toBe(201);
    const published = await stage.world.api('POST', `/v1/scenarios/${slug}/versions`, {});
    expect(published.status, JSON.stringify(published.json)).toBe(201);
    const number = `+33199003${String(many).padStart(3, '0')}`;
    await stage.world.sql.query(
      `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number)
       select $1, 'mer_demo', 'scenario', 'lin_demo_known', id, $2 from scenarios where slug = $3`,
      [`ddi_live_card_${String(many)}`, number, slug],
    );
    return number;
  }
  const runOf = async (ddi: string): Promise<{ leg: string; outcome: string | null; at: string }> => {
    const { rows } = await stage.world.sql.query<{ leg: string; outcome: string | null; at: string }>(
      `select progress ->> 'leg' as leg, outcome, progress ->> 'at' as at from scenario_runs where ddi = $1
       order by started_at desc limit 1`,
      [ddi],
    );
    expect(rows).toHaveLength(1);
    return rows[0]!;
  };
  const trace = async (ddi: string): Promise<string[]> => {
    const { rows } = await stage.world.sql.query<{ text: string }>(
      `select e.block || ' ' || e.name || ' ' || e.facts::text as text
       from scenario_run_events e join scenario_runs r on r.id = e.run_id where r.ddi = $1 order by e.run_id, e.sequence`,
      [ddi],
    );
    return rows.map(({ text }) => text);
  };
  /** He is asked for his card. */
  const isAsked = (ddi: string): Promise<string> =>
    eventually(async () => {
      const { leg } = await runOf(ddi);
      expect(await stage.live.runs(leg), (await trace(ddi)).join('\n')).toBe('play_and_get_digits');
      expect(await stage.live.runsWith(leg)).toContain('ringmeter_card');
      return leg;
    }, 40_000);
  const keys = (digits: string): Promise<void> => stage.world.does(caller, 'keys', { digits });
  const ends = (ddi: string, outcome: string): Promise<void> =>
    eventually(async () => expect(await runOf(ddi)).toMatchObject({ outcome }), 40_000);
  async function sold(ddi: string): Promise<Sold> {
    const { rows } = await stage.world.sql.query<Sold>(
      `select o.id, trim_scale(o.hold)::text as hold, p.state, trim_scale(p.captured)::text as captured,
         trim_scale(p.released)::text as released, s.id as session, s.state as "sessionState"
       from orders o join payments p on p.order_id = o.id left join call_sessions s on s.order_id = o.id
       where o.run_id = (select id from scenario_runs where ddi = $1 order by started_at desc limit 1)`,
      [ddi],
    );
    expect(rows).toHaveLength(1);
    return rows[0]!;
  }
  const intentOf = async (order: string) =>
    (await stage.world.payments()).filter((one) => one.metadata['order'] === order);

  it('what a line sells, captured at once to the cent', async () => {
    const ddi = await leadsTo(sells);
    const startMs = performance.now();
    await stage.world.dials(caller, ddi, { assertedBy: 'network' });
    await isAsked(ddi);
    stage.noteMs('from the call until a card may be keyed', stage.since(startMs));
    await stage.hears(caller, /Tapez le numéro de votre carte/);
    expect(await intentOf((await sold(ddi)).id)).toEqual([]);
    const keyedMs = performance.now();
    await keys(card);
    await eventually(async () => expect(await sold(ddi)).toMatchObject({ state: 'captured' }), 30_000);
    stage.noteMs('from the first key until it is captured', stage.since(keyedMs));
    await stage.hears(caller, /Votre paiement est accepté/);
    await ends(ddi, 'completed');
    const { id, hold, captured, released } = await sold(ddi);
    expect({ captured, released }).toEqual({ captured: hold, released: '0' });
    expect(await intentOf(id)).toMatchObject([
      { status: 'succeeded', amount_received: Math.round(Number(hold) * 100) },
    ]);
  }, 120_000);

  it('he hangs up while he keys: nothing was asked of the processor', async () => {
    const ddi = await leadsTo(sells);
    await stage.world.dials(caller, ddi, { assertedBy: 'network' });
    const leg = await isAsked(ddi);
    await keys(canary.slice(0, 11));
    await eventually(async () => expect(await stage.live.runs(leg)).toBe('play_and_get_digits'));
    await stage.world.does(caller, 'hangup');
    await ends(ddi, 'caller_left');
    const { id, state, captured } = await sold(ddi);
    expect({ state, captured }).toEqual({ state: 'failed', captured: '0' });
    expect(await intentOf(id)).toEqual([]);
  }, 120_000);

  it('a talk, held and settled to the cent; the gateway is killed while he keys, and he is asked anew', async () => {
    const ddi = await leadsTo(talks);
    await stage.world.dials(caller, ddi, { assertedBy: 'network' });
    const first = await isAsked(ddi);
    await keys(canary.slice(0, 8));
    const killedMs = performance.now();
    await child.kill();
    await startAgain();
    stage.noteMs('from the kill until another gateway serves', stage.since(killedMs));
    const again = await isAsked(ddi);
    expect(again).toBe(first);
    expect(await stage.live.runsWith(again)).toContain('1 20 1 ');
    stage.noteMs('from the kill until he is asked anew', stage.since(killedMs));
    await keys(card);
    await stage.world.phoneIs(claire, 'ringing');
    await stage.world.does(claire, 'answer');
    const { id, session } = await sold(ddi);
    await stage.presses(claire, '1', async () =>
      expect(await sold(ddi)).toMatchObject({ state: 'authorized', sessionState: 'connected' }),
    );
    await stage.live.says(claire, 'fr/apology.wav');
    await stage.hears(caller, /un problème technique/);
    await stage.world.does(claire, 'hangup');
    await stage.hears(caller, /Votre entretien est terminé/);
    await ends(ddi, 'completed');
    const settled = await stage.world.sessionIs(session ?? '', 'settled', 60_000);
    expect(settled).toMatchObject({ outcome: 'talked', authorized: { amount: '25.00' } });
    await stage.agreesWithTheRecords(session ?? '', settled, 'scenario');
    const cents = (amount: string): number => Math.round(Number(amount) * 100);
    expect(cents(settled.captured.amount) + cents(settled.released.amount)).toBe(2_500);
    expect(await intentOf(id)).toMatchObject([
      { status: 'succeeded', amount: 2_500, amount_received: cents(settled.captured.amount) },
    ]);
    stage.note('captured', `${settled.captured.amount} of 25.00`);
  }, 180_000);

  it('nothing of the card is anywhere in the house', async () => {
    const metrics = await fetch(`${stage.world.url}/metrics`);
    search.look('metrics', await metrics.text());
    process.kill(child.pid, 'SIGUSR2');
    // It answers nothing before the whole of it is written.
    const snapshot = await eventually(async () => {
      const file = readdirSync(dir).find((one) => one.endsWith('.heapsnapshot'));
      expect(file).toBeDefined();
      expect((await stage.world.api('GET', '/v1/lines')).status).toBe(200);
      return readFileSync(path.join(dir, file!), 'utf8');
    }, 60_000);
    expect(snapshot.endsWith(']}') || snapshot.trimEnd().endsWith('}')).toBe(true);
    // What is before are tables of numbers.
    search.look('the gateway’s memory', snapshot.slice(snapshot.indexOf('"strings":[')));
    search.look('what gateway and room say', readFileSync(path.join(dir, 'gateway.log'), 'utf8'));
    const tables = await stage.world.sql.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const dumped: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await stage.world.sql.query<{ row: string }>(`select t::text as row from ${name} t`);
      dumped.push(...rows.map(({ row }) => `${name} ${row}`));
    }
    search.look('the database', dumped.join('\n'), { files: tables.rows.length });
    const folders = [
      stage.world.asProcess.environment['DATA_DIR'] ?? '',
      stage.live.promptsDir,
      ...(CDR_SPOOL === undefined ? [] : [CDR_SPOOL]),
      ...(FREESWITCH_FOLDERS?.split(',') ?? []),
    ];
    for (const folder of folders) {
      const files = filesSince(folder, beganMs).filter((file) => file !== FREESWITCH_LOG);
      const text = files.map((file) => readFileSync(file, 'latin1')).join('\n');
      search.look(folder, text, { files: files.length, keysToo: false });
    }
    if (FREESWITCH_LOG !== undefined) {
      const text = readFileSync(FREESWITCH_LOG).subarray(logFrom).toString('latin1');
      // Those Claire presses are there, where more is logged than as shipped.
      search.look('the switch’s log', text, { keysToo: false });
    }
    search.report();
    expect(search.mentions('the database', '5556')).toBe(true);
    expect(search.found).toEqual([]);
  }, 120_000);
});
