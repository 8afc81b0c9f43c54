// What we use of drachtio-srf, as it behaves: its own types leave out what proxies answer and which headers a message has.

import Srf from 'drachtio-srf';

export interface SipRequest {
  uri: string;
  source_address: string;
  source_port: string;
  body: string;
  has(name: string): boolean;
  get(name: string): string;
  getParsedHeader(name: 'contact'): { uri: string; params?: Record<string, string> }[];
}

export interface SipResponse {
  finalResponseSent: boolean;
  send(status: number, options?: { headers?: Record<string, string>; body?: string }): void;
  send(status: number, reason: string): void;
}

export interface SipDialog {
  on(event: 'destroy', act: () => void): void;
  on(event: 'modify', act: (req: SipRequest, res: SipResponse) => void): void;
  destroy(): void;
  modify(sdp: string): Promise<string>;
}

/** Read at every try: what is changed here holds from the next one on. */
export interface Reconnecting {
  retryMaxDelay: number;
  /** 0: for ever. */
  maxAttempts: number;
}

type Handler = (req: SipRequest, res: SipResponse) => void;

export interface Edge {
  on(event: 'connect', act: (error: unknown, at: string) => void): void;
  on(event: 'error', act: (error: Error) => void): void;
  on(event: 'close', act: () => void): void;
  /** What becomes of it is told by events. */
  connect(to: { host: string; port: number; secret: string; reconnect: Reconnecting }): void;
  /** Throws where there is no connection. */
  disconnect(): void;
  use(method: string, act: Handler): void;
  proxyRequest(
    req: SipRequest,
    to: readonly string[],
    how: {
      recordRoute: boolean;
      forking: 'simultaneous';
      provisionalTimeout: string;
      followRedirects: boolean;
    },
  ): Promise<{ finalStatus?: number }>;
  createB2BUA(
    req: SipRequest,
    res: SipResponse,
    uri: string,
    how: { localSdpB: string },
  ): Promise<{ uas: SipDialog; uac: SipDialog }>;
}

export const newEdge = (): Edge => new Srf() as unknown as Edge;
