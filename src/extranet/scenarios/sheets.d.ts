/** A style sheet as text: whoever loads it puts it on the page (sheet.ts). */
declare module '*.css?text' {
  const sheet: string;
  export default sheet;
}
