// The card room as it runs, on the real switch: callers of the telephone network who key with real telephone events, and telephones
// made by hand for what it does not do. A witness hears everything the switch tells a client without filters.

import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AskedCardRoom, KeptRoom } from '../../src/card-room/asking.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { cardSounds, type CardSound } from '../../src/core/keyed-card.ts';
import type { CardEntryOrder, CardTaken, Log } from '../../src/flow/ports.ts';
import { startSandboxProcessor, type SandboxProcessor } from '../../src/sandbox/processor.ts';
import { RawEventSocket, type EventFrame } from '../adapters/raw-event-socket.ts';
import { RawPhone } from './raw-phone.ts';
import { eslAddress, sipAddressOf, TelephoneNetwork } from './telephone-network.ts';

const { FREESWITCH_URL: url = '', PHONES_URL: phones = '', PHONES_SIP: phonesSip = '' } = process.env;
const secretKey = 'sk_test_live_room';
const rate = 8_000;

export interface LiveCaller {
  leg: LegUuid;
  keys(digits: string): Promise<void>;
  hangUp(): Promise<void>;
  /** Resolves when this begins to be said, after what was waited for before. */
  hears(sound: CardSound): Promise<void>;
  /** Resolves when what was waited for is over: for how many milliseconds he heard it. */
  heardOut(sound: CardSound): Promise<number>;
}

export class LiveCardStage {
  readonly room: AskedCardRoom;
  readonly kept: KeptRoom;
  /** Every line the room has logged. */
  readonly logged: string[] = [];
  readonly witness: RawEventSocket;
  readonly environment: Record<string, string>;
  readonly sounds: Record<CardSound, string>;
  readonly dir: string;
  readonly #processor: SandboxProcessor;
  readonly #network: TelephoneNetwork;
  readonly #raw: RawPhone[] = [];

  private constructor(
    dir: string,
    processor: SandboxProcessor,
    network: TelephoneNetwork,
    witness: RawEventSocket,
  ) {
    this.dir = dir;
    this.#processor = processor;
    this.#network = network;
    this.witness = witness;
    mkdirSync(join(dir, 'en'));
    this.sounds = Object.fromEntries(
      cardSounds.map((sound) => [sound, join(dir, 'en', `${idOf(sound)}.wav`)]),
    ) as Record<CardSound, string>;
    for (const sound of cardSounds) writeFileSync(this.sounds[sound], tone(sound === 'amount' ? 1_500 : 400));
    const socketPath = join(dir, 'room.sock');
    this.environment = {
      CARD_ROOM_SOCKET: socketPath,
      FREESWITCH_URL: `${url.replace(/#.*$/, '')}#fs1`,
      STRIPE_SECRET_KEY: secretKey,
      CARD_ROOM_SANDBOX_PROCESSOR: processor.url,
    };
    const note =
      (level: string) =>
      (facts: Record<string, unknown>, message: string): void =>
        void this.logged.push(JSON.stringify({ level, facts, message }));
    const log: Log = { info: note('info'), warn: note('warn'), error: note('error') };
    this.kept = new KeptRoom(this.environment, log);
    this.room = new AskedCardRoom(socketPath, this.kept);
  }

  static async open(): Promise<LiveCardStage> {
    // FreeSWITCH reads it too, whoever it runs as.
    const dir = mkdtempSync(join(tmpdir(), 'rm-room-'));
    const at = eslAddress(url);
    const processor = await startSandboxProcessor({
      port: 0,
      secretKey,
      publishableKey: 'pk_test_live_room',
    });
    const network = new TelephoneNetwork(eslAddress(phones));
    await network.start();
    return new LiveCardStage(dir, processor, network, await RawEventSocket.signedIn(at.port, at.password));
  }

  async close(): Promise<void> {
    await this.room.close();
    await this.#network.close();
    await Promise.all(this.#raw.map((one) => one.close()));
    this.witness.close();
    await this.#processor.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Was rung, has answered, and is parked. */
  async caller(): Promise<LiveCaller> {
    const number = this.#network.number('manual');
    const leg = await this.#ring(`${number}@${phonesSip}`);
    const phone = this.#network.phone(number);
    await phone.waitFor('ringing');
    await phone.answer();
    return this.#parked(leg, {
      keys: (digits) => phone.keys(digits),
      hangUp: () => phone.hangUp(),
    });
  }

