// A caller in the card room whose end nobody tells: the switch keeps it from every link of a gateway, and the room that would have heard
// it hangs. Here sweeps come often.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../src/clock-and-ids.ts';
import { RawEventSocket } from '../adapters/raw-event-socket.ts';
import { caller, eventually } from '../world.ts';
import { type KeypadStage, startKeypadStage, words } from './keypad-stage.ts';

const sweepEveryMs = 30_000;

let stage: KeypadStage;
beforeAll(async () => {
  const after: typeof realClock.after = (ms, act) => realClock.after(ms === sweepEveryMs ? 500 : ms, act);
  stage = await startKeypadStage({ overrides: { clock: { ...realClock, after } } });
});
afterAll(() => stage.close());

it('is missed by the sweep of the switch: his run ends, and what he was sold is given up', async () => {
  const { world, room } = stage;
  const goodbye = { kind: 'hang_up', say: words('Au revoir.') };
  const next = { paid: 'bye', refused: 'bye', needs_page: 'bye', given_up: 'bye', not_taken: 'bye' };
  const card = { kind: 'card_payment', line: 'demo-ticket', next };
  const ddi = await stage.leadsTo({ start: 'card', blocks: { card, bye: goodbye } });
  await world.dials(caller, ddi);
  const entry = await room.entry();
  const raw = await RawEventSocket.signedIn(world.switches[0]?.eslPort ?? 0, world.switchPassword);
  await raw.api(
    `uuid_setvar_multi ${entry.leg} ringmeter_card_room=true;sensitive_dtmf=true;process_cdr=false`,
  );
  await world.does(caller, 'hangup');
  expect(await stage.ended(ddi)).toMatchObject({ outcome: 'caller_left' });
  await eventually(() => expect(entry.over).toBe(true));
  expect(await stage.orders()).toMatchObject([{ state: 'failed', reason: 'cancelled' }]);
  raw.close();
  await stage.cleared();
});
