// Which legs a sweep looks at, and what is done once more: whoever came when nothing could be missed any more has missed nothing.

import { describe, expect, it } from 'vitest';
import type { Language, LegUuid } from '../../src/core/ids.ts';
import type { House } from '../../src/flow/house.ts';
import { LegDesk } from '../../src/flow/leg-desk.ts';
import type { LegSide, Machine } from '../../src/flow/leg-machine.ts';
import type { Switch } from '../../src/flow/ports.ts';
import { HandClock } from '../adapters/hand-clock.ts';

/** It asks something when its call comes, and when it goes on. */
interface Asking {
  merchantId: string;
  version: number;
  leg: LegUuid;
  asks: boolean;
}

const legOf = (name: string): LegUuid => `00000000-0000-4000-8000-${name.padStart(12, '0')}` as LegUuid;
const row = (name: string, asks: boolean): Asking => ({
  merchantId: 'mer',
  version: asks ? 1 : 0,
  leg: legOf(name),
  asks,
});

function startDesk(): {
  desk: LegDesk<Asking, string, string>;
  asked: LegUuid[];
  looked: LegUuid[];
  rows: Map<string, Asking>;
} {
  const asked: LegUuid[] = [];
  const looked: LegUuid[] = [];
  const rows = new Map<string, Asking>();
  const house = {
    clock: new HandClock(),
    ids: { legUuid: () => legOf('0') },
    db: {
      atOnce: (_id: string, act: (tx: never) => unknown) => Promise.resolve(act(undefined as never)),
    },
  } as unknown as House;
  const look = (leg: LegUuid): Promise<object> => {
    looked.push(leg);
    return Promise.resolve({ state: 'living' });
  };
  const aSwitch = { id: 'one', look } as unknown as Switch;
  const side: LegSide = { house, switch: aSwitch, lease: () => 1n, mayBegin: () => true };
  const machine: Machine<Asking, string, string> = {
    name: 'a leg that asks',
    legOf: ({ leg }) => leg,
    idOf: ({ leg }) => leg,
    languageOf: (): Language => 'fr',
    isOver: () => false,
    step: (kept) => ({ kept: { ...kept, asks: true }, commands: ['ask'] }),
    resume: (kept) => ({ kept, commands: kept.asks ? ['ask'] : [] }),
    save: (_tx, _before, { commands }) => Promise.resolve(commands),
    requestOf: ({ leg }) => leg,
    translate: () => undefined,
    gone: 'gone',
    isEnd: (event) => event === 'gone',
    begins: () => true,
    act: (_command, { kept }) => {
      asked.push(kept.leg);
      return Promise.resolve(undefined);
    },
  };
  const desk = new LegDesk(side, {
    machine,
    live: () => Promise.resolve([...rows.keys()].map((id) => ({ merchantId: 'mer', id }))),
    read: (ref) => Promise.resolve(rows.get(ref.id)),
    arrived: 'came',
  });
  return { desk, asked, looked, rows };
}

const idle = (desk: LegDesk<Asking, string, string>): Promise<void> => desk.stop();

describe('a sweep of legs that are cared for', () => {
  it('asks again who was there when what he said may have been missed, or was cared for elsewhere', async () => {
    const { desk, asked, rows } = startDesk();
    rows.set(legOf('1'), row('1', true));
    await desk.toSweep({ missed: true, cut: true })();
    rows.set(legOf('2'), row('2', true));
    await desk.toSweep({ missed: true, cut: true })();
    await idle(desk);
    expect(asked.toSorted()).toEqual([legOf('1'), legOf('1'), legOf('2')]);
  });

  it('asks once whoever comes between the beginning of the sweep and its end', async () => {
    const { desk, asked, rows } = startDesk();
    const sweep = desk.toSweep({ missed: true, cut: true });
    rows.set(legOf('1'), row('1', true));
    desk.begin(row('1', false), false);
    await sweep();
    await idle(desk);
    expect(asked).toEqual([legOf('1')]);
  });

  it('asks after whoever the switch does not list, and starts nothing anew for him', async () => {
    const { desk, asked, looked, rows } = startDesk();
    for (const id of ['1', '2']) {
      rows.set(legOf(id), row(id, true));
      desk.begin(row(id, false), false);
    }
    await desk.toSweep({ missed: false, cut: true })(new Set([legOf('1')]));
    await idle(desk);
    expect(looked).toEqual([legOf('2')]);
    expect(asked.toSorted()).toEqual([legOf('1'), legOf('2')]);
  });

  it('an ordinary sweep asks nobody anything', async () => {
    const { desk, asked, rows } = startDesk();
    desk.begin(row('1', false), false);
    rows.set(legOf('1'), row('1', true));
    await desk.toSweep({ missed: false, cut: false })();
    await desk.toSweep({ missed: true, cut: false })();
    await idle(desk);
    expect(asked).toEqual([legOf('1')]);
  });
});
