// The only HTTP client that goes to merchants.
//
// A merchant chooses the address, so every request is one somebody else aimed: it must not reach our own network, a
// cloud's metadata address, or hold a gateway's sockets and memory. Addresses are checked when the connection is made, on
// the very addresses it is made to: a name that answers with a public address first and a private one later gains
// nothing. Redirects are not followed: a redirect is a second address nobody agreed to.

import { isUtf8 } from 'node:buffer';
import { lookup as lookupName } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, errors, request } from 'undici';

/** What the receiver said, or why there is nothing to say. `reason` is a sentence's worth, never the answer itself. */
export type MerchantAnswer =
  | {
      outcome: 'answered';
      status: number;
      retryAfter?: string;
      /** `text/xml; charset=utf-8`, as it was sent. */
      contentType?: string;
      /** Packed though nobody asked for it: `body` is not unpacked, since a few bytes may become gigabytes. */
      packed: boolean;
      /** Read as UTF-8 whatever it is; `wholeText` where it was nothing else. */
      body: string;
      wholeText: boolean;
    }
  /** The address is not one we talk to, or the answer broke our bounds. */
  | { outcome: 'forbidden'; reason: string }
  | { outcome: 'no_answer'; reason: string };

/** The same, whatever the bytes are. `too_large`: they were more than were wanted, or their headers were. */
export type Transfer =
  | {
      outcome: 'answered';
      status: number;
      retryAfter?: string;
      contentType?: string;
      cacheControl?: string;
      etag?: string;
      packed: boolean;
      bytes: Buffer;
    }
  | { outcome: 'forbidden' | 'too_large' | 'no_answer'; reason: string };

