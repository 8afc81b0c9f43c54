// Who calls, by what a real switch said of each way a carrier may write it: the headers of CHANNEL_PARK for calls whose From,
// P-Asserted-Identity, P-Preferred-Identity, Remote-Party-ID and Privacy were as the name of the case says.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { switchEvent } from '../../src/telephony/switch-events.ts';
import { readUnanswered, readWaiting } from '../../src/telephony/switch-answers.ts';

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/freeswitch/inbound-identities.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, string>>;

const told = (name: string, more: Record<string, string> = {}, country = 'FR') => {
  const headers = { ...recorded[name], ...more };
  const event = switchEvent({ header: (one) => headers[one] || undefined, body: () => '' }, country);
  return event?.type === 'legParked' ? event : undefined;
};
const withheld = { trust: 'withheld' };
const unverified = (number: string) => ({ trust: 'unverified', number });
const network = (number: string) => ({ trust: 'network', number });

describe('the number a call came from', () => {
  test.each([
    ['plain', unverified('+33612000001')],
    ['pai', network('+33612000002')],
    ['rpid', unverified('+33612000003')],
    ['national', unverified('+33612000004')],
    ['international00', unverified('+33612000012')],
    ['noPlus', unverified('+33612000018')],
    ['paiDiffers', network('+33612999999')],
    ['paiTel', network('+33612888888')],
    ['paiNational', network('+33612888888')],
    ['paiTwo', network('+33612111111')],
    ['privacyNone', network('+33612000009')],
    // What the calling side prefers stands over the number of the call, over an asserted one too.
    ['ppi', unverified('+33612777001')],
    ['both', network('+33612111111')],
    ['privacyPid', withheld],
    ['privacyRpid', withheld],
    ['privacyOnly', withheld],
    ['anonFrom', withheld],
    ['anonPai', withheld],
    ['ppiAndFromAnonymous', withheld],
    ['weird', withheld],
    ['paiWord', withheld],
  ])('%s', (name, cli) => expect(told(name)?.cli).toEqual(cli));

  test('a national number is understood where the trunk is', () => {
    expect(told('national', {}, 'BE')?.cli).toEqual(withheld);
    expect(told('national', { 'Caller-Caller-ID-Number': '0470123456' }, 'BE')?.cli).toEqual(
      unverified('+32470123456'),
    );
  });

  test.each(['112', '3250', '+0612000001', '+336', "+33612000001'", '+33612000001;x', '0612000001,1', '00'])(
    '%s is none',
    (text) => expect(told('plain', { 'Caller-Caller-ID-Number': text })?.cli).toEqual(withheld),
  );
});

describe('the number that was called', () => {
  test.each([
    ['plain', '+33899000001'],
    ['ddiNational', '+33899000001'],
    ['ddiWord', undefined],
  ])('%s', (name, ddi) => expect(told(name)?.ddi).toBe(ddi));

  test('escaped as some telephones send it', () => {
    expect(told('plain', { 'Caller-Destination-Number': '%2B33899000001' })?.ddi).toBe('+33899000001');
  });
});

describe('a call that waits', () => {
  test.each([
    ['is not of our dialplan', { variable_ringmeter_inbound: '' }],
    ['was taken', { variable_ringmeter_taken: 'true' }],
    ['is answered', { 'Answer-State': 'answered' }],
    ['hears the apology', { 'Answer-State': 'early' }],
    ['was in a talk', { 'Caller-Channel-Bridged-Time': '1795292222712330' }],
  ])('is none when it %s', (_, more) => expect(told('plain', more)).toBe(undefined));

  test('is listed even when it was taken: whoever took it may not have written it down', () => {
    const dump = { ...recorded['pai'], variable_ringmeter_taken: 'true' };
    expect(readWaiting(JSON.stringify(dump), 'FR')).toBeDefined();
  });

  test('is one still when its taking was only begun, and reads the same from a dump', () => {
    const event = told('pai', { variable_ringmeter_taken: 'begun' });
    expect(event).toMatchObject({ cli: network('+33612000002') });
    const { type: _, ...call } = event ?? { type: 'legParked' };
    expect(readWaiting(JSON.stringify(recorded['pai']), 'FR')).toEqual(call);
    expect(readWaiting('-ERR No such channel!', 'FR')).toBe(undefined);
  });

  test('the list of channels says which may', () => {
    const uuid = recorded['pai']?.['Unique-ID'] ?? '';
    const row = { uuid, direction: 'inbound', callstate: 'RINGING' };
    const list = (...rows: object[]) =>
      JSON.stringify({ row_count: rows.length, ...(rows.length > 0 && { rows }) });
    expect(readUnanswered(list(row))).toEqual([uuid]);
    expect(readUnanswered(list({ ...row, callstate: 'ACTIVE' }, { ...row, direction: 'outbound' }))).toEqual(
      [],
    );
    expect(readUnanswered(list({ ...row, uuid: 'trunk-7/42' }))).toEqual([]);
    expect(readUnanswered(list())).toEqual([]);
    expect(readUnanswered('-ERR busy')).toBe(undefined);
  });
});
