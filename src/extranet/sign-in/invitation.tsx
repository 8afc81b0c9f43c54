// The link of an invitation: who was invited says his name and chooses a password, and is in.

import { useState } from 'react';
import { Button, Stack, TextInput } from '@mantine/core';
import { useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell } from '../notices.tsx';
import { queries, signedInAnew } from '../session.ts';
import { Doorstep } from '../shell.tsx';
import { useWords } from '../words.ts';
import { NewPassword } from './new-password.tsx';
import { Failed } from './sign-in.tsx';

export default function Invitation(): React.ReactNode {
  const { say } = useWords();
  const { token = '' } = useParams();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const accept = useAct(
    async () => {
      await ask('POST', `/v1/invitations/${encodeURIComponent(token)}`, { name: name.trim(), password });
      await signedInAnew();
      // Where accepting does not sign in by itself, the usual way in comes next.
      if (!queries.getQueryData(['session'])) tell(say('invitation.done'));
      await navigate('/', { replace: true });
    },
    { quiet: true },
  );
  return (
    <Doorstep title={say('invitation.title')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void accept.run();
        }}
      >
        <Stack>
          <p>{say('invitation.text')}</p>
          <TextInput
            label={say('name')}
            autoComplete="name"
            required
            withAsterisk={false}
            value={name}
            error={accept.fields['/name']}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NewPassword value={password} onChange={setPassword} wrong={accept.fields['/password']} />
          <Failed text={accept.failed} />
          <Button type="submit" loading={accept.busy} fullWidth>
            {say('invitation.go')}
          </Button>
        </Stack>
      </form>
    </Doorstep>
  );
}
