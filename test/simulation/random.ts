// Chance that comes again: the same seed draws the same numbers on every machine (sfc32, by Chris Doty-Humphrey).

export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    [this.#a, this.#b, this.#c, this.#counter] = words(this.#seed);
    for (let round = 0; round < 15; round += 1) this.next();
  }

  /** In [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  }

  /** A whole number, both ends included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('Nothing to pick from');
    return list[this.int(0, list.length - 1)] as T;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A stream of its own, the same whatever was drawn from this one: taking a fault away leaves the other draws alone. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  /** `bytes` of hexadecimal. */
  hex(bytes: number): string {
    let text = '';
    for (let at = 0; at < bytes; at += 1) text += this.int(0, 255).toString(16).padStart(2, '0');
    return text;
  }
}

/** Four words from any text (FNV-1a, each with a start of its own). */
function words(text: string): [number, number, number, number] {
  const one = (start: number): number => {
    let hash = start;
    for (let at = 0; at < text.length; at += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
    }
    return hash | 0;
  };
  return [one(2_166_136_261), one(3_141_592_653), one(2_718_281_828), 1];
}
