// A card keyed on the telephone pays for what a block of a scenario sells: the order, the card room, the payment.

import type { RunCommand } from '../core/scenario/run.ts';
import type { House } from './house.ts';
import type { Switch } from './ports.ts';
import type { RunHands, RunTold } from './run-scenario.ts';

export type CardCommand = RunCommand & {
  do: 'orderByCard' | 'takeCard' | 'payByCard' | 'giveUpCardOrder';
};

export function actOnCard(
  _house: House,
  _switch: Switch,
  _hands: RunHands,
  _command: CardCommand,
): Promise<RunTold | undefined> {
  return Promise.resolve({ type: 'failed', because: 'not_built' });
}
