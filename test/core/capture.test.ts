// When the price of a talk is taken: what a merchant may set, and what an order keeps of it.

import { describe, expect, it } from 'vitest';
import { defaultDestinations } from '../../src/core/dialling.ts';
import { type LineSurroundings, wrongOfLine } from '../../src/core/line-settings.ts';
import { money } from '../../src/core/money.ts';
import { captureOf, decideOrder, type OrderFacts, priceTerms } from '../../src/core/order.ts';
import type { PriceWindow, Tariff } from '../../src/core/tariff.ts';

const onePrice: Tariff = {
  currency: 'EUR',
  fixedPrice: '20.00',
  includedSeconds: 900,
  bands: [],
  increment: { first: 1, next: 1 },
  freeSeconds: 0,
  vatRate: '0.20',
};
const perMinute: Tariff = { ...onePrice, bands: [{ fromSecond: 0, pricePerMinute: '2.00' }] };

const tariffs: [string, Tariff, 'at_end' | 'at_connection'][] = [
  ['is one price', onePrice, 'at_connection'],
  [
    'has minutes that cost nothing',
    { ...perMinute, bands: [{ fromSecond: 0, pricePerMinute: '0' }] },
    'at_connection',
  ],
  [
    'is raised and cut to one price',
    { ...perMinute, minimumPrice: '30', maximumPrice: '30' },
    'at_connection',
  ],
  ['grows with the talk', perMinute, 'at_end'],
  ['costs nothing for the shortest', { ...onePrice, freeSeconds: 10 }, 'at_end'],
  ['costs nothing', { ...onePrice, fixedPrice: '0' }, 'at_end'],
];

describe('an order of a line that takes its price at connection, whose tariff', () => {
  it.each(tariffs)('%s', (_, tariff, expected) => {
    expect(captureOf({ capture: 'at_connection' }, tariff)).toBe(expected);
    expect(captureOf({ capture: 'at_end' }, tariff)).toBe('at_end');
    expect(captureOf({}, tariff)).toBe('at_end');
  });
});

function termsOf(tariff: Tariff, capture: 'at_end' | 'at_connection') {
  const facts: OrderFacts = {
    line: {
      sells: 'conversation',
      active: true,
      merchantActive: true,
      country: 'FR',
      callerId: '+33199000100',
      durationChoices: [900],
      topUpChoices: [],
      plan: { timeZone: 'Europe/Paris', standard: tariff, windows: [] },
      tariffVersion: 1,
      pageOrigins: [],
      moreTime: { times: 2, seconds: 300 },
      capture,
      consultants: [{ id: 'con_a', numbers: ['+33199000001'], atWork: true }],
    },
    destinations: defaultDestinations,
    minimumCharge: money('0.50', 'EUR'),
    sipDomains: new Set(),
    now: new Date('2026-03-12T14:00:00Z'),
  };
  const decided = decideOrder(facts, { callerNumber: '+33612345678', moreTime: true });
  if (decided.outcome === 'refused') throw new Error(JSON.stringify(decided.refusal));
  return decided.terms;
}

describe('the terms of an order', () => {
  it('offer no more time where the price is taken at connection: it would be a second hold for nothing', () => {
    expect(termsOf(onePrice, 'at_connection')).toMatchObject({ capture: 'at_connection' });
    expect(termsOf(onePrice, 'at_connection')).not.toHaveProperty('moreTime');
    expect(termsOf(onePrice, 'at_end')).toMatchObject({ capture: 'at_end', moreTime: { times: 2 } });
  });

  it('are as ever where the tariff of the moment grows with the talk, whatever the line says', () => {
    expect(termsOf(perMinute, 'at_connection')).toEqual(termsOf(perMinute, 'at_end'));
    expect(termsOf(perMinute, 'at_connection')).toMatchObject({ capture: 'at_end', moreTime: { times: 2 } });
  });

  it('name the one price there is, whatever it is made up of', () => {
    expect(priceTerms({ ...perMinute, minimumPrice: '30', maximumPrice: '30' })).toEqual({
      currency: 'EUR',
      fixedPrice: '30.00',
      includedMinutes: 15,
    });
    expect(priceTerms(perMinute)).toMatchObject({ fixedPrice: '20.00', pricePerMinute: '2.00' });
  });
});

describe('a merchant sets it', () => {
  const around = (change: Partial<LineSurroundings>): LineSurroundings => ({
    slug: 'line',
    sells: 'conversation',
    currency: 'EUR',
    plan: { timeZone: 'Europe/Paris', standard: onePrice, windows: [] },
    consultants: new Set(),
    groups: new Set(),
    lines: new Map(),
    scenarios: new Map(),
    resources: new Map(),
    pageOrigins: [],
    minimumCharge: money('0.50', 'EUR'),
    ...change,
  });
  const night = (tariff: Tariff): PriceWindow => ({ weekdays: [1], from: '22:00', until: '06:00', tariff });
  const planOf = (standard: Tariff, ...windows: PriceWindow[]) => ({
    plan: { timeZone: 'Europe/Paris', standard, windows },
  });

  it.each<[string, Partial<LineSurroundings>, RegExp | undefined]>([
    ['one price at every hour', planOf(onePrice, night({ ...onePrice, fixedPrice: '25' })), undefined],
    [
      'a price that grows',
      planOf(perMinute),
      /^Under the standard tariff.*depends on its length.*Leave "at_end"/,
    ],
    ['free seconds', planOf({ ...onePrice, freeSeconds: 10 }), /^Under the standard tariff.*or is nothing/],
    ['a price that grows at night', planOf(onePrice, night(perMinute)), /window of time from 22:00 to 06:00/],
    [
      'less than a card takes',
      planOf({ ...onePrice, fixedPrice: '0.49' }),
      /less than a card can be charged, €0.50/,
    ],
    ['a line without a price', { plan: undefined } as never, /no price yet/],
    ['a sale without a call', { sells: 'fixed_sale' }, /without a call.*Leave "at_end"/],
  ])('%s', (_, change, expected) => {
    const wrong = wrongOfLine({ capture: 'at_connection' }, around(change));
    expect(wrong).toEqual(
      expected ? [{ field: 'capture', sentence: expect.stringMatching(expected) as string }] : [],
    );
    expect(wrongOfLine({ capture: 'at_end' }, around(change))).toEqual([]);
    // What is not said is not asked about: a line whose prices changed since may have anything else changed.
    expect(wrongOfLine({ active: true }, around(change))).toEqual([]);
  });
});
