// Until when: not said, in a quarter of an hour, or at a time of day in the merchant's zone.

import { useState } from 'react';
import { Button } from '@mantine/core';
import { houseNow } from '../clock.ts';
import { showInstant } from '../show.ts';
import { nextTimeIn, timeIn } from '../zone.ts';
import { useWords } from '../words.ts';
import { TimeText } from './time-text.tsx';

const quick = [15, 30, 60] as const;

export function Until({
  value,
  onChange,
  timeZone,
  label,
  open,
}: {
  value: string | undefined;
  onChange: (next: string | undefined) => void;
  timeZone: string;
  label: string;
  /** What no end is called; absent: there must be one. */
  open?: string;
}): React.ReactNode {
  const { say, language } = useWords();
  const [time, setTime] = useState(value === undefined ? '' : timeIn(timeZone, Date.parse(value)));
  return (
    <fieldset className="until">
      <legend>{label}</legend>
      <div className="until-choices">
        {open !== undefined && (
          <Button
            variant={value === undefined ? 'filled' : 'default'}
            aria-pressed={value === undefined}
            size="sm"
            onClick={() => {
              setTime('');
              onChange(undefined);
            }}
          >
            {open}
          </Button>
        )}
        {quick.map((minutes) => (
          <Button
            key={minutes}
            variant="default"
            size="sm"
            onClick={() => {
              const at = new Date(houseNow() + minutes * 60_000);
              setTime(timeIn(timeZone, at.getTime()));
              onChange(at.toISOString());
            }}
          >
            {say('until.minutes', { minutes })}
          </Button>
        ))}
        <TimeText
          label={say('until.time')}
          value={time}
          onChange={(next) => {
            const at = next === '24:00' ? '00:00' : next;
            setTime(at);
            onChange(nextTimeIn(timeZone, at, houseNow()).toISOString());
          }}
        />
      </div>
      <p className="soft until-said">
        {value === undefined
          ? '\u00a0'
          : say('state.until', { at: showInstant(value, language, timeZone, houseNow()) })}
      </p>
    </fieldset>
  );
}
