// `record`, by FreeSWITCH's own rules (`record_function`, `switch_ivr_record_file`): what is said goes to a file until a terminator,
// silence or the greatest length; a file that cannot be written ends the call. A telephone here says text: the file beside, of the
// same name and `.txt`, holds it, and the sound is a hiss as long as saying it takes, each text's its own.

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { applications, origins, takeDigit } from './switch-applications.ts';
import { separate } from './switch-command-text.ts';

const charactersPerSecond = 14;
const rate = 8_000;
/** What is said so short a time before the tone counts as said behind it. */
const heldMs = 2_000;

applications.set('record', (host, channel, execute, done) => {
  const [path = '', limit = '0', , silence = '0'] = separate(execute.argument);
  const begunMs = Date.now();
  const said: string[] = [];
  const { variables } = channel;
  variables.set('playback_terminator_used', undefined);
  variables.set('silence_hits_exhausted', 'false');
  const named = ['Record-File-Path', path];
  host.fire(channel, 'RECORD_START', origins.recordStart, { tail: named });
  let ended = false;
  let quiet: NodeJS.Timeout | undefined;

  const end = (silentMs = 0): void => {
    if (ended) return;
    ended = true;
    channel.recorder = undefined;
    clearTimeout(atLimit);
    clearTimeout(quiet);
    const text = said.join(' ');
    // Time runs as fast here as prompts are said.
    const passedMs = (Date.now() - begunMs) * host.speed.speech;
    const waitedMs = silentMs > 0 ? 0 : passedMs;
    const soundMs = Math.round(text === '' ? waitedMs : (text.length / charactersPerSecond) * 1000);
    // The silence that ends it is in the file and in the count as well (seen: 4.94 s of five, where nobody spoke).
    const ms = soundMs + silentMs;
    const wav = hiss(text, soundMs, silentMs);
    try {
      writeFileSync(path, wav);
      if (text !== '') writeFileSync(path.replace(/\.wav$/, '.txt'), `${text}\n`);
    } catch {
      host.hangUp(channel, 'DESTINATION_OUT_OF_ORDER');
    }
    variables.setAll([
      ['record_record_file_size', String(wav.length)],
      ['record_file_size', String(wav.length)],
      ['record_seconds', String(Math.floor(ms / 1000))],
      ['record_ms', String(ms)],
      ['record_samples', String(ms * 8)],
    ]);
    host.fire(channel, 'RECORD_STOP', origins.recordStop, { tail: named });
    done();
  };
  const fellSilent = (): void => {
    variables.set('silence_hits_exhausted', 'true');
    end(Number(silence) * 1000);
  };
  const afterSilence = (speakingMs: number): void => {
    clearTimeout(quiet);
    if (Number(silence) > 0)
      quiet = setTimeout(fellSilent, speakingMs + (Number(silence) * 1000) / host.speed.silence);
  };
  const atLimit =
    Number(limit) > 0 ? setTimeout(() => end(), (Number(limit) * 1000) / host.speed.silence) : undefined;
  const hear = (text: string): void => {
    said.push(text);
    afterSilence(((text.length / charactersPerSecond) * 1000) / host.speed.speech);
  };
  afterSilence(0);
  channel.recorder = hear;
  if (channel.spoken !== undefined && begunMs - channel.spoken.atMs < heldMs) hear(channel.spoken.text);
  channel.spoken = undefined;
  return {
    lock: execute.lock,
    digits: () => {
      const terminators = variables.get('playback_terminators') ?? '*';
      for (let digit = takeDigit(host, channel); digit !== undefined; digit = takeDigit(host, channel)) {
        if (!terminators.includes(digit)) continue;
        variables.set('playback_terminator_used', digit);
        end();
        return;
      }
    },
    interrupt: () => end(),
    abandon: () => end(),
  };
});

/** Mono, 16 bit; quiet, and unlike the hiss of any other text; of no text, and behind it, silence. */
function hiss(text: string, ms: number, silentMs: number): Buffer {
  const heard = Math.round((ms / 1000) * rate);
  const samples = heard + Math.round((silentMs / 1000) * rate);
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  for (const [at, value] of [
    [16, 16],
    [24, rate],
    [28, rate * 2],
    [40, samples * 2],
  ] as const)
    bytes.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    bytes.writeUInt16LE(value, at);
  bytes.write('data', 36, 'latin1');
  const pattern = createHash('sha256').update(text).digest();
  for (let n = 0; n < heard && text !== ''; n++)
    bytes.writeInt16LE(((pattern[n % 32] ?? 0) - 128) * 8, 44 + n * 2);
  return bytes;
}
