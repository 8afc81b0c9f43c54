// How many messages nobody has listened to: shown beside the way to them, on every page.

import { useQuery } from '@tanstack/react-query';
import { ask } from './ask.ts';
import type { MessagePage } from './contract-calls.ts';
import { may, useSession } from './session.ts';

/** 0 for who may not read them. */
export function useUnheard(): number {
  const session = useSession();
  const mayRead = session.as.merchant !== null && may(session, 'calls');
  const { data } = useQuery({
    queryKey: ['unheard'],
    queryFn: async () => (await ask<MessagePage>('GET', '/v1/voicemails?limit=1')).unheard,
    enabled: mayRead,
    refetchInterval: 60_000,
    retry: false,
  });
  return mayRead ? (data ?? 0) : 0;
}
