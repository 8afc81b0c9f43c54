// A card keyed on the telephone, as its block sees it: each way through, each place to hang up in, each place where somebody else takes
// the call over. What the steps and the card room do is theirs.

import { describe, expect, test } from 'vitest';
import type { E164, LegUuid } from '../../../src/core/ids.ts';
import type { KeyedCard } from '../../../src/core/keyed-card.ts';
import { spokenText } from '../../../src/core/prompt.ts';
import { advanceRun, newRun, resumeRun } from '../../../src/core/scenario/advance-run.ts';
import { type Scenario, scenarioShape } from '../../../src/core/scenario/blocks.ts';
import { faultsOf, isWarning, type Surroundings } from '../../../src/core/scenario/check-scenario.ts';
import { type TriedCaller, tryScenario } from '../../../src/core/scenario/try-scenario.ts';
import type {
  PaidCall,
  RunCommand,
  RunEvent,
  RunFact,
  RunPlan,
  ScenarioRun,
} from '../../../src/core/scenario/run.ts';

const text = (said: string) => [{ text: { fr: said, en: said } }];
const exits = ['paid', 'refused', 'needs_page', 'given_up', 'not_taken'];
const blockOf = (exit: string): string => exit.replace('_', '-');
const everyWay = Object.fromEntries(exits.map((exit) => [exit, blockOf(exit)]));
const selling = (own: object = {}, next: object = everyWay): Scenario =>
  scenarioShape.parse({
    start: 'pay',
    blocks: {
      pay: { kind: 'card_payment', line: 'tarot', ...own, next },
      ...Object.fromEntries(
        exits.map((exit) => [blockOf(exit), { kind: 'menu', say: text('on'), keys: ['1'] }]),
      ),
    },
  });

const card: KeyedCard = { paymentMethod: 'pm_1', brand: 'visa', last4: '4242', expiry: '12/30' };
const now = new Date('2026-11-23T09:00:00Z');
const dialled: RunPlan = {
  merchantName: 'Voyance Clara',
  timeZone: 'Europe/Paris',
  country: 'FR',
  cli: { trust: 'network', number: '+33612345678' as E164 },
  ddi: '+33199000100' as E164,
};

// What happens, in words.
const played: RunEvent = { type: 'played' };
const failed: RunEvent = { type: 'failed', because: 'x' };
const ordered = (orderId = 'ord_1', more: object = {}): RunEvent => ({
  type: 'cardOrdered',
  orderId,
  ...more,
});
const talk = (id = '1'): RunEvent => ordered(`ord_${id}`, { callSessionId: `cs_${id}` });
const taken: RunEvent = { type: 'cardTaken', card };
const notTaken = (because: (RunEvent & { type: 'cardNotTaken' })['because']): RunEvent => ({
  type: 'cardNotTaken',
  because,
});
const paid: RunEvent = { type: 'cardPaid' };
const declined = (because: (RunEvent & { type: 'cardDeclined' })['because'] = 'declined'): RunEvent => ({
  type: 'cardDeclined',
  because,
});
const keyed = (digits: string): RunEvent => ({ type: 'keyed', digits, ended: 'full' });
const star: RunEvent = { type: 'keyed', digits: '', ended: 'restart' };
const nothing: RunEvent = { type: 'nothingKeyed' };
const hungUp: RunEvent = { type: 'legEnded' };

interface Went {
  run: ScenarioRun;
  /** Of the last step. */
  commands: readonly RunCommand[];
  /** All, one behind the other: what was done and what was heard. */
  did: string[];
  facts: RunFact[];
}

function went(graph: Scenario, events: readonly RunEvent[], own: Partial<ScenarioRun> = {}): Went {
  const plan = own.plan ?? dialled;
  const fresh = newRun(
    {
      id: 'scr_1',
      leg: '1b368e39-2ae1-4ce4-8fd5-000000000001' as LegUuid,
      plan,
      scenario: { scenarioId: 'scn_1', version: 1 },
      language: 'en',
      startedAt: now.toISOString(),
    },
    graph,
  );
  const way: Went = { run: { ...fresh, ...own }, commands: [], did: [], facts: [] };
  for (const event of [{ type: 'callArrived' } as const, ...events]) {
    const step = advanceRun(graph, way.run, event, now);
    way.run = step.run;
    way.commands = step.commands;
    way.did.push(...step.commands.map(inWords));
    way.facts.push(...step.facts);
  }
  return way;
}

