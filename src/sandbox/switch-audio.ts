// What the sandbox switch "plays": finds what a file says and how long it lasts. No sound is made here; the phones show
// the text (and the demo page speaks it).

import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface Audio {
  text: string;
  /** From the folder the prompt lies in; `null` for music, silence and strangers. */
  language: 'fr' | 'en' | null;
  durationMs: number;
  /** What is heard while one waits: shown as a tune, not as a sentence. */
  music: boolean;
}

/** Speech estimated where no sound file is rendered: about 14 characters a second in French and English alike. */
const charactersPerSecond = 14;
const cachedMax = 2000;

interface Spoken {
  stamp: string;
  text: string;
  durationMs: number;
}
const spoken = new Map<string, Spoken>();

/**
 * What playing `path` gives; `undefined` when FreeSWITCH would say FILE NOT FOUND. Endless sounds last for ever
 * (Infinity). A prompt `<dir>/<language>/<id>.wav` says what `<id>.txt` beside it says.
 */
export function audioOf(path: string): Audio | undefined {
  if (path.startsWith(inTurn)) return audioInTurn(path.slice(inTurn.length).split('!'));
  const silence = /^silence_stream:\/\/(-?\d+)/.exec(path);
  if (silence !== null) {
    const ms = Number(silence[1]);
    return { text: '', language: null, durationMs: ms < 0 ? Infinity : ms, music: false };
  }
  if (path.startsWith('tone_stream://')) {
    const loops = /;loops=(-?\d+)/.exec(path);
    const times = loops === null ? 1 : Number(loops[1]);
    const text = isRinging(path) ? ringingTone : '♪ music';
    return { text, language: null, durationMs: times < 0 ? Infinity : 1000 * times, music: true };
  }
  if (/^(local_stream|shout|moh):\/\//.test(path)) {
    return { text: '♪ music', language: null, durationMs: Infinity, music: true };
  }
  if (path.includes('://')) return undefined;
  const said = spokenIn(path);
  if (said === undefined) return undefined;
  const folder = basename(dirname(path));
  const music = said.text.startsWith('♪');
  return {
    text: said.text,
    language: folder === 'fr' || folder === 'en' ? folder : null,
    durationMs: said.durationMs,
    music,
  };
}

const inTurn = 'file_string://';

/** mod_dptools' `file_string`: one behind the other, what is missing is passed over. */
function audioInTurn(paths: readonly string[]): Audio | undefined {
  const found = paths.flatMap((path) => audioOf(path) ?? []);
  if (found.length === 0) return undefined;
  const said = found.filter((one) => one.text !== '');
  return {
    text: said.map((one) => one.text).join(' '),
    language: said.find((one) => one.language !== null)?.language ?? null,
    durationMs: found.reduce((sum, one) => sum + one.durationMs, 0),
    music: said.length > 0 && said.every((one) => one.music),
  };
}

const ringingTone = '♪ ringing tone';

/** One sound at one pitch, then a second of silence or more: nobody would take it for a tune. */
function isRinging(stream: string): boolean {
  const tones = [...stream.matchAll(/%\((\d+),(\d+),([\d,.]+)\)/g)].map(([, , off, pitch]) => ({
    offMs: Number(off),
    pitch,
  }));
  const onePitch = tones.every(({ pitch }) => pitch === tones[0]?.pitch);
  return onePitch && (tones.at(-1)?.offMs ?? 0) >= 1000;
}

function spokenIn(wavPath: string): Spoken | undefined {
  const textPath = wavPath.replace(/\.[A-Za-z0-9]+$/, '.txt');
  const stamp = `${changed(wavPath)}|${changed(textPath)}`;
  if (stamp === 'none|none') return undefined;
  const kept = spoken.get(wavPath);
  if (kept?.stamp === stamp) return kept;
  const text =
    changed(textPath) === 'none' ? `♪ ${basename(wavPath)}` : readFileSync(textPath, 'utf8').trim();
  const durationMs = wavDurationMs(wavPath) ?? Math.round((text.length / charactersPerSecond) * 1000);
  const said = { stamp, text, durationMs };
  if (spoken.size >= cachedMax) spoken.clear();
  spoken.set(wavPath, said);
  return said;
}

function changed(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? String(stat.mtimeMs) : 'none';
}

/** RIFF: the `fmt ` chunk says bytes a second, the `data` chunk how many there are. */
function wavDurationMs(path: string): number | undefined {
  if (changed(path) === 'none') return undefined;
  const head = Buffer.alloc(4096);
  const length = readHead(path, head);
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= length;) {
    const chunk = head.toString('latin1', at, at + 4);
    const size = head.readUInt32LE(at + 4);
    if (chunk === 'fmt ' && at + 20 <= length) bytesPerSecond = head.readUInt32LE(at + 16);
    if (chunk === 'data')
      return bytesPerSecond === 0 ? undefined : Math.round((size / bytesPerSecond) * 1000);
    at += 8 + size + (size % 2);
  }
  return undefined;
}

function readHead(path: string, head: Buffer): number {
  const file = openSync(path, 'r');
  try {
    return readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
}
