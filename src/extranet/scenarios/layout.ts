// Where blocks stand when nobody has placed them: from left to right as a call goes, and few lines that cross. How large a card is
// drawn is decided here too, so that nothing has to be measured first.

import dagre from '@dagrejs/dagre';
import { arrival, type Block, connected, type Graph, has, type Place, withBlock } from './graph.ts';
import { waysOf } from './kinds.ts';

/** What is used of it; its own declarations are not read by every way modules are resolved. */
interface Layered {
  setGraph(label: { rankdir: 'LR'; nodesep: number; ranksep: number }): unknown;
  setDefaultEdgeLabel(label: () => object): unknown;
  setNode(id: string, size: { width: number; height: number }): unknown;
  setEdge(from: string, to: string, label: object, name: string): unknown;
  node(id: string): { x?: number; y?: number };
}
const { graphlib, layout } = dagre as unknown as {
  graphlib: { Graph: new (options: { multigraph: boolean }) => Layered };
  layout: (drawn: Layered) => void;
};

/** Of a card, as the style sheet draws it. */
export const card = { width: 264, head: 44, sentence: 52, way: 30, foot: 8 } as const;
export const arrivalSize = { width: 168, height: 44 } as const;

export function heightOf(graph: Graph, id: string): number {
  const block = graph.blocks[id];
  const ways = block ? waysOf(block).length : 0;
  return card.head + card.sentence + ways * card.way + (ways > 0 ? card.foot : 0);
}

const between = { columns: 84, rows: 36, turns: 120 } as const;

/** All of it anew. */
export function laidOut(graph: Graph): Record<string, Place> {
  const drawn = new graphlib.Graph({ multigraph: true });
  drawn.setGraph({ rankdir: 'LR', nodesep: between.rows, ranksep: between.columns });
  drawn.setDefaultEdgeLabel(() => ({}));
  // In the order in which a call comes to them: a way back is then drawn back, and not the way there.
  for (const id of inOrder(graph)) drawn.setNode(id, { width: card.width, height: heightOf(graph, id) });
  for (const { from, way, to } of waysIn(graph)) if (to !== from) drawn.setEdge(from, to, {}, way);
  layout(drawn);
  const middle = new Map(
    Object.keys(graph.blocks).map((id) => {
      const { x = 0, y = 0 } = drawn.node(id);
      return [id, { x: Math.round(x - card.width / 2), y }];
    }),
  );
  return asRead(graph, middle);
}

/**
 * The columns stay; in each the blocks stand in the order of the ways that lead to them, as one reads them on the cards before: key 1
 * above key 2. Whom no way from the left leads to keeps his height.
 */
function asRead(graph: Graph, middle: ReadonlyMap<string, Place>): Record<string, Place> {
  const columns = new Map<number, string[]>();
  for (const [id, { x }] of middle) columns.set(x, [...(columns.get(x) ?? []), id]);
  const places: Record<string, Place> = {};
  const ways = waysIn(graph);
  for (const x of [...columns.keys()].sort((one, other) => one - other)) {
    const column = (columns.get(x) ?? []).map((id) => {
      const height = heightOf(graph, id);
      const froms = ways.flatMap(({ from, to, place }) => {
        const at = to === id ? places[from] : undefined;
        if (!at || at.x >= x) return [];
        // Of three that a block leads to the second stands beside it.
        const lead = ways.filter((one) => one.from === from && (middle.get(one.to)?.x ?? x) > at.x);
        const turn = lead.findIndex((one) => one.place === place);
        return [at.y + (turn - (lead.length - 1) / 2) * between.turns];
      });
      const top =
        froms.length === 0
          ? (middle.get(id)?.y ?? 0) - height / 2
          : froms.reduce((sum, y) => sum + y, 0) / froms.length;
      return { id, height, top };
    });
    column.sort((one, other) => one.top - other.top);
    let below = Number.NEGATIVE_INFINITY;
    const tops = column.map(({ top, height }) => {
      const y = Math.max(top, below);
      below = y + height + between.rows;
      return y;
    });
    // Pushed down only: as a whole they come back up by as much on the average.
    const pushed =
      column.reduce((sum, { top }, place) => sum + (tops[place] ?? top) - top, 0) / column.length;
    column.forEach(({ id, top }, place) => {
      places[id] = { x, y: Math.round((tops[place] ?? top) - pushed) };
    });
  }
  return places;
}

