// The demo merchant's page in a browser: clients are edited in it, requests come into it by themselves.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startMerchant } from '../../src/sandbox/merchant.ts';
import type { RunningPart } from '../../src/sandbox/part-contract.ts';
import { accessibilityProblems, complaintsOf, startBrowser } from './browser.ts';

const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
let dataDir: string;
let merchant: RunningPart;
let url: string;
let browser: Browser;
let page: Page;
let complaints: string[];
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringmeter-merchant-page-'));
  merchant = await startMerchant({
    dataDir,
    publicUrl: 'http://localhost:3001',
    gatewayUrl: 'http://localhost:3000',
    noticeSecret: secret,
  });
  url = `http://127.0.0.1:${String(merchant.ports['http'])}`;
  browser = await startBrowser();
});
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  complaints = complaintsOf(page);
  await page.goto(`${url}/merchant`);
  await page.waitForSelector('#clients li');
});
afterAll(async () => {
  await browser.close();
  await merchant.close();
  rmSync(dataDir, { recursive: true });
});

async function ask(cli: string, id: string): Promise<Record<string, unknown>> {
  const body = JSON.stringify({ requestId: id, cliTrust: 'network', cli });
  const at = new Date();
  const answer = await fetch(`${url}/server/recognize-caller`, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body,
  });
  return (await answer.json()) as Record<string, unknown>;
}

it('a limit that is changed in it is what the next caller gets, and his question comes in by itself', async () => {
  const alice = page.locator('#clients li', { hasText: 'Alice Martin' });
  await alice.locator('summary').click();
  await alice.getByLabel('Talk limit in seconds').fill('42');
  await alice.getByRole('button', { name: 'Save' }).click();
  await alice.getByText('Saved: the next call is answered by it.').waitFor();
  expect(await ask('+33612345678', 'call_1_1')).toMatchObject({ talkLimitSeconds: 42 });
  await page.locator('#requests li', { hasText: 'Alice Martin' }).getByText('recognized').first().waitFor();
  // What is being edited is not taken from under the hand by what comes in.
  expect(await alice.getByLabel('Talk limit in seconds').inputValue()).toBe('42');
  await page.locator('#requests summary').first().click();
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('what is wrong is said, and nothing is changed; somebody is added and taken away', async () => {
  await page.getByRole('button', { name: 'The demo’s clients again' }).click();
  const alice = page.locator('#clients li', { hasText: 'Alice Martin' });
  await alice.getByText('15:00').waitFor();
  await alice.locator('summary').click();
  await alice.getByLabel('Numbers he is known by').fill('0612345678');
  await alice.getByRole('button', { name: 'Save' }).click();
  await alice.getByText('clients[0].clis must be numbers such as +33612345678.').waitFor();
  expect(await ask('+33612345678', 'call_2_1')).toMatchObject({ outcome: 'recognized' });

  await page.getByRole('button', { name: 'Add a client' }).click();
  const added = page.locator('#clients li', { hasText: 'New client' });
  await added.getByLabel('Numbers he is known by').fill('+33699999999');
  await added.getByRole('button', { name: 'Save' }).click();
  await added.getByText('Saved').waitFor();
  expect(await ask('+33699999999', 'call_3_1')).toMatchObject({ clientCode: '7001', talkLimitSeconds: 300 });
  await added.getByRole('button', { name: 'Remove' }).click();
  await added.waitFor({ state: 'detached' });
  expect(await ask('+33699999999', 'call_4_1')).toMatchObject({ outcome: 'refused' });
});

it('fits a telephone', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('#clients summary').first().click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await accessibilityProblems(page)).toEqual([]);
});
