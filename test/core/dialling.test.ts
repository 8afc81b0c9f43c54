import { describe, expect, it, test } from 'vitest';
import {
  defaultDestinations,
  destinationOf,
  legsCost,
  numberFromTrunk,
  parsePhone,
  type Destination,
  type InvalidPhone,
  type RefusedDestination,
} from '../../src/core/dialling.ts';
import type { E164 } from '../../src/core/ids.ts';
import { amountText, currencyDecimals } from '../../src/core/money.ts';

const e164 = (text: string): E164 => text as E164;

describe('a number people type', () => {
  test.each([
    ['0612345678', 'FR', '+33612345678', 'FR'],
    ['06 12 34 56 78', 'FR', '+33612345678', 'FR'],
    ['06.12.34.56.78', 'FR', '+33612345678', 'FR'],
    ['06-12-34-56-78', 'fr', '+33612345678', 'FR'],
    ['  0612345678 ', 'FR', '+33612345678', 'FR'],
    ['612345678', 'FR', '+33612345678', 'FR'],
    ['+33612345678', 'GB', '+33612345678', 'FR'],
    ['+33 (0)6 12 34 56 78', 'FR', '+33612345678', 'FR'],
    ['+33 06 12 34 56 78', 'FR', '+33612345678', 'FR'],
    ['0033612345678', 'FR', '+33612345678', 'FR'],
    ['٠٦١٢٣٤٥٦٧٨', 'FR', '+33612345678', 'FR'],
    ['020 7946 0018', 'GB', '+442079460018', 'GB'],
    ['(202) 555-0123', 'US', '+12025550123', 'US'],
    ['+41 44 668 18 00', 'FR', '+41446681800', 'CH'],
    ['+39 06 12345678', 'FR', '+390612345678', 'IT'],
    ['07781 123456', 'GB', '+447781123456', 'GG'],
    ['+12423571234', 'US', '+12423571234', 'BS'],
    ['+870773123456', 'FR', '+870773123456', '001'],
    // Dialled like any French number, reached under country codes of their own.
    ['0692 12 34 56', 'FR', '+262692123456', 'RE'],
    ['0690 12 34 56', 'FR', '+590690123456', 'GP'],
    ['0696 12 34 56', 'FR', '+596696123456', 'MQ'],
    ['0694 20 12 34', 'FR', '+594694201234', 'GF'],
    ['+33612345678', 'no country', '+33612345678', 'FR'],
  ])('%j typed in %s is %s of %s', (text, typedIn, number, country) => {
    expect(parsePhone(text, typedIn)).toEqual({ outcome: 'number', number, country });
  });

  test.each<[string, string, InvalidPhone]>([
    ['', 'FR', 'empty'],
    ['   ', 'FR', 'empty'],
    ['06 12 34', 'FR', 'too_short'],
    ['06 12 34 56 7', 'FR', 'too_short'],
    ['1', 'FR', 'too_short'],
    ['+33', 'FR', 'too_short'],
    ['0612345678 90', 'FR', 'too_long'],
    ['06123456789', 'FR', 'too_long'],
    ['+1234567890123456789', 'FR', 'too_long'],
    ['0'.repeat(41), 'FR', 'too_long'],
    ['0000000000', 'FR', 'not_a_number'],
    ['+33 0 12 34 56 78', 'FR', 'too_short'],
    // In nobody's range: kept free by the regulators for films.
    ['0639980001', 'FR', 'not_a_number'],
    ['07700 900123', 'GB', 'not_a_number'],
    ['abc', 'FR', 'not_a_number'],
    ['06VANITYXX', 'FR', 'not_a_number'],
    ['call 0612345678 please', 'FR', 'not_a_number'],
    ['0612345678, 0612345679', 'FR', 'not_a_number'],
    ['0612345678x12', 'FR', 'not_a_number'],
    ['0612345678#', 'FR', 'not_a_number'],
    ['+33612345678}&park()', 'FR', 'not_a_number'],
    ['+33612345678\r\napi shutdown', 'FR', 'not_a_number'],
    ['+999123456789', 'FR', 'not_a_number'],
    ['0612345678', 'XX', 'not_a_number'],
    ['0612345678', '', 'not_a_number'],
    ['0692123456', 'BE', 'too_long'],
    ['112', 'FR', 'short_number'],
    ['15', 'FR', 'short_number'],
    ['17', 'FR', 'short_number'],
    ['+33 112', 'FR', 'short_number'],
    ['0033 112', 'FR', 'short_number'],
    ['3250', 'FR', 'short_number'],
    ['+333250', 'FR', 'short_number'],
    ['118 712', 'FR', 'short_number'],
    ['116 000', 'LU', 'short_number'],
    ['016', 'ES', 'short_number'],
    ['999', 'GB', 'short_number'],
    ['118118', 'GB', 'short_number'],
    ['911', 'US', 'short_number'],
    ['+1911', 'FR', 'short_number'],
    ['110', 'DE', 'short_number'],
    ['11833', 'DE', 'short_number'],
    ['144', 'CH', 'short_number'],
    ['5003', 'BE', 'short_number'],
    ['112', 'SE', 'short_number'],
  ])('%j typed in %s is refused: %s', (text, typedIn, reason) => {
    expect(parsePhone(text, typedIn)).toEqual({ outcome: 'invalid', reason });
  });
});

