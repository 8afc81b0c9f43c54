// What follows a callback paid by card: on the line still when his talk is over, or calling again himself, he chooses who he wants,
// pays on our page while he waits, and is put through; or is called back. It can be the paid call itself: then he chooses at once.

import { both, type ScenarioTemplate } from './template.ts';

export const cardCallbackFollowUp: ScenarioTemplate = {
  title: { fr: 'Suite d’un rappel payé par carte', en: 'Follow-up of a callback paid by card' },
  description: {
    fr: 'Pour qui reste en ligne après une consultation, ou rappelle : choisir un consultant, payer par un lien reçu sur son téléphone, être mis en relation ; ou demander à être rappelé. Peut aussi mener l’appel payé lui-même.',
    en: 'For who is still there after a talk, or calls again: chooses a consultant, pays by a link sent to his telephone, is put through; or asks to be called back. Can lead the paid call itself, too.',
  },
  needs: ['line', 'sale'],
  graph: ({ line, sale }) => ({
    start: 'paid',
    blocks: {
      paid: {
        kind: 'condition',
        test: { value: '{call.paid}', isEmpty: true },
        next: { yes: 'again', no: 'first' },
      },
      first: {
        kind: 'choose_consultant',
        of: { line },
        say: both(
          'Tapez une touche dès que vous entendez la personne que vous voulez. Rien n’est débité avant que vous lui parliez.',
          'Press any key as soon as you hear the person you want. Nothing is charged before you talk.',
        ),
        next: { chosen: 'first-ring', nobody: 'nobody' },
      },
      'first-ring': {
        kind: 'ring',
        to: 'chosen',
        ringSeconds: 30,
        unavailable: both('Cette personne ne répond pas.', 'There is no answer.'),
        next: { talked: 'over', unavailable: 'first' },
      },
      again: {
        kind: 'condition',
        test: { value: '{call.after}', isEmpty: true },
        next: { yes: 'menu', no: 'over' },
      },
      over: {
        kind: 'menu',
        say: both(
          'Votre consultation est terminée. Parler encore à un consultant, tapez 1. Être rappelé, tapez 2.',
          'Your consultation is over. To talk to a consultant again, press 1. To be called back, press 2.',
        ),
        keys: ['1', '2'],
        tries: 2,
        wrong: both('Ce choix n’existe pas.', 'There is no such choice.'),
        next: { key_1: 'choose', key_2: 'message', otherwise: 'goodbye' },
      },
      menu: {
        kind: 'menu',
        say: both(
          'Merci de rappeler {call.merchant}. Parler à un consultant, tapez 1. Être rappelé, tapez 2.',
          'Thank you for calling {call.merchant} again. To talk to a consultant, press 1. To be called back, press 2.',
        ),
        keys: ['1', '2'],
        tries: 3,
        wrong: both('Ce choix n’existe pas.', 'There is no such choice.'),
        next: { key_1: 'choose', key_2: 'message', otherwise: 'message' },
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
      pay: {
        kind: 'payment_link',
        line: sale,
        by: 'sms',
        waitSeconds: 300,
        say: both(
          'Nous vous envoyons un lien de paiement par message. Restez en ligne, nous vous mettons en relation dès que c’est réglé.',
          'We are sending you a link to pay by text message. Stay on the line, we put you through as soon as it is paid.',
        ),
        next: { paid: 'ring', not_paid: 'not-paid', not_sent: 'not-sent' },
      },
      ring: {
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
      'not-paid': {
        kind: 'say',
        say: both(
          'Aucun paiement n’est arrivé : rien n’a été débité.',
          'No payment came: nothing was charged.',
        ),
        next: { then: 'message' },
      },
      'not-sent': {
        kind: 'say',
        say: both(
          'Nous ne pouvons pas vous envoyer de message sur ce téléphone.',
          'We cannot send a text message to this telephone.',
        ),
        next: { then: 'message' },
      },
      nobody: {
        kind: 'say',
        say: both('Tous nos consultants sont occupés.', 'All our consultants are busy.'),
        next: { then: 'message' },
      },
      message: {
        kind: 'voicemail',
        box: 'callbacks',
        say: both(
          'Dites votre nom et quand vous rappeler, après le bip, puis tapez dièse.',
          'Say your name and when to call you back after the tone, then press hash.',
        ),
        empty: both('Nous n’avons rien entendu.', 'We did not hear anything.'),
        kept: both('C’est noté.', 'We have noted that.'),
        next: { then: 'goodbye' },
      },
      goodbye: { kind: 'hang_up', say: both('Merci et à bientôt.', 'Thank you, goodbye.') },
    },
  }),
};
