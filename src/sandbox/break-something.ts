// "Break something": what the demo page's visitor may do to the house while a call runs, and what is then seen of it, told
// as it happens. Everything told here was looked at from outside: the phones, the gateway's own /readyz, the requests the
// processor left unanswered, the notices the merchant refused. The words are the page's (browser/demo/texts.ts).

import { type Breakable, breakables, type Broken } from './demo-contract.ts';
import { EventStream } from './http-exchange.ts';

/** What may be done to the house, and seen of it. Questions answer `undefined` while there is nobody to answer. */
export interface Reach {
  /** Absent: the gateway is not a child of whoever started us. Returns the process that dies. */
  killGateway?: () => number;
  killSwitch(): void;
  cutLink(ms: number): void;
  /** What the gateway says of itself, and of its link to the switch. */
  askGateway(): Promise<{ linkUp: boolean } | undefined>;
  /** How many legs are joined with another at this moment. */
  joinedLegs(): Promise<number | undefined>;
  silenceProcessor(silent: boolean): Promise<void>;
  /** Requests the processor has left unanswered since it was silenced. */
  unanswered(): Promise<number | undefined>;
  dropMerchant(down: boolean): Promise<void>;
  /** Notices the merchant has refused and not taken since. */
  refusedNotices(): Promise<number | undefined>;
  /** As his own people would when his server is back: what he missed is asked for again. */
  askForMissed(): Promise<void>;
}

/** Long enough to see the talk go on, short enough to wait for in front of people. */
const seconds: Readonly<Record<Exclude<Breakable, 'gateway' | 'switch'>, number>> = {
  link: 10,
  processor: 15,
  merchant: 10,
};
const lookEveryMs = 150;
const dyingMs = 1_000;
/** What has not mended itself by now is left to the page's other sentences. */
const watchMs = 45_000;
const keptMax = 12;

export class BreakSomething {
  readonly #reach: Reach;
  readonly #stream: EventStream;
  #all: Broken[] = [];
  #count = 0;
  #gatewaySince: number | undefined;
  #closed = false;

  constructor(reach: Reach) {
    this.#reach = reach;
    this.#stream = new EventStream('breaks', () => this.state());
  }

  get stream(): EventStream {
    return this.#stream;
  }

