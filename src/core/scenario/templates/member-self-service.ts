// Members serve themselves: a script on the merchant's server checks number and PIN and says what it knows of the account.

import { both, type ScenarioTemplate } from './template.ts';

export const memberSelfService: ScenarioTemplate = {
  title: { fr: 'Espace membre par téléphone', en: 'Member self-service' },
  description: {
    fr: 'Demande le numéro de membre et le code secret, les fait vérifier par votre script, puis dit le solde et l’échéance, ou met en relation. Votre script répond `next=member` avec `set.balance`, `set.currency`, `set.renewsOn`, ou `next=refused`.',
    en: 'Asks for member number and PIN, has your script check them, then says balance and renewal, or puts through. Your script answers `next=member` with `set.balance`, `set.currency`, `set.renewsOn`, or `next=refused`.',
  },
  needs: ['line', 'url'],
  graph: ({ line, url }) => ({
    start: 'number',
    blocks: {
      number: {
        kind: 'collect',
        say: both(
          'Bienvenue chez {call.merchant}. Tapez votre numéro de membre, puis dièse.',
          'Welcome to {call.merchant}. Key in your member number, then hash.',
        ),
        variable: 'member',
        minDigits: 4,
        maxDigits: 10,
        again: both('Ce numéro est trop court.', 'This number is too short.'),
        next: { then: 'pin', none: 'person' },
      },
      pin: {
        kind: 'collect',
        say: both('Tapez votre code secret, puis dièse.', 'Key in your PIN, then hash.'),
        variable: 'pin',
        secret: true,
        minDigits: 4,
        maxDigits: 8,
        next: { then: 'check', none: 'person' },
      },
      check: {
        kind: 'get_url',
        url,
        send: ['member', 'pin'],
        exits: ['member', 'refused'],
        next: { member: 'menu', refused: 'refused', then: 'refused', failed: 'away' },
      },
      refused: {
        kind: 'menu',
        say: both(
          'Numéro ou code incorrect. Recommencer, tapez 1. Parler à quelqu’un, tapez 2.',
          'The number or the PIN is wrong. To try again, press 1. To talk to somebody, press 2.',
        ),
        keys: ['1', '2'],
        tries: 2,
        next: { key_1: 'number', key_2: 'person', otherwise: 'goodbye' },
      },
      menu: {
        kind: 'menu',
        say: both(
          'Votre solde, tapez 1. Votre échéance, tapez 2. Parler à quelqu’un, tapez 3.',
          'For your balance, press 1. For your renewal, press 2. To talk to somebody, press 3.',
        ),
        keys: ['1', '2', '3'],
        tries: 3,
        next: { key_1: 'balance', key_2: 'renewal', key_3: 'person', otherwise: 'goodbye' },
      },
      balance: {
        kind: 'say',
        say: [
          ...both('Votre solde est de', 'Your balance is'),
          { amount: '{balance}', currency: '{currency}' },
        ],
        next: { then: 'menu' },
      },
      renewal: {
        kind: 'say',
        say: [
          ...both('Votre abonnement se renouvelle le', 'Your membership renews on'),
          { date: '{renewsOn}' },
        ],
        next: { then: 'menu' },
      },
      away: {
        kind: 'say',
        say: both(
          'Nous ne pouvons pas consulter votre compte pour le moment.',
          'We cannot look at your account just now.',
        ),
        next: { then: 'person' },
      },
      person: {
        kind: 'ring',
        to: { line },
        ringSeconds: 25,
        unavailable: both('Personne n’est libre.', 'Nobody is free.'),
        next: { talked: 'goodbye', unavailable: 'goodbye' },
      },
      goodbye: { kind: 'hang_up', say: both('Merci de votre appel.', 'Thank you for calling.') },
    },
  }),
};
