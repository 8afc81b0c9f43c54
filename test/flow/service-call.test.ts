// A consultant calls the service, over the whole house: the real gateway and the sandbox's switch, its telephones operated as people
// operate them. What he hears is what is so, what he keys is done, and whoever takes the switch over goes on where he was.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { consultantPinMark } from '../../src/flow/consultants.ts';
import { toneWav } from '../adapters/tone.ts';
import { claire, eventually, hugo, startWorld, type TestWorld } from '../world.ts';

const service = '+33199000290';
const stranger = '+33699887766';
const pin = '73918462';

let world: TestWorld;
beforeAll(async () => {
  world = await startWorld({ silenceSpeed: 1 });
  await world.sql.query(
    `insert into ddis (id, merchant_id, kind, line_id, number) values ('ddi_service', 'mer_demo', 'service', null, $1)`,
    [service],
  );
  for (const [id, short] of [
    ['con_demo_claire', '11'],
    ['con_demo_hugo', '12'],
  ] as const) {
    await world.sql.query(
      'update consultants set short_number = $1, pin_mark = $2, missed_call_toggles = $3, share = 0.4 where id = $4',
      [short, consultantPinMark(world.house, id, pin), id === 'con_demo_hugo', id],
    );
  }
});
afterEach(async () => {
  for (const number of [claire, hugo, stranger]) {
    const phone = await world.phone(number);
    if (phone && phone.state !== 'ended') await world.does(number, 'hangup');
  }
  await eventually(async () => {
    const { rows } = await world.sql.query(
      `select id from service_calls where ended_at is null
       union all select id from call_sessions where state <> 'settled'`,
    );
    expect(rows).toEqual([]);
  });
});
afterAll(() => world.close());

/** Waits until these words were said so often in this call. */
const said = (number: string, words: string, times = 1): Promise<void> =>
  eventually(async () => {
    const heard = (await world.phone(number))?.heard.map(({ text }) => text) ?? [];
    expect(heard.filter((text) => text.includes(words)).length, heard.join('\n')).toBeGreaterThanOrEqual(
      times,
    );
  });
const keys = (number: string, digits: string): Promise<void> => world.does(number, 'keys', { digits });
const setting = async (id = 'con_demo_claire'): Promise<{ is: string; backAt: Date | null }> => {
  const { rows } = await world.sql.query<{ is: string; backAt: Date | null }>(
    'select setting as is, back_at as "backAt" from consultants where id = $1',
    [id],
  );
  return rows[0]!;
};
const isSet = (is: string, id?: string): Promise<void> =>
  eventually(async () => expect((await setting(id)).is).toBe(is));
const takes = (): string[] => readdirSync(join(world.asProcess.environment['PROMPTS_DIR'] ?? '', 'takes'));

/** Waits for the tone. */
const speaks = async (number: string, text: string): Promise<void> => {
  await eventually(async () => expect((await world.phone(number))?.recording).toBe(true));
  await world.does(number, 'say', { text });
};

const enter = async (number = claire): Promise<void> => {
  await world.dials(number, service);
  await said(number, 'code secret');
  await keys(number, `${pin}#`);
  await said(number, 'Vous êtes');
};

it('by his number and his PIN he hears his state, sets it, keys a time, hears his day and his hours', async () => {
  await enter();
  await said(claire, 'Bonjour Claire. Vous êtes disponible.');
  await keys(claire, '3');
  await said(claire, "C'est fait. Vous êtes absent.");
  await isSet('away');
  await keys(claire, '4');
  await said(claire, 'À quelle heure');
  await keys(claire, '2575#');
  await said(claire, "Cette heure n'existe pas");
  await keys(claire, '0915#');
  await said(claire, "absent jusqu'à");
  const { backAt } = await setting();
  const inParis = new Intl.DateTimeFormat('fr', {
    timeZone: 'Europe/Paris',
    hour: '2-digit',
    minute: '2-digit',
  });
  expect(inParis.format(backAt!)).toBe('09:15');
  expect(backAt!.getTime()).toBeGreaterThan(Date.now());
  await keys(claire, '7');
  await said(claire, "Aujourd'hui, vous avez pris 0 appel. Vous avez gagné zéro pour le moment.");
  await keys(claire, '9');
  await said(claire, "Vous n'avez pas d'horaires");
  await keys(claire, '1');
  await isSet('available');
  await said(claire, "C'est fait. Vous êtes disponible.");
  const { rows } = await world.sql.query<{ by: string }>(
    `select body::jsonb #>> '{data,by}' as by from notices where type = 'consultant.availability_changed'`,
  );
  expect(new Set(rows.map(({ by }) => by))).toEqual(new Set(['phone']));
  // Neither what was said nor what is written down holds the PIN.
  const { rows: held } = await world.sql.query(`select id from service_calls where progress::text like $1`, [
    `%${pin}%`,
  ]);
  expect(held).toEqual([]);
});

