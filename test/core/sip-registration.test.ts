// What a registering telephone proves and claims: digests, nonces, contacts.

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { howToRing, readContacts, type SipContact } from '../../src/core/sip-contact.ts';
import {
  challenges,
  type DigestAnswer,
  type DigestHash,
  digestHolds,
  digestSecrets,
  judgeNonce,
  makeNonce,
  parseDigest,
} from '../../src/core/sip-digest.ts';

const hash: DigestHash = (algorithm, text) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex');
const mark = (text: string) => createHmac('sha256', 'key').update(text).digest('base64url');
const at = new Date('2026-11-22T12:00:00Z');
const later = (seconds: number) => new Date(at.getTime() + seconds * 1000);

describe('a digest', () => {
  const request = { method: 'REGISTER', uri: 'sip:sip.example.com' };
  const secrets = digestSecrets(hash, 'acme-42', 'secret');
  const answerOf = (algorithm: 'MD5' | 'SHA-256', password = 'secret', uri = request.uri): DigestAnswer => {
    const answer = { algorithm, userName: 'acme-42', nonce: 'n', uri, cnonce: 'c', nc: '00000001' } as const;
    const ha1 = hash(algorithm, `acme-42:ringmeter:${password}`);
    const ha2 = hash(algorithm, `REGISTER:${uri}`);
    return { ...answer, response: hash(algorithm, `${ha1}:n:00000001:c:auth:${ha2}`) };
  };

  test('by the book (RFC 7616, 3.9.1, with our realm): both algorithms, and nothing else holds', () => {
    for (const algorithm of ['MD5', 'SHA-256'] as const) {
      expect(digestHolds(hash, secrets, request, answerOf(algorithm))).toBe(true);
      expect(digestHolds(hash, secrets, request, answerOf(algorithm, 'Secret'))).toBe(false);
      const right = answerOf(algorithm);
      for (const change of [{ nonce: 'm' }, { nc: '00000002' }, { cnonce: 'd' }, { response: '' }]) {
        expect(digestHolds(hash, secrets, request, { ...right, ...change })).toBe(false);
      }
      expect(digestHolds(hash, secrets, { ...request, method: 'INVITE' }, right)).toBe(false);
      // Right for another address than was asked for.
      expect(digestHolds(hash, secrets, request, answerOf(algorithm, 'secret', 'sip:other'))).toBe(false);
    }
  });

  test('the secrets do not hold the password, and one user’s are not another’s', () => {
    expect(JSON.stringify(secrets)).not.toContain('secret');
    expect(digestSecrets(hash, 'acme-43', 'secret')).not.toEqual(secrets);
  });

  test('challenges: two values of one line each, the better first', () => {
    expect(challenges('n', false)).toEqual([
      'Digest realm="ringmeter", nonce="n", algorithm=SHA-256, qop="auth"',
      'Digest realm="ringmeter", nonce="n", algorithm=MD5, qop="auth"',
    ]);
    expect(challenges('n', true)[1]).toMatch(/, stale=true$/);
  });

  const header =
    'Digest username="acme-42", realm="ringmeter", nonce="n.1", uri="sip:sip.example.com", response="AB", ' +
    'algorithm=MD5, cnonce="c,d=\\"e", qop=auth, nc=0000000a';

  test('an answer is read, quoted or not, commas in quotes included', () => {
    expect(parseDigest(header)).toEqual({
      algorithm: 'MD5',
      userName: 'acme-42',
      nonce: 'n.1',
      uri: 'sip:sip.example.com',
      cnonce: 'c,d="e',
      nc: '0000000a',
      response: 'ab',
    });
    expect(parseDigest(header.replace('algorithm=MD5, ', ''))?.algorithm).toBe('MD5');
    expect(parseDigest(header.replace('=MD5', '="sha-256"'))?.algorithm).toBe('SHA-256');
  });

  test.each([
    ['another scheme', 'Basic YTpi'],
    ['another realm', header.replace('ringmeter', 'elsewhere')],
    ['another algorithm', header.replace('MD5', 'MD5-sess')],
    ['no qop (RFC 2069)', header.replace(', qop=auth', '')],
    ['auth-int', header.replace('qop=auth', 'qop=auth-int')],
    ['a parameter twice', `${header}, username="paul"`],
    ['no nonce', header.replace('nonce="n.1", ', '')],
    ['a short nc', header.replace('0000000a', 'a')],
    ['rubbish behind', `${header} ???`],
    ['a quote that does not end', header.replace('"AB"', '"AB')],
    ['a line end', header.replace('"AB"', '"A\r\nB"')],
    ['nothing', 'Digest '],
    ['too long', `${header}, x="${'y'.repeat(2_000)}"`],
  ])('%s is none', (_what, text) => {
    expect(parseDigest(text)).toBeUndefined();
  });
});

