// Access codes: those that were made, and what they open.

import { Tabs } from '@mantine/core';
import { useNavigate, useParams } from 'react-router';
import { NotThere, Page } from '../parts/page.tsx';
import { may, useSession } from '../session.ts';
import { useWords } from '../words.ts';
import { AccessCodes } from './access-codes.tsx';
import { AccessResources } from './access-resources.tsx';

const tabs = ['codes', 'resources'] as const;
type Tab = (typeof tabs)[number];

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
