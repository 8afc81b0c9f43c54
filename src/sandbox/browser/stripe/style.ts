// The style a page gives its card fields, made into a style sheet inside the frame. Only what Stripe lets pages set, so
// that nobody draws over the field what it is not. Not here: the page's own style sheet.

import type { FieldOptions, StyleRules } from './protocol.ts';

const properties = [
  'backgroundColor',
  'color',
  'fontFamily',
  'fontSize',
  'fontSmoothing',
  'fontStyle',
  'fontVariant',
  'fontWeight',
  'iconColor',
  'letterSpacing',
  'lineHeight',
  'padding',
  'textAlign',
  'textDecoration',
  'textShadow',
  'textTransform',
];
const pseudos = [':hover', ':focus', '::placeholder', '::selection', ':-webkit-autofill', ':disabled'];

export function styleSheetOf(style: FieldOptions['style']): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  const states = {
    base: '',
    empty: '[data-state=empty]',
    complete: '[data-state=complete]',
    invalid: '[data-state=invalid]',
  };
  for (const state of ['base', 'empty', 'complete', 'invalid'] as const) {
    const rules = style[state];
    if (rules === undefined) continue;
    addRule(sheet, `input${states[state]}`, rules);
    for (const pseudo of pseudos) {
      const nested = rules[pseudo];
      if (typeof nested === 'object' && nested !== null) {
        addRule(sheet, `input${states[state]}${pseudo}`, nested as StyleRules);
      }
    }
    if (typeof rules['iconColor'] === 'string') addRule(sheet, '.brand', { color: rules['iconColor'] });
  }
  return sheet;
}

function addRule(sheet: CSSStyleSheet, selector: string, rules: StyleRules): void {
  const position = sheet.insertRule(`${selector} {}`, sheet.cssRules.length);
  const rule = sheet.cssRules[position];
  if (!(rule instanceof CSSStyleRule)) return;
  for (const [name, value] of Object.entries(rules)) {
    if (!properties.includes(name) || (typeof value !== 'string' && typeof value !== 'number')) continue;
    const property = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    // Through the object model: a value that is no value is dropped, and no second rule can hide in one.
    rule.style.setProperty(property, String(value));
  }
}
