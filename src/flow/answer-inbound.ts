// A caller dialled one of our numbers: from the parked leg to a session that is written down with its first step. Who he is
// is recognize-caller's; how the call goes on afterwards run-call's.

import { advance } from '../core/advance-call.ts';
import { type CallSession, type RefusedPlan, unrecognized } from '../core/call-session.ts';
import type { E164, Language } from '../core/ids.ts';
import { inboundSettings, type RefusedSettings } from '../core/inbound-settings.ts';
import type { Cli } from '../core/known-caller.ts';
import { priceTerms } from '../core/order.ts';
import type { Sentence } from '../core/prompt.ts';
import { isOpen, scheduleOf } from '../core/schedule.ts';
import { newRun } from '../core/scenario/advance-run.ts';
import { newServiceCall } from '../core/service-call.ts';
import { type Tariff, tariffAt } from '../core/tariff.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import {
  type DialledLine,
  insertKnownCall,
  isLegKnown,
  merchantOfDdi,
  readDialledLine,
} from '../store/known-calls.ts';
import type { Tx } from '../store/database.ts';
import { type DialledScenario, insertRun, readDialledScenario } from '../store/scenario-runs.ts';
import { sha256 } from '../store/seal.ts';
import {
  type DialledService,
  insertServiceCall,
  readDialledService,
  type StoredServiceCall,
} from '../store/service-calls.ts';
import { isUnwanted } from './blocked-callers.ts';
import { type Arrived, writeArrival } from './call-step.ts';
import type { House } from './house.ts';
import type { ParkedLeg, Switch } from './ports.ts';
import { graphOf, type KeptRun } from './scenario-row.ts';
import { guardWhileRecognizedSeconds } from './recognize-caller.ts';

/** A consultant has dialled the service. */
export interface ServiceArrived {
  service: StoredServiceCall;
  gone?: true;
}

/** A caller has dialled a number that leads to a scenario. */
export interface ScenarioArrived {
  scenario: KeptRun;
  gone?: true;
}

/**
 * Takes a call that waits on this switch: it is ours before anything else, then written down. `undefined`: nobody's number,
 * nobody's line, or a leg that another has taken; a number nobody has ends at once, so that the network says so.
 */
export async function answerInbound(
  house: House,
  aSwitch: Switch,
  lease: bigint,
  parked: ParkedLeg,
): Promise<Arrived | ServiceArrived | ScenarioArrived | undefined> {
  const { leg, ddi, cli } = parked;
  const taking = aSwitch.take(leg, guardWhileRecognizedSeconds);
  const owner = ddi === undefined ? undefined : await house.db.asNobody((db) => merchantOfDdi(db, ddi));
  if (!owner || ddi === undefined) {
    await taking;
    house.log.warn({ switch: aSwitch.id, leg }, 'A call to a number nobody has is ended');
    await aSwitch.hangUp(leg, 'stopped');
    return undefined;
  }
  const { merchantId, ddiId } = owner;
  const at = house.clock.now();
  const arrived = await house.db.asMerchant(merchantId, async (tx) => {
    const [line, known] = await Promise.all([readDialledLine(tx, ddiId), isLegKnown(tx, leg)]);
    if (known) return 'taken' as const;
    const service = line ? undefined : await readDialledService(tx, ddiId);
    if (service) {
      const stored = serviceCallOf(house, aSwitch.id, merchantId, { leg, ddi, cli, at }, service);
      return (await insertServiceCall(tx, stored, lease)) ? stored : ('taken' as const);
    }
    const scenario = line ? undefined : await readDialledScenario(tx, ddiId);
    if (scenario) {
      const kept = await runOf(house, tx, aSwitch.id, merchantId, { leg, ddi, cli, at }, scenario);
      const { secrets: _none, ...run } = kept.run;
      const written = await insertRun(tx, { ...kept, run, secretsSealed: null }, lease);
      return written ? { run: kept } : ('taken' as const);
    }
    if (!line || !line.merchantActive || !line.lineActive || line.callerId === null) return undefined;
    if (await isUnwanted(tx, cli)) return 'unwanted' as const;
    const tariff = tariffAt(line.plan, at);
    const session = sessionOf(house, line, { leg, ddi, cli, at, callerId: line.callerId, tariff });
    const orderId = house.ids.id('order');
    const begun = advance(session, { type: 'callArrived' });
    await insertKnownCall(tx, {
      merchantId,
      orderId,
      line,
      language: session.plan.callerLanguage,
      tariff,
      accessHash: sha256(house.ids.token()),
      session,
      ddi,
      cli,
      switchId: aSwitch.id,
      at,
    });
    const stored: StoredSession = {
      session,
      merchantId,
      orderId,
      lineId: line.lineId,
      switchId: aSwitch.id,
      version: 0,
    };
    return writeArrival(house, tx, stored, begun, lease);
  });
  if (arrived === 'unwanted') {
    await taking;
    house.log.info({ merchantId, ddi, leg }, 'A caller the merchant does not want is refused');
    await aSwitch.hangUp(leg, 'rejected');
    return undefined;
  }
  if (arrived !== undefined && arrived !== 'taken' && 'run' in arrived) {
    const took = await taking;
    return { scenario: arrived.run, ...(took.outcome === 'gone' && { gone: true }) };
  }
  if (arrived !== undefined && arrived !== 'taken' && 'call' in arrived) {
    const took = await taking;
    return { service: arrived, ...(took.outcome === 'gone' && { gone: true }) };
  }
  if (arrived !== undefined && arrived !== 'taken')
    aSwitch.prepare(firstWords(arrived.written.stored.session));
  const took = await taking;
  if (arrived === 'taken') return undefined;
  if (!arrived) {
    await aSwitch.hangUp(leg, 'stopped');
    return undefined;
  }
  // He hung up before we could take him: the session learns it as from any other end.
  return took.outcome === 'gone' ? { ...arrived, gone: true } : arrived;
}

