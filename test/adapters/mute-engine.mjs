#!/usr/bin/env node
// Takes espeak-ng's options and writes half a second of silence: sentences then last as long wherever the tests run, and
// nothing has to be installed.
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';

const options = process.argv.slice(2);
if (!options.includes('--version')) {
  readFileSync(0);
  const samples = 4_000;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(8_000, 24);
  wav.writeUInt32LE(16_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  writeFileSync(options[options.indexOf('-w') + 1], wav);
}
