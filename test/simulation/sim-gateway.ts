// One gateway of a run: the real steps over simulated ports, started, killed and started again, as a supervisor does with
// the real one.

import { noSms, noSpeech } from '../no-merchant-server.ts';
import { HeldSounds } from '../../src/flow/held-sounds.ts';
import type { House } from '../../src/flow/house.ts';
import { jobTasks, startHouseWork } from '../../src/flow/house-work.ts';
import type { Log, Switch } from '../../src/flow/ports.ts';
import { realProofs } from '../../src/proofs.ts';
import { Seal } from '../../src/store/seal.ts';
import { GatewayProcess, type Kernel, type Random } from './kernel.ts';
import { spoolOf } from './sim-call-records.ts';
import type { SimCardRooms } from './sim-card-room.ts';
import type { SimDatabase } from './sim-database.ts';
import type { Worker } from './sim-jobs.ts';
import type { SimMerchant } from './sim-merchant.ts';
import type { SimMerchantServer } from './sim-merchant-server.ts';
import type { SimProcessor } from './sim-processor.ts';
import type { SimScripts } from './sim-scripts.ts';
import type { SimSwitch } from './sim-switch.ts';

export interface Outside {
  kernel: Kernel;
  database: SimDatabase;
  switches: readonly SimSwitch[];
  processor: SimProcessor;
  merchant: SimMerchant;
  /** The merchant's own, for callers he knows. */
  server: SimMerchantServer;
  /** His script, for callers in scenarios. */
  scripts: SimScripts;
  /** Where callers key their cards. */
  cardRooms: SimCardRooms;
}

export const sealingKey = Buffer.alloc(32, 7);

export class SimGateway {
  readonly name: string;
  readonly #outside: Outside;
  readonly #random: Random;
  #incarnations = 0;
  #now: { process: GatewayProcess; house: House; worker: Worker } | undefined;

  constructor(outside: Outside, name: string) {
    this.#outside = outside;
    this.name = name;
    this.#random = outside.kernel.random.fork(`${name}/life`);
  }

  /** The process that lives now; `undefined` while it is down. */
  get process(): GatewayProcess | undefined {
    return this.#now?.process.alive === true ? this.#now.process : undefined;
  }

  /** Lives and is not stopped: somebody who knocks is answered. */
  get answers(): boolean {
    return this.process !== undefined && !this.process.frozen;
  }

  /** Of the process that lives now. */
  get house(): House | undefined {
    return this.process && this.#now?.house;
  }

  get worker(): Worker | undefined {
    return this.process && this.#now?.worker;
  }

  start(): void {
    if (this.process) return;
    const { kernel } = this.#outside;
    this.#incarnations += 1;
    const process = new GatewayProcess(kernel, this.name, this.#incarnations);
    process.onDeath = () => this.#diesOf(process);
    const house = this.#houseOf(process);
    this.#now = { process, house, worker: { process, tasks: jobTasks(house) } };
    // Until now nobody was there to put right what the one before left undone.
    kernel.disturb(0);
    kernel.trace(`${process.name}  starts`);
    startHouseWork(house, process.name).then(
      () => kernel.trace(`${process.name}  serves`),
      (error: unknown) => {
        kernel.trace(`${process.name}  did not start: ${wordOf(error)}`);
        process.kill();
      },
    );
  }

  /** Killed, and back after so long. */
  kill(downMs: number): void {
    this.#downMs = downMs;
    this.process?.kill();
  }

  #downMs: number | undefined;

  #diesOf(process: GatewayProcess): void {
    this.#outside.cardRooms.gatewayDied(process);
    const downMs = this.#downMs ?? this.#random.pick([300, 1_000, 2_500, 4_500, 7_000, 20_000]);
    this.#downMs = undefined;
    this.#outside.kernel.at(downMs, `${process.name} replaced`, () => this.start());
  }

  #houseOf(process: GatewayProcess): House {
    const { kernel, database, switches, processor, merchant, server, scripts, cardRooms } = this.#outside;
    return {
      db: database.of(process),
      clock: process.clock,
      ids: process.ids,
      processor: processor.portOf(process),
      cardRoom: cardRooms.portOf(process),
      switches: new Map<string, Switch>(switches.map((one) => [one.id, one.linkOf(process)])),
      cdrSpool: spoolOf(process, kernel, switches),
      sipDomains: new Set(),
      notifier: merchant.portOf(process),
      merchantServer: server.portOf(process),
      mailer: { configured: false, send: () => Promise.resolve('failed') },
      audio: {
        convert: (bytes) =>
          Promise.resolve({ outcome: 'made', audio: { seconds: 3, wav8: bytes, wav16: bytes } }),
      },
      longAudio: {
        convert: (bytes) =>
          Promise.resolve({ outcome: 'made', audio: { seconds: 3, wav8: bytes, wav16: bytes } }),
      },
      heldSounds: new HeldSounds(),
      speech: noSpeech,
      scriptServer: scripts.portOf(process),
      smsSender: noSms,
      log: logOf(process, kernel),
      metrics: { observe: () => undefined, count: () => undefined, level: () => undefined },
      seal: new Seal(sealingKey),
      proofs: realProofs,
      publicUrl: 'https://pay.example',
    };
  }
}

function logOf(process: GatewayProcess, kernel: Kernel): Log {
  const line =
    (level: string) =>
    (facts: Record<string, unknown>, message: string): void => {
      const { err, ...rest } = facts;
      const more = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : '';
      kernel.trace(
        `${process.name}  ${level}${message}${more}${err === undefined ? '' : `: ${wordOf(err)}`}`,
      );
      if (err !== undefined) kernel.onFault?.(err, process.name);
    };
  return { info: line(''), warn: line('(warn) '), error: line('(error) ') };
}

export function wordOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
