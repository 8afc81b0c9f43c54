// A paid callback as a caller lives it: the page in a real browser, over a running gateway with its database, the
// sandbox's switch and phones, and its card processor with the fields and the bank's page it brings.

import express from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signedLink } from '../../src/web/embed.ts';
import { caller, claire, eventually, hugo, ines, startWorld, type TestWorld } from '../world.ts';
import { accessibilityProblems, complaintsOf, startBrowser } from './browser.ts';

let world: TestWorld;
let browser: Browser;
let context: BrowserContext;
let complaints: string[];

beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld(), startBrowser()]);
  await world.sql.query(`update lines set duration_choices = '{3}' where slug = 'demo-short'`);
});
afterAll(async () => {
  await browser.close();
  await world.close();
});
beforeEach(async () => {
  context = await browser.newContext({ locale: 'fr', viewport: { width: 1440, height: 900 } });
  // Shorter than a test's own limit, so that a failure names what was waited for.
  context.setDefaultTimeout(12_000);
  complaints = [];
});
afterEach(async () => {
  await context.close();
  await world.sql.query(`update merchants set active = true where id = 'mer_demo'`);
  for (const number of [caller, claire, hugo, ines]) await world.behaves(number, { behaviour: 'manual' });
  await eventually(async () => {
    const held = await world.sql.query('select id from consultants where claimed_by is not null');
    expect(held.rows).toEqual([]);
  });
  await world.balanced();
});

async function open(path: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(path.startsWith('http') ? path : world.url + path);
  return page;
}

/** Chooses Claire, gives the caller's number, and is on the order's page. */
async function order(page: Page): Promise<void> {
  await page.getByLabel('Claire', { exact: false }).first().check();
  await page.getByLabel('Numéro de téléphone').fill('06 12 34 56 78');
  await page.getByText('Nous appellerons le +33 6 12 34 56 78').waitFor();
  await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
  await page.waitForURL('**/orders/*');
}

async function fillCard(page: Page, number: string): Promise<void> {
  const field = (id: string) => page.frameLocator(`#${id} iframe`).locator('input').first();
  await field('card-number').fill(number);
  await field('card-expiry').fill('12 / 34');
  await field('card-code').fill('123');
}

async function pay(page: Page, number = '4242424242424242'): Promise<void> {
  await page.locator('#card:not([aria-busy])').waitFor();
  await fillCard(page, number);
  await page.locator('#immediate').check();
  await page.locator('#withdrawal').check();
  await page.getByRole('button', { name: 'Commander avec obligation de paiement' }).click();
}

async function answers(number: string): Promise<void> {
  await world.phoneIs(number, 'ringing');
  await world.does(number, 'answer');
  await world.does(number, 'keys', { digits: '1' });
}

const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { name }).first().waitFor();

async function lastIntent(): Promise<{ status: string; amount: number; amount_received: number }> {
  const [newest] = await world.payments();
  if (!newest) throw new Error('Nothing was asked of the processor.');
  return newest;
}

async function nothingCharged(): Promise<void> {
  await eventually(async () =>
    expect(await lastIntent()).toMatchObject({ status: 'canceled', amount_received: 0 }),
  );
}

