// One sound: what it is in each language, who plays it, its name. What a live scenario plays is replaced, not taken away.

import { useState } from 'react';
import { Alert, Button, Group, SegmentedControl, Stack, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask, askSound } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { Language } from '../contract.ts';
import { type Sound, type SoundRecording, type Voice, voices } from '../contract-calls.ts';
import { tell } from '../notices.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Failed } from '../parts/failed.tsx';
import { Icon } from '../parts/icon.tsx';
import { BackLink, NotThere, Page, Trouble, Waiting } from '../parts/page.tsx';
import { Rename } from '../parts/rename.tsx';
import { SoundPlayer } from '../parts/sound-player.tsx';
import { TakeSound } from '../parts/take-sound.tsx';
import { isProblem } from '../problem.ts';
import { useTimeZone } from '../read.ts';
import { changed, may, useSession } from '../session.ts';
import { showInstant } from '../show.ts';
import { soundPath } from '../slug.ts';
import { useWords } from '../words.ts';

export default function SoundPage(): React.ReactNode {
  const { say } = useWords();
  const { slug = '' } = useParams();
  const mayWrite = may(useSession(), 'lines', 'write');
  const { data, error, refetch } = useQuery({
    queryKey: ['sound', slug],
    queryFn: () => ask<Sound>('GET', `/v1/sounds/${encodeURIComponent(slug)}`),
  });
  if (isProblem(error) && error.status === 404) return <NotThere />;
  return (
    <Page
      title={data?.name ?? '\u00a0'}
      above={<BackLink to="/sounds">{say('nav.sounds')}</BackLink>}
      aside={data && mayWrite && <Standing sound={data} />}
    >
      {data ? (
        <Stack>
          <p className="soft">
            {say('sounds.named')} <code>{data.slug}</code>
          </p>
          {data.playedBy.length > 0 && (
            <Alert color="teal">
              {say('sounds.playedBy', { scenarios: data.playedBy.join(', ') })} {say('sounds.replaceOnly')}
            </Alert>
          )}
          <div className="halves">
            {(['fr', 'en'] as const).map((language) => (
              <InLanguage
                // Another recording is another card: what was typed for the one before is done with.
                key={`${language} ${data.recordings.find((one) => one.language === language)?.at ?? ''}`}
                sound={data}
                language={language}
                mayWrite={mayWrite}
              />
            ))}
          </div>
        </Stack>
      ) : error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

/** What can be done with the whole of it. */
function Standing({ sound }: { sound: Sound }): React.ReactNode {
  const { say } = useWords();
  const navigate = useNavigate();
  const { slug, version, playedBy } = sound;
  const [asked, setAsked] = useState<'name' | 'remove'>();
  const remove = useAct(async () => {
    await ask('DELETE', `/v1/sounds/${slug}`);
    tell(say('sounds.removed', { name: sound.name }));
    await changed('sounds');
    await navigate('/sounds', { replace: true });
  });
  return (
    <Group gap="xs">
      <Button
        variant="default"
        size="sm"
        leftSection={<Icon name="pen" size={16} />}
        onClick={() => setAsked('name')}
      >
        {say('rename')}
      </Button>
      {playedBy.length === 0 && (
        <Button
          variant="default"
          size="sm"
          leftSection={<Icon name="bin" size={16} />}
          onClick={() => setAsked('remove')}
        >
          {say('remove')}
        </Button>
      )}
      {asked === 'name' && (
        <Rename
          name={sound.name}
          keep={async (name) => {
            await ask('PATCH', `/v1/sounds/${slug}`, { name }, version);
            tell(say('saved'));
            await changed('sound', 'sounds');
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === 'remove' && (
        <Confirm
          title={say('sounds.removeSure', { name: sound.name })}
          text={say('sounds.removeText')}
          go={say('remove')}
          busy={remove.busy}
          onGo={() => void remove.run()}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Group>
  );
}

function InLanguage({
  sound,
  language,
  mayWrite,
}: {
  sound: Sound;
  language: Language;
  mayWrite: boolean;
}): React.ReactNode {
  const { say } = useWords();
  const path = `${soundPath(sound.slug)}/${language}`;
  const recording = sound.recordings.find((one) => one.language === language);
  const [writing, setWriting] = useState(false);
  const keep = async (taken: Blob): Promise<void> => {
    await ask('PUT', path, taken);
    tell(say('sounds.kept'));
    await changed('sound', 'sounds');
  };
  const remove = useAct(async () => {
    await ask('DELETE', path);
    await changed('sound', 'sounds');
  });
  // The last one of a sound that is heard stays.
  const mayGo = recording !== undefined && (sound.playedBy.length === 0 || sound.recordings.length > 1);
  return (
    <section className="card">
      <div className="in-language">
        <h2>{say(`language.${language}`)}</h2>
        {mayWrite && mayGo && (
          <Button
            variant="subtle"
            color="vermilion"
            size="sm"
            loading={remove.busy}
            onClick={() => void remove.run()}
          >
            {say('remove')}
          </Button>
        )}
      </div>
      {recording ? (
        <Recorded sound={sound} path={`${path}?v=${sound.version}`} recording={recording} />
      ) : (
        <p className="soft">{say(sound.recordings.length === 0 ? 'sounds.nothing' : 'sounds.notIn')}</p>
      )}
      {mayWrite && (
        <div className="change">
          <h3>{say(recording ? 'sounds.replace' : 'sounds.give')}</h3>
          {writing ? (
            <FromText
              path={path}
              language={language}
              words={recording?.madeFrom === 'text' ? (recording.words ?? '') : ''}
              onClose={() => setWriting(false)}
            />
          ) : (
            <TakeSound
              keep={keep}
              more={
                <Button variant="default" onClick={() => setWriting(true)}>
                  {say('sounds.write')}
                </Button>
              }
            />
          )}
        </div>
      )}
    </section>
  );
}

function Recorded({
  sound,
  path,
  recording,
}: {
  sound: Sound;
  path: string;
  recording: SoundRecording;
}): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  return (
    <>
      <SoundPlayer
        sound={path}
        seconds={recording.seconds}
        label={`${sound.name}, ${say(`language.${recording.language}`)}`}
      />
      {recording.words !== null && <blockquote className="spoken">{recording.words}</blockquote>}
      <p className="soft">
        {say(recording.madeFrom === 'text' ? 'sounds.fromText' : 'sounds.fromFile')} ·{' '}
        {showInstant(recording.at, language, timeZone, houseNow())}
      </p>
    </>
  );
}

/** A text, listened to before it is kept: what was heard is what is kept, so another text or voice is heard again first. */
function FromText({
  path,
  language,
  words,
  onClose,
}: {
  path: string;
  language: Language;
  /** To begin with. */
  words: string;
  onClose: () => void;
}): React.ReactNode {
  const { say } = useWords();
  const [text, setText] = useState(words);
  const [voice, setVoice] = useState<Voice | 'usual'>('usual');
  const [heard, setHeard] = useState<Blob>();
  const change = (act: () => void): void => {
    act();
    setHeard(undefined);
  };
  const listen = useAct(
    async () => {
      const query = new URLSearchParams({ text, language, ...(voice !== 'usual' && { voice }) });
      setHeard(await askSound(`/v1/speech?${query.toString()}`));
    },
    { quiet: true },
  );
  const keep = useAct(
    async () => {
      await ask('PUT', `${path}/text`, { text: text.trim(), ...(voice !== 'usual' && { voice }) });
      tell(say('sounds.kept'));
      onClose();
      await changed('sound', 'sounds');
    },
    { quiet: true },
  );
  return (
    <Stack gap="sm">
      <Textarea
        label={say('sounds.text')}
        autosize={false}
        rows={4}
        maxLength={1_000}
        lang={language}
        value={text}
        onChange={(event) => {
          const next = event.currentTarget.value;
          change(() => setText(next));
        }}
      />
      <SegmentedControl
        aria-label={say('sounds.voice')}
        value={voice}
        onChange={(next) => change(() => setVoice(next))}
        data={(['usual', ...voices] as const).map((value) => ({ value, label: say(`voice.${value}`) }))}
      />
      {heard && <SoundPlayer sound={heard} label={say('sounds.preview')} />}
      <Failed act={listen.failed === undefined ? keep : listen} />
      <Group>
        {heard ? (
          <Button loading={keep.busy} onClick={() => void keep.run()}>
            {say('sound.keep')}
          </Button>
        ) : (
          <Button
            leftSection={<Icon name="sound" size={18} />}
            loading={listen.busy}
            disabled={text.trim() === ''}
            onClick={() => void listen.run()}
          >
            {say('sounds.listen')}
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {say('cancel')}
        </Button>
      </Group>
    </Stack>
  );
}
