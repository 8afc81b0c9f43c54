// One consultant: who he is, how he is rung, when he works, what callers hear of him, his calls. Each part has an address
// of its own, so that a link leads to it.

import { useState } from 'react';
import { Button, FileButton, Group, Stack, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import type { Consultant, ConsultantChange } from '../contract.ts';
import { tell } from '../notices.tsx';
import { CallsOfOneDay } from '../parts/calls-of-day.tsx';
import { HoursEditor } from '../parts/hours-editor.tsx';
import { Wire } from '../parts/live-call.tsx';
import { BackLink, NotThere, Page, Trouble, Waiting } from '../parts/page.tsx';
import { Portrait } from '../parts/portrait.tsx';
import { Recordings } from '../parts/recordings.tsx';
import { SipLogin } from '../parts/sip-login.tsx';
import { StateText } from '../parts/state.tsx';
import { isProblem } from '../problem.ts';
import { useLive } from '../live.ts';
import { useTimeZone } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useWords } from '../words.ts';
import { changeOf, ConsultantForm } from './consultant-form.tsx';

const tabs = ['who', 'ringing', 'hours', 'introduction', 'calls'] as const;
type Tab = (typeof tabs)[number];

export default function ConsultantPage(): React.ReactNode {
  const { say } = useWords();
  const { id = '', tab = 'who' } = useParams();
  const { lookEveryMs } = useLive('/v1/live', ['consultant']);
  const { data, error, refetch } = useQuery({
    queryKey: ['consultant', id],
    queryFn: () => ask<Consultant>('GET', `/v1/consultants/${encodeURIComponent(id)}`),
    refetchInterval: lookEveryMs,
  });
  if (isProblem(error) && error.status === 404) return <NotThere />;
  if (!(tabs as readonly string[]).includes(tab)) return <NotThere />;
  return (
    <Page
      title={data?.name ?? '\u00a0'}
      above={<BackLink to="/consultants">{say('nav.consultants')}</BackLink>}
      aside={data && <Standing consultant={data} />}
    >
      {data ? (
        <Parts consultant={data} tab={tab as Tab} />
      ) : error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function Standing({ consultant }: { consultant: Consultant }): React.ReactNode {
  const timeZone = useTimeZone();
  return (
    <span className="standing">
      <StateText consultant={consultant} timeZone={timeZone} />
      {consultant.call && <Wire call={consultant.call} />}
    </span>
  );
}

function Parts({ consultant, tab }: { consultant: Consultant; tab: Tab }): React.ReactNode {
  const { say } = useWords();
  const navigate = useNavigate();
  const timeZone = useTimeZone();
  const readOnly = !may(useSession(), 'consultants', 'write');
  const { id } = consultant;
  const save = useAct(async (change: ConsultantChange) => {
    if (Object.keys(change).length > 0) await ask('PATCH', `/v1/consultants/${id}`, change);
    tell(say('saved'));
    await changed('consultant', 'consultants');
  });
  const form = (part: 'who' | 'ringing'): React.ReactNode => (
    <ConsultantForm
      key={`${id} ${part}`}
      of={consultant}
      part={part}
      wrong={save.fields}
      busy={save.busy}
      readOnly={readOnly}
      submit={say('save')}
      onSubmit={(after, before) => void save.run(changeOf(before, after))}
    />
  );
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={(next) => void navigate(`/consultants/${id}/${next ?? 'who'}`, { replace: true })}
    >
      <Tabs.List mb="lg" className="tabs">
        {tabs.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {say(`consultant.tab.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="who">
        <div className="columns">
          <div className="card">{form('who')}</div>
          <Stack>
            <Photo consultant={consultant} readOnly={readOnly} />
            {!readOnly && <Archive consultant={consultant} />}
          </Stack>
        </div>
      </Tabs.Panel>
      <Tabs.Panel value="ringing">
        <Stack>
          <div className="card">{form('ringing')}</div>
          {!readOnly && <SipLogin base={`/v1/consultants/${id}/sip-login`} letter />}
        </Stack>
      </Tabs.Panel>
      <Tabs.Panel value="hours">
        <div className="card">
          <HoursEditor
            schedule={consultant.schedule}
            version={consultant.version}
            timeZone={timeZone}
            keep={id}
            readOnly={readOnly}
            save={async (schedule, basedOn) => {
              await ask('PUT', `/v1/consultants/${id}/schedule`, { schedule }, basedOn).finally(() =>
                changed('consultant', 'consultants'),
              );
            }}
          />
        </div>
      </Tabs.Panel>
      <Tabs.Panel value="introduction">
        <Recordings base={`/v1/consultants/${id}/recordings`} readOnly={readOnly} />
      </Tabs.Panel>
      <Tabs.Panel value="calls">
        <CallsOfOneDay path={`/v1/consultants/${id}/calls`} name="calls" />
      </Tabs.Panel>
    </Tabs>
  );
}

const photoTypes = ['image/png', 'image/jpeg', 'image/webp'];
const photoBytesMax = 512 * 1_024;
const photoSideMax = 640;

function Photo({ consultant, readOnly }: { consultant: Consultant; readOnly: boolean }): React.ReactNode {
  const { say } = useWords();
  const path = `/v1/consultants/${consultant.id}/photo`;
  const put = useAct(async (file: File) => {
    const photo = await fittingPhoto(file);
    if (!photo) {
      tell(say('photo.wrong'), 'bad');
      return;
    }
    await ask('PUT', path, photo);
    await changed('consultant', 'consultants');
  });
  const remove = useAct(async () => {
    await ask('DELETE', path);
    await changed('consultant', 'consultants');
  });
  return (
    <section className="card">
      <h2>{say('photo.title')}</h2>
      <Group>
        <Portrait consultant={consultant} size={96} />
        {!readOnly && (
          <Stack gap="xs">
            <FileButton
              accept={photoTypes.join(',')}
              inputProps={{ 'aria-label': say('photo.choose') }}
              onChange={(file) => {
                if (file) void put.run(file);
              }}
            >
              {(props) => (
                <Button variant="default" size="sm" loading={put.busy} {...props}>
                  {say('photo.choose')}
                </Button>
              )}
            </FileButton>
            {consultant.photoUrl !== null && (
              <Button
                variant="subtle"
                size="sm"
                color="vermilion"
                loading={remove.busy}
                onClick={() => void remove.run()}
              >
                {say('remove')}
              </Button>
            )}
          </Stack>
        )}
      </Group>
    </section>
  );
}

/** A telephone's photographs are megabytes: a square of the middle is all a page shows. `undefined`: not a picture. */
async function fittingPhoto(file: File): Promise<Blob | undefined> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return undefined;
  }
  const side = Math.min(picture.width, picture.height);
  const shown = Math.min(side, photoSideMax);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = shown;
  canvas
    .getContext('2d')
    ?.drawImage(
      picture,
      (picture.width - side) / 2,
      (picture.height - side) / 2,
      side,
      side,
      0,
      0,
      shown,
      shown,
    );
  picture.close();
  const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.85));
  return made && made.size <= photoBytesMax ? made : undefined;
}

function Archive({ consultant }: { consultant: Consultant }): React.ReactNode {
  const { say } = useWords();
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  const archive = useAct(async () => {
    await ask('DELETE', `/v1/consultants/${consultant.id}`);
    tell(say('archive.done', { name: consultant.name }));
    await navigate('/consultants', { replace: true });
    await changed('consultants', 'groups');
  });
  return (
    <section className="card">
      <h2>{say('archive.title')}</h2>
      <p className="soft">{say('archive.text')}</p>
      <Button variant="default" size="sm" mt="sm" onClick={() => setAsked(true)}>
        {say('archive.go')}
      </Button>
      <Dialog
        opened={asked}
        onClose={() => setAsked(false)}
        title={say('archive.sure', { name: consultant.name })}
      >
        <Stack>
          <p>{say('archive.text')}</p>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsked(false)}>
              {say('cancel')}
            </Button>
            <Button color="vermilion" loading={archive.busy} onClick={() => void archive.run()}>
              {say('archive.go')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </section>
  );
}
