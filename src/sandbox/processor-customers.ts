// Customers at the sandbox: made to keep a payment method with, listed, removed with what was kept with them. Not here: how a payment
// method comes to be one's (processor-intents.ts).

import type { Call, Route, World } from './processor-call.ts';
import { missing } from './processor-errors.ts';
import { mergeMetadata, refuseUnknown, text } from './processor-form.ts';
import { createdWithin, page } from './processor-lists.ts';
import { type CustomerRecord, newId } from './processor-records.ts';
import { customerShape, type StripeObject } from './processor-shapes.ts';

export const customerRoutes: readonly Route[] = [
  { method: 'POST', path: /^\/v1\/customers$/, target: 'customer', act: createCustomer },
  {
    method: 'GET',
    path: /^\/v1\/customers$/,
    target: 'list',
    act: (world, call) => {
      refuseUnknown(call.parameters, [
        'created',
        'email',
        'ending_before',
        'expand',
        'limit',
        'starting_after',
      ]);
      const living = world.records
        .newest('customer', call.account)
        .filter(({ deleted }) => deleted !== true)
        .filter(createdWithin(call));
      return page(call, '/v1/customers', living, customerShape);
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/customers\/(cus_\w+)$/,
    target: 'retrieve',
    act: (world, call, id) => {
      const customer = world.records.get('customer', id);
      if (customer?.account !== call.account) throw missing('customer', id, 'id');
      return customer.deleted ? { id, object: 'customer', deleted: true } : customerShape(customer);
    },
  },
  { method: 'DELETE', path: /^\/v1\/customers\/(cus_\w+)$/, target: 'customer', act: deleteCustomer },
];

function createCustomer(world: World, call: Call): StripeObject {
  refuseUnknown(call.parameters, ['description', 'email', 'expand', 'metadata', 'name', 'phone']);
  const customer = {
    id: newId('cus', 14),
    account: call.account,
    created: world.intents.now,
    email: text(call.parameters, 'email') ?? null,
    metadata: mergeMetadata({}, call.parameters),
  };
  world.records.put('customer', customer);
  return customerShape(customer);
}

/** "Deleting customers removes all credit card details": what was kept with it is detached, and pays nothing any more. */
function deleteCustomer(world: World, call: Call, id: string): StripeObject {
  const customer = living(world, call, id, 'id');
  for (const method of world.records.all('method')) {
    if (method.customer !== id) continue;
    const { customer: _detached, ...bare } = method;
    // Else one that never paid would be taken for new.
    world.records.put('method', { ...bare, usedBy: bare.usedBy ?? 'detached' });
  }
  world.records.put('customer', { ...customer, deleted: true });
  return { id, object: 'customer', deleted: true };
}

export function customerOf(world: World, call: Call): string | undefined {
  const id = text(call.parameters, 'customer');
  return id === undefined ? undefined : living(world, call, id, 'customer').id;
}

function living(world: World, call: Call, id: string, param: string): CustomerRecord {
  const customer = world.records.get('customer', id);
  if (customer?.account !== call.account || customer.deleted) throw missing('customer', id, param);
  return customer;
}
