// Texts of a merchant's, spoken by the engine that speaks our sentences, and handed over rather than laid out for a switch: what he
// listens to before he keeps it, and what is then kept with his recordings.

import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Language } from '../core/ids.ts';
import type { Speech, SpeechVoice, Spoken } from '../flow/ports.ts';
import { engineOf, type PromptAudioOptions, usualVoices } from './prompt-audio.ts';
import type { SpeechEngine } from './speech-engines.ts';

/** Calls need the engine more than whoever listens to a text at his desk. */
const atOnce = 1;
/** Each takes a second at most: whoever would wait longer than half a minute is told at once. */
const waitingMax = 30;

export class EngineSpeech implements Speech {
  readonly #engine: SpeechEngine;
  readonly #voices: Record<Language, string>;
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(options: Pick<PromptAudioOptions, 'engine' | 'speech' | 'voices'>) {
    this.#engine = engineOf(options);
    this.#voices = options.voices ?? usualVoices;
  }

  async speak(text: string, language: Language, voice?: SpeechVoice): Promise<Spoken> {
    if (this.#queue.length >= waitingMax) return { outcome: 'failed', reason: 'too many texts wait' };
    if (this.#running >= atOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running += 1;
    // Engines write files: espeak-ng knows no other way that ends in a whole WAV.
    const file = path.join(tmpdir(), `ringmeter-speech-${randomUUID()}.wav`);
    try {
      const usual = this.#voices[language];
      await this.#engine.speak({ words: text, language, voice: usual, ...(voice && { as: voice }), file });
      return { outcome: 'spoken', wav: await readFile(file) };
    } catch (fault) {
      return { outcome: 'failed', reason: fault instanceof Error ? fault.message : 'unknown' };
    } finally {
      await rm(file, { force: true });
      this.#running -= 1;
      this.#queue.shift()?.();
    }
  }
}
