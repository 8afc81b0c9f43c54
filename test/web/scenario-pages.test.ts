// The pages around scenarios in a real browser, over the real API: sounds, messages, calls, access codes, numbers to forward to. One
// house, one person who may change things, and others who may not.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extranet } from '../../src/web/extranet.ts';
import { toneWav } from '../adapters/tone.ts';
import { apiStage, ask, type Stage } from './api-stage.ts';
import { accessibilityProblems, complaintsOf, startBrowser } from './browser.ts';
import { leaveMessage, passBlocks, publishScenario } from './scenario-calls.ts';
import { goodPassword, somebody } from './signed-in.ts';

let stage: Stage;
let browser: Browser;
/** Of somebody who may read and change everything these pages show. */
let page: Page;
let complaints: string[];
let run: string;
let message: string;
const wav = toneWav({ hz: 440, seconds: 2 });
const spoken: string[] = [];
const all = { calls: 'write', lines: 'write', clients: 'write', settings: 'write', consultants: 'read' };

beforeAll(async () => {
  [stage, browser] = await Promise.all([apiStage({ pages: (house) => [extranet(house)] }), startBrowser()]);
  stage.house.speech = {
    speak(text, language, voice = 'female') {
      spoken.push(`${voice} ${language} ${text}`);
      return Promise.resolve({ outcome: 'spoken', wav });
    },
  };
  await publishScenario(
    stage,
    'shop',
    {
      start: 'menu',
      blocks: {
        menu: {
          kind: 'menu',
          say: [{ text: { fr: 'Tapez 1.', en: 'Press 1.' } }],
          keys: ['1'],
          next: { key_1: 'box' },
        },
        box: {
          kind: 'voicemail',
          say: [{ text: { fr: 'Parlez.', en: 'Speak.' } }],
          box: 'orders',
          next: {},
        },
      },
    },
    'La boutique',
  );
  run = await passBlocks(stage, 'shop', {
    outcome: 'completed',
    variables: { order: '4711' },
    events: [
      ['menu', 'entered', { kind: 'menu' }],
      ['menu', 'left', { exit: 'key_1' }],
      ['box', 'entered', { kind: 'voicemail' }],
      ['box', 'message_kept', { box: 'orders' }],
      ['box', 'left', { exit: 'then' }],
      ['box', 'ended', { outcome: 'completed' }],
    ],
  });
  message = await leaveMessage(stage, run, wav, {
    box: 'orders',
    seconds: 2,
    words: 'Rappelez-moi demain matin, merci.',
  });
  const staff = await signedInPage('staff', { rights: all });
  page = staff;
  complaints = complaintsOf(page);
});
afterAll(async () => {
  await browser.close();
  await stage.close();
});

/** Somebody new in a browser of his own. */
async function signedInPage(
  role: 'staff' | 'accountant' | 'consultant',
  given: { rights?: Record<string, string>; consultantId?: string } = {},
): Promise<Page> {
  stage.house.publicUrl = 'https://ring.example';
  const who = await somebody(stage, {
    email: `${role}@shop.example`,
    role,
    ...given,
  });
  // From here on its pages are at the address it listens at.
  stage.house.publicUrl = stage.url;
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1_280, height: 900 },
    serviceWorkers: 'block',
  });
  await context.addCookies([
    { name: 'ringmeter_session', value: who.browser.cookie ?? '', url: stage.url, httpOnly: true },
  ]);
  return context.newPage();
}

async function goTo(path: string, heading: string, on = page): Promise<void> {
  await on.goto(`${stage.url}/extranet/${path}`);
  await on.getByRole('heading', { level: 1, name: heading }).waitFor();
}

