// A shop: rung while it is open, its hours and a message while it is not.

import { both, type ScenarioTemplate } from './template.ts';

const record = both(
  'Laissez votre message après le bip, puis tapez dièse.',
  'Leave your message after the tone, then press hash.',
);

export const shopHours: ScenarioTemplate = {
  title: { fr: 'Boutique : horaires et messagerie', en: 'Shop: hours and voicemail' },
  description: {
    fr: 'Sonne pendant les heures d’ouverture. En dehors, et quand personne ne répond, dit les horaires et prend un message.',
    en: 'Rings while the shop is open. Outside its hours, and when nobody answers, says the hours and takes a message.',
  },
  needs: ['line'],
  graph: ({ line, number }) => ({
    start: 'hours',
    blocks: {
      hours: {
        kind: 'schedule',
        weekly: [
          { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' },
          { days: [6], from: '10:00', to: '17:00' },
        ],
        daysOff: ['01-01', '05-01', '12-25'],
        next: { open: 'welcome', closed: 'closed' },
      },
      welcome: {
        kind: 'say',
        say: both(
          'Bonjour et bienvenue chez {call.merchant}. Nous vous répondons dans un instant.',
          'Hello and welcome to {call.merchant}. We will be with you in a moment.',
        ),
        next: { then: 'shop' },
      },
      shop: {
        ...(number === undefined ? { kind: 'ring', to: { line } } : { kind: 'forward', number }),
        ringSeconds: 25,
        whisper: both('Un client de la boutique.', 'A customer of the shop.'),
        next: { talked: 'goodbye', unavailable: 'nobody' },
      },
      nobody: {
        kind: 'say',
        say: both(
          'Nous sommes tous occupés avec d’autres clients.',
          'We are all busy with other customers just now.',
        ),
        next: { then: 'message' },
      },
      closed: {
        kind: 'say',
        say: both(
          'Bonjour, ici {call.merchant}. Nous sommes ouverts du lundi au vendredi de 9 heures à 18 heures, et le samedi de 10 heures à 17 heures.',
          'Hello, this is {call.merchant}. We are open Monday to Friday from 9 to 6, and on Saturday from 10 to 5.',
        ),
        next: { then: 'message' },
      },
      message: {
        kind: 'voicemail',
        box: 'shop',
        say: record,
        empty: both('Nous n’avons rien entendu.', 'We did not hear anything.'),
        kept: both('Merci, nous vous rappelons.', 'Thank you, we will call you back.'),
        next: { then: 'goodbye' },
      },
      goodbye: { kind: 'hang_up', say: both('À bientôt.', 'Goodbye.') },
    },
  }),
};
