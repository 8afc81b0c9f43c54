// Over the drawing: what it is called, how it is kept, what can be done to all of it, and whatever stands in the way.

import { useState } from 'react';
import { ActionIcon, Alert, Button } from '@mantine/core';
import { useReactFlow } from '@xyflow/react';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell as notify } from '../notices.tsx';
import { Icon } from '../parts/icon.tsx';
import { BackLink } from '../parts/page.tsx';
import { Rename } from '../parts/rename.tsx';
import { useWords } from '../words.ts';
import type { ScenarioRecord } from './contract.ts';
import type { Draft } from './draft.ts';
import { useRollBack } from './roll-back.ts';
import { useTell } from './words.ts';

export function Bar({
  draft,
  readOnly,
  mayWrite,
  isPanelShown,
  onPanel,
  onArrange,
  onPublish,
}: {
  draft: Draft;
  readOnly: boolean;
  mayWrite: boolean;
  isPanelShown: boolean;
  onPanel: () => void;
  onArrange: () => void;
  onPublish: () => void;
}): React.ReactNode {
  const { tell } = useTell();
  const flow = useReactFlow();
  const { record, kept } = draft;
  const tool = (label: string, icon: React.ReactNode, act: () => void, off = false): React.ReactNode => (
    <ActionIcon variant="default" size={38} aria-label={label} title={label} disabled={off} onClick={act}>
      {icon}
    </ActionIcon>
  );
  return (
    <header className="editor-bar">
      <div className="editor-name">
        <BackLink to="/scenarios">{tell('editor.back')}</BackLink>
        <Name draft={draft} mayWrite={mayWrite} />
        <span className="editor-state">
          {mayWrite ? (
            <span role="status" data-kept={kept.is}>
              {tell(
                kept.is === 'saved'
                  ? 'editor.saved'
                  : kept.is === 'saving'
                    ? 'editor.saving'
                    : kept.is === 'unsaved'
                      ? 'editor.unsaved'
                      : 'editor.notSaved',
              )}
            </span>
          ) : (
            <span>{tell('editor.readOnly')}</span>
          )}
          {' · '}
          {record.live === null ? tell('scenarios.notLive') : tell('editor.isLive', { version: record.live })}
        </span>
      </div>
      <div className="editor-tools">
        {!readOnly && (
          <div className="sc-tools">
            {tool(tell('editor.undo'), <Icon name="undo" />, draft.undo, !draft.canUndo)}
            {tool(tell('editor.redo'), <Icon name="redo" />, draft.redo, !draft.canRedo)}
            {tool(tell('editor.arrange'), <Icon name="arrange" />, onArrange)}
          </div>
        )}
        <div className="sc-tools" role="group" aria-label={tell('editor.view')}>
          {tool(tell('editor.zoomOut'), <Icon name="minus" />, () => void flow.zoomOut())}
          {tool(tell('editor.zoomIn'), <Icon name="plus" />, () => void flow.zoomIn())}
          {tool(
            tell('editor.fit'),
            <Icon name="fit" />,
            () => void flow.fitView({ padding: 0.12, maxZoom: 1 }),
          )}
          {tool(tell(isPanelShown ? 'editor.hidePanel' : 'editor.showPanel'), <Icon name="panel" />, onPanel)}
        </div>
        {mayWrite && (
          <Button
            size="sm"
            variant={record.changed || kept.is !== 'saved' ? 'filled' : 'default'}
            onClick={onPublish}
          >
            {tell(record.live === null ? 'editor.publish' : 'editor.publishAgain')}
          </Button>
        )}
      </div>
    </header>
  );
}

function Name({ draft, mayWrite }: { draft: Draft; mayWrite: boolean }): React.ReactNode {
  const { record } = draft;
  const { say } = useWords();
  const [isNaming, setNaming] = useState(false);
  return (
    <h1 className="editor-title">
      {record.name}
      {mayWrite && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={30}
          aria-label={say('rename')}
          title={say('rename')}
          onClick={() => setNaming(true)}
        >
          <Icon name="pen" size={15} />
        </ActionIcon>
      )}
      {isNaming && (
        <Rename
          name={record.name}
          keep={async (name) => {
            const version = await draft.save();
            draft.heard(
              await ask<ScenarioRecord>('PATCH', `/v1/scenarios/${record.slug}`, { name }, version),
            );
          }}
          onClose={() => setNaming(false)}
        />
      )}
    </h1>
  );
}

/** Nothing is lost: it is said, and one of two buttons ends it. */
export function NotKept({ draft }: { draft: Draft }): React.ReactNode {
  const { tell } = useTell();
  const theirs = useAct(async () => {
    await draft.takeTheirs();
    notify(tell('editor.tookTheirs'));
  });
  const mine = useAct(draft.keepMine);
  const { kept } = draft;
  if (kept.is === 'conflict')
    return (
      <Alert color="vermilion" className="editor-alert">
        <p>{tell('editor.conflict')}</p>
        <div className="sc-form-buttons">
          <Button size="xs" variant="default" loading={theirs.busy} onClick={() => void theirs.run()}>
            {tell('editor.takeTheirs')}
          </Button>
          <Button size="xs" variant="default" loading={mine.busy} onClick={() => void mine.run()}>
            {tell('editor.keepMine')}
          </Button>
        </div>
      </Alert>
    );
  if (kept.is === 'failed')
    return (
      <Alert color="vermilion" className="editor-alert">
        <p>{tell('editor.saveFailed', { because: kept.because })}</p>
        <Button size="xs" variant="default" onClick={() => void draft.save()}>
          {tell('editor.tryAgain')}
        </Button>
      </Alert>
    );
  return null;
}

export function Seen({
  version,
  record,
  mayWrite,
  heard,
  onBack,
  onTake,
}: {
  version: number;
  record: ScenarioRecord;
  mayWrite: boolean;
  heard: Draft['heard'];
  onBack: () => void;
  onTake: () => void;
}): React.ReactNode {
  const { tell } = useTell();
  const rollBack = useRollBack(record, heard);
  return (
    <div className="editor-seen" role="status">
      <span>{tell('versions.looking', { version })}</span>
      <div className="sc-form-buttons">
        {mayWrite && record.live !== version && (
          <Button
            size="xs"
            variant="default"
            loading={rollBack.busy}
            onClick={() => void rollBack.run(version)}
          >
            {tell('versions.rollBack')}
          </Button>
        )}
        {mayWrite && (
          <Button size="xs" variant="default" onClick={onTake}>
            {tell('versions.asDraft')}
          </Button>
        )}
        <Button size="xs" onClick={onBack}>
          {tell('versions.toDraft')}
        </Button>
      </div>
    </div>
  );
}
