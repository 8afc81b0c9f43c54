// A button that opens a list of things to do. The list is loaded when somebody opens the first one: what places it beside its
// button is a tenth of what every page would have to bring.

import { cloneElement, lazy, Suspense, useState } from 'react';
import { ActionIcon } from '@mantine/core';
import { Icon } from './icon.tsx';
import type { MenuProps } from './menu-opened.tsx';

const Opened = lazy(async () => ({ default: (await import('./menu-opened.tsx')).OpenedMenu }));

export function MenuOf(props: MenuProps): React.ReactNode {
  const [isAsked, setAsked] = useState(false);
  const closed = cloneElement(props.button, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onClick: () => setAsked(true),
  });
  if (!isAsked) return closed;
  return (
    <Suspense fallback={closed}>
      <Opened {...props} />
    </Suspense>
  );
}

/** At the end of a row: what else can be done with it. */
export function RowMenu({
  label,
  busy = false,
  ...menu
}: Omit<MenuProps, 'button' | 'position'> & { label: string; busy?: boolean }): React.ReactNode {
  return (
    <MenuOf
      {...menu}
      button={
        <ActionIcon variant="default" size={40} aria-label={label} loading={busy}>
          <Icon name="more" />
        </ActionIcon>
      }
    />
  );
}
