// The drawing: the graph as cards and lines, and what a hand or a keyboard does to it. The graph is the only truth; what the library
// that draws keeps of its own is where a card is while it is pulled, and what is chosen.

import { useCallback, useEffect, useMemo, useRef } from 'react';
import {
  Background,
  BackgroundVariant,
  type Connection,
  type Edge,
  type EdgeChange,
  type FinalConnectionState,
  MarkerType,
  MiniMap,
  type NodeChange,
  type OnBeforeDelete,
  ReactFlow,
  useEdgesState,
  useNodesState,
  useReactFlow,
  useStoreApi,
} from '@xyflow/react';
import type { BlockKindName } from '../../core/scenario/blocks.ts';
import type { Check } from './draft.ts';
import { arrival, type Graph, has, type Place } from './graph.ts';
import { Arrival, type ArrivalNode, BlockCard, type CardNode } from './block-card.tsx';
import { groupOf, waysOf } from './kinds.ts';
import { arrivalPlace, arrivalSize, card, firstView, heightOf } from './layout.ts';
import { plainly, sentenceOf, type Speaking, unsetName, wayName } from './sentence.ts';

type DrawnNode = CardNode | ArrivalNode;

const noEdges: Edge[] = [];
const nodeTypes = { block: BlockCard, arrival: Arrival };
export const paletteType = 'application/x-ringmeter-block';

export interface Lit {
  blocks: ReadonlySet<string>;
  ways: ReadonlySet<string>;
  at?: string;
}

export interface CanvasActs {
  connect: (from: string, way: string, to: string) => void;
  cut: (from: string, way: string) => void;
  move: (places: Record<string, Place>) => void;
  remove: (blocks: string[], ways: { from: string; way: string }[]) => void;
  /** Taken into what is chosen, or out of it. */
  choose: (picks: ReadonlyMap<string, boolean>) => void;
  /** A block of the palette was let go over the drawing. */
  drop: (kind: BlockKindName, at: Place) => void;
  /** A way out was let go over nothing. */
  ask: (from: string, way: string, at: Place) => void;
}

const wayId = (from: string, way: string): string => `${from} ${way}`;

