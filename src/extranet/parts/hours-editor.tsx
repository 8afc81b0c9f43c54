// The hours of a week: drawn with a finger or a mouse, moved with the arrow keys, or typed. And the days off. What was
// changed and not saved yet is kept on this device, so that a lost connection or a closed page loses nothing.

import { useEffect, useState } from 'react';
import { Button, Checkbox, Group, SegmentedControl, Stack, TextInput } from '@mantine/core';
import type { Schedule } from '../contract.ts';
import { useAct } from '../act.ts';
import { houseNow } from '../clock.ts';
import { isProblem } from '../problem.ts';
import { tell } from '../notices.tsx';
import { showDay } from '../show.ts';
import { asOnMonday, minutesOfWeek, weeklyOf, weekOf, type Week } from '../week.ts';
import { useWords } from '../words.ts';
import { dayIn } from '../zone.ts';
import { Icon } from './icon.tsx';
import { WeekGrid } from './week-grid.tsx';

interface Draft {
  /** The version of his settings it was begun from; absent: he has been told of a later one and means what he drew. */
  basedOn?: number;
  mode: 'always' | 'hours';
  week: Week;
  daysOff: readonly string[];
}

function draftOf(schedule: Schedule | null, basedOn: number): Draft {
  const week = weekOf(schedule);
  return {
    basedOn,
    mode: schedule !== null && schedule.weekly.length > 0 ? 'hours' : 'always',
    week,
    daysOff: schedule?.daysOff ?? [],
  };
}

function scheduleOfDraft({ mode, week, daysOff }: Draft): Schedule | null {
  if (mode === 'always' && daysOff.length === 0) return null;
  return { weekly: mode === 'always' ? [] : weeklyOf(week), daysOff: [...daysOff] };
}

/** The usual week of who never had one. */
const usual = weekOf({ weekly: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }], daysOff: [] });

/** `keep`: whose draft it is, on this device. */
export function HoursEditor({
  schedule,
  version,
  timeZone,
  keep,
  save,
  readOnly = false,
}: {
  schedule: Schedule | null;
  version: number;
  timeZone: string;
  keep: string;
  save: (next: Schedule | null, basedOn: number) => Promise<unknown>;
  readOnly?: boolean;
}): React.ReactNode {
  const { say, language } = useWords();
  const key = `ringmeter.hours.${keep}`;
  const saved = draftOf(schedule, version);
  const [draft, setDraft] = useState<Draft | undefined>(() => readKept(key));
  const shown = draft ?? saved;
  const isEmpty = shown.mode === 'hours' && minutesOfWeek(shown.week) === 0;

  const edit = (change: Partial<Draft>): void => {
    const next = { ...shown, ...change };
    const isSame =
      JSON.stringify(scheduleOfDraft(next)) === JSON.stringify(schedule) && next.mode === saved.mode;
    setDraft(isSame ? undefined : next);
    if (isSame) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(next));
  };
  const forget = (): void => {
    setDraft(undefined);
    localStorage.removeItem(key);
  };
  const keepIt = useAct(async () => {
    try {
      await save(scheduleOfDraft(shown), shown.basedOn ?? version);
    } catch (problem) {
      // What he drew stays; pressed again, it is meant in spite of what he was told stands there by now.
      if (isProblem(problem, 'changed-meanwhile')) {
        const { basedOn: _earlier, ...drawn } = shown;
        setDraft(drawn);
      }
      throw problem;
    }
    forget();
    tell(say('hours.saved'));
  });

  return (
    <Stack gap="lg">
      <p className="soft">{say('hours.zone', { zone: timeZone.replaceAll('_', ' ') })}</p>
      <SegmentedControl
        className="mode"
        aria-label={say('hours.mode')}
        value={shown.mode}
        disabled={readOnly}
        onChange={(mode) =>
          edit({
            mode,
            ...(mode === 'hours' && minutesOfWeek(shown.week) === 0 && { week: usual }),
          })
        }
        data={[
          { value: 'always', label: say('hours.always') },
          { value: 'hours', label: say('hours.weekly') },
        ]}
      />
      {shown.mode === 'hours' && (
        <>
          <WeekGrid week={shown.week} onChange={(week) => edit({ week })} readOnly={readOnly} />
          {!readOnly && (
            <Group>
              <Button variant="default" size="sm" onClick={() => edit({ week: asOnMonday(shown.week) })}>
                {say('hours.asOnMonday')}
              </Button>
            </Group>
          )}
          {isEmpty && <p className="wrong">{say('hours.empty')}</p>}
        </>
      )}
      <DaysOff
        daysOff={shown.daysOff}
        today={dayIn(timeZone, houseNow())}
        language={language}
        readOnly={readOnly}
        onChange={(daysOff) => edit({ daysOff })}
      />
      {!readOnly && (
        <div className="save-bar" data-shown={draft !== undefined}>
          <span>{say('hours.unsaved')}</span>
          <Group gap="xs">
            <Button variant="default" size="sm" disabled={draft === undefined} onClick={forget}>
              {say('discard')}
            </Button>
            <Button
              size="sm"
              disabled={draft === undefined || isEmpty}
              loading={keepIt.busy}
              onClick={() => void keepIt.run()}
            >
              {say('hours.save')}
            </Button>
          </Group>
        </div>
      )}
    </Stack>
  );
}

