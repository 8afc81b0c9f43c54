// One connection to a switch's event socket for one leg, on bytes: what is keyed stands in the frames that come, so they are read as
// Buffers, in place, and every byte is overwritten as soon as it is read. (modesl, the gateway's, makes text of everything, and text
// stays in memory until nobody knows when.)

import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { LegUuid } from '../core/ids.ts';
import { cardEntryVariable } from '../core/keyed-card.ts';
import * as say from './leg-commands.ts';

export interface SwitchPlace {
  host: string;
  port: number;
  password: string;
}

/** `keys`: the receiver wipes them. `star`, `hash`: what ended it; `cut`: the room itself. */
export type LegTold =
  | { type: 'asked'; turn: string; keys: Buffer; ended: 'hash' | 'star' | 'pause' | 'full' | 'cut' }
  | { type: 'left'; turn: string }
  | { type: 'hungUp'; endedAtUs?: bigint }
  /** The switch is not reached any more, or never was. */
  | { type: 'lost' };

/** An event with every variable of a leg is some kilobytes; what is longer is none. */
const frameBytesMax = 1024 * 1024;
const openingMs = 5_000;

export class LegLink {
  readonly #leg: LegUuid;
  readonly #entry = randomBytes(8).toString('hex');
  readonly #password: string;
  readonly #tell: (told: LegTold) => void;
  readonly #socket: Socket;
  readonly #opening: NodeJS.Timeout;
  #bytes = Buffer.alloc(16 * 1024);
  #filled = 0;
  #over = false;
  #entered = false;
  /** Answers still to come before the room's own commands are answered: auth, filter, event. */
  #state: 'greeting' | 'signing_in' | 'subscribing' | 'open' = 'greeting';
  readonly #ready: () => void;

  /** `ready`: the leg is heard, and bears the marks of the room. */
  constructor(place: SwitchPlace, leg: LegUuid, ready: () => void, tell: (told: LegTold) => void) {
    this.#leg = leg;
    this.#password = place.password;
    this.#ready = ready;
    this.#tell = tell;
    this.#socket = connect(place.port, place.host);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', () => this.#lost());
    this.#socket.on('close', () => this.#lost());
    this.#opening = setTimeout(() => this.#lost(), openingMs);
  }

  send(...commands: readonly string[]): void {
    if (!this.#over) this.#socket.write(commands.join(''));
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#opening);
    this.#socket.destroy();
    this.#bytes.fill(0);
    this.#filled = 0;
  }

  #lost(): void {
    if (this.#over) return;
    this.close();
    this.#tell({ type: 'lost' });
  }

  #take(chunk: Buffer): void {
    if (!this.#over) {
      this.#makeRoom(chunk.length);
      chunk.copy(this.#bytes, this.#filled);
      this.#filled += chunk.length;
    }
    chunk.fill(0);
    let from = 0;
    for (let next = this.#readFrame(from); next !== undefined; next = this.#readFrame(from)) {
      this.#bytes.fill(0, from, next);
      from = next;
    }
    if (from === 0 || this.#over) return;
    this.#bytes.copyWithin(0, from, this.#filled);
    this.#bytes.fill(0, this.#filled - from, this.#filled);
    this.#filled -= from;
  }

  #makeRoom(more: number): void {
    const needed = this.#filled + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.alloc(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#filled);
    this.#bytes.fill(0);
    this.#bytes = larger;
  }

  /** Where the frame that begins there ends, once it was read; `undefined`: it is not all there. */
  #readFrame(from: number): number | undefined {
    if (this.#over) return undefined;
    const bytes = this.#bytes.subarray(from, this.#filled);
    const head = bytes.indexOf('\n\n');
    if (head < 0) {
      if (bytes.length > frameBytesMax) this.#lost();
      return undefined;
    }
    const headers = bytes.subarray(0, head);
    const length = Number(text(headers, 'Content-Length') ?? '0');
    if (!Number.isSafeInteger(length) || length < 0 || length > frameBytesMax) {
      this.#lost();
      return undefined;
    }
    const end = head + 2 + length;
    if (bytes.length < end) return undefined;
    this.#read(text(headers, 'Content-Type') ?? '', headers, bytes.subarray(head + 2, end));
    return from + end;
  }

  #read(type: string, headers: Buffer, body: Buffer): void {
    if (type === 'text/event-plain') this.#hear(body);
    else if (type === 'auth/request') this.#signIn();
    else if (type === 'command/reply') this.#replied(text(headers, 'Reply-Text') ?? '');
    else if (type === 'api/response') this.#answered(body);
    else if (type === 'text/disconnect-notice' || type === 'text/rude-rejection') this.#lost();
  }

