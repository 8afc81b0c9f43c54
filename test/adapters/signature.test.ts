import { createHmac, randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signingSecret } from '../../src/core/signing-secret.ts';
import { signatureOf, twilioSignatureOf } from '../../src/merchants/signature.ts';

const secret = signingSecret(randomBytes(32));
const notice = { secret, id: 'ntc_01', body: '{"type":"call.ended","é":"25,00 €"}' };

describe('signatures of notices', () => {
  it('are accepted by the specification’s own package', () => {
    const headers = signatureOf({ ...notice, at: new Date() });
    expect(new Webhook(secret).verify(notice.body, headers)).toEqual({ type: 'call.ended', é: '25,00 €' });
  });

  it('are those of the specification’s own package, byte for byte', () => {
    const at = new Date('2025-11-21T12:00:00.999Z');
    expect(signatureOf({ ...notice, at })).toEqual({
      'webhook-id': 'ntc_01',
      'webhook-timestamp': '1763726400',
      'webhook-signature': new Webhook(secret).sign('ntc_01', at, notice.body),
    });
  });

  it.each([
    ['another body', { body: '{"type":"call.ended"}' }],
    ['another id', { id: 'ntc_02' }],
    ['another time', { at: new Date(Date.now() - 60_000) }],
    ['another secret', { secret: signingSecret(randomBytes(32)) }],
  ])('do not fit %s', (_name, other) => {
    const at = new Date();
    const { 'webhook-signature': foreign } = signatureOf({ ...notice, at, ...other });
    const headers = { ...signatureOf({ ...notice, at }), 'webhook-signature': foreign };
    expect(() => new Webhook(secret).verify(notice.body, headers)).toThrow();
  });

  it('are two where a secret was replaced: whoever has either takes the message', () => {
    const oldSecret = signingSecret(randomBytes(24));
    const headers = signatureOf({ ...notice, oldSecret, at: new Date() });
    for (const one of [secret, oldSecret]) {
      expect(() => new Webhook(one).verify(notice.body, headers)).not.toThrow();
    }
    expect(() => new Webhook(signingSecret(randomBytes(32))).verify(notice.body, headers)).toThrow();
  });

  it('are made with the decoded key, not with its text', () => {
    const key = Buffer.alloc(24, 7);
    const at = new Date(1_000_000);
    expect(signatureOf({ secret: signingSecret(key), id: 'a', body: 'b', at })['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update('a.1000.b').digest('base64')}`,
    );
  });

  it.each(['', 'whsec_', 'whsec_c2hvcnQ=', 'plain text', randomBytes(32).toString('base64')])(
    'cannot be made with %j, which was never one of our secrets',
    (wrong) => {
      expect(() => signatureOf({ ...notice, secret: wrong, at: new Date() })).toThrow('Not a signing secret');
    },
  );

  it.each([23, 65])('secrets of %i bytes are not made', (bytes) => {
    expect(() => signingSecret(Buffer.alloc(bytes))).toThrow('24 to 64');
  });
});

describe('signatures of what is asked in Twilio’s words', () => {
  // The example of twilio.com/docs/usage/security, and what Twilio's Node package 6.2.0 makes of the others.
  it.each([
    [
      'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
      '12345',
      'https://mycompany.com/myapp.php?foo=1&bar=2',
      {
        To: '+18005551212',
        From: '+14158675309',
        Digits: '1234',
        Caller: '+14158675309',
        CallSid: 'CA1234567890ABCDE',
      },
    ],
    ['Gejfhb5taK2nEA8lCINQgfGbpsM=', 'secret', 'https://m.example/a?Digits=1%23&From=%2B33612345678', {}],
    [
      'FDV1QRfl/kIgO08vL5xHDliSQ2E=',
      'secret',
      'https://m.example/a',
      { Digits: '', From: '+33612345678', From2: 'Zoë & co', balance: '1' },
    ],
  ])('%s', (expected, token, url, form) => {
    expect(twilioSignatureOf({ token, url, form: Object.entries(form) })).toBe(expected);
  });
});
