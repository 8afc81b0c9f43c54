// The look: the demonstration's greens, the caller teal, the consultant vermilion; paper on a grey-green ground, and the
// same at night. The contrast of each pair is held to WCAG AA by a test that looks at every page.

import {
  createTheme,
  type CSSVariablesResolver,
  defaultCssVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

const teal: MantineColorsTuple = [
  '#e7f6f3',
  '#cfece6',
  '#a0dacf',
  '#6cc7b6',
  '#40b7a2',
  '#229f8b',
  '#128a78',
  '#096f61',
  '#086156',
  '#064a42',
];
const vermilion: MantineColorsTuple = [
  '#fdeee7',
  '#fad9ca',
  '#f6b596',
  '#ff9a6c',
  '#e9713f',
  '#d4592a',
  '#c54c20',
  '#b8431a',
  '#963614',
  '#722810',
];
/** From the lightest text to the ground, with the green of the rest in it. */
const dark: MantineColorsTuple = [
  '#e3ece9',
  '#c6d3cf',
  '#a3bab2',
  '#85998f',
  '#40534c',
  '#324540',
  '#23332e',
  '#182622',
  '#111d19',
  '#0b1512',
];

export const theme = createTheme({
  colors: { teal, vermilion, dark },
  primaryColor: 'teal',
  // White stands on it by day and by night.
  primaryShade: 7,
  black: '#10211d',
  defaultRadius: 'md',
  radius: { md: '10px', lg: '16px' },
  fontFamily: "ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  headings: { fontWeight: '700' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'md' } },
    TextInput: { defaultProps: { size: 'md' } },
    PasswordInput: { defaultProps: { size: 'md' } },
    NativeSelect: { defaultProps: { size: 'md' } },
    Textarea: { defaultProps: { size: 'md' } },
    Modal: { defaultProps: { centered: true, radius: 'lg' } },
  },
});

export const variables: CSSVariablesResolver = (given) => {
  const usual = defaultCssVariablesResolver(given);
  return {
    variables: usual.variables,
    light: {
      ...usual.light,
      '--mantine-color-body': '#fbfcfb',
      '--mantine-color-dimmed': '#4c5f59',
      '--mantine-color-placeholder': '#66776f',
      '--mantine-color-error': '#a8201a',
    },
    dark: { ...usual.dark, '--mantine-color-dimmed': '#a3bab2', '--mantine-color-placeholder': '#8fa59d' },
  };
};
