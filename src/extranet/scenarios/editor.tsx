// The editor of one scenario: palette, drawing, and beside it what is chosen, what is to be mended, the trial and the versions.

import { useCallback, useEffect, useMemo, useState } from 'react';
import { ActionIcon, Alert, Button, Tabs, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { useParams } from 'react-router';
import type { BlockKindName } from '../../core/scenario/blocks.ts';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell as notify } from '../notices.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { BackLink, Page, Trouble, Waiting } from '../parts/page.tsx';
import { may, useSession } from '../session.ts';
import { BlockForm, type FormActs } from './block-form.tsx';
import { Canvas, type CanvasActs, type Lit } from './canvas.tsx';
import type { ScenarioRecord } from './contract.ts';
import { type Check, type Draft, useCheck, useDraft } from './draft.ts';
import { Faults } from './faults.tsx';
import {
  arrival,
  connected,
  duplicated,
  freeId,
  type Graph,
  has,
  moved,
  type Place,
  renamed,
  withBlock,
  withFields,
  without,
} from './graph.ts';
import { groupOf, newBlock, waysOf } from './kinds.ts';
import { KindIcon } from './kind-icon.tsx';
import { card, heightOf, laidOut, placeBeside, placed } from './layout.ts';
import { ChooseKind, Palette } from './palette.tsx';
import { useOffers, useScenario, useVersion } from './read.ts';
import { sentenceOf, type Speaking } from './sentence.ts';
import { TrialPanel } from './trial-panel.tsx';
import { Publish, useRollBack, Versions } from './versions.tsx';
import { useTell } from './words.ts';
import './sheet.ts';

export default function EditorPage(): React.ReactNode {
  const { slug = '' } = useParams();
  const { data, error, refetch } = useScenario(slug);
  if (!data && error) return <Trouble error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <ReactFlowProvider>
      <Editor key={data.id} first={data} />
    </ReactFlowProvider>
  );
}

/** Whoever wants nothing to move sees it there at once. */
const moveMs = (): number => (window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 250);

type Tab = 'block' | 'faults' | 'trial' | 'versions';