  /** Has dialled, and the switch has answered as a gateway has it do. */
  async callerWhoDials(): Promise<LiveCaller> {
    const number = this.#network.number('manual');
    await this.#network.dials(number, '+33199000199', await sipAddressOf(eslAddress(url)));
    const at = await this.until(
      (name, headers) => name === 'CHANNEL_PARK' && headers['Caller-Caller-ID-Number'] === number,
      0,
    );
    const leg = this.witness.events[at]!.headers['Unique-ID'] as LegUuid;
    await this.api(`sched_del ${leg}`);
    await this.api(`uuid_answer ${leg}`);
    const phone = this.#network.phone(number);
    return this.#parked(leg, {
      keys: (digits) => phone.keys(digits),
      hangUp: () => phone.hangUp(),
    });
  }

  /** The same with a telephone made by hand. */
  async rawCaller(): Promise<LiveCaller & { phone: RawPhone }> {
    const phone = await RawPhone.open();
    this.#raw.push(phone);
    const leg = await this.#ring(`+33600000000@127.0.0.1:${String(phone.sip.port)}`);
    await phone.answer();
    const caller = await this.#parked(leg, {
      keys: (digits) => phone.keys(digits),
      hangUp: () => {
        phone.hangUp();
        return Promise.resolve();
      },
    });
    return { ...caller, phone };
  }

  /** What a client that hears everything is told; the place of the first such event at or behind `from`. */
  async until(
    wanted: (name: string, headers: Record<string, string>) => boolean,
    from: number,
  ): Promise<number> {
    let at = -1;
    await this.witness.until(() => {
      at = this.witness.events.findIndex((one, index) => index >= from && wanted(one.name, one.headers));
      return at >= 0;
    });
    return at;
  }

  order(leg: LegUuid, request = `op_${leg.slice(0, 8)}`): CardEntryOrder {
    return { switchId: 'fs1', leg, request, sounds: this.sounds };
  }

  takeCard(leg: LegUuid): Promise<CardTaken> {
    return this.room.takeCard(this.order(leg)).came;
  }

  /** The next card takes the processor so long. */
  async nextCardTakes(delayMs: number): Promise<void> {
    const body = JSON.stringify({ next: 'delay_ms', on: 'payment_method', times: 1, delayMs });
    const answer = await fetch(`${this.#processor.url}/api/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (!answer.ok) throw new Error(await answer.text());
  }

  api(command: string): Promise<string> {
    return this.witness.api(command);
  }

  variable(leg: LegUuid, name: string): Promise<string> {
    return this.api(`uuid_getvar ${leg} ${name}`);
  }

  async #ring(to: string): Promise<LegUuid> {
    const leg = randomUUID() as LegUuid;
    this.witness.send(
      `bgapi originate {origination_uuid=${leg},media_timeout=30000}sofia/carrier/${to} &park()`,
    );
    await this.witness.reply();
    return leg;
  }

  async #parked(leg: LegUuid, phone: Pick<LiveCaller, 'keys' | 'hangUp'>): Promise<LiveCaller> {
    // Either may be told first; one that dialled was parked before it was answered.
    for (const wanted of ['CHANNEL_ANSWER', 'CHANNEL_PARK'])
      await this.until((name, headers) => name === wanted && headers['Unique-ID'] === leg, 0);
    let seen = this.witness.events.length;
    return {
      leg,
      ...phone,
      hears: async (sound) => {
        const begins = (name: string, headers: Record<string, string>): boolean =>
          name === 'PLAYBACK_START' &&
          headers['Unique-ID'] === leg &&
          headers['Playback-File-Path']?.includes(idOf(sound)) === true;
        seen = (await this.until(begins, seen)) + 1;
      },
      heardOut: async (sound) => {
        const ends = (name: string, headers: Record<string, string>): boolean =>
          name === 'PLAYBACK_STOP' &&
          headers['Unique-ID'] === leg &&
          headers['Playback-File-Path']?.includes(idOf(sound)) === true;
        const at = await this.until(ends, seen);
        return (instantOf(this.witness.events[at]) - instantOf(this.witness.events[seen - 1])) / 1000;
      },
    };
  }
}

const instantOf = (event: EventFrame | undefined): number => Number(event?.headers['Event-Date-Timestamp']);

/** What a caller hears is found by the name of its file. */
const idOf = (sound: string): string => createHash('md5').update(sound).digest('hex');

/** A WAV of so long a tone: mono, 16 bit. */
function tone(ms: number): Buffer {
  const samples = (ms * rate) / 1000;
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(2 * rate, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * samples, 40);
  for (let at = 0; at < samples; at += 1)
    wav.writeInt16LE(Math.round(3_000 * Math.sin((2 * Math.PI * 440 * at) / rate)), 44 + 2 * at);
  return wav;
}
