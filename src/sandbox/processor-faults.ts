// What a test or a curious developer can make go wrong at the processor, for the next request or the next few. Not here:
// doing it (processor-http.ts).

/**
 * - `timeout`: nothing is done and no answer ever comes.
 * - `connection_cut`: nothing is done, the connection breaks.
 * - `rate_limited`: 429, nothing is done.
 * - `error_500`: nothing is done, 500; kept under the idempotency key.
 * - `error_500_executed`: it is done, but 500 is answered and kept under the key.
 * - `answer_lost`: it is done and the true answer is kept, but the connection breaks in the middle of it.
 * - `answer_never`: it is done and the true answer is kept, but none ever comes.
 * - `delay_ms`: everything as ever, `delayMs` later.
 */
export const faultKinds = [
  'timeout',
  'connection_cut',
  'rate_limited',
  'error_500',
  'error_500_executed',
  'answer_lost',
  'answer_never',
  'delay_ms',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Which requests a fault waits for. `any` is the default: the next request whatever it is. */
export const faultTargets = [
  'any',
  'create',
  'confirm',
  'capture',
  'cancel',
  'update',
  'retrieve',
  'search',
  'list',
  'refund',
  'customer',
  'payment_method',
] as const;
export type FaultTarget = (typeof faultTargets)[number];

export interface Fault {
  next: FaultKind;
  on: FaultTarget;
  times: number;
  delayMs: number;
}

export class Faults {
  #waiting: Fault[] = [];

  get waiting(): readonly Fault[] {
    return this.#waiting;
  }

  add(fault: Fault): void {
    this.#waiting.push(fault);
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The oldest fault that waits for such a request, used up by this. */
  take(target: Exclude<FaultTarget, 'any'> | undefined): Fault | undefined {
    const fault = this.#waiting.find(({ on }) => on === 'any' || on === target);
    if (fault === undefined) return undefined;
    fault.times -= 1;
    if (fault.times <= 0) this.#waiting = this.#waiting.filter((waiting) => waiting !== fault);
    return { ...fault };
  }
}

/** Reads `{"next": "timeout", "on": "capture", "times": 2, "delayMs": 500}`; a text says what is wrong with it. */
export function readFault(body: unknown): Fault | string {
  if (typeof body !== 'object' || body === null) return 'Say {"next": "..."}';
  const { next, on = 'any', times = 1, delayMs = 0 } = body as Record<string, unknown>;
  const kind = faultKinds.find((known) => known === next);
  if (kind === undefined) return `next is one of ${faultKinds.join(', ')}`;
  const target = faultTargets.find((known) => known === on);
  if (target === undefined) return `on is one of ${faultTargets.join(', ')}`;
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1)
    return 'times is a whole number from 1';
  if (typeof delayMs !== 'number' || delayMs < 0 || delayMs > 600_000)
    return 'delayMs is between 0 and 600000';
  return { next: kind, on: target, times, delayMs };
}
