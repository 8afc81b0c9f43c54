// A text to be put somewhere else: shown whole, copied by a press.

import { ActionIcon } from '@mantine/core';
import { copy } from '../copy.ts';
import { useWords } from '../words.ts';
import { Icon } from './icon.tsx';

export function CopiedText({
  label,
  text,
  what,
}: {
  label: string;
  text: string;
  what?: string;
}): React.ReactNode {
  const { say } = useWords();
  return (
    <div className="copied">
      <span className="copied-label">{label}</span>
      {what !== undefined && <span className="soft">{what}</span>}
      <div className="copied-box">
        <code>{text}</code>
        <ActionIcon
          variant="default"
          size={36}
          aria-label={say('copyOne', { what: label })}
          onClick={() => copy(text, say)}
        >
          <Icon name="copy" size={17} />
        </ActionIcon>
      </div>
    </div>
  );
}
