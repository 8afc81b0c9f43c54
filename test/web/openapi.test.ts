import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { usageBody } from '../../src/core/known-caller.ts';
import { noticeTypes } from '../../src/core/merchant-notice.ts';
import { readRecognition } from '../../src/merchants/recognition.ts';
import { questionFields } from '../../src/merchants/server-language.ts';
import { noticeBodyShape } from '../../src/web/notice-shapes.ts';
import { problemKinds } from '../../src/web/problem-kinds.ts';
import { byCode, byNumber, usage } from '../adapters/scripted-merchant.ts';
import { apiStage, ask, type Stage } from './api-stage.ts';

interface Operation {
  operationId: string;
  summary: string;
  security?: object[];
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

let stage: Stage;
let document: Document;
beforeAll(async () => {
  stage = await apiStage();
  document = (await (await fetch(`${stage.url}/openapi.json`)).json()) as Document;
});
afterAll(() => stage.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** The schemas it names, and those they name. */
function named(schema: object, known: Record<string, object> = {}): Record<string, object> {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    const one = document.components.schemas[name];
    if (!one || Object.hasOwn(known, name)) continue;
    known[name] = one;
    named(one, known);
  }
  return known;
}

/** A published schema as a check: what a merchant's generated client would accept. */
function published(schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: named(schema) });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as never);
}

/** Throws with what does not fit. */
async function fits(method: string, path: string, template: string, given: Parameters<typeof ask>[3] = {}) {
  const answer = await ask(stage, method, path, given);
  const response = document.paths[template]?.[method.toLowerCase()]?.responses[String(answer.status)];
  const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
  const schema = response?.content?.[type]?.schema;
  if (!schema)
    throw new Error(`${method} ${path} answered ${String(answer.status)} ${type}, which is not published`);
  published(schema).parse(answer.body);
  return answer;
}

