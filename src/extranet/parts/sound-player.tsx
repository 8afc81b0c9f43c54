// A sound to be listened to: one round button, where one is in it, how long it is. What is heard stops when another begins. Nothing
// is asked of the house before it is played.

import { useEffect, useRef, useState } from 'react';
import { tell } from '../notices.tsx';
import { showClock } from '../show.ts';
import { useWords } from '../words.ts';
import { Icon } from './icon.tsx';

/** Seconds: the steps of a mouse are too fine for a key. */
const keys: Readonly<Record<string, number>> = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2 };

let heard: HTMLAudioElement | undefined;

/** A sound that is only here, as an address for as long as it is shown. */
function useAddress(sound: string | Blob): string | undefined {
  const [made, setMade] = useState<string>();
  useEffect(() => {
    if (typeof sound === 'string') return undefined;
    const address = URL.createObjectURL(sound);
    setMade(address);
    return () => URL.revokeObjectURL(address);
  }, [sound]);
  return typeof sound === 'string' ? sound : made;
}

/** `seconds`: as long as it is, where that is known before it is played. `compact`: the button alone. */
export function SoundPlayer({
  sound,
  label,
  seconds,
  compact = false,
  onHeard,
}: {
  sound: string | Blob;
  label: string;
  seconds?: number;
  compact?: boolean;
  /** Each time it begins or goes on. */
  onHeard?: () => void;
}): React.ReactNode {
  const { say } = useWords();
  const address = useAddress(sound);
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [measured, setMeasured] = useState<number>();
  const whole = measured ?? seconds ?? 0;
  useEffect(() => {
    setAt(0);
    setMeasured(undefined);
  }, [address]);

  // Sixty times a second while it plays: the browser's own word comes four times a second, and the mark would limp.
  useEffect(() => {
    if (!playing) return undefined;
    let frame = requestAnimationFrame(function draw() {
      setAt(audio.current?.currentTime ?? 0);
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing]);

  const press = (): void => {
    const own = audio.current;
    if (!own) return;
    if (playing) {
      own.pause();
      return;
    }
    if (heard !== own) heard?.pause();
    heard = own;
    own.play().catch((error: unknown) => {
      // A pause that came before the first sound is no failure.
      if (error instanceof DOMException && error.name === 'AbortError') return;
      tell(say('listen.failed'), 'bad');
    });
  };
  const seek = (next: number): void => {
    setAt(next);
    if (audio.current) audio.current.currentTime = next;
  };
  const place = whole === 0 ? 0 : Math.min(1, at / whole);
  return (
    <div className="listen" data-playing={playing} data-compact={compact}>
      <button
        type="button"
        className="listen-play"
        aria-label={say(playing ? 'listen.pause' : 'listen.play', { what: label })}
        onClick={press}
        style={{ '--place': `${String(Math.round(place * 360))}deg` } as React.CSSProperties}
      >
        <Icon name={playing ? 'pause' : 'play'} size={18} />
      </button>
      {!compact && (
        <>
          <input
            type="range"
            className="listen-place"
            aria-label={say('listen.place', { what: label })}
            aria-valuetext={say('listen.at', { at: showClock(at), whole: showClock(whole) })}
            min={0}
            max={Math.max(whole, 0.1)}
            step={0.1}
            value={Math.min(at, whole)}
            disabled={whole === 0}
            style={{ '--place': `${String(Math.round(place * 1_000) / 10)}%` } as React.CSSProperties}
            onChange={(event) => seek(Number(event.currentTarget.value))}
            onKeyDown={(event) => {
              const by = keys[event.key];
              if (by === undefined) return;
              event.preventDefault();
              seek(Math.min(whole, Math.max(0, at + by)));
            }}
          />
          <span className="listen-clock" aria-hidden="true">
            {whole === 0 ? '–:––' : `${playing || at > 0 ? `${showClock(at)} / ` : ''}${showClock(whole)}`}
          </span>
        </>
      )}
      <audio
        ref={audio}
        preload="none"
        src={address}
        onPlay={() => setPlaying(true)}
        // Its first part is there, so the house has answered.
        onPlaying={onHeard}
        onPause={() => setPlaying(false)}
        onEnded={() => {
          setPlaying(false);
          setAt(0);
        }}
        onDurationChange={(event) => {
          const { duration } = event.currentTarget;
          if (Number.isFinite(duration)) setMeasured(duration);
        }}
      />
    </div>
  );
}
