// What access codes open, read once for every page that names it.

import { useQuery } from '@tanstack/react-query';
import { ask } from './ask.ts';
import type { AccessResource } from './contract-calls.ts';
import { may, useSession } from './session.ts';

/** None for who may not read settings. */
export function useResources(): ReturnType<typeof useQuery<AccessResource[]>> {
  const mayRead = may(useSession(), 'settings');
  return useQuery({
    queryKey: ['access-resources'],
    queryFn: async () => (await ask<{ data: AccessResource[] }>('GET', '/v1/access-resources')).data,
    enabled: mayRead,
  });
}
