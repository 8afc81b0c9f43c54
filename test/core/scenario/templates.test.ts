// The scenarios a merchant begins with: each makes sense, and does what it says with callers of every kind.

import { describe, expect, test } from 'vitest';
import type { E164, Language } from '../../../src/core/ids.ts';
import type { Recognition } from '../../../src/core/known-caller.ts';
import { faultsOf } from '../../../src/core/scenario/check-scenario.ts';
import { readScriptAnswer } from '../../../src/core/scenario/script-answer.ts';
import type { ScriptProgram } from '../../../src/core/scenario/script-program.ts';
import {
  scenarioOfTemplate,
  scenarioTemplates,
  type TemplateName,
  templateNames,
} from '../../../src/core/scenario/templates.ts';
import { type Trial, tryScenario } from '../../../src/core/scenario/try-scenario.ts';

type Tried = Parameters<typeof tryScenario>[1];
const fill = { line: 'demo', sale: 'demo-ticket', resource: 'demo-page', url: 'https://shop.example/member' };
const free = [
  { id: 'con_claire', name: 'Claire', reachable: true },
  { id: 'con_hugo', name: 'Hugo', reachable: false },
  { id: 'con_ines', name: 'Inès', reachable: true },
];
const caller: Tried = {
  cli: { trust: 'network', number: '+33612345678' as E164 },
  ddi: '+33199000100' as E164,
  // A Monday, 10 in the morning in Paris.
  at: new Date('2026-11-23T09:00:00Z'),
  language: 'fr',
  merchantName: 'Voyance Clara',
  timeZone: 'Europe/Paris',
  country: 'FR',
  keys: [],
  recognitions: [],
  rings: [],
  scripts: [],
  consultants: free,
  speaks: [],
  blacklisted: false,
  codes: [],
  pays: false,
  keysCard: false,
  cardWorks: [],
  paid: false,
};
const tried = (name: TemplateName, own: Partial<Tried> = {}, more: object = {}): Trial =>
  tryScenario(scenarioOfTemplate(name, { ...fill, ...more }), { ...caller, ...own });
/** The blocks passed, each with the way out it took. */
const way = (trial: Trial): string =>
  trial.steps.map(({ block, exit }) => (exit === undefined ? block : `${block}:${exit}`)).join(' ');
const heard = (trial: Trial): string => trial.steps.flatMap((step) => step.heard).join(' | ');
const known = (more: object = {}): Recognition => ({ outcome: 'recognized', clientCode: 'C-1', ...more });
const answer = (body: string): ScriptProgram => {
  const read = readScriptAnswer({ body, url: fill.url });
  if (read.outcome === 'refused') throw new Error(read.because);
  return read.program;
};
const evening = new Date('2026-11-23T20:00:00Z');

