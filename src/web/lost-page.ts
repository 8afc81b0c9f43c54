// The page of somebody who is nowhere: a link that leads to nothing, or an answer that could not be made. In the house's
// own words and without a merchant's colours: whose page it would have been is not known here.

import type { Language } from '../core/ids.ts';
import type { ProblemKind } from './problem-kinds.ts';

const texts: Record<
  Language,
  { lost: [string, string]; away: [string, string]; broken: [string, string]; name: string }
> = {
  en: {
    lost: [
      'This page does not exist',
      'Check the link for a missing piece, or go back to the site that led you here.',
    ],
    away: ['Not available for a moment', 'Nothing was charged. Load this page again in a few seconds.'],
    broken: [
      'Something went wrong here',
      'The mistake is ours and was noted. Load this page again in a minute; a call that was paid for goes on without it.',
    ],
    name: 'Request',
  },
  fr: {
    lost: [
      'Cette page n’existe pas',
      'Vérifiez que le lien est complet, ou revenez au site qui vous a amené ici.',
    ],
    away: [
      'Indisponible pour un moment',
      'Rien n’a été débité. Rechargez cette page dans quelques secondes.',
    ],
    broken: [
      'Une erreur s’est produite chez nous',
      'L’erreur est de notre côté et a été notée. Rechargez cette page dans une minute ; un appel payé se poursuit sans elle.',
    ],
    name: 'Demande',
  },
};

/** `requestId` is one of ours or was checked: letters, digits, dashes. */
export function lostPage(kind: ProblemKind, language: Language, requestId: string, nonce: string): string {
  const said = texts[language];
  const [title, detail] =
    kind === 'database-away' ? said.away : kind === 'unexpected' ? said.broken : said.lost;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style nonce="${nonce}">
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.0625rem/1.6 system-ui, sans-serif; }
main { max-width: 32rem; padding: 2rem 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.75rem; }
p { margin: 0 0 0.75rem; }
small { opacity: 0.7; overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${detail}</p>
<small>${said.name} ${requestId}</small>
</main>
</body>
</html>
`;
}
