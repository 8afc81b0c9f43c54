// One run: a scenario, a plan of faults and a seed in, a verdict out. Until `healAtMs` whatever the plan says goes wrong; then
// everything is put right, and within fifteen minutes everything must be over. The same three in give the same trace out.

import { mobileNumber, thirdNumber } from './availability.ts';
import type { ActKind, FaultPlan, WorldFault } from './fault-plan.ts';
import { consultantIds, lineSlug, merchantId } from './house-names.ts';
import { writeHouseRows } from './house-rows.ts';
import { isDatabaseAway } from '../../src/store/database-away.ts';
import { SettlementDelayed } from '../../src/flow/settle-order.ts';
import { SimCallers } from './composed.ts';
import { Kernel, Violation } from './kernel.ts';
import { SimCardRooms } from './sim-card-room.ts';
import { Liveness, type Pending } from './liveness.ts';
import { Safety } from './safety.ts';
import { consultantNumber, type Scenario } from './scenario.ts';
import { SimConsultants } from './sim-consultants.ts';
import { SimCustomer } from './sim-customer.ts';
import { SimDiallers } from './sim-dialler.ts';
import { SimDatabase, type SimulationConnections } from './sim-database.ts';
import { type Outside, SimGateway, wordOf } from './sim-gateway.ts';
import { SimForgetting } from './kept-cards.ts';
import { SimJobs } from './sim-jobs.ts';
import { SimMerchant } from './sim-merchant.ts';
import { SimMerchantServer } from './sim-merchant-server.ts';
import { SimOperator } from './sim-operator.ts';
import { SimPeople } from './sim-people.ts';
import { SimService } from './service-calls.ts';
import { SimProcessor } from './sim-processor.ts';
import { SimScripts } from './sim-scripts.ts';
import { SimSwitch } from './sim-switch.ts';
import { destinationNumber, nobodyKnown } from './known-calls.ts';
import { deliverHint, postRecord } from './from-outside.ts';

/** "Liveness after faults heal: within 15 min." */
const quietWithinMs = 15 * 60_000;
const lookEveryMs = 5_000;
/** The whole schedule of a notice that is never taken. */
const noticeTriesMax = 12;

export interface RunInput {
  seed: string;
  scenario: Scenario;
  plan: FaultPlan;
}

/** What came about: runs in which nothing happens prove nothing. */
export interface Reached {
  talks: number;
  captures: number;
  voids: number;
  /** Of calls somebody dialled, taken by the merchant's server. */
  reports: number;
  /** Times that callers were asked for one in a card room. */
  cards: number;
  /** Times that a card he had kept was asked to pay. */
  kept: number;
}

export interface Verdict extends Reached {
  seed: string;
  /** Absent: all was as it must be. */
  violation?: string;
  trace: readonly string[];
  hash: string;
  acts: Readonly<Record<ActKind, number>>;
  virtualMs: number;
}

