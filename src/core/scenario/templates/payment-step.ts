// How callers of a template pay: on our page, by a link that is sent to them, or, where the merchant chooses it, by a card they key. The
// link is the usual way, because no card passes the merchant's telephones then. A card that pays on a page only is sent one, too.

import { both, type TemplateFill } from './template.ts';

const byLink = (sale: string, next: object): object => ({
  kind: 'payment_link',
  line: sale,
  by: 'sms',
  waitSeconds: 300,
  say: both(
    'Nous vous envoyons un lien de paiement par message. Restez en ligne, nous continuons dès que c’est réglé.',
    'We are sending you a link to pay by text message. Stay on the line, we go on as soon as it is paid.',
  ),
  next,
});

/**
 * The blocks of it, entered by `pay`. `keyed`: what a keyed card pays, the sale of the link unless something else is named. `paid`,
 * `linkPaid`: where it leads once it is paid, by a card that was keyed and by the link. Nothing paid leads to `message`.
 */
export function paymentStep(
  { sale, payment }: Pick<TemplateFill, 'sale' | 'payment'>,
  { keyed = sale, paid, linkPaid = paid, message }: PaymentWays,
): Record<string, object> {
  const link = byLink(sale, { paid: linkPaid, not_paid: 'not-paid', not_sent: 'not-sent' });
  const unpaid = {
    'not-paid': {
      kind: 'say',
      say: both(
        'Aucun paiement n’est arrivé : rien n’a été débité.',
        'No payment came: nothing was charged.',
      ),
      next: { then: message },
    },
    'not-sent': {
      kind: 'say',
      say: both(
        'Nous ne pouvons pas vous envoyer de message sur ce téléphone.',
        'We cannot send a text message to this telephone.',
      ),
      next: { then: message },
    },
  };
  if (payment !== 'keypad') return { pay: link, ...unpaid };
  return {
    pay: {
      kind: 'card_payment',
      line: keyed,
      tries: 3,
      say: both(
        'Préparez votre carte bancaire : le montant vous est annoncé avant que vous la tapiez.',
        'Please have your card at hand: you hear the amount before you key it.',
      ),
      next: { paid, refused: 'refused', needs_page: 'link', given_up: 'other-way', not_taken: 'link' },
    },
    refused: {
      kind: 'say',
      say: both(
        'Votre carte n’a pas été acceptée : rien n’a été débité.',
        'Your card was not accepted: nothing was charged.',
      ),
      next: { then: 'other-way' },
    },
    'other-way': {
      kind: 'menu',
      say: both(
        'Payer plutôt par un lien envoyé sur votre téléphone, tapez 1. Nous laisser un message, tapez 2.',
        'To pay by a link sent to your telephone instead, press 1. To leave us a message, press 2.',
      ),
      keys: ['1', '2'],
      tries: 2,
      next: { key_1: 'link', key_2: message, otherwise: 'goodbye' },
    },
    link,
    ...unpaid,
  };
}

interface PaymentWays {
  keyed?: string;
  paid: string;
  linkPaid?: string;
  message: string;
}
