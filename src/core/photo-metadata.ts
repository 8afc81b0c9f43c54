// A photo without what a camera or a program wrote beside the picture: where it was taken, with what, by whom, an older version in
// small. Only the parts a browser needs to show the picture are kept, by name; whatever has no name here goes. The picture itself
// is copied byte by byte, never decoded. A file that does not read from its first byte to its last as its standard says is no
// photo: what cannot be walked cannot be cleaned.
//
// One thing of EXIF is about the picture: which way up it is. A telephone held upright says it there alone, so that it stays, as
// the only entry of an EXIF of our own.

import type { PhotoType } from './photo.ts';

/** `undefined`: it does not read as one. */
export function withoutMetadata(type: PhotoType, bytes: Buffer): Buffer | undefined {
  switch (type) {
    case 'image/jpeg':
      return cleanJpeg(bytes);
    case 'image/png':
      return cleanPng(bytes);
    case 'image/webp':
      return cleanWebp(bytes);
  }
}

// --- Which way up ------------------------------------------------------------------------------------------------

/** Of eight (EXIF 2.32, 4.6.4, tag 274); 1 is as it is stored. */
type Orientation = number;

const exifName = Buffer.from('Exif\0\0', 'latin1');

/** Of a TIFF structure; one that cannot be read says nothing. */
function orientationOf(given: Buffer): Orientation {
  const tiff = given.subarray(0, 6).equals(exifName) ? given.subarray(6) : given;
  if (tiff.length < 14) return 1;
  const order = tiff.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return 1;
  const u16 = (at: number): number => (order === 'II' ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number): number => (order === 'II' ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const first = u32(4);
  if (u16(2) !== 42 || first + 2 > tiff.length) return 1;
  const entries = u16(first);
  for (let at = first + 2, left = entries; left > 0 && at + 12 <= tiff.length; at += 12, left -= 1) {
    // One SHORT.
    if (u16(at) !== 0x0112 || u16(at + 2) !== 3 || u32(at + 4) !== 1) continue;
    const value = u16(at + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** The orientation, and nothing else: one directory of one entry. */
function tiffOf(orientation: Orientation): Buffer {
  const tiff = Buffer.from(
    '49492a0008000000 0100 1201 0300 01000000 00000000 00000000'.replaceAll(' ', ''),
    'hex',
  );
  tiff.writeUInt16LE(orientation, 18);
  return tiff;
}

// --- JPEG (ITU-T T.81, annex B; JFIF 1.02) -----------------------------------------------------------------------

const jfifName = Buffer.from('JFIF\0', 'latin1');
const iccName = Buffer.from('ICC_PROFILE\0', 'latin1');
const adobeName = Buffer.from('Adobe', 'latin1');

function cleanJpeg(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  const kept: Buffer[] = [];
  let orientation: Orientation = 1;
  let isFramed = false;
  let isScanned = false;
  let at = 2;
  for (;;) {
    // Any number of fill bytes may stand before a marker (B.1.1.2).
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at += 1;
    if (at + 2 > bytes.length || bytes[at] !== 0xff) return undefined;
    const marker = bytes.readUInt8(at + 1);
    // What stands behind the end is another picture, or a maker's own.
    if (marker === 0xd9) break;
    // 02 to BF are reserved, and nothing but a segment may stand here.
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8) || at + 4 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end < at + 4 || end > bytes.length) return undefined;
    const body = bytes.subarray(at + 4, end);
    if (marker === 0xe1 && body.subarray(0, 6).equals(exifName) && orientation === 1)
      orientation = orientationOf(body);
    const segment = keptSegment(marker, body) ? bytes.subarray(at, end) : undefined;
    if (segment) kept.push(marker === 0xe0 ? withoutThumbnail(segment) : segment);
    isFramed ||= marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    at = end;
    if (marker !== 0xda) continue;
    isScanned = true;
    at = endOfScan(bytes, end);
    kept.push(bytes.subarray(end, at));
  }
  if (!isFramed || !isScanned) return undefined;
  const tiff = orientation === 1 ? undefined : tiffOf(orientation);
  // JFIF's own segment comes first where there is one; EXIF's behind it is read all the same.
  const isJfif = kept[0]?.[1] === 0xe0;
  const exif = tiff ? [Buffer.from([0xff, 0xe1, 0, 2 + exifName.length + tiff.length]), exifName, tiff] : [];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...kept.slice(0, isJfif ? 1 : 0),
    ...exif,
    ...kept.slice(isJfif ? 1 : 0),
    Buffer.from([0xff, 0xd9]),
  ]);
}

/** Tables, frames, scans; of the applications' segments those that say what the colours are. No comment. */
function keptSegment(marker: number, body: Buffer): boolean {
  const is = (name: Buffer): boolean => body.subarray(0, name.length).equals(name);
  if (marker === 0xe0) return is(jfifName) && body.length >= 14;
  if (marker === 0xe2) return is(iccName);
  if (marker === 0xee) return is(adobeName);
  return marker <= 0xdf && marker !== 0xc8;
}

