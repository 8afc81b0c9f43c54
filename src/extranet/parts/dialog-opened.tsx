// A question over the page. Its title is a heading in its body: a header of its own would be a second banner to who listens.

import { Modal } from '@mantine/core';
import { useWords } from '../words.ts';
import type { DialogProps } from './dialog.tsx';

export function OpenedDialog({
  title,
  onClose,
  opened,
  wide = false,
  above = false,
  children,
}: DialogProps & { opened: boolean }): React.ReactNode {
  const { say } = useWords();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      withCloseButton={false}
      size={wide ? 'lg' : 'md'}
      zIndex={above ? 400 : 200}
    >
      <div className="dialog-head">
        <Modal.Title>{title}</Modal.Title>
        <Modal.CloseButton aria-label={say('close')} />
      </div>
      {children}
    </Modal>
  );
}