const callers: [string, TemplateName, Partial<Tried>, string, ...string[]][] = [
  ['pays and talks', 'card_callback_follow_up', { keys: ['1', '', '5'], rings: ['talked'], pays: true },
    'paid:yes again:yes menu:key_1 choose:chosen pay:paid ring:talked goodbye', 'lien de paiement', '[Claire]', '[Inès]'],
  ['is in the call he has paid for', 'card_callback_follow_up', { paid: true, keys: ['1', '1', '2', '4'], rings: ['busy', 'talked'], speaks: [3] },
    'paid:no first:chosen first-ring:busy first:chosen first-ring:talked over:key_2 message:then goodbye', 'Rien n’est débité', 'ne répond pas', 'est terminée'],
  ['is in the call he has paid for, and nobody is there', 'card_callback_follow_up', { paid: true, consultants: [], speaks: [3] },
    'paid:no first:nobody nobody:then message:then goodbye', 'Tous nos consultants'],
  ['does not pay', 'card_callback_follow_up', { keys: ['1', '5'], speaks: [9] },
    'paid:yes again:yes menu:key_1 choose:chosen pay:not_paid not-paid:then message:then goodbye', 'rien n’a été débité', 'C’est noté'],
  ['stays behind a talk, and has had enough', 'card_callback_follow_up', { after: 'talked' },
    'paid:yes again:no over:none goodbye', 'Votre consultation est terminée'],
  ['hides his number', 'card_callback_follow_up', { cli: { trust: 'withheld' }, keys: ['1', '5'] },
    'paid:yes again:yes menu:key_1 choose:chosen pay:not_sent not-sent:then message:empty goodbye', 'pas vous envoyer'],
  ['finds nobody', 'card_callback_follow_up', { keys: ['1'], consultants: [], speaks: [9] },
    'paid:yes again:yes menu:key_1 choose:nobody nobody:then message:then goodbye', 'Tous nos consultants'],
  ['paid, and nobody answers', 'card_callback_follow_up', { keys: ['1', '5'], pays: true, speaks: [5] },
    'paid:yes again:yes menu:key_1 choose:chosen pay:paid ring:no_answer message:then goodbye', 'remboursons'],
  ['says nothing at all', 'card_callback_follow_up', {},
    'paid:yes again:yes menu:none message:empty goodbye', 'Nous n’avons rien entendu'],

  ['has ten minutes', 'prepaid', { recognitions: [known({ talkLimitSeconds: 600 })], rings: ['limit_reached'] },
    'who:known limited:no credit:then ring:limit_reached used', 'Il vous reste 10 minutes', 'épuisé'],
  ['is billed monthly', 'prepaid', { recognitions: [known()], rings: ['talked'] },
    'who:known limited:yes ring:talked goodbye'],
  ['keys his code', 'prepaid',
    { cli: { trust: 'withheld' }, keys: ['4711#'], recognitions: [known({ talkLimitSeconds: 60 })], rings: ['busy'] },
    'who:known limited:no credit:then ring:busy nobody', 'Rien n’a été pris'],
  ['is nobody’s', 'prepaid', { recognitions: [{ outcome: 'refused', reason: 'unknown' }] },
    'who:unknown unknown', 'pas reconnu'],
  ['has no credit', 'prepaid', { recognitions: [{ outcome: 'refused', reason: 'no_credit' }] },
    'who:refused refused', 'ne permet pas'],
  ['calls while the server is away', 'prepaid', {}, 'who:away away', 'Rappelez dans quelques minutes'],

  ['chooses the second', 'consultant_line', { keys: ['2', '*', '7'], rings: ['talked'] },
    'wanted:then language:then welcome:then choose:chosen ring:talked goodbye', 'Welcome to Voyance Clara', '[Inès]'],
  ['chooses one who is busy, and leaves a message', 'consultant_line', { keys: ['', '1', '2'], rings: ['busy'], speaks: [20] },
    'wanted:then language:then welcome:then choose:chosen ring:busy undecided:key_2 message:then goodbye', 'déjà en ligne'],
  ['chooses nobody', 'consultant_line', { keys: ['1'] },
    'wanted:then language:then welcome:then choose:none undecided:none goodbye'],
  ['finds nobody', 'consultant_line', { consultants: [] },
    'wanted:then language:then welcome:then choose:nobody nobody:then message:empty goodbye', 'absents'],
  ['is not wanted', 'consultant_line', { blacklisted: true }, 'wanted:listed refused'],

  ['goes three levels down', 'information_menu', { keys: ['1', '2', '1', '1'] },
    'language:then top:key_2 services:key_1 prices:key_1 price-short:then again:none goodbye', 'coûte 35 euros'],
  ['goes back to the beginning', 'information_menu', { keys: ['2', '2', '1', '*', '1'] },
    'language:then top:key_2 services:key_1 prices:key_star top:key_1 hours:then again:none goodbye', 'rue des Lilas'],
  ['wants a person, and nobody is there', 'information_menu', { keys: ['', '3'], speaks: [3] },
    'language:then top:key_3 person:no_answer message:then goodbye', 'Personne ne peut vous répondre'],
  ['presses wrong keys', 'information_menu', { keys: ['1', '8', '9', '0'], rings: ['talked'] },
    'language:then top:otherwise person:talked goodbye', 'Ce choix n’existe pas.'],

  ['comes while it is open', 'shop_hours', { rings: ['talked'] }, 'hours:open welcome:then shop:talked goodbye', 'bienvenue'],
  ['comes in the evening', 'shop_hours', { at: evening, speaks: [12] },
    'hours:closed closed:then message:then goodbye', 'le samedi de 10 heures', 'nous vous rappelons'],
  ['comes on Christmas', 'shop_hours', { at: new Date('2026-12-25T10:00:00Z') },
    'hours:closed closed:then message:empty goodbye', 'rien entendu'],
  ['is not answered', 'shop_hours', { speaks: [4] },
    'hours:open welcome:then shop:no_answer nobody:then message:then goodbye', 'tous occupés'],

  ['hears his balance', 'member_self_service',
    { keys: ['12345#', '0000#', '1', '2'], scripts: [answer('next=member\nset.balance=12.50\nset.currency=EUR\nset.renewsOn=2026-12-01')] },
    'number:then pin:then check:member menu:key_1 balance:then menu:key_2 renewal:then menu:none goodbye',
    'Votre solde est de 12 euros 50', 'renouvelle le premier décembre 2026'],
  ['keys a wrong PIN, then the right one', 'member_self_service',
    { keys: ['12345#', '0000#', '1', '12345#', '1111#', '3'], scripts: [answer('next=refused'), answer('next=member')], rings: ['talked'] },
    'number:then pin:then check:refused refused:key_1 number:then pin:then check:member menu:key_3 person:talked goodbye'],
  ['calls while the script is away', 'member_self_service', { keys: ['12345#', '0000#'], scripts: ['away'] },
    'number:then pin:then check:failed away:then person:no_answer goodbye', 'Personne n’est libre'],
  ['keys nothing', 'member_self_service', {}, 'number:none person:no_answer goodbye'],

  ['pays by the link and talks', 'paid_line', { keys: ['5'], pays: true, rings: ['talked'] },
    'welcome:then choose:chosen pay:paid ring:talked goodbye', 'Bienvenue chez Voyance Clara', 'lien de paiement'],
  ['does not pay by the link', 'paid_line', { keys: ['5'], speaks: [3] },
    'welcome:then choose:chosen pay:not_paid not-paid:then message:then goodbye', 'rien n’a été débité'],
  ['finds nobody', 'paid_line', { consultants: [], speaks: [3] },
    'welcome:then choose:nobody nobody:then message:then goodbye', 'Tous nos consultants'],
  ['pays by the link and hears the recording', 'paid_access', { keys: ['1', '1', '2'], pays: true },
    'welcome:key_1 pay:paid content:key_1 recording:then content:key_2 code:then goodbye', 'c’est réglé', 'Votre code est : 1 2 3 4 5 6'],
  ['only leaves a message', 'paid_access', { keys: ['2'], speaks: [3] },
    'welcome:key_2 message:then goodbye', 'C’est noté'],
]; // prettier-ignore

