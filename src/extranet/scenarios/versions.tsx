// What was published: looked at, made live again, gone on from. And the question before the draft becomes the next one.

import { useState } from 'react';
import { Button, Group, Stack, Textarea } from '@mantine/core';
import { Link } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import { tell as notify } from '../notices.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Trouble, Waiting } from '../parts/page.tsx';
import { useTimeZone } from '../read.ts';
import { changed } from '../session.ts';
import { showInstant } from '../show.ts';
import type { ScenarioRecord, Version } from './contract.ts';
import type { Check, Draft } from './draft.ts';
import { FaultList } from './faults.tsx';
import { readScenario, useVersions } from './read.ts';
import { useRollBack } from './roll-back.ts';
import { useTell } from './words.ts';

export function Versions({
  record,
  seen,
  mayWrite,
  onSee,
  heard,
}: {
  record: ScenarioRecord;
  /** The version that is looked at; absent: the draft. */
  seen: number | undefined;
  mayWrite: boolean;
  onSee: (version: number | undefined) => void;
  heard: Draft['heard'];
}): React.ReactNode {
  const { tell, language } = useTell();
  const timeZone = useTimeZone();
  const { data, error, refetch } = useVersions(record.slug);
  const rollBack = useRollBack(record, heard);
  if (!data && error) return <Trouble error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  if (data.length === 0) return <p className="soft">{tell('versions.none')}</p>;
  return (
    <ol className="sc-versions" reversed>
      <li data-seen={seen === undefined}>
        <button type="button" aria-pressed={seen === undefined} onClick={() => onSee(undefined)}>
          <strong>{tell('versions.draft')}</strong>
        </button>
      </li>
      {data.map(({ version, note, publishedAt, publishedBy, live }) => (
        <li key={version} data-seen={seen === version}>
          <button
            type="button"
            aria-pressed={seen === version}
            aria-label={tell('versions.see', { version })}
            onClick={() => onSee(version)}
          >
            <span className="sc-version-head">
              <strong>{tell('versions.one', { version })}</strong>
              {live && <span className="sc-badge sc-badge-live">{tell('versions.live')}</span>}
            </span>
            {note !== null && <span>{note}</span>}
            <span className="soft">
              {tell('versions.by', {
                at: showInstant(publishedAt, language, timeZone, houseNow()),
                name: publishedBy?.name ?? tell('versions.somebody'),
              })}
            </span>
          </button>
          {mayWrite && !live && (
            <Button
              variant="default"
              size="compact-sm"
              loading={rollBack.busy}
              aria-label={tell('versions.rollBackOne', { version })}
              onClick={() => void rollBack.run(version)}
            >
              {tell('versions.rollBack')}
            </Button>
          )}
        </li>
      ))}
    </ol>
  );
}

export function Publish({
  draft,
  check,
  onGo,
  onClose,
}: {
  draft: Draft;
  check: Check;
  onGo: (id: string) => void;
  onClose: () => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [note, setNote] = useState('');
  const { record } = draft;
  const errors = check.faults.filter(({ severity }) => severity === 'error');
  const warnings = check.faults.filter(({ severity }) => severity === 'warning');
  const publish = useAct(async () => {
    const basedOn = await draft.save();
    if (basedOn === undefined) {
      notify(tell('publish.notSaved'), 'bad');
      return;
    }
    const { version } = await ask<Version>('POST', `/v1/scenarios/${record.slug}/versions`, {
      note: note.trim() === '' ? null : note.trim(),
      basedOn,
    });
    draft.heard(await readScenario(record.slug));
    await changed('scenario-versions', 'scenarios');
    notify(
      record.ddis.length === 0
        ? `${tell('publish.done', { version })} ${tell('publish.noNumber')}`
        : tell('publish.done', { version }),
    );
    onClose();
  });
  return (
    <Dialog title={tell('publish.title')} onClose={onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void publish.run();
        }}
      >
        <Stack>
          <p>{tell('publish.what')}</p>
          {record.ddis.length === 0 && (
            <p className="soft">
              {tell('publish.noNumber')} <Link to="/numbers">{tell('publish.numbers')}</Link>
            </p>
          )}
          {errors.length > 0 && (
            <div className="sc-in-the-way" role="alert">
              <strong>{tell('publish.inTheWay')}</strong>
              <FaultList graph={draft.graph} faults={errors} onGo={onGo} />
            </div>
          )}
          {errors.length === 0 && warnings.length > 0 && (
            <div>
              <strong>{tell('faults.warnings')}</strong>
              <FaultList graph={draft.graph} faults={warnings} onGo={onGo} />
            </div>
          )}
          <Textarea
            label={tell('publish.note')}
            description={tell('publish.noteWhat')}
            rows={2}
            maxLength={300}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value.replace(/[\n\r]/g, ' '))}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={publish.busy} disabled={errors.length > 0}>
              {tell('publish.go')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
