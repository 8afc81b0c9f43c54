// Sound that somebody sent, made fit for telephones by a process of its own, whatever it is.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { ChildAudioConverter } from '../../src/telephony/audio-converter.ts';
import { readWav, resample, withoutSilence, writeWav } from '../../src/telephony/telephone-wav.ts';
import { loudness, toneWav } from './tone.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const dir = mkdtempSync(join(tmpdir(), 'ringmeter-audio-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const withoutFfmpeg = new ChildAudioConverter({ log, ffmpeg: join(dir, 'none') });

const soundOf = (wav: Buffer): Parameters<typeof resample>[0] => {
  const read = readWav(wav, 61);
  if (read.outcome !== 'sound') throw new Error(read.because);
  return read.sound;
};

describe('one channel at another rate', () => {
  test.each([
    { rate: 44_100, channels: 2, bits: 16 },
    { rate: 48_000, channels: 1, bits: 24 },
    { rate: 8_000, channels: 1, bits: 8 },
    { rate: 11_025, channels: 2, bits: 16 },
  ] as const)('$rate Hz, $channels channels, $bits bit: as loud as it was', (form) => {
    const sound = soundOf(toneWav({ hz: 440, seconds: 0.5, ...form }));
    for (const rate of [8_000, 16_000]) {
      const wav = writeWav(resample(sound, rate));
      expect(wav.readUInt32LE(24)).toBe(rate);
      expect((wav.length - 44) / 2 / rate).toBeCloseTo(0.5, 2);
      expect(loudness(wav, 440)).toBeCloseTo(0.5, 1);
    }
  });

  it('what the new rate cannot carry is gone, and does not come back as another tone', () => {
    const sound = soundOf(toneWav({ hz: 6_000, seconds: 0.5, rate: 16_000 }));
    const wav = writeWav(resample(sound, 8_000));
    // 6 kHz at a rate of 8 kHz would be heard as 2 kHz.
    expect(loudness(wav, 2_000)).toBeLessThan(0.005);
  });
});

describe('what somebody said, without the silence around it', () => {
  const quiet = 200 / 32_768;
  const spoken = (...parts: [seconds: number, loud: number][]) => ({
    rate: 8_000,
    samples: Float32Array.from(
      parts.flatMap(([seconds, loud]) =>
        Array.from({ length: seconds * 8_000 }, (_, n) => (n % 2 === 0 ? loud : -loud)),
      ),
    ),
  });
  test.each([
    ['from his first word to his last, with a breath on either side', spoken([4, 0], [2, 0.1], [5, 0]), 2.6],
    ['a pause within it stays', spoken([1, 0], [1, 0.1], [3, 0], [1, 0.1], [1, 0]), 5.6],
    ['the hiss of a line is silence', spoken([1, 0.004], [2, 0.1], [5, 0.004]), 2.6],
    ['no breath is made up', spoken([0.1, 0], [2, 0.1], [0.1, 0]), 2.2],
    ['nothing was said', spoken([5, 0.004]), 0],
    ['nothing at all', spoken(), 0],
  ])('%s', (_what, sound, seconds) => {
    expect(withoutSilence(sound, quiet).samples.length / 8_000).toBeCloseTo(seconds, 1);
  });
});

// ITU-T G.711, table 1a and 2a: the quietest and the loudest.
test.each([
  [6, [0xd5, 0x55, 0xaa, 0x2a], [8, -8, 32_256, -32_256]],
  [7, [0xff, 0x7f, 0x80, 0x00], [0, 0, 32_124, -32_124]],
])('what telephones speak among themselves, format %i', (kind, bytes, values) => {
  const wav = Buffer.concat([toneWav({ hz: 0, seconds: 0, bits: 8, rate: 8_000 }), Buffer.from(bytes)]);
  wav.writeUInt16LE(kind, 20);
  wav.writeUInt32LE(bytes.length, 40);
  const read = readWav(wav, 61);
  if (read.outcome !== 'sound') throw new Error(read.because);
  expect([...read.sound.samples].map((one) => Math.abs(one * 32_768) * Math.sign(one) + 0)).toEqual(values);
});

describe('the converter', () => {
  it('answers 8 and 16 kHz', async () => {
    const made = await withoutFfmpeg.convert(
      toneWav({ hz: 440, seconds: 1.5, rate: 44_100, channels: 2 }),
      'audio/wav',
    );
    if (made.outcome !== 'made') throw new Error(made.because);
    const { wav8, wav16, seconds } = made.audio;
    expect(seconds).toBeCloseTo(1.5, 3);
    expect([wav8.readUInt32LE(24), wav16.readUInt32LE(24)]).toEqual([8_000, 16_000]);
    expect(loudness(wav8, 440)).toBeCloseTo(0.5, 1);
  });

  const lying = toneWav({ hz: 440, seconds: 1 });
  lying.writeUInt32LE(0xfffffff0, 40);
  const endless = toneWav({ hz: 440, seconds: 1 });
  endless.writeUInt32LE(0xffffffff, 4);
  const cut = toneWav({ hz: 440, seconds: 2 }).subarray(0, 16_000);

  test.each<[string, Buffer, string, string]>([
    ['too short', toneWav({ hz: 440, seconds: 0.2 }), 'audio/wav', 'too_short'],
    ['too long', toneWav({ hz: 440, seconds: 61.5, rate: 8_000 }), 'audio/wav', 'too_long'],
    ['nothing', Buffer.alloc(0), 'audio/wav', 'not_audio'],
    ['text', Buffer.from('hello '.repeat(50)), 'audio/wav', 'not_audio'],
    ['a head alone', toneWav({ hz: 1, seconds: 1 }).subarray(0, 40), 'audio/wav', 'not_audio'],
    ['no rate', Buffer.concat([toneWav({ hz: 1, seconds: 1 }).fill(0, 24, 28)]), 'audio/wav', 'not_audio'],
    ['MP3 where nobody reads it', Buffer.from('ID3'), 'audio/mpeg', 'no_converter'],
    ['a type nobody knows', Buffer.from('OggS'), 'audio/flac', 'not_audio'],
    ['a length beyond its end', lying, 'audio/wav', 'made'],
    ['a stream’s head', endless, 'audio/wav', 'made'],
    ['cut off', cut, 'audio/wav', 'made'],
    ['a WAV by another name', toneWav({ hz: 440, seconds: 1 }), 'audio/webm', 'made'],
  ])('%s', async (_what, bytes, type, expected) => {
    const made = await withoutFfmpeg.convert(bytes, type);
    expect(made.outcome === 'refused' ? made.because : made.outcome).toBe(expected);
  });

  it('what is no WAV goes through ffmpeg, told what it is', async () => {
    const ffmpeg = join(dir, 'ffmpeg');
    const wav = join(dir, 'decoded.wav');
    writeFileSync(wav, toneWav({ hz: 440, seconds: 1 }));
    writeFileSync(
      ffmpeg,
      `#!/bin/sh\ncat > /dev/null\ncase "$*" in *'-f mp3 -i pipe:0'*) cat '${wav}';; *) exit 1;; esac\n`,
    );
    chmodSync(ffmpeg, 0o755);
    const converter = new ChildAudioConverter({ log, ffmpeg });
    expect((await converter.convert(Buffer.from('ID3 sound'), 'audio/mpeg')).outcome).toBe('made');
    expect(await converter.convert(Buffer.from('OggS'), 'audio/ogg')).toEqual({
      outcome: 'refused',
      because: 'not_audio',
    });
  });
});
