// A consultant calls the service on a real FreeSWITCH: real SIP, real DTMF, his voice recorded by the switch, kept by us, and said
// again.

import { describe, expect, it } from 'vitest';
import { consultantPinMark } from '../../src/flow/consultants.ts';
import { claire, eventually } from '../world.ts';
import { isGiven } from './given-switch.ts';
import { liveStage } from './live-stage.ts';

const service = '+33199000290';
const pin = '80461397';

describe.skipIf(!isGiven)('the consultants’ service, on a real switch', () => {
  const stage = liveStage();
  const keys = (digits: string): Promise<void> => stage.world.does(claire, 'keys', { digits });

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
    await stage.hears(claire, /Bonjour Claire\. Vous êtes disponible/);
    await keys('3');
    await eventually(async () => {
      const { rows } = await world.sql.query(`select setting from consultants where id = 'con_demo_claire'`);
      expect(rows).toEqual([{ setting: 'away' }]);
    });
    await stage.hears(claire, /C'est fait\. Vous êtes absent/);
    await keys('5');
    await stage.hears(claire, /parlez après le bip/);
    // The tone lasts a quarter of a second; what he says is a sentence of ours.
    await stage.live.says(claire, 'fr/apology.wav');
    await stage.hears(claire, /Vous avez enregistré/);
    await keys('1');
    await stage.hears(claire, /un problème technique/);
    await stage.presses(claire, '2', async () => {
      const { rows } = await world.sql.query<{ seconds: number }>(
        `select r.seconds::float8 as seconds from consultant_recordings c join recordings r using (merchant_id, digest)
         where c.consultant_id = 'con_demo_claire' and c.kind = 'introduction'`,
      );
      stage.note('recorded', `${(rows[0]?.seconds ?? 0).toFixed(1)} s`);
      expect(rows[0]?.seconds).toBeGreaterThan(3);
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
  }, 180_000);
});
