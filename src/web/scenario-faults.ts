// What is wrong with a scenario, in sentences for whoever composes it. Which faults there are is core/scenario/check-scenario's.

import type { Language } from '../core/ids.ts';
import type { Reference } from '../core/scenario/block.ts';
import { isWarning, type ScenarioFault } from '../core/scenario/check-scenario.ts';
import { z } from './routes.ts';

const severity = z.enum(['error', 'warning']).meta({
  description:
    '`error`: a caller would fall there, and it does not go live. `warning`: somebody may have meant it so.',
});

export const faultShape = z
  .object({
    fault: z.string().meta({ description: 'Which kind it is, for programs.', example: 'not_connected' }),
    severity,
    blocks: z.array(z.string()).meta({ description: 'Where: the blocks; empty: of the whole.' }),
    pointer: z.string().meta({
      description: 'Where in the scenario: a JSON Pointer (RFC 6901).',
      example: '#/blocks/menu-2/next/key_1',
    }),
    sentence: z.string().meta({ description: 'What is wrong and what to do, by Accept-Language (en, fr).' }),
  })
  .openapi('ScenarioFault');

export function faultEntry(fault: ScenarioFault, language: Language): z.input<typeof faultShape> {
  const { blocks, pointer } = placeOf(fault);
  return {
    fault: fault.fault,
    severity: isWarning(fault) ? 'warning' : 'error',
    blocks,
    pointer,
    sentence: sentenceOf(fault)[language],
  };
}

function placeOf(fault: ScenarioFault): { blocks: string[]; pointer: string } {
  switch (fault.fault) {
    case 'no_start':
      return { blocks: [], pointer: '#/start' };
    case 'too_many_variables':
      return { blocks: [], pointer: '#/blocks' };
    case 'endless_loop':
      return { blocks: [...fault.blocks], pointer: `#/blocks/${fault.blocks[0] ?? ''}` };
    case 'leads_nowhere':
    case 'no_such_exit':
      return { blocks: [fault.block], pointer: `#/blocks/${fault.block}/next/${fault.exit}` };
    case 'not_connected':
      return { blocks: [fault.block], pointer: `#/blocks/${fault.block}/next` };
    case 'not_in_language':
      return { blocks: [fault.block], pointer: `#/blocks/${fault.block}/${fault.where}` };
    default:
      return { blocks: [fault.block], pointer: `#/blocks/${fault.block}` };
  }
}

const things: Record<Reference['to'], Record<Language, string>> = {
  line: { en: 'the line', fr: 'la ligne' },
  group: { en: 'the group', fr: 'le groupe' },
  consultant: { en: 'the consultant', fr: 'le consultant' },
  scenario: { en: 'a live scenario', fr: 'un scénario en service' },
  resource: { en: 'the protected page', fr: 'la page protégée' },
  sound: { en: 'the sound', fr: 'le son' },
};
const tongues: Record<Language, Record<Language, string>> = {
  fr: { en: 'French', fr: 'français' },
  en: { en: 'English', fr: 'anglais' },
};