describe('a paid callback', () => {
  test('from the page to both phones and back to a receipt', async () => {
    const page = await open('/pay/demo?lang=fr');
    expect(await accessibilityProblems(page)).toEqual([]);
    await order(page);
    await page.locator('#card:not([aria-busy])').waitFor();
    await page.getByText('Claire vous attend encore').waitFor();
    await pay(page);
    await heading(page, 'Nous appelons Claire');
    await answers(claire);
    await heading(page, 'Votre téléphone sonne : décrochez');
    await answers(caller);
    await heading(page, 'Vous êtes en ligne avec Claire');
    await expect.poll(() => page.locator('#clock').textContent()).toMatch(/^0:0[1-9]$/);
    expect(await page.locator('#cost').textContent()).toMatch(/15,00/);

    const other = await open(page.url());
    await heading(other, 'Vous êtes en ligne avec Claire');
    await page.getByRole('button', { name: 'Raccrocher' }).click();
    await heading(page, 'Merci, votre appel est terminé');
    await page.getByText('Débité de Visa se terminant par 4242').waitFor();
    await heading(other, 'Merci, votre appel est terminé');
    expect(await lastIntent()).toMatchObject({ status: 'succeeded', amount: 2500, amount_received: 1500 });
    await world.phoneIs(claire, 'ended');
    await world.phoneIs(caller, 'ended');

    const live = await page.locator('main').innerText();
    await page.reload();
    expect(await page.locator('main').innerText()).toBe(live);
    expect(await accessibilityProblems(page)).toEqual([]);
    const printed = await open(`${page.url()}/receipt`);
    await printed.getByText('15,00').first().waitFor();

    const { rows } = await world.sql.query('select evidence from orders order by created_at desc limit 1');
    const said = (rows[0].evidence as { texts: string[]; ip: string }[])[0];
    expect(said?.texts).toContain('Commander avec obligation de paiement');
    expect(said?.texts.join('\n')).toMatch(/Réservé, non débité: 25,00/);
    expect(said?.ip).not.toBe('');
    expect(complaints).toEqual([]);
  });

  test('the limit ends the call, and the page says so', async () => {
    const page = await open('/pay/demo-short?lang=fr');
    await order(page);
    await pay(page);
    await answers(claire);
    await answers(caller);
    await heading(page, 'Vous êtes en ligne avec Claire');
    await page.getByText('Il reste moins d’une minute.').waitFor();
    await heading(page, 'La durée choisie est atteinte');
    await page.getByText('3 secondes').first().waitFor();
  });

  test('a fixed sale is paid without a phone, and its code opens what was bought', async () => {
    const page = await open('/pay/demo-ticket?lang=fr');
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await page.waitForURL('**/orders/*');
    await pay(page);
    await heading(page, 'Merci, votre paiement est fait');
    expect(await lastIntent()).toMatchObject({ status: 'succeeded', amount_received: 900 });
    const code = (await page.locator('.access-code .code').textContent()) ?? '';
    const [club] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('button', { name: 'Ouvrir Le club de Claire' }).click(),
    ]);
    await heading(club, 'Welcome to Claire’s club');
    // The token let somebody in once; the code opens again, by hand, on the form.
    await club.reload();
    await heading(club, 'Not let in');
    await club.goto(`${world.url}/access/demo-club?lang=fr`);
    await club.getByLabel('Code d’accès').fill(code.toLowerCase());
    await club.getByRole('button', { name: 'Ouvrir' }).click();
    await heading(club, 'Welcome to Claire’s club');
    await club.close();
  });

  test('credit for an account is paid without a phone, and is there with the receipt', async () => {
    const balance = async (): Promise<string> => {
      const { rows } = await world.sql.query<{ balance: string }>(
        `select balance::numeric(9,2)::text as balance from clients where code = '6006'`,
      );
      return rows[0]!.balance;
    };
    const before = Number(await balance());
    const page = await open('/topup/demo-known?lang=fr');
    await page.getByLabel('Votre code client').fill('6007');
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await page.getByText('Aucun compte ne peut être crédité avec ce code client').waitFor();
    await page.getByLabel('Votre code client').fill('6006');
    await page.getByLabel('50,00').check();
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await page.waitForURL('**/orders/*');
    await page.getByText('50,00 € débités').waitFor();
    await pay(page);
    await heading(page, 'Merci, votre compte est crédité');
    expect(Number(await balance())).toBe(before + 50);
    expect(await lastIntent()).toMatchObject({ status: 'succeeded', amount_received: 5000 });
    const { rows } = await world.sql.query(
      `select m.amount::float8 as amount, m.order_id = r.order_id as same from client_movements m
       join receipts r on r.order_id = m.order_id where r.body ->> 'clientCode' = '6006'`,
    );
    expect(rows).toEqual([{ amount: 50, same: true }]);
  });
});

