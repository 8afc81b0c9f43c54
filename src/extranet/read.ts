// What pages read of the API, each under one name, so that two pages that show the same share it.

import { useQuery } from '@tanstack/react-query';
import { ask } from './ask.ts';
import type { Consultant, Group, Line, MerchantUser } from './contract.ts';
import { useLive } from './live.ts';
import { useSession } from './session.ts';
import { browserZone } from './zone.ts';

type Read<T> = ReturnType<typeof useQuery<T>>;

/** As it changes. */
export function useConsultants(): Read<Consultant[]> & { following: 'live' | 'looking' } {
  const { following, lookEveryMs } = useLive('/v1/live', ['consultants']);
  const read = useQuery({
    queryKey: ['consultants'],
    queryFn: async () => (await ask<{ data: Consultant[] }>('GET', '/v1/consultants')).data,
    refetchInterval: lookEveryMs,
  });
  return { ...read, following };
}

/** Once, for names in lists. */
export function useConsultantNames(): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['consultants'],
    queryFn: async () => (await ask<{ data: Consultant[] }>('GET', '/v1/consultants')).data,
  });
  return new Map((data ?? []).map(({ id, name }) => [id, name]));
}

export function useOwnConsultant(): Read<Consultant> & { following: 'live' | 'looking' } {
  const { following, lookEveryMs } = useLive('/v1/me/live', ['me', 'my-calls']);
  const read = useQuery({
    queryKey: ['me'],
    queryFn: () => ask<Consultant>('GET', '/v1/me/consultant'),
    refetchInterval: lookEveryMs,
  });
  return { ...read, following };
}

export function useGroups(): Read<Group[]> {
  return useQuery({
    queryKey: ['groups'],
    queryFn: async () => (await ask<{ data: Group[] }>('GET', '/v1/groups')).data,
  });
}

/** None for who may not read them. */
export function useLines(): Read<Line[]> {
  return useQuery({
    queryKey: ['lines'],
    queryFn: async () => (await ask<{ data: Line[] }>('GET', '/v1/lines')).data,
    retry: false,
    staleTime: 300_000,
  });
}

export function useUsers(): Read<MerchantUser[]> {
  return useQuery({
    queryKey: ['users'],
    queryFn: async () => (await ask<{ data: MerchantUser[] }>('GET', '/v1/users')).data,
  });
}

/** The merchant's zone; until it is known, or where it is not said, the browser's. */
export function useTimeZone(): string {
  return useSession().as.merchant?.timeZone ?? browserZone();
}
