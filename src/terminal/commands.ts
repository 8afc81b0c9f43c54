// What an operator can say at the terminal, one entry a command: the same questions and repairs as the operator's API.

import * as repair from '../flow/repair.ts';
import { stopsNow } from '../flow/kill-switch.ts';
import { checkInvariants } from '../flow/watch-house.ts';
import { type AttentionKind, attentionKinds, listAttention, readOperatorActs } from '../store/attention.ts';
import { listDdis } from '../store/ddis.ts';
import {
  type OrderStory,
  ownerOfId,
  listParkedNotices,
  readDeadJobs,
  readJobFigures,
  readOrderStory,
  readSwitchViews,
} from '../store/operator-views.ts';
import { readKeypadPermissions } from '../store/keypad.ts';
import { listParkedReports } from '../store/usage-reports.ts';
import { type Command, oneId, said, type Said, WrongUse } from './command.ts';
import { peopleCommands } from './people-commands.ts';
import { facts, page, table, wrapped } from './print.ts';

function whole(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000) {
    throw new WrongUse(`--${name} must be a whole number from 1 to 100000.`);
  }
  return value;
}

const refusals = {
  no_address:
    'This merchant has no address for notices, or answered 410. Ask him, then: notices replay --merchant <id>.',
  no_server:
    'Neither this number nor its merchant has a server to be told. When one is set, what waits follows by itself.',
  number_invalid: 'This is no telephone number. Write it with its country code, such as +33612345678.',
  line_unknown: 'This merchant has no line of this name: it is the name in the line’s links.',
  line_without_calls: 'This line sells something without a call: nobody could be rung there.',
};

function refusalOf(refused: Extract<repair.Repaired, { outcome: 'refused' }>): string {
  return refused.because === 'number_taken'
    ? `Merchant ${refused.merchantId} has this number already: nobody else can be given it.`
    : refusals[refused.because];
}

/** What came of a repair: `done` is the sentence for it, with how many where it can be several. */
function repaired(result: repair.Repaired, done: (many: number) => string, notNeeded: string): Said {
  switch (result.outcome) {
    case 'done':
      return said(done(result.many ?? 1), result);
    case 'not_needed':
      return said(notNeeded, result);
    case 'unknown':
      return said('Nothing here has this id. Check that it is complete.', result, 1);
    case 'refused':
      return said(refusalOf(result), result, 1);
  }
}

const counted = (many: number, one: string, several = `${one}s`): string =>
  `${String(many)} ${many === 1 ? one : several}`;

