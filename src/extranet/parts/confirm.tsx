// Whether it is really meant: for what cannot be taken back.

import { Button, Group, Stack } from '@mantine/core';
import { useWords } from '../words.ts';
import { Dialog } from './dialog.tsx';

/** `go`: the word on the button that does it. */
export function Confirm({
  title,
  text,
  go,
  busy,
  onGo,
  onClose,
}: {
  title: string;
  text: string;
  go: string;
  busy: boolean;
  onGo: () => void;
  onClose: () => void;
}): React.ReactNode {
  const { say } = useWords();
  return (
    <Dialog title={title} onClose={onClose}>
      <Stack>
        <p>{text}</p>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {say('cancel')}
          </Button>
          <Button color="vermilion" loading={busy} onClick={onGo}>
            {go}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
