// Pages that follow what happens, over server-sent events. One Postgres listener serves every open page: a notification
// says which order or line changed, the new state is read once for all who look at it the same way, and written to them
// only if it is not what they were shown. Whoever connects gets the state as it is now, so nothing is lost in between.

import type { Response } from 'express';
import type { House } from '../flow/house.ts';
import type { Timer } from '../flow/ports.ts';
import { Audience, type WatchedConsultants } from './live-consultants.ts';

export interface Shown {
  /** Sent as it is: one JSON text. */
  json: string;
  /** Two states with the same mark look the same to people. */
  mark: string;
  /** Nothing can change any more: the stream ends after this, the page keeps what it has. */
  final: boolean;
}

export interface Watched {
  channel: 'ringmeter_order' | 'ringmeter_line';
  /** Order or line id, as it comes in the notification. */
  id: string;
  /** What makes two viewers of the same thing see something different: the language, the order link. */
  variant: string;
  /** `undefined`: it does not exist any more, the stream ends. */
  read(): Promise<Shown | undefined>;
}

export interface LiveFeed {
  /** Answers with a stream that lasts until the page goes, the state is final or the feed closes. */
  follow(response: Response, watched: Watched): void;
  /** The same for whose state has changed, of a merchant's consultants: from now on, and not how it is now. */
  followConsultants(response: Response, watched: WatchedConsultants): void;
  /** Open streams, for the metrics. */
  readonly viewers: number;
  /** Ends every stream; pages come back by themselves, to whichever gateway answers. */
  close(): void;
}

/** Proxies drop a connection that is silent for 30 to 60 s; half of the shortest leaves room for one lost. */
const heartbeatMs = 15_000;
/** A hint is lost with the gateway that was to give it: every so many heartbeats a page is looked at without one. */
const lookEveryBeats = 4;
/** One change of a call writes several rows and notifies for each; a person does not see 60 ms. */
const pauseMs = { ringmeter_order: 60, ringmeter_line: 250 } as const;
/** A page whose line is so slow that this much waits for it is better served by reconnecting. */
const waitingBytesMax = 262_144;
/** File descriptors are not endless; pages beyond this many are told to poll. */
const viewersMax = 20_000;

const feeds = new WeakMap<House, LiveFeed>();

/** The one feed of this house: whoever asks gets the same, so that there is one listener and one to close. */
export function liveFeed(house: House): LiveFeed {
  const known = feeds.get(house);
  if (known) return known;
  const feed = new Feed(house);
  feeds.set(house, feed);
  return feed;
}

class Feed implements LiveFeed {
  readonly #house: Pick<House, 'db' | 'clock' | 'log'>;
  readonly #watches = new Map<string, Watch>();
  /** By merchant. */
  readonly #audiences = new Map<string, Audience>();
  readonly #unlisten: (() => void)[];
  #heartbeat: Timer | undefined;
  #beats = 0;
  #closed = false;
  viewers = 0;

