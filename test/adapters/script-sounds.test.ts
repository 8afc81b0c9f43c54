// Sounds a script wants played: fetched once, asked after while they may have changed, converted, and let go of.

import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { AudioConverter, TelephoneAudio } from '../../src/flow/ports.ts';
import { closeAll } from './scripted-merchant.ts';
import { scriptThat } from './scripted-script.ts';
import { toneWav } from './tone.ts';

afterEach(closeAll);

const wav = toneWav({ hz: 440, seconds: 1, rate: 8_000 });

/** Converts nothing: what is fetched is what is heard. The real one is in audio-converter.test. */
function convertsTo(seconds = 1, bytes?: number) {
  const converted: string[] = [];
  const audio: AudioConverter = {
    convert(given, mediaType) {
      converted.push(mediaType);
      const wav16 = bytes === undefined ? given : Buffer.alloc(bytes, given.at(-1));
      const made: TelephoneAudio = { wav8: given, wav16, seconds };
      return Promise.resolve({ outcome: 'made', audio: made });
    },
  };
  return { audio, converted };
}

const sends =
  (headers: Record<string, string>, body: Buffer = wav, status = 200): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

/** Says 304 to whoever has it. */
const tagged =
  (etag: () => string): RequestListener =>
  (request, response) => {
    const same = request.headers['if-none-match'] === etag();
    response.writeHead(same ? 304 : 200, { 'content-type': 'audio/wav', etag: etag() }).end(same ? '' : wav);
  };

function clockByHand() {
  let ms = 1_000_000;
  return {
    now: () => new Date(),
    monotonicMs: () => ms,
    pass: (more: number) => {
      ms += more;
    },
  };
}

describe('a sound', () => {
  it('is fetched by GET, unsigned, and named by what is heard', async () => {
    const { audio, converted } = convertsTo();
    const { scripts, received, url } = await scriptThat(sends({ 'content-type': 'audio/x-wav' }), { audio });
    const sound = await scripts.fetchSound(`${url}?a=1`);
    expect(sound).toMatchObject({ outcome: 'sound', audio: { seconds: 1, wav16: wav } });
    expect(sound.outcome === 'sound' && sound.digest).toMatch(/^[0-9a-f]{32}$/);
    expect(converted).toEqual(['audio/wav']);
    expect(received[0]).toMatchObject({ method: 'GET', url: '/start.php?a=1' });
    expect(Object.keys(received[0]?.headers ?? {})).not.toContain('x-twilio-signature');
  });

  it('is asked after, and fetched again only when it is another', async () => {
    let etag = '"one"';
    const { audio, converted } = convertsTo();
    const { scripts, received, url } = await scriptThat(
      tagged(() => etag),
      { audio },
    );
    const first = await scripts.fetchSound(url);
    expect(await scripts.fetchSound(url)).toEqual(first);
    expect(received[1]?.headers['if-none-match']).toBe('"one"');
    expect(converted).toHaveLength(1);
    etag = '"two"';
    await scripts.fetchSound(url);
    expect(converted).toHaveLength(2);
  });

  it('is not asked after while it is fresh, and never kept for longer than an hour', async () => {
    const { audio, converted } = convertsTo();
    const clock = clockByHand();
    const headers = { 'content-type': 'audio/wav', etag: '"a"', 'cache-control': 'public, max-age=86400' };
    const { scripts, received, url } = await scriptThat(sends(headers), { audio, clock });
    await scripts.fetchSound(url);
    clock.pass(59 * 60_000);
    await scripts.fetchSound(url);
    expect(received).toHaveLength(1);
    clock.pass(60_001);
    await scripts.fetchSound(url);
    expect(received).toHaveLength(2);
    expect(received[1]?.headers).not.toHaveProperty('if-none-match');
    expect(converted).toHaveLength(2);
  });

  it('that is to be asked after each time is', async () => {
    const headers = { 'content-type': 'audio/wav', 'cache-control': 'no-cache, max-age=600' };
    const { scripts, received, url } = await scriptThat(sends(headers), { audio: convertsTo().audio });
    await scripts.fetchSound(url);
    await scripts.fetchSound(url);
    expect(received).toHaveLength(2);
  });

  it('is the one others heard while its server is away', async () => {
    let status = 200;
    const { scripts, url } = await scriptThat(
      (_, response) => void response.writeHead(status, { 'content-type': 'audio/wav' }).end(wav),
      { audio: convertsTo().audio },
    );
    const first = await scripts.fetchSound(url);
    status = 503;
    expect(await scripts.fetchSound(url)).toEqual(first);
    status = 404;
    expect(await scripts.fetchSound(url)).toMatchObject({ outcome: 'failed', because: 'http_status' });
  });

  it('is fetched once for all who want it at once', async () => {
    const { scripts, received, url } = await scriptThat(sends({ 'content-type': 'audio/wav' }), {
      audio: convertsTo().audio,
    });
    const all = await Promise.all([
      scripts.fetchSound(url),
      scripts.fetchSound(url),
      scripts.fetchSound(url),
    ]);
    expect(all.every(({ outcome }) => outcome === 'sound')).toBe(true);
    expect(received).toHaveLength(1);
  });

  it('makes room: what was heard longest ago is let go of', async () => {
    const { audio, converted } = convertsTo(120, 20 * 1024 * 1024);
    const headers = { 'content-type': 'audio/wav', 'cache-control': 'max-age=600' };
    const { scripts, url } = await scriptThat(sends(headers), { audio });
    for (const name of ['1', '2', '3']) await scripts.fetchSound(`${url}?${name}`);
    await scripts.fetchSound(`${url}?1`);
    await scripts.fetchSound(`${url}?4`);
    expect(converted).toHaveLength(4);
    await scripts.fetchSound(`${url}?1`);
    expect(converted).toHaveLength(4);
    await scripts.fetchSound(`${url}?2`);
    expect(converted).toHaveLength(5);
  });

  it.each([
    [{ 'content-type': 'audio/mpeg' }, wav, 'audio/mpeg'],
    [{ 'content-type': 'application/ogg; codecs=opus' }, wav, 'audio/ogg'],
    [{ 'content-type': 'application/octet-stream' }, wav, 'audio/wav'],
    [{}, Buffer.from('ID3\u0004...', 'latin1'), 'audio/mpeg'],
    [{}, Buffer.from('\xFF\xFB\x90\x00', 'latin1'), 'audio/mpeg'],
    [{}, Buffer.from('OggS....', 'latin1'), 'audio/ogg'],
  ])('of %j is read as %s', async (headers, body, mediaType) => {
    const { audio, converted } = convertsTo();
    const { scripts, url } = await scriptThat(sends(headers, body), { audio });
    expect(await scripts.fetchSound(url)).toMatchObject({ outcome: 'sound' });
    expect(converted).toEqual([mediaType]);
  });
});

