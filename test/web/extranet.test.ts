// The application in a real browser, over a scripted house: two tabs and two people see each other as they would. The build
// is the one that is served; `npm test` makes it first.

import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withoutMetadata } from '../../src/core/photo-metadata.ts';
import { accessibilityProblems, complaintsOf, startBrowser } from './browser.ts';
import { type ExtranetStage, people, startExtranetStage } from './extranet-stage.ts';

let stage: ExtranetStage;
let browser: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  [stage, browser] = await Promise.all([startExtranetStage(), startBrowser()]);
});
afterAll(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  await browser.close();
  await stage.close();
});

async function newContext(worker: 'allow' | 'block' = 'block'): Promise<BrowserContext> {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'America/New_York',
    viewport: { width: 1_440, height: 900 },
    serviceWorkers: worker,
  });
  contexts.push(context);
  return context;
}

let owners: BrowserContext | undefined;
let claires: BrowserContext | undefined;

/** Signed in once: other pages of the same person are tabs of one browser. */
async function ownerAt(path: string): Promise<Page> {
  const isNew = owners === undefined;
  owners ??= await newContext();
  const page = await owners.newPage();
  if (isNew) await signInAsOwner(page);
  await page.goto(`${stage.url}/${path}`);
  return page;
}

async function claireAt(path: string): Promise<Page> {
  const isNew = claires === undefined;
  claires ??= await newContext();
  const page = await claires.newPage();
  if (isNew) await signInAsClaire(page);
  await page.goto(`${stage.url}/${path}`);
  return page;
}

