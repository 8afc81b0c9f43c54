// What a merchant says of a consultant: who he is, where he is rung and how long, what he earns. The same fields for a new
// one and for one he has.

import { useState } from 'react';
import {
  Button,
  Group,
  NativeSelect,
  PasswordInput,
  Stack,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core';
import type { Consultant, ConsultantChange, Language } from '../contract.ts';
import { Checks } from '../parts/checks.tsx';
import { Icon } from '../parts/icon.tsx';
import { useLines } from '../read.ts';
import { useWords, type Say } from '../words.ts';

const numbersMax = 5;

interface Fields {
  name: string;
  shortNumber: string;
  pin: string;
  sip: string;
  numbers: string[];
  language: Language;
  languages: Language[];
  lines: string[];
  introductionFr: string;
  introductionEn: string;
  ringSeconds: string;
  hasFallback: boolean;
  fallbackNumber: string;
  fallbackAfterSeconds: string;
  wrapUpSeconds: string;
  unanswered: string;
  refused: string;
  sharePercent: string;
  missedCallToggles: boolean;
}

export function fieldsOf(of: Consultant | undefined): Fields {
  return {
    name: of?.name ?? '',
    shortNumber: of?.shortNumber ?? '',
    pin: '',
    sip: of?.sip?.replace(/^sip:/, '') ?? '',
    numbers: of && of.numbers.length > 0 ? of.numbers : [''],
    language: of?.language ?? 'fr',
    languages: of && of.languages.length > 0 ? of.languages : [of?.language ?? 'fr'],
    lines: of?.lines ?? [],
    introductionFr: of?.introduction.fr ?? '',
    introductionEn: of?.introduction.en ?? '',
    ringSeconds: of?.ringSeconds === null || of === undefined ? '' : String(of.ringSeconds),
    hasFallback: of !== undefined && of.fallback !== null,
    fallbackNumber: of?.fallback?.number ?? '',
    fallbackAfterSeconds: String(of?.fallback?.afterSeconds ?? 10),
    wrapUpSeconds: String(of?.wrapUpSeconds ?? 0),
    unanswered: String(of?.missLimits.unanswered ?? 3),
    refused: String(of?.missLimits.refused ?? 5),
    sharePercent:
      of === undefined || of.share === null ? '' : String(Math.round(Number(of.share) * 10_000) / 100),
    missedCallToggles: of?.missedCallToggles ?? false,
  };
}

/** As the API takes it. Numbers may be written with blanks and dots; the house judges them. */
export function bodyOf(fields: Fields): ConsultantChange {
  const plain = (number: string): string => number.replace(/[\s.()-]/g, '');
  const introduction = {
    ...(fields.introductionFr.trim() !== '' && { fr: fields.introductionFr.trim() }),
    ...(fields.introductionEn.trim() !== '' && { en: fields.introductionEn.trim() }),
  };
  return {
    name: fields.name.trim(),
    shortNumber: fields.shortNumber.trim() === '' ? null : fields.shortNumber.trim(),
    ...(fields.pin !== '' && { pin: fields.pin }),
    sip: fields.sip.trim() === '' ? null : fields.sip.trim(),
    numbers: fields.numbers.map(plain).filter((number) => number !== ''),
    language: fields.language,
    languages: fields.languages.length === 0 ? [fields.language] : fields.languages,
    lines: fields.lines,
    introduction,
    ringSeconds: fields.ringSeconds === '' ? null : Number(fields.ringSeconds),
    fallback: fields.hasFallback
      ? { number: plain(fields.fallbackNumber), afterSeconds: Number(fields.fallbackAfterSeconds) }
      : null,
    wrapUpSeconds: Number(fields.wrapUpSeconds),
    missLimits: { unanswered: Number(fields.unanswered), refused: Number(fields.refused) },
    share:
      fields.sharePercent === ''
        ? null
        : (Number(fields.sharePercent.replace(',', '.')) / 100).toFixed(4).replace(/0{1,2}$/, ''),
    missedCallToggles: fields.missedCallToggles,
  };
}

/** Only what is another: two people who change different things of one consultant do not undo each other. */
export function changeOf(before: Fields, after: Fields): ConsultantChange {
  const [old, next] = [bodyOf(before), bodyOf(after)];
  return Object.fromEntries(
    Object.entries(next).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name as keyof ConsultantChange]),
    ),
  );
}

export type FormPart = 'all' | 'who' | 'ringing';

