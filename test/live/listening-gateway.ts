// As much of a gateway as a caller in the card room meets, in a process of its own (forked by card-room.live.test): its link to the
// switch, its card room, and what it has to say, all of it. It is told by messages what to do, and knows nothing else of the test.

import { writeHeapSnapshot } from 'node:v8';
import { AskedCardRoom, KeptRoom } from '../../src/card-room/asking.ts';
import { realClock } from '../../src/clock-and-ids.ts';
import type { LegUuid } from '../../src/core/ids.ts';
import type { CardEntryOrder, Log } from '../../src/flow/ports.ts';
import { FreeSwitch } from '../../src/telephony/freeswitch.ts';

export type GatewayAsked =
  | { do: 'listen'; port: number; password: string; dir: string; room: Record<string, string> }
  | { do: 'take'; order: CardEntryOrder }
  | { do: 'look'; leg: LegUuid }
  /** Ends it too. */
  | { do: 'snapshot'; file: string };

const written = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
const say =
  (level: string) =>
  (facts: Record<string, unknown>, message: string): void =>
    void process.stdout.write(`${written({ level, ...facts, message })}\n`);
const log: Log = { info: say('info'), warn: say('warn'), error: say('error') };

let room: AskedCardRoom | undefined;
let line: FreeSwitch | undefined;

async function listen({ port, password, dir, room: environment }: GatewayAsked & { do: 'listen' }) {
  room = new AskedCardRoom(environment['CARD_ROOM_SOCKET'] ?? '', new KeptRoom(environment, log));
  const one = new FreeSwitch({
    id: 'fs1',
    host: '127.0.0.1',
    port,
    password,
    destination: { kind: 'gateway', name: 'carrier' },
    country: 'FR',
    prompts: { dir, dirAtSwitch: dir },
    clock: realClock,
    log,
  });
  line = one;
  const up = new Promise<void>((resolve) =>
    one.onEvent((event) => {
      log.info({ event }, 'Told by the switch.');
      if (event.type === 'linkUp') resolve();
    }),
  );
  one.start();
  await up;
}

async function does(asked: GatewayAsked): Promise<unknown> {
  switch (asked.do) {
    case 'listen':
      return listen(asked);
    case 'take':
      return room?.takeCard(asked.order).came;
    case 'look':
      return line?.look(asked.leg);
    case 'snapshot':
      await line?.stop();
      await room?.close();
      return writeHeapSnapshot(asked.file, { exposeInternals: true, exposeNumericValues: true });
  }
}

process.on('message', ({ id, asked }: { id: number; asked: GatewayAsked }) => {
  void does(asked).then((answer) =>
    process.send?.(
      { id, answer: answer === undefined ? undefined : (JSON.parse(written(answer)) as unknown) },
      () => {
        if (asked.do === 'snapshot') process.exit(0);
      },
    ),
  );
});
process.on('disconnect', () => process.exit(1));
