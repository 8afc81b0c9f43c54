// What is said to people on the telephone, as facts: who hears it, and the values in it. The words are in prompt-fr.ts
// and prompt-en.ts; prompt.ts joins the two. (A file of its own so that the languages and prompt.ts do not import in a
// circle.)

import type { UnreachableBecause } from './consultant.ts';
import type { Language } from './ids.ts';
import type { CardSound } from './keyed-card.ts';
import type { RecognitionRefusal } from './known-caller.ts';
import type { OpenHours } from './schedule.ts';
import type { SpokenInstant } from './spoken-clock.ts';

/** What the caller is told of the price before he says yes. Prices as decimal text in `currency`, VAT inside. */
export interface PriceTerms {
  currency: string;
  fixedPrice: string;
  /** Minutes of talk the fixed price covers. */
  includedMinutes: number;
  /** Absent: no minute is charged beside the fixed price. */
  pricePerMinute?: string;
}

/** What he is about to pay by a card he keys. */
export interface SoldByCard {
  merchant: string;
  line: string;
  /** Decimal text: what is taken; of a conversation, what is held at most. */
  amount: string;
  currency: string;
  /** Of a conversation: its price, the longest talk, and whether the whole price is taken as soon as both are joined. */
  talk?: { price: PriceTerms; minutes: number; capture?: 'at_connection' };
}

/** `hold` as decimal text in `currency`. */
export interface MoreTimeTerms {
  seconds: number;
  hold: string;
  currency: string;
}

/** What a consultant hears of himself. `reason`: of a break, as it was written. `until`: when that ends by itself. */
export interface SpokenState {
  is: 'available' | UnreachableBecause;
  reason?: string;
  until?: SpokenInstant;
}

/** What a consultant may record: told before he is rung for, and said for him while he is free, on the line, or away. */
export const recordingKinds = ['introduction', 'available', 'busy', 'away'] as const;
export type RecordingKind = (typeof recordingKinds)[number];

/** Said before the menu: what came of what was keyed. */
export type MenuNews = 'set' | 'kept' | 'thrown_away' | 'deleted' | 'failed' | 'wrong_key';

/** In somebody's own voice. */
export type Recorded = SentenceFacts & { key: 'recording' };

export type Sentence = { language: Language } & SentenceFacts;

/** What is said in words of its own. */
export type OneSentence = Exclude<SentenceFacts, { key: 'in_turn' | 'silence' }>;

