// What may never be of consultants who call the service: let in without their PIN; told of a state that is not so, or that
// something is done which is not; a recording kept or said that was cut; a missed call that counts for nothing, or twice.

import type { LegUuid } from '../../src/core/ids.ts';
import { consultantIds } from './house-names.ts';
import { type Kernel, Violation } from './kernel.ts';
import { consultantNumber } from './scenario.ts';
import { pinOf, type ServiceHouse } from './service-calls.ts';
import type { SimConsultants } from './sim-consultants.ts';
import type { SimDatabase } from './sim-database.ts';
import type { Told } from './sim-leg.ts';
import type { SimSwitch } from './sim-switch.ts';

interface StateRow {
  [column: string]: unknown;
  id: string;
  setting: 'available' | 'break' | 'away';
  backAt: Date | null;
  settingAt: Date | null;
  paused: boolean;
  archived: boolean;
}

const states = /* sql */ `
select id, setting, back_at as "backAt", setting_at as "settingAt", paused_at is not null as paused,
  archived_at is not null as archived from consultants order by id`;

interface CallRow {
  [column: string]: unknown;
  leg: LegUuid;
  consultantId: string | null;
  state: string;
  /** Whom a missed call sets, once it is one. */
  toggles: { consultantId: string } | null;
}

const calls = /* sql */ `
select leg::text, consultant_id as "consultantId", progress #>> '{state,is}' as state,
  case when progress #>> '{state,is}' = 'toggling' then progress -> 'state' end as toggles from service_calls`;

/** What is kept of each, as the simulated switch writes it: `<switch> <take> <nth>`. */
const recordings = /* sql */ `
select c.consultant_id as about, convert_from(r.wav16, 'UTF8') as take
  from consultant_recordings c join recordings r using (merchant_id, digest)`;

const toldByPhone = /* sql */ `
select consultant_id as id, count(*)::int as count from notices
  where type = 'consultant.availability_changed' and body::jsonb #>> '{data,by}' = 'phone' group by consultant_id`;

/** What one consultant was, from this instant on. */
type Past = StateRow & { atMs: number };

interface Served {
  aSwitch: SimSwitch;
  leg: LegUuid;
  sinceMs: number;
  /** Whose telephone it is. */
  byNumber: string | undefined;
  consultantId?: string;
  over: boolean;
  heard: number;
  /** What he keyed that has been looked at. */
  keyed: Set<Told>;
  /** `sinceMs`: when he first keyed it, where he has keyed the same again: whoever takes the call over repeats what was said to that. */
  wish?: { word: string; availability: string; sinceMs: number; byHour: boolean };
  /** His state as he heard it last. */
  heardIs?: string;
  toggling?: { id: string };
}

const wishes: Readonly<Record<string, string>> = { '1': 'available', '2': 'break', '3': 'away' };
const menus: readonly string[] = ['service_menu', 'service_today', 'service_schedule'];

export class ServiceSafety {
  readonly #service: ServiceHouse;
  readonly #consultants: SimConsultants;
  readonly #kernel: Kernel;
  readonly #database: SimDatabase;
  readonly #switches: readonly SimSwitch[];
  readonly #past = new Map<string, Past[]>();
  readonly #served = new Map<string, Served>();
  readonly #legsSeen = new Map<SimSwitch, number>();
  /** How often each of them keyed what he wished to be. */
  readonly #wished = new Map<string, number>();

  constructor(
    service: ServiceHouse,
    consultants: SimConsultants,
    { kernel, database, switches }: { kernel: Kernel; database: SimDatabase; switches: readonly SimSwitch[] },
  ) {
    this.#service = service;
    this.#consultants = consultants;
    this.#kernel = kernel;
    this.#database = database;
    this.#switches = switches;
  }

