// The form-encoded bodies and query strings of Stripe's API, read into nested parameters: `card[exp_month]=8`,
// `expand[0]=latest_charge`, `expand[]=...`. Not here: which parameters exist (processor-api.ts).

import { parameterInvalid } from './processor-errors.ts';

export type Parameter = string | Parameters;
export interface Parameters {
  [name: string]: Parameter;
}

/** Deeper nesting than any request of Stripe's has; a deeper one is somebody trying something. */
const depthMax = 6;
const parametersMax = 500;

/** Objects without a prototype: `__proto__[x]=1` is then a parameter like any other. */
export function parseForm(text: string): Parameters {
  const root = emptyParameters();
  let count = 0;
  for (const [key, value] of new URLSearchParams(text)) {
    count += 1;
    if (count > parametersMax) throw parameterInvalid('', 'Too many parameters');
    place(root, pathOf(key), value);
  }
  return root;
}

export function emptyParameters(): Parameters {
  return Object.create(null) as Parameters;
}

function pathOf(key: string): string[] {
  const [first = '', ...rest] = key.split('[');
  return [first, ...rest.map((part) => part.replace(/\]$/, ''))];
}

function place(root: Parameters, path: readonly string[], value: string): void {
  if (path.length > depthMax) throw parameterInvalid(path.join('.'), 'Nested too deeply');
  let at = root;
  for (const [index, raw] of path.entries()) {
    // `a[]` appends: the next free number.
    const name = raw === '' && index > 0 ? String(Object.keys(at).length) : raw;
    if (index === path.length - 1) {
      at[name] = value;
      return;
    }
    const below = at[name];
    if (typeof below === 'object') {
      at = below;
      continue;
    }
    const made = emptyParameters();
    at[name] = made;
    at = made;
  }
}

/** A text parameter. Empty counts as not given, as Stripe takes it to unset a value. */
export function text(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw parameterInvalid(name, `Invalid string: ${name}`);
  return value;
}

export function requiredText(parameters: Parameters, name: string): string {
  const value = text(parameters, name);
  if (value === undefined)
    throw parameterInvalid(name, `Missing required param: ${name}.`, 'parameter_missing');
  return value;
}

export function flag(parameters: Parameters, name: string): boolean {
  const value = text(parameters, name);
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw parameterInvalid(name, `Invalid boolean: ${name}`);
}

/** A whole number of at least `least`. */
export function integer(parameters: Parameters, name: string, least: number): number | undefined {
  const value = text(parameters, name);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(value))
    throw parameterInvalid(name, `Invalid integer: ${name}`, 'parameter_invalid_integer');
  const number = Number(value);
  if (number < least) {
    throw parameterInvalid(
      name,
      `This value must be greater than or equal to ${least}.`,
      'parameter_invalid_integer',
    );
  }
  return number;
}

export function group(parameters: Parameters, name: string): Parameters | undefined {
  const value = parameters[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') throw parameterInvalid(name, `Invalid object: ${name}`);
  return value;
}

/** `expand[]`, `payment_method_types[]`: the texts of a list. */
export function list(parameters: Parameters, name: string): string[] {
  const value = parameters[name];
  if (value === undefined || value === '') return [];
  if (typeof value === 'string') throw parameterInvalid(name, `Invalid array: ${name}`);
  return Object.values(value).map((entry) => {
    if (typeof entry !== 'string') throw parameterInvalid(name, `Invalid array: ${name}`);
    return entry;
  });
}

/** Metadata: at most 50 keys of 40 characters, values of 500 (https://docs.stripe.com/api/metadata). */
export function mergeMetadata(
  current: Readonly<Record<string, string>>,
  parameters: Parameters,
): Record<string, string> {
  if (parameters['metadata'] === '') return {};
  const merged: Record<string, string> = { ...current };
  for (const [name, value] of Object.entries(group(parameters, 'metadata') ?? {})) {
    if (typeof value !== 'string' || value.length > 500 || name.length > 40) {
      throw parameterInvalid(
        `metadata[${name.slice(0, 40)}]`,
        'Metadata values can have up to 500 characters',
      );
    }
    if (value === '') Reflect.deleteProperty(merged, name);
    else merged[name] = value;
  }
  if (Object.keys(merged).length > 50)
    throw parameterInvalid('metadata', 'You can have up to 50 metadata keys');
  return merged;
}

/** A typo in a parameter must not pass here when it would not pass at Stripe. */
export function refuseUnknown(parameters: Parameters, known: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw parameterInvalid(unknown, `Received unknown parameter: ${unknown}`, 'parameter_unknown');
  }
}
