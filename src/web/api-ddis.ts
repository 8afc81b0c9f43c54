// Routes about the numbers people dial: what each leads to, and how its callers are recognized.

import type { E164 } from '../core/ids.ts';
import { inboundSettings, type RefusedSettings } from '../core/inbound-settings.ts';
import { setDdi } from '../flow/ddi-settings.ts';
import type { House } from '../flow/house.ts';
import { rotateSecret, serverFacts } from '../flow/merchant-server-settings.ts';
import { type Ddi, listDdis, readDdi } from '../store/ddis.ts';
import { ddiBody, ddiList, ddiParams, ddiSetShape, ddiShape } from './ddi-shapes.ts';
import type { ApiAnswer, ApiRoutes, z } from './routes.ts';
import { rotatedShape } from './server-shapes.ts';
import { wrongFields } from './wrong-fields.ts';

const unknown: ApiAnswer = { problem: { kind: 'unknown-id' }, began: false };

export function ddiRoutes(routes: ApiRoutes, house: House): void {
  routes.add({
    method: 'get',
    path: '/v1/ddis',
    area: 'lines',
    name: 'listDdis',
    summary: 'The numbers your callers dial, and how those are recognized.',
    answer: { status: 200, description: 'All of them.', shape: ddiList },
    problems: [],
    act: async ({ merchantId }) => {
      const found = await house.db.asMerchant(merchantId, (tx) => listDdis(tx));
      return { status: 200, body: { data: found.map((ddi) => ddiEntry(house, merchantId, ddi)) } };
    },
  });

  routes.add({
    method: 'get',
    path: '/v1/ddis/{number}',
    area: 'lines',
    name: 'readDdi',
    summary: 'One of the numbers your callers dial.',
    params: ddiParams,
    answer: { status: 200, description: 'As it is.', shape: ddiShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, params: { number } }): Promise<ApiAnswer> => {
      const ddi = await house.db.asMerchant(merchantId, (tx) => readDdi(tx, number as E164));
      return ddi ? { status: 200, body: ddiEntry(house, merchantId, ddi) } : unknown;
    },
  });

  routes.add({
    method: 'put',
    path: '/v1/ddis/{number}',
    area: 'lines',
    stepUp: true,
    name: 'setDdi',
    summary: 'Says what a number of yours leads to and how its callers are recognized.',
    description:
      'All of it: what is left out is as usual again, but for the passwords of a server that stays at its host. Holds for ' +
      'the next call; calls under way go on as they began. The last write wins. The number itself is supplied by us.',
    params: ddiParams,
    body: ddiBody,
    answer: { status: 200, description: 'As it is now.', shape: ddiSetShape },
    problems: ['unknown-id'],
    act: async ({ merchantId, by: actor, params: { number }, body }): Promise<ApiAnswer> => {
      const { kind, line, recognizedBy, active, clientCode: code, ownServer, refused, ...settings } = body;
      const set = await setDdi(house, { merchantId, actor }, number as E164, {
        kind,
        line: line ?? null,
        // Of the service nobody is asked.
        recognizedBy: recognizedBy ?? 'server',
        active,
        settings: { code, refused: refusedOf(refused), ...settings },
        ownServer: ownServer && wishOf(ownServer),
      });
      if (set.outcome === 'unknown_ddi') return unknown;
      if (set.outcome === 'wrong') return wrongFields(set.wrong);
      const { ddi, signingSecret = null } = set;
      return { status: 200, body: { ...ddiEntry(house, merchantId, ddi), signingSecret } };
    },
  });

  routes.add({
    method: 'post',
    path: '/v1/ddis/{number}/signing-secret',
    area: 'settings',
    stepUp: true,
    name: 'rotateDdiSigningSecret',
    summary: 'A new signing secret for a number’s own server; the old one signs beside it for a day.',
    description: 'Shown this once. Send an Idempotency-Key: a repeat with it shows the same one.',
    params: ddiParams,
    answer: { status: 201, description: 'The new secret.', shape: rotatedShape },
    problems: ['unknown-id', 'no-server'],
    act: async ({ merchantId, by: actor, params }): Promise<ApiAnswer> => {
      const number = params.number as E164;
      const ddi = await house.db.asMerchant(merchantId, (tx) => readDdi(tx, number));
      if (!ddi) return unknown;
      const rotated = await rotateSecret(house, { merchantId, actor }, { ddi: number });
      return rotated ? { status: 201, body: rotated } : { problem: { kind: 'no-server' }, began: false };
    },
  });
}

/** What was not given is not there, rather than there and undefined. */
function refusedOf({ text: { fr, en }, ring }: z.output<typeof ddiBody>['refused']): RefusedSettings {
  return {
    text: { ...(fr !== undefined && { fr }), ...(en !== undefined && { en }) },
    ...(ring && { ring }),
  };
}

function wishOf({ basic, usernameToken, ...rest }: NonNullable<z.output<typeof ddiBody>['ownServer']>) {
  return {
    ...rest,
    ...(basic !== undefined && { basic }),
    ...(usernameToken !== undefined && { usernameToken }),
  };
}

function ddiEntry(house: House, merchantId: string, { settings, ownServer, ...ddi }: Ddi): object {
  const { code, ...rest } = inboundSettings(settings);
  return {
    ...ddi,
    ownServer: ownServer && serverFacts(house, merchantId, ownServer),
    clientCode: code,
    ...rest,
  };
}
