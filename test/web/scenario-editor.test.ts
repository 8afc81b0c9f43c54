// A merchant composes a scenario in a real browser, over the real API and its database: from a blank page to a number that leads to
// it. The build is the one that is served; `npm test` makes it first.

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { extranet } from '../../src/web/extranet.ts';
import { apiStage, ask, demoKey, type Stage } from './api-stage.ts';
import { accessibilityProblems, complaintsOf, startBrowser } from './browser.ts';
import { somebody } from './signed-in.ts';

const ddi = '+33199000201';
let stage: Stage;
let browser: Browser;
let owner: string | undefined;
let reader: string | undefined;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  [stage, browser] = await Promise.all([
    apiStage({ pages: () => [extranet({ publicUrl: 'http://127.0.0.1' })] }),
    startBrowser(),
  ]);
  const ana = await somebody(stage, { email: 'ana@shop.example', role: 'owner' });
  await ana.browser.stepUp();
  const tom = await somebody(stage, { email: 'tom@shop.example', role: 'staff', rights: { lines: 'read' } });
  [owner, reader] = [ana.browser.cookie, tom.browser.cookie];
});
afterAll(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  await browser.close();
  await stage.close();
});

async function pageOf(cookie: string | undefined, more: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1_440, height: 900 },
    serviceWorkers: 'block',
    reducedMotion: 'reduce',
    ...more,
  });
  contexts.push(context);
  await context.addCookies([{ name: 'ringmeter_session', value: cookie ?? '', url: stage.url }]);
  return context.newPage();
}

const at = (path: string): string => `${stage.url}/extranet/${path}`;
const block = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const wayOut = (page: Page, id: string, way: string) =>
  page.locator(`.react-flow__handle[data-nodeid="${id}"][data-handleid="${way}"]`);

interface Kept {
  version: number;
  live: number | null;
  changed: boolean;
  ddis: string[];
  draft: {
    start: string;
    blocks: Record<string, { kind: string; next: Record<string, string>; say?: unknown }>;
  };
}
const kept = async (): Promise<Kept> =>
  (await ask(stage, 'GET', '/v1/scenarios/evening', { key: demoKey })).body as unknown as Kept;

