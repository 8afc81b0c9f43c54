import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { describe, expect, test } from 'vitest';
import type { House } from '../../src/flow/house.ts';
import { liveFeed, type LiveFeed, type Shown, type Watched } from '../../src/web/live.ts';

/** A browser's end of a stream: what arrived, and whether it was ended. */
class Viewer extends EventEmitter {
  readonly headers: Record<string, string> = {};
  received = '';
  code = 0;
  ended = false;
  writableLength = 0;
  flushed = false;
  status(code: number): this {
    this.code = code;
    return this;
  }
  set(name: string | Record<string, string>, value = ''): this {
    Object.assign(this.headers, typeof name === 'string' ? { [name]: value } : name);
    return this;
  }
  flushHeaders(): void {
    this.flushed = true;
  }
  write(text: string): boolean {
    this.received += text;
    return true;
  }
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.emit('close');
  }
  destroy(): void {
    this.end();
  }
  get states(): unknown[] {
    return [...this.received.matchAll(/event: state\ndata: (.*)\n\n/g)].map(
      ([, json]) => JSON.parse(json ?? '') as unknown,
    );
  }
}

/** A house whose clock is turned by hand and whose notifications are called out. */
function stage(): {
  feed: LiveFeed;
  notify: (channel: string, id?: string) => void;
  listeners: Map<string, unknown>;
  turn: (ms: number) => Promise<void>;
  warnings: string[];
} {
  const listeners = new Map<string, (id: string | undefined) => void>();
  const timers = new Set<{ at: number; act: () => void }>();
  const warnings: string[] = [];
  let nowMs = 0;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  const house = {
    db: {
      listen: (channel: string, hear: (id: string | undefined) => void) => {
        expect(listeners.has(channel)).toBe(false);
        listeners.set(channel, hear);
        return () => listeners.delete(channel);
      },
    },
    clock: {
      after: (ms: number, act: () => void) => {
        const timer = { at: nowMs + ms, act };
        timers.add(timer);
        return { cancel: () => timers.delete(timer) };
      },
    },
    log: { warn: (_facts: object, message: string) => warnings.push(message) },
  } as unknown as House;
  const feed = liveFeed(house);
  expect(liveFeed(house)).toBe(feed);
  return {
    feed,
    listeners,
    warnings,
    notify: (channel, id) => listeners.get(channel)?.(id),
    turn: async (ms) => {
      await settle();
      nowMs += ms;
      for (const timer of [...timers].filter(({ at }) => at <= nowMs)) {
        timers.delete(timer);
        timer.act();
      }
      await settle();
    },
  };
}

function watched(read: () => Promise<Shown | undefined>, change: Partial<Watched> = {}): Watched {
  return { channel: 'ringmeter_order', id: 'ord_1', variant: 'fr', read, ...change };
}

function follow(feed: LiveFeed, what: Watched): Viewer {
  const viewer = new Viewer();
  feed.follow(viewer as unknown as Response, what);
  return viewer;
}

function keepAnEye(feed: LiveFeed, merchantId: string, only?: string): Viewer & { told: unknown[] } {
  const viewer = new Viewer();
  feed.followConsultants(viewer as unknown as Response, { merchantId, ...(only !== undefined && { only }) });
  return Object.defineProperty(viewer, 'told', {
    get: () =>
      [...viewer.received.matchAll(/event: consultants\ndata: (.*)\n\n/g)].map(
        ([, json]) => (JSON.parse(json ?? '') as { ids: unknown }).ids,
      ),
  }) as Viewer & { told: unknown[] };
}

function counting(make: (reads: number) => Shown | undefined): {
  read: () => Promise<Shown | undefined>;
  reads: number;
} {
  const counter = {
    reads: 0,
    read: () => {
      counter.reads += 1;
      return Promise.resolve(make(counter.reads));
    },
  };
  return counter;
}

const shown = (value: unknown, change: Partial<Shown> = {}): Shown => ({
  json: JSON.stringify(value),
  mark: JSON.stringify(value),
  final: false,
  ...change,
});

