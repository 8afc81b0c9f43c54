// What these pages read of the API, each under one name. What somebody's role does not open is read as empty: its list is then not
// offered, and what stands in a block stands by its slug.

import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { ask } from '../ask.ts';
import type { Consultant, Group } from '../contract.ts';
import { may, useSession } from '../session.ts';
import type {
  Ddi,
  ForwardNumber,
  Resource,
  ScenarioRecord,
  ScenarioSummary,
  SellingLine,
  Sound,
  Template,
  Version,
  VersionSummary,
} from './contract.ts';
import type { Names } from './sentence.ts';

type Read<T> = ReturnType<typeof useQuery<T>>;
interface List<T> {
  data: T[];
}

export function useScenarios(): Read<ScenarioSummary[]> {
  return useQuery({
    queryKey: ['scenarios'],
    queryFn: async () => (await ask<List<ScenarioSummary>>('GET', '/v1/scenarios')).data,
  });
}

export function useTemplates(): Read<Template[]> {
  return useQuery({
    queryKey: ['scenario-templates'],
    queryFn: async () => (await ask<List<Template>>('GET', '/v1/scenario-templates')).data,
    staleTime: Infinity,
  });
}

/** Read once: from then on the page's own drawing is the newer one. */
export function useScenario(slug: string): Read<ScenarioRecord> {
  return useQuery({
    queryKey: ['scenario', slug],
    queryFn: () => readScenario(slug),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnReconnect: false,
  });
}

export const readScenario = (slug: string): Promise<ScenarioRecord> =>
  ask<ScenarioRecord>('GET', `/v1/scenarios/${slug}`);

export function useVersions(slug: string): Read<VersionSummary[]> {
  return useQuery({
    queryKey: ['scenario-versions', slug],
    queryFn: async () => (await ask<List<VersionSummary>>('GET', `/v1/scenarios/${slug}/versions`)).data,
  });
}

/** Of a version that never changes. */
export function useVersion(slug: string, version: number | undefined): Read<Version> {
  return useQuery({
    queryKey: ['scenario-version', slug, version],
    queryFn: () => ask<Version>('GET', `/v1/scenarios/${slug}/versions/${String(version)}`),
    enabled: version !== undefined,
    staleTime: Infinity,
  });
}

export function useDdis(): Read<Ddi[]> {
  return useQuery({
    queryKey: ['ddis'],
    queryFn: async () => (await ask<List<Ddi>>('GET', '/v1/ddis')).data,
  });
}

export function useSellingLines(): SellingLine[] {
  return (
    useQuery({
      queryKey: ['lines'],
      queryFn: async () => (await ask<List<SellingLine>>('GET', '/v1/lines')).data,
      retry: false,
      staleTime: 300_000,
    }).data ?? none
  );
}

export function useSounds(): Sound[] {
  return (
    useQuery({
      queryKey: ['sounds'],
      queryFn: async () => (await ask<List<Sound>>('GET', '/v1/sounds')).data,
      retry: false,
    }).data ?? none
  );
}

export function useForwardNumbers(): ForwardNumber[] {
  return (
    useQuery({
      queryKey: ['forward-numbers'],
      queryFn: async () => (await ask<List<ForwardNumber>>('GET', '/v1/forward-numbers')).data,
      retry: false,
    }).data ?? none
  );
}

export function useResources(): Resource[] {
  const session = useSession();
  return (
    useQuery({
      enabled: may(session, 'settings') || may(session, 'clients'),
      queryKey: ['access-resources'],
      queryFn: async () => (await ask<List<Resource>>('GET', '/v1/access-resources')).data,
      retry: false,
    }).data ?? none
  );
}

/** Who may be rung, and in which groups; none for whose role does not open them. */
function usePeople(): { groups: readonly Group[]; consultants: readonly { id: string; name: string }[] } {
  const enabled = may(useSession(), 'consultants');
  const { data: groups = none } = useQuery({
    enabled,
    queryKey: ['groups'],
    queryFn: async () => (await ask<List<Group>>('GET', '/v1/groups')).data,
  });
  const { data: consultants = none } = useQuery({
    enabled,
    queryKey: ['consultant-names'],
    queryFn: async () =>
      (await ask<List<Consultant>>('GET', '/v1/consultants?limit=500')).data.map(({ id, name }) => ({
        id,
        name,
      })),
    staleTime: 60_000,
  });
  return { groups, consultants };
}

const none: never[] = [];

/** What a block may name. */
export interface Offers {
  /** That sell conversations. */
  lines: readonly SellingLine[];
  /** Whose sale needs no call. */
  sales: readonly SellingLine[];
  groups: readonly { id: string; name: string }[];
  consultants: readonly { id: string; name: string }[];
  sounds: readonly Sound[];
  scenarios: readonly ScenarioSummary[];
  resources: readonly { slug: string; name: string }[];
  forwardNumbers: readonly ForwardNumber[];
  names: Names;
}

export function useOffers(language: 'fr' | 'en'): Offers {
  const all = useSellingLines();
  const { groups, consultants } = usePeople();
  const sounds = useSounds();
  const { data: scenarios = none } = useScenarios();
  const protectedPages = useResources();
  const forwardNumbers = useForwardNumbers();
  return useMemo(() => {
    const resources = protectedPages.map(({ slug, name }) => ({ slug, name: name[language] }));
    const bySlug = (list: readonly { slug: string; name: string }[]) =>
      new Map(list.map(({ slug, name }) => [slug, name]));
    const byId = (list: readonly { id: string; name: string }[]) =>
      new Map(list.map(({ id, name }) => [id, name]));
    return {
      lines: all.filter(({ sells }) => sells === 'conversation'),
      sales: all.filter(({ sells }) => sells === 'fixed_sale'),
      groups,
      consultants,
      sounds,
      scenarios,
      resources,
      forwardNumbers,
      names: {
        lines: bySlug(all),
        groups: byId(groups),
        consultants: byId(consultants),
        sounds: bySlug(sounds),
        scenarios: bySlug(scenarios),
        resources: bySlug(resources),
      },
    };
  }, [all, groups, consultants, sounds, scenarios, protectedPages, forwardNumbers, language]);
}
