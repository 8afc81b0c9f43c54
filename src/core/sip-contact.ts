// Where a telephone that registers is to be called (RFC 3261 section 10.3): the addresses it gives, for how long, and what of
// them is believed. Whoever has a login may claim any address: a call goes only to where the registration itself came from, or
// a login would be a way to have the switch call anybody.

/** Where a request came from, by its socket. */
export interface SipSource {
  address: string;
  port: number;
}

export interface SipContact extends SipSource {
  /** As the telephone wrote it, without what we do not take: where it is called when it is reached there. */
  uri: string;
  /** It is reached where it came from, and not at its own address: an address translation is between. */
  isBehindNat: boolean;
}

export type ContactWish =
  | { outcome: 'asked' }
  | { outcome: 'all_gone' }
  | { outcome: 'wishes'; wishes: readonly { contact: SipContact; expiresSeconds: number }[] }
  /** RFC 3261: 423 with Min-Expires, 400. */
  | { outcome: 'too_brief'; minSeconds: number }
  | { outcome: 'malformed' };

/** Less is a load and no service; an address translation that forgets sooner is behind a telephone that knows. */
const minSeconds = 60;
const maxSeconds = 3_600;
/** A desk telephone, one at home, one on the mobile; more is somebody collecting. */
export const contactsMax = 5;

const contactUri =
  /^sip:(?:([A-Za-z0-9._+~-]{1,64})@)?((?:[0-9]{1,3}\.){3}[0-9]{1,3}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::([1-9][0-9]{0,4}))?((?:;[A-Za-z0-9-]{1,32}(?:=[A-Za-z0-9._~:+-]{1,128})?){0,8})$/;

/**
 * `contacts`: each address with its own `expires`; `'*'`: all of them, to be forgotten. `expires`: of the request. None: he only
 * asks. Only UDP is spoken.
 */
export function readContacts(
  contacts: '*' | readonly { uri: string; expires?: string }[],
  expires: string | undefined,
  source: SipSource,
): ContactWish {
  if (contacts === '*') return expires?.trim() === '0' ? { outcome: 'all_gone' } : { outcome: 'malformed' };
  if (contacts.length === 0) return { outcome: 'asked' };
  if (contacts.length > contactsMax) return { outcome: 'malformed' };
  const wishes: { contact: SipContact; expiresSeconds: number }[] = [];
  for (const one of contacts) {
    const contact = contactOf(one.uri, source);
    const asked = one.expires ?? expires ?? String(maxSeconds);
    if (!contact || !/^[0-9]{1,10}$/.test(asked)) return { outcome: 'malformed' };
    const seconds = Number(asked);
    if (seconds > 0 && seconds < minSeconds) return { outcome: 'too_brief', minSeconds };
    wishes.push({ contact, expiresSeconds: Math.min(seconds, maxSeconds) });
  }
  return { outcome: 'wishes', wishes };
}

function contactOf(text: string, { address, port }: SipSource): SipContact | undefined {
  const [, user, host = '', portText, parameters = ''] = contactUri.exec(text) ?? [];
  if (host === '' || Number(portText ?? 5060) > 65_535) return undefined;
  // `maddr` sends it elsewhere, another transport is not spoken, `lr` makes a route of it (RFC 3261, 19.1.1).
  if (/;(?:maddr|lr|method|received)(?:=|;|$)/i.test(parameters)) return undefined;
  if (/;transport=(?!udp(?:;|$))/i.test(parameters)) return undefined;
  const at = `${host.toLowerCase()}${portText === undefined ? '' : `:${portText}`}`;
  return {
    uri: `sip:${user === undefined ? '' : `${user}@`}${at}${parameters}`,
    address,
    port,
    isBehindNat: host !== address,
  };
}

/**
 * Which telephones of his ring, and how. Those that say where they are ring together, through a proxy that is out of the way as
 * soon as they are answered. One behind an address translation hears a call's end only from whom it talks to: it is called by
 * ourselves, one at a time, the last that registered, and only where there is no other.
 */
export function howToRing(
  contacts: readonly SipContact[],
): { by: 'proxy'; uris: readonly string[] } | { by: 'ourselves'; uri: string } | undefined {
  const open = contacts.filter(({ isBehindNat }) => !isBehindNat);
  if (open.length > 0) return { by: 'proxy', uris: [...new Set(open.map(({ uri }) => uri))] };
  const last = contacts.at(-1);
  if (!last) return undefined;
  const user = /^sip:([^@]*)@/.exec(last.uri)?.[1];
  return {
    by: 'ourselves',
    uri: `sip:${user === undefined ? '' : `${user}@`}${last.address}:${String(last.port)}`,
  };
}