it('he speaks his introduction, listens, begins anew, keeps it; it is there whenever he asks for it', async () => {
  await enter();
  await keys(claire, '5');
  await said(claire, 'parlez après le bip');
  await speaks(claire, 'Bonjour, je suis Claire.');
  await keys(claire, '#');
  await said(claire, 'Vous avez enregistré 2 secondes');
  await keys(claire, '1');
  await said(claire, 'Bonjour, je suis Claire.');
  await said(claire, 'Vous avez enregistré 2 secondes', 2);
  await keys(claire, '3');
  await said(claire, 'parlez après le bip', 2);
  await speaks(claire, 'Claire vous écoute, de jour comme de nuit.');
  await keys(claire, '#');
  await said(claire, 'Vous avez enregistré 3 secondes');
  await keys(claire, '2');
  await said(claire, 'Votre enregistrement est gardé.');
  expect(takes()).toEqual([]);
  await keys(claire, '5');
  await said(claire, 'Votre texte de présentation est enregistré');
  await keys(claire, '1');
  await said(claire, 'Claire vous écoute, de jour comme de nuit.');
  const { rows } = await world.sql.query(
    `select c.words, length(r.wav16) > length(r.wav8) as both, round(r.seconds) as seconds
     from consultant_recordings c join recordings r using (merchant_id, digest)`,
  );
  expect(rows).toEqual([{ words: 'Claire vous écoute, de jour comme de nuit.', both: true, seconds: '3' }]);
  await said(claire, 'Votre texte de présentation est enregistré', 2);
  await keys(claire, '3');
  await said(claire, 'Votre enregistrement est supprimé.');
  const { rows: left } = await world.sql.query('select digest from recordings');
  expect(left).toEqual([]);
});

it('a recording cut by hanging up is thrown away', async () => {
  await enter();
  await keys(claire, '6');
  await said(claire, 'Pour le message');
  await keys(claire, '3');
  await speaks(claire, 'Je suis abs');
  await world.does(claire, 'hangup');
  await eventually(() => expect(takes()).toEqual([]));
  const { rows } = await world.sql.query('select kind from consultant_recordings');
  expect(rows).toEqual([]);
});

it('by his short number from any telephone; what is unknown sounds like what is wrong, and three are enough', async () => {
  await world.dials(stranger, service, { withheld: true });
  await said(stranger, 'numéro court');
  await keys(stranger, '12#');
  await said(stranger, 'code secret');
  await keys(stranger, `${pin}#`);
  await said(stranger, 'Bonjour Hugo.');
  await keys(stranger, '2');
  await isSet('break', 'con_demo_hugo');
  await said(stranger, 'Vous êtes en pause.');
  await keys(stranger, '1');
  await isSet('available', 'con_demo_hugo');
  await world.does(stranger, 'hangup');
  await world.phoneIs(stranger, 'ended');

  await world.dials(stranger, service, { withheld: true });
  for (const [n, short] of ['99', '12', '4711'].entries()) {
    await said(stranger, 'numéro court', n + 1);
    await keys(stranger, `${short}#`);
    await said(stranger, 'code secret', n + 1);
    await keys(stranger, '000000#');
  }
  await said(stranger, 'Vérifiez votre numéro court et votre code secret. Au revoir.');
  await world.phoneIs(stranger, 'ended');
});