export async function run(input: RunInput, connections: SimulationConnections): Promise<Verdict> {
  const kernel = new Kernel(input.seed, input.plan);
  const { scenario } = input;
  const database = await SimDatabase.begin(kernel, connections);
  let violation: string | undefined;
  let reached: Reached = { talks: 0, captures: 0, voids: 0, reports: 0, cards: 0, kept: 0 };
  try {
    await writeHouseRows(database, scenario);
    const people = peopleOf(kernel, scenario);
    const gateways: SimGateway[] = [];
    let talks = 0;
    const talkBegan = (): void => {
      talks += 1;
      for (const fault of input.plan.world) if (fault.ofTalk === talks) befall(fault, outside, gateways);
    };
    const switches = Array.from(
      { length: scenario.switches },
      (_, index) =>
        new SimSwitch(kernel, {
          id: `fs${String(index + 1)}`,
          people,
          onTalk: () => talkBegan(),
          postCdr: (leg, body) => postRecord(kernel, gateways, leg, body),
        }),
    );
    const processor = new SimProcessor(kernel, {
      onHint: (hint) => deliverHint(kernel, gateways, hint),
    });
    if (scenario.holdsMs !== undefined) processor.holdsLast(scenario.holdsMs);
    const merchant = new SimMerchant(kernel);
    const server = new SimMerchantServer(kernel, scenario.known);
    const scripts = new SimScripts(kernel, scenario.composed);
    const cardRooms = new SimCardRooms(kernel, switches, processor);
    const outside: Outside = { kernel, database, switches, processor, merchant, server, scripts, cardRooms };
    for (let index = 1; index <= scenario.gateways; index += 1) {
      gateways.push(new SimGateway(outside, `gw${String(index)}`));
    }
    new SimJobs(kernel, database, () =>
      gateways.map((one) => one.worker).filter((worker) => worker !== undefined),
    );
    const customers = scenario.orders.map(
      (order, index) =>
        new SimCustomer(
          { kernel, gateways, processor, merchantId, line: lineSlug, consultants: consultantIds },
          order,
          index,
        ),
    );
    const operator = new SimOperator(
      { name: 'operator', random: kernel.random.fork('operator'), kernel, gateways },
      merchantId,
      scenario.stop,
    );
    const consultants = new SimConsultants(
      { name: 'the consultants', random: kernel.random.fork('consultants'), kernel, gateways },
      merchantId,
      consultantIds,
    );
    const safety = new Safety(outside, operator, {
      consultants,
      availability: scenario.availability,
      service: scenario.service,
      merchantHangsUp:
        scenario.stop?.alsoTalks === true ||
        scenario.orders.some(({ hungUpAfterMs }) => hungUpAfterMs !== undefined) ||
        scenario.known?.calls.some(({ hungUpAfterMs }) => hungUpAfterMs !== undefined) === true,
      known: scenario.known ?? (scenario.composed && nobodyKnown),
      composed: scenario.composed !== undefined,
      sells: scenario.composed?.sells === true,
    });
    const diallers = new SimDiallers(
      { name: 'the merchant’s system', random: kernel.random.fork('diallers'), kernel, gateways },
      scenario.known,
      { switches, database, merchantId, currency: scenario.tariff.currency },
    );
    const service = new SimService(kernel, switches, scenario.service, consultantNumber);
    const callers = new SimCallers(kernel, switches, scenario.composed);
    const forgetting = new SimForgetting(
      { name: 'the merchant’s system', random: kernel.random.fork('forgetting'), kernel, gateways },
      merchantId,
      () => safety.keyed,
    );
    const nobodyWaits = (): boolean =>
      forgetting.done &&
      callers.done &&
      service.done &&
      operator.done &&
      diallers.done &&
      consultants.done &&
      customers.every(({ done }) => done);
    kernel.afterChange = () => safety.check();
    kernel.onFault = (error) => mustBeTheWorlds(kernel, error);

    for (const gateway of gateways) kernel.at(kernel.random.int(0, 500), 'start', () => gateway.start());
    for (const customer of customers) customer.begin();
    diallers.begin();
    operator.begin();
    service.begin();
    callers.begin();
    forgetting.begin(scenario.composed?.forgets ?? []);
    if (scenario.availability) consultants.begin(scenario.availability);
    for (const fault of input.plan.world) {
      if (fault.ofTalk === undefined) befall(fault, outside, gateways);
    }

    const liveness = new Liveness(outside);
    // Over before that: then nothing more can go wrong with it.
    const nothingMore = (): boolean =>
      input.plan.world.every(({ atMs, ofTalk }) => ofTalk !== undefined || atMs < kernel.elapsedMs) &&
      nobodyWaits();
    await untilQuiet(kernel, liveness, nothingMore, scenario.healAtMs);
    heal(outside, gateways);
    await mustBecomeQuiet(kernel, liveness, gateways, nobodyWaits);
    const lost = await liveness.undelivered();
    if (lost) throw new Violation(`${lost.what}: ${lost.about}`);
    await safety.exact();
    await safety.refundsAgree();
    await safety.toldOnce();
    reached = { ...reachedBy(outside), kept: safety.keyed?.keptNamed ?? 0 };
  } catch (error) {
    violation = wordOf(error);
    if (!(error instanceof Violation) && error instanceof Error) violation = error.stack ?? violation;
    kernel.trace(`VIOLATION  ${violation}`);
  } finally {
    database.end();
  }
  return {
    seed: input.seed,
    ...(violation !== undefined && { violation }),
    trace: kernel.lines,
    hash: kernel.traceHash(),
    acts: kernel.acts,
    virtualMs: kernel.elapsedMs,
    ...reached,
  };
}

