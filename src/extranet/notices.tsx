// Short sentences that come and go: what was saved, what was not. Said to screen readers too.

import { useSyncExternalStore } from 'react';
import { CloseButton } from '@mantine/core';
import { stands, type Told } from './told.ts';
import { useWords } from './words.ts';

let told: readonly Told[] = [];
let nextId = 1;
const hearers = new Set<() => void>();

function change(next: readonly Told[]): void {
  told = next;
  for (const hearer of hearers) hearer();
}

/** Bad news stay until they are closed or followed by two more; good news go after five seconds. */
export function tell(text: string, kind: Told['kind'] = 'good'): void {
  const id = nextId;
  nextId += 1;
  change(stands(told, { id, text, kind }));
  if (kind === 'good') setTimeout(() => forget(id), 5_000);
}

function forget(id: number): void {
  change(told.filter((one) => one.id !== id));
}

export function Notices(): React.ReactNode {
  const { say } = useWords();
  const shown = useSyncExternalStore(
    (hearer) => {
      hearers.add(hearer);
      return () => hearers.delete(hearer);
    },
    () => told,
  );
  return (
    <div className="notices" role="status" aria-live="polite">
      {shown.map(({ id, text, kind }) => (
        <div key={id} className={`notice notice-${kind}`}>
          <span>{text}</span>
          <CloseButton
            aria-label={say('close')}
            variant="transparent"
            c="inherit"
            onClick={() => forget(id)}
          />
        </div>
      ))}
    </div>
  );
}
