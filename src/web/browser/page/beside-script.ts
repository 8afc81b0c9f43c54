// What a one-line script of ours puts beside itself on a merchant's own page.

/** Those that carry `data-<attribute>` and come from an address of ours. */
export function eachScript(
  attribute: string,
  ours: RegExp,
  place: (script: HTMLScriptElement) => void,
): void {
  for (const script of document.querySelectorAll<HTMLScriptElement>(`script[data-${attribute}]`)) {
    // Several on a page share one script address: whichever runs first serves those already there.
    if (script.dataset['ringmeter'] === 'done' || !ours.test(script.src)) continue;
    script.dataset['ringmeter'] = 'done';
    place(script);
  }
}

export function languageOf(script: HTMLScriptElement): 'fr' | 'en' {
  const asked = script.dataset['lang'] ?? document.documentElement.lang;
  return asked.toLowerCase().startsWith('fr') ? 'fr' : 'en';
}

/** `data-color`, where it is one. */
export function fillOf({ dataset: { color } }: HTMLScriptElement): string {
  return color !== undefined && /^#[0-9a-f]{6}$/i.test(color) ? color : '#0b5cad';
}

/** A shadow keeps the merchant's styles and ours apart; a constructed sheet needs no leave from his security policy. */
export function shadowBeside(script: HTMLScriptElement, styles: string): ShadowRoot {
  const host = document.createElement('span');
  const shadow = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  shadow.adoptedStyleSheets = [sheet];
  script.after(host);
  return shadow;
}
