// What is written when a number is to lead elsewhere. A write says all of a number's settings, so whatever is not changed is said again
// as it was read; passwords of its own server stay as they are where nothing is said of them.

import type { Ddi } from './contract.ts';

export interface DdiWish {
  kind: Ddi['kind'];
  /** Of a line the one it leads to; of a scenario the one its talks are counted under, or none. */
  line: string | null;
  scenario: string | null;
  active: boolean;
  recognizedBy: Ddi['recognizedBy'];
}

export function ddiBody(read: Ddi, wish: DdiWish): object {
  const {
    clientCode,
    pin,
    withheld,
    fallback,
    talkLimitMaxSeconds,
    callsAtOnce,
    refused,
    ringBack,
    ownServer,
  } = read;
  const { kind, line, scenario, active, recognizedBy } = wish;
  return {
    kind,
    ...(kind !== 'service' && line !== null && { line }),
    ...(kind === 'scenario' && scenario !== null && { scenario }),
    recognizedBy,
    active,
    clientCode,
    pin,
    withheld,
    fallback,
    talkLimitMaxSeconds,
    callsAtOnce,
    refused,
    ringBack,
    ownServer: ownServer && {
      protocol: ownServer.protocol,
      url: ownServer.url,
      timeoutMs: ownServer.timeoutMs,
    },
  };
}
