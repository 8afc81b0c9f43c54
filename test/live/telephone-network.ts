// Telephones made of a second FreeSWITCH (see vitest.live.config.ts): every call to it parks, ringing, and is answered,
// typed into and hung up over its event socket; and they call the switch under test as a carrier does, over SIP.
import { randomUUID } from 'node:crypto';
import { realClock } from '../../src/clock-and-ids.ts';
import type { E164 } from '../../src/core/ids.ts';
import type { ApiCommand } from '../../src/telephony/dial-string.ts';
import { EslLink, type SwitchHeaders } from '../../src/telephony/esl-link.ts';
import type { Phone } from '../adapters/switch-conformance.ts';
import type { Dialling } from '../telephones.ts';

export type Behaviour = 'manual' | 'busy' | 'refuses' | 'unreachable';
type State = 'ringing' | 'answered' | 'ended';
const silence = 'silence_stream://-1';
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
  callerId?: string;
  /** It called, and was answered. */
  isParked?: boolean;
  /** Sound has begun to leave it. */
  isSending?: boolean;
  /** What its earpiece gave, when the network has ears. */
  recording?: string;
}

/** What is asked of a switch's event socket once. */
export async function askOnce(at: EslAddress, ...commands: string[]): Promise<string[]> {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  let isUp = (): void => undefined;
  const up = new Promise<void>((resolve) => (isUp = resolve));
  const link = new EslLink(
    { ...at, id: 'asked once', events: ['HEARTBEAT'], clock: realClock, log: quiet },
    { up: () => isUp(), down: () => undefined, event: () => undefined },
  );
  link.start();
  await up;
  const replies = await Promise.all(commands.map((command) => link.api(command as ApiCommand)));
  await link.stop();
  return replies.map((reply) => (reply.answered ? reply.text : ''));
}

/** `127.0.0.1:5080`: where this switch, in our configuration, is called by SIP. */
export async function sipAddressOf(at: EslAddress): Promise<string> {
  const [ip = '', port = ''] = await askOnce(at, 'global_getvar sip_ip', 'global_getvar sip_port');
  return `${ip}:${port}`;
}

/** A call as its telephone has it. */
export interface TelephoneCall {
  state: State;
  direction: 'in' | 'out';
  callerId: string;
  recording?: string;
}

export class TelephoneNetwork {
  readonly #link: EslLink;
  readonly #telephones = new Map<string, Telephone>();
  /** By the leg of the call they made. */
  readonly #dialled = new Map<string, Telephone>();
  readonly #changes = new Set<() => void>();
  readonly #up: Promise<void>;
  readonly #recordings: string | undefined;

