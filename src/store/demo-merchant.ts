// The merchant every demonstration begins with: three consultants, one line as merchants sell it, one with a limit short
// enough to watch the warning and the cut, one that sells a ticket without a call whose access code opens his members' page,
// one for callers he knows, reached by a number for each way of knowing them; and a scenario of each template. Written again at every start, so that changed addresses take effect; never written
// in production.

import { type AbuseLimits, usualLimits } from '../core/abuse-limits.ts';
import { money } from '../core/money.ts';
import type { TariffPlan } from '../core/tariff.ts';
import { insertClient, move } from './client-accounts.ts';
import type { Database, Tx } from './database.ts';
import { seedDemoScenarios } from './demo-scenarios.ts';
import { type DemoPeople, seedDemoPeople } from './demo-people.ts';
import type { Seal } from './seal.ts';
import { readSmsSender, writeSmsSender } from './sms-senders.ts';

export interface DemoFacts {
  apiKeyHash: Buffer;
  /** Absent: no notices are sent. */
  notices?: { url: string; secret: string };
  /** His own server, which speaks both languages; absent: he has none. */
  server?: { restUrl: string; soapUrl: string; secret: string; user: string };
  linkSecret: string;
  /** His script, which members who call are served by; absent: nobody answers there. */
  memberUrl?: string;
  /** By whom his SMS are sent, who knows us by his server's secret; absent: none are. */
  smsUrl?: string;
  /** His members' page, which a ticket opens; absent: a ticket is its receipt alone. */
  clubUrl?: string;
  pageOrigins: readonly string[];
  /** Absent: nobody signs in. */
  people?: DemoPeople;
}

export const demoMerchantId = 'mer_demo';

/**
 * In a demonstration everybody has the same address, the same test card and a telephone or two, and rings nobody real: what
 * would be abuse of a merchant's line is an afternoon of trying things out here. One unpaid order a visitor stays.
 */
const demoLimits: AbuseLimits = {
  ...usualLimits,
  numberHour: 500,
  numberDay: 2_000,
  numberEverywhereHour: 500,
  numberEverywhereDay: 2_000,
  cardHour: 5_000,
  cardDay: 20_000,
  addressHour: 5_000,
  addressCardTriesHour: 5_000,
  addressUnpaid: 3,
  merchantHour: 100_000,
  merchantCallsAtOnce: 5_000,
};

const zone = 'Europe/Paris';
const increment = { first: 1, next: 1 };
const common = { currency: 'EUR', freeSeconds: 0, vatRate: '0.20' };

const lines: {
  slug: string;
  sells: string;
  fr: string;
  en: string;
  durations: number[];
  /** Credit its clients may buy. */
  topUps?: number[];
  plan: TariffPlan;
}[] = [
  {
    slug: 'demo',
    sells: 'conversation',
    fr: 'Consultation par téléphone',
    en: 'Telephone consultation',
    durations: [900, 600, 1800],
    plan: {
      timeZone: zone,
      standard: {
        ...common,
        fixedPrice: '15.00',
        includedSeconds: 600,
        bands: [{ fromSecond: 0, pricePerMinute: '2.00' }],
        increment,
      },
      windows: [],
    },
  },
  {
    slug: 'demo-short',
    sells: 'conversation',
    fr: 'Question express (une minute)',
    en: 'Quick question (one minute)',
    durations: [60],
    plan: {
      timeZone: zone,
      standard: {
        ...common,
        fixedPrice: '1.00',
        includedSeconds: 0,
        bands: [{ fromSecond: 0, pricePerMinute: '1.20' }],
        increment,
      },
      windows: [],
    },
  },
  {
    slug: 'demo-known',
    sells: 'conversation',
    fr: 'Ligne des clients',
    en: 'Client line',
    durations: [600, 1800],
    topUps: [10, 20, 50],
    plan: {
      timeZone: zone,
      standard: {
        ...common,
        fixedPrice: '0',
        includedSeconds: 0,
        bands: [{ fromSecond: 0, pricePerMinute: '2.40' }],
        increment,
      },
      windows: [],
    },
  },
  {
    slug: 'demo-ticket',
    sells: 'fixed_sale',
    fr: 'Billet d’accès au site',
    en: 'Site access ticket',
    durations: [],
    plan: {
      timeZone: zone,
      standard: {
        ...common,
        fixedPrice: '9.00',
        includedSeconds: 0,
        bands: [{ fromSecond: 0, pricePerMinute: '0' }],
        increment,
      },
      windows: [],
    },
  },
];

/** Who says whether a caller is known, by the number he dials: nobody's numbers, in the country of the others. */
export const demoDdis = [
  { id: 'ddi_demo_rest', number: '+33199000201', way: 'rest' },
  { id: 'ddi_demo_soap', number: '+33199000202', way: 'soap' },
  { id: 'ddi_demo_accounts', number: '+33199000203', way: 'accounts' },
] as const;

