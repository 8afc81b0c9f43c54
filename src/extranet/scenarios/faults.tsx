// What is to be mended, each line leading to its block.

import { Button } from '@mantine/core';
import type { Fault } from './contract.ts';
import type { Check } from './draft.ts';
import type { Graph } from './graph.ts';
import { plainly } from './sentence.ts';
import { useTell } from './words.ts';

export function Faults({
  graph,
  check,
  onGo,
}: {
  graph: Graph;
  check: Check;
  onGo: (id: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const errors = check.faults.filter(({ severity }) => severity === 'error');
  const warnings = check.faults.filter(({ severity }) => severity === 'warning');
  return (
    <section className="sc-faults">
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
      <FaultList graph={graph} faults={errors} onGo={onGo} />
      {warnings.length > 0 && <h2>{tell('faults.warnings')}</h2>}
      <FaultList graph={graph} faults={warnings} onGo={onGo} />
    </section>
  );
}

export function FaultList({
  graph,
  faults,
  onGo,
}: {
  graph: Graph;
  faults: readonly Fault[];
  onGo: (id: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  return (
    <ul className="sc-fault-list">
      {faults.map((fault) => {
        const { blocks, severity, pointer } = fault;
        const sentence = plainly(graph, fault, tell);
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
                className="sc-fault"
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