function Editor({ first }: { first: ScenarioRecord }): React.ReactNode {
  const { tell, language } = useTell();
  const mayWrite = may(useSession(), 'lines', 'write');
  const offers = useOffers(language);
  const draft = useDraft(first, mayWrite);
  const [seen, setSeen] = useState<number>();
  const { data: version } = useVersion(first.slug, seen);
  const old = useMemo(
    () => (seen !== undefined && version ? placed(version.graph) : undefined),
    [seen, version],
  );
  const graph = old ?? draft.graph;
  const readOnly = !mayWrite || seen !== undefined;
  // Whoever may change nothing has nothing to mend, and is not let ask.
  const check = useCheck(first.slug, draft.graph, language, mayWrite);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [tab, setTab] = useState<Tab>('block');
  const [lit, setLit] = useState<Lit>();
  const [asking, setAsking] = useState<{ from: string; way: string; at?: Place }>();
  const [isPublishing, setPublishing] = useState(false);
  const [isPanelShown, setPanelShown] = useState(true);
  const isNarrow = useMediaQuery('(max-width: 767px)', false, { getInitialValueInEffect: false });
  const flow = useReactFlow();
  const speaking = useMemo<Speaking>(
    () => ({ tell, language, names: offers.names }),
    [tell, language, offers.names],
  );
  useEffect(() => {
    document.title = `${draft.record.name} · Ringmeter`;
  }, [draft.record.name]);

  const choose = useCallback((ids: readonly string[]) => {
    setChosen(ids);
    if (ids.length > 0) setPanelShown(true);
    // Who tries the scenario goes on trying it.
    if (ids.length > 0) setTab((now) => (now === 'trial' ? now : 'block'));
  }, []);
  const go = useCallback(
    (id: string) => {
      const place = graph.places?.[id];
      choose([id]);
      if (!place) return;
      const zoom = Math.max(0.6, Math.min(1, flow.getZoom()));
      void flow.setCenter(place.x + card.width / 2, place.y + heightOf(graph, id) / 2, {
        zoom,
        duration: moveMs(),
      });
    },
    [graph, choose, flow],
  );

  // The drawing goes along with the call.
  const litAt = lit?.at;
  useEffect(() => {
    const place = litAt === undefined ? undefined : graph.places?.[litAt];
    if (litAt === undefined || !place) return;
    const [x, y] = [place.x + card.width / 2, place.y + heightOf(graph, litAt) / 2];
    void flow.setCenter(x, y, { zoom: Math.max(0.6, Math.min(1, flow.getZoom())), duration: moveMs() });
    // Only when the call has moved on: whoever pulls the drawing aside meanwhile has it where he wants it.
  }, [litAt]);

  /** Brought into sight where it is not, at the same zoom. */
  const reveal = (of: Graph, id: string): void => {
    const place = of.places?.[id];
    const frame = document.querySelector('.sc-canvas')?.getBoundingClientRect();
    if (!place || !frame) return;
    const height = heightOf(of, id);
    const from = flow.flowToScreenPosition(place);
    const to = flow.flowToScreenPosition({ x: place.x + card.width, y: place.y + height });
    const isSeen = from.x > frame.left && from.y > frame.top && to.x < frame.right && to.y < frame.bottom;
    if (isSeen) return;
    const [x, y] = [place.x + card.width / 2, place.y + height / 2];
    void flow.setCenter(x, y, { zoom: flow.getZoom(), duration: moveMs() });
  };

  const { change } = draft;
  const add = (kind: BlockKindName, behind?: { from: string; way: string }, at?: Place): void => {
    const around = {
      line: offers.lines[0]?.slug,
      sale: offers.sales[0]?.slug,
      resource: offers.resources[0]?.slug,
      scenario: offers.scenarios.find(({ slug }) => slug !== first.slug)?.slug,
      number: offers.forwardNumbers[0]?.number,
    };
    const id = freeId(draft.graph, kind.replaceAll('_', '-'));
    const next = withNew(draft.graph, id, newBlock(kind, around), behind, at);
    change(() => next);
    choose([id]);
    setTab('block');
    reveal(next, id);
  };
  const addBehindChosen = (kind: BlockKindName): void => {
    const from = chosen.length === 1 ? chosen[0] : undefined;
    const block = from === undefined ? undefined : draft.graph.blocks[from];
    const way = block && waysOf(block).find(({ name }) => !has(draft.graph, block.next[name] ?? ''));
    add(kind, from !== undefined && way ? { from, way: way.name } : undefined);
    notify(tell('palette.added', { kind: tell(`kind.${kind}`) }));
  };
  const remove = useCallback(
    (ids: readonly string[]) => {
      change((now) => without(now, ids));
      setChosen([]);
    },
    [change],
  );
  const duplicate = (ids: readonly string[]): void => {
    const { graph: next, made } = duplicated(draft.graph, ids);
    change(() => next);
    choose(made);
  };
  const arrange = (): void => {
    change((now) => ({ ...now, places: laidOut(now) }));
    window.setTimeout(() => void flow.fitView({ padding: 0.12, maxZoom: 1 }), 50);
  };

  const canvasActs: CanvasActs = {
    connect: (from, way, to) => change((now) => connected(now, from, way, to)),
    cut: (from, way) => change((now) => connected(now, from, way, undefined)),
    move: (places) => change((now) => moved(now, places), `move ${Object.keys(places).sort().join(' ')}`),
    remove: (ids, ways) => {
      change((now) => {
        const cut = ways.reduce((next, { from, way }) => connected(next, from, way, undefined), now);
        return ids.length > 0 ? without(cut, ids) : cut;
      });
      if (ids.length > 0) setChosen([]);
    },
    choose: (picks) => {
      setChosen((now) => [
        ...now.filter((id) => picks.get(id) !== false),
        ...[...picks].flatMap(([id, isIn]) => (isIn && id !== arrival && !now.includes(id) ? [id] : [])),
      ]);
      if (![...picks.values()].includes(true)) return;
      setPanelShown(true);
      setTab((now) => (now === 'trial' ? now : 'block'));
    },
    drop: (kind, at) => {
      if (!readOnly) add(kind, undefined, at);
    },
    ask: (from, way, at) => setAsking({ from, way, at }),
  };
  const formActs: FormActs = {
    set: (id, fields, about) => change((now) => withFields(now, id, fields), about),
    connect: (from, way, to) => change((now) => connected(now, from, way, to)),
    ask: (from, way) => setAsking({ from, way }),
    rename: (id, wanted) => {
      change((now) => renamed(now, id, wanted));
      choose([wanted]);
    },
    begin: (id) => change((now) => connected(now, arrival, 'then', id)),
    duplicate,
    remove,
  };
  useShortcuts({ undo: draft.undo, redo: draft.redo, duplicate: () => duplicate(chosen), readOnly });

  const known = chosen.filter((id) => has(graph, id));
  const [one] = known;
  const errors = check.faults.filter(({ severity }) => severity === 'error').length;
  if (isNarrow)
    return <Narrow draft={draft} graph={graph} check={mayWrite ? check : undefined} speaking={speaking} />;
  return (
    <div className="editor">
      <Bar
        draft={draft}
        readOnly={readOnly}
        mayWrite={mayWrite}
        isPanelShown={isPanelShown}
        onPanel={() => setPanelShown(!isPanelShown)}
        onArrange={arrange}
        onPublish={() => {
          setSeen(undefined);
          setPublishing(true);
        }}
      />
      <NotKept draft={draft} />
      {seen !== undefined && (
        <Seen
          version={seen}
          record={draft.record}
          mayWrite={mayWrite}
          heard={draft.heard}
          onBack={() => setSeen(undefined)}
          onTake={() => {
            if (!old) return;
            change(() => old);
            setSeen(undefined);
            notify(tell('versions.tookAsDraft'));
          }}
        />
      )}
      <div className="editor-parts">
        {!readOnly && <Palette onAdd={addBehindChosen} />}
        <Canvas
          key={seen ?? 'draft'}
          graph={graph}
          chosen={known}
          check={seen === undefined ? check : undefined}
          lit={lit}
          mayWrite={!readOnly}
          speaking={speaking}
          acts={canvasActs}
        />
        <aside className="sc-panel" aria-label={tell('editor.panel')} hidden={!isPanelShown}>
          <Tabs value={tab} onChange={(next) => setTab((next ?? 'block') as Tab)} keepMounted={false}>
            <Tabs.List grow>
              <Tabs.Tab value="block">{tell('editor.tab.block')}</Tabs.Tab>
              {mayWrite && (
                <>
                  <Tabs.Tab value="faults">
                    {tell('editor.tab.faults')}
                    {check.faults.length > 0 && (
                      <span className="sc-count" data-severity={errors > 0 ? 'error' : 'warning'}>
                        {check.faults.length}
                      </span>
                    )}
                  </Tabs.Tab>
                  <Tabs.Tab value="trial">{tell('editor.tab.trial')}</Tabs.Tab>
                </>
              )}
              <Tabs.Tab value="versions">{tell('editor.tab.versions')}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="block" className="sc-panel-body">
              {one !== undefined && known.length === 1 ? (
                <BlockForm
                  key={one}
                  graph={graph}
                  id={one}
                  faults={seen === undefined ? (check.byBlock.get(one) ?? []) : []}
                  offers={offers}
                  readOnly={readOnly}
                  acts={formActs}
                />
              ) : known.length > 1 ? (
                <Many ids={known} readOnly={readOnly} acts={formActs} />
              ) : (
                <Nothing graph={graph} readOnly={readOnly} speaking={speaking} onChoose={go} />
              )}
            </Tabs.Panel>
            <Tabs.Panel value="faults" className="sc-panel-body">
              <Faults graph={graph} check={check} onGo={go} />
            </Tabs.Panel>
            <Tabs.Panel value="trial" className="sc-panel-body">
              <TrialPanel
                slug={first.slug}
                graph={graph}
                consultants={offers.consultants}
                onLit={setLit}
                onGo={go}
              />
            </Tabs.Panel>
            <Tabs.Panel value="versions" className="sc-panel-body">
              <Versions
                record={draft.record}
                seen={seen}
                mayWrite={mayWrite}
                onSee={setSeen}
                heard={draft.heard}
              />
            </Tabs.Panel>
          </Tabs>
        </aside>
      </div>
      {asking && (
        <ChooseKind
          onClose={() => setAsking(undefined)}
          onChoose={(kind) => {
            setAsking(undefined);
            add(kind, { from: asking.from, way: asking.way }, asking.at);
          }}
        />
      )}
      {isPublishing && (
        <Publish
          draft={draft}
          check={check}
          onClose={() => setPublishing(false)}
          onGo={(id) => {
            setPublishing(false);
            go(id);
          }}
        />
      )}
    </div>
  );
}