function readKept(key: string): Draft | undefined {
  try {
    const kept = localStorage.getItem(key);
    if (kept === null) return undefined;
    const draft = JSON.parse(kept) as Partial<Draft>;
    return Array.isArray(draft.week) && draft.week.length === 7 && Array.isArray(draft.daysOff) && draft.mode
      ? (draft as Draft)
      : undefined;
  } catch {
    return undefined;
  }
}

function DaysOff({
  daysOff,
  today,
  language,
  readOnly,
  onChange,
}: {
  daysOff: readonly string[];
  today: string;
  language: 'fr' | 'en';
  readOnly: boolean;
  onChange: (next: readonly string[]) => void;
}): React.ReactNode {
  const { say } = useWords();
  const [day, setDay] = useState('');
  const [everyYear, setEveryYear] = useState(false);
  const [said, setSaid] = useState('');
  useEffect(() => setSaid(''), [day]);
  const add = (): void => {
    const next = everyYear ? day.slice(5) : day;
    if (daysOff.includes(next)) {
      setSaid(say('daysOff.already'));
      return;
    }
    onChange([...daysOff, next].sort());
    setDay('');
    setEveryYear(false);
  };
  return (
    <section>
      <h2>{say('daysOff.title')}</h2>
      {daysOff.length === 0 ? (
        <p className="soft">{say('daysOff.none')}</p>
      ) : (
        <ul className="chips">
          {daysOff.map((off) => (
            <li key={off} className="chip">
              {showDay(off, language)}
              {off.length === 5 && <span className="soft"> {say('daysOff.everyYear')}</span>}
              {!readOnly && (
                <button
                  type="button"
                  aria-label={say('daysOff.remove', { day: showDay(off, language) })}
                  onClick={() => onChange(daysOff.filter((other) => other !== off))}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {!readOnly && (
        <Group align="flex-end" mt="sm" gap="sm">
          <TextInput
            type="date"
            label={say('daysOff.day')}
            min={everyYear ? undefined : today}
            value={day}
            error={said === '' ? undefined : said}
            onChange={(event) => setDay(event.currentTarget.value)}
          />
          <Checkbox
            mb={10}
            label={say('daysOff.everyYearToo')}
            checked={everyYear}
            onChange={(event) => setEveryYear(event.currentTarget.checked)}
          />
          <Button
            variant="default"
            leftSection={<Icon name="plus" size={16} />}
            disabled={!/^\d{4}-\d{2}-\d{2}$/.test(day)}
            onClick={add}
          >
            {say('daysOff.add')}
          </Button>
        </Group>
      )}
    </section>
  );
}