describe('a price that is taken at connection', () => {
  beforeAll(async () => {
    await world.sql.query(`
      insert into tariffs (id, merchant_id, line_id, version, plan)
        select 'tar_one_price', merchant_id, line_id, version + 1,
          jsonb_set(plan, '{standard}', plan -> 'standard' || '{"fixedPrice": "20.00", "includedSeconds": 900, "bands": []}')
        from tariffs where line_id = 'lin_demo_short'`);
    await world.sql.query(`update lines set duration_choices = '{900}' where slug = 'demo-short'`);
    const set = await world.api('PATCH', '/v1/lines/demo-short', { capture: 'at_connection' });
    expect(set.status, JSON.stringify(set.json)).toBe(200);
  });

  afterAll(async () => {
    await world.api('PATCH', '/v1/lines/demo-short', { capture: 'at_end' });
    await world.sql.query(`update lines set duration_choices = '{3}' where slug = 'demo-short'`);
    await world.sql.query(`
      insert into tariffs (id, merchant_id, line_id, version, plan)
        select 'tar_as_before', merchant_id, line_id, 3, plan from tariffs where line_id = 'lin_demo_short' and version = 1`);
  });

  test('is said to be before he pays, is charged under his eyes while he talks, and stands on his receipt', async () => {
    await context.close();
    context = await browser.newContext({ locale: 'fr', viewport: { width: 390, height: 844 } });
    context.setDefaultTimeout(12_000);
    const page = await open('/pay/demo-short?lang=fr');
    await page.getByText('débité en entier dès que vous êtes en ligne tous les deux').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await order(page);
    await page.getByText('Réservé, débité dès la mise en relation').waitFor();
    await page
      .getByText('20,00 € réservés sur votre carte, débités en entier dès la mise en relation.')
      .waitFor();
    expect(await page.locator('main').innerText()).not.toMatch(/non débité|temps parlé sera/);
    await pay(page);
    await heading(page, 'Nous appelons Claire');
    expect(await lastIntent()).toMatchObject({ status: 'requires_capture', amount: 2000 });
    await answers(claire);
    await page.getByText('20,00 € réservés, débités dès la mise en relation').waitFor();
    await answers(caller);
    await heading(page, 'Vous êtes en ligne avec Claire');
    await page
      .locator('#panel')
      .getByText('20,00 € débités sur votre carte. Rien de plus ne le sera pour cet appel.')
      .waitFor();
    expect(await lastIntent()).toMatchObject({ status: 'succeeded', amount_received: 2000 });
    expect(await page.locator('#aside').innerText()).toMatch(/Débité\s+20,00\s€/);
    expect(await accessibilityProblems(page)).toEqual([]);
    const { rows } = await world.sql.query<{ id: string; evidence: { texts: string[] }[] }>(
      `select s.id, o.evidence from orders o join call_sessions s on s.order_id = o.id order by o.created_at desc limit 1`,
    );
    const [{ id, evidence } = { id: '', evidence: [] }] = rows;
    expect(await world.session(id)).toMatchObject({ state: 'connected', captured: { amount: '20.00' } });
    const heard = (await world.phone(caller))?.heard.map((one) => one.text).join(' ');
    expect(heard).toContain('Il est débité en entier dès la mise en relation, même si l');
    expect(evidence[0]?.texts.join('\n')).toMatch(/Réservé, débité dès la mise en relation: 20,00/);

    await page.getByRole('button', { name: 'Raccrocher' }).click();
    await heading(page, 'Merci, votre appel est terminé');
    await page.getByText('Débité de Visa se terminant par 4242').waitFor();
    expect(await page.locator('main').innerText()).not.toMatch(/Rien n’(est|a été) débité/);
    expect(await lastIntent()).toMatchObject({ status: 'succeeded', amount_received: 2000 });
    expect(complaints).toEqual([]);
  });

  test('is not charged where nobody answers', async () => {
    const page = await open('/pay/demo-short?lang=fr');
    await order(page);
    await pay(page);
    await world.phoneIs(claire, 'ringing');
    await world.does(claire, 'busy');
    await heading(page, 'Claire n’a pas pu prendre votre appel');
    await page.getByText('Rien n’a été débité.', { exact: false }).first().waitFor();
    await nothingCharged();
  });
});

