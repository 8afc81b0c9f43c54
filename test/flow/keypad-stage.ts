// A house whose callers key cards on the telephone: the real gateway, the sandbox's switch and processor, and a card room that takes
// what a test says was keyed. And what a test needs of scenarios there.

import { expect } from 'vitest';
import type { CardEntryOrder, CardRoom, CardTaken } from '../../src/flow/ports.ts';
import { caller, claire, eventually, hugo, startWorld, type TestWorld, type WorldOptions } from '../world.ts';

export const secondCaller = '+33612345679';

/** Takes what it is told was keyed; whoever asks waits until then. */
export class ScriptedCardRoom implements CardRoom {
  readonly entries: (CardEntryOrder & { over: boolean; end(taken: CardTaken): void })[] = [];

  takeCard(order: CardEntryOrder): { came: Promise<CardTaken>; stop(): void } {
    let end: (taken: CardTaken) => void = () => undefined;
    const entry = {
      ...order,
      over: false,
      end: (taken: CardTaken): void => {
        entry.over = true;
        end(taken);
      },
    };
    const came = new Promise<CardTaken>((resolve) => (end = resolve));
    this.entries.push(entry);
    return { came, stop: () => (entry.over = true) };
  }

  /** The entry that is under way. */
  async entry(): Promise<ScriptedCardRoom['entries'][number]> {
    return eventually(() => {
      const waiting = this.entries.filter(({ over }) => !over);
      expect(waiting).toHaveLength(1);
      return waiting[0]!;
    });
  }

  /** He keys this one of the processor's test cards. */
  async keys(paymentMethod: string, last4 = '4242'): Promise<void> {
    const card = { paymentMethod, brand: 'visa', last4, expiry: '12/40' };
    (await this.entry()).end({ outcome: 'taken', card });
  }
}

export interface KeypadStage {
  world: TestWorld;
  room: ScriptedCardRoom;
  /** A scenario that is live, at a number of its own. */
  leadsTo(graph: object): Promise<string>;
  said(number: string, words: string, times?: number): Promise<void>;
  heard(number: string): Promise<string[]>;
  keys(number: string, digits: string): Promise<void>;
  /** Orders made in calls, oldest first. */
  orders(): Promise<KeyedRow[]>;
  ended(ddi: string): Promise<{ id: string; outcome: string; at: string }>;
  /** Agrees on this order's page, and confirms there with a good card. */
  pays(link: string): Promise<void>;
  /** Whether the processor's accounts may take cards by telephone. */
  moto(allowed: boolean): Promise<void>;
  /** Hangs up what is left, and holds the house to its invariants. */
  cleared(): Promise<void>;
  close(): Promise<void>;
}

export interface KeyedRow {
  id: string;
  kind: string;
  source: string;
  callerNumber: string | null;
  hold: string;
  state: string;
  reason: string | null;
  captured: string;
  released: string;
  session: string | null;
  sessionState: string | null;
  outcome: string | null;
  intent: string | null;
}

export const words = (text: string): object[] => [{ text: { fr: text } }];

export async function startKeypadStage(options: WorldOptions = {}): Promise<KeypadStage> {
  const room = new ScriptedCardRoom();
  const { overrides, ...more } = options;
  const world = await startWorld({
    speechSpeed: 100,
    ...more,
    overrides: { ...overrides, cardRoom: room },
  });
  let many = 0;
  const heard = async (number: string): Promise<string[]> =>
    (await world.phone(number))?.heard.map(({ text }) => text) ?? [];
  return {
    world,
    room,
    heard,
    async leadsTo(graph) {
      many += 1;
      const id = `scn_card_${String(many)}`;
      const number = `+3319900${String(2_000 + many)}`;
      await world.sql.query(
        `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at)
         values ($1, 'mer_demo', $2, 'x', '{}', now(), now())`,
        [id, `card-${String(many)}`],
      );
      await world.sql.query(
        `insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at)
         values ('mer_demo', $1, 1, $2, now())`,
        [id, JSON.stringify(graph)],
      );
      await world.sql.query('update scenarios set live = 1 where id = $1', [id]);
      await world.sql.query(
        `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number)
         values ($1, 'mer_demo', 'scenario', 'lin_demo_known', $2, $3)`,
        [`ddi_card_${String(many)}`, id, number],
      );
      return number;
    },
    said: (number, text, times = 1) =>
      eventually(async () => {
        const texts = await heard(number);
        expect(texts.filter((one) => one.includes(text)).length, texts.join('\n')).toBeGreaterThanOrEqual(
          times,
        );
      }),
    keys: (number, digits) => world.does(number, 'keys', { digits }),
    async orders() {
      const { rows } = await world.sql.query<KeyedRow>(
        `select o.id, o.kind, o.source, o.caller_number as "callerNumber", trim_scale(o.hold)::text as hold, p.state,
           p.outcome_reason as reason, trim_scale(p.captured)::text as captured, trim_scale(p.released)::text as released,
           s.id as session, s.state as "sessionState", s.outcome, a.intent_id as intent
         from orders o join payments p on p.order_id = o.id join authorizations a on a.payment_id = p.id
         left join call_sessions s on s.order_id = o.id
         where o.run_id is not null order by o.created_at, o.id`,
      );
      return rows;
    },
    ended: (ddi) =>
      eventually(async () => {
        const { rows } = await world.sql.query<{ id: string; outcome: string; at: string }>(
          `select id, outcome, progress ->> 'at' as at from scenario_runs where ddi = $1 order by id desc limit 1`,
          [ddi],
        );
        expect(rows[0]?.outcome).toEqual(expect.any(String));
        return rows[0]!;
      }),
    async pays(link) {
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
    },
    async moto(allowed) {
      const processorUrl = world.asProcess.order.world.sandbox?.processorUrl ?? '';
      const answer = await fetch(`${processorUrl}/api/payments/moto`, {
        method: 'PUT',
        body: JSON.stringify({ allowed }),
      });
      expect(answer.status).toBe(204);
    },
    async cleared() {
      for (const number of [caller, secondCaller, claire, hugo]) {
        const phone = await world.phone(number);
        if (phone && phone.state !== 'ended') await world.does(number, 'hangup').catch(() => undefined);
      }
      await eventually(async () => {
        const { rows } = await world.sql.query(
          `select id, progress ->> 'at' as at from scenario_runs where ended_at is null
           union all select id, state from call_sessions where state <> 'settled'
           union all select id, state from payments where state not in ('captured', 'voided', 'failed')
           union all select id, claim from consultants where claimed_by is not null`,
        );
        expect(rows).toEqual([]);
      });
      await world.balanced();
      for (const { status } of await world.payments()) expect(status).not.toBe('requires_capture');
      // What a caller's tries were counted by, so that no test is refused for another's.
      await world.sql.query('delete from abuse_counts');
    },
    close: () => world.close(),
  };
}
