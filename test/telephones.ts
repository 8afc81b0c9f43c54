// The telephones of a test's people, whatever network they hang on: the sandbox's, operated by its API; real ones are
// test/live's.

export interface Phone {
  number: string;
  state: 'ringing' | 'answered' | 'ended';
  direction: string;
  callerId: string;
  heard: { text: string; at: string }[];
}

export type PhoneAct = 'answer' | 'hangup' | 'reject' | 'busy' | 'keys';

export interface Telephones {
  /** `undefined`: it never rang. */
  phone(number: string): Promise<Phone | undefined>;
  /** `keys` wants `{ digits }`. */
  does(number: string, act: PhoneAct, body?: object): Promise<void>;
  /** `{ behaviour }`: `manual`, `busy`, `refuses`, `unreachable`, from the next call on. */
  behaves(number: string, behaviour: object): Promise<void>;
}

export function sandboxTelephones(phonesUrl: string): Telephones {
  return {
    async phone(number) {
      const phones = (await readJson(phonesUrl)) as Phone[];
      return phones.find((one) => one.number === number);
    },
    async does(number, act, body = {}) {
      await sendJson(`${phonesUrl}/${number}/${act}`, 'POST', body);
    },
    async behaves(number, behaviour) {
      await sendJson(`${phonesUrl}/${number}`, 'PUT', behaviour);
    },
  };
}

/** Whatever the address answers, or `undefined` for nothing; throws for anything but success. */
export async function readJson(url: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}: ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

export function sendJson(url: string, method: string, body: object): Promise<unknown> {
  return readJson(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
