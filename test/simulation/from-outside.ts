// What comes to a gateway by HTTP: what people and their systems ask; and from machines, call records of a switch, hints of the processor. Any gateway that answers
// takes them, as behind a load balancer.

import { recordCdr } from '../../src/flow/call-records.ts';
import { followHint } from '../../src/flow/follow-payment.ts';
import type { House } from '../../src/flow/house.ts';
import type { ProcessorHint } from '../../src/flow/ports.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import type { Kernel, Random } from './kernel.ts';
import { type SimGateway, wordOf } from './sim-gateway.ts';

/** An HTTP client waits no longer. */
const patienceMs = 15_000;

/** Somebody with a browser or an HTTP client. */
export interface Client {
  readonly name: string;
  readonly random: Random;
  readonly kernel: Kernel;
  readonly gateways: readonly SimGateway[];
}

/** One HTTP request to any gateway that answers; `undefined`: none did, or it answered with an error. */
export function request<T>(
  { name, random, kernel, gateways }: Client,
  what: string,
  act: (house: House) => Promise<T>,
): Promise<T | undefined> {
  const say = (words: string): void => kernel.trace(`        ${name} ${words}`);
  const answering = gateways.filter((one) => one.answers);
  if (answering.length === 0) {
    say(`${what}: nobody answers`);
    return Promise.resolve(undefined);
  }
  const { house, process } = random.pick(answering);
  if (!house || !process) return Promise.resolve(undefined);
  say(`${what} at ${process.name}`);
  return new Promise((resolve) => {
    const patience = kernel.at(patienceMs, 'patience', () => {
      say(`${what}: no answer`);
      resolve(undefined);
    });
    const answer = (value: T | undefined): void => {
      patience.cancel();
      resolve(value);
    };
    process.at(random.int(1, 30), what, () => {
      act(house).then(
        (value) => answer(value),
        (error: unknown) => {
          say(`${what}: an error (${wordOf(error)})`);
          answer(undefined);
        },
      );
    });
  });
}

/** `true`: answered with 2xx. Where the process dies over it no answer ever comes: whoever asked has his own patience. */
function knock(
  kernel: Kernel,
  gateways: readonly SimGateway[],
  what: string,
  act: (house: House) => Promise<boolean>,
): Promise<boolean> {
  const answering = gateways.filter((one) => one.answers);
  if (answering.length === 0) return Promise.resolve(false);
  const { house, process } = kernel.random.pick(answering);
  if (!house || !process) return Promise.resolve(false);
  return new Promise((resolve) => {
    process.at(kernel.random.int(1, 20), what, () => {
      act(house).then(resolve, () => resolve(false));
    });
  });
}

export function postRecord(
  kernel: Kernel,
  gateways: readonly SimGateway[],
  leg: LegUuid,
  body: object,
): Promise<boolean> {
  return knock(kernel, gateways, 'call record', async (house) => {
    await recordCdr(house, leg, body);
    return true;
  });
}

/** `false`: nobody was there. What becomes of it after that nobody is told: hints may be lost. */
export function deliverHint(kernel: Kernel, gateways: readonly SimGateway[], hint: ProcessorHint): boolean {
  if (!gateways.some((one) => one.answers)) return false;
  void knock(kernel, gateways, 'hint', async (house) => {
    await followHint(house, hint);
    return true;
  });
  return true;
}
