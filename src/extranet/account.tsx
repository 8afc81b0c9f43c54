// What belongs to the person: his second factor, his password, where he is signed in.

import { useState } from 'react';
import { Alert, Button, Checkbox, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useAct } from './act.ts';
import { ask } from './ask.ts';
import { houseNow } from './clock.ts';
import { copy } from './copy.ts';
import type { OpenSession } from './contract.ts';
import { tell } from './notices.tsx';
import { Page, Trouble, Waiting } from './parts/page.tsx';
import { SipLogin } from './parts/sip-login.tsx';
import { changed, isConsultant, useSession } from './session.ts';
import { showInstant } from './show.ts';
import { NewPassword } from './sign-in/new-password.tsx';
import { useWords } from './words.ts';
import { browserZone } from './zone.ts';

export default function Account(): React.ReactNode {
  const { say } = useWords();
  const session = useSession();
  // Who came by short number and PIN has neither password nor second factor here.
  const byEmail = session.user.email !== null && session.user.email !== '';
  return (
    <Page title={say('account.title')} narrow>
      <p className="soft">
        {session.user.name}
        {byEmail && ` · ${session.user.email ?? ''}`}
        {session.as.role !== null && ` · ${say(`role.${session.as.role}`)}`}
      </p>
      {byEmail && <SecondFactor must={session.mustSetUpTotp} has={session.hasTotp} />}
      {byEmail && !session.mustSetUpTotp && <Password />}
      {byEmail && !session.mustSetUpTotp && isConsultant(session) && <SipLogin base="/v1/me/sip-login" />}
      {!session.mustSetUpTotp && <Sessions />}
    </Page>
  );
}

interface TotpSecret {
  secret: string;
  qrSvg: string;
}

function SecondFactor({ must, has }: { must: boolean; has: boolean }): React.ReactNode {
  const { say } = useWords();
  const [secret, setSecret] = useState<TotpSecret>();
  const [code, setCode] = useState('');
  const [recoveryCodes, setRecoveryCodes] = useState<string[]>();
  const begin = useAct(async () => setSecret(await ask<TotpSecret>('POST', '/v1/me/totp')));
  const confirm = useAct(
    async () => {
      const answer = await ask<{ recoveryCodes: string[] }>('POST', '/v1/me/totp/confirm', {
        code: code.trim(),
      });
      setSecret(undefined);
      setCode('');
      setRecoveryCodes(answer.recoveryCodes);
    },
    { quiet: true },
  );
  const remove = useAct(async () => {
    await ask('DELETE', '/v1/me/totp');
    tell(say('factor.removed'));
    await changed('session');
  });
  return (
    <section className="card">
      <h2>{say('factor.title')}</h2>
      {recoveryCodes ? (
        <RecoveryCodes codes={recoveryCodes} onKept={() => setRecoveryCodes(undefined)} />
      ) : secret ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void confirm.run();
          }}
        >
          <Stack>
            <p>{say('factor.scan')}</p>
            <img
              className="qr"
              width="200"
              height="200"
              alt={say('factor.qr')}
              src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(secret.qrSvg)}`}
            />
            <p className="soft">
              {say('factor.byHand')} <code className="secret">{secret.secret}</code>
            </p>
            <TextInput
              label={say('factor.code')}
              inputMode="numeric"
              autoComplete="one-time-code"
              className="code-field"
              value={code}
              error={confirm.kind === 'sign-in-refused' ? say('factor.wrong') : confirm.failed}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
            <Group>
              <Button type="submit" loading={confirm.busy} disabled={code.trim() === ''}>
                {say('factor.confirm')}
              </Button>
              <Button variant="default" onClick={() => setSecret(undefined)}>
                {say('cancel')}
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Stack>
          {must && <Alert color="teal">{say('factor.must')}</Alert>}
          <p>{say(has ? 'factor.isSet' : 'factor.why')}</p>
          <Group>
            <Button loading={begin.busy} onClick={() => void begin.run()}>
              {say(has ? 'factor.renew' : 'factor.setUp')}
            </Button>
            {has && (
              <Button variant="default" loading={remove.busy} onClick={() => void remove.run()}>
                {say('factor.remove')}
              </Button>
            )}
          </Group>
        </Stack>
      )}
    </section>
  );
}

/** Shown once: nobody has them afterwards, not even the house. */
function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }): React.ReactNode {
  const { say } = useWords();
  const [areKept, setAreKept] = useState(false);
  return (
    <Stack>
      <p>{say('recovery.text')}</p>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Group>
        <Button
          variant="default"
          onClick={() => {
            copy(codes.join('\n'), say);
          }}
        >
          {say('copy')}
        </Button>
        <Button
          component="a"
          variant="default"
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(codes.join('\r\n'))}`}
          download="ringmeter-codes.txt"
        >
          {say('recovery.download')}
        </Button>
      </Group>
      <Checkbox
        label={say('recovery.kept')}
        checked={areKept}
        onChange={(event) => setAreKept(event.currentTarget.checked)}
      />
      <Button
        disabled={!areKept}
        onClick={() => {
          onKept();
          void changed('session');
        }}
      >
        {say('done')}
      </Button>
    </Stack>
  );
}

function Password(): React.ReactNode {
  const { say } = useWords();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const save = useAct(
    async () => {
      await ask('POST', '/v1/me/password', { password: old, newPassword: next });
      setOld('');
      setNext('');
      tell(say('password.changed'));
      await changed('sessions');
    },
    { quiet: true },
  );
  return (
    <section className="card">
      <h2>{say('password')}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Stack>
          <PasswordInput
            label={say('password.old')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={old}
            error={save.failed}
            onChange={(event) => setOld(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': say('password.show') }}
          />
          <NewPassword value={next} onChange={setNext} wrong={save.fields['/newPassword']} />
          <Group>
            <Button type="submit" variant="default" loading={save.busy}>
              {say('password.change')}
            </Button>
          </Group>
        </Stack>
      </form>
    </section>
  );
}

function Sessions(): React.ReactNode {
  const { say, language } = useWords();
  const { data, error, refetch } = useQuery({
    queryKey: ['sessions'],
    queryFn: () => ask<{ data: OpenSession[] }>('GET', '/v1/sessions'),
  });
  const end = useAct(async (id: string) => {
    await ask('DELETE', `/v1/sessions/${id}`);
    await changed('sessions');
  });
  return (
    <section className="card">
      <h2>{say('sessions.title')}</h2>
      {error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : (
        <ul className="rows">
          {data.data.map(({ id, current, lastSeenAt, userAgent, address }) => (
            <li key={id} className="row">
              <span className="row-main">
                <strong>{userAgent === '?' ? say('sessions.unknown') : userAgent}</strong>
                <span className="soft">
                  {say('sessions.seen', {
                    at: showInstant(lastSeenAt, language, browserZone(), houseNow()),
                  })}
                  {` · ${address}`}
                </span>
              </span>
              {current ? (
                <span className="soft">{say('sessions.this')}</span>
              ) : (
                <Button variant="default" size="sm" disabled={end.busy} onClick={() => void end.run(id)}>
                  {say('sessions.end')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
