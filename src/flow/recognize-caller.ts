// Who calls? Each question is put to the merchant's server with what he needs to decide: the number and how far it is to be
// trusted, what of this client is under way, what he was not told of yet. What follows from an answer is
// core/call-answering's.

import type { CallCommand, CallEvent } from '../core/call-session.ts';
import { destinationOf } from '../core/dialling.ts';
import type { CallerQuestion, Recognition } from '../core/known-caller.ts';
import type { StoredSession } from '../store/call-sessions.ts';
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
  const known = (recognition: Recognition): CallEvent => ({
    type: 'callerRecognized',
    question,
    recognition,
  });
  // All we know of him ourselves, in one transaction: a caller waits on the line meanwhile.
  const found = await house.db.asMerchant(merchantId, async (tx) => {
    const [call, server, activity] = await Promise.all([
      readKnownCall(tx, session.id),
      readMerchantServer(tx, inbound.ddi),
      clientActivity(tx, {
        callSessionId: session.id,
        ...(command.clientCode !== undefined && { clientCode: command.clientCode }),
        ...(session.plan.callerNumber !== undefined && { cli: session.plan.callerNumber }),
      }),
    ]);
    const put = questionOf(stored, command, call?.slug ?? '', activity, house.clock.now());
    if (!(await mayGuess(house, tx, merchantId, put))) return 'guessed_too_often' as const;
    if (inbound.recognizedBy === 'server') return { put, server };
    const recognition = await recognizeByAccount(house, tx, put, inbound.talkLimitMaxSeconds);
    if (isMiss(recognition)) await countGuess(house, tx, merchantId, put);
    return { recognition };
  });
  if (found === 'guessed_too_often') {
    house.log.warn({ callSessionId: session.id }, 'A caller has tried too many codes: his is not looked at');
    return known({ outcome: 'refused', reason: 'unknown' });
  }
  if ('recognition' in found) return known(found.recognition);
  const { put, server } = found;
  if (!server) return { type: 'merchantFailed', question, because: 'no_server' };
  const asked = await house.merchantServer.ask(addressOf(house, merchantId, server), put);
  house.log.info(
    { callSessionId: session.id, question, tookMs: asked.exchange.tookMs, outcome: asked.outcome },
    "The merchant's server was asked who calls",
  );
  if (asked.outcome === 'failed') {
    house.log.warn(
      { callSessionId: session.id, because: asked.because, detail: asked.detail },
      "The merchant's server did not say who calls",
    );
    return { type: 'merchantFailed', question, because: asked.because };
  }
  const { recognition } = asked;
  if (put.clientCode !== undefined && isMiss(recognition)) {
    await house.db.asMerchant(merchantId, (tx) => countGuess(house, tx, merchantId, put));
  }
  if (!(await mayBeRung(house, merchantId, recognition))) {
    return { type: 'merchantFailed', question, because: 'destination' };
  }
  return known(recognition);
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
