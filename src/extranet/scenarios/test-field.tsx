// What a condition asks: about the clock, or about a value of the call.

import { useState } from 'react';
import { NativeSelect, Textarea } from '@mantine/core';
import { Clock, Days, Weekdays } from './clock-fields.tsx';
import { TextField } from './inputs.tsx';
import { callFacts, strings } from './kinds.ts';
import { type OwnFieldProps, textOf } from './own-field-props.ts';
import { useTell } from './words.ts';

const comparisons = ['equals', 'startsWith', 'contains', 'oneOf', 'moreThan', 'lessThan', 'isEmpty'] as const;
type Comparison = (typeof comparisons)[number];
const subjects = ['value', 'weekday', 'clock', 'date'] as const;
type Subject = (typeof subjects)[number];

export function Test({
  label,
  value,
  variables,
  readOnly,
  offers,
  onChange,
}: OwnFieldProps): React.ReactNode {
  const { tell } = useTell();
  const test = (value ?? {}) as Record<string, unknown>;
  const about: Subject =
    'weekday' in test ? 'weekday' : 'date' in test ? 'date' : 'from' in test ? 'clock' : 'value';
  const first: Record<Subject, object> = {
    value: { value: '{call.from}', startsWith: '+33' },
    weekday: { weekday: [1, 2, 3, 4, 5] },
    clock: { from: '09:00', to: '18:00' },
    date: { date: ['12-25'] },
  };
  return (
    <fieldset className="sc-test">
      <legend>{label}</legend>
      <NativeSelect
        size="sm"
        label={tell('test.about')}
        value={about}
        disabled={readOnly}
        onChange={(event) => onChange(first[event.currentTarget.value as Subject])}
        data={subjects.map((one) => ({ value: one, label: tell(`test.${one}`) }))}
      />
      {about === 'weekday' && (
        <Weekdays
          label={tell('test.weekday')}
          days={test['weekday'] as number[]}
          readOnly={readOnly}
          onChange={(weekday) => onChange({ weekday })}
        />
      )}
      {about === 'clock' && (
        <div className="sc-span-times">
          <Clock
            label={tell('test.from')}
            value={String(test['from'])}
            readOnly={readOnly}
            onChange={(from) => onChange({ ...test, from })}
          />
          <span aria-hidden="true">–</span>
          <Clock
            label={tell('test.to')}
            value={String(test['to'])}
            readOnly={readOnly}
            onChange={(to) => onChange({ ...test, to })}
          />
        </div>
      )}
      {about === 'date' && (
        <Days
          label={tell('test.date')}
          value={test['date']}
          mayBeChosen={false}
          variables={variables}
          offers={offers}
          readOnly={readOnly}
          atLeastOne
          onChange={(date) => onChange({ date })}
        />
      )}
      {about === 'value' && (
        <ValueTest test={test} variables={variables} readOnly={readOnly} onChange={onChange} />
      )}
    </fieldset>
  );
}

function ValueTest({
  test,
  variables,
  readOnly,
  onChange,
}: {
  test: Record<string, unknown>;
  variables: readonly string[];
  readOnly: boolean;
  onChange: (next: object) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const value = textOf(test['value']);
  const how: Comparison = comparisons.find((one) => one in test) ?? 'equals';
  const offered = [
    ...callFacts.map((fact) => ({ value: `{call.${fact}}`, label: tell(`fact.${fact}`) })),
    ...variables.map((name) => ({ value: `{${name}}`, label: `{${name}}` })),
  ];
  const isOffered = offered.some((one) => one.value === value);
  const than =
    how === 'oneOf' ? (strings(test['oneOf'])[0] ?? '') : typeof test[how] === 'string' ? test[how] : '';
  const asking = (next: Comparison): object => {
    const kept = than === '' ? (next === 'moreThan' || next === 'lessThan' ? '1' : '?') : than;
    return next === 'isEmpty'
      ? { value, isEmpty: true }
      : { value, [next]: next === 'oneOf' ? [kept] : kept };
  };
  return (
    <>
      <NativeSelect
        size="sm"
        label={tell('test.which')}
        value={isOffered ? value : ''}
        disabled={readOnly}
        onChange={(event) => onChange({ ...test, value: event.currentTarget.value || '{call.from} ' })}
        data={[...offered, { value: '', label: tell('test.other') }]}
      />
      {!isOffered && (
        <TextField
          label={tell('test.other')}
          is="template"
          value={value}
          variables={variables}
          readOnly={readOnly}
          onChange={(next) => onChange({ ...test, value: next })}
        />
      )}
      <NativeSelect
        size="sm"
        label={tell('test.how')}
        value={how}
        disabled={readOnly}
        onChange={(event) => onChange(asking(event.currentTarget.value as Comparison))}
        data={comparisons.map((one) => ({ value: one, label: tell(`test.${one}`) }))}
      />
      {how === 'oneOf' ? (
        <Lines
          label={tell('test.than')}
          what={tell('test.each')}
          value={strings(test['oneOf'])}
          readOnly={readOnly}
          onChange={(oneOf) => onChange({ value, oneOf })}
        />
      ) : (
        how !== 'isEmpty' && (
          <TextField
            label={tell('test.than')}
            is="template"
            value={than}
            variables={variables}
            readOnly={readOnly}
            onChange={(next) => onChange({ value, [how]: next })}
          />
        )
      )}
    </>
  );
}

function Lines({
  label,
  what,
  value,
  readOnly,
  onChange,
}: {
  label: string;
  what: string;
  value: readonly string[];
  readOnly: boolean;
  onChange: (next: string[]) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [typed, setTyped] = useState(value.join('\n'));
  const read = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .slice(0, 100);
  return (
    <Textarea
      size="sm"
      rows={4}
      label={label}
      description={what}
      value={typed}
      readOnly={readOnly}
      error={read(typed).length === 0 ? tell('form.wrong.empty') : undefined}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const lines = read(next);
        if (lines.length > 0) onChange(lines);
      }}
    />
  );
}