export interface MerchantHttp {
  /**
   * Posts once, without following redirects. Never throws for what the world does; answers within the deadline.
   *
   * `timeoutMs`: this message's own deadline, where somebody waits on the line. Such messages have connections of their own:
   * a merchant whose notices hang is still asked who calls.
   */
  post(message: {
    url: string;
    headers: Record<string, string>;
    body: string;
    timeoutMs?: number;
  }): Promise<MerchantAnswer>;
  /** As `post` with a deadline of its own, with either method; `bytesMax` where an answer may be larger than others. */
  transfer(message: {
    method: 'GET' | 'POST';
    url: string;
    headers: Record<string, string>;
    body?: string;
    timeoutMs: number;
    bytesMax?: number;
  }): Promise<Transfer>;
  /**
   * Why nothing would be posted to this address as things stand, or undefined. Asked when a merchant sets it: what counts is
   * what `post` finds when it connects. A name that is not found, or not in time, is no refusal: it may come.
   */
  refusalOf(url: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

export interface OutboundBounds {
  /** Name, three-way handshake and TLS: a healthy server needs a fraction, and a dead one should not hold a sender. */
  connectMs: number;
  /** Longest silence before the headers, and between pieces of the body. */
  silenceMs: number;
  /** Everything together: a receiver that drips one byte a second never goes silent, and would never end. */
  totalMs: number;
  /** The answer to a notice says nothing we need, one about a caller some 500 bytes; 64 kB is room for an error page. */
  answerBytesMax: number;
}

const usualBounds: OutboundBounds = {
  connectMs: 3_000,
  silenceMs: 10_000,
  totalMs: 15_000,
  answerBytesMax: 64 * 1024,
};

export interface OutboundOptions {
  /** Production: nothing leaves unencrypted. */
  httpsOnly: boolean;
  /** `host:port` exactly as in the URL, of the sandbox's merchant: the one private address that may be called. */
  allowPrivate?: ReadonlySet<string>;
  bounds?: Partial<OutboundBounds>;
  /** All addresses of a name; the system's resolver unless given. */
  resolve?: (hostname: string) => Promise<ResolvedAddress[]>;
}

/**
 * To one merchant at once, for messages somebody waits for: 50 recognitions a second by a server that takes 5 s for each are
 * 250. What does not get one in time has had no answer.
 */
const urgentConnections = 256;

/** Thrown inside the connector only; becomes the outcome `forbidden`. */
class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

/**
 * Why this address is not one we talk to, or undefined. What is not plain global unicast is refused, rather than what is
 * known to be bad: loopback, private (RFC 1918, 4193), link-local and with it the metadata addresses, carrier-grade NAT
 * (RFC 6598), multicast, and every IPv6 form that wraps an IPv4 address (mapped, NAT64, 6to4, Teredo).
 */
export function refusalOfAddress(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return 'not an address';
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return `${rangeNames[range] ?? range} address`;
  // Only 2000::/3 is given out as global unicast (IANA); the rest holds deprecated forms such as ::127.0.0.1.
  if (parsed.kind() === 'ipv6' && !parsed.match(globalUnicast)) return 'not a global address';
  return undefined;
}

const globalUnicast = ipaddr.parseCIDR('2000::/3');

const rangeNames: Partial<Record<string, string>> = {
  carrierGradeNat: 'carrier-grade NAT',
  linkLocal: 'link-local',
  uniqueLocal: 'private',
  ipv4Mapped: 'IPv4-mapped',
  rfc6052: 'NAT64',
  rfc6145: 'IPv4-translated',
};

/** The client. One for the whole gateway: it keeps a few connections for merchants with many notices. */
export function merchantHttp(options: OutboundOptions): MerchantHttp {
  const bounds: OutboundBounds = { ...usualBounds, ...options.bounds };
  const agentOf = (connections: number): Agent =>
    new Agent({
      connect: checkedConnector(options, bounds),
      connections,
      pipelining: 1,
      keepAliveTimeout: 4_000,
      headersTimeout: bounds.silenceMs,
      bodyTimeout: bounds.silenceMs,
      maxHeaderSize: 16 * 1024,
    });
  const agent = agentOf(8);
  const urgent = agentOf(urgentConnections);

  const exchange = async (message: {
    method: 'GET' | 'POST';
    url: string;
    headers: Record<string, string>;
    body?: string;
    timeoutMs?: number;
    bytesMax?: number;
  }): Promise<Transfer> => {
    const target = targetOf(message.url, options);
    if ('refused' in target) return { outcome: 'forbidden', reason: target.refused };
    const bytesMax = message.bytesMax ?? bounds.answerBytesMax;
    try {
      const answer = await request(target.url, {
        dispatcher: message.timeoutMs === undefined ? agent : urgent,
        method: message.method,
        headers: message.headers,
        body: message.body ?? null,
        signal: AbortSignal.timeout(message.timeoutMs ?? bounds.totalMs),
      });
      const bytes = await readAtMost(answer.body, bytesMax);
      if (bytes === undefined) {
        return { outcome: 'too_large', reason: `the answer is larger than ${String(bytesMax)} bytes` };
      }
      const {
        etag,
        'retry-after': retryAfter,
        'content-type': contentType,
        'cache-control': cacheControl,
      } = answer.headers;
      return {
        outcome: 'answered',
        status: answer.statusCode,
        ...(typeof retryAfter === 'string' ? { retryAfter } : {}),
        ...(typeof contentType === 'string' ? { contentType } : {}),
        ...(typeof cacheControl === 'string' ? { cacheControl } : {}),
        ...(typeof etag === 'string' ? { etag } : {}),
        packed: isPacked(answer.headers['content-encoding']),
        bytes,
      };
    } catch (error) {
      return failureOf(error);
    }
  };

  return {
    transfer: exchange,
    async post(message) {
      const answer = await exchange({ ...message, method: 'POST' });
      if (answer.outcome === 'too_large') return { outcome: 'forbidden', reason: answer.reason };
      if (answer.outcome !== 'answered') return { outcome: answer.outcome, reason: answer.reason };
      const { status, retryAfter, contentType, packed, bytes } = answer;
      return {
        outcome: 'answered',
        status,
        ...(retryAfter === undefined ? {} : { retryAfter }),
        ...(contentType === undefined ? {} : { contentType }),
        packed,
        body: bytes.toString('utf8'),
        wholeText: isUtf8(bytes),
      };
    },
    async refusalOf(text) {
      const target = targetOf(text, options);
      if ('refused' in target) return target.refused;
      const { url } = target;
      if (isAllowedPrivate(url, options)) return undefined;
      const literal = literalOf(url.hostname);
      if (literal !== undefined) return refusalOfAddress(literal);
      const resolve = options.resolve ?? systemResolve;
      const late = new Promise<ResolvedAddress[]>((none) => {
        setTimeout(() => none([]), bounds.connectMs).unref();
      });
      const addresses = await Promise.race([resolve(url.hostname), late]).catch(() => []);
      return addresses.map(({ address }) => refusalOfAddress(address)).find((one) => one !== undefined);
    },
    close: async () => {
      await Promise.all([agent.destroy(), urgent.destroy()]);
    },
  };
}

function targetOf(text: string, options: OutboundOptions): { url: URL } | { refused: string } {
  if (!URL.canParse(text)) return { refused: 'not a URL' };
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { refused: 'not an http address' };
  if (options.httpsOnly && url.protocol !== 'https:') return { refused: 'not https' };
  if (url.username !== '' || url.password !== '') return { refused: 'a name and password in the address' };
  return { url };
}

/** The one private address that may be called, where there is one. */
function isAllowedPrivate(
  at: { hostname: string; port: string; protocol: string },
  { allowPrivate }: OutboundOptions,
): boolean {
  const port = at.port || (at.protocol === 'https:' ? '443' : '80');
  return allowPrivate?.has(`${at.hostname}:${port}`) === true;
}

/** The address, where the name of a host is one. */
function literalOf(hostname: string): string | undefined {
  const literal = hostname.replace(/^\[|\]$/g, '');
  return isIP(literal) === 0 ? undefined : literal;
}

function checkedConnector(options: OutboundOptions, bounds: OutboundBounds): buildConnector.connector {
  const resolve = options.resolve ?? systemResolve;
  // Every address of a name must be one we talk to, not only the first: which one is connected to is a race.
  const checkedLookup: LookupFunction = (hostname, how, done) => {
    resolve(hostname).then(
      (addresses) => {
        const first = addresses[0];
        if (first === undefined) {
          done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 4);
          return;
        }
        for (const { address } of addresses) {
          const refusal = refusalOfAddress(address);
          if (refusal !== undefined) {
            done(new ForbiddenAddress(refusal), '', 4);
            return;
          }
        }
        if (how.all === true) done(null, addresses);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), '', 4),
    );
  };
  const open = buildConnector({ timeout: bounds.connectMs });
  const openChecked = buildConnector({ timeout: bounds.connectMs, lookup: checkedLookup });

