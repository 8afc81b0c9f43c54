// What a caller would experience, told to the merchant's developer in both languages. What is spoken to the caller is quoted
// in the language it is spoken in.

import { spokenText } from '../core/prompt.ts';
import type { Language } from '../core/ids.ts';
import type { Experience } from '../flow/test-recognition.ts';
import { showDuration, typeset } from './texts.ts';

/** One sentence a step. */
export function experienceIn(language: Language, experience: readonly Experience[]): string[] {
  const words = language === 'fr' ? french : english;
  return experience.map((step) => typeset(language, words(step)));
}

function english(step: Experience): string {
  switch (step.is) {
    case 'not_taken':
      return 'The call is not taken: the line or the merchant is switched off, or the line shows no verified number.';
    case 'ringing':
      return 'The caller hears ringing.';
    case 'hears':
      return `The caller hears: “${spokenText(step.sentence)}”`;
    case 'keys': {
      const { maxDigits, terminator, tries } = step.entry;
      const ended = terminator === '#' ? ', ended by #' : '';
      return `The caller keys his ${step.wanted === 'pin' ? 'PIN' : 'client code'}: ${maxDigits} digits at most${ended}; ${tries} tries.`;
    }
    case 'limit':
      return `The talk is cut after ${showDuration(step.seconds, 'en')}.`;
    case 'no_limit':
      return `The merchant sets no limit: the talk may last as long as the line lets anybody, ${showDuration(step.seconds, 'en')}.`;
    case 'rings':
      return `${patterns.en[step.pattern]} ${step.names.join(', ')}.`;
    case 'rings_number':
      return `This number is rung: ${step.number}.`;
    case 'rings_nobody':
      return 'Nobody is rung: the line has no consultant, or those named are not the merchant’s.';
    case 'hung_up':
      return 'The call is ended.';
  }
}

function french(step: Experience): string {
  switch (step.is) {
    case 'not_taken':
      return 'L’appel n’est pas pris : la ligne ou le marchand est désactivé, ou la ligne ne présente aucun numéro vérifié.';
    case 'ringing':
      return 'L’appelant entend la sonnerie.';
    case 'hears':
      return `L’appelant entend : « ${spokenText(step.sentence)} »`;
    case 'keys': {
      const { maxDigits, terminator, tries } = step.entry;
      const ended = terminator === '#' ? ', terminés par #' : '';
      return `L’appelant compose son ${step.wanted === 'pin' ? 'code personnel' : 'code client'} : ${maxDigits} chiffres au plus${ended} ; ${tries} essais.`;
    }
    case 'limit':
      return `La conversation est coupée au bout de ${showDuration(step.seconds, 'fr')}.`;
    case 'no_limit':
      return `Le marchand ne fixe pas de limite : la conversation dure au plus ce que la ligne permet à tous, ${showDuration(step.seconds, 'fr')}.`;
    case 'rings':
      return `${patterns.fr[step.pattern]} ${step.names.join(', ')}.`;
    case 'rings_number':
      return `Ce numéro est appelé : ${step.number}.`;
    case 'rings_nobody':
      return 'Personne n’est appelé : la ligne n’a pas de consultant, ou ceux qui sont nommés ne sont pas au marchand.';
    case 'hung_up':
      return 'L’appel prend fin.';
  }
}

const patterns = {
  en: {
    in_turn: 'Rung one after the other:',
    all_at_once: 'All rung at once:',
    cumulative: 'Rung one after the other, the earlier ones ringing on:',
  },
  fr: {
    in_turn: 'Appelés l’un après l’autre :',
    all_at_once: 'Appelés tous à la fois :',
    cumulative: 'Appelés l’un après l’autre, les premiers continuant de sonner :',
  },
};
