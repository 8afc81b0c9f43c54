// Blocks by their names: where none or several are chosen, and where there is no room for a drawing.

import { Button } from '@mantine/core';
import { BackLink, Page } from '../parts/page.tsx';
import type { FormActs } from './block-form.tsx';
import type { Check, Draft } from './draft.ts';
import { Faults } from './faults.tsx';
import type { Graph } from './graph.ts';
import { groupOf } from './kinds.ts';
import { KindIcon } from './kind-icon.tsx';
import { sentenceOf, type Speaking } from './sentence.ts';
import { useTell } from './words.ts';

export function Many({
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
export function Nothing({
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
          <p className="soft by-keys">{tell('editor.keys')}</p>
          <p className="soft by-touch">{tell('editor.touch')}</p>
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
export function Narrow({
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
