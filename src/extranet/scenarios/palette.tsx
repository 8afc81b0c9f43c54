// The blocks there are, by what one wants: pulled into the drawing, or added behind what is chosen.

import { useState } from 'react';
import { TextInput } from '@mantine/core';
import type { BlockKindName } from '../../core/scenario/blocks.ts';
import { Dialog } from '../parts/dialog.tsx';
import { paletteType } from './canvas.tsx';
import { groupNames, groups } from './kinds.ts';
import { KindIcon } from './kind-icon.tsx';
import { useTell } from './words.ts';

export function Palette({ onAdd }: { onAdd: (kind: BlockKindName) => void }): React.ReactNode {
  const { tell } = useTell();
  return (
    <aside className="palette" aria-label={tell('palette.title')}>
      <p className="soft palette-what">{tell('palette.what')}</p>
      {groupNames.map((group) => (
        <div key={group} className="palette-group" data-group={group}>
          <h2>{tell(`group.${group}`)}</h2>
          <ul>
            {groups[group].map((kind) => (
              <li key={kind}>
                <button
                  type="button"
                  draggable
                  title={tell(`kind.${kind}.what`)}
                  aria-label={tell('palette.add', { kind: tell(`kind.${kind}`) })}
                  onClick={() => onAdd(kind)}
                  onDragStart={(event) => {
                    event.dataTransfer.setData(paletteType, kind);
                    event.dataTransfer.effectAllowed = 'copy';
                  }}
                >
                  <span className="sc-block-icon">
                    <KindIcon kind={kind} size={16} />
                  </span>
                  <span className="palette-name">{tell(`kind.${kind}`)}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </aside>
  );
}

/** Which block comes next: asked where a way out was let go over nothing. */
export function ChooseKind({
  onChoose,
  onClose,
}: {
  onChoose: (kind: BlockKindName) => void;
  onClose: () => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [wanted, setWanted] = useState('');
  const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const shown = groupNames
    .map((group) => ({
      group,
      kinds: groups[group].filter((kind) =>
        plain(`${tell(`kind.${kind}`)} ${tell(`kind.${kind}.what`)}`).includes(plain(wanted.trim())),
      ),
    }))
    .filter(({ kinds }) => kinds.length > 0);
  return (
    <Dialog title={tell('palette.which')} onClose={onClose} wide>
      <form
        className="sc-choose-kind"
        onSubmit={(event) => {
          event.preventDefault();
          const first = shown[0]?.kinds[0];
          if (first) onChoose(first);
        }}
      >
        <TextInput
          data-autofocus
          size="sm"
          label={tell('palette.search')}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        {shown.length === 0 && <p className="soft">{tell('palette.none')}</p>}
        {shown.map(({ group, kinds }) => (
          <div key={group} data-group={group}>
            <h3>{tell(`group.${group}`)}</h3>
            <ul className="sc-kind-list">
              {kinds.map((kind) => (
                <li key={kind}>
                  <button type="button" onClick={() => onChoose(kind)}>
                    <span className="sc-block-icon">
                      <KindIcon kind={kind} size={18} />
                    </span>
                    <span>
                      <strong>{tell(`kind.${kind}`)}</strong>
                      <span className="soft">{tell(`kind.${kind}.what`)}</span>
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </form>
    </Dialog>
  );
}
