// Telephones made of a second FreeSWITCH (see vitest.live.config.ts): every call to it parks, ringing, and is answered,
// typed into and hung up over its event socket.
import { realClock } from '../../src/clock-and-ids.ts';
import type { E164 } from '../../src/core/ids.ts';
import type { ApiCommand } from '../../src/telephony/dial-string.ts';
import { EslLink, type SwitchHeaders } from '../../src/telephony/esl-link.ts';
import type { Phone } from '../adapters/switch-conformance.ts';

export type Behaviour = 'manual' | 'busy' | 'refuses' | 'unreachable';
type State = 'ringing' | 'answered' | 'ended';
const refusals = { busy: 'USER_BUSY', refuses: 'CALL_REJECTED', unreachable: 'UNALLOCATED_NUMBER' } as const;

export interface EslAddress {
  host: string;
  port: number;
  password: string;
}

/** `esl://:password@host:8021`. */
export function eslAddress(url: string): EslAddress {
  const { hostname, port, password } = new URL(url.replace(/^esl:/, 'http:'));
  return { host: hostname, port: port === '' ? 8021 : Number(port), password: decodeURIComponent(password) };
}

interface Telephone {
  behaviour: Behaviour;
  leg?: string;
  state?: State;
}

export class TelephoneNetwork {
  readonly #link: EslLink;
  readonly #telephones = new Map<string, Telephone>();
  readonly #changes = new Set<() => void>();
  readonly #up: Promise<void>;

  constructor(address: EslAddress) {
    let isUp = (): void => undefined;
    this.#up = new Promise((resolve) => {
      isUp = resolve;
    });
    const tell = (facts: Record<string, unknown>, message: string): void => console.warn(message, facts);
    this.#link = new EslLink(
      {
        ...address,
        id: 'telephones',
        events: ['CHANNEL_PARK', 'CHANNEL_ANSWER', 'CHANNEL_HANGUP_COMPLETE'],
        clock: realClock,
        log: { info: () => undefined, warn: tell, error: tell },
      },
      { up: () => isUp(), down: () => undefined, event: (event) => this.#hear(event) },
    );
  }

  async start(): Promise<void> {
    this.#link.start();
    await this.#up;
  }

  async close(): Promise<void> {
    for (const { leg, state } of this.#telephones.values()) {
      // One whose end is on its way to us is gone already: no matter.
      if (leg !== undefined && state !== 'ended') await this.#link.api(`uuid_kill ${leg}` as ApiCommand);
    }
    await this.#link.stop();
  }

  /** A number nobody has used in this run or, but for a great coincidence, in another. */
  number(behaviour: Behaviour): E164 {
    const number = `+336${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}` as E164;
    this.#telephones.set(number, { behaviour });
    return number;
  }

  phone(number: E164): Phone {
    const its = (): Telephone => this.#telephones.get(number) ?? { behaviour: 'manual' };
    const leg = (): string => its().leg ?? 'none';
    return {
      waitFor: (state) => this.#until(() => its().state === state),
      answer: async () => {
        await this.#command(`uuid_answer ${leg()}`);
        await this.#until(() => its().state !== 'ringing');
        // A telephone sends sound all the time; without it there is nothing the keys could travel in.
        await this.#command(`uuid_broadcast ${leg()} silence_stream://-1 aleg`);
      },
      hangUp: () => this.#command(`uuid_kill ${leg()} NORMAL_CLEARING`),
      keys: (digits) => this.#command(`uuid_send_dtmf ${leg()} ${digits}@100`),
    };
  }

  async #command(text: string): Promise<void> {
    const reply = await this.#link.api(text as ApiCommand);
    if (!reply.answered || !reply.text.startsWith('+OK')) {
      throw new Error(`The telephone network answered ${JSON.stringify(reply)} to ${text}.`);
    }
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#changes.delete(look);
        resolve();
      };
      this.#changes.add(look);
      look();
    });
  }

  #hear(event: SwitchHeaders): void {
    const leg = event.header('Unique-ID');
    const number = decodeURIComponent(event.header('Caller-Destination-Number') ?? '');
    const telephone = this.#telephones.get(number);
    if (leg === undefined || telephone === undefined) return;
    switch (event.header('Event-Name')) {
      case 'CHANNEL_PARK':
        telephone.leg = leg;
        telephone.state ??= 'ringing';
        if (telephone.behaviour !== 'manual') {
          void this.#link.api(`uuid_kill ${leg} ${refusals[telephone.behaviour]}` as ApiCommand);
        }
        break;
      case 'CHANNEL_ANSWER':
        telephone.state = 'answered';
        break;
      case 'CHANNEL_HANGUP_COMPLETE':
        telephone.state = 'ended';
        break;
      default:
        return;
    }
    for (const look of [...this.#changes]) look();
  }
}