describe('a nonce', () => {
  const nonce = makeNonce(at, 'salt', mark);

  test.each([
    ['at once', 0, 'fresh'],
    ['made by a gateway whose clock runs ahead', -3, 'fresh'],
    ['after five minutes', 300, 'fresh'],
    ['after more', 301, 'stale'],
    ['from the future', -6, 'stale'],
  ] as const)('%s', (_what, seconds, judged) => {
    expect(judgeNonce(nonce, later(seconds), mark)).toBe(judged);
  });

  test('that we did not make is foreign', () => {
    const [made = '', salt = '', marked = ''] = nonce.split('.');
    const young = later(60).getTime().toString(36);
    for (const forged of [
      `${young}.${salt}.${marked}`,
      `${made}.x.${marked}`,
      `${made}.${salt}.`,
      'n',
      '',
      `${nonce}.x`,
    ]) {
      expect(judgeNonce(forged, at, mark)).toBe('foreign');
    }
  });
});

describe('contacts', () => {
  const source = { address: '192.0.2.7', port: 5060 };
  const read = (uri: string, expires?: string, all?: string) =>
    readContacts([{ uri, ...(expires !== undefined && { expires }) }], all, source);
  const first = (uri: string) => {
    const wish = read(uri);
    return wish.outcome === 'wishes' ? wish.wishes[0]?.contact : wish.outcome;
  };

  test.each([
    ['sip:acme-42@192.0.2.7', false],
    ['sip:acme-42@192.0.2.7:5062;ob', false],
    ['sip:acme-42@192.0.2.7:5062;transport=UDP;line=a1b2', false],
    ['sip:192.0.2.7', false],
    ['sip:acme-42@10.0.0.9:5060', true],
    ['sip:acme-42@phone.local', true],
    // Whatever it claims, it is called where it came from.
    ['sip:+33899700700@carrier.example', true],
  ])('%s, behind an address translation: %s', (uri, isBehindNat) => {
    expect(first(uri)).toEqual({ uri, ...source, isBehindNat });
  });

  test.each([
    'sips:acme-42@192.0.2.7',
    'tel:+33612345678',
    'sip:acme-42@192.0.2.7;maddr=203.0.113.1',
    'sip:acme-42@192.0.2.7;transport=ws',
    'sip:acme-42@192.0.2.7;transport=tcp',
    'sip:acme-42@192.0.2.7;lr',
    'sip:acme-42@192.0.2.7?Route=x',
    'sip:acme-42@192.0.2.7\r\nX: y',
    'sip:acme%2042@192.0.2.7',
    'sip:a@b@192.0.2.7',
    'sip:acme-42@[2001:db8::1]',
    'sip:acme-42@192.0.2.7:65536',
    'sip:',
    '*',
  ])('%s is not taken', (uri) => {
    expect(first(uri)).toBe('malformed');
  });

  test.each([
    [undefined, undefined, 3_600],
    [undefined, '120', 120],
    ['90', '120', 90],
    ['0', '120', 0],
    [undefined, '86400', 3_600],
    ['60', undefined, 60],
  ])('expires %s of %s: %d seconds', (own, all, seconds) => {
    const wish = read('sip:acme-42@192.0.2.7', own, all);
    expect(wish.outcome === 'wishes' && wish.wishes[0]?.expiresSeconds).toBe(seconds);
  });

  test('too brief, all of them gone, only asked', () => {
    expect(read('sip:acme-42@192.0.2.7', '59')).toEqual({ outcome: 'too_brief', minSeconds: 60 });
    expect(read('sip:acme-42@192.0.2.7', 'soon')).toEqual({ outcome: 'malformed' });
    expect(readContacts('*', '0', source)).toEqual({ outcome: 'all_gone' });
    expect(readContacts('*', '60', source)).toEqual({ outcome: 'malformed' });
    expect(readContacts('*', undefined, source)).toEqual({ outcome: 'malformed' });
    expect(readContacts([], undefined, source)).toEqual({ outcome: 'asked' });
    const many = Array.from({ length: 6 }, (_, n) => ({ uri: `sip:a${String(n)}@192.0.2.7` }));
    expect(readContacts(many, undefined, source)).toEqual({ outcome: 'malformed' });
  });

  test('who says where he is rings with the others, through a proxy; else the last one, by ourselves', () => {
    const open: SipContact = { uri: 'sip:a@192.0.2.7', address: '192.0.2.7', port: 5060, isBehindNat: false };
    const other = { ...open, uri: 'sip:b@192.0.2.7:5062' };
    const hidden = { uri: 'sip:c@10.0.0.9;ob', address: '203.0.113.5', port: 40_001, isBehindNat: true };
    expect(howToRing([open, hidden, other, open])).toEqual({ by: 'proxy', uris: [open.uri, other.uri] });
    expect(howToRing([hidden, { ...hidden, port: 40_002 }])).toEqual({
      by: 'ourselves',
      uri: 'sip:c@203.0.113.5:40002',
    });
    expect(howToRing([])).toBeUndefined();
  });
});
