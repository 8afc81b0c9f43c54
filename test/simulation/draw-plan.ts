// What a seed lets go wrong. One run has one or two kinds of misfortune and not all at once: where everything fails all the
// time nothing gets far enough to fail in an interesting way.

import type { ActFault, ActFaultName, ActKind, ChanceName, FaultPlan, WorldFault } from './fault-plan.ts';
import type { Random } from './kernel.ts';
import type { LinkLoss } from './sim-switch-wire.ts';
import type { Scenario } from './scenario.ts';

const faultsOf: Record<ActKind, readonly ActFaultName[]> = {
  transaction: [
    'crash_before',
    'crash_after',
    'crash_after',
    'lose_answer',
    'lose_request',
    'slow',
    'conflict',
    'conflict',
  ],
  query: ['lose_request', 'slow'],
  lease: ['lose_answer', 'lose_request', 'slow'],
  switch: ['crash_before', 'crash_after', 'lose_answer', 'lose_request', 'slow', 'refused'],
  processor: [
    'crash_before',
    'crash_after',
    'lose_answer',
    'lose_answer',
    'lose_request',
    'slow',
    'refused',
    'saved_500',
    'saved_500_done',
  ],
  notice: ['crash_before', 'crash_after', 'lose_answer', 'lose_request', 'slow'],
  server: ['crash_before', 'crash_after', 'lose_answer', 'lose_request', 'slow', 'refused'],
  mail: [],
  room: ['crash_before', 'crash_after', 'lose_answer', 'lose_request', 'slow'],
  spool: [],
};

/** Of each kind, about as many acts as one call or two have: where a fault may fall. */
const actsOfACall: Partial<Record<ActKind, number>> = {
  transaction: 32,
  query: 300,
  lease: 100,
  switch: 45,
  processor: 8,
  notice: 8,
  server: 5,
};

const chances: readonly ChanceName[] = [
  'event_dropped',
  'event_doubled',
  'event_late',
  'cdr_spooled',
  'cdr_lost',
  'cdr_doubled',
  'hint_lost',
  'hint_doubled',
  'hint_late',
  'notify_lost',
  'list_lags',
  'merchant_refuses',
];

export function drawPlan(random: Random, scenario: Scenario): FaultPlan {
  const acts: ActFault[] = [];
  const world: WorldFault[] = [];
  const odds: Partial<Record<ChanceName, number>> = {};
  if (random.chance(0.6)) drawActs(random, acts);
  if (random.chance(0.6)) drawWorld(random, scenario, world);
  if (random.chance(0.5)) {
    for (let count = random.int(1, 3); count > 0; count -= 1) {
      odds[random.pick(chances)] = random.pick([0.05, 0.2, 0.5, 1]);
    }
  }
  if (random.chance(0.02)) odds.merchant_gone = 0.3;
  // By itself: in a house nobody dials it would change what every seed means.
  if (scenario.known) drawKnownActs(random.fork('known'), acts);
  if (scenario.composed?.sells) drawCardFaults(random.fork('cards'), scenario, { acts, world, odds });
  return { acts, world, chances: odds };
}

function drawActs(random: Random, acts: ActFault[]): void {
  for (let count = random.int(1, 4); count > 0; count -= 1) {
    const act = random.pick([
      'transaction',
      'transaction',
      'switch',
      'switch',
      'processor',
      'processor',
      'notice',
      'query',
      'lease',
    ] as const);
    const fault = random.pick(faultsOf[act]);
    const nth = random.int(1, actsOfACall[act] ?? 10);
    // What is lost on a wire is seldom one word alone.
    const inARow = act === 'switch' && fault.startsWith('lose') && random.chance(0.5) ? random.int(2, 6) : 1;
    for (let more = 0; more < inARow; more += 1) {
      acts.push({
        act,
        nth: nth + more,
        fault,
        ...(fault === 'slow' && { ms: random.pick([50, 700, 2_500, 4_000, 12_000, 45_000]) }),
      });
    }
  }
}

/** A call somebody dials has fewer acts than one that is ordered: so that faults fall among them, they have numbers of their own. */
const actsOfADialledCall = { server: 5, transaction: 14, switch: 45 } as const;

