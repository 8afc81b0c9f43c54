// Reading XML that others wrote: SOAP and the answers of scripts, within bounds. No DOCTYPE (so no entities but the five of
// XML, nothing fetched, nothing expanded), no processing instructions (SOAP 1.1, 3; WS-I BP 1.1, R1008, R1009), UTF-8 only.
// Pure, and a language as JSON is one: it knows nobody.
//
// On sax, which tokenizes and resolves prefixes, rather than on the `soap` package: that one has no bound on what it reads,
// makes floats of decimals, puts stacks into faults and brings an HTTP client of its own past the checks of
// merchants/outbound.

import sax from 'sax';

export interface XmlElement {
  /** Empty: none. */
  namespace: string;
  name: string;
  attributes: readonly { namespace: string; name: string; value: string }[];
  children: readonly XmlElement[];
  /** Of this element itself, without that of its children. */
  text: string;
  /** The namespace a prefix stands for here: names within values (`soap:Client`) use it. */
  namespaceOf(prefix: string): string | undefined;
}

export type ReadXml = { root: XmlElement } | { refused: string };

export interface XmlBounds {
  elementsMax: number;
  depthMax: number;
  /** Of one element. */
  attributesMax: number;
}

/** A SOAP message of ours has some 50 elements, six deep; generated code adds a few. A WSDL has some 500. */
const soapBounds: XmlBounds = { elementsMax: 5_000, depthMax: 24, attributesMax: 50 };

class Refused extends Error {}

interface Open {
  element: XmlElement & { children: XmlElement[]; text: string };
}

/** `refused` is a sentence for the developer on the other side; it quotes no text of the document. */
export function readXml(
  text: string,
  { elementsMax, depthMax, attributesMax }: XmlBounds = soapBounds,
): ReadXml {
  const parser = sax.parser(true, { xmlns: true, strictEntities: true, position: false, maxEntityCount: 0 });
  const open: Open[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  let names = new Set<string>();

  parser.onerror = () => {
    // sax's own words quote the document.
    throw new Refused('it is not well-formed XML');
  };
  parser.ondoctype = () => {
    throw new Refused('it has a DOCTYPE, which is not read here');
  };
  parser.onprocessinginstruction = ({ name, body }) => {
    if (name !== 'xml') throw new Refused('it has a processing instruction, which is not read here');
    const encoding = /encoding\s*=\s*["']([^"']*)["']/.exec(body)?.[1];
    if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding)) {
      throw new Refused('its XML declaration names an encoding other than UTF-8');
    }
  };
  parser.onattribute = ({ name }) => {
    // sax keeps an element's attributes as members of an object: the last of the same name, and none of this one.
    if (names.has(name)) throw new Refused('one of its elements has the same attribute twice');
    if (name === '__proto__') throw new Refused('it has an attribute of a name that is not read here');
    names.add(name);
  };
  parser.onopentag = (tag) => {
    names = new Set();
    elements += 1;
    if (elements > elementsMax) throw new Refused(`it has more than ${elementsMax} elements`);
    if (open.length >= depthMax) throw new Refused(`its elements lie more than ${depthMax} deep`);
    const attributes = Object.values(tag.attributes)
      .filter(({ prefix, local }) => prefix !== 'xmlns' && local !== 'xmlns')
      .map(({ uri, local, value }) => ({ namespace: uri, name: local, value: whole(value) }));
    if (attributes.length > attributesMax) throw new Refused('one of its elements has too many attributes');
    const prefixes = tag.ns;
    const element = {
      namespace: tag.uri,
      name: tag.local,
      attributes,
      children: [],
      text: '',
      namespaceOf: (prefix: string) => prefixes[prefix],
    };
    const parent = open.at(-1);
    if (parent) parent.element.children.push(element);
    else if (root) throw new Refused('it holds more than one element at its top');
    else root = element;
    open.push({ element });
  };
  parser.onclosetag = () => {
    open.pop();
  };
  const onText = (piece: string): void => {
    const inside = open.at(-1);
    if (inside) inside.element.text += whole(piece);
  };
  parser.ontext = onText;
  parser.oncdata = onText;

  try {
    parser.write(text.startsWith('\uFEFF') ? text.slice(1) : text).close();
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
  return root ? { root } : { refused: 'it holds no element' };
}

/**
 * XML 1.0, 2.2: what is no character; controls but tab, line feed and return, and halves of characters. A reference such as
 * `&#0;` is how they would come in.
 */
export const noCharacter = /[^\P{Cc}\t\n\r\x7F-\x9F]|[\p{Surrogate}\uFFFE\uFFFF]/u;

function whole(text: string): string {
  if (noCharacter.test(text)) throw new Refused('it holds a character that XML does not allow');
  return text;
}
