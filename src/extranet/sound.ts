// A voice from the microphone or a file, as the house takes it wherever it runs: WAV of one channel at 16 kHz. Browsers
// record what they like, and a house without a converter knows nothing else.

export const soundSecondsMax = 60;
export const soundBytesMax = 5 * 1_024 * 1_024;
/** What a file may be. */
export const soundTypes = ['audio/wav', 'audio/mpeg', 'audio/ogg', 'audio/webm'] as const;

/** Of a voice; the browser chooses the form. */
export const recorderOptions: MediaRecorderOptions = { audioBitsPerSecond: 64_000 };

/** A file's own word for itself, in the API's words; `undefined`: not one of them. */
export function soundTypeOf({ type, name }: { type: string; name?: string }): string | undefined {
  const plain = type.replace(/;.*/, '').toLowerCase();
  if (plain === 'video/webm') return 'audio/webm';
  if (plain === 'audio/x-wav' || plain === 'audio/wave' || plain === 'audio/vnd.wave') return 'audio/wav';
  if (plain === 'audio/mp3') return 'audio/mpeg';
  if (plain === '' && name !== undefined) {
    const ending = /\.(wav|mp3|ogg|webm)$/i.exec(name)?.[1]?.toLowerCase();
    return ending === undefined ? undefined : ending === 'mp3' ? 'audio/mpeg' : `audio/${ending}`;
  }
  return (soundTypes as readonly string[]).includes(plain) ? plain : undefined;
}

/** A recording of the microphone. Rejects when the browser cannot read what it recorded. */
export async function asTaken(sound: Blob): Promise<Blob> {
  return asWav(await decoded(sound));
}

/** A file somebody chose: what the browser cannot read goes as it is, and the house may know it. Nothing is cut off unsaid. */
export async function fileAsTaken(file: Blob, type: string): Promise<Blob | 'too_long'> {
  let read: AudioBuffer;
  try {
    read = await decoded(file);
  } catch {
    return new Blob([file], { type });
  }
  if (read.duration > soundSecondsMax) return 'too_long';
  return type === 'audio/wav' ? new Blob([file], { type }) : asWav(read);
}

/** One channel of 16 kHz is all a telephone carries: a minute is two megabytes. */
const wavRate = 16_000;

async function decoded(sound: Blob): Promise<AudioBuffer> {
  return new OfflineAudioContext(1, wavRate, wavRate).decodeAudioData(await sound.arrayBuffer());
}

async function asWav(read: AudioBuffer): Promise<Blob> {
  const length = Math.ceil(Math.min(read.duration, soundSecondsMax) * wavRate);
  const rendering = new OfflineAudioContext(1, length, wavRate);
  const source = rendering.createBufferSource();
  source.buffer = read;
  source.connect(rendering.destination);
  source.start();
  const samples = (await rendering.startRendering()).getChannelData(0);
  return wavOf(samples, wavRate);
}

/** RIFF, PCM, 16 bits, one channel. */
export function wavOf(samples: Float32Array, rate: number): Blob {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at: number, word: string): void =>
    new TextEncoder().encode(word).forEach((letter, place) => view.setUint8(at + place, letter));
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, place) => {
    const level = Math.max(-1, Math.min(1, sample));
    view.setInt16(44 + place * 2, Math.round(level * 32_767), true);
  });
  return new Blob([view], { type: 'audio/wav' });
}
