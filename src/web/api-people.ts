// Routes about who works for a merchant: inviting, roles and rights; the links they come by; and the trail of what everybody did.

import type { House } from '../flow/house.ts';
import {
  acceptInvitation,
  changeMember,
  invite,
  type PositionRefusal,
  readInvitation,
  removeMember,
} from '../flow/members.ts';
import { askForReset, resetPassword } from '../flow/passwords.ts';
import { listAudit } from '../store/audit.ts';
import { listMembers, type Member } from '../store/people.ts';
import { areas } from '../core/sign-in.ts';
import type { Language } from '../core/ids.ts';
import { answerOf } from './api-session.ts';
import { actorShape, idParams } from './api-shapes.ts';
import { type ApiAnswer, type ApiRoutes, z } from './routes.ts';
import {
  emailShape,
  instant,
  linkUnknown,
  newPassword,
  type Refusal,
  refusalAnswer,
  rightsShape,
  roleShape,
  staffRights,
  token,
  weakPassword,
  wrongField,
} from './session-shapes.ts';

const memberShape = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string().nullable(),
    language: z.enum(['fr', 'en']),
    role: roleShape,
    rights: rightsShape,
    consultantId: z.string().nullable(),
    status: z.enum(['invited', 'active']),
    hasTotp: z.boolean(),
  })
  .openapi('User');

const consultantId = z.string().max(80).meta({ description: 'Of a consultant: which of yours he is.' });

const entryShape = z
  .object({
    id: z.string(),
    position: z.int(),
    at: instant,
    by: actorShape,
    area: z.enum(areas),
    action: z.string().meta({ description: 'The operation, as this document names it.' }),
    subject: z.string().nullable(),
    details: z.unknown().meta({ description: 'The fields that were sent, by name; never what was in them.' }),
  })
  .openapi('AuditEntry');

const done = z.object({ done: z.literal(true) }).openapi('Done');
const doneAnswer = { status: 200, body: { done: true } } as const;
const unknownId: Refusal = { problem: { kind: 'unknown-id' }, began: false };
const invitationShape = z
  .object({
    email: z.string(),
    merchant: z.string().nullable().meta({ description: 'Null: to run the house.' }),
    role: roleShape.or(z.literal('operator')),
    hasPassword: z.boolean().meta({ description: 'There is an account, and its password accepts.' }),
  })
  .openapi('Invitation');

const positionSentences: Record<PositionRefusal, Record<Language, string>> = {
  consultant_unknown: {
    en: 'None of your consultants has this id.',
    fr: 'Aucun de vos consultants n’a cet identifiant.',
  },
  consultant_missing: { en: 'Say which consultant this is.', fr: 'Dites de quel consultant il s’agit.' },
};

function bodyOf({
  id,
  email,
  name,
  language,
  role,
  rights,
  consultantId: who,
  status,
  hasTotp,
}: Member): object {
  return { id, email, name, language, role, rights, consultantId: who, status, hasTotp };
}

