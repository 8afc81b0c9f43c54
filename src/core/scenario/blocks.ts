// Every kind of block, by its name. A new one is a file in blocks/ and a line here.

import { z } from 'zod';
import type { BlockKind } from './block.ts';
import { askAccessCode, giveAccessCode } from './blocks/access-code.ts';
import { blacklist } from './blocks/blacklist.ts';
import { cardPayment } from './blocks/card-payment.ts';
import { chooseConsultant } from './blocks/choose-consultant.ts';
import { collect } from './blocks/collect.ts';
import { condition } from './blocks/condition.ts';
import { extension } from './blocks/extension.ts';
import { forward } from './blocks/forward.ts';
import { getUrl } from './blocks/get-url.ts';
import { goTo } from './blocks/go-to.ts';
import { hangUp } from './blocks/hang-up.ts';
import { language } from './blocks/language.ts';
import { menu } from './blocks/menu.ts';
import { paymentLink } from './blocks/payment-link.ts';
import { recognize } from './blocks/recognize.ts';
import { ring } from './blocks/ring.ts';
import { say } from './blocks/say.ts';
import { schedule } from './blocks/schedule.ts';
import { set } from './blocks/set.ts';
import { voicemail } from './blocks/voicemail.ts';
import { blockId, scenarioBounds } from './shape.ts';

export const blockKinds = {
  say,
  menu,
  collect,
  get_url: getUrl,
  recognize,
  set,
  condition,
  schedule,
  language,
  choose_consultant: chooseConsultant,
  ring,
  extension,
  forward,
  voicemail,
  give_access_code: giveAccessCode,
  ask_access_code: askAccessCode,
  payment_link: paymentLink,
  card_payment: cardPayment,
  blacklist,
  go_to: goTo,
  hang_up: hangUp,
} as const;
export type BlockKindName = keyof typeof blockKinds;

const fieldsOfKinds = [
  say.fields,
  menu.fields,
  collect.fields,
  getUrl.fields,
  recognize.fields,
  set.fields,
  condition.fields,
  schedule.fields,
  language.fields,
  chooseConsultant.fields,
  ring.fields,
  extension.fields,
  forward.fields,
  voicemail.fields,
  giveAccessCode.fields,
  askAccessCode.fields,
  paymentLink.fields,
  cardPayment.fields,
  blacklist.fields,
  goTo.fields,
  hangUp.fields,
] as const;

type KindFields = (typeof fieldsOfKinds)[number];
type Told = z.core.$ZodTypeDiscriminable & z.ZodType<z.output<KindFields>>;
/** By its kind: what is wrong with a block is said of the kind it is. */
export const blockShape = z.discriminatedUnion(
  'kind',
  fieldsOfKinds as unknown as readonly [Told, ...Told[]],
);

/** As merchants write it, and as it is published (`/schemas/scenario.json`). `places`: where the editor draws a block. */
export const scenarioShape = z
  .strictObject({
    start: blockId,
    blocks: z
      .record(blockId, blockShape)
      .refine((blocks) => Object.keys(blocks).length <= scenarioBounds.blocks, {
        message: `at most ${String(scenarioBounds.blocks)} blocks`,
      }),
    places: z.record(blockId, z.strictObject({ x: z.number(), y: z.number() })).optional(),
  })
  .meta({ id: 'Scenario', title: 'Scenario', description: 'What a call does, as a graph of blocks.' });
export type Scenario = z.infer<typeof scenarioShape>;
export type Block = Scenario['blocks'][string];

/** The kind of a block, for whoever treats all kinds alike: its fields are its own kind's by construction. */
export function kindOf(block: Block): BlockKind {
  return blockKinds[block.kind];
}
