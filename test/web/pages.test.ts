// Every page a caller can see, as the server answers it: the words of each state in both languages, what it weighs, what
// it lets a browser do; and what the page's requests are answered when they are wrong.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OrderRefusalReason } from '../../src/core/order.ts';
import type { UnreachableBecause } from '../../src/core/consultant.ts';
import { type Language, languages } from '../../src/core/ids.ts';
import type { LinePage } from '../../src/store/order-view.ts';
import { signedLink } from '../../src/web/embed.ts';
import { catalogue, text } from '../../src/web/texts.ts';
import { priceMark } from '../../src/web/choose-page.ts';
import {
  atConnectionLine,
  baseOrder,
  linePage,
  merchant,
  nobodyFree,
  orderScenes,
  tariff,
} from './scenes.ts';
import { startStage, tokenOf, type Stage } from './page-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ linkSecret: 'lsec_stage' });
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.asked.length = 0;
  stage.setLine((language) => linePage(language));
});

async function page(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; html: string; headers: Headers }> {
  const response = await fetch(stage.url + path, { headers });
  return { status: response.status, html: await response.text(), headers: response.headers };
}

/** As a page of ours asks: a browser says where the request comes from. */
async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown>; type: string }> {
  const response = await fetch(stage.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: stage.url, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const said = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: said === '' ? {} : (JSON.parse(said) as Record<string, unknown>),
  };
}

/** Who these tests are to the server. */
const visitor = { callerIp: expect.stringContaining('127.0.0.1') as string, userAgent: 'node' };

/** What a reader sees: no markup, no entities, one space between words. */
function seen(html: string): string {
  return html
    .replace(/<head>.*<\/head>/s, ' ')
    .replaceAll(/<[^>]*\shidden[^>]*>.*?<\/[a-z]+>/gs, ' ')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll('&#39;', "'")
    .replaceAll('&nbsp;', ' ')
    .replaceAll(/\s+/gu, ' ');
}
const words = (sentence: string): string => sentence.replaceAll(/\s+/gu, ' ');