describe('/openapi.json', () => {
  it('is OpenAPI 3.1, for everybody', async () => {
    const answer = await fetch(`${stage.url}/openapi.json`);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({
      title: 'Ringmeter',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    expect(document.servers).toEqual([{ url: 'https://ring.example' }]);
  });

  it('lists every route', () => {
    expect(
      operations()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    ).toEqual([
      'delete /v1/access-resources/{resource}',
      'delete /v1/blocked-callers/{number}',
      'delete /v1/consultants/{id}',
      'delete /v1/consultants/{id}/photo',
      'delete /v1/consultants/{id}/recordings/{kind}',
      'delete /v1/consultants/{id}/sip-login',
      'delete /v1/forward-numbers/{number}',
      'delete /v1/groups/{id}',
      'delete /v1/keypad/kept-cards/{number}/{clientCode}',
      'delete /v1/lines/{line}/prompts/{key}',
      'delete /v1/me/recordings/{kind}',
      'delete /v1/me/sip-login',
      'delete /v1/me/totp',
      'delete /v1/merchant-server',
      'delete /v1/scenarios/{slug}',
      'delete /v1/session',
      'delete /v1/sessions/{id}',
      'delete /v1/sms-sender',
      'delete /v1/soap-password',
      'delete /v1/sounds/{slug}',
      'delete /v1/sounds/{slug}/{language}',
      'delete /v1/users/{id}',
      'delete /v1/voicemails/{id}',
      'get /v1/access-codes',
      'get /v1/access-codes/{id}',
      'get /v1/access-resources',
      'get /v1/access-resources/{resource}',
      'get /v1/audit',
      'get /v1/blocked-callers',
      'get /v1/call-sessions',
      'get /v1/call-sessions/{id}',
      'get /v1/clients',
      'get /v1/clients/{code}',
      'get /v1/clients/{code}/movements',
      'get /v1/clients/{code}/statement',
      'get /v1/consultants',
      'get /v1/consultants/{id}',
      'get /v1/consultants/{id}/calls',
      'get /v1/consultants/{id}/recordings',
      'get /v1/consultants/{id}/recordings/{kind}',
      'get /v1/consultants/{id}/sip-login',
      'get /v1/ddis',
      'get /v1/ddis/{number}',
      'get /v1/disputes',
      'get /v1/disputes/{id}/evidence',
      'get /v1/forward-numbers',
      'get /v1/groups',
      'get /v1/groups/{id}',
      'get /v1/invitations/{token}',
      'get /v1/keypad',
      'get /v1/ledger-entries',
      'get /v1/lines',
      'get /v1/lines/{line}',
      'get /v1/lines/{line}/prompts',
      'get /v1/lines/{line}/prompts/{key}',
      'get /v1/live',
      'get /v1/me/calls',
      'get /v1/me/consultant',
      'get /v1/me/live',
      'get /v1/me/recordings',
      'get /v1/me/recordings/{kind}',
      'get /v1/me/sip-login',
      'get /v1/merchant-server',
      'get /v1/notices',
      'get /v1/orders/{id}/refunds',
      'get /v1/scenario-runs',
      'get /v1/scenario-runs/{id}',
      'get /v1/scenario-templates',
      'get /v1/scenarios',
      'get /v1/scenarios/{slug}',
      'get /v1/scenarios/{slug}/versions',
      'get /v1/scenarios/{slug}/versions/{number}',
      'get /v1/script-signing',
      'get /v1/session',
      'get /v1/sessions',
      'get /v1/settings-changes',
      'get /v1/sms-sender',
      'get /v1/sounds',
      'get /v1/sounds/{slug}',
      'get /v1/sounds/{slug}/{language}',
      'get /v1/speech',
      'get /v1/usage-reports',
      'get /v1/usage-reports/{id}',
      'get /v1/users',
      'get /v1/voicemails',
      'get /v1/voicemails/{id}',
      'get /v1/voicemails/{id}/recording',
      'patch /v1/access-resources/{resource}',
      'patch /v1/clients/{code}',
      'patch /v1/consultants/{id}',
      'patch /v1/groups/{id}',
      'patch /v1/lines/{line}',
      'patch /v1/scenarios/{slug}',
      'patch /v1/sounds/{slug}',
      'patch /v1/users/{id}',
      'patch /v1/voicemails/{id}',
      'post /v1/access-codes',
      'post /v1/access-codes/verify',
      'post /v1/access-codes/{id}/revoke',
      'post /v1/access-resources',
      'post /v1/call-sessions/{id}/hangup',
      'post /v1/callbacks',
      'post /v1/clients',
      'post /v1/clients/{code}/adjustments',
      'post /v1/clients/{code}/top-ups',
      'post /v1/consultants',
      'post /v1/consultants/{id}/availability',
      'post /v1/consultants/{id}/sip-login',
      'post /v1/consultants/{id}/sip-login/letter',
      'post /v1/ddis/{number}/signing-secret',
      'post /v1/groups',
      'post /v1/invitations/{token}',
      'post /v1/me/availability',
      'post /v1/me/password',
      'post /v1/me/sip-login',
      'post /v1/me/totp',
      'post /v1/me/totp/confirm',
      'post /v1/merchant-server/signing-secret',
      'post /v1/notices/{id}/replay',
      'post /v1/orders/{id}/refunds',
      'post /v1/page-links',
      'post /v1/password-resets',
      'post /v1/password-resets/{token}',
      'post /v1/recognition-tests',
      'post /v1/scenarios',
      'post /v1/scenarios/{slug}/check',
      'post /v1/scenarios/{slug}/simulate',
      'post /v1/scenarios/{slug}/versions',
      'post /v1/script-signing/auth-token',
      'post /v1/script-signing/secret',
      'post /v1/session',
      'post /v1/session/merchant',
      'post /v1/session/second-factor',
      'post /v1/session/short-number',
      'post /v1/session/step-up',
      'post /v1/sms-sender/test',
      'post /v1/soap-password',
      'post /v1/sounds',
      'post /v1/usage-reports/replay',
      'post /v1/usage-reports/{id}/replay',
      'post /v1/users',
      'put /v1/blocked-callers/{number}',
      'put /v1/consultants/{id}/photo',
      'put /v1/consultants/{id}/recordings/{kind}',
      'put /v1/consultants/{id}/schedule',
      'put /v1/ddis/{number}',
      'put /v1/forward-numbers/{number}',
      'put /v1/lines/{line}/prompts/{key}',
      'put /v1/lines/{line}/prompts/{key}/recordings/{language}',
      'put /v1/me/recordings/{kind}',
      'put /v1/me/schedule',
      'put /v1/merchant-server',
      'put /v1/scenarios/{slug}/draft',
      'put /v1/scenarios/{slug}/live',
      'put /v1/sms-sender',
      'put /v1/sounds/{slug}/{language}',
      'put /v1/sounds/{slug}/{language}/text',
    ]);
  });

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty([name ?? '']);
  });

  it('names each operation once, asks who it is, and lists the parameters of each path', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, method, operation } of operations()) {
      const [key, cookie] = [{ apiKey: [] }, { session: [] }];
      expect([[], [cookie], [key, cookie]]).toContainEqual(operation.security);
      const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect(inPath.map(({ name }) => name)).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
      );
      expect(inPath.every(({ required }) => required)).toBe(true);
      const headers = (operation.parameters ?? [])
        .filter((one) => one.in === 'header')
        .map(({ name }) => name);
      const changes =
        /^\/v1\/((consultants|groups)\/\{id\}(\/schedule)?|me\/schedule|access-resources\/\{resource\})$/.test(
          path,
        ) ||
        /^\/v1\/(scenarios\/\{slug\}(\/draft|\/live)?|sounds\/\{slug\}(\/\{language\}(\/text)?)?)$/.test(
          path,
        );
      const isForKeys = JSON.stringify(operation.security).includes('apiKey');
      const named = method !== 'get' && isForKeys ? ['Idempotency-Key'] : [];
      expect(headers).toEqual(changes && method !== 'get' ? [...named, 'If-Match'] : named);
    }
  });

  it('says for each operation what can go wrong, as problems that have a page', async () => {
    for (const { operation } of operations()) {
      const atTheDoor = operation.security?.length === 0 ? [] : ['401', '403'];
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining([...atTheDoor, '500', '503']));
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        expect(Object.keys(response.content ?? {})).toEqual(['application/problem+json']);
        const kinds = [...response.description.matchAll(/`([a-z-]+)`/g)].map((match) => match[1]);
        expect(problemKinds).toEqual(expect.arrayContaining(kinds));
        expect(kinds.length).toBeGreaterThan(0);
      }
    }
    for (const kind of problemKinds) {
      const page = await fetch(`${stage.url}/problems/${kind}`, { headers: { 'accept-language': 'fr' } });
      expect(page.status).toBe(200);
      expect(await page.text()).toMatch(/HTTP \d\d\d/);
    }
    expect((await fetch(`${stage.url}/problems/toString`)).status).toBe(404);
  });

  it('has only patterns that every reader of JSON Schema knows', () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];
    expect(patterns.length).toBeGreaterThan(10);
    for (const [, text] of patterns) {
      const pattern = JSON.parse(text ?? '') as string;
      expect(pattern).not.toMatch(/\\[pP]\{|\/[a-z]*$/);
      expect(() => new RegExp(pattern)).not.toThrow();
    }
  });

  it('makes every schema a check that can be built', () => {
    const schemas = [
      ...Object.values(document.components.schemas),
      ...[
        ...operations().map(({ operation }) => operation),
        ...Object.values(document.webhooks).map((hook) => hook['post']),
      ]
        .flatMap((operation) => [operation?.requestBody, ...Object.values(operation?.responses ?? {})])
        .flatMap((body) => Object.values(body?.content ?? {}).map(({ schema }) => schema)),
    ];
    expect(schemas.length).toBeGreaterThan(30);
    for (const schema of schemas) expect(() => published(schema)).not.toThrow();
  });
});