  /** `recordings`: a folder here which the network writes what each telephone hears to; absent, nothing is recorded. */
  constructor(address: EslAddress, recordings?: string) {
    this.#recordings = recordings;
    let isUp = (): void => undefined;
    this.#up = new Promise((resolve) => {
      isUp = resolve;
    });
    const tell = (facts: Record<string, unknown>, message: string): void => console.warn(message, facts);
    this.#link = new EslLink(
      {
        ...address,
        id: 'telephones',
        events: [
          'CHANNEL_PARK',
          'CHANNEL_PROGRESS',
          'CHANNEL_ANSWER',
          'PLAYBACK_START',
          'CHANNEL_HANGUP_COMPLETE',
        ],
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
    this.give(number, behaviour);
    return number;
  }

  /** Of a SIP address here: the user part nobody has used yet. */
  sipUser(behaviour: Behaviour): string {
    const user = `marie-${randomUUID().slice(0, 8)}`;
    this.give(user, behaviour);
    return user;
  }

  /** This number belongs to a telephone nobody has called yet. */
  give(number: string, behaviour: Behaviour): void {
    this.#telephones.set(number, { behaviour });
  }

  /** `undefined`: nobody has called it. */
  call(number: string): TelephoneCall | undefined {
    const { state, callerId = '', recording, leg = '' } = this.#telephones.get(number) ?? {};
    const direction = this.#dialled.has(leg) ? 'out' : 'in';
    return state && { state, direction, callerId, ...(recording !== undefined && { recording }) };
  }

  /**
   * This telephone calls a number of the switch at `sip`; it rings there, or has ended, when this resolves. What a carrier writes
   * for the caller: From as he says or anonymous (RFC 3323), P-Asserted-Identity (RFC 3325) where the network vouches for it.
   */
  async dials(
    number: string,
    ddi: string,
    sip: string,
    { withheld = false, assertedBy }: Dialling = {},
  ): Promise<void> {
    const leg = randomUUID();
    const telephone: Telephone = { behaviour: 'manual', leg, callerId: ddi };
    this.#telephones.set(number, telephone);
    this.#dialled.set(leg, telephone);
    const variables = [
      `origination_uuid=${leg}`,
      'originate_timeout=60',
      'ignore_early_media=true',
      'sip_cid_type=none',
      `origination_caller_id_number=${withheld ? 'anonymous' : number}`,
      `origination_caller_id_name=${withheld ? 'Anonymous' : number}`,
      ...(withheld ? ["sip_from_uri='sip:anonymous@anonymous.invalid'", 'sip_h_Privacy=id'] : []),
      ...(assertedBy === undefined ? [] : [`sip_h_P-Asserted-Identity='<sip:${number}@127.0.0.1>'`]),
    ].join(',');
    await this.#command(`bgapi originate {${variables}}sofia/phones/${ddi}@${sip} &park()`);
    await this.#until(() => telephone.state !== undefined);
  }

  async refuses(number: string, how: 'busy' | 'refuses'): Promise<void> {
    await this.#command(`uuid_kill ${this.#telephones.get(number)?.leg ?? 'none'} ${refusals[how]}`);
  }

  /** Says what is in this file into the telephone. */
  async says(number: string, file: string): Promise<void> {
    const leg = this.#telephones.get(number)?.leg ?? 'none';
    await this.#command(`uuid_break ${leg}`);
    for (const sound of [file, silence]) await this.#command(`uuid_broadcast ${leg} ${sound} aleg`);
  }

  /** Sends no packet any more; its call stays up. */
  async fallsSilent(number: string): Promise<void> {
    await this.#command(`uuid_break ${this.#telephones.get(number)?.leg ?? 'none'} all`);
  }

  async hangUpAll(): Promise<void> {
    for (const { leg, state } of this.#telephones.values()) {
      if (leg !== undefined && state !== 'ended') await this.#link.api(`uuid_kill ${leg}` as ApiCommand);
    }
    await this.#until(() => [...this.#telephones.values()].every(({ state }) => state !== 'answered'));
  }

  phone(number: string): Phone {
    const its = (): Telephone => this.#telephones.get(number) ?? { behaviour: 'manual' };
    const leg = (): string => its().leg ?? 'none';
    return {
      waitFor: (state) => this.#until(() => its().state === state),
      answer: async () => {
        await this.#command(`uuid_answer ${leg()}`);
        await this.#until(() => its().state !== 'ringing');
        await this.#pickedUp(its());
        await this.#until(() => its().isSending === true || its().state === 'ended');
      },
      hangUp: () => this.#command(`uuid_kill ${leg()} NORMAL_CLEARING`),
      keys: async (digits) => {
        // What dialled sends sound a moment after it is answered; keys travel in it.
        await this.#until(() => its().isSending === true || its().state === 'ended');
        await this.#command(`uuid_send_dtmf ${leg()} ${digits}@100`);
      },
    };
  }

  async #pickedUp(telephone: Telephone): Promise<void> {
    await this.#listen(telephone);
    // A telephone sends sound all the time; without it there is nothing the keys could travel in.
    await this.#command(`uuid_broadcast ${telephone.leg ?? 'none'} ${silence} aleg`);
  }

  async #listen(telephone: Telephone): Promise<void> {
    const { leg } = telephone;
    if (this.#recordings === undefined || leg === undefined) return;
    const recording = `${this.#recordings}/${leg}.wav`;
    await this.#command(`uuid_setvar ${leg} RECORD_READ_ONLY true`);
    await this.#command(`uuid_record ${leg} start ${recording}`);
    telephone.recording = recording;
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
    if (leg === undefined) return;
    const telephone = this.#dialled.get(leg) ?? this.#telephones.get(number);
    if (telephone === undefined) return;
    const name = event.header('Event-Name');
    if (name === 'CHANNEL_PROGRESS' && !this.#dialled.has(leg)) return;
    // Of the call before, whose end is still being told.
    if (name !== 'CHANNEL_PARK' && leg !== telephone.leg) return;
    switch (name) {
      case 'CHANNEL_PARK':
        // One that called parks when it is answered; whatever is played to a parked leg parks it again. It may have hung up.
        if (this.#dialled.has(leg) && telephone.isParked !== true) {
          telephone.isParked = true;
          void this.#pickedUp(telephone).catch(() => undefined);
        }
        if (leg === telephone.leg) return;
        telephone.leg = leg;
        telephone.state = 'ringing';
        telephone.callerId = decodeURIComponent(event.header('Caller-Caller-ID-Number') ?? '');
        delete telephone.recording;
        delete telephone.isSending;
        if (telephone.behaviour !== 'manual') {
          void this.#link.api(`uuid_kill ${leg} ${refusals[telephone.behaviour]}` as ApiCommand);
        }
        break;
      case 'CHANNEL_PROGRESS':
        telephone.state ??= 'ringing';
        break;
      case 'CHANNEL_ANSWER':
        telephone.state = 'answered';
        break;
      case 'PLAYBACK_START':
        telephone.isSending = true;
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