function reachedBy({ switches, processor, server, cardRooms }: Outside): Omit<Reached, 'kept'> {
  const intents = processor.intents();
  return {
    talks: switches.reduce((count, one) => count + one.talks().length, 0),
    captures: intents.filter(({ status }) => status === 'succeeded').length,
    voids: intents.filter(({ status, held }) => status === 'canceled' && !held.amount.isZero()).length,
    reports: server.heard().filter(({ acknowledged }) => acknowledged).length,
    cards: cardRooms.asked().length,
  };
}

function peopleOf(kernel: Kernel, scenario: Scenario): SimPeople {
  const talkLimitSeconds = scenario.durations[0] ?? 30;
  const people = new SimPeople(kernel, { talkLimitSeconds, ringSeconds: scenario.ringSeconds });
  for (const [index, given] of scenario.consultants.entries()) {
    people.add(consultantNumber(index), 'consultant', given ?? []);
    if (!scenario.availability) continue;
    people.add(mobileNumber(index), 'consultant');
    people.add(thirdNumber(index), 'consultant');
  }
  for (const [number, caller] of new Map(scenario.orders.map((one) => [one.callerNumber, one.caller]))) {
    people.add(number, 'caller', caller ?? []);
  }
  const { calls = [], destination } = scenario.known ?? {};
  const inTurn = [...calls].sort((one, other) => one.atMs - other.atMs);
  for (const number of new Set(inTurn.map((one) => one.number))) {
    people.add(
      number,
      'caller',
      inTurn.filter((one) => one.number === number).map(({ behaviour }) => behaviour),
    );
  }
  for (const { number } of scenario.composed?.calls ?? []) people.add(number, 'caller');
  if (scenario.known) people.add(destinationNumber, 'consultant', destination ? [destination] : []);
  return people;
}

// --- What goes wrong, and is put right -------------------------------------------------------------------------------

function befall(fault: WorldFault, outside: Outside, gateways: readonly SimGateway[]): void {
  const { kernel } = outside;
  kernel.at(fault.atMs, fault.fault, () => {
    if (kernel.healed) return;
    const forMs = fault.forMs ?? 0;
    kernel.disturb(forMs);
    kernel.trace(`!! ${fault.fault} ${fault.target ?? ''} ${forMs > 0 ? `for ${String(forMs)} ms` : ''}`);
    strike(fault, forMs, outside, gateways);
  });
}

