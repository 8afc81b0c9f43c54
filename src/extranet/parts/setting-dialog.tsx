// A setting with what belongs to it: why, and until when.

import { useState } from 'react';
import { Button, Stack, TextInput } from '@mantine/core';
import type { Availability, AvailabilityWish, State } from '../contract.ts';
import { useTimeZone } from '../read.ts';
import { Dialog } from './dialog.tsx';
import { useWords } from '../words.ts';
import { Until } from './until.tsx';

export function SettingDialog({
  availability,
  state,
  title,
  onClose,
  onSave,
}: {
  availability: Availability;
  state: State;
  title: string;
  onClose: () => void;
  onSave: (wish: AvailabilityWish) => void;
}): React.ReactNode {
  const { say } = useWords();
  const timeZone = useTimeZone();
  const isSet = state.because === availability;
  const [reason, setReason] = useState(isSet ? (state.reason ?? '') : '');
  const [backAt, setBackAt] = useState(isSet ? (state.until ?? undefined) : undefined);
  // "Available until" is a word against the hours, and ends: without an end it would say nothing.
  const inSpite = availability === 'available';
  return (
    <Dialog onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSave({
            availability,
            ...(reason.trim() !== '' && { reason: reason.trim() }),
            ...(backAt !== undefined && { backAt }),
          });
        }}
      >
        <Stack>
          {inSpite && <p>{say('now.inSpite')}</p>}
          {availability === 'break' && (
            <TextInput
              label={say('now.reason')}
              description={say('now.reasonWho')}
              maxLength={80}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          <Until
            label={say(inSpite ? 'now.workUntil' : 'now.backAtLabel')}
            value={backAt}
            onChange={setBackAt}
            timeZone={timeZone}
            {...(!inSpite && { open: say('now.openEnd') })}
          />
          <Button type="submit" disabled={inSpite && backAt === undefined}>
            {say(inSpite ? 'now.takeCalls' : 'save')}
          </Button>
        </Stack>
      </form>
    </Dialog>
  );
}
