// A consultant's own voice: his introduction, and what callers hear when he is free, busy, away. Each is listened to,
// recorded from the microphone or taken from a file, heard before it is kept.

import { useEffect, useRef, useState } from 'react';
import { Button, FileButton, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell } from '../notices.tsx';
import { changed } from '../session.ts';
import { showClock } from '../show.ts';
import {
  asTaken,
  fileAsTaken,
  recorderOptions,
  soundBytesMax,
  soundSecondsMax,
  soundTypeOf,
  soundTypes,
} from '../sound.ts';
import { useWords } from '../words.ts';
import { Icon } from './icon.tsx';
import { Trouble, Waiting } from './page.tsx';

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
  const [taken, setTaken] = useState<Blob>();
  const keep = useAct(async (sound: Blob) => {
    await ask('PUT', path, sound);
    setTaken(undefined);
    tell(say('sound.kept'));
    await changed('recordings');
  });
  const remove = useAct(async () => {
    await ask('DELETE', path);
    await changed('recordings');
  });
  const fromFile = (file: File | null): void => {
    if (!file) return;
    const type = soundTypeOf(file);
    if (type === undefined) tell(say('sound.wrongType'), 'bad');
    else if (file.size > soundBytesMax) tell(say('sound.tooLarge'), 'bad');
    else void fileAsTaken(file, type).then(setTaken);
  };
  return (
    <section className="card">
      <h2>{say(`sound.${kind}`)}</h2>
      <p className="soft">{say(`sound.${kind}.text`)}</p>
      {taken ? (
        <Stack gap="sm">
          <p>{say('sound.listen')}</p>
          <Player sound={taken} label={say('sound.taken')} />
          <Group>
            <Button loading={keep.busy} onClick={() => void keep.run(taken)}>
              {say('sound.keep')}
            </Button>
            <Button variant="default" onClick={() => setTaken(undefined)}>
              {say('sound.redo')}
            </Button>
          </Group>
        </Stack>
      ) : (
        <Stack gap="sm">
          <div className="player">
            {there ? (
              <audio controls preload="none" aria-label={say(`sound.${kind}`)} src={`${path}?v=${readAt}`} />
            ) : (
              <p className="soft">{say('sound.none')}</p>
            )}
          </div>
          {!readOnly && (
            <Group>
              <Recorder onTaken={setTaken} />
              <FileButton
                onChange={fromFile}
                accept={soundTypes.join(',')}
                inputProps={{ 'aria-label': say('sound.file') }}
              >
                {(props) => (
                  <Button variant="default" {...props}>
                    {say('sound.upload')}
                  </Button>
                )}
              </FileButton>
              {there && (
                <Button
                  variant="subtle"
                  color="vermilion"
                  loading={remove.busy}
                  onClick={() => void remove.run()}
                >
                  {say('remove')}
                </Button>
              )}
            </Group>
          )}
        </Stack>
      )}
    </section>
  );
}

function Player({ sound, label }: { sound: Blob; label: string }): React.ReactNode {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(sound);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [sound]);
  return (
    <div className="player">
      <audio controls aria-label={label} src={address} />
    </div>
  );
}

/** Records until it is stopped, the minute is over, or the microphone is pulled out: what was said till then is there. */
function Recorder({ onTaken }: { onTaken: (sound: Blob) => void }): React.ReactNode {
  const { say } = useWords();
  const recorder = useRef<MediaRecorder>(undefined);
  const level = useRef<HTMLSpanElement>(null);
  const [seconds, setSeconds] = useState<number>();
  const end = (): void => {
    if (recorder.current?.state === 'recording') recorder.current.stop();
  };
  useEffect(() => end, []);

  const begin = async (): Promise<void> => {
    if (!('mediaDevices' in navigator) || typeof MediaRecorder === 'undefined') {
      tell(say('sound.noRecorder'), 'bad');
      return;
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, noiseSuppression: true },
      });
    } catch (error) {
      const refused = error instanceof DOMException && error.name === 'NotAllowedError';
      tell(say(refused ? 'sound.refused' : 'sound.noMicrophone'), 'bad');
      return;
    }
    const made = new MediaRecorder(stream, recorderOptions);
    recorder.current = made;
    const pieces: Blob[] = [];
    const stopMeter = meter(stream, level);
    const startedAt = performance.now();
    setSeconds(0);
    const counting = window.setInterval(() => {
      const passed = (performance.now() - startedAt) / 1_000;
      setSeconds(passed);
      if (passed >= soundSecondsMax - 0.3) end();
    }, 200);
    made.addEventListener('dataavailable', ({ data }) => {
      if (data.size > 0) pieces.push(data);
    });
    made.addEventListener('stop', () => {
      window.clearInterval(counting);
      stopMeter();
      setSeconds(undefined);
      for (const track of stream.getTracks()) track.stop();
      asTaken(new Blob(pieces, { type: made.mimeType })).then(onTaken, () =>
        tell(say('sound.unread'), 'bad'),
      );
    });
    made.start(1_000);
  };

  return seconds === undefined ? (
    <Button leftSection={<Icon name="microphone" size={18} />} onClick={() => void begin()}>
      {say('sound.record')}
    </Button>
  ) : (
    <Button color="vermilion" leftSection={<Icon name="stop" size={18} />} onClick={end}>
      {say('sound.stop')} {showClock(seconds)}
      <span className="level" aria-hidden="true">
        <span ref={level} />
      </span>
    </Button>
  );
}

/** Shows that something is heard, by moving one bar; drawn past React, sixty times a second. */
function meter(stream: MediaStream, bar: React.RefObject<HTMLSpanElement | null>): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  let frame = 0;
  const draw = (): void => {
    analyser.getByteTimeDomainData(samples);
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample - 128)), 0) / 128;
    bar.current?.style.setProperty('transform', `scaleX(${Math.min(1, loudest * 1.6).toFixed(2)})`);
    frame = requestAnimationFrame(draw);
  };
  draw();
  return () => {
    cancelAnimationFrame(frame);
    void context.close();
  };
}
