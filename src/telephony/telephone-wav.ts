// WAV as it comes from switches, browsers and people's disks, and as telephones take it: read, mixed to one channel, resampled. Pure,
// and run in a child process (audio-child): what is sent to us is not to be trusted with our memory or our time.

/** One channel, each sample between -1 and 1. */
export interface Sound {
  rate: number;
  samples: Float32Array;
}

export type WavRead =
  { outcome: 'sound'; sound: Sound } | { outcome: 'refused'; because: 'not_audio' | 'too_long' };

const rateMin = 4_000;
const rateMax = 192_000;

/** RIFF/WAVE of PCM (8, 16, 24, 32 bit), floats, A-law or µ-law. `secondsMax`: what is longer is not even decoded. */
export function readWav(bytes: Buffer, secondsMax: number): WavRead {
  const refused = { outcome: 'refused', because: 'not_audio' } as const;
  if (bytes.length < 44 || bytes.toString('latin1', 0, 4) !== 'RIFF') return refused;
  if (bytes.toString('latin1', 8, 12) !== 'WAVE') return refused;
  let format: { kind: number; channels: number; rate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const chunk = bytes.toString('latin1', at, at + 4);
    // Whoever streams a WAV does not know its length yet: then it is all that follows.
    const size = Math.min(bytes.readUInt32LE(at + 4), bytes.length - at - 8);
    if (chunk === 'fmt ' && size >= 16) {
      const kind = bytes.readUInt16LE(at + 8);
      format = {
        // WAVE_FORMAT_EXTENSIBLE says in its subformat what it is.
        kind: kind === 0xfffe && size >= 26 ? bytes.readUInt16LE(at + 32) : kind,
        channels: bytes.readUInt16LE(at + 10),
        rate: bytes.readUInt32LE(at + 12),
        bits: bytes.readUInt16LE(at + 22),
      };
    }
    if (chunk === 'data' && format) {
      const sample = decoder(format);
      const { channels, rate, bits } = format;
      if (!sample || channels < 1 || channels > 8 || rate < rateMin || rate > rateMax) return refused;
      const frame = channels * (bits / 8);
      const frames = Math.floor(size / frame);
      if (frames > secondsMax * rate) return { outcome: 'refused', because: 'too_long' };
      const samples = new Float32Array(frames);
      for (let n = 0; n < frames; n++) {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += sample(bytes, at + 8 + n * frame + c * (bits / 8));
        samples[n] = Math.max(-1, Math.min(1, sum / channels));
      }
      return { outcome: 'sound', sound: { rate, samples } };
    }
    at += 8 + size + (size % 2);
  }
  return refused;
}

function decoder({
  kind,
  bits,
}: {
  kind: number;
  bits: number;
}): ((bytes: Buffer, at: number) => number) | undefined {
  switch (`${String(kind)}/${String(bits)}`) {
    case '1/8':
      return (bytes, at) => (bytes.readUInt8(at) - 128) / 128;
    case '1/16':
      return (bytes, at) => bytes.readInt16LE(at) / 32_768;
    case '1/24':
      return (bytes, at) => bytes.readIntLE(at, 3) / 8_388_608;
    case '1/32':
      return (bytes, at) => bytes.readInt32LE(at) / 2_147_483_648;
    case '3/32':
      return (bytes, at) => finite(bytes.readFloatLE(at));
    case '6/8':
      return (bytes, at) => aLaw(bytes.readUInt8(at));
    case '7/8':
      return (bytes, at) => muLaw(bytes.readUInt8(at));
    default:
      return undefined;
  }
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

/** ITU-T G.711. */
function aLaw(byte: number): number {
  const value = byte ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = ((value & 15) << 4) + 8;
  const linear = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (value & 0x80 ? linear : -linear) / 32_768;
}

function muLaw(byte: number): number {
  const value = ~byte & 0xff;
  const linear = ((((value & 15) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
  return (value & 0x80 ? -linear : linear) / 32_768;
}

/** Zero crossings of the kernel on each side: what is above the new band is 50 dB down, and a minute takes half a second. */
const crossings = 12;

/** Windowed sinc; what the new rate cannot carry is taken away before it could fold back as a whistle. */
export function resample({ rate, samples }: Sound, to: number): Sound {
  if (rate === to) return { rate, samples };
  const ratio = rate / to;
  const cutoff = Math.min(1, to / rate) * 0.94;
  const reach = crossings / cutoff;
  const length = Math.max(1, Math.round(samples.length / ratio));
  const out = new Float32Array(length);
  for (let n = 0; n < length; n++) {
    const centre = n * ratio;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(samples.length - 1, Math.floor(centre + reach));
    let sum = 0;
    for (let k = first; k <= last; k++) {
      const x = (k - centre) * cutoff;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      const window = 0.5 + 0.5 * Math.cos((Math.PI * (k - centre)) / reach);
      sum += (samples[k] ?? 0) * sinc * window;
    }
    out[n] = sum * cutoff;
  }
  return { rate: to, samples: out };
}

const frameSeconds = 0.02;
/** A breath before the first word, and the last one's fading. */
const breathSeconds = 0.3;

/** From the first word to the last: frames whose mean amplitude (of 1) is under `quiet` are silence, at either end. */
export function withoutSilence({ rate, samples }: Sound, quiet: number): Sound {
  const frame = Math.max(1, Math.round(rate * frameSeconds));
  let [from, to] = [samples.length, 0];
  for (let begin = 0; begin < samples.length; begin += frame) {
    const part = samples.subarray(begin, begin + frame);
    let sum = 0;
    for (const sample of part) sum += Math.abs(sample);
    if (sum / part.length < quiet) continue;
    from = Math.min(from, begin);
    to = begin + part.length;
  }
  const breath = Math.round(rate * breathSeconds);
  return {
    rate,
    samples: to === 0 ? new Float32Array(0) : samples.slice(Math.max(0, from - breath), to + breath),
  };
}

/** Mono, 16 bit. */
export function writeWav({ rate, samples }: Sound): Buffer {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.length * 2, 40);
  for (const [n, sample] of samples.entries()) {
    bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))), 44 + n * 2);
  }
  return bytes;
}
