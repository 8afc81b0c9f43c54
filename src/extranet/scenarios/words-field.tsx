// What a caller hears, part by part: texts in both languages, sounds of the library, and values said in his language. A text can be
// listened to in the house's voice, a sound as callers hear it.

import { useEffect, useRef, useState } from 'react';
import { ActionIcon, Button, NativeSelect } from '@mantine/core';
import { tell as notify } from '../notices.tsx';
import { Icon } from '../parts/icon.tsx';
import { MenuOf } from '../parts/menu.tsx';
import { SpokenField, TextField } from './inputs.tsx';
import { type Part, partsOf } from './kinds.ts';
import type { Offers } from './read.ts';
import { type Key, useTell } from './words.ts';

const kinds = ['text', 'sound', 'amount', 'date', 'time', 'digits', 'duration'] as const;
type PartKind = (typeof kinds)[number];

const kindOf = (part: Part): PartKind => kinds.find((kind) => kind in part) ?? 'text';

export function WordsField({
  label,
  what,
  value,
  optional,
  variables,
  offers,
  readOnly,
  onChange,
}: {
  label: string;
  what?: string | undefined;
  value: unknown;
  /** It may say nothing at all. */
  optional: boolean;
  variables: readonly string[];
  offers: Offers;
  readOnly: boolean;
  onChange: (next: Part[] | undefined) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const parts = partsOf(value);
  const set = (next: Part[]): void => onChange(next.length === 0 && optional ? undefined : next);
  const replace = (place: number, part: Part): void =>
    set(parts.map((one, other) => (other === place ? part : one)));
  const swap = (place: number, by: 1 | -1): void => {
    const next = [...parts];
    const [one, other] = [next[place], next[place + by]];
    if (!one || !other) return;
    next[place] = other;
    next[place + by] = one;
    set(next);
  };
  const sound = offers.sounds[0]?.slug;
  const fresh = (kind: PartKind): Part => {
    const value = variables[0] === undefined ? '{call.keyed}' : `{${variables[0]}}`;
    switch (kind) {
      case 'text':
        return { text: {} };
      case 'sound':
        return { sound: sound ?? 'sound' };
      case 'amount':
        return { amount: variables[0] === undefined ? '1.00' : value, currency: 'EUR' };
      case 'date':
        return { date: value };
      case 'time':
        return { time: value };
      case 'digits':
        return { digits: value };
      case 'duration':
        return { duration: value };
    }
  };
  return (
    <fieldset className="sc-words">
      <legend>{label}</legend>
      {what !== undefined && <p className="soft">{what}</p>}
      {parts.length === 0 && <p className="soft">{tell('words.none')}</p>}
      <ol>
        {parts.map((part, place) => (
          <li key={place} className="sc-part">
            <div className="sc-part-head">
              <span className="sc-part-kind">{tell(`words.${kindOf(part)}`)}</span>
              {!readOnly && (
                <>
                  {parts.length > 1 && (
                    <>
                      <Small
                        label={tell('words.up')}
                        icon="up"
                        off={place === 0}
                        act={() => swap(place, -1)}
                      />
                      <Small
                        label={tell('words.down')}
                        icon="down"
                        off={place === parts.length - 1}
                        act={() => swap(place, 1)}
                      />
                    </>
                  )}
                  {(optional || parts.length > 1) && (
                    <Small
                      label={tell('words.remove')}
                      icon="bin"
                      act={() => set(parts.filter((_, other) => other !== place))}
                    />
                  )}
                </>
              )}
            </div>
            <PartForm
              part={part}
              variables={variables}
              offers={offers}
              readOnly={readOnly}
              onChange={(next) => replace(place, next)}
            />
          </li>
        ))}
      </ol>
      {!readOnly && parts.length < 20 && (
        <MenuOf
          position="bottom-start"
          width={200}
          button={
            <Button variant="default" size="xs" leftSection={<Icon name="plus" size={14} />}>
              {tell('words.add')}
            </Button>
          }
          entries={kinds.map((kind) => ({
            label: tell(`words.${kind}`),
            act: () => set([...parts, fresh(kind)]),
          }))}
        />
      )}
    </fieldset>
  );
}

function Small({
  label,
  icon,
  off = false,
  act,
}: {
  label: string;
  icon: 'up' | 'down' | 'bin';
  off?: boolean;
  act: () => void;
}): React.ReactNode {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={28}
      aria-label={label}
      title={label}
      disabled={off}
      onClick={act}
    >
      <Icon name={icon} size={15} />
    </ActionIcon>
  );
}

