// The numbers people dial: a merchant says what each leads to and how its callers are recognized; which numbers he has is said
// by an operator, who supplies them.

import { numberFromTrunk } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import { type InboundSettings, inboundSettings } from '../core/inbound-settings.ts';
import { neighbourProblem, scenarioProblem, type WrongField } from '../core/line-settings.ts';
import { type Ddi, holderOfDdi, insertDdi, readDdi, writeDdi } from '../store/ddis.ts';
import { linesBySlug } from '../store/lines.ts';
import { writeServer } from '../store/merchant-servers.ts';
import type { House } from './house.ts';
import { scenariosToLeadTo } from './scenarios.ts';
import {
  serverChanges,
  serverKept,
  type ServerKept,
  type ServerWish,
  wrongOfServer,
} from './merchant-server-settings.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

export interface DdiWish {
  kind: Ddi['kind'];
  /** Of a line; of a scenario the one its talks are counted under, or null; null of the service. */
  line: string | null;
  /** Of a scenario; null of anything else. */
  scenario: string | null;
  recognizedBy: Ddi['recognizedBy'];
  active: boolean;
  settings: InboundSettings;
  /** Asked for this number alone instead of the merchant's; null: it has none of its own. */
  ownServer: ServerWish | null;
}

export type DdiSet =
  /** `signingSecret`: of its own server, made just now; nobody can read it again. */
  | { outcome: 'set'; ddi: Ddi; signingSecret?: string }
  | { outcome: 'unknown_ddi' }
  /** Nothing was changed. */
  | { outcome: 'wrong'; wrong: readonly WrongField[] };

/** All of it as wished. Holds for the next call; calls under way go on as they began. */
export async function setDdi(house: House, doer: Doer, number: E164, wish: DdiWish): Promise<DdiSet> {
  const { merchantId, actor } = doer;
  const { ownServer, settings } = wish;
  const atServer = ownServer ? inServer(await wrongOfServer(house, ownServer)) : [];
  return house.db.asMerchant(merchantId, async (tx) => {
    const old = await readDdi(tx, number, true);
    if (!old) return { outcome: 'unknown_ddi' };
    const lines = await linesBySlug(tx);
    const { ring } = settings.refused;
    const wrong = [
      ...(wish.line === null ? [] : neighbourProblem('line', wish.line, lines)),
      ...scenarioProblem('scenario', wish.scenario, await scenariosToLeadTo(tx, wish.scenario)),
      ...(ring ? neighbourProblem('refused/ring/line', ring.line, lines) : []),
      ...atServer,
    ];
    if (wrong.length > 0) return { outcome: 'wrong', wrong };
    const oldServer = old.ownServer ?? undefined;
    const kept: ServerKept | undefined =
      ownServer === null ? undefined : serverKept(house, merchantId, oldServer, ownServer);
    if (kept?.outcome === 'wrong') return { outcome: 'wrong', wrong: inServer(kept.wrong) };

    const { kind, line, scenario, recognizedBy, active } = wish;
    const ofServer = serverChanges(house, merchantId, oldServer, kept?.server);
    const changes = {
      ...changesBetween(
        {
          kind: old.kind,
          line: old.line,
          scenario: old.scenario,
          recognizedBy: old.recognizedBy,
          active: old.active,
          ...inboundSettings(old.settings),
        },
        { kind, line, scenario, recognizedBy, active, ...settings },
      ),
      ...Object.fromEntries(Object.entries(ofServer).map(([field, one]) => [`ownServer.${field}`, one])),
    };
    const at = house.clock.now();
    if (await noteChange(tx, { merchantId, actor, at, setting: 'ddi', of: number, changes })) {
      await writeDdi(tx, { id: old.id, kind, line, scenario, recognizedBy, active, settings });
      await writeServer(tx, { ddi: number }, kept?.server);
    }
    const ddi = await readDdi(tx, number);
    if (!ddi) throw new Error('A number that was just written is not there.');
    const secret = kept?.signingSecret;
    return { outcome: 'set', ddi, ...(secret !== undefined && { signingSecret: secret }) };
  });
}

const inServer = (wrong: readonly WrongField[]): WrongField[] =>
  wrong.map(({ field, sentence }) => ({ field: `ownServer/${field}`, sentence }));

export type DdiSupplied =
  | { outcome: 'supplied' }
  /** He has it already, whatever line it leads to by now. */
  | { outcome: 'his_already' }
  | { outcome: 'taken'; merchantId: string }
  | { outcome: 'number_invalid' | 'line_unknown' | 'line_without_calls' };

/** Gives a merchant a number, with the usual settings, recognized by his own server until he says otherwise. */
export async function supplyDdi(
  house: House,
  { merchantId, actor, line, number: text }: Doer & { line: string; number: string },
): Promise<DdiSupplied> {
  const number = /^\+/.test(text) ? numberFromTrunk(text, '') : undefined;
  if (!number) return { outcome: 'number_invalid' };
  const at = house.clock.now();
  const id = house.ids.id('ddi');
  const done = await house.db.asMerchant(merchantId, async (tx): Promise<DdiSupplied | 'somebodys'> => {
    const sells = (await linesBySlug(tx)).get(line);
    if (sells !== 'conversation') {
      return { outcome: sells === undefined ? 'line_unknown' : 'line_without_calls' };
    }
    if (!(await insertDdi(tx, { id, merchantId, number, line, at }))) return 'somebodys';
    const changes = changesBetween({}, { number, line, active: true, recognizedBy: 'server' });
    await noteChange(tx, { merchantId, actor, at, by: 'operator', setting: 'ddi', of: number, changes });
    return { outcome: 'supplied' };
  });
  if (done !== 'somebodys') return done;
  const holder = await house.db.asNobody((db) => holderOfDdi(db, number));
  // Nobody takes a number away, so whoever stood in the way still does.
  if (holder === undefined) throw new Error('A number that is taken is nobody’s.');
  return holder === merchantId ? { outcome: 'his_already' } : { outcome: 'taken', merchantId: holder };
}
