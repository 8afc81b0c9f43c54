// Routes about access codes: what they open, making, listing and revoking them, and trying one at a merchant's own door.

import { codeLengthMin, lifeOf, showCode, usualAccessResource } from '../core/access-code.ts';
import { type CodeWish, issueAccessCode, revokeCode, tryAccessCode } from '../flow/access-codes.ts';
import {
  changeAccessResource,
  createAccessResource,
  removeAccessResource,
  type ResourceGone,
  type ResourceKept,
  type ResourceRefused,
} from '../flow/access-resources.ts';
import type { House } from '../flow/house.ts';
import { type AccessCode, listAccessCodes, readAccessCode } from '../store/access-codes.ts';
import { type AccessResource, listAccessResources, readAccessResource } from '../store/access-resources.ts';
import {
  codeBody,
  codeMade,
  codePage,
  codeParams,
  codeQuery,
  codeShape,
  resourceBody,
  resourceChange,
  resourceList,
  resourceParams,
  resourceRemoved,
  resourceShape,
  tryAnswer,
  tryBody,
} from './access-shapes.ts';
import { defined } from './api-consultants.ts';
import { type ApiAnswer, type ApiRoutes, problemAnswer } from './routes.ts';
import { wrongFields } from './wrong-fields.ts';

export function accessRoutes(routes: ApiRoutes, house: House): void {
  resourceRoutes(routes, house);
  codeRoutes(routes, house);
}

function resourceRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/access-resources',
    area: 'settings',
    name: 'listAccessResources',
    summary: 'What your access codes open.',
    answer: { status: 200, description: 'All of it.', shape: resourceList },
    problems: [],
    act: async ({ merchantId }) => {
      const found = await house.db.asMerchant(merchantId, listAccessResources);
      return { status: 200, body: { data: found.map((one) => resourceOf(house, one)) } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/access-resources/{resource}',
    area: 'settings',
    name: 'readAccessResource',
    summary: 'One resource.',
    params: resourceParams,
    versioned: true,
    answer: { status: 200, description: 'As it is.', shape: resourceShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params }) => {
      const resource = await house.db.asMerchant(merchantId, (tx) => readAccessResource(tx, params.resource));
      return answerOf(house, 200, resource ? { outcome: 'kept', resource } : { outcome: 'unknown' });
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/access-resources',
    area: 'settings',
    name: 'createAccessResource',
    summary: 'Something access codes open: a page or a site of yours.',
    description: 'Send an Idempotency-Key: a repeat with it finds the same one.',
    body: resourceBody,
    versioned: true,
    answer: { status: 201, description: 'As it was made.', shape: resourceShape },
    problems: ['slug-taken'],
    act: async ({ merchantId, by: actor, body, requestKey }) => {
      const { slug, codeLength, ...rest } = body;
      const usual = Math.max(usualAccessResource.codeLength, codeLengthMin(rest.alphabet));
      const settings = { ...rest, codeLength: codeLength ?? usual };
      return answerOf(
        house,
        201,
        await createAccessResource(house, { merchantId, actor, slug }, settings, requestKey),
      );
    },
  });

  routes.add({
    method: 'patch',
    path: '/v1/access-resources/{resource}',
    area: 'settings',
    name: 'changeAccessResource',
    summary: 'Changes a resource. What is left out stays.',
    description:
      'Codes that were made keep their signs, validity and uses; the address, the name and `active` hold for them too.',
    params: resourceParams,
    body: resourceChange,
    versioned: true,
    answer: { status: 200, description: 'As it is now.', shape: resourceShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, by: actor, params: { resource: slug }, basedOn, body }) => {
      const of = { merchantId, actor, slug, ...(basedOn !== undefined && { basedOn }) };
      return answerOf(house, 200, await changeAccessResource(house, of, defined(body)));
    },
  });

  routes.add({
    method: 'delete',
    path: '/v1/access-resources/{resource}',
    area: 'settings',
    name: 'removeAccessResource',
    summary: 'Removes a resource no sale ends in: its page is gone, and its codes open nothing.',
    params: resourceParams,
    versioned: true,
    answer: { status: 200, description: 'It is gone.', shape: resourceRemoved },
    problems: ['unknown-id', 'resource-in-use'],
    act: async ({ merchantId, by: actor, params: { resource: slug }, basedOn }) => {
      const of = { merchantId, actor, slug, ...(basedOn !== undefined && { basedOn }) };
      const gone = await removeAccessResource(house, of);
      return gone.outcome === 'gone' ? { status: 200, body: { slug, removed: true } } : refused(gone);
    },
  });
}

function codeRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'post',
    path: '/v1/access-codes',
    area: 'clients',
    name: 'createAccessCode',
    summary: 'Makes an access code, and shows it this once.',
    description:
      'Send an Idempotency-Key: however late the same request is repeated with it, it is answered with the same code.',
    body: codeBody,
    answer: { status: 201, description: 'The code, to be handed on.', shape: codeMade },
    problems: [],
    act: async ({ merchantId, body, requestKey }): Promise<ApiAnswer> => {
      const wish = {
        ...body,
        merchantId,
        madeBy: 'api' as const,
        ...(requestKey !== undefined && { requestKey }),
      };
      const made = await house.db.asMerchant(merchantId, (tx) =>
        issueAccessCode(house, tx, defined(wish) as CodeWish),
      );
      if (made.outcome !== 'issued') return noSuchResource;
      return { status: 201, body: { ...codeEntry(house, made.code), code: showCode(made.text) } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/access-codes',
    area: 'clients',
    name: 'listAccessCodes',
    summary: 'Access codes that were made, without the codes themselves.',
    query: codeQuery,
    answer: { status: 200, description: 'A page of them.', shape: codePage },
    problems: [],
    act: async ({ merchantId, query }) => {
      const { limit, order, ...which } = query;
      const found = await house.db.asMerchant(merchantId, (tx) =>
        listAccessCodes(tx, { ...defined(which), order, limit: limit + 1 }),
      );
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { status: 200, body: { data: page.map((one) => codeEntry(house, one)), next } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/access-codes/{id}',
    area: 'clients',
    name: 'readAccessCode',
    summary: 'One access code, without the code itself.',
    params: codeParams,
    answer: { status: 200, description: 'As it stands.', shape: codeShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }) =>
      codeAnswer(house, await house.db.asMerchant(merchantId, (tx) => readAccessCode(tx, id))),
  });

  routes.add({
    method: 'post',
    path: '/v1/access-codes/{id}/revoke',
    area: 'clients',
    name: 'revokeAccessCode',
    summary: 'The code opens nothing from now on. Who is inside stays inside: that is your site’s.',
    params: codeParams,
    answer: { status: 200, description: 'As it stands.', shape: codeShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { id } }) => codeAnswer(house, await revokeCode(house, merchantId, id)),
  });

  routes.add({
    method: 'post',
    path: '/v1/access-codes/verify',
    area: 'clients',
    // What was used stands in the codes themselves.
    audited: false,
    name: 'verifyAccessCode',
    summary: 'Tries a code at a door of yours: where it opens, one use of it is gone.',
    description:
      'With an Idempotency-Key a repeat is the same use, however late it comes. Who guesses is answered 429 without being ' +
      'looked at.',
    body: tryBody,
    answer: { status: 200, description: 'Whether it opens.', shape: tryAnswer },
    problems: ['too-many-tries'],
    act: async ({ merchantId, body, requestKey, session, place }): Promise<ApiAnswer> => {
      // Who tries by hand is himself the visitor: his misses are not those of everybody whose address nobody told.
      const ip = body.visitorIp ?? (session ? place.address : '');
      const tried = await tryAccessCode(house, merchantId, {
        resource: body.resource,
        typed: body.code,
        from: { ip },
        door: 'api',
        ...(requestKey !== undefined && { requestKey }),
      });
      switch (tried.outcome) {
        case 'admitted': {
          const { code, claims } = tried;
          const useId = claims.jti;
          return { status: 200, body: { valid: true, because: null, code: codeEntry(house, code), useId } };
        }
        case 'refused': {
          const code = tried.code ? codeEntry(house, tried.code) : null;
          return { status: 200, body: { valid: false, because: tried.because, code, useId: null } };
        }
        case 'closed':
          return { status: 200, body: { valid: false, because: 'closed', code: null, useId: null } };
        case 'too_often': {
          const { retryAfterSeconds } = tried;
          return {
            problem: { kind: 'too-many-tries', retryAfterSeconds, detail: triedTooOften },
            began: false,
          };
        }
        case 'unknown_resource':
          return noSuchResource;
      }
    },
  });
}

const triedTooOften = {
  en: 'Too many codes that open nothing were tried from here. Wait as long as Retry-After says; the code was not looked at.',
  fr: 'Trop de codes qui n’ouvrent rien ont été essayés depuis cet endroit. Attendez le temps indiqué par Retry-After ; le code n’a pas été examiné.',
};

const noSuchResource = wrongFields([
  { field: 'resource', sentence: 'None of your access resources has this name.' },
]);

function resourceOf({ publicUrl }: House, resource: AccessResource): object {
  const { id, slug, version, name, address, alphabet, codeLength } = resource;
  const { validForSeconds, uses, active, lines } = resource;
  const pageUrl = `${publicUrl}/access/${slug}`;
  const made = { alphabet, codeLength, validForSeconds, uses };
  const scriptUrl = `${publicUrl}/access.js`;
  const keysUrl = `${publicUrl}/.well-known/jwks.json`;
  return { id, slug, version, name, address, ...made, active, pageUrl, scriptUrl, keysUrl, lines };
}

function codeEntry({ clock }: Pick<House, 'clock'>, code: AccessCode): object {
  const { id, resource, madeBy, createdAt, validUntil, uses, usesMax } = code;
  const { lastUsedAt, revokedAt, orderId, reference } = code;
  return {
    id,
    resource,
    state: lifeOf(code, clock.now()),
    madeBy,
    createdAt: createdAt.toISOString(),
    validUntil: validUntil.toISOString(),
    uses,
    usesLeft: usesMax === null ? null : usesMax - uses,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    orderId,
    reference,
  };
}

function codeAnswer(house: House, code: AccessCode | undefined): ApiAnswer {
  if (!code) return { problem: { kind: 'unknown-id' }, began: false };
  return { status: 200, body: codeEntry(house, code) };
}

function answerOf(house: House, status: 200 | 201, kept: ResourceKept): ApiAnswer {
  if (kept.outcome !== 'kept') return refused(kept);
  return { status, body: resourceOf(house, kept.resource), version: kept.resource.version };
}

function refused(is: ResourceRefused | Exclude<ResourceGone, { outcome: 'gone' }>): ApiAnswer {
  switch (is.outcome) {
    case 'wrong':
      return wrongFields(is.wrong);
    case 'changed_meanwhile':
      return problemAnswer('changed-meanwhile', { members: { version: is.stands } });
    case 'in_use':
      return problemAnswer('resource-in-use', { members: { lines: is.lines } });
    case 'slug_taken':
      return problemAnswer('slug-taken');
    default:
      return problemAnswer('unknown-id');
  }
}
