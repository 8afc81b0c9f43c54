// Whether a scenario makes sense, and where it does not: what a merchant is shown while he composes, and what keeps a scenario from
// going live. Errors are what a caller would fall into; a warning is what somebody may have meant so.

import { parsePhone } from '../dialling.ts';
import type { Language } from '../ids.ts';
import type { Reference } from './block.ts';
import { type Block, kindOf, type Scenario } from './blocks.ts';
import { type BlockId, scenarioBounds, type Words } from './shape.ts';
import { callFacts, namesIn } from './words.ts';

export type ScenarioFault =
  | { fault: 'no_start'; start: BlockId }
  | { fault: 'leads_nowhere'; block: BlockId; exit: string; to: BlockId }
  | { fault: 'no_such_exit'; block: BlockId; exit: string }
  | { fault: 'not_connected'; block: BlockId; exit: string }
  | { fault: 'unreachable'; block: BlockId }
  | { fault: 'endless_loop'; blocks: readonly BlockId[] }
  | { fault: 'not_there'; block: BlockId; what: Reference['to']; name: string }
  /** `digits`: how many its codes have; absent: a keypad has not all their signs. */
  | { fault: 'not_keyed'; block: BlockId; resource: string; digits?: number }
  | { fault: 'number_not_allowed'; block: BlockId; number: string }
  /** A line nobody can order anything of, or nothing so long. */
  | { fault: 'sells_nothing'; block: BlockId; line: string; seconds?: number }
  /** A talk is paid for by card, and nobody is rung for it. */
  | { fault: 'talk_not_rung'; block: BlockId; line: string }
  /** Behind a talk that was paid for by card another is sold: a call leads one. */
  | { fault: 'second_talk_sold'; block: BlockId; line: string }
  /** What it rings for the paid talk is another line. */
  | { fault: 'rings_other_line'; block: BlockId; line: string; sold: string }
  | { fault: 'card_entry_off'; block: BlockId }
  | { fault: 'too_many_variables'; most: number }
  | { fault: 'not_in_language'; block: BlockId; where: string; language: Language }
  | { fault: 'never_set'; block: BlockId; variable: string };

/** What may have been meant so does not keep it from going live. */
const warnings: ReadonlySet<ScenarioFault['fault']> = new Set([
  'unreachable',
  'second_talk_sold',
  'rings_other_line',
  'card_entry_off',
  'not_in_language',
  'never_set',
]);
export const isWarning = ({ fault }: ScenarioFault): boolean => warnings.has(fault);

/** What the merchant has beside the scenario. */
export interface Surroundings {
  has(reference: Reference): boolean;
  /** How many digits a code of this resource has; `undefined`: it has signs no keypad has. Absent: that is not known. */
  keyedCode?(resource: string): number | undefined;
  mayForwardTo(number: string): boolean;
  /** Absent: that is not known. */
  mayRingSip?(address: string): boolean;
  /** What can be ordered of a line, and how long where that is talks. Absent: that is not known; of a line that is not there too. */
  sold?(
    line: string,
  ): { what: 'fixed_sale' } | { what: 'conversation'; seconds: readonly number[] } | undefined;
  /** Whether callers may key their cards. Absent: that is not known. */
  takesCards?: boolean;
  /** Absent: of sounds it is known only whether there are any. */
  soundIn?(sound: string, language: Language): boolean;
  country: string;
  /** Those its callers may have: a text is wanted in each. */
  languages: readonly Language[];
}

/** In the order of the blocks, as they were written. */
export function faultsOf(scenario: Scenario, around: Surroundings): ScenarioFault[] {
  const blocks = Object.entries(scenario.blocks);
  const reached = reachedFrom(scenario, scenario.start);
  const isThere = (id: BlockId): boolean => Object.hasOwn(scenario.blocks, id);
  return [
    ...(isThere(scenario.start) ? [] : [{ fault: 'no_start' as const, start: scenario.start }]),
    ...blocks.flatMap(([id, block]) => [
      ...wrongExits(scenario, id, block),
      ...(reached.has(id) ? [] : [{ fault: 'unreachable' as const, block: id }]),
      ...missing(id, block, around),
      ...unspoken(id, block, around),
      ...wrongSale(scenario, id, block, around),
    ]),
    ...loops(scenario),
    ...wrongVariables(blocks),
  ];
}