export type SentenceFacts =
  /** Consultant, on answering: what kind of call, how many minutes are paid, 1 accepts, 3 refuses. */
  | { key: 'consultant_offer'; merchant: string; line: string; minutes: number }
  /** The same of a caller the merchant knows; `client` is spoken sign by sign. */
  | { key: 'consultant_known_offer'; merchant: string; line: string; client?: string; seconds: number }
  /** Consultant, after 1: the caller is being rung. */
  | { key: 'consultant_wait' }
  /** Consultant: the caller did not answer or did not accept; he is free again. */
  | { key: 'consultant_caller_lost' }
  /** Caller, on answering: name, price and when it is taken, longest talk, 1 starts, 3 refuses, 9 is never to be called again. */
  | {
      key: 'caller_offer';
      merchant: string;
      consultant: string;
      price: PriceTerms;
      minutes: number;
      /** As soon as both are joined; absent: when they have talked. */
      capture?: 'at_connection';
    }
  /** Caller, second try: 1 starts, hanging up costs nothing. */
  | { key: 'caller_reminder' }
  /** Caller, after 9: he is not called again, nothing is charged. */
  | { key: 'caller_never_again' }
  /** Caller of a line that rings him first: the consultant is being rung. */
  | { key: 'caller_hold' }
  /** Caller: nobody is available, nothing is charged. */
  | { key: 'caller_nobody' }
  /** Caller: the consultant was gone before the start, nothing is charged. */
  | { key: 'caller_consultant_lost' }
  /** Caller, in the talk, before the talk limit; `more`: what key 5 adds, and what it holds on his card at most. */
  | { key: 'limit_near'; secondsLeft: number; more?: MoreTimeTerms }
  /** Caller, in the talk, after key 5: his bank is being asked. */
  | { key: 'more_time_asked' }
  /** Caller, in the talk: the limit has moved by this. */
  | { key: 'more_time_granted'; seconds: number }
  /** Caller, in the talk: it stays at the old limit. */
  | { key: 'more_time_refused' }
  /** Consultant, in the talk, before the talk limit. */
  | { key: 'consultant_limit_near'; secondsLeft: number }
  /** A caller who dialled us: he is to key his client code, then `#`. `again`: what he keyed led to nothing. */
  | { key: 'code_wanted'; merchant: string; again?: boolean }
  | { key: 'pin_wanted'; again?: boolean }
  /** Recognized; absent `seconds`: as long as he likes. `balance` as decimal text. */
  | {
      key: 'known_greeting';
      merchant: string;
      seconds?: number;
      balance?: { amount: string; currency: string };
    }
  /** `unknown` is said of a wrong code and a wrong PIN alike. `seconds`: he is put through to others, for so long. */
  | {
      key: 'known_refused';
      merchant: string;
      because: RecognitionRefusal | 'merchant_away' | 'withheld';
      seconds?: number;
    }
  | { key: 'known_nobody' }
  | { key: 'known_consultant_lost' }
  /** The merchant's own words, spoken as they are. */
  | { key: 'merchant_text'; text: string }
  /** A consultant who calls the service: his short number, then `#`. */
  | { key: 'service_short_number'; merchant: string; again?: boolean }
  /** `byNumber`: the telephone's number is a consultant's; `*` leads to the short number. */
  | { key: 'service_pin'; byNumber?: boolean; again?: boolean }
  /** Said of an unknown short number and of a wrong PIN alike. */
  | { key: 'service_refused' }
  /** His state, and what he may key. */
  | { key: 'service_menu'; name?: string; news?: MenuNews; state: SpokenState }
  /** At what time he will be back: hours and minutes, then `#`. */
  | { key: 'service_hour'; again?: boolean }
  | {
      key: 'service_today';
      calls: number;
      seconds: number;
      missed: number;
      /** Absent: what he earns is not counted here. Decimal text. */
      earned?: readonly { amount: string; currency: string }[];
    }
  /** Absent `hours`: he keeps none, and is at work whenever he says so. */
  | { key: 'service_schedule'; hours?: readonly OpenHours[] }
  /** Which of his messages. */
  | { key: 'service_messages' }
  | { key: 'service_recording'; kind: RecordingKind }
  /** He is to speak after the tone. `again`: nothing was heard. */
  | { key: 'service_speak'; kind: RecordingKind; again?: boolean }
  /** He has spoken: listen, keep, redo. */
  | { key: 'service_take'; seconds: number }
  /** Nothing was keyed. */
  | { key: 'service_goodbye' }
  /** What somebody has spoken himself, or sent as a file; `words`: what it says, for who reads instead of hearing. */
  | { key: 'recording'; merchantId: string; digest: string; words: string }
  | { key: 'caller_farewell'; because: 'limit' | 'consultant_left' }
  | { key: 'consultant_farewell' }
  /** A caller whose scenario ends without words of its own. */
  | { key: 'goodbye' }
  /** A caller: the code that opens a page, sign by sign. */
  | { key: 'access_code'; code: string }
  /** A caller, before he keys his card: for what, how much, that he may give it up. */
  | ({ key: 'card_amount' } & SoldByCard)
  /** In the card room, otherwise. */
  | { key: 'card_said'; sound: Exclude<CardSound, 'amount'> }
  /** A caller who has heard some of those who are free: there are others. */
  | { key: 'more_consultants' }
  /** A caller who pays by a card he keys: it was refused, and he may try again. */
  | { key: 'card_declined' }
  /** His bank is being asked. He keys nothing now. */
  | { key: 'card_wait' }
  /** A card of his was kept: its last four digits, or `*` for another. `again`: fewer were keyed. */
  | { key: 'card_kept_question'; again?: boolean }
  /** What he keyed are the last four digits of no card that was kept: another is asked for. */
  | { key: 'card_not_kept' }
  /** Key 1 keeps his card for his next calls. */
  | { key: 'card_keep_question' }
  /** He gave up, or no card of his was accepted: nothing was charged. */
  | { key: 'card_not_charged' }
  /** Cards are not taken here, or not now. Promises nothing about money: his bank may have been asked. */
  | { key: 'card_not_taken' }
  /** Several, one behind the other in one breath, each in its own language; a key ends all of them. */
  | { key: 'in_turn'; parts: readonly Sentence[] }
  /** Between others. */
  | { key: 'silence'; seconds: number }
  /** Anybody: something of ours failed. Promises nothing about money, because it is also said where some is due. */
  | { key: 'apology' };
