// A scenario drawn small: blocks as bars in the colour of their group, and the ways between them.

import { useMemo } from 'react';
import { type Graph, has } from './graph.ts';
import { groupOf, waysOf } from './kinds.ts';
import { card, heightOf, placed } from './layout.ts';

export function Preview({ graph, label }: { graph: Graph; label: string }): React.ReactNode {
  const drawn = useMemo(() => {
    const { blocks, places = {}, start } = placed(graph);
    const boxes = Object.entries(blocks).map(([id, block]) => ({
      id,
      group: groupOf(block.kind),
      isFirst: id === start,
      height: heightOf(graph, id),
      ...(places[id] ?? { x: 0, y: 0 }),
    }));
    const byId = new Map(boxes.map((box) => [box.id, box]));
    const ways = Object.entries(blocks).flatMap(([from, block]) =>
      waysOf(block).flatMap(({ name }, place) => {
        const [one, to] = [byId.get(from), block.next[name]];
        const other = to !== undefined && has(graph, to) ? byId.get(to) : undefined;
        if (!one || !other) return [];
        const [x1, y1] = [one.x + card.width, one.y + card.head + card.sentence + card.way * (place + 0.5)];
        const [x2, y2] = [other.x, other.y + card.head / 2];
        const bend = Math.max(60, Math.abs(x2 - x1) / 2);
        return [`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`];
      }),
    );
    const left = Math.min(0, ...boxes.map(({ x }) => x)) - 40;
    const top = Math.min(0, ...boxes.map(({ y }) => y)) - 40;
    const right = Math.max(card.width, ...boxes.map(({ x }) => x + card.width)) + 40;
    const bottom = Math.max(120, ...boxes.map(({ y, height }) => y + height)) + 40;
    return { boxes, ways, view: `${left} ${top} ${right - left} ${bottom - top}` };
  }, [graph]);
  return (
    <svg
      className="sc-preview"
      viewBox={drawn.view}
      role="img"
      aria-label={label}
      preserveAspectRatio="xMidYMid meet"
    >
      {drawn.ways.map((path, place) => (
        <path key={place} d={path} className="sc-preview-way" />
      ))}
      {drawn.boxes.map(({ id, x, y, height, group, isFirst }) => (
        <rect
          key={id}
          x={x}
          y={y}
          width={card.width}
          height={height}
          rx={22}
          data-group={group}
          data-first={isFirst}
          className="sc-preview-block"
        />
      ))}
    </svg>
  );
}
