// Who is signed in, read once and shared by every page and, over a channel of the browser, by every tab: who signs out in
// one has signed out in all.

import { QueryClient, useQuery } from '@tanstack/react-query';
import { ask, whenSignedOut } from './ask.ts';
import type { Area, Right, Session } from './contract.ts';
import { isProblem } from './problem.ts';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the house said is shown at once and asked again behind it.
      staleTime: 10_000,
      // Whoever is not let in is not let in by asking thrice.
      // A browser that believes it has no network may be wrong, and one that believes it has may be too.
      networkMode: 'always',
      refetchOnReconnect: true,
      retry: (count, error) => count < 2 && isProblem(error) && (error.status === 0 || error.status >= 500),
    },
    mutations: { networkMode: 'always' },
  },
});

const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('ringmeter') : undefined;

/** Other tabs ask again for what begins with one of these keys. */
export function tellTabs(...keys: string[]): void {
  tabs?.postMessage(keys);
}

tabs?.addEventListener('message', ({ data }: MessageEvent<string[]>) => {
  for (const key of data) void queries.invalidateQueries({ queryKey: [key] });
});

/** Asked again here, and in other tabs. */
export function changed(...keys: string[]): Promise<unknown> {
  tellTabs(...keys);
  return Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: [key] })));
}

whenSignedOut(() => {
  queries.setQueryData(['session'], null);
});

async function readSession(): Promise<Session | null> {
  try {
    return await ask<Session>('GET', '/v1/session');
  } catch (error) {
    if (isProblem(error) && (error.status === 401 || error.kind === 'second-factor-needed')) return null;
    throw error;
  }
}

export function useSessionQuery(): ReturnType<typeof useQuery<Session | null>> {
  return useQuery({ queryKey: ['session'], queryFn: readSession, staleTime: 60_000 });
}

/** Only below the page that waits for it. */
export function useSession(): Session {
  const { data } = useSessionQuery();
  if (!data) throw new Error('No session here');
  return data;
}

/** Everything that was read belongs to who read it. */
export async function signedInAnew(): Promise<void> {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  queries.setQueryData(['session'], await readSession());
  tellTabs('session');
}

export async function signOut(): Promise<void> {
  await ask('DELETE', '/v1/session');
  queries.setQueryData(['session'], null);
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  tellTabs('session');
}

/** What is shown; the API has the last word on what is done. */
export function may({ as }: Session, area: Area, right: Right = 'read'): boolean {
  const has = as.rights[area];
  return has === 'write' || (has === 'read' && right === 'read');
}

export const isConsultant = ({ as }: Session): boolean => as.consultantId !== null;
