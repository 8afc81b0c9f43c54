// The link of the e-mail: a new password, then the usual way in.

import { useState } from 'react';
import { Button, Stack } from '@mantine/core';
import { Link, useNavigate, useParams } from 'react-router';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { tell } from '../notices.tsx';
import { Doorstep } from '../shell.tsx';
import { useWords } from '../words.ts';
import { NewPassword } from './new-password.tsx';
import { Failed } from './sign-in.tsx';

export default function Reset(): React.ReactNode {
  const { say } = useWords();
  const { token = '' } = useParams();
  const navigate = useNavigate();
  const [password, setPassword] = useState('');
  const save = useAct(
    async () => {
      await ask('POST', `/v1/password-resets/${encodeURIComponent(token)}`, { password });
      tell(say('reset.done'));
      await navigate('/sign-in', { replace: true });
    },
    { quiet: true },
  );
  return (
    <Doorstep title={say('reset.newTitle')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Stack>
          <NewPassword value={password} onChange={setPassword} wrong={save.fields['/password']} />
          <Failed text={save.failed} />
          <Button type="submit" loading={save.busy} fullWidth>
            {say('save')}
          </Button>
          <Link to="/reset" className="quiet-link">
            {say('reset.again')}
          </Link>
        </Stack>
      </form>
    </Doorstep>
  );
}
