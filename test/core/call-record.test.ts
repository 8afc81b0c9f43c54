import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseCallRecord } from '../../src/core/call-record.ts';

const recorded = readFileSync(
  new URL('../fixtures/freeswitch/inbound-client-code.json', import.meta.url),
  'utf8',
);
const variables = (JSON.parse(recorded) as { variables: Record<string, string> }).variables;
const withKeys = (more: Record<string, string>): string =>
  JSON.stringify({ ...(JSON.parse(recorded) as object), variables: { ...variables, ...more } });

describe('the record of a leg', () => {
  test('is of the leg it names, and keeps what it says', () => {
    const record = parseCallRecord(recorded);
    expect(record?.leg).toBe(variables['uuid']);
    expect(record?.body).toMatchObject({ variables: { hangup_cause: variables['hangup_cause'] } });
  });

  test('keeps no digit that was keyed on the leg', () => {
    const keyed = {
      digits_dialed: '481516#',
      ringmeter_digits: '481516',
      ringmeter_digits_invalid: '481516',
      ringmeter_key: '4',
      read_terminator_used: '#',
    };
    const { variables: kept } = parseCallRecord(withKeys(keyed))?.body as { variables: object };
    expect(Object.keys(kept).filter((name) => name in keyed)).toEqual([]);
    expect(JSON.stringify(kept)).not.toContain('481516');
    expect(Object.keys(kept)).toContain('end_uepoch');
  });

  test.each([
    '',
    'null',
    '[]',
    '{}',
    '{"variables":null}',
    '{"variables":{"uuid":7}}',
    '{"variables":{"uuid":"x"}}',
  ])('%s is none', (text) => expect(parseCallRecord(text)).toBe(undefined));
});
