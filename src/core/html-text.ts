// Text as it may stand in HTML, between tags or within the quotes of an attribute.

const signs: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** No sign of it is markup any more: callers and merchants choose some of what we print. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign);
}