function drawKnownActs(random: Random, acts: ActFault[]): void {
  if (random.chance(0.4)) return;
  for (let count = random.int(1, 3); count > 0; count -= 1) {
    const act = random.pick(['server', 'transaction', 'switch'] as const);
    const fault = random.pick(faultsOf[act]);
    acts.push({
      ...{ act, nth: random.int(1, actsOfADialledCall[act]), fault },
      ...(fault === 'slow' && { ms: random.pick([700, 2_500, 4_000, 12_000]) }),
    });
  }
}

/** Where a card is keyed and pays. */
function drawCardFaults(
  random: Random,
  scenario: Scenario,
  { acts, world, odds }: { acts: ActFault[]; world: WorldFault[]; odds: Partial<Record<ChanceName, number>> },
): void {
  const gateway = (): string => `gw${String(random.int(1, scenario.gateways))}`;
  if (random.chance(0.25)) odds.card_room_dies = random.pick([0.2, 0.5, 1]);
  if (random.chance(0.2))
    acts.push({
      act: 'room',
      nth: random.int(1, 3),
      fault: random.pick(faultsOf.room),
      ms: random.pick([50, 2_500, 12_000]),
    });
  if (random.chance(0.3))
    acts.push({
      act: 'processor',
      nth: random.int(1, 4),
      fault: random.pick(faultsOf.processor),
      ms: random.pick([700, 4_000, 12_000]),
    });
  if (random.chance(0.4)) {
    const fault = random.pick([
      'gateway_killed',
      'gateway_killed',
      'gateway_frozen',
      'card_room_died',
    ] as const);
    const forMs = random.pick([300, 1_500, 4_000, 7_000, 15_000, 40_000]);
    world.push({ fault, target: gateway(), forMs, atMs: random.int(5_000, 45_000) });
  }
}

function drawLoss(random: Random): LinkLoss {
  return {
    ...(random.chance(0.5) && { events: random.pick(['lost', 'late', 'doubled'] as const) }),
    ...(random.chance(0.4) && { halfOpen: random.pick(['silent', 'one_way'] as const) }),
    // While whoever came back looks at what lives.
    ...(random.chance(0.3) && { againAfterMs: random.int(1, 25) }),
  };
}

function drawWorld(random: Random, scenario: Scenario, world: WorldFault[]): void {
  const gateway = (): string => `gw${String(random.int(1, scenario.gateways))}`;
  const aSwitch = (): string => `fs${String(random.int(1, scenario.switches))}`;
  for (let count = random.int(1, 3); count > 0; count -= 1) {
    // What is dear is the talk, and its end: half of what goes wrong goes wrong there.
    const talkMs = (scenario.durations[0] ?? 30) * 1_000;
    const when = random.chance(0.5)
      ? { atMs: random.int(0, talkMs + 1_000), ofTalk: random.pick([1, 1, 1, 2]) }
      : { atMs: random.int(2_000, Math.min(scenario.healAtMs - 5_000, 80_000)) };
    const short = random.pick([300, 1_500, 4_000, 7_000, 15_000, 40_000]);
    const fault = random.pick([
      'gateway_killed',
      'gateway_killed',
      'gateway_frozen',
      'gateway_frozen',
      'leases_unanswered',
      'database_away',
      'link_lost',
      'link_lost',
      'switch_crashed',
      'switch_stopped',
      'processor_silent',
      'processor_keys_pruned',
      'merchant_down',
    ] as const);
    switch (fault) {
      case 'gateway_killed':
      case 'gateway_frozen':
        world.push({ ...when, fault, target: gateway(), forMs: short });
        break;
      case 'leases_unanswered':
        // Shorter than a lease nobody notices.
        world.push({ ...when, fault, target: gateway(), forMs: random.pick([4_000, 9_000, 20_000, 40_000]) });
        break;
      case 'link_lost':
        world.push({
          ...when,
          fault,
          target: random.chance(0.5) ? aSwitch() : `${aSwitch()}/${gateway()}`,
          forMs: short,
          how: drawLoss(random),
        });
        break;
      case 'switch_crashed':
      case 'switch_stopped':
        world.push({ ...when, fault, target: aSwitch(), forMs: short });
        break;
      case 'processor_keys_pruned':
        world.push({ ...when, fault });
        break;
      case 'database_away':
      case 'processor_silent':
      case 'merchant_down':
        world.push({ ...when, fault, forMs: random.chance(0.2) ? 120_000 : short });
        break;
    }
  }
}
