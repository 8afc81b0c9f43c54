// A forgotten password: a link by e-mail. The answer is the same whether anybody has that address.

import { useState } from 'react';
import { Button, Stack, TextInput } from '@mantine/core';
import { Link } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { Doorstep } from '../shell.tsx';
import { useWords } from '../words.ts';
import { Failed } from './sign-in.tsx';

export default function AskReset(): React.ReactNode {
  const { say } = useWords();
  const [email, setEmail] = useState('');
  const [isSent, setIsSent] = useState(false);
  const send = useAct(
    async () => {
      await ask('POST', '/v1/password-resets', { email: email.trim() });
      setIsSent(true);
    },
    { quiet: true },
  );
  return (
    <Doorstep title={say('reset.title')}>
      {isSent ? (
        <p role="status">{say('reset.sent', { email: email.trim() })}</p>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send.run();
          }}
        >
          <Stack>
            <p>{say('reset.text')}</p>
            <TextInput
              label={say('email')}
              type="email"
              autoComplete="username"
              required
              withAsterisk={false}
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <Failed text={send.failed} />
            <Button type="submit" loading={send.busy} fullWidth>
              {say('reset.send')}
            </Button>
          </Stack>
        </form>
      )}
      <Link to="/sign-in" className="quiet-link">
        {say('reset.backToSignIn')}
      </Link>
    </Doorstep>
  );
}
