// Calls that went through scenarios, newest first.

import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { ask } from '../ask.ts';
import { houseNow, useNow } from '../clock.ts';
import type { PageOf, RunOutcome, RunSummary } from '../contract-calls.ts';
import { Page } from '../parts/page.tsx';
import { PagesOf, usePages } from '../parts/pages-of.tsx';
import { PhoneNumber } from '../parts/phone-number.tsx';
import type { Tone } from '../parts/state.tsx';
import { useTimeZone } from '../read.ts';
import { may, useSession } from '../session.ts';
import { showClock, showInstant } from '../show.ts';
import { useWords } from '../words.ts';

const tones: Record<RunOutcome | 'going', Tone> = {
  going: 'free',
  completed: 'off',
  caller_left: 'off',
  refused: 'pause',
  too_long: 'pause',
  failed: 'call',
};

export default function Runs(): React.ReactNode {
  const { say } = useWords();
  const mayReadScenarios = may(useSession(), 'lines');
  const [search, setSearch] = useSearchParams();
  const scenario = search.get('scenario') ?? '';
  const { data: scenarios = [] } = useQuery({
    queryKey: ['scenario-names'],
    queryFn: async () => (await ask<{ data: { slug: string; name: string }[] }>('GET', '/v1/scenarios')).data,
    enabled: mayReadScenarios,
    retry: false,
  });
  const read = usePages<PageOf<RunSummary>>(
    'runs',
    `/v1/scenario-runs?limit=50${scenario === '' ? '' : `&scenario=${encodeURIComponent(scenario)}`}`,
  );
  return (
    <Page
      title={say('runs.title')}
      aside={
        scenarios.length > 1 && (
          <NativeSelect
            size="sm"
            aria-label={say('runs.which')}
            value={scenario}
            onChange={(event) => {
              const slug = event.currentTarget.value;
              setSearch(slug === '' ? {} : { scenario: slug }, { replace: true });
            }}
            data={[
              { value: '', label: say('runs.all') },
              ...scenarios.map(({ slug, name }) => ({ value: slug, label: name })),
            ]}
          />
        )
      }
    >
      <PagesOf read={read} empty={say('runs.none')}>
        {(run) => <RunRow key={run.id} run={run} />}
      </PagesOf>
    </Page>
  );
}

function RunRow({ run }: { run: RunSummary }): React.ReactNode {
  const { language } = useWords();
  const timeZone = useTimeZone();
  return (
    <li className="row">
      <Link to={`/runs/${run.id}`} className="row-main row-link">
        <strong>
          <PhoneNumber number={run.callerNumber} />
        </strong>
        <span className="soft apart">
          <span>{run.scenario}</span> <PhoneNumber number={run.ddi} />
        </span>
      </Link>
      <span className="row-end">
        <RunOutcomeBadge run={run} />
        <span className="soft">
          {showInstant(run.startedAt, language, timeZone, houseNow())}
          <RunLength run={run} />
        </span>
      </span>
    </li>
  );
}

export function RunOutcomeBadge({ run }: { run: Pick<RunSummary, 'outcome'> }): React.ReactNode {
  const { say } = useWords();
  const outcome = run.outcome ?? 'going';
  return (
    <span className="badge" data-tone={tones[outcome]}>
      {say(`run.${outcome}`)}
    </span>
  );
}

function RunLength({ run }: { run: RunSummary }): React.ReactNode {
  return run.endedAt === null ? null : ` · ${showClock(secondsOfRun(run, 0))}`;
}

/** `now`: of one that goes on. */
export function secondsOfRun({ startedAt, endedAt }: RunSummary, now: number): number {
  return ((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt)) / 1_000;
}

export function RunClock({ run }: { run: RunSummary }): React.ReactNode {
  const now = useNow();
  return showClock(secondsOfRun(run, now));
}
