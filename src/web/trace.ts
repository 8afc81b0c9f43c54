// The trail of what was done: each write that succeeded, who asked for it and what he sent, by the names of the fields alone.
// What a setting was before and is now stands in /v1/settings-changes, written with the change.

import type { Request } from 'express';
import type { House } from '../flow/house.ts';
import { writeAudit } from '../store/audit.ts';
import { asPerson } from '../store/people.ts';
import type { ApiAnswer, CallFrom, MountedRoute } from './routes.ts';

type Asked = Pick<Request, 'params' | 'query' | 'body'>;

/** Runs the route, and writes down that it was. */
export async function runTraced(
  house: House,
  route: MountedRoute,
  asked: Asked,
  from: CallFrom,
): Promise<ApiAnswer> {
  const answer = await route.run(asked, from);
  if (route.method === 'get' || route.audited === false || 'problem' in answer) return answer;
  try {
    await trace(house, route, asked, from, answer);
  } catch (err) {
    // It is done, and an answer that says otherwise would have it done twice: who reads the log finds it there.
    const facts = { err, what: route.name, by: from.by?.id, merchantId: from.merchantId };
    house.log.error(facts, 'What was done could not be written into the trail');
  }
  return answer;
}

async function trace(
  house: House,
  route: MountedRoute,
  { params, body }: Asked,
  from: CallFrom,
  { trace: more = {}, body: answered }: Exclude<ApiAnswer, { problem: unknown }>,
): Promise<void> {
  const by = more.by ?? from.by;
  if (!by) return;
  const merchantId = more.merchantId === undefined ? from.merchantId : (more.merchantId ?? '');
  const inPath = Object.values(params as Record<string, string>).join('/');
  const entry = {
    at: house.clock.now(),
    by,
    area: route.area === 'operations' ? ('own' as const) : route.area,
    what: route.name,
    subject: more.subject ?? (inPath === '' ? idOf(answered) : inPath),
    fields: more.fields ?? fieldsOf(body),
  };
  if (merchantId !== '') {
    await house.db.asMerchant(merchantId, (tx) => writeAudit(tx, { ...entry, merchantId, userId: null }));
  } else if (by.kind !== 'api_key') {
    await asPerson(house.db, by.id, (tx) => writeAudit(tx, { ...entry, merchantId: null, userId: by.id }));
  }
}

/** Names alone: what stands in them may be anything. */
function fieldsOf(body: unknown): string[] {
  return typeof body === 'object' && body !== null && !Buffer.isBuffer(body) ? Object.keys(body).sort() : [];
}

function idOf(body: unknown): string | null {
  return typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string'
    ? body.id
    : null;
}
