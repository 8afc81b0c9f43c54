// Routes about the password a merchant's programs send a digest of over SOAP.

import type { House } from '../flow/house.ts';
import { dropSoapPassword, makeSoapPassword } from '../flow/soap-password.ts';
import { type ApiRoutes, z } from './routes.ts';

const passwordShape = z
  .object({
    userName: z.string().meta({
      description: 'The `Username` of the token. It stays yours when the password is made anew.',
      example: 'soap_01jd0000000000000000000000',
    }),
    password: z.string().meta({
      description: 'Shown here and never again, but in the answer to a repeat with the same Idempotency-Key.',
    }),
  })
  .openapi('SoapPassword');

export function soapPasswordRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/soap-password',
    area: 'settings',
    stepUp: true,
    name: 'makeSoapPassword',
    summary: 'Makes the password your programs send a WS-Security digest of at /soap/v1.',
    description:
      'For programs that prove themselves by a UsernameToken with PasswordDigest, a fresh nonce and an instant at most five ' +
      'minutes off. There is one at a time: the one before it is refused from then on. It is no API key and opens nothing else.',
    answer: { status: 201, description: 'User name and password.', shape: passwordShape },
    problems: [],
    act: async ({ merchantId }) => ({ status: 201, body: await makeSoapPassword(house, merchantId) }),
  });

  routes.add({
    method: 'delete',
    path: '/v1/soap-password',
    area: 'settings',
    stepUp: true,
    name: 'dropSoapPassword',
    summary: 'Takes the SOAP password away: no digest is taken from then on.',
    answer: {
      status: 200,
      description: 'There is none now.',
      shape: z
        .object({ dropped: z.boolean().meta({ description: 'Whether there was one.' }) })
        .openapi('SoapPasswordDropped'),
    },
    problems: [],
    act: async ({ merchantId }) => ({
      status: 200,
      body: { dropped: await dropSoapPassword(house, merchantId) },
    }),
  });
}
