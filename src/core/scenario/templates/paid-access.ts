// What is sold needs nobody to talk to: once it is paid by card the caller hears a recording, or is told the code of a protected page.

import { paymentStep } from './payment-step.ts';
import { both, type ScenarioTemplate } from './template.ts';

export const paidAccess: ScenarioTemplate = {
  title: { fr: 'Contenu payé par carte', en: 'Content paid by card' },
  description: {
    fr: 'L’appelant paie par un lien reçu sur son téléphone (ou par sa carte tapée au clavier, si c’est activé pour vous), puis écoute un enregistrement ou reçoit le code d’une page protégée.',
    en: 'The caller pays by a link sent to his telephone (or by his card keyed on it, where that is enabled for you), then hears a recording or is told the code of a protected page.',
  },
  needs: ['sale', 'resource', 'payment'],
  graph: ({ sale, resource, payment }) => ({
    start: 'welcome',
    blocks: {
      welcome: {
        kind: 'menu',
        say: both(
          'Bienvenue chez {call.merchant}. Pour payer par carte et écouter nos prévisions, tapez 1. Pour nous laisser un message, tapez 2.',
          'Welcome to {call.merchant}. To pay by card and hear our forecast, press 1. To leave us a message, press 2.',
        ),
        keys: ['1', '2'],
        tries: 3,
        next: { key_1: 'pay', key_2: 'message', otherwise: 'goodbye' },
      },
      ...paymentStep({ sale, ...(payment && { payment }) }, { paid: 'content', message: 'message' }),
      content: {
        kind: 'menu',
        say: both(
          'Merci, c’est réglé. Écouter nos prévisions, tapez 1. Recevoir votre code d’accès, tapez 2.',
          'Thank you, that is paid. To hear our forecast, press 1. To get your access code, press 2.',
        ),
        keys: ['1', '2'],
        tries: 2,
        next: { key_1: 'recording', key_2: 'code', otherwise: 'code' },
      },
      recording: {
        kind: 'say',
        say: both(
          'Mettez ici votre enregistrement, ou ce que vous avez à dire.',
          'Put your recording here, or what you have to say.',
        ),
        next: { then: 'content' },
      },
      code: {
        kind: 'give_access_code',
        resource,
        say: both('Voici le code de votre page.', 'This is the code of your page.'),
        times: 2,
        next: { then: 'goodbye' },
      },
      message: {
        kind: 'voicemail',
        box: 'paid-content',
        say: both(
          'Laissez votre message après le bip, puis tapez dièse.',
          'Leave your message after the tone, then press hash.',
        ),
        kept: both('C’est noté.', 'We have noted that.'),
        next: { then: 'goodbye' },
      },
      goodbye: { kind: 'hang_up', say: both('Merci et à bientôt.', 'Thank you, goodbye.') },
    },
  }),
};
