// A scenario as it is being drawn, and what one does to it: each act gives a new graph and leaves the old one alone, so that every
// step can be taken back. Which fields a block has and which ways lead out of it is kinds.ts'.

import type { BlockKindName } from '../../core/scenario/blocks.ts';

export interface Place {
  x: number;
  y: number;
}

/** Its own fields stand beside what every block has; the API knows their shapes (`/schemas/scenario.json`). */
export interface Block {
  kind: BlockKindName;
  /** By the name of a way out: the block it leads to. */
  next: Record<string, string>;
  [field: string]: unknown;
}

export interface Graph {
  /** The block a call begins in. */
  start: string;
  blocks: Record<string, Block>;
  /** Where each block is drawn, its upper left corner. */
  places?: Record<string, Place>;
}

/** What the arriving call is to the drawing: it leads to the first block. No block can have this name. */
export const arrival = '@arrival';

export const has = (graph: Graph, id: string): boolean => Object.hasOwn(graph.blocks, id);

/** `menu`, `menu-2`: what nobody is called yet. */
export function freeId(graph: Graph, wanted: string): string {
  const base = idOf(wanted) || 'block';
  if (!has(graph, base)) return base;
  for (let count = 2; ; count += 1) {
    const id = `${base.slice(0, 36)}-${String(count)}`;
    if (!has(graph, id)) return id;
  }
}

/** What people write, as the name of a block: small letters without accents, digits, hyphens. */
export function idOf(written: string): string {
  return written
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-$/, '');
}

export function withBlock(graph: Graph, id: string, block: Block, place: Place): Graph {
  const isFirst = !has(graph, graph.start);
  return {
    ...graph,
    ...(isFirst && { start: id }),
    blocks: { ...graph.blocks, [id]: block },
    places: { ...graph.places, [id]: rounded(place) },
  };
}

/** `undefined` as a field's value: the field is taken away. */
export function withFields(graph: Graph, id: string, fields: Readonly<Record<string, unknown>>): Graph {
  const block = graph.blocks[id];
  if (!block) return graph;
  const changed: Block = { ...block };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) Reflect.deleteProperty(changed, name);
    else changed[name] = value;
  }
  return { ...graph, blocks: { ...graph.blocks, [id]: changed } };
}

/** `from` may be the arriving call. `to` absent: the way leads nowhere again; a call always begins somewhere. */
export function connected(graph: Graph, from: string, way: string, to: string | undefined): Graph {
  if (from === arrival) return to === undefined ? graph : { ...graph, start: to };
  const block = graph.blocks[from];
  if (!block) return graph;
  const next = { ...block.next };
  if (to === undefined) Reflect.deleteProperty(next, way);
  else next[way] = to;
  return { ...graph, blocks: { ...graph.blocks, [from]: { ...block, next } } };
}

/** Whatever led there leads nowhere. Where calls began there, they begin where it led first, or in the first block that is left. */
export function without(graph: Graph, ids: readonly string[]): Graph {
  const gone = new Set(ids);
  const kept = Object.entries(graph.blocks).filter(([id]) => !gone.has(id));
  const blocks = Object.fromEntries(
    kept.map(([id, block]) => {
      const next = Object.entries(block.next).filter(([, to]) => !gone.has(to));
      return [
        id,
        next.length === Object.keys(block.next).length ? block : { ...block, next: Object.fromEntries(next) },
      ];
    }),
  );
  const places = Object.fromEntries(Object.entries(graph.places ?? {}).filter(([id]) => !gone.has(id)));
  const after = Object.values(graph.blocks[graph.start]?.next ?? {}).find((id) => id in blocks);
  const start = gone.has(graph.start) ? (after ?? kept[0]?.[0] ?? graph.start) : graph.start;
  return { ...graph, start, blocks, places };
}

/** Under another name, wherever it is named. The same graph where that name is no name or somebody else's. */
export function renamed(graph: Graph, id: string, wanted: string): Graph {
  if (wanted === id || !has(graph, id) || has(graph, wanted) || !/^[a-z][a-z0-9-]{0,39}$/.test(wanted))
    return graph;
  const as = (one: string): string => (one === id ? wanted : one);
  return {
    ...graph,
    start: as(graph.start),
    blocks: Object.fromEntries(
      Object.entries(graph.blocks).map(([one, block]) => [
        as(one),
        { ...block, next: Object.fromEntries(Object.entries(block.next).map(([way, to]) => [way, as(to)])) },
      ]),
    ),
    ...(graph.places && {
      places: Object.fromEntries(Object.entries(graph.places).map(([one, place]) => [as(one), place])),
    }),
  };
}

/** With the ways among them, beside where they are. `made`: the new ones' names. */
export function duplicated(graph: Graph, ids: readonly string[]): { graph: Graph; made: string[] } {
  const names = new Map<string, string>();
  let next = graph;
  for (const id of ids) {
    const block = graph.blocks[id];
    if (!block) continue;
    const name = freeId(next, id.replace(/-\d+$/, ''));
    names.set(id, name);
    const place = graph.places?.[id] ?? { x: 0, y: 0 };
    next = withBlock(next, name, structuredClone(block), { x: place.x + 40, y: place.y + 40 });
  }
  for (const name of names.values()) {
    const block = next.blocks[name];
    if (!block) continue;
    const ways = Object.entries(block.next).flatMap(([way, to]) => {
      const copy = names.get(to);
      return copy === undefined ? [] : [[way, copy]];
    });
    next = {
      ...next,
      blocks: { ...next.blocks, [name]: { ...block, next: Object.fromEntries(ways) as Block['next'] } },
    };
  }
  return { graph: next, made: [...names.values()] };
}

export function moved(graph: Graph, places: Readonly<Record<string, Place>>): Graph {
  const own = Object.entries(places).filter(([id]) => has(graph, id));
  if (own.length === 0) return graph;
  return {
    ...graph,
    places: { ...graph.places, ...Object.fromEntries(own.map(([id, place]) => [id, rounded(place)])) },
  };
}

/** Who leads here, in the order of the blocks. */
export function waysTo(graph: Graph, id: string): { from: string; way: string }[] {
  return [
    ...(graph.start === id ? [{ from: arrival, way: 'then' }] : []),
    ...Object.entries(graph.blocks).flatMap(([from, block]) =>
      Object.entries(block.next).flatMap(([way, to]) => (to === id ? [{ from, way }] : [])),
    ),
  ];
}

const rounded = ({ x, y }: Place): Place => ({ x: Math.round(x), y: Math.round(y) });
