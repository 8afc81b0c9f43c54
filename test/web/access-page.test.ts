// The form for access codes, ours and the one on a merchant's own site, as a visitor's browser has them: without a script,
// from our pages and the listed sites alone, and on to the stored address only.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressWithToken } from '../../src/core/access-code.ts';
import { accessibilityProblems, complaintsOf, startBrowser } from './browser.ts';
import { startStage, tokenOf, type Stage } from './page-stage.ts';
import { doorOf, merchant, orderScenes } from './scenes.ts';

const good = '4T7K-X3M-9RW';

let stage: Stage;
let browser: Browser;
let site: Server;
let siteUrl: string;
let shownBySite = '';
/** What the merchant's site was asked, newest last. */
const visits: { path: string; referer: string | undefined }[] = [];

beforeAll(async () => {
  site = createServer((request, response) => {
    visits.push({ path: request.url ?? '', referer: request.headers.referer });
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(request.url?.startsWith('/in') === true ? '<h1>Inside</h1>' : shownBySite);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  siteUrl = `http://127.0.0.1:${String((site.address() as AddressInfo).port)}`;
  stage = await startStage();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await stage.close();
  await new Promise((resolve) => site.close(resolve));
});

const door = doorOf('club');
let page: Page;
let complaints: string[];
beforeEach(async () => {
  if (!door) throw new Error('The stage has no club.');
  stage.setDoor({
    ...door,
    address: `${siteUrl}/in?from=code`,
    merchant: { ...merchant, pageOrigins: [siteUrl] },
  });
  stage.asked.length = 0;
  visits.length = 0;
  stage.answers.enter = (typed) =>
    typed === good
      ? { outcome: 'sent_on', to: addressWithToken(`${siteUrl}/in?from=code`, 'a.b.c') }
      : { outcome: 'refused' };
  page = await open();
});
afterEach(async () => {
  await page.context().close();
});

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({
    locale: 'fr-FR',
    viewport: { width: 360, height: 740 },
    ...options,
  });
  const opened = await context.newPage();
  complaints = complaintsOf(opened);
  return opened;
}

const post = async (path: string, code: string, headers: Record<string, string> = {}) => {
  const response = await fetch(stage.url + path, {
    method: 'POST',
    body: new URLSearchParams({ code }),
    headers: { origin: stage.url, ...headers },
    redirect: 'manual',
  });
  return { status: response.status, headers: response.headers, html: await response.text() };
};

describe('the form we host', () => {
  test('sends whoever has a code on to the stored address, without a script', async () => {
    page = await open({ javaScriptEnabled: false });
    await page.goto(`${stage.url}/access/club`);
    await page.getByRole('heading', { name: 'Espace membres' }).waitFor();
    await page.getByLabel('Code d’accès').fill(good);
    await page.getByRole('button', { name: 'Ouvrir' }).click();
    await page.getByRole('heading', { name: 'Inside' }).waitFor();
    expect(new URL(page.url()).search).toBe('?from=code&access_token=a.b.c');
    // Nobody there learns where he came from, and the code is in no address.
    expect(visits.filter(({ path }) => path.startsWith('/in'))).toEqual([
      { path: '/in?from=code&access_token=a.b.c', referer: undefined },
    ]);
    expect(complaints).toEqual([]);
    expect(stage.asked).toEqual([
      {
        step: 'enter',
        with: { resource: 'club', typed: good, ip: expect.stringContaining('127.0.0.1') as string },
      },
    ]);
  });

  test.each([
    { width: 360, language: 'fr', words: 'Ce code n’ouvre pas cette page', title: 'Erreur' },
    { width: 1440, language: 'en', words: 'This code does not open this page', title: 'Error' },
  ])('says at $width px in $language that a code does not open, and keeps what was typed', async (look) => {
    page = await open({ viewport: { width: look.width, height: 800 } });
    await page.goto(`${stage.url}/access/club?lang=${look.language}`);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.locator('#code').fill('4t7k x3m 9rz');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText(look.words).waitFor();
    expect(await page.title()).toMatch(new RegExp(`^${look.title}`));
    expect(await page.locator('#code').inputValue()).toBe('4t7k x3m 9rz');
    expect(await page.locator('#code').getAttribute('aria-invalid')).toBe('true');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('code');
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  });

  test('weighs little', async () => {
    let bytes = 0;
    page.on('response', (response) => {
      void response.body().then((body) => (bytes += body.length));
    });
    await page.goto(`${stage.url}/access/club`, { waitUntil: 'networkidle' });
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThan(250_000);
  });

  test('answers unknown, used up and expired with one page to the letter', async () => {
    const plain = ({ html }: { html: string }): string => html.replaceAll(/nonce="[^"]*"/g, '');
    const [one, two] = [await post('/access/club', '4T7KX3M9RZ'), await post('/access/club', '4T7KX3M9RZ')];
    expect(one.status).toBe(422);
    expect(plain(one)).toBe(plain(two));
  });

  test.each([
    ['nothing typed', '  ', {}, 422, 'Enter your access code.'],
    ['from another site', good, { origin: 'https://evil.example' }, 403, 'The form you come from'],
    ['from a page nobody names', good, { origin: 'null' }, 403, 'The form you come from'],
    [
      'as a browser says of another site',
      good,
      { origin: '', 'sec-fetch-site': 'cross-site' },
      403,
      'The form you',
    ],
  ] as const)('%s: asked again, nothing is tried', async (_what, code, headers, status, words) => {
    const answer = await post('/access/club', code, headers);
    expect([answer.status, answer.headers.get('location')]).toEqual([status, null]);
    expect(answer.html).toContain(words);
    expect(answer.html).toContain('<form method="post"');
    expect(stage.asked).toEqual([]);
  });

  test('tells who tried too often when to come again', async () => {
    stage.answers.enter = () => ({ outcome: 'too_often', retryAfterSeconds: 590 });
    const answer = await post('/access/club?lang=en', good);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '590']);
    expect(answer.html).toContain('Try again in 10\u00a0minutes.');
  });

  test('what is closed takes no code; what is not there is a page that says so', async () => {
    for (const path of ['/access/shut', '/access/nowhere', '/access/..%2f']) {
      const status = path.endsWith('shut') ? 403 : 404;
      expect((await post(path, good)).status, path).toBe(status);
      expect((await fetch(stage.url + path)).status, path).toBe(status);
    }
    expect(stage.asked).toEqual([]);
    stage.answers.enter = () => ({ outcome: 'closed' });
    expect((await post('/access/club', good)).status).toBe(403);
  });

  test('takes no second address from anybody', async () => {
    const answer = await post('/access/club?return=https://evil.example&address=https://evil.example', good);
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      `${siteUrl}/in?from=code&access_token=a.b.c`,
    ]);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('a body that is no form, or endless, is answered with a page', async () => {
    const send = (body: string, type: string) =>
      fetch(`${stage.url}/access/club`, {
        method: 'POST',
        body,
        headers: { origin: stage.url, 'content-type': type },
        redirect: 'manual',
      });
    const json = await send('{"code":"4T7K"}', 'application/json');
    expect([json.status, json.headers.get('content-type')]).toEqual([422, 'text/html; charset=utf-8']);
    const long = await send(`code=${'4'.repeat(5_000)}`, 'application/x-www-form-urlencoded');
    expect([long.status, long.headers.get('content-type')]).toEqual([413, 'text/html; charset=utf-8']);
    const twice = await send('code=4T7K&code=X3M9', 'application/x-www-form-urlencoded');
    expect(twice.status).toBe(422);
    expect(stage.asked).toEqual([]);
  });
});

