// A route about cards keyed on the telephone: whether the merchant's callers may key them, and who decided that. It is an operator's to
// enable it: a merchant only reads it here.

import type { House } from '../flow/house.ts';
import { type KeypadPermission, readKeypadPermissions } from '../store/keypad.ts';
import { type ApiRoutes, z } from './routes.ts';

const said = z.object({
  allowed: z.boolean(),
  at: z.iso.datetime(),
  by: z.string().meta({ description: 'Which operator.' }),
  why: z.string(),
});

const cardEntryShape = z
  .object({
    enabled: z.boolean().meta({ description: 'Callers may key their cards in the block `card_payment`.' }),
    available: z.boolean().meta({
      description: 'This house has a card room; without one no card is taken, whoever it is enabled for.',
    }),
    decisions: z.array(said).meta({ description: 'What operators have decided of it, the last first.' }),
  })
  .openapi('CardEntry');

export function cardEntryRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/card-entry',
    area: 'settings',
    name: 'readCardEntry',
    summary: 'Whether callers may key their cards on the telephone, since when and why.',
    description:
      'Enabled and withdrawn by an operator: digits of cards then pass the telephone network, the switch and the card room, which ' +
      'widens what PCI DSS asks. The payment link needs none of it.',
    answer: { status: 200, description: 'As it is.', shape: cardEntryShape },
    problems: [],
    act: async ({ merchantId }) => {
      const decisions = await house.db.asMerchant(merchantId, readKeypadPermissions);
      return {
        status: 200,
        body: {
          enabled: decisions[0]?.allowed === true,
          available: house.cardRoom !== undefined,
          decisions: decisions.map(entry),
        },
      };
    },
  });
}

function entry({ allowed, by, why, at }: KeypadPermission): z.input<typeof said> {
  return { allowed, by, why, at: at.toISOString() };
}