/** The words each state must say, whatever else it says. */
const expected: Record<string, { fr: string[]; en: string[] }> = {
  card: {
    fr: [
      'Votre carte',
      'Commander avec obligation de paiement',
      'Réservé, non débité',
      '40,00 €',
      'Rien n’est débité si personne ne répond.',
      'rétractation',
      '15,00 € pour 10 minutes de conversation',
      'puis 2,50 € par minute',
      'Taxes comprises (TVA 20 %)',
      '20 minutes',
    ],
    en: [
      'Your card',
      'Order and pay',
      'Held, not charged',
      '€40.00',
      'Nothing is charged if nobody answers.',
      'withdrawal',
      '€15.00 for 10 minutes of talk',
      'then €2.50 per minute',
      'Taxes included (VAT 20%)',
      '20 minutes',
    ],
  },
  'card-declined': {
    fr: ['Il n’y a pas assez d’argent disponible sur cette carte.', 'Rien n’a été débité.'],
    en: ['There is not enough money available on this card.', 'Nothing was charged.'],
  },
  action: {
    fr: ['Votre banque veut votre accord', 'Confirmer auprès de ma banque'],
    en: ['Your bank wants your approval', 'Confirm with my bank'],
  },
  starting: {
    fr: ['Paiement accepté, nous lançons l’appel'],
    en: ['Payment accepted, we are placing the call'],
  },
  'ringing-consultant': {
    fr: ['Nous appelons Claire Martin', 'sans frais'],
    en: ['We are calling Claire Martin', 'free of charge'],
  },
  'ringing-caller': {
    fr: ['Votre téléphone sonne : décrochez', '+33 6 12 34 56 78', 'appuyez sur 1'],
    en: ['Your phone is ringing: pick it up', '+33 6 12 34 56 78', 'press 1'],
  },
  connected: {
    fr: ['Vous êtes en ligne avec Claire Martin', '12:05', '22,50 €', 'Il reste 7:55.'],
    en: ['You are on the line with Claire Martin', '12:05', '€22.50', '7:55 left.'],
  },
  'connected-near-limit': {
    fr: ['19:30', '40,00 €', 'Il reste 0:30.'],
    en: ['19:30', '€40.00', '0:30 left.'],
  },
  'more-offered': {
    fr: ['Il reste 0:30.', '10 minutes de plus', '25,00 € de plus au maximum'],
    en: ['0:30 left.', '10 minutes more', 'holds €25.00 more'],
  },
  'more-asked': {
    fr: ['Nous demandons 25,00 € de plus à votre banque', 'rien n’est coupé'],
    en: ['asked for €25.00 more', 'nothing is cut off'],
  },
  'more-granted': {
    fr: ['se termine maintenant à 30:00', 'Il reste 10:30.', '65,00 €', '30 minutes'],
    en: ['ends at 30:00', '10:30 left.', '€65.00', '30 minutes'],
  },
  'more-refused': {
    fr: ['Rien de plus n’est réservé', 'à 20:00 comme prévu'],
    en: ['Nothing more is held', 'at 20:00 as planned'],
  },
  'payment-card-limit': {
    fr: ['Cette carte a payé trop d’appels', 'Rien n’a été débité.'],
    en: ['This card has paid for too many calls', 'Nothing was charged.'],
  },
  'receipt-more-time': {
    fr: ['Réservé au début', '40,00 €', 'Réservé pour plus de temps', '25,00 €', '52,50 €', '12,50 €'],
    en: ['Held at the start', '€40.00', 'Held for more time', '€25.00', '€52.50', '€12.50'],
  },
  'receipt-never': {
    fr: ['le +33 6 12 34 56 78 ne sera plus appelé', 'jusqu’à 16:00'],
    en: ['+33 6 12 34 56 78 is not called any more', 'until 16:00'],
  },
  'caller-refused-never': {
    fr: ['Vous avez refusé l’appel', 'ne sera plus appelé, par aucun vendeur'],
    en: ['You refused the call', 'is not called any more, by any seller'],
  },
  ended: {
    fr: ['Appel terminé, nous établissons votre reçu'],
    en: ['The call is over, we are making your receipt'],
  },
  receipt: {
    fr: [
      'Merci, votre appel est terminé',
      'Début',
      '12 mars 2026 à 14:52:10',
      'Temps parlé',
      '12:04',
      '3 minutes à 2,50 € par minute',
      '7,50 €',
      'dont TVA 20 %',
      '3,75 €',
      'Débité de Visa se terminant par 4242',
      '22,50 €',
      'Libéré',
      '17,50 €',
      'Retourner chez Cabinet Lumière',
    ],
    en: [
      'Thank you, your call is over',
      'Start',
      '12 March 2026 at 14:52:10',
      'Time talked',
      '12:04',
      '3 minutes at €2.50 per minute',
      '€7.50',
      'of which VAT 20%',
      '€3.75',
      'Charged to Visa ending in 4242',
      '€22.50',
      'Released',
      '€17.50',
      'Go back to Cabinet Lumière',
    ],
  },
  'receipt-limit': {
    fr: ['La durée choisie est atteinte', '40,00 €'],
    en: ['The chosen length is reached', '€40.00'],
  },
  'receipt-free': {
    fr: ['Rien n’a été débité', 'Appel court, offert', '0,00 €'],
    en: ['Nothing was charged', 'Short call, free', '€0.00'],
  },
  'nobody-took-it': {
    fr: [
      'Claire Martin n’a pas pu prendre votre appel',
      'Rien n’a été débité. Les 40,00 € réservés sont libérés.',
      'Choisir de nouveau',
    ],
    en: [
      'Claire Martin could not take your call',
      'Nothing was charged. The €40.00 held is released.',
      'Choose again',
    ],
  },
  'nobody-took-it-releasing': {
    fr: ['Nous libérons les 40,00 € réservés.', 'Retourner chez Cabinet Lumière'],
    en: ['We are releasing the €40.00 held.', 'Go back to Cabinet Lumière'],
  },
  'caller-unreachable': {
    fr: ['Nous n’avons pas pu vous joindre', 'messagerie', 'touche 1', 'Rien n’a été débité.'],
    en: ['We could not reach you', 'voicemail', 'key 1', 'Nothing was charged.'],
  },
  'caller-refused': {
    fr: ['Vous avez refusé l’appel', 'Rien n’a été débité.'],
    en: ['You refused the call', 'Nothing was charged.'],
  },
  'consultant-left': {
    fr: ['La personne a raccroché avant le début', 'Rien n’a été débité.'],
    en: ['The other side hung up before the start', 'Nothing was charged.'],
  },
  'caller-left': {
    fr: ['Vous avez raccroché avant le début', 'Rien n’a été débité.'],
    en: ['You hung up before the start', 'Nothing was charged.'],
  },
  'payment-failed': {
    fr: ['Le paiement n’a pas abouti', 'Cette carte est expirée.', 'Rien n’a été débité.'],
    en: ['The payment did not go through', 'This card has expired.', 'Nothing was charged.'],
  },
  'payment-abandoned': {
    fr: ['Le temps réservé pour payer est passé', 'Rien n’a été débité.'],
    en: ['The time reserved for paying is over', 'Nothing was charged.'],
  },
  cancelled: {
    fr: ['Votre commande est annulée', 'Rien n’a été débité.'],
    en: ['Your order is cancelled', 'Nothing was charged.'],
  },
  failed: {
    fr: ['Un problème de notre côté a empêché l’appel', 'Rien n’a été débité.'],
    en: ['A problem on our side prevented the call', 'Nothing was charged.'],
  },
  'one-price-card': {
    fr: ['Réservé, non débité', 'quelle que soit sa durée. Il est débité quand l’appel est terminé.'],
    en: ['Held, not charged', 'however long it is. It is charged when the call is over.'],
  },
  'at-connection-card': {
    fr: [
      'Réservé, débité dès la mise en relation 20,00 €',
      'Il est débité en entier dès que vous êtes en ligne tous les deux, même si l’appel est court.',
      'Rien n’est débité si personne ne répond.',
      '20,00 € réservés sur votre carte, débités en entier dès la mise en relation.',
      '20,00 € pour 20 minutes de conversation',
      'puis plus rien à payer',
    ],
    en: [
      'Held, charged as soon as you are connected €20.00',
      'It is charged in full as soon as you are both on the line, even if the call is short.',
      'Nothing is charged if nobody answers.',
      '€20.00 held on your card, charged in full as soon as you are connected.',
    ],
  },
  'at-connection-ringing': {
    fr: ['20,00 € réservés, débités dès la mise en relation', 'Rien n’est débité si personne ne répond.'],
    en: ['€20.00 held, charged as soon as you are connected', 'Nothing is charged if nobody answers.'],
  },
  'at-connection-connected': {
    fr: ['20,00 € réservés, débités dès la mise en relation', 'Prix de l’appel 20,00 €'],
    en: ['€20.00 held, charged as soon as you are connected', 'Price of the call €20.00'],
  },
  'at-connection-taken': {
    fr: [
      '20,00 € débités (fait)',
      '20,00 € débités sur votre carte. Rien de plus ne le sera pour cet appel.',
      'Prix de l’appel 20,00 €',
      'Débité 20,00 €',
    ],
    en: [
      '€20.00 charged (done)',
      '€20.00 charged to your card. Nothing more will be for this call.',
      'Charged €20.00',
    ],
  },
  // What is charged was talked for, however it ended: nobody is told that nothing is.
  'at-connection-ended': {
    fr: ['Appel terminé, nous établissons votre reçu', 'Débité 20,00 €'],
    en: ['The call is over, we are making your receipt', 'Charged €20.00'],
  },
  'at-connection-receipt': {
    fr: [
      'Merci, votre appel est terminé',
      '0:42',
      'Débité de Visa se terminant par 4242 20,00 €',
      'Libéré 0,00 €',
    ],
    en: ['Thank you, your call is over', '0:42', 'Charged to Visa ending in 4242 €20.00', 'Released €0.00'],
  },
  'topup-card': {
    fr: [
      '20,00 € de crédit pour vos appels',
      'Code client 6006',
      '20,00 € débités',
      'Je demande que mon crédit soit utilisable tout de suite',
      'la part que j’aurai utilisée',
      'Commander avec obligation de paiement',
    ],
    en: [
      '€20.00 of credit for your calls',
      'Client code 6006',
      '€20.00 charged to your card',
      'I ask for my credit to be usable at once',
      'what I have talked of it',
      'Order and pay',
    ],
  },
  'topup-receipt': {
    fr: ['Merci, votre compte est crédité', 'Code client 6006', 'Crédit pour des appels', '20,00 €'],
    en: ['Thank you, your account is topped up', 'Client code 6006', 'Credit for calls', '€20.00'],
  },
  'sale-card': {
    fr: ['Votre carte', 'À payer', '49,00 €', 'service me soit fourni'],
    en: ['Your card', 'To pay', '€49.00', 'service to be provided'],
  },
  'sale-paying': { fr: ['Paiement accepté'], en: ['Payment accepted'] },
  'sale-receipt': {
    fr: ['Merci, votre paiement est fait', '49,00 €'],
    en: ['Thank you, your payment is done', '€49.00'],
  },
  'sale-code': {
    fr: ['Votre code d’accès 4T7K-X3M-9RW', 'Il ouvre Espace membres', 'Il s’utilise encore 2 fois.'],
    en: ['Your access code 4T7K-X3M-9RW', 'It opens Members’ area', 'It opens 2 more times.'],
  },
  'sale-code-used': { fr: ['Ce code a été utilisé.'], en: ['This code has been used.'] },
  'sale-message': { fr: ['Nous répondons sous deux jours.'], en: ['Nous répondons sous deux jours.'] },
  'sale-return': {
    fr: ['Vous allez revenir chez Cabinet Lumière.'],
    en: ['You are being taken back to Cabinet Lumière.'],
  },
};

