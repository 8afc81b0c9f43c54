// What may never be of calls that go through scenarios: a talk that is led on to nothing, or before it is over; anything of a scenario on
// a card but the one talk it leads to; a script that is asked by an id nobody wrote down. What their talks report is known-safety's, what is billed safety's.

import { Violation } from './kernel.ts';
import type { SimDatabase } from './sim-database.ts';
import type { SimScripts } from './sim-scripts.ts';

const books = /* sql */ `
select 'led on to nothing' as what, s.id as about from call_sessions s
  where s.progress ->> 'handedOver' = 'true' and not exists (select from scenario_runs r where r.after_session_id = s.id or r.id = s.progress #>> '{plan,paidInRun}')
union all
select 'a scenario follows a talk that never was, or is not over', r.id from scenario_runs r
  join call_sessions s on s.id = r.after_session_id
  where r.progress #> '{plan,paid}' is null
    and (s.state not in ('ended', 'settled') or s.bridged_us is null or s.progress ->> 'callerLegUuid' <> r.leg::text)
union all
select 'a paid call is led by nothing', s.id from call_sessions s where s.progress -> 'led' is not null
  and not exists (select from scenario_runs r where r.after_session_id = s.id and r.progress #> '{plan,paid}' is not null)
  and not exists (select from scenario_runs r where r.id = s.progress #>> '{plan,paidInRun}' and (s.state <> 'led' or r.ended_at is null))
union all
select 'a scenario leads a call nobody has agreed to', r.id from scenario_runs r join call_sessions s on s.id = r.after_session_id
  where r.progress #> '{plan,paid}' is not null
    and (s.consented_at is null or s.progress -> 'led' is null or s.progress ->> 'callerLegUuid' <> r.leg::text)
union all
select 'a scenario is over and the call it led is held still', r.id from scenario_runs r
  join call_sessions s on s.id = r.after_session_id or s.progress #>> '{plan,paidInRun}' = r.id
  where r.ended_at is not null and s.state = 'led'
union all
select 'somebody is rung for nothing in a call that is held, or came to nothing', k.call_session_id from known_calls k
  join scenario_runs r on r.id = k.run_id join call_sessions s on s.id = r.after_session_id
  where s.bridged_us is null or s.progress ->> 'handedOver' is distinct from 'true'
union all
select 'two talks at once of a call that is led', s.id from call_sessions s
  join scenario_runs r on r.after_session_id = s.id or s.progress #>> '{plan,paidInRun}' = r.id
  join known_calls k on k.run_id = r.id join call_sessions o on o.id = k.call_session_id
  where s.state = 'connected' and o.state = 'connected'
union all
select 'a talk in a scenario is on a card', p.id from payments p join known_calls k on k.order_id = p.order_id
union all
select 'one turn of a scenario rang twice', k.run_id from known_calls k where k.run_id is not null
  group by k.run_id, k.run_turn having count(*) > 1
union all
select 'two talks of one call at once', k.run_id from known_calls k join call_sessions s on s.id = k.call_session_id
  where k.run_id is not null and s.state = 'connected' group by k.run_id having count(*) > 1`;

export class ComposedSafety {
  readonly #database: SimDatabase;
  readonly #scripts: SimScripts;
  #askedSeen = 0;

  constructor({ database, scripts }: { database: SimDatabase; scripts: SimScripts }) {
    this.#database = database;
    this.#scripts = scripts;
  }

  /** After every change of the rows. */
  async rows(): Promise<void> {
    const [wrong] = await this.#database.look<{ what: string; about: string }>(books);
    if (wrong) throw new Violation(`${wrong.what}: ${wrong.about}`);
  }

  /** After every change at all: `<call>-<turn>`, of a turn that was written before. */
  async asked(): Promise<void> {
    const asked = this.#scripts.asked();
    for (; this.#askedSeen < asked.length; this.#askedSeen += 1) {
      const { requestId, callId } = asked[this.#askedSeen] ?? { requestId: '', callId: '' };
      const [run] = await this.#database.look<{ turn: number }>(
        `select (progress ->> 'turn')::int as turn from scenario_runs where id = ?`,
        [callId],
      );
      const turn = requestId.startsWith(`${callId}-`) ? Number(requestId.slice(callId.length + 1)) : NaN;
      if (!run || !(turn <= run.turn))
        throw new Violation(`a script is asked by an id nobody wrote down: ${requestId}`);
    }
  }
}
