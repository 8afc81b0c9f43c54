// A question over the page, loaded when the first one is asked.

import { lazy, Suspense, useEffect, useState } from 'react';
import type { DialogProps } from './dialog-opened.tsx';

const Opened = lazy(async () => ({ default: (await import('./dialog-opened.tsx')).OpenedDialog }));

export function Dialog({ opened = true, ...dialog }: DialogProps): React.ReactNode {
  // Once asked it stays, so that it is seen to close.
  const [wasAsked, setAsked] = useState(opened);
  useEffect(() => {
    if (opened) setAsked(true);
  }, [opened]);
  if (!wasAsked) return null;
  return (
    <Suspense fallback={null}>
      <Opened {...dialog} opened={opened} />
    </Suspense>
  );
}
