// Scenarios to begin with, by their names. Each is a file in templates/.

import { type Scenario, scenarioShape } from './blocks.ts';
import { cardCallbackFollowUp } from './templates/card-callback-follow-up.ts';
import { consultantLine } from './templates/consultant-line.ts';
import { informationMenu } from './templates/information-menu.ts';
import { memberSelfService } from './templates/member-self-service.ts';
import { paidAccess } from './templates/paid-access.ts';
import { paidLine } from './templates/paid-line.ts';
import { prepaid } from './templates/prepaid.ts';
import { shopHours } from './templates/shop-hours.ts';
import type { ScenarioTemplate, TemplateFill, TemplateName } from './templates/template.ts';

export type { ScenarioTemplate, TemplateFill, TemplateName } from './templates/template.ts';

export const scenarioTemplates: Readonly<Record<TemplateName, ScenarioTemplate>> = {
  card_callback_follow_up: cardCallbackFollowUp,
  prepaid,
  consultant_line: consultantLine,
  information_menu: informationMenu,
  shop_hours: shopHours,
  member_self_service: memberSelfService,
  paid_line: paidLine,
  paid_access: paidAccess,
};
export const templateNames = Object.keys(scenarioTemplates) as TemplateName[];

/** What is not there yet has a name the check of the scenario asks about. */
const unfilled: TemplateFill = {
  line: 'your-line',
  sale: 'your-sale',
  resource: 'your-page',
  url: 'https://your-server.example/ringmeter',
};

export function scenarioOfTemplate(name: TemplateName, fill: Partial<TemplateFill>): Scenario {
  return scenarioShape.parse(scenarioTemplates[name].graph({ ...unfilled, ...fill }));
}