  /** After something was written. */
  async rows(): Promise<void> {
    this.#newCalls();
    const atMs = this.#kernel.nowMs;
    for (const row of await this.#database.look<StateRow>(states)) {
      const past = this.#past.get(row.id) ?? [];
      this.#past.set(row.id, [...past, { ...row, atMs }]);
    }
    for (const row of await this.#database.look<CallRow>(calls)) this.#follow(row);
    await this.#kept();
    await this.#missedCallsCountOnce();
  }

  /** After anything happened on a leg. */
  told(): void {
    this.#newCalls();
    for (const served of this.#served.values()) {
      const told = served.aSwitch.toldOn(served.leg);
      for (const [nth, one] of told.entries()) {
        if (nth >= served.heard) this.#hears(served, told, nth);
        if (one.keyed && !served.keyed.has(one)) this.#keys(served, one);
      }
      served.heard = told.length;
    }
  }

  #newCalls(): void {
    for (const aSwitch of this.#switches) {
      const ever = aSwitch.legsEver();
      for (const { leg, number, sinceMs, inbound } of ever.slice(this.#legsSeen.get(aSwitch) ?? 0)) {
        if (!inbound) continue;
        const index = consultantIds.findIndex((_, at) => consultantNumber(at) === number);
        const byNumber = consultantIds[index];
        const seen: Served = { aSwitch, leg, sinceMs, byNumber, over: false, heard: 0, keyed: new Set() };
        this.#served.set(leg, seen);
        // Until it is over it may become a missed call, and be carried out.
        if (byNumber !== undefined && this.#service.toggles[index] === true)
          this.#consultants.wishes(byNumber, `missed ${leg}`);
      }
      this.#legsSeen.set(aSwitch, ever.length);
    }
  }

  #follow({ leg, consultantId, state, toggles }: CallRow): void {
    const served = this.#served.get(leg);
    if (!served || served.over) return;
    if (consultantId !== null) served.consultantId = consultantId;
    if (toggles) served.toggling = { id: toggles.consultantId };
    if (state !== 'over') return;
    served.over = true;
    if (served.toggling) this.#counted(served.toggling.id, served);
    if (served.byNumber !== undefined) this.#consultants.isSure(served.byNumber, `missed ${leg}`, undefined);
    if (served.wish && served.consultantId !== undefined)
      this.#consultants.isSure(served.consultantId, served.wish.word, undefined);
  }

  /** By a missed call he is what it sets, unless he, or somebody for him, has said something since he dialled. */
  #counted(id: string, { leg, sinceMs }: Served): void {
    const past = this.#past.get(id) ?? [];
    const hasSet = past.some(({ settingAt }) => settingAt !== null && settingAt.getTime() >= sinceMs);
    if (!hasSet && past.at(-1)?.archived !== true)
      throw new Violation(`a missed call counted for nothing: ${leg}`);
  }

