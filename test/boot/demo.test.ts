// The demo as its visitor meets it: `npm start` as a process and its page in a browser; a caller the merchant knows, played and
// dialled by hand; a paid call under way, and the gateway killed in the middle of it.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { throwawayRoot } from '../../src/sandbox/postgres-place.ts';
import { freePort } from '../free-port.ts';
import { accessibilityProblems, startBrowser } from '../web/browser.ts';

/** What `npm start` runs: it builds what changed, and becomes the gateway. */
const program = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
let scratch: string;
let house: ChildProcess;
let demoUrl: string;
let printed = '';
let browser: Browser;
let page: Page;

beforeAll(async () => {
  scratch = mkdtempSync(join(throwawayRoot(), 'ringmeter-break-'));
  chmodSync(scratch, 0o755);
  const [port, sandboxPort] = [await freePort(), await freePort()];
  house = spawn(process.execPath, [program], {
    cwd: scratch,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: scratch,
      PORT: String(port),
      SANDBOX_PORT: String(sandboxPort),
      DATA_DIR: join(scratch, 'data'),
      SANDBOX_SPEECH_SPEED: '20',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  demoUrl = `http://localhost:${String(sandboxPort)}/demo`;
  const started = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (/demo key/.test(printed)) resolve();
    };
    house.stdout?.on('data', hear);
    house.stderr?.on('data', hear);
    house.once('exit', () => reject(new Error(`npm start ended, having said: ${printed}`)));
  });
  [browser] = await Promise.all([startBrowser(), started]);
  page = await browser.newPage({ locale: 'en', viewport: { width: 1440, height: 1080 } });
  page.setDefaultTimeout(20_000);
});
afterAll(async () => {
  await browser.close();
  const ended = once(house, 'exit');
  house.kill('SIGTERM');
  await ended;
  rmSync(scratch, { recursive: true, force: true });
});

const joint = (): ReturnType<Page['locator']> => page.locator('#joint');
const story = (sentence: RegExp): Promise<void> =>
  page.locator('#story li', { hasText: sentence }).first().waitFor();
const proof = (term: string): Promise<string> =>
  page.locator('#proof > div', { hasText: term }).locator('dd').innerText();

const caption = (sentence: RegExp): Promise<void> =>
  page.locator('#caption').filter({ hasText: sentence }).waitFor();
const phone = (side: 'a' | 'b'): ReturnType<Page['locator']> => page.locator(`#phone-${side}`);
const press = (side: 'a' | 'b', name: string): Promise<void> =>
  phone(side).getByRole('button', { name, exact: true }).click();

test('a known caller is played: recognized by his number, joined, his seconds reported', async () => {
  await page.goto(demoUrl);
  await page.getByRole('button', { name: 'Answer' }).first().waitFor();
  await page.getByRole('radio', { name: 'No card' }).check();
  await caption(/The caller dials/);
  await page.getByRole('button', { name: 'Play the call for me' }).click();
  await caption(/A consultant rings/);
  await joint().filter({ hasText: 'talking' }).waitFor();
  await caption(/No card: the merchant set the limit/);
  await caption(/The merchant is told: \d+ s used by/);
  await page.locator('#notices').getByText('What the call used').first().waitFor();
  await page.getByRole('button', { name: 'Play the call for me' }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
}, 90_000);

test('a ticket is played: paid at once, and its code opens the members’ page', async () => {
  await page.goto(demoUrl);
  await page.getByRole('button', { name: 'Answer' }).first().waitFor();
  await page.getByRole('radio', { name: 'No call' }).check();
  await caption(/A ticket without a call/);
  await page.getByRole('button', { name: 'Play the call for me' }).click();
  await caption(/shows the access code/);
  const [club] = await Promise.all([
    page.context().waitForEvent('page'),
    page.frameLocator('#page').getByRole('button', { name: 'Open Claire’s club' }).click(),
  ]);
  await club.getByRole('heading', { name: 'Welcome to Claire’s club' }).waitFor();
  await club.close();
  await page.locator('#notices').getByText('access_code.issued').first().waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
}, 90_000);

test('dialled by hand with a hidden number: the code is keyed over the prompt, over SOAP too', async () => {
  await page.goto(demoUrl);
  await press('a', 'Hide my number');
  await phone('a').getByRole('button', { name: /^SOAP/ }).click();
  await phone('a')
    .getByText(/code client/)
    .first()
    .waitFor();
  for (const key of '4711#') await press('a', key);
  await phone('b').locator('.state', { hasText: 'Ringing' }).waitFor();
  await press('b', 'Answer');
  await phone('b').locator('.heard p').first().waitFor();
  await press('b', '1');
  await joint().filter({ hasText: 'talking' }).waitFor();
  await press('a', 'Hang up');
  await caption(/The merchant is told/);
  const asked = page.locator('#notices');
  await asked.getByText('Who calls, by code?').first().waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
}, 90_000);

test('the gateway is killed in mid-call: the two talk on, the page lives on, the receipt is right to the cent', async () => {
  await page.goto(demoUrl);
  await page.getByRole('button', { name: /Kill the gateway/ }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByLabel('Short limit').check();
  await page.getByRole('button', { name: 'Play the call for me' }).click();
  await joint().filter({ hasText: 'talking' }).waitFor();
  const frame = page.frameLocator('#page');
  await frame.locator('#clock').waitFor();

  await page.getByRole('button', { name: /Kill the gateway/ }).click();
  await story(/kill -9: the gateway’s process \d+ is gone, and the two talk on/);
  await story(/A new process serves after/);
  await story(/has asked the switch what lives, and carries the call on/);
  expect(await joint().innerText()).toMatch(/^talking/);
  expect(printed.match(/The gateway ended unexpectedly \(SIGKILL\) and is started again\./g)).toHaveLength(1);

  // The page of the order is another process's now, and still follows the call.
  await page.getByRole('button', { name: 'Stop playing' }).click();
  await page.locator('#phone-a').getByRole('button', { name: 'Hang up' }).click();
  await frame
    .getByText(/Thank you/)
    .first()
    .waitFor();
  await page.locator('#proof .verdict').waitFor();
  expect(await page.locator('#proof .verdict').innerText()).toBe('They agree.');
  const seconds = Number((await proof('The switch measured')).replace(' s', ''));
  // 1.00 and two cents for each second begun.
  const due = `€${(1 + Math.ceil(seconds) * 0.02).toFixed(2)}`;
  expect([await proof('The processor captured'), await proof('The receipt says')]).toEqual([due, due]);
  expect(await accessibilityProblems(page)).toEqual([]);
}, 90_000);
