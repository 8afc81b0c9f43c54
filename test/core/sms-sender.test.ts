// The request an SMS becomes: what stands for a placeholder is written as its place wants it, and breaks out of none.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  smsPlaceholders,
  smsRequest,
  type SmsSenderSettings,
  type SmsValues,
  wrongOfSmsSender,
} from '../../src/core/sms-sender.ts';

const json: SmsSenderSettings = {
  url: 'https://sms.example/v1/{id}/send',
  method: 'POST',
  contentType: 'application/json',
  headers: [{ name: 'Authorization', value: 'Bearer {secret}' }],
  body: '{"to":"{to}","message":"{text}"}',
};
const values: SmsValues = {
  to: '+33612345678',
  digits: '33612345678',
  text: 'Payez « ici » : "vite" {link}\n',
  link: 'https://pay.example/orders/abc?x=1',
  id: 'plk_1',
  merchant: 'Claire & Co',
  secret: 'k3y',
};

describe('what is sent', () => {
  test('as JSON, as a form, as text, in the address', () => {
    expect(smsRequest(json, values)).toEqual({
      method: 'POST',
      url: 'https://sms.example/v1/plk_1/send',
      headers: { authorization: 'Bearer k3y', 'content-type': 'application/json; charset=utf-8' },
      body: '{"to":"+33612345678","message":"Payez « ici » : \\"vite\\" {link}\\n"}',
    });
    const form = {
      ...json,
      contentType: 'application/x-www-form-urlencoded',
      body: 'To={to}&Body={text}',
    } as const;
    const sent = new URLSearchParams(smsRequest(form, values).body);
    expect([sent.get('To'), sent.get('Body')]).toEqual([values.to, values.text]);
    expect(smsRequest({ ...json, contentType: 'text/plain', body: '{digits} {link}' }, values).body).toBe(
      '33612345678 https://pay.example/orders/abc?x=1',
    );
    const get = {
      ...json,
      method: 'GET',
      url: 'https://sms.example/?t={to}&m={text}&k={secret}',
      body: '',
    } as const;
    const { url, body } = smsRequest(get, values);
    expect([body, new URL(url).searchParams.get('t'), new URL(url).searchParams.get('m')]).toEqual([
      undefined,
      values.to,
      values.text,
    ]);
  });

  test('whatever the values are, they stay where they stand', () => {
    const own = fc.record(
      Object.fromEntries(smsPlaceholders.map((name) => [name, fc.string({ unit: 'binary' })])),
    );
    fc.assert(
      fc.property(own, (any) => {
        const given = any as SmsValues;
        const asJson = smsRequest(json, given);
        expect(JSON.parse(asJson.body ?? '')).toEqual({ to: given.to, message: given.text });
        expect(new URL(asJson.url).host).toBe('sms.example');
        expect(asJson.headers['authorization']).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe('what cannot work', () => {
  const wrong = (change: Partial<SmsSenderSettings>, hasSecret = true): string[] =>
    wrongOfSmsSender({ ...json, ...change }, hasSecret).map(({ field, sentence }) => `${field}: ${sentence}`);
  test('nothing is wrong with one that is right', () => {
    expect(wrong({})).toEqual([]);
    expect(wrong({ headers: [] }, false)).toEqual([]);
  });
  test.each<[string, Partial<SmsSenderSettings>, RegExp]>([
    [
      'a placeholder nobody knows',
      { body: '{"to":"{to}","m":"{text}","x":"{caller}"}' },
      /^body: \{caller\} stands for nothing/,
    ],
    [
      'a text in a header',
      { headers: [{ name: 'x', value: '{text} {secret}' }] },
      /^headers: \{text\} stands for nothing/,
    ],
    ['nobody it is for', { body: '{"m":"{text}"}' }, /^body: Must say \{to\}/],
    ['nothing to be sent', { body: '{"to":"{to}"}' }, /^body: Must say \{text\}/],
    ['no JSON', { body: '{"to":{to},"m":"{text}"}' }, /^body: Must be JSON/],
    ['a host that is filled', { url: 'https://{to}.example/' }, /^url: Must be a whole address/],
    ['no address', { url: 'sms.example' }, /^url: Must be a whole address/],
    ['a body of a GET', { method: 'GET', url: 'https://x.example/{to}/{text}' }, /^body: A GET has no body/],
    ['a header of ours', { headers: [{ name: 'Host', value: '{secret}' }] }, /^headers: Host is ours/],
    ['a secret that is said nowhere', { headers: [] }, /^secret: Is said nowhere/],
  ])('%s', (_, change, sentence) => {
    expect(wrong(change).join('\n')).toMatch(sentence);
  });
  test('a secret that is not there', () => {
    expect(wrong({}, false)).toEqual(['secret: Must be given: {secret} stands for it.']);
  });
});
