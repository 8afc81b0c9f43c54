// The fields of blocks that have a form of their own: keys, hours, questions, whom it rings.

import { useState } from 'react';
import { ActionIcon, Button, Checkbox, NativeSelect, TextInput, Textarea } from '@mantine/core';
import { Icon } from '../parts/icon.tsx';
import { showDay, showNumber, showWeekday } from '../show.ts';
import { TextField } from './inputs.tsx';
import { callFacts, menuKeys, type OwnField, strings } from './kinds.ts';
import { isDay, isVariable, isWayName } from './read-text.ts';
import type { Offers } from './read.ts';
import { type Key, useTell } from './words.ts';

export interface OwnFieldProps {
  label: string;
  what?: string | undefined;
  value: unknown;
  /** `chosen`: it may ring whoever was chosen before. */
  mayBeChosen: boolean;
  variables: readonly string[];
  offers: Offers;
  readOnly: boolean;
  onChange: (next: unknown) => void;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export function OwnFieldForm({ as, ...props }: OwnFieldProps & { as: OwnField }): React.ReactNode {
  switch (as) {
    case 'keys':
      return <Keys {...props} />;
    case 'test':
      return <Test {...props} />;
    case 'hours':
      return <Hours {...props} />;
    case 'daysOff':
      return <Days {...props} />;
    case 'languages':
      return <Languages {...props} />;
    case 'whom':
      return <Whom {...props} />;
    case 'line':
    case 'sale':
    case 'resource':
    case 'scenario':
      return <Named {...props} as={as} />;
    case 'forwardNumber':
      return <ForwardNumber {...props} />;
    case 'variables':
      return <NameList {...props} isName={isVariable} adds="list.newVariable" offered={props.variables} />;
    case 'ways':
      return <NameList {...props} isName={isWayName} adds="list.newWay" offered={[]} />;
  }
}

function Keys({ label, value, readOnly, onChange }: OwnFieldProps): React.ReactNode {
  const { tell } = useTell();
  const keys = strings(value);
  return (
    <fieldset className="sc-keys">
      <legend>{label}</legend>
      <div className="sc-keypad">
        {menuKeys.map((key) => {
          const isOn = keys.includes(key);
          return (
            <button
              key={key}
              type="button"
              aria-label={tell('keys.name', { key })}
              aria-pressed={isOn}
              disabled={readOnly || (isOn && keys.length === 1)}
              onClick={() => {
                const next = isOn ? keys.filter((one) => one !== key) : [...keys, key];
                onChange(menuKeys.filter((one) => next.includes(one)));
              }}
            >
              {key}
            </button>
          );
        })}
      </div>
    </fieldset>
  );
}

function Named({
  label,
  value,
  offers,
  readOnly,
  as,
  onChange,
}: OwnFieldProps & { as: 'line' | 'sale' | 'resource' | 'scenario' }): React.ReactNode {
  const list = {
    line: offers.lines,
    sale: offers.sales,
    resource: offers.resources,
    scenario: offers.scenarios,
  }[as].map(({ slug, name }) => ({ value: slug, label: name }));
  return <Pick label={label} value={textOf(value)} list={list} readOnly={readOnly} onChange={onChange} />;
}

/** One of a list; what is not in it stands there too, and is said to be missing. */
function Pick({
  label,
  value,
  list,
  readOnly,
  onChange,
}: {
  label: string;
  value: string;
  list: readonly { value: string; label: string }[];
  readOnly: boolean;
  onChange: (next: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const isKnown = list.some((one) => one.value === value);
  return (
    <NativeSelect
      size="sm"
      label={label}
      value={value}
      disabled={readOnly}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[...(isKnown ? [] : [{ value, label: tell('form.gone', { name: value }) }]), ...list]}
    />
  );
}

function Whom({ label, value, mayBeChosen, offers, readOnly, onChange }: OwnFieldProps): React.ReactNode {
  const { tell } = useTell();
  const whom = value as 'chosen' | { line?: string; group?: string; consultants?: string[] };
  const is =
    whom === 'chosen'
      ? 'chosen'
      : whom.group !== undefined
        ? 'group'
        : whom.consultants
          ? 'consultants'
          : 'line';
  const kinds = (['line', 'group', 'consultants', 'chosen'] as const).filter(
    (one) =>
      (one !== 'chosen' || mayBeChosen) && (one !== 'group' || is === 'group' || offers.groups.length > 0),
  );
  const first: Record<(typeof kinds)[number], unknown> = {
    line: { line: offers.lines[0]?.slug ?? 'your-line' },
    group: { group: offers.groups[0]?.id ?? 'grp_none' },
    consultants: { consultants: offers.consultants.slice(0, 1).map(({ id }) => id) },
    chosen: 'chosen',
  };
  return (
    <div className="sc-whom">
      <NativeSelect
        size="sm"
        label={label}
        value={is}
        disabled={readOnly}
        onChange={(event) => onChange(first[event.currentTarget.value as typeof is])}
        data={kinds
          .filter((one) => one !== 'consultants' || is === one || offers.consultants.length > 0)
          .map((one) => ({ value: one, label: tell(`whom.${one}`) }))}
      />
      {whom !== 'chosen' && is === 'line' && (
        <Pick
          label={tell('whom.which')}
          value={whom.line ?? ''}
          list={offers.lines.map(({ slug, name }) => ({ value: slug, label: name }))}
          readOnly={readOnly}
          onChange={(line) => onChange({ line })}
        />
      )}
      {whom !== 'chosen' && is === 'group' && (
        <Pick
          label={tell('whom.which')}
          value={whom.group ?? ''}
          list={offers.groups.map(({ id, name }) => ({ value: id, label: name }))}
          readOnly={readOnly}
          onChange={(group) => onChange({ group })}
        />
      )}
      {whom !== 'chosen' && is === 'consultants' && (
        <div className="sc-people">
          {offers.consultants.map(({ id, name }) => {
            const ids = whom.consultants ?? [];
            const isOn = ids.includes(id);
            return (
              <Checkbox
                key={id}
                size="sm"
                label={name}
                checked={isOn}
                disabled={readOnly || (isOn && ids.length === 1)}
                onChange={() =>
                  onChange({ consultants: isOn ? ids.filter((one) => one !== id) : [...ids, id] })
                }
              />
            );
          })}
        </div>
      )}
    </div>
  );
}

const otherNumber = '';

function ForwardNumber({
  label,
  value,
  variables,
  offers,
  readOnly,
  onChange,
}: OwnFieldProps): React.ReactNode {
  const { tell } = useTell();
  const number = textOf(value);
  const isListed = offers.forwardNumbers.some((one) => one.number === number);
  return (
    <div className="sc-whom">
      <NativeSelect
        size="sm"
        label={label}
        value={isListed ? number : otherNumber}
        disabled={readOnly}
        onChange={(event) =>
          onChange(event.currentTarget.value === otherNumber ? '{call.keyed}' : event.currentTarget.value)
        }
        data={[
          ...offers.forwardNumbers.map((one) => ({
            value: one.number,
            label: one.confirmed
              ? `${one.label} · ${showNumber(one.number)}`
              : tell('number.unconfirmed', { label: one.label, number: showNumber(one.number) }),
          })),
          { value: otherNumber, label: tell('number.other') },
        ]}
      />
      {!isListed && (
        <TextField
          label={tell('number.other')}
          is="template"
          value={number}
          variables={variables}
          readOnly={readOnly}
          onChange={onChange}
        />
      )}
    </div>
  );
}

const orders: readonly (readonly [Key, readonly string[]])[] = [
  ['languages.frEn', ['fr', 'en']],
  ['languages.enFr', ['en', 'fr']],
  ['languages.frOnly', ['fr']],
  ['languages.enOnly', ['en']],
];

function Languages({ label, value, readOnly, onChange }: OwnFieldProps): React.ReactNode {
  const { tell } = useTell();
  const now = strings(value).join(',');
  return (
    <NativeSelect
      size="sm"
      label={label}
      value={now}
      disabled={readOnly}
      onChange={(event) => onChange(event.currentTarget.value.split(','))}
      data={[
        ...(orders.some(([, order]) => order.join(',') === now) ? [] : [{ value: now, label: now }]),
        ...orders.map(([key, order]) => ({ value: order.join(','), label: tell(key) })),
      ]}
    />
  );
}

// --- The clock -----------------------------------------------------------------------------------------------------

interface Span {
  days: number[];
  from: string;
  to: string;
}

function Hours({ label, what, value, readOnly, onChange }: OwnFieldProps): React.ReactNode {
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
              value={span.to === '24:00' ? '00:00' : span.to}
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

function Weekdays({
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
            aria-label={showWeekday(day, language)}
            aria-pressed={isOn}
            disabled={readOnly || (isOn && days.length === 1)}
            onClick={() =>
              onChange(
                (isOn ? days.filter((one) => one !== day) : [...days, day]).sort((one, other) => one - other),
              )
            }
          >
            {showWeekday(day, language, 'short').slice(0, 2)}
          </button>
        );
      })}
    </div>
  );
}

