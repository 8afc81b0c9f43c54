// One request that passed the door, what it may reach, and which object it means. Not here: what is done with it.

import { forbidden, missing } from './processor-errors.ts';
import type { EventCause, Events } from './processor-events.ts';
import type { FaultTarget } from './processor-faults.ts';
import { text, type Parameters } from './processor-form.ts';
import type { Intents, PublicBase } from './processor-intents.ts';
import type { IntentRecord, Records } from './processor-records.ts';
import { intentShape, publicIntentShape, type StripeObject } from './processor-shapes.ts';

export interface World {
  records: Records;
  intents: Intents;
  events: Events;
  base: PublicBase;
  ownAccount: string;
}

/** One request that passed the door. */
export interface Call {
  account: string;
  /** With a browser's key: fewer operations, and the client secret must be known. */
  publishable: boolean;
  version: string;
  parameters: Parameters;
  cause: EventCause;
}

export type Operation = (world: World, call: Call, id: string) => StripeObject | string;

export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** Its one group, if any, is the object's id. */
  path: RegExp;
  target: Exclude<FaultTarget, 'any'>;
  act: Operation;
  publishable?: true;
}

/** What Stripe.js sends besides; the client secret and the key are read at the door. */
export const browserParameters = [
  'client_secret',
  'key',
  '_stripe_account',
  'expected_payment_method_type',
  'payment_user_agent',
];
/** Throws 404 for what another account owns, as if it did not exist. */
export function intentOf(world: World, call: Call, id: string): IntentRecord {
  const intent = world.records.get('intent', id);
  if (intent?.account !== call.account) throw missing('payment_intent', id, 'intent');
  if (call.publishable && text(call.parameters, 'client_secret') !== intent.clientSecret) {
    throw forbidden(
      'The client_secret provided does not match this PaymentIntent.',
      'payment_intent_invalid_parameter',
    );
  }
  return intent;
}

export function shown(world: World, call: Call, intent: IntentRecord): StripeObject {
  return call.publishable
    ? publicIntentShape(intent, world.base.publicUrl)
    : intentShape(intent, world.base.publicUrl);
}
