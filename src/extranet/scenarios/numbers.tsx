// The numbers people dial, and what each leads to: a line, the consultants' service, a scenario drawn small.

import { useState } from 'react';
import { Button, NativeSelect, Stack, Switch } from '@mantine/core';
import { Link } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell as notify } from '../notices.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { changed, may, useSession } from '../session.ts';
import { showNumber } from '../show.ts';
import type { Ddi, ScenarioSummary, SellingLine } from './contract.ts';
import { ddiBody, type DdiWish } from './ddi-change.ts';
import { Lines } from './lines.tsx';
import { Preview } from './preview.tsx';
import { useDdis, useScenarios, useSellingLines, useVersion } from './read.ts';
import { type Tell, useTell } from './words.ts';
import './sheet.ts';

export default function Numbers(): React.ReactNode {
  const { tell } = useTell();
  const mayWrite = may(useSession(), 'lines', 'write');
  const { data, error, refetch } = useDdis();
  const { data: scenarios = [] } = useScenarios();
  const lines = useSellingLines();
  const [changing, setChanging] = useState<Ddi>();
  return (
    <Page title={tell('numbers.title')}>
      <p className="soft">{tell('numbers.what')}</p>
      {error && !data ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : data.length === 0 ? (
        <Empty>{tell('numbers.none')}</Empty>
      ) : (
        <ul className="ddis">
          {data.map((ddi) => (
            <li key={ddi.id} className="card ddi" data-active={ddi.active}>
              <div className="ddi-head">
                <h2>{showNumber(ddi.number)}</h2>
                {!ddi.active && <span className="sc-badge">{tell('numbers.off')}</span>}
                {mayWrite && (
                  <Button
                    variant="default"
                    size="xs"
                    aria-label={tell('numbers.changeOne', { number: showNumber(ddi.number) })}
                    onClick={() => setChanging(ddi)}
                  >
                    {tell('numbers.change')}
                  </Button>
                )}
              </div>
              <Logic ddi={ddi} lines={lines} scenarios={scenarios} />
            </li>
          ))}
        </ul>
      )}
      <Lines lines={lines} scenarios={scenarios} mayWrite={mayWrite} />
      {changing && (
        <Change
          key={changing.id}
          ddi={changing}
          lines={lines}
          scenarios={scenarios}
          onClose={() => setChanging(undefined)}
        />
      )}
    </Page>
  );
}

function Logic({
  ddi,
  lines,
  scenarios,
}: {
  ddi: Ddi;
  lines: readonly SellingLine[];
  scenarios: readonly ScenarioSummary[];
}): React.ReactNode {
  const { tell } = useTell();
  const lineName = lines.find(({ slug }) => slug === ddi.line)?.name ?? ddi.line;
  const scenario = scenarios.find(({ slug }) => slug === ddi.scenario);
  if (ddi.kind === 'scenario')
    return (
      <>
        <p className="ddi-logic">
          <span className="soft">{tell('numbers.scenario')}</span>
          <strong>{scenario?.name ?? ddi.scenario}</strong>
        </p>
        <p className="soft">
          {scenario?.live !== undefined &&
            scenario.live !== null &&
            tell('numbers.scenarioWhat', { version: scenario.live })}{' '}
          {lineName !== null && tell('numbers.talksUnder', { line: lineName })}
        </p>
        {scenario && <LivePreview scenario={scenario} />}
      </>
    );
  if (ddi.kind === 'service')
    return (
      <>
        <p className="ddi-logic">
          <strong>{tell('numbers.service')}</strong>
        </p>
        <p className="soft">{tell('numbers.serviceWhat')}</p>
      </>
    );
  return (
    <>
      <p className="ddi-logic">
        <span className="soft">{tell('numbers.knownCaller')}</span>
        <strong>{lineName}</strong>
      </p>
      <p className="soft">{whoKnows(ddi, tell)}</p>
    </>
  );
}

function whoKnows(ddi: Ddi, tell: Tell): string {
  if (ddi.recognizedBy === 'accounts' || !ddi.server) return tell('numbers.byAccounts');
  return tell('numbers.byServer', {
    host: URL.canParse(ddi.server.url) ? new URL(ddi.server.url).host : ddi.server.url,
  });
}