describe('the bank', () => {
  test('asks who it is, and the call begins when it is satisfied', async () => {
    const page = await open('/pay/demo?lang=fr');
    await order(page);
    await pay(page, '4000002500003155');
    const bank = page.frameLocator('[role="dialog"] iframe');
    await bank.getByRole('button').first().click();
    await heading(page, 'Nous appelons Claire');
    await page.getByRole('button', { name: 'Annuler l’appel, sans frais' }).click();
    await page.getByText('Rien n’a été débité', { exact: false }).first().waitFor();
    await nothingCharged();
  });

  test.each([
    ['4000000000009995', 'Il n’y a pas assez d’argent disponible sur cette carte.'],
    ['4000000000000069', 'Cette carte est expirée.'],
    ['4000000000000127', 'Le code de sécurité ne correspond pas à cette carte.'],
    ['4000000000009987', 'Votre banque n’accepte plus cette carte.'],
    ['4000000000000119', 'La banque n’a pas répondu à temps.'],
    ['4000000000000002', 'Votre banque a refusé cette carte.'],
  ])('refuses %s: the caller is told why, and may take another card', async (number, sentence) => {
    const page = await open('/pay/demo?lang=fr');
    await order(page);
    await pay(page, number);
    await page.locator('#problem').getByText(sentence).waitFor();
    await page.locator('#problem').getByText('Rien n’a été débité.').waitFor();
    await fillCard(page, '4242424242424242');
    await page.getByRole('button', { name: 'Commander avec obligation de paiement' }).click();
    await heading(page, 'Nous appelons Claire');
    await world.phoneIs(claire, 'ringing');
    await page.getByRole('button', { name: 'Annuler l’appel, sans frais' }).click();
    await page.getByText('Rien n’a été débité').first().waitFor();
    await nothingCharged();
  });

  test('asks for approval of an order the merchant made: that page shows this and nothing else', async () => {
    const made = await world.api('POST', '/v1/callbacks', {
      line: 'demo',
      callerNumber: caller,
      paymentMethod: 'pm_card_authenticationRequired',
      consultant: undefined,
    });
    expect(made.json).toMatchObject({ state: 'awaiting_payment' });
    const page = await open(`${made.json.paymentUrl}?lang=fr`);
    await heading(page, 'Votre banque veut votre accord');
    expect(await page.locator('#card').count()).toBe(0);
    await page.getByRole('button', { name: 'Confirmer auprès de ma banque' }).click();
    await page.frameLocator('[role="dialog"] iframe').getByRole('button').first().click();
    await heading(page, 'Nous appelons');
    await page.getByRole('button', { name: 'Annuler l’appel, sans frais' }).click();
    await page.getByText('Rien n’a été débité').first().waitFor();
    await nothingCharged();
  });
});

