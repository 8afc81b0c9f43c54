// A consultant calls the service on a real FreeSWITCH: real SIP, real DTMF, his voice recorded by the switch, kept by us, and said
// again.

import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { consultantPinMark } from '../../src/flow/consultants.ts';
import { claire, eventually } from '../world.ts';
import { isGiven } from './given-switch.ts';
import { liveStage } from './live-stage.ts';

const service = '+33199000290';
const pin = '80461397';
/** Under which the switch finds it (telephony/prompt-audio). */
const nameOf = (digest: string): string =>
  createHash('sha256').update(`recording\n${digest}\n`).digest('hex').slice(0, 32);

describe.skipIf(!isGiven)('the consultants’ service, on a real switch', () => {
  const stage = liveStage();
  const keys = (digits: string): Promise<void> => stage.world.does(claire, 'keys', { digits });

  const kept = async (): Promise<{ seconds: number; digest: string }[]> => {
    const { rows } = await stage.world.sql.query<{ seconds: number; digest: string }>(
      `select r.digest, r.seconds::float8 as seconds from consultant_recordings c join recordings r using (merchant_id, digest)
       where c.consultant_id = 'con_demo_claire' and c.kind = 'introduction'`,
    );
    return rows;
  };

  const call = async (): Promise<{ leg: string; state: string }> => {
    const { rows } = await stage.world.sql.query<{ leg: string; state: string }>(
      `select leg::text, progress #>> '{state,is}' as state from service_calls where ended_at is null`,
    );
    return rows[0] ?? { leg: '', state: 'over' };
  };
  // His menus last twenty seconds each, in which a busy machine drops a packet or two: that they are said is asked of the switch.
  const isSaid = (words: RegExp): Promise<void> =>
    vi.waitFor(async () => expect(await stage.live.isSaying(words), String(words)).toBe(true), {
      timeout: 30_000,
      interval: 250,
    });
  const reaches = (state: string): Promise<void> =>
    vi.waitFor(async () => expect((await call()).state).toBe(state), { timeout: 30_000, interval: 100 });

  it('he proves who he is, hears his state, sets it, and speaks his introduction', async () => {
    const { world } = stage;
    await world.sql.query(
      `insert into ddis (id, merchant_id, kind, line_id, number) values ('ddi_service', 'mer_demo', 'service', null, $1)`,
      [service],
    );
    await world.sql.query(`update consultants set pin_mark = $1 where id = 'con_demo_claire'`, [
      consultantPinMark(world.house, 'con_demo_claire', pin),
    ]);
    await world.dials(claire, service, { assertedBy: 'network' });
    await stage.hears(claire, /Composez votre code secret/);
    await keys(`${pin}#`);
    await isSaid(/Bonjour Claire\. Vous êtes disponible/);
    await keys('3');
    await eventually(async () => {
      const { rows } = await world.sql.query(`select setting from consultants where id = 'con_demo_claire'`);
      expect(rows).toEqual([{ setting: 'away' }]);
    });
    await isSaid(/C'est fait\. Vous êtes absent/);
    await keys('5');
    await isSaid(/parlez après le bip/);
    const { leg } = await call();
    await eventually(async () => expect(await stage.live.runs(leg)).toBe('record'));
    await stage.live.says(claire, 'fr/apology.wav');
    await reaches('taken');
    await isSaid(/Vous avez enregistré/);
    await keys('1');
    await stage.hears(claire, /un problème technique/);
    await stage.presses(claire, '2', async () => expect(await kept()).toHaveLength(1));
    const { seconds, digest } = (await kept())[0]!;
    stage.note('recorded', `${seconds.toFixed(1)} s`);
    // As he said it: neither the silence before his first word nor the one that ended it.
    expect(seconds).toBeGreaterThan(7);
    expect(seconds).toBeLessThan(9);
    // Kept is what every caller would hear.
    await reaches('menu');
    // What is pressed before a question is asked is no answer to it.
    await stage.presses(claire, '5', async () => expect((await call()).state).toBe('recording'));
    await stage.presses(claire, '1', async () => {
      expect(await stage.live.isPlaying(`fr/${nameOf(digest)}.wav`)).toBe(true);
    });
    await world.does(claire, 'hangup');
    await eventually(async () => {
      const { rows } = await world.sql.query('select id from service_calls where ended_at is null');
      expect(rows).toEqual([]);
    });
    // Neither the switch's record of the leg nor anything of ours holds what was keyed in secret.
    const { rows } = await world.sql.query(`select id from service_calls where progress::text like $1`, [
      `%${pin}%`,
    ]);
    expect(rows).toEqual([]);
    expect(await stage.live.written()).not.toContain(pin);
  }, 180_000);
});
