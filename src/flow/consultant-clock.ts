// What the clock alone changes of consultants: hours begin and end, somebody is back from his break, a wrap-up is over. Each
// gateway looks ahead and is there at the instant, so that pages show it when it happens; whichever comes first follows the
// clock for a consultant (flow/consultant-state), and the others find nothing left to do. Whether he may be rung never waits
// for this: the rule reads the instants themselves.

import { consultantsDue, type DueConsultant, dueAtMost } from '../store/consultants.ts';
import { followClock } from './consultant-state.ts';
import type { House } from './house.ts';
import type { Timer } from './ports.ts';

/** A break of some seconds that somebody else began may end so much later on pages; nobody is rung earlier or later for it. */
const lookEveryMs = 15_000;
/** Instants lie on whole minutes: all that fall due with the first are done together. */
const togetherMs = 50;

export class ConsultantClock {
  readonly #house: House;
  #timer: Timer | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(house: House) {
    this.#house = house;
  }

  start(): void {
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #look(): void {
    const { clock, log } = this.#house;
    this.#running = followDue(this.#house, lookEveryMs)
      .catch((error: unknown) => {
        log.warn({ err: error }, 'the hours of consultants were not followed');
        return undefined;
      })
      .then((next) => {
        if (this.#stopped) return;
        const inMs = next ? next.getTime() - clock.now().getTime() + togetherMs : lookEveryMs;
        this.#timer = clock.after(Math.min(Math.max(inMs, togetherMs), lookEveryMs), () => this.#look());
      });
  }
}

/** Follows the clock for all whose time has come. Answers when the next one's comes, where that is within `aheadMs`. */
export async function followDue(house: House, aheadMs: number): Promise<Date | undefined> {
  const { db, clock, log } = house;
  const now = clock.now();
  const due = await db.asNobody((nobody) => consultantsDue(nobody, new Date(now.getTime() + aheadMs)));
  const isAhead = ({ dueAt }: DueConsultant): boolean => dueAt instanceof Date && dueAt > now;
  for (const { merchantId, consultantId } of due.filter((one) => !isAhead(one))) {
    await db
      .asMerchant(merchantId, (tx) => followClock(house, tx, { merchantId, consultantId }))
      .catch((error: unknown) =>
        log.warn({ consultantId, err: error }, 'the clock was not followed for a consultant'),
      );
  }
  return due.length < dueAtMost ? due.find(isAhead)?.dueAt : now;
}
