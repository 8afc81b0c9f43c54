// What pages read of the API, each under one name, so that two pages that show the same share it.

import { useQuery } from '@tanstack/react-query';
import { ask } from './ask.ts';
import type { Consultant, Group, Line, MerchantUser } from './contract.ts';
import { useLive } from './live.ts';
import { queries, useSession } from './session.ts';
import { withChanged } from './changed-rows.ts';
import { browserZone } from './zone.ts';

interface ConsultantPage {
  data: Consultant[];
  next?: string | null;
  hasMore?: boolean;
}

/** What was read again while all of them were being read: theirs is the newer word. */
let meanwhile: { asked: readonly string[]; found: readonly Consultant[] }[] = [];

/** All of them, page by page. */
async function readConsultants(): Promise<Consultant[]> {
  const all: Consultant[] = [];
  meanwhile = [];
  for (let from = ''; ;) {
    const { data, next, hasMore } = await ask<ConsultantPage>('GET', `/v1/consultants?limit=500${from}`);
    all.push(...data);
    if (hasMore !== true || typeof next !== 'string')
      return meanwhile.reduce((known, { asked, found }) => withChanged(known, asked, found), all);
    from = `&after=${encodeURIComponent(next)}`;
  }
}

const toRead = new Set<string>();
const askedAtOnce = 100;
let reading: Promise<void> | undefined;

/** Those whose state has changed, and no others: of thousands a few change each second. */
function readThese(ids: readonly string[]): void {
  for (const id of ids) toRead.add(id);
  reading ??= readOn().finally(() => (reading = undefined));
}

async function readOn(): Promise<void> {
  try {
    while (toRead.size > 0) {
      const asked = [...toRead].slice(0, askedAtOnce);
      for (const id of asked) toRead.delete(id);
      const path = `/v1/consultants?limit=500&ids=${asked.join(',')}`;
      const { data } = await ask<ConsultantPage>('GET', path);
      meanwhile.push({ asked, found: data });
      queries.setQueryData<Consultant[]>(
        ['consultants'],
        (known) => known && withChanged(known, asked, data),
      );
    }
  } catch {
    toRead.clear();
    void queries.invalidateQueries({ queryKey: ['consultants'] });
  }
}

type Read<T> = ReturnType<typeof useQuery<T>>;

/** As it changes. */
export function useConsultants(): Read<Consultant[]> & { following: 'live' | 'looking' } {
  const { following, lookEveryMs } = useLive('/v1/live', ['consultants'], readThese);
  const read = useQuery({
    queryKey: ['consultants'],
    queryFn: readConsultants,
    refetchInterval: lookEveryMs,
  });
  return { ...read, following };
}

/** Once, for names in lists. */
export function useConsultantNames(): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['consultants'],
    queryFn: readConsultants,
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