/** Behind a way out, or free. Before a graph that only hangs up it is what comes first. */
function withNew(
  graph: Graph,
  id: string,
  block: Graph['blocks'][string],
  behind: { from: string; way: string } | undefined,
  at: Place | undefined,
): Graph {
  const only = Object.entries(graph.blocks);
  const isBlank = !behind && only.length === 1 && only[0]?.[1].kind === 'hang_up' && block.kind !== 'hang_up';
  const place = at ?? placeBeside(graph, behind?.from);
  const next = withBlock(graph, id, block, place);
  if (behind) return connected(next, behind.from, behind.way, id);
  if (!isBlank) return next;
  const begun = { ...next, start: id };
  return at
    ? begun
    : { ...begun, places: { [id]: { x: 0, y: 0 }, [only[0]?.[0] ?? '']: { x: card.width + 84, y: 0 } } };
}

function useShortcuts({
  undo,
  redo,
  duplicate,
  readOnly,
}: {
  undo: () => void;
  redo: () => void;
  duplicate: () => void;
  readOnly: boolean;
}): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const at = event.target instanceof HTMLElement ? event.target : undefined;
      // In a field these belong to what is being typed.
      const isTyping = at?.closest('input, textarea, select, [role=dialog]') !== null && at !== undefined;
      if (readOnly || isTyping || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === 'z') (event.shiftKey ? redo : undo)();
      else if (key === 'y') redo();
      else if (key === 'd') duplicate();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [undo, redo, duplicate, readOnly]);
}

