// The fields about the clock: weekdays, hours, days.

import { useState } from 'react';
import { ActionIcon, Button, Checkbox, TextInput } from '@mantine/core';
import { Icon } from '../parts/icon.tsx';
import { TimeText } from '../parts/time-text.tsx';
import { showDay, showWeekday } from '../show.ts';
import { strings } from './kinds.ts';
import type { OwnFieldProps } from './own-field-props.ts';
import { isDay } from './read-text.ts';
import { useTell } from './words.ts';

interface Span {
  days: number[];
  from: string;
  to: string;
}

export function Hours({ label, what, value, readOnly, onChange }: OwnFieldProps): React.ReactNode {
  const { tell } = useTell();
  const spans = (Array.isArray(value) ? value : []) as Span[];
  const replace = (place: number, span: Span): void =>
    onChange(spans.map((one, other) => (other === place ? span : one)));
  return (
    <fieldset className="sc-hours">
      <legend>{label}</legend>
      {what !== undefined && <p className="soft">{what}</p>}
      {spans.map((span, place) => (
        <div key={place} className="sc-span">
          <Weekdays
            label={tell('hours.days', { place: place + 1 })}
            days={span.days}
            readOnly={readOnly}
            onChange={(days) => replace(place, { ...span, days })}
          />
          <div className="sc-span-times">
            <Clock
              label={tell('hours.fromOf', { place: place + 1 })}
              value={span.from}
              readOnly={readOnly}
              onChange={(from) => replace(place, { ...span, from })}
            />
            <span aria-hidden="true">–</span>
            <Clock
              label={tell('hours.toOf', { place: place + 1 })}
              value={span.to}
              readOnly={readOnly}
              onChange={(to) => replace(place, { ...span, to })}
            />
            {!readOnly && (
              <ActionIcon
                variant="subtle"
                color="gray"
                size={32}
                aria-label={`${tell('hours.removeSpan')} ${String(place + 1)}`}
                onClick={() => onChange(spans.filter((_, other) => other !== place))}
              >
                <Icon name="bin" size={15} />
              </ActionIcon>
            )}
          </div>
        </div>
      ))}
      {!readOnly && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => onChange([...spans, { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }])}
        >
          {tell('hours.addSpan')}
        </Button>
      )}
    </fieldset>
  );
}

export function Weekdays({
  label,
  days,
  readOnly,
  onChange,
}: {
  label: string;
  days: readonly number[];
  readOnly: boolean;
  onChange: (days: number[]) => void;
}): React.ReactNode {
  const { language } = useTell();
  return (
    <div className="sc-weekdays" role="group" aria-label={label}>
      {[1, 2, 3, 4, 5, 6, 7].map((day) => {
        const isOn = days.includes(day);
        return (
          <button
            key={day}
            type="button"
            aria-pressed={isOn}
            disabled={readOnly || (isOn && days.length === 1)}
            onClick={() =>
              onChange(
                (isOn ? days.filter((one) => one !== day) : [...days, day]).sort((one, other) => one - other),
              )
            }
          >
            <span aria-hidden="true">{showWeekday(day, language, 'short').slice(0, 2)}</span>
            <span className="unseen">{showWeekday(day, language)}</span>
          </button>
        );
      })}
    </div>
  );
}

export function Clock({
  label,
  value,
  readOnly,
  onChange,
}: {
  label: string;
  value: string;
  readOnly: boolean;
  onChange: (time: string) => void;
}): React.ReactNode {
  if (readOnly) return <span className="sc-clock">{value}</span>;
  return (
    <span className="sc-clock">
      <TimeText label={label} value={value} onChange={onChange} />
    </span>
  );
}

/** The same day each year, by law. */
const holidays = ['01-01', '05-01', '05-08', '07-14', '08-15', '11-01', '11-11', '12-25'];

export function Days({
  label,
  value,
  readOnly,
  onChange,
  atLeastOne = false,
}: OwnFieldProps & { atLeastOne?: boolean }): React.ReactNode {
  const { tell, language } = useTell();
  const days = strings(value);
  const [day, setDay] = useState('');
  const [everyYear, setEveryYear] = useState(false);
  const add = (more: readonly string[]): void => onChange([...new Set([...days, ...more])].sort());
  return (
    <fieldset className="sc-days">
      <legend>{label}</legend>
      {days.length > 0 && (
        <ul className="chips">
          {days.map((one) => (
            <li key={one} className="chip">
              {showDay(one, language)}
              {!readOnly && !(atLeastOne && days.length === 1) && (
                <button
                  type="button"
                  aria-label={tell('days.remove', { day: showDay(one, language) })}
                  onClick={() => onChange(days.filter((other) => other !== one))}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {!readOnly && (
        <div className="sc-days-add">
          <TextInput
            size="sm"
            type="date"
            label={tell('days.day')}
            value={day}
            onChange={(event) => setDay(event.currentTarget.value)}
          />
          <Checkbox
            size="sm"
            label={tell('days.everyYear')}
            checked={everyYear}
            onChange={(event) => setEveryYear(event.currentTarget.checked)}
          />
          <Button
            variant="default"
            size="xs"
            disabled={!isDay(day)}
            onClick={() => {
              add([everyYear ? day.slice(5) : day]);
              setDay('');
            }}
          >
            {tell('days.add')}
          </Button>
          <Button variant="subtle" size="xs" onClick={() => add(holidays)}>
            {tell('days.holidays')}
          </Button>
        </div>
      )}
    </fieldset>
  );
}