async function signInAsOwner(page: Page): Promise<void> {
  await page.goto(`${stage.url}/consultants`);
  await page.getByLabel('E-mail address').fill(people.owner.email);
  await page.getByLabel('Password', { exact: true }).fill(people.owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  // The sixth digit sends.
  await page.getByLabel('Code of six digits').fill(people.owner.code);
  await page.getByRole('heading', { name: 'Consultants' }).waitFor();
}

async function signInAsClaire(page: Page): Promise<void> {
  await page.goto(`${stage.url}/c/conseils`);
  await page.getByLabel('Short number').fill(people.claire.shortNumber);
  await page.getByLabel('PIN', { exact: true }).fill(people.claire.pin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('group', { name: 'Your availability' }).waitFor();
}

/** Without loading anew: what a link does. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(
    (address) => {
      history.pushState({}, '', address);
      dispatchEvent(new PopStateEvent('popstate'));
    },
    `${new URL(stage.url).pathname}/${path}`,
  );
}

describe('what is served', () => {
  test('is one page at every address, with a policy that runs nothing written into it', async () => {
    const answer = await fetch(`${stage.url}/consultants/con_claire/hours`);
    const html = await answer.text();
    const policy = answer.headers.get('content-security-policy') ?? '';
    const nonce = /name="style-nonce" content="([^"]+)"/.exec(html)?.[1];
    expect(answer.status).toBe(200);
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain(`style-src 'self' 'nonce-${String(nonce)}'`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\{\{/);
    expect(answer.headers.get('permissions-policy')).toContain('microphone=(self)');
    const again = await (await fetch(`${stage.url}/me`)).text();
    expect(again).not.toContain(nonce);
  });

  test('comes packed, is kept for ever under its hash, and the first load is under 250 kB', async () => {
    const html = await (await fetch(`${stage.url}/sign-in`)).text();
    const first = [...html.matchAll(/(?:src|href)="(\/extranet\/assets\/[^"]+)"/g)].map(
      ([, path]) => path ?? '',
    );
    expect(first.length).toBeGreaterThan(2);
    const origin = new URL(stage.url).origin;
    let bytes = 0;
    for (const path of first) {
      const packed = await fetch(origin + path, { headers: { 'accept-encoding': 'br' } });
      expect(packed.headers.get('content-encoding')).toBe('br');
      expect(packed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      bytes += Number(packed.headers.get('content-length'));
      await packed.arrayBuffer();
    }
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(250_000);
    const plain = await fetch(origin + String(first[0]), { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  test('answers for a piece that is gone what it is: gone', async () => {
    const gone = await fetch(`${stage.url}/assets/main-00000000.js`);
    expect(gone.status).toBe(404);
    const manifest = (await (await fetch(`${stage.url}/manifest.webmanifest`)).json()) as {
      icons: { src: string }[];
    };
    for (const { src } of manifest.icons) {
      expect((await fetch(new URL(src, stage.url))).headers.get('content-type')).toMatch(/^image\//);
    }
  });
});

describe('signing in', () => {
  test('a wrong password is said in place, the second factor follows, and the page that was wanted opens', async () => {
    const page = await (await newContext()).newPage();
    await page.goto(`${stage.url}/groups`);
    await page.getByLabel('E-mail address').fill(people.owner.email);
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('E-mail address or password is not right.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(people.owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Code of six digits').fill(people.owner.code);
    await page.getByRole('heading', { name: 'Groups' }).waitFor();
    // In French from the next word on, and signed out in every tab.
    const second = await page.context().newPage();
    await second.goto(`${stage.url}/users`);
    await second.getByRole('heading', { name: 'Users' }).waitFor();
    await page.getByRole('button', { name: 'Your account, Ana Ribeiro' }).click();
    await page.getByRole('menuitem', { name: 'Français' }).click();
    await page.getByRole('heading', { name: 'Groupes' }).waitFor();
    await page.getByRole('button', { name: 'Votre compte, Ana Ribeiro' }).click();
    await page.getByRole('menuitem', { name: 'Se déconnecter' }).click();
    await page.getByRole('heading', { name: 'Connexion' }).waitFor();
    await second.getByRole('heading', { name: 'Sign in' }).waitFor();
  });
});

describe('a consultant and his merchant', () => {
  test('see each other: a switch, a call, two tabs, a tunnel', async () => {
    const merchant = await ownerAt('consultants');
    const complaints = complaintsOf(merchant);
    const [one, other] = [await claireAt('me'), await claireAt('me')];
    const row = merchant.getByRole('listitem').filter({ hasText: 'Claire Delaunay' });
    const pressed = (page: Page, name: string) =>
      page.getByRole('button', { name, exact: true, pressed: true });

    await one.getByRole('button', { name: 'Break', exact: true }).click();
    await row.getByText('On a break').waitFor();
    await pressed(other, 'Break').waitFor();

    // Why, and back at a time of the merchant's clock.
    await other.getByRole('button', { name: 'Reason, return' }).click();
    await other.getByRole('textbox', { name: 'Reason' }).fill('Lunch');
    await other.getByRole('textbox', { name: 'Time' }).fill('2359');
    await other.getByRole('textbox', { name: 'Time' }).press('Tab');
    await other.getByRole('button', { name: 'Save' }).click();
    await row.getByText('until 23:59').waitFor();
    expect(await row.innerText()).toContain('Lunch');

    await row.getByRole('button', { name: 'Change the state of Claire Delaunay' }).click();
    await merchant.getByRole('menuitem', { name: 'Available', exact: true }).click();
    await pressed(one, 'Available').waitFor();

    stage.rings('con_claire', {
      callSessionId: 'cs_5',
      since: new Date(Date.now() - 61_000).toISOString(),
      caller: 'C-1180',
      line: 'demo',
      minutesPaid: 15,
      earned: { amount: '2.10', currency: 'EUR' },
    });
    await row.getByText('Client C-1180').waitFor();
    await one.getByText('Earned in this call: €2.10').waitFor();
    expect(await one.getByRole('timer').innerText()).toMatch(/^1:\d\d$/);
    stage.rings('con_claire', null);
    await one.getByText('Nobody is calling now.').waitFor();

    // The house is not reached: what was pressed stands in both tabs, and arrives by itself.
    stage.setAway(true);
    await one.getByRole('button', { name: 'Away', exact: true }).click();
    await one.getByText('“Away” is not sent yet.').waitFor();
    await pressed(other, 'Away').waitFor();
    stage.setAway(false);
    await expect.poll(() => stage.consultants[0]?.availability, { timeout: 15_000 }).toBe('away');
    await one.getByText('Your telephone does not ring.').waitFor();
    expect(complaints.filter((text) => !/40[13]|ERR_/.test(text))).toEqual([]);
  });

  test('a photo without what stood beside it is the same picture to a browser, the same way up', async () => {
    const page = await claireAt('me');
    for (const [type, name] of [
      ['image/jpeg', 'photo.jpg'],
      ['image/jpeg', 'progressive.jpg'],
      ['image/png', 'photo.png'],
      ['image/webp', 'photo.webp'],
    ] as const) {
      const given = readFileSync(new URL(`../fixtures/photos/${name}`, import.meta.url));
      const seen = (bytes: Buffer | undefined) =>
        page.evaluate(
          async ([kind, text]) => {
            const picture = await createImageBitmap(
              new Blob([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))], { type: kind }),
            );
            const canvas = new OffscreenCanvas(picture.width, picture.height);
            const paper = canvas.getContext('2d');
            paper?.drawImage(picture, 0, 0);
            const { data } = paper?.getImageData(0, 0, picture.width, picture.height) ?? { data: [] };
            return [picture.width, picture.height, ...data];
          },
          [type, bytes?.toString('base64') ?? ''] as const,
        );
      const before = await seen(given);
      expect(before).toHaveLength(2 + 24 * 16 * 4);
      expect(await seen(withoutMetadata(type, given)), name).toEqual(before);
    }
  });

  test('hours are moved by key, drawn by hand, and what is not saved outlives the page', async () => {
    const page = await claireAt('me/hours');
    await page.getByText('Times are those of the zone Europe/Paris.').waitFor();
    const monday = page.getByRole('group', { name: 'Monday' });
    await page.getByRole('button', { name: 'Monday, 09:00 to 12:30', exact: true }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Shift+ArrowRight');
    await monday.getByRole('button', { name: 'Monday, 08:45 to 12:30', exact: true }).waitFor();
    const track = page.getByRole('group', { name: 'Sunday' }).locator('.day-track');
    const box = await track.boundingBox();
    if (!box) throw new Error('Sunday is not drawn');
    const at = (hour: number): number => box.x + (box.width * hour) / 24;
    await page.mouse.move(at(10) + 1, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(at(11), box.y + 10);
    await page.mouse.move(at(12) - 1, box.y + 10);
    await page.mouse.up();
    await page.getByRole('button', { name: 'Sunday, 10:00 to 12:00', exact: true }).waitFor();
    await page.reload();
    await page.getByText('Not saved yet').waitFor();
    await page.getByRole('button', { name: 'Save the hours' }).click();
    await page.getByText('The hours are saved.').waitFor();
    const weekly = stage.consultants[0]?.schedule?.weekly ?? [];
    expect(weekly).toContainEqual({ days: [1], from: '08:45', to: '12:30' });
    expect(weekly).toContainEqual({ days: [2, 3, 4, 5], from: '09:00', to: '12:30' });
    expect(weekly).toContainEqual({ days: [6], from: '20:00', to: '02:00' });
    expect(weekly).toContainEqual({ days: [7], from: '10:00', to: '12:00' });
  });

  test('an introduction is spoken, heard, and kept as every house can read it', async () => {
    const page = await claireAt('me/introduction');
    // A microphone that hums: browsers of tests have none.
    await page.evaluate(() => {
      const context = new AudioContext();
      const hum = context.createOscillator();
      const microphone = context.createMediaStreamDestination();
      hum.connect(microphone);
      hum.start();
      navigator.mediaDevices.getUserMedia = () => Promise.resolve(microphone.stream);
    });
    await page.getByRole('button', { name: 'Record' }).first().click();
    await page.getByRole('button', { name: 'Stop 0:01' }).click();
    await page.getByRole('button', { name: 'Keep' }).click();
    await page.getByText('The recording is kept.').waitFor();
    const kept = await page.evaluate(async () => {
      const answer = await fetch('/v1/me/recordings/introduction');
      const bytes = new DataView(await answer.arrayBuffer());
      const word = (at: number): string =>
        String.fromCharCode(...[0, 1, 2, 3].map((place) => bytes.getUint8(at + place)));
      return { riff: word(0), wave: word(8), rate: bytes.getUint32(24, true), bytes: bytes.byteLength };
    });
    expect(kept).toMatchObject({ riff: 'RIFF', wave: 'WAVE', rate: 16_000 });
    expect(kept.bytes).toBeGreaterThan(16_000);
    expect(await page.locator('audio').count()).toBe(1);
  });

  test('the page opens without the house, and says so', async () => {
    const context = await newContext('allow');
    const page = await context.newPage();
    await signInAsClaire(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await context.setOffline(true);
    await page.getByText('No connection. Nothing is lost').waitFor();
    await page.reload();
    await page.getByText('No answer came.').waitFor();
    await context.setOffline(false);
    await page
      .getByRole('button', { name: 'Try again' })
      .or(page.getByRole('group', { name: 'Your availability' }))
      .first()
      .waitFor();
    await page.reload();
    await page.getByRole('group', { name: 'Your availability' }).waitFor();
  });
});

describe('the merchant', () => {
  test('is told where a piece of the page did not come, and comes back by loading it again', async () => {
    const page = await ownerAt('consultants');
    const lost = '**/menu-opened*.js';
    await page.route(lost, (route) => route.abort());
    await page
      .getByRole('button', { name: /^Change the state of / })
      .first()
      .click();
    await page.getByText('This page could not be read').waitFor();
    await page.unroute(lost);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page
      .getByRole('button', { name: /^Change the state of / })
      .first()
      .click();
    await page.getByRole('menu').waitFor();
    // The frame stays, and another page is not touched by it.
    await page.route('**/groups*.js', (route) => route.abort());
    await page.getByRole('link', { name: 'Groups', exact: true }).click();
    await page.getByText('This page could not be read').waitFor();
    await page.getByRole('link', { name: 'Consultants', exact: true }).click();
    await page.getByRole('button', { name: 'Add a consultant' }).waitFor();
    await page.close();
  });

  test('adds a consultant: what is wrong is said at its field', async () => {
    const page = await ownerAt('consultants');
    await page.getByRole('button', { name: 'Add a consultant' }).click();
    await page.getByRole('heading', { name: 'New consultant' }).waitFor();
    await page.getByLabel('Name').fill('Paul Roux');
    await page.getByLabel('Short number').fill('12');
    await page.getByLabel('Number that is rung').fill('+33 6 99 00 11 22');
    await page.getByRole('button', { name: 'Add a consultant' }).click();
    await page.getByRole('main').getByText('Somebody else has this short number.').waitFor();
    await page.getByLabel('Short number').fill('31');
    await page.getByRole('button', { name: 'Add a consultant' }).click();
    await page.getByRole('heading', { name: 'Paul Roux' }).waitFor();
    const sent = stage.asked.findLast(({ what }) => what === 'POST /v1/consultants')?.body;
    expect(sent).toEqual({
      name: 'Paul Roux',
      shortNumber: '31',
      numbers: ['+33699001122'],
      language: 'fr',
      languages: ['fr'],
    });

    // Only what was changed is sent: two people do not undo each other.
    await page.getByRole('tab', { name: 'Ringing' }).click();
    await page.getByLabel('Time for notes after a call (s)').fill('45');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(stage.asked.findLast(({ what }) => what.startsWith('PATCH'))?.body).toEqual({ wrapUpSeconds: 45 });

    await page.getByRole('tab', { name: 'Who' }).click();
    await page.getByRole('button', { name: 'Archive' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Archive' }).click();
    await page.getByText('Paul Roux is archived.').waitFor();
  });

  test('is asked once more who he is before he invites somebody, and what he wanted is then done', async () => {
    const page = await ownerAt('users');
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.getByRole('dialog').getByLabel('E-mail address').fill('lou@shop.example');
    await page.getByRole('button', { name: 'Send the invitation' }).click();
    const again = page.getByRole('dialog', { name: 'Is it still you?' });
    await again.getByRole('textbox', { name: 'Password' }).fill('wrong');
    await again.getByRole('button', { name: 'Confirm' }).click();
    await again.getByText('That does not confirm you.').waitFor();
    await again.getByRole('textbox', { name: 'Password' }).fill(people.owner.password);
    await again.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('The invitation is on its way to lou@shop.example.').waitFor();
    expect(stage.users.filter(({ email }) => email === 'lou@shop.example')).toHaveLength(1);
  });
});