  state(): { offered: Breakable[]; broken: Broken[] } {
    const offered = breakables.filter((what) => what !== 'gateway' || this.#reach.killGateway !== undefined);
    return { offered, broken: this.#all };
  }

  /** The gateway's keeper has told that it serves. */
  gatewayServes(): void {
    this.#gatewaySince = performance.now();
  }

  /** Breaks it and tells what comes of it; `already_broken` while the same is still being told of. */
  async begin(what: Breakable): Promise<'broken' | 'already_broken' | 'not_offered'> {
    if (!this.state().offered.includes(what)) return 'not_offered';
    if (this.#all.some((one) => one.what === what && !one.over)) return 'already_broken';
    const forSeconds = what === 'gateway' || what === 'switch' ? undefined : seconds[what];
    const one: Broken = {
      id: (this.#count += 1),
      what,
      startedAt: new Date().toISOString(),
      healsAt: forSeconds === undefined ? null : new Date(Date.now() + forSeconds * 1000).toISOString(),
      over: false,
      told: [],
    };
    this.#all = [one, ...this.#all].slice(0, keptMax);
    const talking = ((await this.#reach.joinedLegs()) ?? 0) > 1;
    void this.#story(one, talking, forSeconds ?? 0).finally(() => {
      one.over = true;
      this.#stream.changed();
    });
    return 'broken';
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
  }

  async #story(one: Broken, talking: boolean, forSeconds: number): Promise<void> {
    const began = performance.now();
    switch (one.what) {
      case 'gateway':
        return this.#killGateway(one, talking, began);
      case 'link':
        return this.#cutLink(one, talking, forSeconds, began);
      case 'switch':
        return this.#killSwitch(one, talking, began);
      case 'processor':
        return this.#silenceProcessor(one, forSeconds, began);
      case 'merchant':
        return this.#dropMerchant(one, forSeconds, began);
    }
  }

  async #killGateway(one: Broken, talking: boolean, began: number): Promise<void> {
    const pid = this.#reach.killGateway?.() ?? 0;
    this.#tell(one, talking ? 'gateway_killed_talking' : 'gateway_killed', { pid });
    // The old one may answer a last time while it dies.
    await this.#until(began, async () => (await this.#reach.askGateway()) === undefined, dyingMs);
    const serves = await this.#until(began, async () => (await this.#reach.askGateway()) !== undefined);
    if (serves) this.#tell(one, 'gateway_serves', { seconds: since(began) });
    // Its keeper is told when it has taken the switch over, or found that it cannot.
    const commands = await this.#until(
      began,
      async () =>
        this.#gatewaySince !== undefined &&
        this.#gatewaySince > began &&
        (await this.#reach.askGateway())?.linkUp === true,
    );
    if (!commands) return;
    const still = ((await this.#reach.joinedLegs()) ?? 0) > 1;
    this.#tell(one, talking && still ? 'gateway_adopted' : 'gateway_commands', { seconds: since(began) });
  }

  async #cutLink(one: Broken, talking: boolean, forSeconds: number, began: number): Promise<void> {
    this.#reach.cutLink(forSeconds * 1000);
    this.#tell(one, talking ? 'link_cut_talking' : 'link_cut', { seconds: forSeconds });
    let endedUnheard = false as boolean;
    await this.#until(
      began,
      async () => {
        if (talking && !endedUnheard && (await this.#reach.joinedLegs()) === 0) {
          endedUnheard = true;
          this.#tell(one, 'link_ended_unheard', {});
        }
        return false;
      },
      forSeconds * 1000,
    );
    const healed = performance.now();
    const back = await this.#until(began, async () => (await this.#reach.askGateway())?.linkUp === true);
    if (!back) return;
    const still = ((await this.#reach.joinedLegs()) ?? 0) > 1;
    this.#tell(one, talking && still ? 'link_back_talking' : endedUnheard ? 'link_back_ended' : 'link_back', {
      seconds: since(healed),
    });
  }

  async #killSwitch(one: Broken, talking: boolean, began: number): Promise<void> {
    this.#reach.killSwitch();
    this.#tell(one, talking ? 'switch_killed_talking' : 'switch_killed', {});
    // Its API answers again before the gateway has found it.
    const back = await this.#until(began, async () => {
      return (
        (await this.#reach.joinedLegs()) !== undefined && (await this.#reach.askGateway())?.linkUp === true
      );
    });
    if (back) this.#tell(one, 'switch_back', { seconds: since(began) });
  }

  async #silenceProcessor(one: Broken, forSeconds: number, began: number): Promise<void> {
    await this.#reach.silenceProcessor(true);
    this.#tell(one, 'processor_silent', { seconds: forSeconds });
    await this.#until(
      began,
      async () => {
        const count = await this.#reach.unanswered();
        if (count !== undefined && count > 0) this.#tell(one, 'processor_unanswered', { count });
        return false;
      },
      forSeconds * 1000,
    );
    await this.#reach.silenceProcessor(false);
    this.#tell(one, 'processor_back', {});
  }

  async #dropMerchant(one: Broken, forSeconds: number, began: number): Promise<void> {
    await this.#reach.dropMerchant(true);
    this.#tell(one, 'merchant_down', { seconds: forSeconds });
    let missed = 0;
    await this.#until(
      began,
      async () => {
        missed = (await this.#reach.refusedNotices()) ?? missed;
        if (missed > 0) this.#tell(one, 'merchant_refused', { count: missed });
        return false;
      },
      forSeconds * 1000,
    );
    await this.#reach.dropMerchant(false);
    this.#tell(one, 'merchant_back', {});
    if (missed === 0) return;
    await this.#reach.askForMissed();
    const all = await this.#until(began, async () => (await this.#reach.refusedNotices()) === 0);
    if (all) this.#tell(one, 'merchant_caught_up', { count: missed });
  }

  /** Looks until it is so (true) or until it is late (false). */
  async #until(began: number, look: () => Promise<boolean>, forMs = watchMs): Promise<boolean> {
    while (!this.#closed && performance.now() - began < forMs) {
      if (await look().catch(() => false)) return true;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    return false;
  }

  #tell(one: Broken, key: string, values: Record<string, number>): void {
    const before = one.told.find((told) => told.key === key);
    if (before !== undefined && JSON.stringify(before.values) === JSON.stringify(values)) return;
    const told = { key, values, at: new Date().toISOString() };
    one.told = [...one.told.filter((other) => other.key !== key), told];
    this.#stream.changed();
  }
}

/** Seconds with one decimal. */
function since(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10;
}
