// Shapes and refusals the routes about people and their sessions share.

import type { PasswordRefusal } from '../core/sign-in.ts';
import { areas, passwordCharacters, roles, staffAreas } from '../core/sign-in.ts';
import type { Language } from '../core/ids.ts';
import type { Refused } from '../flow/sign-in.ts';
import { type ApiAnswer, z } from './routes.ts';

export const instant = z.iso.datetime();
export const emailShape = z.string().trim().max(254).pipe(z.email()).meta({ example: 'ana@shop.example' });
/** Given to get in: never judged by its form, or somebody would learn which forms there are. */
export const givenPassword = z.string().min(1).max(400).meta({ format: 'password' });
export const newPassword = z
  .string()
  .min(1)
  .max(400)
  .meta({
    format: 'password',
    description: `${String(passwordCharacters.min)} characters or more; any that can be typed.`,
  });
export const codeShape = z.string().min(4).max(40).meta({
  description: 'Six digits of the authenticator, or one of the codes for paper.',
  example: '123456',
});
export const roleShape = z.enum(roles).meta({
  description:
    '`owner`: everything. `staff`: what `rights` says. `accountant`: reads calls, money, clients. `consultant`: himself alone.',
});
const right = z.enum(['read', 'write']);
export const rightsShape = z
  .partialRecord(z.enum(areas), right)
  .meta({ description: 'By area; what is not named may not even be read.', example: { calls: 'read' } });
export const staffRights = z.partialRecord(z.enum(staffAreas), right).meta({
  description: 'Of staff, by area. `users` may be read at most.',
  example: { consultants: 'write' },
});
export const token = z.object({ token: z.string().regex(/^[0-9A-Za-z_-]{16,64}$/) });

export const merchantShape = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string().meta({ description: 'His name in links.' }),
  timeZone: z.string(),
});

export type Refusal = Extract<ApiAnswer, { problem: unknown }>;

export function refusalAnswer(refused: Refused): Refusal {
  return refused.outcome === 'refused'
    ? { problem: { kind: 'sign-in-refused' }, began: false }
    : { problem: { kind: 'too-many-tries', retryAfterSeconds: refused.retryAfterSeconds }, began: false };
}

export const linkUnknown: Refusal = { problem: { kind: 'link-unknown' }, began: false };

const weak: Record<PasswordRefusal, Record<Language, string>> = {
  too_short: {
    en: `Take ${String(passwordCharacters.min)} characters or more: four words do well.`,
    fr: `Choisissez au moins ${String(passwordCharacters.min)} caractères : quatre mots conviennent bien.`,
  },
  too_long: {
    en: `Take ${String(passwordCharacters.max)} characters at most.`,
    fr: `Choisissez au plus ${String(passwordCharacters.max)} caractères.`,
  },
  too_simple: {
    en: 'This is among the first to be tried. Take four words that do not belong together.',
    fr: 'Celui-ci est parmi les premiers essayés. Choisissez quatre mots sans rapport.',
  },
};

export function weakPassword(because: PasswordRefusal, field: string, language: Language): Refusal {
  return wrongField(field, weak[because][language]);
}

export function wrongField(field: string, detail: string): Refusal {
  const errors = [{ in: 'body', pointer: `#/${field}`, detail }];
  return { problem: { kind: 'invalid-request', members: { errors } }, began: false };
}
