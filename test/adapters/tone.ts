// A WAV of one tone, as a test sends it.

export interface Tone {
  hz: number;
  seconds: number;
  rate?: number;
  channels?: number;
  bits?: 8 | 16 | 24;
}

export function toneWav({ hz, seconds, rate = 16_000, channels = 1, bits = 16 }: Tone): Buffer {
  const frames = Math.round(seconds * rate);
  const frame = channels * (bits / 8);
  const bytes = Buffer.alloc(44 + frames * frame);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * frame, 28);
  bytes.writeUInt16LE(frame, 32);
  bytes.writeUInt16LE(bits, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(frames * frame, 40);
  for (let n = 0; n < frames; n++) {
    const value = 0.5 * Math.sin((2 * Math.PI * hz * n) / rate);
    for (let c = 0; c < channels; c++) {
      const at = 44 + n * frame + c * (bits / 8);
      if (bits === 8) bytes.writeUInt8(Math.round(128 + value * 127), at);
      else if (bits === 16) bytes.writeInt16LE(Math.round(value * 32_767), at);
      else bytes.writeIntLE(Math.round(value * 8_388_607), at, 3);
    }
  }
  return bytes;
}

/** How loud this pitch is in a mono WAV of 16 bit: 0.5 for a whole tone of ours (Goertzel). */
export function loudness(wav: Buffer, hz: number): number {
  const rate = wav.readUInt32LE(24);
  const samples = (wav.length - 44) / 2;
  const k = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let [before, last] = [0, 0];
  for (let n = 0; n < samples; n++) {
    [before, last] = [last, wav.readInt16LE(44 + n * 2) / 32_767 + k * last - before];
  }
  return (2 * Math.sqrt(before * before + last * last - k * before * last)) / samples;
}
