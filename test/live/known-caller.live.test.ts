// A caller the merchant knows on a real FreeSWITCH: real SIP legs, real DTMF, the merchant's own server over HTTP, and what he
// is told held against the switch's own records. Killed gateways, and who hangs up too early. Last: nobody has written down
// what was keyed.

import { describe, expect, it } from 'vitest';
import { caller, claire, eventually } from '../world.ts';
import { hasApology, isGiven } from './given-switch.ts';
import { knownStage, restDdi, soapDdi, words } from './known-stage.ts';
import { farewell } from './live-stage.ts';

/** Found nowhere by chance: as long as an entry may be, and no number of anybody's. */
const keyedCode = '739105284617';
const keyedPin = '804613';

const alice = { name: 'Alice', clientCode: '4711', clis: [caller], talkLimitSeconds: 600 };
const denise = { name: 'Denise', clientCode: keyedCode, talkLimitSeconds: 600 };
const withPin = { ...denise, pin: keyedPin };
const limitSeconds = 8;

describe.skipIf(!isGiven)('a caller the merchant knows, on a real switch', () => {
  const stage = knownStage();

  it('by his number, in REST: greeted, rung for, joined, and what he talked is reported', async () => {
    await stage.knows(alice);
    const call = await stage.dials(restDdi, { assertedBy: 'network' });
    await stage.hears(caller, words.greeting);
    await stage.isTaken(call);
    await stage.live.says(claire, 'fr/apology.wav');
    await stage.hears(caller, /un problème technique/);
    await stage.world.does(caller, 'hangup');
    const ended = await stage.callIs(call.id, 'settled');
    expect(ended.outcome).toBe('talked');
    const { report, deliveries } = await stage.reportAgreesWithTheRecords(call.id);
    expect(deliveries).toBe(1);
    expect(report).toMatchObject({ clientCode: '4711', cli: caller, ddi: restDdi, outcome: 'talked' });
    expect(await stage.questions(call.id)).toMatchObject([
      {
        operation: 'recognizeCaller',
        protocol: 'rest',
        verified: true,
        fields: { cli: caller, cliTrust: 'network', callsInProgress: 0, secondsNotYetReported: 0 },
      },
    ]);
    await stage.world.phoneIs(claire, 'ended');
  }, 120_000);

  it('is cut at the limit his merchant gave, and no second more is reported', async () => {
    await stage.knows({ ...alice, talkLimitSeconds: limitSeconds });
    const call = await stage.dials(restDdi);
    await stage.isTaken(call);
    await stage.world.phoneIs(claire, 'ended');
    const ended = await stage.callIs(call.id, 'settled');
    expect(ended.outcome).toBe('limit_reached');
    const distanceMs = Math.abs(ended.talkUs / 1000 - limitSeconds * 1000);
    stage.note('|cut - limit|', `${distanceMs.toFixed(0)} ms`);
    // By the switch's clock; ours may be a little ahead of it (7 999 999 us was seen), and the second that has begun counts.
    expect(ended.talkUs).toBeGreaterThan(limitSeconds * 1_000_000 - 1_000);
    const { report } = await stage.reportAgreesWithTheRecords(call.id, limitSeconds);
    expect(report).toMatchObject({ billableSeconds: limitSeconds, outcome: 'limit_reached' });
    await stage.world.phoneIs(caller, 'ended');
    expect(await stage.live.heard(caller, farewell.limit)).toHaveLength(1);
  }, 120_000);

  it('by his code in SOAP, his number hidden: begun anew by *, keyed over the words to its full length', async () => {
    await stage.knows(denise);
    const call = await stage.dials(soapDdi, { withheld: true });
    await stage.isAskedForDigits(call);
    await stage.world.does(caller, 'keys', { digits: `555*${keyedCode}` });
    await stage.world.phoneIs(claire, 'ringing');
    expect(await stage.live.heard(caller, words.code), 'the words he keyed over').toEqual([]);
    expect(await stage.questions(call.id)).toMatchObject([
      {
        operation: 'recognizeClientCode',
        protocol: 'soap',
        provenBy: 'username_token',
        verified: true,
        fields: { clientCode: keyedCode, cliTrust: 'withheld' },
      },
    ]);
    await stage.isTaken(call);
    await stage.world.does(claire, 'hangup');
    expect((await stage.callIs(call.id, 'settled')).outcome).toBe('talked');
    const { report } = await stage.reportAgreesWithTheRecords(call.id);
    expect(report).toMatchObject({ clientCode: keyedCode, ddi: soapDdi });
    expect(report).not.toHaveProperty('cli');
    await stage.world.phoneIs(caller, 'ended');
    expect(await stage.live.heard(caller, farewell.left)).toHaveLength(1);
  }, 120_000);

  it('a wrong code, then his own, and his PIN, each ended by #; the PIN reaches the merchant alone', async () => {
    await stage.knows(withPin);
    const call = await stage.dials(restDdi);
    await stage.isAskedForDigits(call);
    await stage.world.does(caller, 'keys', { digits: '4712#' });
    await stage.hears(caller, words.codeAgain);
    await stage.world.does(caller, 'keys', { digits: `${keyedCode}#` });
    await stage.hears(caller, words.pin);
    await stage.world.does(caller, 'keys', { digits: `${keyedPin}#` });
    await stage.isTaken(call);
    await stage.world.does(caller, 'hangup');
    expect((await stage.callIs(call.id, 'settled')).outcome).toBe('talked');
    await stage.reportAgreesWithTheRecords(call.id);
    const questions = await stage.questions(call.id);
    expect(questions.map(({ fields }) => [fields['clientCode'], fields['pin']])).toEqual([
      [undefined, undefined],
      ['4712', undefined],
      [keyedCode, undefined],
      [keyedCode, '***'],
    ]);
  }, 120_000);

  it('who hangs up in the middle of his PIN leaves nothing of it anywhere', async () => {
    await stage.knows(withPin);
    const call = await stage.dials(restDdi);
    await stage.isAskedForDigits(call);
    await stage.world.does(caller, 'keys', { digits: `${keyedCode}#` });
    await stage.hears(caller, words.pin);
    await stage.world.does(caller, 'keys', { digits: keyedPin });
    await stage.world.does(caller, 'hangup');
    expect((await stage.callIs(call.id, 'settled')).outcome).toBe('caller_left');
    expect((await stage.reported(call.id)).report).toMatchObject({ billableSeconds: 0, talkMilliseconds: 0 });
  }, 120_000);

  it('who hangs up while he is being recognized is reported with nothing, and nobody is rung for him', async () => {
    await stage.knows(alice);
    await stage.merchantDoes({ to: 'questions', delayMs: 3_000 });
    const call = await stage.dials(restDdi);
    await eventually(async () => expect(await stage.questions(call.id)).toHaveLength(1));
    await stage.world.does(caller, 'hangup');
    expect((await stage.callIs(call.id, 'settled')).outcome).toBe('caller_left');
    expect((await stage.reported(call.id)).report).toMatchObject({
      billableSeconds: 0,
      talkMilliseconds: 0,
      outcome: 'caller_left',
    });
    // The answer comes all the same, and leads to nothing.
    await eventually(async () => expect((await stage.questions(call.id))[0]?.answer?.status).toBe(200));
    const attempts = await stage.world.sql.query(
      `select id from legs where call_session_id = $1 and role = 'B'`,
      [call.id],
    );
    expect(attempts.rows).toEqual([]);
    // His next call is let in: nothing of him is still in progress.
    await stage.merchantDoes({});
    const next = await stage.dials(restDdi);
    await stage.world.phoneIs(claire, 'ringing');
    expect((await stage.questions(next.id))[0]?.fields).toMatchObject({ callsInProgress: 0 });
  }, 120_000);

  it('with the gateway killed in the talk the switch cuts, and the next gateway reports once', async () => {
    await stage.knows({ ...alice, talkLimitSeconds: limitSeconds });
    const call = await stage.dials(restDdi);
    await stage.isTaken(call);
    await stage.kill();
    await stage.world.phoneIs(claire, 'ended');
    await stage.world.phoneIs(caller, 'ended');
    await stage.startAgain();
    const ended = await stage.callIs(call.id, 'settled', 60_000);
    expect(ended.outcome).toBe('limit_reached');
    stage.noteMs('the switch’s own cut, after the limit', ended.talkUs / 1_000_000 - limitSeconds);
    expect(ended.talkUs).toBeGreaterThanOrEqual(limitSeconds * 1_000_000);
    // Not a time of ours: how long the switch was told to wait behind us.
    expect(ended.talkUs).toBeLessThanOrEqual((limitSeconds + 2) * 1_000_000);
    const { report, deliveries } = await stage.reportAgreesWithTheRecords(call.id, limitSeconds);
    expect(deliveries).toBe(1);
    expect(report).toMatchObject({ billableSeconds: limitSeconds, outcome: 'limit_reached' });
  }, 180_000);

  it('with the gateway killed while the merchant thinks he is asked again, by the same id', async () => {
    await stage.knows(alice);
    await stage.merchantDoes({ to: 'questions', delayMs: 4_000, times: 1 });
    const call = await stage.dials(restDdi);
    await eventually(async () => expect(await stage.questions(call.id)).toHaveLength(1));
    await stage.kill();
    await stage.startAgain();
    await eventually(async () => expect(await stage.questions(call.id)).toHaveLength(2), 30_000);
    const [first, second] = await stage.questions(call.id);
    expect(second).toMatchObject({ id: first?.id, repeats: 1 });
    await stage.isTaken(call);
    await stage.world.does(caller, 'hangup');
    await stage.callIs(call.id, 'settled');
    expect((await stage.reportAgreesWithTheRecords(call.id)).deliveries).toBe(1);
  }, 180_000);

  it('with the gateway killed between the merchant’s answer and the joining, the next one joins them', async () => {
    await stage.knows(alice);
    const call = await stage.dials(restDdi);
    await stage.world.phoneIs(claire, 'ringing');
    await stage.kill();
    // Nobody listens while she picks up.
    await stage.world.does(claire, 'answer');
    await stage.startAgain();
    await stage.presses(claire, '1', async () => expect((await stage.lastCall()).state).toBe('connected'));
    expect(await stage.questions(call.id)).toHaveLength(1);
    await stage.world.does(caller, 'hangup');
    expect((await stage.callIs(call.id, 'settled', 60_000)).outcome).toBe('talked');
    expect((await stage.reportAgreesWithTheRecords(call.id)).deliveries).toBe(1);
  }, 180_000);

  it.skipIf(!hasApology)(
    'a call nobody takes is ended by the switch, behind an apology',
    async () => {
      await stage.kill();
      const startMs = performance.now();
      await stage.world.dials(caller, restDdi);
      await eventually(async () => expect(await stage.live.isPlaying('fr/apology.wav')).toBe(true), 20_000);
      await eventually(async () => expect((await stage.world.phone(caller))?.state).toBe('ended'), 30_000);
      stage.noteMs('from dialling to the end of a call nobody takes', stage.since(startMs));
      await stage.startAgain();
    },
    120_000,
  );

  it('has written nothing of what was keyed: neither the gateway nor, of a PIN, the switch', async () => {
    const said = stage.said();
    // It is the log of these calls, and of all there is to say about them.
    expect(said).toContain('The caller is asked for his PIN');
    expect(said).toContain("The merchant's server was asked who calls");
    for (const digits of [keyedCode, keyedPin]) expect(linesWith(said, digits)).toEqual([]);
    expect(linesWith(await stage.live.written(), keyedPin)).toEqual([]);
    const kept = await stage.world.sql.query<{ id: string }>(
      `select id::text from legs where cdr::text like $1
       union all select id from call_sessions where progress::text like $1
       union all select name from call_events where facts::text like $1
       union all select id from usage_reports where body like $1`,
      [`%${keyedPin}%`],
    );
    expect(kept.rows).toEqual([]);
  });
});

/** Shown with the digits taken out: a report of this test is read by others. */
const linesWith = (text: string, digits: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.includes(digits))
    .map((line) => line.replaceAll(digits, '<digits>').slice(0, 300));
