// Who sells and who calls in the bench: merchants with lines and consultants, written as the owner of the database would
// import them, and telephones that follow scripts. Each merchant has a key of his own and is told his notices, so that
// the house works as it does for many sellers and not for one. All lines have the same words: a sentence is rendered once
// in a line's life, and with words of their own a run of seconds would measure the speech engine.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Pool } from 'undici';
import { usualLimits } from '../../src/core/abuse-limits.ts';
import { Seal, sha256 } from '../../src/store/seal.ts';
import type { RunningHouse } from './running-house.ts';

export interface SceneSize {
  merchants: number;
  linesPerMerchant: number;
  consultantsPerLine: number;
}

export interface Seller {
  apiKey: string;
  /** Slugs of lines on which people talk as long as they like. */
  talkLines: readonly string[];
  /** The same consultants, but the limit ends the talk. */
  cutLines: readonly string[];
}

export interface Scene {
  sellers: readonly Seller[];
  consultantNumbers: readonly string[];
}

export interface PhoneScript {
  /** `manual`: it rings on. */
  behaviour: 'answers' | 'manual';
  answerAfterMs?: number;
  keys?: '1';
  /** From its answer, or from ours where it dialled. */
  hangUpAfterMs?: number;
  hangUpAfterTalkMs?: number;
}

/** By the second from the first one on, so that what is captured depends on what was talked. */
export const price = { fixedCents: 100, perSecondCents: 2 };
export const cutLimitSeconds = 5;
const talkLimitSeconds = 600;

const plan = {
  timeZone: 'Europe/Paris',
  standard: {
    currency: 'EUR',
    fixedPrice: '1.00',
    includedSeconds: 0,
    bands: [{ fromSecond: 0, pricePerMinute: '1.20' }],
    increment: { first: 1, next: 1 },
    freeSeconds: 0,
    vatRate: '0.20',
  },
  windows: [],
};

/** What is measured is the counting, not its answer: everything is counted and nothing refused. */
const roomyLimits = Object.fromEntries(Object.keys(usualLimits).map((name) => [name, 10_000_000]));

export async function makeScene(house: RunningHouse, size: SceneSize): Promise<Scene> {
  const seal = new Seal(house.secretsKey);
  const sql = new pg.Client({ connectionString: house.adminUrl });
  await sql.connect();
  const sellers: Seller[] = [];
  const consultantNumbers: string[] = [];
  try {
    await sql.query('begin');
    for (let m = 0; m < size.merchants; m += 1) {
      const merchant = `mer_bench${String(m)}`;
      const apiKey = `rk_demo_${randomBytes(18).toString('hex')}`;
      await sql.query(
        `insert into merchants (id, name, legal_name, contact_email, contact_phone, address, country, time_zone,
           notice_url, notice_secret_sealed, link_secret_sealed, abuse_limits)
         values ($1, $2, $2, 'bench@example.org', '+33199000100', 'Paris', 'FR', 'Europe/Paris', $3, $4, $5, $6)`,
        [
          merchant,
          'Bench',
          `${house.sandboxUrl.replace('127.0.0.1', 'localhost')}/notices`,
          seal.close(house.sandboxSecrets.noticeSecret, merchant),
          seal.close('bench', merchant),
          JSON.stringify(roomyLimits),
        ],
      );
      await sql.query(`insert into api_keys (id, merchant_id, name, key_hash) values ($1, $2, 'bench', $3)`, [
        `key_bench${String(m)}`,
        merchant,
        sha256(apiKey),
      ]);
      await sql.query(
        `insert into caller_ids (id, merchant_id, number, verified_at, verified_by)
         values ($1, $2, '+33199000100', now(), 'bench')`,
        [`cid_bench${String(m)}`, merchant],
      );
      const talkLines: string[] = [];
      const cutLines: string[] = [];
      for (let l = 0; l < size.linesPerMerchant; l += 1) {
        const place = `${String(m)}x${String(l)}`;
        const consultants = Array.from({ length: size.consultantsPerLine }, (_, c) => ({
          id: `con_bench${place}x${String(c)}`,
          name: `Consultant ${String(c)}`,
          number: `+331991${String(consultantNumbers.length + c).padStart(5, '0')}`,
        }));
        consultantNumbers.push(...consultants.map((one) => one.number));
        await sql.query(
          `insert into consultants (id, merchant_id, name, number)
           select c.id, $1, c.name, c.number from jsonb_to_recordset($2) as c(id text, name text, number text)`,
          [merchant, JSON.stringify(consultants)],
        );
        for (const [slugs, kind, limit] of [
          [talkLines, 'talk', talkLimitSeconds],
          [cutLines, 'cut', cutLimitSeconds],
        ] as const) {
          const line = `lin_bench${kind}${place}`;
          const slug = `bench-${kind}-${place}`;
          slugs.push(slug);
          await sql.query(
            `insert into lines (id, merchant_id, slug, sells, name, currency, duration_choices, caller_id_id)
             values ($1, $2, $3, 'conversation', $4, 'EUR', array[$5::int], $6)`,
            [
              line,
              merchant,
              slug,
              JSON.stringify({ fr: 'Ligne', en: 'Line' }),
              limit,
              `cid_bench${String(m)}`,
            ],
          );
          await sql.query(
            'insert into tariffs (id, merchant_id, line_id, version, plan) values ($1, $2, $3, 1, $4)',
            [line.replace('lin_', 'tar_'), merchant, line, JSON.stringify(plan)],
          );
          await sql.query(
            `insert into line_consultants (merchant_id, line_id, consultant_id, position)
             select $1, $2, id, place from unnest($3::text[]) with ordinality as c(id, place)`,
            [merchant, line, consultants.map((one) => one.id)],
          );
        }
      }
      sellers.push({ apiKey, talkLines, cutLines });
    }
    await sql.query('commit');
  } finally {
    await sql.end();
  }
  return { sellers, consultantNumbers };
}

/** A French mobile nobody else in this run has. */
export function callerNumber(place: number): string {
  return `+33612${String(place).padStart(6, '0')}`;
}

/** Gives telephones their scripts. Throws when the sandbox refuses one. */
export async function scriptPhones(
  house: RunningHouse,
  scripts: readonly (readonly [number: string, script: PhoneScript])[],
): Promise<void> {
  const pool = new Pool(house.sandboxUrl, { connections: 16 });
  try {
    await Promise.all(
      scripts.map(async ([number, script]) => {
        const { statusCode, body } = await pool.request({
          method: 'PUT',
          path: `/api/phones/${encodeURIComponent(number)}`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(script),
        });
        const text = await body.text();
        if (statusCode !== 200) throw new Error(`Phone ${number}: ${String(statusCode)} ${text}`);
      }),
    );
  } finally {
    await pool.close();
  }
}
