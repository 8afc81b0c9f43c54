// Fields that keep what is typed until it is something the API takes: the block has always a whole value, and a half-written one is
// said to be that under its field.

import { useEffect, useState } from 'react';
import { TextInput, Textarea, UnstyledButton } from '@mantine/core';
import { MenuOf } from '../parts/menu.tsx';
import { readNumber, readText } from './read-text.ts';
import { callFacts, type TextKind } from './kinds.ts';
import { useTell } from './words.ts';

/** What is typed; the value where that changed elsewhere (undone, another block). */
function useTyped(value: string): [string, (next: string) => void, (sent: string) => void] {
  const [typed, setTyped] = useState(value);
  const [sent, setSent] = useState(value);
  useEffect(() => {
    if (value !== sent) {
      setTyped(value);
      setSent(value);
    }
  }, [value, sent]);
  return [typed, setTyped, setSent];
}

export function NumberField({
  label,
  what,
  value,
  min,
  max,
  whole = false,
  optional = false,
  readOnly,
  onChange,
}: {
  label: string;
  what?: string | undefined;
  value: number | undefined;
  min: number;
  max: number;
  whole?: boolean | undefined;
  optional?: boolean | undefined;
  readOnly: boolean;
  onChange: (value: number | undefined) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [typed, setTyped, setSent] = useTyped(value === undefined ? '' : String(value));
  const isAbsent = optional && typed.trim() === '';
  const isRight = isAbsent || readNumber(typed, { min, max, whole }) !== undefined;
  return (
    <TextInput
      size="sm"
      label={label}
      description={what}
      inputMode="decimal"
      value={typed}
      readOnly={readOnly}
      error={isRight ? undefined : tell(whole ? 'form.wrong.whole' : 'form.wrong.number', { min, max })}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const read = readNumber(next, { min, max, whole });
        if (read === undefined && !(optional && next.trim() === '')) return;
        setSent(read === undefined ? '' : String(read));
        onChange(read);
      }}
    />
  );
}

export function TextField({
  label,
  what,
  value,
  is,
  variables,
  readOnly,
  placeholder,
  onChange,
}: {
  label: string;
  what?: string | undefined;
  value: string;
  is: TextKind;
  /** Names to insert; absent: it holds none. */
  variables?: readonly string[] | undefined;
  readOnly: boolean;
  placeholder?: string | undefined;
  onChange: (value: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [typed, setTyped, setSent] = useTyped(value);
  const read = readText(typed, is);
  const set = (next: string): void => {
    setTyped(next);
    const right = readText(next, is);
    if (!('value' in right)) return;
    setSent(right.value);
    onChange(right.value);
  };
  return (
    <TextInput
      size="sm"
      label={label}
      description={what}
      value={typed}
      readOnly={readOnly}
      placeholder={placeholder}
      spellCheck={false}
      autoCapitalize="off"
      error={'wrong' in read ? tell(`form.wrong.${read.wrong}`) : undefined}
      onChange={(event) => set(event.currentTarget.value)}
      {...(variables &&
        !readOnly && {
          rightSection: (
            <InsertVariable variables={variables} onInsert={(name) => set(`${typed}{${name}}`)} />
          ),
        })}
    />
  );
}

/** Of a text that is spoken; empty is nothing. */
export function SpokenField({
  label,
  value,
  variables,
  readOnly,
  lang,
  onChange,
}: {
  label: string;
  value: string;
  variables: readonly string[];
  readOnly: boolean;
  lang: string;
  onChange: (value: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  return (
    <div className="sc-spoken-field">
      <Textarea
        size="sm"
        autosize={false}
        rows={Math.min(6, Math.max(2, Math.ceil(value.length / 38)))}
        label={label}
        lang={lang}
        maxLength={1_000}
        placeholder={readOnly ? undefined : tell('words.missing')}
        value={value}
        readOnly={readOnly}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {!readOnly && (
        <InsertVariable
          variables={variables}
          onInsert={(name) => onChange(`${value}${value === '' || value.endsWith(' ') ? '' : ' '}{${name}}`)}
        />
      )}
    </div>
  );
}

function InsertVariable({
  variables,
  onInsert,
}: {
  variables: readonly string[];
  onInsert: (name: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  return (
    <MenuOf
      button={
        <UnstyledButton className="sc-insert" aria-label={tell('words.insert')} title={tell('words.insert')}>
          {'{ }'}
        </UnstyledButton>
      }
      entries={[
        ...variables.map((name) => ({ label: <code>{`{${name}}`}</code>, act: () => onInsert(name) })),
        ...(variables.length > 0 ? (['line'] as const) : []),
        ...callFacts.map((fact) => ({
          label: tell(`fact.${fact}`),
          act: () => onInsert(`call.${fact}`),
        })),
      ]}
    />
  );
}
