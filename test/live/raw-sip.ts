// SIP by hand over UDP, for tests of the edge: a telephone that registers and is called, and a switch that calls. As little of
// RFC 3261 as they need, so that what the edge does is seen as it is on the wire.

import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

export interface SipMessage {
  /** Request line or status line. */
  line: string;
  status?: number;
  method?: string;
  uri?: string;
  headers: [string, string][];
  body: string;
}

export const valuesOf = ({ headers }: SipMessage, name: string): string[] =>
  headers.filter(([one]) => one === name.toLowerCase()).map(([, value]) => value);
const valueOf = (message: SipMessage, name: string): string => valuesOf(message, name)[0] ?? '';

function read(data: string): SipMessage {
  const [head = '', body = ''] = data.split('\r\n\r\n', 2);
  const [line = '', ...rest] = head.split('\r\n');
  const headers = rest.map((one): [string, string] => {
    const colon = one.indexOf(':');
    return [one.slice(0, colon).trim().toLowerCase(), one.slice(colon + 1).trim()];
  });
  const status = /^SIP\/2\.0 (\d{3})/.exec(line)?.[1];
  const [, method, uri] = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(line) ?? [];
  return {
    line,
    headers,
    body,
    ...(status !== undefined && { status: Number(status) }),
    ...(method !== undefined && { method }),
    ...(uri !== undefined && { uri }),
  };
}

const token = (): string => randomBytes(6).toString('hex');
const uriOf = (header: string): string => /<([^>]+)>/.exec(header)?.[1] ?? header.replace(/;.*$/, '');
function placeOf(uri: string): { host: string; port: number } {
  const [, host = '', port = '5060'] = /^sips?:(?:[^@]*@)?([^:;>]+)(?::(\d+))?/.exec(uri) ?? [];
  return { host, port: Number(port) };
}

const sdp = (port: number): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${String(port)} RTP/AVP 8 101`,
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    '',
  ].join('\r\n');

export class SipEnd {
  readonly #socket: Socket;
  readonly heard: SipMessage[] = [];
  readonly #waiting = new Set<() => void>();
  readonly host = '127.0.0.1';
  /** What it says of itself in Contact; another host than its own is one behind an address translation. */
  contactHost = '127.0.0.1';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const message = read(data.toString());
      // Repeats are the network's affair.
      const isRepeat = this.heard.some(
        (one) =>
          one.line === message.line &&
          valueOf(one, 'via') === valueOf(message, 'via') &&
          valueOf(one, 'cseq') === valueOf(message, 'cseq') &&
          valueOf(one, 'to') === valueOf(message, 'to'),
      );
      if (!isRepeat) this.heard.push(message);
      for (const look of [...this.#waiting]) look();
    });
  }

  static async open(): Promise<SipEnd> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new SipEnd(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** The first message that fits, whenever it comes. */
  next(fits: (message: SipMessage) => boolean): Promise<SipMessage> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.heard.find(fits);
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  request(method: string): Promise<SipMessage> {
    return this.next((one) => one.method === method);
  }

  get contact(): string {
    return `<sip:me@${this.contactHost}:${String(this.port)}>`;
  }

  send(
    to: { host: string; port: number },
    line: string,
    headers: readonly (readonly [string, string])[],
    body = '',
  ): void {
    const text = [
      line,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${String(body.length)}`,
    ];
    this.#socket.send(`${text.join('\r\n')}\r\n\r\n${body}`, to.port, to.host);
  }

  /** A request outside of a dialog; answers its call, to be waited for. */
  ask(method: string, uri: string, at: string, more: readonly [string, string][] = [], body = ''): SipCall {
    const call = new SipCall(this, uri, placeOf(`sip:${at}`), method);
    call.send(more, body);
    return call;
  }

  /** Registers by digest; the last answer. */
  async register(
    login: { userName: string; password: string },
    edge: string,
    { algorithm = 'SHA-256', expires = 300 }: { algorithm?: 'SHA-256' | 'MD5'; expires?: number } = {},
  ): Promise<SipMessage> {
    const uri = `sip:${edge}`;
    const wanted: [string, string][] = [
      ['Contact', this.contact],
      ['Expires', String(expires)],
    ];
    const aor = `<sip:${login.userName}@${edge}>`;
    const first = await this.ask('REGISTER', uri, edge, [
      ['To', aor],
      ['From', `${aor};tag=1`],
      ...wanted,
    ]).final();
    const line =
      valuesOf(first, 'www-authenticate').find((one) => one.includes(`algorithm=${algorithm}`)) ?? '';
    const nonce = /nonce="([^"]+)"/.exec(line)?.[1] ?? '';
    const hash = (text: string): string =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const ha1 = hash(`${login.userName}:ringmeter:${login.password}`);
    const response = hash(`${ha1}:${nonce}:00000001:c:auth:${hash(`REGISTER:${uri}`)}`);
    const authorization =
      `Digest username="${login.userName}", realm="ringmeter", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, ` +
      `response="${response}", cnonce="c", qop=auth, nc=00000001`;
    return this.ask('REGISTER', uri, edge, [
      ['To', aor],
      ['From', `${aor};tag=1`],
      ...wanted,
      ['Authorization', authorization],
    ]).final();
  }

  answer(
    request: SipMessage,
    status: number,
    tag: string,
    more: readonly [string, string][] = [],
    body = '',
  ): void {
    const via = valuesOf(request, 'via');
    const to = valueOf(request, 'to');
    this.send(
      placeOf(`sip:${/^SIP\/2\.0\/UDP ([^;]+)/.exec(via[0] ?? '')?.[1] ?? ''}`),
      `SIP/2.0 ${String(status)} OK`,
      [
        ...via.map((one): [string, string] => ['Via', one]),
        ...valuesOf(request, 'record-route').map((one): [string, string] => ['Record-Route', one]),
        ['From', valueOf(request, 'from')],
        ['To', to.includes('tag=') ? to : `${to};tag=${tag}`],
        ['Call-ID', valueOf(request, 'call-id')],
        ['CSeq', valueOf(request, 'cseq')],
        ...more,
      ],
      body,
    );
  }

  ring(invite: SipMessage): void {
    this.answer(invite, 180, 'phone', [['Contact', this.contact]]);
  }

  /** `rtpPort`: where its sound is taken; by default nowhere. */
  pickUp(invite: SipMessage, rtpPort = 40_000): void {
    this.answer(
      invite,
      200,
      'phone',
      [
        ['Contact', this.contact],
        ['Content-Type', 'application/sdp'],
      ],
      sdp(rtpPort),
    );
  }

  /** Of a call it was called for and took. */
  hangUp(invite: SipMessage): void {
    this.tell(invite, 'BYE', 1);
  }

  /** Within a call it was called for and took; `sequence` grows from request to request. */
  tell(
    invite: SipMessage,
    method: string,
    sequence: number,
    more: readonly [string, string][] = [],
    body = '',
  ): void {
    const route = valuesOf(invite, 'record-route').flatMap((one) => one.split(/,\s*(?=<)/));
    const target = uriOf(valueOf(invite, 'contact'));
    const headers: [string, string][] = [
      ['Via', `SIP/2.0/UDP 127.0.0.1:${String(this.port)};branch=z9hG4bK${token()};rport`],
      ['Max-Forwards', '70'],
      ...route.map((one): [string, string] => ['Route', one]),
      ['From', `${valueOf(invite, 'to')};tag=phone`],
      ['To', valueOf(invite, 'from')],
      ['Call-ID', valueOf(invite, 'call-id')],
      ['CSeq', `${String(sequence)} ${method}`],
      ...more,
    ];
    this.send(placeOf(uriOf(route[0] ?? target)), `${method} ${target} SIP/2.0`, headers, body);
  }
}

