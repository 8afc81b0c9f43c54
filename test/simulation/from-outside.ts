// What comes to a gateway by HTTP from machines: call records of a switch, hints of the processor. Any gateway that answers
// takes them, as behind a load balancer.

import { recordCdr } from '../../src/flow/call-records.ts';
import { followHint } from '../../src/flow/follow-payment.ts';
import type { House } from '../../src/flow/house.ts';
import type { ProcessorHint } from '../../src/flow/ports.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import type { Kernel } from './kernel.ts';
import type { SimGateway } from './sim-gateway.ts';

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