describe('a call that does not come about', () => {
  const ringing = async (): Promise<Page> => {
    const page = await open('/pay/demo?lang=fr');
    await order(page);
    await pay(page);
    await heading(page, 'Nous appelons Claire');
    await world.phoneIs(claire, 'ringing');
    return page;
  };

  test('the consultant refuses', async () => {
    const page = await ringing();
    await world.does(claire, 'answer');
    await world.does(claire, 'keys', { digits: '3' });
    await heading(page, 'Claire n’a pas pu prendre votre appel');
    await page.getByText('Rien n’a été débité.', { exact: false }).first().waitFor();
    await nothingCharged();
  });

  test('the consultant is busy', async () => {
    const page = await ringing();
    await world.does(claire, 'busy');
    await heading(page, 'Claire n’a pas pu prendre votre appel');
    await nothingCharged();
  });

  test('the caller’s line is busy', async () => {
    const page = await ringing();
    await answers(claire);
    await heading(page, 'Votre téléphone sonne');
    await world.phoneIs(caller, 'ringing');
    await world.does(caller, 'busy');
    await heading(page, 'Nous n’avons pas pu vous joindre');
    await nothingCharged();
  });

  test('the caller hangs up instead of pressing 1', async () => {
    const page = await ringing();
    await answers(claire);
    await world.phoneIs(caller, 'ringing');
    await world.does(caller, 'answer');
    await world.does(caller, 'hangup');
    await heading(page, 'Vous avez raccroché avant le début');
    await nothingCharged();
  });

  test('and the caller may choose again at once', async () => {
    const page = await ringing();
    await world.does(claire, 'busy');
    await page.getByRole('link', { name: 'Choisir de nouveau' }).click();
    await page.waitForURL('**/pay/demo**');
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).waitFor();
    await nothingCharged();
  });
});

describe('before anything is ordered', () => {
  test('the consultant’s own number, and a premium one, are refused beside the field', async () => {
    const page = await open('/pay/demo?lang=fr');
    await page.getByLabel('Claire', { exact: false }).first().check();
    await page.getByLabel('Numéro de téléphone').fill(claire);
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await page.locator('#phone-said').getByText('C’est le numéro de la personne').waitFor();
    await page.getByLabel('Numéro de téléphone').fill('0899123456');
    await page.locator('#phone-said').getByText('numéro surtaxé').waitFor();
  });

  test('who is free is live: a second visitor sees the first one’s choice go', async () => {
    const first = await open('/pay/demo?lang=fr');
    const second = await open('/pay/demo?lang=fr');
    await order(first);
    await expect
      .poll(() => second.locator('[data-consultant="con_demo_claire"] .status').textContent())
      .toBe('En ligne');
    await first.getByRole('button', { name: 'Annuler, sans frais' }).click();
    await heading(first, 'Votre commande est annulée');
    await expect
      .poll(() => second.locator('[data-consultant="con_demo_claire"] .status').textContent())
      .toBe('Libre');
  });

  test('a merchant who is switched off sells nothing, on open pages too', async () => {
    const page = await open('/pay/demo?lang=fr');
    await page.getByLabel('Numéro de téléphone').fill('06 12 34 56 78');
    await page.getByText('Nous appellerons le').waitFor();
    await world.sql.query(`update merchants set active = false where id = 'mer_demo'`);
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await page.getByRole('alert').getByText('Ce service est fermé pour le moment.').waitFor();
    await page.reload();
    await heading(page, 'Ce service est fermé pour le moment');
  });
});