function Bar({
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
  const { tell } = useTell();
  const { record } = draft;
  const [typed, setTyped] = useState<string>();
  const rename = useAct(async (name: string) => {
    const version = await draft.save();
    draft.heard(await ask<ScenarioRecord>('PATCH', `/v1/scenarios/${record.slug}`, { name }, version));
    setTyped(undefined);
  });
  return (
    <h1 className="editor-title">
      {record.name}
      {mayWrite && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={30}
          aria-label={tell('editor.rename')}
          title={tell('editor.rename')}
          onClick={() => setTyped(record.name)}
        >
          <Icon name="pen" size={15} />
        </ActionIcon>
      )}
      {typed !== undefined && (
        <Dialog title={tell('editor.rename')} onClose={() => setTyped(undefined)}>
          <form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              if (typed.trim() !== '') void rename.run(typed.trim());
            }}
          >
            <TextInput
              data-autofocus
              aria-label={tell('editor.rename')}
              maxLength={80}
              value={typed}
              error={rename.fields['/name']}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Button type="submit" loading={rename.busy} disabled={typed.trim() === ''}>
              {tell('editor.rename')}
            </Button>
          </form>
        </Dialog>
      )}
    </h1>
  );
}

/** Nothing is lost: it is said, and one of two buttons ends it. */
function NotKept({ draft }: { draft: Draft }): React.ReactNode {
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

function Seen({
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

function Many({
  ids,
  readOnly,
  acts,
}: {
  ids: readonly string[];
  readOnly: boolean;
  acts: FormActs;
}): React.ReactNode {
  const { tell } = useTell();
  return (
    <section className="sc-block-form">
      <h2>{tell('editor.manyChosen', { count: ids.length })}</h2>
      {!readOnly && (
        <div className="sc-form-buttons">
          <Button variant="default" size="xs" onClick={() => acts.duplicate([...ids])}>
            {tell('form.duplicate')}
          </Button>
          <Button variant="subtle" size="xs" color="vermilion" onClick={() => acts.remove([...ids])}>
            {tell('form.removeMany')}
          </Button>
        </div>
      )}
    </section>
  );
}

/** Nothing is chosen: what can be done here, and every block by its name. */
function Nothing({
  graph,
  readOnly,
  speaking,
  onChoose,
}: {
  graph: Graph;
  readOnly: boolean;
  speaking: Speaking;
  onChoose: (id: string) => void;
}): React.ReactNode {
  const { tell } = speaking;
  return (
    <section className="sc-block-form">
      {!readOnly && (
        <>
          <p className="soft">{tell('editor.nothingChosen')}</p>
          <p className="soft">{tell('editor.keys')}</p>
        </>
      )}
      <BlockList graph={graph} speaking={speaking} onChoose={onChoose} />
    </section>
  );
}

function BlockList({
  graph,
  speaking,
  onChoose,
}: {
  graph: Graph;
  speaking: Speaking;
  /** Absent: to be read only. */
  onChoose?: (id: string) => void;
}): React.ReactNode {
  const { tell } = speaking;
  return (
    <ul className="sc-block-list">
      {Object.entries(graph.blocks).map(([id, block]) => {
        const shown = (
          <>
            <span className="sc-block-icon">
              <KindIcon kind={block.kind} size={16} />
            </span>
            <span className="sc-block-list-words">
              <strong>{tell(`kind.${block.kind}`)}</strong> <span className="soft">{id}</span>
              <span className="soft sc-block-list-sentence">{sentenceOf(block, speaking)}</span>
            </span>
          </>
        );
        return (
          <li key={id} data-group={groupOf(block.kind)}>
            {onChoose ? (
              <button type="button" onClick={() => onChoose(id)}>
                {shown}
              </button>
            ) : (
              <div>{shown}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** A telephone held upright: what there is and what is missing, to be read. */
function Narrow({
  draft,
  graph,
  check,
  speaking,
}: {
  draft: Draft;
  graph: Graph;
  check: Check | undefined;
  speaking: Speaking;
}): React.ReactNode {
  const { tell } = speaking;
  return (
    <Page title={draft.record.name} above={<BackLink to="/scenarios">{tell('editor.back')}</BackLink>}>
      <p className="card sc-narrow-words">{tell('editor.narrow')}</p>
      {check && (
        <section className="card">
          <Faults graph={graph} check={check} onGo={() => undefined} />
        </section>
      )}
      <section className="card">
        <BlockList graph={graph} speaking={speaking} />
      </section>
    </Page>
  );
}