/** Without loading anew: what a link does. */
async function follow(path: string, heading: string): Promise<void> {
  await page.evaluate((address) => {
    history.pushState({}, '', address);
    dispatchEvent(new PopStateEvent('popstate'));
  }, `/extranet/${path}`);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

describe('a sound', () => {
  test('is refused with a sentence, spoken from a text that is heard before, and taken from the microphone', async () => {
    await goTo('sounds', 'Sounds');
    await page.getByRole('button', { name: 'Add a sound' }).click();
    await page.getByLabel('Name').fill('Horaires d’été');
    expect(await page.getByLabel('Identifier').inputValue()).toBe('horaires-d-ete');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('heading', { level: 1, name: 'Horaires d’été' }).waitFor();
    const [french, english] = ['French', 'English'].map((name) =>
      page.locator('section').filter({ has: page.getByRole('heading', { name }) }),
    ) as [ReturnType<Page['locator']>, ReturnType<Page['locator']>];

    const file = (name: string, mimeType: string, buffer: Buffer) =>
      french.getByLabel('Sound file').setInputFiles({ name, mimeType, buffer });
    // Dropped is chosen.
    const dropped = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['no sound'], 'words.txt', { type: 'text/plain' }));
      return transfer;
    });
    await french.locator('.take').dispatchEvent('drop', { dataTransfer: dropped });
    await french.getByText('Choose a WAV, MP3, Ogg or WebM file.').waitFor();
    await file('long.wav', 'audio/wav', toneWav({ hz: 300, seconds: 61 }));
    await french.getByText('This file lasts more than a minute').waitFor();
    expect(await french.getByText('Choose a WAV').count()).toBe(0);
    await file('broken.wav', 'audio/wav', Buffer.from('RIFF and no more'));
    await french.getByRole('button', { name: 'Keep' }).click();
    await french.getByText('a WAV is always understood').waitFor();
    await french.getByRole('button', { name: 'Again' }).click();

    await french.getByRole('button', { name: 'Have a text spoken' }).click();
    await french.getByRole('textbox', { name: 'Text' }).fill('Ouvert de 9 h à 18 h.');
    await french.getByText('Male', { exact: true }).click();
    await french.getByRole('button', { name: 'Listen', exact: true }).click();
    await french.getByRole('button', { name: 'Listen: Preview' }).waitFor();
    expect(spoken).toEqual(['male fr Ouvert de 9 h à 18 h.']);
    await french.getByRole('button', { name: 'Keep' }).click();
    await french.getByText('Spoken by the synthetic voice').waitFor();

    // A microphone that hums: browsers of tests have none.
    await page.evaluate(() => {
      const context = new AudioContext();
      const hum = context.createOscillator();
      const microphone = context.createMediaStreamDestination();
      hum.connect(microphone);
      hum.start();
      navigator.mediaDevices.getUserMedia = () => Promise.resolve(microphone.stream);
    });
    await english.getByRole('button', { name: 'Record' }).click();
    await english.getByRole('button', { name: 'Stop 0:01' }).click();
    await english.getByRole('button', { name: 'Keep' }).click();
    await english.getByText('Recorded').waitFor();
    const { recordings } = (await ask(stage, 'GET', '/v1/sounds/horaires-d-ete')).body as unknown as {
      recordings: object[];
    };
    expect(recordings).toMatchObject([
      { language: 'en', madeFrom: 'file' },
      { language: 'fr', madeFrom: 'text', words: 'Ouvert de 9 h à 18 h.' },
    ]);
  });

  test('that a live scenario plays is renamed and replaced, not deleted', async () => {
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Horaires');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Horaires', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).first().waitFor();
    const play = { kind: 'say', say: [{ sound: 'horaires-d-ete' }], next: {} };
    await publishScenario(stage, 'opening', { start: 'a', blocks: { a: play } });
    await page.reload();
    await page.getByText('Played by live scenarios: opening.').waitFor();
    // Of each language alone, as long as there is the other.
    expect(await page.getByRole('button', { name: 'Delete' }).count()).toBe(2);
    await goTo('sounds', 'Sounds');
    await page.getByRole('listitem').filter({ hasText: 'Horaires' }).getByText('Live').waitFor();
  });
});

