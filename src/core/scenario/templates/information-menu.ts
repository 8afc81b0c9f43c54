// Information by keys, three levels deep; star leads back to the beginning from anywhere.

import { both, type ScenarioTemplate } from './template.ts';

const wrong = both('Ce choix n’existe pas.', 'There is no such choice.');
const none = both('Nous n’avons pas reçu votre choix.', 'We did not get your choice.');
const asked = { tries: 3, wrong, none };

export const informationMenu: ScenarioTemplate = {
  title: { fr: 'Menu d’informations à trois niveaux', en: 'Information menu, three levels deep' },
  description: {
    fr: 'Horaires, prestations et tarifs par les touches du téléphone ; un conseiller ou la messagerie au bout.',
    en: 'Hours, services and prices by the keys of the telephone; a person or voicemail at the end.',
  },
  needs: ['line'],
  graph: ({ line }) => ({
    start: 'language',
    blocks: {
      language: { kind: 'language', languages: ['fr', 'en'], next: { then: 'top' } },
      top: {
        kind: 'menu',
        say: both(
          '{call.merchant}. Horaires et adresse, tapez 1. Nos prestations, tapez 2. Parler à quelqu’un, tapez 3.',
          '{call.merchant}. For our hours and address, press 1. For our services, press 2. To talk to somebody, press 3.',
        ),
        keys: ['1', '2', '3'],
        ...asked,
        next: { key_1: 'hours', key_2: 'services', key_3: 'person', otherwise: 'person' },
      },
      hours: {
        kind: 'say',
        say: both(
          'Nous vous accueillons du lundi au vendredi, de 9 heures à 18 heures, au 12 rue des Lilas.',
          'We are open Monday to Friday from 9 to 6, at 12 rue des Lilas.',
        ),
        next: { then: 'again' },
      },
      services: {
        kind: 'menu',
        say: both(
          'Nos tarifs, tapez 1. Comment se passe une séance, tapez 2. Revenir au début, tapez étoile.',
          'For our prices, press 1. For how a session goes, press 2. To go back to the beginning, press star.',
        ),
        keys: ['1', '2', '*'],
        ...asked,
        next: { key_1: 'prices', key_2: 'session', key_star: 'top', otherwise: 'person' },
      },
      prices: {
        kind: 'menu',
        say: both(
          'La séance d’une demi-heure, tapez 1. La séance d’une heure, tapez 2. Revenir au début, tapez étoile.',
          'For the session of half an hour, press 1. For that of an hour, press 2. To go back to the beginning, press star.',
        ),
        keys: ['1', '2', '*'],
        ...asked,
        next: { key_1: 'price-short', key_2: 'price-long', key_star: 'top', otherwise: 'person' },
      },
      'price-short': {
        kind: 'say',
        say: [
          ...both('La séance d’une demi-heure coûte', 'A session of half an hour costs'),
          { amount: '35.00', currency: 'EUR' },
        ],
        next: { then: 'again' },
      },
      'price-long': {
        kind: 'say',
        say: [
          ...both('La séance d’une heure coûte', 'A session of an hour costs'),
          { amount: '60.00', currency: 'EUR' },
        ],
        next: { then: 'again' },
      },
      session: {
        kind: 'say',
        say: both(
          'Vous réglez par carte, nous vous appelons à l’heure dite, et la communication s’arrête avec le temps payé.',
          'You pay by card, we call you at the time agreed, and the call ends with the time you have paid.',
        ),
        next: { then: 'again' },
      },
      again: {
        kind: 'menu',
        say: both(
          'Revenir au début, tapez étoile. Parler à quelqu’un, tapez 3.',
          'To go back to the beginning, press star. To talk to somebody, press 3.',
        ),
        keys: ['*', '3'],
        tries: 1,
        next: { key_star: 'top', key_3: 'person', otherwise: 'goodbye' },
      },
      person: {
        kind: 'ring',
        to: { line },
        ringSeconds: 25,
        next: { talked: 'goodbye', unavailable: 'message' },
      },
      message: {
        kind: 'voicemail',
        box: 'information',
        say: both(
          'Personne ne peut vous répondre. Laissez votre message après le bip, puis tapez dièse.',
          'Nobody can take your call. Leave your message after the tone, then press hash.',
        ),
        kept: both('Merci, nous vous rappelons.', 'Thank you, we will call you back.'),
        next: { then: 'goodbye' },
      },
      goodbye: { kind: 'hang_up', say: both('Merci de votre appel.', 'Thank you for calling.') },
    },
  }),
};
