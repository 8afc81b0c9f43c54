// What a script is sent: documented words in a stable order, the same bytes for the same question.

import { describe, expect, it } from 'vitest';
import {
  scriptMessage,
  twilioSid,
  type ScriptFacts,
  type ScriptQuestion,
} from '../../src/core/scenario/script-request.ts';

const facts: ScriptFacts = {
  requestId: 'req_01jd0000000000000000000001',
  callId: 'call_01jd0000000000000000000001',
  merchantId: 'mer_01jd0000000000000000000002',
  block: 'ask-shop',
  attempt: 2,
  status: 'answered',
  cli: { trust: 'network', number: '+33612345678' as never },
  ddi: '+33199000009' as never,
  language: 'fr',
  digits: '4711#',
  variables: { name: 'Zoë & co', balance: '12.50' },
};
const ask = (given: Partial<ScriptQuestion> = {}, more: Partial<ScriptFacts> = {}) =>
  scriptMessage({
    dialect: 'json',
    address: { url: 'https://merchant.example/start.php?shop=1' },
    ...given,
    facts: { ...facts, ...more },
  });
const form = (text: string) => Object.fromEntries(new URLSearchParams(text));

describe('our JSON', () => {
  it('is posted, its members in their order', () => {
    expect(ask()).toEqual({
      method: 'POST',
      url: 'https://merchant.example/start.php?shop=1',
      contentType: 'application/json',
      body:
        '{"requestId":"req_01jd0000000000000000000001","callId":"call_01jd0000000000000000000001","block":"ask-shop",' +
        '"attempt":2,"status":"answered","cliTrust":"network","from":"+33612345678","to":"+33199000009","language":"fr",' +
        '"digits":"4711#","variables":{"balance":"12.50","name":"Zoë & co"}}',
      signed: { by: 'standard-webhooks' },
    });
  });

  it('is the same bytes in whatever order a database gives variables back', () => {
    const { balance, name } = facts.variables as Record<'balance' | 'name', string>;
    expect(ask({}, { variables: { balance, name } })).toEqual(ask({}, { variables: { name, balance } }));
  });

  it('leaves out what is not known, and says what became of a dial', () => {
    const { digits: _digits, ...rest } = facts;
    const message = scriptMessage({
      dialect: 'json',
      address: { url: 'https://merchant.example/' },
      facts: { ...rest, cli: { trust: 'withheld' }, dial: { end: 'no_answer', seconds: 0 }, variables: {} },
    });
    const body = JSON.parse(message.body) as object;
    expect(body).toMatchObject({
      cliTrust: 'withheld',
      dial: { end: 'no_answer', seconds: 0 },
      variables: {},
    });
    expect(body).not.toHaveProperty('from');
    expect(body).not.toHaveProperty('digits');
    // Asked and nothing keyed is another thing than not asked.
    expect(JSON.parse(ask({}, { digits: '' }).body)).toHaveProperty('digits', '');
  });
});

describe('Twilio’s words', () => {
  const words = {
    CallSid: 'CA01934000000000000000000000000001',
    AccountSid: 'AC01934000000000000000000000000002',
    From: '+33612345678',
    To: '+33199000009',
    Caller: '+33612345678',
    Called: '+33199000009',
    CallStatus: 'in-progress',
    Direction: 'inbound',
    ApiVersion: '2010-04-01',
    Digits: '4711#',
    RequestId: facts.requestId,
    CallId: facts.callId,
    Block: 'ask-shop',
    Attempt: '2',
    Language: 'fr',
    CliTrust: 'network',
    balance: '12.50',
    name: 'Zoë & co',
  };

  it('are posted as a form', () => {
    const message = ask({ dialect: 'twiml' });
    expect(message).toMatchObject({
      method: 'POST',
      url: 'https://merchant.example/start.php?shop=1',
      contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
    });
    expect(form(message.body)).toEqual(words);
    expect(message.signed).toEqual({ by: 'twilio', form: Object.entries(words) });
  });

  it('or stand in the address, behind what stands there already', () => {
    const message = ask({ dialect: 'query' });
    const { search, origin, pathname } = new URL(message.url);
    expect([message.method, origin + pathname, message.body]).toEqual([
      'GET',
      'https://merchant.example/start.php',
      '',
    ]);
    expect(form(search)).toEqual({ shop: '1', ...words });
    // All of it is in the address, and signed with it.
    expect(message.signed).toEqual({ by: 'twilio', form: [] });
  });

  it.each([
    ['ringing', { status: 'ringing' }, { CallStatus: 'ringing' }],
    ['a hidden number', { cli: { trust: 'withheld' } }, { From: 'anonymous', CliTrust: 'withheld' }],
    [
      'a talk',
      { dial: { end: 'talked', seconds: 61 } },
      { DialCallStatus: 'completed', DialCallDuration: '61' },
    ],
    ['a talk cut', { dial: { end: 'limit_reached', seconds: 60 } }, { DialCallStatus: 'completed' }],
    ['nobody there', { dial: { end: 'no_answer', seconds: 0 } }, { DialCallStatus: 'no-answer' }],
    ['busy', { dial: { end: 'busy', seconds: 0 } }, { DialCallStatus: 'busy' }],
    ['not allowed', { dial: { end: 'not_allowed', seconds: 0 } }, { DialCallStatus: 'failed' }],
  ] satisfies [string, Partial<ScriptFacts>, object][])('%s', (_name, more, expected) => {
    const sent = form(ask({ dialect: 'twiml' }, more).body);
    expect(sent).toMatchObject(expected);
    if (sent['DialCallStatus'] !== 'completed') expect(sent).not.toHaveProperty('DialCallDuration');
  });
});

describe('where an answer sent us, and how', () => {
  const url = 'https://merchant.example/next';
  it.each([
    ['json', undefined, 'POST', 'application/json'],
    ['json', 'POST', 'POST', 'application/json'],
    ['json', 'GET', 'GET', undefined],
    ['twiml', 'GET', 'GET', undefined],
    ['query', 'POST', 'POST', 'application/x-www-form-urlencoded; charset=UTF-8'],
    ['query', undefined, 'GET', undefined],
  ] as const)('%s and %s: %s', (dialect, method, expected, contentType) => {
    const message = ask({ dialect, address: { url, ...(method && { method }) } });
    expect([message.method, message.contentType]).toEqual([expected, contentType]);
  });

  it('in the writing it is asked for in: escaped, and without a fragment', () => {
    expect(ask({ address: { url: 'https://Merchant.example:443/é b?q=1#top' } }).url).toBe(
      'https://merchant.example/%C3%A9%20b?q=1',
    );
    expect(ask({ address: { url: 'https://merchant.example/a?#top' } }).url).toBe(
      'https://merchant.example/a',
    );
    expect(ask({ dialect: 'query', address: { url: 'no address' } }).url).toBe('no address');
  });
});

describe('what Twilio calls a SID', () => {
  it('is our id in 34 characters', () => {
    expect(twilioSid('CA', '0f8fad5b-d9cb-469f-a165-70867728950e')).toBe(
      'CA0f8fad5bd9cb469fa16570867728950e',
    );
    expect(twilioSid('CA', facts.callId)).toMatch(/^CA[0-9a-f]{32}$/);
    expect(twilioSid('CA', 'call_01jd0000000000000000000002')).not.toBe(twilioSid('CA', facts.callId));
    expect(twilioSid('CA', 'demo')).toBe('demo');
  });
});
