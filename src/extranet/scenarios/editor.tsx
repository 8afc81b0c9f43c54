// The editor of one scenario: palette, drawing, and beside it what is chosen, what is to be mended, the trial and the versions.

import { lazy, useCallback, useEffect, useMemo, useState } from 'react';
import { Tabs } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { useParams, useSearchParams } from 'react-router';
import type { BlockKindName } from '../../core/scenario/blocks.ts';
import { tell as notify } from '../notices.tsx';
import { Trouble, Waiting } from '../parts/page.tsx';
import { may, useSession } from '../session.ts';
import { BlockForm, type FormActs } from './block-form.tsx';
import { Many, Narrow, Nothing } from './block-list.tsx';
import { Canvas, type CanvasActs, type Lit } from './canvas.tsx';
import type { ScenarioRecord } from './contract.ts';
import { useCheck, useDraft } from './draft.ts';
import { Bar, NotKept, Seen } from './editor-bar.tsx';
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
  withFields,
  without,
} from './graph.ts';
import { newBlock, waysOf } from './kinds.ts';
import { card, heightOf, laidOut, placed, withNew } from './layout.ts';
import { ChooseKind, Palette } from './palette.tsx';
import { useOffers, useScenario, useVersion } from './read.ts';
import type { Speaking } from './sentence.ts';
import { useShortcuts } from './shortcuts.ts';
import { useTell } from './words.ts';
import './sheet.ts';

// Opened now and then beside the drawing, and loaded then.
const TrialPanel = lazy(async () => ({ default: (await import('./trial-panel.tsx')).TrialPanel }));
const Versions = lazy(async () => ({ default: (await import('./versions.tsx')).Versions }));
const Publish = lazy(async () => ({ default: (await import('./versions.tsx')).Publish }));

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

/** The version that is looked at stands in the address; absent: the draft. */
function useSeen(): [number | undefined, (version: number | undefined) => void] {
  const [search, setSearch] = useSearchParams();
  const asked = Number(search.get('version') ?? '');
  const see = useCallback(
    (version: number | undefined) =>
      setSearch(version === undefined ? {} : { version: String(version) }, { replace: true }),
    [setSearch],
  );
  return [Number.isInteger(asked) && asked > 0 ? asked : undefined, see];
}

type Tab = 'block' | 'faults' | 'trial' | 'versions';

function Editor({ first }: { first: ScenarioRecord }): React.ReactNode {
  const { tell, language } = useTell();
  const mayWrite = may(useSession(), 'lines', 'write');
  const offers = useOffers(language);
  const draft = useDraft(first, mayWrite);
  const [seen, setSeen] = useSeen();
  const { data: version, error: notThere } = useVersion(first.slug, seen);
  useEffect(() => {
    if (notThere) setSeen(undefined);
  }, [notThere, setSeen]);
  const old = useMemo(
    () => (seen !== undefined && version ? placed(version.graph) : undefined),
    [seen, version],
  );
  const graph = old ?? draft.graph;
  const readOnly = !mayWrite || seen !== undefined;
  const check = useCheck(first.slug, draft.graph, language);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [tab, setTab] = useState<Tab>('block');
  const [lit, setLit] = useState<Lit>();
  const [asking, setAsking] = useState<{ from: string; way: string; at?: Place }>();
  const [isPublishing, setPublishing] = useState(false);
  const [isPanelShown, setPanelShown] = useState(true);
  /** Said to who does not see it appear. */
  const [added, setAdded] = useState('');
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
      scenario: offers.scenarios.find(({ slug, live }) => slug !== first.slug && live !== null)?.slug,
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
    setAdded(tell('palette.added', { kind: tell(`kind.${kind}`) }));
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
  const known = chosen.filter((id) => has(graph, id));
  const one = known.length === 1 ? known[0] : undefined;
  useShortcuts({
    undo: draft.undo,
    redo: draft.redo,
    duplicate: () => duplicate(known),
    chosen: one,
    readOnly,
  });
  const errors = check.faults.filter(({ severity }) => severity === 'error').length;
  if (isNarrow) return <Narrow draft={draft} graph={graph} check={check} speaking={speaking} />;
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
          key={old ? seen : 'draft'}
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
              <Tabs.Tab value="faults">
                {tell('editor.tab.faults')}
                {check.faults.length > 0 && (
                  <span className="sc-count" data-severity={errors > 0 ? 'error' : 'warning'}>
                    {check.faults.length}
                  </span>
                )}
              </Tabs.Tab>
              <Tabs.Tab value="trial">{tell('editor.tab.trial')}</Tabs.Tab>
              <Tabs.Tab value="versions">{tell('editor.tab.versions')}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="block" className="sc-panel-body">
              {one !== undefined ? (
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
                mayCall={mayWrite}
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
      <p className="unseen" role="status">
        {added}
      </p>
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
