// A SIP address at which a consultant is rung (RFC 3261 section 19.1), as little of it as a telephone needs: user, host,
// port. A SIP URI may carry a password, parameters (`;maddr=` sends the call elsewhere than its host says) and headers
// (`?Route=`), and its characters are those the switch's dial strings have a meaning for: none of that is ever taken.

import { type Branded, type E164 } from './ids.ts';

/** `sip:user@host` or `sip:user@host:port`, the host in small letters. Made by `parseSipAddress` only. */
export type SipAddress = Branded<'SipAddress'>;
/** `host` or `host:port`, in small letters: what an operator lists. Made by `parseSipDomain` only. */
export type SipDomain = Branded<'SipDomain'>;
/** Where a telephone is reached. */
export type PhoneAddress = E164 | SipAddress;

/** The user part alone. RFC 3261 sets no length; as long as e-mail allows one, which is what PBXs make them of. */
export const sipUserMax = 64;
/** `sip:`, user, `@`, a host name (RFC 1035: 253), `:65535`. */
export const sipAddressMax = 4 + sipUserMax + 1 + 253 + 6;

// Of RFC 3261's `user` what no dial string, shell, header or URI gives a meaning to: no escapes, no `;?&=,$!'()*~/`.
const user = /^[A-Za-z0-9+][A-Za-z0-9+._-]{0,63}$/;
const ipv4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
// RFC 3261: letters, digits and hyphens in labels, the last of which begins with a letter (else it would be an address).
const hostName =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const port = /^[1-9][0-9]{0,4}$/;

/**
 * With or without `sip:` in front. Users are told apart by case, hosts are not (RFC 3261 section 19.1.4). `undefined`: it is not
 * of the form, or holds more than user, host and port; IPv6 addresses are not taken, their brackets are syntax to the switch.
 */
export function parseSipAddress(text: string): SipAddress | undefined {
  if (text.length > sipAddressMax) return undefined;
  const [userPart, domain, ...more] = text.replace(/^sip:/i, '').split('@');
  if (userPart === undefined || domain === undefined || more.length > 0 || !user.test(userPart))
    return undefined;
  const parsed = parseSipDomain(domain);
  return parsed && (`sip:${userPart}@${parsed}` as SipAddress);
}

/** A host name or IPv4 address, with a port or without one. Without one it is found by DNS, which may name another. */
export function parseSipDomain(text: string): SipDomain | undefined {
  const [host = '', portText, ...more] = text.toLowerCase().split(':');
  if (more.length > 0 || !(ipv4.test(host) || hostName.test(host))) return undefined;
  if (portText === undefined) return host as SipDomain;
  return port.test(portText) && Number(portText) <= 65_535 ? (`${host}:${portText}` as SipDomain) : undefined;
}

export function isSipAddress(to: PhoneAddress): to is SipAddress {
  return to.startsWith('sip:');
}

export function userOf(address: SipAddress): string {
  return address.slice('sip:'.length, address.indexOf('@'));
}

/** With its port, when it has one. */
export function domainOf(address: SipAddress): SipDomain {
  return address.slice(address.indexOf('@') + 1) as SipDomain;
}

/**
 * Whether the operator lets us call there: the domain as he listed it. With another port, or with a port where he listed none, it
 * is another server (RFC 3261 section 19.1.4: not equal, 5060 neither).
 */
export function isListed(address: SipAddress, domains: ReadonlySet<SipDomain>): boolean {
  return domains.has(domainOf(address));
}

/**
 * The user part reads as a telephone number rather than as an extension or a name. A SIP server that leads out to the network
 * would ring it, past the table of destinations.
 */
export function looksLikeNumber(address: SipAddress): boolean {
  return (
    /^[0-9+._-]+$/.test(userOf(address)) && userOf(address).replaceAll(/[^0-9]/g, '').length > extensionMax
  );
}
/** Digits of an extension; numbers of the public network are longer, but for services. */
const extensionMax = 6;

/** Whether it is rung at all: in a domain of the operator's list, and no telephone number by another name. */
export function mayBeCalled(address: SipAddress, domains: ReadonlySet<SipDomain>): boolean {
  return isListed(address, domains) && !looksLikeNumber(address);
}

/** The sandbox's telephones are reached there (RFC 2606 keeps `.test` from ever being anybody's). */
export const sandboxSipDomain = 'sandbox.test' as SipDomain;
