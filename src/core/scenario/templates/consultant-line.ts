// Consultants who introduce themselves in their own voices; a key pressed while one speaks chooses him.

import { both, type ScenarioTemplate } from './template.ts';

export const consultantLine: ScenarioTemplate = {
  title: { fr: 'Ligne de consultants avec présentations', en: 'Consultant line with introductions' },
  description: {
    fr: 'Les consultants libres se présentent l’un après l’autre ; une touche choisit celui qui parle. Quand personne n’est libre, un message.',
    en: 'Consultants who are free introduce themselves one after the other; a key chooses whoever speaks. Nobody free: a message.',
  },
  needs: ['line'],
  graph: ({ line }) => ({
    start: 'wanted',
    blocks: {
      wanted: { kind: 'blacklist', next: { listed: 'refused', then: 'language' } },
      refused: { kind: 'hang_up', cause: 'rejected' },
      language: { kind: 'language', languages: ['fr', 'en'], next: { then: 'welcome' } },
      welcome: {
        kind: 'say',
        say: both('Bienvenue chez {call.merchant}.', 'Welcome to {call.merchant}.'),
        next: { then: 'choose' },
      },
      choose: {
        kind: 'choose_consultant',
        of: { line },
        say: both(
          'Nos consultants se présentent. Tapez une touche pour choisir celui que vous entendez, étoile pour passer au suivant.',
          'Our consultants introduce themselves. Press any key to choose the one you hear, star to hear the next.',
        ),
        atOnce: 5,
        next: { chosen: 'ring', nobody: 'nobody', none: 'undecided' },
      },
      ring: {
        kind: 'ring',
        to: 'chosen',
        ringSeconds: 30,
        busy: both('Il est déjà en ligne.', 'The line is busy.'),
        noAnswer: both('Il ne répond pas.', 'There is no answer.'),
        unavailable: both('Il ne peut pas vous répondre.', 'Your call cannot be taken.'),
        next: { talked: 'goodbye', unavailable: 'undecided' },
      },
      undecided: {
        kind: 'menu',
        say: both(
          'Réécouter nos consultants, tapez 1. Laisser un message, tapez 2.',
          'To hear our consultants again, press 1. To leave a message, press 2.',
        ),
        keys: ['1', '2'],
        tries: 2,
        next: { key_1: 'choose', key_2: 'message', otherwise: 'goodbye' },
      },
      nobody: {
        kind: 'say',
        say: both(
          'Tous nos consultants sont en ligne ou absents.',
          'All our consultants are on the line or away.',
        ),
        next: { then: 'message' },
      },
      message: {
        kind: 'voicemail',
        box: 'consultants',
        say: both(
          'Laissez votre nom et votre numéro après le bip, puis tapez dièse.',
          'Leave your name and number after the tone, then press hash.',
        ),
        kept: both('Merci, nous vous rappelons.', 'Thank you, we will call you back.'),
        next: { then: 'goodbye' },
      },
      goodbye: { kind: 'hang_up', say: both('Merci et à bientôt.', 'Thank you, goodbye.') },
    },
  }),
};
