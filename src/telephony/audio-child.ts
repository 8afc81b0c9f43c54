// A process of its own that makes a WAV fit for telephones: in by standard input, out by standard output. Whatever is wrong with what
// it was given, it is only this process that ends.
//
//   out   `S` seconds as a double, length of the 8 kHz WAV (32 bit), that WAV, the 16 kHz WAV
//         or one word: why not

import { readWav, resample, writeWav } from './telephone-wav.ts';

const secondsMax = Number(process.argv[2] ?? '60');
/** A click, a cough: nobody's message. */
const secondsMin = 0.3;

const chunks: Buffer[] = [];
process.stdin.on('data', (chunk: Buffer) => chunks.push(chunk));
process.stdin.on('end', () => {
  process.stdout.write(convert(Buffer.concat(chunks)));
});

function convert(bytes: Buffer): Buffer {
  // What switches and converters cut at a limit is a fraction longer than it.
  const read = readWav(bytes, secondsMax + 1);
  if (read.outcome === 'refused') return Buffer.from(read.because);
  const { rate, samples } = read.sound;
  const seconds = samples.length / rate;
  if (seconds < secondsMin) return Buffer.from('too_short');
  const at16 = resample(read.sound, 16_000);
  const wav8 = writeWav(resample(at16, 8_000));
  const head = Buffer.alloc(13);
  head.write('S', 0, 'latin1');
  head.writeDoubleLE(seconds, 1);
  head.writeUInt32LE(wav8.length, 9);
  return Buffer.concat([head, wav8, writeWav(at16)]);
}
