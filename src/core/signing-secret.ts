// The secret a merchant checks our messages by, as the Standard Webhooks specification writes it (standardwebhooks.com, v1,
// symmetric): `whsec_` and the base64 of 24 to 64 bytes of chance.

export const secretPrefix = 'whsec_';
export const secretBytesMin = 24;
export const secretBytesMax = 64;

/** As the merchant stores it. `chance`: 24 to 64 random bytes. */
export function signingSecret(chance: Buffer): string {
  if (chance.length < secretBytesMin || chance.length > secretBytesMax) {
    throw new Error('A signing secret is made of 24 to 64 random bytes.');
  }
  return secretPrefix + chance.toString('base64');
}
