// Where a consultant may be rung: numbers by the table of destinations, SIP addresses by the operator's list of domains.

import { expect, test } from 'vitest';
import { wrongPhones } from '../../src/core/consultant-settings.ts';
import { defaultDestinations } from '../../src/core/destination.ts';
import type { E164 } from '../../src/core/ids.ts';
import { parseSipAddress, type SipDomain } from '../../src/core/sip-address.ts';

const listed = new Set(['sip.example.com', 'pbx.example.org:5070'] as SipDomain[]);

function wrong(sip: string | null, numbers: string[] = [], domains: ReadonlySet<SipDomain> = listed) {
  const address = sip === null ? null : (parseSipAddress(sip) ?? null);
  return wrongPhones({ sip: address, numbers: numbers as E164[] }, defaultDestinations, domains);
}

test.each([
  ['marie@sip.example.com', []],
  ['201@pbx.example.org:5070', []],
  [null, []],
  ['marie@sip.example.com', ['+33612345678']],
])('%s and %j: nothing is wrong', (sip, numbers) => {
  expect(wrong(sip, numbers)).toEqual([]);
});

test.each([
  ['marie@sip.example.org', /operator lists each/],
  ['201@pbx.example.org', /with its port/],
  ['marie@10.0.0.5', /operator lists each/],
  ['+33899700700@sip.example.com', /among the numbers/],
  ['0033899700700@sip.example.com', /among the numbers/],
])('%s is refused', (sip, sentence) => {
  expect(wrong(sip)).toEqual([{ field: 'sip', sentence: expect.stringMatching(sentence) as string }]);
});

test('where the operator lists none, the sentence says what else may be done', () => {
  expect(wrong('marie@sip.example.com', [], new Set())[0]?.sentence).toMatch(/^SIP addresses are not called/);
});

test('a number that is not rung is refused beside an address that is', () => {
  expect(wrong('marie@sip.example.com', ['+33899700700']).map(({ field }) => field)).toEqual(['numbers/0']);
});
