// What a telephone that rings sounds like, by country (ITU-T E.180, supplement 2), and that a sandbox phone shows it as that.

import { expect, it } from 'vitest';
import { audioOf } from '../../src/sandbox/switch-audio.ts';
import { music } from '../../src/telephony/dial-string.ts';
import { isRingBack, ringBackOf } from '../../src/telephony/ring-back.ts';

it.each([
  ['FR', '%(1500,3500,440)'],
  ['BE', '%(1000,3000,425)'],
  ['GB', '%(400,200,400,450);%(400,2000,400,450)'],
  ['US', '%(2000,4000,440,480)'],
  ['XX', '%(1500,3500,440)'],
  ['constructor', '%(1500,3500,440)'],
])('in %s: %s, without end', (country, cadence) => {
  const tone = ringBackOf(country);
  expect(tone).toBe(`tone_stream://v=-20;${cadence};loops=-1`);
  expect(isRingBack(tone)).toBe(true);
  expect(audioOf(tone)).toMatchObject({ text: '♪ ringing tone', music: true, durationMs: Infinity });
});

it('music is no such tone', () => {
  expect(isRingBack(music)).toBe(false);
  expect(audioOf(music)?.text).toBe('♪ music');
  expect(audioOf('tone_stream://%(400,200,300);loops=-1')?.text).toBe('♪ music');
});