export function Canvas({
  graph,
  chosen,
  check,
  lit,
  mayWrite,
  speaking,
  acts,
}: {
  graph: Graph;
  chosen: readonly string[];
  check: Check | undefined;
  lit: Lit | undefined;
  mayWrite: boolean;
  speaking: Speaking;
  acts: CanvasActs;
}): React.ReactNode {
  const { tell } = speaking;
  const flow = useReactFlow<DrawnNode>();
  const [nodes, setNodes, onNodesChange] = useNodesState<DrawnNode>([]);
  const [edges, setEdges, onEdgesChange] = useEdgesState(noEdges);

  const drawn = useMemo(() => nodesOf(graph, check, lit, speaking), [graph, check, lit, speaking]);
  useEffect(() => {
    setNodes((before) => {
      const known = new Map(before.map((node) => [node.id, node]));
      return drawn.map((node) => {
        const old = known.get(node.id);
        // What is in somebody's hand stays there, whatever comes in meanwhile.
        const held = old?.dragging ? { position: old.position, dragging: true } : {};
        const size = old?.measured ? { measured: old.measured } : {};
        return { ...node, selected: chosen.includes(node.id), ...size, ...held };
      });
    });
  }, [drawn, chosen, setNodes]);
  const lines = useMemo(() => edgesOf(graph, lit, speaking), [graph, lit, speaking]);
  useEffect(() => {
    setEdges((before) => {
      const picked = new Set(before.filter(({ selected }) => selected).map(({ id }) => id));
      return lines.map((line) => {
        // Of a card in hand one sees where it leads, and from where one comes to it.
        const isNear = chosen.includes(line.source) || chosen.includes(line.target);
        const className = isNear ? `${line.className ?? ''} sc-line-near` : line.className;
        return { ...line, ...(className !== undefined && { className }), selected: picked.has(line.id) };
      });
    });
  }, [lines, chosen, setEdges]);

  const changeNodes = useCallback(
    (changes: NodeChange<DrawnNode>[]) => {
      onNodesChange(changes);
      const places = changes.flatMap((change): [string, Place][] =>
        change.type === 'position' && change.dragging === false && change.position
          ? [[change.id, change.position]]
          : [],
      );
      if (places.length > 0) acts.move(Object.fromEntries(places));
      const picks = changes.flatMap((change) =>
        change.type === 'select' ? [[change.id, change.selected] as const] : [],
      );
      if (picks.length > 0) acts.choose(new Map(picks));
    },
    [onNodesChange, acts],
  );
  const changeEdges = useCallback((changes: EdgeChange[]) => onEdgesChange(changes), [onEdgesChange]);

  /** Nothing is taken out of the drawing but what is taken out of the graph. */
  const beforeDelete = useCallback<OnBeforeDelete<DrawnNode>>(
    ({ nodes: gone, edges: cut }) => {
      const blocks = gone.filter(({ type }) => type === 'block').map(({ id }) => id);
      const ways = cut
        .filter(({ source, selected }) => selected === true && source !== arrival)
        .map(({ source, sourceHandle }) => ({ from: source, way: sourceHandle ?? 'then' }));
      if (mayWrite && blocks.length + ways.length > 0) acts.remove(blocks, ways);
      return Promise.resolve(false);
    },
    [acts, mayWrite],
  );

  const connectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      if (state.isValid || state.fromHandle?.type !== 'source' || !state.fromNode) return;
      const from = state.fromNode.id;
      const way = state.fromHandle.id ?? 'then';
      const over = state.toNode?.id;
      // Let go over a card is meant for it, wherever on it.
      if (over !== undefined && over !== arrival) {
        acts.connect(from, way, over);
        return;
      }
      const point = 'changedTouches' in event ? event.changedTouches[0] : event;
      if (point) acts.ask(from, way, flow.screenToFlowPosition({ x: point.clientX, y: point.clientY }));
    },
    [acts, flow],
  );

  // By finger nothing is pulled far: a way out is tapped, then the block it leads to, or an empty place for a new one.
  const store = useStoreApi();
  const tapped = useRef<{ from: string; way: string }>(undefined);
  const takeTapped = useCallback(() => {
    const way = tapped.current;
    tapped.current = undefined;
    store.setState({ connectionClickStartHandle: null });
    return way;
  }, [store]);

  const count = Object.keys(graph.blocks).length;
  const frame = useRef<HTMLDivElement>(null);
  return (
    <div
      className="sc-canvas"
      ref={frame}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(paletteType)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }}
      onDrop={(event) => {
        const kind = event.dataTransfer.getData(paletteType);
        if (kind === '') return;
        event.preventDefault();
        const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
        acts.drop(kind as BlockKindName, { x: at.x - card.width / 2, y: at.y - card.head / 2 });
      }}
    >
      <ReactFlow<DrawnNode>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        onNodesChange={changeNodes}
        onEdgesChange={changeEdges}
        onConnect={({ source, sourceHandle, target }: Connection) =>
          acts.connect(source, sourceHandle ?? 'then', target)
        }
        onConnectEnd={connectEnd}
        onReconnect={(old, { source, sourceHandle, target }) => {
          if (old.source !== source || old.sourceHandle !== sourceHandle)
            acts.cut(old.source, old.sourceHandle ?? 'then');
          acts.connect(source, sourceHandle ?? 'then', target);
        }}
        isValidConnection={({ target }) => target !== arrival}
        onBeforeDelete={beforeDelete}
        deleteKeyCode={mayWrite ? ['Delete', 'Backspace'] : null}
        nodesDraggable={mayWrite}
        nodesConnectable={mayWrite}
        edgesReconnectable={mayWrite}
        elementsSelectable
        connectOnClick={mayWrite}
        onClickConnectStart={(_, { nodeId, handleId, handleType }) => {
          tapped.current =
            handleType === 'source' && nodeId !== null
              ? { from: nodeId, way: handleId ?? 'then' }
              : undefined;
        }}
        onClickConnectEnd={(event) => {
          const way = takeTapped();
          const isNowhere = event.target instanceof Element && event.target.matches('.react-flow__pane');
          if (!way || !isNowhere || !('clientX' in event)) return;
          acts.ask(way.from, way.way, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }));
        }}
        onNodeClick={(event, { id, type }) => {
          // The tap on a way out is one on its card too.
          if (event.target instanceof Element && event.target.closest('.react-flow__handle')) return;
          const way = takeTapped();
          if (way && type === 'block') acts.connect(way.from, way.way, id);
        }}
        connectionRadius={32}
        minZoom={0.1}
        maxZoom={1.6}
        onInit={() => {
          const { clientWidth = 0, clientHeight = 0 } = frame.current ?? {};
          void flow.setViewport(firstView(graph, clientWidth, clientHeight));
        }}
        onlyRenderVisibleElements={count > 60}
        panOnScroll
        zoomOnDoubleClick={false}
        aria-label={tell('editor.canvas')}
        ariaLabelConfig={{
          'node.a11yDescription.default': tell('editor.keys'),
          'node.a11yDescription.keyboardDisabled': tell('editor.keys'),
          'edge.a11yDescription.default': tell('editor.keys'),
          'minimap.ariaLabel': tell('editor.view'),
        }}
        defaultEdgeOptions={{ type: 'default', interactionWidth: 24 }}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.6} />
        {count > 6 && (
          <MiniMap<DrawnNode> pannable zoomable className="sc-minimap" nodeClassName={miniClass} />
        )}
      </ReactFlow>
    </div>
  );
}

