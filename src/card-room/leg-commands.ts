// What the card room says to a switch, in full: nothing else reaches it. The event socket is a line protocol, so every part is checked
// here against what it may consist of (as telephony/dial-string does for the gateway, whose words the room does not share), and
// anything else throws before a byte is sent.

import { cardEntryKeysMax, cardEntryWaits, type CardQuestion } from '../core/card-entry.ts';
import { parseLegUuid, type LegUuid } from '../core/ids.ts';
import { cardDigitsVariable, cardEntryVariable, cardRoomVariable, masksKeys } from '../core/keyed-card.ts';

export class UnsafeRoomCommand extends Error {
  constructor(what: string) {
    super(`${what} is not of the allowed form; nothing was sent`);
    this.name = 'UnsafeRoomCommand';
  }
}

export const digitsVariable = cardDigitsVariable;
/** `card:<turn>` is a question, `left:<turn>` what was unset last. */
export const questionMark = 'card';
export const leftMark = 'left';
const keying = 'play_and_get_digits';
const silence = 'silence_stream://10';
const inTurn = 'file_string://';
/** The switch takes 128 in one. */
const soundsInTurnMax = 100;

const uuid = (leg: LegUuid): LegUuid => {
  if (parseLegUuid(leg) === undefined) throw new UnsafeRoomCommand('leg uuid');
  return leg;
};
const turnOf = (turn: string): string => {
  if (!/^[0-9a-f]{1,32}$/.test(turn)) throw new UnsafeRoomCommand('turn');
  return turn;
};
// Folders as people call them; without what an argument list or a file name of FreeSWITCH gives a meaning to.
const soundPattern =
  /^\/(?:(?!\.{1,2}\/)[\p{L}\p{N}._()+=~-](?:[\p{L}\p{N} ._()+=~-]*[\p{L}\p{N}._()+=~-])?\/)*(?:fr|en)\/[0-9a-f]{32}\.wav$/u;
const silencePattern = /^silence_stream:\/\/[1-9][0-9]{0,5}$/;

/** Sounds as the gateway names them, one behind the other. */
function soundsInTurn(sounds: readonly string[]): string {
  const parts = sounds.flatMap((one) =>
    one.startsWith(inTurn) ? one.slice(inTurn.length).split('!') : [one],
  );
  if (parts.length > soundsInTurnMax) throw new UnsafeRoomCommand('number of sounds');
  for (const part of parts)
    if (!soundPattern.test(part) && !silencePattern.test(part)) throw new UnsafeRoomCommand('sound');
  if (parts.length === 0) return silence;
  return parts.length === 1 ? parts.join('') : `${inTurn}${parts.join('!')}`;
}

/** Throws where a switch is not to be told this. */
export function checkOrder(leg: LegUuid, sounds: readonly string[]): void {
  uuid(leg);
  for (const one of sounds) soundsInTurn([one]);
}

function execute(leg: LegUuid, application: string, argument?: string, eventUuid?: string): string {
  return (
    `sendmsg ${uuid(leg)}\ncall-command: execute\nexecute-app-name: ${application}\n` +
    (argument === undefined ? '' : `execute-app-arg: ${argument}\n`) +
    (eventUuid === undefined ? '' : `event-uuid: ${eventUuid}\n`) +
    'event-lock: true\n\n'
  );
}
const api = (text: string): string => `api ${text}\n\n`;

export const signIn = (password: string): string => {
  if (/[\r\n]/.test(password) || password === '') throw new UnsafeRoomCommand('password');
  return `auth ${password}\n\n`;
};
/** Nothing of other legs is for this room. */
export const hearLeg = (leg: LegUuid): string => `filter Unique-ID ${uuid(leg)}\n\n`;
export const subscribe = 'event plain CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP_COMPLETE\n\n';

/**
 * At once, not in its turn behind what plays. With the first no key becomes an event, is counted or logged; with the second a caller
 * who hangs up in mid-entry leaves no record his digits could stand in; with the third no gateway's link hears of this leg.
 * What masks keys stays: the rest of a number may be typed after he has left.
 */
export const enter = (leg: LegUuid, entry: string): string =>
  api(
    `uuid_setvar_multi ${uuid(leg)} ${cardRoomVariable}=true;${cardEntryVariable}=${turnOf(entry)};` +
      `${masksKeys};sensitive_dtmf=true;process_cdr=false`,
  );

/** Ends what plays and throws away what waits. */
export const breakAll = (leg: LegUuid): string => api(`uuid_break ${uuid(leg)} all`);
/** A key that no keypad has, and at which every question of ours ends, and a room's before us. */
const endKey = 'D';
/** Ends a question whose sentence is over, which heeds no break. */
export const endQuestion = (leg: LegUuid): string => api(`uuid_recv_dtmf ${uuid(leg)} ${endKey}`);

const leftBehind = `${digitsVariable} read_terminator_used read_result`;
export const forgetDigits = (leg: LegUuid): string => execute(leg, 'multiunset', leftBehind);

/** The keys on their way: none is an answer to what is asked now. */
export const forgetKeys = (leg: LegUuid): string => execute(leg, 'flush_dtmf');
/**
 * Who is told that it is over, or whose gateway died, may be typing on: all of it is read like an entry until he is quiet, says
 * nothing, and is forgotten. More than 127 fit nowhere.
 */
const awaitQuiet = (leg: LegUuid): string =>
  execute(leg, keying, `0 127 1 1500 ${endKey} silence ${silence} ${digitsVariable} '' 2000`) +
  forgetDigits(leg);

/**
 * One question, and behind it the switch itself unsets what was keyed, whoever lives then. Without an expression (the empty argument):
 * it would be matched against the digits in the switch's log. Of one key nothing is a terminator, for pressed over the sentence it
 * would count as nothing.
 */
export function ask(leg: LegUuid, step: CardQuestion, turn: string, sounds: readonly string[]): string {
  const { firstMs, betweenMs } = cardEntryWaits[step];
  const most = cardEntryKeysMax[step];
  const sound = soundsInTurn(sounds);
  const word = sound.includes(' ') ? `'${sound}'` : sound;
  const argument =
    `1 ${String(most)} 1 ${String(firstMs)} ${most === 1 ? 'none' : `#*${endKey}`} ${word} ${silence} ` +
    `${digitsVariable} '' ${String(betweenMs)}`;
  return execute(leg, keying, argument, `${questionMark}:${turnOf(turn)}`) + forgetDigits(leg);
}

export const play = (leg: LegUuid, sounds: readonly string[]): string =>
  execute(leg, 'playback', soundsInTurn(sounds));

/** In this order: his digits, the keys still on their way, then what kept them secret, and last what keeps the leg to the room. */
export const leave = (leg: LegUuid, turn: string, mayTypeOn: boolean): string =>
  forgetDigits(leg) +
  forgetKeys(leg) +
  (mayTypeOn ? awaitQuiet(leg) : '') +
  execute(leg, 'multiunset', `process_cdr sensitive_dtmf ${cardEntryVariable}`) +
  execute(leg, 'unset', cardRoomVariable, `${leftMark}:${turnOf(turn)}`);
