// A card that was keyed on the telephone, as everybody but the card room knows it.

/** No digit of it but the last four. */
export interface KeyedCard {
  /** The processor's word for it. */
  paymentMethod: string;
  brand: string;
  last4: string;
  /** `MM/YY`. */
  expiry: string;
}

/** What a caller hears in the card room, each as one sound; the ten digits read back to him what he has keyed last. */
export const cardSounds = [
  /** The amount, what it is for, and that he may give up. */
  'amount',
  'number',
  'number_wrong',
  'expiry',
  'expiry_wrong',
  'code',
  'code_four',
  'code_wrong',
  /** Its last four digits follow, then `confirm`. */
  'ends_in',
  'confirm',
  'not_accepted',
  'wait',
  'digit_0',
  'digit_1',
  'digit_2',
  'digit_3',
  'digit_4',
  'digit_5',
  'digit_6',
  'digit_7',
  'digit_8',
  'digit_9',
] as const;
export type CardSound = (typeof cardSounds)[number];

/**
 * `true` on a leg while it is in the card room. Set there before the first question, unset after everything else; events that bear it
 * are kept out by every link of a gateway.
 */
export const cardRoomVariable = 'ringmeter_card_room';
/** Which entry has the leg: whoever had it before, in a room beside another gateway, reads there that it has it no more. */
export const cardEntryVariable = 'ringmeter_card_entry';
/**
 * What is keyed outside a secret question is counted by the switch, a PIN too that somebody types before he is asked or beyond its
 * length, and what a secret question has the switch throw away (seen on FreeSWITCH 1.10.12: `flush_dtmf` counts without a look at
 * `sensitive_dtmf`). In the record of the call, `digits_dialed`, X stands for each of them where this is set on the leg, whenever.
 */
export const masksKeys = 'digits_dialed_filter=.+';
/** What was keyed stands there until the switch unsets it, right behind its question. */
export const cardDigitsVariable = 'ringmeter_card';
