// A password is chosen once and seen once: no second field to type it into, but an eye to look at it. Length is what makes
// one good; the house says when it is not.

import { PasswordInput } from '@mantine/core';
import { useWords } from '../words.ts';

export const passwordLengthMin = 10;

export function NewPassword({
  value,
  onChange,
  wrong,
  label,
}: {
  value: string;
  onChange: (next: string) => void;
  wrong?: string | undefined;
  label?: string;
}): React.ReactNode {
  const { say } = useWords();
  return (
    <PasswordInput
      label={label ?? say('password.new')}
      description={say('password.rule', { length: passwordLengthMin })}
      autoComplete="new-password"
      required
      withAsterisk={false}
      minLength={passwordLengthMin}
      value={value}
      error={wrong}
      onChange={(event) => onChange(event.currentTarget.value)}
      visibilityToggleButtonProps={{ 'aria-label': say('password.show') }}
    />
  );
}
