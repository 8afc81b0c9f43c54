// A time of day as it is typed: 24 hours, whatever the browser's own fields would show; `9`, `930` and `9h30` are times.

import { useState } from 'react';

/** `09:30`, or `undefined` where that is no time. */
export function readTime(text: string): string | undefined {
  const match = /^\s*(\d{1,2})\s*(?:[:.h]?\s*(\d{2}))?\s*h?\s*$/i.exec(text);
  if (!match) return undefined;
  const [hours, minutes] = [Number(match[1]), Number(match[2] ?? 0)];
  if (hours > 24 || minutes > 59 || (hours === 24 && minutes > 0)) return undefined;
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

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
