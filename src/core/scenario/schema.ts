// The shape of scenarios as everybody may check it: JSON Schema, made from the very shapes the API checks by (blocks.ts), with what
// each kind of block and each of its fields is for. An editor or a generated client knows a scenario by it.

import { z } from 'zod';
import { type BlockKindName, blockKinds, scenarioShape } from './blocks.ts';
import { scenarioBounds, spokenPart, words } from './shape.ts';

interface Meaning {
  title: string;
  description: string;
  /** Of fields that mean something of their own here. */
  fields?: Readonly<Record<string, string>>;
}

const meanings: Readonly<Record<BlockKindName, Meaning>> = {
  say: {
    title: 'Say',
    description: 'Says something, and goes on.',
    fields: { say: 'What is said. Where all of it is empty for this caller, the call goes straight on.' },
  },
  menu: {
    title: 'Menu',
    description: 'Asks for one key; each key has a way out of its own.',
    fields: {
      keys: 'The keys that are offered; key 1 leads out by `key_1`, star by `key_star`, hash by `key_hash`.',
    },
  },
  collect: {
    title: 'Collect digits',
    description: 'Asks for a number and keeps it in a variable; `#` or a pause ends it.',
    fields: { secret: 'It is sent to your script and kept nowhere else: for PINs.' },
  },
  get_url: {
    title: 'Ask a script',
    description: 'A script on your server is sent what is known of the call, and its answer is carried out.',
    fields: {
      exits: 'Ways out of your own, which your script’s answer names as its `next`.',
      send: 'Names of the variables it is sent, those keyed in secret too.',
    },
  },
  recognize: {
    title: 'Recognize the caller',
    description: 'Your own server says who calls: by his number, or by the client code he keys.',
    fields: { say: 'Asks for the client code; absent: our own words.' },
  },
  set: { title: 'Set a variable', description: 'Gives a variable its value.' },
  condition: {
    title: 'Condition',
    description: 'Asks about what is known of the call, or about the clock of your time zone: yes or no.',
    fields: { test: 'What is asked. Values may hold variables in braces.' },
  },
  schedule: {
    title: 'Opening hours',
    description: 'Open or closed, by the clock of your time zone.',
    fields: {
      weekly:
        'Hours by ISO weekdays (1 is Monday); `to` at or before `from` is on the next day. None: always open.',
      daysOff: 'Days without hours: `2026-12-25`, or every year `12-25`.',
    },
  },
  language: {
    title: 'Language',
    description: 'The caller chooses his language; who presses nothing keeps the one he has.',
    fields: { languages: 'What each key, from 1 on, stands for.' },
  },
  choose_consultant: {
    title: 'Choose a consultant',
    description:
      'Those who are free introduce themselves, one after the other; a key chooses whoever speaks, star passes him over.',
    fields: {
      say: 'Said once before the first.',
      atOnce: 'After so many he is asked whether he wants to hear the others.',
      more: 'Asks whether he wants to hear the others; absent: our own words.',
      waitSeconds: 'How long he may still choose when an introduction is over.',
    },
  },
  ring: {
    title: 'Ring consultants',
    description: 'Rings consultants, a group, those of a line, or whom the caller has chosen.',
  },
  extension: {
    title: 'Extension',
    description: 'Asks for somebody’s short number and rings him.',
    fields: { unknown: 'Said before it is asked again: nobody has this number.' },
  },
  forward: {
    title: 'Forward to a number',
    description: 'Puts the call through to a number: one of your /v1/forward-numbers.',
    fields: { number: 'As people write it, or a variable in braces that holds one.' },
  },
  voicemail: {
    title: 'Voicemail',
    description: 'Takes a message. Who hangs up having spoken has left it.',
    fields: { empty: 'Said before it is asked again: nothing was heard.', kept: 'Said when it is kept.' },
  },
  give_access_code: {
    title: 'Give an access code',
    description: 'Says a code that opens a protected page of yours.',
    fields: { say: 'Said before the code.', then: 'Said after the code.', times: 'How often he hears it.' },
  },
  ask_access_code: {
    title: 'Ask for an access code',
    description: 'Asks for a code and says whether it opens the page.',
    fields: { wrong: 'Said before it is asked again: the code does not fit.' },
  },
  payment_link: {
    title: 'Payment link',
    description: 'Sends our payment page to the caller and waits, with music, until it is paid.',
    fields: {
      line: 'What is sold: a line whose sale needs no call.',
      to: 'A telephone number or an address; the caller’s number unless said otherwise.',
      waitSeconds: 'How long it is waited for.',
      say: 'Said once it is sent.',
      by: 'How the link is sent.',
    },
  },
  card_payment: {
    title: 'Take card payment',
    description:
      'Sells what a line sells and has it paid by a card the caller keys on his telephone. He hears the amount, keys number, expiry ' +
      'and code, and waits with music while his bank is asked. Only where card entry is enabled for you: it widens what PCI DSS asks ' +
      'of you, and `payment_link` does not.',
    fields: {
      line: 'What is sold: a line. Of one that sells conversations, a block behind `paid` rings for the talk.',
      seconds: 'So long a talk is sold: one of those the line offers; absent: its first.',
      say: 'Said before.',
      tries: 'How many cards may be refused; then the way out is `refused`.',
      offerToKeep: 'A caller who is known is asked whether his card is to be kept for his next calls.',
      declined: 'Said after a refusal, before the next try; absent: our own words.',
    },
  },
  blacklist: {
    title: 'Blacklist',
    description:
      'Whether calls of this number are not wanted (`/v1/blocked-callers`). Asked before the call is answered it costs nobody. ' +
      'Where `listed` leads nowhere he hears that his call cannot be taken.',
    fields: { say: 'What he hears instead, or before he goes on by `listed`.' },
  },
  go_to: {
    title: 'Go to a scenario',
    description: 'On into another scenario, as it is live then. There is no way back.',
  },
  hang_up: {
    title: 'Hang up',
    description: 'The end of the call.',
    fields: {
      say: 'Said before.',
      cause: '`busy`, `rejected`: what the network is told where the call was not answered yet.',
    },
  },
};