export function ConsultantForm({
  of,
  part,
  wrong,
  busy,
  readOnly = false,
  submit,
  onSubmit,
}: {
  of: Consultant | undefined;
  part: FormPart;
  /** By JSON Pointer. */
  wrong: Readonly<Record<string, string>>;
  busy: boolean;
  readOnly?: boolean;
  submit: string;
  onSubmit: (after: Fields, before: Fields) => void;
}): React.ReactNode {
  const { say } = useWords();
  const [before] = useState(() => fieldsOf(of));
  const [fields, setFields] = useState(before);
  const put = (change: Partial<Fields>): void => setFields({ ...fields, ...change });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(fields, before);
      }}
    >
      <fieldset className="form" disabled={readOnly}>
        {part !== 'ringing' && (
          <Who fields={fields} put={put} wrong={wrong} say={say} hasPin={of?.hasPin ?? false} />
        )}
        {part !== 'who' && <Where fields={fields} put={put} wrong={wrong} say={say} />}
        {part === 'ringing' && <Ringing fields={fields} put={put} wrong={wrong} say={say} />}
        {part !== 'ringing' && <PageWords fields={fields} put={put} wrong={wrong} say={say} />}
        {!readOnly && (
          <Group>
            <Button type="submit" loading={busy}>
              {submit}
            </Button>
          </Group>
        )}
      </fieldset>
    </form>
  );
}

interface PartProps {
  fields: Fields;
  put: (change: Partial<Fields>) => void;
  wrong: Readonly<Record<string, string>>;
  say: Say;
}

function Who({ fields, put, wrong, say, hasPin }: PartProps & { hasPin: boolean }): React.ReactNode {
  const { data: lines } = useLines();
  return (
    <>
      <TextInput
        label={say('name')}
        required
        withAsterisk={false}
        maxLength={60}
        autoComplete="off"
        value={fields.name}
        error={wrong['/name']}
        onChange={(event) => put({ name: event.currentTarget.value })}
      />
      <div className="pair">
        <TextInput
          label={say('consultant.shortNumber')}
          description={say('consultant.shortNumberWhat')}
          inputMode="numeric"
          maxLength={8}
          autoComplete="off"
          value={fields.shortNumber}
          error={wrong['/shortNumber']}
          onChange={(event) => put({ shortNumber: event.currentTarget.value })}
        />
        <PasswordInput
          label={say('pin')}
          description={say(hasPin ? 'pin.set' : 'pin.what')}
          inputMode="numeric"
          maxLength={8}
          autoComplete="new-password"
          value={fields.pin}
          error={wrong['/pin']}
          onChange={(event) => put({ pin: event.currentTarget.value })}
          visibilityToggleButtonProps={{ 'aria-label': say('pin.show') }}
        />
      </div>
      <div className="pair">
        <NativeSelect
          label={say('consultant.language')}
          description={say('consultant.languageWhat')}
          value={fields.language}
          onChange={(event) => put({ language: event.currentTarget.value as Language })}
          data={[
            { value: 'fr', label: 'Français' },
            { value: 'en', label: 'English' },
          ]}
        />
        <Checks
          label={say('consultant.languages')}
          options={[
            { value: 'fr', label: 'Français' },
            { value: 'en', label: 'English' },
          ]}
          chosen={fields.languages}
          onChange={(languages) => put({ languages: languages as Language[] })}
        />
      </div>
      {(lines ?? []).length > 0 && (
        <Checks
          label={say('consultant.lines')}
          options={(lines ?? []).map(({ slug, name }) => ({ value: slug, label: name }))}
          chosen={fields.lines}
          onChange={(next) => put({ lines: next })}
        />
      )}
    </>
  );
}