function LivePreview({ scenario }: { scenario: ScenarioSummary }): React.ReactNode {
  const { tell } = useTell();
  const { data } = useVersion(scenario.slug, scenario.live ?? undefined);
  return (
    <Link
      to={`/scenarios/${scenario.slug}`}
      className="ddi-preview"
      aria-label={`${tell('numbers.edit')}: ${scenario.name}`}
    >
      {data && (
        <Preview
          graph={data.graph}
          label={tell('numbers.preview', {
            name: scenario.name,
            count: Object.keys(data.graph.blocks).length,
          })}
        />
      )}
      <span className="ddi-edit">{tell('numbers.edit')}</span>
    </Link>
  );
}

function Change({
  ddi,
  lines,
  scenarios,
  onClose,
}: {
  ddi: Ddi;
  lines: readonly SellingLine[];
  scenarios: readonly ScenarioSummary[];
  onClose: () => void;
}): React.ReactNode {
  const { tell } = useTell();
  const talking = lines.filter(({ sells }) => sells === 'conversation');
  const [wish, setWish] = useState<DdiWish>({
    kind: ddi.kind,
    line: ddi.line,
    scenario: ddi.scenario,
    active: ddi.active,
    recognizedBy: ddi.recognizedBy,
  });
  const set = (change: Partial<DdiWish>): void => setWish({ ...wish, ...change });
  const published = scenarios.filter(({ live }) => live !== null);
  const scenario = wish.scenario ?? published[0]?.slug ?? '';
  const line = wish.line ?? talking[0]?.slug ?? '';
  const save = useAct(async () => {
    const body = ddiBody(ddi, {
      ...wish,
      line: wish.kind === 'line' ? line : wish.line,
      scenario: wish.kind === 'scenario' ? scenario : null,
    });
    await ask('PUT', `/v1/ddis/${encodeURIComponent(ddi.number)}`, body);
    await changed('ddis', 'scenarios');
    notify(tell('numbers.saved', { number: showNumber(ddi.number) }));
    onClose();
  });
  const kinds = (['scenario', 'line', 'service'] as const).filter(
    (kind) => kind === wish.kind || kind !== 'scenario' || published.length > 0,
  );
  return (
    <Dialog title={tell('numbers.dialog', { number: showNumber(ddi.number) })} onClose={onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Stack>
          <NativeSelect
            label={tell('numbers.leadsTo')}
            value={wish.kind}
            onChange={(event) => set({ kind: event.currentTarget.value as Ddi['kind'] })}
            data={kinds.map((kind) => ({
              value: kind,
              label: tell(kind === 'line' ? 'numbers.knownCaller' : `numbers.${kind}`),
            }))}
          />
          {wish.kind === 'scenario' && (
            <>
              <NativeSelect
                label={tell('numbers.which')}
                value={scenario}
                error={save.fields['/scenario']}
                onChange={(event) => set({ scenario: event.currentTarget.value })}
                data={scenarios.map(({ slug, name, live }) => ({
                  value: slug,
                  label: live === null ? tell('numbers.notPublished', { name }) : name,
                  disabled: live === null,
                }))}
              />
              <NativeSelect
                label={tell('numbers.underLine')}
                description={tell('numbers.underWhat')}
                value={wish.line ?? ''}
                onChange={(event) => set({ line: event.currentTarget.value || null })}
                data={[
                  { value: '', label: tell('numbers.underNone') },
                  ...talking.map(({ slug, name }) => ({ value: slug, label: name })),
                ]}
              />
            </>
          )}
          {wish.kind === 'line' && (
            <>
              <NativeSelect
                label={tell('numbers.which')}
                value={line}
                error={save.fields['/line']}
                onChange={(event) => set({ line: event.currentTarget.value })}
                data={talking.map(({ slug, name }) => ({ value: slug, label: name }))}
              />
              <NativeSelect
                label={tell('numbers.whoKnows')}
                value={wish.recognizedBy}
                onChange={(event) =>
                  set({ recognizedBy: event.currentTarget.value === 'accounts' ? 'accounts' : 'server' })
                }
                data={(['server', 'accounts'] as const).map((one) => ({
                  value: one,
                  label: tell(`numbers.${one}`),
                }))}
              />
            </>
          )}
          <Switch
            label={tell('numbers.active')}
            description={tell('numbers.activeWhat')}
            checked={wish.active}
            onChange={(event) => set({ active: event.currentTarget.checked })}
          />
          <p className="soft">{tell('numbers.byDefault')}</p>
          <Button type="submit" loading={save.busy}>
            {tell('numbers.change')}
          </Button>
        </Stack>
      </form>
    </Dialog>
  );
}
