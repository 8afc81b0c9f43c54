// The library of sounds: everything scenarios can play, to be listened to at once.

import { useState } from 'react';
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useQuery } from '@tanstack/react-query';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import type { Sound } from '../contract-calls.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failed } from '../parts/failed.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, Page, Trouble, Waiting } from '../parts/page.tsx';
import { SoundPlayer } from '../parts/sound-player.tsx';
import { changed, may, useSession } from '../session.ts';
import { showClock } from '../show.ts';
import { slugOf, soundPath } from '../slug.ts';
import { useWords } from '../words.ts';

/** With fewer than this nobody needs to search. */
const searchedFrom = 8;

export default function Sounds(): React.ReactNode {
  const { say } = useWords();
  const mayWrite = may(useSession(), 'lines', 'write');
  const [making, setMaking] = useState(false);
  const [wanted, setWanted] = useState('');
  const { data, error, refetch } = useQuery({
    queryKey: ['sounds'],
    queryFn: async () => (await ask<{ data: Sound[] }>('GET', '/v1/sounds')).data,
  });
  const shown = (data ?? []).filter(({ name, slug }) =>
    `${name} ${slug}`.toLowerCase().includes(wanted.trim().toLowerCase()),
  );
  return (
    <Page
      title={say('sounds.title')}
      aside={
        mayWrite && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setMaking(true)}>
            {say('sounds.add')}
          </Button>
        )
      }
    >
      {!data ? (
        error ? (
          <Trouble error={error} again={() => void refetch()} />
        ) : (
          <Waiting />
        )
      ) : data.length === 0 ? (
        <Empty>{say('sounds.none')}</Empty>
      ) : (
        <>
          {data.length >= searchedFrom && (
            <TextInput
              mb="md"
              aria-label={say('sounds.search')}
              placeholder={say('sounds.search')}
              value={wanted}
              onChange={(event) => setWanted(event.currentTarget.value)}
            />
          )}
          {shown.length === 0 ? (
            <Empty>{say('sounds.noneFound')}</Empty>
          ) : (
            <ul className="card rows rows-card">
              {shown.map((sound) => (
                <SoundRow key={sound.slug} sound={sound} />
              ))}
            </ul>
          )}
        </>
      )}
      {making && <NewSound onClose={() => setMaking(false)} />}
    </Page>
  );
}

function SoundRow({ sound }: { sound: Sound }): React.ReactNode {
  const { say, language } = useWords();
  const { slug, name, version, recordings, playedBy } = sound;
  const first = recordings.find((one) => one.language === language) ?? recordings[0];
  return (
    <li className="row">
      {first ? (
        <SoundPlayer compact label={name} sound={`${soundPath(slug)}/${first.language}?v=${version}`} />
      ) : (
        <span className="listen-none" aria-hidden="true" />
      )}
      <Link to={`/sounds/${slug}`} className="row-main row-link">
        <strong>{name}</strong>
        <span className="soft apart">
          {recordings.length === 0 && say('sounds.nothing')}
          {[...recordings]
            .sort((one) => (one.language === language ? -1 : 1))
            .map((one) => (
              <span key={one.language} className="number">
                {say(`language.${one.language}`)} {showClock(one.seconds)}
              </span>
            ))}
        </span>
      </Link>
      {playedBy.length > 0 && (
        <span className="row-end">
          <span className="badge" data-tone="free" title={playedBy.join(', ')}>
            {say('sounds.live')}
          </span>
        </span>
      )}
    </li>
  );
}

function NewSound({ onClose }: { onClose: () => void }): React.ReactNode {
  const { say } = useWords();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [typed, setTyped] = useState<string>();
  const slug = typed ?? slugOf(name);
  const make = useAct(
    async () => {
      await ask('POST', '/v1/sounds', { slug, name: name.trim() });
      await changed('sounds');
      await navigate(`/sounds/${slug}`);
    },
    { quiet: true },
  );
  const taken = make.kind === 'slug-in-use' ? make.failed : undefined;
  return (
    <Dialog title={say('sounds.new')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make.run();
        }}
      >
        <Stack>
          <TextInput
            label={say('name')}
            description={say('sounds.nameWhat')}
            data-autofocus
            required
            withAsterisk={false}
            maxLength={80}
            value={name}
            error={make.fields['/name']}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={say('slug')}
            description={say('sounds.slugWhat')}
            required
            withAsterisk={false}
            maxLength={63}
            value={slug}
            error={make.fields['/slug'] ?? taken}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Failed act={make} but="slug-in-use" />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {say('cancel')}
            </Button>
            <Button type="submit" loading={make.busy}>
              {say('sounds.go')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
