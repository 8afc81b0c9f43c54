// The link of an invitation: who was invited says his name and chooses a password, and is in.

import { useState } from 'react';
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import type { Invitation as Invited } from '../contract.ts';
import { Trouble, Waiting } from '../parts/page.tsx';
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
  const { data, error, refetch } = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => ask<Invited>('GET', `/v1/invitations/${encodeURIComponent(token)}`),
  });
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
  if (!data) {
    return (
      <Doorstep title={say('invitation.title')}>
        {error ? <Trouble error={error} again={() => void refetch()} /> : <Waiting />}
      </Doorstep>
    );
  }
  return (
    <Doorstep title={say('invitation.title')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void accept.run();
        }}
      >
        <Stack>
          <p>
            {say(data.hasPassword ? 'invitation.textKnown' : 'invitation.text', {
              merchant: data.merchant ?? say('invitation.house'),
            })}
          </p>
          <TextInput label={say('email')} type="email" autoComplete="username" readOnly value={data.email} />
          <TextInput
            label={say('name')}
            autoComplete="name"
            required
            withAsterisk={false}
            value={name}
            error={accept.fields['/name']}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {data.hasPassword ? (
            <PasswordInput
              label={say('password')}
              autoComplete="current-password"
              required
              withAsterisk={false}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              visibilityToggleButtonProps={{ 'aria-label': say('password.show') }}
            />
          ) : (
            <NewPassword value={password} onChange={setPassword} wrong={accept.fields['/password']} />
          )}
          <Failed text={accept.failed} />
          <Button type="submit" loading={accept.busy} fullWidth>
            {say('invitation.go')}
          </Button>
        </Stack>
      </form>
    </Doorstep>
  );
}