describe('the live feed', () => {
  test('shows whoever connects how it is now, and then every change', async () => {
    const { feed, notify, turn } = stage();
    let state = 'ringing';
    const viewer = follow(
      feed,
      watched(() => Promise.resolve(shown(state))),
    );
    await turn(0);
    expect(viewer.headers['Content-Type']).toContain('text/event-stream');
    expect(viewer.states).toEqual(['ringing']);
    state = 'connected';
    await turn(60);
    notify('ringmeter_order', 'ord_1');
    await turn(0);
    expect(viewer.states).toEqual(['ringing', 'connected']);
  });

  test('reads once for many notifications, and once for all who see the same', async () => {
    const { feed, notify, turn } = stage();
    const source = counting((reads) => shown(reads));
    const viewers = [1, 2, 3].map(() => follow(feed, watched(source.read)));
    await turn(0);
    await turn(60);
    await turn(60);
    const before = source.reads;
    for (let times = 0; times < 50; times += 1) notify('ringmeter_order', 'ord_1');
    await turn(0);
    await turn(60);
    await turn(60);
    // One at once, and one more after the pause for what came while it was read.
    expect(source.reads - before).toBe(2);
    expect(new Set(viewers.map((viewer) => viewer.states.at(-1))).size).toBe(1);
  });

  test('writes nothing when nothing that is seen has changed', async () => {
    const { feed, notify, turn } = stage();
    const viewer = follow(
      feed,
      watched(() => Promise.resolve(shown('same'))),
    );
    await turn(60);
    notify('ringmeter_order', 'ord_1');
    await turn(60);
    expect(viewer.states).toEqual(['same']);
  });

  test('keeps orders, channels and languages apart', async () => {
    const { feed, notify, turn } = stage();
    const other = counting(() => shown('other'));
    follow(feed, watched(other.read, { id: 'ord_2' }));
    follow(feed, watched(other.read, { channel: 'ringmeter_line' }));
    await turn(300);
    const before = other.reads;
    notify('ringmeter_order', 'ord_1');
    await turn(300);
    expect(other.reads).toBe(before);
    const fr = follow(
      feed,
      watched(() => Promise.resolve(shown('bonjour'))),
    );
    const en = follow(
      feed,
      watched(() => Promise.resolve(shown('hello')), { variant: 'en' }),
    );
    await turn(0);
    expect([fr.states, en.states]).toEqual([['bonjour'], ['hello']]);
  });

  test('looks at everything after the listener was away', async () => {
    const { feed, notify, turn } = stage();
    let state = 'before';
    const viewer = follow(
      feed,
      watched(() => Promise.resolve(shown(state))),
    );
    await turn(60);
    state = 'after';
    notify('ringmeter_order');
    await turn(0);
    expect(viewer.states).toEqual(['before', 'after']);
  });

  test('ends a stream whose state is final, and one whose order is gone', async () => {
    const { feed, turn } = stage();
    const done = follow(
      feed,
      watched(() => Promise.resolve(shown('receipt', { final: true }))),
    );
    const gone = follow(
      feed,
      watched(() => Promise.resolve(undefined), { id: 'ord_2' }),
    );
    await turn(0);
    expect([done.ended, done.states]).toEqual([true, ['receipt']]);
    expect([gone.ended, gone.states]).toEqual([true, []]);
    expect(feed.viewers).toBe(0);
  });

  test('a reading that fails ends the streams, and those who come back are served', async () => {
    const { feed, turn, warnings } = stage();
    const broken = follow(
      feed,
      watched(() => Promise.reject(new Error('database away'))),
    );
    await turn(60);
    expect([broken.ended, warnings.length]).toEqual([true, 1]);
    const again = follow(
      feed,
      watched(() => Promise.resolve(shown('here'))),
    );
    await turn(60);
    expect(again.states).toEqual(['here']);
  });

  test('beats while somebody listens, and only then', async () => {
    const { feed, turn } = stage();
    const viewer = follow(
      feed,
      watched(() => Promise.resolve(shown('x'))),
    );
    await turn(15_000);
    await turn(15_000);
    expect(viewer.received.match(/^:$/gm)).toHaveLength(2);
    viewer.end();
    await turn(15_000);
    expect(viewer.received.match(/^:$/gm)).toHaveLength(2);
    const next = follow(
      feed,
      watched(() => Promise.resolve(shown('x'))),
    );
    await turn(15_000);
    expect(next.received.match(/^:$/gm)).toHaveLength(1);
  });

  test('drops a viewer who does not take what is sent', async () => {
    const { feed, notify, turn } = stage();
    let state = 1;
    const slow = follow(
      feed,
      watched(() => Promise.resolve(shown(state))),
    );
    await turn(60);
    slow.writableLength = 1_000_000;
    state = 2;
    notify('ringmeter_order', 'ord_1');
    await turn(60);
    expect(slow.ended).toBe(true);
  });

  test('closes: every stream ends, nothing is listened to, newcomers are sent away', async () => {
    const { feed, listeners, turn } = stage();
    const viewer = follow(
      feed,
      watched(() => Promise.resolve(shown('x'))),
    );
    await turn(0);
    feed.close();
    expect([viewer.ended, listeners.size]).toEqual([true, 0]);
    const late = follow(
      feed,
      watched(() => Promise.resolve(shown('x'))),
    );
    expect([late.code, late.ended]).toEqual([503, true]);
  });
});

describe('the state of consultants', () => {
  test('is told to who watches their merchant, the many changes of a moment once', async () => {
    const { feed, notify, turn } = stage();
    const [ours, hers, theirs] = [
      keepAnEye(feed, 'mer_a'),
      keepAnEye(feed, 'mer_a', 'con_2'),
      keepAnEye(feed, 'mer_b'),
    ];
    await turn(300);
    expect([ours.told, hers.told, theirs.told]).toEqual([[], [], []]);
    for (const hint of ['mer_a con_1', 'mer_a con_2', 'mer_a con_1', 'mer_c con_9']) {
      notify('ringmeter_consultants', hint);
    }
    await turn(300);
    notify('ringmeter_consultants', 'mer_a con_1');
    await turn(300);
    expect([ours.told, hers.told, theirs.told]).toEqual([[['con_1', 'con_2'], ['con_1']], [['con_2']], []]);
  });

  test('may have been missed: then everybody reads again', async () => {
    const { feed, notify, turn } = stage();
    const [ours, hers] = [keepAnEye(feed, 'mer_a'), keepAnEye(feed, 'mer_a', 'con_2')];
    notify('ringmeter_consultants', 'mer_a con_1');
    notify('ringmeter_consultants');
    await turn(300);
    expect([ours.told, hers.told]).toEqual([[null], [null]]);
  });

  test('beats, drops who does not take what is sent, and ends with the feed', async () => {
    const { feed, notify, turn, listeners } = stage();
    const [ours, slow] = [keepAnEye(feed, 'mer_a'), keepAnEye(feed, 'mer_a')];
    await turn(15_000);
    expect(ours.received.match(/^:$/gm)).toHaveLength(1);
    slow.writableLength = 1_000_000;
    notify('ringmeter_consultants', 'mer_a con_1');
    await turn(300);
    expect([ours.ended, slow.ended, feed.viewers]).toEqual([false, true, 1]);
    feed.close();
    expect([ours.ended, feed.viewers, listeners.size]).toEqual([true, 0, 0]);
  });
});
