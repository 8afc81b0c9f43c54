// Secrets that must be read again (a merchant's signing secret) are sealed before they reach a row: AES-256-GCM with a
// key the database never sees. What need not be read again is hashed instead and is not here.

import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

export class Seal {
  readonly #key: Buffer;

  /** `key`: 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new Error('A sealing key has 32 bytes.');
    this.#key = key;
  }

  /** `about`: what the secret belongs to; a row copied to another owner does not open. */
  close(secret: string, about: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(about));
    return Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  open(sealed: Buffer, about: string): string {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, 12))
      .setAAD(Buffer.from(about))
      .setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8');
  }

  /**
   * 32 bytes that are always the same for this text and say nothing of it without the key: what a row is found by whose
   * subject (a number, an address) must not be read from it. `about`: as what it is marked; one text has another mark as
   * something else.
   */
  mark(text: string, about: string): Buffer {
    // A key of its own: what seals must not also sign.
    const key = createHmac('sha256', this.#key).update('marks').digest();
    return createHmac('sha256', key).update(`${about}\n${text}`).digest();
  }
}

/** For links and keys with 128 bits of chance or more: nothing slower is needed, nothing shorter is stored. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
