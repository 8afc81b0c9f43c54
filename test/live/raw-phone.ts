// A telephone by hand, for what a FreeSWITCH in its place does not do: keys shorter and closer together than any it sends (RFC 4733),
// and keys in the signalling (SIP INFO). Silence otherwise, packet by packet.

import { createSocket, type Socket } from 'node:dgram';
import { SipEnd, valuesOf, type SipMessage } from './raw-sip.ts';

const packetMs = 20;
const samplesPerPacket = 160;
const keyCodes = '0123456789*#';
/** Digital silence of A-law (G.711). */
const silentPacket = Buffer.alloc(samplesPerPacket, 0xd5);

interface Key {
  code: number;
  tonePackets: number;
  gapPackets: number;
}

export class RawPhone {
  readonly sip: SipEnd;
  readonly #rtp: Socket;
  #invite: SipMessage | undefined;
  #to = { host: '127.0.0.1', port: 0 };
  #sequence = 0;
  #timestamp = 0;
  #requests = 0;
  #keys: Key[] = [];
  #typed: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(sip: SipEnd, rtp: Socket) {
    this.sip = sip;
    this.#rtp = rtp;
  }

  static async open(): Promise<RawPhone> {
    const rtp = createSocket('udp4');
    await new Promise<void>((resolve) => rtp.bind(0, '127.0.0.1', resolve));
    return new RawPhone(await SipEnd.open(), rtp);
  }

  /** Takes the call that comes, and sends from then on. */
  async answer(): Promise<void> {
    const invite = await this.sip.request('INVITE');
    this.#invite = invite;
    const port = /^m=audio (\d+)/m.exec(invite.body)?.[1];
    if (port === undefined) throw new Error('A call without sound.');
    this.#to = { host: '127.0.0.1', port: Number(port) };
    this.sip.pickUp(invite, this.#rtp.address().port);
    await this.sip.request('ACK');
    this.#send(performance.now());
  }

  /** Resolves when the last has gone. Both times in steps of 20 ms. */
  keys(digits: string, { toneMs = 40, gapMs = 40 } = {}): Promise<void> {
    for (const digit of digits)
      this.#keys.push({
        code: keyCodes.indexOf(digit),
        tonePackets: toneMs / packetMs,
        gapPackets: gapMs / packetMs,
      });
    return new Promise((resolve) => this.#typed.push(resolve));
  }

  /** As carriers do whose network knows no telephone events: one request a key. What is answered to it. */
  async info(digit: string): Promise<number> {
    if (this.#invite === undefined) throw new Error('Nobody has called.');
    this.#requests += 1;
    const sequence = `${String(this.#requests)} INFO`;
    const type: [string, string] = ['Content-Type', 'application/dtmf-relay'];
    this.sip.tell(this.#invite, 'INFO', this.#requests, [type], `Signal=${digit}\r\nDuration=160\r\n`);
    const answer = await this.sip.next(
      (one) => (one.status ?? 0) >= 200 && valuesOf(one, 'cseq').includes(sequence),
    );
    return answer.status ?? 0;
  }

  hangUp(): void {
    if (this.#invite === undefined) return;
    clearTimeout(this.#timer);
    this.#requests += 1;
    this.sip.tell(this.#invite, 'BYE', this.#requests);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#rtp.close();
    await this.sip.close();
  }

  /** `due`: when the next packet is. What a busy machine was late for goes out at once, as from a jittery line. */
  #send(due: number): void {
    const [key] = this.#keys;
    let packets = 1;
    if (key === undefined) this.#packet(8, silentPacket);
    else {
      packets = key.tonePackets + key.gapPackets;
      this.#press(key, due);
      this.#keys.shift();
    }
    if (this.#keys.length === 0)
      for (const typed of this.#typed.splice(0)) setTimeout(typed, packets * packetMs);
    const next = due + packets * packetMs;
    this.#timer = setTimeout(() => this.#send(next), Math.max(next - performance.now(), 0));
  }

  /** RFC 4733: every packet says how long the key is down so far; the last is sent three times. */
  #press({ code, tonePackets, gapPackets }: Key, due: number): void {
    const begun = this.#timestamp;
    const event = (packet: number, isEnd: boolean): void => {
      const body = Buffer.from([code, isEnd ? 0x8a : 0x0a, 0, 0]);
      body.writeUInt16BE(packet * samplesPerPacket, 2);
      this.#packet(101, body, begun, packet === 1 && !isEnd);
    };
    const at = (packet: number, send: () => void): void =>
      void setTimeout(send, Math.max(due + packet * packetMs - performance.now(), 0));
    for (let packet = 1; packet <= tonePackets; packet += 1) at(packet - 1, () => event(packet, false));
    at(tonePackets, () => {
      for (let time = 0; time < 3; time += 1) event(tonePackets, true);
      this.#timestamp = begun + tonePackets * samplesPerPacket;
    });
    for (let packet = 1; packet < gapPackets; packet += 1)
      at(tonePackets + packet, () => this.#packet(8, silentPacket));
  }

  #packet(type: number, body: Buffer, timestamp?: number, marker = false): void {
    const head = Buffer.alloc(12);
    head[0] = 0x80;
    head[1] = type | (marker ? 0x80 : 0);
    head.writeUInt16BE(this.#sequence, 2);
    head.writeUInt32BE((timestamp ?? this.#timestamp) >>> 0, 4);
    head.writeUInt32BE(0x5eed, 8);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    if (timestamp === undefined) this.#timestamp += samplesPerPacket;
    this.#rtp.send(Buffer.concat([head, body]), this.#to.port, this.#to.host);
  }
}
