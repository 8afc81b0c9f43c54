// A new sound: spoken into the microphone, chosen or dropped as a file; heard before it is kept, and what is refused said beside it.

import { useEffect, useRef, useState } from 'react';
import { Button, FileButton, Group, Stack } from '@mantine/core';
import { useAct } from '../act.ts';
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
import { useWords, type Key } from '../words.ts';
import { Failed } from './failed.tsx';
import { Icon } from './icon.tsx';
import { SoundPlayer } from './sound-player.tsx';

/** `children`: what is heard now, in whose place the new one is listened to. `more`: what else can be done. */
export function TakeSound({
  keep,
  more,
  children,
}: {
  /** Throws a Problem where it is not kept. */
  keep: (sound: Blob) => Promise<unknown>;
  more?: React.ReactNode;
  children?: React.ReactNode;
}): React.ReactNode {
  const { say } = useWords();
  const [taken, setTaken] = useState<Blob>();
  const [wrong, setWrong] = useState<Key>();
  const [over, setOver] = useState(false);
  const keeping = useAct(
    async (sound: Blob) => {
      await keep(sound);
      setTaken(undefined);
    },
    { quiet: true },
  );
  const take = (sound: Blob): void => {
    setWrong(undefined);
    setTaken(sound);
  };
  const fromFile = async (file: File | null | undefined): Promise<void> => {
    if (!file) return;
    const type = soundTypeOf(file);
    if (type === undefined) setWrong('sound.wrongType');
    else if (file.size > soundBytesMax) setWrong('sound.tooLarge');
    else {
      const read = await fileAsTaken(file, type);
      if (read === 'too_long') setWrong('sound.tooLong');
      else take(read);
    }
  };
  if (taken) {
    return (
      <Stack gap="sm">
        <p>{say('sound.listen')}</p>
        <SoundPlayer sound={taken} label={say('sound.taken')} />
        <Failed act={keeping} />
        <Group>
          <Button loading={keeping.busy} onClick={() => void keeping.run(taken)}>
            {say('sound.keep')}
          </Button>
          <Button variant="default" onClick={() => setTaken(undefined)}>
            {say('sound.redo')}
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <div
      className="take"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void fromFile(event.dataTransfer.files[0]);
      }}
    >
      {children}
      {wrong !== undefined && (
        <p className="wrong" role="alert">
          {say(wrong)}
        </p>
      )}
      <Group gap="xs">
        <Recorder onTaken={take} onWrong={setWrong} />
        <FileButton
          onChange={(file) => void fromFile(file)}
          accept={soundTypes.join(',')}
          inputProps={{ 'aria-label': say('sound.file') }}
        >
          {(props) => (
            <Button variant="default" {...props}>
              {say('sound.upload')}
            </Button>
          )}
        </FileButton>
        {more}
      </Group>
      <p className="soft take-drop">{say('sound.drop')}</p>
    </div>
  );
}

/** Records until it is stopped, the minute is over, or the microphone is pulled out: what was said till then is there. */
function Recorder({
  onTaken,
  onWrong,
}: {
  onTaken: (sound: Blob) => void;
  onWrong: (why: Key | undefined) => void;
}): React.ReactNode {
  const { say } = useWords();
  const recorder = useRef<MediaRecorder>(undefined);
  const level = useRef<HTMLSpanElement>(null);
  const [seconds, setSeconds] = useState<number>();
  const end = (): void => {
    if (recorder.current?.state === 'recording') recorder.current.stop();
  };
  useEffect(() => end, []);

  const begin = async (): Promise<void> => {
    onWrong(undefined);
    if (!('mediaDevices' in navigator) || typeof MediaRecorder === 'undefined') {
      onWrong('sound.noRecorder');
      return;
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, noiseSuppression: true },
      });
    } catch (error) {
      const refused = error instanceof DOMException && error.name === 'NotAllowedError';
      onWrong(refused ? 'sound.refused' : 'sound.noMicrophone');
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
      asTaken(new Blob(pieces, { type: made.mimeType })).then(onTaken, () => onWrong('sound.unread'));
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
