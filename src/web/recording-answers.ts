// Sound that was sent and cannot be kept: why, and what to send instead.

import type { AudioMade } from '../flow/ports.ts';
import type { ProblemDraft } from './problem.ts';
import type { ApiAnswer, SentBytes } from './routes.ts';

export const soundTypes = ['audio/wav', 'audio/mpeg', 'audio/ogg', 'audio/webm'] as const;
export const soundBytesMax = 5 * 1024 * 1024;
export const sound = { types: soundTypes, maxBytes: soundBytesMax, tooLarge: 'recording-too-large' } as const;
export const noSound: SentBytes = { mediaType: '', bytes: Buffer.alloc(0) };

type Because = Extract<AudioMade, { outcome: 'refused' }>['because'];

const details: Partial<Record<Because, NonNullable<ProblemDraft['detail']>>> = {
  too_short: {
    en: 'There is less than a third of a second to be heard. Record it again.',
    fr: 'On entend moins d’un tiers de seconde. Enregistrez de nouveau.',
  },
  too_long: {
    en: 'A recording may last 60 seconds at most. Send a shorter one.',
    fr: 'Un enregistrement dure 60 secondes au plus. Envoyez-en un plus court.',
  },
  no_converter: {
    en: 'This house has no ffmpeg and understands WAV only. Send it as audio/wav.',
    fr: 'Cette maison n’a pas ffmpeg et ne comprend que le WAV. Envoyez-le en audio/wav.',
  },
};

export function soundRefused(because: Because): ApiAnswer {
  const detail = details[because];
  return { problem: { kind: 'recording-refused', ...(detail && { detail }) }, began: false };
}
