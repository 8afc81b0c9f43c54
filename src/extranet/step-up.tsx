// "Is it still you?": asked before changes to money, secrets and people, when the house wants it, and only then. What was
// to be done waits meanwhile, and is done afterwards by itself.

import { useEffect, useRef, useState } from 'react';
import { Button, Group, PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { ask, whenStepUpNeeded } from './ask.ts';
import { changed } from './session.ts';
import { isProblem, Problem } from './problem.ts';
import { Dialog } from './parts/dialog.tsx';
import { useWords } from './words.ts';

export function StepUp(): React.ReactNode {
  const { say } = useWords();
  const [asked, setAsked] = useState(false);
  const [by, setBy] = useState<'password' | 'code'>('password');
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);
  const waiting = useRef<((confirmed: boolean) => void)[]>([]);

  useEffect(() => {
    // Two requests that need it at once are one question.
    whenStepUpNeeded(
      () =>
        new Promise<boolean>((resolve) => {
          waiting.current.push(resolve);
          setText('');
          setWrong(undefined);
          setAsked(true);
        }),
    );
  }, []);

  const end = (confirmed: boolean): void => {
    setAsked(false);
    for (const resolve of waiting.current.splice(0)) resolve(confirmed);
  };
  const confirm = async (): Promise<void> => {
    setBusy(true);
    try {
      await ask(
        'POST',
        '/v1/session/step-up',
        by === 'password' ? { password: text } : { code: text.trim() },
      );
      void changed('session');
      end(true);
    } catch (error) {
      // The house's own sentence is for the door.
      const isRefused = isProblem(error, 'sign-in-refused');
      const said = error instanceof Problem ? error.message : say('problem.unexpected');
      setWrong(isRefused ? say('stepUp.wrong') : said);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog opened={asked} onClose={() => end(false)} title={say('stepUp.title')} above>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <Stack>
          <Text c="dimmed">{say('stepUp.why')}</Text>
          <SegmentedControl
            fullWidth
            aria-label={say('stepUp.by')}
            value={by}
            onChange={(next) => {
              setBy(next);
              setText('');
              setWrong(undefined);
            }}
            data={[
              { value: 'password', label: say('password') },
              { value: 'code', label: say('stepUp.code') },
            ]}
          />
          {by === 'password' ? (
            <PasswordInput
              key="password"
              data-autofocus
              label={say('password')}
              autoComplete="current-password"
              value={text}
              error={wrong}
              onChange={(event) => setText(event.currentTarget.value)}
              visibilityToggleButtonProps={{ 'aria-label': say('password.show') }}
            />
          ) : (
            <TextInput
              key="code"
              label={say('factor.code')}
              inputMode="numeric"
              autoComplete="one-time-code"
              value={text}
              error={wrong}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => end(false)}>
              {say('cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={text === ''}>
              {say('stepUp.confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
