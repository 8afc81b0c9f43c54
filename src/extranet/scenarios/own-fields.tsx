// The fields of blocks that have a form of their own: keys, hours, questions, whom it rings.

import { useState } from 'react';
import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { showNumber } from '../show.ts';
import { Days, Hours } from './clock-fields.tsx';
import { TextField } from './inputs.tsx';
import { menuKeys, type OwnField, strings } from './kinds.ts';
import { type OwnFieldProps, textOf } from './own-field-props.ts';
import { isVariable, isWayName } from './read-text.ts';
import { Test } from './test-field.tsx';
import { type Key, useTell } from './words.ts';

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
    case 'sold':
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
}: OwnFieldProps & { as: 'line' | 'sale' | 'sold' | 'resource' | 'scenario' }): React.ReactNode {
  const list = {
    line: offers.lines,
    sale: offers.sales,
    sold: [...offers.lines, ...offers.sales],
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
  const whom = value as 'chosen' | { line?: string; group?: string; consultants?: string[]; sip?: string };
  const is =
    whom === 'chosen'
      ? 'chosen'
      : whom.group !== undefined
        ? 'group'
        : whom.consultants
          ? 'consultants'
          : whom.sip !== undefined
            ? 'sip'
            : 'line';
  const kinds = (['line', 'group', 'consultants', 'chosen', 'sip'] as const).filter(
    (one) =>
      ((one !== 'chosen' && one !== 'sip') || mayBeChosen) &&
      (one !== 'group' || is === 'group' || offers.groups.length > 0),
  );
  const first: Record<(typeof kinds)[number], unknown> = {
    line: { line: offers.lines[0]?.slug ?? 'your-line' },
    group: { group: offers.groups[0]?.id ?? 'grp_none' },
    consultants: { consultants: offers.consultants.slice(0, 1).map(({ id }) => id) },
    chosen: 'chosen',
    sip: { sip: 'sip:shop@example.com' },
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
      {whom !== 'chosen' && is === 'sip' && (
        <TextField
          label={tell('whom.address')}
          what={tell('whom.addressWhat')}
          is="sip"
          value={whom.sip ?? ''}
          readOnly={readOnly}
          onChange={(sip) => onChange({ sip })}
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
