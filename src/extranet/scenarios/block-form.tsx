// The side panel of one block: its name, what it does, its settings, and where each way out leads. All of a scenario can be composed
// here, without drawing a line.

import { useEffect, useState } from 'react';
import { Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import type { Fault } from './contract.ts';
import { type Graph, has, idOf, renamed } from './graph.ts';
import { NumberField, TextField } from './inputs.tsx';
import { type Field, fieldsOf, groupOf, variablesIn, waysOf } from './kinds.ts';
import { KindIcon } from './kind-icon.tsx';
import { OwnFieldForm } from './own-fields.tsx';
import type { Offers } from './read.ts';
import { blockName, plainly, unsetName, wayName } from './sentence.ts';
import { WordsField } from './words-field.tsx';
import { type Key, type Tell, useTell } from './words.ts';

export interface FormActs {
  set: (id: string, fields: Record<string, unknown>, about: string) => void;
  connect: (from: string, way: string, to: string | undefined) => void;
  /** A new block at the end of that way. */
  ask: (from: string, way: string) => void;
  rename: (id: string, wanted: string) => void;
  begin: (id: string) => void;
  duplicate: (ids: string[]) => void;
  remove: (ids: string[]) => void;
}

export function BlockForm({
  graph,
  id,
  faults,
  offers,
  readOnly,
  acts,
}: {
  graph: Graph;
  id: string;
  faults: readonly Fault[];
  offers: Offers;
  readOnly: boolean;
  acts: FormActs;
}): React.ReactNode {
  const { tell } = useTell();
  const block = graph.blocks[id];
  if (!block) return null;
  const fields = fieldsOf[block.kind];
  const variables = variablesIn(graph.blocks);
  const form = (field: Field): React.ReactNode => (
    <FieldForm
      key={`${id}.${field.name}`}
      field={field}
      kind={block.kind}
      value={block[field.name]}
      variables={variables}
      offers={offers}
      readOnly={readOnly}
      onChange={(value) => acts.set(id, { [field.name]: value }, `${id}.${field.name}`)}
    />
  );
  const first = fields.filter(({ more }) => !more);
  const more = fields.filter((field) => field.more);
  const shown = faults.filter(({ fault }) => !seenBelow.has(fault));
  const isMoreSet = more.some(({ name }) => Array.isArray(block[name]));
  return (
    <section className="sc-block-form" aria-label={blockName(graph, id, tell)}>
      <header className="sc-form-head" data-group={groupOf(block.kind)}>
        <span className="sc-block-icon">
          <KindIcon kind={block.kind} size={20} />
        </span>
        <div>
          <h2>{tell(`kind.${block.kind}`)}</h2>
          <p className="soft">{tell(`kind.${block.kind}.what`)}</p>
        </div>
      </header>
      {shown.length > 0 && (
        <ul className="sc-form-faults">
          {shown.map((fault) => (
            <li key={`${fault.pointer} ${fault.sentence}`} data-severity={fault.severity}>
              {plainly(graph, fault, tell)}
            </li>
          ))}
        </ul>
      )}
      {fields.length === 0 && <p className="soft">{tell('form.noSettings')}</p>}
      {first.map(form)}
      {more.length > 0 && (
        <details className="sc-more" open={isMoreSet ? true : undefined}>
          <summary>{tell('form.more')}</summary>
          <div className="sc-more-fields">{more.map(form)}</div>
        </details>
      )}
      <Ways graph={graph} id={id} readOnly={readOnly} acts={acts} />
      {!readOnly && (
        <footer className="sc-form-foot">
          <Name key={id} graph={graph} id={id} rename={acts.rename} />
          <div className="sc-form-buttons">
            {graph.start !== id && (
              <Button variant="default" size="xs" onClick={() => acts.begin(id)}>
                {tell('form.begin')}
              </Button>
            )}
            <Button variant="default" size="xs" onClick={() => acts.duplicate([id])}>
              {tell('form.duplicate')}
            </Button>
            <Button variant="subtle" size="xs" color="vermilion" onClick={() => acts.remove([id])}>
              {tell('form.remove')}
            </Button>
          </div>
        </footer>
      )}
    </section>
  );
}

/** Ways that lead nowhere are red below, and a language that is missing is an empty field. */
const seenBelow: ReadonlySet<string> = new Set(['not_connected', 'not_in_language']);

function FieldForm({
  field,
  kind,
  value,
  variables,
  offers,
  readOnly,
  onChange,
}: {
  field: Field;
  kind: string;
  value: unknown;
  variables: readonly string[];
  offers: Offers;
  readOnly: boolean;
  onChange: (value: unknown) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const own = `field.${kind}.${field.name}`;
  const usual = `field.${field.name}`;
  const label = tell(tell.knows(own) ? own : tell.knows(usual) ? usual : 'form.asUsual');
  const ownWhat = `${own}.what`;
  const usualWhat = `${usual}.what`;
  const what = tell.knows(ownWhat) ? tell(ownWhat) : tell.knows(usualWhat) ? tell(usualWhat) : undefined;
  switch (field.type) {
    case 'words':
      return (
        <WordsField
          label={label}
          what={what}
          value={value}
          optional={field.optional === true}
          variables={variables}
          offers={offers}
          readOnly={readOnly}
          onChange={onChange}
        />
      );
    case 'number':
      return (
        <NumberField
          label={label}
          what={what}
          value={typeof value === 'number' ? value : undefined}
          min={field.min}
          max={field.max}
          whole={field.whole}
          optional={field.optional}
          readOnly={readOnly}
          onChange={onChange}
        />
      );
    case 'text':
      return (
        <TextField
          label={label}
          what={what}
          is={field.is}
          value={typeof value === 'string' ? value : ''}
          variables={field.is === 'template' ? variables : undefined}
          readOnly={readOnly}
          onChange={onChange}
        />
      );
    case 'choice':
      return (
        <NativeSelect
          size="sm"
          label={label}
          description={what}
          value={typeof value === 'string' ? value : (field.options[0] ?? '')}
          disabled={readOnly}
          onChange={(event) => onChange(event.currentTarget.value)}
          data={field.options.map((option) => ({
            value: option,
            label: tell(optionKey(tell, kind, field.name, option)),
          }))}
        />
      );
    case 'switch':
      return (
        <Switch
          size="sm"
          label={label}
          checked={value === true}
          disabled={readOnly}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'own':
      return (
        <OwnFieldForm
          as={field.as}
          label={label}
          what={what}
          value={value}
          mayBeChosen={kind === 'ring'}
          variables={variables}
          offers={offers}
          readOnly={readOnly}
          onChange={onChange}
        />
      );
  }
}

function optionKey(tell: Tell, kind: string, field: string, option: string): Key {
  const own = `field.${kind}.${field}.${option}`;
  const usual = `field.${field}.${option}`;
  return tell.knows(own) ? own : tell.knows(usual) ? usual : 'form.asUsual';
}

const nowhere = '';
const fresh = '+';

function Ways({
  graph,
  id,
  readOnly,
  acts,
}: {
  graph: Graph;
  id: string;
  readOnly: boolean;
  acts: FormActs;
}): React.ReactNode {
  const { tell } = useTell();
  const block = graph.blocks[id];
  const ways = block ? waysOf(block) : [];
  if (!block || ways.length === 0) return null;
  const others = Object.keys(graph.blocks)
    .map((other) => ({ value: other, label: blockName(graph, other, tell) }))
    .sort((one, other) => one.label.localeCompare(other.label));
  return (
    <fieldset className="sc-ways">
      <legend>{tell('form.next')}</legend>
      {ways.map((way) => {
        const to = block.next[way.name];
        const isSet = to !== undefined && has(graph, to);
        return (
          <NativeSelect
            key={way.name}
            size="sm"
            label={wayName(block.kind, way.name, tell)}
            className={!isSet && way.needed ? 'way-select sc-way-missing' : 'way-select'}
            value={isSet ? to : nowhere}
            disabled={readOnly}
            onChange={(event) => {
              const next = event.currentTarget.value;
              if (next === fresh) acts.ask(id, way.name);
              else acts.connect(id, way.name, next === nowhere ? undefined : next);
            }}
            data={[
              { value: nowhere, label: tell('form.nowhereAs', { what: unsetName(block.kind, way, tell) }) },
              ...(readOnly ? [] : [{ value: fresh, label: tell('form.newBlock') }]),
              ...others,
            ]}
          />
        );
      })}
    </fieldset>
  );
}

/** Taken over when the field is left: a name half written is nobody's. */
function Name({
  graph,
  id,
  rename,
}: {
  graph: Graph;
  id: string;
  rename: (id: string, wanted: string) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [typed, setTyped] = useState(id);
  useEffect(() => setTyped(id), [id]);
  const wanted = idOf(typed);
  const isRight = wanted === id || renamed(graph, id, wanted) !== graph;
  const take = (): void => {
    if (isRight && wanted !== id) rename(id, wanted);
    else setTyped(id);
  };
  return (
    <TextInput
      size="sm"
      label={tell('form.id')}
      description={tell('form.idWhat')}
      maxLength={40}
      value={typed}
      spellCheck={false}
      error={isRight ? undefined : tell('form.idWrong')}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
      }}
    />
  );
}