export function peopleRoutes(routes: ApiRoutes, house: House): void {
  memberRoutes(routes, house);
  linkRoutes(routes, house);

  routes.add({
    method: 'get',
    path: '/v1/audit',
    area: 'users',
    name: 'listAudit',
    summary: 'What was done, by whom and when.',
    query: z.object({
      after: z.coerce
        .number()
        .int()
        .min(0)
        .optional()
        .meta({ description: 'The `next` of the page before.' }),
      order: z
        .enum(['oldest', 'newest'])
        .default('oldest')
        .meta({ description: 'Which come first; the same on every page.' }),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: {
      status: 200,
      description: 'A page of it.',
      shape: z
        .object({ data: z.array(entryShape), hasMore: z.boolean(), next: z.int().nullable() })
        .openapi('Audit'),
    },
    problems: [],
    act: async ({ merchantId, query: { after, order, limit } }): Promise<ApiAnswer> => {
      const found = await house.db.asMerchant(merchantId, (tx) =>
        listAudit(tx, {
          merchantId,
          newestFirst: order === 'newest',
          limit: limit + 1,
          ...(after !== undefined && { from: after }),
        }),
      );
      const page = found.slice(0, limit);
      return {
        status: 200,
        body: {
          data: page.map(({ position, at, by, area, what, subject, fields }) => ({
            id: String(position),
            position,
            at: at.toISOString(),
            by,
            area,
            action: what,
            subject,
            details: fields,
          })),
          hasMore: found.length > limit,
          next: page.at(-1)?.position ?? null,
        },
      };
    },
  });
}

function memberRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/users',
    area: 'users',
    name: 'listUsers',
    summary: 'Who works for you, and as what.',
    answer: {
      status: 200,
      description: 'By address.',
      shape: z.object({ data: z.array(memberShape) }).openapi('Users'),
    },
    problems: [],
    act: async ({ merchantId }): Promise<ApiAnswer> => {
      const members = await house.db.asMerchant(merchantId, (tx) => listMembers(tx, merchantId));
      return { status: 200, body: { data: members.map(bodyOf) } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/users',
    area: 'users',
    stepUp: true,
    name: 'inviteUser',
    summary: 'Invites somebody, or once more whoever has not come yet.',
    description: 'By mail. Where this house sends none, the answer holds the link, this once.',
    body: z
      .strictObject({
        email: emailShape,
        role: roleShape,
        rights: staffRights.optional(),
        consultantId: consultantId.optional(),
        language: z
          .enum(['fr', 'en'])
          .optional()
          .meta({ description: 'Of the letter; absent: of this request.' }),
      })
      .openapi('UserInvitation'),
    answer: {
      status: 201,
      description: 'Invited.',
      shape: memberShape
        .extend({
          link: z.string().nullable().meta({ description: 'To be handed over by you; null: it was mailed.' }),
        })
        .openapi('InvitedUser'),
    },
    problems: ['already-member'],
    act: async ({ merchantId, body, by, language }): Promise<ApiAnswer> => {
      const { email, role, rights, consultantId: who } = body;
      const wish = {
        email,
        role,
        language: body.language ?? language,
        ...(rights && { rights: rights as Record<string, string> }),
        ...(who !== undefined && { consultantId: who }),
      };
      const invited = await invite(house, merchantId, wish, by?.name ?? 'Ringmeter');
      if (invited.outcome === 'member') return { problem: { kind: 'already-member' }, began: false };
      if (invited.outcome === 'refused') {
        return wrongField('consultantId', positionSentences[invited.because][language]);
      }
      const { member, link } = invited;
      return {
        status: 201,
        body: { ...bodyOf(member), link: link ?? null },
        trace: { subject: member.id, fields: { email: member.email, role, rights: member.rights } },
      };
    },
  });

  routes.add({
    method: 'patch',
    path: '/v1/users/{id}',
    area: 'users',
    stepUp: true,
    name: 'changeUser',
    summary: 'Another role, other rights. They hold from the next request on.',
    params: idParams,
    body: z
      .strictObject({
        role: roleShape.optional(),
        rights: staffRights.optional(),
        consultantId: consultantId.optional(),
      })
      .openapi('UserChange'),
    answer: { status: 200, description: 'As it is now.', shape: memberShape },
    problems: ['unknown-id', 'last-owner'],
    act: async ({ merchantId, params: { id }, body, language }): Promise<ApiAnswer> => {
      const { role, rights, consultantId: who } = body;
      const changed = await changeMember(house, merchantId, id, {
        ...(role && { role }),
        ...(rights && { rights: rights }),
        ...(who !== undefined && { consultantId: who }),
      });
      if (changed.outcome === 'unknown') return unknownId;
      if (changed.outcome === 'last_owner') return { problem: { kind: 'last-owner' }, began: false };
      if (changed.outcome === 'refused') {
        return wrongField('consultantId', positionSentences[changed.because][language]);
      }
      const { member, was } = changed;
      const position = (of: typeof was): object => ({
        role: of.role,
        rights: of.rights,
        consultantId: of.consultantId,
      });
      return {
        status: 200,
        body: bodyOf(member),
        trace: { subject: id, fields: { from: position(was), to: position(member) } },
      };
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/users/{id}',
    area: 'users',
    stepUp: true,
    name: 'removeUser',
    summary: 'He works for you no more: his sessions open nothing of yours from the next request on.',
    params: idParams,
    answer: { status: 200, description: 'He is gone.', shape: done },
    problems: ['unknown-id', 'last-owner'],
    act: async ({ merchantId, params: { id } }): Promise<ApiAnswer> => {
      const removed = await removeMember(house, merchantId, id);
      if (removed === 'unknown') return unknownId;
      if (removed === 'last_owner') return { problem: { kind: 'last-owner' }, began: false };
      return doneAnswer;
    },
  });
}

function linkRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/invitations/{token}',
    area: 'own',
    admits: 'nobody',
    name: 'readInvitation',
    summary: 'What the link of an invitation is for.',
    params: token,
    answer: { status: 200, description: 'It holds.', shape: invitationShape },
    problems: ['link-unknown'],
    act: async ({ params }): Promise<ApiAnswer> => {
      const open = await readInvitation(house, params.token);
      return open ? { status: 200, body: open } : linkUnknown;
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/invitations/{token}',
    area: 'own',
    admits: 'nobody',
    name: 'acceptInvitation',
    summary: 'Comes in: with name and a password of his choice, or with the password of the account he has.',
    description: 'Signs him in, unless his account has a second factor, which is asked for at the door.',
    params: token,
    body: z.strictObject({ name: z.string().trim().min(1).max(80), password: newPassword }),
    answer: {
      status: 200,
      description: 'He works here now.',
      shape: z
        .object({ outcome: z.enum(['signed_in', 'accepted']), user: z.unknown().optional() })
        .openapi('InvitationAccepted'),
    },
    problems: ['link-unknown', 'sign-in-refused', 'too-many-tries'],
    act: async ({ params, body, place, language }): Promise<ApiAnswer> => {
      const accepted = await acceptInvitation(house, params.token, body, place);
      if (accepted.outcome === 'unknown_link') return linkUnknown;
      if (accepted.outcome === 'weak') return weakPassword(accepted.because, 'password', language);
      if (accepted.outcome !== 'accepted') return refusalAnswer(accepted);
      const { userId, merchantId, email, session } = accepted;
      const kind = merchantId === null ? ('operator' as const) : ('user' as const);
      const trace = { merchantId, subject: userId, fields: [], by: { kind, id: userId, name: email } };
      if (!session) return { status: 200, body: { outcome: 'accepted' }, trace };
      return { ...(await answerOf(house, { outcome: 'signed_in', ...session })), trace };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/password-resets',
    area: 'own',
    admits: 'nobody',
    name: 'askForReset',
    summary: 'Mails a link for a new password, if this address has an account.',
    body: z.strictObject({ email: emailShape }),
    answer: { status: 202, description: 'Whoever it is, and whether or not.', shape: done },
    problems: [],
    act: async ({ body, place }): Promise<ApiAnswer> => {
      await askForReset(house, body.email, place);
      return { status: 202, body: { done: true } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/password-resets/{token}',
    area: 'own',
    admits: 'nobody',
    name: 'resetPassword',
    summary: 'Another password, by the link of the letter; every session of this person ends.',
    params: token,
    body: z.strictObject({ password: newPassword }),
    answer: { status: 200, description: 'It holds from now on; sign in with it.', shape: done },
    problems: ['link-unknown'],
    act: async ({ params, body, language }): Promise<ApiAnswer> => {
      const set = await resetPassword(house, params.token, body.password);
      if (set.outcome === 'unknown_link') return linkUnknown;
      if (set.outcome === 'weak') return weakPassword(set.because, 'password', language);
      return doneAnswer;
    },
  });
}
