// A switch, a processor and a card room as they run: the room a process of its own, asked over its socket; callers on the sandbox's
// telephones; a client of the event socket that listens to everything, and one like a gateway's.

import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { AskedCardRoom, KeptRoom } from '../../src/card-room/asking.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import { cardSounds, type CardSound } from '../../src/core/keyed-card.ts';
import type { CardEntryOrder, CardTaken, Log } from '../../src/flow/ports.ts';
import { startSandboxProcessor, type SandboxProcessor } from '../../src/sandbox/processor.ts';
import { startSandboxSwitch, type SandboxSwitch } from '../../src/sandbox/switch.ts';
import { RawEventSocket } from './raw-event-socket.ts';

const secretKey = 'sk_test_sandbox_room';

/** What a caller hears is found by the name of its file. */
const idOf = (sound: string): string => createHash('md5').update(sound).digest('hex');

export interface Caller {
  leg: LegUuid;
  keys(digits: string): Promise<void>;
  hangUp(): Promise<void>;
  /** Resolves when this begins to be said, after what was waited for before. */
  hears(sound: CardSound): Promise<void>;
}

export class CardStage {
  readonly room: AskedCardRoom;
  readonly kept: KeptRoom;
  /** Every line the room has logged. */
  readonly logged: string[] = [];
  readonly sandbox: SandboxSwitch;
  readonly processor: SandboxProcessor;
  readonly spoolDir: string;
  readonly environment: Record<string, string>;
  readonly dir: string;
  readonly sounds: Record<CardSound, string>;
  readonly bare: RawEventSocket;
  #numbers = 0;

  private constructor(
    dir: string,
    sandbox: SandboxSwitch,
    processor: SandboxProcessor,
    bare: RawEventSocket,
    processorUrl: string,
  ) {
    this.dir = dir;
    this.spoolDir = join(dir, 'spool');
    this.sandbox = sandbox;
    this.processor = processor;
    this.bare = bare;
    mkdirSync(join(dir, 'en'));
    for (const sound of cardSounds) writeFileSync(join(dir, 'en', `${idOf(sound)}.txt`), sound);
    this.sounds = Object.fromEntries(
      cardSounds.map((sound) => [sound, join(dir, 'en', `${idOf(sound)}.wav`)]),
    ) as Record<CardSound, string>;
    const socketPath = join(dir, 'room.sock');
    this.environment = {
      CARD_ROOM_SOCKET: socketPath,
      FREESWITCH_URL: `esl://:ClueCon@127.0.0.1:${String(sandbox.eslPort)}#fs1`,
      STRIPE_SECRET_KEY: secretKey,
      CARD_ROOM_SANDBOX_PROCESSOR: processorUrl,
    };
    const note =
      (level: string) =>
      (facts: Record<string, unknown>, message: string): void =>
        void this.logged.push(JSON.stringify({ level, facts, message }));
    const log: Log = { info: note('info'), warn: note('warn'), error: note('error') };
    this.kept = new KeptRoom(this.environment, log);
    this.room = new AskedCardRoom(socketPath, this.kept);
  }

  static async open(
    options: { processorUrl?: string; silenceSpeed?: number; speechSpeed?: number } = {},
  ): Promise<CardStage> {
    const dir = mkdtempSync(join(tmpdir(), 'rm-room-'));
    const sandbox = await startSandboxSwitch({
      eslPort: 0,
      httpPort: 0,
      password: 'ClueCon',
      spoolDir: join(dir, 'spool'),
      silenceSpeed: options.silenceSpeed ?? 1,
      speechSpeed: options.speechSpeed ?? 1,
    });
    const processor = await startSandboxProcessor({
      port: 0,
      secretKey,
      publishableKey: 'pk_test_sandbox_room',
    });
    const bare = await RawEventSocket.signedIn(sandbox.eslPort, 'ClueCon');
    return new CardStage(dir, sandbox, processor, bare, options.processorUrl ?? processor.url);
  }

  async close(): Promise<void> {
    await this.room.close();
    this.bare.close();
    await this.sandbox.close();
    await this.processor.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A call that is answered and parked. */
  async caller(): Promise<Caller> {
    this.#numbers += 1;
    const number = `+336${String(20_000_000 + this.#numbers)}`;
    const leg = randomUUID() as LegUuid;
    await this.#phone(number, 'PUT', 'behaviour', { behaviour: 'answers', answerAfterMs: 0 });
    this.bare.send(`bgapi originate {origination_uuid=${leg}}sofia/gateway/carrier/${number} &park()`);
    await this.bare.reply();
    await this.until((name, headers) => name === 'CHANNEL_PARK' && headers['Unique-ID'] === leg, 0);
    let seen = this.bare.events.length;
    return {
      leg,
      keys: (digits) => this.#phone(number, 'POST', 'keys', { digits }),
      hangUp: () => this.#phone(number, 'POST', 'hangup', {}),
      hears: async (sound) => {
        const playing = (name: string, headers: Record<string, string>): boolean =>
          name === 'PLAYBACK_START' &&
          headers['Unique-ID'] === leg &&
          headers['Playback-File-Path']?.includes(idOf(sound)) === true;
        seen = (await this.until(playing, seen)) + 1;
      },
    };
  }

  /** The place of the first such event at or behind `from`. */
  async until(
    wanted: (name: string, headers: Record<string, string>) => boolean,
    from: number,
  ): Promise<number> {
    let at = -1;
    await this.bare.until(() => {
      at = this.bare.events.findIndex((one, index) => index >= from && wanted(one.name, one.headers));
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

  /** Of a leg that has ended, as soon as it is written. */
  record(leg: LegUuid): Promise<string> {
    return vi.waitFor(() => readFileSync(join(this.spoolDir, `${leg}.cdr.json`), 'utf8'));
  }

  variable(leg: LegUuid, name: string): Promise<string> {
    return this.bare.api(`uuid_getvar ${leg} ${name}`);
  }

  async #phone(number: string, method: string, what: string, body: object): Promise<void> {
    const base = `http://127.0.0.1:${String(this.sandbox.httpPort)}/api/phones/${encodeURIComponent(number)}`;
    const response = await fetch(`${base}/${what}`, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${what}: ${await response.text()}`);
  }
}

/** Between a client and the switch: every byte that comes from there is kept. */
export class Recorded {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #bytes: Buffer[];

  private constructor(server: Server, sockets: Set<Socket>, bytes: Buffer[]) {
    this.#server = server;
    this.#sockets = sockets;
    this.#bytes = bytes;
    this.port = (server.address() as AddressInfo).port;
  }

  static async of(switchPort: number): Promise<Recorded> {
    const bytes: Buffer[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const toSwitch = connect(switchPort, '127.0.0.1');
      toSwitch.on('data', (chunk: Buffer) => {
        bytes.push(Buffer.from(chunk));
        client.write(chunk);
      });
      client.on('data', (chunk: Buffer) => toSwitch.write(chunk));
      for (const one of [client, toSwitch]) {
        sockets.add(one);
        one.on('error', () => undefined);
        one.on('close', () => {
          client.destroy();
          toSwitch.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Recorded(server, sockets, bytes);
  }

  text(): string {
    return Buffer.concat(this.#bytes).toString('latin1');
  }

  async close(): Promise<void> {
    for (const one of this.#sockets) one.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
