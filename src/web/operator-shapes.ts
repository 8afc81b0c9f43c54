// Shapes and answers the operator's routes share.

import { type ApiAnswer, z } from './routes.ts';

export const instant = z.iso.datetime();
export const idOf = (description: string, example: string) =>
  z.object({
    id: z
      .string()
      .regex(/^[0-9A-Za-z_.-]{1,80}$/)
      .meta({ description, example }),
  });
export const anyId = idOf(
  'Of an order, or of anything that belongs to one.',
  'ord_01jd0000000000000000000000',
);

export const listOf = <Item extends z.ZodType>(item: Item) => z.object({ data: z.array(item) });

export const unknownId: ApiAnswer = {
  problem: {
    kind: 'unknown-id',
    detail: {
      en: 'Nothing here has this id. Check that it is complete.',
      fr: 'Rien ici ne porte cet identifiant. Vérifiez qu’il est complet.',
    },
  },
  began: false,
};
