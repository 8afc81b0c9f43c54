// Consultants as people who work, in some runs: they go on breaks and come back, miss calls until they are paused, keep hours that
// begin or end in the middle, write down what they have to, have a second phone, and leave the house.

import type { Schedule } from '../../src/core/schedule.ts';
import { type Random, startMs } from './kernel.ts';

export interface ConsultantAct {
  atMs: number;
  setting: 'available' | 'break' | 'away';
  /** He says when he is back: so long after. Of available: he works until then whatever his hours say. */
  forMs?: number;
}

export interface WorkingLife {
  missLimits: { unanswered: number; refused: number };
  wrapUpSeconds: number;
  ringSeconds?: number;
  /** His mobile rings too after so long. */
  mobileAfterSeconds?: number;
  /** He has a third phone, rung when the others did not reach him. */
  thirdPhone?: true;
  /** A minute after the run began. */
  hours?: 'begin' | 'end';
  acts: readonly ConsultantAct[];
  /** He leaves the house, in the middle of a call or not. */
  leavesAtMs?: number;
}

/** One for each consultant. */
export interface Availability {
  lives: readonly WorkingLife[];
  /** The line is served by a group of them instead of its own list. */
  group?: 'all' | 'in_turn' | 'cumulative' | 'longest_idle';
}

export function mobileNumber(index: number): string {
  return `+3367890120${String(index)}`;
}

export function thirdNumber(index: number): string {
  return `+3367890121${String(index)}`;
}

/** Ten past midnight to a minute after the run's beginning, or from then on: by the clock of Paris, on a Monday. */
export function scheduleOf(hours: 'begin' | 'end'): Schedule {
  const [from, to] = hours === 'begin' ? ['10:01', '24:00'] : ['00:10', '10:01'];
  return { weekly: [{ days: [1], from, to }], daysOff: [] };
}

export const hoursTurnAtMs = startMs + 60_000;

export function drawAvailability(random: Random, consultants: number): Availability {
  return {
    lives: Array.from({ length: consultants }, () => drawLife(random)),
    ...(random.chance(0.3) && {
      group: random.pick(['all', 'in_turn', 'cumulative', 'longest_idle'] as const),
    }),
  };
}

function drawLife(random: Random): WorkingLife {
  const acts = random.chance(0.5) ? random.int(1, 4) : 0;
  return {
    missLimits: { unanswered: random.pick([0, 1, 1, 2, 3]), refused: random.pick([0, 1, 2, 5]) },
    wrapUpSeconds: random.pick([0, 0, 5, 30]),
    ...(random.chance(0.2) && { ringSeconds: random.int(5, 9) }),
    ...(random.chance(0.35) && { mobileAfterSeconds: random.int(3, 6) }),
    ...(random.chance(0.2) && { thirdPhone: true }),
    ...(random.chance(0.2) && { hours: random.pick(['begin', 'end'] as const) }),
    acts: Array.from({ length: acts }, () => drawAct(random)),
    ...(random.chance(0.08) && { leavesAtMs: random.int(3_000, 60_000) }),
  };
}

function drawAct(random: Random): ConsultantAct {
  const setting = random.pick(['available', 'available', 'break', 'away'] as const);
  const atMs = random.chance(0.2) ? random.int(59_990, 60_010) : random.int(2_000, 70_000);
  return { atMs, setting, ...(random.chance(0.6) && { forMs: random.int(500, 30_000) }) };
}