const tongues = [
  ['fr', 'words.inFrench', 'words.french'],
  ['en', 'words.inEnglish', 'words.english'],
] as const satisfies readonly (readonly ['fr' | 'en', Key, Key])[];

function PartForm({
  part,
  variables,
  offers,
  readOnly,
  onChange,
}: {
  part: Part;
  variables: readonly string[];
  offers: Offers;
  readOnly: boolean;
  onChange: (next: Part) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const player = usePlayer();
  if ('text' in part)
    return (
      <>
        {tongues.map(([language, name, tongue]) => {
          const text = part.text[language] ?? '';
          return (
            <div key={language} className="sc-tongue">
              <SpokenField
                label={tell(name)}
                lang={language}
                value={text}
                variables={variables}
                readOnly={readOnly}
                onChange={(next) => {
                  const { [language]: _old, ...others } = part.text;
                  onChange({ text: next.trim() === '' ? others : { ...part.text, [language]: next } });
                }}
              />
              {text.trim() !== '' && (
                <Listen
                  player={player}
                  url={`/v1/speech?language=${language}&text=${encodeURIComponent(text.trim())}`}
                  tongue={tell(tongue)}
                />
              )}
            </div>
          );
        })}
      </>
    );
  if ('sound' in part) {
    const known = offers.sounds.find(({ slug }) => slug === part.sound);
    return (
      <>
        <NativeSelect
          size="sm"
          aria-label={tell('words.chooseSound')}
          value={part.sound}
          disabled={readOnly}
          description={offers.sounds.length === 0 ? tell('words.noSounds') : undefined}
          onChange={(event) => onChange({ sound: event.currentTarget.value })}
          data={[
            ...(known ? [] : [{ value: part.sound, label: tell('form.gone', { name: part.sound }) }]),
            ...offers.sounds.map(({ slug, name, recordings }) => ({
              value: slug,
              label: tell('words.inLanguages', {
                name,
                languages: recordings.map((one) => one.language).join(', ') || '–',
              }),
            })),
          ]}
        />
        <div className="sc-listens">
          {known?.recordings.map(({ language }) => (
            <Listen
              key={language}
              player={player}
              url={`/v1/sounds/${known.slug}/${language}`}
              tongue={tell(language === 'fr' ? 'words.french' : 'words.english')}
            />
          ))}
        </div>
      </>
    );
  }
  const kind = kindOf(part);
  const text = (name: string, label: string, what?: string): React.ReactNode => (
    <TextField
      key={name}
      label={label}
      what={what}
      is="template"
      value={(part as unknown as Record<string, string>)[name] ?? ''}
      variables={variables}
      readOnly={readOnly}
      onChange={(next) => onChange({ ...part, [name]: next })}
    />
  );
  if ('amount' in part)
    return (
      <div className="sc-pair-close">
        {text('amount', tell('words.amount'))}
        {text('currency', tell('words.currency'))}
      </div>
    );
  const what = kind === 'date' ? 'words.dateWhat' : kind === 'duration' ? 'words.durationWhat' : undefined;
  return text(kind, tell(`words.${kind}`), what && tell(what));
}

interface Player {
  playing: string | undefined;
  toggle: (url: string) => void;
}

/** One sound at a time; the last one ends when its form goes. */
function usePlayer(): Player {
  const { tell } = useTell();
  const [playing, setPlaying] = useState<string>();
  const audio = useRef<HTMLAudioElement>(undefined);
  useEffect(() => () => audio.current?.pause(), []);
  const toggle = (url: string): void => {
    audio.current?.pause();
    if (playing === url) {
      setPlaying(undefined);
      return;
    }
    const next = new Audio(url);
    audio.current = next;
    setPlaying(url);
    next.addEventListener('ended', () => setPlaying(undefined));
    next.play().catch(() => {
      if (audio.current !== next) return;
      setPlaying(undefined);
      notify(tell('words.noVoice'), 'bad');
    });
  };
  return { playing, toggle };
}

function Listen({ player, url, tongue }: { player: Player; url: string; tongue: string }): React.ReactNode {
  const { tell } = useTell();
  const isOn = player.playing === url;
  const label = isOn ? tell('words.stop') : tell('words.listen', { language: tongue });
  return (
    <ActionIcon
      variant="default"
      size={32}
      aria-label={label}
      title={label}
      onClick={() => player.toggle(url)}
    >
      <Icon name={isOn ? 'stop' : 'play'} size={14} />
    </ActionIcon>
  );
}
