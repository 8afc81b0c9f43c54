// Sounds a script wants played, fetched from its merchant's server and made fit for telephones. They are kept in memory, so that
// the second caller of a menu does not wait for what the first one heard: by address, while the server says it is the same.
//
// Never longer than an hour without the whole of it being fetched anew, never more than some megabytes in all; what was heard
// longest ago goes first.

import { createHash } from 'node:crypto';
import type { AudioConverter, Clock, ScriptSound, TelephoneAudio } from '../flow/ports.ts';
import { askWithin } from './ask-again.ts';
import type { MerchantHttp, Transfer } from './outbound.ts';
import { failureOf } from './script-failure.ts';

const soundBytesMax = 2 * 1024 * 1024;
export const soundSecondsMax = 120;
/** Two megabytes are there in one; a caller waits for them. */
const fetchTimeoutMs = 8_000;
const keptForMs = 60 * 60 * 1_000;
/** Eleven of the longest, hundreds of the usual. */
const keptBytesMax = 64 * 1024 * 1024;

interface Kept {
  etag?: string;
  digest: string;
  audio: TelephoneAudio;
  fetchedMs: number;
  /** Until then nobody asks whether it is still the same. */
  freshUntilMs: number;
}

const mediaTypes: Readonly<Record<string, string>> = {
  'audio/wav': 'audio/wav',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'audio/mpeg': 'audio/mpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/x-mpeg': 'audio/mpeg',
  'audio/ogg': 'audio/ogg',
  'application/ogg': 'audio/ogg',
};

const refusals: Readonly<Record<string, string>> = {
  not_audio: 'is no WAV, MP3 or Ogg that can be read',
  too_short: 'is too short to be heard',
  too_long: `is longer than ${soundSecondsMax} s`,
  no_converter: 'is no WAV, and nothing else can be read on this machine',
  failed: 'could not be converted',
};

export class ScriptSounds {
  readonly #http: MerchantHttp;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #audio: AudioConverter;
  /** In the order they were heard, the latest last. */
  readonly #kept = new Map<string, Kept>();
  #keptBytes = 0;
  readonly #fetching = new Map<string, Promise<ScriptSound>>();

  constructor(given: { http: MerchantHttp; clock: Pick<Clock, 'monotonicMs'>; audio: AudioConverter }) {
    this.#http = given.http;
    this.#clock = given.clock;
    this.#audio = given.audio;
  }

  /** Callers who want the same one wait for the same fetch. */
  fetch(url: string): Promise<ScriptSound> {
    const under = this.#fetching.get(url);
    if (under !== undefined) return under;
    const fetching = this.#fetch(url).finally(() => this.#fetching.delete(url));
    this.#fetching.set(url, fetching);
    return fetching;
  }

  async #fetch(url: string): Promise<ScriptSound> {
    const kept = this.#keptNow(url);
    if (kept !== undefined && kept.freshUntilMs > this.#clock.monotonicMs()) return this.#heard(url, kept);
    const answer = await askWithin(this.#clock, fetchTimeoutMs, (timeoutMs) =>
      this.#http.transfer({
        method: 'GET',
        url,
        headers: {
          accept: 'audio/wav, audio/mpeg, audio/ogg',
          'accept-encoding': 'identity',
          'user-agent': 'Ringmeter-Calls/1',
          ...(kept?.etag !== undefined && { 'if-none-match': kept.etag }),
        },
        timeoutMs,
        bytesMax: soundBytesMax,
      }),
    );
    if (kept !== undefined && isKeptGood(answer)) {
      return this.#heard(url, {
        ...kept,
        freshUntilMs: this.#clock.monotonicMs() + (answer.outcome === 'answered' ? freshMs(answer) : 0),
      });
    }
    const failed = failureOf(answer, fetchTimeoutMs);
    if (failed !== undefined || answer.outcome !== 'answered') {
      return {
        outcome: 'failed',
        because: failed?.because ?? 'not_understood',
        sentence: (failed?.sentence ?? '').replace(/^Your script/, 'Your server'),
      };
    }
    return this.#convert(url, answer);
  }

  async #convert(url: string, answer: Extract<Transfer, { outcome: 'answered' }>): Promise<ScriptSound> {
    const { bytes } = answer;
    const mediaType = answer.packed ? undefined : mediaTypeOf(answer.contentType, bytes);
    if (mediaType === undefined) return refused('not_audio');
    const made = await this.#audio.convert(bytes, mediaType);
    if (made.outcome === 'refused') return refused(made.because);
    if (made.audio.seconds > soundSecondsMax + 1) return refused('too_long');
    const nowMs = this.#clock.monotonicMs();
    const digest = createHash('sha256').update(made.audio.wav16).digest('hex').slice(0, 32);
    const kept: Kept = {
      ...(answer.etag !== undefined && answer.etag.length <= 256 && { etag: answer.etag }),
      digest,
      audio: made.audio,
      fetchedMs: nowMs,
      freshUntilMs: nowMs + freshMs(answer),
    };
    return this.#heard(url, kept);
  }

  #keptNow(url: string): Kept | undefined {
    const kept = this.#kept.get(url);
    if (kept === undefined || this.#clock.monotonicMs() - kept.fetchedMs < keptForMs) return kept;
    this.#forget(url);
    return undefined;
  }

  #heard(url: string, kept: Kept): ScriptSound {
    this.#forget(url);
    this.#kept.set(url, kept);
    this.#keptBytes += bytesOf(kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= keptBytesMax) break;
      this.#forget(oldest);
    }
    return { outcome: 'sound', digest: kept.digest, audio: kept.audio };
  }

  #forget(url: string): void {
    const kept = this.#kept.get(url);
    if (kept === undefined) return;
    this.#kept.delete(url);
    this.#keptBytes -= bytesOf(kept);
  }
}

/** It is the same (304), or its server is away for the moment: a caller is better off with what others heard this hour. */
function isKeptGood(answer: Transfer): boolean {
  if (answer.outcome === 'answered') return answer.status === 304 || answer.status >= 500;
  return answer.outcome === 'no_answer';
}

function bytesOf({ audio }: Kept): number {
  return audio.wav8.length + audio.wav16.length;
}

function refused(because: string): ScriptSound {
  return {
    outcome: 'failed',
    because: 'not_understood',
    sentence: `The sound of your server ${refusals[because] ?? 'cannot be used'}.`,
  };
}

/** As it says (RFC 9111, 5.2.2.1), the hour at most; without a word of it, it is asked each time. */
function freshMs(answer: { cacheControl?: string }): number {
  const said = answer.cacheControl ?? '';
  if (/\bno-(?:cache|store)\b/i.test(said)) return 0;
  const seconds = Number(/(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})/i.exec(said)?.[1] ?? 0);
  return Math.min(seconds * 1_000, keptForMs);
}

/** By its type; where that says nothing, by its first bytes. */
function mediaTypeOf(contentType: string | undefined, bytes: Buffer): string | undefined {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== '' && type !== 'application/octet-stream') return mediaTypes[type];
  const head = bytes.toString('latin1', 0, 4);
  if (head === 'RIFF') return 'audio/wav';
  if (head === 'OggS') return 'audio/ogg';
  return head.startsWith('ID3') || /^\xFF[\xE2-\xFF]/.test(head) ? 'audio/mpeg' : undefined;
}
