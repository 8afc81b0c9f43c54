// What the sandbox switch tells its event-socket clients: events with FreeSWITCH's headers, written once for all of them,
// and only when somebody listens. Who listens to what is the event socket's business; what is in an event, the channel's.

import { dateTexts, type SwitchClock } from './switch-clock.ts';

export type EventFormat = 'json' | 'plain';

/** Name, value, name, value ... in the order they are written. */
export type HeaderList = string[];

/** Where in FreeSWITCH's source an event comes from: three headers of every event, the same in every transcript. */
export interface Origin {
  file: string;
  function: string;
  line: number;
}

export interface EventContent {
  headers: HeaderList;
  variables?: ChannelVariables;
  tail?: HeaderList;
  body?: string;
}

/** FreeSWITCH's `SWITCH_URL_UNSAFE`; a `%` that already begins an escape is left alone (`switch_url_encode`). */
const unsafe = /%(?![0-9A-F]{2})|[\r\n #&+:;<=>?@[\\\]^`{|}"]|[^ -~]/gu;

export function plainValue(value: string): string {
  return value.replace(unsafe, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

/** A list is kept as `ARRAY::a|:b` and becomes an array in JSON only. */
function jsonValue(value: string): string {
  return JSON.stringify(value.startsWith('ARRAY::') ? value.slice(7).split('|:') : value);
}

/** Names repeat in every event: each is quoted once. Variables are named by clients, so the store has an end. */
const quotedNames = new Map<string, string>();
const quotedNamesMax = 10_000;

function quotedName(name: string): string {
  let quoted = quotedNames.get(name);
  if (quoted === undefined) {
    if (quotedNames.size >= quotedNamesMax) quotedNames.clear();
    quotedNames.set(name, (quoted = `${JSON.stringify(name)}:`));
  }
  return quoted;
}

function writeOne(name: string, value: string, format: EventFormat): string {
  return format === 'json' ? quotedName(name) + jsonValue(value) : `${name}: ${plainValue(value)}\n`;
}

function write(list: HeaderList, format: EventFormat): string {
  let text = '';
  for (let index = 0; index + 1 < list.length; index += 2) {
    if (format === 'json' && index > 0) text += ',';
    text += writeOne(list[index] ?? '', list[index + 1] ?? '', format);
  }
  return text;
}

interface Variable {
  value: string;
  /** As it is written, by format; made when first asked for. */
  json: string | undefined;
  plain: string | undefined;
}

/** A channel's variables. They ride in most events and seldom change between two, so what is written is kept. */
export class ChannelVariables {
  readonly #values = new Map<string, Variable>();
  #json: string | undefined;
  #plain: string | undefined;

  get(name: string): string | undefined {
    return this.#values.get(name)?.value;
  }

  /** `undefined` or an empty value unsets, as in FreeSWITCH. */
  set(name: string, value: string | undefined): void {
    if (value === undefined || value === '') {
      if (!this.#values.delete(name)) return;
    } else if (this.#values.get(name)?.value === value) {
      return;
    } else {
      this.#values.set(name, { value, json: undefined, plain: undefined });
    }
    this.#json = undefined;
    this.#plain = undefined;
  }

  setAll(pairs: Iterable<readonly [string, string]>): void {
    for (const [name, value] of pairs) this.set(name, value);
  }

  isTrue(name: string): boolean {
    return isTrue(this.get(name));
  }

  /** Name and value, in the order they were first set. */
  entries(): [string, string][] {
    return [...this.#values].map(([name, { value }]) => [name, value]);
  }

  written(format: EventFormat): string {
    if (format === 'json') return (this.#json ??= this.#write(format, ','));
    return (this.#plain ??= this.#write(format, ''));
  }

  #write(format: EventFormat, between: string): string {
    let text = '';
    for (const [name, variable] of this.#values) {
      variable[format] ??= writeOne(`variable_${name}`, variable.value, format);
      text += text === '' ? variable[format] : between + variable[format];
    }
    return text;
  }
}

/** What FreeSWITCH takes for true (`switch_true`). */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(yes|on|true|t|enabled|active|allow|[1-9]\d*)$/i.test(value);
}

export function writtenContent(lead: HeaderList, content: EventContent, format: EventFormat): string {
  const parts = [
    write(lead, format),
    write(content.headers, format),
    content.variables?.written(format) ?? '',
    write(content.tail ?? [], format),
  ];
  if (format === 'plain') {
    const body = content.body;
    const end = body === undefined ? '\n' : `Content-Length: ${Buffer.byteLength(body)}\n\n${body}`;
    return parts.join('') + end;
  }
  if (content.body !== undefined) {
    parts.push(
      write(['Content-Length', String(Buffer.byteLength(content.body)), '_body', content.body], 'json'),
    );
  }
  return `{${parts.filter((part) => part !== '').join(',')}}`;
}

export class SwitchEvent {
  readonly name: string;
  readonly #lead: HeaderList;
  readonly #content: EventContent;
  readonly #frames = new Map<EventFormat, Buffer>();

  constructor(name: string, lead: HeaderList, content: EventContent) {
    this.name = name;
    this.#lead = lead;
    this.#content = content;
  }

  /** The value of one header, for filters. Names are compared without case. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase();
    for (const list of [this.#lead, this.#content.headers, this.#content.tail ?? []]) {
      for (let index = 0; index < list.length; index += 2) {
        if (list[index]?.toLowerCase() === wanted) return list[index + 1];
      }
    }
    return wanted.startsWith('variable_') ? this.#content.variables?.get(name.slice(9)) : undefined;
  }

  /**
   * The frame as it goes on the wire; the same bytes for every client of a format. Must be asked for while the event is
   * being fired: the variables are those of the channel itself.
   */
  frame(format: EventFormat): Buffer {
    let frame = this.#frames.get(format);
    if (frame === undefined) {
      const text = writtenContent(this.#lead, this.#content, format);
      const length = Buffer.byteLength(text);
      frame = Buffer.from(`Content-Length: ${length}\nContent-Type: text/event-${format}\n\n${text}`);
      this.#frames.set(format, frame);
    }
    return frame;
  }
}

export interface EventReader {
  wants(name: string): boolean;
  take(event: SwitchEvent): void;
}

export class EventBus {
  readonly #clock: SwitchClock;
  readonly #identity: HeaderList;
  readonly #readers = new Set<EventReader>();
  #sequence = 0;

  constructor(clock: SwitchClock, coreUuid: string) {
    this.#clock = clock;
    this.#identity = [
      ...['Core-UUID', coreUuid, 'FreeSWITCH-Hostname', 'sandbox', 'FreeSWITCH-Switchname', 'sandbox'],
      ...['FreeSWITCH-IPv4', '127.0.0.1', 'FreeSWITCH-IPv6', '::1'],
    ];
  }

  add(reader: EventReader): void {
    this.#readers.add(reader);
  }

  remove(reader: EventReader): void {
    this.#readers.delete(reader);
  }

  /** `content` is asked for only if somebody wants the event. `atUs` where the stamp must equal one kept elsewhere. */
  fire(name: string, origin: Origin, content: () => EventContent, atUs?: number): void {
    this.#sequence += 1;
    let event: SwitchEvent | undefined;
    for (const reader of this.#readers) {
      if (!reader.wants(name)) continue;
      event ??= new SwitchEvent(name, this.#lead(name, origin, atUs ?? this.#clock.nowUs()), content());
      reader.take(event);
    }
  }

  #lead(name: string, origin: Origin, us: number): HeaderList {
    const date = dateTexts(us);
    return [
      ...['Event-Name', name, ...this.#identity, 'Event-Date-Local', date.local, 'Event-Date-GMT', date.gmt],
      ...['Event-Date-Timestamp', String(us), 'Event-Calling-File', origin.file],
      ...['Event-Calling-Function', origin.function, 'Event-Calling-Line-Number', String(origin.line)],
      ...['Event-Sequence', String(this.#sequence)],
    ];
  }
}
