// A switch may carry other people's channels beside ours. The list is written as FreeSWITCH 1.10 writes `show channels`: the
// columns and values of a recorded answer, joined by commas and escaped by nobody.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readChannels } from '../../src/telephony/switch-answers.ts';

const recorded = readFileSync(
  new URL('../fixtures/freeswitch/commands-on-dead-and-duplicate.esl', import.meta.url),
  'utf8',
);
const row = (
  JSON.parse(/\{"row_count":1,"rows":\[.*?\]\}/.exec(recorded)?.[0] ?? '') as {
    rows: [Record<string, string>];
  }
).rows[0];

const ours = '9d76290b-43fb-4820-a9a7-e9c169bdb6d1';
const line = (change: Record<string, string> = {}): string => Object.values({ ...row, ...change }).join(',');
const list = (lines: readonly string[], total: number): string =>
  [Object.keys(row).join(','), ...lines, '', `${String(total)} total.`, ''].join('\n');

describe('the list of channels', () => {
  it.each([
    ['a uuid chosen by somebody else', line({ uuid: 'trunk-7/42' })],
    ['a uuid in capitals', line({ uuid: '609F949B-B42A-4CD4-B733-5D848FA69FD2' })],
    ['no uuid at all', line({ uuid: '' })],
    ['a name with a comma', line({ uuid: 'x', cid_name: 'Smith, Jane' })],
  ])('%s: skipped and counted, and ours is there', (_, odd) => {
    const legs = [row['uuid'], ours];
    expect(readChannels(list([line(), odd, line({ uuid: ours })], 3))).toEqual({ legs, odd: 1 });
  });

  it('a name with a line break in it is one channel', () => {
    const broken = line({ cid_name: 'Jane\nSmith' });
    const legs = [row['uuid'], ours];
    expect(readChannels(list([broken, line({ uuid: ours })], 2))).toEqual({ legs, odd: 0 });
  });

  it.each([
    ['a line is missing', list([line()], 2)],
    ['an odd line does not stand for a missing one', list([line(), line({ uuid: 'x' })], 3)],
    ['a line of nothing known does not either', list([line(), 'of nothing known'], 2)],
    ['cut in the middle of a line', list([line(), line({ uuid: ours })], 2).slice(0, 700)],
    ['cut before its end', list([line(), line({ uuid: ours })], 2).replace('2 total.\n', '')],
    ['an error', '-ERR SQL error\n'],
  ])('%s: no answer', (_, text) => {
    expect(readChannels(text)).toBeUndefined();
  });
});
