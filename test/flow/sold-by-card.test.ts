// One table: what is sold at a fixed price, without a call and with one, and by duration; on the page and by a card keyed on the
// telephone. Side by side: what is announced, what is held, what is captured and when, and what the merchant hears.

import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { caller, claire, eventually } from '../world.ts';
import { type KeypadStage, startKeypadStage, words } from './keypad-stage.ts';

let stage: KeypadStage;
beforeAll(async () => {
  stage = await startKeypadStage();
  // Fifteen minutes for 20 euros, and nothing beside them.
  await stage.world.sql.query(
    `insert into tariffs (id, merchant_id, line_id, version, plan)
     select 'tar_flat', merchant_id, line_id, version + 1, jsonb_set(jsonb_set(jsonb_set(plan, '{standard,fixedPrice}',
       '"20.00"'), '{standard,includedSeconds}', '900'), '{standard,bands,0,pricePerMinute}', '"0"')
     from tariffs where line_id = 'lin_demo_short'`,
  );
  await stage.world.sql.query(`update lines set duration_choices = '{900}' where id = 'lin_demo_short'`);
});
afterEach(() => stage.cleared());
afterAll(() => stage.close());

interface Row {
  line: string;
  /** As the line says; absent: it sells no call, or says nothing. */
  capture?: 'at_end' | 'at_connection';
  announced: Record<'page' | 'phone', RegExp>;
  held: string;
  captured: string;
  released: string;
  /** While they talk; without a call: as soon as it is paid. */
  capturedWhile: string;
  /** What the merchant hears from the talk on, while they talk and when they have; without a call: of all of it. */
  heard: Record<'meanwhile' | 'after', readonly string[]>;
}

const atTheEnd = { meanwhile: ['call.connected'], after: ['call.ended', 'payment.captured'] };
const byDuration: Omit<Row, 'capture'> = {
  line: 'demo',
  // Ten minutes are included, then each costs 2 euros: fifteen are held.
  announced: {
    page: /15,00 € pour 10 minutes de conversation puis 2,00 € par minute.*Réservé, non débité 25,00 €/,
    phone: /15 euros.*10 .*minutes.*2 euros.*15 minutes.*Au plus 25 euros/,
  },
  held: '25',
  captured: '15',
  released: '10',
  capturedWhile: '0',
  heard: { ...atTheEnd, after: [...atTheEnd.after, 'payment.released'] },
};
const table: Row[] = [
  {
    line: 'demo-ticket',
    announced: { page: /9,00 € prix total.*À payer 9,00 €/, phone: /Le prix est de 9 euros/ },
    held: '9',
    captured: '9',
    released: '0',
    capturedWhile: '9',
    heard: { meanwhile: ['payment.authorized', 'payment.captured', 'access_code.issued'], after: [] },
  },
  {
    line: 'demo-short',
    capture: 'at_end',
    announced: {
      page: /20,00 € pour 15 minutes de conversation.*Réservé, non débité 20,00 €/,
      phone: /20 euros.*15 minutes.*Au plus 20 euros/,
    },
    held: '20',
    captured: '20',
    released: '0',
    capturedWhile: '0',
    heard: atTheEnd,
  },
  {
    line: 'demo-short',
    capture: 'at_connection',
    announced: {
      page: /20,00 € pour 15 minutes de conversation.*Réservé, (non débité|débité dès la mise en relation) 20,00 €/,
      phone: /20 euros.*15 minutes.*20 euros seront réservés/,
    },
    held: '20',
    captured: '20',
    released: '0',
    capturedWhile: '20',
    heard: { meanwhile: ['call.connected', 'payment.captured'], after: ['call.ended', 'receipt.issued'] },
  },
  { ...byDuration, capture: 'at_end' },
  // What grows with the talk is known when they have talked, whatever the line says.
  { ...byDuration, capture: 'at_connection' },
];

interface Seen {
  orderId: string;
  announced: string;
}

async function byPhone({ line }: Row): Promise<Seen> {
  const { world, room } = stage;
  const ddi = await stage.leadsTo({
    start: 'card',
    blocks: {
      card: {
        kind: 'card_payment',
        line,
        next: { paid: line === 'demo-ticket' ? 'paid' : 'ring', refused: 'paid' },
      },
      paid: { kind: 'hang_up', say: words('Payé.') },
      ring: {
        kind: 'ring',
        to: { consultants: ['con_demo_claire'] },
        next: { talked: 'paid', unavailable: 'paid' },
      },
    },
  });
  await world.dials(caller, ddi, { assertedBy: 'network' });
  const { sounds } = await room.entry();
  await room.keys('pm_card_visa');
  const order = (await stage.orders()).at(-1);
  return { orderId: order?.id ?? '', announced: await spoken(sounds.amount) };
}

/** What the switch would say lies beside it in words. */
function spoken(sound: string): Promise<string> {
  return readFile(sound.replace(/wav$/, 'txt'), 'utf8');
}

async function onThePage({ line }: Row): Promise<Seen> {
  const { world } = stage;
  const shown = await world.api('POST', '/v1/callbacks', {
    line,
    ...(line !== 'demo-ticket' && { callerNumber: caller, consultant: 'con_demo_claire' }),
  });
  expect(shown.status, JSON.stringify(shown.json)).toBe(201);
  const page = await (await fetch(shown.json.paymentUrl, { headers: { 'accept-language': 'fr' } })).text();
  await stage.pays(shown.json.paymentUrl);
  return { orderId: shown.json.orderId, announced: page.replaceAll(/<[^>]*>/g, ' ') };
}

const rows = table.flatMap((row) => [
  { ...row, by: 'page' as const, taken: row.capture ?? 'at once' },
  { ...row, by: 'phone' as const, taken: row.capture ?? 'at once' },
]);

it.each(rows)('$line, sold by $by, taken $taken', async (row) => {
  const { world } = stage;
  await world.sql.query('update lines set capture = $2 where slug = $1', [row.line, row.capture ?? 'at_end']);
  const { orderId, announced } = await (row.by === 'phone' ? byPhone(row) : onThePage(row));
  expect(announced.replaceAll(/\s+/g, ' ')).toMatch(row.announced[row.by]);
  const money = async (): Promise<object | undefined> =>
    (
      await world.sql.query<object>(
        `select trim_scale(o.hold)::text as held, trim_scale(p.captured)::text as captured,
           trim_scale(p.released)::text as released, p.state from orders o join payments p on p.order_id = o.id where o.id = $1`,
        [orderId],
      )
    ).rows[0];
  const rings = row.capture === undefined ? 0 : row.by === 'page' ? 2 : 1;
  const before =
    rings === 0 ? [] : ['payment.authorized', ...Array.from({ length: rings }, () => 'call.ringing')];
  if (row.capture !== undefined) {
    await world.accept(claire);
    // Who is on the telephone is not rung.
    if (row.by === 'page') await world.accept(caller);
    await eventually(async () => expect((await world.phone(caller))?.bridged).toBe(true));
    await eventually(async () =>
      expect(await money()).toEqual({
        held: row.held,
        captured: row.capturedWhile,
        released: '0',
        state: row.capturedWhile === '0' ? 'authorized' : 'capturing',
      }),
    );
    await world.heard(orderId, [...before, ...row.heard.meanwhile]);
    await world.does(claire, 'hangup');
  }
  await eventually(async () =>
    expect(await money()).toEqual({
      held: row.held,
      captured: row.captured,
      released: row.released,
      state: 'captured',
    }),
  );
  await world.heard(orderId, [...before, ...row.heard.meanwhile, ...row.heard.after]);
});