function strike(fault: WorldFault, forMs: number, outside: Outside, gateways: readonly SimGateway[]): void {
  const { kernel, database, switches, processor, merchant, server, cardRooms } = outside;
  const [name, byGateway] = (fault.target ?? '').split('/');
  const aSwitch = switches.find((one) => one.id === name);
  const gateway = gateways.find((one) => one.name === name);
  switch (fault.fault) {
    case 'gateway_killed':
      return gateway?.kill(forMs);
    case 'gateway_frozen': {
      const process = gateway?.process;
      if (!process || process.frozen) return;
      process.freeze();
      kernel.at(forMs, 'thaw', () => process.thaw());
      return;
    }
    case 'leases_unanswered':
      database.cutLeases(name ?? '', forMs);
      return;
    case 'database_away':
      database.goAway();
      kernel.at(forMs, 'database back', () => database.comeBack());
      return;
    case 'link_lost':
      cardRooms.linkLost(name ?? '', byGateway);
      return aSwitch?.loseLink(byGateway, forMs, fault.how);
    case 'switch_crashed':
      return aSwitch?.crash(forMs);
    case 'switch_stopped':
      return aSwitch?.stopCleanlyLosingCdrs(forMs);
    case 'processor_silent': {
      processor.fallSilent(forMs);
      return;
    }
    case 'card_room_died': {
      cardRooms.die(name ?? '', forMs);
      return;
    }
    case 'processor_keys_pruned': {
      processor.pruneKeys();
      return;
    }
    case 'merchant_down': {
      merchant.goDown(forMs);
      server.goDown(forMs);
      return;
    }
  }
}

function heal(outside: Outside, gateways: readonly SimGateway[]): void {
  const { kernel, database } = outside;
  kernel.disturb(0);
  kernel.healed = true;
  kernel.trace('--- nothing goes wrong any more ---');
  database.comeBack();
  for (const gateway of gateways) gateway.process?.thaw();
}

// --- The end ---------------------------------------------------------------------------------------------------------

/** Runs until everything is over, or this much time. Answers what was still to come when it was last looked at. */
async function untilQuiet(
  kernel: Kernel,
  liveness: Liveness,
  nothingMore: () => boolean,
  maxMs: number,
): Promise<readonly Pending[] | 'quiet'> {
  let found: readonly Pending[] | 'quiet' = [];
  const endMs = kernel.nowMs + maxMs;
  const look = (): void => {
    kernel.at(lookEveryMs, 'quiet?', async () => {
      if (kernel.nowMs > endMs) return;
      const pending = await liveness.pending();
      found = pending.length === 0 && nothingMore() ? 'quiet' : pending;
      if (found !== 'quiet') look();
    });
  };
  look();
  await kernel.run(() => found === 'quiet', maxMs);
  return found;
}

async function mustBecomeQuiet(
  kernel: Kernel,
  liveness: Liveness,
  gateways: readonly SimGateway[],
  nobodyWaits: () => boolean,
): Promise<void> {
  const found = await untilQuiet(kernel, liveness, nobodyWaits, quietWithinMs);
  if (found !== 'quiet') {
    const what = found.map((one) => `${one.what} (${one.about})`).join(', ');
    throw new Violation(`fifteen minutes after the last fault: ${what || 'a customer still waits'}`);
  }
  await lastNotices(kernel, liveness, gateways);
}

/** All that is left may be notices whose next try is hours away: the gateways sleep until then, which costs nothing. */
async function lastNotices(
  kernel: Kernel,
  liveness: Liveness,
  gateways: readonly SimGateway[],
): Promise<void> {
  for (let tries = 0; tries < noticeTriesMax; tries += 1) {
    const inMs = await liveness.nextNoticeInMs();
    if (inMs === undefined) return;
    for (const gateway of gateways) gateway.process?.freeze();
    await kernel.run(() => false, inMs + 1);
    for (const gateway of gateways) gateway.process?.thaw();
    await kernel.run(() => false, 20_000);
  }
  if ((await liveness.nextNoticeInMs()) !== undefined) {
    throw new Violation('a notice is tried for longer than its schedule');
  }
}

// --- Rules of the moment ---------------------------------------------------------------------------------------------

/**
 * Of the errors a gateway logs, those of the database's faults are the world's, and so is a settlement that is put off. Any
 * other is an assertion of ours that failed, or a mistake.
 */
function mustBeTheWorlds(kernel: Kernel, error: unknown): void {
  if (isDatabaseAway(error) || error instanceof SettlementDelayed) return;
  const code = (error as { code?: unknown } | undefined)?.code;
  if (code === '40001' || code === '40P01') return;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  kernel.fail(new Violation(`an error that is nobody's: ${text}`));
}
