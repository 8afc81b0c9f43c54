// Which image a file is, by its own first bytes: what a sender calls it proves nothing, and a browser that is told "image" must
// be given one. Nothing is decoded here; the sizes are read as the format writes them.

export const photoTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;
export type PhotoType = (typeof photoTypes)[number];

export interface Photo {
  type: PhotoType;
  width: number;
  height: number;
}

/** As much as a page ever shows twice over; a photo straight from a camera is made smaller by whoever sends it. */
export const photoBytesMax = 512 * 1024;
/** A few hundred bytes can say that they unpack to a billion pixels: a browser would believe them. */
const pixelsASideMax = 4096;

/** `undefined`: none of these, damaged, or too large a picture. */
export function photoOf(bytes: Buffer): Photo | undefined {
  const photo = pngOf(bytes) ?? jpegOf(bytes) ?? webpOf(bytes);
  if (!photo) return undefined;
  const fits = (side: number): boolean => side >= 1 && side <= pixelsASideMax;
  return fits(photo.width) && fits(photo.height) ? photo : undefined;
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** PNG (ISO 15948) 5.2 and 11.2.2: the signature, then IHDR before all else. */
function pngOf(bytes: Buffer): Photo | undefined {
  if (bytes.length < 33 || !bytes.subarray(0, 8).equals(pngSignature)) return undefined;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return { type: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** JPEG (ITU-T T.81) B.1 and B.2.2: SOI, then marker segments; the frame header SOFn says the size. */
function jpegOf(bytes: Buffer): Photo | undefined {
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes.readUInt8(at + 1);
    // Fill bytes may stand before a marker.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      return { type: 'image/jpeg', height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
    // What comes after these two is no header any more.
    if (marker === 0xda || marker === 0xd9) return undefined;
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/** WebP (RFC 9649) 2.4 to 2.7: RIFF, its length, WEBP, then one of three first chunks. */
function webpOf(bytes: Buffer): Photo | undefined {
  if (bytes.length < 30 || bytes.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  if (bytes.toString('latin1', 8, 12) !== 'WEBP') return undefined;
  // A file that was cut off on its way.
  if (bytes.readUInt32LE(4) + 8 > bytes.length) return undefined;
  const size = webpSize(bytes);
  return size && { type: 'image/webp', ...size };
}

function webpSize(bytes: Buffer): { width: number; height: number } | undefined {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case 'VP8L': {
      if (bytes[20] !== 0x2f) return undefined;
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      // The start code of a key frame (RFC 6386, 9.1).
      if (bytes.readUIntBE(23, 3) !== 0x9d012a) return undefined;
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}