describe('a message', () => {
  test('is counted until it is heard, heard from any place, marked, and deleted', async () => {
    await goTo('messages', 'Messages');
    const way = page.getByRole('navigation').getByRole('link', { name: 'Messages' });
    await way.getByText('1 not heard').waitFor();
    const row = page.getByRole('listitem').filter({ hasText: '+33 6 12 34 56 78' });
    await row.getByText('Rappelez-moi demain matin').waitFor();
    await row.getByRole('slider').fill('1');
    await row.getByRole('button', { name: /^Listen/ }).click();
    await row.getByRole('button', { name: /^Pause/ }).waitFor();
    await way.getByText('1 not heard').waitFor({ state: 'detached' });
    expect((await ask(stage, 'GET', `/v1/voicemails/${message}`)).body).toMatchObject({
      listenedAt: expect.any(String) as string,
    });
    await row.getByRole('button', { name: /^Pause/ }).click();
    await row.getByRole('button', { name: /^More about/ }).click();
    await page.getByRole('menuitem', { name: 'Mark as not heard' }).click();
    await way.getByText('1 not heard').waitFor();
    const [taken] = await Promise.all([
      page.waitForEvent('download'),
      row.getByRole('link', { name: /^Download/ }).click(),
    ]);
    expect(taken.suggestedFilename()).toMatch(/^\d{4}-\d\d-\d\d-.*\.wav$/);

    await row.getByRole('link', { name: 'shop' }).click();
    await page.getByRole('heading', { level: 1, name: '+33 6 12 34 56 78' }).waitFor();
    await page.getByText('Message kept: orders').waitFor();
    const steps = await page.getByRole('list').filter({ hasText: 'key 1' }).innerText();
    expect(steps.replace(/\s+/g, ' ')).toContain('Menu menu → key 1');
    await page.getByText('4711').waitFor();

    await page.getByRole('button', { name: /^More about/ }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The message is deleted.').waitFor();
    expect((await ask(stage, 'GET', `/v1/voicemails/${message}`)).status).toBe(404);
  });
});

describe('an access code', () => {
  test('is given for something that was made here, tried once, and revoked', async () => {
    await goTo('access/resources', 'Access codes');
    await page.getByRole('button', { name: 'Add a resource' }).click();
    await page.getByLabel('Name in English').fill('The club');
    await page.getByLabel('Name in French').fill('Le club');
    await page.getByLabel('Address it opens').fill('ftp://club.example');
    await page.getByLabel('Uses').fill('2');
    await page.getByRole('button', { name: 'Add a resource' }).click();
    await page.getByText('Must begin with https://.').first().waitFor();
    await page.getByLabel('Address it opens').fill('https://club.example/in');
    await page.getByRole('button', { name: 'Add a resource' }).click();
    await page.getByRole('heading', { level: 1, name: 'The club' }).waitFor();
    await page.getByText(`<script src="${stage.url}/access.js" data-resource="the-club" async>`).waitFor();
    await page.getByText(`${stage.url}/access/the-club`).waitFor();
    await page.getByText('/.well-known/jwks.json').waitFor();

    await goTo('access/codes', 'Access codes');
    await page.getByRole('button', { name: 'Give a code' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reference').fill('Table 12');
    await dialog.getByRole('button', { name: 'Give a code' }).click();
    const code = await dialog.locator('.code-shown').innerText();
    await dialog.getByRole('button', { name: 'Done' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'Table 12' });
    await row.getByText('0 / 2 uses').waitFor();

    await page.getByRole('button', { name: 'Try a code' }).click();
    for (const [typed, said] of [
      ['12345', 'There is no such code.'],
      [code.toLowerCase(), 'It opens.'],
    ] as const) {
      await dialog.getByLabel('Code', { exact: true }).fill(typed);
      await dialog.getByRole('button', { name: 'Try' }).click();
      await dialog.getByText(said).waitFor();
    }
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await row.getByText('1 / 2 uses').waitFor();
    await row.getByRole('button', { name: 'Revoke Table 12' }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await row.getByText('Revoked').waitFor();
  });
});

describe('a number to forward to', () => {
  test('is asked for by who shows once more who he is, and withdrawn', async () => {
    await goTo('forward-numbers', 'Numbers to forward to');
    await page.getByRole('button', { name: 'Ask for a number' }).click();
    const dialog = page.getByRole('dialog', { name: 'New number' });
    await dialog.getByLabel('Number', { exact: true }).fill('01 40 50 60 70');
    await dialog.getByLabel('Name, for you').fill('Shop');
    await dialog.getByRole('button', { name: 'Ask' }).click();
    await dialog.getByText('Write the number with its country').waitFor();
    await dialog.getByLabel('Number', { exact: true }).fill('+33 1 40 50 60 70');
    await dialog.getByRole('button', { name: 'Ask' }).click();
    const again = page.getByRole('dialog', { name: 'Is it still you?' });
    await again.getByRole('textbox', { name: 'Password' }).fill(goodPassword);
    await again.getByRole('button', { name: 'Confirm' }).click();
    const row = page.getByRole('listitem').filter({ hasText: '+33 1 40 50 60 70' });
    await row.getByText('To be confirmed').waitFor();
    await row.getByRole('button', { name: 'Withdraw Shop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('Shop is withdrawn.').waitFor();
    expect((await ask(stage, 'GET', '/v1/forward-numbers')).body.data).toEqual([]);
  });
});

describe('everybody', () => {
  test('can use every page, by day on a wide screen and by night on a telephone', async () => {
    await leaveMessage(stage, run, wav, { box: 'orders', seconds: 2 });
    await ask(stage, 'PUT', '/v1/forward-numbers/+33140506070', { body: { label: 'Shop' } });
    for (const [place, [path, heading]] of (
      [
        ['sounds', 'Sounds'],
        ['sounds/horaires-d-ete', 'Horaires'],
        ['messages', 'Messages'],
        ['runs', 'Scenario calls'],
        [`runs/${run}`, '+33 6 12 34 56 78'],
        ['access/codes', 'Access codes'],
        ['access/resources', 'Access codes'],
        ['access/resources/the-club', 'The club'],
        ['forward-numbers', 'Numbers to forward to'],
        ['card-entry', 'Cards on the keypad'],
      ] as const
    ).entries()) {
      await follow(path, heading);
      for (const [width, colorScheme] of [
        [1_280, 'light'],
        [360, 'dark'],
      ] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.locator(`:root[data-mantine-color-scheme=${colorScheme}]`).waitFor();
        await expect.poll(() => page.locator('.waiting').count()).toBe(0);
        // Each question costs most of a second: every other page is asked in one of the two.
        if ((width === 360) === (place % 2 === 0))
          expect(await accessibilityProblems(page), `${path} at ${String(width)}`).toEqual([]);
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(sideways, `${path} at ${String(width)}`).toBeLessThanOrEqual(0);
      }
    }
    // Where there is no room beside the others, the last place opens the rest.
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Access codes' }).click();
    await page.getByRole('heading', { level: 1, name: 'Access codes' }).waitFor();
    expect(complaints.filter((text) => !/40\d|422/.test(text))).toEqual([]);
  });

  test('comes from a call to the scenario it went through, at its version', async () => {
    await page.setViewportSize({ width: 1_280, height: 800 });
    await goTo(`runs/${run}`, '+33 6 12 34 56 78');
    await page.getByRole('link', { name: 'shop', exact: true }).click();
    await page.getByText('You look at version 1, as it was published.').waitFor();
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe(
      '/extranet/scenarios/shop?version=1',
    );
    await page.getByRole('button', { name: 'Back to the draft' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  test('who only reads sees, and changes nothing; other pages are none of his', async () => {
    const reader = await signedInPage('accountant');
    await goTo('messages', 'Messages', reader);
    await reader.getByRole('link', { name: /^Download/ }).waitFor();
    expect(await reader.getByRole('button', { name: /^More about/ }).count()).toBe(0);
    await goTo('runs', 'Scenario calls', reader);
    expect(await reader.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual([
      expect.stringContaining('Messages'),
      'Calls',
      'Access codes',
    ]);
    await goTo('access', 'Access codes', reader);
    await reader.getByText('Table 12').waitFor();
    expect(await reader.getByRole('button', { name: /^Revoke|^Give/ }).count()).toBe(0);
    for (const path of ['sounds', 'access/resources', 'forward-numbers'])
      await goTo(path, 'This page does not exist', reader);
    const { data } = (await ask(stage, 'GET', '/v1/consultants')).body;
    const consultant = await signedInPage('consultant', { consultantId: data[0]?.id ?? '' });
    for (const path of ['messages', 'sounds', 'access'])
      await goTo(path, 'This page does not exist', consultant);
  });
});
