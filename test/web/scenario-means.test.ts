// By what a merchant's scripts and providers know that it is us, as he sets it over the API, asked for real over HTTP.

import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { HttpScriptServer } from '../../src/merchants/script-server.ts';
import { HttpSmsSender } from '../../src/merchants/sms-sender.ts';
import { settingsStage, type SettingsStage } from './settings-stage.ts';

interface Asked {
  method: string;
  /** As a script sees it. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}
let stage: SettingsStage;
let theirs: Server;
let theirUrl = '';
const asked: Asked[] = [];
const last = (): Asked => asked.at(-1)!;

beforeAll(async () => {
  theirs = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url: theirUrl + url, headers, body });
      const isSms = url.startsWith('/sms');
      response.writeHead(isSms ? 202 : 200, { 'content-type': 'text/plain' });
      // Some providers say the key again.
      response.end(isSms ? `taken for ${url}` : 'hangup=normal\n');
    });
  });
  await new Promise<void>((listening) => theirs.listen(0, '127.0.0.1', listening));
  const host = `127.0.0.1:${String((theirs.address() as AddressInfo).port)}`;
  theirUrl = `http://${host}`;
  stage = await settingsStage();
  const http = merchantHttp({ httpsOnly: false, allowPrivate: new Set([host]) });
  const audio = { convert: () => Promise.resolve({ outcome: 'refused', because: 'not_audio' } as const) };
  stage.house.scriptServer = new HttpScriptServer({ http, clock: realClock, audio });
  stage.house.smsSender = new HttpSmsSender({ http, clock: realClock });
});
afterAll(async () => {
  theirs.closeAllConnections();
  theirs.close();
  await stage.close();
});

/** A script is really asked, in this dialect. */
async function ask(dialect: string): Promise<Asked> {
  const block = { kind: 'get_url', url: `${theirUrl}/script?shop=1`, dialect, next: {} };
  const scenario = { start: 'ask', blocks: { ask: block } };
  const slug = `signing-${dialect}`;
  await stage.ask('POST', '/v1/scenarios', { body: { slug, name: 'Signing', draft: scenario } });
  const tried = await stage.ask('POST', `/v1/scenarios/${slug}/simulate`, { body: { scripts: 'call' } });
  expect(tried.body['outcome'], tried.text).toBe('completed');
  return last();
}
const jsonHolds = ({ headers, body }: Asked, secret: string): boolean => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
};
/** As twilio's own `validateRequest` does it. */
const twilioHolds = ({ method, url, headers, body }: Asked, token: string): boolean => {
  const form = method === 'POST' ? [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1)) : [];
  const signed = createHmac('sha1', token)
    .update(url + form.flat().join(''))
    .digest('base64');
  return headers['x-twilio-signature'] === signed;
};

it('JSON is signed by a secret shown once, beside what signed before; Twilio’s words by a token of their own', async () => {
  expect((await stage.ask('GET', '/v1/script-signing')).body).toEqual({
    signedBy: 'notices',
    oldUntil: null,
    hasAuthToken: false,
    nextAuthTokenFrom: null,
  });
  const made = await stage.ask('POST', '/v1/script-signing/secret');
  expect(made.status, made.text).toBe(201);
  const { body: notices } = made;
  expect(notices.signingSecret).toMatch(/^whsec_/);
  const { body: second } = await stage.ask('POST', '/v1/script-signing/secret');
  const json = await ask('json');
  expect([
    jsonHolds(json, String(notices.signingSecret)),
    jsonHolds(json, String(second.signingSecret)),
  ]).toEqual([true, true]);
  expect(json.headers['x-twilio-signature']).toBeUndefined();
  expect((await ask('twiml')).headers['x-twilio-signature']).toBeUndefined();
  const token = await stage.ask('POST', '/v1/script-signing/auth-token', { body: {} });
  const authToken = String(token.body['authToken']);
  expect(authToken).toMatch(/^[0-9a-f]{32}$/);
  for (const dialect of ['twiml', 'query']) {
    const put = await ask(dialect);
    expect([dialect, twilioHolds(put, authToken), twilioHolds(put, 'another')]).toEqual([
      dialect,
      true,
      false,
    ]);
  }
  const next = await stage.ask('POST', '/v1/script-signing/auth-token', { body: { afterSeconds: 3_600 } });
  expect(twilioHolds(await ask('twiml'), authToken)).toBe(true);
  expect((await stage.ask('GET', '/v1/script-signing')).body).toMatchObject({
    signedBy: 'own',
    oldUntil: second['oldUntil'],
    hasAuthToken: true,
    nextAuthTokenFrom: next.body['signsFrom'],
  });
  await stage.admin.query(`update script_signing set next_token_from = now() - interval '1 second'`);
  expect(twilioHolds(await ask('twiml'), String(next.body['authToken']))).toBe(true);
  const { rows } = await stage.admin.query('select s::text as row from script_signing s');
  expect(JSON.stringify(rows)).not.toContain(authToken);
  const changes = await stage.ask('GET', '/v1/settings-changes');
  expect(changes.text).toContain('script_signing');
  expect(changes.text).not.toContain(authToken);
});

