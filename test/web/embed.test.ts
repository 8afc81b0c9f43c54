import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { returnIsListed } from '../../src/core/order.ts';
import { canonicalLink, readLink, signedLink, signLink } from '../../src/web/embed.ts';

const secret = 'lsec_0123456789abcdef';
const query = (text: string): URLSearchParams => new URLSearchParams(text);

describe('a signed link', () => {
  const parameters = { minutes: '20', reference: "client 42 & l'autre (é)", phone: '+33612345678' };

  test('is signed over all it carries and the line, in one writing', () => {
    const canonical =
      'line=demo&minutes=20&phone=%2B33612345678&reference=client%2042%20%26%20l%27autre%20%28%C3%A9%29';
    expect(canonicalLink('demo', parameters)).toBe(canonical);
    expect(signLink(secret, 'demo', parameters)).toBe(
      createHmac('sha256', secret).update(canonical).digest('hex'),
    );
  });

  test('is read back as it was made', () => {
    const link = new URL(signedLink('https://pay.example', secret, 'demo', parameters));
    expect(link.pathname).toBe('/pay/demo');
    expect(readLink('demo', link.searchParams, secret)).toEqual({
      outcome: 'link',
      parameters,
      signed: true,
    });
  });

  test('may be in either language and in any order', () => {
    const signature = signLink(secret, 'demo', { minutes: '20', reference: 'a' });
    for (const text of [
      `reference=a&minutes=20&lang=en&signature=${signature}`,
      `signature=${signature.toUpperCase()}&minutes=20&reference=a`,
    ]) {
      expect(readLink('demo', query(text), secret)).toMatchObject({ outcome: 'link', signed: true });
    }
  });

  test.each([
    ['another reference', 'demo', 'minutes=20&reference=b'],
    ['one parameter less', 'demo', 'reference=a'],
    ['one parameter more', 'demo', 'minutes=20&reference=a&phone=0612345678'],
    ['another line', 'cheap', 'minutes=20&reference=a'],
  ])('is refused with %s', (_, line, text) => {
    const signature = signLink(secret, 'demo', { minutes: '20', reference: 'a' });
    expect(readLink(line, query(`${text}&signature=${signature}`), secret)).toEqual({
      outcome: 'not_valid',
      because: 'signature_wrong',
    });
  });

  test.each(['', 'zz', '0', 'é'.repeat(64), signLink('other secret', 'demo', { reference: 'a' })])(
    'is refused with the signature "%s"',
    (signature) => {
      expect(
        readLink('demo', query(`reference=a&signature=${encodeURIComponent(signature)}`), secret),
      ).toMatchObject({
        outcome: 'not_valid',
      });
    },
  );

  test('holds for no merchant without a secret', () => {
    const signature = signLink('', 'demo', { reference: 'a' });
    expect(readLink('demo', query(`reference=a&signature=${signature}`), undefined)).toEqual({
      outcome: 'not_valid',
      because: 'signature_wrong',
    });
  });
});

describe('a link without a signature', () => {
  test('may choose for the visitor, who may choose otherwise', () => {
    expect(readLink('demo', query('consultant=con_1&minutes=20&phone=0612345678'), secret)).toEqual({
      outcome: 'link',
      signed: false,
      parameters: { consultant: 'con_1', minutes: '20', phone: '0612345678' },
    });
  });

  test('with its blanks left open is a link without parameters', () => {
    expect(readLink('demo', query('consultant=&minutes=&reference=&return=&signature='), secret)).toEqual({
      outcome: 'link',
      signed: false,
      parameters: {},
    });
  });

  test.each(['reference=somebody', 'return=https%3A%2F%2Fshop.example'])(
    'may not speak for the merchant: %s',
    (text) => {
      expect(readLink('demo', query(text), secret)).toEqual({ outcome: 'not_valid', because: 'not_signed' });
    },
  );

  test('says each thing once, and briefly', () => {
    expect(readLink('demo', query('minutes=10&minutes=30'), secret)).toMatchObject({ because: 'repeated' });
    expect(readLink('demo', query(`phone=${'1'.repeat(41)}`), secret)).toMatchObject({ because: 'too_long' });
  });
});

describe('a NUL, which no database keeps,', () => {
  test('is no part of a link, signed or not', () => {
    const wrong = { outcome: 'not_valid', because: 'not_text' };
    expect(readLink('demo', query('consultant=a%00'), secret)).toEqual(wrong);
    const signature = signLink(secret, 'demo', { reference: 'a\0' });
    expect(readLink('demo', query(`reference=a%00&signature=${signature}`), secret)).toEqual(wrong);
  });
});

describe('an address to return to', () => {
  const listed = ['https://shop.example', 'http://localhost:8080'];
  test.each(['https://shop.example', 'https://shop.example/thanks?order=1', 'http://localhost:8080/x'])(
    '%s is listed',
    (address) => expect(returnIsListed(address, listed)).toBe(true),
  );
  test.each([
    'http://shop.example/',
    'https://shop.example:8443/',
    'https://www.shop.example/',
    'https://shop.example.evil.example/',
    'https://shop.example@evil.example/',
    'https://user:pass@shop.example/',
    '//shop.example/',
    '/thanks',
    'javascript:alert(1)//https://shop.example',
    'data:text/html,shop',
    '',
  ])('%s is not', (address) => expect(returnIsListed(address, listed)).toBe(false));
});
