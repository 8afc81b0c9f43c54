// The sentences of the form for access codes on merchants' own pages, apart from all others: its script must carry nothing it
// does not show.

export const accessTexts = {
  fr: { 'access.code': 'Code d’accès', 'access.open': 'Ouvrir' },
  en: { 'access.code': 'Access code', 'access.open': 'Open' },
} as const;