export const commands: readonly Command[] = [
  {
    usage: 'attention [--kind <kind>]',
    help: 'What wants a person, oldest first, and what to do next.',
    async run({ house: { db, clock }, options: { kind } }) {
      if (kind !== undefined && !isKind(kind)) {
        throw new WrongUse(`--kind must be one of ${attentionKinds.join(', ')}.`);
      }
      const items = (await db.asNobody((nobody) => listAttention(nobody, clock.now()))).filter(
        (item) => kind === undefined || item.kind === kind,
      );
      const text = items.map(({ kind: name, id, since, seen, sentence }) => {
        const by = seen ? `, seen by ${seen.by}` : '';
        return `${since.toISOString().slice(0, 19).replace('T', ' ')}  ${name}  ${id}${by}\n${wrapped(sentence, '  ')}`;
      });
      return said(text.length === 0 ? 'Nothing wants a person.' : text.join('\n\n'), items);
    },
  },
  {
    usage: 'seen <kind> <id>',
    help: 'You know of it: it is not counted any more until it happens again.',
    async run({ house, operator, args }) {
      const [kind, id, ...more] = args;
      if (kind === undefined || !isKind(kind) || id === undefined || more.length > 0) {
        throw new WrongUse('Say its kind and its id, as attention lists them.');
      }
      const result = await repair.markAsSeen(house, operator, { kind, id });
      return repaired(result, () => 'Seen.', 'Seen.');
    },
  },
  {
    usage: 'order <id>',
    help: 'The whole story of an order, by its id or the id of anything of it (payment, call, leg, notice, receipt).',
    async run(called) {
      const { db } = called.house;
      const id = oneId(called, 'order');
      const owner = await db.asNobody((nobody) => ownerOfId(nobody, id));
      const orderId = owner?.orderId;
      const story =
        owner === undefined || orderId === undefined
          ? undefined
          : await db.asMerchant(owner.merchantId, (tx) => readOrderStory(tx, orderId));
      if (!story) return said('Nothing here has this id. Check that it is complete.', null, 1);
      const acts = await db.asNobody((nobody) => readOperatorActs(nobody, 50, story.order.id));
      return said(storyText(story, acts), { ...story, acts });
    },
  },
  {
    usage: 'switches',
    help: 'Switches: who commands each, how long its lease lasts, how many calls live there.',
    async run({ house: { db, clock } }) {
      const views = await db.asNobody((nobody) => readSwitchViews(nobody, clock.now()));
      const columns = ['id', 'commander', 'leaseSecondsLeft', 'leaseNumber', 'draining', 'calls'];
      return said(views.length === 0 ? 'There is no switch yet.' : table(views, columns), views);
    },
  },
  ...(['drain', 'undrain'] as const).map((name): Command => ({
    usage: `${name} <switch>`,
    help:
      name === 'drain'
        ? 'No new calls for this switch; those that live there live on.'
        : 'New calls for this switch again.',
    async run(called) {
      const result = await repair.drain(
        called.house,
        called.operator,
        oneId(called, 'switch'),
        name === 'drain',
      );
      const done =
        name === 'drain'
          ? 'It takes no new calls. When switches shows no calls there, it can be taken away.'
          : 'It takes new calls.';
      return repaired(result, () => done, done);
    },
  })),
  {
    usage: 'jobs',
    help: 'How the queue of jobs stands.',
    async run({ house: { db, clock } }) {
      const figures = await db.asNobody((nobody) => readJobFigures(nobody, clock.now()));
      return said(figures.length === 0 ? 'No job waits.' : table(figures), figures);
    },
  },
  {
    usage: 'jobs dead',
    help: 'Jobs that failed so often that they are not tried any more, with their last error.',
    async run({ house: { db } }) {
      const jobs = await db.asNobody(readDeadJobs);
      return said(jobs.length === 0 ? 'No job is dead.' : table(jobs), jobs);
    },
  },
  {
    usage: 'jobs retry <id>',
    help: 'Try a dead job again, from its first try.',
    async run(called) {
      const result = await repair.retryDeadJob(called.house, called.operator, oneId(called, 'job'));
      return repaired(result, () => 'It is tried again by whichever gateway comes first.', '');
    },
  },
  {
    usage: 'notices parked [--merchant <id>] [--limit <n>]',
    help: 'Notices nobody tries to deliver any more.',
    async run({ house: { db }, options: { merchant, limit } }) {
      const notices = await listParkedNotices(db, whole(limit, 'limit', 100), merchant);
      const columns = [
        'createdAt',
        'id',
        'merchantId',
        'orderId',
        'type',
        'tries',
        'lastStatus',
        'lastProblem',
      ];
      return said(notices.length === 0 ? 'No notice is parked.' : table(notices, columns), notices);
    },
  },
  {
    usage: 'notices replay <id> | --merchant <id>',
    help: 'Send a notice again, or all that is parked of a merchant (also after he answered 410).',
    async run(called) {
      const { house, operator, options, args } = called;
      if (options.merchant !== undefined) {
        if (args.length > 0) throw new WrongUse('Say one notice or one merchant, not both.');
        const result = await repair.replayParkedOf(house, operator, options.merchant);
        return repaired(
          result,
          (many) => `${counted(many, 'notice')} will be sent again.`,
          'None was parked.',
        );
      }
      const result = await repair.replayOneNotice(house, operator, oneId(called, 'notice'));
      return repaired(result, () => 'It will be sent again.', '');
    },
  },
  {
    usage: 'reports parked [--merchant <id>] [--limit <n>]',
    help: 'Reports of what known callers used that nobody tries to tell any more.',
    async run({ house: { db }, options: { merchant, limit } }) {
      const reports = await listParkedReports(db, whole(limit, 'limit', 100), merchant);
      const columns = [
        ...['createdAt', 'id', 'merchantId', 'orderId', 'callSessionId', 'billableSeconds'],
        ...['tries', 'lastStatus', 'lastProblem'],
      ];
      return said(reports.length === 0 ? 'No report is parked.' : table(reports, columns), reports);
    },
  },
  {
    usage: 'reports replay <id> | --merchant <id>',
    help: 'Tell a parked report again, or all that are parked of a merchant.',
    async run(called) {
      const { house, operator, options, args } = called;
      if (options.merchant !== undefined) {
        if (args.length > 0) throw new WrongUse('Say one report or one merchant, not both.');
        const result = await repair.replayReportsOf(house, operator, options.merchant);
        return repaired(
          result,
          (many) => `${counted(many, 'report')} will be told again.`,
          'None was parked that somebody could be told of.',
        );
      }
      const result = await repair.replayOneReport(house, operator, oneId(called, 'report'));
      return repaired(
        result,
        () => 'It will be told again.',
        'It is not parked: it is on its way, or acknowledged.',
      );
    },
  },
  {
    usage: 'settle <id>',
    help: 'Settle an order anew; what is parked is tried from its first try.',
    async run(called) {
      const result = await repair.settleAgain(called.house, called.operator, oneId(called, 'order'));
      return repaired(
        result,
        () => 'It is settled by whichever gateway comes first. What came of it: order <id>.',
        'It is settled already.',
      );
    },
  },
  {
    usage: 'look <id>',
    help: 'Have the processor asked at once what is true of a payment.',
    async run(called) {
      const result = await repair.lookAtPaymentNow(called.house, called.operator, oneId(called, 'payment'));
      return repaired(
        result,
        () => 'The processor is asked by whichever gateway comes first. What came of it: order <id>.',
        'The payment is over: nothing is asked any more.',
      );
    },
  },
  ...(['again', 'give-up'] as const).map((name): Command => ({
    usage: `refunds ${name} <id>`,
    help:
      name === 'again'
        ? 'A parked refund: take over what the processor has of it; what it has none of is made anew.'
        : 'A parked refund: take over what the processor has of it; what it has none of is given up.',
    async run(called) {
      const { house, operator } = called;
      const otherwise = name === 'again' ? 'again' : 'give_up';
      const result = await repair.resolveRefund(house, operator, oneId(called, 'refund'), otherwise);
      return repaired(
        result,
        () =>
          'Whichever gateway comes first looks at the processor and does so. What came of it: order <id>.',
        'It is not parked: what became of it is known, or it is still asked for.',
      );
    },
  })),
  {
    usage: 'stop [--merchant <id>] [--talks]',
    help: 'No calls from now on, of one merchant or of all. Whoever talks talks on, unless --talks.',
    async run({ house, operator, args, options: { merchant, talks } }) {
      if (args.length > 0) throw new WrongUse('A merchant is named by --merchant <id>.');
      const which = { alsoTalks: talks === true, ...(merchant !== undefined && { merchantId: merchant }) };
      const result = await repair.stop(house, operator, which);
      const whose = merchant === undefined ? 'All calls are' : `Calls of ${merchant} are`;
      return repaired(
        result.outcome === 'done' ? { ...result, many: result.many ?? 0 } : result,
        (many) => `${whose} stopped; ${counted(many, 'call')} told to end.`,
        '',
      );
    },
  },
  {
    usage: 'resume [--merchant <id>]',
    help: 'Calls may be made again.',
    async run({ house, operator, args, options: { merchant } }) {
      if (args.length > 0) throw new WrongUse('A merchant is named by --merchant <id>.');
      const which = merchant === undefined ? {} : { merchantId: merchant };
      const result = await repair.resume(house, operator, which);
      // One who is stopped himself stays so when the house resumes, and the other way round: whoever is in a hurry forgets.
      const stops = result.outcome === 'done' ? await stopsNow(house, merchant) : {};
      const still =
        stops.house && merchant !== undefined ? ' All calls of the house are still stopped: resume.' : '';
      return repaired(result, () => `Calls may be made again.${still}`, '');
    },
  },
  {
    usage: 'records import',
    help: 'Bring call records in quarantine to their legs, where those are known by now.',
    async run({ house, operator }) {
      const result = await repair.importRecords(house, operator);
      return repaired(
        result,
        (many) => `${counted(many, 'record')} brought to ${many === 1 ? 'its leg' : 'their legs'}.`,
        'No record in quarantine is of a leg that is known.',
      );
    },
  },
  {
    usage: 'numbers allow <number>',
    help: 'A number that was never to be called again may be, because its owner says so.',
    async run({ house, operator, args }) {
      if (args.length === 0) throw new WrongUse('Say which number, with its country code.');
      const result = await repair.allowNumber(house, operator, args.join(''));
      return repaired(result, () => 'It may be called again.', 'It may be called; nobody said otherwise.');
    },
  },
  {
    usage: 'ddis --merchant <id>',
    help: 'The numbers people dial of a merchant, where each leads and who says who calls.',
    async run({ house: { db }, args, options: { merchant } }) {
      if (merchant === undefined || args.length > 0) throw new WrongUse('Say whose: --merchant <id>.');
      if ((await db.asNobody((nobody) => ownerOfId(nobody, merchant)))?.kind !== 'merchant') {
        return said('Nothing here has this id. Check that it is complete.', null, 1);
      }
      const found = await db.asMerchant(merchant, (tx) => listDdis(tx));
      const list = found.map(({ number, line, scenario, recognizedBy, active }) => ({
        number,
        line,
        scenario,
        recognizedBy,
        active,
      }));
      return said(list.length === 0 ? 'He has no number.' : table(list), list);
    },
  },
  {
    usage: 'ddis add <number> --merchant <id> --line <name>',
    help: 'Give a merchant a number people dial. He says himself how its callers are recognized (PUT /v1/ddis).',
    async run({ house, operator, args, options: { merchant, line } }) {
      if (args.length === 0) throw new WrongUse('Say which number, with its country code.');
      if (merchant === undefined || line === undefined) {
        throw new WrongUse('Say whose it is and where it leads: --merchant <id> --line <name>.');
      }
      const wish = { merchantId: merchant, line, number: args.join('') };
      const result = await repair.supplyNumber(house, operator, wish);
      return repaired(
        result,
        () => `It is his, and leads to ${line}. His own server is asked who calls until he says otherwise.`,
        'He has it already; where it leads he says himself.',
      );
    },
  },
  {
    usage: 'forward-numbers confirm <number> --merchant <id>',
    help: 'His scenarios may put calls through to this number of his /v1/forward-numbers from now on.',
    async run({ house, operator, args, options: { merchant } }) {
      if (args.length === 0) throw new WrongUse('Say which number, with its country code.');
      if (merchant === undefined) throw new WrongUse('Say whose it is: --merchant <id>.');
      const wish = { merchantId: merchant, number: args.join('') };
      const result = await repair.confirmForwardNumber(house, operator, wish);
      return repaired(result, () => 'Calls may be put through to it.', 'It was confirmed before.');
    },
  },
  {
    usage: 'keypad --merchant <id>',
    help: 'Whether his callers may key their cards on the telephone: who said so, when and why.',
    async run({ house: { db }, options: { merchant } }) {
      if (merchant === undefined) throw new WrongUse('Say whose: --merchant <id>.');
      const history = await db.asMerchant(merchant, readKeypadPermissions);
      const text = history.map(
        ({ allowed, by, why, at }) =>
          `${at.toISOString()}  ${allowed ? 'allowed' : 'withdrawn'}  ${by}: ${why}`,
      );
      return said(
        text.length === 0 ? 'Nobody has said anything of it: they may not.' : text.join('\n'),
        history,
      );
    },
  },
  ...(['allow', 'withdraw'] as const).map((act): Command => ({
    usage: `keypad ${act} --merchant <id>`,
    help:
      act === 'allow'
        ? 'His callers may key their cards on the telephone from now on. Stripe must permit it for his account.'
        : 'His callers may key no card on the telephone any more.',
    async run({ house, operator, options: { merchant } }) {
      if (merchant === undefined) throw new WrongUse('Say whose: --merchant <id>.');
      const wish = { merchantId: merchant, allowed: act === 'allow' };
      const result = await repair.permitKeypad(house, operator, wish);
      return repaired(
        result,
        () =>
          act === 'allow' ? 'His callers may key their cards.' : 'His callers may key no card any more.',
        'It was so already.',
      );
    },
  })),
  ...peopleCommands,
  {
    usage: 'check [--hours <n> | --all]',
    help: 'Check what must always hold: of all that is not over and what was settled in the last 24 hours, n hours, or ever.',
    async run({ house, options: { hours, all } }) {
      const { clock } = house;
      const since =
        all === true
          ? ('-infinity' as const)
          : new Date(clock.now().getTime() - whole(hours, 'hours', 24) * 3_600_000);
      const found = await checkInvariants(house, since);
      return found.length === 0
        ? said('Everything that must hold does.', found)
        : said(table(found), found, 1);
    },
  },
  {
    usage: 'acts [--limit <n>]',
    help: 'Repairs by hand: who, what and why; newest first.',
    async run({ house: { db }, options: { limit } }) {
      const acts = await db.asNobody((nobody) => readOperatorActs(nobody, whole(limit, 'limit', 30)));
      const columns = ['at', 'by', 'act', 'target', 'outcome', 'why'];
      return said(acts.length === 0 ? 'Nobody repaired anything yet.' : table(acts, columns), acts);
    },
  },
];

