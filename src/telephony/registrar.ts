// REGISTER as a SIP telephone sends it and hears it answered (RFC 3261 section 10): from a request to what the steps ask for,
// from their answer to status and headers. Who may, and what is kept, is the registry's.

import { challenges } from '../core/sip-digest.ts';
import type { PhoneRegistry, RegisterAnswer, RegisterRequest } from '../flow/ports.ts';
import type { SipRequest, SipResponse } from './drachtio.ts';

export async function answerRegister(
  registry: PhoneRegistry,
  req: SipRequest,
  res: SipResponse,
): Promise<void> {
  const request = readRegister(req);
  if (request === undefined) {
    res.send(400);
    return;
  }
  if (request === 'other transport') {
    res.send(403, 'UDP only');
    return;
  }
  const { status, headers } = replyTo(await registry.register(request));
  res.send(status, { headers });
}

/** `undefined`: it names nobody. Contacts and digest are judged by the registry. */
function readRegister(req: SipRequest): RegisterRequest | 'other transport' | undefined {
  const port = Number(req.source_port);
  const via = (req.has('Via') ? req.get('Via') : '').toUpperCase();
  if (!via.startsWith('SIP/2.0/UDP')) return 'other transport';
  const user = /<sips?:([^@>;]{1,64})@/i.exec(`<${req.get('To').replace(/^[^<]*</, '')}`)?.[1];
  if (user === undefined || !Number.isInteger(port)) return undefined;
  return {
    user,
    uri: req.uri,
    contacts: contactsOf(req),
    source: { address: req.source_address, port },
    ...(req.has('Authorization') && { authorization: req.get('Authorization') }),
    ...(req.has('Expires') && { expires: req.get('Expires') }),
  };
}

function contactsOf(req: SipRequest): RegisterRequest['contacts'] {
  if (!req.has('Contact')) return [];
  if (req.get('Contact').trim() === '*') return '*';
  return req.getParsedHeader('contact').map(({ uri, params }) => ({
    uri,
    ...(params?.['expires'] !== undefined && { expires: params['expires'] }),
  }));
}

/** Nothing a telephone wrote goes back into a header but its own contacts, whose form is checked (core/sip-contact). */
function replyTo(answer: RegisterAnswer): { status: number; headers: Record<string, string> } {
  switch (answer.outcome) {
    case 'challenged': {
      const [better, common] = challenges(answer.nonce, answer.stale);
      // An array would become one line with a comma, which telephones of the browser do not read; this is a second line.
      return { status: 401, headers: { 'WWW-Authenticate': `${better}\r\nWWW-Authenticate: ${common}` } };
    }
    case 'refused':
      return { status: 403, headers: {} };
    case 'malformed':
      return { status: 400, headers: {} };
    case 'too_brief':
      return { status: 423, headers: { 'Min-Expires': String(answer.minSeconds) } };
    case 'registered': {
      const contacts = answer.contacts.map(
        ({ uri, expiresSeconds }) => `<${uri}>;expires=${String(expiresSeconds)}`,
      );
      // An empty Contact would be answered 500 by the edge.
      return { status: 200, headers: contacts.length === 0 ? {} : { Contact: contacts.join(', ') } };
    }
  }
}
