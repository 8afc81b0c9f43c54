// Routes about one's own account: the second factor and the password.

import { toString as qrCode } from 'qrcode';
import type { House } from '../flow/house.ts';
import { changePassword } from '../flow/passwords.ts';
import { confirmSecondFactor, offerSecondFactor, removeSecondFactor } from '../flow/second-factor.ts';
import type { SignedIn } from '../flow/sessions.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import { givenPassword, newPassword, refusalAnswer, weakPassword } from './session-shapes.ts';

/** Who came by short number has neither password nor second factor here. */
function personOf(session: SignedIn | undefined): (SignedIn & { userId: string; email: string }) | undefined {
  if (session?.userId === undefined || session.email === null) return undefined;
  return { ...session, userId: session.userId, email: session.email };
}
const noRight: ApiAnswer = { problem: { kind: 'no-right' }, began: false };

const done = z.object({ done: z.literal(true) }).openapi('Done');

export function meRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/me/totp',
    area: 'own',
    admits: 'enrolling',
    audited: false,
    name: 'offerSecondFactor',
    summary:
      'A secret to be put into an authenticator. What one has holds until a code of the new one is confirmed.',
    answer: {
      status: 200,
      description: 'Shown this once.',
      shape: z
        .object({
          secret: z.string().meta({ description: 'Base 32, to be typed where nothing is scanned.' }),
          uri: z.string().meta({ description: 'What an authenticator reads: otpauth://...' }),
          qrSvg: z.string().meta({ description: 'The same to be scanned.' }),
        })
        .openapi('SecondFactorOffer'),
    },
    problems: [],
    act: async ({ session }): Promise<ApiAnswer> => {
      const who = personOf(session);
      if (!who) return noRight;
      // Whoever has one shows first that it is he: else a session left open would change the lock.
      if (who.hasTotp && !who.steppedUpUntil) return { problem: { kind: 'step-up-needed' }, began: false };
      const { secret, uri } = await offerSecondFactor(house, { id: who.userId, email: who.email });
      const qrSvg = await qrCode(uri, { type: 'svg', margin: 1 });
      return { status: 200, body: { secret, uri, qrSvg } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/me/totp/confirm',
    area: 'own',
    admits: 'enrolling',
    name: 'confirmSecondFactor',
    summary: 'The first code of the new authenticator: from now on one is asked for at every sign-in.',
    body: z.strictObject({ code: z.string().min(6).max(12).meta({ example: '123456' }) }),
    answer: {
      status: 200,
      description: 'Codes for paper, each good once; shown this once. Other sessions of this person end.',
      shape: z.object({ recoveryCodes: z.array(z.string()) }).openapi('RecoveryCodes'),
    },
    problems: ['sign-in-refused'],
    act: async ({ session, body: { code } }): Promise<ApiAnswer> => {
      const who = personOf(session);
      if (!who) return noRight;
      const recoveryCodes = await confirmSecondFactor(house, who, code);
      if (!recoveryCodes) return { problem: { kind: 'sign-in-refused' }, began: false };
      return { status: 200, body: { recoveryCodes }, trace: { fields: [] } };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/me/totp',
    area: 'own',
    stepUp: true,
    name: 'removeSecondFactor',
    summary: 'No second factor any more. Owners and operators then set up another before anything else.',
    answer: { status: 200, description: 'It is gone, and its owner is told by mail.', shape: done },
    problems: [],
    act: async ({ session }): Promise<ApiAnswer> => {
      const who = personOf(session);
      if (!who) return noRight;
      await removeSecondFactor(house, who.userId);
      return { status: 200, body: { done: true } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/me/password',
    area: 'own',
    admits: 'enrolling',
    name: 'changePassword',
    summary: 'Another password; every other session of this person ends.',
    body: z.strictObject({ password: givenPassword, newPassword }),
    answer: { status: 200, description: 'It holds from now on.', shape: done },
    problems: ['sign-in-refused', 'too-many-tries'],
    act: async ({ session, body, place, language }): Promise<ApiAnswer> => {
      const who = personOf(session);
      if (!who) return noRight;
      const changed = await changePassword(house, who, body, place);
      if (changed.outcome === 'weak') return weakPassword(changed.because, 'newPassword', language);
      if (changed.outcome !== 'changed') return refusalAnswer(changed);
      return { status: 200, body: { done: true }, trace: { fields: [] } };
    },
  });
}