/** What they mean wherever they stand. */
const fieldMeanings: Readonly<Record<string, string>> = {
  kind: 'Which block this is.',
  next: 'By the name of a way out: the block it leads to.',
  say: 'What the caller hears.',
  wrong: 'Said before it is asked again: what was keyed does not fit.',
  none: 'Said before it is asked again: nothing was keyed.',
  again: 'Said before it is asked again: too few digits, or none.',
  waitSeconds: 'How long it waits for a key.',
  tries: 'How often it asks before it gives up.',
  variable: 'The name of the variable.',
  value: 'Its value; may hold variables in braces.',
  minDigits: 'Fewer are asked for again.',
  maxDigits: 'So many end the number.',
  url: 'Of your script.',
  dialect: '`json`: our own words, by POST. `query`, `twiml`: Twilio’s, by GET or as a form.',
  timeoutSeconds: 'How long the caller waits for an answer; then the way out is `failed`.',
  by: 'By what he is known.',
  of: 'Among whom he chooses.',
  to: 'Who is rung; `chosen`: whom he chose before, or whom your server named for him.',
  ringSeconds: 'How long it rings.',
  talkSeconds: 'The longest talk; absent: as long as he is known for.',
  whisper: 'What whoever answers hears first.',
  busy: 'Said to the caller: he is on the line.',
  noAnswer: 'Said to the caller: nobody answered.',
  refused: 'Said to the caller: he does not take the call.',
  unavailable: 'Said to the caller whenever nobody was reached and there is no word of its own for it.',
  acceptKey: 'Whoever answers presses 1 first: no voicemail takes the call. Consultants always do.',
  box: 'Where its messages are found.',
  maxSeconds: 'The longest message.',
  resource: 'The protected page, by its name.',
  scenario: 'By its slug.',
};

type Json = Record<string, unknown>;

/** JSON Schema, draft 2020-12; `id`: where it is published. */
export function scenarioSchema(id: string): object {
  const registry = z.registry<{ id?: string; title?: string; description?: string }>();
  registry.add(words, { id: 'words', title: 'Words', description: 'What is said, part by part.' });
  registry.add(spokenPart, {
    id: 'part',
    title: 'One thing said',
    description:
      'A text by language, a sound of your library, or a value said in the caller’s language. `{balance}` stands for a variable, ' +
      '`{call.from}`, `{call.to}`, `{call.keyed}`, `{call.language}`, `{call.code}`, `{call.seconds}`, `{call.merchant}` for what is ' +
      'known of the call.',
  });
  for (const name of Object.keys(blockKinds) as BlockKindName[]) {
    const { title, description } = meanings[name];
    registry.add(blockKinds[name].fields, { id: name, title, description });
  }
  const made = z.toJSONSchema(scenarioShape, { io: 'input', metadata: registry }) as Json;
  const defs = made['$defs'] as Record<string, Json>;
  for (const name of Object.keys(blockKinds) as BlockKindName[]) {
    const properties = (defs[name]?.['properties'] ?? {}) as Record<string, Json>;
    for (const [field, schema] of Object.entries(properties)) {
      const own = field === 'next' ? waysOut(name) : meanings[name].fields?.[field];
      schema['description'] = own ?? fieldMeanings[field];
    }
  }
  const properties = made['properties'] as Record<string, Json>;
  const say = (field: string, more: Json): void => void Object.assign(properties[field] ?? {}, more);
  say('start', { description: 'The block a call begins in.' });
  say('blocks', {
    description: 'By their ids, which you choose: `menu-2`.',
    maxProperties: scenarioBounds.blocks,
  });
  say('places', { description: 'Where an editor draws them. Means nothing to a call.' });
  const { $schema, ...rest } = made;
  return {
    $schema,
    $id: id,
    title: 'Scenario',
    description:
      'What a call to a number does: it begins in `start`, and goes from block to block by the ways out each has.',
    ...rest,
  };
}

function waysOut(name: BlockKindName): string {
  const kind = blockKinds[name] as unknown as {
    exits(fields: object): readonly { name: string; needed?: true }[];
  };
  const names = kind
    .exits({ keys: [], exits: [] })
    .map((exit) => `\`${exit.name}\`${exit.needed ? ' (needed)' : ''}`);
  const own =
    name === 'menu' ? ['`key_1` and so on (needed)'] : name === 'get_url' ? ['those of `exits`'] : [];
  const all = [...own, ...names];
  return all.length === 0
    ? 'It has no way out.'
    : `By the name of a way out, the block it leads to: ${all.join(', ')}.`;
}