describe.each(languages)('the order in %s', (language) => {
  test('has every state expected', () => {
    expect(Object.keys(orderScenes(language)).sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(Object.keys(expected))('%s', async (scene) => {
    const { status, html, headers } = await page(`/orders/${tokenOf(scene, language)}`);
    expect(status).toBe(200);
    const shown = seen(html);
    for (const sentence of expected[scene]?.[language] ?? []) expect(shown).toContain(words(sentence));
    expect(html).toContain(`<html lang="${language}">`);
    expect(shown).toContain(merchant.legalName);
    expect(shown).toContain(merchant.contactEmail);
    expect(shown).not.toMatch(/undefined|\[object|NaN|\{\w+\}|Invalid Date/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    const weight = await weightOf(html);
    expect(weight).toBeLessThan(250_000);
    checkPolicy(html, headers);
  });

  // What is charged before anybody knows how long they talk is never said to hang on that, or not to be charged.
  test.each(Object.keys(expected).filter((scene) => scene.startsWith('at-connection')))(
    '%s: no word of the talk being what is charged',
    async (scene) => {
      const shown = seen((await page(`/orders/${tokenOf(scene, language)}`)).html);
      expect(shown).not.toMatch(/non débité|temps parlé sera|jusqu’ici|not charged|Only the time|so far/);
      if (/taken|ended|receipt/.test(scene))
        expect(shown).not.toMatch(/Rien n’est débité|Nothing is charged/);
    },
  );

  test.each(Object.keys(expected))('%s: what pages follow says the same as a reload', async (scene) => {
    const path = `/orders/${tokenOf(scene, language)}`;
    const state = (await (await fetch(`${stage.url}${path}/state`)).json()) as Record<string, unknown>;
    const { html } = await page(path);
    // The same markup, down to the byte, inside the page.
    expect(html).toContain(String(state['panel']).trim());
    expect(html).toContain(String(state['aside']).trim());
    expect(html).toContain(`<title>${String(state['documentTitle'])}</title>`);
    expect(state['spoken']).not.toBe('');
  });
});

/** Page, style and scripts, uncompressed. */
async function weightOf(html: string): Promise<number> {
  const files = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(files.length).toBeGreaterThan(0);
  const sizes = await Promise.all(
    files.map(async (path) => {
      const response = await fetch(stage.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toContain('immutable');
      return (await response.arrayBuffer()).byteLength;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, Buffer.byteLength(html));
}

function checkPolicy(html: string, headers: Headers): void {
  const policy = headers.get('content-security-policy') ?? '';
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*(?!\.js\.stripe)/);
  for (const [tag, attributes = ''] of html.matchAll(/<script([^>]*)>/g)) {
    expect(tag).toContain(`nonce="${nonce}"`);
    expect(attributes).toMatch(/src="\/assets\//);
  }
  for (const [tag] of html.matchAll(/<style[^>]*>/g)) expect(tag).toContain(`nonce="${nonce}"`);
  // Without what stands in quotes: words may look like anything.
  expect(html.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]+\s(on\w+|style)=/);
  expect(html).not.toMatch(/<(?:script|link|img|iframe)[^>]*(?:src|href)="https?:\/\/(?!localhost)/);
}

describe('who is not there', () => {
  const absent = (because: UnreachableBecause, until?: string): ((language: Language) => LinePage) => {
    const state = {
      reachable: false as const,
      because,
      ...(until !== undefined && { until: new Date(until) }),
    };
    return (language) => {
      const known = linePage(language);
      const ines = { id: 'con_ines', name: 'Inès Moreau', photoToken: 'p'.repeat(22), state };
      return { ...known, consultants: [...known.consultants.slice(0, 1), ines] };
    };
  };
  // It is 15:05 in Paris, on Thursday 2026-03-12; the clocks change on the 29th.
  test.each([
    ['away', '2026-03-12T17:30:00Z', 'Back at 18:30', 'De retour à 18:30'],
    ['break', '2026-03-12T22:59:00Z', 'Back at 23:59', 'De retour à 23:59'],
    ['off_hours', '2026-03-12T23:00:00Z', 'Back Friday at 00:00', 'De retour vendredi à 00:00'],
    ['off_hours', '2026-03-18T08:00:00Z', 'Back Wednesday at 09:00', 'De retour mercredi à 09:00'],
    ['away', '2026-03-31T22:30:00Z', 'Back on 1 April', 'De retour le 1 avril'],
    ['away', undefined, 'Away', 'Absent'],
    ['paused', undefined, 'Away', 'Absent'],
    ['busy', '2026-03-12T14:08:00Z', 'On a call', 'En ligne'],
    ['wrap_up', '2026-03-12T14:08:00Z', 'On a call', 'En ligne'],
  ] as const)('%s until %s: %s', async (because, until, en, fr) => {
    stage.setLine(absent(because, until));
    for (const [language, said] of [
      ['en', en],
      ['fr', fr],
    ] as const) {
      const { html } = await page(`/pay/demo?lang=${language}`);
      expect(seen(html)).toContain(words(said));
      const live = (await (await fetch(`${stage.url}/pay/demo/state?lang=${language}`)).json()) as {
        consultants: { status: string }[];
      };
      expect(words(live.consultants[1]?.status ?? '')).toBe(words(said));
    }
  });

  test('and has a photo, is shown with it; who has none with his initial', async () => {
    stage.setLine(absent('away'));
    const { html } = await page('/pay/demo');
    expect(html).toContain(`<img class="face" src="/photos/${'p'.repeat(22)}" alt=""`);
    expect(html.match(/<span class="face" aria-hidden="true">C<\/span>/g)).toHaveLength(1);
  });
});

describe('the first page', () => {
  test.each(languages)('shows who is free, what it costs and what is held, in %s', async (language) => {
    const { status, html, headers } = await page(`/pay/demo?lang=${language}`);
    expect(status).toBe(200);
    checkPolicy(html, headers);
    expect(await weightOf(html)).toBeLessThan(250_000);
    const shown = seen(html);
    const sentences = {
      fr: [
        'Claire Martin',
        'Libre',
        'En ligne',
        'En pause',
        '15,00 € pour 10 minutes de conversation',
        'puis 2,50 € par minute',
        'Taxes comprises (TVA 20 %)',
        'au plus 65,00 €',
        'Réservé, non débité',
        'Rien n’est débité si personne ne répond.',
        'France (+33)',
      ],
      en: [
        'Claire Martin',
        'Free now',
        'On a call',
        'On a break',
        '€15.00 for 10 minutes of talk',
        'then €2.50 per minute',
        'Taxes included (VAT 20%)',
        '€65.00 at most',
        'Held, not charged',
        'Nothing is charged if nobody answers.',
        'France (+33)',
      ],
    };
    for (const sentence of sentences[language]) expect(shown).toContain(words(sentence));
    expect(shown).not.toMatch(/undefined|\[object|NaN|\{\w+\}/);
  });

  test.each(languages)('says of a price that is taken at connection when it is, in %s', async (language) => {
    stage.setLine(atConnectionLine);
    const { html } = await page(`/pay/demo?lang=${language}`);
    const shown = seen(html);
    const sentences = {
      fr: [
        'Le prix est le même, quelle que soit la durée.',
        'Réservé, débité dès la mise en relation 20,00 €',
        'débité en entier dès que vous êtes en ligne tous les deux, même si l’appel est court.',
        'Rien n’est débité si personne ne répond.',
        'Rien n’est encore réservé sur votre carte.',
      ],
      en: [
        'The price is the same however long you talk.',
        'Held, charged as soon as you are connected €20.00',
        'charged in full as soon as you are both on the line, even if the call is short.',
        'Nothing is charged if nobody answers.',
        'Nothing is held on your card yet.',
      ],
    };
    for (const sentence of sentences[language]) expect(shown).toContain(words(sentence));
    expect(shown).not.toMatch(/non débité|temps parlé|au plus 20|de plus au maximum/);
    expect(shown).not.toMatch(/not charged|the time you talk|20.00 at most|more time|10 minutes more/);
    // Said under every length that can be chosen, not only the first.
    expect(
      html.match(/data-help="[^"]*(?:même si l’appel est court|even if the call is short)/g),
    ).toHaveLength(3);
  });

  test('says the same price otherwise where the tariff of the moment grows with the talk', async () => {
    stage.setLine((language) => ({ ...atConnectionLine(language), tariff }));
    const shown = seen((await page('/pay/demo?lang=fr')).html);
    expect(shown).toContain('Réservé, non débité');
    expect(shown).toContain('Vous ne payez que le temps parlé.');
  });

  test('speaks the language the browser asks for, and the one a link asks for above it', async () => {
    expect((await page('/pay/demo', { 'Accept-Language': 'fr-CH, fr;q=0.9' })).html).toContain('lang="fr"');
    expect((await page('/pay/demo', { 'Accept-Language': 'de' })).html).toContain('lang="en"');
    expect((await page('/pay/demo?lang=en', { 'Accept-Language': 'fr' })).html).toContain('<html lang="en">');
  });

  test('offers only countries that are called', async () => {
    const { html } = await page('/pay/demo?lang=en');
    expect(html).toContain('value="BE"');
    expect(html).not.toContain('value="KP"');
  });

  test('asks for no card when nobody is free', async () => {
    stage.setLine(nobodyFree);
    const { html } = await page('/pay/demo?lang=en');
    expect(html).toMatch(/id="open" +hidden/);
    expect(html).toMatch(/id="submit" +hidden/);
    expect(html).not.toMatch(/id="nobody" +hidden/);
    expect(seen(html)).toContain('Tell me when');
  });

  test.each([
    ['merchant', { merchant: { ...merchant, active: false } }],
    ['line', { line: { ...linePage('en').line, active: false } }],
  ])('a %s that is switched off sells nothing', async (_, change) => {
    stage.setLine((language) => linePage(language, change));
    const { status, html } = await page('/pay/demo?lang=en');
    expect(status).toBe(403);
    expect(seen(html)).toContain('This service is closed for now');
    expect(html).not.toContain('<form');
  });

  test.each(['/pay/unknown', '/pay/DEMO', '/pay/..%2f', '/orders/short', '/orders/nobody-knows-this-order'])(
    '%s is a page that says what to do',
    async (path) => {
      const { status, html, headers } = await page(`${path}?lang=en`);
      expect(status).toBe(404);
      expect(seen(html)).toMatch(/ask whoever gave it|Open the whole link/);
      checkPolicy(html, headers);
    },
  );

  test('shows a merchant’s words as words, whatever they contain', async () => {
    const evil = '<img src=x onerror=alert(1)> {{ 7 | times: 7 }} {% raw %}';
    stage.setLine((language) => {
      const known = linePage(language);
      return {
        ...known,
        merchant: { ...merchant, name: evil, brand: { accent: 'red;}body{display:none', logoText: evil } },
        line: { ...known.line, name: evil, description: evil },
        consultants: [{ id: 'con"><b>', name: evil, introduction: evil, state: { reachable: true } }],
      };
    });
    const { status, html, headers } = await page('/pay/demo?lang=en');
    expect(status).toBe(200);
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<b>');
    expect(html).toContain('{{ 7 | times: 7 }}');
    expect(html).not.toContain('display:none');
    checkPolicy(html, headers);
  });

  test('may be framed by the merchant’s sites and nobody else', async () => {
    stage.setLine((language) =>
      linePage(language, {
        merchant: {
          ...merchant,
          pageOrigins: [
            'https://shop.example',
            "https://x.example; script-src 'unsafe-inline'",
            '*',
            'https://a.example/path',
          ],
        },
      }),
    );
    const policy = (await page('/pay/demo')).headers.get('content-security-policy');
    expect(policy).toContain("frame-ancestors 'self' https://shop.example");
    expect(policy).not.toMatch(/unsafe|x\.example|a\.example|ancestors[^;]*\*/);
  });

  test('says when the database is away, and is not cached', async () => {
    stage.setBroken(true);
    const { status, html, headers } = await page('/pay/demo?lang=en');
    stage.setBroken(false);
    expect(status).toBe(503);
    expect(seen(html)).toContain('This page comes back by itself in a few seconds.');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('links of merchants', () => {
  test('unsigned parameters fill the form in, and the visitor may change them', async () => {
    const { html } = await page('/pay/demo?lang=en&consultant=con_claire&minutes=20&phone=0033612345678');
    expect(html).toMatch(/value="con_claire"[^>]*checked/);
    expect(html).toMatch(/value="1200"[^>]*checked/);
    expect(html).toContain('value="+33 6 12 34 56 78"');
    expect(html).not.toMatch(/readonly/);
  });

  test('a consultant who is not free is not chosen by a link', async () => {
    const { html } = await page('/pay/demo?lang=en&consultant=con_hugo');
    expect(html).toMatch(/name="consultant" value="" checked/);
  });

  test('a signed link decides, and what the form says otherwise is ignored', async () => {
    const link = new URL(
      signedLink(stage.url, 'lsec_stage', 'demo', {
        consultant: 'con_claire',
        minutes: '30',
        phone: '+33612345678',
        reference: 'client 42',
        return: 'https://www.cabinet-lumiere.example/merci',
      }),
    );
    const { html } = await page(`${link.pathname}${link.search}`);
    expect(html).toContain('readonly');
    expect(html).not.toContain('Hugo');
    const made = await post(`/pay/demo/orders${link.search}`, {
      consultant: 'con_hugo',
      seconds: 600,
      phone: '+33699999999',
      country: 'FR',
      priceMark: priceMark(linePage('fr')),
    });
    expect(made.status).toBe(201);
    expect(stage.asked).toEqual([
      {
        step: 'order',
        with: {
          line: 'demo',
          source: 'page',
          language: 'en',
          shownTariffVersion: 3,
          consultantId: 'con_claire',
          chosenSeconds: 1800,
          callerNumber: '+33612345678',
          country: 'FR',
          reference: 'client 42',
          returnUrl: 'https://www.cabinet-lumiere.example/merci',
          moreTime: true,
          ...visitor,
        },
      },
    ]);
  });

  test('a changed link, and one that leads elsewhere, sell nothing', async () => {
    const good = new URL(signedLink(stage.url, 'lsec_stage', 'demo', { reference: 'client 42' }));
    const changed = good.search.replace('42', '43');
    const elsewhere = new URL(
      signedLink(stage.url, 'lsec_stage', 'demo', { return: 'https://evil.example/' }),
    );
    for (const search of [changed, '?reference=x', elsewhere.search]) {
      const shown = await page(`/pay/demo${search}&lang=en`);
      expect(shown.status).toBe(400);
      expect(seen(shown.html)).toContain('This link is not valid');
      expect((await post(`/pay/demo/orders${search}`, { priceMark: priceMark(linePage('fr')) })).status).toBe(
        400,
      );
    }
    expect(stage.asked).toEqual([]);
  });
});

describe('ordering', () => {
  const wish = {
    consultant: '',
    seconds: 1200,
    phone: '06 12 34 56 78',
    country: 'FR',
    priceMark: priceMark(linePage('fr')),
  };

  test('answers where the order is', async () => {
    const made = await post('/pay/demo/orders?lang=fr', wish);
    expect(made).toMatchObject({
      status: 201,
      body: { orderUrl: `${stage.url}/orders/${tokenOf('card', 'fr')}` },
    });
    expect(stage.asked).toEqual([
      {
        step: 'order',
        with: {
          line: 'demo',
          source: 'page',
          language: 'fr',
          shownTariffVersion: 3,
          callerNumber: '06 12 34 56 78',
          country: 'FR',
          chosenSeconds: 1200,
          moreTime: true,
          ...visitor,
        },
      },
    ]);
  });

  test('a fixed sale needs nothing but the price it was seen at', async () => {
    const { html } = await page('/pay/review?lang=en');
    const mark = /data-price-mark="([^"]+)"/.exec(html)?.[1];
    expect((await post('/pay/review/orders?lang=en', { priceMark: mark })).status).toBe(201);
    expect(stage.asked).toEqual([
      {
        step: 'order',
        with: { line: 'review', source: 'page', language: 'en', shownTariffVersion: 3, ...visitor },
      },
    ]);
  });

  test('is not made where the price would be taken at another moment than was seen', async () => {
    stage.setLine(atConnectionLine);
    const seen = priceMark(atConnectionLine('fr'));
    expect((await post('/pay/demo/orders?lang=en', { ...wish, priceMark: seen })).status).toBe(201);
    const { line } = linePage('fr');
    stage.setLine((language) => ({ ...atConnectionLine(language), line }));
    const refused = await post('/pay/demo/orders?lang=en', { ...wish, priceMark: seen });
    expect(refused).toMatchObject({ status: 409, body: { because: 'price_changed' } });
  });

  test('is not made at a price that was not seen', async () => {
    stage.setLine((language) => linePage(language, { tariff: { ...tariff, fixedPrice: '18.00' } }));
    const refused = await post('/pay/demo/orders?lang=en', wish);
    expect(refused).toMatchObject({ status: 409, body: { because: 'price_changed' } });
    expect(refused.body['detail']).toContain('The price has changed');
    expect(stage.asked).toEqual([]);
  });

  const refusals: [OrderRefusalReason, string | undefined, string | undefined, number, string][] = [
    ['line_unknown', undefined, undefined, 404, 'does not exist'],
    ['merchant_off', undefined, undefined, 403, 'closed for now'],
    ['line_off', undefined, undefined, 409, 'closed for now'],
    ['nobody_free', undefined, undefined, 409, 'Nobody is free'],
    ['consultant_busy', undefined, 'consultant', 409, 'just taken'],
    ['consultant_unknown', undefined, 'consultant', 404, 'no longer answers'],
    ['number_invalid', 'too_short', 'phone', 422, 'too short'],
    ['number_invalid', 'not_a_number', 'phone', 422, 'not a phone number'],
    ['number_refused', 'premium', 'phone', 422, 'premium-rate'],
    ['number_refused', 'short', 'phone', 422, 'short number'],
    ['number_refused', 'satellite', 'phone', 422, 'satellite'],
    ['number_refused', 'not_listed', 'phone', 422, 'destination'],
    ['number_refused', 'not_allowed', 'phone', 422, 'cannot call this number'],
    ['number_is_consultant', undefined, 'phone', 422, 'Give your own'],
    ['duration_not_offered', undefined, 'seconds', 422, 'no longer offered'],
    ['legs_cost_more', undefined, 'phone', 422, 'cost more'],
    ['price_changed', undefined, undefined, 409, 'price has changed'],
    ['return_not_listed', undefined, undefined, 422, 'has not listed'],
    ['switch_away', undefined, undefined, 503, 'cannot place calls'],
    ['number_never_again', undefined, 'phone', 422, 'Give another number'],
    ['calls_stopped', undefined, undefined, 503, 'Calls are stopped'],
    ['processor_away', undefined, undefined, 503, 'does not answer'],
    ['processor_refused', undefined, undefined, 422, 'refused this order'],
    ['declined', 'insufficient_funds', undefined, 402, 'not enough money'],
  ];
  test.each(refusals)(
    'refused: %s %s is one clear sentence',
    async (because, detail, field, status, sentence) => {
      const usual = stage.answers.order;
      stage.answers.order = () => ({
        outcome: 'refused',
        refusal: { because, ...(detail !== undefined && { detail }) },
      });
      const refused = await post('/pay/demo/orders?lang=en', wish);
      const inFrench = await post('/pay/demo/orders?lang=fr', wish);
      stage.answers.order = usual;
      expect(refused.status).toBe(status);
      expect(refused.type).toContain('application/problem+json');
      expect(refused.body['detail']).toContain(sentence);
      expect(refused.body['field']).toBe(field);
      expect(inFrench.body['detail']).not.toBe(refused.body['detail']);
    },
  );

  test.each([
    ['no body', ''],
    ['not JSON', '{"phone":'],
    ['a list', '[]'],
    ['seconds as text', JSON.stringify({ ...wish, seconds: '600' })],
    ['half a second', JSON.stringify({ ...wish, seconds: 0.5 })],
    ['a very long number', JSON.stringify({ ...wish, phone: '0'.repeat(500) })],
    ['a book', JSON.stringify({ ...wish, phone: 'x'.repeat(20_000) })],
  ])('%s is refused before anything happens', async (_, body) => {
    const refused = await post('/pay/demo/orders?lang=en', body);
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    expect(refused.body['detail']).not.toBe('');
    expect(stage.asked).toEqual([]);
  });

  test.each([
    ['another site', { Origin: 'https://evil.example' }],
    ['another site, as browsers say it', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a sandboxed frame', { Origin: 'null' }],
    ['the same machine, another port', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://localhost:1' }],
  ])('a request from %s is refused', async (_, headers) => {
    expect((await post('/pay/demo/orders', wish, headers)).status).toBe(403);
    expect((await post(`/orders/${tokenOf('card', 'en')}/cancel`, {}, headers)).status).toBe(403);
    expect(stage.asked).toEqual([]);
  });
});

describe('an order that came too often', () => {
  const wish = {
    consultant: '',
    seconds: 600,
    phone: '06 12 34 56 78',
    country: 'FR',
    priceMark: priceMark(linePage('fr')),
  };
  test.each([
    'number_too_often',
    'card_too_often',
    'cards_tried_too_often',
    'address_too_often',
    'address_unpaid',
    'merchant_too_often',
    'merchant_busy',
  ] as const)('%s: 429, when to come again, in whole minutes for people', async (because) => {
    const usual = stage.answers.order;
    stage.answers.order = () => ({ outcome: 'refused', refusal: { because, retryAfterSeconds: 121 } });
    const response = await fetch(`${stage.url}/pay/demo/orders?lang=en`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: stage.url },
      body: JSON.stringify(wish),
    });
    stage.answers.order = usual;
    const { detail } = (await response.json()) as { detail: string };
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('121');
    expect(words(detail)).toContain('Nothing was charged.');
    if (because !== 'card_too_often') expect(words(detail)).toContain('3 minutes');
  });

  test('says who orders and that he was told of more time, from the request itself', async () => {
    await post('/pay/demo/orders?lang=en', wish, { 'User-Agent': 'Browser/1.0' });
    expect(stage.asked[0]?.with).toMatchObject({
      callerIp: expect.stringContaining('127.0.0.1'),
      userAgent: 'Browser/1.0',
      moreTime: true,
    });
  });
});

describe('when no calls can be ordered', () => {
  test.each([
    ['stopped', 'Calls are stopped for the moment.'],
    ['switch_away', 'We cannot place calls for the moment.'],
  ] as const)('%s: the page says so, and so does its feed', async (noCalls, sentence) => {
    stage.setLine((language) => linePage(language, { noCalls }));
    const { html } = await page('/pay/demo?lang=en');
    expect(seen(html)).toContain(sentence);
    expect(html).toMatch(/type="submit" aria-disabled="true"/);
    const state = await page('/pay/demo/state?lang=en');
    expect((JSON.parse(state.html) as { noCalls: string }).noCalls).toContain(sentence);
  });

  test('a database that is away: a page that comes back by itself, a sentence for what was sent', async () => {
    stage.setBroken(true);
    try {
      const shown = await page('/pay/demo?lang=en');
      expect(shown.status).toBe(503);
      expect(shown.headers.get('refresh')).toBe('5');
      expect(shown.headers.get('retry-after')).toBe('2');
      expect(seen(shown.html)).toContain('comes back by itself');
      const sent = await post('/pay/demo/orders?lang=en', { priceMark: 'x' });
      expect(sent.status).toBe(503);
      expect(sent.body['detail']).toContain('what you typed stays here');
    } finally {
      stage.setBroken(false);
    }
  });
});

describe('more time', () => {
  test('what is agreed to is on both pages, per length, and in the evidence', async () => {
    const { html } = await page('/pay/demo?lang=en');
    expect(seen(html)).toContain('10 minutes more, up to 2 times');
    expect(words(html)).toContain('Each holds €25.00 more at most');
    const token = tokenOf('card', 'en');
    const card = await page(`/orders/${token}?lang=en`);
    const mark = /data-mark="([^"]+)"/.exec(card.html)?.[1] ?? '';
    expect(seen(card.html)).toContain('Nothing more is held unless you ask.');
    await post(`/orders/${token}/agree?lang=en`, { mark, immediate: true, withdrawal: true, email: '' });
    const asked = stage.asked.find((one) => one.step === 'agree')?.with as { texts: string[] };
    expect(asked.texts.map(words)).toContainEqual(expect.stringContaining('Each holds €25.00 more at most'));
  });

  test('a line that sells none says nothing of it', async () => {
    const none = { ...linePage('en').line, moreTime: { times: 0, seconds: null } };
    stage.setLine((language) => linePage(language, { line: none }));
    expect((await page('/pay/demo?lang=en')).html).not.toContain('minutes more');
  });

  test('is asked for, and the answer is the new state; too late is a sentence', async () => {
    const token = tokenOf('more-offered', 'en');
    stage.answers.askForMore = () => {
      stage.setOrder(token, orderScenes('en')['more-asked']!);
      return 'asked';
    };
    const asked = await post(`/orders/${token}/more-time?lang=en`, {});
    stage.answers.askForMore = () => 'not_offered';
    expect(asked.status).toBe(200);
    expect(asked.body['panel']).toContain('Your bank is asked');
    expect(asked.body['spoken']).toContain('Your bank is asked');
    // A second press, or the key on the phone too.
    expect((await post(`/orders/${token}/more-time?lang=en`, {})).status).toBe(200);
    const late = await post(`/orders/${tokenOf('connected', 'en')}/more-time?lang=en`, {});
    expect([late.status, late.body['detail']]).toEqual([
      409,
      expect.stringContaining('Nothing more is held'),
    ]);
  });
});

describe('never call me again', () => {
  test('is wished and taken back on the page of a call that was answered', async () => {
    const token = tokenOf('receipt', 'en');
    const scenes = orderScenes('en');
    expect(seen((await page(`/orders/${token}?lang=en`)).html)).toContain('Never be called again');
    stage.answers.neverCall = () => stage.setOrder(token, scenes['receipt-never']!);
    const done = await post(`/orders/${token}/never-call?lang=en`, {});
    expect(done.body['panel']).toContain('is not called any more');
    stage.answers.undoNeverCall = () => {
      stage.setOrder(token, scenes['receipt']!);
      return 'undone';
    };
    const undone = await post(`/orders/${token}/never-call/undo?lang=en`, {});
    expect(undone.body['panel']).toContain('Never call this number again');
    expect(stage.asked.map((one) => one.step)).toEqual(['neverCall', 'undoNeverCall']);
    stage.answers.undoNeverCall = () => 'too_late';
    expect((await post(`/orders/${token}/never-call/undo?lang=en`, {})).status).toBe(409);
    stage.answers.undoNeverCall = () => 'undone';
  });

  test.each(['card', 'ringing-caller', 'caller-unreachable', 'sale-receipt'])(
    'cannot be wished for a number whose owner never answered (%s)',
    async (scene) => {
      const answer = await post(`/orders/${tokenOf(scene, 'en')}/never-call?lang=en`, {});
      expect(answer.status).toBe(404);
      expect(stage.asked).toEqual([]);
    },
  );
});

describe('a card that may not be tried', () => {
  test('is a sentence with when to come again, before any bank is asked', async () => {
    const token = tokenOf('card', 'en');
    const { html } = await page(`/orders/${token}?lang=en`);
    const mark = /data-mark="([^"]+)"/.exec(html)?.[1] ?? '';
    const usual = stage.answers.agree;
    stage.answers.agree = () => ({
      outcome: 'refused',
      refusal: { because: 'cards_tried_too_often', retryAfterSeconds: 600 },
    });
    const answer = await post(`/orders/${token}/agree?lang=en`, {
      mark,
      immediate: true,
      withdrawal: true,
      email: '',
    });
    stage.answers.agree = usual;
    expect(answer.status).toBe(429);
    expect(words(String(answer.body['detail']))).toContain('10 minutes');
  });
});

describe('the phone number as it is typed', () => {
  test.each([
    ['06 12 34 56 78', 'FR', true, '+33 6 12 34 56 78'],
    ['+32 470 12 34 56', 'FR', true, '+32 470 12 34 56'],
    ['0899 12 34 56', 'FR', false, 'premium-rate'],
    ['3615', 'FR', false, 'short number'],
    ['112', 'FR', false, 'short number'],
    ['+881612345678', 'FR', false, 'satellite'],
    ['06 12', 'FR', false, 'too short'],
    ['bonjour', 'FR', false, 'not a phone number'],
  ])('%s (%s)', async (phone, country, good, sentence) => {
    const { body } = await post('/pay/demo/phone?lang=en', { phone, country });
    expect(body['good']).toBe(good);
    expect(words(String(body['sentence']))).toContain(sentence);
  });

  test('a number that is not finished is not called wrong while it is typed', async () => {
    expect((await post('/pay/demo/phone', { phone: '06 12', country: 'FR' })).body['unfinished']).toBe(true);
    expect(
      (await post('/pay/demo/phone', { phone: '06 12 34 56 78 90', country: 'FR' })).body['unfinished'],
    ).toBe(false);
  });
});

describe('paying', () => {
  const agreed = { immediate: true, withdrawal: true, email: '' };
  const markOf = async (scene: string): Promise<string> =>
    /data-mark="([^"]+)"/.exec((await page(`/orders/${tokenOf(scene, 'fr')}`)).html)?.[1] ?? '';

  test('what was shown and agreed is handed on word for word', async () => {
    const answer = await post(
      `/orders/${tokenOf('card', 'fr')}/agree`,
      { ...agreed, email: 'ada@example.org', mark: await markOf('card') },
      { 'User-Agent': 'Browser/1.0' },
    );
    expect(answer).toMatchObject({ status: 200, body: { clientSecret: 'pi_stage_secret_ok' } });
    const evidence = stage.asked[0]?.with as { texts: string[]; ip: string };
    expect(evidence).toMatchObject({ userAgent: 'Browser/1.0', email: 'ada@example.org' });
    expect(evidence.ip).not.toBe('');
    const said = evidence.texts.map(words);
    for (const sentence of [
      'Avec: Claire Martin',
      'Durée au plus: 20 minutes',
      '15,00 € pour 10 minutes de conversation',
      'puis 2,50 € par minute',
      'Taxes comprises (TVA 20 %)',
      'Réservé, non débité: 40,00 €',
      'Rien n’est débité si personne ne répond.',
      catalogue.fr['pay.immediate'],
      catalogue.fr['pay.withdrawal'],
      'Commander avec obligation de paiement',
    ]) {
      expect(said).toContain(words(sentence));
    }
    expect(said[0]).toContain('Cabinet Lumière SARL');
    // Everything recorded is really on the page.
    const shown = seen((await page(`/orders/${tokenOf('card', 'fr')}`)).html);
    for (const sentence of said.slice(1)) {
      for (const part of sentence.split(': ').slice(-1)) expect(shown).toContain(part);
    }
  });

  test.each([
    [{ immediate: false }, 422, 'immediate'],
    [{ withdrawal: false }, 422, 'withdrawal'],
    [{ email: 'ada@' }, 422, 'email'],
    [{ mark: 'an older page' }, 409, undefined],
  ])('is refused with %j, and nothing is confirmed', async (change, status, field) => {
    const answer = await post(`/orders/${tokenOf('card', 'fr')}/agree`, {
      ...agreed,
      mark: await markOf('card'),
      ...change,
    });
    expect(answer.status).toBe(status);
    expect(answer.body['field']).toBe(field);
    expect(stage.asked).toEqual([]);
  });

  test.each([
    ['too_late', 409],
    ['processor_away', 503],
    ['unknown_order', 404],
  ] as const)('%s is a sentence', async (outcome, status) => {
    const usual = stage.answers.agree;
    stage.answers.agree = () => ({ outcome });
    const answer = await post(`/orders/${tokenOf('card', 'fr')}/agree`, {
      ...agreed,
      mark: await markOf('card'),
    });
    stage.answers.agree = usual;
    expect(answer.status).toBe(status);
    expect(answer.body['detail']).toMatch(/débité/);
  });

  test('an order that needs only the bank’s approval asks for no boxes again', async () => {
    const answer = await post(`/orders/${tokenOf('action', 'fr')}/agree`, { mark: await markOf('action') });
    expect(answer.status).toBe(200);
    expect(stage.asked).toMatchObject([{ with: { texts: [text('fr', 'action.button')] } }]);
  });

  test('cancelling frees the consultant before the card, and hangs up after it', async () => {
    await post(`/orders/${tokenOf('card', 'fr')}/cancel`, {});
    expect(stage.asked.map(({ step }) => step)).toEqual(['cancel']);
    stage.asked.length = 0;
    stage.answers.cancel = () => 'too_late';
    await post(`/orders/${tokenOf('ringing-caller', 'fr')}/cancel`, {});
    stage.answers.cancel = () => 'cancelled';
    expect(stage.asked.map(({ step }) => step)).toEqual(['cancel', 'hangUp']);
  });

  test('the page’s word that it has paid is only a hint: the answer is how it really stands', async () => {
    const { body } = await post(`/orders/${tokenOf('card', 'en')}/paid`, {});
    expect(body).toMatchObject({ phase: 'card', final: false });
    expect(stage.asked).toEqual([{ step: 'paid', with: tokenOf('card', 'en') }]);
  });

  test('a fixed sale has no call to hang up', async () => {
    expect((await post(`/orders/${tokenOf('sale-card', 'en')}/hangup`, {})).status).toBe(404);
  });
});

describe('the receipt', () => {
  test('is a page to print', async () => {
    const { status, html } = await page(`/orders/${tokenOf('receipt', 'en')}/receipt`);
    expect(status).toBe(200);
    const shown = seen(html);
    for (const sentence of [
      'R-2026-000123',
      'Cabinet Lumière SARL',
      '12 rue des Lilas',
      'client 42',
      '€22.50',
      '€3.75',
      '€18.75',
    ]) {
      expect(shown).toContain(sentence);
    }
  });

  test('that is not there yet says so', async () => {
    const { status, html } = await page(`/orders/${tokenOf('connected', 'en')}/receipt`);
    expect(status).toBe(404);
    expect(seen(html)).toContain('The receipt is not here yet');
  });
});

test('a token in the address is not mistaken for anything else', async () => {
  stage.setOrder('stage-order-fr-odd_-token', baseOrder('fr'));
  expect((await page('/orders/stage-order-fr-odd_-token')).status).toBe(200);
  expect((await page('/orders/stage-order-fr-odd_-token%00')).status).toBe(404);
});

test('the button’s script may be loaded by any site, and is small', async () => {
  const response = await fetch(`${stage.url}/button.js`);
  expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  expect((await response.arrayBuffer()).byteLength).toBeLessThan(6_000);
});

describe('the top-up page', () => {
  test('shows what can be bought, and nothing of anybody', async () => {
    const { status, html, headers } = await page('/topup/demo?lang=en&code=6006');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toContain('no-store');
    const shown = seen(html);
    for (const said of [
      'Top up your account',
      'Legal advice by phone',
      '€10.00',
      '€20.00',
      '€50.00',
      'VAT 20%',
    ])
      expect(shown).toContain(words(said));
    expect(html).toContain('value="6006"');
    expect(seen((await page('/topup/demo?lang=fr')).html)).toContain('Créditer votre compte');
    expect((await page('/topup/demo?lang=en&code=%22%3E%3Cb%3E')).html).toContain('value=""');
  });

  test.each(['/topup/review', '/topup/unknown', '/topup/DEMO'])('%s is no page', async (path) => {
    const { status, html } = await page(`${path}?lang=en`);
    expect(status).toBe(404);
    expect(seen(html)).toContain(text('en', 'unknownLine.title'));
  });

  test('takes a code as people write it, and orders for it', async () => {
    const made = await post('/topup/demo/orders?lang=fr', { code: ' 60 06#', amount: '20.00' });
    expect(made).toMatchObject({
      status: 201,
      body: { orderUrl: `${stage.url}/orders/${tokenOf('topup-card', 'fr')}` },
    });
    const [asked] = stage.asked;
    expect(asked).toMatchObject({
      step: 'orderTopUp',
      with: { line: 'demo', language: 'fr', clientCode: '6006', ...visitor },
    });
  });

  test.each([
    ['no code', { amount: '20.00' }, 'code', 'topUp.codeWrong'],
    ['letters', { code: 'abc', amount: '20.00' }, 'code', 'topUp.codeWrong'],
    ['no amount', { code: '6006' }, undefined, 'refused.badRequest'],
    ['an amount of words', { code: '6006', amount: '1e9' }, undefined, 'refused.badRequest'],
  ] as const)('refuses %s', async (_what, body, field, key) => {
    const answer = await post('/topup/demo/orders?lang=en', body);
    expect(answer).toMatchObject({ status: 422, body: { detail: text('en', key) } });
    expect(answer.body['field']).toBe(field);
    expect(stage.asked).toEqual([]);
  });

  test('says where a code is refused, whyever it was', async () => {
    stage.answers.orderTopUp = () => ({ outcome: 'refused', refusal: { because: 'client_unknown' } });
    const answer = await post('/topup/demo/orders?lang=en', { code: '1234', amount: '20.00' });
    expect(answer).toMatchObject({
      status: 422,
      body: { field: 'code', detail: text('en', 'refused.client_unknown') },
    });
  });

  test('takes orders from our own pages only', async () => {
    const answer = await post(
      '/topup/demo/orders',
      { code: '6006', amount: '20.00' },
      { Origin: 'https://evil.example' },
    );
    expect(answer.status).toBe(403);
  });
});
