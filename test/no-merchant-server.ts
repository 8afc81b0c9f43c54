// The server of a merchant who has none, the script nobody wrote, the voice nobody has: for houses in which nobody dials.

import type { MerchantServer, ScriptServer, SmsSender, Speech } from '../src/flow/ports.ts';

export const noMerchantServer: MerchantServer = {
  refusalOf: () => Promise.resolve(undefined),
  ask: () => Promise.reject(new Error('Nobody dials in this house.')),
  report: () => Promise.resolve({ outcome: 'no_answer', reason: 'nobody there' }),
};

export const noScripts: ScriptServer = {
  refusalOf: () => Promise.resolve(undefined),
  ask: () => Promise.reject(new Error('Nobody dials in this house.')),
  fetchSound: () => Promise.reject(new Error('Nobody dials in this house.')),
};

export const noSms: SmsSender = {
  refusalOf: () => Promise.resolve(undefined),
  send: () => Promise.reject(new Error('Nobody dials in this house.')),
};

export const noSpeech: Speech = {
  speak: () => Promise.resolve({ outcome: 'failed', reason: 'nobody speaks here' }),
};
