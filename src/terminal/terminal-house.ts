// The house as an operator's terminal has it: the database, and nothing else. What a repair wants of the world outside it
// writes down, and whichever gateway lives carries it out; here nobody is called, paid, told or rung.

import { HeldSounds } from '../flow/held-sounds.ts';
import type { House } from '../flow/house.ts';
import type { AudioConverter, CardProcessor, Clock, Ids, Proofs } from '../flow/ports.ts';
import type { Database } from '../store/database.ts';
import type { Seal } from '../store/seal.ts';

export function terminalHouse(own: {
  db: Database;
  clock: Clock;
  ids: Ids;
  seal: Seal;
  proofs: Proofs;
  publicUrl: string;
}): House {
  return {
    ...own,
    processor: nobodyAsked,
    switches: new Map(),
    sipDomains: new Set(),
    notifier: { deliver: () => Promise.resolve({ outcome: 'no_answer', reason: 'not from the terminal' }) },
    merchantServer: {
      refusalOf: () => Promise.resolve('not from the terminal'),
      ask: () => Promise.reject(new Error('Nobody calls a terminal.')),
      report: () => Promise.resolve({ outcome: 'no_answer', reason: 'not from the terminal' }),
    },
    mailer: { configured: false, send: () => Promise.resolve('failed') },
    audio: noConverter,
    longAudio: noConverter,
    heldSounds: new HeldSounds(),
    speech: { speak: () => Promise.resolve({ outcome: 'failed', reason: 'nobody speaks at a terminal' }) },
    smsSender: {
      refusalOf: () => Promise.resolve('not from the terminal'),
      send: () => Promise.reject(new Error('No SMS is sent from a terminal.')),
    },
    scriptServer: {
      refusalOf: () => Promise.resolve('not from the terminal'),
      ask: () => Promise.reject(new Error('No call asks a script from a terminal.')),
      fetchSound: () => Promise.reject(new Error('No call plays a sound from a terminal.')),
    },
    // What came of a command is printed; who did it is kept in the database.
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    metrics: { observe: () => undefined, count: () => undefined, level: () => undefined },
  };
}

const noConverter: AudioConverter = {
  convert: () => Promise.resolve({ outcome: 'refused', because: 'failed' }),
};
const unknown = () => Promise.resolve({ outcome: 'unknown' as const });

const nobodyAsked: CardProcessor = {
  health: () => ({}),
  authorize: unknown,
  capture: unknown,
  void: unknown,
  look: unknown,
  find: unknown,
  refund: unknown,
  removeCustomer: () => Promise.resolve('unknown'),
  findRefund: unknown,
  lookAtRefund: unknown,
  lookAtDispute: unknown,
  disputesSince: unknown,
  minimumCharge: (currency) => {
    throw new Error(`Nothing is settled from the terminal, in ${currency} or otherwise.`);
  },
};
