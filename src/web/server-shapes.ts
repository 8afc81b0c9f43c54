// A merchant's own server as it goes over the API: with its passwords on the way in, without on the way out.

import { z } from './routes.ts';

/** RFC 7617: no colon in a name, no control character in either; and XML can write all of it. */
const user = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/[\p{C}:]/u.test(text), { error: 'Must not hold a colon or a control character.' });
const password = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/\p{Cc}/u.test(text), { error: 'Must not hold a control character.' })
  .meta({ description: 'Never shown again.' });
const login = z.strictObject({ user, password });

const timeoutMs = z
  .int({ error: 'Must be a whole number of milliseconds.' })
  .min(500, { error: 'Must be 500 to 5000 milliseconds.' })
  .max(5_000, { error: 'Must be 500 to 5000 milliseconds.' });

const protocol = z.enum(['rest', 'soap']).meta({
  description: '`rest`: JSON, signed (`webhooks` of this document). `soap`: `/soap/v1/merchant-server.wsdl`.',
});
const url = z
  .url({ protocol: /^https?$/, error: 'Must be an address such as https://you.example/ringmeter.' })
  .max(2000)
  .meta({
    description:
      'REST: what `/recognize-caller` and the others are below. SOAP: the endpoint. https, at a public address.',
    example: 'https://you.example/ringmeter',
  });

export const serverBody = z
  .strictObject({
    protocol,
    url,
    timeoutMs: timeoutMs.default(4_000).meta({
      description: 'How long a caller waits for an answer at most; then what his number does in that case.',
    }),
    basic: login.nullable().optional().meta({
      description:
        'HTTP Basic. Left out: as it is; null: none. An address at another host wants it said again.',
    }),
    usernameToken: login.nullable().optional().meta({
      description: 'SOAP: WS-Security UsernameToken, with a digest of the password. As with `basic`.',
    }),
  })
  .openapi('MerchantServerRequest');

export const serverFactsShape = z
  .object({
    protocol,
    url: z.string(),
    timeoutMs: z.int(),
    hasBasic: z.boolean(),
    hasUsernameToken: z.boolean(),
    hasSigningSecret: z.boolean(),
  })
  .openapi('MerchantServer');

export const signingSecret = z.string().nullable().meta({
  description:
    'By the Standard Webhooks rules, where it was made by this request: keep it, it is shown this once. Else null.',
  example: null,
});

export const rotatedShape = z
  .object({
    signingSecret: z.string().meta({ example: 'whsec_...' }),
    oldUntil: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Until then the old one signs too, as a second signature in the same header.' }),
  })
  .openapi('SigningSecret');
