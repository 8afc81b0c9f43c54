// A paid talk is over and the caller is still there: his line's scenario has his leg from then on, unless somebody wished the end.

import { describe, expect, it } from 'vitest';
import { advanceRun, newRun, resumeRun } from '../../src/core/scenario/advance-run.ts';
import { type Scenario, scenarioShape } from '../../src/core/scenario/blocks.ts';
import type { RunEvent } from '../../src/core/scenario/run.ts';
import type { CallEvent } from '../../src/core/call-session.ts';
import type { E164 } from '../../src/core/ids.ts';
import { filled } from '../../src/core/scenario/words.ts';
import { callerLeg, ended, legOf, order, second, talking } from './call-table.ts';

const afterTalk = { scenarioId: 'scn_1', version: 2 };
const at = 160n * second;

describe('who is led on', () => {
  const table: [string, CallEvent[], boolean, string[]][] = [
    ['the consultant hangs up', [ended(legOf(1), 'normal', at)], true, []],
    [
      'the limit ends the talk',
      [
        { type: 'timerDue', timer: 'limit' },
        { type: 'legsUnbridged', atUs: at },
        ended(legOf(1), 'limit_reached', at),
      ],
      true,
      ['hangUp B1 limit_reached'],
    ],
    [
      'they are parted, and no end is told',
      [
        { type: 'legsUnbridged', atUs: at, left: { leg: legOf(1), because: 'normal' } },
        { type: 'timerDue', timer: 'unbridged' },
      ],
      true,
      ['hangUp B1 normal'],
    ],
    ['the caller hangs up', [ended(callerLeg, 'normal', at)], false, ['hangUp B1 normal']],
    [
      'the caller hangs up, and his end is not told',
      [
        { type: 'legsUnbridged', atUs: at, left: { leg: callerLeg, because: 'normal' } },
        { type: 'timerDue', timer: 'unbridged' },
      ],
      false,
      ['hangUp B1 normal', 'play A caller_farewell'],
    ],
    [
      'the caller ends it on his page',
      [{ type: 'hangUpRequested', by: 'caller' }, ended(legOf(1), 'normal', at)],
      false,
      ['hangUp B1 normal', 'play A caller_farewell'],
    ],
    [
      'his merchant, or an operator, ends it',
      [{ type: 'hangUpRequested', by: 'merchant' }, ended(legOf(1), 'normal', at)],
      false,
      ['hangUp B1 normal', 'play A caller_farewell'],
    ],
    ['the switch restarts', [{ type: 'switchRestarted' }], false, []],
  ];
  it.each(table)('%s', (_, events, isLedOn, did) => {
    const talk = talking({ afterTalk });
    let led = false;
    for (const event of events) {
      talk.on(event);
      led ||= talk.said.some((step) => step.handOver);
    }
    expect([talk.session.state, led, talk.session.handedOver === true]).toEqual(['ended', isLedOn, isLedOn]);
    expect(talk.done()).toEqual(did);
    // Nothing that happens to him there is the talk's business.
    const over = talk.session;
    talk
      .on({ type: 'played', leg: callerLeg, request: 'last_words' })
      .on(ended(callerLeg, 'normal', at + second));
    expect(talk.session).toEqual(over);
    if (isLedOn) expect(talk.done()).toEqual([]);
  });

  it('a line without one says goodbye as ever; nobody is led on who never talked', () => {
    const talk = talking().on(ended(legOf(1), 'normal', at));
    expect(talk.done()).toEqual(['play A caller_farewell']);
    expect(talk.session.handedOver).toBeUndefined();
    expect(order({ afterTalk }).handedOver).toBeUndefined();
  });
});

describe('a run that follows a talk', () => {
  const scenario = (graph: object): Scenario => scenarioShape.parse(graph);
  const hello = scenario({
    start: 'hello',
    blocks: { hello: { kind: 'say', say: [{ text: { fr: 'Merci ({call.after}).' } }], next: {} } },
  });
  const run = newRun(
    {
      id: 'run_1',
      leg: callerLeg,
      plan: {
        merchantName: 'Les Conseils',
        timeZone: 'Europe/Paris',
        country: 'FR',
        cli: { trust: 'network', number: '+33612345678' as E164 },
        ddi: '+33199000100' as E164,
        after: { callSessionId: 'call_1', line: 'demo', end: 'limit_reached' },
      },
      scenario: afterTalk,
      language: 'fr',
      answered: true,
      startedAt: '2026-01-05T10:00:00.000Z',
    },
    hello,
  );
  const now = new Date('2026-01-05T10:00:00Z');

  it('is answered already, and knows how the talk ended', () => {
    const { commands } = advanceRun(hello, run, { type: 'callArrived' }, now);
    expect(commands).toEqual([{ do: 'play', said: [{ text: 'Merci (limit_reached).' }] }]);
    const { after: _after, ...plan } = run.plan;
    expect(filled({ ...run, plan }, '{call.after}')).toBe('');
  });

  it('taken over before its first step it begins all the same, with a trace of it', () => {
    const { facts, commands } = resumeRun(hello, run, now);
    expect(commands).toHaveLength(1);
    expect(facts.map(({ name }) => name)).toContain('entered');
  });
});

it('a circle of telephones that are not even rung is a loop, and ends as one; those that ring take their time', () => {
  const graph = scenarioShape.parse({
    start: 'ring',
    blocks: { ring: { kind: 'ring', to: { line: 'demo' }, next: { unavailable: 'ring' } } },
  });
  const now = new Date('2026-01-05T10:00:00Z');
  const rounds = (event: RunEvent): [string, number] => {
    let run = newRun(
      {
        id: 'run_1',
        leg: callerLeg,
        plan: {
          merchantName: 'Les Conseils',
          timeZone: 'Europe/Paris',
          country: 'FR',
          cli: { trust: 'withheld' },
          ddi: '+33199000100' as E164,
        },
        scenario: afterTalk,
        language: 'fr',
        startedAt: now.toISOString(),
      },
      graph,
    );
    run = advanceRun(graph, run, { type: 'callArrived' }, now).run;
    while (run.state === 'running' && run.entered < 500) run = advanceRun(graph, run, event, now).run;
    return [run.outcome ?? 'goes on', run.entered];
  };
  const rang = { type: 'rang', end: 'unavailable', talkedSeconds: 0 } as const;
  expect(rounds({ ...rang, atOnce: true })).toEqual(['too_long', 101]);
  expect(rounds(rang)).toEqual(['goes on', 500]);
});