  constructor(house: Pick<House, 'db' | 'clock' | 'log'>) {
    this.#house = house;
    this.#unlisten = (['ringmeter_order', 'ringmeter_line'] as const).map((channel) =>
      house.db.listen(channel, (id) => {
        this.#changed(channel, id);
      }),
    );
    this.#unlisten.push(house.db.listen('ringmeter_consultants', (hint) => this.#changedConsultant(hint)));
  }

  follow(response: Response, watched: Watched): void {
    if (!this.#begin(response)) return;
    const key = `${watched.channel} ${watched.id} ${watched.variant}`;
    let watch = this.#watches.get(key);
    if (!watch) {
      watch = new Watch(watched, this.#house, () => this.#watches.delete(key));
      this.#watches.set(key, watch);
    }
    const joined = watch;
    response.on('close', () => {
      this.#end();
      joined.leave(response);
    });
    joined.join(response);
  }

  followConsultants(response: Response, { merchantId, only }: WatchedConsultants): void {
    if (!this.#begin(response)) return;
    const audience = this.#audiences.get(merchantId) ?? new Audience(this.#house.clock);
    this.#audiences.set(merchantId, audience);
    response.on('close', () => {
      this.#end();
      audience.leave(response);
      if (audience.size === 0) this.#audiences.delete(merchantId);
    });
    audience.join(response, only);
  }

  /** `false`: sent away. */
  #begin(response: Response): boolean {
    if (this.#closed || this.viewers >= viewersMax) {
      response.status(503).set('Retry-After', '5').end();
      return false;
    }
    response.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      // nginx would hold events back until its buffer is full.
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders();
    response.write('retry: 2000\n\n');
    this.viewers += 1;
    this.#beat();
    return true;
  }

  #end(): void {
    this.viewers -= 1;
    if (this.viewers > 0) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }

  close(): void {
    this.#closed = true;
    for (const unlisten of this.#unlisten) unlisten();
    this.#heartbeat?.cancel();
    for (const watch of this.#watches.values()) watch.end();
    this.#watches.clear();
    for (const audience of [...this.#audiences.values()]) audience.end();
    this.#audiences.clear();
  }

  /** Without an id the listener was away for a while: anything may have changed. `*`: something that concerns all. */
  #changed(channel: Watched['channel'], id: string | undefined): void {
    const all = id === undefined || id === '*';
    for (const watch of this.#watches.values()) {
      if (watch.watched.channel === channel && (all || watch.watched.id === id)) watch.look();
    }
  }

  /** The hint says merchant and consultant; without one, some were missed. */
  #changedConsultant(hint: string | undefined): void {
    if (hint === undefined) {
      for (const audience of this.#audiences.values()) audience.hear(undefined);
      return;
    }
    const [merchantId = '', consultantId] = hint.split(' ');
    this.#audiences.get(merchantId)?.hear(consultantId);
  }

  #beat(): void {
    if (this.#heartbeat || this.#closed) return;
    this.#heartbeat = this.#house.clock.after(heartbeatMs, () => {
      this.#heartbeat = undefined;
      this.#beats += 1;
      for (const watch of this.#watches.values()) {
        watch.beat();
        if (this.#beats % lookEveryBeats === 0) watch.look();
      }
      for (const audience of this.#audiences.values()) audience.beat();
      if (this.viewers > 0) this.#beat();
    });
  }
}

/** Everybody who looks at the same thing in the same way. */
class Watch {
  readonly watched: Watched;
  readonly #house: Pick<House, 'clock' | 'log'>;
  readonly #gone: () => void;
  readonly #viewers = new Set<Response>();
  /** Came since the last reading and were shown nothing yet. */
  readonly #waiting = new Set<Response>();
  #mark: string | undefined;
  #state: 'idle' | 'reading' | 'pausing' = 'idle';
  #again = false;
  #pause: Timer | undefined;

  constructor(watched: Watched, house: Pick<House, 'clock' | 'log'>, gone: () => void) {
    this.watched = watched;
    this.#house = house;
    this.#gone = gone;
  }

  join(response: Response): void {
    this.#viewers.add(response);
    this.#waiting.add(response);
    this.look();
  }

  leave(response: Response): void {
    this.#viewers.delete(response);
    this.#waiting.delete(response);
    if (this.#viewers.size > 0) return;
    this.#pause?.cancel();
    this.#gone();
  }

  /** Reads now, or once more when the reading or the pause that is under way is over: never two at a time. */
  look(): void {
    if (this.#state !== 'idle') {
      this.#again = true;
      return;
    }
    void this.#read();
  }

  beat(): void {
    for (const viewer of this.#viewers) viewer.write(':\n\n');
  }

  end(): void {
    this.#pause?.cancel();
    for (const viewer of this.#viewers) viewer.end();
  }

  async #read(): Promise<void> {
    this.#state = 'reading';
    this.#again = false;
    try {
      this.#show(await this.watched.read());
    } catch (error) {
      // The pages reconnect in two seconds and ask again; meanwhile they say that the connection is lost, which is true.
      this.#house.log.warn(
        { channel: this.watched.channel, id: this.watched.id, error: String(error) },
        'A live page could not be read; its streams are ended and will come back',
      );
      this.end();
    }
    this.#state = 'pausing';
    if (this.#viewers.size === 0) return;
    this.#pause = this.#house.clock.after(pauseMs[this.watched.channel], () => {
      this.#state = 'idle';
      if (this.#again) void this.#read();
    });
  }

  #show(shown: Shown | undefined): void {
    if (!shown) {
      this.end();
      return;
    }
    const changed = shown.mark !== this.#mark;
    this.#mark = shown.mark;
    for (const viewer of changed ? this.#viewers : this.#waiting) {
      if (viewer.writableLength > waitingBytesMax) {
        viewer.destroy();
        continue;
      }
      viewer.write(`event: state\ndata: ${shown.json}\n\n`);
    }
    this.#waiting.clear();
    if (shown.final) this.end();
  }
}
