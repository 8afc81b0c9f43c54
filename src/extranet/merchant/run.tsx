// One call through a scenario: the blocks it passed, one below the other, with when and which way on; what it came to know, and what
// it left behind.

import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { Message, Run } from '../contract-calls.ts';
import { BackLink, NotThere, Page, Trouble, Waiting } from '../parts/page.tsx';
import { PhoneNumber } from '../parts/phone-number.tsx';
import { isProblem } from '../problem.ts';
import { useTimeZone } from '../read.ts';
import { type Tell, useTell } from '../scenarios/words.ts';
import { may, useSession } from '../session.ts';
import { showClock, showInstant, showNumber } from '../show.ts';
import { type Step, wayOf } from '../way.ts';
import { isKey, type Say, useWords } from '../words.ts';
import { MessageRow } from './messages.tsx';
import { RunClock, RunOutcomeBadge } from './runs.tsx';

export default function RunPage(): React.ReactNode {
  const { say } = useWords();
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery({
    queryKey: ['run', id],
    queryFn: () => ask<Run>('GET', `/v1/scenario-runs/${encodeURIComponent(id)}`),
    // It goes on while one looks.
    refetchInterval: ({ state }) => (state.data && state.data.endedAt === null ? 3_000 : false),
  });
  if (isProblem(error) && error.status === 404) return <NotThere />;
  return (
    <Page
      title={
        data
          ? data.callerNumber === null
            ? say('caller.withheld')
            : showNumber(data.callerNumber)
          : '\u00a0'
      }
      above={<BackLink to="/runs">{say('nav.runs')}</BackLink>}
      aside={data && <RunOutcomeBadge run={data} />}
    >
      {data ? (
        <Parts run={data} />
      ) : error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function Parts({ run }: { run: Run }): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const steps = wayOf(run.events);
  const known = Object.entries(run.variables);
  return (
    <>
      <dl className="figures figures-run">
        <div>
          <dt>{say('run.began')}</dt>
          <dd>{showInstant(run.startedAt, language, timeZone, houseNow())}</dd>
        </div>
        <div>
          <dt>{say('run.lasted')}</dt>
          <dd>
            <RunClock run={run} />
          </dd>
        </div>
        <div>
          <dt>{say('run.scenario')}</dt>
          <dd>
            <ScenarioLink run={run} /> <small>{say('run.version', { version: run.version })}</small>
          </dd>
        </div>
        <div>
          <dt>{say('run.called')}</dt>
          <dd>
            <PhoneNumber number={run.ddi} />
          </dd>
        </div>
      </dl>
      <div className="columns">
        <section className="card">
          <h2>{say('run.way')}</h2>
          {steps.length === 0 ? (
            <p className="soft">{say('run.noWay')}</p>
          ) : (
            <ol className="way">
              {steps.map((step, place) => (
                <Passed
                  key={`${step.at} ${String(place)}`}
                  step={step}
                  startedAt={run.startedAt}
                  before={steps[place - 1]?.scenario ?? run.events[0]?.scenario}
                />
              ))}
            </ol>
          )}
        </section>
        <div className="stack">
          <section className="card">
            <h2>{say('run.known')}</h2>
            <p className="soft">{say('run.knownWhat')}</p>
            {known.length === 0 ? (
              <p>{say('run.nothingKnown')}</p>
            ) : (
              <dl className="pairs">
                {known.map(([name, value]) => (
                  <div key={name}>
                    <dt>
                      <code>{name}</code>
                    </dt>
                    <dd>{value === '' ? '–' : value}</dd>
                  </div>
                ))}
              </dl>
            )}
          </section>
          {run.talks.length > 0 && (
            <section className="card">
              <h2>{say('run.talks')}</h2>
              <ul>
                {run.talks.map((id) => (
                  <Talk key={id} id={id} />
                ))}
              </ul>
            </section>
          )}
        </div>
      </div>
      {run.voicemails.length > 0 && (
        <section className="left-behind">
          <h2>{say('run.messages')}</h2>
          <ul className="card rows rows-card">
            {run.voicemails.map((id) => (
              <Left key={id} id={id} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** As it was when this call went through it. */
function ScenarioLink({ run: { scenario, version } }: { run: Run }): React.ReactNode {
  if (!may(useSession(), 'lines')) return scenario;
  return <Link to={`/scenarios/${scenario}?version=${String(version)}`}>{scenario}</Link>;
}

function Passed({
  step,
  startedAt,
  before,
}: {
  step: Step;
  startedAt: string;
  /** The scenario of the step before. */
  before: string | undefined;
}): React.ReactNode {
  const { say } = useWords();
  const { tell } = useTell();
  const { block, kind, scenario, at, exit, did } = step;
  return (
    <li className="way-step" data-open={exit === undefined}>
      <time className="way-time" dateTime={at}>
        {showClock((Date.parse(at) - Date.parse(startedAt)) / 1_000)}
      </time>
      <div className="way-what">
        <p>
          <strong>{kindWords(kind, tell)}</strong> <code>{block}</code>
          {scenario !== before && <span className="badge">{scenario}</span>}
        </p>
        {/* How it rang is the way it went on, most of the time: once is enough. */}
        {did
          .filter(({ name, facts }) => name !== 'rang' || facts['end'] !== exit)
          .map((one, place) => (
            <p key={place} className="soft">
              {factWords(one.name, one.facts, say)}
            </p>
          ))}
        {exit !== undefined && (
          <p className="way-exit">
            <span aria-hidden="true">→ </span>
            {exitWords(exit, say)}
          </p>
        )}
      </div>
    </li>
  );
}

/** As the editor calls it. */
function kindWords(kind: string | undefined, tell: Tell): string {
  const key = `kind.${kind ?? ''}`;
  return tell.knows(key) ? tell(key) : (kind ?? '');
}

/** Ways out a script or a merchant named himself are said as they are. */
function exitWords(exit: string, say: Say): string {
  const pressed = /^key_(\d|star|hash)$/.exec(exit)?.[1];
  if (pressed !== undefined)
    return say('exit.key', { key: pressed === 'star' ? '*' : pressed === 'hash' ? '#' : pressed });
  const key = `exit.${exit}`;
  return isKey(key) ? say(key) : exit;
}

function factWords(name: string, facts: Record<string, unknown>, say: Say): string {
  if (name === 'rang') return exitWords(String(facts['end']), say);
  const key = `fact.${name}`;
  const more = Object.values(facts)
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .join(', ');
  const words = isKey(key) ? say(key) : name;
  return more === '' ? words : say('fact.with', { what: words, more });
}

function Talk({ id }: { id: string }): React.ReactNode {
  const { say } = useWords();
  const { data } = useQuery({
    queryKey: ['talk', id],
    queryFn: () => ask<{ talkTimeSeconds: number }>('GET', `/v1/call-sessions/${encodeURIComponent(id)}`),
    retry: false,
  });
  return (
    <li className="row">
      <span className="row-main">
        <strong>
          {data ? say('run.talked', { clock: showClock(data.talkTimeSeconds) }) : say('run.talk')}
        </strong>
        <code className="soft">{id}</code>
      </span>
    </li>
  );
}

function Left({ id }: { id: string }): React.ReactNode {
  const { data } = useQuery({
    queryKey: ['message', id],
    queryFn: () => ask<Message>('GET', `/v1/voicemails/${encodeURIComponent(id)}`),
    retry: false,
  });
  return data ? <MessageRow message={data} ofRun /> : null;
}
