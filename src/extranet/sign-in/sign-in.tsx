// The way in for everybody with an e-mail address: password, then the second factor where one is set up.

import { useEffect, useRef, useState } from 'react';
import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { Link, useLocation, useNavigate } from 'react-router';
import { ask } from '../ask.ts';
import type { SignedIn } from '../contract.ts';
import { signedInAnew } from '../session.ts';
import { useAct } from '../act.ts';
import { Doorstep } from '../shell.tsx';
import { useWords } from '../words.ts';

export function SignIn(): React.ReactNode {
  const { say } = useWords();
  const [step, setStep] = useState<'password' | 'factor'>('password');
  const navigate = useNavigate();
  const { to } = (useLocation().state ?? {}) as { to?: string };
  const enter = async (): Promise<void> => {
    await signedInAnew();
    await navigate(to ?? '/', { replace: true });
  };
  return (
    <Doorstep title={step === 'password' ? say('signIn.title') : say('factor.title')}>
      {step === 'password' ? (
        <PasswordStep onFactor={() => setStep('factor')} onDone={enter} />
      ) : (
        <FactorStep onBack={() => setStep('password')} onDone={enter} />
      )}
    </Doorstep>
  );
}

function PasswordStep({
  onFactor,
  onDone,
}: {
  onFactor: () => void;
  onDone: () => Promise<void>;
}): React.ReactNode {
  const { say } = useWords();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useAct(
    async () => {
      const answer = await ask<SignedIn>('POST', '/v1/session', { email: email.trim(), password });
      if (answer.outcome === 'second_factor') onFactor();
      else await onDone();
    },
    { quiet: true },
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void signIn.run();
      }}
    >
      <Stack>
        <TextInput
          label={say('email')}
          type="email"
          name="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={say('password')}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': say('password.show') }}
        />
        <Failed text={signIn.failed} />
        <Button type="submit" loading={signIn.busy} fullWidth>
          {say('signIn.go')}
        </Button>
        <Link to="/reset" className="quiet-link">
          {say('signIn.forgotten')}
        </Link>
      </Stack>
    </form>
  );
}

function FactorStep({
  onBack,
  onDone,
}: {
  onBack: () => void;
  onDone: () => Promise<void>;
}): React.ReactNode {
  const { say } = useWords();
  const [by, setBy] = useState<'totp' | 'recovery'>('totp');
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), [by]);
  const confirm = useAct(
    async (given: string) => {
      await ask('POST', '/v1/session/second-factor', { code: given });
      await onDone();
    },
    { quiet: true },
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void confirm.run(code.trim());
      }}
    >
      <Stack>
        <p>{say(by === 'totp' ? 'factor.text' : 'factor.recoveryText')}</p>
        <TextInput
          ref={field}
          label={say(by === 'totp' ? 'factor.code' : 'factor.recoveryCode')}
          inputMode={by === 'totp' ? 'numeric' : 'text'}
          autoComplete="one-time-code"
          className="code-field"
          value={code}
          onChange={(event) => {
            const next = event.currentTarget.value;
            setCode(next);
            // The sixth digit is the last: no button needed, as on a telephone.
            if (by === 'totp' && /^\d{6}$/.test(next) && !confirm.busy) void confirm.run(next);
          }}
        />
        <Failed text={confirm.failed} />
        <Button type="submit" loading={confirm.busy} disabled={code.trim() === ''} fullWidth>
          {say('factor.confirm')}
        </Button>
        <Button
          variant="subtle"
          onClick={() => {
            setBy(by === 'totp' ? 'recovery' : 'totp');
            setCode('');
          }}
        >
          {say(by === 'totp' ? 'factor.useRecovery' : 'factor.useTotp')}
        </Button>
        <Button variant="subtle" color="gray" onClick={onBack}>
          {say('back')}
        </Button>
      </Stack>
    </form>
  );
}

/** Its place is kept, so that the button does not jump away from under a finger. */
export function Failed({ text }: { text: string | undefined }): React.ReactNode {
  return (
    <div className="failed" role="alert">
      {text !== undefined && (
        <Alert color="vermilion" p="xs">
          {text}
        </Alert>
      )}
    </div>
  );
}
