// Where blocks stand when nobody has placed them: from left to right as a call goes, and few lines that cross. How large a card is
// drawn is decided here too, so that nothing has to be measured first.

import { arrival, type Block, connected, type Graph, has, type Place, withBlock } from './graph.ts';
import { waysOf } from './kinds.ts';

/** Of a card, as the style sheet draws it. */
export const card = { width: 264, head: 44, sentence: 52, way: 30, foot: 8 } as const;
export const arrivalSize = { width: 168, height: 44 } as const;

export function heightOf(graph: Graph, id: string): number {
  const block = graph.blocks[id];
  const ways = block ? waysOf(block).length : 0;
  return card.head + card.sentence + ways * card.way + (ways > 0 ? card.foot : 0);
}

const between = { columns: 84, rows: 36, turns: 120, groups: 96 } as const;

/**
 * All of it anew: what a call can come to, and below it, each by itself, what nothing leads to yet. A block stands one column behind
 * the last of those that lead to it; in a column blocks stand in the order of the ways that lead to them, as one reads them on the
 * cards before: key 1 above key 2.
 */
export function laidOut(graph: Graph): Record<string, Place> {
  const ways = waysIn(graph);
  const led = new Set(ways.flatMap(({ from, to }) => (from === to ? [] : [to])));
  const ids = Object.keys(graph.blocks);
  const places: Record<string, Place> = {};
  const seen = new Set<string>();
  // What leads to others and is led to by none goes before what waits for it.
  for (const first of [graph.start, ...ids.filter((id) => !led.has(id)), ...ids]) {
    const columns = columnsFrom(graph, first, seen);
    if (columns.size === 0) continue;
    const group = asRead(graph, columns, ways);
    const lowest = Object.entries(places).map(([id, { y }]) => y + heightOf(graph, id));
    const down =
      lowest.length === 0
        ? 0
        : Math.max(...lowest) + between.groups - Math.min(...Object.values(group).map(({ y }) => y));
    for (const [id, { x, y }] of Object.entries(group)) places[id] = { x, y: y + down };
  }
  return places;
}

/**
 * In which column each block stands that `first` leads to and that is not in `seen`, which it is from now on. A way that leads back to
 * where the call came from is drawn back, and pushes nothing on.
 */
function columnsFrom(graph: Graph, first: string, seen: Set<string>): ReadonlyMap<string, number> {
  const next = (id: string): string[] => {
    const block = graph.blocks[id];
    return block ? waysOf(block).flatMap(({ name }) => block.next[name] ?? []) : [];
  };
  const onTheWay = new Set<string>();
  const onward: { from: string; to: string }[] = [];
  /** Each after everything that it leads on to. */
  const done: string[] = [];
  const open: { id: string; left: string[] }[] = [];
  const enter = (id: string): void => {
    seen.add(id);
    onTheWay.add(id);
    open.push({ id, left: next(id) });
  };
  if (has(graph, first) && !seen.has(first)) enter(first);
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const to = here.left.shift();
    if (to === undefined) {
      open.pop();
      onTheWay.delete(here.id);
      done.push(here.id);
      continue;
    }
    if (!has(graph, to) || onTheWay.has(to)) continue;
    onward.push({ from: here.id, to });
    if (!seen.has(to)) enter(to);
  }
  const columns = new Map(done.map((id) => [id, 0]));
  for (const id of done.reverse()) {
    for (const { from, to } of onward) {
      const behind = (columns.get(id) ?? 0) + 1;
      if (from === id && behind > (columns.get(to) ?? behind)) columns.set(to, behind);
    }
  }
  return columns;
}

/** Column by column; a block that is led to from the left stands level with the middle of those ways. */
function asRead(
  graph: Graph,
  columns: ReadonlyMap<string, number>,
  ways: readonly Way[],
): Record<string, Place> {
  const places: Record<string, Place> = {};
  const last = Math.max(...columns.values());
  for (let column = 0; column <= last; column += 1) {
    const standing = [...columns].flatMap(([id, its]) => {
      if (its !== column) return [];
      const froms = ways.flatMap(({ from, to, place }) => {
        const at = to === id ? places[from] : undefined;
        if (!at) return [];
        // Of three that a block leads to the second stands beside it.
        const lead = ways.filter(
          (one) => one.from === from && (columns.get(one.to) ?? -1) > (columns.get(from) ?? 0),
        );
        const turn = lead.findIndex((one) => one.place === place);
        return [at.y + (turn - (lead.length - 1) / 2) * between.turns];
      });
      const top = froms.length === 0 ? 0 : froms.reduce((sum, y) => sum + y, 0) / froms.length;
      return [{ id, height: heightOf(graph, id), top }];
    });
    standing.sort((one, other) => one.top - other.top);
    let below = Number.NEGATIVE_INFINITY;
    const tops = standing.map(({ top, height }) => {
      const y = Math.max(top, below);
      below = y + height + between.rows;
      return y;
    });
    // Pushed down only: as a whole they come back up by as much on the average.
    const pushed =
      standing.reduce((sum, { top }, place) => sum + (tops[place] ?? top) - top, 0) / standing.length;
    standing.forEach(({ id, top }, place) => {
      places[id] = {
        x: column * (card.width + between.columns),
        y: Math.round((tops[place] ?? top) - pushed),
      };
    });
  }
  return places;
}

interface Way {
  from: string;
  way: string;
  to: string;
  /** Which line of its card it is. */
  place: number;
}

/** Every way that leads somewhere. */
function waysIn(graph: Graph): Way[] {
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
