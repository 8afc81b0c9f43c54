// Who calls? Each question is put to the merchant's server with what he needs to decide: the number and how far it is to be
// trusted, what of this client is under way, what he was not told of yet. What follows from an answer is
// core/call-answering's.

import type { CallCommand, CallEvent } from '../core/call-session.ts';
import { destinationOf } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import type { CallerQuestion, Recognition } from '../core/known-caller.ts';
import type { Tariff } from '../core/tariff.ts';
import type { StoredSession } from '../store/call-sessions.ts';
import type { Tx } from '../store/database.ts';
import {
  type ClientActivity,
  clientActivity,
  readKnownCall,
  readMerchantServer,
  type StoredServer,
} from '../store/known-calls.ts';
import { readDestinations } from '../store/orders.ts';
import { recognizeByAccount } from './client-accounts.ts';
import type { House } from './house.ts';
import { countGuess, mayGuess } from './limit-guesses.ts';
import type { MerchantServerAddress } from './ports.ts';

/** The longest a caller is on the line before he rings somebody: three codes and a PIN, each heard out. */
export const guardWhileRecognizedSeconds = 180;

/**
 * Puts one question to the merchant's server, or to the accounts kept here, and answers with what the rule is to hear. Never
 * throws for what the world does; a database that is away is thrown.
 */
export async function recognize(
  house: House,
  stored: StoredSession,
  command: CallCommand & { do: 'recognize' },
): Promise<CallEvent> {
  const { merchantId, session } = stored;
  const { question } = command;
  const { inbound } = session.plan;
  if (!inbound) throw new Error('Nobody dialled in this session.');
  const asked = await askWhoCalls(house, merchantId, {
    ...inbound,
    callId: session.id,
    cli: session.plan.callerNumber,
    put: async (tx, activity) => {
      const call = await readKnownCall(tx, session.id);
      return questionOf(stored, command, call?.slug ?? '', activity, house.clock.now());
    },
    ...(command.clientCode !== undefined && { clientCode: command.clientCode }),
  });
  return asked.outcome === 'said'
    ? { type: 'callerRecognized', question, recognition: asked.recognition }
    : { type: 'merchantFailed', question, because: asked.because };
}

export type WhoCalls = { outcome: 'said'; recognition: Recognition } | { outcome: 'failed'; because: string };

/** Of the call it is about, whatever kind that is. */
export interface WhoIsAsked {
  callId: string;
  recognizedBy: 'server' | 'accounts';
  ddi: E164;
  cli: E164 | undefined;
  clientCode?: string;
  talkLimitMaxSeconds: number;
  put: (tx: Tx, activity: ClientActivity) => Promise<CallerQuestion>;
  /** The price his account is counted by, where he has none of his own; absent: his call's. */
  priceOfLine?: (tx: Tx) => Promise<Tariff>;
}

/**
 * One question, to the merchant's server or to the accounts kept here; guesses are counted and limited. Never throws for what
 * the world does; a database that is away is thrown.
 */