  return (target, done) => {
    if (isAllowedPrivate(target, options)) {
      open(target, done);
      return;
    }
    // Node never looks up what is an address already, so the lookup above would not see it.
    const literal = literalOf(target.hostname);
    const refusal = literal === undefined ? undefined : refusalOfAddress(literal);
    if (refusal !== undefined) {
      done(new ForbiddenAddress(refusal), null);
      return;
    }
    openChecked(target, done);
  };
}

async function systemResolve(hostname: string): Promise<ResolvedAddress[]> {
  const found = await lookupName(hostname, { all: true, order: 'verbatim' });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}

function isPacked(encoding: string | string[] | undefined): boolean {
  return (
    encoding !== undefined && String(encoding).trim() !== '' && !/^identity$/i.test(String(encoding).trim())
  );
}

/** What came, or undefined when it is larger than that; then the connection is thrown away with what was still to come. */
async function readAtMost(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  bytesMax: number,
): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > bytesMax) {
      body.destroy();
      return undefined;
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function failureOf(error: unknown): Exclude<Transfer, { outcome: 'answered' }> {
  if (error instanceof ForbiddenAddress) return { outcome: 'forbidden', reason: error.message };
  if (error instanceof errors.ConnectTimeoutError) return { outcome: 'no_answer', reason: 'connect timeout' };
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return { outcome: 'no_answer', reason: 'silence' };
  }
  if (error instanceof errors.HeadersOverflowError) {
    return { outcome: 'too_large', reason: 'the headers of the answer are too large' };
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return { outcome: 'no_answer', reason: 'deadline' };
  }
  return { outcome: 'no_answer', reason: codeOf(error) };
}

/** The code only: messages of TLS and DNS errors quote names and certificates of the other side. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown failure';
}
