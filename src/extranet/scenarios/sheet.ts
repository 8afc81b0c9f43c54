// The look of these pages. It comes with them, and is put beside the first load's as a sheet of the document's own: the page's policy
// lets nothing be written into it.

import text from './scenarios.css?text';

const sheet = new CSSStyleSheet();
sheet.replaceSync(text);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