it('a missed call from his own number sets him away, the next one available, where his merchant wants that', async () => {
  for (const is of ['away', 'available']) {
    await world.dials(hugo, service);
    await eventually(async () => {
      const { rows } = await world.sql.query(
        `select id from service_calls where ended_at is null and progress -> 'toggle' is not null`,
      );
      expect(rows).toHaveLength(1);
    });
    await world.does(hugo, 'hangup');
    await isSet(is, 'con_demo_hugo');
  }
  // Claire's merchant has not said so for her.
  await world.dials(claire, service);
  await world.phoneIs(claire, 'answered');
  await world.does(claire, 'hangup');
  expect((await setting()).is).toBe('available');
});

it('a missed call that ended while nobody listened counts once, by the record of the switch; a later word of his stands', async () => {
  const rings = async (): Promise<void> => {
    await world.dials(hugo, service);
    await eventually(async () => {
      const { rows } = await world.sql.query(
        `select id from service_calls where ended_at is null and progress -> 'toggle' is not null`,
      );
      expect(rows).toHaveLength(1);
    });
  };
  const over = () =>
    eventually(async () => {
      const { rows } = await world.sql.query('select id from service_calls where ended_at is null');
      expect(rows).toEqual([]);
    });
  expect((await setting('con_demo_hugo')).is).toBe('available');
  await rings();
  world.cutLink();
  await world.does(hugo, 'hangup');
  await isSet('away', 'con_demo_hugo');
  await over();
  const told = await world.sql.query(
    `select 1 from notices where consultant_id = 'con_demo_hugo' and type = 'consultant.availability_changed'
       and body::json -> 'data' ->> 'by' = 'phone' and created_at > now() - interval '20 seconds'`,
  );
  expect(told.rows.length).toBeGreaterThan(0);

  await rings();
  const set = await world.api('POST', '/v1/consultants/con_demo_hugo/availability', {
    availability: 'break',
  });
  expect(set.status).toBe(200);
  world.cutLink();
  await world.does(hugo, 'hangup');
  await over();
  expect((await setting('con_demo_hugo')).is).toBe('break');
  await world.api('POST', '/v1/consultants/con_demo_hugo/availability', { availability: 'available' });
});

it('another gateway goes on where he was: it asks again, and what he keys is done', async () => {
  await enter();
  await keys(claire, '4');
  await said(claire, 'À quelle heure');
  await world.restartGateway();
  await said(claire, 'À quelle heure', 2);
  await keys(claire, '*');
  await said(claire, 'Vous êtes disponible', 2);
  await keys(claire, '3');
  await isSet('away');
  await said(claire, "C'est fait. Vous êtes absent.");
  await keys(claire, '1');
  await isSet('available');
});

it('a line says its own words in the calls that begin from now on', async () => {
  const set = await world.api('PUT', '/v1/lines/demo-known/prompts/code_wanted', {
    fr: 'Ici {merchant}, quel est votre code ?',
  });
  expect(set.status).toBe(200);
  await world.dials(stranger, '+33199000203', { withheld: true });
  await said(stranger, 'Ici Les Conseils de Claire, quel est votre code ?');
});

it('who wants one consultant hears him introduce himself, or why he is not there, in his own voice', async () => {
  await world.api('PATCH', '/v1/lines/demo-known', { consultants: ['con_demo_claire'], introduces: true });
  for (const [kind, seconds] of [
    ['introduction', 1],
    ['away', 2],
  ] as const) {
    await fetch(`${world.url}/v1/consultants/con_demo_claire/recordings/${kind}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${world.apiKey}`, 'content-type': 'audio/wav' },
      body: new Uint8Array(toneWav({ hz: 440, seconds })),
    });
  }
  const dials = async (): Promise<void> => {
    await world.dials(stranger, '+33199000203', { withheld: true });
    await said(stranger, 'quel est votre code');
    await keys(stranger, `${world.gateway.demo?.clientCode ?? ''}#`);
  };
  await dials();
  await said(stranger, '♪ recording');
  await world.phoneIs(claire, 'ringing');
  await said(stranger, 'Bienvenue chez Les Conseils de Claire');
  await world.does(stranger, 'hangup');
  await world.phoneIs(claire, 'ended');

  await world.sql.query(`update consultants set setting = 'away' where id = 'con_demo_claire'`);
  await dials();
  await said(stranger, '♪ recording');
  await world.phoneIs(stranger, 'ended');
  const heard = (await world.phone(stranger))?.heard.map(({ text }) => text) ?? [];
  expect(heard.join()).not.toContain('personne');
});
