// Another name for something.

import { useState } from 'react';
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useAct } from '../act.ts';
import { useWords } from '../words.ts';
import { Dialog } from './dialog.tsx';

/** `keep`: keeps the new name; what is refused of it is said at the field. */
export function Rename({
  name,
  title,
  label,
  keep,
  onClose,
}: {
  name: string;
  title?: string;
  label?: string;
  keep: (name: string) => Promise<unknown>;
  onClose: () => void;
}): React.ReactNode {
  const { say } = useWords();
  const [typed, setTyped] = useState(name);
  const wanted = typed.trim();
  const save = useAct(async () => {
    await keep(wanted);
    onClose();
  });
  return (
    <Dialog title={title ?? say('rename')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Stack>
          <TextInput
            label={label ?? say('name')}
            data-autofocus
            required
            withAsterisk={false}
            maxLength={80}
            value={typed}
            error={Object.values(save.fields)[0]}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {say('cancel')}
            </Button>
            <Button type="submit" loading={save.busy} disabled={wanted === ''}>
              {say('save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
