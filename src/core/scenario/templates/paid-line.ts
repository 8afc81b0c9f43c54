// A number where a talk is paid by card before it begins: who is free introduces himself, the caller chooses by a key, pays, and is put
// through for as long as he has paid.

import { paymentStep } from './payment-step.ts';
import { both, type ScenarioTemplate } from './template.ts';

export const paidLine: ScenarioTemplate = {
  title: { fr: 'Ligne payée par carte', en: 'Line paid by card' },
  description: {
    fr: 'L’appelant choisit un consultant qui se présente, paie par un lien reçu sur son téléphone (ou par sa carte tapée au clavier, si c’est activé pour vous), et est mis en relation.',
    en: 'The caller chooses a consultant who introduces himself, pays by a link sent to his telephone (or by his card keyed on it, where that is enabled for you), and is put through.',
  },
  needs: ['line', 'sale', 'payment'],
  graph: ({ line, sale, payment }) => ({
    start: 'welcome',
    blocks: {
      welcome: {
        kind: 'say',
        say: both(
          'Bienvenue chez {call.merchant}. L’entretien se paie par carte, et son prix vous est annoncé avant tout paiement.',
          'Welcome to {call.merchant}. The talk is paid by card, and you are told its price before you pay anything.',
        ),
        next: { then: 'choose' },
      },
      choose: {
        kind: 'choose_consultant',
        of: { line },
        say: both(
          'Tapez une touche dès que vous entendez la personne que vous voulez.',
          'Press any key as soon as you hear the person you want.',
        ),
        next: { chosen: 'pay', nobody: 'nobody' },
      },
      ...paymentStep(
        { sale, ...(payment && { payment }) },
        {
          keyed: line,
          paid: 'ring',
          linkPaid: payment === 'keypad' ? 'ring-after-link' : 'ring',
          message: 'message',
        },
      ),
      ring: {
        kind: 'ring',
        to: 'chosen',
        ringSeconds: 30,
        // What a link has paid is a sale, which sets no limit to a talk.
        ...(payment !== 'keypad' && { talkSeconds: 1_200 }),
        unavailable: both(
          payment === 'keypad'
            ? 'Cette personne ne répond pas : rien ne vous sera débité.'
            : 'Cette personne ne répond pas. Nous vous rappelons ou vous remboursons aujourd’hui.',
          payment === 'keypad'
            ? 'There is no answer: you are not charged.'
            : 'There is no answer. We will call you back or refund you today.',
        ),
        next: { talked: 'goodbye', unavailable: 'message' },
      },
      ...(payment === 'keypad' && {
        'ring-after-link': {
          kind: 'ring',
          to: 'chosen',
          ringSeconds: 30,
          talkSeconds: 1_200,
          unavailable: both(
            'Cette personne ne répond pas. Nous vous rappelons ou vous remboursons aujourd’hui.',
            'There is no answer. We will call you back or refund you today.',
          ),
          next: { talked: 'goodbye', unavailable: 'message' },
        },
      }),
      nobody: {
        kind: 'say',
        say: both('Tous nos consultants sont occupés.', 'All our consultants are busy.'),
        next: { then: 'message' },
      },
      message: {
        kind: 'voicemail',
        box: 'paid-line',
        say: both(
          'Dites votre nom et quand vous rappeler, après le bip, puis tapez dièse.',
          'Say your name and when to call you back after the tone, then press hash.',
        ),
        kept: both('C’est noté.', 'We have noted that.'),
        next: { then: 'goodbye' },
      },
      goodbye: { kind: 'hang_up', say: both('Merci et à bientôt.', 'Thank you, goodbye.') },
    },
  }),
};
