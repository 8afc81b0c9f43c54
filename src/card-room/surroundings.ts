// What the card room is told by its environment: the only reader of it in this process, and all of it. Nothing else is set where the
// gateway starts it.

import { parseSwitches } from '../core/switch-address.ts';
import type { RoomOptions } from './room.ts';

/** For the person at the terminal: every sentence names its variable, and none its value. */
export class CannotOpen extends Error {}

/** Two of them are the longest a caller waits before he is told that it takes longer. */
const processorMs = 10_000;
/** What `sun_path` of a unix socket holds, everywhere. */
const pathBytesMax = 100;

export function readSurroundings(
  env: Readonly<Record<string, string | undefined>>,
): Omit<RoomOptions, 'log'> {
  const wrong: string[] = [];
  const read = (name: string): string => env[name]?.trim() ?? '';
  const socketPath = read('CARD_ROOM_SOCKET');
  if (!socketPath.startsWith('/') || Buffer.byteLength(socketPath) > pathBytesMax)
    wrong.push(`CARD_ROOM_SOCKET must be an absolute path of at most ${String(pathBytesMax)} bytes.`);
  const switches = parseSwitches(read('FREESWITCH_URL'));
  if (switches === undefined)
    wrong.push('FREESWITCH_URL must be of the form esl://:password@host:8021, as the gateway has it.');
  const secretKey = read('STRIPE_SECRET_KEY');
  if (!/^[a-z]{2}_(test|live)_[A-Za-z0-9_]+$/.test(secretKey))
    wrong.push('STRIPE_SECRET_KEY must be a secret key of Stripe, as the gateway has it.');
  const apiBase = read('CARD_ROOM_SANDBOX_PROCESSOR');
  if (apiBase !== '' && !isSandbox(apiBase, secretKey))
    wrong.push('CARD_ROOM_SANDBOX_PROCESSOR must be http on this machine, with a test key.');
  if (wrong.length > 0) throw new CannotOpen(wrong.join('\n'));
  return {
    socketPath,
    switches: new Map((switches ?? []).map((one) => [one.id, one])),
    processor: {
      secretKey,
      apiBase: apiBase === '' ? 'https://api.stripe.com' : apiBase,
      timeoutMs: processorMs,
    },
  };
}

/** Card numbers leave this process in the clear nowhere but to the stand-in beside it. */
function isSandbox(base: string, secretKey: string): boolean {
  if (!URL.canParse(base)) return false;
  const { protocol, hostname } = new URL(base);
  return (
    protocol === 'http:' &&
    (hostname === '127.0.0.1' || hostname === 'localhost') &&
    secretKey.includes('_test_')
  );
}