function serviceCallOf(
  house: House,
  switchId: string,
  merchantId: string,
  { leg, ddi, cli, at }: { leg: ParkedLeg['leg']; ddi: E164; cli: Cli; at: Date },
  { merchantName, timeZone, country }: DialledService,
): StoredServiceCall {
  const id = house.ids.id('serviceCall');
  const plan = { merchantName, timeZone, cli };
  const call = newServiceCall({ id, leg, plan, language: languageOf({ country }) });
  return { call, merchantId, switchId, ddi, startedAt: at, version: 0 };
}

/** In the version that is live now, to its end; without one he is told that something failed. */
async function runOf(
  house: House,
  tx: Tx,
  switchId: string,
  merchantId: string,
  { leg, ddi, cli, at }: { leg: ParkedLeg['leg']; ddi: E164; cli: Cli; at: Date },
  { merchantName, timeZone, country, scenarioId, live }: DialledScenario,
): Promise<KeptRun> {
  const scenario = { scenarioId, version: live ?? 0 };
  const graph = await graphOf(house, tx, scenario);
  const run = newRun(
    {
      id: house.ids.id('scenarioRun'),
      leg,
      plan: { merchantName, timeZone, country, cli, ddi },
      scenario,
      language: languageOf({ country }),
      startedAt: at.toISOString(),
    },
    graph,
  );
  return { run, graph, merchantId, switchId, ddi, version: 0 };
}

/** A call to this line as it begins, before anybody was asked who calls. */
export function sessionOf(
  house: Pick<House, 'ids'>,
  line: DialledLine,
  call: { leg: ParkedLeg['leg']; ddi: E164; cli: Cli; at: Date; callerId: E164; tariff: Tariff },
): CallSession {
  const { leg, ddi, cli, at, callerId, tariff } = call;
  const { refused, ...settings } = inboundSettings(line.settings);
  const open = isOpen(scheduleOf(line.schedule), line.timeZone, at);
  const language = languageOf(line);
  return {
    id: house.ids.id('callSession'),
    state: 'recognizing',
    plan: {
      ...(cli.trust !== 'withheld' && { callerNumber: cli.number }),
      callerId,
      callerLanguage: language,
      merchantName: line.merchantName,
      lineName: line.name[language],
      price: priceTerms(tariff),
      talkLimitSeconds: settings.talkLimitMaxSeconds,
      ringing: line.ringing,
      ringSeconds: line.ringSeconds,
      ringStepSeconds: line.ringStepSeconds,
      ...(line.idleGroup !== null && { idleGroup: line.idleGroup }),
      callerFirst: false,
      inbound: {
        ...settings,
        ddi,
        cli,
        recognizedBy: line.recognizedBy,
        ...(!open && !line.outside && { closed: true as const }),
        ...(open && line.overflow && { overflow: line.overflow }),
        refused: refusedPlan(refused, line),
      },
    },
    candidates: open ? line.consultants : (line.outside ?? []),
    attempts: [],
    callerLegUuid: leg,
    caller: { leg, state: 'offered', tries: 0 },
    recognizing: unrecognized,
  };
}

/** The other line's consultants as they are now; where it has none, or is gone, the caller is told and that is all. */
function refusedPlan({ text, ring }: RefusedSettings, line: DialledLine): RefusedPlan {
  if (!ring || !line.refused) return { text };
  return { text, ring: { consultants: line.refused, talkLimitSeconds: ring.talkLimitSeconds } };
}

/** What he may hear next whatever the merchant answers: made ready meanwhile, the same for all callers of the line. */
function firstWords({ plan }: CallSession): Sentence[] {
  const { callerLanguage: language, merchantName: merchant } = plan;
  const text = plan.inbound?.refused?.text[language];
  return [
    ...(text === undefined ? [] : [{ key: 'merchant_text' as const, language, text }]),
    { key: 'code_wanted', language, merchant },
    { key: 'code_wanted', language, merchant, again: true },
    { key: 'pin_wanted', language },
    { key: 'known_refused', language, merchant, because: 'unknown' },
    { key: 'known_refused', language, merchant, because: 'merchant_away' },
    { key: 'known_nobody', language },
  ];
}

/** The country's language, until the merchant's server names the caller's. */
function languageOf(line: Pick<DialledLine, 'country'>): Language {
  return ['FR', 'BE', 'CH', 'LU', 'MC'].includes(line.country) ? 'fr' : 'en';
}
