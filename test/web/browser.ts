// The browser that comes with `npm ci`, and the question every page is asked in it: can everybody use this?

import chromium from '@sparticuz/chromium';
import axe from 'axe-core';
import { chromium as playwright, type Browser, type Page } from 'playwright-core';

/**
 * Its own flags suit a function host: one process, no web security. Pages are tested as a visitor's browser shows them,
 * with every policy enforced, and a page may be closed without taking the browser along.
 */
const unfaithful = ['--single-process', '--disable-web-security', '--allow-running-insecure-content'];
/**
 * Of several lists of what is to be without, Chromium takes the last: Playwright's own, which has every page opened at half the
 * computing, would be none. What is named in this one its other flags see to.
 */
const inPlaceOfPlaywrights = '--disable-features=';

export async function startBrowser(): Promise<Browser> {
  // Nothing here draws in three dimensions; a graphics card played by the processor takes a third of all its time.
  chromium.setGraphicsMode = false;
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [
      ...chromium.args.filter((flag) => !unfaithful.includes(flag) && !flag.startsWith(inPlaceOfPlaywrights)),
      '--no-sandbox',
      '--disable-gpu',
      // Pages of one site share a process, as in a browser with many of them: to start one takes longer than most pages do.
      '--renderer-process-limit=1',
      '--disable-software-rasterizer',
    ],
    headless: true,
  });
}

/** What axe-core finds wrong with the page as it is now, one line each; none: `[]`. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // Through the debugger, so that no content security policy has to be loosened for it.
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) {
    await page.evaluate(axe.source);
    // What is opened in this page from now on has it from the start, as the browser has read it already: half a megabyte that is
    // sent and read anew takes longer than asking. Not what is framed in it: that is others'.
    await page.addInitScript(`if (window === window.top) { ${axe.source} }`);
  }
  const { violations } = await page.evaluate(async () => {
    const run = (window as unknown as { axe: typeof axe }).axe;
    return run.run(document, {
      // What is right need not be listed: that takes longer than finding it.
      resultTypes: ['violations'],
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      // Nor how to find it again. Of these rules only those about sound want anything loaded beforehand.
      selectors: false,
      preload: { assets: ['media'] },
    });
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} (${node.failureSummary ?? ''})`),
  );
}

/** Everything the page complained about: scripts that failed, policies that were broken, files that did not come. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}
