// Rendering of white-label-templates/ with liquidjs. A template sees own properties of what it is given and nothing else,
// everything it prints is escaped, and it may not run long or grow large: templates and the merchant's words in them are
// data, whoever wrote them.

import { Liquid } from 'liquidjs';
import type { Language } from '../core/ids.ts';
import { projectRoot } from './page-assets.ts';
import { isTextKey, text } from './texts.ts';

export interface Templates {
  /** The whole page or fragment; throws (a bug) on a template that names what it was not given. */
  render: (template: string, language: Language, shown: object) => string;
}

export function readTemplates(folder = `${projectRoot}white-label-templates`): Templates {
  const liquid = new Liquid({
    root: folder,
    extname: '.liquid',
    cache: true,
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    relativeReference: false,
    dynamicPartials: true,
    outputEscape: 'escape',
    // A page is some 20 kB of markup and renders in a few milliseconds: a hundred times that is a fault, not a page.
    parseLimit: 1_000_000,
    renderLimit: 500,
    memoryLimit: 5_000_000,
  });
  liquid.registerFilter('t', function (this: { context: LiquidContext }, key: unknown, ...names: unknown[]) {
    const known = String(key);
    if (!isTextKey(known)) throw new Error(`No text is called ${known}`);
    const given = Object.fromEntries(
      (names as [string, unknown][]).map(([name, value]) => [name, String(value)]),
    );
    return text(this.context.getSync(['language']) as Language, known, given);
  });
  return {
    render: (template, language, shown) => liquid.renderFileSync(template, { ...shown, language }) as string,
  };
}

interface LiquidContext {
  getSync(path: string[]): unknown;
}