describe('everybody', () => {
  /**
   * By day on a wide screen, by night on a telephone; nothing may stick out sideways. `inTurn`: every other page is asked in
   * one of the two only, since each question costs most of a second.
   */
  async function looksGood(page: Page, paths: readonly string[], inTurn = false): Promise<void> {
    for (const [place, path] of paths.entries()) {
      await goTo(page, path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      for (const [width, colorScheme] of [
        [1_440, 'light'],
        [360, 'dark'],
      ] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.locator(`:root[data-mantine-color-scheme=${colorScheme}]`).waitFor();
        await expect.poll(() => page.locator('.waiting').count()).toBe(0);
        const isAsked = !inTurn || (width === 360) === (place % 2 === 0);
        if (isAsked) expect(await accessibilityProblems(page), `${path} at ${width}`).toEqual([]);
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(sideways, `${path} at ${width}`).toBeLessThanOrEqual(0);
      }
    }
  }

  test('can use the door', async () => {
    const page = await (await newContext()).newPage();
    const complaints = complaintsOf(page);
    await page.goto(`${stage.url}/sign-in`);
    await looksGood(page, ['sign-in', 'reset', 'reset/sometoken', 'invitation/sometoken', 'c/conseils']);
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  });

  test('can use the merchant’s pages', async () => {
    const page = await ownerAt('consultants');
    const complaints = complaintsOf(page);
    const pages = [
      'consultants',
      'consultants/new',
      'consultants/con_ines',
      'consultants/con_claire/ringing',
      'consultants/con_claire/hours',
      'consultants/con_claire/introduction',
      'consultants/con_claire/calls',
      'groups',
      'groups/grp_1',
      'users',
      'audit',
      'account',
      'nowhere',
    ];
    await looksGood(page, pages, true);
    expect(complaints.filter((text) => !/40[14]/.test(text))).toEqual([]);
  });

  test('can use a consultant’s page', async () => {
    const page = await claireAt('me');
    const complaints = complaintsOf(page);
    await looksGood(page, ['me', 'me/calls', 'me/hours', 'me/introduction']);
    expect(complaints.filter((text) => !/40[14]/.test(text))).toEqual([]);
  });
});