const miniClass = (node: DrawnNode): string =>
  node.type === 'block' ? `sc-mini sc-mini-${groupOf(node.data.kind)}` : 'sc-mini';

function nodesOf(
  graph: Graph,
  check: Check | undefined,
  lit: Lit | undefined,
  speaking: Speaking,
): DrawnNode[] {
  const { tell } = speaking;
  const blocks = Object.entries(graph.blocks).map(([id, block]): CardNode => {
    const title = tell(`kind.${block.kind}`);
    const sentence = sentenceOf(block, speaking);
    const faults = check?.byBlock.get(id) ?? [];
    const isError = faults.some(({ severity }) => severity === 'error');
    const ways = waysOf(block).map((way) => {
      const to = block.next[way.name];
      const isSet = to !== undefined && has(graph, to);
      return {
        name: way.name,
        label: wayName(block.kind, way.name, tell),
        ...(!isSet && { unset: unsetName(block.kind, way, tell), isMissing: way.needed === true }),
        isLit: lit?.ways.has(wayId(id, way.name)) ?? false,
      };
    });
    const wrong = faults.map((fault) => plainly(graph, fault, tell)).join(' ');
    return {
      id,
      type: 'block',
      position: graph.places?.[id] ?? { x: 0, y: 0 },
      width: card.width,
      height: heightOf(graph, id),
      ariaLabel: [title, id, sentence, wrong].filter((text) => text !== '').join('. '),
      data: {
        kind: block.kind,
        title,
        id,
        sentence,
        ways,
        ...(faults.length > 0 && { wrong, severity: isError ? 'error' : 'warning' }),
        ...(lit?.blocks.has(id) && { lit: lit.at === id ? 'here' : 'passed' }),
      },
    };
  });
  return [
    {
      id: arrival,
      type: 'arrival',
      position: arrivalPlace(graph),
      ...arrivalSize,
      draggable: false,
      deletable: false,
      ariaLabel: `${tell('editor.arrival')}. ${tell('editor.arrivalWhat')}`,
      data: { label: tell('editor.arrival'), isLit: lit !== undefined },
    },
    ...blocks,
  ];
}

function edgesOf(graph: Graph, lit: Lit | undefined, { tell }: Speaking): Edge[] {
  const line = (from: string, way: string, to: string, label: string, isLit: boolean): Edge => ({
    id: wayId(from, way),
    source: from,
    sourceHandle: way,
    target: to,
    ariaLabel: `${from === arrival ? tell('editor.arrival') : from}, ${label}: ${to}`,
    className: isLit ? 'sc-line sc-line-lit' : 'sc-line',
    zIndex: isLit ? 2 : 0,
    // Its size is counted in widths of the line.
    markerEnd: isLit
      ? { type: MarkerType.ArrowClosed, width: 9, height: 9, color: 'var(--lit)' }
      : { type: MarkerType.ArrowClosed, width: 13, height: 13, color: 'var(--soft)' },
    deletable: from !== arrival,
  });
  return [
    ...(has(graph, graph.start)
      ? [line(arrival, 'then', graph.start, tell('editor.first'), lit !== undefined)]
      : []),
    ...Object.entries(graph.blocks).flatMap(([from, block]) =>
      waysOf(block).flatMap(({ name }) => {
        const to = block.next[name];
        if (to === undefined || !has(graph, to)) return [];
        return [
          line(from, name, to, wayName(block.kind, name, tell), lit?.ways.has(wayId(from, name)) ?? false),
        ];
      }),
    ),
  ];
}
