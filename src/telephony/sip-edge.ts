// The SIP edge: a drachtio server in front of the switches, commanded from here. Telephones register at it, and the switch calls
// them through it by their login. Telephones call nobody here yet. What a registration needs is registrar's; what it means is
// flow's.
//
// A proxied call needs us until it is answered, and never again: this process and the edge may be restarted under it. One to a
// telephone behind an address translation is two calls joined here (RFC 7092), and its hang-up is lost with this process: the
// switch's own limits and its watch for silence end it then.

import { howToRing } from '../core/sip-contact.ts';
import type { Log, PhoneRegistry } from '../flow/ports.ts';
import {
  type Edge,
  newEdge,
  type Reconnecting,
  type SipDialog,
  type SipRequest,
  type SipResponse,
} from './drachtio.ts';
import { answerRegister } from './registrar.ts';

export interface SipEdgeOptions {
  host: string;
  port: number;
  secret: string;
  /** `address` or `address:port` the switches send SIP from: nobody else's calls are taken. */
  switches: readonly string[];
  registry: PhoneRegistry;
  log: Log;
}

/**
 * Of several telephones one that is silent must not keep the others' answer waiting (a busy one is told at once, a silent one after
 * half a minute): a telephone that is there says so within two.
 */
const provisionalTimeout = '4s';
const spoken = 'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER';

export class SipEdge {
  readonly #options: SipEdgeOptions;
  readonly #edge: Edge = newEdge();
  // Its own waits grow without end: an edge that was away for an hour would be missed for another.
  readonly #reconnect: Reconnecting = { retryMaxDelay: 2_000, maxAttempts: 0 };
  #isThere = false;
  #stopped = false;

  constructor(options: SipEdgeOptions) {
    this.#options = options;
  }

  /** Connects, and again whenever the edge was away; until it is there, telephones are told 503 by it. */
  start(): void {
    const { log, host, port, secret, registry } = this.#options;
    const edge = this.#edge;
    edge.on('connect', (error, at) => {
      if (error) log.error({}, 'The SIP edge does not take us: is the secret of DRACHTIO_URL its own?');
      else log.info({ at }, 'The SIP edge is there');
      this.#isThere = !error;
      if (this.#stopped) this.#leave();
    });
    edge.on('close', () => (this.#isThere = false));
    edge.on('error', (error) => log.warn({ reason: error.message }, 'The SIP edge cannot be reached'));
    edge.use('register', (req, res) => this.#answer(res, () => answerRegister(registry, req, res)));
    edge.use('invite', (req, res) => this.#answer(res, () => this.#invite(req, res)));
    edge.use('options', (_req, res) => res.send(200));
    for (const method of ['subscribe', 'message', 'publish', 'refer', 'notify', 'info', 'update']) {
      edge.use(method, (_req, res) => res.send(405, { headers: { Allow: spoken } }));
    }
    edge.connect({ host, port, secret, reconnect: this.#reconnect });
  }

  /** Calls that are proxied go on; telephones stay registered, with whichever gateway answers them next. */
  stop(): void {
    this.#stopped = true;
    this.#reconnect.maxAttempts = 1;
    this.#leave();
  }

  #leave(): void {
    if (this.#isThere) this.#edge.disconnect();
    this.#isThere = false;
  }

  /** Whatever goes wrong, whoever asked hears that it did: what is not answered here is repeated for half a minute. */
  #answer(res: SipResponse, act: () => Promise<void>): void {
    act().catch((error: unknown) => {
      this.#options.log.error(
        { reason: error instanceof Error ? error.message : 'unknown' },
        'A SIP request failed',
      );
      if (!res.finalResponseSent) res.send(503);
    });
  }

  async #invite(req: SipRequest, res: SipResponse): Promise<void> {
    const { switches, registry } = this.#options;
    const { source_address: address, source_port: port } = req;
    if (!switches.includes(address) && !switches.includes(`${address}:${port}`)) {
      res.send(403);
      return;
    }
    // Strict: with parameters in its user part an address is passed on as it came, wherever that is.
    const userName = /^sip:([a-z0-9][a-z0-9.-]{2,63})@[^;?@]+$/.exec(req.uri)?.[1];
    const phones = userName === undefined ? undefined : await registry.phonesOf(userName);
    if (phones === undefined) {
      res.send(404);
      return;
    }
    const ring = howToRing(phones);
    if (ring === undefined) res.send(480);
    else if (ring.by === 'ourselves') await this.#join(req, res, ring.uri);
    else {
      await this.#edge.proxyRequest(req, ring.uris, {
        recordRoute: true,
        forking: 'simultaneous',
        provisionalTimeout,
        followRedirects: false,
      });
    }
  }

  async #join(req: SipRequest, res: SipResponse, uri: string): Promise<void> {
    const { log } = this.#options;
    const joined = await this.#edge
      .createB2BUA(req, res, uri, { localSdpB: req.body })
      .catch((error: unknown) => {
        // What the telephone said has been passed on; so has the switch's change of mind.
        log.info(
          { reason: error instanceof Error ? error.message : 'unknown' },
          'A telephone did not take a call',
        );
      });
    if (!joined) return;
    this.#follows(joined.uas, joined.uac);
    this.#follows(joined.uac, joined.uas);
  }

  /** What happens to the one dialog happens to the other. */
  #follows(one: SipDialog, other: SipDialog): void {
    one.on('destroy', () => other.destroy());
    one.on('modify', (req, res) => {
      other.modify(req.body).then(
        (sdp) => res.send(200, { body: sdp }),
        () => res.send(488),
      );
    });
  }
}
