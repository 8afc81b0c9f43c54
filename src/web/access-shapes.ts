// Access codes and what they open, as they go over the API. The form of each field is checked here; what only shows beside the
// others is core/access-code's.

import {
  codeAlphabets,
  codeLengthMax,
  codeRefusals,
  usesMax,
  usualAccessResource,
  validForBounds,
} from '../core/access-code.ts';
import { idParams } from './api-shapes.ts';
import { oneLine } from './consultant-shapes.ts';
import { z } from './routes.ts';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
  error: 'Must be small letters, digits and hyphens, 63 at most, and not begin with a hyphen.',
});
export const resourceParams = z.object({ resource: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) });

function within([least, most]: readonly [number, number], unit = 'whole number') {
  const error = `Must be a ${unit} from ${String(least)} to ${String(most)}.`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

const slugMeaning =
  'Its name in links, `/access/{slug}`, and the `aud` of every token. It never changes, and is nobody else’s when it is removed.';
const addressMeaning =
  'Where whoever has a code is sent on to, with `access_token` in the query; nowhere else, whatever a link says.';
const alphabet = z.enum(codeAlphabets).meta({
  description:
    '`digits`: for telephones. `letters`. `digits_and_letters`. No two signs are read or, of letters, heard for each other.',
});
const lengthMeaning =
  'At least 10 `digits`, 11 `letters`, 9 `digits_and_letters`; hyphens, spaces and case do not count.';
const validMeaning = 'How long a code opens from when it is made; of codes made from now on.';
const usesMeaning = 'How often a code opens; null: as often as it is valid. Of codes made from now on.';

const validForSeconds = within([validForBounds.min, validForBounds.max], 'whole number of seconds');
const uses = within([1, usesMax]).nullable();

const fields = {
  name: z
    .strictObject({ fr: oneLine(120), en: oneLine(120) })
    .meta({ description: 'As visitors read it, in both languages.' }),
  address: z.url({ error: 'Must be a whole address.' }).max(2000).meta({ description: addressMeaning }),
  alphabet,
  codeLength: within([9, codeLengthMax]).meta({ description: lengthMeaning }),
  validForSeconds: validForSeconds.meta({ description: validMeaning }),
  uses: uses.meta({ description: usesMeaning }),
  active: z.boolean().meta({ description: '`false`: its page is closed, and no code of it opens.' }),
};

export const resourceBody = z
  .strictObject({
    slug: slug.meta({ description: slugMeaning }),
    ...fields,
    alphabet: fields.alphabet.default(usualAccessResource.alphabet),
    codeLength: fields.codeLength.optional(),
    validForSeconds: fields.validForSeconds.default(usualAccessResource.validForSeconds),
    uses: fields.uses.default(usualAccessResource.uses),
    active: fields.active.default(usualAccessResource.active),
  })
  .openapi('AccessResourceRequest');
export const resourceChange = z.strictObject(fields).partial().openapi('AccessResourceChange');

export const resourceShape = z
  .object({
    id: z.string().meta({ example: 'acr_01jd0000000000000000000000' }),
    slug: z.string().meta({ description: slugMeaning }),
    version: z.int().meta({ description: 'Of its settings: what `If-Match` says, in quotes.' }),
    name: z.object({ fr: z.string(), en: z.string() }),
    address: z.string().meta({ description: addressMeaning }),
    alphabet,
    codeLength: z.int().meta({ description: lengthMeaning }),
    validForSeconds: z.int().meta({ description: validMeaning }),
    uses: z.int().nullable().meta({ description: usesMeaning }),
    active: z.boolean(),
    pageUrl: z.url().meta({ description: 'The form we host, where a visitor types his code.' }),
    scriptUrl: z.url().meta({ description: 'The script that puts the form on a site of yours.' }),
    keysUrl: z.url().meta({ description: 'The public keys that check the tokens visitors come with.' }),
    lines: z
      .array(z.string())
      .meta({ description: 'The lines whose sales end in a code of it, by their names in links.' }),
  })
  .openapi('AccessResource');
export const resourceList = z
  .object({ data: z.array(resourceShape).meta({ description: 'By name in links.' }) })
  .openapi('AccessResourceList');
export const resourceRemoved = z
  .object({ slug: z.string(), removed: z.literal(true) })
  .openapi('AccessResourceRemoved');

// --- Codes -----------------------------------------------------------------------------------------------------------

const resourceName = z
  .string()
  .min(1)
  .max(63)
  .meta({ description: 'By its name in links.', example: 'club' });

export const codeBody = z
  .strictObject({
    resource: resourceName,
    validForSeconds: validForSeconds.optional().meta({ description: 'The resource’s own where left out.' }),
    uses: uses
      .optional()
      .meta({ description: 'The resource’s own where left out; null: as often as valid.' }),
    reference: z.string().min(1).max(200).optional().meta({
      description: 'Your own word for it. Nothing of a person need be in it.',
    }),
  })
  .openapi('AccessCodeRequest');

export const codeShape = z
  .object({
    id: z.string().meta({ example: 'acc_01jd0000000000000000000000' }),
    resource: z.string(),
    state: z
      .enum(['valid', 'used_up', 'expired', 'revoked'])
      .meta({ description: 'What it would come to if it were tried now.' }),
    madeBy: z.enum(['sale', 'api', 'scenario']),
    createdAt: z.iso.datetime(),
    validUntil: z.iso.datetime(),
    uses: z.int().meta({ description: 'How often it opened.' }),
    usesLeft: z.int().nullable().meta({ description: 'null: as often as it is valid.' }),
    lastUsedAt: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
    orderId: z.string().nullable(),
    reference: z.string().nullable(),
  })
  .openapi('AccessCode');

export const codeMade = codeShape
  .extend({
    code: z.string().meta({
      description: 'Shown here once. We keep a keyed hash of it: nobody can read it out of the database.',
      example: '4T7K-X3M-9RW',
    }),
  })
  .openapi('AccessCodeMade');

export const codeParams = z.object({ id: idParams.shape.id });
export const codeQuery = z.object({
  resource: z.string().max(63).optional().meta({ description: 'Of this resource alone.' }),
  orderId: z.string().max(64).optional().meta({ description: 'For this order alone.' }),
  order: z.enum(['oldest', 'newest']).default('oldest').meta({ description: 'Which come first.' }),
  after: z.string().max(64).optional().meta({ description: '`next` of the page before, in the same order.' }),
  limit: z.coerce.number().int().min(1).max(500).default(50).meta({ description: 'How many at most.' }),
});
export const codePage = z
  .object({
    data: z.array(codeShape).meta({ description: 'In the order asked for.' }),
    next: z.string().nullable().meta({ description: 'null: there are no more.' }),
  })
  .openapi('AccessCodePage');

export const tryBody = z
  .strictObject({
    resource: resourceName,
    code: z.string().max(200).meta({ description: 'As it was typed.', example: '4t7k x3m 9rw' }),
    visitorIp: z
      .union([z.ipv4(), z.ipv6()])
      .optional()
      .meta({
        description:
          'Where your visitor’s own request came from: counted against who guesses, never stored as it is. Without it what others ' +
          'guessed counts against everybody.',
        example: '203.0.113.7',
      }),
  })
  .openapi('AccessCodeTry');

export const tryAnswer = z
  .object({
    valid: z.boolean().meta({ description: 'It opened, and one use of it is gone.' }),
    because: z
      .enum([...codeRefusals, 'closed'])
      .nullable()
      .meta({
        description:
          'Why not, for you alone: tell a stranger one sentence for all of them. `closed`: the resource is switched off.',
      }),
    code: z
      .union([codeShape, z.null()])
      .meta({ description: 'The code it was, as it stands now; null where it was none.' }),
    useId: z.string().nullable().meta({ description: 'Of this use: what the `jti` of a token would be.' }),
  })
  .openapi('AccessCodeTried');