describe('a template', () => {
  test.each(templateNames)('%s makes sense in both languages', (name) => {
    const has = new Set(['demo', 'demo-ticket', 'demo-page']);
    const around = {
      has: ({ name: wanted }: { name: string }) => has.has(wanted),
      mayForwardTo: (number: string) => number === '+33140506070',
      country: 'FR',
      languages: ['fr', 'en'] as Language[],
    };
    expect(faultsOf(scenarioOfTemplate(name, fill), around)).toEqual([]);
    expect(faultsOf(scenarioOfTemplate(name, { ...fill, number: '+33140506070' }), around)).toEqual([]);
    expect(faultsOf(scenarioOfTemplate(name, { ...fill, payment: 'keypad' }), around)).toEqual([]);
    // What was not named is asked for, and nothing else.
    const asked = faultsOf(scenarioOfTemplate(name, {}), around).map((fault) => fault.fault);
    expect(new Set(asked)).toEqual(new Set(['not_there']));
    const { title, description } = scenarioTemplates[name];
    expect([title.fr, title.en, description.fr, description.en].every((text) => text.length > 5)).toBe(true);
  });

  test.each(callers)('a caller who %s (%s)', (_who, name, own, passed, ...words) => {
    const trial = tried(name, own);
    expect(way(trial)).toBe(passed);
    for (const word of words) expect(heard(trial)).toContain(word);
    expect(['completed', 'refused']).toContain(trial.outcome);
  });

  test.each<[string, TemplateName, Partial<Tried>, string, ...string[]]>([
    ['pays by his card and talks', 'paid_line', { keys: ['5'], cardWorks: ['paid'], rings: ['talked'] },
      'welcome:then choose:chosen pay:paid ring:talked goodbye', 'Préparez votre carte', 'nous interrogeons votre banque'],
    ['pays by his second card, and nobody answers', 'paid_line', { keys: ['5'], cardWorks: ['declined', 'paid'], speaks: [3] },
      'welcome:then choose:chosen pay:paid ring:no_answer message:then goodbye', 'n\'a pas été acceptée', 'rien ne vous sera débité'],
    ['is refused three times, and pays by the link', 'paid_line', { keys: ['5', '1'], pays: true, rings: ['talked'] },
      'welcome:then choose:chosen pay:refused refused:then other-way:key_1 link:paid ring-after-link:talked goodbye', 'rien n’a été débité'],
    ['has a card that pays on a page only', 'paid_line', { keys: ['5'], cardWorks: ['needs_page'], pays: true, rings: ['talked'] },
      'welcome:then choose:chosen pay:needs_page link:paid ring-after-link:talked goodbye', 'lien de paiement'],
    ['keys no card, and leaves a message', 'paid_line', { keys: ['5', '2'], keysCard: false, speaks: [3] },
      'welcome:then choose:chosen pay:given_up other-way:key_2 message:then goodbye', 'rien n\'a été débité'],
    ['pays by his card and gets his code', 'paid_access', { keys: ['1', '2'], cardWorks: ['paid'] },
      'welcome:key_1 pay:paid content:key_2 code:then goodbye', 'Votre code est'],
  ])('by card keyed on the telephone: a caller who %s (%s)', (_who, name, own, passed, ...words) => {
    const trial = tried(name, { keysCard: true, ...own }, { payment: 'keypad' });
    expect(way(trial)).toBe(passed);
    for (const word of words) expect(heard(trial)).toContain(word);
    expect(trial.outcome).toBe('completed');
  }); // prettier-ignore

  test('cards are keyed only where the merchant chooses it', () => {
    const kinds = (more: object): string[] =>
      templateNames.flatMap((name) =>
        Object.values(scenarioOfTemplate(name, { ...fill, ...more }).blocks).map(({ kind }) => kind),
      );
    expect(kinds({})).not.toContain('card_payment');
    expect(kinds({ payment: 'link' })).not.toContain('card_payment');
    expect(kinds({ payment: 'keypad' })).toContain('card_payment');
  });

  test('a shop with a number of its own is rung there', () => {
    const trial = tried('shop_hours', { rings: ['talked'] }, { number: '+33140506070' });
    expect(way(trial)).toBe('hours:open welcome:then shop:talked goodbye');
    expect(trial.steps[2]?.kind).toBe('forward');
  });

  test('a PIN is in no variable and in nothing that is heard', () => {
    const trial = tried('member_self_service', { keys: ['12345#', '8642#'] });
    expect(JSON.stringify([trial.variables, heard(trial)])).not.toContain('8642');
  });
});
