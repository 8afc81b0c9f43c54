// Credit for an account in a browser: from the client code to the receipt, by keyboard, on a small telephone.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../src/core/money.ts';
import { accessibilityProblems, complaintsOf, startBrowser } from './browser.ts';
import { startStage, tokenOf, type Stage } from './page-stage.ts';
import { orderScenes } from './scenes.ts';

let browser: Browser;
let stage: Stage;
let context: BrowserContext;
let complaints: string[];
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  stage = await startStage({ sandbox: true });
});
afterEach(async () => {
  await context.close();
  await stage.close();
});

async function open(path: string, width = 360): Promise<Page> {
  context = await browser.newContext({ viewport: { width, height: width < 600 ? 740 : 900 }, locale: 'fr' });
  const page = await context.newPage();
  complaints = complaintsOf(page);
  await page.goto(stage.url + path);
  return page;
}
const token = tokenOf('topup-card', 'fr');
const button = (page: Page) => page.getByRole('button', { name: 'Continuer vers le paiement' });

describe('credit for an account', () => {
  test('from the code to the receipt', async () => {
    const page = await open('/topup/demo?lang=fr');
    expect(await page.locator('#chosen-amount').textContent()).toContain('20,00');
    await page.getByLabel('50,00').check();
    await expect.poll(() => page.locator('#chosen-amount').textContent()).toContain('50,00');
    await page.getByLabel('20,00').check();
    await page.getByLabel('Votre code client').fill('6006');
    await button(page).click();
    await page.waitForURL(`**/orders/${token}`);
    await page.getByText('20,00 € débités').waitFor();
    await page.locator('#card-number input').fill('4242424242424242');
    await page.locator('#card-expiry input').fill('12 / 34');
    await page.locator('#card-code input').fill('123');
    await page.locator('#immediate').check();
    await page.locator('#withdrawal').check();
    stage.answers.paid = () => stage.setOrder(token, orderScenes('fr')['topup-receipt']!);
    await page.getByRole('button', { name: 'Commander avec obligation de paiement' }).click();
    await page.getByRole('heading', { name: 'Merci, votre compte est crédité' }).waitFor();
    await page.getByText('Crédit pour des appels').waitFor();
    expect(stage.asked.map(({ step }) => step)).toEqual(['orderTopUp', 'agree', 'paid']);
    const { texts } = stage.asked[1]!.with as { texts: string[] };
    expect(texts).toContain('Code client: 6006');
    expect(complaints).toEqual([]);
  });

  test('a code that cannot be topped up: said where it stands, once, and corrected', async () => {
    stage.answers.orderTopUp = () => ({ outcome: 'refused', refusal: { because: 'client_unknown' } });
    const page = await open('/topup/demo?lang=fr');
    const code = page.getByLabel('Votre code client');
    await button(page).click();
    await page.getByText('Donnez votre code client').waitFor();
    expect(stage.asked).toEqual([]);
    await code.fill('1234');
    await button(page).click();
    await page.getByText('Aucun compte ne peut être crédité avec ce code client').waitFor();
    expect(await code.getAttribute('aria-invalid')).toBe('true');
    expect(await code.evaluate((input) => document.activeElement === input)).toBe(true);
    expect(await accessibilityProblems(page)).toEqual([]);
    await code.fill('12345');
    expect(await code.getAttribute('aria-invalid')).toBeNull();
  });

  test('by keyboard alone, and nothing is cut off at 360 px', async () => {
    const page = await open('/topup/demo?lang=fr');
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    await page.getByLabel('Votre code client').focus();
    await page.keyboard.type('6006');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('#chosen-amount').textContent()).toContain('50,00');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/orders/${token}`);
    expect(stage.asked[0]?.with).toMatchObject({ clientCode: '6006', amount: money('50', 'EUR') });
  });

  test('the connection is lost: said, and what was typed stays', async () => {
    const page = await open('/topup/demo?lang=fr&code=6006');
    await context.setOffline(true);
    await button(page).click();
    await page.getByText('La connexion a été coupée').waitFor();
    expect(await page.getByLabel('Votre code client').inputValue()).toBe('6006');
    await context.setOffline(false);
    await button(page).click();
    await page.waitForURL(`**/orders/${token}`);
  });
});