export async function askWhoCalls(
  house: House,
  merchantId: string,
  { callId, recognizedBy, ddi, cli, clientCode, talkLimitMaxSeconds, put: ask, priceOfLine }: WhoIsAsked,
): Promise<WhoCalls> {
  // All we know of him ourselves, in one transaction: a caller waits on the line meanwhile.
  const found = await house.db.asMerchant(merchantId, async (tx) => {
    const [server, activity] = await Promise.all([
      readMerchantServer(tx, ddi),
      clientActivity(tx, {
        callSessionId: callId,
        ...(clientCode !== undefined && { clientCode }),
        ...(cli !== undefined && { cli }),
      }),
    ]);
    const put = await ask(tx, activity);
    if (!(await mayGuess(house, tx, merchantId, put))) return 'guessed_too_often' as const;
    if (recognizedBy === 'server') return { put, server };
    const recognition = await recognizeByAccount(
      house,
      tx,
      put,
      talkLimitMaxSeconds,
      priceOfLine && (() => priceOfLine(tx)),
    );
    if (isMiss(recognition)) await countGuess(house, tx, merchantId, put);
    return { recognition };
  });
  if (found === 'guessed_too_often') {
    house.log.warn({ callId }, 'A caller has tried too many codes: his is not looked at');
    return { outcome: 'said', recognition: { outcome: 'refused', reason: 'unknown' } };
  }
  if ('recognition' in found) return { outcome: 'said', recognition: found.recognition };
  const { put, server } = found;
  if (!server) return { outcome: 'failed', because: 'no_server' };
  const asked = await house.merchantServer.ask(addressOf(house, merchantId, server), put);
  const { requestId } = put;
  house.log.info(
    { callId, requestId, tookMs: asked.exchange.tookMs, outcome: asked.outcome },
    "The merchant's server was asked who calls",
  );
  if (asked.outcome === 'failed') {
    house.log.warn(
      { callId, requestId, because: asked.because, detail: asked.detail },
      "The merchant's server did not say who calls",
    );
    return { outcome: 'failed', because: asked.because };
  }
  const { recognition } = asked;
  if (put.clientCode !== undefined && isMiss(recognition)) {
    await house.db.asMerchant(merchantId, (tx) => countGuess(house, tx, merchantId, put));
  }
  if (!(await mayBeRung(house, merchantId, recognition)))
    return { outcome: 'failed', because: 'destination' };
  return { outcome: 'said', recognition };
}

function isMiss(recognition: Recognition): boolean {
  if (recognition.outcome !== 'refused') return false;
  return recognition.reason === 'unknown' || recognition.reason === 'wrong_pin';
}

export function questionOf(
  { session }: Pick<StoredSession, 'session'>,
  command: CallCommand & { do: 'recognize' },
  line: string,
  activity: ClientActivity,
  at: Date,
): CallerQuestion {
  const { inbound } = session.plan;
  if (!inbound) throw new Error('Nobody dialled in this session.');
  return {
    ask: command.ask,
    requestId: `${session.id}_${String(command.question)}`,
    callSessionId: session.id,
    cli: inbound.cli,
    ddi: inbound.ddi,
    line,
    at,
    ...(command.clientCode !== undefined && { clientCode: command.clientCode }),
    ...(command.pin !== undefined && { pin: command.pin }),
    ...activity,
  };
}

/** The merchant's server as it is to be reached, its secrets opened. */
export function addressOf(house: House, merchantId: string, server: StoredServer): MerchantServerAddress {
  const { protocol, url, timeoutMs, secretSealed, oldSecretSealed, oldSecretUntil } = server;
  const old = oldSecretUntil !== null && oldSecretUntil > house.clock.now() ? oldSecretSealed : null;
  return {
    protocol,
    url,
    timeoutMs,
    secret: secretSealed ? house.seal.open(secretSealed, merchantId) : '',
    ...(old && { oldSecret: house.seal.open(old, merchantId) }),
    ...credentialsOf(house, merchantId, server),
  };
}

/** By what his server knows that it is us, as far as it asks for it. */
export function credentialsOf(
  house: Pick<House, 'seal'>,
  merchantId: string,
  { credentialsSealed }: Pick<StoredServer, 'credentialsSealed'>,
): Pick<MerchantServerAddress, 'basic' | 'usernameToken'> {
  if (!credentialsSealed) return {};
  return JSON.parse(house.seal.open(credentialsSealed, merchantId)) as ReturnType<typeof credentialsOf>;
}

/** A destination the merchant's server names is dialled like any other: only where the table allows it. */
export async function mayBeRung(
  house: House,
  merchantId: string,
  recognition: Recognition,
): Promise<boolean> {
  if (recognition.outcome !== 'recognized' || recognition.destination === undefined) return true;
  const { destination } = recognition;
  if (house.onlyNumbers && !house.onlyNumbers.has(destination)) return false;
  const table = await house.db.asMerchant(merchantId, (tx) => readDestinations(tx));
  return destinationOf(destination, table).outcome !== 'refused';
}
