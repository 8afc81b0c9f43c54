// What the phones sound like: ring, keys, waiting music, voices. Browsers are silent until the visitor has touched the
// page; until then everything is there to read.

import { currentLanguage } from './texts.ts';

/** ITU-T Q.23: one low and one high tone a key. */
const lows = [697, 770, 852, 941];
const highs = [1209, 1336, 1477];
const keys = ['123', '456', '789', '*0#'];
/** Long enough to be heard as a key, as short as a finger is. */
const keySeconds = 0.16;
/** What a voice speaks in a second at its normal speed. */
const charactersPerSecond = 15;

let context: AudioContext | undefined;
let muted = false;
const ringing = new Map<string, () => void>();
const playing = new Map<string, () => void>();
const toning = new Map<string, () => void>();
let speakingFor: string | undefined;

for (const gesture of ['pointerdown', 'keydown']) {
  addEventListener(gesture, () => {
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume();
  });
}

export function isMuted(): boolean {
  return muted;
}

export function mute(silent: boolean): void {
  muted = silent;
  if (!silent) return;
  for (const stop of [...ringing.values(), ...playing.values(), ...toning.values()]) stop();
  ringing.clear();
  playing.clear();
  toning.clear();
  speechSynthesis.cancel();
}

/** Two tones with soft edges: a hard edge clicks. */
function tones(frequencies: number[], at: number, seconds: number, volume: number): OscillatorNode[] {
  const audio = context;
  if (audio === undefined) return [];
  const gain = audio.createGain();
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume, at + 0.01);
  gain.gain.setValueAtTime(volume, at + seconds - 0.02);
  gain.gain.linearRampToValueAtTime(0, at + seconds);
  gain.connect(audio.destination);
  return frequencies.map((frequency) => {
    const oscillator = audio.createOscillator();
    oscillator.frequency.value = frequency;
    oscillator.connect(gain);
    oscillator.start(at);
    oscillator.stop(at + seconds);
    return oscillator;
  });
}

/** The two frequencies of a key (ITU-T Q.23), `undefined` for what is no key. */
export function dtmf(key: string): [number, number] | undefined {
  const row = keys.findIndex((line) => line.includes(key));
  const low = lows[row];
  const high = highs[keys[row]?.indexOf(key) ?? -1];
  return low === undefined || high === undefined ? undefined : [low, high];
}

export function beep(key: string): void {
  const pair = dtmf(key);
  if (pair !== undefined && !muted && context !== undefined)
    tones(pair, context.currentTime, keySeconds, 0.12);
}

/** Repeats `bar` every `seconds` until stopped. */
function repeat(bar: (at: number) => OscillatorNode[], seconds: number): () => void {
  let sounding: OscillatorNode[] = [];
  const next = (): void => {
    if (context !== undefined && !muted) sounding = bar(context.currentTime + 0.02);
  };
  next();
  const timer = setInterval(next, seconds * 1000);
  return () => {
    clearInterval(timer);
    for (const oscillator of sounding) oscillator.stop();
  };
}

function toggle(active: Map<string, () => void>, phone: string, on: boolean, begin: () => () => void): void {
  const stop = active.get(phone);
  if (on && stop === undefined && !muted) active.set(phone, begin());
  if (!on && stop !== undefined) {
    stop();
    active.delete(phone);
  }
}

/** A warble that tells the two phones apart by pitch. */
export function ring(phone: string, on: boolean, pitch: number): void {
  toggle(ringing, phone, on, () =>
    repeat((at) => {
      const warble: OscillatorNode[] = [];
      for (let step = 0; step < 10; step += 1) {
        warble.push(...tones([pitch * (step % 2 === 0 ? 1 : 1.25)], at + step * 0.09, 0.09, 0.07));
      }
      return warble;
    }, 2.6),
  );
}

/** What whoever dials hears of a telephone that rings: one low tone, then a rest (ITU-T E.180). */
export function ringBack(phone: string, on: boolean): void {
  toggle(toning, phone, on, () => repeat((at) => tones([440], at, 1.5, 0.03), 5));
}

/** A slow chord, note by note. */
export function music(phone: string, on: boolean): void {
  toggle(playing, phone, on, () =>
    repeat(
      (at) =>
        [262, 330, 392, 494, 392, 330].flatMap((note, step) =>
          tones([note, note * 2], at + step * 0.42, 0.4, 0.022),
        ),
      2.6,
    ),
  );
}

export function canSpeak(): boolean {
  return 'speechSynthesis' in window;
}

/** Says it in the prompt's own language, about as fast as the switch thinks it takes. Resolves when said or cut. */
export function speak(
  phone: string,
  sentence: { text: string; language: string | null; durationMs?: number },
  pitch: number,
): Promise<void> {
  if (muted || !canSpeak() || sentence.text === '') return Promise.resolve();
  const utterance = new SpeechSynthesisUtterance(sentence.text);
  const language = sentence.language ?? currentLanguage();
  utterance.lang = language === 'fr' ? 'fr-FR' : 'en-GB';
  const voice = speechSynthesis
    .getVoices()
    .find((candidate) => candidate.lang.replace('_', '-').startsWith(language));
  if (voice !== undefined) utterance.voice = voice;
  utterance.pitch = pitch;
  if (sentence.durationMs !== undefined && sentence.durationMs > 0) {
    const usual = (sentence.text.length / charactersPerSecond) * 1000;
    utterance.rate = Math.min(1.4, Math.max(0.9, usual / sentence.durationMs));
  }
  return new Promise((resolve) => {
    utterance.onstart = () => (speakingFor = phone);
    utterance.onend = utterance.onerror = () => {
      if (speakingFor === phone) speakingFor = undefined;
      resolve();
    };
    speechSynthesis.speak(utterance);
  });
}

/** A key, or the end of the call, cuts what is being said to this phone. */
export function hush(phone: string): void {
  if (canSpeak() && speakingFor === phone) speechSynthesis.cancel();
}
