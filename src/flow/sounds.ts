// The sounds of a merchant's library: made from a file he sends, or spoken from a text of his; never taken away from under callers.

import type { Language } from '../core/ids.ts';
import type { Actor } from '../store/audit.ts';
import type { Tx } from '../store/database.ts';
import { readRecording } from '../store/recordings.ts';
import { lockScenarios } from '../store/scenarios.ts';
import {
  deleteSound,
  deleteSoundRecording,
  insertSound,
  listSounds,
  readSound,
  renameSound,
  type Sound,
  writeSoundRecording,
} from '../store/sounds.ts';
import type { House } from './house.ts';
import type { AudioMade, SpeechVoice } from './ports.ts';
import { keepAudio } from './recordings.ts';
import { scenariosUsing, scenariosUsingEach } from './scenarios.ts';
import { noteChange } from './settings-change.ts';

type Refused = Extract<AudioMade, { outcome: 'refused' }>;

export interface OfSound {
  merchantId: string;
  by?: Actor;
  slug: string;
  basedOn?: number | 'none';
}

/** With the scenarios whose live versions play it, by their slugs. */
export interface LibrarySound extends Sound {
  playedBy: readonly string[];
}

export type SoundKept =
  | { outcome: 'kept'; sound: LibrarySound }
  | { outcome: 'unknown' | 'slug_taken' }
  | { outcome: 'changed_meanwhile'; stands: number }
  /** Live scenarios play it, by their slugs. */
  | { outcome: 'in_use'; scenarios: readonly string[] }
  /** Nobody speaks in this house, or not now. */
  | { outcome: 'no_voice' }
  | Refused;

/** The whole library, by name. */
export async function libraryOf(tx: Tx): Promise<LibrarySound[]> {
  const users = await scenariosUsingEach(tx, 'sound');
  return (await listSounds(tx)).map((sound) => ({ ...sound, playedBy: users.get(sound.slug) ?? [] }));
}

export async function soundOfLibrary(tx: Tx, slug: string): Promise<LibrarySound | undefined> {
  const sound = await readSound(tx, slug);
  return sound && { ...sound, playedBy: await scenariosUsing(tx, { to: 'sound', name: slug }) };
}

/** With nothing to be heard yet. One that is there by this name is the same. */
export async function createSound(house: House, of: OfSound, name: string): Promise<SoundKept> {
  const { merchantId, slug } = of;
  return house.db.asMerchant(merchantId, async (tx) => {
    const at = house.clock.now();
    if (!(await insertSound(tx, { merchantId, slug, name }, at))) {
      const there = await soundOfLibrary(tx, slug);
      return there?.name === name && there.recordings.length === 0
        ? { outcome: 'kept', sound: there }
        : { outcome: 'slug_taken' };
    }
    await note(tx, of, at, { name: { from: null, to: name } });
    return kept(tx, slug);
  });
}

export async function nameSound(house: House, of: OfSound, name: string): Promise<SoundKept> {
  return change(house, of, async (tx, sound, at) => {
    if (sound.name === name) return undefined;
    await renameSound(tx, sound.slug, name);
    await note(tx, of, at, { name: { from: sound.name, to: name } });
    return undefined;
  });
}

/** In one language, from a file. What was heard in it before is gone; calls that play it hear the new one. */
export async function recordSound(
  house: House,
  of: OfSound,
  language: Language,
  file: { bytes: Buffer; mediaType: string; words?: string },
): Promise<SoundKept> {
  if (!(await house.db.asMerchant(of.merchantId, (tx) => readSound(tx, of.slug))))
    return { outcome: 'unknown' };
  const made = await house.audio.convert(file.bytes, file.mediaType);
  if (made.outcome === 'refused') return made;
  return keep(house, of, language, made, { words: file.words ?? null, madeFrom: 'file' });
}

/** The same, spoken by the voice of this house. */
export async function speakSound(
  house: House,
  of: OfSound,
  language: Language,
  text: string,
  voice?: SpeechVoice,
): Promise<SoundKept> {
  if (!(await house.db.asMerchant(of.merchantId, (tx) => readSound(tx, of.slug))))
    return { outcome: 'unknown' };
  const made = await spoken(house, text, language, voice);
  if (made.outcome !== 'made') return made;
  return keep(house, of, language, made, { words: text, madeFrom: 'text' });
}

/** As it would be kept, to be listened to before. */
export async function previewSpeech(
  house: House,
  text: string,
  language: Language,
  voice?: SpeechVoice,
): Promise<AudioMade | { outcome: 'no_voice' }> {
  return spoken(house, text, language, voice);
}

