// A merchant's text as a WAV, by the engines that speak our sentences.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineSpeech } from '../../src/telephony/speech.ts';
import { toneWav } from './tone.ts';

const wav = toneWav({ hz: 440, seconds: 0.5 });
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'speech-'));
  await writeFile(path.join(dir, 'a.wav'), wav);
});
afterAll(() => rm(dir, { recursive: true }));

describe('a text', () => {
  it('is spoken in its language, one after the other', async () => {
    const said = path.join(dir, 'said');
    const command = `(printf '%s %s ' "$TTS_LANGUAGE" "$TTS_VOICE"; cat; echo) >> ${said}; cat ${dir}/a.wav`;
    const speech = new EngineSpeech({ speech: { command } });
    const spoken = await Promise.all([speech.speak('Bonjour.', 'fr'), speech.speak('-v Hello', 'en')]);
    for (const one of spoken) expect(one.outcome === 'spoken' && one.wav.equals(wav)).toBe(true);
    expect(await readFile(said, 'utf8')).toBe('fr fr-fr Bonjour.\nen en-gb -v Hello\n');
  });

  it('is spoken in the voice that was chosen, by each engine in its own way', async () => {
    const said = path.join(dir, 'voices');
    const command = `echo "$TTS_GENDER" >> ${said}; cat ${dir}/a.wav`;
    const speech = new EngineSpeech({ speech: { command } });
    await speech.speak('x', 'fr', 'male');
    await speech.speak('x', 'fr');
    const engine = path.join(dir, 'espeak');
    const script = `#!/bin/sh\necho "$2" >> ${said}\ncp ${dir}/a.wav "$6"\n`;
    await writeFile(engine, script, { mode: 0o755 });
    const local = new EngineSpeech({ engine });
    for (const voice of ['female', 'male', undefined] as const) {
      expect(await local.speak('x', 'fr', voice)).toMatchObject({ outcome: 'spoken' });
    }
    expect(await readFile(said, 'utf8')).toBe('male\n\nfr+f2\nfr+m3\nfr-fr\n');
  });

  it('that nobody speaks says why, and the next is spoken all the same', async () => {
    const command = `if [ -e ${dir}/once ]; then cat ${dir}/a.wav; else touch ${dir}/once; exit 3; fi`;
    const speech = new EngineSpeech({ speech: { command } });
    expect(await speech.speak('x', 'en')).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('3') as string,
    });
    expect(await speech.speak('x', 'en')).toMatchObject({ outcome: 'spoken' });
    const away = new EngineSpeech({ engine: path.join(dir, 'nothing-here') });
    expect(await away.speak('x', 'en')).toMatchObject({ outcome: 'failed' });
  });
});
