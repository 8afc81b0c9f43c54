// The API stage with a merchant's server of the test's own behind it: what he sets is what it is asked by.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { realClock } from '../../src/clock-and-ids.ts';
import { HttpMerchantServer } from '../../src/merchants/merchant-server.ts';
import { merchantHttp } from '../../src/merchants/outbound.ts';
import { apiStage, demoKey, type Stage } from './api-stage.ts';

export interface SettingsAnswer {
  status: number;
  text: string;
  body: SettingsBody;
}

/** What these tests look at, of whichever answer it is. */
export interface SettingsBody {
  type: string;
  errors: { pointer: string; detail: string }[];
  data: Record<string, unknown>[];
  signingSecret: string | null;
  experience: { en: string[] };
  [more: string]: unknown;
}

export interface AskedRequest {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface SettingsStage extends Stage {
  /** A merchant's server that knows everybody. */
  server: { url: string; asked: AskedRequest[] };
  ask(
    method: string,
    path: string,
    given?: { body?: unknown; key?: string; headers?: object },
  ): Promise<SettingsAnswer>;
  /** What a caller would go through now. */
  experience(ddi: string): Promise<string[]>;
}

export async function settingsStage(): Promise<SettingsStage> {
  const asked: AskedRequest[] = [];
  const merchant = createServer((request, response) => {
    void text(request).then((body) => {
      asked.unshift({ url: request.url ?? '', headers: request.headers, body });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ outcome: 'recognized', clientCode: 'C-1', talkLimitSeconds: 600 }));
    });
  });
  await new Promise<void>((listening) => merchant.listen(0, '127.0.0.1', listening));
  const host = `127.0.0.1:${String((merchant.address() as AddressInfo).port)}`;
  const http = merchantHttp({
    httpsOnly: false,
    allowPrivate: new Set([host]),
    resolve: (name) =>
      name === 'inside.example'
        ? Promise.resolve([{ address: '10.0.0.1', family: 4 }])
        : Promise.resolve([{ address: '93.184.216.34', family: 4 }]),
  });
  const stage = await apiStage();
  stage.house.merchantServer = new HttpMerchantServer({ http, clock: realClock });

  const ask: SettingsStage['ask'] = async (method, path, { body, key = demoKey, headers = {} } = {}) => {
    const response = await fetch(stage.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answered = await response.text();
    return { status: response.status, text: answered, body: JSON.parse(answered) as SettingsBody };
  };
  return Object.assign({}, stage, {
    server: { url: `http://${host}`, asked },
    ask,
    async experience(ddi: string): Promise<string[]> {
      const { body } = await ask('POST', '/v1/recognition-tests', { body: { ddi, cli: '+33612345678' } });
      return body.experience.en;
    },
    async close(): Promise<void> {
      await stage.close();
      await http.close();
      merchant.closeAllConnections();
      await new Promise((closed) => merchant.close(closed));
    },
  });
}
