// What a WSDL says about its messages, read from the WSDL itself: it is the contract others generate their code from, so it
// is also what we write and check by. Here: the part of XML Schema our own two files use; anything else in them is a bug
// that shows at the start. What comes over the wire is read by these shapes in xml-values.

import { readXml, type XmlElement } from '../xml/xml-reader.ts';

/** `text`: words. `instant`: ISO 8601 in UTC, as text. `decimal`: as text too, since a float is not the amount. */
export type XmlKind = 'text' | 'whole' | 'decimal' | 'boolean' | 'instant';

export interface SimpleShape {
  kind: XmlKind;
  /** Only of words: whether blanks around it belong to it (xs:string) or not (xs:token). */
  keepsBlanks: boolean;
  pattern?: RegExp;
  among?: readonly string[];
  lengthMin?: number;
  lengthMax?: number;
  least?: number;
  most?: number;
  digitsMax?: number;
  decimalsMax?: number;
}

export interface Field {
  name: string;
  shape: XmlShape;
  optional: boolean;
  /** More than 1: it may be repeated, and is a list in our values. */
  most: number;
}

export type XmlShape = { fields: readonly Field[] } | SimpleShape;

export interface WsdlMessages {
  /** Of every element that messages are made of. */
  namespace: string;
  /** By the name of the message's element: `recognizeCaller`, `recognizeCallerResponse`, `fault`. */
  shape(element: string): XmlShape;
  /** Of every operation, its `soapAction`. */
  operations: ReadonlyMap<string, string>;
}

const xsd = 'http://www.w3.org/2001/XMLSchema';
const wsdl = 'http://schemas.xmlsoap.org/wsdl/';
const wsdlSoap = 'http://schemas.xmlsoap.org/wsdl/soap/';

/** Throws (a bug in our own file) on what this does not know. */
export function readWsdl(text: string): WsdlMessages {
  const read = readXml(text);
  if ('refused' in read) throw new Error(`The WSDL cannot be read: ${read.refused}.`);
  const schema = only(only(read.root, wsdl, 'types'), xsd, 'schema');
  const namespace = attribute(schema, 'targetNamespace');
  const types = new Map(
    schema.children
      .filter(({ name }) => name === 'simpleType' || name === 'complexType')
      .map((type) => [attribute(type, 'name'), type]),
  );
  const shapes = new Map(
    schema.children
      .filter(({ name }) => name === 'element')
      .map((element) => [attribute(element, 'name'), shapeOf(element, types)]),
  );
  const operations = new Map(
    named(only(read.root, wsdl, 'binding'), wsdl, 'operation').map((operation) => [
      attribute(operation, 'name'),
      attribute(only(operation, wsdlSoap, 'operation'), 'soapAction'),
    ]),
  );
  return {
    namespace,
    operations,
    shape: (element) => {
      const shape = shapes.get(element);
      if (!shape) throw new Error(`The WSDL of ${namespace} has no element ${element}.`);
      return shape;
    },
  };
}

type Types = ReadonlyMap<string, XmlElement>;

/** Of an element: what its `type` names, or what is written inside it. */
function shapeOf(element: XmlElement, types: Types): XmlShape {
  const type = element.attributes.find(({ name }) => name === 'type')?.value;
  if (type === undefined) {
    const inside = element.children.find(({ name }) => name === 'complexType' || name === 'simpleType');
    if (!inside) throw new Error('An element of the WSDL has no type.');
    return shapeOfType(inside, types);
  }
  const local = localOf(type);
  const ours = types.get(local);
  if (type.startsWith('xs:')) return builtIn(local);
  if (!ours) throw new Error(`The WSDL has no type ${type}.`);
  return shapeOfType(ours, types);
}

function shapeOfType(type: XmlElement, types: Types): XmlShape {
  if (type.name === 'simpleType') return simpleOf(only(type, xsd, 'restriction'));
  const fields = named(only(type, xsd, 'sequence'), xsd, 'element').map((element): Field => {
    const occurs = (which: string): number =>
      Number(element.attributes.find(({ name }) => name === which)?.value ?? '1');
    return {
      name: attribute(element, 'name'),
      shape: shapeOf(element, types),
      optional: occurs('minOccurs') === 0,
      most: occurs('maxOccurs'),
    };
  });
  return { fields };
}

function simpleOf(restriction: XmlElement): SimpleShape {
  const facet = (which: string): string | undefined => {
    const found = named(restriction, xsd, which)[0];
    return found && attribute(found, 'value');
  };
  const number = (which: string): number | undefined => {
    const value = facet(which);
    return value === undefined ? undefined : Number(value);
  };
  const pattern = facet('pattern');
  const among = named(restriction, xsd, 'enumeration').map((one) => attribute(one, 'value'));
  const facets = {
    lengthMin: number('minLength'),
    lengthMax: number('maxLength'),
    least: number('minInclusive'),
    most: number('maxInclusive'),
    digitsMax: number('totalDigits'),
    decimalsMax: number('fractionDigits'),
  };
  return {
    ...builtIn(localOf(attribute(restriction, 'base'))),
    ...(pattern === undefined ? {} : { pattern: new RegExp(`^(?:${pattern})$`, 'u') }),
    ...(among.length === 0 ? {} : { among }),
    ...Object.fromEntries(Object.entries(facets).filter(([, value]) => value !== undefined)),
  };
}

function builtIn(name: string): SimpleShape {
  switch (name) {
    case 'string':
      return { kind: 'text', keepsBlanks: true };
    case 'token':
    case 'anyURI':
      return { kind: 'text', keepsBlanks: false };
    case 'int':
    case 'long':
      return { kind: 'whole', keepsBlanks: false };
    case 'decimal':
      return { kind: 'decimal', keepsBlanks: false };
    case 'boolean':
      return { kind: 'boolean', keepsBlanks: false };
    case 'dateTime':
      return { kind: 'instant', keepsBlanks: false };
    default:
      throw new Error(`The WSDL uses xs:${name}, which is not read here.`);
  }
}

function named(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  return parent.children.filter((child) => child.namespace === namespace && child.name === name);
}

function only(parent: XmlElement, namespace: string, name: string): XmlElement {
  const [found] = named(parent, namespace, name);
  if (!found) throw new Error(`The WSDL has no ${name} in its ${parent.name}.`);
  return found;
}

function attribute(element: XmlElement, name: string): string {
  const found = element.attributes.find((one) => one.name === name && one.namespace === '');
  if (!found) throw new Error(`The WSDL has a ${element.name} without ${name}.`);
  return found.value;
}

function localOf(qualified: string): string {
  return qualified.slice(qualified.indexOf(':') + 1);
}
