// The demo merchant's scenarios: one of each template, published, each at a number of its own. A template that has become another, or
// whose addresses have, is published again; what somebody has published over it stays. Those that are paid take cards keyed on the
// telephone, which an operator has enabled for this merchant.

import type { E164, Language } from '../core/ids.ts';
import {
  scenarioOfTemplate,
  scenarioTemplates,
  type TemplateFill,
  type TemplateName,
} from '../core/scenario/templates.ts';
import type { Tx } from './database.ts';

/** What callers dial: nobody's numbers, behind those of known callers. */
export const demoScenarios: readonly {
  template: TemplateName;
  slug: string;
  number: E164;
  name: Record<Language, string>;
  fill?: Partial<TemplateFill>;
}[] = (
  [
    ['card_callback_follow_up', 'demo-follow-up', '+33199000211'],
    ['prepaid', 'demo-prepaid', '+33199000212'],
    ['consultant_line', 'demo-consultants', '+33199000213'],
    ['information_menu', 'demo-information', '+33199000214'],
    ['shop_hours', 'demo-shop', '+33199000215'],
    ['member_self_service', 'demo-members', '+33199000216'],
    ['paid_line', 'demo-paid-line', '+33199000217', { line: 'demo', payment: 'keypad' }],
    ['paid_access', 'demo-paid-access', '+33199000218', { payment: 'keypad' }],
  ] as const
).map(([template, slug, number, fill]) => ({
  template,
  slug,
  number: number as E164,
  name: scenarioTemplates[template].title,
  ...(fill && { fill }),
}));

/** By this we know our own. */
const note = 'demo';

/** In a transaction of the demo merchant, whose lines are there. `memberUrl`: of his script; absent: nobody answers there. */
export async function seedDemoScenarios(tx: Tx, merchantId: string, memberUrl?: string): Promise<void> {
  for (const { template, slug, number, name, fill } of demoScenarios) {
    const id = `scn_${slug.replaceAll('-', '_')}`;
    const graph = JSON.stringify(
      scenarioOfTemplate(template, {
        line: 'demo-known',
        sale: 'demo-ticket',
        resource: 'demo-club',
        ...fill,
        ...(memberUrl !== undefined && { url: memberUrl }),
      }),
    );
    await tx.write(
      `insert into scenarios (id, merchant_id, slug, name, draft, created_at, changed_at)
       values (?, ?, ?, ?, ?::json, now(), now()) on conflict do nothing`,
      [id, merchantId, slug, name.fr, graph],
    );
    await tx.write(
      `with live as (
         select v.number, v.graph, v.note from scenarios s left join scenario_versions v on v.scenario_id = s.id and v.number = s.live
         where s.id = ? and s.archived_at is null),
       made as (
         insert into scenario_versions (merchant_id, scenario_id, number, graph, note, published_at)
         select ?, ?, coalesce((select max(v.number) from scenario_versions v where v.scenario_id = ?), 0) + 1, ?::jsonb, ?, now()
         from live where live.number is null or (live.note = ? and live.graph <> ?::jsonb)
         returning number)
       update scenarios s set live = made.number, version = s.version + 1, draft = ?::json, changed_at = now()
       from made where s.id = ?`,
      [id, merchantId, id, id, graph, note, note, graph, graph, id],
    );
    await tx.write(
      `insert into ddis (id, merchant_id, kind, line_id, scenario_id, number)
       select ?, ?, 'scenario', 'lin_demo_known', s.id, ? from scenarios s where s.id = ? on conflict do nothing`,
      [`ddi_${slug.replaceAll('-', '_')}`, merchantId, number, id],
    );
  }
}