function inWords(command: RunCommand): string {
  if (command.do === 'orderByCard') return `order ${command.line}`;
  if ('orderId' in command) return `${command.do} ${command.orderId}`;
  if (!('said' in command)) return command.do;
  const said = command.said.map((one) => ('house' in one ? one.house.key : 'text' in one ? one.text : '?'));
  return said.join(' ');
}
const at = ({ run }: Went): string => run.at;
const cardFacts = ({ facts }: Went): unknown[] =>
  facts.filter(({ name }) => name.startsWith('card_')).map(({ name, facts: more }) => ({ [name]: more }));

const sale = selling();
const known: Partial<ScenarioRun> = { caller: { clientCode: 'C-7' } };
const keeping = selling({ offerToKeep: true });
const toPayment = [ordered(), taken, played];

describe('a card is taken', () => {
  test.each<[string, Scenario, RunEvent[], Partial<ScenarioRun>, string, string[]]>([
    ['pays at once', sale, [...toPayment, paid], {}, 'paid',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['hears the merchant first', selling({ say: text('Une carte.') }), [played, ...toPayment, paid], {}, 'paid',
      ['answer', 'Une carte.', 'order tarot', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['pays by his second card', sale,
      [...toPayment, declined(), played, ordered('ord_2'), taken, played, paid], {}, 'paid',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'card_declined',
        'order tarot', 'takeCard ord_2', 'card_wait', 'payByCard ord_2', 'on']],
    ['hears the merchant’s own word for a refusal', selling({ declined: text('Refusée.') }), [...toPayment, declined()], {}, 'pay',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'Refusée.']],
    ['is refused three times', sale,
      [...toPayment, declined(), played, ...toPayment, declined(), played, ...toPayment, declined()], {}, 'refused',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'card_declined',
        'order tarot', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'card_declined',
        'order tarot', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['may try once only', selling({ tries: 1 }), [...toPayment, declined()], {}, 'refused',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['has a card that pays on a page only', sale, [...toPayment, declined('needs_page')], {}, 'needs_page',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['gives up', sale, [ordered(), notTaken('gave_up'), played], {}, 'given_up',
      ['order tarot', 'answer', 'takeCard ord_1', 'giveUpCardOrder ord_1', 'card_not_charged', 'on']],
    ['keys nothing', sale, [ordered(), notTaken('timed_out'), played], {}, 'given_up',
      ['order tarot', 'answer', 'takeCard ord_1', 'giveUpCardOrder ord_1', 'card_not_charged', 'on']],
    ['is refused in the card room as often as he may', sale, [ordered(), notTaken('refused'), played], {}, 'refused',
      ['order tarot', 'answer', 'takeCard ord_1', 'giveUpCardOrder ord_1', 'card_not_charged', 'on']],
    ['is at an account that may take no card he keys', sale, [ordered(), notTaken('not_permitted'), played], {}, 'needs_page',
      ['order tarot', 'answer', 'takeCard ord_1', 'giveUpCardOrder ord_1', 'card_not_charged', 'on']],
    ['finds nobody in the card room', sale, [ordered(), notTaken('away'), played], {}, 'not_taken',
      ['order tarot', 'answer', 'takeCard ord_1', 'giveUpCardOrder ord_1', 'card_not_taken', 'on']],
    ['has a card nobody knows the fate of', sale, [ordered(), notTaken('unknown'), played], {}, 'not_taken',
      ['order tarot', 'answer', 'takeCard ord_1', 'giveUpCardOrder ord_1', 'card_not_taken', 'on']],
    ['wants what is not sold by card', sale, [failed, played], {}, 'not_taken',
      ['order tarot', 'answer', 'card_not_taken', 'on']],
    ['meets a fault of ours in the card room', sale, [ordered(), failed, played], {}, 'not_taken',
      ['order tarot', 'answer', 'takeCard ord_1', 'giveUpCardOrder ord_1', 'card_not_taken', 'on']],
    ['meets a fault of ours at his bank', sale, [...toPayment, failed, played], {}, 'not_taken',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'giveUpCardOrder ord_1', 'card_not_taken', 'on']],
    ['cannot hear our words', selling({ say: text('x') }), [failed, ordered(), taken, failed, paid], {}, 'paid',
      ['answer', 'x', 'order tarot', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['is asked to keep his card, and will', keeping, [ordered(), taken, keyed('1'), played, paid], known, 'paid',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_keep_question', 'card_wait', 'payByCard ord_1', 'on']],
    ['cannot be known by his number, and is not asked to keep it', keeping, [ordered(), taken, played, paid],
      { ...known, plan: { ...dialled, cli: { trust: 'withheld' } } }, 'paid',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['calls by a number nobody vouches for, and is not asked to keep it', keeping, [ordered(), taken, played, paid],
      { ...known, plan: { ...dialled, cli: { trust: 'unverified', number: '+33612345678' as E164 } } }, 'paid',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['is not known, and is not asked to keep it', keeping, [ordered(), taken, played, paid], {}, 'paid',
      ['order tarot', 'answer', 'takeCard ord_1', 'card_wait', 'payByCard ord_1', 'on']],
    ['names the card he used before', sale, [ordered('ord_1', { mayUseKept: true }), keyed('4242'), played, paid], known, 'paid',
      ['order tarot', 'answer', 'card_kept_question', 'card_wait', 'payByCard ord_1', 'on']],
    ['wants another card', sale, [ordered('ord_1', { mayUseKept: true }), star], known, 'pay',
      ['order tarot', 'answer', 'card_kept_question', 'takeCard ord_1']],
    ['names no card', sale, [ordered('ord_1', { mayUseKept: true }), nothing], known, 'pay',
      ['order tarot', 'answer', 'card_kept_question', 'takeCard ord_1']],
    ['keys too few of its digits, three times', sale,
      [ordered('ord_1', { mayUseKept: true }), keyed('42'), keyed('4'), keyed('')], known, 'pay',
      ['order tarot', 'answer', 'card_kept_question', 'card_kept_question', 'card_kept_question', 'takeCard ord_1']],
    ['names a card that was not kept', sale,
      [ordered('ord_1', { mayUseKept: true }), keyed('1111'), played, declined('not_kept'), played], known, 'pay',
      ['order tarot', 'answer', 'card_kept_question', 'card_wait', 'payByCard ord_1', 'card_not_kept', 'takeCard ord_1']],
    ['is asked for another when the kept one is refused', sale,
      [ordered('ord_1', { mayUseKept: true }), keyed('4242'), played, declined(), played, ordered('ord_2', { mayUseKept: true })], known, 'pay',
      ['order tarot', 'answer', 'card_kept_question', 'card_wait', 'payByCard ord_1', 'card_declined', 'order tarot', 'takeCard ord_2']],
  ])('from a caller who %s', (_who, graph, events, own, block, expected) => {
    const way = went(graph, events, own);
    expect(at(way)).toBe(blockOf(block));
    expect(way.did).toEqual(expected);
  }); // prettier-ignore

  test('the order names what is sold, how long, and whom he has chosen', () => {
    const { commands } = went(selling({ seconds: 600 }), [], { chosen: 'con_a' });
    expect(commands).toEqual([{ do: 'orderByCard', line: 'tarot', seconds: 600, consultant: 'con_a' }]);
  });

  test('ways out that are not connected lead where a refusal does', () => {
    const graph = selling({}, { paid: 'paid', refused: 'refused' });
    expect(at(went(graph, [...toPayment, declined('needs_page')]))).toBe('refused');
    expect(at(went(graph, [ordered(), notTaken('gave_up'), played]))).toBe('refused');
    expect(at(went(graph, [failed, played]))).toBe('refused');
  });

  test('nothing he keys while his bank is asked means anything', () => {
    const before = went(sale, toPayment);
    for (const event of [star, keyed('4'), nothing, played, taken, notTaken('gave_up'), ordered('ord_9')])
      expect(advanceRun(sale, before.run, event, now).commands).toEqual([]);
  });

  test('what is kept with his card is asked only with a key 1', () => {
    const paying = (event: RunEvent) => went(keeping, [ordered(), taken, event, played], known).commands;
    expect(paying(keyed('1'))).toEqual([{ do: 'payByCard', orderId: 'ord_1', card, keep: true }]);
    for (const event of [keyed('2'), nothing, star, failed])
      expect(paying(event)).toEqual([{ do: 'payByCard', orderId: 'ord_1', card }]);
  });
});

describe('what is told of a card', () => {
  test('its brand and last four digits, and nothing more', () => {
    const way = went(sale, [...toPayment, declined(), played, ordered('ord_2'), taken, played, paid]);
    expect(cardFacts(way)).toEqual([
      { card_ordered: { orderId: 'ord_1' } },
      { card_taken: { brand: 'visa', last4: '4242' } },
      { card_declined: { because: 'declined' } },
      { card_ordered: { orderId: 'ord_2' } },
      { card_taken: { brand: 'visa', last4: '4242' } },
      { card_paid: {} },
    ]);
    expect(cardFacts(went(sale, [ordered(), notTaken('away')]))).toContainEqual({
      card_not_taken: { because: 'away' },
    });
  });

  test('the digits by which he names a kept card are in nothing that is kept in the clear', () => {
    const events = [ordered('ord_1', { mayUseKept: true }), keyed('9876'), played];
    for (const count of [2, 3]) {
      const { run, facts } = went(sale, events.slice(0, count), known);
      const { secrets, ...clear } = run;
      expect(JSON.stringify([clear, facts])).not.toContain('9876');
      expect(JSON.stringify(secrets)).toContain('9876');
    }
    const over = went(sale, [...events, declined()], known);
    expect(JSON.stringify(over.run)).not.toContain('9876');
    const asked = went(sale, events.slice(0, 1), known).commands[1];
    expect(asked).toMatchObject({ do: 'ask', secret: true });
  });

  test('every sentence of it, in both languages', () => {
    for (const key of ['card_declined', 'card_wait', 'card_not_charged', 'card_not_taken'] as const) {
      for (const language of ['fr', 'en'] as const)
        expect(spokenText({ language, key }).length).toBeGreaterThan(10);
    }
  });
});

describe('a conversation that is paid by card', () => {
  const leads = ({ run }: Went): PaidCall | undefined => run.plan.paid;
  const call = (id = '1'): PaidCall => ({ callSessionId: `cs_${id}`, line: 'tarot' });

  test('is led from its order on, and not any more once it is not paid', () => {
    expect(leads(went(sale, [talk()]))).toEqual(call());
    expect(leads(went(sale, [talk(), taken, played, paid]))).toEqual(call());
    expect(leads(went(sale, [talk(), taken, played, declined()]))).toBeUndefined();
    expect(leads(went(sale, [talk(), taken, played, declined('needs_page')]))).toBeUndefined();
    expect(leads(went(sale, [talk(), notTaken('gave_up')]))).toBeUndefined();
    expect(leads(went(sale, [talk(), notTaken('away')]))).toBeUndefined();
    expect(leads(went(sale, [talk(), taken, played, failed]))).toBeUndefined();
    expect(leads(went(sale, [talk(), taken, played, declined(), played, talk('2')]))).toEqual(call('2'));
    expect(leads(went(sale, [ordered()]))).toBeUndefined();
  });

  test('is one: a call that leads a paid call already sells no second, and the first stays', () => {
    const plan = { ...dialled, paid: { callSessionId: 'cs_0', line: 'voyance' } };
    const way = went(sale, [talk()], { plan });
    expect(way.did.slice(-2)).toEqual(['giveUpCardOrder ord_1', 'card_not_taken']);
    expect(leads(way)).toEqual(plan.paid);
    expect(at(went(sale, [talk(), played], { plan }))).toBe('not-taken');
    // What needs no talk is sold.
    expect(at(went(sale, [...toPayment, paid], { plan }))).toBe('paid');
    expect(leads(went(sale, [...toPayment, declined()], { plan }))).toEqual(plan.paid);
  });

  test('may follow another talk', () => {
    const plan: RunPlan = { ...dialled, after: { callSessionId: 'cs_0', line: 'tarot', end: 'talked' } };
    expect(went(sale, [talk(), taken, played, paid], { plan }).run.plan).toMatchObject({
      after: plan.after,
      paid: call(),
    });
  });
});

describe('he hangs up', () => {
  test.each<[string, Scenario, RunEvent[]]>([
    ['while the merchant speaks', selling({ say: text('x') }), []],
    ['while it is ordered', sale, []],
    ['in the card room', sale, [talk()]],
    ['at the question of the kept card', sale, [ordered('ord_1', { mayUseKept: true })]],
    ['at the question of keeping it', keeping, [talk(), taken]],
    ['as he is asked to wait', sale, [talk(), taken]],
    ['while his bank is asked', sale, [talk(), taken, played]],
    ['at the word of a refusal', sale, [...toPayment, declined()]],
    ['while the next is ordered', sale, [...toPayment, declined(), played]],
    ['at the word that it was given up', sale, [ordered(), notTaken('gave_up')]],
  ])('%s: the call is over with what it leads, and nothing secret is left', (_where, graph, events) => {
    const before = went(graph, events, known);
    const { run, commands } = went(graph, [...events, hungUp], known);
    expect(commands).toEqual([]);
    expect([run.state, run.outcome, run.secrets, run.progress]).toEqual(['over', 'caller_left', {}, undefined]);
    // Who ends the call that was sold looks there.
    expect(run.plan.paid).toEqual(before.run.plan.paid);
  }); // prettier-ignore
});

describe('somebody else takes the call over', () => {
  test.each<[string, Scenario, RunEvent[], string[]]>([
    ['while the merchant speaks', selling({ say: text('x') }), [], ['answer', 'x']],
    ['while it is ordered', sale, [], ['order tarot']],
    ['in the card room', sale, [ordered()], ['answer', 'takeCard ord_1']],
    ['at the question of the kept card', sale, [ordered('ord_1', { mayUseKept: true })], ['answer', 'card_kept_question']],
    ['at the question of keeping it', keeping, [ordered(), taken], ['card_keep_question']],
    ['as he is asked to wait', sale, [ordered(), taken], ['card_wait']],
    ['while his bank is asked', sale, toPayment, ['payByCard ord_1']],
    ['while the bank of his kept card is asked', sale, [ordered('ord_1', { mayUseKept: true }), keyed('4242'), played], ['payByCard ord_1']],
    ['at the word of a refusal', sale, [...toPayment, declined()], ['card_declined']],
    ['at the word that it was given up', sale, [ordered(), notTaken('gave_up')], ['giveUpCardOrder ord_1', 'card_not_charged']],
  ])('%s', (_where, graph, events, expected) => {
    const { run } = went(graph, events, known);
    const kept = JSON.parse(JSON.stringify(run)) as ScenarioRun;
    const resumed = resumeRun(graph, kept, now);
    expect(resumed.commands.map(inWords)).toEqual(expected);
    // Nobody is asked twice for what he has keyed already, and the same card pays.
    if (expected[0]?.startsWith('payByCard')) expect(resumed.commands).toEqual(went(graph, events, known).commands);
  }); // prettier-ignore
});

describe('the check', () => {
  const around: Surroundings = {
    has: ({ name }) => name !== 'gone',
    mayForwardTo: () => true,
    sold: (line) =>
      line === 'ticket'
        ? { what: 'fixed_sale' }
        : { what: 'conversation', seconds: line === 'free' ? [] : [600] },
    takesCards: true,
    country: 'FR',
    languages: ['fr'],
  };
  const goodbye = { kind: 'hang_up' };
  const faults = (blocks: Record<string, object>, more: Partial<Surroundings> = {}) =>
    faultsOf(scenarioShape.parse({ start: 'pay', blocks }), { ...around, ...more });
  const pays = (line: string, own: object = {}) => ({
    pay: { kind: 'card_payment', line, next: { paid: 'ring', refused: 'bye' }, ...own },
    bye: goodbye,
  });
  const ring = (to: unknown = 'chosen', next: object = {}) => ({ ring: { kind: 'ring', to, next } });

  test('finds nothing where a talk is paid and rung for, or a sale paid that needs none', () => {
    expect(faults({ ...pays('tarot'), ...ring() })).toEqual([]);
    expect(faults({ ...pays('tarot', { seconds: 600 }), ...ring({ line: 'tarot' }) })).toEqual([]);
    expect(faults({ ...pays('ticket'), ring: goodbye })).toEqual([]);
    // In the other scenario somebody may be rung.
    expect(faults({ ...pays('tarot'), ring: { kind: 'go_to', scenario: 'other' } })).toEqual([]);
    expect(faults({ ...pays('tarot'), ring: goodbye }, { sold: () => undefined })).toEqual([]);
  });

  test.each<[string, Record<string, object>, object, 'error' | 'warning']>([
    ['a line that is not there', { ...pays('gone'), ...ring() },
      { fault: 'not_there', block: 'pay', what: 'line', name: 'gone' }, 'error'],
    ['a line that offers no duration', { ...pays('free'), ...ring() },
      { fault: 'sells_nothing', block: 'pay', line: 'free' }, 'error'],
    ['a duration the line does not offer', { ...pays('tarot', { seconds: 700 }), ...ring() },
      { fault: 'sells_nothing', block: 'pay', line: 'tarot', seconds: 700 }, 'error'],
    ['a paid talk nobody is rung for', { ...pays('tarot'), ring: goodbye },
      { fault: 'talk_not_rung', block: 'pay', line: 'tarot' }, 'error'],
    ['a paid way that leads nowhere', { ...pays('tarot', { next: { refused: 'bye' } }) },
      { fault: 'not_connected', block: 'pay', exit: 'paid' }, 'error'],
    ['a second talk sold in the same call', { ...pays('tarot'), ...ring('chosen', { talked: 'pay' }) },
      { fault: 'second_talk_sold', block: 'pay', line: 'tarot' }, 'warning'],
    ['a ringing of another line', { ...pays('tarot'), ...ring({ line: 'voyance' }) },
      { fault: 'rings_other_line', block: 'ring', line: 'voyance', sold: 'tarot' }, 'warning'],
  ])('finds %s', (_what, blocks, fault, severity) => {
    const found = faults(blocks);
    expect(found).toContainEqual(fault);
    expect(found.filter((one) => one.fault === (fault as { fault: string }).fault).map(isWarning)).toEqual([
      severity === 'warning',
    ]);
  }); // prettier-ignore

  test('says where cards are not taken, and lets it go live', () => {
    const found = faults({ ...pays('ticket'), ring: goodbye }, { takesCards: false });
    expect(found).toEqual([{ fault: 'card_entry_off', block: 'pay' }]);
    expect(found.every(isWarning)).toBe(true);
  });
});

describe('tried without a telephone', () => {
  const caller: TriedCaller & { scripts: [] } = {
    merchantName: 'Voyance Clara',
    timeZone: 'Europe/Paris',
    country: 'FR',
    cli: dialled.cli,
    ddi: dialled.ddi,
    at: now,
    language: 'en',
    keys: [],
    recognitions: [],
    rings: [],
    scripts: [],
    consultants: [],
    speaks: [],
    blacklisted: false,
    codes: [],
    pays: false,
    keysCard: true,
    cardWorks: [],
  };
  const way = (own: Partial<TriedCaller>): string[] =>
    tryScenario(sale, { ...caller, ...own }).steps.map(({ block }) => block);

  test('he keys his card, or does not; his bank says yes or no', () => {
    expect(way({ cardWorks: ['paid'] })).toEqual(['pay', 'paid']);
    expect(way({ cardWorks: ['declined', 'paid'] })).toEqual(['pay', 'paid']);
    expect(way({})).toEqual(['pay', 'refused']);
    expect(way({ cardWorks: ['needs_page'] })).toEqual(['pay', 'needs-page']);
    expect(way({ keysCard: false })).toEqual(['pay', 'given-up']);
  });

  test('a talk that is paid is led from then on', () => {
    const graph = scenarioShape.parse({
      start: 'pay',
      blocks: {
        pay: { kind: 'card_payment', line: 'tarot', next: { paid: 'led', refused: 'no' } },
        led: {
          kind: 'condition',
          test: { value: '{call.paid}', isEmpty: true },
          next: { yes: 'no', no: 'yes' },
        },
        yes: { kind: 'hang_up' },
        no: { kind: 'hang_up' },
      },
    });
    const ends = (talkLines: string[]): string =>
      tryScenario(graph, { ...caller, cardWorks: ['paid'], talkLines }).endedIn;
    expect([ends(['tarot']), ends([])]).toEqual(['yes', 'no']);
  });
});
