// What a block says, part by part, as the switch plays it: texts by a voice, sounds of the merchant's library, consultants in their own
// voice, sounds of his server fetched for this call.

import type { Language } from '../core/ids.ts';
import type { Sentence } from '../core/prompt.ts';
import type { Said } from '../core/scenario/run.ts';
import { recordingsOfConsultants } from '../store/recordings.ts';
import { readSounds } from '../store/scenario-sounds.ts';
import type { House } from './house.ts';

export type Sayable = { outcome: 'sayable'; sentence: Sentence } | { outcome: 'failed'; because: string };

/** Whether something of it must be fetched first, which takes its time. */
export function isFetched(said: readonly Said[]): boolean {
  return said.some((one) => 'url' in one);
}

/**
 * `needed`: a sound of the merchant's server that cannot be had fails all of it; else it is left out. Sounds of the library that are
 * not there are left out, and heard in another language where they are not there in his.
 */
export async function sayable(
  house: House,
  merchantId: string,
  said: readonly Said[],
  language: Language,
  needed: boolean,
): Promise<Sayable> {
  const slugs = said.flatMap((one) => ('sound' in one ? [one.sound] : []));
  const people = said.flatMap((one) => ('introduction' in one ? [one.introduction] : []));
  const { sounds, introductions } =
    slugs.length + people.length === 0
      ? { sounds: [], introductions: [] }
      : await house.db.asMerchant(merchantId, async (tx) => ({
          sounds: slugs.length === 0 ? [] : await readSounds(tx, slugs),
          introductions: people.length === 0 ? [] : await recordingsOfConsultants(tx, people),
        }));
  const parts: Sentence[] = [];
  for (const one of said) {
    if ('text' in one) {
      if (one.text !== '')
        parts.push({ key: 'merchant_text', language: one.language ?? language, text: one.text });
    } else if ('pause' in one) {
      if (one.pause > 0) parts.push({ key: 'silence', language, seconds: one.pause });
    } else if ('house' in one) parts.push({ language, ...one.house });
    else if ('sound' in one) {
      const found =
        sounds.find((sound) => sound.slug === one.sound && sound.language === language) ??
        sounds.find((sound) => sound.slug === one.sound);
      if (found)
        parts.push({
          key: 'recording',
          language: found.language,
          merchantId,
          digest: found.digest,
          words: found.words ?? '',
        });
      else house.log.warn({ merchantId, sound: one.sound }, 'A sound of the library is not there any more');
    } else if ('introduction' in one) {
      const own = introductions.find(
        (recording) => recording.consultantId === one.introduction && recording.kind === 'introduction',
      );
      parts.push(
        own
          ? { key: 'recording', language, merchantId, digest: own.digest, words: own.words ?? '' }
          : { key: 'merchant_text', language, text: one.name },
      );
    } else {
      const fetched = await house.scriptServer.fetchSound(one.url);
      if (fetched.outcome === 'sound') {
        const { digest, audio } = fetched;
        house.heldSounds.hold(merchantId, digest, audio);
        parts.push({ key: 'recording', language, merchantId, digest, words: '' });
      } else if (needed) return { outcome: 'failed', because: `${fetched.because}: ${fetched.sentence}` };
      else
        house.log.warn({ merchantId, because: fetched.because }, 'A sound a script wants could not be had');
    }
  }
  return { outcome: 'sayable', sentence: { key: 'in_turn', language, parts } };
}

/** No voice is slower, and no recording longer. */
const charactersPerSecond = 8;
const recordingSeconds = 120;
const slackSeconds = 60;
const longestSeconds = 7_200;

/** A guard that does not end what is being heard. */
export function guardSecondsOf(said: readonly Said[]): number {
  const heard = said.reduce((sum, one) => {
    if ('text' in one) return sum + one.text.length / charactersPerSecond;
    if ('pause' in one) return sum + one.pause;
    return sum + ('house' in one ? 30 : recordingSeconds);
  }, 0);
  return Math.min(Math.ceil(heard) + slackSeconds, longestSeconds);
}