describe('the form on a merchant’s own site', () => {
  const snippet = (more = ''): string =>
    `<!doctype html><html lang="en"><title>Club</title><main><h1>Club</h1><script src="${stage.url}/access.js" data-resource="club" ${more}></script></main></html>`;

  test('posts to us, and whoever has a code is inside', async () => {
    shownBySite = snippet('data-color="#7a2e6b"');
    await page.goto(`${siteUrl}/`);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByLabel('Access code').fill(good);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByRole('heading', { name: 'Inside' }).waitFor();
  });

  test('on a site that is not listed our own page asks for the code', async () => {
    if (!door) throw new Error('The stage has no club.');
    stage.setDoor({ ...door, merchant: { ...merchant, pageOrigins: [] } });
    shownBySite = snippet('data-lang="fr"');
    await page.goto(`${siteUrl}/`);
    await page.getByLabel('Code d’accès').fill(good);
    await page.getByRole('button', { name: 'Ouvrir' }).click();
    await page.getByRole('alert').getByText('Saisissez votre code sur cette page').waitFor();
    expect(stage.asked).toEqual([]);
  });
});

describe('an order that ended in a code', () => {
  const path = `/orders/${tokenOf('sale-code', 'fr')}`;

  test('shows it to whoever has its link, opens it from there, and prints it', async () => {
    stage.setOrder(tokenOf('sale-code', 'fr'), {
      ...(orderScenes('fr')['sale-code'] ?? fail()),
      sendsOnTo: `${siteUrl}/in`,
    });
    await page.goto(`${stage.url}${path}?lang=fr`);
    const shown = page.getByRole('region', { name: 'Votre code d’accès' });
    expect(await shown.locator('.code').textContent()).toBe(good);
    await shown.getByText('Il s’utilise encore 2 fois.').waitFor();
    const [opened] = await Promise.all([
      page.context().waitForEvent('page'),
      shown.getByRole('button', { name: 'Ouvrir Espace membres' }).click(),
    ]);
    await opened.getByRole('heading', { name: 'Inside' }).waitFor();
    await page.goto(`${stage.url}${path}/receipt?lang=fr`);
    expect(await page.locator('.access-code .code').textContent()).toBe(good);
    expect(complaints).toEqual([]);
  });

  test('says of one that opens no more that it does not', async () => {
    await page.goto(`${stage.url}/orders/${tokenOf('sale-code-used', 'fr')}?lang=fr`);
    await page.getByText('Ce code a été utilisé.').waitFor();
    expect(await page.getByRole('button', { name: /Ouvrir/ }).count()).toBe(0);
  });
});

describe('a sale that ends otherwise', () => {
  test('shows the merchant’s words', async () => {
    await page.goto(`${stage.url}/orders/${tokenOf('sale-message', 'fr')}?lang=fr`);
    await page.getByText('Nous répondons sous deux jours.').waitFor();
  });

  test('leads back to the merchant by itself whoever saw it paid, and nobody who comes later', async () => {
    const scenes = orderScenes('fr');
    const token = tokenOf('sale-paying', 'fr');
    const done = { ...(scenes['sale-return'] ?? fail()), returnUrl: `${siteUrl}/in` };
    await page.goto(`${stage.url}/orders/${token}?lang=fr`);
    await page.getByText('Paiement accepté').first().waitFor();
    stage.setOrder(token, done);
    await page.getByText('Vous allez revenir chez Cabinet Lumière.', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Inside' }).waitFor();
    await page.goto(`${stage.url}/orders/${token}?lang=fr`);
    await page.getByRole('link', { name: /Revenir|Retour/ }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/orders/${token}`);
  });
});

function fail(): never {
  throw new Error('The stage has no such scene.');
}
