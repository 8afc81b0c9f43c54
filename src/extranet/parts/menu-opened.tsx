// The list of a button that opens one, from the first time on. It takes the button over as it stood, the hand still on it.

import { cloneElement, useEffect, useRef, useState } from 'react';
import { Menu } from '@mantine/core';

/** One thing to do, a heading over some, or a line between them. */
export type MenuEntry =
  | {
      label: React.ReactNode;
      act: () => void;
      before?: React.ReactNode;
      after?: React.ReactNode;
      color?: 'vermilion';
      lang?: string;
      /** The list stays open: the same is pressed again. */
      stays?: boolean;
    }
  | { title: string }
  | 'line';

export interface MenuProps {
  /** The button, which does nothing by itself. */
  button: React.ReactElement<React.ComponentProps<'button'>>;
  entries: readonly MenuEntry[];
  position?: 'bottom-start' | 'bottom-end' | 'top-end';
  width?: number;
}

export function OpenedMenu({
  button,
  entries,
  position = 'bottom-end',
  width = 250,
}: MenuProps): React.ReactNode {
  const [isOpen, setOpen] = useState(false);
  const target = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Where the keyboard is when the list closes again.
    target.current?.focus({ preventScroll: true });
    setOpen(true);
  }, []);
  return (
    <Menu opened={isOpen} onChange={setOpen} position={position} width={width} shadow="md" radius="md">
      <Menu.Target>{cloneElement(button, { ref: target })}</Menu.Target>
      <Menu.Dropdown>
        {entries.map((entry, place) => (
          <Entry key={place} entry={entry} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Entry({ entry }: { entry: MenuEntry }): React.ReactNode {
  if (entry === 'line') return <Menu.Divider />;
  if ('title' in entry) return <Menu.Label>{entry.title}</Menu.Label>;
  const { label, act, before, after, color, lang, stays = false } = entry;
  return (
    <Menu.Item
      onClick={act}
      closeMenuOnClick={!stays}
      leftSection={before}
      rightSection={after}
      {...(color && { color })}
      {...(lang !== undefined && { lang })}
    >
      {label}
    </Menu.Item>
  );
}
