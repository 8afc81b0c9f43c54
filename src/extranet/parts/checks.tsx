// Several of a few: a box each.

import { Checkbox } from '@mantine/core';

export function Checks({
  label,
  what,
  options,
  chosen,
  onChange,
}: {
  label: string;
  /** A sentence below the label. */
  what?: string;
  options: readonly { value: string; label: string }[];
  chosen: readonly string[];
  onChange: (next: string[]) => void;
}): React.ReactNode {
  return (
    <fieldset className="checks">
      <legend>
        {label}
        {what !== undefined && <span className="soft checks-what">{what}</span>}
      </legend>
      {options.map(({ value, label: name }) => (
        <Checkbox
          key={value}
          label={name}
          checked={chosen.includes(value)}
          onChange={(event) =>
            onChange(
              event.currentTarget.checked ? [...chosen, value] : chosen.filter((other) => other !== value),
            )
          }
        />
      ))}
    </fieldset>
  );
}