/** Known by his code alone, whichever telephone he takes; eight minutes and twenty seconds of the client line. */
export const demoAccount = {
  id: 'cli_demo',
  code: '6006',
  name: 'Fanny Noir',
  topUp: '20.00',
};

export const demoConsultants = [
  {
    id: 'con_demo_claire',
    name: 'Claire',
    number: '+33199000001',
    fr: 'Astrologue, quinze ans d’écoute.',
    en: 'Astrologer, fifteen years of listening.',
  },
  {
    id: 'con_demo_hugo',
    name: 'Hugo',
    number: '+33199000002',
    fr: 'Tarot et questions de travail.',
    en: 'Tarot, and questions about work.',
  },
  {
    id: 'con_demo_ines',
    name: 'Inès',
    number: '+33199000003',
    fr: 'Numérologie, de jour comme de nuit.',
    en: 'Numerology, by day and by night.',
  },
];

export async function seedDemoMerchant(db: Database, seal: Seal, facts: DemoFacts): Promise<void> {
  await db.asMerchant(demoMerchantId, async (tx) => {
    await tx.write('select pg_advisory_xact_lock(hashtext(?))', [demoMerchantId]);
    await seedMerchant(tx, seal, facts);
    for (const one of demoConsultants) {
      await tx.write(
        `insert into consultants (id, merchant_id, name, number, language, introduction) values (?, ?, ?, ?, 'fr', ?)
         on conflict (id) do nothing`,
        [one.id, demoMerchantId, one.name, one.number, JSON.stringify({ fr: one.fr, en: one.en })],
      );
    }
    for (const line of lines) await seedLine(tx, line);
    if (facts.clubUrl !== undefined) await seedClub(tx, facts.clubUrl);
    await seedDdis(tx, seal, facts.server);
    await seedAccount(tx);
    if (facts.server && facts.smsUrl !== undefined)
      await seedSms(tx, seal, facts.smsUrl, facts.server.secret);
    await seedKeypad(tx);
    await seedDemoScenarios(tx, demoMerchantId, facts.memberUrl);
    if (facts.people) await seedDemoPeople(tx, demoMerchantId, facts.people);
  });
}

/** His numbers, each with the way its callers are recognized; the SOAP one has his server's other address for itself. */
async function seedDdis(tx: Tx, seal: Seal, server: DemoFacts['server']): Promise<void> {
  const credentials =
    server &&
    seal.close(
      JSON.stringify({ usernameToken: { user: server.user, password: server.secret } }),
      demoMerchantId,
    );
  for (const { id, number, way } of demoDdis) {
    const soap = way === 'soap' ? server : undefined;
    await tx.raw(
      `insert into ddis (id, merchant_id, line_id, number, recognized_by, server_protocol, server_url,
         server_credentials_sealed)
       values (?, ?, 'lin_demo_known', ?, ?, ?, ?, ?)
       on conflict (id) do update set server_protocol = excluded.server_protocol, server_url = excluded.server_url,
         server_credentials_sealed = excluded.server_credentials_sealed`,
      [
        id,
        demoMerchantId,
        number,
        way === 'accounts' ? 'accounts' : 'server',
        soap ? 'soap' : null,
        soap?.soapUrl ?? null,
        soap ? (credentials ?? null) : null,
      ] as never[],
    );
  }
}

/** Callers of a demonstration key cards that exist nowhere. What an operator has said of it since stays. */
async function seedKeypad(tx: Tx): Promise<void> {
  await tx.write(
    `insert into keypad_permissions (merchant_id, number, allowed, by, why, at)
     values (?, 1, true, 'demo', 'Demonstration: its callers key test cards, and its processor is the sandbox.', now())
     on conflict do nothing`,
    [demoMerchantId],
  );
}

/** A ticket opens it three times in a month. What was set of the line since stays. */
async function seedClub(tx: Tx, address: string): Promise<void> {
  await tx.write(
    `insert into access_resources (id, merchant_id, slug, name, address, alphabet, code_length, valid_for_seconds, uses,
       created_at)
     values ('acr_demo', ?, 'demo-club', ?, ?, 'digits_and_letters', 10, 2592000, 3, now())
     on conflict (id) do update set address = excluded.address`,
    [demoMerchantId, JSON.stringify({ fr: 'Le club de Claire', en: 'Claire’s club' }), address],
  );
  await tx.write(
    `update lines set sale_ends_in = 'code', sale_resource_id = 'acr_demo'
     where id = 'lin_demo_ticket' and sale_ends_in = 'receipt' and sale_resource_id is null`,
    [],
  );
}

