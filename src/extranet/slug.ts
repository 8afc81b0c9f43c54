// Names in links, made of names for people.

/** `Heures d’été` is `heures-d-ete`; at most 63 signs, empty where nothing of it can be in a link. */
export function slugOf(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 63)
    .replace(/-$/, '');
}

export const soundPath = (slug: string): string => `/v1/sounds/${encodeURIComponent(slug)}`;
