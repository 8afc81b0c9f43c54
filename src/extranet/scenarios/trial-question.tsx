// What a call that is tried waits for: a key, an answer of the merchant's server, how a ringing ends.

import { useEffect, useRef, useState } from 'react';
import { Button, TextInput, Textarea } from '@mantine/core';
import type { Answers } from './trial.ts';
import { useTell } from './words.ts';

export function Question({
  wants,
  busy,
  answer,
}: {
  wants: keyof Answers;
  busy: boolean;
  answer: (list: keyof Answers, value: unknown) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const choice = (label: string, value: unknown): React.ReactNode => (
    <Button key={label} variant="default" size="sm" disabled={busy} onClick={() => answer(wants, value)}>
      {label}
    </Button>
  );
  switch (wants) {
    case 'keys':
      return <Keying busy={busy} answer={(keys) => answer('keys', keys)} />;
    case 'rings':
      return (
        <Choices label={tell('trial.rings')}>
          {(['talked', 'no_answer', 'busy', 'refused', 'unavailable', 'limit_reached'] as const).map((end) =>
            choice(tell(`way.${end}`), end),
          )}
        </Choices>
      );
    case 'recognitions':
      return (
        <Choices label={tell('trial.recognitions')}>
          {choice(tell('trial.known'), {
            outcome: 'recognized',
            clientCode: 'C-1180',
            talkLimitSeconds: 600,
          })}
          {choice(tell('trial.unknown'), { outcome: 'refused', reason: 'unknown' })}
          {choice(tell('trial.noCredit'), { outcome: 'refused', reason: 'no_credit' })}
          {choice(tell('trial.pinWanted'), { outcome: 'proof_wanted', proof: 'pin', clientCode: 'C-1180' })}
          {choice(tell('trial.serverAway'), 'away')}
        </Choices>
      );
    case 'scripts':
      return <ScriptAnswer busy={busy} answer={(value) => answer('scripts', value)} />;
    case 'speaks':
      return (
        <Choices label={tell('trial.speaks')}>
          {choice(tell('trial.speaks.yes'), 20)}
          {choice(tell('trial.speaks.no'), 0)}
        </Choices>
      );
    case 'codes':
      return (
        <Choices label={tell('trial.codes')}>
          {choice(tell('trial.codes.yes'), true)}
          {choice(tell('trial.codes.no'), false)}
        </Choices>
      );
    case 'cardWorks':
      return (
        <Choices label={tell('trial.cardWorks')}>
          {choice(tell('trial.cardWorks.paid'), 'paid')}
          {choice(tell('trial.cardWorks.declined'), 'declined')}
          {choice(tell('trial.cardWorks.needs_page'), 'needs_page')}
        </Choices>
      );
  }
}

function Choices({ label, children }: { label: string; children: React.ReactNode }): React.ReactNode {
  return (
    <fieldset className="sc-question">
      <legend>{label}</legend>
      <div className="sc-choices">{children}</div>
    </fieldset>
  );
}

const phoneKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;

function Keying({ busy, answer }: { busy: boolean; answer: (keys: string) => void }): React.ReactNode {
  const { tell } = useTell();
  const [keys, setKeys] = useState('');
  const field = useRef<HTMLInputElement>(null);
  // Asked again, whoever types goes on typing.
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const isRight = /^(\d{1,40}#?|[*#])$/.test(keys);
  return (
    <form
      className="sc-question"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight && !busy) answer(keys);
      }}
    >
      <TextInput
        size="sm"
        ref={field}
        label={tell('trial.keys')}
        inputMode="tel"
        autoComplete="off"
        value={keys}
        onChange={(event) => setKeys(event.currentTarget.value.replace(/[^\d*#]/g, ''))}
      />
      <div className="sc-phone-keys">
        {phoneKeys.map((key) => (
          <button
            key={key}
            type="button"
            aria-label={tell('keys.name', { key })}
            onClick={() => setKeys(`${keys}${key}`)}
          >
            {key}
          </button>
        ))}
      </div>
      <div className="sc-choices">
        <Button type="submit" size="sm" disabled={!isRight || busy}>
          {tell('trial.send')}
        </Button>
        <Button variant="default" size="sm" disabled={busy} onClick={() => answer('')}>
          {tell('trial.silence')}
        </Button>
      </div>
    </form>
  );
}

function ScriptAnswer({
  busy,
  answer,
}: {
  busy: boolean;
  answer: (value: unknown) => void;
}): React.ReactNode {
  const { tell } = useTell();
  const [body, setBody] = useState('{ "next": "then" }');
  return (
    <form
      className="sc-question"
      onSubmit={(event) => {
        event.preventDefault();
        answer({ body });
      }}
    >
      <Textarea
        size="sm"
        rows={4}
        label={tell('trial.scriptAnswers')}
        spellCheck={false}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
      />
      <div className="sc-choices">
        <Button type="submit" size="sm" disabled={busy}>
          {tell('trial.answer')}
        </Button>
        <Button variant="default" size="sm" disabled={busy} onClick={() => answer('away')}>
          {tell('trial.away')}
        </Button>
        <Button variant="default" size="sm" disabled={busy} onClick={() => answer('call')}>
          {tell('trial.call')}
        </Button>
      </div>
    </form>
  );
}