function wrongExits({ blocks }: Scenario, id: BlockId, block: Block): ScenarioFault[] {
  const exits = kindOf(block).exits(block);
  return [
    ...Object.entries(block.next).flatMap(([exit, to]): ScenarioFault[] => {
      if (!exits.some(({ name }) => name === exit)) return [{ fault: 'no_such_exit', block: id, exit }];
      return Object.hasOwn(blocks, to) ? [] : [{ fault: 'leads_nowhere', block: id, exit, to }];
    }),
    ...exits
      .filter(({ name, needed }) => needed && !Object.hasOwn(block.next, name))
      .map(({ name }): ScenarioFault => ({ fault: 'not_connected', block: id, exit: name })),
  ];
}

/** Every name in it that must lead somewhere, sounds included. */
export function referencesOf({ blocks }: Scenario): Reference[] {
  return Object.values(blocks).flatMap(referencesOfBlock);
}

function referencesOfBlock(block: Block): Reference[] {
  const sounds = partsOf(block).flatMap(({ part }): Reference[] =>
    'sound' in part ? [{ to: 'sound', name: part.sound }] : [],
  );
  return [...(kindOf(block).refers?.(block) ?? []), ...sounds];
}

function missing(id: BlockId, block: Block, around: Surroundings): ScenarioFault[] {
  const kind = kindOf(block);
  const numbers = (kind.rings?.(block) ?? []).filter((number) => namesIn(number).length === 0);
  return [
    ...referencesOfBlock(block)
      .filter((reference) => !around.has(reference))
      .map(({ to, name }): ScenarioFault => ({ fault: 'not_there', block: id, what: to, name })),
    ...(kind.asksCodes?.(block) ?? []).flatMap(({ resource, maxDigits }): ScenarioFault[] => {
      if (!around.keyedCode || !around.has({ to: 'resource', name: resource })) return [];
      const digits = around.keyedCode(resource);
      if (digits !== undefined && digits <= maxDigits) return [];
      return [{ fault: 'not_keyed', block: id, resource, ...(digits !== undefined && { digits }) }];
    }),
    ...numbers
      .filter((number) => {
        if (/^sip:/i.test(number)) return around.mayRingSip?.(number) === false;
        const read = parsePhone(number, around.country);
        return read.outcome === 'invalid' || !around.mayForwardTo(read.number);
      })
      .map((number): ScenarioFault => ({ fault: 'number_not_allowed', block: id, number })),
  ];
}

/** What it sells by a card that is keyed, and what becomes of the talk where that is one. */
function wrongSale(scenario: Scenario, id: BlockId, block: Block, around: Surroundings): ScenarioFault[] {
  const sale = kindOf(block).takesCards?.(block);
  if (!sale) return [];
  const off: ScenarioFault[] = around.takesCards === false ? [{ fault: 'card_entry_off', block: id }] : [];
  const sold = around.sold?.(sale.line);
  if (sold?.what !== 'conversation') return off;
  const { line, seconds } = sale;
  const isOffered = seconds === undefined ? sold.seconds.length > 0 : sold.seconds.includes(seconds);
  const next = Object.hasOwn(block.next, 'paid') ? block.next['paid'] : undefined;
  const behind = [...reachedFrom(scenario, next)].flatMap((one): [BlockId, Block][] => {
    const there = scenario.blocks[one];
    return there ? [[one, there]] : [];
  });
  const isRung = next === undefined || behind.some(([, one]) => mayRing.has(one.kind));
  return [
    ...off,
    ...(isOffered
      ? []
      : [{ fault: 'sells_nothing' as const, block: id, line, ...(seconds !== undefined && { seconds }) }]),
    ...(isRung ? [] : [{ fault: 'talk_not_rung' as const, block: id, line }]),
    ...behind.flatMap(([one, there]): ScenarioFault[] => {
      const other = kindOf(there).takesCards?.(there).line;
      if (other !== undefined && around.sold?.(other)?.what === 'conversation')
        return [{ fault: 'second_talk_sold', block: one, line: other }];
      if (there.kind !== 'ring' || typeof there.to !== 'object' || !('line' in there.to)) return [];
      return there.to.line === line
        ? []
        : [{ fault: 'rings_other_line', block: one, line: there.to.line, sold: line }];
    }),
  ];
}