/** A request this end made, and what came of it. */
export class SipCall {
  readonly #end: SipEnd;
  readonly #uri: string;
  readonly #at: { host: string; port: number };
  readonly #method: string;
  readonly #id = token();
  readonly #branch = `z9hG4bK${token()}`;
  #sent: readonly (readonly [string, string])[] = [];

  constructor(end: SipEnd, uri: string, at: { host: string; port: number }, method: string) {
    this.#end = end;
    this.#uri = uri;
    this.#at = at;
    this.#method = method;
  }

  send(more: readonly [string, string][], body: string): void {
    const has = (name: string): boolean => more.some(([one]) => one === name);
    this.#sent = [
      ['Via', `SIP/2.0/UDP 127.0.0.1:${String(this.#end.port)};branch=${this.#branch};rport`],
      ['Max-Forwards', '70'],
      ...(has('From') ? [] : ([['From', `<sip:+33155000001@127.0.0.1>;tag=${this.#id}`]] as const)),
      ...(has('To') ? [] : ([['To', `<${this.#uri}>`]] as const)),
      ['Call-ID', `${this.#id}@test`],
      ['CSeq', `1 ${this.#method}`],
      ...(has('Contact') ? [] : ([['Contact', this.#end.contact]] as const)),
      ...more,
    ];
    this.#end.send(this.#at, `${this.#method} ${this.#uri} SIP/2.0`, this.#sent, body);
  }

  status(status: number): Promise<SipMessage> {
    return this.#end.next((one) => this.#isMine(one) && one.status === status);
  }

  final(): Promise<SipMessage> {
    return this.#end.next((one) => this.#isMine(one) && (one.status ?? 0) >= 200);
  }

  #isMine(one: SipMessage): boolean {
    return valueOf(one, 'call-id') === `${this.#id}@test` && valueOf(one, 'cseq') === `1 ${this.#method}`;
  }

  cancel(): void {
    const kept = this.#sent.filter(([name]) =>
      ['Via', 'From', 'To', 'Call-ID', 'Max-Forwards'].includes(name),
    );
    this.#end.send(this.#at, `CANCEL ${this.#uri} SIP/2.0`, [...kept, ['CSeq', '1 CANCEL']]);
  }

  acknowledge(ok: SipMessage): void {
    this.#within('ACK', ok, 1);
  }

  hangUp(ok: SipMessage): void {
    this.#within('BYE', ok, 2);
  }

  #within(method: string, ok: SipMessage, sequence: number): void {
    const route = valuesOf(ok, 'record-route')
      .flatMap((one) => one.split(/,\s*(?=<)/))
      .reverse();
    const target = uriOf(valueOf(ok, 'contact'));
    this.#end.send(placeOf(uriOf(route[0] ?? target)), `${method} ${target} SIP/2.0`, [
      ['Via', `SIP/2.0/UDP 127.0.0.1:${String(this.#end.port)};branch=z9hG4bK${token()};rport`],
      ['Max-Forwards', '70'],
      ...route.map((one): [string, string] => ['Route', one]),
      ['From', valueOf(ok, 'from')],
      ['To', valueOf(ok, 'to')],
      ['Call-ID', valueOf(ok, 'call-id')],
      ['CSeq', `${String(sequence)} ${method}`],
    ]);
  }
}

export const offer = sdp(40_002);
