// Photos as a program wrote them, with where they were taken, by whom and a remark beside the picture: what is kept, what is not,
// and that damaged ones are refused rather than passed on uncleaned.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { photoOf } from '../../src/core/photo.ts';
import { withoutMetadata } from '../../src/core/photo-metadata.ts';

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/photos/${name}`, import.meta.url));
const photos = [
  ['image/jpeg', 'photo.jpg'],
  ['image/jpeg', 'progressive.jpg'],
  ['image/png', 'photo.png'],
  ['image/webp', 'photo.webp'],
] as const;

const privateWords = ['Camera of Claire', 'Claire at home', 'Rue des Lilas', 'xmp', 'date:create'];
/** The degrees and minutes of where it was taken. */
const gps = Buffer.from('300000000100000033000000010000', 'hex');

describe.each(photos)('%s %s', (type, name) => {
  const given = file(name);
  const clean = withoutMetadata(type, given) ?? Buffer.alloc(0);

  it('is kept without a word beside the picture, and reads as before', () => {
    expect(given.includes('Camera of Claire')).toBe(true);
    expect(given.includes(gps)).toBe(true);
    for (const word of privateWords) expect(clean.includes(word), word).toBe(false);
    expect(clean.includes(gps)).toBe(false);
    expect(photoOf(clean)).toEqual(photoOf(given));
    expect(clean.length).toBeLessThan(given.length);
  });

  it('says which way up it is, and cleaned once more is the same', () => {
    const orientation = Buffer.from('49492a000800000001001201030001000000060000000000', 'hex');
    expect(clean.includes(orientation)).toBe(true);
    expect(withoutMetadata(type, clean)).toEqual(clean);
  });

  it('cut off anywhere is refused', () => {
    for (let length = 0; length < given.length; length += 1) {
      expect(withoutMetadata(type, given.subarray(0, length)), String(length)).toBeUndefined();
    }
  });

  it('with something behind its end is kept without that', () => {
    const more = Buffer.concat([given, Buffer.from('the same photo before it was cut')]);
    expect(withoutMetadata(type, more)).toEqual(clean);
  });

  it('damaged is refused or kept clean; nothing throws, and nothing grows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(given.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const damaged = Buffer.from(given);
          for (const [at, byte] of changes) damaged[at] = byte;
          const kept = withoutMetadata(type, damaged);
          return (
            kept === undefined ||
            (kept.length <= given.length && withoutMetadata(type, kept)?.equals(kept) === true)
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});

it('a picture that stands as it is stored says nothing of that', () => {
  const upright = Buffer.from(file('photo.jpg'));
  const entry = upright.indexOf(Buffer.from('1201030001000000', 'hex'));
  upright[entry + 8] = 1;
  expect(withoutMetadata('image/jpeg', upright)?.includes('Exif')).toBe(false);
});

it('a thumbnail in a JFIF segment goes: it may show what was cut away', () => {
  const jpeg = file('photo.jpg');
  const app0 = jpeg.subarray(2, 20);
  expect(app0.toString('latin1', 4, 8)).toBe('JFIF');
  const withSmall = Buffer.concat([app0, Buffer.from([1, 2, 3])]);
  withSmall.writeUInt16BE(19, 2);
  withSmall.writeUInt16BE(0x0101, 16);
  const given = Buffer.concat([jpeg.subarray(0, 2), withSmall, jpeg.subarray(20)]);
  expect(withoutMetadata('image/jpeg', given)).toEqual(withoutMetadata('image/jpeg', jpeg));
});
