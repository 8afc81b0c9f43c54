// How the demo lays hands on the parts of the sandbox and looks at the gateway: the doing behind break-something.ts.

import type { Reach } from './break-something.ts';
import type { DemoFacts } from './part-contract.ts';
import type { PartName } from './part-contract.ts';
import type { PartProcess } from './part-process.ts';

/** Whoever has not answered in this time is looked at again. */
const askMs = 1_000;
/** More requests than a demonstration makes. */
const faultTimes = 1_000_000;

export interface DemoReach {
  part: (name: PartName) => PartProcess | undefined;
  demo: () => DemoFacts | undefined;
  gatewayUrl: string;
  /** Absent: nobody may. */
  killGateway?: () => number;
}

export function demoReach({ part, demo, gatewayUrl, killGateway }: DemoReach): Reach {
  const ask = async (name: PartName, path: string, method = 'GET', body?: object): Promise<unknown> => {
    const port = part(name)?.port('http');
    if (port === undefined) return undefined;
    return answerOf(`http://127.0.0.1:${port}${path}`, method, body);
  };
  const refused = async (): Promise<{ id: string }[] | undefined> => {
    const notices = (await ask('merchant', '/api/merchant/notices')) as
      { id: string; answers: number[] }[] | undefined;
    return notices?.filter(({ answers }) => answers.length > 0 && !answers.some(isTaken));
  };
  return {
    ...(killGateway && { killGateway }),
    killSwitch: () => part('switch')?.kill(),
    cutLink: (ms) => part('switch')?.tell({ cutForMs: ms }),
    async askGateway() {
      const ready = (await answerOf(`${gatewayUrl}/readyz`)) as { switches?: { up: boolean }[] } | undefined;
      if (ready?.switches === undefined) return undefined;
      return { linkUp: ready.switches.every(({ up }) => up) };
    },
    async joinedLegs() {
      const phones = (await ask('switch', '/api/phones')) as { bridged: boolean }[] | undefined;
      return phones?.filter(({ bridged }) => bridged).length;
    },
    async silenceProcessor(silent) {
      if (silent) await ask('processor', '/api/faults', 'POST', { next: 'timeout', times: faultTimes });
      else await ask('processor', '/api/faults', 'DELETE');
    },
    async unanswered() {
      const faults = (await ask('processor', '/api/faults')) as
        { data: { next: string; times: number }[] } | undefined;
      const silence = faults?.data.find(({ next }) => next === 'timeout');
      return silence && faultTimes - silence.times;
    },
    async dropMerchant(down) {
      await ask('merchant', '/api/merchant/behaviour', 'PUT', { answer: down ? 503 : 204 });
    },
    refusedNotices: async () => (await refused())?.length,
    async askForMissed() {
      const facts = demo();
      if (facts === undefined) return;
      for (const { id } of (await refused()) ?? []) {
        const path = `/v1/notices/${encodeURIComponent(id)}/replay`;
        await answerOf(`${gatewayUrl}${path}`, 'POST', {}, facts.apiKey);
      }
    },
  };
}

function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The answer's JSON whatever its status, an empty object for none; `undefined` when there was no answer. */
async function answerOf(url: string, method = 'GET', body?: object, apiKey?: string): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(askMs),
    });
    const text = await answer.text();
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