/** Every way that leads somewhere; `place`: which line of its card it is. */
function waysIn(graph: Graph): { from: string; way: string; to: string; place: number }[] {
  return Object.entries(graph.blocks).flatMap(([from, block]) =>
    waysOf(block).flatMap(({ name }, place) => {
      const to = block.next[name];
      return to !== undefined && has(graph, to) ? [{ from, way: name, to, place }] : [];
    }),
  );
}

/** With a place for every block: where none has one all are laid out; one that lacks its own stands below the others. */
export function placed(graph: Graph): Graph {
  const ids = Object.keys(graph.blocks);
  const known = ids.filter((id) => graph.places?.[id]);
  if (known.length === ids.length) return graph;
  if (known.length === 0) return { ...graph, places: laidOut(graph) };
  const places: Record<string, Place> = { ...graph.places };
  const left = Math.min(...known.map((id) => places[id]?.x ?? 0));
  let below = Math.max(...known.map((id) => (places[id]?.y ?? 0) + heightOf(graph, id)));
  for (const id of ids) {
    if (places[id]) continue;
    places[id] = { x: left, y: below + 40 };
    below += 40 + heightOf(graph, id);
  }
  return { ...graph, places };
}

/** Left of the block it leads to. */
export function arrivalPlace(graph: Graph): Place {
  const first = graph.places?.[graph.start];
  return first ? { x: first.x - arrivalSize.width - 64, y: first.y } : { x: 0, y: 0 };
}

/** Cards smaller than this are not read. */
const readableZoom = 0.62;

/** What is looked at first: all of it where it can be read like that, else where the call arrives. */
export function firstView(
  graph: Graph,
  width: number,
  height: number,
): { x: number; y: number; zoom: number } {
  const from = arrivalPlace(graph);
  const boxes = Object.entries(graph.places ?? {}).filter(([id]) => has(graph, id));
  const left = Math.min(from.x, ...boxes.map(([, { x }]) => x));
  const top = Math.min(from.y, ...boxes.map(([, { y }]) => y));
  const right = Math.max(from.x + arrivalSize.width, ...boxes.map(([, { x }]) => x + card.width));
  const bottom = Math.max(
    from.y + arrivalSize.height,
    ...boxes.map(([id, { y }]) => y + heightOf(graph, id)),
  );
  const zoom = Math.min(1, (width - 64) / (right - left), (height - 64) / (bottom - top));
  if (zoom >= readableZoom)
    return {
      x: (width - (right - left) * zoom) / 2 - left * zoom,
      y: (height - (bottom - top) * zoom) / 2 - top * zoom,
      zoom,
    };
  const near = 0.72;
  return { x: 32 - from.x * near, y: height * 0.42 - from.y * near, zoom: near };
}

/** Right of a block, below whatever stands there. */
export function placeBeside(graph: Graph, beside: string | undefined): Place {
  const from = beside === undefined || beside === arrival ? undefined : graph.places?.[beside];
  const all = Object.entries(graph.places ?? {}).filter(([id]) => has(graph, id));
  const x = from ? from.x + card.width + between.columns : Math.max(0, ...all.map(([, place]) => place.x));
  let y = from?.y ?? 0;
  for (let tries = 0; tries < all.length + 1; tries += 1) {
    const inTheWay = all.find(
      ([id, place]) =>
        Math.abs(place.x - x) < card.width + 20 &&
        place.y < y + 200 &&
        place.y + heightOf(graph, id) + 24 > y,
    );
    if (!inTheWay) break;
    y = inTheWay[1].y + heightOf(graph, inTheWay[0]) + 36;
  }
  return { x, y };
}

function inOrder(graph: Graph): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (start: string): void => {
    const ahead = [start];
    for (let id = ahead.shift(); id !== undefined; id = ahead.shift()) {
      const block = graph.blocks[id];
      if (!block || seen.has(id)) continue;
      seen.add(id);
      order.push(id);
      ahead.push(...waysOf(block).flatMap(({ name }) => block.next[name] ?? []));
    }
  };
  visit(graph.start);
  for (const id of Object.keys(graph.blocks)) visit(id);
  return order;
}

/** Behind a way out, or free. Before a graph that only hangs up it is what comes first. */
export function withNew(
  graph: Graph,
  id: string,
  block: Block,
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
