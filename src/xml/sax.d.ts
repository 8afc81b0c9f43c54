// sax 1.6 ships no types. Only what xml-reader uses is declared.
declare module 'sax' {
  interface SaxTag {
    local: string;
    uri: string;
    attributes: Record<string, { local: string; uri: string; prefix: string; value: string }>;
    /** Prefixes in force at this element; the ones of its parents are on the prototype. */
    ns: Record<string, string>;
  }

  interface SaxParser {
    onerror: (error: Error) => void;
    ontext: (text: string) => void;
    oncdata: (text: string) => void;
    ondoctype: (text: string) => void;
    onprocessinginstruction: (instruction: { name: string; body: string }) => void;
    /** Each of an element's, before its `onopentag`; `name` with its prefix. */
    onattribute: (attribute: { name: string }) => void;
    onopentag: (tag: SaxTag) => void;
    onclosetag: (name: string) => void;
    write(text: string): SaxParser;
    close(): SaxParser;
  }

  const sax: {
    parser(
      strict: true,
      options: { xmlns: true; strictEntities: true; position: false; maxEntityCount?: number },
    ): SaxParser;
  };
  export default sax;
}
