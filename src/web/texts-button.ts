// The sentences of the one-line button, apart from all others: its script is loaded by merchants' pages and must carry
// nothing it does not show.

export const buttonTexts = {
  fr: {
    'button.label': 'Appeler maintenant',
    'button.dialog': 'Appel et paiement',
    'button.close': 'Fermer',
  },
  en: {
    'button.label': 'Call now',
    'button.dialog': 'Call and payment',
    'button.close': 'Close',
  },
} as const;
