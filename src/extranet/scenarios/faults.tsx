// What is to be mended, each line leading to its block.

import { Button } from '@mantine/core';
import type { Fault } from './contract.ts';
import type { Check } from './draft.ts';
import { useTell } from './words.ts';

export function Faults({ check, onGo }: { check: Check; onGo: (id: string) => void }): React.ReactNode {
  const { tell } = useTell();
  const errors = check.faults.filter(({ severity }) => severity === 'error');
  const warnings = check.faults.filter(({ severity }) => severity === 'warning');
  return (
    <section className="faults">
      <p className="soft" role="status">
        {check.is === 'failed'
          ? tell('faults.failed')
          : check.is === 'checking'
            ? tell('faults.checking')
            : check.faults.length === 0
              ? tell('faults.none')
              : tell('faults.count', { count: check.faults.length })}
      </p>
      {errors.length > 0 && <h2>{tell('faults.errors')}</h2>}
      <FaultList faults={errors} onGo={onGo} />
      {warnings.length > 0 && <h2>{tell('faults.warnings')}</h2>}
      <FaultList faults={warnings} onGo={onGo} />
    </section>
  );
}

export function FaultList({
  faults,
  onGo,
}: {
  faults: readonly Fault[];
  onGo: (id: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  return (
    <ul className="fault-list">
      {faults.map(({ sentence, blocks, severity, pointer }) => {
        const [first] = blocks;
        return (
          <li key={`${pointer} ${sentence}`} data-severity={severity}>
            {first === undefined ? (
              <p>
                <strong>{tell('faults.whole')}</strong> {sentence}
              </p>
            ) : (
              <Button
                variant="subtle"
                color="gray"
                size="sm"
                justify="flex-start"
                fullWidth
                className="fault"
                onClick={() => onGo(first)}
              >
                {sentence}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
