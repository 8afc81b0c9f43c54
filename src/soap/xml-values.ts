// Values to XML and back, by the shapes of a WSDL. Reading is strict about names and types and says in one sentence where
// something is wrong, without quoting it; only the order of elements is let go, which hand-written code gets wrong.

import { noCharacter, type XmlElement } from '../xml/xml-reader.ts';
import type { SimpleShape, XmlShape } from './xml-shapes.ts';

/** A list where the field may be repeated. Decimals and instants are text; an absent field is not there. */
export type XmlValue =
  string | number | boolean | readonly XmlValue[] | { readonly [name: string]: XmlValue };

export type ReadValue = { value: XmlValue } | { wrong: string };

const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance';

/**
 * One element with its namespace declared on it, its fields in the WSDL's order. Fields the WSDL does not have are left out;
 * throws (a bug) where one it must have is missing.
 */
export function writeElement(
  name: string,
  namespace: string,
  shape: XmlShape,
  value: XmlValue | undefined,
): string {
  return `<${name} xmlns="${escaped(namespace)}">${content(name, shape, value)}</${name}>`;
}

function content(place: string, shape: XmlShape, value: XmlValue | undefined): string {
  if (!('fields' in shape)) return escaped(`${value as string | number | boolean}`);
  const values = (value ?? {}) as Readonly<Record<string, XmlValue | undefined>>;
  return shape.fields
    .map((field) => {
      const given = values[field.name];
      if (given === undefined) {
        if (!field.optional) throw new Error(`${place} cannot be written without ${field.name}.`);
        return '';
      }
      const list = Array.isArray(given) ? (given as XmlValue[]) : [given];
      return list
        .slice(0, field.most)
        .map((one) => `<${field.name}>${content(field.name, field.shape, one)}</${field.name}>`)
        .join('');
    })
    .join('');
}

/** For element content and attribute values; what is no character of XML becomes the replacement character. */
export function escaped(text: string): string {
  return text
    .replace(new RegExp(noCharacter, 'gu'), '\uFFFD')
    .replace(/[&<>"\r]/g, (character) => escapes[character] ?? character);
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // Written plainly a reader would turn it into a line feed (XML 1.0, 2.11).
  '\r': '&#13;',
};

/** `wrong`: a sentence's worth, such as `recognition/talkLimitSeconds must be a whole number from 0 to 86400`. */
export function readValue(element: XmlElement, namespace: string, shape: XmlShape, place = ''): ReadValue {
  const here = place === '' ? element.name : place;
  if (!('fields' in shape)) {
    if (element.children.length > 0) return { wrong: `${here} holds elements where a value is expected` };
    return readSimple(element.text, shape, here);
  }
  if (element.text.trim() !== '') return { wrong: `${here} holds text where elements are expected` };
  const value: Record<string, XmlValue> = {};
  for (const child of element.children) {
    const field = shape.fields.find(({ name }) => name === child.name);
    if (!field) return { wrong: `${here} has an element that it does not have in the WSDL` };
    if (child.namespace !== namespace) {
      return { wrong: `${here}/${field.name} must be in the namespace ${namespace}` };
    }
    if (field.optional && isNil(child)) continue;
    const read = readValue(
      child,
      namespace,
      field.shape,
      place === '' ? field.name : `${place}/${field.name}`,
    );
    if ('wrong' in read) return read;
    const before = value[field.name] as XmlValue[] | undefined;
    if ((before === undefined ? 0 : field.most > 1 ? before.length : 1) >= field.most) {
      return {
        wrong: `${here}/${field.name} is there more than ${field.most === 1 ? 'once' : `${field.most} times`}`,
      };
    }
    value[field.name] = field.most > 1 ? [...(before ?? []), read.value] : read.value;
  }
  const missing = shape.fields.find(({ name, optional }) => !optional && value[name] === undefined);
  return missing ? { wrong: `${here} has no ${missing.name}` } : { value };
}

function isNil(element: XmlElement): boolean {
  return element.attributes.some(
    ({ namespace, name, value }) =>
      namespace === schemaInstance && name === 'nil' && (value === 'true' || value === '1'),
  );
}

function readSimple(raw: string, shape: SimpleShape, place: string): ReadValue {
  const text = shape.keepsBlanks ? raw : raw.trim().replace(/\s+/g, ' ');
  const wrong = (must: string): ReadValue => ({ wrong: `${place} must be ${must}` });
  switch (shape.kind) {
    case 'text':
      break;
    case 'boolean':
      if (text === 'true' || text === '1') return { value: true };
      return text === 'false' || text === '0' ? { value: false } : wrong('true or false');
    case 'whole': {
      const bounds = `a whole number from ${shape.least ?? ''} to ${shape.most ?? ''}`;
      const number = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      return isWithin(number, shape) ? { value: number === 0 ? 0 : number } : wrong(bounds);
    }
    case 'decimal':
      return readDecimal(text, shape) ?? wrong('a decimal number such as 25.00');
    case 'instant': {
      const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text);
      if (!isInstant || Number.isNaN(Date.parse(text)))
        return wrong('an instant in UTC such as 2025-11-21T12:00:00Z');
      return { value: text };
    }
  }
  if (shape.among && !shape.among.includes(text)) return wrong(`one of ${shape.among.join(', ')}`);
  if (shape.pattern && !shape.pattern.test(text)) return wrong('as its type in the WSDL says');
  // XSD counts characters, not halves of them.
  const length = Array.from(text).length;
  const { lengthMin = 0, lengthMax = Infinity } = shape;
  if (length < lengthMin || length > lengthMax) return wrong(`${lengthMin} to ${lengthMax} characters long`);
  return { value: text };
}

function isWithin(number: number, { least = -Infinity, most = Infinity }: SimpleShape): boolean {
  return Number.isSafeInteger(number) && number >= least && number <= most;
}

/** As text with digits on both sides of its point, if any: `+.5` is 0.5 to XSD, and `25.` is 25. */
function readDecimal(text: string, shape: SimpleShape): { value: string } | undefined {
  const parts = /^([+-]?)0*(\d*)(?:\.(\d*))?$/.exec(text);
  if (!parts || !/\d/.test(text)) return undefined;
  const [, sign, whole = '', written = ''] = parts;
  const { digitsMax = 30, decimalsMax = 30 } = shape;
  // Zeros at the end say nothing to XSD; as many are kept as a currency could have.
  const decimals = written.length > decimalsMax ? written.replace(/0+$/, '') : written;
  if (decimals.length > decimalsMax || whole.length + decimals.length > digitsMax) return undefined;
  const isZero = !/[1-9]/.test(whole + decimals);
  if (sign === '-' && !isZero && (shape.least ?? -Infinity) >= 0) return undefined;
  const minus = sign === '-' && !isZero ? '-' : '';
  return { value: `${minus}${whole === '' ? '0' : whole}${decimals === '' ? '' : `.${decimals}`}` };
}