  /** He has been this since then, for a while at least; who has left the house cannot be anything. */
  #wasSet(
    { id, availability, sinceMs }: { id: string; availability: string; sinceMs: number },
    or: string,
  ): Past {
    const past = this.#past.get(id) ?? [];
    const set = past.find(
      (one) => one.setting === availability && (one.settingAt?.getTime() ?? 0) >= sinceMs,
    );
    const found = set ?? (past.at(-1)?.archived === true ? past.at(-1) : undefined);
    if (!found) throw new Violation(or);
    return found;
  }

  // --- What he hears ---------------------------------------------------------------------------------------------------

  #hears(served: Served, told: readonly Told[], nth: number): void {
    const one = told[nth];
    if (one?.sentence.key !== 'service_menu') return;
    const { state, news } = one.sentence;
    const { consultantId: id, leg, aSwitch } = served;
    if (id === undefined) throw new Violation(`he hears somebody's state: ${leg}`);
    if (!aSwitch.numbersEntered(leg).includes(pinOf(consultantIds.indexOf(id))))
      throw new Violation(`let in without his PIN: ${leg}`);
    // What he hears was read when he had keyed what came before.
    const sinceMs = told.slice(0, nth).findLast(({ keyed }) => keyed)?.keyed?.atMs ?? served.sinceMs;
    if (!this.#wasSo(id, state.is, sinceMs, one.atMs))
      throw new Violation(`told that he is ${state.is}, and he was not: ${id} on ${leg}`);
    served.heardIs = state.is;
    const { wish } = served;
    // Of another state than he wishes now: what was said to the key before, once more, as nobody who commands has heard this one.
    if (news !== 'set' || !wish || state.is !== wish.availability) return;
    const { availability, sinceMs: wishedMs, byHour, word } = wish;
    const set = this.#wasSet(
      { id, availability, sinceMs: wishedMs },
      `told that he is ${availability} from now on, and he is not: ${id} on ${leg}`,
    );
    const untilMs = byHour ? (set.backAt?.getTime() ?? 0) : Infinity;
    this.#consultants.isSure(id, word, availability === 'available' ? undefined : untilMs);
  }

  /** At some instant between these two. */
  #wasSo(id: string, is: string, sinceMs: number, untilMs: number): boolean {
    const past = this.#past.get(id) ?? [];
    return past.some((one, at) => {
      const [fromMs, toMs] = [Math.max(one.atMs, sinceMs), Math.min(past[at + 1]?.atMs ?? Infinity, untilMs)];
      return fromMs <= toMs && [fromMs, toMs].some((atMs) => agrees(one, is, atMs));
    });
  }

  #keys(served: Served, one: Told): void {
    served.keyed.add(one);
    const { digits = '', atMs = 0 } = one.keyed ?? {};
    const { consultantId: id, leg } = served;
    const byHour = one.sentence.key === 'service_hour' && digits.length === 4 && digits < '2400';
    const chosen = menus.includes(one.sentence.key) ? wishes[digits] : undefined;
    if (id === undefined || (chosen === undefined && !byHour)) return;
    if (served.wish) this.#consultants.isSure(id, served.wish.word, undefined);
    const word = `${leg} ${String(served.keyed.size)}`;
    // Who has heard that he is on a break and says when he is back stays on it.
    const availability = chosen ?? (served.heardIs === 'break' ? 'break' : 'away');
    const earlier = served.wish?.availability === availability && served.wish.byHour === byHour;
    const sinceMs = earlier ? (served.wish?.sinceMs ?? atMs) : atMs;
    served.wish = { word, availability, sinceMs, byHour };
    this.#wished.set(id, (this.#wished.get(id) ?? 0) + 1);
    this.#consultants.wishes(id, word);
  }

  // --- What is kept ----------------------------------------------------------------------------------------------------

  /** He ended it himself, and then keyed that it be kept. */
  async #kept(): Promise<void> {
    for (const { about, take } of await this.#database.look<{ about: string; take: string }>(recordings)) {
      const [name = '', uuid = '', nth = ''] = take.split(' ');
      const aSwitch = this.#switches.find(({ id }) => id === name);
      const said = aSwitch?.takesOf(uuid as LegUuid)[Number(nth) - 1];
      if (said?.state !== 'whole') throw new Violation(`a recording that was cut is kept: ${about} ${take}`);
      const agreed = aSwitch
        ?.toldOn(uuid as LegUuid)
        .some(
          ({ sentence, keyed }) =>
            sentence.key === 'service_take' &&
            keyed?.digits === '2' &&
            keyed.atMs >= (said.endedAtMs ?? Infinity),
        );
      if (agreed !== true) throw new Violation(`a recording he did not keep is kept: ${about} ${take}`);
    }
  }

  async #missedCallsCountOnce(): Promise<void> {
    for (const { id, count } of await this.#database.look<{ id: string; count: number }>(toldByPhone)) {
      const missed = [...this.#served.values()].filter(
        ({ byNumber, toggling }) => byNumber === id && toggling,
      ).length;
      const wished = this.#wished.get(id) ?? 0;
      if (count > missed + wished)
        throw new Violation(
          `set ${String(count)} times by telephone, by ${String(missed)} missed calls and ${String(wished)} keys: ${id}`,
        );
    }
  }
}

function agrees({ setting, backAt, paused }: Past, is: string, atMs: number): boolean {
  const now = backAt !== null && backAt.getTime() <= atMs ? 'available' : setting;
  if (is === 'break' || is === 'away') return now === is;
  return now === 'available' && paused === (is === 'paused');
}
