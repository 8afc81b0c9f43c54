// Gives a variable its value.

import type { z } from 'zod';
import { type BlockKind, blockFields } from '../block.ts';
import { template, variableName } from '../shape.ts';

const fields = blockFields('set', { variable: variableName, value: template });

export const set: BlockKind<z.infer<typeof fields>> = {
  fields,
  silent: true,
  exits: () => [{ name: 'then', unset: 'goodbye', needed: true }],
  begin(at) {
    at.set(at.fields.variable, at.fill(at.fields.value));
    at.leave('then');
  },
  hear: () => undefined,
  sets: ({ variable }) => [variable],
  templates: ({ value }) => [value],
};