/** A JFIF segment may hold a small picture: often that of the photo before somebody cut it. */
function withoutThumbnail(segment: Buffer): Buffer {
  const plain = Buffer.from(segment.subarray(0, 18));
  plain.writeUInt16BE(16, 2);
  plain.writeUInt16BE(0, 16);
  return plain;
}

/** Where the next marker stands behind the coded data; restarts are part of it, and FF 00 is the byte FF (B.1.1.5). */
function endOfScan(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return bytes.length;
    const next = bytes.readUInt8(at + 1);
    if (next === 0xff) at += 1;
    else if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at += 2;
    else return at;
  }
}

// --- PNG (ISO/IEC 15948, 5 and 11) -------------------------------------------------------------------------------

/** The picture, its animation, and what its colours mean. */
const pngKept: ReadonlySet<string> = new Set([
  ...['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'acTL', 'fcTL', 'fdAT'],
  ...['cHRM', 'gAMA', 'iCCP', 'sBIT', 'sRGB', 'cICP', 'mDCV', 'cLLI', 'bKGD', 'hIST', 'pHYs'],
]);

function cleanPng(bytes: Buffer): Buffer | undefined {
  const kept: Buffer[] = [bytes.subarray(0, 8)];
  const names: string[] = [];
  let orientation: Orientation = 1;
  let at = 8;
  while (names.at(-1) !== 'IEND') {
    if (at + 12 > bytes.length) return undefined;
    const end = at + 12 + bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (end > bytes.length || !/^[A-Za-z]{4}$/.test(name)) return undefined;
    if (bytes.readUInt32BE(end - 4) !== crc32(bytes.subarray(at + 4, end - 4))) return undefined;
    // Without a critical chunk (its first letter is a capital) the picture is none.
    if (/^[A-Z]/.test(name) && !pngKept.has(name)) return undefined;
    if (name === 'eXIf') orientation = orientationOf(bytes.subarray(at + 8, end - 4));
    if (pngKept.has(name)) kept.push(bytes.subarray(at, end));
    names.push(name);
    at = end;
  }
  if (names[0] !== 'IHDR' || !names.includes('IDAT')) return undefined;
  if (orientation !== 1) kept.splice(2, 0, pngChunk('eXIf', tiffOf(orientation)));
  return Buffer.concat(kept);
}

function pngChunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, crc]);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});

/** Annex D. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

// --- WebP (RFC 9649, 2.3 to 2.7) ---------------------------------------------------------------------------------

const webpKept: ReadonlySet<string> = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ICCP', 'ANIM', 'ANMF']);
const exifFlag = 0x08;
const xmpFlag = 0x04;
/** Before the chunks of its picture a frame of an animation has so many bytes of its own. */
const frameHead = 16;

interface Chunk {
  name: string;
  data: Buffer;
}

function cleanWebp(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 20 || bytes.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  const end = 8 + bytes.readUInt32LE(4);
  // What stands behind it is nobody's.
  const chunks = end > bytes.length ? undefined : chunksOf(bytes.subarray(12, end));
  if (!chunks) return undefined;
  const pictures = chunks.filter(({ name }) => ['VP8 ', 'VP8L', 'ANMF'].includes(name));
  if (pictures.length === 0) return undefined;
  const exif = chunks.find(({ name }) => name === 'EXIF');
  const orientation = exif ? orientationOf(exif.data) : 1;
  const isExtended = chunks[0]?.name === 'VP8X';
  const kept: Chunk[] = [];
  for (const chunk of chunks.filter(({ name }) => webpKept.has(name))) {
    const clean = cleanChunk(chunk, orientation);
    if (!clean) return undefined;
    kept.push(clean);
  }
  // Only the extended form has a place for it.
  if (isExtended && orientation !== 1) kept.push({ name: 'EXIF', data: tiffOf(orientation) });
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...kept.map(written)]);
  const head = Buffer.from('RIFF\0\0\0\0', 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

function cleanChunk({ name, data }: Chunk, orientation: Orientation): Chunk | undefined {
  if (name === 'VP8X') {
    if (data.length !== 10) return undefined;
    const flags = Buffer.from(data);
    flags.writeUInt8((flags.readUInt8(0) & ~exifFlag & ~xmpFlag) | (orientation === 1 ? 0 : exifFlag), 0);
    return { name, data: flags };
  }
  if (name !== 'ANMF') return { name, data };
  const inner = chunksOf(data.subarray(frameHead));
  if (data.length < frameHead || !inner) return undefined;
  const kept = inner.filter((one) => ['VP8 ', 'VP8L', 'ALPH'].includes(one.name));
  return { name, data: Buffer.concat([data.subarray(0, frameHead), ...kept.map(written)]) };
}

/** One behind the other to the last byte, each padded to an even length. */
function chunksOf(bytes: Buffer): Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) return undefined;
    const length = bytes.readUInt32LE(at + 4);
    const end = at + 8 + length;
    if (end > bytes.length) return undefined;
    chunks.push({ name: bytes.toString('latin1', at, at + 4), data: bytes.subarray(at + 8, end) });
    at = end + (length % 2);
  }
  return chunks;
}

function written({ name, data }: Chunk): Buffer {
  const head = Buffer.from(`${name}\0\0\0\0`, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}