describe('what is no sound for a telephone', () => {
  it.each<[string, RequestListener, string, string]>([
    [
      'a page',
      sends({ 'content-type': 'text/html' }, Buffer.from('<p>')),
      'not_understood',
      'is no WAV, MP3 or Ogg',
    ],
    ['a film', sends({ 'content-type': 'video/mp4' }), 'not_understood', 'is no WAV, MP3 or Ogg'],
    ['bytes of no name', sends({}, Buffer.from('hello')), 'not_understood', 'is no WAV, MP3 or Ogg'],
    [
      'packed',
      sends({ 'content-type': 'audio/wav', 'content-encoding': 'gzip' }),
      'not_understood',
      'is no WAV',
    ],
    [
      'three megabytes',
      sends({ 'content-type': 'audio/wav' }, Buffer.alloc(3_000_000)),
      'too_large',
      'larger than 2097152',
    ],
    ['elsewhere', sends({ location: 'http://169.254.169.254/' }, wav, 302), 'http_status', 'redirect'],
    ['not there', sends({}, wav, 404), 'http_status', 'HTTP 404'],
    ['not modified since never', sends({}, Buffer.alloc(0), 304), 'http_status', '304'],
    ['broken off', (_, response) => response.destroy(), 'unreachable', 'No answer'],
  ])('%s', async (_name, script, because, sentence) => {
    const { scripts, url } = await scriptThat(script, { audio: convertsTo().audio });
    const sound = await scripts.fetchSound(url);
    expect(sound).toMatchObject({ outcome: 'failed', because });
    expect(sound.outcome === 'failed' && sound.sentence).toContain(sentence);
  });

  it.each(['not_audio', 'too_short', 'too_long', 'no_converter', 'failed'] as const)(
    'one the converter refuses: %s',
    async (because) => {
      const audio: AudioConverter = { convert: () => Promise.resolve({ outcome: 'refused', because }) };
      const { scripts, url } = await scriptThat(sends({ 'content-type': 'audio/wav' }), { audio });
      const sound = await scripts.fetchSound(url);
      expect(sound).toMatchObject({ outcome: 'failed', because: 'not_understood' });
      expect(sound.outcome === 'failed' && sound.sentence).toMatch(/^The sound of your server .+\.$/);
    },
  );

  it('one of more than two minutes', async () => {
    const { scripts, url } = await scriptThat(sends({ 'content-type': 'audio/wav' }), {
      audio: convertsTo(130).audio,
    });
    expect(await scripts.fetchSound(url)).toMatchObject({
      sentence: 'The sound of your server is longer than 120 s.',
    });
  });
});
