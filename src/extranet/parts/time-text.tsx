// A time of day as it is typed: 24 hours, whatever the browser's own fields would show.

import { useState } from 'react';
import { readTime } from '../week.ts';

/** Taken over when it is left: a half typed time would move what it belongs to under the eyes. */
export function TimeText({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (time: string) => void;
}): React.ReactNode {
  const [typed, setTyped] = useState<string>();
  const take = (): void => {
    const time = typed === undefined ? undefined : readTime(typed);
    setTyped(undefined);
    if (time !== undefined && time !== value) onChange(time);
  };
  return (
    <input
      className="time-field"
      inputMode="numeric"
      autoComplete="off"
      maxLength={5}
      aria-label={label}
      placeholder="--:--"
      value={typed ?? value}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onFocus={(event) => event.currentTarget.select()}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        take();
      }}
    />
  );
}