function sentenceOf(fault: ScenarioFault): Record<Language, string> {
  switch (fault.fault) {
    case 'no_start':
      return {
        en: `Calls begin in the block "${fault.start}", which is not there. Say which block they begin in.`,
        fr: `Les appels commencent dans le bloc « ${fault.start} », qui n’existe pas. Dites dans quel bloc ils commencent.`,
      };
    case 'leads_nowhere':
      return {
        en: `The way out "${fault.exit}" of "${fault.block}" leads to "${fault.to}", which is not there. Connect it to a block.`,
        fr: `La sortie « ${fault.exit} » de « ${fault.block} » mène à « ${fault.to} », qui n’existe pas. Reliez-la à un bloc.`,
      };
    case 'no_such_exit':
      return {
        en: `"${fault.block}" has no way out "${fault.exit}". Remove the connection, or offer that way.`,
        fr: `« ${fault.block} » n’a pas de sortie « ${fault.exit} ». Retirez cette liaison, ou proposez ce choix.`,
      };
    case 'not_connected':
      return {
        en: `The way out "${fault.exit}" of "${fault.block}" leads nowhere yet. Connect it to a block.`,
        fr: `La sortie « ${fault.exit} » de « ${fault.block} » ne mène encore nulle part. Reliez-la à un bloc.`,
      };
    case 'unreachable':
      return {
        en: `No call comes to "${fault.block}". Lead a way to it, or remove it.`,
        fr: `Aucun appel n’arrive à « ${fault.block} ». Reliez-le, ou retirez-le.`,
      };
    case 'endless_loop':
      return {
        en: `A call goes round for ever in ${list(fault.blocks, 'en')}: nothing is said, asked or waited for there. Put a block that does into the circle.`,
        fr: `Un appel tourne sans fin dans ${list(fault.blocks, 'fr')} : rien n’y est dit, demandé ni attendu. Ajoutez un tel bloc dans la boucle.`,
      };
    case 'not_there':
      return {
        en: `"${fault.block}" needs ${things[fault.what].en} "${fault.name}", which ${fault.what === 'sound' ? 'has nothing to be heard' : 'you do not have'}.`,
        fr: `« ${fault.block} » a besoin ${de(things[fault.what].fr)} « ${fault.name} », ${fault.what === 'sound' ? 'où il n’y a rien à entendre' : 'que vous n’avez pas'}.`,
      };
    case 'not_keyed':
      return fault.digits === undefined
        ? {
            en: `Callers key codes in "${fault.block}", and those of "${fault.resource}" have letters. Make its codes of digits.`,
            fr: `Les appelants tapent un code dans « ${fault.block} », et ceux de « ${fault.resource} » ont des lettres. Choisissez des codes en chiffres.`,
          }
        : {
            en: `Codes of "${fault.resource}" have ${String(fault.digits)} digits, more than "${fault.block}" takes.`,
            fr: `Les codes de « ${fault.resource} » ont ${String(fault.digits)} chiffres, plus que « ${fault.block} » n’en accepte.`,
          };
    case 'number_not_allowed':
      if (/^sip:/i.test(fault.number)) {
        return {
          en: `"${fault.block}" would ring ${fault.number}, which is in none of the domains we call, or not yours.`,
          fr: `« ${fault.block} » appellerait ${fault.number}, qui n’est dans aucun des domaines que nous appelons, ou pas à vous.`,
        };
      }
      return {
        en: `"${fault.block}" would ring ${fault.number}, which is none of your confirmed /v1/forward-numbers.`,
        fr: `« ${fault.block} » appellerait le ${fault.number}, qui n’est pas l’un de vos numéros de renvoi confirmés (/v1/forward-numbers).`,
      };
    case 'sells_nothing':
      return fault.seconds === undefined
        ? {
            en: `"${fault.block}" sells a talk of the line "${fault.line}", which offers no duration. Give it one, or sell another line.`,
            fr: `« ${fault.block} » vend un entretien de la ligne « ${fault.line} », qui ne propose aucune durée. Donnez-lui-en une, ou vendez une autre ligne.`,
          }
        : {
            en: `"${fault.block}" sells a talk of ${String(fault.seconds)} seconds, which the line "${fault.line}" does not offer. Choose one of its durations.`,
            fr: `« ${fault.block} » vend un entretien de ${String(fault.seconds)} secondes, que la ligne « ${fault.line} » ne propose pas. Choisissez l’une de ses durées.`,
          };
    case 'talk_not_rung':
      return {
        en: `"${fault.block}" has a talk of the line "${fault.line}" paid, and nobody is rung for it afterwards. Lead its way out "paid" to a block that rings.`,
        fr: `« ${fault.block} » fait payer un entretien de la ligne « ${fault.line} », et personne n’est appelé ensuite. Reliez sa sortie « paid » à un bloc qui fait sonner.`,
      };
    case 'second_talk_sold':
      return {
        en: `"${fault.block}" sells a talk to callers who have paid for one in the same call. It takes no card from them.`,
        fr: `« ${fault.block} » vend un entretien à des appelants qui en ont déjà payé un pendant le même appel. Il ne prend pas leur carte.`,
      };
    case 'rings_other_line':
      return {
        en: `"${fault.block}" rings the line "${fault.line}" for callers who have paid for "${fault.sold}": they pay that price.`,
        fr: `« ${fault.block} » fait sonner la ligne « ${fault.line} » pour des appelants qui ont payé « ${fault.sold} » : ils paient ce prix-là.`,
      };
    case 'card_entry_off':
      return {
        en: `"${fault.block}" takes cards keyed on the telephone, which is not enabled for you: callers leave it by "not_taken". Ask your operator, or send a payment link.`,
        fr: `« ${fault.block} » prend des cartes tapées au téléphone, ce qui n’est pas activé pour vous : les appelants en sortent par « not_taken ». Demandez-le à votre opérateur, ou envoyez un lien de paiement.`,
      };
    case 'too_many_variables':
      return {
        en: `A call keeps ${String(fault.most)} variables at most. Use fewer names.`,
        fr: `Un appel garde ${String(fault.most)} variables au plus. Utilisez moins de noms.`,
      };
    case 'not_in_language':
      return {
        en: `"${fault.block}" says something (${fault.where}) that is not there in ${tongues[fault.language].en}: those callers hear it in the other language.`,
        fr: `« ${fault.block} » dit quelque chose (${fault.where}) qui n’existe pas en ${tongues[fault.language].fr} : ces appelants l’entendront dans l’autre langue.`,
      };
    case 'never_set':
      return {
        en: `"${fault.block}" uses {${fault.variable}}, which no block sets: it is empty.`,
        fr: `« ${fault.block} » utilise {${fault.variable}}, qu’aucun bloc ne définit : c’est vide.`,
      };
  }
}

/** « de le » is « du ». */
function de(what: string): string {
  if (what.startsWith('le ')) return `du ${what.slice(3)}`;
  return what.startsWith('un ') ? `d’${what}` : `de ${what}`;
}

function list(blocks: readonly string[], language: Language): string {
  return blocks.map((id) => (language === 'fr' ? `« ${id} »` : `"${id}"`)).join(', ');
}
