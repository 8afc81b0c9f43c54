// A block in the drawing: what it does in one sentence, and a way out for each thing that can come of it.

import { memo } from 'react';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import type { BlockKindName } from '../../core/scenario/blocks.ts';
import { groupOf } from './kinds.ts';
import { KindIcon } from './kind-icon.tsx';

export interface WayShown {
  name: string;
  label: string;
  /** What happens where nothing is connected; absent: something is. */
  unset?: string;
  /** It does not go live unconnected. */
  isMissing?: boolean;
  isLit?: boolean;
}

/** Like this, so that a card is drawn anew only when something on it is another. */
export type CardData = {
  kind: BlockKindName;
  title: string;
  id: string;
  sentence: string;
  ways: readonly WayShown[];
  /** What is to be mended here, said for who listens; absent: nothing. */
  wrong?: string;
  severity?: 'error' | 'warning';
  /** In a trial: passed, or where the call stands. */
  lit?: 'passed' | 'here';
};
export type CardNode = Node<CardData, 'block'>;

export const BlockCard = memo(function BlockCard({
  data,
  isConnectable,
}: NodeProps<CardNode>): React.ReactNode {
  const { kind, title, id, sentence, ways, wrong, severity, lit } = data;
  return (
    <div className="sc-block" data-group={groupOf(kind)} data-severity={severity} data-lit={lit}>
      <Handle type="target" position={Position.Left} className="sc-block-in" isConnectable={isConnectable} />
      <div className="sc-block-head">
        <span className="sc-block-icon">
          <KindIcon kind={kind} />
        </span>
        <span className="sc-block-title">
          <strong>{title}</strong>
          <span className="sc-block-id">{id}</span>
        </span>
        {wrong !== undefined && (
          <span className="sc-block-wrong" role="img" aria-label={wrong} title={wrong}>
            !
          </span>
        )}
      </div>
      <p className="sc-block-sentence">{sentence}</p>
      {ways.length > 0 && (
        <ul className="sc-block-ways">
          {ways.map(({ name, label, unset, isMissing = false, isLit = false }) => (
            <li key={name} data-missing={isMissing} data-lit={isLit}>
              <span className="sc-way-label">{label}</span>
              {unset !== undefined && <span className="sc-way-unset">{unset}</span>}
              <Handle
                type="source"
                id={name}
                position={Position.Right}
                className="sc-block-out"
                isConnectable={isConnectable}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
});

export type ArrivalNode = Node<{ label: string; isLit: boolean }, 'arrival'>;

export const Arrival = memo(function Arrival({
  data,
  isConnectable,
}: NodeProps<ArrivalNode>): React.ReactNode {
  return (
    <div className="sc-arrival" data-lit={data.isLit}>
      <KindIcon kind="ring" />
      <strong>{data.label}</strong>
      <Handle
        type="source"
        id="then"
        position={Position.Right}
        className="sc-block-out"
        isConnectable={isConnectable}
      />
    </div>
  );
});
