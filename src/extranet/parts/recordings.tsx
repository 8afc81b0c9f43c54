// A consultant's own voice: his introduction, and what callers hear when he is free, busy, away. Each is listened to, recorded from
// the microphone or taken from a file, heard before it is kept.

import { Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell } from '../notices.tsx';
import { changed } from '../session.ts';
import { useWords } from '../words.ts';
import { Trouble, Waiting } from './page.tsx';
import { SoundPlayer } from './sound-player.tsx';
import { TakeSound } from './take-sound.tsx';

export const recordingKinds = ['introduction', 'available', 'busy', 'away'] as const;
export type RecordingKind = (typeof recordingKinds)[number];

interface Recorded {
  kind: RecordingKind;
  recorded: boolean;
}

/** `base`: `/v1/me/recordings` or `/v1/consultants/{id}/recordings`. */
export function Recordings({
  base,
  readOnly = false,
}: {
  base: string;
  readOnly?: boolean;
}): React.ReactNode {
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['recordings', base],
    queryFn: async () => (await ask<{ data: Recorded[] }>('GET', base)).data,
  });
  if (!data) return error ? <Trouble error={error} again={() => void refetch()} /> : <Waiting />;
  return (
    <Stack>
      {recordingKinds.map((kind) => (
        <Recording
          key={kind}
          kind={kind}
          path={`${base}/${kind}`}
          there={data.some((one) => one.kind === kind && one.recorded)}
          readAt={dataUpdatedAt}
          readOnly={readOnly}
        />
      ))}
    </Stack>
  );
}

function Recording({
  kind,
  path,
  there,
  readAt,
  readOnly,
}: {
  kind: RecordingKind;
  path: string;
  there: boolean;
  /** So that a new one is not the old one out of a cache. */
  readAt: number;
  readOnly: boolean;
}): React.ReactNode {
  const { say } = useWords();
  const keep = async (sound: Blob): Promise<void> => {
    await ask('PUT', path, sound);
    tell(say('sound.kept'));
    await changed('recordings');
  };
  const remove = useAct(async () => {
    await ask('DELETE', path);
    await changed('recordings');
  });
  const now = (
    <div className="player">
      {there ? (
        <SoundPlayer label={say(`sound.${kind}`)} sound={`${path}?v=${readAt}`} />
      ) : (
        <p className="soft">{say('sound.none')}</p>
      )}
    </div>
  );
  return (
    <section className="card">
      <h2>{say(`sound.${kind}`)}</h2>
      <p className="soft">{say(`sound.${kind}.text`)}</p>
      {readOnly ? (
        now
      ) : (
        <TakeSound
          keep={keep}
          more={
            there && (
              <Button
                variant="subtle"
                color="vermilion"
                loading={remove.busy}
                onClick={() => void remove.run()}
              >
                {say('remove')}
              </Button>
            )
          }
        >
          {now}
        </TakeSound>
      )}
    </section>
  );
}
