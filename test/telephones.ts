// The telephones of a test's people, whatever network they hang on: the sandbox's, operated by its API; real ones are
// test/live's.

export interface Phone {
  /** Of the call it has, or had last; a real telephone does not say. */
  leg?: string | null;
  number: string;
  state: 'ringing' | 'answered' | 'ended';
  direction: string;
  callerId: string;
  /** What is said into it now is recorded; a real telephone does not say. */
  recording?: boolean;
  /** Joined to another leg; a real telephone does not say. */
  bridged?: boolean;
  /** Why its call ended, by the switch's word; a real telephone does not say. */
  endedBecause?: string | null;
  answeredAt?: string | null;
  heard: { text: string; at: string }[];
}

export type PhoneAct = 'answer' | 'hangup' | 'reject' | 'busy' | 'keys' | 'say';

export interface Dialling {
  withheld?: boolean;
  assertedBy?: 'network';
}

export interface Telephones {
  /** `undefined`: it never rang. */
  phone(number: string): Promise<Phone | undefined>;
  /** `keys` wants `{ digits }`, `say` `{ text }`. */
  does(number: string, act: PhoneAct, body?: object): Promise<void>;
  /** Calls this DDI. `withheld`: its number is told to nobody; `assertedBy`: the network vouches for the number. */
  dials(number: string, ddi: string, options?: Dialling): Promise<void>;
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
    async dials(number, ddi, options = {}) {
      await sendJson(`${phonesUrl}/${number}/dial`, 'POST', { to: ddi, ...options });
    },
    async behaves(number, behaviour) {
      await sendJson(`${phonesUrl}/${number}`, 'PUT', behaviour);
    },
  };
}

/** The same people on several switches: their telephone is where it rings or talks. */
export function telephonesOfAll(networks: readonly Telephones[]): Telephones {
  const [only] = networks;
  if (only && networks.length === 1) return only;
  const find = async (number: string): Promise<{ network: Telephones; phone?: Phone }[]> => {
    const found = await Promise.all(
      networks.map(async (network) => {
        const phone = await network.phone(number);
        return { network, ...(phone && { phone }) };
      }),
    );
    const rank = ({ phone }: { phone?: Phone }): number => (!phone ? 2 : phone.state === 'ended' ? 1 : 0);
    return found.sort((a, b) => rank(a) - rank(b));
  };
  return {
    phone: async (number) => (await find(number))[0]?.phone,
    async does(number, act, body) {
      await (await find(number))[0]?.network.does(number, act, body);
    },
    async dials(number, ddi, options) {
      // A carrier brings a call to one of its trunks.
      await networks[0]?.dials(number, ddi, options);
    },
    async behaves(number, behaviour) {
      await Promise.all(networks.map((network) => network.behaves(number, behaviour)));
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
