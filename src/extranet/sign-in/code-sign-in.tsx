// The way in of a consultant who has no e-mail address here: his short number and his PIN, at his merchant's own link.

import { useState } from 'react';
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { Link, useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { signedInAnew } from '../session.ts';
import { Doorstep } from '../shell.tsx';
import { useWords } from '../words.ts';
import { Failed } from './sign-in.tsx';

export default function CodeSignIn(): React.ReactNode {
  const { say } = useWords();
  const { merchant = '' } = useParams();
  const navigate = useNavigate();
  const [shortNumber, setShortNumber] = useState('');
  const [pin, setPin] = useState('');
  const signIn = useAct(
    async () => {
      await ask('POST', '/v1/session/short-number', { merchant, shortNumber: shortNumber.trim(), pin });
      await signedInAnew();
      await navigate('/me', { replace: true });
    },
    { quiet: true },
  );
  return (
    <Doorstep title={say('codeSignIn.title')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void signIn.run();
        }}
      >
        <Stack>
          <p>{say('codeSignIn.text')}</p>
          <TextInput
            label={say('consultant.shortNumber')}
            inputMode="numeric"
            autoComplete="username"
            name="short-number"
            required
            withAsterisk={false}
            value={shortNumber}
            onChange={(event) => setShortNumber(event.currentTarget.value)}
          />
          <PasswordInput
            label={say('pin')}
            inputMode="numeric"
            autoComplete="current-password"
            name="pin"
            required
            withAsterisk={false}
            value={pin}
            onChange={(event) => setPin(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': say('pin.show') }}
          />
          <Failed text={signIn.failed} />
          <Button type="submit" loading={signIn.busy} fullWidth>
            {say('signIn.go')}
          </Button>
          <Link to="/sign-in" className="quiet-link">
            {say('codeSignIn.byEmail')}
          </Link>
        </Stack>
      </form>
    </Doorstep>
  );
}
