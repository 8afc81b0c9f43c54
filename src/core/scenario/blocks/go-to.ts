// Into another scenario, as it is live now. There is no way back.

import { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';

const fields = blockFields('go_to', { scenario: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) });

export const goTo: BlockKind<z.infer<typeof fields>> = {
  fields,
  silent: true,
  exits: () => [{ name: 'failed', unset: 'apology' }],
  begin: (at) => at.stay(undefined, { do: 'findScenario', scenario: at.fields.scenario }),
  hear(at, event) {
    if (event.type === 'scenarioFound') at.enter(event.scenario);
    else if (event.type === 'failed') at.leave('failed');
  },
  refers: ({ scenario }) => [{ to: 'scenario', name: scenario }],
};
