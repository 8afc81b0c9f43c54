// An earlier version made live again.

import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell as notify } from '../notices.tsx';
import { changed } from '../session.ts';
import type { ScenarioRecord } from './contract.ts';
import type { Draft } from './draft.ts';
import { useTell } from './words.ts';

export function useRollBack(
  record: ScenarioRecord,
  heard: Draft['heard'],
): ReturnType<typeof useAct<[number]>> {
  const { tell } = useTell();
  return useAct(async (version: number) => {
    heard(await ask<ScenarioRecord>('PUT', `/v1/scenarios/${record.slug}/live`, { version }));
    notify(tell('versions.rolledBack', { version }));
    await changed('scenario-versions', 'scenarios');
  });
}
