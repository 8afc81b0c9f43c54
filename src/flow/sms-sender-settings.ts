// By whom a merchant's SMS are sent, as he sets it. His secret is sealed before it reaches a row, never shown again, and goes to the
// host it was given for and to no other.

import type { WrongField } from '../core/line-settings.ts';
import { destinationOf, type InvalidPhone, parsePhone, type RefusedDestination } from '../core/dialling.ts';
import type { E164 } from '../core/ids.ts';
import {
  smsRequest,
  type SmsSenderSettings,
  smsUrlTried,
  type SmsValues,
  wrongOfSmsSender,
} from '../core/sms-sender.ts';
import type { Tx } from '../store/database.ts';
import { readDestinations } from '../store/orders.ts';
import { readSurroundings } from '../store/scenario-surroundings.ts';
import {
  deleteSmsSender,
  readSmsSender,
  type StoredSmsSender,
  writeSmsSender,
} from '../store/sms-senders.ts';
import type { House } from './house.ts';
import type { Exchange, SmsSent } from './ports.ts';
import { changesBetween, type Doer, noteChange } from './settings-change.ts';

export interface SmsSenderWish extends SmsSenderSettings {
  /** Left out: as it is, if there is one; null: none. */
  secret?: string | null;
}

/** Without the secret. */
export interface SmsSenderFacts extends SmsSenderSettings {
  hasSecret: boolean;
}

export function smsSenderFacts({ secretSealed, version: _, ...settings }: StoredSmsSender): SmsSenderFacts {
  return { ...settings, hasSecret: secretSealed !== null };
}

export type SmsSenderKept =
  { outcome: 'kept'; facts: SmsSenderFacts } | { outcome: 'wrong'; wrong: readonly WrongField[] };

/** From the next SMS on. The last write wins. */
export async function setSmsSender(
  house: House,
  { merchantId, actor }: Doer,
  { secret, ...settings }: SmsSenderWish,
): Promise<SmsSenderKept> {
  const url = smsUrlTried(settings.url);
  const refused = URL.canParse(url) ? await house.smsSender.refusalOf(url) : undefined;
  if (refused !== undefined) {
    return {
      outcome: 'wrong',
      wrong: [{ field: 'url', sentence: `Is no address we speak to: ${refused}.` }],
    };
  }
  return house.db.asMerchant(merchantId, async (tx): Promise<SmsSenderKept> => {
    const before = await readSmsSender(tx, true);
    const isMoved = before !== undefined && originOf(before.url) !== originOf(settings.url);
    if (isMoved && before.secretSealed && secret === undefined) {
      const sentence = 'The address is another host: say the secret again, or null for none.';
      return { outcome: 'wrong', wrong: [{ field: 'secret', sentence }] };
    }
    const keeps = secret === undefined ? (before?.secretSealed ?? null) : null;
    const wrong = wrongOfSmsSender(settings, keeps !== null || typeof secret === 'string');
    if (wrong.length > 0) return { outcome: 'wrong', wrong };
    const secretSealed = typeof secret === 'string' ? house.seal.close(secret, merchantId) : keeps;
    const kept = { ...settings, secretSealed };
    const facts = smsSenderFacts({ ...kept, version: 0 });
    const changes = {
      ...changesBetween(before ? smsSenderFacts(before) : {}, facts),
      ...(typeof secret === 'string' && before?.secretSealed && { secret: { from: 'set', to: 'set anew' } }),
    };
    const at = house.clock.now();
    if (await noteChange(tx, { merchantId, actor, at, setting: 'sms_sender', of: null, changes }))
      await writeSmsSender(tx, merchantId, kept);
    return { outcome: 'kept', facts };
  });
}

/** No SMS is sent any more, and the secret is forgotten. `false`: there was none. */
export async function removeSmsSender(house: House, { merchantId, actor }: Doer): Promise<boolean> {
  return house.db.asMerchant(merchantId, async (tx) => {
    const before = await readSmsSender(tx, true);
    if (!before) return false;
    await deleteSmsSender(tx);
    const changes = { url: { from: before.url, to: null } };
    const at = house.clock.now();
    await noteChange(tx, { merchantId, actor, at, setting: 'sms_sender', of: null, changes });
    return true;
  });
}

const originOf = (url: string): string => {
  const tried = smsUrlTried(url);
  return URL.canParse(tried) ? new URL(tried).origin : tried;
};

/** One message, handed over. `shown`: what was sent, without the secret. */
export async function sendSms(
  house: House,
  merchantId: string,
  sender: StoredSmsSender,
  message: Omit<SmsValues, 'secret' | 'digits'>,
): Promise<{ sent: SmsSent; shown: Exchange }> {
  const secret = sender.secretSealed ? house.seal.open(sender.secretSealed, merchantId) : '';
  const values = { ...message, digits: message.to.replace('+', '') };
  const sent = await house.smsSender.send(smsRequest(sender, { ...values, secret }), message.id);
  const { url, headers, body = '' } = smsRequest(sender, { ...values, secret: mask });
  const answered = 'answerBody' in sent ? sent.answerBody : undefined;
  return {
    sent,
    shown: {
      url,
      requestHeaders: headers,
      requestBody: body,
      ...('status' in sent && { status: sent.status }),
      ...(answered !== undefined && { answerBody: masked(answered, secret) }),
      tookMs: sent.tookMs,
    },
  };
}
const mask = '***';

/** What a provider says again of what he was sent, as any of the places it stood in writes it. */
function masked(text: string, secret: string): string {
  if (secret === '') return text;
  const writings = [encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), secret];
  return writings.reduce((left, one) => left.replaceAll(one, mask), text);
}

export type SmsNumber =
  | { outcome: 'number'; number: E164 }
  | { outcome: 'invalid'; reason: InvalidPhone }
  | { outcome: 'refused'; reason: RefusedDestination };

/** Where an SMS may go: where somebody may be called. */
export async function smsNumber(house: House, tx: Tx, typed: string, country: string): Promise<SmsNumber> {
  const read = parsePhone(typed, country);
  if (read.outcome === 'invalid') return read;
  const { number } = read;
  if (house.onlyNumbers && !house.onlyNumbers.has(number))
    return { outcome: 'refused', reason: 'not_allowed' };
  const to = destinationOf(number, await readDestinations(tx));
  return to.outcome === 'refused' ? to : { outcome: 'number', number };
}

export type SmsTried =
  | { outcome: 'tried'; method: SmsSenderSettings['method']; sent: SmsSent; shown: Exchange }
  | { outcome: 'no_sender' }
  | Exclude<SmsNumber, { outcome: 'number' }>;

/** "Send me one": what a caller would be sent, with a link to our own front door. */
export async function tryingSms(house: House, merchantId: string, to: string): Promise<SmsTried> {
  const found = await house.db.asMerchant(merchantId, async (tx) => {
    const [sender, { country, merchantName }] = await Promise.all([readSmsSender(tx), readSurroundings(tx)]);
    return { sender, merchantName, number: await smsNumber(house, tx, to, country) };
  });
  const { sender, merchantName: merchant, number } = found;
  if (!sender) return { outcome: 'no_sender' };
  if (number.outcome !== 'number') return number;
  const link = house.publicUrl;
  const text = `${merchant}: test ${link}`;
  const id = house.ids.id('paymentLink');
  const done = await sendSms(house, merchantId, sender, { to: number.number, text, link, id, merchant });
  return { outcome: 'tried', method: sender.method, ...done };
}