/** The first number is where he is rung, unless he has a SIP address; which comes first is moved with a press. */
function Where({ fields, put, wrong, say }: PartProps): React.ReactNode {
  const { numbers } = fields;
  const setAt = (place: number, number: string): void =>
    put({ numbers: numbers.map((own, other) => (other === place ? number : own)) });
  const toFirst = (place: number): void =>
    put({ numbers: [numbers[place] ?? '', ...numbers.filter((_, other) => other !== place)] });
  return (
    <Stack gap="sm">
      <TextInput
        label={say('consultant.sip')}
        description={say('consultant.sipWhat')}
        type="text"
        inputMode="email"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={328}
        placeholder="marie@sip.example.com"
        value={fields.sip}
        error={wrong['/sip']}
        onChange={(event) => put({ sip: event.currentTarget.value })}
      />
      {numbers.map((number, place) => (
        <div key={place} className="number-row">
          <TextInput
            label={say(place === 0 ? 'consultant.firstNumber' : 'consultant.otherNumber', {
              place: place + 1,
            })}
            type="tel"
            autoComplete="off"
            placeholder="+33 6 12 34 56 78"
            required={place === 0 && fields.sip.trim() === ''}
            withAsterisk={false}
            value={number}
            error={wrong[`/numbers/${place}`] ?? (place === 0 ? wrong['/numbers'] : undefined)}
            onChange={(event) => setAt(place, event.currentTarget.value)}
          />
          {place > 0 && (
            <>
              <Button variant="default" onClick={() => toFirst(place)}>
                {say('consultant.ringFirst')}
              </Button>
              <Button
                variant="default"
                aria-label={say('consultant.removeNumber', { number })}
                onClick={() => put({ numbers: numbers.filter((_, other) => other !== place) })}
              >
                <Icon name="bin" size={18} />
              </Button>
            </>
          )}
        </div>
      ))}
      {numbers.length < numbersMax && (
        <Group>
          <Button
            variant="subtle"
            size="sm"
            leftSection={<Icon name="plus" size={16} />}
            onClick={() => put({ numbers: [...numbers, ''] })}
          >
            {say('consultant.addNumber')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Ringing({ fields, put, wrong, say }: PartProps): React.ReactNode {
  const seconds = (
    name: 'ringSeconds' | 'wrapUpSeconds' | 'fallbackAfterSeconds' | 'unanswered' | 'refused',
    label: string,
    more: { description?: string; min: number; max: number; pointer: string; optional?: boolean },
  ): React.ReactNode => (
    <TextInput
      type="number"
      label={label}
      description={more.description}
      min={more.min}
      max={more.max}
      required={more.optional !== true}
      withAsterisk={false}
      value={fields[name]}
      error={wrong[more.pointer]}
      onChange={(event) => put({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <>
      <div className="pair">
        {seconds('ringSeconds', say('consultant.ringSeconds'), {
          description: say('consultant.ringSecondsWhat'),
          min: 5,
          max: 120,
          pointer: '/ringSeconds',
          optional: true,
        })}
        {seconds('wrapUpSeconds', say('consultant.wrapUpSeconds'), {
          description: say('consultant.wrapUpWhat'),
          min: 0,
          max: 3_600,
          pointer: '/wrapUpSeconds',
        })}
      </div>
      <Switch
        label={say('consultant.fallback')}
        checked={fields.hasFallback}
        onChange={(event) => put({ hasFallback: event.currentTarget.checked })}
      />
      {fields.hasFallback && (
        <div className="pair">
          <TextInput
            label={say('consultant.fallbackNumber')}
            type="tel"
            autoComplete="off"
            required
            withAsterisk={false}
            value={fields.fallbackNumber}
            error={wrong['/fallback/number']}
            onChange={(event) => put({ fallbackNumber: event.currentTarget.value })}
          />
          {seconds('fallbackAfterSeconds', say('consultant.fallbackAfter'), {
            min: 3,
            max: 60,
            pointer: '/fallback/afterSeconds',
          })}
        </div>
      )}
      <div className="pair">
        {seconds('unanswered', say('consultant.unanswered'), {
          description: say('consultant.missWhat'),
          min: 0,
          max: 100,
          pointer: '/missLimits/unanswered',
        })}
        {seconds('refused', say('consultant.refused'), {
          description: say('consultant.missWhat'),
          min: 0,
          max: 100,
          pointer: '/missLimits/refused',
        })}
      </div>
      <TextInput
        label={say('consultant.share')}
        description={say('consultant.shareWhat')}
        inputMode="decimal"
        value={fields.sharePercent}
        error={wrong['/share']}
        onChange={(event) => put({ sharePercent: event.currentTarget.value.replace(/[^\d.,]/g, '') })}
      />
      <Switch
        label={say('consultant.missedCallToggles')}
        description={say('consultant.missedCallTogglesWhat')}
        checked={fields.missedCallToggles}
        onChange={(event) => put({ missedCallToggles: event.currentTarget.checked })}
      />
    </>
  );
}

function PageWords({ fields, put, wrong, say }: PartProps): React.ReactNode {
  return (
    <div className="pair">
      <Textarea
        label={say('consultant.wordsFr')}
        autosize
        minRows={3}
        maxLength={500}
        lang="fr"
        value={fields.introductionFr}
        error={wrong['/introduction/fr']}
        onChange={(event) => put({ introductionFr: event.currentTarget.value })}
      />
      <Textarea
        label={say('consultant.wordsEn')}
        autosize
        minRows={3}
        maxLength={500}
        lang="en"
        value={fields.introductionEn}
        error={wrong['/introduction/en']}
        onChange={(event) => put({ introductionEn: event.currentTarget.value })}
      />
    </div>
  );
}