describe('answers', () => {
  it('fit what is published, good and bad', async () => {
    const body = {
      line: 'demo',
      callerNumber: '+33612345678',
      paymentMethod: 'pm_card_visa',
      reference: 'r',
    };
    const wish = { name: 'Nadia', numbers: ['+33612345678'], language: 'fr', share: '0.4' };
    const { body: nadia } = await fits('POST', '/v1/consultants', '/v1/consultants', { body: wish });
    const hers = `/v1/consultants/${nadia.id}`;
    const one = '/v1/consultants/{id}';
    await fits('GET', '/v1/consultants', '/v1/consultants');
    await fits('PATCH', hers, one, { body: { name: 'Nora' }, headers: { 'if-match': '"7"' } });
    await fits('PUT', `${hers}/schedule`, `${one}/schedule`, { body: { schedule: null } });
    await fits('POST', `${hers}/availability`, `${one}/availability`, { body: { availability: 'away' } });
    await fits('GET', `${hers}/calls`, `${one}/calls`);
    const group = { name: 'Tarot', strategy: 'all', members: [{ consultantId: nadia.id }] };
    const { body: tarot } = await fits('POST', '/v1/groups', '/v1/groups', { body: group });
    await fits('GET', '/v1/groups', '/v1/groups');
    await fits('GET', `/v1/groups/${tarot.id}`, '/v1/groups/{id}');
    await fits('PATCH', `/v1/groups/${tarot.id}`, '/v1/groups/{id}', { body: { name: 'T' } });
    await fits('DELETE', `/v1/groups/${tarot.id}`, '/v1/groups/{id}');
    const scenario = { slug: 'shop', name: 'Shop', template: 'shop_hours' };
    await fits('POST', '/v1/scenarios', '/v1/scenarios', { body: scenario });
    const shop = '/v1/scenarios/{slug}';
    await fits('GET', '/v1/scenarios/shop', shop);
    await fits('POST', '/v1/scenarios/shop/check', `${shop}/check`, { body: {} });
    await fits('POST', '/v1/scenarios/shop/simulate', `${shop}/simulate`, { body: {} });
    await fits('POST', '/v1/scenarios/shop/versions', `${shop}/versions`, { body: {} });
    await fits('GET', '/v1/scenarios/shop/versions', `${shop}/versions`);
    await fits('PUT', '/v1/scenarios/shop/live', `${shop}/live`, { body: { version: 1 } });
    for (const path of ['/v1/scenarios', '/v1/scenario-templates', '/v1/settings-changes', '/v1/ddis']) {
      await fits('GET', path, path);
    }
    const jingle = { slug: 'jingle', name: 'Jingle' };
    await fits('POST', '/v1/sounds', '/v1/sounds', { body: jingle });
    await fits('GET', '/v1/sounds', '/v1/sounds');
    await fits('DELETE', '/v1/sounds/jingle', '/v1/sounds/{slug}');
    await fits('GET', '/v1/script-signing', '/v1/script-signing');
    await fits('POST', '/v1/script-signing/secret', '/v1/script-signing/secret');
    await fits('POST', '/v1/script-signing/auth-token', '/v1/script-signing/auth-token', { body: {} });
    const sms = { url: 'https://sms.example/send', body: '{"to":"{to}","text":"{text}"}' };
    await fits('PUT', '/v1/sms-sender', '/v1/sms-sender', { body: sms });
    await fits('GET', '/v1/sms-sender', '/v1/sms-sender');
    await fits('POST', '/v1/sms-sender/test', '/v1/sms-sender/test', { body: { to: '12345' } });
    await fits('DELETE', '/v1/sms-sender', '/v1/sms-sender');
    const blocked = '/v1/blocked-callers/{number}';
    await fits('PUT', '/v1/blocked-callers/+33612345699', blocked, { body: { label: 'Spam' } });
    await fits('GET', '/v1/blocked-callers', '/v1/blocked-callers');
    await fits('DELETE', '/v1/blocked-callers/+33612345699', blocked);
    const number = '/v1/forward-numbers/{number}';
    await fits('PUT', '/v1/forward-numbers/+33140506070', number, { body: { label: 'Shop' } });
    await fits('GET', '/v1/forward-numbers', '/v1/forward-numbers');
    await fits('DELETE', '/v1/forward-numbers/+33140506070', number);
    await fits('DELETE', hers, one);
    await fits('GET', hers, one);
    await fits('PATCH', hers, one, { body: { name: 'Nora' } });
    await fits('GET', '/v1/consultants/con_demo_claire/sip-login', '/v1/consultants/{id}/sip-login');
    await fits('POST', '/v1/consultants/con_demo_claire/sip-login', '/v1/consultants/{id}/sip-login');
    await fits('DELETE', '/v1/consultants/con_demo_claire/sip-login', '/v1/consultants/{id}/sip-login');
    await fits('POST', '/v1/soap-password', '/v1/soap-password');
    await fits('DELETE', '/v1/soap-password', '/v1/soap-password');
    const made = await fits('POST', '/v1/callbacks', '/v1/callbacks', { body });
    expect(made.status).toBe(201);
    const ticket = { line: 'demo-ticket', paymentMethod: 'pm_card_visa' };
    expect((await fits('POST', '/v1/callbacks', '/v1/callbacks', { body: ticket })).body.id).toBeNull();
    const statuses: number[] = [];
    for (const wrong of [
      { ...body, paymentMethod: 'pm_card_empty' },
      { ...body, paymentMethod: 'pm_silence' },
      { ...body, paymentMethod: 'pm_bug' },
      { ...body, line: 'nowhere' },
      { ...body, minutes: 7 },
      { ...body, extra: 1 },
      '{"half',
    ]) {
      statuses.push((await fits('POST', '/v1/callbacks', '/v1/callbacks', { body: wrong })).status);
    }
    expect(statuses).toEqual([402, 503, 500, 404, 422, 422, 400]);
    await fits('POST', '/v1/callbacks', '/v1/callbacks', { body, key: null });

    const session = `/v1/call-sessions/${made.body.id}`;
    await fits('GET', session, '/v1/call-sessions/{id}');
    await fits('GET', '/v1/call-sessions/call_nobody', '/v1/call-sessions/{id}');
    await fits('POST', `${session}/hangup`, '/v1/call-sessions/{id}/hangup');
    const lists = await Promise.all(
      ['/v1/call-sessions', '/v1/notices', '/v1/ledger-entries', '/v1/lines'].map((path) =>
        fits('GET', path, path),
      ),
    );
    for (const { status, body: list } of lists) {
      expect(status).toBe(200);
      expect(list.data.length).toBeGreaterThan(0);
    }
    const notice = lists[1]?.body.data[0]?.id ?? '';
    await fits('POST', `/v1/notices/${notice}/replay`, '/v1/notices/{id}/replay');
  });

  it('for accounts kept here', async () => {
    const code = '2970';
    const account = '/v1/clients/{code}';
    const body = { code, kind: 'monthly', currency: 'EUR', ceiling: { amount: '50.00', currency: 'EUR' } };
    await fits('POST', '/v1/clients', '/v1/clients', { body });
    expect((await fits('POST', '/v1/clients', '/v1/clients', { body })).status).toBe(409);
    await fits('GET', '/v1/clients', '/v1/clients');
    await fits('PATCH', `/v1/clients/${code}`, account, { body: { ceiling: null, language: 'en' } });
    await fits('GET', `/v1/clients/${code}`, account);
    expect((await fits('GET', '/v1/clients/29701', account)).status).toBe(404);
    const money = { amount: '5.00', currency: 'EUR' };
    await fits('POST', `/v1/clients/${code}/top-ups`, `${account}/top-ups`, { body: money });
    const wrong = { ...money, currency: 'CHF' };
    expect(
      (await fits('POST', `/v1/clients/${code}/top-ups`, `${account}/top-ups`, { body: wrong })).status,
    ).toBe(422);
    const adjustment = { amount: '-1.00', currency: 'EUR', reason: 'typo' };
    await fits('POST', `/v1/clients/${code}/adjustments`, `${account}/adjustments`, { body: adjustment });
    await fits('GET', `/v1/clients/${code}/movements`, `${account}/movements`);
    await fits('GET', `/v1/clients/${code}/statement`, `${account}/statement`);
    await fits('GET', `/v1/clients/${code}/statement?format=csv`, `${account}/statement`);
  });

  it('for access codes', async () => {
    const [resources, codes] = ['/v1/access-resources', '/v1/access-codes'];
    const one = `${resources}/{resource}`;
    const body = { slug: 'club', name: { fr: 'Club', en: 'Club' }, address: 'https://club.example/' };
    expect((await fits('POST', resources, resources, { body })).status).toBe(201);
    expect((await fits('POST', resources, resources, { body })).status).toBe(409);
    await fits('GET', resources, resources);
    await fits('GET', `${resources}/club`, one);
    await fits('PATCH', `${resources}/club`, one, { body: { uses: null }, headers: { 'if-match': '"9"' } });
    const made = (await fits('POST', codes, codes, { body: { resource: 'club' } })).body;
    expect((await fits('POST', codes, codes, { body: { resource: 'nowhere' } })).status).toBe(422);
    await fits('GET', codes, codes);
    await fits('GET', `${codes}/${made.id}`, `${codes}/{id}`);
    const { code } = made as unknown as { code: string };
    for (const typed of [code, code, '1234567890']) {
      await fits('POST', `${codes}/verify`, `${codes}/verify`, { body: { resource: 'club', code: typed } });
    }
    await fits('POST', `${codes}/${made.id}/revoke`, `${codes}/{id}/revoke`);
    await fits('DELETE', `${resources}/club`, one);
  });

  it('for settings', async () => {
    const line = '/v1/lines/demo-known';
    expect((await fits('GET', line, '/v1/lines/{line}')).status).toBe(200);
    const change = { topUpAmounts: ['5.00'], hours: { weekly: [], daysOff: ['12-25'] } };
    expect((await fits('PATCH', line, '/v1/lines/{line}', { body: change })).status).toBe(200);
    const circle = { overflowLine: 'demo-known' };
    expect((await fits('PATCH', line, '/v1/lines/{line}', { body: circle })).status).toBe(422);
    expect((await fits('PATCH', '/v1/lines/nowhere', '/v1/lines/{line}', { body: {} })).status).toBe(404);
    const ddi = '/v1/ddis/+33199000201';
    const server = { protocol: 'rest', url: 'https://you.example/calls' };
    const wish = { line: 'demo-known', recognizedBy: 'server', ownServer: server };
    expect((await fits('PUT', ddi, '/v1/ddis/{number}', { body: wish })).status).toBe(200);
    await fits('GET', ddi, '/v1/ddis/{number}');
    await fits('GET', '/v1/ddis', '/v1/ddis');
    await fits('POST', `${ddi}/signing-secret`, '/v1/ddis/{number}/signing-secret');
    expect((await fits('GET', '/v1/merchant-server', '/v1/merchant-server')).status).toBe(409);
    await fits('PUT', '/v1/merchant-server', '/v1/merchant-server', { body: server });
    await fits('GET', '/v1/merchant-server', '/v1/merchant-server');
    const rotation = '/v1/merchant-server/signing-secret';
    expect((await fits('POST', rotation, rotation)).status).toBe(201);
    await fits('DELETE', '/v1/merchant-server', '/v1/merchant-server');
    expect((await fits('POST', rotation, rotation)).status).toBe(409);
    const { body } = await fits('GET', '/v1/settings-changes', '/v1/settings-changes');
    expect(body.data.length).toBeGreaterThan(4);
  });

  it('that do not fit would be noticed', () => {
    const schema = document.components.schemas['CallSession'];
    expect(schema).toBeDefined();
    expect(published(schema ?? {}).safeParse({ id: 'call_1' }).success).toBe(false);
  });
});

