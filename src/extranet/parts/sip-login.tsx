// The login of a SIP telephone: made, made anew, taken away; the password is shown this once. Where no telephone can register,
// nothing of it is shown.

import { useState } from 'react';
import { Alert, Button, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useAct } from '../act.ts';
import { ask } from '../ask.ts';
import { copy } from '../copy.ts';
import { tell } from '../notices.tsx';
import { changed } from '../session.ts';
import { useWords } from '../words.ts';
import { Dialog } from './dialog.tsx';

interface Standing {
  userName: string | null;
  server: string | null;
  telephones: number;
}

interface Made {
  userName: string;
  password: string;
  server: string;
}

/** `letter`: somebody else's, who may be written to. */
export function SipLogin({ base, letter = false }: { base: string; letter?: boolean }): React.ReactNode {
  const { say } = useWords();
  const [made, setMade] = useState<Made>();
  const [asked, setAsked] = useState<'make' | 'drop'>();
  const { data, refetch } = useQuery({
    queryKey: ['sip-login', base],
    queryFn: () => ask<Standing>('GET', base),
    // Somebody sits before his telephone and waits for it.
    refetchInterval: 10_000,
  });
  const after = async (): Promise<void> => {
    setAsked(undefined);
    await refetch();
    await changed('consultant', 'consultants', 'me');
  };
  const make = useAct(async () => {
    setMade(await ask<Made>('POST', base));
    await after();
  });
  const drop = useAct(async () => {
    await ask('DELETE', base);
    setMade(undefined);
    tell(say('sip.dropped'));
    await after();
  });
  const write = useAct(async () => {
    await ask('POST', `${base}/letter`);
    tell(say('sip.written'));
  });
  if (!data || data.server === null) return null;
  const has = data.userName !== null;
  return (
    <section className="card">
      <h2>{say('sip.title')}</h2>
      <Stack gap="sm">
        <p className="soft">{say('sip.what')}</p>
        {has && !made && (
          <p>
            <code className="secret">{data.userName}</code> · <code className="secret">{data.server}</code> ·{' '}
            {say('sip.telephones', { count: data.telephones })}
          </p>
        )}
        {made && (
          <Alert title={say('sip.once')}>
            <dl className="pairs">
              {(['userName', 'password', 'server'] as const).map((name) => (
                <div key={name}>
                  <dt>{say(`sip.${name}`)}</dt>
                  <dd>
                    <code className="secret">{made[name]}</code>
                  </dd>
                </div>
              ))}
            </dl>
            <Group mt="sm">
              <Button size="sm" variant="default" onClick={() => copy(made.password, say)}>
                {say('copy')}
              </Button>
              <Button size="sm" variant="subtle" onClick={() => setMade(undefined)}>
                {say('sip.kept')}
              </Button>
            </Group>
          </Alert>
        )}
        <Group>
          <Button
            size="sm"
            variant="default"
            loading={make.busy}
            onClick={() => (has ? setAsked('make') : void make.run())}
          >
            {say(has ? 'sip.anew' : 'sip.make')}
          </Button>
          {letter && (
            <Button size="sm" variant="default" loading={write.busy} onClick={() => void write.run()}>
              {say('sip.write')}
            </Button>
          )}
          {has && (
            <Button size="sm" variant="subtle" color="vermilion" onClick={() => setAsked('drop')}>
              {say('remove')}
            </Button>
          )}
        </Group>
      </Stack>
      <Dialog
        opened={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={say(asked === 'drop' ? 'sip.dropSure' : 'sip.anewSure')}
      >
        <Stack>
          <p>{say('sip.stops')}</p>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsked(undefined)}>
              {say('cancel')}
            </Button>
            <Button
              color="vermilion"
              loading={make.busy || drop.busy}
              onClick={() => void (asked === 'drop' ? drop : make).run()}
            >
              {say(asked === 'drop' ? 'remove' : 'sip.anew')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </section>
  );
}
