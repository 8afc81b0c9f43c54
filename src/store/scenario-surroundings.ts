// What a merchant has beside a scenario: what its names may lead to, the numbers it may ring, the languages its callers may have.

import type { Language } from '../core/ids.ts';
import { firstRow, type Tx } from './database.ts';

export interface StoredSurroundings {
  country: string;
  timeZone: string;
  merchantName: string;
  /** Slugs. */
  lines: string[];
  /** Of these, those that sell conversations, and are on. */
  talkLines: string[];
  groups: string[];
  consultants: { id: string; name: string }[];
  /** Slugs of those that are live. */
  scenarios: string[];
  /** By slug: the languages there is something to be heard in. */
  sounds: Record<string, Language[]>;
  /** Slugs of what access codes open; `digits`: how long its codes are, where a keypad has all their signs. */
  resources: { slug: string; digits: number | null }[];
  /** User names of his consultants' telephones. */
  sipLogins: string[];
  /** Confirmed. */
  forwardNumbers: string[];
  /** The numbers that lead to a scenario, by its slug. */
  ddis: { number: string; scenario: string | null }[];
  /** Those his lines have a name in. */
  languages: Language[];
}

export async function readSurroundings(tx: Tx): Promise<StoredSurroundings> {
  const row = await firstRow<StoredSurroundings>(
    tx,
    `select m.country, m.time_zone as "timeZone", m.name as "merchantName",
       coalesce((select json_agg(slug order by slug) from lines), '[]') as lines,
       coalesce((select json_agg(slug order by slug) from lines where sells = 'conversation' and active), '[]')
         as "talkLines",
       coalesce((select json_agg(id order by id) from consultant_groups), '[]') as groups,
       coalesce((select json_agg(json_build_object('id', id, 'name', name) order by name, id) from consultants
         where archived_at is null), '[]') as consultants,
       coalesce((select json_agg(slug order by slug) from scenarios where live is not null), '[]') as scenarios,
       coalesce((select json_object_agg(slug, spoken) from (select slug, json_agg(language order by language) as spoken
         from sound_recordings group by slug) heard), '{}') as sounds,
       coalesce((select json_agg(json_build_object('slug', slug, 'digits', case alphabet when 'digits' then code_length end)
         order by slug) from access_resources where archived_at is null), '[]') as resources,
       coalesce((select json_agg(user_name order by user_name) from sip_logins), '[]') as "sipLogins",
       coalesce((select json_agg(number order by number) from forward_numbers where confirmed_at is not null), '[]')
         as "forwardNumbers",
       coalesce((select json_agg(json_build_object('number', d.number, 'scenario', s.slug) order by d.number)
         from ddis d left join scenarios s on s.id = d.scenario_id where d.active), '[]') as ddis,
       coalesce((select json_agg(distinct language) from lines l, jsonb_object_keys(l.name) language
         where l.active and language in ('fr', 'en')), '[]') as languages
     from merchants m where m.id = current_setting('ringmeter.merchant')`,
  );
  if (!row) throw new Error('A merchant who asks is not there.');
  return row;
}