  #signIn(): void {
    if (this.#state !== 'greeting') return;
    this.#state = 'signing_in';
    this.send(say.signIn(this.#password));
  }

  #replied(reply: string): void {
    if (this.#state === 'open' || reply.startsWith('+OK')) {
      if (this.#state === 'signing_in') {
        this.#state = 'subscribing';
        this.send(say.hearLeg(this.#leg), say.subscribe, say.enter(this.#leg, this.#entry));
      }
      return;
    }
    this.#lost();
  }

  /** The first answer of all is that of `enter`; of the others none tells what its events do not. */
  #answered(body: Buffer): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#state = 'open';
    clearTimeout(this.#opening);
    if (body.subarray(0, 3).equals(ok)) this.#ready();
    else this.#tell({ type: 'hungUp' });
  }

  #hear(event: Buffer): void {
    // Another room has it by now, or a gateway took it back: whatever we said would be between them, and unset what they have set.
    const entry = text(event, `variable_${cardEntryVariable}`);
    if (entry !== undefined && entry !== this.#entry) {
      this.#lost();
      return;
    }
    const name = text(event, 'Event-Name');
    if (name === 'CHANNEL_HANGUP_COMPLETE') {
      const at = text(event, 'variable_end_uepoch') ?? text(event, 'Caller-Channel-Hangup-Time') ?? '';
      this.#tell({ type: 'hungUp', ...(/^[1-9][0-9]{14,18}$/.test(at) && { endedAtUs: BigInt(at) }) });
      return;
    }
    if (name !== 'CHANNEL_EXECUTE_COMPLETE' || text(event, 'Answer-State') === 'hangup') return;
    const [kind, turn = ''] = (text(event, 'Application-UUID') ?? '').replace('%3A', ':').split(':', 2);
    if (kind === say.leftMark) this.#tell({ type: 'left', turn });
    if (kind === say.questionMark) this.#tell({ type: 'asked', turn, ...entryOf(event) });
  }
}

const ok = Buffer.from('+OK');

/** What a question came to: with `failure` what was typed before may stand there still, and with `timeout` a pause ended it. */
function entryOf(event: Buffer): { keys: Buffer; ended: 'hash' | 'star' | 'pause' | 'full' | 'cut' } {
  const result = text(event, 'variable_read_result');
  const terminator = keyOf(text(event, 'variable_read_terminator_used'));
  const value = valueIn(event, `variable_${say.digitsVariable}`);
  const typed = result === 'failure' || value === undefined ? noBytes : value;
  // The one key that was asked for.
  const only = typed.length > 0 && typed.length <= 3 ? lone(typed) : undefined;
  const ended =
    terminator === 'D' || only === 0x44
      ? 'cut'
      : terminator === '*' || only === 0x2a
        ? 'star'
        : terminator === '#' || only === 0x23
          ? 'hash'
          : result === 'timeout' || result === 'failure'
            ? 'pause'
            : 'full';
  const keys = Buffer.alloc(only === undefined ? typed.length : 0);
  typed.copy(keys);
  return { keys, ended };
}

const noBytes = Buffer.alloc(0);
const keyOf = (value: string | undefined): string | undefined =>
  value === '%23' ? '#' : value?.toUpperCase() === '%2A' ? '*' : value;
/** `#`, `*` and the room's own key as a digit, escaped or not. */
function lone(value: Buffer): number | undefined {
  for (const [spelt, key] of [
    ['#', 0x23],
    ['%23', 0x23],
    ['*', 0x2a],
    ['%2A', 0x2a],
    ['%2a', 0x2a],
    ['D', 0x44],
  ] as const)
    if (value.equals(Buffer.from(spelt))) return key;
  return undefined;
}

/** The bytes behind `name: ` of a line, in place. */
function valueIn(lines: Buffer, name: string): Buffer | undefined {
  const wanted = `${name}: `;
  let at = lines.indexOf(wanted);
  while (at > 0 && lines[at - 1] !== 0x0a) at = lines.indexOf(wanted, at + 1);
  if (at < 0) return undefined;
  const from = at + wanted.length;
  const end = lines.indexOf(0x0a, from);
  return lines.subarray(from, end < 0 ? lines.length : end);
}

/** Of what is no digit of a card. */
const text = (lines: Buffer, name: string): string | undefined => valueIn(lines, name)?.toString('latin1');
