// What the check of a scenario is told of the merchant around it (core/scenario/check-scenario), read as it is now.

import { destinationOf } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import {
  faultsOf,
  isWarning,
  type ScenarioFault,
  type Surroundings,
} from '../core/scenario/check-scenario.ts';
import { kindOf, type Scenario } from '../core/scenario/blocks.ts';
import { domainOf, mayBeCalled, parseSipAddress, type SipAddress, userOf } from '../core/sip-address.ts';
import type { Tx } from '../store/database.ts';
import { mayKeyCards } from '../store/keypad.ts';
import { type LineForOrder, readDestinations, readLineForOrder } from '../store/orders.ts';
import { readSurroundings } from '../store/scenario-surroundings.ts';
import type { House } from './house.ts';

/** Who decides which SIP addresses are called. */
type CallsSip = Pick<House, 'sipDomains' | 'sipEdge'>;
type Around = CallsSip & Pick<House, 'cardRoom'>;

/** `self`: its own slug, which it may go to again once it is live. */
export async function checkedScenario(
  house: Around,
  tx: Tx,
  graph: Scenario,
  self: string,
): Promise<readonly ScenarioFault[]> {
  const sales = Object.values(graph.blocks).flatMap((block) => kindOf(block).takesCards?.(block) ?? []);
  const around = await surroundingsOf(house, tx, self);
  if (sales.length === 0) return faultsOf(graph, around);
  const lines = new Map<string, LineForOrder>();
  for (const slug of new Set(sales.map(({ line }) => line))) {
    const line = await readLineForOrder(tx, slug);
    if (line) lines.set(slug, line);
  }
  return faultsOf(graph, {
    ...around,
    sold: (slug) => {
      const line = lines.get(slug);
      if (line?.sells !== 'conversation') return line && { what: line.sells };
      return { what: 'conversation', seconds: line.durationChoices };
    },
    takesCards: await takesCards(house, tx),
  });
}

/** Whether this merchant's callers may key their cards here. */
async function takesCards({ cardRoom }: Around, tx: Tx): Promise<boolean> {
  return cardRoom !== undefined && (await mayKeyCards(tx));
}

/** In the operator's domains; where telephones with a login of ours are, those of this merchant alone. */
export function isRungSip(
  { sipDomains, sipEdge }: CallsSip,
  address: SipAddress,
  isOwnLogin: (user: string) => boolean,
): boolean {
  if (!mayBeCalled(address, sipDomains)) return false;
  return sipEdge === undefined || domainOf(address) !== sipEdge || isOwnLogin(userOf(address));
}

export function isPublishable(faults: readonly ScenarioFault[]): boolean {
  return faults.every(isWarning);
}

async function surroundingsOf(house: CallsSip, tx: Tx, self: string): Promise<Surroundings> {
  const [around, destinations] = await Promise.all([readSurroundings(tx), readDestinations(tx)]);
  const names = {
    line: new Set(around.lines),
    group: new Set(around.groups),
    consultant: new Set(around.consultants.map(({ id }) => id)),
    scenario: new Set([...around.scenarios, self]),
    sound: new Set(Object.keys(around.sounds)),
    resource: new Set(around.resources.map(({ slug }) => slug)),
  };
  const forward = new Set(around.forwardNumbers);
  return {
    has: ({ to, name }) => names[to].has(name),
    keyedCode: (resource) => around.resources.find(({ slug }) => slug === resource)?.digits ?? undefined,
    mayForwardTo: (number) =>
      forward.has(number) && destinationOf(number as E164, destinations).outcome === 'allowed',
    soundIn: (sound, language) =>
      Object.hasOwn(around.sounds, sound) && (around.sounds[sound] ?? []).includes(language),
    mayRingSip: (text) => {
      const address = parseSipAddress(text);
      return address !== undefined && isRungSip(house, address, (user) => around.sipLogins.includes(user));
    },
    country: around.country,
    // Whoever has named no line yet speaks to nobody: both, rather than none.
    languages: around.languages.length > 0 ? around.languages : ['fr', 'en'],
  };
}
