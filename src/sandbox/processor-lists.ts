// Reading: single objects, lists, the search, and `expand`. Not here: anything that changes something
// (processor-operations.ts).

import { forbidden, missing, parameterInvalid } from './processor-errors.ts';
import { group, integer, list, refuseUnknown, requiredText, text } from './processor-form.ts';
import { shown, type Call, type Route, type World } from './processor-call.ts';
import { newId, type ChargeRecord, type IntentRecord } from './processor-records.ts';
import {
  accountShape,
  chargeShape,
  disputeShape,
  intentShape,
  listShape,
  paymentMethodShape,
  refundShape,
  type StripeObject,
} from './processor-shapes.ts';

const pageParameters = ['ending_before', 'expand', 'limit', 'starting_after'];

export const readingRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/v1\/payment_intents$/,
    target: 'list',
    act: (world, call) =>
      page(
        call,
        '/v1/payment_intents',
        world.records.newest('intent', call.account).filter(createdWithin(call)),
        (intent) => shown(world, call, intent),
      ),
  },
  { method: 'GET', path: /^\/v1\/payment_intents\/search$/, target: 'search', act: searchIntents },
  {
    method: 'GET',
    path: /^\/v1\/payment_methods\/(pm_\w+)$/,
    target: 'retrieve',
    act: (world, call, id) => found(paymentMethod(world, call.account, id), 'payment_method', id),
  },
  {
    method: 'GET',
    path: /^\/v1\/charges\/(ch_\w+)$/,
    target: 'retrieve',
    act: (world, call, id) => found(charge(world, call.account, id), 'charge', id),
  },
  {
    method: 'GET',
    path: /^\/v1\/charges$/,
    target: 'list',
    act: (world, call) =>
      page(call, '/v1/charges', ofIntent(world, call, 'charge'), (each) => chargeOf(world, each)),
  },
  {
    method: 'GET',
    path: /^\/v1\/refunds\/(re_\w+)$/,
    target: 'retrieve',
    act: (world, call, id) => found(refund(world, call.account, id), 'refund', id),
  },
  {
    method: 'GET',
    path: /^\/v1\/refunds$/,
    target: 'list',
    act: (world, call) => page(call, '/v1/refunds', ofIntent(world, call, 'refund'), refundShape),
  },
  {
    method: 'GET',
    path: /^\/v1\/events\/(evt_\w+)$/,
    target: 'retrieve',
    act: (world, call, id) => {
      const payload = world.events.find(call.account, id);
      if (payload === undefined) throw missing('event', id, 'id');
      return payload;
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/disputes\/(du_\w+)$/,
    target: 'retrieve',
    act: (world, call, id) => {
      const record = world.records.get('dispute', id);
      if (record?.account !== call.account) throw missing('dispute', id, 'id');
      return disputeShape(record);
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/disputes$/,
    target: 'list',
    act: (world, call) => page(call, '/v1/disputes', ofIntent(world, call, 'dispute'), disputeShape),
  },
  { method: 'GET', path: /^\/v1\/events$/, target: 'list', act: listEvents },
  {
    method: 'GET',
    path: /^\/v1\/account$/,
    target: 'retrieve',
    act: (world, call) => found(account(world, call.account), 'account', call.account),
  },
  {
    method: 'GET',
    path: /^\/v1\/accounts\/(acct_\w+)$/,
    target: 'retrieve',
    act: (world, _call, id) => {
      const shape = account(world, id);
      if (shape === undefined)
        throw forbidden(`The provided key does not have access to account '${id}'.`, 'account_invalid');
      return shape;
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/accounts$/,
    target: 'list',
    act: (world, call) => {
      const connected = world.records.newest('account').filter(({ id }) => id !== world.ownAccount);
      return page(call, '/v1/accounts', connected, accountShape);
    },
  },
  {
    method: 'POST',
    path: /^\/v1\/accounts$/,
    target: 'update',
    act: (world, call) => {
      refuseUnknown(call.parameters, [
        'type',
        'country',
        'email',
        'capabilities',
        'controller',
        'business_type',
        'expand',
        'metadata',
      ]);
      const id = newId('acct', 16);
      const made = { id, account: id, created: world.intents.now };
      world.records.put('account', made);
      return accountShape(made);
    },
  },
];

/** `created[gte]=…&created[lte]=…`, in seconds. */
export function createdWithin(call: Call): (record: { created: number }) => boolean {
  const created = group(call.parameters, 'created') ?? {};
  refuseUnknown(created, ['gt', 'gte', 'lt', 'lte']);
  const from = integer(created, 'gte', 0) ?? 0;
  const until = integer(created, 'lte', 0) ?? Number.MAX_SAFE_INTEGER;
  return (record) => record.created >= from && record.created <= until;
}

export function page<T extends { id: string }>(
  call: Call,
  url: string,
  records: readonly T[],
  shape: (record: T) => StripeObject,
): StripeObject {
  const limit = Math.min(integer(call.parameters, 'limit', 1) ?? 10, 100);
  const { part, hasMore } = cut(call, records, limit);
  return listShape(url, part.map(shape), hasMore);
}

function cut<T extends { id: string }>(
  call: Call,
  records: readonly T[],
  limit: number,
): { part: T[]; hasMore: boolean } {
  const position = (name: string): number | undefined => {
    const id = text(call.parameters, name);
    if (id === undefined) return undefined;
    const index = records.findIndex((record) => record.id === id);
    if (index < 0) throw missing('object', id, name);
    return index;
  };
  const after = position('starting_after');
  const before = position('ending_before');
  if (before !== undefined) {
    const start = Math.max(0, before - limit);
    return { part: records.slice(start, before), hasMore: start > 0 };
  }
  const start = after === undefined ? 0 : after + 1;
  return { part: records.slice(start, start + limit), hasMore: start + limit < records.length };
}

function ofIntent<K extends 'charge' | 'refund' | 'dispute'>(world: World, call: Call, kind: K) {
  refuseUnknown(call.parameters, [...pageParameters, 'created', 'payment_intent', 'charge']);
  const records = world.records.newest(kind, call.account).filter(createdWithin(call));
  const intent = text(call.parameters, 'payment_intent');
  const charge = text(call.parameters, 'charge');
  return records.filter(
    (record) =>
      (intent === undefined || record.intent === intent) &&
      (charge === undefined || ('charge' in record && record.charge === charge)),
  );
}

function listEvents(world: World, call: Call): string {
  refuseUnknown(call.parameters, [...pageParameters, 'type', 'types']);
  const type = text(call.parameters, 'type');
  const types = [...(type === undefined ? [] : [type]), ...list(call.parameters, 'types')];
  const limit = Math.min(integer(call.parameters, 'limit', 1) ?? 10, 100);
  const { part, hasMore } = cut(call, world.events.list(call.account, types), limit);
  // The events are texts already: parsing each to write it again would be the dearest thing here.
  return `{"object":"list","data":[${part.map(({ payload }) => payload).join(',')}],"has_more":${hasMore},"url":"/v1/events"}`;
}

/** `metadata['order']:'ord_1' AND status:'succeeded'`: exact matches joined by AND, of Stripe's search language. */
function searchIntents(world: World, call: Call): StripeObject {
  refuseUnknown(call.parameters, ['expand', 'limit', 'page', 'query']);
  const query = requiredText(call.parameters, 'query');
  const wanted = query.split(/ AND /i).map((clause) => {
    const match = /^\s*(?:(status)|metadata\[(['"])([^'"]+)\2\])\s*:\s*(['"])([^'"]*)\4\s*$/.exec(clause);
    if (match === null) throw parameterInvalid('query', 'The sandbox searches by metadata and status only.');
    const [, , , field, , value = ''] = match;
    return (intent: IntentRecord): boolean =>
      (field === undefined ? intent.status : intent.metadata[field]) === value;
  });
  const limit = Math.min(integer(call.parameters, 'limit', 1) ?? 10, 100);
  const hits = world.records
    .newest('intent', call.account)
    .filter((intent) => wanted.every((matches) => matches(intent)))
    .slice(0, limit);
  return {
    object: 'search_result',
    data: hits.map((intent) => shown(world, call, intent)),
    has_more: false,
    next_page: null,
    url: '/v1/payment_intents/search',
  };
}

/** Replaces ids by the objects they name: `latest_charge`, `data.latest_charge`, `latest_charge.payment_method`. */
export function expand(world: World, call: Call, object: StripeObject): StripeObject {
  for (const path of list(call.parameters, 'expand')) {
    const names = path.split('.');
    if (names.length > 4) throw parameterInvalid('expand', 'You can expand up to 4 levels.');
    expandAt(world, call, object, names, path);
  }
  return object;
}

function expandAt(world: World, call: Call, object: unknown, names: readonly string[], path: string): void {
  const [name, ...rest] = names;
  if (name === undefined || object === null || object === undefined) return;
  if (Array.isArray(object)) {
    for (const each of object) expandAt(world, call, each, names, path);
    return;
  }
  if (typeof object !== 'object' || !Object.hasOwn(object, name)) {
    throw parameterInvalid('expand', `This property cannot be expanded (${path.slice(0, 100)}).`);
  }
  const holder = object as StripeObject;
  const value = holder[name];
  if (typeof value === 'string') {
    const expanded = byId(world, call.account, value);
    if (expanded === undefined) {
      throw parameterInvalid('expand', `This property cannot be expanded (${path.slice(0, 100)}).`);
    }
    holder[name] = expanded;
  }
  expandAt(world, call, holder[name], rest, path);
}

function byId(world: World, owner: string, id: string): StripeObject | undefined {
  switch (id.split('_')[0]) {
    case 'ch':
      return charge(world, owner, id);
    case 'pm':
      return paymentMethod(world, owner, id);
    case 're':
      return refund(world, owner, id);
    case 'pi': {
      const intent = world.records.get('intent', id);
      return intent?.account === owner ? intentShape(intent, world.base.publicUrl) : undefined;
    }
    default:
      return undefined;
  }
}

function found(object: StripeObject | undefined, kind: string, id: string): StripeObject {
  if (object === undefined) throw missing(kind, id, 'id');
  return object;
}

function charge(world: World, owner: string, id: string): StripeObject | undefined {
  const record = world.records.get('charge', id);
  return record?.account === owner ? chargeOf(world, record) : undefined;
}

function chargeOf(world: World, record: ChargeRecord): StripeObject {
  return chargeShape(record, world.intents.refundsOf(record));
}

function paymentMethod(world: World, owner: string, id: string): StripeObject | undefined {
  const record = world.records.get('method', id);
  return record?.account === owner ? paymentMethodShape(record) : undefined;
}

function refund(world: World, owner: string, id: string): StripeObject | undefined {
  const record = world.records.get('refund', id);
  return record?.account === owner ? refundShape(record) : undefined;
}

function account(world: World, id: string): StripeObject | undefined {
  const record = world.records.get('account', id);
  return record === undefined ? undefined : accountShape(record);
}
