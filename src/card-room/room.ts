// The card room as it is asked: a unix socket that only its own user may open, one entry a connection. It knows no database, takes no
// HTTP, and logs of an entry how it ended, in which step, and on which leg.

import { chmodSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Entry, type EntryRecord } from './entry.ts';
import { checkOrder } from './leg-commands.ts';
import type { SwitchPlace } from './leg-link.ts';
import type { Processor } from './payment-method.ts';
import { endLine, lineBytesMax, readAsked } from './wire.ts';

export interface RoomOptions {
  socketPath: string;
  switches: ReadonlyMap<string, SwitchPlace>;
  processor: Processor;
  log: (record: EntryRecord | { message: string }) => void;
}

/** Another room answers at the same address. */
export class RoomTaken extends Error {}

/** Entries under way when it ends are given back to the switch for so long. */
const closingMs = 3_000;

export class Room {
  readonly #options: RoomOptions;
  readonly #server: Server;
  readonly #entries = new Map<Socket, Entry>();
  readonly #sockets = new Set<Socket>();

  private constructor(options: RoomOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#visited(socket));
  }

  /** Throws RoomTaken. A socket that a dead room left is removed. */
  static async open(options: RoomOptions): Promise<Room> {
    const room = new Room(options);
    const { socketPath } = options;
    if (await answers(socketPath)) throw new RoomTaken(`Another card room is at ${socketPath}.`);
    try {
      unlinkSync(socketPath);
    } catch {
      // There was none.
    }
    // From the moment it is there nobody else may open it.
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        room.#server.once('error', reject);
        room.#server.listen(socketPath, resolve);
      });
    } finally {
      process.umask(mask);
    }
    chmodSync(socketPath, 0o600);
    return room;
  }

  /** What is under way is broken off, and its legs given back. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) {
      const entry = this.#entries.get(socket);
      if (entry === undefined) socket.destroy();
      else entry.stop();
    }
    const late = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), closingMs);
    await closed;
    clearTimeout(late);
  }

  #visited(socket: Socket): void {
    let line = '';
    this.#sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      if (this.#entries.has(socket)) return;
      line += text;
      const end = line.indexOf('\n');
      if (end >= 0) this.#begin(socket, line.slice(0, end));
      else if (line.length > lineBytesMax) socket.destroy();
    });
    // An asker that closes its side, or dies, has lost interest.
    socket.on('end', () => this.#left(socket));
    socket.on('close', () => this.#left(socket));
  }

  #left(socket: Socket): void {
    this.#sockets.delete(socket);
    const entry = this.#entries.get(socket);
    if (entry === undefined) socket.destroy();
    else entry.stop();
  }

  #begin(socket: Socket, line: string): void {
    const asked = readAsked(line);
    const place = asked && this.#options.switches.get(asked.switchId);
    if (asked === undefined || place === undefined) {
      this.#options.log({
        message: 'An entry was asked for that cannot be understood, or at a switch nobody named.',
      });
      socket.end(endLine({ outcome: 'away' }));
      return;
    }
    try {
      checkOrder(asked.leg, Object.values(asked.sounds));
    } catch (fault) {
      this.#options.log({ message: fault instanceof Error ? fault.message : 'unsafe' });
      socket.end(endLine({ outcome: 'away' }));
      return;
    }
    // A gateway that takes over asks while the one before it still waits: two would end each other's questions.
    for (const other of [...this.#entries.values()]) if (other.leg === asked.leg) other.displace();
    const entry = new Entry({ ...asked, place }, this.#options.processor, (end, record) => {
      this.#entries.delete(socket);
      this.#options.log(record);
      if (end === undefined) socket.destroy();
      else socket.end(endLine(end));
    });
    this.#entries.set(socket, entry);
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
