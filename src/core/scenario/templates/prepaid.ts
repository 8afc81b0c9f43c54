// Who has bought time before: known by his number, else by his code; he hears how long he has, and is cut there.

import { both, type ScenarioTemplate } from './template.ts';

export const prepaid: ScenarioTemplate = {
  title: { fr: 'Prépayé, par numéro ou par code', en: 'Prepaid, by number or by code' },
  description: {
    fr: 'Reconnaît l’appelant par son numéro ou son code client, annonce le temps qui lui reste, puis le met en relation jusque-là.',
    en: 'Knows the caller by his number or his client code, says how much time he has left, then puts him through for as long.',
  },
  needs: ['line'],
  graph: ({ line }) => ({
    start: 'who',
    blocks: {
      who: {
        kind: 'recognize',
        by: 'number_then_code',
        tries: 3,
        next: { known: 'limited', unknown: 'unknown', refused: 'refused', away: 'away' },
      },
      limited: {
        kind: 'condition',
        test: { value: '{call.seconds}', isEmpty: true },
        next: { yes: 'ring', no: 'credit' },
      },
      credit: {
        kind: 'say',
        say: [...both('Il vous reste', 'You have'), { duration: '{call.seconds}' }, ...both('.', 'left.')],
        next: { then: 'ring' },
      },
      ring: {
        kind: 'ring',
        to: { line },
        ringSeconds: 30,
        next: { talked: 'goodbye', limit_reached: 'used', unavailable: 'nobody' },
      },
      used: {
        kind: 'hang_up',
        say: both(
          'Votre crédit est épuisé. Rechargez-le sur notre site, et rappelez-nous.',
          'Your credit is used up. Top it up on our site, and call again.',
        ),
      },
      nobody: {
        kind: 'hang_up',
        say: both(
          'Personne ne peut vous répondre maintenant. Rien n’a été pris sur votre crédit.',
          'Nobody can take your call just now. Nothing was taken from your credit.',
        ),
      },
      unknown: {
        kind: 'hang_up',
        say: both(
          'Nous ne vous avons pas reconnu. Votre code figure sur votre reçu.',
          'We could not recognize you. Your code is on your receipt.',
        ),
      },
      refused: {
        kind: 'hang_up',
        say: both(
          'Votre crédit ne permet pas cet appel. Rechargez-le sur notre site.',
          'Your credit does not allow this call. Top it up on our site.',
        ),
      },
      away: {
        kind: 'hang_up',
        say: both(
          'Nous ne pouvons pas consulter votre crédit pour le moment. Rappelez dans quelques minutes.',
          'We cannot look at your credit just now. Please call again in a few minutes.',
        ),
      },
      goodbye: { kind: 'hang_up', say: both('Merci et à bientôt.', 'Thank you, goodbye.') },
    },
  }),
};