/** Or leads where somebody may be rung. */
const mayRing: ReadonlySet<Block['kind']> = new Set(['ring', 'extension', 'forward', 'get_url', 'go_to']);

function unspoken(id: BlockId, block: Block, around: Surroundings): ScenarioFault[] {
  return partsOf(block).flatMap(({ where, part }) =>
    around.languages
      .filter((language) => !isSpokenIn(part, language, around))
      .map((language): ScenarioFault => ({ fault: 'not_in_language', block: id, where, language })),
  );
}

function isSpokenIn(part: Words[number], language: Language, around: Surroundings): boolean {
  if ('text' in part) return part.text[language] !== undefined;
  // One that is not there at all is missing, in whichever language.
  if (!('sound' in part) || !around.has({ to: 'sound', name: part.sound })) return true;
  return around.soundIn?.(part.sound, language) ?? true;
}

function partsOf(block: Block): { where: string; part: Words[number] }[] {
  return Object.entries(kindOf(block).words?.(block) ?? {}).flatMap(([where, words]) =>
    (words ?? []).map((part) => ({ where, part })),
  );
}

function wrongVariables(blocks: readonly (readonly [BlockId, Block])[]): ScenarioFault[] {
  const set = new Set(blocks.flatMap(([, block]) => kindOf(block).sets?.(block) ?? []));
  const anything = blocks.some(([, block]) => kindOf(block).setsAnything === true);
  const known = new Set([...set, ...callFacts.map((fact) => `call.${fact}`)]);
  return [
    ...(set.size > scenarioBounds.variables
      ? [{ fault: 'too_many_variables' as const, most: scenarioBounds.variables }]
      : []),
    ...blocks.flatMap(([id, block]) =>
      [...new Set(templatesOf(block).flatMap(namesIn))]
        .filter((name) => !known.has(name) && (name.startsWith('call.') || !anything))
        .map((variable): ScenarioFault => ({ fault: 'never_set', block: id, variable })),
    ),
  ];
}

function templatesOf(block: Block): string[] {
  const spoken = partsOf(block).flatMap(({ part }) => {
    if ('sound' in part) return [];
    if ('text' in part) return Object.values(part.text);
    return Object.values<string>(part);
  });
  return [...spoken, ...(kindOf(block).templates?.(block) ?? [])];
}

// --- Ways through the graph --------------------------------------------------------------------------------------

const waysOf = (scenario: Scenario, id: BlockId): BlockId[] =>
  Object.hasOwn(scenario.blocks, id)
    ? Object.values(scenario.blocks[id]?.next ?? {}).filter((to) => Object.hasOwn(scenario.blocks, to))
    : [];

function reachedFrom(scenario: Scenario, from: BlockId | undefined): Set<BlockId> {
  const reached = new Set<BlockId>();
  const ahead = from !== undefined && Object.hasOwn(scenario.blocks, from) ? [from] : [];
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    ahead.push(...waysOf(scenario, id));
  }
  return reached;
}

/** Circles in which nothing is heard, keyed or waited for: a call that enters one never comes out by itself. */
function loops(scenario: Scenario): ScenarioFault[] {
  const silent = Object.entries(scenario.blocks)
    .filter(([, block]) => kindOf(block).silent)
    .map(([id]) => id);
  const inLoop = new Set<BlockId>();
  const found: ScenarioFault[] = [];
  for (const id of silent) {
    if (inLoop.has(id)) continue;
    const circle = circleFrom(scenario, id, new Set(silent));
    if (!circle) continue;
    for (const one of circle) inLoop.add(one);
    found.push({ fault: 'endless_loop', blocks: circle });
  }
  return found;
}

/** The shortest way from a block back to itself through silent blocks alone. */
function circleFrom(scenario: Scenario, start: BlockId, silent: ReadonlySet<BlockId>): BlockId[] | undefined {
  const cameFrom = new Map<BlockId, BlockId>();
  const ahead: BlockId[] = [start];
  for (let id = ahead.shift(); id !== undefined; id = ahead.shift()) {
    for (const to of waysOf(scenario, id)) {
      if (to === start) {
        const way = [id];
        for (let at = id; at !== start;) {
          at = cameFrom.get(at) ?? start;
          way.unshift(at);
        }
        return way;
      }
      if (!silent.has(to) || cameFrom.has(to)) continue;
      cameFrom.set(to, id);
      ahead.push(to);
    }
  }
  return undefined;
}
