// Where blocks stand when nobody has placed them: from left to right as a call goes, and few lines that cross. How large a card is
// drawn is decided here too, so that nothing has to be measured first.

import dagre from '@dagrejs/dagre';
import { arrival, type Graph, has, type Place } from './graph.ts';
import { waysOf } from './kinds.ts';

/** Of a card, as the style sheet draws it. */
export const card = { width: 264, head: 44, sentence: 52, way: 30, foot: 8 } as const;
export const arrivalSize = { width: 168, height: 44 } as const;

export function heightOf(graph: Graph, id: string): number {
  const block = graph.blocks[id];
  const ways = block ? waysOf(block).length : 0;
  return card.head + card.sentence + ways * card.way + (ways > 0 ? card.foot : 0);
}

/** All of it anew. */
export function laidOut(graph: Graph): Record<string, Place> {
  const drawn = new dagre.graphlib.Graph({ multigraph: true });
  drawn.setGraph({ rankdir: 'LR', nodesep: 36, ranksep: 84, marginx: 0, marginy: 0 });
  drawn.setDefaultEdgeLabel(() => ({}));
  // In the order in which a call comes to them: a way back is then drawn back, and not the way there.
  for (const id of inOrder(graph)) drawn.setNode(id, { width: card.width, height: heightOf(graph, id) });
  for (const [from, block] of Object.entries(graph.blocks))
    for (const { name } of waysOf(block)) {
      const to = block.next[name];
      if (to !== undefined && has(graph, to) && to !== from) drawn.setEdge(from, to, {}, name);
    }
  dagre.layout(drawn);
  return Object.fromEntries(
    Object.keys(graph.blocks).map((id) => {
      const { x = 0, y = 0, height = 0 } = drawn.node(id) as { x?: number; y?: number; height?: number };
      return [id, { x: Math.round(x - card.width / 2), y: Math.round(y - height / 2) }];
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
export function firstView(graph: Graph, width: number, height: number): { x: number; y: number; zoom: number } {
  const from = arrivalPlace(graph);
  const boxes = Object.entries(graph.places ?? {}).filter(([id]) => has(graph, id));
  const left = Math.min(from.x, ...boxes.map(([, { x }]) => x));
  const top = Math.min(from.y, ...boxes.map(([, { y }]) => y));
  const right = Math.max(from.x + arrivalSize.width, ...boxes.map(([, { x }]) => x + card.width));
  const bottom = Math.max(from.y + arrivalSize.height, ...boxes.map(([id, { y }]) => y + heightOf(graph, id)));
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
  const x = from ? from.x + card.width + 84 : Math.max(0, ...all.map(([, place]) => place.x));
  let y = from?.y ?? 0;
  for (let tries = 0; tries < all.length + 1; tries += 1) {
    const inTheWay = all.find(
      ([id, place]) =>
        Math.abs(place.x - x) < card.width + 20 && place.y < y + 200 && place.y + heightOf(graph, id) + 24 > y,
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
