// What is a SIP address a consultant may be rung at, and what never is.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isListed,
  isSipAddress,
  looksLikeNumber,
  parseSipAddress,
  parseSipDomain,
  type SipAddress,
  type SipDomain,
} from '../../src/core/sip-address.ts';

const longLabel = 'a'.repeat(63);
const longHost = `${longLabel}.${longLabel}.${longLabel}.${'b'.repeat(61)}`;

describe('a SIP address', () => {
  test.each([
    ['marie@sip.example.com', 'sip:marie@sip.example.com'],
    ['sip:marie@sip.example.com', 'sip:marie@sip.example.com'],
    ['SIP:marie@SIP.Example.COM', 'sip:marie@sip.example.com'],
    // The user part is told apart by case, the host is not.
    ['Marie@sip.example.com', 'sip:Marie@sip.example.com'],
    ['marie.dubois_2-b@pbx.example.org:5070', 'sip:marie.dubois_2-b@pbx.example.org:5070'],
    ['201@192.0.2.7', 'sip:201@192.0.2.7'],
    ['201@192.0.2.7:5060', 'sip:201@192.0.2.7:5060'],
    ['+33612345678@sip.example.com', 'sip:+33612345678@sip.example.com'],
    ['marie@pbx', 'sip:marie@pbx'],
    ['marie@3com.example', 'sip:marie@3com.example'],
    [`${'u'.repeat(64)}@${longHost}:65535`, `sip:${'u'.repeat(64)}@${longHost}:65535`],
  ])('%s', (text, address) => {
    expect(parseSipAddress(text)).toBe(address);
  });

  test.each([
    ['', 'nothing'],
    ['marie', 'no host'],
    ['sip:sip.example.com', 'no user'],
    ['@sip.example.com', 'an empty user'],
    ['marie@', 'an empty host'],
    ['sips:marie@sip.example.com', 'another scheme'],
    ['tel:+33612345678', 'another scheme'],
    ['marie:secret@sip.example.com', 'a password'],
    ['marie@sip.example.com;transport=tcp', 'a parameter'],
    ['marie@sip.example.com;maddr=203.0.113.9', 'a parameter that sends it elsewhere'],
    ['marie;x=y@sip.example.com', 'a parameter of the user'],
    ['marie@sip.example.com?Route=%3Csip:evil%3E', 'headers'],
    ['marie@sip.example.com\r\nX-Evil: 1', 'a line end'],
    ['marie\n@sip.example.com', 'a line end in the user'],
    ['marie@sip.example.com\n', 'a line end behind'],
    [' marie@sip.example.com', 'a blank in front'],
    ['ma rie@sip.example.com', 'a blank'],
    ['"marie"@sip.example.com', 'quotes'],
    ['<sip:marie@sip.example.com>', 'brackets'],
    ['Marie <sip:marie@sip.example.com>', 'a display name'],
    ['marie@sip.example.com,paul@sip.example.com', 'two of them'],
    ['marie@sip.example.com|paul@sip.example.com', 'two of them, in turn'],
    ['marie@evil.example@sip.example.com', 'two hosts'],
    ['{origination_caller_id_number=0}marie@sip.example.com', 'braces'],
    ['marie${uuid_kill}@sip.example.com', 'a variable'],
    ['marie%40evil.example@sip.example.com', 'an escape'],
    ["marie'@sip.example.com", 'an apostrophe'],
    ['marie^^@sip.example.com', 'a separator'],
    ['marie!x@sip.example.com', 'an exclamation mark'],
    ['marie/../x@sip.example.com', 'a path'],
    ['mariée@sip.example.com', 'an accent'],
    ['.marie@sip.example.com', 'a dot in front'],
    ['-marie@sip.example.com', 'a hyphen in front'],
    ['marie@sip..example.com', 'an empty label'],
    ['marie@.example.com', 'an empty first label'],
    ['marie@sip.example.com.', 'a dot behind'],
    ['marie@-sip.example.com', 'a label that begins with a hyphen'],
    ['marie@sip-.example.com', 'a label that ends with one'],
    ['marie@sip_1.example.com', 'an underscore in the host'],
    [`marie@${longLabel}a.example.com`, 'a label too long'],
    [`marie@${longHost}b`, 'a host too long'],
    [`${'u'.repeat(65)}@sip.example.com`, 'a user too long'],
    ['marie@192.0.2.256', 'no address'],
    ['marie@192.0.2', 'half an address'],
    ['marie@192.0.2.07', 'an address with a leading nought, which some read as octal'],
    ['marie@3232235777', 'an address as one number'],
    ['marie@0x7f.1', 'an address in hexadecimal'],
    ['marie@[2001:db8::1]', 'IPv6, whose brackets are syntax to the switch'],
    ['marie@sip.example.com:', 'an empty port'],
    ['marie@sip.example.com:0', 'port nought'],
    ['marie@sip.example.com:65536', 'no port'],
    ['marie@sip.example.com:05060', 'a port with a leading nought'],
    ['marie@sip.example.com:5060:1', 'two ports'],
    ['marie@sip.example.com:5o60', 'letters in the port'],
  ])('never %j: %s', (text) => {
    expect(parseSipAddress(text)).toBeUndefined();
  });

  test('whatever comes in, what comes out holds nothing but letters, digits and . _ + - @ :', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.tuple(fc.string(), fc.string()).map(([a, b]) => `${a}@${b}`),
          fc.tuple(fc.string(), fc.constantFrom('sip.example.com', '192.0.2.1')).map(([a, b]) => `${a}@${b}`),
        ),
        (text) => {
          const parsed = parseSipAddress(text);
          if (parsed === undefined) return;
          expect(parsed).toMatch(/^sip:[A-Za-z0-9+][A-Za-z0-9+._-]*@[a-z0-9.-]+(:[0-9]+)?$/);
          expect(parseSipAddress(parsed)).toBe(parsed);
          expect(isSipAddress(parsed)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('only domains the operator listed are called, the port as he listed it', () => {
  const domains = new Set(['sip.example.com', 'pbx.example.org:5070'] as SipDomain[]);
  const listed = (text: string) => isListed(parseSipAddress(text) as SipAddress, domains);
  expect(listed('marie@sip.example.com')).toBe(true);
  expect(listed('marie@SIP.EXAMPLE.COM')).toBe(true);
  expect(listed('201@pbx.example.org:5070')).toBe(true);
  expect(listed('marie@sip.example.com:5060')).toBe(false);
  expect(listed('201@pbx.example.org')).toBe(false);
  expect(listed('marie@evil.sip.example.com')).toBe(false);
  expect(listed('marie@sip.example.com.evil.example')).toBe(false);
  expect(listed('marie@192.0.2.1')).toBe(false);
  expect(isListed('sip:marie@sip.example.com' as SipAddress, new Set())).toBe(false);
});

test.each([
  ['+33612345678', true],
  ['0612345678', true],
  ['06.12.34.56.78', true],
  ['0033899700700', true],
  ['marie', false],
  ['201', false],
  ['204080', false],
  ['acme204080123', false],
])('the user %s reads as a telephone number: %s', (user, does) => {
  expect(looksLikeNumber(parseSipAddress(`${user}@sip.example.com`) as SipAddress)).toBe(does);
});

test.each([
  ['sip.example.com', 'sip.example.com'],
  ['PBX.example.org:5070', 'pbx.example.org:5070'],
  ['192.0.2.1:5060', '192.0.2.1:5060'],
  ['marie@sip.example.com', undefined],
  ['*.example.com', undefined],
  ['sip.example.com/', undefined],
  ['', undefined],
])('an operator lists %j: %j', (text, domain) => {
  expect(parseSipDomain(text)).toBe(domain);
});
