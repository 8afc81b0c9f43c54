// The pages the sandbox's processor shows to people: a card field in its frame, and the bank's page of 3-D Secure. Each is
// plain HTML with a script and a style sheet of its own, under a policy that allows nothing else. Not here: what the
// fields do (browser/), what the bank's answer changes (processor-intents.ts).

import type { IntentRecord } from './processor-records.ts';

export type PageLanguage = 'fr' | 'en';

export function pageLanguage(asked: string | undefined): PageLanguage {
  return asked?.toLowerCase().startsWith('fr') === true ? 'fr' : 'en';
}

/**
 * Framed by any page, as Stripe's fields are; scripts and requests to ourselves only. Fonts, and the style sheets that
 * name them, are the merchant's.
 */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src *; connect-src 'self'; font-src * data:; img-src 'self' data:; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors *";

/** After the bank's answer the form's answer may lead back to the merchant, whom `form-action` would stop. */
export const authenticationPolicy = pagePolicy.replace("form-action 'self'; ", '');

export function cardFieldPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Sandbox card field</title>
<link rel="stylesheet" href="/stripe/assets/card-field.css">
</head>
<body>
<form id="field" novalidate></form>
<script src="/stripe/assets/card-field.js"></script>
</body>
</html>
`;
}

export const cardFieldStyle = `
* { box-sizing: border-box; margin: 0; padding: 0; }
html, body { height: 100%; background: transparent; overflow: hidden; }
form { display: flex; align-items: center; gap: 0.5em; height: 100%; }
input {
  flex: 1 1 auto; min-width: 0; width: 100%; height: 100%; border: 0; outline: 0; background: transparent;
  font: inherit; color: inherit; letter-spacing: inherit; text-align: inherit;
}
form:has(.number) input.expiry { flex: 0 0 4em; }
form:has(.number) input.cvc { flex: 0 0 2.8em; }
.brand, .ribbon { flex: 0 0 auto; font: 600 10px/1 system-ui, sans-serif; letter-spacing: 0.02em; }
.brand { min-width: 0; color: #475467; text-transform: uppercase; }
.ribbon { padding: 3px 5px; border-radius: 3px; background: #fde68a; color: #713f12; }
[hidden] { display: none; }
/* Three parts in one line of a phone: the number needs the room. */
@media (max-width: 480px) { form:has(.cvc) .brand { display: none; } }
`;

const bankTexts = {
  en: {
    title: 'Your bank asks: is this you?',
    explain: 'This page stands for your bank. Choose what the cardholder does.',
    amount: 'Amount',
    card: 'Card ending in',
    complete: 'Complete',
    fail: 'Fail',
    done: 'Done. You may close this page.',
    gone: 'This request is no longer open. Go back to the page you came from.',
  },
  fr: {
    title: 'Votre banque demande : est-ce bien vous ?',
    explain: 'Cette page tient lieu de votre banque. Choisissez ce que fait le porteur de la carte.',
    amount: 'Montant',
    card: 'Carte se terminant par',
    complete: 'Confirmer',
    fail: 'Échouer',
    done: 'C’est fait. Vous pouvez fermer cette page.',
    gone: 'Cette demande n’est plus ouverte. Revenez à la page d’où vous venez.',
  },
};

export const ribbonText = 'sandbox: no real money, no real calls';

export function authenticationPage(intent: IntentRecord, last4: string, language: PageLanguage): string {
  const texts = bankTexts[language];
  return bankPage(
    language,
    `<h1>${texts.title}</h1>
<p>${texts.explain}</p>
<dl>
<div><dt>${texts.amount}</dt><dd>${escaped(shownAmount(intent, language))}</dd></div>
<div><dt>${texts.card}</dt><dd>${escaped(last4)}</dd></div>
</dl>
<form method="post">
<button name="outcome" value="complete" class="complete">${texts.complete}</button>
<button name="outcome" value="fail" class="fail">${texts.fail}</button>
</form>`,
  );
}

/** Tells the page around it (browser/authentication.ts) that the bank has answered. */
export function authenticationDonePage(language: PageLanguage): string {
  return bankPage(language, `<p id="done">${bankTexts[language].done}</p>`, true);
}

export function authenticationGonePage(language: PageLanguage): string {
  return bankPage(language, `<p>${bankTexts[language].gone}</p>`, true);
}

function bankPage(language: PageLanguage, body: string, over = false): string {
  const script = over ? '<script src="/stripe/assets/authentication.js"></script>\n' : '';
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>3-D Secure</title>
<link rel="stylesheet" href="/stripe/assets/bank.css">
</head>
<body>
<p class="ribbon">${ribbonText}</p>
<main>
${body}
</main>
${script}</body>
</html>
`;
}

export const bankStyle = `
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #101828; background: #fff; }
.ribbon { margin: 0; padding: 6px 12px; background: #fde68a; color: #713f12; font-size: 13px; text-align: center; }
main { max-width: 420px; margin: 0 auto; padding: 24px; }
h1 { font-size: 20px; line-height: 1.3; margin: 0 0 8px; }
dl { margin: 20px 0; border-top: 1px solid #e4e7ec; }
dl div { display: flex; justify-content: space-between; padding: 10px 0; border-bottom: 1px solid #e4e7ec; }
dd { margin: 0; font-weight: 600; }
form { display: flex; gap: 12px; }
button {
  flex: 1; padding: 12px; font: inherit; font-weight: 600; border-radius: 8px; border: 1px solid #d0d5dd; background: #fff;
  color: inherit; cursor: pointer;
}
.complete { background: #175cd3; border-color: #175cd3; color: #fff; }
button:focus-visible { outline: 3px solid #84adff; outline-offset: 2px; }
`;

function shownAmount(intent: IntentRecord, language: PageLanguage): string {
  const format = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: intent.currency.toUpperCase(),
  });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(intent.amount / 10 ** decimals);
}

function escaped(text: string): string {
  const named: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => named[character] ?? '');
}
