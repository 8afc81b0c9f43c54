// The sounds of a merchant's library as a call finds them: by their slugs, in whichever languages they are there.

import type { Language } from '../core/ids.ts';
import { rows, type Tx } from './database.ts';

export interface LibrarySound {
  slug: string;
  language: Language;
  digest: string;
  words: string | null;
}

export async function readSounds(tx: Tx, slugs: readonly string[]): Promise<LibrarySound[]> {
  return rows(
    tx,
    'select slug, language, digest, words from sound_recordings where slug = any(?::text[]) order by language',
    [slugs],
  );
}
