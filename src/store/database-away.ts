// Which errors mean that the database is away for now, or was too busy with others, and nothing worse: what was asked may be
// asked again. Whoever answers people says 503 by it; whoever commands calls keeps what he was told by it.

import { DatabaseAway, silence } from './database.ts';

/**
 * SQLSTATE classes: 08 connection, 53 out of resources, 57P the server goes down or comes up. 25P03: we fell silent in the midst of a
 * transaction, on a machine that stood still, and all of it was given up.
 */
const awayStates = /^(08|53|57P|25P03)/;
/** Two transactions were in each other's way and this one was given up, wholly: 40001 serialization, 40P01 deadlock. */
const inTheWay = new Set(['40001', '40P01']);
const awayCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE']);
/**
 * What the driver says without a code: the connection broke under a statement or before it, none was to be had in time, it fell
 * silent, or this process is ending.
 */
const awayWords = new Set([
  'Connection terminated unexpectedly',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Cannot use a pool after calling end on the pool',
  silence,
]);

/** Given up for another's sake: it may be asked again at once. */
export function isInTheWay(error: unknown): boolean {
  return error instanceof Error && 'code' in error && inTheWay.has(String(error.code));
}

export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseAway) return true;
  if (!(error instanceof Error)) return false;
  if (awayWords.has(error.message)) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (isInTheWay(error)) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return awayCodes.has(code) || (/^[0-9A-Z]{5}$/.test(code) && awayStates.test(code));
}
