// What is done to the house, drawn by chance: kill -9, SIGSTOP and SIGCONT, Postgres gone in the middle of everything, cut
// connections. And how long it took until the calls that lived were commanded again.

import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosGateway, ChaosHouse } from './chaos-house.ts';

export const kinds = [
  'kill the commander',
  'kill the other',
  'kill both',
  'freeze the commander',
  'freeze the other',
  'crash Postgres',
  'cut an event socket',
  'cut every event socket',
  'cut the database of one',
  'cut the database of all',
] as const;
export type Kind = (typeof kinds)[number];

export interface Blow {
  kind: Kind;
  /** Live talks when it fell. */
  talks: number;
  /** Until somebody commanded them all again; undefined: nobody's command was lost, or there were none. */
  adoptedMs?: number;
}

const adoptionPatienceMs = 60_000;

export async function strike(house: ChaosHouse, kind: Kind, chance: () => number): Promise<Blow> {
  const commander = await commanderOf(house);
  const other = house.gateways.find((one) => one !== commander) ?? commander;
  const talks = await liveTalks(house);
  const blow: Blow = { kind, talks };
  const began = performance.now();
  switch (kind) {
    case 'kill the commander':
      commander.kill();
      return { ...blow, ...(await adoption(house, began)) };
    case 'kill the other':
      other.kill();
      return blow;
    case 'kill both':
      for (const one of house.gateways) one.kill();
      return { ...blow, ...(await adoption(house, began)) };
    case 'freeze the commander':
      return { ...blow, ...(await freeze(house, commander, chance, began)) };
    case 'freeze the other':
      await freeze(house, other, chance, began);
      return blow;
    case 'crash Postgres':
      await house.crashPostgres();
      return { ...blow, ...(await adoption(house, began)) };
    case 'cut an event socket':
      commander.cutEventSocket();
      return { ...blow, ...(await adoption(house, began)) };
    case 'cut every event socket':
      for (const one of house.gateways) one.cutEventSocket();
      return { ...blow, ...(await adoption(house, began)) };
    case 'cut the database of one':
      commander.cutDatabase();
      return blow;
    case 'cut the database of all':
      for (const one of house.gateways) one.cutDatabase();
      return blow;
  }
}

/** From too short for anybody to notice to longer than a lease. */
async function freeze(
  house: ChaosHouse,
  gateway: ChaosGateway,
  chance: () => number,
  began: number,
): Promise<{ adoptedMs?: number }> {
  const pid = gateway.pid;
  gateway.freeze();
  const ms = 500 + 9_000 * chance();
  const adopted = ms > 5_500 ? adoption(house, began) : Promise.resolve({});
  await delay(ms);
  // Somebody else may have been started in its place meanwhile.
  if (gateway.pid === pid) gateway.thaw();
  return adopted;
}

/** The holder's name begins with its process id; nobody: the first. */
async function commanderOf(house: ChaosHouse): Promise<ChaosGateway> {
  const [row] = await house.rows<{ holder: string | null }>(
    'select lease_holder as holder from switches limit 1',
  );
  const pid = Number(row?.holder?.split('-')[0]);
  const [first] = house.gateways;
  if (first === undefined) throw new Error('There is no gateway.');
  return house.gateways.find((one) => one.pid === pid) ?? first;
}

export async function liveTalks(house: ChaosHouse): Promise<number> {
  const [row] = await house.rows<{ n: number }>(
    `select count(*)::int as n from call_sessions where state = 'connected'`,
  );
  return row?.n ?? 0;
}

/**
 * Until the talks that live are commanded again, by what the gateways say of themselves. Talks end and begin meanwhile: all
 * that the database holds to be connected at one look have to be in somebody's command at the same look.
 */
async function adoption(house: ChaosHouse, began: number): Promise<{ adoptedMs?: number }> {
  // The blow has to land before anybody can have recovered from it.
  await delay(100);
  while (performance.now() - began < adoptionPatienceMs) {
    const [live, commanded] = await Promise.all([liveTalks(house), commandedCalls(house)]);
    if (live === 0 && commanded === 0) return {};
    if (commanded >= live) return { adoptedMs: performance.now() - began };
    await delay(50);
  }
  return { adoptedMs: adoptionPatienceMs };
}

/** By whoever holds the lease now: what a frozen one believes to command is another's. */
async function commandedCalls(house: ChaosHouse): Promise<number> {
  const [row] = await house.rows<{ holder: string }>(
    'select lease_holder as holder from switches where lease_expires_at > now() limit 1',
  );
  const commander = house.gateways.find(({ pid }) => pid === Number(row?.holder.split('-')[0]));
  if (commander === undefined) return 0;
  const answer = await fetch(`${commander.url}/metrics`, { signal: AbortSignal.timeout(500) }).catch(
    () => undefined,
  );
  const text = (await answer?.text().catch(() => '')) ?? '';
  return [...text.matchAll(/^ringmeter_commanded_calls(?:\{[^}]*\})? (\d+)/gm)].reduce(
    (sum, found) => sum + Number(found[1]),
    0,
  );
}