function Clock({
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
  return (
    <input
      type="time"
      className="sc-clock"
      aria-label={label}
      value={value}
      readOnly={readOnly}
      onChange={(event) => {
        const time = event.currentTarget.value.slice(0, 5);
        if (/^\d{2}:\d{2}$/.test(time)) onChange(time);
      }}
    />
  );
}

/** The same day each year, by law. */
const holidays = ['01-01', '05-01', '05-08', '07-14', '08-15', '11-01', '11-11', '12-25'];

function Days({
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

// --- Questions -----------------------------------------------------------------------------------------------------

const comparisons = ['equals', 'startsWith', 'contains', 'oneOf', 'moreThan', 'lessThan', 'isEmpty'] as const;
type Comparison = (typeof comparisons)[number];
const subjects = ['value', 'weekday', 'clock', 'date'] as const;
type Subject = (typeof subjects)[number];

function Test({ label, value, variables, readOnly, offers, onChange }: OwnFieldProps): React.ReactNode {
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

/** Names, each once: variables that are sent, ways of a script. */
function NameList({
  label,
  what,
  value,
  readOnly,
  isName,
  adds,
  offered,
  onChange,
}: OwnFieldProps & {
  isName: (text: string) => boolean;
  adds: Key;
  offered: readonly string[];
}): React.ReactNode {
  const { tell } = useTell();
  const names = strings(value);
  const [typed, setTyped] = useState('');
  const more = offered.filter((name) => !names.includes(name));
  const add = (name: string): void => {
    if (!isName(name) || names.includes(name)) return;
    onChange([...names, name]);
    setTyped('');
  };
  return (
    <fieldset className="sc-days">
      <legend>{label}</legend>
      {what !== undefined && <p className="soft">{what}</p>}
      {names.length > 0 && (
        <ul className="chips">
          {names.map((name) => (
            <li key={name} className="chip">
              <code>{name}</code>
              {!readOnly && (
                <button
                  type="button"
                  aria-label={tell('list.remove', { name })}
                  onClick={() => onChange(names.filter((other) => other !== name))}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {!readOnly && (
        <>
          {more.length > 0 && (
            <div className="sc-offered">
              {more.map((name) => (
                <Button key={name} variant="default" size="compact-sm" onClick={() => add(name)}>
                  + {name}
                </Button>
              ))}
            </div>
          )}
          <div className="sc-days-add">
            <TextInput
              size="sm"
              label={tell(adds)}
              value={typed}
              spellCheck={false}
              autoCapitalize="off"
              error={typed === '' || isName(typed) ? undefined : tell('form.wrong.variable')}
              onChange={(event) => setTyped(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                event.preventDefault();
                add(typed);
              }}
            />
            <Button variant="default" size="xs" disabled={!isName(typed)} onClick={() => add(typed)}>
              {tell('list.add')}
            </Button>
          </div>
        </>
      )}
    </fieldset>
  );
}
