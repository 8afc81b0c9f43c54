// A day's calls of one consultant: when, who, how long, what he earned; those he missed stand among them.

import { useState } from 'react';
import { ActionIcon, Group, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask } from '../ask.ts';
import { houseNow } from '../clock.ts';
import type { CallOfDay, CallsOfDay } from '../contract.ts';
import { useTimeZone } from '../read.ts';
import { showClock, showMoney } from '../show.ts';
import { dayAfter, dayIn, timeIn } from '../zone.ts';
import { useWords, type Key } from '../words.ts';
import { Icon } from './icon.tsx';
import { useCallerName } from './live-call.tsx';
import { Empty, Trouble, Waiting } from './page.tsx';

const outcomes: Record<string, Key> = {
  completed: 'outcome.talked',
  talked: 'outcome.talked',
  missed: 'outcome.missed',
  no_answer: 'outcome.missed',
  unanswered: 'outcome.missed',
  refused: 'outcome.refused',
  busy: 'outcome.busy',
};

/** `path`: `/v1/me/calls` or `/v1/consultants/{id}/calls`; `name`: under which they are kept. */
export function CallsOfOneDay({ path, name }: { path: string; name: string }): React.ReactNode {
  const { say, language } = useWords();
  const timeZone = useTimeZone();
  const today = dayIn(timeZone, houseNow());
  const [day, setDay] = useState(today);
  const { data, error, refetch } = useQuery({
    queryKey: [name, day, path],
    queryFn: () => ask<CallsOfDay>('GET', `${path}?day=${day}`),
  });
  const earned = (data?.earned ?? []).map((amount) => showMoney(amount, language)).join(' + ');
  return (
    <>
      <Group gap="xs" align="flex-end">
        <ActionIcon
          variant="default"
          size={42}
          aria-label={say('calls.before')}
          onClick={() => setDay(dayAfter(day, -1))}
        >
          <Icon name="back" />
        </ActionIcon>
        <TextInput
          type="date"
          aria-label={say('calls.day')}
          value={day}
          max={today}
          onChange={(event) => {
            if (/^\d{4}-\d{2}-\d{2}$/.test(event.currentTarget.value)) setDay(event.currentTarget.value);
          }}
        />
        <ActionIcon
          variant="default"
          size={42}
          aria-label={say('calls.after')}
          disabled={day >= today}
          onClick={() => setDay(dayAfter(day))}
        >
          <Icon name="forward" />
        </ActionIcon>
      </Group>
      <dl className="figures">
        <div>
          <dt>{say('today.talked')}</dt>
          <dd>{data ? showClock(data.talkedSeconds) : '–'}</dd>
        </div>
        <div>
          <dt>{say('today.earned')}</dt>
          <dd>{earned === '' ? '–' : earned}</dd>
        </div>
        <div>
          <dt>{say('today.missed')}</dt>
          <dd>{data ? data.missed : '–'}</dd>
        </div>
      </dl>
      {error ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : data.data.length === 0 ? (
        <Empty>{say('calls.none')}</Empty>
      ) : (
        <ul className="rows card rows-card">
          {data.data.map((call) => (
            <CallRow key={`${call.callSessionId} ${call.at}`} call={call} timeZone={timeZone} />
          ))}
        </ul>
      )}
    </>
  );
}

function CallRow({ call, timeZone }: { call: CallOfDay; timeZone: string }): React.ReactNode {
  const { say, language } = useWords();
  const callerName = useCallerName();
  const talked = call.talkedSeconds > 0;
  const isMissed = !talked && call.outcome !== null;
  return (
    <li className="row" data-missed={isMissed}>
      <time className="row-time" dateTime={call.at}>
        {timeIn(timeZone, Date.parse(call.at))}
      </time>
      <span className="row-main">
        <strong>{callerName(call.caller)}</strong>
        <span className="soft">{call.line}</span>
      </span>
      <span className="row-end">
        <strong>
          {talked
            ? showClock(call.talkedSeconds)
            : call.outcome === null
              ? say('outcome.going')
              : say(outcomes[call.outcome] ?? 'outcome.missed')}
        </strong>
        {call.earned && <span className="soft">{showMoney(call.earned, language)}</span>}
      </span>
    </li>
  );
}
