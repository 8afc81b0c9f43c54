// How long something holds: a number and its unit, as people say it.

import { useState } from 'react';
import { NativeSelect, TextInput } from '@mantine/core';
import { durationParts, unitNames, unitSeconds, type DurationUnit } from '../duration.ts';
import { useWords } from '../words.ts';

export function DurationField({
  label,
  seconds,
  error,
  disabled = false,
  onChange,
}: {
  label: string;
  seconds: number;
  error?: string | undefined;
  disabled?: boolean;
  /** `NaN`: what stands there is no number. */
  onChange: (seconds: number) => void;
}): React.ReactNode {
  const { say } = useWords();
  const [parts, setParts] = useState(() => {
    const { count, unit } = durationParts(seconds);
    return { count: String(count), unit };
  });
  const put = (count: string, unit: DurationUnit): void => {
    setParts({ count, unit });
    onChange(/^\d{1,9}$/.test(count.trim()) ? Number(count) * unitSeconds[unit] : Number.NaN);
  };
  return (
    <div className="duration">
      <TextInput
        label={label}
        inputMode="numeric"
        required
        withAsterisk={false}
        disabled={disabled}
        value={parts.count}
        error={error}
        onChange={(event) => put(event.currentTarget.value, parts.unit)}
      />
      <NativeSelect
        aria-label={say('duration.unit')}
        disabled={disabled}
        value={parts.unit}
        onChange={(event) => put(parts.count, event.currentTarget.value as DurationUnit)}
        data={unitNames.map((value) => ({ value, label: say(`duration.${value}`) }))}
      />
    </div>
  );
}