async function pull(
  page: Page,
  from: ReturnType<typeof wayOut>,
  to: { x: number; y: number },
): Promise<void> {
  const box = await from.boundingBox();
  if (!box) throw new Error('There is no such way out');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

const saved = (page: Page) => page.getByText('Draft is saved').waitFor();

test('a menu is composed from a blank page, mended, tried, published, led to by a number, and rolled back', async () => {
  const page = await pageOf(owner);
  const complaints = complaintsOf(page);
  await page.goto(at('scenarios'));
  await page.getByRole('button', { name: 'New scenario' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Evening');
  await page.getByRole('button', { name: 'Create and open' }).click();
  await block(page, 'end').waitFor();

  // By keys alone: a menu comes first, since there was nothing but an end.
  await page.getByRole('button', { name: 'Add: Menu' }).press('Enter');
  const panel = page.getByRole('complementary', { name: 'Settings' });
  await panel.getByRole('textbox', { name: 'In French' }).fill('Tarifs, tapez 1. Nous parler, tapez 2.');
  await panel.getByRole('textbox', { name: 'In English' }).fill('For prices press 1. To talk to us press 2.');
  await block(page, 'menu').getByText('For prices press 1.').waitFor();

  // Both keys lead nowhere: it is said on the block, in the list, and in the way of publishing.
  await block(page, 'menu')
    .getByRole('img', { name: /way out “Key 1” of “menu” leads nowhere yet/ })
    .waitFor();
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  const publishing = page.getByRole('dialog', { name: 'Publish the draft' });
  await publishing.getByText('This is in the way of publishing:').waitFor();
  expect(await publishing.getByRole('button', { name: 'Make it live' }).isDisabled()).toBe(true);
  await publishing.getByRole('button', { name: /“Key 2”/ }).click();
  await publishing.waitFor({ state: 'detached' });

  // Key 1 is pulled out and let go over nothing; key 2 is led on in the panel.
  const canvas = await page.locator('.sc-canvas').boundingBox();
  await pull(page, wayOut(page, 'menu', 'key_1'), { x: (canvas?.x ?? 0) + 700, y: (canvas?.y ?? 0) + 640 });
  await page
    .getByRole('dialog', { name: 'Which block comes next?' })
    .getByRole('button', { name: /^Say/ })
    .click();
  await panel.getByRole('heading', { name: 'Say', exact: true }).waitFor();
  await panel.getByRole('textbox', { name: 'In French' }).fill('Trente-cinq euros.');
  await panel.getByRole('textbox', { name: 'In English' }).fill('Thirty-five euros.');
  await panel.getByRole('combobox', { name: 'Then', exact: true }).selectOption('end');
  await page.getByRole('tab', { name: /^To mend/ }).click();
  await panel.getByRole('button', { name: /“Key 2” of “menu”/ }).click();
  await panel.getByRole('combobox', { name: 'Key 2' }).selectOption({ label: 'New block…' });
  await page.getByRole('dialog').getByLabel('Search a block').fill('voicemail');
  await page.getByRole('dialog').getByLabel('Search a block').press('Enter');
  await panel.getByRole('textbox', { name: 'In French' }).fill('Après le bip.');
  await panel.getByRole('textbox', { name: 'In English' }).fill('After the tone.');
  await saved(page);
  await expect
    .poll(async () => (await kept()).draft.blocks['menu']?.next)
    .toEqual({ key_1: 'say', key_2: 'voicemail' });

  // Taken back step by step, and done again; what is saved follows.
  await page.getByRole('button', { name: 'Undo' }).focus();
  for (let steps = 0; steps < 3; steps += 1) await page.keyboard.press('Control+z');
  await block(page, 'voicemail').waitFor({ state: 'detached' });
  await expect
    .poll(async () => Object.keys((await kept()).draft.blocks).sort())
    .toEqual(['end', 'menu', 'say']);
  for (let steps = 0; steps < 3; steps += 1) await page.keyboard.press('Control+Shift+z');
  await block(page, 'voicemail').waitFor();
  await expect
    .poll(async () => (await kept()).draft.blocks['voicemail']?.say)
    .toEqual([{ text: { fr: 'Après le bip.', en: 'After the tone.' } }]);

  // A call is tried: a wrong key, then 1.
  await page.getByRole('tab', { name: 'Try it' }).click();
  await panel.getByRole('button', { name: 'Call', exact: true }).click();
  await panel.getByLabel('What does the caller key?').fill('7');
  await panel.getByLabel('What does the caller key?').press('Enter');
  await panel.getByText('Keys 7').waitFor();
  await panel.getByLabel('What does the caller key?').fill('1');
  await panel.getByLabel('What does the caller key?').press('Enter');
  await panel.getByText('Thirty-five euros.').waitFor();
  await panel.getByText('The call has ended.').waitFor();
  await panel.getByText('In “end”.').waitFor();
  expect(await page.locator('.sc-line-lit').count()).toBe(3);
  await panel.getByRole('button', { name: 'First step' }).click();
  await block(page, 'menu').locator('[data-lit=here]').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);

  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await publishing.getByLabel('What is new in it').fill('The first');
  await publishing.getByRole('button', { name: 'Make it live' }).click();
  await page.getByText('Version 1 is live. No number leads to it yet').waitFor();

  await page.goto(at('numbers'));
  await page.getByRole('button', { name: 'Change where +33 1 99 00 02 01 leads' }).click();
  const leading = page.getByRole('dialog');
  await leading.getByLabel('It leads to').selectOption('scenario');
  await leading.getByLabel('Which one').selectOption('evening');
  await leading.getByRole('button', { name: 'Change' }).click();
  await page.getByRole('img', { name: 'Preview of the scenario “Evening”, 4 blocks' }).waitFor();
  expect((await kept()).ddis).toEqual([ddi]);
  await page.setViewportSize({ width: 360, height: 800 });
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.setViewportSize({ width: 1_440, height: 900 });

  // The same scenario goes on with the callers of a line after their paid talk; from there one comes to it.
  const follows = page.getByRole('listitem', { name: 'Telephone consultation' });
  await follows.getByText('A goodbye').waitFor();
  await follows.getByRole('button', { name: 'Change the line Telephone consultation' }).click();
  await page.getByLabel('Once he has paid').selectOption({ label: 'Evening' });
  await page.getByLabel('After a paid conversation').selectOption({ label: 'Evening' });
  // What grows with the talk is known when it is over.
  const when = page.getByLabel('The price of a conversation paid by card is charged');
  await when.selectOption('As soon as both are connected');
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await page.getByText('it can only be charged when it is over').waitFor();
  expect(complaints.splice(0)).toEqual([expect.stringContaining('422')]);
  expect(await page.getByText('at_end').count()).toBe(0);
  await when.selectOption('When it is over');
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await follows.getByRole('link', { name: 'Evening' }).first().waitFor();
  const line = await ask(stage, 'GET', '/v1/lines/demo', { key: demoKey });
  expect(line.body).toMatchObject({ afterPayment: 'evening', afterTalk: 'evening', capture: 'at_end' });
  await stage.admin.query(
    `insert into tariffs (id, merchant_id, line_id, version, plan)
     select 'tar_one_price', merchant_id, line_id, version + 1, jsonb_set(plan, '{standard,bands}', '[]')
     from tariffs where line_id = 'lin_demo_short'`,
  );
  const quick = page.getByRole('listitem', { name: 'Quick question (one minute)' });
  await quick.getByRole('button', { name: 'Change the line Quick question (one minute)' }).click();
  await when.selectOption('As soon as both are connected');
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await quick.getByText('As soon as both are connected').waitFor();
  await page.setViewportSize({ width: 360, height: 800 });
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.setViewportSize({ width: 1_440, height: 900 });

  // Another version, and back to the first: the draft stays what it is.
  await page.getByRole('link', { name: 'Open the scenario: Evening' }).click();
  await block(page, 'say').press('Enter');
  await page.keyboard.press('F2');
  await page.locator('.sc-panel textarea:focus').waitFor();
  await panel.getByRole('textbox', { name: 'In English' }).fill('Forty euros.');
  await saved(page);
  await page.getByRole('button', { name: 'Publish changes' }).click();
  await publishing.getByRole('button', { name: 'Make it live' }).click();
  await page.getByText('Version 2 is live.', { exact: true }).waitFor();
  await page.getByRole('tab', { name: 'Versions' }).click();
  await panel.getByRole('button', { name: 'See version 1' }).click();
  await block(page, 'say').getByText('Thirty-five euros.').waitFor();
  await panel.getByRole('button', { name: 'Make version 1 live again' }).click();
  await page.getByText('Version 1 is live again. The draft stays.').waitFor();
  expect(await kept()).toMatchObject({ live: 1, changed: true });
  await page.getByRole('button', { name: 'Back to the draft' }).click();
  await block(page, 'say').getByText('Forty euros.').waitFor();
  expect(complaints).toEqual([]);
});

test('no page weighs 250 kB packed, the drawing neither', async () => {
  const weights = new Map<string, Promise<number>>();
  const weigh = async (url: string): Promise<number> => {
    const packed = await fetch(url, { headers: { 'accept-encoding': 'br' } });
    await packed.arrayBuffer();
    expect(packed.headers.get('content-encoding')).toBe('br');
    return Number(packed.headers.get('content-length'));
  };
  const heavy: string[] = [];
  for (const path of ['scenarios/evening', 'scenarios', 'numbers', 'consultants', 'access']) {
    // In French, whose words are the longer ones, by somebody who has nothing of it yet.
    const page = await pageOf(owner);
    const asked = new Set<string>();
    page.on('request', (request) => {
      const url = request.url();
      if (/\/assets\/[^/]+\.(js|css)$/.test(url)) asked.add(url);
    });
    await page.addInitScript(() => localStorage.setItem('ringmeter.language', 'fr'));
    await page.goto(at(path));
    await (path.includes('/') ? block(page, 'menu') : page.getByRole('heading', { level: 1 })).waitFor();
    let bytes = 0;
    for (const url of asked) {
      if (!weights.has(url)) weights.set(url, weigh(url));
      bytes += (await weights.get(url)) ?? 0;
    }
    await page.context().close();
    expect(bytes, path).toBeGreaterThan(100_000);
    if (bytes >= 250_000) heavy.push(`${path}: ${String(bytes)}`);
  }
  expect(heavy).toEqual([]);
});

test('what somebody else has changed meanwhile is not overwritten, and nothing of one’s own is lost', async () => {
  const page = await pageOf(owner);
  await page.goto(at('scenarios/evening'));
  const panel = page.getByRole('complementary', { name: 'Settings' });
  await block(page, 'say').click();
  const { draft } = await kept();
  const theirs = structuredClone(draft);
  Object.assign(theirs.blocks['say'] ?? {}, { say: [{ text: { fr: 'Leurs mots.', en: 'Their words.' } }] });
  await ask(stage, 'PUT', '/v1/scenarios/evening/draft', { body: { draft: theirs } });
  await panel.getByRole('textbox', { name: 'In English' }).fill('My words.');
  await page.getByText('Somebody else has changed this scenario meanwhile.').waitFor();
  expect((await kept()).draft.blocks['say']?.say).toEqual([
    { text: { fr: 'Leurs mots.', en: 'Their words.' } },
  ]);
  await page.getByRole('button', { name: 'Take theirs' }).click();
  await block(page, 'say').getByText('Their words.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await block(page, 'say').getByText('My words.').waitFor();
  await expect
    .poll(async () => (await kept()).draft.blocks['say']?.say)
    .toEqual([{ text: { fr: 'Trente-cinq euros.', en: 'My words.' } }]);
});

test('by finger a way out is led on: to a card that is tapped, and into an empty place', async () => {
  const page = await pageOf(owner, {
    viewport: { width: 820, height: 1_180 },
    hasTouch: true,
    isMobile: true,
  });
  await page.goto(at('scenarios/evening'));
  await block(page, 'menu').waitFor();
  await page.getByText('By touch: tap a way out').waitFor();
  await page.getByRole('button', { name: 'See all' }).tap();
  await wayOut(page, 'menu', 'key_1').tap();
  await page.locator('.sc-block-out.clickconnecting').waitFor();
  await block(page, 'end').tap({ position: { x: 12, y: 12 } });
  await expect.poll(async () => (await kept()).draft.blocks['menu']?.next['key_1']).toBe('end');
  await page.getByRole('button', { name: 'Undo' }).tap();
  await expect.poll(async () => (await kept()).draft.blocks['menu']?.next['key_1']).toBe('say');
  await wayOut(page, 'menu', 'key_1').tap();
  const canvas = await page.locator('.sc-canvas').boundingBox();
  await page.touchscreen.tap((canvas?.x ?? 0) + 40, (canvas?.y ?? 0) + (canvas?.height ?? 0) - 60);
  await page.getByRole('dialog', { name: 'Which block comes next?' }).waitFor();
});

test('everybody can use it: on a tablet by night, on a telephone to read, and with eyes only', async () => {
  const page = await pageOf(reader);
  const complaints = complaintsOf(page);
  await page.setViewportSize({ width: 768, height: 1_024 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(at('scenarios/evening'));
  await block(page, 'menu').click();
  await page.getByRole('combobox', { name: 'Key 1' }).waitFor();
  expect(await page.getByRole('combobox', { name: 'Key 1' }).isDisabled()).toBe(true);
  expect(await page.getByRole('button', { name: /^(Publish|Undo|Add: Menu)/ }).count()).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  // He may see what is wrong and try it, but reach nobody's server.
  await page.getByRole('tab', { name: 'Try it' }).click();
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await page.locator('.sc-transcript').getByText('For prices press 1.').waitFor();
  expect(await page.getByLabel('Your script').count()).toBe(0);
  await page.setViewportSize({ width: 360, height: 800 });
  await page.getByText('Drawing wants a screen of at least 768 pixels').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.goto(at('scenarios'));
  await page.getByRole('link', { name: 'Open Evening' }).waitFor();
  expect(await page.getByRole('button', { name: 'New scenario' }).count()).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(sideways).toBeLessThanOrEqual(0);
  expect(complaints).toEqual([]);
});

test('a card payment is a block like the others: drawn, set, warned of where it is not enabled, and tried', async () => {
  const body = {
    slug: 'paid',
    name: 'Paid',
    template: 'paid_line',
    with: { line: 'demo', sale: 'demo-ticket', payment: 'keypad' },
  };
  const made = await ask(stage, 'POST', '/v1/scenarios', { key: demoKey, body });
  expect(made.status).toBe(201);
  const page = await pageOf(owner);
  const complaints = complaintsOf(page);
  await page.goto(at('scenarios/paid'));
  await block(page, 'pay').click();
  const panel = page.getByRole('complementary', { name: 'Settings' });
  await panel.getByRole('heading', { name: 'Take card payment' }).waitFor();
  expect(await panel.getByLabel('What is sold').inputValue()).toBe('demo');
  await panel.getByLabel('How many cards may be refused').fill('2');
  await panel.getByLabel('Ask callers you know whether to keep the card').check();
  await expect
    .poll(async () => {
      const { body: paid } = await ask(stage, 'GET', '/v1/scenarios/paid', { key: demoKey });
      return (paid as unknown as Kept).draft.blocks['pay'];
    })
    .toMatchObject({ kind: 'card_payment', tries: 2, offerToKeep: true, next: { needs_page: 'link' } });
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole('tab', { name: /^To mend/ }).click();
  await panel.getByText(/takes cards keyed on the telephone, which is not enabled for you/).waitFor();
  await page.getByRole('tab', { name: 'Try it' }).click();
  await panel.getByRole('button', { name: 'Call', exact: true }).click();
  await panel.getByLabel('What does the caller key?').fill('5');
  await panel.getByRole('button', { name: 'Key it' }).click();
  await panel.getByText('The bank is asked. What does it say?').waitFor();
  await panel.getByRole('button', { name: 'It wants its holder to agree on a page' }).click();
  await panel.getByText('Way out: Pays on a page only').waitFor();
  expect(complaints).toEqual([]);
});