describe('on a merchant’s own site', () => {
  let site: Server;
  let siteUrl: string;
  let buttons = '';
  beforeAll(async () => {
    const app = express();
    app.get('/', (_request, response) => {
      response
        .set('Content-Security-Policy', `script-src ${world.url}; style-src 'self'; frame-src ${world.url}`)
        .type('html')
        .send(
          `<!doctype html><html lang="fr"><title>Boutique</title><body><h1>Boutique</h1>${buttons}</body></html>`,
        );
    });
    site = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => site.once('listening', resolve));
    siteUrl = `http://localhost:${(site.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => site.close(resolve)));

  const list = async (origins: string[]): Promise<void> => {
    await world.sql.query(`update merchants set page_origins = $1 where id = 'mer_demo'`, [origins]);
  };

  test('one line of script is a button that opens the page', async () => {
    buttons = `<script src="${world.url}/button.js" data-line="demo" data-minutes="15" data-color="#ffe94a" async></script>`;
    const page = await open(siteUrl);
    const link = page.getByRole('link', { name: 'Appeler maintenant' });
    await link.waitFor();
    const opened = context.waitForEvent('page');
    await link.click();
    const pay = await opened;
    await heading(pay, 'Consultation par téléphone');
    expect(await pay.locator('#chosen-length').textContent()).toContain('15');
  });

  test('on a listed site the page opens over it, and leads to its order there', async () => {
    await list([siteUrl]);
    buttons = `<script src="${world.url}/button.js" data-line="demo" data-open="modal" data-label="Parler à Claire"></script>`;
    const page = await open(siteUrl);
    await page.getByRole('link', { name: 'Parler à Claire' }).click();
    const frame = page.frameLocator('iframe');
    await frame.getByLabel('Numéro de téléphone').fill('06 12 34 56 78');
    await frame.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await frame.locator('#card:not([aria-busy])').waitFor();
    await frame.getByRole('button', { name: 'Annuler, sans frais' }).click();
    await frame.getByRole('heading', { name: 'Votre commande est annulée' }).waitFor();
    await page.getByRole('button', { name: 'Fermer' }).click();
    await page.locator('iframe').waitFor({ state: 'detached' });
  });

  test('on a site that is not listed nothing is framed: the page opens by itself', async () => {
    await list([]);
    buttons = `<script src="${world.url}/button.js" data-line="demo" data-open="modal"></script>`;
    const page = await open(siteUrl);
    await page.getByRole('link', { name: 'Appeler maintenant' }).click();
    await page.waitForURL(`${world.url}/pay/demo**`);
    await heading(page, 'Consultation par téléphone');
  });

  test('a signed link carries its reference to the notices, and leads back', async () => {
    await list([siteUrl]);
    const { rows } = await world.sql.query(
      `select link_secret_sealed as sealed from merchants where id = 'mer_demo'`,
    );
    const secret = world.house.seal.open(rows[0].sealed as Buffer, 'mer_demo');
    const link = signedLink(world.url, secret, 'demo', {
      consultant: 'con_demo_claire',
      minutes: '10',
      reference: 'client 42',
      return: `${siteUrl}/merci`,
    });
    const page = await open(`${link}&lang=fr`);
    await page.getByLabel('Numéro de téléphone').fill('06 12 34 56 78');
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await page.waitForURL('**/orders/*');
    await pay(page);
    await answers(claire);
    await answers(caller);
    await heading(page, 'Vous êtes en ligne avec Claire');
    await world.does(caller, 'hangup');
    await heading(page, 'Merci, votre appel est terminé');
    const back = page.getByRole('link', { name: /^Retourner chez/ });
    expect(await back.getAttribute('href')).toBe(`${siteUrl}/merci`);
    const { rows: orders } = await world.sql.query('select id from orders order by created_at desc limit 1');
    const notices = await eventually(async () => {
      const heard = await world.notices(String(orders[0].id));
      expect(heard.map((notice) => notice.type)).toContain('payment.captured');
      return heard;
    });
    for (const notice of notices) expect(notice.body.data['reference']).toBe('client 42');
  });
});

test('nothing a page did was refused by its own policy', async () => {
  const page = await context.newPage();
  const found = complaintsOf(page);
  await page.goto(`${world.url}/pay/demo?lang=en`);
  await page.getByLabel('Phone number').fill('06 12 34 56 78');
  await page.getByRole('button', { name: 'Continue to payment' }).click();
  await page.waitForURL('**/orders/*');
  await page.locator('#card:not([aria-busy])').waitFor();
  await page.getByRole('button', { name: 'Cancel, free of charge' }).click();
  await page.getByRole('heading', { name: 'Your order is cancelled' }).waitFor();
  expect(found).toEqual([]);
});

describe('on a bad day', () => {
  test('a processor that is slow when the order is made: please wait, then on by itself', async () => {
    await world.faults({ next: 'delay_ms', on: 'create', times: 1, delayMs: 6_000 });
    const page = await open('/pay/demo?lang=fr');
    await page.getByLabel('Numéro de téléphone').fill('06 12 34 56 78');
    await page.getByText('Nous appellerons le +33 6 12 34 56 78').waitFor();
    await page.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await page.getByText('rien n’est encore réservé ni débité').waitFor();
    await page.waitForURL('**/orders/*');
    await page.getByRole('button', { name: 'Annuler, sans frais' }).click();
    await heading(page, 'Votre commande est annulée');
    await nothingCharged();
  });

  test('a processor silent under the card: nothing is charged yet, cancelled is cancelled', async () => {
    const page = await open('/pay/demo?lang=fr');
    await order(page);
    await world.faults({ next: 'delay_ms', on: 'confirm', times: 1, delayMs: 9_000 });
    await pay(page);
    await page.getByText('rien n’est encore débité').waitFor();
    await page.getByRole('button', { name: 'Annuler, sans frais' }).click();
    await heading(page, 'Votre commande est annulée');
    // The confirmation arrives after it: what it held, if anything, is let go, and nobody is rung.
    await nothingCharged();
    expect((await world.phone(claire))?.state).not.toBe('ringing');
  });

  test('more time asked for on the page: held once more, the limit moves, both holds on the receipt', async () => {
    await world.sql.query(
      `update lines set duration_choices = '{30}', more_time_seconds = 60 where slug = 'demo-short'`,
    );
    try {
      const page = await open('/pay/demo-short?lang=fr');
      await page.getByText('1\u00a0minute de plus, jusqu’à 2 fois').waitFor();
      await order(page);
      await page.getByText('Rien de plus n’est réservé sans votre demande.').waitFor();
      await pay(page);
      await answers(claire);
      await answers(caller);
      await heading(page, 'Vous êtes en ligne avec Claire');
      const more = page.getByRole('button', { name: '1\u00a0minute de plus' });
      await more.waitFor({ timeout: 40_000 });
      expect(await accessibilityProblems(page)).toEqual([]);
      await more.click();
      await page.getByText('se termine maintenant à 1:30').first().waitFor();
      await page.getByText('L’appel s’arrête de lui-même à 1:30.').waitFor();
      await page.getByRole('button', { name: 'Raccrocher' }).click();
      await page.getByText('Réservé pour plus de temps').waitFor();
      await page.getByText('Ne plus jamais être appelé').waitFor();
    } finally {
      await world.sql.query(
        `update lines set duration_choices = '{3}', more_time_seconds = null where slug = 'demo-short'`,
      );
    }
  }, 90_000);

  test('never called again, wished on the receipt: the next order is refused beside the number', async () => {
    const page = await open('/pay/demo?lang=fr');
    await order(page);
    await pay(page);
    await answers(claire);
    await answers(caller);
    await heading(page, 'Vous êtes en ligne avec Claire');
    await page.getByRole('button', { name: 'Raccrocher' }).click();
    await page.getByText('Ne plus jamais être appelé').click();
    await page.getByRole('button', { name: 'Ne plus jamais appeler ce numéro' }).click();
    await page.getByText('ne sera plus appelé, par aucun vendeur').first().waitFor();

    const again = await open('/pay/demo?lang=fr');
    await again.getByLabel('Numéro de téléphone').fill('06 12 34 56 78');
    await again.getByText('Nous appellerons le +33 6 12 34 56 78').waitFor();
    await again.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await again.locator('#phone-said').getByText('ne plus jamais être appelée').waitFor();

    await page.getByRole('button', { name: 'Revenir en arrière' }).click();
    await page.getByText('Ne plus jamais être appelé').waitFor();
    await again.getByRole('button', { name: 'Continuer vers le paiement' }).click();
    await again.waitForURL('**/orders/*');
    await again.getByRole('button', { name: 'Annuler, sans frais' }).click();
    await heading(again, 'Votre commande est annulée');
  });
});