describe('a number from the trunk', () => {
  test.each([
    ['+33612345678', 'FR', '+33612345678'],
    // In a range no library knows yet: the carrier does.
    ['+33998123456', 'FR', '+33998123456'],
    ['0612345678', 'FR', '+33612345678'],
    ['0033612345678', 'FR', '+33612345678'],
    ['33612345678', 'FR', '+33612345678'],
    ['0470123456', 'BE', '+32470123456'],
    ['0899000001', 'FR', '+33899000001'],
  ])('%s in %s is %s', (text, country, number) => expect(numberFromTrunk(text, country)).toBe(number));

  test.each([
    '',
    'anonymous',
    '112',
    '3250',
    '+0612345678',
    '+33612',
    '+3361234567890123',
    '0000000000',
    '06 12 34 56 78',
    '0612345678;ext=5',
    '+33612345678\n',
    '٠٦١٢٣٤٥٦٧٨',
  ])('%j is none', (text) => expect(numberFromTrunk(text, 'FR')).toBe(undefined));
});

describe('the destination of a number', () => {
  const row = (prefix: string, kind: Destination['kind'], allowed = true): Destination => ({
    prefix,
    kind,
    allowed,
    costPerMinute: '0.01',
    currency: 'EUR',
  });

  it('is the row with the longest prefix, wherever it stands', () => {
    const table = [row('+336', 'mobile'), row('+3361', 'other'), row('+33', 'fixed')];
    for (const shuffled of [table, [...table].reverse()]) {
      expect(destinationOf(e164('+33612345678'), shuffled)).toEqual({
        outcome: 'allowed',
        destination: table[1],
      });
      expect(destinationOf(e164('+33712345678'), shuffled)).toEqual({
        outcome: 'allowed',
        destination: table[2],
      });
    }
  });

  test.each<[string, Destination[], RefusedDestination]>([
    ['an empty table', [], 'not_listed'],
    ['no row', [row('+44', 'fixed')], 'not_listed'],
    ['a row that forbids', [row('+33', 'fixed'), row('+336', 'mobile', false)], 'not_allowed'],
    ['premium', [row('+33', 'fixed'), row('+336', 'premium', false)], 'premium'],
    ['premium, even where a price list allows it', [row('+336', 'premium')], 'premium'],
    ['satellite, even where a price list allows it', [row('+336', 'satellite')], 'satellite'],
    ['short, even where a price list allows it', [row('+336', 'short')], 'short'],
    // An imported row without its prefix must not open the world.
    ['an empty prefix', [row('', 'fixed')], 'not_listed'],
  ])('is refused: %s', (_why, table, reason) => {
    expect(destinationOf(e164('+33612345678'), table)).toEqual({ outcome: 'refused', reason });
  });
});

