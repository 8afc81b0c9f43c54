import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { spokenText, type Sentence } from '../../src/core/prompt.ts';
import { PromptAudio } from '../../src/telephony/prompt-audio.ts';

const offer: Sentence = {
  language: 'fr',
  key: 'consultant_offer',
  merchant: 'Étoile; rm -rf / $(id)',
  line: '-w /tmp/x',
  minutes: 15,
};

let dir: string;
let engine: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ringmeter voice '));
  engine = path.join(dir, 'engine');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** An engine of ours in the place of espeak-ng, taking the same options; it notes each run. */
async function engineThat(does: string): Promise<PromptAudio> {
  await writeFile(
    engine,
    `#!/usr/bin/env node
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const options = process.argv.slice(2);
if (options[0] === '--version') process.exit(0);
appendFileSync(${JSON.stringify(path.join(dir, 'runs'))}, JSON.stringify(options) + '\\n');
const out = options[options.indexOf('-w') + 1];
${does}
`,
  );
  await chmod(engine, 0o755);
  return new PromptAudio({ dir: path.join(dir, 'prompts'), dirAtSwitch: '/srv/prompts', engine });
}
const speaks = "writeFileSync(out, 'RIFF' + readFileSync(0, 'utf8'));";
const runs = async (): Promise<string[]> =>
  (await readFile(path.join(dir, 'runs'), 'utf8')).trim().split('\n');
const files = async (): Promise<string[]> =>
  (await readdir(path.join(dir, 'prompts'), { recursive: true })).filter((name) => name.includes('.')).sort();
const idOf = (prompts: PromptAudio): string => path.basename(prompts.file(offer), '.wav');

test('words go to the engine by its standard input, the file appears under its digest, its words beside it', async () => {
  const prompts = await engineThat(speaks);
  expect(await prompts.findEngine()).toBe(true);
  expect(await prompts.render(offer)).toEqual({ outcome: 'rendered' });
  const id = idOf(prompts);
  expect(prompts.file(offer)).toBe(`/srv/prompts/fr/${id}.wav`);
  expect(await files()).toEqual([`fr/${id}.txt`, `fr/${id}.wav`]);
  expect(await readFile(path.join(dir, `prompts/fr/${id}.txt`), 'utf8')).toBe(`${spokenText(offer)}\n`);
  expect(await readFile(path.join(dir, `prompts/fr/${id}.wav`), 'utf8')).toBe(`RIFF${spokenText(offer)}`);
  expect((await runs()).join()).not.toContain('Étoile');
});

test('several in one go: each part has its own file, whatever is said before and behind it', async () => {
  const prompts = await engineThat(speaks);
  const hello: Sentence = { language: 'en', key: 'merchant_text', text: 'Hello.' };
  const both: Sentence = {
    language: 'fr',
    key: 'in_turn',
    parts: [
      offer,
      { language: 'fr', key: 'silence', seconds: 1.5 },
      { language: 'fr', key: 'in_turn', parts: [hello] },
    ],
  };
  expect(await prompts.render(both)).toEqual({ outcome: 'rendered' });
  expect(prompts.sound(both)).toBe(
    `file_string://${prompts.file(offer)}!silence_stream://1500!${prompts.file(hello)}`,
  );
  expect(prompts.sound(offer)).toBe(prompts.file(offer));
  expect(prompts.sound({ language: 'fr', key: 'in_turn', parts: [] })).toBe(
    'file_string://silence_stream://10',
  );
  expect((await files()).filter((name) => name.endsWith('.wav'))).toHaveLength(2);
});

test('the same sentence wanted many times at once is rendered once, and later not again', async () => {
  const prompts = await engineThat(speaks);
  await Promise.all(Array.from({ length: 20 }, () => prompts.render(offer)));
  await prompts.render({ ...offer });
  expect(await runs()).toHaveLength(1);
});

test('other words, another language or another voice are another file', async () => {
  const prompts = await engineThat(speaks);
  const english = new PromptAudio({
    dir,
    dirAtSwitch: '/srv/prompts',
    engine,
    voices: { fr: 'fr-be', en: 'en-us' },
  });
  const all = [
    prompts.file(offer),
    prompts.file({ ...offer, minutes: 16 }),
    prompts.file({ ...offer, language: 'en' }),
    english.file(offer),
  ];
  expect(new Set(all).size).toBe(4);
});

test('no more than two engines run at once, and all sentences are rendered', async () => {
  const prompts = await engineThat(
    `
const { readdirSync, rmSync } = require('node:fs');
const mine = out + '.running';
writeFileSync(mine, '');
const beside = readdirSync(require('node:path').dirname(out)).filter((name) => name.endsWith('.running')).length;
appendFileSync(${JSON.stringify('PLACE')}, beside + '\\n');
${speaks}
rmSync(mine);`.replace('"PLACE"', JSON.stringify(path.join(dir, 'beside'))),
  );
  await Promise.all(Array.from({ length: 8 }, (_, minutes) => prompts.render({ ...offer, minutes })));
  const beside = (await readFile(path.join(dir, 'beside'), 'utf8')).trim().split('\n').map(Number);
  expect(beside).toHaveLength(8);
  expect(Math.max(...beside)).toBeLessThanOrEqual(2);
});

test.each([
  ['ends with an error', 'process.exit(3);', 'ended with 3'],
  ['dies in the middle', "writeFileSync(out, 'half'); process.kill(process.pid, 'SIGKILL');", 'SIGKILL'],
])('an engine that %s leaves the words, no audio and nothing half done', async (_, does, reason) => {
  const prompts = await engineThat(does);
  const outcome = await prompts.render(offer);
  expect(outcome).toMatchObject({ outcome: 'failed' });
  expect(JSON.stringify(outcome)).toContain(reason);
  expect(await files()).toEqual([`fr/${idOf(prompts)}.txt`]);
  expect(await readdir(path.join(dir, 'prompts/fr'))).toHaveLength(1);
});

test('without an engine the words are there, and that there is none is known', async () => {
  const prompts = new PromptAudio({ dir: path.join(dir, 'prompts'), dirAtSwitch: '/srv/prompts', engine });
  expect(await prompts.findEngine()).toBe(false);
  expect(await prompts.render(offer)).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('ENOENT') as string,
  });
  expect(await files()).toEqual([`fr/${idOf(prompts)}.txt`]);
});

test('the apology lies under a name of its own in every language', async () => {
  const prompts = await engineThat(speaks);
  await prompts.layOutApology();
  await prompts.layOutApology();
  const said = await readFile(path.join(dir, 'prompts/fr/apology.txt'), 'utf8');
  expect(said).toBe(`${spokenText({ language: 'fr', key: 'apology' })}\n`);
  expect(await files()).toEqual(expect.arrayContaining(['en/apology.wav', 'fr/apology.wav']));
});

test('a folder that cannot be made is a failed rendering, never a thrown one', async () => {
  await writeFile(path.join(dir, 'in the way'), '');
  const prompts = new PromptAudio({ dir: path.join(dir, 'in the way'), dirAtSwitch: '/srv/prompts', engine });
  expect(await prompts.render(offer)).toMatchObject({ outcome: 'failed' });
});

test.each(['relative', '/srv/../x', '/srv/$HOME'])(
  'the folder %j at the switch is refused at the start',
  (dirAtSwitch) => {
    expect(() => new PromptAudio({ dir, dirAtSwitch })).toThrow('allowed form');
  },
);