function isKind(text: string): text is AttentionKind {
  return (attentionKinds as readonly string[]).includes(text);
}

function storyText(story: OrderStory, acts: readonly object[]): string {
  const operations = story.authorizations.flatMap(({ id, operations: list }) =>
    list.map((one) => ({ authorization: id, ...one })),
  );
  const deliveries = story.notices.flatMap(({ id, deliveries: list }) =>
    list.map((one) => ({ notice: id, ...one })),
  );
  const rows = (list: readonly object[]): string => (list.length === 0 ? '' : table(list));
  return page([
    ['Order', facts(story.order)],
    ['Payment', story.payment ? facts(story.payment) : ''],
    ['Holds', rows(story.authorizations.map(({ operations: _list, ...one }) => one))],
    ['Asked of the processor', rows(operations)],
    ['Refunds', rows(story.refunds)],
    ['Disputes', rows(story.disputes)],
    ['Call', story.session ? facts(story.session) : ''],
    ['What happened', rows(story.events.map(({ at, name, facts: more }) => ({ at, name, more })))],
    ['Legs', rows(story.legs)],
    ['Work for its switch', rows(story.work)],
    ['Notices', rows(story.notices.map(({ deliveries: _list, ...one }) => one))],
    ['Deliveries', rows(deliveries)],
    ['Report of what was used', story.usageReport ? facts(story.usageReport) : ''],
    ['Receipt', story.receipt ? facts(story.receipt) : ''],
    ['Ledger', rows(story.ledger)],
    ['Steps that failed', rows(story.marks)],
    ['Repaired by hand', rows(acts)],
  ]);
}
