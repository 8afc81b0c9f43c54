// The one place that talks to the API. A write that needs the person once more (a step-up) asks for that and is then sent
// again by itself; an answer that says that nobody is signed in any more empties the session for the whole application.

import type { Language } from './contract.ts';
import { Problem, isProblem, problemOfResponse } from './problem.ts';
import { clockHeard } from './clock.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

let language: Language = 'en';
let unreachedText = '';
let onSignedOut: () => void = () => undefined;
let onStepUp: () => Promise<boolean> = () => Promise.resolve(false);

/** Said in answers: their sentences are shown as they come. `unreached`: what is said when no answer came. */
export function speak(next: Language, unreached: string): void {
  language = next;
  unreachedText = unreached;
}

export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

/** `act` resolves `true` once the person has shown again who he is. */
export function whenStepUpNeeded(act: () => Promise<boolean>): void {
  onStepUp = act;
}

/**
 * Throws a `Problem`. A 204 or an empty body is `undefined`. `basedOn`: the version a change was made from; where another
 * one stands by now it is refused as `changed-meanwhile`, and overwrites nothing.
 */
export async function ask<T>(
  method: Method,
  path: string,
  body?: object | Blob,
  basedOn?: number,
): Promise<T> {
  try {
    return await once<T>(method, path, body, basedOn);
  } catch (error) {
    if (isProblem(error, 'step-up-needed') && (await onStepUp())) return once<T>(method, path, body, basedOn);
    throw error;
  }
}

/** An answer that is a sound. Throws a `Problem`. */
export async function askSound(path: string): Promise<Blob> {
  return (await answered('GET', path)).blob();
}

async function once<T>(method: Method, path: string, body?: object | Blob, basedOn?: number): Promise<T> {
  const text = await (await answered(method, path, body, basedOn)).text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function answered(
  method: Method,
  path: string,
  body?: object | Blob,
  basedOn?: number,
): Promise<Response> {
  const response = await send(method, path, body, basedOn);
  if (response.ok) return response;
  const problem = await problemOfResponse(response);
  if (problem.kind === 'not-signed-in') onSignedOut();
  throw problem;
}

async function send(method: Method, path: string, body?: object | Blob, basedOn?: number): Promise<Response> {
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        'Accept-Language': language,
        ...(basedOn === undefined ? {} : { 'If-Match': `"${String(basedOn)}"` }),
        ...(body === undefined
          ? {}
          : { 'Content-Type': body instanceof Blob ? body.type.replace(/;.*/, '') : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    });
    clockHeard(response.headers.get('date'));
    return response;
  } catch {
    throw new Problem('unreached', 0, unreachedText);
  }
}
