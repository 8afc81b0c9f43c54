// A card that is keyed so that it can be looked for afterwards: its number, any seven digits of it in a row, its code, and keys one by
// one as FreeSWITCH writes them.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A number the sandbox's processor takes. */
export const canary = '4000056655665556';
export const canaryCode = '739';
export const sevens = Array.from({ length: canary.length - 6 }, (_, at) => canary.slice(at, at + 7));
/** A code where it stands by itself, as the value of something, or as a form or a log would have it. */
const codePattern = new RegExp(
  `(?:cvc|cvv|code|card|digits|dtmf)[^\\n\\w]{0,12}(?:%5B)?\\w{0,8}[^\\n\\w]{0,6}${canaryCode}(?![0-9a-f])`,
  'i',
);
/** One key at a time, as FreeSWITCH writes them: in a line each. */
const keyPattern = /(?:RECV DTMF |DTMF\(|DTMF DIGIT \[|DTMF DIGIT LEN |digit=)[0-9][^\n]*/;

/** Names of legs and of streams (RFC 3550's SSRC), instants in milli- and microseconds: by chance any seven digits stand in one. */
const names =
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|ssrc[^0-9\n]{1,6}[0-9]+|(?<![0-9])1[789][0-9]{11}(?:[0-9]{3})?(?![0-9])/gi;

export function found(text: string): { sevens: string[]; code: string[]; keys: string[] } {
  const rest = text.replaceAll(names, '');
  return {
    sevens: sevens.filter((one) => rest.includes(one)),
    code: codePattern.exec(text)?.slice(0, 1) ?? [],
    keys: keyPattern.exec(text)?.slice(0, 1) ?? [],
  };
}

/** What has been looked through, and what of the card was there. */
export class Search {
  readonly found: string[] = [];
  readonly #texts = new Map<string, { text: string; files: number }>();

  text(where: string): string {
    return this.#texts.get(where)?.text ?? '';
  }

  mentions(where: string, what: string): boolean {
    return this.text(where).includes(what);
  }

  report(): void {
    for (const [where, { text, files }] of this.#texts)
      console.log(
        `${where.padEnd(28)} ${String(files).padStart(4)} files ${String(text.length).padStart(10)} bytes`,
      );
  }

  /** `keysToo`: nobody else may have pressed one there. */
  look(where: string, text: string, { files = 1, keysToo = true } = {}): void {
    this.#texts.set(where, { text, files });
    const { sevens: numbers, code, keys } = found(text);
    for (const one of [...numbers, ...code, ...(keysToo ? keys : [])]) {
      const at = text.indexOf(one);
      this.found.push(`${where}: ${text.slice(Math.max(at - 80, 0), at + 80)}`);
    }
  }
}

/** Written since then, in all its folders. */
export const filesSince = (dir: string, ms: number): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .filter((file) => statSync(file).mtimeMs >= ms);