describe('the destinations a new installation starts with', () => {
  test.each([
    ['Paris', '+33142345678', 'fixed'],
    ['a French mobile', '+33612345678', 'mobile'],
    ['a French box', '+33912345678', 'fixed'],
    ['a mobile of Réunion', '+262692123456', 'mobile'],
    ['Brussels', '+3225551234', 'fixed'],
    ['a Belgian mobile', '+32471234567', 'mobile'],
    ['Liège, beside the Belgian mobiles', '+3242212345', 'fixed'],
    ['Berlin', '+4930123456', 'fixed'],
    ['a German mobile', '+4915123456789', 'mobile'],
    ['Zurich', '+41446681800', 'fixed'],
    ['a Swiss mobile', '+41791234567', 'mobile'],
    ['a Luxembourg mobile', '+352621123456', 'mobile'],
    ['Rome', '+390612345678', 'fixed'],
    ['an Italian mobile', '+393123456789', 'mobile'],
    ['Madrid', '+34911234567', 'fixed'],
    ['a Spanish mobile', '+34612345678', 'mobile'],
    ['Monaco', '+37793123456', 'fixed'],
    ['Gouda', '+31182123456', 'fixed'],
    ['Dublin north', '+35318123456', 'fixed'],
    ['London', '+442079460018', 'fixed'],
    ['a British mobile', '+447400123456', 'mobile'],
    ['New York', '+12125550123', 'fixed'],
    ['Montréal', '+15142345678', 'fixed'],
  ])('ring %s', (_where, number, kind) => {
    expect(destinationOf(e164(number), defaultDestinations)).toMatchObject({
      outcome: 'allowed',
      destination: { kind },
    });
  });

  test.each<[string, string, RefusedDestination]>([
    ['French 089', '+33899123456', 'premium'],
    ['French 081', '+33810123456', 'premium'],
    ['French 0800', '+33800123456', 'not_allowed'],
    ['Belgian 0900', '+3290012345', 'premium'],
    ['German 0900', '+499001234567', 'premium'],
    ['German 0180', '+491801234567', 'premium'],
    ['Swiss 0900', '+41900123456', 'premium'],
    ['Italian 899', '+39899123456', 'premium'],
    ['Spanish 806', '+34806123456', 'premium'],
    ['British 09', '+449012345678', 'premium'],
    ['British 070', '+447012345678', 'premium'],
    ['British 0871', '+448712345678', 'premium'],
    ['Irish 1550', '+3531550123456', 'premium'],
    ['American 900', '+19002345678', 'premium'],
    ['the Bahamas inside +1', '+12423571234', 'not_allowed'],
    ['Jamaica inside +1', '+18762345678', 'not_allowed'],
    ['American 800', '+18002345678', 'not_allowed'],
    ['Inmarsat', '+870773123456', 'satellite'],
    ['Iridium', '+881612345678', 'satellite'],
    ['international networks', '+88216123456', 'satellite'],
    ['iNum', '+883510012345', 'satellite'],
    ['international premium', '+979123456789', 'premium'],
    ['a country nobody listed', '+2250712345678', 'not_listed'],
  ])('refuse %s', (_where, number, reason) => {
    expect(destinationOf(e164(number), defaultDestinations)).toEqual({ outcome: 'refused', reason });
  });

  it('are each listed once, as E.164 prefixes with a price', () => {
    const prefixes = defaultDestinations.map((destination) => destination.prefix);
    expect(prefixes.filter((prefix, index) => prefixes.indexOf(prefix) !== index)).toEqual([]);
    for (const destination of defaultDestinations) {
      expect(destination.prefix).toMatch(/^\+[1-9]\d{0,6}$/);
      expect(destination.costPerMinute).toMatch(/^\d+(\.\d+)?$/);
      expect(currencyDecimals(destination.currency)).toBe(2);
      // What is rung costs something: a row at nothing would pass every order.
      if (destination.allowed) expect(Number(destination.costPerMinute)).toBeGreaterThan(0);
    }
  });
});

describe('what the legs cost us', () => {
  const at = (costPerMinute: string, currency = 'EUR'): Destination => ({
    prefix: '+33',
    allowed: true,
    kind: 'fixed',
    costPerMinute,
    currency,
  });

  test.each([
    ['both legs, for a minute', '0.01', '0.03', 60, '0.04'],
    ['both legs, for ten', '0.01', '0.03', 600, '0.40'],
    ['rounded up', '0.01', '0.03', 61, '0.05'],
    ['rounded up from almost nothing', '0.0001', '0', 1, '0.01'],
    ['nothing for no talk', '0.01', '0.03', 0, '0.00'],
  ])('%s', (_what, caller, consultant, seconds, cost) => {
    const legs = { caller: at(caller), consultant: at(consultant), seconds, currency: 'EUR' };
    expect(amountText(legsCost(legs)!)).toBe(cost);
  });

  it('of a consultant at a SIP address: the caller’s alone', () => {
    const legs = { caller: at('0.03'), consultant: 'free', seconds: 60, currency: 'EUR' } as const;
    expect(amountText(legsCost(legs)!)).toBe('0.03');
    expect(legsCost({ ...legs, currency: 'USD' })).toBeUndefined();
  });

  it('is not known across currencies', () => {
    expect(
      legsCost({ caller: at('1'), consultant: at('1', 'USD'), seconds: 60, currency: 'EUR' }),
    ).toBeUndefined();
    expect(
      legsCost({ caller: at('1', 'USD'), consultant: at('1'), seconds: 60, currency: 'EUR' }),
    ).toBeUndefined();
    expect(legsCost({ caller: at('1'), consultant: at('1'), seconds: 60, currency: 'USD' })).toBeUndefined();
  });

  test.each([-1, NaN])('is not asked for %d seconds', (seconds) => {
    expect(() => legsCost({ caller: at('1'), consultant: at('1'), seconds, currency: 'EUR' })).toThrow(
      /does not last/,
    );
  });
});
