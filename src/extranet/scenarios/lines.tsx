// What a line that sells conversations does beside the numbers that lead to it: the scenarios the merchant may put to it, and when the
// price of a conversation is taken.

import { useState } from 'react';
import { Button, NativeSelect, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell as notify } from '../notices.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { changed } from '../session.ts';
import type { ScenarioSummary, SellingLine } from './contract.ts';
import { useTell } from './words.ts';

const captures = ['at_end', 'at_connection'] as const satisfies readonly SellingLine['capture'][];

/** What was refused stands beside its field, in words for people. */
const quietly = { quiet: true };

/** The fields of a line that name a scenario; the words of each stand under `lines.<field>`. */
const places = ['afterPayment', 'afterTalk'] as const satisfies readonly (keyof SellingLine)[];

export function Lines({
  lines,
  scenarios,
  mayWrite,
}: {
  lines: readonly SellingLine[];
  scenarios: readonly ScenarioSummary[];
  mayWrite: boolean;
}): React.ReactNode {
  const { tell } = useTell();
  const [changing, setChanging] = useState<SellingLine>();
  const talking = lines.filter(({ sells }) => sells === 'conversation');
  if (talking.length === 0) return null;
  return (
    <section className="lines-follow" aria-labelledby="lines-follow">
      <h2 id="lines-follow">{tell('lines.title')}</h2>
      <p className="soft">{tell('lines.what')}</p>
      <ul className="ddis">
        {talking.map((line) => (
          <li key={line.slug} className="card ddi" aria-label={line.name}>
            <div className="ddi-head">
              <h3>{line.name}</h3>
              {mayWrite && (
                <Button
                  variant="default"
                  size="xs"
                  aria-label={tell('lines.changeOne', { line: line.name })}
                  onClick={() => setChanging(line)}
                >
                  {tell('numbers.change')}
                </Button>
              )}
            </div>
            {places.map((place) => (
              <p key={place} className="ddi-logic">
                <span className="soft">{tell(`lines.${place}`)}</span>
                <Named slug={line[place]} scenarios={scenarios} none={tell(`lines.${place}.none`)} />
              </p>
            ))}
            <p className="ddi-logic">
              <span className="soft">{tell('lines.capture')}</span>
              <strong>{tell(`lines.capture.${line.capture}`)}</strong>
              {line.capture !== line.captureNow && <span>{tell('lines.capture.notNow')}</span>}
            </p>
          </li>
        ))}
      </ul>
      {changing && (
        <Change
          key={changing.slug}
          line={changing}
          scenarios={scenarios}
          onClose={() => setChanging(undefined)}
        />
      )}
    </section>
  );
}

function Named({
  slug,
  scenarios,
  none,
}: {
  slug: string | null;
  scenarios: readonly ScenarioSummary[];
  none: string;
}): React.ReactNode {
  if (slug === null) return <strong>{none}</strong>;
  return (
    <Link to={`/scenarios/${slug}`}>
      {scenarios.find((scenario) => scenario.slug === slug)?.name ?? slug}
    </Link>
  );
}

function Change({
  line,
  scenarios,
  onClose,
}: {
  line: SellingLine;
  scenarios: readonly ScenarioSummary[];
  onClose: () => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [wish, setWish] = useState(() => new Map(places.map((place) => [place, line[place]])));
  const [capture, setCapture] = useState(line.capture);
  const save = useAct(async () => {
    await ask('PATCH', `/v1/lines/${encodeURIComponent(line.slug)}`, {
      ...Object.fromEntries(wish),
      // A line whose prices were changed since keeps what it says, and may be given a scenario still.
      ...(capture !== line.capture && { capture }),
    });
    await changed('lines', 'scenarios');
    notify(tell('lines.saved', { line: line.name }));
    onClose();
  }, quietly);
  return (
    <Dialog title={line.name} onClose={onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Stack>
          {[...wish].map(([place, slug]) => (
            <NativeSelect
              key={place}
              label={tell(`lines.${place}`)}
              description={tell(`lines.${place}.what`)}
              value={slug ?? ''}
              error={save.fields[`/${place}`]}
              onChange={(event) => setWish(new Map([...wish, [place, event.currentTarget.value || null]]))}
              data={[
                { value: '', label: tell(`lines.${place}.none`) },
                ...scenarios.map((scenario) => ({
                  value: scenario.slug,
                  label:
                    scenario.live === null
                      ? tell('numbers.notPublished', { name: scenario.name })
                      : scenario.name,
                  disabled: scenario.live === null && scenario.slug !== slug,
                })),
              ]}
            />
          ))}
          <NativeSelect
            label={tell('lines.capture')}
            description={tell('lines.capture.what')}
            value={capture}
            error={save.fields['/capture'] !== undefined && tell('lines.capture.wrong')}
            onChange={(event) => setCapture(event.currentTarget.value as SellingLine['capture'])}
            data={captures.map((value) => ({ value, label: tell(`lines.capture.${value}`) }))}
          />
          {save.failed !== undefined && Object.keys(save.fields).length === 0 && (
            <p className="wrong" role="alert">
              {save.failed}
            </p>
          )}
          <Button type="submit" loading={save.busy}>
            {tell('numbers.change')}
          </Button>
        </Stack>
      </form>
    </Dialog>
  );
}
