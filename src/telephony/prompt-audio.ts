// A sentence becomes a file the switch can play. What is said is in core/prompt; here it gets a voice and a name.
//
//   <dir>/<language>/<id>.txt   the words, always: for who listens by reading, and for whoever wonders what a file says
//   <dir>/<language>/<id>.wav   the voice, when an engine speaks (mono, 16 bit; the switch resamples)
//   <dir>/<language>/8000/<id>.wav   what somebody spoke himself has it at a telephone's own rate too
//
// The id is a digest of voice, language and words, so a file never changes its meaning, needs no invalidation, and any
// number of gateways may share one folder. Files appear by rename, whole or not at all.
//
// Without an engine the .wav stays absent: the switch answers FILE NOT FOUND, which counts as played. That is said once,
// clearly, at boot (`findEngine`), because callers then hear silence.

import { createHash, randomUUID } from 'node:crypto';
import { access, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { languages, type Language } from '../core/ids.ts';
import { spokenText, type Sentence } from '../core/prompt.ts';
import { promptFile, type PromptFile, type Sound, soundOf, soundsInTurnMax } from './dial-string.ts';
import { commandLine, espeak, httpEngine, type SpeechEngine } from './speech-engines.ts';

/** What somebody has spoken himself, mono and 16 bit, at 8 and at 16 kHz. */
export type RecordingSource = (
  merchantId: string,
  digest: string,
) => Promise<{ wav8: Buffer; wav16: Buffer } | undefined>;

export interface PromptAudioOptions {
  /** Our folder; made when missing. */
  dir: string;
  /** The same folder as the switch sees it (another container, another machine). */
  dirAtSwitch: string;
  /** Program to speak with; espeak-ng's options. */
  engine?: string;
  /** Who speaks instead: a command line, or an address. */
  speech?: { command: string } | { url: string };
  voices?: Record<Language, string>;
  /** Where recordings are kept; absent: there are none. */
  recordings?: RecordingSource;
}

/** More at once only take each other's processor; calls wait for the first ones, which are theirs. */
const rendersAtOnce = 2;
/** Sentences known to lie in the folder: most calls say what others said before. Forgotten all at once, then looked for. */
const knownMax = 10_000;

export const usualVoices: Record<Language, string> = { fr: 'fr-fr', en: 'en-gb' };

export class PromptAudio {
  readonly #options: Required<Omit<PromptAudioOptions, 'speech' | 'engine'>>;
  readonly #engine: SpeechEngine;
  readonly #rendering = new Map<string, Promise<void>>();
  readonly #known = new Set<string>();
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(options: PromptAudioOptions) {
    this.#options = {
      voices: usualVoices,
      recordings: () => Promise.resolve(undefined),
      ...options,
    };
    this.#engine = engineOf(options);
    // Refused here rather than at the first call: see promptFile for what the folder may be called.
    promptFile(options.dirAtSwitch, 'en', '0'.repeat(32));
  }

  /** What the switch is to play for this sentence, rendered or not: of several, each has its own file. */
  sound(sentence: Sentence): Sound {
    if (sentence.key !== 'in_turn' && sentence.key !== 'silence') return this.file(sentence);
    const parts = inTurn(sentence).map((part) =>
      part.key === 'silence' ? { silenceMs: Math.max(Math.round(part.seconds * 1_000), 1) } : this.file(part),
    );
    // Nothing to say is said at once: the switch has a word for everything but that.
    return soundOf(parts.length === 0 ? [{ silenceMs: 10 }] : parts.slice(0, soundsInTurnMax));
  }

  /** Where the switch finds this sentence, rendered or not. */
  file(sentence: Sentence): PromptFile {
    return promptFile(this.#options.dirAtSwitch, sentence.language, this.#id(sentence));
  }

  /**
   * Resolves when the sentence lies in the folder as well as it ever will: text, and audio unless the engine is missing
   * or failed. `failed` says why; the call goes on either way.
   */
  async render(sentence: Sentence): Promise<{ outcome: 'rendered' } | { outcome: 'failed'; reason: string }> {
    if (sentence.key === 'silence') return { outcome: 'rendered' };
    if (sentence.key === 'in_turn') {
      const parts = await Promise.all(inTurn(sentence).map((part) => this.render(part)));
      return parts.find((part) => part.outcome === 'failed') ?? { outcome: 'rendered' };
    }
    const id = this.#id(sentence);
    if (this.#known.has(id)) return { outcome: 'rendered' };
    let rendering = this.#rendering.get(id);
    if (rendering === undefined) {
      rendering = this.#write(id, sentence).finally(() => this.#rendering.delete(id));
      this.#rendering.set(id, rendering);
    }
    try {
      await rendering;
      if (this.#known.size >= knownMax) this.#known.clear();
      this.#known.add(id);
      return { outcome: 'rendered' };
    } catch (fault) {
      return { outcome: 'failed', reason: fault instanceof Error ? fault.message : 'unknown' };
    }
  }

  /** Whether there is a voice: call at boot. */
  findEngine(): Promise<boolean> {
    return this.#engine.isThere();
  }

  /**
   * Puts the apology under a name of its own, `<language>/apology.wav`: the switch says it when no gateway is there to ask
   * for the digest (freeswitch-conf/dialplan).
   */
  async layOutApology(): Promise<void> {
    for (const language of languages) {
      const sentence: Sentence = { language, key: 'apology' };
      const folder = path.join(this.#options.dir, language);
      await this.render(sentence);
      for (const kind of ['txt', 'wav']) {
        const source = path.join(folder, `${this.#id(sentence)}.${kind}`);
        const unfinished = path.join(folder, `.apology.${randomUUID()}`);
        if (!(await there(source))) continue;
        await copyFile(source, unfinished);
        await rename(unfinished, path.join(folder, `apology.${kind}`));
      }
    }
  }

  /** Resolves when nothing is being rendered. */
  async idle(): Promise<void> {
    while (this.#rendering.size > 0) await Promise.allSettled(this.#rendering.values());
  }

  #id(sentence: Sentence): string {
    const voice = this.#options.voices[sentence.language];
    if (sentence.key === 'recording') return digestOf(['recording', sentence.digest, sentence.words]);
    return digestOf([this.#engine.name, voice, sentence.language, spokenText(sentence)]);
  }

  async #write(id: string, sentence: Sentence): Promise<void> {
    if (sentence.key === 'recording') return this.#layOut(id, sentence);
    const words = spokenText(sentence);
    const folder = path.join(this.#options.dir, sentence.language);
    const [wav, txt] = [path.join(folder, `${id}.wav`), path.join(folder, `${id}.txt`)];
    const unfinished = path.join(folder, `.${id}.${randomUUID()}`);
    await mkdir(folder, { recursive: true });
    try {
      if (!(await there(txt))) {
        await writeFile(unfinished, `${words}\n`);
        await rename(unfinished, txt);
      }
      if (!(await there(wav))) {
        const voice = this.#options.voices[sentence.language];
        const { language } = sentence;
        await this.#inTurn(() => this.#engine.speak({ words, language, voice, file: unfinished }));
        await rename(unfinished, wav);
      }
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** Somebody's own voice; of his words only what he said they are. */
  async #layOut(id: string, sentence: Sentence & { key: 'recording' }): Promise<void> {
    const folder = path.join(this.#options.dir, sentence.language);
    const wav = path.join(folder, `${id}.wav`);
    if (await there(wav)) return;
    const recording = await this.#options.recordings(sentence.merchantId, sentence.digest);
    if (recording === undefined) throw new Error('The recording is not kept any more.');
    const words = spokenText(sentence);
    // A switch looks first into the folder of its call's own rate (mod_sndfile): it need not resample there.
    await mkdir(path.join(folder, '8000'), { recursive: true });
    await appear(path.join(folder, `${id}.txt`), `${words === '' ? '♪ recording' : words}\n`);
    await appear(path.join(folder, '8000', `${id}.wav`), recording.wav8);
    await appear(wav, recording.wav16);
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    if (this.#running >= rendersAtOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running += 1;
    try {
      await act();
    } finally {
      this.#running -= 1;
      this.#queue.shift()?.();
    }
  }
}

/** In their order, whatever was put together of what. */
function inTurn(sentence: Sentence): Exclude<Sentence, { key: 'in_turn' }>[] {
  return sentence.key === 'in_turn' ? sentence.parts.flatMap(inTurn) : [sentence];
}

export function engineOf({
  engine = 'espeak-ng',
  speech,
}: Pick<PromptAudioOptions, 'engine' | 'speech'>): SpeechEngine {
  if (speech === undefined) return espeak(engine);
  return 'url' in speech ? httpEngine(speech.url) : commandLine(speech.command);
}

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}

/** Whole or not at all. */
async function appear(file: string, content: string | Buffer): Promise<void> {
  const unfinished = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function there(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
