// Access codes: those that were made, and what they open.

import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { ask } from '../ask.ts';
import type { AccessResource } from '../contract-calls.ts';
import { NotThere, Page } from '../parts/page.tsx';
import { may, useSession } from '../session.ts';
import { useWords } from '../words.ts';
import { AccessCodes } from './access-codes.tsx';
import { AccessResources } from './access-resources.tsx';

const tabs = ['codes', 'resources'] as const;
type Tab = (typeof tabs)[number];

/** None for who may not read settings. */
export function useResources(): ReturnType<typeof useQuery<AccessResource[]>> {
  const mayRead = may(useSession(), 'settings');
  return useQuery({
    queryKey: ['access-resources'],
    queryFn: async () => (await ask<{ data: AccessResource[] }>('GET', '/v1/access-resources')).data,
    enabled: mayRead,
  });
}

export default function Access(): React.ReactNode {
  const { say } = useWords();
  const session = useSession();
  const navigate = useNavigate();
  const open = tabs.filter((name) => may(session, name === 'codes' ? 'clients' : 'settings'));
  const { tab = open[0] ?? 'codes' } = useParams();
  if (!(open as readonly string[]).includes(tab)) return <NotThere />;
  return (
    <Page title={say('access.title')}>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => void navigate(`/access/${next ?? 'codes'}`, { replace: true })}
      >
        <Tabs.List mb="lg" className="tabs">
          {open.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {say(`access.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          {(tab as Tab) === 'codes' ? <AccessCodes /> : <AccessResources />}
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
