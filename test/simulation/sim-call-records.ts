// The records of a simulated switch after their legs have ended: posted to a gateway, laid into the spool where nobody took
// them in time, or lost; and the spool as a gateway reads it. The body is sim-switch-record's.

import type { LegUuid } from '../../src/core/ids.ts';
import type { CdrSpool } from '../../src/flow/ports.ts';
import type { GatewayProcess, Kernel, Random } from './kernel.ts';
import type { CallRecord, RecordFate } from './sim-switch-record.ts';

/** mod_json_cdr waits this long for the gateway before it gives the record to the disk. */
const postTimeoutMs = 5_000;
const spoolDeadlineMs = 5_000;

/**
 * Brings a record to a gateway that lives. `true`: it has said that it has it. `false`: nobody was there, or it said no.
 * Where no answer ever comes (it was killed over it) the switch gives up by itself.
 */
export type PostCdr = (leg: LegUuid, body: object) => Promise<boolean> | boolean;

export class SimCallRecords {
  readonly #kernel: Kernel;
  readonly #name: string;
  readonly #post: PostCdr;
  readonly #random: Random;
  readonly #records: CallRecord[] = [];
  /** By name, oldest first; being written until `readyAtMs`. */
  readonly spool = new Map<string, { text: string; readyAtMs: number }>();
  /** Of the posts under way: a switch that dies takes them with it. */
  #core = 0;

  constructor(kernel: Kernel, name: string, post: PostCdr) {
    this.#kernel = kernel;
    this.#name = name;
    this.#post = post;
    this.#random = kernel.random.fork(`${name}/records`);
  }

  all(): readonly CallRecord[] {
    return this.#records;
  }

  /** The switch is gone: what was not yet in a gateway or on the disk never was. */
  forgetPosts(): void {
    this.#core += 1;
    for (const record of this.#records) if (record.fate === 'posting') record.fate = 'lost';
  }

  lose(leg: LegUuid, body: object, endedUs: bigint): void {
    this.#records.push({ leg, body, endedUs, fate: 'lost' });
  }

  write(leg: LegUuid, body: object, endedUs: bigint): void {
    const record: CallRecord = { leg, body, endedUs, fate: 'posting' };
    this.#records.push(record);
    const core = this.#core;
    const still = (): boolean => core === this.#core && record.fate === 'posting';
    this.#kernel.at(this.#random.int(10, 300), `${this.#name} posts`, () => {
      if (!still()) return;
      if (this.#kernel.happens('cdr_lost')) this.#become(record, 'lost');
      else if (this.#kernel.happens('cdr_spooled')) this.#lay(record);
      else this.#bring(record, still);
    });
  }

  #bring(record: CallRecord, still: () => boolean): void {
    const patience = this.#kernel.at(postTimeoutMs, `${this.#name} gives up posting`, () => {
      if (still()) this.#lay(record);
    });
    // The answer comes in virtual time: the kernel must not wait for it.
    void Promise.resolve(this.#post(record.leg, record.body)).then(
      (taken) => {
        patience.cancel();
        if (!still()) return;
        if (!taken) {
          this.#lay(record);
          return;
        }
        this.#become(record, 'posted');
        if (this.#kernel.happens('cdr_doubled')) this.#again(record);
      },
      () => {
        patience.cancel();
        if (still()) this.#lay(record);
      },
    );
  }

  /** The answer was lost on its way back: it lies in the spool too, or is posted once more. */
  #again(record: CallRecord): void {
    if (this.#random.chance(0.5)) {
      this.#lay(record);
      return;
    }
    this.#kernel.at(this.#random.int(1, 20_000), `${this.#name} posts again`, () => {
      void Promise.resolve(this.#post(record.leg, record.body)).catch(() => undefined);
    });
  }

  #lay(record: CallRecord): void {
    this.#become(record, 'spooled');
    this.spool.set(`${record.leg}.cdr.json`, {
      text: JSON.stringify(record.body),
      readyAtMs: this.#kernel.nowMs + this.#random.int(0, 50),
    });
  }

  #become(record: CallRecord, fate: RecordFate): void {
    record.fate = fate;
    this.#kernel.trace(`${this.#name}  record of ${record.leg.slice(0, 4)} ${fate}`);
    this.#kernel.changed();
  }
}

/** The spool directories of these switches, as one gateway reads them. */
export function spoolOf(
  process: GatewayProcess,
  kernel: Kernel,
  switches: readonly { readonly records: SimCallRecords }[],
): CdrSpool {
  const act = <T>(label: string, perform: () => T, lost: T): Promise<T> =>
    process.act('spool', label, perform, () => lost, spoolDeadlineMs);
  const spools = switches.map((one) => one.records.spool);
  return {
    list: (atMost) => act('spool.list', () => spools.flatMap((one) => [...one.keys()]).slice(0, atMost), []),
    read: (name) =>
      act(
        `spool.read ${name.slice(0, 4)}`,
        () => {
          const found = spools.map((one) => one.get(name)).find((one) => one !== undefined);
          return found && found.readyAtMs <= kernel.nowMs ? found.text : undefined;
        },
        undefined,
      ),
    remove: (name) =>
      act(
        `spool.remove ${name.slice(0, 4)}`,
        () => {
          for (const one of spools) one.delete(name);
        },
        undefined,
      ),
  };
}
