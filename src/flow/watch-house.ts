// Watching that what must always hold does (DESIGN 5, 9): every five minutes one gateway of all asks the database. What it
// finds is told once, kept until it is right again, and shown to whoever operates the house. Nothing is repaired here: what
// broke a rule is a fault of ours, and guessing at its repair would be a second one.

import type { StoredSession } from '../store/call-sessions.ts';
import { finishTurn, needsAttention, takeTurn } from '../store/attention.ts';
import { isDatabaseAway } from '../store/database-away.ts';
import { findViolations, recordViolations, type Violation } from '../store/invariants.ts';
import type { House } from './house.ts';
import { later } from './payment-deadlines.ts';
import type { Timer } from './ports.ts';

const everySeconds = 300;
/** How often a gateway asks whether it is its turn: whoever did it may be gone. */
const askEveryMs = 30_000;
/** Instants are given by gateways whose clocks differ a little, and a transaction may be written after its instant. */
const overlapSeconds = 60;
/** The first time of all: what is older was settled before anybody watched, and `check` looks at all of it when asked. */
const firstTimeSeconds = 24 * 60 * 60;

export class HouseWatch {
  readonly #house: House;
  #timer: Timer | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(house: House) {
    this.#house = house;
  }

  start(): void {
    this.#timer = this.#house.clock.after(askEveryMs, () => this.#look());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #look(): void {
    this.#running = checkInTurn(this.#house)
      .catch((error: unknown) => this.#house.log.warn({ err: error }, 'the invariants were not checked'))
      .then(() => {
        if (!this.#stopped) this.start();
      });
  }
}

/** Checks what changed since the last check, when it is somebody's turn; `undefined`: it is not yet. */
export async function checkInTurn(house: House): Promise<Violation[] | undefined> {
  const { db, clock, metrics } = house;
  const at = clock.now();
  const turn = await db.asNobody((nobody) => takeTurn(nobody, 'invariants', { at, everySeconds }));
  if (!turn) return undefined;
  const begunMs = clock.monotonicMs();
  const found = await checkInvariants(
    house,
    later(turn.doneUntil ?? later(at, -firstTimeSeconds), -overlapSeconds),
  );
  await db.asNobody((nobody) => finishTurn(nobody, 'invariants', at));
  metrics.observe('sweep_seconds', (clock.monotonicMs() - begunMs) / 1000, { sweep: 'invariants' });
  return found;
}

/** Checks everything that is not over and what changed since; `-infinity`: all there ever was, which takes its time. */
export async function checkInvariants(
  house: Pick<House, 'db' | 'clock' | 'log'>,
  since: Date | '-infinity',
): Promise<Violation[]> {
  const { db, clock, log } = house;
  const at = clock.now();
  const found = await db.asNobody((nobody) => findViolations(nobody, since, at));
  const fresh = await db.asNobody((nobody) => recordViolations(nobody, found, at));
  for (const { name, id, merchantId, orderId } of fresh) {
    const ids = { ...(merchantId !== null && { merchantId }), ...(orderId !== null && { orderId }) };
    log.error({ invariant: name, id, ...ids }, 'What must always hold does not');
  }
  return found;
}

/**
 * A step of this call failed. Is the database away, it is taken again; anything else is a fault of ours: the call goes on
 * under its limit, and a person is told. Never throws: what tells of a failure must not be another.
 */
export async function noteFailedStep(
  house: House,
  { session, merchantId, orderId }: StoredSession,
  error: unknown,
): Promise<void> {
  const { db, clock, log } = house;
  log.error({ callSessionId: session.id, orderId, err: error }, 'a step of a call failed');
  if (isDatabaseAway(error)) return;
  const because = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  try {
    await db.asMerchant(merchantId, (tx) =>
      needsAttention(tx, {
        kind: 'step_failed',
        id: session.id,
        merchantId,
        orderId,
        because,
        at: clock.now(),
      }),
    );
  } catch (failure) {
    log.warn({ callSessionId: session.id, err: failure }, 'a failed step was not marked for a person');
  }
}