async function spoken(
  house: House,
  text: string,
  language: Language,
  voice: SpeechVoice | undefined,
): Promise<AudioMade | { outcome: 'no_voice' }> {
  const said = await house.speech.speak(text, language, voice);
  if (said.outcome === 'spoken') return house.audio.convert(said.wav, 'audio/wav');
  house.log.warn({ reason: said.reason }, 'A text of a merchant’s was not spoken');
  return { outcome: 'no_voice' };
}

export async function hearSound(
  house: House,
  merchantId: string,
  slug: string,
  language: Language,
): Promise<Buffer | undefined> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const sound = await readSound(tx, slug);
    const recording = sound?.recordings.find((one) => one.language === language);
    return recording && (await readRecording(tx, recording.digest))?.wav16;
  });
}

/** In one language. The last of a sound that callers hear stays; there being none is done already. */
export async function removeSoundRecording(
  house: House,
  of: OfSound,
  language: Language,
): Promise<SoundKept> {
  return change(house, of, async (tx, sound, at) => {
    const recording = sound.recordings.find((one) => one.language === language);
    if (!recording) return undefined;
    const scenarios =
      sound.recordings.length > 1 ? [] : await scenariosUsing(tx, { to: 'sound', name: sound.slug });
    if (scenarios.length > 0) return { outcome: 'in_use', scenarios };
    await deleteSoundRecording(tx, sound, language);
    await note(tx, of, at, { [`recordings.${language}`]: { from: recording.digest, to: null } });
    return undefined;
  });
}

export type SoundGone =
  { outcome: 'gone' | 'unknown' } | Extract<SoundKept, { outcome: 'changed_meanwhile' | 'in_use' }>;

export async function removeSound(house: House, of: OfSound): Promise<SoundGone> {
  const { merchantId, slug } = of;
  return house.db.asMerchant(merchantId, async (tx): Promise<SoundGone> => {
    await lockScenarios(tx);
    const sound = await readSound(tx, slug, true);
    if (!sound) return { outcome: 'unknown' };
    const stale = staleness(sound, of);
    if (stale) return stale;
    const scenarios = await scenariosUsing(tx, { to: 'sound', name: slug });
    if (scenarios.length > 0) return { outcome: 'in_use', scenarios };
    await deleteSound(tx, sound);
    await note(tx, of, house.clock.now(), { removed: { from: sound.name, to: null } });
    return { outcome: 'gone' };
  });
}

async function keep(
  house: House,
  of: OfSound,
  language: Language,
  { audio }: Extract<AudioMade, { outcome: 'made' }>,
  from: { words: string | null; madeFrom: 'file' | 'text' },
): Promise<SoundKept> {
  return change(house, of, async (tx, sound, at) => {
    const digest = await keepAudio(house, tx, of.merchantId, audio);
    await writeSoundRecording(tx, of.merchantId, sound, { language, digest, ...from, at });
    const before = sound.recordings.find((one) => one.language === language);
    if (before?.digest !== digest) {
      await note(tx, of, at, { [`recordings.${language}`]: { from: before?.digest ?? null, to: digest } });
    }
    return undefined;
  });
}

async function change(
  house: House,
  of: OfSound,
  act: (tx: Tx, sound: Sound, at: Date) => Promise<SoundKept | undefined>,
): Promise<SoundKept> {
  return house.db.asMerchant(of.merchantId, async (tx) => {
    await lockScenarios(tx);
    const sound = await readSound(tx, of.slug, true);
    if (!sound) return { outcome: 'unknown' };
    return staleness(sound, of) ?? (await act(tx, sound, house.clock.now())) ?? kept(tx, of.slug);
  });
}

function staleness(
  { version }: Sound,
  { basedOn }: OfSound,
): { outcome: 'changed_meanwhile'; stands: number } | undefined {
  if (basedOn === undefined || basedOn === version) return undefined;
  return { outcome: 'changed_meanwhile', stands: version };
}

async function note(
  tx: Tx,
  { merchantId, by, slug }: OfSound,
  at: Date,
  changes: Parameters<typeof noteChange>[1]['changes'],
): Promise<void> {
  await noteChange(tx, {
    merchantId,
    at,
    actor: by,
    setting: 'sound',
    of: slug,
    changes,
  });
}

async function kept(tx: Tx, slug: string): Promise<SoundKept> {
  const sound = await soundOfLibrary(tx, slug);
  if (!sound) throw new Error('A sound that was just written is not there.');
  return { outcome: 'kept', sound };
}