describe('webhooks', () => {
  it('describe every kind of notice, and what a merchant’s own server is asked, with headers and body', () => {
    expect(Object.keys(document.webhooks).sort()).toEqual(
      [...noticeTypes, 'recognizeCaller', 'recognizeClientCode', 'reportUsage'].sort(),
    );
    for (const hook of Object.values(document.webhooks)) {
      const post = hook['post'];
      expect(post?.parameters?.map(({ name }) => name)).toEqual([
        'webhook-id',
        'webhook-timestamp',
        'webhook-signature',
      ]);
      expect(post?.requestBody?.content).toHaveProperty(['application/json']);
    }
  });

  it('describe what is really written', async () => {
    const { rows } = await stage.admin.query<{ type: string; body: string }>(
      'select type, body from notices',
    );
    expect(new Set(rows.map(({ type }) => type))).toEqual(
      new Set([
        'payment.authorized',
        'payment.failed',
        'consultant.availability_changed',
        'call.ringing',
        'call.ended',
      ]),
    );
    for (const { type, body } of rows) {
      const schema = document.webhooks[type]?.['post']?.requestBody?.content['application/json']?.schema;
      published(schema ?? {}).parse(JSON.parse(body));
    }
  });

  it.each([
    ['recognizeCaller', questionFields(byNumber)],
    ['recognizeClientCode', questionFields(byCode)],
    ['reportUsage', JSON.parse(usageBody(usage))],
  ])('describe what a merchant’s own server is really sent: %s', (name, body) => {
    const post = document.webhooks[name]?.['post'];
    const schema = post?.requestBody?.content['application/json']?.schema;
    expect(published(schema ?? {}).parse(body)).toEqual(body);
    expect(published(schema ?? {}).safeParse({ ...body, ddi: '0199000009' }).success).toBe(false);
  });

  it.each([
    [true, { outcome: 'recognized', clientCode: 'C-1', talkLimitSeconds: 0, consultants: ['con_1'] }],
    [true, { outcome: 'proof_wanted', proof: 'client_code', language: 'fr' }],
    [true, { outcome: 'refused', reason: 'busy', text: 'Plus tard.' }],
    [false, { outcome: 'recognized', clientCode: 'C-1', talkLimitSeconds: 86_401 }],
    [false, { outcome: 'recognized', clientCode: 'C 1' }],
    [false, { outcome: 'recognized', clientCode: 'C-1', language: 'tlh' }],
    [false, { outcome: 'refused', reason: 'because' }],
    [false, { outcome: 'ok' }],
  ])('say of an answer what is said when it comes: %s', (isFine, answer) => {
    const post = document.webhooks['recognizeCaller']?.['post'];
    const schema = post?.responses['200']?.content?.['application/json']?.schema;
    expect(published(schema ?? {}).safeParse(answer).success).toBe(isFine);
    expect('recognition' in readRecognition(byNumber, answer)).toBe(isFine);
  });

  it.each(noticeTypes)('%s is told apart by its type', (type) => {
    const shape = noticeBodyShape(type);
    expect(shape.safeParse({ type: 'else', timestamp: '2025-11-21T12:00:00.000Z', data: {} }).success).toBe(
      false,
    );
  });
});