/** Whom somebody has set to send them since stays. */
async function seedSms(tx: Tx, seal: Seal, url: string, secret: string): Promise<void> {
  const set = await readSmsSender(tx);
  if (set && new URL(set.url).pathname !== new URL(url).pathname) return;
  await writeSmsSender(tx, demoMerchantId, {
    url,
    method: 'POST',
    contentType: 'application/json',
    headers: [{ name: 'authorization', value: 'Bearer {secret}' }],
    body: '{"id":"{id}","to":"{to}","text":"{text}"}',
    secretSealed: seal.close(secret, demoMerchantId),
  });
}

/** Topped up once: what was talked of it since stays talked. */
async function seedAccount(tx: Tx): Promise<void> {
  const { id, code, name, topUp } = demoAccount;
  const [known] = (await tx.raw<{ rows: unknown[] }>('select 1 from clients where id = ?', [id])).rows;
  if (known !== undefined) return;
  await insertClient(tx, {
    id,
    merchantId: demoMerchantId,
    code,
    name,
    kind: 'balance',
    currency: 'EUR',
    numbers: [],
  });
  await move(tx, {
    id: 'mov_demo',
    merchantId: demoMerchantId,
    clientId: id,
    kind: 'top_up',
    amount: money(topUp, 'EUR'),
    at: new Date('2025-01-01T00:00:00Z'),
    reference: 'demo',
  });
}

async function seedMerchant(tx: Tx, seal: Seal, facts: DemoFacts): Promise<void> {
  const { notices, server } = facts;
  await tx.write(
    `insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone, brand,
       notice_url, notice_secret_sealed, link_secret_sealed, page_origins, abuse_limits, server_protocol, server_url,
       server_secret_sealed)
     values (?, 'Les Conseils de Claire', 'Claire Conseil SARL', 'contact@claire.example', '+33199000100',
       '12 rue des Lilas, 75020 Paris', 'FR', ?, ?, ?, ?, ?, ?::text[], ?, ?, ?, ?)
     on conflict (id) do update set notice_url = excluded.notice_url, notices_disabled_at = null,
       notice_secret_sealed = excluded.notice_secret_sealed, link_secret_sealed = excluded.link_secret_sealed,
       page_origins = excluded.page_origins, abuse_limits = excluded.abuse_limits,
       server_protocol = excluded.server_protocol, server_url = excluded.server_url,
       server_secret_sealed = excluded.server_secret_sealed`,
    [
      demoMerchantId,
      zone,
      JSON.stringify({ accent: '#5b3fd6' }),
      notices?.url ?? null,
      notices ? seal.close(notices.secret, demoMerchantId) : null,
      seal.close(facts.linkSecret, demoMerchantId),
      facts.pageOrigins as string[],
      JSON.stringify(demoLimits),
      server ? 'rest' : null,
      server?.restUrl ?? null,
      server ? seal.close(server.secret, demoMerchantId) : null,
    ] as never[],
  );
  await tx.write(
    `insert into api_keys (id, merchant_id, name, key_hash) values ('key_demo', ?, 'demo', ?)
     on conflict (id) do update set key_hash = excluded.key_hash`,
    [demoMerchantId, facts.apiKeyHash],
  );
  await tx.write(
    `insert into caller_ids (id, merchant_id, number, verified_at, verified_by)
     values ('cid_demo', ?, '+33199000100', now(), 'demo') on conflict do nothing`,
    [demoMerchantId],
  );
}

async function seedLine(tx: Tx, line: (typeof lines)[number]): Promise<void> {
  const id = `lin_${line.slug.replace('-', '_')}`;
  await tx.write(
    `insert into lines (id, merchant_id, slug, sells, name, currency, duration_choices, top_up_choices,
       caller_id_id)
     values (?, ?, ?, ?, ?, 'EUR', ?::int[], ?::numeric[], 'cid_demo')
     on conflict (id) do update set top_up_choices = excluded.top_up_choices`,
    [
      id,
      demoMerchantId,
      line.slug,
      line.sells,
      JSON.stringify({ fr: line.fr, en: line.en }),
      line.durations,
      line.topUps ?? [],
    ] as never[],
  );
  await tx.write(
    `insert into tariffs (id, merchant_id, line_id, version, plan) values (?, ?, ?, 1, ?) on conflict do nothing`,
    [id.replace('lin_', 'tar_'), demoMerchantId, id, JSON.stringify(line.plan)],
  );
  if (line.sells !== 'conversation') return;
  for (const [position, { id: consultantId }] of demoConsultants.entries()) {
    await tx.write(
      `insert into line_consultants (merchant_id, line_id, consultant_id, position) values (?, ?, ?, ?)
       on conflict do nothing`,
      [demoMerchantId, id, consultantId, position + 1],
    );
  }
}
