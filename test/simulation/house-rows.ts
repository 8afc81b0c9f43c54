// The rows a run begins with: one merchant, one line, its tariff, three consultants.

import { randomBytes } from 'node:crypto';
import type { Tariff } from '../../src/core/tariff.ts';
import { pinMark } from '../../src/flow/client-accounts.ts';
import { consultantPinMark } from '../../src/flow/consultants.ts';
import { Seal } from '../../src/store/seal.ts';
import { type Availability, mobileNumber, scheduleOf, thirdNumber } from './availability.ts';
import type { ComposedHouse } from './composed.ts';
import { consultantIds, fixedLineSlug, fixedPrice, lineSlug, merchantId } from './house-names.ts';
import type { KnownHouse } from './known-calls.ts';
import { consultantNumber, type Scenario } from './scenario.ts';
import { pinOf, type ServiceHouse, serviceNumber, shortNumber } from './service-calls.ts';
import type { SimDatabase } from './sim-database.ts';
import { sealingKey } from './sim-gateway.ts';

const secret = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;
const seal = new Seal(sealingKey);
const secretSealed = seal.close(secret, merchantId);
const linkSecretSealed = seal.close(randomBytes(16).toString('hex'), merchantId);

function fixedTariff(currency: Tariff['currency']): Tariff {
  return {
    currency,
    fixedPrice,
    includedSeconds: 0,
    bands: [{ fromSecond: 0, pricePerMinute: '1.00' }],
    increment: { first: 60, next: 60 },
    freeSeconds: 0,
    vatRate: '0.20',
  };
}

export async function writeHouseRows(database: SimDatabase, scenario: Scenario): Promise<void> {
  const { tariff } = scenario;
  await database.look(
    `insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone,
       notice_url, notice_secret_sealed, link_secret_sealed)
     values (?, 'Claire', 'Claire SARL', 'claire@example.com', '+33199000100', 'Paris', 'FR', 'Europe/Paris',
       'https://merchant.example/notices', ?, ?)`,
    [merchantId, secretSealed, linkSecretSealed],
  );
  await database.look(
    `insert into caller_ids (id, merchant_id, number, verified_at, verified_by) values ('cid_1', ?, '+33199000100', now(), 'us')`,
    [merchantId],
  );
  await database.look(
    `insert into lines (id, merchant_id, slug, sells, name, currency, ringing, ring_seconds, ring_step_seconds, caller_first,
       duration_choices, caller_id_id, more_time_times, more_time_seconds, capture)
     values ('lin_1', ?, ?, 'conversation', '{"fr":"Conseil","en":"Advice"}', ?, ?, ?, ?, ?, ?::int[], 'cid_1', ?, ?, ?)`,
    [
      merchantId,
      lineSlug,
      tariff.currency,
      scenario.ringing,
      scenario.ringSeconds,
      scenario.ringStepSeconds,
      scenario.callerFirst,
      scenario.durations,
      scenario.moreTime.times,
      scenario.moreTime.seconds,
      scenario.atConnection ? 'at_connection' : 'at_end',
    ],
  );
  await database.look(
    `insert into tariffs (id, merchant_id, line_id, version, plan) values ('tar_1', ?, 'lin_1', 1, ?)`,
    [merchantId, JSON.stringify({ timeZone: 'Europe/Paris', standard: tariff, windows: [] })],
  );
  await database.look(
    `insert into lines (id, merchant_id, slug, sells, name, currency) values ('lin_2', ?, ?, 'fixed_sale', '{"fr":"Dossier","en":"File"}', ?)`,
    [merchantId, fixedLineSlug, tariff.currency],
  );
  await database.look(
    `insert into tariffs (id, merchant_id, line_id, version, plan) values ('tar_2', ?, 'lin_2', 1, ?)`,
    [
      merchantId,
      JSON.stringify({ timeZone: 'Europe/Paris', standard: fixedTariff(tariff.currency), windows: [] }),
    ],
  );
  if (scenario.ordersOfANumber !== undefined) {
    await database.look('update merchants set abuse_limits = ? where id = ?', [
      JSON.stringify({ numberHour: scenario.ordersOfANumber }),
      merchantId,
    ]);
  }
  for (const [index, id] of consultantIds.entries()) {
    await database.look(
      `insert into consultants (id, merchant_id, name, number, language) values (?, ?, ?, ?, 'fr')`,
      [id, merchantId, `Consultant ${String(index + 1)}`, consultantNumber(index)],
    );
    await database.look(
      `insert into line_consultants (merchant_id, line_id, consultant_id, position) values (?, 'lin_1', ?, ?)`,
      [merchantId, id, index + 1],
    );
  }
  if (scenario.availability) await writeLives(database, scenario.availability);
  if (scenario.service) await writeService(database, scenario.service);
  if (scenario.known) await writeKnown(database, scenario.known, tariff.currency);
  if (scenario.composed) await writeComposed(database, scenario.composed);
}

