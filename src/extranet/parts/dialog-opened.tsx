// A question over the page. Its title is a heading in its body: a header of its own would be a second banner to who listens.

import { Modal } from '@mantine/core';
import { useWords } from '../words.ts';

export interface DialogProps {
  title: string;
  onClose: () => void;
  opened?: boolean;
  wide?: boolean;
  /** Over another dialog. */
  above?: boolean;
  children: React.ReactNode;
}

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
