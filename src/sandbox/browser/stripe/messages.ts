// What Stripe.js says to people, in French and English: labels, and errors by their code. Not here: when.

import type { FieldProblem } from './card-entry.ts';

export type FieldLanguage = 'fr' | 'en';

/** `locale` as given to Stripe(): `auto` asks the browser, what we do not speak becomes English. */
export function languageOf(locale: string | undefined): FieldLanguage {
  const asked = locale === undefined || locale === 'auto' ? navigator.language : locale;
  return asked.toLowerCase().startsWith('fr') ? 'fr' : 'en';
}

export interface Texts {
  number: string;
  expiry: string;
  cvc: string;
  expiryPlaceholder: string;
  cvcPlaceholder: string;
  frames: { card: string; cardNumber: string; cardExpiry: string; cardCvc: string };
  bankFrame: string;
  close: string;
  ribbon: string;
  connection: string;
  problems: Record<FieldProblem, string>;
  errors: Readonly<Record<string, string>>;
}

export const texts: Record<FieldLanguage, Texts> = {
  en: {
    number: 'Card number',
    expiry: 'Expiration date, month and year',
    cvc: 'Security code',
    expiryPlaceholder: 'MM / YY',
    cvcPlaceholder: 'CVC',
    frames: {
      card: 'Secure card payment input frame',
      cardNumber: 'Secure card number input frame',
      cardExpiry: 'Secure expiration date input frame',
      cardCvc: 'Secure CVC input frame',
    },
    bankFrame: 'Authentication by your bank',
    close: 'Cancel',
    ribbon: 'sandbox',
    connection: 'We could not reach the card processor. Check your connection and try again.',
    problems: {
      incomplete_number: 'Your card number is incomplete.',
      invalid_number: 'Your card number is invalid.',
      incomplete_expiry: "Your card's expiration date is incomplete.",
      invalid_expiry_month_past: "Your card's expiration date is in the past.",
      invalid_expiry_year_past: "Your card's expiration year is in the past.",
      invalid_expiry_year: "Your card's expiration year is invalid.",
      incomplete_cvc: "Your card's security code is incomplete.",
    },
    errors: {
      card_declined: 'Your card was declined.',
      insufficient_funds: 'Your card has insufficient funds.',
      expired_card: 'Your card has expired.',
      incorrect_cvc: "Your card's security code is incorrect.",
      invalid_cvc: "Your card's security code is invalid.",
      incorrect_number: 'Your card number is incorrect.',
      invalid_number: 'Your card number is invalid.',
      processing_error: 'An error occurred while processing your card. Try again in a little bit.',
      card_velocity_exceeded: 'Your card was declined for making repeated attempts too frequently.',
      test_mode_live_card:
        'This is a sandbox: use a test card such as 4242 4242 4242 4242. No real card is taken.',
      payment_intent_authentication_failure:
        'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
    },
  },
  fr: {
    number: 'Numéro de carte',
    expiry: 'Date d’expiration, mois et année',
    cvc: 'Code de sécurité',
    expiryPlaceholder: 'MM / AA',
    cvcPlaceholder: 'CVC',
    frames: {
      card: 'Cadre de saisie sécurisé pour le paiement par carte',
      cardNumber: 'Cadre de saisie sécurisé du numéro de carte',
      cardExpiry: 'Cadre de saisie sécurisé de la date d’expiration',
      cardCvc: 'Cadre de saisie sécurisé du code CVC',
    },
    bankFrame: 'Authentification par votre banque',
    close: 'Annuler',
    ribbon: 'sandbox',
    connection: 'Le service de paiement ne répond pas. Vérifiez votre connexion, puis essayez de nouveau.',
    problems: {
      incomplete_number: 'Votre numéro de carte est incomplet.',
      invalid_number: 'Votre numéro de carte n’est pas valide.',
      incomplete_expiry: 'La date d’expiration de votre carte est incomplète.',
      invalid_expiry_month_past: 'La date d’expiration de votre carte est passée.',
      invalid_expiry_year_past: 'L’année d’expiration de votre carte est passée.',
      invalid_expiry_year: 'L’année d’expiration de votre carte n’est pas valide.',
      incomplete_cvc: 'Le code de sécurité de votre carte est incomplet.',
    },
    errors: {
      card_declined: 'Votre carte a été refusée.',
      insufficient_funds: 'Votre carte ne dispose pas de fonds suffisants.',
      expired_card: 'Votre carte a expiré.',
      incorrect_cvc: 'Le code de sécurité de votre carte est incorrect.',
      invalid_cvc: 'Le code de sécurité de votre carte n’est pas valide.',
      incorrect_number: 'Le numéro de votre carte est incorrect.',
      invalid_number: 'Le numéro de votre carte n’est pas valide.',
      processing_error:
        'Une erreur est survenue pendant le traitement de votre carte. Essayez de nouveau dans un instant.',
      card_velocity_exceeded: 'Votre carte a été refusée après des tentatives trop rapprochées.',
      test_mode_live_card:
        'Ceci est un bac à sable : utilisez une carte de test comme 4242 4242 4242 4242. Aucune vraie carte n’est acceptée.',
      payment_intent_authentication_failure:
        'Nous ne parvenons pas à authentifier votre moyen de paiement. Choisissez-en un autre et essayez de nouveau.',
    },
  },
};

/** In the person's language where we have it, else as the API said it. */
export function errorText(
  language: FieldLanguage,
  error: { code?: string; decline_code?: string; message?: string },
): string {
  const known = texts[language].errors;
  const code = [error.decline_code, error.code].find(
    (each) => each !== undefined && Object.hasOwn(known, each),
  );
  return (code === undefined ? undefined : known[code]) ?? error.message ?? '';
}
