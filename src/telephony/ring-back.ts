// What a caller hears of a telephone that rings, as the networks of his country make it (ITU-T E.180, supplement 2): tones
// the switch makes itself, endless until broken, so that no sound files need to lie on it.

/** `%(on, off, frequencies)` in milliseconds and hertz, at the level of an exchange's own tones. */
const cadences = {
  french: '%(1500,3500,440)',
  one_four: '%(1000,4000,425)',
  one_three: '%(1000,3000,425)',
  one_five: '%(1000,5000,425)',
  spanish: '%(1500,3000,425)',
  double: '%(400,200,400,450);%(400,2000,400,450)',
  american: '%(2000,4000,440,480)',
} as const;

const cadenceOf = new Map<string, keyof typeof cadences>(
  Object.entries({
    FR: 'french',
    MC: 'french',
    BE: 'one_three',
    CH: 'one_four',
    LU: 'one_four',
    DE: 'one_four',
    IT: 'one_four',
    NL: 'one_four',
    AT: 'one_five',
    PT: 'one_five',
    ES: 'spanish',
    GB: 'double',
    IE: 'double',
    US: 'american',
    CA: 'american',
  } as const),
);

/** `country`: ISO 3166-1 alpha-2; one whose tone is not listed sounds as in France. */
export function ringBackOf(country: string): string {
  return `tone_stream://v=-20;${cadences[cadenceOf.get(country) ?? 'french']};loops=-1`;
}

/** One of them, whichever country's: a gateway may take over from one of another country. */
export function isRingBack(sound: string): boolean {
  return ringBacks.has(sound);
}
const ringBacks = new Set([...cadenceOf.keys()].map(ringBackOf));