async function writeComposed(
  database: SimDatabase,
  { graphs, followsTalks, leads, sells }: ComposedHouse,
): Promise<void> {
  for (const { id, slug, number, graph } of graphs) {
    await database.look(
      `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at) values (?, ?, ?, ?, '{}', now(), now())`,
      [id, merchantId, slug, slug],
    );
    await database.look(
      `insert into scenario_versions (merchant_id, scenario_id, number, graph, published_at) values (?, ?, 1, ?::jsonb, now())`,
      [merchantId, id, JSON.stringify(graph)],
    );
    await database.look('update scenarios set live = 1 where id = ?', [id]);
    await database.look(
      `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number, settings)
       values (?, ?, 'scenario', 'lin_1', ?, ?, '{"talkLimitMaxSeconds":30,"callsAtOnce":1}')`,
      [`ddi_${id}`, merchantId, id, number],
    );
  }
  if (sells) {
    await database.look(
      `insert into keypad_permissions (merchant_id, number, allowed, by, why, at) values (?, 1, true, 'operator', 'simulated', now())`,
      [merchantId],
    );
  }
  const [first] = graphs;
  if (followsTalks && first)
    await database.look(`update lines set after_scenario_id = ? where id = 'lin_1'`, [first.id]);
  const call = leads === undefined ? undefined : graphs[leads];
  if (call) await database.look(`update lines set payment_scenario_id = ? where id = 'lin_1'`, [call.id]);
}

async function writeLives(database: SimDatabase, { lives, group }: Availability): Promise<void> {
  for (const [index, life] of lives.entries()) {
    const { missLimits, mobileAfterSeconds } = life;
    // Written as somebody else might have: the clock has to find out what his hours are.
    await database.look(
      `update consultants set miss_limit_unanswered = ?, miss_limit_refused = ?, wrap_up_seconds = ?, ring_seconds = ?,
         fallback_number = ?, fallback_after_seconds = ?, more_numbers = ?::text[], schedule = ?::jsonb, due_at = ?,
         told = ? where id = ?`,
      [
        missLimits.unanswered,
        missLimits.refused,
        life.wrapUpSeconds,
        life.ringSeconds ?? null,
        mobileAfterSeconds === undefined ? null : mobileNumber(index),
        mobileAfterSeconds ?? null,
        life.thirdPhone ? [thirdNumber(index)] : [],
        life.hours ? JSON.stringify(scheduleOf(life.hours)) : null,
        life.hours ? '-infinity' : null,
        life.hours ? 'off_hours' : 'at_work',
        consultantIds[index] ?? '',
      ],
    );
  }
  if (group === undefined) return;
  await database.look(
    `insert into consultant_groups (id, merchant_id, name, strategy, step_seconds) values ('grp_1', ?, 'Everybody', ?, 3)`,
    [merchantId, group],
  );
  for (const [index, id] of consultantIds.entries()) {
    await database.look(
      `insert into group_members (merchant_id, group_id, consultant_id, qualification, position) values (?, 'grp_1', ?, ?, ?)`,
      [merchantId, id, index === 2 ? 5 : 1, index],
    );
  }
  await database.look(`update lines set group_id = 'grp_1' where id = 'lin_1'`);
}

async function writeService(database: SimDatabase, { toggles }: ServiceHouse): Promise<void> {
  await database.look(
    `insert into ddis (id, merchant_id, kind, line_id, number) values ('ddi_service', ?, 'service', null, ?)`,
    [merchantId, serviceNumber],
  );
  for (const [index, id] of consultantIds.entries()) {
    await database.look(
      'update consultants set short_number = ?, pin_mark = ?, missed_call_toggles = ? where id = ?',
      [shortNumber(index), consultantPinMark({ seal }, id, pinOf(index)), toggles[index] ?? false, id],
    );
  }
}

async function writeKnown(database: SimDatabase, known: KnownHouse, currency: string): Promise<void> {
  if (known.server.there) {
    await database.look(
      `update merchants set server_protocol = 'rest', server_url = 'https://merchant.example/calls',
         server_timeout_ms = 4000, server_secret_sealed = ? where id = ?`,
      [secretSealed, merchantId],
    );
  }
  for (const [index, { number, recognizedBy, settings }] of known.ddis.entries()) {
    await database.look(
      `insert into ddis (id, merchant_id, line_id, number, recognized_by, settings) values (?, ?, 'lin_1', ?, ?, ?)`,
      [`ddi_${String(index + 1)}`, merchantId, number, recognizedBy, JSON.stringify(settings)],
    );
  }
  for (const { code, numbers, pin, kind, amount } of known.accounts) {
    const id = `cli_${code}`;
    const paidIn = kind === 'balance' ? (amount ?? '0') : '0';
    await database.look(
      `insert into clients (id, merchant_id, code, pin_mark, kind, currency, balance, ceiling) values (?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        ...[
          id,
          merchantId,
          code,
          pin === undefined ? null : pinMark({ seal }, id, pin),
          kind,
          currency,
          paidIn,
        ],
        kind === 'monthly' ? (amount ?? null) : null,
      ],
    );
    await database.look(
      `insert into client_movements (id, merchant_id, client_id, kind, amount, balance_after, at)
       select ?, ?, ?, 'top_up', ?::numeric, ?::numeric, now() where ?::numeric <> 0`,
      [`mov_${code}`, merchantId, id, paidIn, paidIn, paidIn],
    );
    for (const number of numbers) {
      await database.look(`insert into client_numbers (merchant_id, client_id, number) values (?, ?, ?)`, [
        ...[merchantId, id, number],
      ]);
    }
  }
}
