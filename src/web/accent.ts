// The merchant's colour, made readable. He chooses any; text, lines and focus rings keep the contrast WCAG 2.2 asks for
// (1.4.3: 4.5 to 1 for text, 1.4.11: 3 to 1 for what marks a control), on light and on dark.

export interface AccentColors {
  /** Background of the main button. */
  fill: string;
  /** Text on it. */
  onFill: string;
  /** Accent-coloured text on the page's background. */
  ink: string;
  /** Lines, rings and dots on the page's background. */
  line: string;
}

/** Must be the backgrounds page.css paints: the contrast is reckoned against the one that is harder to read on. */
const lightBackground = '#f4f5f7';
const darkBackground = '#1d2126';
const standardAccent = '#0b5cad';

/** What is not `#rrggbb` is not a colour of ours: the standard one is used. */
export function accentColors(accent: string | undefined): { light: AccentColors; dark: AccentColors } {
  const color = accent !== undefined && /^#[0-9a-f]{6}$/i.test(accent) ? accent : standardAccent;
  return { light: onBackground(color, lightBackground), dark: onBackground(color, darkBackground) };
}

function onBackground(accent: string, background: string): AccentColors {
  // A fill that melts into the page is no button; 1.6 keeps pale brand colours and still shows an edge beside the line.
  const fill = withContrast(accent, background, 1.6);
  return {
    fill,
    onFill: contrast(fill, '#ffffff') >= 4.5 ? '#ffffff' : '#000000',
    ink: withContrast(accent, background, 4.5),
    line: withContrast(accent, background, 3),
  };
}

/** The accent itself when it is far enough from the background, else as little darker or lighter as it takes. */
function withContrast(accent: string, background: string, least: number): string {
  const towards = luminance(background) > 0.18 ? 0 : 255;
  for (let share = 0; share <= 100; share += 2) {
    const mixed = mix(accent, towards, share / 100);
    if (contrast(mixed, background) >= least) return mixed;
  }
  return towards === 0 ? '#000000' : '#ffffff';
}

export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return ((light ?? 1) + 0.05) / ((dark ?? 0) + 0.05);
}

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(color: string, towards: number, share: number): string {
  const mixed = channels(color).map((value) => Math.round(value + (towards - value) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}
