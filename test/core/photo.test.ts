import { describe, expect, it } from 'vitest';
import { photoOf } from '../../src/core/photo.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const u16 = (n: number) => n.toString(16).padStart(4, '0');
const u32 = (n: number) => n.toString(16).padStart(8, '0');

/** The first bytes of each format as its standard writes them, for a picture of that size. */
const png = (w: number, h: number) =>
  hex(`89504e470d0a1a0a 0000000d 49484452 ${u32(w)} ${u32(h)} 0806000000 00000000`);
const jpeg = (w: number, h: number) =>
  hex(
    `ffd8 ffe0 0010 4a46494600010101004800480000 ffdb 0004 0000 ffff c0 0011 08 ${u16(h)} ${u16(w)} 03012200`,
  );
const riff = (chunk: string, rest: string) => {
  const body = Buffer.concat([Buffer.from(`WEBP${chunk}`, 'latin1'), hex(rest)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from('RIFF'), length, body]);
};
const lossy = riff('VP8 ', '0a000000 300100 9d012a 4001 c800 0000');
const lossless = riff('VP8L', '0a000000 2f 3fc13100 0000000000');
const extended = riff('VP8X', '0a000000 00000000 3f0100 c70000');

describe('a photo by its first bytes', () => {
  it.each([
    ['PNG', png(320, 200), 'image/png'],
    ['JPEG', jpeg(320, 200), 'image/jpeg'],
    ['lossy WebP', lossy, 'image/webp'],
    ['lossless WebP', lossless, 'image/webp'],
    ['extended WebP', extended, 'image/webp'],
  ])('%s', (_what, bytes, type) => {
    expect(photoOf(bytes)).toMatchObject({ type, width: 320 });
    expect(photoOf(bytes)?.height).toBe(200);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'.padEnd(64))],
    ['a drawing that can run', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'.padEnd(64))],
    ['another picture', Buffer.from('GIF89a'.padEnd(64, '\0'))],
    ['a signature alone', png(1, 1).subarray(0, 20)],
    ['a JPEG that ends before its size', jpeg(320, 200).subarray(0, 24)],
    ['a JPEG without a frame', hex('ffd8 ffda 0008 0101000000 ffd9 00000000')],
    ['a WebP that was cut off', lossy.subarray(0, lossy.length - 2)],
    ['a WebP of another chunk', riff('ANIM', '00'.repeat(20))],
    ['a lossy WebP without a key frame', riff('VP8 ', `0a000000 300100 000000 4001 c800 0000`)],
    ['a PNG of no width', png(0, 200)],
    ['a picture that unpacks to a billion pixels', png(32_768, 32_768)],
    ['a WebP as wide as it can be', riff('VP8X', '0a000000 00000000 ffff00 c70000')],
  ])('is not %s', (_what, bytes) => {
    expect(photoOf(bytes)).toBeUndefined();
  });
});
