// The door of every route: whoever adds one finds himself here.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { areas, type Rights } from '../../src/core/sign-in.ts';
import type { SignedIn } from '../../src/flow/sessions.ts';
import { bySession } from '../../src/web/authorize.ts';
import { merchantRoutes } from '../../src/web/merchant-api.ts';
import type { MountedRoute } from '../../src/web/routes.ts';
import { apiStage, ask, type Stage } from './api-stage.ts';
import { Browser, somebody } from './signed-in.ts';

let stage: Stage;
let routes: readonly MountedRoute[];
beforeAll(async () => {
  stage = await apiStage();
  ({ routes } = merchantRoutes(stage.house));
});
afterAll(() => stage.close());

const ids: Record<string, string> = {
  token: 'AbCdEfGhIjKlMnOpQrStUv',
  line: 'demo',
  kind: 'busy',
  code: '6006',
};
const pathOf = ({ path }: MountedRoute): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'con_demo_claire');
const nameOf = ({ method, path }: MountedRoute): string => `${method} ${path}`;

const person = (over: Partial<SignedIn>): SignedIn => ({
  sessionId: 'ses_1',
  kind: 'user',
  whole: true,
  userId: 'usr_1',
  name: 'Ana',
  email: 'ana@shop.example',
  language: 'en',
  role: 'staff',
  merchant: { id: 'mer_1', name: 'One', slug: 'one', timeZone: 'Europe/Paris' },
  rights: {},
  endsAt: new Date('2100-01-01'),
  hasTotp: true,
  mustSetUpTotp: false,
  ...over,
});
/** `in`: he is let in. */
const said = (route: MountedRoute, over: Partial<SignedIn>): string => {
  const admitted = bySession(route, person(over));
  return 'problem' in admitted ? admitted.problem.kind : 'in';
};
const steppedUp = { steppedUpUntil: new Date('2100-01-01') };

describe('every route', () => {
  it('is about something', () => {
    expect(routes.length).toBeGreaterThan(60);
    for (const { area } of routes) expect(areas).toContain(area);
  });

  it('lets nobody in who brings nothing, unless it is a door itself', async () => {
    const open = [];
    for (const route of routes) {
      const { status } = await ask(stage, route.method.toUpperCase(), pathOf(route), { key: null });
      if (status !== 401) open.push(nameOf(route));
    }
    expect(open.sort()).toEqual([
      'get /v1/invitations/{token}',
      'post /v1/invitations/{token}',
      'post /v1/password-resets',
      'post /v1/password-resets/{token}',
      'post /v1/session',
      'post /v1/session/short-number',
    ]);
  });

  it('asks whoever is signed in for the right to it, and an API key for none but a person’s own', async () => {
    const { browser } = await somebody(stage, { email: 'none@shop.example', role: 'staff' });
    for (const route of routes.filter(({ admits }) => admits !== 'nobody')) {
      const method = route.method.toUpperCase();
      if (route.area === 'own') {
        expect(await ask(stage, method, pathOf(route)), nameOf(route)).toMatchObject({ status: 403 });
        continue;
      }
      const { status, kind } = await browser.ask(method, pathOf(route));
      expect({ route: nameOf(route), status, kind }).toEqual({
        route: nameOf(route),
        status: 403,
        kind: 'no-right',
      });
    }
  });

  it('is read with one right, and written with the other', () => {
    for (const route of routes.filter(({ area }) => area !== 'own')) {
      const area = route.area as keyof Rights;
      const isRead = route.method === 'get' || route.right === 'read';
      const others = Object.fromEntries(
        areas.filter((one) => one !== area).map((one) => [one, 'write']),
      ) as Rights;
      expect(said(route, { ...steppedUp, rights: others }), nameOf(route)).toBe('no-right');
      expect(said(route, { ...steppedUp, rights: { [area]: 'read' } }), nameOf(route)).toBe(
        isRead ? 'in' : 'no-right',
      );
      expect(said(route, { ...steppedUp, rights: { [area]: 'write' } }), nameOf(route)).toBe('in');
      expect(said(route, { rights: { [area]: 'write' } }), nameOf(route)).toBe(
        route.stepUp === true ? 'step-up-needed' : 'in',
      );
      const { merchant: _none, ...ofNobody } = person({ ...steppedUp, rights: { [area]: 'write' } });
      expect(bySession(route, ofNobody)).toMatchObject({ problem: { kind: 'no-right' } });
    }
  });

  it('is read by another method where nothing is kept by it, and only there', () => {
    const read = routes.filter(({ right }) => right === 'read');
    expect(read.map(nameOf)).toEqual([
      'post /v1/scenarios/{slug}/check',
      'post /v1/scenarios/{slug}/simulate',
    ]);
  });

  it('lets who only reads scenarios try one, but not really ask a script, which reaches out', async () => {
    const { browser } = await somebody(stage, {
      email: 'reads@shop.example',
      role: 'staff',
      rights: { lines: 'read' },
    });
    const tries = (scripts: unknown) =>
      browser.ask('POST', '/v1/scenarios/nobodys/simulate', { cli: null, scripts });
    for (const scripts of ['call', [{ body: 'next=a' }, 'call']])
      expect(await tries(scripts)).toMatchObject({ status: 403, kind: 'no-right' });
    for (const scripts of [[], ['away']])
      expect(await tries(scripts)).toMatchObject({ status: 404, kind: 'unknown-id' });
  });

  it('opens to who owes a second factor, or has none where he must, only to give it', () => {
    const guarded = routes.filter(({ admits }) => admits !== 'nobody');
    const half = guarded.filter((route) => said(route, { ...steppedUp, whole: false }) === 'in');
    expect(half.map(nameOf).sort()).toEqual(['delete /v1/session', 'post /v1/session/second-factor']);
    const enrolling = guarded.filter((route) => said(route, { ...steppedUp, mustSetUpTotp: true }) === 'in');
    expect(enrolling.map(nameOf).sort()).toEqual([
      'delete /v1/session',
      'get /v1/session',
      'post /v1/me/password',
      'post /v1/me/totp',
      'post /v1/me/totp/confirm',
      'post /v1/session/merchant',
      'post /v1/session/second-factor',
    ]);
  });

  it('moves money, secrets or people only for who has shown again who he is', () => {
    expect(routes.filter(({ stepUp }) => stepUp === true).map(nameOf)).toEqual(
      expect.arrayContaining([
        'delete /v1/me/totp',
        'delete /v1/merchant-server',
        'delete /v1/sms-sender',
        'delete /v1/soap-password',
        'delete /v1/users/{id}',
        'patch /v1/users/{id}',
        'post /v1/clients/{code}/adjustments',
        'post /v1/clients/{code}/top-ups',
        'post /v1/ddis/{number}/signing-secret',
        'post /v1/merchant-server/signing-secret',
        'post /v1/orders/{id}/refunds',
        'post /v1/script-signing/auth-token',
        'post /v1/script-signing/secret',
        'post /v1/soap-password',
        'post /v1/users',
        'put /v1/ddis/{number}',
        'put /v1/merchant-server',
        'put /v1/sms-sender',
      ]),
    );
  });

  it('with a cookie and no origin of ours changes nothing', async () => {
    const browser = new Browser(stage);
    browser.cookie = 'AbCdEfGhIjKlMnOpQrStUv';
    for (const route of routes.filter(({ method }) => method !== 'get')) {
      const { kind } = await browser.ask(route.method.toUpperCase(), pathOf(route), undefined, {
        origin: 'https://evil.example',
      });
      expect({ route: nameOf(route), kind }).toEqual({ route: nameOf(route), kind: 'wrong-origin' });
    }
  });
});