it('SMS are sent by the request he describes; its secret is kept, shown to nobody, and goes to its host alone', async () => {
  const sender = {
    url: `${theirUrl}/sms?key={secret}`,
    contentType: 'application/x-www-form-urlencoded',
    headers: [{ name: 'X-Id', value: '{id}' }],
    body: 'To={digits}&Body={text}',
  };
  const secret = 'sms key/51&62';
  const put = (body: object) => stage.ask('PUT', '/v1/sms-sender', { body });
  expect((await stage.ask('GET', '/v1/sms-sender')).status).toBe(404);
  expect((await stage.ask('POST', '/v1/sms-sender/test', { body: { to: '+33612345678' } })).status).toBe(404);
  expect((await put(sender)).body.errors).toMatchObject([{ pointer: '#/secret' }]);
  const wrong = await put({ ...sender, secret, body: 'Body={txt}' });
  expect(wrong.body.errors.map(({ pointer }) => pointer)).toEqual(['#/body', '#/body', '#/body']);
  expect((await put({ ...sender, secret, url: 'http://10.0.0.1/{secret}' })).body.errors).toMatchObject([
    { pointer: '#/url', detail: expect.stringContaining('private') as string },
  ]);
  const kept = await put({ ...sender, secret });
  expect(kept.body, kept.text).toEqual({ ...sender, method: 'POST', hasSecret: true });
  expect((await put(sender)).body['hasSecret']).toBe(true);

  const tried = await stage.ask('POST', '/v1/sms-sender/test', { body: { to: '06 12 34 56 78' } });
  expect(tried.body, tried.text).toMatchObject({
    outcome: 'sent',
    because: null,
    status: 202,
    answer: 'taken for /sms?key=***',
    request: {
      method: 'POST',
      url: `${theirUrl}/sms?key=***`,
      body: expect.stringMatching(/^To=33612345678&Body=/) as string,
    },
  });
  const { url, headers, body } = last();
  expect(new URL(url).searchParams.get('key')).toBe(secret);
  expect(headers['x-id']).toMatch(/^plk_/);
  expect(headers['idempotency-key']).toBe(headers['x-id']);
  expect(new URLSearchParams(body).get('Body')).toContain('https://ring.example');
  for (const [to, type] of [
    ['+88213300000', /number-refused$/],
    ['12', /invalid-request$/],
    ['not a number', /number-invalid$/],
  ] as const) {
    expect((await stage.ask('POST', '/v1/sms-sender/test', { body: { to } })).body.type).toMatch(type);
  }

  // Another host is never sent what was given for this one.
  const elsewhere = { ...sender, url: 'https://sms.example/?key={secret}' };
  expect((await put(elsewhere)).body.errors).toMatchObject([{ pointer: '#/secret' }]);
  for (const text of [kept.text, tried.text, (await stage.ask('GET', '/v1/settings-changes')).text]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(encodeURIComponent(secret));
  }
  const { rows } = await stage.admin.query('select s::text as row from sms_senders s');
  expect(JSON.stringify(rows)).not.toContain(secret);
  expect((await stage.ask('DELETE', '/v1/sms-sender')).status).toBe(200);
  expect((await stage.ask('DELETE', '/v1/sms-sender')).status).toBe(404);
});
